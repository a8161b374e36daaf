//! From a layout and a recipe to devices, ports, guides, joins and neighbours.
//!
//! Each cell is worked out once in its own frame; placements only transform. Measures, never judges: what
//! a gap or a radius means is decided by the reader of the tables.

#[macro_use]
mod columns;

mod aside;
pub mod attach;
pub mod blocks;
mod breaks;
pub mod cells;
pub mod connected;
pub mod contacts;
pub mod coverage;
pub mod crossings;
pub mod cuts;
pub mod devices;
pub mod drawn;
pub mod effort;
pub mod error;
pub mod extraction;
pub mod facts;
mod fill;
mod flat;
pub mod found;
mod free;
pub mod guides;
mod holes;
mod inside;
pub mod junctions;
mod lacking;
mod lean;
pub mod lines;
pub mod markers;
pub mod merge;
pub mod near;
pub mod neighbours;
pub mod nets;
pub mod network;
mod odd;
pub mod over;
pub mod overlaps;
pub mod pins;
pub mod place;
pub mod plan;
pub mod ports;
mod profiles;
pub mod recipe;
pub mod routes;
pub mod runs;
pub mod segments;
pub mod shapes;
mod sides;
mod slab;
pub mod slots;
mod small;
pub mod split;
mod strays;
pub mod tables;
pub mod trace;
mod uneven;
pub mod write;

pub use error::ExtractError;
pub use extraction::{Extraction, extract};
pub use recipe::Recipe;
pub use tables::schemas;
