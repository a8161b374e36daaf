//! Guides drawn outside devices, and parts of guides with a marker, that lie on a device or on a guide with a marker.
//!
//! Such a guide has no outline of its own among the devices: what it shares with one is looked for along its
//! centre-line. A guide may be drawn into the outline of a device up to the port that it is joined to; one that leads
//! through a device at its ports was cut there before.

use rayon::prelude::*;
use waveguard_base::{CellId, LayerId, Watch};
use waveguard_geom::{BBox, GridIndex, Point};

use super::{Bounds, Found, Outline, Overlap, compare, depth, typical_size};
use crate::devices::{self, DeviceSource, Proto};
use crate::error::ExtractError;
use crate::extraction::World;
use crate::facts::Sums;
use crate::guides::Guide;
use crate::place::Placed;
use crate::plan::Plan;
use crate::recipe::PortKind;

/// Devices near the box of a guide up to which each is held against all of its pieces.
const FEW_DEVICES: usize = 8;
/// Ends of guides this close to the side of another one touch it, by more than the least depth of an overlap, in dbu.
const TOUCH_DBU: f64 = 4.0;
/// What two guides share runs along both from so many widths on,
const LONG_WIDTHS: f64 = 2.0;
/// when it is as wide as the guide for the most part.
const ALL_OF_WIDTH: f64 = 0.97;
/// What comparing a guide with a device costs of the steps, beside its pieces.
const STEPS_A_DEVICE: u64 = 64;

/// Overlaps of drawn guides with the core of known devices that have optical ports, or else with their outline; not of
/// devices that are on other layers. They share more than an area in dbu² in a patch at least so many dbu thick.
///
/// # Errors
/// When the watch asks to stop.
pub(crate) fn find(
    plan: &Plan,
    sums: &Sums,
    world: &World,
    [least_area, least_depth]: [f64; 2],
    bounds: Bounds,
    watch: &Watch,
) -> Result<Found, ExtractError> {
    let proto = |i: usize| -> &Proto { &world.cells[world.placed[i].cell.index()].protos[world.placed[i].proto] };
    let known: Vec<usize> = (0..world.placed.len()).filter(|&i| is_known(proto(i))).collect();
    let drawn: Vec<usize> = (0..world.placed.len()).filter(|&i| is_drawn_guide(proto(i))).collect();
    if known.is_empty() || drawn.is_empty() {
        return Ok(Found::default());
    }
    // The same for each guide, or what is found would depend on which is looked at first.
    let steps = bounds.steps / drawn.len() as u64;
    let boxes: Vec<BBox> = known.iter().map(|&i| proto(i).bbox.transformed(&world.placed[i].transform)).collect();
    let index = GridIndex::new(&boxes, typical_size(&boxes));
    let snap = plan.dbu(plan.recipe.tolerances.snap_nm) + 1.0;
    let found: Result<Vec<(Vec<Overlap>, bool)>, ExtractError> = drawn
        .par_iter()
        .map(|&g| {
            watch.check()?;
            let (placed, own) = (&world.placed[g], proto(g));
            let Some(guide) = &own.guide else { return Ok((Vec::new(), true)) };
            let (near, seen_all) = near(guide, placed, own, &boxes, &index, least_depth, steps);
            let of_device = |(k, pieces): (usize, Vec<usize>)| {
                let (device, other) = (known[k], proto(known[k]));
                if world.placed[device].top != placed.top {
                    return None;
                }
                // Marked guides may run beside each other; one that another one ends at goes on into that.
                let is_guide = other.guide.is_some();
                let ribbon = ribbon(guide, placed, &pieces, if is_guide { TOUCH_DBU } else { 0.0 });
                let shared = |rings: &[Vec<Point>]| {
                    let outline = Outline::placed(rings, &world.placed[device].transform, 0);
                    compare(g, device, &ribbon, &outline, least_area, least_depth)
                };
                let of_outline = shared(&other.outline)?;
                let found = match core(plan, sums, world.placed[device].cell, other, guide.layer) {
                    Some(core) if core.is_empty() => return None,
                    Some(core) if is_guide => shared(&core)?,
                    Some(core) => shared(&core).unwrap_or(Overlap { outline_only: true, ..of_outline }),
                    // What is not known may be core.
                    None => of_outline,
                };
                let width = guide.trace.width_max * placed.transform.magnification();
                // What is drawn again on a guide changes nothing; ends of two that nearly meet are told as such.
                let is_harmless = is_guide && runs_along(&found, width);
                let reach = if is_guide { snap.max(width) } else { snap };
                (!is_harmless && !leads_to_port(world, g, device, &found.bbox, reach)).then_some(found)
            };
            Ok((near.into_iter().filter_map(of_device).collect(), seen_all))
        })
        .collect();
    let mut out = Found::default();
    for (&guide, (overlaps, seen_all)) in drawn.iter().zip(found?) {
        let is_full = out.overlaps.len() + overlaps.len() > bounds.rows;
        if is_full || (!seen_all && out.cut.is_none()) {
            out.cut = Some((guide, if is_full { "overlap_rows" } else { "overlap_steps" }));
        }
        if is_full {
            break;
        }
        out.overlaps.extend(overlaps.into_iter().map(|o| Overlap { a: o.a.min(o.b), b: o.a.max(o.b), ..o }));
    }
    Ok(out)
}

fn is_known(proto: &Proto) -> bool {
    !proto.is_free() && !proto.outline.is_empty() && proto.ports.iter().any(|p| p.kind == PortKind::Optical)
}

/// Also what is left of a guide with a marker that was cut at the ports of a device: the marker is that of the whole.
fn is_drawn_guide(proto: &Proto) -> bool {
    matches!(proto.source, DeviceSource::Drawn | DeviceSource::Spine | DeviceSource::Part) && proto.guide.is_some()
}

/// The shapes of a device on a layer; `None` for a black box, which has none on any, and where there are too many.
fn core(plan: &Plan, sums: &Sums, cell: CellId, device: &Proto, layer: LayerId) -> Option<Vec<Vec<Point>>> {
    if device.core_area.iter().all(|area| *area <= 0.0) {
        return None;
    }
    let own = |(on, ring): &(LayerId, Vec<Point>)| (*on == layer).then(|| ring.clone());
    if !device.shapes.is_empty() {
        return Some(device.shapes.iter().filter_map(own).collect());
    }
    let all = devices::rings(plan, sums, cell, plan.recipe.limits.guide_shapes);
    (!all.cut_short).then(|| all.rings.iter().filter_map(own).collect())
}

/// The devices that a piece of a guide comes near, by number among the boxes, with the pieces whose boxes touch that of
/// the device; false when there was more to look at than so many steps.
fn near(
    guide: &Guide,
    placed: &Placed,
    proto: &Proto,
    boxes: &[BBox],
    index: &GridIndex,
    least_depth: f64,
    steps: u64,
) -> (Vec<(usize, Vec<usize>)>, bool) {
    let mut few: Vec<usize> = Vec::new();
    let is_few = index.candidates_while(&proto.bbox.transformed(&placed.transform), |k| {
        few.push(k);
        few.len() <= FEW_DEVICES
    });
    let bbox = |n: usize| piece(guide, placed, n).1;
    let pieces = 0..guide.line.len().saturating_sub(1);
    let is_deep = |k: usize, n: usize| depth(&bbox(n), &boxes[k]) >= least_depth;
    let of_device = |k: usize| (k, pieces.clone().filter(|&n| bbox(n).touches(&boxes[k])).collect::<Vec<usize>>());
    if is_few {
        few.sort_unstable();
        let all = few.into_iter().map(of_device);
        return (all.filter(|(k, pieces)| pieces.iter().any(|&n| is_deep(*k, n))).collect(), true);
    }
    // The box of a long guide holds most of a chip.
    let mut left = steps;
    let mut last_deep = None;
    // Device, piece, and whether that is deep in it.
    let mut met: Vec<(usize, usize, bool)> = Vec::new();
    for n in pieces.clone() {
        let bbox = bbox(n);
        left = left.saturating_sub(1);
        index.candidates_while(&bbox, |k| {
            let is_deep = depth(&bbox, &boxes[k]) >= least_depth;
            if bbox.touches(&boxes[k]) {
                met.push((k, n, is_deep));
            }
            if is_deep && last_deep != Some(k) {
                last_deep = Some(k);
                left = left.saturating_sub(STEPS_A_DEVICE + guide.line.len() as u64);
            }
            left > 0
        });
    }
    met.sort_unstable();
    let near = met.chunk_by(|a, b| a.0 == b.0).filter(|of_device| of_device.iter().any(|met| met.2));
    // Where not all was looked at, some of the pieces were not.
    let near =
        near.map(|met| if left > 0 { (met[0].0, met.iter().map(|met| met.1).collect()) } else { of_device(met[0].0) });
    (near.collect(), left > 0)
}

/// A piece of a guide in the frame of the top, with the box around it.
fn piece(guide: &Guide, placed: &Placed, n: usize) -> ([[f64; 3]; 2], BBox) {
    let scale = placed.transform.magnification();
    let ends = [n, n + 1].map(|i| {
        let [x, y, width] = guide.line[i];
        let [x, y] = placed.transform.apply(x, y);
        [x, y, width * scale]
    });
    let mut bbox = BBox::EMPTY;
    for [x, y, _] in ends {
        bbox.add_box(&BBox { min: [x, y], max: [x, y] });
    }
    (ends, bbox.grown(ends[0][2].max(ends[1][2]) / 2.0))
}

/// What some pieces of a guide cover, so much longer at each end of the guide.
fn ribbon(guide: &Guide, placed: &Placed, pieces: &[usize], longer: f64) -> Outline {
    let last = guide.line.len().saturating_sub(2);
    let lengthened = |k: usize, [p, q]: [[f64; 3]; 2]| {
        let d = [q[0] - p[0], q[1] - p[1]];
        let length = (d[0] * d[0] + d[1] * d[1]).sqrt().max(f64::MIN_POSITIVE);
        let moved = |e: [f64; 3], by: f64| [e[0] + by * d[0] / length, e[1] + by * d[1] / length, e[2]];
        [if k == 0 { moved(p, -longer) } else { p }, if k == last { moved(q, longer) } else { q }]
    };
    let quad = |[p, q]: [[f64; 3]; 2]| -> Option<Vec<Point>> {
        let d = [q[0] - p[0], q[1] - p[1]];
        let length = (d[0] * d[0] + d[1] * d[1]).sqrt();
        let normal = if length > 0.0 { [-d[1] / length, d[0] / length] } else { return None };
        let corner = |e: [f64; 3], side: f64| {
            Point::from_f64(e[0] + side * e[2] / 2.0 * normal[0], e[1] + side * e[2] / 2.0 * normal[1])
        };
        [corner(p, -1.0), corner(q, -1.0), corner(q, 1.0), corner(p, 1.0)].into_iter().collect()
    };
    let quads = pieces.iter().filter_map(|&n| quad(lengthened(n, piece(guide, placed, n).0)));
    let rings: Vec<Vec<Point>> = quads.collect();
    Outline::of(rings, placed.cell.index())
}

/// True for a patch that is as wide as a guide and longer, which no crossing is.
fn runs_along(patch: &Overlap, width: f64) -> bool {
    let long = (patch.bbox.max[0] - patch.bbox.min[0]).max(patch.bbox.max[1] - patch.bbox.min[1]);
    long > LONG_WIDTHS * width && patch.area >= ALL_OF_WIDTH * width * long
}

/// True when an end of the guide lies in a patch, or at its border, and at a port of the device.
fn leads_to_port(world: &World, guide: usize, device: usize, patch: &BBox, snap: f64) -> bool {
    let window = patch.grown(snap);
    let ports = |i: usize| (world.starts[i]..world.starts[i + 1]).map(|p| world.ports.get(p));
    let optical = |i: usize| ports(i).filter(|p| p.kind == PortKind::Optical);
    optical(guide).filter(|end| window.contains(end.at[0], end.at[1])).any(|end| {
        optical(device).any(|port| (port.at[0] - end.at[0]).abs().max((port.at[1] - end.at[1]).abs()) <= snap)
    })
}
