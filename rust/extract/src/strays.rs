//! Shapes that nothing explains and that lie on a guide of a known cell, or touch its side.
//!
//! Shapes beside each other that are drawn in circuits are one region, and what disturbs a guide there is a junction.
//! A cell with ports is known by its own shapes alone: what else is drawn on its guide has to be looked for.

use waveguard_base::{CellId, Problem};
use waveguard_geom::{BBox, GridIndex, Point};

use crate::cells::CellPlan;
use crate::contacts::distance;
use crate::devices::Proto;
use crate::pins::contains;
use crate::place::{Placed, Placements};
use crate::plan::Plan;

/// A shape on a guide.
#[derive(Clone, Debug)]
pub struct Stray {
    /// The top.
    pub top: CellId,
    /// Where on the guide, in dbu in the frame of the top.
    pub at: [f64; 2],
    /// The cell of the guide.
    pub guide: CellId,
}

impl Stray {
    /// What is wrong, in words for the listing of problems.
    pub fn problem(&self, plan: &Plan) -> Problem {
        let name = |cell: CellId| plan.layout.cell(cell).name.clone();
        Problem::at("shape-on-guide", &name(self.top), self.at[0], self.at[1], name(self.guide))
    }
}

/// What is drawn on guides, in the order in which the shapes were found; each shape once for each guide.
pub(crate) fn on_guides(plan: &Plan, cells: &[CellPlan], all: &Placements) -> Vec<Stray> {
    let of = |placed: &Placed| -> &Proto { &cells[placed.cell.index()].protos[placed.proto] };
    let shapes: Vec<(&Placed, BBox)> =
        all.rest.iter().filter_map(|r| r.shape.as_ref().map(|placed| (placed, r.what.bbox))).collect();
    if shapes.is_empty() {
        return Vec::new();
    }
    let boxes: Vec<BBox> = shapes.iter().map(|s| s.1).collect();
    let size = boxes.iter().map(|b| (b.max[0] - b.min[0]).max(b.max[1] - b.min[1])).sum::<f64>();
    let index = GridIndex::new(&boxes, size / boxes.len() as f64);
    let mut found: Vec<(usize, Stray)> = Vec::new();
    let mut near: Vec<usize> = Vec::new();
    for placed in &all.devices {
        let proto = of(placed);
        let (Some(guide), false) = (&proto.guide, proto.is_free()) else { continue };
        let Some(section) = guide.section else { continue };
        let pair = plan.recipe.guides[section].layer;
        near.clear();
        let window = proto.bbox.transformed(&placed.transform);
        index.candidates(&window, |k| {
            let (shape, bbox) = &shapes[k];
            let is_same_layer = of(shape).layer.is_some_and(|layer| plan.pair(layer) == pair);
            if is_same_layer && shape.top == placed.top && bbox.touches(&window) {
                near.push(k);
            }
        });
        near.sort_unstable();
        near.dedup();
        for &k in &near {
            let (shape, bbox) = &shapes[k];
            if let Some(at) = touched(of(shape), shape, bbox, proto, placed) {
                found.push((k, Stray { top: placed.top, at, guide: placed.cell }));
            }
        }
    }
    found.sort_by_key(|f| f.0);
    found.into_iter().map(|f| f.1).collect()
}

/// Contact of two shapes that are rounded to the grid, in dbu.
const TOUCH: f64 = 1.0;

/// Where a shape lies on a guide or touches its side, but not where it meets an end of it.
fn touched(shape: &Proto, shape_at: &Placed, bbox: &BBox, guide: &Proto, guide_at: &Placed) -> Option<[f64; 2]> {
    let traced = guide.guide.as_ref()?;
    let rings: Vec<Vec<[f64; 2]>> = shape
        .outline
        .iter()
        .map(|r| r.iter().map(|p| shape_at.transform.apply(f64::from(p.x), f64::from(p.y))).collect())
        .collect();
    let scale = guide_at.transform.magnification();
    let line: Vec<([f64; 2], f64)> =
        traced.line.iter().map(|p| (guide_at.transform.apply(p[0], p[1]), p[2] * scale)).collect();
    let (first, last) = (line.first()?, line.last()?);
    let is_end = |p: [f64; 2]| [first, last].iter().any(|(q, width)| (p[0] - q[0]).hypot(p[1] - q[1]) <= *width);
    let middle = [f64::midpoint(bbox.min[0], bbox.max[0]), f64::midpoint(bbox.min[1], bbox.max[1])];
    let mut best: Option<(f64, [f64; 2])> = None;
    for w in line.windows(2) {
        let (edge, half) = ([w[0].0, w[1].0], w[0].1.max(w[1].1) / 2.0 + TOUCH);
        let mut window = BBox { min: edge[0], max: edge[0] };
        window.add(edge[1][0], edge[1][1]);
        if !window.grown(half).touches(bbox) {
            continue;
        }
        for ring in &rings {
            for p in contacts(ring, edge, half) {
                let off = (p[0] - middle[0]).hypot(p[1] - middle[1]);
                if !is_end(p) && best.is_none_or(|b| off < b.0) {
                    best = Some((off, p));
                }
            }
        }
    }
    best.map(|b| b.1)
}

/// Places of an axis at which a ring comes within half the width: beside its corners, where its edges cross, and
/// where the axis is inside.
fn contacts(ring: &[[f64; 2]], edge: [[f64; 2]; 2], half: f64) -> Vec<[f64; 2]> {
    let mut out = Vec::new();
    for (i, &p) in ring.iter().enumerate() {
        let q = ring[(i + 1) % ring.len()];
        if distance(p, edge) <= half {
            out.push(foot(p, edge));
        }
        out.extend(edge.iter().copied().filter(|&e| distance(e, [p, q]) <= half));
        out.extend(cross(edge, [p, q]));
    }
    let on_grid: Option<Vec<Point>> = ring.iter().map(|q| Point::from_f64(q[0], q[1])).collect();
    if let Some(ring) = on_grid {
        let middle = [f64::midpoint(edge[0][0], edge[1][0]), f64::midpoint(edge[0][1], edge[1][1])];
        out.extend([edge[0], middle, edge[1]].into_iter().filter(|&p| contains(&ring, p)));
    }
    out
}

/// The place of an edge that is nearest to a point.
fn foot(p: [f64; 2], [a, b]: [[f64; 2]; 2]) -> [f64; 2] {
    let d = [b[0] - a[0], b[1] - a[1]];
    let square = (d[0] * d[0] + d[1] * d[1]).max(f64::MIN_POSITIVE);
    let u = (((p[0] - a[0]) * d[0] + (p[1] - a[1]) * d[1]) / square).clamp(0.0, 1.0);
    [a[0] + u * d[0], a[1] + u * d[1]]
}

/// Where two edges cross.
fn cross([a, b]: [[f64; 2]; 2], [c, d]: [[f64; 2]; 2]) -> Option<[f64; 2]> {
    let (r, s) = ([b[0] - a[0], b[1] - a[1]], [d[0] - c[0], d[1] - c[1]]);
    let area = r[0] * s[1] - r[1] * s[0];
    let t = ((c[0] - a[0]) * s[1] - (c[1] - a[1]) * s[0]) / area;
    let u = ((c[0] - a[0]) * r[1] - (c[1] - a[1]) * r[0]) / area;
    let is_on = |v: f64| (0.0..=1.0).contains(&v);
    (is_on(t) && is_on(u)).then(|| [a[0] + t * r[0], a[1] + t * r[1]])
}

#[cfg(test)]
mod tests {
    use super::*;

    const AXIS: [[f64; 2]; 2] = [[0.0, 0.0], [10_000.0, 0.0]];

    fn square(x: f64, y: f64, size: f64) -> Vec<[f64; 2]> {
        vec![[x, y], [x + size, y], [x + size, y + size], [x, y + size]]
    }

    #[test]
    fn a_box_on_the_axis_is_found_where_it_lies() {
        let found = contacts(&square(4000.0, -1000.0, 2000.0), AXIS, 250.0);
        assert!(!found.is_empty());
        assert!(found.iter().all(|p| (3000.0..=7000.0).contains(&p[0]) && p[1].abs() < 1e-9));
    }

    #[test]
    fn a_box_that_touches_the_side_is_found_and_one_beside_it_is_not() {
        assert!(!contacts(&square(4000.0, 250.0, 100.0), AXIS, 250.0 + TOUCH).is_empty());
        assert!(contacts(&square(4000.0, 255.0, 100.0), AXIS, 250.0 + TOUCH).is_empty());
    }

    #[test]
    fn an_axis_inside_a_large_shape_is_found() {
        assert!(!contacts(&square(-50_000.0, -50_000.0, 200_000.0), AXIS, 250.0).is_empty());
    }
}
