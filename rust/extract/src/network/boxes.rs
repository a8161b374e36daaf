//! Wide stretches between narrow guides are no guides: light interferes in them.
//!
//! The box of a multimode coupler has two sides along each other like a guide. What tells it from one is what meets it:
//! guides much narrower than the box at both ends, and more than two of them.

use super::Network;
use super::bodies::{Owners, Side};
use crate::trace::{End, Trace};

/// A box is so many times wider than the guides that meet it.
pub const WIDER: f64 = 1.5;
/// A box is no longer than this many of its widths: four times the square of the width by the wavelength in the core,
/// for general interference (Soldano and Pennings 1995) at the widest of guides.
const LONGEST: f64 = 12.0;
/// Guides that meet a box at both ends, at least.
const FEWEST: usize = 3;

/// What a guide may be of the box of a coupler.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OfBox {
    /// Nothing: it is longer than any box of its width.
    #[default]
    Nothing,
    /// All of one or a piece, by its length.
    Piece,
    /// The beginning of one: much narrower guides meet it at one end, and at the other nothing does yet.
    Beginning,
}

impl OfBox {
    /// What a guide may be of a box by its own length.
    pub fn alone(trace: &Trace) -> Self {
        if trace.length <= LONGEST * trace.width_min { Self::Piece } else { Self::Nothing }
    }
}

/// Makes boxes parts of the bodies at their ends, and tells which other guides may be pieces of one.
pub(super) fn absorb(owners: &mut Owners, network: &mut Network) {
    let entries = owners.entries();
    let mut is_box = vec![false; network.guides.len()];
    let mut of_box = vec![OfBox::Nothing; network.guides.len()];
    for (g, part) in network.guides.iter().enumerate() {
        let width = part.trace.width_min;
        of_box[g] = OfBox::alone(&part.trace);
        if of_box[g] == OfBox::Nothing {
            continue;
        }
        let met = [0, 1].map(|k: usize| {
            let own = &part.trace.ends[k];
            match part.bodies[k] {
                Some(node) => {
                    let all = entries.get(&owners.root(node)).map_or(&[][..], Vec::as_slice);
                    all.iter().filter(|e| (e.x, e.y, e.width) != (own.x, own.y, own.width)).map(|e| e.width).collect()
                }
                None => beyond_step(owners, g, k)
                    .map(|side| match side {
                        Side::Guide(other) => network.guides[other].trace.ends[1 - k].width,
                        Side::Outside(end) => end.width,
                    })
                    .collect::<Vec<f64>>(),
            }
        });
        let are_narrow = met.iter().flatten().all(|w| WIDER * w <= width);
        let n_met = met.iter().filter(|side| !side.is_empty()).count();
        is_box[g] = n_met == 2 && are_narrow && met.iter().flatten().count() >= FEWEST;
        if n_met == 1 && are_narrow {
            of_box[g] = OfBox::Beginning;
        }
    }
    network.guides.iter_mut().zip(of_box).for_each(|(part, of_box)| part.of_box = of_box);
    if !is_box.contains(&true) {
        return;
    }
    owners.release(&is_box, &network.guides);
    for g in (0..is_box.len()).filter(|&g| is_box[g]) {
        let nodes = network.guides[g].bodies;
        let node = owners.add();
        for (k, other) in nodes.into_iter().enumerate() {
            if let Some(other) = other {
                owners.join(node, other);
            }
            let sides: Vec<Side> = beyond_step(owners, g, k).collect();
            for side in sides {
                let end: End = match side {
                    Side::Guide(other) => {
                        network.guides[other].bodies[1 - k] = Some(node);
                        network.guides[other].trace.ends[1 - k]
                    }
                    Side::Outside(end) => end,
                };
                owners.enter(node, end);
            }
        }
    }
    let mut is_box = is_box.into_iter();
    network.guides.retain(|_| !is_box.next().unwrap_or(false));
}

/// What meets end `k` of a guide at a step.
fn beyond_step(owners: &Owners, guide: usize, k: usize) -> impl Iterator<Item = Side> + '_ {
    owners.steps.iter().filter_map(move |pair| match pair[1 - k] {
        Side::Guide(g) if g == guide => Some(pair[k]),
        _ => None,
    })
}
