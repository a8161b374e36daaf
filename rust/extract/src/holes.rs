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

/// The middle of a small hole of a drawn body, in dbu in the frame of its cell.
pub(crate) fn small(body: &Proto) -> Option<[f64; 2]> {
    // Holes run clockwise.
    let area = |ring: &Vec<Point>| ring::double_area(ring) as f64;
    let (holes, around): (Vec<_>, Vec<_>) = body.outline.iter().partition(|ring| area(ring) < 0.0);
    if body.guide.is_some() || body.junction.is_none() || body.ports.len() < 2 || holes.len() > MOST_HOLES {
        return None;
    }
    let around: f64 = around.into_iter().map(area).sum();
    let hole = holes.into_iter().find(|hole| -area(hole) <= MOST_PART * around)?;
    let bbox = BBox::of_points(hole);
    Some([0, 1].map(|k: usize| f64::midpoint(bbox.min[k], bbox.max[k])))
}
