//! The normal distribution: the share below a value, and the value below which a share lies.

use std::f64::consts::FRAC_1_SQRT_2;

/// Share of a standard normal variable below `z`.
pub(crate) fn share_below(z: f64) -> f64 {
    0.5 * libm::erfc(-z * FRAC_1_SQRT_2)
}

/// Turns shares into values; holds memory for the next time.
#[derive(Debug, Default)]
pub(crate) struct Quantiles {
    place: Vec<u32>,
    share: Vec<f64>,
    root: Vec<f64>,
}

impl Quantiles {
    /// Turns shares between 0 and 1, both left out, into the values below which they lie (Wichura, algorithm AS 241,
    /// Appl. Statist. 37, 477 (1988); relative error about 1e-16).
    ///
    /// Steps of few branches that the compiler can vectorise: the formula of the middle is taken everywhere, and what
    /// lies at the ends is done again.
    #[inline(always)]
    pub(crate) fn of(&mut self, shares: &mut [f64]) {
        let n = shares.len();
        if self.place.len() < n {
            self.place.resize(n, 0);
            self.share.resize(n, 0.0);
            self.root.resize(n, 0.0);
        }
        let mut n_ends = 0;
        for (k, &share) in shares.iter().enumerate() {
            self.place[n_ends] = k as u32;
            self.share[n_ends] = share;
            n_ends += usize::from((share - 0.5).abs() > MIDDLE);
        }
        for share in shares.iter_mut() {
            let q = *share - 0.5;
            *share = q * ratio(MIDDLE * MIDDLE - q * q, &A, &B);
        }
        let (ends, roots) = (&self.share[..n_ends], &mut self.root[..n_ends]);
        for (root, &share) in roots.iter_mut().zip(ends) {
            *root = share.min(1.0 - share).ln();
        }
        for root in roots.iter_mut() {
            *root = (-*root).sqrt();
        }
        for ((&place, &share), &root) in self.place.iter().zip(ends).zip(&*roots) {
            let z = if root <= 5.0 { ratio(root - 1.6, &C, &D) } else { ratio(root - 5.0, &E, &F) };
            shares[place as usize] = if share < 0.5 { -z } else { z };
        }
    }
}

#[inline(always)]
fn ratio(r: f64, above: &[f64; 8], below: &[f64; 8]) -> f64 {
    let of =
        |c: &[f64; 8]| ((((((c[7] * r + c[6]) * r + c[5]) * r + c[4]) * r + c[3]) * r + c[2]) * r + c[1]) * r + c[0];
    of(above) / of(below)
}

/// Half the width of the middle.
const MIDDLE: f64 = 0.425;

// As published.
const A: [f64; 8] = [
    3.387_132_872_796_366_6,
    133.141_667_891_784_38,
    1_971.590_950_306_551_3,
    13_731.693_765_509_46,
    45_921.953_931_549_87,
    67_265.770_927_008_7,
    33_430.575_583_588_13,
    2_509.080_928_730_122_7,
];
const B: [f64; 8] = [
    1.0,
    42.313_330_701_600_91,
    687.187_007_492_057_9,
    5_394.196_021_424_751,
    21_213.794_301_586_597,
    39_307.895_800_092_71,
    28_729.085_735_721_943,
    5_226.495_278_852_854,
];
const C: [f64; 8] = [
    1.423_437_110_749_683_5,
    4.630_337_846_156_546,
    5.769_497_221_460_691,
    3.647_848_324_763_204_5,
    1.270_458_252_452_368_4,
    0.241_780_725_177_450_6,
    0.022_723_844_989_269_184,
    7.745_450_142_783_414e-4,
];
const D: [f64; 8] = [
    1.0,
    2.053_191_626_637_759,
    1.676_384_830_183_803_8,
    0.689_767_334_985_1,
    0.148_103_976_427_480_08,
    0.015_198_666_563_616_457,
    5.475_938_084_995_345e-4,
    1.050_750_071_644_416_9e-9,
];
const E: [f64; 8] = [
    6.657_904_643_501_103,
    5.463_784_911_164_114,
    1.784_826_539_917_291_3,
    0.296_560_571_828_504_87,
    0.026_532_189_526_576_124,
    0.001_242_660_947_388_078_4,
    2.711_555_568_743_487_6e-5,
    2.010_334_399_292_288_1e-7,
];
const F: [f64; 8] = [
    1.0,
    0.599_832_206_555_888,
    0.136_929_880_922_735_8,
    0.014_875_361_290_850_615,
    7.868_691_311_456_133e-4,
    1.846_318_317_510_054_8e-5,
    1.421_511_758_316_446e-7,
    2.044_263_103_389_939_8e-15,
];

#[cfg(test)]
mod tests {
    use super::*;

    fn quantile(share: f64) -> f64 {
        let mut one = [share];
        Quantiles::default().of(&mut one);
        one[0]
    }

    #[test]
    fn values_are_those_of_published_tables() {
        // Abramowitz and Stegun, tables 26.5 and 26.6, and the ends by the series of Mills' ratio.
        for (share, z) in [
            (0.5, 0.0),
            (0.975, 1.959_963_984_540_054),
            (0.99, 2.326_347_874_040_841),
            (1e-6, -4.753_424_308_822_899),
            (1e-20, -9.262_340_089_798_408),
        ] {
            assert!((quantile(share) - z).abs() < 4e-15 * (1.0 + z.abs()), "{share}: {}", quantile(share));
        }
    }

    #[test]
    fn a_share_comes_back() {
        for k in 1..20_000 {
            let share = f64::from(k) / 20_000.0;
            assert!((share_below(quantile(share)) / share - 1.0).abs() < 2e-14, "{share}");
        }
        for exponent in 5..300 {
            let share = 10f64.powi(-exponent);
            assert!((share_below(quantile(share)) / share - 1.0).abs() < 1e-12, "{share}");
        }
    }

    #[test]
    fn many_at_once_are_the_same_as_one_by_one() {
        let shares: Vec<f64> = (1..1000).map(|k| f64::from(k) / 1000.0).collect();
        let mut all = shares.clone();
        Quantiles::default().of(&mut all);
        assert!(shares.iter().zip(&all).all(|(&share, &z)| quantile(share).to_bits() == z.to_bits()));
    }
}
