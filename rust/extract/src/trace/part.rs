//! What a trace says of a part of its guide.

use waveguard_geom::transform::wrap_angle;

use super::view::{END_ERROR_STEPS, upper};
use super::{Bend, End, Flaw, Piece, Taper, Trace};

/// What is known of a part of a guide from its centre-line.
pub(crate) struct PartOf<'a> {
    /// Where it begins and ends along the whole, in dbu.
    pub(crate) from: f64,
    pub(crate) to: f64,
    /// Its two ends.
    pub(crate) ends: [End; 2],
    /// Narrowest and widest place in dbu.
    pub(crate) widths: [f64; 2],
    /// How far these may be off, in dbu.
    pub(crate) width_slack: f64,
    /// Its part of the area.
    pub(crate) area_share: f64,
    /// Bends that turn less are none, in rad.
    pub(crate) bend_min_turn: f64,
    /// The place at a distance along the whole.
    pub(crate) place: &'a dyn Fn(f64) -> [f64; 2],
}

impl Trace {
    /// The trace of a part, without stations. Parts that follow each other add up to the whole.
    pub(crate) fn part(&self, part: &PartOf) -> Self {
        let length = part.to - part.from;
        let share = length / self.length;
        let pieces: Vec<Piece> = self
            .pieces
            .iter()
            .filter_map(|p| p.within(part.from, part.to))
            .map(|p| Piece { start: p.start - part.from, ..p })
            .collect();
        let bends: Vec<Bend> = self.bends.iter().filter_map(|b| self.bend_within(b, part)).collect();
        let tightest = bends.iter().min_by(|a, b| a.min_radius.total_cmp(&b.min_radius));
        let straight = (f64::INFINITY, 0.0, [part.ends[0].x, part.ends[0].y]);
        let (min_radius, min_radius_error, min_radius_at) =
            tightest.map_or(straight, |b| (b.min_radius, b.min_radius_error, [b.x, b.y]));
        let walked: f64 = pieces.iter().map(Piece::turn_rad).sum();
        let [a, b] = part.ends.map(|e| e.direction_rad);
        let ends_error = END_ERROR_STEPS * self.grid;
        let is_narrowest = self.is_uniform() || part.widths[0] <= self.width_min + part.width_slack;
        let is_widest = self.is_uniform() || part.widths[1] >= self.width_max - part.width_slack;
        let is_within = |f: &Flaw| f.start >= part.from && f.start + f.length <= part.to;
        Self {
            ends: part.ends,
            stations: Vec::new(),
            length,
            length_error: ends_error + (self.length_error - ends_error).max(0.0) * share,
            area: self.area * part.area_share,
            drawn_length: self.drawn_length * share,
            width_min: if is_narrowest { self.width_min } else { part.widths[0] },
            width_error: self.width_error + if is_narrowest { 0.0 } else { part.width_slack },
            width_max: if is_widest { self.width_max } else { part.widths[1] },
            min_radius,
            min_radius_error,
            min_radius_upper: upper(&bends),
            min_radius_at,
            turn: walked + wrap_angle(b - a - std::f64::consts::PI - walked),
            abs_turn: bends.iter().map(|b| b.turn_rad.abs()).sum(),
            bends,
            pieces,
            tapers: self.tapers.iter().filter_map(|t| taper_within(t, part.from, part.to)).collect(),
            flaws: self
                .flaws
                .iter()
                .filter(|f| is_within(f))
                .map(|f| Flaw { start: f.start - part.from, ..*f })
                .collect(),
            grid: self.grid,
            n_shapes: self.n_shapes,
        }
    }

    /// The part of a bend; one that is not whole is as its pieces say.
    fn bend_within(&self, bend: &Bend, part: &PartOf) -> Option<Bend> {
        let (from, to) = (bend.start.max(part.from), (bend.start + bend.length).min(part.to));
        if from >= to {
            return None;
        }
        let start = from - part.from;
        if to - from >= bend.length {
            return Some(Bend { start, tightest: bend.tightest - part.from, ..*bend });
        }
        let inside: Vec<Piece> = self.pieces.iter().filter_map(|p| p.within(from, to)).collect();
        let turn_rad: f64 = inside.iter().map(Piece::turn_rad).sum();
        let (first, last) = (inside.first()?, inside.last()?);
        let steepest = inside
            .iter()
            .flat_map(|p| [(p.start, p.begin_curvature), (p.start + p.length, p.end_curvature)])
            .max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()))?;
        let whole = Bend {
            start,
            length: to - from,
            turn_rad,
            tightest: bend.tightest - part.from,
            begin_curvature: first.begin_curvature,
            end_curvature: last.end_curvature,
            ..*bend
        };
        // What is known of the tightest place is known better than what the pieces say.
        let has_tightest = (from..=to).contains(&bend.tightest);
        let min_radius = steepest.1.abs().recip().max(bend.min_radius);
        let [x, y] = (part.place)(steepest.0);
        let min_radius_upper = min_radius + bend.min_radius_error;
        let wider = Bend { tightest: steepest.0 - part.from, min_radius, min_radius_upper, x, y, ..whole };
        (turn_rad.abs() >= part.bend_min_turn).then_some(if has_tightest { whole } else { wider })
    }
}

fn taper_within(taper: &Taper, low: f64, high: f64) -> Option<Taper> {
    let (from, to) = (taper.start.max(low), (taper.start + taper.length).min(high));
    if from > to || (from >= to && taper.length > 0.0) {
        return None;
    }
    let at = |s: f64| {
        let u = if taper.length > 0.0 { (s - taper.start) / taper.length } else { 0.0 };
        taper.begin_width + (taper.end_width - taper.begin_width) * u
    };
    if taper.length <= 0.0 {
        return Some(Taper { start: from - low, ..*taper });
    }
    Some(Taper { start: from - low, length: to - from, begin_width: at(from), end_width: at(to) })
}

#[cfg(test)]
mod tests {
    use waveguard_geom::Point;

    use super::*;
    use crate::trace::{TraceOptions, trace_ribbon};

    const STEP_NM: f64 = 20.0;
    /// Length in nm and curvature in 1/nm: a tight arc between two wide ones.
    const ARCS: [(f64, f64); 3] = [(4000.0, 1e-4), (1000.0, 1e-3), (4000.0, 1e-4)];

    fn compound() -> Trace {
        let (mut at, mut angle) = ([0.0_f64; 2], 0.0_f64);
        let mut sides: [Vec<Point>; 2] = [Vec::new(), Vec::new()];
        for curvature in ARCS.iter().flat_map(|(length, k)| vec![*k; (length / STEP_NM) as usize]) {
            for (side, half) in sides.iter_mut().zip([-200.0, 200.0]) {
                let place = [at[0] - half * angle.sin(), at[1] + half * angle.cos()];
                side.push(Point::new(place[0].round() as i32, place[1].round() as i32));
            }
            let middle = angle + 0.5 * curvature * STEP_NM;
            at = [at[0] + STEP_NM * middle.cos(), at[1] + STEP_NM * middle.sin()];
            angle += curvature * STEP_NM;
        }
        let [right, left] = sides;
        let ring: Vec<Point> = right.into_iter().chain(left.into_iter().rev()).collect();
        trace_ribbon(&ring, None, &TraceOptions::default()).expect("a ribbon")
    }

    #[test]
    fn the_part_with_the_tightest_place_of_a_bend_keeps_what_is_known_of_it() {
        let whole = compound();
        let part = |from: f64, to: f64| {
            let (ends, widths, place) = (whole.ends, [400.0; 2], |s: f64| [s, 0.0]);
            let (width_slack, area_share, bend_min_turn) = (1.0, (to - from) / whole.length, 0.01);
            whole.part(&PartOf { from, to, ends, widths, width_slack, area_share, bend_min_turn, place: &place })
        };
        assert!(whole.min_radius_upper < 1200.0, "{}", whole.min_radius_upper);
        let parts = [part(0.0, 2500.0), part(2500.0, 6500.0), part(6500.0, whole.length)];
        assert!((parts[1].min_radius - whole.min_radius).abs() < 1e-6, "{}", parts[1].min_radius);
        let uppers = parts.map(|p| p.min_radius_upper);
        assert!((uppers[1] - whole.min_radius_upper).abs() < 1e-6, "{uppers:?}");
    }
}
