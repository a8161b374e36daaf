//! Monte Carlo over what is not known exactly: what the losses of paths are likely to be.
//!
//! Every sample is one chip: quantities deviate once for all of it, and once more for each element. All pairs of
//! terminals see the same chip. Nothing depends on the number of threads: samples have streams of their own, and sums
//! are taken over stretches of samples of a fixed size, in order.

#![expect(clippy::inline_always, reason = "kernels must be inlined into the code made for the vector unit at hand")]

mod draws;
mod figures;
mod normal;
mod plan;
mod sample;
mod spread;

#[cfg(test)]
mod tests;

use rayon::prelude::*;
use serde::Deserialize;
use waveguard_base::Watch;

use crate::error::SolveError;
use crate::paths::{Solution, chosen};
use plan::{Builder, Plan};
use sample::{Sampler, Sums, n_parts};

pub use figures::Sampled;
pub use spread::{Spread, SpreadColumns};

/// Index of `sample` in `waveguard_base::watch::STAGES`.
const STAGE_SAMPLE: usize = 7;
/// Samples that one thread works out at a stretch.
const STRETCH: usize = 256;

/// What to sample.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SampleOptions {
    /// Number of samples, 2 or more.
    pub n_samples: usize,
    /// Where the random numbers start; the same seed gives the same samples.
    pub seed: u64,
    /// Shares of samples, ascending, whose largest loss is asked for.
    pub probabilities: Vec<f64>,
    /// Find the worst path again in every sample; else it stays the one that is worst as stated.
    pub find_worst: bool,
    /// Give out the loss of every pair in every sample.
    pub keep: bool,
    /// Most bytes of losses at one time; pairs that do not fit are sampled in turn, on the same chips.
    pub max_bytes: usize,
}

impl Default for SampleOptions {
    fn default() -> Self {
        Self {
            n_samples: 10_000,
            seed: 0,
            probabilities: Vec::new(),
            find_worst: true,
            keep: false,
            max_bytes: 256 << 20,
        }
    }
}

impl SampleOptions {
    /// Reads options from JSON text; unknown fields are refused.
    ///
    /// # Errors
    /// [`SolveError::Options`] with what is wrong.
    pub fn from_json(text: &str) -> Result<Self, SolveError> {
        let options: Self = serde_json::from_str(text).map_err(|e| SolveError::Options(e.to_string()))?;
        if options.n_samples < 2 {
            return Err(SolveError::Options("n_samples is below 2".into()));
        }
        let in_order = options.probabilities.windows(2).all(|pair| pair[0] < pair[1]);
        if !in_order || options.probabilities.iter().any(|p| !(0.0..=1.0).contains(p)) {
            return Err(SolveError::Options("probabilities are not shares in ascending order".into()));
        }
        Ok(options)
    }
}

/// A pair of terminals, and the most that it may lose.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SampledPair {
    /// Where light enters.
    pub from_terminal: i64,
    /// Where it leaves.
    pub to_terminal: i64,
    /// NaN for no limit.
    pub limit_db: f64,
}

/// Samples the loss of the worst paths of some pairs.
///
/// # Errors
/// Pairs without a path or with terminals that do not exist, a spread that belongs to another circuit,
/// interruption.
pub fn sample_paths(
    solution: &Solution,
    spread: &Spread,
    pairs: &[SampledPair],
    options: &SampleOptions,
    watch: &Watch,
) -> Result<Sampled, SolveError> {
    watch.check()?;
    let n_arcs = solution.circuit().n_arcs();
    if spread.n_arcs != n_arcs {
        return Err(SolveError::OtherCircuit { found: spread.n_arcs, expected: n_arcs });
    }
    let n = options.n_samples;
    let routes = routes(solution, pairs)?;
    let per_block = (options.max_bytes / (8 * n)).max(1);
    watch.enter(STAGE_SAMPLE, (n * pairs.len().div_ceil(per_block)) as u64);
    let mut sampled = Sampled::new(options, spread.n_quantities(), pairs.len());
    // By source, so that a block holds few of them; rows are put back into the order they came in.
    let mut order: Vec<usize> = (0..pairs.len()).collect();
    order.sort_by_key(|&k| (routes[k].start, k));
    for block in order.chunks(per_block) {
        let plan = plan_of(solution, spread, &routes, block, options.find_worst);
        let stretches = run(&plan, spread, block.len(), options, watch)?;
        figures::gather(&mut sampled, &stretches, block, &plan.is_searched, |k| (routes[k].loss_db, pairs[k].limit_db));
    }
    Ok(sampled)
}

/// Losses and sums of a stretch of samples.
pub(crate) struct Stretch {
    /// Changes, pair by pair.
    pub(crate) change_db: Vec<f64>,
    pub(crate) sums: Vec<Sums>,
}

fn run(
    plan: &Plan,
    spread: &Spread,
    n_pairs: usize,
    options: &SampleOptions,
    watch: &Watch,
) -> Result<Vec<Stretch>, SolveError> {
    let n = options.n_samples;
    (0..n.div_ceil(STRETCH))
        .into_par_iter()
        .map_init(
            || Sampler::new(plan, spread, options.seed),
            |sampler, stretch| {
                let samples = stretch * STRETCH..((stretch + 1) * STRETCH).min(n);
                let width = samples.len();
                let mut change_db = vec![0.0; n_pairs * width];
                let mut sums = vec![Sums::new(n_parts(spread.n_quantities())); n_pairs];
                for (k, sample) in samples.enumerate() {
                    watch.check()?;
                    sampler.run(sample as u64, &mut sums, |row, change| change_db[row * width + k] = change);
                }
                watch.advance(width as u64);
                Ok(Stretch { change_db, sums })
            },
        )
        .collect()
}

/// A pair as it is stated.
struct Route {
    /// Slot of the source and of the sink.
    start: u32,
    sink: u32,
    loss_db: f64,
    n_paths: f64,
    arcs: Vec<u32>,
}

fn routes(solution: &Solution, pairs: &[SampledPair]) -> Result<Vec<Route>, SolveError> {
    let (circuit, dag) = solution.parts();
    let mut order: Vec<usize> = (0..pairs.len()).collect();
    order.sort_by_key(|&k| (pairs[k].from_terminal, k));
    let mut found: Vec<Option<Route>> = (0..pairs.len()).map(|_| None).collect();
    for same in order.chunk_by(|&a, &b| pairs[a].from_terminal == pairs[b].from_terminal) {
        let source = chosen(Some(&[pairs[same[0]].from_terminal]), circuit, "source")?[0];
        let entry = &circuit.net.terminals[source as usize];
        let start = dag.slot_of_port[entry.port as usize];
        let ways = solution.ways_from(source);
        for &k in same {
            let sink = chosen(Some(&[pairs[k].to_terminal]), circuit, "sink")?[0];
            let (from, to) = (pairs[k].from_terminal, pairs[k].to_terminal);
            let way = ways.to(circuit, sink).ok_or(SolveError::NoPath { from, to })?;
            let ends_db = entry.loss_db + circuit.net.terminals[sink as usize].loss_db;
            let loss_db = way.loss_db + ends_db;
            found[k] = Some(Route { start, sink: way.slot, loss_db, n_paths: way.n_paths, arcs: way.arcs });
        }
    }
    Ok(found.into_iter().flatten().collect())
}

fn plan_of(solution: &Solution, spread: &Spread, routes: &[Route], block: &[usize], find_worst: bool) -> Plan {
    let (circuit, dag) = solution.parts();
    let mut builder = Builder::new(&circuit.net, dag, spread, block.len());
    for (row, &k) in block.iter().enumerate() {
        if !(find_worst && routes[k].n_paths > 1.0) {
            builder.hold(row, &routes[k].arcs);
        }
    }
    let searched: Vec<(usize, usize)> =
        (block.iter().copied().enumerate()).filter(|&(_, k)| find_worst && routes[k].n_paths > 1.0).collect();
    for same in searched.chunk_by(|a, b| routes[a.1].start == routes[b.1].start) {
        let sinks: Vec<(u32, usize)> = same.iter().map(|&(row, k)| (routes[k].sink, row)).collect();
        builder.search(routes[same[0].1].start, &sinks);
    }
    builder.finish()
}
