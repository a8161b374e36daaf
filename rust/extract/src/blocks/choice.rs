//! Which cells are blocks, and where they are placed.

use rustc_hash::FxHashMap;
use waveguard_base::CellId;
use waveguard_geom::Transform;
use waveguard_layout::hierarchy::Step;

use super::{Block, PlacedBlocks, RawForm};
use crate::devices::Role;
use crate::effort::Effort;
use crate::place::{self, Ground, Placed, Placements};

/// Devices in a block: larger cells are taken apart, so that little is looked at twice.
const MOST_DEVICES: u64 = 256;
/// So many blocks are placed in the time in which one device is looked at.
const BLOCKS_A_DEVICE: f64 = 3.0;

/// Cells that are not taken apart.
pub(super) struct Choice {
    is_block: Vec<bool>,
    /// Devices that may be looked at in all forms and kinds.
    pub(super) most_devices: usize,
}

impl Choice {
    /// `None` when blocks would not pay, or a bound on what is placed is reached.
    pub(super) fn new(ground: Ground, tops: &[CellId]) -> Option<Self> {
        let Ground { plan, roles, cells, .. } = ground;
        let n = cells.len();
        let kept = ground.kept();
        let mut within = vec![0_u64; n];
        for &cell in &plan.layout.bottom_up {
            let i = cell.index();
            if !ground.is_seen(cell) {
                continue;
            }
            within[i] = cells[i].instances.len() as u64;
            if roles[i] == Role::Circuit {
                for (target, copies) in &kept[i] {
                    within[i] = within[i].saturating_add(copies.saturating_mul(within[target.index()]));
                }
            }
        }
        let mut placements = vec![0_u64; n];
        for &top in tops {
            let counts = place::counts_of(plan, roles, top, |cell| &kept[cell.index()]);
            placements.iter_mut().zip(counts).for_each(|(sum, n)| *sum = sum.saturating_add(n));
        }
        let mut is_top = vec![false; n];
        for top in tops {
            is_top[top.index()] = true;
        }
        let is_block: Vec<bool> = (0..n)
            .map(|i| {
                let is_device = roles[i] == Role::Device;
                ground.is_seen(CellId::from(i))
                    && (is_device || (placements[i] > 1 && within[i] <= MOST_DEVICES && within[i] > 0))
                    && !is_top[i]
            })
            .collect();
        let all: u64 = tops.iter().map(|t| within[t.index()]).fold(0, u64::saturating_add);
        let blocks = count_blocks(ground, &kept, tops, &is_block);
        let limits = &plan.recipe.limits;
        let visits = placements.iter().zip(cells).map(|(n, cell)| {
            let own = if cell.counted { 0 } else { cell.terminals.len() + cell.leftovers.len() };
            n.saturating_mul(1 + own as u64)
        });
        let is_bounded = visits.fold(0, u64::saturating_add) <= limits.placements && u32::try_from(all).is_ok();
        let most_devices = limits.block_share * all as f64;
        let pays = blocks as f64 <= BLOCKS_A_DEVICE * most_devices;
        (is_bounded && pays).then_some(Self { is_block, most_devices: most_devices as usize })
    }

    /// Places the blocks below all tops.
    pub(super) fn place(&self, ground: Ground, tops: &[CellId]) -> PlacedBlocks {
        let Ground { plan, roles, cells, .. } = ground;
        let mut all = PlacedBlocks { list: Vec::new(), forms: Vec::new(), terminals: Vec::new(), rest: Vec::new() };
        let mut numbers: FxHashMap<Key, u32> = FxHashMap::default();
        // Of each cell the form that was met last: most are placed in one way only.
        let mut last: Vec<Option<([[f64; 2]; 2], u32)>> = vec![None; cells.len()];
        for &top in tops {
            let copies = |r: &waveguard_layout::Reference| ground.copies(r);
            plan.layout.walk_copies(top, copies, &mut |cell, t, depth| {
                let i = cell.index();
                if !ground.is_seen(cell) {
                    return Step::Over;
                }
                let depth = depth as u32;
                if self.is_block[i] {
                    let form = match last[i] {
                        Some((known, form)) if known == t.m => form,
                        _ => *numbers.entry((cell, None, matrix(t))).or_insert_with(|| {
                            all.forms.push(of_cell(ground, cell, t));
                            all.forms.len() as u32 - 1
                        }),
                    };
                    last[i] = Some((t.m, form));
                    all.list.push(Block { form, depth, top, d: t.d, at: t.d });
                    return Step::Over;
                }
                let m = matrix(t);
                for parts in cells[i].instances.chunk_by(|_, next| !next.is_first) {
                    let (first, n) = (parts[0], parts.len());
                    let form = *numbers.entry((cell, Some((first.proto, n)), m)).or_insert_with(|| {
                        all.forms.push(of_shape(cell, first.proto, n, t));
                        all.forms.len() as u32 - 1
                    });
                    let at = t.apply(first.shift[0], first.shift[1]);
                    let d = t.apply(first.shift[0] + first.origin[0], first.shift[1] + first.origin[1]);
                    all.list.push(Block { form, depth, top, d, at });
                }
                let mut own = Placements::default();
                ground.add_rest(cell, t, top, &mut own);
                all.terminals.append(&mut own.terminals);
                all.rest.append(&mut own.rest);
                if roles[i] == Role::Device { Step::Over } else { Step::Into }
            });
            all.rest.extend(ground.counted(top, &place::counts(plan, roles, top)));
        }
        all
    }
}

/// Linear part of a placement, bit by bit.
type Matrix = [u64; 4];
/// What blocks of one form have in common: the cell, which of its shapes when it is none of the cells that are blocks,
/// and how it is turned.
type Key = (CellId, Option<(usize, usize)>, Matrix);

fn matrix(t: &Transform) -> Matrix {
    let [[a, b], [c, d]] = t.m;
    [a, b, c, d].map(f64::to_bits)
}

/// Forms do not lie below a top; the scene they are looked at in gives them one.
const NO_TOP: CellId = CellId(0);

/// All that a cell places, turned but not displaced.
fn of_cell(ground: Ground, cell: CellId, t: &Transform) -> RawForm {
    let turn = Transform { d: [0.0; 2], ..*t };
    let mut out = Placements::default();
    let (mut copies, mut effort) = (0, Effort::new(ground.plan));
    ground.plan.layout.walk_copies(cell, |r| ground.copies(r), &mut |inner, t, depth| {
        if !ground.is_seen(inner) {
            return Step::Over;
        }
        let placed = turn.after(t);
        ground.add_cell(inner, &placed, depth, NO_TOP, &mut copies, &mut effort, &mut out);
        if ground.roles[inner.index()] == Role::Device { Step::Over } else { Step::Into }
    });
    out.terminals.iter_mut().for_each(|t| t.of_top = false);
    let Placements { devices, terminals, rest } = out;
    RawForm { devices, terminals, rest, copies, is_alone: false }
}

/// The parts of a drawn shape, or a device of a cell.
fn of_shape(cell: CellId, first: usize, n: usize, t: &Transform) -> RawForm {
    let transform = Transform { d: [0.0; 2], ..*t };
    let one = |proto| Placed { cell, proto, transform, at: [0.0; 2], depth: 0, top: NO_TOP, copy: 1 };
    RawForm { devices: (first..first + n).map(one).collect(), copies: 1, is_alone: true, ..RawForm::default() }
}

/// How many blocks there will be.
fn count_blocks(ground: Ground, kept: &[Vec<(CellId, u64)>], tops: &[CellId], is_block: &[bool]) -> u64 {
    let Ground { plan, roles, cells, .. } = ground;
    let mut open = vec![0_u64; cells.len()];
    let mut blocks = 0_u64;
    for &top in tops {
        open[top.index()] = open[top.index()].saturating_add(1);
    }
    for &cell in plan.layout.bottom_up.iter().rev() {
        let n = open[cell.index()];
        if n == 0 || !ground.is_seen(cell) {
            continue;
        }
        if is_block[cell.index()] {
            blocks = blocks.saturating_add(n);
            continue;
        }
        let own = cells[cell.index()].instances.iter().filter(|one| one.is_first).count() as u64;
        blocks = blocks.saturating_add(n.saturating_mul(own));
        if roles[cell.index()] == Role::Circuit {
            for (target, copies) in &kept[cell.index()] {
                let below = &mut open[target.index()];
                *below = below.saturating_add(n.saturating_mul(*copies));
            }
        }
    }
    blocks
}
