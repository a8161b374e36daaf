//! For each unjoined optical port: the port it may have been meant for.

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

/// Looks around every unjoined optical port. Unjoined candidates go before joined ones, candidates that
/// face the port before others, then the nearest.
pub fn find(ports: &[PlacedPort], joined: &Joined, tolerances: &Tolerances) -> Vec<NearMiss> {
    let reach = tolerances.near_miss_nm;
    let boxes: Vec<BBox> = ports
        .iter()
        .map(|p| if p.kind == PortKind::Optical { BBox { min: p.at, max: p.at } } else { BBox::EMPTY })
        .collect();
    let index = GridIndex::new(&boxes, reach);
    let mut found = Vec::new();
    for (a, port) in ports.iter().enumerate() {
        if port.kind != PortKind::Optical || joined.partner[a].is_some() {
            continue;
        }
        let mut best: Option<((bool, bool), Offset, usize)> = None;
        index.candidates(&boxes[a].grown(reach), |b| {
            let other = &ports[b];
            if b == a || other.top != port.top || (other.device == port.device && !port.of_guide) {
                return;
            }
            let offset = port.offset_to(other);
            if offset.distance_nm > reach {
                return;
            }
            let facing = offset.angle_rad <= std::f64::consts::FRAC_PI_2;
            let rank = (joined.partner[b].is_some(), !facing);
            let better = best.as_ref().is_none_or(|(r, o, i)| {
                rank.cmp(r).then(offset.distance_nm.total_cmp(&o.distance_nm)).then(b.cmp(i)).is_lt()
            });
            if better {
                best = Some((rank, offset, b));
            }
        });
        if let Some((_, offset, b)) = best {
            found.push(NearMiss { a, b, offset });
        }
    }
    found
}
