//! Curvature of any even course: polynomials fitted to the sag of a stretch.
//!
//! On bins of equal length there are polynomials that are orthonormal for sums over the bins. Each coefficient is
//! then one sum of products with a fixed table, all have the same noise, and how many are needed shows by itself.

use std::sync::LazyLock;

use super::bins::Bins;

/// Bins of a stretch.
pub(super) const BINS: usize = 24;
/// Highest degree of the sag; curvature is two lower.
const DEGREE: usize = 10;
/// Places at which the curvature is known, both borders of the stretch included.
pub(super) const PLACES: usize = 41;
/// A coefficient counts from this many standard deviations on.
const COUNTS: f64 = 3.5;
/// Coefficients beyond the last that counts which may hide in the noise.
const HIDDEN: usize = 2;

struct Table {
    /// Polynomial by degree, at each bin.
    values: [[f64; BINS]; DEGREE + 1],
    /// Its second derivative in bins, with the blur of a bin taken out, at each place.
    bends: [[f64; PLACES]; DEGREE + 1],
}

static TABLE: LazyLock<Table> = LazyLock::new(table);

fn horner(c: &[f64], t: f64) -> f64 {
    c.iter().rev().fold(0.0, |sum, c| sum * t + c)
}

fn derived(c: &[f64; DEGREE + 1]) -> [f64; DEGREE + 1] {
    let mut out = [0.0; DEGREE + 1];
    for i in 0..DEGREE {
        out[i] = (i + 1) as f64 * c[i + 1];
    }
    out
}

fn table() -> Table {
    let at = |j: usize| (2 * j + 1) as f64 / BINS as f64 - 1.0;
    let per_bin = (2.0 / BINS as f64).powi(2);
    let mut out = Table { values: [[0.0; BINS]; DEGREE + 1], bends: [[0.0; PLACES]; DEGREE + 1] };
    let (mut before, mut last, mut norm) = ([0.0; DEGREE + 1], [0.0; DEGREE + 1], 0.0_f64);
    for n in 0..=DEGREE {
        // Each is the last times t, less its part along the one before, made a unit vector.
        let mut next = [0.0; DEGREE + 1];
        if n == 0 {
            next[0] = 1.0;
        } else {
            for i in 0..=DEGREE {
                let raised = if i > 0 { last[i - 1] } else { 0.0 };
                next[i] = raised - norm * before[i];
            }
        }
        norm = (0..BINS).map(|j| horner(&next, at(j)).powi(2)).sum::<f64>().sqrt();
        for c in &mut next {
            *c /= norm;
        }
        for (j, value) in out.values[n].iter_mut().enumerate() {
            *value = horner(&next, at(j));
        }
        let second = derived(&derived(&next));
        let fourth = derived(&derived(&second));
        for (k, bend) in out.bends[n].iter_mut().enumerate() {
            let t = 2.0 * k as f64 / (PLACES - 1) as f64 - 1.0;
            *bend = per_bin * (horner(&second, t) - per_bin * horner(&fourth, t) / 24.0);
        }
        (before, last) = (last, next);
    }
    out
}

/// Curvature at evenly spaced places of a stretch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Smooth {
    /// Where the stretch begins and ends, arc length from the first end in dbu.
    pub(super) low: f64,
    pub(super) high: f64,
    /// In 1/dbu.
    pub(super) curvature: [f64; PLACES],
    /// Standard deviation by noise and by what hides in it.
    pub(super) noise: [f64; PLACES],
    /// True when the highest degree is still needed: the stretch is too long.
    pub(super) is_rough: bool,
    /// Root mean square of what is left, in standard deviations.
    pub(super) misfit: f64,
    /// Largest of what is left, in dbu.
    pub(super) off: f64,
}

/// Fits a stretch of [`BINS`] bins.
pub(super) fn fit(bins: &Bins) -> Smooth {
    let table = &*TABLE;
    let sag = bins.sag();
    let mut parts = [0.0; DEGREE + 1];
    for (part, values) in parts.iter_mut().zip(&table.values) {
        *part = values.iter().zip(sag).map(|(a, b)| a * b).sum();
    }
    let needed = (2..=DEGREE).rev().find(|&n| parts[n].abs() > COUNTS * bins.noise).unwrap_or(2);
    let hidden = (needed + HIDDEN).min(DEGREE);
    let mut left = [0.0; BINS];
    left.copy_from_slice(sag);
    let (mut curvature, mut variance) = ([0.0; PLACES], [0.0; PLACES]);
    let columns = parts.iter().zip(&table.values).zip(&table.bends).enumerate();
    for (n, ((part, values), bends)) in columns.take(hidden + 1) {
        if n <= needed {
            for (left, value) in left.iter_mut().zip(values) {
                *left -= part * value;
            }
            for (k, bend) in curvature.iter_mut().zip(bends) {
                *k += part * bend / bins.pitch;
            }
        }
        for (v, bend) in variance.iter_mut().zip(bends) {
            *v += (bins.noise * bend / bins.pitch).powi(2);
        }
    }
    let square: f64 = left.iter().map(|v| v * v).sum();
    Smooth {
        low: bins.start,
        high: bins.along(BINS as f64),
        curvature,
        noise: variance.map(f64::sqrt),
        is_rough: needed + 1 >= DEGREE,
        misfit: (square / (BINS - needed - 1) as f64).sqrt() / bins.noise,
        off: left.iter().fold(0.0_f64, |w, v| w.max(v.abs())) * bins.pitch,
    }
}

impl Smooth {
    /// Arc length from the first end of a place.
    pub(super) fn at(&self, k: usize) -> f64 {
        self.low + (self.high - self.low) * k as f64 / (PLACES - 1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_polynomials_are_orthonormal_on_the_bins() {
        let t = &*TABLE;
        for n in 0..=DEGREE {
            for k in 0..=n {
                let product: f64 = t.values[n].iter().zip(&t.values[k]).map(|(a, b)| a * b).sum();
                let wanted = f64::from(u8::from(n == k));
                assert!((product - wanted).abs() < 1e-9, "{n} {k} {product}");
            }
        }
    }
}
