//! Rectangles turned to what they hold: tight around what runs in any direction.

use crate::BBox;

/// Where something lies: a box along the axes, which tells it from most others, and one along itself, which is tight
/// whatever direction it runs in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Extent {
    /// Along the axes.
    pub upright: BBox,
    /// Along the way from its first place to its last.
    pub oriented: OrientedBox,
}

impl Extent {
    /// Around places; empty for none.
    #[inline]
    pub fn of(places: impl Iterator<Item = [f64; 2]> + Clone) -> Self {
        let mut upright = BBox::EMPTY;
        places.clone().for_each(|[x, y]| upright.add(x, y));
        Self { upright, oriented: OrientedBox::of(places) }
    }

    /// Around both ends of a line.
    #[inline]
    pub fn of_edge(edge: [[f64; 2]; 2]) -> Self {
        let mut upright = BBox::EMPTY;
        for [x, y] in edge {
            upright.add(x, y);
        }
        Self { upright, oriented: OrientedBox::of_edge(edge) }
    }

    /// Around others that follow each other; empty for none.
    pub fn around(parts: impl DoubleEndedIterator<Item = Self> + Clone) -> Self {
        let oriented = OrientedBox::around(parts.clone().map(|part| part.oriented));
        let mut upright = BBox::EMPTY;
        parts.for_each(|part| upright.add_box(&part.upright));
        Self { upright, oriented }
    }

    /// With all sides further out by `d`.
    #[must_use]
    #[inline]
    pub fn grown(&self, d: f64) -> Self {
        Self { upright: self.upright.grown(d), oriented: self.oriented.grown(d) }
    }

    /// Displaced.
    #[must_use]
    #[inline]
    pub fn moved(&self, by: [f64; 2]) -> Self {
        Self { upright: self.upright.moved(by), oriented: self.oriented.moved(by) }
    }

    /// False when a side of one lies between the two.
    #[inline]
    pub fn touches(&self, other: &Self) -> bool {
        self.upright.touches(&other.upright) && self.oriented.touches(&other.oriented)
    }
}

/// A rectangle along some direction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OrientedBox {
    centre: [f64; 2],
    /// Unit vector along it.
    along: [f64; 2],
    /// Half of its size along and across.
    half: [f64; 2],
}

/// Sides stand further out by so much: coordinates are below 2^31, and numbers are rounded.
const ROUNDING: f64 = 1e-3;

impl OrientedBox {
    /// Around places, along the way from the first to the last of them; empty for none.
    pub fn of(places: impl Iterator<Item = [f64; 2]> + Clone) -> Self {
        let first = places.clone().next().unwrap_or([0.0; 2]);
        let last = places.clone().last().unwrap_or(first);
        let (_, way) = unit([last[0] - first[0], last[1] - first[1]]);
        Self::along(way, first, places.map(|place| (place, [0.0; 2])))
    }

    /// Around both ends of a line.
    #[inline]
    pub fn of_edge([p, q]: [[f64; 2]; 2]) -> Self {
        let (length, along) = unit([q[0] - p[0], q[1] - p[1]]);
        let centre = [f64::midpoint(p[0], q[0]), f64::midpoint(p[1], q[1])];
        Self { centre, along, half: [length / 2.0 + ROUNDING, ROUNDING] }
    }

    /// Around others, along the way from the first to the last of them; empty for none.
    pub fn around(parts: impl DoubleEndedIterator<Item = Self> + Clone) -> Self {
        let Some(first) = parts.clone().next() else { return Self::of(std::iter::empty()) };
        let last = parts.clone().next_back().unwrap_or(first);
        let (distance, way) = unit([last.centre[0] - first.centre[0], last.centre[1] - first.centre[1]]);
        // One by itself, or a round.
        let way = if distance > 0.0 { way } else { first.along };
        Self::along(way, first.centre, parts.map(|part| (part.centre, part.seen_along(way))))
    }

    /// Around places and what lies on both sides of each, seen along and across a way.
    fn along([ux, uy]: [f64; 2], from: [f64; 2], places: impl Iterator<Item = ([f64; 2], [f64; 2])>) -> Self {
        let (mut least, mut most) = ([f64::INFINITY; 2], [f64::NEG_INFINITY; 2]);
        for (p, half) in places {
            let d = [p[0] - from[0], p[1] - from[1]];
            let seen = [d[0] * ux + d[1] * uy, d[1] * ux - d[0] * uy];
            for k in 0..2 {
                least[k] = least[k].min(seen[k] - half[k]);
                most[k] = most[k].max(seen[k] + half[k]);
            }
        }
        let [s, t] = [0, 1].map(|k: usize| f64::midpoint(least[k], most[k]));
        Self {
            centre: [from[0] + s * ux - t * uy, from[1] + s * uy + t * ux],
            along: [ux, uy],
            half: [0, 1].map(|k: usize| (most[k] - least[k]) / 2.0 + ROUNDING),
        }
    }

    /// Half of its size, as seen along and across a way.
    #[inline]
    fn seen_along(&self, way: [f64; 2]) -> [f64; 2] {
        let (cos, sin) = (dot(self.along, way).abs(), cross(self.along, way).abs());
        [self.half[0] * cos + self.half[1] * sin, self.half[0] * sin + self.half[1] * cos]
    }

    /// With all sides further out by `d`.
    #[must_use]
    #[inline]
    pub fn grown(&self, d: f64) -> Self {
        Self { half: self.half.map(|half| half + d), ..*self }
    }

    /// Displaced.
    #[must_use]
    #[inline]
    pub fn moved(&self, [dx, dy]: [f64; 2]) -> Self {
        Self { centre: [self.centre[0] + dx, self.centre[1] + dy], ..*self }
    }

    /// False when a side of it lies between it and an edge.
    #[inline]
    pub fn touches_edge(&self, edge: [[f64; 2]; 2]) -> bool {
        let [ux, uy] = self.along;
        let [p, q] = edge.map(|at| {
            let d = [at[0] - self.centre[0], at[1] - self.centre[1]];
            [d[0] * ux + d[1] * uy, d[1] * ux - d[0] * uy]
        });
        (0..2).all(|k: usize| p[k].min(q[k]) <= self.half[k] && p[k].max(q[k]) >= -self.half[k])
    }

    /// False when a side of one lies between the two.
    #[inline]
    pub fn touches(&self, other: &Self) -> bool {
        let d = [other.centre[0] - self.centre[0], other.centre[1] - self.centre[1]];
        let (own, others) = (self.half, other.half);
        let (cos, sin) = (dot(self.along, other.along).abs(), cross(self.along, other.along).abs());
        // As seen along and across each other; what lies beside each other ends with the first.
        let along = |half: [f64; 2]| half[0] * cos + half[1] * sin;
        let across = |half: [f64; 2]| half[0] * sin + half[1] * cos;
        cross(self.along, d).abs() <= own[1] + across(others)
            && cross(other.along, d).abs() <= others[1] + across(own)
            && dot(self.along, d).abs() <= own[0] + along(others)
            && dot(other.along, d).abs() <= others[0] + along(own)
    }
}

#[inline]
fn dot(u: [f64; 2], v: [f64; 2]) -> f64 {
    u[0] * v[0] + u[1] * v[1]
}

#[inline]
fn cross(u: [f64; 2], v: [f64; 2]) -> f64 {
    u[0] * v[1] - u[1] * v[0]
}

/// Length and direction of a way; along x where it has none.
#[inline]
fn unit(way: [f64; 2]) -> (f64, [f64; 2]) {
    let length = dot(way, way).sqrt();
    (length, if length > 0.0 { way.map(|v| v / length) } else { [1.0, 0.0] })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edge(p: [f64; 2], q: [f64; 2]) -> OrientedBox {
        OrientedBox::of_edge([p, q])
    }

    #[test]
    fn parallels_of_any_direction_are_apart() {
        for k in 0..360 {
            let (sin, cos) = f64::from(k).to_radians().sin_cos();
            let a = edge([7.0, 9.0], [7.0 + 100.0 * cos, 9.0 + 100.0 * sin]);
            let b = a.moved([-2.0 * sin, 2.0 * cos]);
            assert!(!a.grown(1.9).touches(&b) && a.grown(2.0).touches(&b), "{k}");
            assert!(b.grown(2.0).touches(&a), "{k}");
            // One behind the other.
            let b = a.moved([104.0 * cos, 104.0 * sin]);
            assert!(!a.grown(3.9).touches(&b) && a.grown(4.0).touches(&b), "{k}");
        }
    }

    #[test]
    fn what_turns_lies_inside() {
        let arc = (0..=20).map(|k| f64::from(k) / 20.0).map(|a| [50.0 * a.sin(), 50.0 * a.cos()]);
        let around = OrientedBox::of(arc.clone());
        assert!(arc.clone().all(|p| around.touches(&edge(p, p))));
        // It is no thicker than the arc is high.
        let height = 50.0 * (1.0 - 0.5_f64.cos());
        assert!((2.0 * around.half[1] - height).abs() < 0.1, "{around:?}");
    }

    #[test]
    fn those_that_cross_touch() {
        let a = edge([-50.0, 0.0], [50.0, 0.0]);
        assert!(a.touches(&edge([3.0, -50.0], [20.0, 50.0])));
        assert!(!a.touches(&edge([60.0, -50.0], [80.0, 50.0])));
    }

    #[test]
    fn an_edge_beside_a_box_is_told_from_one_in_it() {
        let a = edge([0.0, 0.0], [100.0, 100.0]).grown(5.0);
        assert!(a.touches_edge([[50.0, 50.0], [50.0, 80.0]]) && a.touches_edge([[0.0, 90.0], [90.0, 0.0]]));
        assert!(!a.touches_edge([[10.0, 0.0], [100.0, 90.0]]) && !a.touches_edge([[110.0, 100.0], [110.0, 120.0]]));
    }

    #[test]
    fn parts_in_a_row_make_a_box_as_tight_as_theirs() {
        let at = |k: i32| [30.0 * f64::from(k), 10.0 * f64::from(k)];
        let parts = (0..9).map(|k| Extent::of_edge([at(k), at(k + 1)]));
        let whole = Extent::around(parts);
        assert!((whole.oriented.half[0] - 142.3).abs() < 0.1 && whole.oriented.half[1] < 0.1, "{whole:?}");
        assert!((whole.upright.max[0] - at(9)[0]).abs() < 1e-9, "{whole:?}");
    }

    #[test]
    fn a_place_has_a_box_and_nothing_has_none() {
        let place = edge([5.0, 5.0], [5.0, 5.0]);
        assert!(place.touches(&place) && place.grown(1.0).touches(&place.moved([0.9, 0.0])));
        assert!(!OrientedBox::of([].into_iter()).touches(&place.grown(1e9)));
    }
}
