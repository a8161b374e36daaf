//! The tables of an extraction: names, columns, units. The same list is declared in
//! `python/waveguard/tables.py`, and a test compares the two.
//!
//! Positions are in nm in the frame of the top cell, directions in radians counter-clockwise and out of
//! the device; ids are row numbers, `-1` for none; unknown numbers are NaN; a straight has radius +inf.

use waveguard_base::{Column, Table};

/// Column names and types of one table.
pub type Schema = (&'static str, Vec<(&'static str, &'static str)>);

tables! {
    /// Placed devices, guides included.
    Devices of DeviceRow, "devices" {
        /// Cell index.
        cell: i64,
        /// 0 device, 1 guide.
        role: u8,
        /// Cell index of the top.
        top: i64,
        /// Origin of the placement.
        x_nm: f64,
        /// Origin of the placement.
        y_nm: f64,
        /// Rotation of the placement.
        rotation_rad: f64,
        /// 1 when the placement mirrors.
        mirrored: u8,
        /// Magnification of the placement.
        magnification: f64,
        /// Box of the marker, else of the core.
        bbox_x0_nm: f64,
        /// See `bbox_x0_nm`.
        bbox_y0_nm: f64,
        /// See `bbox_x0_nm`.
        bbox_x1_nm: f64,
        /// See `bbox_x0_nm`.
        bbox_y1_nm: f64,
        /// Row in `waveguides`, or -1.
        waveguide: i64,
        /// Depth of the placement below the top.
        depth: u8,
        /// 0 marker, 1 metadata, 2 drawn shape, 3 path spine, 4 name pattern, 5 junction of drawn shapes, 6 part of a known guide.
        source: u8,
    }

    /// Ports of the placed devices; the ports of a device follow each other.
    Ports of PortRow, "ports" {
        /// Row in `devices`.
        device: i64,
        /// Name, empty when it has none.
        name: text,
        /// Position.
        x_nm: f64,
        /// Position.
        y_nm: f64,
        /// Direction out of the device; NaN for fibres and shapes.
        direction_rad: f64,
        /// Width.
        width_nm: f64,
        /// 0 optical, 1 electrical, 2 fibre.
        kind: u8,
        /// Row in the guides of the recipe, or -1.
        cross_section: i64,
        /// Row in `nets`, or -1.
        net: i64,
        /// Cell index of the top.
        top: i64,
        /// 0 pin path, 1 pin rectangle, 2 metadata, 3 guide end, 4 fibre target, 5 guide entry.
        source: u8,
    }

    /// Two ports joined.
    Nets of NetRow, "nets" {
        /// Row in `ports`.
        port_a: i64,
        /// Row in `ports`.
        port_b: i64,
        /// Distance of the two.
        gap_nm: f64,
        /// Distance across the direction of `port_a`.
        lateral_nm: f64,
        /// Deviation from opposite directions.
        angle_rad: f64,
        /// Width of `port_a` less that of `port_b`.
        width_difference_nm: f64,
        /// Bound on the error of `width_difference_nm`: rounding of ends that were measured off the axes of the grid.
        width_error_nm: f64,
    }

    /// Guides with what was measured along them.
    Waveguides of WaveguideRow, "waveguides" {
        /// Row in `devices`.
        device: i64,
        /// Port at the start.
        port_a: i64,
        /// Port at the end.
        port_b: i64,
        /// Row in the guides of the recipe, or -1.
        cross_section: i64,
        /// Arc length of the centre-line.
        centerline_length_nm: f64,
        /// Area by end width, for guides of uniform width.
        drawn_length_nm: f64,
        /// Bound on the error of `centerline_length_nm`.
        length_error_nm: f64,
        /// Width at `port_a`.
        width_a_nm: f64,
        /// Width at `port_b`.
        width_b_nm: f64,
        /// Smallest width.
        width_min_nm: f64,
        /// Largest width.
        width_max_nm: f64,
        /// Bound on the error of `width_min_nm`.
        width_error_nm: f64,
        /// Smallest radius of the centre-line.
        min_radius_nm: f64,
        /// Bound on the error of `min_radius_nm`.
        min_radius_error_nm: f64,
        /// Upper bound of the smallest radius, whatever the shape of the bends.
        min_radius_upper_nm: f64,
        /// Place of the smallest radius.
        min_radius_x_nm: f64,
        /// Place of the smallest radius.
        min_radius_y_nm: f64,
        /// Signed sum of turns.
        turn_rad: f64,
        /// Sum of turns without sign.
        abs_turn_rad: f64,
        /// Number of bends.
        n_bends: i64,
        /// Number of shapes it is drawn with.
        n_shapes: i64,
        /// Core area.
        area_nm2: f64,
        /// First row in `bends`.
        first_bend: i64,
        /// Length of the PATH it is drawn with; NaN without.
        spine_length_nm: f64,
        /// Row in `routes`.
        route: i64,
    }

    /// Bends in order along their guide.
    Bends of BendRow, "bends" {
        /// Row in `waveguides`.
        waveguide: i64,
        /// Distance from `port_a` along the guide.
        start_nm: f64,
        /// Arc length.
        length_nm: f64,
        /// Turn, positive to the left.
        turn_rad: f64,
        /// Smallest radius.
        min_radius_nm: f64,
        /// Upper bound of the smallest radius, whatever the shape of the bend.
        min_radius_upper_nm: f64,
        /// Place of the smallest radius.
        x_nm: f64,
        /// Place of the smallest radius.
        y_nm: f64,
        /// Signed curvature where it begins.
        begin_curvature_per_nm: f64,
        /// Signed curvature where it ends.
        end_curvature_per_nm: f64,
    }

    /// Pieces of even curvature, in order along their guide; together they are the whole guide.
    CurvePieces of CurvePieceRow, "pieces" {
        /// Row in `waveguides`.
        waveguide: i64,
        /// 0 straight, 1 arc, 2 clothoid.
        kind: u8,
        /// Distance from `port_a` along the guide.
        start_nm: f64,
        /// Arc length.
        length_nm: f64,
        /// Curvature where it begins, positive to the left.
        begin_curvature_per_nm: f64,
        /// Curvature where it ends.
        end_curvature_per_nm: f64,
        /// Largest distance of the drawn axis from the fitted curve.
        fit_error_nm: f64,
    }

    /// Stretches over which the width of a guide changes evenly, in order along it.
    Tapers of TaperRow, "tapers" {
        /// Row in `waveguides`.
        waveguide: i64,
        /// Distance from `port_a` along the guide.
        start_nm: f64,
        /// Arc length; nearly none where the width steps.
        length_nm: f64,
        /// Width where it begins.
        begin_width_nm: f64,
        /// Width where it ends.
        end_width_nm: f64,
    }

    /// Places where a side of a guide leaves its line and goes on along it, or along another one beside it.
    Flaws of FlawRow, "flaws" {
        /// Row in `waveguides`.
        waveguide: i64,
        /// Distance from `port_a` along the guide.
        start_nm: f64,
        /// Arc length.
        length_nm: f64,
        /// Width of the guide before it.
        width_nm: f64,
        /// How much wider the guide is behind it.
        widened_nm: f64,
        /// How far the guide goes on to one side of where it came from.
        aside_nm: f64,
        /// Farthest that a side leaves the lines before and behind; outwards positive.
        out_nm: f64,
        /// 0 where one side does it, 1 where both do as seen in a mirror, 2 where each does in its own way.
        sides: u8,
        /// Bound on the error of these by rounding.
        error_nm: f64,
        /// Radius of the sharpest smooth curve through its corners; 0 where there is none.
        radius_nm: f64,
        /// Turn there, to the left positive; 0 but at a corner between two straight stretches.
        turn_rad: f64,
        /// Its middle.
        x_nm: f64,
        /// Its middle.
        y_nm: f64,
    }

    /// Stretches of guides over which the slab reaches less far beyond an edge of the core than the recipe asks.
    ThinSlabs of ThinSlabRow, "thin_slabs" {
        /// Row in `waveguides`.
        waveguide: i64,
        /// Distance from `port_a` at which it begins.
        start_nm: f64,
        /// Its length.
        length_nm: f64,
        /// Least distance from an edge of the core to that of the slab; 0 where no slab lies beyond it.
        reach_nm: f64,
        /// Place where that is so.
        x_nm: f64,
        /// Place where that is so.
        y_nm: f64,
        /// Largest change of that distance over no more length than the change itself, within or at the ends of the stretch.
        step_nm: f64,
        /// How much further the slab reaches right beyond an end of the guide, where the stretch lies at one.
        end_step_nm: f64,
    }

    /// Places where the core of a device with two ports does not go on from one to the other.
    Breaks of BreakRow, "breaks" {
        /// Row in `devices`.
        device: i64,
        /// Place.
        x_nm: f64,
        /// Place.
        y_nm: f64,
    }

    /// What lies between the edges of slot guides: one row for each.
    SlotRows of SlotRow, "slots" {
        /// Row in `waveguides`.
        waveguide: i64,
        /// Mean gap between the rails.
        gap_nm: f64,
        /// Smallest gap.
        gap_min_nm: f64,
        /// Bound on the error of `gap_min_nm`.
        gap_error_nm: f64,
        /// Largest gap.
        gap_max_nm: f64,
        /// Mean width of the rails.
        rail_nm: f64,
        /// Smallest width of a rail.
        rail_min_nm: f64,
        /// Bound on the error of `rail_min_nm`.
        rail_error_nm: f64,
        /// Largest width of a rail.
        rail_max_nm: f64,
    }

    /// Guides that are rows of separate boxes.
    Segments of SegmentRow, "segments" {
        /// Row in `waveguides`.
        waveguide: i64,
        /// Number of boxes.
        n_segments: i64,
        /// Mean distance from box to box along the guide.
        pitch_nm: f64,
        /// Smallest distance from box to box.
        pitch_min_nm: f64,
        /// Largest distance from box to box.
        pitch_max_nm: f64,
        /// Smallest gap between two boxes.
        gap_min_nm: f64,
        /// Largest gap between two boxes.
        gap_max_nm: f64,
        /// Part of the length that is box, 0 to 1.
        duty_cycle: f64,
    }

    /// Guides joined end to end without a step in width, as one way: the same however they were cut.
    Routes of RouteRow, "routes" {
        /// Port at the start; -1 for a ring.
        port_a: i64,
        /// Port at the end; -1 for a ring.
        port_b: i64,
        /// Number of guides.
        n_guides: i64,
        /// Row in the guides of the recipe, or -1.
        cross_section: i64,
        /// Arc length of the centre-line.
        centerline_length_nm: f64,
        /// Area by end width; NaN where a guide is not uniform.
        drawn_length_nm: f64,
        /// Bound on the error of `centerline_length_nm`.
        length_error_nm: f64,
        /// Smallest radius of the centre-line.
        min_radius_nm: f64,
        /// Sum of turns without sign.
        abs_turn_rad: f64,
        /// 1 for a ring.
        is_closed: u8,
        /// A row in `waveguides`: the first of its guides.
        first_waveguide: i64,
    }

    /// Where guides drawn outside devices meet, cross or end: devices that nobody stated.
    Junctions of JunctionRow, "junctions" {
        /// Row in `devices`.
        device: i64,
        /// 0 end, 1 transition, 2 branch, 3 crossing, 4 coupler.
        kind: u8,
        /// Number of guides that enter it.
        n_arms: i64,
        /// Middle.
        x_nm: f64,
        /// Middle.
        y_nm: f64,
        /// Between the two ways of a crossing, else the smallest between two arms; NaN with fewer than two.
        angle_rad: f64,
        /// Core area.
        area_nm2: f64,
        /// From the guide that enters it alone to the axis of symmetry of its outline; NaN where there is none.
        lean_rad: f64,
        /// From the line that guides lie about, as many on either side of it, to that which its outline lies about, across
        /// it; NaN where one of the two has none.
        aside_nm: f64,
        /// Where another guide should enter, by those that enter where it looks the same; NaN where none is missing.
        bare_x_nm: f64,
        /// Where another guide should enter.
        bare_y_nm: f64,
    }

    /// For each unjoined optical port, the nearest port it may have been meant for.
    NearMisses of NearMissRow, "near_misses" {
        /// The unjoined port.
        port_a: i64,
        /// The other.
        port_b: i64,
        /// Distance.
        distance_nm: f64,
        /// Along the direction of `port_a`, positive when apart.
        gap_nm: f64,
        /// Across the direction of `port_a`.
        lateral_nm: f64,
        /// Deviation from opposite directions.
        angle_rad: f64,
        /// Width of `port_a` less that of `port_b`.
        width_difference_nm: f64,
    }

    /// For unjoined optical ports that look at the side of a guide within 1 µm, by no more than 60 degrees from square:
    /// the nearest one.
    SidesAhead of SideAheadRow, "sides_ahead" {
        /// The unjoined port.
        port: i64,
        /// Row in `waveguides`.
        waveguide: i64,
        /// From the nearer corner of the end to the side, square to that; 0 where it touches.
        gap_nm: f64,
        /// Between the way of the port and the side.
        angle_rad: f64,
        /// Place on the centre-line.
        x_nm: f64,
        /// Place on the centre-line.
        y_nm: f64,
    }

    /// Shapes close to the side of a guide that are none themselves, each where the gap is narrowest.
    ShapesBeside of ShapeBesideRow, "shapes_beside" {
        /// Row in `waveguides`.
        waveguide: i64,
        /// Between the shape and the side of the guide.
        gap_nm: f64,
        /// Place on the centre-line.
        x_nm: f64,
        /// Place on the centre-line.
        y_nm: f64,
    }

    /// Stretches over which two guides, or two turns of one, run side by side.
    Runs of RunRow, "runs" {
        /// The guide along which samples are taken.
        waveguide_a: i64,
        /// The other; may be the same.
        waveguide_b: i64,
        /// Length along `waveguide_a`.
        length_nm: f64,
        /// Distance from `port_a` of `waveguide_a` at which it begins.
        start_nm: f64,
        /// Distance from `port_a` of `waveguide_b` beside that place.
        other_start_nm: f64,
        /// The same beside its end; less where `waveguide_b` runs the other way.
        other_end_nm: f64,
        /// Smallest edge-to-edge gap.
        gap_min_nm: f64,
        /// Bound on the error of `gap_min_nm`.
        gap_error_nm: f64,
        /// Mean gap.
        gap_mean_nm: f64,
        /// Place of the smallest gap on `waveguide_a`.
        x_nm: f64,
        /// Place of the smallest gap on `waveguide_a`.
        y_nm: f64,
        /// First row in `run_profile`.
        profile_start: i64,
        /// Number of rows in `run_profile`.
        profile_count: i64,
        /// Second derivative of the gap at its smallest; NaN for short runs.
        relative_curvature_per_nm: f64,
        /// Number of its stretch: runs that go on in each other where guides are joined are one stretch.
        stretch: i64,
        /// 1 when its stretch goes on before its beginning.
        goes_on_before: u8,
        /// 1 when its stretch goes on beyond its end.
        goes_on_after: u8,
    }

    /// Samples of the gap along runs.
    RunProfile of RunProfileRow, "run_profile" {
        /// Edge-to-edge gap.
        gap_nm: f64,
        /// Length the sample stands for; long where nothing changes.
        step_nm: f64,
        /// Length of the other guide beside it; it differs in bends.
        other_step_nm: f64,
    }

    /// Guides that cross with no device between.
    Crossings of CrossingRow, "crossings" {
        /// Row in `waveguides`.
        waveguide_a: i64,
        /// Row in `waveguides`.
        waveguide_b: i64,
        /// Place.
        x_nm: f64,
        /// Place.
        y_nm: f64,
        /// Angle between the two, 0 to π/2.
        angle_rad: f64,
    }

    /// Devices whose outlines overlap by more than a common border.
    Overlaps of OverlapRow, "overlaps" {
        /// Row in `devices`.
        device_a: i64,
        /// Row in `devices`.
        device_b: i64,
        /// Shared area.
        area_nm2: f64,
        /// Box of the shared area.
        x0_nm: f64,
        /// See `x0_nm`.
        y0_nm: f64,
        /// See `x0_nm`.
        x1_nm: f64,
        /// See `x0_nm`.
        y1_nm: f64,
        /// 1 when both are the same: same cell and placement, or same outline; 2 when nearly.
        duplicate: u8,
        /// 1 when a drawn guide lies within the outline of a device and touches no core.
        outline_only: u8,
    }

    /// Ports of the circuit as a whole, as its top cell names them.
    Terminals of TerminalRow, "terminals" {
        /// Cell index of the top.
        top: i64,
        /// Name.
        name: text,
        /// The device port at that place, or -1.
        port: i64,
        /// Position.
        x_nm: f64,
        /// Position.
        y_nm: f64,
        /// Direction out of the circuit.
        direction_rad: f64,
        /// Width.
        width_nm: f64,
        /// 0 optical, 1 electrical, 2 fibre.
        kind: u8,
    }

    /// How much of the layout was understood.
    CoverageTable of CoverageRow, "coverage" {
        /// What is counted: `core_area_nm2` (and `core_area_nm2:1/0` for one layer), `optical_pins`, `electrical_pins`, `devices`, `guides`.
        kind: text,
        /// How much there is.
        total: f64,
        /// How much of it was understood (pins: joined; devices: with ports; guides: traced, of all with two
        /// optical ports).
        explained: f64,
        /// Cell index of the top.
        top: i64,
    }

    /// Core shapes that belong to no device and no guide, largest first.
    Unexplained of UnexplainedRow, "unexplained" {
        /// Cell index of the top.
        top: i64,
        /// Cell the shapes are drawn in.
        cell: i64,
        /// Box of the shapes.
        x0_nm: f64,
        /// See `x0_nm`.
        y0_nm: f64,
        /// See `x0_nm`.
        x1_nm: f64,
        /// See `x0_nm`.
        y1_nm: f64,
        /// Area of all `count` shapes.
        area_nm2: f64,
        /// Why.
        reason: text,
        /// Number of shapes.
        count: i64,
    }

    /// What is wrong with the input although work went on.
    Problems of ProblemRow, "problems" {
        /// Stable identifier.
        code: text,
        /// Cell, empty for the whole file.
        cell: text,
        /// Place in that cell; NaN without.
        x_nm: f64,
        /// Place in that cell; NaN without.
        y_nm: f64,
        /// What it concerns.
        subject: text,
        /// How often.
        count: i64,
    }
}

/// Thinned centre-lines: guide `i` has the points `offsets[i] .. offsets[i + 1]`.
#[derive(Clone, Debug, Default)]
pub struct Centerlines {
    /// Start of each guide's points; one more than guides.
    pub offsets: Vec<i64>,
    /// Position.
    pub x_nm: Vec<f64>,
    /// Position.
    pub y_nm: Vec<f64>,
    /// Width.
    pub width_nm: Vec<f64>,
}

impl Centerlines {
    /// The columns, moved.
    pub fn into_table(self) -> Table {
        Table::new("centerlines")
            .with("offsets", Column::I64(self.offsets))
            .with("x_nm", Column::F64(self.x_nm))
            .with("y_nm", Column::F64(self.y_nm))
            .with("width_nm", Column::F64(self.width_nm))
    }
}

/// Names and column types of every table of an extraction, in the order in which it holds them.
pub fn schemas() -> Vec<Schema> {
    let mut all = row_schemas();
    all.push(("centerlines", vec![("offsets", "i64"), ("x_nm", "f64"), ("y_nm", "f64"), ("width_nm", "f64")]));
    all
}
