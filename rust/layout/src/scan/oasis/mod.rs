//! OASIS: every record, with the modal variables, name tables and compressed blocks that it leans on.
//!
//! What a newcomer would get wrong: a short file can be huge. A record of one byte repeats the last list of
//! points or properties, and a block of a few bytes unpacks to a million of them. The reader behind us makes
//! a copy each time, so what it would make is counted here and limited.

mod element;

use super::boundaries::Boundaries;
use super::checksum::{checksum32, crc32};
use super::cursor::{Cursor, Read};
use super::names::Names;
use super::{Format, OASIS_MAGIC, ScanError, ScanReport, text};

/// Vertices and values that a file may expand to whatever its size.
const ALWAYS_EXPANDED: u64 = 1 << 26;
/// Vertices and values for each byte of the file beyond that.
const MAX_EXPANDED_PER_BYTE: u64 = 16;
/// Bytes that compressed blocks may unpack to in all.
const MAX_UNPACKED_BYTES: u64 = 8 << 30;
/// and for each byte of the file; deflate itself ends at 1032.
const MAX_UNPACKED_PER_BYTE: u64 = 1 << 10;
/// Steps of the comparisons that the reader behind us makes between all pairs of certain values.
const MAX_COMPARISONS: u64 = 1 << 37;
/// Expanded values that a property costs by itself.
const PROPERTY_COST: u64 = 4;
/// Grids per micrometre between which a layout can lie.
const GRID_PER_UM: std::ops::RangeInclusive<f64> = 1e-3..=1e8;

#[rustfmt::skip]
const NAMES: [&str; 35] = [
    "PAD", "START", "END", "CELLNAME", "CELLNAME", "TEXTSTRING", "TEXTSTRING", "PROPNAME", "PROPNAME", "PROPSTRING",
    "PROPSTRING", "LAYERNAME", "LAYERNAME", "CELL", "CELL", "XYABSOLUTE", "XYRELATIVE", "PLACEMENT", "PLACEMENT", "TEXT",
    "RECTANGLE", "POLYGON", "PATH", "TRAPEZOID", "TRAPEZOID", "TRAPEZOID", "CTRAPEZOID", "CIRCLE", "PROPERTY", "PROPERTY",
    "XNAME", "XNAME", "XELEMENT", "XGEOMETRY", "CBLOCK",
];

/// Modal variables: what the record after may leave out. Sizes only, as nothing is drawn here.
#[expect(clippy::struct_excessive_bools, reason = "each is one variable that has a value or not")]
#[derive(Default)]
struct Modal {
    layer: bool,
    datatype: bool,
    text_layer: bool,
    text_type: bool,
    width: bool,
    height: bool,
    /// Number of points.
    polygon: Option<u64>,
    /// Number of points, and of those equal to the one before.
    path: Option<(u64, u64)>,
    half_width: bool,
    extensions: [bool; 2],
    trapezoid: Option<u8>,
    /// Number of points it is drawn with.
    circle: Option<u64>,
    placement: bool,
    string: Option<u64>,
    /// Displacements that a copy of it costs.
    repetition: Option<u64>,
    property_name: bool,
    /// Cost of a copy of the list of values, and how many integers are in it.
    values: Option<(u64, u64)>,
}

/// What properties may follow.
#[derive(Clone, Copy, PartialEq)]
enum Owner {
    Other,
    TextString,
}

#[expect(clippy::struct_excessive_bools, reason = "they are independent of each other")]
struct Walker<'a> {
    file: &'a [u8],
    report: ScanReport,
    record: u8,
    offset: usize,
    in_block: bool,
    modal: Modal,
    names: Names,
    in_cell: bool,
    owner: Owner,
    expanded: u64,
    unpacked: u64,
    comparisons: u64,
    property_references: u64,
    n_paths: u64,
    /// Offsets of the name tables are in END, not in START.
    offsets_at_end: bool,
    done: bool,
}

/// Walks an OASIS file.
pub(super) fn scan(data: &[u8]) -> Result<ScanReport, ScanError> {
    let report = ScanReport {
        format: Format::Oasis,
        user_unit_m: 1e-6,
        dbu_m: f64::NAN,
        n_records: 0,
        cell_names: Vec::new(),
        shapes_repeat: false,
        widthless_paths: Vec::new(),
        problems: Vec::new(),
        boundaries: Boundaries::default(),
    };
    let mut walker = Walker {
        file: data,
        report,
        record: 1,
        offset: OASIS_MAGIC.len(),
        in_block: false,
        modal: Modal::default(),
        names: Names::new(data.len() as u64),
        in_cell: false,
        owner: Owner::Other,
        expanded: 0,
        unpacked: 0,
        comparisons: 0,
        property_references: 0,
        n_paths: 0,
        offsets_at_end: false,
        done: false,
    };
    let mut cursor = Cursor::new(data, OASIS_MAGIC.len());
    match walker.start(&mut cursor).and_then(|()| walker.walk(&mut cursor)) {
        Ok(()) => {
            let rest = &data[cursor.at..];
            if rest.iter().any(|&b| b != 0) {
                walker.report.problems.push(("bytes-after-end", rest.len().to_string()));
            }
            walker.report.cell_names = walker.names.cells_in_order().map(text).collect();
            Ok(walker.report)
        }
        Err(reason) => Err(walker.error(reason)),
    }
}

impl Walker<'_> {
    fn error(&self, reason: String) -> ScanError {
        let record = NAMES.get(usize::from(self.record)).copied().unwrap_or("unknown record");
        let cell = if self.in_cell { self.names.last_cell().map(text) } else { None };
        let reason = if self.in_block { format!("{reason} (in a compressed block)") } else { reason };
        ScanError { offset: self.offset as u64, record, cell, reason }
    }

    fn start(&mut self, c: &mut Cursor) -> Read<()> {
        if c.byte()? != 1 {
            return Err("the file does not begin with START".to_owned());
        }
        let version = c.string()?;
        if version != b"1.0" {
            return Err(format!("version {} of the format, not 1.0", text(version)));
        }
        let per_um = c.real()?;
        if !GRID_PER_UM.contains(&per_um) {
            return Err(format!("{per_um:e} grid steps to the micrometre"));
        }
        self.report.dbu_m = 1e-6 / per_um;
        self.offsets_at_end = c.unsigned()? != 0;
        if !self.offsets_at_end {
            for _ in 0..12 {
                c.unsigned()?;
            }
        }
        Ok(())
    }

    fn walk(&mut self, c: &mut Cursor) -> Read<()> {
        while !self.done {
            if !self.in_block {
                self.offset = c.at;
            }
            if c.is_done() {
                if self.in_block {
                    return Ok(());
                }
                self.record = 2;
                return Err("the file ends without END: it is truncated".to_owned());
            }
            self.record = c.byte()?;
            self.report.n_records += 1;
            self.step(c)?;
        }
        Ok(())
    }

    fn step(&mut self, c: &mut Cursor) -> Read<()> {
        match self.record {
            1 => return Err("it comes a second time".to_owned()),
            2 => self.end(c)?,
            3..=10 => self.name(c)?,
            11 | 12 => {
                c.string()?;
                interval(c)?;
                interval(c)?;
                self.leave_cell();
            }
            13 => {
                let number = c.unsigned()?;
                self.names.begin_cell_number(number)?;
                self.enter_cell();
            }
            14 => {
                let name = c.string()?;
                self.names.begin_cell(name);
                self.enter_cell();
            }
            15..=27 if !self.in_cell => return Err("it comes outside of a cell".to_owned()),
            0 | 15 | 16 => {}
            17..=27 => self.element(c)?,
            28 | 29 => self.property(c)?,
            30..=33 => return Err("an extension record, which the reader of layouts does not know".to_owned()),
            34 => self.block(c)?,
            other => return Err(format!("there is no record type {other}")),
        }
        Ok(())
    }

    fn enter_cell(&mut self) {
        self.in_cell = true;
        self.owner = Owner::Other;
        self.modal = Modal::default();
    }

    fn leave_cell(&mut self) {
        self.in_cell = false;
        self.owner = Owner::Other;
        self.modal = Modal::default();
    }

    fn name(&mut self, c: &mut Cursor) -> Read<()> {
        let record = self.record;
        let string = c.string()?;
        let number = if record.is_multiple_of(2) { Some(c.unsigned()?) } else { None };
        self.leave_cell();
        let table = match record {
            3 | 4 => return self.names.define_cell(string, number),
            5 | 6 => {
                self.owner = Owner::TextString;
                &mut self.names.texts
            }
            7 | 8 => &mut self.names.properties,
            _ => &mut self.names.values,
        };
        table.define(number).map(|_| ())
    }

    fn spend(&mut self, values: u64) -> Read<()> {
        self.expanded = self.expanded.saturating_add(values);
        let limit = ALWAYS_EXPANDED.max(MAX_EXPANDED_PER_BYTE.saturating_mul(self.file.len() as u64));
        if self.expanded > limit {
            return Err(format!("the file expands to more than {limit} vertices and values"));
        }
        Ok(())
    }

    fn compare(&mut self, steps: u64) -> Read<()> {
        self.comparisons = self.comparisons.saturating_add(steps);
        if self.comparisons > MAX_COMPARISONS {
            return Err("repeated values that would take hours to read".to_owned());
        }
        Ok(())
    }

    fn property(&mut self, c: &mut Cursor) -> Read<()> {
        if self.owner == Owner::TextString {
            return Err("a property of a TEXTSTRING, which the reader of layouts cannot hold".to_owned());
        }
        let info = if self.record == 29 { 0x08 } else { c.byte()? };
        if info & 0x04 != 0 {
            if info & 0x02 != 0 {
                let number = c.unsigned()?;
                self.names.properties.mark(number)?;
            } else {
                c.string()?;
            }
            self.modal.property_name = true;
        }
        defined(self.modal.property_name, "property name")?;
        self.spend(PROPERTY_COST)?;
        if info & 0x08 != 0 {
            let (cost, integers) = self.modal.values.ok_or_else(|| undefined("list of values"))?;
            self.compare(integers.saturating_mul(self.property_references))?;
            self.property_references += integers;
            return self.spend(cost);
        }
        let mut count = u64::from(info >> 4);
        if count == 15 {
            count = c.unsigned()?;
        }
        let (mut cost, mut integers) = (0_u64, 0_u64);
        for _ in 0..count {
            cost += 4;
            match c.byte()? {
                kind @ 0..=7 => drop(c.real_of(kind)?),
                8 => {
                    c.unsigned()?;
                    integers += 1;
                }
                9 => drop(c.signed()?),
                10..=12 => cost += c.string()?.len() as u64 / 16,
                13..=15 => {
                    let number = c.unsigned()?;
                    self.names.values.mark(number)?;
                    self.property_references += 1;
                    integers += 1;
                }
                kind => return Err(format!("there is no type {kind} of value")),
            }
            self.spend(4)?;
        }
        self.modal.values = Some((cost, integers));
        Ok(())
    }

    fn block(&mut self, c: &mut Cursor) -> Read<()> {
        if self.in_block {
            return Err("a compressed block in a compressed block".to_owned());
        }
        let method = c.unsigned()?;
        if method != 0 {
            return Err(format!("there is no compression method {method}"));
        }
        let (size, packed) = (c.unsigned()?, c.unsigned()?);
        let packed = c.bytes(packed)?;
        let limit = MAX_UNPACKED_PER_BYTE.saturating_mul(packed.len() as u64 + 64);
        self.unpacked = self.unpacked.saturating_add(size);
        if size == 0 || size > limit || size > u64::from(u32::MAX) || self.unpacked > MAX_UNPACKED_BYTES {
            return Err(format!("{} bytes that are said to unpack to {size}", packed.len()));
        }
        let unpacked = miniz_oxide::inflate::decompress_to_vec_with_limit(packed, size as usize)
            .map_err(|e| format!("cannot be unpacked: {}", inflate_error(e.status)))?;
        if unpacked.len() as u64 != size {
            return Err(format!("unpacks to {} bytes, not to {size}", unpacked.len()));
        }
        self.in_block = true;
        let mut inner = Cursor::new(&unpacked, 0);
        self.walk(&mut inner)?;
        self.in_block = false;
        Ok(())
    }

    fn end(&mut self, c: &mut Cursor) -> Read<()> {
        if self.in_block {
            return Err("the file ends in a compressed block".to_owned());
        }
        self.names.check()?;
        if self.offsets_at_end {
            for _ in 0..12 {
                c.unsigned()?;
            }
        }
        let padding = c.padded_unsigned()?;
        c.bytes(padding)?;
        let scheme = c.unsigned()?;
        if scheme > 2 {
            return Err(format!("there is no validation scheme {scheme}"));
        }
        if scheme > 0 {
            let signed = &self.file[..c.at];
            let stated = c.fixed().map(u32::from_le_bytes)?;
            let found = if scheme == 1 { crc32(signed) } else { checksum32(signed) };
            if found != stated {
                return Err(format!(
                    "the checksum is {found:08x} but {stated:08x} is stated: the file was changed or damaged"
                ));
            }
        }
        self.done = true;
        Ok(())
    }
}

fn inflate_error(status: miniz_oxide::inflate::TINFLStatus) -> &'static str {
    use miniz_oxide::inflate::TINFLStatus;
    match status {
        TINFLStatus::HasMoreOutput => "there is more than was announced",
        TINFLStatus::NeedsMoreInput | TINFLStatus::FailedCannotMakeProgress => "it ends too early",
        _ => "it is damaged",
    }
}

fn undefined(what: &str) -> String {
    format!("no {what} is stated, here or before")
}

fn defined(is: bool, what: &str) -> Read<()> {
    if is { Ok(()) } else { Err(undefined(what)) }
}

fn interval(c: &mut Cursor) -> Read<()> {
    let kind = c.unsigned()?;
    let bounds = match kind {
        0 => 0,
        1..=3 => 1,
        4 => 2,
        _ => return Err(format!("there is no type {kind} of interval")),
    };
    for _ in 0..bounds {
        c.unsigned()?;
    }
    Ok(())
}
