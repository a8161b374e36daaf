//! Bodies that one guide enters askew: their outline has an axis of symmetry, and the guide is turned against it.
//!
//! A coupler to a fibre that was turned in its place looks like any other shape a guide ends in. But it was drawn the
//! same on both sides of a line, and that line is where its guide should come from.

use std::f64::consts::PI;

use waveguard_geom::Point;
use waveguard_geom::transform::wrap_angle;

use crate::contacts::distance;
use crate::devices::Proto;
use crate::recipe::PortKind;

/// Larger turns are how a body was drawn, in rad.
const MOST_RAD: f64 = 0.2;
/// Smaller ones are rounding, and no symmetry is looked for.
const LEAST_RAD: f64 = 0.002;
/// Corners that are looked for on the other side of the axis,
const MOST_CORNERS: usize = 64;
/// of which this part must be there, as the guide cuts the outline where it enters,
const SAME_PART: f64 = 0.9;
/// within this part of what the turn moves them by,
const SAME_TURN: f64 = 0.2;
/// or within rounding, in dbu.
const SAME_DBU: f64 = 4.0;

/// The turn from the only guide that enters a body to the axis of symmetry of that; NaN where there is none.
pub(crate) fn lean_rad(proto: &Proto) -> f64 {
    let mut optical = proto.ports.iter().filter(|p| p.kind == PortKind::Optical);
    let (Some(port), None) = (optical.next(), optical.next()) else { return f64::NAN };
    let rings = places(&proto.outline);
    let Some(middle) = centroid(&rings) else { return f64::NAN };
    let axis_rad = (middle[1] - port.at[1]).atan2(middle[0] - port.at[0]);
    let lean = wrap_angle(axis_rad - port.direction_rad - PI);
    if lean.abs() <= LEAST_RAD {
        return lean;
    }
    if lean.abs() > MOST_RAD {
        return f64::NAN;
    }
    let far = rings.iter().flatten().map(|c| (c[0] - port.at[0]).hypot(c[1] - port.at[1])).fold(0.0, f64::max);
    let within = (SAME_TURN * lean.abs() * far).max(SAME_DBU);
    if is_symmetric(&rings, middle, axis_rad, within, |_| false) { lean } else { f64::NAN }
}

/// The corners of an outline.
pub(crate) fn places(outline: &[Vec<Point>]) -> Vec<Vec<[f64; 2]>> {
    outline.iter().map(|r| r.iter().map(|p| [f64::from(p.x), f64::from(p.y)]).collect()).collect()
}

/// True when the corners of rings lie on their outlines, within so much, when they are mirrored about an axis; but for
/// those that are left out, or whose counterparts are.
pub(crate) fn is_symmetric(
    rings: &[Vec<[f64; 2]>],
    middle: [f64; 2],
    axis_rad: f64,
    within: f64,
    is_left_out: impl Fn([f64; 2]) -> bool,
) -> bool {
    let corners: Vec<[f64; 2]> = rings.iter().flatten().copied().collect();
    let (sin, cos) = axis_rad.sin_cos();
    let mirrored = |c: &[f64; 2]| {
        let d = [c[0] - middle[0], c[1] - middle[1]];
        let (along, aside) = (d[0] * cos + d[1] * sin, d[1] * cos - d[0] * sin);
        [middle[0] + along * cos + aside * sin, middle[1] + along * sin - aside * cos]
    };
    let is_there =
        |at: [f64; 2]| rings.iter().any(|r| (0..r.len()).any(|i| distance(at, [r[i], r[(i + 1) % r.len()]]) <= within));
    let every = corners.len().div_ceil(MOST_CORNERS).max(1);
    let is_left_out = |c: &[f64; 2]| is_left_out(*c) || is_left_out(mirrored(c));
    let looked_at: Vec<&[f64; 2]> = corners.iter().step_by(every).filter(|c| !is_left_out(c)).collect();
    let there = looked_at.iter().filter(|c| is_there(mirrored(c))).count();
    !looked_at.is_empty() && there as f64 >= SAME_PART * looked_at.len() as f64
}

/// The middle of what rings enclose; holes run the other way.
pub(crate) fn centroid(rings: &[Vec<[f64; 2]>]) -> Option<[f64; 2]> {
    let origin = *rings.first()?.first()?;
    let (mut area, mut sum) = (0.0, [0.0; 2]);
    for ring in rings {
        for i in 0..ring.len() {
            let [p, q] = [ring[i], ring[(i + 1) % ring.len()]].map(|p| [p[0] - origin[0], p[1] - origin[1]]);
            let cross = p[0] * q[1] - p[1] * q[0];
            area += cross;
            sum[0] += cross * (p[0] + q[0]);
            sum[1] += cross * (p[1] + q[1]);
        }
    }
    (area.abs() > 0.0).then(|| [origin[0] + sum[0] / (3.0 * area), origin[1] + sum[1] / (3.0 * area)])
}
