//! For each unjoined optical port: the port it may have been meant for.

use rayon::prelude::*;
use waveguard_geom::{BBox, GridIndex};

use crate::nets::tiles::tile_hash;
use crate::nets::{Joined, Offset, PlacedPort};
use crate::ports::Ports;
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

/// The box of a place.
fn place(at: [f64; 2]) -> BBox {
    BBox { min: at, max: at }
}

/// Looks around every unjoined optical port. Unjoined candidates go before joined ones, candidates that
/// face the port before others, then the nearest. Around each port at most `nearby` others are looked at. A place where
/// a guide was cut in two is no candidate, unless the port is on that guide.
pub fn find(ports: &Ports, joined: &Joined, tolerances: &Tolerances, nearby: usize) -> NearMisses {
    let reach = tolerances.near_miss_nm;
    let is_optical = |a: usize| ports.kind(a) == PortKind::Optical;
    let open = ports.filter(|a| is_optical(a) && joined.partner(a).is_none());
    if open.is_empty() {
        return NearMisses::default();
    }
    // Few ports are open: all others are first asked whether they are near one of them.
    let windows: Vec<BBox> = open.iter().map(|&a| place(ports.at(a)).grown(reach)).collect();
    let around_open = GridIndex::new(&windows, 2.0 * reach);
    let marks = Marks::new(&windows, 2.0 * reach);
    let near_open = ports.filter(|a| {
        let at = ports.at(a);
        let touches = |w: usize| windows[w].touches(&place(at));
        is_optical(a) && marks.may_touch(at) && !around_open.candidates_while(&place(at), |w| !touches(w))
    });
    let boxes: Vec<BBox> = near_open.iter().map(|&a| place(ports.at(a))).collect();
    let index = GridIndex::new(&boxes, reach);
    // Whose partner a joined port is shows from where it lies: of some ports it is known only that they are joined.
    let goes_on_at = |b: usize, of: &PlacedPort| {
        let mut found = None;
        let mut seen = 0;
        index.candidates_while(&place(of.at).grown(tolerances.snap_nm), |k| {
            let other = ports.get(near_open[k]);
            let offset = of.offset_to(&other);
            let is_partner = other.of_guide && other.top == of.top && joined.partner(near_open[k]).is_some();
            let fits = offset.distance_nm <= tolerances.snap_nm && offset.angle_rad <= tolerances.angle_rad;
            found = (near_open[k] != b && is_partner && fits).then_some(near_open[k]);
            seen += 1;
            found.is_none() && seen < nearby
        });
        found
    };
    let is_seam = |b: usize, of: &PlacedPort| goes_on_at(b, of).is_some();
    // Ends of the pieces that a guide with an open end is drawn in, as far as it is within reach.
    let pieces_behind = |a: usize, port: &PlacedPort| {
        let mut ends = Vec::new();
        let mut far = ports.other_end(a);
        while let Some(end) = far.filter(|_| ends.len() < MOST_ENDS) {
            let of = ports.get(end);
            if port.offset_to(&of).distance_nm > reach {
                break;
            }
            ends.push(end);
            let next = joined.partner(end).and_then(|_| goes_on_at(end, &of));
            ends.extend(next);
            far = next.and_then(|next| ports.other_end(next));
        }
        ends
    };
    let around = |a: usize| {
        let (port, mut seen) = (ports.get(a), 0);
        let own = pieces_behind(a, &port);
        let mut best: Option<((bool, bool), Offset, usize)> = None;
        let seen_all = index.candidates_while(&place(port.at).grown(reach), |k| {
            let b = near_open[k];
            let other = ports.get(b);
            seen += 1;
            if b == a || other.top != port.top || (other.device == port.device && !port.of_guide) {
                return seen < nearby;
            }
            let offset = port.offset_to(&other);
            let facing = offset.angle_rad <= std::f64::consts::FRAC_PI_2;
            // A ring may have been left open; the other end of a short guide is no partner.
            let is_behind = (other.device == port.device || own.contains(&b)) && !(facing && offset.gap_nm > 0.0);
            if offset.distance_nm > reach || is_behind {
                return seen < nearby;
            }
            let is_aside = offset.distance_nm > f64::midpoint(port.width_nm, other.width_nm);
            if is_aside && other.of_guide && joined.partner(b).is_some() && is_seam(b, &other) {
                return seen < nearby;
            }
            let rank = (joined.partner(b).is_some(), !facing);
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

/// Ends of pieces of a guide that are passed from its open end on.
const MOST_ENDS: usize = 32;

/// Tiles that windows touch, as bits that several tiles may share: a place without a bit is in no window.
struct Marks {
    bits: Vec<u64>,
    tile: f64,
}

/// Bits for each tile that is marked.
const BITS_A_TILE: usize = 64;

impl Marks {
    fn new(windows: &[BBox], tile: f64) -> Self {
        let n = (4 * BITS_A_TILE * windows.len()).next_power_of_two().max(64);
        let mut marks = Self { bits: vec![0; n / 64], tile };
        for w in windows {
            let [from, to] = [w.min, w.max].map(|p| p.map(|v| (v / tile).floor() as i64));
            for (x, y) in (from[0]..=to[0]).flat_map(|x| (from[1]..=to[1]).map(move |y| (x, y))) {
                let bit = marks.bit(x, y);
                marks.bits[bit / 64] |= 1 << (bit % 64);
            }
        }
        marks
    }

    fn bit(&self, x: i64, y: i64) -> usize {
        tile_hash(x, y) as usize & (64 * self.bits.len() - 1)
    }

    fn may_touch(&self, at: [f64; 2]) -> bool {
        let bit = self.bit((at[0] / self.tile).floor() as i64, (at[1] / self.tile).floor() as i64);
        self.bits[bit / 64] >> (bit % 64) & 1 == 1
    }
}
