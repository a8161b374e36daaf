//! From ports and arcs to an acyclic graph: loops are replaced by shortest passages through them.
//!
//! A slot of the acyclic graph is a node outside any loop, an entry of a loop, an exit of a loop, or a sink
//! terminal. A step is what an edge stands for: an arc, or a passage from an entry to an exit of one loop. Slots
//! are numbered so that every edge leads to a higher number.

mod order;
mod search;
mod slots;

use rayon::prelude::*;

use crate::error::SolveError;
use crate::netlist::{N_SUMS, Netlist, SUM_LENGTH, Sums, UNJOINED};
use crate::scc::{Components, Csr, components};

use order::{by_level, inwards, places, sort_by_start};
use search::Search;
use slots::{Build, loops};

/// No edge, no slot, no arc.
pub(crate) const NONE: u32 = u32::MAX;

/// Edge of the acyclic graph.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Edge {
    pub(crate) from: u32,
    pub(crate) to: u32,
    pub(crate) step: u32,
}

/// What an edge costs.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) loss_db: f64,
    /// Field amplitude left over: 10^(-loss/20).
    pub(crate) amplitude: f64,
    pub(crate) sums: Sums,
}

/// An edge as its end sees it, without its ledger.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Inward {
    pub(crate) loss_db: f64,
    pub(crate) amplitude: f64,
    pub(crate) from: u32,
    /// Where the state of that slot lies.
    pub(crate) place: u32,
    /// Row in `edges`.
    pub(crate) edge: u32,
    pub(crate) is_passage: bool,
}

/// A way through a loop, standing behind the steps of the arcs.
#[derive(Clone, Copy, Debug)]
struct Passage {
    entry: u32,
    exit: u32,
    component: u32,
}

/// A loop: the devices that light can go round in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Loop {
    pub(crate) devices: Vec<u32>,
    pub(crate) n_ports: usize,
}

/// The acyclic graph with what is needed to expand its steps.
#[derive(Debug)]
pub(crate) struct Dag {
    graph: Csr,
    edge_arc: Vec<u32>,
    parts: Components,
    passages: Vec<Passage>,
    n_arcs: usize,
    pub(crate) steps: Vec<Step>,
    pub(crate) edges: Vec<Edge>,
    /// Edges by the slot they lead to, what a pass over all of them needs close together.
    pub(crate) inwards: Vec<Inward>,
    pub(crate) inward_offsets: Vec<u32>,
    /// Sums that are not zero everywhere; a pass carries only these.
    pub(crate) active: Vec<usize>,
    /// By edge, its active sums.
    pub(crate) edge_sums: Vec<f64>,
    /// By edge, its geometric length.
    pub(crate) edge_length_nm: Vec<f64>,
    /// By slot, where its state lies while it is needed; those of sinks stay.
    pub(crate) places: Vec<u32>,
    pub(crate) n_places: usize,
    /// True when an edge leads through a loop.
    pub(crate) has_passages: bool,
    /// Slots before this one, and sinks, are those that light can be in.
    pub(crate) n_used: usize,
    pub(crate) offsets: Vec<u32>,
    /// Slot in which light that enters through a port starts.
    pub(crate) slot_of_port: Vec<u32>,
    /// First slot of the sinks; sink k is slot `first_sink + k` and terminal `sink_terminals[k]`.
    pub(crate) first_sink: u32,
    pub(crate) sink_terminals: Vec<u32>,
    pub(crate) loops: Vec<Loop>,
}

impl Dag {
    pub(crate) fn n_slots(&self) -> usize {
        self.offsets.len() - 1
    }

    /// True when the step goes through a loop.
    fn is_passage(&self, step: u32) -> bool {
        step as usize >= self.n_arcs
    }

    /// Appends the arcs of a step, last first.
    pub(crate) fn expand_reversed(&self, net: &Netlist, step: u32, arcs: &mut Vec<u32>) {
        if !self.is_passage(step) {
            arcs.push(step);
            return;
        }
        let passage = self.passages[step as usize - self.n_arcs];
        let mut search = Search::new(self.graph.offsets.len() - 1);
        search.run(&self.graph, &self.edge_arc, Some(&self.parts), net, passage.entry);
        arcs.extend(search.arcs_back(passage.entry, passage.exit, net));
    }

    /// Least loss of light that enters through `port` at every port through which it enters a device.
    pub(crate) fn reach(&self, net: &Netlist, port: u32) -> Vec<f64> {
        let mut search = Search::new(self.graph.offsets.len() - 1);
        search.run(&self.graph, &self.edge_arc, None, net, port);
        search.distance
    }

    /// Builds the acyclic graph.
    pub(crate) fn new(net: &Netlist, max_loop_pairs: usize) -> Result<Self, SolveError> {
        let n = net.port_device.len();
        let mut order: Vec<u32> = (0..net.arcs.len() as u32).collect();
        let ends = |&a: &u32| (net.arcs[a as usize].from, net.arcs[a as usize].to);
        // Mostly they come in that order.
        if !order.is_sorted_by_key(ends) {
            order.sort_unstable_by_key(ends);
        }
        let mut sink_of_port = vec![NONE; n];
        let mut sink_terminals = Vec::new();
        for (k, terminal) in net.terminals.iter().enumerate() {
            if terminal.is_out {
                sink_of_port[terminal.port as usize] = sink_terminals.len() as u32;
                sink_terminals.push(k as u32);
            }
        }
        // Edges are listed by their start, so that their positions in the compressed rows are their list order.
        let (mut pairs, mut edge_arc, mut sink_edges) = (Vec::new(), Vec::new(), Vec::new());
        for &a in &order {
            let arc = &net.arcs[a as usize];
            let next = net.peer[arc.to as usize];
            if next != UNJOINED {
                pairs.push((arc.from, next));
                edge_arc.push(a);
            } else if sink_of_port[arc.to as usize] != NONE {
                sink_edges.push((arc.from, sink_of_port[arc.to as usize], a));
            }
        }
        let graph = Csr::new(n, &pairs);
        let parts = components(&graph);
        let mut build = Build::new(n, parts.len());
        build.mark(&graph, &parts, &sink_edges);
        build.number(&parts);

        let first_sink = build.n_slots;
        let mut steps: Vec<Step> = net.arcs.par_iter().map(|a| step(a.loss_db, a.sums)).collect();
        let mut edges = Vec::new();
        for (position, &(from, to)) in pairs.iter().enumerate() {
            let (cf, ct) = (parts.of_node[from as usize], parts.of_node[to as usize]);
            if cf == ct && build.cyclic[cf as usize] {
                continue;
            }
            let (from, to) = (build.slot_out[from as usize], build.slot_in[to as usize]);
            edges.push(Edge { from, to, step: edge_arc[position] });
        }
        for &(from, sink, arc) in &sink_edges {
            edges.push(Edge { from: build.slot_out[from as usize], to: first_sink + sink, step: arc });
        }
        let passages = build.passages(&graph, &edge_arc, &parts, net, max_loop_pairs, &mut steps, &mut edges)?;
        let n_slots = first_sink as usize + sink_terminals.len();
        let mut slot_of_port = build.slot_in;
        let n_used = by_level(&mut edges, &mut slot_of_port, n_slots, first_sink as usize);
        let offsets = sort_by_start(&mut edges, n_slots);
        let mut is_active = [false; N_SUMS];
        for step in &steps {
            for (active, &sum) in is_active.iter_mut().zip(&step.sums) {
                *active |= sum != 0.0;
            }
        }
        let active: Vec<usize> = (0..N_SUMS).filter(|&k| is_active[k]).collect();
        let of_step = |edge: &Edge| &steps[edge.step as usize].sums;
        let edge_sums: Vec<f64> = edges.iter().flat_map(|e| active.iter().map(move |&k| of_step(e)[k])).collect();
        let edge_length_nm: Vec<f64> = edges.iter().map(|e| of_step(e)[SUM_LENGTH]).collect();
        let (mut inwards, inward_offsets) = inwards(&edges, &steps, net.arcs.len(), n_slots);
        let (places, n_places) = places(&edges, &mut inwards, &inward_offsets, n_used, first_sink as usize);
        let loops = loops(net, &parts, &build.cyclic);
        Ok(Self {
            graph,
            edge_arc,
            parts,
            n_arcs: net.arcs.len(),
            steps,
            offsets,
            places,
            n_places,
            has_passages: !passages.is_empty(),
            inwards,
            inward_offsets,
            active,
            edge_sums,
            edge_length_nm,
            n_used,
            edges,
            slot_of_port,
            first_sink,
            sink_terminals,
            loops,
            passages,
        })
    }
}

fn step(loss_db: f64, sums: Sums) -> Step {
    Step { loss_db, amplitude: 10f64.powf(-loss_db / 20.0), sums }
}

/// Adds sums term by term.
#[inline]
pub(crate) fn add(to: &mut Sums, more: &Sums) {
    for (a, b) in to.iter_mut().zip(more) {
        *a += b;
    }
}
