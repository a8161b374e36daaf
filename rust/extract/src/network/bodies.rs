//! Which triangles belong to which guide or body, and the outlines of bodies.

use std::f64::consts::PI;

use rustc_hash::{FxHashMap, FxHashSet};
use waveguard_geom::transform::wrap_angle;
use waveguard_geom::{BBox, Point};

use super::axis::{Arm, Graph};
use super::intervals::Interval;
use super::mesh::{Mesh, NONE};
use super::strip::Strip;
use super::{Body, Lost, Network, Part};
use crate::trace::End;

/// What each triangle belongs to while arms are cut.
pub(super) struct Owners {
    /// For each triangle its guide.
    guide: Vec<u32>,
    /// Node of each junction triangle.
    nodes: FxHashMap<u32, usize>,
    /// Nodes that are one point to others.
    parent: Vec<usize>,
    ports: Vec<Vec<End>>,
    /// Entries of guides from outside that were met.
    pub(super) entered: usize,
    /// What meets at steps, in the direction of the arm: the end of the first and the beginning of the second.
    pub(super) steps: Vec<[Side; 2]>,
    /// Arms that were not traced, with a node at one of their ends.
    lost: Vec<(usize, Lost)>,
}

/// What lies on one side of a step.
#[derive(Clone, Copy, Debug)]
pub(super) enum Side {
    /// A guide, by its number.
    Guide(usize),
    /// The end of a guide outside.
    Outside(End),
}

/// Owner of triangles that lie outside: in stubs of guides that enter the region.
pub(super) const OUTSIDE: usize = NONE as usize - 1;

impl Owners {
    /// One node for each junction.
    pub(super) fn new(mesh: &Mesh, graph: &Graph) -> Self {
        let nodes = graph.junctions.iter().zip(0..).map(|(&t, i)| (t, i)).collect();
        let n = graph.junctions.len();
        Self {
            guide: vec![NONE; mesh.triangles.len()],
            nodes,
            parent: (0..n).collect(),
            ports: vec![Vec::new(); n],
            entered: 0,
            steps: Vec::new(),
            lost: Vec::new(),
        }
    }

    pub(super) fn of_junction(&self, triangle: u32) -> usize {
        self.nodes[&triangle]
    }

    /// A node of its own: a stretch of an arm that is no guide.
    pub(super) fn add(&mut self) -> usize {
        self.parent.push(self.parent.len());
        self.ports.push(Vec::new());
        self.parent.len() - 1
    }

    pub(super) fn root(&mut self, mut node: usize) -> usize {
        while self.parent[node] != node {
            self.parent[node] = self.parent[self.parent[node]];
            node = self.parent[node];
        }
        node
    }

    /// Makes two nodes one.
    pub(super) fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        self.parent[a.max(b)] = a.min(b);
    }

    /// Gives the triangles of a stretch to a guide.
    pub(super) fn take(&mut self, arm: &Arm, strip: &Strip, interval: Interval, guide: usize) {
        let n = arm.triangles.len();
        if n == 0 {
            return;
        }
        let (from, to) = (strip.chord(interval.from), strip.chord(interval.to));
        let is_whole = arm.chords.len() == n && to >= from + n;
        let first = if interval.is_open[0] { 0 } else { from + usize::from(!is_whole) };
        let last = if interval.is_open[1] { n } else { to };
        for k in first..last {
            self.guide[arm.triangles[k % n] as usize] = guide as u32;
        }
    }

    /// Takes guides out again: their triangles belong to none, and their ends enter no node.
    pub(super) fn release(&mut self, is_out: &[bool], guides: &[Part]) {
        let of_out = |g: u32| is_out.get(g as usize).copied().unwrap_or(false);
        self.guide.iter_mut().filter(|g| of_out(**g)).for_each(|g| *g = NONE);
        // Guides of different width may end at one place.
        let place = |e: &End| [e.x, e.y, e.width].map(f64::to_bits);
        let out = guides.iter().zip(is_out).filter(|(_, out)| **out);
        let ends: FxHashSet<[u64; 3]> = out.flat_map(|(part, _)| part.trace.ends.iter().map(place)).collect();
        for own in &mut self.ports {
            own.retain(|p| !ends.contains(&place(p)));
        }
    }

    /// Ends of guides that enter each node, with nodes that are one taken together.
    pub(super) fn entries(&mut self) -> FxHashMap<usize, Vec<End>> {
        let mut out: FxHashMap<usize, Vec<End>> = FxHashMap::default();
        for node in 0..self.parent.len() {
            let root = self.root(node);
            out.entry(root).or_default().extend(&self.ports[node]);
        }
        out
    }

    /// An arm between nodes is not traced: it is a part of what is there.
    pub(super) fn lose(&mut self, nodes: [Option<usize>; 2], lost: Option<Lost>) {
        self.lost.extend(nodes.into_iter().flatten().next().zip(lost));
    }

    /// The longest arm that was not traced.
    pub(super) fn first_lost(&self) -> Option<Lost> {
        self.lost.iter().map(|l| l.1).reduce(|a, b| if b.length > a.length { b } else { a })
    }

    /// A guide enters a node: the end is that of the guide.
    pub(super) fn enter(&mut self, node: usize, end: End) {
        let [direction_rad, cap_rad] = [end.direction_rad, end.cap_rad].map(|a| wrap_angle(a + PI));
        self.ports[node].push(End { direction_rad, cap_rad, ..end });
    }
}

/// Triangles that belong to no guide, as connected pieces, become the outlines of the bodies they touch. `outside` is
/// the area of stubs.
pub(super) fn collect(mesh: &Mesh, graph: &Graph, mut owners: Owners, outside: f64, network: &mut Network) {
    // Bodies in order of their first node that any guide enters, or that is a junction.
    let roots: Vec<usize> = (0..owners.parent.len()).map(|i| owners.root(i)).collect();
    let mut ports: Vec<Vec<End>> = vec![Vec::new(); roots.len()];
    for (node, own) in std::mem::take(&mut owners.ports).into_iter().enumerate() {
        ports[roots[node]].extend(own);
    }
    let mut body_of = vec![None; roots.len()];
    for (node, &root) in roots.iter().enumerate() {
        if body_of[root].is_none() && !ports[root].is_empty() {
            body_of[root] = Some(network.bodies.len());
            network.bodies.push(Body { ports: std::mem::take(&mut ports[root]), ..Body::default() });
        }
        body_of[node] = body_of[root];
    }
    for part in &mut network.guides {
        part.bodies = part.bodies.map(|b| b.and_then(|node| body_of[node]));
    }
    for (node, lost) in std::mem::take(&mut owners.lost) {
        if let Some(body) = body_of[node] {
            network.bodies[body].lost.push(lost);
        }
    }
    let mut body_at: FxHashMap<u32, usize> = FxHashMap::default();
    for &t in &graph.junctions {
        if let Some(body) = body_of[owners.nodes[&t]] {
            body_at.insert(t, body);
        }
    }
    let pieces = pieces(mesh, &owners.guide);
    let by_port = nearest_pieces(mesh, &pieces, network);
    for (number, piece) in pieces.iter().enumerate() {
        let area: f64 = piece.iter().map(|&t| area(mesh, t)).sum();
        let body = piece.iter().find_map(|t| body_at.get(t).copied()).or_else(|| by_port.get(&number).copied());
        let Some(body) = body else {
            network.rest_area += area;
            continue;
        };
        let target = &mut network.bodies[body];
        target.area += area;
        target.rings.extend(rings(mesh, piece));
    }
    // The middle of its ports: in a wide body the largest circle may lie at many places.
    for body in &mut network.bodies {
        let k = body.ports.len() as f64;
        body.at = [body.ports.iter().map(|p| p.x).sum::<f64>() / k, body.ports.iter().map(|p| p.y).sum::<f64>() / k];
        if body.ports.len() == 1 && !body.rings.is_empty() {
            let mut bbox = BBox::EMPTY;
            body.rings.iter().for_each(|ring| bbox.add_box(&BBox::of_points(ring)));
            body.at = [0, 1].map(|i: usize| f64::midpoint(bbox.min[i], bbox.max[i]));
        }
    }
    share_area(mesh, outside, network);
}

/// Guides are cut across triangles: what they leave of the region is shared out by the triangles of the bodies.
fn share_area(mesh: &Mesh, outside: f64, network: &mut Network) {
    let whole = (0..mesh.triangles.len() as u32).map(|t| area(mesh, t)).sum::<f64>() - outside;
    let guides: f64 = network.guides.iter().map(|g| g.trace.area).sum();
    let others = network.bodies.iter().map(|b| b.area).sum::<f64>() + network.rest_area;
    if others > 0.0 {
        let part = ((whole - guides) / others).max(0.0);
        network.bodies.iter_mut().for_each(|b| b.area *= part);
        network.rest_area *= part;
    }
}

/// Connected triangles without a guide.
fn pieces(mesh: &Mesh, guide: &[u32]) -> Vec<Vec<u32>> {
    let mut is_seen = vec![false; guide.len()];
    let mut out = Vec::new();
    for start in 0..guide.len() as u32 {
        if guide[start as usize] != NONE || is_seen[start as usize] {
            continue;
        }
        is_seen[start as usize] = true;
        let mut piece = vec![start];
        let mut k = 0;
        while k < piece.len() {
            for &next in &mesh.neighbours[piece[k] as usize] {
                if next != NONE && guide[next as usize] == NONE && !is_seen[next as usize] {
                    is_seen[next as usize] = true;
                    piece.push(next);
                }
            }
            k += 1;
        }
        out.push(piece);
    }
    out
}

/// For bodies that are stretches of an arm: the piece that holds a place just beyond one of their ports.
fn nearest_pieces(mesh: &Mesh, pieces: &[Vec<u32>], network: &Network) -> FxHashMap<usize, usize> {
    use waveguard_geom::GridIndex;
    let mut boxes = Vec::new();
    let mut of_box = Vec::new();
    let mut widest = 1.0_f64;
    for (number, piece) in pieces.iter().enumerate() {
        for &t in piece {
            let mut b = BBox::EMPTY;
            for p in mesh.triangles[t as usize] {
                let [x, y] = mesh.points[p as usize];
                b.add_box(&BBox { min: [x, y], max: [x, y] });
            }
            boxes.push(b);
            of_box.push((number, t));
        }
    }
    for body in &network.bodies {
        widest = body.ports.iter().fold(widest, |w, p| w.max(p.width));
    }
    let index = GridIndex::new(&boxes, widest);
    let mut out = FxHashMap::default();
    for (number, body) in network.bodies.iter().enumerate() {
        for port in &body.ports {
            // A body is on the other side of its port: the port looks out of it. Its outline may run just there.
            let (sin, cos) = port.direction_rad.sin_cos();
            let inside = |[back, aside]: [f64; 2]| {
                let [back, aside] = [back * port.width, aside * port.width];
                [port.x - back * cos - aside * sin, port.y - back * sin + aside * cos]
            };
            let places = [0.25, 0.5, 1.0].into_iter().flat_map(|back| [0.0, 0.2, -0.2].map(|aside| [back, aside]));
            let piece_at = |[x, y]: [f64; 2]| {
                let mut hit = None;
                index.candidates(&BBox { min: [x, y], max: [x, y] }, |i| {
                    let (piece, t) = of_box[i];
                    if hit.is_none() && holds(mesh, t, [x, y]) {
                        hit = Some(piece);
                    }
                });
                hit
            };
            if let Some(piece) = places.map(inside).find_map(piece_at) {
                out.entry(piece).or_insert(number);
            }
        }
    }
    out
}

fn corners(mesh: &Mesh, t: u32) -> [[f64; 2]; 3] {
    mesh.triangles[t as usize].map(|p| mesh.points[p as usize])
}

fn cross(a: [f64; 2], b: [f64; 2], c: [f64; 2]) -> f64 {
    (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
}

fn holds(mesh: &Mesh, t: u32, p: [f64; 2]) -> bool {
    let [a, b, c] = corners(mesh, t);
    cross(a, b, p) >= 0.0 && cross(b, c, p) >= 0.0 && cross(c, a, p) >= 0.0
}

fn area(mesh: &Mesh, t: u32) -> f64 {
    let [a, b, c] = corners(mesh, t);
    cross(a, b, c) / 2.0
}

/// Outlines of connected triangles, on the grid.
fn rings(mesh: &Mesh, piece: &[u32]) -> Vec<Vec<Point>> {
    let own: FxHashSet<u32> = piece.iter().copied().collect();
    let mut onward: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
    let mut starts = Vec::new();
    for &t in piece {
        let corners = mesh.triangles[t as usize];
        for k in 0..3 {
            let across = mesh.neighbours[t as usize][k];
            if across == NONE || !own.contains(&across) {
                onward.entry(corners[k]).or_default().push(corners[(k + 1) % 3]);
                starts.push(corners[k]);
            }
        }
    }
    let mut out = Vec::new();
    for start in starts {
        let mut ring = Vec::new();
        let mut p = start;
        while let Some(next) = onward.get_mut(&p).and_then(Vec::pop) {
            let [x, y] = mesh.points[p as usize];
            ring.extend(Point::from_f64(x, y));
            p = next;
        }
        if ring.len() >= 3 {
            out.push(ring);
        }
    }
    out
}
