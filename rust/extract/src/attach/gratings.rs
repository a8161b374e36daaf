//! Rows of thin shapes close to each other, as gratings and sub-wavelength structures are drawn.

use rustc_hash::FxHashMap;
use waveguard_geom::{BBox, GridIndex};

use super::{GRATING_REACH_NM, Outline, THIN_NM, of, thickness};
use crate::cells::CellPlan;
use crate::place::Placed;
use crate::plan::Plan;
use crate::recipe::PortKind;

/// A grating has at least so many teeth.
const FEWEST_TEETH: usize = 4;
/// Teeth of a grating are no longer than this, in nm.
const TOOTH_NM: f64 = 25_000.0;

/// Short guides of which no end meets anything: teeth of gratings, unless nothing else is near.
pub(super) fn teeth(plan: &Plan, cells: &[CellPlan], devices: &[Placed], outlines: &[Outline]) -> Vec<Outline> {
    let reach = plan.dbu(plan.recipe.tolerances.snap_nm) + 1.0;
    let mut ports: Vec<(usize, [f64; 2])> = Vec::new();
    for (i, placed) in devices.iter().enumerate() {
        let optical = of(cells, placed).ports.iter().filter(|p| p.kind == PortKind::Optical);
        ports.extend(optical.map(|p| (i, p.transformed(&placed.transform).at)));
    }
    let boxes: Vec<BBox> = ports.iter().map(|p| BBox { min: p.1, max: p.1 }).collect();
    let index = GridIndex::new(&boxes, plan.dbu(GRATING_REACH_NM));
    let is_met = |device: usize, at: [f64; 2]| {
        let mut found = false;
        index.candidates_while(&BBox { min: at, max: at }.grown(reach), |i| {
            let (other, place) = ports[i];
            let far = (place[0] - at[0]).hypot(place[1] - at[1]);
            found = other != device && devices[other].top == devices[device].top && far <= reach;
            !found
        });
        found
    };
    let areas: Vec<BBox> = outlines.iter().map(|o| o.bbox).collect();
    let near = GridIndex::new(&areas, plan.dbu(TOOTH_NM));
    let enters = |top: usize, at: [f64; 2]| {
        let mut found = false;
        near.candidates_while(&BBox { min: at, max: at }.grown(reach), |k| {
            found = devices[outlines[k].device].top.index() == top && outlines[k].meets(at, reach);
            !found
        });
        found
    };
    let mut out = Vec::new();
    for (device, placed) in devices.iter().enumerate() {
        let proto = of(cells, placed);
        let Some(guide) = proto.guide.as_ref().filter(|_| proto.is_free()) else { continue };
        let length = guide.trace.length * placed.transform.magnification();
        let is_loose = || {
            let mut ends = proto.ports.iter().map(|p| p.transformed(&placed.transform).at);
            ends.all(|at| !is_met(device, at) && !enters(placed.top.index(), at))
        };
        if length <= plan.dbu(TOOTH_NM) && is_loose() {
            let line: Vec<[f64; 2]> = guide.line.iter().map(|p| placed.transform.apply(p[0], p[1])).collect();
            let bbox = proto.bbox.transformed(&placed.transform);
            out.push(Outline { device, rings: vec![line], bbox, edges: Vec::new(), index: None, is_marker: false });
        }
    }
    out
}

/// Outlines that are one device, in order of their first.
pub(super) fn groups(plan: &Plan, cells: &[CellPlan], devices: &[Placed], outlines: &[Outline]) -> Vec<Vec<usize>> {
    let reach = plan.dbu(GRATING_REACH_NM);
    let is_thin: Vec<bool> = outlines
        .iter()
        .map(|o| {
            let (placed, proto) = (&devices[o.device], of(cells, &devices[o.device]));
            let scale = placed.transform.magnification().powi(2);
            let is_tooth = proto.guide.is_some();
            proto.is_free()
                && proto.junction.is_none()
                && (is_tooth || thickness(proto, &o.rings, scale) <= plan.dbu(THIN_NM))
        })
        .collect();
    let boxes: Vec<BBox> = outlines.iter().map(|o| o.bbox).collect();
    let index = GridIndex::new(&boxes, 4.0 * reach);
    let mut parent: Vec<usize> = (0..outlines.len()).collect();
    fn root(parent: &mut [usize], mut i: usize) -> usize {
        while parent[i] != i {
            parent[i] = parent[parent[i]];
            i = parent[i];
        }
        i
    }
    for k in (0..outlines.len()).filter(|&k| is_thin[k]) {
        let window = boxes[k].grown(reach);
        let mut seen = 0;
        index.candidates_while(&window, |l| {
            seen += 1;
            let is_shape = of(cells, &devices[outlines[l].device]).is_free();
            let same_top = devices[outlines[l].device].top == devices[outlines[k].device].top;
            if l != k && is_shape && same_top && boxes[l].touches(&window) {
                let (a, b) = (root(&mut parent, k), root(&mut parent, l));
                parent[a.max(b)] = a.min(b);
            }
            seen < plan.recipe.limits.ports_nearby
        });
    }
    let mut n_thin: FxHashMap<usize, usize> = FxHashMap::default();
    for k in (0..outlines.len()).filter(|&k| is_thin[k]) {
        *n_thin.entry(root(&mut parent, k)).or_default() += 1;
    }
    let mut of_root: FxHashMap<usize, usize> = FxHashMap::default();
    let mut out: Vec<Vec<usize>> = Vec::new();
    for k in 0..outlines.len() {
        let mut r = root(&mut parent, k);
        // A guide that stops near something is a miss; a row of them is a grating.
        let is_guide = of(cells, &devices[outlines[k].device]).guide.is_some();
        if is_guide && n_thin.get(&r).is_some_and(|n| *n < FEWEST_TEETH) {
            r = outlines.len() + k;
        }
        let g = *of_root.entry(r).or_insert_with(|| {
            out.push(Vec::new());
            out.len() - 1
        });
        out[g].push(k);
    }
    out
}
