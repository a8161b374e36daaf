//! Corners between two straight stretches of a guide, too sharp for the chords of any curve and by themselves: where a
//! guide was turned a little and put on again.

use std::f64::consts::FRAC_PI_2;

use super::super::nodes::Node;
use super::super::side::Vertex;
use super::super::types::{Flaw, Sides};
use super::super::vector::angle_between;
use super::{LEAD_STEPS, Run, axis_at, cross, dot, rounding, size, sub, width_at};

/// Larger turns are bends or corners, which are found as such, in rad.
const MOST_TURN: f64 = 0.26;
/// A corner is that of a bend when the side turns on by this part of it there, within the lesser one of a lead and
const GOES_ON: f64 = 0.25;
/// so many grid steps.
const AROUND_STEPS: f64 = 10_000.0;
/// Both sides turn alike within this part.
const ALIKE: f64 = 0.2;

/// A corner of a side.
struct Corner {
    /// Arc length of the axis.
    s: f64,
    at: [f64; 2],
    turn: f64,
    error: f64,
}

/// The corners of a guide, in order.
pub(super) fn find(
    sides: [&[Vertex]; 2],
    runs: [&[Run]; 2],
    nodes: &[Node],
    grid: f64,
    chord_tolerance: f64,
) -> Vec<Flaw> {
    let [right, left] = [0, 1].map(|k: usize| corners(sides[k], runs[k], nodes, grid, chord_tolerance));
    let mut out = Vec::new();
    let mut k = 0;
    for r in &right {
        let width = width_at(nodes, r.s);
        // The nearest: at both ends of a short taper each side has a corner, and those across turn against each other.
        while k + 1 < left.len() && (left[k + 1].s - r.s).abs() <= (left[k].s - r.s).abs() {
            k += 1;
        }
        let Some(l) = left.get(k).filter(|l| (l.s - r.s).abs() <= width) else { continue };
        let error = r.error + l.error;
        if (r.turn - l.turn).abs() > error + ALIKE * r.turn.abs() {
            continue;
        }
        out.push(Flaw {
            start: r.s.min(l.s),
            length: (r.s - l.s).abs(),
            width,
            widened: 0.0,
            aside: 0.0,
            out: 0.0,
            sides: Sides::Apart,
            error: 0.0,
            radius: 0.0,
            turn: f64::midpoint(r.turn, l.turn),
            x: f64::midpoint(r.at[0], l.at[0]),
            y: f64::midpoint(r.at[1], l.at[1]),
        });
    }
    out
}

fn corners(side: &[Vertex], runs: &[Run], nodes: &[Node], grid: f64, chord_tolerance: f64) -> Vec<Corner> {
    let whole = side.last().map_or(0.0, |v| v.s).max(f64::MIN_POSITIVE);
    let mut out = Vec::new();
    for pair in runs.windows(2) {
        let (a, b) = (&pair[0], &pair[1]);
        if a.length.min(b.length) < LEAD_STEPS * grid {
            continue;
        }
        let short = 1.0 / a.length + 1.0 / b.length;
        let error = rounding(a.along, grid) * short;
        // The ends of a chord of an arc are turned against it by four bulges over its length.
        let least = error + 4.0 * chord_tolerance * short;
        // Along curves all end here: an angle is longer than its sine, by no more than the half of a circle over its
        // diameter.
        let (sin, cos) = (cross(a.along, b.along), dot(a.along, b.along));
        if cos > 0.0 && sin.abs() * FRAC_PI_2 <= least {
            continue;
        }
        let turn = angle_between(a.along, b.along);
        if turn.abs() <= least || turn.abs() > MOST_TURN {
            continue;
        }
        let around = AROUND_STEPS * grid;
        let goes_on = |from: [f64; 2], to: [f64; 2]| angle_between(from, to) * turn.signum() >= GOES_ON * turn.abs();
        if behind(side, a.from, a.length.min(around)).is_some_and(|way| goes_on(way, a.along))
            || ahead(side, b.to, b.length.min(around)).is_some_and(|way| goes_on(b.along, way))
        {
            continue;
        }
        let v = &side[b.from];
        out.push(Corner { s: axis_at(nodes, v.at, v.s / whole), at: v.at, turn, error });
    }
    out
}

/// The way of a side from a vertex on, over a reach; `None` where it ends before.
fn ahead(side: &[Vertex], from: usize, reach: f64) -> Option<[f64; 2]> {
    let to = from + side[from..].partition_point(|v| v.s - side[from].s < reach);
    way(side, from, to.min(side.len() - 1))
}

/// The way of a side to a vertex, over a reach.
fn behind(side: &[Vertex], to: usize, reach: f64) -> Option<[f64; 2]> {
    let from = side[..=to].partition_point(|v| side[to].s - v.s > reach);
    way(side, from.saturating_sub(usize::from(from > 0)), to)
}

fn way(side: &[Vertex], from: usize, to: usize) -> Option<[f64; 2]> {
    let d = sub(side[to].at, side[from].at);
    (from < to && size(d) > 0.0).then_some(d)
}
