//! All shapes of a slab below a top: which of them cover a place, and which edges lie near it.
//!
//! The shapes are not united: a place lies on the slab where its winding number, summed over all shapes, is above zero. So
//! it does not matter how a slab is cut, or which parts of it lie on each other.

use waveguard_base::{CellId, LayerId};
use waveguard_geom::{BBox, GridIndex, Point, Transform, ring};
use waveguard_layout::hierarchy::Step;
use waveguard_layout::{Layout, Repetition};

use crate::cuts::{COPIES_NOT_READ, Cuts};
use crate::plan::Plan;
use crate::recipe::LayerPair;

/// An edge, with the slab to its left.
pub(super) type Edge = [[f64; 2]; 2];

/// Size of a tile in nm: about as far as slabs are looked for.
const TILE_NM: f64 = 4000.0;

/// The shapes of one layer below one top, in nm in the frame of the top.
pub(super) struct Drawn {
    edges: Vec<Edge>,
    near: GridIndex,
    rings: Vec<Ring>,
    around: GridIndex,
}

impl Drawn {
    /// Reads all shapes on a layer below a top.
    pub(super) fn read(plan: &Plan, top: usize, pair: LayerPair, cuts: &mut Cuts) -> Self {
        let layout = plan.layout;
        let is_slab = |layer: LayerId| plan.pair(layer) == pair;
        let holds = layout.subtree_any(|c| layout.polygons(c).any(|p| is_slab(p.layer)));
        let mut reader = Reader { left: plan.recipe.limits.placements, nm: layout.dbu_nm, rings: Vec::new() };
        layout.walk(CellId::from(top), &mut |cell, placement, _| {
            if !holds[cell.index()] {
                return Step::Over;
            }
            let is_read = reader.take(1) && reader.read(layout, cell, placement, &is_slab);
            if is_read { Step::Into } else { Step::Stop }
        });
        if reader.left == 0 {
            cuts.add(COPIES_NOT_READ, "placements", top, [0.0; 2], 1);
        }
        Self::new(&reader.rings)
    }

    /// Of rings of any direction.
    fn new(rings: &[Vec<[f64; 2]>]) -> Self {
        let mut edges: Vec<Edge> = Vec::with_capacity(rings.iter().map(Vec::len).sum());
        let mut found = Vec::with_capacity(rings.len());
        for points in rings {
            let first = edges.len();
            let pairs = points.iter().zip(points.iter().cycle().skip(1));
            edges.extend(pairs.map(|(&p, &q)| [p, q]));
            found.push(Ring::new(first, &edges[first..]));
        }
        let boxes: Vec<BBox> = edges.iter().map(around).collect();
        let rings_boxes: Vec<BBox> = found.iter().map(|r| r.bbox).collect();
        let sizes = rings_boxes.iter().map(|b| (b.max[0] - b.min[0]).min(b.max[1] - b.min[1])).sum::<f64>();
        let tile = (sizes / found.len().max(1) as f64).max(TILE_NM);
        Self { near: GridIndex::new(&boxes, TILE_NM), around: GridIndex::new(&rings_boxes, tile), edges, rings: found }
    }

    /// True when there are no shapes.
    pub(super) fn is_empty(&self) -> bool {
        self.edges.is_empty()
    }

    /// The edges whose boxes touch a window.
    pub(super) fn near(&self, window: &BBox) -> Vec<Edge> {
        let mut numbers: Vec<usize> = Vec::new();
        self.near.candidates(window, |i| {
            if around(&self.edges[i]).touches(window) {
                numbers.push(i);
            }
        });
        numbers.sort_unstable();
        numbers.into_iter().map(|i| self.edges[i]).collect()
    }

    /// How many shapes cover a place.
    pub(super) fn layers_at(&self, at: [f64; 2]) -> i32 {
        let mut sum = 0;
        self.around.candidates(&BBox { min: at, max: at }, |i| sum += self.rings[i].winding(&self.edges, at));
        sum
    }
}

fn around([p, q]: &Edge) -> BBox {
    BBox { min: [p[0].min(q[0]), p[1].min(q[1])], max: [p[0].max(q[0]), p[1].max(q[1])] }
}

/// Collects rings of placed shapes, counter-clockwise.
struct Reader {
    /// Copies that may still be read.
    left: u64,
    nm: f64,
    rings: Vec<Vec<[f64; 2]>>,
}

impl Reader {
    /// Counts copies; false when they are more than may be read.
    fn take(&mut self, copies: u64) -> bool {
        let is_allowed = copies < self.left;
        self.left = if is_allowed { self.left - copies } else { 0 };
        is_allowed
    }

    fn read(
        &mut self,
        layout: &Layout,
        cell: CellId,
        placement: &Transform,
        is_slab: &impl Fn(LayerId) -> bool,
    ) -> bool {
        layout.polygons(cell).filter(|p| is_slab(p.layer)).all(|p| {
            self.take(p.repetition.len()) && {
                self.place(p.points, p.repetition, placement);
                true
            }
        })
    }

    fn place(&mut self, points: &[Point], repetition: &Repetition, placement: &Transform) {
        let is_turned = (ring::double_area(points) < 0) != placement.is_mirrored();
        for d in repetition.offsets() {
            let place = |p: &Point| placement.apply(f64::from(p.x) + d[0], f64::from(p.y) + d[1]).map(|v| v * self.nm);
            let mut placed: Vec<[f64; 2]> = points.iter().map(place).collect();
            if is_turned {
                placed.reverse();
            }
            self.rings.push(placed);
        }
    }
}

/// The edges of one shape sorted into rows, so that those at one height are found.
struct Ring {
    bbox: BBox,
    /// Number of its first edge among those of all shapes.
    first: usize,
    rows_a_nm: f64,
    /// For each row its first entry in `of_rows`; one more than rows.
    starts: Vec<u32>,
    of_rows: Vec<u32>,
}

impl Ring {
    fn new(first: usize, edges: &[Edge]) -> Self {
        let mut bbox = BBox::EMPTY;
        for [p, _] in edges {
            bbox.add(p[0], p[1]);
        }
        let height = (bbox.max[1] - bbox.min[1]).max(f64::MIN_POSITIVE);
        let climbs: f64 = edges.iter().map(|[p, q]| (q[1] - p[1]).abs()).sum();
        // So many rows that an edge is in about two of them, however many are tall.
        let n_rows = (edges.len() as f64 * height / climbs.max(height)).ceil().clamp(1.0, edges.len().max(1) as f64);
        let mut own = Self { bbox, first, rows_a_nm: n_rows / height, starts: Vec::new(), of_rows: Vec::new() };
        let mut entries: Vec<(u32, u32)> = Vec::new();
        for (i, [p, q]) in (0_u32..).zip(edges) {
            let (low, high) = (own.row(p[1].min(q[1]), n_rows), own.row(p[1].max(q[1]), n_rows));
            entries.extend((low..=high).map(|row| (row, i)));
        }
        entries.sort_unstable();
        own.starts = (0..=n_rows as u32).map(|row| entries.partition_point(|e| e.0 < row) as u32).collect();
        own.of_rows = entries.into_iter().map(|e| e.1).collect();
        own
    }

    fn row(&self, y: f64, n_rows: f64) -> u32 {
        ((y - self.bbox.min[1]) * self.rows_a_nm).clamp(0.0, n_rows - 1.0) as u32
    }

    /// How often the ring goes around a place.
    fn winding(&self, edges: &[Edge], at: [f64; 2]) -> i32 {
        if !self.bbox.contains(at[0], at[1]) {
            return 0;
        }
        let row = self.row(at[1], (self.starts.len() - 1) as f64) as usize;
        let own = &self.of_rows[self.starts[row] as usize..self.starts[row + 1] as usize];
        own.iter().map(|&i| passes(&edges[self.first + i as usize], at)).sum()
    }
}

/// 1 for an edge that goes up to the right of a place, -1 for one that goes down there.
fn passes([p, q]: &Edge, at: [f64; 2]) -> i32 {
    let is_above = [p, q].map(|v| v[1] > at[1]);
    if is_above[0] == is_above[1] {
        return 0;
    }
    let x = p[0] + (q[0] - p[0]) * ((at[1] - p[1]) / (q[1] - p[1]));
    if x <= at[0] {
        0
    } else if is_above[1] {
        1
    } else {
        -1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn comb(teeth: i32) -> Vec<[f64; 2]> {
        let mut points = vec![[0.0, 0.0], [f64::from(2 * teeth), 0.0]];
        for tooth in (0..teeth).rev() {
            let x = f64::from(2 * tooth);
            points.extend([[x + 1.0, 90.0], [x + 1.0, 10.0], [x, 10.0]].map(|p| [p[0] + 0.5, p[1]]));
        }
        points
    }

    #[test]
    fn a_place_is_covered_as_often_as_shapes_lie_there() {
        let square = |x: f64| vec![[x, 0.0], [x + 10.0, 0.0], [x + 10.0, 10.0], [x, 10.0]];
        let drawn = Drawn::new(&[square(0.0), square(5.0), square(15.0)]);
        assert_eq!([2.0, 7.0, 14.9, 15.1, 26.0].map(|x| drawn.layers_at([x, 5.0])), [1, 2, 1, 1, 0]);
        assert_eq!(drawn.layers_at([7.0, 10.1]), 0);
    }

    #[test]
    fn tall_edges_take_no_more_room_than_edges() {
        let drawn = Drawn::new(&[comb(500)]);
        assert!(drawn.rings[0].of_rows.len() <= 3 * drawn.edges.len());
        assert_eq!(drawn.layers_at([500.2, 5.0]), 1);
    }
}
