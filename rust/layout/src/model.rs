//! The `Layout` artefact: immutable after it is built.
//!
//! Polygons of one cell lie next to each other in one array of points, so a walk over the shapes of a
//! layer touches memory in order. Coordinates are integers in dbu and below 2^30 in size.

use std::ops::Range;
use std::sync::Arc;

use waveguard_base::{CellId, LayerId, Problem};
use waveguard_geom::{BBox, Point, Transform};

/// How often, and where, something drawn once is repeated. Displacements are in dbu and include the
/// original (the zero displacement comes first).
#[derive(Clone, Debug, PartialEq, Default)]
pub enum Repetition {
    /// Drawn once.
    #[default]
    Single,
    /// A lattice of `columns × rows`.
    Grid {
        /// Steps along `v1`.
        columns: u64,
        /// Steps along `v2`.
        rows: u64,
        /// Displacement from column to column, dbu.
        v1: [f64; 2],
        /// Displacement from row to row, dbu.
        v2: [f64; 2],
    },
    /// Any list of displacements.
    Listed(Vec<[f64; 2]>),
}

impl Repetition {
    /// Number of copies, the original included.
    pub fn len(&self) -> u64 {
        match self {
            Self::Single => 1,
            Self::Grid { columns, rows, .. } => columns.saturating_mul(*rows),
            Self::Listed(v) => v.len() as u64,
        }
    }

    /// True for no copies at all, which no reader produces.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Displacement of copy `i` (`i < len()`).
    pub fn offset(&self, i: u64) -> [f64; 2] {
        match self {
            Self::Single => [0.0; 2],
            Self::Grid { columns, v1, v2, .. } => {
                let (c, r) = ((i % columns) as f64, (i / columns) as f64);
                [c * v1[0] + r * v2[0], c * v1[1] + r * v2[1]]
            }
            Self::Listed(v) => v[i as usize],
        }
    }

    /// All displacements in order.
    pub fn offsets(&self) -> impl Iterator<Item = [f64; 2]> + '_ {
        (0..self.len()).map(|i| self.offset(i))
    }
}

/// One drawn polygon of a cell.
#[derive(Clone, Copy, Debug)]
pub struct Polygon<'a> {
    /// Number of the polygon in the whole layout.
    pub index: usize,
    /// Its layer.
    pub layer: LayerId,
    /// Vertices as drawn: any orientation, not closed, possibly with repeated points.
    pub points: &'a [Point],
    /// Its copies.
    pub repetition: &'a Repetition,
}

/// A PATH element: its spine is evidence of where a guide runs, its outline is among the polygons too.
#[derive(Clone, Debug)]
pub struct PathSpine {
    /// Its layer.
    pub layer: LayerId,
    /// Spine vertices.
    pub spine: Vec<Point>,
    /// Full width in dbu.
    pub width_dbu: f64,
    /// Number of the outline in the layout's polygons; `None` for spines whose outline has no area
    /// (markers of zero width).
    pub outline: Option<usize>,
    /// Its copies.
    pub repetition: Arc<Repetition>,
}

/// A text.
#[derive(Clone, Debug)]
pub struct Label {
    /// Its layer (texttype as datatype).
    pub layer: LayerId,
    /// The text.
    pub text: String,
    /// Position in dbu.
    pub at: Point,
    /// Its copies.
    pub repetition: Arc<Repetition>,
}

/// A placement of one cell in another.
#[derive(Clone, Debug)]
pub struct Reference {
    /// The placed cell.
    pub target: CellId,
    /// Placement of the first copy.
    pub transform: Transform,
    /// The copies; displacements are in the frame of the parent.
    pub repetition: Arc<Repetition>,
}

/// A cell.
#[derive(Clone, Debug, Default)]
pub struct Cell {
    /// Its name; may be empty.
    pub name: String,
    /// Its polygons, as a range of the layout's.
    pub polygons: Range<usize>,
    /// Its PATH elements.
    pub paths: Vec<PathSpine>,
    /// Its texts.
    pub labels: Vec<Label>,
    /// Its placements of other cells, only those that resolve.
    pub references: Vec<Reference>,
}

/// A whole layout.
#[derive(Clone, Debug)]
pub struct Layout {
    /// Step of the coordinates in nanometres: the database unit of the file, or the coarser grid that all of it is drawn on.
    pub dbu_nm: f64,
    /// Layer and datatype (or texttype) of each [`LayerId`].
    pub layers: Vec<(u32, u32)>,
    /// All cells; ids are indices.
    pub cells: Vec<Cell>,
    /// Cells that no other places (by a reference that was kept), in file order.
    pub tops: Vec<CellId>,
    /// Cells in an order in which each comes after the cells it places.
    pub bottom_up: Vec<CellId>,
    /// What was wrong with the input.
    pub problems: Vec<Problem>,
    pub(crate) points: Vec<Point>,
    pub(crate) offsets: Vec<usize>,
    pub(crate) polygon_layers: Vec<LayerId>,
    pub(crate) polygon_repetitions: Vec<u32>,
    /// Entry 0 is `Single`.
    pub(crate) repetitions: Vec<Arc<Repetition>>,
    pub(crate) boxes: Vec<BBox>,
}

impl Layout {
    /// The polygon of that number.
    #[inline]
    pub fn polygon(&self, index: usize) -> Polygon<'_> {
        Polygon {
            index,
            layer: self.polygon_layers[index],
            points: &self.points[self.offsets[index]..self.offsets[index + 1]],
            repetition: &self.repetitions[self.polygon_repetitions[index] as usize],
        }
    }

    /// The polygons drawn in a cell itself (not in cells it places), outlines of PATH elements included.
    pub fn polygons(&self, cell: CellId) -> impl ExactSizeIterator<Item = Polygon<'_>> {
        self.cells[cell.index()].polygons.clone().map(|i| self.polygon(i))
    }

    /// Number of drawn polygons, each repetition counted once.
    pub fn n_polygons(&self) -> usize {
        self.polygon_layers.len()
    }

    /// Number of stored vertices.
    pub fn n_points(&self) -> usize {
        self.points.len()
    }

    /// The cell.
    pub fn cell(&self, id: CellId) -> &Cell {
        &self.cells[id.index()]
    }

    /// Id of a layer and datatype pair, when the layout uses it.
    pub fn layer_id(&self, layer: u32, datatype: u32) -> Option<LayerId> {
        self.layers.iter().position(|&l| l == (layer, datatype)).map(LayerId::from)
    }

    /// Box of a cell with everything placed in it, in its own frame, dbu. Spines without area count,
    /// texts do not.
    pub fn bbox(&self, cell: CellId) -> BBox {
        self.boxes[cell.index()]
    }
}
