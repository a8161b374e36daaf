//! Reading the primitives of OASIS from a slice, with a limit on everything.

/// What a primitive can be wrong about; the walker adds where.
pub(super) type Read<T> = Result<T, String>;

/// A position in some bytes.
pub(super) struct Cursor<'a> {
    pub(super) data: &'a [u8],
    pub(super) at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(data: &'a [u8], at: usize) -> Self {
        Self { data, at }
    }

    pub(super) fn is_done(&self) -> bool {
        self.at >= self.data.len()
    }

    #[inline]
    pub(super) fn byte(&mut self) -> Read<u8> {
        match self.data.get(self.at) {
            Some(&b) => {
                self.at += 1;
                Ok(b)
            }
            None => Err(TRUNCATED.to_owned()),
        }
    }

    pub(super) fn bytes(&mut self, n: u64) -> Read<&'a [u8]> {
        let left = (self.data.len() - self.at) as u64;
        if n > left {
            return Err(format!("{n} bytes are announced but only {left} follow: the file is truncated"));
        }
        let part = &self.data[self.at..self.at + n as usize];
        self.at += n as usize;
        Ok(part)
    }

    /// An unsigned integer below 2^63.
    #[inline]
    pub(super) fn unsigned(&mut self) -> Read<u64> {
        let first = self.byte()?;
        if first < 0x80 { Ok(u64::from(first)) } else { self.long(u64::from(first & 0x7f)) }
    }

    #[cold]
    fn too_large() -> String {
        "an integer beyond 63 bits".to_owned()
    }

    fn long(&mut self, mut value: u64) -> Read<u64> {
        let mut shift = 7;
        loop {
            let b = self.byte()?;
            let part = u64::from(b & 0x7f);
            if shift > 56 || (shift == 56 && part > 0x7f) {
                return Err(Self::too_large());
            }
            value |= part << shift;
            if b < 0x80 {
                return Ok(value);
            }
            shift += 7;
        }
    }

    /// An unsigned integer with any number of zeros above it: `KLayout` fills the END record by writing the
    /// length of an empty string with some two hundred bytes.
    pub(super) fn padded_unsigned(&mut self) -> Read<u64> {
        let start = self.at;
        while self.byte()? >= 0x80 {}
        let digits = &self.data[start..self.at];
        let value =
            digits.iter().rev().try_fold(0_u64, |v, &b| v.checked_mul(1 << 7)?.checked_add(u64::from(b & 0x7f)));
        value.ok_or_else(Self::too_large)
    }

    /// An unsigned integer that fits 32 bits.
    pub(super) fn unsigned32(&mut self) -> Read<u64> {
        let v = self.unsigned()?;
        if v > u64::from(u32::MAX) { Err(format!("{v} does not fit 32 bits")) } else { Ok(v) }
    }

    /// A signed integer: the sign is the lowest bit.
    #[inline]
    pub(super) fn signed(&mut self) -> Read<i64> {
        let v = self.unsigned()?;
        let size = (v >> 1) as i64;
        Ok(if v & 1 == 1 { -size } else { size })
    }

    /// A displacement in any direction; true when it is none.
    #[inline]
    pub(super) fn g_delta(&mut self) -> Read<bool> {
        let v = self.unsigned()?;
        if v & 1 == 0 { Ok(v >> 4 == 0) } else { Ok((v >> 2 == 0) & (self.unsigned()? >> 1 == 0)) }
    }

    /// A real of the given type.
    pub(super) fn real_of(&mut self, kind: u8) -> Read<f64> {
        let value = match kind {
            0 => self.unsigned()? as f64,
            1 => -(self.unsigned()? as f64),
            2 => 1.0 / self.unsigned()? as f64,
            3 => -1.0 / self.unsigned()? as f64,
            4 => self.unsigned()? as f64 / self.unsigned()? as f64,
            5 => -(self.unsigned()? as f64) / self.unsigned()? as f64,
            6 => f64::from(f32::from_le_bytes(self.fixed()?)),
            7 => f64::from_le_bytes(self.fixed()?),
            _ => return Err(format!("there is no type {kind} of real")),
        };
        if value.is_finite() { Ok(value) } else { Err("a real that is not finite".to_owned()) }
    }

    pub(super) fn real(&mut self) -> Read<f64> {
        let kind = self.byte()?;
        self.real_of(kind)
    }

    pub(super) fn fixed<const N: usize>(&mut self) -> Read<[u8; N]> {
        let mut out = [0; N];
        out.copy_from_slice(self.bytes(N as u64)?);
        Ok(out)
    }

    pub(super) fn string(&mut self) -> Read<&'a [u8]> {
        let n = self.unsigned()?;
        self.bytes(n)
    }
}

pub(super) const TRUNCATED: &str = "the bytes end in the middle of it: the file is truncated";
