//! The name tables of OASIS: which numbers are defined, and which are used.

use super::cursor::Read;

/// Numbers below this may be given in any file.
const ALWAYS_NUMBERED: u64 = 1 << 16;

/// One table of names by number.
#[derive(Default)]
pub(super) struct Numbers {
    limit: u64,
    next: u64,
    explicit: Option<bool>,
    defined: Vec<bool>,
    used: Vec<bool>,
}

impl Numbers {
    fn new(file_bytes: u64) -> Self {
        // Numbers are given from zero on by every writer; the reader behind us makes a table as long as the largest.
        Self { limit: ALWAYS_NUMBERED.max(file_bytes), ..Self::default() }
    }

    /// Notes a definition and returns its number.
    pub(super) fn define(&mut self, number: Option<u64>) -> Read<u64> {
        let explicit = number.is_some();
        if *self.explicit.get_or_insert(explicit) != explicit {
            return Err("names with and without numbers in one file".to_owned());
        }
        let number = number.unwrap_or(self.next);
        self.next = self.next.max(number.saturating_add(1));
        self.in_range(number)?;
        if std::mem::replace(slot(&mut self.defined, number), true) {
            return Err(format!("number {number} is defined twice"));
        }
        Ok(number)
    }

    /// Notes a use; the definition may come later.
    pub(super) fn mark(&mut self, number: u64) -> Read<()> {
        self.in_range(number)?;
        *slot(&mut self.used, number) = true;
        Ok(())
    }

    fn in_range(&self, number: u64) -> Read<()> {
        if number < self.limit { Ok(()) } else { Err(format!("number {number} is out of range")) }
    }

    fn check(&self, what: &str) -> Read<()> {
        let missing = self.used.iter().enumerate().find(|&(i, &u)| u && !self.defined.get(i).copied().unwrap_or(false));
        match missing {
            Some((i, _)) => Err(format!("{what} number {i} is used but not defined")),
            None => Ok(()),
        }
    }
}

fn slot(bits: &mut Vec<bool>, number: u64) -> &mut bool {
    let i = number as usize;
    if bits.len() <= i {
        bits.resize(i + 1, false);
    }
    &mut bits[i]
}

enum CellName {
    Bytes(Vec<u8>),
    Number(u64),
}

/// All name tables of a file, and the names of its cells.
pub(super) struct Names {
    pub(super) cells: Numbers,
    pub(super) texts: Numbers,
    pub(super) properties: Numbers,
    pub(super) values: Numbers,
    named_cells: Vec<Option<Vec<u8>>>,
    in_order: Vec<CellName>,
}

impl Names {
    pub(super) fn new(file_bytes: u64) -> Self {
        let table = || Numbers::new(file_bytes);
        Self {
            cells: table(),
            texts: table(),
            properties: table(),
            values: table(),
            named_cells: Vec::new(),
            in_order: Vec::new(),
        }
    }

    pub(super) fn define_cell(&mut self, name: &[u8], number: Option<u64>) -> Read<()> {
        let i = self.cells.define(number)? as usize;
        if self.named_cells.len() <= i {
            self.named_cells.resize(i + 1, None);
        }
        self.named_cells[i] = Some(name.to_owned());
        Ok(())
    }

    pub(super) fn begin_cell(&mut self, name: &[u8]) {
        self.in_order.push(CellName::Bytes(name.to_owned()));
    }

    pub(super) fn begin_cell_number(&mut self, number: u64) -> Read<()> {
        self.cells.mark(number)?;
        self.in_order.push(CellName::Number(number));
        Ok(())
    }

    /// Name of the cell begun last, if it is known by now.
    pub(super) fn last_cell(&self) -> Option<&[u8]> {
        self.in_order.last().and_then(|n| self.bytes(n))
    }

    /// Names of the cells in the order of their definitions.
    pub(super) fn cells_in_order(&self) -> impl Iterator<Item = &[u8]> {
        self.in_order.iter().map(|n| self.bytes(n).unwrap_or_default())
    }

    fn bytes<'a>(&'a self, name: &'a CellName) -> Option<&'a [u8]> {
        match name {
            CellName::Bytes(bytes) => Some(bytes),
            CellName::Number(i) => self.named_cells.get(*i as usize)?.as_deref(),
        }
    }

    /// Every number that is used must be defined.
    pub(super) fn check(&self) -> Read<()> {
        self.cells.check("cell name")?;
        self.texts.check("text")?;
        self.properties.check("property name")?;
        self.values.check("property value")
    }
}
