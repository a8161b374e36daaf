#![allow(missing_docs, clippy::all, clippy::pedantic, clippy::print_stderr)]
mod hostile_shapes;
mod sketch;
use hostile_shapes::*;
use sketch::*;
use std::time::Instant;
fn peak() -> String {
    std::fs::read_to_string("/proc/self/status").unwrap().lines().find(|l| l.starts_with("VmHWM")).unwrap().to_string()
}
fn probe(name: &str, d: Drawing) {
    let mut s = Sketch::default();
    let top = s.cell("top");
    for shape in &d {
        s.cells[top].polygons.push((CORE, shape.iter().map(|&[x, y]| [f64::from(x), f64::from(y)]).collect(), 0));
    }
    let t = Instant::now();
    let e = run(&s, top);
    eprintln!("{name}: {:.2} s {} guides {} {:?}", t.elapsed().as_secs_f64(), peak(), ids(&e, "waveguides", "device").len(), texts(&e, "unexplained", "reason"));
}
#[test]
fn probe_all() {
    let far = (1 << 30) - 1;
    let which = std::env::var("PROBE").unwrap();
    match which.as_str() {
        "tri" => probe("tri", vec![vec![[0, 0], [far, 0], [0, far]]]),
        "trismall" => probe("trismall", vec![vec![[0, 0], [5_000_000, 0], [0, 5_000_000]]]),
        "star" => probe("star", vec![needle_star(30, far)]),
        "star3000" => probe("star3000", vec![needle_star(3000, 400_000_000)]),
        "comb" => probe("comb", vec![comb(2000, 500, 20_000)]),
        "spiral" => probe("spiral", vec![keyhole_spiral(800)]),
        "walk" => probe("walk", vec![random_walk(4000, 7)]),
        "frames" => probe("frames", nested_frames(300)),
        "bar" => probe("bar", vec![vec![[-far, 0], [far, 0], [far, 500], [-far, 500]]]),
        "bars" => probe("bars", (0..8).map(|k| vec![[-far, k * 700], [far, k * 700], [far, 500 + k * 700], [-far, 500 + k * 700]]).collect()),
        "two" => probe("two", vec![vec![[-far, 0], [far, 0], [far, 500], [-far, 500]], vec![[0, -far], [500, -far], [500, far], [0, far]]]),
        "rand" => probe("rand", vec![vec![[0, 0], [far, 5], [-far, far], [far, -far], [-far, -5], [3, far], [77, -far], [far, 900]]]),
        _ => {}
    }
}
