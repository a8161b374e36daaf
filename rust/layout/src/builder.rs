//! Columns as a reader delivers them → a valid `Layout`.
//!
//! Invariants asserted here: every coordinate below 2^30 in size, in the frame of every cell and of
//! everything that places it; every reference resolved or listed as a problem; no reference cycle (the
//! closing reference is dropped and listed); layer ids in range. What breaks one is left out and becomes a
//! problem, so building never fails on a bad layout, only on columns that do not fit together (a bug in
//! the reader).

mod check;
mod drawn;
mod grid;
mod hierarchy;
mod notes;
mod repetitions;
mod shapes;
#[cfg(test)]
mod tests;

use waveguard_base::{Interrupted, LayerId, Watch};
use waveguard_geom::Point;

pub use drawn::Drawn;

use crate::model::{Cell, Layout, Repetition};

/// Why no layout was built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LayoutError {
    /// Columns that do not fit together.
    #[error("layout column {column} does not fit: {reason}")]
    Column {
        /// Name of the field of [`LayoutColumns`].
        column: &'static str,
        /// What does not fit.
        reason: String,
    },
    /// Stopped by the caller.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}

impl LayoutError {
    pub(crate) fn column(column: &'static str, reason: impl Into<String>) -> Self {
        Self::Column { column, reason: reason.into() }
    }
}

/// A layout as flat columns. Positions are in dbu but not yet rounded. Items of `shape_*`, `path_*`,
/// `label_*` and `ref_*` are grouped by cell in ascending order; `*_cell` holds the cell of each.
/// A `*_rep` column holds an index into `repetitions` (0 = drawn once).
#[derive(Clone, Debug, Default)]
pub struct LayoutColumns {
    /// Grid in nanometres.
    pub dbu_nm: f64,
    /// Layer and datatype pairs.
    pub layers: Vec<(u32, u32)>,
    /// Cell names.
    pub cell_names: Vec<String>,
    /// Repetitions; entry 0 must be `Single`.
    pub repetitions: Vec<Repetition>,
    /// Polygon vertices `x0 y0 x1 y1 …` in dbu.
    pub polygon_xy: Vec<f64>,
    /// The same as grid points, from readers that know them; one of the two is empty.
    pub polygon_grid: Vec<Point>,
    /// Start of each polygon in vertices; one more than polygons.
    pub polygon_offsets: Vec<i64>,
    /// Cell of each polygon, ascending.
    pub polygon_cell: Vec<i64>,
    /// Layer id of each polygon.
    pub polygon_layer: Vec<i64>,
    /// Repetition of each polygon.
    pub polygon_rep: Vec<i64>,
    /// Spine vertices, as `polygon_xy`.
    pub path_xy: Vec<f64>,
    /// Start of each spine in vertices.
    pub path_offsets: Vec<i64>,
    /// Cell of each path, ascending.
    pub path_cell: Vec<i64>,
    /// Layer id of each path.
    pub path_layer: Vec<i64>,
    /// Width of each path in dbu.
    pub path_width: Vec<f64>,
    /// Polygon number of each path's outline, -1 for none.
    pub path_outline: Vec<i64>,
    /// Repetition of each path.
    pub path_rep: Vec<i64>,
    /// Cell of each label, ascending.
    pub label_cell: Vec<i64>,
    /// Layer id of each label.
    pub label_layer: Vec<i64>,
    /// Positions `x0 y0 …` in dbu.
    pub label_xy: Vec<f64>,
    /// Texts.
    pub label_text: Vec<String>,
    /// Repetition of each label.
    pub label_rep: Vec<i64>,
    /// Placing cell of each reference, ascending.
    pub ref_cell: Vec<i64>,
    /// Placed cell; -1 when the file does not contain it.
    pub ref_target: Vec<i64>,
    /// Name of the placed cell, used where `ref_target` is -1 (may be empty otherwise).
    pub ref_name: Vec<String>,
    /// Origins `x0 y0 …` in dbu.
    pub ref_xy: Vec<f64>,
    /// Rotations, counter-clockwise.
    pub ref_rotation_rad: Vec<f64>,
    /// Magnifications.
    pub ref_magnification: Vec<f64>,
    /// Mirrored about the x axis before rotation (0 or 1).
    pub ref_mirror: Vec<u8>,
    /// Repetition of each reference.
    pub ref_rep: Vec<i64>,
}

impl Layout {
    /// Builds a layout from columns, using the present rayon pool.
    ///
    /// # Errors
    /// [`LayoutError::Column`] when columns do not fit together, [`LayoutError::Interrupted`] when `watch`
    /// was cancelled. A layout that is wrong is built as far as it goes; see [`Layout::problems`].
    pub fn build(columns: LayoutColumns, watch: &Watch) -> Result<Self, LayoutError> {
        Self::build_with(columns, None, watch)
    }

    /// The same with polygons that still lie in the bytes of a GDSII stream.
    ///
    /// # Errors
    /// As [`Layout::build`].
    pub fn build_with(columns: LayoutColumns, drawn: Option<Drawn<'_>>, watch: &Watch) -> Result<Self, LayoutError> {
        watch.enter(0, columns.cell_names.len() as u64);
        check::columns(&columns)?;
        let mut columns = columns;
        if let Some(drawn) = drawn {
            drawn::merge(&mut columns, &drawn)?;
            check::columns(&columns)?;
        }
        grid::coarsen(&mut columns);
        let mut notes = notes::Notes::new(std::mem::take(&mut columns.cell_names));
        let repetitions = repetitions::Repetitions::new(std::mem::take(&mut columns.repetitions));
        watch.check()?;

        let mut cells: Vec<Cell> = (0..notes.n_cells()).map(|_| Cell::default()).collect();
        let polygons = shapes::Polygons::new(&mut columns, &repetitions, &mut cells, &mut notes);
        watch.check()?;
        shapes::add_paths(&columns, &repetitions, &polygons, &mut cells, &mut notes);
        shapes::add_labels(&mut columns, &repetitions, &mut cells, &mut notes);
        watch.check()?;
        hierarchy::add_references(&columns, &repetitions, &mut cells, &mut notes);
        let bottom_up = hierarchy::order(&mut cells, &mut notes);
        watch.check()?;
        let boxes = hierarchy::boxes(&mut cells, &bottom_up, &polygons, &mut notes, watch)?;
        let tops = hierarchy::tops(&cells);

        let (problems, names) = notes.finish();
        for (cell, name) in cells.iter_mut().zip(names) {
            cell.name = name;
        }
        Ok(Self {
            dbu_nm: columns.dbu_nm,
            layers: columns.layers,
            cells,
            tops,
            bottom_up,
            problems,
            points: polygons.points,
            offsets: polygons.offsets,
            polygon_layers: polygons.layers,
            polygon_repetitions: polygons.repetitions,
            repetitions: repetitions.into_list(),
            boxes,
        })
    }
}

/// The layer id in a checked column.
fn layer_id(value: i64) -> LayerId {
    LayerId(value as u32)
}
