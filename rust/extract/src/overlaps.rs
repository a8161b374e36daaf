//! Devices that lie on each other by more than a common border.

pub(crate) mod drawn_guides;

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use rayon::prelude::*;
use waveguard_base::Watch;
use waveguard_geom::{BBox, GridIndex, Point, Transform, region};

use crate::error::ExtractError;

/// The outline of a placed device, in dbu in the frame of the top.
#[derive(Clone, Debug)]
pub struct Outline {
    /// Box of the rings.
    pub bbox: BBox,
    /// Rings as drawn.
    pub rings: Vec<Vec<Point>>,
    /// Box of each ring.
    pub boxes: Vec<BBox>,
    /// Cell index; equal cells at equal places are duplicates.
    pub cell: usize,
}

impl Outline {
    /// Places the outline of a cell.
    pub fn placed(rings: &[Vec<Point>], t: &Transform, cell: usize) -> Self {
        Self::of(rings.iter().filter_map(|r| r.iter().map(|&p| t.apply_point(p)).collect()).collect(), cell)
    }

    /// Of rings in the frame of the top.
    fn of(rings: Vec<Vec<Point>>, cell: usize) -> Self {
        let boxes: Vec<BBox> = rings.iter().map(|r| BBox::of_points(r)).collect();
        let mut bbox = BBox::EMPTY;
        for b in &boxes {
            bbox.add_box(b);
        }
        Self { bbox, rings, boxes, cell }
    }

    /// The rings inside a window.
    fn within(&self, window: &BBox) -> Vec<Contour> {
        let near = self.rings.iter().zip(&self.boxes).filter(|(_, b)| b.touches(window));
        let contours = near.map(|(r, _)| r.iter().map(|p| [f64::from(p.x), f64::from(p.y)]).collect::<Contour>());
        contours.filter_map(|c| clipped(&c, window)).collect()
    }
}

/// A ring off the grid, in dbu.
type Contour = Vec<[f64; 2]>;

/// Corners that are compared at once. Outlines of long guides have many thousand, and are cut up before.
const CORNERS_AT_ONCE: usize = 128;
/// Halvings of a window.
const MOST_CUTS: usize = 24;
/// Corners of both halves of a window against those of the whole, up to which cutting is worth it.
const MOST_GROWTH: f64 = 1.25;

/// What two sets of rings share inside a window: the window is halved until few corners are left or one
/// set has no area in it.
fn common(a: &[Contour], b: &[Contour], window: &BBox, cuts: usize, out: &mut Vec<Vec<Point>>) {
    if a.is_empty() || b.is_empty() {
        return;
    }
    let corners: usize = a.iter().chain(b).map(Vec::len).sum();
    let (w, h) = (window.max[0] - window.min[0], window.max[1] - window.min[1]);
    if corners <= CORNERS_AT_ONCE || cuts == MOST_CUTS || w.max(h) < 2.0 {
        out.extend(common_at_once(a, b));
        return;
    }
    let axis = usize::from(h > w);
    // On the grid, so that both halves round alike.
    let middle = f64::midpoint(window.min[axis], window.max[axis]).round();
    let (mut low, mut high) = (*window, *window);
    low.max[axis] = middle;
    high.min[axis] = middle;
    let halves = [low, high].map(|half| {
        let part = |set: &[Contour]| set.iter().filter_map(|c| clipped(c, &half)).collect::<Vec<Contour>>();
        (half, part(a), part(b))
    });
    let left: usize = halves.iter().flat_map(|(_, a, b)| a.iter().chain(b)).map(Vec::len).sum();
    if left as f64 > MOST_GROWTH * corners as f64 {
        // Shapes that lie on each other are not told apart by cutting them up.
        out.extend(common_at_once(a, b));
        return;
    }
    for (half, a, b) in halves {
        common(&a, &b, &half, cuts + 1, out);
    }
}

fn common_at_once(a: &[Contour], b: &[Contour]) -> Vec<Vec<Point>> {
    let region = |set: &[Contour]| {
        let on_grid = |c: &Contour| c.iter().filter_map(|p| Point::from_f64(p[0], p[1])).collect::<Vec<Point>>();
        region::union(&set.iter().map(on_grid).collect::<Vec<_>>())
    };
    region::intersection(&region(a), &region(b))
}

/// The part of a ring inside a box (Sutherland and Hodgman); `None` when it has no area. Parts apart stay
/// joined along the border of the box, by edges that enclose nothing.
fn clipped(ring: &Contour, window: &BBox) -> Option<Contour> {
    let mut points = ring.clone();
    let sides = [(0, window.min[0], 1.0), (0, window.max[0], -1.0), (1, window.min[1], 1.0), (1, window.max[1], -1.0)];
    for (axis, limit, sign) in sides {
        let depth = |p: &[f64; 2]| (p[axis] - limit) * sign;
        if points.iter().all(|p| depth(p) >= 0.0) {
            continue;
        }
        let mut kept = Vec::new();
        let mut before = *points.last()?;
        for p in points {
            let (d, e) = (depth(&before), depth(&p));
            if (d < 0.0) != (e < 0.0) {
                let share = d / (d - e);
                kept.push([before[0] + (p[0] - before[0]) * share, before[1] + (p[1] - before[1]) * share]);
            }
            if e >= 0.0 {
                kept.push(p);
            }
            before = p;
        }
        points = kept;
    }
    let origin = *points.first()?;
    let area: f64 = points
        .windows(2)
        .map(|w| (w[0][0] - origin[0]) * (w[1][1] - origin[1]) - (w[1][0] - origin[0]) * (w[0][1] - origin[1]))
        .sum();
    // Less than half a field of the grid is rounding.
    (area.abs() >= 1.0).then_some(points)
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
    /// A guide lies within the outline of a device and touches none of its core.
    pub outline_only: bool,
}

/// What was found, and what was not looked at.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// In ascending order of the pairs.
    pub overlaps: Vec<Overlap>,
    /// The first device that was not compared with all later ones, and the bound that was reached.
    pub cut: Option<(usize, &'static str)>,
}

/// Bounds on the search.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Boxes looked at and corners compared.
    pub steps: u64,
    /// Overlaps that are kept.
    pub rows: usize,
}

/// Pairs that are compared before the number of overlaps is looked at.
const PAIRS_TOGETHER: usize = 4096;
/// Corners of the outlines of such pairs.
const CORNERS_TOGETHER: u64 = 1_000_000;

/// Finds pairs that share more than `least_area` dbu² in a patch at least `least_depth` dbu thick, in
/// ascending order.
///
/// `outline` delivers the outline of a device, and `corners` how many it has; they are asked only for devices
/// whose boxes overlap.
///
/// # Errors
/// When the watch asks to stop.
pub fn find(
    boxes: &[(BBox, usize)],
    outline: impl Fn(usize) -> Outline + Sync,
    corners: impl Fn(usize) -> u64,
    least_area: f64,
    least_depth: f64,
    bounds: Bounds,
    watch: &Watch,
) -> Result<Found, ExtractError> {
    let only: Vec<BBox> = boxes.iter().map(|b| b.0).collect();
    let index = GridIndex::new(&only, typical_size(&only));
    // Steps that were taken in parallel: when there are too many, nobody goes on, and the first ones count instead.
    let taken = AtomicU64::new(0);
    // Those that overlap some devices, how many steps are left, and the device at which none were.
    let overlapping = |some: Range<usize>, steps: u64, is_parallel: bool| -> Result<Overlapping, ExtractError> {
        watch.check()?;
        let mut out = Overlapping { pairs: Vec::new(), left: steps, cut: None };
        let mut near = Vec::new();
        for a in some {
            let ((b_a, top), before) = (&boxes[a], out.left);
            near.clear();
            let seen_all = index.candidates_while(b_a, |b| {
                out.left = out.left.saturating_sub(1);
                if b > a && boxes[b].1 == *top && depth(b_a, &only[b]) >= least_depth {
                    out.left = out.left.saturating_sub(STEPS_A_PAIR);
                    near.push(b);
                }
                out.left > 0
            });
            near.sort_unstable();
            near.dedup();
            out.pairs.extend(near.iter().map(|&b| (a, b)));
            if !seen_all {
                out.cut = Some(a);
                break;
            }
            let own = before - out.left;
            if is_parallel && taken.fetch_add(own, Ordering::Relaxed).saturating_add(own) >= bounds.steps {
                break;
            }
        }
        Ok(out)
    };
    let turn = |k: usize| DEVICES_A_TURN * k..(DEVICES_A_TURN * (k + 1)).min(boxes.len());
    let turns = boxes.len().div_ceil(DEVICES_A_TURN);
    let found: Result<Vec<Overlapping>, ExtractError> =
        (0..turns).into_par_iter().map(|k| overlapping(turn(k), bounds.steps, true)).collect();
    let found = found?;
    let mut out = Found::default();
    let mut pairs: Vec<(usize, usize)> = Vec::new();
    if taken.load(Ordering::Relaxed) < bounds.steps && found.iter().all(|f| f.cut.is_none()) {
        pairs.extend(found.into_iter().flat_map(|f| f.pairs));
    } else {
        let mut left = bounds.steps;
        for k in 0..turns {
            let some = overlapping(turn(k), left, false)?;
            pairs.extend(some.pairs);
            left = some.left;
            if let Some(device) = some.cut {
                out.cut = Some((device, "overlap_steps"));
                break;
            }
        }
    }
    let mut left = bounds.steps;
    let mut next = 0;
    while next < pairs.len() {
        if left == 0 {
            out.cut = Some((pairs[next].0, "overlap_steps"));
            break;
        }
        let (from, mut together) = (next, 0);
        while next < pairs.len() && next - from < PAIRS_TOGETHER && together < CORNERS_TOGETHER {
            together += corners(pairs[next].0) + corners(pairs[next].1);
            next += 1;
        }
        left = left.saturating_sub(together);
        let portion = &pairs[from..next];
        let mut asked: Vec<usize> = portion.iter().flat_map(|&(a, b)| [a, b]).collect();
        asked.sort_unstable();
        asked.dedup();
        let outlines: Vec<Outline> = asked.par_iter().map(|&i| outline(i)).collect();
        let of = |i: usize| asked.binary_search(&i).ok().map(|k| &outlines[k]);
        let found: Result<Vec<Option<Overlap>>, ExtractError> = portion
            .par_iter()
            .map(|&(a, b)| {
                watch.check()?;
                let (Some(own), Some(other)) = (of(a), of(b)) else { return Ok(None) };
                Ok(compare(a, b, own, other, least_area, least_depth))
            })
            .collect();
        out.overlaps.extend(found?.into_iter().flatten());
        if out.overlaps.len() > bounds.rows {
            let first = out.overlaps[bounds.rows].a;
            out.overlaps.truncate(bounds.rows);
            out.cut = Some((first, "overlap_rows"));
            break;
        }
    }
    Ok(out)
}

/// Pairs of devices whose boxes overlap.
struct Overlapping {
    pairs: Vec<(usize, usize)>,
    /// Steps that are left.
    left: u64,
    /// The device at which none were left.
    cut: Option<usize>,
}

/// Devices a thread takes at once.
const DEVICES_A_TURN: usize = 1024;
/// What a pair of boxes that overlap costs of the steps, since it is kept until it is compared.
const STEPS_A_PAIR: u64 = 64;

fn compare(a: usize, b: usize, own: &Outline, other: &Outline, least_area: f64, least_depth: f64) -> Option<Overlap> {
    let window = shared(&own.bbox, &other.bbox);
    let (mine, theirs) = (own.within(&window), other.within(&window));
    let mut shared_rings = Vec::new();
    common(&mine, &theirs, &window, 0, &mut shared_rings);
    let thick: Vec<&Vec<Point>> = shared_rings.iter().filter(|r| thickness(r) >= least_depth).collect();
    let area = region::area(&thick);
    if area <= least_area {
        return None;
    }
    let mut bbox = BBox::EMPTY;
    for r in &thick {
        bbox.add_box(&BBox::of_points(r));
    }
    let whole = |o: &Outline| region::area(&region::union(&o.rings));
    let same_outline = || whole(own).max(whole(other)) - area <= least_area;
    let duplicate = own.bbox == other.bbox && (own.cell == other.cell || same_outline());
    Some(Overlap { a, b, area, bbox, duplicate, outline_only: false })
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A staircase of `n` steps, 500 wide, with some slanted edges, as long outlines of guides are.
    fn staircase(n: i32, dx: i32, dy: i32) -> Vec<Point> {
        let (mut lower, mut upper) = (Vec::new(), Vec::new());
        for i in (0..n).map(|i| i * 1000) {
            lower.extend([Point::new(i + dx, i + dy), Point::new(i + 1000 + dx, i + dy)]);
            upper.extend([Point::new(i + dx, i + 500 + dy), Point::new(i + 500 + dx, i + 500 + dy)]);
        }
        upper.reverse();
        lower.extend(upper);
        lower
    }

    fn overlaps(a: &[Point], b: &[Point]) -> Vec<Overlap> {
        let outlines = [a, b].map(|r| Outline::placed(&[r.to_vec()], &Transform::IDENTITY, 0));
        let boxes: Vec<(BBox, usize)> = outlines.iter().map(|o| (o.bbox, 0)).collect();
        let bounds = Bounds { steps: 1_000_000, rows: 1000 };
        let found = find(&boxes, |i| outlines[i].clone(), |_| 800, 1.0, 1.0, bounds, &Watch::default());
        let found = found.expect("no one cancels");
        assert!(found.cut.is_none());
        found.overlaps
    }

    #[test]
    fn a_pile_beyond_the_bounds_is_cut_and_its_place_is_named() {
        let one = Outline::placed(&[staircase(2, 0, 0)], &Transform::IDENTITY, 0);
        let boxes = vec![(one.bbox, 0); 200];
        let pile = |steps, rows| {
            find(&boxes, |_| one.clone(), |_| 8, 1.0, 1.0, Bounds { steps, rows }, &Watch::default())
                .expect("no one cancels")
        };
        let all = pile(10_000_000, 100_000);
        assert_eq!((all.overlaps.len(), all.cut), (200 * 199 / 2, None));
        let few = pile(10_000_000, 250);
        assert_eq!((few.overlaps.len(), few.cut), (250, Some((1, "overlap_rows"))));
        let early = pile(50_000, 100_000);
        assert!(early.cut.is_some_and(|(a, limit)| a > 0 && limit == "overlap_steps"));
        assert!(!early.overlaps.is_empty());
    }

    #[test]
    fn windows_give_the_same_area_as_all_at_once() {
        let a = staircase(200, 0, 0);
        for (dx, dy) in [(150, 0), (0, 250), (-350, 550), (20_000, 19_750)] {
            let b = staircase(200, dx, dy);
            let exact = region::intersection_area(&region::union(&[&a]), &region::union(&[&b]));
            let found: f64 = overlaps(&a, &b).iter().map(|o| o.area).sum();
            // Slanted edges are rounded where windows cut them.
            assert!((found - exact).abs() <= 1e-4 * exact.max(1.0), "{dx} {dy}: {found} of {exact}");
        }
    }

    #[test]
    fn rings_drawn_on_each_other_are_not_cut_up_without_end() {
        let square =
            |d: i32| vec![Point::new(d, d), Point::new(9000, d), Point::new(9000, 9000 + d), Point::new(d, 9000)];
        let pile = Outline::placed(&(0..60).map(square).collect::<Vec<_>>(), &Transform::IDENTITY, 0);
        let boxes = [(pile.bbox, 0); 2];
        let bounds = Bounds { steps: 1_000_000, rows: 10 };
        let found = find(&boxes, |_| pile.clone(), |_| 240, 1.0, 1.0, bounds, &Watch::default());
        let area = found.expect("no one cancels").overlaps[0].area;
        assert!((9000.0 * 9000.0..9060.0 * 9060.0).contains(&area), "{area}");
    }

    #[test]
    fn a_common_border_is_no_overlap() {
        let square = |x: i32| vec![Point::new(x, 0), Point::new(x + 10, 0), Point::new(x + 10, 10), Point::new(x, 10)];
        assert!(overlaps(&square(0), &square(10)).is_empty());
        assert_eq!(overlaps(&square(0), &square(7)).len(), 1);
        assert!(overlaps(&square(0), &square(0))[0].duplicate);
    }
}
