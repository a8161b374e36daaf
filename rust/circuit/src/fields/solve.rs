//! The numbers: one pass over the program for each wavelength, wavelengths in parallel.

use num_complex::Complex64;
use rayon::prelude::*;
use waveguard_base::Watch;

use super::kernels::Rows;
use super::loops::{self, Scratch};
use super::network::{FieldCircuit, Network};
use super::program::{self, Program, Step};
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

struct Worker {
    rows: Rows,
    out: Rows,
    scratch: Scratch,
}

/// Solves a circuit at all its wavelengths.
///
/// # Errors
/// [`SolveError::Interrupted`], and [`SolveError::TooLarge`] when the answer does not fit in memory. A loop without
/// a solution (it keeps light for ever) is no error: its residual is infinite.
pub fn solve_fields(circuit: &FieldCircuit, watch: &Watch) -> Result<FieldSolution, SolveError> {
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
    let worker =
        || Worker { rows: Rows::new(program.n_slots, n_in), out: Rows::new(1, n_in), scratch: Scratch::default() };
    if of_one > 0 {
        s.par_chunks_exact_mut(of_one).zip(checks.par_iter_mut()).enumerate().try_for_each_init(
            worker,
            |worker, (wavelength, (s, check))| {
                watch.check()?;
                let residual = at(net, &program, wavelength, worker, s);
                *check = (residual, singular::largest(s, n_in));
                watch.advance(1);
                Ok::<(), SolveError>(())
            },
        )?;
    }
    let (residual, largest_singular_value) = checks.into_iter().unzip();
    let Program { n_rows, n_loops, largest_loop, .. } = program;
    Ok(FieldSolution { s, residual, largest_singular_value, n_rows, n_loops, largest_loop })
}

/// One wavelength; returns the residual.
fn at(net: &Network, program: &Program, wavelength: usize, worker: &mut Worker, s: &mut [Complex64]) -> f64 {
    let n_in = net.inputs.len();
    let Worker { rows, out, scratch } = worker;
    let mut residual = 0.0f64;
    for step in &program.steps {
        match step {
            Step::Row { slot, terms, low, high } => {
                row(net, program, wavelength, rows, *slot as usize, terms, (*low as usize, *high as usize));
            }
            Step::Output { output, terms } => {
                let (re, im) = out.row_mut(0);
                re.fill(0.0);
                im.fill(0.0);
                for term in &program.terms[terms.clone()] {
                    term.add(net, wavelength, rows, re, im, 0);
                }
                let into = &mut s[*output as usize * n_in..(*output as usize + 1) * n_in];
                for (value, (re, im)) in into.iter_mut().zip(re.iter().zip(im.iter())) {
                    *value = Complex64::new(*re, *im);
                }
            }
            Step::Loop(plan) => {
                residual = residual.max(loops::solve(plan, &program.terms, net, wavelength, rows, scratch));
            }
        }
    }
    residual
}

#[inline(always)]
fn row(
    net: &Network,
    program: &Program,
    wavelength: usize,
    rows: &mut Rows,
    slot: usize,
    terms: &std::ops::Range<usize>,
    (low, high): (usize, usize),
) {
    let (re, im) = rows.row_mut(slot);
    re[low..high].fill(0.0);
    im[low..high].fill(0.0);
    for term in &program.terms[terms.clone()] {
        let s = net.value(&term.entry, wavelength);
        let (a, b) = (term.low as usize, term.high as usize);
        if term.is_input {
            let (re, im) = rows.row_mut(slot);
            re[a] += s.re;
            im[a] += s.im;
        } else {
            let ((re, im), (x_re, x_im)) = rows.pair(slot, term.from as usize);
            super::kernels::add_scaled(&mut re[a..b], &mut im[a..b], &x_re[a..b], &x_im[a..b], s);
        }
    }
}
