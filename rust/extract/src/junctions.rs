//! Where guides drawn outside devices meet, cross or end: what kind of place that is.

use std::f64::consts::PI;

use waveguard_geom::transform::wrap_angle;

use crate::aside;
use crate::extraction::World;
use crate::lacking;
use crate::lean;
use crate::nets::Joined;
use crate::recipe::PortKind;
use crate::tables::{CrossingRow, Crossings, JunctionRow, Junctions};
use crate::write::Guides;

/// The codes of column `kind` of the table `junctions`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JunctionKind {
    /// A guide ends in something that is no guide: a terminator, a fan, a grating.
    End = 0,
    /// A guide goes into something that is no guide, and on.
    Transition = 1,
    /// Three arms.
    Branch = 2,
    /// Four arms, two straight ways across each other.
    Crossing = 3,
    /// Any other meeting of four arms and more.
    Coupler = 4,
}

/// Arms that deviate from opposite by more than this are no straight way through, in rad.
const STRAIGHT_RAD: f64 = 0.2;
/// Two ways nearer to parallel than this do not cross, in rad.
const CROSSING_RAD: f64 = 0.2;
/// A crossing whose arms widen by more than this factor was designed as one.
const DESIGNED: f64 = 1.15;
/// An arm is looked at for so many widths,
const ARM_WIDTHS: f64 = 10.0;
/// and over so many pieces.
const MOST_PIECES: usize = 4;

struct Arm {
    at: [f64; 2],
    direction_rad: f64,
    port: usize,
}

/// The table of junctions, and the crossings among them that nobody designed.
pub fn tables(world: &World, joined: &Joined, guides: &Guides) -> (Junctions, Crossings) {
    let nm = world.dbu_nm;
    let mut junctions = Junctions::default();
    let mut crossings = Crossings::default();
    for (i, placed) in world.placed.iter().enumerate() {
        let proto = &world.cells[placed.cell.index()].protos[placed.proto];
        let Some(middle) = proto.junction else { continue };
        let [x_nm, y_nm] = placed.transform.apply(middle[0], middle[1]).map(|v| v * nm);
        let optical = (world.starts[i]..world.starts[i + 1]).filter(|&p| world.ports.kind(p) == PortKind::Optical);
        let arms: Vec<Arm> = optical
            .map(|p| Arm { at: world.ports.at(p), direction_rad: world.ports.form(p).direction_rad, port: p })
            .collect();
        let ways = if arms.len() == 4 { straight_ways(&arms) } else { None };
        let kind = match (arms.len(), ways) {
            (0 | 1, _) => JunctionKind::End,
            (2, _) => JunctionKind::Transition,
            (3, _) => JunctionKind::Branch,
            (4, Some(_)) => JunctionKind::Crossing,
            _ => JunctionKind::Coupler,
        };
        let angle_rad = ways.map_or_else(|| opening(&arms), |(_, angle)| angle);
        let bare = lacking::place(&proto.ports, &proto.outline).map(|p| placed.transform.apply(p[0], p[1]));
        let [bare_x_nm, bare_y_nm] = bare.map_or([f64::NAN; 2], |at| at.map(|v| v * nm));
        junctions.push(JunctionRow {
            device: i as i64,
            kind: kind as u8,
            n_arms: arms.len() as i64,
            x_nm,
            y_nm,
            angle_rad,
            area_nm2: proto.core_area.iter().sum::<f64>() * (nm * placed.transform.magnification()).powi(2),
            lean_rad: if placed.transform.is_mirrored() { -lean::lean_rad(proto) } else { lean::lean_rad(proto) },
            aside_nm: aside::aside(proto) * nm * placed.transform.magnification(),
            bare_x_nm,
            bare_y_nm,
        });
        let Some(((a, b), angle_rad)) = ways else { continue };
        let guide = |arm: usize| joined.partner(arms[arm].port).and_then(|q| guides.of_device(world.ports.device(q)));
        let is_plain = arms.iter().all(|arm| is_plain(world, joined, guides, arm.port));
        if let (true, Some(a), Some(b)) = (is_plain, guide(a), guide(b)) {
            crossings.push(CrossingRow { waveguide_a: a as i64, waveguide_b: b as i64, x_nm, y_nm, angle_rad });
        }
    }
    (junctions, crossings)
}

/// True when an arm keeps its width. One in several pieces is followed as far as a crossing may reach.
fn is_plain(world: &World, joined: &Joined, guides: &Guides, port: usize) -> bool {
    let (mut narrowest, mut widest, mut length) = (f64::INFINITY, 0.0_f64, 0.0);
    let mut port = port;
    for _ in 0..MOST_PIECES {
        let Some(entry) = joined.partner(port) else { break };
        let device = world.ports.device(entry);
        let Some(g) = guides.of_device(device) else { break };
        let row = guides.row(g);
        (narrowest, widest) = (row.width_min_nm.min(narrowest), row.width_max_nm.max(widest));
        length += row.centerline_length_nm;
        if length > ARM_WIDTHS * widest {
            break;
        }
        let first = world.starts[device];
        port = if entry == first { first + 1 } else { first };
    }
    widest <= DESIGNED * narrowest
}

/// One arm of each of two straight ways across each other, and the angle between these.
fn straight_ways(arms: &[Arm]) -> Option<((usize, usize), f64)> {
    let other = (1..4).find(|&k| {
        let rest: Vec<usize> = (1..4).filter(|&j| j != k).collect();
        is_straight(&arms[0], &arms[k]) && is_straight(&arms[rest[0]], &arms[rest[1]])
    })?;
    let second = (1..4).find(|&j| j != other)?;
    let turned = wrap_angle(arms[second].direction_rad - arms[0].direction_rad).abs();
    let angle = turned.min(PI - turned);
    (angle > CROSSING_RAD).then_some(((0, second), angle))
}

/// Two arms look away from each other along one line.
fn is_straight(a: &Arm, b: &Arm) -> bool {
    let turned = wrap_angle(b.direction_rad - a.direction_rad + PI).abs();
    let d = [b.at[0] - a.at[0], b.at[1] - a.at[1]];
    let along = wrap_angle(d[1].atan2(d[0]) - b.direction_rad).abs();
    turned <= STRAIGHT_RAD && along <= STRAIGHT_RAD
}

/// The smallest angle between two arms; NaN for fewer than two.
fn opening(arms: &[Arm]) -> f64 {
    let mut least = f64::NAN;
    for (i, a) in arms.iter().enumerate() {
        for b in &arms[i + 1..] {
            least = least.min(wrap_angle(a.direction_rad - b.direction_rad).abs());
        }
    }
    least
}
