//! Vocabulary of the core: typed ids, tables, problems, and the watch that long work reports to.
//!
//! No geometry, no file access, no Python. Every other crate depends on this one.

pub mod ids;
pub mod problem;
pub mod table;
pub mod watch;

pub use ids::{CellId, DeviceId, LayerId, NetId, PortId, WaveguideId};
pub use problem::Problem;
pub use table::{Column, Table};
pub use watch::{Interrupted, Watch};
