//! Strips narrower than any guide that run along one.

use waveguard_geom::{BBox, GridIndex};

use super::{Outline, THIN_NM, edge_box, edges, of, thickness};
use crate::cells::CellPlan;
use crate::contacts::distance;
use crate::place::Placed;
use crate::plan::Plan;

/// A strip lies this close beside the axis of its guide, in nm.
pub(super) const STRIP_REACH_NM: f64 = 2000.0;
/// A strip is at least so many times longer than it is thin.
const STRIP_ASPECT: f64 = 10.0;
/// What is shorter than this in nm does nothing to a guide but scatter its light.
const STRIP_LEAST_NM: f64 = 10_000.0;
/// Places along a strip that are looked at.
const STRIP_SAMPLES: usize = 9;

/// A strip this close to the side of a guide touches it: both were rounded to the grid, in dbu.
const TOUCH: f64 = 1.0;

/// For each outline whether it is a strip along a guide.
pub(super) fn strips(plan: &Plan, cells: &[CellPlan], devices: &[Placed], outlines: &[Outline]) -> Vec<bool> {
    let (thin, least) = (plan.dbu(THIN_NM), plan.dbu(STRIP_LEAST_NM));
    let may_be: Vec<bool> = outlines
        .iter()
        .map(|o| {
            let (placed, proto) = (&devices[o.device], of(cells, &devices[o.device]));
            let t = thickness(proto, &o.rings, placed.transform.magnification().powi(2));
            let size = (o.bbox.max[0] - o.bbox.min[0]).hypot(o.bbox.max[1] - o.bbox.min[1]);
            let is_shape = proto.is_free() && proto.junction.is_none() && proto.guide.is_none();
            is_shape && t <= thin && size > STRIP_ASPECT * t && size >= least
        })
        .collect();
    if !may_be.contains(&true) {
        return may_be;
    }
    let reach = plan.dbu(STRIP_REACH_NM);
    // With half the width, and the top.
    let mut lines: Vec<([[f64; 2]; 2], f64, usize)> = Vec::new();
    for placed in devices {
        let Some(guide) = &of(cells, placed).guide else { continue };
        let place = |p: &[f64; 3]| placed.transform.apply(p[0], p[1]);
        let half = |w: &[[f64; 3]]| w[0][2].max(w[1][2]) / 2.0 * placed.transform.magnification();
        let (pieces, top) = (guide.line.windows(2), placed.top.index());
        lines.extend(pieces.map(|w| ([place(&w[0]), place(&w[1])], half(w), top)));
    }
    let boxes: Vec<BBox> = lines.iter().map(|(edge, ..)| edge_box(edge)).collect();
    let index = GridIndex::new(&boxes, 4.0 * reach);
    // What touches a guide is a fault of its side, and no strip.
    let beside = |p: [f64; 2], top: usize, along: [f64; 2]| {
        let (mut found, mut is_touched) = (false, false);
        index.candidates_while(&BBox { min: p, max: p }.grown(reach), |i| {
            let ([a, b], half, of_top) = lines[i];
            let d = [b[0] - a[0], b[1] - a[1]];
            let cos = (d[0] * along[0] + d[1] * along[1]).abs();
            let is_parallel = cos > 0.9 * d[0].hypot(d[1]) * along[0].hypot(along[1]);
            let away = distance(p, [a, b]);
            found |= of_top == top && is_parallel && away <= reach;
            is_touched |= of_top == top && away <= half + TOUCH;
            !is_touched
        });
        found && !is_touched
    };
    outlines
        .iter()
        .zip(may_be)
        .map(|(o, may_be)| {
            if !may_be {
                return false;
            }
            let top = devices[o.device].top.index();
            let ring = &o.rings[0];
            let whole: f64 = edges(&o.rings[..1]).map(|[a, b]| (a[0] - b[0]).hypot(a[1] - b[1])).sum();
            let step = whole / STRIP_SAMPLES as f64;
            let (mut walked, mut next, mut met) = (0.0, step / 2.0, 0);
            for i in 0..ring.len() {
                let (a, b) = (ring[i], ring[(i + 1) % ring.len()]);
                let length = (a[0] - b[0]).hypot(a[1] - b[1]);
                while next < walked + length {
                    let u = (next - walked) / length;
                    let d = [b[0] - a[0], b[1] - a[1]];
                    met += usize::from(beside([a[0] + u * d[0], a[1] + u * d[1]], top, d));
                    next += step;
                }
                walked += length;
            }
            met + 2 >= STRIP_SAMPLES
        })
        .collect()
}
