//! Polygons that still lie in the bytes of a GDSII stream, merged with those of the columns.
//!
//! In each cell the polygons of the stream come first, in file order, then those of the columns (outlines of paths).
//! The vertices are decoded into their final place at once. One thread does it as quickly as memory takes them; ways to
//! share the work out cost more than they gain, as they write every vertex twice or check the place of each.

use waveguard_geom::Point;

use super::{LayoutColumns, LayoutError};
use crate::scan::Boundaries;

/// Polygons of a GDSII stream, and what its structures and layers are called in the columns.
#[derive(Clone, Copy, Debug)]
pub struct Drawn<'a> {
    /// Where the polygons lie, as the scan of these bytes said.
    pub boundaries: &'a Boundaries,
    /// The bytes.
    pub data: &'a [u8],
    /// Cell of each structure, ascending; -1 for a structure that is no cell of the layout.
    pub cell_of: &'a [i64],
    /// Layer id of each of [`Boundaries::layers`]; those of left out structures are not looked at.
    pub layer_of: &'a [i64],
}

/// Vertices that come from one place.
#[derive(Clone, Copy)]
enum Source {
    /// Byte of the first, and how many.
    Stream(usize, usize),
    /// Part of the grid points of the columns.
    Columns(usize, usize),
}

/// Adds the polygons to columns that were checked.
pub(super) fn merge(c: &mut LayoutColumns, drawn: &Drawn<'_>) -> Result<(), LayoutError> {
    check(c, drawn)?;
    let cells: Vec<(usize, usize)> =
        drawn.cell_of.iter().enumerate().filter_map(|(s, &cell)| Some((s, usize::try_from(cell).ok()?))).collect();
    let old = c.polygon_cell.len();
    let mut merged = Merged::new(old);
    let mut new_number = Vec::with_capacity(if c.path_outline.is_empty() { 0 } else { old });
    let mut next = 0;
    for &(structure, cell) in &cells {
        merged.add_structure(drawn, structure, cell);
        next = merged.add_columns(c, next, cell, &mut new_number);
    }
    if next < old {
        return Err(LayoutError::column("boundary_cell", format!("no structure is cell {}", c.polygon_cell[next])));
    }
    for outline in &mut c.path_outline {
        if let Ok(i) = usize::try_from(*outline) {
            *outline = new_number[i];
        }
    }
    c.polygon_grid = merged.points(drawn.data, &c.polygon_grid);
    (c.polygon_offsets, c.polygon_cell) = (merged.offsets, merged.cell);
    (c.polygon_layer, c.polygon_rep) = (merged.layer, merged.rep);
    Ok(())
}

struct Merged {
    offsets: Vec<i64>,
    cell: Vec<i64>,
    layer: Vec<i64>,
    rep: Vec<i64>,
    sources: Vec<Source>,
    n_points: usize,
}

impl Merged {
    fn new(n: usize) -> Self {
        let column = || Vec::with_capacity(n);
        Self { offsets: vec![0], cell: column(), layer: column(), rep: column(), sources: Vec::new(), n_points: 0 }
    }

    fn add_structure(&mut self, drawn: &Drawn<'_>, structure: usize, cell: usize) {
        for piece in drawn.boundaries.pieces_of(structure) {
            if piece.begins {
                self.add_polygon(cell, drawn.layer_of[piece.layer as usize], 0);
            }
            self.add_source(Source::Stream(piece.at, usize::from(piece.n_points)));
        }
    }

    /// Adds the polygons of a cell from number `next` on, and returns the number after them.
    fn add_columns(&mut self, c: &LayoutColumns, mut next: usize, cell: usize, new_number: &mut Vec<i64>) -> usize {
        while c.polygon_cell.get(next) == Some(&(cell as i64)) {
            new_number.push(self.cell.len() as i64);
            self.add_polygon(cell, c.polygon_layer[next], c.polygon_rep[next]);
            let (from, to) = (c.polygon_offsets[next] as usize, c.polygon_offsets[next + 1] as usize);
            self.add_source(Source::Columns(from, to - from));
            next += 1;
        }
        next
    }

    fn add_polygon(&mut self, cell: usize, layer: i64, rep: i64) {
        self.cell.push(cell as i64);
        self.layer.push(layer);
        self.rep.push(rep);
        self.offsets.push(self.n_points as i64);
    }

    /// Adds vertices to the last polygon.
    fn add_source(&mut self, source: Source) {
        let (Source::Stream(_, n) | Source::Columns(_, n)) = source;
        if n > 0 {
            self.sources.push(source);
            self.n_points += n;
        }
        if let Some(end) = self.offsets.last_mut() {
            *end = self.n_points as i64;
        }
    }

    fn points(&self, data: &[u8], grid: &[Point]) -> Vec<Point> {
        let mut points = Vec::with_capacity(self.n_points);
        for source in &self.sources {
            match *source {
                Source::Stream(at, n) => {
                    let (vertices, _) = data[at..at + 8 * n].as_chunks();
                    points.extend(vertices.iter().copied().map(decoded));
                }
                Source::Columns(at, n) => points.extend_from_slice(&grid[at..at + n]),
            }
        }
        points
    }
}

#[inline]
fn decoded([x3, x2, x1, x0, y3, y2, y1, y0]: [u8; 8]) -> Point {
    Point::new(i32::from_be_bytes([x3, x2, x1, x0]), i32::from_be_bytes([y3, y2, y1, y0]))
}

fn check(c: &LayoutColumns, drawn: &Drawn<'_>) -> Result<(), LayoutError> {
    let (boundaries, cell_of, layer_of) = (drawn.boundaries, drawn.cell_of, drawn.layer_of);
    if drawn.data.len() < boundaries.end() {
        return Err(LayoutError::column("boundaries", "they were found in other bytes"));
    }
    if !c.polygon_xy.is_empty() {
        return Err(LayoutError::column("polygon_xy", "beside boundaries there must be grid points"));
    }
    if cell_of.len() != boundaries.n_structures() {
        let reason = format!("{} entries for {} structures", cell_of.len(), boundaries.n_structures());
        return Err(LayoutError::column("boundary_cell", reason));
    }
    if layer_of.len() != boundaries.layers().len() {
        let reason = format!("{} entries for {} layers", layer_of.len(), boundaries.layers().len());
        return Err(LayoutError::column("boundary_layer", reason));
    }
    let mut before = -1;
    for (structure, &cell) in cell_of.iter().enumerate().filter(|(_, cell)| **cell != -1) {
        if cell <= before || cell >= c.cell_names.len() as i64 {
            return Err(LayoutError::column("boundary_cell", format!("entry {structure} is {cell}")));
        }
        before = cell;
        let layers = &layer_of[boundaries.layers_of(structure)];
        if let Some(layer) = layers.iter().find(|&&l| l < 0 || l >= c.layers.len() as i64) {
            return Err(LayoutError::column("boundary_layer", format!("{layer} is no layer")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use waveguard_base::Watch;

    use super::*;
    use crate::model::{Layout, Repetition};
    use crate::scan::{scan, tests};

    const TRIANGLE: [i32; 8] = [0, 0, 10, 0, 10, 10, 0, 0];

    fn triangle(layer: i16, x: i32) -> Vec<u8> {
        let xy: Vec<i32> = TRIANGLE.chunks(2).flat_map(|v| [v[0] + x, v[1]]).collect();
        tests::polygon(layer, 0, &xy)
    }

    /// Structures A, LEFT OUT, B; the columns give each of the two cells an outline of a path.
    fn sample() -> (Vec<u8>, LayoutColumns) {
        let bytes = tests::stream(&[
            ("A", vec![triangle(1, 0), triangle(2, 100)]),
            ("LEFT OUT", vec![triangle(3, 200)]),
            ("B", vec![triangle(2, 300)]),
        ]);
        let grid = |x: i32| [(0, 0), (5, 0), (5, 5), (0, 5)].map(|(dx, y)| Point::new(x + dx, y));
        let columns = LayoutColumns {
            dbu_nm: 1.0,
            layers: vec![(1, 0), (2, 0)],
            cell_names: vec!["A".to_owned(), "B".to_owned()],
            repetitions: vec![Repetition::Single],
            polygon_grid: [grid(1000), grid(2000)].concat(),
            polygon_offsets: vec![0, 4, 8],
            polygon_cell: vec![0, 1],
            polygon_layer: vec![1, 0],
            polygon_rep: vec![0, 0],
            path_xy: [0.0, 0.0, 5.0, 0.0].repeat(2),
            path_offsets: vec![0, 2, 4],
            path_cell: vec![0, 1],
            path_layer: vec![1, 0],
            path_width: vec![5.0; 2],
            path_outline: vec![0, 1],
            path_rep: vec![0, 0],
            ..LayoutColumns::default()
        };
        (bytes, columns)
    }

    fn built(bytes: &[u8], columns: LayoutColumns, cells: &[i64], layers: &[i64]) -> Result<Layout, LayoutError> {
        let boundaries = scan(bytes).expect("well formed").boundaries;
        let drawn = Drawn { boundaries: &boundaries, data: bytes, cell_of: cells, layer_of: layers };
        Layout::build_with(columns, Some(drawn), &Watch::default())
    }

    #[test]
    fn polygons_of_the_stream_come_before_those_of_the_columns_in_each_cell() {
        let (bytes, columns) = sample();
        let layout = built(&bytes, columns, &[0, -1, 1], &[0, 1, -1, 1]).expect("the columns fit together");
        let first: Vec<_> =
            (0..layout.n_polygons()).map(|i| layout.polygon(i)).map(|p| (p.layer.0, p.points[0].x)).collect();
        assert_eq!(first, [(0, 0), (1, 100), (1, 1000), (1, 300), (0, 2000)]);
        assert_eq!(layout.polygon(0).points, [(0, 0), (10, 0), (10, 10)].map(|(x, y)| Point::new(x, y)));
        assert_eq!(layout.cells.iter().map(|c| c.polygons.clone()).collect::<Vec<_>>(), [0..3, 3..5]);
        assert_eq!(layout.cells.iter().map(|c| c.paths[0].outline).collect::<Vec<_>>(), [Some(2), Some(4)]);
        assert!(layout.problems.is_empty());
    }

    #[test]
    fn polygons_beyond_the_range_and_without_area_are_left_out_with_their_place() {
        let far = 1 << 30;
        let elements = vec![
            tests::polygon(1, 0, &[far, 0, far, 10, 0, 10, far, 0]),
            tests::polygon(1, 0, &[i32::MIN, i32::MIN, 5, 10, 0, 10]),
            tests::polygon(1, 0, &[7, 8, 7, 8]),
            triangle(1, 0),
        ];
        let bytes = tests::stream(&[("A", elements), ("LEFT OUT", vec![]), ("B", vec![])]);
        let layout = built(&bytes, sample().1, &[0, -1, 1], &[0]).expect("the columns fit together");
        let problems: Vec<_> = layout.problems.iter().map(|p| (p.code, p.count)).collect();
        assert_eq!(problems, [("beyond-range", 2), ("degenerate-shape", 1)]);
        assert_eq!(layout.n_polygons(), 3);
        assert_eq!(layout.cells[0].paths[0].outline, Some(1));
    }

    #[test]
    fn names_that_do_not_fit_the_stream_are_refused() {
        let (bytes, columns) = sample();
        let refused = |bytes: &[u8], cells: &[i64], layers: &[i64]| match built(bytes, columns.clone(), cells, layers) {
            Err(LayoutError::Column { column, .. }) => column,
            other => panic!("{other:?} instead of a refused column"),
        };
        for cells in [[0, -1].as_slice(), &[1, -1, 0], &[0, 0, 1], &[0, -1, 2], &[-2, 0, 1], &[0, -1, -1]] {
            assert_eq!(refused(&bytes, cells, &[0, 1, 1, 1]), "boundary_cell");
        }
        for layers in [[0, 1, -1].as_slice(), &[0, 1, -1, 2], &[-1, 1, -1, 1]] {
            assert_eq!(refused(&bytes, &[0, -1, 1], layers), "boundary_layer");
        }
        let boundaries = scan(&bytes).expect("well formed").boundaries;
        let drawn =
            Drawn { boundaries: &boundaries, data: &bytes[1..], cell_of: &[0, -1, 1], layer_of: &[0, 1, -1, 1] };
        assert!(Layout::build_with(columns.clone(), Some(drawn), &Watch::default()).is_err());
    }
}
