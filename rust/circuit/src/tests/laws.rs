//! Random circuits against listing every path.

use proptest::prelude::*;

use super::{Net, close, flags, floats, ints};

/// Layers of 2x2 elements joined at random, so that light only goes forward; some arcs are left out.
fn forward(width: usize, perms: &[Vec<usize>], losses: &[f64]) -> Net {
    let mut net = Net::default();
    let mut open: Vec<i64> = vec![-1; width];
    let mut loss = losses.iter().cycle();
    for (layer, perm) in perms.iter().enumerate() {
        for pair in perm.chunks_exact(2) {
            let p = net.device(4);
            for (a, b) in [(0, 2), (0, 3), (1, 2), (1, 3)] {
                let db = *loss.next().expect("endless");
                // Every seventh of a decibel range stands for "this arc does not exist".
                if db > 0.5 {
                    net.arc(p[a], p[b], db);
                }
            }
            for (k, &wire) in pair.iter().enumerate() {
                if layer == 0 {
                    net.terminal(p[k], true, false);
                } else {
                    net.join(open[wire], p[k]);
                }
                open[wire] = p[2 + k];
            }
        }
    }
    for port in open {
        net.terminal(port, false, true);
    }
    net
}

/// Lists every path by depth-first walk: least loss, most loss, number, sum of fields; by sink terminal.
fn listed(net: &Net, source: usize) -> Vec<(f64, f64, f64, f64)> {
    let c = &net.0;
    let mut found = vec![(f64::INFINITY, f64::NEG_INFINITY, 0.0, 0.0); c.terminal_port.len()];
    let mut stack = vec![(c.terminal_port[source], 0.0)];
    while let Some((port, loss)) = stack.pop() {
        for arc in (0..c.arc_from.len()).filter(|&a| c.arc_from[a] == port) {
            let loss = loss + c.arc_cause_db[5][arc];
            let next = c.port_net_peer[c.arc_to[arc] as usize];
            if next >= 0 {
                stack.push((next, loss));
            } else if let Some(k) = c.terminal_port.iter().position(|&p| p == c.arc_to[arc]) {
                let f = &mut found[k];
                *f = (f.0.min(loss), f.1.max(loss), f.2 + 1.0, f.3 + 10f64.powf(-loss / 20.0));
            }
        }
    }
    found
}

fn layers() -> impl Strategy<Value = (usize, Vec<Vec<usize>>, Vec<f64>)> {
    (1usize..4, 1usize..6).prop_flat_map(|(half, depth)| {
        let width = 2 * half;
        let perm = Just((0..width).collect::<Vec<_>>()).prop_shuffle();
        (Just(width), proptest::collection::vec(perm, depth), proptest::collection::vec(0.0f64..4.0, 4 * half * depth))
    })
}

proptest! {
    #[test]
    fn dynamic_programming_equals_listing((width, perms, losses) in layers()) {
        let net = forward(width, &perms, &losses);
        let solution = net.solve();
        let table = solution.table("paths").expect("paths");
        let mut row = 0;
        for source in 0..width {
            for (sink, (best, worst, n, field)) in listed(&net, source).into_iter().enumerate() {
                if n == 0.0 {
                    continue;
                }
                prop_assert_eq!(ints(table, "from_terminal")[row], source as i64);
                prop_assert_eq!(ints(table, "to_terminal")[row], sink as i64);
                prop_assert!(close(floats(table, "best_loss_db")[row], best));
                prop_assert!(close(floats(table, "worst_loss_db")[row], worst));
                prop_assert!(close(floats(table, "n_paths")[row], n));
                prop_assert!(close(floats(table, "in_phase_loss_db")[row], -20.0 * field.log10()));
                prop_assert_eq!(flags(table, "looped")[row], 0);
                row += 1;
            }
        }
        prop_assert_eq!(row, floats(table, "n_paths").len());
    }

    /// Any joints at all, loops included: the best loss is the shortest way, and nothing hangs or panics.
    #[test]
    fn the_best_loss_is_the_shortest_way(order in Just((0i64..16).collect::<Vec<_>>()).prop_shuffle(),
                                         losses in proptest::collection::vec(0.0f64..4.0, 16), n_joints in 0usize..7) {
        let mut net = Net::default();
        for k in 0..4 {
            let p = net.device(4);
            net.both(p[0], p[2], losses[4 * k]);
            net.both(p[0], p[3], losses[4 * k + 1]);
            net.both(p[1], p[2], losses[4 * k + 2]);
            net.both(p[1], p[3], losses[4 * k + 3]);
        }
        for pair in order.chunks_exact(2).take(n_joints) {
            net.join(pair[0], pair[1]);
        }
        for &port in &order[2 * n_joints..] {
            net.terminal(port, true, true);
        }
        let solution = net.solve();
        let table = solution.table("paths").expect("paths");
        let mut rows = 0;
        for source in 0..net.0.terminal_port.len() {
            for (sink, best) in shortest(&net, source).into_iter().enumerate() {
                if best.is_finite() {
                    prop_assert_eq!(ints(table, "to_terminal")[rows], sink as i64);
                    prop_assert!(close(floats(table, "best_loss_db")[rows], best));
                    prop_assert!(floats(table, "worst_loss_db")[rows] >= floats(table, "best_loss_db")[rows]);
                    let trace = solution.trace(source as i64, sink as i64).expect("a path");
                    let sum: f64 = trace.iter().map(|&a| net.0.arc_cause_db[5][a as usize]).sum();
                    prop_assert!(close(floats(table, "worst_loss_db")[rows], sum));
                    prop_assert!(close(floats(table, "device_db")[rows], sum));
                    rows += 1;
                }
            }
        }
        prop_assert_eq!(rows, floats(table, "best_loss_db").len());
    }
}

/// Least loss to every terminal, by relaxing all arcs until nothing changes.
fn shortest(net: &Net, source: usize) -> Vec<f64> {
    let c = &net.0;
    let mut at = vec![f64::INFINITY; c.port_device.len()];
    let mut out = vec![f64::INFINITY; c.port_device.len()];
    at[c.terminal_port[source] as usize] = 0.0;
    for _ in 0..c.port_device.len() {
        for arc in 0..c.arc_from.len() {
            let (a, b) = (c.arc_from[arc] as usize, c.arc_to[arc] as usize);
            let loss = at[a] + c.arc_cause_db[5][arc];
            match usize::try_from(c.port_net_peer[b]) {
                Ok(next) => at[next] = at[next].min(loss),
                Err(_) => out[b] = out[b].min(loss),
            }
        }
    }
    c.terminal_port.iter().map(|&p| out[p as usize]).collect()
}
