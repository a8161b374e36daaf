//! References, the order of cells, and the boxes of cells. Nothing here recurses: a file may nest a
//! million cells.

use std::sync::Arc;

use waveguard_base::{CellId, Watch};
use waveguard_geom::{BBox, MAX_COORDINATE, Point, Transform};

use super::notes::{Notes, code};
use super::repetitions::{Repetitions, copies_box};
use super::shapes::{Polygons, in_range};
use super::{LayoutColumns, LayoutError};
use crate::model::{Cell, Reference};

/// Magnifications may multiply up to this, and down to its inverse: the size of the coordinate range.
const MAX_MAGNIFICATION: f64 = MAX_COORDINATE as f64;

/// Fills `references` of the cells with what resolves.
pub(super) fn add_references(
    columns: &LayoutColumns,
    repetitions: &Repetitions,
    cells: &mut [Cell],
    notes: &mut Notes,
) {
    for (i, &cell) in columns.ref_cell.iter().enumerate() {
        let cell = cell as usize;
        let at = [columns.ref_xy[2 * i], columns.ref_xy[2 * i + 1]];
        let Ok(target) = usize::try_from(columns.ref_target[i]) else {
            notes.add(code::MISSING_CELL, cell, &columns.ref_name[i], Some(at));
            continue;
        };
        let target_name = notes.name(target).to_owned();
        let (rotation_rad, magnification) = (columns.ref_rotation_rad[i], columns.ref_magnification[i]);
        let Some(origin) = Point::from_f64(at[0], at[1]) else {
            notes.add(code::BEYOND_RANGE, cell, &target_name, Some(at));
            continue;
        };
        if !rotation_rad.is_finite() {
            notes.add(code::BAD_ROTATION, cell, &target_name, Some(at));
            continue;
        }
        if !(1.0 / MAX_MAGNIFICATION..=MAX_MAGNIFICATION).contains(&magnification) {
            notes.add(code::BAD_MAGNIFICATION, cell, &target_name, Some(at));
            continue;
        }
        if repetitions.is_bad(columns.ref_rep[i]) {
            notes.add(code::BAD_REPETITION, cell, &target_name, Some(at));
        }
        let mirror = columns.ref_mirror[i] != 0;
        let (x, y) = (f64::from(origin.x), f64::from(origin.y));
        cells[cell].references.push(Reference {
            target: CellId::from(target),
            transform: Transform::new(x, y, rotation_rad, magnification, mirror),
            repetition: Arc::clone(repetitions.get(columns.ref_rep[i])),
        });
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Colour {
    New,
    Open,
    Done,
}

/// Removes the references that close a cycle and returns the cells bottom up. The walk starts at cells that
/// nobody places; of cells that only cycles reach, at the first in the file.
pub(super) fn order(cells: &mut [Cell], notes: &mut Notes) -> Vec<CellId> {
    let n = cells.len();
    let is_placed = is_placed(cells);
    let mut colour = vec![Colour::New; n];
    let mut bottom_up = Vec::with_capacity(n);
    let mut closing: Vec<(usize, usize)> = Vec::new();
    let unplaced_first = (0..n).filter(|&c| !is_placed[c]).chain((0..n).filter(|&c| is_placed[c]));
    for root in unplaced_first {
        if colour[root] != Colour::New {
            continue;
        }
        colour[root] = Colour::Open;
        let mut stack = vec![(root, 0)];
        while let Some((cell, next)) = stack.last_mut() {
            let Some(r) = cells[*cell].references.get(*next) else {
                colour[*cell] = Colour::Done;
                bottom_up.push(CellId::from(*cell));
                stack.pop();
                continue;
            };
            let (from, number, to) = (*cell, *next, r.target.index());
            *next += 1;
            match colour[to] {
                Colour::New => {
                    colour[to] = Colour::Open;
                    stack.push((to, 0));
                }
                Colour::Open => closing.push((from, number)),
                Colour::Done => {}
            }
        }
    }
    drop_closing(cells, closing, notes);
    bottom_up
}

/// Cells that no reference places, in file order. Asked when all that is wrong is left out: what only such
/// references place (a cycle among them) is a top, so that nothing drawn goes unlooked at.
pub(super) fn tops(cells: &[Cell]) -> Vec<CellId> {
    let is_placed = is_placed(cells);
    (0..cells.len()).filter(|&c| !is_placed[c]).map(CellId::from).collect()
}

fn is_placed(cells: &[Cell]) -> Vec<bool> {
    let mut is_placed = vec![false; cells.len()];
    for r in cells.iter().flat_map(|c| &c.references) {
        is_placed[r.target.index()] = true;
    }
    is_placed
}

fn drop_closing(cells: &mut [Cell], mut closing: Vec<(usize, usize)>, notes: &mut Notes) {
    closing.sort_unstable();
    for group in closing.chunk_by(|a, b| a.0 == b.0) {
        let from = group[0].0;
        let mut doomed = group.iter().map(|&(_, number)| number).peekable();
        let mut number = 0;
        cells[from].references.retain(|r| {
            let drop = doomed.next_if_eq(&number).is_some();
            number += 1;
            if drop {
                let target = notes.name(r.target.index()).to_owned();
                notes.add(code::REFERENCE_CYCLE, from, &target, Some(r.transform.d));
            }
            !drop
        });
    }
}

/// How a cell looks to those that place it.
#[derive(Clone, Copy)]
struct Extent {
    /// Polygons and spines, its own and those placed in it.
    drawn: BBox,
    /// The same with texts and origins of placed cells: nothing in the cell has a position outside.
    all: BBox,
    /// Range of the products of magnifications from the cell down.
    magnification: [f64; 2],
}

/// Box of each cell with all that is placed in it. Leaves out references that reach beyond the range of
/// coordinates, so that every position in every frame fits the grid.
pub(super) fn boxes(
    cells: &mut [Cell],
    bottom_up: &[CellId],
    polygons: &Polygons,
    notes: &mut Notes,
    watch: &Watch,
) -> Result<Vec<BBox>, LayoutError> {
    let unseen = Extent { drawn: BBox::EMPTY, all: BBox::EMPTY, magnification: [1.0; 2] };
    let mut extents = vec![unseen; cells.len()];
    for &id in bottom_up {
        watch.check()?;
        let cell = &mut cells[id.index()];
        let mut extent = own_extent(cell, polygons);
        cell.references.retain(|r| {
            let inner = &extents[r.target.index()];
            let mut all = inner.all;
            all.add(0.0, 0.0);
            let all = copies_box(&r.repetition, &all.transformed(&r.transform));
            let scale = r.transform.magnification();
            let magnification = inner.magnification.map(|m| m * scale);
            let reason = if magnification[1] > MAX_MAGNIFICATION || magnification[0] < 1.0 / MAX_MAGNIFICATION {
                code::BAD_MAGNIFICATION
            } else if in_range(&all) {
                extent.all.add_box(&all);
                extent.drawn.add_box(&copies_box(&r.repetition, &inner.drawn.transformed(&r.transform)));
                let [low, high] = extent.magnification;
                extent.magnification = [low.min(magnification[0]), high.max(magnification[1])];
                return true;
            } else {
                code::BEYOND_RANGE
            };
            let target = notes.name(r.target.index()).to_owned();
            notes.add(reason, id.index(), &target, Some(r.transform.d));
            false
        });
        extents[id.index()] = extent;
        watch.advance(1);
    }
    Ok(extents.into_iter().map(|e| e.drawn).collect())
}

fn own_extent(cell: &Cell, polygons: &Polygons) -> Extent {
    let mut drawn = BBox::EMPTY;
    for b in &polygons.boxes[cell.polygons.clone()] {
        drawn.add_box(b);
    }
    let mut all = drawn;
    for path in &cell.paths {
        let b = copies_box(&path.repetition, &BBox::of_points(&path.spine));
        all.add_box(&b);
        if path.outline.is_none() {
            drawn.add_box(&b);
        }
    }
    for label in &cell.labels {
        all.add_box(&copies_box(&label.repetition, &BBox::of_points(&[label.at])));
    }
    Extent { drawn, all, magnification: [1.0; 2] }
}
