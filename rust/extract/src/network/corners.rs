//! Sharp corners of an arm: what would be one guide if it were drawn alone is one guide in a network, too.
//!
//! At a mitre no cross-section is perpendicular to both sides, which cuts an arm in two stretches. Whether the way
//! around it is a guide does not depend on what the arm leads to: it is traced by itself, as a drawn shape is.

use super::intervals::{Interval, Look};
use super::parts::traced;
use crate::trace::TraceOptions;

/// A guide of an arm, with the ways around its corners.
#[derive(Clone, Debug)]
pub(super) struct Stretch {
    pub(super) whole: Interval,
    /// From a straight before a corner to one behind it, in order.
    pub(super) corners: Vec<Interval>,
}

/// A corner is looked at with so many widths of the guides before and behind it,
const BESIDE: f64 = 1.0;
/// of which no more is taken than this part.
const MOST_BESIDE: f64 = 0.5;

impl From<Interval> for Stretch {
    fn from(whole: Interval) -> Self {
        Self { whole, corners: Vec::new() }
    }
}

impl Look<'_> {
    /// The stretches of an arm, in order, those around a corner taken together.
    pub(super) fn around_corners(&self, intervals: Vec<Interval>) -> Vec<Stretch> {
        let mut out: Vec<Stretch> = Vec::with_capacity(intervals.len());
        for next in intervals {
            let corner = out.last().and_then(|last| self.corner(&last.whole, &next));
            match (out.last_mut(), corner) {
                (Some(last), Some(corner)) => {
                    last.whole.to = next.to;
                    last.whole.is_open[1] = next.is_open[1];
                    last.whole.sections[1] = next.sections[1];
                    last.corners.push(corner);
                }
                _ => out.push(next.into()),
            }
        }
        out
    }

    /// The closed way of a ring whose stretches all meet at corners, beginning in the middle of the first one.
    pub(super) fn around_ring(&self, intervals: &[Interval], around: f64) -> Option<Stretch> {
        let (first, last) = (intervals.first()?, intervals.last()?);
        let again = Interval { from: first.from + around, to: first.to + around, ..*first };
        let mut corners = Vec::with_capacity(intervals.len());
        for pair in intervals.windows(2) {
            corners.push(self.corner(&pair[0], &pair[1])?);
        }
        corners.push(self.corner(last, &again)?);
        let from = f64::midpoint(first.from, first.to);
        let sections = [self.fits(from)?, self.fits(from + around)?];
        Some(Stretch { whole: Interval { from, to: from + around, is_open: [false; 2], sections }, corners })
    }

    /// The way from one stretch to the next when it is a guide by itself.
    fn corner(&self, a: &Interval, b: &Interval) -> Option<Interval> {
        if self.strip.steps().iter().any(|step| (a.to..=b.from).contains(&step.along)) {
            return None;
        }
        let beside = |i: &Interval, k: usize| (BESIDE * i.sections[k].width).min(MOST_BESIDE * (i.to - i.from));
        let (from, to) = (a.to - beside(a, 1), b.from + beside(b, 0));
        let sections = [self.fits(from)?, self.fits(to)?];
        let corner = Interval { from, to, is_open: [false; 2], sections };
        let (width_min, width_max) = (self.opts.width_min, self.opts.width_max);
        let options = TraceOptions { width_min, width_max, ..self.opts.trace.clone() };
        traced(self, corner, &[corner], &options).map(|_| corner)
    }
}
