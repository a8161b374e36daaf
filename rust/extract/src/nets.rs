//! Ports at one place that face each other are joined.
//!
//! The width is no criterion: a step in width is a fault of a connection, not the absence of one.

use std::f64::consts::PI;

use rayon::prelude::*;
use waveguard_geom::transform::wrap_angle;
use waveguard_geom::{BBox, GridIndex};

use crate::pins::PortSource;
use crate::recipe::{PortKind, Tolerances};

/// A port of a placed device, in nm in the frame of the top.
#[derive(Clone, Debug)]
pub struct PlacedPort {
    /// Row in `devices`.
    pub device: usize,
    /// The device is a guide, which may close on itself.
    pub of_guide: bool,
    /// Name.
    pub name: String,
    /// Position.
    pub at: [f64; 2],
    /// Direction out of the device; NaN without.
    pub direction_rad: f64,
    /// Width.
    pub width_nm: f64,
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
    /// Where `other` is, seen from here.
    pub fn offset_to(&self, other: &Self) -> Offset {
        let d = [other.at[0] - self.at[0], other.at[1] - self.at[1]];
        let distance_nm = d[0].hypot(d[1]);
        if self.direction_rad.is_nan() {
            return Offset { distance_nm, gap_nm: f64::NAN, lateral_nm: f64::NAN, angle_rad: f64::NAN };
        }
        let (sin, cos) = self.direction_rad.sin_cos();
        let mut angle_rad = wrap_angle(other.direction_rad - self.direction_rad + PI).abs();
        if !(self.oriented && other.oriented) {
            angle_rad = angle_rad.min(PI - angle_rad);
        }
        Offset { distance_nm, gap_nm: d[0] * cos + d[1] * sin, lateral_nm: (d[1] * cos - d[0] * sin).abs(), angle_rad }
    }
}

/// Two ports joined.
#[derive(Clone, Copy, Debug)]
pub struct Join {
    /// Row in `ports`, the smaller one.
    pub a: usize,
    /// Row in `ports`.
    pub b: usize,
    /// How well they fit.
    pub offset: Offset,
}

/// Result of [`join`].
#[derive(Clone, Debug, Default)]
pub struct Joined {
    /// Pairs in ascending order of their first port.
    pub joins: Vec<Join>,
    /// For each port its partner.
    pub partner: Vec<Option<usize>>,
    /// Ports that could have been joined to more than one, first of each place.
    pub crowded: Vec<usize>,
    /// Ports around which there were more others than were looked at.
    pub cut: Vec<usize>,
}

/// At one place; the end of a drawn guide may also lie anywhere along an old pin.
fn meets(p: &PlacedPort, q: &PlacedPort, offset: &Offset, tolerances: &Tolerances) -> bool {
    let drawn = (p.source == PortSource::GuideEnd) != (q.source == PortSource::GuideEnd);
    let play = if drawn { p.play_nm + q.play_nm } else { 0.0 };
    offset.distance_nm <= tolerances.snap_nm
        || offset.lateral_nm <= tolerances.snap_nm && offset.gap_nm.abs() <= tolerances.snap_nm + play
}

/// Pairs ports. Where several fit, the nearest and straightest pair goes first, then the first in order.
///
/// Around each port at most `nearby` others are looked at.
pub fn join(ports: &[PlacedPort], tolerances: &Tolerances, nearby: usize) -> Joined {
    let most_play = ports.iter().fold(0.0, |m: f64, p| m.max(p.play_nm));
    let reach = tolerances.snap_nm + most_play;
    let joinable = |p: &PlacedPort| p.kind != PortKind::Fibre && !p.direction_rad.is_nan();
    let place = |p: &PlacedPort| if joinable(p) { BBox { min: p.at, max: p.at } } else { BBox::EMPTY };
    let places: Vec<BBox> = ports.iter().map(place).collect();
    let index = GridIndex::new(&places, TILE_REACHES * reach);
    // False when there are more around a port than are looked at.
    let near = |i: usize, own: &mut Vec<Join>| {
        let (p, mut seen) = (&ports[i], 0);
        index.candidates_while(&places[i].grown(reach), |j| {
            let q = &ports[j];
            seen += 1;
            let strangers = p.device != q.device || p.of_guide;
            if j <= i || p.top != q.top || p.kind != q.kind || !strangers {
                return seen < nearby;
            }
            if (p.at[0] - q.at[0]).abs() > reach || (p.at[1] - q.at[1]).abs() > reach {
                return seen < nearby;
            }
            let offset = p.offset_to(q);
            if meets(p, q, &offset, tolerances) && offset.angle_rad <= tolerances.angle_rad + p.slack_rad + q.slack_rad
            {
                own.push(Join { a: i, b: j, offset });
            }
            seen < nearby
        })
    };
    let found: Vec<(Vec<Join>, Vec<usize>)> = (0..ports.len().div_ceil(PORTS_A_TURN))
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
    let mut joined = Joined { partner: vec![None; ports.len()], ..Joined::default() };
    joined.cut = found.iter().flat_map(|f| &f.1).copied().collect();
    let mut pairs: Vec<Join> = Vec::with_capacity(found.iter().map(|f| f.0.len()).sum());
    for (some, _) in found {
        pairs.extend(some);
    }
    let mut choices = vec![0_u32; ports.len()];
    for pair in &pairs {
        choices[pair.a] += 1;
        choices[pair.b] += 1;
    }
    let key = |j: &Join| (j.offset.distance_nm, j.offset.angle_rad);
    // Nearly all ports have no choice; only among the others is there an order.
    let mut contested: Vec<Join> = Vec::new();
    for pair in pairs {
        if choices[pair.a] > 1 || choices[pair.b] > 1 {
            contested.push(pair);
        } else {
            joined.take(pair);
        }
    }
    if contested.is_empty() {
        // In the order of their first ports, as they were found.
        return joined;
    }
    contested.par_sort_unstable_by(|s, t| {
        let (s_key, t_key) = (key(s), key(t));
        s_key.0.total_cmp(&t_key.0).then(s_key.1.total_cmp(&t_key.1)).then((s.a, s.b).cmp(&(t.a, t.b)))
    });
    let mut seen: Vec<bool> = vec![false; ports.len()];
    for pair in &contested {
        if joined.partner[pair.a].is_none() && joined.partner[pair.b].is_none() {
            joined.take(*pair);
        }
        // One report for each place: the first port of the crowd that was not yet reported.
        if !seen[pair.a] && !seen[pair.b] {
            joined.crowded.push(pair.a);
        }
        seen[pair.a] = true;
        seen[pair.b] = true;
    }
    joined.joins.par_sort_unstable_by_key(|j| (j.a, j.b));
    joined.crowded.sort_unstable();
    joined
}

/// Size of a tile in reaches: most windows lie in one tile, which holds few ports.
const TILE_REACHES: f64 = 8.0;
/// Ports a thread takes at once.
const PORTS_A_TURN: usize = 4096;

impl Joined {
    fn take(&mut self, pair: Join) {
        self.partner[pair.a] = Some(pair.b);
        self.partner[pair.b] = Some(pair.a);
        self.joins.push(pair);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn join(ports: &[PlacedPort], tolerances: &Tolerances) -> Joined {
        super::join(ports, tolerances, 1000)
    }

    fn port(device: usize, x: f64, y: f64, direction_rad: f64) -> PlacedPort {
        PlacedPort {
            device,
            of_guide: false,
            name: String::new(),
            at: [x, y],
            direction_rad,
            width_nm: 500.0,
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
            assert_eq!(joined.partner, vec![Some(1), Some(0)], "at {x}");
        }
    }

    #[test]
    fn ports_that_look_the_same_way_do_not_join() {
        let joined = join(&[port(0, 0.0, 0.0, 0.0), port(1, 0.0, 0.0, 0.0)], &Tolerances::default());
        assert!(joined.joins.is_empty());
    }

    #[test]
    fn an_unoriented_port_joins_either_way() {
        let mut a = port(0, 0.0, 0.0, 0.0);
        a.oriented = false;
        let joined = join(&[a, port(1, 0.0, 0.0, 0.0)], &Tolerances::default());
        assert_eq!(joined.joins.len(), 1);
    }

    #[test]
    fn the_end_of_a_drawn_guide_may_lie_anywhere_along_an_old_pin() {
        let mut old = port(0, 0.0, 0.0, 0.0);
        old.play_nm = 75.0;
        let mut end = port(1, 75.0, 0.0, PI);
        assert!(join(&[old.clone(), end.clone()], &Tolerances::default()).joins.is_empty());
        end.source = PortSource::GuideEnd;
        assert_eq!(join(&[old.clone(), end.clone()], &Tolerances::default()).joins.len(), 1);
        end.at[1] = 10.0;
        assert!(join(&[old, end], &Tolerances::default()).joins.is_empty());
    }

    #[test]
    fn in_a_crowd_the_nearest_pair_wins_and_the_crowd_is_reported_once() {
        let ports = [port(0, 0.0, 0.0, 0.0), port(1, 1.0, 0.0, PI), port(2, 0.0, 0.0, PI)];
        let joined = join(&ports, &Tolerances::default());
        assert_eq!(joined.partner, vec![Some(2), None, Some(0)]);
        assert_eq!(joined.crowded.len(), 1);
    }

    #[test]
    fn a_crowd_beyond_the_bound_is_said_to_be_cut() {
        let crowd: Vec<PlacedPort> = (0..50).map(|i| port(i, 0.0, 0.0, if i % 2 == 0 { 0.0 } else { PI })).collect();
        let all = super::join(&crowd, &Tolerances::default(), 1000);
        assert!(all.cut.is_empty());
        let cut = super::join(&crowd, &Tolerances::default(), 10);
        assert_eq!(cut.cut.len(), 50);
        assert!(!cut.joins.is_empty());
    }

    #[test]
    fn tops_are_apart() {
        let mut b = port(1, 0.0, 0.0, PI);
        b.top = 1;
        assert!(join(&[port(0, 0.0, 0.0, 0.0), b], &Tolerances::default()).joins.is_empty());
    }
}
