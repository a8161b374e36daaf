//! The scan of layout bytes, which comes before any other reader sees them.

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use waveguard_layout::scan::ScanError;

/// Walk the bytes of a GDSII or OASIS file and return what is in it; raises `LayoutFormatError` with the byte offset.
#[pyfunction]
pub(crate) fn scan_layout<'py>(py: Python<'py>, data: &Bound<'py, PyBytes>) -> PyResult<Bound<'py, PyDict>> {
    let bytes = data.as_bytes();
    let report = py.detach(|| waveguard_layout::scan::scan(bytes)).map_err(|error| to_python(py, &error))?;
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

fn to_python(py: Python<'_>, error: &ScanError) -> PyErr {
    let build = || -> PyResult<PyErr> {
        let mut place = format!("byte {}, record {}", error.offset, error.record);
        if let Some(cell) = &error.cell {
            place = format!("{place}, cell {cell}");
        }
        let arguments = PyDict::new(py);
        arguments.set_item("place", place)?;
        let class = py.import("waveguard.errors")?.getattr("LayoutFormatError")?;
        let raised = class.call((error.reason.as_str(),), Some(&arguments))?;
        raised.setattr("offset", error.offset)?;
        Ok(PyErr::from_value(raised))
    };
    build().unwrap_or_else(|error| error)
}
