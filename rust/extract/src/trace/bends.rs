//! Divides the axis into bends and finds the smallest radius of each.
//!
//! A scan over windows as short as the grid allows says where the axis turns; the smallest radius of a bend
//! is then sought inside (see `radius`).

use super::curvature::{Axis, Cursor, Fit};
use super::vector::angle_between;
use super::{Bend, Piece, TraceOptions, peak, radius, shape};

/// Shortest window on a grid of 1 dbu; it grows with the root of the grid step, as equal noise asks for.
const WINDOW_DBU: f64 = 450.0;
/// A window holds this many nodes, or the single vertices of a coarse curve would show as ripple.
const NODES_PER_WINDOW: f64 = 6.0;
/// A window is no longer than this part of the guide, unless the grid asks for it.
const LARGEST_PART: f64 = 0.25;
/// Curvature this many standard deviations from zero is a turn.
const SIGNIFICANT: f64 = 4.0;
/// Where a window shows no turn, one this many times longer has a second look.
const SECOND_LOOK: f64 = 4.0;
/// Fits are spaced by this part of their window.
const SCAN_STEP: f64 = 0.2;
/// Part of a bend's turn that is passed before it is said to have begun; of one of several turns, of
/// its first rad.
const BEGIN_TURN: f64 = 0.01;
/// The direction of a node is no better than this in rad.
const DIRECTION_NOISE: f64 = 0.005;

/// Fewer nodes leave the radius open by this part.
const FEW_NODES: usize = 9;
const FEW_NODES_PART: f64 = 0.75;
/// Part of a bend's length that is looked at before and behind it.
const LEAD_PART: f64 = 0.15;
/// Pieces that turn by as much as the directions say, within this part or twice the noise of a direction, are those of
/// the bend: where the curvature jumps others cut it short. Where one arc turns into the next directions say less.
const SAME_TURN: [f64; 2] = [0.01, 0.05];

/// The bends of an axis in order, and the pieces of each.
#[derive(Default)]
pub(super) struct Found {
    pub(super) bends: Vec<Bend>,
    pub(super) pieces: Vec<Piece>,
}

/// The bends of an axis in order.
pub(super) fn find(axis: &Axis<'_>, opts: &TraceOptions) -> Found {
    let fits = scan(axis, opts);
    let runs = runs(&fits);
    let mut cursor = Cursor::default();
    let mut at = 0;
    let mut found = Found::default();
    for (k, run) in runs.iter().enumerate() {
        let (first, last) = (&fits[run.0], &fits[run.1]);
        let mut low = (first.s - 0.5 * first.window).max(0.0);
        let mut high = (last.s + 0.5 * last.window).min(axis.length());
        if let Some(before) = k.checked_sub(1).map(|j| &fits[runs[j].1]) {
            low = low.max(0.5 * (before.s + first.s));
        }
        if let Some(after) = runs.get(k + 1).map(|r| &fits[r.0]) {
            high = high.min(0.5 * (last.s + after.s));
        }
        // Where one bend turns into the next the direction has its extreme; a long reach would miss it.
        let reach = [first.window / 6.0, last.window / 6.0];
        let at_bend = [low > first.s - 0.5 * first.window, high < last.s + 0.5 * last.window];
        let reach = [0, 1].map(|i: usize| if at_bend[i] { reach[i] / 3.0 } else { reach[i] });
        let turn = turn_between(axis, low, high, reach, &mut at);
        if turn.abs() < opts.bend_min_turn {
            continue;
        }
        let (start, end) = extent(axis, low, high, turn);
        // Leads show the directions before and behind, but long ones would leave few bins for the bend. One of several
        // turns is looked at part by part, and straights would be taken for parts of it.
        let part = if turn.abs() > shape::LONG_TURN { 0.0 } else { LEAD_PART };
        let lead = part * (end - start) + WINDOW_DBU * axis.grid.sqrt();
        let around = [(start - lead).max(low), (end + lead).min(high)];
        let shape = shape::of(axis, around, [start, end], turn);
        let has_corner = || axis.nodes_between(start, end).iter().any(|v| v.is_corner);
        let is_plain = shape.as_ref().map_or_else(has_corner, |shape| shape.is_trapezoid);
        let mut bend = if let Some(shape) = shape {
            let is_next_to_bend = shape.is_trapezoid && at_bend.contains(&true);
            of_shape(axis, &shape, turn, is_next_to_bend, &mut found.pieces)
        } else {
            let mean = turn / (end - start);
            // A corner lies so far outside an arc of the same turn and length.
            let fit_error = (end - start) * turn.abs() / 8.0;
            let (begin_curvature, end_curvature) = (mean, mean);
            found.pieces.push(Piece { start, length: end - start, begin_curvature, end_curvature, fit_error });
            measure(axis, &fits[run.0..=run.1], (start, end), turn, &mut cursor)
        };
        peak::bound(axis, &fits[run.0..=run.1], &mut bend, is_plain);
        found.bends.push(bend);
    }
    found.bends.retain(|b| b.min_radius < opts.straight_radius);
    found
}

fn of_shape(axis: &Axis<'_>, shape: &shape::Shape, turn: f64, is_next_to_bend: bool, pieces: &mut Vec<Piece>) -> Bend {
    let length = axis.length();
    let [start, end] = shape.extent.map(|s| s.clamp(0.0, length));
    let place = axis.place(shape.tightest.s, &mut 0);
    let (min_radius, min_radius_upper) = (1.0 / shape.tightest.curvature, 1.0 / shape.tightest.lowest);
    // What the pieces turn is known better than the directions at single places, if they are those of this bend.
    let first = pieces.len();
    pieces.extend(shape.pieces.iter().filter_map(|p| p.within(0.0, length)));
    let turned: f64 = pieces[first..].iter().map(Piece::turn_rad).sum();
    let same_turn = (SAME_TURN[usize::from(is_next_to_bend)] * turn.abs()).max(2.0 * DIRECTION_NOISE);
    let is_known_better = turn.abs() <= shape::LONG_TURN && (turned - turn).abs() < same_turn;
    let turn = if is_known_better { turned } else { turn };
    Bend {
        start,
        length: end - start,
        turn_rad: turn,
        min_radius,
        min_radius_error: min_radius_upper - min_radius,
        min_radius_upper,
        tightest: shape.tightest.s,
        x: place[0],
        y: place[1],
        begin_curvature: shape.borders[0],
        end_curvature: shape.borders[1],
    }
}

fn pitch_at(axis: &Axis<'_>, j: usize) -> f64 {
    let nodes = axis.nodes;
    let last = nodes.len() - 1;
    let ahead = if j + 2 <= last { (nodes[j + 2].s - nodes[j].s) / 2.0 } else { f64::INFINITY };
    let back = if j >= 2 { (nodes[j].s - nodes[j - 2].s) / 2.0 } else { f64::INFINITY };
    let pitch = ahead.min(back);
    if pitch.is_finite() { pitch } else { axis.length() / last as f64 }
}

/// Fits along the axis; curvature is set to zero where it is not significant.
fn scan(axis: &Axis<'_>, opts: &TraceOptions) -> Vec<Fit> {
    let shortest = if opts.curvature_window > 0.0 { opts.curvature_window } else { WINDOW_DBU * axis.grid.sqrt() };
    let n = axis.nodes.len();
    if n < 3 {
        return Vec::new();
    }
    let mut fits: Vec<Fit> = Vec::with_capacity(n);
    let (mut cursor, mut wide_cursor) = (Cursor::default(), Cursor::default());
    let mut next = 0.0;
    for j in 0..n {
        let s = axis.nodes[j].s;
        if s < next && j + 1 < n {
            continue;
        }
        // A drawn corner turns at once, however far away its neighbours are.
        let pitch = if axis.nodes[j].is_corner { 0.0 } else { pitch_at(axis, j) };
        let window = shortest.max((NODES_PER_WINDOW * pitch).min(axis.length() * LARGEST_PART));
        next = s + SCAN_STEP * window;
        let mut fit = axis.fit(s, window, &mut cursor);
        if fit.curvature.abs() < SIGNIFICANT * fit.noise {
            fit = axis.fit(s, SECOND_LOOK * window, &mut wide_cursor);
            if fit.curvature.abs() < SIGNIFICANT * fit.noise {
                fit.curvature = 0.0;
            }
        }
        if fit.curvature.abs() * opts.straight_radius < 1.0 {
            fit.curvature = 0.0;
        }
        // Windows are moved inwards at the ends; there the fit stands for the node itself.
        fit.s = s;
        fits.push(fit);
    }
    fits
}

/// First and last fit of each piece that turns one way.
fn runs(fits: &[Fit]) -> Vec<(usize, usize)> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for (i, fit) in fits.iter().enumerate() {
        if fit.curvature.abs() <= 0.0 {
            continue;
        }
        if let Some(last) = runs.last_mut() {
            let before = &fits[last.1];
            let near = fit.s - before.s < 0.5 * (fit.window.min(before.window) + fit.window.max(before.window));
            if near && before.curvature * fit.curvature > 0.0 {
                last.1 = i;
                continue;
            }
        }
        runs.push((i, i));
    }
    runs
}

/// Direction of the axis at `s`, as a vector over `reach` on both sides.
fn direction(axis: &Axis<'_>, s: f64, reach: f64, at: &mut usize) -> [f64; 2] {
    let n = axis.nodes.len();
    let (low, high) = (s - reach, s + reach);
    if low <= 0.0 || high >= axis.length() {
        let (i, side) = if low <= 0.0 { (0, -0.5) } else { (n - 2, 0.5) };
        let (a, b) = (&axis.nodes[i], &axis.nodes[i + 1]);
        let turn = side * a.arc;
        let d = [b.at[0] - a.at[0], b.at[1] - a.at[1]];
        return [d[0] - turn * d[1], d[1] + turn * d[0]];
    }
    let (a, b) = (axis.place(low, at), axis.place(high, at));
    [b[0] - a[0], b[1] - a[1]]
}

fn turn_between(axis: &Axis<'_>, low: f64, high: f64, reach: [f64; 2], at: &mut usize) -> f64 {
    let first = axis.segment_at(low, at);
    let begin = direction(axis, low, reach[0], at);
    let end = direction(axis, high, reach[1], at);
    let walked: f64 = axis.nodes[first + 1..].iter().take_while(|v| v.s <= high).map(|v| v.turn).sum();
    walked + waveguard_geom::transform::wrap_angle(angle_between(begin, end) - walked)
}

/// Where the turn between two places really begins and ends.
fn extent(axis: &Axis<'_>, low: f64, high: f64, turn: f64) -> (f64, f64) {
    let whole = if turn.abs() > shape::LONG_TURN { 1.0 } else { turn.abs() };
    let threshold = (BEGIN_TURN * whole).max(DIRECTION_NOISE).min(0.25 * turn.abs());
    let nodes = axis.nodes;
    let first = nodes.partition_point(|v| v.s <= low);
    let last = nodes.partition_point(|v| v.s < high);
    let (mut start, mut end) = (low, high);
    let mut passed = if first > 0 { 0.5 * nodes[first - 1].arc.abs() * f64::from(u8::from(first == 1)) } else { 0.0 };
    if passed < threshold {
        for v in &nodes[first..last] {
            passed += v.turn * turn.signum();
            if passed > threshold {
                start = v.s;
                break;
            }
        }
    }
    passed = if last + 1 == nodes.len() { 0.5 * nodes[last - 1].arc.abs() } else { 0.0 };
    if passed < threshold {
        for v in nodes[first..last].iter().rev() {
            passed += v.turn * turn.signum();
            if passed > threshold {
                end = v.s;
                break;
            }
        }
    }
    if end > start { (start, end) } else { (low, high) }
}

fn measure(axis: &Axis<'_>, fits: &[Fit], (start, end): (f64, f64), turn: f64, cursor: &mut Cursor) -> Bend {
    let sign = turn.signum();
    let length = end - start;
    let tightest = radius::tightest(axis, fits, length, sign, cursor);
    let (min_radius, mut min_radius_upper) = (1.0 / tightest.curvature, 1.0 / tightest.lowest);
    let inside = axis.nodes_between(start, end);
    if inside.len() < FEW_NODES && !inside.iter().any(|v| v.is_corner) {
        min_radius_upper = min_radius_upper.max((1.0 + FEW_NODES_PART) * min_radius);
    }
    let place = axis.place(tightest.s, &mut 0);
    let window = (length / 3.0).max(1.0);
    let near = |s: f64, cursor: &mut Cursor| sign * axis.fit(s, window, cursor).curvature;
    // Straight extrapolation from inside: an arc begins with 1/R, a clothoid with 0.
    let begin = 2.0 * near(start + 0.5 * window, cursor) - near(start + window, cursor);
    let finish = 2.0 * near(end - 0.5 * window, cursor) - near(end - window, cursor);
    Bend {
        start,
        length,
        turn_rad: turn,
        min_radius,
        min_radius_error: min_radius_upper - min_radius,
        min_radius_upper,
        tightest: tightest.s,
        x: place[0],
        y: place[1],
        begin_curvature: sign * begin.max(0.0),
        end_curvature: sign * finish.max(0.0),
    }
}
