//! The extraction handle.

use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::PyDict;
use waveguard_base::{Table, Watch};
use waveguard_extract::{ExtractError, Recipe};

use crate::errors::{self, Failure};
use crate::layout::Layout;
use crate::run;
use crate::tables::LateTables;

/// Devices, ports, guides and nets found in a layout; immutable.
#[pyclass(frozen, module = "waveguard._core")]
pub(crate) struct Extraction {
    found: waveguard_extract::Extraction,
    tables: LateTables,
    threads: usize,
}

#[pymethods]
impl Extraction {
    /// Columns of a table; written when they are asked for the first time.
    fn table<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyDict>> {
        self.tables.get(py, name, |name| {
            let write = |_: &Watch| Ok::<Option<Table>, ExtractError>(self.found.write(name));
            run::run(py, self.threads, None, write)
        })
    }

    /// Names of the tables.
    fn names(&self) -> Vec<&'static str> {
        self.found.names().to_vec()
    }
}

/// Find devices, ports, guides, joins and neighbours in a layout.
#[pyfunction]
#[pyo3(signature = (layout, recipe_json, threads=0, progress=None))]
pub(crate) fn extract(
    py: Python<'_>,
    layout: &Layout,
    recipe_json: &str,
    threads: usize,
    progress: Option<Py<PyAny>>,
) -> PyResult<Extraction> {
    let recipe = Recipe::from_json(recipe_json).map_err(|e| errors::to_python(py, Failure::from(e)))?;
    let layout = Arc::clone(&layout.inner);
    let found = run::run(py, threads, progress, move |watch| waveguard_extract::extract(&layout, &recipe, watch))?;
    let tables = LateTables::new(found.names());
    Ok(Extraction { found, tables, threads })
}
