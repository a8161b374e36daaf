//! What a sample has to work out for some pairs of terminals, worked out once for all samples.
//!
//! A pair with one path, or whose path is held, is a sum: the parts that a chip shares are taken together by quantity,
//! only scatter is added up element by element. Any other pair needs its worst path found again in every sample.

use std::ops::Range;

use crate::condense::{Dag, NONE};
use crate::montecarlo::spread::{LAWS, Law, NO_DRAW, Spread};
use crate::netlist::Netlist;

/// A pair whose path does not change.
#[derive(Debug, Default)]
pub(crate) struct Held {
    /// Row of the pair in its block.
    pub(crate) row: usize,
    /// Quantity, law, sum of the weights.
    pub(crate) common: Vec<(u32, Law, f64)>,
    /// Quantity, its effects in `effects`.
    pub(crate) scatter: Vec<(u32, Range<u32>)>,
    /// Quantity, responses of all arcs added up.
    pub(crate) responses: Vec<(u32, Vec<f64>)>,
}

/// One term of an arc: quantity, law, weight, effect or [`NO_DRAW`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Share {
    pub(crate) quantity: u32,
    pub(crate) law: Law,
    pub(crate) effect: u32,
    pub(crate) weight: f64,
}

/// An arc whose loss is worked out in every sample.
#[derive(Debug)]
pub(crate) struct Moving {
    /// What no quantity has a part in.
    pub(crate) rest_db: f64,
    pub(crate) shares: Range<u32>,
    /// Quantity, row of responses.
    pub(crate) responses: Vec<(u32, u32)>,
}

/// The part of the graph between one source and some sinks, slots numbered along the light; slot 0 is the source.
#[derive(Debug)]
pub(crate) struct Search {
    /// By slot, where its edges begin, and the end of the last.
    pub(crate) offsets: Vec<u32>,
    /// Slot that an edge comes from, and its step.
    pub(crate) edges: Vec<(u32, u32)>,
    /// Slot and row of the pair.
    pub(crate) sinks: Vec<(u32, usize)>,
}

/// What a sample has to work out.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    pub(crate) held: Vec<Held>,
    /// Effect and weight, by held pair and quantity.
    pub(crate) effects: Vec<(u32, f64)>,
    pub(crate) searches: Vec<Search>,
    pub(crate) arcs: Vec<Moving>,
    pub(crate) shares: Vec<Share>,
    /// By step, rows of `arcs` in `step_arcs`.
    pub(crate) steps: Vec<Range<u32>>,
    pub(crate) step_arcs: Vec<u32>,
    /// Draws to make, in stretches that do not cross quantities: quantity, draws.
    pub(crate) stretches: Vec<(u32, Range<u32>)>,
    /// Effects that are not the draw itself: quantity, draw, law. They come after all draws.
    pub(crate) bent: Vec<(u32, u32, Law)>,
    /// For each pair, whether it is searched.
    pub(crate) is_searched: Vec<bool>,
}

/// Draws that nobody asked for are made when fewer than this lie between two that are needed: that costs less than
/// to begin anew.
const SKIP: u32 = 64;

/// Builds a plan.
pub(crate) struct Builder<'a> {
    net: &'a Netlist,
    dag: &'a Dag,
    spread: &'a Spread,
    plan: Plan,
    needed: Vec<bool>,
    bent_of: std::collections::BTreeMap<(u32, Law), u32>,
    arc_row: Vec<u32>,
    step_row: Vec<u32>,
}

impl<'a> Builder<'a> {
    pub(crate) fn new(net: &'a Netlist, dag: &'a Dag, spread: &'a Spread, n_pairs: usize) -> Self {
        let plan = Plan { is_searched: vec![false; n_pairs], ..Plan::default() };
        let needed = vec![false; spread.n_draws as usize];
        let (arc_row, step_row) = (vec![NONE; net.arcs.len()], vec![NONE; dag.steps.len()]);
        Self { net, dag, spread, plan, needed, bent_of: std::collections::BTreeMap::new(), arc_row, step_row }
    }

    /// The row of the effect of a draw under a law.
    fn effect(&mut self, quantity: u32, draw: u32, law: Law) -> u32 {
        self.needed[draw as usize] = true;
        if law == Law::Linear {
            return draw;
        }
        let bent = &mut self.plan.bent;
        *self.bent_of.entry((draw, law)).or_insert_with(|| {
            bent.push((quantity, draw, law));
            self.spread.n_draws + bent.len() as u32 - 1
        })
    }

    /// A pair whose path is these arcs.
    pub(crate) fn hold(&mut self, row: usize, arcs: &[u32]) {
        let n = self.spread.quantities.len();
        let mut common = vec![[0.0; LAWS]; n];
        let mut scatter: Vec<(u32, u32, f64)> = Vec::new();
        let mut responses: Vec<Vec<f64>> = vec![Vec::new(); n];
        for &arc in arcs {
            for term in self.spread.terms_of(arc) {
                common[term.quantity as usize][term.law as usize] += term.weight;
                if term.draw != NO_DRAW {
                    let effect = self.effect(term.quantity, term.draw, term.law);
                    scatter.push((term.quantity, effect, term.weight));
                }
            }
            for &(_, quantity, row) in self.spread.responses_of(arc) {
                let total = &mut responses[quantity as usize];
                total.resize(self.spread.n_nodes, 0.0);
                for (sum, more) in total.iter_mut().zip(self.spread.response(row)) {
                    *sum += more;
                }
            }
        }
        let mut held = Held { row, ..Held::default() };
        for (quantity, weights) in common.iter().enumerate() {
            for (law, &weight) in [Law::Linear, Law::Share, Law::Rest].into_iter().zip(weights) {
                if weight != 0.0 {
                    held.common.push((quantity as u32, law, weight));
                }
            }
        }
        scatter.sort_by_key(|&(quantity, effect, _)| (quantity, effect));
        for part in scatter.chunk_by(|a, b| a.0 == b.0) {
            let first = self.plan.effects.len() as u32;
            self.plan.effects.extend(part.iter().map(|&(_, effect, weight)| (effect, weight)));
            held.scatter.push((part[0].0, first..self.plan.effects.len() as u32));
        }
        held.responses =
            responses.into_iter().enumerate().filter(|(_, r)| !r.is_empty()).map(|(q, r)| (q as u32, r)).collect();
        self.plan.held.push(held);
    }

    fn arc(&mut self, arc: u32) -> u32 {
        if self.arc_row[arc as usize] != NONE {
            return self.arc_row[arc as usize];
        }
        let first = self.plan.shares.len() as u32;
        let mut rest_db = self.net.arcs[arc as usize].loss_db;
        for term in self.spread.terms_of(arc) {
            rest_db -= term.weight * term.law.of(self.spread.quantities[term.quantity as usize].value);
            let effect = if term.draw == NO_DRAW { NO_DRAW } else { self.effect(term.quantity, term.draw, term.law) };
            self.plan.shares.push(Share { quantity: term.quantity, law: term.law, effect, weight: term.weight });
        }
        let responses = self.spread.responses_of(arc).iter().map(|r| (r.1, r.2)).collect();
        let shares = first..self.plan.shares.len() as u32;
        let row = self.plan.arcs.len() as u32;
        self.plan.arcs.push(Moving { rest_db, shares, responses });
        self.arc_row[arc as usize] = row;
        row
    }

    fn step(&mut self, step: u32) -> u32 {
        if self.step_row[step as usize] != NONE {
            return self.step_row[step as usize];
        }
        let mut arcs = Vec::new();
        self.dag.expand_reversed(self.net, step, &mut arcs);
        let first = self.plan.step_arcs.len() as u32;
        for arc in arcs {
            let row = self.arc(arc);
            self.plan.step_arcs.push(row);
        }
        let row = self.plan.steps.len() as u32;
        self.plan.steps.push(first..self.plan.step_arcs.len() as u32);
        self.step_row[step as usize] = row;
        row
    }

    /// Pairs from one source (a slot of the graph) to some sinks (slots, with the rows of the pairs).
    pub(crate) fn search(&mut self, source: u32, sinks: &[(u32, usize)]) {
        let dag = self.dag;
        let n = dag.n_slots();
        let (mut from_source, mut to_sink) = (vec![false; n], vec![false; n]);
        let slots = || (source as usize + 1..dag.n_used).chain(dag.first_sink as usize..n);
        let edges =
            |slot: usize| &dag.inwards[dag.inward_offsets[slot] as usize..dag.inward_offsets[slot + 1] as usize];
        from_source[source as usize] = true;
        for slot in slots() {
            from_source[slot] = edges(slot).iter().any(|e| from_source[e.from as usize]);
        }
        for &(slot, _) in sinks {
            to_sink[slot as usize] = true;
        }
        for slot in slots().collect::<Vec<_>>().into_iter().rev() {
            if to_sink[slot] {
                for edge in edges(slot) {
                    to_sink[edge.from as usize] = true;
                }
            }
        }
        let mut number = vec![NONE; n];
        number[source as usize] = 0;
        let (mut offsets, mut found) = (vec![0, 0], Vec::new());
        for slot in slots() {
            if !(from_source[slot] && to_sink[slot]) {
                continue;
            }
            for edge in edges(slot) {
                if number[edge.from as usize] != NONE {
                    let step = self.step(dag.edges[edge.edge as usize].step);
                    found.push((number[edge.from as usize], step));
                }
            }
            number[slot] = offsets.len() as u32 - 1;
            offsets.push(found.len() as u32);
        }
        let sinks = sinks.iter().map(|&(slot, row)| (number[slot as usize], row)).collect::<Vec<_>>();
        for &(_, row) in &sinks {
            self.plan.is_searched[row] = true;
        }
        self.plan.searches.push(Search { offsets, edges: found, sinks });
    }

    pub(crate) fn finish(mut self) -> Plan {
        for (number, quantity) in self.spread.quantities.iter().enumerate() {
            let mut open: Option<Range<u32>> = None;
            for draw in (quantity.first_draw..quantity.last_draw).filter(|&d| self.needed[d as usize]) {
                match &mut open {
                    Some(range) if draw - range.end < SKIP => range.end = draw + 1,
                    _ => {
                        self.plan.stretches.extend(open.take().map(|range| (number as u32, range)));
                        open = Some(draw..draw + 1);
                    }
                }
            }
            self.plan.stretches.extend(open.map(|range| (number as u32, range)));
        }
        self.plan
    }
}
