//! Shapes at one place that are pieces of others rather than shapes drawn twice.
//!
//! Where two shapes lie on each other in part, as the teeth of a grating do on a guide, a cut through both leaves equal
//! pieces. What goes on behind the cut tells that they are pieces: neighbours lie along them for longer than the ends of
//! guides, or what enters a device, are wide.

use rustc_hash::FxHashSet;
use waveguard_geom::Extent;

use super::form::size;
use super::{Form, ShapeCopy, TOUCH, Verdict};

/// A neighbour lies along a shape for more than this many times its width: more than at a cap or all of a shorter side.
const ALONG_WIDTHS: f64 = 1.5;

/// Makes pieces of twins of which another shape is a piece, too, that lies along them.
pub(super) fn settle(copies: &[ShapeCopy], forms: &[Form], found: &mut [(u32, u32, Verdict)]) {
    let twins = |f: &&(u32, u32, Verdict)| f.2 == Verdict::Twins;
    let has_twin: FxHashSet<u32> = found.iter().filter(twins).flat_map(|f| [f.0, f.1]).collect();
    if has_twin.is_empty() {
        return;
    }
    let mut is_slice: FxHashSet<u32> = FxHashSet::default();
    for &(a, b, _) in found.iter().filter(|f| f.2 == Verdict::Pieces) {
        for (one, other) in [(a, b), (b, a)] {
            if has_twin.contains(&one) && !is_slice.contains(&one) {
                let [p, q] = [one, other].map(|i| &copies[i as usize]);
                let by = [q.at[0] - p.at[0], q.at[1] - p.at[1]];
                if forms[p.form as usize].has_along(&forms[q.form as usize], by) {
                    is_slice.insert(one);
                }
            }
        }
    }
    for pair in found.iter_mut().filter(|f| f.2 == Verdict::Twins) {
        if is_slice.contains(&pair.0) || is_slice.contains(&pair.1) {
            pair.2 = Verdict::Pieces;
        }
    }
}

impl Form {
    /// True when an edge of another form, moved by `by`, lies along one of this form for long.
    fn has_along(&self, other: &Self, by: [f64; 2]) -> bool {
        let least = ALONG_WIDTHS * self.width();
        let back = [-by[0], -by[1]];
        (0..self.len()).map(|i| self.edge(i)).filter(|p| size(*p) >= least).any(|p| {
            let around = Extent::of_edge(p).grown(TOUCH).moved(back);
            let near = other.runs.iter().filter(|run| run.0.touches(&around));
            near.flat_map(|run| run.1 as usize..run.2 as usize)
                .any(|j| shared(p, other.edge(j).map(|q| [q[0] + by[0], q[1] + by[1]])) >= least)
        })
    }

    /// Of a guide that of its wider end, of another shape that of a strip of the same area and perimeter.
    fn width(&self) -> f64 {
        let perimeter: f64 = (0..self.len()).map(|i| size(self.edge(i))).sum();
        let mean = 2.0 * self.area / perimeter.max(f64::MIN_POSITIVE);
        mean.max(self.caps.widest)
    }
}

/// Length for which two edges lie on each other.
fn shared(p: [[f64; 2]; 2], q: [[f64; 2]; 2]) -> f64 {
    let length = size(p);
    let d = [(p[1][0] - p[0][0]) / length, (p[1][1] - p[0][1]) / length];
    let [a, b] = q.map(|at| {
        let r = [at[0] - p[0][0], at[1] - p[0][1]];
        [r[0] * d[0] + r[1] * d[1], r[1] * d[0] - r[0] * d[1]]
    });
    let [a, b] = if a[0] <= b[0] { [a, b] } else { [b, a] };
    let (from, to) = (a[0].max(0.0), b[0].min(length));
    let aside = |along: f64| a[1] + (b[1] - a[1]) * (along - a[0]) / (b[0] - a[0]);
    let is_on = to > from && aside(from).abs() <= TOUCH && aside(to).abs() <= TOUCH;
    if is_on { to - from } else { 0.0 }
}
