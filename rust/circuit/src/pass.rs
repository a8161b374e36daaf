//! One pass over the acyclic graph for several sources at once: best and worst loss, number of paths, fields.
//!
//! The sources are lanes of one vector unit, so that an edge is read once for all of them. What a slot holds is needed
//! until the last slot after it is worked out; its place in memory is then used again, and stays in the cache. Only the
//! edges that the best and worst paths come by are kept for all slots.

#![expect(clippy::inline_always, reason = "kernels must be inlined into the code made for the vector unit at hand")]

use std::sync::{Mutex, PoisonError};

use crate::condense::{Dag, Inward, NONE};
use crate::netlist::Circuit;

/// Sources that are followed together.
pub(crate) const LANES: usize = 8;

/// What is known of one slot, by lane.
#[derive(Clone, Copy)]
struct State {
    best_db: [f64; LANES],
    worst_db: [f64; LANES],
    n_paths: [f64; LANES],
    field: [f64; LANES],
    looped: [bool; LANES],
}

/// Edges that the best and the worst path to a slot come by, by lane.
#[derive(Clone, Copy)]
struct Came {
    best: [u32; LANES],
    worst: [u32; LANES],
}

const UNREACHED: State = State {
    best_db: [f64::INFINITY; LANES],
    worst_db: [f64::NEG_INFINITY; LANES],
    n_paths: [0.0; LANES],
    field: [0.0; LANES],
    looped: [false; LANES],
};
const FROM_NOWHERE: Came = Came { best: [NONE; LANES], worst: [NONE; LANES] };

/// What is known of a sink for one source.
pub(crate) struct AtSink {
    pub(crate) best_db: f64,
    pub(crate) worst_db: f64,
    pub(crate) n_paths: f64,
    pub(crate) field: f64,
    pub(crate) looped: bool,
}

/// Memory of a pass, used again for the next sources.
pub(crate) struct Pass<'a> {
    pub(crate) dag: &'a Dag,
    /// By place.
    states: Vec<State>,
    /// By slot.
    came: Vec<Came>,
    /// First slot that is reached.
    first: usize,
    /// By slot, the lanes whose worst and best paths to a sink lead through it, as bits.
    on_worst: Vec<u8>,
    on_best: Vec<u8>,
    /// By place and lane, sums along the worst path, for the slots on the way to a sink.
    sums: Vec<f64>,
    /// Length along the best path, likewise.
    best_length_nm: Vec<f64>,
}

impl<'a> Pass<'a> {
    pub(crate) fn new(dag: &'a Dag) -> Self {
        let n_slots = dag.n_slots();
        Self {
            dag,
            states: vec![UNREACHED; dag.n_places],
            came: vec![FROM_NOWHERE; n_slots],
            first: 0,
            on_worst: vec![0; n_slots],
            on_best: vec![0; n_slots],
            sums: vec![0.0; dag.n_places * LANES * dag.active.len()],
            best_length_nm: vec![0.0; dag.n_places * LANES],
        }
    }

    /// Everything that light reaches from some slots, one lane each.
    pub(crate) fn run(&mut self, starts: &[u32]) {
        assert!(starts.len() <= LANES);
        pulp::Arch::new().dispatch(Run { pass: self, starts });
    }

    #[inline(always)]
    fn follow(&mut self, starts: &[u32]) {
        let dag = self.dag;
        // A terminal at a port that leads nowhere has a slot behind all that are used.
        let mut left: Vec<(u32, usize)> =
            starts.iter().enumerate().map(|(lane, &s)| (s, lane)).filter(|&(s, _)| (s as usize) < dag.n_used).collect();
        left.sort_unstable_by(|a, b| b.cmp(a));
        let first = left.last().map_or(dag.n_used, |&(start, _)| start as usize);
        self.first = first;
        // What comes before the first start is not reached; each slot is worked out once, from those before it.
        for slot in (first..dag.n_used).chain(dag.first_sink as usize..dag.n_slots()) {
            let range = dag.inward_offsets[slot] as usize..dag.inward_offsets[slot + 1] as usize;
            let (mut state, mut came) = self.meet(&dag.inwards[range], first);
            while let Some(&(_, lane)) = left.last().filter(|&&(start, _)| start as usize == slot) {
                (state.best_db[lane], state.worst_db[lane]) = (0.0, 0.0);
                (state.n_paths[lane], state.field[lane]) = (1.0, 1.0);
                (came.best[lane], came.worst[lane]) = (NONE, NONE);
                left.pop();
            }
            self.states[dag.places[slot] as usize] = state;
            self.came[slot] = came;
        }
    }

    /// The state of a slot from those before it.
    #[expect(clippy::needless_range_loop, reason = "several arrays of the same lanes")]
    #[inline(always)]
    fn meet(&self, edges: &[Inward], first: usize) -> (State, Came) {
        let mut to = UNREACHED;
        let (mut best, mut worst) = ([u64::from(NONE); LANES], [u64::from(NONE); LANES]);
        for edge in edges {
            if (edge.from as usize) < first {
                continue;
            }
            let here = &self.states[edge.place as usize];
            let number = u64::from(edge.edge);
            // What is not reached is infinitely far and has no paths: it changes nothing.
            for k in 0..LANES {
                let best_db = here.best_db[k] + edge.loss_db;
                // Strictly better only: among equals the first edge in slot order wins, on every machine.
                let better = best_db < to.best_db[k];
                to.best_db[k] = if better { best_db } else { to.best_db[k] };
                best[k] = if better { number } else { best[k] };
            }
            for k in 0..LANES {
                let worst_db = here.worst_db[k] + edge.loss_db;
                let worse = worst_db > to.worst_db[k];
                to.worst_db[k] = if worse { worst_db } else { to.worst_db[k] };
                worst[k] = if worse { number } else { worst[k] };
            }
            for k in 0..LANES {
                to.n_paths[k] += here.n_paths[k];
                to.field[k] += here.field[k] * edge.amplitude;
            }
            if self.dag.has_passages {
                for k in 0..LANES {
                    to.looped[k] |= here.looped[k] || (edge.is_passage && here.n_paths[k] > 0.0);
                }
            }
        }
        (to, Came { best: best.map(|e| e as u32), worst: worst.map(|e| e as u32) })
    }

    fn place(&self, sink: usize) -> usize {
        self.dag.places[self.dag.first_sink as usize + sink] as usize
    }

    /// What is known of a sink for the source of a lane.
    pub(crate) fn at_sink(&self, lane: usize, sink: usize) -> AtSink {
        let state = &self.states[self.place(sink)];
        AtSink {
            best_db: state.best_db[lane],
            worst_db: state.worst_db[lane],
            n_paths: state.n_paths[lane],
            field: state.field[lane],
            looped: state.looped[lane],
        }
    }

    /// Adds up along the worst and best paths to all sinks, for every lane. Few slots lie on them, and most on several.
    pub(crate) fn settle(&mut self) {
        let (dag, n) = (self.dag, self.dag.active.len());
        let slots = || (self.first..dag.n_used).chain(dag.first_sink as usize..dag.n_slots());
        self.on_worst[self.first..].fill(0);
        self.on_best[self.first..].fill(0);
        self.on_worst[dag.first_sink as usize..].fill(u8::MAX);
        self.on_best[dag.first_sink as usize..].fill(u8::MAX);
        for slot in slots().rev() {
            let came = &self.came[slot];
            for lane in lanes(self.on_worst[slot]).filter(|&lane| came.worst[lane] != NONE) {
                self.on_worst[dag.edges[came.worst[lane] as usize].from as usize] |= 1 << lane;
            }
            for lane in lanes(self.on_best[slot]).filter(|&lane| came.best[lane] != NONE) {
                self.on_best[dag.edges[came.best[lane] as usize].from as usize] |= 1 << lane;
            }
        }
        for slot in slots() {
            let (came, own) = (&self.came[slot], dag.places[slot] as usize);
            for lane in lanes(self.on_worst[slot]) {
                let to = (own * LANES + lane) * n;
                let edge = came.worst[lane] as usize;
                if edge == NONE as usize {
                    self.sums[to..to + n].fill(0.0);
                    continue;
                }
                let from = (dag.places[dag.edges[edge].from as usize] as usize * LANES + lane) * n;
                for k in 0..n {
                    self.sums[to + k] = self.sums[from + k] + dag.edge_sums[edge * n + k];
                }
            }
            for lane in lanes(self.on_best[slot]) {
                let edge = came.best[lane] as usize;
                self.best_length_nm[own * LANES + lane] = if edge == NONE as usize {
                    0.0
                } else {
                    let from = dag.places[dag.edges[edge].from as usize] as usize;
                    self.best_length_nm[from * LANES + lane] + dag.edge_length_nm[edge]
                };
            }
        }
    }

    /// Active sums along the worst path and the length along the best path to a sink, after [`Pass::settle`].
    pub(crate) fn settled(&self, lane: usize, sink: usize) -> (&[f64], f64) {
        let (at, n) = (self.place(sink) * LANES + lane, self.dag.active.len());
        (&self.sums[at * n..][..n], self.best_length_nm[at])
    }

    /// Arcs of the worst path to a sink, from its source.
    pub(crate) fn worst_arcs(&self, circuit: &Circuit, lane: usize, sink: usize) -> Vec<u32> {
        let mut arcs = Vec::new();
        let mut edge = self.came[self.dag.first_sink as usize + sink].worst[lane];
        while edge != NONE {
            let e = self.dag.edges[edge as usize];
            self.dag.expand_reversed(&circuit.net, e.step, &mut arcs);
            edge = self.came[e.from as usize].worst[lane];
        }
        arcs.reverse();
        arcs
    }
}

/// Lanes whose bit is set.
#[inline(always)]
fn lanes(mut bits: u8) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let lane = bits.trailing_zeros() as usize;
        bits &= bits.wrapping_sub(1);
        (lane < LANES).then_some(lane)
    })
}

const _: () = assert!(LANES == u8::BITS as usize);

/// A pass with the widest registers that the machine has; the numbers are the same with any.
struct Run<'a, 'b> {
    pass: &'b mut Pass<'a>,
    starts: &'b [u32],
}

impl pulp::NullaryFnOnce for Run<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        self.pass.follow(self.starts);
    }
}

/// Passes that are not in use: their memory is megabytes, and a piece of parallel work may be small.
pub(crate) struct Passes<'a> {
    dag: &'a Dag,
    idle: Mutex<Vec<Pass<'a>>>,
}

impl<'a> Passes<'a> {
    pub(crate) fn new(dag: &'a Dag) -> Self {
        Self { dag, idle: Mutex::new(Vec::new()) }
    }

    pub(crate) fn take(&self) -> Pass<'a> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.unwrap_or_else(|| Pass::new(self.dag))
    }

    pub(crate) fn give_back(&self, pass: Pass<'a>) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(pass);
    }
}
