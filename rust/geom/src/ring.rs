//! Closed rings of grid points: area, orientation, cleaning.

use crate::Point;

/// Twice the signed area in dbu², positive counter-clockwise. Exact for any ring of 2^30-bounded points
/// with fewer than 2^64 vertices.
pub fn double_area(ring: &[Point]) -> i128 {
    let Some(&o) = ring.first() else { return 0 };
    ring.windows(2).map(|w| i128::from(crate::point::orient(o, w[0], w[1]))).sum()
}

/// Area in dbu², without sign.
pub fn area(ring: &[Point]) -> f64 {
    double_area(ring).unsigned_abs() as f64 / 2.0
}

/// The ring counter-clockwise, without repeated points and without points that lie on the straight line
/// between their neighbours (spikes, which reverse direction, are kept: they are shape).
/// Empty when fewer than three points are left.
pub fn cleaned(ring: &[Point]) -> Vec<Point> {
    let mut out: Vec<Point> = Vec::with_capacity(ring.len());
    for &p in ring {
        push_clean(&mut out, p);
    }
    // The seam: the first points may be collinear with the last ones.
    loop {
        let n = out.len();
        if n < 3 {
            return Vec::new();
        }
        if out[0] == out[n - 1] || is_between(out[n - 2], out[n - 1], out[0]) {
            out.pop();
        } else if is_between(out[n - 1], out[0], out[1]) {
            out.remove(0);
        } else {
            break;
        }
    }
    if double_area(&out) < 0 {
        out.reverse();
    }
    out
}

/// Takes away hairs: points at which a ring turns back on itself, so that nothing lies between the way there and the
/// way back. Programs that unite shapes leave some; on the chip there is nothing to see of them. A ring that is nothing
/// but hairs stays as it is.
pub fn shave(ring: &mut Vec<Point>) {
    let n = ring.len();
    // The tip of a hair may be drawn twice.
    if n < 4 || !corners(ring).any(|[before, own, next]| own == next || is_hair(before, own, next)) {
        return;
    }
    let mut out: Vec<Point> = Vec::with_capacity(n);
    for &p in ring.iter() {
        push_shaved(&mut out, p);
    }
    // The seam: the last points may turn back at the first ones.
    let mut first = 0;
    while out.len() - first >= 3 {
        let last = out.len() - 1;
        if out[first] == out[last] || is_hair(out[last - 1], out[last], out[first]) {
            out.pop();
        } else if is_hair(out[last], out[first], out[first + 1]) {
            first += 1;
        } else {
            *ring = out.split_off(first);
            return;
        }
    }
}

fn push_shaved(out: &mut Vec<Point>, p: Point) {
    while let [.., a, b] = out[..]
        && is_hair(a, b, p)
    {
        out.pop();
    }
    if out.last() != Some(&p) {
        out.push(p);
    }
}

/// True when a ring has a point twice in a row, or a corner sharper than a right angle: where none has, there are neither
/// hairs nor slits.
pub fn turns_back(ring: &[Point]) -> bool {
    ring.len() >= 3 && corners(ring).any(|[before, own, next]| own == next || dot(before, own, next) < 0)
}

/// A ring without slits: corners at which it turns back on itself around a gap that is no wider than what rounding opens
/// between the ends of two shapes that were united. The inside of a ring of a region is on its left, also of one around
/// a hole; that of a ring alone is where its area says. `None` when there are none.
pub fn without_slits(ring: &[Point], is_of_region: bool) -> Option<Vec<Point>> {
    let n = ring.len();
    if n < 4 || !corners(ring).any(is_slit) {
        return None;
    }
    let is_left = is_of_region || double_area(ring) > 0;
    let is_open = |[a, b, c]: [Point; 3]| (crate::point::orient(a, b, c) < 0) == is_left;
    let out: Vec<Point> = corners(ring).filter(|&c| !(is_slit(c) && is_open(c))).map(|c| c[1]).collect();
    (out.len() < n && out.len() >= 3).then_some(out)
}

/// True when the way from `a` to `b` goes back from there, with no more between the two ways than rounding leaves.
fn is_slit([a, b, c]: [Point; 3]) -> bool {
    if dot(a, b, c) >= 0 {
        return false;
    }
    let legs = [a.distance_sq(b) as f64, b.distance_sq(c) as f64];
    let across = crate::point::orient(a, b, c) as f64;
    // Where the shorter way ends, measured across the longer one.
    across != 0.0
        && legs[0].min(legs[1]) >= SLIT_LENGTH * SLIT_LENGTH
        && across * across <= SLIT_WIDTH * SLIT_WIDTH * legs[0].max(legs[1])
}

/// Corners of two shapes that meet are a diagonal of the grid apart by rounding, and twice that on half the grid, in dbu.
const SLIT_WIDTH: f64 = 2.9;
/// A slit is far longer than wide.
const SLIT_LENGTH: f64 = 24.0;

/// True when the way from `a` to `b` goes back from there.
fn is_hair(a: Point, b: Point, c: Point) -> bool {
    dot(a, b, c) < 0 && crate::point::orient(a, b, c) == 0
}

/// The points of a ring of three or more in order, each between the one before and the one after it.
fn corners(ring: &[Point]) -> impl Iterator<Item = [Point; 3]> {
    let n = ring.len();
    let around = |before: usize, own: usize, next: usize| [ring[before], ring[own], ring[next]];
    let inner = ring.windows(3).map(|w| [w[0], w[1], w[2]]);
    std::iter::once(around(n - 1, 0, 1)).chain(inner).chain(std::iter::once(around(n - 2, n - 1, 0)))
}

fn dot(a: Point, b: Point, c: Point) -> i64 {
    (i64::from(b.x) - i64::from(a.x)) * (i64::from(c.x) - i64::from(b.x))
        + (i64::from(b.y) - i64::from(a.y)) * (i64::from(c.y) - i64::from(b.y))
}

fn push_clean(out: &mut Vec<Point>, p: Point) {
    if out.last() == Some(&p) {
        return;
    }
    while out.len() >= 2 && is_between(out[out.len() - 2], out[out.len() - 1], p) {
        out.pop();
    }
    out.push(p);
}

/// True when `b` lies on the segment `a c`, going forward.
fn is_between(a: Point, b: Point, c: Point) -> bool {
    crate::point::orient(a, b, c) == 0 && dot(a, b, c) >= 0
}

/// True when an edge runs back along another one from a corner of both: a hole is reached by a cut.
pub fn is_cut_open(ring: &[Point]) -> bool {
    if !has_point_twice(ring) {
        return false;
    }
    let n = ring.len();
    let mut order: Vec<u32> = (0..n as u32).collect();
    order.sort_unstable_by_key(|&i| ring[i as usize]);
    let is_cut = |corners: &[u32]| {
        let all = || corners.iter().map(|&i| i as usize);
        let mut on = all().filter_map(|i| way(ring[i], ring[(i + 1) % n]));
        let back: Vec<(i64, i64)> = all().filter_map(|i| way(ring[i], ring[(i + n - 1) % n])).collect();
        on.any(|way| back.contains(&way))
    };
    // Both begin at one point, which the ring passes twice.
    order.chunk_by(|&i, &j| ring[i as usize] == ring[j as usize]).any(|corners| {
        let corners = if corners.len() > MOST_AT_ONE { &corners[..MOST_AT_ONE] } else { corners };
        corners.len() > 1 && is_cut(corners)
    })
}

/// True when a ring passes a point more than once, as hardly any does.
#[expect(
    clippy::stable_sort_primitive,
    reason = "it is faster on what is partly in order, as the sides of a guide are"
)]
fn has_point_twice(ring: &[Point]) -> bool {
    let mut points: Vec<u64> = ring.iter().map(|p| u64::from(p.x as u32) << 32 | u64::from(p.y as u32)).collect();
    points.sort();
    points.windows(2).any(|w| w[0] == w[1])
}

/// Corners at one point that are looked at.
const MOST_AT_ONE: usize = 64;

/// The direction from one point to another in lowest terms; nothing at one point.
fn way(from: Point, to: Point) -> Option<(i64, i64)> {
    let (dx, dy) = (i64::from(to.x) - i64::from(from.x), i64::from(to.y) - i64::from(from.y));
    let step = gcd(dx.abs(), dy.abs());
    (step > 0).then(|| (dx / step, dy / step))
}

fn gcd(mut a: i64, mut b: i64) -> i64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(points: &[(i32, i32)]) -> Vec<Point> {
        points.iter().map(|&(x, y)| Point::new(x, y)).collect()
    }

    #[test]
    fn area_is_exact_at_the_edge_of_the_coordinate_range() {
        let m = crate::MAX_COORDINATE;
        let square = ring(&[(-m, -m), (m, -m), (m, m), (-m, m)]);
        assert_eq!(double_area(&square), 2 * i128::from(2 * i64::from(m)) * i128::from(2 * i64::from(m)));
    }

    #[test]
    fn cleaning_drops_collinear_and_repeated_points_across_the_seam() {
        let dirty = ring(&[(5, 0), (10, 0), (10, 0), (10, 10), (5, 10), (0, 10), (0, 5), (0, 0), (2, 0)]);
        assert_eq!(cleaned(&dirty).len(), 4);
    }

    #[test]
    fn cleaning_turns_rings_counter_clockwise() {
        assert!(double_area(&cleaned(&ring(&[(0, 0), (0, 10), (10, 10), (10, 0)]))) > 0);
    }

    #[test]
    fn slits_that_rounding_leaves_at_a_joint_are_closed() {
        // Two ends of guides at an angle, united: one corner of a cap is a step beside the other, or the caps cross in
        // their middle. The ring may run either way.
        let whole = ring(&[(0, 0), (9000, 0), (9001, 0), (18_000, 0), (18_000, 500), (9000, 500), (0, 500)]);
        for apex in [(9000, 500), (9000, 250)] {
            let mut slit = whole.clone();
            slit.insert(2, Point::new(apex.0, apex.1));
            for backwards in [false, true] {
                let (mut slit, mut whole) = (slit.clone(), whole.clone());
                if backwards {
                    slit.reverse();
                    whole.reverse();
                }
                assert_eq!(without_slits(&slit, false), Some(whole));
            }
        }
        // In a region, also one into the core from a hole.
        let hole = ring(&[(0, 0), (0, 500), (250, 500), (250, 900), (251, 500), (500, 500), (500, 0)]);
        assert_eq!(without_slits(&hole, true).map(|ring| ring.len()), Some(6));
        // A gap that was drawn stays, and so does the tip of a taper.
        let gap = ring(&[(0, 0), (9000, 0), (9000, 400), (9020, 0), (18_000, 0), (18_000, 500), (0, 500)]);
        let tip = ring(&[(0, 0), (100, 1), (200, 2), (0, 4)]);
        assert_eq!([&gap, &tip].map(|ring| without_slits(ring, false)), [None, None]);
    }

    #[test]
    fn hairs_are_shaved_off_wherever_the_ring_begins() {
        let square = [(0, 0), (10, 0), (10, 10), (0, 10)];
        // On a corner, on a side, bent, with a tip drawn twice, and one that goes back beyond where it came from.
        let hairy = [
            vec![(0, 0), (10, 0), (15, 5), (10, 0), (10, 10), (0, 10)],
            vec![(0, 0), (5, 0), (5, 5), (5, 0), (10, 0), (10, 10), (0, 10)],
            vec![(0, 0), (10, 0), (10, -5), (15, -5), (10, -5), (10, 0), (10, 10), (0, 10)],
            vec![(0, 0), (10, 0), (15, 5), (15, 5), (10, 0), (10, 10), (0, 10)],
            vec![(0, 0), (14, 0), (10, 0), (10, 10), (0, 10)],
        ];
        for drawn in hairy {
            for k in 0..drawn.len() {
                let mut turned = ring(&drawn);
                turned.rotate_left(k);
                shave(&mut turned);
                let mut left = cleaned(&turned);
                left.sort_unstable_by_key(|p| (p.x, p.y));
                let mut wanted = ring(&square);
                wanted.sort_unstable_by_key(|p| (p.x, p.y));
                assert_eq!(left, wanted, "{drawn:?} from {k}");
            }
        }
        let mut smooth = ring(&square);
        shave(&mut smooth);
        assert_eq!(smooth, ring(&square));
        let mut hair = ring(&[(0, 0), (5, 5), (10, 10), (5, 5)]);
        shave(&mut hair);
        assert_eq!(hair.len(), 4);
    }

    #[test]
    fn a_frame_with_a_cut_to_its_hole_is_cut_open() {
        let frame =
            [(0, 0), (30, 0), (30, 30), (0, 30), (0, 10), (10, 10), (10, 20), (20, 20), (20, 10), (10, 10), (0, 10)];
        assert!(is_cut_open(&ring(&frame)));
        // The cut goes on as an edge of the hole.
        let along = [(0, 0), (30, 0), (30, 30), (0, 30), (0, 20), (10, 20), (10, 10), (20, 10), (20, 20), (0, 20)];
        assert!(is_cut_open(&ring(&along)));
        assert!(!is_cut_open(&ring(&[(0, 0), (30, 0), (30, 30), (0, 30)])));
    }

    #[test]
    fn degenerate_rings_become_empty() {
        assert!(cleaned(&ring(&[(0, 0), (5, 5), (10, 10)])).is_empty());
        assert!(cleaned(&[]).is_empty());
    }
}
