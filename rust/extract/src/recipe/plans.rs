//! By how much things may differ, and how each step of the extraction looks for what it finds.

use serde::Deserialize;

/// When two things count as the same.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tolerances {
    /// Ports this close are at one place.
    pub snap_nm: f64,
    /// Deviation from opposite directions that still joins.
    pub angle_rad: f64,
    /// Widths this close are equal; used to tell uniform guides from tapers.
    pub width_nm: f64,
    /// How far to look for the port an unjoined one was meant for.
    pub near_miss_nm: f64,
    /// How far from the middle of a pin its name may stand.
    pub name_reach_nm: f64,
    /// How far shapes of a device may stand out of its marker.
    pub marker_edge_nm: f64,
    /// How far the ends of a traced guide may lie from its ports.
    pub guide_end_nm: f64,
    /// Pin rectangles up to this thickness lie on the end face of the core.
    pub edge_rectangle_nm: f64,
    /// Devices whose outlines share no more than this are not overlapping.
    pub overlap_area_nm2: f64,
    /// Devices whose shared area is thinner than this are not overlapping.
    pub overlap_depth_nm: f64,
}

impl Default for Tolerances {
    fn default() -> Self {
        Self {
            snap_nm: 1.5,
            angle_rad: 0.02,
            width_nm: 1.0,
            near_miss_nm: 2000.0,
            name_reach_nm: 500.0,
            marker_edge_nm: 20.0,
            guide_end_nm: 100.0,
            edge_rectangle_nm: 2.0,
            overlap_area_nm2: 100.0,
            overlap_depth_nm: 2.0,
        }
    }
}

/// How centre-lines are traced and cut into bends.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TracePlan {
    /// Length of the curvature fit; 0 derives it from the grid.
    pub curvature_window_nm: f64,
    /// Smallest turn that counts as a bend.
    pub bend_min_turn_rad: f64,
    /// Radii beyond this are straight.
    pub straight_radius_nm: f64,
    /// Largest bulge of a drawn chord that is taken as part of a smooth curve.
    pub chord_tolerance_nm: f64,
    /// Deviation of the stored centre-line from the traced one.
    pub line_tolerance_nm: f64,
}

impl Default for TracePlan {
    fn default() -> Self {
        Self {
            curvature_window_nm: 0.0,
            bend_min_turn_rad: 0.02,
            straight_radius_nm: 1.0e6,
            chord_tolerance_nm: 12.0,
            line_tolerance_nm: 0.5,
        }
    }
}

/// How parallel runs are looked for.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RunsPlan {
    /// Largest edge-to-edge gap.
    pub reach_nm: f64,
    /// Shortest run that is listed.
    pub min_length_nm: f64,
    /// Distance of samples along a guide.
    pub step_nm: f64,
    /// Guides that deviate more than this are not parallel.
    pub parallel_rad: f64,
    /// Half-length of the window over which the relative curvature is fitted.
    pub curvature_window_nm: f64,
}

impl Default for RunsPlan {
    fn default() -> Self {
        Self { reach_nm: 3000.0, min_length_nm: 1000.0, step_nm: 500.0, parallel_rad: 0.2, curvature_window_nm: 5000.0 }
    }
}

/// Which rows of boxes are guides.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SegmentsPlan {
    /// Largest gap between two boxes; with 0 no rows are looked for.
    pub gap_max_nm: f64,
    /// Largest distance from box to box.
    pub pitch_max_nm: f64,
    /// A row has at least so many boxes.
    pub fewest: usize,
}

impl Default for SegmentsPlan {
    fn default() -> Self {
        Self { gap_max_nm: 0.0, pitch_max_nm: 0.0, fewest: 8 }
    }
}
