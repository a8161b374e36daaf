//! Straight stretches of a side, and how it turns from one to the next.

use super::super::side::Vertex;
use super::{cross, dot, size, sub};

/// A lead is straight for so many grid steps: its direction is known well, and chords of curves are hardly longer.
pub(super) const LEAD_STEPS: f64 = 250.0;
/// Vertices of one straight line lie within so many grid steps of it.
const ON_LINE: f64 = 0.75;
/// Leads that turn by this sine are not straight on as far as rounding lets anybody know: it is off by a step across both
/// ends of each.
const ANOTHER_WAY: f64 = 3.0 / LEAD_STEPS;
/// A turn of this sum of sines, each below a right angle, is less than a whole one.
const LESS_THAN_WHOLE_TURN: f64 = 3.9;

/// A straight stretch of a side between two of its vertices.
#[derive(Clone, Copy)]
pub(super) struct Run {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) length: f64,
    pub(super) along: [f64; 2],
}

impl Run {
    /// True when another one runs the same way, as far as rounding lets anybody know.
    pub(super) fn runs_on_as(&self, other: &Self, grid: f64) -> bool {
        // Times both lengths: most pairs along a bend end here.
        let (long, turn) = (self.length * other.length, cross(self.along, other.along).abs());
        turn * long <= rounding(self.along, grid) * (self.length + other.length) && dot(self.along, other.along) > 0.0
    }
}

/// How a side turns from run to run: along a bend no run goes the way of one before, and none is looked at.
pub(super) struct Turns {
    /// Sum of the sines of all turns up to each run, without sign.
    turned: Vec<f64>,
    /// The last run up to which the side turns one way from each.
    until: Vec<usize>,
    /// Leads before each run, and of all.
    pub(super) leads: Vec<usize>,
}

impl Turns {
    pub(super) fn new(runs: &[Run], is_lead: impl Fn(&Run) -> bool) -> Self {
        let sines: Vec<f64> = runs
            .windows(2)
            .map(|w| if dot(w[0].along, w[1].along) > 0.0 { cross(w[0].along, w[1].along) } else { 0.0 })
            .collect();
        let mut turned = vec![0.0; runs.len()];
        let mut leads = vec![0; runs.len() + 1];
        for k in 0..runs.len() {
            leads[k + 1] = leads[k] + usize::from(is_lead(&runs[k]));
            turned[k] = if k > 0 { turned[k - 1] + sines[k - 1].abs() } else { 0.0 };
        }
        let mut until: Vec<usize> = (0..runs.len()).collect();
        for k in (0..sines.len()).rev() {
            if sines[k] != 0.0 {
                let goes_on = sines.get(k + 1).is_some_and(|next| next * sines[k] > 0.0);
                until[k] = if goes_on { until[k + 1] } else { k + 1 };
            }
        }
        Self { turned, until, leads }
    }

    /// The run after the bend that leads from run `k` to run `j` and on, when it has turned too far by `j` already.
    pub(super) fn next_as(&self, k: usize, j: usize) -> Option<usize> {
        let until = self.until[k];
        // A turn below a right angle is no longer than its sine by half of a circle over its diameter: the side is not
        // back from a whole turn.
        let is_bend = j <= until && self.turned[until] - self.turned[k] < LESS_THAN_WHOLE_TURN;
        (is_bend && self.turned[j] - self.turned[k] > ANOTHER_WAY).then_some(until + 1)
    }
}

/// Edges along an axis of the grid are rounded alike, whatever its step; two that were drawn apart may be off by this.
pub(super) const ALONG_GRID_DBU: f64 = 1.0;

/// How far rounding may move the two ends of an edge against each other across it.
pub(super) fn rounding(along: [f64; 2], grid: f64) -> f64 {
    (along[0].abs() + along[1].abs()) * step(along, grid)
}

/// The step by which vertices of an edge are rounded across it.
pub(super) fn step(along: [f64; 2], grid: f64) -> f64 {
    if along[0].abs().min(along[1].abs()) <= f64::EPSILON { ALONG_GRID_DBU } else { grid }
}

/// Straight stretches from vertex to vertex, as long as they can be; each vertex is looked at once.
pub(super) fn runs(side: &[Vertex], grid: f64) -> Vec<Run> {
    let mut out = Vec::with_capacity(side.len());
    let mut from = 0;
    while from + 1 < side.len() {
        let origin = side[from].at;
        // Distances along and across are times the length of the first edge.
        let edge = sub(side[from + 1].at, origin);
        let scale = size(edge);
        let within = ON_LINE * step(edge, grid) * scale;
        let (mut low, mut high) = (-within, within);
        let (mut low_at, mut high_at) = (scale * scale, scale * scale);
        let mut to = from + 2;
        while to < side.len() {
            let d = sub(side[to].at, origin);
            let (x, y) = (dot(edge, d), cross(edge, d));
            // The line through the first vertex may be a step off there, too.
            if x <= 0.0 || (y - within) * high_at > high * x || (y + within) * low_at < low * x {
                break;
            }
            if (y - within) * low_at > low * x {
                (low, low_at) = (y - within, x);
            }
            if (y + within) * high_at < high * x {
                (high, high_at) = (y + within, x);
            }
            to += 1;
        }
        let last = to - 1;
        let chord = sub(side[last].at, origin);
        let length = if last == from + 1 { scale } else { size(chord) }.max(f64::MIN_POSITIVE);
        out.push(Run { from, to: last, length, along: [chord[0] / length, chord[1] / length] });
        from = last;
    }
    out
}
