//! Axis-parallel boxes in dbu.

use crate::{Point, Transform};

/// A closed box; empty when `min` exceeds `max`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BBox {
    /// Lower left corner in dbu.
    pub min: [f64; 2],
    /// Upper right corner in dbu.
    pub max: [f64; 2],
}

/// Half the instructions of `f64::min`, which cares for what is no number.
#[inline]
fn less(a: f64, b: f64) -> f64 {
    if b < a { b } else { a }
}

/// As [`less`], the larger one.
#[inline]
fn more(a: f64, b: f64) -> f64 {
    if b > a { b } else { a }
}

impl Default for BBox {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl BBox {
    /// The box that contains nothing.
    pub const EMPTY: Self = Self { min: [f64::INFINITY; 2], max: [f64::NEG_INFINITY; 2] };

    /// The box of grid points.
    pub fn of_points(points: &[Point]) -> Self {
        let mut b = Self::EMPTY;
        for p in points {
            b.add(f64::from(p.x), f64::from(p.y));
        }
        b
    }

    /// True when the box contains no point.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.min[0] > self.max[0] || self.min[1] > self.max[1]
    }

    /// Grows the box to contain a point.
    #[inline]
    pub fn add(&mut self, x: f64, y: f64) {
        self.min = [less(self.min[0], x), less(self.min[1], y)];
        self.max = [more(self.max[0], x), more(self.max[1], y)];
    }

    /// Grows the box to contain another.
    #[inline]
    pub fn add_box(&mut self, other: &Self) {
        // The empty box is infinitely far out on the wrong side of both: it adds nothing.
        self.min = [less(self.min[0], other.min[0]), less(self.min[1], other.min[1])];
        self.max = [more(self.max[0], other.max[0]), more(self.max[1], other.max[1])];
    }

    /// The box moved outward by `d` dbu on all sides.
    #[must_use]
    #[inline]
    pub fn grown(&self, d: f64) -> Self {
        // What is infinitely far out stays there.
        Self { min: [self.min[0] - d, self.min[1] - d], max: [self.max[0] + d, self.max[1] + d] }
    }

    /// The box displaced.
    #[must_use]
    #[inline]
    pub fn moved(&self, [dx, dy]: [f64; 2]) -> Self {
        Self { min: [self.min[0] + dx, self.min[1] + dy], max: [self.max[0] + dx, self.max[1] + dy] }
    }

    /// The box of the transformed box.
    #[must_use]
    pub fn transformed(&self, t: &Transform) -> Self {
        let mut b = Self::EMPTY;
        if !self.is_empty() {
            for x in [self.min[0], self.max[0]] {
                for y in [self.min[1], self.max[1]] {
                    let [tx, ty] = t.apply(x, y);
                    b.add(tx, ty);
                }
            }
        }
        b
    }

    /// True when the closed boxes share a point.
    #[inline]
    pub fn touches(&self, other: &Self) -> bool {
        self.min[0] <= other.max[0]
            && other.min[0] <= self.max[0]
            && self.min[1] <= other.max[1]
            && other.min[1] <= self.max[1]
    }

    /// True when the point is inside or on the border.
    #[inline]
    pub fn contains(&self, x: f64, y: f64) -> bool {
        self.min[0] <= x && x <= self.max[0] && self.min[1] <= y && y <= self.max[1]
    }

    /// True when all of another box is inside or on the border; an empty one is inside of any.
    pub fn covers(&self, inner: &Self) -> bool {
        inner.is_empty() || (self.contains(inner.min[0], inner.min[1]) && self.contains(inner.max[0], inner.max[1]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::FRAC_PI_2;

    const UNIT: BBox = BBox { min: [0.0, 0.0], max: [1.0, 2.0] };

    #[test]
    fn the_empty_box_stays_empty_and_touches_nothing() {
        assert!(BBox::EMPTY.is_empty() && BBox::EMPTY.grown(5.0).is_empty());
        assert!(BBox::EMPTY.transformed(&Transform::shift(1.0, 1.0)).is_empty());
        assert!(!BBox::EMPTY.touches(&UNIT) && !UNIT.touches(&BBox::EMPTY));
        let mut b = UNIT;
        b.add_box(&BBox::EMPTY);
        assert_eq!(b, UNIT);
    }

    #[test]
    fn boxes_with_a_common_corner_touch() {
        let other = BBox { min: [1.0, 2.0], max: [3.0, 3.0] };
        assert!(UNIT.touches(&other) && UNIT.contains(1.0, 2.0));
        assert!(!UNIT.touches(&BBox { min: [1.1, 0.0], max: [2.0, 2.0] }));
    }

    #[test]
    fn a_turned_box_is_the_box_of_its_corners() {
        let turned = UNIT.transformed(&Transform::new(10.0, 0.0, FRAC_PI_2, 1.0, false));
        assert_eq!(turned, BBox { min: [8.0, 0.0], max: [10.0, 1.0] });
    }
}
