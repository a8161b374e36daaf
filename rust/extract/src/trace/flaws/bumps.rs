//! Bumps and notches on curved sides: a side turns one way, back and the first way again within a short stretch, and
//! goes on along the curve that it came on.
//!
//! No bend does that. The curve is taken from the vertices before and behind: a circle through them, and what is left
//! as a cubic, so that bends whose curvature changes are curves as well.

use super::super::side::Vertex;
use super::{LONGEST_STEPS, Run, cross, dot, rounding, size, step, sub, unit};

/// A bump on a side of a guide.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bump {
    /// Number of the vertex where it begins.
    pub(super) from: usize,
    /// Number of the vertex where it ends.
    pub(super) to: usize,
    /// Farthest from the curve, outwards positive.
    pub(super) out: f64,
    /// Bound on its error.
    pub(super) error: f64,
    /// Radius of an arc of its length and height.
    pub(super) radius: f64,
}

/// The curve before and behind is taken over the length of the bump, over so many grid steps at least,
const LEAST_REACH_STEPS: f64 = 1_000.0;
/// or up to where the side ends, if that is no nearer than this part of the bump: what is known over less says nothing of
/// the curve across it,
const LEAST_PART: f64 = 0.5;
/// and no more than this many vertices of each.
const MOST_POINTS: usize = 16;
/// Vertices that are looked at for these: bounds the work.
const MOST_LOOKED_AT: usize = 128;
/// Fewest vertices of each.
const FEWEST_POINTS: usize = 3;
/// Vertices lie within so many grid steps of a curve, whatever it is.
const ON_CURVE: f64 = 1.5;
/// Coefficients of the cubic.
const TERMS: usize = 4;

/// The bumps of a side, in order.
pub(super) fn find(side: &[Vertex], runs: &[Run], hand: f64, grid: f64, chord_tolerance: f64) -> Vec<Bump> {
    // Corners that rounding does not explain, those that turn the same way taken together: first, last and way.
    let mut turns: Vec<(usize, usize, bool)> = Vec::new();
    for pair in runs.windows(2) {
        let (a, b) = (&pair[0], &pair[1]);
        let turn = cross(a.along, b.along);
        let noise = rounding(a.along, grid) * (1.0 / a.length + 1.0 / b.length);
        if turn.abs() <= noise && dot(a.along, b.along) > 0.0 {
            continue;
        }
        match turns.last_mut() {
            Some((_, last, is_left)) if *is_left == (turn > 0.0) => *last = b.from,
            _ => turns.push((b.from, b.from, turn > 0.0)),
        }
    }
    let mut out: Vec<Bump> = Vec::new();
    for three in turns.windows(3) {
        let (from, to) = (three[0].1, three[2].0);
        if side[to].s - side[from].s > LONGEST_STEPS * grid {
            continue;
        }
        let Some(bump) = bump(side, [from, to], hand, grid, chord_tolerance) else { continue };
        match out.last_mut() {
            // The three corners of one bump are met with those before and behind it, too.
            Some(last) if last.to > from => {
                if bump.out.abs() > last.out.abs() {
                    *last = bump;
                }
            }
            _ => out.push(bump),
        }
    }
    out
}

fn bump(side: &[Vertex], [from, to]: [usize; 2], hand: f64, grid: f64, chord_tolerance: f64) -> Option<Bump> {
    let (p, q) = (side[from].at, side[to].at);
    let chord = sub(q, p);
    let length = size(chord);
    let reach = (side[to].s - side[from].s).max(LEAST_REACH_STEPS * grid);
    let before: Vec<[f64; 2]> = taken(side[..from].iter().rev(), side[from].s, reach);
    let after: Vec<[f64; 2]> = taken(side[(to + 1).min(side.len())..].iter(), side[to].s, reach);
    if before.len().min(after.len()) < FEWEST_POINTS || length <= 0.0 {
        return None;
    }
    // The side may end right there.
    let far = [before[before.len() - 1], after[after.len() - 1]];
    if size(sub(far[0], p)).min(size(sub(far[1], q))) < LEAST_PART * length {
        return None;
    }
    let along = unit(chord);
    let middle = [f64::midpoint(p[0], q[0]), f64::midpoint(p[1], q[1])];
    let curve = Curve::through(far[0], [before[0], after[0]], far[1], middle, along)?;
    let leads: Vec<[f64; 2]> = before.iter().chain(&after).map(|&at| curve.seen(at)).collect();
    let widest = leads.iter().map(|l| l[0].abs()).fold(1.0, f64::max);
    let cubic = fitted(&leads, widest)?;
    let off = |at: [f64; 2]| {
        let [x, y] = curve.seen(at);
        y - value(&cubic, x / widest)
    };
    let within = ON_CURVE * step(along, grid);
    if before.iter().chain(&after).any(|&at| off(at).abs() > within) {
        return None;
    }
    // Where it begins it may lie on a chord of the curve.
    let gap = size(sub(after[0], before[0]));
    let bulge = (gap * gap * curve.bend.abs() / 8.0).min(chord_tolerance);
    let ends = [off(p), off(q)];
    if ends.iter().any(|e| e.abs() > bulge + 2.0 * within) {
        return None;
    }
    let normal = [-along[1] * hand, along[0] * hand];
    let outwards = dot(normal, curve.normal).signum();
    let mut out: f64 = 0.0;
    for v in &side[from + 1..to] {
        let u = (dot(along, sub(v.at, p)) / length).clamp(0.0, 1.0);
        let own = (off(v.at) - ends[0] * (1.0 - u) - ends[1] * u) * outwards;
        if own.abs() > out.abs() {
            out = own;
        }
    }
    let error = 2.0 * within;
    (out.abs() > error).then(|| Bump { from, to, out, error, radius: length * length / (8.0 * out.abs()) })
}

/// The places of vertices within a reach, no nearer to each other than so many need, and as many as are needed beyond it.
fn taken<'a>(vertices: impl Iterator<Item = &'a Vertex>, s: f64, reach: f64) -> Vec<[f64; 2]> {
    let mut out = Vec::new();
    let (step, mut last) = (reach / MOST_POINTS as f64, f64::NEG_INFINITY);
    for v in vertices.take(MOST_LOOKED_AT) {
        let way = (v.s - s).abs();
        if out.len() >= FEWEST_POINTS && (way > reach || out.len() >= MOST_POINTS) {
            break;
        }
        if way - last >= step {
            out.push(v.at);
            last = way;
        }
    }
    out
}

/// A circle or a line, in a frame of its own.
struct Curve {
    origin: [f64; 2],
    along: [f64; 2],
    normal: [f64; 2],
    /// Curvature, towards the normal positive.
    bend: f64,
}

impl Curve {
    /// Through two places and, between them, the middle of two more.
    fn through(a: [f64; 2], inner: [[f64; 2]; 2], b: [f64; 2], origin: [f64; 2], along: [f64; 2]) -> Option<Self> {
        let normal = [-along[1], along[0]];
        let frame = |p: [f64; 2]| [dot(along, sub(p, origin)), dot(normal, sub(p, origin))];
        let [a, b] = [a, b].map(frame);
        let inner = inner.map(frame);
        if b[0] <= a[0] {
            return None;
        }
        // The parabola through the outer ones that has the mean of the inner ones.
        let line = |x: f64| a[1] + (b[1] - a[1]) * (x - a[0]) / (b[0] - a[0]);
        let (mut above, mut product) = (0.0, 0.0);
        for m in inner {
            above += m[1] - line(m[0]);
            product += (m[0] - a[0]) * (m[0] - b[0]);
        }
        Some(Self { origin, along, normal, bend: if product < 0.0 { 2.0 * above / product } else { 0.0 } })
    }

    /// A place as its distance along the curve and from it: from the circle that touches the axis at the origin.
    fn seen(&self, at: [f64; 2]) -> [f64; 2] {
        let d = sub(at, self.origin);
        let (x, y) = (dot(self.along, d), dot(self.normal, d));
        if self.bend.abs() <= f64::MIN_POSITIVE {
            return [x, y];
        }
        let radius = 1.0 / self.bend;
        // Towards the middle of the circle is positive on both of its sides.
        let away = size([x, y - radius]) * radius.signum();
        [(x / (radius - y)).atan() * radius, radius - away]
    }
}

/// The cubic of least squares through places, along which distances are given as parts of `widest`.
fn fitted(places: &[[f64; 2]], widest: f64) -> Option<[f64; TERMS]> {
    let mut rows = [[0.0; TERMS + 1]; TERMS];
    for [x, y] in places {
        let u = x / widest;
        let powers = [1.0, u, u * u, u * u * u];
        for (row, p) in rows.iter_mut().zip(powers) {
            for (sum, q) in row.iter_mut().zip(powers) {
                *sum += p * q;
            }
            row[TERMS] += p * y;
        }
    }
    for k in 0..TERMS {
        let pivot = (k..TERMS).max_by(|&a, &b| rows[a][k].abs().total_cmp(&rows[b][k].abs()))?;
        rows.swap(k, pivot);
        if rows[k][k].abs() < LEAST_PIVOT {
            return None;
        }
        for i in (0..TERMS).filter(|&i| i != k) {
            let factor = rows[i][k] / rows[k][k];
            let own = rows[k];
            rows[i].iter_mut().zip(own).for_each(|(v, o)| *v -= factor * o);
        }
    }
    let mut out = [0.0; TERMS];
    out.iter_mut().enumerate().for_each(|(k, v)| *v = rows[k][TERMS] / rows[k][k]);
    Some(out)
}

/// Places that do not say what a cubic is.
const LEAST_PIVOT: f64 = 1e-9;

fn value(cubic: &[f64; TERMS], u: f64) -> f64 {
    cubic.iter().rev().fold(0.0, |sum, c| sum * u + c)
}
