//! Arcs and Euler bends: curvature that rises evenly, stays, and falls evenly, fitted to a stretch of the axis.
//!
//! Where the curvature jumps the rise has no length and the bend is an arc. The fit is by Gauss and Newton on the
//! sag, in which the largest curvature is linear; places are in bins.

use super::bins::{self, Bins};

/// Rounds of the fit at most.
const ROUNDS: usize = 8;
/// A fit has settled when a step would take less than this many variances of a bin from what is left.
const SETTLED: f64 = 0.05;
/// From this round on a fit is given up that would leave more than so many standard deviations even if the next
/// step took away so many times what it promises.
const ROUNDS_TO_TRUST: usize = 1;
const HOPELESS: f64 = 5.0;
const TRUST: f64 = 1.3;
/// From this round on one is given up, too, that would leave more than so many standard deviations inside: a curve of
/// another shape has no best trapezoid worth the rounds to it.
const ROUNDS_TO_SETTLE: usize = 2;
const NOT_GOOD: f64 = 3.5;
/// Bins outside the stretch in which a ramp may begin.
pub(super) const FARTHEST_OUTSIDE: f64 = 1.5;
/// A rise shorter than this many bins is a jump.
const SHORTEST_RISE: f64 = 0.05;
/// Part added to the diagonal, so that a place that does not matter stays where it is.
const DAMPING: f64 = 1.0e-6;
/// Bends whose shape is less even than this are no arcs: 1 for constant curvature, 0.5 for a triangle.
const ARC_EVENNESS: f64 = 0.86;
/// Less even than this they have no stretch of constant curvature.
const TRIANGLE_EVENNESS: f64 = 0.58;
/// Less even than this no fit with such a stretch is tried: it is no trapezoid.
const NO_TOP_EVENNESS: f64 = 0.485;
/// Bins at either end that do not count for the misfit: where a curve begins gently the first chord is long, and
/// what lies between its ends is known less well.
const OUTER: usize = 3;
/// A triangle whose curvature is known to this part has no flat top worth looking for.
const SURE_TOP: f64 = 0.004;
/// The top that is tried, as a part of the length.
const FIRST_TOP: f64 = 0.1;
/// A flat top counts when it takes so many variances away.
const BETTER: f64 = 3.0;
/// How long a flat top hides in the noise of a triangle: the square of its part of the length is this many times
/// the noise over curvature times length to the power 2.5.
const HIDDEN_TOP: f64 = 90.0;

/// Curvature in 1/dbu that rises from zero over the first two places, and falls to zero over the last two.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trapezoid {
    /// Arc lengths from the first end in dbu.
    pub(super) places: [f64; 4],
    pub(super) curvature: f64,
    /// Standard deviation of the curvature, by noise.
    pub(super) noise: f64,
    /// Turn from one drawn chord to the next in rad.
    pub(super) chord_turn: f64,
    /// Root mean square of what is left, in standard deviations.
    pub(super) misfit: f64,
    /// Largest of what is left, in dbu.
    pub(super) off: f64,
    /// True when a flat top of this or another length may hide in the noise, which then says so.
    pub(super) hides_top: bool,
    /// Sum of squares of what is left, in variances.
    square: f64,
}

/// The simplest shape that leaves less than `good` standard deviations, or the best of all.
pub(super) fn fit(bins: &Bins, good: f64) -> Option<Trapezoid> {
    let first = Guess::new(bins)?;
    let [a, b, c, d] = first.places;
    let mut best: Option<Trapezoid> = None;
    let mut try_next = |fit: Option<Trapezoid>| {
        if let Some(fit) = fit.filter(|f| best.is_none_or(|b| f.misfit < b.misfit)) {
            best = Some(fit);
        }
        best.filter(|b| b.misfit < good)
    };
    if first.evenness > ARC_EVENNESS {
        let half = 0.5 * first.rise;
        if let Some(arc) = try_next(settle(bins, [first.level, a + half, d - half])) {
            return Some(arc);
        }
    }
    let is_triangle = first.evenness < TRIANGLE_EVENNESS;
    if is_triangle && let Some(triangle) = try_next(settle(bins, [first.level, a, f64::midpoint(b, c), d])) {
        return Some(with_hidden_top(bins, triangle));
    }
    if first.evenness < NO_TOP_EVENNESS {
        return best;
    }
    let ramps = settle(bins, [first.level, a, b, c, d]);
    let has_top = ramps.is_some_and(|r| r.places[2] - r.places[1] > bins.pitch);
    if let Some(ramps) = try_next(ramps) {
        return Some(ramps);
    }
    if !is_triangle && !has_top {
        return try_next(settle(bins, [first.level, a, f64::midpoint(b, c), d])).or(best);
    }
    best
}

/// The triangle, or with a flat top where that fits better although the noise may hide it.
fn with_hidden_top(bins: &Bins, triangle: Trapezoid) -> Trapezoid {
    if triangle.noise < SURE_TOP * triangle.curvature.abs() {
        return triangle;
    }
    let [a, b, _, d] = triangle.places.map(|s| (s - bins.start) / bins.pitch);
    let top = FIRST_TOP * (d - a);
    let level = triangle.curvature * bins.pitch / (1.0 + FIRST_TOP);
    match settle(bins, [level, a, b - 0.5 * top, b + 0.5 * top, d]) {
        Some(flat) if flat.square < triangle.square - BETTER && flat.curvature * triangle.curvature > 0.0 => {
            let apart = (flat.curvature - triangle.curvature).abs();
            Trapezoid { noise: triangle.noise.hypot(0.5 * apart), hides_top: true, ..flat }
        }
        _ => triangle,
    }
}

/// What the moments of the curvature say of a trapezoid.
struct Guess {
    level: f64,
    places: [f64; 4],
    rise: f64,
    /// 1 for constant curvature, 0.5 for a triangle.
    evenness: f64,
}

impl Guess {
    fn new(bins: &Bins) -> Option<Self> {
        let turns = bins.turns();
        let total: f64 = turns.iter().sum();
        let place = |j: usize| j as f64 + 1.5;
        let mean = turns.iter().enumerate().map(|(j, t)| t * place(j)).sum::<f64>() / total;
        let moment = |p: i32| turns.iter().enumerate().map(|(j, t)| t * (place(j) - mean).powi(p)).sum::<f64>() / total;
        // Three means over a bin blur what is seen by a quarter of a square bin.
        let square = moment(2) - 0.25;
        let fourth = moment(4) - 1.5 * square - 13.0 / 80.0;
        if !(total.abs() > 0.0 && square > 0.0) {
            return None;
        }
        let raw = (3.0 - fourth / (square * square)) / 1.2;
        let evenness = raw.clamp(0.52, 1.0);
        let (half, root) = (6.0 * square, (2.0 * evenness - 1.0).sqrt());
        let (long, short) = ((half * (1.0 + root)).sqrt(), (half * (1.0 - root)).sqrt().max(2.0 * SHORTEST_RISE));
        let (outer, inner) = (0.5 * (long + short), 0.5 * (long - short));
        Some(Self {
            level: total / long,
            places: [mean - outer, mean - inner, mean + inner, mean + outer],
            rise: short,
            evenness: raw.min(1.0),
        })
    }
}

/// What has passed since a place, bin by bin: `x²/2`, `x³/6` and `x⁴/24` for positive `x` only.
#[derive(Clone, Copy)]
struct Since {
    /// End of the last bin, from the place on.
    x: f64,
    powers: [f64; 3],
}

impl Since {
    /// From the place `p`, when the first bin begins at zero.
    fn new(p: f64) -> Self {
        let mut since = Self { x: -p - 1.0, powers: [0.0; 3] };
        since.over_bin();
        since
    }

    /// Powers over the next bin.
    #[inline]
    fn over_bin(&mut self) -> [f64; 3] {
        let [p, q, r] = self.powers;
        self.x += 1.0;
        let x = self.x.max(0.0);
        let x2 = x * x;
        self.powers = [0.5 * x2, x2 * x / 6.0, x2 * x2 / 24.0];
        [self.powers[0] - p, self.powers[1] - q, self.powers[2] - r]
    }
}

/// The sag and its derivatives by the parameters, bin by bin.
struct Model<const N: usize> {
    p: [f64; N],
    /// By place.
    since: [Since; N],
}

impl<const N: usize> Model<N> {
    fn new(p: &[f64; N]) -> Self {
        Self { p: *p, since: p.map(Since::new) }
    }

    /// In the next bin.
    #[inline]
    fn next(&mut self) -> (f64, [f64; N]) {
        let p = &self.p;
        let mut by = [0.0; N];
        // The curvature is no place.
        let mut over = [[0.0; 3]; N];
        for (over, since) in over[1..].iter_mut().zip(&mut self.since[1..]) {
            *over = since.over_bin();
        }
        if N == 3 {
            let (a, b) = (over[1], over[2]);
            by[0] = a[1] - b[1];
            by[1] = -p[0] * a[0];
            by[2] = p[0] * b[0];
        } else {
            // The second ramp begins at the last place but one, which is where the first ends in a triangle.
            for (first, sign) in [(1, 1.0), (N - 2, -1.0)] {
                let per_width = 1.0 / (p[first + 1] - p[first]);
                let (a, b) = (over[first], over[first + 1]);
                let rise = (a[2] - b[2]) * per_width;
                let slope = sign * p[0] * per_width;
                by[0] += sign * rise;
                by[first] += slope * (rise - a[1]);
                by[first + 1] += slope * (b[1] - rise);
            }
        }
        (p[0] * by[0], by)
    }
}

/// The normal equations of a step, the straight line that the sag is known up to taken out.
struct Normal<const N: usize> {
    matrix: [[f64; N]; N],
    right: [f64; N],
    /// Sum of squares of what is left, and of that inside the outermost bins.
    all: f64,
    inside: f64,
    /// Straight line in what is left: its mean, and its slope from bin to bin.
    line: [f64; 2],
}

impl<const N: usize> Normal<N> {
    fn new(bins: &Bins, p: &[f64; N], is_held: [bool; N]) -> Self {
        let (mut matrix, mut right) = ([[0.0; N]; N], [0.0; N]);
        let (mut sums, mut slopes) = ([0.0; N], [0.0; N]);
        let (mut all, mut sum, mut slope) = (0.0, 0.0, 0.0);
        let n = bins.count as f64;
        let middle = 0.5 * (n - 1.0);
        let mut lefts = [0.0; bins::MOST];
        // Everything in one walk: sums that do not wait for each other are fast.
        let mut model = Model::new(p);
        for (j, sag) in bins.sag().iter().enumerate() {
            let x = j as f64;
            let (value, by) = model.next();
            let (left, x) = (sag - value, x - middle);
            lefts[j] = left;
            for i in 0..N {
                for k in 0..=i {
                    matrix[i][k] += by[i] * by[k];
                }
                right[i] += by[i] * left;
                sums[i] += by[i];
                slopes[i] += by[i] * x;
            }
            all += left * left;
            sum += left;
            slope += left * x;
        }
        // What is held counts as if nothing depended on it.
        for i in (0..N).filter(|&i| is_held[i]) {
            (right[i], sums[i], slopes[i]) = (0.0, 0.0, 0.0);
            matrix[i] = [0.0; N];
            for row in &mut matrix {
                row[i] = 0.0;
            }
        }
        let (per_sum, per_slope) = (1.0 / n, 12.0 / (n * (n * n - 1.0)));
        for i in 0..N {
            for k in 0..=i {
                matrix[i][k] -= sums[i] * sums[k] * per_sum + slopes[i] * slopes[k] * per_slope;
            }
            right[i] -= sums[i] * sum * per_sum + slopes[i] * slope * per_slope;
        }
        all -= sum * sum * per_sum + slope * slope * per_slope;
        let line = [sum * per_sum, slope * per_slope];
        let outer: f64 = (0..OUTER)
            .chain(bins.count - OUTER..bins.count)
            .map(|j| (lefts[j] - line[0] - line[1] * (j as f64 - middle)).powi(2))
            .sum();
        Self { matrix, right, all: all.max(0.0), inside: all - outer, line }
    }
}

fn settle<const N: usize>(bins: &Bins, mut p: [f64; N]) -> Option<Trapezoid> {
    let m = bins.count;
    if m < N + 3 + 2 * OUTER {
        return None;
    }
    // Places at the border stay there once a step leads beyond.
    let mut is_held = [false; N];
    let variance_of_bin = bins.noise * bins.noise;
    let hopeless = HOPELESS * HOPELESS * variance_of_bin * m as f64;
    let not_good = NOT_GOOD * NOT_GOOD * variance_of_bin * (m - 2 * OUTER) as f64;
    keep_order(&mut p, m as f64);
    for round in 0.. {
        let normal = Normal::new(bins, &p, is_held);
        let (step, variance) = solve(normal.matrix, normal.right)?;
        // What the step would take from the squares that are left.
        let gain: f64 = normal.right.iter().zip(&step).map(|(r, s)| r * s).sum();
        // Of another shape more would be left than of a good fit, whatever further steps bring.
        let is_hopeless = (round >= ROUNDS_TO_TRUST && normal.all - TRUST * gain > hopeless)
            || (round >= ROUNDS_TO_SETTLE && normal.inside - TRUST * gain > not_good);
        if gain < SETTLED * variance_of_bin || is_hopeless || round == ROUNDS {
            return Some(finished(bins, &p, variance, normal.line));
        }
        for (p, step) in p.iter_mut().zip(step) {
            *p += step;
        }
        is_held[1] |= p[1] <= -outside::<N>();
        is_held[N - 1] |= p[N - 1] >= m as f64 + outside::<N>();
        keep_order(&mut p, m as f64);
    }
    None
}

/// The fit with what it leaves; `variance` is that of the curvature for bins of variance one.
fn finished<const N: usize>(bins: &Bins, p: &[f64; N], variance: f64, [mean, slope]: [f64; 2]) -> Trapezoid {
    let m = bins.count;
    let middle = 0.5 * (m as f64 - 1.0);
    let (mut square, mut off) = (0.0, 0.0_f64);
    let mut model = Model::new(p);
    for (j, sag) in bins.sag().iter().enumerate() {
        let left = sag - model.next().0 - mean - slope * (j as f64 - middle);
        off = off.max(left.abs());
        if j >= OUTER && j + OUTER < m {
            square += left * left;
        }
    }
    let freedom = (m - 2 * OUTER - N - 2) as f64;
    let places = match N {
        3 => [p[1], p[1], p[2], p[2]],
        4 => [p[1], p[2], p[2], p[3]],
        _ => [p[1], p[2], p[3], p[4]],
    };
    let mut noise = variance.sqrt() * bins.noise;
    if N == 4 {
        let long = p[3] - p[1];
        let scale = (p[0] * long * long * long.sqrt()).abs();
        noise += p[0].abs() * (HIDDEN_TOP * bins.noise / scale).sqrt();
    }
    Trapezoid {
        places: places.map(|x| bins.along(x)),
        curvature: p[0] / bins.pitch,
        noise: noise / bins.pitch,
        chord_turn: (bins.chord * p[0] / bins.pitch).abs(),
        misfit: (square / freedom).sqrt() / bins.noise,
        off: off * bins.pitch,
        hides_top: N == 4,
        square: square / (bins.noise * bins.noise),
    }
}

/// How far outside the stretch a shape may begin, in bins: an arc is all inside, a ramp begins where it was not
/// yet seen to turn.
const fn outside<const N: usize>() -> f64 {
    if N == 3 { 0.0 } else { FARTHEST_OUTSIDE }
}

/// Keeps places in order and not too far outside.
fn keep_order<const N: usize>(p: &mut [f64; N], count: f64) {
    if N == 3 {
        p[1] = p[1].clamp(0.0, count - 1.0);
        p[2] = p[2].clamp(p[1] + 1.0, count.max(p[1] + 1.0));
        return;
    }
    let (top, end) = (N - 2, N - 1);
    if p[2] > p[top] {
        let middle = 0.5 * (p[2] + p[top]);
        (p[2], p[top]) = (middle, middle);
    }
    p[2] = p[2].clamp(0.0, count);
    p[top] = p[top].clamp(p[2], count.max(p[2]));
    p[1] = p[1].clamp(-outside::<N>(), p[2] - SHORTEST_RISE);
    p[end] = p[end].clamp(p[top] + SHORTEST_RISE, count + outside::<N>());
}

/// Solves the normal equations; the variance is that of the first unknown.
fn solve<const N: usize>(mut a: [[f64; N]; N], mut b: [f64; N]) -> Option<([f64; N], f64)> {
    let mut unit = [0.0; N];
    unit[0] = 1.0;
    for (i, row) in a.iter_mut().enumerate() {
        row[i] = row[i] * (1.0 + DAMPING) + f64::MIN_POSITIVE;
    }
    // Cholesky in place.
    for i in 0..N {
        for k in 0..=i {
            let sum = a[i][k] - a[i][..k].iter().zip(&a[k][..k]).map(|(p, q)| p * q).sum::<f64>();
            if i != k {
                a[i][k] = sum / a[k][k];
            } else if sum > 0.0 {
                a[i][i] = sum.sqrt();
            } else {
                return None;
            }
        }
    }
    for v in [&mut b, &mut unit] {
        for i in 0..N {
            let sum: f64 = (0..i).map(|l| a[i][l] * v[l]).sum();
            v[i] = (v[i] - sum) / a[i][i];
        }
    }
    let variance = unit.iter().map(|v| v * v).sum();
    for i in (0..N).rev() {
        let sum: f64 = (i + 1..N).map(|l| a[l][i] * b[l]).sum();
        b[i] = (b[i] - sum) / a[i][i];
    }
    Some((b, variance))
}
