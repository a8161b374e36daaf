//! Bodies that one guide enters askew: their outline has an axis of symmetry, and the guide is turned against it.
//!
//! A coupler to a fibre that was turned in its place looks like any other shape a guide ends in. But it was drawn the
//! same on both sides of a line, and that line is where its guide should come from.

use std::f64::consts::PI;

use waveguard_geom::Point;
use waveguard_geom::transform::wrap_angle;

use crate::contacts::distance;
use crate::devices::Proto;
use crate::pins::LocalPort;
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
/// The outline of a disc is as far from its middle everywhere as on average, within this part,
const ROUND: f64 = 0.03;
/// but for what is so many widths away from the guide that enters it, which has its end there.
const MOUTH_WIDTHS: f64 = 2.0;

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
    // It has no axis that a guide could be turned against, only a middle that it looks past.
    if is_round(&rings, middle, port) {
        return f64::NAN;
    }
    let far = rings.iter().flatten().map(|c| (c[0] - port.at[0]).hypot(c[1] - port.at[1])).fold(0.0, f64::max);
    let within = (SAME_TURN * lean.abs() * far).max(SAME_DBU);
    if is_symmetric(&rings, middle, axis_rad, within, |_| false) { lean } else { f64::NAN }
}

/// True when corners and edges of each ring are as far from a middle as each other.
fn is_round(rings: &[Vec<[f64; 2]>], middle: [f64; 2], port: &LocalPort) -> bool {
    let away = |p: [f64; 2], q: [f64; 2]| (p[0] - q[0]).hypot(p[1] - q[1]);
    rings.iter().all(|ring| {
        let corner = |i: usize| ring[i % ring.len()];
        let between = |i: usize| [0, 1].map(|k: usize| f64::midpoint(corner(i)[k], corner(i + 1)[k]));
        let is_free = |i: &usize| away(corner(*i), port.at) > MOUTH_WIDTHS * port.width;
        let corners: Vec<usize> = (0..ring.len()).filter(is_free).collect();
        let edges = corners.iter().filter(|&&i| is_free(&(i + 1)));
        let radii: Vec<f64> =
            corners.iter().map(|&i| corner(i)).chain(edges.map(|&i| between(i))).map(|p| away(p, middle)).collect();
        let mean = radii.iter().sum::<f64>() / radii.len() as f64;
        !radii.is_empty() && radii.iter().all(|r| (r - mean).abs() <= ROUND * mean)
    })
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pins::{self, PortSource};

    fn body(corners: impl Iterator<Item = [f64; 2]>) -> Vec<Vec<[f64; 2]>> {
        vec![corners.collect()]
    }

    #[test]
    fn a_disc_is_round_and_a_box_or_an_ellipse_is_not() {
        let port = pins::port([-2000.0, 0.0], 500.0, PortKind::Optical, PortSource::GuideEnd);
        let turned = |k: u32, n: u32| (2.0 * PI * f64::from(k) / f64::from(n)).sin_cos();
        let ring = |n: u32, x: f64, y: f64| body((0..n).map(|k| [x * turned(k, n).1, y * turned(k, n).0]));
        assert!(is_round(&ring(64, 2000.0, 2000.0), [5.0, -5.0], &port));
        assert!(!is_round(&ring(64, 2000.0, 1800.0), [0.0; 2], &port));
        assert!(!is_round(&ring(4, 2000.0, 2000.0), [0.0; 2], &port));
    }
}
