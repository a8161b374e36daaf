//! Sharp corners of an arm: what would be one guide if it were drawn alone is one guide in a network, too.
//!
//! At a mitre no cross-section is perpendicular to both sides, which cuts an arm in two stretches. Whether the way
//! around it is a guide does not depend on what the arm leads to: it is traced by itself, as a drawn shape is.

use super::intervals::{Interval, Look};
use super::parts::{freely, traced};
use crate::trace::TraceOptions;

/// A corner is looked at with so many widths of the guides before and behind it, as much as is a guide by itself,
const BESIDE: f64 = 3.0;
/// of which no more is taken than this part.
const MOST_BESIDE: f64 = 0.5;

/// What turns inwards is looked for so many widths beyond the ends of the stretches.
const AROUND: f64 = 0.25;
/// A corner has the area of its centre-line times the width of its guides, within this.
const WIDER_BY_CORNER: f64 = 1.1;

/// Places along a ring where it may be cut open.
const RING_PLACES: usize = 24;
/// Widths that differ by less than this, in dbu, do so by rounding.
const ROUNDING: f64 = 2.0;

impl Look<'_> {
    /// The stretches of an arm, in order, those around a corner taken together when they can be traced as one.
    pub(super) fn around_corners(&self, intervals: &[Interval]) -> Vec<Interval> {
        let is_corner: Vec<bool> = intervals.windows(2).map(|pair| self.is_corner(&pair[0], &pair[1])).collect();
        let mut out: Vec<Interval> = Vec::with_capacity(intervals.len());
        let mut first = 0;
        for k in 0..intervals.len() {
            if is_corner.get(k) == Some(&true) {
                continue;
            }
            let members = &intervals[first..=k];
            first = k + 1;
            let Some(whole) = bent(members) else { continue };
            if members.len() == 1 || traced(self, whole, &freely(self.opts)).is_some() {
                out.push(whole);
            } else {
                out.extend(members);
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

    /// The stretch between two places that both are those of a guide. The strip of a ring goes around twice: the same
    /// cross-section has another place on its sides there.
    pub(super) fn stretch(&self, from: f64, to: f64) -> Option<Interval> {
        Some(Interval { from, to, is_open: [false; 2], sections: [self.fits(from)?, self.fits(to)?] })
    }

    /// The quarters of a ring from a place on.
    pub(super) fn quarters(&self, from: f64, around: f64) -> Vec<Interval> {
        let place = |k: u8| from + around * f64::from(k) / 4.0;
        (0..4).filter_map(|k| self.stretch(place(k), place(k + 1))).collect()
    }

    /// Where a ring may be cut open, when its stretches all meet at corners.
    pub(super) fn closed_at(&self, intervals: &[Interval], around: f64) -> Option<f64> {
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
        let longest = intervals.iter().max_by(|a, b| (a.to - a.from).total_cmp(&(b.to - b.from)))?;
        self.ring_start(longest.from, longest.to).map(|s| s % around)
    }

    /// True when the way from one stretch to the next is a guide by itself: a corner with no more to it than its guides.
    fn is_corner(&self, a: &Interval, b: &Interval) -> bool {
        if self.strip.steps().iter().any(|step| (a.to..=b.from).contains(&step.along)) {
            return false;
        }
        let width = a.sections[1].width.max(b.sections[0].width);
        let places =
            [a.sections[1].places.map(|s| s - AROUND * width), b.sections[0].places.map(|s| s + AROUND * width)];
        // At a corner only the inner side turns inwards: of what has two the outer corner is missing.
        if self.strip.has_notches(self.mesh, places[0], places[1]) {
            return false;
        }
        let beside = |i: &Interval, k: usize| (BESIDE * i.sections[k].width).min(MOST_BESIDE * (i.to - i.from));
        let Some(corner) = self.stretch(a.to - beside(a, 1), b.from + beside(b, 0)) else { return false };
        let (width_min, width_max) = (self.opts.width_min, self.opts.width_max);
        let options = TraceOptions { width_min, width_max, ..self.opts.trace.clone() };
        traced(self, corner, &options).is_some_and(|trace| trace.area <= WIDER_BY_CORNER * trace.length * width)
    }
}

/// From the beginning of the first stretch to the end of the last.
fn bent(members: &[Interval]) -> Option<Interval> {
    let (first, last) = (members.first()?, members.last()?);
    Some(Interval {
        from: first.from,
        to: last.to,
        is_open: [first.is_open[0], last.is_open[1]],
        sections: [first.sections[0], last.sections[1]],
    })
}
