//! The largest singular value of a matrix, by Lanczos steps on `SᴴS` with full reorthogonalisation.
//!
//! Exact up to rounding for matrices of up to [`MAX_STEPS`] columns; a lower bound beyond, and a close one, since the
//! steps find the top of the spectrum first.

use num_complex::Complex64;

/// Most steps; the bound differs from the largest value by less than the rounding of one in all circuits tried.
pub(crate) const MAX_STEPS: usize = 48;
/// Steps end when a direction is this small beside the first: what is spanned is invariant.
const BREAKDOWN: f64 = 1e-13;
/// Steps end when the largest value moves by less than this share.
const SETTLED: f64 = 1e-13;

/// The largest singular value of a matrix of `n_in` columns, given row by row.
pub(crate) fn largest(s: &[Complex64], n_in: usize) -> f64 {
    if n_in == 0 || s.is_empty() {
        return 0.0;
    }
    let mut basis: Vec<Vec<Complex64>> = Vec::new();
    let (mut diagonal, mut beside): (Vec<f64>, Vec<f64>) = (Vec::new(), Vec::new());
    // A start with a part along every direction: phases that repeat in no symmetry of a circuit.
    let mut next: Vec<Complex64> =
        (0..n_in).map(|i| Complex64::from_polar(1.0, 2.399_963_229_728_653 * (i * i + 1) as f64)).collect();
    let mut length = norm(&next);
    let mut best = 0.0f64;
    for step in 0..MAX_STEPS.min(n_in) {
        for value in &mut next {
            *value /= length;
        }
        basis.push(next);
        let current = &basis[step];
        let mut image = product(s, current, n_in);
        let alpha = dot(current, &image).re;
        // Twice: once is not enough when a direction is nearly spent.
        for _ in 0..2 {
            for old in &basis {
                let share = dot(old, &image);
                for (value, along) in image.iter_mut().zip(old) {
                    *value -= share * along;
                }
            }
        }
        diagonal.push(alpha);
        let value = top(&diagonal, &beside);
        length = norm(&image);
        if length <= BREAKDOWN * value.max(f64::MIN_POSITIVE) || (step > 3 && value - best <= SETTLED * value) {
            best = best.max(value);
            break;
        }
        best = best.max(value);
        beside.push(length);
        next = image;
    }
    best.max(0.0).sqrt()
}

fn product(s: &[Complex64], x: &[Complex64], n_in: usize) -> Vec<Complex64> {
    let mut image = vec![Complex64::ZERO; n_in];
    for row in s.chunks_exact(n_in) {
        let value: Complex64 = row.iter().zip(x).map(|(a, b)| a * b).sum();
        for (sum, a) in image.iter_mut().zip(row) {
            *sum += a.conj() * value;
        }
    }
    image
}

fn dot(a: &[Complex64], b: &[Complex64]) -> Complex64 {
    a.iter().zip(b).map(|(a, b)| a.conj() * b).sum()
}

fn norm(a: &[Complex64]) -> f64 {
    a.iter().map(Complex64::norm_sqr).sum::<f64>().sqrt()
}

/// The largest eigenvalue of a symmetric tridiagonal matrix, by bisection on the count of negative pivots.
fn top(diagonal: &[f64], beside: &[f64]) -> f64 {
    let bound = |i: usize| {
        let left = if i > 0 { beside[i - 1].abs() } else { 0.0 };
        left + beside.get(i).map_or(0.0, |b| if i + 1 < diagonal.len() { b.abs() } else { 0.0 })
    };
    let (mut low, mut high) = (f64::NEG_INFINITY, f64::NEG_INFINITY);
    for (i, &d) in diagonal.iter().enumerate() {
        low = low.max(d);
        high = high.max(d + bound(i));
    }
    // All eigenvalues lie below x when every pivot of x - T is positive.
    let above = |x: f64| {
        let mut pivot = 1.0;
        for (i, &d) in diagonal.iter().enumerate() {
            let off = if i > 0 { beside[i - 1] } else { 0.0 };
            pivot = x - d - off * off / pivot;
            if pivot <= 0.0 {
                return false;
            }
        }
        true
    };
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            break;
        }
        if above(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
    high
}
