//! Strings meetings that follow each other on two guides together to runs, and seeks the smallest gap of each.

use std::sync::Arc;

use super::samples::Samples;
use super::{Hit, Run, meet};
use crate::lines::{Line, Pieces};
use crate::recipe::RunsPlan;
use crate::trace::narrowest::{self, CAP_ALONG_GRID, Narrowest};

/// A run that is being followed.
#[derive(Debug)]
pub(super) struct Open {
    b: u32,
    /// The side of `a` it is on: a guide that turns around the end of `a` is met on both.
    left: bool,
    first: u32,
    last: u32,
    /// Distance along `b` at the last sample.
    t: f64,
    /// -1 where `b` runs against `a`.
    hand: f64,
    samples: Samples,
    /// The smallest gap of a sample, and where it is.
    low_gap: f64,
    /// What is known of the smallest gap.
    narrowest: Closest,
    low: usize,
    at: [f64; 2],
}

/// Gaps that differ by less are the same, and the first is the smallest: between parallel guides the rounding of
/// positions would choose the place.
const SAME_GAP_NM: f64 = 0.01;

/// Bound of the gap at a single place in grid steps. Centre-lines are thinned, so that beside the rounding of the two
/// edges there is what lies between the points that were kept.
const SINGLE: f64 = 1.5 * narrowest::SINGLE;

/// The smallest gap, as far as the grid lets anybody know (see `trace::narrowest`).
#[derive(Debug)]
pub(super) struct Closest {
    grid_nm: f64,
    dbu_nm: f64,
    /// Segments of the last gap that was rounded anew.
    segments: [u32; 2],
    least: Narrowest,
}

impl Closest {
    fn new(grid_nm: f64, dbu_nm: f64) -> Self {
        Self { grid_nm, dbu_nm, segments: [u32::MAX; 2], least: Narrowest::new(grid_nm, SINGLE) }
    }

    /// What the edge of each guide may be off at a place.
    fn errors(&self, hit: &Hit) -> [f64; 2] {
        hit.is_square.map(|square| 0.5 * if square { CAP_ALONG_GRID * self.dbu_nm } else { SINGLE * self.grid_nm })
    }

    fn add(&mut self, hit: &Hit) {
        let errors = self.errors(hit);
        self.least.add_single(hit.gap, errors[0] + errors[1]);
        // Along one segment the rounding of its ends stays what it is.
        let stays = [0, 1].map(|k: usize| hit.segments[k] == self.segments[k]);
        if stays != [true; 2] {
            let off: f64 = errors.iter().zip(stays).filter(|(_, stays)| *stays).map(|(e, _)| e).sum();
            self.least.enter(hit.gap, off);
            self.segments = hit.segments;
        }
    }
}

/// Strings hits together that follow each other on both guides.
pub(super) struct Follow<'a> {
    pub(super) lines: &'a [Line],
    pub(super) all: &'a Pieces,
    pub(super) parallel: f64,
    pub(super) reach_nm: f64,
    pub(super) a: usize,
    pub(super) step: f64,
    pub(super) open: Vec<Open>,
    pub(super) done: Vec<Open>,
}

impl Follow<'_> {
    /// Nothing known yet of the gap to another guide; of the two the coarser grid counts.
    fn closest(&self, b: usize) -> Closest {
        let (p, q) = (&self.lines[self.a], &self.lines[b]);
        Closest::new(p.grid_nm.max(q.grid_nm), p.dbu_nm.max(q.dbu_nm))
    }

    pub(super) fn add(&mut self, hit: Hit) {
        // Between two samples the place on the other guide moves by about a step, more on the outside of bends.
        let jump = 4.0 * self.step;
        let mut i = 0;
        while i < self.open.len() {
            if self.open[i].last + 1 < hit.sample {
                self.done.push(self.open.remove(i));
            } else {
                i += 1;
            }
        }
        let same = |c: &Open| c.b == hit.b && c.left == hit.left;
        // A place on the joint of two pieces is met twice.
        if self.open.iter().any(|c| same(c) && c.last == hit.sample && (c.t - hit.t).abs() <= self.step / 2.0) {
            return;
        }
        let goes_on = |c: &&mut Open| same(c) && c.last + 1 == hit.sample && (c.t - hit.t).abs() <= jump;
        if let Some(c) = self.open.iter_mut().find(goes_on) {
            if hit.gap < c.low_gap - SAME_GAP_NM {
                (c.low, c.low_gap, c.at) = (c.samples.len(), hit.gap, hit.at);
            }
            c.samples.push(hit.gap, hit.t);
            c.narrowest.add(&hit);
            (c.last, c.t) = (hit.sample, hit.t);
        } else {
            let mut narrowest = self.closest(hit.b as usize);
            narrowest.add(&hit);
            let mut samples = Samples::new(self.step);
            samples.push(hit.gap, hit.t);
            self.open.push(Open {
                narrowest,
                b: hit.b,
                left: hit.left,
                first: hit.sample,
                last: hit.sample,
                t: hit.t,
                hand: hit.hand,
                samples,
                low_gap: hit.gap,
                low: 0,
                at: hit.at,
            });
        }
    }

    /// What was met at a sample is met at so many more, as far away.
    pub(super) fn stay(&mut self, hit: Hit, hand: f64, more: u32) {
        if more == 0 {
            return;
        }
        let is_it = |c: &&mut Open| {
            (c.b, c.left, c.last) == (hit.b, hit.left, hit.sample) && (c.t - hit.t).abs() <= self.step / 2.0
        };
        let Some(c) = self.open.iter_mut().find(is_it) else { return };
        c.samples.stay(hand, more);
        c.last += more;
        c.t = hit.t + f64::from(more) * (hand * self.step);
    }

    pub(super) fn finish(mut self, plan: &RunsPlan) -> Vec<Run> {
        self.done.append(&mut self.open);
        let step = self.step;
        let window = (plan.curvature_window_nm / step).round().max(1.0) as usize;
        let long_enough =
            |c: &Open| step * (c.samples.len() as f64 + 0.5) >= plan.min_length_nm && c.low_gap < plan.reach_nm;
        let mut kept: Vec<Open> = std::mem::take(&mut self.done).into_iter().filter(long_enough).collect();
        kept.sort_by(|p, q| (p.b, p.first).cmp(&(q.b, q.first)).then(p.samples.t(0).total_cmp(&q.samples.t(0))));
        for run in &mut kept {
            self.look_closer(run);
        }
        kept.into_iter()
            .map(|c| {
                let least = c.narrowest.least.least();
                Run {
                    a: self.a,
                    b: c.b as usize,
                    relative_curvature_per_nm: second_derivative(&c.samples, c.low, window, step),
                    gap_min_nm: least.value,
                    gap_error_nm: least.error,
                    other_nm: beside_ends(&c.samples, c.hand * step),
                    at: c.at,
                    samples: Arc::new(c.samples),
                    step_nm: step,
                    start_nm: f64::from(c.first) * step,
                }
            })
            .collect()
    }

    /// Looks between the samples for a gap smaller than the smallest.
    fn look_closer(&self, c: &mut Open) {
        let low = c.low_gap;
        let around = [c.low.saturating_sub(1), (c.low + 1).min(c.samples.len() - 1)];
        if around.iter().all(|&k| c.samples.gap(k) - low < SAME_GAP_NM) && c.samples.len() > 2 {
            return;
        }
        let middle = (f64::from(c.first) + c.low as f64 + 0.5) * self.step;
        let length = self.lines[self.a].length();
        let mut least = low;
        for k in -LOOKS..=LOOKS {
            let s = middle + f64::from(k) / f64::from(LOOKS) * self.step;
            if !(0.0..length).contains(&s) {
                continue;
            }
            let piece = &self.all.pieces[self.piece_at(self.a, s)];
            let at = piece.at(s - piece.along);
            let near = c.samples.t(c.low) - 2.0 * self.step;
            for other in &self.all.pieces[self.piece_at(c.b as usize, near)..] {
                if other.line != c.b || other.along > near + 4.0 * self.step {
                    break;
                }
                let met = meet(piece, at, s, other, self.parallel, self.reach_nm);
                if let Some(hit) = met.filter(|h| h.left == c.left) {
                    let errors = c.narrowest.errors(&hit);
                    c.narrowest.least.add_single(hit.gap, errors[0] + errors[1]);
                    if hit.gap < least - SAME_GAP_NM {
                        (least, c.at) = (hit.gap, hit.at);
                    }
                }
            }
        }
    }

    /// The piece of a line at a distance from its start; the first where it lies before.
    fn piece_at(&self, line: usize, s: f64) -> usize {
        let stretches = &self.all.stretches[self.all.starts[line]..self.all.starts[line + 1]];
        let Some((first, last)) = stretches.first().zip(stretches.last()) else { return self.all.pieces.len() };
        let pieces = &self.all.pieces[first.from..last.to];
        first.from + pieces.partition_point(|p| p.along <= s).saturating_sub(1)
    }
}

/// Places between two samples at which the smallest gap is sought.
const LOOKS: i32 = 8;

/// Places on the other guide beside both ends of the steps that samples stand in the middle of; `alone` is the step of a
/// single sample.
fn beside_ends(samples: &Samples, alone: f64) -> [f64; 2] {
    let last = samples.len() - 1;
    let half = |k: usize| if last == 0 { alone / 2.0 } else { (samples.t(k + 1) - samples.t(k)) / 2.0 };
    [samples.t(0) - half(0), samples.t(last) + half(last.saturating_sub(1))]
}

/// Least squares fit of a parabola to the values around `middle`; NaN for fewer than three.
fn second_derivative(samples: &Samples, middle: usize, window: usize, step: f64) -> f64 {
    let from = middle.saturating_sub(window);
    let to = (middle + window + 1).min(samples.len());
    let n = to - from;
    if n < 3 {
        return f64::NAN;
    }
    // On an even grid the quadratic coefficient needs only the moments of the centred positions.
    let mean = (n as f64 - 1.0) / 2.0;
    let x: Vec<f64> = (0..n).map(|i| i as f64 - mean).collect();
    let m2 = x.iter().map(|x| x * x).sum::<f64>() / n as f64;
    let (mut top, mut bottom) = (0.0, 0.0);
    for (x, v) in x.iter().zip(samples.some_gaps(from, to)) {
        let p = x * x - m2;
        top += p * v;
        bottom += p * p;
    }
    2.0 * top / bottom / (step * step)
}
