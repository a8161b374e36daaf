//! Fields: blocks and joints down, S-matrices up.

use numpy::{Complex64, IntoPyArray, PyArray4, PyArrayMethods, PyReadonlyArray4, PyUntypedArrayMethods};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use waveguard_circuit::{BlockStack, FieldCircuit, FieldColumns};

use crate::columns::Columns;
use crate::errors::Failure;
use crate::run;

/// The S-matrix between chosen ports of a circuit of S-blocks.
///
/// `stacks` holds arrays of amplitudes (block, wavelength or 1, port out, port in); blocks are numbered through them.
#[pyfunction]
#[pyo3(signature = (columns, stacks, threads=0, progress=None))]
pub(crate) fn solve_fields<'py>(
    py: Python<'py>,
    columns: Bound<'py, PyDict>,
    stacks: &Bound<'py, PyList>,
    threads: usize,
    progress: Option<Py<PyAny>>,
) -> PyResult<Bound<'py, PyDict>> {
    let c = Columns::new(columns)?;
    c.only(&["n_wavelengths", "instance_block", "port_peer", "input_port", "output_port"])?;
    // Amplitudes are the one thing that is not copied on the way down: they are most of the memory there is, and the
    // caller waits for the answer.
    let held = stacks.iter().map(|one| hold(&c, &one)).collect::<PyResult<Vec<_>>>()?;
    let stacks = held.iter().map(|one| stack(&c, one)).collect::<PyResult<_>>()?;
    let columns = FieldColumns {
        n_wavelengths: c.count("n_wavelengths")?,
        stacks,
        instance_block: c.i64s("instance_block")?,
        port_peer: c.i64s("port_peer")?,
        input_port: c.i64s("input_port")?,
        output_port: c.i64s("output_port")?,
    };
    let (n_wl, n_out, n_in) = (columns.n_wavelengths, columns.output_port.len(), columns.input_port.len());
    let solution = run::run(py, threads, progress, move |watch| {
        let circuit = FieldCircuit::new(columns).map_err(Failure::from)?;
        waveguard_circuit::solve_fields(&circuit, watch).map_err(Failure::from)
    })?;
    let result = PyDict::new(py);
    result.set_item("s", solution.s.into_pyarray(py).reshape([n_wl, n_out, n_in])?)?;
    result.set_item("residual", solution.residual.into_pyarray(py))?;
    result.set_item("largest_singular_value", solution.largest_singular_value.into_pyarray(py))?;
    result.set_item("n_rows", solution.n_rows)?;
    result.set_item("n_loops", solution.n_loops)?;
    result.set_item("largest_loop", solution.largest_loop)?;
    Ok(result)
}

const WRONG: &str = "holds something else than contiguous complex128 arrays (block, wavelength, out, in)";

fn hold<'py>(c: &Columns<'py>, given: &Bound<'py, PyAny>) -> PyResult<PyReadonlyArray4<'py, Complex64>> {
    let array = given.cast::<PyArray4<Complex64>>().map_err(|_| c.wrong("stacks", WRONG))?;
    array.try_readonly().map_err(|_| c.wrong("stacks", "holds an array that is being written"))
}

fn stack<'a>(c: &Columns<'_>, held: &'a PyReadonlyArray4<'_, Complex64>) -> PyResult<BlockStack<'a>> {
    let wrong = || c.wrong("stacks", WRONG);
    let &[n_blocks, n_wavelengths, n_out, n_ports] = held.shape() else { return Err(wrong()) };
    if n_out != n_ports {
        return Err(wrong());
    }
    Ok(BlockStack { n_ports, n_blocks, n_wavelengths, values: held.as_slice().map_err(|_| wrong())? })
}
