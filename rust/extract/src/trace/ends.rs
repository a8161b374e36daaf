//! The direction of a guide at its ends: of the cap, or of the axis where that is known better.

use super::nodes::Node;
use super::vector::{angle_between, size};

/// An end segment this many times longer than the cap is wide shows the direction better than the cap:
/// first for a cap along the grid, which is exact, then for one rounded to the grid.
const LONG_END: [f64; 2] = [4.0, 0.5];
/// A cap farther from perpendicular than this in rad is drawn askew and shows no direction.
const SKEW: f64 = 0.1;

/// Direction out of the guide at an end, in rad. `arc` is the turn of the segment, going inwards;
/// `normal` is the outward normal of the cap, as long as the cap is wide.
pub(super) fn end_direction(end: &Node, inner: &Node, arc: f64, normal: [f64; 2]) -> f64 {
    let d = [end.at[0] - inner.at[0], end.at[1] - inner.at[1]];
    let skew = angle_between(d, normal) + 0.5 * arc;
    let is_on_grid = normal[0].abs().min(normal[1].abs()) < f64::EPSILON;
    let long = if is_on_grid { LONG_END[0] } else { LONG_END[1] } * size(normal);
    let is_drawn_at_cap = skew.abs() < SKEW && size(d) < long;
    let along = d[1].atan2(d[0]) - 0.5 * arc;
    waveguard_geom::transform::wrap_angle(if is_drawn_at_cap { along + skew } else { along })
}
