//! Where the lines across a piece of a guide meet a piece of another, and how far away.

use std::f64::consts::FRAC_PI_2;

use super::curve::Curve;
use crate::lines::Piece;

/// What counts as beside each other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Beside {
    /// Largest angle between the guides.
    pub(super) parallel_rad: f64,
    /// Its cosine.
    pub(super) parallel: f64,
    /// Largest gap.
    pub(super) reach_nm: f64,
    /// Distance of samples, which stand in the middle of their step.
    pub(super) step: f64,
}

/// Samples that follow each other along a piece and meet one other piece.
#[derive(Clone, Copy, Debug)]
pub(super) struct Meeting {
    /// The other line.
    pub(super) b: u32,
    /// The side of the piece it is on.
    pub(super) left: bool,
    /// First and last sample.
    pub(super) first: u32,
    pub(super) last: u32,
    /// Distance along the other line at the first, and from each sample to the next: negative where it runs against.
    pub(super) t: f64,
    pub(super) t_step: f64,
    pub(super) gap: Curve,
    /// Segments of the two lines it lies on.
    pub(super) segments: [u32; 2],
    /// Whether they run along the grid.
    pub(super) is_square: [bool; 2],
    /// Number of the other piece among those beside.
    pub(super) number: usize,
}

impl Meeting {
    /// What is left of it from a later sample on.
    pub(super) fn from(self, sample: u32) -> Self {
        let k = f64::from(sample - self.first);
        Self { first: sample, t: self.t + k * self.t_step, gap: self.gap.from(k), ..self }
    }
}

/// What is seen from samples on a piece square to it, of another piece.
#[derive(Clone, Copy, Debug)]
struct Seen {
    /// Distance along the other piece at the first sample, and from each to the next.
    d: f64,
    d_step: f64,
    /// Distance to the left, from middle to middle.
    across: Curve,
    /// Mean of both widths.
    half: Curve,
}

impl Seen {
    /// From a later sample on.
    fn from(&self, k: u32) -> Self {
        let k = f64::from(k);
        Self { d: self.d + k * self.d_step, across: self.across.from(k), half: self.half.from(k), ..*self }
    }
}

/// How far a guide lies to the left of its piece, from a place on it on in such steps.
#[inline]
fn bow(piece: &Piece, d: f64, step: f64) -> Curve {
    let [bow, from, a_nm] = piece.bow;
    let (u, by) = (from + a_nm * d, a_nm * step);
    Curve::new(4.0 * bow * u * (1.0 - u), 4.0 * bow * by * (1.0 - 2.0 * u), -4.0 * bow * by * by)
}

/// Two pieces within reach of each other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair<'a> {
    piece: &'a Piece,
    other: &'a Piece,
    beside: Beside,
    /// Of the angle from one to the other.
    cos: f64,
    sin: f64,
    /// Where the other one starts, along the piece and to its left.
    start: f64,
    height: f64,
    end: f64,
    /// Somewhere along the two the guides are not parallel, so that it has to be looked at place by place.
    is_turning: bool,
}

impl<'a> Pair<'a> {
    /// `None` when the other piece is not parallel or not within reach.
    #[inline]
    pub(super) fn new(piece: &'a Piece, other: &'a Piece, beside: Beside) -> Option<Self> {
        let ([ux, uy], [vx, vy]) = (piece.direction, other.direction);
        let (cos, sin) = (ux * vx + uy * vy, ux * vy - uy * vx);
        let (rx, ry) = (other.from[0] - piece.from[0], other.from[1] - piece.from[1]);
        let (start, height) = (rx * ux + ry * uy, ry * ux - rx * uy);
        let end = start + other.length * cos;
        let is_beside = start.max(end) >= -NEAR_NM && start.min(end) <= piece.length + NEAR_NM;
        if !is_beside {
            return None;
        }
        // A chord shows the direction of a bent guide in its middle only.
        let bend = piece.steepest + other.steepest;
        let is_apart = cos.abs() < beside.parallel;
        // An angle is no less than its sine.
        let is_far =
            || sin.abs() - bend > beside.parallel_rad || sin.abs().atan2(cos.abs()) - bend > beside.parallel_rad;
        if is_apart && (bend <= 0.0 || is_far()) {
            return None;
        }
        // An angle is longer than its sine, by no more than the half of a circle over its diameter.
        let is_turning = bend > 0.0
            && (is_apart
                || sin.abs() * FRAC_PI_2 + bend > beside.parallel_rad
                    && sin.abs().atan2(cos.abs()) + bend > beside.parallel_rad);
        // Across the piece both ends of the other one, which bows out in between, lie on one side and too far.
        let (begin, finish) = (height, height + other.length * sin);
        let wide = |p: &Piece| p.bow[0].abs() + f64::midpoint(p.width, p.widening.abs());
        let far = beside.reach_nm + wide(piece) + wide(other) + NEAR_NM;
        if begin * finish > 0.0 && begin.abs().min(finish.abs()) > far {
            return None;
        }
        Some(Self { piece, other, beside, cos, sin, start, height, end, is_turning })
    }

    /// True when the guides run along each other at a place on the piece.
    #[inline]
    fn is_parallel(&self, along: f64) -> bool {
        if !self.is_turning {
            return true;
        }
        let d = (along - self.start) / self.cos;
        let chords_rad = (self.sin * self.cos.signum()).atan2(self.cos.abs());
        (chords_rad + self.other.slope_at(d) - self.piece.slope_at(along)).abs() <= self.beside.parallel_rad
    }

    /// What is seen from a place so far along the piece, and from others in such steps.
    #[inline]
    fn seen(&self, along: f64, step: f64) -> Seen {
        let (p, q) = (self.piece, self.other);
        let (d, d_step) = ((along - self.start) / self.cos, step / self.cos);
        let mut across = Curve::new(self.height + d * self.sin, d_step * self.sin, 0.0);
        // The other one is seen along or against its own direction.
        if q.bow[0] != 0.0 {
            across = across.sum(1.0, &bow(q, d, d_step), self.cos);
        }
        if p.bow[0] != 0.0 {
            across = across.sum(1.0, &bow(p, along, step), -1.0);
        }
        let mut half = Curve::new(f64::midpoint(p.width, q.width), 0.0, 0.0);
        if p.widening != 0.0 || q.widening != 0.0 {
            let half_step = f64::midpoint(p.widening * step / p.length, q.widening * d_step / q.length);
            half = Curve::new(f64::midpoint(p.width_at(along), q.width_at(d)), half_step, 0.0);
        }
        Seen { d, d_step, across, half }
    }

    /// All meetings at the samples from `from` until before `until`, which stand on the piece.
    #[inline]
    pub(super) fn add_meetings(&self, from: u32, until: u32, number: usize, out: &mut Vec<Meeting>) {
        let (piece, step) = (self.piece, self.beside.step);
        let sample = |along: f64| (piece.along + along) / step - 0.5;
        let place = |k: u32| (f64::from(k) + 0.5) * step - piece.along;
        let is_beside = |k: u32| {
            (0.0..self.other.length).contains(&((place(k) - self.start) / self.cos)) && self.is_parallel(place(k))
        };
        let first = ceiling(sample(self.start.min(self.end)) - ROUNDING);
        // Numbers below 0 become 0.
        let last = (sample(self.start.max(self.end)) + ROUNDING) as u32;
        let (mut from, mut to) = (first.max(from), last.min(until.saturating_sub(1)));
        while from <= to && !is_beside(from) {
            from += 1;
        }
        while from < to && !is_beside(to) {
            to -= 1;
        }
        if from <= to {
            self.add(from, to, &self.seen(place(from), step), number, out);
        }
    }

    /// Adds the meetings between two samples, both beside the other piece.
    fn add(&self, from: u32, to: u32, seen: &Seen, number: usize, out: &mut Vec<Meeting>) {
        let (piece, other, Beside { reach_nm, step, .. }) = (self.piece, self.other, self.beside);
        let n = f64::from(to - from);
        let is_left = seen.across.at(0.0) > 0.0;
        let side = if is_left { 1.0 } else { -1.0 };
        let gap = seen.across.sum(side, &seen.half, -1.0);
        let [least, most] = gap.range(n);
        let (mut is_all, mut is_none) = (least >= 0.0 && most < reach_nm, least >= reach_nm);
        // A guide beside itself: counted from its earlier side, and not across the inside of a bend, where the
        // way along is no longer than across.
        if other.line == piece.line {
            let ahead = other.along + seen.d - (f64::from(from) + 0.5) * step;
            let way = Curve::new(ahead, seen.d_step - step, 0.0).sum(1.0, &seen.across, -side);
            let [shortest, longest] = way.range(n);
            is_all &= shortest > 0.0;
            is_none |= longest <= 0.0 && least >= 0.0;
        }
        if is_all {
            return out.push(Meeting {
                b: other.line,
                left: is_left,
                first: from,
                last: to,
                t: other.along + seen.d,
                t_step: seen.d_step,
                gap,
                segments: [piece.segment, other.segment],
                is_square: [is_square(piece), is_square(other)],
                number,
            });
        }
        // Guides drawn on each other are not beside each other.
        let [low, high] = seen.across.range(n);
        let is_on = low.abs().max(high.abs()) < seen.half.range(n)[0];
        if is_none || is_on || from == to {
            return;
        }
        // Some of the samples are: each half by itself.
        let before = (to - from) / 2;
        self.add(from, from + before, seen, number, out);
        self.add(from + before + 1, to, &seen.from(before + 1), number, out);
    }
}

/// The least whole number that is not less, and 0 for those below; without the library call that `ceil` is on the
/// oldest x86-64 machines.
#[inline]
fn ceiling(v: f64) -> u32 {
    let whole = v as u32;
    whole.saturating_add(u32::from(f64::from(whole) < v))
}

/// The gap to another piece square to a place `s` along the guide of a piece, and the side it is on.
pub(super) fn meet(piece: &Piece, s: f64, other: &Piece, beside: Beside) -> Option<(f64, bool)> {
    let along = (s - piece.along).max(0.0);
    let pair = Pair::new(piece, other, beside).filter(|pair| pair.is_parallel(along))?;
    let seen = pair.seen(along, beside.step);
    let (across, d) = (seen.across.at(0.0), seen.d);
    let gap = across.abs() - seen.half.at(0.0);
    let is_ahead = other.line != piece.line || other.along + d - s > across.abs();
    let is_met = (0.0..other.length).contains(&d) && (0.0..beside.reach_nm).contains(&gap) && is_ahead;
    is_met.then_some((gap, across > 0.0))
}

/// True where a guide runs along the grid.
pub(super) fn is_square(p: &Piece) -> bool {
    let [x, y] = p.direction;
    x.abs().min(y.abs()) + p.bow[0].abs() + p.widening.abs() < SQUARE
}

/// Distances that differ by less are taken as equal where leaving a piece out must not depend on rounding.
const NEAR_NM: f64 = 1e-3;
/// Part of a step by which the sample at the end of a piece may be off.
const ROUNDING: f64 = 1e-6;
/// Sines and offsets in nm below this are rounding of numbers.
const SQUARE: f64 = 1e-9;
