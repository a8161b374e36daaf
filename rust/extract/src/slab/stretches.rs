//! Stretches of a guide over which its slab reaches less far than asked, and how abruptly it comes to that.

use super::along::{Profile, Span};
use crate::lines::Line;

/// A stretch with too little slab.
#[derive(Clone, Debug)]
#[allow(clippy::struct_field_names, reason = "all are lengths")]
pub(super) struct Stretch {
    /// Where it begins.
    pub from_nm: f64,
    /// Where it ends.
    pub to_nm: f64,
    /// Least distance from the core to an edge of the slab.
    pub reach_nm: f64,
    /// Where that is.
    pub at_nm: [f64; 2],
    /// Largest abrupt change within it or at its ends.
    pub step_nm: f64,
    /// How much further the slab reaches outside of the guide.
    pub end_step_nm: f64,
}

/// A change of the distance over no more length than itself.
#[allow(clippy::struct_field_names, reason = "all are lengths")]
struct Step {
    from_nm: f64,
    to_nm: f64,
    by_nm: f64,
}

/// Finds the stretches with less than `least_nm` of slab beyond an edge of the core.
pub(super) fn find(line: &Line, profile: &Profile, least_nm: f64) -> Vec<Stretch> {
    let (steps, crack_nm) = (steps(&profile.spans), profile.look.crack_nm);
    let mut found: Vec<Stretch> = Vec::new();
    let mut worst: Vec<[f64; 2]> = Vec::new();
    for part in profile.spans.iter().filter_map(|span| below(span, least_nm.max(crack_nm))) {
        let reach_nm = part.reach_nm[0].min(part.reach_nm[1]);
        // Of a part that is as bad all along, its middle.
        let at = match part.reach_nm {
            [a, b] if (a - b).abs() < 1.0 => [part.from_nm, part.to_nm],
            [a, b] if a < b => [part.from_nm; 2],
            _ => [part.to_nm; 2],
        };
        match found.last_mut().zip(worst.last_mut()) {
            Some((last, place)) if part.from_nm - last.to_nm <= crack_nm => {
                last.to_nm = part.to_nm;
                if reach_nm < last.reach_nm {
                    (last.reach_nm, *place) = (reach_nm, at);
                } else if reach_nm <= last.reach_nm && at[0] - place[1] <= crack_nm {
                    place[1] = at[1];
                }
            }
            _ => {
                let (from_nm, to_nm) = (part.from_nm, part.to_nm);
                found.push(Stretch { from_nm, to_nm, reach_nm, at_nm: [0.0; 2], step_nm: 0.0, end_step_nm: 0.0 });
                worst.push(at);
            }
        }
    }
    for (stretch, place) in found.iter_mut().zip(worst) {
        stretch.at_nm = place_at(line, f64::midpoint(place[0], place[1]));
        let (from, to) = (stretch.from_nm - 2.0 * crack_nm, stretch.to_nm + 2.0 * crack_nm);
        let near = steps.iter().filter(|s| s.to_nm >= from && s.from_nm <= to);
        stretch.step_nm = near.map(|s| s.by_nm.abs()).fold(0.0, f64::max);
        stretch.end_step_nm = end_step(line, profile, stretch);
    }
    found
}

/// The part of a span that is below a bound.
fn below(span: &Span, least_nm: f64) -> Option<Span> {
    let [a, b] = span.reach_nm;
    let at = |reach: f64| span.from_nm + (span.to_nm - span.from_nm) * ((reach - a) / (b - a));
    match [a < least_nm, b < least_nm] {
        [true, true] => Some(*span),
        [true, false] => Some(Span { to_nm: at(least_nm), reach_nm: [a, least_nm], ..*span }),
        [false, true] => Some(Span { from_nm: at(least_nm), reach_nm: [least_nm, b], ..*span }),
        [false, false] => None,
    }
}

/// All steps along a guide. Changes of one sign that follow each other at once are one.
fn steps(spans: &[Span]) -> Vec<Step> {
    let mut found: Vec<Step> = Vec::new();
    let mut goes_on = false;
    let mut add = |from_nm: f64, to_nm: f64, by_nm: f64| {
        let is_abrupt = by_nm != 0.0 && by_nm.abs() >= to_nm - from_nm;
        match found.last_mut() {
            Some(last) if goes_on && is_abrupt && last.by_nm * by_nm > 0.0 => {
                last.to_nm = to_nm;
                last.by_nm += by_nm;
            }
            _ if is_abrupt => found.push(Step { from_nm, to_nm, by_nm }),
            // Nothing happens where two spans meet in one value.
            _ => goes_on &= to_nm <= from_nm,
        }
        goes_on |= is_abrupt;
    };
    for (i, span) in spans.iter().enumerate() {
        if let Some(before) = i.checked_sub(1).map(|k| spans[k]) {
            add(span.from_nm, span.from_nm, span.reach_nm[0] - before.reach_nm[1]);
        }
        add(span.from_nm, span.to_nm, span.reach_nm[1] - span.reach_nm[0]);
    }
    found
}

/// How much further the slab reaches outside of the end at which a stretch lies.
fn end_step(line: &Line, profile: &Profile, stretch: &Stretch) -> f64 {
    let (Some(first), Some(last)) = (profile.spans.first(), profile.spans.last()) else { return 0.0 };
    let ([before, behind], crack_nm) = (profile.outside_nm, profile.look.crack_nm);
    let is_at = [stretch.from_nm <= crack_nm, stretch.to_nm >= line.length() - crack_nm];
    let steps = [before - first.reach_nm[0], behind - last.reach_nm[1]];
    is_at.into_iter().zip(steps).filter(|(at, _)| *at).fold(0.0, |most, (_, step)| f64::max(most, step))
}

/// The place on a line at a distance along it.
fn place_at(line: &Line, s: f64) -> [f64; 2] {
    let k = line.along.partition_point(|&v| v <= s).clamp(1, line.points.len() - 1);
    let (p, q) = (line.points[k - 1], line.points[k]);
    let u = (s - line.along[k - 1]) / (line.along[k] - line.along[k - 1]).max(f64::MIN_POSITIVE);
    [p[0] + u * (q[0] - p[0]), p[1] + u * (q[1] - p[1])]
}
