//! The smallest radius of a bend.
//!
//! The place is sought over ever longer windows, each looking only where the shorter one could not tell
//! places apart. The radius is taken over the longest window there that agrees with all shorter ones
//! (Lepski's rule), so that arcs are measured over most of their length and tight spots are not blurred.
//! What blur remains is estimated from the curvature half a window away.

use super::curvature::{Axis, Cursor, Fit};

/// Windows grow by this factor.
const GROWTH: f64 = 1.25;
/// Two windows agree when they differ by less than this many standard deviations.
const AGREE: f64 = 1.8;
/// Relative ripple of the shortest window on a curve of few vertices; it falls with the third power.
const RIPPLE: f64 = 0.003;
/// Places are told apart when they differ by this many standard deviations.
const APART: f64 = 4.5;
/// Fits are spaced by this part of their window when the place is sought.
const SEEK_STEP: f64 = 0.25;
/// How much a window blurs a peak, as a part of the drop half a window away: nothing for the flat top of an
/// arc, 0.11 for a round peak, 0.37 for the kink between two clothoids. That of the round peak is added,
/// the rest goes to the error.
const BLUR: [f64; 2] = [0.12, 0.25];
/// The same at an end of the guide, where windows lie to one side: nothing, 0.36, 1.0.
const BLUR_AT_END: [f64; 2] = [0.4, 0.6];
/// A drop counts from this many standard deviations on.
const DROP: f64 = 3.0;
/// Bound of the noise in standard deviations.
const BOUND: f64 = 3.5;
/// Even a bad fit bounds the radius by this multiple.
const LOWEST_PART: f64 = 0.2;

/// The largest curvature of a bend, without sign.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tightest {
    /// Arc length of its place.
    pub(super) s: f64,
    pub(super) curvature: f64,
    /// Lower bound of the curvature.
    pub(super) lowest: f64,
}

/// The largest curvature of a bend of the given length, from the fits that found it.
pub(super) fn tightest(axis: &Axis<'_>, fits: &[Fit], length: f64, sign: f64, cursor: &mut Cursor) -> Tightest {
    let (s, shortest) = summit(axis, fits, sign, cursor);
    let mut fit_at = |s: f64, window: f64| {
        let mut fit = axis.fit(s, window, cursor);
        fit.curvature *= sign;
        let ripple = RIPPLE * fit.curvature.abs() * (shortest / window).powi(3);
        fit.noise = fit.noise.hypot(ripple);
        fit
    };
    let mut window = shortest.min(axis.length());
    let mut best = fit_at(s, window);
    let mut common = [f64::NEG_INFINITY, f64::INFINITY];
    loop {
        let fit = fit_at(s, window);
        let (a, b) = (fit.curvature - AGREE * fit.noise, fit.curvature + AGREE * fit.noise);
        if a > common[1] || b < common[0] {
            break;
        }
        common = [common[0].max(a), common[1].min(b)];
        best = fit;
        window *= GROWTH;
        if window > 0.5 * length {
            break;
        }
    }
    let window = best.window;
    let mut error = BOUND * best.noise;
    let mut curvature = best.curvature;
    let end = axis.length();
    let inward = if s < window {
        Some(0.5 * window)
    } else if s > end - window {
        Some(end - 0.5 * window)
    } else {
        None
    };
    let at_end = inward.map(|first| {
        let toward = if first < 0.5 * end { 0.5 } else { -0.5 };
        let (outer, inner) = (fit_at(first, window), fit_at(first + toward * window, window));
        (outer.curvature, outer.curvature - inner.curvature)
    });
    if let Some((outer, drop)) = at_end.filter(|(outer, drop)| *drop > DROP * best.noise && outer + drop > curvature) {
        curvature = outer + BLUR_AT_END[0] * drop;
        error += BLUR_AT_END[1] * drop;
    } else {
        let around = 0.5 * (fit_at(s - 0.5 * window, window).curvature + fit_at(s + 0.5 * window, window).curvature);
        let drop = (curvature - around).max(0.0);
        if drop > DROP * best.noise {
            curvature += BLUR[0] * drop;
        }
        error += BLUR[1] * drop;
    }
    let curvature = curvature.max(f64::MIN_POSITIVE);
    Tightest { s, curvature, lowest: (curvature - error).max(LOWEST_PART * curvature) }
}

/// The place of the largest curvature and the shortest window that sees it.
fn summit(axis: &Axis<'_>, fits: &[Fit], sign: f64, cursor: &mut Cursor) -> (f64, f64) {
    let Some((mut low, mut high, shortest)) = stretch(fits, sign) else { return (0.0, axis.length()) };
    let mut window = shortest;
    while high - low > window {
        let count = ((high - low) / (SEEK_STEP * window)).ceil().max(1.0);
        let looks: Vec<Fit> =
            (0..=count as usize).map(|k| axis.fit(low + (high - low) * k as f64 / count, window, cursor)).collect();
        let Some((a, b, _)) = stretch(&looks, sign) else { break };
        (low, high) = (a, b);
        window *= GROWTH * GROWTH;
    }
    (0.5 * (low + high), shortest)
}

/// The stretch around the largest curvature that is as large within the noise, and the window there.
fn stretch(fits: &[Fit], sign: f64) -> Option<(f64, f64, f64)> {
    let (top, best) =
        fits.iter().enumerate().max_by(|a, b| (sign * a.1.curvature).total_cmp(&(sign * b.1.curvature)))?;
    let same = |f: &Fit| sign * (best.curvature - f.curvature) <= APART * f.noise.hypot(best.noise);
    let low = fits[..top].iter().rposition(|f| !same(f)).map_or(0, |i| i + 1);
    let high = top + fits[top..].iter().position(|f| !same(f)).map_or(fits.len() - top, |i| i) - 1;
    Some((fits[low].s, fits[high].s, best.window))
}
