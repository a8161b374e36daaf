//! The circuit as columns and as a checked value: ports, joints, arcs through devices, terminals.
//!
//! What a newcomer would get wrong: a terminal sits outside its port. Light that enters the circuit enters a
//! device through the terminal's port; light that leaves a device through it has left the circuit.

use std::sync::Arc;

use crate::error::CircuitError;

/// What loss is charged to. The loss of an arc is the sum over its causes.
pub const CAUSES: [&str; 8] =
    ["propagation", "bend", "transition", "crossing", "splitting", "device", "coupler", "defect"];

/// Column names of the causes, in the order of [`CAUSES`].
pub(crate) const CAUSE_COLUMNS: [&str; 8] = [
    "arc_propagation_db",
    "arc_bend_db",
    "arc_transition_db",
    "arc_crossing_db",
    "arc_splitting_db",
    "arc_device_db",
    "arc_coupler_db",
    "arc_defect_db",
];

/// A circuit as columns, unchecked. Ids are row numbers; -1 means none.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CircuitColumns {
    /// Number of devices, guides included.
    pub n_devices: usize,
    /// Per port: its device.
    pub port_device: Vec<i64>,
    /// Per port: the port it is joined to, or -1.
    pub port_net_peer: Vec<i64>,
    /// Per arc: the port through which light enters the device.
    pub arc_from: Vec<i64>,
    /// Per arc: the port of the same device through which it leaves.
    pub arc_to: Vec<i64>,
    /// Per cause of [`CAUSES`], per arc: loss in dB, not negative.
    pub arc_cause_db: [Vec<f64>; 8],
    /// Per arc: geometric length of guide, nm.
    pub arc_length_nm: Vec<f64>,
    /// Per arc: length times group index, nm.
    pub arc_group_length_nm: Vec<f64>,
    /// Per arc: number of guides in it (1 for a guide, 0 for a device).
    pub arc_n_guides: Vec<i64>,
    /// Per arc: number of bends.
    pub arc_n_bends: Vec<i64>,
    /// Per arc: number of crossings.
    pub arc_n_crossings: Vec<i64>,
    /// Per terminal: the port it lies at.
    pub terminal_port: Vec<i64>,
    /// Per terminal: 1 when light may enter here.
    pub terminal_in: Vec<u8>,
    /// Per terminal: 1 when light may leave here.
    pub terminal_out: Vec<u8>,
    /// Per terminal: loss in dB on entering and on leaving, not negative; charged to `coupler`.
    pub terminal_loss_db: Vec<f64>,
}

/// Sums carried along a path: the causes, then what is listed in [`EXTRA_SUMS`].
pub(crate) const N_SUMS: usize = CAUSES.len() + EXTRA_SUMS.len();
/// Further sums along a path, after the causes.
pub(crate) const EXTRA_SUMS: [&str; 5] = ["length_nm", "group_length_nm", "n_guides", "n_bends", "n_crossings"];
/// Where the geometric length stands among the sums.
pub(crate) const SUM_LENGTH: usize = CAUSES.len();
/// Where the loss of terminals is charged.
pub(crate) const CAUSE_COUPLER: usize = 6;

/// Sums of one arc or of a path.
pub(crate) type Sums = [f64; N_SUMS];

/// A one-way passage through a device.
#[derive(Clone, Debug)]
pub(crate) struct ArcRow {
    pub(crate) from: u32,
    pub(crate) to: u32,
    pub(crate) loss_db: f64,
    pub(crate) sums: Sums,
}

/// A place where light enters or leaves the circuit.
#[derive(Clone, Debug)]
pub(crate) struct Terminal {
    pub(crate) port: u32,
    pub(crate) is_in: bool,
    pub(crate) is_out: bool,
    pub(crate) loss_db: f64,
}

/// The partner of a port that is not joined.
pub(crate) const UNJOINED: u32 = u32::MAX;

#[derive(Debug)]
pub(crate) struct Netlist {
    pub(crate) n_devices: usize,
    pub(crate) port_device: Vec<u32>,
    pub(crate) peer: Vec<u32>,
    pub(crate) arcs: Vec<ArcRow>,
    pub(crate) terminals: Vec<Terminal>,
}

/// A checked circuit. Cloning is cheap; it never changes.
#[derive(Clone, Debug)]
pub struct Circuit {
    pub(crate) net: Arc<Netlist>,
}

impl Circuit {
    /// Checks the columns and takes them over.
    ///
    /// # Errors
    /// The first thing that does not fit: lengths, ids, joints that are not mutual, arcs across devices or twice,
    /// losses that are negative or not finite, terminals at joined ports.
    #[expect(clippy::needless_pass_by_value, reason = "the caller gives the columns up, so they are freed here")]
    pub fn new(columns: CircuitColumns) -> Result<Self, CircuitError> {
        let n_ports = columns.port_device.len();
        for (what, count) in [("ports", n_ports), ("arcs", columns.arc_from.len()), ("devices", columns.n_devices)] {
            // Half of the id space: contraction of loops numbers ports twice.
            if count >= (u32::MAX / 4) as usize {
                return Err(CircuitError::TooMany { what, count });
            }
        }
        let port_device = ids("port_device", &columns.port_device, columns.n_devices)?;
        let peer = peers(&columns.port_net_peer, n_ports)?;
        let arcs = arcs(&columns, &port_device)?;
        let terminals = terminals(&columns, &peer)?;
        Ok(Self { net: Arc::new(Netlist { n_devices: columns.n_devices, port_device, peer, arcs, terminals }) })
    }

    /// Number of devices, guides included.
    pub fn n_devices(&self) -> usize {
        self.net.n_devices
    }

    /// Number of ports.
    pub fn n_ports(&self) -> usize {
        self.net.port_device.len()
    }

    /// Number of arcs.
    pub fn n_arcs(&self) -> usize {
        self.net.arcs.len()
    }

    /// Number of terminals.
    pub fn n_terminals(&self) -> usize {
        self.net.terminals.len()
    }
}

pub(crate) fn ids(column: &'static str, values: &[i64], limit: usize) -> Result<Vec<u32>, CircuitError> {
    let one = |(row, &id): (usize, &i64)| match usize::try_from(id) {
        Ok(i) if i < limit => Ok(i as u32),
        _ => Err(CircuitError::IdRange { column, row, id, limit }),
    };
    values.iter().enumerate().map(one).collect()
}

fn same_length(column: &'static str, found: usize, expected: usize) -> Result<(), CircuitError> {
    if found == expected { Ok(()) } else { Err(CircuitError::ColumnLength { column, found, expected }) }
}

fn summable(column: &'static str, values: &[f64]) -> Result<(), CircuitError> {
    match values.iter().position(|v| !v.is_finite() || *v < 0.0) {
        Some(row) => Err(CircuitError::Value { column, row, value: values[row] }),
        None => Ok(()),
    }
}

pub(crate) fn peers(column: &[i64], n_ports: usize) -> Result<Vec<u32>, CircuitError> {
    same_length("port_net_peer", column.len(), n_ports)?;
    let mut peer = vec![UNJOINED; n_ports];
    for (port, &id) in column.iter().enumerate() {
        if id == -1 {
            continue;
        }
        let other = usize::try_from(id).ok().filter(|&i| i < n_ports);
        let Some(other) = other else {
            return Err(CircuitError::IdRange { column: "port_net_peer", row: port, id, limit: n_ports });
        };
        let back = column[other];
        if other == port || back != port as i64 {
            return Err(CircuitError::PeerNotMutual { port, peer: other, back });
        }
        peer[port] = other as u32;
    }
    Ok(peer)
}

fn arcs(columns: &CircuitColumns, port_device: &[u32]) -> Result<Vec<ArcRow>, CircuitError> {
    let (n_ports, n_arcs) = (port_device.len(), columns.arc_from.len());
    let from = ids("arc_from", &columns.arc_from, n_ports)?;
    same_length("arc_to", columns.arc_to.len(), n_arcs)?;
    let to = ids("arc_to", &columns.arc_to, n_ports)?;
    for (name, values) in CAUSE_COLUMNS.iter().zip(&columns.arc_cause_db) {
        same_length(name, values.len(), n_arcs)?;
        summable(name, values)?;
    }
    for (name, values) in
        [("arc_length_nm", &columns.arc_length_nm), ("arc_group_length_nm", &columns.arc_group_length_nm)]
    {
        same_length(name, values.len(), n_arcs)?;
        summable(name, values)?;
    }
    let counts = [
        ("arc_n_guides", &columns.arc_n_guides),
        ("arc_n_bends", &columns.arc_n_bends),
        ("arc_n_crossings", &columns.arc_n_crossings),
    ];
    for (name, values) in counts {
        same_length(name, values.len(), n_arcs)?;
        if let Some(row) = values.iter().position(|&v| v < 0) {
            return Err(CircuitError::Value { column: name, row, value: values[row] as f64 });
        }
    }
    let mut rows = Vec::with_capacity(n_arcs);
    for (arc, (&a, &b)) in from.iter().zip(&to).enumerate() {
        if a == b {
            return Err(CircuitError::ArcTurnsBack { arc, port: a as usize });
        }
        if port_device[a as usize] != port_device[b as usize] {
            return Err(CircuitError::ArcAcrossDevices { arc, from: a as usize, to: b as usize });
        }
        let mut sums: Sums = [0.0; N_SUMS];
        for (sum, values) in sums.iter_mut().zip(&columns.arc_cause_db) {
            *sum = values[arc];
        }
        let loss_db = sums[..CAUSES.len()].iter().sum();
        sums[SUM_LENGTH] = columns.arc_length_nm[arc];
        sums[SUM_LENGTH + 1] = columns.arc_group_length_nm[arc];
        for (sum, (_, values)) in sums[SUM_LENGTH + 2..].iter_mut().zip(counts) {
            *sum = values[arc] as f64;
        }
        rows.push(ArcRow { from: a, to: b, loss_db, sums });
    }
    let mut order: Vec<u32> = (0..n_arcs as u32).collect();
    let ends = |&i: &u32| (from[i as usize], to[i as usize], i);
    // Mostly they come in that order.
    if !order.is_sorted_by_key(ends) {
        order.sort_unstable_by_key(ends);
    }
    for pair in order.windows(2) {
        let (first, second) = (pair[0] as usize, pair[1] as usize);
        if (from[first], to[first]) == (from[second], to[second]) {
            let (a, b) = (from[first] as usize, to[first] as usize);
            return Err(CircuitError::ArcTwice { first, second, from: a, to: b });
        }
    }
    Ok(rows)
}

fn terminals(columns: &CircuitColumns, peer: &[u32]) -> Result<Vec<Terminal>, CircuitError> {
    let n = columns.terminal_port.len();
    let ports = ids("terminal_port", &columns.terminal_port, peer.len())?;
    same_length("terminal_in", columns.terminal_in.len(), n)?;
    same_length("terminal_out", columns.terminal_out.len(), n)?;
    same_length("terminal_loss_db", columns.terminal_loss_db.len(), n)?;
    summable("terminal_loss_db", &columns.terminal_loss_db)?;
    let mut at_port = vec![UNJOINED; peer.len()];
    let mut rows = Vec::with_capacity(n);
    for (terminal, &port) in ports.iter().enumerate() {
        let p = port as usize;
        if peer[p] != UNJOINED {
            return Err(CircuitError::TerminalJoined { terminal, port: p, peer: i64::from(peer[p]) });
        }
        if at_port[p] != UNJOINED {
            return Err(CircuitError::TerminalTwice { first: at_port[p] as usize, second: terminal, port: p });
        }
        at_port[p] = terminal as u32;
        rows.push(Terminal {
            port,
            is_in: columns.terminal_in[terminal] != 0,
            is_out: columns.terminal_out[terminal] != 0,
            loss_db: columns.terminal_loss_db[terminal],
        });
    }
    Ok(rows)
}
