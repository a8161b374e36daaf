//! What is in the file: an arena of cells with polygons, path spines, references and labels, on the grid.
//!
//! Hierarchy is kept. Nothing here knows what a layer means.

pub mod builder;
pub mod hierarchy;
mod labels;
pub mod model;
pub mod scan;

pub use builder::{Drawn, LayoutColumns, LayoutError};
pub use labels::PlacedLabel;
pub use model::{Label, Layout, PathSpine, Polygon, Reference, Repetition};
