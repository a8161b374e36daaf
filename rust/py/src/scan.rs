//! The scan of layout bytes, which comes before any other reader sees them.

use pyo3::exceptions::PyIndexError;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyDict};
use waveguard_layout::{Drawn, scan};

use crate::run;

/// The polygons of a GDSII stream, which they keep in memory; immutable.
#[pyclass(frozen, module = "waveguard._core")]
pub(crate) struct Boundaries {
    data: PyBackedBytes,
    inner: scan::Boundaries,
}

impl Boundaries {
    pub(crate) fn drawn<'a>(&'a self, cell_of: &'a [i64], layer_of: &'a [i64]) -> Drawn<'a> {
        Drawn { boundaries: &self.inner, data: &self.data, cell_of, layer_of }
    }
}

#[pymethods]
impl Boundaries {
    /// Number of structures of the stream, with polygons or without.
    #[getter]
    fn n_structures(&self) -> usize {
        self.inner.n_structures()
    }

    /// Number of polygons, those with properties included.
    #[getter]
    fn n_polygons(&self) -> usize {
        self.inner.n_polygons()
    }

    /// Layer and datatype pairs of a structure, in the order of their first use.
    fn layers(&self, structure: usize) -> PyResult<Vec<(u32, u32)>> {
        let n = self.inner.n_structures();
        if structure >= n {
            return Err(PyIndexError::new_err(format!("structure {structure} of a stream of {n}")));
        }
        Ok(self.inner.layers()[self.inner.layers_of(structure)].to_vec())
    }

    /// The stream without polygons that carry no properties; None when there are none, so that it is the whole.
    fn rest<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let spans = self.inner.rest();
        if matches!(spans, [span] if span.len() == self.inner.end()) {
            return Ok(None);
        }
        let length = spans.iter().map(ExactSizeIterator::len).sum();
        let fill = |mut out: &mut [u8]| {
            for span in spans {
                let (part, after) = std::mem::take(&mut out).split_at_mut(span.len());
                part.copy_from_slice(&self.data[span.clone()]);
                out = after;
            }
            Ok(())
        };
        PyBytes::new_with(py, length, fill).map(Some)
    }

    fn __repr__(&self) -> String {
        format!("<Boundaries of {} structures>", self.inner.n_structures())
    }
}

/// Walk the bytes of a GDSII or OASIS file and return what is in it; raises `LayoutFormatError` with the byte offset.
#[pyfunction]
pub(crate) fn scan_layout(py: Python<'_>, data: PyBackedBytes) -> PyResult<Bound<'_, PyDict>> {
    let report = run::run(py, 1, None, |_| scan::scan(&data))?;
    let out = PyDict::new(py);
    out.set_item("format", report.format.name())?;
    out.set_item("user_unit_m", report.user_unit_m)?;
    out.set_item("dbu_m", report.dbu_m)?;
    out.set_item("n_records", report.n_records)?;
    out.set_item("cell_names", report.cell_names)?;
    out.set_item("shapes_repeat", report.shapes_repeat)?;
    out.set_item("widthless_paths", report.widthless_paths)?;
    out.set_item("problems", report.problems)?;
    let boundaries = match report.format {
        scan::Format::Gdsii => Some(Boundaries { data, inner: report.boundaries }),
        scan::Format::Oasis => None,
    };
    out.set_item("boundaries", boundaries)?;
    Ok(out)
}
