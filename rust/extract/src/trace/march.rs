//! Walks both sides of a ribbon at once and reports the cross-sections.
//!
//! A cross-section is a chord that makes equal angles with the tangents of both sides: perpendicular to
//! the axis for parallel sides as well as for tapers. Each vertex of one side gets its partner on the
//! other; of the two next vertices the one whose chord comes first is taken, so the walk is linear and
//! never steps back. At an inner corner the partner stays and the chords fan out, which keeps their
//! middles on the axis of both legs.

use super::side::Vertex;
use super::vector::size;
use super::{NotARibbon, TraceOptions};

/// One chord from the right side to the left side.
#[derive(Clone, Copy, Debug)]
pub(super) struct Section {
    /// Middle of the chord.
    pub(super) at: [f64; 2],
    /// From the right side to the left side.
    pub(super) chord: [f64; 2],
    /// Length of the chord.
    pub(super) width: f64,
    /// Sagitta of the drawn edge that the chord ends on; `None` where it joins two vertices.
    pub(super) sagitta: Option<f64>,
    /// How many drawn vertices the chord stands for.
    pub(super) vertices: f64,
    /// True where the chord is not perpendicular to the axis or a corner is drawn: its width says nothing.
    pub(super) is_oblique: bool,
    /// True where the chord is not perpendicular to the axis.
    pub(super) is_leaning: bool,
}

impl Section {
    /// True when the chord runs along an axis of the grid.
    pub(super) fn is_along_grid(&self) -> bool {
        self.chord[0].abs().min(self.chord[1].abs()) < f64::EPSILON
    }
}

/// Beyond this cosine between chord and tangent a chord is oblique.
const OBLIQUE_COSINE: f64 = 0.1;
/// A partner this near the end of its edge, as a part of the edge, is the vertex itself.
const SAME_VERTEX: f64 = 1e-6;

#[inline]
fn imbalance(p: [f64; 2], tp: [f64; 2], q: [f64; 2], tq: [f64; 2]) -> f64 {
    (q[0] - p[0]) * (tp[0] + tq[0]) + (q[1] - p[1]) * (tp[1] + tq[1])
}

/// The cross-section at the corner of a cap is further from it than this part of its width where that is cut askew, by
/// about 7 degrees: nearer ones say little, and rounding bends the short way between.
const ASKEW: f64 = 1.0 / 16.0;

/// Reports the cross-sections from the first cap to the second, both included. One at the corner of a cap that is cut
/// askew counts when it is `least` away from that of the cap.
pub(super) fn march(
    right: &[Vertex],
    left: &[Vertex],
    least: f64,
    opts: &TraceOptions,
    mut report: impl FnMut(Section) -> Result<(), NotARibbon>,
) -> Result<(), NotARibbon> {
    let (last_i, last_k) = (right.len() - 1, left.len() - 1);
    let (mut i, mut k) = (0, 0);
    // How far along the current edge of each side the walk has come.
    let (mut u_right, mut u_left) = (0.0, 0.0);
    let first = end_section(&right[0], &left[0]);
    // The last width that was no oblique chord's.
    let mut seen = first.width;
    report(first)?;
    if let Some((section, u)) =
        beside_cap(right, left, opts).filter(|(s, _)| apart(&first, s) > least.max(ASKEW * first.width))
    {
        (u_right, u_left) = u;
        seen = if section.is_oblique { seen } else { section.width };
        report(section)?;
    }
    while i < last_i || k < last_k {
        let next = right.get(i + 1).zip(left.get(k + 1));
        let ahead = next.map_or(0.0, |(p, q)| imbalance(p.at, p.tangent, q.at, q.tangent));
        let is_fresh = u_right == 0.0 && u_left == 0.0 && right[i].is_corner && left[k].is_corner;
        let is_end = i + 1 == last_i && k + 1 == last_k;
        if let Some((p, q)) = next.filter(|(p, q)| is_fresh && (is_end || p.is_corner && q.is_corner)) {
            // Between corners all chords are oblique, however long the stretch: another width is seen nowhere else.
            let inner = inner_sections([&right[i], p], [&left[k], q], opts);
            if let Some(inner) = inner.filter(|s| (s[0].width - seen).abs() > opts.width_tolerance) {
                seen = inner[1].width;
                inner.into_iter().try_for_each(&mut report)?;
            }
        }
        if let Some((p, q)) = next.filter(|(p, q)| p.is_corner && q.is_corner) {
            // Two corners face each other at a mitre or a step; their edges say nothing about the chord.
            let both = Partner::at_vertex(q, p);
            if !both.is_leaning {
                (i, k, u_right, u_left) = (i + 1, k + 1, 0.0, 0.0);
                if i < last_i || k < last_k {
                    report(section(p, &both, true)?)?;
                }
                continue;
            }
        }
        let right_first = if next.is_none() { k == last_k } else { ahead > 0.0 };
        let (vertex, partner) = if right_first {
            let vertex = &right[i + 1];
            let partner = match left.get(k + 1) {
                Some(next) => partner(vertex, &left[k], next, u_left, opts),
                None => Partner::at_vertex(&left[last_k], vertex),
            };
            (i, u_right) = (i + 1, 0.0);
            if partner.u >= 1.0 - SAME_VERTEX && k < last_k {
                (k, u_left) = (k + 1, 0.0);
            } else {
                u_left = partner.u;
            }
            (vertex, partner)
        } else {
            let vertex = &left[k + 1];
            let partner = match right.get(i + 1) {
                Some(next) => partner(vertex, &right[i], next, u_right, opts),
                None => Partner::at_vertex(&right[last_i], vertex),
            };
            (k, u_left) = (k + 1, 0.0);
            if partner.u >= 1.0 - SAME_VERTEX && i < last_i {
                (i, u_right) = (i + 1, 0.0);
            } else {
                u_right = partner.u;
            }
            (vertex, partner)
        };
        if i == last_i && k == last_k {
            break;
        }
        let section = section(vertex, &partner, right_first)?;
        seen = if section.is_oblique { seen } else { section.width };
        report(section)?;
    }
    report(end_section(&right[last_i], &left[last_k]))
}

fn apart(a: &Section, b: &Section) -> f64 {
    size([b.at[0] - a.at[0], b.at[1] - a.at[1]])
}

/// The cross-section at the corner of the first cap that lies ahead of the other, with how far along their edges both
/// sides are there. At the second cap such a corner is met before the end: a guide is the same from both.
fn beside_cap(right: &[Vertex], left: &[Vertex], opts: &TraceOptions) -> Option<(Section, (f64, f64))> {
    let ahead = imbalance(right[0].at, right[0].tangent, left[0].at, left[0].tangent);
    let (own, other) = if ahead > 0.0 { (left, right) } else { (right, left) };
    let partner = partner(&own[0], &other[0], other.get(1)?, 0.0, opts);
    if partner.u <= SAME_VERTEX || partner.u >= 1.0 - SAME_VERTEX {
        return None;
    }
    let found = section(&own[0], &partner, ahead <= 0.0).ok()?;
    Some((found, if ahead > 0.0 { (partner.u, 0.0) } else { (0.0, partner.u) }))
}

struct Partner {
    at: [f64; 2],
    tangent: [f64; 2],
    /// Place on the edge, 0 to 1.
    u: f64,
    sagitta: Option<f64>,
    is_corner: bool,
    is_leaning: bool,
}

impl Partner {
    fn at_vertex(v: &Vertex, seen_from: &Vertex) -> Self {
        Self::new(v.at, v.tangent, 1.0, v.is_corner, seen_from)
    }

    fn new(at: [f64; 2], tangent: [f64; 2], u: f64, is_corner: bool, p: &Vertex) -> Self {
        let (dx, dy) = (at[0] - p.at[0], at[1] - p.at[1]);
        // The two tangents together are nearly twice a unit vector.
        let off = imbalance(p.at, p.tangent, at, tangent);
        let is_leaning = off * off > 4.0 * OBLIQUE_COSINE * OBLIQUE_COSINE * (dx * dx + dy * dy);
        Self { at, tangent, u, sagitta: None, is_corner, is_leaning }
    }
}

/// The point on the edge `a b`, not before `u0`, whose chord to `v` is perpendicular to the axis.
fn partner(v: &Vertex, a: &Vertex, b: &Vertex, u0: f64, opts: &TraceOptions) -> Partner {
    let edge = [b.at[0] - a.at[0], b.at[1] - a.at[1]];
    let length = b.s - a.s;
    // Next to a corner the side keeps the direction of the edge up to the corner itself.
    let of = |w: &Vertex| if w.is_corner { [edge[0] / length, edge[1] / length] } else { w.tangent };
    let (ta, tb) = (of(a), of(b));
    let dt = [tb[0] - ta[0], tb[1] - ta[1]];
    // The imbalance along the edge is c0 + c1 u + c2 u².
    let d = [a.at[0] - v.at[0], a.at[1] - v.at[1]];
    let t = [v.tangent[0] + ta[0], v.tangent[1] + ta[1]];
    let c0 = d[0] * t[0] + d[1] * t[1];
    let c1 = edge[0] * t[0] + edge[1] * t[1] + d[0] * dt[0] + d[1] * dt[1];
    let c2 = edge[0] * dt[0] + edge[1] * dt[1];
    let value = |u: f64| c0 + u * (c1 + u * c2);
    let (f0, f1) = (value(u0), value(1.0));
    let u = if f0 >= 0.0 {
        u0
    } else if f1 <= 0.0 {
        1.0
    } else {
        // One Newton step from the chord: the curvature of the quadratic is small.
        let u = u0 + (1.0 - u0) * f0 / (f0 - f1);
        let slope = c1 + 2.0 * c2 * u;
        if slope > 0.0 { (u - value(u) / slope).clamp(u0, 1.0) } else { u }
    };
    if u >= 1.0 - SAME_VERTEX {
        return Partner::new(b.at, b.tangent, 1.0, b.is_corner, v);
    }
    if u <= SAME_VERTEX {
        return Partner::new(a.at, if a.is_corner { a.tangent } else { ta }, u, a.is_corner, v);
    }
    // The drawn chord cuts the curve; put the point back onto the curve through the vertices.
    let turn = ta[0] * tb[1] - ta[1] * tb[0];
    let bulge = if (turn * length).abs() > 8.0 * opts.chord_tolerance { 0.0 } else { 0.5 * turn * u * (1.0 - u) };
    let at = [a.at[0] + u * edge[0] + bulge * edge[1], a.at[1] + u * edge[1] - bulge * edge[0]];
    let sagitta = Some((turn * length / 8.0).abs());
    Partner { sagitta, ..Partner::new(at, [ta[0] + u * dt[0], ta[1] + u * dt[1]], u, false, v) }
}

fn section(v: &Vertex, partner: &Partner, right_first: bool) -> Result<Section, NotARibbon> {
    let (p, q) = if right_first { (v.at, partner.at) } else { (partner.at, v.at) };
    let chord = [q[0] - p[0], q[1] - p[1]];
    let t = [v.tangent[0] + partner.tangent[0], v.tangent[1] + partner.tangent[1]];
    let at = [p[0].midpoint(q[0]), p[1].midpoint(q[1])];
    let width = size(chord);
    let is_leaning = partner.is_leaning;
    let is_oblique = v.is_corner || partner.is_corner || is_leaning;
    // Seen along the axis the left side must be on the left; tips of a few dbu may touch.
    if t[0] * chord[1] - t[1] * chord[0] < -2.0 * width.min(1.0) {
        return Err(NotARibbon::SidesCross { x: at[0], y: at[1] });
    }
    let both = partner.u >= 1.0 - SAME_VERTEX;
    let sagitta = partner.sagitta;
    Ok(Section { at, chord, width, sagitta, vertices: if both { 2.0 } else { 1.0 }, is_oblique, is_leaning })
}

/// Edges within this cosine run along each other.
const ALONG_COSINE: f64 = 0.94;

/// Chords near the ends of edges are inside by the pitch of nodes through this.
const INSET_PART: f64 = 8.0;

/// Two chords between two edges, near both ends of where these face each other.
fn inner_sections([a, b]: [&Vertex; 2], [c, d]: [&Vertex; 2], opts: &TraceOptions) -> Option<[Section; 2]> {
    let (r, l) = ([b.at[0] - a.at[0], b.at[1] - a.at[1]], [d.at[0] - c.at[0], d.at[1] - c.at[1]]);
    let (r_long, l_long) = (size(r), size(l));
    if r_long == 0.0 || l_long == 0.0 || r[0] * l[0] + r[1] * l[1] < ALONG_COSINE * r_long * l_long {
        return None;
    }
    let t = [r[0] / r_long + l[0] / l_long, r[1] / r_long + l[1] / l_long];
    let along = |v: &Vertex| (v.at[0] * t[0] + v.at[1] * t[1]) / size(t);
    let (from, to) = (along(a).max(along(c)), along(b).min(along(d)));
    if from >= to {
        return None;
    }
    let inset = (opts.node_pitch_steps / INSET_PART).min((to - from) / 4.0);
    let at = |place: f64| {
        let on = |v: &Vertex, w: &Vertex| {
            let u = (place - along(v)) / (along(w) - along(v));
            [v.at[0] + u * (w.at[0] - v.at[0]), v.at[1] + u * (w.at[1] - v.at[1])]
        };
        let (p, q) = (on(a, b), on(c, d));
        let chord = [q[0] - p[0], q[1] - p[1]];
        let middle = [p[0].midpoint(q[0]), p[1].midpoint(q[1])];
        let (width, vertices) = (size(chord), 1.0);
        let whole = Section { at: middle, chord, width, sagitta: None, vertices, is_oblique: false, is_leaning: false };
        (t[0] * chord[1] - t[1] * chord[0] > 0.0).then_some(whole)
    };
    Some([at(from + inset)?, at(to - inset)?])
}

fn end_section(p: &Vertex, q: &Vertex) -> Section {
    let chord = [q.at[0] - p.at[0], q.at[1] - p.at[1]];
    let at = [p.at[0].midpoint(q.at[0]), p.at[1].midpoint(q.at[1])];
    Section { at, chord, width: size(chord), sagitta: None, vertices: 2.0, is_oblique: false, is_leaning: false }
}
