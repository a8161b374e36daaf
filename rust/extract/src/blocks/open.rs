//! Ports that are joined to nothing, and the places where circuits end: there the blocks around are looked at device by
//! device.

use rayon::prelude::*;
use waveguard_base::Problem;
use waveguard_geom::{BBox, GridIndex};

use super::{Block, Blocks, Joined};
use crate::cells::CellPlan;
use crate::cuts::Cuts;
use crate::near;
use crate::nets;
use crate::place::PlacedTerminal;
use crate::plan::Plan;
use crate::ports::{Alike, Ports};
use crate::recipe::PortKind;
use crate::small;
use crate::tables::{NearMissRow, TerminalRow};

/// Near misses and terminals; `None` when there are too many ports around one of them to look at all.
pub(super) fn find(
    plan: &Plan,
    cells: &[CellPlan],
    blocks: &Blocks,
    index: &GridIndex,
    joined: &Joined,
    terminals: &[PlacedTerminal],
    problems: &mut Vec<Problem>,
) -> Option<(Vec<NearMissRow>, Vec<TerminalRow>)> {
    let chosen = chosen(plan, cells, blocks, index, joined, terminals);
    let placed = blocks.placed(chosen.iter().copied());
    let alike = Alike::new(cells, &placed);
    let (ports, _) = Ports::new(plan.layout.dbu_nm, cells, &placed, &alike);
    // For each of these ports its number among all.
    let mut number = Vec::with_capacity(ports.len());
    let mut is_joined = Vec::with_capacity(ports.len());
    for &i in &chosen {
        let own = blocks.starts.ports[i]..blocks.starts.ports[i + 1];
        let words = joined.of(i);
        is_joined.extend((0..own.len()).map(|p| words[p / super::WORD] >> (p % super::WORD) & 1 == 1));
        number.extend(own);
    }
    let partners = nets::Joined::marked(&is_joined);
    let limits = &plan.recipe.limits;
    let misses = near::find(&ports, &partners, &plan.recipe.tolerances, limits.ports_nearby);
    let mut cuts = Cuts::default();
    let mut terminals = small::terminals(plan, terminals, &ports, &partners, problems, &mut cuts);
    if !misses.cut.is_empty() || !cuts.is_empty() {
        return None;
    }
    let all = |port: i64| usize::try_from(port).map_or(-1, |p| number[p] as i64);
    let mut near_misses = small::near_rows(&ports, &misses.found);
    for row in &mut near_misses {
        (row.port_a, row.port_b) = (all(row.port_a), all(row.port_b));
    }
    for row in &mut terminals {
        row.port = all(row.port);
    }
    Some((near_misses, terminals))
}

/// Blocks a thread takes at once.
const BLOCKS_A_TURN: usize = 2048;

/// Numbers of the bits that are set.
fn bits(word: u64) -> impl Iterator<Item = usize> {
    let some = |word: u64| (word != 0).then_some(word);
    std::iter::successors(some(word), move |&word| some(word & (word - 1))).map(|word| word.trailing_zeros() as usize)
}

/// Blocks with open ports or near to one, and those near terminals, in order.
fn chosen(
    plan: &Plan,
    cells: &[CellPlan],
    blocks: &Blocks,
    index: &GridIndex,
    joined: &Joined,
    terminals: &[PlacedTerminal],
) -> Vec<usize> {
    let tolerances = &plan.recipe.tolerances;
    let optical: Vec<Vec<u64>> = blocks.forms.iter().map(|f| f.of_kind(PortKind::Optical)).collect();
    // Positions of ports, in the frames of the forms.
    let places: Vec<Vec<[f64; 2]>> = blocks
        .forms
        .iter()
        .map(|form| {
            let ports = form.devices.iter().flat_map(|placed| {
                let proto = &cells[placed.cell.index()].protos[placed.proto];
                proto.ports.iter().map(|p| placed.transform.apply(p.at[0], p.at[1]))
            });
            ports.collect()
        })
        .collect();
    let around: Vec<BBox> = places
        .iter()
        .map(|own| {
            let mut all = BBox::EMPTY;
            for &at in own {
                all.add_box(&BBox { min: at, max: at });
            }
            all
        })
        .collect();
    let reach = plan.dbu(tolerances.near_miss_nm);
    let open_ports = |i: usize| {
        let block = &blocks.list[i];
        let form = block.form as usize;
        optical[form].iter().zip(joined.of(i)).enumerate().flat_map(move |(k, (all, joined))| {
            bits(all & !joined).map(move |bit| (block, form, k * super::WORD + bit))
        })
    };
    let window = |(block, form, port): (&Block, usize, usize)| {
        let at = places[form][port];
        BBox { min: at, max: at }.moved(block.d).grown(reach)
    };
    let n = blocks.list.len();
    let mut windows: Vec<BBox> =
        (0..n).into_par_iter().with_min_len(BLOCKS_A_TURN).flat_map_iter(|i| open_ports(i).map(&window)).collect();
    let snap = plan.dbu(tolerances.snap_nm);
    windows.extend(terminals.iter().map(|t| BBox { min: t.port.at, max: t.port.at }.grown(snap)));
    let mut chosen: Vec<usize> = windows
        .par_iter()
        .flat_map_iter(|window| {
            let mut near = Vec::new();
            index.candidates(window, |i| {
                let block = &blocks.list[i];
                if around[block.form as usize].moved(block.d).touches(window) {
                    near.push(i);
                }
            });
            near
        })
        .collect();
    chosen.par_sort_unstable();
    chosen.dedup();
    chosen
}
