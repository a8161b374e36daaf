//! A region cut into triangles whose corners all lie on its outline.
//!
//! Long edges are given points in between, so that the triangles of a guide span it from side to side. The
//! triangulation is that of Delaunay, constrained to the outline; points on the grid are exact in it.

use rustc_hash::FxHashMap;
use spade::{ConstrainedDelaunayTriangulation, HasPosition, Point2, Triangulation};
use waveguard_geom::{BBox, GridIndex, Point};

use super::jogs;

/// No triangle, or no point.
pub(super) const NONE: u32 = u32::MAX;

/// Triangles inside a region.
#[derive(Debug, Default)]
pub(super) struct Mesh {
    /// Points of the outline in dbu, those in between included.
    pub(super) points: Vec<[f64; 2]>,
    /// For each point whether it is a vertex as drawn.
    pub(super) is_drawn: Vec<bool>,
    /// For each point by how much the outline turns sharply into the region there, in rad: a corner between two arms, or
    /// at the mouth of something wider. 0 where it does not.
    pub(super) notch_rad: Vec<f64>,
    /// For each point whether the outline steps aside on the way to the next.
    pub(super) is_step: Vec<bool>,
    /// The point that follows on its ring; the inside is to the left of the way there.
    pub(super) next: Vec<u32>,
    /// Corners, counter-clockwise.
    pub(super) triangles: Vec<[u32; 3]>,
    /// Neighbour across the edge from corner `k` to the next; `NONE` across the outline.
    pub(super) neighbours: Vec<[u32; 3]>,
}

struct Corner {
    at: Point2<f64>,
    id: u32,
}

impl HasPosition for Corner {
    type Scalar = f64;
    fn position(&self) -> Point2<f64> {
        self.at
    }
}

/// Points for each drawn vertex that may be added where nothing is near, and some for small outlines.
const MOST_POINTS: (usize, usize) = (8, 50_000);
/// The same where a vertex is near.
const MOST_NEAR: (usize, usize) = (100, 200_000);
/// Far from all vertices points are this many times further apart.
const COARSER: f64 = 20.0;
/// A vertex is near within so many spacings.
const NEAR: f64 = 10.0;

impl Mesh {
    /// Triangulates a region: outer rings counter-clockwise, holes clockwise. `spacing` is the distance of
    /// points along long edges, `step_max` the longest step of a side, in dbu. `None` when the rings cross each other.
    pub(super) fn new<R: AsRef<[Point]>>(region: &[R], spacing: f64, step_max: f64) -> Option<Self> {
        let mut mesh = Self::default();
        let edges = mesh.add_outline(region, spacing, step_max);
        let mut cdt = ConstrainedDelaunayTriangulation::<Corner>::new();
        let mut handles = vec![None; mesh.points.len()];
        for id in insertion_order(&mesh.points) {
            let [x, y] = mesh.points[id as usize];
            handles[id as usize] = Some(cdt.insert(Corner { at: Point2::new(x, y), id }).ok()?);
        }
        if cdt.num_vertices() != mesh.points.len() {
            return None;
        }
        for [from, to] in edges {
            let (from, to) = (handles[from]?, handles[to]?);
            if cdt.try_add_constraint(from, to).is_empty() && !cdt.exists_constraint(from, to) {
                return None;
            }
        }
        mesh.take_inside(&cdt);
        (!mesh.triangles.is_empty()).then_some(mesh)
    }

    /// Adds the points of all rings; returns the edges between them.
    fn add_outline<R: AsRef<[Point]>>(&mut self, region: &[R], spacing: f64, step_max: f64) -> Vec<[usize; 2]> {
        let edge = |ring: &[Point], i: usize| (ring[i], ring[(i + 1) % ring.len()]);
        let length = |(a, b): (Point, Point)| (a.distance_sq(b) as f64).sqrt();
        let rings = || region.iter().map(AsRef::as_ref).filter(|r| r.len() >= 3);
        let n: usize = rings().map(<[Point]>::len).sum();
        let whole: f64 = rings().map(|r| (0..r.len()).map(|i| length(edge(r, i))).sum::<f64>()).sum();
        let coarse = (COARSER * spacing).max(whole / (MOST_POINTS.0 * n + MOST_POINTS.1) as f64);
        let vertices: Vec<BBox> = rings().flatten().map(|p| BBox::of_points(&[*p])).collect();
        let mut density = Density {
            spacing,
            coarse,
            vertices: GridIndex::new(&vertices, NEAR * spacing),
            left: MOST_NEAR.0 * n + MOST_NEAR.1,
        };
        let mut places = Vec::new();
        // Rings may touch each other in a point, which is one corner of triangles then.
        let mut ids: FxHashMap<Point, u32> = FxHashMap::default();
        let mut edges = Vec::new();
        for ring in rings() {
            let mut first = NONE;
            let mut last = NONE;
            let mut steps = jogs::find(ring, step_max).into_iter().peekable();
            for i in 0..ring.len() {
                let (a, b) = edge(ring, i);
                let is_step = steps.next_if_eq(&i).is_some();
                let id = *ids.entry(a).or_insert_with(|| self.add([f64::from(a.x), f64::from(a.y)], true));
                first = if i == 0 { id } else { first };
                self.link(last, id, &mut edges);
                last = id;
                self.is_step[id as usize] |= is_step;
                self.notch_rad[id as usize] = jogs::notch_rad(ring, i).max(self.notch_rad[id as usize]);
                density.divide(a, b, &mut places);
                for &u in &places {
                    let between = |p: i32, q: i32| f64::from(p) + u * (f64::from(q) - f64::from(p));
                    let id = self.add([between(a.x, b.x), between(a.y, b.y)], false);
                    self.is_step[id as usize] = is_step;
                    self.link(last, id, &mut edges);
                    last = id;
                }
            }
            self.link(last, first, &mut edges);
        }
        edges
    }

    /// True where the outline turns sharply into the region.
    pub(super) fn is_notch(&self, id: u32) -> bool {
        self.notch_rad[id as usize] > 0.0
    }

    fn add(&mut self, at: [f64; 2], is_drawn: bool) -> u32 {
        self.points.push(at);
        self.is_drawn.push(is_drawn);
        self.is_step.push(false);
        self.notch_rad.push(0.0);
        self.next.push(NONE);
        (self.points.len() - 1) as u32
    }

    fn link(&mut self, from: u32, to: u32, edges: &mut Vec<[usize; 2]>) {
        if from != NONE && from != to {
            self.next[from as usize] = to;
            edges.push([from as usize, to as usize]);
        }
    }

    /// Keeps the triangles that are reached from the inner side of the outline without crossing it.
    fn take_inside(&mut self, cdt: &ConstrainedDelaunayTriangulation<Corner>) {
        let mut number = vec![NONE; cdt.num_all_faces()];
        let mut open = Vec::new();
        for edge in cdt.directed_edges().filter(|e| e.is_constraint_edge()) {
            let (from, to) = (edge.from().data().id, edge.to().data().id);
            // A point where rings touch has one way on only; the other ring is seeded by its other points.
            if self.next[from as usize] == to {
                open.extend(edge.face().as_inner().map(|f| f.fix()));
            }
        }
        let mut faces = Vec::new();
        while let Some(f) = open.pop() {
            if number[f.index()] != NONE {
                continue;
            }
            number[f.index()] = faces.len() as u32;
            faces.push(f);
            for edge in cdt.face(f).adjacent_edges().iter().filter(|e| !e.is_constraint_edge()) {
                open.extend(edge.rev().face().as_inner().map(|g| g.fix()));
            }
        }
        for &f in &faces {
            let edges = cdt.face(f).adjacent_edges();
            self.triangles.push(edges.map(|e| e.from().data().id));
            self.neighbours.push(edges.map(|e| {
                let across = e.rev().face();
                let is_inside = !e.is_constraint_edge() && !across.is_outer();
                if is_inside { number[across.fix().index()] } else { NONE }
            }));
        }
    }
}

/// What edges are divided by.
struct Density {
    /// Distance of points where a vertex is near.
    spacing: f64,
    /// Distance of points elsewhere.
    coarse: f64,
    /// All drawn vertices.
    vertices: GridIndex,
    /// Points that may still be added close together; a star has all its vertices near each other.
    left: usize,
}

impl Density {
    /// Places of the points between the ends of an edge, as parts of its length: close together where a vertex is
    /// near that the triangles have to reach, else far apart.
    fn divide(&mut self, a: Point, b: Point, places: &mut Vec<f64>) {
        places.clear();
        let length = (a.distance_sq(b) as f64).sqrt();
        let stretches = (length / self.coarse).ceil().max(1.0);
        let (ax, ay) = (f64::from(a.x), f64::from(a.y));
        let d = [f64::from(b.x) - ax, f64::from(b.y) - ay];
        let at = |u: f64| [ax + u * d[0], ay + u * d[1]];
        let mut open = Vec::new();
        for k in 0..stretches as u32 {
            open.push((f64::from(k) / stretches, f64::from(k + 1) / stretches));
            while let Some((from, to)) = open.pop() {
                let (p, q) = (at(from), at(to));
                let mut window = BBox { min: p, max: p };
                window.add_box(&BBox { min: q, max: q });
                let own = (to - from) * length;
                let is_near = !self.vertices.candidates_while(&window.grown(NEAR * self.spacing), |_| false);
                if is_near && own > COARSER * self.spacing && self.left > 0 {
                    let middle = f64::midpoint(from, to);
                    self.left -= 1;
                    open.extend([(middle, to), (from, middle)]);
                    continue;
                }
                let wanted = (own / self.spacing).round().max(1.0);
                let parts = if is_near && self.left as f64 > wanted { wanted } else { 1.0 };
                self.left = self.left.saturating_sub(parts as usize);
                places.extend((0..parts as u32).map(|i| from + (to - from) * f64::from(i) / parts));
            }
        }
        // The first is the vertex itself.
        places.remove(0);
    }
}

/// An order in which insertion takes near constant time whatever the shape: rounds of random points, each twice
/// as many as before, and in each round one after the other along a space-filling curve (Amenta, Choi and Rote
/// 2003).
fn insertion_order(points: &[[f64; 2]]) -> Vec<u32> {
    let mut low = [f64::INFINITY; 2];
    let mut size = f64::MIN_POSITIVE;
    for k in 0..2 {
        let (min, max) = points.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), p| (a.min(p[k]), b.max(p[k])));
        low[k] = min;
        size = size.max(max - min);
    }
    let scale = f64::from(u16::MAX) / size;
    let mut order: Vec<(u8, u32, u32)> = points
        .iter()
        .zip(0_u32..)
        .map(|(p, id)| {
            // The number decides like a throw of dice, the same in every run.
            let random = (u64::from(id) + 1)
                .wrapping_mul(0x9e37_79b9_7f4a_7c15)
                .rotate_right(29)
                .wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let round =
                MOST_ROUNDS - (random >> 32).leading_zeros().saturating_sub(32).min(u32::from(MOST_ROUNDS)) as u8;
            let at = [0, 1].map(|k: usize| ((p[k] - low[k]) * scale) as u32);
            (round, curve(at), id)
        })
        .collect();
    order.sort_unstable();
    order.into_iter().map(|(_, _, id)| id).collect()
}

/// Rounds of insertion at most.
const MOST_ROUNDS: u8 = 24;

/// Place of a cell of a grid of 2^16 cells a side along a Hilbert curve.
fn curve([mut x, mut y]: [u32; 2]) -> u32 {
    let mut d = 0;
    let mut s = 1_u32 << 15;
    while s > 0 {
        let (rx, ry) = (u32::from(x & s > 0), u32::from(y & s > 0));
        d += s * s * ((3 * rx) ^ ry);
        if ry == 0 {
            if rx == 1 {
                (x, y) = (0xffff - x, 0xffff - y);
            }
            (x, y) = (y, x);
        }
        s /= 2;
    }
    d
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(points: &[(i32, i32)]) -> Vec<Point> {
        points.iter().map(|&(x, y)| Point::new(x, y)).collect()
    }

    fn area(mesh: &Mesh) -> f64 {
        let p = |i: u32| mesh.points[i as usize];
        mesh.triangles
            .iter()
            .map(|&[a, b, c]| {
                let (a, b, c) = (p(a), p(b), p(c));
                ((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])) / 2.0
            })
            .sum()
    }

    #[test]
    fn triangles_cover_a_frame_and_not_its_hole() {
        let frame = [
            ring(&[(0, 0), (4000, 0), (4000, 3000), (0, 3000)]),
            ring(&[(500, 500), (500, 2500), (3500, 2500), (3500, 500)]),
        ];
        let mesh = Mesh::new(&frame, 250.0, 0.0).expect("a region");
        assert!((area(&mesh) - 6.0e6).abs() < 1e-3, "{}", area(&mesh));
        let pairs: usize = mesh.neighbours.iter().flatten().filter(|&&n| n != NONE).count();
        assert_eq!(pairs % 2, 0);
    }

    #[test]
    fn rings_that_touch_in_a_point_are_triangulated() {
        let two = [ring(&[(0, 0), (1000, 0), (1000, 1000)]), ring(&[(1000, 1000), (2000, 1000), (2000, 2000)])];
        let mesh = Mesh::new(&two, 250.0, 0.0).expect("a region");
        assert!((area(&mesh) - 1.0e6).abs() < 1e-3);
    }

    #[test]
    fn rings_that_cross_are_refused() {
        let bow = [ring(&[(0, 0), (1000, 1000), (1000, 0), (0, 1000)])];
        assert!(Mesh::new(&bow, 1e9, 0.0).is_none());
    }
}
