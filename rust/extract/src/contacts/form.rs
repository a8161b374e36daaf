//! Outlines with all that contacts are judged by.

use waveguard_geom::{BBox, Extent, Point, Transform, ring};

use super::ends::{Caps, Sides};
use super::groups::{Group, folded, groups, runs};
use super::{COARSER, TOUCH};
use crate::devices::Proto;
use crate::drawn::Drawn;
use crate::network::WIDER;
use crate::trace::End;

/// An outline as it is turned, not displaced, with all that contacts are judged by.
#[derive(Debug)]
pub struct Form {
    /// The inside is on the left of the way from each to the next.
    points: Vec<[f64; 2]>,
    /// The point that follows on its ring.
    next: Vec<u32>,
    /// Edges in boxes.
    pub(super) runs: Vec<Group>,
    /// Runs in boxes: neighbours are looked for with these.
    pub(super) groups: Vec<Group>,
    /// All runs in one box, with which neighbours of what is small and drawn often are looked for.
    pub(super) whole: [Group; 1],
    pub(super) caps: Caps,
    /// Outlines of what is no guide in it.
    pub(super) bodies: Sides,
    pub(super) is_known: bool,
    /// A wall of teeth runs up to a cap of it.
    pub(super) is_toothed: bool,
    /// Nothing is known of it only because it is narrower than guides are.
    is_narrow: bool,
    /// In dbu².
    pub(super) area: f64,
}

/// Vertices of two copies of one outline, each rounded to the grid, are this far from each other at most, in dbu.
const TWICE_ROUNDED: f64 = 2.0;
/// Boxes of runs for each vertex, and some for small shapes.
const BOXES_A_POINT: f64 = 4.0;
const LEAST_BOXES: f64 = 4000.0;
/// A shape of its own up to this many widths long may be a piece of a guide.
const SHORT_WIDTHS: f64 = 3.0;
/// The arms of a branch have so many widths of the cap they begin at,
const ARM_WIDTHS: [f64; 2] = [0.2, 0.5];
/// are at least so long by their width,
const ARM_LENGTH: f64 = 0.5;
/// fill so much of the box around them,
const ARM_FILLED: f64 = 0.8;
/// and have no more vertices.
const MOST_OF_ARM: usize = 64;
/// Sides of a stub are straight for so many widths,
const STUB_WIDTHS: f64 = 0.25;
/// run along each other within this angle,
const STUB_SKEW_RAD: f64 = 0.1;
/// and the sine of their angle with the cut is more than this.
const STUB_SLANT: f64 = 0.4;

impl Form {
    /// The form of the rings of an outline; `tile` bounds the size of its boxes.
    pub fn new(rings: &[Vec<Point>], turn: &Transform, drawn: &Drawn, tile: f64) -> Self {
        let place = |p: &Point| turn.apply(f64::from(p.x), f64::from(p.y));
        let double_area: i128 = rings.iter().map(|ring| ring::double_area(ring)).sum();
        // Shapes are drawn either way round, and a mirror turns them.
        let is_backwards = (double_area < 0) != turn.is_mirrored();
        let mut points: Vec<[f64; 2]> = Vec::with_capacity(rings.iter().map(Vec::len).sum());
        for ring in rings {
            let first = points.len();
            points.extend(ring.iter().map(place));
            if is_backwards {
                points[first..].reverse();
            }
        }
        let n = points.len() as f64;
        let perimeter: f64 = points.windows(2).map(|w| size([w[0], w[1]])).sum();
        // Few edges of a huge shape must not become many boxes.
        let tile = tile.max(perimeter / (BOXES_A_POINT * n + LEAST_BOXES));
        let mut next = Vec::with_capacity(points.len());
        let mut all_runs = Vec::new();
        for ring in rings {
            let first = next.len();
            next.extend((1..ring.len()).map(|k| (first + k) as u32));
            next.push(first as u32);
            runs(&points, &next, first, tile, &mut all_runs);
        }
        let ends = drawn.ends.iter().map(|e| {
            let [x, y] = turn.apply(e.x, e.y);
            let [direction_rad, cap_rad] = [e.direction_rad, e.cap_rad].map(|a| turn.apply_angle(a));
            End { x, y, direction_rad, width: e.width * turn.magnification(), cap_rad }
        });
        let body = |p: &Proto| {
            let widest = p.ports.iter().map(|port| port.width * turn.magnification()).reduce(f64::max);
            let ring = |ring: &Vec<Point>| (ring.iter().map(place).collect(), widest.unwrap_or(f64::INFINITY));
            p.outline.iter().map(ring).collect::<Vec<_>>()
        };
        let bodies: Vec<(Vec<[f64; 2]>, f64)> =
            drawn.protos.iter().filter(|p| p.junction.is_some()).flat_map(body).collect();
        let is_ribbon = rings.len() == 1 && drawn.reason.is_none() && drawn.protos.len() == 1 && drawn.ends.len() == 2;
        let (all_runs, groups) = if is_ribbon {
            let ends = [0, 1].map(|k: usize| turn.apply(drawn.ends[k].x, drawn.ends[k].y));
            folded(&points, all_runs, ends, COARSER * tile)
        } else {
            let groups = groups(&all_runs, COARSER * tile);
            (all_runs, groups)
        };
        let whole = (Extent::around(groups.iter().map(|group| group.0)), 0, all_runs.len() as u32);
        Self {
            groups,
            whole: [whole],
            runs: all_runs,
            caps: Caps::new(ends, &drawn.of_box),
            bodies: Sides::new(&bodies),
            is_known: drawn.reason.is_none(),
            is_toothed: drawn.is_toothed,
            is_narrow: drawn.is_narrow,
            area: double_area.unsigned_abs() as f64 / 2.0 * turn.magnification().powi(2),
            points,
            next,
        }
    }

    /// How far another outline is displaced by, when it is this one but for rounding.
    pub(super) fn displacement(&self, other: &Self, by: [f64; 2]) -> Option<[f64; 2]> {
        let (first, last) = (self.points.first()?, other.points.first()?);
        let d = [last[0] + by[0] - first[0], last[1] + by[1] - first[1]];
        let is_same =
            |(p, q): (&[f64; 2], &[f64; 2])| (0..2).all(|k| (q[k] + by[k] - p[k] - d[k]).abs() <= TWICE_ROUNDED);
        (self.points.len() == other.points.len() && self.points.iter().zip(&other.points).all(is_same)).then_some(d)
    }

    /// The point before another one on its ring.
    fn before(&self, i: usize) -> usize {
        let leads_to = |k: &usize| self.next[*k] as usize == i;
        // Only the first point of a ring does not follow the one before it in the list.
        i.checked_sub(1).filter(leads_to).or_else(|| (i..self.next.len()).find(leads_to)).unwrap_or(i)
    }

    /// True for a shape too short to be known as a guide of some width.
    pub(super) fn is_short(&self, width: f64) -> bool {
        !self.is_known && self.area < SHORT_WIDTHS * width * width
    }

    /// True where a guide of that width, which may be the box of a coupler, goes on in a body of this form: only guides
    /// much narrower than the box enter it there.
    pub(super) fn has_rest_of_box(&self, width: f64, at: [f64; 2], reach: f64) -> bool {
        self.bodies.any_at(at, reach, |widest| WIDER * widest <= width)
    }

    /// Number of edges.
    pub(super) fn len(&self) -> usize {
        self.points.len()
    }

    pub(super) fn edge(&self, i: usize) -> [[f64; 2]; 2] {
        [self.points[i], self.points[self.next[i] as usize]]
    }

    /// True for a small shape, too short to be known as a guide, that covers a part of a cap and leaves room for others:
    /// the beginning of an arm, as at the wide end of a branch. `by` is how far the shape is moved.
    pub(super) fn is_arm_of(&self, e: &End, by: [f64; 2]) -> bool {
        if self.points.len() > MOST_OF_ARM || !self.is_short(e.width) {
            return false;
        }
        let (sin, cos) = e.direction_rad.sin_cos();
        let mut room = BBox::EMPTY;
        for p in &self.points {
            let d = [p[0] + by[0] - e.x, p[1] + by[1] - e.y];
            room.add(d[0] * cos + d[1] * sin, d[1] * cos - d[0] * sin);
        }
        let [along, across] = [0, 1].map(|k: usize| room.max[k] - room.min[k]);
        // What a cut leaves over is a wedge or a sliver.
        let is_even = self.area >= ARM_FILLED * along * across && along >= ARM_LENGTH * across;
        is_even && (ARM_WIDTHS[0] * e.width..=ARM_WIDTHS[1] * e.width).contains(&across)
    }

    /// True when the edge is the end of a piece of guide, too short or too narrow to be known as one, that a tool left at
    /// a body or a guide: an edge of another form lies on it and the sides of both go on straight.
    pub(super) fn has_stub(&self, i: usize, own: [[f64; 2]; 2], other: [[f64; 2]; 2]) -> bool {
        let is_at = |p: [f64; 2], q: [f64; 2]| (p[0] - q[0]).abs().max((p[1] - q[1]).abs()) <= TOUCH;
        if !(is_at(own[0], other[1]) && is_at(own[1], other[0])) {
            return false;
        }
        if self.is_narrow {
            return true;
        }
        let to = self.next[i] as usize;
        let cap = [own[1][0] - own[0][0], own[1][1] - own[0][1]];
        let width = cap[0].hypot(cap[1]);
        // A slice wider than long has no direction of its own.
        if !self.is_known && self.area < width * width {
            return true;
        }
        if self.bodies.is_empty() && !self.is_short(width) {
            return false;
        }
        // Both sides towards the cap; a slanted cut shifts one against the other.
        let towards = |from: usize, at: usize| {
            let (p, q) = (self.points[from], self.points[at]);
            [q[0] - p[0], q[1] - p[1]]
        };
        let sides = [towards(self.before(i), i), towards(self.next[to] as usize, to)];
        let [one, two] = sides.map(|d| d[0].hypot(d[1]));
        let cross = |u: [f64; 2], v: [f64; 2]| (u[0] * v[1] - u[1] * v[0]).abs();
        let is_along = sides[0][0] * sides[1][0] + sides[0][1] * sides[1][1] > 0.0;
        is_along
            && cross(sides[0], sides[1]) <= STUB_SKEW_RAD * one * two
            && one.max(two) >= STUB_WIDTHS * width
            && cross(sides[0], cap) >= STUB_SLANT * one * width
    }
}

/// Length of an edge.
pub(super) fn size([p, q]: [[f64; 2]; 2]) -> f64 {
    let d = [q[0] - p[0], q[1] - p[1]];
    (d[0] * d[0] + d[1] * d[1]).sqrt()
}
