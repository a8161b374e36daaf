//! Columns and options that are refused, with the reason.

use super::Net;
use crate::{Circuit, CircuitError, SolveError, SolveOptions, solve_paths};
use waveguard_base::Watch;

fn pair() -> Net {
    let mut net = Net::default();
    let (a, b) = (net.device(2), net.device(2));
    net.both(a[0], a[1], 1.0);
    net.both(b[0], b[1], 1.0);
    net.join(a[1], b[0]);
    net.terminal(a[0], true, false);
    net.terminal(b[1], false, true);
    net
}

fn refused(change: impl FnOnce(&mut Net)) -> CircuitError {
    let mut net = pair();
    change(&mut net);
    Circuit::new(net.0).expect_err("refused")
}

#[test]
fn what_is_no_circuit_is_refused() {
    use CircuitError as E;
    assert!(matches!(refused(|n| n.0.port_net_peer[1] = 3), E::PeerNotMutual { port: 1, peer: 3, back: -1 }));
    assert!(matches!(refused(|n| n.0.port_net_peer[0] = 0), E::PeerNotMutual { port: 0, .. }));
    assert!(matches!(refused(|n| n.0.port_net_peer[0] = 9), E::IdRange { id: 9, limit: 4, .. }));
    assert!(matches!(refused(|n| n.0.port_device[2] = -1), E::IdRange { column: "port_device", id: -1, .. }));
    assert!(matches!(refused(|n| n.arc(1, 2, 0.0)), E::ArcAcrossDevices { arc: 4, from: 1, to: 2 }));
    assert!(matches!(refused(|n| n.arc(1, 1, 0.0)), E::ArcTurnsBack { arc: 4, port: 1 }));
    assert!(matches!(refused(|n| n.arc(0, 1, 0.0)), E::ArcTwice { first: 0, second: 4, .. }));
    assert!(matches!(refused(|n| n.terminal(1, true, true)), E::TerminalJoined { terminal: 2, port: 1, peer: 2 }));
    assert!(matches!(refused(|n| n.terminal(0, true, true)), E::TerminalTwice { first: 0, second: 2, port: 0 }));
    assert!(matches!(refused(|n| n.0.arc_length_nm.truncate(1)), E::ColumnLength { column: "arc_length_nm", .. }));
    assert!(matches!(refused(|n| n.0.arc_n_bends[0] = -1), E::Value { column: "arc_n_bends", row: 0, .. }));
    for bad in [f64::NAN, f64::INFINITY, -0.1] {
        let error = refused(|n| n.0.arc_cause_db[0][2] = bad);
        assert!(matches!(error, E::Value { column: "arc_propagation_db", row: 2, .. }), "{error}");
    }
}

#[test]
fn options_are_strict() {
    assert!(SolveOptions::from_json("{}").is_ok());
    assert_eq!(SolveOptions::from_json(r#"{"max_pairs": 3}"#).expect("options").max_pairs, 3);
    let error = SolveOptions::from_json(r#"{"max_pair": 3}"#).expect_err("unknown field");
    assert!(error.to_string().contains("max_pair"), "{error}");
    let circuit = Circuit::new(pair().0).expect("a circuit");
    for (sources, sinks) in
        [(Some(vec![1]), None), (Some(vec![7]), None), (None, Some(vec![0])), (None, Some(vec![-1]))]
    {
        let options = SolveOptions { sources, sinks, ..SolveOptions::default() };
        let error = solve_paths(&circuit, &options, &Watch::default()).expect_err("no such terminal");
        assert!(matches!(error, SolveError::Terminal { .. }));
    }
}

#[test]
fn a_cancelled_solve_stops() {
    let circuit = Circuit::new(pair().0).expect("a circuit");
    let watch = Watch::default();
    watch.cancel();
    let error = solve_paths(&circuit, &SolveOptions::default(), &watch).expect_err("stopped");
    assert_eq!(error, SolveError::Interrupted);
}

#[test]
fn an_empty_circuit_has_empty_tables() {
    let solution = Net::default().solve();
    assert!(solution.table("paths").expect("paths").column("n_paths").expect("a column").is_empty());
}
