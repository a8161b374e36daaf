//! `waveguard._core`: the only crate that knows Python.
//!
//! Down go columns and plans (JSON), up come handles and tables; no function here calls Python while the
//! core works, except through the door in `run.rs`. Every error becomes a class of `waveguard.errors`.

mod circuit;
mod columns;
mod errors;
mod extract;
mod fields;
mod layout;
mod panics;
mod pools;
mod probe;
mod run;
mod sampling;
mod scan;
mod tables;

use pyo3::prelude::*;
use pyo3::types::PyDict;

/// Each guide that is traced has a few short-lived vectors of its own, on all cores at once.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Names and numpy types of the columns of all tables of the core.
#[pyfunction]
fn schemas(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let all = PyDict::new(py);
    for (table, columns) in waveguard_extract::schemas().into_iter().chain(waveguard_circuit::schemas()) {
        let columns: Vec<_> = columns.into_iter().map(|(name, dtype)| (name, tables::dtype(dtype))).collect();
        all.set_item(table, columns)?;
    }
    Ok(all)
}

/// The compiled part of waveguard: geometry, extraction and circuit solving.
#[pymodule(gil_used = false)]
mod _core {
    #[pymodule_export]
    use super::circuit::{Circuit, Solution, build_circuit, solve_paths};
    #[pymodule_export]
    use super::extract::{Extraction, extract};
    #[pymodule_export]
    use super::fields::solve_fields;
    #[pymodule_export]
    use super::layout::{Layout, build_layout};
    #[pymodule_export]
    use super::probe::probe;
    #[pymodule_export]
    use super::scan::{Boundaries, scan_layout};
    #[pymodule_export]
    use super::schemas;

    use pyo3::prelude::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        super::panics::install();
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
