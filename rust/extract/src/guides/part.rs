//! Places along a guide, and parts of it between two of them.

use std::f64::consts::PI;

use waveguard_geom::transform::wrap_angle;

use super::Guide;
use crate::lines::Line;
use crate::plan::Plan;
use crate::segments::Segments;
use crate::trace::{End, PartOf};

/// A guide with the arc length at each point of its centre-line.
#[derive(Debug)]
pub struct Along<'a> {
    guide: &'a Guide,
    /// At each point.
    s: Vec<f64>,
    /// Curvature of each segment, positive to the left.
    curvature: Vec<f64>,
    /// Of all of it, by the centre-line: what its parts are held against.
    area: f64,
}

/// A place of the axis, in dbu in the frame of the guide.
#[derive(Clone, Copy, Debug)]
pub struct Foot {
    /// Distance along the guide.
    pub s: f64,
    /// The place.
    pub at: [f64; 2],
    /// Direction of the guide there, from its first end to its second.
    pub direction_rad: f64,
    /// Width there.
    pub width: f64,
}

impl<'a> Along<'a> {
    /// Measures along the centre-line; `None` when it has none.
    pub fn new(guide: &'a Guide) -> Option<Self> {
        let line = &guide.line;
        if line.len() < 2 || guide.trace.length <= 0.0 {
            return None;
        }
        let (points, widths) = line.iter().map(|&[x, y, width]| ([x, y], width)).unzip();
        let bowed = Line::new(points, widths, 0).on_grid(guide.trace.grid, 1.0).bowed(&guide.trace.pieces, 1.0, 1.0);
        let (mut walked, mut s, mut curvature): (f64, Vec<f64>, Vec<f64>) = (0.0, vec![0.0], Vec::new());
        for (k, ends) in bowed.along.windows(2).enumerate() {
            let chord = ends[1] - ends[0];
            let bow = bowed.bows.get(k).copied().unwrap_or(0.0);
            let bent = if chord > 0.0 { -8.0 * bow / (chord * chord) } else { 0.0 };
            walked += chord * (1.0 + (bent * chord).powi(2) / 24.0);
            curvature.push(bent);
            s.push(walked);
        }
        let scale = guide.trace.length / walked;
        let s = s.into_iter().map(|v| v * scale).collect();
        Some(Self { guide, s, curvature, area: area(line) })
    }

    /// Number of segments of the centre-line.
    pub fn segments(&self) -> usize {
        self.curvature.len()
    }

    /// Length of the guide.
    pub fn length(&self) -> f64 {
        self.guide.trace.length
    }

    /// The place on a segment, as a part of it from its start.
    fn on(&self, segment: usize, u: f64) -> Foot {
        let (p, q) = (self.guide.line[segment], self.guide.line[segment + 1]);
        let d = [q[0] - p[0], q[1] - p[1]];
        let (chord, k) = (d[0].hypot(d[1]).max(f64::MIN_POSITIVE), self.curvature[segment]);
        // To the left of a left turn is inside: the guide bows to the right.
        let left = -k * chord * chord * u * (1.0 - u) / 2.0;
        let at = [p[0] + u * d[0] - left * d[1] / chord, p[1] + u * d[1] + left * d[0] / chord];
        Foot {
            s: self.s[segment] + u * (self.s[segment + 1] - self.s[segment]),
            at,
            direction_rad: d[1].atan2(d[0]) - k * chord * (1.0 - 2.0 * u) / 2.0,
            width: p[2] + u * (q[2] - p[2]),
        }
    }

    /// The place of a segment that is nearest to another one.
    pub fn foot(&self, segment: usize, of: [f64; 2]) -> Foot {
        let (p, q) = (self.guide.line[segment], self.guide.line[segment + 1]);
        let d = [q[0] - p[0], q[1] - p[1]];
        let square = (d[0] * d[0] + d[1] * d[1]).max(f64::MIN_POSITIVE);
        let u = ((of[0] - p[0]) * d[0] + (of[1] - p[1]) * d[1]) / square;
        self.on(segment, u.clamp(0.0, 1.0))
    }

    /// The place at a distance along the guide.
    pub fn at(&self, s: f64) -> Foot {
        let last = self.segments() - 1;
        let segment = self.s.partition_point(|&v| v <= s).saturating_sub(1).min(last);
        let length = self.s[segment + 1] - self.s[segment];
        let u = if length > 0.0 { (s - self.s[segment]) / length } else { 0.0 };
        self.on(segment, u.clamp(0.0, 1.0))
    }

    /// Points of the centre-line between two distances, both ends included.
    pub fn line(&self, from: f64, to: f64) -> Vec<[f64; 3]> {
        let point = |s: f64| {
            let foot = self.at(s);
            [foot.at[0], foot.at[1], foot.width]
        };
        let (first, end) = (self.s.partition_point(|&s| s <= from), self.s.partition_point(|&s| s < to));
        let inner = self.guide.line.get(first..end).unwrap_or_default().iter().copied();
        std::iter::once(point(from)).chain(inner).chain([point(to)]).collect()
    }

    /// The guide between two distances, and its part of the area.
    pub fn part(&self, plan: &Plan, from: f64, to: f64) -> (Guide, f64) {
        let line = self.line(from, to);
        let area_share = area(&line) / self.area.max(f64::MIN_POSITIVE);
        let trace = &self.guide.trace;
        let cut = |s: f64, outward: f64| {
            let foot = self.at(s);
            let direction_rad = wrap_angle(foot.direction_rad + outward);
            End { x: foot.at[0], y: foot.at[1], direction_rad, width: foot.width, cap_rad: direction_rad }
        };
        let first = if from <= 0.0 { trace.ends[0] } else { cut(from, PI) };
        let last = if to >= trace.length { trace.ends[1] } else { cut(to, 0.0) };
        let widths =
            line.iter().fold([f64::INFINITY, 0.0], |[low, high], p| [f64::min(low, p[2]), f64::max(high, p[2])]);
        let trace = trace.part(&PartOf {
            from,
            to,
            ends: [first, last],
            widths,
            width_slack: plan.dbu(plan.recipe.trace.line_tolerance_nm),
            area_share,
            bend_min_turn: plan.recipe.trace.bend_min_turn_rad,
            place: &|s| self.at(s).at,
        });
        let count = |n: u32| (f64::from(n) * trace.length / self.guide.trace.length).round() as u32;
        let segments = self.guide.segments.map(|s| Segments { count: count(s.count), ..s });
        (
            Guide {
                layer: self.guide.layer,
                trace,
                line,
                section: self.guide.section,
                twin: self.guide.twin,
                spine_length: f64::NAN,
                slot: self.guide.slot.clone(),
                segments,
            },
            area_share,
        )
    }
}

/// Area along a centre-line.
fn area(line: &[[f64; 3]]) -> f64 {
    line.windows(2).map(|w| (w[1][0] - w[0][0]).hypot(w[1][1] - w[0][1]) * f64::midpoint(w[0][2], w[1][2])).sum()
}
