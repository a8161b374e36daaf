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
        let (rx, ry) = (x.round(), y.round());
        let limit = f64::from(MAX_COORDINATE);
        if rx.abs() <= limit && ry.abs() <= limit { Some(Self { x: rx as i32, y: ry as i32 }) } else { None }
    }

    /// Squared distance in dbu².
    #[inline]
    pub fn distance_sq(self, other: Self) -> i64 {
        let (dx, dy) = (i64::from(self.x) - i64::from(other.x), i64::from(self.y) - i64::from(other.y));
        dx * dx + dy * dy
    }
}

/// Twice the signed area of the triangle `a b c`: positive when `c` is to the left of `a → b`. Exact.
#[inline]
pub fn orient(a: Point, b: Point, c: Point) -> i64 {
    let (abx, aby) = (i64::from(b.x) - i64::from(a.x), i64::from(b.y) - i64::from(a.y));
    let (acx, acy) = (i64::from(c.x) - i64::from(a.x), i64::from(c.y) - i64::from(a.y));
    // |differences| < 2^31, so each product is below 2^62 and the difference below 2^63.
    abx * acy - aby * acx
}
