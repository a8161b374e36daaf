//! GDSII stream format: every record, its length, type and place.
//!
//! What a newcomer would get wrong: the order inside an element matters to the reader behind us. It takes the
//! width of a path as known when the coordinates come, and keeps the last width it saw for a path that states
//! none; so a late width is refused and a missing one is listed.

use super::boundaries::{Boundaries, Gatherer};
use super::{Format, MAX_COPIES, ScanError, ScanReport, text};

/// Sizes of the grid that a layout can have, in metres. Beyond them the units were forged or damaged.
const DBU_M: std::ops::RangeInclusive<f64> = 1e-14..=1e-3;
/// The same for the user unit.
const USER_UNIT_M: std::ops::RangeInclusive<f64> = 1e-13..=1e3;

const HEADER: u8 = 0x00;
const BGNLIB: u8 = 0x01;
const LIBNAME: u8 = 0x02;
const UNITS: u8 = 0x03;
const ENDLIB: u8 = 0x04;
const BGNSTR: u8 = 0x05;
const STRNAME: u8 = 0x06;
const ENDSTR: u8 = 0x07;
const BOUNDARY: u8 = 0x08;
const PATH: u8 = 0x09;
const SREF: u8 = 0x0a;
const AREF: u8 = 0x0b;
const TEXT: u8 = 0x0c;
const LAYER: u8 = 0x0d;
const DATATYPE: u8 = 0x0e;
const WIDTH: u8 = 0x0f;
const XY: u8 = 0x10;
const ENDEL: u8 = 0x11;
const SNAME: u8 = 0x12;
const COLROW: u8 = 0x13;
const NODE: u8 = 0x15;
const TEXTTYPE: u8 = 0x16;
const STRING: u8 = 0x19;
const MAG: u8 = 0x1b;
const ANGLE: u8 = 0x1c;
const PATHTYPE: u8 = 0x21;
const NODETYPE: u8 = 0x2a;
const PROPATTR: u8 = 0x2b;
const PROPVALUE: u8 = 0x2c;
const BOX: u8 = 0x2d;
const BOXTYPE: u8 = 0x2e;

#[rustfmt::skip]
const NAMES: [&str; 0x3c] = [
    "HEADER", "BGNLIB", "LIBNAME", "UNITS", "ENDLIB", "BGNSTR", "STRNAME", "ENDSTR", "BOUNDARY", "PATH", "SREF", "AREF",
    "TEXT", "LAYER", "DATATYPE", "WIDTH", "XY", "ENDEL", "SNAME", "COLROW", "TEXTNODE", "NODE", "TEXTTYPE",
    "PRESENTATION", "SPACING", "STRING", "STRANS", "MAG", "ANGLE", "UINTEGER", "USTRING", "REFLIBS", "FONTS",
    "PATHTYPE", "GENERATIONS", "ATTRTABLE", "STYPTABLE", "STRTYPE", "ELFLAGS", "ELKEY", "LINKTYPE", "LINKKEYS",
    "NODETYPE", "PROPATTR", "PROPVALUE", "BOX", "BOXTYPE", "PLEX", "BGNEXTN", "ENDEXTN", "TAPENUM", "TAPECODE",
    "STRCLASS", "RESERVED", "FORMAT", "MASK", "ENDMASKS", "LIBDIRSIZE", "SRFNAME", "LIBSECUR",
];

/// Data type byte and lengths that a record may have.
enum Shape {
    /// No data.
    Empty,
    /// Two-byte integers or flags, so many of them.
    Short(usize),
    /// One integer of two or four bytes: layers beyond 32,767 are written as four.
    ShortOrLong,
    /// One four-byte integer.
    Long,
    /// Coordinates: pairs of four-byte integers.
    Pairs,
    /// Eight-byte reals, so many of them.
    Real(usize),
    /// Text.
    Ascii,
    /// Anything: the reader behind us does not look at it.
    Ignored,
}

fn shape(record: u8) -> Shape {
    match record {
        ENDLIB | ENDSTR | BOUNDARY | PATH | SREF | AREF | TEXT | ENDEL | NODE | BOX => Shape::Empty,
        0x17 | 0x1a | PATHTYPE | PROPATTR => Shape::Short(1),
        COLROW => Shape::Short(2),
        LAYER | DATATYPE | TEXTTYPE | NODETYPE | BOXTYPE => Shape::ShortOrLong,
        WIDTH | 0x30 | 0x31 => Shape::Long,
        XY => Shape::Pairs,
        UNITS => Shape::Real(2),
        MAG | ANGLE => Shape::Real(1),
        LIBNAME | STRNAME | SNAME | STRING | PROPVALUE => Shape::Ascii,
        _ => Shape::Ignored,
    }
}

/// What has been seen of the element being walked.
#[expect(clippy::struct_excessive_bools, reason = "each is one record that was seen or not")]
#[derive(Default)]
struct Element {
    kind: u8,
    offset: usize,
    layer: bool,
    datatype: bool,
    points: usize,
    width: bool,
    name: bool,
    string: bool,
    array: bool,
    attribute: bool,
    properties: bool,
    layer_number: u32,
    type_number: u32,
}

/// Where the walk is.
enum Structure {
    Outside,
    Unnamed,
    Named(String),
}

struct Scanner<'a> {
    data: &'a [u8],
    record: u8,
    offset: usize,
    report: ScanReport,
    begun: bool,
    units: bool,
    structure: Structure,
    element: Option<Element>,
    attribute: bool,
    n_paths: u64,
    n_nodes: u64,
    polygons: Gatherer,
}

/// Walks a GDSII stream.
pub(super) fn scan(data: &[u8]) -> Result<ScanReport, ScanError> {
    let report = ScanReport {
        format: Format::Gdsii,
        user_unit_m: f64::NAN,
        dbu_m: f64::NAN,
        n_records: 0,
        cell_names: Vec::new(),
        shapes_repeat: false,
        widthless_paths: Vec::new(),
        problems: Vec::new(),
        boundaries: Boundaries::default(),
    };
    let scanner = Scanner {
        data,
        record: HEADER,
        offset: 0,
        report,
        begun: false,
        units: false,
        structure: Structure::Outside,
        element: None,
        attribute: false,
        n_paths: 0,
        n_nodes: 0,
        polygons: Gatherer::default(),
    };
    scanner.walk()
}

impl Scanner<'_> {
    fn walk(mut self) -> Result<ScanReport, ScanError> {
        let data = self.data;
        let mut at = 0;
        loop {
            self.offset = at;
            if let Some(end) = self.plain_polygon(at) {
                at = end;
                continue;
            }
            let Some(head) = data.get(at..at + 4) else {
                let reason =
                    if at == data.len() { "the file ends without ENDLIB" } else { "the file ends in a record" };
                return Err(self.error_named("end of file", format!("{reason}: it is truncated")));
            };
            let length = usize::from(u16::from_be_bytes([head[0], head[1]]));
            (self.record, self.report.n_records) = (head[2], self.report.n_records + 1);
            if length < 4 {
                return Err(self.error(format!("its length is {length}, less than the 4 bytes of its own head")));
            }
            let Some(body) = data.get(at + 4..at + length) else {
                let left = data.len() - at;
                return Err(
                    self.error(format!("its length is {length}, but only {left} bytes follow: the file is truncated"))
                );
            };
            self.check_shape(head[3], body)?;
            at += length;
            if self.step(body)? {
                break;
            }
        }
        if self.n_nodes > 0 {
            self.report.problems.push(("node-element-ignored", self.n_nodes.to_string()));
        }
        if data[at..].iter().any(|&b| b != 0) {
            self.report.problems.push(("bytes-after-end", (data.len() - at).to_string()));
        }
        self.report.boundaries = self.polygons.finish(at);
        Ok(self.report)
    }

    /// Takes a polygon in the form in which everybody writes it, record by record the same as the long way, which is
    /// left to whatever looks different; returns its end.
    fn plain_polygon(&mut self, at: usize) -> Option<usize> {
        if self.element.is_some() || !matches!(self.structure, Structure::Named(_)) {
            return None;
        }
        let head = self.data.get(at..)?.first_chunk::<20>()?;
        let [0, 4, BOUNDARY, 0, 0, 6, LAYER, 2, l1, l0, 0, 6, DATATYPE, 2, t1, t0, n1, n0, XY, 3] = *head else {
            return None;
        };
        let length = usize::from(u16::from_be_bytes([n1, n0]));
        let end = at + 16 + length;
        if length < 12 || length % 8 != 4 || self.data.get(end..end + 4)? != [0, 4, ENDEL, 0] {
            return None;
        }
        self.report.n_records += 5;
        self.polygons.begin_polygon();
        self.polygons.add_piece(at + 20, (length - 4) / 8);
        let number = |high, low| u32::from(u16::from_be_bytes([high, low]));
        self.polygons.end_polygon(self.data, at..end + 4, (number(l1, l0), number(t1, t0)), true);
        Some(end + 4)
    }

    /// Takes in one record; true at the end of the library.
    fn step(&mut self, body: &[u8]) -> Result<bool, ScanError> {
        if self.report.n_records == 1 {
            return if self.record == HEADER {
                Ok(false)
            } else {
                Err(self.error("the file does not begin with HEADER"))
            };
        }
        if let Some(mut element) = self.element.take() {
            if self.record == ENDEL {
                self.end_element(&element)?;
            } else {
                self.in_element(&mut element, body)?;
                self.element = Some(element);
            }
            return Ok(false);
        }
        match self.record {
            BGNLIB if !self.begun => self.begun = true,
            _ if !self.begun => return Err(self.error("it comes before BGNLIB")),
            UNITS if self.units || self.in_structure() => {
                return Err(self.error("it comes a second time or too late"));
            }
            UNITS => self.read_units(body)?,
            ENDLIB if self.in_structure() => return Err(self.error("it comes inside of a structure")),
            ENDLIB if !self.units => return Err(self.error("there was no UNITS record")),
            ENDLIB => return Ok(true),
            BGNSTR if self.in_structure() => return Err(self.error("the structure before it does not end")),
            BGNSTR if !self.units => return Err(self.error("it comes before UNITS")),
            BGNSTR => self.structure = Structure::Unnamed,
            STRNAME => match self.structure {
                Structure::Unnamed => {
                    let name = text(until_nul(body));
                    self.report.cell_names.push(name.clone());
                    self.structure = Structure::Named(name);
                }
                Structure::Named(_) => return Err(self.error("the structure has a name already")),
                Structure::Outside => return Err(self.error("it comes outside of a structure")),
            },
            ENDSTR => match std::mem::replace(&mut self.structure, Structure::Outside) {
                Structure::Named(_) => self.polygons.end_structure(),
                Structure::Unnamed => return Err(self.error("the structure has no name")),
                Structure::Outside => return Err(self.error("it comes outside of a structure")),
            },
            BOUNDARY | PATH | SREF | AREF | TEXT | NODE | BOX => {
                if !matches!(self.structure, Structure::Named(_)) {
                    return Err(self.error("it comes outside of a named structure"));
                }
                self.polygons.begin_polygon();
                self.element = Some(Element { kind: self.record, offset: self.offset, ..Element::default() });
            }
            // Properties of files and cells are not in the standard, but KLayout can write them.
            PROPATTR => self.attribute = true,
            PROPVALUE if self.attribute => self.attribute = false,
            PROPVALUE => return Err(self.error("it comes without PROPATTR")),
            HEADER | BGNLIB => return Err(self.error("it comes a second time")),
            LAYER | DATATYPE | WIDTH | XY | ENDEL | SNAME | COLROW | TEXTTYPE | STRING | MAG | ANGLE | PATHTYPE
            | NODETYPE | BOXTYPE | 0x17 | 0x1a | 0x30 | 0x31 => {
                return Err(self.error("it comes outside of an element"));
            }
            LIBNAME if self.in_structure() => return Err(self.error("it comes inside of a structure")),
            _ => {}
        }
        Ok(false)
    }

    fn in_element(&mut self, e: &mut Element, body: &[u8]) -> Result<(), ScanError> {
        let polygon_or_path = matches!(e.kind, BOUNDARY | PATH | BOX | NODE);
        let placement = matches!(e.kind, SREF | AREF);
        match self.record {
            LAYER if !placement => (e.layer, e.layer_number) = (true, unsigned(body)),
            DATATYPE if matches!(e.kind, BOUNDARY | PATH | BOX) => (e.datatype, e.type_number) = (true, unsigned(body)),
            BOXTYPE if e.kind == BOX => (e.datatype, e.type_number) = (true, unsigned(body)),
            TEXTTYPE if e.kind == TEXT => e.datatype = true,
            NODETYPE if e.kind == NODE => e.datatype = true,
            WIDTH if e.kind == PATH || e.kind == TEXT => {
                if e.points > 0 {
                    return Err(self.error("it comes after XY"));
                }
                if body == [0x80, 0, 0, 0] {
                    return Err(self.error("the width is out of range"));
                }
                e.width = true;
            }
            PATHTYPE if matches!(body, [0, 0..=4]) && (e.kind == PATH || e.kind == TEXT) => {}
            PATHTYPE => return Err(self.error("there is no such path type, or not here")),
            0x30 | 0x31 if e.kind == PATH => {}
            XY => {
                let points = body.len() / 8;
                let fits = match e.kind {
                    SREF | TEXT => points == 1 && e.points == 0,
                    AREF => points == 3 && e.points == 0,
                    _ => points > 0,
                };
                if !fits {
                    return Err(self.error(format!("{points} points do not fit {}", name(e.kind))));
                }
                if e.kind == AREF && !e.array {
                    return Err(self.error("it comes before COLROW"));
                }
                e.points += points;
                if matches!(e.kind, BOUNDARY | BOX) {
                    self.polygons.add_piece(self.offset + 4, points);
                }
            }
            SNAME if placement => {
                if e.name {
                    return Err(self.error("the element has one already"));
                }
                e.name = true;
            }
            COLROW if e.kind == AREF => {
                let columns = i16::from_be_bytes([body[0], body[1]]);
                let rows = i16::from_be_bytes([body[2], body[3]]);
                if columns < 1 || rows < 1 {
                    return Err(self.error(format!("an array of {columns} columns and {rows} rows")));
                }
                if columns as u64 * rows as u64 > MAX_COPIES {
                    return Err(self.error(format!("{columns} x {rows} copies, more than {MAX_COPIES}")));
                }
                e.array = true;
            }
            STRING if e.kind == TEXT => {
                if e.string {
                    return Err(self.error("the element has one already"));
                }
                e.string = true;
            }
            MAG if placement || e.kind == TEXT => {
                let value = real8(body);
                if value <= 0.0 {
                    return Err(self.error(format!("a magnification of {value}")));
                }
            }
            ANGLE | 0x1a if placement || e.kind == TEXT => {}
            0x17 if e.kind == TEXT => {}
            PROPATTR => (e.attribute, e.properties) = (true, true),
            PROPVALUE if e.attribute => e.attribute = false,
            PROPVALUE => return Err(self.error("it comes without PROPATTR")),
            // ELFLAGS, PLEX and others that nobody reads.
            0x26 | 0x27 | 0x28 | 0x29 | 0x2f => {}
            _ if polygon_or_path || placement || e.kind == TEXT => {
                return Err(self.error(format!("it does not belong into {}", name(e.kind))));
            }
            _ => {}
        }
        Ok(())
    }

    fn end_element(&mut self, e: &Element) -> Result<(), ScanError> {
        let missing = match e.kind {
            SREF | AREF if !e.name => Some("SNAME"),
            AREF if !e.array => Some("COLROW"),
            _ if e.points == 0 => Some("XY"),
            BOUNDARY | PATH | TEXT | BOX | NODE if !e.layer => Some("LAYER"),
            BOUNDARY | PATH | TEXT | BOX | NODE if !e.datatype => Some("its datatype"),
            TEXT if !e.string => Some("STRING"),
            _ => None,
        };
        if let Some(missing) = missing {
            (self.record, self.offset) = (e.kind, e.offset);
            return Err(self.error(format!("the element has no {missing}")));
        }
        match e.kind {
            PATH => {
                if !e.width {
                    self.report.widthless_paths.push(self.n_paths);
                }
                self.n_paths += 1;
            }
            NODE => self.n_nodes += 1,
            BOUNDARY | BOX => {
                let (element, layer) = (e.offset..self.offset + 4, (e.layer_number, e.type_number));
                self.polygons.end_polygon(self.data, element, layer, !e.properties);
            }
            _ => {}
        }
        Ok(())
    }

    fn read_units(&mut self, body: &[u8]) -> Result<(), ScanError> {
        let (in_user, in_metres) = (real8(&body[..8]), real8(&body[8..]));
        let user_unit = in_metres / in_user;
        if !DBU_M.contains(&in_metres) || !USER_UNIT_M.contains(&user_unit) {
            return Err(self.error(format!("a grid of {in_metres:e} m and {in_user:e} user units")));
        }
        (self.units, self.report.dbu_m, self.report.user_unit_m) = (true, in_metres, user_unit);
        Ok(())
    }

    fn in_structure(&self) -> bool {
        !matches!(self.structure, Structure::Outside)
    }

    fn check_shape(&self, kind: u8, body: &[u8]) -> Result<(), ScanError> {
        if usize::from(self.record) >= NAMES.len() {
            return Err(self.error(format!("there is no record type 0x{:02x}", self.record)));
        }
        let n = body.len();
        let fits = match shape(self.record) {
            Shape::Empty => n == 0,
            Shape::Short(count) => matches!(kind, 1 | 2) && n == 2 * count,
            Shape::ShortOrLong => (kind == 2 && n == 2) || (kind == 3 && n == 4),
            Shape::Long => kind == 3 && n == 4,
            Shape::Pairs => kind == 3 && n.is_multiple_of(8),
            Shape::Real(count) => kind == 5 && n == 8 * count,
            Shape::Ascii => kind == 6,
            Shape::Ignored => true,
        };
        if fits { Ok(()) } else { Err(self.error(format!("{n} bytes of data type {kind} do not fit this record"))) }
    }

    fn error(&self, reason: impl Into<String>) -> ScanError {
        self.error_named(name(self.record), reason)
    }

    fn error_named(&self, record: &'static str, reason: impl Into<String>) -> ScanError {
        let cell = if let Structure::Named(name) = &self.structure { Some(name.clone()) } else { None };
        ScanError { offset: self.offset as u64, record, cell, reason: reason.into() }
    }
}

fn name(record: u8) -> &'static str {
    NAMES.get(usize::from(record)).copied().unwrap_or("unknown record")
}

/// A layer or datatype: the reader behind us knows no negative ones.
fn unsigned(body: &[u8]) -> u32 {
    body.iter().fold(0, |value, &b| value << 8 | u32::from(b))
}

fn until_nul(body: &[u8]) -> &[u8] {
    let end = body.iter().position(|&b| b == 0).unwrap_or(body.len());
    &body[..end]
}

/// An eight-byte real: sign, exponent to base 16 with an excess of 64, 56 bits of mantissa.
fn real8(bytes: &[u8]) -> f64 {
    let mantissa = bytes[1..8].iter().fold(0_u64, |m, &b| m << 8 | u64::from(b)) as f64 / (1_u64 << 56) as f64;
    let value = mantissa * 16_f64.powi(i32::from(bytes[0] & 0x7f) - 64);
    if bytes[0] & 0x80 == 0 { value } else { -value }
}
