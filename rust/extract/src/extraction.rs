//! The whole extraction: cells once, placements, joins, neighbours, coverage — into tables.

use std::fmt::{self, Debug, Formatter};
use std::sync::OnceLock;

use rustc_hash::{FxHashMap, FxHashSet};
use waveguard_base::{CellId, Problem, Table, Watch};
use waveguard_geom::{BBox, GridIndex};
use waveguard_layout::Layout;

use crate::attach;
use crate::cells::{self, CellPlan};
use crate::coverage;
use crate::crossings;
use crate::cuts::{self, Cuts};
use crate::devices::{self, Proto, Role};
use crate::effort::{self, Effort};
use crate::error::ExtractError;
use crate::facts::{self, Facts};
use crate::found::Found;
use crate::junctions;
use crate::lines::{self, Lines};
use crate::merge::{self, CopyId, Merged};
use crate::near;
use crate::neighbours::{self, Search};
use crate::nets::{self, Joined};
use crate::overlaps::{self, Outline};
use crate::pins::PortSource;
use crate::place::{self, Placed, PlacedTerminal, Placements};
use crate::plan::Plan;
use crate::ports::{Alike, Ports};
use crate::recipe::{CellRole, PortKind, Recipe};
use crate::runs;
use crate::shapes::Shapes;
use crate::tables::{
    CrossingRow, Crossings, NearMissRow, NearMisses, OverlapRow, Overlaps, ProblemRow, Problems, TerminalRow, Terminals,
};
use crate::write::Guides;

/// What was found in a layout. Tables with rows for each placement are written when they are asked for.
pub struct Extraction {
    found: Found,
    /// Tables that are there already, which are small.
    small: Vec<Table>,
    /// Tables by their number in [`crate::tables::schemas`], once they were asked for.
    written: Vec<OnceLock<Table>>,
    names: Vec<&'static str>,
}

impl Extraction {
    fn new(found: Found, small: Vec<Table>) -> Self {
        let names: Vec<&'static str> = crate::tables::schemas().iter().map(|s| s.0).collect();
        Self { found, small, written: names.iter().map(|_| OnceLock::new()).collect(), names }
    }

    /// Names of the tables, in the order of [`crate::tables::schemas`].
    pub fn names(&self) -> &[&'static str] {
        &self.names
    }

    /// The tables in the order of [`crate::tables::schemas`].
    pub fn tables(&self) -> Vec<&Table> {
        self.names.iter().filter_map(|name| self.table(name)).collect()
    }

    /// The table of that name; written when it is asked for, and kept.
    pub fn table(&self, name: &str) -> Option<&Table> {
        if let Some(table) = self.small.iter().find(|t| t.name == name) {
            return Some(table);
        }
        let number = self.names.iter().position(|n| *n == name)?;
        // Between two who write at once the first one wins; both write the same.
        if self.written[number].get().is_none() {
            let _ = self.written[number].set(self.found.write(name)?);
        }
        self.written[number].get()
    }

    /// The table of that name, written anew for the caller.
    pub fn write(&self, name: &str) -> Option<Table> {
        self.found.write(name).or_else(|| self.small.iter().find(|t| t.name == name).cloned())
    }
}

impl PartialEq for Extraction {
    fn eq(&self, other: &Self) -> bool {
        self.tables() == other.tables()
    }
}

impl Debug for Extraction {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Extraction").field("tables", &self.tables()).finish()
    }
}

/// Finds devices, ports, guides, joins and neighbours in a layout.
///
/// # Errors
/// [`ExtractError::Recipe`] when the recipe does not fit the layout, [`ExtractError::Interrupted`] when the
/// watch asks to stop.
pub fn extract(layout: &Layout, recipe: &Recipe, watch: &Watch) -> Result<Extraction, ExtractError> {
    recipe.check()?;
    let tops = tops(layout, recipe)?;
    let plan = Plan::new(layout, recipe);
    let shapes = Shapes::new(&plan);
    let facts = facts::read(&plan, &shapes, watch)?;
    let roles = devices::roles(&plan, &facts);
    let sums = facts::sums(&plan, &facts, |c| plan.stated_role(c) == CellRole::Ignore);

    let mut most = vec![0_u64; layout.cells.len()];
    for &top in &tops {
        most.iter_mut().zip(place::counts(&plan, &roles, top)).for_each(|(m, n)| *m = n.max(*m));
    }
    let mut worked = cells::work_out(&plan, &shapes, &facts, &sums, &roles, &most, watch)?;
    let mut problems = std::mem::take(&mut worked.problems);
    problems.extend(seen_problems(&facts, &roles, &most));

    problems.extend(effort::stacks(&plan, &roles, &worked.cells, &most));

    let mut all = Placements::default();
    let (mut left, mut cuts) = (Effort::new(&plan), Cuts::default());
    let wanted = place::wanted(&plan, &worked.cells);
    let ground = place::Ground { plan: &plan, roles: &roles, cells: &worked.cells, wanted: &wanted };
    for &top in &tops {
        let counts = place::counts(&plan, &roles, top);
        let one = place::walk(ground, top, &counts, &mut left, &mut cuts, watch)?;
        all.devices.extend(one.devices);
        all.terminals.extend(one.terminals);
        all.rest.extend(one.rest);
    }

    watch.enter(3, all.devices.len() as u64);
    let merged = merge::merge(&plan, &shapes, &mut worked, &mut all.devices);
    watch.check()?;
    let mut cells = worked.cells;
    let explained = attach::attach(&plan, &mut cells, &mut all);
    watch.check()?;
    let mut alike = Alike::new(&cells, &all.devices);
    let (mut ports, mut starts) = Ports::new(&plan, &cells, &all.devices, &alike);
    let nearby = recipe.limits.ports_nearby;
    let mut joined = nets::join(&ports, &recipe.tolerances, nearby);

    if drop_stubs(&plan, &cells, &mut all, &joined, &starts, &merged) {
        alike = Alike::new(&cells, &all.devices);
        (ports, starts) = Ports::new(&plan, &cells, &all.devices, &alike);
        joined = nets::join(&ports, &recipe.tolerances, nearby);
    }
    for &p in &joined.crowded {
        let port = ports.get(p);
        let cell = &layout.cell(CellId::from(port.top)).name;
        let [x, y] = port.at.map(|v| v / layout.dbu_nm);
        problems.push(Problem::at("many-ports-at-one-point", cell, x, y, ports.name(p)));
    }
    let world = World { plan: &plan, cells: &cells, placed: &all.devices, ports: &ports, starts: &starts };
    let (misses, guides) =
        rayon::join(|| near::find(&ports, &joined, &recipe.tolerances, nearby), || Guides::new(&world, &alike));
    let mut dense: Vec<usize> = joined.cut.iter().chain(&misses.cut).copied().collect();
    dense.sort_unstable();
    dense.dedup();
    for port in dense.iter().map(|&p| ports.get(p)) {
        cuts.add(cuts::PORTS_TOO_DENSE, "ports_nearby", port.top, port.at, 1);
    }
    let terminals = terminals(&plan, &all.terminals, &ports, &joined, &mut problems, &mut cuts);

    let limits = &recipe.limits;
    let search = Search {
        plan: &recipe.runs,
        // How far two gaps may differ that are drawn alike.
        slack_nm: 2.0 * (recipe.trace.line_tolerance_nm + recipe.tolerances.width_nm),
        crossing_end_widths: limits.crossing_end_widths,
        tile_nm: lines::tile_nm(recipe.runs.reach_nm),
        runs: runs::Bounds { piece_pairs: limits.piece_pairs, samples: limits.run_samples },
        crossings: crossings::Bounds { piece_pairs: limits.piece_pairs, rows: limits.crossing_rows },
    };
    let ways = || {
        let (crossed, areas) = rayon::join(
            || junctions::tables(&world, &joined, &guides),
            || coverage::tables(&world, &sums, &tops, &joined, all.rest, &explained),
        );
        (crossed, areas, overlapping(&world, watch))
    };
    let (((junctions, mut crossed), (coverage, unexplained), overlaps), beside) =
        rayon::join(ways, || neighbours::find(&guides.lines, &search, watch));
    let (beside, (mut overlaps, overlaps_cut)) = (beside?, overlaps?);
    note_lines(&mut cuts, &guides.lines, &beside);
    cuts.extend(overlaps_cut);
    note_twins(&world, &merged, &mut overlaps);

    watch.enter(5, 1);
    let near_misses = near_table(&ports, &misses.found);
    add_crossings(&beside.crossings.crossings, &mut crossed);
    problems.extend(cuts.problems(layout));
    let small = vec![
        junctions.into_table(),
        near_misses.into_table(),
        crossed.into_table(),
        overlaps.into_table(),
        terminals.into_table(),
        coverage.into_table(),
        unexplained.into_table(),
        problem_table(layout, problems).into_table(),
    ];
    // Where shapes are was needed until they were placed.
    for cell in &mut cells {
        (cell.instances, cell.leftovers) = (Vec::new(), Vec::new());
    }
    let found = Found {
        dbu_nm: layout.dbu_nm,
        cells,
        placed: all.devices,
        ports,
        starts,
        joined,
        guides,
        runs: beside.runs.runs,
        width_nm: recipe.tolerances.width_nm + layout.dbu_nm,
        routes: OnceLock::new(),
    };
    watch.advance(1);
    Ok(Extraction::new(found, small))
}

/// What the tables are written from.
#[derive(Clone, Copy, Debug)]
pub struct World<'a> {
    /// Layout and recipe.
    pub plan: &'a Plan<'a>,
    /// What each cell holds.
    pub cells: &'a [CellPlan],
    /// The devices.
    pub placed: &'a [Placed],
    /// Their ports.
    pub ports: &'a Ports,
    /// First port of each device; one more than devices.
    pub starts: &'a [usize],
}

/// Guides along which the search was cut.
fn note_lines(cuts: &mut Cuts, lines: &Lines, found: &neighbours::Found) {
    let mut add = |code: &'static str, limit: &'static str, line: usize| {
        cuts.add(code, limit, lines.placed[line].top, lines.first_point(line), 1);
    };
    found.runs.cut.iter().for_each(|&line| add(cuts::RUNS_NOT_SOUGHT, "piece_pairs", line));
    (found.runs.until..lines.placed.len()).for_each(|line| add(cuts::RUNS_NOT_SOUGHT, "run_samples", line));
    found.crossings.cut.iter().for_each(|&line| add(cuts::CROSSINGS_NOT_SOUGHT, "crossing_rows", line));
}

fn tops(layout: &Layout, recipe: &Recipe) -> Result<Vec<CellId>, ExtractError> {
    let n = layout.cells.len();
    if let Some(bad) = recipe.tops.iter().chain(recipe.cells.iter().map(|c| &c.cell)).find(|&&i| i >= n) {
        return Err(ExtractError::Recipe(format!("cell {bad} of {n}")));
    }
    Ok(recipe.tops.iter().map(|&i| CellId::from(i)).collect())
}

/// Problems of reading pins, of cells that matter.
fn seen_problems(facts: &[Facts], roles: &[Role], placements: &[u64]) -> Vec<Problem> {
    facts
        .iter()
        .zip(roles)
        .zip(placements)
        .filter(|((_, role), n)| **n > 0 && **role != Role::Ignored)
        .flat_map(|((f, _), _)| f.problems.iter().cloned())
        .collect()
}

/// Takes drawn shapes that are too short to be guides by themselves, and join nothing, out of the devices.
/// One that lies on its twin, which took its joints, stays: it is reported.
fn drop_stubs(
    plan: &Plan,
    cells: &[CellPlan],
    all: &mut Placements,
    joined: &Joined,
    starts: &[usize],
    merged: &Merged,
) -> bool {
    if !cells.iter().flat_map(|cell| &cell.protos).any(Proto::is_free) {
        return false;
    }
    let twins: FxHashSet<CopyId> = merged.twins.iter().flat_map(|t| [t.first, t.second]).collect();
    let aspect = plan.recipe.limits.free_aspect;
    let mut kept = Vec::with_capacity(all.devices.len());
    let before = all.devices.len();
    for (i, placed) in all.devices.iter().enumerate() {
        let proto = &cells[placed.cell.index()].protos[placed.proto];
        let is_scrap = proto.is_free() && proto.guide.is_none() && proto.ports.is_empty();
        let short = proto.is_free()
            && !twins.contains(&(placed.top.index(), placed.copy))
            && proto.guide.as_ref().is_some_and(|g| g.trace.length < aspect * g.trace.width_max)
            && (starts[i]..starts[i + 1]).all(|p| joined.partner(p).is_none());
        if short || is_scrap {
            let area: f64 = proto.core_area.iter().sum();
            if area > 0.0 {
                all.rest.push(place::Rest {
                    top: placed.top,
                    cell: placed.cell,
                    what: cells::Leftover {
                        bbox: proto.bbox.transformed(&placed.transform),
                        area: area * placed.transform.magnification().powi(2),
                        count: 1,
                        reason: proto.reason.unwrap_or("short and joined to nothing"),
                    },
                });
            }
        } else {
            kept.push(*placed);
        }
    }
    all.devices = kept;
    all.devices.len() < before
}

/// Names of the places where circuits end, with the device port that lies there.
fn terminals(
    plan: &Plan,
    placed: &[PlacedTerminal],
    ports: &Ports,
    joined: &Joined,
    problems: &mut Vec<Problem>,
    cuts: &mut Cuts,
) -> Terminals {
    let mut table = Terminals::default();
    if placed.is_empty() {
        return table;
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
            table.push(TerminalRow {
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
    table
}

fn overlapping(world: &World, watch: &Watch) -> Result<(Overlaps, Cuts), ExtractError> {
    let mut cuts = Cuts::default();
    let nm = world.plan.layout.dbu_nm;
    let tolerances = &world.plan.recipe.tolerances;
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
    let limits = &world.plan.recipe.limits;
    let bounds = overlaps::Bounds { steps: limits.overlap_steps, rows: limits.overlap_rows };
    let found = overlaps::find(&boxes, outline, corners, least_area, tolerances.overlap_depth_nm / nm, bounds, watch)?;
    if let Some((device, limit)) = found.cut {
        let tops = world.placed[device..].iter().map(|p| p.top.index());
        let at_nm = world.placed[device].at.map(|v| v * nm);
        tops.for_each(|top| cuts.add(cuts::OVERLAPS_NOT_SOUGHT, limit, top, at_nm, 1));
    }
    let mut table = Overlaps::default();
    for o in found.overlaps {
        table.push(OverlapRow {
            device_a: o.a as i64,
            device_b: o.b as i64,
            area_nm2: o.area * nm * nm,
            x0_nm: o.bbox.min[0] * nm,
            y0_nm: o.bbox.min[1] * nm,
            x1_nm: o.bbox.max[0] * nm,
            y1_nm: o.bbox.max[1] * nm,
            duplicate: u8::from(o.duplicate),
        });
    }
    Ok((table, cuts))
}

fn near_table(ports: &Ports, misses: &[near::NearMiss]) -> NearMisses {
    let mut table = NearMisses::default();
    for m in misses {
        table.push(NearMissRow {
            port_a: m.a as i64,
            port_b: m.b as i64,
            distance_nm: m.offset.distance_nm,
            gap_nm: m.offset.gap_nm,
            lateral_nm: m.offset.lateral_nm,
            angle_rad: m.offset.angle_rad,
            width_difference_nm: ports.width_nm(m.a) - ports.width_nm(m.b),
        });
    }
    table
}

fn add_crossings(found: &[crossings::Crossing], table: &mut Crossings) {
    for c in found {
        table.push(CrossingRow {
            waveguide_a: c.a as i64,
            waveguide_b: c.b as i64,
            x_nm: c.at[0],
            y_nm: c.at[1],
            angle_rad: c.angle_rad,
        });
    }
}

/// Shapes drawn twice at one place, as overlaps of their first parts.
fn note_twins(world: &World, merged: &Merged, table: &mut Overlaps) {
    if merged.twins.is_empty() {
        return;
    }
    let nm = world.plan.layout.dbu_nm;
    let mut first: FxHashMap<CopyId, usize> = FxHashMap::default();
    for (i, placed) in world.placed.iter().enumerate() {
        first.entry((placed.top.index(), placed.copy)).or_insert(i);
    }
    let device = |copy: &CopyId| first.get(merged.stands_for.get(copy).unwrap_or(copy)).copied();
    for twins in &merged.twins {
        let Some(a) = device(&twins.first).or_else(|| device(&twins.second)) else { continue };
        let b = device(&twins.second).unwrap_or(a);
        table.push(OverlapRow {
            device_a: a.min(b) as i64,
            device_b: a.max(b) as i64,
            area_nm2: twins.area * nm * nm,
            x0_nm: twins.bbox.min[0] * nm,
            y0_nm: twins.bbox.min[1] * nm,
            x1_nm: twins.bbox.max[0] * nm,
            y1_nm: twins.bbox.max[1] * nm,
            duplicate: 1,
        });
    }
}

/// Equal problems become one row with a count; the place is that of the first.
fn problem_table(layout: &Layout, found: Vec<Problem>) -> Problems {
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
