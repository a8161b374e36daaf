//! Boolean operations on sets of rings. The only place that knows `i_overlay`.
//!
//! A *region* is a list of rings without crossings: outer rings counter-clockwise, holes clockwise, each
//! outer ring followed by its holes. [`union`] makes a region of drawn polygons; the other operations take
//! regions. Everything is exact up to the rounding of crossing points to the grid.

use i_overlay::core::fill_rule::FillRule;
use i_overlay::core::overlay::{Overlay, ShapeType};
use i_overlay::core::overlay_rule::OverlayRule;
use i_overlay::i_float::int::point::IntPoint;

use crate::Point;
use crate::ring::double_area;

/// A closed ring of grid points; the last point is not the first.
pub type Ring = Vec<Point>;

type Contour = Vec<IntPoint<i32>>;
type Shapes = Vec<Vec<Contour>>;

/// The region covered by drawn polygons: any orientation, crossing themselves and each other, keyholes
/// and spikes allowed. A point is inside when some polygon winds around it.
pub fn union<R: AsRef<[Point]>>(polygons: &[R]) -> Vec<Ring> {
    let mut one = Overlay::<i32>::new(0);
    let mut all = Overlay::<i32>::new(polygons.iter().map(|p| p.as_ref().len()).sum());
    let mut n = 0;
    for polygon in polygons {
        let mut contour = to_contour(polygon.as_ref());
        if contour.len() < 3 {
            continue;
        }
        n += 1;
        // By itself first: where two polygons of opposite orientation overlap, their windings would cancel.
        one.clear();
        if let Some(shapes) = one.simplify_contour(&contour, FillRule::NonZero) {
            shapes.iter().flatten().for_each(|c| all.add_contour(c, ShapeType::Subject));
        } else {
            if double_area(polygon.as_ref()) < 0 {
                contour.reverse();
            }
            all.add_contour(&contour, ShapeType::Subject);
        }
    }
    if n == 0 {
        return Vec::new();
    }
    to_rings(&all.overlay(OverlayRule::Subject, FillRule::NonZero))
}

/// The region covered by several regions, each outer rings and holes without crossings, or one drawn polygon.
pub fn union_of_regions(regions: &[Vec<Ring>]) -> Vec<Ring> {
    let n = regions.iter().flatten().map(Vec::len).sum();
    let mut all = Overlay::<i32>::new(n);
    for region in regions {
        // One by one first: a drawn polygon may run either way, and holes may be covered by another region.
        let own = if let [ring] = region.as_slice() { union(&[ring]) } else { region.clone() };
        for ring in &own {
            all.add_contour(&to_contour(ring), ShapeType::Subject);
        }
    }
    to_rings(&all.overlay(OverlayRule::Subject, FillRule::NonZero))
}

/// What lies in both regions.
pub fn intersection<A: AsRef<[Point]>, B: AsRef<[Point]>>(a: &[A], b: &[B]) -> Vec<Ring> {
    overlay(a, b, OverlayRule::Intersect)
}

/// What lies in region `a` and not in region `b`.
pub fn difference<A: AsRef<[Point]>, B: AsRef<[Point]>>(a: &[A], b: &[B]) -> Vec<Ring> {
    overlay(a, b, OverlayRule::Difference)
}

/// Area of a region in dbu².
pub fn area<R: AsRef<[Point]>>(region: &[R]) -> f64 {
    region.iter().map(|r| double_area(r.as_ref())).sum::<i128>() as f64 / 2.0
}

/// Area of what lies in both regions, in dbu².
pub fn intersection_area<A: AsRef<[Point]>, B: AsRef<[Point]>>(a: &[A], b: &[B]) -> f64 {
    area(&intersection(a, b))
}

fn overlay<A: AsRef<[Point]>, B: AsRef<[Point]>>(a: &[A], b: &[B], rule: OverlayRule) -> Vec<Ring> {
    let n_points =
        a.iter().map(|r| r.as_ref().len()).sum::<usize>() + b.iter().map(|r| r.as_ref().len()).sum::<usize>();
    let mut engine = Overlay::<i32>::new(n_points);
    for ring in a {
        engine.add_contour(&to_contour(ring.as_ref()), ShapeType::Subject);
    }
    for ring in b {
        engine.add_contour(&to_contour(ring.as_ref()), ShapeType::Clip);
    }
    to_rings(&engine.overlay(rule, FillRule::NonZero))
}

fn to_contour(ring: &[Point]) -> Contour {
    ring.iter().map(|p| IntPoint::new(p.x, p.y)).collect()
}

fn to_rings(shapes: &Shapes) -> Vec<Ring> {
    shapes.iter().flatten().map(|c| c.iter().map(|p| Point::new(p.x, p.y)).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ring(points: &[(i32, i32)]) -> Ring {
        points.iter().map(|&(x, y)| Point::new(x, y)).collect()
    }

    fn square(x: i32, y: i32, side: i32) -> Ring {
        ring(&[(x, y), (x + side, y), (x + side, y + side), (x, y + side)])
    }

    fn clockwise(mut r: Ring) -> Ring {
        r.reverse();
        r
    }

    fn assert_area(rings: &[Ring], expected: f64) {
        assert!((area(rings) - expected).abs() < 0.25, "area {} instead of {expected}", area(rings));
    }

    #[test]
    fn union_of_overlapping_squares_counts_the_overlap_once_whatever_their_orientation() {
        for second in [square(50, 50, 100), clockwise(square(50, 50, 100))] {
            assert_area(&union(&[square(0, 0, 100), second]), 17_500.0);
        }
    }

    #[test]
    fn a_frame_has_a_counter_clockwise_outline_and_a_clockwise_hole() {
        let frame = [
            ring(&[(0, 0), (100, 0), (100, 10), (0, 10)]),
            ring(&[(0, 90), (100, 90), (100, 100), (0, 100)]),
            ring(&[(0, 0), (10, 0), (10, 100), (0, 100)]),
            ring(&[(90, 0), (100, 0), (100, 100), (90, 100)]),
        ];
        let region = union(&frame);
        assert_eq!(region.len(), 2);
        assert!(double_area(&region[0]) > 0 && double_area(&region[1]) < 0);
        assert_area(&region, 3600.0);
    }

    #[test]
    fn a_keyhole_is_a_hole() {
        let keyhole = ring(&[
            (0, 0),
            (100, 0),
            (100, 100),
            (0, 100),
            (0, 50),
            (40, 50),
            (40, 60),
            (60, 60),
            (60, 40),
            (40, 40),
            (40, 50),
            (0, 50),
        ]);
        let region = union(&[keyhole]);
        assert_eq!(region.len(), 2);
        assert_area(&region, 9600.0);
    }

    #[test]
    fn a_figure_of_eight_keeps_both_halves_and_does_not_cut_its_neighbours() {
        let eight = ring(&[(0, 0), (100, 100), (100, 0), (0, 100)]);
        assert_eq!(double_area(&eight), 0);
        assert_area(&union(std::slice::from_ref(&eight)), 5000.0);
        assert_area(&union(&[eight, square(0, 0, 100)]), 10_000.0);
    }

    #[test]
    fn intersection_and_difference_respect_holes() {
        let frame = difference(&[square(0, 0, 100)], &[square(25, 25, 50)]);
        assert_area(&frame, 7500.0);
        assert_area(&intersection(&frame, &[square(0, 0, 50)]), 2500.0 - 625.0);
        assert!((intersection_area(&frame, &[square(25, 25, 50)])).abs() < 0.25);
    }

    #[test]
    fn shapes_that_share_a_border_do_not_intersect() {
        assert!(intersection(&[square(0, 0, 10)], &[square(10, 0, 10)]).is_empty());
    }

    #[test]
    fn a_disc_has_the_area_of_its_polygon() {
        let n = 1000;
        let disc: Ring = (0..n)
            .map(|i| {
                let a = std::f64::consts::TAU * f64::from(i) / f64::from(n);
                Point::new((1e6 * a.cos()).round() as i32, (1e6 * a.sin()).round() as i32)
            })
            .collect();
        let exact = 0.5 * f64::from(n) * 1e12 * (std::f64::consts::TAU / f64::from(n)).sin();
        let found = area(&union(&[disc]));
        assert!((found - exact).abs() / exact < 1e-6, "{found} instead of {exact}");
    }

    #[test]
    fn the_edge_of_the_coordinate_range_does_not_overflow() {
        let m = crate::MAX_COORDINATE;
        let all = ring(&[(-m, -m), (m, -m), (m, m), (-m, m)]);
        let side = 2.0 * f64::from(m);
        assert!((area(&union(&[all.clone(), clockwise(all.clone())])) - side * side).abs() < 1.0);
        assert_area(&intersection(&[all], &[square(m - 10, m - 10, 10)]), 100.0);
    }

    #[test]
    fn nothing_gives_nothing() {
        assert!(union::<Ring>(&[]).is_empty());
        assert!(union(&[ring(&[(0, 0), (1, 1)])]).is_empty());
        assert!(intersection::<Ring, Ring>(&[], &[square(0, 0, 1)]).is_empty());
        assert!(union(&[ring(&[(0, 0), (5, 5), (10, 10)])]).is_empty());
    }

    proptest! {
        /// Rectangles on a small board, counted field by field.
        #[test]
        fn boxes_agree_with_counting_fields(
            boxes in proptest::collection::vec((0..12_i32, 0..12_i32, 1..6_i32, 1..6_i32, any::<bool>()), 1..12),
            cut in 1..12_usize,
        ) {
            let rings: Vec<Ring> = boxes
                .iter()
                .map(|&(x, y, w, h, flip)| {
                    let r = ring(&[(x, y), (x + w, y), (x + w, y + h), (x, y + h)]);
                    if flip { clockwise(r) } else { r }
                })
                .collect();
            let covers = |set: &[(i32, i32, i32, i32, bool)], i: i32, j: i32| {
                set.iter().any(|&(x, y, w, h, _)| x <= i && i < x + w && y <= j && j < y + h)
            };
            let fields = |wanted: &dyn Fn(i32, i32) -> bool| {
                (0..20).flat_map(|i| (0..20).map(move |j| (i, j))).filter(|&(i, j)| wanted(i, j)).count() as f64
            };
            let same = |found: f64, expected: f64| assert!((found - expected).abs() < 0.25, "{found} instead of {expected}");
            let cut = cut.min(boxes.len());
            let (a, b) = (union(&rings[..cut]), union(&rings[cut..]));
            let (left, right) = boxes.split_at(cut);
            same(area(&a), fields(&|i, j| covers(left, i, j)));
            same(intersection_area(&a, &b), fields(&|i, j| covers(left, i, j) && covers(right, i, j)));
            same(area(&difference(&a, &b)), fields(&|i, j| covers(left, i, j) && !covers(right, i, j)));
        }
    }
}
