//! Time per drawn vertex of tracing typical guides on one thread; the aim is 60 ns.
//!
//! Prints the best of several rounds, because other load on the machine only ever adds.

#![expect(clippy::print_stdout, reason = "a bench reports on stdout")]

#[path = "../tests/drawing/mod.rs"]
mod drawing;

use std::hint::black_box;
use std::time::Instant;

use drawing::{Curve, Placing, bezier_bend, cosine_s, euler, spiral, straight};
use waveguard_extract::trace::{TraceOptions, trace_ribbon};

const ROUNDS: usize = 7;
const VERTICES_PER_ROUND: usize = 200_000;

fn main() {
    let place = Placing { angle: 0.3, shift: [0.0; 2], mirror: false, grid: 1.0 };
    let guides: [(&str, Curve); 5] = [
        ("straight", straight(20_000.0)),
        ("Bezier bend", bezier_bend(5_000.0, 0.2).with_leads(20_000.0, 30_000.0)),
        ("Euler bend", euler(5_000.0, std::f64::consts::FRAC_PI_2, 0.5).with_leads(2_000.0, 5_000.0)),
        ("cosine S", cosine_s(10_000.0, 2_000.0)),
        ("spiral", spiral(10_000.0, 3_000.0, 10.0)),
    ];
    let opts = TraceOptions::default();
    for (name, curve) in &guides {
        for tolerance in [0.05, 0.5, 3.0] {
            let ring = curve.outline([500.0; 2], [tolerance; 2], &place);
            let repeats = (VERTICES_PER_ROUND / ring.len()).max(1);
            let mut best = f64::INFINITY;
            for _ in 0..ROUNDS {
                let start = Instant::now();
                for _ in 0..repeats {
                    black_box(trace_ribbon(black_box(&ring), None, &opts)).ok();
                }
                best = best.min(start.elapsed().as_secs_f64() * 1e9 / (repeats * ring.len()) as f64);
            }
            println!("{name:12} chord tolerance {tolerance:4} nm {:6} vertices {best:7.1} ns/vertex", ring.len());
        }
    }
}
