//! How far a slab reaches beyond the edges of a core, along the whole of a guide.
//!
//! A guide is a row of straight pieces, and so are the edges of slabs: between places where an edge of a slab ends, or
//! crosses an edge of the core, the distance changes evenly. So it is measured beside these places only, and no cut of
//! the slab is missed, however short.

use waveguard_geom::BBox;

use super::drawn::{Drawn, Edge};
use crate::lines::Line;

/// Cracks between shapes drawn to touch, with both rounded to the grid, and what else is as small, in steps of the grid.
const CRACK_STEPS: f64 = 2.5;
/// Ends of guides and of slabs that were cut at one place may be aside of each other by turning and rounding.
const INSET_STEPS: f64 = 5.0;
/// Files on a finer grid come from tools that rounded to this one, in nm.
const LEAST_STEP_NM: f64 = 1.0;
/// Looked from inside of the core: on its very edge, where many slabs end, nobody can say what covers a place. No
/// multiple of a grid.
const INSIDE_NM: f64 = 0.37;
/// A straight piece is looked at in parts of so many times its breadth with the slab: few edges lie near each.
const PART_LENGTH: f64 = 3.0;

/// How far is looked, and what is too small to be seen.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::struct_field_names, reason = "all are lengths")]
pub(super) struct Look {
    /// What is further beyond the edges of the core is not looked at.
    reach_nm: f64,
    /// What is shorter is nothing.
    pub crack_nm: f64,
    /// What is left out at the ends of guides.
    inset_nm: f64,
}

impl Look {
    /// On a grid.
    pub(super) fn new(reach_nm: f64, dbu_nm: f64) -> Self {
        let step_nm = dbu_nm.max(LEAST_STEP_NM);
        Self { reach_nm, crack_nm: CRACK_STEPS * step_nm, inset_nm: INSET_STEPS * step_nm }
    }

    /// Measured is so far beside a place where something begins.
    fn beside_nm(&self) -> f64 {
        self.crack_nm + INSIDE_NM
    }
}

/// A part of a guide along which the distance changes evenly.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::struct_field_names, reason = "all are lengths")]
pub(super) struct Span {
    /// Where it begins.
    pub from_nm: f64,
    /// Where it ends.
    pub to_nm: f64,
    /// Distance to the nearer edge of the slab, of both sides, where it begins and where it ends.
    pub reach_nm: [f64; 2],
}

/// The slab along a guide.
pub(super) struct Profile {
    /// In order.
    pub spans: Vec<Span>,
    /// Right before the guide and right behind it, beside a core that would go on there.
    pub outside_nm: [f64; 2],
    /// With which it was looked at.
    pub look: Look,
}

impl Profile {
    /// Measures along a guide.
    pub(super) fn new(line: &Line, drawn: &Drawn, look: Look) -> Self {
        let mut spans = Vec::new();
        if drawn.is_empty() {
            return Self { spans, outside_nm: [0.0; 2], look };
        }
        for k in 1..line.points.len() {
            let segment = Segment::new(line, k, look.inset_nm);
            segment.parts(look.reach_nm).for_each(|part| spans.extend(part.spans(drawn, look)));
        }
        if let [first, ..] = spans.as_mut_slice() {
            first.from_nm = 0.0;
        }
        if let [.., last] = spans.as_mut_slice() {
            last.to_nm = line.length();
        }
        let last = line.points.len().saturating_sub(1);
        let outside = |k: usize, sign: f64| if last > 0 { beyond(line, k, sign, drawn, look) } else { 0.0 };
        Self { spans, outside_nm: [outside(1, -1.0), outside(last, 1.0)], look }
    }

    /// Part of the length with slab on both sides.
    pub(super) fn share(&self) -> f64 {
        let (mut whole, mut on_slab) = (0.0, 0.0);
        for s in &self.spans {
            let length = s.to_nm - s.from_nm;
            whole += length;
            on_slab += if s.reach_nm[0].max(s.reach_nm[1]) > self.look.crack_nm { length } else { 0.0 };
        }
        if whole > 0.0 { on_slab / whole } else { 0.0 }
    }

    /// True for a guide without any slab, at its ends and beyond, too.
    pub(super) fn is_bare(&self) -> bool {
        let outside = self.outside_nm.iter().all(|&r| r <= 0.0);
        outside && self.spans.iter().all(|s| s.reach_nm.iter().all(|&r| r <= 0.0))
    }
}

/// A straight piece of a guide, with a width that changes evenly.
#[derive(Clone, Copy)]
struct Segment {
    from: [f64; 2],
    /// Unit vector.
    direction: [f64; 2],
    length: f64,
    along: f64,
    /// Half of the width at its start, and how much that grows with the length.
    half: f64,
    growth: f64,
    /// What is not looked at before its start and its end.
    inset: [f64; 2],
}

impl Segment {
    /// The piece before point `k` of a line.
    fn new(line: &Line, k: usize, inset_nm: f64) -> Self {
        let (p, q) = (line.points[k - 1], line.points[k]);
        let length = (line.along[k] - line.along[k - 1]).max(f64::MIN_POSITIVE);
        let inset = [k == 1, k + 1 == line.points.len()].map(|is_end| if is_end { inset_nm } else { 0.0 });
        Self {
            from: p,
            direction: [(q[0] - p[0]) / length, (q[1] - p[1]) / length],
            length,
            along: line.along[k - 1],
            half: line.width[k - 1] / 2.0,
            growth: (line.width[k] - line.width[k - 1]) / (2.0 * length),
            inset,
        }
    }

    fn at(&self, s: f64) -> [f64; 2] {
        [self.from[0] + s * self.direction[0], self.from[1] + s * self.direction[1]]
    }

    fn half_at(&self, s: f64) -> f64 {
        self.half + self.growth * s
    }

    /// Equal parts, each not much longer than the guide with its slab is wide.
    fn parts(self, reach_nm: f64) -> impl Iterator<Item = Self> {
        let broad = PART_LENGTH * 2.0 * (self.half.max(self.half_at(self.length)) + reach_nm);
        let n = (self.length / broad).ceil().max(1.0);
        let step = self.length / n;
        (0..n as usize).map(move |i| {
            let s = i as f64 * step;
            let inset =
                [if i == 0 { self.inset[0] } else { 0.0 }, if i as f64 + 1.0 < n { 0.0 } else { self.inset[1] }];
            Self { from: self.at(s), length: step, along: self.along + s, half: self.half_at(s), inset, ..self }
        })
    }

    /// The window in which edges count.
    fn window(&self, look: Look) -> BBox {
        let mut window = BBox::EMPTY;
        for s in [0.0, self.length] {
            let [x, y] = self.at(s);
            window.add(x, y);
        }
        window.grown(self.half.max(self.half_at(self.length)) + look.reach_nm + look.inset_nm)
    }

    /// What lies along the piece and to its left.
    fn own(&self, p: [f64; 2]) -> [f64; 2] {
        let (d, u) = ([p[0] - self.from[0], p[1] - self.from[1]], self.direction);
        [d[0] * u[0] + d[1] * u[1], d[1] * u[0] - d[0] * u[1]]
    }

    /// Places along the piece where an edge near it ends, or crosses that of the core or the bound of what is looked at.
    fn breaks(&self, edges: &[Edge], look: Look) -> Vec<f64> {
        let (reach_nm, crack_nm) = (look.reach_nm, look.crack_nm);
        let mut places = Vec::new();
        for edge in edges {
            let [p, q] = edge.map(|v| self.own(v));
            for [s, aside] in [p, q] {
                if aside.abs() <= self.half_at(s) + reach_nm + crack_nm {
                    places.push(s);
                }
            }
            let d = [q[0] - p[0], q[1] - p[1]];
            for (off, side) in [(0.0, 1.0), (0.0, -1.0), (reach_nm, 1.0), (reach_nm, -1.0)] {
                let u = (side * (self.half_at(p[0]) + off) - p[1]) / (d[1] - side * self.growth * d[0]);
                if u > 0.0 && u < 1.0 {
                    places.push(p[0] + u * d[0]);
                }
            }
        }
        let (first, last) = (self.inset[0], self.length - self.inset[1]);
        places.retain(|&s| s > first + crack_nm && s < last - crack_nm);
        places.push(last);
        places.sort_by(f64::total_cmp);
        let mut kept = vec![first];
        for s in places {
            if s > kept[kept.len() - 1] + crack_nm {
                kept.push(s);
            }
        }
        kept
    }

    fn spans(&self, drawn: &Drawn, look: Look) -> Vec<Span> {
        let edges = drawn.near(&self.window(look));
        let breaks = self.breaks(&edges, look);
        let span = |ends: &[f64]| {
            let beside = look.beside_nm().min((ends[1] - ends[0]) / 2.0);
            let reach_nm = [ends[0] + beside, ends[1] - beside].map(|s| self.reach(s, &edges, drawn, look));
            Span { from_nm: self.along + ends[0], to_nm: self.along + ends[1], reach_nm }
        };
        breaks.windows(2).map(span).collect()
    }

    /// Distance from the core to the nearer edge of the slab.
    fn reach(&self, s: f64, edges: &[Edge], drawn: &Drawn, look: Look) -> f64 {
        let (at, half, u) = (self.at(s), self.half_at(s), self.direction);
        let one = |side: f64| {
            let out = [-side * u[1], side * u[0]];
            let from = [0, 1].map(|k: usize| at[k] + (half - INSIDE_NM) * out[k]);
            go_out(from, out, edges, drawn, look) - INSIDE_NM
        };
        let reach = one(1.0).min(one(-1.0));
        if reach <= look.crack_nm { 0.0 } else { reach }
    }
}

/// How far the slab goes on from a place in a direction.
fn go_out(from: [f64; 2], out: [f64; 2], edges: &[Edge], drawn: &Drawn, look: Look) -> f64 {
    let most = look.reach_nm + INSIDE_NM;
    let left_of = |p: [f64; 2]| out[0] * (p[1] - from[1]) - out[1] * (p[0] - from[0]);
    let ahead_of = |p: [f64; 2]| out[0] * (p[0] - from[0]) + out[1] * (p[1] - from[1]);
    let mut hits: Vec<(f64, i32)> = Vec::new();
    for &[p, q] in edges {
        let (a, b) = (left_of(p), left_of(q));
        if (a >= 0.0) != (b >= 0.0) {
            let s = ahead_of(p) + (ahead_of(q) - ahead_of(p)) * (a / (a - b));
            if s >= 0.0 && s <= most {
                // The slab lies to the left of an edge: of one that goes to the left, before it.
                hits.push((s, if b >= 0.0 { -1 } else { 1 }));
            }
        }
    }
    hits.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut layers = drawn.layers_at(from);
    let mut ends_at = (layers <= 0).then_some(0.0);
    for (s, change) in hits {
        layers += change;
        match ends_at {
            None if layers <= 0 => ends_at = Some(s),
            Some(end) if layers > 0 => {
                if s - end > look.crack_nm {
                    return end;
                }
                ends_at = None;
            }
            _ => {}
        }
    }
    ends_at.unwrap_or(most)
}

/// What the slab reaches right outside of the end of a line that its segment before point `k` leads to (`sign` 1) or
/// comes from.
fn beyond(line: &Line, k: usize, sign: f64, drawn: &Drawn, look: Look) -> f64 {
    let end = Segment::new(line, k, look.inset_nm);
    let s = if sign > 0.0 { end.length } else { 0.0 };
    let half = end.half_at(s);
    let outside = Segment { from: end.at(s + sign * look.inset_nm), half, growth: 0.0, length: 1.0, ..end };
    let edges = drawn.near(&outside.window(look));
    outside.reach(0.0, &edges, drawn, look)
}
