//! Fields: the S-matrix between chosen ports of a circuit of S-blocks, at every wavelength of a grid.
//!
//! The unknowns are the waves that enter devices through joined ports: `a = T a + e`, where `T` holds the entries of
//! the blocks, moved to the ports they are joined to. Light that only goes forward needs no solving: rows of `a` are
//! computed in topological order. Ports that see each other again (rings, reflections) form strongly connected
//! components, and only these are eliminated, densely when they are small and in a fill-reducing order when not.
//!
//! Conventions: `S[out, in]` are amplitudes, `|S|²` is power; a wave travelling along +z is `exp(+iβz)`. A port that is
//! neither joined nor asked for sends nothing in and swallows what comes out.

#![expect(clippy::inline_always, reason = "kernels must be inlined into the code made for the vector unit at hand")]

mod dense;
mod kernels;
mod loops;
mod network;
mod order;
mod program;
mod singular;
mod solve;
mod sparse;

#[cfg(test)]
mod tests;

pub use network::{BlockStack, FieldCircuit, FieldColumns};
pub use num_complex::Complex64;
pub use solve::{FieldSolution, solve_fields};
