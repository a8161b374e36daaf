//! One loop: the ports that see each other again, solved together at one wavelength.

use num_complex::Complex64;
use waveguard_base::{Interrupted, Watch};

use super::dense::Lu;
use super::kernels::Rows;
use super::network::Entry;
use super::order::{self, Pattern};
use super::program::Term;
use super::sparse::SparseLu;

/// Loops of up to so many ports are solved densely: less bookkeeping than a pattern.
const MAX_DENSE: usize = 24;
/// A larger loop whose pivots failed is tried once more with pivoting up to this size; 16 n² bytes for each thread.
const MAX_RESCUE: usize = 4096;
/// Solutions are corrected once when they miss by more: rounding alone stays well below.
const CORRECT_ABOVE: f64 = 1e-13;
/// Pivots as they come have failed when this much is missing after a correction.
const FAILED_ABOVE: f64 = 1e-9;

/// An entry from a port of a loop to a port of the same loop.
#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) row: u32,
    pub(crate) column: u32,
    pub(crate) entry: Entry,
}

/// What is to be done for one loop, at every wavelength alike.
#[derive(Debug)]
pub(crate) struct LoopPlan {
    /// Slot of each member.
    pub(crate) slots: Vec<u32>,
    /// Light from outside the loop, by member.
    pub(crate) outer: Vec<std::ops::Range<usize>>,
    pub(crate) inner: Vec<Inner>,
    /// Where the amplitudes of `inner` stand among those of all terms and loops.
    pub(crate) first_value: usize,
    /// Inputs whose light gets here.
    pub(crate) low: u32,
    pub(crate) high: u32,
    pattern: Option<Pattern>,
}

impl LoopPlan {
    pub(crate) fn new(
        slots: Vec<u32>,
        outer: Vec<std::ops::Range<usize>>,
        mut inner: Vec<Inner>,
        first_value: usize,
        (low, high): (u32, u32),
        watch: &Watch,
    ) -> Result<Self, Interrupted> {
        let n = slots.len();
        let mut pattern = None;
        if n > MAX_DENSE {
            let pairs: Vec<(u32, u32)> = inner.iter().map(|one| (one.row, one.column)).collect();
            let found = order::order(n, &pairs, watch)?;
            inner.sort_by_key(|one| (found.position[one.row as usize], one.column));
            pattern = Some(found);
        }
        Ok(Self { slots, outer, inner, first_value, low, high, pattern })
    }
}

/// Memory of one thread.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    dense: Lu,
    sparse: SparseLu,
    given: Rows,
    found: Rows,
    rest: Rows,
    values: Vec<Complex64>,
}

/// Solves a loop; its members' rows are written. Returns what is missing in the equations, relative to the largest
/// amplitude and to one, infinite where there is no solution.
pub(crate) fn solve(
    plan: &LoopPlan,
    terms: &[Term],
    values: &[Complex64],
    rows: &mut Rows,
    scratch: &mut Scratch,
) -> f64 {
    let (n, low, high) = (plan.slots.len(), plan.low as usize, plan.high as usize);
    let width = high - low;
    scratch.given.shape(n, width);
    scratch.found.shape(n, width);
    for (member, outer) in plan.outer.iter().enumerate() {
        let (re, im) = scratch.given.row_mut(member);
        re.fill(0.0);
        im.fill(0.0);
        for (term, &s) in terms[outer.clone()].iter().zip(&values[outer.clone()]) {
            term.add(s, rows, re, im, low);
        }
    }
    let inner_values = &values[plan.first_value..plan.first_value + plan.inner.len()];
    scratch.values.clear();
    scratch.values.extend_from_slice(inner_values);
    let mut missing = f64::INFINITY;
    if let Some(pattern) = &plan.pattern {
        let position = &pattern.position;
        let inner = plan.inner.iter().zip(&scratch.values);
        let inner =
            inner.map(|(one, &v)| (position[one.row as usize] as usize, position[one.column as usize] as usize, v));
        if scratch.sparse.factor(pattern, inner) {
            missing = with_correction(plan, scratch, n, width, |scratch, rows| scratch.solve(pattern, rows));
        }
    }
    if missing.is_nan() || missing > FAILED_ABOVE {
        let allowed = plan.pattern.is_none() || n <= MAX_RESCUE;
        if allowed && factor_dense(plan, scratch) {
            missing = with_dense(plan, scratch, n, width);
        }
    }
    for (member, &slot) in plan.slots.iter().enumerate() {
        let (re, im) = rows.row_mut(slot as usize);
        let (from_re, from_im) = scratch.found.row(member);
        re[low..high].copy_from_slice(from_re);
        im[low..high].copy_from_slice(from_im);
    }
    if missing.is_nan() { f64::INFINITY } else { missing }
}

fn factor_dense(plan: &LoopPlan, scratch: &mut Scratch) -> bool {
    let n = plan.slots.len();
    let matrix = scratch.dense.matrix(n);
    for i in 0..n {
        matrix[i * n + i] = Complex64::ONE;
    }
    for (one, value) in plan.inner.iter().zip(&scratch.values) {
        matrix[one.row as usize * n + one.column as usize] -= value;
    }
    scratch.dense.factor()
}

fn with_dense(plan: &LoopPlan, scratch: &mut Scratch, n: usize, width: usize) -> f64 {
    for i in 0..n {
        copy(&scratch.given, &mut scratch.found, i, i);
    }
    scratch.dense.solve(&mut scratch.found);
    let missing = rest(plan, scratch, n, width);
    if missing <= CORRECT_ABOVE {
        return missing;
    }
    scratch.dense.solve(&mut scratch.rest);
    correct(scratch, n, |i| i);
    rest(plan, scratch, n, width)
}

fn with_correction(
    plan: &LoopPlan,
    scratch: &mut Scratch,
    n: usize,
    width: usize,
    solve: impl Fn(&SparseLu, &mut Rows),
) -> f64 {
    let Some(pattern) = &plan.pattern else { return f64::INFINITY };
    let position = |i: usize| pattern.position[i] as usize;
    scratch.rest.shape(n, width);
    for i in 0..n {
        copy(&scratch.given, &mut scratch.rest, i, position(i));
    }
    solve(&scratch.sparse, &mut scratch.rest);
    for i in 0..n {
        copy(&scratch.rest, &mut scratch.found, position(i), i);
    }
    let missing = rest(plan, scratch, n, width);
    if missing <= CORRECT_ABOVE {
        return missing;
    }
    // The rest by member goes into `given`'s place by position: `given` itself is needed again.
    let mut by_position = Rows::new(n, width);
    for i in 0..n {
        copy(&scratch.rest, &mut by_position, i, position(i));
    }
    solve(&scratch.sparse, &mut by_position);
    std::mem::swap(&mut scratch.rest, &mut by_position);
    correct(scratch, n, position);
    rest(plan, scratch, n, width)
}

fn copy(from: &Rows, to: &mut Rows, i: usize, j: usize) {
    let (re, im) = from.row(i);
    let (to_re, to_im) = to.row_mut(j);
    to_re.copy_from_slice(re);
    to_im.copy_from_slice(im);
}

/// Adds the correction that stands in `rest` to what was found.
fn correct(scratch: &mut Scratch, n: usize, place: impl Fn(usize) -> usize) {
    for i in 0..n {
        let (x_re, x_im) = scratch.rest.row(place(i));
        let (re, im) = scratch.found.row_mut(i);
        for ((y, x), (v, u)) in re.iter_mut().zip(x_re).zip(im.iter_mut().zip(x_im)) {
            *y += x;
            *v += u;
        }
    }
}

/// Writes `given + T·found - found` into `rest` and returns its largest part, relative to the largest amplitude or one.
fn rest(plan: &LoopPlan, scratch: &mut Scratch, n: usize, width: usize) -> f64 {
    scratch.rest.shape(n, width);
    let mut largest = 1.0f64;
    for i in 0..n {
        copy(&scratch.given, &mut scratch.rest, i, i);
        let (x_re, x_im) = scratch.found.row(i);
        let (re, im) = scratch.rest.row_mut(i);
        super::kernels::add_scaled(re, im, x_re, x_im, -Complex64::ONE);
        largest = x_re.iter().chain(x_im).fold(largest, |most, v| most.max(v.abs()));
    }
    for (one, &value) in plan.inner.iter().zip(&scratch.values) {
        let (x_re, x_im) = scratch.found.row(one.column as usize);
        let (re, im) = scratch.rest.row_mut(one.row as usize);
        super::kernels::add_scaled(re, im, x_re, x_im, value);
    }
    let mut missing = 0.0f64;
    for i in 0..n {
        let (re, im) = scratch.rest.row(i);
        for v in re.iter().chain(im) {
            if !v.is_finite() {
                return f64::INFINITY;
            }
            missing = missing.max(v.abs());
        }
    }
    missing / largest
}
