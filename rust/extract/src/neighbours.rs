//! Guides whose surroundings are drawn alike: what runs beside one of them, or crosses it, is looked for once.
//!
//! The surroundings of a guide are the guides after it that come near it, with their displacements
//! relative to it. Runs and crossings of a guide follow from its surroundings alone, so equal surroundings,
//! of which a regular layout has very many, give equal results. What is drawn once is looked at in place,
//! together with all else that is drawn once.

use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHasher};
use waveguard_base::Watch;
use waveguard_geom::{BBox, Extent, GridIndex};

use crate::crossings::{self, Crossing};
use crate::error::ExtractError;
use crate::lines::{self, Line, Lines, Pieces};
use crate::recipe::{Recipe, RunsPlan};
use crate::runs::{self, Run};

/// What to look for.
#[derive(Clone, Copy, Debug)]
pub struct Search<'a> {
    /// The plan of runs.
    pub plan: &'a RunsPlan,
    /// How far two gaps may differ that are drawn alike.
    pub slack_nm: f64,
    /// Crossings nearer to an end than so many widths are joints.
    pub crossing_end_widths: f64,
    /// Lines are cut into pieces no longer than this.
    pub tile_nm: f64,
    /// Bounds on the search for runs.
    pub runs: runs::Bounds,
    /// Bounds on the search for crossings.
    pub crossings: crossings::Bounds,
}

impl<'a> Search<'a> {
    /// What a recipe asks for.
    pub fn new(recipe: &'a Recipe) -> Self {
        let limits = &recipe.limits;
        Self {
            plan: &recipe.runs,
            slack_nm: 2.0 * (recipe.trace.line_tolerance_nm + recipe.tolerances.width_nm),
            crossing_end_widths: limits.crossing_end_widths,
            tile_nm: lines::tile_nm(recipe.runs.reach_nm),
            runs: runs::Bounds { piece_pairs: limits.piece_pairs, samples: limits.run_samples },
            crossings: crossings::Bounds { piece_pairs: limits.piece_pairs, rows: limits.crossing_rows },
        }
    }
}

/// Runs and crossings of some lines.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// In order of line.
    pub runs: runs::Found,
    /// In order of line.
    pub crossings: crossings::Found,
}

impl Found {
    /// True when a bound of the search was reached.
    pub(crate) fn is_cut(&self, lines: usize) -> bool {
        !self.runs.cut.is_empty() || self.runs.until < lines || !self.crossings.cut.is_empty()
    }

    fn samples(&self) -> u64 {
        self.runs.runs.iter().map(|r| u64::from(r.n_rows)).sum()
    }
}

/// Boxes around a line cover this many pieces.
const PIECES_A_BLOCK: f64 = 8.0;
/// Boxes that are apart by rounding only are taken as near, in nm.
const MARGIN_NM: f64 = 0.01;

/// Later neighbours looked at for each box of a line, as a mean over the layout. Where there are more, finding out
/// what is alike costs more than it saves.
const NEAR_A_BLOCK: u64 = 128;

/// Finds the runs and crossings of all lines, in order of line.
///
/// # Errors
/// When the watch asks to stop.
pub fn find(lines: &Lines, search: &Search, watch: &Watch) -> Result<Found, ExtractError> {
    if let Some(found) = find_alike(lines, search, watch)? {
        return Ok(found);
    }
    // Too dense, or a bound was reached: which results are left out must not depend on what is alike.
    let all: Vec<Line> = (0..lines.placed.len()).into_par_iter().map(|a| lines.line(a)).collect();
    search_all(&all, search, watch)
}

fn find_alike(lines: &Lines, search: &Search, watch: &Watch) -> Result<Option<Found>, ExtractError> {
    let n = lines.placed.len();
    // Where each is drawn once, no two have equal surroundings.
    if lines.forms.len() == n {
        return Ok(None);
    }
    watch.enter(4, n as u64);
    let Some(around) = Surroundings::new(lines, search, watch)? else { return Ok(None) };
    let groups = around.groups(lines);
    // Each group is looked at with its neighbours, and what these have among them is found in vain.
    let is_worth = |g: &Group| g.count > 1 + around.of(g.first).len();
    let alike: Result<Vec<Option<Found>>, ExtractError> = groups
        .list
        .par_iter()
        .map(|g| {
            watch.check()?;
            if is_worth(g) { of_group(lines, around.of(g.first), g.first, search).map(Some) } else { Ok(None) }
        })
        .collect();
    let alike = alike?;
    let mut wanted: Vec<bool> = vec![false; n];
    for a in (0..n).filter(|&a| alike[groups.of_line[a]].is_none()) {
        wanted[a] = true;
        for &b in around.of(a) {
            wanted[b as usize] = true;
        }
    }
    let chosen: Vec<usize> = (0..n).filter(|&a| wanted[a]).collect();
    let own: Vec<Line> = chosen.par_iter().map(|&a| lines.line(a)).collect();
    let alone = search_all(&own, search, watch)?;
    let (mut samples, mut rows) = (alone.samples(), alone.crossings.crossings.len() as u64);
    let mut is_cut = alone.is_cut(own.len());
    for (group, found) in groups.list.iter().zip(&alike) {
        let Some(found) = found else { continue };
        is_cut |= found.is_cut(1 + around.of(group.first).len());
        samples = samples.saturating_add(found.samples().saturating_mul(group.count as u64));
        rows = rows.saturating_add((found.crossings.crossings.len() * group.count) as u64);
    }
    if is_cut || samples >= search.runs.samples || rows > search.crossings.rows as u64 {
        return Ok(None);
    }
    let mut runs = alone.runs.runs.into_iter().peekable();
    let mut crossings = alone.crossings.crossings.into_iter().peekable();
    let mut out = Found { runs: runs::Found { until: n, ..runs::Found::default() }, ..Found::default() };
    for a in 0..n {
        if let Some(found) = &alike[groups.of_line[a]] {
            copy(lines, around.of(a), a, found, &mut out);
            continue;
        }
        // Lines that were only looked at as neighbours have results of no use before these.
        while runs.next_if(|r| chosen[r.a] < a).is_some() {}
        while let Some(r) = runs.next_if(|r| chosen[r.a] == a) {
            out.runs.runs.push(Run { a, b: chosen[r.b], ..r });
        }
        while crossings.next_if(|c| chosen[c.a] < a).is_some() {}
        while let Some(c) = crossings.next_if(|c| chosen[c.a] == a) {
            out.crossings.crossings.push(Crossing { a, b: chosen[c.b], ..c });
        }
    }
    Ok(Some(out))
}

fn search_all(lines: &[Line], search: &Search, watch: &Watch) -> Result<Found, ExtractError> {
    let pieces = Pieces::new(lines, search.tile_nm);
    let runs = runs::find(lines, &pieces, search.plan, search.slack_nm, search.runs, watch)?;
    let crossings = crossings::find(lines, &pieces, &runs, search.crossing_end_widths, search.crossings, watch)?;
    Ok(Found { runs, crossings })
}

/// What the first line of a group has, in a frame with its displacement at the origin; line 0 is itself, the
/// others are its neighbours in order.
fn of_group(lines: &Lines, neighbours: &[u32], first: usize, search: &Search) -> Result<Found, ExtractError> {
    let place = |b: usize| lines.forms[lines.placed[b].form].moved(lines.offset(first, b), 0);
    let all: Vec<Line> = std::iter::once(place(first)).chain(neighbours.iter().map(|&b| place(b as usize))).collect();
    // Small, and not to be seen in the progress.
    let mut found = search_all(&all, search, &Watch::default())?;
    found.runs.runs.retain(|r| r.a == 0);
    found.crossings.crossings.retain(|c| c.a == 0);
    Ok(found)
}

fn copy(lines: &Lines, neighbours: &[u32], a: usize, found: &Found, out: &mut Found) {
    let [dx, dy] = lines.placed[a].at.map(|v| v * lines.dbu_nm);
    let name = |i: usize| if i == 0 { a } else { neighbours[i - 1] as usize };
    let moved = |at: [f64; 2]| [at[0] + dx, at[1] + dy];
    let runs = found.runs.runs.iter().map(|r| Run { a, b: name(r.b), at: moved(r.at), ..r.clone() });
    out.runs.runs.extend(runs);
    let crossings = found.crossings.crossings.iter().map(|c| Crossing { a, b: name(c.b), at: moved(c.at), ..*c });
    out.crossings.crossings.extend(crossings);
}

/// For each line the later lines near it.
struct Surroundings {
    starts: Vec<usize>,
    near: Vec<u32>,
}

/// Lines with equal surroundings.
struct Group {
    first: usize,
    count: usize,
}

struct Groups {
    list: Vec<Group>,
    of_line: Vec<usize>,
}

impl Surroundings {
    /// `None` where too many lines are near each other.
    fn new(lines: &Lines, search: &Search, watch: &Watch) -> Result<Option<Self>, ExtractError> {
        let size = PIECES_A_BLOCK * search.tile_nm;
        let reach = search.plan.reach_nm + search.slack_nm + MARGIN_NM;
        let forms: Vec<Vec<Extent>> = lines.forms.par_iter().map(|f| blocks(f, size)).collect();
        let mut around: Vec<Extent> = Vec::new();
        let mut first: Vec<usize> = vec![0];
        let mut owner: Vec<u32> = Vec::new();
        for (a, placed) in lines.placed.iter().enumerate() {
            let at = placed.at.map(|v| v * lines.dbu_nm);
            for b in &forms[placed.form] {
                around.push(b.moved(at));
                owner.push(a as u32);
            }
            first.push(around.len());
        }
        let boxes: Vec<BBox> = around.iter().map(|extent| extent.upright).collect();
        let index = GridIndex::new(&boxes, size);
        let most = NEAR_A_BLOCK.saturating_mul(boxes.len() as u64);
        let looked_at = AtomicU64::new(0);
        let of_line = |a: usize| {
            let (mut near, mut seen): (Vec<u32>, u64) = (Vec::new(), 0);
            let (own, top) = (&lines.placed[a], lines.placed[a].top);
            let at = own.at.map(|v| v * lines.dbu_nm);
            for block in &forms[own.form] {
                let window = block.moved(at).grown(reach);
                if seen > most {
                    break;
                }
                index.later_candidates_while(&window.upright, first[a + 1], |k| {
                    seen += 1;
                    let b = owner[k];
                    if near.last() != Some(&b) && around[k].touches(&window) && lines.placed[b as usize].top == top {
                        near.push(b);
                    }
                    seen <= most
                });
            }
            looked_at.fetch_add(seen, Ordering::Relaxed);
            near.sort_unstable();
            near.dedup();
            near
        };
        let found: Result<Vec<Vec<u32>>, ExtractError> = (0..lines.placed.len())
            .into_par_iter()
            .with_min_len(LINES_A_TURN)
            .map(|a| {
                if a % LINES_A_TURN == 0 {
                    watch.check()?;
                }
                // Whether all lines together are too many does not depend on the order in which they are counted.
                let is_enough = looked_at.load(Ordering::Relaxed) > most;
                Ok(if is_enough { Vec::new() } else { of_line(a) })
            })
            .collect();
        let found = found?;
        if looked_at.into_inner() > most {
            return Ok(None);
        }
        let starts = crate::fill::starts(found.iter().map(Vec::len));
        Ok(Some(Self { starts, near: found.into_iter().flatten().collect() }))
    }

    fn of(&self, a: usize) -> &[u32] {
        &self.near[self.starts[a]..self.starts[a + 1]]
    }

    /// Gathers lines with equal surroundings, in order of their first.
    fn groups(&self, lines: &Lines) -> Groups {
        let n = lines.placed.len();
        let key = |a: usize| {
            let one = move |b: usize| (lines.placed[b].form, lines.offset(a, b).map(f64::to_bits));
            std::iter::once(one(a)).chain(self.of(a).iter().map(move |&b| one(b as usize)))
        };
        let mut list: Vec<Group> = Vec::new();
        let mut of_line = Vec::with_capacity(n);
        let mut by_hash: FxHashMap<u64, usize> = FxHashMap::default();
        for a in 0..n {
            let mut hasher = FxHasher::default();
            key(a).for_each(|k| k.hash(&mut hasher));
            let mut new_group = || {
                list.push(Group { first: a, count: 0 });
                list.len() - 1
            };
            let mut group = *by_hash.entry(hasher.finish()).or_insert_with(&mut new_group);
            // Equal hashes of different surroundings are next to impossible; such lines stand for themselves.
            if !key(list[group].first).eq(key(a)) {
                list.push(Group { first: a, count: 0 });
                group = list.len() - 1;
            }
            list[group].count += 1;
            of_line.push(group);
        }
        Groups { list, of_line }
    }
}

/// Lines a thread takes at once.
const LINES_A_TURN: usize = 64;

/// Where a line with its width lies, piece by piece of a length of about `size`.
fn blocks(line: &Line, size: f64) -> Vec<Extent> {
    let mut out = Vec::new();
    let mut places: Vec<[f64; 2]> = Vec::new();
    let (mut covered, mut half) = (0.0, 0.0_f64);
    for i in 1..line.points.len() {
        let (p, q) = (line.points[i - 1], line.points[i]);
        let length = line.along[i] - line.along[i - 1];
        let parts = (length / size).ceil().max(1.0);
        for k in 0..parts as u64 {
            if covered + length / parts > size && !places.is_empty() {
                out.push(Extent::of(places.iter().copied()).grown(half));
                places.clear();
                (covered, half) = (0.0, 0.0);
            }
            let bow = line.bows.get(i - 1).copied().unwrap_or(0.0);
            half = half.max(0.5 * line.width[i - 1].max(line.width[i]) + bow.abs());
            let at = |u: f64| [p[0] + (q[0] - p[0]) * u, p[1] + (q[1] - p[1]) * u];
            places.extend([k as f64 / parts, (k as f64 + 1.0) / parts].map(at));
            covered += length / parts;
        }
    }
    if !places.is_empty() {
        out.push(Extent::of(places.iter().copied()).grown(half));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lines::PlacedLine;
    use crate::runs::Row;

    /// A straight, an arc and a steep line, each drawn often: beside each other, across each other, and alone.
    fn lattice() -> Lines {
        let form = |points: Vec<[f64; 2]>| {
            let width = vec![500.0; points.len()];
            Line::new(points, width, 0)
        };
        let arc = (0..=90).map(|i| f64::from(i) / 60.0).map(|a| [20_000.0 * a.sin(), 20_000.0 * (1.0 - a.cos())]);
        let forms = vec![
            form(vec![[0.0, 0.0], [60_000.0, 0.0]]),
            form(arc.collect()),
            form(vec![[10_000.0, -9000.0], [30_000.0, 40_000.0]]),
        ];
        let mut placed = Vec::new();
        for i in 0..36 {
            let (x, y) = (f64::from(i % 6) * 100_000.0, f64::from(i / 6) * 80_000.0);
            let mut add = |form, dx: f64, dy: f64| placed.push(PlacedLine { form, at: [x + dx, y + dy], top: 0 });
            add(0, 0.0, 0.0);
            // The last row is drawn a little closer.
            add(0, 5000.0, if i < 30 { 700.0 } else { 650.0 + f64::from(i) });
            add(1, 0.0, 1500.0);
            if i % 3 == 0 {
                add(2, 0.0, 0.0);
            }
        }
        Lines { forms, placed, dbu_nm: 1.0 }
    }

    fn search(plan: &RunsPlan) -> Search<'_> {
        Search {
            plan,
            slack_nm: 3.0,
            crossing_end_widths: 2.0,
            tile_nm: 6000.0,
            runs: runs::Bounds { piece_pairs: 20_000, samples: 1_000_000 },
            crossings: crossings::Bounds { piece_pairs: 20_000, rows: 1000 },
        }
    }

    #[test]
    fn what_is_drawn_alike_has_the_results_it_would_have_alone() {
        let (lines, plan) = (lattice(), RunsPlan::default());
        let search = search(&plan);
        let around = Surroundings::new(&lines, &search, &Watch::default()).expect("no one cancels").expect("not dense");
        assert!(around.groups(&lines).list.len() < lines.placed.len() / 3);
        let alike = find(&lines, &search, &Watch::default()).expect("no one cancels");
        let all: Vec<Line> = (0..lines.placed.len()).map(|a| lines.line(a)).collect();
        let each = search_all(&all, &search, &Watch::default()).expect("no one cancels");
        assert!(each.runs.runs.len() > 36 && each.crossings.crossings.len() > 12);
        assert_eq!(alike.runs.runs.len(), each.runs.runs.len());
        let near = |p: &[f64], q: &[f64]| p.len() == q.len() && p.iter().zip(q).all(|(p, q)| (p - q).abs() < 1e-6);
        let column = |r: &Run, of: fn(&Row) -> f64| r.samples.rows().iter().map(of).collect::<Vec<f64>>();
        for (r, s) in alike.runs.runs.iter().zip(&each.runs.runs) {
            assert_eq!((r.a, r.b), (s.a, s.b));
            let columns: [fn(&Row) -> f64; 3] = [|r| r.gap_nm, |r| r.step_nm, |r| r.other_step_nm];
            assert!(columns.iter().all(|&of| near(&column(r, of), &column(s, of))) && near(&r.at, &s.at));
        }
        assert_eq!(alike.crossings.crossings.len(), each.crossings.crossings.len());
        for (c, d) in alike.crossings.crossings.iter().zip(&each.crossings.crossings) {
            assert_eq!((c.a, c.b), (d.a, d.b));
            assert!(near(&c.at, &d.at) && (c.angle_rad - d.angle_rad).abs() < 1e-9);
        }
    }

    #[test]
    fn where_a_bound_is_reached_nothing_is_taken_as_alike() {
        let (lines, plan) = (lattice(), RunsPlan::default());
        let few = Search { runs: runs::Bounds { piece_pairs: 20_000, samples: 100 }, ..search(&plan) };
        assert!(find_alike(&lines, &few, &Watch::default()).expect("no one cancels").is_none());
        let found = find(&lines, &few, &Watch::default()).expect("no one cancels");
        assert!(found.runs.until < lines.placed.len());
    }
}
