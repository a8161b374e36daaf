//! Draws guides of known shape as layout tools do: each side sampled with a chord tolerance, rotated, moved and
//! rounded to a grid. Lengths in nm, one dbu is one nm.

#![allow(dead_code, reason = "each test program uses its part of the drawing tools")]

pub(crate) mod random;

use waveguard_geom::Point;

/// A centre-line sampled densely: place, direction, curvature, arc length, half width.
#[derive(Clone, Debug, Default)]
pub(crate) struct Curve {
    pub(crate) x: Vec<f64>,
    pub(crate) y: Vec<f64>,
    pub(crate) theta: Vec<f64>,
    pub(crate) kappa: Vec<f64>,
    pub(crate) s: Vec<f64>,
    /// Samples at which drawing tools put a vertex whatever the tolerance.
    pub(crate) stops: Vec<usize>,
}

impl Curve {
    /// From pieces of linear curvature: (length, curvature at the start, curvature at the end).
    pub(crate) fn from_pieces(pieces: &[(f64, f64, f64)]) -> Self {
        Self::from_pieces_by(pieces, 2.0)
    }

    /// The same sampled every `step`, which must be well below the chords that will be drawn.
    pub(crate) fn from_pieces_by(pieces: &[(f64, f64, f64)], step: f64) -> Self {
        let mut c = Self::default();
        let (mut x, mut y, mut theta, mut s0) = (0.0, 0.0, 0.0, 0.0);
        for (k, &(length, k0, k1)) in pieces.iter().enumerate() {
            let n = if k0.abs().max(k1.abs()) < 1e-15 { 1 } else { (length / step).ceil() as usize };
            let h = length / n as f64;
            let first = usize::from(k > 0);
            c.stops.push(c.x.len().saturating_sub(first));
            for i in 0..=n {
                let u = i as f64 / n as f64;
                if i > 0 {
                    let at = |v: f64| theta_of(theta, length, k0, k1, v);
                    // Simpson over the step.
                    let (a, m, b) = (at(u - 1.0 / n as f64), at(u - 0.5 / n as f64), at(u));
                    x += h / 6.0 * (a.cos() + 4.0 * m.cos() + b.cos());
                    y += h / 6.0 * (a.sin() + 4.0 * m.sin() + b.sin());
                }
                if i == 0 && k > 0 {
                    continue;
                }
                c.push(x, y, theta_of(theta, length, k0, k1, u), k0 + (k1 - k0) * u, s0 + length * u);
            }
            theta = theta_of(theta, length, k0, k1, 1.0);
            s0 += length;
        }
        c.stops.push(c.x.len() - 1);
        c
    }

    /// From a parametric curve on 0..1, with its first and second derivatives.
    pub(crate) fn from_parametric(f: impl Fn(f64) -> [[f64; 2]; 3]) -> Self {
        Self::from_parametric_by(f, 20_000)
    }

    /// The same with `n` samples.
    pub(crate) fn from_parametric_by(f: impl Fn(f64) -> [[f64; 2]; 3], n: i32) -> Self {
        let mut c = Self::default();
        let mut s = 0.0;
        for i in 0..=n {
            let t = f64::from(i) / f64::from(n);
            let [p, d, e] = f(t);
            if i > 0 {
                let h = 1.0 / f64::from(n);
                let speed = |t: f64| f(t)[1][0].hypot(f(t)[1][1]);
                s += h / 6.0 * (speed(t - h) + 4.0 * speed(t - h / 2.0) + speed(t));
            }
            let v = d[0].hypot(d[1]);
            c.push(p[0], p[1], d[1].atan2(d[0]), (d[0] * e[1] - d[1] * e[0]) / v.powi(3), s);
        }
        c.stops = vec![0, c.x.len() - 1];
        c
    }

    fn push(&mut self, x: f64, y: f64, theta: f64, kappa: f64, s: f64) {
        self.x.push(x);
        self.y.push(y);
        self.theta.push(theta);
        self.kappa.push(kappa);
        self.s.push(s);
    }

    pub(crate) fn length(&self) -> f64 {
        *self.s.last().expect("a curve has samples")
    }

    pub(crate) fn min_radius(&self) -> f64 {
        1.0 / self.kappa.iter().fold(0.0_f64, |m, k| m.max(k.abs()))
    }

    /// With straight pieces of the given lengths before and after.
    pub(crate) fn with_leads(&self, before: f64, after: f64) -> Self {
        let mut c = Self::default();
        let (t0, n) = (self.theta[0], self.x.len());
        c.push(self.x[0] - before * t0.cos(), self.y[0] - before * t0.sin(), t0, 0.0, 0.0);
        for i in 0..n {
            c.push(self.x[i], self.y[i], self.theta[i], self.kappa[i], before + self.s[i]);
        }
        let t1 = self.theta[n - 1];
        let s1 = before + self.length() + after;
        c.push(self.x[n - 1] + after * t1.cos(), self.y[n - 1] + after * t1.sin(), t1, 0.0, s1);
        c.stops = std::iter::once(0).chain(self.stops.iter().map(|i| i + 1)).chain([n + 1]).collect();
        c
    }

    /// One side, `offset` to the left, sampled with sagitta `tolerance`.
    fn side(&self, offset: impl Fn(f64) -> f64, tolerance: f64) -> Vec<[f64; 2]> {
        let at = |i: usize| {
            let (sin, cos) = self.theta[i].sin_cos();
            let d = offset(self.s[i]);
            [self.x[i] - d * sin, self.y[i] + d * cos]
        };
        self.samples(&offset, tolerance).into_iter().map(at).collect()
    }

    /// Samples that become vertices of a side.
    fn samples(&self, offset: impl Fn(f64) -> f64, tolerance: f64) -> Vec<usize> {
        let mut out = vec![0];
        for stop in self.stops.windows(2) {
            let (a, b) = (stop[0], stop[1]);
            // The number of chords of this piece from the integral of 1/chord, then evenly in that measure.
            let mut measure = vec![0.0];
            for i in a + 1..=b {
                let m = i.min(b - 1).max(a + 1);
                let k = 0.5 * (self.kappa[m] + self.kappa[m - 1]);
                let stretch = (1.0 - k * offset(self.s[m])).abs().max(1e-3);
                let ds = (self.s[i] - self.s[i - 1]) * stretch;
                let chord = (8.0 * tolerance * stretch / k.abs().max(1e-12)).sqrt();
                measure.push(measure[i - a - 1] + ds / chord);
            }
            let total = measure[b - a];
            let n = total.ceil().max(1.0);
            let mut next = 1.0;
            for i in a + 1..b {
                if measure[i - a] >= next * total / n {
                    out.push(i);
                    next += 1.0;
                }
            }
            out.push(b);
        }
        out
    }

    /// The outline with the given widths at the ends (linear between).
    pub(crate) fn outline(&self, widths: [f64; 2], tolerances: [f64; 2], place: &Placing) -> Vec<Point> {
        let length = self.length();
        let half = |s: f64| 0.5 * (widths[0] + (widths[1] - widths[0]) * s / length);
        let right = self.side(|s| -half(s), tolerances[0]);
        let left = self.side(half, tolerances[1]);
        closed(&right, &left, place)
    }

    /// The outline of a rail beside the curve: between two offsets to the left.
    pub(crate) fn rail(&self, [right, left]: [f64; 2], tolerance: f64, place: &Placing) -> Vec<Point> {
        closed(&self.side(|_| right, tolerance), &self.side(|_| left, tolerance), place)
    }

    /// The outline with vertices at equal places on both sides, as tools draw that offset a sampled path.
    pub(crate) fn paired_outline(&self, widths: [f64; 2], tolerance: f64, place: &Placing) -> Vec<Point> {
        let length = self.length();
        let (mut right, mut left) = (Vec::new(), Vec::new());
        for i in self.samples(|_| 0.0, tolerance) {
            let (sin, cos) = self.theta[i].sin_cos();
            let half = 0.5 * (widths[0] + (widths[1] - widths[0]) * self.s[i] / length);
            right.push([self.x[i] + half * sin, self.y[i] - half * cos]);
            left.push([self.x[i] - half * sin, self.y[i] + half * cos]);
        }
        closed(&right, &left, place)
    }
}

fn closed(right: &[[f64; 2]], left: &[[f64; 2]], place: &Placing) -> Vec<Point> {
    let mut ring: Vec<Point> = right.iter().chain(left.iter().rev()).map(|&p| place.point(p)).collect();
    ring.dedup();
    ring
}

fn theta_of(theta: f64, length: f64, k0: f64, k1: f64, u: f64) -> f64 {
    theta + length * u * (k0 + 0.5 * (k1 - k0) * u)
}

/// How a curve is put on the grid.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Placing {
    pub(crate) angle: f64,
    pub(crate) shift: [f64; 2],
    pub(crate) mirror: bool,
    pub(crate) grid: f64,
}

impl Placing {
    pub(crate) fn apply(&self, p: [f64; 2]) -> [f64; 2] {
        let (sin, cos) = self.angle.sin_cos();
        let y = if self.mirror { -p[1] } else { p[1] };
        [cos * p[0] - sin * y + self.shift[0], sin * p[0] + cos * y + self.shift[1]]
    }

    pub(crate) fn point(&self, p: [f64; 2]) -> Point {
        let [x, y] = self.apply(p);
        Point::new(((x / self.grid).round() * self.grid) as i32, ((y / self.grid).round() * self.grid) as i32)
    }
}

pub(crate) fn straight(length: f64) -> Curve {
    Curve::from_pieces(&[(length, 0.0, 0.0)])
}

pub(crate) fn arc(radius: f64, angle: f64) -> Curve {
    Curve::from_pieces(&[(radius * angle.abs(), angle.signum() / radius, angle.signum() / radius)])
}

/// A bend of minimum radius `radius` of which the part `p` is clothoids.
pub(crate) fn euler(radius: f64, angle: f64, p: f64) -> Curve {
    Curve::from_pieces(&euler_pieces(radius, angle, p))
}

pub(crate) fn euler_pieces(radius: f64, angle: f64, p: f64) -> Vec<(f64, f64, f64)> {
    let (k, clothoid) = (1.0 / radius, p * angle * radius);
    let mut pieces = vec![(clothoid, 0.0, k), ((1.0 - p) * angle * radius, k, k), (clothoid, k, 0.0)];
    pieces.retain(|q| q.0 > 1.0);
    pieces
}

/// A cubic Bezier curve.
pub(crate) fn bezier(c: [[f64; 2]; 4]) -> Curve {
    Curve::from_parametric(bezier_form(c))
}

pub(crate) fn bezier_form(c: [[f64; 2]; 4]) -> impl Fn(f64) -> [[f64; 2]; 3] {
    move |t| {
        let q = 1.0 - t;
        let at = |w: [f64; 4]| [0, 1].map(|i: usize| (0..4).map(|k| w[k] * c[k][i]).sum());
        [
            at([q * q * q, 3.0 * q * q * t, 3.0 * q * t * t, t * t * t]),
            at([-3.0 * q * q, 3.0 * q * (q - 2.0 * t), 3.0 * t * (2.0 * q - t), 3.0 * t * t]),
            at([6.0 * q, 6.0 * (t - 2.0 * q), 6.0 * (q - 2.0 * t), 6.0 * t]),
        ]
    }
}

/// The 90° bend of the `SiEPIC` tools.
pub(crate) fn bezier_bend(r: f64, b: f64) -> Curve {
    bezier([[0.0, 0.0], [(1.0 - b) * r, 0.0], [r, b * r], [r, r]])
}

pub(crate) fn bezier_s(l: f64, h: f64) -> Curve {
    bezier([[0.0, 0.0], [l / 2.0, 0.0], [l / 2.0, h], [l, h]])
}

pub(crate) fn cosine_s(l: f64, h: f64) -> Curve {
    Curve::from_parametric(cosine_form(l, h))
}

pub(crate) fn cosine_form(l: f64, h: f64) -> impl Fn(f64) -> [[f64; 2]; 3] {
    let w = std::f64::consts::PI / l;
    move |t| {
        let a = w * l * t;
        [[l * t, h / 2.0 * (1.0 - a.cos())], [l, h / 2.0 * w * l * a.sin()], [0.0, h / 2.0 * w * w * l * l * a.cos()]]
    }
}

/// Archimedean spiral r = a + b phi.
pub(crate) fn spiral(a: f64, pitch: f64, turns: f64) -> Curve {
    Curve::from_parametric(spiral_form(a, pitch, turns))
}

pub(crate) fn spiral_form(a: f64, pitch: f64, turns: f64) -> impl Fn(f64) -> [[f64; 2]; 3] {
    let (b, end) = (pitch / std::f64::consts::TAU, turns * std::f64::consts::TAU);
    move |t| {
        let (phi, w) = (end * t, end);
        let (r, d) = (a + b * phi, b);
        let (sin, cos) = phi.sin_cos();
        [
            [r * cos, r * sin],
            [w * (d * cos - r * sin), w * (d * sin + r * cos)],
            [w * w * (-2.0 * d * sin - r * cos), w * w * (2.0 * d * cos - r * sin)],
        ]
    }
}
