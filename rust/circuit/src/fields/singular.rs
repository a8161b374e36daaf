//! The largest singular value of a matrix, by Lanczos steps on `SᴴS` with full reorthogonalisation.
//!
//! A lower bound that comes the closer the nearer the value is to one, where it matters: the steps find the top of the
//! spectrum first, and end when it grows by less than [`SETTLED`] or by a small share of what is missing to one.
//! Exact up to rounding for matrices of few columns.

use num_complex::Complex64;

use super::kernels::add_scaled;

/// Most steps; what is found then is still a lower bound.
const MAX_STEPS: usize = 64;
/// Steps end when a direction is this small beside the first: what is spanned is invariant.
const BREAKDOWN: f64 = 1e-13;
/// The value is worked out after so many steps each time.
const LOOK_EVERY: usize = 3;
/// Steps end when the largest value grew by less than this share since it was looked at last: far less than any
/// passivity is judged by.
const SETTLED: f64 = 1e-11;
/// … or by less than this share of what is missing to one: growing so, it never gets there.
const FAR_FROM_ONE: f64 = 1e-3;
/// Sums are kept in so many parts, which the compiler adds side by side.
const LANES: usize = 8;

/// A vector with its real and its imaginary parts apart.
#[derive(Clone)]
struct Split {
    re: Vec<f64>,
    im: Vec<f64>,
}

/// The largest singular value of a matrix of `n_in` columns, given row by row.
#[inline(always)]
pub(crate) fn largest(s: &[Complex64], n_in: usize) -> f64 {
    if n_in == 0 || s.is_empty() {
        return 0.0;
    }
    let mut matrix = vec![0.0; 2 * s.len()];
    for (into, row) in matrix.chunks_exact_mut(2 * n_in).zip(s.chunks_exact(n_in)) {
        let (re, im) = into.split_at_mut(n_in);
        for (value, (re, im)) in row.iter().zip(re.iter_mut().zip(im)) {
            (*re, *im) = (value.re, value.im);
        }
    }
    let mut basis: Vec<Split> = Vec::new();
    let (mut diagonal, mut beside): (Vec<f64>, Vec<f64>) = (Vec::new(), Vec::new());
    // A start with a part along every direction: phases that repeat in no symmetry of a circuit.
    let start = |i: usize| 2.399_963_229_728_653 * (i * i + 1) as f64;
    let mut next =
        Split { re: (0..n_in).map(|i| start(i).cos()).collect(), im: (0..n_in).map(|i| start(i).sin()).collect() };
    let mut length = (n_in as f64).sqrt();
    let mut best = 0.0f64;
    for step in 0..MAX_STEPS.min(n_in) {
        for value in next.re.iter_mut().chain(&mut next.im) {
            *value /= length;
        }
        basis.push(next);
        let mut image = product(&matrix, &basis[step], n_in);
        diagonal.push(dot(&basis[step], &image).re);
        // Twice: once is not enough when a direction is nearly spent.
        for _ in 0..2 {
            for old in &basis {
                let share = dot(old, &image);
                add_scaled(&mut image.re, &mut image.im, &old.re, &old.im, -share);
            }
        }
        length = dot(&image, &image).re.sqrt();
        let spent = length <= BREAKDOWN * diagonal[0].abs().max(f64::MIN_POSITIVE);
        if spent || step % LOOK_EVERY == LOOK_EVERY - 1 {
            let value = top(&diagonal, &beside);
            let settled = value - best <= (SETTLED * value).max(FAR_FROM_ONE * (1.0 - value));
            best = best.max(value);
            if spent || settled {
                return best.max(0.0).sqrt();
            }
        }
        beside.push(length);
        next = image;
    }
    beside.pop();
    best.max(top(&diagonal, &beside)).max(0.0).sqrt()
}

#[inline(always)]
fn product(matrix: &[f64], x: &Split, n_in: usize) -> Split {
    let mut image = Split { re: vec![0.0; n_in], im: vec![0.0; n_in] };
    for row in matrix.chunks_exact(2 * n_in) {
        let (re, im) = row.split_at(n_in);
        let value = sums(re, im, &x.re, &x.im, -1.0);
        // The conjugate of the row times the value.
        let (y_re, y_im) = (&mut image.re[..n_in], &mut image.im[..n_in]);
        for i in 0..n_in {
            y_re[i] += re[i] * value.re + im[i] * value.im;
            y_im[i] += re[i] * value.im - im[i] * value.re;
        }
    }
    image
}

/// `aᴴ b`.
#[inline(always)]
fn dot(a: &Split, b: &Split) -> Complex64 {
    sums(&a.re, &a.im, &b.re, &b.im, 1.0)
}

/// `Σ a b`, with `a` conjugated where the sign is +1.
#[inline(always)]
fn sums(a_re: &[f64], a_im: &[f64], b_re: &[f64], b_im: &[f64], sign: f64) -> Complex64 {
    let (mut re, mut im) = ([0.0; LANES], [0.0; LANES]);
    let n = a_re.len();
    let whole = n - n % LANES;
    let (a_im, b_re, b_im) = (&a_im[..n], &b_re[..n], &b_im[..n]);
    let mut at = 0;
    while at < whole {
        for lane in 0..LANES {
            let (i, a) = (at + lane, sign * a_im[at + lane]);
            re[lane] += a_re[i] * b_re[i] + a * b_im[i];
            im[lane] += a_re[i] * b_im[i] - a * b_re[i];
        }
        at += LANES;
    }
    for i in whole..n {
        let a = sign * a_im[i];
        re[0] += a_re[i] * b_re[i] + a * b_im[i];
        im[0] += a_re[i] * b_im[i] - a * b_re[i];
    }
    Complex64::new(re.iter().sum(), im.iter().sum())
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
