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
/// Places along a strip that are looked at.
const STRIP_SAMPLES: usize = 9;

/// For each outline whether it is a strip along a guide.
pub(super) fn strips(plan: &Plan, cells: &[CellPlan], devices: &[Placed], outlines: &[Outline]) -> Vec<bool> {
    let thin = plan.dbu(THIN_NM);
    let may_be: Vec<bool> = outlines
        .iter()
        .map(|o| {
            let (placed, proto) = (&devices[o.device], of(cells, &devices[o.device]));
            let t = thickness(proto, &o.rings, placed.transform.magnification().powi(2));
            let size = (o.bbox.max[0] - o.bbox.min[0]).hypot(o.bbox.max[1] - o.bbox.min[1]);
            let is_shape = proto.is_free() && proto.junction.is_none() && proto.guide.is_none();
            is_shape && t <= thin && size > STRIP_ASPECT * t
        })
        .collect();
    if !may_be.contains(&true) {
        return may_be;
    }
    let reach = plan.dbu(STRIP_REACH_NM);
    let mut lines: Vec<([[f64; 2]; 2], usize)> = Vec::new();
    for placed in devices {
        let Some(guide) = &of(cells, placed).guide else { continue };
        let place = |p: &[f64; 3]| placed.transform.apply(p[0], p[1]);
        lines.extend(guide.line.windows(2).map(|w| ([place(&w[0]), place(&w[1])], placed.top.index())));
    }
    let boxes: Vec<BBox> = lines.iter().map(|(edge, _)| edge_box(edge)).collect();
    let index = GridIndex::new(&boxes, 4.0 * reach);
    let beside = |p: [f64; 2], top: usize, along: [f64; 2]| {
        let mut found = false;
        index.candidates_while(&BBox { min: p, max: p }.grown(reach), |i| {
            let ([a, b], of_top) = lines[i];
            let d = [b[0] - a[0], b[1] - a[1]];
            let cos = (d[0] * along[0] + d[1] * along[1]).abs();
            let is_parallel = cos > 0.9 * d[0].hypot(d[1]) * along[0].hypot(along[1]);
            found = of_top == top && is_parallel && distance(p, [a, b]) <= reach;
            !found
        });
        found
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
