//! Core shapes outside devices: each outline traced once, and placed wherever it is drawn.

use std::sync::Arc;

use rustc_hash::FxHashMap;
use waveguard_base::CellId;
use waveguard_geom::transform::wrap_angle;
use waveguard_geom::{BBox, Point, Transform};

use crate::cells::{CellPlan, Instance, Leftover};
use crate::devices::{DeviceSource, Proto};
use crate::guides::{self, Guide};
use crate::pins::{LocalPort, PortSource};
use crate::plan::Plan;
use crate::recipe::PortKind;
use crate::shapes::{self, Shape, Shapes};
use crate::split::Copy;

/// What a trace came to.
type Traced = Result<Arc<Guide>, &'static str>;

/// The shapes outside devices of all circuit cells.
pub(crate) struct Free<'a> {
    plan: &'a Plan<'a>,
    shapes: &'a Shapes,
    copies: Vec<(CellId, Vec<Copy>)>,
    /// For each outline whether it is to be traced.
    wanted: Vec<bool>,
    traced: Vec<Option<Traced>>,
}

impl<'a> Free<'a> {
    /// Nothing yet.
    pub(crate) fn new(plan: &'a Plan<'a>, shapes: &'a Shapes) -> Self {
        let n = shapes.unique.len();
        Self { plan, shapes, copies: Vec::new(), wanted: vec![false; n], traced: vec![None; n] }
    }

    /// Takes the free shapes of a cell.
    pub(crate) fn add(&mut self, cell: CellId, copies: Vec<Copy>) {
        for group in copies.chunk_by(|a, b| a.polygon == b.polygon) {
            if let Some(k) = self.shapes.number(group[0].polygon) {
                self.wanted[k] |= self.refused(&self.shapes.unique[k], group.len()).is_none();
            }
        }
        self.copies.push((cell, copies));
    }

    /// Why a shape is not traced at all.
    fn refused(&self, shape: &Shape, copies: usize) -> Option<&'static str> {
        if !self.plan.is_guide[shape.layer.index()] {
            Some("no guides on this layer")
        } else if copies as u64 > self.plan.recipe.limits.free_placements {
            Some("placed too often to be traced")
        } else {
            None
        }
    }

    /// The outlines to trace, in order.
    pub(crate) fn outlines(&self) -> impl Iterator<Item = usize> {
        self.wanted.iter().enumerate().filter(|(_, w)| **w).map(|(k, _)| k)
    }

    /// Traces an outline in its own frame.
    pub(crate) fn trace(&self, outline: usize) -> Traced {
        let shape = &self.shapes.unique[outline];
        let points = shapes::relative(self.plan.layout.polygon(shape.polygon).points);
        guides::of_shape(self.plan, shape.layer, &points, f64::NAN).map(Arc::new)
    }

    /// Keeps the result of a trace.
    pub(crate) fn set(&mut self, outline: usize, traced: Traced) {
        self.traced[outline] = Some(traced);
    }

    /// Puts what was traced, and what is left over, into the cells.
    pub(crate) fn place(self, cells: &mut [CellPlan]) {
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
                let reason = match (self.refused(shape, group.len()), self.traced[outline].as_ref()) {
                    (None, Some(Ok(guide))) => {
                        let spine = spines.get(&polygon).copied();
                        let proto = *protos.entry((outline, spine.map(f64::to_bits))).or_insert_with(|| {
                            cell.protos.push(self.proto(shape, guide, spine));
                            cell.protos.len() - 1
                        });
                        cell.instances.extend(group.iter().map(|c| Instance { proto, shift: c.shift, origin }));
                        continue;
                    }
                    (Some(reason), _) => reason,
                    (None, Some(Err(reason))) => *reason,
                    (None, None) => continue,
                };
                if self.plan.is_core[shape.layer.index()] {
                    cell.leftovers.push(leftover(shape, origin, group, reason));
                }
            }
        }
    }

    fn proto(&self, shape: &Shape, guide: &Arc<Guide>, spine: Option<f64>) -> Proto {
        let mut core_area = vec![0.0; self.plan.recipe.core_layers.len()];
        if let Some(k) = self.plan.core_number(shape.layer) {
            core_area[k] = shape.area;
        }
        let guide = match spine {
            Some(spine_length) => Arc::new(Guide { spine_length, ..Guide::clone(guide) }),
            None => Arc::clone(guide),
        };
        let ends = guide.trace.ends.iter();
        let ports = ends.map(|end| LocalPort {
            name: String::new(),
            at: [end.x, end.y],
            direction_rad: wrap_angle(end.direction_rad),
            width: end.width,
            kind: PortKind::Optical,
            oriented: true,
            play: 0.0,
            source: PortSource::GuideEnd,
            section: guide.section,
        });
        Proto {
            ports: ports.collect(),
            outline: Vec::new(),
            bbox: shape.bbox,
            source: if spine.is_some() { DeviceSource::Spine } else { DeviceSource::Drawn },
            core_area,
            guide: Some(guide),
        }
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
