//! Every cell worked out once: devices with ports and traced guides, free guides, and what is left over.

use std::sync::Arc;

use rayon::prelude::*;
use waveguard_base::{CellId, Problem, Watch};
use waveguard_geom::{BBox, Point, Transform, region, ring};

use crate::breaks;
use crate::devices::{self, DeviceSource, Proto, Role};
use crate::drawn::Drawn;
use crate::error::ExtractError;
use crate::facts::{Facts, Sums};
use crate::free::Free;
use crate::guides::{self, Guide};
use crate::odd;
use crate::pins::{LocalPort, PortSource};
use crate::plan::Plan;
use crate::recipe::{CellRole, PortKind};
use crate::segments;
use crate::shapes::Shapes;
use crate::split::{self, Group};
use crate::uneven::{self, Limits, Outline};

/// Core shapes of a cell that belong to no device and no guide.
#[derive(Clone, Debug)]
pub struct Leftover {
    /// Box of all copies, in dbu.
    pub bbox: BBox,
    /// Area of all copies, in dbu².
    pub area: f64,
    /// Number of copies.
    pub count: u64,
    /// Why.
    pub reason: &'static str,
}

impl CellPlan {
    /// Adds a device in the frame of the cell.
    fn add(&mut self, proto: Proto) {
        let number = self.protos.len();
        self.instances.push(Instance { proto: number, shift: [0.0; 2], origin: [0.0; 2], is_first: true });
        self.protos.push(proto);
    }
}

impl Leftover {
    /// Takes another one in; the reason stays.
    pub fn add(&mut self, other: &Self) {
        self.bbox.add_box(&other.bbox);
        self.area += other.area;
        self.count = self.count.saturating_add(other.count);
    }
}

/// What one placement of a cell stands for.
#[derive(Clone, Debug, Default)]
pub struct CellPlan {
    /// Devices that differ.
    pub protos: Vec<Proto>,
    /// Where they are, in drawing order.
    pub instances: Vec<Instance>,
    /// Pins of a circuit cell, or its stated ports: names of places where the circuit ends.
    pub terminals: Vec<LocalPort>,
    /// Core shapes that nothing explains.
    pub leftovers: Vec<Leftover>,
    /// Placed so often that its leftovers are counted, not walked.
    pub counted: bool,
    /// Placed as often, and walked only because it may be the box of a row.
    pub only_for_rows: bool,
}

/// A device in the frame of its cell.
#[derive(Clone, Copy, Debug)]
pub struct Instance {
    /// Its number among the protos of the cell.
    pub proto: usize,
    /// Displacement of the copy.
    pub shift: [f64; 2],
    /// Origin of the proto's frame before that displacement: zero, or the first point of a shape.
    pub origin: [f64; 2],
    /// False for further parts of the same copy of a shape.
    pub is_first: bool,
}

/// All cells worked out.
#[derive(Clone, Debug, Default)]
pub struct WorkedOut {
    /// By cell.
    pub cells: Vec<CellPlan>,
    /// What each outline came to that was drawn in a circuit, by its number among the shapes.
    pub drawn: Vec<Option<Arc<Drawn>>>,
    /// What was wrong.
    pub problems: Vec<Problem>,
}

/// One piece of independent work.
#[derive(Clone, Debug)]
enum Task {
    /// A device cell.
    Device(CellId),
    /// A device that was flattened into a circuit cell.
    Part(CellId, Group),
    /// An outline drawn in circuit cells.
    Free(usize),
}

#[derive(Debug, Default)]
struct Done {
    proto: Option<Proto>,
    problems: Vec<Problem>,
    /// Where it differs from its other side, each with what it looks like.
    uneven: Vec<([usize; 2], Problem)>,
}

/// What came of a task.
enum Outcome {
    Device(CellId, Done),
    Free(usize, Drawn),
}

/// Works all cells out that are placed in a circuit. `placements` is the number of placements of each.
///
/// # Errors
/// When the watch asks to stop.
pub fn work_out(
    plan: &Plan,
    shapes: &Shapes,
    facts: &[Facts],
    sums: &Sums,
    roles: &[Role],
    placements: &[u64],
    watch: &Watch,
) -> Result<WorkedOut, ExtractError> {
    let layout = plan.layout;
    let mut cells: Vec<CellPlan> = vec![CellPlan::default(); layout.cells.len()];
    let device_below = layout.subtree_any(|c| roles[c.index()] == Role::Device);
    let mut tasks: Vec<Task> = Vec::new();
    let mut problems = Vec::new();
    let mut free = Free::new(plan, shapes);
    let of_rows = segments::boxes_of_rows(plan, &sums.core_box, placements);
    for i in 0..layout.cells.len() {
        let cell = CellId::from(i);
        if placements[i] == 0 || roles[i] == Role::Ignored {
            continue;
        }
        if roles[i] == Role::Device {
            tasks.push(Task::Device(cell));
            continue;
        }
        let stated = devices::stated_ports(plan, cell);
        if placements[i] > plan.recipe.limits.free_placements && !device_below[i] {
            if !of_rows[i] {
                cells[i].counted = true;
                cells[i].leftovers.extend(counted(plan, facts, cell));
                continue;
            }
            cells[i].only_for_rows = true;
        }
        let parts = split::split(plan, shapes, cell, &facts[i]);
        problems.extend(parts.problems);
        let odd = odd::find(plan, &facts[i].markers, &parts.groups).into_iter();
        problems.extend(
            odd.map(|at| Problem::at("shape-in-device", &plan.layout.cell(cell).name, at[0], at[1], String::new())),
        );
        cells[i].terminals = if stated.is_empty() { parts.loose } else { stated };
        tasks.extend(parts.groups.into_iter().map(|g| Task::Part(cell, g)));
        free.add(cell, parts.free);
    }
    tasks.extend(free.outlines().map(Task::Free));
    watch.enter(2, tasks.len() as u64);
    let done: Result<Vec<Outcome>, ExtractError> = tasks
        .par_iter()
        .map(|task| {
            watch.check()?;
            let done = match task {
                Task::Device(cell) => Outcome::Device(*cell, device(plan, facts, sums, *cell)),
                Task::Part(cell, group) => Outcome::Device(*cell, part(plan, facts, *cell, group)),
                Task::Free(outline) => Outcome::Free(*outline, free.trace(*outline)),
            };
            watch.advance(1);
            Ok(done)
        })
        .collect();
    let mut uneven = Vec::new();
    for outcome in done? {
        match outcome {
            Outcome::Device(cell, done) => {
                uneven.extend(done.uneven);
                let cell_plan = &mut cells[cell.index()];
                if let Some(proto) = done.proto {
                    cell_plan.add(proto);
                }
                problems.extend(done.problems);
            }
            Outcome::Free(outline, drawn) => free.set(outline, drawn),
        }
    }
    problems.extend(uneven::alone(uneven));
    let drawn = free.place(&mut cells);
    // No more rows than this many are worth sorting; a cell with many shapes and placements has one for
    // each reason.
    let limits = &plan.recipe.limits;
    let most_rows = limits.free_placements.saturating_mul(limits.unexplained_rows as u64);
    for (cell, n) in cells.iter_mut().zip(placements) {
        if (cell.leftovers.len() as u64).saturating_mul(*n) > most_rows {
            cell.leftovers = merged(std::mem::take(&mut cell.leftovers));
        }
    }
    Ok(WorkedOut { cells, drawn, problems })
}

/// One leftover for each reason, in order of first appearance.
fn merged(leftovers: Vec<Leftover>) -> Vec<Leftover> {
    let mut out: Vec<Leftover> = Vec::new();
    for l in leftovers {
        match out.iter_mut().find(|o| o.reason == l.reason) {
            Some(o) => o.add(&l),
            None => out.push(l),
        }
    }
    out
}

/// All core shapes of a cell as one leftover.
fn counted(plan: &Plan, facts: &[Facts], cell: CellId) -> Option<Leftover> {
    let own = &facts[cell.index()];
    let shapes = plan.layout.polygons(cell).filter(|p| plan.is_core[p.layer.index()]);
    let count: u64 = shapes.map(|p| p.repetition.len()).fold(0, u64::saturating_add);
    let area = own.core_area.iter().sum();
    (count > 0).then_some(Leftover { bbox: own.core_box, area, count, reason: "placed too often to be traced" })
}

fn device(plan: &Plan, facts: &[Facts], sums: &Sums, cell: CellId) -> Done {
    let mut done = Done::default();
    let own = &facts[cell.index()];
    let ports = devices::ports(plan, facts, sums, cell, &mut done.problems);
    let wants_rings = may_be_guide(plan, cell, &ports) || own.markers.is_empty();
    let most = plan.recipe.limits.guide_shapes;
    let rings = if wants_rings { devices::rings(plan, sums, cell, most) } else { devices::Rings::default() };
    let guide = guide(plan, cell, &ports, &rings, &mut done.problems);
    let broken_at = if guide.is_none() { broken_at(plan, cell, &ports, &rings) } else { None };
    let source = if ports.iter().any(|p| p.source == PortSource::Metadata) {
        DeviceSource::Metadata
    } else if own.markers.is_empty() && plan.stated_role(cell) != CellRole::Auto {
        DeviceSource::Name
    } else {
        DeviceSource::Marker
    };
    let mut bbox = devices::markers_box(&own.markers);
    let outline = if !own.markers.is_empty() {
        own.markers.clone()
    } else if rings.cut_short {
        Vec::new()
    } else {
        rings.rings.into_iter().map(|r| r.1).collect()
    };
    for other in [sums.core_box[cell.index()], plan.layout.bbox(cell)] {
        bbox = if bbox.is_empty() { other } else { bbox };
    }
    let core_area = sums.core_area[cell.index()].clone();
    let guide = guide.map(Arc::new);
    done.proto = Some(Proto {
        ports,
        outline,
        bbox,
        guide,
        source,
        core_area,
        junction: None,
        region: None,
        shape: None,
        layer: None,
        reason: None,
        broken_at,
        lost: Vec::new(),
        shapes: Arc::default(),
    });
    done
}

/// A device that was flattened into the cell.
fn part(plan: &Plan, facts: &[Facts], cell: CellId, group: &Group) -> Done {
    let mut done = Done::default();
    let mut core_area = vec![0.0; plan.recipe.core_layers.len()];
    let mut rings = devices::Rings::default();
    for copy in &group.shapes {
        let shape = plan.layout.polygon(copy.polygon);
        if let Some(k) = plan.core_number(shape.layer) {
            core_area[k] += ring::area(shape.points);
        }
        if plan.is_guide[shape.layer.index()] {
            let t = Transform::shift(copy.shift[0], copy.shift[1]);
            let moved: Option<Vec<Point>> = shape.points.iter().map(|&p| t.apply_point(p)).collect();
            rings.rings.extend(moved.map(|r| (shape.layer, r)));
        }
    }
    rings.cut_short = rings.rings.len() > plan.recipe.limits.guide_shapes;
    let ports = devices::without_repeats(plan, cell, group.ports.clone(), &mut done.problems);
    let guide = if group.is_no_guide { None } else { guide(plan, cell, &ports, &rings, &mut done.problems) };
    let is_broken = guide.is_none() && !group.is_no_guide;
    let broken_at = if is_broken { broken_at(plan, cell, &ports, &rings) } else { None };
    if guide.is_none() && !rings.cut_short {
        done.uneven = uneven_places(plan, cell, &ports, &rings);
    }
    let marker = &facts[cell.index()].markers[group.ring];
    done.proto = Some(Proto {
        ports,
        outline: vec![marker.clone()],
        bbox: BBox::of_points(marker),
        guide: guide.map(Arc::new),
        source: DeviceSource::Marker,
        core_area,
        junction: None,
        region: None,
        shape: None,
        layer: None,
        reason: None,
        broken_at,
        lost: Vec::new(),
        shapes: Arc::new(rings.rings),
    });
    done
}

/// Where a flattened device differs from its other side.
fn uneven_places(plan: &Plan, cell: CellId, ports: &[LocalPort], rings: &devices::Rings) -> Vec<([usize; 2], Problem)> {
    let mut out = Vec::new();
    for &layer in &plan.guide_layers {
        let own: Vec<&[Point]> = rings.rings.iter().filter(|r| r.0 == layer).map(|r| r.1.as_slice()).collect();
        if own.is_empty() {
            continue;
        }
        let region = region::union(&own);
        let odd = Outline::new(&region).and_then(|outline| outline.odd(ports, Limits::new(plan)));
        out.extend(odd.map(|at| {
            let name = &plan.layout.cell(cell).name;
            let look = [ports.len(), region.iter().map(Vec::len).sum()];
            (look, Problem::at(uneven::CODE, name, at[0], at[1], String::new()))
        }));
    }
    out
}

/// Two optical ports, and nobody says that it is something else.
fn may_be_guide(plan: &Plan, cell: CellId, ports: &[LocalPort]) -> bool {
    plan.stated_role(cell) != CellRole::Device && ports.iter().filter(|p| p.kind == PortKind::Optical).count() == 2
}

/// Where the core of what may be a guide does not go on.
fn broken_at(plan: &Plan, cell: CellId, ports: &[LocalPort], rings: &devices::Rings) -> Option<[f64; 2]> {
    let mut optical = ports.iter().filter(|p| p.kind == PortKind::Optical);
    let ends = [optical.next()?, optical.next()?];
    if rings.cut_short || !may_be_guide(plan, cell, ports) { None } else { breaks::find(plan, &rings.rings, ends) }
}

fn guide(
    plan: &Plan,
    cell: CellId,
    ports: &[LocalPort],
    rings: &devices::Rings,
    problems: &mut Vec<Problem>,
) -> Option<Guide> {
    let optical: Vec<&LocalPort> = ports.iter().filter(|p| p.kind == PortKind::Optical).collect();
    let traced = if !may_be_guide(plan, cell, ports) {
        Err("not two optical ports")
    } else if rings.cut_short {
        Err("too many shapes")
    } else {
        let named = plan.entry(cell).and_then(|e| e.guide.as_deref());
        let stated = named.and_then(|g| plan.recipe.section_named(g));
        guides::of_device(plan, &rings.rings, [optical[0], optical[1]], stated)
    };
    let is_named = plan.stated_role(cell) == CellRole::Guide;
    match traced {
        // A grating with a marker around it is a device, as it is with a name.
        Ok(found) if !is_named && guides::has_teeth(&found.trace) => None,
        Ok(found) => Some(found),
        Err(reason) => {
            // A device that is no guide is nothing special, unless it should be one.
            if is_named {
                problems.push(Problem::of_cell("guide-not-traced", &plan.layout.cell(cell).name, reason));
            }
            None
        }
    }
}
