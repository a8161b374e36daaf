//! Small shapes that may be boxes of a row.

use rustc_hash::FxHashMap;
use waveguard_base::LayerId;
use waveguard_geom::{Point, ring};

use super::is_small;
use crate::cells::CellPlan;
use crate::devices::Proto;
use crate::place::Placed;
use crate::plan::Plan;
use crate::shapes::{self, Shapes};

/// A small shape, in dbu in the frame of its top.
pub(super) struct Segment {
    /// Its device.
    pub(super) device: usize,
    pub(super) top: usize,
    pub(super) layer: LayerId,
    /// Centre of its area.
    pub(super) centre: [f64; 2],
    /// Corners in counter-clockwise order.
    pub(super) ring: Vec<[f64; 2]>,
    pub(super) area: f64,
}

/// Corners of a box up to which it is looked at: one whose sides follow a curve has some.
const MOST_CORNERS: usize = 64;

/// All small shapes that nobody knows more of.
pub(super) fn find(plan: &Plan, shapes: &Shapes, cells: &[CellPlan], devices: &[Placed]) -> Vec<Segment> {
    if plan.recipe.segments.gap_max_nm <= 0.0 {
        return Vec::new();
    }
    let mut rings: FxHashMap<(usize, usize), Option<Vec<Point>>> = FxHashMap::default();
    let mut out = Vec::new();
    for (device, placed) in devices.iter().enumerate() {
        let proto = &cells[placed.cell.index()].protos[placed.proto];
        let Some(layer) = proto.layer.filter(|_| may_be(plan, proto)) else { continue };
        let own = rings.entry((placed.cell.index(), placed.proto)).or_insert_with(|| outline(plan, shapes, proto));
        let Some(own) = own else { continue };
        let place = |p: &Point| placed.transform.apply(f64::from(p.x), f64::from(p.y));
        let mut ring: Vec<[f64; 2]> = own.iter().map(place).collect();
        if placed.transform.is_mirrored() {
            ring.reverse();
        }
        let (area, centre) = centred(&ring);
        out.push(Segment { device, top: placed.top.index(), layer, centre, ring, area });
    }
    out
}

pub(super) fn may_be(plan: &Plan, proto: &Proto) -> bool {
    let is_whole = proto.reason.is_some() || (proto.guide.is_some() && proto.region.is_none());
    proto.is_free() && proto.junction.is_none() && is_whole && is_small(plan, &proto.bbox)
}

/// The corners of a shape, counter-clockwise.
fn outline(plan: &Plan, shapes: &Shapes, proto: &Proto) -> Option<Vec<Point>> {
    let drawn = match (proto.shape, &proto.outline[..], &proto.guide) {
        (Some(shape), ..) => {
            let polygon = plan.layout.polygon(shapes.unique.get(shape as usize)?.polygon);
            shapes::relative(polygon.points)
        }
        (None, [ring], _) => ring.clone(),
        (None, _, Some(guide)) => {
            // What is left of a box that was put together from pieces and is long enough for a guide.
            let [[x0, y0, w], [x1, y1, v]] = guide.line[..] else { return None };
            let length = (x1 - x0).hypot(y1 - y0);
            let [nx, ny] = [(y0 - y1) / length / 2.0, (x1 - x0) / length / 2.0];
            let corner = |x: f64, y: f64, w: f64| Point::from_f64(x + nx * w, y + ny * w);
            [corner(x0, y0, -w), corner(x1, y1, -v), corner(x1, y1, v), corner(x0, y0, w)]
                .into_iter()
                .collect::<Option<Vec<Point>>>()?
        }
        _ => return None,
    };
    let mut cleaned = ring::cleaned(&drawn);
    if ring::double_area(&cleaned) < 0 {
        cleaned.reverse();
    }
    (4..=MOST_CORNERS).contains(&cleaned.len()).then_some(cleaned)
}

/// Area of a ring and the centre of it.
fn centred(ring: &[[f64; 2]]) -> (f64, [f64; 2]) {
    let o = ring[0];
    let (mut twice, mut sum) = (0.0, [0.0; 2]);
    for w in ring.windows(2) {
        let (p, q) = ([w[0][0] - o[0], w[0][1] - o[1]], [w[1][0] - o[0], w[1][1] - o[1]]);
        let cross = p[0] * q[1] - p[1] * q[0];
        twice += cross;
        (0..2).for_each(|k| sum[k] += cross * (p[k] + q[k]));
    }
    (twice / 2.0, [0, 1].map(|k: usize| o[k] + sum[k] / (3.0 * twice)))
}

impl Segment {
    /// How far it reaches from its centre in a direction.
    pub(super) fn reach(&self, [x, y]: [f64; 2]) -> f64 {
        let along = |p: &[f64; 2]| (p[0] - self.centre[0]) * x + (p[1] - self.centre[1]) * y;
        self.ring.iter().map(along).fold(f64::NEG_INFINITY, f64::max)
    }

    /// Its extent along a direction.
    pub(super) fn extent(&self, d: [f64; 2]) -> f64 {
        self.reach(d) + self.reach([-d[0], -d[1]])
    }
}
