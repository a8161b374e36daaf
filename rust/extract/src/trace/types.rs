//! What a trace says: ends, stations, bends, lengths and radii, all in dbu and rad.

use thiserror::Error;

/// Where a cap is expected: a port of the cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CapHint {
    /// Middle of the cap in dbu.
    pub x: f64,
    /// Middle of the cap in dbu.
    pub y: f64,
    /// Direction out of the guide in rad.
    pub direction_rad: f64,
    /// Width in dbu; 0 when unknown.
    pub width: f64,
}

/// One end of a guide.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct End {
    /// Middle of the cap in dbu.
    pub x: f64,
    /// Middle of the cap in dbu.
    pub y: f64,
    /// Direction out of the guide in rad, in (-π, π].
    pub direction_rad: f64,
    /// Length of the cap in dbu.
    pub width: f64,
    /// Outward normal of the cap in rad: of a guide cut askew it is not the direction.
    pub cap_rad: f64,
}

/// Sines below this are rounding of numbers, not a turn.
const ALONG_GRID: f64 = 1e-6;

impl End {
    /// Bound on the error of the width, with corners on a grid of this step: none across an axis of the grid, else each
    /// of the two corners may have moved by half a step in x and in y.
    pub fn width_error(&self, grid: f64) -> f64 {
        let (sin, cos) = self.direction_rad.sin_cos();
        let (sin, cos) = (sin.abs(), cos.abs());
        if sin.min(cos) <= ALONG_GRID { 0.0 } else { grid * (sin + cos) }
    }
}

/// A cross-section of a guide.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Station {
    /// Place on the axis in dbu.
    pub x: f64,
    /// Place on the axis in dbu.
    pub y: f64,
    /// Arc length from the first end in dbu.
    pub s: f64,
    /// Width in dbu.
    pub width: f64,
}

/// A contiguous piece of a guide that turns in one direction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bend {
    /// Arc length from the first end to where the turn begins, in dbu.
    pub start: f64,
    /// Arc length of the turning piece in dbu.
    pub length: f64,
    /// Turn in rad, positive to the left going from the first end to the second.
    pub turn_rad: f64,
    /// Smallest radius of the axis in dbu.
    pub min_radius: f64,
    /// Bound of the error of `min_radius` in dbu.
    pub min_radius_error: f64,
    /// Upper bound of the smallest radius in dbu, whatever the shape: nearer than the error says where a shape fits badly.
    pub min_radius_upper: f64,
    /// Arc length from the first end to the smallest radius, in dbu.
    pub tightest: f64,
    /// Place of the smallest radius in dbu.
    pub x: f64,
    /// Place of the smallest radius in dbu.
    pub y: f64,
    /// Curvature where the bend begins in 1/dbu, with the sign of the turn: zero for a clothoid, 1/R for an arc.
    pub begin_curvature: f64,
    /// Curvature where the bend ends in 1/dbu.
    pub end_curvature: f64,
}

/// A piece of a guide whose curvature changes evenly: straight, arc or clothoid.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Piece {
    /// Arc length from the first end to where it begins, in dbu.
    pub start: f64,
    /// Arc length in dbu.
    pub length: f64,
    /// Curvature where it begins in 1/dbu, positive to the left.
    pub begin_curvature: f64,
    /// Curvature where it ends in 1/dbu.
    pub end_curvature: f64,
    /// Largest distance of the drawn axis from the fitted curve in dbu.
    pub fit_error: f64,
}

impl Piece {
    /// Turn in rad, positive to the left.
    pub fn turn_rad(&self) -> f64 {
        self.length * 0.5 * (self.begin_curvature + self.end_curvature)
    }

    /// The part between two arc lengths; `None` when there is none.
    #[must_use]
    pub fn within(&self, low: f64, high: f64) -> Option<Self> {
        let (from, to) = (self.start.max(low), (self.start + self.length).min(high));
        if from >= to {
            return None;
        }
        let at = |s: f64| {
            self.begin_curvature + (self.end_curvature - self.begin_curvature) * (s - self.start) / self.length
        };
        Some(Self { start: from, length: to - from, begin_curvature: at(from), end_curvature: at(to), ..*self })
    }
}

/// A stretch over which the width changes evenly; of no length where it steps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Taper {
    /// Arc length from the first end to where it begins, in dbu.
    pub start: f64,
    /// Arc length in dbu.
    pub length: f64,
    /// Width where it begins in dbu.
    pub begin_width: f64,
    /// Width where it ends in dbu.
    pub end_width: f64,
}

/// Which sides of a guide leave their line at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sides {
    /// One of them.
    One = 0,
    /// Both, as seen in a mirror.
    Alike = 1,
    /// Both, each in its own way.
    Apart = 2,
}

/// A place where a side of a guide leaves its line and goes on along it, or along another one beside it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Flaw {
    /// Arc length from the first end to where it begins, in dbu.
    pub start: f64,
    /// Arc length in dbu.
    pub length: f64,
    /// Width of the guide before it, in dbu.
    pub width: f64,
    /// How much wider the guide is behind it, in dbu.
    pub widened: f64,
    /// How far the guide goes on to one side of where it came from, in dbu.
    pub aside: f64,
    /// Farthest that a side leaves the lines before and behind, in dbu; outwards positive.
    pub out: f64,
    /// Which sides leave their line.
    pub sides: Sides,
    /// Bound on the error of the three above, by rounding to the grid, in dbu.
    pub error: f64,
    /// Radius of the sharpest smooth curve through its corners in dbu; 0 where there is none.
    pub radius: f64,
    /// How far the guide turns there, in rad, to the left positive; 0 but at a corner between two straight stretches.
    pub turn: f64,
    /// Its middle in dbu.
    pub x: f64,
    /// Its middle in dbu.
    pub y: f64,
}

/// The centre-line of a guide with its width and curvature.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    /// The two ends; hints give their order.
    pub ends: [End; 2],
    /// Cross-sections in order from the first end to the second.
    pub stations: Vec<Station>,
    /// Arc length of the centre-line in dbu, of the smooth curve through the drawn vertices.
    pub length: f64,
    /// Bound of the error of `length` in dbu.
    pub length_error: f64,
    /// Area of the drawn shapes in dbu².
    pub area: f64,
    /// Area divided by end width in dbu; NaN where the width is not uniform.
    pub drawn_length: f64,
    /// Narrowest width in dbu: over as few cross-sections as show it.
    pub width_min: f64,
    /// Bound of the error of `width_min` in dbu.
    pub width_error: f64,
    /// Widest cross-section in dbu.
    pub width_max: f64,
    /// Smallest radius of the axis in dbu; infinite when nothing turns.
    pub min_radius: f64,
    /// Bound of the error of `min_radius` in dbu; 0 when nothing turns.
    pub min_radius_error: f64,
    /// Upper bound of the smallest radius of all bends in dbu; infinite when nothing turns.
    pub min_radius_upper: f64,
    /// Place of the smallest radius in dbu; the first end when nothing turns.
    pub min_radius_at: [f64; 2],
    /// Direction at the second end minus direction at the first in rad, whole turns included.
    pub turn: f64,
    /// Sum of the sizes of the turns of all bends in rad.
    pub abs_turn: f64,
    /// The bends in order from the first end.
    pub bends: Vec<Bend>,
    /// Pieces of even curvature in order from the first end; they cover the guide.
    pub pieces: Vec<Piece>,
    /// Where the width changes, in order.
    pub tapers: Vec<Taper>,
    /// Where a side leaves its line, in order.
    pub flaws: Vec<Flaw>,
    /// Step of the grid it is drawn on in dbu; for several shapes a lower bound.
    pub grid: f64,
    /// How many drawn shapes the guide consists of.
    pub n_shapes: u32,
}

impl Trace {
    /// True when the width is the same all along.
    pub fn is_uniform(&self) -> bool {
        !self.drawn_length.is_nan()
    }
}

/// Why a shape, or a set of shapes, is not a guide with two ends.
#[derive(Clone, Copy, Debug, PartialEq, Error)]
pub enum NotARibbon {
    /// Fewer than four corners are left after cleaning.
    #[error("too few vertices")]
    TooFewVertices,
    /// No two edges of the shape can be its ends.
    #[error("no two caps found")]
    NoCaps,
    /// The shape has no edge at a hinted place.
    #[error("no cap at the hinted port {index}")]
    CapsNotAtHints {
        /// 0 or 1.
        index: usize,
    },
    /// The two sides between the caps cross or run away from each other.
    #[error("the two sides do not run along each other near ({x:.0}, {y:.0}) dbu")]
    SidesCross {
        /// Place in dbu.
        x: f64,
        /// Place in dbu.
        y: f64,
    },
    /// The width jumps as it does where guides meet.
    #[error("the width jumps from {from:.1} to {to:.1} dbu")]
    WidthJumps {
        /// Width before in dbu.
        from: f64,
        /// Width after in dbu.
        to: f64,
    },
    /// A cross-section is narrower or wider than asked for.
    #[error("width out of range: {width:.1} dbu")]
    WidthOutOfRange {
        /// The width in dbu.
        width: f64,
    },
    /// The cross-sections do not cover the shape.
    #[error("the cross-sections cover {covered:.0} of {area:.0} dbu²")]
    AreaNotCovered {
        /// Area of the cross-sections in dbu².
        covered: f64,
        /// Area of the shape in dbu².
        area: f64,
    },
    /// The guide closes on itself and has no ends.
    #[error("the guide is closed and has no ends")]
    Closed,
    /// No pieces were given to join.
    #[error("no pieces")]
    Empty,
    /// The pieces do not join end to end into one guide.
    #[error("{loose} ends stay loose after joining the pieces")]
    NotAChain {
        /// Number of ends without a partner.
        loose: usize,
    },
}

#[cfg(test)]
mod tests {
    use std::f64::consts::{FRAC_PI_2, FRAC_PI_4, PI, SQRT_2};

    use super::*;

    #[test]
    fn widths_along_the_grid_are_exact_and_others_known_to_the_rounding_of_two_corners() {
        let error = |direction_rad: f64| {
            End { x: 0.0, y: 0.0, direction_rad, width: 500.0, cap_rad: direction_rad }.width_error(5.0)
        };
        assert!([0.0, FRAC_PI_2, -FRAC_PI_2, PI].map(error).iter().all(|e| *e == 0.0));
        assert!((error(FRAC_PI_4) - 5.0 * SQRT_2).abs() < 1e-9);
    }
}
