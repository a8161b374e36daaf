//! The numbers a trace depends on. Lengths are in dbu; the caller converts from nm.

/// Tolerances of the tracer. The defaults suit a database unit of 1 nm.
#[derive(Clone, Debug, PartialEq)]
pub struct TraceOptions {
    /// Shortest arc length over which curvature is fitted, in dbu; 0 derives it from the grid of the shape.
    pub curvature_window: f64,
    /// Largest sagitta of a drawn chord that is taken as part of a smooth curve, in dbu. A straight edge
    /// whose end tangents would need a larger bulge is a straight edge.
    pub chord_tolerance: f64,
    /// Smallest turn that makes a bend, in rad.
    pub bend_min_turn: f64,
    /// Curves of a larger radius than this, in dbu, count as straight.
    pub straight_radius: f64,
    /// Largest deviation of a cap from perpendicular, in rad.
    pub cap_angle: f64,
    /// Farthest place of a cap from its hint, as a part of the hinted width.
    pub cap_reach_ratio: f64,
    /// A guide is uniform when its width stays within this much plus twice the grid step, in dbu.
    pub width_tolerance: f64,
    /// Narrowest cross-section that is accepted, in dbu; the very ends may be narrower (tips).
    pub width_min: f64,
    /// Widest cross-section that is accepted, in dbu.
    pub width_max: f64,
    /// Largest ratio of the widths on the two sides of a step. Beyond it the shape is a junction.
    pub step_ratio: f64,
    /// Largest relative difference between the shape's area and the integral of width along the axis.
    pub area_tolerance: f64,
    /// Turn at one place that is a drawn corner and not a sample of a curve, in rad.
    pub corner_turn: f64,
    /// Tangents are taken over this part of the narrower cap's width on both sides of a vertex.
    pub tangent_reach_ratio: f64,
    /// Largest reach of a tangent, in dbu.
    pub tangent_reach_max: f64,
    /// Cross-sections closer together than this many grid steps are averaged.
    pub node_pitch_steps: f64,
}

impl Default for TraceOptions {
    fn default() -> Self {
        Self {
            curvature_window: 0.0,
            chord_tolerance: 12.0,
            bend_min_turn: 0.02,
            straight_radius: 5.0e6,
            cap_angle: 0.45,
            cap_reach_ratio: 0.5,
            width_tolerance: 4.0,
            width_min: 0.0,
            width_max: f64::INFINITY,
            step_ratio: 4.0,
            area_tolerance: 0.03,
            corner_turn: 0.5,
            tangent_reach_ratio: 0.25,
            tangent_reach_max: 250.0,
            node_pitch_steps: 64.0,
        }
    }
}
