//! Devices that lie on each other by more than a common border.

use rayon::prelude::*;
use waveguard_base::Watch;
use waveguard_geom::{BBox, GridIndex, Point, Transform, region};

use crate::error::ExtractError;

/// The outline of a placed device, in dbu in the frame of the top.
#[derive(Clone, Debug)]
pub struct Outline {
    /// Box of the rings.
    pub bbox: BBox,
    /// A region: rings without crossings.
    pub rings: Vec<Vec<Point>>,
    /// Box of each ring.
    pub boxes: Vec<BBox>,
    /// Cell index; equal cells at equal places are duplicates.
    pub cell: usize,
}

impl Outline {
    /// Places the outline of a cell, which must be a region.
    pub fn placed(region: &[Vec<Point>], t: &Transform, cell: usize) -> Self {
        let mut rings: Vec<Vec<Point>> =
            region.iter().filter_map(|r| r.iter().map(|&p| t.apply_point(p)).collect()).collect();
        if t.is_mirrored() {
            // Outer rings stay counter-clockwise.
            rings.iter_mut().for_each(|r| r.reverse());
        }
        let boxes: Vec<BBox> = rings.iter().map(|r| BBox::of_points(r)).collect();
        let mut bbox = BBox::EMPTY;
        boxes.iter().for_each(|b| bbox.add_box(b));
        Self { bbox, rings, boxes, cell }
    }
}

/// Two devices that share area.
#[derive(Clone, Debug)]
pub struct Overlap {
    /// The smaller number.
    pub a: usize,
    /// The other device.
    pub b: usize,
    /// Shared area in dbu².
    pub area: f64,
    /// Box of the shared area in dbu.
    pub bbox: BBox,
    /// Both are the same.
    pub duplicate: bool,
}

/// Finds pairs that share more than `least_area` dbu² in a patch at least `least_depth` dbu thick, in
/// ascending order.
///
/// `outline` delivers the outline of a device; it is asked once, and only for devices whose boxes overlap.
///
/// # Errors
/// When the watch asks to stop.
pub fn find(
    boxes: &[(BBox, usize)],
    outline: impl Fn(usize) -> Outline + Sync,
    least_area: f64,
    least_depth: f64,
    watch: &Watch,
) -> Result<Vec<Overlap>, ExtractError> {
    let only: Vec<BBox> = boxes.iter().map(|b| b.0).collect();
    let index = GridIndex::new(&only, typical_size(&only));
    let mut pairs: Vec<(usize, usize)> = Vec::new();
    let mut near = Vec::new();
    for (a, (b_a, top)) in boxes.iter().enumerate() {
        if a % 1024 == 0 {
            watch.check()?;
        }
        near.clear();
        index.candidates(b_a, |b| {
            if b > a && boxes[b].1 == *top && depth(b_a, &only[b]) >= least_depth {
                near.push(b);
            }
        });
        near.sort_unstable();
        near.dedup();
        pairs.extend(near.iter().map(|&b| (a, b)));
    }
    let mut asked: Vec<usize> = pairs.iter().flat_map(|&(a, b)| [a, b]).collect();
    asked.sort_unstable();
    asked.dedup();
    let outlines: Vec<Outline> = asked.par_iter().map(|&i| outline(i)).collect();
    let of = |i: usize| asked.binary_search(&i).ok().map(|k| &outlines[k]);
    let found: Result<Vec<Option<Overlap>>, ExtractError> = pairs
        .par_iter()
        .map(|&(a, b)| {
            watch.check()?;
            let (Some(own), Some(other)) = (of(a), of(b)) else { return Ok(None) };
            Ok(compare(a, b, own, other, least_area, least_depth))
        })
        .collect();
    Ok(found?.into_iter().flatten().collect())
}

fn compare(a: usize, b: usize, own: &Outline, other: &Outline, least_area: f64, least_depth: f64) -> Option<Overlap> {
    let window = shared(&own.bbox, &other.bbox);
    let near = |o: &Outline| -> Vec<usize> { (0..o.rings.len()).filter(|&i| o.boxes[i].touches(&window)).collect() };
    let (mine, theirs) = (near(own), near(other));
    if mine.is_empty() || theirs.is_empty() {
        return None;
    }
    let rings = |o: &Outline, which: &[usize]| -> Vec<Vec<Point>> { which.iter().map(|&i| o.rings[i].clone()).collect() };
    let common = region::intersection(&rings(own, &mine), &rings(other, &theirs));
    let thick: Vec<&Vec<Point>> = common.iter().filter(|r| thickness(r) >= least_depth).collect();
    let area = region::area(&thick);
    if area <= least_area {
        return None;
    }
    let mut bbox = BBox::EMPTY;
    thick.iter().for_each(|r| bbox.add_box(&BBox::of_points(r)));
    let whole = region::area(&own.rings).max(region::area(&other.rings));
    let duplicate = own.bbox == other.bbox && (own.cell == other.cell || whole - area <= least_area);
    Some(Overlap { a, b, area, bbox, duplicate })
}

/// What two boxes share; empty when they are apart.
fn shared(a: &BBox, b: &BBox) -> BBox {
    BBox {
        min: [a.min[0].max(b.min[0]), a.min[1].max(b.min[1])],
        max: [a.max[0].min(b.max[0]), a.max[1].min(b.max[1])],
    }
}

/// The smaller extent of what two boxes share; negative when they are apart.
fn depth(a: &BBox, b: &BBox) -> f64 {
    let along = |k: usize| a.max[k].min(b.max[k]) - a.min[k].max(b.min[k]);
    along(0).min(along(1))
}

/// Twice the area by half the perimeter: the width of a strip, half the diameter of a disc.
fn thickness(ring: &[Point]) -> f64 {
    let b = BBox::of_points(ring);
    let by_box = (b.max[0] - b.min[0]).min(b.max[1] - b.min[1]);
    let mut around = 0.0;
    for (i, p) in ring.iter().enumerate() {
        around += (p.distance_sq(ring[(i + 1) % ring.len()]) as f64).sqrt();
    }
    by_box.min(4.0 * waveguard_geom::ring::area(ring) / around.max(1.0))
}

/// A tile size that fits most boxes.
fn typical_size(boxes: &[BBox]) -> f64 {
    let mut sizes: Vec<f64> =
        boxes.iter().filter(|b| !b.is_empty()).map(|b| (b.max[0] - b.min[0]).max(b.max[1] - b.min[1])).collect();
    if sizes.is_empty() {
        return 1.0;
    }
    let middle = sizes.len() / 2;
    *sizes.select_nth_unstable_by(middle, f64::total_cmp).1
}
