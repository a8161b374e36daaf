//! Walks over placed cells without flattening what the caller does not ask for.

use waveguard_base::CellId;
use waveguard_geom::Transform;

use crate::model::{Layout, Reference};

/// What a visitor of [`Layout::walk`] wants next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Visit the cells placed in this one.
    Into,
    /// Leave this placement.
    Over,
    /// End the walk (cancelled, or found).
    Stop,
}

/// A cell whose placements are being visited.
struct Frame {
    cell: CellId,
    placement: Transform,
    /// Number of the reference to visit next, and of its copy.
    reference: usize,
    copy: u64,
}

impl Layout {
    /// Visits every placement below `top` (and `top` itself, placed once at the origin), parents first,
    /// in file order. The visitor sees the cell, its placement in the frame of `top`, and its depth.
    ///
    /// Memory grows with the depth only, on the heap: a file may nest a million cells. Time grows with the
    /// placements, which a small file can make astronomically many; see [`Layout::n_placements`].
    pub fn walk(&self, top: CellId, visit: &mut impl FnMut(CellId, &Transform, usize) -> Step) {
        self.walk_copies(top, |r| r.repetition.len(), visit);
    }

    /// As [`Layout::walk`], of every reference only as many copies as `copies` says.
    pub fn walk_copies(
        &self,
        top: CellId,
        copies: impl Fn(&Reference) -> u64,
        visit: &mut impl FnMut(CellId, &Transform, usize) -> Step,
    ) {
        let mut stack: Vec<Frame> = Vec::new();
        let mut next = Some((top, Transform::IDENTITY));
        loop {
            if let Some((cell, placement)) = next.take() {
                match visit(cell, &placement, stack.len()) {
                    Step::Into => stack.push(Frame { cell, placement, reference: 0, copy: 0 }),
                    Step::Over => {}
                    Step::Stop => return,
                }
            }
            let Some(frame) = stack.last_mut() else { return };
            let Some(r) = self.cell(frame.cell).references.get(frame.reference) else {
                stack.pop();
                continue;
            };
            if frame.copy >= copies(r).min(r.repetition.len()) {
                (frame.reference, frame.copy) = (frame.reference + 1, 0);
                continue;
            }
            let offset = r.repetition.offset(frame.copy);
            frame.copy += 1;
            let mut t = r.transform;
            t.d = [t.d[0] + offset[0], t.d[1] + offset[1]];
            next = Some((r.target, frame.placement.after(&t)));
        }
    }

    /// Number of placements below and including `top`; saturates. Takes no time in the instances.
    pub fn n_placements(&self, top: CellId) -> u64 {
        let mut count = vec![0_u64; self.cells.len()];
        for &c in &self.bottom_up {
            count[c.index()] = self
                .cell(c)
                .references
                .iter()
                .fold(1, |n: u64, r| n.saturating_add(r.repetition.len().saturating_mul(count[r.target.index()])));
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
