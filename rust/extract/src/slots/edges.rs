//! The edges of a region, and what a ray meets.

use waveguard_geom::{BBox, GridIndex, Point};

/// Edges of rings with the region to their left, and an index of them.
pub(super) struct Edges {
    points: Vec<[f64; 2]>,
    next: Vec<u32>,
    before: Vec<u32>,
    ring: Vec<u32>,
    /// First edge of each ring; one more than rings.
    pub(super) starts: Vec<usize>,
    index: GridIndex,
    /// The edge of each box of the index.
    owners: Vec<u32>,
}

/// A place on an edge.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) edge: usize,
    /// Where on the edge, 0 to 1.
    pub(super) u: f64,
    pub(super) at: [f64; 2],
}

/// Boxes of slanted edges are no larger than this many tiles.
const TILES_A_BOX: f64 = 4.0;
/// What is nearer than this to where a ray begins is where it begins, in dbu.
const NOTHING: f64 = 1e-3;
/// Rays that end so close beyond an edge still meet it, as part of the edge.
const BEYOND: f64 = 1e-9;

impl Edges {
    /// Edges of the rings of a region; `tile` is about as long as the rays are.
    pub(super) fn new(rings: &[Vec<Point>], tile: f64) -> Self {
        let points: Vec<[f64; 2]> = rings.iter().flatten().map(|p| [f64::from(p.x), f64::from(p.y)]).collect();
        let (mut next, mut before) = (Vec::with_capacity(points.len()), Vec::with_capacity(points.len()));
        let (mut ring, mut starts) = (Vec::with_capacity(points.len()), vec![0]);
        for (number, own) in (0_u32..).zip(rings) {
            let (first, n) = (next.len(), own.len());
            next.extend((0..n).map(|k| (first + (k + 1) % n) as u32));
            before.extend((0..n).map(|k| (first + (k + n - 1) % n) as u32));
            ring.extend((0..n).map(|_| number));
            starts.push(first + n);
        }
        let (mut boxes, mut owners) = (Vec::with_capacity(points.len()), Vec::with_capacity(points.len()));
        for (i, a) in points.iter().enumerate() {
            let b = points[next[i] as usize];
            let d = [b[0] - a[0], b[1] - a[1]];
            let parts = (d[0].abs().min(d[1].abs()) / (TILES_A_BOX * tile)).ceil().max(1.0);
            for k in 0..parts as u32 {
                let at = |u: f64| [a[0] + d[0] * u, a[1] + d[1] * u];
                let mut bbox = BBox::EMPTY;
                for u in [f64::from(k) / parts, f64::from(k + 1) / parts] {
                    let [x, y] = at(u);
                    bbox.add(x, y);
                }
                boxes.push(bbox);
                owners.push(i as u32);
            }
        }
        let index = GridIndex::new(&boxes, tile);
        Self { points, next, before, ring, starts, index, owners }
    }

    pub(super) fn len(&self) -> usize {
        self.points.len()
    }

    pub(super) fn next(&self, edge: usize) -> usize {
        self.next[edge] as usize
    }

    pub(super) fn before(&self, edge: usize) -> usize {
        self.before[edge] as usize
    }

    pub(super) fn ring(&self, edge: usize) -> u32 {
        self.ring[edge]
    }

    /// Where an edge begins.
    pub(super) fn from(&self, edge: usize) -> [f64; 2] {
        self.points[edge]
    }

    /// Where an edge ends.
    pub(super) fn to(&self, edge: usize) -> [f64; 2] {
        self.points[self.next(edge)]
    }

    pub(super) fn length(&self, edge: usize) -> f64 {
        let (a, b) = (self.from(edge), self.to(edge));
        (b[0] - a[0]).hypot(b[1] - a[1])
    }

    /// Direction of an edge, of length one.
    pub(super) fn along(&self, edge: usize) -> [f64; 2] {
        let (a, b, length) = (self.from(edge), self.to(edge), self.length(edge).max(f64::MIN_POSITIVE));
        [(b[0] - a[0]) / length, (b[1] - a[1]) / length]
    }

    /// The place at `u` on an edge.
    pub(super) fn place(&self, edge: usize, u: f64) -> Place {
        let (a, b) = (self.from(edge), self.to(edge));
        Place { edge, u, at: [a[0] + (b[0] - a[0]) * u, a[1] + (b[1] - a[1]) * u] }
    }

    /// The first place that a ray from `from` meets within `reach`, and how far that is.
    pub(super) fn cast(&self, from: &Place, direction: [f64; 2], reach: f64) -> Option<(f64, Place)> {
        let p = from.at;
        let mut bbox = BBox::EMPTY;
        bbox.add(p[0], p[1]);
        bbox.add(p[0] + direction[0] * reach, p[1] + direction[1] * reach);
        let mut best: Option<(f64, usize, f64)> = None;
        self.index.candidates(&bbox, |k| {
            let edge = self.owners[k] as usize;
            if edge == from.edge {
                return;
            }
            let (a, b) = (self.points[edge], self.to(edge));
            let e = [b[0] - a[0], b[1] - a[1]];
            let cross = direction[0] * e[1] - direction[1] * e[0];
            if cross == 0.0 {
                return;
            }
            let r = [a[0] - p[0], a[1] - p[1]];
            let t = (r[0] * e[1] - r[1] * e[0]) / cross;
            let u = (r[0] * direction[1] - r[1] * direction[0]) / cross;
            let is_met = t > NOTHING && t <= reach && (-BEYOND..=1.0 + BEYOND).contains(&u);
            // Of two edges that meet where the ray goes the first in order, whatever the index visits first.
            if is_met && best.is_none_or(|(s, other, _)| t < s || (t <= s && edge < other)) {
                best = Some((t, edge, u));
            }
        });
        best.map(|(t, edge, u)| (t, self.place(edge, u.clamp(0.0, 1.0))))
    }
}
