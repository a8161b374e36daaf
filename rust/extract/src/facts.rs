//! What each cell holds by itself and below, read once per cell whatever the number of placements.

use rayon::prelude::*;
use waveguard_base::{CellId, Problem, Watch};
use waveguard_geom::{BBox, Point, Transform};
use waveguard_layout::Repetition;

use crate::error::ExtractError;
use crate::markers;
use crate::pins::{self, Copies, Pin};
use crate::plan::Plan;
use crate::shapes::{self, Shapes};

/// What a cell holds by itself.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Pins, repetitions expanded.
    pub pins: Vec<Pin>,
    /// Marker rings, repetitions expanded.
    pub markers: Vec<Vec<Point>>,
    /// Core area in dbu² of each layer of the recipe's `core_layers`.
    pub core_area: Vec<f64>,
    /// Box of the core shapes.
    pub core_box: BBox,
    /// What was wrong.
    pub problems: Vec<Problem>,
}

/// Sums over a cell and all it places.
#[derive(Clone, Debug)]
pub struct Sums {
    /// Core area in dbu² by layer, for each cell.
    pub core_area: Vec<Vec<f64>>,
    /// Box of the core shapes, for each cell.
    pub core_box: Vec<BBox>,
    /// There are pins.
    pub any_pins: Vec<bool>,
    /// There are shapes on layers of guides.
    pub any_guide_shapes: Vec<bool>,
}

/// Reads all cells in parallel.
///
/// # Errors
/// When the watch asks to stop.
pub fn read(plan: &Plan, shapes: &Shapes, watch: &Watch) -> Result<Vec<Facts>, ExtractError> {
    watch.enter(1, plan.layout.cells.len() as u64);
    (0..plan.layout.cells.len())
        .into_par_iter()
        .map(|i| {
            watch.check()?;
            let facts = of_cell(plan, shapes, CellId::from(i));
            watch.advance(1);
            Ok(facts)
        })
        .collect()
}

fn of_cell(plan: &Plan, shapes: &Shapes, cell: CellId) -> Facts {
    let mut facts = Facts { core_area: vec![0.0; plan.recipe.core_layers.len()], ..Facts::default() };
    let mut budget = Copies::new(plan);
    for polygon in plan.layout.polygons(cell) {
        let layer = polygon.layer.index();
        let shape = shapes.of(polygon.index).filter(|_| plan.is_core[layer]);
        if let (Some(shape), Some(k)) = (shape, plan.core_number(polygon.layer)) {
            facts.core_area[k] += shape.area * polygon.repetition.len() as f64;
        }
        if plan.is_marker[layer] && polygon.points.len() >= 3 {
            budget.each(polygon.repetition, |d| {
                let moved: Option<Vec<Point>> = polygon
                    .points
                    .iter()
                    .map(|p| Point::from_f64(f64::from(p.x) + d[0], f64::from(p.y) + d[1]))
                    .collect();
                facts.markers.extend(moved);
            });
        }
    }
    facts.core_box = core_box(plan, shapes, cell);
    facts.pins = pins::read(plan, cell, &mut budget, &mut facts.problems);
    let reach = plan.dbu(plan.recipe.tolerances.marker_edge_nm).max(1.0);
    facts.markers = markers::united(std::mem::take(&mut facts.markers), &facts.pins, reach);
    budget.report(plan, cell, &mut facts.problems);
    facts
}

/// Box of the core shapes. A flat layout has all of them in one cell, so they are shared among threads.
fn core_box(plan: &Plan, shapes: &Shapes, cell: CellId) -> BBox {
    plan.layout
        .cell(cell)
        .polygons
        .clone()
        .into_par_iter()
        .with_min_len(POLYGONS_A_TURN)
        .map(|i| plan.layout.polygon(i))
        .filter(|polygon| plan.is_core[polygon.layer.index()])
        .filter_map(|polygon| {
            let own = shapes.of(polygon.index)?.bbox_at(shapes::origin(polygon.points));
            Some(repeated(&own, polygon.repetition))
        })
        .reduce(
            || BBox::EMPTY,
            |mut all, own| {
                all.add_box(&own);
                all
            },
        )
}

/// Polygons a thread takes at once.
const POLYGONS_A_TURN: usize = 4096;

/// References a thread takes at once.
const REFERENCES_A_TURN: usize = 4096;

/// The box of all copies.
pub fn repeated(b: &BBox, repetition: &Repetition) -> BBox {
    let mut all = BBox::EMPTY;
    let mut add = |d: [f64; 2]| all.add_box(&b.transformed(&Transform::shift(d[0], d[1])));
    match repetition {
        Repetition::Single => return *b,
        Repetition::Grid { columns, rows, .. } => {
            let (c, r) = (columns.saturating_sub(1), rows.saturating_sub(1));
            for corner in [0, c, r * columns, r * columns + c] {
                add(repetition.offset(corner));
            }
        }
        Repetition::Listed(_) => repetition.offsets().for_each(add),
    }
    all
}

/// Adds up areas and boxes over the hierarchy, without walking placements. `left_out` cells count nothing.
pub fn sums(plan: &Plan, facts: &[Facts], left_out: impl Fn(CellId) -> bool) -> Sums {
    let n = facts.len();
    let layers = plan.recipe.core_layers.len();
    let mut core_area = vec![vec![0.0; layers]; n];
    let mut core_box = vec![BBox::EMPTY; n];
    for &cell in &plan.layout.bottom_up {
        if left_out(cell) {
            continue;
        }
        let i = cell.index();
        let references = &plan.layout.cell(cell).references;
        let mut area = facts[i].core_area.clone();
        for r in references {
            let times = r.repetition.len() as f64 * r.transform.magnification().powi(2);
            area.iter_mut().zip(&core_area[r.target.index()]).for_each(|(a, b)| *a += times * b);
        }
        core_area[i] = area;
        let with = |mut all: BBox, b: &BBox| {
            all.add_box(b);
            all
        };
        let outline = references
            .par_iter()
            .with_min_len(REFERENCES_A_TURN)
            .map(|r| repeated(&core_box[r.target.index()].transformed(&r.transform), &r.repetition))
            .fold(|| facts[i].core_box, |all, b| with(all, &b))
            .reduce(|| facts[i].core_box, |all, b| with(all, &b));
        core_box[i] = outline;
    }
    let any_pins = plan.layout.subtree_any(|c| !facts[c.index()].pins.is_empty());
    let is_guide = |c: CellId| plan.layout.polygons(c).any(|polygon| plan.is_guide[polygon.layer.index()]);
    Sums { core_area, core_box, any_pins, any_guide_shapes: plan.layout.subtree_any(is_guide) }
}
