//! What the tracer takes for a guide and what not, and that the answer does not depend on how it is drawn.

mod drawing;

use std::f64::consts::{FRAC_PI_2, PI};

use drawing::{Placing, arc, bezier_bend, euler, straight};
use proptest::prelude::*;
use waveguard_extract::trace::{
    CapHint, NotARibbon, Trace, TraceOptions, chain, spine_length, trace_pieces, trace_ribbon,
};
use waveguard_geom::{Point, Transform};

const FLAT: Placing = Placing { angle: 0.0, shift: [0.0; 2], mirror: false, grid: 1.0 };

fn ring(points: &[(i32, i32)]) -> Vec<Point> {
    points.iter().map(|&(x, y)| Point::new(x, y)).collect()
}

fn trace(r: &[Point]) -> Result<Trace, NotARibbon> {
    trace_ribbon(r, None, &TraceOptions::default())
}

fn hint(x: f64, y: f64, direction_rad: f64, width: f64) -> CapHint {
    CapHint { x, y, direction_rad, width }
}

fn guide() -> Vec<Point> {
    bezier_bend(6_000.0, 0.25).with_leads(3_000.0, 7_000.0).outline([500.0; 2], [1.0, 0.6], &FLAT)
}

#[test]
fn mitred_path_is_as_long_as_its_spine() {
    let spine = ring(&[(0, 0), (10_000, 0), (10_000, 8_000), (30_000, 8_000)]);
    let outline = ring(&[
        (0, -250),
        (10_250, -250),
        (10_250, 7_750),
        (30_000, 7_750),
        (30_000, 8_250),
        (9_750, 8_250),
        (9_750, 250),
        (0, 250),
    ]);
    let t = trace(&outline).expect("a guide");
    assert!((t.length - spine_length(&spine)).abs() < 0.5, "{}", t.length);
    assert!((t.drawn_length - 38_000.0).abs() < 1e-6);
    assert_eq!(t.bends.len(), 2);
    assert!((t.bends[0].turn_rad.abs() - FRAC_PI_2).abs() < 0.02);
    assert!(t.min_radius < 500.0 && t.min_radius > 0.0);
}

#[test]
fn a_taper_behind_a_bend_is_straight() {
    for radius in [3_000.0_f64, 5_000.0, 10_000.0, 30_000.0] {
        // A quarter of a circle that ends at the origin along +x, and a taper from there.
        let side = |radius: f64| -> Vec<Point> {
            let n = 40;
            let at = |k: u32| f64::from(k) / f64::from(n) * FRAC_PI_2;
            (0..=n).filter_map(|k| Point::from_f64(-radius * at(n - k).sin(), -radius * at(n - k).cos())).collect()
        };
        let down = |p: &Point| Point::new(p.x, p.y + radius as i32);
        let outer: Vec<Point> = side(radius + 250.0).iter().map(down).collect();
        let inner: Vec<Point> = side(radius - 250.0).iter().map(down).collect();
        let outline = [outer.as_slice(), &ring(&[(9_480, -1_751), (9_480, 1_751)])].concat();
        let outline: Vec<Point> = outline.into_iter().chain(inner.into_iter().rev()).collect();
        let t = trace(&outline).expect("a guide");
        let expected = radius * FRAC_PI_2 + 9_480.0;
        assert!((t.length - expected).abs() < 3.0, "{} instead of {expected}", t.length);
        assert_eq!(t.bends.len(), 1, "{radius}: {:?}", t.bends);
    }
}

#[test]
fn a_guide_with_a_cap_cut_askew_is_the_same_from_both_ends() {
    // A taper up to the cross-section at which a corner begins.
    let taper = ring(&[(0, -1751), (4833, -250), (4562, 335), (0, 1751)]);
    let hints = [hint(0.0, 0.0, PI, 3502.0), hint(4697.5, 42.5, 0.43, 645.0)];
    let traced = |hints| trace_ribbon(&taper, Some(hints), &TraceOptions::default()).expect("a guide");
    let (one, other) = (traced(hints), traced([hints[1], hints[0]]));
    assert!((one.length - other.length).abs() < 0.5, "{} and {}", one.length, other.length);
    assert_eq!(one.stations.len(), other.stations.len());
}

#[test]
fn hints_decide_the_direction_of_a_shape_wider_than_long() {
    let short = ring(&[(0, -400), (300, -400), (300, 400), (0, 400)]);
    let hints = [hint(0.0, 0.0, PI, 800.0), hint(300.0, 0.0, 0.0, 800.0)];
    let t = trace_ribbon(&short, Some(hints), &TraceOptions::default()).expect("a guide");
    assert!((t.length - 300.0).abs() < 1e-9 && (t.drawn_length - 300.0).abs() < 1e-9);
    let across = trace(&short).expect("longer the other way");
    assert!((across.length - 800.0).abs() < 1e-9);
    assert_eq!(trace(&ring(&[(0, 0), (500, 0), (500, 500), (0, 500)])), Err(NotARibbon::NoCaps));
}

#[test]
fn hints_give_the_order_of_the_ends_and_bear_a_port_that_is_off_by_two_dbu() {
    let r = guide();
    let t = trace(&r).expect("a guide");
    for order in [[0, 1], [1, 0]] {
        let hints = order.map(|k: usize| {
            let e = &t.ends[k];
            hint(e.x + 2.0, e.y - 1.0, e.direction_rad + 0.01, 500.0)
        });
        let h = trace_ribbon(&r, Some(hints), &TraceOptions::default()).expect("a guide");
        assert!((h.ends[0].x - t.ends[order[0]].x).abs() < 1e-6);
        assert!((h.length - t.length).abs() < 0.2);
        assert!((h.drawn_length - t.drawn_length).abs() < 0.1);
    }
}

#[test]
fn hints_without_a_cap_say_which_one() {
    let hints = [hint(-3_000.0, 0.0, PI, 500.0), hint(5_000.0, 99_999.0, FRAC_PI_2, 500.0)];
    let opts = TraceOptions::default();
    assert_eq!(trace_ribbon(&guide(), Some(hints), &opts), Err(NotARibbon::CapsNotAtHints { index: 1 }));
}

#[test]
fn steps_of_width_and_of_the_grid_do_not_stop_a_trace() {
    let step = ring(&[
        (0, -250),
        (9_000, -250),
        (9_000, -450),
        (20_000, -450),
        (20_000, 450),
        (9_000, 450),
        (9_000, 250),
        (0, 250),
    ]);
    let t = trace(&step).expect("a guide");
    assert!((t.length - 20_000.0).abs() < 1e-6 && t.drawn_length.is_nan());
    assert!((t.width_min - 500.0).abs() < 1.0 && (t.width_max - 900.0).abs() < 1.0);
    assert!(t.bends.is_empty() && t.min_radius.is_infinite());
    let jog = ring(&[(0, -250), (9_000, -250), (9_000, -251), (20_000, -251), (20_000, 250), (0, 250), (-1, 100)]);
    let t = trace(&jog).expect("a guide");
    assert!((t.length - 20_000.0).abs() < 1.0 && t.bends.is_empty());
    // Nothing but corners between the two steps: the width there is seen on the edges alone.
    for width in [400, 800] {
        let h = width / 2;
        let lower = [(0, -250), (9_000, -250), (9_000, -h), (12_000, -h), (12_000, -250), (60_000, -250)];
        let upper = [(60_000, 250), (12_000, 250), (12_000, h), (9_000, h), (9_000, 250), (0, 250)];
        let hints = [hint(0.0, 0.0, PI, 500.0), hint(60_000.0, 0.0, 0.0, 500.0)];
        let notched = ring(&[lower, upper].concat());
        let t = trace_ribbon(&notched, Some(hints), &TraceOptions::default()).expect("a guide");
        assert!((t.width_min - f64::from(width.min(500))).abs() < 1.0);
        assert!((t.width_max - f64::from(width.max(500))).abs() < 1.0);
        let steep = t.tapers.iter().filter(|t| (t.end_width - t.begin_width).abs() > t.length).count();
        assert!(steep == 2 && t.bends.is_empty(), "{:?}", t.tapers);
    }
    let split_cap = ring(&[(0, -250), (20_000, -250), (20_000, 0), (20_001, 0), (20_001, 250), (0, 250)]);
    assert!((trace(&split_cap).expect("a guide").length - 20_000.0).abs() < 1.1);
}

#[test]
fn shapes_with_more_or_fewer_than_two_ends_are_refused() {
    let cross = ring(&[
        (-250, -5_000),
        (250, -5_000),
        (250, -250),
        (5_000, -250),
        (5_000, 250),
        (250, 250),
        (250, 5_000),
        (-250, 5_000),
        (-250, 250),
        (-5_000, 250),
        (-5_000, -250),
        (-250, -250),
    ]);
    let splitter = ring(&[
        (0, -250),
        (2_000, -250),
        (2_000, -1_500),
        (12_000, -1_500),
        (12_000, -1_100),
        (16_000, -1_100),
        (16_000, -600),
        (12_000, -600),
        (12_000, 600),
        (16_000, 600),
        (16_000, 1_100),
        (12_000, 1_100),
        (12_000, 1_500),
        (2_000, 1_500),
        (2_000, 250),
        (0, 250),
    ]);
    let branch = ring(&[
        (0, -250),
        (5_000, -250),
        (15_000, -2_250),
        (15_000, -1_750),
        (6_250, 0),
        (15_000, 1_750),
        (15_000, 2_250),
        (5_000, 250),
        (0, 250),
    ]);
    let mut star = Vec::new();
    for k in 0..10 {
        let (r, a) = (if k % 2 == 0 { 5_000.0 } else { 1_500.0 }, f64::from(k) * PI / 5.0);
        star.push(Point::new((r * f64::cos(a)) as i32, (r * f64::sin(a)) as i32));
    }
    for shape in [cross, splitter, branch, star] {
        assert!(trace(&shape).is_err(), "{:?}", trace(&shape));
    }
    assert_eq!(trace(&[]), Err(NotARibbon::TooFewVertices));
    assert_eq!(trace(&ring(&[(0, 0), (9, 9), (18, 18)])), Err(NotARibbon::TooFewVertices));
}

#[test]
fn a_ring_cut_open_has_no_ends() {
    let circle = |r: f64, k: i32| {
        let a = f64::from(k) * PI / 90.0;
        Point::new((r * a.cos()).round() as i32, (r * a.sin()).round() as i32)
    };
    let mut keyhole: Vec<Point> = (0..=180).map(|k| circle(10_250.0, k)).collect();
    keyhole.extend((0..=180).rev().map(|k| circle(9_750.0, k)));
    assert_eq!(trace(&keyhole), Err(NotARibbon::Closed));
}

#[test]
fn pieces_join_to_the_guide_they_were_cut_from() {
    let whole = euler(8_000.0, FRAC_PI_2, 0.5).with_leads(4_000.0, 9_000.0);
    let n = whole.x.len();
    let whole_trace = trace(&whole.outline([500.0; 2], [1.0; 2], &FLAT)).expect("a guide");
    let mut pieces = Vec::new();
    for (a, b) in [(0, n / 3), (n / 3, n / 2), (n / 2, n - 1)] {
        let mut part = whole.clone();
        for v in [&mut part.x, &mut part.y, &mut part.theta, &mut part.kappa, &mut part.s] {
            *v = v[a..=b].to_vec();
        }
        let s0 = part.s[0];
        part.s.iter_mut().for_each(|s| *s -= s0);
        part.stops = [0]
            .into_iter()
            .chain(whole.stops.iter().filter(|&&i| i > a && i < b).map(|i| i - a))
            .chain([b - a])
            .collect();
        pieces.push(part.outline([500.0; 2], [1.0; 2], &FLAT));
    }
    pieces.swap(0, 2);
    let traces: Vec<Trace> = pieces.iter().map(|p| trace(p).expect("a piece")).collect();
    let area: f64 = traces.iter().map(|t| t.area).sum();
    let joined = chain(traces, 2.0, None, &TraceOptions::default()).expect("a chain");
    assert!((joined.length - whole_trace.length).abs() < 1.5, "{} {}", joined.length, whole_trace.length);
    assert!((joined.area - area).abs() < 1e-6 && joined.n_shapes == 3);
    assert!((joined.drawn_length - whole_trace.drawn_length).abs() < 5.0);
    assert_eq!(joined.bends.len(), 1);
    assert!((joined.bends[0].turn_rad.abs() - FRAC_PI_2).abs() < 0.03);
    assert!((joined.min_radius / 8_000.0 - 1.0).abs() < 0.05, "{}", joined.min_radius);
    let loose = chain(vec![joined.clone(), whole_trace], 2.0, None, &TraceOptions::default());
    assert!(matches!(loose, Err(NotARibbon::NotAChain { .. } | NotARibbon::Closed)), "{loose:?}");
    assert_eq!(chain(Vec::new(), 2.0, None, &TraceOptions::default()), Err(NotARibbon::Empty));
}

#[test]
fn short_pieces_and_pieces_cut_lengthwise_are_put_together() {
    let opts = TraceOptions::default();
    let a = ring(&[(0, -400), (20_000, -400), (20_000, 400), (0, 400)]);
    let short = ring(&[(20_000, -400), (20_150, -400), (20_150, 400), (20_000, 400)]);
    let b = ring(&[(20_150, -400), (50_000, -400), (50_000, 400), (20_150, 400)]);
    let t = trace_pieces(&[&a, &short, &b], 2.0, None, &opts).expect("a chain");
    assert!((t.length - 50_000.0).abs() < 1e-6 && t.n_shapes == 3, "{}", t.length);
    let lower = ring(&[(0, -400), (20_000, -400), (20_000, 0), (0, 0)]);
    let upper = ring(&[(0, 0), (20_000, 0), (20_000, 400), (0, 400)]);
    let t = trace_pieces(&[&lower, &upper], 2.0, None, &opts).expect("one guide");
    assert!((t.length - 20_000.0).abs() < 1e-6 && (t.width_max - 800.0).abs() < 1e-9);
}

#[test]
fn views_agree_with_the_trace() {
    let t = trace(&guide()).expect("a guide");
    assert_eq!(t.reversed().reversed().ends, t.ends);
    assert!((t.reversed().turn + t.turn).abs() < 1e-12);
    let placed = t.transformed(&Transform::new(1e4, -2e4, FRAC_PI_2, 1.0, true));
    assert!((placed.turn + t.turn).abs() < 1e-12 && (placed.length - t.length).abs() < 1e-9);
    let [x, y] = Transform::new(1e4, -2e4, FRAC_PI_2, 1.0, true).apply(t.ends[1].x, t.ends[1].y);
    assert!((placed.ends[1].x - x).abs() + (placed.ends[1].y - y).abs() < 1e-9);
    let thin = t.thinned(1.0);
    assert!(thin.len() < t.stations.len() && thin.len() >= 4);
    assert_eq!((thin[0], thin[thin.len() - 1]), (t.stations[0], t.stations[t.stations.len() - 1]));
}

#[test]
fn finely_stepped_sides_do_not_lengthen_a_guide_or_bend_it() {
    // A raster of 1 dbu steps along a slope.
    let (mut low, mut high) = (Vec::new(), Vec::new());
    for x in 0..6_000 {
        low.push(Point::new(x, x / 7));
        high.push(Point::new(x, x / 7 + 505));
    }
    low.extend(high.into_iter().rev());
    let t = trace(&low).expect("a guide");
    let slant = 6_000.0 * (1.0_f64 + 1.0 / 49.0).sqrt();
    assert!((t.length / slant - 1.0).abs() < 2e-3, "{} {slant}", t.length);
    assert!(t.bends.is_empty(), "{:?}", t.bends);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn start_vertex_orientation_and_doubled_vertices_do_not_matter(start in 0_usize..200, reverse: bool, double: bool) {
        let base = guide();
        let t = trace(&base).expect("a guide");
        let mut r = base.clone();
        let n = r.len();
        r.rotate_left(start % n);
        if reverse { r.reverse(); }
        if double { r = r.iter().flat_map(|&p| [p, p]).collect(); }
        let u = trace(&r).expect("a guide");
        let u = if (u.ends[0].x - t.ends[0].x).abs() > 1.0 { u.reversed() } else { u };
        prop_assert!((u.length - t.length).abs() < 0.05);
        prop_assert!((u.min_radius / t.min_radius - 1.0).abs() < 0.03);
        prop_assert!((u.turn - t.turn).abs() < 1e-6);
    }

    #[test]
    fn quarter_turns_and_mirrors_only_move_a_trace(quarter in 0..4, mirror: bool) {
        let base = guide();
        let t = trace(&base).expect("a guide");
        let place = Transform::new(1234.0, -777.0, f64::from(quarter) * FRAC_PI_2, 1.0, mirror);
        let moved: Vec<Point> = base.iter().map(|&p| place.apply_point(p).expect("in range")).collect();
        let u = trace(&moved).expect("a guide");
        prop_assert!((u.length - t.length).abs() < 0.05);
        prop_assert!((u.min_radius / t.min_radius - 1.0).abs() < 0.03);
        prop_assert!((u.drawn_length - t.drawn_length).abs() < 0.5);
    }

    #[test]
    fn random_rings_never_panic(points in proptest::collection::vec((-50_i32..50, -50_i32..50), 0..40), scale in 1_i32..10_000_000) {
        let r: Vec<Point> = points.iter().map(|&(x, y)| Point::new(x * scale, y * scale)).collect();
        if let Ok(t) = trace(&r) {
            prop_assert!(t.length.is_finite() && t.length > 0.0 && !t.min_radius.is_nan() && t.min_radius > 0.0);
        }
        let hints = [hint(0.0, 0.0, 0.0, 10.0), hint(f64::from(scale), 0.0, PI, 0.0)];
        let _ = trace_ribbon(&r, Some(hints), &TraceOptions::default());
        let _ = trace_pieces(&[&r, &r], 2.0, Some(hints), &TraceOptions::default());
    }

    #[test]
    fn damaged_guides_never_panic(drop in 0_usize..60, dx in -600_i32..600, dy in -600_i32..600) {
        let mut r = arc(5_000.0, 2.0).outline([500.0; 2], [1.0; 2], &FLAT);
        let n = r.len();
        r[drop % n].x += dx;
        r[drop % n].y += dy;
        if let Ok(t) = trace(&r) {
            prop_assert!(t.length.is_finite() && t.length < 30_000.0);
        }
        prop_assert!(trace(&straight(9_000.0).outline([500.0; 2], [1.0; 2], &FLAT)).is_ok());
    }
}

#[test]
fn a_fan_wider_than_any_guide_is_none_from_whichever_end_it_is_followed() {
    let fan = [(0, 0), (12_700, 40_000), (13_200, 40_000), (25_900, 0)];
    let opts = TraceOptions { width_max: 4000.0, ..TraceOptions::default() };
    for start in 0..fan.len() {
        let ring: Vec<Point> =
            (0..fan.len()).map(|k| fan[(start + k) % fan.len()]).map(|(x, y)| Point { x, y }).collect();
        let found = trace_ribbon(&ring, None, &opts);
        assert!(matches!(found, Err(NotARibbon::WidthOutOfRange { .. })), "{start}: {found:?}");
    }
}
