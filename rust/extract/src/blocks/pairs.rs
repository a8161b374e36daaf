//! Blocks near each other, and the kinds of such pairs.

use std::sync::atomic::{AtomicU64, Ordering};

use rayon::prelude::*;
use rustc_hash::FxHashMap;
use waveguard_geom::{BBox, GridIndex};

use super::{Block, PlacedBlocks, RawForm};
use crate::attach::MOST_REACH_NM;
use crate::cells::CellPlan;
use crate::neighbours::Search;
use crate::place::Placed;
use crate::plan::Plan;

/// Two blocks near each other, the earlier one first.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair {
    pub(super) a: u32,
    pub(super) b: u32,
    pub(super) kind: u32,
}

/// Forms of two blocks, and the displacement from the first to the second in dbu, bit by bit.
pub(super) type Key = (u32, u32, [u64; 2]);

/// Where the devices of two blocks come this near to each other, in dbu, they may have to do with each other.
pub(super) fn reach(plan: &Plan, cells: &[CellPlan]) -> f64 {
    let (runs, segments) = (&plan.recipe.runs, &plan.recipe.segments);
    let beside = (runs.reach_nm + Search::new(plan.recipe).slack_nm).max(MOST_REACH_NM).max(segments.pitch_max_nm);
    plan.dbu(beside).max(joint(plan, cells)) + MARGIN
}

/// Two ports further apart than this are not joined, in dbu.
pub(super) fn joint(plan: &Plan, cells: &[CellPlan]) -> f64 {
    let tolerances = &plan.recipe.tolerances;
    let plays = cells.iter().flat_map(|c| &c.protos).flat_map(|p| &p.ports).map(|port| port.play);
    plan.dbu(tolerances.snap_nm + tolerances.marker_edge_nm + tolerances.guide_end_nm) + 2.0 * plays.fold(0.0, f64::max)
}

/// Boxes that are apart by rounding only are taken as near, in dbu.
const MARGIN: f64 = 2.0;
/// Blocks a thread takes at once.
const BLOCKS_A_TURN: usize = 2048;
/// Blocks looked at around each block, as a mean: with more, finding out what is alike costs more than it saves.
const NEAR_A_BLOCK: u64 = 64;
/// Tiles of the index are as large as so many blocks: most are in one of them, and none holds many.
const TILE_SIZES: f64 = 2.0;
/// Kind of blocks that are apart after all.
const APART: u32 = u32::MAX;

/// Boxes of the devices of a form, and the box of all.
struct Boxes {
    all: BBox,
    each: Vec<BBox>,
}

impl Boxes {
    fn new(form: &RawForm, cells: &[CellPlan]) -> Self {
        let each: Vec<BBox> = form.devices.iter().map(|placed| device_box(placed, cells)).collect();
        let mut all = BBox::EMPTY;
        for b in &each {
            all.add_box(b);
        }
        Self { all, each }
    }

    /// True when a device of one form comes near to one of the other, displaced.
    fn meet(&self, other: &Self, by: [f64; 2], reach: f64) -> bool {
        self.each.iter().any(|a| {
            let window = a.moved([-by[0], -by[1]]).grown(reach);
            window.touches(&other.all) && other.each.iter().any(|b| b.touches(&window))
        })
    }
}

/// Box of all that a device is drawn with.
pub(super) fn device_box(placed: &Placed, cells: &[CellPlan]) -> BBox {
    let proto = &cells[placed.cell.index()].protos[placed.proto];
    let mut own = proto.bbox;
    proto.outline.iter().for_each(|ring| own.add_box(&BBox::of_points(ring)));
    for [x, y, width] in proto.guide.iter().flat_map(|g| &g.line) {
        own.add_box(&BBox { min: [*x, *y], max: [*x, *y] }.grown(width / 2.0));
    }
    proto.ports.iter().for_each(|p| own.add_box(&BBox { min: p.at, max: p.at }));
    own.transformed(&placed.transform)
}

/// Blocks near each other.
pub(super) struct Near {
    /// In order.
    pub(super) pairs: Vec<Pair>,
    /// The key of each kind, in order of the first pair of it.
    pub(super) keys: Vec<Key>,
    /// Boxes around the blocks that hold all places within half the reach of them.
    pub(super) index: GridIndex,
}

/// Blocks near each other. `None` where there are too many blocks
/// near each other, or kinds of more than `most_devices` devices together with the forms.
pub(super) fn find(placed: &PlacedBlocks, cells: &[CellPlan], reach: f64, most_devices: usize) -> Option<Near> {
    let (list, forms) = (&placed.list, &placed.forms);
    let sizes: Vec<usize> = forms.iter().map(|f| f.devices.len()).collect();
    let left = most_devices.checked_sub(sizes.iter().sum())?;
    let shapes: Vec<Boxes> = forms.par_iter().map(|form| Boxes::new(form, cells)).collect();
    let around: Vec<BBox> = shapes.iter().map(|s| s.all.grown(reach / 2.0)).collect();
    let boxes: Vec<BBox> = list.par_iter().map(|b| around[b.form as usize].moved(b.d)).collect();
    let index = GridIndex::new(&boxes, TILE_SIZES * typical_size(list, &around));
    let most_seen = NEAR_A_BLOCK.saturating_mul(list.len() as u64);
    let seen = AtomicU64::new(0);
    // Pairs of some blocks with later ones, with kinds of their own.
    let of_turn = |turn: usize| -> Option<Turn> {
        let mut found = Turn::default();
        let mut near: Vec<u32> = Vec::new();
        let mut own_seen = 0;
        for a in BLOCKS_A_TURN * turn..(BLOCKS_A_TURN * (turn + 1)).min(list.len()) {
            near.clear();
            index.later_candidates_while(&boxes[a], a + 1, |b| {
                own_seen += 1;
                if boxes[b].touches(&boxes[a]) && list[b].top == list[a].top {
                    near.push(b as u32);
                }
                own_seen <= most_seen
            });
            near.sort_unstable();
            for &b in &near {
                let key = key(&list[a], &list[b as usize]);
                let kind = *found.numbers.entry(key).or_insert_with(|| {
                    let by = [0, 1].map(|k: usize| list[b as usize].d[k] - list[a].d[k]);
                    // What is looked at in vain takes time, too.
                    found.devices += sizes[key.0 as usize] + sizes[key.1 as usize];
                    if !shapes[key.0 as usize].meet(&shapes[key.1 as usize], by, reach) {
                        return APART;
                    }
                    found.keys.push(key);
                    found.keys.len() as u32 - 1
                });
                if kind != APART {
                    found.pairs.push(Pair { a: a as u32, b, kind });
                }
            }
            if found.devices > left || own_seen > most_seen {
                return None;
            }
        }
        let before = seen.fetch_add(own_seen, Ordering::Relaxed);
        (before + own_seen <= most_seen).then_some(found)
    };
    let turns: Option<Vec<Turn>> = (0..list.len().div_ceil(BLOCKS_A_TURN)).into_par_iter().map(of_turn).collect();
    let (pairs, keys) = together(turns?, &sizes, left)?;
    Some(Near { pairs, keys, index })
}

/// Pairs of some blocks.
#[derive(Default)]
struct Turn {
    pairs: Vec<Pair>,
    keys: Vec<Key>,
    numbers: FxHashMap<Key, u32>,
    /// Devices of all pairs that were compared.
    devices: usize,
}

fn together(turns: Vec<Turn>, sizes: &[usize], left: usize) -> Option<(Vec<Pair>, Vec<Key>)> {
    let mut numbers: FxHashMap<Key, u32> = FxHashMap::default();
    let (mut keys, mut devices) = (Vec::new(), 0);
    let mut pairs = Vec::with_capacity(turns.iter().map(|t| t.pairs.len()).sum());
    for turn in turns {
        let kinds: Vec<u32> = turn
            .keys
            .iter()
            .map(|&key| {
                *numbers.entry(key).or_insert_with(|| {
                    devices += sizes[key.0 as usize] + sizes[key.1 as usize];
                    keys.push(key);
                    keys.len() as u32 - 1
                })
            })
            .collect();
        pairs.extend(turn.pairs.iter().map(|p| Pair { kind: kinds[p.kind as usize], ..*p }));
    }
    (devices <= left).then_some((pairs, keys))
}

fn key(a: &Block, b: &Block) -> Key {
    (a.form, b.form, [0, 1].map(|k: usize| (b.d[k] - a.d[k]).to_bits()))
}

/// A tile as large as a block with the mean area of all: a box much longer than that touches some tiles, and none of
/// them holds many.
fn typical_size(list: &[Block], around: &[BBox]) -> f64 {
    let area = |b: &Block| {
        let own = &around[b.form as usize];
        (own.max[0] - own.min[0]).max(0.0) * (own.max[1] - own.min[1]).max(0.0)
    };
    (list.iter().map(area).sum::<f64>() / list.len().max(1) as f64).sqrt()
}
