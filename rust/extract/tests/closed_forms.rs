//! The tracer against curves whose length and smallest radius are known in closed form, drawn as layout
//! tools draw them: at any angle, with chords, on a grid. Lengths in nm, one dbu is one nm.

mod drawing;

use std::f64::consts::{FRAC_PI_2, PI, TAU};

use drawing::{Curve, Placing, arc, bezier_bend, bezier_s, cosine_s, euler, spiral, straight};
use proptest::prelude::*;
use waveguard_extract::trace::{Trace, TraceOptions, trace_ribbon};

/// Length over minimum radius and half-way place over minimum radius of 90° partial Euler bends.
const EULER_90: [(f64, f64, f64); 4] = [
    (0.25, 1.963_495_408_494, 1.202_514_164_817),
    (0.5, 2.356_194_490_192, 1.416_250_069_425),
    (0.75, 2.748_893_571_891, 1.639_419_343_858),
    (1.0, PI, 1.870_095_846_646),
];
/// Length and minimum radius over radius of 90° Bezier bends.
const BEZIER_90: [(f64, f64, f64); 4] = [
    (0.2, 1.690_174_480_113, 0.477_297_077),
    (0.25, 1.664_326_741_033, 0.552_427_173),
    (0.4, 1.592_185_390_223, 0.866_205_807),
    (0.45, 1.570_025_637_375, 0.988_407_001),
];
/// Length and minimum radius in µm of S-bends of 10 x 2 and 20 x 4 µm.
const BEZIER_S: [(f64, f64, f64, f64); 2] =
    [(10.0, 2.0, 10.277_531_021_234, 9.955_805_147_849), (20.0, 4.0, 20.555_062_042_468, 19.911_610_295_698)];
const COSINE_S: [(f64, f64, f64, f64); 2] =
    [(10.0, 2.0, 10.242_352_285_642, 10.132_118_364_234), (20.0, 4.0, 20.484_704_571_284, 20.264_236_728_468)];
/// Length in µm of Archimedean spirals: inner radius, pitch, turns.
const SPIRAL: [(f64, f64, f64, f64); 2] = [(10.0, 3.0, 10.0, 1_571.127_216_455), (5.0, 2.0, 20.0, 3_141.942_273_190)];

/// Part of a length that may be missed beside the rounding of the two ends.
const LENGTH_PART: f64 = 1.0e-4;
/// Rounding of the two ends to the grid, in grid steps: half the diagonal of a step at both ends.
const END_STEPS: f64 = 1.45;

fn placing() -> impl Strategy<Value = Placing> {
    (0.0..TAU, -1.0e6..1.0e6, -1.0e6..1.0e6, any::<bool>(), prop_oneof![Just(1.0), Just(5.0)])
        .prop_map(|(angle, x, y, mirror, grid)| Placing { angle, shift: [x, y], mirror, grid })
}

fn traced(curve: &Curve, widths: [f64; 2], tolerances: [f64; 2], place: &Placing) -> Trace {
    let ring = curve.outline(widths, tolerances, place);
    let free = trace_ribbon(&ring, None, &TraceOptions::default()).expect("a ribbon");
    assert_eq!(free.n_shapes, 1);
    free
}

fn check_length(trace: &Trace, length: f64, place: &Placing) {
    let off = (trace.length - length).abs();
    assert!(off <= (LENGTH_PART * length).max(2.0).max(END_STEPS * place.grid), "length {} for {length}", trace.length);
    assert!(off <= trace.length_error, "length {} ± {} for {length}", trace.length, trace.length_error);
}

fn check_radius(trace: &Trace, radius: f64, part: f64) {
    let off = (trace.min_radius / radius - 1.0).abs();
    assert!(off <= part, "minimum radius {} for {radius}", trace.min_radius);
}

#[test]
fn drawn_curves_have_the_lengths_of_the_reference_table() {
    for (p, length, _) in EULER_90 {
        let c = euler(10_000.0, FRAC_PI_2, p);
        assert!((c.length() / 10_000.0 - length).abs() < 1e-6);
    }
    for (b, length, radius) in BEZIER_90 {
        let c = bezier_bend(10_000.0, b);
        assert!((c.length() / 10_000.0 - length).abs() < 1e-6, "{}", c.length());
        assert!((c.min_radius() / 10_000.0 - radius).abs() < 1e-4, "{}", c.min_radius());
    }
    for (a, pitch, turns, length) in SPIRAL {
        assert!((spiral(a * 1e3, pitch * 1e3, turns).length() / 1e3 - length).abs() < 1e-3);
    }
}

#[test]
fn reach_of_euler_bends_is_that_of_the_reference_table() {
    let place = Placing { angle: 0.0, shift: [0.0; 2], mirror: false, grid: 1.0 };
    for (p, _, reach) in EULER_90 {
        let t = traced(&euler(10_000.0, FRAC_PI_2, p), [500.0; 2], [1.0; 2], &place);
        let (a, b) = (&t.ends[0], &t.ends[1]);
        assert!(((b.x - a.x).abs() - reach * 10_000.0).abs() < 1.5, "{} {}", b.x - a.x, b.y - a.y);
        assert!(((b.y - a.y).abs() - reach * 10_000.0).abs() < 1.5);
    }
}

#[test]
fn s_bends_have_tabled_length_and_radius_and_two_bends() {
    let place = Placing { angle: 0.4, shift: [1e5, -2e5], mirror: true, grid: 1.0 };
    for (table, draw) in [(BEZIER_S, bezier_s as fn(f64, f64) -> Curve), (COSINE_S, cosine_s)] {
        for (l, h, length, radius) in table {
            let t = traced(&draw(l * 1e3, h * 1e3), [500.0; 2], [1.0; 2], &place);
            check_length(&t, length * 1e3, &place);
            check_radius(&t, radius * 1e3, 0.05);
            assert_eq!(t.bends.len(), 2);
            assert!(t.turn.abs() < 0.01);
            assert!(t.bends[0].turn_rad * t.bends[1].turn_rad < 0.0);
        }
    }
}

#[test]
fn two_arc_s_bends_show_both_arcs_with_their_curvature_at_both_sides() {
    let place = Placing { angle: 0.0, shift: [0.0; 2], mirror: false, grid: 1.0 };
    // 10 x 2 µm: R = 13 µm, length 10.264569112194 µm.
    let theta = 2.0 * (2.0_f64 / 10.0).atan();
    let (k, l) = (1.0 / 13_000.0, 13_000.0 * theta);
    let t = traced(&Curve::from_pieces(&[(l, k, k), (l, -k, -k)]), [500.0; 2], [1.0; 2], &place);
    check_length(&t, 10_264.569_112_194, &place);
    check_radius(&t, 13_000.0, 0.02);
    assert_eq!(t.bends.len(), 2);
    for b in &t.bends {
        assert!((b.turn_rad.abs() - theta).abs() < 0.03 * theta, "{}", b.turn_rad);
        assert!((b.begin_curvature.abs() / k - 1.0).abs() < 0.25, "{:?}", t.bends);
        assert!((b.end_curvature.abs() / k - 1.0).abs() < 0.25, "{:?}", t.bends);
    }
}

#[test]
fn arcs_and_clothoids_differ_in_the_curvature_they_begin_with() {
    let place = Placing { angle: 0.3, shift: [0.0; 2], mirror: false, grid: 1.0 };
    let with_leads = |c: Curve| traced(&c.with_leads(10_000.0, 10_000.0), [500.0; 2], [1.0; 2], &place);
    let a = with_leads(arc(10_000.0, 1.5));
    let e = with_leads(euler(10_000.0, 1.5, 1.0));
    assert!(a.bends[0].begin_curvature.abs() > 0.8e-4, "{}", a.bends[0].begin_curvature);
    assert!(e.bends[0].begin_curvature.abs() < 0.25e-4, "{}", e.bends[0].begin_curvature);
    assert!((a.bends[0].start - 10_000.0).abs() < 300.0, "{}", a.bends[0].start);
    assert!((a.bends[0].length - 15_000.0).abs() < 600.0, "{}", a.bends[0].length);
}

#[test]
fn spirals_keep_their_length_and_turn() {
    for grid in [1.0, 5.0] {
        let place = Placing { angle: 1.1, shift: [0.0; 2], mirror: false, grid };
        for (a, pitch, turns, length) in SPIRAL {
            let t = traced(&spiral(a * 1e3, pitch * 1e3, turns), [500.0; 2], [1.0; 2], &place);
            check_length(&t, length * 1e3, &place);
            assert_eq!(t.bends.len(), 1);
            let turned = t.bends[0].turn_rad.abs() / TAU;
            assert!((turned / turns - 1.0).abs() < 0.01, "{turned} turns");
        }
    }
}

#[test]
fn reported_errors_hold_for_nearly_all_arcs_and_peaks() {
    let (mut missed, mut count) = (0, 0);
    for k in 0..300 {
        let f = |p: f64| (f64::from(k) * p).fract();
        let place = Placing { angle: 6.2 * f(0.618), shift: [1e5 * f(0.41), 1e5 * f(0.73)], mirror: false, grid: 1.0 };
        let radius = 2_000.0 * 25.0_f64.powf(f(0.377));
        let bend = match k % 3 {
            0 => arc(radius, 0.7 + 2.0 * f(0.29)).with_leads(3_000.0, 1_000.0),
            1 => euler(radius, 1.57, 0.5).with_leads(3_000.0, 1_000.0),
            _ => bezier_bend(2.0 * radius, 0.2).with_leads(3_000.0, 1_000.0),
        };
        let tolerance = 0.5 + 2.5 * f(0.83);
        let t = traced(&bend, [500.0; 2], [tolerance; 2], &place);
        count += 1;
        missed += u32::from((t.min_radius - bend.min_radius()).abs() > t.min_radius_error);
        assert!((t.min_radius / bend.min_radius() - 1.0).abs() < 0.12, "{k}: {} {}", t.min_radius, bend.min_radius());
        assert!((t.length - bend.length()).abs() <= t.length_error);
    }
    assert!(missed * 100 <= count, "{missed} of {count}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn straight_guides_are_exact_at_any_angle(length in 3_000.0..200_000.0_f64, width in 300.0..2_900.0_f64, place in placing()) {
        prop_assume!(length > 1.1 * width);
        let t = traced(&straight(length), [width; 2], [1.0; 2], &place);
        check_length(&t, length, &place);
        prop_assert!(t.min_radius.is_infinite() && t.bends.is_empty());
        prop_assert!((t.width_max - width).abs() < 1.5 * place.grid);
    }

    #[test]
    fn tapers_are_as_long_as_drawn(length in 10_000.0..200_000.0_f64, a in 300.0..3_000.0_f64, b in 300.0..3_000.0_f64, place in placing()) {
        let t = traced(&straight(length), [a, b], [1.0; 2], &place);
        check_length(&t, length, &place);
        prop_assert!(t.bends.is_empty());
        prop_assert!((t.area / (length * (a + b) / 2.0) - 1.0).abs() < 0.01);
    }

    #[test]
    fn arcs_with_unequal_vertex_counts(radius in 2_000.0..50_000.0_f64, angle in 0.6..3.0_f64, width in 300.0..1_000.0_f64,
                                       outer in 0.5..1.0_f64, inner in 0.3..1.0_f64, place in placing()) {
        let curve = arc(radius, angle).with_leads(2_000.0, 4_000.0);
        let t = traced(&curve, [width; 2], [outer, inner], &place);
        check_length(&t, curve.length(), &place);
        prop_assert_eq!(t.bends.len(), 1);
        check_radius(&t, radius, if place.grid > 1.0 { 0.3 } else { 0.06 });
        prop_assert!((t.turn.abs() - angle).abs() < 0.02);
        prop_assert!((t.abs_turn - angle).abs() < 0.05);
    }

    #[test]
    fn bends_of_all_kinds_have_their_length(kind in 0..4, radius in 3_000.0..30_000.0_f64, tolerance in 0.5..10.0_f64, place in placing()) {
        let curve = match kind {
            0 => euler(radius, FRAC_PI_2, 1.0),
            1 => euler(radius, PI, 0.5),
            2 => bezier_bend(radius.max(5_000.0), 0.2),
            _ => bezier_bend(radius.max(5_000.0), 0.45),
        };
        let t = traced(&curve, [500.0; 2], [tolerance; 2], &place);
        check_length(&t, curve.length(), &place);
        prop_assert!(t.min_radius.is_finite() && t.min_radius > 0.0);
        prop_assert!(t.is_uniform());
    }
}
