//! Repetitions cleaned once, with the box of their displacements: copies are never listed here.

use std::sync::Arc;

use waveguard_geom::BBox;

use crate::model::Repetition;

/// Readers compute displacements from micrometres in floating point; what is closer to the grid than this
/// (in dbu) is on it.
const GRID_NOISE_DBU: f64 = 1e-6;

pub(super) struct Repetitions {
    list: Vec<Arc<Repetition>>,
    /// Box of all displacements.
    spread: Vec<BBox>,
    /// True when the file's repetition made no sense and `Single` was taken.
    bad: Vec<bool>,
}

impl Repetitions {
    pub(super) fn new(raw: Vec<Repetition>) -> Self {
        let single = Arc::new(Repetition::Single);
        let mut all = Self { list: Vec::new(), spread: Vec::new(), bad: Vec::new() };
        for repetition in raw {
            let (cleaned, bad) = match cleaned(repetition) {
                Some(Repetition::Single) => (Arc::clone(&single), false),
                Some(r) => (Arc::new(r), false),
                None => (Arc::clone(&single), true),
            };
            all.spread.push(spread(&cleaned));
            all.list.push(cleaned);
            all.bad.push(bad);
        }
        all
    }

    pub(super) fn get(&self, index: i64) -> &Arc<Repetition> {
        &self.list[index as usize]
    }

    pub(super) fn is_bad(&self, index: i64) -> bool {
        self.bad[index as usize]
    }

    /// Box of all copies of something with that box.
    pub(super) fn grown(&self, index: i64, b: &BBox) -> BBox {
        grown(&self.spread[index as usize], b)
    }

    pub(super) fn into_list(self) -> Vec<Arc<Repetition>> {
        self.list
    }
}

/// Box of all copies of something with box `b`. Exact: the extremes of the two add up per axis.
pub(super) fn copies_box(repetition: &Repetition, b: &BBox) -> BBox {
    grown(&spread(repetition), b)
}

fn grown(spread: &BBox, b: &BBox) -> BBox {
    if b.is_empty() {
        return BBox::EMPTY;
    }
    BBox {
        min: [b.min[0] + spread.min[0], b.min[1] + spread.min[1]],
        max: [b.max[0] + spread.max[0], b.max[1] + spread.max[1]],
    }
}

/// Box of all displacements. The extremes of a grid lie in its corners.
fn spread(repetition: &Repetition) -> BBox {
    let mut b = BBox::EMPTY;
    match repetition {
        Repetition::Single => b.add(0.0, 0.0),
        Repetition::Grid { columns, rows, v1, v2 } => {
            let (c, r) = ((columns - 1) as f64, (rows - 1) as f64);
            for (i, j) in [(0.0, 0.0), (c, 0.0), (0.0, r), (c, r)] {
                b.add(i * v1[0] + j * v2[0], i * v1[1] + j * v2[1]);
            }
        }
        Repetition::Listed(list) => list.iter().for_each(|d| b.add(d[0], d[1])),
    }
    b
}

fn cleaned(repetition: Repetition) -> Option<Repetition> {
    let finite = |d: &[f64; 2]| d[0].is_finite() && d[1].is_finite();
    match repetition {
        Repetition::Single => Some(Repetition::Single),
        Repetition::Grid { columns, rows, v1, v2 } => {
            if columns == 0 || rows == 0 || !finite(&v1) || !finite(&v2) {
                return None;
            }
            if columns == 1 && rows == 1 {
                return Some(Repetition::Single);
            }
            Some(Repetition::Grid { columns, rows, v1: v1.map(snapped), v2: v2.map(snapped) })
        }
        Repetition::Listed(list) => {
            if list.is_empty() || !list.iter().all(finite) {
                return None;
            }
            Some(Repetition::Listed(list.into_iter().map(|d| d.map(snapped)).collect()))
        }
    }
}

fn snapped(v: f64) -> f64 {
    if (v - v.round()).abs() < GRID_NOISE_DBU { v.round() + 0.0 } else { v }
}
