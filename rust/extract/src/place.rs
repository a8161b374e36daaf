//! Placements of what the cells hold, in the frame of the top.

use waveguard_base::{CellId, Interrupted, Watch};
use waveguard_geom::{BBox, Transform};
use waveguard_layout::Reference;
use waveguard_layout::hierarchy::Step;

use crate::cells::{CellPlan, Leftover};
use crate::cuts::{Cuts, NOT_PLACED};
use crate::devices::Role;
use crate::effort::{Effort, kept};
use crate::facts::repeated;
use crate::pins::LocalPort;
use crate::plan::Plan;

/// One placed device.
#[derive(Clone, Copy, Debug)]
pub struct Placed {
    /// Cell of the proto.
    pub cell: CellId,
    /// Its number among the protos of the cell.
    pub proto: usize,
    /// From the frame of the proto to that of the top.
    pub transform: Transform,
    /// Origin of the placement of its cell, in dbu in the frame of the top.
    pub at: [f64; 2],
    /// Depth below the top.
    pub depth: usize,
    /// The top.
    pub top: CellId,
    /// Number of the copy of a drawn shape that it is a part of; a device of its own has one, too.
    pub copy: u32,
}

/// A terminal: a named place at which a circuit ends.
#[derive(Clone, Debug)]
pub struct PlacedTerminal {
    /// Cell that names it.
    pub cell: CellId,
    /// True when the cell is the top itself.
    pub of_top: bool,
    /// Where and what it is, in dbu in the frame of the top.
    pub port: LocalPort,
    /// In the frame of its cell, dbu.
    pub at_home: [f64; 2],
    /// The top.
    pub top: CellId,
}

/// Core shapes that nothing explains, in dbu in the frame of the top.
#[derive(Clone, Debug)]
pub struct Rest {
    /// The top.
    pub top: CellId,
    /// The cell they are drawn in.
    pub cell: CellId,
    /// Box, area, number, reason.
    pub what: Leftover,
    /// The one shape that it is, where that was worked out.
    pub shape: Option<Placed>,
}

/// All that is placed below one top.
#[derive(Debug, Default)]
pub struct Placements {
    /// Devices in walking order.
    pub devices: Vec<Placed>,
    /// Terminals in walking order.
    pub terminals: Vec<PlacedTerminal>,
    /// What nothing explains.
    pub rest: Vec<Rest>,
}

/// Number of placements of every cell below the tops, through circuits only; devices are counted, what is
/// inside them is not.
pub fn counts(plan: &Plan, roles: &[Role], top: CellId) -> Vec<u64> {
    counts_of(plan, roles, top, |cell| &plan.below[cell.index()].targets)
}

/// The same, with so many copies of each cell that a cell places as `targets` says.
pub fn counts_of<'a>(
    plan: &Plan,
    roles: &[Role],
    top: CellId,
    targets: impl Fn(CellId) -> &'a [(CellId, u64)],
) -> Vec<u64> {
    let layout = plan.layout;
    let mut count = vec![0_u64; layout.cells.len()];
    count[top.index()] = 1;
    for &cell in layout.bottom_up.iter().rev() {
        let n = count[cell.index()];
        if n == 0 || roles[cell.index()] != Role::Circuit {
            continue;
        }
        for (target, copies) in targets(cell) {
            let target = &mut count[target.index()];
            *target = target.saturating_add(n.saturating_mul(*copies));
        }
    }
    count
}

/// Cells below which there is something to place.
pub fn wanted(plan: &Plan, cells: &[CellPlan]) -> Vec<bool> {
    plan.layout.subtree_any(|c| {
        let cell = &cells[c.index()];
        !cell.protos.is_empty() || (!cell.counted && (!cell.leftovers.is_empty() || !cell.terminals.is_empty()))
    })
}

/// What the walks over all tops share.
#[derive(Clone, Copy, Debug)]
pub struct Ground<'a> {
    /// Layout and recipe.
    pub plan: &'a Plan<'a>,
    /// Role of each cell.
    pub roles: &'a [Role],
    /// What each cell holds.
    pub cells: &'a [CellPlan],
    /// Result of [`wanted`].
    pub wanted: &'a [bool],
}

impl Ground<'_> {
    /// Copies of a reference that are placed; none where there is nothing of interest.
    pub fn copies(&self, r: &Reference) -> u64 {
        if self.wanted[r.target.index()] { kept(self.plan, self.roles, self.cells, r).0 } else { 0 }
    }

    /// For each cell those it places, with the number of copies that are placed.
    pub fn kept(&self) -> Vec<Vec<(CellId, u64)>> {
        let of_cell = |i: usize| {
            let below = &self.plan.below[i];
            let mut targets = below.targets.clone();
            targets.retain(|(target, _)| self.wanted[target.index()]);
            for &lattice in &below.lattices {
                let r = &self.plan.layout.cell(CellId::from(i)).references[lattice];
                if let Some(own) = targets.iter_mut().find(|(target, _)| *target == r.target) {
                    own.1 -= (r.repetition.len() - self.copies(r)).min(own.1);
                }
            }
            targets
        };
        (0..self.cells.len()).map(of_cell).collect()
    }

    /// True when a cell is looked at where it is placed.
    pub fn is_seen(&self, cell: CellId) -> bool {
        self.wanted[cell.index()] && self.roles[cell.index()] != Role::Ignored
    }

    /// Adds what a cell itself holds, as it is placed; false when that is more than may be placed. `copy` is the
    /// number of the last copy of a shape.
    #[expect(clippy::too_many_arguments, reason = "where, below what, and what is added to")]
    pub fn add_cell(
        &self,
        cell: CellId,
        transform: &Transform,
        depth: usize,
        top: CellId,
        copy: &mut u32,
        effort: &mut Effort,
        out: &mut Placements,
    ) -> bool {
        let own = &self.cells[cell.index()];
        if !effort.visit(if own.counted { 0 } else { own.terminals.len() + own.leftovers.len() }) {
            return false;
        }
        for one in &own.instances {
            if !effort.take(&own.protos[one.proto], transform.magnification()) {
                return false;
            }
            let at = transform.apply(one.shift[0], one.shift[1]);
            let d = transform.apply(one.shift[0] + one.origin[0], one.shift[1] + one.origin[1]);
            let frame = Transform { d, ..*transform };
            *copy += u32::from(one.is_first);
            out.devices.push(Placed { cell, proto: one.proto, transform: frame, at, depth, top, copy: *copy });
        }
        self.add_rest(cell, transform, top, out);
        true
    }

    /// Adds the terminals of a placed cell and what nothing explains in it.
    pub fn add_rest(&self, cell: CellId, transform: &Transform, top: CellId, out: &mut Placements) {
        let own = &self.cells[cell.index()];
        if own.counted {
            return;
        }
        out.terminals.extend(own.terminals.iter().map(|port| PlacedTerminal {
            cell,
            of_top: cell == top,
            port: port.transformed(transform),
            at_home: port.at,
            top,
        }));
        let scale = transform.magnification().powi(2);
        out.rest.extend(own.leftovers.iter().map(|l| Rest {
            top,
            cell,
            what: Leftover { bbox: l.bbox.transformed(transform), area: l.area * scale, ..l.clone() },
            shape: None,
        }));
    }

    /// What is left over in cells of which there are too many to walk, below a top.
    pub fn counted(&self, top: CellId, counts: &[u64]) -> Vec<Rest> {
        let mut rest = Vec::new();
        for (i, cell) in self.cells.iter().enumerate().filter(|(i, c)| c.counted && counts[*i] > 0) {
            let everywhere = placed_box(self.plan, self.roles, top, CellId::from(i), &cell.leftovers);
            rest.extend(cell.leftovers.iter().map(|l| Rest {
                top,
                cell: CellId::from(i),
                what: Leftover {
                    bbox: everywhere,
                    area: l.area * counts[i] as f64,
                    count: l.count.saturating_mul(counts[i]),
                    reason: l.reason,
                },
                shape: None,
            }));
        }
        rest
    }
}

/// Walks one top. Subtrees without anything of interest, and arrays that are only counted, are not entered.
///
/// # Errors
/// When the watch asks to stop.
pub fn walk(
    ground: Ground,
    top: CellId,
    counts: &[u64],
    effort: &mut Effort,
    cuts: &mut Cuts,
    watch: &Watch,
) -> Result<Placements, Interrupted> {
    let Ground { plan, roles, cells, .. } = ground;
    let copies = |r: &Reference| ground.copies(r);
    let all = counts.iter().zip(cells).map(|(n, cell)| n.saturating_mul(cell.instances.len() as u64));
    let room = all.fold(0, u64::saturating_add).min(MOST_ROOM) as usize;
    let mut out = Placements { devices: Vec::with_capacity(room), ..Placements::default() };
    let mut visited = 0_u64;
    let mut stopped = false;
    let mut copy = 0_u32;
    plan.layout.walk_copies(top, copies, &mut |cell, transform, depth| {
        let i = cell.index();
        visited += 1;
        stopped = stopped || (visited.is_multiple_of(VISITS_A_CHECK) && watch.check().is_err());
        if stopped {
            return Step::Stop;
        }
        if !ground.is_seen(cell) {
            return Step::Over;
        }
        if !ground.add_cell(cell, transform, depth, top, &mut copy, effort, &mut out) {
            return Step::Stop;
        }
        if roles[i] == Role::Device { Step::Over } else { Step::Into }
    });
    out.rest.extend(ground.counted(top, counts));
    if let Some(limit) = effort.reached() {
        let kept = ground.kept();
        let all = counts_of(plan, roles, top, |cell| &kept[cell.index()]);
        let devices = |(n, c): (&u64, &CellPlan)| n.saturating_mul(c.instances.len() as u64);
        let all = all.iter().zip(cells).map(devices).fold(0, u64::saturating_add);
        let last = out.devices.last().map_or([0.0; 2], |p| p.at);
        let at_nm = last.map(|v| v * plan.layout.dbu_nm);
        cuts.add(NOT_PLACED, limit, top.index(), at_nm, all.saturating_sub(out.devices.len() as u64).max(1));
    }
    watch.check()?;
    Ok(out)
}

/// Devices for which room is made before they are counted: a forged file may promise more than is placed.
const MOST_ROOM: u64 = 1 << 20;
/// Placements visited between two looks at the watch.
const VISITS_A_CHECK: u64 = 4096;

/// The box of all placements of a cell's leftovers, from corners of arrays, without walking them.
fn placed_box(plan: &Plan, roles: &[Role], top: CellId, target: CellId, leftovers: &[Leftover]) -> BBox {
    let mut boxes = vec![BBox::EMPTY; plan.layout.cells.len()];
    for l in leftovers {
        boxes[target.index()].add_box(&l.bbox);
    }
    for &cell in &plan.layout.bottom_up {
        if roles[cell.index()] != Role::Circuit {
            continue;
        }
        let mut all = boxes[cell.index()];
        for r in &plan.layout.cell(cell).references {
            let inner = boxes[r.target.index()];
            if !inner.is_empty() {
                all.add_box(&repeated(&inner.transformed(&r.transform), &r.repetition));
            }
        }
        boxes[cell.index()] = all;
    }
    boxes[top.index()]
}
