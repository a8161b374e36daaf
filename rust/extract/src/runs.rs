//! Stretches over which guides run side by side, with the gap as a function of position.
//!
//! Samples are taken along one guide at a fixed step; at each a line is cast to both sides and met with
//! the pieces of other guides within reach. Between two pieces the gap follows from their shape, so that samples are
//! not looked at one by one. Samples that follow each other on both guides make a run.

mod curve;
mod follow;
mod meet;
mod samples;
pub mod stretches;

use std::f64::consts::PI;
use std::sync::Arc;

use rayon::prelude::*;
use waveguard_base::Watch;

use crate::error::ExtractError;
use crate::lines::{Line, Piece, Pieces, Stretch};
use crate::recipe::RunsPlan;
use follow::Follow;
use meet::{Beside, Meeting, Pair};
pub use samples::{Row, Samples};

/// A run of guide `a` beside guide `b`.
#[derive(Clone, Debug)]
pub struct Run {
    /// The guide along which samples were taken; the smaller number.
    pub a: usize,
    /// The other guide; may be the same.
    pub b: usize,
    /// Gaps at an even step, and the length of the other guide beside each.
    pub samples: Arc<Samples>,
    /// Number of rows of the table.
    pub n_rows: u32,
    /// Length a gap stands for.
    pub step_nm: f64,
    /// Distances along `a` at which it begins and ends, between samples.
    pub span_nm: [f64; 2],
    /// What lies before the step of the first sample and beyond that of the last; negative where the run is shorter.
    pub beyond_nm: [f64; 2],
    /// Distances along `b` of the places beside both ends; they fall where `b` runs against `a`.
    pub other_nm: [f64; 2],
    /// Smallest gap and where it is on `a`.
    pub gap_min_nm: f64,
    /// Bound on the error of `gap_min_nm`.
    pub gap_error_nm: f64,
    /// See `gap_min_nm`.
    pub at: [f64; 2],
    /// Second derivative of the gap at its smallest; NaN when there are too few samples.
    pub relative_curvature_per_nm: f64,
}

impl Run {
    /// Length along `a`.
    pub fn length_nm(&self) -> f64 {
        self.span_nm[1] - self.span_nm[0]
    }

    /// Rows of the table. The outermost samples stand for all up to where the run begins and ends.
    pub fn rows(&self) -> Vec<Row> {
        let mut rows = self.samples.rows();
        let Some(last) = self.samples.len().checked_sub(1) else { return rows };
        let [before, after] = self.beyond_nm.map(|beyond| beyond / self.step_nm);
        // In steps: how much more it stands for, and how far its middle moves.
        let set = |row: &mut Row, sample: usize, more: f64, by: f64| {
            row.gap_nm = self.samples.gap_beside(sample, by);
            row.other_step_nm *= 1.0 + more * self.step_nm / row.step_nm;
            row.step_nm += more * self.step_nm;
        };
        match &mut rows[..] {
            [only] => set(only, 0, before + after, (after - before) / 2.0),
            [first, .., end] => {
                set(first, 0, before, -before / 2.0);
                set(end, last, after, after / 2.0);
            }
            [] => {}
        }
        rows
    }
}

/// What was found, and what was not looked at.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// In order of `a`, then `b`, then position.
    pub runs: Vec<Run>,
    /// Guides beside which there were more pieces than were looked at.
    pub cut: Vec<usize>,
    /// The first guide beside which nothing was looked for, since enough samples were kept; the number of
    /// guides when all were.
    pub until: usize,
    /// Stretches and later ones that touch them, in order, of all guides beside which all was looked at.
    pub(crate) touching: Vec<[u32; 2]>,
}

impl Found {
    /// Stretches that touch one of a line, and come later; `None` where not all of them are known.
    pub fn touching(&self, stretch: usize, line: usize) -> Option<impl Iterator<Item = usize>> {
        if line >= self.until || self.cut.binary_search(&line).is_ok() {
            return None;
        }
        let from = self.touching.partition_point(|pair| (pair[0] as usize) < stretch);
        let of_stretch = move |pair: &&[u32; 2]| pair[0] as usize == stretch;
        Some(self.touching[from..].iter().take_while(of_stretch).map(|pair| pair[1] as usize))
    }
}

/// What lies beside one guide.
#[derive(Debug, Default)]
struct Sides {
    runs: Vec<Run>,
    /// As [`Found::touching`].
    touching: Vec<[u32; 2]>,
    /// Not all pieces beside it were looked at.
    is_cut: bool,
}

/// Bounds on the search.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Pieces looked at for each piece and each sample of a guide, as a mean over a stretch.
    pub piece_pairs: u64,
    /// Rows of the profiles of all runs.
    pub samples: u64,
}

/// Finds runs.
///
/// Gaps are followed `slack_nm` beyond the reach, or rounding would cut a run at the very reach to pieces;
/// a run must come within reach somewhere.
///
/// # Errors
/// When the watch asks to stop.
pub fn find(
    lines: &[Line],
    pieces: &Pieces,
    plan: &RunsPlan,
    slack_nm: f64,
    bounds: Bounds,
    watch: &Watch,
) -> Result<Found, ExtractError> {
    watch.enter(4, lines.len() as u64);
    let mut out = Found::default();
    let mut kept = 0_u64;
    let portion = PORTION_STEPS.min(bounds.samples as f64);
    // Portion by portion, so that a forged file cannot fill the memory before the bound is seen.
    while out.until < lines.len() && kept < bounds.samples {
        let from = out.until;
        let mut steps = 0.0;
        while out.until < lines.len() && (out.until < from + LEAST_PORTION || steps < portion) {
            steps += lines[out.until].length() / plan.step_nm;
            out.until += 1;
        }
        let found: Result<Vec<Sides>, ExtractError> = (from..out.until)
            .into_par_iter()
            .map_init(Scratch::default, |scratch, a| {
                watch.check()?;
                let sides = along(a, lines, pieces, plan, slack_nm, bounds.piece_pairs, scratch);
                watch.advance(1);
                Ok(sides)
            })
            .collect();
        for (a, sides) in (from..).zip(found?) {
            kept += sides.runs.iter().map(|r| u64::from(r.n_rows)).sum::<u64>();
            out.runs.extend(sides.runs);
            if sides.is_cut {
                out.cut.push(a);
            } else {
                out.touching.extend(sides.touching);
            }
        }
    }
    Ok(out)
}

/// Guides that are looked at together at least.
const LEAST_PORTION: usize = 16;
/// Samples along guides that are looked at together.
const PORTION_STEPS: f64 = 2.0e6;

/// Room that a thread uses again for each guide.
#[derive(Debug, Default)]
struct Scratch {
    near: Vec<Near>,
    meetings: Vec<Meeting>,
}

/// What lies beside one guide.
fn along(
    a: usize,
    lines: &[Line],
    all: &Pieces,
    plan: &RunsPlan,
    slack_nm: f64,
    piece_pairs: u64,
    Scratch { near, meetings }: &mut Scratch,
) -> Sides {
    let line = &lines[a];
    let reach_nm = plan.reach_nm + slack_nm;
    let samples = (line.length() / plan.step_nm).floor().max(1.0) as u32;
    let step = line.length() / f64::from(samples);
    let beside = Beside { parallel_rad: plan.parallel_rad, parallel: plan.parallel_rad.cos(), reach_nm, step };
    let samples_a_nm = step.recip();
    // Samples stand in the middle of their step.
    let place = |k: u32| (f64::from(k) + 0.5) * step;
    let mut follow = Follow { lines, all, beside, a, open: Vec::new(), done: Vec::new() };
    let mut sample = 0_u32;
    let (mut touching, mut is_cut) = (Vec::new(), false);
    for (number, stretch) in (all.starts[a]..all.starts[a + 1]).zip(&all.stretches[all.starts[a]..]) {
        let pieces = all.of(stretch);
        let last = &pieces[pieces.len() - 1];
        let until = sample_at(last.along + last.length, samples_a_nm, samples, place);
        let long = (last.along + last.length - pieces[0].along) / step;
        let mut left = piece_pairs.saturating_mul(pieces.len() as u64 + long.ceil() as u64);
        is_cut |= !neighbours(all, stretch, reach_nm, PI - plan.parallel_rad, left, near);
        let touched = near.iter().map(|one| one.stretch as usize).filter(|&other| all.may_touch(number, other));
        touching.extend(touched.map(|other| [number as u32, other as u32]));
        if sample >= until || near.is_empty() {
            sample = until;
            continue;
        }
        for piece in pieces {
            let from = sample;
            sample = sample_at(piece.along + piece.length, samples_a_nm, samples, place).max(from);
            if sample == from {
                continue;
            }
            meetings.clear();
            let (own, mut number) = (piece.extent(), 0);
            for one in near.iter_mut() {
                let other = &all.stretches[one.stretch as usize];
                left = left.saturating_sub(1);
                // Of a stretch of one piece it is known already.
                let is_near = || {
                    let window = own.grown(reach_nm + f64::midpoint(piece.width, other.widest) + piece.bow[0].abs());
                    pieces.len() == 1 || window.touches(&other.extent)
                };
                if left > 0 && is_near() {
                    let others = all.of(other);
                    left = left.saturating_sub(others.len() as u64);
                    for other in beside_piece(piece, others, other.swing, &mut one.at) {
                        if let Some(pair) = Pair::new(piece, other, beside) {
                            pair.add_meetings(from, sample, number, meetings);
                            number += 1;
                        }
                    }
                }
            }
            meetings.sort_unstable_by_key(|m| (m.first, m.number));
            for meeting in meetings.iter() {
                // Each is looked for among the runs that are followed.
                let work =
                    (1 + follow.open.len() / MEETINGS_AT_ONCE) as u64 * u64::from(meeting.last - meeting.first + 1);
                if left < work {
                    left = 0;
                    break;
                }
                left -= work;
                follow.add(*meeting);
            }
        }
        is_cut |= left == 0;
    }
    Sides { runs: follow.finish(plan), touching, is_cut }
}

/// A stretch near another one.
#[derive(Clone, Copy, Debug)]
struct Near {
    stretch: u32,
    /// Where among its pieces the last piece of the other one was: the next one is not far from there.
    at: usize,
}

/// Those of the pieces of a stretch that lines square to a piece may meet. Where the stretch leads on or back along the
/// piece all the way, they are sought from where they were last.
fn beside_piece<'a>(piece: &Piece, others: &'a [Piece], swing: f64, at: &mut usize) -> &'a [Piece] {
    let [ux, uy] = piece.direction;
    let cos = others[0].direction[0] * ux + others[0].direction[1] * uy;
    if others.len() <= FEW_PIECES || cos.abs() <= swing + ROUNDING {
        return others;
    }
    let along = |q: &Piece| (q.from[0] - piece.from[0]) * ux + (q.from[1] - piece.from[1]) * uy;
    let [from, to] = [-MARGIN_NM, piece.length + MARGIN_NM];
    // Each piece ends where the next one begins.
    let (before, until) = if cos > 0.0 {
        let before = sought(others, *at, |q| along(q) < from);
        (before, sought(others, before + 1, |q| along(q) <= to))
    } else {
        let before = sought(others, *at, |q| along(q) > to);
        (before, sought(others, before + 1, |q| along(q) >= from))
    };
    *at = before;
    let first = before.saturating_sub(1);
    &others[first..until.max(first)]
}

/// The first piece for which something that holds for all before it does not, near a guess.
fn sought(pieces: &[Piece], guess: usize, holds: impl Fn(&Piece) -> bool) -> usize {
    let mut k = guess.min(pieces.len());
    for _ in 0..STEPS_ASIDE {
        if k < pieces.len() && holds(&pieces[k]) {
            k += 1;
        } else if k > 0 && !holds(&pieces[k - 1]) {
            k -= 1;
        } else {
            return k;
        }
    }
    pieces.partition_point(holds)
}

/// Pieces beside a guess that are looked at before all are.
const STEPS_ASIDE: usize = 6;

/// So many pieces are looked at one by one.
const FEW_PIECES: usize = 3;
/// Directions that differ by less may be the same.
const ROUNDING: f64 = 1e-9;
/// More than what pieces are looked at beyond their ends.
const MARGIN_NM: f64 = 0.01;

/// The first of the samples that stands no nearer to the start of the guide than `s`.
fn sample_at(s: f64, samples_a_nm: f64, samples: u32, place: impl Fn(u32) -> f64) -> u32 {
    // A guess; negative numbers become 0.
    let mut k = ((s * samples_a_nm + 0.5) as u32).min(samples);
    while k < samples && place(k) < s {
        k += 1;
    }
    while k > 0 && place(k - 1) >= s {
        k -= 1;
    }
    k
}

/// Runs that are followed at a time, up to which looking through them is no work worth counting.
const MEETINGS_AT_ONCE: usize = 16;

/// Stretches of this and later lines within reach, in order; false when there are more than `most` to look at.
fn neighbours(all: &Pieces, stretch: &Stretch, reach_nm: f64, half_turn: f64, most: u64, near: &mut Vec<Near>) -> bool {
    near.clear();
    let window = stretch.extent.grown(reach_nm + stretch.widest / 2.0);
    let mut seen = 0;
    let seen_all = all.index.later_candidates_while(&window.upright, all.starts[stretch.line], |i| {
        seen += 1;
        if window.touches(&all.around[i]) {
            let other = &all.stretches[i];
            let may_meet = other.line != stretch.line || stretch.turned_until(other) >= half_turn;
            if may_meet && other.top == stretch.top {
                near.push(Near { stretch: i as u32, at: 0 });
            }
        }
        seen < most
    });
    near.sort_unstable_by_key(|one| one.stretch);
    seen_all
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
        let bounds = Bounds { piece_pairs: 20_000, samples: 1_000_000 };
        let found = find(lines, &pieces, &plan, 3.0, bounds, &Watch::default()).expect("no one cancels");
        assert!(found.cut.is_empty() && found.until == lines.len());
        found.runs
    }

    #[test]
    fn guides_on_each_other_are_cut_and_named() {
        let at = |i: i32| 10.0 * f64::from(i);
        let lines: Vec<Line> = (0..300).map(|i| line(&[[0.0, at(i)], [50_000.0, at(i)]])).collect();
        let plan = RunsPlan::default();
        let pieces = Pieces::new(&lines, plan.reach_nm);
        let bounds = |piece_pairs, samples| Bounds { piece_pairs, samples };
        let few = find(&lines, &pieces, &plan, 3.0, bounds(100, 1_000_000), &Watch::default()).expect("no one cancels");
        assert!(few.cut.len() > 200, "{}", few.cut.len());
        let short = find(&lines, &pieces, &plan, 3.0, bounds(20_000, 10), &Watch::default()).expect("no one cancels");
        assert!(short.until < lines.len());
    }

    #[test]
    fn two_straights_make_one_run_with_their_overlap_and_gap() {
        let a = line(&[[0.0, 0.0], [100_000.0, 0.0]]);
        let b = line(&[[90_000.0, 700.0], [-20_000.0, 700.0]]);
        let found = runs(&[a, b]);
        assert_eq!(found.len(), 1);
        assert!((found[0].length_nm() - 90_000.0).abs() <= 500.0);
        assert!(found[0].samples.rows().iter().all(|r| (r.gap_nm - 200.0).abs() < 1e-9));
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
    fn runs_end_where_the_guides_turn_apart_wherever_these_begin() {
        let plan = RunsPlan::default();
        let (r, turn) = (20_000.0, 1.0);
        for offset in [0.0, 0.013, 0.037, 0.171] {
            let points = (0..=40).map(|i| {
                let a = -0.5 * turn + turn * (f64::from(i) / 40.0).powf(1.0 + offset);
                [r * a.sin(), 700.0 + r * (1.0 - a.cos())]
            });
            let arc = crate::trace::Piece {
                start: 0.0,
                length: r * turn,
                begin_curvature: 1.0 / r,
                end_curvature: 1.0 / r,
                fit_error: 0.0,
            };
            let bent = line(&points.collect::<Vec<_>>()).bowed(&[arc], 1.0, 1.0);
            let straight = line(&[[-30_000.0 - 1e3 * offset, 0.0], [30_000.0, 0.0]]);
            let found = runs(&[straight, bent]);
            assert_eq!(found.len(), 1);
            let expected = 2.0 * r * plan.parallel_rad.sin();
            assert!((found[0].length_nm() - expected).abs() < 10.0, "{} at {offset}", found[0].length_nm());
            let rows = found[0].rows();
            assert!((rows.iter().map(|row| row.step_nm).sum::<f64>() - found[0].length_nm()).abs() < 1e-6);
        }
    }

    #[test]
    fn the_outer_of_two_concentric_turns_is_longer() {
        let arc = |r: f64| -> Vec<[f64; 2]> {
            (0..=900).map(|i| f64::from(i) / 900.0 * 3.0).map(|a| [r * a.cos(), r * a.sin()]).collect()
        };
        let found = runs(&[line(&arc(20_000.0)), line(&arc(21_000.0))]);
        assert_eq!(found.len(), 1);
        let mean = found[0].samples.rows().iter().map(|r| r.other_step_nm).sum::<f64>() / found[0].length_nm();
        assert!((mean - 1.05).abs() < 1e-3, "{mean}");
    }

    #[test]
    fn a_run_knows_where_it_is_on_both_guides() {
        let whole = line(&[[0.0, 0.0], [50_000.0, 0.0]]);
        let some = [[30_000.0, 900.0], [45_000.0, 900.0]];
        let against = [some[1], some[0]];
        for (other, ends) in [(some, [0.0, 15_000.0]), (against, [15_000.0, 0.0])] {
            let found = runs(&[whole.clone(), line(&other)]);
            assert_eq!(found.len(), 1);
            assert!((found[0].span_nm[0] - 30_000.0).abs() <= 500.0, "{}", found[0].span_nm[0]);
            assert!((found[0].length_nm() - 15_000.0).abs() <= 500.0);
            assert!(found[0].other_nm.iter().zip(ends).all(|(a, b)| (a - b).abs() <= 500.0), "{:?}", found[0].other_nm);
        }
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
