//! What is wrong with the input although work can go on.
//!
//! A problem carries facts, no sentence: Python words it and turns it into a finding.

/// One thing wrong with the input.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// Stable identifier in kebab case, e.g. `missing-cell`.
    pub code: &'static str,
    /// Name of the cell it was seen in; empty when it concerns the whole file.
    pub cell: String,
    /// Position in that cell, in dbu; NaN when there is none.
    pub x_dbu: f64,
    /// See `x_dbu`.
    pub y_dbu: f64,
    /// What it concerns: a cell name, a count, a value as text.
    pub subject: String,
    /// How often it occurs (equal problems are merged).
    pub count: u64,
}

impl Problem {
    /// A problem of the whole file or of a cell, without a position.
    pub fn of_cell(code: &'static str, cell: &str, subject: impl Into<String>) -> Self {
        Self { code, cell: cell.to_owned(), x_dbu: f64::NAN, y_dbu: f64::NAN, subject: subject.into(), count: 1 }
    }

    /// A problem at a position of a cell.
    pub fn at(code: &'static str, cell: &str, x_dbu: f64, y_dbu: f64, subject: impl Into<String>) -> Self {
        Self { code, cell: cell.to_owned(), x_dbu, y_dbu, subject: subject.into(), count: 1 }
    }
}
