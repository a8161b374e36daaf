//! What is drawn between the ports of a device that lies over guides.

use rustc_hash::FxHashSet;
use waveguard_geom::BBox;

use super::hits::Hit;
use super::{Ground, Measured, SAME};

/// What lies in a device between its ports.
#[derive(Debug, Default)]
pub(super) struct Inside {
    /// Guide by its device, and from where to where along it.
    pub(super) stretches: Vec<(usize, [f64; 2])>,
    /// Drawn places where guides meet.
    pub(super) junctions: Vec<usize>,
}

/// A way along a guide: the guide, where it begins, and whether it leads away from the first end.
type Way = (usize, f64, bool);

/// Pieces of a drawing that are followed from one port.
const MOST_WAYS: usize = 256;

/// Follows guides from a port into its device until each way ends at a port of the device or in the device; `None`
/// when one leaves it elsewhere.
pub(super) fn within<'a>(
    ground: &Ground<'a>,
    start: &Hit,
    hits: &[Hit],
    measured: &mut Measured<'a>,
) -> Option<Inside> {
    let device = start.device;
    let room = room(ground, device);
    let mut found = Inside::default();
    let mut seen: FxHashSet<(usize, u64, bool)> = FxHashSet::default();
    let mut open: Vec<Way> = vec![(start.guide, start.s, !start.is_along)];
    let mut junctions: FxHashSet<usize> = FxHashSet::default();
    while let Some((guide, from, is_on)) = open.pop() {
        if !seen.insert((guide, from.to_bits(), is_on)) {
            continue;
        }
        if seen.len() > MOST_WAYS {
            return None;
        }
        let along = ground.along(guide, measured)?;
        let ahead = |s: f64| if is_on { s - from } else { from - s };
        let exit = hits
            .iter()
            .filter(|h| h.guide == guide && h.is_along == is_on && ahead(h.s) >= -SAME)
            .map(|h| h.s)
            .min_by(|a, b| ahead(*a).total_cmp(&ahead(*b)));
        let end = exit.unwrap_or(if is_on { along.length() } else { 0.0 });
        let stretch = [from.min(end), from.max(end)];
        let is_empty = stretch[1] - stretch[0] <= SAME;
        if !is_empty {
            let t = &ground.devices[guide].transform;
            let is_inside = |p: &[f64; 3]| {
                let [x, y] = t.apply(p[0], p[1]);
                room.contains(x, y)
            };
            if !along.line(stretch[0], stretch[1]).iter().all(is_inside) {
                return None;
            }
            found.stretches.push((guide, stretch));
        }
        if exit.is_some() {
            continue;
        }
        let port = ground.optical(guide).nth(usize::from(is_on))?;
        let Some(other) = ground.joined.partner(port) else {
            // An end that was drawn somewhat too long is a joint that was missed, and a guide may end in a device.
            let scale = ground.devices[guide].transform.magnification();
            let tail = (stretch[1] - stretch[0]) * scale;
            if tail <= ground.plan.dbu(ground.plan.recipe.tolerances.near_miss_nm) {
                return None;
            }
            continue;
        };
        let next = ground.ports.device(other);
        if next == device {
            continue;
        }
        if ground.proto(next).guide.is_some() {
            open.push(entered(ground, next, other)?);
            continue;
        }
        let own = ground.proto(next);
        let bbox = own.bbox.transformed(&ground.devices[next].transform);
        let is_inside = room.covers(&bbox);
        if !own.is_free() || !is_inside {
            return None;
        }
        if junctions.insert(next) {
            found.junctions.push(next);
            for way in ground.optical(next).filter(|&p| p != other).filter_map(|p| ground.joined.partner(p)) {
                let guide = ground.ports.device(way);
                if guide != device {
                    open.push(entered(ground, guide, way)?);
                }
            }
        }
    }
    Some(found)
}

/// The way along a guide from one of its ports.
fn entered(ground: &Ground, guide: usize, port: usize) -> Option<Way> {
    let length = ground.proto(guide).guide.as_ref()?.trace.length;
    let is_first = ground.optical(guide).next() == Some(port);
    Some((guide, if is_first { 0.0 } else { length }, is_first))
}

/// The box of a device and its ports, with room for guides that enter it.
fn room(ground: &Ground, device: usize) -> BBox {
    let nm = ground.plan.layout.dbu_nm;
    let mut room = ground.proto(device).bbox.transformed(&ground.devices[device].transform);
    let mut half: f64 = 0.0;
    for port in ground.optical(device) {
        let [x, y] = ground.ports.at(port).map(|v| v / nm);
        room.add(x, y);
        half = half.max(ground.ports.width_nm(port) / nm / 2.0);
    }
    room.grown(half.max(ground.plan.dbu(ground.plan.recipe.tolerances.marker_edge_nm)))
}
