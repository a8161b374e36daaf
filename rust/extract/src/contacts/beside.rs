//! Which copies of shapes are rails, or lie beside one.

use rayon::prelude::*;
use waveguard_geom::GridIndex;

use super::{COARSER, Form, ShapeCopy, TOUCH, distance};

/// Copies a thread takes at once.
const COPIES_A_TURN: usize = 64;

/// Pairs of a rail and another shape of which edges are no further apart than `gap`, in order: a rail ends beside the
/// taper of a strip, whatever pieces that is drawn in.
pub fn beside(
    copies: &[ShapeCopy],
    forms: &[Form],
    is_rail: impl Fn(&ShapeCopy) -> bool + Sync,
    gap: f64,
    tile: f64,
) -> Vec<(usize, usize)> {
    let (mut boxes, mut owners) = (Vec::new(), Vec::new());
    for (i, copy) in copies.iter().enumerate() {
        for (k, group) in forms[copy.form as usize].groups.iter().enumerate() {
            boxes.push(group.0.moved(copy.at).upright);
            owners.push((i, k));
        }
    }
    let index = GridIndex::new(&boxes, COARSER * tile);
    let of_copy = |a: usize| {
        let copy = &copies[a];
        let mut near: Vec<(usize, usize, usize)> = Vec::new();
        if !is_rail(copy) {
            return Vec::new();
        }
        for (k, group) in forms[copy.form as usize].groups.iter().enumerate() {
            let window = group.0.moved(copy.at).grown(gap);
            index.candidates(&window.upright, |i| {
                let (b, l) = owners[i];
                let other = &copies[b];
                // Two rails are looked at from the first of them.
                if a == b || other.world != copy.world || (b < a && is_rail(other)) {
                    return;
                }
                if forms[other.form as usize].groups[l].0.moved(other.at).touches(&window) {
                    near.push((b, k, l));
                }
            });
        }
        near.sort_unstable();
        near.dedup();
        let mut found: Vec<(usize, usize)> = Vec::new();
        for group in near.chunk_by(|p, q| p.0 == q.0) {
            let b = group[0].0;
            let by = [0, 1].map(|k: usize| copies[b].at[k] - copy.at[k]);
            let [one, other] = [copy, &copies[b]].map(|c| &forms[c.form as usize]);
            if group.iter().any(|&(_, k, l)| is_near(one, other, [k, l], by, gap.max(TOUCH))) {
                found.push((a.min(b), a.max(b)));
            }
        }
        found
    };
    let found: Vec<Vec<(usize, usize)>> =
        (0..copies.len()).into_par_iter().with_min_len(COPIES_A_TURN).map(of_copy).collect();
    found.concat()
}

/// True when edges of two groups of runs are within reach of each other.
fn is_near(a: &Form, b: &Form, [k, l]: [usize; 2], by: [f64; 2], reach: f64) -> bool {
    let moved = |p: [f64; 2]| [p[0] + by[0], p[1] + by[1]];
    let runs = |form: &'_ Form, group: usize| {
        let (_, from, to) = form.groups[group];
        from as usize..to as usize
    };
    runs(a, k).any(|run| {
        let (around, a0, a1) = a.runs[run];
        let around = around.grown(reach);
        runs(b, l).any(|other| {
            let (box_b, b0, b1) = b.runs[other];
            around.touches(&box_b.moved(by))
                && (a0..a1).any(|i| {
                    let p = a.edge(i as usize);
                    (b0..b1).any(|j| {
                        let q = b.edge(j as usize).map(moved);
                        let ends = [(p[0], q), (p[1], q), (q[0], p), (q[1], p)];
                        ends.iter().any(|&(end, edge)| distance(end, edge) <= reach)
                    })
                })
        })
    })
}
