//! Devices drawn over guides that run on through them: the guide is cut at their ports.
//!
//! A heater, a tap or a ring beside its bus may be placed on a guide that was drawn as one long ribbon. Where the
//! device has ports on the axis of the guide, what lies between these is the device: its model stands for it. What
//! leads from port to port may be drawn in several pieces, and branch, as long as it stays within the device. A port
//! that lies on the guide but beside its axis or askew cuts it all the same, and stays open beside the cut: a joint
//! that was missed.

mod follow;
mod hits;

use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::attach::Explained;
use crate::cells::CellPlan;
use crate::devices::{DeviceSource, Proto};
use crate::guides::Along;
use crate::nets::Joined;
use crate::pins::{LocalPort, PortSource};
use crate::place::{Placed, Placements};
use crate::plan::Plan;
use crate::ports::Ports;
use crate::recipe::PortKind;

/// Devices with their ports, and which of these are joined.
#[derive(Clone, Copy)]
struct Ground<'a> {
    plan: &'a Plan<'a>,
    cells: &'a [CellPlan],
    devices: &'a [Placed],
    ports: &'a Ports,
    starts: &'a [usize],
    joined: &'a Joined,
}

/// Parts of a guide between two distances along it, in dbu.
type Stretches = Vec<[f64; 2]>;

/// What tells guides that are cut alike: cell, proto, and the stretches by number.
type Key = (usize, usize, Vec<[i64; 2]>);

/// Guides measured along, by cell and proto: very many devices may lie over one.
type Measured<'a> = FxHashMap<(usize, usize), Option<Along<'a>>>;

/// Two distances along guides that differ by less are the same, in dbu.
const SAME: f64 = 1e-3;

/// Takes out what lies in devices between their ports; `None` when there is nothing of that kind.
pub fn cut(
    plan: &Plan,
    cells: &mut [CellPlan],
    all: &mut Placements,
    ports: &Ports,
    starts: &[usize],
    joined: &Joined,
) -> Option<Vec<Explained>> {
    let ground = Ground { plan, cells, devices: &all.devices, ports, starts, joined };
    let hits = hits::find(&ground);
    // Device, what it takes out, and from where to where along that.
    let mut taken: Vec<(usize, usize, Option<[f64; 2]>)> = Vec::new();
    let mut measured = Measured::default();
    for of_device in hits.chunk_by(|a, b| a.device == b.device) {
        for hit in of_device {
            let Some(found) = follow::within(&ground, hit, of_device, &mut measured) else { continue };
            taken.extend(found.stretches.into_iter().map(|(guide, stretch)| (hit.device, guide, Some(stretch))));
            taken.extend(found.junctions.into_iter().map(|junction| (hit.device, junction, None)));
        }
    }
    // Two waveguide cells on each other overlap: neither is a device over the other.
    let is_wire = |i: usize| {
        let (placed, proto) = (&ground.devices[i], ground.proto(i));
        let says_so = plan.entry(placed.cell).is_some_and(|e| e.guide.is_some()) && placed.cell != placed.top;
        says_so && proto.guide.is_some() && !proto.is_free()
    };
    taken.retain(|&(device, what, _)| !(is_wire(device) && is_wire(what)));
    // Guides that would take each other out lie on each other: neither is the inside of the other.
    let takes: FxHashSet<(usize, usize)> = taken.iter().map(|&(device, what, _)| (device, what)).collect();
    let mut dropped: BTreeMap<usize, Stretches> = BTreeMap::new();
    for (_, what, stretch) in taken.into_iter().filter(|&(device, what, _)| !takes.contains(&(what, device))) {
        dropped.entry(what).or_default().extend(stretch);
    }
    if dropped.is_empty() {
        return None;
    }
    let mut explained = Vec::new();
    let mut made: FxHashMap<Key, Vec<usize>> = FxHashMap::default();
    let devices = std::mem::take(&mut all.devices);
    for (i, placed) in devices.iter().enumerate() {
        let Some(stretches) = dropped.get(&i) else {
            all.devices.push(*placed);
            continue;
        };
        let cell = placed.cell.index();
        let stretches = united(stretches);
        let number = |v: f64| (v / SAME).round() as i64;
        let key = (cell, placed.proto, stretches.iter().map(|s| s.map(number)).collect());
        let parts = made.entry(key).or_insert_with(|| {
            let protos = parts(plan, &cells[cell].protos[placed.proto], &stretches);
            let first = cells[cell].protos.len();
            cells[cell].protos.extend(protos);
            (first..cells[cell].protos.len()).collect()
        });
        all.devices.extend(parts.iter().map(|&proto| Placed { proto, ..*placed }));
        // The area of what was taken out is that of the device.
        let mut area = cells[cell].protos[placed.proto].core_area.clone();
        for &part in &*parts {
            area.iter_mut().zip(&cells[cell].protos[part].core_area).for_each(|(rest, own)| *rest -= own);
        }
        let scale = placed.transform.magnification().powi(2);
        explained.push(Explained { top: placed.top.index(), area: area.iter().map(|a| a * scale).collect() });
    }
    Some(explained)
}

/// Stretches in order, those that overlap as one.
fn united(stretches: &[[f64; 2]]) -> Stretches {
    let mut sorted = stretches.to_vec();
    sorted.sort_by(|a, b| a[0].total_cmp(&b[0]).then(a[1].total_cmp(&b[1])));
    let mut out: Stretches = Vec::new();
    for [from, to] in sorted {
        match out.last_mut() {
            Some(last) if from <= last[1] + SAME => last[1] = last[1].max(to),
            _ => out.push([from, to]),
        }
    }
    out
}

/// What is left of a guide without some stretches; nothing of what is no guide.
fn parts(plan: &Plan, proto: &Proto, stretches: &[[f64; 2]]) -> Vec<Proto> {
    let Some(guide) = &proto.guide else { return Vec::new() };
    let Some(along) = Along::new(guide) else { return vec![proto.clone()] };
    let least = plan.dbu(plan.recipe.tolerances.snap_nm);
    let whole = along.length();
    let mut from = 0.0;
    let mut left: Stretches = Vec::new();
    for &[a, b] in stretches.iter().chain([&[whole, whole]]) {
        if a - from > least {
            left.push([from, a]);
        }
        from = b;
    }
    let optical: Vec<&LocalPort> = proto.ports.iter().filter(|p| p.kind == PortKind::Optical).collect();
    let others = proto.ports.iter().filter(|p| p.kind != PortKind::Optical);
    let mut out: Vec<Proto> = left
        .into_iter()
        .map(|[from, to]| {
            let (part, share) = along.part(plan, from, to);
            let is_own = [from <= SAME, to >= whole - SAME];
            let ports = (0..2).map(|k| match optical.get(k) {
                Some(own) if is_own[k] => (*own).clone(),
                _ => port(&part.trace.ends[k], guide.section, guide.trace.grid),
            });
            Proto {
                ports: ports.collect(),
                outline: Vec::new(),
                bbox: bbox(&part.line),
                source: if proto.is_free() { DeviceSource::Drawn } else { DeviceSource::Part },
                core_area: proto.core_area.iter().map(|area| area * share).collect(),
                guide: Some(Arc::new(part)),
                region: None,
                shape: None,
                lost: Vec::new(),
                shapes: Arc::default(),
                ..proto.clone()
            }
        })
        .collect();
    if let Some(first) = out.first_mut() {
        first.ports.extend(others.cloned());
    }
    out
}

fn port(end: &crate::trace::End, section: Option<usize>, grid: f64) -> LocalPort {
    LocalPort {
        name: String::new(),
        at: [end.x, end.y],
        direction_rad: end.direction_rad,
        width: end.width,
        width_error: end.width_error(grid),
        kind: PortKind::Optical,
        oriented: true,
        play: 0.0,
        slack_rad: 0.0,
        source: PortSource::GuideEnd,
        section,
    }
}

fn bbox(line: &[[f64; 3]]) -> waveguard_geom::BBox {
    let mut bbox = waveguard_geom::BBox::EMPTY;
    for [x, y, width] in line {
        bbox.add_box(&waveguard_geom::BBox { min: [*x, *y], max: [*x, *y] }.grown(width / 2.0));
    }
    bbox
}

impl<'a> Ground<'a> {
    fn proto(&self, device: usize) -> &'a Proto {
        let placed = &self.devices[device];
        &self.cells[placed.cell.index()].protos[placed.proto]
    }

    /// The guide of a device, measured once.
    fn along<'b>(&self, device: usize, measured: &'b mut Measured<'a>) -> Option<&'b Along<'a>> {
        let placed = &self.devices[device];
        let guide = self.proto(device).guide.as_ref()?;
        measured.entry((placed.cell.index(), placed.proto)).or_insert_with(|| Along::new(guide)).as_ref()
    }

    /// Optical ports of a device.
    fn optical(&self, device: usize) -> impl Iterator<Item = usize> + '_ {
        (self.starts[device]..self.starts[device + 1]).filter(|&p| self.ports.kind(p) == PortKind::Optical)
    }
}
