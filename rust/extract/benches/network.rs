//! Time to find the network of one merged polygon as it grows: a lattice of wavy guides, all of them one shape.
//!
//! `cargo bench -p waveguard-extract --bench network` prints time per vertex and the exponent of growth from one
//! size to the next; 1 is linear. A timing is no test.

use std::time::Instant;

use waveguard_extract::network::{NetworkOptions, decompose};
use waveguard_extract::trace::TraceOptions;
use waveguard_geom::{Point, region};

const PITCH: f64 = 20_000.0;
const STEP: f64 = 50.0;

/// A wavy guide along x or y.
fn wave(number: i32, n: i32, along_x: bool) -> Vec<Point> {
    let length = PITCH * f64::from(n + 1);
    let at = |s: f64, side: f64| {
        let offset = PITCH * f64::from(number + 1) + 1000.0 * (s / 3000.0).sin() + side;
        let (x, y) = if along_x { (s, offset) } else { (offset, s) };
        Point::from_f64(x, y).expect("on the grid")
    };
    let steps = (length / STEP) as i32;
    let mut ring: Vec<Point> = (0..=steps).map(|k| at(f64::from(k) * STEP, -250.0)).collect();
    ring.extend((0..=steps).rev().map(|k| at(f64::from(k) * STEP, 250.0)));
    ring
}

#[expect(clippy::print_stdout, reason = "a benchmark prints")]
fn main() {
    let opts = NetworkOptions {
        width_min: 300.0,
        width_max: 3200.0,
        step_max: 6400.0,
        aspect: 2.0,
        trace: TraceOptions::default(),
    };
    let mut before: Option<(f64, f64)> = None;
    println!("  lines   vertices   guides   bodies     s    us/vertex   exponent");
    for n in [4, 9, 18, 36] {
        let waves: Vec<Vec<Point>> = (0..n).flat_map(|k| [wave(k, n, true), wave(k, n, false)]).collect();
        let merged = region::union(&waves);
        let vertices = merged.iter().map(Vec::len).sum::<usize>() as f64;
        let start = Instant::now();
        let found = decompose(&merged, &[], &opts).expect("a network");
        let seconds = start.elapsed().as_secs_f64();
        let exponent = before.map_or(f64::NAN, |(v, s)| (seconds / s).ln() / (vertices / v).ln());
        let (guides, bodies) = (found.guides.len(), found.bodies.len());
        println!(
            "{n:7} {vertices:10} {guides:8} {bodies:8} {seconds:7.2} {:10.2} {exponent:10.2}",
            seconds / vertices * 1e6
        );
        before = Some((vertices, seconds));
    }
}
