use super::super::{Flaw, Sides, TraceOptions, trace_ribbon};
use super::{LEAD_STEPS, Run, Turns, Vertex, runs};
use waveguard_geom::Point;

const LENGTH: i32 = 40_000;

/// The flaws of a straight guide of width 500 with these vertices on its upper side, from right to left.
fn flaws(upper: &[(i32, i32)]) -> Vec<Flaw> {
    let mut points = vec![Point::new(0, 0), Point::new(LENGTH, 0), Point::new(LENGTH, 500)];
    points.extend(upper.iter().map(|&(x, y)| Point::new(x, y)));
    let first = upper.last().map_or(500, |p| p.1);
    points.push(Point::new(0, first));
    trace_ribbon(&points, None, &TraceOptions::default()).map(|t| t.flaws).unwrap_or_default()
}

#[test]
fn a_straight_guide_has_none() {
    assert!(flaws(&[]).is_empty());
}

#[test]
fn a_triangle_on_a_side_is_found_with_its_height_and_length() {
    let found = flaws(&[(20_500, 500), (20_000, 550), (19_500, 500)]);
    let [one] = &found[..] else { panic!("{found:?}") };
    assert!((one.out - 50.0).abs() < 1e-9 && (one.length - 1000.0).abs() < 50.0 && one.sides == Sides::One, "{one:?}");
    assert!(one.widened.abs() < 1e-9 && one.aside < 1e-9 && one.radius < 5000.0);
    assert!((one.x - 20_000.0).abs() < 1.0);
}

#[test]
fn a_notch_is_found_as_one_that_goes_inwards() {
    let found = flaws(&[(20_050, 500), (20_000, 470), (19_950, 500)]);
    assert!(found.len() == 1 && (found[0].out + 30.0).abs() < 1e-9, "{found:?}");
}

#[test]
fn a_step_of_two_grid_steps_is_found_and_one_is_rounding() {
    let found = flaws(&[(20_000, 500), (20_000, 502)]);
    assert!(found.len() == 1 && (found[0].widened - 2.0).abs() < 1e-9, "{found:?}");
    assert!((found[0].aside - 1.0).abs() < 1e-9);
    assert!(flaws(&[(20_000, 500), (20_000, 501)]).is_empty());
}

#[test]
fn the_two_ends_of_a_short_taper_are_no_turn() {
    let ring = [(0, 0), (8000, 0), (9000, -125), (11_000, -125), (11_000, 875), (9000, 875), (8000, 750), (0, 750)];
    for degrees in [0.0_f64, 33.0] {
        let (sin, cos) = degrees.to_radians().sin_cos();
        let turned = |&(x, y): &(i32, i32)| {
            let (x, y) = (f64::from(x), f64::from(y));
            Point::new((x * cos - y * sin).round() as i32, (x * sin + y * cos).round() as i32)
        };
        let found = trace_ribbon(&ring.iter().map(turned).collect::<Vec<_>>(), None, &TraceOptions::default());
        let flaws = found.expect("a guide").flaws;
        assert!(flaws.iter().all(|f| f.turn == 0.0), "{flaws:?}");
    }
}

#[test]
fn stairs_of_the_grid_that_were_turned_are_no_steps() {
    // A taper from 500 to 3,000 in 1,250 stairs of one grid step on each side.
    let side = |k: i32| (16 * k, 250 + k);
    let upper = (0..=1250).flat_map(|k| [side(k), (16 * k + 15, side(k).1)]);
    let upper: Vec<(i32, i32)> = upper.collect();
    let ring: Vec<(i32, i32)> = upper.iter().copied().chain(upper.iter().rev().map(|&(x, y)| (x, -y))).collect();
    let options = TraceOptions { width_max: 4000.0, ..TraceOptions::default() };
    for degrees in [0.0_f64, 20.0, 33.0, 45.0, 77.0] {
        let (sin, cos) = degrees.to_radians().sin_cos();
        let turned = |&(x, y): &(i32, i32)| {
            let (x, y) = (f64::from(x), f64::from(y));
            Point::new((x * cos - y * sin).round() as i32, (x * sin + y * cos).round() as i32)
        };
        let found = trace_ribbon(&ring.iter().map(turned).collect::<Vec<_>>(), None, &options).expect("a taper").flaws;
        let steps = found.iter().filter(|f| f.widened.abs() > f.length).count();
        assert_eq!(steps, 0, "turned by {degrees}: {found:?}");
    }
}

#[test]
fn a_jog_of_both_sides_is_one_flaw_aside() {
    let ring = [(0, 0), (20_000, 0), (20_000, 3), (40_000, 3), (40_000, 503), (20_000, 503), (20_000, 500), (0, 500)];
    let ring: Vec<Point> = ring.iter().map(|&(x, y)| Point::new(x, y)).collect();
    let found = trace_ribbon(&ring, None, &TraceOptions::default()).map(|t| t.flaws).unwrap_or_default();
    assert!(found.len() == 1 && (found[0].aside - 3.0).abs() < 1e-9 && found[0].widened.abs() < 1e-9, "{found:?}");
}

#[test]
fn a_taper_does_the_same_on_both_sides() {
    let ring =
        [(0, 0), (20_000, 0), (22_000, -50), (40_000, -50), (40_000, 550), (22_000, 550), (20_000, 500), (0, 500)];
    let ring: Vec<Point> = ring.iter().map(|&(x, y)| Point::new(x, y)).collect();
    let found = trace_ribbon(&ring, None, &TraceOptions::default()).map(|t| t.flaws).unwrap_or_default();
    assert!(found.iter().all(|f| f.sides == Sides::Alike && f.aside < 1e-9), "{found:?}");
}

#[test]
fn a_small_step_before_a_taper_is_found() {
    let ring = [(0, 0), (20_000, 0), (40_000, -150), (40_000, 653), (20_000, 503), (20_000, 500), (0, 500)];
    let ring: Vec<Point> = ring.iter().map(|&(x, y)| Point::new(x, y)).collect();
    let found = trace_ribbon(&ring, None, &TraceOptions::default()).map(|t| t.flaws).unwrap_or_default();
    // Which way along the guide it is seen is a matter of the tracer.
    assert!(found.len() == 1 && (found[0].widened.abs() - 3.0).abs() < 0.1 && found[0].radius < 10.0, "{found:?}");
}

#[test]
fn no_stretch_that_is_passed_over_in_a_bend_goes_the_way_of_the_one_before_it() {
    let reach = 2.0 * std::f64::consts::PI;
    let mut passed = 0;
    // Spirals that turn once or more, waves, and corners, with chords from short to long.
    for (k, chords) in [12, 40, 90, 200, 500].into_iter().flat_map(|n| (0..4).map(move |k| (k, n))) {
        let heading = |u: f64| match k {
            0 => 1.4 * reach * u,
            1 => 1.5 * (2.0 * reach * u).sin(),
            2 => (4.0 * u).floor() * 1.4,
            _ => 0.02 * (reach * u).cos() + 3.0 * u * u,
        };
        let (mut at, mut s) = ([0.0_f64; 2], 0.0);
        let mut side = Vec::new();
        for i in 0..chords {
            side.push(Vertex { at: at.map(f64::round), tangent: [1.0, 0.0], s, is_corner: false });
            let (sin, cos) = heading(f64::from(i) / f64::from(chords)).sin_cos();
            let step = 40_000.0 / f64::from(chords);
            (at, s) = ([at[0] + step * cos, at[1] + step * sin], s + step);
        }
        for grid in [1.0, 5.0] {
            let runs = runs(&side, grid);
            let is_lead = |r: &Run| r.length >= LEAD_STEPS * grid;
            let turns = Turns::new(&runs, is_lead);
            for (k, before) in runs.iter().enumerate().filter(|(_, r)| is_lead(r)) {
                for j in k + 1..runs.len() {
                    let Some(next) = turns.next_as(k, j) else { continue };
                    passed += next - j;
                    assert!(!runs[j..next].iter().any(|r| is_lead(r) && before.runs_on_as(r, grid)), "{k} {j}");
                }
            }
        }
    }
    assert!(passed > 10_000, "{passed}");
}

#[test]
fn a_gentle_s_bend_is_not_sharp() {
    let radius = 5_000.0_f64;
    let side = |offset: f64| -> Vec<Point> {
        let mut points = vec![[0.0, offset]];
        let arc = |from: [f64; 2], hand: f64, k: i32, n: i32| {
            let angle = 0.1 * f64::from(k) / f64::from(n);
            let angle = if hand > 0.0 { angle } else { 0.1 - angle };
            let r = radius - hand * offset;
            [from[0] + hand * r * angle.sin(), from[1] - hand * r * angle.cos()]
        };
        points.extend((0..=10).map(|k| arc([20_000.0, radius], 1.0, k, 10)));
        let top = [20_000.0 + 2.0 * radius * 0.1_f64.sin(), radius - 2.0 * radius * 0.1_f64.cos()];
        points.extend((0..=10).map(|k| arc(top, -1.0, k, 10)));
        let last = points[points.len() - 1];
        points.push([last[0] + 20_000.0, last[1]]);
        points.iter().filter_map(|p| Point::from_f64(p[0], p[1])).collect()
    };
    let mut ring = side(-250.0);
    ring.extend(side(250.0).into_iter().rev());
    let found = trace_ribbon(&ring, None, &TraceOptions::default()).map(|t| t.flaws).unwrap_or_default();
    assert!(found.iter().all(|f| f.radius > 2_500.0), "{found:?}");
}

/// A bend of a quarter with these places on its inner side in the middle, from the later one to the earlier, as angles
/// and radii; corners 2 degrees apart.
fn bend(inside: &[(f64, f64)]) -> Vec<Flaw> {
    let at = |angle: f64, radius: f64| Point::from_f64(radius * angle.cos(), radius * angle.sin());
    let step = std::f64::consts::PI / 90.0;
    let mut points: Vec<Option<Point>> = (0..=45).map(|k| at(f64::from(k) * step, 10_250.0)).collect();
    points.extend((23..=45).rev().map(|k| at(f64::from(k) * step, 9_750.0)));
    points.extend(inside.iter().map(|&(angle, radius)| at(angle, radius)));
    points.extend((0..=22).rev().map(|k| at(f64::from(k) * step, 9_750.0)));
    let points: Vec<Point> = points.into_iter().flatten().collect();
    trace_ribbon(&points, None, &TraceOptions::default()).map(|t| t.flaws).unwrap_or_default()
}

#[test]
fn a_bend_has_none_and_low_bumps_on_its_inner_side_are_found() {
    assert!(bend(&[]).is_empty(), "{:?}", bend(&[]));
    let middle = std::f64::consts::FRAC_PI_4;
    for (long, high) in [(100.0, 5.0), (200.0, 10.0), (300.0, 20.0)] {
        let half = long / 2.0 / 9_750.0;
        // The middle lies on a chord.
        let chord = 9_750.0 * (std::f64::consts::PI / 180.0).cos();
        let found = bend(&[(middle + half, chord), (middle, chord - high), (middle - half, chord)]);
        let bump = found.iter().find(|f| (f.out - high).abs() <= 2.5 && f.sides == Sides::One);
        assert!(bump.is_some_and(|f| (f.length - long).abs() < 60.0 && f.radius < 5_000.0), "{high}: {found:?}");
    }
}

#[test]
fn a_corner_between_two_straight_stretches_is_a_turn_and_one_of_a_bend_is_none() {
    let ring =
        |points: &[(f64, f64)]| -> Vec<Point> { points.iter().filter_map(|p| Point::from_f64(p.0, p.1)).collect() };
    let (sin, cos) = 0.04_f64.sin_cos();
    // Both sides turn where the line that halves the corner meets them.
    let shift = 250.0 * 0.02_f64.tan();
    let (x, y) = (20_000.0 * cos, 20_000.0 * sin);
    let kinked = ring(&[
        (-20_000.0, -250.0),
        (shift, -250.0),
        (x + 250.0 * sin, y - 250.0 * cos),
        (x - 250.0 * sin, y + 250.0 * cos),
        (-shift, 250.0),
        (-20_000.0, 250.0),
    ]);
    let found = trace_ribbon(&kinked, None, &TraceOptions::default()).map(|t| t.flaws).unwrap_or_default();
    let turned = |f: &&Flaw| (f.turn.abs() - 0.04).abs() < 2e-3;
    assert_eq!(found.iter().filter(turned).count(), 1, "{found:?}");
    assert!(bend(&[]).iter().all(|f| f.turn == 0.0));
}

#[test]
fn a_jog_at_the_end_of_a_taper_is_found_beside_its_change_of_width() {
    // From 500 to 1200 over 3500, all that lies behind it aside; leads of other lengths on both sides of it.
    for (aside, behind) in [(0, 0), (4, 0), (7, 0), (-7, 0), (0, 7), (7, 7)] {
        let side = |sign: i32| {
            let at = move |x: i32, half: i32, off: i32| Point::new(x, sign * half + off);
            let second = aside + behind;
            vec![
                at(0, 250, 0),
                at(2000, 250, 0),
                at(2000, 250, aside),
                at(5500, 600, aside),
                at(5500, 600, second),
                at(7500, 600, second),
            ]
        };
        let mut ring: Vec<Point> = side(-1);
        ring.extend(side(1).into_iter().rev());
        ring.dedup();
        let flaws = trace_ribbon(&ring, None, &TraceOptions::default()).expect("a guide").flaws;
        let jogs: Vec<f64> = flaws.iter().filter(|f| f.widened.abs() <= f.error).map(|f| f.aside.round()).collect();
        let drawn: Vec<f64> = [aside, behind].iter().filter(|v| **v != 0).map(|v| f64::from(v.abs())).collect();
        assert_eq!(jogs, drawn, "{aside} {behind}: {flaws:?}");
        assert!(flaws.iter().all(|f| f.aside == 0.0 || f.radius < 100.0), "{flaws:?}");
    }
}
