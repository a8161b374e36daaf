//! Slots and loops: which ports get a slot of their own, and what stands for the ways through a loop.

use super::search::Search;
use super::{Edge, Loop, NONE, Passage, Step, add, step};
use crate::error::SolveError;
use crate::netlist::{N_SUMS, Netlist, Sums};
use crate::scc::{Components, Csr};

/// Numbering of slots while the graph is made.
pub(super) struct Build {
    pub(super) cyclic: Vec<bool>,
    is_entry: Vec<bool>,
    is_exit: Vec<bool>,
    pub(super) slot_in: Vec<u32>,
    pub(super) slot_out: Vec<u32>,
    pub(super) n_slots: u32,
}

impl Build {
    pub(super) fn new(n_nodes: usize, n_parts: usize) -> Self {
        Self {
            cyclic: vec![false; n_parts],
            is_entry: vec![false; n_nodes],
            is_exit: vec![false; n_nodes],
            slot_in: vec![NONE; n_nodes],
            slot_out: vec![NONE; n_nodes],
            n_slots: 0,
        }
    }

    pub(super) fn mark(&mut self, graph: &Csr, parts: &Components, sink_edges: &[(u32, u32, u32)]) {
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

    pub(super) fn number(&mut self, parts: &Components) {
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
    pub(super) fn passages(
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

/// The loops of a netlist, each once.
pub(super) fn loops(net: &Netlist, parts: &Components, cyclic: &[bool]) -> Vec<Loop> {
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
