//! Walls with teeth: changes of width one behind the other, as of Bragg gratings and sub-wavelength tapers.

use crate::trace::Trace;

/// From so many changes in a row on a guide has teeth.
const TEETH: usize = 12;
/// Changes further apart than this many widths of the guide are no row.
const PITCH_WIDTHS: f64 = 2.0;

/// True where the width of a guide changes many times at once, in a row.
///
/// A change is at once where the width changes by more than the way over which it does.
pub fn has_teeth(trace: &Trace) -> bool {
    let is_at_once = |change: f64, length: f64| change.abs() > length;
    let tapers = trace.tapers.iter().filter(|t| is_at_once(t.end_width - t.begin_width, t.length)).map(|t| t.start);
    let flaws = trace.flaws.iter().filter(|f| is_at_once(f.widened, f.length)).map(|f| f.start);
    let mut places: Vec<f64> = tapers.chain(flaws).collect();
    places.sort_unstable_by(f64::total_cmp);
    let far = PITCH_WIDTHS * trace.ends[0].width.max(trace.ends[1].width);
    places.chunk_by(|a, b| b - a <= far).any(|row| row.len() >= TEETH)
}
