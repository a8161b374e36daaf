//! Finished traces and how they look after a move, from the other end, and with fewer points.

use std::f64::consts::PI;

use waveguard_geom::{Point, Transform, transform::wrap_angle};

use super::bends::Found;
use super::curvature::Axis;
use super::nodes::{Node, WidthRange};
use super::{Bend, End, Flaw, Piece, Station, Taper, Trace, TraceOptions, straights, tapers};

/// Standard deviations of the two ends along the axis add up to this many grid steps at 99 %.
pub(crate) const END_ERROR_STEPS: f64 = 1.5;
/// Part of the turned length that chords and grid noise may add or take.
const CURVE_ERROR: f64 = 3.0e-5;
/// Part of the arc correction that may be wrong.
const ARC_ERROR: f64 = 0.1;

/// What is known of a guide besides its axis and bends.
pub(super) struct Whole {
    pub(super) ends: [End; 2],
    /// Place in dbu that the nodes of the axis are relative to.
    pub(super) origin: [f64; 2],
    pub(super) range: WidthRange,
    pub(super) area: f64,
    pub(super) grid: f64,
    pub(super) drawn_length: f64,
    pub(super) n_shapes: u32,
}

/// Upper bound of the smallest radius of all bends.
pub(super) fn upper(bends: &[Bend]) -> f64 {
    bends.iter().map(|b| b.min_radius_upper).fold(f64::INFINITY, f64::min)
}

/// Puts the parts together and adds what follows from them.
pub(super) fn finish(axis: &Axis<'_>, found: Found, whole: &Whole, opts: &TraceOptions) -> Trace {
    let Found { mut bends, pieces } = found;
    let [ox, oy] = whole.origin;
    for bend in &mut bends {
        (bend.x, bend.y) = (bend.x + ox, bend.y + oy);
    }
    let station = |v: &Node| Station { x: ox + v.at[0], y: oy + v.at[1], s: v.s, width: v.width };
    let ends = whole.ends;
    let turned: f64 = bends.iter().map(|b| b.length).sum();
    let tightest = bends.iter().min_by(|a, b| a.min_radius.total_cmp(&b.min_radius));
    let straight = (f64::INFINITY, 0.0, [ends[0].x, ends[0].y]);
    let (min_radius, min_radius_error, min_radius_at) =
        tightest.map_or(straight, |b| (b.min_radius, b.min_radius_error, [b.x, b.y]));
    let between = wrap_angle(ends[1].direction_rad - ends[0].direction_rad - PI);
    let varies = whole.range.max - whole.range.min > opts.width_tolerance;
    let tapers = if varies { tapers::find(axis.nodes, whole.grid, opts.width_tolerance / 2.0) } else { Vec::new() };
    let walked: f64 = axis.nodes.iter().map(|v| v.turn).sum();
    Trace {
        ends,
        stations: axis.nodes.iter().map(station).collect(),
        length: axis.length(),
        length_error: END_ERROR_STEPS * whole.grid + CURVE_ERROR * turned + ARC_ERROR * axis.arc_correction(),
        area: whole.area,
        drawn_length: whole.drawn_length,
        width_min: whole.range.least.value,
        width_error: whole.range.least.error,
        width_max: whole.range.max,
        min_radius,
        min_radius_error,
        min_radius_upper: upper(&bends),
        min_radius_at,
        turn: walked + wrap_angle(between - walked),
        abs_turn: bends.iter().map(|b| b.turn_rad.abs()).sum(),
        bends,
        pieces: straights::between(axis, &pieces),
        tapers,
        flaws: Vec::new(),
        grid: whole.grid,
        n_shapes: whole.n_shapes,
    }
}

impl Trace {
    /// The trace as it looks after a placement; a mirror changes the sign of turns, a magnification sizes.
    #[must_use]
    pub fn transformed(&self, t: &Transform) -> Self {
        let g = t.magnification();
        let sign = if t.is_mirrored() { -1.0 } else { 1.0 };
        let end = |e: &End| {
            let [x, y] = t.apply(e.x, e.y);
            let [direction_rad, cap_rad] = [e.direction_rad, e.cap_rad].map(|a| t.apply_angle(a));
            End { x, y, direction_rad, width: g * e.width, cap_rad }
        };
        let station = |v: &Station| {
            let [x, y] = t.apply(v.x, v.y);
            Station { x, y, s: g * v.s, width: g * v.width }
        };
        let bend = |b: &Bend| {
            let [x, y] = t.apply(b.x, b.y);
            Bend {
                start: g * b.start,
                length: g * b.length,
                turn_rad: sign * b.turn_rad,
                min_radius: g * b.min_radius,
                min_radius_error: g * b.min_radius_error,
                min_radius_upper: g * b.min_radius_upper,
                tightest: g * b.tightest,
                x,
                y,
                begin_curvature: sign * b.begin_curvature / g,
                end_curvature: sign * b.end_curvature / g,
            }
        };
        let piece = |p: &Piece| Piece {
            start: g * p.start,
            length: g * p.length,
            begin_curvature: sign * p.begin_curvature / g,
            end_curvature: sign * p.end_curvature / g,
            fit_error: g * p.fit_error,
        };
        let taper = |t: &Taper| Taper {
            start: g * t.start,
            length: g * t.length,
            begin_width: g * t.begin_width,
            end_width: g * t.end_width,
        };
        let flaw = |f: &Flaw| {
            let [x, y] = t.apply(f.x, f.y);
            Flaw {
                start: g * f.start,
                length: g * f.length,
                width: g * f.width,
                widened: g * f.widened,
                aside: g * f.aside,
                out: g * f.out,
                error: g * f.error,
                radius: g * f.radius,
                turn: sign * f.turn,
                x,
                y,
                ..*f
            }
        };
        Self {
            ends: [end(&self.ends[0]), end(&self.ends[1])],
            stations: self.stations.iter().map(station).collect(),
            length: g * self.length,
            length_error: g * self.length_error,
            area: g * g * self.area,
            drawn_length: g * self.drawn_length,
            width_min: g * self.width_min,
            width_error: g * self.width_error,
            width_max: g * self.width_max,
            min_radius: g * self.min_radius,
            min_radius_error: g * self.min_radius_error,
            min_radius_upper: g * self.min_radius_upper,
            min_radius_at: t.apply(self.min_radius_at[0], self.min_radius_at[1]),
            turn: sign * self.turn,
            abs_turn: self.abs_turn,
            bends: self.bends.iter().map(bend).collect(),
            pieces: self.pieces.iter().map(piece).collect(),
            tapers: self.tapers.iter().map(taper).collect(),
            flaws: self.flaws.iter().map(flaw).collect(),
            grid: g * self.grid,
            n_shapes: self.n_shapes,
        }
    }

    /// The same guide gone through from the second end to the first.
    #[must_use]
    pub fn reversed(&self) -> Self {
        let mut r = self.clone();
        r.ends.reverse();
        r.stations.reverse();
        for v in &mut r.stations {
            v.s = self.length - v.s;
        }
        r.bends.reverse();
        for b in &mut r.bends {
            b.start = self.length - b.start - b.length;
            b.turn_rad = -b.turn_rad;
            (b.begin_curvature, b.end_curvature) = (-b.end_curvature, -b.begin_curvature);
        }
        r.pieces.reverse();
        for p in &mut r.pieces {
            p.start = self.length - p.start - p.length;
            (p.begin_curvature, p.end_curvature) = (-p.end_curvature, -p.begin_curvature);
        }
        r.tapers.reverse();
        for t in &mut r.tapers {
            t.start = self.length - t.start - t.length;
            (t.begin_width, t.end_width) = (t.end_width, t.begin_width);
        }
        r.flaws.reverse();
        for f in &mut r.flaws {
            f.start = self.length - f.start - f.length;
            (f.width, f.widened, f.turn) = (f.width + f.widened, -f.widened, -f.turn);
        }
        r.turn = -self.turn;
        r
    }

    /// The stations without those that lie within `max_deviation` dbu of the line between kept ones, in
    /// place and in width (Ramer, Douglas and Peucker). Both ends are kept.
    pub fn thinned(&self, max_deviation: f64) -> Vec<Station> {
        let v = &self.stations;
        if v.len() < 3 {
            return v.clone();
        }
        let mut keep = vec![false; v.len()];
        (keep[0], keep[v.len() - 1]) = (true, true);
        let mut open = vec![(0, v.len() - 1)];
        while let Some((a, b)) = open.pop() {
            let mut worst = (max_deviation, 0);
            for i in a + 1..b {
                let off = deviation(&v[a], &v[b], &v[i]);
                if off > worst.0 {
                    worst = (off, i);
                }
            }
            if worst.1 > 0 {
                keep[worst.1] = true;
                open.push((a, worst.1));
                open.push((worst.1, b));
            }
        }
        v.iter().zip(keep).filter(|(_, k)| *k).map(|(s, _)| *s).collect()
    }
}

fn deviation(a: &Station, b: &Station, p: &Station) -> f64 {
    let (dx, dy) = (b.x - a.x, b.y - a.y);
    let square = dx * dx + dy * dy;
    let u = if square > 0.0 { (((p.x - a.x) * dx + (p.y - a.y) * dy) / square).clamp(0.0, 1.0) } else { 0.0 };
    let off = (p.x - a.x - u * dx).hypot(p.y - a.y - u * dy);
    off.max((p.width - a.width - u * (b.width - a.width)).abs())
}

/// Length of a path's spine in dbu, corner to corner: evidence beside the trace of its outline.
pub fn spine_length(spine: &[Point]) -> f64 {
    spine.windows(2).map(|w| (w[0].distance_sq(w[1]) as f64).sqrt()).sum()
}
