//! Columns as a reader delivers them → a valid `Layout`.
//!
//! Invariants asserted here: coordinates below 2^30, every reference resolved or listed as a problem, no
//! reference cycle (the closing reference is dropped and listed), layer ids in range. Shapes that break
//! one are left out and become a problem, so building never fails on a bad layout, only on columns that
//! do not fit together (a bug in the reader).

use std::ops::Range;

use rayon::prelude::*;
use rustc_hash::FxHashMap;
use waveguard_base::{CellId, LayerId, Problem};
use waveguard_geom::{BBox, MAX_COORDINATE, Point, Transform};

use crate::model::{Cell, Label, Layout, PathSpine, Reference, Repetition};

/// Columns that do not fit together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("layout column {column} does not fit: {reason}")]
pub struct LayoutError {
    /// Name of the field of [`LayoutColumns`].
    pub column: &'static str,
    /// What does not fit.
    pub reason: String,
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
