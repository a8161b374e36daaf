//! Where work ends: a forged file must neither fill the memory nor hang.

use serde::Deserialize;

/// Bounds on effort and on the size of listings.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// A cell without devices that is placed more often than this is counted, not walked: arrays of
    /// fill and etch-loading boxes.
    pub free_placements: u64,
    /// Rows of the unexplained table.
    pub unexplained_rows: usize,
    /// Shapes of a device looked at when it is traced as a guide.
    pub guide_shapes: usize,
    /// Drawn shapes shorter than this many widths that join nothing are no guides.
    pub free_aspect: f64,
    /// Cross-overs nearer than this many widths to the end of a guide are its joint.
    pub crossing_end_widths: f64,
    /// Copies of the repeated pins, markers or shapes of one cell that are expanded.
    pub repetition: u64,
    /// Placements that are visited.
    pub placements: u64,
    /// Ports of all placed devices; a device without ports counts as one.
    pub placed_ports: u64,
    /// Points of the centre-lines of all placed guides.
    pub line_points: u64,
    /// Pieces between the points of all placed guides beside which neighbours are looked for.
    pub line_steps: u64,
    /// Copies of an array of one device that may lie on each other; no more of such an array are placed.
    pub stacked_devices: u64,
    /// The same for an array of a circuit, whose outlines may well reach into each other.
    pub stacked_circuits: u64,
    /// Ports of one device.
    pub device_ports: usize,
    /// Ports looked at around one port, and texts around one pin.
    pub ports_nearby: usize,
    /// Pieces of other guides looked at for each piece and each sample of a guide.
    pub piece_pairs: u64,
    /// Rows of the profiles of all runs.
    pub run_samples: u64,
    /// Rows of the table of crossings.
    pub crossing_rows: usize,
    /// Steps of the search for overlaps: boxes of devices and corners of outlines that are compared.
    pub overlap_steps: u64,
    /// Rows of the table of overlaps.
    pub overlap_rows: usize,
    /// Placements of one cell that are looked at as the boxes of a row, beyond `free_placements`.
    pub segments: u64,
    /// Devices that are looked at in cells and pairs of cells that are placed often, as a part of all devices; where
    /// these would be more, all devices are looked at together.
    pub block_share: f64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            free_placements: 2000,
            unexplained_rows: 1000,
            guide_shapes: 10_000,
            free_aspect: 3.0,
            crossing_end_widths: 2.0,
            repetition: 1_000_000,
            placements: 50_000_000,
            placed_ports: 10_000_000,
            line_points: 50_000_000,
            line_steps: 50_000_000,
            stacked_devices: 32,
            stacked_circuits: 128,
            device_ports: 4096,
            ports_nearby: 1000,
            piece_pairs: 2000,
            run_samples: 20_000_000,
            crossing_rows: 20_000,
            overlap_steps: 2_000_000_000,
            overlap_rows: 20_000,
            block_share: 0.25,
            segments: 60_000,
        }
    }
}
