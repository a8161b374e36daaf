//! How wide the tightest place of a bend can be at most, whatever the shape of the bend.
//!
//! The mean curvature over a window is no more than the largest in it. So every window gives a lower bound of the largest
//! curvature, and an upper bound of the smallest radius: its mean, less what the noise may be. The best window is about
//! as long as the tight place: longer ones are blurred, shorter ones noisy. Windows say little about how tight the place
//! really is; that is for the shapes of `shape` and `radius`, where they fit.

use super::Bend;
use super::curvature::{Axis, Cursor, Fit};

/// A radius that is known to this part needs no second look: of a smooth curve, which may shoot beyond its peak, and of
/// an arc or Euler bend.
const KNOWN: [f64; 2] = [0.03, 0.05];
/// A place that was overlooked may be tighter than windows show by this part.
const OVERLOOKED: f64 = 0.5;
/// Shortest window on a grid of 1 dbu; it grows with the root of the grid step, as equal noise asks for.
const SHORTEST_DBU: f64 = 200.0;
/// Windows shrink by this factor, and lie so far from each other as a part of their length.
const SHRINK: f64 = 0.75;
const STEP: f64 = 0.25;
/// The longest window turns about this much in rad, or more where the bend is tight: then the angle between the steps
/// from third to third, which is the curvature, is still far from half a turn.
const LONGEST_TURN: f64 = 1.5;
/// After so many lengths in a row that are no better the rest is noise.
const MISSES: usize = 3;
/// A mean may be off by this many standard deviations: many windows are looked at.
const SURE: f64 = 4.0;
/// What coarse chords may hide, as a part of the curvature over the square of the vertices in the window.
const COARSE: f64 = 0.65;
/// Fewer vertices or nodes in a window do not show a curvature.
const FEWEST: f64 = 6.0;

/// The window that surely holds the largest curvature.
#[derive(Clone, Copy)]
struct Peak {
    s: f64,
    /// Mean curvature.
    curvature: f64,
    /// What is left of it when noise is taken off.
    sure: f64,
}

/// Bounds the radius of a bend from above where its shape says little, or windows say otherwise. Plain are arcs,
/// Euler bends and drawn corners, which a window cannot resolve.
pub(super) fn bound(axis: &Axis<'_>, fits: &[Fit], bend: &mut Bend, is_plain: bool) {
    let (radius, error) = (bend.min_radius, bend.min_radius_error);
    let sign = bend.turn_rad.signum();
    let seen = fits.iter().map(|fit| sign * fit.curvature - SURE * fit.noise).fold(0.0, f64::max);
    // A tight place may be so short that a shape of the whole bend passes over it.
    let is_overlooked = seen * (radius - error) > 1.0;
    if !is_overlooked && error <= KNOWN[usize::from(is_plain)] * radius {
        return;
    }
    let Some(peak) = surest(axis, bend) else { return };
    let (nearer, widest) = (1.0 / peak.curvature, 1.0 / peak.sure);
    // A smooth curve that is known badly may have shot beyond its peak: then windows alone say what is sure.
    let is_trusted = is_plain || error <= KNOWN[0] * radius;
    if is_trusted && widest >= bend.min_radius_upper {
        return;
    }
    bend.min_radius_upper = widest;
    let mut least = radius - error;
    if nearer < radius {
        bend.min_radius = nearer;
        bend.tightest = peak.s;
        [bend.x, bend.y] = axis.place(peak.s, &mut 0);
        if is_overlooked {
            least = least.min(OVERLOOKED * nearer);
        }
    }
    bend.min_radius_error = (bend.min_radius - least.max(0.0)).max(widest - bend.min_radius);
}

fn surest(axis: &Axis<'_>, bend: &Bend) -> Option<Peak> {
    let (low, high) = (bend.start.max(0.0), (bend.start + bend.length).min(axis.length()));
    if (axis.nodes_between(low, high).len() as f64) < FEWEST {
        return None;
    }
    let sign = bend.turn_rad.signum();
    let mut window = (high - low) * (LONGEST_TURN / bend.turn_rad.abs()).min(1.0);
    let mut cursor = Cursor::default();
    let mut best: Option<Peak> = None;
    let mut misses = 0;
    while window > SHORTEST_DBU * axis.grid.sqrt() && misses < MISSES {
        let here = surest_of_length(axis, [low, high], window, sign, &mut cursor);
        let is_better = here.is_some_and(|h| best.is_none_or(|b| h.sure > b.sure));
        if is_better {
            best = here;
        }
        misses = if is_better { 0 } else { misses + 1 };
        window *= SHRINK;
    }
    best
}

fn surest_of_length(
    axis: &Axis<'_>,
    [low, high]: [f64; 2],
    window: f64,
    sign: f64,
    cursor: &mut Cursor,
) -> Option<Peak> {
    let count = ((high - low - window).max(0.0) / (STEP * window)).ceil();
    let (first, pitch) = (low + 0.5 * window, (high - low - window) / count.max(1.0));
    let mut best: Option<Peak> = None;
    for k in 0..=count as usize {
        let (fit, held) = axis.fit_with_held(first + k as f64 * pitch, window, cursor);
        if held.vertices.min(held.nodes) < FEWEST {
            continue;
        }
        let curvature = sign * fit.curvature;
        let noise = fit.noise.hypot(COARSE * curvature / (held.vertices * held.vertices));
        let sure = curvature - SURE * noise;
        if sure > best.map_or(0.0, |b| b.sure) {
            best = Some(Peak { s: fit.s, curvature, sure });
        }
    }
    best
}
