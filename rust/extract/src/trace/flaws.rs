//! Places where a side of a guide leaves its line and goes on along it, or along another one beside it.
//!
//! Light is scattered by what is small, too: a bump of a few grid steps, a jog where two pieces were put together
//! aside of each other. The tracer averages it away, so it is looked for on the sides themselves: two straight leads
//! that run the same way, and between them vertices, or a shift, that rounding to the grid does not explain. Bends are
//! told apart by the radius that a smooth curve through the drawn corners would have.

mod bumps;
mod kinks;
mod runs;

use super::nodes::Node;
use super::side::Vertex;
use super::types::{Flaw, Sides};
use super::vector::size;
use runs::{ALONG_GRID_DBU, LEAD_STEPS, Run, Turns, rounding, runs, step};

/// A flaw is no longer than this many grid steps: what is longer is a route.
const LONGEST_STEPS: f64 = 10_000.0;
/// Leads behind a place that are looked at.
const AHEAD: usize = 24;
/// Smallest part of a turn that is no noise, in rad.
const LEAST_TURN: f64 = 1e-3;
/// An edge of so many grid steps may be a wall across its side; longer ones are seen as steps of the outline.
const WALL_STEPS: f64 = 50.0;
/// The way of a side before and behind a wall is taken over so many grid steps.
const WAY_STEPS: f64 = 100.0;
/// A wall stands across the way by more than this, in rad,
const ACROSS_RAD: f64 = 0.9;
/// and the way goes on within this, in rad.
const SAME_WAY_RAD: f64 = 0.35;
/// From so many flaws in a row on a side is a wall of teeth, which light follows as if it were smooth,
const TEETH: usize = 12;
/// when each is not further from the next than so many grid steps.
const TOOTH_PITCH_STEPS: f64 = 3_000.0;

/// Two leads further apart than this, in grid steps, and of different width lie before and behind a taper, at the ends of
/// which the guide may have been put together aside.
const TAPER_STEPS: f64 = 400.0;

/// What is found on one side.
struct OfSide {
    /// In order.
    all: Vec<OneSided>,
    /// Walls within what counts as one with the taper around it.
    in_tapers: Vec<OneSided>,
}

/// What one side does at a place.
#[derive(Clone, Copy)]
struct OneSided {
    /// Arc length of the axis.
    start: f64,
    end: f64,
    at: [f64; 2],
    /// Lasting shift, outwards positive.
    step: f64,
    /// Departure from the lines before and behind, outwards positive.
    out: f64,
    error: f64,
    radius: f64,
}

/// The flaws of a guide between two sides, in order; places are relative to the same origin as the vertices.
pub(super) fn find(right: &[Vertex], left: &[Vertex], nodes: &[Node], grid: f64, chord_tolerance: f64) -> Vec<Flaw> {
    let straight = [right, left].map(|side| runs(side, grid));
    let of = |side: &[Vertex], runs: &[Run], hand: f64| one_sided(side, runs, hand, nodes, grid, chord_tolerance);
    let sides = [of(right, &straight[0], -1.0), of(left, &straight[1], 1.0)];
    let [mut one, mut other] = sides.each_ref().map(|side| without_teeth(&side.all, grid).into_iter().peekable());
    let mut out = kinks::find([right, left], [&straight[0], &straight[1]], nodes, grid, chord_tolerance);
    loop {
        let pair = match (one.peek().copied(), other.peek().copied()) {
            (Some(r), Some(l)) => {
                let reach = width_at(nodes, r.start.min(l.start));
                if r.start.max(l.start) <= r.end.min(l.end) + reach {
                    [one.next(), other.next()]
                } else if r.start < l.start {
                    [one.next(), None]
                } else {
                    [None, other.next()]
                }
            }
            (Some(_), None) => [one.next(), None],
            (None, Some(_)) => [None, other.next()],
            (None, None) => break,
        };
        out.extend(flaw(pair, nodes));
    }
    out.extend(jogs_in_tapers(&sides, nodes));
    out.sort_by(|a, b| a.start.total_cmp(&b.start));
    out
}

/// Walls of both sides at one place of a taper that only shift the guide aside.
fn jogs_in_tapers([right, left]: &[OfSide; 2], nodes: &[Node]) -> Vec<Flaw> {
    let mut out = Vec::new();
    let mut first = 0;
    for r in &right.in_tapers {
        let reach = width_at(nodes, r.start);
        while left.in_tapers.get(first).is_some_and(|l| l.end + reach < r.start) {
            first += 1;
        }
        let beside = left.in_tapers[first..].iter().take_while(|l| l.start <= r.end + reach);
        let both = beside.filter_map(|l| flaw([Some(*r), Some(*l)], nodes));
        out.extend(
            both.filter(|f| f.widened.abs() <= f.error && f.aside > f.error)
                .min_by(|a, b| a.widened.abs().total_cmp(&b.widened.abs())),
        );
    }
    out
}

fn flaw([right, left]: [Option<OneSided>; 2], nodes: &[Node]) -> Option<Flaw> {
    let one = right.or(left)?;
    let other = if right.is_some() { left } else { None };
    let (step, out) = other.map_or((0.0, 0.0), |o| (o.step, o.out));
    let error = other.map_or(one.error, |o| one.error.max(o.error));
    let start = other.map_or(one.start, |o| one.start.min(o.start));
    let end = other.map_or(one.end, |o| one.end.max(o.end));
    let at = other.map_or(one.at, |o| [one.at[0].midpoint(o.at[0]), one.at[1].midpoint(o.at[1])]);
    let sides = match other {
        None => Sides::One,
        Some(_) if (one.step - step).abs().max((one.out - out).abs()) <= error => Sides::Alike,
        Some(_) => Sides::Apart,
    };
    Some(Flaw {
        start,
        length: end - start,
        width: width_at(nodes, start),
        widened: one.step + step,
        aside: (one.step - step).abs() / 2.0,
        out: if one.out.abs() >= out.abs() { one.out } else { out },
        sides,
        error,
        radius: other.map_or(one.radius, |o| one.radius.min(o.radius)),
        turn: 0.0,
        x: at[0],
        y: at[1],
    })
}

fn width_at(nodes: &[Node], s: f64) -> f64 {
    nodes[nodes.partition_point(|v| v.s < s).saturating_sub(1)].width
}

fn one_sided(side: &[Vertex], runs: &[Run], hand: f64, nodes: &[Node], grid: f64, chord_tolerance: f64) -> OfSide {
    let is_lead = |r: &Run| r.length >= LEAD_STEPS * grid;
    let turns = Turns::new(runs, is_lead);
    let whole = side.last().map_or(0.0, |v| v.s).max(f64::MIN_POSITIVE);
    let placed = |from: usize, to: usize, [step, out, error, radius]: [f64; 4]| {
        let (p, q) = (side[from], side[to]);
        let at = [p.at[0].midpoint(q.at[0]), p.at[1].midpoint(q.at[1])];
        let ends = [p, q].map(|v| axis_at(nodes, v.at, v.s / whole));
        OneSided { start: ends[0].min(ends[1]), end: ends[0].max(ends[1]), at, step, out, error, radius }
    };
    let (mut out, mut found_at, mut curved) = (Vec::new(), Vec::new(), Vec::new());
    let (mut tapers, mut in_tapers) = (Vec::new(), Vec::new());
    let mut k = 0;
    while k < runs.len() {
        let before = runs[k];
        if !is_lead(&before) {
            k += 1;
            continue;
        }
        let reach = side[before.to].s + LONGEST_STEPS * grid;
        let (mut found, mut j, mut looked_at) = (None, k + 1, 0);
        while found.is_none() && j < runs.len() && looked_at < AHEAD && side[runs[j].from].s <= reach {
            if let Some(next) = turns.next_as(k, j) {
                looked_at += turns.leads[next] - turns.leads[j];
                j = next;
                continue;
            }
            if is_lead(&runs[j]) {
                looked_at += 1;
                if before.runs_on_as(&runs[j], grid) {
                    found = between(side, [&before, &runs[j]], hand, grid, chord_tolerance).map(|one| (j, one));
                }
            }
            j += 1;
        }
        let Some((j, one)) = found else {
            k += 1;
            continue;
        };
        if let Some((step, out_by, error)) = one {
            let radius = sharpest(side, [&before, &runs[j]], grid, chord_tolerance);
            found_at.push((before.to, runs[j].from));
            if step.abs() > error && side[runs[j].from].s - side[before.to].s > TAPER_STEPS * grid {
                tapers.push((before.to, runs[j].from));
            }
            out.push(placed(before.to, runs[j].from, [step, out_by, error, radius]));
        }
        k = j;
    }
    for bump in bumps::find(side, runs, hand, grid, chord_tolerance) {
        let next = found_at.partition_point(|&(_, to): &(usize, usize)| to <= bump.from);
        if found_at.get(next).is_none_or(|&(from, _)| bump.to <= from) {
            out.push(placed(bump.from, bump.to, [0.0, bump.out, bump.error, bump.radius]));
            curved.push((bump.from, bump.to));
        }
    }
    found_at.append(&mut curved);
    found_at.sort_unstable();
    let mut seen = found_at.into_iter().peekable();
    for i in 1..side.len().saturating_sub(2) {
        while seen.next_if(|&(_, to)| to <= i).is_some() {}
        let known = seen.peek().filter(|&&(from, _)| from <= i);
        if known.is_some_and(|span| tapers.binary_search(span).is_err()) {
            continue;
        }
        if let Some((step, error, length)) = wall(side, i, hand, grid) {
            let found = if known.is_some() { &mut in_tapers } else { &mut out };
            found.push(placed(i, i + 1, [step, 0.0, error, length / 2.0]));
        }
    }
    out.sort_by(|a, b| a.start.total_cmp(&b.start));
    in_tapers.sort_by(|a, b| a.start.total_cmp(&b.start));
    OfSide { all: out, in_tapers }
}

/// An edge across the side, which goes on behind it as it came: the step outwards, its error, and the length of the edge.
fn wall(side: &[Vertex], i: usize, hand: f64, grid: f64) -> Option<(f64, f64, f64)> {
    let edge = sub(side[i + 1].at, side[i].at);
    // Most edges end here.
    if dot(edge, edge) > (WALL_STEPS * grid).powi(2) || dot(edge, edge) <= ALONG_GRID_DBU * ALONG_GRID_DBU {
        return None;
    }
    let length = size(edge);
    let reach = WAY_STEPS * grid;
    let first = (0..i).rev().find(|&k| side[i].s - side[k].s >= reach)?;
    let last = (i + 2..side.len()).find(|&k| side[k].s - side[i + 1].s >= reach)?;
    let before = unit(sub(side[i].at, back_to(&side[first..=i], reach)));
    let after = unit(sub(ahead_to(&side[i + 1..=last], reach), side[i + 1].at));
    let angle = |a: [f64; 2], b: [f64; 2]| cross(a, b).atan2(dot(a, b));
    let (to, from) = (angle(before, edge), angle(edge, after));
    if to * from >= 0.0 || to.abs().min(from.abs()) < ACROSS_RAD || angle(before, after).abs() > SAME_WAY_RAD {
        return None;
    }
    let along = unit([before[0] + after[0], before[1] + after[1]]);
    let step = cross(along, edge) * hand;
    // On a side that is a staircase of the grid one stair is none of its own.
    let error = rounding(along, grid).max(roughness(&side[first..=i]) + roughness(&side[i + 1..=last]));
    (step.abs() > error).then_some((step, error, length))
}

/// How far the vertices of a part lie off the line between its ends.
fn roughness(part: &[Vertex]) -> f64 {
    let (from, to) = (part[0].at, part[part.len() - 1].at);
    let way = unit(sub(to, from));
    part.iter().map(|v| cross(way, sub(v.at, from)).abs()).fold(0.0, f64::max)
}

/// The place so far before the end of a polyline, on its first edge.
fn back_to(part: &[Vertex], reach: f64) -> [f64; 2] {
    let (a, b, end) = (&part[0], &part[1], &part[part.len() - 1]);
    let u = ((end.s - reach - a.s) / (b.s - a.s)).clamp(0.0, 1.0);
    [a.at[0] + u * (b.at[0] - a.at[0]), a.at[1] + u * (b.at[1] - a.at[1])]
}

/// The place so far behind the start of a polyline, on its last edge.
fn ahead_to(part: &[Vertex], reach: f64) -> [f64; 2] {
    let (start, a, b) = (&part[0], &part[part.len() - 2], &part[part.len() - 1]);
    let u = ((start.s + reach - a.s) / (b.s - a.s)).clamp(0.0, 1.0);
    [a.at[0] + u * (b.at[0] - a.at[0]), a.at[1] + u * (b.at[1] - a.at[1])]
}

/// What lies between two leads that run the same way, if it is more than rounding; `None` where nothing is known of it.
#[expect(clippy::option_option, reason = "whether the leads belong together, and whether there is something between")]
fn between(
    side: &[Vertex],
    [a, b]: [&Run; 2],
    hand: f64,
    grid: f64,
    chord_tolerance: f64,
) -> Option<Option<(f64, f64, f64)>> {
    let (p, q) = (side[a.to].at, side[b.from].at);
    let d = sub(q, p);
    let gap = dot(a.along, d).abs();
    let shorter = a.length.min(b.length);
    // Each line is off by half of it, and by more where it is followed beyond its end.
    let error = rounding(a.along, grid) * (1.0 + gap / shorter);
    // Far from a short lead nothing is known.
    if error > chord_tolerance {
        return None;
    }
    let normal = [-a.along[1] * hand, a.along[0] * hand];
    let step = f64::midpoint(dot(normal, d), dot([-b.along[1] * hand, b.along[0] * hand], d));
    let (low, high) = (step.min(0.0), step.max(0.0));
    let mut out: f64 = 0.0;
    for v in &side[a.to..=b.from] {
        let u = (dot(a.along, sub(v.at, p)) / gap.max(f64::MIN_POSITIVE)).clamp(0.0, 1.0);
        // Along the first line near the first lead, along the second near the second.
        let off = dot(normal, sub(v.at, p)) * (1.0 - u) + (dot(normal, sub(v.at, q)) + step) * u;
        let beyond = if off > high {
            off - high
        } else if off < low {
            off - low
        } else {
            0.0
        };
        if beyond.abs() > out.abs() {
            out = beyond;
        }
    }
    let out = if out.abs() > error { out } else { 0.0 };
    Some((step.abs() > error || out != 0.0).then_some((step, out, error)))
}

/// The radius of the sharpest curve that must be there if the corners between two leads are those of a smooth one: each
/// chord of it bulges by no more than the tolerance. 0 where no smooth curve has such a corner.
fn sharpest(side: &[Vertex], [a, b]: [&Run; 2], grid: f64, chord_tolerance: f64) -> f64 {
    let mut radius = f64::INFINITY;
    for i in a.to..=b.from {
        let before = if i == a.to { (a.along, a.length) } else { edge(side, i - 1) };
        let after = if i == b.from { (b.along, b.length) } else { edge(side, i) };
        let noise = rounding(before.0, grid) * (1.0 / before.1 + 1.0 / after.1);
        let turn = cross(before.0, after.0).atan2(dot(before.0, after.0)).abs() - noise;
        if turn <= LEAST_TURN {
            continue;
        }
        let (short, long) = (before.1.min(after.1), before.1.max(after.1));
        let bulge = |chord: f64, r: f64| chord * chord / (8.0 * r);
        // The ends of a chord of an arc are turned against it by four bulges over its length.
        let swing = |chord: f64| 4.0 * chord_tolerance / chord;
        let mut r = (short + long) / (2.0 * turn);
        if bulge(long, r) > chord_tolerance {
            let rest = turn - swing(long);
            r = if rest > 0.0 { short / (2.0 * rest) } else { f64::INFINITY };
            if r.is_finite() && bulge(short, r) > chord_tolerance {
                r = if turn > swing(long) + swing(short) { 0.0 } else { short * short / (8.0 * chord_tolerance) };
            }
        }
        radius = radius.min(r);
    }
    radius
}

/// Direction and length of the edge that begins at a vertex.
fn edge(side: &[Vertex], i: usize) -> ([f64; 2], f64) {
    let d = sub(side[i + 1].at, side[i].at);
    (unit(d), size(d))
}

/// Arc length of the axis beside a place on a side, from a guess as a part of the whole.
fn axis_at(nodes: &[Node], at: [f64; 2], part: f64) -> f64 {
    let whole = nodes[nodes.len() - 1].s;
    let away = |k: usize| size(sub(nodes[k].at, at));
    let mut k = nodes.partition_point(|v| v.s < part * whole).min(nodes.len() - 1);
    while k + 1 < nodes.len() && away(k + 1) < away(k) {
        k += 1;
    }
    while k > 0 && away(k - 1) < away(k) {
        k -= 1;
    }
    // The foot on the segment before or behind the nearest node.
    let foot = |i: usize| {
        let (p, q) = (&nodes[i], &nodes[i + 1]);
        let d = sub(q.at, p.at);
        let u = (dot(d, sub(at, p.at)) / dot(d, d).max(f64::MIN_POSITIVE)).clamp(0.0, 1.0);
        let off = size([at[0] - p.at[0] - u * d[0], at[1] - p.at[1] - u * d[1]]);
        (off, p.s + u * (q.s - p.s))
    };
    let feet = (k.saturating_sub(1)..=k).filter(|&i| i + 1 < nodes.len()).map(foot);
    feet.min_by(|a, b| a.0.total_cmp(&b.0)).map_or(nodes[k].s, |f| f.1)
}

fn without_teeth(found: &[OneSided], grid: f64) -> Vec<OneSided> {
    let is_next = |a: &OneSided, b: &OneSided| b.start - a.end <= TOOTH_PITCH_STEPS * grid;
    found.chunk_by(is_next).filter(|row| row.len() < TEETH).flatten().copied().collect()
}

fn sub(a: [f64; 2], b: [f64; 2]) -> [f64; 2] {
    [a[0] - b[0], a[1] - b[1]]
}

fn dot(a: [f64; 2], b: [f64; 2]) -> f64 {
    a[0] * b[0] + a[1] * b[1]
}

fn cross(a: [f64; 2], b: [f64; 2]) -> f64 {
    a[0] * b[1] - a[1] * b[0]
}

fn unit(d: [f64; 2]) -> [f64; 2] {
    let length = size(d).max(f64::MIN_POSITIVE);
    [d[0] / length, d[1] / length]
}

#[cfg(test)]
mod tests;
