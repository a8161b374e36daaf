//! Steps of an outline: where a side of a guide moves aside at once and goes on.
//!
//! A step on both sides is a change of width or a joint that was missed aside; many small steps are a wall of
//! teeth, which light follows as if it were smooth.

mod joints;
#[cfg(test)]
mod tests;

use std::f64::consts::{FRAC_PI_2, PI};
use std::ops::Range;

use waveguard_geom::Point;

pub use joints::{Jump, jumps};

/// Shorter edges are steps of the grid, in dbu for a grid of 1 nm.
pub const LEAST_STEP: f64 = 8.0;
/// The side before and the side after a step run the same way within this, in rad.
const SAME_WAY_RAD: f64 = 0.35;
/// A step leaves the way of its side by more than this, in rad; less is a taper.
const ASIDE_RAD: f64 = 0.9;
/// The way of a side is taken over so many lengths of the step.
const REACH_STEPS: f64 = 1.0;
/// And not over less than this, in dbu.
const LEAST_REACH: f64 = 40.0;
/// The sides beside a step are at least this many lengths of it long, or it is a side itself.
const LEAST_SIDE: f64 = 0.8;
/// Edges up to this long come from rounding, in dbu.
const ROUNDING: f64 = 2.0;
/// Teeth are no smaller than this, in dbu: a step of the grid.
const LEAST_TOOTH: f64 = 0.9;
/// From so many steps on a wall has teeth, however unlike each other they are.
const TEETH: usize = 12;
/// And from so many on where they go out and in in turn, equally deep and equally far from each other.
const EVEN_TEETH: usize = 5;
/// Steps and periods of even teeth differ from the next by no more than this part of the larger,
const UNEVEN: f64 = 0.35;
/// and what both of their ends are rounded by, in dbu.
const UNEVEN_DBU: f64 = 3.0;
/// Even teeth are no deeper than this part of their period: the pixels of a picture are as deep as long.
const DEEPEST: f64 = 0.4;

fn vector(ring: &[Point], i: usize) -> [f64; 2] {
    let (a, b) = (ring[i], ring[(i + 1) % ring.len()]);
    [f64::from(b.x) - f64::from(a.x), f64::from(b.y) - f64::from(a.y)]
}

fn size(v: [f64; 2]) -> f64 {
    (v[0] * v[0] + v[1] * v[1]).sqrt()
}

fn angle(a: [f64; 2], b: [f64; 2]) -> f64 {
    (a[0] * b[1] - a[1] * b[0]).atan2(a[0] * b[0] + a[1] * b[1]).abs()
}

/// The edges that are steps, by the number of their first vertex. Edges longer than `longest` are none.
pub fn find(ring: &[Point], longest: f64) -> Vec<usize> {
    between(ring, LEAST_STEP, longest)
}

fn between(ring: &[Point], least: f64, longest: f64) -> Vec<usize> {
    let n = ring.len();
    let mut out = Vec::new();
    if n < 6 {
        return out;
    }
    let mut before = vector(ring, n - 1);
    for i in 0..n {
        let own = vector(ring, i);
        let square = own[0] * own[0] + own[1] * own[1];
        // Cheap tests first: nearly all edges of a smooth curve end here.
        if square >= least * least && square <= longest * longest {
            let dot = before[0] * own[0] + before[1] * own[1];
            let is_turn = dot <= 0.8 * (square * (before[0] * before[0] + before[1] * before[1])).sqrt();
            if is_turn && is_step(ring, i, own) {
                out.push(i);
            }
        }
        // An edge that only rounds to the grid shows no way.
        if square > ROUNDING * ROUNDING {
            before = own;
        }
    }
    out
}

fn is_step(ring: &[Point], i: usize, own: [f64; 2]) -> bool {
    let length = size(own);
    let reach = (REACH_STEPS * length).max(LEAST_REACH);
    let least = (LEAST_SIDE * length).max(LEAST_REACH / 2.0);
    let side = |ahead: bool| walked(ring, i, [least, reach], ahead);
    let (Some(before), Some(after)) = (side(false), side(true)) else {
        return false;
    };
    angle(before, after) <= SAME_WAY_RAD && angle(before, own) >= ASIDE_RAD && angle(own, after) >= ASIDE_RAD
}

/// From the edge up to a reach along the ring, before it or after it, in the sense of the ring; `None` where the
/// way turns sharply before the least reach.
fn walked(ring: &[Point], edge: usize, [least, reach]: [f64; 2], ahead: bool) -> Option<[f64; 2]> {
    let n = ring.len();
    let mut sum = [0.0; 2];
    let mut length = 0.0;
    let mut last: Option<[f64; 2]> = None;
    for k in 1..n {
        let i = if ahead { (edge + k) % n } else { (edge + n - k) % n };
        let v = vector(ring, i);
        let part = size(v);
        if part <= 0.0 {
            continue;
        }
        if last.is_some_and(|l| angle(l, v) > ASIDE_RAD && part.min(size(l)) > LEAST_STEP) {
            return (length >= least).then_some(sum);
        }
        let share = ((reach - length) / part).min(1.0);
        sum = [sum[0] + share * v[0], sum[1] + share * v[1]];
        length += share * part;
        last = Some(v);
        if length >= reach * 0.999_999 {
            return Some(sum);
        }
    }
    None
}

/// A corner that turns into the region by more than this is where two arms part, in rad.
const NOTCH_RAD: f64 = 0.35;

/// By how much the outline turns clockwise at a vertex, in rad, where it does so sharply; else 0. Outer rings run
/// counter-clockwise, holes clockwise.
pub fn notch_rad(ring: &[Point], i: usize) -> f64 {
    let n = ring.len();
    let (before, after) = (vector(ring, (i + n - 1) % n), vector(ring, i));
    let cross = before[0] * after[1] - before[1] * after[0];
    if cross >= 0.0 {
        return 0.0;
    }
    let dot = before[0] * after[0] + before[1] * after[1];
    // Single edges point anywhere on a grid: only a sharp turn is worth a second look.
    if cross.atan2(dot) > -NOTCH_RAD {
        return 0.0;
    }
    let way = |ahead: bool| {
        let (mut sum, mut k) = ([0.0; 2], 0);
        while size(sum) < LEAST_REACH && k < n {
            let v = vector(ring, if ahead { (i + k) % n } else { (i + 2 * n - 1 - k) % n });
            sum = [sum[0] + v[0], sum[1] + v[1]];
            k += 1;
        }
        sum
    };
    let (a, b) = (way(false), way(true));
    let turn = -(a[0] * b[1] - a[1] * b[0]).atan2(a[0] * b[0] + a[1] * b[1]);
    if turn > NOTCH_RAD { turn } else { 0.0 }
}

/// Steps further apart than this part of the longest step are no teeth of one wall.
const PITCH: f64 = 0.25;

/// What lies between a row of teeth and a cap is one of them when it is no longer than so many of the next.
const LONGEST_TOOTH: f64 = 1.5;
/// The first step of a row of teeth leads to them from a wall in their middle when it is less than this part of the next.
const HALF_STEP: f64 = 0.75;

/// The steps that are teeth: many in a row, close to each other.
fn teeth(ring: &[Point], steps: &[usize], longest: f64) -> Vec<usize> {
    if steps.len() < EVEN_TEETH {
        return Vec::new();
    }
    let far = PITCH * longest;
    // A row may go on over the first point of the ring: begin where one ends.
    let is_next = |k: usize| {
        let (one, other) = (steps[k], steps[(k + 1) % steps.len()]);
        // A stub behind the last tooth is a step of the cap, across those of the side.
        let turn = angle(vector(ring, one), vector(ring, other));
        turn.min(PI - turn) < ASIDE_RAD && is_within(ring, one, other, far)
    };
    let is_same_side = |a: usize, b: usize| is_one_side(ring, a, b);
    let is_split = |k: usize| !is_same_side(steps[k], steps[(k + 1) % steps.len()]);
    let first = (0..steps.len()).find(|&k| !is_next(k)).or_else(|| (0..steps.len()).find(|&k| is_split(k)));
    let first = first.map_or(0, |k| k + 1);
    let mut out = Vec::new();
    let mut row = Vec::new();
    for k in (first..first + steps.len()).map(|k| k % steps.len()) {
        row.push(steps[k]);
        if (k + 1) % steps.len() == first % steps.len() || !is_next(k) {
            if row.len() >= TEETH {
                out.append(&mut row);
            } else {
                // Those of a short piece may go on around its cap.
                let sides = row.chunk_by(|a, b| is_same_side(*a, *b));
                out.extend(sides.filter(|side| is_even(ring, side)).flatten());
            }
            row.clear();
        }
    }
    out
}

/// True when a row of steps is that of a grating of few periods: out and in in turn, each as deep and as far from the
/// one before the last as the next. The first and the last may lead to a wall in the middle of the teeth.
fn is_even(ring: &[Point], row: &[usize]) -> bool {
    let Some(inner) = row.len().checked_sub(1).filter(|_| row.len() >= EVEN_TEETH).and_then(|last| row.get(1..last))
    else {
        return false;
    };
    let alike = |a: f64, b: f64| (a - b).abs() <= UNEVEN * a.max(b) + UNEVEN_DBU;
    let depth = |i: &usize| size(vector(ring, *i));
    let deepest = inner.iter().map(depth).fold(0.0, f64::max);
    let apart = |w: &[usize]| {
        let (p, q) = (ring[w[0]], ring[w[2]]);
        size([f64::from(q.x) - f64::from(p.x), f64::from(q.y) - f64::from(p.y)])
    };
    let opposite = |w: &[usize]| angle(vector(ring, w[0]), vector(ring, w[1])) > FRAC_PI_2;
    // Rounding alone makes no teeth.
    deepest > ROUNDING
        && inner.windows(3).all(|w| deepest <= DEEPEST * apart(w))
        && row.windows(2).all(opposite)
        && inner.windows(2).all(|w| alike(depth(&w[0]), depth(&w[1])))
        && row.iter().all(|i| depth(i) <= deepest * (1.0 + UNEVEN) + UNEVEN_DBU)
        && inner.windows(4).all(|w| alike(apart(&w[..3]), apart(&w[1..])))
}

/// True when the way along the ring from the end of one edge to the beginning of another is no longer than `far`.
fn is_within(ring: &[Point], edge: usize, other: usize, far: f64) -> bool {
    let n = ring.len();
    let mut way = 0.0;
    let mut i = (edge + 1) % n;
    while i != other {
        way += size(vector(ring, i));
        if way > far {
            return false;
        }
        i = (i + 1) % n;
    }
    true
}

/// True when no corner, such as that of a cap, lies on the way along the ring from the end of one edge to another.
fn is_one_side(ring: &[Point], edge: usize, other: usize) -> bool {
    let n = ring.len();
    let way = (1..n).map(|k| (edge + k) % n).take_while(|&i| i != other);
    let long: Vec<[f64; 2]> = way.map(|i| vector(ring, i)).filter(|v| size(*v) > ROUNDING).collect();
    long.windows(2).all(|w| angle(w[0], w[1]) < ASIDE_RAD)
}

/// True for an edge of a step of the grid at the tip of a hair or a slit no wider, which goes off from its side and comes
/// back less far or further: what rounding leaves where a step of one shape ends beside that of another. One that comes
/// back as far was drawn.
fn is_tip(ring: &[Point], i: usize, longest: f64) -> bool {
    let n = ring.len();
    if size(vector(ring, i)) > ROUNDING {
        return false;
    }
    let [from, out, back, on] = [n - 2, n - 1, 1, 2].map(|k| vector(ring, (i + k) % n));
    let dot = |a: [f64; 2], b: [f64; 2]| a[0] * b[0] + a[1] * b[1];
    let across = (out[0] * back[1] - out[1] * back[0]).abs();
    let (least, most) = (size(out).min(size(back)), size(out).max(size(back)));
    dot(out, back) < 0.0
        && across <= ROUNDING * most
        && (LEAST_STEP..=longest).contains(&least)
        && most - least >= LEAST_STEP
        && angle(from, out).min(angle(back, on)) >= ASIDE_RAD
}

/// The outline without vertices that cuts left in the middle of steps, where there are any: each part of such a step
/// would be a step of its own, or none; and without hairs beside steps.
pub fn with_whole_steps(ring: &[Point], longest: f64) -> Option<Vec<Point>> {
    let n = ring.len();
    if n < 6 {
        return None;
    }
    let mut gone = Vec::new();
    for i in 0..n {
        // Cheap tests first: a smooth curve turns less.
        if is_smooth(turn(ring, i)) {
            continue;
        }
        let next = (i + 1) % n;
        if is_tip(ring, next, longest) || is_tip(ring, i, longest) {
            gone.push(next);
        } else {
            gone.extend(inside_step(ring, i, longest).map(|k| k % n));
        }
    }
    if gone.is_empty() {
        return None;
    }
    gone.sort_unstable();
    Some((0..n).filter(|i| gone.binary_search(i).is_err()).map(|i| ring[i]).collect())
}

/// Cross and dot product of the edges before and after a vertex.
fn turn(ring: &[Point], i: usize) -> (f64, f64) {
    let n = ring.len();
    let (a, b) = (vector(ring, (i + n - 1) % n), vector(ring, i % n));
    (a[0] * b[1] - a[1] * b[0], a[0] * b[0] + a[1] * b[1])
}

fn is_smooth((cross, dot): (f64, f64)) -> bool {
    dot > 0.0 && cross.abs() < dot
}

/// The vertices between one corner and the next, counted on beyond the last of the ring, when the outline is a step
/// there but for rounding: it runs straight on and turns the other way than before. A cap turns the same way twice.
fn inside_step(ring: &[Point], corner: usize, longest: f64) -> Range<usize> {
    let n = ring.len();
    let to = |i: usize| {
        let (p, q) = (ring[corner], ring[i % n]);
        [f64::from(q.x) - f64::from(p.x), f64::from(q.y) - f64::from(p.y)]
    };
    let (first, none) = (corner + 1, corner + 1..corner + 1);
    let is_on = |i: &usize| is_smooth(turn(ring, *i)) && size(to(*i)) <= longest;
    let Some(last) = (first..corner + n).find(|i| !is_on(i)).filter(|last| *last > first) else { return none };
    let (whole, end) = (to(last), turn(ring, last));
    let length = size(whole);
    let is_step = !is_smooth(end) && turn(ring, corner).0 * end.0 < 0.0 && length <= longest;
    let is_straight = |i: usize| (to(i)[0] * whole[1] - to(i)[1] * whole[0]).abs() <= ROUNDING * length;
    if is_step && (first..last).all(is_straight) { first..last } else { none }
}

/// An outline with its teeth smoothed away: sides through the middles of their steps.
#[derive(Clone, Debug, Default)]
pub struct Smooth {
    /// The outline.
    pub ring: Vec<Point>,
    /// Corners of caps that lie between teeth.
    pub corners: Vec<Point>,
}

/// The outline without its teeth; `None` where there are none.
pub fn smoothed(ring: &[Point], longest: f64) -> Option<Smooth> {
    smoothed_at(ring, longest, &between(ring, LEAST_TOOTH, longest))
}

/// As [`smoothed`], and whether steps are left in the outline.
pub fn smoothed_and_stepped(ring: &[Point], longest: f64) -> (Option<Smooth>, bool) {
    let steps = between(ring, LEAST_TOOTH, longest);
    let smooth = smoothed_at(ring, longest, &steps);
    let is_stepped = match &smooth {
        Some(smooth) => !find(&smooth.ring, longest).is_empty(),
        None => steps.iter().any(|&i| is_large(ring, i)),
    };
    (smooth, is_stepped)
}

fn is_large(ring: &[Point], step: usize) -> bool {
    let [x, y] = vector(ring, step);
    x * x + y * y >= LEAST_STEP * LEAST_STEP
}

/// The steps of an outline that are teeth, in order.
fn teeth_among(ring: &[Point], longest: f64, steps: &[usize]) -> Vec<usize> {
    // Where teeth grow out of a smooth wall the first ones are as small as the grid. A single wall among these is none.
    let large: Vec<usize> = steps.iter().copied().filter(|&i| is_large(ring, i)).collect();
    let mut all = teeth(ring, steps, longest);
    all.retain(|&i| !is_large(ring, i));
    all.extend(teeth(ring, &large, longest));
    all.sort_unstable();
    all
}

/// Whether the row of one of the teeth goes on with the one before it, and with the one behind it.
fn goes_on(ring: &[Point], all: &[usize], k: usize, longest: f64) -> [bool; 2] {
    let i = all[k];
    let (before, behind) = (all[(k + all.len() - 1) % all.len()], all[(k + 1) % all.len()]);
    [(before, i), (i, behind)]
        .map(|(one, other)| is_within(ring, one, other, PITCH * longest) && is_one_side(ring, one, other))
}

fn smoothed_at(ring: &[Point], longest: f64, steps: &[usize]) -> Option<Smooth> {
    let all = teeth_among(ring, longest, steps);
    if all.is_empty() {
        return None;
    }
    let n = ring.len();
    let is_tooth = |i: usize| all.binary_search(&i).is_ok();
    let mut is_end = vec![false; n];
    let mut middles: Vec<Option<Point>> = vec![None; n];
    let mut corners: Vec<Option<Point>> = vec![None; n];
    for (k, &i) in all.iter().enumerate() {
        let next = (i + 1) % n;
        let (before, behind) = (all[(k + all.len() - 1) % all.len()], all[(k + 1) % all.len()]);
        let goes_on = goes_on(ring, &all, k, longest);
        let is_half = |other: usize| size(vector(ring, i)) < HALF_STEP * size(vector(ring, other));
        middles[i] = match goes_on {
            // From a wall in the middle of the teeth to the first of them, and back.
            [false, true] if is_half(behind) => Some(ring[i]),
            [true, false] if is_half(before) => Some(ring[next]),
            _ => {
                let middle = moved(ring[i], vector(ring, i), 0.5);
                if let Some((corner, at)) = middle.and_then(|m| corner_beside(ring, i, goes_on, m, is_tooth)) {
                    corners[corner] = Some(at);
                    // What a stub leaves beside the cap is no wall.
                    let between = if goes_on[0] { next..next + n } else { corner + 1..corner + 1 + n };
                    let until = if goes_on[0] { corner } else { i };
                    between.map(|v| v % n).take_while(|v| *v != until).for_each(|v| is_end[v] = true);
                }
                middle
            }
        };
        is_end[i] = true;
        is_end[next] = true;
        // What rounding or a healed slit leaves beside a step is no dent of the smooth side.
        let (before, after) = ((i + n - 1) % n, (next + 1) % n);
        is_end[before] |= size(vector(ring, before)) <= ROUNDING;
        is_end[after] |= size(vector(ring, next)) <= ROUNDING;
        if goes_on[1] {
            // Nor what a cut across a tooth leaves in the middle of it.
            let (from, along) = (ring[next], [ring[next], ring[behind]].map(|p| [f64::from(p.x), f64::from(p.y)]));
            let along = [along[1][0] - along[0][0], along[1][1] - along[0][1]];
            let off = |p: Point| {
                let d = [f64::from(p.x) - f64::from(from.x), f64::from(p.y) - f64::from(from.y)];
                (d[0] * along[1] - d[1] * along[0]).abs()
            };
            let between = (next + 1..next + n).map(|v| v % n).take_while(|v| *v != behind);
            between.filter(|v| off(ring[*v]) <= UNEVEN_DBU * size(along)).for_each(|v| is_end[v] = true);
        }
    }
    let mut out = Vec::with_capacity(n);
    for i in 0..n {
        if !is_end[i] {
            out.push(corners[i].unwrap_or(ring[i]));
        }
        out.extend(middles[i]);
    }
    Some(Smooth { ring: out, corners: corners.into_iter().flatten().collect() })
}

/// A vertex moved by a part of a vector, halves always the same way: a guide is not wider for both of its sides.
fn moved(p: Point, by: [f64; 2], part: f64) -> Option<Point> {
    let rounded = |v: f64| (v + 0.5).floor();
    Point::from_f64(rounded(f64::from(p.x) + part * by[0]), rounded(f64::from(p.y) + part * by[1]))
}

/// Edges between the last tooth and a cap that are looked at: those of a tooth and of a stub behind it.
const MOST_BESIDE: usize = 6;

/// The corner of a cap that is about one tooth away from a step with others on one side of it only, and its place on
/// the smooth side through the middle of the step: the last tooth alone would make the end as wide as itself.
fn corner_beside(
    ring: &[Point],
    i: usize,
    goes_on: [bool; 2],
    middle: Point,
    is_tooth: impl Fn(usize) -> bool,
) -> Option<(usize, Point)> {
    let n = ring.len();
    let ahead = match goes_on {
        [false, true] => false,
        [true, false] => true,
        _ => return None,
    };
    let beside = |k: usize, ahead: bool| if ahead { (i + k) % n } else { (i + n - k) % n };
    let (step, tooth) = (vector(ring, i), vector(ring, beside(1, !ahead)));
    let mut way = 0.0;
    for k in 1..=MOST_BESIDE.min(n - 1) {
        let edge = beside(k, ahead);
        let own = vector(ring, edge);
        if is_tooth(edge) {
            return None;
        }
        if k > 1 && size(own) > size(step) && angle(own, tooth) >= ASIDE_RAD {
            let corner = if ahead { edge } else { (edge + 1) % n };
            let p = ring[corner];
            let off = [f64::from(middle.x) - f64::from(p.x), f64::from(middle.y) - f64::from(p.y)];
            let share = (off[0] * step[0] + off[1] * step[1]) / (step[0] * step[0] + step[1] * step[1]);
            return Some((corner, moved(p, step, share)?));
        }
        way += (own[0] * tooth[0] + own[1] * tooth[1]).abs() / size(tooth);
        // A stub is shorter than what has a way of its own.
        if way > LONGEST_TOOTH * size(tooth) {
            return None;
        }
    }
    None
}
