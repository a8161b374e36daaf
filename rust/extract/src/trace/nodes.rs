//! Gathers cross-sections into the nodes of the axis, and measures length and width on them.
//!
//! Cross-sections of a finely drawn curve lie closer together than the grid can resolve: joining them one
//! by one would zigzag and overstate the length. Sections within a pitch of many grid steps are averaged,
//! and the average is put back onto the curve it was taken over.

use super::march::Section;
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
}

impl Default for WidthRange {
    fn default() -> Self {
        Self { min: f64::INFINITY, max: 0.0, sum: 0.0, count: 0.0 }
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

/// The axis as gathered so far.
pub(super) struct Gatherer<'a> {
    opts: &'a TraceOptions,
    pitch: f64,
    nodes: Vec<Node>,
    first: [f64; 2],
    sum: [f64; 4],
    group_vertices: f64,
    last: Option<Section>,
    /// Length of the axis over which chords have not been perpendicular.
    leaning: f64,
    widths: WidthRange,
    covered: f64,
}

impl<'a> Gatherer<'a> {
    /// `capacity` is the expected number of sections.
    pub(super) fn new(pitch: f64, capacity: usize, opts: &'a TraceOptions) -> Self {
        Self {
            opts,
            pitch,
            nodes: Vec::with_capacity(capacity),
            first: [0.0; 2],
            sum: [0.0; 4],
            group_vertices: 0.0,
            last: None,
            leaning: 0.0,
            widths: WidthRange::default(),
            covered: 0.0,
        }
    }

    /// Adds the next section. The first one is the first end and stays a node of its own.
    pub(super) fn add(&mut self, section: Section) -> Result<(), NotARibbon> {
        let mut width = section.width;
        if let Some(last) = self.last {
            let d = [section.at[0] - last.at[0], section.at[1] - last.at[1]];
            let step = size(d);
            self.leaning = if section.is_leaning && last.is_leaning { self.leaning + step } else { 0.0 };
            self.check(&section, &last, step)?;
            let across = |c: [f64; 2]| (d[0] * c[1] - d[1] * c[0]).abs();
            self.covered += 0.5 * (across(last.chord) + across(section.chord));
            if section.is_oblique && step > 0.0 {
                // What an oblique chord measures across the way that led to it.
                width = across(section.chord) / step;
            }
        }
        if !section.is_oblique {
            self.widths.add(width);
        }
        let far = (section.at[0] - self.first[0]).abs().max((section.at[1] - self.first[1]).abs()) > self.pitch;
        let alone = section.is_oblique || self.last.is_none();
        if far || alone {
            self.flush(false);
        }
        if self.group_vertices <= 0.0 {
            self.first = section.at;
        }
        let d = [section.at[0] - self.first[0], section.at[1] - self.first[1]];
        let k = section.vertices;
        self.sum[0] += k * d[0];
        self.sum[1] += k * d[1];
        self.sum[2] += k * width;
        self.sum[3] += k * (d[0] * d[0] + d[1] * d[1]);
        self.group_vertices += k;
        self.last = Some(Section { width, ..section });
        if alone {
            self.flush(section.is_oblique);
        }
        Ok(())
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
        let out = section.width > self.opts.width_max || (section.width < self.opts.width_min);
        if out && !section.is_oblique {
            return Err(NotARibbon::WidthOutOfRange { width: section.width });
        }
        Ok(())
    }

    fn flush(&mut self, is_corner: bool) {
        let k = self.group_vertices;
        if k <= 0.0 {
            return;
        }
        let m = [self.sum[0] / k, self.sum[1] / k];
        let vertices = k + self.nodes.last().map_or(0.0, |n| n.vertices);
        let spread = (self.sum[3] / k - m[0] * m[0] - m[1] * m[1]).max(0.0);
        let at = [self.first[0] + m[0], self.first[1] + m[1]];
        let width = self.sum[2] / k;
        self.nodes.push(Node { at, width, spread, vertices, is_corner, ..Node::default() });
        self.sum = [0.0; 4];
        self.group_vertices = 0.0;
    }

    /// The nodes with arc lengths and turns, the widths, and the area covered.
    pub(super) fn finish(mut self, end: Section) -> (Vec<Node>, WidthRange, f64) {
        // The second end is a node of its own too; what was gathered shortly before it is left out.
        let (k, d) = (end.vertices, [end.at[0] - self.first[0], end.at[1] - self.first[1]]);
        let gathered = self.group_vertices - k;
        if gathered > 0.0 {
            let part = [k * d[0], k * d[1], k * end.width, k * (d[0] * d[0] + d[1] * d[1])];
            for (sum, part) in self.sum.iter_mut().zip(part) {
                *sum -= part;
            }
            self.group_vertices = gathered;
            let before = [self.sum[0] / gathered - d[0], self.sum[1] / gathered - d[1]];
            if size(before) > 0.5 * self.pitch {
                self.flush(false);
            }
        }
        let vertices = k + self.nodes.last().map_or(0.0, |n| n.vertices);
        self.nodes.push(Node::at_station(end.at, end.width, vertices));
        settle(&mut self.nodes, self.opts);
        (self.nodes, self.widths, self.covered)
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
    for i in 0..n - 1 {
        let d = segment(nodes, i);
        let length = size(d);
        let curvature = if i + 2 < n && !nodes[i + 1].is_corner {
            let e = segment(nodes, i + 1);
            2.0 * nodes[i + 1].turn / (length + size(e))
        } else {
            f64::NAN
        };
        // At an end or corner the curvature of the other node counts for the whole segment.
        let mean = match (curvature_before.is_nan(), curvature.is_nan()) {
            (true, true) => 0.0,
            (true, false) => curvature,
            (false, true) => curvature_before,
            (false, false) => 0.5 * (curvature_before + curvature),
        };
        let arc = mean * length;
        // Averaging has left nodes farther apart than vertices are, up to twice.
        let is_curve = (arc * length).abs() <= 16.0 * opts.chord_tolerance && arc.abs() < opts.corner_turn;
        // A curve would have been given vertices: an end segment longer than its neighbours is straight.
        let is_end = (i == 0 || i + 2 == n) && n > 3;
        let near = if i == 0 { [1, 2] } else { [i.saturating_sub(1), i.saturating_sub(2)] };
        let is_lead = is_end && length > LEAD * (size(segment(nodes, near[0])) + size(segment(nodes, near[1])));
        nodes[i].arc = if is_curve && !is_lead { arc } else { 0.0 };
        nodes[i].s = length_before;
        length_before += length * (1.0 + nodes[i].arc * nodes[i].arc / 24.0);
        curvature_before = curvature;
    }
    nodes[n - 1].s = length_before;
}
