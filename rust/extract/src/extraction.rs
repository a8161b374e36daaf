//! The whole extraction: cells once, then the network of what they place, into tables.

use std::fmt::{self, Debug, Formatter};
use std::sync::OnceLock;

use waveguard_base::{CellId, Problem, Table, Watch};
use waveguard_layout::Layout;

use crate::blocks;
use crate::cells::{self, CellPlan};
use crate::coverage::{self, Totals};
use crate::devices::{self, Role};
use crate::effort;
use crate::error::ExtractError;
use crate::facts::{self, Facts};
use crate::flat;
use crate::found::{Found, Network};
use crate::place::{self, Placed, Rest};
use crate::plan::Plan;
use crate::ports::Ports;
use crate::recipe::{CellRole, Recipe};
use crate::shapes::Shapes;
use crate::slab;
use crate::small;
use crate::tables::{
    NearMissRow, NearMisses, OverlapRow, Overlaps, ShapeBesideRow, ShapesBeside, TerminalRow, Terminals,
};

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

    /// True when the network was found cell by cell, not device by device.
    pub fn is_by_cells(&self) -> bool {
        self.found.is_by_cells()
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

/// What there is to put together, and with what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Job<'a> {
    pub plan: &'a Plan<'a>,
    pub shapes: &'a Shapes,
    pub sums: &'a facts::Sums,
    pub roles: &'a [Role],
    /// Cells below which there is something to place.
    pub wanted: &'a [bool],
    pub tops: &'a [CellId],
    pub watch: &'a Watch,
}

/// The network, and the tables that are written at once.
pub(crate) struct Outcome {
    pub cells: Vec<CellPlan>,
    pub network: Network,
    pub near_misses: Vec<NearMissRow>,
    pub shapes_beside: Vec<ShapeBesideRow>,
    pub overlaps: Vec<OverlapRow>,
    pub terminals: Vec<TerminalRow>,
    /// Sums over the devices of each top.
    pub totals: Vec<Totals>,
    pub rest: Vec<Rest>,
    pub problems: Vec<Problem>,
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

    let wanted = place::wanted(&plan, &worked.cells);
    let job = Job { plan: &plan, shapes: &shapes, sums: &sums, roles: &roles, wanted: &wanted, tops: &tops, watch };
    let outcome = match blocks::find(job, &worked)? {
        Some(outcome) => outcome,
        None => flat::find(job, worked)?,
    };
    problems.extend(outcome.problems);
    let mut cells = outcome.cells;
    // Where shapes are was needed until they were placed.
    for cell in &mut cells {
        (cell.instances, cell.leftovers) = (Vec::new(), Vec::new());
    }
    let width_nm = recipe.tolerances.width_nm + layout.dbu_nm;
    let mut found = Found::new(layout.dbu_nm, cells, width_nm, outcome.network);
    found.slabs = slab::find(&plan, &found, &mut problems, watch)?;
    watch.enter(5, 1);
    let (coverage, unexplained) = coverage::tables(&plan, &sums, &tops, &outcome.totals, outcome.rest);
    let small = vec![
        NearMisses::of(outcome.near_misses).into_table(),
        ShapesBeside::of(outcome.shapes_beside).into_table(),
        Overlaps::of(outcome.overlaps).into_table(),
        Terminals::of(outcome.terminals).into_table(),
        coverage.into_table(),
        unexplained.into_table(),
        small::problem_table(layout, problems).into_table(),
    ];
    watch.advance(1);
    Ok(Extraction::new(found, small))
}

/// What the tables are written from.
#[derive(Clone, Copy, Debug)]
pub struct World<'a> {
    /// Size of the grid.
    pub dbu_nm: f64,
    /// What each cell holds.
    pub cells: &'a [CellPlan],
    /// The devices.
    pub placed: &'a [Placed],
    /// Their ports.
    pub ports: &'a Ports,
    /// First port of each device; one more than devices.
    pub starts: &'a [usize],
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
