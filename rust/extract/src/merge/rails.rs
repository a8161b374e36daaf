//! Makes slot guides of rails that run side by side, whatever cells and pieces they are drawn in.

use std::f64::consts::PI;
use std::sync::Arc;

use rayon::prelude::*;
use rustc_hash::FxHashMap;
use waveguard_base::LayerId;
use waveguard_geom::transform::wrap_angle;
use waveguard_geom::{BBox, GridIndex, Point, region};

use super::{Arrangement, FormInfo, Item, Merger, Source, clusters};
use crate::contacts::{self, ShapeCopy};
use crate::drawn::{self, Drawn, Region};
use crate::slots::{self, Converter};
use crate::trace::{CapHint, End};

/// A traced end lies this close to where a converter was cut off, in dbu.
const AT_CUT: f64 = 3.0;

/// The ports of converters.
struct Openings {
    /// Number of the converter, and of its port.
    ports: Vec<(usize, usize)>,
    /// A guide ends there.
    is_met: Vec<bool>,
    index: GridIndex,
}

impl Openings {
    fn new(converters: &[Converter], tile: f64) -> Self {
        let all =
            || converters.iter().enumerate().flat_map(|(k, one)| one.ports.iter().enumerate().map(move |p| (k, p)));
        let ports: Vec<(usize, usize)> = all().map(|(k, (number, _))| (k, number)).collect();
        let boxes: Vec<BBox> = all().map(|(_, (_, p))| BBox { min: [p.x, p.y], max: [p.x, p.y] }).collect();
        Self { is_met: vec![false; ports.len()], ports, index: GridIndex::new(&boxes, tile) }
    }

    /// Those in a window at which no guide ends.
    fn near(&self, window: &BBox) -> Vec<usize> {
        let mut found = Vec::new();
        self.index.candidates(window, |k| {
            if !self.is_met[k] {
                found.push(k);
            }
        });
        found
    }
}

impl Merger<'_> {
    /// Puts slot guides, and what else is there, in place of rails beside each other.
    pub(super) fn unite_rails(&mut self) {
        let largest = |f: &dyn Fn(LayerId) -> Option<f64>| {
            self.plan.guide_layers.iter().filter_map(|&layer| f(layer)).reduce(f64::max)
        };
        let plan = self.plan;
        let Some(gap) = largest(&|layer| slots::largest_gap(plan, layer)) else { return };
        let has_rails: Vec<bool> = self.infos.par_iter().map(|info| self.has_rails(info)).collect();
        let is_rail = |copy: &ShapeCopy| has_rails[copy.form as usize];
        let kept: Vec<usize> = (0..self.items.len()).filter(|&i| !self.items[i].is_twin).collect();
        let copies: Vec<ShapeCopy> = kept.iter().map(|&i| self.items[i].copy).collect();
        if !copies.iter().any(is_rail) {
            return;
        }
        let pairs = contacts::beside(&copies, &self.forms, is_rail, gap, self.tile);
        let mut found = clusters(copies.len(), pairs.into_iter());
        found.retain(|cluster| cluster.iter().any(|&i| is_rail(&copies[i])));
        let found: Vec<Vec<usize>> = found.iter().map(|cluster| cluster.iter().map(|&i| kept[i]).collect()).collect();
        self.take_slots(&found);
    }

    /// True when a shape has cores no wider than rails; most shapes are guides that have none.
    fn has_rails(&self, info: &FormInfo) -> bool {
        let Some(widest) = slots::widest_rail(self.plan, info.layer) else { return false };
        let is_wider = |drawn: &Drawn| {
            let scale = match &info.source {
                Source::Outline(_, turn) => turn.magnification(),
                Source::United(..) => 1.0,
            };
            drawn.reason.is_none()
                && drawn.protos.iter().all(|p| p.guide.as_ref().is_some_and(|g| g.trace.width_min * scale > widest))
        };
        !is_wider(&info.drawn) && slots::has_rails(&region::union_of_regions(&[self.turned(info)]), widest)
    }

    /// The rings of a form as it is turned.
    fn turned(&self, info: &FormInfo) -> Vec<Vec<Point>> {
        let rings = self.outline(info);
        let Source::Outline(_, turn) = &info.source else { return rings };
        let place = |p: &Point| {
            let [x, y] = turn.apply(f64::from(p.x), f64::from(p.y));
            Point::from_f64(x, y)
        };
        rings.iter().filter_map(|ring| ring.iter().map(place).collect()).collect()
    }

    /// Replaces the items of clusters with slot guides in them; those that lie alike are worked out once.
    fn take_slots(&mut self, clusters: &[Vec<usize>]) {
        let mut numbers: FxHashMap<Arrangement, usize> = FxHashMap::default();
        let mut wanted: Vec<&Vec<usize>> = Vec::new();
        let of_cluster: Vec<usize> = clusters
            .iter()
            .map(|cluster| {
                *numbers.entry(self.arrangement(cluster)).or_insert_with(|| {
                    wanted.push(cluster);
                    wanted.len() - 1
                })
            })
            .collect();
        let made: Vec<Vec<FormInfo>> = wanted.par_iter().map(|cluster| self.with_slots(cluster)).collect();
        let mut forms: Vec<std::ops::Range<usize>> = Vec::with_capacity(made.len());
        for infos in made {
            let first = self.infos.len();
            self.infos.extend(infos);
            forms.push(first..self.infos.len());
        }
        let mut old: Vec<Option<Item>> = std::mem::take(&mut self.items).into_iter().map(Some).collect();
        let mut new = Vec::new();
        for (cluster, number) in clusters.iter().zip(of_cluster) {
            if forms[number].is_empty() {
                continue;
            }
            let members: Vec<Item> = cluster.iter().filter_map(|&i| old[i].take()).collect();
            let first = members[0].copy;
            let mut devices: Vec<(usize, usize)> = members.into_iter().flat_map(|m| m.devices).collect();
            devices.sort_unstable();
            for form in forms[number].clone() {
                let copy = ShapeCopy { form: form as u32, ..first };
                // The first part stands for all that was drawn.
                new.push(Item {
                    copy,
                    devices: std::mem::take(&mut devices),
                    is_new: true,
                    is_twin: false,
                    is_third: false,
                });
            }
        }
        self.items = old.into_iter().flatten().chain(new).collect();
    }

    /// The slot guides of a cluster, their converters, and the rest, in the frame of its first item; nothing where
    /// there are no slot guides.
    fn with_slots(&self, cluster: &[usize]) -> Vec<FormInfo> {
        let layer = self.infos[self.items[cluster[0]].copy.form as usize].layer;
        let (shapes, drawn_area) = self.shapes_of(cluster);
        let Some(found) = slots::resolve(self.plan, layer, &shapes) else { return Vec::new() };
        let rest = slots::parts(found.rest);
        let known: f64 = found.slots.iter().map(|s| s.area).sum::<f64>()
            + found.converters.iter().map(|c| c.area).sum::<f64>()
            + rest.iter().map(|part| region::area(part)).sum::<f64>();
        // Shapes that cross themselves have less area by their corners than they cover.
        let scale = (drawn_area / known.max(f64::MIN_POSITIVE)).min(1.0);
        // Coverage counts drawn areas, overlaps as often as they are drawn; ends of rails beyond others count, too.
        let mut extra = (drawn_area - known).max(0.0);
        let mut out = Vec::new();
        let mut add = |rings: Vec<Vec<Point>>, area: f64, drawn: &dyn Fn(f64) -> Drawn| {
            let area = area * scale + std::mem::take(&mut extra);
            out.push(FormInfo { source: Source::United(rings, area), layer, drawn: Arc::new(drawn(area)) });
        };
        let mut converters = found.converters;
        let mut openings = Openings::new(&converters, self.tile);
        for slot in &found.slots {
            add(slot.rings.clone(), slot.area, &|area| drawn::of_slot(self.plan, layer, slot, area));
        }
        for part in rest {
            let area = region::area(&part);
            add(part.clone(), area, &|area| drawn::of_region(self.plan, layer, &part, area));
        }
        for info in &out {
            self.meet(&info.drawn, &mut openings, &mut converters);
        }
        for info in &mut out {
            self.enter(info, &openings, &converters);
        }
        let mut add = |one: &Converter, area: f64| {
            let drawn = Arc::new(drawn::of_converter(self.plan, layer, one, area));
            out.push(FormInfo { source: Source::United(one.rings.clone(), area), layer, drawn });
        };
        for one in &converters {
            add(one, one.area * scale);
        }
        out
    }

    /// Ends of guides at openings of converters are where light goes from one to the other, as they were traced.
    fn meet(&self, drawn: &Drawn, openings: &mut Openings, converters: &mut [Converter]) {
        let reach = self.plan.dbu(self.plan.recipe.tolerances.snap_nm).max(AT_CUT);
        for end in drawn.protos.iter().filter(|p| p.guide.is_some()).flat_map(|p| &p.ports) {
            let [x, y] = end.at;
            for k in openings.near(&BBox { min: end.at, max: end.at }.grown(reach)) {
                let (converter, port) = openings.ports[k];
                let port = &mut converters[converter].ports[port];
                if (port.x - x).hypot(port.y - y) <= reach {
                    let direction_rad = wrap_angle(end.direction_rad + PI);
                    *port = End { x, y, direction_rad, width: end.width, cap_rad: direction_rad };
                    openings.is_met[k] = true;
                }
            }
        }
    }

    /// Works out again what light enters from a converter without a guide between.
    fn enter(&self, info: &mut FormInfo, openings: &Openings, converters: &[Converter]) {
        let Source::United(rings, area) = &info.source else { return };
        if info.drawn.protos.iter().all(|p| p.guide.is_some()) {
            return;
        }
        let mut found: Vec<usize> = Vec::new();
        for ring in rings {
            for (i, p) in ring.iter().enumerate() {
                let edge = [p, &ring[(i + 1) % ring.len()]].map(|p| [f64::from(p.x), f64::from(p.y)]);
                let mut bbox = BBox::EMPTY;
                for p in &edge {
                    bbox.add(p[0], p[1]);
                }
                found.extend(openings.near(&bbox.grown(AT_CUT)).into_iter().filter(|&k| {
                    let port = &converters[openings.ports[k].0].ports[openings.ports[k].1];
                    contacts::distance([port.x, port.y], edge) <= AT_CUT
                }));
            }
        }
        found.sort_unstable();
        found.dedup();
        let hints: Vec<CapHint> = found
            .iter()
            .map(|&k| &converters[openings.ports[k].0].ports[openings.ports[k].1])
            .map(|p| CapHint { x: p.x, y: p.y, direction_rad: wrap_angle(p.direction_rad + PI), width: p.width })
            .collect();
        let region = Region { layer: info.layer, rings: rings.clone(), area: *area, slot: None, jumps: Vec::new() };
        if let Some(protos) = (!hints.is_empty()).then(|| drawn::entered(self.plan, &region, &hints)).flatten() {
            info.drawn = Arc::new(Drawn { protos, ..Drawn::default() });
        }
    }
}
