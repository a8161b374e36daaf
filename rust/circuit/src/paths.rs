//! Best and worst loss, number of paths and worst path between all terminals, by dynamic programming.
//!
//! One pass over the acyclic graph per source. The number of paths is an f64: exact up to 2^53, rounded above, and
//! infinite beyond 1.8e308. A way through a loop counts as one path, by its shortest passage; such pairs are marked.

use rayon::prelude::*;
use serde::Deserialize;
use waveguard_base::{Table, Watch};

use crate::condense::Dag;
use crate::error::SolveError;
use crate::netlist::{CAUSE_COUPLER, Circuit, N_SUMS, Sums};
use crate::pass::{LANES, Pass, Passes};
use crate::tables;

/// Index of `solve` in `waveguard_base::watch::STAGES`.
const STAGE_SOLVE: usize = 6;

/// What to solve and how much of it to keep.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SolveOptions {
    /// Most rows of table `paths`; pairs beyond are counted in table `summary`, in order of source and sink.
    pub max_pairs: usize,
    /// The first so many rows of `paths` get their worst path stored; [`Solution::trace`] finds any other.
    pub max_traces: usize,
    /// Most pairs of entry and exit of one loop.
    pub max_loop_pairs: usize,
    /// Terminals to start from; all that light enters through when absent.
    pub sources: Option<Vec<i64>>,
    /// Terminals to end at; all that light leaves through when absent.
    pub sinks: Option<Vec<i64>>,
}

impl Default for SolveOptions {
    fn default() -> Self {
        Self { max_pairs: 2_000_000, max_traces: 4096, max_loop_pairs: 10_000_000, sources: None, sinks: None }
    }
}

impl SolveOptions {
    /// Reads options from JSON text; unknown fields are refused.
    ///
    /// # Errors
    /// [`SolveError::Options`] with the place in the text.
    pub fn from_json(text: &str) -> Result<Self, SolveError> {
        serde_json::from_str(text).map_err(|e| SolveError::Options(e.to_string()))
    }
}

/// One row of table `paths`.
#[derive(Clone, Debug)]
pub(crate) struct PathRow {
    pub(crate) from: u32,
    pub(crate) to: u32,
    pub(crate) best_db: f64,
    pub(crate) worst_db: f64,
    pub(crate) in_phase_db: f64,
    pub(crate) n_paths: f64,
    pub(crate) looped: bool,
    pub(crate) best_length_nm: f64,
    pub(crate) sums: Sums,
    pub(crate) trace: Option<Vec<u32>>,
}

/// How much was found and how much of it is in the tables.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Summary {
    pub(crate) sources: usize,
    pub(crate) sinks: usize,
    pub(crate) pairs: usize,
    pub(crate) kept: usize,
    pub(crate) traces: usize,
}

/// The solved circuit: tables, and worst paths on demand.
#[derive(Debug)]
pub struct Solution {
    circuit: Circuit,
    dag: Dag,
    tables: Vec<Table>,
}

/// Solves all pairs of sources and sinks.
///
/// # Errors
/// Options that name terminals that do not exist or do not fit, a loop that is too large, interruption.
pub fn solve_paths(circuit: &Circuit, options: &SolveOptions, watch: &Watch) -> Result<Solution, SolveError> {
    watch.check()?;
    let net = &circuit.net;
    let sources = chosen(options.sources.as_deref(), circuit, "source")?;
    let sinks = chosen(options.sinks.as_deref(), circuit, "sink")?;
    watch.enter(STAGE_SOLVE, sources.len() as u64);
    let dag = Dag::new(net, options.max_loop_pairs)?;
    let wanted: Vec<bool> = {
        let mut wanted = vec![false; net.terminals.len()];
        for &k in &sinks {
            wanted[k as usize] = true;
        }
        wanted
    };
    let mut rows: Vec<PathRow> = Vec::new();
    let mut summary = Summary { sources: sources.len(), sinks: sinks.len(), ..Summary::default() };
    let passes = Passes::new(&dag);
    // Blocks bound the memory of traces and rows that will be dropped; results do not depend on their size.
    let block = rayon::current_num_threads().max(1) * 4 * LANES;
    for some in sources.chunks(block) {
        let traces_left = options.max_traces.saturating_sub(summary.pairs);
        let rows_left = options.max_pairs.saturating_sub(rows.len());
        let solved: Vec<Result<Vec<FromSource>, SolveError>> = some
            .par_chunks(LANES)
            .map(|sources| {
                watch.check()?;
                let mut pass = passes.take();
                let found = from_sources(circuit, &mut pass, sources, &wanted, rows_left, traces_left);
                passes.give_back(pass);
                watch.advance(sources.len() as u64);
                Ok(found)
            })
            .collect();
        for batch in solved {
            for FromSource { n_pairs, rows: found } in batch? {
                for mut row in found.into_iter().take(options.max_pairs.saturating_sub(rows.len())) {
                    if rows.len() >= options.max_traces {
                        row.trace = None;
                    }
                    rows.push(row);
                }
                summary.pairs += n_pairs;
            }
        }
    }
    drop(passes);
    summary.kept = rows.len();
    summary.traces = rows.iter().filter(|r| r.trace.is_some()).count();
    let tables = tables::of_solution(net, &dag, rows, summary);
    Ok(Solution { circuit: circuit.clone(), dag, tables })
}

/// Adds an integer of 64-bit digits, lowest first, to another.
fn big_add(to: &mut Vec<u64>, more: &[u64]) {
    if to.len() < more.len() {
        to.resize(more.len(), 0);
    }
    let mut carry = false;
    for (k, digit) in to.iter_mut().enumerate() {
        let (sum, over) = digit.overflowing_add(more.get(k).copied().unwrap_or(0));
        let (sum, again) = sum.overflowing_add(u64::from(carry));
        (*digit, carry) = (sum, over || again);
    }
    if carry {
        to.push(1);
    }
}

/// Pairs of one source, and the rows that are kept of them.
struct FromSource {
    n_pairs: usize,
    rows: Vec<PathRow>,
}

/// The pairs of some sources, in order.
fn from_sources(
    circuit: &Circuit,
    pass: &mut Pass<'_>,
    sources: &[u32],
    wanted: &[bool],
    rows_left: usize,
    traces_left: usize,
) -> Vec<FromSource> {
    let (terminals, dag) = (&circuit.net.terminals, pass.dag);
    let starts: Vec<u32> =
        sources.iter().map(|&source| dag.slot_of_port[terminals[source as usize].port as usize]).collect();
    pass.run(&starts);
    pass.settle();
    let mut found = Vec::with_capacity(sources.len());
    for (lane, &source) in sources.iter().enumerate() {
        let entry = &terminals[source as usize];
        let (mut n_pairs, mut rows) = (0, Vec::new());
        for (k, &sink) in dag.sink_terminals.iter().enumerate() {
            let state = pass.at_sink(lane, k);
            if state.n_paths == 0.0 || !wanted[sink as usize] {
                continue;
            }
            n_pairs += 1;
            if rows.len() >= rows_left {
                continue;
            }
            let ends_db = entry.loss_db + terminals[sink as usize].loss_db;
            let mut sums: Sums = [0.0; N_SUMS];
            let (worst, best_length_nm) = pass.settled(lane, k);
            for (&sum, &value) in dag.active.iter().zip(worst) {
                sums[sum] = value;
            }
            sums[CAUSE_COUPLER] += ends_db;
            rows.push(PathRow {
                from: source,
                to: sink,
                best_db: state.best_db + ends_db,
                worst_db: state.worst_db + ends_db,
                in_phase_db: if state.looped { f64::NAN } else { ends_db - 20.0 * state.field.log10() },
                n_paths: state.n_paths,
                looped: state.looped,
                best_length_nm,
                sums,
                trace: (rows.len() < traces_left).then(|| pass.worst_arcs(circuit, lane, k)),
            });
        }
        found.push(FromSource { n_pairs, rows });
    }
    found
}

/// Terminals asked for, ascending and once each; all that fit the role when none are named.
pub(crate) fn chosen(asked: Option<&[i64]>, circuit: &Circuit, role: &'static str) -> Result<Vec<u32>, SolveError> {
    let terminals = &circuit.net.terminals;
    let fits = |k: usize| if role == "source" { terminals[k].is_in } else { terminals[k].is_out };
    let Some(asked) = asked else {
        return Ok((0..terminals.len()).filter(|&k| fits(k)).map(|k| k as u32).collect());
    };
    let mut found = Vec::with_capacity(asked.len());
    for &terminal in asked {
        match usize::try_from(terminal) {
            Ok(k) if k < terminals.len() && fits(k) => found.push(k as u32),
            _ => return Err(SolveError::Terminal { terminal, role }),
        }
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

/// Everything that light from one source reaches.
pub(crate) struct Ways<'a>(Pass<'a>);

/// What leads from a source to a sink.
pub(crate) struct Way {
    /// Slot of the sink.
    pub(crate) slot: u32,
    /// Loss of the worst path, without what its ends cost.
    pub(crate) loss_db: f64,
    pub(crate) n_paths: f64,
    /// The worst path, from source to sink.
    pub(crate) arcs: Vec<u32>,
}

impl Ways<'_> {
    /// The worst path to a sink; None when no light gets there.
    pub(crate) fn to(&self, circuit: &Circuit, sink: u32) -> Option<Way> {
        let dag = self.0.dag;
        let k = dag.sink_terminals.iter().position(|&t| t == sink)?;
        let state = self.0.at_sink(0, k);
        (state.n_paths > 0.0).then(|| Way {
            slot: dag.first_sink + k as u32,
            loss_db: state.worst_db,
            n_paths: state.n_paths,
            arcs: self.0.worst_arcs(circuit, 0, k),
        })
    }
}

impl Solution {
    /// The circuit that was solved.
    pub fn circuit(&self) -> &Circuit {
        &self.circuit
    }

    pub(crate) fn parts(&self) -> (&Circuit, &Dag) {
        (&self.circuit, &self.dag)
    }

    /// Follows light from a terminal.
    pub(crate) fn ways_from(&self, source: u32) -> Ways<'_> {
        let mut pass = Pass::new(&self.dag);
        let port = self.circuit.net.terminals[source as usize].port;
        pass.run(&[self.dag.slot_of_port[port as usize]]);
        Ways(pass)
    }

    /// Hands the tables over; what is left answers [`Solution::trace`] and [`Solution::reach`].
    pub fn take_tables(&mut self) -> Vec<Table> {
        std::mem::take(&mut self.tables)
    }

    /// All tables, in a fixed order.
    pub fn tables(&self) -> &[Table] {
        &self.tables
    }

    /// The table of that name.
    pub fn table(&self, name: &str) -> Option<&Table> {
        self.tables.iter().find(|t| t.name == name)
    }

    /// Arcs of the worst path between two terminals, from source to sink; solved again for this one source.
    ///
    /// # Errors
    /// Terminals that do not fit, or no path between them.
    pub fn trace(&self, from_terminal: i64, to_terminal: i64) -> Result<Vec<i64>, SolveError> {
        let source = chosen(Some(&[from_terminal]), &self.circuit, "source")?[0];
        let sink = chosen(Some(&[to_terminal]), &self.circuit, "sink")?[0];
        let no_path = SolveError::NoPath { from: from_terminal, to: to_terminal };
        let way = self.ways_from(source).to(&self.circuit, sink).ok_or(no_path)?;
        Ok(way.arcs.into_iter().map(i64::from).collect())
    }

    /// Number of paths from any of some terminals to any of others, exactly, as bytes of an integer, lowest first.
    ///
    /// One pass over the acyclic graph for all sources together; a way through a loop counts as one path.
    ///
    /// # Errors
    /// Terminals that do not fit.
    pub fn count_paths(&self, sources: Option<&[i64]>, sinks: Option<&[i64]>) -> Result<Vec<u8>, SolveError> {
        let (sources, sinks) = (chosen(sources, &self.circuit, "source")?, chosen(sinks, &self.circuit, "sink")?);
        let dag = &self.dag;
        let mut counts: Vec<Vec<u64>> = vec![Vec::new(); dag.n_slots()];
        for &source in &sources {
            let port = self.circuit.net.terminals[source as usize].port;
            big_add(&mut counts[dag.slot_of_port[port as usize] as usize], &[1]);
        }
        let mut total = Vec::new();
        for slot in 0..dag.n_slots() {
            let here = std::mem::take(&mut counts[slot]);
            for edge in &dag.edges[dag.offsets[slot] as usize..dag.offsets[slot + 1] as usize] {
                big_add(&mut counts[edge.to as usize], &here);
            }
            if slot >= dag.first_sink as usize {
                let terminal = dag.sink_terminals[slot - dag.first_sink as usize];
                if sinks.binary_search(&terminal).is_ok() {
                    big_add(&mut total, &here);
                }
            }
        }
        Ok(total.into_iter().flat_map(u64::to_le_bytes).collect())
    }

    /// Least loss in dB, per port, of light from a terminal that enters a device there; infinite where none does.
    ///
    /// # Errors
    /// A terminal that light does not enter through.
    pub fn reach(&self, from_terminal: i64) -> Result<Vec<f64>, SolveError> {
        let source = chosen(Some(&[from_terminal]), &self.circuit, "source")?[0];
        let terminal = &self.circuit.net.terminals[source as usize];
        let mut reached = self.dag.reach(&self.circuit.net, terminal.port);
        for loss_db in &mut reached {
            *loss_db += terminal.loss_db;
        }
        Ok(reached)
    }
}
