//! The layout handle.

use std::sync::Arc;

use pyo3::exceptions::PyIndexError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use waveguard_base::{CellId, Column, Interrupted, Problem, Table};
use waveguard_layout::{LayoutColumns, Repetition};

use crate::columns::Columns;
use crate::scan::Boundaries;
use crate::{run, tables};

/// A layout on the grid; immutable.
#[pyclass(frozen, module = "waveguard._core")]
pub(crate) struct Layout {
    pub(crate) inner: Arc<waveguard_layout::Layout>,
}

impl Layout {
    fn cell(&self, cell: usize) -> PyResult<CellId> {
        let n = self.inner.cells.len();
        if cell < n {
            return Ok(CellId::from(cell));
        }
        Err(PyIndexError::new_err(format!("cell {cell} of a layout of {n} cells")))
    }
}

#[pymethods]
impl Layout {
    /// Size of the grid in nanometres.
    #[getter]
    fn dbu_nm(&self) -> f64 {
        self.inner.dbu_nm
    }

    /// Layer and datatype pairs in use.
    #[getter]
    fn layers(&self) -> Vec<(u32, u32)> {
        self.inner.layers.clone()
    }

    /// Names of the cells, by cell index.
    #[getter]
    fn cell_names(&self) -> Vec<&str> {
        self.inner.cells.iter().map(|c| c.name.as_str()).collect()
    }

    /// Indices of the cells that no other places.
    #[getter]
    fn tops(&self) -> Vec<u32> {
        self.inner.tops.iter().map(|c| c.0).collect()
    }

    /// Number of drawn polygons, each repetition counted once.
    #[getter]
    fn n_polygons(&self) -> usize {
        self.inner.n_polygons()
    }

    /// Number of stored vertices.
    #[getter]
    fn n_points(&self) -> usize {
        self.inner.n_points()
    }

    /// Number of placements below and including a cell; stops counting at 2**64 - 1.
    fn n_placements(&self, cell: usize) -> PyResult<u64> {
        Ok(self.inner.n_placements(self.cell(cell)?))
    }

    /// Box (x0, y0, x1, y1) of a cell with all that is placed in it, in its own frame; None when nothing is drawn.
    fn bbox_nm(&self, cell: usize) -> PyResult<Option<(f64, f64, f64, f64)>> {
        let b = self.inner.bbox(self.cell(cell)?);
        let s = self.inner.dbu_nm;
        Ok((!b.is_empty()).then(|| (b.min[0] * s, b.min[1] * s, b.max[0] * s, b.max[1] * s)))
    }

    /// What was wrong with the columns: code, cell, `x_dbu`, `y_dbu` (in the frame of the cell), subject, count.
    fn problems<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        tables::to_dict(py, problem_table(&self.inner.problems))
    }

    /// Texts on some layers in the frame of a top cell, at most so many: text, `x_nm`, `y_nm`.
    fn labels<'py>(
        &self,
        py: Python<'py>,
        top: usize,
        layers: Vec<(u32, u32)>,
        most: usize,
    ) -> PyResult<Bound<'py, PyDict>> {
        let top = self.cell(top)?;
        let layout = Arc::clone(&self.inner);
        let found = run::run(py, 1, None, move |_| Ok::<_, Interrupted>(layout.placed_labels(top, &layers, most)))?;
        let nm = self.inner.dbu_nm;
        let axis = |k: usize| Column::F64(found.iter().map(|label| label.at[k] * nm).collect());
        let table = Table::new("labels").with("x_nm", axis(0)).with("y_nm", axis(1));
        let texts = Column::Text(found.iter().map(|label| label.text.clone()).collect());
        tables::to_dict(py, table.with("text", texts))
    }

    fn __repr__(&self) -> String {
        let l = &self.inner;
        format!("<Layout of {} cells, {} polygons, {} points>", l.cells.len(), l.n_polygons(), l.n_points())
    }
}

fn problem_table(problems: &[Problem]) -> Table {
    let texts = |f: &dyn Fn(&Problem) -> String| Column::Text(problems.iter().map(f).collect());
    let f64s = |f: &dyn Fn(&Problem) -> f64| Column::F64(problems.iter().map(f).collect());
    Table::new("problems")
        .with("code", texts(&|p| p.code.to_owned()))
        .with("cell", texts(&|p| p.cell.clone()))
        .with("x_dbu", f64s(&|p| p.x_dbu))
        .with("y_dbu", f64s(&|p| p.y_dbu))
        .with("subject", texts(&|p| p.subject.clone()))
        .with("count", Column::I64(problems.iter().map(|p| p.count as i64).collect()))
}

const KNOWN: [&str; 32] = [
    "dbu_nm",
    "layers",
    "cell_names",
    "repetitions",
    "polygon_xy",
    "polygon_offsets",
    "polygon_cell",
    "polygon_layer",
    "polygon_rep",
    "path_xy",
    "path_offsets",
    "path_cell",
    "path_layer",
    "path_width",
    "path_outline",
    "path_rep",
    "label_cell",
    "label_layer",
    "label_xy",
    "label_text",
    "label_rep",
    "ref_cell",
    "ref_target",
    "ref_name",
    "ref_xy",
    "ref_rotation_rad",
    "ref_magnification",
    "ref_mirror",
    "ref_rep",
    "boundaries",
    "boundary_cell",
    "boundary_layer",
];

/// Build a layout from flat columns, and from the polygons of a GDSII stream where `boundaries` holds them.
#[pyfunction]
#[pyo3(signature = (columns, progress=None, threads=0))]
pub(crate) fn build_layout(
    py: Python<'_>,
    columns: Bound<'_, PyDict>,
    progress: Option<Py<PyAny>>,
    threads: usize,
) -> PyResult<Layout> {
    let c = Columns::new(columns)?;
    let columns = layout_columns(&c)?;
    let drawn = match c.optional("boundaries")? {
        None => None,
        Some(handle) => {
            let handle = handle.cast_into::<Boundaries>().map_err(|_| c.wrong("boundaries", "is no Boundaries"))?;
            Some((handle.unbind(), c.i64s("boundary_cell")?, c.i64s("boundary_layer")?))
        }
    };
    let inner = run::run(py, threads, progress, move |watch| {
        let drawn = drawn.as_ref().map(|(handle, cell_of, layer_of)| handle.get().drawn(cell_of, layer_of));
        waveguard_layout::Layout::build_with(columns, drawn, watch)
    })?;
    Ok(Layout { inner: Arc::new(inner) })
}

fn layout_columns(c: &Columns<'_>) -> PyResult<LayoutColumns> {
    c.only(&KNOWN)?;
    // Integers are grid points already; everything else is rounded by the builder.
    let (polygon_xy, polygon_grid) = match c.points("polygon_xy")? {
        Some(grid) => (Vec::new(), grid),
        None => (c.f64s("polygon_xy")?, Vec::new()),
    };
    Ok(LayoutColumns {
        dbu_nm: c.scalar("dbu_nm")?,
        layers: layers(c)?,
        cell_names: c.texts("cell_names")?,
        repetitions: c
            .tagged("repetitions")?
            .into_iter()
            .map(|(kind, tuple)| repetition(c, &kind, &tuple))
            .collect::<PyResult<_>>()?,
        polygon_xy,
        polygon_grid,
        polygon_offsets: c.i64s("polygon_offsets")?,
        polygon_cell: c.i64s("polygon_cell")?,
        polygon_layer: c.i64s("polygon_layer")?,
        polygon_rep: c.i64s("polygon_rep")?,
        path_xy: c.f64s("path_xy")?,
        path_offsets: c.i64s("path_offsets")?,
        path_cell: c.i64s("path_cell")?,
        path_layer: c.i64s("path_layer")?,
        path_width: c.f64s("path_width")?,
        path_outline: c.i64s("path_outline")?,
        path_rep: c.i64s("path_rep")?,
        label_cell: c.i64s("label_cell")?,
        label_layer: c.i64s("label_layer")?,
        label_xy: c.f64s("label_xy")?,
        label_text: c.texts("label_text")?,
        label_rep: c.i64s("label_rep")?,
        ref_cell: c.i64s("ref_cell")?,
        ref_target: c.i64s("ref_target")?,
        ref_name: c.texts("ref_name")?,
        ref_xy: c.f64s("ref_xy")?,
        ref_rotation_rad: c.f64s("ref_rotation_rad")?,
        ref_magnification: c.f64s("ref_magnification")?,
        ref_mirror: c.u8s("ref_mirror")?,
        ref_rep: c.i64s("ref_rep")?,
    })
}

fn layers(c: &Columns<'_>) -> PyResult<Vec<(u32, u32)>> {
    let flat = c.i64s("layers")?;
    if !flat.len().is_multiple_of(2) {
        return Err(c.wrong("layers", "does not hold pairs"));
    }
    let number = |v: i64| u32::try_from(v).map_err(|_| c.wrong("layers", &format!("holds {v}")));
    flat.chunks_exact(2).map(|pair| Ok((number(pair[0])?, number(pair[1])?))).collect()
}

fn repetition(c: &Columns<'_>, kind: &str, tuple: &Bound<'_, PyTuple>) -> PyResult<Repetition> {
    let bad = |_| c.wrong("repetitions", &format!("holds {tuple}"));
    match kind {
        "single" => Ok(Repetition::Single),
        "grid" => {
            type Grid = (String, u64, u64, f64, f64, f64, f64);
            let (_, columns, rows, v1x, v1y, v2x, v2y) = tuple.extract::<Grid>().map_err(bad)?;
            Ok(Repetition::Grid { columns, rows, v1: [v1x, v1y], v2: [v2x, v2y] })
        }
        "listed" => {
            let flat: Vec<f64> = c.array("repetitions", &tuple.get_item(1).map_err(bad)?, "biuf", "float64")?;
            if !flat.len().is_multiple_of(2) {
                return Err(c.wrong("repetitions", "lists half a displacement"));
            }
            Ok(Repetition::Listed(flat.chunks_exact(2).map(|v| [v[0], v[1]]).collect()))
        }
        _ => Err(c.wrong("repetitions", &format!("holds the unknown kind {kind}"))),
    }
}
