//! Shapes as small as what rounding moves: corners that a cut took off another shape.

use waveguard_geom::{BBox, GridIndex, region, region::Ring};

use crate::slots;

/// Shapes of this size hold nothing, in dbu.
const SPECK_DBU: f64 = 4.0;

/// The regions without specks, each of which is put back where it was cut off: a cap would be narrower without it. One
/// that has an edge in common with no other would bend the seam of those that meet there.
pub(super) fn put_back(regions: Vec<Vec<Ring>>, tile: f64) -> Vec<Vec<Ring>> {
    let boxes: Vec<BBox> = regions.iter().map(|own| boxed(own)).collect();
    let is_speck: Vec<bool> = boxes.iter().map(|b| (0..2).all(|k| b.max[k] - b.min[k] <= SPECK_DBU)).collect();
    if !is_speck.contains(&true) || !is_speck.contains(&false) {
        return regions;
    }
    let index = GridIndex::new(&boxes, tile);
    let mut whole: Vec<Option<Vec<Ring>>> =
        regions.iter().zip(&is_speck).map(|(own, is_speck)| (!is_speck).then(|| own.clone())).collect();
    for speck in (0..regions.len()).filter(|&i| is_speck[i]) {
        let mut near: Vec<usize> = Vec::new();
        index.candidates(&boxes[speck], |i| near.push(i));
        near.sort_unstable();
        near.dedup();
        let joined = near.into_iter().find_map(|i| {
            let own = whole[i].as_ref()?;
            // Those that touch in a point stay apart.
            let mut parts = slots::parts(region::union_of_regions(&[own.clone(), regions[speck].clone()]));
            (parts.len() == 1).then(|| (i, parts.swap_remove(0)))
        });
        if let Some((i, joined)) = joined {
            whole[i] = Some(joined);
        }
    }
    whole.into_iter().flatten().collect()
}

fn boxed(region: &[Ring]) -> BBox {
    let mut bbox = BBox::EMPTY;
    for ring in region {
        bbox.add_box(&BBox::of_points(ring));
    }
    bbox
}

#[cfg(test)]
mod tests {
    use waveguard_geom::Point;

    use super::*;

    fn ring(points: &[(i32, i32)]) -> Vec<Ring> {
        vec![points.iter().map(|&(x, y)| Point::new(x, y)).collect()]
    }

    #[test]
    fn a_corner_that_was_cut_off_is_put_back() {
        let guide = ring(&[(0, 0), (9000, 0), (9000, 498), (8998, 500), (0, 500)]);
        let next = ring(&[(9000, 0), (18_000, 0), (18_000, 500), (9000, 500)]);
        let corner = ring(&[(9000, 498), (9000, 500), (8998, 500)]);
        let found = put_back(vec![guide, next.clone(), corner.clone()], 4000.0);
        assert_eq!(found.len(), 2);
        assert!((region::area(&found[0]) - 4.5e6).abs() < 0.25);
        assert_eq!(found[1], next);
        assert_eq!(put_back(vec![corner.clone()], 4000.0), [corner]);
    }

    #[test]
    fn a_speck_that_lies_by_itself_is_left_out() {
        let guide = ring(&[(0, 0), (9000, 0), (9000, 500), (0, 500)]);
        let speck = ring(&[(9000, 500), (9002, 500), (9002, 502)]);
        assert_eq!(put_back(vec![guide.clone(), speck], 4000.0), [guide]);
    }
}
