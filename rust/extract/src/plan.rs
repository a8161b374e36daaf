//! The recipe turned into look-ups by layer id and cell, with lengths in dbu.

use rayon::prelude::*;
use rustc_hash::FxHashMap;
use waveguard_base::{CellId, LayerId};
use waveguard_layout::{Layout, Repetition};

use crate::recipe::{CellEntry, CellRole, LayerPair, Recipe, SlotSection};

/// A layout together with what to look for in it.
#[derive(Debug)]
pub struct Plan<'a> {
    /// What is drawn.
    pub layout: &'a Layout,
    /// What to look for.
    pub recipe: &'a Recipe,
    /// For each layer: its area counts in coverage.
    pub is_core: Vec<bool>,
    /// For each layer: guides are drawn on it.
    pub is_guide: Vec<bool>,
    /// For each layer: a shape on it makes a device.
    pub is_marker: Vec<bool>,
    /// For each layer: the pin forms drawn on it, as indices into the recipe.
    pub pin_forms: Vec<Vec<usize>>,
    /// Layers of guides in the order of the recipe, without repeats.
    pub guide_layers: Vec<LayerId>,
    /// What each cell places, summed up.
    pub below: Vec<Below>,
    entries: FxHashMap<CellId, usize>,
}

/// The placements in a cell. A cell may place few others very often, and much is counted over the hierarchy.
#[derive(Clone, Debug, Default)]
pub struct Below {
    /// Each cell it places, in order of the first placement, with the number of all copies.
    pub targets: Vec<(CellId, u64)>,
    /// References that are lattices.
    pub lattices: Vec<usize>,
}

impl Below {
    fn new(layout: &Layout, cell: CellId) -> Self {
        let mut below = Self::default();
        let mut numbers: FxHashMap<CellId, usize> = FxHashMap::default();
        let mut last = None;
        for (i, r) in layout.cell(cell).references.iter().enumerate() {
            // Copies of one cell often follow each other.
            let number = match last {
                Some((target, number)) if target == r.target => number,
                _ => *numbers.entry(r.target).or_insert_with(|| {
                    below.targets.push((r.target, 0));
                    below.targets.len() - 1
                }),
            };
            last = Some((r.target, number));
            let sum = &mut below.targets[number].1;
            *sum = sum.saturating_add(r.repetition.len());
            if matches!(&*r.repetition, Repetition::Grid { .. }) {
                below.lattices.push(i);
            }
        }
        below
    }
}

impl<'a> Plan<'a> {
    /// Looks the recipe's layers up in the layout. Layers the layout does not use are left out.
    pub fn new(layout: &'a Layout, recipe: &'a Recipe) -> Self {
        let n = layout.layers.len();
        let mut plan = Self {
            layout,
            recipe,
            is_core: vec![false; n],
            is_guide: vec![false; n],
            is_marker: vec![false; n],
            pin_forms: vec![Vec::new(); n],
            guide_layers: Vec::new(),
            below: (0..layout.cells.len()).into_par_iter().map(|i| Below::new(layout, CellId::from(i))).collect(),
            entries: recipe.cells.iter().enumerate().map(|(i, c)| (CellId::from(c.cell), i)).collect(),
        };
        // A layout may list a pair twice; every entry with that pair counts.
        let ids = |pair: LayerPair| -> Vec<LayerId> {
            layout.layers.iter().enumerate().filter(|&(_, &l)| l == pair).map(|(i, _)| LayerId::from(i)).collect()
        };
        for &pair in &recipe.core_layers {
            for l in ids(pair) {
                plan.is_core[l.index()] = true;
            }
        }
        for &pair in &recipe.marker_layers {
            for l in ids(pair) {
                plan.is_marker[l.index()] = true;
            }
        }
        for (i, form) in recipe.pins.iter().enumerate() {
            for l in ids(form.layer) {
                plan.pin_forms[l.index()].push(i);
            }
        }
        for guide in &recipe.guides {
            for l in ids(guide.layer) {
                plan.is_guide[l.index()] = true;
                if !plan.guide_layers.contains(&l) {
                    plan.guide_layers.push(l);
                }
            }
        }
        plan
    }

    /// What is known of a cell beside its drawing.
    pub fn entry(&self, cell: CellId) -> Option<&'a CellEntry> {
        self.entries.get(&cell).map(|&i| &self.recipe.cells[i])
    }

    /// The role a cell is said to have.
    pub fn stated_role(&self, cell: CellId) -> CellRole {
        self.entry(cell).map_or(CellRole::Auto, |e| e.role)
    }

    /// The slot guides of a layer, as numbers of the recipe's `guides`.
    pub fn slots(&self, layer: LayerId) -> impl Iterator<Item = (usize, SlotSection)> {
        let pair = self.pair(layer);
        let of_layer = self.recipe.guides.iter().enumerate().filter(move |(_, g)| g.layer == pair);
        of_layer.filter_map(|(i, g)| g.slot.map(|slot| (i, slot)))
    }

    /// A length in dbu.
    pub fn dbu(&self, length_nm: f64) -> f64 {
        length_nm / self.layout.dbu_nm
    }

    /// The number of a layer among the recipe's `core_layers`.
    pub fn core_number(&self, layer: LayerId) -> Option<usize> {
        let pair = self.pair(layer);
        self.recipe.core_layers.iter().position(|&l| l == pair)
    }

    /// The pair of a layer id.
    pub fn pair(&self, layer: LayerId) -> LayerPair {
        self.layout.layers[layer.index()]
    }
}
