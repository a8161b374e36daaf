//! Circuits of a few lines with answers known in closed form, and random ones against listing every path.

mod fabric;
mod laws;
mod loops;
mod refused;

use waveguard_base::{Column, Table, Watch};

use crate::{Circuit, CircuitColumns, Solution, SolveOptions, solve_paths};

/// Circuit under construction.
#[derive(Default)]
pub(crate) struct Net(pub(crate) CircuitColumns);

impl Net {
    pub(crate) fn device(&mut self, n_ports: usize) -> Vec<i64> {
        let device = self.0.n_devices as i64;
        self.0.n_devices += 1;
        let first = self.0.port_device.len() as i64;
        self.0.port_device.extend(vec![device; n_ports]);
        self.0.port_net_peer.extend(vec![-1; n_ports]);
        (first..first + n_ports as i64).collect()
    }

    pub(crate) fn arc(&mut self, from: i64, to: i64, loss_db: f64) {
        self.0.arc_from.push(from);
        self.0.arc_to.push(to);
        for (k, cause) in self.0.arc_cause_db.iter_mut().enumerate() {
            cause.push(if k == 5 { loss_db } else { 0.0 });
        }
        self.0.arc_length_nm.push(1000.0);
        self.0.arc_group_length_nm.push(4000.0);
        self.0.arc_n_guides.push(1);
        self.0.arc_n_bends.push(2);
        self.0.arc_n_crossings.push(0);
    }

    fn both(&mut self, a: i64, b: i64, loss_db: f64) {
        self.arc(a, b, loss_db);
        self.arc(b, a, loss_db);
    }

    pub(crate) fn join(&mut self, a: i64, b: i64) {
        self.0.port_net_peer[a as usize] = b;
        self.0.port_net_peer[b as usize] = a;
    }

    pub(crate) fn terminal(&mut self, port: i64, is_in: bool, is_out: bool) {
        self.0.terminal_port.push(port);
        self.0.terminal_in.push(u8::from(is_in));
        self.0.terminal_out.push(u8::from(is_out));
        self.0.terminal_loss_db.push(0.0);
    }

    /// A 2x2 element whose four passages cost the same; inputs, outputs.
    pub(crate) fn two_by_two(&mut self, loss_db: f64) -> ([i64; 2], [i64; 2]) {
        let p = self.device(4);
        for a in [p[0], p[1]] {
            for b in [p[2], p[3]] {
                self.both(a, b, loss_db);
            }
        }
        ([p[0], p[1]], [p[2], p[3]])
    }

    pub(crate) fn solve(&self) -> Solution {
        self.solve_with(&SolveOptions::default())
    }

    fn solve_with(&self, options: &SolveOptions) -> Solution {
        let circuit = Circuit::new(self.0.clone()).expect("a circuit");
        solve_paths(&circuit, options, &Watch::default()).expect("a solution")
    }
}

fn floats<'a>(table: &'a Table, name: &str) -> &'a [f64] {
    match table.column(name) {
        Some(Column::F64(v)) => v,
        other => panic!("{name}: {other:?}"),
    }
}

fn ints<'a>(table: &'a Table, name: &str) -> &'a [i64] {
    match table.column(name) {
        Some(Column::I64(v)) => v,
        other => panic!("{name}: {other:?}"),
    }
}

fn flags<'a>(table: &'a Table, name: &str) -> &'a [u8] {
    match table.column(name) {
        Some(Column::U8(v)) => v,
        other => panic!("{name}: {other:?}"),
    }
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * (1.0 + b.abs())
}

#[test]
fn tables_have_the_declared_columns() {
    let mut net = Net::default();
    let p = net.device(2);
    net.both(p[0], p[1], 1.0);
    net.terminal(p[0], true, true);
    net.terminal(p[1], true, true);
    let solution = net.solve();
    let declared = crate::schemas();
    assert_eq!(declared.len(), solution.tables().len());
    for ((name, columns), table) in declared.iter().zip(solution.tables()) {
        assert_eq!(*name, table.name);
        let made: Vec<(&str, &str)> = table
            .columns
            .iter()
            .map(|(n, c)| {
                let kind = match c {
                    Column::F64(_) => "float64",
                    Column::I64(_) => "int64",
                    Column::U8(_) => "uint8",
                    Column::Text(_) => "str",
                };
                (*n, kind)
            })
            .collect();
        assert_eq!(*columns, made);
    }
}
