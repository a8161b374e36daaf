//! Forms and kinds of pairs looked at device by device, each below a top of its own.

use std::ops::Range;

use waveguard_base::CellId;
use waveguard_geom::Transform;

use super::pairs::{Key, Pair};
use super::{Form, Links, PlacedBlocks, RawForm};
use crate::attach::Explained;
use crate::cells::{CellPlan, WorkedOut};
use crate::connected::{self, Connected};
use crate::crossings::Crossing;
use crate::devices::Proto;
use crate::error::ExtractError;
use crate::extraction::{Job, World};
use crate::lines;
use crate::neighbours::{self, Search};
use crate::pins::LocalPort;
use crate::place::{Placed, PlacedTerminal, Placements, Rest};
use crate::plan::Plan;
use crate::ports::Ports;
use crate::runs::Run;
use crate::small;
use crate::tables::OverlapRow;
use crate::write::Guides;

/// What became of forms and kinds.
pub(super) struct Scene {
    pub(super) forms: Vec<Form>,
    pub(super) kinds: Vec<Links>,
    /// The cells, with what their devices became.
    pub(super) cells: Vec<CellPlan>,
}

/// Positions of equal devices differ by no more than this, in dbu.
const SAME_DBU: f64 = 1e-3;
/// The same for directions, in rad.
const SAME_RAD: f64 = 1e-6;

/// The tops that stand for forms and kinds: numbers that no cell has.
struct Tops {
    cells: usize,
    forms: usize,
}

impl Tops {
    fn form(&self, k: usize) -> CellId {
        CellId::from(self.cells + k)
    }

    fn kind(&self, k: usize) -> CellId {
        CellId::from(self.cells + self.forms + k)
    }

    fn number(&self, top: CellId) -> usize {
        top.index() - self.cells
    }
}

/// Looks at all forms and kinds; `None` when a pair is more than its two blocks, or something is in doubt.
///
/// # Errors
/// When the watch asks to stop.
pub(super) fn look(
    job: Job,
    worked: &WorkedOut,
    placed: &PlacedBlocks,
    keys: &[Key],
) -> Result<Option<Scene>, ExtractError> {
    let (plan, raw) = (job.plan, &placed.forms);
    let tops = Tops { cells: plan.layout.cells.len(), forms: raw.len() };
    let mut all = Placements::default();
    for (k, form) in raw.iter().enumerate() {
        add_form(form, tops.form(k), &mut all);
    }
    for (k, (a, b, by)) in keys.iter().enumerate() {
        let (a, b) = (&raw[*a as usize], &raw[*b as usize]);
        add_pair(a, b, by.map(f64::from_bits), tops.kind(k), &mut all);
    }
    let mut worked = worked.clone();
    job.watch.enter(3, all.devices.len() as u64);
    let Connected { merged, explained, alike, ports, starts, joined, strays, beside } =
        connected::connect(plan, job.shapes, &mut worked, &mut all, job.watch)?;
    let is_odd = !merged.twins.is_empty() || !strays.is_empty() || !beside.is_empty();
    if is_odd || !joined.crowded.is_empty() || !joined.cut.is_empty() {
        return Ok(None);
    }
    let world = World {
        dbu_nm: plan.layout.dbu_nm,
        cells: &worked.cells,
        placed: &all.devices,
        ports: &ports,
        starts: &starts,
    };
    let guides = Guides::new(&world, &alike);
    let beside = neighbours::find(&guides.lines, &Search::new(plan.recipe), job.watch)?;
    let (overlaps, mut cuts) = small::overlapping(plan, job.sums, &world, job.watch)?;
    // A pin that has no port in its own block may have one in the next.
    let mut problems = Vec::new();
    let _ = small::terminals(plan, &all.terminals, &ports, &joined, &mut problems, &mut cuts);
    if beside.is_cut(guides.len()) || !cuts.is_empty() || !problems.is_empty() {
        return Ok(None);
    }

    let parts = parts(&tops, &all, &starts, &guides, &explained, raw.len() + keys.len());
    let mut forms: Vec<Form> =
        raw.iter().zip(&parts).map(|(raw, part)| form(raw, part, &all.devices, &ports)).collect();
    for rest in all.rest {
        if let Some(form) = forms.get_mut(tops.number(rest.top)) {
            form.rest.push(rest);
        }
    }
    for one in &explained {
        if let Some(form) = forms.get_mut(one.top - tops.cells) {
            form.explained.resize(one.area.len(), 0.0);
            form.explained.iter_mut().zip(&one.area).for_each(|(sum, area)| *sum += area);
        }
    }
    for ((a, b, by), part) in keys.iter().zip(&parts[raw.len()..]) {
        let (k, l) = (*a as usize, *b as usize);
        let members = [(&raw[k], &forms[k], &parts[k]), (&raw[l], &forms[l], &parts[l])];
        if !is_sum(&worked.cells, &all.devices[part.devices.clone()], part, members, by.map(f64::from_bits)) {
            return Ok(None);
        }
    }

    let mut kinds: Vec<Links> = keys.iter().map(|_| Links::default()).collect();
    let mut sorter = Sorter { parts: &parts, keys, forms: &mut forms, kinds: &mut kinds };
    for (p, q) in joined.joins() {
        let k = tops.number(all.devices[ports.device(p)].top);
        sorter.put(k, |part| &part.ports, p, q, |links, p, q| links.joins.push([p as u32, q as u32]));
    }
    let top_of = |guide: usize| tops.number(CellId::from(guides.lines.placed[guide].top));
    for run in beside.runs.runs {
        sorter.put(
            top_of(run.a),
            |part| &part.guides,
            run.a,
            run.b,
            |links, a, b| {
                links.runs.push(Run { a, b, ..run });
            },
        );
    }
    for one in beside.crossings.crossings {
        sorter.put(
            top_of(one.a),
            |part| &part.guides,
            one.a,
            one.b,
            |links, a, b| {
                links.crossings.push(Crossing { a, b, ..one });
            },
        );
    }
    for row in overlaps {
        let (a, b) = (row.device_a as usize, row.device_b as usize);
        sorter.put(
            tops.number(all.devices[a].top),
            |part| &part.devices,
            a,
            b,
            |links, a, b| {
                links.overlaps.push(OverlapRow { device_a: a as i64, device_b: b as i64, ..row });
            },
        );
    }
    Ok(Some(Scene { forms, kinds, cells: worked.cells }))
}

/// What lies below each of `n` tops.
fn parts(
    tops: &Tops,
    all: &Placements,
    starts: &[usize],
    guides: &Guides,
    explained: &[Explained],
    n: usize,
) -> Vec<Part> {
    let mut parts = vec![Part::default(); n];
    let mut first = 0;
    for own in all.devices.chunk_by(|a, b| a.top == b.top) {
        let part = &mut parts[tops.number(own[0].top)];
        part.devices = first..first + own.len();
        part.ports = starts[first]..starts[first + own.len()];
        first += own.len();
    }
    let mut guide = 0;
    for part in &mut parts {
        let own = part.devices.clone().filter(|&d| guides.of_device(d).is_some()).count();
        part.guides = guide..guide + own;
        guide += own;
    }
    for rest in &all.rest {
        parts[tops.number(rest.top)].rest += 1;
    }
    for one in explained {
        parts[one.top - tops.cells].explained += 1;
    }
    parts
}

/// A form with its devices as they are put together; what is between them, and what is left over, comes later.
fn form(raw: &RawForm, part: &Part, devices: &[Placed], ports: &Ports) -> Form {
    Form {
        devices: devices[part.devices.clone()].to_vec(),
        copies: raw.copies,
        ports: part.ports.clone().map(|p| ports.kind(p)).collect(),
        guides: part.guides.len(),
        is_alone: raw.is_alone,
        ..Form::default()
    }
}

/// What lies below one of the tops.
#[derive(Clone, Debug, Default)]
struct Part {
    devices: Range<usize>,
    ports: Range<usize>,
    guides: Range<usize>,
    /// Number of shapes that nothing explains, and of those that are explained without being devices.
    rest: usize,
    explained: usize,
}

/// Sorts what was found in the scene to the form or the kind that it belongs to.
struct Sorter<'a> {
    parts: &'a [Part],
    keys: &'a [Key],
    forms: &'a mut [Form],
    kinds: &'a mut [Links],
}

impl Sorter<'_> {
    /// Puts what is between two numbered things below the `k`-th top: with the numbers they have in their forms. In a
    /// pair only what is between both of its blocks is new.
    fn put(
        &mut self,
        k: usize,
        range: impl Fn(&Part) -> &Range<usize>,
        a: usize,
        b: usize,
        add: impl FnOnce(&mut Links, usize, usize),
    ) {
        let first = range(&self.parts[k]).start;
        let (a, b) = (a - first, b - first);
        let Some(kind) = k.checked_sub(self.forms.len()) else {
            add(&mut self.forms[k].links, a, b);
            return;
        };
        let of_first = range(&self.parts[self.keys[kind].0 as usize]).len();
        if a < of_first && b >= of_first {
            add(&mut self.kinds[kind], a, b - of_first);
        }
    }
}

fn add_form(form: &RawForm, top: CellId, all: &mut Placements) {
    all.devices.extend(form.devices.iter().map(|d| Placed { top, ..*d }));
    all.terminals.extend(form.terminals.iter().map(|t| PlacedTerminal { top, ..t.clone() }));
    all.rest.extend(form.rest.iter().map(|r| Rest { top, ..r.clone() }));
}

fn add_pair(a: &RawForm, b: &RawForm, by: [f64; 2], top: CellId, all: &mut Placements) {
    all.devices.extend(a.devices.iter().map(|d| Placed { top, ..*d }));
    all.devices.extend(b.devices.iter().map(|d| Placed { top, copy: d.copy + a.copies, ..moved(d, by) }));
}

pub(super) fn moved(placed: &Placed, by: [f64; 2]) -> Placed {
    let add = |at: [f64; 2]| [at[0] + by[0], at[1] + by[1]];
    let transform = Transform { d: add(placed.transform.d), ..placed.transform };
    Placed { transform, at: add(placed.at), ..*placed }
}

/// True when the devices of a pair are those of its blocks.
fn is_sum(
    cells: &[CellPlan],
    devices: &[Placed],
    part: &Part,
    members: [(&RawForm, &Form, &Part); 2],
    by: [f64; 2],
) -> bool {
    let [(raw_a, a, part_a), (raw_b, b, part_b)] = members;
    // What the cells leave over is counted with the forms only.
    let rest = part_a.rest - raw_a.rest.len() + part_b.rest - raw_b.rest.len();
    if part.rest != rest || part.explained != part_a.explained + part_b.explained {
        return false;
    }
    let expected = a.devices.iter().copied().chain(b.devices.iter().map(|d| moved(d, by)));
    devices.len() == a.devices.len() + b.devices.len()
        && devices.iter().zip(expected).all(|(found, own)| is_same(cells, found, &own))
}

fn is_same(cells: &[CellPlan], a: &Placed, b: &Placed) -> bool {
    let near = |p: [f64; 2], q: [f64; 2]| (p[0] - q[0]).abs() <= SAME_DBU && (p[1] - q[1]).abs() <= SAME_DBU;
    if a.cell != b.cell || a.transform.m != b.transform.m || !near(a.transform.d, b.transform.d) {
        return false;
    }
    let protos = &cells[a.cell.index()].protos;
    a.proto == b.proto || is_alike(&protos[a.proto], &protos[b.proto])
}

/// True for devices worked out twice to the same.
fn is_alike(a: &Proto, b: &Proto) -> bool {
    let near = |p: f64, q: f64| (p - q).abs() <= SAME_DBU;
    let same_port = |p: &LocalPort, q: &LocalPort| {
        let turned = waveguard_geom::transform::wrap_angle(p.direction_rad - q.direction_rad).abs();
        p.name == q.name
            && p.kind == q.kind
            && p.source == q.source
            && p.section == q.section
            && near(p.at[0], q.at[0])
            && near(p.at[1], q.at[1])
            && near(p.width, q.width)
            && (turned <= SAME_RAD || (p.direction_rad.is_nan() && q.direction_rad.is_nan()))
    };
    let same_guide = match (&a.guide, &b.guide) {
        (None, None) => true,
        (Some(a), Some(b)) => {
            a.section == b.section && near(a.trace.length, b.trace.length) && a.line.len() == b.line.len()
        }
        _ => false,
    };
    let same_junction = match (a.junction, b.junction) {
        (None, None) => true,
        (Some(p), Some(q)) => near(p[0], q[0]) && near(p[1], q[1]),
        _ => false,
    };
    let same_box = (0..2).all(|k| near(a.bbox.min[k], b.bbox.min[k]) && near(a.bbox.max[k], b.bbox.max[k]));
    let same_area = a.core_area.iter().zip(&b.core_area).all(|(p, q)| (p - q).abs() <= SAME_AREA * p.abs().max(1.0));
    a.source == b.source
        && a.outline == b.outline
        && a.reason == b.reason
        && a.ports.len() == b.ports.len()
        && a.ports.iter().zip(&b.ports).all(|(p, q)| same_port(p, q))
        && same_guide
        && same_junction
        && same_box
        && same_area
}

/// Areas of equal devices differ by no more than this part.
const SAME_AREA: f64 = 1e-9;

impl Scene {
    /// True when all blocks together are more than a bound of the plan allows: which of them are left out is decided
    /// device by device.
    pub(super) fn is_beyond(&self, plan: &Plan, placed: &PlacedBlocks, pairs: &[Pair]) -> bool {
        let mut of_form = vec![0_u64; self.forms.len()];
        let mut of_kind = vec![0_u64; self.kinds.len()];
        for block in &placed.list {
            of_form[block.form as usize] += 1;
        }
        for pair in pairs {
            of_kind[pair.kind as usize] += 1;
        }
        let (mut ports, mut points, mut steps) = (0_u64, 0_u64, 0.0);
        let step = plan.dbu(lines::longest_piece_nm(plan.recipe.runs.reach_nm));
        for (form, &n) in self.forms.iter().zip(&of_form) {
            for placed in &form.devices {
                let proto = &self.cells[placed.cell.index()].protos[placed.proto];
                ports = ports.saturating_add(n.saturating_mul(proto.ports.len().max(1) as u64));
                if let Some(guide) = &proto.guide {
                    points = points.saturating_add(n.saturating_mul(guide.line.len() as u64));
                    steps += n as f64 * guide.trace.length * placed.transform.magnification() / step;
                }
            }
        }
        let links = self.forms.iter().map(|f| &f.links).zip(&of_form).chain(self.kinds.iter().zip(&of_kind));
        let (mut samples, mut crossings, mut overlaps) = (0_u64, 0_u64, 0_u64);
        for (own, n) in links {
            let own_samples: u64 = own.runs.iter().map(|r| u64::from(r.n_rows)).sum();
            samples = samples.saturating_add(n.saturating_mul(own_samples));
            crossings = crossings.saturating_add(n.saturating_mul(own.crossings.len() as u64));
            overlaps = overlaps.saturating_add(n.saturating_mul(own.overlaps.len() as u64));
        }
        let limits = &plan.recipe.limits;
        ports > limits.placed_ports
            || points > limits.line_points
            || steps > limits.line_steps as f64
            || samples >= limits.run_samples
            || crossings > limits.crossing_rows as u64
            || overlaps > limits.overlap_rows as u64
    }
}
