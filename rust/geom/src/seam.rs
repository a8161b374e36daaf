//! Closes hairline cracks between rings that were drawn to touch.
//!
//! Rounding to the grid moves corners by up to a step, so that two edges drawn along one line at an angle cross
//! each other or leave a crack thinner than any process. Corners that were one before they were rounded become one
//! again, and corners that lie on an edge within a tolerance are put into that edge: both sides of the seam then have
//! the same points.

use crate::{BBox, GridIndex, Point, region::Ring};

/// The rings with corners near their edges put into these, when there are any.
pub fn closed(rings: &[Ring], tolerance: f64) -> Option<Vec<Ring>> {
    let points: Vec<Point> = rings.iter().flatten().copied().collect();
    let index = indexed(&points, tolerance)?;
    let (welded, mut changed) = welded(rings, &points, &index, tolerance);
    let (rings, points, index) = if changed {
        let points: Vec<Point> = welded.iter().flatten().copied().collect();
        let index = indexed(&points, tolerance)?;
        (&welded[..], points, index)
    } else {
        (rings, points, index)
    };
    let edges = rings.iter().flat_map(|r| (0..r.len()).map(|i| r[i].distance_sq(r[(i + 1) % r.len()])));
    let perimeter: f64 = edges.map(|square| (square as f64).sqrt()).sum();
    // Few edges of a huge shape must not become many boxes.
    let stride = STRIDE.max(perimeter / (PARTS_A_POINT * points.len() as f64 + LEAST_PARTS));
    let out = rings
        .iter()
        .map(|ring| {
            let mut own: Ring = Vec::with_capacity(ring.len());
            for i in 0..ring.len() {
                let (a, b) = (ring[i], ring[(i + 1) % ring.len()]);
                own.push(a);
                let on_it = between(a, b, &points, &index, [tolerance, stride]);
                changed |= !on_it.is_empty();
                own.extend(on_it);
            }
            own
        })
        .collect();
    changed.then_some(out)
}

/// An index of points; `None` when there are none.
fn indexed(points: &[Point], tolerance: f64) -> Option<GridIndex> {
    let boxes: Vec<BBox> = points.iter().map(|p| BBox::of_points(&[*p])).collect();
    let mut all = BBox::EMPTY;
    for b in &boxes {
        all.add_box(b);
    }
    let size = (all.max[0] - all.min[0]).max(all.max[1] - all.min[1]);
    (!all.is_empty()).then(|| GridIndex::new(&boxes, (size / (points.len() as f64).sqrt()).max(tolerance)))
}

/// Corners this close, in squared dbu, may have been one: each was rounded on its own, in its cell and where that is
/// placed.
const WELD_SQ: i64 = 8;
/// On one ring only corners further apart along it are welded.
const APART: usize = 3;

/// The rings with corners that may have been one put at the place of the nearest one before them; whether any were moved.
///
/// Corners at one place stay at one place: if only one of them went to another one close by, as where a step of the grid
/// ends, a crack would open along its edges.
fn welded(rings: &[Ring], points: &[Point], index: &GridIndex, tolerance: f64) -> (Vec<Ring>, bool) {
    let ends: Vec<[Point; 2]> = rings.iter().flat_map(|ring| neighbours(ring)).collect();
    let mut first: Vec<u32> = (0..points.len() as u32).collect();
    let mut changed = false;
    let mut start = 0;
    for ring in rings {
        let end = start + ring.len();
        for i in start..end {
            let mut best = (WELD_SQ, i);
            index.candidates(&BBox::of_points(&[points[i]]).grown(WELD_REACH), |j| {
                let beside = j >= start && (i - j.min(i)).min(j.min(i) + ring.len() - i) < APART;
                let square = points[i].distance_sq(points[j]);
                let is_root = square == 0 || first[j] as usize == j;
                let is_nearer = j < i && is_root && !beside && (square, j) < best;
                if is_nearer && !are_a_step([points[i], points[j]], [ends[i], ends[j]], tolerance) {
                    best = (square, j);
                }
            });
            let best = first[best.1] as usize;
            first[i] = best as u32;
            changed |= points[i] != points[best];
        }
        start = end;
    }
    let mut at = first.iter().map(|&k| points[k as usize]);
    let out = rings.iter().map(|ring| {
        let mut own: Ring = at.by_ref().take(ring.len()).collect();
        own.dedup();
        own
    });
    (out.collect(), changed)
}

/// The corners before and behind each one of a ring.
fn neighbours(ring: &[Point]) -> impl Iterator<Item = [Point; 2]> {
    let n = ring.len();
    (0..n).map(move |i| [ring[(i + n - 1) % n], ring[(i + 1) % n]])
}

/// Corners on a line that was drawn at an angle lie within so much of it, each being rounded by half a step.
const ON_LINE: f64 = 1.0;

/// True when two corners lie on one seam, each with an edge along it that ends there, and one on the edge of the other:
/// no crack is between them. They are the two ends of a step, such as the wall of a tooth, and to make them one would
/// take it away.
fn are_a_step([a, b]: [Point; 2], ends: [[Point; 2]; 2], tolerance: f64) -> bool {
    let (Some(a_holds), Some(b_holds)) = (holds(a, ends[0], b, tolerance), holds(b, ends[1], a, tolerance)) else {
        return false;
    };
    a_holds || b_holds
}

/// Whether another corner lies on the edge that ends at this one and runs in line with the two; `None` when neither
/// does. In line with an edge at an angle what is nearer than the tolerance may be rounding.
fn holds(at: Point, ends: [Point; 2], other: Point, tolerance: f64) -> Option<bool> {
    let to = |p: Point| [f64::from(p.x) - f64::from(at.x), f64::from(p.y) - f64::from(at.y)];
    let off = to(other);
    let held = ends.into_iter().filter_map(|end| {
        let edge = to(end);
        let length = edge[0].hypot(edge[1]);
        let along = (off[0] * edge[0] + off[1] * edge[1]) / length;
        let aside = (off[0] * edge[1] - off[1] * edge[0]).abs() / length;
        let [least, most] = if at.x == end.x || at.y == end.y { [0.0, 0.0] } else { [tolerance, ON_LINE] };
        (along.abs() > least && aside <= most).then_some(along > 0.0 && along < length - least)
    });
    held.reduce(|one, other| one || other)
}

/// Half the size of the window in which corners are looked for.
const WELD_REACH: f64 = 3.0;

/// The points near the inside of an edge but not on it already, in order along it.
fn between(a: Point, b: Point, points: &[Point], index: &GridIndex, [tolerance, stride]: [f64; 2]) -> Vec<Point> {
    let (ax, ay) = (f64::from(a.x), f64::from(a.y));
    let d = [f64::from(b.x) - ax, f64::from(b.y) - ay];
    let square = d[0] * d[0] + d[1] * d[1];
    let length = square.sqrt();
    let mut found: Vec<(f64, Point)> = Vec::new();
    if length <= 2.0 * tolerance {
        return Vec::new();
    }
    // A long slanted edge has a large box: its parts have small ones.
    let parts = (length / stride).ceil().max(1.0) as usize;
    for k in 0..parts {
        let at = |u: f64| [ax + u * d[0], ay + u * d[1]];
        let (p, q) = (at(k as f64 / parts as f64), at((k + 1) as f64 / parts as f64));
        let mut window = BBox { min: p, max: p };
        window.add_box(&BBox { min: q, max: q });
        index.candidates(&window.grown(tolerance), |i| {
            let p = points[i];
            let (x, y) = (f64::from(p.x) - ax, f64::from(p.y) - ay);
            let along = (x * d[0] + y * d[1]) / length;
            let aside = (x * d[1] - y * d[0]).abs() / length;
            let is_on = crate::point::orient(a, b, p) == 0;
            if p != a && p != b && !is_on && aside <= tolerance && along > tolerance && along < length - tolerance {
                found.push((along, p));
            }
        });
    }
    found.sort_by(|p, q| p.0.total_cmp(&q.0).then(p.1.cmp(&q.1)));
    found.dedup_by(|p, q| p.1 == q.1);
    found.into_iter().map(|(_, p)| p).collect()
}

/// Length of the part of an edge that is looked at in one box, in dbu.
const STRIDE: f64 = 5000.0;
/// Parts for each point, and some for small shapes.
const PARTS_A_POINT: f64 = 4.0;
const LEAST_PARTS: f64 = 4000.0;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::region;

    #[test]
    fn corners_that_were_rounded_apart_are_one_again() {
        let ring = |p: &[(i32, i32)]| -> Ring { p.iter().map(|&(x, y)| Point::new(x, y)).collect() };
        let below = ring(&[(0, 0), (219, 4), (216, 164), (-3, 160)]);
        let above = ring(&[(-2, 160), (217, 164), (214, 324), (-5, 320)]);
        let healed = region::union(&closed(&[below, above], 1.5).expect("a seam"));
        assert_eq!((healed.len(), healed[0].len()), (1, 6), "{healed:?}");
    }

    #[test]
    fn corners_at_one_place_stay_there_beside_the_end_of_a_step() {
        let ring = |p: &[(i32, i32)]| -> Ring { p.iter().map(|&(x, y)| Point::new(x, y)).collect() };
        // Cut along a line two steps above the lowest point of a bend: the cut leaves a wall of two steps.
        let left = ring(&[(0, -2), (0, 0), (-4345, 0), (-5354, -263), (-2898, -209), (-265, -1)]);
        let right = ring(&[(5043, -263), (4038, 0), (0, 0), (0, -2), (2915, -263)]);
        for rings in [[left.clone(), right.clone()], [right, left]] {
            let points: Vec<Point> = rings.iter().flatten().copied().collect();
            let index = indexed(&points, 1.5).expect("corners");
            let (whole, _) = welded(&rings, &points, &index, 1.5);
            for wall in [Point::new(0, 0), Point::new(0, -2)] {
                assert!(whole.iter().all(|ring| ring.contains(&wall)), "{wall:?}: {whole:?}");
            }
        }
    }

    #[test]
    fn steps_between_boxes_that_touch_stay_and_rounding_at_an_angle_does_not() {
        // Teeth that grow from nothing, drawn as one box each.
        let boxes = |turned: f64| -> Vec<Ring> {
            let (sin, cos) = f64::to_radians(turned).sin_cos();
            let at = |x: f64, y: f64| Point::from_f64(x * cos - y * sin, x * sin + y * cos).expect("on the grid");
            let one = |k: i32| {
                let (out, x) = (f64::from([0, 1, -1, 2, 1, 1][k as usize]), f64::from(160 * k));
                vec![at(x, -220.0 - out), at(x + 160.0, -220.0 - out), at(x + 160.0, 220.0 + out), at(x, 220.0 + out)]
            };
            (0..6).map(one).collect()
        };
        let drawn = boxes(0.0);
        assert!(closed(&drawn, 1.5).is_none_or(|rings| region::union(&rings) == region::union(&drawn)));
        let turned = boxes(33.0);
        let whole = region::union(&closed(&turned, 1.5).expect("a seam"));
        assert_eq!(whole.len(), 1, "{whole:?}");
        let has = |p: &Point| whole[0].contains(p);
        // Both ends of the walls of two and three steps are there; those of one step became one.
        let walls: Vec<usize> = (1..6).map(|k| turned[k].iter().filter(|p| has(p)).count()).collect();
        assert!(walls[1] + walls[2] >= 7, "{walls:?}: {whole:?}");
    }

    #[test]
    fn two_bars_drawn_end_to_end_at_an_angle_leave_no_crack() {
        let ring = |p: &[(i32, i32)]| -> Ring { p.iter().map(|&(x, y)| Point::new(x, y)).collect() };
        let narrow = ring(&[(-8192, -3735), (97, -230), (-97, 230), (-8387, -3274)]);
        let wide = ring(&[(140, -332), (7509, 2784), (7228, 3447), (-140, 332)]);
        let cracked = region::union(&[&narrow, &wide]);
        assert!(cracked[0].contains(&Point::new(0, 0)));
        let healed = region::union(&closed(&[narrow.clone(), wide], 1.5).expect("a seam"));
        assert_eq!((healed.len(), healed[0].len()), (1, 8), "{healed:?}");
        assert!(closed(&[narrow], 1.5).is_none());
    }
}
