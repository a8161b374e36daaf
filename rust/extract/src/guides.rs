//! Guides: what the tracer says of the shapes of a cell, and which cross-section that is.

mod part;
mod teeth;

use std::sync::Arc;

use waveguard_base::LayerId;
use waveguard_geom::transform::wrap_angle;
use waveguard_geom::{Point, region, seam};

use crate::merge::SEAM_DBU;
use crate::pins::LocalPort;
use crate::plan::Plan;
use crate::recipe::GuideSection;
use crate::segments::Segments;
use crate::slots::{self, Slot};
use crate::trace::{CapHint, NotARibbon, Station, Trace, TraceOptions, chain, trace_ribbon};
pub use part::{Along, Foot};
pub use teeth::has_teeth;

/// A traced guide in the frame of its cell, in dbu.
#[derive(Clone, Debug)]
pub struct Guide {
    /// What the tracer found, without the stations.
    pub trace: Trace,
    /// The centre-line with few points: x, y, width.
    pub line: Vec<[f64; 3]>,
    /// Cross-section in the recipe; `None` when no window holds the width.
    pub section: Option<usize>,
    /// The one that would be as good if it were not for the slab; `None` where there is none, or the file states which
    /// it is.
    pub twin: Option<usize>,
    /// Length of the PATH it was drawn with; NaN without.
    pub spine_length: f64,
    /// Layer it is drawn on.
    pub layer: LayerId,
    /// What lies between the edges of a slot guide.
    pub slot: Option<Arc<Slot>>,
    /// How it is divided, when it is a row of boxes.
    pub segments: Option<Segments>,
}

/// What an outline stands for: a core on a layer, or two rails there with the gap between them.
#[derive(Clone, Copy, Debug)]
pub struct Core<'a> {
    /// The layer.
    pub layer: LayerId,
    /// Set for the outline around two rails.
    pub slot: Option<&'a Arc<Slot>>,
}

impl From<LayerId> for Core<'_> {
    fn from(layer: LayerId) -> Self {
        Self { layer, slot: None }
    }
}

/// The tracer's tolerances in dbu.
pub fn options(plan: &Plan) -> TraceOptions {
    let trace = &plan.recipe.trace;
    let usual = TraceOptions::default();
    TraceOptions {
        curvature_window: plan.dbu(trace.curvature_window_nm),
        chord_tolerance: plan.dbu(trace.chord_tolerance_nm),
        bend_min_turn: trace.bend_min_turn_rad,
        straight_radius: plan.dbu(trace.straight_radius_nm),
        // The defaults of the tracer are for a grid of 1 nm.
        width_tolerance: plan.dbu(usual.width_tolerance),
        tangent_reach_max: plan.dbu(usual.tangent_reach_max),
        ..usual
    }
}

/// Traces the shapes of a device from its first optical port to its second.
///
/// Layers are tried in the order of the recipe, the stated cross-section's first. Several shapes are
/// joined end to end, and merged where that fails.
///
/// # Errors
/// Why they are no guide between the two ports.
pub fn of_device(
    plan: &Plan,
    rings: &[(LayerId, Vec<Point>)],
    ends: [&LocalPort; 2],
    stated: Option<usize>,
) -> Result<Guide, &'static str> {
    let hints = ends.map(|p| CapHint {
        x: p.at[0],
        y: p.at[1],
        direction_rad: p.direction_rad,
        width: if p.width.is_nan() { 0.0 } else { p.width },
    });
    let options = options(plan);
    let mut why = "no shapes on a guide layer";
    let mut layers = plan.guide_layers.clone();
    if let Some(section) = stated {
        layers.sort_by_key(|&l| plan.pair(l) != plan.recipe.guides[section].layer);
    }
    for layer in layers {
        let pieces: Vec<&[Point]> = rings.iter().filter(|r| r.0 == layer).map(|r| r.1.as_slice()).collect();
        if pieces.is_empty() {
            continue;
        }
        // Two rails are no chain of pieces.
        let rails = if pieces.len() > 1 { slots::alone(plan, layer, &pieces) } else { None };
        if let Some(rails) = rails {
            let slot = Arc::new(rails.slot);
            match rails.rings.first().ok_or(NotARibbon::Empty).and_then(|r| trace_ribbon(r, Some(hints), &options)) {
                Ok(trace) => return Ok(of_trace(plan, Core { layer, slot: Some(&slot) }, trace)),
                Err(failure) => why = reason(&failure),
            }
            continue;
        }
        match of_pieces(plan, &pieces, &hints, &options) {
            Ok(trace) => {
                let said = stated.or(ends[0].section).or(ends[1].section).map(Fit::stated);
                let fit = said.or_else(|| fit(plan, layer.into(), &trace));
                return Ok(guide(plan, trace, fit, f64::NAN, layer.into()));
            }
            Err(reason) => why = reason,
        }
    }
    Err(why)
}

fn of_pieces(
    plan: &Plan,
    pieces: &[&[Point]],
    hints: &[CapHint; 2],
    options: &TraceOptions,
) -> Result<Trace, &'static str> {
    let mut is_cut_askew = false;
    let first = if let [one] = pieces {
        trace_ribbon(one, Some(*hints), options)
    } else {
        let traces: Result<Vec<Trace>, NotARibbon> =
            pieces.iter().map(|piece| trace_ribbon(piece, None, options)).collect();
        // Cut askew, one guide goes on in the other before that one has both of its sides.
        is_cut_askew = traces.as_ref().is_ok_and(|traces| traces.iter().any(is_askew));
        if is_cut_askew {
            Err(NotARibbon::NoCaps)
        } else {
            traces.and_then(|t| chain(t, plan.dbu(plan.recipe.tolerances.snap_nm), Some(*hints), options))
        }
    };
    let trace = match first {
        Ok(trace) => trace,
        Err(failure) => {
            let rings: Vec<Vec<Point>> = pieces.iter().map(|piece| piece.to_vec()).collect();
            // Only along cuts rounding may have left cracks: elsewhere a slit is a slit.
            let closed = if is_cut_askew { seam::closed(&rings, SEAM_DBU) } else { None };
            let merged = region::union(&closed.unwrap_or(rings));
            let [one] = merged.as_slice() else { return Err(reason(&failure)) };
            let mut trace = trace_ribbon(one, Some(*hints), options).map_err(|_| reason(&failure))?;
            trace.n_shapes = pieces.len() as u32;
            trace
        }
    };
    let reach = plan.dbu(plan.recipe.tolerances.guide_end_nm);
    for (end, hint) in trace.ends.iter().zip(hints) {
        if (end.x - hint.x).hypot(end.y - hint.y) > reach {
            return Err("the traced guide does not end at the ports");
        }
    }
    Ok(trace)
}

/// A cap further from perpendicular than this, in rad, was cut by a tool and not drawn.
pub const SLANTED_RAD: f64 = 0.08;

/// True where an end was cut askew.
fn is_askew(trace: &Trace) -> bool {
    trace.ends.iter().any(|end| wrap_angle(end.cap_rad - end.direction_rad).abs() > SLANTED_RAD)
}

/// Traces one shape drawn outside devices.
///
/// # Errors
/// Why it is no guide.
pub fn of_shape(plan: &Plan, core: Core, ring: &[Point], spine_length: f64) -> Result<Guide, &'static str> {
    let mut options = options(plan);
    let (narrowest, widest) = widths(plan, core);
    options.width_min = narrowest * 0.5;
    options.width_max = widest;
    let trace = trace_ribbon(ring, None, &options).map_err(|e| reason(&e))?;
    let fit = fit(plan, core, &trace).ok_or("no cross-section of that width")?;
    Ok(guide(plan, trace, Some(fit), spine_length, core))
}

/// True for a shape that would be a guide if it were not narrower than any guide of its layer: the tip of a taper, where
/// the rest of it was cut off.
pub fn is_too_narrow(plan: &Plan, core: Core, ring: &[Point]) -> bool {
    let (narrowest, widest) = widths(plan, core);
    let options = TraceOptions { width_min: 0.0, width_max: widest, ..options(plan) };
    trace_ribbon(ring, None, &options).is_ok_and(|trace| trace.width_max < narrowest)
}

/// Shapes that a slot guide is drawn with at least.
const RAILS: u32 = 2;

/// A short shape between two guides is as wide as these, within this part.
const SAME_WIDTH: f64 = 0.1;

/// The end of a shape that is hardly longer than wide lies this many widths at most from where it would be if the shape
/// were straight.
const BENT_WIDTHS: f64 = 0.5;

/// Traces a shape between two places where other guides end at it; it may be wider than long. Where `is_guess`, nothing
/// ends there and the place is that of the end if the shape is straight.
///
/// # Errors
/// Why it is no guide between the two.
pub fn between(
    plan: &Plan,
    core: Core,
    ring: &[Point],
    ends: [CapHint; 2],
    is_guess: [bool; 2],
) -> Result<Guide, &'static str> {
    let trace = trace_ribbon(ring, Some(ends), &options(plan)).map_err(|e| reason(&e))?;
    let reach = plan.dbu(plan.recipe.tolerances.snap_nm) + 1.0;
    let is_met = trace.ends.iter().zip(&ends).zip(is_guess).all(|((e, h), is_guess)| {
        let reach = if is_guess { BENT_WIDTHS * h.width } else { reach };
        (e.x - h.x).hypot(e.y - h.y) <= reach && (e.width - h.width).abs() <= SAME_WIDTH * h.width
    });
    let fit = fit(plan, core, &trace).filter(|_| is_met).ok_or("no guide between two guides")?;
    Ok(guide(plan, trace, Some(fit), f64::NAN, core))
}

/// A guide drawn at a limit of a cross-section is off it by the rounding of both sides, in dbu; on a fine grid the
/// same in nm, so that tapers end as guides at the same place.
const WIDTH_SLACK: f64 = 2.0;

/// How far a guide drawn at a limit of a cross-section may be off it, in dbu.
pub fn width_slack(plan: &Plan) -> f64 {
    plan.dbu(WIDTH_SLACK).max(WIDTH_SLACK)
}

/// Width of the narrowest and of the widest guide of a layer, in dbu; the widest is 0 where there are none.
pub fn widths(plan: &Plan, core: Core) -> (f64, f64) {
    let (pair, slack) = (plan.pair(core.layer), width_slack(plan));
    let is_own = |(i, g): &(usize, &GuideSection)| match core.slot {
        Some(slot) => *i == slot.section,
        None => g.layer == pair && g.slot.is_none() && !g.segmented,
    };
    let own = plan.recipe.guides.iter().enumerate().filter(is_own).map(|(_, g)| g);
    own.fold((f64::INFINITY, 0.0), |(low, high): (f64, f64), g| {
        (low.min(plan.dbu(g.width_min_nm) - slack), high.max(plan.dbu(g.width_max_nm) + slack))
    })
}

/// The guide of a trace, whatever its width.
pub fn of_trace(plan: &Plan, core: Core, trace: Trace) -> Guide {
    let fit = fit(plan, core, &trace);
    guide(plan, trace, fit, f64::NAN, core)
}

/// Traces the outline around a row of boxes between its two ends; `None` when it is no guide.
pub fn trace_between(plan: &Plan, layer: LayerId, ring: &[Point], ends: [CapHint; 2]) -> Option<Trace> {
    let trace = trace_ribbon(ring, Some(ends), &options(plan)).ok()?;
    section_of_row(plan, layer, &trace).map(|_| trace)
}

/// The guide of a trace that is a row of boxes.
pub fn segmented(plan: &Plan, layer: LayerId, trace: Trace, segments: Segments) -> Guide {
    let fit = section_of_row(plan, layer, &trace).map(Fit::stated);
    Guide { segments: Some(segments), ..guide(plan, trace, fit, f64::NAN, layer.into()) }
}

fn section_of_row(plan: &Plan, layer: LayerId, trace: &Trace) -> Option<usize> {
    let nm = plan.layout.dbu_nm;
    let [a, b] = [trace.ends[0].width, trace.ends[1].width];
    [a.min(b), a.max(b)]
        .into_iter()
        .find_map(|w| plan.recipe.section_of_row(plan.pair(layer), w * nm, width_slack(plan) * nm))
}

/// Widths of a guide that is as wide for the most part lie within this part of each other.
const SAME_FOR_LONG: f64 = 0.02;

/// The width that a guide has over more than half of its length; `None` for tapers.
fn usual_width(trace: &Trace) -> Option<f64> {
    let mut parts: Vec<[f64; 2]> =
        trace.stations.windows(2).map(|w| [f64::midpoint(w[0].width, w[1].width), w[1].s - w[0].s]).collect();
    let whole: f64 = parts.iter().map(|p| p[1]).sum();
    parts.sort_by(|a, b| a[0].total_cmp(&b[0]));
    let (mut from, mut length, mut area) = (0, 0.0, 0.0);
    for to in 0..parts.len() {
        length += parts[to][1];
        area += parts[to][0] * parts[to][1];
        while parts[from][0] < (1.0 - SAME_FOR_LONG) * parts[to][0] {
            length -= parts[from][1];
            area -= parts[from][0] * parts[from][1];
            from += 1;
        }
        if length > whole / 2.0 {
            return Some(area / length);
        }
    }
    None
}

/// A cross-section, and the one that would fit as well if it were not for the slab.
#[derive(Clone, Copy, PartialEq)]
struct Fit {
    section: usize,
    twin: Option<usize>,
}

impl Fit {
    /// Of one that is known without looking at the width.
    fn stated(section: usize) -> Self {
        Self { section, twin: None }
    }
}

/// The cross-section that holds the width that the guide has for the most part, else that of the narrower end, else
/// that of the wider one, else the mean width. That of a slot guide is known from its rails.
fn fit(plan: &Plan, core: Core, trace: &Trace) -> Option<Fit> {
    if let Some(slot) = core.slot {
        return Some(Fit::stated(slot.section));
    }
    let slack_nm = width_slack(plan) * plan.layout.dbu_nm;
    let nm = plan.layout.dbu_nm;
    let mean = trace.area / trace.length;
    let [a, b] = [trace.ends[0].width, trace.ends[1].width];
    let of_width = |w: f64| {
        let section = plan.recipe.section(plan.pair(core.layer), w * nm, slack_nm)?;
        Some(Fit { section, twin: plan.recipe.twin(section, w * nm, slack_nm) })
    };
    // Where all of it is as wide but for rounding, it does not matter which of the widths it has for the most part.
    let widths = trace.stations.iter().map(|s| s.width);
    let [least, most] = widths.fold([f64::INFINITY, 0.0], |[least, most], w| [f64::min(least, w), f64::max(most, w)]);
    if (most - least) * nm <= slack_nm
        && let (Some(fit), Some(other)) = (of_width(least), of_width(most))
        && fit == other
    {
        return Some(fit);
    }
    usual_width(trace).into_iter().chain([a.min(b), a.max(b), mean]).find_map(of_width)
}

fn guide(plan: &Plan, mut trace: Trace, fit: Option<Fit>, spine_length: f64, core: Core) -> Guide {
    let line = thinned(&trace.stations, plan.dbu(plan.recipe.trace.line_tolerance_nm));
    // They are many and not needed any more.
    trace.stations = Vec::new();
    if let Some(slot) = core.slot {
        trace.area *= slot.share;
        trace.n_shapes *= RAILS;
    }
    let (section, twin) = (fit.map(|f| f.section), fit.and_then(|f| f.twin));
    Guide { trace, line, section, twin, spine_length, layer: core.layer, slot: core.slot.cloned(), segments: None }
}

/// Stations looked at together when a line is thinned: bounds the work, and keeps few points more.
const STATIONS_AT_ONCE: usize = 64;

/// Few stations such that place and width deviate by less than `tolerance` (Ramer, Douglas and Peucker).
fn thinned(stations: &[Station], tolerance: f64) -> Vec<[f64; 3]> {
    let Some(last) = stations.len().checked_sub(1) else { return Vec::new() };
    let mut keep = vec![false; stations.len()];
    let mut open = Vec::with_capacity(STATIONS_AT_ONCE);
    let mut off = [0.0; STATIONS_AT_ONCE + 1];
    for first in (0..last).step_by(STATIONS_AT_ONCE) {
        let end = (first + STATIONS_AT_ONCE).min(last);
        (keep[first], keep[end]) = (true, true);
        // Numbers of one kind next to each other are worked on two at a time.
        let mut own = [[0.0; STATIONS_AT_ONCE + 1]; 3];
        for (k, p) in stations[first..=end].iter().enumerate() {
            (own[0][k], own[1][k], own[2][k]) = (p.x, p.y, p.width);
        }
        open.push((0, end - first));
        while let Some((from, to)) = open.pop() {
            if to <= from + 1 {
                continue;
            }
            deviations(&own, from, to, &mut off);
            let off = &off[from + 1..to];
            let worst = off.iter().fold(0.0_f64, |worst, &off| if off > worst { off } else { worst });
            if worst > tolerance * tolerance
                && let Some(at) = off.iter().position(|&off| off >= worst).map(|k| from + 1 + k)
            {
                keep[first + at] = true;
                open.push((from, at));
                open.push((at, to));
            }
        }
    }
    keep[last] = true;
    let mut line = Vec::with_capacity(keep.iter().filter(|k| **k).count());
    line.extend(stations.iter().zip(keep).filter(|(_, k)| *k).map(|(s, _)| [s.x, s.y, s.width]));
    line
}

/// Square of how far places and widths between two are off those on the line between these.
#[inline]
fn deviations(
    [x, y, width]: &[[f64; STATIONS_AT_ONCE + 1]; 3],
    from: usize,
    to: usize,
    out: &mut [f64; STATIONS_AT_ONCE + 1],
) {
    let (dx, dy) = (x[to] - x[from], y[to] - y[from]);
    let per_square = if dx == 0.0 && dy == 0.0 { 0.0 } else { 1.0 / (dx * dx + dy * dy) };
    let (ax, ay, a, widened) = (x[from], y[from], width[from], width[to] - width[from]);
    for i in from + 1..to {
        let (px, py) = (x[i] - ax, y[i] - ay);
        let u = ((px * dx + py * dy) * per_square).clamp(0.0, 1.0);
        let (ex, ey) = (px - u * dx, py - u * dy);
        let wider = width[i] - a - u * widened;
        out[i] = (ex * ex + ey * ey).max(wider * wider);
    }
}

/// The reason without places and numbers, so that equal cases count together.
fn reason(why: &NotARibbon) -> &'static str {
    match why {
        NotARibbon::TooFewVertices => "too few vertices",
        NotARibbon::NoCaps => "no two ends found",
        NotARibbon::CapsNotAtHints { .. } => "no end at a port",
        NotARibbon::SidesCross { .. } => "its two sides do not run along each other",
        NotARibbon::WidthJumps { .. } => "its width jumps",
        NotARibbon::WidthOutOfRange { .. } => "its width is that of no guide",
        NotARibbon::AreaNotCovered { .. } => "its centre-line does not cover it",
        NotARibbon::Closed => "it closes on itself",
        NotARibbon::Empty => "no shapes",
        NotARibbon::NotAChain { .. } => "its pieces do not join end to end",
    }
}
