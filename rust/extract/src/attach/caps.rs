//! Ends of shapes that are no guides: caps as wide as a guide, where one would go on.
//!
//! The arms of a shaped crossing or of a branch may begin to widen right behind their ends: there is no guide in them to
//! follow, and where no other shape is drawn up to such an end, it is an open one all the same.

use std::f64::consts::PI;

use waveguard_geom::transform::wrap_angle;

use super::{Outline, of};
use crate::cells::CellPlan;
use crate::pins::{LocalPort, PortSource};
use crate::place::Placed;
use crate::plan::Plan;
use crate::recipe::PortKind;
use crate::trace::End;

/// Sides leave a cap within this of a right angle, in rad.
const SQUARE_RAD: f64 = 0.2;
/// Their way is taken over so many widths of the cap.
const SIDE_WIDTHS: f64 = 0.4;
/// A cap is as wide as the guide that a cross-section states, within this part.
const SAME_WIDTH: f64 = 0.1;
/// A guide that enters a shape within so many widths of a cap enters it there.
const BEFORE_WIDTHS: f64 = 1.5;
/// A shape with one cap only is any shape.
const FEWEST: usize = 2;
/// Shapes with more corners are no devices.
const MOST_CORNERS: usize = 20_000;

/// Adds to the ports of each outline those at caps where no guide enters it.
pub(super) fn add(
    plan: &Plan,
    cells: &[CellPlan],
    devices: &[Placed],
    outlines: &[Outline],
    ports: &mut [Vec<LocalPort>],
) {
    for (outline, ports) in outlines.iter().zip(ports) {
        let placed = &devices[outline.device];
        let own = of(cells, placed);
        let Some(layer) = own.layer.filter(|_| own.is_free() && own.guide.is_none()) else { continue };
        let pair = plan.pair(layer);
        let section = |width: f64| {
            let nm = width * plan.layout.dbu_nm;
            plan.recipe.section(pair, nm, 0.0).filter(|&k| {
                let usual = plan.recipe.guides[k].width_nm;
                usual.is_nan() || (nm - usual).abs() <= SAME_WIDTH * usual
            })
        };
        let mut known: Vec<LocalPort> = ports.clone();
        known.extend(own.ports.iter().map(|p| p.transformed(&placed.transform)));
        let caps = caps(&outline.rings).into_iter().filter(|cap| !known.iter().any(|p| is_at(p, cap)));
        let new: Vec<LocalPort> = caps.filter_map(|cap| section(cap.width).map(|k| port(cap, k))).collect();
        if known.len() + new.len() >= FEWEST {
            ports.extend(new);
        }
    }
}

fn is_at(port: &LocalPort, cap: &End) -> bool {
    let reach = BEFORE_WIDTHS * cap.width;
    let turned = wrap_angle(port.direction_rad - cap.direction_rad).abs();
    (port.at[0] - cap.x).hypot(port.at[1] - cap.y) <= reach && (!port.oriented || turned <= PI / 4.0)
}

fn port(cap: End, section: usize) -> LocalPort {
    LocalPort {
        name: String::new(),
        at: [cap.x, cap.y],
        direction_rad: cap.direction_rad,
        width: cap.width,
        width_error: cap.width_error(1.0),
        kind: PortKind::Optical,
        oriented: true,
        play: 0.0,
        slack_rad: 0.0,
        source: PortSource::Junction,
        section: Some(section),
    }
}

/// Edges with a square corner at both ends, outwards, of outlines that are no boxes.
fn caps(rings: &[Vec<[f64; 2]>]) -> Vec<End> {
    let Some(ring) = rings.first().filter(|ring| ring.len() <= MOST_CORNERS) else { return Vec::new() };
    let ring = &corners(ring)[..];
    let n = ring.len();
    let edge = |i: usize| sub(ring[(i + 1) % n], ring[i % n]);
    let turn = |i: usize| cross(edge(i + n - 1), edge(i));
    // In a mirror a ring runs the other way.
    let hand = (1..n).map(|i| cross(sub(ring[i - 1], ring[0]), sub(ring[i], ring[0]))).sum::<f64>().signum();
    let is_notched = |i: usize| {
        let lengths = [edge(i + n - 1), edge(i)].map(|d| d[0].hypot(d[1]));
        turn(i) * hand < -lengths[0].max(lengths[1])
    };
    if !(0..n).any(is_notched) {
        return Vec::new();
    }
    let is_square = |a: [f64; 2], b: [f64; 2]| {
        let angle = (cross(a, b) * hand).atan2(a[0] * b[0] + a[1] * b[1]);
        (angle - PI / 2.0).abs() <= SQUARE_RAD
    };
    let cap = |i: usize| {
        let along = edge(i);
        let width = along[0].hypot(along[1]);
        // Most corners of a curve are none.
        if !is_square(edge(i + n - 1), along) || !is_square(along, edge(i + 1)) {
            return None;
        }
        let (from, to) = (ring[i], ring[(i + 1) % n]);
        let before = walk(ring, i, n - 1, SIDE_WIDTHS * width)?;
        let behind = walk(ring, (i + 1) % n, 1, SIDE_WIDTHS * width)?;
        (is_square(sub(from, before), along) && is_square(along, sub(behind, to))).then(|| {
            let direction_rad = (-along[0] * hand).atan2(along[1] * hand);
            let [x, y] = [0, 1].map(|k: usize| f64::midpoint(from[k], to[k]));
            End { x, y, direction_rad, width, cap_rad: direction_rad }
        })
    };
    (0..n).filter_map(cap).collect()
}

/// A ring without points on straight edges.
fn corners(ring: &[[f64; 2]]) -> Vec<[f64; 2]> {
    let n = ring.len();
    let is_corner = |i: &usize| {
        let (before, behind) = (sub(ring[*i], ring[(i + n - 1) % n]), sub(ring[(i + 1) % n], ring[*i]));
        let across = cross(before, behind) / before[0].hypot(before[1]).max(behind[0].hypot(behind[1]));
        across.abs() > STRAIGHT || before[0] * behind[0] + before[1] * behind[1] < 0.0
    };
    (0..n).filter(is_corner).map(|i| ring[i]).collect()
}

/// Points this near to the line between their neighbours are on it, in dbu.
const STRAIGHT: f64 = 0.1;

/// The corner that is so far from another one, or the one behind that.
fn walk(ring: &[[f64; 2]], from: usize, step: usize, reach: f64) -> Option<[f64; 2]> {
    let n = ring.len();
    let mut way = 0.0;
    let mut at = from;
    for _ in 0..n {
        let next = (at + step) % n;
        let d = sub(ring[next], ring[at]);
        way += d[0].hypot(d[1]);
        at = next;
        if way >= reach {
            return Some(ring[at]);
        }
    }
    None
}

fn sub(a: [f64; 2], b: [f64; 2]) -> [f64; 2] {
    [a[0] - b[0], a[1] - b[1]]
}

fn cross(a: [f64; 2], b: [f64; 2]) -> f64 {
    a[0] * b[1] - a[1] * b[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A cross of arms that widen from their ends.
    fn crossing() -> Vec<[f64; 2]> {
        // With a point in the middle of each cap, as a body has that was cut out of a network.
        let arm = [
            [600.0, -600.0],
            [700.0, -590.0],
            [4000.0, -230.0],
            [4400.0, -225.0],
            [4400.0, 0.0],
            [4400.0, 225.0],
            [4000.0, 230.0],
        ];
        let quarter = |k: u32| {
            let (sin, cos) = (f64::from(k) * PI / 2.0).sin_cos();
            arm.iter().chain(&[[700.0, 590.0]]).map(move |p| [p[0] * cos - p[1] * sin, p[0] * sin + p[1] * cos])
        };
        (0..4).flat_map(quarter).collect()
    }

    #[test]
    fn the_arms_of_a_shaped_crossing_end_in_caps_in_a_mirror_too() {
        let ring = crossing();
        for mirrored in [false, true] {
            let ring: Vec<[f64; 2]> = ring.iter().map(|p| [p[0], if mirrored { -p[1] } else { p[1] }]).collect();
            let found = caps(&[ring]);
            assert_eq!(found.len(), 4, "{found:?}");
            for cap in found {
                let out = [cap.x, cap.y].map(|v| v / 4400.0);
                let (sin, cos) = cap.direction_rad.sin_cos();
                assert!((out[0] - cos).abs() < 1e-6 && (out[1] - sin).abs() < 1e-6, "{cap:?}");
                assert!((cap.width - 450.0).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn a_box_has_no_caps() {
        assert!(caps(&[vec![[0.0, 0.0], [500.0, 0.0], [500.0, 500.0], [0.0, 500.0]]]).is_empty());
    }
}
