//! Samples of a run: those that follow each other between two pieces of the guides are kept as one curve.

use super::curve::Curve;

/// Samples that follow each other at an even step.
#[derive(Clone, Copy, Debug)]
struct Part {
    /// Number of the first one in the run.
    first: u32,
    gap: Curve,
    /// Distance along the other guide at the first one, and from each to the next.
    t: f64,
    t_step: f64,
}

impl Part {
    fn gap(&self, k: usize) -> f64 {
        self.gap.at(f64::from(k as u32 - self.first))
    }

    fn t(&self, k: usize) -> f64 {
        self.t + f64::from(k as u32 - self.first) * self.t_step
    }
}

/// Gaps, and places on the other guide, at all samples of a run.
#[derive(Clone, Debug, Default)]
pub struct Samples {
    parts: Vec<Part>,
    len: u32,
    /// Length a sample stands for.
    step_nm: f64,
}

impl Samples {
    /// None yet.
    pub(super) fn new(step_nm: f64) -> Self {
        Self { parts: Vec::new(), len: 0, step_nm }
    }

    /// Number of samples.
    pub fn len(&self) -> usize {
        self.len as usize
    }

    /// True when there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds so many samples; `t` is the distance along the other guide at the first of them.
    pub(super) fn push(&mut self, count: u32, gap: Curve, t: f64, t_step: f64) {
        self.parts.push(Part { first: self.len, gap, t, t_step });
        self.len += count;
    }

    fn part(&self, k: usize) -> &Part {
        &self.parts[self.parts.partition_point(|p| p.first as usize <= k) - 1]
    }

    /// The gap at a sample.
    pub(super) fn gap(&self, k: usize) -> f64 {
        self.part(k).gap(k)
    }

    /// Distance along the other guide at a sample.
    pub(super) fn t(&self, k: usize) -> f64 {
        self.part(k).t(k)
    }

    /// Parts with the numbers of their samples, in order.
    fn parts(&self) -> impl Iterator<Item = (&Part, std::ops::Range<usize>)> + '_ {
        self.parts.iter().enumerate().map(|(i, part)| {
            let end = self.parts.get(i + 1).map_or(self.len, |next| next.first);
            (part, part.first as usize..end as usize)
        })
    }

    /// The gap at each sample.
    pub fn gaps(&self) -> impl Iterator<Item = f64> + '_ {
        self.parts().flat_map(|(part, own)| own.map(|k| part.gap(k)))
    }

    /// Length of the other guide beside each sample: longer on the outside of a bend, shorter inside.
    pub fn other_steps_nm(&self) -> Vec<f64> {
        let ts: Vec<f64> = self.parts().flat_map(|(part, own)| own.map(|k| part.t(k))).collect();
        steps(&ts, self.step_nm)
    }
}

/// Differences of values from neighbour to neighbour, without sign; `alone` for a single value.
fn steps(values: &[f64], alone: f64) -> Vec<f64> {
    let Some(last) = values.len().checked_sub(1).filter(|&last| last > 0) else {
        return vec![alone; values.len()];
    };
    let one = |k: usize| {
        let (from, to) = (k.saturating_sub(1), (k + 1).min(last));
        (values[to] - values[from]).abs() / (to - from) as f64
    };
    (0..=last).map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_as_a_curve_reads_as_if_each_sample_were_kept() {
        let mut samples = Samples::new(500.0);
        samples.push(1, Curve::line(200.0, 0.0, 200.0), 1000.0, 500.0);
        samples.push(4, Curve::line(190.0, 4.0, 186.0), 1490.0, 500.0);
        samples.push(1, Curve::line(195.0, 0.0, 195.0), 3500.0, 500.0);
        assert_eq!(samples.len(), 6);
        assert_eq!(samples.gaps().collect::<Vec<f64>>(), [200.0, 190.0, 189.0, 188.0, 187.0, 195.0]);
        assert_eq!(samples.other_steps_nm(), [490.0, 495.0, 500.0, 500.0, 505.0, 510.0]);
        assert_eq!((samples.gap(4), samples.t(4)), (187.0, 2990.0));
    }

    #[test]
    fn a_lone_sample_stands_for_its_step() {
        let mut samples = Samples::new(500.0);
        assert!(samples.is_empty() && samples.other_steps_nm().is_empty());
        samples.push(1, Curve::line(200.0, 0.0, 200.0), 1000.0, 500.0);
        assert_eq!(samples.other_steps_nm(), [500.0]);
    }
}
