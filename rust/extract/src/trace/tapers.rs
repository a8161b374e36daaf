//! Where the width changes: tapers and steps, as straight stretches of the width over the arc length.

use super::nodes::Node;
use super::types::Taper;

/// The widths along the axis may leave the straight stretches by this many grid steps, and by the tolerance.
const NOISE_STEPS: f64 = 1.5;

/// Tapers in order; none where the width stays within the tolerance.
///
/// Stretches are made as long as they can be: a stretch ends where no straight line from its start meets all widths
/// within the tolerance any more. Each node is looked at once.
pub(super) fn find(nodes: &[Node], grid: f64, tolerance: f64) -> Vec<Taper> {
    let within = tolerance + NOISE_STEPS * grid;
    let mut out = Vec::new();
    let mut from = 0;
    while from + 1 < nodes.len() {
        let (first, mut low, mut high) = (nodes[from], f64::NEG_INFINITY, f64::INFINITY);
        let mut to = from + 1;
        while to < nodes.len() {
            let along = nodes[to].s - first.s;
            let rise = nodes[to].width - first.width;
            if along > 0.0 {
                let (a, b) = ((rise - within) / along, (rise + within) / along);
                if a > high || b < low {
                    break;
                }
                (low, high) = (low.max(a), high.min(b));
            } else if rise.abs() > within {
                break;
            }
            to += 1;
        }
        // A step: both nodes lie at one place.
        let last = if to > from + 1 { to - 1 } else { to };
        push(&mut out, &first, &nodes[last], within);
        from = last;
    }
    out
}

fn push(out: &mut Vec<Taper>, a: &Node, b: &Node, within: f64) {
    if (b.width - a.width).abs() <= 2.0 * within {
        return;
    }
    out.push(Taper { start: a.s, length: b.s - a.s, begin_width: a.width, end_width: b.width });
}
