//! Regions of any shape against the networks they were drawn from. Lengths in nm, one dbu is one nm.

use std::f64::consts::{FRAC_PI_2, PI, TAU};

use proptest::prelude::*;
use waveguard_extract::network::{Network, NetworkOptions, NoNetwork, decompose, jogs, with_stubs};
use waveguard_extract::trace::{CapHint, TraceOptions, trace_ribbon};
use waveguard_geom::{Point, region, seam};

const WIDTH: f64 = 500.0;

fn options() -> NetworkOptions {
    NetworkOptions {
        width_min: 300.0,
        width_max: 3200.0,
        step_max: 6400.0,
        aspect: 3.0,
        trace: TraceOptions { width_min: 150.0, width_max: 3200.0, ..TraceOptions::default() },
    }
}

/// A bar between two points.
fn bar(from: [f64; 2], to: [f64; 2], width: f64) -> Vec<[f64; 2]> {
    let (dx, dy) = (to[0] - from[0], to[1] - from[1]);
    let length = dx.hypot(dy);
    let (nx, ny) = (-dy / length * width / 2.0, dx / length * width / 2.0);
    vec![[from[0] - nx, from[1] - ny], [to[0] - nx, to[1] - ny], [to[0] + nx, to[1] + ny], [from[0] + nx, from[1] + ny]]
}

/// An arc of a ring, as a polygon.
fn arc(middle: [f64; 2], radius: f64, from: f64, to: f64, width: f64) -> Vec<[f64; 2]> {
    let n = ((to - from).abs() * radius / 60.0).ceil() as usize;
    let at = |r: f64, k: usize| {
        let a = from + (to - from) * k as f64 / n as f64;
        [middle[0] + r * a.cos(), middle[1] + r * a.sin()]
    };
    let mut out: Vec<[f64; 2]> = (0..=n).map(|k| at(radius + width / 2.0, k)).collect();
    out.extend((0..=n).rev().map(|k| at(radius - width / 2.0, k)));
    out
}

/// Polygons turned by an angle, rounded to the grid and merged.
fn merged(polygons: &[Vec<[f64; 2]>], angle: f64) -> Vec<Vec<Point>> {
    let (sin, cos) = angle.sin_cos();
    let turned: Vec<Vec<Point>> = polygons
        .iter()
        .map(|p| {
            p.iter()
                .map(|&[x, y]| Point::from_f64(x * cos - y * sin, x * sin + y * cos).expect("on the grid"))
                .collect()
        })
        .collect();
    region::union(&seam::closed(&turned, 1.5).unwrap_or(turned))
}

fn network(polygons: &[Vec<[f64; 2]>], angle: f64) -> Network {
    decompose(&merged(polygons, angle), &[], &options()).expect("a network")
}

fn lengths(network: &Network) -> Vec<f64> {
    let mut all: Vec<f64> = network.guides.iter().map(|g| g.trace.length).collect();
    all.sort_by(f64::total_cmp);
    all
}

fn area(network: &Network) -> f64 {
    network.guides.iter().map(|g| g.trace.area).sum::<f64>()
        + network.bodies.iter().map(|b| b.area).sum::<f64>()
        + network.rest_area
}

#[test]
fn a_cross_is_a_body_with_four_guides() {
    for angle in [0.0, 0.3, 1.0, 2.7] {
        let shapes = [bar([-9000.0, 0.0], [9000.0, 0.0], WIDTH), bar([0.0, -8000.0], [0.0, 8000.0], WIDTH)];
        let found = network(&shapes, angle);
        assert_eq!((found.guides.len(), found.bodies.len()), (4, 1), "at {angle}");
        assert_eq!(found.bodies[0].ports.len(), 4);
        assert!(found.bodies[0].at[0].hypot(found.bodies[0].at[1]) < 5.0, "{:?}", found.bodies[0].at);
        // Cut at the corners.
        let cut = WIDTH / 2.0;
        let expected = [8000.0 - cut, 8000.0 - cut, 9000.0 - cut, 9000.0 - cut];
        for (l, e) in lengths(&found).iter().zip(expected) {
            assert!((l - e).abs() < 2.0, "{l} for {e} at {angle}");
        }
        let whole: f64 = 26_000.0 * WIDTH + 8000.0 * WIDTH - WIDTH * WIDTH;
        assert!((area(&found) / whole - 1.0).abs() < 1e-2, "{} {whole}", area(&found));
    }
}

#[test]
fn a_tee_is_a_body_with_three_guides() {
    for angle in [0.0, 0.1, 0.9, 4.0] {
        let shapes = [bar([-9000.0, 0.0], [9000.0, 0.0], WIDTH), bar([0.0, 0.0], [0.0, 8000.0], WIDTH)];
        let found = network(&shapes, angle);
        assert_eq!((found.guides.len(), found.bodies.len()), (3, 1));
        assert_eq!(found.bodies[0].ports.len(), 3);
        let l = lengths(&found);
        assert!((l[1] - l[2]).abs() < 3.0, "{l:?}");
    }
}

#[test]
fn arms_of_a_branch_are_followed_from_the_notch() {
    for half in [0.05, 0.1, 0.3, 0.6] {
        let far = |sign: f64| [20_000.0 * f64::cos(half), sign * 20_000.0 * f64::sin(half)];
        let shapes = [
            bar([-9000.0, 0.0], [50.0, 0.0], WIDTH),
            bar([0.0, 0.0], far(1.0), WIDTH),
            bar([0.0, 0.0], far(-1.0), WIDTH),
        ];
        for angle in [0.0, 0.7, 2.0] {
            let found = network(&shapes, angle);
            assert_eq!((found.guides.len(), found.bodies.len()), (3, 1), "half angle {half} turned {angle}");
            assert_eq!(found.bodies[0].ports.len(), 3);
            let arms: Vec<f64> = found.guides.iter().map(|g| g.trace.length).collect();
            assert!(arms.iter().sum::<f64>() < 49_100.0 && arms.iter().sum::<f64>() > 30_000.0, "{arms:?}");
        }
    }
}

#[test]
fn a_ring_is_one_guide_that_meets_itself() {
    for halves in [1, 2] {
        let parts: Vec<Vec<[f64; 2]>> = (0..halves)
            .map(|k| {
                let step = TAU / f64::from(halves);
                arc([0.0, 0.0], 10_000.0, f64::from(k) * step, f64::from(k + 1) * step, WIDTH)
            })
            .collect();
        let found = network(&parts, 0.4);
        assert_eq!((found.guides.len(), found.bodies.len()), (1, 0));
        let trace = &found.guides[0].trace;
        assert!((trace.length - TAU * 10_000.0).abs() < 6.0, "{}", trace.length);
        assert!((trace.min_radius / 10_000.0 - 1.0).abs() < 0.01, "{}", trace.min_radius);
        assert!((trace.turn.abs() - TAU).abs() < 1e-3, "{}", trace.turn);
        let [a, b] = trace.ends;
        assert!((a.x - b.x).hypot(a.y - b.y) < 1.0);
    }
}

#[test]
fn a_racetrack_merged_with_its_bus_keeps_both() {
    let shapes = [
        bar([-15_000.0, -10_000.0], [15_000.0, -10_000.0], WIDTH),
        arc([0.0, 0.0], 10_000.0, 0.0, PI, WIDTH),
        arc([0.0, 0.0], 10_000.0, PI, TAU, WIDTH),
    ];
    let found = network(&shapes, 0.0);
    // The ring lies on the bus over a stretch: two branches, with one guide between them.
    assert_eq!((found.guides.len(), found.bodies.len()), (4, 2), "{:?}", lengths(&found));
    assert!(found.bodies.iter().all(|b| b.ports.len() == 3));
}

#[test]
fn a_multimode_section_is_a_body_between_its_access_guides() {
    let shapes = [
        bar([-9000.0, 0.0], [0.0, 0.0], WIDTH),
        bar([0.0, 0.0], [20_000.0, 0.0], 6000.0),
        bar([20_000.0, 1500.0], [29_000.0, 1500.0], WIDTH),
        bar([20_000.0, -1500.0], [29_000.0, -1500.0], WIDTH),
    ];
    for angle in [0.0, 0.6] {
        let found = network(&shapes, angle);
        assert_eq!((found.guides.len(), found.bodies.len()), (3, 1));
        assert_eq!(found.bodies[0].ports.len(), 3);
        for l in lengths(&found) {
            assert!((8300.0..9040.0).contains(&l), "{l}");
        }
    }
}

/// A box of a multimode coupler with one guide on its left and two on its right.
fn coupler_box(length: f64, arm: f64) -> Vec<Vec<[f64; 2]>> {
    let mut out = vec![bar([0.0, 0.0], [length, 0.0], 2500.0), bar([-arm, 0.0], [0.0, 0.0], WIDTH)];
    out.extend([700.0, -700.0].map(|y| bar([length, y], [length + arm, y], WIDTH)));
    out
}

fn turned([x, y]: [f64; 2], angle: f64) -> [f64; 2] {
    let (sin, cos) = angle.sin_cos();
    [x * cos - y * sin, x * sin + y * cos]
}

#[test]
fn a_box_longer_than_wide_is_no_guide_when_narrow_guides_meet_it() {
    for length in [6000.0, 12_000.0, 25_000.0] {
        for angle in [0.0, 0.3, 1.1, 2.5] {
            let found = network(&coupler_box(length, 9000.0), angle);
            assert_eq!((found.guides.len(), found.bodies.len()), (3, 1), "{length} {angle}");
            // The guides end where the box begins, to a corner that was rounded.
            for mouth in [[0.0, 0.0], [length, 700.0], [length, -700.0]].map(|p| turned(p, angle)) {
                let off = found.bodies[0].ports.iter().map(|p| (p.x - mouth[0]).hypot(p.y - mouth[1]));
                assert!(off.fold(f64::INFINITY, f64::min) < 2.0, "{length} {angle} {:?}", found.bodies[0].ports);
            }
        }
    }
}

#[test]
fn a_wide_guide_between_two_that_are_narrow_stays_one() {
    let shapes = [
        bar([-9000.0, 0.0], [0.0, 0.0], WIDTH),
        bar([0.0, 0.0], [20_000.0, 0.0], 1200.0),
        bar([20_000.0, 0.0], [29_000.0, 0.0], WIDTH),
    ];
    for angle in [0.0, 0.7] {
        let found = network(&shapes, angle);
        assert_eq!(found.guides.len(), 3, "{angle}");
    }
}

#[test]
fn a_junction_is_the_same_wherever_it_was_cut_off_its_guides() {
    let whole = network(&coupler_box(6000.0, 9000.0), 0.0);
    for left in [0.0, 40.0, 700.0, 2200.0] {
        let mut shapes = coupler_box(6000.0, 9000.0);
        shapes[1] = bar([-left - 1.0, 0.0], [0.0, 0.0], WIDTH);
        let entry = CapHint { x: -left - 1.0, y: 0.0, direction_rad: PI, width: WIDTH };
        let region = with_stubs(&merged(&shapes, 0.0), &[entry], options().aspect);
        let found = decompose(&region, &[entry], &options()).expect("a network");
        assert_eq!(found.bodies.len(), 1, "{left}");
        // What is left of the guide is a guide, unless it is next to nothing.
        assert_eq!(found.guides.len(), if left > 3.0 { 3 } else { 2 }, "{left}");
        let port = found.bodies[0].ports.iter().find(|p| p.x < 1.0).expect("a port on the left");
        let expected = whole.bodies[0].ports.iter().find(|p| p.x < 1.0).expect("a port on the left");
        assert!((port.x - expected.x).abs() < 2.0 && (port.y - expected.y).abs() < 1.0, "{left} {port:?}");
        let own = area(&found) + found.rest_area;
        let drawn = 6000.0 * 2500.0 + 2.0 * 9000.0 * WIDTH + (left + 1.0) * WIDTH;
        // The notches of arms are shared out by triangles.
        assert!((own / drawn - 1.0).abs() < 5e-3, "{left} {own} {drawn}");
    }
}

#[test]
fn guides_enter_a_star_coupler_at_its_very_corners() {
    for angle in [0.0, 0.4] {
        let star = vec![[-1000.0, 0.0], [1000.0, 0.0], [10_000.0, 20_000.0], [-10_000.0, 20_000.0]];
        let entries: Vec<CapHint> = [-9750.0, -5000.0, 0.0, 5000.0, 9750.0]
            .map(|x| {
                let [x, y] = turned([x, 20_000.0], angle);
                CapHint { x, y, direction_rad: FRAC_PI_2 + angle, width: WIDTH }
            })
            .to_vec();
        let region = with_stubs(&merged(&[star], angle), &entries, options().aspect);
        let found = decompose(&region, &entries, &options()).expect("a network");
        assert_eq!((found.guides.len(), found.bodies.len()), (0, 1), "{angle}");
        for entry in &entries {
            let is_here = |p: &&waveguard_extract::trace::End| (p.x - entry.x).hypot(p.y - entry.y) < 2.0;
            assert_eq!(found.bodies[0].ports.iter().filter(is_here).count(), 1, "{angle} {entry:?}");
        }
    }
}

#[test]
fn guides_at_the_very_corners_of_a_star_coupler_begin_there() {
    for angle in [0.0, 0.4, 1.9] {
        let mut shapes = vec![vec![[10_000.0, 20_000.0], [1000.0, 0.0], [-1000.0, 0.0], [-10_000.0, 20_000.0]]];
        let places: Vec<f64> = (0..10).map(|k| -9750.0 + 19_500.0 / 9.0 * f64::from(k)).collect();
        shapes.extend(places.iter().map(|&x| bar([x, 20_000.0], [x, 30_000.0], WIDTH)));
        let found = network(&shapes, angle);
        for x in places {
            let [px, py] = turned([x, 20_000.0], angle);
            let is_here = |e: &waveguard_extract::trace::End| (e.x - px).hypot(e.y - py) < 5.0;
            let guide = found.guides.iter().find(|g| g.trace.ends.iter().any(is_here));
            assert!(guide.is_some_and(|g| g.trace.bends.is_empty()), "{x} at {angle}");
        }
    }
}

#[test]
fn an_entry_that_leads_nowhere_is_said() {
    let entry = CapHint { x: 3000.0, y: 40_000.0, direction_rad: FRAC_PI_2, width: WIDTH };
    let region = merged(&coupler_box(6000.0, 9000.0), 0.0);
    assert_eq!(decompose(&region, &[entry], &options()).err(), Some(NoNetwork::LostEntry));
}

#[test]
fn a_fan_ends_a_guide_where_it_gets_too_wide() {
    let fan = vec![
        [0.0, -250.0],
        [20_000.0, -6000.0],
        [20_500.0, 0.0],
        [20_000.0, 6000.0],
        [0.0, 250.0],
        [-9000.0, 250.0],
        [-9000.0, -250.0],
    ];
    let found = network(&[fan], 1.1);
    assert_eq!((found.guides.len(), found.bodies.len()), (1, 1));
    assert_eq!(found.bodies[0].ports.len(), 1);
    let expected = 9000.0 + 20_000.0 * (3200.0 - 500.0) / 11_500.0;
    assert!((found.guides[0].trace.length - expected).abs() < 120.0, "{} {expected}", found.guides[0].trace.length);
}

#[test]
fn a_tip_belongs_to_its_guide_at_any_angle() {
    let taper = vec![[19_995.0, -250.0], [29_995.0, -35.0], [29_995.0, 35.0], [19_995.0, 250.0]];
    for angle in [0.0, 1.0, 33.0, 77.0] {
        let found = network(&[bar([0.0, 0.0], [20_000.0, 0.0], WIDTH), taper.clone()], f64::to_radians(angle));
        assert_eq!((found.guides.len(), found.bodies.len()), (1, 0), "{angle}");
        assert!((found.guides[0].trace.length - 29_995.0).abs() < 2.0, "{angle}: {:?}", lengths(&found));
    }
}

#[test]
fn a_wall_of_teeth_is_one_guide() {
    let mut comb = vec![[0.0, -250.0], [40_000.0, -250.0], [40_000.0, 200.0]];
    for k in (0..125).rev() {
        let x = f64::from(k) * 320.0;
        comb.extend([[x + 160.0, 200.0], [x + 160.0, 250.0], [x, 250.0], [x, 200.0]]);
    }
    comb.push([0.0, 200.0]);
    let comb: Vec<Point> = comb.iter().map(|p| Point::from_f64(p[0], p[1]).expect("on the grid")).collect();
    let smooth = jogs::smoothed(&comb, 6400.0).expect("teeth");
    let trace = trace_ribbon(&smooth.ring, None, &TraceOptions::default()).expect("a ribbon");
    assert!((trace.length - 40_000.0).abs() < 2.0, "{}", trace.length);
}

#[test]
fn guides_of_different_width_or_place_meet_at_a_step() {
    for (aside, width) in [(0.0, 720.0), (0.0, 520.0), (60.0, 500.0), (-12.0, 500.0), (25.0, 600.0)] {
        for angle in [0.0, 0.4, 1.9] {
            let shapes = [bar([-9000.0, 0.0], [0.0, 0.0], WIDTH), bar([0.0, aside], [8000.0, aside], width)];
            let found = network(&shapes, angle);
            assert_eq!(
                (found.guides.len(), found.bodies.len()),
                (2, 0),
                "{aside} {width} at {angle} {:?} {:?}",
                found.guides.iter().map(|g| g.trace.ends).collect::<Vec<_>>(),
                found.bodies
            );
            let (a, b) = (&found.guides[0].trace, &found.guides[1].trace);
            let apart = |p: usize, q: usize| (a.ends[p].x - b.ends[q].x).hypot(a.ends[p].y - b.ends[q].y);
            let least = apart(0, 0).min(apart(0, 1)).min(apart(1, 0)).min(apart(1, 1));
            assert!((least - aside.abs()).abs() < 3.0, "{least} for {aside} {width} at {angle}");
            let l = lengths(&found);
            assert!((l[0] - 8000.0).abs() < 4.0 && (l[1] - 9000.0).abs() < 4.0, "{l:?} for {aside} {width} at {angle}");
        }
    }
}

#[test]
fn a_plate_has_no_guide() {
    assert_eq!(
        decompose(&merged(&[bar([0.0, 0.0], [50_000.0, 0.0], 40_000.0)], 0.2), &[], &options()).err(),
        Some(NoNetwork::NoGuide { lost: None })
    );
}

/// Guides from one lattice point to the next, as a graph with known degrees.
fn lattice(n: i32, pitch: f64) -> Vec<Vec<[f64; 2]>> {
    let at = |k: i32| f64::from(k) * pitch;
    let mut out = Vec::new();
    for k in 0..n {
        out.push(bar([at(-1), at(k)], [at(n), at(k)], WIDTH));
        out.push(bar([at(k), at(-1)], [at(k), at(n)], WIDTH));
    }
    out
}

#[test]
fn a_lattice_has_a_body_at_every_crossing() {
    let found = network(&lattice(6, 8000.0), 0.5);
    assert_eq!(found.bodies.len(), 36);
    assert!(found.bodies.iter().all(|b| b.ports.len() == 4));
    assert_eq!(found.guides.len(), 2 * 6 * 7);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_bend_into_a_tee_has_the_same_guides_at_any_angle(
        angle in 0.0..TAU, radius in 5000.0..20_000.0_f64, width in 400.0..600.0_f64,
    ) {
        let shapes = [
            arc([0.0, radius], radius, -FRAC_PI_2, 0.0, width),
            bar([-9000.0, 0.0], [0.0, 0.0], width),
            bar([radius, radius], [radius, radius + 9000.0], width),
            bar([radius - 9000.0, radius + 9000.0], [radius + 9000.0, radius + 9000.0], width),
        ];
        let found = network(&shapes, angle);
        prop_assert_eq!((found.guides.len(), found.bodies.len()), (3, 1));
        let longest = *lengths(&found).last().expect("guides");
        let bend = FRAC_PI_2 * radius + 18_000.0;
        // Cut at the corners of the tee.
        let cut = width / 2.0;
        prop_assert!((longest - (bend - cut)).abs() < 6.0, "{} for {}", longest, bend - cut);
    }
}

/// A guide from place to place with mitred corners.
fn mitred(places: &[[f64; 2]]) -> Vec<[f64; 2]> {
    let side = |sign: f64| -> Vec<[f64; 2]> {
        let way = |i: usize| {
            let d = [places[i + 1][0] - places[i][0], places[i + 1][1] - places[i][1]];
            d.map(|v| v / d[0].hypot(d[1]))
        };
        (0..places.len())
            .map(|i| {
                let (a, b) = (way(i.max(1) - 1), way(i.min(places.len() - 2)));
                let half = sign * WIDTH / 2.0 / (1.0 + a[0] * b[0] + a[1] * b[1]);
                [places[i][0] - half * (a[1] + b[1]), places[i][1] + half * (a[0] + b[0])]
            })
            .collect()
    };
    let mut out = side(-1.0);
    out.extend(side(1.0).into_iter().rev());
    out
}

#[test]
fn a_sharp_corner_is_part_of_its_guide_whatever_the_guide_meets() {
    for (angle, turn) in [(0.0, FRAC_PI_2), (0.5, 1.2), (1.1, -FRAC_PI_2), (2.0, 0.8)] {
        let far = [14_000.0 + 9000.0 * f64::cos(turn), 9000.0 * f64::sin(turn)];
        let bent = mitred(&[[0.0, 0.0], [14_000.0, 0.0], far]);
        let alone = merged(std::slice::from_ref(&bent), angle);
        let expected = trace_ribbon(&alone[0], None, &options().trace).expect("a ribbon").length;
        // Across the first leg.
        let found = network(&[bent, bar([4000.0, -7000.0], [4000.0, 6000.0], WIDTH)], angle);
        assert_eq!((found.guides.len(), found.bodies.len()), (4, 1), "at {angle}");
        let l = lengths(&found);
        assert!((l[3] - (expected - 4250.0)).abs() < 2.0, "{l:?} for {expected} at {angle}");
    }
}

#[test]
fn a_loop_with_sharp_corners_that_crosses_itself_keeps_its_crossing() {
    let places = [[0.0, -6000.0], [0.0, 18_800.0], [-21_800.0, 18_800.0], [-21_800.0, 0.0], [9000.0, 0.0]];
    for angle in [0.0, 0.4] {
        let found = network(&[mitred(&places)], angle);
        assert_eq!((found.guides.len(), found.bodies.len()), (3, 1), "at {angle}");
        assert_eq!(found.bodies[0].ports.len(), 4);
    }
}

#[test]
fn a_square_ring_is_one_guide_that_meets_itself() {
    let outer = [[-8000.0, -8000.0], [8000.0, -8000.0], [8000.0, 8000.0], [-8000.0, 8000.0]];
    let sides = [(0, 1), (1, 2), (2, 3), (3, 0)].map(|(a, b): (usize, usize)| {
        let (a, b): ([f64; 2], [f64; 2]) = (outer[a], outer[b]);
        // Each as long as the outside of the frame.
        let d = [b[0] - a[0], b[1] - a[1]].map(|v| v / 16_000.0 * WIDTH / 2.0);
        bar([a[0] - d[0], a[1] - d[1]], [b[0] + d[0], b[1] + d[1]], WIDTH)
    });
    for angle in [0.0, 0.1, 0.3, 0.5, 0.785] {
        let found = network(&sides, angle);
        assert_eq!((found.guides.len(), found.bodies.len()), (1, 0), "at {angle}");
        assert!((found.guides[0].trace.length - 64_000.0).abs() < 5.0, "{}", found.guides[0].trace.length);
    }
    // A corner that cannot be traced at this angle does not take the ring with it.
    let length: f64 = lengths(&network(&sides, 0.7)).iter().sum();
    assert!(length > 60_000.0, "{length}");
}

#[test]
fn what_a_shape_is_does_not_depend_on_where_its_outline_begins() {
    // The head of an arrow has corners that are ends of arms or none, by what is taken off first.
    let arrow = [(-400, -500), (-850, -50), (-400, 400), (-400, 150), (850, 150), (850, -250), (-400, -250)];
    let opts = NetworkOptions { width_min: 174.0, ..options() };
    let found = (0..arrow.len()).map(|k| {
        let (x, y) = arrow[k];
        let from_here = arrow.iter().cycle().skip(k).take(arrow.len());
        let ring: Vec<Point> = from_here.map(|p| Point::new(p.0 - x, p.1 - y)).collect();
        decompose(&region::union(&[ring]), &[], &opts).map(|n| (n.guides.len(), n.bodies.len())).ok()
    });
    let found: Vec<Option<(usize, usize)>> = found.collect();
    assert!(found.iter().all(|f| *f == found[0]), "{found:?}");
}

#[test]
fn guides_that_lie_on_each_other_beside_each_other_are_two() {
    let mut wrong = Vec::new();
    for length in [10_000.0, 20_000.0, 60_000.0] {
        for aside in [400.0, 450.0, 490.0, 500.0] {
            for over in [100.0, 200.0, 300.0, 400.0, 500.0, 600.0, 700.0, 1000.0, 1500.0] {
                for angle in [0.0, 0.4, 1.9] {
                    let shapes = [
                        bar([0.0, 0.0], [length, 0.0], WIDTH),
                        bar([length - over, aside], [2.0 * length - over, aside], WIDTH),
                    ];
                    let found = decompose(&merged(&shapes, angle), &[], &options());
                    let n = found.as_ref().map_or(0, |found| found.guides.len());
                    if n != 2 {
                        wrong.push((length, aside, over, angle, n));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} {wrong:?}", wrong.len());
}

/// A long box with tapered arms.
fn hybrid() -> Vec<[f64; 2]> {
    let (length, half) = (175_000.0, 5000.0);
    let mut out = vec![[0.0, -half]];
    for y in [-1250.0, 3750.0] {
        out.extend([[0.0, y - 850.0], [-40_000.0, y - 250.0], [-40_000.0, y + 250.0], [0.0, y + 850.0]]);
    }
    out.extend([[0.0, half], [length, half]]);
    for y in [3750.0, 1250.0, -1250.0, -3750.0] {
        out.extend([
            [length, y + 850.0],
            [length + 40_000.0, y + 250.0],
            [length + 40_000.0, y - 250.0],
            [length, y - 850.0],
        ]);
    }
    out.push([length, -half]);
    out.reverse();
    out
}

#[test]
fn arms_of_a_long_box_begin_at_it_wherever_its_outline_begins() {
    let whole = hybrid();
    let mut wrong = Vec::new();
    for angle in [0.0, 0.4, 1.9] {
        let region = merged(std::slice::from_ref(&whole), angle);
        let n = region[0].len();
        for start in 0..n {
            let mut ring = region[0].clone();
            ring.rotate_left(start);
            let opts = NetworkOptions { width_max: 4000.0, step_max: 8000.0, ..options() };
            let found = decompose(&[ring], &[], &opts).expect("a network");
            let mut ends: Vec<[f64; 2]> = found.bodies[0].ports.iter().map(|e| turned([e.x, e.y], -angle)).collect();
            ends.sort_by(|a, b| (a[0], a[1]).partial_cmp(&(b[0], b[1])).expect("numbers"));
            for e in &ends {
                if e[0].abs().min((e[0] - 175_000.0).abs()) > 3.0 {
                    wrong.push((angle, start, *e));
                }
            }
            assert_eq!(ends.len(), 6);
        }
    }
    assert!(wrong.is_empty(), "{} {wrong:?}", wrong.len());
}
