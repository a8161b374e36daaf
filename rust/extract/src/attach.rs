//! Gives what is no guide the ports where guides enter it.
//!
//! A device whose ports nobody states, and a drawn shape that is no guide, has a port wherever a guide ends at
//! its outline. Shapes of a grating or of a sub-wavelength structure lie apart from each other but closer than
//! light can tell: they are one device with the body beside them. Strips narrower than any guide that run along
//! a guide belong to that guide and are no device.

mod ahead;
mod caps;
mod entered;
mod feeds;
mod gratings;
mod marks;
mod strips;
mod texts;

use std::f64::consts::PI;

use std::sync::Arc;

use rayon::prelude::*;
use waveguard_geom::transform::wrap_angle;
use waveguard_geom::{BBox, GridIndex, Point, Transform, ring};

use crate::cells::{CellPlan, Leftover};
use crate::contacts::distance;
use crate::devices::Proto;
use crate::drawn::guide_proto;
use crate::guides::{self, Core};
use crate::inside::Inside;
use crate::pins::{LocalPort, PortSource, contains};
use crate::place::{Placed, Placements, Rest};
use crate::plan::Plan;
use crate::recipe::PortKind;
use crate::strays::Stray;
use crate::trace::{CapHint, End};

/// Parts of one grating are no further apart than this, in nm: about a wavelength in the cladding.
const GRATING_REACH_NM: f64 = 1000.0;
/// Nothing further apart than this has to do with each other here, in nm.
pub(crate) const MOST_REACH_NM: f64 =
    if GRATING_REACH_NM > strips::STRIP_REACH_NM { GRATING_REACH_NM } else { strips::STRIP_REACH_NM };
/// A shape is thin, as a tooth or a strip is, when area over half its perimeter is below this, in nm.
const THIN_NM: f64 = 700.0;
/// Edges of an outline up to which all of them are looked at.
const FEW_EDGES: usize = 64;

/// Area by layer of shapes that are explained without being devices, with their top.
#[derive(Debug)]
pub struct Explained {
    /// Number of the top cell.
    pub top: usize,
    /// By layer of the recipe's `core_layers`, in dbu².
    pub area: Vec<f64>,
}

/// An outline in the frame of its top.
struct Outline {
    device: usize,
    rings: Vec<Vec<[f64; 2]>>,
    bbox: BBox,
    edges: Vec<[[f64; 2]; 2]>,
    index: Option<GridIndex>,
    /// The outline is a marker: guides may end inside.
    is_marker: bool,
}

/// Adds the ports, takes gratings together, and takes side strips out of the devices.
pub fn attach(plan: &Plan, cells: &mut [CellPlan], all: &mut Placements) -> (Vec<Explained>, Vec<Stray>) {
    let (mut explained, mut strays) = take_texts(plan, cells, all);
    entered::work_out(plan, cells, all);
    let devices = &all.devices;
    let mut outlines = outlines(cells, devices);
    if outlines.is_empty() && !feeds::may_be(plan, cells, devices) {
        return (explained, strays);
    }
    outlines.extend(gratings::teeth(plan, cells, devices, &outlines));
    if outlines.is_empty() {
        return (explained, strays);
    }
    let strips = strips::strips(plan, cells, devices, &outlines);
    let mut is_gone = vec![false; devices.len()];
    for (k, outline) in outlines.iter().enumerate() {
        if strips[k] {
            is_gone[outline.device] = true;
            explained.push(explained_by(cells, &devices[outline.device]));
        }
    }
    let mut keep = strips.iter().map(|s| !s);
    outlines.retain(|_| keep.next().unwrap_or(true));
    let mut caps = caps_of(plan, cells, devices, &outlines);
    let mut ports = entries(plan, cells, devices, &outlines, &caps);
    let mut changed: Vec<(usize, Proto)> = Vec::new();
    let short: Vec<Option<Proto>> =
        outlines.iter().zip(&ports).map(|(o, ports)| between(plan, cells, &devices[o.device], ports)).collect();
    let mut is_short = short.iter().map(Option::is_some).collect::<Vec<bool>>().into_iter();
    for (o, guide) in outlines.iter().zip(short) {
        changed.extend(guide.map(|g| (o.device, g)));
    }
    let mut keep = is_short.clone().map(|s| !s);
    outlines.retain(|_| keep.next().unwrap_or(true));
    let mut keep = is_short.clone().map(|s| !s);
    caps.retain(|_| keep.next().unwrap_or(true));
    ports.retain(|_| !is_short.next().unwrap_or(false));
    ahead::add(plan, cells, devices, &outlines, &caps, &mut ports);
    caps::add(cells, devices, &outlines, &caps, &mut ports);
    let groups = gratings::groups(plan, cells, devices, &outlines);
    feeds::add(plan, cells, devices, &outlines, &groups, &mut ports);
    let mut rest = Vec::new();
    for group in groups {
        let has_ports = |&k: &usize| {
            let own = of(cells, &devices[outlines[k].device]);
            let is_open = own.guide.is_none() && own.ports.iter().any(|p| p.kind == PortKind::Optical);
            !ports[k].is_empty() || is_open
        };
        if !group.iter().any(has_ports) {
            // Nothing enters it: known devices stay as they are, shapes are not understood.
            let n_teeth = group.iter().filter(|&&k| of(cells, &devices[outlines[k].device]).guide.is_some()).count();
            let is_grating = n_teeth >= gratings::FEWEST_ALONE;
            if is_grating {
                strays.push(gratings::alone(&group, n_teeth, &outlines, devices));
            }
            for &k in &group {
                let (device, own) = (outlines[k].device, of(cells, &devices[outlines[k].device]));
                if is_grating && own.guide.is_some() {
                    is_gone[device] = true;
                    explained.push(explained_by(cells, &devices[device]));
                } else if own.is_free() && own.guide.is_none() {
                    is_gone[device] = true;
                    rest.extend(rest_of(own, &devices[device]));
                }
            }
            continue;
        }
        let is_known = |&&k: &&usize| !of(cells, &devices[outlines[k].device]).is_free();
        let is_body = |&&k: &&usize| of(cells, &devices[outlines[k].device]).junction.is_some();
        let first = *group.iter().find(is_known).or_else(|| group.iter().find(is_body)).unwrap_or(&group[0]);
        let device = outlines[first].device;
        let frame = &devices[device].transform;
        let mut composite = of(cells, &devices[device]).clone();
        if composite.guide.take().is_some() {
            // The ends of a tooth are no ports.
            composite.ports.clear();
        }
        let is_changed = group.len() > 1 || !ports[first].is_empty();
        for &k in &group {
            let other = &devices[outlines[k].device];
            let own = of(cells, other);
            composite.ports.extend(ports[k].iter().filter_map(|p| in_frame(p, frame)));
            if k == first {
                continue;
            }
            is_gone[outlines[k].device] = true;
            let own_ports = if own.guide.is_some() { &[][..] } else { &own.ports[..] };
            composite.ports.extend(own_ports.iter().filter_map(|p| in_frame(&p.transformed(&other.transform), frame)));
            let scale = (other.transform.magnification() / frame.magnification()).powi(2);
            composite.core_area.iter_mut().zip(&own.core_area).for_each(|(sum, area)| *sum += area * scale);
            if let Some(back) = frame.inverse() {
                composite.bbox.add_box(&outlines[k].bbox.transformed(&back));
            }
        }
        if composite.junction.is_none() && composite.is_free() {
            let b = composite.bbox;
            composite.junction = Some([f64::midpoint(b.min[0], b.max[0]), f64::midpoint(b.min[1], b.max[1])]);
        }
        if is_changed {
            changed.push((device, composite));
        }
    }
    for (device, composite) in changed {
        let cell = &mut cells[all.devices[device].cell.index()];
        cell.protos.push(composite);
        all.devices[device].proto = cell.protos.len() - 1;
    }
    let mut gone = is_gone.iter();
    all.devices.retain(|_| !gone.next().copied().unwrap_or(false));
    all.rest.extend(rest);
    (explained, strays)
}

/// Takes texts out of the devices.
fn take_texts(plan: &Plan, cells: &[CellPlan], all: &mut Placements) -> (Vec<Explained>, Vec<Stray>) {
    let (strays, is_text) = texts::find(plan, cells, &all.devices);
    let letters = all.devices.iter().zip(&is_text).filter(|(_, is_text)| **is_text);
    let explained = letters.map(|(placed, _)| explained_by(cells, placed)).collect();
    let mut is_gone = is_text.iter();
    all.devices.retain(|_| !is_gone.next().copied().unwrap_or(false));
    (explained, strays)
}

/// The guide that a lone shape is between the two guides that end at it, or at the end of one.
fn between(plan: &Plan, cells: &[CellPlan], placed: &Placed, ports: &[LocalPort]) -> Option<Proto> {
    let shape = of(cells, placed);
    let ([ring], Some(layer), true) = (&shape.outline[..], shape.layer, shape.reason.is_some()) else {
        return None;
    };
    let ports = ports.iter().map(|p| in_frame(p, &placed.transform)).collect::<Option<Vec<LocalPort>>>()?;
    let (ends, is_guess) = match &ports[..] {
        [a, b] => ([hint(a), hint(b)], [false; 2]),
        [a] => ([hint(a), far_end(&hint(a), ring)], [false, true]),
        _ => return None,
    };
    let core = shape.region.as_ref().map_or(Core::from(layer), |region| region.core());
    let guide = guides::between(plan, core, ring, ends, is_guess).ok()?;
    let core_area = shape.core_area.clone();
    Some(Proto { core_area, layer: Some(layer), ..guide_proto(Arc::new(guide)) })
}

fn hint(port: &LocalPort) -> CapHint {
    CapHint { x: port.at[0], y: port.at[1], direction_rad: port.direction_rad, width: port.width }
}

/// Where a straight guide that begins at an end and covers a ring ends.
fn far_end(end: &CapHint, ring: &[Point]) -> CapHint {
    let length = ring::area(ring) / end.width;
    let (sin, cos) = end.direction_rad.sin_cos();
    let direction_rad = wrap_angle(end.direction_rad + PI);
    CapHint { x: end.x - length * cos, y: end.y - length * sin, direction_rad, width: end.width }
}

fn of<'a>(cells: &'a [CellPlan], placed: &Placed) -> &'a Proto {
    &cells[placed.cell.index()].protos[placed.proto]
}

fn in_frame(port: &LocalPort, frame: &Transform) -> Option<LocalPort> {
    frame.inverse().map(|back| port.transformed(&back))
}

fn explained_by(cells: &[CellPlan], placed: &Placed) -> Explained {
    let scale = placed.transform.magnification().powi(2);
    let area = of(cells, placed).core_area.iter().map(|a| a * scale).collect();
    Explained { top: placed.top.index(), area }
}

/// A shape that nothing explains.
fn rest_of(proto: &Proto, placed: &Placed) -> Option<Rest> {
    let area = proto.core_area.iter().sum::<f64>() * placed.transform.magnification().powi(2);
    let bbox = proto.bbox.transformed(&placed.transform);
    let reason = proto.reason.unwrap_or("no guide enters it");
    let what = Leftover { bbox, area, count: 1, reason };
    (area > 0.0).then_some(Rest { top: placed.top, cell: placed.cell, what, shape: Some(*placed) })
}

/// What may get ports: shapes that are no guide, and devices without any optical port.
fn outlines(cells: &[CellPlan], devices: &[Placed]) -> Vec<Outline> {
    let is_open = |proto: &Proto| {
        proto.guide.is_none()
            && (proto.is_free() || proto.ports.iter().all(|p| p.kind != PortKind::Optical))
            && !proto.outline.is_empty()
    };
    let mut out = Vec::new();
    if !cells.iter().flat_map(|cell| &cell.protos).any(is_open) {
        return out;
    }
    for (device, placed) in devices.iter().enumerate() {
        let proto = of(cells, placed);
        if !is_open(proto) {
            continue;
        }
        let place = |p: &Point| placed.transform.apply(f64::from(p.x), f64::from(p.y));
        let rings: Vec<Vec<[f64; 2]>> = proto.outline.iter().map(|r| r.iter().map(place).collect()).collect();
        let mut bbox = BBox::EMPTY;
        rings.iter().flatten().for_each(|&p| bbox.add_box(&BBox { min: p, max: p }));
        let edges: Vec<[[f64; 2]; 2]> = edges(&rings).collect();
        let index = (edges.len() > FEW_EDGES).then(|| {
            let boxes: Vec<BBox> = edges.iter().map(edge_box).collect();
            let size = (bbox.max[0] - bbox.min[0]).max(bbox.max[1] - bbox.min[1]);
            GridIndex::new(&boxes, size / (edges.len() as f64).sqrt())
        });
        out.push(Outline { device, rings, bbox, edges, index, is_marker: !proto.is_free() });
    }
    out
}

fn edge_box([a, b]: &[[f64; 2]; 2]) -> BBox {
    let mut bbox = BBox { min: *a, max: *a };
    bbox.add_box(&BBox { min: *b, max: *b });
    bbox
}

fn edges(rings: &[Vec<[f64; 2]>]) -> impl Iterator<Item = [[f64; 2]; 2]> + '_ {
    rings.iter().flat_map(|r| (0..r.len()).map(|i| [r[i], r[(i + 1) % r.len()]]))
}

impl Outline {
    /// True when a place lies on the outline, or in it where that counts.
    fn meets(&self, p: [f64; 2], reach: f64) -> bool {
        self.meets_or(p, reach, || self.on_grid().any(|ring| contains(&ring, p)))
    }

    /// As [`Self::meets`], asked of very many places: `rings` are those of a marker on the grid.
    fn meets_with(&self, rings: &[Inside], p: [f64; 2], reach: f64) -> bool {
        self.meets_or(p, reach, || rings.iter().any(|ring| ring.contains(p)))
    }

    fn meets_or(&self, p: [f64; 2], reach: f64, is_inside: impl Fn() -> bool) -> bool {
        let window = BBox { min: p, max: p }.grown(reach);
        if !window.touches(&self.bbox) {
            return false;
        }
        let on_edge = match &self.index {
            None => self.edges.iter().any(|&e| distance(p, e) <= reach),
            Some(index) => {
                let mut found = false;
                index.candidates_while(&window, |i| {
                    found = distance(p, self.edges[i]) <= reach;
                    !found
                });
                found
            }
        };
        on_edge || (self.is_marker && is_inside())
    }

    /// The rings on the grid; not one that leaves it.
    fn on_grid(&self) -> impl Iterator<Item = Vec<Point>> + '_ {
        self.rings.iter().filter_map(|ring| ring.iter().map(|q| Point::from_f64(q[0], q[1])).collect())
    }
}

/// The caps of all outlines.
fn caps_of(plan: &Plan, cells: &[CellPlan], devices: &[Placed], outlines: &[Outline]) -> Vec<Vec<(End, usize)>> {
    outlines.par_iter().map(|outline| caps::of_outline(plan, cells, devices, outline)).collect()
}

/// For each outline the ports where free guides end at it, in the frame of the top. Not where one misses a cap.
fn entries(
    plan: &Plan,
    cells: &[CellPlan],
    devices: &[Placed],
    outlines: &[Outline],
    caps: &[Vec<(End, usize)>],
) -> Vec<Vec<LocalPort>> {
    let reach = plan.dbu(plan.recipe.tolerances.snap_nm) + 1.0;
    let edge = plan.dbu(plan.recipe.tolerances.marker_edge_nm);
    let boxes: Vec<BBox> = outlines.iter().map(|o| o.bbox).collect();
    let size = |b: &BBox| (b.max[0] - b.min[0]).max(b.max[1] - b.min[1]);
    let tile = boxes.iter().map(size).sum::<f64>() / boxes.len().max(1) as f64;
    let index = GridIndex::new(&boxes, tile.max(plan.dbu(GRATING_REACH_NM)));
    // Ports that shapes have already: those of parts of one network.
    let mut known: Vec<(usize, [f64; 2])> = Vec::new();
    for o in outlines {
        let placed = &devices[o.device];
        let own = of(cells, placed);
        let open = own.ports.iter().filter(|_| own.guide.is_none());
        known.extend(open.map(|p| (placed.top.index(), placed.transform.apply(p.at[0], p.at[1]))));
    }
    let known_at: Vec<BBox> = known.iter().map(|k| BBox { min: k.1, max: k.1 }).collect();
    let known_index = GridIndex::new(&known_at, plan.dbu(GRATING_REACH_NM));
    let is_known = |top: usize, at: [f64; 2]| {
        let mut found = false;
        known_index.candidates_while(&BBox { min: at, max: at }.grown(reach), |i| {
            found = known[i].0 == top && (known[i].1[0] - at[0]).hypot(known[i].1[1] - at[1]) <= reach;
            !found
        });
        found
    };
    let markers: Vec<Vec<Vec<Point>>> =
        outlines.iter().map(|o| if o.is_marker { o.on_grid().collect() } else { Vec::new() }).collect();
    let markers: Vec<Vec<Inside>> =
        markers.iter().map(|rings| rings.iter().map(|ring| Inside::new(ring)).collect()).collect();
    let mut out = vec![Vec::new(); outlines.len()];
    let mut found: Vec<(usize, LocalPort)> = Vec::new();
    for placed in devices {
        let proto = of(cells, placed);
        if !proto.is_free() || proto.guide.is_none() {
            continue;
        }
        for end in &proto.ports {
            let port = end.transformed(&placed.transform);
            if is_known(placed.top.index(), port.at) {
                continue;
            }
            let mut best: Option<(bool, usize)> = None;
            let mut met: Vec<usize> = Vec::new();
            index.candidates(&BBox { min: port.at, max: port.at }.grown(reach + edge), |k| {
                let o = &outlines[k];
                if devices[o.device].top != placed.top || best.is_some_and(|b| b.1 == k) {
                    return;
                }
                let own = of(cells, &devices[o.device]);
                if own.guide.is_some() {
                    return;
                }
                if best.is_none_or(|b| (o.is_marker, k) < b)
                    && o.meets_with(&markers[k], port.at, if o.is_marker { reach.max(edge) } else { reach })
                {
                    best = Some((o.is_marker, k));
                }
                if !met.contains(&k) && o.meets_with(&markers[k], port.at, reach) {
                    met.push(k);
                }
            });
            if let Some((_, k)) = best {
                let direction_rad = wrap_angle(port.direction_rad + PI);
                let entry = LocalPort { direction_rad, source: PortSource::Junction, section: None, ..port };
                if caps::is_missed(&caps[k], &entry, reach) {
                    continue;
                }
                // A shape that was drawn twice is entered twice.
                let twins = met.iter().filter(|&&l| l != k && same_box(&outlines[l].bbox, &outlines[k].bbox));
                found.extend(twins.map(|&l| (l, entry.clone())));
                found.push((k, entry));
            }
        }
    }
    // Two guides that meet end to end at the outline have each other.
    let at: Vec<BBox> = found.iter().map(|(_, p)| BBox { min: p.at, max: p.at }).collect();
    let ends = GridIndex::new(&at, 4.0 * reach);
    for (i, (k, port)) in found.iter().enumerate() {
        let mut is_joint = false;
        ends.candidates(&at[i].grown(reach), |j| {
            let (of, other) = &found[j];
            if of != k {
                return;
            }
            let turned = wrap_angle(other.direction_rad - port.direction_rad + PI).abs();
            let near = (other.at[0] - port.at[0]).hypot(other.at[1] - port.at[1]) <= reach;
            is_joint |= i != j && near && turned <= plan.recipe.tolerances.angle_rad;
        });
        if !is_joint {
            out[*k].push(port.clone());
        }
    }
    out
}

fn same_box(a: &BBox, b: &BBox) -> bool {
    (0..2).all(|k| (a.min[k] - b.min[k]).abs() < 0.5 && (a.max[k] - b.max[k]).abs() < 0.5)
}

/// Twice the area over the perimeter.
fn thickness(proto: &Proto, rings: &[Vec<[f64; 2]>], scale: f64) -> f64 {
    let perimeter: f64 = edges(rings).map(|[a, b]| (a[0] - b[0]).hypot(a[1] - b[1])).sum();
    2.0 * proto.core_area.iter().sum::<f64>() * scale / perimeter.max(f64::MIN_POSITIVE)
}
