//! Arithmetic on rows of amplitudes. Real and imaginary parts lie apart, so that the compiler can vectorise.

use num_complex::Complex64;

/// `y += s·x`.
#[inline(always)]
pub(crate) fn add_scaled(y_re: &mut [f64], y_im: &mut [f64], x_re: &[f64], x_im: &[f64], s: Complex64) {
    let n = y_re.len();
    let (y_im, x_re, x_im) = (&mut y_im[..n], &x_re[..n], &x_im[..n]);
    for i in 0..n {
        y_re[i] += s.re * x_re[i] - s.im * x_im[i];
        y_im[i] += s.re * x_im[i] + s.im * x_re[i];
    }
}

/// `y = s·x`.
#[inline(always)]
pub(crate) fn set_scaled(y_re: &mut [f64], y_im: &mut [f64], x_re: &[f64], x_im: &[f64], s: Complex64) {
    let n = y_re.len();
    let (y_im, x_re, x_im) = (&mut y_im[..n], &x_re[..n], &x_im[..n]);
    for i in 0..n {
        y_re[i] = s.re * x_re[i] - s.im * x_im[i];
        y_im[i] = s.re * x_im[i] + s.im * x_re[i];
    }
}

/// `y = s·x + t·z`.
#[inline(always)]
pub(crate) fn set_sum(
    (y_re, y_im): (&mut [f64], &mut [f64]),
    (x_re, x_im, s): (&[f64], &[f64], Complex64),
    (z_re, z_im, t): (&[f64], &[f64], Complex64),
) {
    let n = y_re.len();
    let (y_im, x_re, x_im, z_re, z_im) = (&mut y_im[..n], &x_re[..n], &x_im[..n], &z_re[..n], &z_im[..n]);
    for i in 0..n {
        y_re[i] = (s.re * x_re[i] - s.im * x_im[i]) + (t.re * z_re[i] - t.im * z_im[i]);
        y_im[i] = (s.re * x_im[i] + s.im * x_re[i]) + (t.re * z_im[i] + t.im * z_re[i]);
    }
}

/// Rows of one length, each with its real parts before its imaginary parts. A row that is written is taken out and put
/// back, which moves a pointer, so that any others can be read meanwhile.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    width: usize,
    rows: Vec<Vec<f64>>,
}

impl Rows {
    pub(crate) fn new(n: usize, width: usize) -> Self {
        Self { width, rows: vec![vec![0.0; 2 * width]; n] }
    }

    /// Makes room for `n` rows of `width`; what is in them is undefined.
    pub(crate) fn shape(&mut self, n: usize, width: usize) {
        self.width = width;
        if self.rows.len() < n {
            self.rows.resize_with(n, Vec::new);
        }
        for row in &mut self.rows[..n] {
            if row.len() != 2 * width {
                row.resize(2 * width, 0.0);
            }
        }
    }

    #[inline(always)]
    pub(crate) fn row(&self, i: usize) -> (&[f64], &[f64]) {
        self.rows[i].split_at(self.width)
    }

    #[inline(always)]
    pub(crate) fn row_mut(&mut self, i: usize) -> (&mut [f64], &mut [f64]) {
        self.rows[i].split_at_mut(self.width)
    }

    /// Takes a row out; until [`Rows::put`] brings it back it must not be touched.
    #[inline(always)]
    pub(crate) fn take(&mut self, i: usize) -> Vec<f64> {
        std::mem::take(&mut self.rows[i])
    }

    #[inline(always)]
    pub(crate) fn put(&mut self, i: usize, row: Vec<f64>) {
        self.rows[i] = row;
    }

    /// Exchanges two rows.
    pub(crate) fn exchange(&mut self, i: usize, j: usize) {
        self.rows.swap(i, j);
    }

    /// `row i += s · row j`.
    #[inline(always)]
    pub(crate) fn add(&mut self, i: usize, j: usize, s: Complex64) {
        let mut row = self.take(i);
        let (x_re, x_im) = self.row(j);
        let (y_re, y_im) = row.split_at_mut(self.width);
        add_scaled(y_re, y_im, x_re, x_im, s);
        self.put(i, row);
    }

    /// `row i *= s`.
    #[inline(always)]
    pub(crate) fn scale(&mut self, i: usize, s: Complex64) {
        let (re, im) = self.row_mut(i);
        for (re, im) in re.iter_mut().zip(im.iter_mut()) {
            (*re, *im) = (s.re * *re - s.im * *im, s.re * *im + s.im * *re);
        }
    }
}
