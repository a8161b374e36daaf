//! Cuts the guides out of a region and has them traced.

use std::f64::consts::PI;

use waveguard_geom::{Point, transform::wrap_angle};

use super::axis::{self, Arm, Node};
use super::bodies::{self, Owners};
use super::hubs::hub;
use super::intervals::{Interval, Look};
use super::mesh::{Mesh, NONE};
use super::strip::{Section, Strip};
use super::{NetworkOptions, NoNetwork, Network, Part};
use crate::trace::{CapHint, TraceOptions, trace_ribbon};

/// Points along long edges are this many of the narrowest guide's widths apart.
const SPACING: f64 = 0.5;
/// A ring is cut open this far along, where its strip has a way on to both sides.
const RING_START: f64 = 0.25;
/// Points of the outline around a free end.
const MOST_END_POINTS: usize = 20_000;

/// The guides and bodies of a region: outer rings counter-clockwise, holes clockwise.
///
/// # Errors
/// When there is no region or no guide in it.
pub fn decompose<R: AsRef<[Point]>>(region: &[R], opts: &NetworkOptions) -> Result<Network, NoNetwork> {
    let mesh = Mesh::new(region, SPACING * opts.width_min).ok_or(NoNetwork::NoRegion)?;
    let graph = axis::graph(&mesh, opts.width_min);
    let mut owners = Owners::new(&mesh, &graph);
    let mut network = Network::default();
    for arm in &graph.arms {
        cut_arm(&mesh, arm, opts, &mut owners, &mut network);
    }
    if network.guides.is_empty() {
        return Err(NoNetwork::NoGuide);
    }
    bodies::collect(&mesh, &graph, owners, &mut network);
    Ok(network)
}

fn cut_arm(mesh: &Mesh, arm: &Arm, opts: &NetworkOptions, owners: &mut Owners, network: &mut Network) {
    let strip = Strip::new(mesh, arm);
    let hubs = arm.nodes.map(|n| match n {
        Node::Junction(t) => Some(hub(mesh, t)),
        _ => None,
    });
    let look = Look { strip: &strip, hubs, opts };
    let is_ring = arm.nodes[0] == Node::Closed;
    if is_ring {
        cut_ring(mesh, arm, &look, owners, network);
        return;
    }
    let ends = arm.nodes.map(|n| matches!(n, Node::End(_)));
    let intervals = look.intervals(0.0, strip.length(), ends);
    let mut before = match arm.nodes[0] {
        Node::Junction(t) => Some(owners.of_junction(t)),
        _ => None,
    };
    let after = match arm.nodes[1] {
        Node::Junction(t) => Some(owners.of_junction(t)),
        _ => None,
    };
    let Some(last) = intervals.len().checked_sub(1) else {
        // Too short for a guide: both junctions are one, or the end belongs to its junction.
        if let (Some(a), Some(b)) = (before, after) {
            owners.join(a, b);
        }
        return;
    };
    for (i, interval) in intervals.iter().enumerate() {
        let at_begin = if interval.is_open[0] { None } else { Some(before.unwrap_or_else(|| owners.add())) };
        let next = if i == last { after } else { Some(owners.add()) };
        let at_end = if interval.is_open[1] { None } else { Some(next.unwrap_or_else(|| owners.add())) };
        add_guide(mesh, arm, &look, *interval, [at_begin, at_end], owners, network);
        before = at_end;
    }
}

/// A ring is a guide that meets itself, or goes from body to body.
fn cut_ring(mesh: &Mesh, arm: &Arm, look: &Look, owners: &mut Owners, network: &mut Network) {
    // The strip goes around twice, less the way from the last chord to the first.
    let n = arm.chords.len();
    let around = look.strip.chord_start(n);
    let mut from = RING_START * around;
    let pick = |from: f64| look.intervals(from, from + around, [false; 2]);
    let mut intervals = pick(from);
    let whole = |i: &[Interval], from: f64| i.len() == 1 && i[0].to - i[0].from >= around * 0.999_999 && i[0].from <= from;
    if whole(&intervals, from) {
        let all = Interval { from, to: from + around, is_open: [false; 2] };
        add_guide(mesh, arm, look, all, [None; 2], owners, network);
        return;
    }
    // Begin where it is no guide, so that no stretch is cut in two.
    if let Some(gap) = intervals.last().map(|i| i.to).filter(|to| *to < from + around) {
        from = (gap + 1.0) % around;
        intervals = pick(from);
    }
    let Some(last) = intervals.len().checked_sub(1) else { return };
    let first = owners.add();
    let mut before = first;
    for (i, interval) in intervals.iter().enumerate() {
        let next = if i == last { first } else { owners.add() };
        add_guide(mesh, arm, look, *interval, [Some(before), Some(next)], owners, network);
        before = next;
    }
}

/// Traces a stretch; what cannot be traced becomes part of the bodies at its ends.
fn add_guide(
    mesh: &Mesh,
    arm: &Arm,
    look: &Look,
    interval: Interval,
    nodes: [Option<usize>; 2],
    owners: &mut Owners,
    network: &mut Network,
) {
    let number = network.guides.len();
    let traced = outline(mesh, look, interval).and_then(|cut| {
        // Widths were judged when the stretch was chosen; here they would be judged twice, at a border.
        let trace = &TraceOptions { width_min: 0.0, width_max: f64::INFINITY, ..look.opts.trace.clone() };
        trace_ribbon(&cut.ring, Some(cut.hints), trace).or_else(|_| trace_ribbon(&cut.ring, None, trace)).ok()
    });
    let Some(trace) = traced else {
        let known: Vec<usize> = nodes.into_iter().flatten().collect();
        if let [a, b] = known[..] {
            owners.join(a, b);
        }
        return;
    };
    owners.take(arm, look.strip, interval, number);
    for (node, end) in nodes.iter().zip(&trace.ends) {
        if let Some(node) = node {
            owners.enter(*node, *end);
        }
    }
    network.guides.push(Part { trace, bodies: nodes });
}

struct Cut {
    ring: Vec<Point>,
    hints: [CapHint; 2],
}

/// The outline of a stretch, and where its two ends are.
fn outline(mesh: &Mesh, look: &Look, interval: Interval) -> Option<Cut> {
    let strip = look.strip;
    let sections = [look.fits(interval.from)?, look.fits(interval.to)?];
    let (from, to) = (sections[0].places, sections[1].places);
    let mut ring: Vec<[f64; 2]> = Vec::new();
    let mut caps: [Vec<[f64; 2]>; 2] = [Vec::new(), Vec::new()];
    if !interval.is_open[0] {
        ring.push(sections[0].ends[1]);
    }
    ring.extend(strip.side_between(mesh, 1, from[1], to[1]));
    if interval.is_open[1] {
        // The triangles at an end cut its corners; the outline itself is followed around it.
        let [left, right] = strip.points_at(to);
        caps[1] = around_end(mesh, right, left);
        ring.extend(&caps[1]);
    } else {
        ring.extend([sections[1].ends[1], sections[1].ends[0]]);
    }
    ring.extend(strip.side_between(mesh, 0, from[0], to[0]).iter().rev());
    if interval.is_open[0] {
        let [left, right] = strip.points_at(from);
        caps[0] = around_end(mesh, left, right);
        ring.extend(&caps[0]);
    } else {
        ring.push(sections[0].ends[0]);
    }
    let ring: Option<Vec<Point>> = ring.iter().map(|p| Point::from_f64(p[0], p[1])).collect();
    let hints = [0, 1].map(|k: usize| hint(&sections[k], k, interval.is_open[k], &caps[k]));
    ring.map(|ring| Cut { ring, hints })
}

/// Where an end is expected: at the cut, or where the axis leaves the outline.
fn hint(section: &Section, k: usize, is_open: bool, cap: &[[f64; 2]]) -> CapHint {
    let sign = if k == 0 { -1.0 } else { 1.0 };
    let out = [sign * section.tangent[0], sign * section.tangent[1]];
    let direction_rad = wrap_angle(section.tangent[1].atan2(section.tangent[0]) + if k == 0 { PI } else { 0.0 });
    let [x, y] = section.at;
    if !is_open {
        return CapHint { x, y, direction_rad, width: section.width };
    }
    let beside = |p: [f64; 2]| out[0] * (p[1] - y) - out[1] * (p[0] - x);
    let ahead = |p: [f64; 2]| out[0] * (p[0] - x) + out[1] * (p[1] - y);
    let mut away = f64::INFINITY;
    for pair in cap.windows(2) {
        let (b0, b1) = (beside(pair[0]), beside(pair[1]));
        if b0 * b1 <= 0.0 && (b0 - b1).abs() > 0.0 {
            let u = b0 / (b0 - b1);
            let d = ahead(pair[0]) * (1.0 - u) + ahead(pair[1]) * u;
            away = if d > 0.0 { away.min(d) } else { away };
        }
    }
    let away = if away.is_finite() { away } else { 0.0 };
    CapHint { x: x + out[0] * away, y: y + out[1] * away, direction_rad, width: 0.0 }
}

/// The drawn vertices of the outline from one point to another.
fn around_end(mesh: &Mesh, from: u32, to: u32) -> Vec<[f64; 2]> {
    let mut out = Vec::new();
    let mut p = from;
    for _ in 0..MOST_END_POINTS {
        if mesh.is_drawn[p as usize] {
            out.push(mesh.points[p as usize]);
        }
        if p == to || p == NONE {
            break;
        }
        p = mesh.next[p as usize];
    }
    if p == to { out } else { Vec::new() }
}
