//! Meshes, Benes networks and crossbars: numbers of paths and losses in closed form.

use super::{Net, close, floats, ints};
use crate::SolveOptions;

const MZI_DB: f64 = 0.2;

/// Rectangular mesh (Clements et al., Optica 3, 1460 (2016)): n columns, alternately offset by one.
fn clements(n: usize) -> Net {
    let mut net = Net::default();
    let mut open: Vec<Option<i64>> = vec![None; n];
    let mut first: Vec<i64> = vec![-1; n];
    for column in 0..n {
        for top in (column % 2..n - 1).step_by(2) {
            let (inputs, outputs) = net.two_by_two(MZI_DB);
            for k in 0..2 {
                match open[top + k] {
                    Some(port) => net.join(port, inputs[k]),
                    None => first[top + k] = inputs[k],
                }
                open[top + k] = Some(outputs[k]);
            }
        }
    }
    for port in first {
        net.terminal(port, true, false);
    }
    for port in open.into_iter().flatten() {
        net.terminal(port, false, true);
    }
    net
}

#[test]
fn meshes_have_the_known_numbers_of_paths_and_depths() {
    let known = [(4, 36.0), (8, 1300.0), (16, 742_068.0), (32, 106_357_582_324.0)];
    for (n, paths) in known {
        let net = clements(n);
        assert_eq!(net.0.n_devices, n * (n - 1) / 2);
        let solution = net.solve();
        let table = solution.table("paths").expect("paths");
        let counts = floats(table, "n_paths");
        assert_eq!(counts.len(), n * n);
        assert!(close(counts.iter().sum(), paths), "{n}: {}", counts.iter().sum::<f64>());
        let worst = floats(table, "worst_loss_db").iter().fold(0.0f64, |a, &b| a.max(b));
        assert!(close(worst, MZI_DB * n as f64));
        let best = floats(table, "best_loss_db").iter().fold(f64::INFINITY, |a, &b| a.min(b));
        assert!(close(best, MZI_DB * n as f64 / 2.0));
        // Every stored trace adds up to the loss of its row.
        let arcs = ints(solution.table("traces").expect("traces"), "arc");
        let (starts, lengths) = (ints(table, "trace_start"), ints(table, "trace_count"));
        for (row, loss) in floats(table, "worst_loss_db").iter().enumerate() {
            let trace = &arcs[starts[row] as usize..][..lengths[row] as usize];
            assert!(close(trace.len() as f64 * MZI_DB, *loss));
            assert!(close(floats(table, "worst_length_nm")[row], 1000.0 * trace.len() as f64));
            assert!(close(floats(table, "worst_n_bends")[row], 2.0 * trace.len() as f64));
            assert!(close(floats(table, "device_db")[row], *loss));
        }
    }
}

#[test]
fn a_64_wide_mesh_counts_1e21_paths() {
    let solution = clements(64).solve();
    let table = solution.table("paths").expect("paths");
    let sum: f64 = floats(table, "n_paths").iter().sum();
    assert!((sum / 9.792e20 - 1.0).abs() < 1e-3, "{sum}");
    assert!(close(floats(table, "worst_loss_db").iter().fold(0.0f64, |a, &b| a.max(b)), 12.8));
}

#[test]
fn public_mesh_netlists_have_their_published_device_loss() {
    // 2.0 coupler in, 0.3 per splitter level, 1.2 modulator, 1.2 per MZI, 2.0 coupler out.
    for (n, least, most) in [(8usize, 10.9, 15.7), (16, 16.0, 25.6)] {
        let mut net = clements(n);
        for cause in &mut net.0.arc_cause_db {
            for db in cause.iter_mut() {
                *db *= 1.2 / MZI_DB;
            }
        }
        let fixed = 2.0 + 0.3 * (n as f64).log2() + 1.2;
        for k in 0..n {
            net.0.terminal_loss_db[k] = fixed;
            net.0.terminal_loss_db[n + k] = 2.0;
        }
        let solution = net.solve();
        let table = solution.table("paths").expect("paths");
        assert!(close(floats(table, "worst_loss_db").iter().fold(0.0f64, |a, &b| a.max(b)), most));
        assert!(close(floats(table, "best_loss_db").iter().fold(f64::INFINITY, |a, &b| a.min(b)), least));
        assert!(close(floats(table, "coupler_db")[0], fixed + 2.0));
    }
}

/// Benes network: 2 log2 n - 1 stages of n/2 elements, wired by the butterfly.
fn benes(n: usize) -> Net {
    let mut net = Net::default();
    let levels = n.ilog2() as usize;
    let strides: Vec<usize> =
        (0..levels).map(|k| n >> (k + 1)).chain((0..levels - 1).rev().map(|k| n >> (k + 1))).collect();
    let mut open: Vec<i64> = vec![-1; n];
    for (stage, stride) in strides.into_iter().enumerate() {
        for a in (0..n).filter(|a| a & stride == 0) {
            let (inputs, outputs) = net.two_by_two(MZI_DB);
            for (k, wire) in [a, a | stride].into_iter().enumerate() {
                if stage == 0 {
                    net.terminal(inputs[k], true, false);
                } else {
                    net.join(open[wire], inputs[k]);
                }
                open[wire] = outputs[k];
            }
        }
    }
    for port in open {
        net.terminal(port, false, true);
    }
    net
}

#[test]
fn benes_networks_have_half_n_paths_for_each_pair() {
    for n in [4usize, 8, 16, 64] {
        let net = benes(n);
        assert_eq!(net.0.n_devices, n / 2 * (2 * n.ilog2() as usize - 1));
        let solution = net.solve();
        let table = solution.table("paths").expect("paths");
        let counts = floats(table, "n_paths");
        assert_eq!(counts.len(), n * n);
        assert!(counts.iter().all(|&c| close(c, n as f64 / 2.0)));
    }
}

/// Crossbar of add-drop elements: light goes through cells along its row and drops into one column.
fn crossbar(rows: usize, columns: usize) -> Net {
    let (through_db, drop_db) = (0.005, 0.5);
    let mut net = Net::default();
    let mut down: Vec<i64> = vec![-1; columns];
    let mut inputs = Vec::new();
    for row in 0..rows {
        let mut along = -1;
        for column in &mut down {
            let p = net.device(4);
            net.arc(p[0], p[1], through_db);
            net.arc(p[0], p[3], drop_db);
            net.arc(p[2], p[3], through_db);
            if along == -1 {
                inputs.push(p[0]);
            } else {
                net.join(along, p[0]);
            }
            if row > 0 {
                net.join(*column, p[2]);
            }
            along = p[1];
            *column = p[3];
        }
    }
    for port in inputs {
        net.terminal(port, true, false);
    }
    for port in down {
        net.terminal(port, false, true);
    }
    net
}

#[test]
fn a_crossbar_has_one_path_for_each_pair() {
    let n = 8;
    let solution = crossbar(n, n).solve();
    let table = solution.table("paths").expect("paths");
    assert!(floats(table, "n_paths").iter().all(|&c| close(c, 1.0)));
    // Through all other cells of the row, then of the column, and one drop.
    let worst = floats(table, "worst_loss_db").iter().fold(0.0f64, |a, &b| a.max(b));
    assert!(close(worst, 0.5 + (2 * n - 2) as f64 * 0.005));
}

#[test]
fn rows_and_traces_beyond_the_limits_are_counted() {
    let net = crossbar(8, 8);
    let all = net.solve();
    let options = SolveOptions { max_pairs: 20, max_traces: 5, ..SolveOptions::default() };
    let some = net.solve_with(&options);
    let summary = some.table("summary").expect("summary");
    assert_eq!(
        (ints(summary, "n_pairs")[0], ints(summary, "n_pairs_kept")[0], ints(summary, "n_traces")[0]),
        (64, 20, 5)
    );
    let (few, many) = (some.table("paths").expect("paths"), all.table("paths").expect("paths"));
    assert_eq!(floats(few, "worst_loss_db"), &floats(many, "worst_loss_db")[..20]);
    assert_eq!(ints(few, "trace_count")[5], -1);
    // A trace that was not stored can be had, and is the one that would have been.
    let (start, count) = (ints(many, "trace_start")[19] as usize, ints(many, "trace_count")[19] as usize);
    let stored = &ints(all.table("traces").expect("traces"), "arc")[start..start + count];
    assert_eq!(some.trace(ints(few, "from_terminal")[19], ints(few, "to_terminal")[19]).expect("a path"), stored);
}

#[test]
fn the_number_of_threads_does_not_change_a_bit() {
    let net = clements(12);
    let with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        pool.install(|| format!("{:?}", net.solve().tables()))
    };
    assert_eq!(with(1), with(3));
}
