//! Struct of arrays: the only form in which results leave the core.
//!
//! A column name ends in its unit (`_nm`, `_rad`, `_db`); ids and counts have none. The same names are
//! declared in `python/waveguard/tables.py`, and a test compares the two.

/// One named column. All columns of a table that share a length are its rows; a column of another
/// length is an attachment (offsets, profiles) and says so in its documentation.
#[derive(Clone, Debug, PartialEq)]
pub enum Column {
    /// Measured values.
    F64(Vec<f64>),
    /// Ids and counts; `-1` means none.
    I64(Vec<i64>),
    /// Small codes and flags.
    U8(Vec<u8>),
    /// Names.
    Text(Vec<String>),
}

impl Column {
    /// Number of entries.
    pub fn len(&self) -> usize {
        match self {
            Self::F64(v) => v.len(),
            Self::I64(v) => v.len(),
            Self::U8(v) => v.len(),
            Self::Text(v) => v.len(),
        }
    }

    /// True when there are no entries.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A named set of columns in a fixed order.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Table {
    /// Name of the table, a plural noun (`waveguides`).
    pub name: &'static str,
    /// Columns in declaration order.
    pub columns: Vec<(&'static str, Column)>,
}

impl Table {
    /// An empty table without columns.
    pub fn new(name: &'static str) -> Self {
        Self { name, columns: Vec::new() }
    }

    /// Appends a column and returns the table, for building in one expression.
    #[must_use]
    pub fn with(mut self, name: &'static str, column: Column) -> Self {
        debug_assert!(self.columns.iter().all(|(n, _)| *n != name), "column {name} declared twice in {}", self.name);
        self.columns.push((name, column));
        self
    }

    /// The column of that name, if the table has it.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|(n, _)| *n == name).map(|(_, c)| c)
    }
}
