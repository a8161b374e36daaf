//! Guides drawn as a row of separate boxes: segmented, or sub-wavelength, guides.
//!
//! Boxes that follow each other at gaps far below the wavelength guide light as one strip does: the row is one guide
//! with the centre-line through its boxes. Gap and pitch up to which that holds are given in the plan. Rows beside each
//! other on both sides are an array, which guides nothing; teeth wider than any guide are a grating. Both stay what
//! they are without this.

mod boxes;
mod entered;
mod rows;
mod traced;

use std::sync::Arc;

use rustc_hash::FxHashMap;
use waveguard_base::CellId;
use waveguard_geom::BBox;
use waveguard_layout::Repetition;

use crate::cells::{CellPlan, Leftover};
use crate::devices::Proto;
use crate::drawn::guide_proto;
use crate::place::{Placed, Placements, Rest};
use crate::plan::Plan;
use crate::shapes::Shapes;

/// How a segmented guide is divided, in dbu.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Segments {
    /// Number of boxes.
    pub count: u32,
    /// Mean distance from box to box along the guide.
    pub pitch: f64,
    /// Smallest and largest distance.
    pub pitches: [f64; 2],
    /// Smallest and largest gap between two boxes.
    pub gaps: [f64; 2],
    /// Part of the length that is box.
    pub duty: f64,
}

/// Largest extent of a box, in dbu; 0 when no rows are looked for.
fn largest(plan: &Plan) -> f64 {
    let segments = &plan.recipe.segments;
    if segments.gap_max_nm <= 0.0 {
        return 0.0;
    }
    let widest = plan.recipe.guides.iter().fold(0.0, |w: f64, g| w.max(g.width_max_nm));
    plan.dbu(widest.hypot(segments.pitch_max_nm))
}

/// True for a box no larger than one of a row may be.
pub fn is_small(plan: &Plan, bbox: &BBox) -> bool {
    (bbox.max[0] - bbox.min[0]).max(bbox.max[1] - bbox.min[1]) <= largest(plan)
}

/// True for a shape that may be a box of a row.
pub(crate) fn may_be_box(plan: &Plan, proto: &Proto) -> bool {
    largest(plan) > 0.0 && boxes::may_be(plan, proto)
}

/// True for a box that may be one of a row however often it is drawn: most of what is drawn that often is fill.
pub fn is_thin(plan: &Plan, bbox: &BBox) -> bool {
    let [w, h] = [0, 1].map(|k: usize| bbox.max[k] - bbox.min[k]);
    is_small(plan, bbox) && w.min(h) <= plan.dbu(plan.recipe.segments.pitch_max_nm)
}

/// True for a lattice whose boxes have neighbours as near as those of a row on all four sides: an array.
pub fn is_array(plan: &Plan, repetition: &Repetition) -> bool {
    let Repetition::Grid { columns, rows, v1, v2 } = repetition else { return false };
    let near = largest(plan) + plan.dbu(plan.recipe.segments.gap_max_nm);
    *columns > 1 && *rows > 2 && v1[0].hypot(v1[1]) <= near && v2[0].hypot(v2[1]) <= near
}

/// For each cell whether it may be a box of a row, however often it is placed.
pub fn boxes_of_rows(plan: &Plan, core_box: &[BBox], placements: &[u64]) -> Vec<bool> {
    let most = plan.recipe.limits.segments;
    let mut may_be: Vec<bool> =
        core_box.iter().zip(placements).map(|(b, n)| !b.is_empty() && *n <= most && is_thin(plan, b)).collect();
    for (cell, below) in plan.layout.cells.iter().zip(&plan.below) {
        let lattices = below.lattices.iter().map(|&k| &cell.references[k]);
        for r in lattices.filter(|r| is_array(plan, &r.repetition)) {
            may_be[r.target.index()] = false;
        }
    }
    may_be
}

/// Puts one guide in place of the boxes of each row. What is left of cells that were only walked for this is counted
/// as before.
pub fn unite(plan: &Plan, shapes: &Shapes, cells: &mut [CellPlan], all: &mut Placements) {
    let found = boxes::find(plan, shapes, cells, &all.devices);
    let rows = rows::find(plan, &found);
    let mut guides: FxHashMap<usize, Proto> = FxHashMap::default();
    let mut is_gone = vec![false; if found.is_empty() { 0 } else { all.devices.len() }];
    for row in &rows {
        let first = row.boxes.iter().map(|&k| found[k].device).min();
        let Some((first, guide)) = first.and_then(|f| Some((f, traced::guide(plan, &found, row, &all.devices[f])?)))
        else {
            continue;
        };
        let frame = &all.devices[first].transform;
        let mut core_area = vec![0.0; plan.recipe.core_layers.len()];
        for &k in &row.boxes {
            is_gone[found[k].device] = true;
            let placed = &all.devices[found[k].device];
            let scale = (placed.transform.magnification() / frame.magnification()).powi(2);
            let own = &cells[placed.cell.index()].protos[placed.proto].core_area;
            core_area.iter_mut().zip(own).for_each(|(sum, area)| *sum += area * scale);
        }
        let layer = Some(found[row.boxes[0]].layer);
        guides.insert(first, Proto { core_area, layer, ..guide_proto(Arc::new(guide)) });
    }
    if !guides.is_empty() {
        entered::settle(plan, cells, &all.devices, &is_gone, &mut guides);
    }
    let mut rest: FxHashMap<(CellId, CellId), usize> = FxHashMap::default();
    let devices = std::mem::take(&mut all.devices);
    for (i, placed) in devices.into_iter().enumerate() {
        if let Some(proto) = guides.remove(&i) {
            let cell = &mut cells[placed.cell.index()];
            cell.protos.push(proto);
            all.devices.push(Placed { proto: cell.protos.len() - 1, ..placed });
            continue;
        }
        if is_gone.get(i).copied().unwrap_or(false) {
            continue;
        }
        let Some(what) = left_over(cells, &placed) else {
            all.devices.push(placed);
            continue;
        };
        let k = *rest.entry((placed.top, placed.cell)).or_insert(all.rest.len());
        match all.rest.get_mut(k) {
            Some(known) => known.what.add(&what),
            None => all.rest.push(Rest { top: placed.top, cell: placed.cell, what, shape: None }),
        }
    }
}

/// A box of a cell that is placed too often to be looked at for anything but rows.
fn left_over(cells: &[CellPlan], placed: &Placed) -> Option<Leftover> {
    let cell = &cells[placed.cell.index()];
    let proto = &cell.protos[placed.proto];
    cell.only_for_rows.then(|| Leftover {
        bbox: proto.bbox.transformed(&placed.transform),
        area: proto.core_area.iter().sum::<f64>() * placed.transform.magnification().powi(2),
        count: 1,
        reason: "placed too often to be traced",
    })
}
