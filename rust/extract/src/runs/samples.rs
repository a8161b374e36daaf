//! Samples of a run: where nothing changes from one to the next, a whole stretch of them is kept as one.

/// Samples that follow each other at an even step, all at one gap.
#[derive(Clone, Copy, Debug)]
struct Even {
    /// Number of the first one in the run.
    first: u32,
    /// 0 for one alone, else which way the other guide runs.
    hand: i8,
    gap: f64,
    /// Distance along the other guide at the first one.
    t: f64,
}

/// Gaps, and places on the other guide, at all samples of a run.
#[derive(Clone, Debug, Default)]
pub struct Samples {
    evens: Vec<Even>,
    len: u32,
    /// Length a sample stands for.
    step_nm: f64,
}

impl Samples {
    /// None yet.
    pub fn new(step_nm: f64) -> Self {
        Self { evens: Vec::new(), len: 0, step_nm }
    }

    /// Number of samples.
    pub fn len(&self) -> usize {
        self.len as usize
    }

    /// True when there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds a sample.
    pub(super) fn push(&mut self, gap: f64, t: f64) {
        self.evens.push(Even { first: self.len, hand: 0, gap, t });
        self.len += 1;
    }

    /// The last sample goes on for `more` samples.
    pub(super) fn stay(&mut self, hand: f64, more: u32) {
        if let Some(last) = self.evens.last_mut() {
            last.hand = if hand < 0.0 { -1 } else { 1 };
            self.len += more;
        }
    }

    fn at(&self, k: usize) -> (f64, f64) {
        let even = &self.evens[self.evens.partition_point(|e| e.first as usize <= k) - 1];
        (even.gap, self.place(even, k))
    }

    fn place(&self, even: &Even, k: usize) -> f64 {
        even.t + f64::from(k as u32 - even.first) * (f64::from(even.hand) * self.step_nm)
    }

    /// The gap at a sample.
    pub(super) fn gap(&self, k: usize) -> f64 {
        self.at(k).0
    }

    /// Distance along the other guide at a sample.
    pub(super) fn t(&self, k: usize) -> f64 {
        self.at(k).1
    }

    /// Stretches as gap and number of samples, in order.
    pub fn stretches(&self) -> impl Iterator<Item = (f64, usize)> + '_ {
        self.evens.iter().enumerate().map(|(i, even)| {
            let end = self.evens.get(i + 1).map_or(self.len, |next| next.first);
            (even.gap, (end - even.first) as usize)
        })
    }

    /// Gaps from one sample until before another.
    pub(super) fn some_gaps(&self, from: usize, to: usize) -> Vec<f64> {
        (from..to).map(|k| self.gap(k)).collect()
    }

    /// The gap at each sample.
    pub fn gaps(&self) -> impl Iterator<Item = f64> + '_ {
        self.stretches().flat_map(|(gap, n)| std::iter::repeat_n(gap, n))
    }

    /// Length of the other guide beside each sample: longer on the outside of a bend, shorter inside.
    pub fn other_steps_nm(&self) -> Vec<f64> {
        let mut ts = Vec::with_capacity(self.len());
        for (i, even) in self.evens.iter().enumerate() {
            let end = self.evens.get(i + 1).map_or(self.len, |next| next.first);
            ts.extend((even.first..end).map(|k| self.place(even, k as usize)));
        }
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
    fn what_stays_as_it_is_reads_as_if_each_sample_were_kept() {
        let mut samples = Samples::new(500.0);
        samples.push(200.0, 1000.0);
        samples.push(190.0, 1490.0);
        samples.stay(1.0, 3);
        samples.push(195.0, 3500.0);
        assert_eq!(samples.len(), 6);
        assert_eq!(samples.gaps().collect::<Vec<f64>>(), [200.0, 190.0, 190.0, 190.0, 190.0, 195.0]);
        assert_eq!(samples.other_steps_nm(), [490.0, 495.0, 500.0, 500.0, 505.0, 510.0]);
        assert_eq!((samples.gap(4), samples.t(4)), (190.0, 2990.0));
        assert_eq!(samples.stretches().collect::<Vec<_>>(), [(200.0, 1), (190.0, 4), (195.0, 1)]);
    }

    #[test]
    fn a_lone_sample_stands_for_its_step() {
        let mut samples = Samples::new(500.0);
        assert!(samples.is_empty() && samples.other_steps_nm().is_empty());
        samples.push(200.0, 1000.0);
        assert_eq!(samples.other_steps_nm(), [500.0]);
    }
}
