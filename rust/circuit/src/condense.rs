//! From ports and arcs to an acyclic graph: loops are replaced by shortest passages through them.
//!
//! A slot of the acyclic graph is a node outside any loop, an entry of a loop, an exit of a loop, or a sink
//! terminal. A step is what an edge stands for: an arc, or a passage from an entry to an exit of one loop. Slots
//! are numbered so that every edge leads to a higher number.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use rayon::prelude::*;

use crate::error::SolveError;
use crate::netlist::{N_SUMS, Netlist, SUM_LENGTH, Sums, UNJOINED};
use crate::scc::{Components, Csr, components};

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

/// The edges into each slot, in the order of `edges`.
fn inwards(edges: &[Edge], steps: &[Step], n_arcs: usize, n_slots: usize) -> (Vec<Inward>, Vec<u32>) {
    let mut offsets = vec![0u32; n_slots + 1];
    for edge in edges {
        offsets[edge.to as usize + 1] += 1;
    }
    for i in 0..n_slots {
        offsets[i + 1] += offsets[i];
    }
    let mut next = offsets.clone();
    let nothing = Inward { loss_db: 0.0, amplitude: 0.0, from: NONE, place: NONE, edge: NONE, is_passage: false };
    let mut found = vec![nothing; edges.len()];
    for (index, edge) in edges.iter().enumerate() {
        let step = &steps[edge.step as usize];
        found[next[edge.to as usize] as usize] = Inward {
            loss_db: step.loss_db,
            amplitude: step.amplitude,
            from: edge.from,
            place: NONE,
            edge: index as u32,
            is_passage: edge.step as usize >= n_arcs,
        };
        next[edge.to as usize] += 1;
    }
    (found, offsets)
}

/// Gives every slot a place for its state, which is used again once all slots behind it are worked out; returns them
/// and how many there are.
fn places(
    edges: &[Edge],
    inwards: &mut [Inward],
    inward_offsets: &[u32],
    n_used: usize,
    first_sink: usize,
) -> (Vec<u32>, usize) {
    let n_slots = inward_offsets.len() - 1;
    let mut last_use: Vec<u32> = (0..n_slots as u32).collect();
    for edge in edges {
        let last = &mut last_use[edge.from as usize];
        *last = (*last).max(edge.to);
    }
    let (mut place, mut free, mut n_places) = (vec![0u32; n_slots], Vec::new(), 0u32);
    for slot in (0..n_used).chain(first_sink..n_slots) {
        let own = free.pop().unwrap_or_else(|| {
            n_places += 1;
            n_places - 1
        });
        place[slot] = own;
        for edge in &mut inwards[inward_offsets[slot] as usize..inward_offsets[slot + 1] as usize] {
            edge.place = place[edge.from as usize];
            let last = &mut last_use[edge.from as usize];
            if *last == slot as u32 {
                free.push(edge.place);
                *last = NONE;
            }
        }
        if slot < first_sink && last_use[slot] == slot as u32 {
            free.push(own);
        }
    }
    (place, n_places as usize)
}

/// Numbers the slots anew by how many edges lead to them at most, so that light passes memory in order; sinks stay
/// where they are. Slots that no edge touches go before the sinks.
/// Returns how many slots before the sinks an edge touches.
fn by_level(edges: &mut Vec<Edge>, slot_of_port: &mut [u32], n_slots: usize, first_sink: usize) -> usize {
    sort_by_start(edges, n_slots);
    let mut level = vec![0u32; n_slots];
    let mut touched = vec![false; n_slots];
    for edge in edges.iter() {
        let next = level[edge.from as usize] + 1;
        level[edge.to as usize] = level[edge.to as usize].max(next);
        touched[edge.from as usize] = true;
        touched[edge.to as usize] = true;
    }
    // Slots of one level stay in order; those that no edge touches come last.
    let n_levels = level[..first_sink].iter().max().map_or(0, |&most| most as usize + 1);
    let key = |slot: usize| if touched[slot] { level[slot] as usize } else { n_levels };
    let mut next = vec![0u32; n_levels + 2];
    for slot in 0..first_sink {
        next[key(slot) + 1] += 1;
    }
    for k in 0..=n_levels {
        next[k + 1] += next[k];
    }
    let mut new: Vec<u32> = (0..n_slots as u32).collect();
    for slot in 0..first_sink {
        let place = &mut next[key(slot)];
        new[slot] = *place;
        *place += 1;
    }
    for edge in edges.iter_mut() {
        (edge.from, edge.to) = (new[edge.from as usize], new[edge.to as usize]);
    }
    for slot in slot_of_port.iter_mut().filter(|s| **s != NONE) {
        *slot = new[*slot as usize];
    }
    touched[..first_sink].iter().filter(|&&t| t).count()
}

/// Sorts edges by the slot they come from, keeping their order otherwise; returns where those of each slot begin, and
/// the end of the last.
fn sort_by_start(edges: &mut Vec<Edge>, n_slots: usize) -> Vec<u32> {
    let mut offsets = vec![0u32; n_slots + 1];
    for edge in edges.iter() {
        offsets[edge.from as usize + 1] += 1;
    }
    for i in 0..n_slots {
        offsets[i + 1] += offsets[i];
    }
    let mut next = offsets.clone();
    let mut sorted = edges.clone();
    for edge in edges.iter() {
        let place = &mut next[edge.from as usize];
        sorted[*place as usize] = *edge;
        *place += 1;
    }
    *edges = sorted;
    offsets
}

fn step(loss_db: f64, sums: Sums) -> Step {
    Step { loss_db, amplitude: 10f64.powf(-loss_db / 20.0), sums }
}

/// Numbering of slots while the graph is made.
struct Build {
    cyclic: Vec<bool>,
    is_entry: Vec<bool>,
    is_exit: Vec<bool>,
    slot_in: Vec<u32>,
    slot_out: Vec<u32>,
    n_slots: u32,
}

impl Build {
    fn new(n_nodes: usize, n_parts: usize) -> Self {
        Self {
            cyclic: vec![false; n_parts],
            is_entry: vec![false; n_nodes],
            is_exit: vec![false; n_nodes],
            slot_in: vec![NONE; n_nodes],
            slot_out: vec![NONE; n_nodes],
            n_slots: 0,
        }
    }

    fn mark(&mut self, graph: &Csr, parts: &Components, sink_edges: &[(u32, u32, u32)]) {
        for part in 0..parts.len() {
            self.cyclic[part] = parts.nodes(part).len() > 1;
        }
        for node in 0..self.is_entry.len() as u32 {
            for &next in &graph.targets[graph.range(node)] {
                if next == node {
                    self.cyclic[parts.of_node[node as usize] as usize] = true;
                } else if parts.of_node[next as usize] != parts.of_node[node as usize] {
                    self.is_exit[node as usize] = true;
                    self.is_entry[next as usize] = true;
                }
            }
        }
        for &(node, _, _) in sink_edges {
            self.is_exit[node as usize] = true;
        }
    }

    fn number(&mut self, parts: &Components) {
        for part in 0..parts.len() {
            let nodes = parts.nodes(part);
            if self.cyclic[part] {
                for &node in nodes.iter().filter(|&&v| self.is_entry[v as usize]) {
                    self.slot_in[node as usize] = self.n_slots;
                    self.n_slots += 1;
                }
                for &node in nodes.iter().filter(|&&v| self.is_exit[v as usize]) {
                    self.slot_out[node as usize] = self.n_slots;
                    self.n_slots += 1;
                }
            } else {
                let node = nodes[0] as usize;
                (self.slot_in[node], self.slot_out[node]) = (self.n_slots, self.n_slots);
                self.n_slots += 1;
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "one call; the parts of a graph under construction")]
    fn passages(
        &self,
        graph: &Csr,
        edge_arc: &[u32],
        parts: &Components,
        net: &Netlist,
        max_loop_pairs: usize,
        steps: &mut Vec<Step>,
        edges: &mut Vec<Edge>,
    ) -> Result<Vec<Passage>, SolveError> {
        let mut passages = Vec::new();
        let mut search = Search::new(self.is_entry.len());
        for part in (0..parts.len()).filter(|&c| self.cyclic[c]) {
            let nodes = parts.nodes(part);
            let entries: Vec<u32> = nodes.iter().copied().filter(|&v| self.is_entry[v as usize]).collect();
            let exits: Vec<u32> = nodes.iter().copied().filter(|&v| self.is_exit[v as usize]).collect();
            if entries.len().saturating_mul(exits.len()) > max_loop_pairs {
                return Err(SolveError::LoopTooLarge {
                    ports: nodes.len(),
                    entries: entries.len(),
                    exits: exits.len(),
                    limit: max_loop_pairs,
                });
            }
            for &entry in &entries {
                search.run(graph, edge_arc, Some(parts), net, entry);
                for &exit in &exits {
                    let mut sums: Sums = [0.0; N_SUMS];
                    for arc in search.arcs_back(entry, exit, net) {
                        add(&mut sums, &net.arcs[arc as usize].sums);
                    }
                    let (from, to) = (self.slot_in[entry as usize], self.slot_out[exit as usize]);
                    edges.push(Edge { from, to, step: steps.len() as u32 });
                    steps.push(step(search.distance[exit as usize], sums));
                    passages.push(Passage { entry, exit, component: part as u32 });
                }
            }
        }
        debug_assert!(passages.iter().all(|p| self.cyclic[p.component as usize]));
        Ok(passages)
    }
}

/// Adds sums term by term.
#[inline]
pub(crate) fn add(to: &mut Sums, more: &Sums) {
    for (a, b) in to.iter_mut().zip(more) {
        *a += b;
    }
}

fn loops(net: &Netlist, parts: &Components, cyclic: &[bool]) -> Vec<Loop> {
    let mut found: Vec<Loop> = (0..parts.len())
        .filter(|&part| cyclic[part])
        .map(|part| {
            let nodes = parts.nodes(part);
            let mut devices: Vec<u32> = nodes.iter().map(|&v| net.port_device[v as usize]).collect();
            devices.sort_unstable();
            devices.dedup();
            Loop { devices, n_ports: nodes.len() }
        })
        .collect();
    found.sort();
    // Light can go round the same devices both ways: one loop, not two.
    found.dedup_by(|a, b| a.devices == b.devices);
    found
}

/// Shortest ways from one node, in its component or anywhere (Dijkstra).
struct Search {
    distance: Vec<f64>,
    by_arc: Vec<u32>,
    by_node: Vec<u32>,
    touched: Vec<u32>,
}

/// Heap entry: least distance first, then least node, so that ties fall the same way every time.
#[derive(PartialEq)]
struct Reach {
    distance: f64,
    node: u32,
}

impl Eq for Reach {}

impl Ord for Reach {
    fn cmp(&self, other: &Self) -> Ordering {
        other.distance.total_cmp(&self.distance).then_with(|| other.node.cmp(&self.node))
    }
}

impl PartialOrd for Reach {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Search {
    fn new(n_nodes: usize) -> Self {
        Self {
            distance: vec![f64::INFINITY; n_nodes],
            by_arc: vec![NONE; n_nodes],
            by_node: vec![NONE; n_nodes],
            touched: Vec::new(),
        }
    }

    /// Searches from `entry`, inside its component when components are given.
    fn run(&mut self, graph: &Csr, edge_arc: &[u32], parts: Option<&Components>, net: &Netlist, entry: u32) {
        for node in self.touched.drain(..) {
            self.distance[node as usize] = f64::INFINITY;
            self.by_arc[node as usize] = NONE;
            self.by_node[node as usize] = NONE;
        }
        let part = |node: u32| parts.map(|p| p.of_node[node as usize]);
        let mut heap = BinaryHeap::new();
        self.distance[entry as usize] = 0.0;
        self.touched.push(entry);
        heap.push(Reach { distance: 0.0, node: entry });
        while let Some(Reach { distance, node }) = heap.pop() {
            if distance > self.distance[node as usize] {
                continue;
            }
            for position in graph.range(node) {
                let next = graph.targets[position];
                if part(next) != part(entry) {
                    continue;
                }
                let arc = edge_arc[position];
                let longer = distance + net.arcs[arc as usize].loss_db;
                if longer < self.distance[next as usize] {
                    if self.distance[next as usize].is_infinite() {
                        self.touched.push(next);
                    }
                    self.distance[next as usize] = longer;
                    self.by_arc[next as usize] = arc;
                    self.by_node[next as usize] = node;
                    heap.push(Reach { distance: longer, node: next });
                }
            }
        }
    }

    /// Arcs from entry to exit, last first.
    fn arcs_back(&self, entry: u32, exit: u32, net: &Netlist) -> Vec<u32> {
        let mut arcs = Vec::new();
        let mut node = exit;
        while node != entry && self.by_arc[node as usize] != NONE {
            arcs.push(self.by_arc[node as usize]);
            node = self.by_node[node as usize];
        }
        debug_assert!(arcs.len() <= net.arcs.len());
        arcs
    }
}
