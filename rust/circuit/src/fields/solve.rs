//! The numbers: one pass over the program for each wavelength, wavelengths in parallel.

use num_complex::Complex64;
use rayon::prelude::*;
use waveguard_base::Watch;

use super::kernels::{Rows, set_scaled, set_sum};
use super::loops::{self, Scratch};
use super::network::{Entry, FieldCircuit, Network};
use super::program::{self, Program, Step, Term};
use super::singular;
use crate::error::SolveError;

/// Index of `solve` in `waveguard_base::watch::STAGES`.
const STAGE_SOLVE: usize = 6;

/// The S-matrix between inputs and outputs.
#[derive(Debug, Default)]
pub struct FieldSolution {
    /// Amplitudes by wavelength, output, input.
    pub s: Vec<Complex64>,
    /// By wavelength, what is missing in the equations of the loops, relative to the largest amplitude and to one;
    /// infinite where a loop has no solution.
    pub residual: Vec<f64>,
    /// By wavelength, the largest singular value of the matrix: at most one when it is passive.
    pub largest_singular_value: Vec<f64>,
    /// Joined ports that were solved for.
    pub n_rows: usize,
    /// Groups of ports that see each other again.
    pub n_loops: usize,
    /// Ports of the largest of them.
    pub largest_loop: usize,
}

/// Wavelengths that one thread works on in a row: their amplitudes are read in one go, since those of one block lie
/// together.
const GROUP: usize = 8;

struct Worker {
    rows: Rows,
    out: Rows,
    scratch: Scratch,
    /// Amplitudes by wavelength of the group, in the order in which the program uses them.
    values: Vec<Complex64>,
}

/// Solves a circuit at all its wavelengths.
///
/// # Errors
/// [`SolveError::Interrupted`], and [`SolveError::TooLarge`] when the answer does not fit in memory. A loop without
/// a solution (it keeps light for ever) is no error: its residual is infinite.
pub fn solve_fields(circuit: &FieldCircuit<'_>, watch: &Watch) -> Result<FieldSolution, SolveError> {
    let net = &*circuit.net;
    watch.enter(STAGE_SOLVE, net.n_wavelengths as u64);
    let program = program::plan(net, watch)?;
    let (n_in, n_out) = (net.inputs.len(), net.outputs.len());
    let of_one = n_in * n_out;
    let size = of_one.checked_mul(net.n_wavelengths).ok_or(SolveError::TooLarge { n_in, n_out })?;
    let mut s = Vec::new();
    s.try_reserve_exact(size).map_err(|_| SolveError::TooLarge { n_in, n_out })?;
    s.resize(size, Complex64::ZERO);
    let mut checks = vec![(0.0, 0.0); net.n_wavelengths];
    let entries = program.entries();
    let group = GROUP.min(net.n_wavelengths.div_ceil(rayon::current_num_threads())).max(1);
    let worker = || Worker {
        rows: Rows::new(program.n_slots, n_in),
        out: Rows::new(1, n_in),
        scratch: Scratch::default(),
        values: Vec::new(),
    };
    if of_one > 0 {
        s.par_chunks_mut(of_one * group).zip(checks.par_chunks_mut(group)).enumerate().try_for_each_init(
            worker,
            |worker, (number, (s, checks))| {
                gather(net, &entries, number * group, checks.len(), &mut worker.values);
                for (k, (s, check)) in s.chunks_exact_mut(of_one).zip(checks.iter_mut()).enumerate() {
                    watch.check()?;
                    let first = k * entries.len();
                    *check = pulp::Arch::new().dispatch(Wavelength { program: &program, first, worker, n_in, s });
                    watch.advance(1);
                }
                Ok::<(), SolveError>(())
            },
        )?;
    }
    let (residual, largest_singular_value) = checks.into_iter().unzip();
    let Program { n_rows, n_loops, largest_loop, .. } = program;
    Ok(FieldSolution { s, residual, largest_singular_value, n_rows, n_loops, largest_loop })
}

/// The work for one wavelength. A closure would do, were it sure to be inlined into the code for the vector unit.
struct Wavelength<'a> {
    program: &'a Program,
    /// Where its amplitudes start among those of the group.
    first: usize,
    worker: &'a mut Worker,
    n_in: usize,
    s: &'a mut [Complex64],
}

impl pulp::NullaryFnOnce for Wavelength<'_> {
    type Output = (f64, f64);

    #[inline(always)]
    fn call(self) -> (f64, f64) {
        let residual = at(self.program, self.first, self.worker, self.n_in, self.s);
        (residual, singular::largest(self.s, self.n_in))
    }
}

/// Reads the amplitudes of a group of wavelengths.
fn gather(net: &Network<'_>, entries: &[Entry], first: usize, count: usize, values: &mut Vec<Complex64>) {
    values.clear();
    values.resize(count * entries.len(), Complex64::ZERO);
    for (at, entry) in entries.iter().enumerate() {
        for k in 0..count {
            values[k * entries.len() + at] = net.value(entry, first + k);
        }
    }
}

/// One wavelength, whose amplitudes start at `first`; returns the residual.
#[inline(always)]
fn at(program: &Program, first: usize, worker: &mut Worker, n_in: usize, s: &mut [Complex64]) -> f64 {
    let Worker { rows, out, scratch, values } = worker;
    let values = &values[first..first + program.n_values];
    let mut residual = 0.0f64;
    for step in &program.steps {
        match step {
            Step::Row { slot, terms, low, high } => {
                let (own, values) = (&program.terms[terms.clone()], &values[terms.clone()]);
                let mut target = rows.take(*slot as usize);
                row(own, values, rows, target.split_at_mut(n_in), (*low as usize, *high as usize));
                rows.put(*slot as usize, target);
            }
            Step::Output { output, terms } => {
                let own = &program.terms[terms.clone()];
                let low = own.iter().map(|term| term.low).min().unwrap_or(0);
                let high = own.iter().map(|term| term.high).max().unwrap_or(0);
                row(own, &values[terms.clone()], rows, out.row_mut(0), (low as usize, high as usize));
                let (re, im) = out.row(0);
                let into = &mut s[*output as usize * n_in..(*output as usize + 1) * n_in];
                for i in low as usize..high as usize {
                    into[i] = Complex64::new(re[i], im[i]);
                }
            }
            Step::Loop(plan) => {
                residual = residual.max(loops::solve(plan, &program.terms, values, rows, scratch));
            }
        }
    }
    residual
}

/// Writes a row from its terms. Most have two that overlap (couplers): these are summed in one pass.
#[inline(always)]
fn row(
    terms: &[Term],
    values: &[Complex64],
    rows: &Rows,
    (re, im): (&mut [f64], &mut [f64]),
    (low, high): (usize, usize),
) {
    let mut done = 0;
    match terms {
        [one, two, ..] if !one.is_input && !two.is_input && one.low.max(two.low) < one.high.min(two.high) => {
            let (s, t) = (values[0], values[1]);
            let ((x_re, x_im), (z_re, z_im)) = (rows.row(one.from as usize), rows.row(two.from as usize));
            let (a, b) = (one.low.max(two.low) as usize, one.high.min(two.high) as usize);
            let (first, last) = (one.low.min(two.low) as usize, one.high.max(two.high) as usize);
            fill(re, im, low, first);
            if first < a {
                let (x_re, x_im, s) = if one.low < two.low { (x_re, x_im, s) } else { (z_re, z_im, t) };
                set_scaled(&mut re[first..a], &mut im[first..a], &x_re[first..a], &x_im[first..a], s);
            }
            set_sum((&mut re[a..b], &mut im[a..b]), (&x_re[a..b], &x_im[a..b], s), (&z_re[a..b], &z_im[a..b], t));
            if b < last {
                let (x_re, x_im, s) = if one.high > two.high { (x_re, x_im, s) } else { (z_re, z_im, t) };
                set_scaled(&mut re[b..last], &mut im[b..last], &x_re[b..last], &x_im[b..last], s);
            }
            fill(re, im, last, high);
            done = 2;
        }
        [one, ..] if !one.is_input => {
            let s = values[0];
            let (x_re, x_im) = rows.row(one.from as usize);
            let (a, b) = (one.low as usize, one.high as usize);
            fill(re, im, low, a);
            set_scaled(&mut re[a..b], &mut im[a..b], &x_re[a..b], &x_im[a..b], s);
            fill(re, im, b, high);
            done = 1;
        }
        _ => fill(re, im, low, high),
    }
    for (term, &s) in terms.iter().zip(values).skip(done) {
        term.add(s, rows, re, im, 0);
    }
}

#[inline(always)]
fn fill(re: &mut [f64], im: &mut [f64], low: usize, high: usize) {
    re[low..high].fill(0.0);
    im[low..high].fill(0.0);
}
