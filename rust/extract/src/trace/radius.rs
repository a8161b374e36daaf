//! The smallest radius of a bend.
//!
//! The place is sought over ever longer windows, each looking only where the shorter one could not tell
//! places apart. The radius is taken over the longest window there that agrees with all shorter ones
//! (Lepski's rule), so that arcs are measured over most of their length and tight spots are not blurred.
//! What blur remains is estimated from the curvature half a window away.

use super::curvature::{Axis, Cursor, Fit};

/// Windows grow by this factor while the radius is sought.
const GROWTH: f64 = 1.25;
/// Two windows agree when they differ by less than this many standard deviations.
const AGREE: f64 = 1.8;
/// Relative ripple of the shortest window on a curve of few vertices; it falls with the third power.
const RIPPLE: f64 = 0.003;
/// Places are told apart when they differ by this many standard deviations.
const APART: f64 = 4.5;
/// Windows grow by this factor while the place is sought.
const SEEK_GROWTH: f64 = 2.0;
/// Fits are spaced by this part of their window when the place is sought.
const SEEK_STEP: f64 = 0.25;
/// How much a window blurs a peak, as a part of the drop half a window away: for the kink between two
/// clothoids, for a round peak, and for the flat top of an arc. Exact would be 0.37 and 0.11 for pure
/// kinks and parabolas; peaks of Bezier bends flatten towards their feet and lie between.
const BLUR: [f64; 3] = [0.24, 0.08, 0.0];
/// How much larger the drop a whole window away is for the same three.
const DROP_RATIO: [f64; 3] = [2.37, 4.0, 5.0];
/// What the correction may be wrong by, as a part of the drop, when the ratio is known and when it is not.
const BLUR_ERROR: [f64; 2] = [0.15, 0.25];
/// Blur and its error at an end of the guide, where windows lie to one side: nothing, 0.36, 1.0.
const BLUR_AT_END: [f64; 2] = [0.4, 0.6];
/// A drop counts from this many standard deviations on.
const DROP: f64 = 3.0;
/// The same at an end, where two neighbouring windows are compared.
const DROP_AT_END: f64 = 5.0;
/// Bound of the noise in standard deviations.
const BOUND: f64 = 3.5;
/// No radius is known better than this part: slow changes hide within the noise.
const RELATIVE_BOUND: f64 = 0.003;
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
    let mut error = BOUND * best.noise + RELATIVE_BOUND * best.curvature.abs();
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
    if let Some((outer, drop)) = at_end.filter(|(outer, drop)| *drop > 0.0 && outer + drop > curvature) {
        if drop > DROP_AT_END * best.noise {
            curvature = outer + BLUR_AT_END[0] * drop;
            error += BLUR_AT_END[1] * drop;
        } else {
            error += drop;
        }
    } else {
        let mut drop_at =
            |d: f64| curvature - 0.5 * (fit_at(s - d, window).curvature + fit_at(s + d, window).curvature);
        let (near, far) = (drop_at(0.5 * window), drop_at(window));
        let is_inside = s > 1.5 * window && s < end - 1.5 * window;
        if near > DROP * best.noise {
            let (blur, uncertain) =
                if is_inside { (blur(far / near), BLUR_ERROR[0]) } else { (BLUR[1], BLUR_ERROR[1]) };
            curvature += blur * near;
            error += uncertain * near;
        } else {
            error += BLUR_ERROR[1] * near.max(0.0);
        }
    }
    let curvature = curvature.max(f64::MIN_POSITIVE);
    Tightest { s, curvature, lowest: (curvature - error).max(LOWEST_PART * curvature) }
}

/// Blur by the ratio of the drops, straight between the three known shapes.
fn blur(ratio: f64) -> f64 {
    let k = usize::from(ratio > DROP_RATIO[1]);
    let u = ((ratio - DROP_RATIO[k]) / (DROP_RATIO[k + 1] - DROP_RATIO[k])).clamp(0.0, 1.0);
    BLUR[k] + u * (BLUR[k + 1] - BLUR[k])
}

/// The place of the largest curvature and the shortest window that sees it.
fn summit(axis: &Axis<'_>, fits: &[Fit], sign: f64, cursor: &mut Cursor) -> (f64, f64) {
    let Some((mut low, mut high, shortest)) = stretch(fits, sign) else { return (0.0, axis.length()) };
    // The scan has looked with the shortest window already.
    let mut window = SEEK_GROWTH * shortest;
    while high - low > window {
        let count = ((high - low) / (SEEK_STEP * window)).ceil().max(1.0);
        let looks: Vec<Fit> =
            (0..=count as usize).map(|k| axis.fit(low + (high - low) * k as f64 / count, window, cursor)).collect();
        let Some((a, b, _)) = stretch(&looks, sign) else { break };
        (low, high) = (a, b);
        window *= SEEK_GROWTH;
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
