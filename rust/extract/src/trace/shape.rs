//! The shape of a bend: its curvature as pieces, and its smallest radius.
//!
//! Tools draw arcs and Euler bends, so these are tried first, over the whole bend at once: what fits a shape of few
//! numbers to within the noise is known far better than any window shows. Other curves are taken as smooth, piece by
//! piece where they are long.

use std::array::from_fn;

use super::bins::Bins;
use super::curvature::{Axis, Cursor, Fit};
use super::radius::Tightest;
use super::smooth::{self, Smooth};
use super::trapezoid::{self, Trapezoid};
use super::types::Piece;

/// A fit is good when what is left is less than this many standard deviations.
const GOOD: f64 = 2.5;
/// Bounds are this many standard deviations: of a fitted shape, and of a polynomial, which also leaves something out.
const BOUND: [f64; 2] = [3.0, 6.0];
/// No radius is known better than this part.
const RELATIVE_BOUND: f64 = 3.0e-4;
/// A curve that is fitted by an arc or trapezoid may vary by this many standard deviations of the curvature without being seen.
const UNSEEN: f64 = 22.0;
/// Where a variation of this part would be seen, an arc is an arc.
const SURE: f64 = 0.03;
/// What coarse chords may hide, as a part of the square of the turn from one to the next.
const COARSE: f64 = 0.2;
/// A fit that leaves more than so many standard deviations is of a curve that is nearly but not quite of its shape, and
/// its radius may be off by this part.
const MISFIT_SEEN: f64 = 1.2;
const MISFIT_PART: f64 = 0.006;
/// A bend that turns more than this in rad is looked at part by part.
pub(super) const LONG_TURN: f64 = 6.5;
/// What a part turns then, in rad.
const PART_TURN: f64 = 3.0;
/// Bins for a bend that turns less than a right angle and a bit, and for others.
const BINS: [usize; 2] = [24, 32];
/// Turn in rad from which on there are more bins.
const MUCH_TURN: f64 = 2.0;
/// Even a bad fit bounds the radius by this multiple.
const LOWEST_PART: f64 = 0.2;
/// Places of a smooth curve per piece.
const PLACES_PER_PIECE: usize = 5;
/// Fewer nodes do not show a shape.
const LEAST_NODES: usize = 5;
/// Stretches that are not smooth are halved down to this length in dbu on a grid of 1 dbu, and to so many nodes: a
/// window has to average over some vertices.
const SHORTEST_DBU: f64 = 2500.0;
const FEWEST_NODES: usize = 12;
/// The largest curvature of a part of a stretch is known when no less than this part of it is sure.
const KNOWN: f64 = 0.5;
/// What polynomials show at the end of a stretch may be off by as much as leaves this part.
const BEYOND: f64 = 0.75;
/// Parts of the length of a stretch that are looked at around its tightest place, until one is smooth.
const CENTRED: [f64; 3] = [1.0, 0.75, 0.5];
/// So far between what is sure and what was found: bounds are generous.
const LIKELY: f64 = 0.25;
/// Windows beside each other in the shortest stretches.
const WINDOWS: usize = 3;

/// What was found of a bend.
pub(super) struct Shape {
    pub(super) pieces: Vec<Piece>,
    pub(super) tightest: Tightest,
    /// Curvature in 1/dbu where the bend begins and ends.
    pub(super) borders: [f64; 2],
    /// Where it begins and ends.
    pub(super) extent: [f64; 2],
    /// True for arcs and Euler bends: shapes of few numbers, which are known far better than any window shows.
    pub(super) is_trapezoid: bool,
}

/// The shape of the bend that turns from `start` to `end`, as seen with its leads between two places; `None` where
/// corners are drawn or there is too little to see.
pub(super) fn of(axis: &Axis<'_>, [low, high]: [f64; 2], [start, end]: [f64; 2], turn: f64) -> Option<Shape> {
    let nodes = axis.nodes;
    let first = nodes.partition_point(|v| v.s < low);
    let last = nodes.partition_point(|v| v.s <= high);
    if last < first + LEAST_NODES || nodes[first..last].iter().any(|v| v.is_corner) {
        return None;
    }
    if turn.abs() > LONG_TURN {
        return long(axis, low, high, turn);
    }
    let bins = Bins::new(axis, low, high, BINS[usize::from(turn.abs() > MUCH_TURN)]);
    let fit = trapezoid::fit(&bins, GOOD)?;
    if fit.curvature * turn <= 0.0 {
        return None;
    }
    // Ramps that would begin far outside are those of another curve.
    let farthest = 0.9 * trapezoid::FARTHEST_OUTSIDE * bins.pitch;
    let is_inside = fit.places[0] > low - farthest && fit.places[3] < high + farthest;
    if fit.misfit < GOOD && is_inside {
        return Some(of_trapezoid(&fit));
    }
    let [a, b, c, d] = fit.places;
    // Leads are left out as what does not fit says they are; nothing that turns is.
    let from = f64::midpoint(a, b).max(low).min(start);
    let to = f64::midpoint(c, d).min(high).max(end);
    of_smooth(axis, [from, to], turn)
}

fn bounded(s: f64, curvature: f64, error: f64) -> Tightest {
    let error = error + RELATIVE_BOUND * curvature;
    Tightest { s, curvature, lowest: (curvature - error).max(LOWEST_PART * curvature) }
}

fn of_trapezoid(fit: &Trapezoid) -> Shape {
    let [a, b, c, d] = fit.places;
    let k = fit.curvature;
    let piece = |start: f64, end: f64, begin: f64, finish: f64| Piece {
        start,
        length: end - start,
        begin_curvature: begin,
        end_curvature: finish,
        fit_error: fit.off,
    };
    let mut pieces = Vec::with_capacity(3);
    if b > a {
        pieces.push(piece(a, b, 0.0, k));
    }
    if c > b {
        pieces.push(piece(b, c, k, k));
    }
    if d > c {
        pieces.push(piece(c, d, k, 0.0));
    }
    let mut error = BOUND[0] * fit.noise * fit.misfit.max(1.0) + COARSE * fit.chord_turn * fit.chord_turn * k.abs();
    error += MISFIT_PART * (fit.misfit - MISFIT_SEEN).clamp(0.0, 1.0) * k.abs();
    if !fit.hides_top {
        let unseen = UNSEEN * fit.noise;
        error += unseen * (unseen / (SURE * k)).powi(2).min(1.0);
    }
    Shape {
        pieces,
        tightest: bounded(f64::midpoint(b, c), k.abs(), error),
        borders: [if b > a { 0.0 } else { k }, if d > c { 0.0 } else { k }],
        extent: [a, d],
        is_trapezoid: true,
    }
}

/// The place of the largest curvature that is sure, and what it may be wrong by.
fn peak(fit: &Smooth, sign: f64) -> Tightest {
    let sure = |k: usize| sign * fit.curvature[k] - BOUND[0] * fit.noise[k];
    let best = (0..smooth::PLACES).max_by(|&a, &b| sure(a).total_cmp(&sure(b))).unwrap_or(0);
    let curvature = (sign * fit.curvature[best]).max(f64::MIN_POSITIVE);
    let largest = fit.curvature.iter().fold(0.0_f64, |m, k| m.max(sign * k));
    bounded(fit.at(best), curvature, BOUND[1] * fit.noise[best] * fit.misfit.max(1.0) + (largest - curvature))
}

impl Smooth {
    /// True where the polynomials follow the curve.
    fn is_good(&self) -> bool {
        !self.is_rough && self.misfit < GOOD
    }
}

fn smooth_fit(axis: &Axis<'_>, low: f64, high: f64) -> Smooth {
    smooth::fit(&Bins::new(axis, low, high, smooth::BINS))
}

fn of_smooth(axis: &Axis<'_>, [low, high]: [f64; 2], turn: f64) -> Option<Shape> {
    let mut found = Parts::new(turn);
    found.add(axis, [low, high]);
    found.shape([low, high])
}

/// Clothoids from place to place.
fn of_places(fit: &Smooth) -> Vec<Piece> {
    let knots = (0..smooth::PLACES).step_by(PLACES_PER_PIECE);
    let one = |k: usize| {
        let (start, end) = (fit.at(k), fit.at(k + PLACES_PER_PIECE));
        let (begin, finish) = (fit.curvature[k], fit.curvature[k + PLACES_PER_PIECE]);
        let middle = fit.curvature[k + PLACES_PER_PIECE / 2];
        let u = (PLACES_PER_PIECE / 2) as f64 / PLACES_PER_PIECE as f64;
        let bulge = (middle - begin - u * (finish - begin)).abs();
        // A parabola of curvature between the knots moves the axis by a tenth of its height times length squared.
        let fit_error = fit.off + 0.1 * bulge * (end - start).powi(2);
        Piece { start, length: end - start, begin_curvature: begin, end_curvature: finish, fit_error }
    };
    knots.take_while(|k| k + PLACES_PER_PIECE < smooth::PLACES).map(one).collect()
}

/// A bend of more than a turn, such as a spiral, part by part.
fn long(axis: &Axis<'_>, low: f64, high: f64, turn: f64) -> Option<Shape> {
    let mut found = Parts::new(turn);
    let (mut from, mut at) = (low, 0);
    while from < high {
        let mut to = part_end(axis, from, high, &mut at);
        if high - to < 0.5 * (to - from) {
            to = high;
        }
        found.add(axis, [from, to]);
        from = to;
    }
    found.shape([low, high])
}

/// What was found of the parts of a bend.
struct Parts {
    sign: f64,
    pieces: Vec<Piece>,
    tightest: Option<Tightest>,
}

impl Parts {
    fn new(turn: f64) -> Self {
        Self { sign: turn.signum(), pieces: Vec::new(), tightest: None }
    }

    /// Adds a part: as one where it is smooth, or else by its halves.
    fn add(&mut self, axis: &Axis<'_>, [low, high]: [f64; 2]) {
        let (tightest, length) = self.add_halves(axis, [low, high], true);
        if length >= high - low {
            return self.keep(tightest);
        }
        // In the middle of a stretch its curvature is known best: at the ends polynomials shoot beyond it.
        let least = tightest.lowest.min(BEYOND * tightest.curvature);
        let is_better = |again: &Tightest| (least..tightest.curvature).contains(&again.curvature);
        let centred = |part: f64| {
            let half = part * length / 2.0;
            let fit = smooth_fit(axis, (tightest.s - half).max(low), (tightest.s + half).min(high));
            fit.is_good().then(|| peak(&fit, self.sign))
        };
        let again = CENTRED.into_iter().find_map(centred);
        self.keep(again.filter(is_better).unwrap_or(tightest));
    }

    /// Adds the pieces of a stretch, or of its halves where it is not smooth, and returns the tightest place and the
    /// length of what was looked at there. Where the curvature jumps, as between two arcs, no polynomial follows it
    /// however short it is: there means over windows count, which lie between what is on both sides of the jump.
    fn add_halves(&mut self, axis: &Axis<'_>, [low, high]: [f64; 2], is_whole: bool) -> (Tightest, f64) {
        let fit = smooth_fit(axis, low, high);
        let here = peak(&fit, self.sign);
        // Short stretches are noisy, and what is only noise has no peak.
        let is_known = is_whole || here.lowest > KNOWN * here.curvature;
        if fit.is_good() && is_known {
            self.pieces.extend(of_places(&fit));
            return (here, high - low);
        }
        if may_be_halved(axis, low, high) {
            let middle = f64::midpoint(low, high);
            let [a, b] = [[low, middle], [middle, high]].map(|half| self.add_halves(axis, half, false));
            return if tight(&a.0) >= tight(&b.0) { a } else { b };
        }
        let length = high - low;
        let mut cursor = Cursor::default();
        let mean = |k: usize| {
            let s = low + length * k as f64 / (2 * WINDOWS) as f64;
            axis.fit(s, length / WINDOWS as f64, &mut cursor)
        };
        let means: [Fit; 2 * WINDOWS + 1] = from_fn(mean);
        let [begin_curvature, end_curvature] = [means[0], means[2 * WINDOWS]].map(|mean| mean.curvature);
        self.pieces.push(Piece { start: low, length, begin_curvature, end_curvature, fit_error: fit.off });
        let tighter = |a: usize, b: usize| {
            if self.sign * means[b].curvature > self.sign * means[a].curvature { b } else { a }
        };
        let best = (0..means.len()).fold(0, tighter);
        let Fit { s, curvature, noise, .. } = means[best];
        // A peak between the windows is as much higher than its mean as that is than what is beside it, at most.
        let beside = [best.checked_sub(1), Some(best + 1)].into_iter().flatten().filter_map(|k| means.get(k));
        let above = beside.map(|mean| (curvature - mean.curvature).abs()).fold(0.0, f64::max);
        let curvature = (self.sign * curvature).max(f64::MIN_POSITIVE);
        (bounded(s, curvature, BOUND[1] * noise + above), length)
    }

    fn keep(&mut self, here: Tightest) {
        if self.tightest.is_none_or(|t| tight(&here) > tight(&t)) {
            self.tightest = Some(here);
        }
    }

    fn shape(self, extent: [f64; 2]) -> Option<Shape> {
        let borders = [self.pieces.first()?.begin_curvature, self.pieces.last()?.end_curvature];
        Some(Shape { tightest: self.tightest?, pieces: self.pieces, borders, extent, is_trapezoid: false })
    }
}

/// By what places are compared: one that is known badly must be much tighter than one that is known well.
fn tight(place: &Tightest) -> f64 {
    place.lowest + LIKELY * (place.curvature - place.lowest)
}

fn may_be_halved(axis: &Axis<'_>, low: f64, high: f64) -> bool {
    let up_to = |s: f64| axis.nodes.partition_point(|v| v.s < s);
    high - low >= 2.0 * SHORTEST_DBU * axis.grid.sqrt() && up_to(high) - up_to(low) >= 2 * FEWEST_NODES
}

fn part_end(axis: &Axis<'_>, from: f64, high: f64, at: &mut usize) -> f64 {
    let mut turned = 0.0;
    let first = axis.segment_at(from, at) + 1;
    for v in &axis.nodes[first..] {
        turned += v.turn.abs();
        if turned > PART_TURN {
            return v.s.min(high);
        }
    }
    high
}
