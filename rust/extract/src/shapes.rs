//! Which core shapes of a layout are copies of each other.
//!
//! A flattened hierarchy draws the same outline over and over. Shapes are equal when they lie on one layer
//! and have the same points relative to their first one; whatever is worked out for one of them, in a frame
//! with that point at the origin, holds for all. Every shape is worked out in that frame, also when it
//! occurs once, so that a moved layout gives the same numbers.

use rayon::prelude::*;
use rustc_hash::FxHashMap;
use waveguard_base::LayerId;
use waveguard_geom::{BBox, Point, Transform, ring};

use crate::plan::Plan;

/// An outline that is drawn once or more often.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// The first polygon of this outline.
    pub polygon: usize,
    /// Its layer.
    pub layer: LayerId,
    /// Area in dbu².
    pub area: f64,
    /// Box relative to the first point; empty without points.
    pub bbox: BBox,
}

/// All outlines on core and guide layers.
#[derive(Debug, Default)]
pub struct Shapes {
    /// The outlines in order of their first polygon.
    pub unique: Vec<Shape>,
    /// For each polygon of the layout its number among them; `NONE` on other layers.
    of_polygon: Vec<u32>,
}

const NONE: u32 = u32::MAX;
/// Polygons a thread takes at once.
const POLYGONS_A_TURN: usize = 64;

impl Shapes {
    /// Compares all shapes on core and guide layers.
    pub fn new(plan: &Plan) -> Self {
        let layout = plan.layout;
        let wanted: Vec<bool> = plan.is_core.iter().zip(&plan.is_guide).map(|(core, guide)| *core || *guide).collect();
        let hashes: Vec<u64> = (0..layout.n_polygons())
            .into_par_iter()
            .with_min_len(POLYGONS_A_TURN)
            .map(|i| {
                let polygon = layout.polygon(i);
                let layer = polygon.layer.index();
                if wanted[layer] { hash(layer as u64, polygon.points) } else { 0 }
            })
            .collect();
        let mut firsts: Vec<usize> = Vec::new();
        let mut by_hash: FxHashMap<u64, u32> = FxHashMap::default();
        let mut of_polygon = vec![NONE; hashes.len()];
        for (i, &hash) in hashes.iter().enumerate() {
            if wanted[layout.polygon(i).layer.index()] {
                of_polygon[i] = *by_hash.entry(hash).or_insert_with(|| {
                    firsts.push(i);
                    firsts.len() as u32 - 1
                });
            }
        }
        // Equal hashes of different outlines are next to impossible; such shapes just stand for themselves.
        let is_same = |i: usize, first: usize| {
            let (a, b) = (layout.polygon(i), layout.polygon(first));
            i == first || (a.layer == b.layer && same(a.points, b.points))
        };
        let odd: Vec<usize> = (0..hashes.len())
            .into_par_iter()
            .with_min_len(POLYGONS_A_TURN)
            .filter(|&i| of_polygon[i] != NONE && !is_same(i, firsts[of_polygon[i] as usize]))
            .collect();
        for i in odd {
            of_polygon[i] = firsts.len() as u32;
            firsts.push(i);
        }
        let unique = firsts
            .into_par_iter()
            .map(|polygon| {
                let drawn = layout.polygon(polygon);
                let from = origin(drawn.points);
                let bbox = BBox::of_points(drawn.points).transformed(&Transform::shift(-from[0], -from[1]));
                Shape { polygon, layer: drawn.layer, area: ring::area(drawn.points), bbox }
            })
            .collect();
        Self { unique, of_polygon }
    }

    /// The number of a polygon's outline; `None` on other layers.
    pub fn number(&self, polygon: usize) -> Option<usize> {
        let k = self.of_polygon[polygon];
        (k != NONE).then_some(k as usize)
    }

    /// The outline of a polygon; `None` on other layers.
    pub fn of(&self, polygon: usize) -> Option<&Shape> {
        self.number(polygon).map(|k| &self.unique[k])
    }
}

impl Shape {
    /// The box of a copy of which the first point is at `origin`.
    pub fn bbox_at(&self, origin: [f64; 2]) -> BBox {
        self.bbox.transformed(&Transform::shift(origin[0], origin[1]))
    }
}

/// The first point, which is the origin of the frame of a shape.
pub fn origin(points: &[Point]) -> [f64; 2] {
    points.first().map_or([0.0; 2], |p| [f64::from(p.x), f64::from(p.y)])
}

/// The points relative to the first one, without hairs and slits.
pub fn relative(points: &[Point]) -> Vec<Point> {
    let Some(&o) = points.first() else { return Vec::new() };
    let mut ring: Vec<Point> = points.iter().map(|p| Point::new(p.x - o.x, p.y - o.y)).collect();
    // Of most rings nothing is to be taken, as one look shows.
    if !ring::turns_back(&ring) {
        return ring;
    }
    ring::shave(&mut ring);
    ring::without_slits(&ring, false).unwrap_or(ring)
}

fn same(a: &[Point], b: &[Point]) -> bool {
    let (Some(p), Some(q)) = (a.first(), b.first()) else { return a.is_empty() && b.is_empty() };
    let (dx, dy) = (q.x.wrapping_sub(p.x), q.y.wrapping_sub(p.y));
    // Without an early exit the loop is over several points at once; it is nearly always gone through.
    a.len() == b.len()
        && a.iter().zip(b).fold(0, |odd, (a, b)| odd | (b.x.wrapping_sub(a.x) ^ dx) | (b.y.wrapping_sub(a.y) ^ dy)) == 0
}

/// Odd numbers with bits spread evenly, one for each chain.
const FACTORS: [u64; 4] = [0x9e37_79b9_7f4a_7c15, 0xc2b2_ae3d_27d4_eb4f, 0x1656_67b1_9e37_79f9, 0xd6e8_feb8_6659_fd93];

/// Hash of the points relative to the first one, in four chains that do not wait for each other.
fn hash(layer: u64, points: &[Point]) -> u64 {
    let Some(&o) = points.first() else { return layer };
    let mut chains = [layer, points.len() as u64, 0, 0];
    let word = |p: &Point| u64::from(p.x.wrapping_sub(o.x) as u32) | u64::from(p.y.wrapping_sub(o.y) as u32) << 32;
    let mut fours = points.chunks_exact(4);
    for four in &mut fours {
        for ((chain, p), factor) in chains.iter_mut().zip(four).zip(FACTORS) {
            *chain = (chain.rotate_left(23) ^ word(p)).wrapping_mul(factor);
        }
    }
    for ((chain, p), factor) in chains.iter_mut().zip(fours.remainder()).zip(FACTORS) {
        *chain = (chain.rotate_left(23) ^ word(p)).wrapping_mul(factor);
    }
    let all = chains
        .iter()
        .zip(FACTORS)
        .fold(0_u64, |all, (chain, factor)| (all.rotate_left(31) ^ chain ^ (chain >> 32)).wrapping_mul(factor));
    all ^ (all >> 29)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn square(x: i32, y: i32, size: i32) -> Vec<Point> {
        vec![Point::new(x, y), Point::new(x + size, y), Point::new(x + size, y + size), Point::new(x, y + size)]
    }

    #[test]
    fn moved_shapes_are_the_same_and_others_are_not() {
        let far = waveguard_geom::point::MAX_COORDINATE;
        let (a, b, c) = (square(-far, far - 10, 10), square(5, 7, 10), square(5, 7, 11));
        assert!(same(&a, &b) && !same(&b, &c));
        assert_eq!(hash(1, &a), hash(1, &b));
        assert!(hash(1, &b) != hash(1, &c) && hash(1, &b) != hash(2, &b));
        assert_eq!(relative(&a), relative(&b));
    }

    #[test]
    fn order_and_start_tell_shapes_apart() {
        let a = square(0, 0, 10);
        let mut turned = a.clone();
        turned.rotate_left(1);
        assert!(!same(&a, &turned));
        assert!(hash(1, &a) != hash(1, &turned));
        assert!(hash(1, &a[..3]) != hash(1, &a));
    }
}
