//! The guide that a row of boxes is: the outline around all of them, traced.

use std::f64::consts::PI;

use waveguard_geom::transform::wrap_angle;
use waveguard_geom::{Point, Transform};

use super::Segments;
use super::boxes::Segment;
use super::rows::{Row, neighbours};
use crate::guides::{self, Guide};
use crate::place::Placed;
use crate::plan::Plan;
use crate::trace::{CapHint, END_ERROR_STEPS, grid_step};

/// Boxes are wedges, whose ends point to the middle of the bend, when these turn by more than this part of what they
/// would have to turn by.
const WEDGE_PART: f64 = 0.5;

/// A box seen along its row: its corners at the end behind and at the end before, right and left, and the sides between.
struct Seen {
    /// From behind to before.
    right: Vec<[f64; 2]>,
    left: Vec<[f64; 2]>,
    /// Length along the row, in its middle.
    length: f64,
    /// By how much its two ends are turned against each other, positive to the left.
    ends_turn: f64,
    /// Direction of the row.
    heading: [f64; 2],
}

/// Boxes whose widths say together how wide the row ends.
const BOXES_AT_END: usize = 8;
/// Widths of equal boxes differ by no more than this, in dbu: each of two sides is rounded at both of its corners.
const EVEN_DBU: f64 = 3.0;

/// The mean of widths that differ by rounding only.
fn even(widths: &[f64]) -> Option<f64> {
    let least = widths.iter().copied().fold(f64::INFINITY, f64::min);
    let most = widths.iter().copied().fold(0.0, f64::max);
    (most - least <= EVEN_DBU).then(|| widths.iter().sum::<f64>() / widths.len() as f64)
}

/// The guide of a row in the frame of `placed`; `None` when its outline is no guide.
pub(super) fn guide(plan: &Plan, boxes: &[Segment], row: &Row, placed: &Placed) -> Option<Guide> {
    let back = placed.transform.inverse()?;
    let n = row.boxes.len();
    let mut seen: Vec<Seen> = Vec::with_capacity(n);
    let centre = |k: usize| {
        let [x, y] = boxes[row.boxes[k]].centre;
        back.apply(x, y)
    };
    for k in 0..n {
        let [from, to] = neighbours(row, k).map(centre);
        seen.push(look(&boxes[row.boxes[k]], &back, [to[0] - from[0], to[1] - from[1]])?);
    }
    let is_wedge = are_wedges(&seen, row.is_closed);
    let (mut right, mut left): (Vec<[f64; 2]>, Vec<[f64; 2]>) = (Vec::new(), Vec::new());
    let middle = |a: [f64; 2], b: [f64; 2]| [f64::midpoint(a[0], b[0]), f64::midpoint(a[1], b[1])];
    for (k, one) in seen.iter().enumerate() {
        for (side, own) in [(&mut right, &one.right), (&mut left, &one.left)] {
            let last = own.len() - 1;
            let (is_first, is_last) = (k == 0 && !row.is_closed, k + 1 == n && !row.is_closed);
            if is_wedge || own.len() > 2 {
                side.extend(own);
            } else {
                // Corners of a box that is turned along a curve lie off it, the middles of its sides on it.
                side.extend(is_first.then_some(own[0]));
                side.push(middle(own[0], own[last]));
                side.extend(is_last.then_some(own[last]));
            }
        }
    }
    if row.is_closed {
        // The ring is cut in the middle of a gap.
        for (side, a, b) in [
            (&mut right, seen[n - 1].right.last()?, seen[0].right.first()?),
            (&mut left, seen[n - 1].left.last()?, seen[0].left.first()?),
        ] {
            let cut = middle(*a, *b);
            side.insert(0, cut);
            side.push(cut);
        }
    }
    let hint = |r: [f64; 2], l: [f64; 2], heading: [f64; 2], outward: f64| {
        let [x, y] = middle(r, l);
        CapHint { x, y, direction_rad: wrap_angle(heading[1].atan2(heading[0]) + outward), width: 0.0 }
    };
    let hints = [
        hint(*right.first()?, *left.first()?, seen[0].heading, PI),
        hint(*right.last()?, *left.last()?, seen[n - 1].heading, 0.0),
    ];
    let ring: Vec<Point> =
        right.iter().chain(left.iter().rev()).map(|p| Point::from_f64(p[0], p[1])).collect::<Option<_>>()?;
    let layer = boxes[row.boxes[0]].layer;
    let mut trace = guides::trace_between(plan, layer, &ring, hints)?;
    let lengths: f64 = seen.iter().map(|s| s.length).sum();
    // From the middle of the first box to that of the last one.
    let between =
        if row.is_closed { trace.length } else { trace.length - f64::midpoint(seen[0].length, seen[n - 1].length) };
    let n_gaps = if row.is_closed { n } else { n - 1 };
    let (mut pitches, mut gaps) = ([f64::INFINITY, 0.0], [f64::INFINITY, 0.0]);
    for k in 0..n_gaps {
        let (p, q) = (centre(k), centre((k + 1) % n));
        let step = (q[0] - p[0]).hypot(q[1] - p[1]);
        let gap = step - f64::midpoint(seen[k].length, seen[(k + 1) % n].length);
        pitches = [pitches[0].min(step), pitches[1].max(step)];
        gaps = [gaps[0].min(gap), gaps[1].max(gap)];
    }
    let pitch = between / n_gaps as f64;
    let segments = Segments { count: n as u32, pitch, pitches, gaps, duty: lengths / n as f64 / pitch };
    let scale = back.magnification().powi(2);
    trace.area = row.boxes.iter().map(|&k| boxes[k].area * scale).sum();
    trace.n_shapes = n as u32;
    if !row.is_closed {
        let width = |k: &usize| boxes[row.boxes[*k]].area * scale / seen[*k].length;
        let at_end = |order: &mut dyn Iterator<Item = usize>| -> Vec<f64> {
            order.take(BOXES_AT_END).map(|k| width(&k)).collect()
        };
        let ends = [at_end(&mut (0..n)), at_end(&mut (0..n).rev())];
        for (end, widths) in trace.ends.iter_mut().zip(ends) {
            end.width = even(&widths).unwrap_or(end.width);
        }
    }
    // Middles of sides lie between the points of the grid that the boxes are drawn on.
    let corners = seen.iter().flat_map(|s| s.right.iter().chain(&s.left)).map(|p| Point::from_f64(p[0], p[1]));
    let grid = grid_step(&corners.collect::<Option<Vec<Point>>>()?).max(trace.grid);
    trace.length_error += END_ERROR_STEPS * (grid - trace.grid);
    trace.grid = grid;
    Some(guides::segmented(plan, layer, trace, segments))
}

/// Sorts the corners of a box by where they lie along its row and across it.
fn look(segment: &Segment, back: &Transform, towards: [f64; 2]) -> Option<Seen> {
    let size = towards[0].hypot(towards[1]);
    let d = towards.map(|v| v / size);
    let mut ring: Vec<[f64; 2]> = segment.ring.iter().map(|p| back.apply(p[0], p[1])).collect();
    if back.is_mirrored() {
        ring.reverse();
    }
    let n = ring.len();
    let [cx, cy] = back.apply(segment.centre[0], segment.centre[1]);
    let along = |p: &[f64; 2]| (p[0] - cx) * d[0] + (p[1] - cy) * d[1];
    let across = |p: &[f64; 2]| (p[1] - cy) * d[0] - (p[0] - cx) * d[1];
    let most = |f: &dyn Fn(&[f64; 2]) -> f64| ring.iter().map(|p| f(p).abs()).fold(f64::MIN_POSITIVE, f64::max);
    let (half_length, half_width) = (most(&along), most(&across));
    let corner = |a: f64, c: f64| {
        let rank = |p: &[f64; 2]| a * along(p) / half_length + c * across(p) / half_width;
        (0..n).max_by(|&i, &j| rank(&ring[i]).total_cmp(&rank(&ring[j])))
    };
    let (behind_right, before_right) = (corner(-1.0, -1.0)?, corner(1.0, -1.0)?);
    let (before_left, behind_left) = (corner(1.0, 1.0)?, corner(-1.0, 1.0)?);
    let walk = |from: usize, to: usize| -> Vec<[f64; 2]> {
        let count = (to + n - from) % n;
        (0..=count).map(|k| ring[(from + k) % n]).collect()
    };
    let right = walk(behind_right, before_right);
    let mut left = walk(before_left, behind_left);
    left.reverse();
    // Each side and each end is one run of the outline.
    let corners = right.len() + left.len();
    if right.len() < 2 || left.len() < 2 || corners > n + 2 {
        return None;
    }
    let length = |side: &[[f64; 2]]| side.windows(2).map(|w| (w[1][0] - w[0][0]).hypot(w[1][1] - w[0][1])).sum::<f64>();
    let angle = |p: [f64; 2], q: [f64; 2]| (q[1] - p[1]).atan2(q[0] - p[0]);
    let ends_turn = wrap_angle(angle(*right.last()?, *left.last()?) - angle(right[0], left[0]));
    Some(Seen { length: f64::midpoint(length(&right), length(&left)), right, left, ends_turn, heading: d })
}

/// True when the ends of boxes are turned against each other as the row bends.
fn are_wedges(seen: &[Seen], is_closed: bool) -> bool {
    let n = seen.len();
    let (mut wanted, mut found) = (0.0, 0.0);
    for k in 0..if is_closed { n } else { n - 1 } {
        let (one, next) = (&seen[k], &seen[(k + 1) % n]);
        let turn = wrap_angle(next.heading[1].atan2(next.heading[0]) - one.heading[1].atan2(one.heading[0]));
        let pitch = one.length + gap(one, next);
        wanted += turn.abs() * one.length / pitch.max(f64::MIN_POSITIVE);
        found += one.ends_turn * turn.signum();
    }
    found > WEDGE_PART * wanted && wanted > LEAST_TURN
}

/// A row that turns by less is straight, in rad.
const LEAST_TURN: f64 = 0.01;

/// Distance between two boxes, in the middle of their ends.
fn gap(one: &Seen, next: &Seen) -> f64 {
    let middle = |a: Option<&[f64; 2]>, b: Option<&[f64; 2]>| match (a, b) {
        (Some(a), Some(b)) => [f64::midpoint(a[0], b[0]), f64::midpoint(a[1], b[1])],
        _ => [0.0; 2],
    };
    let (p, q) = (middle(one.right.last(), one.left.last()), middle(next.right.first(), next.left.first()));
    (q[0] - p[0]).hypot(q[1] - p[1])
}
