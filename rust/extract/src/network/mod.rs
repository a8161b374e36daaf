//! From a region of any shape to the guides in it, and to the bodies where they meet, cross or end.
//!
//! Pure geometry in dbu, as `trace`. What is a ribbon between two ends needs none of this. A region is cut
//! into triangles (`mesh`), their graph has arms between junctions (`axis`), an arm is a strip with exact
//! cross-sections (`strip`) of which some stretches are guides (`intervals`); `parts` cuts these out and
//! has them traced. What is left are the bodies.

mod axis;
mod bodies;
mod boxes;
mod corners;
mod entries;
mod hairs;
mod hubs;
mod intervals;
pub mod jogs;
mod mesh;
mod parts;
mod strip;

use waveguard_geom::Point;

use crate::trace::{End, Trace, TraceOptions};

pub use boxes::{OfBox, WIDER};
pub use entries::with_stubs;
pub use parts::decompose;

/// The numbers a decomposition depends on, in dbu.
#[derive(Clone, Debug)]
pub struct NetworkOptions {
    /// Narrowest guide.
    pub width_min: f64,
    /// Widest guide.
    pub width_max: f64,
    /// Longest step of a side at which guides of different width or place meet.
    pub step_max: f64,
    /// Shorter stretches than this many widths belong to the junction beside them.
    pub aspect: f64,
    /// For the guides.
    pub trace: TraceOptions,
}

/// What meets what.
#[derive(Clone, Debug, Default)]
pub struct Network {
    /// The guides, in order of the arms they lie in.
    pub guides: Vec<Part>,
    /// Where guides meet, cross or end, and what is no guide.
    pub bodies: Vec<Body>,
    /// Area of corners and teeth that belong to none of them, in dbu².
    pub rest_area: f64,
    /// Strips on sides of it that are too narrow for guides.
    pub hairs: Vec<Lost>,
}

/// What goes on from a guide or a body and was not followed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lost {
    /// Its middle.
    pub at: [f64; 2],
    /// How far it reaches.
    pub length: f64,
    /// What it is.
    pub what: LostWhat,
}

/// What may not be followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LostWhat {
    /// As wide as a guide, and not traced.
    Arm,
    /// Narrower than any guide.
    Hair,
}

/// A guide of a network.
#[derive(Clone, Debug)]
pub struct Part {
    /// What was traced.
    pub trace: Trace,
    /// The body at each end; `None` at a free end, and where a ring meets itself.
    pub bodies: [Option<usize>; 2],
    /// What it may be of the box of a coupler.
    pub of_box: OfBox,
}

/// Where guides meet.
#[derive(Clone, Debug, Default)]
pub struct Body {
    /// Outline on the grid; rings may touch.
    pub rings: Vec<Vec<Point>>,
    /// Middle.
    pub at: [f64; 2],
    /// Area in dbu².
    pub area: f64,
    /// Where guides enter, with directions out of the body.
    pub ports: Vec<End>,
    /// Arms that became parts of it because they could not be traced.
    pub lost: Vec<Lost>,
}

/// Why a region has no network.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum NoNetwork {
    /// Too few points, no area, or rings that cross each other.
    #[error("no region")]
    NoRegion,
    /// No stretch of it has two sides at the width of a guide.
    #[error("no guide in it")]
    NoGuide {
        /// The longest arm of it that has two, and was not traced all the same.
        lost: Option<Lost>,
    },
    /// A guide that enters it meets no arm of it.
    #[error("an entry that leads nowhere")]
    LostEntry,
}
