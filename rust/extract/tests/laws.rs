//! What must not change when a layout is moved, turned, mirrored, flattened, or drawn on another grid.

#![allow(clippy::float_cmp, reason = "numbers on the grid are exact")]

mod sketch;

use sketch::{Sketch, SketchCell, floats, ids, run, small_circuit, texts};
use waveguard_extract::Extraction;

/// What is the same wherever the circuit lies: names joined, and lengths.
#[derive(Debug, PartialEq)]
struct Network {
    joins: Vec<[String; 2]>,
    lengths_nm: Vec<f64>,
    devices: usize,
    ports: usize,
}

fn network(e: &Extraction) -> Network {
    let names = texts(e, "ports", "name");
    let (a, b) = (ids(e, "nets", "port_a"), ids(e, "nets", "port_b"));
    let mut joins: Vec<[String; 2]> = a
        .iter()
        .zip(&b)
        .map(|(&a, &b)| {
            let mut pair = [names[a as usize].clone(), names[b as usize].clone()];
            pair.sort();
            pair
        })
        .collect();
    joins.sort();
    let mut lengths_nm: Vec<f64> =
        floats(e, "waveguides", "centerline_length_nm").iter().map(|l| (l * 10.0).round() / 10.0).collect();
    lengths_nm.sort_by(f64::total_cmp);
    Network { joins, lengths_nm, devices: ids(e, "devices", "cell").len(), ports: names.len() }
}

fn join(a: &str, b: &str) -> [String; 2] {
    [a.to_owned(), b.to_owned()]
}

#[test]
fn a_small_circuit_is_what_it_looks_like() {
    let (s, top) = small_circuit();
    let n = network(&run(&s, top));
    assert_eq!(n.joins, [join("down", "o1"), join("g", "o1"), join("in", "o2"), join("o1", "up")]);
    assert_eq!((n.devices, n.ports), (5, 10));
    assert_eq!(n.lengths_nm[0], 30_000.0);
    // Two straights and a quarter circle of 10 µm.
    let arm = 30_000.0 + 50_000.0 + std::f64::consts::FRAC_PI_2 * 10_000.0;
    assert!((n.lengths_nm[1] - arm).abs() < 5.0 && (n.lengths_nm[2] - arm).abs() < 5.0, "{:?}", n.lengths_nm);
}

#[test]
fn moving_turning_and_mirroring_change_nothing() {
    let (s, top) = small_circuit();
    let expected = network(&run(&s, top));
    for (x, y) in [(0.0, 0.0), (1_234_567.0, -7_654_321.0)] {
        for quarters in 0..4 {
            for mirrored in [false, true] {
                let mut moved = s.clone();
                let outer = moved.cell("outer");
                moved.place(outer, top, x, y, quarters, mirrored);
                assert_eq!(network(&run(&moved, outer)), expected, "{x} {y} {quarters} {mirrored}");
            }
        }
    }
}

#[test]
fn turns_change_sign_with_the_mirror_and_places_move_along() {
    let (s, top) = small_circuit();
    let e = run(&s, top);
    let turns: Vec<i64> =
        floats(&e, "waveguides", "turn_rad").iter().map(|t| (t / std::f64::consts::FRAC_PI_2).round() as i64).collect();
    assert_eq!(turns, [0, 1, -1]);
    let y = floats(&e, "waveguides", "min_radius_y_nm");
    assert!(y[1] > 3000.0 && y[2] < -3000.0);
    assert!(floats(&e, "waveguides", "min_radius_nm")[0].is_infinite());
}

#[test]
fn a_flattened_layout_gives_the_same_network() {
    let (s, top) = small_circuit();
    let expected = network(&run(&s, top));
    let flat = Sketch { cells: vec![s.flattened(top)], ..Sketch::default() };
    assert_eq!(network(&run(&flat, 0)), expected);
}

#[test]
fn another_grid_gives_the_same_network() {
    let (s, top) = small_circuit();
    let expected = network(&run(&s, top));
    let half = |p: &[f64; 2]| [p[0] * 2.0, p[1] * 2.0];
    let finer = |c: &SketchCell| {
        let mut c = c.clone();
        c.polygons.iter_mut().for_each(|p| p.1 = p.1.iter().map(half).collect());
        c.paths.iter_mut().for_each(|p| (p.1, p.2) = (p.1.iter().map(half).collect(), p.2 * 2.0));
        c.labels.iter_mut().for_each(|l| l.1 = half(&l.1));
        c.places.iter_mut().for_each(|p| p.at = half(&p.at));
        c
    };
    let fine = Sketch { cells: s.cells.iter().map(finer).collect(), dbu_nm: 0.5, ..Sketch::default() };
    assert_eq!(network(&run(&fine, top)), expected);
}

#[test]
fn one_thread_and_many_give_the_same_tables() {
    let (s, top) = small_circuit();
    let pool = |n: usize| rayon::ThreadPoolBuilder::new().num_threads(n).build().expect("threads start");
    let debug = |e: Extraction| format!("{e:?}");
    let one = pool(1).install(|| debug(run(&s, top)));
    for n in [2, 3, 8] {
        assert_eq!(pool(n).install(|| debug(run(&s, top))), one);
    }
}
