//! Devices that lie on each other by more than a common border.

use waveguard_base::Watch;
use waveguard_geom::{BBox, GridIndex, Point, region};

use crate::error::ExtractError;

/// The outline of a placed device, in dbu in the frame of the top.
#[derive(Clone, Debug)]
pub struct Outline {
    /// Box of the rings.
    pub bbox: BBox,
    /// Rings; empty when the device has neither marker nor core.
    pub rings: Vec<Vec<Point>>,
    /// Cell index; equal cells at equal places are duplicates.
    pub cell: usize,
    /// Cell index of the top.
    pub top: usize,
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

/// Finds pairs that share more than `least_area` dbu² in a patch at least `least_depth` dbu thick.
///
/// `outline` delivers the outline of a device; it is asked only for devices whose boxes overlap.
///
/// # Errors
/// When the watch asks to stop.
pub fn find(
    boxes: &[(BBox, usize)],
    outline: impl Fn(usize) -> Outline,
    least_area: f64,
    least_depth: f64,
    watch: &Watch,
) -> Result<Vec<Overlap>, ExtractError> {
    let only: Vec<BBox> = boxes.iter().map(|b| b.0).collect();
    let index = GridIndex::new(&only, typical_size(&only));
    let mut found = Vec::new();
    let mut near = Vec::new();
    for (a, (b_a, top)) in boxes.iter().enumerate() {
        if a % 256 == 0 {
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
        if near.is_empty() {
            continue;
        }
        let own = outline(a);
        for &b in &near {
            let other = outline(b);
            let shared = region::intersection(&own.rings, &other.rings);
            let thick: Vec<&Vec<Point>> = shared.iter().filter(|r| thickness(r.as_ref()) >= least_depth).collect();
            let area = region::area(&thick);
            if area <= least_area {
                continue;
            }
            let mut bbox = BBox::EMPTY;
            thick.iter().for_each(|r| bbox.add_box(&BBox::of_points(r)));
            let whole = region::area(&region::union(&own.rings)).max(region::area(&region::union(&other.rings)));
            let duplicate = own.bbox == other.bbox && (own.cell == other.cell || whole - area <= least_area);
            found.push(Overlap { a, b, area, bbox, duplicate });
        }
    }
    Ok(found)
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
