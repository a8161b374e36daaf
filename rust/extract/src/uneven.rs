//! Bodies that are the same on both sides of a line but for one place: something was left there, or is missing.
//!
//! Couplers, branches and crossings are drawn the same on both sides of the way that light takes into them. A small box
//! at the side of one touches no guide and has no port; only the other side tells that it was not meant. What differs in
//! many places was drawn so.

use rustc_hash::FxHashMap;
use waveguard_geom::transform::wrap_angle;
use waveguard_geom::{BBox, GridIndex, Point};

use crate::contacts::distance;
use crate::guides::Guide;
use crate::pins::LocalPort;
use crate::plan::Plan;
use crate::recipe::PortKind;

/// What such a place is called.
pub(crate) const CODE: &str = "uneven-device";
/// Corners of curves are rounded, and set differently on both sides, in dbu beside the sag of chords.
const ROUNDED_DBU: f64 = 4.0;
/// Ports that are looked at: a body with more is no coupler.
const MOST_PORTS: usize = 8;
/// Lines of symmetry that are tried.
const MOST_AXES: usize = 8;
/// The direction of a guide at a port is known within this, in rad,
const TURN_RAD: f64 = 0.002;
/// and a place between ports within this, in dbu.
const PLACE_DBU: f64 = 2.0;
/// Ports that look the same way within this are two of one side, in rad.
const SAME_WAY_RAD: f64 = 0.02;
/// Axes that are turned by less against each other are nearly one, in rad.
const NEARLY_RAD: f64 = 0.2;
/// A guide bends where it is turned by this against its beginning, in rad.
const BENT_RAD: f64 = 0.02;
/// Places of an outline that are compared,
const MOST_SAMPLES: f64 = 4000.0;
/// but no closer than this, in dbu.
const LEAST_STEP_DBU: f64 = 20.0;
/// Devices with more edges are not looked at,
const MOST_EDGES: usize = 100_000;
/// nor bodies around which more is drawn than so many edges,
const FEW_EDGES: usize = 2000;
/// or so many for each corner of the body itself: bodies that lie around each other would all look at all of them.
const EDGES_A_CORNER: usize = 8;
/// At most this part of the outline may differ,
const MOST_PART: f64 = 0.2;
/// over this part of the size of the body,
const MOST_EXTENT: f64 = 0.3;
/// and no further, in nm: a longer stretch that is wider on one side was drawn so.
const MOST_EXTENT_NM: f64 = 4000.0;
/// What is drawn around a body is looked at so far, in parts of the half of its diagonal,
const AROUND: f64 = 1.5;
/// and what differs further out than this part of that is another guide that passes by.
const OUTERMOST: f64 = 0.9;

/// A line that ports lie about.
#[derive(Clone, Copy)]
struct Axis {
    at: [f64; 2],
    way: [f64; 2],
    /// By how much it may be turned, in rad.
    slack_rad: f64,
}

impl Axis {
    /// A place seen along the line: how far along, and how far aside.
    fn seen(&self, p: [f64; 2]) -> [f64; 2] {
        let d = [p[0] - self.at[0], p[1] - self.at[1]];
        [d[0] * self.way[0] + d[1] * self.way[1], d[1] * self.way[0] - d[0] * self.way[1]]
    }

    /// The place on the other side.
    fn mirrored(&self, p: [f64; 2]) -> [f64; 2] {
        let aside = self.seen(p)[1];
        [p[0] + 2.0 * aside * self.way[1], p[1] - 2.0 * aside * self.way[0]]
    }

    /// The sine of the angle to another line.
    fn turn(&self, other: &Self) -> f64 {
        (self.way[0] * other.way[1] - self.way[1] * other.way[0]).abs()
    }

    /// The place of the line that is nearest to a point.
    fn foot(&self, p: [f64; 2]) -> [f64; 2] {
        let along = self.seen(p)[0];
        [self.at[0] + along * self.way[0], self.at[1] + along * self.way[1]]
    }
}

/// How closely outlines are compared, in dbu.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    within: f64,
    extent: f64,
    edges: usize,
}

impl Limits {
    pub(crate) fn new(plan: &Plan) -> Self {
        let sag = plan.dbu(plan.recipe.trace.chord_tolerance_nm);
        Self { within: sag + ROUNDED_DBU, extent: plan.dbu(MOST_EXTENT_NM), edges: MOST_EDGES }
    }
}

/// Lines through two ports, or places midway between ports that look the same way; or through one of these the way that
/// its guide has.
fn axes(ports: &[LocalPort], within: f64) -> Vec<Axis> {
    let optical = |p: &&LocalPort| p.kind == PortKind::Optical && p.direction_rad.is_finite();
    let ports: Vec<&LocalPort> = ports.iter().filter(optical).collect();
    if ports.len() > MOST_PORTS {
        return Vec::new();
    }
    let mut places: Vec<Axis> = Vec::new();
    for (i, a) in ports.iter().enumerate() {
        for b in ports[i..].iter().filter(|b| wrap_angle(a.direction_rad - b.direction_rad).abs() <= SAME_WAY_RAD) {
            let (sin, cos) = a.direction_rad.sin_cos();
            let at = [0, 1].map(|k: usize| f64::midpoint(a.at[k], b.at[k]));
            places.push(Axis { at, way: [cos, sin], slack_rad: TURN_RAD });
        }
    }
    let mut lines: Vec<Axis> = Vec::new();
    for (i, a) in places.iter().enumerate() {
        for b in &places[i + 1..] {
            let d = [b.at[0] - a.at[0], b.at[1] - a.at[1]];
            let long = d[0].hypot(d[1]);
            let line = Axis { at: a.at, way: d.map(|v| v / long), slack_rad: PLACE_DBU / long };
            if long > within && [a, b].iter().all(|o| line.turn(o) <= SAME_WAY_RAD) {
                lines.push(line);
            }
        }
    }
    lines.sort_by(|a, b| a.slack_rad.total_cmp(&b.slack_rad));
    let mut out: Vec<Axis> = Vec::new();
    for axis in lines.into_iter().chain(places) {
        let is_known = |o: &Axis| o.turn(&axis) <= SAME_WAY_RAD && o.seen(axis.at)[1].abs() <= within;
        if out.len() < MOST_AXES && !out.iter().any(is_known) {
            out.push(axis);
        }
    }
    out
}

type Edge = [[f64; 2]; 2];

/// An outline with its edges in an index.
pub(crate) struct Outline {
    edges: Vec<Edge>,
    index: GridIndex,
    all: BBox,
}

impl Outline {
    pub(crate) fn new(rings: &[Vec<Point>]) -> Option<Self> {
        let place = |p: &Point| [f64::from(p.x), f64::from(p.y)];
        let mut edges: Vec<Edge> = Vec::new();
        for ring in rings {
            edges.extend((0..ring.len()).map(|i| [place(&ring[i]), place(&ring[(i + 1) % ring.len()])]));
        }
        let box_of = |[p, q]: &Edge| {
            let mut b = BBox { min: *p, max: *p };
            b.add(q[0], q[1]);
            b
        };
        let boxes: Vec<BBox> = edges.iter().map(box_of).collect();
        let around: f64 = edges.iter().map(|[p, q]| (p[0] - q[0]).hypot(p[1] - q[1])).sum();
        if around <= 0.0 {
            return None;
        }
        let mut all = BBox::EMPTY;
        for b in &boxes {
            all.add_box(b);
        }
        Some(Self { index: GridIndex::new(&boxes, around / edges.len() as f64), edges, all })
    }

    /// Where a device with these ports differs from its own other side.
    pub(crate) fn odd(&self, ports: &[LocalPort], limits: Limits) -> Option<[f64; 2]> {
        let limits = Limits { edges: MOST_EDGES, ..limits };
        self.odd_within(self.all, f64::INFINITY, ports, &Arms::default(), limits)
    }

    /// Where the outline around a body, which is a part of it, differs from its own other side, but for arms that bend.
    pub(crate) fn odd_around(
        &self,
        body: &[Vec<Point>],
        ports: &[LocalPort],
        lines: impl Fn() -> Vec<Vec<[f64; 3]>>,
        limits: Limits,
    ) -> Option<[f64; 2]> {
        let mut bbox = BBox::EMPTY;
        for ring in body {
            bbox.add_box(&BBox::of_points(ring));
        }
        let corners: usize = body.iter().map(Vec::len).sum();
        let limits = Limits { edges: FEW_EDGES + EDGES_A_CORNER * corners, ..limits };
        self.odd_within(bbox, AROUND, ports, &Arms::default(), limits)?;
        // Only few bodies are looked at twice.
        self.odd_within(bbox, AROUND, ports, &Arms::new(&lines(), limits.within), limits)
    }

    fn odd_within(
        &self,
        body: BBox,
        around: f64,
        ports: &[LocalPort],
        arms: &Arms,
        limits: Limits,
    ) -> Option<[f64; 2]> {
        let half = (body.max[0] - body.min[0]).hypot(body.max[1] - body.min[1]) / 2.0;
        let middle = [0, 1].map(|k: usize| f64::midpoint(body.min[k], body.max[k]));
        let axes = axes(ports, limits.within);
        let differ = axes.iter().map(|&axis| {
            // A circle about a place of the line is its own other side.
            let circle = Circle { at: axis.foot(middle), reach: half * around };
            self.differs(axis, circle, half, arms, limits)
        });
        let differ: Vec<Sides> = differ.collect();
        // Of two axes that are nearly one, the other was only taken from a port at which a guide bends.
        let is_same =
            |axis: &Axis| axes.iter().zip(&differ).any(|(o, d)| matches!(d, Sides::Same) && o.turn(axis) <= NEARLY_RAD);
        let one = axes.iter().zip(&differ).filter_map(|(axis, d)| match d {
            Sides::OnePlace(long, at) if !is_same(axis) => Some((*long, *at)),
            _ => None,
        });
        one.min_by(|a, b| a.0.total_cmp(&b.0)).map(|d| d.1)
    }

    fn is_on(&self, p: [f64; 2], within: f64) -> bool {
        let mut found = false;
        self.index.candidates_while(&BBox { min: p, max: p }.grown(within), |i| {
            found = distance(p, self.edges[i]) <= within;
            !found
        });
        found
    }

    fn differs(&self, axis: Axis, circle: Circle, half: f64, arms: &Arms, limits: Limits) -> Sides {
        let mut own: Vec<(Edge, f64)> = Vec::new();
        if circle.reach.is_finite() {
            let window = BBox { min: circle.at, max: circle.at }.grown(circle.reach);
            let mut seen = 0;
            self.index.candidates_while(&window, |i| {
                seen += 1;
                own.extend(circle.part(self.edges[i]));
                seen <= limits.edges
            });
            if seen > limits.edges {
                return Sides::Unlike;
            }
        } else if self.edges.len() <= limits.edges {
            own.extend(self.edges.iter().map(|&[p, q]| ([p, q], (p[0] - q[0]).hypot(p[1] - q[1]))));
        }
        let all: f64 = own.iter().map(|e| e.1).sum();
        let step = (all / MOST_SAMPLES).max(LEAST_STEP_DBU);
        // Both sides differ from each other: seen from either they are one place.
        let (mut room, mut sides, mut differing) = (BBox::EMPTY, [(0.0, [0.0; 2]); 2], 0.0);
        for ([p, q], long) in own {
            let parts = (long / step).ceil().max(1.0);
            for k in 0..parts as usize {
                let u = (k as f64 + 0.5) / parts;
                let at = [p[0] + u * (q[0] - p[0]), p[1] + u * (q[1] - p[1])];
                let within = limits.within + 2.0 * axis.slack_rad * axis.seen(at)[0].abs();
                if self.is_on(axis.mirrored(at), within) || arms.has(at) {
                    continue;
                }
                let length = long / parts;
                differing += length;
                if differing > MOST_PART * all || circle.is_at_edge(at) {
                    return Sides::Unlike;
                }
                let [along, aside] = axis.seen(at);
                room.add(along, aside.abs());
                let (sum, middle) = &mut sides[usize::from(aside > 0.0)];
                *sum += length;
                (0..2).for_each(|k| middle[k] += length * at[k]);
            }
        }
        let extent = (MOST_EXTENT * 2.0 * half).min(limits.extent);
        let is_one_place = (0..2).all(|k| room.max[k] - room.min[k] <= extent);
        // The longer way around is the one with the box or the notch.
        let (sum, middle) = if sides[1].0 > sides[0].0 { sides[1] } else { sides[0] };
        match sum {
            0.0 => Sides::Same,
            _ if is_one_place => Sides::OnePlace(differing, middle.map(|v| v / sum)),
            _ => Sides::Unlike,
        }
    }
}

/// What both sides of a line look like.
enum Sides {
    Same,
    /// The length of the outline that has no counterpart, and where it is.
    OnePlace(f64, [f64; 2]),
    Unlike,
}

/// The guides that enter a body, from where the first of them bends: that they lead elsewhere is no fault of the body.
/// Each further edge of a guide with the half of its width.
#[derive(Default)]
struct Arms(Vec<(Edge, f64)>);

impl Arms {
    /// Of the centre-lines of these, each from the body on.
    fn new(lines: &[Vec<[f64; 3]>], within: f64) -> Self {
        let bent = lines.iter().filter_map(|line| straight_way(line)).fold(f64::INFINITY, f64::min);
        let mut arms = Vec::new();
        for line in lines {
            let mut way = 0.0;
            for pair in line.windows(2) {
                let [p, q] = [0, 1].map(|i: usize| [pair[i][0], pair[i][1]]);
                let long = (q[0] - p[0]).hypot(q[1] - p[1]);
                way += long;
                if way > bent {
                    // The edge from which a guide bends is straight up to there.
                    let part = ((way - bent) / long).min(1.0);
                    let from = [0, 1].map(|k: usize| q[k] + part * (p[k] - q[k]));
                    arms.push(([from, q], f64::midpoint(pair[0][2].max(pair[1][2]), 2.0 * within)));
                }
            }
        }
        Self(arms)
    }

    fn has(&self, p: [f64; 2]) -> bool {
        self.0.iter().any(|&(edge, half)| distance(p, edge) <= half)
    }
}

/// Ends of guides in one frame, in order of their x.
#[derive(Default)]
pub(crate) struct GuideEnds<'a>(Vec<([f64; 2], &'a Guide, bool)>);

impl<'a> GuideEnds<'a> {
    pub(crate) fn new(guides: impl Iterator<Item = &'a Guide>) -> Self {
        let mut ends = Vec::new();
        for guide in guides {
            let (first, last) = (guide.line.first(), guide.line.last());
            ends.extend([(first, false), (last, true)].into_iter().filter_map(|(p, is_last)| {
                let &[x, y, _] = p?;
                Some(([x, y], guide, is_last))
            }));
        }
        ends.sort_by(|a, b| a.0[0].total_cmp(&b.0[0]));
        Self(ends)
    }

    /// The centre-lines of those that end at one of some ports, each from there on.
    pub(crate) fn lines_from(&self, ports: &[LocalPort]) -> Vec<Vec<[f64; 3]>> {
        let from = |port: &LocalPort| {
            let (at, reach) = (port.at, port.width / 2.0);
            let near = &self.0[self.0.partition_point(|end| end.0[0] < at[0] - reach)..];
            let near = near.iter().take_while(move |end| end.0[0] <= at[0] + reach);
            near.filter(move |end| (end.0[0] - at[0]).hypot(end.0[1] - at[1]) <= reach)
        };
        let line = |&(_, guide, is_last): &([f64; 2], &Guide, bool)| {
            if is_last { guide.line.iter().rev().copied().collect() } else { guide.line.clone() }
        };
        ports.iter().flat_map(from).map(line).collect()
    }
}

/// How far a line goes before it bends.
fn straight_way(line: &[[f64; 3]]) -> Option<f64> {
    let way_of = |pair: &[[f64; 3]]| (pair[1][1] - pair[0][1]).atan2(pair[1][0] - pair[0][0]);
    let first = way_of(line.get(..2)?);
    let mut way = 0.0;
    for pair in line.windows(2) {
        if wrap_angle(way_of(pair) - first).abs() > BENT_RAD {
            return Some(way);
        }
        way += (pair[1][0] - pair[0][0]).hypot(pair[1][1] - pair[0][1]);
    }
    None
}

#[derive(Clone, Copy)]
struct Circle {
    at: [f64; 2],
    reach: f64,
}

impl Circle {
    /// The part of an edge inside, with its length.
    fn part(&self, [p, q]: Edge) -> Option<(Edge, f64)> {
        let d = [q[0] - p[0], q[1] - p[1]];
        let long = d[0].hypot(d[1]);
        let away = [p[0] - self.at[0], p[1] - self.at[1]];
        let along = -(away[0] * d[0] + away[1] * d[1]) / long;
        let aside = (away[0] * d[1] - away[1] * d[0]) / long;
        let half = (self.reach * self.reach - aside * aside).sqrt();
        let (from, to) = ((along - half).max(0.0), (along + half).min(long));
        let at = |s: f64| [p[0] + d[0] * s / long, p[1] + d[1] * s / long];
        // Not a number where the edge lies outside.
        (to > from).then(|| ([at(from), at(to)], to - from))
    }

    fn is_at_edge(&self, p: [f64; 2]) -> bool {
        (p[0] - self.at[0]).hypot(p[1] - self.at[1]) > OUTERMOST * self.reach
    }
}

/// Leaves out what is found in the same way more than once: that was drawn so. Each place comes with how it looks.
pub(crate) fn alone<K: Eq + std::hash::Hash, T>(found: Vec<(K, T)>) -> Vec<T> {
    let mut counts: FxHashMap<&K, usize> = FxHashMap::default();
    for f in &found {
        *counts.entry(&f.0).or_default() += 1;
    }
    let once: Vec<bool> = found.iter().map(|f| counts[&f.0] == 1).collect();
    found.into_iter().zip(once).filter(|f| f.1).map(|f| f.0.1).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pins::{self, PortSource};

    const LIMITS: Limits = Limits { within: 16.0, extent: 4000.0, edges: MOST_EDGES };

    fn ring(corners: &[(i32, i32)]) -> Vec<Vec<Point>> {
        vec![corners.iter().map(|&(x, y)| Point::new(x, y)).collect()]
    }

    const PLAIN: [(i32, i32); 4] = [(0, -2000), (10_000, -2000), (10_000, 2000), (0, 2000)];

    fn port(x: f64, y: f64, direction_rad: f64) -> LocalPort {
        LocalPort { direction_rad, ..pins::port([x, y], 500.0, PortKind::Optical, PortSource::GuideEnd) }
    }

    #[test]
    fn a_box_on_one_side_is_found_where_it_is() {
        let boxed =
            ring(&[PLAIN[0], PLAIN[1], PLAIN[2], (6200, 2000), (6200, 2300), (5800, 2300), (5800, 2000), PLAIN[3]]);
        let ports = [port(0.0, 0.0, std::f64::consts::PI)];
        let outline = Outline::new(&boxed).expect("edges");
        let at = outline.odd(&ports, LIMITS).expect("a box");
        assert!((at[0] - 6000.0).abs() < 100.0 && (at[1] - 2150.0).abs() < 200.0, "{at:?}");
    }

    #[test]
    fn the_same_on_both_sides_and_another_side_altogether_are_no_box() {
        let ports = [port(0.0, 0.0, std::f64::consts::PI)];
        assert!(Outline::new(&ring(&PLAIN)).expect("edges").odd(&ports, LIMITS).is_none());
        let slanted = ring(&[PLAIN[0], PLAIN[1], (10_000, 4000), PLAIN[3]]);
        assert!(Outline::new(&slanted).expect("edges").odd(&ports, LIMITS).is_none());
    }

    #[test]
    fn a_line_is_straight_up_to_where_it_bends() {
        let line = [[0.0, 0.0, 1500.0], [3000.0, 0.0, 500.0], [4000.0, 100.0, 500.0], [4900.0, 400.0, 500.0]];
        assert_eq!(straight_way(&line), Some(3000.0));
        assert_eq!(straight_way(&line[..2]), None);
    }

    #[test]
    fn what_looks_alike_twice_was_drawn_so() {
        assert_eq!(alone(vec![(1, 'a'), (2, 'b'), (1, 'c')]), vec!['b']);
    }
}
