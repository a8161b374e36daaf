//! Cuts the guides out of a region and has them traced.

use std::f64::consts::PI;

use waveguard_geom::{Point, transform::wrap_angle};

use super::axis::{self, Arm, Node};
use super::bodies::{self, Owners, Side};
use super::boxes;
use super::entries::{self, Entries, Trimmed};
use super::hairs;
use super::hubs::hub;
use super::intervals::{Interval, Look};
use super::mesh::{Mesh, NONE};
use super::strip::{Section, Strip};
use super::{Lost, LostWhat, Network, NetworkOptions, NoNetwork, OfBox, Part};
use crate::trace::{CapHint, End, Trace, TraceOptions, trace_ribbon};

/// Points along long edges are this many of the narrowest guide's widths apart.
const SPACING: f64 = 0.5;
/// A ring is cut open this far along, where its strip has a way on to both sides.
const RING_START: f64 = 0.25;
/// Stretches less than this many widths apart may meet at a step,
const STEP_WIDTHS: f64 = 0.6;
/// when one ends where the other begins, within so many dbu,
const MEET: f64 = 2.0;
/// and the cosine between their directions is more than this.
const SAME_WAY: f64 = 0.98;
/// A traced end lies this close to where it was cut, in dbu, and is as wide within this part.
const AT_CUT: (f64, f64) = (3.0, 0.1);
/// Points of the outline around a free end.
const MOST_END_POINTS: usize = 20_000;

/// The guides and bodies of a region: outer rings counter-clockwise, holes clockwise.
///
/// `entries` are the places where it goes on in stubs (`with_stubs`): there it ends, with a guide or with a body.
///
/// # Errors
/// When there is no region or no guide in it, or an entry does not lead to any.
pub fn decompose<R: AsRef<[Point]>>(
    region: &[R],
    entries: &[CapHint],
    opts: &NetworkOptions,
) -> Result<Network, NoNetwork> {
    let mut mesh = Mesh::new(region, SPACING * opts.width_min, opts.step_max).ok_or(NoNetwork::NoRegion)?;
    let mut graph = axis::graph(&mesh, opts.width_min);
    let hairs = std::mem::take(&mut graph.hairs);
    if !hairs.is_empty() {
        // The sides of what they stand on go around them: without them these are those of a guide.
        let bare = hairs::without(&mesh, &graph.hair_chords);
        if let Some(cut) = bare.and_then(|bare| Mesh::new(&bare, SPACING * opts.width_min, opts.step_max)) {
            graph = axis::graph(&cut, opts.width_min);
            mesh = cut;
        }
    }
    let mut owners = Owners::new(&mesh, &graph);
    let mut network = Network { hairs, ..Network::default() };
    let entered = Entries::new(entries, opts.aspect);
    for arm in &graph.arms {
        cut_arm(&mesh, arm, &entered, opts, &mut owners, &mut network);
    }
    if owners.entered != entries.len() {
        return Err(NoNetwork::LostEntry);
    }
    boxes::absorb(&mut owners, &mut network);
    if network.guides.is_empty() && entries.is_empty() {
        return Err(NoNetwork::NoGuide { lost: owners.first_lost() });
    }
    let outside = entries.iter().map(|e| entries::stub_length(e, opts.aspect) * e.width).sum();
    bodies::collect(&mesh, &graph, owners, outside, &mut network);
    Ok(network)
}

fn cut_arm(
    mesh: &Mesh,
    arm: &Arm,
    entries: &Entries,
    opts: &NetworkOptions,
    owners: &mut Owners,
    network: &mut Network,
) {
    let strip = Strip::new(mesh, arm);
    let hubs = arm.nodes.map(|n| match n {
        Node::Junction(t) => Some(hub(mesh, t)),
        _ => None,
    });
    let look = Look { mesh, strip: &strip, hubs, opts };
    let is_ring = arm.nodes[0] == Node::Closed;
    if is_ring {
        cut_ring(arm, &look, owners, network);
        return;
    }
    let ends = arm.nodes.map(|n| matches!(n, Node::End(_)));
    let intervals = look.around_corners(&look.intervals(0.0, strip.length(), ends));
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
    let mut is_after_step = false;
    let mut last_side = None;
    for (i, interval) in intervals.iter().enumerate() {
        let at_begin =
            if interval.is_open[0] || is_after_step { None } else { Some(before.unwrap_or_else(|| owners.add())) };
        let is_step = intervals.get(i + 1).is_some_and(|next| is_step(interval, next));
        let next = if i == last {
            after
        } else if is_step {
            None
        } else {
            Some(owners.add())
        };
        let at_end = if interval.is_open[1] || is_step { None } else { Some(next.unwrap_or_else(|| owners.add())) };
        let nodes = [at_begin, at_end];
        let side = match look.inside(*interval, entries, owners) {
            Ok((rest, outside)) => {
                let traced = add_guide(arm, &look, [*interval, rest], nodes, outside, owners, network).map(Side::Guide);
                if traced.is_none() {
                    owners.lose(nodes, look.lost(interval));
                    // Guides from outside enter the body itself, which does not reach into their stubs.
                    for (k, end) in outside.into_iter().enumerate().filter_map(|(k, end)| Some((k, end?))) {
                        let mut stub = *interval;
                        *(if k == 0 { &mut stub.to } else { &mut stub.from }) =
                            if k == 0 { rest.from } else { rest.to };
                        stub.is_open[1 - k] = false;
                        owners.take(arm, look.strip, stub, bodies::OUTSIDE);
                        nodes.into_iter().flatten().for_each(|node| owners.enter(node, end));
                    }
                }
                traced
            }
            Err(end) => {
                owners.take(arm, look.strip, *interval, bodies::OUTSIDE);
                owners.entered += 1;
                if let Some(node) = at_begin.or(at_end) {
                    owners.enter(node, end);
                }
                Some(Side::Outside(end))
            }
        };
        if is_after_step && let (Some(a), Some(b)) = (last_side, side) {
            owners.steps.push([a, b]);
        }
        last_side = side;
        before = at_end;
        is_after_step = is_step;
    }
}

impl Look<'_> {
    /// A stretch that cannot be traced, where that is long enough to be missed.
    fn lost(&self, interval: &Interval) -> Option<Lost> {
        let length = interval.to - interval.from;
        let width = interval.sections[0].width.max(interval.sections[1].width);
        let middle = self.fits(f64::midpoint(interval.from, interval.to));
        let at = middle.map_or(interval.sections[0].at, |section| section.at);
        (length >= LONG_WIDTHS * width).then_some(Lost { at, length, what: LostWhat::Arm })
    }

    /// The part of a stretch that is inside the region and not in a stub, with the guides outside that it leads to.
    ///
    /// # Errors
    /// The end of the guide outside when there is no such part.
    fn inside(
        &self,
        interval: Interval,
        entries: &Entries,
        owners: &mut Owners,
    ) -> Result<(Interval, [Option<End>; 2]), End> {
        let mut rest = interval;
        let mut outside = [None; 2];
        for k in (0..2).filter(|&k| interval.is_open[k]) {
            match self.trimmed(&rest, k == 1, entries) {
                Trimmed::Whole => {}
                Trimmed::At(s, section, end) => {
                    outside[k] = Some(end);
                    *(if k == 0 { &mut rest.from } else { &mut rest.to }) = s;
                    rest.is_open[k] = false;
                    rest.sections[k] = section;
                    owners.entered += 1;
                }
                Trimmed::Nothing(end) => return Err(end),
            }
        }
        Ok((rest, outside))
    }
}

/// True when two stretches meet at a step of the sides: there is nothing between them.
fn is_step(a: &Interval, b: &Interval) -> bool {
    let (p, q) = (&a.sections[1], &b.sections[0]);
    let (gap, width) = (b.from - a.to, p.width.min(q.width));
    let cos = p.tangent[0] * q.tangent[0] + p.tangent[1] * q.tangent[1];
    let along = (q.at[0] - p.at[0]) * p.tangent[0] + (q.at[1] - p.at[1]) * p.tangent[1];
    gap <= STEP_WIDTHS * width && along.abs() <= MEET && cos > SAME_WAY
}

/// A ring is a guide that meets itself, or goes from body to body.
fn cut_ring(arm: &Arm, look: &Look, owners: &mut Owners, network: &mut Network) {
    // The strip goes around twice, less the way from the last chord to the first.
    let n = arm.chords.len();
    let around = look.strip.chord_start(n);
    let mut from = RING_START * around;
    let pick = |from: f64| look.intervals(from, from + around, [false; 2]);
    let mut intervals = pick(from);
    let is_whole =
        intervals.len() == 1 && intervals[0].to - intervals[0].from >= around * 0.999_999 && intervals[0].from <= from;
    // Begin where it is no guide, so that no stretch is cut in two.
    if let Some(gap) = intervals.last().map(|i| i.to).filter(|to| !is_whole && *to < from + around) {
        from = (gap + 1.0) % around;
        intervals = pick(from);
    }
    // Next to a sharp corner a cut would be askew, and the ring shorter than it is.
    let starts =
        if is_whole { [look.ring_start(0.0, around), Some(from)] } else { [look.closed_at(&intervals, around), None] };
    for from in starts.into_iter().flatten() {
        let Some(all) = look.stretch(from, from + around) else { continue };
        if add_guide(arm, look, [all; 2], [None; 2], [None; 2], owners, network).is_some() {
            return;
        }
    }
    // Where one corner cannot be traced, that corner alone is no guide.
    let intervals = if is_whole { look.quarters(from, around) } else { look.around_corners(&intervals) };
    let Some(last) = intervals.len().checked_sub(1) else { return };
    let first = owners.add();
    let mut before = first;
    for (i, interval) in intervals.iter().enumerate() {
        let next = if i == last { first } else { owners.add() };
        let nodes = [Some(before), Some(next)];
        if add_guide(arm, look, [*interval; 2], nodes, [None; 2], owners, network).is_none() {
            owners.lose(nodes, look.lost(interval));
        }
        before = next;
    }
}

/// Traces the inner part of a stretch and returns its number; what cannot be traced becomes part of the bodies at its
/// ends. `outside` are the guides that go on from its ends.
fn add_guide(
    arm: &Arm,
    look: &Look,
    [whole, interval]: [Interval; 2],
    nodes: [Option<usize>; 2],
    outside: [Option<End>; 2],
    owners: &mut Owners,
    network: &mut Network,
) -> Option<usize> {
    let number = network.guides.len();
    let Some((whole, interval, mut trace)) = longest_traced(look, [whole, interval], nodes) else {
        if let [Some(a), Some(b)] = nodes {
            owners.join(a, b);
        }
        return None;
    };
    let is_slice = trace.length < trace.width_min;
    for k in (0..2).filter(|&k| !interval.is_open[k]) {
        if is_slice {
            // It is too short to have a direction of its own.
            let [x, y] = interval.sections[k].tangent.map(|t| if k == 0 { -t } else { t });
            trace.ends[k].direction_rad = y.atan2(x);
        }
        place_end(&mut trace, k, &interval.sections[k]);
        if let (true, Some(end)) = (is_slice, outside[k]) {
            // What was cut off goes on as what it was cut from.
            let [direction_rad, cap_rad] = [end.direction_rad, end.cap_rad].map(|a| wrap_angle(a + PI));
            trace.ends[k] = End { direction_rad, cap_rad, ..end };
        }
    }
    if nodes == [None; 2] && interval.is_open == [false; 2] {
        face_each_other(&mut trace.ends);
    }
    owners.take(arm, look.strip, whole, number);
    for (node, end) in nodes.iter().zip(&trace.ends) {
        if let Some(node) = node {
            owners.enter(*node, *end);
        }
    }
    network.guides.push(Part { trace, bodies: nodes, of_box: OfBox::Nothing });
    Some(number)
}

/// The trace of a stretch with the stretch, less of it where that begins at the corner of a body: there its sides may
/// still be those of the body.
fn longest_traced(
    look: &Look,
    [whole, interval]: [Interval; 2],
    nodes: [Option<usize>; 2],
) -> Option<(Interval, Interval, Trace)> {
    let options = freely(look.opts);
    if let Some(trace) = traced(look, interval, &options) {
        return Some((whole, interval, trace));
    }
    let is_long = |k: usize| interval.to - interval.from >= LONG_WIDTHS * interval.sections[k].width;
    let is_cut = [0, 1].map(|k| nodes[k].is_some() && !whole.is_open[k] && !interval.is_open[k] && is_long(k));
    let ways =
        [[true, false], [false, true], [true, true]].into_iter().filter(|way| (0..2).all(|k| is_cut[k] || !way[k]));
    LEFT_OUT_WIDTHS.iter().flat_map(|widths| ways.clone().map(move |way| (*widths, way))).find_map(|(widths, way)| {
        let (mut own, mut all) = (interval, whole);
        for k in (0..2).filter(|&k| way[k]) {
            let by = widths * interval.sections[k].width;
            let s = if k == 0 { interval.from + by } else { interval.to - by };
            let section = look.fits(s)?;
            for part in [&mut own, &mut all] {
                *(if k == 0 { &mut part.from } else { &mut part.to }) = s;
                part.sections[k] = section;
            }
        }
        let trace = if own.from < own.to { traced(look, own, &options) } else { None };
        trace.map(|trace| (all, own, trace))
    })
}

/// A stretch that is shorter than so many widths is part of the body when it cannot be traced as it is.
const LONG_WIDTHS: f64 = 5.0;
/// What may be left out at the corner of a body, in widths.
const LEFT_OUT_WIDTHS: [f64; 4] = [0.0625, 0.125, 0.25, 0.5];

/// For stretches of which the widths were judged when they were chosen: they would be judged twice, at a border.
pub(super) fn freely(opts: &NetworkOptions) -> TraceOptions {
    TraceOptions { width_min: 0.0, width_max: f64::INFINITY, ..opts.trace.clone() }
}

/// The trace of a stretch, when it begins and ends where it is cut.
pub(super) fn traced(look: &Look, interval: Interval, options: &TraceOptions) -> Option<Trace> {
    let cut = outline(look, interval)?;
    let is_good = |t: &Trace| fits_cut(t, &cut.hints, interval.is_open);
    let hinted = trace_ribbon(&cut.ring, Some(cut.hints), options).ok().filter(is_good);
    hinted.or_else(|| {
        let free = trace_ribbon(&cut.ring, None, options).ok()?;
        [free.reversed(), free].into_iter().find(is_good)
    })
}

/// Puts an end where the guide was cut: the outline that was traced had its corners on the grid.
fn place_end(trace: &mut Trace, k: usize, cut: &Section) {
    let end = &mut trace.ends[k];
    let (sin, cos) = end.direction_rad.sin_cos();
    trace.length += (cut.at[0] - end.x) * cos + (cut.at[1] - end.y) * sin;
    [end.x, end.y] = cut.at;
    end.width = cut.width;
}

/// Gives both ends of a ring that was cut open one direction: each was seen from its own side of the cut.
fn face_each_other([a, b]: &mut [End; 2]) {
    let off = wrap_angle(b.direction_rad - a.direction_rad - PI);
    a.direction_rad = wrap_angle(a.direction_rad + off / 2.0);
    b.direction_rad = wrap_angle(b.direction_rad - off / 2.0);
}

/// True when a trace begins and ends where it was cut.
fn fits_cut(trace: &Trace, hints: &[CapHint; 2], is_open: [bool; 2]) -> bool {
    (0..2).all(|k| {
        let (e, h) = (&trace.ends[k], &hints[k]);
        is_open[k]
            || ((e.x - h.x).hypot(e.y - h.y) <= AT_CUT.0 + AT_CUT.1 * h.width
                && (e.width - h.width).abs() <= AT_CUT.0 + AT_CUT.1 * h.width)
    })
}

struct Cut {
    ring: Vec<Point>,
    hints: [CapHint; 2],
}

/// The outline of a stretch, and where its two ends are.
fn outline(look: &Look, interval: Interval) -> Option<Cut> {
    let (mesh, strip) = (look.mesh, look.strip);
    let sections = inside(look, interval);
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

/// The cross-sections at both ends. Next to a free end the triangles turn with its corners: that is taken from
/// further inside.
fn inside(look: &Look, interval: Interval) -> [Section; 2] {
    let at = [interval.from, interval.to];
    let mut sections = interval.sections;
    for (k, section) in sections.iter_mut().enumerate().filter(|(k, _)| interval.is_open[*k]) {
        let inward = section.width.min((at[1] - at[0]) / 2.0);
        let s = if k == 0 { at[0] + inward } else { at[1] - inward };
        *section = look.fits(s).unwrap_or(*section);
    }
    sections
}

/// Where an end is expected: at the cut, or where the axis leaves the outline.
pub(super) fn hint(section: &Section, k: usize, is_open: bool, cap: &[[f64; 2]]) -> CapHint {
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
pub(super) fn around_end(mesh: &Mesh, from: u32, to: u32) -> Vec<[f64; 2]> {
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
