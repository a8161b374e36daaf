//! What to look for in a layout. Built by the PDK side; this crate holds no layer number of its own.
//!
//! Every tolerance of the extraction is a field here, with its unit in the name. Defaults exist for those
//! that follow from the drawing habits of layout tools and not from a process.

mod limits;
mod plans;

use serde::Deserialize;

use crate::error::ExtractError;
pub use limits::Limits;
pub use plans::{RunsPlan, SegmentsPlan, Tolerances, TracePlan};

/// A layer and datatype pair as written in recipes.
pub type LayerPair = (u32, u32);

/// The whole recipe.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// Version of this format; 1.
    pub schema: u32,
    /// Cells to extract, each by itself; joins never reach across.
    pub tops: Vec<usize>,
    /// Cross-sections of guides.
    #[serde(default)]
    pub guides: Vec<GuideSection>,
    /// Layers whose area counts in coverage.
    #[serde(default)]
    pub core_layers: Vec<LayerPair>,
    /// Layers on which a shape makes its cell a device.
    #[serde(default)]
    pub marker_layers: Vec<LayerPair>,
    /// How ports are drawn.
    #[serde(default)]
    pub pins: Vec<PinForm>,
    /// What is known of single cells from names or metadata.
    #[serde(default)]
    pub cells: Vec<CellEntry>,
    /// When things count as the same place, direction or width.
    #[serde(default)]
    pub tolerances: Tolerances,
    /// How centre-lines are traced.
    #[serde(default)]
    pub trace: TracePlan,
    /// How parallel runs are looked for.
    #[serde(default)]
    pub runs: RunsPlan,
    /// Which rows of boxes are guides.
    #[serde(default)]
    pub segments: SegmentsPlan,
    /// Bounds on effort and on the size of listings.
    #[serde(default)]
    pub limits: Limits,
    /// Metal layers; kept for consumers, not used by the extraction.
    #[serde(default)]
    pub layers_for_metal: Vec<LayerPair>,
}

/// A guide cross-section: a core layer and a window of widths.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GuideSection {
    /// Name in the PDK.
    pub name: String,
    /// Core layer.
    pub layer: LayerPair,
    /// Nominal width; NaN when there is none, then the first window that holds the width wins.
    #[serde(default = "not_a_number")]
    pub width_nm: f64,
    /// Smallest width.
    pub width_min_nm: f64,
    /// Largest width.
    pub width_max_nm: f64,
    /// Only for guides drawn as a row of boxes.
    #[serde(default)]
    pub segmented: bool,
    /// Two rails that guide together; the widths above are then those around both.
    #[serde(default)]
    pub slot: Option<SlotSection>,
    /// The slab below and beside the core.
    #[serde(default)]
    pub slab: Option<SlabSection>,
}

/// The slab of a rib guide: how far beside the core it is looked for.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlabSection {
    /// Layer it is drawn on.
    pub layer: LayerPair,
    /// Stretches where it reaches less far beyond an edge of the core are listed.
    pub least_nm: f64,
    /// What is further than this beyond the edges of the core is not looked at.
    pub reach_nm: f64,
}

/// The two rails of a slot guide, and the gap between them.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlotSection {
    /// Narrowest rail.
    pub rail_min_nm: f64,
    /// Widest rail.
    pub rail_max_nm: f64,
    /// Smallest gap.
    pub gap_min_nm: f64,
    /// Largest gap.
    pub gap_max_nm: f64,
}

/// How a pin is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PinShape {
    /// A two-point path; its middle is the port.
    Path,
    /// A rectangle a grid step thick on the end face of the core.
    EdgeRectangle,
    /// Any shape; the middle of its box is the port, without direction.
    Shape,
}

/// What a port carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PortKind {
    /// Guided light.
    Optical = 0,
    /// Current.
    Electrical = 1,
    /// Light from or to a fibre.
    Fibre = 2,
}

/// One way of drawing pins.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PinForm {
    /// The shape.
    pub form: PinShape,
    /// The layer.
    pub layer: LayerPair,
    /// What such a port carries.
    pub kind: PortKind,
    /// For paths: true when the drawn direction points out of the device.
    #[serde(default = "yes")]
    pub oriented: bool,
}

/// What a cell is said to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CellRole {
    /// Decided from what is drawn.
    #[default]
    Auto,
    /// A black box with ports.
    Device,
    /// A device that should trace as a guide.
    Guide,
    /// Transparent: what is placed in it counts.
    Circuit,
    /// Left out altogether.
    Ignore,
}

/// What is known of a cell beside its drawing.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CellEntry {
    /// Cell index.
    pub cell: usize,
    /// Its role.
    #[serde(default)]
    pub role: CellRole,
    /// Ports stated in metadata; they win over drawn pins.
    #[serde(default)]
    pub ports: Vec<StatedPort>,
    /// Cross-section, when the cell says which it is.
    #[serde(default)]
    pub guide: Option<String>,
    /// True when the role follows from a name pattern (only recorded).
    #[serde(default)]
    pub by_name: bool,
    /// Where texts stand in it that name a device which is no guide, in dbu. In a flattened cell they say it of the
    /// marker around them.
    #[serde(default)]
    pub device_texts: Vec<[f64; 2]>,
}

/// A port stated in metadata, in the frame of its cell.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatedPort {
    /// Name.
    pub name: String,
    /// Position in dbu.
    pub x_dbu: f64,
    /// Position in dbu.
    pub y_dbu: f64,
    /// Direction out of the cell.
    pub angle_rad: f64,
    /// Width in dbu; NaN (null) when not stated.
    #[serde(default = "not_a_number", deserialize_with = "number_or_null")]
    pub width_dbu: f64,
    /// What it carries.
    pub kind: PortKind,
    /// Name of its cross-section.
    #[serde(default)]
    pub cross_section: Option<String>,
}

impl Recipe {
    /// Reads a recipe from JSON and checks its values.
    ///
    /// # Errors
    /// [`ExtractError::Recipe`] names the field that is wrong.
    pub fn from_json(text: &str) -> Result<Self, ExtractError> {
        let recipe: Self = serde_json::from_str(text).map_err(|e| ExtractError::Recipe(e.to_string()))?;
        recipe.check()?;
        Ok(recipe)
    }

    /// Checks values that the type system does not.
    ///
    /// # Errors
    /// [`ExtractError::Recipe`] names the field that is wrong.
    pub fn check(&self) -> Result<(), ExtractError> {
        if self.schema != 1 {
            return Err(ExtractError::Recipe(format!("schema {} is not known", self.schema)));
        }
        let t = &self.tolerances;
        let positive = [
            ("tolerances.snap_nm", t.snap_nm),
            ("tolerances.angle_rad", t.angle_rad),
            ("tolerances.near_miss_nm", t.near_miss_nm),
            ("tolerances.name_reach_nm", t.name_reach_nm),
            ("trace.chord_tolerance_nm", self.trace.chord_tolerance_nm),
            ("trace.line_tolerance_nm", self.trace.line_tolerance_nm),
            ("trace.straight_radius_nm", self.trace.straight_radius_nm),
            ("runs.reach_nm", self.runs.reach_nm),
            ("runs.step_nm", self.runs.step_nm),
        ];
        let not_negative = [
            ("tolerances.width_nm", t.width_nm),
            ("tolerances.marker_edge_nm", t.marker_edge_nm),
            ("tolerances.guide_end_nm", t.guide_end_nm),
            ("tolerances.overlap_area_nm2", t.overlap_area_nm2),
            ("tolerances.overlap_depth_nm", t.overlap_depth_nm),
            ("trace.curvature_window_nm", self.trace.curvature_window_nm),
            ("trace.bend_min_turn_rad", self.trace.bend_min_turn_rad),
            ("runs.min_length_nm", self.runs.min_length_nm),
            ("limits.free_aspect", self.limits.free_aspect),
            ("limits.block_share", self.limits.block_share),
            ("segments.gap_max_nm", self.segments.gap_max_nm),
            ("segments.pitch_max_nm", self.segments.pitch_max_nm),
        ];
        for (name, value) in positive {
            if !(value > 0.0 && value.is_finite()) {
                return Err(ExtractError::Recipe(format!("{name} must be above 0, it is {value}")));
            }
        }
        for (name, value) in not_negative {
            if !(value >= 0.0 && value.is_finite()) {
                return Err(ExtractError::Recipe(format!("{name} must not be negative, it is {value}")));
            }
        }
        for guide in &self.guides {
            let is_window = |low: f64, high: f64| low > 0.0 && low <= high && high.is_finite();
            let wrong =
                |s: &SlotSection| !is_window(s.rail_min_nm, s.rail_max_nm) || !is_window(s.gap_min_nm, s.gap_max_nm);
            if guide.slot.as_ref().is_some_and(wrong) {
                return Err(ExtractError::Recipe(format!("guides.slot of {} has no window of widths", guide.name)));
            }
            let is_bounded = |s: &SlabSection| s.least_nm >= 0.0 && s.least_nm <= s.reach_nm && s.reach_nm.is_finite();
            if guide.slab.as_ref().is_some_and(|s| !is_bounded(s) || s.reach_nm <= 0.0) {
                return Err(ExtractError::Recipe(format!("guides.slab of {} has no bounds", guide.name)));
            }
        }
        Ok(())
    }

    /// The cross-section of a guide of that width on that layer: the window that holds the width, known to
    /// `slack_nm`, with the nearest nominal width, the first of equals. Never that of a slot, which no width shows.
    pub fn section(&self, layer: LayerPair, width_nm: f64, slack_nm: f64) -> Option<usize> {
        self.nearest(layer, width_nm, slack_nm, |g| !g.segmented)
    }

    /// The cross-section that fits as well as another one, but for its slab: the nearest of those with a slab for one
    /// without, of those without for one with a slab.
    pub fn twin(&self, section: usize, width_nm: f64, slack_nm: f64) -> Option<usize> {
        let own = &self.guides[section];
        let is_other = |g: &GuideSection| !g.segmented && g.slab.is_some() != own.slab.is_some();
        self.nearest(own.layer, width_nm, slack_nm, is_other)
    }

    /// [`Self::section`] of a guide drawn as a row of boxes: one for such guides, else that of a solid guide.
    pub fn section_of_row(&self, layer: LayerPair, width_nm: f64, slack_nm: f64) -> Option<usize> {
        let own = self.nearest(layer, width_nm, slack_nm, |g| g.segmented);
        own.or_else(|| self.nearest(layer, width_nm, slack_nm, |g| !g.segmented))
    }

    fn nearest(
        &self,
        layer: LayerPair,
        width_nm: f64,
        slack_nm: f64,
        is_wanted: impl Fn(&GuideSection) -> bool,
    ) -> Option<usize> {
        let mut best: Option<(f64, usize)> = None;
        for (i, g) in self.guides.iter().enumerate() {
            let is_within = g.width_min_nm - slack_nm <= width_nm && width_nm <= g.width_max_nm + slack_nm;
            if !is_wanted(g) || g.slot.is_some() || g.layer != layer || !is_within {
                continue;
            }
            let off = if g.width_nm.is_nan() { g.width_max_nm - g.width_min_nm } else { (g.width_nm - width_nm).abs() };
            if best.is_none_or(|(b, _)| off < b) {
                best = Some((off, i));
            }
        }
        best.map(|(_, i)| i)
    }

    /// The cross-section of that name.
    pub fn section_named(&self, name: &str) -> Option<usize> {
        self.guides.iter().position(|g| g.name == name)
    }
}

fn yes() -> bool {
    true
}

fn not_a_number() -> f64 {
    f64::NAN
}

fn number_or_null<'de, D: serde::Deserializer<'de>>(d: D) -> Result<f64, D::Error> {
    Ok(Option::<f64>::deserialize(d)?.unwrap_or(f64::NAN))
}
