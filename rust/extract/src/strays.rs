//! Shapes that nothing explains and that lie on a guide of a known cell, or touch its side.
//!
//! Shapes beside each other that are drawn in circuits are one region, and what disturbs a guide there is a junction.
//! A cell with ports is known by its own shapes alone: what else is drawn on its guide has to be looked for.

use std::sync::{Arc, OnceLock};

use rayon::prelude::*;
use rustc_hash::FxHashMap;
use waveguard_base::{CellId, Problem};
use waveguard_geom::{BBox, GridIndex, Point, Transform};

use crate::cells::CellPlan;
use crate::contacts::distance;
use crate::devices::Proto;
use crate::drawn::Region;
use crate::guides::Guide;
use crate::holes;
use crate::nets::Joined;
use crate::network::{Lost, LostWhat};
use crate::pins::contains;
use crate::place::{Placed, Placements};
use crate::plan::Plan;
use crate::ports::Ports;
use crate::recipe::LayerPair;
use crate::uneven::{self, GuideEnds, Limits, Outline};

/// Shapes that are out of place.
#[derive(Clone, Debug)]
pub struct Stray {
    /// The top.
    pub top: CellId,
    /// Where on the guide, or the middle of the shapes, in dbu in the frame of the top.
    pub at: [f64; 2],
    /// What they are.
    pub what: What,
}

/// What shapes that are out of place are.
#[derive(Clone, Copy, Debug)]
pub enum What {
    /// One on a guide of that cell.
    OnGuide(CellId),
    /// So many teeth of a grating beside a shape to which no guide leads.
    Grating(usize),
    /// So many teeth in a row, to which no guide leads.
    Row(usize),
    /// So many letters of a text.
    Text(usize),
    /// The end of a guide of that cell, where another one goes on that is drawn on another layer.
    OtherLayer(CellId),
    /// One within a known device that is no guide, of that cell.
    InDevice(CellId),
    /// A place at which a body drawn in that cell differs from its other side.
    Uneven(CellId),
    /// A small hole in a body drawn in that cell.
    Hole(CellId),
    /// What goes on from a drawn shape of that cell, and whether it leads from one guide to another.
    Lost(CellId, LostWhat, bool),
}

impl Stray {
    /// What is wrong, in words for the listing of problems.
    pub fn problem(&self, plan: &Plan) -> Problem {
        let name = |cell: CellId| plan.layout.cell(cell).name.clone();
        let (code, subject) = match self.what {
            What::OnGuide(guide) => ("shape-on-guide", name(guide)),
            What::Grating(teeth) => ("grating-without-guide", format!("{teeth} teeth")),
            What::OtherLayer(guide) => ("joint-of-two-layers", name(guide)),
            What::InDevice(device) => ("shape-in-device", name(device)),
            What::Lost(cell, LostWhat::Arm, false) => ("arm-not-traced", name(cell)),
            What::Lost(cell, LostWhat::Arm, true) => ("stretch-not-traced", name(cell)),
            What::Lost(cell, LostWhat::Hair, _) => ("strip-on-guide", name(cell)),
            What::Uneven(cell) => (uneven::CODE, name(cell)),
            What::Hole(cell) => (holes::CODE, name(cell)),
            What::Text(letters) => ("text-on-guide-layer", format!("{letters} shapes")),
            What::Row(teeth) => ("row-without-guide", format!("{teeth} shapes")),
        };
        Problem::at(code, &name(self.top), self.at[0], self.at[1], subject)
    }
}

/// A shape close beside a guide.
#[derive(Clone, Copy, Debug)]
pub struct Beside {
    /// The guide, among the placed devices.
    pub device: usize,
    /// Between the two, in dbu.
    pub gap: f64,
    /// Where on the guide, in dbu in the frame of the top.
    pub at: [f64; 2],
}

/// What is drawn on guides, in the order in which the shapes were found; each shape once for each guide.
/// Then what is close beside them.
pub(crate) fn on_guides(plan: &Plan, cells: &[CellPlan], all: &Placements) -> (Vec<Stray>, Vec<Beside>) {
    let of = |placed: &Placed| -> &Proto { &cells[placed.cell.index()].protos[placed.proto] };
    let shapes: Vec<(&Placed, BBox)> =
        all.rest.iter().filter_map(|r| r.shape.as_ref().map(|placed| (placed, r.what.bbox))).collect();
    if shapes.is_empty() {
        return (Vec::new(), Vec::new());
    }
    let reach = plan.dbu(BESIDE_NM);
    let mut beside: Vec<Beside> = Vec::new();
    let boxes: Vec<BBox> = shapes.iter().map(|s| s.1).collect();
    let size = boxes.iter().map(|b| (b.max[0] - b.min[0]).max(b.max[1] - b.min[1])).sum::<f64>();
    let index = GridIndex::new(&boxes, size / boxes.len() as f64);
    let mut outlines: Vec<Option<Vec<Ring>>> = shapes.iter().map(|_| None).collect();
    let mut found: Vec<(usize, Stray)> = Vec::new();
    let mut near: Vec<usize> = Vec::new();
    for (device, placed) in all.devices.iter().enumerate() {
        let proto = of(placed);
        let Some(guide) = &proto.guide else {
            if !proto.is_free() {
                let inside =
                    |k: usize| shapes[k].0.top == placed.top && is_inside(of(shapes[k].0), shapes[k].0, proto, placed);
                index.candidates(&proto.bbox.transformed(&placed.transform), |k| {
                    if inside(k) {
                        let b = shapes[k].1;
                        let at = [f64::midpoint(b.min[0], b.max[0]), f64::midpoint(b.min[1], b.max[1])];
                        found.push((k, Stray { top: placed.top, at, what: What::InDevice(placed.cell) }));
                    }
                });
            }
            continue;
        };
        let Some(section) = guide.section else { continue };
        let pair = plan.recipe.guides[section].layer;
        near.clear();
        // Piece by piece: the box of a long guide holds most of a chip.
        let scale = placed.transform.magnification();
        for piece in guide.line.windows(2) {
            let half = piece[0][2].max(piece[1][2]) / 2.0 * scale;
            let ends = [0, 1].map(|i: usize| placed.transform.apply(piece[i][0], piece[i][1]));
            let mut window = BBox { min: ends[0], max: ends[0] };
            window.add(ends[1][0], ends[1][1]);
            let window = window.grown(half + reach);
            index.candidates(&window, |k| {
                let (shape, bbox) = &shapes[k];
                let is_same_layer = of(shape).layer.is_some_and(|layer| plan.pair(layer) == pair);
                if is_same_layer && shape.top == placed.top && bbox.touches(&window) {
                    near.push(k);
                }
            });
        }
        near.sort_unstable();
        near.dedup();
        for &k in &near {
            let (shape, bbox) = &shapes[k];
            let outline = outlines[k].get_or_insert_with(|| {
                of(shape).outline.iter().map(|ring| Ring::new(ring, &shape.transform)).collect()
            });
            // Free shapes that touch are one.
            let on = if proto.is_free() { None } else { touched(outline, bbox, proto, placed) };
            if let Some(at) = on {
                found.push((k, Stray { top: placed.top, at, what: What::OnGuide(placed.cell) }));
            } else if let Some((gap, at)) = gap(outline, proto, placed, reach) {
                beside.push(Beside { device, gap, at });
            }
        }
    }
    found.sort_by_key(|f| f.0);
    (found.into_iter().map(|f| f.1).collect(), beside)
}

/// What goes on from drawn guides and bodies and was not followed, in order of these.
pub(crate) fn lost(cells: &[CellPlan], all: &Placements) -> Vec<Stray> {
    let of = |placed: &Placed| {
        let proto = &cells[placed.cell.index()].protos[placed.proto];
        let stray = |lost: &Lost| Stray {
            top: placed.top,
            at: placed.transform.apply(lost.at[0], lost.at[1]),
            what: What::Lost(placed.cell, lost.what, proto.ports.len() == 2),
        };
        proto.lost.iter().map(stray).collect::<Vec<Stray>>()
    };
    let shapes = all.rest.iter().filter_map(|rest| rest.shape.as_ref());
    all.devices.iter().chain(shapes).flat_map(of).collect()
}

/// Places at which drawn bodies differ from their other sides, in order of the bodies.
pub(crate) fn uneven(plan: &Plan, cells: &[CellPlan], all: &Placements) -> Vec<Stray> {
    let proto = |(cell, proto): (CellId, usize)| &cells[cell.index()].protos[proto];
    let key = |placed: &Placed| (placed.cell, placed.proto);
    let is_body = |body: &(CellId, usize)| {
        let own = proto(*body);
        own.junction.is_some() && own.guide.is_none() && own.region.is_some()
    };
    let mut bodies: Vec<(CellId, usize)> = all.devices.iter().map(key).filter(is_body).collect();
    bodies.sort_unstable();
    bodies.dedup();
    // Bodies of one region share its outline, which may be that of a whole chip.
    let mut outlines: FxHashMap<usize, Option<Outline>> = FxHashMap::default();
    for region in bodies.iter().filter_map(|&body| proto(body).region.as_ref()) {
        outlines.entry(number(region)).or_insert_with(|| Outline::new(&region.rings));
    }
    let limits = Limits::new(plan);
    // Few bodies need them.
    let ends = OnceLock::new();
    let places: FxHashMap<(CellId, usize), [f64; 2]> = bodies
        .into_par_iter()
        .filter_map(|body| {
            let own = proto(body);
            let region = own.region.as_ref()?;
            let outline = outlines.get(&number(region))?.as_ref()?;
            let lines = || {
                let ends = ends.get_or_init(|| guide_ends(cells));
                ends.get(&(body.0, number(region))).map_or_else(Vec::new, |ends| ends.lines_from(&own.ports))
            };
            Some((body, outline.odd_around(&own.outline, &own.ports, lines, limits)?))
        })
        .collect();
    let stray = |placed: &Placed| {
        let own = places.get(&key(placed))?;
        let proto = proto(key(placed));
        let look = (proto.ports.len(), proto.outline.iter().map(Vec::len).sum::<usize>());
        let at = placed.transform.apply(own[0], own[1]);
        Some((look, Stray { top: placed.top, at, what: What::Uneven(placed.cell) }))
    };
    uneven::alone(all.devices.iter().filter_map(stray).collect())
}

/// What tells regions apart.
fn number(region: &Arc<Region>) -> usize {
    Arc::as_ptr(region).addr()
}

/// The ends of the guides that were cut out of each region, by cell.
fn guide_ends(cells: &[CellPlan]) -> FxHashMap<(CellId, usize), GuideEnds<'_>> {
    let mut guides: FxHashMap<(CellId, usize), Vec<&Guide>> = FxHashMap::default();
    for (i, cell) in cells.iter().enumerate() {
        for proto in &cell.protos {
            if let (Some(region), Some(guide)) = (&proto.region, &proto.guide) {
                guides.entry((CellId::from(i), number(region))).or_default().push(guide);
            }
        }
    }
    guides.into_iter().map(|(key, guides)| (key, GuideEnds::new(guides.into_iter()))).collect()
}

/// Small holes in drawn bodies. One that is there in many places was drawn so.
pub(crate) fn holes(cells: &[CellPlan], all: &Placements) -> Vec<Stray> {
    let stray = |placed: &Placed| {
        let hole = holes::small(&cells[placed.cell.index()].protos[placed.proto])?;
        let at = placed.transform.apply(hole.at[0], hole.at[1]);
        Some((hole, Stray { top: placed.top, at, what: What::Hole(placed.cell) }))
    };
    holes::alone(all.devices.iter().filter_map(stray).collect())
}

/// True when all of a shape lies within the outline of a device.
fn is_inside(shape: &Proto, shape_at: &Placed, device: &Proto, device_at: &Placed) -> bool {
    let Some(back) = device_at.transform.inverse() else { return false };
    let mut points = shape.outline.iter().flatten().peekable();
    points.peek().is_some()
        && points.all(|p| {
            let [x, y] = shape_at.transform.apply(f64::from(p.x), f64::from(p.y));
            let at = back.apply(x, y);
            device.outline.iter().any(|ring| contains(ring, at))
        })
}

/// Joints of two guides on layers that no cross-section is drawn on both of.
pub(crate) fn between_layers(
    plan: &Plan,
    cells: &[CellPlan],
    devices: &[Placed],
    ports: &Ports,
    joined: &Joined,
) -> Vec<Stray> {
    let guides = &plan.recipe.guides;
    let layer = |port: usize| {
        let placed = &devices[ports.device(port)];
        cells[placed.cell.index()].protos[placed.proto].guide.as_ref().map(|g| plan.pair(g.layer))
    };
    let is_alike = |a: LayerPair, b: LayerPair| {
        let names = guides.iter().filter(|g| g.layer == a).map(|g| &g.name);
        a == b || names.clone().any(|name| guides.iter().any(|g| g.layer == b && g.name == *name))
    };
    let mut known: FxHashMap<[LayerPair; 2], bool> = FxHashMap::default();
    let mut out = Vec::new();
    for (p, q) in joined.joins() {
        let (Some(a), Some(b)) = (layer(p), layer(q)) else { continue };
        if a != b && !*known.entry([a, b]).or_insert_with(|| is_alike(a, b)) {
            let placed = &devices[ports.device(p)];
            out.push(Stray { top: placed.top, at: ports.at(p), what: What::OtherLayer(placed.cell) });
        }
    }
    out
}

/// Shapes further from a guide than this are none of its, in nm: no process has a smallest gap that is wider.
const BESIDE_NM: f64 = 300.0;

/// Contact of two shapes that are rounded to the grid, in dbu.
const TOUCH: f64 = 1.0;

/// A ring of the outline of a shape as it is placed, with its edges in an index.
struct Ring {
    points: Vec<[f64; 2]>,
    edges: GridIndex,
}

impl Ring {
    fn new(ring: &[Point], at: &Transform) -> Self {
        let points: Vec<[f64; 2]> = ring.iter().map(|p| at.apply(f64::from(p.x), f64::from(p.y))).collect();
        let boxes: Vec<BBox> = (0..points.len())
            .map(|i| {
                let mut b = BBox { min: points[i], max: points[i] };
                let [x, y] = points[(i + 1) % points.len()];
                b.add(x, y);
                b
            })
            .collect();
        let around: f64 = boxes.iter().map(|b| b.max[0] - b.min[0] + b.max[1] - b.min[1]).sum();
        Self { edges: GridIndex::new(&boxes, around / points.len().max(1) as f64), points }
    }

    fn holds(&self, at: [f64; 2]) -> bool {
        let on_grid: Option<Vec<Point>> = self.points.iter().map(|q| Point::from_f64(q[0], q[1])).collect();
        on_grid.is_some_and(|ring| contains(&ring, at))
    }

    /// The shortest way from a piece of an axis to the ring within a reach, and where on the axis it begins.
    fn nearest(&self, piece: [[f64; 2]; 2], reach: f64) -> Option<(f64, [f64; 2])> {
        let mut window = BBox { min: piece[0], max: piece[0] };
        window.add(piece[1][0], piece[1][1]);
        let mut best: Option<(f64, [f64; 2])> = None;
        self.edges.candidates(&window.grown(reach), |i| {
            let (p, q) = (self.points[i], self.points[(i + 1) % self.points.len()]);
            let own = [(distance(p, piece), foot(p, piece)), (distance(q, piece), foot(q, piece))];
            let others = piece.map(|e| (distance(e, [p, q]), e));
            for (away, at) in own.into_iter().chain(others) {
                if away <= reach && best.is_none_or(|b| away < b.0) {
                    best = Some((away, at));
                }
            }
        });
        best
    }

    /// Places of a piece of an axis at which the ring comes within half the width: beside its corners, at the ends of
    /// the piece, and where its edges cross.
    fn contacts(&self, piece: [[f64; 2]; 2], half: f64) -> Vec<[f64; 2]> {
        let mut window = BBox { min: piece[0], max: piece[0] };
        window.add(piece[1][0], piece[1][1]);
        let mut out = Vec::new();
        self.edges.candidates(&window.grown(half), |i| {
            let (p, q) = (self.points[i], self.points[(i + 1) % self.points.len()]);
            if distance(p, piece) <= half {
                out.push(foot(p, piece));
            }
            out.extend(piece.iter().copied().filter(|&e| distance(e, [p, q]) <= half));
            out.extend(cross(piece, [p, q]));
        });
        out
    }
}

/// Where a shape lies on a guide or touches its side, but not where it meets an end of it.
fn touched(outline: &[Ring], bbox: &BBox, guide: &Proto, guide_at: &Placed) -> Option<[f64; 2]> {
    let traced = guide.guide.as_ref()?;
    let scale = guide_at.transform.magnification();
    let line: Vec<([f64; 2], f64)> =
        traced.line.iter().map(|p| (guide_at.transform.apply(p[0], p[1]), p[2] * scale)).collect();
    let (first, last) = (line.first()?, line.last()?);
    let is_end = |p: [f64; 2]| [first, last].iter().any(|(q, width)| (p[0] - q[0]).hypot(p[1] - q[1]) <= *width);
    let middle = [f64::midpoint(bbox.min[0], bbox.max[0]), f64::midpoint(bbox.min[1], bbox.max[1])];
    let away = |p: &[f64; 2]| (p[0] - middle[0]).hypot(p[1] - middle[1]);
    let nearest = |a: [f64; 2], b: [f64; 2]| if away(&b) < away(&a) { b } else { a };
    let pieces = || line.windows(2).map(|w| ([w[0].0, w[1].0], w[0].1.max(w[1].1) / 2.0 + TOUCH));
    // All of the guide may lie in the shape, far from the edges of that.
    let beside = pieces().map(|(piece, _)| foot(middle, piece)).reduce(nearest)?;
    let mut best: Option<[f64; 2]> = None;
    for ring in outline {
        let contacts = pieces().flat_map(|(piece, half)| ring.contacts(piece, half));
        let held = ring.holds(beside).then_some(beside);
        let inner = contacts.chain(held).filter(|&p| !is_end(p)).reduce(nearest);
        best = best.into_iter().chain(inner).reduce(nearest);
    }
    best
}

/// The narrowest gap between a shape and the side of a guide within a reach, and where on the axis it is.
fn gap(outline: &[Ring], guide: &Proto, guide_at: &Placed, reach: f64) -> Option<(f64, [f64; 2])> {
    let traced = guide.guide.as_ref()?;
    let scale = guide_at.transform.magnification();
    let line: Vec<([f64; 2], f64)> =
        traced.line.iter().map(|p| (guide_at.transform.apply(p[0], p[1]), p[2] * scale)).collect();
    let (first, last) = (line.first()?, line.last()?);
    // Before an end of a guide there is no side.
    let is_end = |p: [f64; 2]| [first, last].iter().any(|(q, width)| (p[0] - q[0]).hypot(p[1] - q[1]) <= *width);
    let pieces = || line.windows(2).map(|w| ([w[0].0, w[1].0], w[0].1.max(w[1].1) / 2.0));
    let gaps = outline.iter().flat_map(|ring| {
        pieces().filter_map(|(piece, half)| ring.nearest(piece, half + reach).map(|(away, at)| (away - half, at)))
    });
    gaps.filter(|g| g.0 > TOUCH && !is_end(g.1)).min_by(|a, b| a.0.total_cmp(&b.0))
}

/// The place of an edge that is nearest to a point.
fn foot(p: [f64; 2], [a, b]: [[f64; 2]; 2]) -> [f64; 2] {
    let d = [b[0] - a[0], b[1] - a[1]];
    let square = (d[0] * d[0] + d[1] * d[1]).max(f64::MIN_POSITIVE);
    let u = (((p[0] - a[0]) * d[0] + (p[1] - a[1]) * d[1]) / square).clamp(0.0, 1.0);
    [a[0] + u * d[0], a[1] + u * d[1]]
}

/// Where two edges cross.
fn cross([a, b]: [[f64; 2]; 2], [c, d]: [[f64; 2]; 2]) -> Option<[f64; 2]> {
    let (r, s) = ([b[0] - a[0], b[1] - a[1]], [d[0] - c[0], d[1] - c[1]]);
    let area = r[0] * s[1] - r[1] * s[0];
    let t = ((c[0] - a[0]) * s[1] - (c[1] - a[1]) * s[0]) / area;
    let u = ((c[0] - a[0]) * r[1] - (c[1] - a[1]) * r[0]) / area;
    let is_on = |v: f64| (0.0..=1.0).contains(&v);
    (is_on(t) && is_on(u)).then(|| [a[0] + t * r[0], a[1] + t * r[1]])
}

#[cfg(test)]
mod tests {
    use super::*;

    const AXIS: [[f64; 2]; 2] = [[0.0, 0.0], [10_000.0, 0.0]];

    fn square(x: i32, y: i32, size: i32) -> Ring {
        let corners = [(x, y), (x + size, y), (x + size, y + size), (x, y + size)];
        Ring::new(&corners.map(|(x, y)| Point::new(x, y)), &Transform::IDENTITY)
    }

    #[test]
    fn a_box_on_the_axis_is_found_where_it_lies() {
        let found = square(4000, -1000, 2000).contacts(AXIS, 250.0);
        assert!(!found.is_empty());
        assert!(found.iter().all(|p| (3000.0..=7000.0).contains(&p[0]) && p[1].abs() < 1e-9));
    }

    #[test]
    fn a_box_that_touches_the_side_is_found_and_one_beside_it_is_not() {
        assert!(!square(4000, 250, 100).contacts(AXIS, 250.0 + TOUCH).is_empty());
        assert!(square(4000, 255, 100).contacts(AXIS, 250.0 + TOUCH).is_empty());
    }

    #[test]
    fn an_axis_inside_a_large_shape_is_held_by_it() {
        let plate = square(-50_000, -50_000, 200_000);
        assert!(plate.contacts(AXIS, 250.0).is_empty() && plate.holds(AXIS[0]));
    }
}
