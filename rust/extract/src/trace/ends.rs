//! The direction of a guide at its ends: of the cap, or of the axis where that is known better.

use super::nodes::Node;
use super::vector::{angle_between, size};

/// An end segment this many times longer than the cap is wide shows the direction better than the cap:
/// first for a cap along the grid, which is exact, then for one rounded to the grid.
const LONG_END: [f64; 2] = [4.0, 0.5];
/// A cap farther from perpendicular than this in rad is drawn askew and shows no direction.
const SKEW: f64 = 0.1;

/// Segments shorter than this many widths show more of the grid than of the axis.
const SHORT: f64 = 0.25;

/// The middle between two corners is off by no more than so many grid steps, and so is one end of a cap.
const ROUNDED: f64 = 2.0;
/// The direction at the end of a stretch that turns is known within this part of its turn: a sixth where the curvature
/// begins with nothing.
const TURN: f64 = 0.2;

/// Directions out of the guide at both ends, in rad. `normals` are the outward normals of the caps, as long as
/// the caps are wide; `grid` is the step of the drawing.
pub(super) fn end_directions(nodes: &[Node], normals: [[f64; 2]; 2], grid: f64) -> [f64; 2] {
    let last = nodes.len() - 1;
    let is_far = |i: usize, j: usize, normal: [f64; 2]| {
        size([nodes[i].at[0] - nodes[j].at[0], nodes[i].at[1] - nodes[j].at[1]]) >= SHORT * size(normal)
    };
    let first_inner = (1..last).find(|&k| is_far(0, k, normals[0])).unwrap_or(last);
    let last_inner = (1..last).rev().find(|&k| is_far(last, k, normals[1])).unwrap_or(0);
    let turn = |from: usize, to: usize| nodes[from..to].iter().map(|n| n.arc).sum::<f64>();
    [
        end_direction(&nodes[0], &nodes[first_inner], turn(0, first_inner), normals[0], grid),
        end_direction(&nodes[last], &nodes[last_inner], -turn(last_inner, last), normals[1], grid),
    ]
}

/// `arc` is the turn on the way inwards.
fn end_direction(end: &Node, inner: &Node, arc: f64, normal: [f64; 2], grid: f64) -> f64 {
    let d = [end.at[0] - inner.at[0], end.at[1] - inner.at[1]];
    let skew = angle_between(d, normal) + 0.5 * arc;
    let is_on_grid = normal[0].abs().min(normal[1].abs()) < f64::EPSILON;
    let long = if is_on_grid { LONG_END[0] } else { LONG_END[1] } * size(normal);
    let unsure = ROUNDED * grid * (1.0 / size(d) + 1.0 / size(normal)) + TURN * arc.abs();
    // A tool that cuts along the grid does so at any angle to the guide.
    let is_cut = is_on_grid && skew.abs() > unsure;
    let is_drawn_at_cap = skew.abs() < SKEW && size(d) < long && !is_cut;
    let along = d[1].atan2(d[0]) - 0.5 * arc;
    waveguard_geom::transform::wrap_angle(if is_drawn_at_cap { along + skew } else { along })
}
