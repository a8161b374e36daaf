//! Guides whose centre-lines cross with no device between.

use waveguard_base::Watch;

use crate::error::ExtractError;
use crate::lines::{Line, Pieces};

/// A crossing of two guides, or of one with itself.
#[derive(Clone, Copy, Debug)]
pub struct Crossing {
    /// The smaller number.
    pub a: usize,
    /// The other guide; may be the same.
    pub b: usize,
    /// Place.
    pub at: [f64; 2],
    /// Angle between the two, 0 to π/2.
    pub angle_rad: f64,
}

/// Finds all crossings further than `end_widths` widths from the ends of both guides, in order of piece.
///
/// # Errors
/// When the watch asks to stop.
pub fn find(lines: &[Line], all: &Pieces, end_widths: f64, watch: &Watch) -> Result<Vec<Crossing>, ExtractError> {
    let mut found = Vec::new();
    let mut near: Vec<u32> = Vec::new();
    for (i, p) in all.pieces.iter().enumerate() {
        if i % 4096 == 0 {
            watch.check()?;
        }
        near.clear();
        let window = p.bbox();
        // Each pair is looked at from its first piece only.
        all.index.candidates(&window, |j| {
            if j > i + 1 {
                near.push(j as u32);
            }
        });
        near.sort_unstable();
        near.dedup();
        for &j in &near {
            let q = &all.pieces[j as usize];
            if lines[p.line as usize].top != lines[q.line as usize].top || !window.touches(&q.bbox()) {
                continue;
            }
            if p.line == q.line && q.segment <= p.segment + 1 {
                continue;
            }
            let (d, e) = (p.direction(), q.direction());
            let sin = d[0] * e[1] - d[1] * e[0];
            if sin == 0.0 {
                continue;
            }
            let (rx, ry) = (q.from[0] - p.from[0], q.from[1] - p.from[1]);
            let s = (rx * e[1] - ry * e[0]) / sin;
            let t = (rx * d[1] - ry * d[0]) / sin;
            // Half open, so that a crossing at a vertex counts once.
            if !(0.0..p.length).contains(&s) || !(0.0..q.length).contains(&t) {
                continue;
            }
            let from_ends = |line: &Line, along: f64| along.min(line.length() - along);
            let far_enough = from_ends(&lines[p.line as usize], p.along + s) > end_widths * q.width
                && from_ends(&lines[q.line as usize], q.along + t) > end_widths * p.width;
            if far_enough {
                let cos = (d[0] * e[0] + d[1] * e[1]).abs();
                found.push(Crossing {
                    a: p.line as usize,
                    b: q.line as usize,
                    at: [p.from[0] + d[0] * s, p.from[1] + d[1] * s],
                    angle_rad: sin.abs().atan2(cos),
                });
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crossings(lines: &[Line]) -> Vec<Crossing> {
        find(lines, &Pieces::new(lines, 3000.0), 2.0, &Watch::default()).expect("no one cancels")
    }

    fn line(points: &[[f64; 2]]) -> Line {
        Line::new(points.to_vec(), vec![500.0; points.len()], 0)
    }

    #[test]
    fn a_cross_is_found_once_also_at_vertices() {
        let a = line(&[[-9000.0, 0.0], [0.0, 0.0], [9000.0, 0.0]]);
        let b = line(&[[0.0, -9000.0], [0.0, 0.0], [0.0, 9000.0]]);
        let found = crossings(&[a, b]);
        assert_eq!(found.len(), 1);
        assert!((found[0].angle_rad - std::f64::consts::FRAC_PI_2).abs() < 1e-9);
    }

    #[test]
    fn joints_are_no_crossings() {
        let a = line(&[[0.0, 0.0], [9000.0, 0.0]]);
        let b = line(&[[8999.0, -1.0], [9000.0, 9000.0]]);
        assert!(crossings(&[a, b]).is_empty());
    }
}
