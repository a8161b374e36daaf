//! Placement of a cell: mirror about the x axis, magnify, rotate counter-clockwise, move — in this order,
//! as GDSII and OASIS define it.
//!
//! Rotations by multiples of 90° have matrix entries that are exactly 0 or ±1, so grid points stay grid
//! points through any depth of such placements.

use std::f64::consts::{FRAC_PI_2, PI, TAU};

use crate::Point;

/// A similarity transform of the plane; lengths in dbu.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Transform {
    /// Linear part, rows first.
    pub m: [[f64; 2]; 2],
    /// Displacement in dbu.
    pub d: [f64; 2],
}

impl Default for Transform {
    fn default() -> Self {
        Self::IDENTITY
    }
}

impl Transform {
    /// The transform that changes nothing.
    pub const IDENTITY: Self = Self { m: [[1.0, 0.0], [0.0, 1.0]], d: [0.0, 0.0] };

    /// From the fields of a GDSII or OASIS placement. Rotations within 1e-9 rad of a multiple of 90° are
    /// taken as that multiple (files store degrees, readers return radians).
    pub fn new(x: f64, y: f64, rotation_rad: f64, magnification: f64, mirror_x: bool) -> Self {
        let quarter = (rotation_rad / FRAC_PI_2).round();
        let (sin, cos) = if (rotation_rad - quarter * FRAC_PI_2).abs() < 1e-9 {
            match (quarter as i64).rem_euclid(4) {
                0 => (0.0, 1.0),
                1 => (1.0, 0.0),
                2 => (0.0, -1.0),
                _ => (-1.0, 0.0),
            }
        } else {
            rotation_rad.sin_cos()
        };
        let s = if mirror_x { -1.0 } else { 1.0 };
        let g = magnification;
        Self { m: [[g * cos, -g * sin * s], [g * sin, g * cos * s]], d: [x, y] }
    }

    /// A pure displacement in dbu.
    pub fn shift(x: f64, y: f64) -> Self {
        Self { m: Self::IDENTITY.m, d: [x, y] }
    }

    /// Image of a position in dbu.
    #[inline]
    pub fn apply(&self, x: f64, y: f64) -> [f64; 2] {
        [self.m[0][0] * x + self.m[0][1] * y + self.d[0], self.m[1][0] * x + self.m[1][1] * y + self.d[1]]
    }

    /// Image of a grid point, rounded half away from zero; `None` beyond the coordinate range.
    #[inline]
    pub fn apply_point(&self, p: Point) -> Option<Point> {
        let [x, y] = self.apply(f64::from(p.x), f64::from(p.y));
        Point::from_f64(x, y)
    }

    /// Image of a direction in radians, in (-π, π].
    pub fn apply_angle(&self, angle_rad: f64) -> f64 {
        let (sin, cos) = angle_rad.sin_cos();
        let (x, y) = (self.m[0][0] * cos + self.m[0][1] * sin, self.m[1][0] * cos + self.m[1][1] * sin);
        wrap_angle(y.atan2(x))
    }

    /// `self` after `inner`: the placement in the parent of something placed in this cell.
    #[must_use]
    pub fn after(&self, inner: &Self) -> Self {
        let (a, b) = (&self.m, &inner.m);
        Self {
            m: [
                [a[0][0] * b[0][0] + a[0][1] * b[1][0], a[0][0] * b[0][1] + a[0][1] * b[1][1]],
                [a[1][0] * b[0][0] + a[1][1] * b[1][0], a[1][0] * b[0][1] + a[1][1] * b[1][1]],
            ],
            d: self.apply(inner.d[0], inner.d[1]),
        }
    }

    /// The transform that undoes this one; `None` for a magnification of zero.
    #[must_use]
    pub fn inverse(&self) -> Option<Self> {
        let [[a, b], [c, d]] = self.m;
        let det = a * d - b * c;
        if det == 0.0 || !det.is_finite() {
            return None;
        }
        let m = [[d / det, -b / det], [-c / det, a / det]];
        let [x, y] = self.d;
        Some(Self { m, d: [-(m[0][0] * x + m[0][1] * y), -(m[1][0] * x + m[1][1] * y)] })
    }

    /// Counter-clockwise rotation in (-π, π].
    pub fn rotation_rad(&self) -> f64 {
        wrap_angle(self.m[1][0].atan2(self.m[0][0]))
    }

    /// Length scale; 1 for almost every placement.
    pub fn magnification(&self) -> f64 {
        self.m[0][0].hypot(self.m[1][0])
    }

    /// True when the placement mirrors.
    pub fn is_mirrored(&self) -> bool {
        self.m[0][0] * self.m[1][1] - self.m[0][1] * self.m[1][0] < 0.0
    }
}

/// The angle in (-π, π].
#[inline]
pub fn wrap_angle(angle_rad: f64) -> f64 {
    let a = angle_rad.rem_euclid(TAU);
    if a > PI { a - TAU } else { a }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn assert_near(found: [f64; 2], expected: [f64; 2]) {
        assert!(found.iter().zip(expected).all(|(f, e)| (f - e).abs() < 1e-6), "{found:?} instead of {expected:?}");
    }

    #[test]
    fn the_order_is_mirror_magnify_rotate_move() {
        let t = Transform::new(100.0, 200.0, FRAC_PI_2, 2.0, true);
        // (3, 1) mirrored (3, -1), magnified (6, -2), rotated (2, 6), moved.
        assert_near(t.apply(3.0, 1.0), [102.0, 206.0]);
        assert!(t.is_mirrored() && (t.magnification() - 2.0).abs() < 1e-12);
    }

    #[test]
    fn angles_count_counter_clockwise_and_mirrors_turn_them_round() {
        assert!((Transform::new(0.0, 0.0, FRAC_PI_2, 1.0, false).apply_angle(0.25) - (FRAC_PI_2 + 0.25)).abs() < 1e-12);
        assert!((Transform::new(0.0, 0.0, FRAC_PI_2, 1.0, true).apply_angle(0.25) - (FRAC_PI_2 - 0.25)).abs() < 1e-12);
    }

    #[test]
    fn quarter_turns_in_degrees_keep_grid_points_on_the_grid() {
        for quarter in -8..=8 {
            let t = Transform::new(7.0, -9.0, f64::from(quarter * 90).to_radians(), 1.0, quarter % 2 == 0);
            let exact =
                t.m.iter().flatten().all(|&v| [0.0, 1.0, -1.0].iter().any(|e| f64::total_cmp(&(v + 0.0), e).is_eq()));
            assert!(exact, "{:?}", t.m);
        }
    }

    #[test]
    fn angles_wrap_to_one_turn_with_half_a_turn_positive() {
        for (angle, expected) in [(-PI, PI), (PI, PI), (TAU, 0.0), (-0.25, -0.25), (PI + 0.25, 0.25 - PI)] {
            assert!((wrap_angle(angle) - expected).abs() < 1e-12, "{angle}");
        }
    }

    prop_compose! {
        fn any_transform()(
            x in -1e6..1e6_f64, y in -1e6..1e6_f64, angle in -7.0..7.0_f64, mag in 0.1..10.0_f64, mirror: bool,
        ) -> Transform {
            Transform::new(x, y, angle, mag, mirror)
        }
    }

    proptest! {
        #[test]
        fn after_is_one_after_the_other(a in any_transform(), b in any_transform(), x in -1e3..1e3_f64, y in -1e3..1e3_f64) {
            let [bx, by] = b.apply(x, y);
            assert_near(a.after(&b).apply(x, y), a.apply(bx, by));
            prop_assert_eq!(a.after(&b).is_mirrored(), a.is_mirrored() != b.is_mirrored());
        }

        #[test]
        fn the_parts_of_a_placement_can_be_read_back(x in -1e6..1e6_f64, angle in -3.1..3.1_f64, mag in 0.1..10.0_f64, mirror: bool) {
            let t = Transform::new(x, 0.0, angle, mag, mirror);
            prop_assert!((t.rotation_rad() - angle).abs() < 1e-9);
            prop_assert!((t.magnification() - mag).abs() < 1e-9);
            prop_assert_eq!(t.is_mirrored(), mirror);
        }
    }
}
