//! Sharp corners of an arm: what would be one guide if it were drawn alone is one guide in a network, too.
//!
//! At a mitre no cross-section is perpendicular to both sides, which cuts an arm in two stretches. Whether the way
//! around it is a guide does not depend on what the arm leads to: it is traced by itself, as a drawn shape is.

use super::intervals::{Interval, Look};
use super::parts::traced;
use crate::trace::TraceOptions;

/// A corner is looked at with so many widths of the guides before and behind it, as much as is a guide by itself,
const BESIDE: f64 = 3.0;
/// of which no more is taken than this part.
const MOST_BESIDE: f64 = 0.5;

/// Places along a ring where it may be cut open.
const RING_PLACES: usize = 24;
/// Widths that differ by less than this, in dbu, do so by rounding.
const ROUNDING: f64 = 2.0;

impl Look<'_> {
    /// The stretches of an arm, in order, those around a corner taken together.
    pub(super) fn around_corners(&self, intervals: Vec<Interval>) -> Vec<Interval> {
        let mut out: Vec<Interval> = Vec::with_capacity(intervals.len());
        for next in intervals {
            match out.last_mut().filter(|last| self.is_corner(last, &next)) {
                Some(last) => {
                    last.to = next.to;
                    last.is_open[1] = next.is_open[1];
                    last.sections[1] = next.sections[1];
                }
                None => out.push(next),
            }
        }
        out
    }

    /// A place between two to cut a ring open: far from corners, at which it is wider.
    pub(super) fn ring_start(&self, from: f64, to: f64) -> Option<f64> {
        let place = |k: usize| from + (to - from) * k as f64 / RING_PLACES as f64;
        let widths: Vec<Option<f64>> = (0..=RING_PLACES).map(|k| self.fits(place(k)).map(|c| c.width)).collect();
        let narrowest = widths.iter().flatten().copied().fold(f64::INFINITY, f64::min);
        let mut best = 0..0;
        let mut run = 0..0;
        for (k, width) in widths.iter().enumerate() {
            let is_good = width.is_some_and(|w| w <= narrowest + ROUNDING);
            run = if is_good { run.start..k + 1 } else { k + 1..k + 1 };
            if run.len() > best.len() {
                best = run.clone();
            }
        }
        (!best.is_empty()).then(|| place(usize::midpoint(best.start, best.end - 1)))
    }

    /// The quarters of a ring from a place on.
    pub(super) fn quarters(&self, from: f64, around: f64) -> Vec<Interval> {
        let quarter = |k: u8| {
            let [from, to] = [k, k + 1].map(|k| from + around * f64::from(k) / 4.0);
            Some(Interval { from, to, is_open: [false; 2], sections: [self.fits(from)?, self.fits(to)?] })
        };
        (0..4).filter_map(quarter).collect()
    }

    /// The closed way of a ring whose stretches all meet at corners.
    pub(super) fn around_ring(&self, intervals: &[Interval], around: f64) -> Option<Interval> {
        let (first, last) = (intervals.first()?, intervals.last()?);
        // The strip goes around twice: where it ends, it is the first round that has the way from last to first.
        let later = |i: &Interval, by: f64| Interval { from: i.from + by, to: i.to + by, ..*i };
        let again = later(first, around);
        let [last, again] =
            if again.to <= self.strip.length() { [*last, again] } else { [later(last, -around), *first] };
        let is_closed = intervals.windows(2).all(|pair| self.is_corner(&pair[0], &pair[1]));
        if !is_closed || !self.is_corner(&last, &again) {
            return None;
        }
        let from = self.ring_start(first.from, first.to)? % around;
        let sections = [self.fits(from)?, self.fits(from + around)?];
        Some(Interval { from, to: from + around, is_open: [false; 2], sections })
    }

    /// True when the way from one stretch to the next is a guide by itself.
    fn is_corner(&self, a: &Interval, b: &Interval) -> bool {
        if self.strip.steps().iter().any(|step| (a.to..=b.from).contains(&step.along)) {
            return false;
        }
        let beside = |i: &Interval, k: usize| (BESIDE * i.sections[k].width).min(MOST_BESIDE * (i.to - i.from));
        let (from, to) = (a.to - beside(a, 1), b.from + beside(b, 0));
        let (Some(begin), Some(end)) = (self.fits(from), self.fits(to)) else { return false };
        let corner = Interval { from, to, is_open: [false; 2], sections: [begin, end] };
        let (width_min, width_max) = (self.opts.width_min, self.opts.width_max);
        traced(self, corner, &TraceOptions { width_min, width_max, ..self.opts.trace.clone() }).is_some()
    }
}
