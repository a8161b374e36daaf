//! For each unjoined optical port: the port it may have been meant for.

use rayon::prelude::*;
use waveguard_geom::{BBox, GridIndex};

use crate::nets::{Joined, Offset, PlacedPort};
use crate::recipe::{PortKind, Tolerances};

/// An unjoined port and its nearest candidate.
#[derive(Clone, Copy, Debug)]
pub struct NearMiss {
    /// The unjoined port.
    pub a: usize,
    /// The candidate.
    pub b: usize,
    /// Where it is, seen from `a`.
    pub offset: Offset,
}

/// What was found around unjoined ports.
#[derive(Clone, Debug, Default)]
pub struct NearMisses {
    /// In order of the unjoined ports.
    pub found: Vec<NearMiss>,
    /// Ports around which there were more others than were looked at: the nearest may be another one.
    pub cut: Vec<usize>,
}

/// The box of a port.
fn place(port: &PlacedPort) -> BBox {
    BBox { min: port.at, max: port.at }
}

/// Looks around every unjoined optical port. Unjoined candidates go before joined ones, candidates that
/// face the port before others, then the nearest. Around each port at most `nearby` others are looked at.
pub fn find(ports: &[PlacedPort], joined: &Joined, tolerances: &Tolerances, nearby: usize) -> NearMisses {
    let reach = tolerances.near_miss_nm;
    let open: Vec<usize> = (0..ports.len())
        .into_par_iter()
        .filter(|&a| ports[a].kind == PortKind::Optical && joined.partner[a].is_none())
        .collect();
    if open.is_empty() {
        return NearMisses::default();
    }
    // Few ports are open: all others are first asked whether they are near one of them.
    let windows: Vec<BBox> = open.iter().map(|&a| place(&ports[a]).grown(reach)).collect();
    let around_open = GridIndex::new(&windows, 2.0 * reach);
    let boxes: Vec<BBox> = ports
        .par_iter()
        .map(|p| {
            let own = place(p);
            let is_far =
                p.kind != PortKind::Optical || around_open.candidates_while(&own, |w| !windows[w].touches(&own));
            if is_far { BBox::EMPTY } else { own }
        })
        .collect();
    let index = GridIndex::new(&boxes, reach);
    let around = |a: usize| {
        let (port, mut seen) = (&ports[a], 0);
        let mut best: Option<((bool, bool), Offset, usize)> = None;
        let seen_all = index.candidates_while(&boxes[a].grown(reach), |b| {
            let other = &ports[b];
            seen += 1;
            if b == a || other.top != port.top || (other.device == port.device && !port.of_guide) {
                return seen < nearby;
            }
            let offset = port.offset_to(other);
            let facing = offset.angle_rad <= std::f64::consts::FRAC_PI_2;
            // A ring may have been left open; the other end of a short guide is no partner.
            let is_behind = other.device == port.device && !(facing && offset.gap_nm > 0.0);
            if offset.distance_nm > reach || is_behind {
                return seen < nearby;
            }
            let rank = (joined.partner[b].is_some(), !facing);
            let better = best.as_ref().is_none_or(|(r, o, i)| {
                rank.cmp(r).then(offset.distance_nm.total_cmp(&o.distance_nm)).then(b.cmp(i)).is_lt()
            });
            if better {
                best = Some((rank, offset, b));
            }
            seen < nearby
        });
        (best.map(|(_, offset, b)| NearMiss { a, b, offset }), (!seen_all).then_some(a))
    };
    let all: Vec<(Option<NearMiss>, Option<usize>)> = open.into_par_iter().map(around).collect();
    NearMisses { found: all.iter().filter_map(|f| f.0).collect(), cut: all.iter().filter_map(|f| f.1).collect() }
}
