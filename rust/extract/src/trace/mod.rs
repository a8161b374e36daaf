//! From the outline of a guide to its centre-line with width and curvature.
//!
//! Pure geometry in dbu: no layers, no process. A guide is a ribbon: two long sides between two caps.
//! `caps` finds the caps, `side` and `march` pair the sides, `nodes` averages the grid away and measures
//! length, `curvature` and `bends` measure how it turns, `chain` joins the pieces of one guide.

mod bends;
mod bins;
mod caps;
mod chain;
mod curvature;
mod drawn;
mod ends;
mod flaws;
mod march;
pub(crate) mod narrowest;
mod nodes;
mod options;
mod part;
mod peak;
mod pieces;
mod radius;
mod shape;
mod side;
mod smooth;
mod straights;
mod tapers;
mod trapezoid;
mod types;
mod vector;
mod view;

use waveguard_geom::{Point, ring, transform::wrap_angle};

pub use chain::chain;
pub use options::TraceOptions;
pub(crate) use part::PartOf;
pub use pieces::trace_pieces;
pub use types::{Bend, CapHint, End, Flaw, NotARibbon, Piece, Sides, Station, Taper, Trace};
pub(crate) use vector::angle_between;
pub(crate) use view::END_ERROR_STEPS;
pub use view::spine_length;

use caps::Cap;
use nodes::{Gatherer, Node, WidthRange};

/// The centre-line of one drawn shape, from the cap at the first hint to the cap at the second; without
/// hints the caps are found by shape, and a shape wider than long is refused.
///
/// # Errors
/// The reason why the shape is not a guide with two ends.
pub fn trace_ribbon(ring: &[Point], hints: Option<[CapHint; 2]>, opts: &TraceOptions) -> Result<Trace, NotARibbon> {
    let outline = ring::cleaned(ring);
    if outline.len() < 3 {
        return Err(NotARibbon::TooFewVertices);
    }
    let Some(hints) = hints else {
        let mut reason = NotARibbon::NoCaps;
        for pair in caps::candidates(&outline, opts)? {
            match between_caps(&outline, pair, None, opts) {
                Ok(trace) if trace.length > trace.ends[0].width.max(trace.ends[1].width) => return Ok(trace),
                Ok(_) => {}
                Err(e) => reason = e,
            }
        }
        return Err(reason);
    };
    let a = caps::at_hint(&outline, &hints[0], opts).ok_or(NotARibbon::CapsNotAtHints { index: 0 })?;
    let b = caps::at_hint(&outline, &hints[1], opts).ok_or(NotARibbon::CapsNotAtHints { index: 1 })?;
    if a == b {
        return Err(NotARibbon::CapsNotAtHints { index: 1 });
    }
    between_caps(&outline, [a, b], Some(&hints), opts)
}

fn between_caps(
    outline: &[Point],
    [a, b]: [Cap; 2],
    hints: Option<&[CapHint; 2]>,
    opts: &TraceOptions,
) -> Result<Trace, NotARibbon> {
    let n = outline.len();
    let origin = outline[a.end];
    let widths = [a, b].map(|c| (outline[c.start].distance_sq(outline[c.end]) as f64).sqrt());
    let grid = grid_step(outline);
    let reach =
        (opts.tangent_reach_ratio * widths[0].min(widths[1])).clamp(8.0 * grid, opts.tangent_reach_max.max(8.0 * grid));
    // Counter-clockwise the right side leaves the end of the first cap; the left side runs against the ring.
    let (n_right, n_left) = ((b.start + n - a.end) % n, (a.start + n - b.end) % n);
    if n_right == 0 || n_left == 0 {
        return Err(NotARibbon::NoCaps);
    }
    let right = side::side(way(outline, a.end, b.start).into_iter().flatten(), n_right + 1, origin, reach, opts);
    let on_left = way(outline, b.end, a.start);
    let left =
        side::side(on_left.into_iter().rev().flat_map(|part| part.iter().rev()), n_left + 1, origin, reach, opts);
    let mut gatherer = Gatherer::new(grid, n, opts);
    march::march(&right, &left, 0.5 * opts.node_pitch_steps * grid, opts, |section| gatherer.add(section))?;
    let (nodes, range, covered) = gatherer.finish().ok_or(NotARibbon::TooFewVertices)?;
    if nodes.len() < 2 {
        return Err(NotARibbon::Closed);
    }
    // A strip that nowhere is as wide as a guide is none.
    if range.max < opts.width_min {
        return Err(NotARibbon::WidthOutOfRange { width: range.max });
    }
    let area = ring::area(outline);
    if (covered - area).abs() > opts.area_tolerance * area {
        return Err(NotARibbon::AreaNotCovered { covered, area });
    }
    // Seen from inside a cap runs to the left: its outward normal is to the right.
    let normals = [a, b].map(|c| {
        let (p, q) = (outline[c.start], outline[c.end]);
        [f64::from(q.y) - f64::from(p.y), f64::from(p.x) - f64::from(q.x)]
    });
    let drawn = Drawn { normals, origin: [f64::from(origin.x), f64::from(origin.y)], range, area, grid };
    let mut trace = assemble(&nodes, &drawn, hints, opts);
    let [ox, oy] = drawn.origin;
    let placed = |f: Flaw| Flaw { x: f.x + ox, y: f.y + oy, ..f };
    let flaws = flaws::find(&right, &left, &nodes, grid, opts.chord_tolerance);
    trace.flaws = flaws.into_iter().map(placed).collect();
    // A ring cut open is drawn with both caps on the cut. Who gives hints means to cut there.
    let is_at = |i: usize, j: usize| (outline[i].distance_sq(outline[j]) as f64) < 4.0 * grid * grid;
    let is_cut = is_at(a.start, b.end) && is_at(a.end, b.start);
    if hints.is_none() && is_cut && trace.turn.abs() > std::f64::consts::PI {
        return Err(NotARibbon::Closed);
    }
    Ok(trace)
}

/// The points of a ring from one to another, both included, as two parts that follow each other.
fn way(ring: &[Point], from: usize, to: usize) -> [&[Point]; 2] {
    if from <= to { [&ring[from..=to], &[]] } else { [&ring[from..], &ring[..=to]] }
}

/// What is known about the drawing besides the axis.
struct Drawn {
    /// Outward normals of the two caps, as long as the caps are wide.
    normals: [[f64; 2]; 2],
    origin: [f64; 2],
    range: WidthRange,
    area: f64,
    grid: f64,
}

/// The largest step all coordinates are multiples of, in dbu.
pub(crate) fn grid_step(outline: &[Point]) -> f64 {
    let mut g: i64 = 0;
    let origin = outline[0];
    for p in outline {
        for d in [i64::from(p.x) - i64::from(origin.x), i64::from(p.y) - i64::from(origin.y)] {
            let mut d = d.abs();
            while d != 0 {
                (g, d) = (d, g % d);
            }
            if g == 1 {
                return 1.0;
            }
        }
    }
    // A few vertices share a small factor by chance.
    if outline.len() < FEW_VERTICES && g < SURE_STEP {
        return 1.0;
    }
    // A rectangle shares large factors; no process has a coarser grid than this.
    (g as f64).min(MAX_GRID_DBU)
}

/// Outlines with fewer vertices show a grid only when its step is no chance.
const FEW_VERTICES: usize = 8;
/// A step in dbu that hardly happens by chance.
const SURE_STEP: i64 = 5;

const MAX_GRID_DBU: f64 = 10.0;

fn assemble(nodes: &[Node], drawn: &Drawn, hints: Option<&[CapHint; 2]>, opts: &TraceOptions) -> Trace {
    let n = nodes.len();
    let axis = curvature::Axis::new(nodes, drawn.grid);
    let outward = ends::end_directions(nodes, drawn.normals, drawn.grid);
    let mut ends = [(0, outward[0]), (n - 1, outward[1])].map(|(i, direction_rad)| {
        let v = &nodes[i];
        let [x, y] = drawn.normals[usize::from(i > 0)];
        let cap_rad = y.atan2(x);
        End { x: drawn.origin[0] + v.at[0], y: drawn.origin[1] + v.at[1], direction_rad, width: v.width, cap_rad }
    });
    if let Some(hints) = hints {
        for (end, hint) in ends.iter_mut().zip(hints) {
            // A port states its direction better than a cap on the grid shows it.
            // One without a width is only a guess at where the end is.
            let is_port = hint.width > 0.0;
            if is_port && wrap_angle(end.direction_rad - hint.direction_rad).abs() < opts.cap_angle / 4.0 {
                end.direction_rad = wrap_angle(hint.direction_rad);
            }
        }
    }
    let Drawn { origin, range, area, grid, .. } = *drawn;
    let drawn_length =
        drawn::drawn_length(&drawn::Widths { range, mean: range.mean(), area, grid }, &ends, hints, opts);
    let whole = view::Whole { ends, origin, range, area, grid, drawn_length, n_shapes: 1 };
    view::finish(&axis, bends::find(&axis, opts), &whole, opts)
}
