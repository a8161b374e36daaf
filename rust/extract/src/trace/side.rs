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

/// The vertices of a side from the first cap to the second, relative to `origin`.
pub(super) fn side(points: impl Iterator<Item = Point>, origin: Point, reach: f64, opts: &TraceOptions) -> Vec<Vertex> {
    let mut out: Vec<Vertex> = Vec::with_capacity(points.size_hint().0);
    for p in points {
        let at = [f64::from(p.x) - f64::from(origin.x), f64::from(p.y) - f64::from(origin.y)];
        let s = out.last().map_or(0.0, |l| l.s + size([at[0] - l.at[0], at[1] - l.at[1]]));
        out.push(Vertex { at, tangent: [1.0, 0.0], s, is_corner: false });
    }
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
        }
    }
}

/// The point at arc length `s` on the edge from `a` to `b`, clamped to the edge.
fn point_on(a: &Vertex, b: &Vertex, s: f64) -> [f64; 2] {
    let length = b.s - a.s;
    let u = if length > 0.0 { ((s - a.s) / length).clamp(0.0, 1.0) } else { 0.0 };
    [a.at[0] + u * (b.at[0] - a.at[0]), a.at[1] + u * (b.at[1] - a.at[1])]
}
