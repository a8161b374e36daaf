//! Rust errors → the exception tree of `waveguard.errors`. Every error of the core is listed here once.

use pyo3::prelude::*;
use pyo3::types::PyDict;
use waveguard_base::Interrupted;
use waveguard_circuit::{CircuitError, SolveError};
use waveguard_extract::ExtractError;
use waveguard_layout::LayoutError;
use waveguard_layout::scan::ScanError;

/// Everything that can go wrong in the core, sorted by who has to act.
pub(crate) enum Failure {
    /// The call is wrong.
    Usage(String),
    /// A plan (recipe, solver options) is wrong.
    Plan(String),
    /// Something asked for could not be worked out.
    Incomplete { message: String, hint: &'static str },
    /// The bytes are no well-formed layout.
    Format(ScanError),
    /// Columns that do not fit together: whoever made them has a bug.
    Columns(String),
    /// The core has a bug.
    Panic(String),
    /// The work was cancelled.
    Interrupted,
}

const REPORT: &str = "this is a bug in waveguard: please report it with this text and, if you can, the layout";

/// The exception for a failure.
pub(crate) fn to_python(py: Python<'_>, failure: Failure) -> PyErr {
    let (class, message, hint) = match failure {
        Failure::Usage(message) => ("UsageError", message, None),
        Failure::Plan(message) => ("PlanError", message, None),
        Failure::Incomplete { message, hint } => ("IncompleteError", message, Some(hint)),
        Failure::Format(error) => return format_error(py, &error).unwrap_or_else(|error| error),
        Failure::Columns(message) => ("InternalError", message, Some(REPORT)),
        Failure::Panic(message) => ("InternalError", format!("the core failed: {message}"), Some(REPORT)),
        Failure::Interrupted => return pyo3::exceptions::PyKeyboardInterrupt::new_err(()),
    };
    raise(py, class, &message, hint).unwrap_or_else(|error| error)
}

fn format_error(py: Python<'_>, error: &ScanError) -> PyResult<PyErr> {
    let place = match &error.cell {
        Some(cell) => format!("byte {}, record {}, cell {cell}", error.offset, error.record),
        None => format!("byte {}, record {}", error.offset, error.record),
    };
    let arguments = PyDict::new(py);
    arguments.set_item("place", place)?;
    let class = py.import("waveguard.errors")?.getattr("LayoutFormatError")?;
    let value = class.call((&error.reason,), Some(&arguments))?;
    value.setattr("offset", error.offset)?;
    Ok(PyErr::from_value(value))
}

fn raise(py: Python<'_>, class: &str, message: &str, hint: Option<&str>) -> PyResult<PyErr> {
    let arguments = PyDict::new(py);
    arguments.set_item("hint", hint)?;
    let class = py.import("waveguard.errors")?.getattr(class)?;
    Ok(PyErr::from_value(class.call((message,), Some(&arguments))?))
}

impl From<Interrupted> for Failure {
    fn from(_: Interrupted) -> Self {
        Self::Interrupted
    }
}

impl From<ScanError> for Failure {
    fn from(error: ScanError) -> Self {
        Self::Format(error)
    }
}

impl From<LayoutError> for Failure {
    fn from(error: LayoutError) -> Self {
        match error {
            LayoutError::Column { .. } => Self::Columns(error.to_string()),
            LayoutError::Interrupted(stop) => stop.into(),
        }
    }
}

impl From<ExtractError> for Failure {
    fn from(error: ExtractError) -> Self {
        match error {
            ExtractError::Recipe(_) => Self::Plan(error.to_string()),
            ExtractError::Interrupted(stop) => stop.into(),
        }
    }
}

impl From<CircuitError> for Failure {
    fn from(error: CircuitError) -> Self {
        match error {
            CircuitError::TooMany { .. } => {
                Self::Incomplete { message: error.to_string(), hint: "check parts of the layout by themselves" }
            }
            CircuitError::ColumnLength { .. }
            | CircuitError::IdRange { .. }
            | CircuitError::Value { .. }
            | CircuitError::Unfit { .. }
            | CircuitError::PeerNotMutual { .. }
            | CircuitError::ArcAcrossDevices { .. }
            | CircuitError::ArcTurnsBack { .. }
            | CircuitError::ArcTwice { .. }
            | CircuitError::NotFinite { .. }
            | CircuitError::TerminalJoined { .. }
            | CircuitError::TerminalTwice { .. } => Self::Columns(error.to_string()),
        }
    }
}

impl From<SolveError> for Failure {
    fn from(error: SolveError) -> Self {
        match error {
            SolveError::Interrupted => Self::Interrupted,
            SolveError::Options(_) => Self::Plan(error.to_string()),
            SolveError::Terminal { .. } | SolveError::NoPath { .. } => Self::Usage(error.to_string()),
            SolveError::OtherCircuit { .. } => Self::Columns(error.to_string()),
            SolveError::LoopTooLarge { .. } | SolveError::TooLarge { .. } => {
                Self::Incomplete { message: error.to_string(), hint: "check parts of the layout by themselves" }
            }
        }
    }
}
