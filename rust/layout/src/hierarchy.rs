//! Walks over placed cells without flattening what the caller does not ask for.

use waveguard_base::CellId;
use waveguard_geom::Transform;

use crate::model::Layout;

/// What a visitor of [`Layout::walk`] wants next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Visit the cells placed in this one.
    Into,
    /// Leave this placement.
    Over,
}

impl Layout {
    /// Visits every placement below `top` (and `top` itself, placed once at the origin), parents first,
    /// in file order. The visitor sees the cell, its placement in the frame of `top`, and its depth.
    pub fn walk(&self, top: CellId, visit: &mut impl FnMut(CellId, &Transform, usize) -> Step) {
        self.walk_from(top, &Transform::IDENTITY, 0, visit);
    }

    fn walk_from(
        &self,
        cell: CellId,
        placement: &Transform,
        depth: usize,
        visit: &mut impl FnMut(CellId, &Transform, usize) -> Step,
    ) {
        if visit(cell, placement, depth) == Step::Over {
            return;
        }
        for r in &self.cell(cell).references {
            for offset in r.repetition.offsets() {
                let mut t = r.transform;
                t.d = [t.d[0] + offset[0], t.d[1] + offset[1]];
                self.walk_from(r.target, &placement.after(&t), depth + 1, visit);
            }
        }
    }

    /// Number of placements below and including `top`; saturates. Takes no time in the instances.
    pub fn n_placements(&self, top: CellId) -> u64 {
        let mut count = vec![0_u64; self.cells.len()];
        for &c in &self.bottom_up {
            count[c.index()] = self.cell(c).references.iter().fold(1, |n: u64, r| {
                n.saturating_add(r.repetition.len().saturating_mul(count[r.target.index()]))
            });
        }
        count[top.index()]
    }

    /// For each cell: true when `wanted` holds for it or for any cell placed below it. Lets a walk skip
    /// subtrees (an array of a million etch-loading boxes) that hold nothing of interest.
    pub fn subtree_any(&self, wanted: impl Fn(CellId) -> bool) -> Vec<bool> {
        let mut any = vec![false; self.cells.len()];
        for &c in &self.bottom_up {
            any[c.index()] = wanted(c) || self.cell(c).references.iter().any(|r| any[r.target.index()]);
        }
        any
    }
}
