//! The circuit: ports joined by nets, one-way arcs through devices, the loss of every optical path, and fields.
//!
//! No geometry and no optics: losses come in as numbers in dB, split by cause. Paths are never listed; a
//! 64-wide mesh has 10^21 of them. Best and worst loss, their number and the worst path itself come from dynamic
//! programming over the graph after its loops have been contracted.
//!
//! Convention: a node of the graph is "light entering a device through port p". Light leaving through port q
//! enters the port that q is joined to; nothing turns back at a joint.

mod condense;
mod error;
mod fields;
mod montecarlo;
mod netlist;
mod pass;
mod paths;
mod scc;
mod tables;

#[cfg(test)]
mod tests;

pub use error::{CircuitError, SolveError};
pub use fields::{BlockStack, Complex64, FieldCircuit, FieldColumns, FieldSolution, solve_fields};
pub use montecarlo::{SampleOptions, Sampled, SampledPair, Spread, SpreadColumns, sample_paths};
pub use netlist::{CAUSES, Circuit, CircuitColumns};
pub use paths::{Solution, SolveOptions, solve_paths};
pub use tables::schemas;
