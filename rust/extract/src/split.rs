//! Devices that were flattened into the cell that used them.
//!
//! Flattening leaves marker rings, pins and core shapes side by side in one cell. Each ring with pins is
//! taken as one device again, with the shapes inside it. The fact that gives a flattened cell away is that
//! its own pins face each other.

use std::cell::Cell;
use std::f64::consts::FRAC_PI_2;

use rustc_hash::FxHashMap;
use waveguard_base::{CellId, Problem};
use waveguard_geom::transform::wrap_angle;
use waveguard_geom::{BBox, GridIndex, Point, Transform, ring};

use crate::cuts::{PINS_NOT_READ, PORTS_TOO_DENSE};
use crate::facts::Facts;
use crate::inside::Inside;
use crate::pins::{Copies, Heading, LocalPort, Pin};
use crate::plan::Plan;
use crate::recipe::PortKind;
use crate::shapes::{self, Shapes};

/// One copy of a polygon.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Copy {
    /// Number of the polygon in the layout.
    pub polygon: usize,
    /// Displacement.
    pub shift: [f64; 2],
}

/// A ring with what lies in it.
#[derive(Clone, Debug, Default)]
pub struct Group {
    /// Number of the ring among the markers of the cell.
    pub ring: usize,
    /// Ports, directions settled.
    pub ports: Vec<LocalPort>,
    /// Shapes on core and guide layers.
    pub shapes: Vec<Copy>,
    /// A text in the ring says that it is no guide, whatever its core looks like.
    pub is_no_guide: bool,
}

/// Result of [`split`].
#[derive(Clone, Debug, Default)]
pub struct Split {
    /// Rings that have optical pins.
    pub groups: Vec<Group>,
    /// Pins that belong to no ring.
    pub loose: Vec<LocalPort>,
    /// Copies of shapes that belong to no ring; those of one polygon follow each other.
    pub free: Vec<Copy>,
    /// What was cut.
    pub problems: Vec<Problem>,
}

/// True when two optical pins of the cell lie at one place and face each other, and for a top with several
/// markers or with guides that lead out of its one.
pub fn is_flattened(plan: &Plan, cell: CellId, own: &Facts) -> bool {
    let is_top = plan.recipe.tops.contains(&cell.index());
    if let ([marker], true) = (&own.markers[..], is_top) {
        let room = BBox::of_points(marker).grown(plan.dbu(plan.recipe.tolerances.near_miss_nm));
        return !room.covers(&own.core_box);
    }
    if own.markers.len() < 2 {
        return false;
    }
    // A chip is no device, whatever is drawn in its top cell.
    if is_top {
        return true;
    }
    let snap = plan.dbu(plan.recipe.tolerances.snap_nm);
    let optical: Vec<&Pin> = own.pins.iter().filter(|p| p.port.kind == PortKind::Optical).collect();
    let boxes: Vec<BBox> = optical.iter().map(|p| BBox { min: p.port.at, max: p.port.at }).collect();
    let index = GridIndex::new(&boxes, 2.0 * snap);
    let face = |p: &Pin, q: &Pin| match (p.heading, q.heading) {
        (Heading::Known(a), Heading::Known(b)) => wrap_angle(a - b).cos() < 0.0,
        (Heading::Axis(..), Heading::Axis(..)) => true,
        _ => false,
    };
    optical.iter().enumerate().any(|(i, p)| {
        let (mut seen, mut found) = (0, false);
        index.candidates_while(&boxes[i].grown(snap), |j| {
            let q = optical[j];
            let near = (q.port.at[0] - p.port.at[0]).abs() <= snap && (q.port.at[1] - p.port.at[1]).abs() <= snap;
            found |= i != j && near && face(p, q);
            seen += 1;
            !found && seen < plan.recipe.limits.ports_nearby
        });
        found
    })
}

/// Sorts pins and shapes of a cell into its marker rings.
pub fn split(plan: &Plan, shapes: &Shapes, cell: CellId, own: &Facts) -> Split {
    let mut out = Split::default();
    let edge = plan.dbu(plan.recipe.tolerances.marker_edge_nm).max(1.0);
    let boxes: Vec<BBox> = own.markers.iter().map(|m| BBox::of_points(m)).collect();
    let areas: Vec<f64> = own.markers.iter().map(|m| ring::area(m)).collect();
    let index = GridIndex::new(&boxes, typical(&boxes));
    let rings: Vec<Inside> = own.markers.iter().map(|m| Inside::new(m)).collect();
    // Of nested rings the smallest is the device.
    let mut too_many_pins = 0;
    let dense = Cell::new(0_u64);
    let smallest = |window: &BBox, fits: &dyn Fn(usize) -> bool| -> Option<usize> {
        let mut best: Option<usize> = None;
        let mut seen = 0;
        let seen_all = index.candidates_while(window, |i| {
            seen += 1;
            if boxes[i].touches(window) && fits(i) {
                let better = best.is_none_or(|b| (areas[i], i) < (areas[b], b));
                best = if better { Some(i) } else { best };
            }
            seen < plan.recipe.limits.ports_nearby
        });
        dense.set(dense.get() + u64::from(!seen_all));
        best
    };
    let holding = |p: [f64; 2]| smallest(&BBox { min: p, max: p }, &|i| rings[i].contains(p));

    let twins = Twins::new(&own.markers, &boxes);
    let mut groups: Vec<Group> = (0..own.markers.len()).map(|ring| Group { ring, ..Group::default() }).collect();
    for &at in plan.entry(cell).iter().flat_map(|e| &e.device_texts) {
        // A text at a port stands where two markers meet, and may be of either.
        let [x, y] = at;
        let around = BBox { min: [x - edge, y - edge], max: [x + edge, y + edge] };
        let corners = [around.min, [x - edge, y + edge], around.max, [x + edge, y - edge]];
        let ring = smallest(&around, &|i| corners.iter().all(|&p| rings[i].contains(p)));
        if let Some(g) = ring {
            twins.all(g).iter().for_each(|&g| groups[g].is_no_guide = true);
        }
    }
    let seams = Seams::new(own, &boxes, plan.recipe.limits.ports_nearby, |pin| {
        let at = pin.port.at;
        let behind = |a: f64, d: f64| holding([at[0] - a.cos() * d, at[1] - a.sin() * d]);
        match pin.heading {
            Heading::Known(a) => Beside { half: 0.0, rings: [behind(a, edge), None] },
            Heading::Axis(a, half) => Beside { half, rings: [behind(a, half), behind(a, -half)] },
            Heading::Edge(b) | Heading::Block(b) => {
                let [w, h] = [0, 1].map(|k: usize| b.max[k] - b.min[k]);
                let (a, half) = (if w <= h { 0.0 } else { FRAC_PI_2 }, w.min(h) / 2.0);
                Beside { half, rings: [behind(a, half), behind(a, -half)] }
            }
            Heading::None => Beside { half: 0.0, rings: [holding(at), None] },
        }
    });
    // Where pins are drawn across the ring, half outside, the core is drawn as far.
    let mut reach: Vec<f64> = vec![edge; groups.len()];
    for (number, pin) in own.pins.iter().enumerate() {
        let at = pin.port.at;
        let Beside { half, rings: [behind, ahead] } = seams.beside[number];
        let shared: Vec<usize> = seams.shared(number, |g| groups[g].is_no_guide).collect();
        let rings: Vec<Option<usize>> = if shared.is_empty() {
            // Two devices meet here and each drew a pin; the first takes the side behind.
            let is_free = |g: &usize| half <= 0.0 || !groups[*g].ports.iter().any(|p| near(p.at, at, half));
            let ring = behind.filter(is_free).or_else(|| ahead.filter(is_free));
            let is_box = matches!(pin.heading, Heading::Edge(_) | Heading::Block(_));
            vec![if is_box { ring.or_else(|| holding(at)) } else { ring }]
        } else {
            shared.into_iter().map(Some).collect()
        };
        for ring in rings {
            match ring {
                Some(g) if groups[g].ports.len() >= plan.recipe.limits.device_ports => too_many_pins += 1,
                Some(g) => {
                    let g = twins.free(g, |g| groups[g].ports.iter().any(|p| near(p.at, at, edge)));
                    if let Heading::Axis(_, half) = pin.heading {
                        reach[g] = reach[g].max(half + edge);
                    }
                    groups[g].ports.push(pin.settled(&own.markers[g..=g], &boxes[g]));
                }
                None => out.loose.push(pin.settled(&[], &own.core_box)),
            }
        }
    }
    let is_device: Vec<bool> = groups.iter().map(|g| g.ports.iter().any(|p| p.kind == PortKind::Optical)).collect();
    let mut budget = Copies::new(plan);
    let any_device = is_device.contains(&true);
    for shape in plan.layout.polygons(cell) {
        let Some(outline) = shapes.of(shape.index) else { continue };
        if !any_device {
            budget.each(shape.repetition, |shift| out.free.push(Copy { polygon: shape.index, shift }));
            continue;
        }
        let b = outline.bbox_at(shapes::origin(shape.points));
        budget.each(shape.repetition, |shift| {
            let window = b.transformed(&Transform::shift(shift[0], shift[1]));
            let inside = |i: usize| {
                let room = boxes[i].grown(reach[i]);
                is_device[i] && room.covers(&window) && mostly_inside(&rings[i], shape.points, shift)
            };
            match smallest(&window, &inside) {
                Some(g) => {
                    let number = shapes.number(shape.index);
                    let has = |g: usize| groups[g].shapes.iter().any(|c| is_copy(plan, shapes, *c, number, window.min));
                    let g = twins.free(g, has);
                    groups[g].shapes.push(Copy { polygon: shape.index, shift });
                }
                None => out.free.push(Copy { polygon: shape.index, shift }),
            }
        });
    }
    for (group, is_device) in groups.into_iter().zip(is_device) {
        if is_device {
            out.groups.push(group);
        } else {
            out.loose.extend(group.ports);
        }
    }
    let name = &plan.layout.cell(cell).name;
    budget.report(plan, cell, &mut out.problems);
    for (count, code, limit) in
        [(too_many_pins, PINS_NOT_READ, "limits.device_ports"), (dense.get(), PORTS_TOO_DENSE, "limits.ports_nearby")]
    {
        if count > 0 {
            out.problems.push(Problem { count, ..Problem::of_cell(code, name, limit) });
        }
    }
    out
}

/// The rings that a pin may be of.
#[derive(Clone, Copy, Debug)]
struct Beside {
    /// Half the length of a pin without a direction, else 0.
    half: f64,
    /// Behind it, and ahead of it where its direction is not known.
    rings: [Option<usize>; 2],
}

/// Where rings meet at pins without a direction. Of two devices each drew its own; where there is but one, as where pins
/// were merged, it is of both: but not of a ring that has no other and no text, which says nothing of a device.
struct Seams {
    /// For each pin.
    beside: Vec<Beside>,
    /// For each pin whether it is optical, and alone between two rings beside each other.
    is_lone: Vec<bool>,
    /// For each ring the optical pins that it may have.
    n_pins: Vec<usize>,
}

impl Seams {
    /// Of the boxes of the markers, with at most so many pins looked at near each.
    fn new(own: &Facts, markers: &[BBox], most: usize, beside: impl Fn(&Pin) -> Beside) -> Self {
        let beside: Vec<Beside> = own.pins.iter().map(beside).collect();
        let is_optical = |i: usize| own.pins[i].port.kind == PortKind::Optical;
        let boxes: Vec<BBox> = own.pins.iter().map(|pin| BBox { min: pin.port.at, max: pin.port.at }).collect();
        let longest = beside.iter().fold(1.0_f64, |most, b| most.max(b.half));
        let index = GridIndex::new(&boxes, 2.0 * longest);
        // Among very many none is looked at as if it were alone.
        let is_alone = |i: usize| {
            let window = boxes[i].grown(beside[i].half);
            let mut seen = 0;
            index.candidates_while(&window, |j| {
                seen += 1;
                (i == j || !boxes[j].touches(&window)) && seen < most
            })
        };
        // A pin at the edge of a device that lies in another one is of the inner one.
        let is_within = |a: usize, b: usize| markers[b].covers(&markers[a]);
        let is_between = |i: usize| match beside[i].rings {
            [Some(a), Some(b)] => !is_within(a, b) && !is_within(b, a),
            _ => false,
        };
        let is_lone = (0..boxes.len()).map(|i| is_optical(i) && is_between(i) && is_alone(i)).collect();
        let mut n_pins = vec![0; own.markers.len()];
        for i in (0..beside.len()).filter(|&i| is_optical(i)) {
            let [behind, ahead] = beside[i].rings;
            behind.into_iter().chain(ahead.filter(|_| ahead != behind)).for_each(|ring| n_pins[ring] += 1);
        }
        Self { beside, is_lone, n_pins }
    }

    /// The rings of a pin that is of two.
    fn shared(&self, pin: usize, has_text: impl Fn(usize) -> bool) -> impl Iterator<Item = usize> {
        let of_two = match self.beside[pin].rings {
            [Some(behind), Some(ahead)] if self.is_lone[pin] => Some([behind, ahead]),
            _ => None,
        };
        of_two.into_iter().flatten().filter(move |&ring| self.n_pins[ring] > 1 || has_text(ring))
    }
}

/// Rings that are drawn again and again at one place, as of devices that lie on each other.
struct Twins(FxHashMap<usize, Vec<usize>>);

impl Twins {
    fn new(markers: &[Vec<Point>], boxes: &[BBox]) -> Self {
        let mut order: Vec<usize> = (0..markers.len()).collect();
        let corner = |i: usize| boxes[i].min.map(f64::to_bits);
        order.sort_by(|&a, &b| corner(a).cmp(&corner(b)).then_with(|| markers[a].cmp(&markers[b])).then(a.cmp(&b)));
        let same = order.chunk_by(|&a, &b| markers[a] == markers[b]).filter(|same| same.len() > 1);
        Self(same.map(|same| (same[0], same.to_vec())).collect())
    }

    /// The first of the rings at the place of one that does not have something already, else that one.
    fn free(&self, ring: usize, has: impl Fn(usize) -> bool) -> usize {
        self.0.get(&ring).and_then(|same| same.iter().copied().find(|&g| !has(g))).unwrap_or(ring)
    }

    /// A ring and those at its place.
    fn all(&self, ring: usize) -> Vec<usize> {
        self.0.get(&ring).cloned().unwrap_or_else(|| vec![ring])
    }
}

/// True when a copy is of an outline, with the corner of its box at a place.
fn is_copy(plan: &Plan, shapes: &Shapes, copy: Copy, number: Option<usize>, corner: [f64; 2]) -> bool {
    let own = shapes.number(copy.polygon);
    let Some(shape) = own.filter(|_| own == number).map(|k| &shapes.unique[k]) else { return false };
    let at = shape.bbox_at(shapes::origin(plan.layout.polygon(copy.polygon).points)).min;
    near([at[0] + copy.shift[0], at[1] + copy.shift[1]], corner, 0.5)
}

fn near(a: [f64; 2], b: [f64; 2], d: f64) -> bool {
    (a[0] - b[0]).hypot(a[1] - b[1]) <= d
}

/// True when the middles of at least half of the edges are inside: ends of guides lie on the ring.
fn mostly_inside(ring: &Inside, shape: &[Point], shift: [f64; 2]) -> bool {
    let n = shape.len();
    let inside = (0..n)
        .filter(|&i| {
            let (p, q) = (shape[i], shape[(i + 1) % n]);
            let x = f64::midpoint(f64::from(p.x), f64::from(q.x)) + shift[0];
            let y = f64::midpoint(f64::from(p.y), f64::from(q.y)) + shift[1];
            ring.contains([x, y])
        })
        .count();
    2 * inside >= n
}

/// A tile size that fits most rings.
fn typical(boxes: &[BBox]) -> f64 {
    let mut sizes: Vec<f64> = boxes.iter().map(|b| (b.max[0] - b.min[0]).max(b.max[1] - b.min[1])).collect();
    sizes.sort_by(f64::total_cmp);
    sizes.get(sizes.len() / 2).copied().unwrap_or(1.0)
}
