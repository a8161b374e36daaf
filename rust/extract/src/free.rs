//! Core shapes outside devices: each outline traced once, and placed wherever it is drawn.

use std::sync::Arc;

use rustc_hash::FxHashMap;
use waveguard_base::CellId;
use waveguard_geom::{BBox, Point, Transform};

use crate::cells::{CellPlan, Instance, Leftover};
use crate::devices::{DeviceSource, Proto};
use crate::drawn::{self, Drawn};
use crate::guides::Guide;
use crate::plan::Plan;
use crate::segments;
use crate::shapes::{self, Shape, Shapes};
use crate::split::Copy;

/// The shapes outside devices of all circuit cells.
pub(crate) struct Free<'a> {
    plan: &'a Plan<'a>,
    shapes: &'a Shapes,
    copies: Vec<(CellId, Vec<Copy>)>,
    /// For each outline whether it is to be worked out.
    wanted: Vec<bool>,
    drawn: Vec<Option<Arc<Drawn>>>,
}

impl<'a> Free<'a> {
    /// Nothing yet.
    pub(crate) fn new(plan: &'a Plan<'a>, shapes: &'a Shapes) -> Self {
        let n = shapes.unique.len();
        Self { plan, shapes, copies: Vec::new(), wanted: vec![false; n], drawn: vec![None; n] }
    }

    /// Takes the free shapes of a cell.
    pub(crate) fn add(&mut self, cell: CellId, copies: Vec<Copy>) {
        for group in copies.chunk_by(|a, b| a.polygon == b.polygon) {
            if let Some(k) = self.shapes.number(group[0].polygon) {
                self.wanted[k] |= self.refused(&self.shapes.unique[k], group).is_none();
            }
        }
        self.copies.push((cell, copies));
    }

    /// Why a shape is not looked at.
    fn refused(&self, shape: &Shape, group: &[Copy]) -> Option<&'static str> {
        let (plan, copies) = (self.plan, group.len() as u64);
        // However many there are, they may be the boxes of a row.
        let is_of_row = || {
            segments::is_thin(plan, &shape.bbox)
                && copies <= plan.recipe.limits.segments
                && !segments::is_array(plan, plan.layout.polygon(group[0].polygon).repetition)
        };
        if !plan.is_guide[shape.layer.index()] {
            Some("no guides on this layer")
        } else if is_speck(&shape.bbox) {
            Some("as small as rounding")
        } else if copies > plan.recipe.limits.free_placements && !is_of_row() {
            Some("placed too often to be traced")
        } else {
            None
        }
    }

    /// The outlines to work out, in order.
    pub(crate) fn outlines(&self) -> impl Iterator<Item = usize> {
        self.wanted.iter().enumerate().filter(|(_, w)| **w).map(|(k, _)| k)
    }

    /// Works an outline out in its own frame.
    pub(crate) fn trace(&self, outline: usize) -> Drawn {
        let shape = &self.shapes.unique[outline];
        let points = shapes::relative(self.plan.layout.polygon(shape.polygon).points);
        let mut drawn = drawn::of_region(self.plan, shape.layer, &[points], shape.area);
        drawn.protos.iter_mut().for_each(|p| p.shape = Some(outline as u32));
        drawn
    }

    /// Keeps what an outline came to.
    pub(crate) fn set(&mut self, outline: usize, drawn: Drawn) {
        self.drawn[outline] = Some(Arc::new(drawn));
    }

    /// Puts what was worked out, and what is left over, into the cells; returns what each outline came to.
    pub(crate) fn place(self, cells: &mut [CellPlan]) -> Vec<Option<Arc<Drawn>>> {
        let spines = spine_lengths(self.plan);
        for (cell, copies) in &self.copies {
            let cell = &mut cells[cell.index()];
            let mut protos: FxHashMap<(usize, Option<u64>), usize> = FxHashMap::default();
            cell.instances.reserve(copies.len());
            for group in copies.chunk_by(|a, b| a.polygon == b.polygon) {
                let polygon = group[0].polygon;
                let Some(outline) = self.shapes.number(polygon) else { continue };
                let shape = &self.shapes.unique[outline];
                let origin = shapes::origin(self.plan.layout.polygon(polygon).points);
                match (self.refused(shape, group), &self.drawn[outline]) {
                    (None, Some(drawn)) => {
                        let spine = spines.get(&polygon).copied().filter(|_| drawn.protos.len() == 1);
                        let first = *protos.entry((outline, spine.map(f64::to_bits))).or_insert_with(|| {
                            cell.protos.extend(drawn.protos.iter().map(|p| with_spine(p, spine)));
                            cell.protos.len() - drawn.protos.len()
                        });
                        for copy in group {
                            let one =
                                |k: usize| Instance { proto: first + k, shift: copy.shift, origin, is_first: k == 0 };
                            cell.instances.extend((0..drawn.protos.len()).map(one));
                        }
                    }
                    (Some(reason), _) if self.plan.is_core[shape.layer.index()] => {
                        cell.leftovers.push(leftover(shape, origin, group, reason));
                    }
                    _ => {}
                }
            }
        }
        self.drawn
    }
}

/// Shapes of this size hold nothing, in dbu: they are what rounding and broken tools leave, often at a joint.
const SPECK_DBU: f64 = 4.0;

fn is_speck(bbox: &BBox) -> bool {
    (0..2).all(|k| bbox.max[k] - bbox.min[k] <= SPECK_DBU)
}

/// The same, drawn as a PATH of that length.
fn with_spine(proto: &Proto, spine: Option<f64>) -> Proto {
    match (spine, &proto.guide) {
        (Some(spine_length), Some(guide)) => Proto {
            guide: Some(Arc::new(Guide { spine_length, ..Guide::clone(guide) })),
            source: DeviceSource::Spine,
            ..proto.clone()
        },
        _ => proto.clone(),
    }
}

fn leftover(shape: &Shape, origin: [f64; 2], group: &[Copy], reason: &'static str) -> Leftover {
    let own = shape.bbox_at(origin);
    let mut bbox = BBox::EMPTY;
    for copy in group {
        bbox.add_box(&own.transformed(&Transform::shift(copy.shift[0], copy.shift[1])));
    }
    Leftover { bbox, area: shape.area * group.len() as f64, count: group.len() as u64, reason }
}

/// Lengths of the spines of PATH elements by the number of their outline.
fn spine_lengths(plan: &Plan) -> FxHashMap<usize, f64> {
    let length = |spine: &[Point]| spine.windows(2).map(|w| (w[0].distance_sq(w[1]) as f64).sqrt()).sum();
    let paths = plan.layout.cells.iter().flat_map(|c| &c.paths).filter(|p| plan.is_guide[p.layer.index()]);
    paths.filter_map(|p| p.outline.map(|o| (o, length(&p.spine)))).collect()
}
