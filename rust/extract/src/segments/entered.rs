//! Guides that enter a row of boxes: they end up to a gap before the first box.

use std::f64::consts::PI;

use rustc_hash::FxHashMap;
use waveguard_geom::transform::wrap_angle;
use waveguard_geom::{BBox, GridIndex};

use crate::cells::CellPlan;
use crate::devices::Proto;
use crate::pins::LocalPort;
use crate::place::Placed;
use crate::plan::Plan;
use crate::recipe::PortKind;

/// A port in the frame of its top.
struct Other {
    top: usize,
    port: LocalPort,
    /// It is that of a row, which would move to the first one while that moves to it.
    is_row: bool,
}

/// Moves ports of rows to the ends of guides that face them across no more than a gap: light passes it as it passes
/// those between the boxes.
pub(super) fn settle(
    plan: &Plan,
    cells: &[CellPlan],
    devices: &[Placed],
    is_gone: &[bool],
    rows: &mut FxHashMap<usize, Proto>,
) {
    let gap_max = plan.dbu(plan.recipe.segments.gap_max_nm);
    let tolerances = &plan.recipe.tolerances;
    let snap = plan.dbu(tolerances.snap_nm);
    let mut others: Vec<Other> = Vec::new();
    let mut add = |proto: &Proto, placed: &Placed, is_row: bool| {
        let optical = proto.ports.iter().filter(|p| p.kind == PortKind::Optical && !p.direction_rad.is_nan());
        others.extend(optical.map(|p| Other {
            top: placed.top.index(),
            port: p.transformed(&placed.transform),
            is_row,
        }));
    };
    for (i, placed) in devices.iter().enumerate() {
        match rows.get(&i) {
            Some(row) => add(row, placed, true),
            None if is_gone[i] => {}
            None => add(&cells[placed.cell.index()].protos[placed.proto], placed, false),
        }
    }
    let places: Vec<BBox> = others.iter().map(|o| BBox { min: o.port.at, max: o.port.at }).collect();
    let index = GridIndex::new(&places, 4.0 * gap_max);
    for (device, placed) in devices.iter().enumerate() {
        let Some(row) = rows.get_mut(&device) else { continue };
        let (Some(back), Some(guide)) = (placed.transform.inverse(), &row.guide) else { continue };
        let scale = placed.transform.magnification();
        // Within the last gap the row may turn as it does elsewhere, and both ends are rounded.
        let curvature = 1.0 / (guide.trace.min_radius * scale);
        let grid = guide.trace.grid * scale;
        let pitch = guide.segments.map_or(0.0, |s| s.pitch * scale);
        for port in &mut row.ports {
            let own = port.transformed(&placed.transform);
            let mut best: Option<(f64, usize)> = None;
            index.candidates(&BBox { min: own.at, max: own.at }.grown(gap_max + snap), |k| {
                let other = &others[k];
                // The end of a guide shows its direction better than a few boxes do.
                let (sin, cos) = (other.port.direction_rad + PI).sin_cos();
                let d = [other.port.at[0] - own.at[0], other.port.at[1] - own.at[1]];
                let (ahead, aside) = (d[0] * cos + d[1] * sin, (d[1] * cos - d[0] * sin).abs());
                let turned = wrap_angle(other.port.direction_rad - own.direction_rad + PI).abs();
                let most_turned = tolerances.angle_rad + other.port.slack_rad + curvature * (ahead.abs() + pitch);
                let is_met = other.top == placed.top.index()
                    && turned <= most_turned
                    && aside <= snap + grid + curvature * ahead * ahead / 2.0
                    && (-snap..=gap_max).contains(&ahead);
                if is_met && best.is_none_or(|b| (ahead, k) < b) {
                    best = Some((ahead, k));
                }
            });
            if let Some((_, k)) = best.filter(|(ahead, k)| *ahead > 0.0 && !others[*k].is_row) {
                let [x, y] = others[k].port.at;
                port.at = back.apply(x, y);
                port.direction_rad = back.apply_angle(wrap_angle(others[k].port.direction_rad + PI));
            }
        }
    }
}
