//! Grid points. Coordinates are in dbu and below 2^30 in size, so that differences fit `i32` and cross
//! products of differences fit `i64` exactly.

/// Coordinates reach up to this size; readers report shapes beyond it as problems.
pub const MAX_COORDINATE: i32 = (1 << 30) - 1;

/// A point on the layout grid, in dbu.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Point {
    /// Horizontal coordinate in dbu.
    pub x: i32,
    /// Vertical coordinate in dbu.
    pub y: i32,
}

impl Point {
    /// A point from its coordinates in dbu.
    #[inline]
    pub const fn new(x: i32, y: i32) -> Self {
        Self { x, y }
    }

    /// Rounds half away from zero onto the grid; `None` when the result is outside the allowed range
    /// or not a number.
    #[inline]
    pub fn from_f64(x: f64, y: f64) -> Option<Self> {
        let limit = f64::from(MAX_COORDINATE) + 0.5;
        // Not-a-number fails both comparisons.
        if x.abs() < limit && y.abs() < limit { Some(Self { x: round(x), y: round(y) }) } else { None }
    }

    /// Squared distance in dbu².
    #[inline]
    pub fn distance_sq(self, other: Self) -> i64 {
        let (dx, dy) = (i64::from(self.x) - i64::from(other.x), i64::from(self.y) - i64::from(other.y));
        dx * dx + dy * dy
    }
}

/// `f64::round` for values that fit, without the library call that it is on the oldest x86-64 machines.
#[inline]
fn round(v: f64) -> i32 {
    let whole = v as i32;
    let rest = v - f64::from(whole);
    whole + i32::from(rest >= 0.5) - i32::from(rest <= -0.5)
}

/// Twice the signed area of the triangle `a b c`: positive when `c` is to the left of `a → b`. Exact.
#[inline]
pub fn orient(a: Point, b: Point, c: Point) -> i64 {
    let (abx, aby) = (i64::from(b.x) - i64::from(a.x), i64::from(b.y) - i64::from(a.y));
    let (acx, acy) = (i64::from(c.x) - i64::from(a.x), i64::from(c.y) - i64::from(a.y));
    // |differences| < 2^31, so each product is below 2^62 and the difference below 2^63.
    abx * acy - aby * acx
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn rounding_is_half_away_from_zero_and_refuses_what_is_out_of_range() {
        let edge = f64::from(MAX_COORDINATE);
        assert_eq!(Point::from_f64(0.5, -0.5), Some(Point::new(1, -1)));
        assert_eq!(Point::from_f64(0.499_999_999_999_999_94, -0.0), Some(Point::new(0, 0)));
        assert_eq!(Point::from_f64(edge, -edge), Some(Point::new(MAX_COORDINATE, -MAX_COORDINATE)));
        for bad in [edge + 0.5, -edge - 0.5, f64::NAN, f64::INFINITY] {
            assert_eq!(Point::from_f64(bad, 0.0), None);
            assert_eq!(Point::from_f64(0.0, bad), None);
        }
    }

    proptest! {
        #[test]
        fn rounding_agrees_with_the_standard_library(v in -1.07e9..1.07e9_f64) {
            let halves = (v * 2.0).trunc() / 2.0;
            for v in [v, halves] {
                prop_assert_eq!(Point::from_f64(v, 0.0).map(|p| f64::from(p.x)), Some(v.round() + 0.0));
            }
        }

        #[test]
        fn orientation_changes_sign_with_the_order(v in proptest::array::uniform6(-MAX_COORDINATE..=MAX_COORDINATE)) {
            let (a, b, c) = (Point::new(v[0], v[1]), Point::new(v[2], v[3]), Point::new(v[4], v[5]));
            prop_assert_eq!(orient(a, b, c), -orient(b, a, c));
            prop_assert_eq!(orient(a, b, c), orient(b, c, a));
        }
    }
}
