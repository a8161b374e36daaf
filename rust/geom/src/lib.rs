//! Plane geometry on the integer grid of the layout. Knows no file, no layer, no optics.

pub mod bbox;
pub mod index;
pub mod oriented;
pub mod point;
pub mod region;
pub mod ring;
pub mod seam;
pub mod transform;

pub use bbox::BBox;
pub use index::GridIndex;
pub use oriented::{Extent, OrientedBox};
pub use point::{MAX_COORDINATE, Point};
pub use transform::Transform;
