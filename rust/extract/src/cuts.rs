//! What was left out because a bound of the plan was reached: never silently, always with number and place.

use std::collections::BTreeMap;

use waveguard_base::{CellId, Problem};
use waveguard_layout::Layout;

/// Devices that were not placed.
pub const NOT_PLACED: &str = "not-placed";
/// Ports around which there were too many others to look at all.
pub const PORTS_TOO_DENSE: &str = "ports-too-dense";
/// Guides whose neighbours were not all looked at.
pub const RUNS_NOT_SOUGHT: &str = "runs-not-sought";
/// Guides whose crossings were not all looked for.
pub const CROSSINGS_NOT_SOUGHT: &str = "crossings-not-sought";
/// Devices whose overlaps were not all looked for.
pub const OVERLAPS_NOT_SOUGHT: &str = "overlaps-not-sought";
/// Copies of pins, markers or shapes of a cell that were not read.
pub const COPIES_NOT_READ: &str = "copies-not-read";
/// Pins of a device that were not read.
pub const PINS_NOT_READ: &str = "pins-not-read";

/// Cuts in the frames of tops; those of one kind in one top are one problem, with the place of the first.
#[derive(Debug, Default)]
pub struct Cuts {
    found: BTreeMap<(&'static str, &'static str, usize), ([f64; 2], u64)>,
}

impl Cuts {
    /// Notes that `count` objects were not looked at because of the field `limit` of the plan's limits.
    pub fn add(&mut self, code: &'static str, limit: &'static str, top: usize, at_nm: [f64; 2], count: u64) {
        let (_, sum) = self.found.entry((code, limit, top)).or_insert((at_nm, 0));
        *sum = sum.saturating_add(count);
    }

    /// True when nothing was left out.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Adds those of another part of the work.
    pub fn extend(&mut self, other: Self) {
        for ((code, limit, top), (at_nm, count)) in other.found {
            self.add(code, limit, top, at_nm, count);
        }
    }

    /// As problems, in order of code, limit and top.
    pub fn problems(&self, layout: &Layout) -> Vec<Problem> {
        let one = |(&(code, limit, top), &(at_nm, count)): (&(&'static str, &'static str, usize), &([f64; 2], u64))| {
            let [x, y] = at_nm.map(|v| v / layout.dbu_nm);
            let cell = &layout.cell(CellId::from(top)).name;
            Problem { count, ..Problem::at(code, cell, x, y, format!("limits.{limit}")) }
        };
        self.found.iter().map(one).collect()
    }
}
