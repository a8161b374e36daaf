//! Finds the two ends of a ribbon on its outline.
//!
//! With hints a cap is the run of edges that faces out of the guide at the port. Without hints caps are
//! the straight runs between two convex corners of about 90°, and the pairs are tried narrowest first.
//! Outlines are counter-clockwise, so the outside is to the right of an edge.

use std::f64::consts::FRAC_PI_2;

use waveguard_geom::Point;

use super::vector::size;
use super::{CapHint, NotARibbon, TraceOptions};

/// A cap from the vertex where it starts to the vertex where it ends, going counter-clockwise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Cap {
    pub(super) start: usize,
    pub(super) end: usize,
}

/// Convex corners beyond this count mean a staircase or a comb; looking at all pairs would not be linear.
const MAX_CORNERS: usize = 64;
/// Pairs of caps that are traced before giving up.
const MAX_TRIALS: usize = 6;
/// A step sideways up to this size in dbu does not end a cap.
const JOG_DBU: f64 = 2.5;

fn vector(ring: &[Point], i: usize, j: usize) -> [f64; 2] {
    edge(ring[i % ring.len()], ring[j % ring.len()])
}

fn edge(from: Point, to: Point) -> [f64; 2] {
    [f64::from(to.x) - f64::from(from.x), f64::from(to.y) - f64::from(from.y)]
}

/// The cap of a counter-clockwise outline at a hint.
pub(super) fn at_hint(ring: &[Point], hint: &CapHint, opts: &TraceOptions) -> Option<Cap> {
    let n = ring.len();
    let (sin, cos) = hint.direction_rad.sin_cos();
    let along = [-sin, cos];
    let least = opts.cap_angle.cos();
    let faces_out = |i: usize| {
        let v = vector(ring, i, i + 1);
        v[0] * along[0] + v[1] * along[1] >= least * size(v)
    };
    let reach = if hint.width > 0.0 { hint.width * opts.cap_reach_ratio } else { f64::INFINITY };
    let mut best: Option<(f64, usize)> = None;
    for i in 0..n {
        let (a, b) = (ring[i], ring[(i + 1) % n]);
        let (ax, ay) = (f64::from(a.x) - hint.x, f64::from(a.y) - hint.y);
        let (vx, vy) = (f64::from(b.x) - f64::from(a.x), f64::from(b.y) - f64::from(a.y));
        let across = vx * along[0] + vy * along[1];
        if across <= 0.0 {
            continue;
        }
        let u = (-(ax * vx + ay * vy) / (vx * vx + vy * vy)).clamp(0.0, 1.0);
        let (dx, dy) = (ax + u * vx, ay + u * vy);
        let distance = (dx * dx + dy * dy).sqrt();
        // Of equally near edges the longer one is the cap: the side next to it may start with a small step.
        if distance <= reach
            && best.is_none_or(|(d, j)| distance < d - 1.0 || (distance < d + 1.0 && longer(ring, i, j)))
            && faces_out(i)
        {
            best = Some((distance, i));
        }
    }
    let (_, edge) = best?;
    let (mut start, mut end) = (edge, edge + 1);
    while end < edge + n - 2 {
        if faces_out(end) {
            end += 1;
        } else if size(vector(ring, end, end + 1)) <= JOG_DBU && faces_out(end + 1) && end + 1 < edge + n - 2 {
            end += 2;
        } else {
            break;
        }
    }
    let mut back = 0;
    while end - edge + back < n - 2 {
        let before = start + n - 1;
        if faces_out(before % n) {
            start = before % n;
            back += 1;
        } else if size(vector(ring, before, before + 1)) <= JOG_DBU && faces_out((before + n - 1) % n) {
            start = (before + n - 1) % n;
            back += 2;
        } else {
            break;
        }
    }
    Some(Cap { start: start % n, end: end % n })
}

fn longer(ring: &[Point], i: usize, j: usize) -> bool {
    size(vector(ring, i, i + 1)) > size(vector(ring, j, j + 1))
}

/// Candidate pairs of caps without hints, the most ribbon-like first.
pub(super) fn candidates(ring: &[Point], opts: &TraceOptions) -> Result<Vec<[Cap; 2]>, NotARibbon> {
    let caps = straight_runs(ring, opts);
    if caps.len() < 2 {
        return Err(NotARibbon::NoCaps);
    }
    if let [a, b] = caps[..]
        && is_far_apart(ring, a, b)
    {
        return Ok(vec![[a, b]]);
    }
    let n = ring.len();
    let mut walked = Vec::with_capacity(n + 1);
    let mut total = 0.0;
    for pair in ring.windows(2) {
        walked.push(total);
        total += size(edge(pair[0], pair[1]));
    }
    walked.push(total);
    total += size(edge(ring[n - 1], ring[0]));
    let between = |from: usize, to: usize| {
        let d = walked[to] - walked[from];
        if to >= from { d } else { d + total }
    };
    let mut pairs: Vec<(f64, [Cap; 2])> = Vec::new();
    for (k, &a) in caps.iter().enumerate() {
        for &b in &caps[k + 1..] {
            if a.end == b.start || b.end == a.start {
                continue;
            }
            let sides = between(a.end, b.start) + between(b.end, a.start);
            let widths = between(a.start, a.end) + between(b.start, b.end);
            if widths < sides {
                // A tip has no width and would always win, also where it is only a dent of the grid.
                let tips = [a, b].iter().filter(|c| c.start == c.end).count();
                pairs.push((tips as f64 + widths / sides, [a, b]));
            }
        }
    }
    pairs.sort_by(|p, q| p.0.total_cmp(&q.0));
    pairs.truncate(MAX_TRIALS);
    if pairs.is_empty() { Err(NotARibbon::NoCaps) } else { Ok(pairs.into_iter().map(|p| p.1).collect()) }
}

/// True when two caps are surely shorter than the sides between them, which are no shorter than straight lines: so it is of
/// nearly all guides, and no way around the outline needs to be measured.
fn is_far_apart(ring: &[Point], a: Cap, b: Cap) -> bool {
    let n = ring.len();
    let walked = |cap: Cap| {
        (0..(cap.end + n - cap.start) % n).map(move |k| size(vector(ring, cap.start + k, cap.start + k + 1)))
    };
    let widths: f64 = walked(a).chain(walked(b)).sum();
    a.end != b.start
        && b.end != a.start
        && SURELY * widths < size(vector(ring, a.end, b.start)) + size(vector(ring, b.end, a.start))
}

/// More than what sums are rounded by.
const SURELY: f64 = 1.001;

/// Straight runs of edges between two neighbouring convex corners, and needle tips.
fn straight_runs(ring: &[Point], opts: &TraceOptions) -> Vec<Cap> {
    let n = ring.len();
    // A corner is one vertex, or the two of a step beside it.
    let mut corners: Vec<(usize, usize)> = Vec::new();
    let mut tips: Vec<Cap> = Vec::new();
    let (least, most) = ((FRAC_PI_2 + opts.cap_angle).cos(), (FRAC_PI_2 - opts.cap_angle).cos());
    let is_step = |v: [f64; 2]| v[0] * v[0] + v[1] * v[1] <= JOG_DBU * JOG_DBU;
    let mut before = vector(ring, n - 1, 0);
    let mut is_after_jog = is_step(before);
    if is_after_jog {
        before = vector(ring, n - 2, n - 1);
    }
    for i in 0..n {
        let after = edge(ring[i], *ring.get(i + 1).unwrap_or(&ring[0]));
        // A step of the grid beside a corner is passed over: corner and step together make the turn.
        if !is_after_jog && is_step(after) {
            is_after_jog = true;
            continue;
        }
        let first = if is_after_jog { (i + n - 1) % n } else { i };
        is_after_jog = false;
        let cross = before[0] * after[1] - before[1] * after[0];
        let dot = before[0] * after[0] + before[1] * after[1];
        // The cheap test keeps nearly all vertices of a smooth curve away from the square root.
        if cross > 0.0 && cross > dot * opts.corner_turn {
            let sizes = size(before) * size(after);
            if dot < least * sizes {
                tips.push(Cap { start: i, end: i });
            } else if dot < most * sizes {
                corners.push((first, i));
            }
        }
        before = after;
    }
    if corners.len() > MAX_CORNERS {
        // A staircase: only corners of edges that are long for this outline can belong to a cap.
        let longest = |c: &(usize, usize)| size(vector(ring, c.1, c.1 + 1)).max(size(vector(ring, c.0 + n - 1, c.0)));
        corners.sort_by(|a, b| longest(b).total_cmp(&longest(a)));
        corners.truncate(MAX_CORNERS);
        corners.sort_unstable();
    }
    let mut caps = tips;
    for (k, &(_, start)) in corners.iter().enumerate() {
        let (end, _) = corners[(k + 1) % corners.len()];
        if start != end && is_straight(ring, start, end) {
            caps.push(Cap { start, end });
        }
    }
    caps.sort_by_key(|c| c.start);
    caps
}

/// True when the vertices from `start` to `end` stay within a small jog of the straight line.
fn is_straight(ring: &[Point], start: usize, end: usize) -> bool {
    let n = ring.len();
    let line = vector(ring, start, end);
    let length = size(line);
    let count = (end + n - start) % n;
    // A cap is drawn with few vertices; a side with many is not worth walking.
    count <= MAX_CORNERS
        && length > 0.0
        && (1..count).all(|k| {
            let v = vector(ring, start, start + k);
            let along = (v[0] * line[0] + v[1] * line[1]) / length;
            (line[0] * v[1] - line[1] * v[0]).abs() <= JOG_DBU * length && (0.0..=length).contains(&along)
        })
}
