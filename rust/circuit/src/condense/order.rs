//! The order in which a pass goes over the acyclic graph, and where each slot's state lies while it is needed.

use super::{Edge, Inward, NONE, Step};

/// The edges into each slot, in the order of `edges`.
pub(super) fn inwards(edges: &[Edge], steps: &[Step], n_arcs: usize, n_slots: usize) -> (Vec<Inward>, Vec<u32>) {
    let mut offsets = vec![0u32; n_slots + 1];
    for edge in edges {
        offsets[edge.to as usize + 1] += 1;
    }
    for i in 0..n_slots {
        offsets[i + 1] += offsets[i];
    }
    let mut next = offsets.clone();
    let nothing = Inward { loss_db: 0.0, amplitude: 0.0, from: NONE, place: NONE, edge: NONE, is_passage: false };
    let mut found = vec![nothing; edges.len()];
    for (index, edge) in edges.iter().enumerate() {
        let step = &steps[edge.step as usize];
        found[next[edge.to as usize] as usize] = Inward {
            loss_db: step.loss_db,
            amplitude: step.amplitude,
            from: edge.from,
            place: NONE,
            edge: index as u32,
            is_passage: edge.step as usize >= n_arcs,
        };
        next[edge.to as usize] += 1;
    }
    (found, offsets)
}

/// Gives every slot a place for its state, which is used again once all slots behind it are worked out; returns them
/// and how many there are.
pub(super) fn places(
    edges: &[Edge],
    inwards: &mut [Inward],
    inward_offsets: &[u32],
    n_used: usize,
    first_sink: usize,
) -> (Vec<u32>, usize) {
    let n_slots = inward_offsets.len() - 1;
    let mut last_use: Vec<u32> = (0..n_slots as u32).collect();
    for edge in edges {
        let last = &mut last_use[edge.from as usize];
        *last = (*last).max(edge.to);
    }
    let (mut place, mut free, mut n_places) = (vec![0u32; n_slots], Vec::new(), 0u32);
    for slot in (0..n_used).chain(first_sink..n_slots) {
        let own = free.pop().unwrap_or_else(|| {
            n_places += 1;
            n_places - 1
        });
        place[slot] = own;
        for edge in &mut inwards[inward_offsets[slot] as usize..inward_offsets[slot + 1] as usize] {
            edge.place = place[edge.from as usize];
            let last = &mut last_use[edge.from as usize];
            if *last == slot as u32 {
                free.push(edge.place);
                *last = NONE;
            }
        }
        if slot < first_sink && last_use[slot] == slot as u32 {
            free.push(own);
        }
    }
    (place, n_places as usize)
}

/// Numbers the slots anew by how many edges lead to them at most, so that light passes memory in order; sinks stay
/// where they are. Slots that no edge touches go before the sinks.
/// Returns how many slots before the sinks an edge touches.
pub(super) fn by_level(edges: &mut Vec<Edge>, slot_of_port: &mut [u32], n_slots: usize, first_sink: usize) -> usize {
    sort_by_start(edges, n_slots);
    let mut level = vec![0u32; n_slots];
    let mut touched = vec![false; n_slots];
    for edge in edges.iter() {
        let next = level[edge.from as usize] + 1;
        level[edge.to as usize] = level[edge.to as usize].max(next);
        touched[edge.from as usize] = true;
        touched[edge.to as usize] = true;
    }
    // Slots of one level stay in order; those that no edge touches come last.
    let n_levels = level[..first_sink].iter().max().map_or(0, |&most| most as usize + 1);
    let key = |slot: usize| if touched[slot] { level[slot] as usize } else { n_levels };
    let mut next = vec![0u32; n_levels + 2];
    for slot in 0..first_sink {
        next[key(slot) + 1] += 1;
    }
    for k in 0..=n_levels {
        next[k + 1] += next[k];
    }
    let mut new: Vec<u32> = (0..n_slots as u32).collect();
    for slot in 0..first_sink {
        let place = &mut next[key(slot)];
        new[slot] = *place;
        *place += 1;
    }
    for edge in edges.iter_mut() {
        (edge.from, edge.to) = (new[edge.from as usize], new[edge.to as usize]);
    }
    for slot in slot_of_port.iter_mut().filter(|s| **s != NONE) {
        *slot = new[*slot as usize];
    }
    touched[..first_sink].iter().filter(|&&t| t).count()
}

/// Sorts edges by the slot they come from, keeping their order otherwise; returns where those of each slot begin, and
/// the end of the last.
pub(super) fn sort_by_start(edges: &mut Vec<Edge>, n_slots: usize) -> Vec<u32> {
    let mut offsets = vec![0u32; n_slots + 1];
    for edge in edges.iter() {
        offsets[edge.from as usize + 1] += 1;
    }
    for i in 0..n_slots {
        offsets[i + 1] += offsets[i];
    }
    let mut next = offsets.clone();
    let mut sorted = edges.clone();
    for edge in edges.iter() {
        let place = &mut next[edge.from as usize];
        sorted[*place as usize] = *edge;
        *place += 1;
    }
    *edges = sorted;
    offsets
}
