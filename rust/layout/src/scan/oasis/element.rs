//! What stands in a cell: placements, texts and shapes with their modal variables.

use super::{Owner, Walker, defined, undefined};
use crate::scan::MAX_COPIES;
use crate::scan::cursor::{Cursor, Read};

/// Expanded values that an element costs by itself.
const ELEMENT_COST: u64 = 16;
/// Radius of a circle in dbu; coordinates end there.
const MAX_RADIUS_DBU: u64 = 1 << 30;

impl Walker<'_> {
    pub(super) fn element(&mut self, c: &mut Cursor) -> Read<()> {
        self.owner = Owner::Other;
        self.spend(ELEMENT_COST)?;
        let info = c.byte()?;
        match self.record {
            17 | 18 => return self.placement(c, info),
            19 => return self.text(c, info),
            _ => {}
        }
        if info & 0x01 != 0 {
            c.unsigned32()?;
            self.modal.layer = true;
        }
        if info & 0x02 != 0 {
            c.unsigned32()?;
            self.modal.datatype = true;
        }
        defined(self.modal.layer, "layer")?;
        defined(self.modal.datatype, "datatype")?;
        match self.record {
            20 => self.rectangle(c, info)?,
            21 => self.polygon(c, info)?,
            22 => self.path(c, info)?,
            23..=25 => self.trapezoid(c, info)?,
            26 => self.compact_trapezoid(c, info)?,
            _ => self.circle(c, info)?,
        }
        position(c, info & 0x10 != 0, info & 0x08 != 0)?;
        if info & 0x04 != 0 {
            self.report.shapes_repeat = true;
            self.repetition(c)?;
        }
        Ok(())
    }

    fn placement(&mut self, c: &mut Cursor, info: u8) -> Read<()> {
        if info & 0x80 != 0 {
            if info & 0x40 != 0 {
                let number = c.unsigned()?;
                self.names.cells.mark(number)?;
            } else {
                c.string()?;
            }
            self.modal.placement = true;
        }
        defined(self.modal.placement, "cell to place")?;
        if self.record == 18 {
            if info & 0x04 != 0 {
                let magnification = c.real()?;
                if magnification <= 0.0 {
                    return Err(format!("a magnification of {magnification}"));
                }
            }
            if info & 0x02 != 0 {
                c.real()?;
            }
        }
        position(c, info & 0x20 != 0, info & 0x10 != 0)?;
        if info & 0x08 != 0 {
            self.repetition(c)?;
        }
        Ok(())
    }

    fn text(&mut self, c: &mut Cursor, info: u8) -> Read<()> {
        reserved(info, 0x80)?;
        if info & 0x40 != 0 {
            let length = if info & 0x20 != 0 {
                let number = c.unsigned()?;
                self.names.texts.mark(number)?;
                0
            } else {
                c.string()?.len()
            };
            self.modal.string = Some(length as u64);
        }
        let length = self.modal.string.ok_or_else(|| undefined("text"))?;
        self.spend(length / 16)?;
        if info & 0x01 != 0 {
            c.unsigned32()?;
            self.modal.text_layer = true;
        }
        if info & 0x02 != 0 {
            c.unsigned32()?;
            self.modal.text_type = true;
        }
        defined(self.modal.text_layer, "text layer")?;
        defined(self.modal.text_type, "text type")?;
        position(c, info & 0x10 != 0, info & 0x08 != 0)?;
        if info & 0x04 != 0 {
            self.report.shapes_repeat = true;
            self.repetition(c)?;
        }
        Ok(())
    }

    fn rectangle(&mut self, c: &mut Cursor, info: u8) -> Read<()> {
        if info & 0x80 != 0 && info & 0x20 != 0 {
            return Err("a square with a height of its own".to_owned());
        }
        self.size(c, info)?;
        if info & 0x80 != 0 {
            self.modal.height = true;
        }
        defined(self.modal.width, "width")?;
        defined(self.modal.height, "height")
    }

    /// Width and height where the flags announce them.
    fn size(&mut self, c: &mut Cursor, info: u8) -> Read<()> {
        if info & 0x40 != 0 {
            c.unsigned()?;
            self.modal.width = true;
        }
        if info & 0x20 != 0 {
            c.unsigned()?;
            self.modal.height = true;
        }
        Ok(())
    }

    fn polygon(&mut self, c: &mut Cursor, info: u8) -> Read<()> {
        reserved(info, 0xc0)?;
        if info & 0x20 != 0 {
            self.modal.polygon = Some(points(c)?.0);
        }
        let n = self.modal.polygon.ok_or_else(|| undefined("list of points"))?;
        self.spend(n)
    }

    fn path(&mut self, c: &mut Cursor, info: u8) -> Read<()> {
        if info & 0x40 != 0 {
            c.unsigned()?;
            self.modal.half_width = true;
        }
        defined(self.modal.half_width, "half-width")?;
        if info & 0x80 != 0 {
            let scheme = c.byte()?;
            reserved(scheme, 0xf0)?;
            for (end, shift) in [2_u8, 0].into_iter().enumerate() {
                match scheme >> shift & 3 {
                    0 => {}
                    3 => {
                        c.signed()?;
                        self.modal.extensions[end] = true;
                    }
                    _ => self.modal.extensions[end] = true,
                }
            }
        }
        defined(self.modal.extensions[0] && self.modal.extensions[1], "extension")?;
        if info & 0x20 != 0 {
            self.modal.path = Some(points(c)?);
        }
        let (n, repeated) = self.modal.path.ok_or_else(|| undefined("list of points"))?;
        self.n_paths += 1;
        // Points equal to the one before are taken out one by one, moving all that follow.
        self.compare(n.saturating_mul(repeated))?;
        self.spend(4 * n)
    }

    fn trapezoid(&mut self, c: &mut Cursor, info: u8) -> Read<()> {
        self.size(c, info)?;
        defined(self.modal.width, "width")?;
        defined(self.modal.height, "height")?;
        c.signed()?;
        if self.record == 23 {
            c.signed()?;
        }
        Ok(())
    }

    fn compact_trapezoid(&mut self, c: &mut Cursor, info: u8) -> Read<()> {
        if info & 0x80 != 0 {
            let kind = c.byte()?;
            if kind > 25 {
                return Err(format!("there is no trapezoid type {kind}"));
            }
            self.modal.trapezoid = Some(kind);
        }
        self.size(c, info)?;
        match self.modal.trapezoid.ok_or_else(|| undefined("trapezoid type"))? {
            16..=19 | 22 | 23 => {
                defined(self.modal.width, "width")?;
                self.modal.height = true;
            }
            25 => defined(self.modal.width, "width")?,
            20 | 21 => {
                defined(self.modal.height, "height")?;
                self.modal.width = true;
            }
            _ => {
                defined(self.modal.width, "width")?;
                defined(self.modal.height, "height")?;
            }
        }
        Ok(())
    }

    fn circle(&mut self, c: &mut Cursor, info: u8) -> Read<()> {
        reserved(info, 0xc0)?;
        if info & 0x20 != 0 {
            let radius = c.unsigned()?;
            if radius == 0 || radius > MAX_RADIUS_DBU {
                return Err(format!("a radius of {radius}"));
            }
            // Drawn with a sagitta of about one grid step.
            self.modal.circle = Some(8 + 3 * radius.isqrt());
        }
        let n = self.modal.circle.ok_or_else(|| undefined("radius"))?;
        self.spend(n)
    }

    fn repetition(&mut self, c: &mut Cursor) -> Read<()> {
        let kind = c.byte()?;
        let mut cost = 0;
        match kind {
            0 => cost = self.modal.repetition.ok_or_else(|| undefined("repetition"))?,
            1 | 8 => {
                let (columns, rows) = (c.unsigned()?.saturating_add(2), c.unsigned()?.saturating_add(2));
                copies(columns.saturating_mul(rows))?;
                for _ in 0..2 {
                    if kind == 1 { c.unsigned().map(|_| ())? } else { c.g_delta().map(|_| ())? }
                }
            }
            2 | 3 | 9 => {
                copies(c.unsigned()?.saturating_add(2))?;
                if kind == 9 { c.g_delta().map(|_| ())? } else { c.unsigned().map(|_| ())? }
            }
            4..=7 | 10 | 11 => {
                let n = c.unsigned()?.saturating_add(1);
                copies(n)?;
                if matches!(kind, 5 | 7 | 11) {
                    c.unsigned()?;
                }
                for _ in 0..n {
                    if kind >= 10 { c.g_delta().map(|_| ())? } else { c.unsigned().map(|_| ())? }
                }
                cost = n;
            }
            _ => return Err(format!("there is no repetition type {kind}")),
        }
        self.modal.repetition = Some(cost);
        self.spend(cost)
    }
}

fn reserved(info: u8, bits: u8) -> Read<()> {
    if info & bits == 0 { Ok(()) } else { Err(format!("reserved bits are set in 0x{info:02x}")) }
}

fn position(c: &mut Cursor, x: bool, y: bool) -> Read<()> {
    for present in [x, y] {
        if present {
            c.signed()?;
        }
    }
    Ok(())
}

fn copies(n: u64) -> Read<()> {
    if n > MAX_COPIES { Err(format!("{n} copies, more than {MAX_COPIES}")) } else { Ok(()) }
}

/// A list of points: their number with the first one, and how many are equal to the one before.
fn points(c: &mut Cursor) -> Read<(u64, u64)> {
    let kind = c.byte()?;
    let n = c.unsigned()?;
    if n == 0 {
        return Err("a list of no points".to_owned());
    }
    let mut repeated = 0;
    match kind {
        0 | 1 => {
            for _ in 0..n {
                repeated += u64::from(c.signed()? == 0);
            }
        }
        2 | 3 => {
            let direction_bits = u32::from(kind);
            for _ in 0..n {
                repeated += u64::from(c.unsigned()? >> direction_bits == 0);
            }
        }
        4 => {
            for _ in 0..n {
                repeated += u64::from(c.g_delta()?);
            }
        }
        5 => {
            for _ in 0..n {
                c.g_delta()?;
            }
            // Displacements of displacements; how many cancel is not worth finding out.
            repeated = n.min(1);
        }
        _ => return Err(format!("there is no type {kind} of list of points")),
    }
    Ok((n + 2, repeated))
}
