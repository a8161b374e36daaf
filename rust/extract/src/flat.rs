//! The network found device by device: everything is placed, then looked at together.

use waveguard_base::{CellId, Problem};

use crate::cells::WorkedOut;
use crate::connected::{self, Connected};
use crate::coverage;
use crate::cuts::{self, Cuts};
use crate::effort::Effort;
use crate::error::ExtractError;
use crate::extraction::{Job, Outcome, World};
use crate::found::{Flat, Network};
use crate::lines::Lines;
use crate::near;
use crate::neighbours::{self, Search};
use crate::place::{self, Placements};
use crate::small;
use crate::write::Guides;

/// Places all devices and finds what they are together.
///
/// # Errors
/// When the watch asks to stop.
pub(crate) fn find(job: Job, mut worked: WorkedOut) -> Result<Outcome, ExtractError> {
    let Job { plan, shapes, sums, roles, wanted, tops, watch } = job;
    let (layout, recipe) = (plan.layout, plan.recipe);
    let mut all = Placements::default();
    let (mut left, mut cuts) = (Effort::new(plan), Cuts::default());
    let ground = place::Ground { plan, roles, cells: &worked.cells, wanted };
    for &top in tops {
        let counts = place::counts(plan, roles, top);
        let one = place::walk(ground, top, &counts, &mut left, &mut cuts, watch)?;
        all.devices.extend(one.devices);
        all.terminals.extend(one.terminals);
        all.rest.extend(one.rest);
    }

    watch.enter(3, all.devices.len() as u64);
    let Connected { merged, explained, alike, ports, starts, joined, strays, beside: shapes_beside } =
        connected::connect(plan, shapes, &mut worked, &mut all, watch)?;
    let cells = worked.cells;
    let nearby = recipe.limits.ports_nearby;
    let mut problems = Vec::new();
    for &p in &joined.crowded {
        let port = ports.get(p);
        let cell = &layout.cell(CellId::from(port.top)).name;
        let [x, y] = port.at.map(|v| v / layout.dbu_nm);
        problems.push(Problem::at("many-ports-at-one-point", cell, x, y, ports.name(p)));
    }
    problems.extend(strays.iter().map(|stray| stray.problem(plan)));
    let world = World { dbu_nm: layout.dbu_nm, cells: &cells, placed: &all.devices, ports: &ports, starts: &starts };
    let (misses, guides) =
        rayon::join(|| near::find(&ports, &joined, &recipe.tolerances, nearby), || Guides::new(&world, &alike));
    let mut dense: Vec<usize> = joined.cut.iter().chain(&misses.cut).copied().collect();
    dense.sort_unstable();
    dense.dedup();
    for port in dense.iter().map(|&p| ports.get(p)) {
        cuts.add(cuts::PORTS_TOO_DENSE, "ports_nearby", port.top, port.at, 1);
    }
    let terminals = small::terminals(plan, &all.terminals, &ports, &joined, &mut problems, &mut cuts);

    let search = Search::new(recipe);
    let ways = || {
        let totals = coverage::totals(plan, &world, tops, &joined, &explained);
        (totals, small::overlapping(plan, sums, &world, watch))
    };
    let ((totals, overlaps), beside) = rayon::join(ways, || neighbours::find(&guides.lines, &search, watch));
    let (beside, (mut overlaps, overlaps_cut)) = (beside?, overlaps?);
    note_lines(&mut cuts, &guides.lines, &beside);
    cuts.extend(overlaps_cut);
    small::note_twins(&world, &merged, &mut overlaps);
    let near_misses = small::near_rows(&ports, &misses.found);
    let shapes_beside = small::beside_rows(&guides, layout.dbu_nm, &shapes_beside);
    problems.extend(cuts.problems(layout));
    let (runs, crossings) = (beside.runs.runs, beside.crossings.crossings);
    let flat = Flat { placed: all.devices, ports, starts, joined, guides, runs, crossings };
    let network = Network::Flat(Box::new(flat));
    Ok(Outcome { cells, network, near_misses, shapes_beside, overlaps, terminals, totals, rest: all.rest, problems })
}

/// Guides along which the search was cut.
fn note_lines(cuts: &mut Cuts, lines: &Lines, found: &neighbours::Found) {
    let mut add = |code: &'static str, limit: &'static str, line: usize| {
        cuts.add(code, limit, lines.placed[line].top, lines.first_point(line), 1);
    };
    found.runs.cut.iter().for_each(|&line| add(cuts::RUNS_NOT_SOUGHT, "piece_pairs", line));
    (found.runs.until..lines.placed.len()).for_each(|line| add(cuts::RUNS_NOT_SOUGHT, "run_samples", line));
    found.crossings.cut.iter().for_each(|&line| add(cuts::CROSSINGS_NOT_SOUGHT, "crossing_rows", line));
}
