//! The network cell by cell: what is placed often is put together once, and so is each way in which two such cells
//! lie beside each other.
//!
//! A block is a placed cell with everything in it, or a device that stands alone. Blocks that differ by a displacement
//! have one form. Two blocks near each other are a pair, and pairs with equal forms and equal displacements are of one
//! kind. Forms and kinds are looked at device by device, each as a small layout of its own; from them follow all joins,
//! runs, crossings and overlaps of the whole. Where that cannot be said, since the devices of a pair are other devices
//! than those of its blocks, or three blocks meet in one place, or a bound is reached, or little is drawn alike, all
//! devices are placed and looked at together instead.

mod choice;
mod doubt;
mod flatten;
mod open;
mod pairs;
mod scene;

use waveguard_base::CellId;

use crate::cells::WorkedOut;
use crate::coverage::Totals;
use crate::crossings::Crossing;
use crate::error::ExtractError;
use crate::extraction::{Job, Outcome};
use crate::found::Network;
use crate::place::{Ground, Placed, PlacedTerminal, Rest};
use crate::recipe::PortKind;
use crate::runs::Run;
use crate::tables::OverlapRow;
use choice::Choice;
use pairs::{Near, Pair};

/// A placed cell with all that is in it, or a device of its own.
#[derive(Clone, Copy, Debug)]
struct Block {
    form: u32,
    depth: u32,
    top: CellId,
    /// Displacement of the form, in dbu in the frame of the top.
    d: [f64; 2],
    /// Origin of the placement of its cell.
    at: [f64; 2],
}

/// What blocks have in common that differ by a displacement only: everything but that.
#[derive(Debug, Default)]
struct Form {
    devices: Vec<Placed>,
    /// Copies of shapes among its devices.
    copies: u32,
    /// What each port carries.
    ports: Vec<PortKind>,
    /// Number of its guides.
    guides: usize,
    /// A device that stands alone: where its cell is placed is known of each block.
    is_alone: bool,
    links: Links,
    rest: Vec<Rest>,
    /// Areas that are explained without being devices.
    explained: Vec<f64>,
}

/// What is between the devices of a form, or between those of two blocks: ports, guides and devices are numbered in
/// each form.
#[derive(Debug, Default)]
struct Links {
    joins: Vec<[u32; 2]>,
    runs: Vec<Run>,
    crossings: Vec<Crossing>,
    overlaps: Vec<OverlapRow>,
}

/// A network cell by cell.
#[derive(Debug)]
pub struct Blocks {
    forms: Vec<Form>,
    kinds: Vec<Links>,
    list: Vec<Block>,
    pairs: Vec<Pair>,
    starts: Starts,
}

/// First device, port and guide of each block; one more than blocks.
#[derive(Debug, Default)]
struct Starts {
    devices: Vec<usize>,
    ports: Vec<usize>,
    guides: Vec<usize>,
}

impl Starts {
    fn new(forms: &[Form], list: &[Block]) -> Self {
        let of = |n: &dyn Fn(&Form) -> usize| crate::fill::starts(list.iter().map(|b| n(&forms[b.form as usize])));
        Self { devices: of(&|f| f.devices.len()), ports: of(&|f| f.ports.len()), guides: of(&|f| f.guides) }
    }
}

/// Ports of blocks that are joined, those of each block from a word of its own on.
struct Joined {
    words: Vec<u64>,
    starts: Vec<usize>,
}

const WORD: usize = u64::BITS as usize;

impl Joined {
    /// Joins within blocks and between them; `None` when a port has two partners.
    fn new(forms: &[Form], kinds: &[Links], list: &[Block], pairs: &[Pair]) -> Option<Self> {
        let own: Vec<Vec<u64>> = forms.iter().map(Form::joined).collect();
        let starts = crate::fill::starts(list.iter().map(|b| own[b.form as usize].len()));
        let mut joined = Self { words: Vec::with_capacity(*starts.last()?), starts };
        for b in list {
            joined.words.extend_from_slice(&own[b.form as usize]);
        }
        for pair in pairs {
            for [p, q] in &kinds[pair.kind as usize].joins {
                if !(joined.set(pair.a, *p) && joined.set(pair.b, *q)) {
                    return None;
                }
            }
        }
        Some(joined)
    }

    /// False when it was set before.
    #[inline]
    fn set(&mut self, block: u32, port: u32) -> bool {
        let word = &mut self.words[self.starts[block as usize] + port as usize / WORD];
        let bit = 1 << (port as usize % WORD);
        let is_new = *word & bit == 0;
        *word |= bit;
        is_new
    }

    fn of(&self, block: usize) -> &[u64] {
        &self.words[self.starts[block]..self.starts[block + 1]]
    }
}

impl Form {
    /// Bits of the ports that are joined within the form.
    fn joined(&self) -> Vec<u64> {
        self.bits(self.links.joins.iter().flatten().map(|&p| p as usize))
    }

    /// Bits of the ports of a kind.
    fn of_kind(&self, kind: PortKind) -> Vec<u64> {
        self.bits((0..self.ports.len()).filter(|&p| self.ports[p] == kind))
    }

    fn bits(&self, ports: impl Iterator<Item = usize>) -> Vec<u64> {
        let mut words = vec![0_u64; self.ports.len().div_ceil(WORD)];
        ports.for_each(|p| words[p / WORD] |= 1 << (p % WORD));
        words
    }
}

/// Finds the network cell by cell; `None` where that does not say all, or does not pay.
///
/// # Errors
/// When the watch asks to stop.
pub(crate) fn find(job: Job, worked: &WorkedOut) -> Result<Option<Outcome>, ExtractError> {
    let ground = Ground { plan: job.plan, roles: job.roles, cells: &worked.cells, wanted: job.wanted };
    let Some(choice) = Choice::new(ground, job.tops) else { return Ok(None) };
    let placed = choice.place(ground, job.tops);
    job.watch.check()?;
    let reach = pairs::reach(job.plan, &worked.cells);
    let Some(near) = pairs::find(&placed, &worked.cells, reach, choice.most_devices) else { return Ok(None) };
    let Near { pairs, keys, index } = near;
    job.watch.check()?;
    if doubt::is_any(job.plan, &worked.cells, &placed.forms, &keys) {
        return Ok(None);
    }
    let Some(scene) = scene::look(job, worked, &placed, &keys)? else { return Ok(None) };
    if scene.is_beyond(job.plan, &placed, &pairs) {
        return Ok(None);
    }
    let Some(joined) = Joined::new(&scene.forms, &scene.kinds, &placed.list, &pairs) else { return Ok(None) };
    let totals = || totals(job, &scene, &placed.list, &joined);
    let (totals, starts) = rayon::join(totals, || Starts::new(&scene.forms, &placed.list));
    let scene::Scene { forms, kinds, cells } = scene;
    let blocks = Blocks { forms, kinds, list: placed.list, pairs, starts };
    let mut problems = Vec::new();
    let Some((near_misses, terminals)) =
        open::find(job.plan, &cells, &blocks, &index, &joined, &placed.terminals, &mut problems)
    else {
        return Ok(None);
    };
    let overlaps = blocks.overlaps(job.plan.layout.dbu_nm);
    let mut rest = placed.rest;
    rest.extend(blocks.rest());
    let network = Network::Blocks(Box::new(blocks));
    let shapes_beside = Vec::new();
    Ok(Some(Outcome { cells, network, near_misses, shapes_beside, overlaps, terminals, totals, rest, problems }))
}

/// Sums over the blocks of each top.
fn totals(job: Job, scene: &scene::Scene, list: &[Block], joined: &Joined) -> Vec<Totals> {
    const KINDS: [PortKind; 2] = [PortKind::Optical, PortKind::Electrical];
    let forms = &scene.forms;
    let of_kind: Vec<[Vec<u64>; 2]> = forms.iter().map(|f| KINDS.map(|kind| f.of_kind(kind))).collect();
    let mut totals = vec![Totals::new(job.plan.recipe.core_layers.len()); job.tops.len()];
    let mut first = 0;
    for (&top, totals) in job.tops.iter().zip(&mut totals) {
        let n = list[first..].iter().take_while(|b| b.top == top).count();
        let mut counts = vec![0_u64; forms.len()];
        let mut met = [0_u64; 2];
        for (i, block) in list.iter().enumerate().skip(first).take(n) {
            let form = block.form as usize;
            counts[form] += 1;
            for (met, own) in met.iter_mut().zip(&of_kind[form]) {
                *met += joined.of(i).iter().zip(own).map(|(j, k)| u64::from((j & k).count_ones())).sum::<u64>();
            }
        }
        first += n;
        for (form, &times) in forms.iter().zip(&counts).filter(|(_, n)| **n > 0) {
            totals.explain(&form.explained, times as f64);
            for placed in &form.devices {
                let proto = &scene.cells[placed.cell.index()].protos[placed.proto];
                totals.add_device(proto, placed.transform.magnification(), times);
            }
            for &kind in &form.ports {
                totals.add_ports(kind, times, 0);
            }
        }
        KINDS.iter().zip(met).for_each(|(&kind, met)| totals.add_ports(kind, 0, met));
    }
    totals
}

impl Blocks {
    /// Devices that lie on each other.
    fn overlaps(&self, dbu_nm: f64) -> Vec<OverlapRow> {
        let mut rows: Vec<OverlapRow> = Vec::new();
        let mut add = |links: &Links, a: usize, b: usize| {
            let [dx, dy] = self.list[a].d.map(|v| v * dbu_nm);
            rows.extend(links.overlaps.iter().map(|row| OverlapRow {
                device_a: row.device_a + self.starts.devices[a] as i64,
                device_b: row.device_b + self.starts.devices[b] as i64,
                x0_nm: row.x0_nm + dx,
                y0_nm: row.y0_nm + dy,
                x1_nm: row.x1_nm + dx,
                y1_nm: row.y1_nm + dy,
                ..row.clone()
            }));
        };
        self.each_links(|links| !links.overlaps.is_empty(), &mut add);
        rows.sort_by_key(|row| (row.device_a, row.device_b));
        rows
    }

    /// Calls `visit` for what is within blocks, and for what is between two, where that is of interest.
    fn each_links(&self, is_of_interest: impl Fn(&Links) -> bool, visit: &mut impl FnMut(&Links, usize, usize)) {
        let within: Vec<bool> = self.forms.iter().map(|f| is_of_interest(&f.links)).collect();
        let between: Vec<bool> = self.kinds.iter().map(is_of_interest).collect();
        if within.contains(&true) {
            for (i, block) in self.list.iter().enumerate().filter(|(_, b)| within[b.form as usize]) {
                visit(&self.forms[block.form as usize].links, i, i);
            }
        }
        if between.contains(&true) {
            for pair in self.pairs.iter().filter(|p| between[p.kind as usize]) {
                visit(&self.kinds[pair.kind as usize], pair.a as usize, pair.b as usize);
            }
        }
    }

    /// What nothing explains within blocks.
    fn rest(&self) -> Vec<Rest> {
        let of = |block: &Block| {
            let t = waveguard_geom::Transform::shift(block.d[0], block.d[1]);
            let top = block.top;
            self.forms[block.form as usize].rest.iter().map(move |own| {
                let mut one = Rest { top, ..own.clone() };
                one.what.bbox = own.what.bbox.transformed(&t);
                one
            })
        };
        if self.forms.iter().all(|f| f.rest.is_empty()) { Vec::new() } else { self.list.iter().flat_map(of).collect() }
    }
}

/// The blocks below all tops, and what is placed beside them.
struct PlacedBlocks {
    list: Vec<Block>,
    /// The devices of each form as they are placed, not yet put together.
    forms: Vec<RawForm>,
    /// Terminals of cells that are no blocks.
    terminals: Vec<PlacedTerminal>,
    /// What nothing explains in cells that are no blocks.
    rest: Vec<Rest>,
}

/// The devices of a form before they are put together.
#[derive(Debug, Default)]
struct RawForm {
    devices: Vec<Placed>,
    terminals: Vec<PlacedTerminal>,
    rest: Vec<Rest>,
    copies: u32,
    is_alone: bool,
}
