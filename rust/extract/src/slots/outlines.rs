//! Outlines around two rails, and of the rails and the gap for themselves.

use waveguard_geom::{Point, ring};

use super::edges::{Edges, Place};
use super::sections::{Section, Window};
use crate::trace::{TraceOptions, trace_ribbon};

/// A corner this close to where rails end together is where they end, in dbu: each may have been rounded twice.
const CORNER: f64 = 3.0;
/// Rails end together when what ends them is no further askew than this.
const SKEW_RAD: f64 = 0.1;
/// Edges meet at a corner, and not at a vertex of a curve, when the cosine between them is no more than this.
const SHARP: f64 = 0.7;
/// A side of a slot guide is no longer than this many times another, but for its ends.
const SIDES: f64 = 3.0;
/// Bound of a width seen at a single place, in grid steps: both vertices off by half the diagonal of a step.
const SINGLE: f64 = std::f64::consts::SQRT_2;

/// Which end of the edge lies beyond a place at the beginning of a stretch; at the end it is the other one.
const BEYOND: [f64; 4] = [1.0, 0.0, 1.0, 0.0];

/// The four sides of a stretch, from the outside of the first rail to that of the second, as they run on their rings.
pub(super) struct Sides {
    sides: [Vec<[f64; 2]>; 4],
}

/// Narrowest, widest and mean width of a rail or a gap, with the bound of the error of the narrowest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    /// Narrowest.
    pub min: f64,
    /// Widest.
    pub max: f64,
    /// Mean.
    pub mean: f64,
    /// Bound of the error of the narrowest.
    pub error: f64,
}

/// The cross-section where a stretch begins or ends, put on the corners that end the rails there.
///
/// The last chords of a curve are no longer perpendicular to what ends the rails, nor to each other.
pub(super) fn at_corners(edges: &Edges, window: &Window, section: &Section, is_begin: bool) -> Section {
    let mut out = *section;
    let beyond = BEYOND.map(|begin| if is_begin { begin } else { 1.0 - begin });
    let corner = |k: usize| corner(edges, &section.places[k], beyond[k] > 0.0, SKEW_RAD * window.outer_most());
    if let [Some(a), Some(b), Some(c), Some(d)] = [0, 1, 2, 3].map(corner) {
        out.places = [a, b, c, d];
        return out;
    }
    for (place, u) in out.places.iter_mut().zip(beyond) {
        if (place.u - u).abs() * edges.length(place.edge) <= CORNER {
            *place = edges.place(place.edge, u);
        }
    }
    out
}

/// The first sharp corner of a ring beyond a place, no further than `reach`.
fn corner(edges: &Edges, from: &Place, is_forward: bool, reach: f64) -> Option<Place> {
    let (mut edge, mut walked) = (from.edge, 0.0);
    let mut rest = if is_forward { 1.0 - from.u } else { from.u };
    loop {
        walked += rest * edges.length(edge);
        if walked > reach {
            return None;
        }
        let other = if is_forward { edges.next(edge) } else { edges.before(edge) };
        let (d, e) = (edges.along(edge), edges.along(other));
        if d[0] * e[0] + d[1] * e[1] <= SHARP {
            return Some(edges.place(edge, if is_forward { 1.0 } else { 0.0 }));
        }
        (edge, rest) = (other, 1.0);
    }
}

impl Sides {
    /// The sides between two cross-sections; nothing where the rails do not run from one to the other.
    pub(super) fn new(edges: &Edges, window: &Window, from: &Section, to: &Section) -> Option<Self> {
        let inside = walk(edges, &from.places[1], &to.places[1], f64::INFINITY)?;
        let most = SIDES * length(&inside) + SIDES * window.outer_most();
        let outside = walk(edges, &to.places[0], &from.places[0], most)?;
        let other = walk(edges, &to.places[2], &from.places[2], most)?;
        let beyond = walk(edges, &from.places[3], &to.places[3], most)?;
        Some(Self { sides: [outside, inside, other, beyond] })
    }

    /// Length of the inside of the first rail.
    pub(super) fn length(&self) -> f64 {
        length(&self.sides[1])
    }

    fn ring(&self, numbers: [usize; 2]) -> Option<Vec<Point>> {
        let points = numbers.iter().flat_map(|&k| &self.sides[k]);
        points.map(|p| Point::from_f64(p[0], p[1])).collect()
    }

    /// The outline around both rails, counter-clockwise.
    pub(super) fn outline(&self) -> Option<Vec<Point>> {
        Some(ring::cleaned(&self.ring([0, 3])?))
    }

    /// Area of both rails, in dbu².
    pub(super) fn rails_area(&self) -> f64 {
        let area = |numbers| self.ring(numbers).map_or(0.0, |ring| ring::area(&ring));
        area([0, 1]) + area([2, 3])
    }

    /// Widths of the rails, and of the gap.
    pub(super) fn measured(&self, sections: &[Section], opts: &TraceOptions) -> [Measured; 3] {
        let seen = |of: &dyn Fn(&Section) -> f64| {
            let (mut min, mut max, mut sum) = (f64::INFINITY, 0.0_f64, 0.0);
            for width in sections.iter().map(of) {
                (min, max, sum) = (min.min(width), max.max(width), sum + width);
            }
            Measured { min, max, mean: sum / sections.len() as f64, error: SINGLE }
        };
        let traced = |numbers| {
            let trace = trace_ribbon(&self.ring(numbers)?, None, opts).ok()?;
            let (min, max, error) = (trace.width_min, trace.width_max, trace.width_error);
            Some(Measured { min, max, mean: trace.area / trace.length, error })
        };
        [
            traced([0, 1]).unwrap_or_else(|| seen(&|s| s.rails[0])),
            traced([2, 3]).unwrap_or_else(|| seen(&|s| s.rails[1])),
            traced([1, 2]).unwrap_or_else(|| seen(&|s| s.gap)),
        ]
    }
}

impl Measured {
    /// Two that are parts of one, of which the first is `share` of the whole.
    pub(super) fn with(&self, other: &Self, share: f64) -> Self {
        let narrower = if other.min + other.error < self.min + self.error { other } else { self };
        let mean = share * self.mean + (1.0 - share) * other.mean;
        Self { min: narrower.min, error: narrower.error, max: self.max.max(other.max), mean }
    }
}

/// The points of a ring from one place on to another, both included; nothing when that is longer than `most`.
fn walk(edges: &Edges, from: &Place, to: &Place, most: f64) -> Option<Vec<[f64; 2]>> {
    let mut points = vec![from.at];
    if from.edge == to.edge && from.u <= to.u {
        points.push(to.at);
        return Some(points);
    }
    if edges.ring(from.edge) != edges.ring(to.edge) {
        return None;
    }
    let (mut edge, mut walked) = (from.edge, 0.0);
    loop {
        let corner = edges.to(edge);
        let last = points[points.len() - 1];
        walked += (corner[0] - last[0]).hypot(corner[1] - last[1]);
        if walked > most {
            return None;
        }
        points.push(corner);
        edge = edges.next(edge);
        if edge == to.edge {
            break;
        }
        if edge == from.edge {
            return None;
        }
    }
    points.push(to.at);
    Some(points)
}

fn length(points: &[[f64; 2]]) -> f64 {
    points.windows(2).map(|w| (w[0][0] - w[1][0]).hypot(w[0][1] - w[1][1])).sum()
}
