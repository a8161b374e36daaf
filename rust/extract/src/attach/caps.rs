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
/// A guide that ends at a cap looks the same way within this, in rad.
const FACING_RAD: f64 = 0.6;
/// A guide that enters a shape within so many widths of a cap enters it there.
const BEFORE_WIDTHS: f64 = 1.5;
/// A shape with one cap only is any shape.
const FEWEST: usize = 2;
/// Shapes with more corners are no devices.
const MOST_CORNERS: usize = 20_000;

/// The caps of an outline in the frame of its top, each with the cross-section that is as wide.
pub(super) fn of_outline(plan: &Plan, cells: &[CellPlan], devices: &[Placed], outline: &Outline) -> Vec<(End, usize)> {
    let own = of(cells, &devices[outline.device]);
    let Some(layer) = own.layer.filter(|_| own.is_free() && own.guide.is_none()) else { return Vec::new() };
    let pair = plan.pair(layer);
    let section = |width: f64| {
        let nm = width * plan.layout.dbu_nm;
        plan.recipe.section(pair, nm, 0.0).filter(|&k| {
            let usual = plan.recipe.guides[k].width_nm;
            usual.is_nan() || (nm - usual).abs() <= SAME_WIDTH * usual
        })
    };
    let placed = &devices[outline.device];
    let ports: Vec<LocalPort> = own.ports.iter().map(|p| p.transformed(&placed.transform)).collect();
    let caps = caps(&outline.rings).into_iter().filter(|cap| !ports.iter().any(|p| is_beside(p, cap)));
    caps.filter_map(|cap| section(cap.width).map(|k| (cap, k))).collect()
}

/// True when a guide that ends at a cap misses it: beside its middle, or with another width. Then it does not enter
/// there, whatever part of the cap it touches.
pub(super) fn is_missed(caps: &[(End, usize)], entry: &LocalPort, reach: f64) -> bool {
    caps.iter().any(|(cap, _)| {
        let (sin, cos) = cap.direction_rad.sin_cos();
        let d = [entry.at[0] - cap.x, entry.at[1] - cap.y];
        let (along, aside) = (d[0] * cos + d[1] * sin, (d[1] * cos - d[0] * sin).abs());
        let is_at = along.abs() <= reach && aside < f64::midpoint(cap.width, entry.width);
        let is_facing = wrap_angle(entry.direction_rad - cap.direction_rad).abs() <= FACING_RAD;
        is_at && is_facing && (aside > reach || (entry.width - cap.width).abs() > SAME_WIDTH * cap.width)
    })
}

/// Adds to the ports of each outline those at its caps where no guide enters it.
pub(super) fn add(
    cells: &[CellPlan],
    devices: &[Placed],
    outlines: &[Outline],
    caps: &[Vec<(End, usize)>],
    ports: &mut [Vec<LocalPort>],
) {
    for ((outline, caps), ports) in outlines.iter().zip(caps).zip(ports) {
        let placed = &devices[outline.device];
        let mut known: Vec<LocalPort> = ports.clone();
        known.extend(of(cells, placed).ports.iter().map(|p| p.transformed(&placed.transform)));
        let is_open = |cap: &End| !known.iter().any(|p| is_at(p, cap));
        let new: Vec<LocalPort> = caps.iter().filter(|c| is_open(&c.0)).map(|&(cap, k)| port(cap, k)).collect();
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

/// True where a guide leaves a body across a cap and beside it: what passed for the cap is a side of that guide, and the
/// place where it was cut off a side of the cap.
fn is_beside(port: &LocalPort, cap: &End) -> bool {
    let turned = wrap_angle(port.direction_rad - cap.direction_rad).abs();
    let away = (port.at[0] - cap.x).hypot(port.at[1] - cap.y);
    away <= BEFORE_WIDTHS * cap.width && (turned - PI / 2.0).abs() <= PI / 4.0
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

/// A ring without points on its straight edges: those of a body that was cut out of a network have some, rounded.
fn corners(ring: &[[f64; 2]]) -> Vec<[f64; 2]> {
    let n = ring.len();
    let mut out: Vec<[f64; 2]> = Vec::with_capacity(n);
    for i in 0..n {
        let (own, next) = (ring[i], ring[(i + 1) % n]);
        let before = out.last().copied().unwrap_or(ring[n - 1]);
        let (way, on) = (sub(next, before), sub(own, before));
        let length = way[0].hypot(way[1]).max(f64::MIN_POSITIVE);
        let along = (way[0] * on[0] + way[1] * on[1]) / length;
        if cross(way, on).abs() / length > STRAIGHT || !(0.0..=length).contains(&along) {
            out.push(own);
        }
    }
    out
}

/// Points this near to the line between their neighbours are on it, in dbu.
const STRAIGHT: f64 = 0.75;

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
    fn a_guide_beside_the_middle_of_a_cap_or_of_another_width_misses_it() {
        let caps: Vec<(End, usize)> = caps(&[crossing()]).into_iter().map(|cap| (cap, 0)).collect();
        let entry = |at: [f64; 2], width: f64| LocalPort {
            at,
            width,
            ..port(End { x: 0.0, y: 0.0, direction_rad: 0.0, width, cap_rad: 0.0 }, 0)
        };
        for (at, width, expected) in [
            ([4400.0, 0.0], 450.0, false),
            ([4401.0, 1.0], 460.0, false),
            ([4400.0, 60.0], 450.0, true),
            ([4400.0, 0.0], 300.0, true),
            // Somewhere else.
            ([4000.0, 60.0], 450.0, false),
            ([4400.0, 900.0], 450.0, false),
        ] {
            assert_eq!(is_missed(&caps, &entry(at, width), 2.5), expected, "{at:?} {width}");
        }
    }

    #[test]
    fn the_side_of_a_guide_that_leaves_a_body_is_no_cap() {
        let end =
            |x: f64, y: f64, direction_rad: f64| End { x, y, direction_rad, width: 450.0, cap_rad: direction_rad };
        let cap = end(700.0, 420.0, 0.0);
        assert!(is_beside(&port(end(350.0, 640.0, PI / 2.0), 0), &cap));
        assert!(!is_beside(&port(end(0.0, 320.0, PI), 0), &cap));
        assert!(!is_beside(&port(end(350.0, 5000.0, PI / 2.0), 0), &cap));
    }

    #[test]
    fn a_box_has_no_caps() {
        assert!(caps(&[vec![[0.0, 0.0], [500.0, 0.0], [500.0, 500.0], [0.0, 500.0]]]).is_empty());
    }
}
