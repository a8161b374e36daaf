//! Gathers cross-sections into the nodes of the axis, and measures length and width on them.
//!
//! Cross-sections of a finely drawn curve lie closer together than the grid can resolve: joining them one
//! by one would zigzag and overstate the length. Sections within a pitch of many grid steps are averaged,
//! and the average is put back onto the curve it was taken over.

use super::march::Section;
use super::narrowest::{self, Narrowest, Width};
use super::vector::{angle_between, size};
use super::{NotARibbon, TraceOptions};

/// A node of the axis.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Node {
    pub(super) at: [f64; 2],
    pub(super) width: f64,
    /// Arc length from the first end, of the smooth curve through the nodes.
    pub(super) s: f64,
    /// Mean square distance of the averaged sections from the node.
    spread: f64,
    /// Drawn vertices up to and including this node.
    pub(super) vertices: f64,
    /// Turn of the polyline at this node in rad.
    pub(super) turn: f64,
    /// Turn of the smooth curve over the segment that begins here in rad; 0 on straight segments.
    pub(super) arc: f64,
    pub(super) is_corner: bool,
}

impl Node {
    /// A node at a known cross-section; `vertices` counts those up to here.
    pub(super) fn at_station(at: [f64; 2], width: f64, vertices: f64) -> Self {
        Self { at, width, vertices, ..Self::default() }
    }
}

/// Smallest and largest width.
#[derive(Clone, Copy, Debug)]
pub(super) struct WidthRange {
    pub(super) min: f64,
    pub(super) max: f64,
    sum: f64,
    count: f64,
    /// The smallest that is sure.
    pub(super) least: Width,
}

impl Default for WidthRange {
    fn default() -> Self {
        Self { min: f64::INFINITY, max: 0.0, sum: 0.0, count: 0.0, least: Width::UNKNOWN }
    }
}

impl WidthRange {
    pub(super) fn add(&mut self, width: f64) {
        self.min = self.min.min(width);
        self.max = self.max.max(width);
        self.sum += width;
        self.count += 1.0;
    }

    pub(super) fn mean(&self) -> f64 {
        self.sum / self.count
    }
}

/// Sums over cross-sections, weighted by their vertices.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    at: [f64; 2],
    width: f64,
    square: f64,
    vertices: f64,
}

impl Sums {
    fn add(&mut self, d: [f64; 2], width: f64, k: f64) {
        self.at = [self.at[0] + k * d[0], self.at[1] + k * d[1]];
        self.width += k * width;
        self.square += k * (d[0] * d[0] + d[1] * d[1]);
        self.vertices += k;
    }

    fn merge(&mut self, other: Self) {
        self.at = [self.at[0] + other.at[0], self.at[1] + other.at[1]];
        self.width += other.width;
        self.square += other.square;
        self.vertices += other.vertices;
    }

    /// The same sums relative to a place that lies elsewhere by `d`.
    fn seen_from(self, d: [f64; 2]) -> Self {
        let k = self.vertices;
        Self {
            at: [self.at[0] - k * d[0], self.at[1] - k * d[1]],
            square: self.square - 2.0 * (d[0] * self.at[0] + d[1] * self.at[1]) + k * (d[0] * d[0] + d[1] * d[1]),
            ..self
        }
    }
}

/// What lies within this part of a pitch before or behind a gap is the place where a straight lead meets a curve.
const TAIL_PART: f64 = 0.125;

/// The axis as gathered so far.
pub(super) struct Gatherer<'a> {
    opts: &'a TraceOptions,
    pitch: f64,
    nodes: Vec<Node>,
    /// Place that the sums are relative to.
    first: [f64; 2],
    /// Sections that will be one node.
    group: Sums,
    /// The last few of them, which become a node of their own when a gap follows.
    tail: Sums,
    tail_first: [f64; 2],
    /// True until the first few sections behind a gap are a node of their own.
    is_behind_gap: bool,
    last: Option<Section>,
    /// True when the last section is not the first.
    is_inside: bool,
    /// True when the first cap runs along the grid.
    is_along_grid: bool,
    /// Length of the axis over which chords have not been perpendicular.
    leaning: f64,
    widths: WidthRange,
    narrowest: Narrowest,
    covered: f64,
}

impl<'a> Gatherer<'a> {
    /// `grid` is the step of the drawing, `capacity` the expected number of sections.
    pub(super) fn new(grid: f64, capacity: usize, opts: &'a TraceOptions) -> Self {
        Self {
            opts,
            pitch: opts.node_pitch_steps * grid,
            nodes: Vec::with_capacity(capacity),
            first: [0.0; 2],
            group: Sums::default(),
            tail: Sums::default(),
            tail_first: [0.0; 2],
            is_behind_gap: false,
            last: None,
            is_inside: false,
            is_along_grid: false,
            leaning: 0.0,
            widths: WidthRange::default(),
            narrowest: Narrowest::new(grid, narrowest::SINGLE),
            covered: 0.0,
        }
    }

    /// Adds the next section. The first one is the first end and stays a node of its own.
    pub(super) fn add(&mut self, section: Section) -> Result<(), NotARibbon> {
        let mut width = section.width;
        let mut is_gap = false;
        if section.width > self.opts.width_max && !section.is_oblique {
            return Err(NotARibbon::WidthOutOfRange { width: section.width });
        }
        if self.last.is_none() {
            self.is_along_grid = section.is_along_grid();
        }
        if let Some(last) = self.last {
            let d = [section.at[0] - last.at[0], section.at[1] - last.at[1]];
            let step = size(d);
            is_gap = step > self.pitch;
            self.leaning = if section.is_leaning && last.is_leaning { self.leaning + step } else { 0.0 };
            self.check(&section, &last, step)?;
            self.is_inside = true;
            let across = |c: [f64; 2]| (d[0] * c[1] - d[1] * c[0]).abs();
            self.covered += 0.5 * (across(last.chord) + across(section.chord));
            if section.is_oblique && step > 0.0 {
                // What an oblique chord measures across the way that led to it.
                width = across(section.chord) / step;
            }
        }
        if !section.is_oblique {
            self.widths.add(width);
            self.narrowest.add(width, section.sagitta);
        }
        let off = |from: [f64; 2]| (section.at[0] - from[0]).abs().max((section.at[1] - from[1]).abs());
        let alone = section.is_oblique || self.last.is_none();
        if is_gap {
            self.flush(false);
            self.flush_tail(false);
            self.is_behind_gap = true;
        } else if alone {
            self.merge_tail();
            self.flush(false);
        } else if off(self.tail_first) > TAIL_PART * self.pitch {
            if self.is_behind_gap {
                self.flush(false);
                self.flush_tail(false);
                self.is_behind_gap = false;
            } else {
                self.merge_tail();
                if off(self.first) > self.pitch {
                    self.flush(false);
                }
            }
        }
        if self.tail.vertices <= 0.0 {
            self.tail_first = section.at;
            if self.group.vertices <= 0.0 {
                self.first = section.at;
            }
        }
        let d = [section.at[0] - self.first[0], section.at[1] - self.first[1]];
        self.tail.add(d, width, section.vertices);
        self.last = Some(Section { width, ..section });
        if alone {
            self.flush_tail(section.is_oblique);
        }
        Ok(())
    }

    fn merge_tail(&mut self) {
        let tail = std::mem::take(&mut self.tail);
        self.group.merge(tail);
    }

    fn flush_tail(&mut self, is_corner: bool) {
        self.merge_tail();
        self.flush(is_corner);
    }

    fn check(&self, section: &Section, last: &Section, step: f64) -> Result<(), NotARibbon> {
        let (a, b) = (last.width.min(section.width), last.width.max(section.width));
        let jumps = a > 0.0 && b > self.opts.step_ratio * a && step < 0.25 * (b - a);
        if jumps && !last.is_oblique {
            return Err(NotARibbon::WidthJumps { from: last.width, to: section.width });
        }
        // Chords lean for about a width at a drawn corner; longer, and one side runs where the other does not.
        if self.leaning > LEANING_WIDTHS * last.width {
            return Err(NotARibbon::SidesCross { x: section.at[0], y: section.at[1] });
        }
        let is_wild = section.is_oblique && section.width > self.opts.step_ratio * last.width + step;
        if is_wild {
            return Err(NotARibbon::WidthJumps { from: last.width, to: section.width });
        }
        // The very ends may be narrower: a guide may end in a tip.
        let is_narrow = self.is_inside && last.width < self.opts.width_min && !last.is_oblique;
        if is_narrow {
            return Err(NotARibbon::WidthOutOfRange { width: last.width });
        }
        Ok(())
    }

    /// Makes a node of the group; what is in the tail stays.
    fn flush(&mut self, is_corner: bool) {
        let Sums { at, width, square, vertices: k } = std::mem::take(&mut self.group);
        if k <= 0.0 {
            return;
        }
        let m = [at[0] / k, at[1] / k];
        let vertices = k + self.nodes.last().map_or(0.0, |n| n.vertices);
        let spread = (square / k - m[0] * m[0] - m[1] * m[1]).max(0.0);
        let at = [self.first[0] + m[0], self.first[1] + m[1]];
        self.nodes.push(Node { at, width: width / k, spread, vertices, is_corner, ..Node::default() });
        if self.tail.vertices > 0.0 {
            let moved = [self.tail_first[0] - self.first[0], self.tail_first[1] - self.first[1]];
            self.tail = self.tail.seen_from(moved);
            self.first = self.tail_first;
        }
    }

    /// The nodes with arc lengths and turns, the widths, and the area covered; `None` without a section.
    pub(super) fn finish(mut self) -> Option<(Vec<Node>, WidthRange, f64)> {
        let end = self.last?;
        // The second end is a node of its own too; what was gathered shortly before it is left out.
        let (k, d) = (end.vertices, [end.at[0] - self.first[0], end.at[1] - self.first[1]]);
        self.merge_tail();
        let gathered = self.group.vertices - k;
        if gathered > 0.0 {
            self.group.add(d, end.width, -k);
            let at = self.group.at;
            let before = [at[0] / gathered - d[0], at[1] / gathered - d[1]];
            if size(before) > 0.5 * self.pitch {
                self.flush(false);
            }
        }
        let vertices = k + self.nodes.last().map_or(0.0, |n| n.vertices);
        self.nodes.push(Node::at_station(end.at, end.width, vertices));
        settle(&mut self.nodes, self.opts);
        for (cap, along) in [(self.nodes[0].width, self.is_along_grid), (end.width, end.is_along_grid())] {
            self.narrowest.add_cap(cap, along);
        }
        Some((self.nodes, WidthRange { least: self.narrowest.least(), ..self.widths }, self.covered))
    }
}

fn segment(nodes: &[Node], i: usize) -> [f64; 2] {
    [nodes[i + 1].at[0] - nodes[i].at[0], nodes[i + 1].at[1] - nodes[i].at[1]]
}

fn set_turns(nodes: &mut [Node]) {
    for i in 1..nodes.len().saturating_sub(1) {
        let (a, b) = (segment(nodes, i - 1), segment(nodes, i));
        nodes[i].turn = angle_between(a, b);
    }
}

/// Chords may lean over this many widths.
const LEANING_WIDTHS: f64 = 3.0;
/// An end segment this many times longer than the next two, one of each side, is a straight lead.
const LEAD: f64 = 1.5;

/// Puts averaged nodes back onto the curve, then sets turns, arcs and arc lengths.
pub(super) fn settle(nodes: &mut Vec<Node>, opts: &TraceOptions) {
    nodes.dedup_by(|b, a| {
        let same = (b.at[0] - a.at[0]).abs() + (b.at[1] - a.at[1]).abs() < f64::EPSILON;
        a.vertices = if same { b.vertices } else { a.vertices };
        same
    });
    let n = nodes.len();
    if n < 2 {
        return;
    }
    set_turns(nodes);
    let mut moved = false;
    for i in 1..n - 1 {
        let node = nodes[i];
        if node.spread <= 0.0 || node.is_corner {
            continue;
        }
        let (a, b) = (segment(nodes, i - 1), segment(nodes, i));
        let t = [a[0] + b[0], a[1] + b[1]];
        let around = size(t);
        // Curvature is 2 turn / around; the mean over a spread lies inside by curvature spread / 2.
        let inside = node.turn * node.spread / around;
        if inside.abs() < opts.chord_tolerance {
            nodes[i].at = [node.at[0] + inside * t[1] / around, node.at[1] - inside * t[0] / around];
            moved = true;
        }
    }
    if moved {
        set_turns(nodes);
    }
    let mut length_before = 0.0;
    let mut curvature_before = f64::NAN;
    let is_lead = |i: usize, nodes: &[Node]| {
        // A curve would have been given vertices: an end segment longer than its neighbours is straight.
        let near = if i == 0 { [1, 2] } else { [i.saturating_sub(1), i.saturating_sub(2)] };
        let length = |k: usize| size(segment(nodes, k));
        n > 3 && length(i) > LEAD * (length(near[0]) + length(near[1]))
    };
    let leads = [is_lead(0, nodes), is_lead(n - 2, nodes)];
    let at_node = |i: usize, nodes: &[Node]| {
        let (a, b) = (size(segment(nodes, i - 1)), size(segment(nodes, i)));
        (2.0 * nodes[i].turn / (a + b), b / a)
    };
    // Where a curve begins gently its first chord is long: the curvature at the end follows from the next two nodes.
    let beyond = |near: f64, next: f64, ratio: f64| {
        let end = near + (near - next) * ratio;
        if end * near > 0.0 { end.abs().min(near.abs()) * near.signum() } else { 0.0 }
    };
    let mut at_ends = [f64::NAN; 2];
    if n > 4 && !nodes[1].is_corner && !nodes[2].is_corner {
        let ((near, ratio), (next, _)) = (at_node(1, nodes), at_node(2, nodes));
        at_ends[0] = beyond(near, next, 1.0 / ratio);
    }
    if n > 4 && !nodes[n - 2].is_corner && !nodes[n - 3].is_corner {
        let ((near, ratio), (next, _)) = (at_node(n - 2, nodes), at_node(n - 3, nodes));
        at_ends[1] = beyond(near, next, ratio);
    }
    let mut next_length = size(segment(nodes, 0));
    for i in 0..n - 1 {
        let length = next_length;
        if i + 2 < n {
            next_length = size(segment(nodes, i + 1));
        }
        // What the turn at a joint to a straight lead says belongs to neither side alone.
        let is_joint = (i == 0 && leads[0]) || (i + 3 == n && leads[1]);
        if i == 0 {
            curvature_before = at_ends[0];
        }
        let curvature = if i + 2 == n {
            at_ends[1]
        } else if !nodes[i + 1].is_corner && !is_joint {
            2.0 * nodes[i + 1].turn / (length + next_length)
        } else {
            f64::NAN
        };
        // At an end, corner or lead the curvature of the other node counts for the whole segment.
        let mean = match (curvature_before.is_nan(), curvature.is_nan()) {
            (true, true) => 0.0,
            (true, false) => curvature,
            (false, true) => curvature_before,
            (false, false) => 0.5 * (curvature_before + curvature),
        };
        let arc = mean * length;
        // Averaging has left nodes farther apart than vertices are, up to twice.
        let is_curve = (arc * length).abs() <= 16.0 * opts.chord_tolerance && arc.abs() < opts.corner_turn;
        let is_straight = (i == 0 && leads[0]) || (i + 2 == n && leads[1]);
        nodes[i].arc = if is_curve && !is_straight { arc } else { 0.0 };
        nodes[i].s = length_before;
        length_before += length * (1.0 + nodes[i].arc * nodes[i].arc / 24.0);
        curvature_before = curvature;
    }
    nodes[n - 1].s = length_before;
}
