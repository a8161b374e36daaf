//! Links whose moments are known in closed form, and what must not change a sample.

use std::f64::consts::PI;

use waveguard_base::Watch;

use crate::error::{CircuitError, SolveError};
use crate::tests::Net;
use crate::{SampleOptions, Sampled, SampledPair, Spread, SpreadColumns, sample_paths};

const INF: f64 = f64::INFINITY;

/// Uncertain quantities under construction: normal, without bounds.
#[derive(Default)]
struct Unsure(SpreadColumns);

impl Unsure {
    fn quantity(&mut self, value: f64, sigma: f64, scatter: f64) -> i64 {
        let c = &mut self.0;
        c.quantity_value.push(value);
        c.quantity_shape.push(0);
        c.quantity_below.push(sigma);
        c.quantity_above.push(sigma);
        c.quantity_scatter.push(scatter);
        c.quantity_floor.push(-INF);
        c.quantity_ceiling.push(INF);
        c.node_first.push(0.0);
        c.node_step.push(0.0);
        c.quantity_value.len() as i64 - 1
    }

    fn between(mut self, floor: f64, ceiling: f64) -> Self {
        self.0.quantity_floor.fill(floor);
        self.0.quantity_ceiling.fill(ceiling);
        self
    }

    fn term(&mut self, arc: usize, quantity: i64, element: usize, law: u8, weight: f64) {
        let c = &mut self.0;
        c.term_arc.push(arc as i64);
        c.term_quantity.push(quantity);
        c.term_element.push(element as i64);
        c.term_law.push(law);
        c.term_weight.push(weight);
    }
}

/// A chain of elements that lose `loss_db` each, from terminal 0 to terminal 1; arc k belongs to element k.
fn chain(n: usize, loss_db: f64) -> Net {
    let mut net = Net::default();
    let mut last = None;
    for k in 0..n {
        let p = net.device(2);
        net.arc(p[0], p[1], loss_db);
        if let Some(before) = last {
            net.join(before, p[0]);
        } else {
            net.terminal(p[0], true, false);
        }
        if k + 1 == n {
            net.terminal(p[1], false, true);
        }
        last = Some(p[1]);
    }
    net
}

/// Two ways between terminals 0 and 1 through a splitter and a combiner; arcs 2 and 3 are the ways.
fn two_ways(loss_db: f64) -> Net {
    let mut net = Net::default();
    let (split, one, other, join) = (net.device(3), net.device(2), net.device(2), net.device(3));
    net.arc(split[0], split[1], 3.0);
    net.arc(split[0], split[2], 3.0);
    net.arc(one[0], one[1], loss_db);
    net.arc(other[0], other[1], loss_db);
    net.arc(join[0], join[2], 3.0);
    net.arc(join[1], join[2], 3.0);
    for (a, b) in [(split[1], one[0]), (split[2], other[0]), (one[1], join[0]), (other[1], join[1])] {
        net.join(a, b);
    }
    net.terminal(split[0], true, false);
    net.terminal(join[2], false, true);
    net
}

fn pair(from: i64, to: i64) -> SampledPair {
    SampledPair { from_terminal: from, to_terminal: to, limit_db: f64::NAN }
}

fn options(n_samples: usize) -> SampleOptions {
    SampleOptions { n_samples, seed: 1, keep: true, probabilities: vec![0.05, 0.5, 0.95], ..SampleOptions::default() }
}

fn sampled(net: &Net, unsure: &Unsure, pairs: &[SampledPair], options: &SampleOptions) -> Sampled {
    let solution = net.solve();
    let spread = Spread::new(unsure.0.clone(), solution.parts().0).expect("a spread");
    sample_paths(&solution, &spread, pairs, options, &Watch::default()).expect("samples")
}

#[test]
fn common_and_scattered_parts_add_up() {
    // L² σ² of what a chip shares, N w² s² of what scatters.
    let (n, weight) = (40, 0.5);
    let mut unsure = Unsure::default();
    let q = unsure.quantity(2.0, 0.1, 0.3);
    for arc in 0..n {
        unsure.term(arc, q, arc, 0, weight);
    }
    let found = sampled(&chain(n, 1.0), &unsure, &[pair(0, 1)], &options(100_000));
    let common = n as f64 * weight * 0.1;
    let scatter = (n as f64).sqrt() * weight * 0.3;
    let sigma = common.hypot(scatter);
    assert!((found.stated_db[0] - 40.0).abs() < 1e-9);
    assert!((found.mean_db[0] - 40.0).abs() < 4.0 * sigma / 1e5f64.sqrt());
    assert!((found.sigma_db[0] / sigma - 1.0).abs() < 0.01);
    assert!((found.part_sigma_db[0] / common - 1.0).abs() < 0.01);
    assert!((found.part_sigma_db[1] / scatter - 1.0).abs() < 0.01);
    assert!((found.share[0] - (common / sigma).powi(2)).abs() < 0.01);
    assert!((found.share.iter().sum::<f64>() - 1.0).abs() < 1e-9);
    for (k, z) in [-1.644_853_626_951_472_7, 0.0, 1.644_853_626_951_472_7].into_iter().enumerate() {
        assert!((found.quantile_db[k] - 40.0 - z * sigma).abs() < 0.03 * sigma);
    }
}

#[test]
fn the_worse_of_two_alike_ways_is_found_in_every_sample() {
    // The larger of two normal variables: mean + sigma/sqrt(pi), variance sigma² (1 - 1/pi).
    let mut unsure = Unsure::default();
    let q = unsure.quantity(1.0, 0.0, 0.2);
    unsure.term(2, q, 2, 0, 1.0);
    unsure.term(3, q, 3, 0, 1.0);
    let mut wanted = options(100_000);
    let found = sampled(&two_ways(1.0), &unsure, &[pair(0, 1)], &wanted);
    assert_eq!(found.searched, [1]);
    assert!((found.mean_db[0] - 7.0 - 0.2 / PI.sqrt()).abs() < 0.003);
    assert!((found.sigma_db[0] - 0.2 * (1.0 - 1.0 / PI).sqrt()).abs() < 0.003);
    assert!((found.n_other_path[0] as f64 / found.n_traced[0] as f64 - 0.5).abs() < 0.04);
    assert!((found.share.iter().sum::<f64>() - 1.0).abs() < 1e-6);
    wanted.find_worst = false;
    let held = sampled(&two_ways(1.0), &unsure, &[pair(0, 1)], &wanted);
    assert_eq!((held.searched[0], held.n_other_path[0]), (0, 0));
    assert!((held.mean_db[0] - 7.0).abs() < 0.003);
    assert!(held.loss_db.iter().zip(&found.loss_db).all(|(held, found)| *held <= found + 1e-12));
}

#[test]
fn equal_ways_are_one_way() {
    // What a chip shares moves both ways alike: whichever is taken, the loss is that of the stated one.
    let mut unsure = Unsure::default();
    let q = unsure.quantity(1.0, 0.2, 0.0);
    unsure.term(2, q, 2, 0, 1.0);
    unsure.term(3, q, 3, 0, 1.0);
    let found = sampled(&two_ways(1.0), &unsure, &[pair(0, 1)], &options(2000));
    assert_eq!((found.searched[0], found.n_other_path[0]), (1, 0));
    assert!((found.share[0] - 1.0).abs() < 1e-9);
}

#[test]
fn both_ways_out_of_a_split_share_its_scatter() {
    let mut net = Net::default();
    let p = net.device(3);
    let split = 0.3f64;
    net.arc(p[0], p[1], -10.0 * split.log10());
    net.arc(p[0], p[2], -10.0 * (1.0 - split).log10());
    net.terminal(p[0], true, false);
    net.terminal(p[1], false, true);
    net.terminal(p[2], false, true);
    let mut unsure = Unsure::default();
    let q = unsure.quantity(split, 0.05, 0.2);
    unsure.term(0, q, 0, 1, 1.0);
    unsure.term(1, q, 0, 2, 1.0);
    let found = sampled(&net, &unsure.between(0.0, 1.0), &[pair(0, 1), pair(0, 2)], &options(5000));
    let (one, other) = found.loss_db.split_at(5000);
    for (a, b) in one.iter().zip(other) {
        let power = 10f64.powf(-a / 10.0) + 10f64.powf(-b / 10.0);
        assert!((power - 1.0).abs() < 1e-9, "{a} {b}");
    }
}

#[test]
fn a_response_moves_the_loss_by_its_table() {
    let mut unsure = Unsure::default();
    let bias = unsure.quantity(0.0, 2.0, 0.0);
    let c = &mut unsure.0;
    (c.quantity_floor, c.quantity_ceiling) = (vec![-8.0], vec![8.0]);
    (c.response_arc, c.response_quantity) = (vec![0, 2], vec![bias; 2]);
    (c.node_first, c.node_step, c.node_count) = (vec![-8.0], vec![4.0], 5);
    // 0.01 x² at arc 0 and 0.02 x at arc 2.
    c.response_db = [64.0, 16.0, 0.0, 16.0, 64.0].map(|v| v * 0.01).to_vec();
    c.response_db.extend([-8.0, -4.0, 0.0, 4.0, 8.0].map(|v| v * 0.02));
    let found = sampled(&chain(3, 1.0), &unsure, &[pair(0, 1)], &options(100_000));
    let sigma = (2.0f64 * 0.01f64.powi(2) * 16.0 + 0.02f64.powi(2) * 4.0).sqrt();
    assert!((found.mean_db[0] - 3.0 - 0.04).abs() < 0.002, "{}", found.mean_db[0]);
    assert!((found.sigma_db[0] / sigma - 1.0).abs() < 0.02, "{}", found.sigma_db[0]);
    let ways = sampled(&two_ways(1.0), &{ unsure }, &[pair(0, 1)], &options(1000));
    assert_eq!(ways.searched, [1]);
    assert!((ways.share[0] - 1.0).abs() < 1e-6);
}

#[test]
fn limits_are_kept_by_as_many_samples_as_lie_below() {
    let mut unsure = Unsure::default();
    let q = unsure.quantity(1.0, 0.1, 0.0);
    unsure.term(0, q, 0, 0, 1.0);
    let limited = SampledPair { limit_db: 1.1, ..pair(0, 1) };
    let found = sampled(&chain(1, 1.0), &unsure, &[limited, pair(0, 1)], &options(50_000));
    assert!((found.n_kept[0] as f64 / 5e4 - 0.841_344_746).abs() < 0.006);
    assert_eq!(found.n_kept[1], -1);
    let kept = found.excess_db.iter().filter(|&&e| e <= 0.0).count();
    assert_eq!(kept as i64, found.n_kept[0]);
    assert_eq!(found.largest_db, found.loss_db[..50_000]);
}

/// A mesh of 2x2 elements, all pairs, with quantities of every kind.
fn mesh() -> (Net, Unsure, Vec<SampledPair>) {
    let (mut net, mut unsure) = (Net::default(), Unsure::default());
    let q = unsure.quantity(0.2, 0.01, 0.03);
    let more = unsure.quantity(0.1, 0.02, 0.0);
    let mut wires: Vec<Option<i64>> = vec![None; 6];
    let mut first = vec![0; 6];
    for column in 0..6usize {
        for top in (column % 2..5).step_by(2) {
            let (ins, outs) = net.two_by_two(0.5);
            for k in 0..2 {
                match wires[top + k] {
                    Some(before) => net.join(before, ins[k]),
                    None => first[top + k] = ins[k],
                }
                wires[top + k] = Some(outs[k]);
            }
        }
    }
    for arc in 0..net.0.arc_from.len() {
        unsure.term(arc, q, arc / 8, 0, 1.0);
        unsure.term(arc, more, arc / 8, 0, 2.0);
    }
    for &port in &first {
        net.terminal(port, true, false);
    }
    for port in wires.into_iter().flatten() {
        net.terminal(port, false, true);
    }
    let pairs = (0..6).flat_map(|a| (6..12).map(move |b| SampledPair { limit_db: 5.0, ..pair(a, b) })).collect();
    (net, unsure, pairs)
}

#[test]
fn threads_and_blocks_change_no_bit() {
    let (net, unsure, pairs) = mesh();
    let wanted = options(1500);
    let on = |threads: usize, options: &SampleOptions| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        pool.install(|| sampled(&net, &unsure, &pairs, options))
    };
    let one = on(1, &wanted);
    assert!(one.searched.contains(&1) && one.sigma_db.iter().all(|&s| s > 0.0));
    assert_eq!(one, on(2, &wanted));
    assert_eq!(one, on(3, &wanted));
    assert_eq!(one, on(2, &SampleOptions { max_bytes: 5 * 8 * 1500, ..wanted.clone() }));
    assert_ne!(one.mean_db, on(2, &SampleOptions { seed: 2, ..wanted }).mean_db);
}

#[test]
fn a_pair_does_not_depend_on_the_others() {
    let (net, unsure, pairs) = mesh();
    let all = sampled(&net, &unsure, &pairs, &options(300));
    let some = sampled(&net, &unsure, &pairs[14..15], &options(300));
    assert_eq!(some.loss_db, all.loss_db[14 * 300..15 * 300]);
}

#[test]
fn the_worst_of_listed_paths_is_found() {
    // Against each of the two ways alone, on the same chips.
    let mut unsure = Unsure::default();
    let q = unsure.quantity(1.0, 0.1, 0.3);
    unsure.term(2, q, 2, 0, 1.0);
    unsure.term(3, q, 3, 0, 1.0);
    let net = two_ways(1.0);
    let both = sampled(&net, &unsure, &[pair(0, 1)], &options(500));
    let alone = |arc: usize| {
        let mut cheap = two_ways(1.0);
        // The other way costs nothing, so that this one is worst as stated; its chips are the same.
        let mut other = Unsure::default();
        let same = other.quantity(1.0, 0.1, 0.3);
        other.term(2, same, 2, 0, if arc == 2 { 1.0 } else { 0.0 });
        other.term(3, same, 3, 0, if arc == 3 { 1.0 } else { 0.0 });
        cheap.0.arc_cause_db[5][5 - arc] = 0.0;
        sampled(&cheap, &other, &[pair(0, 1)], &SampleOptions { find_worst: false, ..options(500) })
    };
    let (one, other) = (alone(2), alone(3));
    for k in 0..500 {
        assert!((both.loss_db[k] - one.loss_db[k].max(other.loss_db[k])).abs() < 1e-12);
    }
}

#[test]
fn cancelled_work_stops() {
    let (net, unsure, pairs) = mesh();
    let solution = net.solve();
    let spread = Spread::new(unsure.0, solution.parts().0).expect("a spread");
    let watch = Watch::default();
    watch.cancel();
    let stopped = sample_paths(&solution, &spread, &pairs, &options(1_000_000_000), &watch);
    assert_eq!(stopped.err(), Some(SolveError::Interrupted));
}

#[test]
fn what_does_not_fit_is_refused() {
    let net = chain(2, 1.0);
    let solution = net.solve();
    let circuit = solution.parts().0;
    let mut unsure = Unsure::default();
    let q = unsure.quantity(1.0, 0.1, 0.0);
    unsure.term(0, q, 0, 0, 1.0);
    let spread = Spread::new(unsure.0.clone(), circuit).expect("a spread");
    let found = sample_paths(&chain(3, 1.0).solve(), &spread, &[pair(0, 1)], &options(10), &Watch::default());
    assert!(matches!(found, Err(SolveError::OtherCircuit { found: 2, expected: 3 })));
    let found = sample_paths(&solution, &spread, &[pair(1, 0)], &options(10), &Watch::default());
    assert!(matches!(found, Err(SolveError::Terminal { terminal: 1, .. })));
    type Change = fn(&mut SpreadColumns);
    let change: [(&str, Change); 8] = [
        ("quantity_below", |c| c.quantity_below[0] = -1.0),
        ("quantity_above", |c| c.quantity_above[0] = 0.2),
        ("quantity_floor", |c| c.quantity_floor[0] = 2.0),
        ("quantity_shape", |c| c.quantity_shape[0] = 3),
        ("term_law", |c| c.term_law[0] = 1),
        ("term_arc", |c| c.term_arc[0] = 2),
        ("response_db", |c| c.node_count = 2),
        ("response_quantity", |c| c.node_step[0] = 0.0),
    ];
    for (column, change) in change {
        let mut columns = unsure.0.clone();
        (columns.response_arc, columns.response_quantity) = (vec![0], vec![0]);
        (columns.node_count, columns.node_step, columns.response_db) = (3, vec![1.0], vec![0.0; 3]);
        change(&mut columns);
        let name = match Spread::new(columns, circuit) {
            Err(
                CircuitError::Unfit { column, .. }
                | CircuitError::IdRange { column, .. }
                | CircuitError::ColumnLength { column, .. },
            ) => column,
            other => panic!("{other:?}"),
        };
        assert_eq!(name, column);
    }
    for text in [r#"{"n_samples": 1}"#, r#"{"probabilities": [0.5, 0.5]}"#, r#"{"probabilities": [1.5]}"#, "{\"n\": 1}"]
    {
        assert!(matches!(SampleOptions::from_json(text), Err(SolveError::Options(_))), "{text}");
    }
}
