//! Guides that end right before the teeth of a grating: it is entered there.

use std::f64::consts::PI;

use waveguard_geom::transform::wrap_angle;
use waveguard_geom::{BBox, GridIndex};

use super::gratings::{FEWEST_TEETH, TOOTH_NM};
use super::{GRATING_REACH_NM, Outline, of};
use crate::cells::CellPlan;
use crate::pins::{LocalPort, PortSource};
use crate::place::Placed;
use crate::plan::Plan;

/// A guide that feeds a grating is as wide as this part of its teeth: before a narrower one the taper is missing.
const WIDE: f64 = 0.5;
/// A bent tooth is longer than it is across by no more than this.
const BENT: f64 = 1.2;

/// True when there are enough guides as short as the teeth of a grating are, and one wide enough for them.
pub(super) fn may_be(plan: &Plan, cells: &[CellPlan], devices: &[Placed]) -> bool {
    let free = || {
        let guides = devices.iter().map(|placed| (of(cells, placed), placed.transform.magnification()));
        guides.filter(|(proto, _)| proto.is_free()).filter_map(|(proto, scale)| Some((proto.guide.as_ref()?, scale)))
    };
    let widest = free().flat_map(|(guide, scale)| guide.trace.ends.map(|end| end.width * scale)).fold(0.0, f64::max);
    // A tooth is hardly longer than it is across.
    let longest = plan.dbu(TOOTH_NM).min(BENT * widest / WIDE);
    free().filter(|(guide, scale)| guide.trace.length * scale <= longest).nth(FEWEST_TEETH - 1).is_some()
}

/// Adds, to gratings of teeth alone that nothing enters, the ends of guides before their teeth.
pub(super) fn add(
    plan: &Plan,
    cells: &[CellPlan],
    devices: &[Placed],
    outlines: &[Outline],
    groups: &[Vec<usize>],
    ports: &mut [Vec<LocalPort>],
) {
    let is_tooth = |&k: &usize| of(cells, &devices[outlines[k].device]).guide.is_some();
    let is_row = |group: &&Vec<usize>| group.len() >= FEWEST_TEETH && group.iter().all(is_tooth);
    let teeth: Vec<usize> = groups.iter().filter(is_row).flatten().copied().collect();
    if teeth.is_empty() {
        return;
    }
    let mut is_of_row = vec![false; devices.len()];
    for &k in &teeth {
        is_of_row[outlines[k].device] = true;
    }
    let reach = plan.dbu(GRATING_REACH_NM);
    let boxes: Vec<BBox> = teeth.iter().map(|&k| outlines[k].bbox).collect();
    let index = GridIndex::new(&boxes, 4.0 * reach);
    for (device, placed) in devices.iter().enumerate().filter(|(device, _)| !is_of_row[*device]) {
        let proto = of(cells, placed);
        if !proto.is_free() || proto.guide.is_none() {
            continue;
        }
        for end in proto.ports.iter().map(|port| port.transformed(&placed.transform)) {
            let mut nearest: Option<(f64, usize)> = None;
            index.candidates(&BBox { min: end.at, max: end.at }.grown(reach), |i| {
                let tooth = &outlines[teeth[i]];
                if devices[tooth.device].top == devices[device].top
                    && let Some(ahead) = before(&end, &tooth.rings[0])
                    && ahead <= reach
                    && nearest.is_none_or(|(least, _)| ahead < least)
                {
                    nearest = Some((ahead, teeth[i]));
                }
            });
            if let Some((_, k)) = nearest {
                let direction_rad = wrap_angle(end.direction_rad + PI);
                ports[k].push(LocalPort { direction_rad, source: PortSource::Junction, section: None, ..end });
            }
        }
    }
}

/// How far ahead of an end a tooth crosses its way; `None` for one that is much longer than the end is wide.
fn before(end: &LocalPort, tooth: &[[f64; 2]]) -> Option<f64> {
    let (sin, cos) = end.direction_rad.sin_cos();
    let seen = |p: &[f64; 2]| {
        let d = [p[0] - end.at[0], p[1] - end.at[1]];
        [d[0] * cos + d[1] * sin, d[1] * cos - d[0] * sin]
    };
    let line: Vec<[f64; 2]> = tooth.iter().map(seen).collect();
    let [first, last] = [line.first()?, line.last()?];
    if end.width < WIDE * (last[1] - first[1]).abs() {
        return None;
    }
    let crossing = line.windows(2).find(|pair| pair[0][1] * pair[1][1] <= 0.0)?;
    let [[s, b], [t, c]] = [crossing[0], crossing[1]];
    let ahead = if (b - c).abs() > 0.0 { s + (t - s) * b / (b - c) } else { s.min(t) };
    (ahead > 0.0).then_some(ahead)
}
