//! Small holes in the bodies of couplers, branches and crossings, such as a shape that was subtracted by mistake leaves.
//!
//! The body of a multimode coupler is one piece of core. Light spreads over all of it, so a hole disturbs it wherever it
//! lies; no guide and no port is touched by it. Bodies with many holes, as of photonic crystals, and large ones, as of
//! rings, are drawn so.

use waveguard_geom::{BBox, Point, ring};

use crate::devices::Proto;

/// What such a place is called.
pub(crate) const CODE: &str = "hole-in-device";
/// Bodies with more holes are drawn so.
const MOST_HOLES: usize = 3;
/// A hole of more than this part of what lies around it is meant.
const MOST_PART: f64 = 0.1;

/// Holes whose areas differ by less than this part look the same: corners are rounded to the grid.
const SAME_PART: f64 = 0.05;

/// A small hole.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hole {
    /// Its middle in dbu, in the frame of the cell.
    pub(crate) at: [f64; 2],
    /// In dbu².
    area: f64,
    /// How many ports the body around it has.
    ports: usize,
}

/// A small hole of a drawn body.
pub(crate) fn small(body: &Proto) -> Option<Hole> {
    let ports = body.ports.len();
    if body.guide.is_some() || body.junction.is_none() || ports < 2 {
        return None;
    }
    // Holes run clockwise.
    let area = |ring: &Vec<Point>| ring::double_area(ring) as f64 / 2.0;
    let (holes, around): (Vec<_>, Vec<_>) = body.outline.iter().partition(|ring| area(ring) < 0.0);
    if holes.len() > MOST_HOLES {
        return None;
    }
    let around: f64 = around.into_iter().map(area).sum();
    let hole = holes.into_iter().find(|hole| -area(hole) <= MOST_PART * around)?;
    let bbox = BBox::of_points(hole);
    let at = [0, 1].map(|k: usize| f64::midpoint(bbox.min[k], bbox.max[k]));
    Some(Hole { at, area: -area(hole), ports })
}

/// Leaves out holes that are found alike in more than one body: they were drawn so.
pub(crate) fn alone<T>(mut found: Vec<(Hole, T)>) -> Vec<T> {
    found.sort_by(|(a, _), (b, _)| a.ports.cmp(&b.ports).then(a.area.total_cmp(&b.area)));
    let is_same = |w: &[(Hole, T)]| w[0].0.ports == w[1].0.ports && w[1].0.area <= (1.0 + SAME_PART) * w[0].0.area;
    let same: Vec<bool> = found.windows(2).map(is_same).collect();
    let is_alone = |k: usize| !(same.get(k) == Some(&true) || k.checked_sub(1).is_some_and(|before| same[before]));
    found.into_iter().enumerate().filter(|(k, _)| is_alone(*k)).map(|(_, (_, one))| one).collect()
}
