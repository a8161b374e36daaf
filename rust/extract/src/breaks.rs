//! Where the core of a device with two ports does not go on from one to the other.
//!
//! Only looked for where the core could not be followed: what the place is called is said elsewhere.

use waveguard_base::LayerId;
use waveguard_geom::{BBox, Point, region, ring};

use crate::drawn;
use crate::pins::LocalPort;
use crate::plan::Plan;

/// Devices drawn with more corners are no guides that somebody broke.
const MOST_POINTS: usize = 20_000;

/// A place in the frame of the device: what lies between its guides, or an end of them where no port is. `None` where
/// nothing is drawn, or nothing that a guide leads to.
pub(crate) fn find(plan: &Plan, rings: &[(LayerId, Vec<Point>)], ports: [&LocalPort; 2]) -> Option<[f64; 2]> {
    if rings.iter().map(|r| r.1.len()).sum::<usize>() > MOST_POINTS {
        return None;
    }
    let reach = plan.dbu(plan.recipe.tolerances.guide_end_nm);
    plan.guide_layers.iter().find_map(|&layer| {
        let own: Vec<&[Point]> = rings.iter().filter(|r| r.0 == layer).map(|r| r.1.as_slice()).collect();
        if own.is_empty() {
            return None;
        }
        let (mut bodies, mut ends, mut unknown) = (Vec::new(), Vec::new(), Vec::new());
        for piece in pieces(&region::union(&own)) {
            let found = drawn::of_region(plan, layer, piece, region::area(piece));
            if found.reason.is_some() {
                let b = BBox::of_points(&piece[0]);
                unknown.push([f64::midpoint(b.min[0], b.max[0]), f64::midpoint(b.min[1], b.max[1])]);
            }
            bodies.extend(found.protos.iter().filter_map(|p| p.junction));
            ends.extend(found.ends.iter().map(|e| [e.x, e.y]));
        }
        let is_port = |at: &[f64; 2]| ports.iter().any(|p| (p.at[0] - at[0]).hypot(p.at[1] - at[1]) <= reach);
        ends.retain(|at| !is_port(at));
        bodies.into_iter().chain(ends).chain(unknown).next()
    })
}

/// Outer rings, each with its holes.
fn pieces(rings: &[Vec<Point>]) -> impl Iterator<Item = &[Vec<Point>]> {
    rings.chunk_by(|_, next| ring::double_area(next) < 0)
}
