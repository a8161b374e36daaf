//! The scan of layout bytes, which comes before any other reader sees them.

use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyDict;

use crate::run;

/// Walk the bytes of a GDSII or OASIS file and return what is in it; raises `LayoutFormatError` with the byte offset.
#[pyfunction]
pub(crate) fn scan_layout(py: Python<'_>, data: PyBackedBytes) -> PyResult<Bound<'_, PyDict>> {
    let report = run::run(py, 1, None, |_| waveguard_layout::scan::scan(&data))?;
    let out = PyDict::new(py);
    out.set_item("format", report.format.name())?;
    out.set_item("user_unit_m", report.user_unit_m)?;
    out.set_item("dbu_m", report.dbu_m)?;
    out.set_item("n_records", report.n_records)?;
    out.set_item("cell_names", report.cell_names)?;
    out.set_item("shapes_repeat", report.shapes_repeat)?;
    out.set_item("widthless_paths", report.widthless_paths)?;
    out.set_item("problems", report.problems)?;
    Ok(out)
}
