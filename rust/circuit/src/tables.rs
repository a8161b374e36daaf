//! The tables that leave the circuit crate. Column names here and in `python/waveguard/tables.py` are the same.

use waveguard_base::{Column, Table};

use crate::condense::Dag;
use crate::netlist::{CAUSES, EXTRA_SUMS, Netlist, UNJOINED};
use crate::paths::{PathRow, Summary};

/// Ledger columns of table `paths`: the causes of the worst path.
const LEDGER: [&str; 8] = [
    "propagation_db",
    "bend_db",
    "transition_db",
    "crossing_db",
    "splitting_db",
    "device_db",
    "coupler_db",
    "defect_db",
];

/// Further sums of the worst path; the order of `netlist::EXTRA_SUMS`.
const WORST: [&str; 5] =
    ["worst_length_nm", "worst_group_length_nm", "worst_n_guides", "worst_n_bends", "worst_n_crossings"];

const F: &str = "float64";
const I: &str = "int64";
const U: &str = "uint8";

/// Names and types of all columns, by table. Attachments (`arc` of `traces`, `device` of `loop_members`) are
/// tables of their own whose rows are counted by `*_start` and `*_count`.
pub fn schemas() -> Vec<(&'static str, Vec<(&'static str, &'static str)>)> {
    let mut paths = vec![
        ("from_terminal", I),
        ("to_terminal", I),
        ("best_loss_db", F),
        ("worst_loss_db", F),
        ("in_phase_loss_db", F),
        ("n_paths", F),
        ("looped", U),
        ("best_length_nm", F),
    ];
    paths.extend(WORST.map(|name| (name, F)));
    paths.extend(LEDGER.map(|name| (name, F)));
    paths.extend([("trace_start", I), ("trace_count", I)]);
    vec![
        ("paths", paths),
        ("traces", vec![("arc", I)]),
        ("circuits", vec![("circuit", I)]),
        ("loops", vec![("circuit", I), ("n_devices", I), ("n_ports", I), ("device_start", I)]),
        ("loop_members", vec![("device", I)]),
        ("summary", vec![("n_sources", I), ("n_sinks", I), ("n_pairs", I), ("n_pairs_kept", I), ("n_traces", I)]),
    ]
}

pub(crate) fn of_solution(net: &Netlist, dag: &Dag, rows: Vec<PathRow>, summary: Summary) -> Vec<Table> {
    let circuit = circuit_of_device(net);
    let (paths, traces) = paths(rows);
    let (loops, members) = loops(dag, &circuit);
    let circuits = Table::new("circuits").with("circuit", Column::I64(circuit));
    let one = |n: usize| Column::I64(vec![n as i64]);
    let summary = Table::new("summary")
        .with("n_sources", one(summary.sources))
        .with("n_sinks", one(summary.sinks))
        .with("n_pairs", one(summary.pairs))
        .with("n_pairs_kept", one(summary.kept))
        .with("n_traces", one(summary.traces));
    vec![paths, traces, circuits, loops, members, summary]
}

fn paths(rows: Vec<PathRow>) -> (Table, Table) {
    let f64s = |f: &dyn Fn(&PathRow) -> f64| Column::F64(rows.iter().map(f).collect());
    let i64s = |f: &dyn Fn(&PathRow) -> i64| Column::I64(rows.iter().map(f).collect());
    let mut table = Table::new("paths")
        .with("from_terminal", i64s(&|r| i64::from(r.from)))
        .with("to_terminal", i64s(&|r| i64::from(r.to)))
        .with("best_loss_db", f64s(&|r| r.best_db))
        .with("worst_loss_db", f64s(&|r| r.worst_db))
        .with("in_phase_loss_db", f64s(&|r| r.in_phase_db))
        .with("n_paths", f64s(&|r| r.n_paths))
        .with("looped", Column::U8(rows.iter().map(|r| u8::from(r.looped)).collect()))
        .with("best_length_nm", f64s(&|r| r.best_length_nm));
    for (k, name) in WORST.into_iter().enumerate() {
        table = table.with(name, f64s(&|r| r.sums[CAUSES.len() + k]));
    }
    for (k, name) in LEDGER.into_iter().enumerate() {
        table = table.with(name, f64s(&|r| r.sums[k]));
    }
    let (mut starts, mut counts, mut arcs) = (Vec::new(), Vec::new(), Vec::new());
    for row in rows {
        if let Some(trace) = row.trace {
            starts.push(arcs.len() as i64);
            counts.push(trace.len() as i64);
            arcs.extend(trace.into_iter().map(i64::from));
        } else {
            // Not stored: -1, not 0, so that it cannot be taken for an empty path.
            starts.push(-1);
            counts.push(-1);
        }
    }
    let table = table.with("trace_start", Column::I64(starts)).with("trace_count", Column::I64(counts));
    (table, Table::new("traces").with("arc", Column::I64(arcs)))
}

fn loops(dag: &Dag, circuit: &[i64]) -> (Table, Table) {
    let (mut of_circuit, mut n_devices, mut n_ports) = (Vec::new(), Vec::new(), Vec::new());
    let (mut starts, mut members) = (Vec::new(), Vec::new());
    for one in &dag.loops {
        of_circuit.push(one.devices.first().map_or(-1, |&d| circuit[d as usize]));
        n_devices.push(one.devices.len() as i64);
        n_ports.push(one.n_ports as i64);
        starts.push(members.len() as i64);
        members.extend(one.devices.iter().map(|&d| i64::from(d)));
    }
    let table = Table::new("loops")
        .with("circuit", Column::I64(of_circuit))
        .with("n_devices", Column::I64(n_devices))
        .with("n_ports", Column::I64(n_ports))
        .with("device_start", Column::I64(starts));
    (table, Table::new("loop_members").with("device", Column::I64(members)))
}

/// Number of the connected circuit of each device, counted in the order of its first device.
fn circuit_of_device(net: &Netlist) -> Vec<i64> {
    let mut parent: Vec<u32> = (0..net.n_devices as u32).collect();
    fn root(parent: &mut [u32], mut d: u32) -> u32 {
        while parent[d as usize] != d {
            parent[d as usize] = parent[parent[d as usize] as usize];
            d = parent[d as usize];
        }
        d
    }
    for (port, &peer) in net.peer.iter().enumerate() {
        if peer != UNJOINED {
            let a = root(&mut parent, net.port_device[port]);
            let b = root(&mut parent, net.port_device[peer as usize]);
            // The lower number stays, so that the root is the first device.
            parent[a.max(b) as usize] = a.min(b);
        }
    }
    let mut number = vec![-1i64; net.n_devices];
    let mut next = 0;
    (0..net.n_devices as u32)
        .map(|device| {
            let r = root(&mut parent, device) as usize;
            if number[r] < 0 {
                number[r] = next;
                next += 1;
            }
            number[r]
        })
        .collect()
}

const _: () = assert!(WORST.len() == EXTRA_SUMS.len() && LEDGER.len() == CAUSES.len());
