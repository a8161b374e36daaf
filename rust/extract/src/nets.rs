//! Ports at one place that face each other are joined.
//!
//! The width is no criterion: a step in width is a fault of a connection, not the absence of one.

pub(crate) mod tiles;

use std::f64::consts::PI;

use rayon::prelude::*;
use rustc_hash::FxHashSet;
use waveguard_geom::transform::wrap_angle;
use waveguard_geom::{BBox, GridIndex};

use crate::pins::PortSource;
use crate::ports::Ports;
use crate::recipe::{PortKind, Tolerances};

/// A port of a placed device, in nm in the frame of the top.
#[derive(Clone, Copy, Debug)]
pub struct PlacedPort {
    /// Row in `devices`.
    pub device: usize,
    /// The device is a guide, which may close on itself.
    pub of_guide: bool,
    /// Position.
    pub at: [f64; 2],
    /// Direction out of the device; NaN without.
    pub direction_rad: f64,
    /// Width.
    pub width_nm: f64,
    /// Bound on its error.
    pub width_error_nm: f64,
    /// What it carries.
    pub kind: PortKind,
    /// False when either sign of the direction may join.
    pub oriented: bool,
    /// How far along its direction the end of a drawn guide may lie.
    pub play_nm: f64,
    /// By how much its direction may have been turned by rounding.
    pub slack_rad: f64,
    /// Where it was read from.
    pub source: PortSource,
    /// Cross-section in the recipe.
    pub section: Option<usize>,
    /// Cell index of the top.
    pub top: usize,
}

/// Position and direction of one port relative to another.
#[derive(Clone, Copy, Debug)]
pub struct Offset {
    /// Distance.
    pub distance_nm: f64,
    /// Along the direction of the first.
    pub gap_nm: f64,
    /// Across the direction of the first, without sign.
    pub lateral_nm: f64,
    /// Deviation from opposite directions, 0 to π; NaN when one has none.
    pub angle_rad: f64,
}

impl PlacedPort {
    /// Deviation from opposite directions, 0 to π.
    fn deviation_from(&self, other: &Self) -> f64 {
        let angle_rad = wrap_angle(other.direction_rad - self.direction_rad + PI).abs();
        if self.oriented && other.oriented { angle_rad } else { angle_rad.min(PI - angle_rad) }
    }

    /// Where `other` is, seen from here.
    pub fn offset_to(&self, other: &Self) -> Offset {
        let d = [other.at[0] - self.at[0], other.at[1] - self.at[1]];
        let distance_nm = d[0].hypot(d[1]);
        if self.direction_rad.is_nan() {
            return Offset { distance_nm, gap_nm: f64::NAN, lateral_nm: f64::NAN, angle_rad: f64::NAN };
        }
        let (sin, cos) = self.direction_rad.sin_cos();
        let angle_rad = self.deviation_from(other);
        Offset { distance_nm, gap_nm: d[0] * cos + d[1] * sin, lateral_nm: (d[1] * cos - d[0] * sin).abs(), angle_rad }
    }
}

/// Two ports that may be joined.
#[derive(Clone, Copy, Debug)]
struct Pair {
    /// The smaller number.
    a: u32,
    b: u32,
}

/// Result of [`join`].
#[derive(Clone, Debug, Default)]
pub struct Joined {
    /// For each port its partner.
    partner: Vec<u32>,
    /// Ports that could have been joined to more than one, first of each place.
    pub crowded: Vec<usize>,
    /// Ports around which there were more others than were looked at.
    pub cut: Vec<usize>,
}

/// No partner.
const NONE: u32 = u32::MAX;

impl Joined {
    /// The port that a port is joined to.
    #[inline]
    pub fn partner(&self, port: usize) -> Option<usize> {
        let other = self.partner[port];
        (other != NONE).then_some(other as usize)
    }

    /// All joins in ascending order of their first port, which is the smaller one.
    pub fn joins(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        let pair = |(a, &b): (usize, &u32)| (b != NONE && (b as usize) > a).then_some((a, b as usize));
        self.partner.iter().enumerate().filter_map(pair)
    }

    /// Joins of so many ports that are known already.
    pub(crate) fn of(ports: usize, joins: impl Iterator<Item = [usize; 2]>) -> Self {
        let mut joined = Self { partner: vec![NONE; ports], ..Self::default() };
        joins.for_each(|[a, b]| joined.take(Pair { a: a as u32, b: b as u32 }));
        joined
    }

    /// Ports of which it is known only whether they are joined; those that are have themselves as partners.
    pub(crate) fn marked(is_joined: &[bool]) -> Self {
        let partner = (0..).zip(is_joined).map(|(p, &is)| if is { p } else { NONE }).collect();
        Self { partner, ..Self::default() }
    }

    fn take(&mut self, pair: Pair) {
        self.partner[pair.a as usize] = pair.b;
        self.partner[pair.b as usize] = pair.a;
    }
}

/// At one place; the end of a drawn guide may also lie anywhere along an old pin.
fn meets(p: &PlacedPort, q: &PlacedPort, tolerances: &Tolerances) -> bool {
    if (p.at[0] - q.at[0]).hypot(p.at[1] - q.at[1]) <= tolerances.snap_nm {
        return true;
    }
    let offset = p.offset_to(q);
    let drawn = (p.source == PortSource::GuideEnd) != (q.source == PortSource::GuideEnd);
    let play = if drawn { p.play_nm + q.play_nm } else { 0.0 };
    offset.lateral_nm <= tolerances.snap_nm && offset.gap_nm.abs() <= tolerances.snap_nm + play
}

/// Whether two ports may be joined, and how well they fit.
#[derive(Clone, Copy, Debug)]
struct Fit<'a> {
    ports: &'a Ports,
    tolerances: &'a Tolerances,
    /// No two ports further apart along an axis are joined.
    reach: f64,
}

impl Fit<'_> {
    fn is_joinable(&self, i: usize) -> bool {
        let p = self.ports.form(i);
        p.kind != PortKind::Fibre && !p.direction_rad.is_nan()
    }

    #[inline]
    fn fits(&self, i: usize, j: usize) -> bool {
        let (at, to) = (self.ports.at(i), self.ports.at(j));
        if (at[0] - to[0]).abs() > self.reach || (at[1] - to[1]).abs() > self.reach {
            return false;
        }
        let (p, q) = (self.ports.get(i), self.ports.get(j));
        let are_strangers = p.device != q.device || p.of_guide;
        if p.top != q.top || p.kind != q.kind || !are_strangers {
            return false;
        }
        p.deviation_from(&q) <= self.tolerances.angle_rad + p.slack_rad + q.slack_rad && meets(&p, &q, self.tolerances)
    }
}

/// Pairs ports. Where several fit, the nearest and straightest pair goes first, then the first in order.
///
/// Around each port at most `nearby` others are looked at.
pub fn join(ports: &Ports, tolerances: &Tolerances, nearby: usize) -> Joined {
    let fit = Fit { ports, tolerances, reach: tolerances.snap_nm + ports.most_play_nm() };
    let mut joined = Joined { partner: vec![NONE; ports.len()], ..Joined::default() };
    let pairs = tiles::pairs(&fit, nearby).unwrap_or_else(|| {
        let (pairs, cut) = pairs_nearby(&fit, nearby);
        joined.cut = cut;
        pairs
    });
    let mut choices = vec![0_u8; ports.len()];
    for port in pairs.iter().flat_map(|pair| [pair.a, pair.b]) {
        let own = &mut choices[port as usize];
        *own = own.saturating_add(1);
    }
    // Nearly all ports have no choice; only among the others is there an order.
    let mut contested: Vec<Pair> = Vec::new();
    for pair in pairs {
        if choices[pair.a as usize] > 1 || choices[pair.b as usize] > 1 {
            contested.push(pair);
        } else {
            joined.take(pair);
        }
    }
    let mut ranked: Vec<(f64, f64, Pair)> = contested
        .into_par_iter()
        .map(|pair| {
            let offset = ports.get(pair.a as usize).offset_to(&ports.get(pair.b as usize));
            (offset.distance_nm, offset.angle_rad, pair)
        })
        .collect();
    ranked.par_sort_unstable_by(|s, t| {
        s.0.total_cmp(&t.0).then(s.1.total_cmp(&t.1)).then((s.2.a, s.2.b).cmp(&(t.2.a, t.2.b)))
    });
    let mut seen: FxHashSet<u32> = FxHashSet::default();
    for (_, _, pair) in &ranked {
        if joined.partner[pair.a as usize] == NONE && joined.partner[pair.b as usize] == NONE {
            joined.take(*pair);
        }
        // One report for each place: the first port of the crowd that was not yet reported.
        if !seen.contains(&pair.a) && !seen.contains(&pair.b) {
            joined.crowded.push(pair.a as usize);
        }
        seen.extend([pair.a, pair.b]);
    }
    joined.crowded.sort_unstable();
    joined
}

/// Pairs that fit, and the ports around which there were too many others, where ports may lie in crowds.
fn pairs_nearby(fit: &Fit, nearby: usize) -> (Vec<Pair>, Vec<usize>) {
    let ports = fit.ports;
    let place = |i: usize| if fit.is_joinable(i) { BBox { min: ports.at(i), max: ports.at(i) } } else { BBox::EMPTY };
    let places: Vec<BBox> = (0..ports.len()).map(place).collect();
    let index = GridIndex::new(&places, TILE_REACHES * fit.reach);
    // False when there are more around a port than are looked at.
    let near = |i: usize, own: &mut Vec<Pair>| {
        let mut seen = 0;
        index.candidates_while(&places[i].grown(fit.reach), |j| {
            seen += 1;
            if j > i && fit.fits(i, j) {
                own.push(Pair { a: i as u32, b: j as u32 });
            }
            seen < nearby
        })
    };
    let found: Vec<(Vec<Pair>, Vec<usize>)> = (0..ports.len().div_ceil(PORTS_A_TURN))
        .into_par_iter()
        .map(|turn| {
            let from = turn * PORTS_A_TURN;
            let (mut pairs, mut cut) = (Vec::with_capacity(PORTS_A_TURN), Vec::new());
            for i in from..(from + PORTS_A_TURN).min(ports.len()) {
                if !near(i, &mut pairs) {
                    cut.push(i);
                }
            }
            (pairs, cut)
        })
        .collect();
    let cut = found.iter().flat_map(|f| &f.1).copied().collect();
    (found.into_iter().flat_map(|f| f.0).collect(), cut)
}

/// Size of a tile in reaches: most windows lie in one tile, which holds few ports.
const TILE_REACHES: f64 = 8.0;
/// Ports a thread takes at once.
const PORTS_A_TURN: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    fn join(ports: &[PlacedPort], tolerances: &Tolerances) -> Joined {
        super::join(&Ports::from(ports), tolerances, 1000)
    }

    fn partners(joined: &Joined) -> Vec<Option<usize>> {
        (0..joined.partner.len()).map(|i| joined.partner(i)).collect()
    }

    fn port(device: usize, x: f64, y: f64, direction_rad: f64) -> PlacedPort {
        PlacedPort {
            device,
            of_guide: false,
            at: [x, y],
            direction_rad,
            width_nm: 500.0,
            width_error_nm: 0.0,
            kind: PortKind::Optical,
            oriented: true,
            play_nm: 0.0,
            slack_rad: 0.0,
            source: PortSource::Path,
            section: None,
            top: 0,
        }
    }

    #[test]
    fn facing_ports_join_across_a_tile_border() {
        for x in [-3.0, -0.1, 0.0, 2.9, 3.0, 1e9] {
            let joined = join(&[port(0, x, 0.0, 0.0), port(1, x + 1.0, 0.5, PI)], &Tolerances::default());
            assert_eq!(partners(&joined), [Some(1), Some(0)], "at {x}");
        }
    }

    #[test]
    fn ports_that_look_the_same_way_do_not_join() {
        let joined = join(&[port(0, 0.0, 0.0, 0.0), port(1, 0.0, 0.0, 0.0)], &Tolerances::default());
        assert!(joined.joins().next().is_none());
    }

    #[test]
    fn an_unoriented_port_joins_either_way() {
        let mut a = port(0, 0.0, 0.0, 0.0);
        a.oriented = false;
        let joined = join(&[a, port(1, 0.0, 0.0, 0.0)], &Tolerances::default());
        assert_eq!(joined.joins().count(), 1);
    }

    #[test]
    fn the_end_of_a_drawn_guide_may_lie_anywhere_along_an_old_pin() {
        let mut old = port(0, 0.0, 0.0, 0.0);
        old.play_nm = 75.0;
        let mut end = port(1, 75.0, 0.0, PI);
        assert!(join(&[old, end], &Tolerances::default()).joins().next().is_none());
        end.source = PortSource::GuideEnd;
        assert_eq!(join(&[old, end], &Tolerances::default()).joins().count(), 1);
        end.at[1] = 10.0;
        assert!(join(&[old, end], &Tolerances::default()).joins().next().is_none());
    }

    #[test]
    fn in_a_crowd_the_nearest_pair_wins_and_the_crowd_is_reported_once() {
        let ports = [port(0, 0.0, 0.0, 0.0), port(1, 1.0, 0.0, PI), port(2, 0.0, 0.0, PI)];
        let joined = join(&ports, &Tolerances::default());
        assert_eq!(partners(&joined), [Some(2), None, Some(0)]);
        assert_eq!(joined.crowded.len(), 1);
    }

    #[test]
    fn a_crowd_beyond_the_bound_is_said_to_be_cut() {
        let crowd: Vec<PlacedPort> = (0..50).map(|i| port(i, 0.0, 0.0, if i % 2 == 0 { 0.0 } else { PI })).collect();
        let all = super::join(&Ports::from(&crowd[..]), &Tolerances::default(), 1000);
        assert!(all.cut.is_empty());
        let cut = super::join(&Ports::from(&crowd[..]), &Tolerances::default(), 10);
        assert_eq!(cut.cut.len(), 50);
        assert!(cut.joins().next().is_some());
    }

    #[test]
    fn tiles_find_the_pairs_that_a_search_around_each_port_finds() {
        let tolerances = Tolerances::default();
        let mut state = 7_u64;
        let mut random = |n: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % n
        };
        // Clusters on borders of tiles and elsewhere, some ports in the middle of nothing.
        let ports: Vec<PlacedPort> = (0..4000)
            .map(|i| {
                let tile = 64.0 * tolerances.snap_nm * (random(200) as f64 - 100.0);
                let [x, y] = [0, 1].map(|_| tile + tolerances.snap_nm * 0.25 * (random(24) as f64 - 12.0));
                port(i, x, y * (random(3) as f64 - 1.0), PI * (random(2) as f64))
            })
            .collect();
        let ports = Ports::from(&ports[..]);
        let fit = Fit { ports: &ports, tolerances: &tolerances, reach: tolerances.snap_nm };
        let sorted = |pairs: Vec<Pair>| {
            let mut pairs: Vec<(u32, u32)> = pairs.iter().map(|p| (p.a, p.b)).collect();
            pairs.sort_unstable();
            pairs
        };
        let found = sorted(tiles::pairs(&fit, 100_000).expect("no crowd"));
        let mut searched = sorted(pairs_nearby(&fit, 100_000).0);
        searched.dedup();
        assert!(found.len() > 500, "{}", found.len());
        assert_eq!(found, searched);
    }

    #[test]
    fn tops_are_apart() {
        let mut b = port(1, 0.0, 0.0, PI);
        b.top = 1;
        assert!(join(&[port(0, 0.0, 0.0, 0.0), b], &Tolerances::default()).joins().next().is_none());
    }
}
