//! Stretches over which guides run side by side, with the gap as a function of position.
//!
//! Samples are taken along one guide at a fixed step; at each a line is cast to both sides and met with
//! the pieces of other guides within reach. Samples that follow each other on both guides make a run.

use rayon::prelude::*;
use waveguard_base::Watch;

use crate::error::ExtractError;
use crate::lines::{Line, Pieces};
use crate::recipe::RunsPlan;

/// A run of guide `a` beside guide `b`.
#[derive(Clone, Debug)]
pub struct Run {
    /// The guide along which samples were taken; the smaller number.
    pub a: usize,
    /// The other guide; may be the same.
    pub b: usize,
    /// Gaps, one for each step.
    pub gaps: Vec<f64>,
    /// Length a gap stands for.
    pub step_nm: f64,
    /// Smallest gap and where it is on `a`.
    pub gap_min_nm: f64,
    /// See `gap_min_nm`.
    pub at: [f64; 2],
    /// Second derivative of the gap at its smallest; NaN when there are too few samples.
    pub relative_curvature_per_nm: f64,
}

impl Run {
    /// Length along `a`.
    pub fn length_nm(&self) -> f64 {
        self.step_nm * self.gaps.len() as f64
    }
}

/// One meeting of a sample of `a` with a piece of `b`.
#[derive(Clone, Copy, Debug)]
struct Hit {
    b: u32,
    /// The side of `a` it is on: b is met again when it turns around the end of a.
    left: bool,
    sample: u32,
    /// Distance along `b`.
    t: f64,
    gap: f64,
    at: [f64; 2],
}

/// Finds all runs, in order of `a`, then `b`, then position.
///
/// # Errors
/// When the watch asks to stop.
pub fn find(lines: &[Line], pieces: &Pieces, plan: &RunsPlan, watch: &Watch) -> Result<Vec<Run>, ExtractError> {
    watch.enter(4, lines.len() as u64);
    let found: Result<Vec<Vec<Run>>, ExtractError> = (0..lines.len())
        .into_par_iter()
        .map_init(Vec::new, |near: &mut Vec<u32>, a| {
            watch.check()?;
            let runs = along(a, lines, pieces, plan, near);
            watch.advance(1);
            Ok(runs)
        })
        .collect();
    Ok(found?.into_iter().flatten().collect())
}

fn along(a: usize, lines: &[Line], all: &Pieces, plan: &RunsPlan, near: &mut Vec<u32>) -> Vec<Run> {
    let line = &lines[a];
    let samples = (line.length() / plan.step_nm).floor().max(1.0);
    let step = line.length() / samples;
    let mut hits: Vec<Hit> = Vec::new();
    let parallel = plan.parallel_rad.cos();
    let mut sample = 0_u32;
    for piece in &all.pieces[all.starts[a]..all.starts[a + 1]] {
        // Samples stand in the middle of their step.
        let place = |k: u32| (f64::from(k) + 0.5) * step - piece.along;
        if place(sample) >= piece.length || f64::from(sample) >= samples {
            continue;
        }
        near.clear();
        let reach = plan.reach_nm + (piece.width + all.widest) / 2.0;
        let window = piece.bbox().grown(reach);
        all.index.candidates(&window, |i| near.push(i as u32));
        near.sort_unstable();
        near.dedup();
        near.retain(|&i| {
            let other = &all.pieces[i as usize];
            other.line as usize >= a && lines[other.line as usize].top == line.top && window.touches(&other.bbox())
        });
        let [ux, uy] = piece.direction();
        while place(sample) < piece.length && f64::from(sample) < samples {
            let d = place(sample).max(0.0);
            let at = [piece.from[0] + ux * d, piece.from[1] + uy * d];
            for &i in near.iter() {
                let other = &all.pieces[i as usize];
                let [vx, vy] = other.direction();
                let cos = ux * vx + uy * vy;
                if cos.abs() < parallel {
                    continue;
                }
                // Where the line through `at` across the piece meets the other piece.
                let (rx, ry) = (at[0] - other.from[0], at[1] - other.from[1]);
                let t = (rx * ux + ry * uy) / cos;
                if !(0.0..other.length).contains(&t) {
                    continue;
                }
                let across = (other.from[0] + vx * t - at[0]) * -uy + (other.from[1] + vy * t - at[1]) * ux;
                let gap = across.abs() - (piece.width + other.width) / 2.0;
                if !(0.0..plan.reach_nm).contains(&gap) {
                    continue;
                }
                let t = other.along + t;
                let s = piece.along + d;
                // A guide beside itself: counted from its earlier side, and not around the inside of a bend,
                // where the way along is no longer than across.
                if other.line as usize == a && t - s <= across.abs() {
                    continue;
                }
                hits.push(Hit { b: other.line, left: across > 0.0, sample, t, gap, at });
            }
            sample += 1;
        }
    }
    hits.sort_by(|p, q| {
        (p.b, p.left, p.sample).cmp(&(q.b, q.left, q.sample)).then(p.t.total_cmp(&q.t)).then(p.gap.total_cmp(&q.gap))
    });
    let mut runs = Vec::new();
    for group in hits.chunk_by(|p, q| (p.b, p.left) == (q.b, q.left)) {
        chains(a, group, step, plan, &mut runs);
    }
    runs
}

/// Strings the hits of one pair and side together and lists those that are long enough.
fn chains(a: usize, hits: &[Hit], step: f64, plan: &RunsPlan, out: &mut Vec<Run>) {
    // Between two samples the place on the other guide moves by about a step, more on the outside of bends.
    let jump = 4.0 * step;
    let mut open: Vec<Vec<Hit>> = Vec::new();
    let mut done: Vec<Vec<Hit>> = Vec::new();
    for at_sample in hits.chunk_by(|p, q| p.sample == q.sample) {
        let sample = at_sample[0].sample;
        let (going, ended): (Vec<_>, Vec<_>) =
            open.into_iter().partition(|c| c.last().is_some_and(|h| h.sample + 1 >= sample));
        done.extend(ended);
        open = going;
        for hit in at_sample {
            let fits =
                |c: &Vec<Hit>| c.last().is_some_and(|h| h.sample + 1 == hit.sample && (h.t - hit.t).abs() <= jump);
            // A hit on the joint of two pieces appears twice; the second has no open chain left and is dropped.
            let repeated = open
                .iter()
                .any(|c| c.last().is_some_and(|h| h.sample == hit.sample && (h.t - hit.t).abs() <= step / 2.0));
            if repeated {
                continue;
            }
            match open.iter_mut().find(|c| fits(c)) {
                Some(chain) => chain.push(*hit),
                None => open.push(vec![*hit]),
            }
        }
    }
    done.extend(open);
    done.sort_by(|p, q| p[0].sample.cmp(&q[0].sample).then(p[0].t.total_cmp(&q[0].t)));
    for chain in done {
        if step * chain.len() as f64 + step / 2.0 < plan.min_length_nm {
            continue;
        }
        let low = (0..chain.len()).fold(0, |m, i| if chain[i].gap < chain[m].gap { i } else { m });
        let gaps: Vec<f64> = chain.iter().map(|h| h.gap).collect();
        let window = (plan.curvature_window_nm / step).round().max(1.0) as usize;
        out.push(Run {
            a,
            b: chain[0].b as usize,
            relative_curvature_per_nm: second_derivative(&gaps, low, window, step),
            gap_min_nm: gaps[low],
            at: chain[low].at,
            gaps,
            step_nm: step,
        });
    }
}

/// Least squares fit of a parabola to the values around `middle`; NaN for fewer than three.
fn second_derivative(values: &[f64], middle: usize, window: usize, step: f64) -> f64 {
    let from = middle.saturating_sub(window);
    let to = (middle + window + 1).min(values.len());
    let n = to - from;
    if n < 3 {
        return f64::NAN;
    }
    // On an even grid the quadratic coefficient needs only the moments of the centred positions.
    let mean = (n as f64 - 1.0) / 2.0;
    let x: Vec<f64> = (0..n).map(|i| i as f64 - mean).collect();
    let m2 = x.iter().map(|x| x * x).sum::<f64>() / n as f64;
    let (mut top, mut bottom) = (0.0, 0.0);
    for (x, v) in x.iter().zip(&values[from..to]) {
        let p = x * x - m2;
        top += p * v;
        bottom += p * p;
    }
    2.0 * top / bottom / (step * step)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(points: &[[f64; 2]]) -> Line {
        Line::new(points.to_vec(), vec![500.0; points.len()], 0)
    }

    fn runs(lines: &[Line]) -> Vec<Run> {
        let plan = RunsPlan::default();
        let pieces = Pieces::new(lines, plan.reach_nm);
        find(lines, &pieces, &plan, &Watch::default()).expect("no one cancels")
    }

    #[test]
    fn two_straights_make_one_run_with_their_overlap_and_gap() {
        let a = line(&[[0.0, 0.0], [100_000.0, 0.0]]);
        let b = line(&[[90_000.0, 700.0], [-20_000.0, 700.0]]);
        let found = runs(&[a, b]);
        assert_eq!(found.len(), 1);
        assert!((found[0].length_nm() - 90_000.0).abs() <= 500.0);
        assert!(found[0].gaps.iter().all(|g| (g - 200.0).abs() < 1e-9));
        assert!(found[0].relative_curvature_per_nm.abs() < 1e-12);
    }

    #[test]
    fn guides_joined_end_to_end_are_no_neighbours() {
        let a = line(&[[0.0, 0.0], [10_000.0, 0.0]]);
        let b = line(&[[10_000.0, 0.0], [20_000.0, 0.0]]);
        assert!(runs(&[a, b]).is_empty());
    }

    #[test]
    fn a_ring_beside_a_bus_has_the_curvature_of_the_ring() {
        let r = 20_000.0;
        let ring: Vec<[f64; 2]> = (0..=720)
            .map(|i| {
                let a = f64::from(i) / 720.0 * std::f64::consts::TAU + 1.0;
                [r * a.cos(), r * a.sin() + r + 600.0]
            })
            .collect();
        let found = runs(&[line(&[[-50_000.0, 0.0], [50_000.0, 0.0]]), line(&ring)]);
        assert_eq!(found.len(), 1);
        assert!((found[0].gap_min_nm - 100.0).abs() < 3.0);
        assert!((found[0].relative_curvature_per_nm * r - 1.0).abs() < 0.1);
    }

    #[test]
    fn turns_of_one_guide_are_neighbours_and_the_inside_of_its_bend_is_not() {
        let a = line(&[[0.0, 0.0], [50_000.0, 0.0], [50_000.0, 2000.0], [0.0, 2000.0]]);
        let found = runs(&[a]);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].a, found[0].b), (0, 0));
        assert!(found[0].length_nm() > 45_000.0);
    }
}
