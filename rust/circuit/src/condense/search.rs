//! Shortest ways from one port, which passages through loops and the reach of a port are made of.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::NONE;
use crate::netlist::Netlist;
use crate::scc::{Components, Csr};

/// Shortest ways from one node, in its component or anywhere (Dijkstra).
pub(super) struct Search {
    pub(super) distance: Vec<f64>,
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
    pub(super) fn new(n_nodes: usize) -> Self {
        Self {
            distance: vec![f64::INFINITY; n_nodes],
            by_arc: vec![NONE; n_nodes],
            by_node: vec![NONE; n_nodes],
            touched: Vec::new(),
        }
    }

    /// Searches from `entry`, inside its component when components are given.
    pub(super) fn run(&mut self, graph: &Csr, edge_arc: &[u32], parts: Option<&Components>, net: &Netlist, entry: u32) {
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
    pub(super) fn arcs_back(&self, entry: u32, exit: u32, net: &Netlist) -> Vec<u32> {
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
