//! Drawn junctions worked out again with the guides that enter them.
//!
//! A tool may cut a layout in pieces anywhere, next to a junction or in it. What a piece of a junction is by itself says
//! little: with the guides that enter it, a junction has the same arms wherever it was cut off.

use std::sync::Arc;

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::{between, caps_of, entries, hint, in_frame, of, outlines};
use crate::cells::CellPlan;
use crate::devices::Proto;
use crate::drawn::{self, Region};
use crate::place::{Placed, Placements};
use crate::plan::Plan;
use crate::trace::CapHint;

/// Entries this near to each other in the frame of their shape are the same, in dbu.
const SAME: f64 = 1e-3;

/// A drawn shape with the guides that enter it, in its own frame.
struct Entered {
    region: Arc<Region>,
    entries: Vec<CapHint>,
}

/// What tells shapes that are entered alike: the region, and the entries by number.
type Key = (*const Region, Vec<[i64; 4]>);

/// Replaces the parts of drawn shapes that guides enter by those they have with these guides.
pub(super) fn work_out(plan: &Plan, cells: &mut [CellPlan], all: &mut Placements) {
    let devices = &all.devices;
    let mut outlines = outlines(cells, devices);
    outlines.retain(|o| {
        let own = of(cells, &devices[o.device]);
        own.is_free() && own.region.is_some()
    });
    if outlines.is_empty() {
        return;
    }
    // Regions of several bodies are worked out once, with what enters any of them.
    let mut number: FxHashMap<(usize, u32, *const Region), usize> = FxHashMap::default();
    let mut entered: Vec<(usize, Entered)> = Vec::new();
    let caps = caps_of(plan, cells, devices, &outlines);
    for (outline, ports) in outlines.iter().zip(entries(plan, cells, devices, &outlines, &caps)) {
        let placed = &devices[outline.device];
        let Some(region) = of(cells, placed).region.clone() else { continue };
        // A slice of a guide, whichever way it was cut, is no junction.
        if between(plan, cells, placed, &ports).is_some() {
            continue;
        }
        let own: Vec<CapHint> = ports.iter().filter_map(|p| in_frame(p, &placed.transform)).map(|p| hint(&p)).collect();
        if own.is_empty() {
            continue;
        }
        let key = (placed.top.index(), placed.copy, Arc::as_ptr(&region));
        let k = *number.entry(key).or_insert_with(|| {
            entered.push((outline.device, Entered { region, entries: Vec::new() }));
            entered.len() - 1
        });
        entered[k].1.entries.extend(own);
    }
    let mut first: FxHashMap<Key, usize> = FxHashMap::default();
    let mut unique: Vec<&Entered> = Vec::new();
    let of_entered: Vec<usize> = entered
        .iter()
        .map(|(_, one)| {
            *first.entry(key(one)).or_insert_with(|| {
                unique.push(one);
                unique.len() - 1
            })
        })
        .collect();
    let found: Vec<Option<Vec<Proto>>> =
        unique.par_iter().map(|one| drawn::entered(plan, &one.region, &one.entries)).collect();
    replace(cells, all, &number, &entered, &of_entered, &found);
}

fn key(one: &Entered) -> Key {
    let number = |v: f64| (v / SAME).round() as i64;
    let entries = one.entries.iter().map(|e| [e.x, e.y, e.direction_rad, e.width].map(number)).collect();
    (Arc::as_ptr(&one.region), entries)
}

/// Puts what was found in place of all parts of the same region.
fn replace(
    cells: &mut [CellPlan],
    all: &mut Placements,
    number: &FxHashMap<(usize, u32, *const Region), usize>,
    entered: &[(usize, Entered)],
    of_entered: &[usize],
    found: &[Option<Vec<Proto>>],
) {
    let mut protos: FxHashMap<(usize, usize), usize> = FxHashMap::default();
    let mut is_done = vec![false; entered.len()];
    let devices = std::mem::take(&mut all.devices);
    for placed in devices {
        let region = of(cells, &placed).region.as_ref().map(Arc::as_ptr);
        let k = region.and_then(|r| number.get(&(placed.top.index(), placed.copy, r)).copied());
        let Some((k, parts)) = k.and_then(|k| found[of_entered[k]].as_ref().map(|parts| (k, parts))) else {
            all.devices.push(placed);
            continue;
        };
        if std::mem::replace(&mut is_done[k], true) {
            continue;
        }
        let cell = placed.cell.index();
        let first = *protos.entry((cell, of_entered[k])).or_insert_with(|| {
            cells[cell].protos.extend(parts.iter().cloned());
            cells[cell].protos.len() - parts.len()
        });
        all.devices.extend((first..first + parts.len()).map(|proto| Placed { proto, ..placed }));
    }
}
