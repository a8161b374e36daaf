//! Samples become figures: mean, spread, quantiles, how many keep a limit, and which quantity is behind the spread.

use rayon::prelude::*;

use crate::montecarlo::sample::{Sums, n_parts};
use crate::montecarlo::{SampleOptions, Stretch};

/// What sampling found. One row per pair, in the order they were asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Sampled {
    /// Number of samples.
    pub n_samples: usize,
    /// Loss as stated, dB.
    pub stated_db: Vec<f64>,
    /// Mean loss, dB.
    pub mean_db: Vec<f64>,
    /// Standard deviation, dB.
    pub sigma_db: Vec<f64>,
    /// Least and most of all samples, dB.
    pub least_db: Vec<f64>,
    /// The most.
    pub most_db: Vec<f64>,
    /// 1 where the worst path was found again in every sample.
    pub searched: Vec<u8>,
    /// Samples that were asked which path is worst and what it is made of; all where it is held.
    pub n_traced: Vec<i64>,
    /// How many of these have another path than the stated one.
    pub n_other_path: Vec<i64>,
    /// Samples that keep the limit; -1 without one.
    pub n_kept: Vec<i64>,
    /// Per pair and probability: the loss that this share of samples does not exceed, dB.
    pub quantile_db: Vec<f64>,
    /// Number of parts of a loss: for each quantity the common part and the scatter; the last is what depends on no
    /// quantity, and changes with the path only.
    pub n_parts: usize,
    /// Per pair and part: its share of the variance, by covariance with the loss. They add up to 1; NaN where nothing
    /// varies.
    pub share: Vec<f64>,
    /// Per pair and part: its own standard deviation, dB.
    pub part_sigma_db: Vec<f64>,
    /// Per sample: the largest loss of all pairs, dB.
    pub largest_db: Vec<f64>,
    /// Per sample: the most by which a pair exceeds its limit, dB, negative where all keep theirs; -inf without limits.
    pub excess_db: Vec<f64>,
    /// Per pair and sample: the loss, dB; empty unless asked for.
    pub loss_db: Vec<f64>,
    probabilities: Vec<f64>,
    keep: bool,
}

impl Sampled {
    pub(crate) fn new(options: &SampleOptions, n_quantities: usize, n_pairs: usize) -> Self {
        let (n, parts) = (options.n_samples, n_parts(n_quantities));
        let nan = || vec![f64::NAN; n_pairs];
        Self {
            n_samples: n,
            stated_db: nan(),
            mean_db: nan(),
            sigma_db: nan(),
            least_db: nan(),
            most_db: nan(),
            searched: vec![0; n_pairs],
            n_traced: vec![0; n_pairs],
            n_other_path: vec![0; n_pairs],
            n_kept: vec![-1; n_pairs],
            quantile_db: vec![f64::NAN; n_pairs * options.probabilities.len()],
            n_parts: parts,
            share: vec![f64::NAN; n_pairs * parts],
            part_sigma_db: vec![f64::NAN; n_pairs * parts],
            largest_db: vec![f64::NEG_INFINITY; n],
            excess_db: vec![f64::NEG_INFINITY; n],
            loss_db: vec![0.0; if options.keep { n_pairs * n } else { 0 }],
            probabilities: options.probabilities.clone(),
            keep: options.keep,
        }
    }
}

/// Figures of one pair.
struct Row {
    mean_db: f64,
    sigma_db: f64,
    least_db: f64,
    most_db: f64,
    n_traced: u64,
    n_other_path: u64,
    n_kept: i64,
    quantile_db: Vec<f64>,
    share: Vec<f64>,
    part_sigma_db: Vec<f64>,
    kept: Vec<f64>,
}

/// Takes the samples of a block of pairs over. `stated` gives the stated loss of a pair and its limit.
pub(crate) fn gather(
    to: &mut Sampled,
    stretches: &[Stretch],
    block: &[usize],
    is_searched: &[bool],
    stated: impl Fn(usize) -> (f64, f64) + Sync,
) {
    let n_pairs = block.len();
    let rows: Vec<Row> = (0..n_pairs)
        .into_par_iter()
        .map(|row| {
            let (stated_db, limit_db) = stated(block[row]);
            figures(stretches, row, n_pairs, stated_db, limit_db, to)
        })
        .collect();
    let mut first = 0;
    for stretch in stretches {
        let width = stretch.change_db.len() / n_pairs;
        for (row, changes) in stretch.change_db.chunks_exact(width).enumerate() {
            let (stated_db, limit_db) = stated(block[row]);
            for (k, change) in changes.iter().enumerate() {
                let loss_db = stated_db + change;
                let (largest, excess) = (&mut to.largest_db[first + k], &mut to.excess_db[first + k]);
                *largest = largest.max(loss_db);
                // A pair without a limit leaves the excess as it is: max() drops NaN.
                *excess = excess.max(loss_db - limit_db);
            }
        }
        first += width;
    }
    let (n, n_probabilities, parts) = (to.n_samples, to.probabilities.len(), to.n_parts);
    for (row, found) in rows.into_iter().enumerate() {
        let pair = block[row];
        to.stated_db[pair] = stated(pair).0;
        to.mean_db[pair] = found.mean_db;
        to.sigma_db[pair] = found.sigma_db;
        to.least_db[pair] = found.least_db;
        to.most_db[pair] = found.most_db;
        to.searched[pair] = u8::from(is_searched[row]);
        to.n_traced[pair] = found.n_traced as i64;
        to.n_other_path[pair] = found.n_other_path as i64;
        to.n_kept[pair] = found.n_kept;
        to.quantile_db[pair * n_probabilities..][..n_probabilities].copy_from_slice(&found.quantile_db);
        to.share[pair * parts..][..parts].copy_from_slice(&found.share);
        to.part_sigma_db[pair * parts..][..parts].copy_from_slice(&found.part_sigma_db);
        if to.keep {
            to.loss_db[pair * n..][..n].copy_from_slice(&found.kept);
        }
    }
}

fn figures(stretches: &[Stretch], row: usize, n_pairs: usize, stated_db: f64, limit_db: f64, to: &Sampled) -> Row {
    let mut sums = Sums::new(to.n_parts);
    let mut losses = Vec::with_capacity(to.n_samples);
    for stretch in stretches {
        sums.add(&stretch.sums[row]);
        let width = stretch.change_db.len() / n_pairs;
        losses.extend(stretch.change_db[row * width..][..width].iter().map(|change| stated_db + change));
    }
    let n = to.n_samples as f64;
    let mean = sums.change / n;
    let variance = ((sums.change_squared - sums.change * mean) / (n - 1.0)).max(0.0);
    let traced = sums.n_traced as f64;
    let traced_mean = sums.traced[0] / traced;
    let traced_variance = (sums.traced[1] - sums.traced[0] * traced_mean) / (traced - 1.0);
    let varies = variance > (f64::EPSILON * stated_db.abs().max(1.0)).powi(2);
    let of = |f: &dyn Fn(&[f64; 3]) -> f64| sums.parts.iter().map(f).collect::<Vec<f64>>();
    let kept = if to.keep { losses.clone() } else { Vec::new() };
    let n_kept = losses.iter().filter(|&&loss| loss <= limit_db).count() as i64;
    Row {
        mean_db: stated_db + mean,
        sigma_db: if varies { variance.sqrt() } else { 0.0 },
        least_db: losses.iter().copied().fold(f64::INFINITY, f64::min),
        most_db: losses.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        n_traced: sums.n_traced,
        n_other_path: sums.n_other_path,
        n_kept: if limit_db.is_nan() { -1 } else { n_kept },
        share: of(&|part| {
            let covariance = (part[2] - part[0] * traced_mean) / (traced - 1.0);
            if varies { covariance / traced_variance } else { f64::NAN }
        }),
        part_sigma_db: of(&|part| ((part[1] - part[0] * part[0] / traced) / (traced - 1.0)).max(0.0).sqrt()),
        quantile_db: quantiles(&mut losses, &to.probabilities),
        kept,
    }
}

/// Quantiles as most programs give them: linear between the two samples around (n - 1)·p.
pub(crate) fn quantiles(values: &mut [f64], probabilities: &[f64]) -> Vec<f64> {
    let last = values.len() - 1;
    let mut from = 0;
    (probabilities.iter())
        .map(|p| {
            let place = last as f64 * p;
            let (below, share) = (place.floor() as usize, place.fract());
            let (_, &mut low, above) = values[from..].select_nth_unstable_by(below - from, f64::total_cmp);
            from = below;
            let high = above.iter().copied().fold(f64::INFINITY, f64::min);
            if share > 0.0 { low + share * (high - low) } else { low }
        })
        .collect()
}
