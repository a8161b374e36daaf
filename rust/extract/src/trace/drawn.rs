//! Length as layouts state it: area divided by width.

use super::nodes::WidthRange;
use super::{CapHint, End, TraceOptions};

/// What is known of a guide's width.
pub(super) struct Widths {
    pub(super) range: WidthRange,
    /// Mean over the guide in dbu; NaN where some piece is not uniform.
    pub(super) mean: f64,
    pub(super) area: f64,
    pub(super) grid: f64,
}

/// Area divided by the end width; NaN when the width varies along the guide.
pub(super) fn drawn_length(w: &Widths, ends: &[End; 2], hints: Option<&[CapHint; 2]>, opts: &TraceOptions) -> f64 {
    if w.mean.is_nan() || w.range.max - w.range.min > opts.width_tolerance + 2.0 * w.grid {
        return f64::NAN;
    }
    // A cap drawn at an angle is rounded to the grid; over all cross-sections the rounding averages out.
    let hinted = hints.map_or(0.0, |h| if (h[0].width - h[1].width).abs() < w.grid { h[0].width } else { 0.0 });
    let is_drawn = |width: f64| (width - w.mean).abs() < w.grid;
    let width = if hinted > 0.0 && is_drawn(hinted) {
        hinted
    } else if is_whole(ends[0].width) && (ends[0].width - ends[1].width).abs() < f64::EPSILON && is_drawn(ends[0].width)
    {
        ends[0].width
    } else {
        w.mean
    };
    w.area / width
}

fn is_whole(x: f64) -> bool {
    (x - x.round()).abs() < f64::EPSILON
}
