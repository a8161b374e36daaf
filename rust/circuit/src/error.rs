//! Why a circuit is refused and why a solve stops. Facts only; Python words them.

use waveguard_base::Interrupted;

/// Columns that do not describe a circuit.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CircuitError {
    /// A column has another length than the first column of its group.
    #[error("column {column} has {found} rows, expected {expected}")]
    ColumnLength {
        /// Name of the column.
        column: &'static str,
        /// Rows it has.
        found: usize,
        /// Rows its group has.
        expected: usize,
    },
    /// An id points to no row.
    #[error("column {column}, row {row}: id {id} is not below {limit}")]
    IdRange {
        /// Name of the column.
        column: &'static str,
        /// Row with the wrong id.
        row: usize,
        /// The id.
        id: i64,
        /// Number of rows the id may point to.
        limit: usize,
    },
    /// A value is not a number that can be summed along a path.
    #[error("column {column}, row {row}: {value} is not a finite number >= 0")]
    Value {
        /// Name of the column.
        column: &'static str,
        /// Row with the wrong value.
        row: usize,
        /// The value.
        value: f64,
    },
    /// A number that its column does not allow.
    #[error("column {column}, row {row}: {value} {what}")]
    Unfit {
        /// Name of the column.
        column: &'static str,
        /// Row with the wrong number.
        row: usize,
        /// The number.
        value: f64,
        /// What is wrong with it.
        what: &'static str,
    },
    /// More rows than ids can number.
    #[error("{what}: {count} is too many")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// How many.
        count: usize,
    },
    /// Port a names b as its partner but b names another.
    #[error("port {port} is joined to port {peer}, which is joined to {back}")]
    PeerNotMutual {
        /// The port.
        port: usize,
        /// Its partner.
        peer: usize,
        /// The partner of the partner, -1 for none.
        back: i64,
    },
    /// An arc leads from one device into another.
    #[error("arc {arc} joins port {from} and port {to} of different devices")]
    ArcAcrossDevices {
        /// The arc.
        arc: usize,
        /// Where it starts.
        from: usize,
        /// Where it ends.
        to: usize,
    },
    /// An arc leaves through the port it entered by: reflections are not paths.
    #[error("arc {arc} turns back at port {port}")]
    ArcTurnsBack {
        /// The arc.
        arc: usize,
        /// The port.
        port: usize,
    },
    /// Two arcs have the same two ports; paths would be counted twice.
    #[error("arcs {first} and {second} both lead from port {from} to port {to}")]
    ArcTwice {
        /// The first.
        first: usize,
        /// The second.
        second: usize,
        /// Where both start.
        from: usize,
        /// Where both end.
        to: usize,
    },
    /// A terminal lies at a port that is joined to another device.
    #[error("terminal {terminal} lies at port {port}, which is joined to port {peer}")]
    TerminalJoined {
        /// The terminal.
        terminal: usize,
        /// Its port.
        port: usize,
        /// What the port is joined to.
        peer: i64,
    },
    /// An amplitude is not a finite number.
    #[error("stack {stack}, block {block}, wavelength {wavelength}: amplitude from {input} to {out} is not finite")]
    NotFinite {
        /// The stack of blocks.
        stack: usize,
        /// The block in it.
        block: usize,
        /// Row of the grid of wavelengths.
        wavelength: usize,
        /// Port that the light leaves by.
        out: usize,
        /// Port that it enters by.
        input: usize,
    },
    /// Two terminals lie at one port.
    #[error("terminals {first} and {second} both lie at port {port}")]
    TerminalTwice {
        /// The first.
        first: usize,
        /// The second.
        second: usize,
        /// The port.
        port: usize,
    },
}

/// Why no solution came out.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SolveError {
    /// The work was asked to stop.
    #[error("interrupted")]
    Interrupted,
    /// The options are not what is expected.
    #[error("solve options: {0}")]
    Options(String),
    /// A terminal that does not exist, or that light does not enter (or leave) through.
    #[error("terminal {terminal} cannot be a {role}")]
    Terminal {
        /// The terminal.
        terminal: i64,
        /// `source` or `sink`.
        role: &'static str,
    },
    /// No light gets from one terminal to the other.
    #[error("no path from terminal {from} to terminal {to}")]
    NoPath {
        /// Source.
        from: i64,
        /// Sink.
        to: i64,
    },
    /// What is uncertain was stated for a circuit with another number of arcs.
    #[error("the spread is of a circuit with {found} arcs, not {expected}")]
    OtherCircuit {
        /// Arcs it speaks of.
        found: usize,
        /// Arcs there are.
        expected: usize,
    },
    /// The matrix does not fit in memory.
    #[error("a matrix of {n_in} inputs and {n_out} outputs does not fit in memory at all wavelengths")]
    TooLarge {
        /// Inputs.
        n_in: usize,
        /// Outputs.
        n_out: usize,
    },
    /// A loop has so many ways in and out that the table of them would not fit `max_loop_pairs`.
    #[error("a loop of {ports} ports has {entries} ways in and {exits} ways out: more than {limit} pairs")]
    LoopTooLarge {
        /// Ports in the loop.
        ports: usize,
        /// Ports through which light enters it.
        entries: usize,
        /// Ports from which light leaves it.
        exits: usize,
        /// The limit.
        limit: usize,
    },
}

impl From<Interrupted> for SolveError {
    fn from(_: Interrupted) -> Self {
        Self::Interrupted
    }
}
