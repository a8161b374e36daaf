//! Curvature of the axis over windows of fixed arc length.
//!
//! A window is cut into thirds; the mean positions of the three lie on a curve of the same curvature, and
//! the turn between the two steps from mean to mean is the curvature times a third of the window. Means
//! come from running integrals, so a window costs the same whatever its length. The scheme is exact for
//! straight lines and circles; its noise on a grid is close to that of a quadratic fit.

use super::nodes::Node;
use super::vector::angle_between;

/// Standard deviation of curvature times √(vertices) times window², in grid steps: three means of a third
/// of the vertices each, weighted 1, -2, 1, over a third of the window squared, with 1/√12 per vertex.
const NOISE_FACTOR: f64 = 11.0;
/// Fewer vertices than this in a window do not average out as the law says.
const MIN_VERTICES: f64 = 3.0;

/// A place more than this many segments from the remembered one is found by halving: an axis may have many bends, and
/// each would be sought from its first end on.
const NEARBY: usize = 64;

/// The axis prepared for windows.
pub(super) struct Axis<'a> {
    pub(super) nodes: &'a [Node],
    pub(super) grid: f64,
    /// Integral of the position along the axis up to each node.
    integral: Vec<[f64; 2]>,
}

/// Remembered places of the four window borders; windows are visited in nearly sorted order.
#[derive(Default)]
pub(super) struct Cursor {
    at: [usize; 4],
}

/// Curvature over one window.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Fit {
    /// Middle of the window, arc length from the first end.
    pub(super) s: f64,
    pub(super) window: f64,
    /// In 1/dbu, positive to the left.
    pub(super) curvature: f64,
    /// Standard deviation by grid noise in 1/dbu.
    pub(super) noise: f64,
}

/// What a window holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    /// Drawn vertices, of both sides.
    pub(super) vertices: f64,
    /// Nodes of the axis.
    pub(super) nodes: f64,
}

impl<'a> Axis<'a> {
    pub(super) fn new(nodes: &'a [Node], grid: f64) -> Self {
        let mut integral = Vec::with_capacity(nodes.len());
        let mut sum = [0.0; 2];
        integral.push(sum);
        for pair in nodes.windows(2) {
            let part = Self::part(&pair[0], &pair[1], 1.0);
            sum = [sum[0] + part[0], sum[1] + part[1]];
            integral.push(sum);
        }
        Self { nodes, grid, integral }
    }

    pub(super) fn length(&self) -> f64 {
        self.nodes.last().map_or(0.0, |v| v.s)
    }

    /// The nodes between two arc lengths.
    pub(super) fn nodes_between(&self, start: f64, end: f64) -> &'a [Node] {
        let first = self.nodes.partition_point(|v| v.s < start);
        let last = self.nodes.partition_point(|v| v.s <= end);
        &self.nodes[first..last.max(first)]
    }

    /// How much longer the curve is than the chords between its nodes.
    pub(super) fn arc_correction(&self) -> f64 {
        self.nodes.windows(2).map(|w| (w[1].s - w[0].s) * w[0].arc * w[0].arc / 24.0).sum()
    }

    /// Integral of the position over the first part `u` of a segment, on the parabola through its ends.
    fn part(a: &Node, b: &Node, u: f64) -> [f64; 2] {
        let length = b.s - a.s;
        let d = [b.at[0] - a.at[0], b.at[1] - a.at[1]];
        let bulge = 0.5 * a.arc * u * u * (0.5 - u / 3.0);
        let half = 0.5 * u * u;
        [length * (a.at[0] * u + d[0] * half + d[1] * bulge), length * (a.at[1] * u + d[1] * half - d[0] * bulge)]
    }

    /// Integral of the position along the axis up to the arc length `s`, searched from the remembered segment.
    pub(super) fn integral_to(&self, s: f64, at: &mut usize) -> [f64; 2] {
        let i = self.segment_at(s, at);
        let (a, b) = (&self.nodes[i], &self.nodes[i + 1]);
        let u = ((s - a.s) / (b.s - a.s)).clamp(0.0, 1.0);
        let part = Self::part(a, b, u);
        [self.integral[i][0] + part[0], self.integral[i][1] + part[1]]
    }

    /// The segment that holds the arc length `s`, searched from the remembered place.
    pub(super) fn segment_at(&self, s: f64, at: &mut usize) -> usize {
        let last = self.nodes.len() - 2;
        let mut i = (*at).min(last);
        let mut left = NEARBY;
        while left > 0 && i > 0 && self.nodes[i].s > s {
            (i, left) = (i - 1, left - 1);
        }
        while left > 0 && i < last && self.nodes[i + 1].s <= s {
            (i, left) = (i + 1, left - 1);
        }
        if left == 0 {
            i = self.nodes.partition_point(|v| v.s <= s).saturating_sub(1).min(last);
        }
        *at = i;
        i
    }

    /// The place on the axis at arc length `s`.
    pub(super) fn place(&self, s: f64, at: &mut usize) -> [f64; 2] {
        let i = self.segment_at(s, at);
        let (a, b) = (&self.nodes[i], &self.nodes[i + 1]);
        let u = ((s - a.s) / (b.s - a.s)).clamp(0.0, 1.0);
        let d = [b.at[0] - a.at[0], b.at[1] - a.at[1]];
        let bulge = 0.5 * a.arc * u * (1.0 - u);
        [a.at[0] + u * d[0] + bulge * d[1], a.at[1] + u * d[1] - bulge * d[0]]
    }

    /// Curvature over a window around `s`; the window is moved inwards at the ends and never longer than
    /// the axis.
    pub(super) fn fit(&self, s: f64, window: f64, cursor: &mut Cursor) -> Fit {
        self.fit_with_held(s, window, cursor).0
    }

    /// The same, with what the window holds.
    pub(super) fn fit_with_held(&self, s: f64, window: f64, cursor: &mut Cursor) -> (Fit, Held) {
        let window = window.min(self.length());
        let third = window / 3.0;
        let s = s.clamp(0.5 * window, self.length() - 0.5 * window);
        let mut sums = [[0.0; 2]; 4];
        for (k, sum) in sums.iter_mut().enumerate() {
            *sum = self.integral_to(s + (k as f64 - 1.5) * third, &mut cursor.at[k]);
        }
        // Second differences of the integrals are the steps between means, up to the common factor 1/third.
        let step = |k: usize| [0, 1].map(|c: usize| sums[k + 2][c] - 2.0 * sums[k + 1][c] + sums[k][c]);
        let curvature = angle_between(step(0), step(1)) / third;
        let (low, high) = (cursor.at[0], cursor.at[3]);
        let vertices = self.nodes[high].vertices - self.nodes[low].vertices;
        let noise = NOISE_FACTOR * self.grid / (vertices.max(MIN_VERTICES).sqrt() * window * window);
        (Fit { s, window, curvature, noise }, Held { vertices, nodes: (high - low) as f64 })
    }
}
