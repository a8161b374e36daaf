//! Why an extraction could not be made at all. Anything less is a problem row.

use waveguard_base::Interrupted;

/// Extraction failed as a whole.
#[derive(Debug, thiserror::Error)]
pub enum ExtractError {
    /// The recipe is not valid JSON, or has a field that is not known, or a value out of range.
    #[error("extraction recipe: {0}")]
    Recipe(String),
    /// The work was asked to stop.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}
