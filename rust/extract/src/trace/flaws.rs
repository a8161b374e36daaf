//! Places where a side of a guide leaves its line and goes on along it, or along another one beside it.
//!
//! Light is scattered by what is small, too: a bump of a few grid steps, a jog where two pieces were put together
//! aside of each other. The tracer averages it away, so it is looked for on the sides themselves: two straight leads
//! that run the same way, and between them vertices, or a shift, that rounding to the grid does not explain. Bends are
//! told apart by the radius that a smooth curve through the drawn corners would have.

use super::nodes::Node;
use super::side::Vertex;
use super::types::{Flaw, Sides};
use super::vector::size;

/// A lead is straight for so many grid steps: its direction is known well, and chords of curves are hardly longer.
const LEAD_STEPS: f64 = 250.0;
/// A flaw is no longer than this many grid steps: what is longer is a route.
const LONGEST_STEPS: f64 = 10_000.0;
/// Leads behind a place that are looked at.
const AHEAD: usize = 24;
/// Vertices of one straight line lie within so many grid steps of it.
const ON_LINE: f64 = 0.75;
/// Leads that turn by this sine are not straight on as far as rounding lets anybody know: it is off by a step across both
/// ends of each.
const ANOTHER_WAY: f64 = 3.0 / LEAD_STEPS;
/// A turn of this sum of sines, each below a right angle, is less than a whole one.
const LESS_THAN_WHOLE_TURN: f64 = 3.9;
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

/// A straight stretch of a side between two of its vertices.
#[derive(Clone, Copy)]
struct Run {
    from: usize,
    to: usize,
    length: f64,
    along: [f64; 2],
}

impl Run {
    /// True when another one runs the same way, as far as rounding lets anybody know.
    fn runs_on_as(&self, other: &Self, grid: f64) -> bool {
        // Times both lengths: most pairs along a bend end here.
        let (long, turn) = (self.length * other.length, cross(self.along, other.along).abs());
        turn * long <= rounding(self.along, grid) * (self.length + other.length) && dot(self.along, other.along) > 0.0
    }
}

/// How a side turns from run to run: along a bend no run goes the way of one before, and none is looked at.
struct Turns {
    /// Sum of the sines of all turns up to each run, without sign.
    turned: Vec<f64>,
    /// The last run up to which the side turns one way from each.
    until: Vec<usize>,
    /// Leads before each run, and of all.
    leads: Vec<usize>,
}

impl Turns {
    fn new(runs: &[Run], is_lead: impl Fn(&Run) -> bool) -> Self {
        let sines: Vec<f64> = runs
            .windows(2)
            .map(|w| if dot(w[0].along, w[1].along) > 0.0 { cross(w[0].along, w[1].along) } else { 0.0 })
            .collect();
        let mut turned = vec![0.0; runs.len()];
        let mut leads = vec![0; runs.len() + 1];
        for k in 0..runs.len() {
            leads[k + 1] = leads[k] + usize::from(is_lead(&runs[k]));
            turned[k] = if k > 0 { turned[k - 1] + sines[k - 1].abs() } else { 0.0 };
        }
        let mut until: Vec<usize> = (0..runs.len()).collect();
        for k in (0..sines.len()).rev() {
            if sines[k] != 0.0 {
                let goes_on = sines.get(k + 1).is_some_and(|next| next * sines[k] > 0.0);
                until[k] = if goes_on { until[k + 1] } else { k + 1 };
            }
        }
        Self { turned, until, leads }
    }

    /// The run after the bend that leads from run `k` to run `j` and on, when it has turned too far by `j` already.
    fn next_as(&self, k: usize, j: usize) -> Option<usize> {
        let until = self.until[k];
        // A turn below a right angle is no longer than its sine by half of a circle over its diameter: the side is not
        // back from a whole turn.
        let is_bend = j <= until && self.turned[until] - self.turned[k] < LESS_THAN_WHOLE_TURN;
        (is_bend && self.turned[j] - self.turned[k] > ANOTHER_WAY).then_some(until + 1)
    }
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
    let of = |side: &[Vertex], hand: f64| without_teeth(&one_sided(side, hand, nodes, grid, chord_tolerance), grid);
    let (mut right, mut left) = (of(right, -1.0).into_iter().peekable(), of(left, 1.0).into_iter().peekable());
    let mut out = Vec::new();
    loop {
        let pair = match (right.peek().copied(), left.peek().copied()) {
            (Some(r), Some(l)) => {
                let reach = width_at(nodes, r.start.min(l.start));
                if r.start.max(l.start) <= r.end.min(l.end) + reach {
                    [right.next(), left.next()]
                } else if r.start < l.start {
                    [right.next(), None]
                } else {
                    [None, left.next()]
                }
            }
            (Some(_), None) => [right.next(), None],
            (None, Some(_)) => [None, left.next()],
            (None, None) => return out,
        };
        out.extend(flaw(pair, nodes));
    }
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
        x: at[0],
        y: at[1],
    })
}

fn width_at(nodes: &[Node], s: f64) -> f64 {
    nodes[nodes.partition_point(|v| v.s < s).saturating_sub(1)].width
}

/// Edges along an axis of the grid are rounded alike, whatever its step; two that were drawn apart may be off by this.
const ALONG_GRID_DBU: f64 = 1.0;

/// How far rounding may move the two ends of an edge against each other across it.
fn rounding(along: [f64; 2], grid: f64) -> f64 {
    (along[0].abs() + along[1].abs()) * step(along, grid)
}

/// The step by which vertices of an edge are rounded across it.
fn step(along: [f64; 2], grid: f64) -> f64 {
    if along[0].abs().min(along[1].abs()) <= f64::EPSILON { ALONG_GRID_DBU } else { grid }
}

/// Straight stretches from vertex to vertex, as long as they can be; each vertex is looked at once.
fn runs(side: &[Vertex], grid: f64) -> Vec<Run> {
    let mut out = Vec::with_capacity(side.len());
    let mut from = 0;
    while from + 1 < side.len() {
        let origin = side[from].at;
        // Distances along and across are times the length of the first edge.
        let edge = sub(side[from + 1].at, origin);
        let scale = size(edge);
        let within = ON_LINE * step(edge, grid) * scale;
        let (mut low, mut high) = (-within, within);
        let (mut low_at, mut high_at) = (scale * scale, scale * scale);
        let mut to = from + 2;
        while to < side.len() {
            let d = sub(side[to].at, origin);
            let (x, y) = (dot(edge, d), cross(edge, d));
            // The line through the first vertex may be a step off there, too.
            if x <= 0.0 || (y - within) * high_at > high * x || (y + within) * low_at < low * x {
                break;
            }
            if (y - within) * low_at > low * x {
                (low, low_at) = (y - within, x);
            }
            if (y + within) * high_at < high * x {
                (high, high_at) = (y + within, x);
            }
            to += 1;
        }
        let last = to - 1;
        let chord = sub(side[last].at, origin);
        let length = if last == from + 1 { scale } else { size(chord) }.max(f64::MIN_POSITIVE);
        out.push(Run { from, to: last, length, along: [chord[0] / length, chord[1] / length] });
        from = last;
    }
    out
}

fn one_sided(side: &[Vertex], hand: f64, nodes: &[Node], grid: f64, chord_tolerance: f64) -> Vec<OneSided> {
    let runs = runs(side, grid);
    let is_lead = |r: &Run| r.length >= LEAD_STEPS * grid;
    let turns = Turns::new(&runs, is_lead);
    let whole = side.last().map_or(0.0, |v| v.s).max(f64::MIN_POSITIVE);
    let placed = |from: usize, to: usize, [step, out, error, radius]: [f64; 4]| {
        let (p, q) = (side[from], side[to]);
        let at = [p.at[0].midpoint(q.at[0]), p.at[1].midpoint(q.at[1])];
        let ends = [p, q].map(|v| axis_at(nodes, v.at, v.s / whole));
        OneSided { start: ends[0].min(ends[1]), end: ends[0].max(ends[1]), at, step, out, error, radius }
    };
    let (mut out, mut found_at) = (Vec::new(), Vec::new());
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
            out.push(placed(before.to, runs[j].from, [step, out_by, error, radius]));
        }
        k = j;
    }
    let mut seen = found_at.into_iter().peekable();
    for i in 1..side.len().saturating_sub(2) {
        while seen.next_if(|&(_, to)| to <= i).is_some() {}
        if seen.peek().is_some_and(|&(from, _)| from <= i) {
            continue;
        }
        if let Some((step, error, length)) = wall(side, i, hand, grid) {
            out.push(placed(i, i + 1, [step, 0.0, error, length / 2.0]));
        }
    }
    out.sort_by(|a, b| a.start.total_cmp(&b.start));
    out
}

/// An edge across the side, which goes on behind it as it came: the step outwards, its error, and the length of the edge.
fn wall(side: &[Vertex], i: usize, hand: f64, grid: f64) -> Option<(f64, f64, f64)> {
    let edge = sub(side[i + 1].at, side[i].at);
    let length = size(edge);
    // Most edges end here.
    if length > WALL_STEPS * grid || length <= ALONG_GRID_DBU {
        return None;
    }
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
    let error = rounding(along, grid);
    (step.abs() > error).then_some((step, error, length))
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
mod tests {
    use super::super::{Flaw, Sides, TraceOptions, trace_ribbon};
    use super::{LEAD_STEPS, Run, Turns, Vertex, runs};
    use waveguard_geom::Point;

    const LENGTH: i32 = 40_000;

    /// The flaws of a straight guide of width 500 with these vertices on its upper side, from right to left.
    fn flaws(upper: &[(i32, i32)]) -> Vec<Flaw> {
        let mut points = vec![Point::new(0, 0), Point::new(LENGTH, 0), Point::new(LENGTH, 500)];
        points.extend(upper.iter().map(|&(x, y)| Point::new(x, y)));
        let first = upper.last().map_or(500, |p| p.1);
        points.push(Point::new(0, first));
        trace_ribbon(&points, None, &TraceOptions::default()).map(|t| t.flaws).unwrap_or_default()
    }

    #[test]
    fn a_straight_guide_has_none() {
        assert!(flaws(&[]).is_empty());
    }

    #[test]
    fn a_triangle_on_a_side_is_found_with_its_height_and_length() {
        let found = flaws(&[(20_500, 500), (20_000, 550), (19_500, 500)]);
        let [one] = &found[..] else { panic!("{found:?}") };
        assert!(
            (one.out - 50.0).abs() < 1e-9 && (one.length - 1000.0).abs() < 50.0 && one.sides == Sides::One,
            "{one:?}"
        );
        assert!(one.widened.abs() < 1e-9 && one.aside < 1e-9 && one.radius < 5000.0);
        assert!((one.x - 20_000.0).abs() < 1.0);
    }

    #[test]
    fn a_notch_is_found_as_one_that_goes_inwards() {
        let found = flaws(&[(20_050, 500), (20_000, 470), (19_950, 500)]);
        assert!(found.len() == 1 && (found[0].out + 30.0).abs() < 1e-9, "{found:?}");
    }

    #[test]
    fn a_step_of_two_grid_steps_is_found_and_one_is_rounding() {
        let found = flaws(&[(20_000, 500), (20_000, 502)]);
        assert!(found.len() == 1 && (found[0].widened - 2.0).abs() < 1e-9, "{found:?}");
        assert!((found[0].aside - 1.0).abs() < 1e-9);
        assert!(flaws(&[(20_000, 500), (20_000, 501)]).is_empty());
    }

    #[test]
    fn a_jog_of_both_sides_is_one_flaw_aside() {
        let ring =
            [(0, 0), (20_000, 0), (20_000, 3), (40_000, 3), (40_000, 503), (20_000, 503), (20_000, 500), (0, 500)];
        let ring: Vec<Point> = ring.iter().map(|&(x, y)| Point::new(x, y)).collect();
        let found = trace_ribbon(&ring, None, &TraceOptions::default()).map(|t| t.flaws).unwrap_or_default();
        assert!(found.len() == 1 && (found[0].aside - 3.0).abs() < 1e-9 && found[0].widened.abs() < 1e-9, "{found:?}");
    }

    #[test]
    fn a_taper_does_the_same_on_both_sides() {
        let ring =
            [(0, 0), (20_000, 0), (22_000, -50), (40_000, -50), (40_000, 550), (22_000, 550), (20_000, 500), (0, 500)];
        let ring: Vec<Point> = ring.iter().map(|&(x, y)| Point::new(x, y)).collect();
        let found = trace_ribbon(&ring, None, &TraceOptions::default()).map(|t| t.flaws).unwrap_or_default();
        assert!(found.iter().all(|f| f.sides == Sides::Alike && f.aside < 1e-9), "{found:?}");
    }

    #[test]
    fn a_small_step_before_a_taper_is_found() {
        let ring = [(0, 0), (20_000, 0), (40_000, -150), (40_000, 653), (20_000, 503), (20_000, 500), (0, 500)];
        let ring: Vec<Point> = ring.iter().map(|&(x, y)| Point::new(x, y)).collect();
        let found = trace_ribbon(&ring, None, &TraceOptions::default()).map(|t| t.flaws).unwrap_or_default();
        // Which way along the guide it is seen is a matter of the tracer.
        assert!(found.len() == 1 && (found[0].widened.abs() - 3.0).abs() < 0.1 && found[0].radius < 10.0, "{found:?}");
    }

    #[test]
    fn no_stretch_that_is_passed_over_in_a_bend_goes_the_way_of_the_one_before_it() {
        let reach = 2.0 * std::f64::consts::PI;
        let mut passed = 0;
        // Spirals that turn once or more, waves, and corners, with chords from short to long.
        for (k, chords) in [12, 40, 90, 200, 500].into_iter().flat_map(|n| (0..4).map(move |k| (k, n))) {
            let heading = |u: f64| match k {
                0 => 1.4 * reach * u,
                1 => 1.5 * (2.0 * reach * u).sin(),
                2 => (4.0 * u).floor() * 1.4,
                _ => 0.02 * (reach * u).cos() + 3.0 * u * u,
            };
            let (mut at, mut s) = ([0.0_f64; 2], 0.0);
            let mut side = Vec::new();
            for i in 0..chords {
                side.push(Vertex { at: at.map(f64::round), tangent: [1.0, 0.0], s, is_corner: false });
                let (sin, cos) = heading(f64::from(i) / f64::from(chords)).sin_cos();
                let step = 40_000.0 / f64::from(chords);
                (at, s) = ([at[0] + step * cos, at[1] + step * sin], s + step);
            }
            for grid in [1.0, 5.0] {
                let runs = runs(&side, grid);
                let is_lead = |r: &Run| r.length >= LEAD_STEPS * grid;
                let turns = Turns::new(&runs, is_lead);
                for (k, before) in runs.iter().enumerate().filter(|(_, r)| is_lead(r)) {
                    for j in k + 1..runs.len() {
                        let Some(next) = turns.next_as(k, j) else { continue };
                        passed += next - j;
                        assert!(!runs[j..next].iter().any(|r| is_lead(r) && before.runs_on_as(r, grid)), "{k} {j}");
                    }
                }
            }
        }
        assert!(passed > 10_000, "{passed}");
    }

    #[test]
    fn a_gentle_s_bend_is_not_sharp() {
        let radius = 5_000.0_f64;
        let side = |offset: f64| -> Vec<Point> {
            let mut points = vec![[0.0, offset]];
            let arc = |from: [f64; 2], hand: f64, k: i32, n: i32| {
                let angle = 0.1 * f64::from(k) / f64::from(n);
                let angle = if hand > 0.0 { angle } else { 0.1 - angle };
                let r = radius - hand * offset;
                [from[0] + hand * r * angle.sin(), from[1] - hand * r * angle.cos()]
            };
            points.extend((0..=10).map(|k| arc([20_000.0, radius], 1.0, k, 10)));
            let top = [20_000.0 + 2.0 * radius * 0.1_f64.sin(), radius - 2.0 * radius * 0.1_f64.cos()];
            points.extend((0..=10).map(|k| arc(top, -1.0, k, 10)));
            let last = points[points.len() - 1];
            points.push([last[0] + 20_000.0, last[1]]);
            points.iter().filter_map(|p| Point::from_f64(p[0], p[1])).collect()
        };
        let mut ring = side(-250.0);
        ring.extend(side(250.0).into_iter().rev());
        let found = trace_ribbon(&ring, None, &TraceOptions::default()).map(|t| t.flaws).unwrap_or_default();
        assert!(found.iter().all(|f| f.radius > 2_500.0), "{found:?}");
    }
}
