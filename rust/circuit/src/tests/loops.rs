//! Rings and other loops: shortest passages, marked.

use super::{Net, close, flags, floats, ints};

/// A ring beside a bus: a coupler whose second pair of ports is closed by a guide.
fn ring() -> Net {
    let mut net = Net::default();
    let c = net.device(4);
    net.both(c[0], c[2], 0.1);
    net.both(c[1], c[3], 0.2);
    net.both(c[0], c[3], 10.0);
    net.both(c[1], c[2], 10.0);
    let g = net.device(2);
    net.both(g[0], g[1], 0.5);
    net.join(c[3], g[0]);
    net.join(g[1], c[1]);
    net.terminal(c[0], true, true);
    net.terminal(c[2], true, true);
    net
}

#[test]
fn a_ring_is_passed_once_and_marked() {
    let solution = ring().solve();
    let table = solution.table("paths").expect("paths");
    assert_eq!(flags(table, "looped"), &[1, 1]);
    assert!(close(floats(table, "best_loss_db")[0], 0.1));
    assert!(close(floats(table, "worst_loss_db")[0], 20.5));
    assert!(floats(table, "n_paths").iter().all(|&c| close(c, 2.0)));
    assert!(floats(table, "in_phase_loss_db").iter().all(|v| v.is_nan()));
    let trace = solution.trace(0, 1).expect("a path");
    assert_eq!(trace.len(), 3);
    assert!(close(floats(table, "worst_length_nm")[0], 3000.0));
    // Both directions of circulation are one loop.
    let loops = solution.table("loops").expect("loops");
    assert_eq!((ints(loops, "n_devices"), ints(loops, "n_ports")), (&[2][..], &[2][..]));
    assert_eq!(ints(solution.table("loop_members").expect("members"), "device"), &[0, 1]);
}

#[test]
fn a_guide_closed_on_itself_does_not_hang() {
    let mut net = Net::default();
    let g = net.device(2);
    net.both(g[0], g[1], 0.5);
    net.join(g[0], g[1]);
    let h = net.device(2);
    net.both(h[0], h[1], 1.0);
    net.terminal(h[0], true, false);
    net.terminal(h[1], false, true);
    let solution = net.solve();
    assert_eq!(ints(solution.table("loops").expect("loops"), "n_devices"), &[1]);
    let table = solution.table("paths").expect("paths");
    assert_eq!(flags(table, "looped"), &[0]);
    assert_eq!(ints(solution.table("circuits").expect("circuits"), "circuit"), &[0, 1]);
}

#[test]
fn a_loop_mirror_returns_light_without_a_loop() {
    let mut net = Net::default();
    let y = net.device(3);
    net.both(y[0], y[1], 3.0);
    net.both(y[0], y[2], 3.0);
    let g = net.device(2);
    net.both(g[0], g[1], 0.25);
    net.join(y[1], g[0]);
    net.join(g[1], y[2]);
    net.terminal(y[0], true, true);
    let solution = net.solve();
    let table = solution.table("paths").expect("paths");
    assert_eq!((ints(table, "from_terminal"), ints(table, "to_terminal")), (&[0][..], &[0][..]));
    assert_eq!(flags(table, "looped"), &[0]);
    assert!(close(floats(table, "n_paths")[0], 2.0));
    assert!(close(floats(table, "worst_loss_db")[0], 6.25));
    // Both ways round in phase: all light comes back but for the guide.
    let halves = 20.0 * 2f64.log10();
    assert!(close(floats(table, "in_phase_loss_db")[0], 6.25 - halves));
}

#[test]
fn light_does_not_turn_back_at_an_open_port_or_a_joint() {
    let mut net = Net::default();
    let (a, b) = (net.device(2), net.device(2));
    net.both(a[0], a[1], 1.0);
    net.both(b[0], b[1], 1.0);
    net.join(a[1], b[0]);
    net.terminal(a[0], true, true);
    let solution = net.solve();
    assert!(ints(solution.table("paths").expect("paths"), "from_terminal").is_empty());
    assert!(solution.trace(0, 0).is_err());
}

#[test]
fn a_loop_that_is_too_large_is_refused() {
    let net = ring();
    let options = crate::SolveOptions { max_loop_pairs: 0, ..crate::SolveOptions::default() };
    let circuit = crate::Circuit::new(net.0).expect("a circuit");
    let error = crate::solve_paths(&circuit, &options, &waveguard_base::Watch::default()).expect_err("too large");
    assert!(matches!(error, crate::SolveError::LoopTooLarge { entries: 1, exits: 1, .. }), "{error}");
}

#[test]
fn reach_is_the_least_loss_on_entering_a_port() {
    let solution = ring().solve();
    let reached = solution.reach(0).expect("a source");
    // Coupler ports 0 to 3, guide ports 4 and 5: in at 0, across into the ring at 4, round it to 1.
    let expected = [0.0, 10.5, f64::INFINITY, f64::INFINITY, 10.0, f64::INFINITY];
    assert!(reached.iter().zip(expected).all(|(&a, b)| a.total_cmp(&b).is_eq() || close(a, b)), "{reached:?}");
}
