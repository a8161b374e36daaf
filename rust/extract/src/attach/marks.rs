//! What is drawn on a layer of guides and guides no light, though it is no line of letters: numbers of a digit or two,
//! crosses, arrows. It is small, has corners that no light goes round, touches nothing, and nothing is near it.

use std::f64::consts::PI;

use rustc_hash::FxHashSet;
use waveguard_geom::transform::wrap_angle;
use waveguard_geom::{BBox, GridIndex, Point};

use super::gratings::Chains;
use super::texts::{self, Letter, Other};
use crate::cells::CellPlan;
use crate::devices::Proto;
use crate::pins::LocalPort;
use crate::place::Placed;
use crate::plan::Plan;

/// Its parts are no larger than this, in nm,
const LARGEST_NM: f64 = 100_000.0;
/// and no further from each other than so many sizes of the smaller one.
const APART: f64 = 1.5;
/// It turns, or has arms, at a corner of so much in rad.
const CORNER_RAD: f64 = 0.6;
/// A shape of so many corners is a box.
const BOX_CORNERS: usize = 4;
/// Parts beside each other that are looked at.
const MOST_NEAR: usize = 64;
/// Boxes nearer than this, in dbu, touch.
const TOUCH: f64 = 2.0;

/// True where a guide turns at a corner, where guides meet at an angle, and for what is no guide and has corners.
pub(super) fn is_sharp(proto: &Proto) -> bool {
    if let Some(guide) = &proto.guide {
        return guide.trace.min_radius < guide.trace.width_max;
    }
    let at_angle = |a: &LocalPort, b: &LocalPort| {
        let turned = wrap_angle(a.direction_rad - b.direction_rad).abs();
        (CORNER_RAD..=PI - CORNER_RAD).contains(&turned)
    };
    let ports = &proto.ports;
    if (1..ports.len()).any(|k| ports[..k].iter().any(|p| at_angle(p, &ports[k]))) {
        return true;
    }
    ports.is_empty() && proto.outline.iter().any(|ring| ring.len() > BOX_CORNERS && has_corner(ring))
}

fn has_corner(ring: &[Point]) -> bool {
    let n = ring.len();
    let heading = |i: usize| {
        let (p, q) = (ring[i % n], ring[(i + 1) % n]);
        (f64::from(q.y) - f64::from(p.y)).atan2(f64::from(q.x) - f64::from(p.x))
    };
    (0..n).any(|i| wrap_angle(heading(i + 1) - heading(i)).abs() >= CORNER_RAD)
}

/// The marks among shapes of the size of letters, each as the numbers of its parts; `index` is over their boxes.
pub(super) fn find(
    plan: &Plan,
    cells: &[CellPlan],
    devices: &[Placed],
    letters: &[Letter],
    index: &GridIndex,
    is_text: &[bool],
) -> Vec<Vec<usize>> {
    let size = |l: &Letter| l.size(0).max(l.size(1));
    let top = |k: usize| devices[letters[k].devices.0].top;
    let most = plan.dbu(LARGEST_NM);
    let may_be: Vec<bool> = letters.iter().map(|l| !is_text[l.devices.0] && size(l) <= most).collect();
    let mut groups = Chains::new(letters.len());
    // Joined to what is no part, or has too many beside it.
    let mut is_out: Vec<bool> = may_be.iter().map(|may_be| !may_be).collect();
    for k in (0..letters.len()).filter(|&k| may_be[k]) {
        let (own, reach) = (&letters[k].bbox, APART * size(&letters[k]));
        let mut seen = 0;
        index.candidates_while(&own.grown(reach), |l| {
            seen += 1;
            let other = &letters[l].bbox;
            let near = own.grown(APART * size(&letters[k]).min(size(&letters[l])));
            if l != k && may_be[l] && top(l) == top(k) && near.touches(other) {
                groups.join(k, l);
                is_out[k] |= own.grown(TOUCH).touches(other) && !is_within(own, other) && !is_within(other, own);
            }
            seen < MOST_NEAR
        });
        is_out[k] |= seen >= MOST_NEAR;
    }
    // What is drawn by itself is what its designer wants to be looked at.
    let mut is_letter = vec![false; devices.len()];
    for letter in letters {
        is_letter[letter.devices.0..letter.devices.1].fill(true);
    }
    let others = devices.iter().zip(&is_letter).filter(|(_, is_letter)| !**is_letter);
    let has_others: FxHashSet<_> = others.map(|(placed, _)| placed.top).collect();
    let mut marks = groups.groups();
    marks.retain(|mark| {
        has_others.contains(&top(mark[0]))
            && mark.iter().all(|&k| !is_out[k])
            && mark.iter().any(|&k| letters[k].is_sharp)
    });
    // What no guide was seen in may be a mark, too: the lines of a ruler beside their numbers.
    let in_the_way = |other: &Other, letter: &Letter| {
        let is_dark = other.proto.reason.is_some() && other.proto.ports.is_empty();
        !is_text[other.device] && (!is_dark || other.bbox.touches(&letter.bbox.grown(TOUCH)))
    };
    texts::alone(plan, cells, devices, letters, marks, in_the_way)
}

/// True for a box inside of another one, as a dot in a ring.
fn is_within(inner: &BBox, outer: &BBox) -> bool {
    (0..2).all(|k| inner.min[k] > outer.min[k] && inner.max[k] < outer.max[k])
}
