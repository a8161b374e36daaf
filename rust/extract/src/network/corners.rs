//! Sharp corners of an arm: what would be one guide if it were drawn alone is one guide in a network, too.
//!
//! At a mitre no cross-section is perpendicular to both sides, which cuts an arm in two stretches. Whether the way
//! around it is a guide does not depend on what the arm leads to: it is traced by itself, as a drawn shape is.

use super::intervals::{Interval, Look};
use super::parts::traced;
use crate::trace::TraceOptions;

/// A corner is looked at with so many widths of the guides before and behind it,
const BESIDE: f64 = 1.0;
/// of which no more is taken than this part.
const MOST_BESIDE: f64 = 0.5;

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

    /// The closed way of a ring whose stretches all meet at corners, beginning in the middle of the first one.
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
        let from = f64::midpoint(first.from, first.to) % around;
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
