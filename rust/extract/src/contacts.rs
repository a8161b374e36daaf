//! Which copies of drawn shapes touch each other, and in which way.
//!
//! Guides drawn end to end touch at their caps, and a guide that was drawn up to a device touches it with its
//! cap: these stay shapes of their own. Any other contact means that drawn shapes are pieces of one: overlapping
//! guides, a guide cut in two somewhere, a guide that ends in the side of another. Shapes that touch alike are
//! looked at once.

mod beside;
mod ends;
mod explained;
mod form;
mod groups;
mod near;
mod slices;

use rayon::prelude::*;
use rustc_hash::FxHashMap;

pub use beside::beside;
pub use explained::FACING_RAD;
use explained::Meeting;
pub use form::Form;
use groups::Group;
use near::{Key, Scene, Turn};

/// A copy of a drawn shape.
#[derive(Clone, Copy, Debug)]
pub struct ShapeCopy {
    /// Its form: outline and how it is turned.
    pub form: u32,
    /// Displacement in dbu in the frame of the top.
    pub at: [f64; 2],
    /// The top, and the layer: what differs in it never touches.
    pub world: (u32, u32),
}

/// How two shapes lie to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// They do not touch, or as guides and devices do.
    Apart,
    /// They are pieces of one shape.
    Pieces,
    /// They are the same shape at the same place.
    Twins,
    /// They are the same guide at nearly the same place, and pieces of one shape.
    Doubled,
}

/// Tolerances in dbu.
#[derive(Clone, Copy, Debug)]
pub struct Slack {
    /// Ends this close are at one place.
    pub snap: f64,
    /// Deviation from opposite directions that still is a joint, in rad.
    pub angle_rad: f64,
}

/// Boxes in which neighbours are looked for are this many times larger than those of runs.
const COARSER: f64 = 4.0;
/// Shapes this close touch: two placements were each rounded to the grid.
const TOUCH: f64 = 1.5;
/// Contacts of two shapes that are looked at.
const MOST_CONTACTS: usize = 256;

/// Pairs that are more than apart, in order, of which one at least is new.
pub fn find(
    copies: &[ShapeCopy],
    forms: &[Form],
    is_new: &[bool],
    slack: Slack,
    tile: f64,
) -> Vec<(u32, u32, Verdict)> {
    let scene = Scene::new(copies, forms, COARSER * tile);
    let in_turn = (copies.len() / LEAST_TURNS).clamp(1, COPIES_A_TURN);
    let turns: Vec<Turn> = (0..copies.len().div_ceil(in_turn))
        .into_par_iter()
        .map(|turn| scene.pairs(turn * in_turn..((turn + 1) * in_turn).min(copies.len()), is_new))
        .collect();
    // Pairs that lie alike are judged once.
    let mut numbers: FxHashMap<Key, usize> = FxHashMap::default();
    let mut first: Vec<(u32, u32, &[[u32; 2]])> = Vec::new();
    let mut kinds: Vec<Vec<usize>> = Vec::with_capacity(turns.len());
    for turn in &turns {
        let number = |one: &(u32, u32, std::ops::Range<usize>)| {
            *numbers.entry(scene.key(one.0, one.1)).or_insert_with(|| {
                first.push((one.0, one.1, &turn.near[one.2.clone()]));
                first.len() - 1
            })
        };
        kinds.push(turn.kinds.iter().map(number).collect());
    }
    let verdicts: Vec<Verdict> =
        first.into_par_iter().map(|(a, b, near)| scene.judge(a as usize, b as usize, near, slack)).collect();
    let found = turns
        .iter()
        .zip(&kinds)
        .flat_map(|(turn, kinds)| turn.pairs.iter().map(|&(a, b, kind)| (a, b, verdicts[kinds[kind as usize]])));
    let mut found: Vec<_> = found.filter(|(_, _, v)| *v != Verdict::Apart).collect();
    slices::settle(copies, forms, &mut found);
    found
}

/// Copies are taken in so many turns, so that all threads have work where copies are few and long,
const LEAST_TURNS: usize = 64;
/// or in turns of so many: pairs that lie alike are found once in each.
const COPIES_A_TURN: usize = 2048;

/// Judges two forms by the runs of the groups that are near each other.
fn judge([a, b]: [&Form; 2], by: [f64; 2], near: impl Iterator<Item = [Group; 2]>, slack: Slack) -> Verdict {
    if std::ptr::eq(a, b) && by[0].abs().max(by[1].abs()) < TOUCH {
        return Verdict::Twins;
    }
    // A guide is longer than it is wide: moved by less than its width it still lies on itself. Moved by all of it, to a
    // step of the grid, it lies beside itself: two halves of one guide.
    let is_guide = a.is_known && a.bodies.is_empty() && a.caps.all().len() == 2;
    let narrowest = || a.caps.all().iter().fold(f64::INFINITY, |w, cap| w.min(cap.end.width));
    if is_guide && a.displacement(b, by).is_some_and(|d| d[0].hypot(d[1]) < narrowest() - TOUCH) {
        return Verdict::Doubled;
    }
    let moved = |p: [f64; 2]| [p[0] + by[0], p[1] + by[1]];
    let meeting = Meeting::new([a, b], by, slack);
    let mut left = MOST_CONTACTS;
    // Groups are much larger than runs: most runs of one are far from all of the other.
    let pairs = near.flat_map(|[of_a, of_b]| {
        let box_b = of_b.0.moved(by);
        let (of_a, of_b) = (of_a.1 as usize..of_a.2 as usize, of_b.1 as usize..of_b.2 as usize);
        let is_near = move |k: &usize| a.runs[*k].0.grown(TOUCH).touches(&box_b);
        of_a.filter(is_near).flat_map(move |k| {
            let box_a = a.runs[k].0.grown(TOUCH).moved([-by[0], -by[1]]);
            of_b.clone().filter(move |&l| box_a.touches(&b.runs[l].0)).map(move |l| (k, l))
        })
    });
    for (k, l) in pairs {
        let ((_, a0, a1), (_, b0, b1)) = (a.runs[k], b.runs[l]);
        let box_l = b.runs[l].0.oriented.moved(by).grown(TOUCH);
        for i in a0 as usize..a1 as usize {
            let p = a.edge(i);
            // Most edges of a run are far from all of the other one.
            if !box_l.touches_edge(p) {
                continue;
            }
            for j in b0 as usize..b1 as usize {
                let q = b.edge(j).map(moved);
                let mut is_joint = true;
                touching(p, q, |at| {
                    left = left.saturating_sub(1);
                    let is_stub = [a.has_stub(i, p, q), b.has_stub(j, q, p)];
                    is_joint = is_joint && meeting.explains(at, is_stub);
                });
                if !is_joint {
                    return Verdict::Pieces;
                }
                if left == 0 {
                    return Verdict::Apart;
                }
            }
        }
    }
    Verdict::Apart
}

/// Visits the places where two edges touch: ends of one on the other, or where they cross.
fn touching(p: [[f64; 2]; 2], q: [[f64; 2]; 2], mut visit: impl FnMut([f64; 2])) {
    let apart = |k: usize| {
        p[0][k].max(p[1][k]) + TOUCH < q[0][k].min(q[1][k]) || q[0][k].max(q[1][k]) + TOUCH < p[0][k].min(p[1][k])
    };
    if apart(0) || apart(1) || is_aside(p, q) || is_aside(q, p) {
        return;
    }
    let mut first: Option<[f64; 2]> = None;
    for (point, edge) in [(p[0], q), (p[1], q), (q[0], p), (q[1], p)] {
        if distance(point, edge) <= TOUCH {
            visit(point);
            // Edges that lie on each other touch between their ends, too.
            if let Some(other) = first {
                visit([f64::midpoint(point[0], other[0]), f64::midpoint(point[1], other[1])]);
            }
            first = first.or(Some(point));
        }
    }
    if first.is_some() {
        return;
    }
    let (d, e) = ([p[1][0] - p[0][0], p[1][1] - p[0][1]], [q[1][0] - q[0][0], q[1][1] - q[0][1]]);
    let sin = d[0] * e[1] - d[1] * e[0];
    let r = [q[0][0] - p[0][0], q[0][1] - p[0][1]];
    let (s, t) = ((r[0] * e[1] - r[1] * e[0]) / sin, (r[0] * d[1] - r[1] * d[0]) / sin);
    if (0.0..=1.0).contains(&s) && (0.0..=1.0).contains(&t) {
        visit([p[0][0] + s * d[0], p[0][1] + s * d[1]]);
    }
}

/// True when all of one edge is on one side of the line through the other, further than what touches.
fn is_aside(p: [[f64; 2]; 2], q: [[f64; 2]; 2]) -> bool {
    let d = [p[1][0] - p[0][0], p[1][1] - p[0][1]];
    let [s, t] = q.map(|at| d[0] * (at[1] - p[0][1]) - d[1] * (at[0] - p[0][0]));
    // Twice what touches, so that rounding does not matter.
    s * t > 0.0 && s.abs().min(t.abs()).powi(2) > 4.0 * TOUCH * TOUCH * (d[0] * d[0] + d[1] * d[1])
}

/// Distance of a place from an edge.
pub fn distance(p: [f64; 2], [a, b]: [[f64; 2]; 2]) -> f64 {
    let d = [b[0] - a[0], b[1] - a[1]];
    let square = d[0] * d[0] + d[1] * d[1];
    let u = if square > 0.0 { (((p[0] - a[0]) * d[0] + (p[1] - a[1]) * d[1]) / square).clamp(0.0, 1.0) } else { 0.0 };
    (p[0] - a[0] - u * d[0]).hypot(p[1] - a[1] - u * d[1])
}
