//! Strings meetings that follow each other on two guides together to runs, and seeks the smallest gap of each.

use std::sync::Arc;

use super::Run;
use super::meet::{Beside, Meeting, is_square, meet};
use super::samples::Samples;
use crate::lines::{Line, Piece, Pieces};
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
    /// Distance along `b` at the last sample, and from each to the next.
    t: f64,
    t_step: f64,
    samples: Samples,
    /// The smallest gap of a sample.
    low_gap: f64,
    /// What is known of the smallest gap.
    narrowest: Closest,
}

impl Open {
    /// Distance along `b` at a sample, which is not far from the last.
    fn t_at(&self, sample: u32) -> f64 {
        self.t + (f64::from(sample) - f64::from(self.last)) * self.t_step
    }

    fn add(&mut self, meeting: &Meeting) {
        let count = meeting.last - meeting.first + 1;
        let gap = meeting.gap.least(count - 1);
        self.narrowest.add(meeting, gap);
        self.low_gap = self.low_gap.min(gap);
        self.samples.push(count, meeting.gap, meeting.t, meeting.t_step);
        (self.last, self.t_step) = (meeting.last, meeting.t_step);
        self.t = meeting.t + f64::from(count - 1) * meeting.t_step;
    }
}

/// Gaps that differ by less are the same: between parallel guides the rounding of their ends to the grid would choose
/// the place of the smallest.
const SAME_GAP_NM: f64 = 0.1;

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
    fn errors(&self, is_square: [bool; 2]) -> [f64; 2] {
        is_square.map(|square| 0.5 * if square { CAP_ALONG_GRID * self.dbu_nm } else { SINGLE * self.grid_nm })
    }

    /// Adds a meeting with its smallest gap.
    fn add(&mut self, meeting: &Meeting, gap: f64) {
        let errors = self.errors(meeting.is_square);
        self.least.add_single(gap, errors[0] + errors[1]);
        // Along one segment the rounding of its ends stays what it is.
        let stays = [0, 1].map(|k: usize| meeting.segments[k] == self.segments[k]);
        if stays != [true; 2] {
            let off: f64 = errors.iter().zip(stays).filter(|(_, stays)| *stays).map(|(e, _)| e).sum();
            self.least.enter(meeting.gap.at(0.0), off);
            self.segments = meeting.segments;
        }
    }
}

/// Strings meetings together that follow each other on both guides.
pub(super) struct Follow<'a> {
    pub(super) lines: &'a [Line],
    pub(super) all: &'a Pieces,
    pub(super) beside: Beside,
    pub(super) a: usize,
    pub(super) open: Vec<Open>,
    pub(super) done: Vec<Open>,
}

impl Follow<'_> {
    /// Nothing known yet of the gap to another guide; of the two the coarser grid counts.
    fn closest(&self, b: usize) -> Closest {
        let (p, q) = (&self.lines[self.a], &self.lines[b]);
        Closest::new(p.grid_nm.max(q.grid_nm), p.dbu_nm.max(q.dbu_nm))
    }

    /// Adds a meeting; those before it began at no later sample.
    pub(super) fn add(&mut self, mut meeting: Meeting) {
        let step = self.beside.step;
        // Between two samples the place on the other guide moves by about a step, more on the outside of bends.
        let jump = 4.0 * step;
        let mut i = 0;
        while i < self.open.len() {
            if self.open[i].last + 1 < meeting.first {
                self.done.push(self.open.remove(i));
            } else {
                i += 1;
            }
        }
        // A place on the joint of two pieces is met twice.
        let is_again = |c: &&Open| {
            let same = (c.b, c.left) == (meeting.b, meeting.left) && c.last >= meeting.first;
            same && (c.t_at(meeting.first) - meeting.t).abs() <= step / 2.0
        };
        if let Some(last) = self.open.iter().find(is_again).map(|c| c.last) {
            if last >= meeting.last {
                return;
            }
            meeting = meeting.from(last + 1);
        }
        let goes_on = |c: &&mut Open| {
            let same = (c.b, c.left) == (meeting.b, meeting.left) && c.last + 1 == meeting.first;
            same && (c.t - meeting.t).abs() <= jump
        };
        if let Some(c) = self.open.iter_mut().find(goes_on) {
            c.add(&meeting);
            return;
        }
        let mut open = Open {
            b: meeting.b,
            left: meeting.left,
            first: meeting.first,
            last: meeting.first,
            t: meeting.t,
            t_step: meeting.t_step,
            samples: Samples::new(step),
            low_gap: f64::INFINITY,
            narrowest: self.closest(meeting.b as usize),
        };
        open.add(&meeting);
        self.open.push(open);
    }

    pub(super) fn finish(mut self, plan: &RunsPlan) -> Vec<Run> {
        self.done.append(&mut self.open);
        let step = self.beside.step;
        let window = (plan.curvature_window_nm / step).round().max(1.0) as usize;
        let long_enough =
            |c: &Open| step * (c.samples.len() as f64 + 0.5) >= plan.min_length_nm && c.low_gap < plan.reach_nm;
        let mut kept: Vec<Open> = std::mem::take(&mut self.done).into_iter().filter(long_enough).collect();
        kept.sort_by(|p, q| (p.b, p.first).cmp(&(q.b, q.first)).then(p.samples.t(0).total_cmp(&q.samples.t(0))));
        kept.into_iter()
            .map(|mut c| {
                let low = c.samples.middle_of_first_below(c.low_gap + SAME_GAP_NM);
                let at = self.closest_place(&mut c, low);
                let least = c.narrowest.least.least();
                let span_nm = [false, true].map(|at_end| self.tip(&c, at_end));
                let steps_nm = [c.first, c.last + 1].map(|k| f64::from(k) * step);
                Run {
                    a: self.a,
                    b: c.b as usize,
                    relative_curvature_per_nm: second_derivative(&c.samples, low, window, step),
                    gap_min_nm: least.value,
                    gap_error_nm: least.error,
                    other_nm: beside_ends(&c, span_nm, step),
                    at,
                    n_rows: c.samples.n_rows() as u32,
                    samples: Arc::new(c.samples),
                    step_nm: step,
                    span_nm,
                    beyond_nm: [steps_nm[0] - span_nm[0], span_nm[1] - steps_nm[1]],
                }
            })
            .collect()
    }

    /// The place of the smallest gap, which is near a sample. Looks between the samples for a gap smaller than that.
    fn closest_place(&self, c: &mut Open, low: usize) -> [f64; 2] {
        let Beside { step, .. } = self.beside;
        let [pieces, others] = [self.a, c.b as usize].map(|line| &self.all.pieces[line][..]);
        let middle = (f64::from(c.first) + low as f64 + 0.5) * step;
        let piece = &pieces[piece_at(pieces, middle)];
        let mut at = piece.at(middle - piece.along);
        let mut least = c.samples.gap(low);
        let around = [low.saturating_sub(1), (low + 1).min(c.samples.len() - 1)];
        if around.iter().all(|&k| c.samples.gap(k) - least < SAME_GAP_NM) && c.samples.len() > 2 {
            return at;
        }
        let length = self.lines[self.a].length();
        let near = c.samples.t(low) - 2.0 * step;
        let others = &others[piece_at(others, near)..];
        let mut own = piece_at(pieces, middle - step);
        for k in -LOOKS..=LOOKS {
            let s = middle + f64::from(k) / f64::from(LOOKS) * step;
            if !(0.0..length).contains(&s) {
                continue;
            }
            while pieces.get(own + 1).is_some_and(|p| p.along <= s) {
                own += 1;
            }
            let piece = &pieces[own];
            for other in others.iter().take_while(|o| o.along <= near + 4.0 * step) {
                let met = meet(piece, s, other, self.beside).filter(|(_, left)| *left == c.left);
                let Some((gap, _)) = met else { continue };
                let errors = c.narrowest.errors([piece, other].map(is_square));
                c.narrowest.least.add_single(gap, errors[0] + errors[1]);
                if gap < least - SAME_GAP_NM {
                    (least, at) = (gap, piece.at(s - piece.along));
                }
            }
        }
        at
    }

    /// How far along the guide a run begins or ends: between its outermost sample and the next one, which is none of it.
    fn tip(&self, c: &Open, at_end: bool) -> f64 {
        let Beside { step, .. } = self.beside;
        let (sample, t) = if at_end { (c.last, c.samples.t(c.samples.len() - 1)) } else { (c.first, c.samples.t(0)) };
        let middle = (f64::from(sample) + 0.5) * step;
        let length = self.lines[self.a].length();
        let farthest = if at_end { (middle + step).min(length) } else { (middle - step).max(0.0) };
        let [pieces, others] = [self.a, c.b as usize].map(|line| &self.all.pieces[line][..]);
        let others = &others[piece_at(others, t - 2.0 * step)..];
        let is_met = |s: f64| {
            let piece = &pieces[piece_at(pieces, s)];
            let mut near = others.iter().take_while(|o| o.along <= t + 2.0 * step);
            near.any(|other| meet(piece, s, other, self.beside).is_some_and(|(_, left)| left == c.left))
        };
        // The places at which lines begin and end belong to them, whatever is left of them beyond.
        let inward = if at_end { -AT_END_NM } else { AT_END_NM };
        if is_met(farthest + inward) {
            // What goes on along the guide, but not along this run, is another one.
            let is_end = farthest <= 0.0 || farthest >= length;
            return if is_end { farthest } else { f64::midpoint(middle, farthest) };
        }
        let (mut met, mut not) = (middle, farthest);
        for _ in 0..HALVINGS {
            let s = f64::midpoint(met, not);
            if is_met(s) { met = s } else { not = s }
        }
        met
    }
}

/// The piece of a line at a distance from its start; the first where it lies before.
fn piece_at(pieces: &[Piece], s: f64) -> usize {
    pieces.partition_point(|p| p.along <= s).saturating_sub(1)
}

/// Places between two samples at which the smallest gap is sought.
const LOOKS: i32 = 8;

/// Halvings of the step in which a run begins or ends: a thousandth of it is left.
const HALVINGS: usize = 10;
/// So far from the end of a line it is looked whether a run reaches it.
const AT_END_NM: f64 = 0.01;

/// Places on the other guide beside both ends of a run.
fn beside_ends(c: &Open, span_nm: [f64; 2], step: f64) -> [f64; 2] {
    let samples = &c.samples;
    let last = samples.len() - 1;
    // By how much the place moves with each step there; a single sample has none beside it.
    let slope =
        |k: usize| if last == 0 { 1.0_f64.copysign(c.t_step) } else { (samples.t(k + 1) - samples.t(k)) / step };
    let middle = |sample: u32| (f64::from(sample) + 0.5) * step;
    [
        samples.t(0) + (span_nm[0] - middle(c.first)) * slope(0),
        samples.t(last) + (span_nm[1] - middle(c.last)) * slope(last.saturating_sub(1)),
    ]
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
    for (x, v) in x.iter().zip((from..to).map(|k| samples.gap(k))) {
        let p = x * x - m2;
        top += p * v;
        bottom += p * p;
    }
    2.0 * top / bottom / (step * step)
}
