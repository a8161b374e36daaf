//! Ports of devices that lie on a guide.

use std::f64::consts::PI;

use rustc_hash::FxHashSet;
use waveguard_geom::transform::wrap_angle;
use waveguard_geom::{BBox, GridIndex};

use super::Ground;
use crate::contacts::FACING_RAD;
use crate::guides::Along;

/// A port of a device on a guide.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hit {
    /// The device.
    pub(super) device: usize,
    /// The guide, by its device.
    pub(super) guide: usize,
    /// Distance along the guide in its own frame, in dbu.
    pub(super) s: f64,
    /// True when the port looks along the guide, away from its first end.
    pub(super) is_along: bool,
    /// How far beside the axis the port lies.
    aside: f64,
    port: usize,
}

/// Long pieces of guides are looked at in parts of this many reaches.
const PART_REACHES: f64 = 16.0;

/// All of them, sorted by device, guide and place. Only devices are looked at that have a port without a partner, or
/// one where several ports meet: a port of any other one meets the end of a guide.
pub(super) fn find(ground: &Ground) -> Vec<Hit> {
    let wanted = ports(ground);
    if wanted.is_empty() {
        return Vec::new();
    }
    let (plan, nm) = (ground.plan, ground.plan.layout.dbu_nm);
    let widest = plan.recipe.guides.iter().fold(0.0, |w: f64, g| w.max(g.width_max_nm));
    let reach = plan.dbu(widest / 2.0 + plan.recipe.tolerances.snap_nm);
    let at: Vec<[f64; 2]> = wanted.iter().map(|&p| ground.ports.at(p).map(|v| v / nm)).collect();
    let boxes: Vec<BBox> = at.iter().map(|&p| BBox { min: p, max: p }).collect();
    let index = GridIndex::new(&boxes, 4.0 * reach);
    // A guide may reach across the chip: as many tiles as ports are enough to tell whether it may have any on it.
    let mut chip = BBox::EMPTY;
    for b in &boxes {
        chip.add_box(b);
    }
    let extent = (chip.max[0] - chip.min[0]).max(chip.max[1] - chip.min[1]);
    let coarse = GridIndex::new(&boxes, (extent / (boxes.len() as f64).sqrt()).max(4.0 * reach));
    let mut hits: Vec<Hit> = Vec::new();
    for guide in 0..ground.devices.len() {
        let (placed, proto) = (&ground.devices[guide], ground.proto(guide));
        let Some(traced) = &proto.guide else { continue };
        let whole = proto.bbox.transformed(&placed.transform).grown(reach);
        let is_touched = |k: usize| boxes[k].touches(&whole) && ground.ports.device(wanted[k]) != guide;
        if !chip.touches(&whole) || coarse.candidates_while(&whole, |k| !is_touched(k)) {
            continue;
        }
        let (Some(along), Some(back)) = (Along::new(traced), placed.transform.inverse()) else { continue };
        for segment in 0..along.segments() {
            let ends = [segment, segment + 1].map(|i| placed.transform.apply(traced.line[i][0], traced.line[i][1]));
            let mut near: Vec<usize> = Vec::new();
            for window in windows(ends, PART_REACHES * reach) {
                let window = window.grown(reach);
                index.candidates(&window, |k| {
                    if boxes[k].touches(&window) && is_touched(k) {
                        near.push(k);
                    }
                });
            }
            near.sort_unstable();
            near.dedup();
            for k in near {
                let foot = along.foot(segment, back.apply(at[k][0], at[k][1]));
                let [x, y] = placed.transform.apply(foot.at[0], foot.at[1]);
                let aside = (x - at[k][0]).hypot(y - at[k][1]);
                let port = ground.ports.get(wanted[k]);
                let turned = wrap_angle(port.direction_rad - placed.transform.apply_angle(foot.direction_rad)).abs();
                let is_on = aside <= foot.width * placed.transform.magnification() / 2.0;
                let is_beside = turned.min(PI - turned) > FACING_RAD;
                if is_on && !is_beside && port.top == placed.top.index() {
                    let is_along = turned < PI / 2.0;
                    hits.push(Hit { device: port.device, guide, s: foot.s, is_along, aside, port: wanted[k] });
                }
            }
        }
    }
    // Where two pieces of a line meet, a port is on both: the nearer foot counts.
    hits.sort_by(|a, b| {
        (a.device, a.guide, a.port).cmp(&(b.device, b.guide, b.port)).then(a.aside.total_cmp(&b.aside))
    });
    hits.dedup_by_key(|h| (h.guide, h.port));
    hits.sort_by(|a, b| (a.device, a.guide).cmp(&(b.device, b.guide)).then(a.s.total_cmp(&b.s)));
    hits
}

/// Boxes along an edge, none longer than `most`.
fn windows([p, q]: [[f64; 2]; 2], most: f64) -> impl Iterator<Item = BBox> {
    let n = ((q[0] - p[0]).hypot(q[1] - p[1]) / most).ceil().max(1.0);
    let at = move |k: f64| [p[0] + (q[0] - p[0]) * k / n, p[1] + (q[1] - p[1]) * k / n];
    (0..n as u64).map(move |k| {
        let mut bbox = BBox { min: at(k as f64), max: at(k as f64) };
        let [x, y] = at(k as f64 + 1.0);
        bbox.add(x, y);
        bbox
    })
}

/// Optical ports of the devices that are looked at.
fn ports(ground: &Ground) -> Vec<usize> {
    let is_stated = |p: usize| !ground.proto(ground.ports.device(p)).is_free();
    let has_direction = |p: usize| !ground.ports.form(p).direction_rad.is_nan();
    let mut devices: FxHashSet<usize> = FxHashSet::default();
    let places: Vec<BBox> =
        ground.joined.crowded.iter().map(|&p| BBox { min: ground.ports.at(p), max: ground.ports.at(p) }).collect();
    let snap = 2.0 * ground.plan.recipe.tolerances.snap_nm;
    let crowds = GridIndex::new(&places, 4.0 * snap);
    for device in 0..ground.devices.len() {
        if ground.proto(device).is_free() {
            continue;
        }
        let is_open = |p: usize| ground.joined.partner(p).is_none();
        let is_crowded = |p: usize| {
            let at = ground.ports.at(p);
            let window = BBox { min: at, max: at }.grown(snap);
            !places.is_empty() && !crowds.candidates_while(&window, |k| !places[k].touches(&window))
        };
        if ground.optical(device).any(|p| has_direction(p) && (is_open(p) || is_crowded(p))) {
            devices.insert(device);
        }
    }
    if devices.is_empty() {
        return Vec::new();
    }
    let is_wanted = |&p: &usize| devices.contains(&ground.ports.device(p)) && is_stated(p) && has_direction(p);
    (0..ground.devices.len()).flat_map(|d| ground.optical(d)).filter(is_wanted).collect()
}
