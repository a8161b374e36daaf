//! Shapes that one of several equal devices has and the others have not.
//!
//! In a flattened cell nobody says which shapes a device was drawn with. But what is placed more than once has the same
//! shapes each time: those that one copy has besides lie there by mistake. And a shape within another one of its device
//! does nothing at all.

use waveguard_geom::{BBox, Point, Transform, ring};

use crate::contacts::distance;
use crate::pins::contains;
use crate::plan::Plan;
use crate::split::{Copy, Group};

/// Rings of markers are equal when their areas differ by no more than this times their circumference, in dbu: corners
/// are rounded wherever a device is placed and turned.
const SAME_DBU: f64 = 2.0;
/// So many shapes more are another device.
const MOST_EXTRA: usize = 3;
/// Shapes of one device of which each is compared with all others,
const FEW_SHAPES: usize = 64;
/// and corners of one times those of the other: more are no box that was left there by mistake.
const FEW_CORNERS: usize = 1_000_000;

/// What shapes are compared by.
struct Form {
    copy: Copy,
    n: usize,
    area: f64,
    around: f64,
}

impl Form {
    fn is_like(&self, other: &Self) -> bool {
        self.n == other.n && (self.area - other.area).abs() <= SAME_DBU * self.around.max(other.around)
    }
}

/// The middles of odd shapes, in the frame of the cell, in order of the groups.
pub(crate) fn find(plan: &Plan, markers: &[Vec<Point>], groups: &[Group]) -> Vec<[f64; 2]> {
    let forms: Vec<Vec<Form>> = groups.iter().map(|g| forms(plan, g)).collect();
    let size = |g: &Group| (ring::area(&markers[g.ring]), around(&markers[g.ring]));
    let sizes: Vec<(f64, f64)> = groups.iter().map(size).collect();
    let mut order: Vec<usize> = (0..groups.len()).collect();
    order.sort_by(|&a, &b| {
        let ports = groups[a].ports.len().cmp(&groups[b].ports.len());
        ports.then(sizes[a].0.total_cmp(&sizes[b].0)).then(a.cmp(&b))
    });
    let is_same = |&a: &usize, &b: &usize| {
        let within = SAME_DBU * sizes[a].1.max(sizes[b].1);
        groups[a].ports.len() == groups[b].ports.len()
            && (sizes[a].0 - sizes[b].0).abs() <= within
            && (sizes[a].1 - sizes[b].1).abs() <= SAME_DBU * CORNERS
    };
    let mut odd: Vec<(usize, [f64; 2])> = Vec::new();
    for alike in order.chunk_by(is_same) {
        let Some(usual) = usual(alike, &forms) else { continue };
        for &g in alike.iter().filter(|&&g| forms[g].len() > forms[usual].len()) {
            let own = extra(&forms[usual], &forms[g]).into_iter().filter(|&copy| is_meant(plan, &groups[g], copy));
            odd.extend(own.map(|copy| (g, middle(plan, copy))));
        }
    }
    for (g, own) in forms.iter().enumerate().filter(|(_, own)| own.len() <= FEW_SHAPES) {
        let within = own.iter().filter(|f| is_meant(plan, &groups[g], f.copy) && is_within_another(plan, f, own));
        odd.extend(within.map(|f| (g, middle(plan, f.copy))));
    }
    odd.sort_by(|a, b| a.0.cmp(&b.0).then(a.1[0].total_cmp(&b.1[0])).then(a.1[1].total_cmp(&b.1[1])));
    odd.dedup();
    odd.into_iter().map(|(_, at)| at).collect()
}

/// True for a shape that can be seen and is no end of a guide that was drawn into the device.
fn is_meant(plan: &Plan, group: &Group, copy: Copy) -> bool {
    let points = plan.layout.polygon(copy.polygon).points;
    let shift = Transform::shift(copy.shift[0], copy.shift[1]);
    let bbox = BBox::of_points(points).transformed(&shift);
    let least = (0..2).map(|i| bbox.max[i] - bbox.min[i]).fold(f64::INFINITY, f64::min);
    // The box of what runs askew is much larger than itself.
    let reach = least.min(WIDTHS_NEAR * 2.0 * ring::area(points) / around(points));
    let is_near = |at: [f64; 2]| {
        let at = [at[0] - copy.shift[0], at[1] - copy.shift[1]];
        let place = |p: &Point| [f64::from(p.x), f64::from(p.y)];
        let edges = points.iter().zip(points.iter().cycle().skip(1)).map(|(p, q)| [place(p), place(q)]);
        contains(points, at) || edges.map(|edge| distance(at, edge)).any(|d| d <= reach)
    };
    let room = bbox.grown(least);
    least >= LEAST_DBU && !group.ports.iter().any(|p| room.contains(p.at[0], p.at[1]) && is_near(p.at))
}

/// A shape this many of its widths from a port may be the end of a guide.
const WIDTHS_NEAR: f64 = 2.0;

/// Smaller shapes mark places.
const LEAST_DBU: f64 = 10.0;
/// Corners of a marker, each of which may lengthen its circumference by rounding.
const CORNERS: f64 = 4.0;

fn forms(plan: &Plan, group: &Group) -> Vec<Form> {
    let form = |&copy: &Copy| {
        let points = plan.layout.polygon(copy.polygon).points;
        Form { copy, n: points.len(), area: ring::area(points), around: around(points) }
    };
    let mut out: Vec<Form> = group.shapes.iter().map(form).collect();
    out.sort_by(|a, b| a.n.cmp(&b.n).then(a.area.total_cmp(&b.area)));
    out
}

fn around(ring: &[Point]) -> f64 {
    (0..ring.len()).map(|i| (ring[i].distance_sq(ring[(i + 1) % ring.len()]) as f64).sqrt()).sum()
}

/// The first of the devices with as many shapes as most have; of two numbers as frequent the lower one.
fn usual(alike: &[usize], forms: &[Vec<Form>]) -> Option<usize> {
    let mut counts: Vec<(usize, usize)> = alike.iter().map(|&g| (forms[g].len(), g)).collect();
    counts.sort_unstable();
    let runs = counts.chunk_by(|a, b| a.0 == b.0);
    let most = runs.max_by(|a, b| a.len().cmp(&b.len()).then(b[0].0.cmp(&a[0].0)))?;
    (alike.len() > 1 && most[0].0 > 0).then_some(most[0].1)
}

/// The shapes of the second device that the first one does not have, when it has all others.
fn extra(usual: &[Form], own: &[Form]) -> Vec<Copy> {
    let mut left = Vec::new();
    let mut k = 0;
    for form in own {
        if usual.get(k).is_some_and(|u| u.is_like(form)) {
            k += 1;
        } else {
            left.push(form.copy);
        }
    }
    if k == usual.len() && left.len() <= MOST_EXTRA { left } else { Vec::new() }
}

fn is_within_another(plan: &Plan, form: &Form, own: &[Form]) -> bool {
    let own_shape = plan.layout.polygon(form.copy.polygon);
    let box_of = |f: &Form| {
        let shift = Transform::shift(f.copy.shift[0], f.copy.shift[1]);
        BBox::of_points(plan.layout.polygon(f.copy.polygon).points).transformed(&shift)
    };
    let inner = box_of(form);
    own.iter().any(|other| {
        let shape = plan.layout.polygon(other.copy.polygon);
        let outer = box_of(other);
        let d = [0, 1].map(|i: usize| form.copy.shift[i] - other.copy.shift[i]);
        shape.layer == own_shape.layer
            && other.area > form.area
            && shape.points.len() * own_shape.points.len() <= FEW_CORNERS
            && (0..2).all(|i| outer.min[i] < inner.min[i] && inner.max[i] < outer.max[i])
            && (0..own_shape.points.len()).all(|i| {
                // Middles of edges, too: the other one may have a notch there.
                let (p, q) = (own_shape.points[i], own_shape.points[(i + 1) % own_shape.points.len()]);
                let at = [f64::from(p.x) + d[0], f64::from(p.y) + d[1]];
                let between = [
                    f64::midpoint(f64::from(p.x), f64::from(q.x)) + d[0],
                    f64::midpoint(f64::from(p.y), f64::from(q.y)) + d[1],
                ];
                contains(shape.points, at) && contains(shape.points, between)
            })
    })
}

fn middle(plan: &Plan, copy: Copy) -> [f64; 2] {
    let b = BBox::of_points(plan.layout.polygon(copy.polygon).points);
    [0, 1].map(|i: usize| f64::midpoint(b.min[i], b.max[i]) + copy.shift[i])
}
