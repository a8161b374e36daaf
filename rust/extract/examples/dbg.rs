//! dbg
use waveguard_extract::network::{NetworkOptions, decompose, jogs};
use waveguard_extract::trace::TraceOptions;
use waveguard_geom::{Point, region};
fn bar(x0: f64, x1: f64, y: f64, w: f64, a: f64) -> Vec<Point> {
    let (s, c) = a.sin_cos();
    [[x0, y - w / 2.0], [x1, y - w / 2.0], [x1, y + w / 2.0], [x0, y + w / 2.0]].iter().map(|p| Point::from_f64(p[0] * c - p[1] * s, p[0] * s + p[1] * c).unwrap()).collect()
}
fn main() {
    let r = region::union(&[bar(-9000.0, 0.0, 0.0, 500.0, 0.4), bar(0.0, 8000.0, 0.0, 720.0, 0.4)]);
    println!("{r:?} {:?}", jogs::find(&r[0], 6400.0));
    let o = NetworkOptions { width_min: 300.0, width_max: 3200.0, step_max: 6400.0, aspect: 2.0, trace: TraceOptions::default() };
    let n = decompose(&r, &o).unwrap();
    for g in &n.guides { println!("{:?} {} {:?}", g.trace.ends, g.trace.length, g.bodies); }
    for g in &n.bodies { println!("{:?}", g); }
}
