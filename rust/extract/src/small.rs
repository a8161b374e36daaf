//! Tables that are written at once: they have few rows, or say what went wrong.

use rustc_hash::FxHashMap;
use waveguard_base::{Problem, Watch};
use waveguard_geom::{BBox, GridIndex};
use waveguard_layout::Layout;

use crate::cuts::{self, Cuts};
use crate::error::ExtractError;
use crate::extraction::World;
use crate::facts::Sums;
use crate::merge::{CopyId, Merged};
use crate::near;
use crate::nets::Joined;
use crate::overlaps::{self, Outline, drawn_guides};
use crate::pins::PortSource;
use crate::place::PlacedTerminal;
use crate::plan::Plan;
use crate::ports::Ports;
use crate::recipe::PortKind;
use crate::strays::Beside;
use crate::tables::{NearMissRow, OverlapRow, ProblemRow, Problems, ShapeBesideRow, TerminalRow};
use crate::write::Guides;

/// Names of the places where circuits end, with the device port that lies there.
pub(crate) fn terminals(
    plan: &Plan,
    placed: &[PlacedTerminal],
    ports: &Ports,
    joined: &Joined,
    problems: &mut Vec<Problem>,
    cuts: &mut Cuts,
) -> Vec<TerminalRow> {
    let mut rows = Vec::new();
    if placed.is_empty() {
        return rows;
    }
    let nm = plan.layout.dbu_nm;
    let snap = plan.recipe.tolerances.snap_nm;
    let boxes: Vec<BBox> = ports.places().iter().map(|&at| BBox { min: at, max: at }).collect();
    let index = GridIndex::new(&boxes, plan.recipe.tolerances.near_miss_nm);
    for t in placed {
        let at = t.port.at.map(|v| v * nm);
        let mut best: Option<(bool, usize)> = None;
        let mut seen = 0;
        let seen_all = index.candidates_while(&BBox { min: at, max: at }.grown(snap), |i| {
            seen += 1;
            let p = ports.get(i);
            let near = (p.at[0] - at[0]).hypot(p.at[1] - at[1]) <= snap;
            let turned = waveguard_geom::transform::wrap_angle(p.direction_rad - t.port.direction_rad).abs();
            let fits = turned.is_nan() || turned <= plan.recipe.tolerances.angle_rad || !t.port.oriented || !p.oriented;
            if near && fits && p.top == t.top.index() && p.kind == t.port.kind {
                let rank = (joined.partner(i).is_some(), i);
                if best.is_none_or(|b| rank < b) {
                    best = Some(rank);
                }
            }
            seen < plan.recipe.limits.ports_nearby
        });
        if !seen_all {
            cuts.add(cuts::PORTS_TOO_DENSE, "ports_nearby", t.top.index(), at, 1);
        }
        if t.of_top {
            rows.push(TerminalRow {
                top: t.top.index() as i64,
                name: t.port.name.clone(),
                port: best.map_or(-1, |(_, i)| i as i64),
                x_nm: at[0],
                y_nm: at[1],
                direction_rad: t.port.direction_rad,
                width_nm: t.port.width * nm,
                kind: t.port.kind as u8,
            });
        }
        // Pads have electrical pins and no marker; nothing is wrong with those.
        let drawn = matches!(t.port.source, PortSource::Path | PortSource::Rectangle);
        if best.is_none() && drawn && t.port.kind == PortKind::Optical {
            let cell = &plan.layout.cell(t.cell).name;
            problems.push(Problem::at("loose-pin", cell, t.at_home[0], t.at_home[1], t.port.name.clone()));
        }
    }
    rows
}

/// Devices that lie on each other, and those that were not compared.
///
/// # Errors
/// When the watch asks to stop.
pub(crate) fn overlapping(
    plan: &Plan,
    sums: &Sums,
    world: &World,
    watch: &Watch,
) -> Result<(Vec<OverlapRow>, Cuts), ExtractError> {
    let mut cuts = Cuts::default();
    let nm = world.dbu_nm;
    let tolerances = &plan.recipe.tolerances;
    let proto = |i: usize| &world.cells[world.placed[i].cell.index()].protos[world.placed[i].proto];
    let boxes: Vec<(BBox, usize)> = world
        .placed
        .iter()
        .enumerate()
        .map(|(i, placed)| {
            let p = proto(i);
            let b =
                if p.outline.is_empty() || p.is_free() { BBox::EMPTY } else { p.bbox.transformed(&placed.transform) };
            (b, placed.top.index())
        })
        .collect();
    let outline = |i: usize| {
        let placed = &world.placed[i];
        Outline::placed(&proto(i).outline, &placed.transform, placed.cell.index())
    };
    // Rings of one outline may lie on each other, so each may meet all others.
    let corners = |i: usize| {
        let rings = &proto(i).outline;
        rings.iter().map(|r| r.len() as u64).sum::<u64>().saturating_add((rings.len() as u64).saturating_pow(2))
    };
    let least_area = tolerances.overlap_area_nm2 / (nm * nm);
    let limits = &plan.recipe.limits;
    let bounds = overlaps::Bounds { steps: limits.overlap_steps, rows: limits.overlap_rows };
    let least_depth = tolerances.overlap_depth_nm / nm;
    let mut found = overlaps::find(&boxes, outline, corners, least_area, least_depth, bounds, watch)?;
    let of_guides = drawn_guides::find(plan, sums, world, [least_area, least_depth], bounds, watch)?;
    found.overlaps.extend(of_guides.overlaps);
    found.overlaps.sort_by_key(|o| (o.a, o.b));
    found.cut = found.cut.or(of_guides.cut);
    if let Some((device, limit)) = found.cut {
        let tops = world.placed[device..].iter().map(|p| p.top.index());
        let at_nm = world.placed[device].at.map(|v| v * nm);
        tops.for_each(|top| cuts.add(cuts::OVERLAPS_NOT_SOUGHT, limit, top, at_nm, 1));
    }
    let row = |o: overlaps::Overlap| OverlapRow {
        device_a: o.a as i64,
        device_b: o.b as i64,
        area_nm2: o.area * nm * nm,
        x0_nm: o.bbox.min[0] * nm,
        y0_nm: o.bbox.min[1] * nm,
        x1_nm: o.bbox.max[0] * nm,
        y1_nm: o.bbox.max[1] * nm,
        duplicate: u8::from(o.duplicate),
        outline_only: u8::from(o.outline_only),
    };
    Ok((found.overlaps.into_iter().map(row).collect(), cuts))
}

/// Rows of ports that nearly meet.
pub(crate) fn near_rows(ports: &Ports, misses: &[near::NearMiss]) -> Vec<NearMissRow> {
    let row = |m: &near::NearMiss| NearMissRow {
        port_a: m.a as i64,
        port_b: m.b as i64,
        distance_nm: m.offset.distance_nm,
        gap_nm: m.offset.gap_nm,
        lateral_nm: m.offset.lateral_nm,
        angle_rad: m.offset.angle_rad,
        width_difference_nm: ports.width_nm(m.a) - ports.width_nm(m.b),
    };
    misses.iter().map(row).collect()
}

/// Rows of shapes close beside guides.
pub(crate) fn beside_rows(guides: &Guides, dbu_nm: f64, found: &[Beside]) -> Vec<ShapeBesideRow> {
    let row = |b: &Beside| {
        let waveguide = guides.of_device(b.device)? as i64;
        let [x_nm, y_nm] = b.at.map(|v| v * dbu_nm);
        Some(ShapeBesideRow { waveguide, gap_nm: b.gap * dbu_nm, x_nm, y_nm })
    };
    found.iter().filter_map(row).collect()
}

/// Shapes drawn twice at one place, as overlaps of their first parts.
pub(crate) fn note_twins(world: &World, merged: &Merged, rows: &mut Vec<OverlapRow>) {
    if merged.twins.is_empty() {
        return;
    }
    let nm = world.dbu_nm;
    let mut first: FxHashMap<CopyId, usize> = FxHashMap::default();
    for (i, placed) in world.placed.iter().enumerate() {
        first.entry((placed.top.index(), placed.copy)).or_insert(i);
    }
    let device = |copy: &CopyId| first.get(merged.stands_for.get(copy).unwrap_or(copy)).copied();
    for twins in &merged.twins {
        let Some(a) = device(&twins.first).or_else(|| device(&twins.second)) else { continue };
        let b = device(&twins.second).unwrap_or(a);
        rows.push(OverlapRow {
            device_a: a.min(b) as i64,
            device_b: a.max(b) as i64,
            area_nm2: twins.area * nm * nm,
            x0_nm: twins.bbox.min[0] * nm,
            y0_nm: twins.bbox.min[1] * nm,
            x1_nm: twins.bbox.max[0] * nm,
            y1_nm: twins.bbox.max[1] * nm,
            duplicate: if twins.is_exact { 1 } else { 2 },
            outline_only: 0,
        });
    }
}

/// Equal problems become one row with a count; the place is that of the first.
pub(crate) fn problem_table(layout: &Layout, found: Vec<Problem>) -> Problems {
    let nm = layout.dbu_nm;
    let mut all: Vec<Problem> = layout.problems.clone();
    all.extend(found);
    let mut order: Vec<usize> = (0..all.len()).collect();
    let key = |i: usize| (all[i].code, all[i].cell.as_str(), all[i].subject.as_str());
    order.sort_by(|&i, &j| key(i).cmp(&key(j)).then(i.cmp(&j)));
    let mut table = Problems::default();
    let place = |i: usize| (all[i].x_dbu.to_bits(), all[i].y_dbu.to_bits());
    for group in order.chunk_by(|&i, &j| key(i) == key(j) && place(i) == place(j)) {
        let first = &all[group[0]];
        table.push(ProblemRow {
            code: first.code.to_owned(),
            cell: first.cell.clone(),
            x_nm: first.x_dbu * nm,
            y_nm: first.y_dbu * nm,
            subject: first.subject.clone(),
            count: group.iter().map(|&i| all[i].count as i64).sum(),
        });
    }
    table
}
