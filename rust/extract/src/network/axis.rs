//! The graph of a region: arms between junctions, rings and ends, from the triangles that lie across it.
//!
//! A triangle with two inner edges lies across an arm, one with three is a junction, one with a single inner
//! edge ends an arm (chordal axis, Prasad 1997). Corners, teeth and steps of the outline give short side
//! arms that no light follows; these are taken off first.

use super::mesh::{Mesh, NONE};
use super::{Lost, LostWhat};

/// A side arm that reaches no further than this many times its base is a corner of the outline.
const SPUR_REACH: f64 = 1.0;
/// A side arm that goes on for so many of its widths is a guide, however wide what it leads to.
const GUIDE_WIDTHS: f64 = 3.0;
/// A side arm of so many of its widths and more is no corner,
const HAIR_WIDTHS: f64 = 4.0;
/// and many of them in one region are the teeth of a wall.
const TEETH: usize = 6;
/// Corners of corners of corners: a shape that has more is not drawn.
const MOST_ROUNDS: u8 = 64;

/// Where an arm begins or ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Node {
    /// In a junction: the number of its triangle.
    Junction(u32),
    /// At the outline: the number of the last triangle.
    End(u32),
    /// In itself: the arm is a ring.
    Closed,
}

/// A piece of the region between two nodes.
#[derive(Clone, Debug)]
pub(super) struct Arm {
    /// Where it begins and ends.
    pub(super) nodes: [Node; 2],
    /// Points on the left and on the right, seen from the first node, of each edge that lies across.
    pub(super) chords: Vec<[u32; 2]>,
    /// Triangles between the chords: number `k` lies between chords `k` and `k + 1`.
    pub(super) triangles: Vec<u32>,
}

/// Arms of the region and what was taken off.
#[derive(Debug, Default)]
pub(super) struct Graph {
    /// In order of their first triangle.
    pub(super) arms: Vec<Arm>,
    /// Triangles of junctions, and lone triangles.
    pub(super) junctions: Vec<u32>,
    /// For each triangle whether it belongs to an arm or a junction.
    pub(super) is_kept: Vec<bool>,
    /// Side arms that are long and were taken off for being narrow.
    pub(super) hairs: Vec<Lost>,
    /// The chord at which each of them begins: on the left and on the right of who leaves it.
    pub(super) hair_chords: Vec<[u32; 2]>,
}

/// A side arm.
struct Spur {
    /// The triangle it hangs on.
    junction: u32,
    /// How far it reaches from there.
    reach: f64,
    /// It is no more than a corner of the outline.
    is_corner: bool,
    /// It is much longer than wide, and narrower than a guide: its middle.
    hair_at: Option<[f64; 2]>,
    /// Where it begins.
    chord: [u32; 2],
}

struct Walk<'a> {
    mesh: &'a Mesh,
    is_kept: Vec<bool>,
    degree: Vec<u8>,
    hairs: Vec<(Lost, [u32; 2])>,
}

/// The arms of a region; side arms narrower than `width_min` everywhere are taken off whatever their length.
pub(super) fn graph(mesh: &Mesh, width_min: f64) -> Graph {
    let degree = mesh.neighbours.iter().map(|n| n.iter().filter(|&&t| t != NONE).count() as u8).collect();
    let mut walk = Walk { mesh, is_kept: vec![true; mesh.triangles.len()], degree, hairs: Vec::new() };
    walk.prune(width_min);
    // A wall of teeth is drawn so.
    if walk.hairs.len() >= TEETH {
        walk.hairs.clear();
    }
    walk.arms()
}

impl Walk<'_> {
    /// The kept neighbours of a triangle with the edge to each.
    fn around(&self, t: u32) -> impl Iterator<Item = (usize, u32)> + '_ {
        self.mesh.neighbours[t as usize]
            .iter()
            .copied()
            .enumerate()
            .filter(|&(_, n)| n != NONE && self.is_kept[n as usize])
    }

    /// The way on from `t`, coming from `before`.
    fn onward(&self, t: u32, before: u32) -> Option<(usize, u32)> {
        self.around(t).find(|&(_, n)| n != before)
    }

    fn point(&self, p: u32) -> [f64; 2] {
        self.mesh.points[p as usize]
    }

    /// The points of edge `k` of a triangle: on the left and on the right of who leaves across it.
    fn edge(&self, t: u32, k: usize) -> [u32; 2] {
        let corners = self.mesh.triangles[t as usize];
        [corners[(k + 1) % 3], corners[k]]
    }

    fn length(&self, [a, b]: [u32; 2]) -> f64 {
        let (a, b) = (self.point(a), self.point(b));
        (a[0] - b[0]).hypot(a[1] - b[1])
    }

    /// Extent of a triangle that lies across an arm, away from its edge on the outline.
    fn height(&self, t: u32) -> f64 {
        let corners = self.mesh.triangles[t as usize].map(|p| self.point(p));
        let [a, b, c] = corners;
        let area = ((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])).abs();
        let outer =
            (0..3).filter(|&k| self.mesh.neighbours[t as usize][k] == NONE).map(|k| self.length(self.edge(t, k)));
        area / outer.fold(f64::MIN_POSITIVE, f64::max)
    }

    /// Takes side arms off that are corners of the outline, the shortest first: what is one depends on what was taken
    /// off before, and must not depend on where an outline begins.
    fn prune(&mut self, width_min: f64) {
        let mut ends: Vec<u32> = (0..self.degree.len() as u32).filter(|&t| self.degree[t as usize] == 1).collect();
        let (mut branch, mut path) = (Vec::new(), Vec::new());
        let mut walked_in = vec![0; self.degree.len()];
        for round in 1..=MOST_ROUNDS {
            let mut corners: Vec<(f64, u32)> = Vec::new();
            for &end in &ends {
                let spur = self.spur(end, width_min, &mut branch);
                corners.extend(spur.filter(|spur| spur.is_corner).map(|spur| (spur.reach, end)));
            }
            corners.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            for &(_, end) in &corners {
                // Others of this round may have changed what it hangs on.
                let Some(spur) = self.spur(end, width_min, &mut branch).filter(|spur| spur.is_corner) else { continue };
                for &t in &branch {
                    self.is_kept[t as usize] = false;
                }
                let hair = |at: [f64; 2]| Lost { at, length: spur.reach, what: LostWhat::Hair };
                self.hairs.extend(spur.hair_at.map(|at| (hair(at), spur.chord)));
                self.degree[spur.junction as usize] -= 1;
                path.push(spur.junction);
            }
            if path.is_empty() {
                return;
            }
            // Only what hung on the same junctions may have become a corner, or an end.
            ends.clear();
            for junction in path.drain(..) {
                self.ends_from(junction, round, &mut walked_in, &mut ends);
            }
            ends.sort_unstable();
            ends.dedup();
        }
    }

    /// The ends that are reached from a triangle without passing a junction, if it was not walked over from another one
    /// in the same round: many hang on one long arm.
    fn ends_from(&self, t: u32, round: u8, walked_in: &mut [u8], ends: &mut Vec<u32>) {
        if !self.is_kept[t as usize] || walked_in[t as usize] == round {
            return;
        }
        if self.degree[t as usize] == 1 {
            ends.push(t);
        }
        if self.degree[t as usize] != 2 {
            return;
        }
        let ways: Vec<u32> = self.around(t).map(|(_, n)| n).collect();
        for way in ways {
            let (mut before, mut at) = (t, way);
            while at != t && self.degree[at as usize] == 2 {
                walked_in[at as usize] = round;
                let Some((_, next)) = self.onward(at, before) else { break };
                (before, at) = (at, next);
            }
            if self.degree[at as usize] == 1 {
                ends.push(at);
            }
        }
    }

    /// The side arm that ends in a triangle, with its triangles; `None` when it leads to no junction, or is a guide.
    fn spur(&self, end: u32, width_min: f64, branch: &mut Vec<u32>) -> Option<Spur> {
        branch.clear();
        if !self.is_kept[end as usize] || self.degree[end as usize] != 1 {
            return None;
        }
        let (mut before, mut t) = (NONE, end);
        let mut widest = 0.0_f64;
        let (mut way, mut last) = (0.0, None);
        loop {
            branch.push(t);
            let (k, next) = self.onward(t, before)?;
            let chord = self.edge(t, k);
            let base = self.length(chord);
            let (a, b) = (self.point(chord[0]), self.point(chord[1]));
            let middle = [f64::midpoint(a[0], b[0]), f64::midpoint(a[1], b[1])];
            way += last.map_or(0.0, |m: [f64; 2]| (middle[0] - m[0]).hypot(middle[1] - m[1]));
            last = Some(middle);
            if self.degree[next as usize] == 3 {
                let far = branch.iter().flat_map(|&t| self.mesh.triangles[t as usize]).map(|p| self.point(p));
                let reach = far.map(|p| (p[0] - middle[0]).hypot(p[1] - middle[1])).fold(0.0, f64::max);
                let is_narrow = widest < width_min && (branch.len() > 1 || base < width_min);
                let is_corner = reach < SPUR_REACH * base || is_narrow;
                let is_hair = is_narrow && reach >= HAIR_WIDTHS * widest.max(base) && reach >= width_min;
                let tip = self.mesh.triangles[end as usize].map(|p| self.point(p));
                let far = [0, 1].map(|i: usize| tip.iter().map(|p| p[i]).sum::<f64>() / 3.0);
                let hair_at = is_hair.then(|| [0, 1].map(|i: usize| f64::midpoint(far[i], middle[i])));
                return Some(Spur { junction: next, reach, is_corner, hair_at, chord });
            }
            let width = self.height(next);
            // What is a guide is no corner, however far it goes on.
            if width >= width_min && way >= GUIDE_WIDTHS * width {
                return None;
            }
            widest = widest.max(width);
            (before, t) = (t, next);
        }
    }

    fn arms(self) -> Graph {
        let n = self.degree.len() as u32;
        let mut graph = Graph::default();
        let mut is_seen = vec![false; n as usize];
        for t in (0..n).filter(|&t| self.is_kept[t as usize]) {
            match self.degree[t as usize] {
                0 => graph.junctions.push(t),
                3 => {
                    graph.junctions.push(t);
                    for (k, next) in self.around(t) {
                        // From the junction of lower number only; two may be neighbours, even twice.
                        let is_other = self.degree[next as usize] != 3 && is_seen[next as usize];
                        let is_pair = self.degree[next as usize] == 3 && next < t;
                        if !is_other && !is_pair {
                            graph.arms.push(self.arm(Node::Junction(t), t, k, &mut is_seen));
                        }
                    }
                }
                _ => {}
            }
        }
        for t in (0..n).filter(|&t| self.is_kept[t as usize] && self.degree[t as usize] == 1) {
            if !is_seen[t as usize] {
                is_seen[t as usize] = true;
                let first = self.around(t).next();
                graph.arms.extend(first.map(|(k, _)| self.arm(Node::End(t), t, k, &mut is_seen)));
            }
        }
        for t in (0..n).filter(|&t| self.is_kept[t as usize] && self.degree[t as usize] == 2) {
            if !is_seen[t as usize] {
                let first = self.around(t).next();
                graph.arms.extend(first.map(|(k, _)| self.arm(Node::Closed, t, k, &mut is_seen)));
            }
        }
        graph.is_kept = self.is_kept;
        (graph.hairs, graph.hair_chords) = self.hairs.into_iter().unzip();
        graph
    }

    /// The arm that leaves triangle `from` across its edge `k`.
    fn arm(&self, start: Node, from: u32, k: usize, is_seen: &mut [bool]) -> Arm {
        let mut arm = Arm { nodes: [start, Node::Closed], chords: vec![self.edge(from, k)], triangles: Vec::new() };
        let (mut before, mut t) = (from, self.mesh.neighbours[from as usize][k]);
        loop {
            if self.degree[t as usize] == 3 {
                arm.nodes[1] = Node::Junction(t);
                return arm;
            }
            is_seen[t as usize] = true;
            arm.triangles.push(t);
            if t == from {
                // Once around: the last triangle is the first.
                return arm;
            }
            let Some((k, next)) = self.onward(t, before) else {
                arm.nodes[1] = Node::End(t);
                return arm;
            };
            arm.chords.push(self.edge(t, k));
            (before, t) = (t, next);
        }
    }
}

#[cfg(test)]
mod tests {
    use waveguard_geom::Point;

    use super::*;

    fn graph_of(rings: &[&[(i32, i32)]]) -> Graph {
        let rings: Vec<Vec<Point>> = rings.iter().map(|r| r.iter().map(|&(x, y)| Point::new(x, y)).collect()).collect();
        graph(&Mesh::new(&rings, 250.0, 0.0).expect("a region"), 250.0)
    }

    fn count(graph: &Graph, is: impl Fn(&Node) -> bool) -> usize {
        graph.arms.iter().flat_map(|a| &a.nodes).filter(|n| is(n)).count()
    }

    #[test]
    fn a_bar_is_one_arm_with_two_ends() {
        let graph = graph_of(&[&[(0, 0), (9000, 0), (9000, 500), (0, 500)]]);
        assert_eq!(graph.arms.len(), 1);
        assert_eq!(count(&graph, |n| matches!(n, Node::End(_))), 2);
    }

    #[test]
    fn a_guide_that_leaves_a_wide_body_by_a_short_taper_is_no_corner_of_it() {
        // Taper and guide together reach less far than the body is wide.
        let lead = [(8000, -3000), (8500, -250), (10_500, -250), (10_500, 250), (8500, 250), (8000, 3000)];
        let back = [(-9000, 3000), (-9000, 2500), (2000, 2500), (2000, -2500), (-9000, -2500), (-9000, -3000)];
        let graph = graph_of(&[&[lead, back].concat()]);
        assert_eq!(count(&graph, |n| matches!(n, Node::End(_))), 3);
    }

    #[test]
    fn a_tee_has_three_long_arms() {
        let tee = [(0, 0), (9000, 0), (9000, 500), (4750, 500), (4750, 5000), (4250, 5000), (4250, 500), (0, 500)];
        let graph = graph_of(&[&tee]);
        assert_eq!(count(&graph, |n| matches!(n, Node::End(_))), 3);
        assert_eq!(graph.arms.len(), 3);
    }

    #[test]
    fn a_frame_is_a_ring_without_ends() {
        let outer = [(0, 0), (9000, 0), (9000, 9000), (0, 9000)];
        let hole = [(500, 500), (500, 8500), (8500, 8500), (8500, 500)];
        let graph = graph_of(&[&outer, &hole]);
        assert_eq!(graph.arms.len(), 1);
        assert_eq!(graph.arms[0].nodes, [Node::Closed; 2]);
        assert_eq!(graph.arms[0].chords.len(), graph.arms[0].triangles.len());
    }

    #[test]
    fn a_thin_strip_on_a_side_is_a_hair() {
        let bar = [(0, 0), (9000, 0), (9000, 500), (4550, 500), (4550, 3000), (4450, 3000), (4450, 500), (0, 500)];
        let graph = graph_of(&[&bar]);
        assert_eq!((graph.arms.len(), graph.hairs.len()), (1, 1));
        let [x, y] = graph.hairs[0].at;
        assert!((x - 4500.0).abs() < 100.0 && (500.0..3000.0).contains(&y) && graph.hairs[0].length > 2000.0);
    }

    #[test]
    fn teeth_of_a_wall_are_no_arms() {
        let mut comb = vec![(0, 0), (16_000, 0), (16_000, 500)];
        for k in (0..50).rev() {
            let x = k * 320;
            comb.extend([(x + 160, 500), (x + 160, 900), (x, 900), (x, 500)]);
        }
        let graph = graph_of(&[&comb]);
        assert_eq!((graph.arms.len(), graph.hairs.len()), (1, 0));
    }
}
