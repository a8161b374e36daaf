//! Problems met while building, merged by code, cell and subject.

use std::collections::BTreeMap;

use waveguard_base::Problem;

/// Codes of [`Problem`] that building a layout can produce.
pub(super) mod code {
    /// A shape, label or placement reaches beyond the coordinate range, or is not a number; left out.
    pub(crate) const BEYOND_RANGE: &str = "beyond-range";
    /// A polygon without area or a spine without length; left out.
    pub(crate) const DEGENERATE_SHAPE: &str = "degenerate-shape";
    /// A path whose width is negative or not a number; its spine is left out.
    pub(crate) const BAD_PATH_WIDTH: &str = "bad-path-width";
    /// An array of no copies or with a displacement that is not a number; drawn once.
    pub(crate) const BAD_REPETITION: &str = "bad-repetition";
    /// A placement of a cell that the file does not contain; left out.
    pub(crate) const MISSING_CELL: &str = "missing-cell";
    /// A placement that is magnified by a number that makes no sense, alone or with what it holds; left out.
    pub(crate) const BAD_MAGNIFICATION: &str = "bad-magnification";
    /// A placement whose rotation is not a number; left out.
    pub(crate) const BAD_ROTATION: &str = "bad-rotation";
    /// The placement that closes a cycle; left out.
    pub(crate) const REFERENCE_CYCLE: &str = "reference-cycle";
}

/// Collects problems; knows the cell names so that callers only pass numbers.
pub(super) struct Notes {
    names: Vec<String>,
    merged: BTreeMap<(usize, &'static str, String), Problem>,
}

impl Notes {
    pub(super) fn new(names: Vec<String>) -> Self {
        Self { names, merged: BTreeMap::new() }
    }

    pub(super) fn n_cells(&self) -> usize {
        self.names.len()
    }

    pub(super) fn name(&self, cell: usize) -> &str {
        &self.names[cell]
    }

    /// Counts one occurrence; the position of the first one is kept.
    pub(super) fn add(&mut self, code: &'static str, cell: usize, subject: &str, at: Option<[f64; 2]>) {
        let name = &self.names[cell];
        self.merged.entry((cell, code, subject.to_owned())).and_modify(|p| p.count += 1).or_insert_with(|| {
            match at.filter(|v| v[0].is_finite() && v[1].is_finite()) {
                Some([x, y]) => Problem::at(code, name, x, y, subject),
                None => Problem::of_cell(code, name, subject),
            }
        });
    }

    /// Problems in the order of cells, then of codes; and the cell names.
    pub(super) fn finish(self) -> (Vec<Problem>, Vec<String>) {
        (self.merged.into_values().collect(), self.names)
    }
}
