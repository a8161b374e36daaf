//! What to compute in which order: the same for all wavelengths, worked out once.
//!
//! A row holds, for one joined port, the amplitude that enters there for light from each input. Rows live in slots that
//! are used again once nobody reads them any more, so that a mesh of any depth works in the memory of two columns.

use num_complex::Complex64;
use waveguard_base::{Interrupted, Watch};

use super::kernels::{Rows, add_scaled};
use super::loops::{Inner, LoopPlan};
use super::network::{Entry, Network};
use crate::netlist::UNJOINED;
use crate::scc::{Csr, components};

/// Light that arrives: an entry times a row, or times the light of one input.
#[derive(Debug)]
pub(crate) struct Term {
    pub(crate) entry: Entry,
    /// Slot of a row, or number of an input.
    pub(crate) from: u32,
    pub(crate) is_input: bool,
    /// Inputs whose light is in that row, widened to whole groups of [`LANES`].
    pub(crate) low: u32,
    pub(crate) high: u32,
}

impl Term {
    /// Adds the light to a row whose first column stands for the input `first`.
    #[inline(always)]
    pub(crate) fn add(&self, s: Complex64, rows: &Rows, re: &mut [f64], im: &mut [f64], first: usize) {
        let (low, high) = (self.low as usize, self.high as usize);
        if self.is_input {
            let at = self.from as usize - first;
            re[at] += s.re;
            im[at] += s.im;
        } else {
            let (x_re, x_im) = rows.row(self.from as usize);
            let (at, end) = (low - first, high - first);
            add_scaled(&mut re[at..end], &mut im[at..end], &x_re[low..high], &x_im[low..high], s);
        }
    }
}

/// One step of the program.
#[derive(Debug)]
pub(crate) enum Step {
    /// A port that no light comes back to.
    Row { slot: u32, terms: std::ops::Range<usize>, low: u32, high: u32 },
    /// What comes out at an output.
    Output { output: u32, terms: std::ops::Range<usize> },
    /// Ports that see each other again.
    Loop(Box<LoopPlan>),
}

/// Steps in the order in which they can be done.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) steps: Vec<Step>,
    pub(crate) terms: Vec<Term>,
    pub(crate) n_slots: usize,
    pub(crate) n_loops: usize,
    pub(crate) largest_loop: usize,
    pub(crate) n_rows: usize,
    /// Amplitudes that are used: those of the terms, then those inside the loops.
    pub(crate) n_values: usize,
}

impl Program {
    /// Where the amplitudes stand that are used, in the order of their use.
    pub(crate) fn entries(&self) -> Vec<Entry> {
        let mut entries: Vec<Entry> = self.terms.iter().map(|term| term.entry).collect();
        for step in &self.steps {
            if let Step::Loop(plan) = step {
                entries.extend(plan.inner.iter().map(|one| one.entry));
            }
        }
        debug_assert_eq!(entries.len(), self.n_values);
        entries
    }
}

/// Rows are worked on in groups of so many inputs: what vector units take at a time, so that nothing is left over.
const LANES: u32 = 16;
const NONE: u32 = u32::MAX;

#[derive(Clone, Copy)]
struct Arrival {
    source: u32,
    is_input: bool,
    to: u32,
    entry: Entry,
}

/// Works out the program of a network.
pub(crate) fn plan(net: &Network<'_>, watch: &Watch) -> Result<Program, Interrupted> {
    let n_ports = net.peer.len();
    let needed = needed_ports(net);
    // Nodes: the needed joined ports in order, then the outputs.
    let mut node = vec![NONE; n_ports];
    let mut port_of: Vec<u32> = Vec::new();
    for port in 0..n_ports {
        if needed[port] && net.peer[port] != UNJOINED {
            node[port] = port_of.len() as u32;
            port_of.push(port as u32);
        }
    }
    let n_rows = port_of.len();
    let mut output_at = vec![NONE; n_ports];
    for (k, &port) in net.outputs.iter().enumerate() {
        output_at[port as usize] = k as u32;
    }
    let n_nodes = n_rows + net.outputs.len();
    let mut arrivals: Vec<Arrival> = Vec::new();
    let mut add = |source: u32, is_input: bool, port: u32| {
        for (out, entry) in net.passages(port) {
            let peer = net.peer[out as usize];
            let to = if peer == UNJOINED {
                let k = output_at[out as usize];
                if k == NONE { NONE } else { n_rows as u32 + k }
            } else {
                node[peer as usize]
            };
            if to != NONE {
                arrivals.push(Arrival { source, is_input, to, entry });
            }
        }
    };
    for (k, &port) in net.inputs.iter().enumerate() {
        add(k as u32, true, port);
    }
    for (row, &port) in port_of.iter().enumerate() {
        add(row as u32, false, port);
    }
    watch.check()?;
    let edges: Vec<(u32, u32)> = arrivals.iter().filter(|a| !a.is_input).map(|a| (a.source, a.to)).collect();
    let parts = components(&Csr::new(n_nodes, &edges));
    arrivals.sort_by_key(|a| (a.to, !a.is_input, a.source));
    let mut first = vec![0usize; n_nodes + 1];
    for arrival in &arrivals {
        first[arrival.to as usize + 1] += 1;
    }
    for i in 0..n_nodes {
        first[i + 1] += first[i];
    }
    let order = first_come(&parts.of_node, parts.len(), &edges);
    let mut writer = Writer {
        arrivals: &arrivals,
        first: &first,
        readers: readers(&edges, n_rows, &parts.of_node),
        slot: vec![NONE; n_rows],
        reach: vec![(0, 0); n_rows],
        free: Vec::new(),
        n_inputs: net.inputs.len() as u32,
        program: Program {
            steps: Vec::new(),
            terms: Vec::new(),
            n_slots: 0,
            n_loops: 0,
            largest_loop: 0,
            n_rows,
            n_values: 0,
        },
    };
    for &part in &order {
        watch.check()?;
        let members = parts.nodes(part as usize);
        writer.write(members, n_rows as u32, watch)?;
    }
    let mut program = writer.program;
    // Loops have counted their own amplitudes; they stand behind those of the terms.
    let n_terms = program.terms.len();
    program.n_values += n_terms;
    for step in &mut program.steps {
        if let Step::Loop(plan) = step {
            plan.first_value += n_terms;
        }
    }
    Ok(program)
}

/// Ports that light from an input enters and whose light gets to an output.
fn needed_ports(net: &Network<'_>) -> Vec<bool> {
    let n_ports = net.peer.len();
    let mut entered = vec![false; n_ports];
    let mut stack: Vec<u32> = net.inputs.clone();
    let mut back: Vec<(u32, u32)> = Vec::new();
    let mut useful = vec![false; n_ports];
    let mut is_output = vec![false; n_ports];
    for &port in &net.outputs {
        is_output[port as usize] = true;
    }
    let mut ends = Vec::new();
    for &port in &net.inputs {
        entered[port as usize] = true;
    }
    while let Some(port) = stack.pop() {
        for (out, _) in net.passages(port) {
            let peer = net.peer[out as usize];
            if peer == UNJOINED {
                if is_output[out as usize] {
                    ends.push(port);
                }
                continue;
            }
            back.push((peer, port));
            if !entered[peer as usize] {
                entered[peer as usize] = true;
                stack.push(peer);
            }
        }
    }
    let graph = Csr::new(n_ports, &back);
    while let Some(port) = ends.pop() {
        if !std::mem::replace(&mut useful[port as usize], true) {
            ends.extend(graph.range(port).map(|at| graph.targets[at]));
        }
    }
    useful
}

/// Components in the order in which they become ready, first come first served: a mesh goes column by column, so that
/// few rows are alive at a time.
fn first_come(of_node: &[u32], n_parts: usize, edges: &[(u32, u32)]) -> Vec<u32> {
    let between: Vec<(u32, u32)> =
        edges.iter().map(|&(a, b)| (of_node[a as usize], of_node[b as usize])).filter(|(a, b)| a != b).collect();
    let mut waiting = vec![0u32; n_parts];
    for &(_, to) in &between {
        waiting[to as usize] += 1;
    }
    let graph = Csr::new(n_parts, &between);
    let mut order: Vec<u32> = (0..n_parts as u32).filter(|&part| waiting[part as usize] == 0).collect();
    let mut done = 0;
    while done < order.len() {
        for at in graph.range(order[done]) {
            let next = graph.targets[at];
            waiting[next as usize] -= 1;
            if waiting[next as usize] == 0 {
                order.push(next);
            }
        }
        done += 1;
    }
    order
}

/// How often each row is read from outside its own component.
fn readers(edges: &[(u32, u32)], n_rows: usize, of_node: &[u32]) -> Vec<u32> {
    let mut count = vec![0; n_rows];
    for &(from, to) in edges {
        if of_node[from as usize] != of_node[to as usize] {
            count[from as usize] += 1;
        }
    }
    count
}

struct Writer<'a> {
    arrivals: &'a [Arrival],
    first: &'a [usize],
    readers: Vec<u32>,
    slot: Vec<u32>,
    /// Range of inputs whose light gets to each row.
    reach: Vec<(u32, u32)>,
    free: Vec<u32>,
    n_inputs: u32,
    program: Program,
}

impl Writer<'_> {
    fn write(&mut self, members: &[u32], n_rows: u32, watch: &Watch) -> Result<(), Interrupted> {
        let node = members[0];
        let own = |a: &Arrival| !a.is_input && members.binary_search(&a.source).is_ok();
        if node >= n_rows {
            let (terms, _) = self.terms(node, |_| false);
            self.program.steps.push(Step::Output { output: node - n_rows, terms });
            self.release(&[node], own);
            return Ok(());
        }
        let looped = members.len() > 1 || self.coming(node).iter().any(own);
        if !looped {
            let (terms, (low, high)) = self.terms(node, own);
            let slot = self.take(node);
            self.reach[node as usize] = (low, high);
            self.program.steps.push(Step::Row { slot, terms, low, high });
            self.release(members, own);
            return Ok(());
        }
        let mut outer = Vec::with_capacity(members.len());
        let (mut low, mut high) = (u32::MAX, 0);
        let mut inner = Vec::new();
        for (row, &member) in members.iter().enumerate() {
            let (terms, (a, b)) = self.terms(member, own);
            if a < b {
                (low, high) = (low.min(a), high.max(b));
            }
            outer.push(terms);
            for arrival in self.coming(member).iter().filter(|a| own(a)) {
                let column = members.binary_search(&arrival.source).unwrap_or(0) as u32;
                inner.push(Inner { row: row as u32, column, entry: arrival.entry });
            }
        }
        let slots: Vec<u32> = members.iter().map(|&member| self.take(member)).collect();
        for &member in members {
            self.reach[member as usize] = (low, high);
        }
        self.program.n_loops += 1;
        self.program.largest_loop = self.program.largest_loop.max(members.len());
        let first_value = self.program.n_values;
        self.program.n_values += inner.len();
        let plan = LoopPlan::new(slots, outer, inner, first_value, (low, high), watch)?;
        self.program.steps.push(Step::Loop(Box::new(plan)));
        self.release(members, own);
        let spent = members.iter().filter(|&&member| self.readers[member as usize] == 0);
        self.free.extend(spent.map(|&member| self.slot[member as usize]));
        Ok(())
    }

    fn coming(&self, node: u32) -> &[Arrival] {
        &self.arrivals[self.first[node as usize]..self.first[node as usize + 1]]
    }

    /// Appends the terms of a node but those of its own loop; returns where they stand and which inputs reach it.
    fn terms(&mut self, node: u32, own: impl Fn(&Arrival) -> bool) -> (std::ops::Range<usize>, (u32, u32)) {
        let start = self.program.terms.len();
        let (mut low, mut high) = (u32::MAX, 0);
        for at in self.first[node as usize]..self.first[node as usize + 1] {
            let arrival = self.arrivals[at];
            if own(&arrival) {
                continue;
            }
            let (from, (a, b)) = if arrival.is_input {
                let start = arrival.source / LANES * LANES;
                (arrival.source, (start, (start + LANES).min(self.n_inputs)))
            } else {
                (self.slot[arrival.source as usize], self.reach[arrival.source as usize])
            };
            (low, high) = (low.min(a), high.max(b));
            self.program.terms.push(Term { entry: arrival.entry, from, is_input: arrival.is_input, low: a, high: b });
        }
        if low > high {
            (low, high) = (0, 0);
        }
        (start..self.program.terms.len(), (low, high))
    }

    fn take(&mut self, node: u32) -> u32 {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.program.n_slots += 1;
            self.program.n_slots as u32 - 1
        });
        self.slot[node as usize] = slot;
        slot
    }

    /// Gives back the slots of rows that were read for the last time.
    fn release(&mut self, members: &[u32], own: impl Fn(&Arrival) -> bool) {
        for &member in members {
            for at in self.first[member as usize]..self.first[member as usize + 1] {
                let arrival = self.arrivals[at];
                if arrival.is_input || own(&arrival) {
                    continue;
                }
                let left = &mut self.readers[arrival.source as usize];
                *left -= 1;
                if *left == 0 {
                    self.free.push(self.slot[arrival.source as usize]);
                }
            }
        }
    }
}
