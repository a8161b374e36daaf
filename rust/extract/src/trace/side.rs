//! One side of a ribbon as a polyline with smoothed tangents.
//!
//! A tangent is taken over a fixed arc length on both sides of a vertex, not from the adjacent edges:
//! on a 1 dbu grid the edges of a finely drawn curve point anywhere.

use waveguard_geom::Point;

use super::TraceOptions;
use super::vector::size;

/// A vertex of a side.
#[derive(Clone, Copy, Debug)]
pub(super) struct Vertex {
    /// Position relative to the origin of the trace.
    pub(super) at: [f64; 2],
    /// Unit tangent; the bisector at a corner.
    pub(super) tangent: [f64; 2],
    /// Arc length from the start of the side.
    pub(super) s: f64,
    /// True at a drawn corner.
    pub(super) is_corner: bool,
}

/// How many times an edge is longer than the next when it is a straight beside a curve.
const LEAD: f64 = 3.0;

/// Turn from the end to its chord, as a part of that from the chord to the next vertex: 1 for an arc, 0.5 for the
/// beginning of a clothoid.
const END_TURN: f64 = 0.75;

/// The `n` vertices of a side from the first cap to the second, relative to `origin`.
pub(super) fn side<'a>(
    points: impl Iterator<Item = &'a Point>,
    n: usize,
    origin: Point,
    reach: f64,
    opts: &TraceOptions,
) -> Vec<Vertex> {
    let mut out: Vec<Vertex> = Vec::with_capacity(n);
    let (mut s, mut before) = (0.0, None);
    // A loop of its own for each part of an iterator that is put together.
    points.for_each(|p| {
        let at = [f64::from(p.x) - f64::from(origin.x), f64::from(p.y) - f64::from(origin.y)];
        s += before.map_or(0.0, |from: [f64; 2]| size([at[0] - from[0], at[1] - from[1]]));
        before = Some(at);
        out.push(Vertex { at, tangent: [1.0, 0.0], s, is_corner: false });
    });
    set_tangents(&mut out, reach, opts);
    out
}

fn set_tangents(side: &mut [Vertex], reach: f64, opts: &TraceOptions) {
    let n = side.len();
    if n < 2 {
        return;
    }
    let cos_corner = opts.corner_turn.cos();
    let (mut low, mut high) = (0, 0);
    for i in 0..n {
        let (s, at) = (side[i].s, side[i].at);
        while low + 2 < n && side[low + 1].s <= s - reach {
            low += 1;
        }
        while high + 2 < n && side[high + 1].s < s + reach {
            high += 1;
        }
        let back = point_on(&side[low], &side[low + 1], s - reach);
        let ahead = point_on(&side[high], &side[high + 1], s + reach);
        let (a, b) = ([at[0] - back[0], at[1] - back[1]], [ahead[0] - at[0], ahead[1] - at[1]]);
        let t = [a[0] + b[0], a[1] + b[1]];
        let length = size(t);
        if length > 0.0 {
            side[i].tangent = [t[0] / length, t[1] / length];
        }
        if i > 0 && i + 1 < n {
            let dot = a[0] * b[0] + a[1] * b[1];
            let sizes = ((a[0] * a[0] + a[1] * a[1]) * (b[0] * b[0] + b[1] * b[1])).sqrt();
            side[i].is_corner = dot < cos_corner * sizes;
            // Next to chords of a curve an edge many times as long is a straight lead, which the curve begins along.
            let (before, after) = (s - side[i - 1].s, side[i + 1].s - s);
            if before.min(after) > reach && before.max(after) > LEAD * before.min(after) && !side[i].is_corner {
                let lead = if before > after { a } else { b };
                let length = size(lead);
                side[i].tangent = [lead[0] / length, lead[1] / length];
            }
        }
    }
    if n > 3 {
        set_end_tangents(side, reach);
    }
}

/// At its ends a curve turns on; the chord alone would make its first piece straight. An edge many times as long as the
/// next is no chord of a curve.
fn set_end_tangents(side: &mut [Vertex], reach: f64) {
    let n = side.len();
    for (end, next, after) in [(0, 1, 2), (n - 1, n - 2, n - 3)] {
        let (a, b) = (side[end], side[next]);
        let length = (b.s - a.s).abs();
        if length < reach || b.is_corner || length > LEAD * (side[after].s - b.s).abs() {
            continue;
        }
        let sign = if next > end { 1.0 } else { -1.0 };
        let chord = [sign * (b.at[0] - a.at[0]) / length, sign * (b.at[1] - a.at[1]) / length];
        let sine = END_TURN * (chord[0] * b.tangent[1] - chord[1] * b.tangent[0]);
        let cosine = (1.0 - sine * sine).max(0.0).sqrt();
        side[end].tangent = [cosine * chord[0] + sine * chord[1], cosine * chord[1] - sine * chord[0]];
    }
}

/// The point at arc length `s` on the edge from `a` to `b`, clamped to the edge.
fn point_on(a: &Vertex, b: &Vertex, s: f64) -> [f64; 2] {
    let length = b.s - a.s;
    let u = if length > 0.0 { ((s - a.s) / length).clamp(0.0, 1.0) } else { 0.0 };
    [a.at[0] + u * (b.at[0] - a.at[0]), a.at[1] + u * (b.at[1] - a.at[1])]
}
