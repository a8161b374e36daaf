//! Slot guides against the curves they were drawn along. Lengths in nm, one dbu is one nm.

mod drawing;
mod sketch;

use std::f64::consts::{FRAC_PI_2, PI, TAU};

use drawing::random::Dice;
use drawing::{Curve, Placing, arc, cosine_s, euler, spiral, straight};
use sketch::{CORE, Sketch, floats, ids};
use waveguard_base::Watch;
use waveguard_extract::{Extraction, Recipe, extract};
use waveguard_geom::Point;

const STRIP: i64 = 0;
const SLOT: i64 = 1;
const RAIL: f64 = 240.0;
const GAP: f64 = 100.0;
const OUTER: f64 = 2.0 * RAIL + GAP;

fn recipe(slot: &str) -> Recipe {
    let text = format!(
        r#"{{"schema": 1, "tops": [0],
            "guides": [{{"name": "strip", "layer": [1, 0], "width_nm": 500, "width_min_nm": 400, "width_max_nm": 800}},
                       {{"name": "slot", "layer": [1, 0], "width_nm": 580, "width_min_nm": 450, "width_max_nm": 700{slot}}}],
            "core_layers": [[1, 0]], "marker_layers": [[68, 0]],
            "pins": [{{"form": "path", "layer": [1, 10], "kind": "optical", "oriented": true}}]}}"#
    );
    Recipe::from_json(&text).expect("the recipe is valid")
}

const RAILS: &str = r#", "slot": {"rail_min_nm": 180, "rail_max_nm": 280, "gap_min_nm": 60, "gap_max_nm": 150}"#;

fn found_with(shapes: &[Vec<[f64; 2]>], slot: &str) -> Extraction {
    let mut sketch = Sketch::default();
    let top = sketch.cell("top");
    sketch.cells[top].polygons = shapes.iter().map(|s| (CORE, s.clone(), 0)).collect();
    extract(&sketch.build(), &recipe(slot), &Watch::default()).expect("no one cancels")
}

fn found(shapes: &[Vec<[f64; 2]>]) -> Extraction {
    found_with(shapes, RAILS)
}

fn floating(ring: &[Point]) -> Vec<[f64; 2]> {
    ring.iter().map(|p| [f64::from(p.x), f64::from(p.y)]).collect()
}

fn rectangle(x0: f64, y0: f64, x1: f64, y1: f64) -> Vec<[f64; 2]> {
    vec![[x0, y0], [x1, y0], [x1, y1], [x0, y1]]
}

/// Two straight rails along x, in the given pieces.
fn rails(upper: &[[f64; 2]], lower: &[[f64; 2]]) -> Vec<Vec<[f64; 2]>> {
    let (near, far) = (GAP / 2.0, OUTER / 2.0);
    let one = upper.iter().map(|[a, b]| rectangle(*a, near, *b, far));
    one.chain(lower.iter().map(|[a, b]| rectangle(*a, -far, *b, -near))).collect()
}

fn turned(shapes: &[Vec<[f64; 2]>], angle: f64) -> Vec<Vec<[f64; 2]>> {
    let (sin, cos) = angle.sin_cos();
    let turn = |p: &[f64; 2]| [(cos * p[0] - sin * p[1]).round(), (sin * p[0] + cos * p[1]).round()];
    shapes.iter().map(|s| s.iter().map(turn).collect()).collect()
}

/// The lengths of the guides of a cross-section, sorted.
fn lengths(e: &Extraction, section: i64) -> Vec<f64> {
    let sections = ids(e, "waveguides", "cross_section");
    let all = floats(e, "waveguides", "centerline_length_nm").into_iter().zip(sections);
    let mut own: Vec<f64> = all.filter(|(_, s)| *s == section).map(|(l, _)| l).collect();
    own.sort_by(f64::total_cmp);
    own
}

/// Core area that is there and that is explained.
fn coverage(e: &Extraction) -> [f64; 2] {
    [floats(e, "coverage", "total")[0], floats(e, "coverage", "explained")[0]]
}

struct Drawn {
    curve: Curve,
    rails: [f64; 2],
    gap: f64,
    grid: f64,
    shapes: Vec<Vec<[f64; 2]>>,
}

/// A slot guide along a random curve, at a random place and angle; both rails are drawn as tools do, each for itself.
fn random(kind: usize, seed: u64) -> Drawn {
    let mut dice = Dice::new(seed);
    let radius = dice.scale(3000.0, 40_000.0);
    let curve = match kind {
        0 => straight(dice.scale(4000.0, 200_000.0)),
        1 => arc(radius, dice.between(0.6, PI) * if dice.chance(0.5) { -1.0 } else { 1.0 }),
        2 => euler(radius, FRAC_PI_2, dice.between(0.3, 1.0)),
        3 => cosine_s(dice.scale(12_000.0, 60_000.0), dice.between(1000.0, 4000.0)),
        4 => spiral(5000.0, 3000.0, dice.between(1.0, 3.0)),
        _ => arc(radius, FRAC_PI_2).with_leads(dice.between(100.0, 9000.0), dice.between(100.0, 9000.0)),
    };
    let rails = [dice.between(190.0, 270.0), dice.between(190.0, 270.0)];
    let gap = dice.between(70.0, 140.0);
    let place = Placing {
        angle: dice.between(-PI, PI),
        shift: [dice.between(-1e6, 1e6), dice.between(-1e6, 1e6)],
        mirror: dice.chance(0.5),
        grid: if dice.chance(0.3) { 5.0 } else { 1.0 },
    };
    let tolerance = dice.scale(0.5, 5.0);
    // The middle of both outer edges is the curve.
    let outer = rails[0] + gap + rails[1];
    let offsets = [[-outer / 2.0, -outer / 2.0 + rails[0]], [outer / 2.0 - rails[1], outer / 2.0]];
    let shapes = offsets.iter().map(|o| floating(&curve.rail(*o, tolerance, &place))).collect();
    Drawn { curve, rails, gap, grid: place.grid, shapes }
}

#[test]
fn slot_guides_along_curves_are_as_long_as_these() {
    let (mut n, mut outside) = (0, 0);
    for kind in 0..6 {
        for seed in 0..40 {
            let drawn = random(kind, 1000 * kind as u64 + seed);
            let e = found(&drawn.shapes);
            let what = format!("kind {kind}, seed {seed}");
            assert_eq!(ids(&e, "waveguides", "cross_section"), [SLOT], "{what}");
            let length = lengths(&e, SLOT)[0];
            let off = (length - drawn.curve.length()).abs();
            // A coarse grid moves each end by up to its half diagonal.
            let allowed = (1e-4 * drawn.curve.length()).max(2.0 * drawn.grid);
            assert!(off <= allowed, "{what}: {length} instead of {}", drawn.curve.length());
            n += 1;
            outside += usize::from(off > floats(&e, "waveguides", "length_error_nm")[0]);
            let outer = drawn.rails[0] + drawn.rails[1] + drawn.gap;
            for end in ["width_a_nm", "width_b_nm"] {
                let width = floats(&e, "waveguides", end)[0];
                assert!((width - outer).abs() <= 2.0 * drawn.grid, "{what}: {width} instead of {outer}");
            }
            let value = |column: &str| floats(&e, "slots", column)[0];
            // Each corner of a straight rail may lie half a diagonal off, and there are no more of them.
            let rounded = std::f64::consts::SQRT_2 * drawn.grid;
            assert!((value("gap_nm") - drawn.gap).abs() <= rounded, "{what}: gap {}", value("gap_nm"));
            let rail = f64::midpoint(drawn.rails[0], drawn.rails[1]);
            assert!((value("rail_nm") - rail).abs() <= rounded, "{what}: rails {}", value("rail_nm"));
            for (least, error, truth) in [
                ("gap_min_nm", "gap_error_nm", drawn.gap),
                ("rail_min_nm", "rail_error_nm", drawn.rails[0].min(drawn.rails[1])),
            ] {
                let off = value(least) - truth;
                assert!(off.abs() <= rounded + value(error), "{what}: {least} {} of {truth}", value(least));
            }
            if kind == 1 && drawn.grid < 2.0 {
                let (radius, stated) = (floats(&e, "waveguides", "min_radius_nm")[0], drawn.curve.min_radius());
                assert!((radius / stated - 1.0).abs() < 0.01, "{what}: radius {radius} instead of {stated}");
            }
            let [all, known] = coverage(&e);
            assert!((all - known).abs() <= 1e-6 * all, "{what}: {known} of {all}");
            assert!(ids(&e, "runs", "waveguide_a").iter().zip(ids(&e, "runs", "waveguide_b")).all(|(a, b)| *a == b));
            assert!(kind == 4 || ids(&e, "runs", "waveguide_a").is_empty(), "{what}: rails run beside each other");
        }
    }
    assert!(100 * outside <= n, "{outside} of {n} lengths outside of their bound");
}

#[test]
fn rails_in_any_pieces_are_one_way() {
    let whole: [&[[f64; 2]]; 2] = [&[[0.0, 20_000.0]], &[[0.0, 20_000.0]]];
    let cut: [&[[f64; 2]]; 2] = [&[[0.0, 7000.0], [7000.0, 20_000.0]], &[[0.0, 13_000.0], [13_000.0, 20_000.0]]];
    let same: [&[[f64; 2]]; 2] = [&[[0.0, 7000.0], [7000.0, 20_000.0]], &[[0.0, 7000.0], [7000.0, 20_000.0]]];
    let slices: [&[[f64; 2]]; 2] =
        [&[[0.0, 7000.0], [7000.0, 7090.0], [7090.0, 20_000.0]], &[[0.0, 7030.0], [7030.0, 20_000.0]]];
    for (k, [upper, lower]) in [whole, cut, same, slices].into_iter().enumerate() {
        for angle in [0.0, 0.4, FRAC_PI_2, 2.5] {
            let mut shapes = turned(&rails(upper, lower), angle);
            for _ in 0..2 {
                let e = found(&shapes);
                let length: f64 = lengths(&e, SLOT).iter().sum();
                assert!((length - 20_000.0).abs() <= 2.0, "drawing {k} at {angle}: {length}");
                assert_eq!(ids(&e, "routes", "cross_section"), [SLOT], "drawing {k} at {angle}");
                assert!(ids(&e, "near_misses", "port_a").is_empty(), "drawing {k} at {angle}");
                shapes.reverse();
            }
        }
    }
}

#[test]
fn rails_that_are_rings_are_a_ring() {
    let around = |radius: f64, from: f64, to: f64, n: usize| -> Vec<[f64; 2]> {
        let at = |k: usize| from + (to - from) * k as f64 / n as f64;
        (0..=n).map(|k| [(radius * at(k).cos()).round(), (radius * at(k).sin()).round()]).collect()
    };
    let radius = 8000.0;
    let band = |low: f64, high: f64, from: f64, to: f64| {
        let mut ring = around(radius + high, from, to, 600);
        ring.extend(around(radius + low, from, to, 600).into_iter().rev());
        ring
    };
    let (near, far) = (GAP / 2.0, OUTER / 2.0);
    let keyholes = vec![band(near, far, 0.0, TAU), band(-far, -near, 0.0, TAU)];
    let halves: Vec<Vec<[f64; 2]>> = [[0.0, PI], [PI, TAU]]
        .iter()
        .flat_map(|[a, b]| [band(near, far, *a, *b), band(-far, -near, a + 1.0, b + 1.0)])
        .collect();
    for shapes in [keyholes, halves] {
        let e = found(&shapes);
        let length: f64 = lengths(&e, SLOT).iter().sum();
        assert!((length - TAU * radius).abs() <= 1e-4 * TAU * radius, "{length}");
        let gap = floats(&e, "slots", "gap_nm")[0];
        assert!((gap - GAP).abs() < 1.0, "{gap}");
        let [all, known] = coverage(&e);
        assert!((all - known).abs() <= 1e-3 * all, "{known} of {all}");
    }
}

/// A strip of 500 nm that becomes the upper rail over 10 µm, while the lower one rises beside it.
fn converter() -> Vec<Vec<[f64; 2]>> {
    let strip = vec![
        [-40_000.0, -250.0],
        [-10_000.0, -250.0],
        [0.0, 50.0],
        [20_000.0, 50.0],
        [20_000.0, 290.0],
        [0.0, 290.0],
        [-10_000.0, 250.0],
        [-40_000.0, 250.0],
    ];
    let rail =
        vec![[-8000.0, -340.0], [0.0, -290.0], [20_000.0, -290.0], [20_000.0, -50.0], [0.0, -50.0], [-8000.0, -280.0]];
    vec![strip, rail]
}

/// How light goes on: guides by section, junctions by number of arms, ports that are not joined.
fn ways(e: &Extraction) -> (usize, usize, Vec<i64>, usize) {
    let open = ids(e, "ports", "net").iter().filter(|net| **net < 0).count();
    (lengths(e, STRIP).len(), lengths(e, SLOT).len(), ids(e, "junctions", "n_arms"), open)
}

#[test]
fn a_strip_that_becomes_a_rail_is_joined_to_the_slot_guide() {
    for angle in [0.0, 0.7, 2.0] {
        let e = found(&turned(&converter(), angle));
        assert_eq!(ways(&e), (1, 1, vec![2], 2), "at {angle}");
        let sections: Vec<i64> = ids(&e, "waveguides", "cross_section");
        assert!(sections.contains(&STRIP) && sections.contains(&SLOT));
        let [all, known] = coverage(&e);
        assert!((all - known).abs() <= 1e-6 * all, "{known} of {all} at {angle}");
        assert!(ids(&e, "runs", "waveguide_a").is_empty());
    }
}

#[test]
fn a_slot_in_a_strip_begins_at_a_converter() {
    let blunt = vec![
        [-10_000.0, -290.0],
        [20_000.0, -290.0],
        [20_000.0, -50.0],
        [0.0, -50.0],
        [0.0, 50.0],
        [20_000.0, 50.0],
        [20_000.0, 290.0],
        [-10_000.0, 290.0],
    ];
    let mut pointed = blunt.clone();
    pointed[3] = [5000.0, -50.0];
    pointed[4] = [5000.0, 50.0];
    pointed.insert(4, [0.0, 0.0]);
    let mut apart = rails(&[[0.0, 20_000.0]], &[[0.0, 20_000.0]]);
    apart.push(rectangle(-10_000.0, -290.0, 0.0, 290.0));
    for (k, shapes) in [vec![blunt], vec![pointed], apart].into_iter().enumerate() {
        for angle in [0.0, 0.7] {
            let e = found(&turned(&shapes, angle));
            assert_eq!(ways(&e), (1, 1, vec![2], 2), "drawing {k} at {angle}");
        }
    }
}

#[test]
fn rails_that_end_a_little_apart_end_together() {
    let e = found(&rails(&[[0.0, 20_000.0]], &[[60.0, 20_000.0]]));
    assert_eq!(ways(&e), (0, 1, vec![], 2));
    let [all, known] = coverage(&e);
    assert!((all - known).abs() <= 1e-6 * all, "{known} of {all}");
}

#[test]
fn only_rails_of_its_widths_and_gap_are_a_slot_guide() {
    // A coupler of strips, rails too far apart, rails too close, and three rails.
    let coupler = vec![rectangle(0.0, 50.0, 20_000.0, 550.0), rectangle(0.0, -550.0, 20_000.0, -50.0)];
    let far = vec![rectangle(0.0, 100.0, 20_000.0, 340.0), rectangle(0.0, -340.0, 20_000.0, -100.0)];
    let close = vec![rectangle(0.0, 20.0, 20_000.0, 260.0), rectangle(0.0, -260.0, 20_000.0, -20.0)];
    let mut three = rails(&[[0.0, 20_000.0]], &[[0.0, 20_000.0]]);
    three.push(rectangle(0.0, 390.0, 20_000.0, 630.0));
    for shapes in [coupler.clone(), far, close, three] {
        assert!(lengths(&found(&shapes), SLOT).is_empty());
    }
    assert_eq!(lengths(&found(&coupler), STRIP).len(), 2);
    // A core as wide as a slot guide is a strip.
    assert_eq!(ways(&found(&[rectangle(0.0, -290.0, 20_000.0, 290.0)])), (1, 0, vec![], 2));
}

#[test]
fn runs_beside_a_slot_guide_are_measured_from_its_outer_edge() {
    let mut shapes = rails(&[[0.0, 20_000.0]], &[[0.0, 20_000.0]]);
    shapes.push(rectangle(0.0, 790.0, 20_000.0, 1290.0));
    let e = found(&shapes);
    let gaps = floats(&e, "runs", "gap_min_nm");
    assert!(gaps.len() == 1 && (gaps[0] - 500.0).abs() < 0.1, "{gaps:?}");
}
