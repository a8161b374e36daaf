//! Random deviations: one stream of numbers per sample, each variable at its own place in it.
//!
//! So a sample does not depend on which thread draws it, nor on what else is drawn. Every deviation takes one uniform
//! number through the inverse of its distribution: bounds then cut the distribution exactly, without trying again.

use chacha20::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

use crate::montecarlo::normal::{Quantiles, share_below};

/// How a deviation is distributed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Normal,
    Uniform,
    /// Most likely where nothing deviates.
    Triangular,
}

/// A deviation from the stated value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Deviation {
    pub(crate) shape: Shape,
    /// How far it reaches below; the standard deviation of a normal one.
    pub(crate) below: f64,
    /// How far it reaches above; the same for a normal one.
    pub(crate) above: f64,
}

/// Beyond so many standard deviations a bound of a normal variable cuts nothing that a uniform number of 52 bits shows.
const FAR: f64 = 8.5;
/// Half of the step of such numbers.
const STEP: f64 = 1.0 / (1u64 << 53) as f64;
/// Bits of 1.
const ONE: u64 = 1f64.to_bits();

impl Deviation {
    /// The deviation of that shape, the same to both sides, with a standard deviation.
    pub(crate) fn even(shape: Shape, sigma: f64) -> Self {
        let reach = match shape {
            Shape::Normal => sigma,
            Shape::Uniform => sigma * 3f64.sqrt(),
            Shape::Triangular => sigma * 6f64.sqrt(),
        };
        Self { shape, below: reach, above: reach }
    }

    pub(crate) fn is_none(&self) -> bool {
        self.below == 0.0 && self.above == 0.0
    }

    /// Share of the distribution below `d`.
    fn share_below(&self, d: f64) -> f64 {
        let (below, above) = (self.below, self.above);
        match self.shape {
            Shape::Normal => share_below(d / above),
            Shape::Uniform => ((d + below) / (below + above)).clamp(0.0, 1.0),
            Shape::Triangular if d <= -below => 0.0,
            Shape::Triangular if d >= above => 1.0,
            Shape::Triangular if d < 0.0 => (d + below).powi(2) / ((below + above) * below),
            Shape::Triangular => 1.0 - (above - d).powi(2) / ((below + above) * above),
        }
    }

    /// Turns uniform numbers into deviations between `least` (not above 0) and `most` (not below 0).
    #[inline(always)]
    pub(crate) fn spread(&self, numbers: &mut [f64], least: f64, most: f64, quantiles: &mut Quantiles) {
        if self.is_none() {
            numbers.fill(0.0);
            return;
        }
        let reach = match self.shape {
            Shape::Normal => (FAR * self.below, FAR * self.above),
            _ => (self.below, self.above),
        };
        let cut = least > -reach.0 || most < reach.1;
        if cut {
            let (first, last) = (self.share_below(least), self.share_below(most));
            for u in numbers.iter_mut() {
                *u = (first + *u * (last - first)).clamp(STEP, 1.0 - STEP);
            }
        }
        let (below, above) = (self.below, self.above);
        let width = below + above;
        match self.shape {
            Shape::Normal => {
                quantiles.of(numbers);
                for d in numbers.iter_mut() {
                    *d *= above;
                }
            }
            Shape::Uniform => {
                for d in numbers.iter_mut() {
                    *d = *d * width - below;
                }
            }
            Shape::Triangular => {
                for d in numbers.iter_mut() {
                    let u = *d;
                    *d = if u * width < below {
                        (u * width * below).sqrt() - below
                    } else {
                        above - ((1.0 - u) * width * above).sqrt()
                    };
                }
            }
        }
        if cut {
            for d in numbers.iter_mut() {
                *d = d.clamp(least, most);
            }
        }
    }
}

/// The uniform numbers of one sample after the other.
pub(crate) struct Stream {
    generator: ChaCha8Rng,
    /// Number that the generator gives out next.
    next: u64,
    bytes: Vec<u8>,
}

impl Stream {
    pub(crate) fn new(seed: u64) -> Self {
        Self { generator: ChaCha8Rng::seed_from_u64(seed), next: 0, bytes: Vec::new() }
    }

    /// Goes to the beginning of a sample.
    pub(crate) fn start(&mut self, sample: u64) {
        self.generator.set_stream(sample);
        self.next = 0;
    }

    /// Fills in the numbers of the present sample from number `first` on.
    #[inline(always)]
    pub(crate) fn fill(&mut self, first: u64, numbers: &mut [f64]) {
        if first != self.next {
            // Two words of 32 bits each.
            self.generator.set_word_pos(u128::from(first) * 2);
        }
        self.bytes.resize(numbers.len() * 8, 0);
        self.generator.fill_bytes(&mut self.bytes);
        for (number, bytes) in numbers.iter_mut().zip(self.bytes.as_chunks::<8>().0) {
            // 52 bits after the point of a number from 1 to 2, and half a step: between 0 and 1, both left out.
            *number = f64::from_bits((u64::from_le_bytes(*bytes) >> 12) | ONE) - (1.0 - STEP);
        }
        self.next = first + numbers.len() as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(deviation: Deviation, least: f64, most: f64) -> Vec<f64> {
        let mut numbers = vec![0.0; 200_000];
        let mut stream = Stream::new(5);
        stream.start(0);
        stream.fill(0, &mut numbers);
        deviation.spread(&mut numbers, least, most, &mut Quantiles::default());
        numbers
    }

    fn moments(values: &[f64]) -> (f64, f64) {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        (mean, (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt())
    }

    #[test]
    fn a_number_depends_on_its_place_only() {
        let (mut stream, mut all, mut some) = (Stream::new(3), vec![0.0; 100], vec![0.0; 10]);
        stream.start(17);
        stream.fill(0, &mut all);
        stream.start(4);
        stream.fill(3, &mut some);
        stream.start(17);
        stream.fill(41, &mut some);
        assert_eq!(some, all[41..51]);
        stream.fill(51, &mut some);
        assert_eq!(some, all[51..61]);
        assert!(all.iter().all(|&u| 0.0 < u && u < 1.0));
    }

    #[test]
    fn moments_are_those_of_the_shapes() {
        for shape in [Shape::Normal, Shape::Uniform, Shape::Triangular] {
            let (mean, sigma) = moments(&drawn(Deviation::even(shape, 0.3), f64::NEG_INFINITY, f64::INFINITY));
            assert!(mean.abs() < 0.003 && (sigma - 0.3).abs() < 0.003, "{shape:?}: {mean} {sigma}");
        }
        // Limits 1 below and 3 above: mean (a+b+c)/3, variance (a²+b²+c²-ab-ac-bc)/18 about a=-1, b=3, c=0.
        let skew = Deviation { shape: Shape::Triangular, below: 1.0, above: 3.0 };
        let (mean, sigma) = moments(&drawn(skew, f64::NEG_INFINITY, f64::INFINITY));
        assert!((mean - 2.0 / 3.0).abs() < 0.01 && (sigma - (13.0f64 / 18.0).sqrt()).abs() < 0.01, "{mean} {sigma}");
    }

    #[test]
    fn bounds_cut_a_distribution() {
        // Half of a normal: mean sqrt(2/pi), variance 1 - 2/pi.
        let half = Deviation::even(Shape::Normal, 1.0);
        let (mean, sigma) = moments(&drawn(half, 0.0, f64::INFINITY));
        let pi = std::f64::consts::PI;
        assert!((mean - (2.0 / pi).sqrt()).abs() < 0.006 && (sigma - (1.0 - 2.0 / pi).sqrt()).abs() < 0.006);
        for shape in [Shape::Uniform, Shape::Triangular, Shape::Normal] {
            let cut = drawn(Deviation::even(shape, 1.0), -0.25, 0.5);
            assert!(cut.iter().all(|d| (-0.25..=0.5).contains(d)));
            assert!(cut.iter().any(|&d| d < -0.24) && cut.iter().any(|&d| d > 0.49));
        }
    }
}
