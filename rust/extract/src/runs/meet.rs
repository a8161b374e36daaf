//! Where the lines across a piece of a guide meet a piece of another, and how far away.

use super::curve::Curve;
use crate::lines::Piece;

/// What counts as beside each other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Beside {
    /// Least cosine between the guides.
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

/// The other piece seen from a place on a piece, square to that.
#[derive(Clone, Copy, Debug)]
struct Seen {
    /// Distance along the other piece.
    d: f64,
    /// Distance to the left, from middle to middle.
    across: f64,
    /// Mean of both widths.
    half: f64,
}

impl Seen {
    /// From a place so far along the piece. Both guides bow out from their pieces.
    #[inline]
    fn new(piece: &Piece, along: f64, other: &Piece, cos: f64) -> Self {
        let ([ux, uy], [vx, vy]) = (piece.direction, other.direction);
        let at = piece.at(along);
        let (rx, ry) = (at[0] - other.from[0], at[1] - other.from[1]);
        let d = (rx * ux + ry * uy) / cos;
        // The other one is seen along or against its own direction.
        let across = (ry - vy * d) * -ux + (rx - vx * d) * uy + other.bowed_at(d) * cos - piece.bowed_at(along);
        Self { d, across, half: f64::midpoint(piece.width_at(along), other.width_at(d)) }
    }

    fn gap(&self) -> f64 {
        self.across.abs() - self.half
    }
}

/// Two pieces within reach of each other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair<'a> {
    piece: &'a Piece,
    other: &'a Piece,
    beside: Beside,
    /// Of the angle between the two.
    cos: f64,
    /// First and last sample at which they can meet, or one beyond.
    from: u32,
    to: u32,
}

impl<'a> Pair<'a> {
    /// `None` when the other piece is not parallel or not within reach.
    pub(super) fn new(piece: &'a Piece, other: &'a Piece, beside: Beside) -> Option<Self> {
        let ([ux, uy], [vx, vy]) = (piece.direction, other.direction);
        let cos = ux * vx + uy * vy;
        if cos.abs() < beside.parallel {
            return None;
        }
        let (rx, ry) = (other.from[0] - piece.from[0], other.from[1] - piece.from[1]);
        let start = rx * ux + ry * uy;
        let end = start + other.length * cos;
        if start.max(end) < -NEAR_NM || start.min(end) > piece.length + NEAR_NM {
            return None;
        }
        // Across the piece both ends of the other one, which bows out in between, lie on one side and too far.
        let (begin, finish) = (ry * ux - rx * uy, (ry + vy * other.length) * ux - (rx + vx * other.length) * uy);
        let wide = [piece, other].map(|p| p.bow[0].abs() + f64::midpoint(p.width, p.widening.abs()));
        if begin * finish > 0.0 && begin.abs().min(finish.abs()) > beside.reach_nm + wide[0] + wide[1] + NEAR_NM {
            return None;
        }
        let sample = |along: f64| (piece.along + along) / beside.step - 0.5;
        let (first, last) = (sample(start.min(end)), sample(start.max(end)));
        let from = (first - ROUNDING).ceil().max(0.0) as u32;
        let to = (last + ROUNDING).floor().max(0.0) as u32;
        Some(Self { piece, other, beside, cos, from, to })
    }

    fn seen(&self, sample: u32) -> Seen {
        let s = (f64::from(sample) + 0.5) * self.beside.step;
        Seen::new(self.piece, (s - self.piece.along).max(0.0), self.other, self.cos)
    }

    fn is_beside(&self, seen: &Seen) -> bool {
        (0.0..self.other.length).contains(&seen.d)
    }

    /// All meetings at the samples from `from` until before `until`, which stand on the piece.
    pub(super) fn add_meetings(&self, from: u32, until: u32, number: usize, out: &mut Vec<Meeting>) {
        let (mut from, mut to) = (self.from.max(from), self.to.min(until.saturating_sub(1)));
        while from <= to {
            let first = self.seen(from);
            if !self.is_beside(&first) {
                from += 1;
                continue;
            }
            let last = if to > from { self.seen(to) } else { first };
            if !self.is_beside(&last) {
                to -= 1;
                continue;
            }
            return self.add((from, first), (to, last), number, out);
        }
    }

    /// Adds the meetings between two samples, both beside the other piece.
    fn add(&self, (from, first): (u32, Seen), (to, last): (u32, Seen), number: usize, out: &mut Vec<Meeting>) {
        let (piece, other, Beside { reach_nm, step, .. }) = (self.piece, self.other, self.beside);
        let n = f64::from(to - from);
        let is_straight = to <= from + 1 || piece.bow[0].abs() + other.bow[0].abs() <= 0.0;
        let middle = (to - from) / 2;
        let across = if is_straight {
            Curve::line(first.across, n, last.across)
        } else {
            Curve::through(first.across, (f64::from(middle), self.seen(from + middle).across), (n, last.across))
        };
        let half = Curve::line(first.half, n, last.half);
        let side = first.across.signum();
        let gap = across.sum(side, &half, -1.0);
        let [least, most] = gap.range(n);
        let s = (f64::from(from) + 0.5) * step;
        let t_step = step / self.cos;
        // A guide beside itself: counted from its earlier side, and not across the inside of a bend, where the
        // way along is no longer than across.
        let (mut is_all, mut is_none) = (least >= 0.0 && most < reach_nm, least >= reach_nm);
        if other.line == piece.line {
            let ahead = other.along + first.d - s;
            let way = Curve::line(ahead, n, ahead + n * (t_step - step)).sum(1.0, &across, -side);
            let [shortest, longest] = way.range(n);
            is_all &= shortest > 0.0;
            is_none |= longest <= 0.0 && least >= 0.0;
        }
        if is_all {
            return out.push(Meeting {
                b: other.line,
                left: first.across > 0.0,
                first: from,
                last: to,
                t: other.along + first.d,
                t_step,
                gap,
                segments: [piece.segment, other.segment],
                is_square: [piece, other].map(is_square),
                number,
            });
        }
        // Guides drawn on each other are not beside each other.
        let [low, high] = across.range(n);
        let is_on = low.abs().max(high.abs()) < half.range(n)[0];
        if is_none || is_on || from == to {
            return;
        }
        // Some of the samples are: each half by itself.
        let (p, q) = (from + middle, from + middle + 1);
        self.add((from, first), (p, self.seen(p)), number, out);
        self.add((q, self.seen(q)), (to, last), number, out);
    }
}

/// True where a guide runs along the grid.
pub(super) fn is_square(p: &Piece) -> bool {
    let [x, y] = p.direction;
    x.abs().min(y.abs()) + p.bow[0].abs() + p.widening.abs() < SQUARE
}

/// The gap to another piece square to a place `s` along the guide of a piece, and the side it is on.
pub(super) fn meet(piece: &Piece, s: f64, other: &Piece, beside: &Beside) -> Option<(f64, bool)> {
    let cos = piece.direction[0] * other.direction[0] + piece.direction[1] * other.direction[1];
    if cos.abs() < beside.parallel {
        return None;
    }
    let seen = Seen::new(piece, (s - piece.along).max(0.0), other, cos);
    let gap = seen.gap();
    let is_ahead = other.line != piece.line || other.along + seen.d - s > seen.across.abs();
    let is_met = (0.0..other.length).contains(&seen.d) && (0.0..beside.reach_nm).contains(&gap) && is_ahead;
    is_met.then_some((gap, seen.across > 0.0))
}

/// Distances that differ by less are taken as equal where leaving a piece out must not depend on rounding.
const NEAR_NM: f64 = 1e-3;
/// Part of a step by which the sample at the end of a piece may be off.
const ROUNDING: f64 = 1e-6;
/// Sines and offsets in nm below this are rounding of numbers.
const SQUARE: f64 = 1e-9;
