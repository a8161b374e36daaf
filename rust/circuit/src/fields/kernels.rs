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

/// Rows of one length in one piece of memory: real parts, then imaginary parts of each.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    width: usize,
    data: Vec<f64>,
}

impl Rows {
    pub(crate) fn new(n: usize, width: usize) -> Self {
        Self { width, data: vec![0.0; 2 * n * width] }
    }

    /// Makes room for `n` rows of `width`; what is in them is undefined.
    pub(crate) fn shape(&mut self, n: usize, width: usize) {
        self.width = width;
        if self.data.len() < 2 * n * width {
            self.data.resize(2 * n * width, 0.0);
        }
    }

    #[inline(always)]
    pub(crate) fn row(&self, i: usize) -> (&[f64], &[f64]) {
        self.data[2 * i * self.width..2 * (i + 1) * self.width].split_at(self.width)
    }

    #[inline(always)]
    pub(crate) fn row_mut(&mut self, i: usize) -> (&mut [f64], &mut [f64]) {
        self.data[2 * i * self.width..2 * (i + 1) * self.width].split_at_mut(self.width)
    }

    /// Row `i` to write and another row `j` to read.
    #[inline(always)]
    #[expect(clippy::type_complexity, reason = "two rows in two parts each")]
    pub(crate) fn pair(&mut self, i: usize, j: usize) -> ((&mut [f64], &mut [f64]), (&[f64], &[f64])) {
        let step = 2 * self.width;
        let (a, b) = if i < j {
            let (left, right) = self.data.split_at_mut(j * step);
            (&mut left[i * step..(i + 1) * step], &right[..step])
        } else {
            let (left, right) = self.data.split_at_mut(i * step);
            (&mut right[..step], &left[j * step..(j + 1) * step])
        };
        (a.split_at_mut(self.width), b.split_at(self.width))
    }

    /// Exchanges row `upper` and the row `lower` after it.
    pub(crate) fn exchange(&mut self, upper: usize, lower: usize) {
        let step = 2 * self.width;
        let (left, right) = self.data.split_at_mut(lower * step);
        left[upper * step..(upper + 1) * step].swap_with_slice(&mut right[..step]);
    }

    /// `row i += s · row j`.
    #[inline(always)]
    pub(crate) fn add(&mut self, i: usize, j: usize, s: Complex64) {
        let ((y_re, y_im), (x_re, x_im)) = self.pair(i, j);
        add_scaled(y_re, y_im, x_re, x_im, s);
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
