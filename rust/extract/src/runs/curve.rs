//! A value along samples that stand at an even step: a parabola, as between two pieces of guides that bow out.

/// A value at the samples 0, 1, 2 …: its first, its slope and what is added with the square.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Curve([f64; 3]);

impl Curve {
    /// Of its first value, its slope and what is added with the square.
    #[inline]
    pub(super) fn new(first: f64, slope: f64, square: f64) -> Self {
        Self([first, slope, square])
    }

    /// True when it stays within so much of its first value until the last sample.
    pub(super) fn is_even(&self, last: f64, within: f64) -> bool {
        (self.0[1] * last).abs() + (self.0[2] * last * last).abs() < within
    }

    /// The value at a sample.
    #[inline]
    pub(super) fn at(&self, k: f64) -> f64 {
        self.0[0] + k * (self.0[1] + k * self.0[2])
    }

    /// Sum of the values at so many samples.
    pub(super) fn sum_of(&self, count: u32) -> f64 {
        let n = f64::from(count);
        let (linear, square) = (n * (n - 1.0) / 2.0, n * (n - 1.0) * (2.0 * n - 1.0) / 6.0);
        n * self.0[0] + linear * self.0[1] + square * self.0[2]
    }

    /// The same curve, counted from a later sample.
    #[inline]
    pub(super) fn from(&self, k: f64) -> Self {
        Self([self.at(k), self.0[1] + 2.0 * k * self.0[2], self.0[2]])
    }

    /// So many times this one and so many times another.
    #[inline]
    pub(super) fn sum(&self, own: f64, other: &Self, its: f64) -> Self {
        let (p, q) = (self.0, other.0);
        Self([own * p[0] + its * q[0], own * p[1] + its * q[1], own * p[2] + its * q[2]])
    }

    /// Where the value turns, when that is between the first sample and the last.
    #[inline]
    fn turn(&self, last: f64) -> Option<f64> {
        // Most go on one way: no division for these.
        if self.0[1] * self.0[2] >= 0.0 || self.0[1].abs() > 2.5 * last * self.0[2].abs() {
            return None;
        }
        let k = -0.5 * self.0[1] / self.0[2];
        (k > 0.0 && k < last).then_some(k)
    }

    /// Least and largest value from the first sample to the last and in between.
    #[inline]
    pub(super) fn range(&self, last: f64) -> [f64; 2] {
        let (p, q) = (self.0[0], self.at(last));
        let turn = self.turn(last).map_or(p, |k| self.at(k));
        [p.min(q).min(turn), p.max(q).max(turn)]
    }

    /// The least value at a sample.
    #[inline]
    pub(super) fn least(&self, last: u32) -> f64 {
        if last == 0 {
            return self.0[0];
        }
        let turn = self.turn(f64::from(last)).map_or(0, |k| k as u32);
        [turn, (turn + 1).min(last), last].iter().fold(self.0[0], |least, &k| least.min(self.at(f64::from(k))))
    }
}

#[cfg(test)]
mod tests {
    use super::Curve;

    #[test]
    fn a_parabola_knows_its_least_sample_and_its_range() {
        let value = |k: f64| 7.0 + 0.5 * (k - 3.4) * (k - 3.4);
        let curve = Curve::new(value(0.0), -3.4, 0.5);
        for k in 0..10 {
            assert!((curve.at(f64::from(k)) - value(f64::from(k))).abs() < 1e-12);
            assert!((curve.from(2.0).at(f64::from(k)) - value(f64::from(k + 2))).abs() < 1e-12);
        }
        let sum: f64 = (0..10).map(|k| value(f64::from(k))).sum();
        assert!((curve.sum_of(10) - sum).abs() < 1e-9);
        assert!((curve.least(9) - value(3.0)).abs() < 1e-12);
        let [low, high] = curve.range(9.0);
        assert!((low - 7.0).abs() < 1e-12 && (high - value(9.0)).abs() < 1e-12);
        assert!((curve.from(5.0).least(4) - value(5.0)).abs() < 1e-12);
        assert!((curve.least(2) - value(2.0)).abs() < 1e-12);
    }
}
