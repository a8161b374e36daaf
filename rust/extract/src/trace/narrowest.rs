//! The narrowest place of a guide, as far as the grid lets anybody know.
//!
//! A single cross-section is as wide as two rounded vertices say. Over many the rounding averages out, so a guide
//! that is a little narrower for long is known to be so, and a short constriction only when it is deep. Means are
//! taken over runs of 1, 2, 4 … cross-sections, and the narrowest is the run for which mean and error bound together
//! are least: what is surely no wider than that.

/// Runs of up to two to this power cross-sections.
const LEVELS: usize = 12;
/// Bound of a single cross-section in grid steps: both vertices off by half the diagonal of a step.
pub(crate) const SINGLE: f64 = std::f64::consts::SQRT_2;
/// Bound of a cap along the grid in dbu: what is drawn is what is meant, but for halves.
pub(crate) const CAP_ALONG_GRID: f64 = 0.5;
/// Bound of the mean over cross-sections times the root of their number, in grid steps: five standard deviations of
/// 1/√3, for vertices of either side that are each seen once as they are and once between two.
const MEAN: f64 = 2.9;
/// Part of the sagitta of a drawn chord by which the place on it may be off.
const SAGITTA_PART: f64 = 0.25;
/// The same where the curve turns from one side to the other, and the chord there seems straight.
const INFLECTION_PART: f64 = 1.0;
/// How much of a sagitta is remembered from chord to chord.
const REMEMBERED: f64 = 0.85;

/// The least width with its bound.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Width {
    pub(crate) value: f64,
    pub(crate) error: f64,
}

impl Width {
    pub(crate) const UNKNOWN: Self = Self { value: f64::INFINITY, error: 0.0 };

    /// The one that is surely narrower.
    pub(crate) fn or(self, other: Self) -> Self {
        if other.value + other.error < self.value + self.error { other } else { self }
    }
}

/// Sums over a run of cross-sections.
#[derive(Clone, Copy, Debug, Default)]
struct Run {
    width: f64,
    /// What the places on chords may be off.
    off: f64,
}

/// Walks the cross-sections.
#[derive(Clone, Debug)]
pub(crate) struct Narrowest {
    grid: f64,
    /// Bound of what is seen at a single place, in grid steps.
    single: f64,
    count: usize,
    /// Largest sagitta of late.
    sagitta: f64,
    /// The run that waits for its sibling, by level.
    runs: [Run; LEVELS],
    least: Width,
}

impl Narrowest {
    pub(crate) fn new(grid: f64, single: f64) -> Self {
        Self { grid, single, count: 0, sagitta: 0.0, runs: [Run::default(); LEVELS], least: Width::UNKNOWN }
    }

    /// Adds the width at a cross-section; it ends on a drawn chord of some sagitta, or else on two vertices.
    pub(crate) fn add(&mut self, width: f64, sagitta: Option<f64>) {
        let off = sagitta.map_or(0.0, |sagitta| {
            self.sagitta = sagitta.max(REMEMBERED * self.sagitta);
            (SAGITTA_PART * sagitta).max(INFLECTION_PART * (self.sagitta - sagitta))
        });
        self.enter(width, off);
    }

    /// Adds a place whose value is known by its error alone, whatever its neighbours say.
    pub(crate) fn add_single(&mut self, value: f64, error: f64) {
        self.least = self.least.or(Width { value, error });
    }

    /// Adds a width that is rounded anew, beside what it may be off together with its neighbours.
    pub(crate) fn enter(&mut self, width: f64, off: f64) {
        self.least = self.least.or(Width { value: width, error: self.single * self.grid + off });
        let mut run = Run { width, off };
        let (mut level, mut part, mut root) = (0, 1.0, 1.0);
        while level + 1 < LEVELS && (self.count >> level) & 1 == 1 {
            let before = self.runs[level];
            let change = (run.width - before.width).abs() * part;
            run = Run { width: run.width + before.width, off: run.off + before.off };
            (level, part, root) = (level + 1, part * 0.5, root * std::f64::consts::FRAC_1_SQRT_2);
            let bound = (MEAN * root).min(self.single) * self.grid;
            let error = bound + run.off * part + change;
            self.least = self.least.or(Width { value: run.width * part, error });
        }
        self.runs[level] = run;
        self.count += 1;
    }

    /// Adds a cap, which is drawn exactly where it runs along the grid.
    pub(crate) fn add_cap(&mut self, width: f64, is_along_grid: bool) {
        let error = if is_along_grid { CAP_ALONG_GRID } else { self.single * self.grid };
        self.least = self.least.or(Width { value: width, error });
    }

    /// The narrowest of all runs and of the whole.
    pub(crate) fn least(&self) -> Width {
        let (mut count, mut all, mut change) = (0.0, Run::default(), 0.0_f64);
        for level in (0..LEVELS).filter(|l| (self.count >> l) & 1 == 1) {
            let (run, n) = (self.runs[level], (1_u64 << level) as f64);
            if count > 0.0 {
                change = change.max((run.width / n - all.width / count).abs() * count.min(n) / (count + n));
            }
            count += n;
            all = Run { width: all.width + run.width, off: all.off + run.off };
        }
        if count == 0.0 {
            return self.least;
        }
        let bound = (MEAN / f64::sqrt(count)).min(self.single) * self.grid;
        let error = bound + all.off / count + 2.0 * change;
        self.least.or(Width { value: all.width / count, error })
    }
}

#[cfg(test)]
mod tests {
    use super::Narrowest;

    #[test]
    fn many_cross_sections_are_known_better_than_one_and_a_deep_constriction_is_seen() {
        let of = |width: fn(usize) -> f64| {
            let mut n = Narrowest::new(1.0, super::SINGLE);
            (0..200).for_each(|i| n.add(width(i), None));
            n.least()
        };
        let even = of(|i| 500.0 + [0.5, -0.5][i % 2]);
        assert!((even.value - 500.0).abs() < 0.1 && even.error < 0.4, "{even:?}");
        let dent = of(|i| if i == 77 { 480.0 } else { 500.0 });
        assert!((dent.value - 480.0).abs() < 1e-9 && (dent.error - 2.0_f64.sqrt()).abs() < 1e-9, "{dent:?}");
        let taper = of(|i| 500.0 + i as f64);
        assert!(taper.value - taper.error <= 500.0 && taper.value + taper.error < 502.0, "{taper:?}");
    }
}
