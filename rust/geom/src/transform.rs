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
