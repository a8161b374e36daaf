//! Walks the bytes of a GDSII or OASIS file record by record and refuses what is not well formed.
//!
//! The library that reads layouts trusts its input: forged counts, cut records or dangling numbers make it
//! read beyond its buffers. Only bytes that passed here are given to it. What a file may hold beyond the
//! letter of the two standards but real writers produce is accepted; what that library would misread
//! silently is refused or listed.

mod boundaries;
mod checksum;
mod cursor;
mod gds;
mod names;
mod oasis;
#[cfg(test)]
pub(crate) mod tests;

pub use boundaries::Boundaries;

/// Copies in one repetition beyond which a count is taken as forged.
pub const MAX_COPIES: u64 = 1 << 27;

/// First bytes of an OASIS file.
pub const OASIS_MAGIC: &[u8] = b"%SEMI-OASIS\r\n";

/// The two formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// GDSII stream.
    Gdsii,
    /// SEMI P39.
    Oasis,
}

impl Format {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gdsii => "GDSII",
            Self::Oasis => "OASIS",
        }
    }
}

/// What a walk over the bytes found.
#[derive(Clone, Debug, PartialEq)]
pub struct ScanReport {
    /// The format, by content.
    pub format: Format,
    /// User unit in metres.
    pub user_unit_m: f64,
    /// Grid in metres.
    pub dbu_m: f64,
    /// Records walked.
    pub n_records: u64,
    /// Names of the cells in the order of their definitions; bytes that are not UTF-8 are taken as Latin-1.
    pub cell_names: Vec<String>,
    /// Whether polygons, paths or texts carry repetitions.
    pub shapes_repeat: bool,
    /// Numbers, in file order over all cells, of paths without a width of their own.
    pub widthless_paths: Vec<u64>,
    /// What is odd but readable: a code in kebab case and what it concerns.
    pub problems: Vec<(&'static str, String)>,
    /// Where the polygons lie; empty for OASIS, where a vertex is not found without decoding all before it.
    pub boundaries: Boundaries,
}

/// Why the bytes are not a well-formed layout.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{record} at byte {offset}: {reason}")]
pub struct ScanError {
    /// Byte at which the record starts; inside of a compressed block, that of the block.
    pub offset: u64,
    /// Name of the record.
    pub record: &'static str,
    /// Cell it is in, when it is in one.
    pub cell: Option<String>,
    /// What is wrong.
    pub reason: String,
}

/// Walks all of `data`, in time linear in its length.
///
/// # Errors
/// [`ScanError`] at the first thing that is not well formed.
pub fn scan(data: &[u8]) -> Result<ScanReport, ScanError> {
    if data.starts_with(OASIS_MAGIC) { oasis::scan(data) } else { gds::scan(data) }
}

/// Text of a name: UTF-8 or, failing that, Latin-1, which `KLayout` and older tools write.
fn text(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(s) => s.to_owned(),
        Err(_) => bytes.iter().map(|&b| char::from(b)).collect(),
    }
}
