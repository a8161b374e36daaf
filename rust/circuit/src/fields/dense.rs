//! LU factors with partial pivoting, for loops of few ports and where the sparse order fails.

use num_complex::Complex64;

use super::kernels::Rows;

/// Factors of a square matrix, in place: `P A = L U`.
#[derive(Debug, Default)]
pub(crate) struct Lu {
    n: usize,
    a: Vec<Complex64>,
    /// Row that was exchanged with row k in step k.
    swap: Vec<u32>,
    /// One over each pivot.
    inverse: Vec<Complex64>,
}

impl Lu {
    /// Makes room for an n×n matrix of zeros and returns it, row by row.
    pub(crate) fn matrix(&mut self, n: usize) -> &mut [Complex64] {
        self.n = n;
        self.a.clear();
        self.a.resize(n * n, Complex64::ZERO);
        &mut self.a
    }

    /// Factorises what was written into [`Lu::matrix`]; false when a pivot vanishes.
    pub(crate) fn factor(&mut self) -> bool {
        let n = self.n;
        self.swap.clear();
        self.inverse.clear();
        for k in 0..n {
            let (mut best, mut size) = (k, self.a[k * n + k].norm_sqr());
            for i in k + 1..n {
                let other = self.a[i * n + k].norm_sqr();
                if other > size {
                    (best, size) = (i, other);
                }
            }
            if size.is_nan() || size < f64::MIN_POSITIVE {
                return false;
            }
            if best != k {
                let (upper, lower) = self.a.split_at_mut(best * n);
                upper[k * n..(k + 1) * n].swap_with_slice(&mut lower[..n]);
            }
            self.swap.push(best as u32);
            let inverse = self.a[k * n + k].inv();
            self.inverse.push(inverse);
            let (upper, lower) = self.a.split_at_mut((k + 1) * n);
            let pivot_row = &upper[k * n + k + 1..];
            for row in lower.chunks_exact_mut(n) {
                if row[k] == Complex64::ZERO {
                    continue;
                }
                let factor = row[k] * inverse;
                row[k] = factor;
                for (value, above) in row[k + 1..].iter_mut().zip(pivot_row) {
                    *value -= factor * above;
                }
            }
        }
        true
    }

    /// Replaces the right-hand sides, one row per unknown, by the solutions.
    pub(crate) fn solve(&self, rows: &mut Rows) {
        let n = self.n;
        for k in 0..n {
            let other = self.swap[k] as usize;
            if other != k {
                rows.exchange(k, other);
            }
        }
        for i in 1..n {
            for k in 0..i {
                let factor = self.a[i * n + k];
                if factor != Complex64::ZERO {
                    rows.add(i, k, -factor);
                }
            }
        }
        for i in (0..n).rev() {
            for k in i + 1..n {
                let factor = self.a[i * n + k];
                if factor != Complex64::ZERO {
                    rows.add(i, k, -factor);
                }
            }
            rows.scale(i, self.inverse[i]);
        }
    }
}
