//! Puts shapes together that are pieces of one, whatever cells they are drawn in.
//!
//! What was put together may touch its neighbours in another way than its pieces did, so this goes on until
//! nothing changes. Shapes and sets of shapes that are drawn alike are worked out once.

mod rails;

use std::sync::Arc;

use rayon::prelude::*;
use rustc_hash::FxHashMap;
use waveguard_base::LayerId;
use waveguard_geom::{BBox, Point, Transform, region, seam};

use crate::cells::WorkedOut;
use crate::contacts::{self, Form, ShapeCopy, Slack, Verdict};
use crate::drawn::{self, Drawn};
use crate::place::Placed;
use crate::plan::Plan;
use crate::shapes::{self, Shapes};
use crate::slots;

/// Boxes of outlines are no larger than this many widths of the widest guide.
const TILE_WIDTHS: f64 = 2.0;
/// And not smaller than this, in nm.
const LEAST_TILE_NM: f64 = 4000.0;
/// Rounds after which no more shapes are put together; two are usual.
const MOST_ROUNDS: usize = 8;

/// Cracks up to this wide are closed, in dbu: two corners may be off by a step of the grid.
pub const SEAM_DBU: f64 = 1.5;

/// Top and number of a copy of a shape.
pub type CopyId = (usize, u32);

/// How the members of a set of shapes lie: their forms, and their places relative to the first, bit by bit.
type Arrangement = Vec<(u32, [u64; 2])>;

/// World, form and place of a copy, the place bit by bit: the same for what is drawn again.
type Lies = ((u32, u32), u32, [u64; 2]);

/// What a form was made of.
enum Source {
    /// An outline as it is turned.
    Outline(u32, Transform),
    /// The union of several, and the area that they were drawn with.
    United(Vec<Vec<Point>>, f64),
}

struct FormInfo {
    source: Source,
    layer: LayerId,
    drawn: Arc<Drawn>,
}

/// A shape, or several that were put together.
struct Item {
    copy: ShapeCopy,
    /// Devices of the shapes it was drawn with, as first and one past the last.
    devices: Vec<(usize, usize)>,
    /// It was put together in the last round.
    is_new: bool,
    /// It lies on a shape that is the same.
    is_twin: bool,
    /// It lies on two that are: nothing more is to be learned from it.
    is_third: bool,
}

struct Merger<'a> {
    plan: &'a Plan<'a>,
    shapes: &'a Shapes,
    items: Vec<Item>,
    forms: Vec<Form>,
    infos: Vec<FormInfo>,
    /// Forms of sets of shapes that were met before: which forms, relative to the first.
    known: FxHashMap<Arrangement, Vec<u32>>,
    tile: f64,
}

/// Two copies of one shape at one place, or nearly.
#[derive(Clone, Copy, Debug)]
pub struct Twins {
    /// The copy that counts.
    pub first: CopyId,
    /// The one that lies on it.
    pub second: CopyId,
    /// Box of what they share, in dbu in the frame of the top.
    pub bbox: BBox,
    /// Area of that, in dbu².
    pub area: f64,
    /// True at one place.
    pub is_exact: bool,
}

/// What became of copies that were put together with others.
#[derive(Debug, Default)]
pub struct Merged {
    /// Shapes drawn twice.
    pub twins: Vec<Twins>,
    /// For copies that are no devices of their own any more, the copy that stands for them.
    pub stands_for: FxHashMap<CopyId, CopyId>,
}

/// Replaces the parts of shapes that are pieces of one by the parts of that one.
pub fn merge(plan: &Plan, shapes: &Shapes, worked: &mut WorkedOut, devices: &mut Vec<Placed>) -> Merged {
    if worked.cells.iter().flat_map(|cell| &cell.protos).all(|proto| proto.shape.is_none()) {
        return Merged::default();
    }
    let widest = plan.recipe.guides.iter().fold(0.0, |w: f64, g| w.max(g.width_max_nm));
    let tile = plan.dbu((TILE_WIDTHS * widest).max(LEAST_TILE_NM));
    let mut merger = Merger::new(plan, shapes, worked, devices, tile);
    let tolerances = &plan.recipe.tolerances;
    let slack = Slack { snap: plan.dbu(tolerances.snap_nm), angle_rad: tolerances.angle_rad };
    let mut merged = Merged::default();
    for _ in 0..MOST_ROUNDS {
        for (first, third) in merger.take_thirds() {
            merged.twins.extend(merger.twins(first, third, worked, devices));
        }
        let found = merger.contacts(slack);
        for &(a, b, _) in found.iter().filter(|f| f.2 == Verdict::Twins) {
            merged.twins.extend(merger.twins(a as usize, b as usize, worked, devices));
            // It adds nothing to what it lies on.
            merger.items[b as usize].is_twin = true;
        }
        let doubled = found.iter().filter(|f| f.2 == Verdict::Doubled);
        merged.twins.extend(doubled.filter_map(|&(a, b, _)| merger.doubled(a as usize, b as usize, devices)));
        let is_piece = |f: &&(u32, u32, Verdict)| {
            matches!(f.2, Verdict::Pieces | Verdict::Doubled)
                && ![f.0, f.1].iter().any(|&i| merger.items[i as usize].is_twin)
        };
        let pieces = found.iter().filter(is_piece).map(|&(a, b, _)| (a as usize, b as usize));
        let pieces: Vec<(usize, usize)> = pieces.collect();
        if pieces.is_empty() {
            break;
        }
        let clusters = clusters(merger.items.len(), pieces.into_iter());
        merger.unite(clusters);
    }
    merger.unite_rails();
    merged.stands_for = merger.replace(worked, devices);
    merged
}

impl<'a> Merger<'a> {
    fn new(plan: &'a Plan, shapes: &'a Shapes, worked: &WorkedOut, devices: &[Placed], tile: f64) -> Self {
        let mut items = Vec::new();
        let mut numbers: FxHashMap<(u32, [u64; 4]), u32> = FxHashMap::default();
        let mut turned: Vec<(u32, Transform)> = Vec::new();
        let mut first = 0;
        for group in devices.chunk_by(|a, b| a.top == b.top && a.copy == b.copy) {
            let from = first;
            first += group.len();
            let one = &group[0];
            let Some(shape) = worked.cells[one.cell.index()].protos[one.proto].shape else { continue };
            let t = one.transform;
            let [[a, b], [c, d]] = t.m;
            let form = *numbers.entry((shape, [a, b, c, d].map(f64::to_bits))).or_insert_with(|| {
                turned.push((shape, Transform { d: [0.0; 2], ..t }));
                turned.len() as u32 - 1
            });
            let layer = shapes.unique[shape as usize].layer.index() as u32;
            let copy = ShapeCopy { form, at: t.d, world: (one.top.index() as u32, layer) };
            items.push(Item { copy, devices: vec![(from, first)], is_new: true, is_twin: false, is_third: false });
        }
        let nothing = Arc::new(Drawn::default());
        let infos: Vec<FormInfo> = turned
            .into_iter()
            .map(|(shape, turn)| FormInfo {
                source: Source::Outline(shape, turn),
                layer: shapes.unique[shape as usize].layer,
                drawn: worked.drawn[shape as usize].clone().unwrap_or_else(|| Arc::clone(&nothing)),
            })
            .collect();
        let mut merger = Self { plan, shapes, items, forms: Vec::new(), infos, known: FxHashMap::default(), tile };
        merger.forms = merger.infos.par_iter().map(|info| merger.form(info)).collect();
        merger
    }

    /// Marks items of which two others lie exactly where they do; returns the first of these and the item. However
    /// often something was drawn, pairs of it are few.
    fn take_thirds(&mut self) -> Vec<(usize, usize)> {
        let mut met: FxHashMap<Lies, (usize, u32)> = FxHashMap::default();
        let mut thirds = Vec::new();
        for (i, item) in self.items.iter_mut().enumerate().filter(|(_, item)| !item.is_third) {
            let key = (item.copy.world, item.copy.form, item.copy.at.map(f64::to_bits));
            let (first, times) = met.entry(key).and_modify(|(_, times)| *times += 1).or_insert((i, 1));
            if *times > 2 {
                (item.is_twin, item.is_third) = (true, true);
                thirds.push((*first, i));
            }
        }
        thirds
    }

    /// Pairs of items that are more than apart, and how they lie.
    fn contacts(&self, slack: Slack) -> Vec<(u32, u32, Verdict)> {
        let looked_at: Vec<u32> =
            self.items.iter().zip(0..).filter(|(item, _)| !item.is_third).map(|(_, i)| i).collect();
        let items = || looked_at.iter().map(|&i| &self.items[i as usize]);
        let copies: Vec<ShapeCopy> = items().map(|item| item.copy).collect();
        let is_new: Vec<bool> = items().map(|item| item.is_new).collect();
        let mut found = contacts::find(&copies, &self.forms, &is_new, slack, self.tile);
        for (a, b, _) in &mut found {
            (*a, *b) = (looked_at[*a as usize], looked_at[*b as usize]);
        }
        found
    }

    /// Two items that are the same.
    fn twins(&self, a: usize, b: usize, worked: &WorkedOut, devices: &[Placed]) -> Option<Twins> {
        let one = |i: usize| self.items[i].devices.first().map(|d| &devices[d.0]);
        let (first, second) = (one(a)?, one(b)?);
        let id = |placed: &Placed| (placed.top.index(), placed.copy);
        let parts = &devices[self.items[a].devices.first()?.0..self.items[a].devices.first()?.1];
        let mut twins = Twins { first: id(first), second: id(second), bbox: BBox::EMPTY, area: 0.0, is_exact: true };
        for placed in parts {
            let proto = &worked.cells[placed.cell.index()].protos[placed.proto];
            twins.bbox.add_box(&proto.bbox.transformed(&placed.transform));
            twins.area += proto.core_area.iter().sum::<f64>() * placed.transform.magnification().powi(2);
        }
        Some(twins)
    }

    /// Two items that are the same guide at nearly the same place.
    fn doubled(&self, a: usize, b: usize, devices: &[Placed]) -> Option<Twins> {
        let id = |i: usize| self.items[i].devices.first().map(|d| (devices[d.0].top.index(), devices[d.0].copy));
        let (rings, _) = self.shapes_of(&[a, b]);
        let [one, other] = &rings[..] else { return None };
        let common = region::intersection(one, other);
        if common.is_empty() {
            return None;
        }
        let [x, y] = self.items[a].copy.at;
        let mut bbox = BBox::EMPTY;
        for ring in &common {
            bbox.add_box(&BBox::of_points(ring).transformed(&Transform::shift(x, y)));
        }
        Some(Twins { first: id(a)?, second: id(b)?, bbox, area: region::area(&common), is_exact: false })
    }

    fn form(&self, info: &FormInfo) -> Form {
        match &info.source {
            Source::Outline(_, turn) => Form::new(&self.outline(info), turn, &info.drawn, self.tile),
            Source::United(rings, _) => Form::new(rings, &Transform::IDENTITY, &info.drawn, self.tile),
        }
    }

    /// The rings of a form before it is turned.
    fn outline(&self, info: &FormInfo) -> Vec<Vec<Point>> {
        match &info.source {
            Source::Outline(shape, _) => {
                let polygon = self.shapes.unique[*shape as usize].polygon;
                vec![shapes::relative(self.plan.layout.polygon(polygon).points)]
            }
            Source::United(rings, _) => rings.clone(),
        }
    }

    /// How the items of a cluster lie.
    fn arrangement(&self, cluster: &[usize]) -> Arrangement {
        let from = self.items[cluster[0]].copy.at;
        let one = |&i: &usize| {
            let c = &self.items[i].copy;
            (c.form, [0, 1].map(|k: usize| (c.at[k] - from[k]).to_bits()))
        };
        cluster.iter().map(one).collect()
    }

    /// Makes each cluster of items one item, or as many as it has connected pieces.
    fn unite(&mut self, clusters: Vec<Vec<usize>>) {
        let key = |c: &Vec<usize>| if c.len() > 1 { self.arrangement(c) } else { Vec::new() };
        let keys: Vec<Arrangement> = clusters.iter().map(key).collect();
        let mut firsts: FxHashMap<&Arrangement, &Vec<usize>> = FxHashMap::default();
        let mut wanted: Vec<(&Arrangement, &Vec<usize>)> = Vec::new();
        for (key, cluster) in keys.iter().zip(&clusters).filter(|(_, c)| c.len() > 1) {
            if !self.known.contains_key(key) && firsts.insert(key, cluster).is_none() {
                wanted.push((key, cluster));
            }
        }
        let made: Vec<Vec<FormInfo>> = wanted.par_iter().map(|(_, cluster)| self.united(cluster)).collect();
        let new_forms: Vec<Vec<Form>> =
            made.par_iter().map(|infos| infos.iter().map(|i| self.form(i)).collect()).collect();
        let made_keys: Vec<Arrangement> = wanted.iter().map(|w| w.0.clone()).collect();
        for ((key, infos), forms) in made_keys.into_iter().zip(made).zip(new_forms) {
            let first = self.infos.len() as u32;
            let numbers = (first..first + infos.len() as u32).collect();
            self.infos.extend(infos);
            self.forms.extend(forms);
            self.known.insert(key, numbers);
        }
        let mut old: Vec<Option<Item>> = std::mem::take(&mut self.items).into_iter().map(Some).collect();
        for (key, cluster) in keys.iter().zip(clusters) {
            let mut members: Vec<Item> = cluster.iter().filter_map(|&i| old[i].take()).collect();
            if let [one] = &mut members[..] {
                one.is_new = false;
                self.items.append(&mut members);
                continue;
            }
            let first = members[0].copy;
            let mut devices: Vec<(usize, usize)> = members.into_iter().flat_map(|m| m.devices).collect();
            devices.sort_unstable();
            for &form in self.known.get(key).into_iter().flatten() {
                let copy = ShapeCopy { form, ..first };
                // The first connected piece stands for all that was drawn.
                self.items.push(Item {
                    copy,
                    devices: std::mem::take(&mut devices),
                    is_new: true,
                    is_twin: false,
                    is_third: false,
                });
            }
        }
    }

    /// The rings of each item of a cluster in the frame of its first item, with cracks of rounding closed, and the
    /// area that they were drawn with.
    fn shapes_of(&self, cluster: &[usize]) -> (Vec<Vec<Vec<Point>>>, f64) {
        let from = self.items[cluster[0]].copy.at;
        let mut rings = Vec::new();
        let mut drawn_area = 0.0;
        for &i in cluster {
            let copy = &self.items[i].copy;
            let info = &self.infos[copy.form as usize];
            let by = [copy.at[0] - from[0], copy.at[1] - from[1]];
            let turn = match &info.source {
                Source::Outline(shape, turn) => {
                    drawn_area += self.shapes.unique[*shape as usize].area * turn.magnification().powi(2);
                    *turn
                }
                Source::United(_, area) => {
                    drawn_area += area;
                    Transform::IDENTITY
                }
            };
            let place = |p: &Point| {
                let [x, y] = turn.apply(f64::from(p.x), f64::from(p.y));
                Point::from_f64(x + by[0], y + by[1])
            };
            // Holes go in as drawn: a union of an outer ring and its holes needs their orientation.
            let own: Vec<Vec<Point>> =
                self.outline(info).iter().filter_map(|r| r.iter().map(place).collect()).collect();
            rings.push(own);
        }
        let rings = match seam::closed(&rings.concat(), SEAM_DBU) {
            Some(closed) => closed_again(&rings, closed),
            None => rings,
        };
        (rings, drawn_area)
    }

    /// Works out the union of a cluster, one form for each connected piece, in the frame of its first item.
    fn united(&self, cluster: &[usize]) -> Vec<FormInfo> {
        let layer = self.infos[self.items[cluster[0]].copy.form as usize].layer;
        let (rings, drawn_area) = self.shapes_of(cluster);
        let united = region::union_of_regions(&rings);
        let united_area = region::area(&united);
        let extra = (drawn_area - united_area).max(0.0);
        // Shapes that cross themselves have less area by their corners than they cover.
        let scale = if drawn_area < united_area { drawn_area / united_area } else { 1.0 };
        let form = |(k, piece): (usize, Vec<Vec<Point>>)| {
            // Coverage counts drawn areas, overlaps as often as they are drawn.
            let area = region::area(&piece) * scale + if k == 0 { extra } else { 0.0 };
            let drawn = drawn::of_region(self.plan, layer, &piece, area);
            FormInfo { source: Source::United(piece, area), layer, drawn: Arc::new(drawn) }
        };
        slots::parts(united).into_iter().enumerate().map(form).collect()
    }

    /// Puts the parts of united shapes in place of those of their pieces; returns which copies went into which.
    fn replace(self, worked: &mut WorkedOut, devices: &mut Vec<Placed>) -> FxHashMap<CopyId, CopyId> {
        let mut stands_for = FxHashMap::default();
        let id = |i: usize| (devices[i].top.index(), devices[i].copy);
        let mut is_gone = vec![false; devices.len()];
        // By the first device of what they were drawn with; further connected pieces follow the first.
        let mut made: FxHashMap<usize, Vec<usize>> = FxHashMap::default();
        let mut last = 0;
        for (i, item) in self.items.iter().enumerate() {
            if matches!(self.infos[item.copy.form as usize].source, Source::Outline(..)) {
                continue;
            }
            if let Some(first) = item.devices.first() {
                last = first.0;
            }
            for &(from, to) in &item.devices {
                is_gone[from..to].fill(true);
                stands_for.insert(id(from), id(last));
            }
            made.entry(last).or_default().push(i);
        }
        if made.is_empty() {
            return stands_for;
        }
        let mut out = Vec::with_capacity(devices.len());
        let mut protos: FxHashMap<(usize, u32), usize> = FxHashMap::default();
        for (i, one) in devices.iter().enumerate() {
            if !is_gone[i] {
                out.push(*one);
            }
            for &item in made.get(&i).into_iter().flatten() {
                let copy = &self.items[item].copy;
                let drawn = &self.infos[copy.form as usize].drawn;
                let cell = &mut worked.cells[one.cell.index()];
                let first = *protos.entry((one.cell.index(), copy.form)).or_insert_with(|| {
                    cell.protos.extend(drawn.protos.iter().cloned());
                    cell.protos.len() - drawn.protos.len()
                });
                let transform = Transform::shift(copy.at[0], copy.at[1]);
                out.extend((first..first + drawn.protos.len()).map(|proto| Placed { proto, transform, ..*one }));
            }
        }
        *devices = out;
        stands_for
    }
}

/// The rings of each region, after all of them together were changed.
fn closed_again(regions: &[Vec<Vec<Point>>], closed: Vec<Vec<Point>>) -> Vec<Vec<Vec<Point>>> {
    let mut closed = closed.into_iter();
    regions.iter().map(|region| closed.by_ref().take(region.len()).collect()).collect()
}

/// All items, those that are pieces of one together, in order of their first.
pub(crate) fn clusters(n: usize, pairs: impl Iterator<Item = (usize, usize)>) -> Vec<Vec<usize>> {
    fn root(parent: &mut [usize], mut i: usize) -> usize {
        while parent[i] != i {
            parent[i] = parent[parent[i]];
            i = parent[i];
        }
        i
    }
    let mut parent: Vec<usize> = (0..n).collect();
    for (a, b) in pairs {
        let (a, b) = (root(&mut parent, a), root(&mut parent, b));
        parent[a.max(b)] = a.min(b);
    }
    let mut of: Vec<Vec<usize>> = vec![Vec::new(); n];
    for i in 0..n {
        of[root(&mut parent, i)].push(i);
    }
    of.into_iter().filter(|c| !c.is_empty()).collect()
}
