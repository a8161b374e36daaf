//! Slabs of rib guides: whether a guide has one, and where it reaches too little far beside the core.
//!
//! A core says nothing of the slab below it, which may lie in other cells and be drawn in pieces or as one shape for many
//! guides. So slabs are looked at when all guides are placed: along both edges of each core it is measured how far the
//! slab goes on. Without a slab in the recipe nothing is done.

mod along;
mod drawn;
mod stretches;

use std::collections::BTreeMap;

use rayon::prelude::*;
use waveguard_base::{Interrupted, Problem, Watch};

use crate::cuts::Cuts;
use crate::found::Found;
use crate::guides::Guide;
use crate::lines::Line;
use crate::plan::Plan;
use crate::recipe::{LayerPair, SlabSection};
use crate::tables::{ThinSlabRow, ThinSlabs};
use along::{Look, Profile};
use drawn::Drawn;
use stretches::Stretch;

/// A guide of which so much of the length lies on a slab is a rib, when it may be both.
const SHARE: f64 = 0.5;

/// What is known of the slabs of all guides.
#[derive(Debug, Default)]
pub(crate) struct Slabs {
    /// Guides whose cross-section the slab decided, in order, with that.
    chosen: Vec<(usize, usize)>,
    /// Guides in order, with a stretch each.
    thin: Vec<(usize, Stretch)>,
}

impl Slabs {
    /// The cross-section of a guide; `else_it_is` where no slab decided it.
    pub(crate) fn section(&self, guide: usize, else_it_is: Option<usize>) -> Option<usize> {
        let row = self.chosen.binary_search_by_key(&guide, |c| c.0).ok();
        row.map_or(else_it_is, |row| Some(self.chosen[row].1))
    }

    /// The stretches as a table.
    pub(crate) fn table(&self) -> ThinSlabs {
        let mut table = ThinSlabs::with_capacity(self.thin.len());
        for (guide, s) in &self.thin {
            table.push(ThinSlabRow {
                waveguide: *guide as i64,
                start_nm: s.from_nm,
                length_nm: s.to_nm - s.from_nm,
                reach_nm: s.reach_nm,
                x_nm: s.at_nm[0],
                y_nm: s.at_nm[1],
                step_nm: s.step_nm,
                end_step_nm: s.end_step_nm,
            });
        }
        table
    }
}

/// A guide that has a slab, or may have one.
struct Wanted<'a> {
    number: usize,
    guide: &'a Guide,
    top: usize,
    slab: SlabSection,
}

/// Looks at the slabs of all guides that may have one.
///
/// # Errors
/// When the watch asks to stop.
pub(crate) fn find(
    plan: &Plan,
    found: &Found,
    problems: &mut Vec<Problem>,
    watch: &Watch,
) -> Result<Slabs, Interrupted> {
    if plan.recipe.guides.iter().all(|g| g.slab.is_none()) {
        return Ok(Slabs::default());
    }
    let wanted = wanted(plan, found);
    let mut drawn: BTreeMap<(usize, LayerPair), Drawn> = BTreeMap::new();
    let mut cuts = Cuts::default();
    for key in wanted.iter().map(|w| (w.top, w.slab.layer)) {
        if let std::collections::btree_map::Entry::Vacant(room) = drawn.entry(key) {
            watch.check()?;
            room.insert(Drawn::read(plan, key.0, key.1, &mut cuts));
        }
    }
    if !cuts.is_empty() {
        // Of a slab that was not read to its end nothing can be said.
        problems.extend(cuts.problems(plan.layout));
        return Ok(Slabs::default());
    }
    watch.enter(4, wanted.len() as u64);
    let lines = &found.flat().guides.lines;
    let looked: Result<Vec<Seen>, Interrupted> = wanted
        .par_iter()
        .map(|w| {
            watch.check()?;
            let seen = look(plan, w, &lines.line(w.number), &drawn[&(w.top, w.slab.layer)]);
            watch.advance(1);
            Ok(seen)
        })
        .collect();
    let mut slabs = Slabs::default();
    for (w, seen) in wanted.iter().zip(looked?) {
        slabs.chosen.extend(seen.section.map(|section| (w.number, section)));
        slabs.thin.extend(seen.thin.into_iter().map(|stretch| (w.number, stretch)));
    }
    Ok(slabs)
}

/// Guides of one core whose cross-section, or its twin, has a slab. Rows of boxes have their light elsewhere.
fn wanted<'a>(plan: &Plan, found: &'a Found) -> Vec<Wanted<'a>> {
    let guides = &found.flat().guides;
    let one = |(number, guide): (usize, &'a Guide)| {
        if guide.slot.is_some() || guide.segments.is_some() {
            return None;
        }
        let sections = [guide.section, guide.twin];
        let slab = sections.into_iter().flatten().find_map(|s| plan.recipe.guides[s].slab)?;
        Some(Wanted { number, guide, top: guides.lines.placed[number].top, slab })
    };
    guides.traced().enumerate().filter_map(one).collect()
}

/// What was seen of one guide.
struct Seen {
    /// Its cross-section, where it may be two.
    section: Option<usize>,
    thin: Vec<Stretch>,
}

fn look(plan: &Plan, wanted: &Wanted, line: &Line, drawn: &Drawn) -> Seen {
    let profile = Profile::new(line, drawn, Look::new(wanted.slab.reach_nm, plan.layout.dbu_nm));
    let is_rib = profile.share() > SHARE;
    let has_slab = |section: &usize| plan.recipe.guides[*section].slab.is_some() == is_rib;
    let may_be = [wanted.guide.section, wanted.guide.twin];
    let section = wanted.guide.twin.and_then(|_| may_be.into_iter().flatten().find(has_slab));
    let thin = if profile.is_bare() { Vec::new() } else { stretches::find(line, &profile, wanted.slab.least_nm) };
    Seen { section, thin }
}
