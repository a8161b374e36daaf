//! Every cell worked out once: devices with ports and traced guides, free guides, and what is left over.

use rayon::prelude::*;
use rustc_hash::FxHashMap;
use waveguard_base::{CellId, Problem, Watch};
use waveguard_geom::transform::wrap_angle;
use waveguard_geom::{BBox, Point, region, ring};

use crate::devices::{self, DeviceSource, Proto, Role};
use crate::error::ExtractError;
use crate::facts::{Facts, Sums, repeated};
use crate::guides;
use crate::pins::{LocalPort, PortSource};
use crate::plan::Plan;
use crate::recipe::{CellRole, PortKind};

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
    pub reason: String,
}

/// What one placement of a cell stands for.
#[derive(Clone, Debug, Default)]
pub struct CellPlan {
    /// Devices, in drawing order.
    pub protos: Vec<Proto>,
    /// Pins of a circuit cell, or its stated ports: names of places where the circuit ends.
    pub terminals: Vec<LocalPort>,
    /// Core shapes that nothing explains.
    pub leftovers: Vec<Leftover>,
    /// Placed so often that its leftovers are counted, not walked.
    pub counted: bool,
}

/// One piece of independent work.
#[derive(Clone, Copy, Debug)]
enum Task {
    /// A device cell.
    Device(CellId),
    /// A polygon of a circuit cell.
    Free(CellId, usize),
}

#[derive(Debug, Default)]
struct Done {
    proto: Option<Proto>,
    leftover: Option<Leftover>,
    problems: Vec<Problem>,
}

/// Works all cells out that are placed in a circuit. `placements` is the number of placements of each.
///
/// # Errors
/// When the watch asks to stop.
pub fn work_out(
    plan: &Plan,
    facts: &[Facts],
    sums: &Sums,
    roles: &[Role],
    placements: &[u64],
    watch: &Watch,
) -> Result<(Vec<CellPlan>, Vec<Problem>), ExtractError> {
    let layout = plan.layout;
    let mut cells: Vec<CellPlan> = vec![CellPlan::default(); layout.cells.len()];
    let device_below = layout.subtree_any(|c| roles[c.index()] == Role::Device);
    let mut tasks: Vec<Task> = Vec::new();
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
        cells[i].terminals = if stated.is_empty() { own_pins(&facts[i]) } else { stated };
        if placements[i] > plan.recipe.limits.free_placements && !device_below[i] {
            cells[i].counted = true;
            cells[i].leftovers.extend(counted(plan, facts, cell));
            continue;
        }
        tasks.extend(
            layout
                .polygons(cell)
                .filter(|p| plan.is_core[p.layer.index()] || plan.is_guide[p.layer.index()])
                .map(|p| Task::Free(cell, p.index)),
        );
    }
    let spines = spine_lengths(plan);
    watch.enter(2, tasks.len() as u64);
    let done: Result<Vec<(CellId, Done)>, ExtractError> = tasks
        .par_iter()
        .map(|task| {
            watch.check()?;
            let done = match *task {
                Task::Device(cell) => (cell, device(plan, facts, sums, cell)),
                Task::Free(cell, polygon) => (cell, free(plan, cell, polygon, spines.get(&polygon).copied())),
            };
            watch.advance(1);
            Ok(done)
        })
        .collect();
    let mut problems = Vec::new();
    for (cell, done) in done? {
        let cell_plan = &mut cells[cell.index()];
        cell_plan.protos.extend(done.proto);
        cell_plan.leftovers.extend(done.leftover);
        problems.extend(done.problems);
    }
    Ok((cells, problems))
}

fn own_pins(facts: &Facts) -> Vec<LocalPort> {
    facts.pins.iter().map(|p| p.settled(&facts.markers, &facts.core_box)).collect()
}

/// All core shapes of a cell as one leftover.
fn counted(plan: &Plan, facts: &[Facts], cell: CellId) -> Option<Leftover> {
    let own = &facts[cell.index()];
    let shapes = plan.layout.polygons(cell).filter(|p| plan.is_core[p.layer.index()]);
    let count: u64 = shapes.map(|p| p.repetition.len()).fold(0, u64::saturating_add);
    let area = own.core_area.iter().sum();
    (count > 0).then(|| Leftover {
        bbox: own.core_box,
        area,
        count,
        reason: "placed too often to be traced".to_owned(),
    })
}

fn device(plan: &Plan, facts: &[Facts], sums: &Sums, cell: CellId) -> Done {
    let mut done = Done::default();
    let own = &facts[cell.index()];
    let ports = devices::ports(plan, facts, sums, cell, &mut done.problems);
    let entry = plan.entry(cell);
    let role = plan.stated_role(cell);
    let optical: Vec<&LocalPort> = ports.iter().filter(|p| p.kind == PortKind::Optical).collect();
    let name = &plan.layout.cell(cell).name;
    let may_be_guide = role != CellRole::Device && optical.len() == 2;
    let wants_rings = may_be_guide || own.markers.is_empty();
    let most = plan.recipe.limits.guide_shapes;
    let rings = if wants_rings { devices::rings(plan, sums, cell, most) } else { devices::Rings::default() };
    let mut guide = None;
    if may_be_guide && !rings.cut_short {
        let stated = entry.and_then(|e| e.guide.as_deref()).and_then(|g| plan.recipe.section_named(g));
        match guides::of_device(plan, &rings.rings, [optical[0], optical[1]], stated) {
            Ok(found) => guide = Some(found),
            Err(reason) if role == CellRole::Guide => {
                done.problems.push(Problem::of_cell("guide-not-traced", name, reason));
            }
            Err(_) => {}
        }
    } else if role == CellRole::Guide {
        let reason =
            if rings.cut_short { "too many shapes".to_owned() } else { format!("{} optical ports", optical.len()) };
        done.problems.push(Problem::of_cell("guide-not-traced", name, reason));
    }
    let source = if ports.iter().any(|p| p.source == PortSource::Metadata) {
        DeviceSource::Metadata
    } else if own.markers.is_empty() && role != CellRole::Auto {
        DeviceSource::Name
    } else {
        DeviceSource::Marker
    };
    let outline = if own.markers.is_empty() {
        if rings.cut_short { Vec::new() } else { rings.rings.into_iter().map(|r| r.1).collect() }
    } else {
        own.markers.clone()
    };
    let outline = region::union(&outline);
    let mut bbox = devices::markers_box(&own.markers);
    if bbox.is_empty() {
        bbox = sums.core_box[cell.index()];
    }
    if bbox.is_empty() {
        bbox = plan.layout.bbox(cell);
    }
    done.proto = Some(Proto {
        cell,
        copies: vec![[0.0; 2]],
        ports,
        outline,
        bbox,
        guide,
        source,
        core_area: sums.core_area[cell.index()].iter().sum(),
    });
    done
}

/// Lengths of the spines of PATH elements by the number of their outline.
fn spine_lengths(plan: &Plan) -> FxHashMap<usize, f64> {
    let length = |spine: &[Point]| spine.windows(2).map(|w| (w[0].distance_sq(w[1]) as f64).sqrt()).sum();
    let paths = plan.layout.cells.iter().flat_map(|c| &c.paths).filter(|p| plan.is_guide[p.layer.index()]);
    paths.filter_map(|p| p.outline.map(|o| (o, length(&p.spine)))).collect()
}

fn free(plan: &Plan, cell: CellId, polygon: usize, spine_length: Option<f64>) -> Done {
    let mut done = Done::default();
    let shape = plan.layout.polygon(polygon);
    let area = ring::area(shape.points);
    let bbox = BBox::of_points(shape.points);
    let copies = shape.repetition.len();
    let guide = if !plan.is_guide[shape.layer.index()] {
        Err("no guides on this layer".to_owned())
    } else if copies > plan.recipe.limits.free_placements {
        Err("placed too often to be traced".to_owned())
    } else {
        guides::of_shape(plan, shape.layer, shape.points, spine_length.unwrap_or(f64::NAN))
    };
    match guide {
        Ok(guide) => {
            let ports = guide
                .trace
                .ends
                .iter()
                .map(|end| LocalPort {
                    name: String::new(),
                    at: [end.x, end.y],
                    direction_rad: wrap_angle(end.direction_rad),
                    width: end.width,
                    kind: PortKind::Optical,
                    oriented: true,
                    source: PortSource::GuideEnd,
                    section: guide.section,
                })
                .collect();
            done.proto = Some(Proto {
                cell,
                copies: shape.repetition.offsets().collect(),
                ports,
                outline: Vec::new(),
                bbox,
                guide: Some(guide),
                source: if spine_length.is_some() { DeviceSource::Spine } else { DeviceSource::Drawn },
                core_area: if plan.is_core[shape.layer.index()] { area } else { 0.0 },
            });
        }
        Err(reason) if plan.is_core[shape.layer.index()] => {
            done.leftover = Some(Leftover {
                bbox: repeated(&bbox, shape.repetition),
                area: area * copies as f64,
                count: copies,
                reason,
            });
        }
        Err(_) => {}
    }
    done
}
