//! Which places are inside a ring of many points.

use waveguard_geom::{BBox, Point};

/// Edges that follow each other in one box, and boxes in the next larger one.
const IN_A_BOX: usize = 8;
/// A box so far beside a place, in dbu, is beside it whatever rounding does to where its edges cross.
const CLEAR: f64 = 1.0;

/// A ring with boxes around stretches of it: what of it is far from a place is passed over at once.
#[derive(Debug)]
pub(crate) struct Inside<'a> {
    ring: &'a [Point],
    /// Boxes around stretches of edges, the shortest stretches first. The last level has `IN_A_BOX` at most.
    levels: Vec<Vec<BBox>>,
}

impl<'a> Inside<'a> {
    /// Sorts the edges of a ring into boxes.
    pub(crate) fn new(ring: &'a [Point]) -> Self {
        let mut levels: Vec<Vec<BBox>> = Vec::new();
        let n = ring.len();
        if n > IN_A_BOX {
            let stretch = |from: usize| {
                let mut bbox = BBox::EMPTY;
                for i in from..=(from + IN_A_BOX).min(n) {
                    let p = ring[i % n];
                    bbox.add(f64::from(p.x), f64::from(p.y));
                }
                bbox
            };
            levels.push((0..n).step_by(IN_A_BOX).map(stretch).collect());
        }
        while let Some(last) = levels.last().filter(|last| last.len() > IN_A_BOX) {
            let around = |boxes: &[BBox]| {
                let mut bbox = BBox::EMPTY;
                for b in boxes {
                    bbox.add_box(b);
                }
                bbox
            };
            let next = last.chunks(IN_A_BOX).map(around).collect();
            levels.push(next);
        }
        Self { ring, levels }
    }

    /// True when the place is inside the ring (even-odd); places on the border may be either.
    pub(crate) fn contains(&self, p: [f64; 2]) -> bool {
        match self.levels.len().checked_sub(1) {
            None => self.crosses(0..self.ring.len(), p),
            Some(top) => (0..self.levels[top].len()).fold(false, |odd, k| odd != self.is_odd(top, k, p)),
        }
    }

    /// True when the ray along +x from a place crosses a stretch of the ring an odd number of times.
    fn is_odd(&self, level: usize, k: usize, p: [f64; 2]) -> bool {
        let b = &self.levels[level][k];
        if b.min[1] > p[1] || b.max[1] < p[1] || b.max[0] + CLEAR < p[0] {
            return false;
        }
        let n = self.ring.len();
        let edges = IN_A_BOX.pow(level as u32 + 1);
        let (from, to) = (k * edges, ((k + 1) * edges).min(n));
        if b.min[0] - CLEAR > p[0] {
            // Wherever it turns, the ray crosses it an odd number of times when its ends are on either side.
            let is_above = |i: usize| f64::from(self.ring[i % n].y) > p[1];
            return is_above(from) != is_above(to);
        }
        match level.checked_sub(1) {
            None => self.crosses(from..to, p),
            Some(below) => {
                let inner = k * IN_A_BOX..((k + 1) * IN_A_BOX).min(self.levels[below].len());
                inner.fold(false, |odd, k| odd != self.is_odd(below, k, p))
            }
        }
    }

    /// As [`Self::is_odd`], edge by edge: each begins at the point of its number.
    fn crosses(&self, edges: std::ops::Range<usize>, p: [f64; 2]) -> bool {
        let n = self.ring.len();
        let at = |i: usize| [f64::from(self.ring[i % n].x), f64::from(self.ring[i % n].y)];
        let crossed = |i: usize| {
            let (a, b) = (at(i), at(i + 1));
            (a[1] > p[1]) != (b[1] > p[1]) && p[0] < (b[0] - a[0]) * (p[1] - a[1]) / (b[1] - a[1]) + a[0]
        };
        edges.filter(|&i| crossed(i)).count() % 2 == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pins::contains;

    #[test]
    fn boxes_change_nothing() {
        // A star whose rays are of very different length: places beside, in and between them.
        for n in [3, 8, 9, 64, 65, 1000] {
            let point = |k: i32| {
                let (a, r) = (std::f64::consts::TAU * f64::from(k) / f64::from(n), f64::from(100 + 37 * k % 900));
                Point::new((r * a.cos()) as i32, (r * a.sin()) as i32)
            };
            let ring: Vec<Point> = (0..n).map(point).collect();
            let inside = Inside::new(&ring);
            for k in 0..40_000_i32 {
                let p = [f64::from(k % 200) * 10.5 - 1050.0, f64::from(k / 200) * 10.5 - 1050.0];
                assert_eq!(inside.contains(p), contains(&ring, p), "{n} {p:?}");
            }
        }
    }

    #[test]
    fn a_ring_without_points_holds_nothing() {
        assert!(!Inside::new(&[]).contains([0.0, 0.0]));
    }
}
