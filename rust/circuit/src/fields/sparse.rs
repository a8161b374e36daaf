//! Numbers in a pattern of elimination: LU factors of a large loop at one wavelength.

use num_complex::Complex64;

use super::kernels::Rows;
use super::order::Pattern;

/// Factors by row, aligned with the lists of the pattern.
#[derive(Debug, Default)]
pub(crate) struct SparseLu {
    lower: Vec<Complex64>,
    upper: Vec<Complex64>,
    inverse: Vec<Complex64>,
    work: Vec<Complex64>,
}

impl SparseLu {
    /// Factorises `1 - T`; `inner` yields, sorted by position of the row, (row, column, T). False when a pivot vanishes.
    pub(crate) fn factor(
        &mut self,
        pattern: &Pattern,
        mut inner: impl Iterator<Item = (usize, usize, Complex64)>,
    ) -> bool {
        let n = pattern.unknown.len();
        self.lower.clear();
        self.upper.clear();
        self.inverse.clear();
        self.work.clear();
        self.work.resize(n, Complex64::ZERO);
        let mut pending = inner.next();
        for row in 0..n {
            self.work[row] = Complex64::ONE;
            while let Some((at, column, value)) = pending.filter(|(at, ..)| *at == row) {
                debug_assert_eq!(at, row);
                self.work[column] -= value;
                pending = inner.next();
            }
            for &before in &pattern.lower.items[pattern.lower.range(row)] {
                let before = before as usize;
                let factor = std::mem::take(&mut self.work[before]) * self.inverse[before];
                self.lower.push(factor);
                if factor == Complex64::ZERO {
                    continue;
                }
                let range = pattern.upper.range(before);
                for (&column, value) in pattern.upper.items[range.clone()].iter().zip(&self.upper[range]) {
                    self.work[column as usize] -= factor * value;
                }
            }
            let pivot = std::mem::take(&mut self.work[row]);
            let size = pivot.norm_sqr();
            if size.is_nan() || size < f64::MIN_POSITIVE {
                return false;
            }
            self.inverse.push(pivot.inv());
            for &column in &pattern.upper.items[pattern.upper.range(row)] {
                self.upper.push(std::mem::take(&mut self.work[column as usize]));
            }
        }
        true
    }

    /// Replaces the right-hand sides, one row per position, by the solutions.
    pub(crate) fn solve(&self, pattern: &Pattern, rows: &mut Rows) {
        let n = pattern.unknown.len();
        for row in 0..n {
            for k in pattern.lower.range(row) {
                let factor = self.lower[k];
                if factor != Complex64::ZERO {
                    rows.add(row, pattern.lower.items[k] as usize, -factor);
                }
            }
        }
        for row in (0..n).rev() {
            for k in pattern.upper.range(row) {
                let factor = self.upper[k];
                if factor != Complex64::ZERO {
                    rows.add(row, pattern.upper.items[k] as usize, -factor);
                }
            }
            rows.scale(row, self.inverse[row]);
        }
    }
}
