//! Where the sides of a strip turn inwards, and the chords at its ends.

use super::{Strip, skipped};
use crate::network::mesh::Mesh;

impl Strip {
    /// True when the outline turns sharply into the region on both sides between two pairs of places.
    pub(in crate::network) fn has_notches(&self, mesh: &Mesh, from: [f64; 2], to: [f64; 2]) -> bool {
        [&self.left, &self.right].into_iter().enumerate().all(|(k, side)| {
            let between = side.between(from[k], to[k]);
            let pairs = (between.start.max(1) - 1..between.end.min(side.ids.len().saturating_sub(1)))
                .map(|i| skipped(mesh, k == 0, side.ids[i], side.ids[i + 1]).0);
            let cut_off: Vec<u32> = pairs.flatten().collect();
            between.map(|i| side.ids[i]).chain(cut_off).any(|p| mesh.is_notch[p as usize])
        })
    }

    /// Length of the first or the last chord.
    pub(super) fn end_chord(&self, at_end: bool) -> f64 {
        let [l, r] = self.ends(if at_end { self.length() } else { 0.0 });
        (l[0] - r[0]).hypot(l[1] - r[1])
    }
}
