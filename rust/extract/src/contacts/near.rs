//! Copies of shapes near each other, and how they lie: pairs that lie alike are of one kind.

use std::ops::Range;

use rayon::prelude::*;
use rustc_hash::FxHashMap;
use waveguard_geom::{BBox, Extent, GridIndex};

use super::groups::Group;
use super::{Form, ShapeCopy, Slack, TOUCH, Verdict, judge};

/// What is drawn this often is looked for as a whole: its pairs are many, and most of them lie alike.
const OFTEN: u32 = 8;
/// Unless it has more groups of runs than this, as spirals have.
const MOST_GROUPS: usize = 16;

/// Tiles of the index are no larger than so many of the largest groups.
const MOST_GROWTH: f64 = 4.0;

/// Forms of two copies, and the displacement from the first to the second, bit by bit.
pub(super) type Key = (u32, u32, [u64; 2]);

/// Copies in an index of the boxes around their groups.
pub(super) struct Scene<'a> {
    copies: &'a [ShapeCopy],
    forms: &'a [Form],
    /// Groups that each form is looked for with.
    groups: Vec<&'a [Group]>,
    /// Copy and number of the group of each box.
    owners: Vec<(u32, u32)>,
    /// First box of each copy; one more than copies.
    starts: Vec<usize>,
    /// Where the groups lie: next to each other, as all are looked at.
    around: Vec<Extent>,
    index: GridIndex,
}

/// Pairs of some copies with later ones.
#[derive(Default)]
pub(super) struct Turn {
    /// Both copies, and the kind of the pair.
    pub(super) pairs: Vec<(u32, u32, u32)>,
    /// The first pair of each kind, and which of the groups that are near each other are its own.
    pub(super) kinds: Vec<(u32, u32, Range<usize>)>,
    pub(super) near: Vec<[u32; 2]>,
}

impl<'a> Scene<'a> {
    /// Boxes of groups that are no larger than `tile`, and of what is looked for as a whole.
    pub(super) fn new(copies: &'a [ShapeCopy], forms: &'a [Form], tile: f64) -> Self {
        let mut times = vec![0_u32; forms.len()];
        for copy in copies {
            times[copy.form as usize] += 1;
        }
        let is_whole = |(form, n): (&Form, &u32)| *n >= OFTEN && form.groups.len() <= MOST_GROUPS;
        let groups: Vec<&[Group]> = forms
            .iter()
            .zip(&times)
            .map(|(form, n)| if is_whole((form, n)) { &form.whole[..] } else { &form.groups[..] })
            .collect();
        let starts = crate::fill::starts(copies.iter().map(|copy| groups[copy.form as usize].len()));
        let mut owners = Vec::with_capacity(starts[copies.len()]);
        for (copy, i) in copies.iter().zip(0..) {
            owners.extend((0..groups[copy.form as usize].len() as u32).map(|k| (i, k)));
        }
        let around = |&(i, k): &(u32, u32)| {
            let copy = &copies[i as usize];
            groups[copy.form as usize][k as usize].0.moved(copy.at)
        };
        let around: Vec<Extent> = owners.par_iter().map(around).collect();
        let boxes: Vec<BBox> = around.par_iter().map(|extent| extent.upright).collect();
        let index = GridIndex::new(&boxes, typical_side(&boxes).min(MOST_GROWTH * tile));
        Self { copies, forms, groups, owners, starts, around, index }
    }

    /// How two copies lie to each other.
    pub(super) fn key(&self, a: u32, b: u32) -> Key {
        let [a, b] = [a, b].map(|i| &self.copies[i as usize]);
        (a.form, b.form, [0, 1].map(|k: usize| (b.at[k] - a.at[k]).to_bits()))
    }

    /// Pairs of some copies with later ones, of which one at least is new.
    pub(super) fn pairs(&self, copies: Range<usize>, is_new: &[bool]) -> Turn {
        let mut found = Turn::default();
        let mut numbers: FxHashMap<Key, u32> = FxHashMap::default();
        // As one number each, which sorts faster.
        let mut near: Vec<u128> = Vec::new();
        for a in copies {
            let copy = &self.copies[a];
            near.clear();
            for (k, own) in self.groups[copy.form as usize].iter().enumerate() {
                let window = own.0.moved(copy.at).grown(TOUCH);
                self.index.later_candidates_while(&window.upright, self.starts[a + 1], |i| {
                    if !self.around[i].touches(&window) {
                        return true;
                    }
                    let (b, l) = self.owners[i];
                    if self.copies[b as usize].world == copy.world && (is_new[a] || is_new[b as usize]) {
                        near.push(u128::from(b) << 64 | (k as u128) << 32 | u128::from(l));
                    }
                    true
                });
            }
            near.sort_unstable();
            for group in near.chunk_by(|p, q| p >> 64 == q >> 64) {
                let b = (group[0] >> 64) as u32;
                let kind = *numbers.entry(self.key(a as u32, b)).or_insert_with(|| {
                    let from = found.near.len();
                    found.near.extend(group.iter().map(|n| [(n >> 32) as u32, *n as u32]));
                    found.kinds.push((a as u32, b, from..found.near.len()));
                    found.kinds.len() as u32 - 1
                });
                found.pairs.push((a as u32, b, kind));
            }
        }
        found
    }

    /// Judges two copies by their groups that are near each other.
    pub(super) fn judge(&self, a: usize, b: usize, near: &[[u32; 2]], slack: Slack) -> Verdict {
        let both = [&self.copies[a], &self.copies[b]];
        let by = [0, 1].map(|k: usize| both[1].at[k] - both[0].at[k]);
        let [one, other] = both.map(|copy| self.groups[copy.form as usize]);
        let near = near.iter().map(|&[k, l]| [one[k as usize], other[l as usize]]);
        judge(both.map(|copy| &self.forms[copy.form as usize]), by, near, slack)
    }
}

/// A size in the middle of the range of boxes, from the smallest to large ones: neither are many of those in one tile,
/// nor many tiles under one of these.
fn typical_side(boxes: &[BBox]) -> f64 {
    let side = |b: &BBox| f64::midpoint(b.max[0] - b.min[0], b.max[1] - b.min[1]).max(1.0);
    (boxes.iter().map(|b| side(b).ln()).sum::<f64>() / boxes.len().max(1) as f64).exp()
}
