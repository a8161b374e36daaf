//! Boxes with their corners cut: tight also around what runs along a diagonal.

use std::f64::consts::SQRT_2;

use crate::BBox;

/// The smallest octagon with sides along the axes and the diagonals.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct Octagon {
    /// Its sides along the axes.
    pub upright: BBox,
    /// The others: a box of x + y and x - y.
    pub slanted: BBox,
}

/// Sides grow by no less than they should, whatever is rounded.
const ROUNDING: f64 = 1.0 + 1e-6;

impl Octagon {
    /// The octagon that contains nothing.
    pub const EMPTY: Self = Self { upright: BBox::EMPTY, slanted: BBox::EMPTY };

    /// Around both ends of a line.
    #[inline]
    pub fn of_edge([p, q]: [[f64; 2]; 2]) -> Self {
        let mut octagon = Self::EMPTY;
        octagon.add(p);
        octagon.add(q);
        octagon
    }

    /// Grows it to contain a place.
    #[inline]
    pub fn add(&mut self, [x, y]: [f64; 2]) {
        self.upright.add(x, y);
        self.slanted.add(x + y, x - y);
    }

    /// Grows it to contain another.
    #[inline]
    pub fn add_octagon(&mut self, other: &Self) {
        self.upright.add_box(&other.upright);
        self.slanted.add_box(&other.slanted);
    }

    /// Grown to contain all places no further from it than `d`.
    #[must_use]
    #[inline]
    pub fn grown(&self, d: f64) -> Self {
        Self { upright: self.upright.grown(d), slanted: self.slanted.grown(d * SQRT_2 * ROUNDING) }
    }

    /// Displaced.
    #[must_use]
    #[inline]
    pub fn moved(&self, [dx, dy]: [f64; 2]) -> Self {
        Self { upright: self.upright.moved([dx, dy]), slanted: self.slanted.moved([dx + dy, dx - dy]) }
    }

    /// False when a side of one lies between the two.
    #[inline]
    pub fn touches(&self, other: &Self) -> bool {
        self.upright.touches(&other.upright) && self.slanted.touches(&other.slanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn diagonals_beside_each_other_are_apart_though_their_boxes_overlap() {
        let a = Octagon::of_edge([[0.0, 0.0], [100.0, 100.0]]);
        let b = a.moved([0.0, 10.0]);
        assert!(a.upright.touches(&b.upright) && !a.touches(&b));
        // The two are 7.07 apart.
        assert!(!a.grown(7.0).touches(&b));
        assert!(a.grown(7.1).touches(&b));
    }

    #[test]
    fn what_is_within_reach_touches_in_all_directions() {
        for k in 0..360 {
            let (sin, cos) = f64::from(k).to_radians().sin_cos();
            let a = Octagon::of_edge([[5.0, -3.0], [5.0, -3.0]]);
            let b = a.moved([4.0 * cos, 4.0 * sin]);
            assert!(a.grown(4.0).touches(&b), "{k}");
        }
    }
}
