//! Which stretches of an arm are guides, and where exactly they begin and end.
//!
//! A stretch is a guide where its sides run along each other at the width of a guide and it is clear of
//! junctions. Borders are sought by halving, so that they depend on the drawing and not on the samples.

use super::NetworkOptions;
use super::hubs::Hub;
use super::mesh::Mesh;
use super::parts::{around_end, hint};
use super::strip::{Section, Step, Strip};

/// A stretch of an arm, by distances along its axis.
#[derive(Clone, Copy, Debug)]
pub(super) struct Interval {
    pub(super) from: f64,
    pub(super) to: f64,
    /// The stretch goes on to the end of the arm on that side: a free end of the guide.
    pub(super) is_open: [bool; 2],
    /// Cross-sections at both.
    pub(super) sections: [Section; 2],
}

/// An arm begins this many radii of its junction from the middle of it.
const CLEAR: f64 = 1.1;
/// Samples are this many widths apart.
const STEP: f64 = 0.5;
/// Fewest samples along an arm, so that a short one is looked at too.
const LEAST_SAMPLES: f64 = 8.0;
/// Halvings of a border: a thousandth of a width.
const HALVINGS: usize = 12;
/// A stretch that stops this many widths before the end of the outline reaches it.
const END_WIDTHS: f64 = 1.5;
/// At the corner between two arms an arm is as wide as further on, within this part.
const NOTCH_WIDTH: f64 = 0.25;
/// At the mouth of what is wider a guide that widens towards it is at most so many times as wide as at the last place
/// within.
const MOUTH_WIDTH: f64 = 2.0;
/// Widths closer than this part of them are the same.
const SAME_WIDTH: f64 = 1e-3;
/// A tip may widen by this part towards its end.
const TIP: f64 = 1.05;

/// Length of a stretch in widths, each piece in its own: places along it with the width at each. Exact for a taper.
fn in_widths(stretch: &[(f64, f64)]) -> f64 {
    let piece = |pair: &[(f64, f64)]| {
        let ((s, w), (t, v)) = (pair[0], pair[1]);
        let change = v / w;
        let mean = if (change - 1.0).abs() < SAME_WIDTH { f64::midpoint(w, v) } else { (v - w) / change.ln() };
        (t - s) / mean
    };
    stretch.windows(2).map(piece).sum()
}

/// What is asked of an arm.
pub(super) struct Look<'a> {
    pub(super) mesh: &'a Mesh,
    pub(super) strip: &'a Strip,
    /// The junctions at the beginning and the end; `None` at the outline.
    pub(super) hubs: [Option<Hub>; 2],
    pub(super) opts: &'a NetworkOptions,
}

impl Look<'_> {
    /// The cross-section at `s` when it is that of a guide.
    pub(super) fn fits(&self, s: f64) -> Option<Section> {
        self.strip.section(s).filter(|section| self.is_good(section))
    }

    fn is_wide(&self, section: &Section) -> bool {
        (self.opts.width_min..=self.opts.width_max).contains(&section.width)
    }

    fn is_good(&self, section: &Section) -> bool {
        let is_clear = |hub: &Hub| {
            let away = (section.at[0] - hub.at[0]).hypot(section.at[1] - hub.at[1]);
            away >= CLEAR * hub.radius
        };
        self.is_wide(section) && self.hubs.iter().flatten().all(is_clear)
    }

    fn samples(&self, from: f64, to: f64) -> Vec<f64> {
        let most = (to - from) / LEAST_SAMPLES;
        let mut samples = vec![from];
        let mut s = from;
        loop {
            s += (STEP * self.strip.chord_length(s)).max(0.25 * self.opts.width_min).min(most.max(1.0));
            if s >= to {
                break;
            }
            samples.push(s);
        }
        if to > from {
            samples.push(to);
        }
        // A step may be passed between two samples.
        samples.extend(self.strip.steps().iter().map(|step| step.along).filter(|&s| s > from && s < to));
        samples.sort_by(f64::total_cmp);
        samples
    }

    /// The cross-section at which a stretch begins (`k` = 0) or ends that fits from one place to the other and not at
    /// `bad`; it goes on to the end of the arm where there is none. The outermost stretch of an arm may end at the corner
    /// to the next one.
    fn cut(
        &self,
        k: usize,
        steps: &[Step],
        fitting: [f64; 2],
        bad: Option<f64>,
        is_outermost: bool,
    ) -> Option<(f64, Section)> {
        let good = fitting[k];
        let within = self.fits(good)?;
        let Some(bad) = bad else {
            return Some(self.notch(k, is_outermost, (good, within)));
        };
        // How far into what is wider the sides seem to run along each other depends on the triangles there. Between two
        // corners it is plain where the guide ends, however near the middle of the junction is.
        let length = fitting[1] - fitting[0];
        let mouth = self.strip.section_at_mouth(self.mesh, &within, length, bad, k == 1);
        let is_like = |s: &Section| (s.width / within.width).max(within.width / s.width) <= MOUTH_WIDTH;
        if mouth.as_ref().is_some_and(|(_, section)| self.is_wide(section) && is_like(section)) {
            return mouth;
        }
        let cut = self.at_step(steps, good, bad).or_else(|| self.border(good, bad))?;
        Some(self.notch(k, is_outermost, cut))
    }

    /// The cross-section at the step of a side that is the nearest to a place that fits, before one that does not.
    fn at_step(&self, steps: &[Step], good: f64, bad: f64) -> Option<(f64, Section)> {
        let is_after = good > bad;
        let (low, high) = (good.min(bad), good.max(bad));
        let from = steps.partition_point(|step| step.along < low);
        let to = steps.partition_point(|step| step.along <= high);
        let step = if is_after { steps[from..to].last() } else { steps[from..to].first() }?;
        let section = self.strip.section_at(step, is_after).filter(|section| self.is_good(section))?;
        Some((step.along, section))
    }

    /// The border between a place that fits and one that does not, with its cross-section.
    fn border(&self, mut good: f64, mut bad: f64) -> Option<(f64, Section)> {
        for _ in 0..HALVINGS {
            let middle = f64::midpoint(good, bad);
            if self.fits(middle).is_some() {
                good = middle;
            } else {
                bad = middle;
            }
        }
        self.fits(good).map(|section| (good, section))
    }

    /// The guides between two places of the arm, in order. `ends` says where the outline ends.
    pub(super) fn intervals(&self, from: f64, to: f64, ends: [bool; 2]) -> Vec<Interval> {
        let samples = self.samples(from, to);
        let steps = self.strip.steps();
        let fits: Vec<Option<f64>> = samples.iter().map(|&s| self.fits(s).map(|c| c.width)).collect();
        let mut out = Vec::new();
        let mut k = 0;
        while k < samples.len() {
            if fits[k].is_none() {
                k += 1;
                continue;
            }
            let first = k;
            while k < samples.len() && fits[k].is_some() {
                k += 1;
            }
            let last = k - 1;
            let width = |i: usize| fits[i].unwrap_or(0.0);
            let is_open = [
                ends[0]
                    && fits[..first].iter().all(Option::is_none)
                    && self.reaches_end(&samples[..first], samples[first] - from, width(first)),
                ends[1]
                    && fits[last + 1..].iter().all(Option::is_none)
                    && self.reaches_end(&samples[last + 1..], to - samples[last], width(last)),
            ];
            let fitting = [samples[first], samples[last]];
            let before = first.checked_sub(1).map(|i| samples[i]);
            let begin = self.cut(0, &steps, fitting, before, fits[..first].iter().all(Option::is_none));
            let after = samples.get(last + 1).copied();
            let end = self.cut(1, &steps, fitting, after, fits[last + 1..].iter().all(Option::is_none));
            let (Some(begin), Some(end)) = (begin, end) else { continue };
            let inner = (first..=last).map(|i| (samples[i], width(i)));
            let all = std::iter::once((begin.0, begin.1.width)).chain(inner).chain([(end.0, end.1.width)]);
            let inside: Vec<(f64, f64)> = all.filter(|(s, _)| (begin.0..=end.0).contains(s)).collect();
            let interval = Interval { from: begin.0, to: end.0, is_open, sections: [begin.1, end.1] };
            if in_widths(&inside) + self.beyond(&interval, 0) + self.beyond(&interval, 1) >= self.opts.aspect {
                out.push(interval);
            }
        }
        out
    }

    /// How far an open end goes on beyond the last cross-section, in widths.
    fn beyond(&self, interval: &Interval, k: usize) -> f64 {
        if !interval.is_open[k] {
            return 0.0;
        }
        let section = &interval.sections[k];
        let [left, right] = self.strip.points_at(section.places);
        let cap = if k == 0 { around_end(self.mesh, left, right) } else { around_end(self.mesh, right, left) };
        let tip = hint(section, k, true, &cap);
        (tip.x - section.at[0]).hypot(tip.y - section.at[1]) / section.width
    }

    /// The cut at the corner between this arm and the next one, where there is a corner; else as it was.
    fn notch(&self, k: usize, is_outermost: bool, cut: (f64, Section)) -> (f64, Section) {
        if !is_outermost || self.hubs[k].is_none() {
            return cut;
        }
        let found = self.strip.section_at_notch(self.mesh, k == 1);
        let fits = |(_, s): &(f64, Section)| self.is_wide(s) && (s.width / cut.1.width - 1.0).abs() <= NOTCH_WIDTH;
        found.filter(fits).unwrap_or(cut)
    }

    /// True when what is left up to the end of the outline is its cap, or a tip.
    fn reaches_end(&self, rest: &[f64], length: f64, width: f64) -> bool {
        // Chords between few corners lean, and are longer than what they cross is wide.
        let wide = |s: f64| self.strip.section(s).map_or_else(|| self.strip.chord_length(s), |section| section.width);
        length <= END_WIDTHS * width || rest.iter().all(|&s| wide(s) <= TIP * width)
    }
}
