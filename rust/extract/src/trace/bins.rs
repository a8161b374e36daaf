//! A stretch of the axis as a row of mean positions, and how it bends from one to the next.
//!
//! The stretch is cut into bins of equal length. The turn from one step between neighbouring means to the next,
//! summed up twice, gives the *sag*: the mean over each bin of the double integral of curvature, up to a straight
//! line. Its noise is that of the means, the same and independent in each bin, so that a least-squares fit of the
//! sag uses all that the drawing says about the curvature. It is exact for circles, and bins turn little.

use super::curvature::Axis;
use super::vector::angle_between;

/// Most bins of a stretch.
pub(super) const MOST: usize = 32;
/// Variance of rounding to a grid of one.
const ROUNDING: f64 = 1.0 / 12.0;
/// Part of the sagitta of the drawn chords by which a mean may be off where the curvature changes.
const SAGITTA_PART: f64 = 0.06;

/// A stretch of the axis. Lengths inside are in bins; the sag is in bins too.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bins {
    /// Where the first bin begins, arc length from the first end in dbu.
    pub(super) start: f64,
    /// Length of a bin in dbu.
    pub(super) pitch: f64,
    pub(super) count: usize,
    sag: [f64; MOST],
    turns: [f64; MOST],
    /// Length of the drawn chords in dbu, as a mean.
    pub(super) chord: f64,
    /// Standard deviation of the sag of one bin, by the grid and the chords of the drawing.
    pub(super) noise: f64,
}

impl Bins {
    pub(super) fn new(axis: &Axis<'_>, low: f64, high: f64, count: usize) -> Self {
        let pitch = (high - low) / count as f64;
        let (mut sag, mut turns) = ([0.0; MOST], [0.0; MOST]);
        let mut at = axis.nodes.partition_point(|v| v.s <= low).saturating_sub(1);
        let first = axis.nodes[at].vertices;
        let mut before = axis.integral_to(low, &mut at);
        let (mut mean, mut step) = ([0.0; 2], [0.0; 2]);
        let (mut direction, mut sum) = (0.0, 0.0);
        for j in 0..count {
            let after = axis.integral_to(low + (j + 1) as f64 * pitch, &mut at);
            let here = [after[0] - before[0], after[1] - before[1]];
            let next = [here[0] - mean[0], here[1] - mean[1]];
            if j >= 2 {
                turns[j - 1] = angle_between(step, next);
                direction += turns[j - 1];
            }
            if j >= 1 {
                sum += direction;
                sag[j] = sum;
            }
            (before, mean, step) = (after, here, next);
        }
        let vertices = (axis.nodes[(at + 1).min(axis.nodes.len() - 1)].vertices - first).max(1.0);
        let per_bin = vertices / count as f64;
        let turn: f64 = turns.iter().map(|t| t.abs()).sum();
        // Both sides have vertices: the chord of one side is twice as long as vertices are apart.
        let chord = 2.0 * (high - low) / vertices;
        let sagitta = turn / (high - low) * chord * chord / 8.0;
        let noise = (ROUNDING / per_bin).sqrt() * axis.grid;
        let noise = noise.hypot(SAGITTA_PART * sagitta) / pitch;
        Self { start: low, pitch, count, sag, turns, chord, noise }
    }

    /// The sag of each bin.
    pub(super) fn sag(&self) -> &[f64] {
        &self.sag[..self.count]
    }

    /// The turn between neighbouring steps; it belongs to the middle of its bin. The outermost have none.
    pub(super) fn turns(&self) -> &[f64] {
        &self.turns[1..self.count - 1]
    }

    /// Arc length from the first end of a place in bins.
    pub(super) fn along(&self, x: f64) -> f64 {
        self.start + x * self.pitch
    }
}
