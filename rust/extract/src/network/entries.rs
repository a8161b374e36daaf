//! Places where guides drawn by themselves enter a region.
//!
//! A tool may have cut a junction out of its guides anywhere. With a stub of each guide the region has the arms
//! that it had before, and what belongs to the junction does not depend on the cut.

use std::f64::consts::PI;

use waveguard_geom::transform::wrap_angle;
use waveguard_geom::{BBox, GridIndex, Point, region};

use super::intervals::{Interval, Look};
use super::strip::Section;
use crate::trace::{CapHint, End};

/// Stubs are so many widths longer than the shortest guide.
const LONGER: f64 = 2.0;
/// They begin this far inside, in dbu, so that no crack of rounding is left.
const INSIDE: f64 = 2.0;
/// Corners of a stub may be cut off by so many widths: there the region ends for sure.
const AT_END: f64 = 1.0;
/// Ends of stubs are sought in tiles of so many widths,
const TILE_WIDTHS: f64 = 4.0;
/// and so far, in dbu, beside where they may be: rounding must not lose any.
const ROUNDING: f64 = 1.0;
/// What is left of a guide in the region is not worth a guide below this length, in dbu.
const LEAST: f64 = 3.0;
/// What narrows by this share of its length, with sides at 30 degrees to each other,
const CORNER_SLOPE: f64 = 0.53;
/// and leads 20 degrees away from the guide that enters, is a corner of the body.
const CORNER_COS: f64 = 0.94;
/// Places along an arm are looked at so many widths apart.
const STEP: f64 = 0.25;
const HALVINGS: usize = 30;

/// What is left of a stretch that goes on into a stub.
pub(super) enum Trimmed {
    /// It does not.
    Whole,
    /// The guide in the region ends here, and the one outside, which is given, begins.
    At(f64, Section, End),
    /// The junction begins where the guide enters, or in the stub: that end of the guide outside.
    Nothing(End),
}

/// The region with a stub for each guide that enters it; `direction_rad` is that out of the region.
pub fn with_stubs<R: AsRef<[Point]>>(rings: &[R], entries: &[CapHint], aspect: f64) -> Vec<Vec<Point>> {
    let mut regions: Vec<Vec<Vec<Point>>> = vec![rings.iter().map(|r| r.as_ref().to_vec()).collect()];
    for entry in entries {
        let (sin, cos) = entry.direction_rad.sin_cos();
        let (half, to) = (entry.width / 2.0, stub_length(entry, aspect));
        let corners = [(-INSIDE, -half), (to, -half), (to, half), (-INSIDE, half)];
        let place = |(along, aside): (f64, f64)| {
            Point::from_f64(entry.x + along * cos - aside * sin, entry.y + along * sin + aside * cos)
        };
        regions.extend(corners.into_iter().map(place).collect::<Option<Vec<Point>>>().map(|ring| vec![ring]));
    }
    region::union_of_regions(&regions)
}

/// The guides that enter a region, found by the ends of their stubs: a region may have very many.
pub(super) struct Entries<'a> {
    all: &'a [CapHint],
    /// From each entry to the end of its stub.
    to_tip: Vec<[f64; 2]>,
    tips: GridIndex,
    widest: f64,
}

impl<'a> Entries<'a> {
    pub(super) fn new(all: &'a [CapHint], aspect: f64) -> Self {
        let to_tip = |e: &CapHint| {
            let to = stub_length(e, aspect);
            let (sin, cos) = e.direction_rad.sin_cos();
            [to * cos, to * sin]
        };
        let to_tip: Vec<[f64; 2]> = all.iter().map(to_tip).collect();
        let tip = |(e, to): (&CapHint, &[f64; 2])| {
            let at = [e.x + to[0], e.y + to[1]];
            BBox { min: at, max: at }
        };
        let boxes: Vec<BBox> = all.iter().zip(&to_tip).map(tip).collect();
        let widest = all.iter().fold(0.0, |w: f64, e| w.max(e.width));
        Self { all, to_tip, tips: GridIndex::new(&boxes, TILE_WIDTHS * widest), widest }
    }

    /// The entry whose stub ends nearest to a place, when that is no further than a corner of it may be cut off.
    fn nearest(&self, at: [f64; 2]) -> Option<&CapHint> {
        let away = |k: usize| {
            let (e, to) = (&self.all[k], self.to_tip[k]);
            (at[0] - e.x - to[0]).hypot(at[1] - e.y - to[1])
        };
        let mut best: Option<(f64, usize)> = None;
        let window = BBox { min: at, max: at }.grown(AT_END * self.widest + ROUNDING);
        self.tips.candidates(&window, |k| {
            let here = (away(k), k);
            if best.is_none_or(|best| here < best) {
                best = Some(here);
            }
        });
        best.filter(|&(away, k)| away <= AT_END * self.all[k].width).map(|(_, k)| &self.all[k])
    }
}

pub(super) fn stub_length(entry: &CapHint, aspect: f64) -> f64 {
    (aspect + LONGER) * entry.width
}

impl Look<'_> {
    /// Trims the end of an open stretch at the entry in whose stub it ends.
    pub(super) fn trimmed(&self, interval: &Interval, at_end: bool, entries: &Entries) -> Trimmed {
        let outer = if at_end { self.strip.length() } else { 0.0 };
        let tip = self.strip.middle(outer);
        let Some(entry) = entries.nearest(tip) else { return Trimmed::Whole };
        let (sin, cos) = entry.direction_rad.sin_cos();
        let beyond = |s: f64| {
            let [x, y] = self.strip.section(s).map_or_else(|| self.strip.middle(s), |section| section.at);
            (x - entry.x) * cos + (y - entry.y) * sin
        };
        let direction_rad = wrap_angle(entry.direction_rad + PI);
        let outside = End { x: entry.x, y: entry.y, direction_rad, width: entry.width, cap_rad: direction_rad };
        let nothing = || Trimmed::Nothing(outside);
        let inner = if at_end { interval.from } else { interval.to };
        let step = STEP * entry.width * if at_end { -1.0 } else { 1.0 };
        let (mut out, mut s) = (outer, outer + step);
        while beyond(s) > 0.0 {
            if (s - inner) * step >= 0.0 {
                return nothing();
            }
            (out, s) = (s, s + step);
        }
        let mut inside = s;
        for _ in 0..HALVINGS {
            let middle = f64::midpoint(out, inside);
            if beyond(middle) > 0.0 { out = middle } else { inside = middle }
        }
        let cut = &interval.sections[usize::from(!at_end)];
        let is_guide = |section: &Section| {
            // Both are exact, while places along the arm are not.
            let way = [0, 1].map(|k: usize| section.at[k] - cut.at[k]);
            let length = way[0].hypot(way[1]);
            let is_ahead = way[0] * cos + way[1] * sin >= CORNER_COS * length;
            // What turns from the guide outside within less than a width is the wedge of a corner.
            let turn_rad = (cut.tangent[0] * sin - cut.tangent[1] * cos).abs().min(1.0).asin();
            length >= LEAST.max(turn_rad * section.width)
                && (is_ahead || (section.width - cut.width).abs() <= CORNER_SLOPE * length)
        };
        match self.strip.section(inside) {
            Some(section) if is_guide(&section) => Trimmed::At(inside, section, outside),
            _ => nothing(),
        }
    }
}
