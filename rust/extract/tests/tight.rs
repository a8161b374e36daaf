//! Bends that are tight in one place only: how far off their smallest radius is, whether its bound holds, and whether
//! a rule that compares both with a limit finds them. Lengths in nm, one dbu is one nm.
//!
//! `WAVEGUARD_SURVEY=5000` looks at as many cases of each kind and prints the figures.

#![allow(clippy::print_stderr, reason = "a survey that was asked for reports")]

mod drawing;

use std::f64::consts::{PI, TAU};

use drawing::random::Dice;
use drawing::{Curve, Placing, bezier_form, cosine_form};
use waveguard_extract::trace::{Trace, TraceOptions, trace_ribbon};
use waveguard_geom::Point;

/// Cases of each kind in an ordinary run.
const CASES: usize = 800;
/// Part of the cases in which a bound may fail.
const MISSED: f64 = 0.015;
/// Part of the cases that must be traced, and that must turn enough to be looked at.
const TRACED: f64 = 0.95;
const LOOKED_AT: f64 = 0.6;
/// Part of the tight bends that must be found.
const FOUND: f64 = 0.99;
/// Radius of a bend that must be found, as a part of the limit.
const TIGHT_PART: f64 = 0.6;
/// Least turn in rad of an arc that must be found.
const LEAST_TURN: f64 = PI / 6.0;
/// Chord tolerance in nm up to which bends must be found.
const FINE_NM: f64 = 2.0;
/// Bends drawn exactly at their limit, of each kind.
const AT_LIMIT: usize = 1_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A tight arc between two wide ones that turn the same way.
    Between,
    /// A tight arc and a wide one behind it.
    Before,
    /// The 90° bend of the `SiEPIC` tools.
    BezierBend,
    /// Tight at both ends.
    CosineS,
}

const KINDS: [Kind; 4] = [Kind::Between, Kind::Before, Kind::BezierBend, Kind::CosineS];

struct Case {
    ring: Vec<Point>,
    radius: f64,
    /// Turn of the tight arc; of curves that change evenly there is none.
    turn: f64,
}

impl Case {
    fn new(kind: Kind, [grid, tolerance]: [f64; 2], dice: &mut Dice) -> Self {
        let radius = dice.scale(600.0, 10_000.0);
        let width = dice.scale(300.0, 3_000.0).min(0.9 * radius);
        let shift = [dice.between(-1e5, 1e5), dice.between(-1e5, 1e5)];
        let is_square = dice.chance(0.2);
        let angle = if is_square { PI / 2.0 * (4.0 * dice.unit()).floor() } else { dice.between(0.0, TAU) };
        let place = Placing { angle, shift, mirror: dice.chance(0.5), grid };
        let (curve, turn) = curve(kind, radius, tolerance, dice);
        let curve = curve.with_leads(dice.scale(500.0, 2e4), dice.scale(500.0, 2e4));
        let ring = if dice.chance(0.25) {
            curve.paired_outline([width; 2], tolerance, &place)
        } else {
            curve.outline([width; 2], [tolerance; 2], &place)
        };
        Self { ring, radius: curve.min_radius(), turn }
    }

    fn traced(&self) -> Option<Trace> {
        trace_ribbon(&self.ring, None, &TraceOptions::default()).ok()
    }
}

/// A curve whose smallest radius is the given one, with the turn of its tight arc.
fn curve(kind: Kind, radius: f64, tolerance: f64, dice: &mut Dice) -> (Curve, f64) {
    // Ten samples in a chord put the vertices where they belong.
    let step = 0.1 * (8.0 * tolerance * radius).sqrt();
    let count = |length: f64| (length / step).ceil() as i32;
    let turn = dice.between(PI / 12.0, PI / 2.0);
    let wide = radius * dice.scale(2.5, 30.0);
    let arc = |r: f64, turn: f64| (r * turn, 1.0 / r, 1.0 / r);
    let mut beside = || arc(wide, dice.between(0.17, 0.87));
    match kind {
        Kind::Between => (Curve::from_pieces_by(&[beside(), arc(radius, turn), beside()], step), turn),
        Kind::Before => (Curve::from_pieces_by(&[arc(radius, turn), beside()], step), turn),
        Kind::BezierBend => {
            let b = dice.between(0.15, 0.45);
            let bend = |r: f64| bezier_form([[0.0, 0.0], [(1.0 - b) * r, 0.0], [r, b * r], [r, r]]);
            let size = radius / Curve::from_parametric_by(bend(1.0), 2_000).min_radius();
            (Curve::from_parametric_by(bend(size), count(1.7 * size)), PI)
        }
        Kind::CosineS => {
            // From the radius and the ratio of height to length.
            let ratio = dice.scale(0.2, 1.5);
            let length = 0.5 * PI * PI * ratio * radius;
            let form = cosine_form(length, ratio * length);
            (Curve::from_parametric_by(form, count((1.0 + ratio) * length)), PI)
        }
    }
}

fn is_found(t: &Trace, limit: f64) -> bool {
    t.min_radius_upper < limit
}

fn asked() -> Option<usize> {
    std::env::var("WAVEGUARD_SURVEY").ok()?.parse().ok()
}

fn report(name: &str, values: &mut [f64]) {
    values.sort_by(f64::total_cmp);
    let at = |part: f64| values[((values.len() - 1) as f64 * part) as usize];
    eprintln!("   {name}: 5 % {:.4}, 50 % {:.4}, 95 % {:.4}, 99 % {:.4}", at(0.05), at(0.5), at(0.95), at(0.99));
}

#[test]
fn the_bound_of_the_smallest_radius_holds() {
    for kind in KINDS {
        let (mut missed, mut traced, mut off, mut bounds) = (0, 0, Vec::new(), Vec::new());
        for seed in 0..asked().unwrap_or(CASES) as u64 {
            let dice = &mut Dice::new(seed * 8 + kind as u64);
            let grid = if dice.chance(0.5) { 1.0 } else { 5.0 };
            let tolerance = dice.scale(0.5, 10.0);
            let case = Case::new(kind, [grid, tolerance], dice);
            let Some(t) = case.traced() else { continue };
            traced += 1;
            let part = (t.min_radius / case.radius - 1.0).abs();
            off.push(part);
            bounds.push(t.min_radius_error / case.radius);
            if part * case.radius > t.min_radius_error {
                missed += 1;
            }
        }
        if asked().is_some() {
            eprintln!("{kind:?}: bound missed in {missed} of {traced}");
            report("off by", &mut off);
            report("bound", &mut bounds);
        }
        assert!(f64::from(traced) >= TRACED * asked().unwrap_or(CASES) as f64, "{kind:?}: {traced} traced");
        assert!(f64::from(missed) <= MISSED * f64::from(traced), "{kind:?}: {missed} of {traced}");
    }
}

#[test]
fn places_much_tighter_than_the_limit_are_found() {
    for kind in KINDS {
        let (mut found, mut looked_at) = (0, 0);
        let mut by_turn = [[0; 2]; 6];
        let mut bounds = Vec::new();
        for seed in 0..asked().unwrap_or(CASES) as u64 {
            let dice = &mut Dice::new(seed * 8 + 4 + kind as u64);
            let tolerance = dice.scale(0.5, FINE_NM);
            let case = Case::new(kind, [1.0, tolerance], dice);
            let Some(t) = case.traced() else { continue };
            let is_one = is_found(&t, case.radius / TIGHT_PART);
            let bin = &mut by_turn[((case.turn.to_degrees() / 15.0) as usize).min(5)];
            bin[0] += usize::from(is_one);
            bin[1] += 1;
            bounds.push(t.min_radius_error / case.radius);
            if case.turn >= LEAST_TURN {
                looked_at += 1;
                found += u32::from(is_one);
            }
        }
        if asked().is_some() {
            eprintln!("{kind:?}: found {found} of {looked_at}; by 15° of turn {by_turn:?}");
            report("bound", &mut bounds);
        }
        assert!(f64::from(looked_at) >= LOOKED_AT * asked().unwrap_or(CASES) as f64, "{kind:?}: {looked_at}");
        assert!(f64::from(found) >= FOUND * f64::from(looked_at), "{kind:?}: {found} of {looked_at}");
    }
}

#[test]
fn places_as_tight_as_the_limit_are_no_finding() {
    for kind in KINDS {
        let mut traced = 0;
        for seed in 0..asked().unwrap_or(AT_LIMIT) as u64 {
            let dice = &mut Dice::new(seed * 8 + 3 + kind as u64);
            let grid = if dice.chance(0.5) { 1.0 } else { 5.0 };
            let tolerance = dice.scale(0.5, FINE_NM);
            let case = Case::new(kind, [grid, tolerance], dice);
            let Some(t) = case.traced() else { continue };
            traced += 1;
            let (found, bound) = (t.min_radius, t.min_radius_error);
            assert!(!is_found(&t, case.radius), "{kind:?} {seed}: {} is {found} ± {bound}", case.radius);
        }
        assert!(f64::from(traced) >= TRACED * asked().unwrap_or(AT_LIMIT) as f64, "{kind:?}: {traced} traced");
    }
}
