//! Samples of a run: those that follow each other between two pieces of the guides are kept as one curve, and where
//! nothing changes for long one row of the table stands for many.

use super::curve::Curve;

/// Samples that follow each other at an even step.
#[derive(Clone, Copy, Debug)]
struct Part {
    /// Number of the first one in the run.
    first: u32,
    gap: Curve,
    /// Distance along the other guide at the first one, and from each to the next.
    t: f64,
    t_step: f64,
}

impl Part {
    fn gap(&self, k: usize) -> f64 {
        self.gap.at(f64::from(k as u32 - self.first))
    }

    fn t(&self, k: usize) -> f64 {
        self.t + f64::from(k as u32 - self.first) * self.t_step
    }
}

/// Gaps, and places on the other guide, at all samples of a run.
#[derive(Clone, Debug, Default)]
pub struct Samples {
    parts: Vec<Part>,
    len: u32,
    /// Length a sample stands for.
    step_nm: f64,
}

impl Samples {
    /// None yet.
    pub(super) fn new(step_nm: f64) -> Self {
        Self { parts: Vec::with_capacity(USUAL_PARTS), len: 0, step_nm }
    }

    /// Number of samples.
    pub fn len(&self) -> usize {
        self.len as usize
    }

    /// True when there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds so many samples; `t` is the distance along the other guide at the first of them.
    pub(super) fn push(&mut self, count: u32, gap: Curve, t: f64, t_step: f64) {
        self.parts.push(Part { first: self.len, gap, t, t_step });
        self.len += count;
    }

    fn part(&self, k: usize) -> &Part {
        &self.parts[self.parts.partition_point(|p| p.first as usize <= k) - 1]
    }

    /// The gap at a sample.
    pub(super) fn gap(&self, k: usize) -> f64 {
        self.part(k).gap(k)
    }

    /// The gap so many steps beside a sample, no more than one.
    pub(super) fn gap_beside(&self, k: usize, by: f64) -> f64 {
        let part = self.part(k);
        part.gap.at(f64::from(k as u32 - part.first) + by)
    }

    /// Distance along the other guide at a sample.
    pub(super) fn t(&self, k: usize) -> f64 {
        self.part(k).t(k)
    }

    /// The sample in the middle of the first ones in a row whose gap is no more than `most`.
    pub(super) fn middle_of_first_below(&self, most: f64) -> usize {
        let middle = |first: u32, end: u32| ((first + end - 1) / 2) as usize;
        let mut first = None;
        for (i, part) in self.parts.iter().enumerate() {
            let end = self.end(i);
            let [low, high] = part.gap.range(f64::from(end - part.first - 1));
            if high <= most {
                first = first.or(Some(part.first));
                continue;
            }
            // Most parts are all above it.
            for k in part.first..if low > most { part.first + 1 } else { end } {
                if part.gap(k as usize) <= most {
                    first = first.or(Some(k));
                } else if let Some(first) = first {
                    return middle(first, k);
                }
            }
        }
        middle(first.unwrap_or(0), self.len)
    }

    /// Rows of the table, in order. Where the guides stay as far apart as they are for long, one row stands for all
    /// samples but those near where that begins and ends; in long runs, one for those between two pieces of the guides
    /// where the gap hardly changes.
    pub fn rows(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        let mut from = 0;
        while from < self.parts.len() {
            if self.is_one_row(from) {
                rows.push(self.row_of_part(from));
                from += 1;
                continue;
            }
            let to = self.even_until(from);
            let (first, end) = (self.parts[from].first, self.end(to - 1));
            // One part may change as it likes; several together are even.
            let is_even = self.is_even(from) && end - first > 2 * KEPT_BESIDE_EVEN + 1;
            let merged = if is_even { first + KEPT_BESIDE_EVEN..end - KEPT_BESIDE_EVEN } else { end..end };
            for i in from..to {
                let part = &self.parts[i];
                for k in part.first..self.end(i) {
                    if !merged.contains(&k) {
                        rows.push(self.row(i, k));
                    } else if k == merged.start {
                        let n = f64::from(merged.end - merged.start);
                        rows.push(Row {
                            gap_nm: part.gap(k as usize),
                            step_nm: n * self.step_nm,
                            other_step_nm: n * self.step_nm,
                        });
                    }
                }
            }
            from = to;
        }
        rows
    }

    /// Number of rows of the table.
    pub fn n_rows(&self) -> usize {
        let (mut n, mut from) = (0, 0);
        while from < self.parts.len() {
            if self.is_one_row(from) {
                n += 1;
                from += 1;
                continue;
            }
            let to = self.even_until(from);
            let count = self.end(to - 1) - self.parts[from].first;
            let merged = if self.is_even(from) { count.saturating_sub(2 * KEPT_BESIDE_EVEN + 1) } else { 0 };
            n += (count - merged) as usize;
            from = to;
        }
        n
    }

    /// Mean gap along the run.
    pub fn mean_gap_nm(&self) -> f64 {
        let sum: f64 = (0..self.parts.len()).map(|i| self.parts[i].gap.sum_of(self.end(i) - self.parts[i].first)).sum();
        sum / f64::from(self.len)
    }

    /// One past the last sample of a part.
    fn end(&self, i: usize) -> u32 {
        self.parts.get(i + 1).map_or(self.len, |next| next.first)
    }

    /// True where neither gap nor step on the other guide changes along a part.
    fn is_even(&self, i: usize) -> bool {
        let part = &self.parts[i];
        let n = f64::from(self.end(i) - part.first);
        part.gap.is_even(n, SAME_NM) && ((part.t_step.abs() - self.step_nm) * n).abs() < SAME_NM
    }

    /// True for a part in the middle of a long run along which the gap hardly changes, though it or the step on the
    /// other guide does: the chords of two bends beside each other.
    fn is_one_row(&self, i: usize) -> bool {
        if self.len < LONG_RUN || i == 0 || i + 1 == self.parts.len() || self.is_even(i) {
            return false;
        }
        let part = &self.parts[i];
        let [least, most] = part.gap.range(f64::from(self.end(i) - part.first - 1));
        most - least < SAME_GAP_NM
    }

    /// The row of all samples of a part that is neither the first nor the last one.
    fn row_of_part(&self, i: usize) -> Row {
        let part = &self.parts[i];
        let (first, end) = (part.first as usize, self.end(i) as usize);
        let n = (end - first) as u32;
        // The sum of the steps of each sample, which reach from the middle before it to the middle behind it.
        let beside = [self.parts[i - 1].t(first - 1) + part.t(first), part.t(end - 1) + self.parts[i + 1].t];
        Row {
            gap_nm: part.gap.sum_of(n) / f64::from(n),
            step_nm: f64::from(n) * self.step_nm,
            other_step_nm: (beside[1] - beside[0]).abs() / 2.0,
        }
    }

    /// One past the last of the parts that go on evenly from this one on; the next where it is not even.
    fn even_until(&self, from: usize) -> usize {
        let mut to = from + 1;
        while to < self.parts.len() && self.is_even(to - 1) && self.is_even(to) {
            let (before, next) = (&self.parts[to - 1], &self.parts[to]);
            let k = next.first as usize;
            let is_same =
                (self.parts[from].gap(k) - next.gap(k)).abs() < SAME_NM && (before.t(k) - next.t).abs() < SAME_NM;
            if !is_same {
                break;
            }
            to += 1;
        }
        to
    }

    /// The row of one sample of a part.
    fn row(&self, i: usize, k: u32) -> Row {
        let (part, own) = (&self.parts[i], k as usize);
        // From neighbour to neighbour; outside of a bend there is more of the other guide, inside less.
        let before = k
            .checked_sub(1)
            .map(|k| if k >= part.first { part.t(k as usize) } else { self.parts[i - 1].t(k as usize) });
        let end = self.end(i);
        let after = (k + 1 < self.len).then(|| if k + 1 < end { part.t(own + 1) } else { self.parts[i + 1].t });
        let other_step_nm = match (before, after) {
            (Some(p), Some(q)) => (q - p).abs() / 2.0,
            (Some(p), None) => (part.t(own) - p).abs(),
            (None, Some(q)) => (q - part.t(own)).abs(),
            (None, None) => self.step_nm,
        };
        Row { gap_nm: part.gap(own), step_nm: self.step_nm, other_step_nm }
    }
}

/// A row of the table.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Row {
    /// Gap.
    pub gap_nm: f64,
    /// Length it stands for.
    pub step_nm: f64,
    /// Length of the other guide beside that.
    pub other_step_nm: f64,
}

/// Gaps, and places on the other guide, that differ by less are the same.
const SAME_NM: f64 = 1e-6;
/// Runs of fewer samples keep a row for each where the gap changes at all: some millimetres at half a micrometre.
const LONG_RUN: u32 = 8192;
/// Less than the rounding of both guides to a grid of 1 nm. Coupling falls by a third over some 20 nm; that of the mean
/// gap is off by the square of a part of a thousand.
const SAME_GAP_NM: f64 = 1.0;
/// Parts of a run for which there is room from the start.
const USUAL_PARTS: usize = 16;
/// Samples that stay rows of their own at both ends of what stays even. Who smooths over some of them then sees the
/// same as if all were kept.
const KEPT_BESIDE_EVEN: u32 = 48;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_as_a_curve_reads_as_if_each_sample_were_kept() {
        let mut samples = Samples::new(500.0);
        samples.push(1, Curve::new(200.0, 0.0, 0.0), 1000.0, 500.0);
        samples.push(4, Curve::new(190.0, -1.0, 0.0), 1490.0, 500.0);
        samples.push(1, Curve::new(195.0, 0.0, 0.0), 3500.0, 500.0);
        assert_eq!((samples.len(), samples.n_rows()), (6, 6));
        let rows = samples.rows();
        let column = |of: fn(&Row) -> f64| rows.iter().map(of).collect::<Vec<f64>>();
        assert_eq!(column(|r| r.gap_nm), [200.0, 190.0, 189.0, 188.0, 187.0, 195.0]);
        assert_eq!(column(|r| r.other_step_nm), [490.0, 495.0, 500.0, 500.0, 505.0, 510.0]);
        assert_eq!((samples.gap(4), samples.t(4)), (187.0, 2990.0));
        assert!((samples.mean_gap_nm() - column(|r| r.gap_nm).iter().sum::<f64>() / 6.0).abs() < 1e-9);
    }

    #[test]
    fn the_smallest_gap_is_in_the_middle_of_where_it_stays() {
        let mut samples = Samples::new(500.0);
        samples.push(10, Curve::new(300.0, -10.0, 0.0), 0.0, 500.0);
        samples.push(20, Curve::new(200.04, -0.001, 0.0), 5000.0, 500.0);
        samples.push(21, Curve::new(200.0, 0.0, 0.0), 15_000.0, 500.0);
        samples.push(10, Curve::new(210.0, 10.0, 0.0), 25_500.0, 500.0);
        samples.push(30, Curve::new(200.0, 0.0, 0.0), 30_500.0, 500.0);
        assert_eq!(samples.middle_of_first_below(200.1), 30);
        let mut ring = Samples::new(500.0);
        ring.push(101, Curve::new(200.0 + 50.0 * 50.0, -100.0, 1.0), 0.0, 500.0);
        assert_eq!(ring.middle_of_first_below(200.1), 50);
    }

    #[test]
    fn chords_of_long_bends_beside_each_other_are_one_row_each() {
        // Chords of ten samples that bow by half a nanometre; the outer guide is longer by a tenth.
        let run = |chords: u32| {
            let mut samples = Samples::new(500.0);
            for k in 0..chords {
                samples.push(10, Curve::new(200.0, 0.1, -0.01), f64::from(k) * 5500.0, 545.0);
            }
            samples
        };
        let (short, long) = (run(100), run(1000));
        assert_eq!(short.n_rows(), 1000);
        assert_eq!((long.rows().len(), long.n_rows()), (998 + 2 * 10, 998 + 2 * 10));
        // The same sums as with a row for each sample.
        let each: Vec<Row> =
            (0..1000).flat_map(|i| (0..10).map(move |k| (i, k))).map(|(i, k)| long.row(i, 10 * i as u32 + k)).collect();
        for of in [|r: &Row| r.step_nm, |r: &Row| r.other_step_nm, |r: &Row| r.gap_nm * r.step_nm] {
            let [all, found] = [&each, &long.rows()].map(|rows| rows.iter().map(of).sum::<f64>());
            assert!((found / all - 1.0).abs() < 1e-12, "{found} {all}");
        }
        let mut opening = run(1000);
        opening.push(10_000, Curve::new(200.0, 0.1, 0.0), 5_500_000.0, 500.0);
        opening.push(1, Curve::new(1200.0, 0.0, 0.0), 10_500_000.0, 500.0);
        // A part along which the gap changes keeps its samples.
        assert_eq!(opening.n_rows(), long.n_rows() - 9 + 10_000 + 1);
    }

    #[test]
    fn a_lone_sample_stands_for_its_step() {
        let mut samples = Samples::new(500.0);
        assert!(samples.is_empty() && samples.rows().is_empty());
        samples.push(1, Curve::new(200.0, 0.0, 0.0), 1000.0, 500.0);
        assert_eq!(samples.rows(), [Row { gap_nm: 200.0, step_nm: 500.0, other_step_nm: 500.0 }]);
    }

    #[test]
    fn what_stays_even_for_long_is_one_row_between_those_at_its_ends() {
        let even = Curve::new(200.0, 0.0, 0.0);
        let mut samples = Samples::new(500.0);
        samples.push(300, Curve::new(290.0, -0.3, 0.0), 0.0, 501.0);
        // Cut in two where a piece ends.
        samples.push(1000, even, 300.0 * 501.0, 500.0);
        samples.push(2000, even, 300.0 * 501.0 + 1000.0 * 500.0, 500.0);
        samples.push(300, even, 300.0 * 501.0 + 3000.0 * 500.0, 499.0);
        let rows = samples.rows();
        assert_eq!(rows.len(), samples.n_rows());
        assert_eq!(rows.len(), 300 + 2 * KEPT_BESIDE_EVEN as usize + 1 + 300);
        let sum = |of: fn(&Row) -> f64| rows.iter().map(of).sum::<f64>();
        assert!((sum(|r| r.step_nm) - 3600.0 * 500.0).abs() < 1e-6);
        // Half of the first step and half of the last lie beyond the outermost samples.
        let between = 300.0 * 501.0 + 3000.0 * 500.0 + 299.0 * 499.0;
        assert!((sum(|r| r.other_step_nm) - between - f64::midpoint(501.0, 499.0)).abs() < 1e-6);
        let mean = sum(|r| r.gap_nm * r.step_nm) / sum(|r| r.step_nm);
        assert!((samples.mean_gap_nm() - mean).abs() < 1e-9);
        let long: Vec<&Row> = rows.iter().filter(|r| r.step_nm > 500.0).collect();
        assert!(long.len() == 1 && (long[0].gap_nm - 200.0).abs() < 1e-9);
    }
}
