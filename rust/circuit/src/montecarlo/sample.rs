//! One sample after the other: draw what deviates, add up or search the worst paths, and count.

use crate::condense::NONE;
use crate::montecarlo::draws::Stream;
use crate::montecarlo::normal::Quantiles;
use crate::montecarlo::plan::{Held, Plan, Search};
use crate::montecarlo::spread::{LAWS, Law, NO_DRAW, Nodes, Spread};

/// Another path counts as worse than the stated one by more than this; less is rounding.
const WORSE_DB: f64 = 1e-9;
/// Where worst paths are searched, the first so many samples are asked which path it is and what it is made of: that
/// takes longer than to find its loss, and shares need no more.
const TRACED: u64 = 4096;

/// Sums over samples of one pair. Losses are counted from the stated one, so that nothing cancels.
#[derive(Clone, Debug)]
pub(crate) struct Sums {
    pub(crate) change: f64,
    pub(crate) change_squared: f64,
    /// Samples of which it is known what the loss is made of, and the same two sums over them.
    pub(crate) n_traced: u64,
    pub(crate) traced: [f64; 2],
    /// By part, over the same samples: its change, the square, and its product with the change of the whole.
    pub(crate) parts: Vec<[f64; 3]>,
    pub(crate) n_other_path: u64,
}

impl Sums {
    pub(crate) fn new(n_parts: usize) -> Self {
        Self {
            change: 0.0,
            change_squared: 0.0,
            n_traced: 0,
            traced: [0.0; 2],
            parts: vec![[0.0; 3]; n_parts],
            n_other_path: 0,
        }
    }

    pub(crate) fn add(&mut self, more: &Self) {
        self.change += more.change;
        self.change_squared += more.change_squared;
        self.n_traced += more.n_traced;
        self.traced[0] += more.traced[0];
        self.traced[1] += more.traced[1];
        for (sum, part) in self.parts.iter_mut().zip(&more.parts) {
            for (a, b) in sum.iter_mut().zip(part) {
                *a += b;
            }
        }
        self.n_other_path += more.n_other_path;
    }

    fn count(&mut self, change: f64) {
        self.change += change;
        self.change_squared += change * change;
    }

    fn trace(&mut self, change: f64, parts: &[f64]) {
        self.n_traced += 1;
        self.traced[0] += change;
        self.traced[1] += change * change;
        for (sum, &part) in self.parts.iter_mut().zip(parts) {
            sum[0] += part;
            sum[1] += part * part;
            sum[2] += part * change;
        }
    }
}

/// Parts of the loss: for each quantity what a chip shares and what scatters, and what is left.
pub(crate) fn n_parts(n_quantities: usize) -> usize {
    2 * n_quantities + 1
}

/// Stated worst path of a searched pair.
#[derive(Debug, Default)]
struct Stated {
    /// Edges from the sink back to the source.
    edges: Vec<u32>,
    loss_db: f64,
    parts: Vec<f64>,
}

/// Memory of one thread.
pub(crate) struct Sampler<'a> {
    plan: &'a Plan,
    spread: &'a Spread,
    stream: Stream,
    quantiles: Quantiles,
    numbers: Vec<f64>,
    /// By quantity, its value for the chip.
    chip: Vec<f64>,
    /// By quantity and law, dB per weight; stated and for the chip.
    stated_law: Vec<[f64; LAWS]>,
    chip_law: Vec<[f64; LAWS]>,
    /// By quantity, the first of the values that its responses are taken from, and their weights.
    nodes: Vec<(usize, [f64; 4])>,
    /// By effect, dB per weight beyond that of the chip.
    effects: Vec<f64>,
    arc_db: Vec<f64>,
    step_db: Vec<f64>,
    worst_db: Vec<f64>,
    worst_edge: Vec<u32>,
    path: Vec<u32>,
    parts: Vec<f64>,
    stated: Vec<Stated>,
}

impl<'a> Sampler<'a> {
    pub(crate) fn new(plan: &'a Plan, spread: &'a Spread, seed: u64) -> Self {
        let n = spread.quantities.len();
        let laws = |q: f64| [Law::Linear, Law::Share, Law::Rest].map(|law| law.of(q));
        let shares_of = |k: usize| spread.terms.iter().any(|t| t.quantity as usize == k && t.law != Law::Linear);
        let stated_law: Vec<[f64; LAWS]> = (0..n)
            .map(|k| {
                let value = spread.quantities[k].value;
                if shares_of(k) { laws(value) } else { [value, 0.0, 0.0] }
            })
            .collect();
        let most_slots = plan.searches.iter().map(|s| s.offsets.len()).max().unwrap_or(0);
        let mut sampler = Self {
            plan,
            spread,
            stream: Stream::new(seed),
            quantiles: Quantiles::default(),
            numbers: vec![0.0; n],
            chip: spread.quantities.iter().map(|q| q.value).collect(),
            chip_law: stated_law.clone(),
            stated_law,
            nodes: vec![(0, [0.0; 4]); n],
            effects: vec![0.0; spread.n_draws as usize + plan.bent.len()],
            arc_db: vec![0.0; plan.arcs.len()],
            step_db: vec![0.0; plan.steps.len()],
            worst_db: vec![0.0; most_slots],
            worst_edge: vec![NONE; most_slots],
            path: Vec::new(),
            parts: vec![0.0; n_parts(n)],
            stated: Vec::new(),
        };
        sampler.hold_stated();
        sampler
    }

    /// Finds the worst paths with everything as stated.
    fn hold_stated(&mut self) {
        self.losses();
        for search in &self.plan.searches {
            self.search(search);
            for &(slot, _) in &search.sinks {
                self.walk_back(search, slot);
                let edges = self.path.clone();
                self.parts_of(search, &edges);
                let (loss_db, parts) = (self.worst_db[slot as usize], self.parts.clone());
                self.stated.push(Stated { edges, loss_db, parts });
            }
        }
    }

    /// Works out one sample. `losses` takes, by pair of the block, the change of its loss.
    pub(crate) fn run(&mut self, sample: u64, sums: &mut [Sums], mut loss: impl FnMut(usize, f64)) {
        pulp::Arch::new().dispatch(Draw { sampler: self, sample });
        let plan = self.plan;
        for held in &plan.held {
            let change = self.held(held);
            sums[held.row].count(change);
            sums[held.row].trace(change, &self.parts);
            loss(held.row, change);
        }
        if plan.searches.is_empty() {
            return;
        }
        self.losses();
        let mut at = 0;
        for search in &plan.searches {
            self.search(search);
            for &(slot, row) in &search.sinks {
                let worst_db = self.worst_db[slot as usize];
                let change = worst_db - self.stated[at].loss_db;
                sums[row].count(change);
                loss(row, change);
                if sample >= TRACED {
                    at += 1;
                    continue;
                }
                self.walk_back(search, slot);
                let stated = std::mem::take(&mut self.stated[at]);
                let mut path = std::mem::take(&mut self.path);
                if path != stated.edges {
                    let as_stated: f64 =
                        stated.edges.iter().rev().map(|&e| self.step_db[search.edges[e as usize].1 as usize]).sum();
                    if worst_db - as_stated > WORSE_DB {
                        sums[row].n_other_path += 1;
                    } else {
                        path.clone_from(&stated.edges);
                    }
                }
                self.parts_of(search, &path);
                self.path = path;
                for (part, base) in self.parts.iter_mut().zip(&stated.parts) {
                    *part -= base;
                }
                sums[row].trace(change, &self.parts);
                self.stated[at] = stated;
                at += 1;
            }
        }
    }

    #[inline(always)]
    fn draw(&mut self, sample: u64) {
        let (spread, plan) = (self.spread, self.plan);
        let n = spread.quantities.len();
        self.stream.start(sample);
        self.stream.fill(0, &mut self.numbers);
        for (k, quantity) in spread.quantities.iter().enumerate() {
            let deviation = &mut self.numbers[k..=k];
            let (least, most) = (quantity.floor - quantity.value, quantity.ceiling - quantity.value);
            quantity.common.spread(deviation, least, most, &mut self.quantiles);
            self.chip[k] = quantity.value + deviation[0];
            let bends = self.stated_law[k][1] != 0.0 || self.stated_law[k][2] != 0.0;
            self.chip_law[k] = [self.chip[k], 0.0, 0.0];
            if bends {
                for law in [Law::Share, Law::Rest] {
                    self.chip_law[k][law as usize] = law.of(self.chip[k]);
                }
            }
            if let Some(nodes) = &quantity.nodes {
                self.nodes[k] = nodes.weights(deviation[0]);
            }
        }
        for (k, range) in &plan.stretches {
            let quantity = &spread.quantities[*k as usize];
            let chip = self.chip[*k as usize];
            let numbers = &mut self.effects[range.start as usize..range.end as usize];
            self.stream.fill(n as u64 + u64::from(range.start), numbers);
            quantity.scatter.spread(numbers, quantity.floor - chip, quantity.ceiling - chip, &mut self.quantiles);
        }
        for (row, &(k, draw, law)) in plan.bent.iter().enumerate() {
            let value = self.chip[k as usize] + self.effects[draw as usize];
            self.effects[spread.n_draws as usize + row] = law.of(value) - self.chip_law[k as usize][law as usize];
        }
    }

    /// The change of a held pair, and in `parts` what it is made of.
    fn held(&mut self, held: &Held) -> f64 {
        self.parts.fill(0.0);
        let mut change = 0.0;
        for &(k, law, weight) in &held.common {
            let (k, law) = (k as usize, law as usize);
            let part = weight * (self.chip_law[k][law] - self.stated_law[k][law]);
            self.parts[2 * k] += part;
            change += part;
        }
        for (k, values) in &held.responses {
            let part = interpolated(&self.nodes[*k as usize], values);
            self.parts[2 * *k as usize] += part;
            change += part;
        }
        for (k, range) in &held.scatter {
            let part = weighted(&self.plan.effects[range.start as usize..range.end as usize], &self.effects);
            self.parts[2 * *k as usize + 1] += part;
            change += part;
        }
        change
    }

    /// Losses of all steps that are searched.
    fn losses(&mut self) {
        let plan = self.plan;
        for (loss_db, arc) in self.arc_db.iter_mut().zip(&plan.arcs) {
            let mut sum = arc.rest_db;
            for share in &plan.shares[arc.shares.start as usize..arc.shares.end as usize] {
                let mut per_weight = self.chip_law[share.quantity as usize][share.law as usize];
                if share.effect != NO_DRAW {
                    per_weight += self.effects[share.effect as usize];
                }
                sum += share.weight * per_weight;
            }
            for &(k, row) in &arc.responses {
                sum += interpolated(&self.nodes[k as usize], self.spread.response(row));
            }
            *loss_db = sum;
        }
        for (loss_db, arcs) in self.step_db.iter_mut().zip(&plan.steps) {
            *loss_db = plan.step_arcs[arcs.start as usize..arcs.end as usize]
                .iter()
                .map(|&arc| self.arc_db[arc as usize])
                .sum();
        }
    }

    /// Worst loss at every slot, and the edge it comes by.
    fn search(&mut self, search: &Search) {
        self.worst_db[0] = 0.0;
        self.worst_edge[0] = NONE;
        for slot in 1..search.offsets.len() - 1 {
            let (first, last) = (search.offsets[slot] as usize, search.offsets[slot + 1] as usize);
            let (mut worst_db, mut worst_edge) = (f64::NEG_INFINITY, NONE);
            for (k, &(from, step)) in search.edges[first..last].iter().enumerate() {
                let loss_db = self.worst_db[from as usize] + self.step_db[step as usize];
                if loss_db > worst_db {
                    worst_db = loss_db;
                    worst_edge = (first + k) as u32;
                }
            }
            self.worst_db[slot] = worst_db;
            self.worst_edge[slot] = worst_edge;
        }
    }

    fn walk_back(&mut self, search: &Search, sink: u32) {
        self.path.clear();
        let mut slot = sink;
        while self.worst_edge[slot as usize] != NONE {
            let edge = self.worst_edge[slot as usize];
            self.path.push(edge);
            slot = search.edges[edge as usize].0;
        }
    }

    /// What the loss along some edges is made of.
    fn parts_of(&mut self, search: &Search, path: &[u32]) {
        let plan = self.plan;
        self.parts.fill(0.0);
        let rest = self.parts.len() - 1;
        for &edge in path {
            let arcs = &plan.steps[search.edges[edge as usize].1 as usize];
            for &arc in &plan.step_arcs[arcs.start as usize..arcs.end as usize] {
                let arc = &plan.arcs[arc as usize];
                self.parts[rest] += arc.rest_db;
                for share in &plan.shares[arc.shares.start as usize..arc.shares.end as usize] {
                    let k = share.quantity as usize;
                    self.parts[2 * k] += share.weight * self.chip_law[k][share.law as usize];
                    if share.effect != NO_DRAW {
                        self.parts[2 * k + 1] += share.weight * self.effects[share.effect as usize];
                    }
                }
                for &(k, row) in &arc.responses {
                    self.parts[2 * k as usize] += interpolated(&self.nodes[k as usize], self.spread.response(row));
                }
            }
        }
    }
}

/// Draws a sample with the widest registers that the machine has; the numbers are the same with any.
struct Draw<'a, 'b> {
    sampler: &'b mut Sampler<'a>,
    sample: u64,
}

impl pulp::NullaryFnOnce for Draw<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        self.sampler.draw(self.sample);
    }
}

/// Weighted sum of some effects, in four sums that do not wait for each other; the order is the same every time.
fn weighted(rows: &[(u32, f64)], effects: &[f64]) -> f64 {
    let (fours, rest) = rows.as_chunks::<4>();
    let mut sums = [0.0; 4];
    for four in fours {
        for (sum, &(row, weight)) in sums.iter_mut().zip(four) {
            *sum += weight * effects[row as usize];
        }
    }
    let rest: f64 = rest.iter().map(|&(row, weight)| weight * effects[row as usize]).sum();
    (sums[0] + sums[1]) + (sums[2] + sums[3]) + rest
}

#[inline]
fn interpolated((first, weights): &(usize, [f64; 4]), values: &[f64]) -> f64 {
    weights.iter().enumerate().map(|(k, w)| w * values[(first + k).min(values.len() - 1)]).sum()
}

impl Nodes {
    /// The four values around `x` and their weights: cubic between the values, exact where they lie on a parabola
    /// (Catmull and Rom; at both ends the parabola through the last three is carried on).
    fn weights(&self, x: f64) -> (usize, [f64; 4]) {
        let last = self.count - 1;
        let place = ((x - self.first) / self.step).clamp(0.0, last as f64);
        let cell = (place as usize).min(last - 1);
        let t = place - cell as f64;
        let (t2, t3) = (t * t, t * t * t);
        let w =
            [-0.5 * t + t2 - 0.5 * t3, 1.0 - 2.5 * t2 + 1.5 * t3, 0.5 * t + 2.0 * t2 - 1.5 * t3, -0.5 * t2 + 0.5 * t3];
        // The value before the first is 3a - 3b + c of the first three, and likewise behind the last.
        let mut on: [f64; 4] = [0.0; 4];
        let first = if cell == 0 { 0 } else { (cell - 1).min(self.count.saturating_sub(4)) };
        let mut add = |node: isize, weight: f64| {
            if node < 0 {
                for (k, c) in [3.0, -3.0, 1.0].into_iter().enumerate() {
                    on[k] += weight * c;
                }
            } else if node as usize > last {
                for (k, c) in [1.0, -3.0, 3.0].into_iter().enumerate() {
                    on[last - 2 + k - first] += weight * c;
                }
            } else {
                on[node as usize - first] += weight;
            }
        };
        for (k, weight) in w.into_iter().enumerate() {
            add(cell as isize + k as isize - 1, weight);
        }
        (first, on)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn responses_on_a_parabola_are_exact() {
        for count in 3..9 {
            let nodes = Nodes { first: -2.0, step: 0.75, count };
            let of = |x: f64| 0.4 * x * x - 0.3 * x + 0.2;
            let values: Vec<f64> = (0..count).map(|k| of(-2.0 + 0.75 * k as f64)).collect();
            for k in 0..=100 {
                let x = -2.0 + 0.75 * (count - 1) as f64 * f64::from(k) / 100.0;
                let found = interpolated(&nodes.weights(x), &values);
                assert!((found - of(x)).abs() < 1e-12, "{count} {x}: {found}");
            }
        }
    }

    #[test]
    fn a_weighted_sum_takes_every_row() {
        let rows: Vec<(u32, f64)> = (0..11).map(|k| (10 - k, f64::from(k))).collect();
        let effects: Vec<f64> = (0..11).map(f64::from).collect();
        let expected: f64 = (0..11).map(|k| f64::from(k * (10 - k))).sum();
        assert!((weighted(&rows, &effects) - expected).abs() < 1e-12);
    }
}
