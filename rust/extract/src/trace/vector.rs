//! Lengths of vectors and angles between them.

/// Length of a vector; `hypot` guards against overflow that coordinates cannot reach, and is slow.
#[inline]
pub(super) fn size(v: [f64; 2]) -> f64 {
    (v[0] * v[0] + v[1] * v[1]).sqrt()
}

/// Angle from `a` to `b` in (-π, π].
pub(crate) fn angle_between(a: [f64; 2], b: [f64; 2]) -> f64 {
    let (cross, dot) = (a[0] * b[1] - a[1] * b[0], a[0] * b[0] + a[1] * b[1]);
    // The series of atan: below 0.2 rad the rest is under 2e-9 rad, and no call is needed.
    if dot > 0.0 && cross.abs() < 0.2 * dot {
        let t = cross / dot;
        let q = t * t;
        return t * (1.0 - q * (1.0 / 3.0 - q * (0.2 - q * (1.0 / 7.0 - q * (1.0 / 9.0)))));
    }
    cross.atan2(dot)
}

#[cfg(test)]
mod tests {
    use super::angle_between;

    #[test]
    fn series_and_library_agree_on_angles() {
        for k in -314..=314 {
            let angle = f64::from(k) / 100.0;
            let (sin, cos) = angle.sin_cos();
            assert!((angle_between([3.0, 0.0], [cos, sin]) - angle).abs() < 1e-8, "{angle}");
        }
    }
}
