//! Rows of thin shapes close to each other, as gratings and sub-wavelength structures are drawn.

use rustc_hash::FxHashMap;
use waveguard_geom::{BBox, GridIndex};

use super::{GRATING_REACH_NM, Outline, THIN_NM, ahead, of, thickness};
use crate::cells::CellPlan;
use crate::pins::LocalPort;
use crate::place::Placed;
use crate::plan::Plan;
use crate::recipe::PortKind;
use crate::strays::{Stray, What};

/// A grating has at least so many teeth.
pub(super) const FEWEST_TEETH: usize = 4;
/// From so many teeth on they are said to be a row although nothing leads there: couplers have more, the strokes of
/// logos fewer.
pub(super) const FEWEST_ALONE: usize = 12;
/// Teeth of a grating are no longer than this, in nm.
pub(super) const TOOTH_NM: f64 = 25_000.0;

/// Short guides of which no end meets anything: teeth of gratings, unless nothing else is near.
pub(super) fn teeth(plan: &Plan, cells: &[CellPlan], devices: &[Placed], outlines: &[Outline]) -> Vec<Outline> {
    let reach = plan.dbu(plan.recipe.tolerances.snap_nm) + 1.0;
    let longest = plan.dbu(TOOTH_NM);
    let mut ports: Vec<(usize, [f64; 2])> = Vec::new();
    for (i, placed) in devices.iter().enumerate() {
        let optical = of(cells, placed).ports.iter().filter(|p| p.kind == PortKind::Optical);
        ports.extend(optical.map(|p| (i, p.transformed(&placed.transform).at)));
    }
    let boxes: Vec<BBox> = ports.iter().map(|p| BBox { min: p.1, max: p.1 }).collect();
    let index = GridIndex::new(&boxes, plan.dbu(GRATING_REACH_NM));
    let areas: Vec<BBox> = outlines.iter().map(|o| o.bbox).collect();
    let near = GridIndex::new(&areas, longest);
    let enters = |top: usize, at: [f64; 2]| {
        let mut found = false;
        near.candidates_while(&BBox { min: at, max: at }.grown(reach), |k| {
            found = devices[outlines[k].device].top.index() == top && outlines[k].meets(at, reach);
            !found
        });
        found
    };
    // A guide that stops right before the side of a body was meant to enter it; teeth lie along each other.
    let ahead_reach = plan.dbu(plan.recipe.tolerances.near_miss_nm.max(GRATING_REACH_NM));
    let faces = |top: usize, port: &LocalPort| {
        let mut found = false;
        near.candidates_while(&BBox { min: port.at, max: port.at }.grown(ahead_reach), |k| {
            let outline = &outlines[k];
            found = !outline.is_marker
                && devices[outline.device].top.index() == top
                && ahead::gap_to(outline, port, ahead_reach).is_some();
            !found
        });
        found
    };
    let length = |device: usize| {
        let placed = &devices[device];
        let proto = of(cells, placed);
        let guide = proto.guide.as_ref().filter(|_| proto.is_free())?;
        Some(guide.trace.length * placed.transform.magnification()).filter(|length| *length <= longest)
    };
    let short: Vec<(usize, f64)> = (0..devices.len()).filter_map(|i| length(i).map(|l| (i, l))).collect();
    let number: FxHashMap<usize, usize> = short.iter().zip(0..).map(|((device, _), k)| (*device, k)).collect();
    // Teeth may be drawn in pieces: what short guides form together, and whether that meets anything else.
    let mut chains = Chains::new(short.len());
    let mut is_held = vec![false; short.len()];
    for (k, &(device, _)) in short.iter().enumerate() {
        let placed = &devices[device];
        for at in of(cells, placed).ports.iter().map(|p| p.transformed(&placed.transform).at) {
            let mut seen = 0;
            index.candidates_while(&BBox { min: at, max: at }.grown(reach), |i| {
                seen += 1;
                let (other, place) = ports[i];
                let far = (place[0] - at[0]).hypot(place[1] - at[1]);
                if other != device && devices[other].top == placed.top && far <= reach {
                    match number.get(&other) {
                        Some(&l) => chains.join(k, l),
                        None => is_held[k] = true,
                    }
                }
                seen < plan.recipe.limits.ports_nearby
            });
            is_held[k] |= enters(placed.top.index(), at);
        }
        for port in of(cells, placed).ports.iter().map(|p| p.transformed(&placed.transform)) {
            is_held[k] |= faces(placed.top.index(), &port);
        }
    }
    let (mut lengths, mut held) = (vec![0.0; short.len()], vec![false; short.len()]);
    for (k, &(_, length)) in short.iter().enumerate() {
        let root = chains.root(k);
        lengths[root] += length;
        held[root] |= is_held[k];
    }
    let mut out = Vec::new();
    for (k, &(device, _)) in short.iter().enumerate() {
        let (placed, root) = (&devices[device], chains.root(k));
        if let Some(guide) = of(cells, placed).guide.as_ref().filter(|_| !held[root] && lengths[root] <= longest) {
            let line: Vec<[f64; 2]> = guide.line.iter().map(|p| placed.transform.apply(p[0], p[1])).collect();
            let bbox = of(cells, placed).bbox.transformed(&placed.transform);
            out.push(Outline { device, rings: vec![line], bbox, edges: Vec::new(), index: None, is_marker: false });
        }
    }
    out
}

/// Teeth to which no guide leads, with the shapes beside them.
pub(super) fn alone(group: &[usize], n_teeth: usize, outlines: &[Outline], devices: &[Placed]) -> Stray {
    let mut bbox = BBox::EMPTY;
    for &k in group {
        bbox.add_box(&outlines[k].bbox);
    }
    let at = [f64::midpoint(bbox.min[0], bbox.max[0]), f64::midpoint(bbox.min[1], bbox.max[1])];
    let what = if group.len() > n_teeth { What::Grating(n_teeth) } else { What::Row(n_teeth) };
    Stray { top: devices[outlines[group[0]].device].top, at, what }
}

/// Numbers that belong together.
pub(super) struct Chains(Vec<usize>);

impl Chains {
    pub(super) fn new(n: usize) -> Self {
        Self((0..n).collect())
    }

    pub(super) fn root(&mut self, mut i: usize) -> usize {
        while self.0[i] != i {
            self.0[i] = self.0[self.0[i]];
            i = self.0[i];
        }
        i
    }

    pub(super) fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        self.0[a.max(b)] = a.min(b);
    }

    /// All of them, those that were joined together, in order of their first.
    pub(super) fn groups(mut self) -> Vec<Vec<usize>> {
        let n = self.0.len();
        let mut of_root = vec![usize::MAX; n];
        let mut groups: Vec<Vec<usize>> = Vec::new();
        for k in 0..n {
            let root = self.root(k);
            if of_root[root] == usize::MAX {
                of_root[root] = groups.len();
                groups.push(Vec::new());
            }
            groups[of_root[root]].push(k);
        }
        groups
    }
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
    let mut rows = Chains::new(outlines.len());
    for k in (0..outlines.len()).filter(|&k| is_thin[k]) {
        let window = boxes[k].grown(reach);
        let mut seen = 0;
        index.candidates_while(&window, |l| {
            seen += 1;
            let is_shape = of(cells, &devices[outlines[l].device]).is_free();
            let same_top = devices[outlines[l].device].top == devices[outlines[k].device].top;
            if l != k && is_shape && same_top && boxes[l].touches(&window) {
                rows.join(k, l);
            }
            seen < plan.recipe.limits.ports_nearby
        });
    }
    let mut n_thin: FxHashMap<usize, usize> = FxHashMap::default();
    for k in (0..outlines.len()).filter(|&k| is_thin[k]) {
        *n_thin.entry(rows.root(k)).or_default() += 1;
    }
    let mut of_root: FxHashMap<usize, usize> = FxHashMap::default();
    let mut out: Vec<Vec<usize>> = Vec::new();
    for k in 0..outlines.len() {
        let mut r = rows.root(k);
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
