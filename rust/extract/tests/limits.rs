//! Guides and couplers drawn exactly at a limit, and just beyond: what a rule that compares a measure and its bound
//! with the limit says of them. Lengths in nm, one dbu is one nm.

mod drawing;
mod sketch;

use std::f64::consts::{FRAC_PI_2, PI, TAU};

use drawing::random::Dice;
use drawing::{Curve, Placing, euler_pieces};
use sketch::{CORE, Sketch, floats, run};
use waveguard_extract::trace::{Trace, TraceOptions, trace_ribbon};
use waveguard_geom::Point;

const BENDS: u64 = 3_500;
const TAPERS: u64 = 1_500;
const RADII: u64 = 2_500;
const COUPLERS: u64 = 2_500;
/// Part by which the radius of an arc over a right angle or more must be off to be found: a grid step of 1 nm cannot
/// be told from the rounding of the vertices and the sagitta of the chords.
const RADIUS_STEP: f64 = 0.004;

fn placing(dice: &mut Dice) -> Placing {
    let shift = [dice.between(-1e5, 1e5), dice.between(-1e5, 1e5)];
    Placing { angle: dice.between(0.0, TAU), shift, mirror: dice.chance(0.5), grid: 1.0 }
}

fn traced(ring: &[Point]) -> Trace {
    trace_ribbon(ring, None, &TraceOptions::default()).expect("a ribbon")
}

/// An arc, Euler or partial Euler bend with leads, finely drawn.
fn bend(dice: &mut Dice, radius: f64, angle: f64) -> (Curve, f64) {
    let tolerance = dice.between(0.4, 1.0);
    let step = 0.1 * (8.0 * tolerance * radius).sqrt();
    let pieces = match (3.0 * dice.unit()) as u32 {
        0 => vec![(radius * angle, 1.0 / radius, 1.0 / radius)],
        1 => euler_pieces(radius, angle, 1.0),
        _ => euler_pieces(radius, angle, dice.between(0.2, 0.8)),
    };
    (Curve::from_pieces_by(&pieces, step).with_leads(dice.scale(500.0, 9e3), dice.scale(500.0, 9e3)), tolerance)
}

#[test]
fn widths_of_bends_at_the_limit_are_no_finding_and_one_grid_step_less_is() {
    for seed in 0..BENDS {
        let dice = &mut Dice::new(seed);
        let limit = dice.between(300.0, 1_000.0).round();
        let (radius, angle) = (dice.scale(10_000.0, 30_000.0), dice.between(1.2, PI));
        let (curve, tolerance) = bend(dice, radius, angle);
        let place = placing(dice);
        for (width, is_narrow) in [(limit, false), (limit - 1.0, true)] {
            let t = traced(&curve.outline([width; 2], [tolerance; 2], &place));
            let is_found = t.width_min + t.width_error < limit;
            assert_eq!(is_found, is_narrow, "{seed}: {width} is {} ± {}", t.width_min, t.width_error);
        }
    }
}

#[test]
fn tips_of_tapers_at_the_limit_are_no_finding_and_one_grid_step_less_is() {
    for seed in 0..TAPERS {
        let dice = &mut Dice::new(seed);
        let limit = dice.between(100.0, 400.0).round();
        let wide = dice.between(450.0, 3_000.0).round();
        let curve = drawing::straight(dice.scale(5_000.0, 1e5).round());
        let is_square = dice.chance(0.5);
        let turned = placing(dice);
        // A quarter of a grid step keeps halves from being rounded away from the middle.
        let square = FRAC_PI_2 * (4.0 * dice.unit()).floor();
        let flat = Placing { angle: square, shift: turned.shift.map(|v| v.round() + 0.25), ..turned };
        // Two rounded vertices are all there is of a tip off the grid: one step less is not known there.
        let (place, less) = if is_square { (flat, 1.0) } else { (turned, 3.0) };
        for (width, is_narrow) in [(limit, false), (limit - less, true)] {
            let t = traced(&curve.outline([wide, width], [1.0; 2], &place));
            let is_found = t.width_min + t.width_error < limit;
            assert_eq!(is_found, is_narrow, "{seed}: {width} is {} ± {}", t.width_min, t.width_error);
        }
    }
}

#[test]
fn radii_at_the_limit_are_no_finding_and_the_smallest_step_that_can_be_resolved_is() {
    for seed in 0..RADII {
        let dice = &mut Dice::new(seed);
        let limit = dice.scale(5_000.0, 30_000.0).round();
        let (angle, tolerance, width) = (dice.between(FRAC_PI_2, PI), dice.between(0.4, 1.0), 500.0);
        let leads = [dice.scale(500.0, 9e3), dice.scale(500.0, 9e3)];
        let place = placing(dice);
        for (radius, is_tight) in [(limit, false), (limit * (1.0 - RADIUS_STEP), true)] {
            let step = 0.1 * (8.0 * tolerance * radius).sqrt();
            let curve = Curve::from_pieces_by(&[(radius * angle, 1.0 / radius, 1.0 / radius)], step);
            let ring = curve.with_leads(leads[0], leads[1]).outline([width; 2], [tolerance; 2], &place);
            let t = traced(&ring);
            let is_found = t.min_radius + t.min_radius_error < limit;
            assert_eq!(is_found, is_tight, "{seed}: {radius} is {} ± {}", t.min_radius, t.min_radius_error);
        }
    }
}

/// Distance of the couplers in nm.
const APART: f64 = 120_000.0;
const IN_A_ROW: u64 = 50;
const WIDTH: f64 = 500.0;

/// Two straights along the grid or two concentric arcs, at the place of their number.
fn draw_coupler(sketch: &mut Sketch, cell: usize, number: u64, gap: f64, dice: &mut Dice) {
    let at = [(number % IN_A_ROW) as f64 * APART, (number / IN_A_ROW) as f64 * APART];
    let is_straight = dice.chance(0.4);
    let square = FRAC_PI_2 * (4.0 * dice.unit()).floor();
    let angle = if is_straight { square } else { dice.between(0.0, TAU) };
    let place = Placing { angle, shift: at, mirror: dice.chance(0.5), grid: 1.0 };
    let (radius, turn) = (dice.scale(15_000.0, 30_000.0), dice.between(1.2, 2.2));
    let tolerance = dice.between(0.4, 1.0);
    let length = dice.scale(3_000.0, 40_000.0).round();
    for k in 0..2 {
        let aside = f64::from(k) * (WIDTH + gap);
        let mut curve = if is_straight {
            drawing::straight(length)
        } else {
            let own = radius + aside;
            Curve::from_pieces_by(&[(own * turn, 1.0 / own, 1.0 / own)], 0.1 * (8.0 * tolerance * own).sqrt())
        };
        // The outer of two concentric arcs begins that much lower; a straight is moved up.
        let down = if is_straight { aside } else { -aside };
        curve.y.iter_mut().for_each(|y| *y += down);
        let ring = curve.outline([WIDTH; 2], [tolerance; 2], &place);
        let ring = ring.iter().map(|p| [f64::from(p.x), f64::from(p.y)]).collect();
        sketch.cells[cell].polygons.push((CORE, ring, 0));
    }
}

#[test]
fn gaps_of_couplers_at_the_limit_are_no_finding_and_one_grid_step_less_is() {
    for is_near in [false, true] {
        let mut sketch = Sketch::default();
        let top = sketch.cell("top");
        let mut limits = Vec::new();
        for number in 0..COUPLERS {
            let dice = &mut Dice::new(number);
            let limit = dice.between(100.0, 600.0).round();
            limits.push(limit);
            draw_coupler(&mut sketch, top, number, limit - f64::from(u8::from(is_near)), dice);
        }
        let e = run(&sketch, top);
        let of = |column: &str| floats(&e, "runs", column);
        let (gaps, errors, x, y) = (of("gap_min_nm"), of("gap_error_nm"), of("x_nm"), of("y_nm"));
        assert_eq!(gaps.len() as u64, COUPLERS);
        for (i, gap) in gaps.iter().enumerate() {
            let number = (y[i] / APART).round() * IN_A_ROW as f64 + (x[i] / APART).round();
            let limit = limits[number as usize];
            assert_eq!(gap + errors[i] < limit, is_near, "{number}: {gap} ± {} of {limit}", errors[i]);
        }
    }
}
