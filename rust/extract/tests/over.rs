//! Devices placed over guides that run on through them.

#![allow(clippy::float_cmp, reason = "ids are exact")]

mod sketch;

use std::f64::consts::{FRAC_PI_2, PI};

use sketch::{CORE, MARKER, Place, Sketch, floats, ids, run, texts};
use waveguard_extract::Extraction;

/// A heater of that length along x, with pins on its two ends and no core.
fn heater(s: &mut Sketch, length: f64) -> usize {
    let c = s.cell("heater");
    let cell = &mut s.cells[c];
    cell.rectangle(MARKER, -length / 2.0, -2000.0, length / 2.0, 2000.0);
    cell.pin("in", -length / 2.0, 0.0, 2, 500.0);
    cell.pin("out", length / 2.0, 0.0, 0, 500.0);
    c
}

fn sorted(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_by(f64::total_cmp);
    values
}

fn lengths(e: &Extraction) -> Vec<f64> {
    sorted(floats(e, "waveguides", "centerline_length_nm"))
}

/// Nothing is open but `n` ends, nothing overlaps, all of the core is understood.
fn is_clean(e: &Extraction, n_open: usize) {
    let open = ids(e, "ports", "net").iter().filter(|n| **n < 0).count();
    assert_eq!(open, n_open, "open ports");
    assert!(ids(e, "overlaps", "device_a").is_empty() && ids(e, "crossings", "waveguide_a").is_empty());
    let rows = texts(e, "coverage", "kind");
    let k = rows.iter().position(|r| r == "core_area_nm2").expect("the core is counted");
    let (total, explained) = (floats(e, "coverage", "total")[k], floats(e, "coverage", "explained")[k]);
    assert!((total - explained).abs() < 1e-6 * total, "{explained} of {total}");
    assert!(texts(e, "problems", "code").is_empty(), "{:?}", texts(e, "problems", "code"));
}

fn turned(s: &mut Sketch, parent: usize, target: usize, at: [f64; 2], angle_rad: f64) {
    let quarters = angle_rad / FRAC_PI_2;
    s.cells[parent].places.push(Place { target, at, quarters, mirrored: false, repetition: 0 });
}

#[test]
fn a_long_guide_is_cut_at_the_pins_of_a_device_over_it() {
    let mut s = Sketch::default();
    let h = heater(&mut s, 10_000.0);
    let top = s.cell("top");
    s.cells[top].rectangle(CORE, 0.0, -250.0, 100_000.0, 250.0);
    s.place(top, h, 30_000.0, 0.0, 0, false);
    let e = run(&s, top);
    assert_eq!(lengths(&e), [25_000.0, 65_000.0]);
    assert_eq!(ids(&e, "nets", "port_a").len(), 2);
    assert!(floats(&e, "nets", "gap_nm").iter().all(|g| *g < 1e-6));
    is_clean(&e, 2);
}

#[test]
fn several_devices_and_a_guide_in_pieces_cells_and_at_any_angle() {
    for angle in [0.0, 0.3, 1.0, FRAC_PI_2, 2.7] {
        for pieces in 1..=3 {
            let mut s = Sketch::default();
            let h = heater(&mut s, 10_000.0);
            let part = s.cell("part");
            s.cells[part].rectangle(CORE, 0.0, -250.0, 120_000.0 / f64::from(pieces), 250.0);
            let inner = s.cell("inner");
            for k in 0..pieces {
                s.place(inner, part, 120_000.0 / f64::from(pieces) * f64::from(k), 0.0, 0, false);
            }
            // The second lies over the joint of two pieces, the third is turned around.
            s.place(inner, h, 20_000.0, 0.0, 0, false);
            s.place(inner, h, 60_000.0, 0.0, 0, false);
            s.place(inner, h, 90_000.0, 0.0, 2, false);
            let top = s.cell("top");
            turned(&mut s, top, inner, [1000.0, -333.0], angle);
            let e = run(&s, top);
            let sum: f64 = lengths(&e).iter().sum();
            assert!((sum - 90_000.0).abs() < 2.0, "{sum} at {angle} in {pieces}");
            assert_eq!(ids(&e, "routes", "port_a").len(), 4, "at {angle} in {pieces}");
            is_clean(&e, 2);
        }
    }
}

/// A guide that is straight, bends by a quarter of a circle, and is straight again.
fn bent(s: &mut Sketch, radius: f64) -> usize {
    let c = s.cell("bent");
    let (mut outer, mut inner) = (vec![[-20_000.0, -250.0]], vec![[-20_000.0, 250.0]]);
    for k in 0..=90 {
        let (sin, cos) = (f64::from(k) / 90.0 * FRAC_PI_2).sin_cos();
        outer.push([((radius + 250.0) * sin).round(), (radius - (radius + 250.0) * cos).round()]);
        inner.push([((radius - 250.0) * sin).round(), (radius - (radius - 250.0) * cos).round()]);
    }
    outer.push([radius + 250.0, radius + 20_000.0]);
    inner.push([radius - 250.0, radius + 20_000.0]);
    inner.reverse();
    outer.extend(inner);
    s.cells[c].polygons.push((CORE, outer, 0));
    c
}

#[test]
fn pins_on_a_bend_cut_it_and_each_part_keeps_its_radius() {
    let radius = 20_000.0;
    for (from, to) in [(0.2, 0.9), (0.5, 1.2), (-0.2, 0.7)] {
        let mut s = Sketch::default();
        let b = bent(&mut s, radius);
        let d = s.cell("electrode");
        // Pins where the device crosses the bend, the first before it where `from` is negative.
        for (name, angle, out) in [("in", from, PI), ("out", to, 0.0)] {
            let angle: f64 = angle;
            let (at, heading) = if angle < 0.0 {
                ([radius * angle, 0.0], 0.0)
            } else {
                ([radius * angle.sin(), radius * (1.0 - angle.cos())], angle)
            };
            let (sin, cos) = (heading + out).sin_cos();
            let [x, y] = at.map(f64::round);
            let pin = [[x - 500.0 * cos, y - 500.0 * sin], [x + 500.0 * cos, y + 500.0 * sin]];
            s.cells[d].paths.push((sketch::PIN, pin.iter().map(|p| p.map(f64::round)).collect(), 500.0, 0));
            s.cells[d].labels.push((sketch::PIN, [x, y], name.to_owned()));
        }
        s.cells[d].rectangle(MARKER, -5000.0, -5000.0, 25_000.0, 25_000.0);
        let top = s.cell("top");
        s.place(top, b, 0.0, 0.0, 0, false);
        s.place(top, d, 0.0, 0.0, 0, false);
        let e = run(&s, top);
        let drawn = 40_000.0 + radius * FRAC_PI_2;
        let inside = radius * (to - from);
        let sum: f64 = lengths(&e).iter().sum();
        assert!((sum + inside - drawn).abs() < 2.0, "{} at {from}", sum + inside - drawn);
        assert_eq!(ids(&e, "nets", "port_a").len(), 2, "at {from}");
        is_clean(&e, 2);
        let turns = floats(&e, "waveguides", "turn_rad").iter().sum::<f64>().abs();
        let left = FRAC_PI_2 - (to - from.max(0.0));
        assert!((turns - left).abs() < 0.005, "{turns} of {left}");
        for (r, turn) in floats(&e, "waveguides", "min_radius_nm").iter().zip(floats(&e, "waveguides", "turn_rad")) {
            let is_right = if turn.abs() < 0.01 { r.is_infinite() } else { (r - radius).abs() < 0.01 * radius };
            assert!(is_right, "{r} where it turns by {turn}");
        }
    }
}

#[test]
fn a_taper_that_is_cut_has_the_width_of_the_place_on_both_sides() {
    let mut s = Sketch::default();
    let h = heater(&mut s, 10_000.0);
    let top = s.cell("top");
    let taper = vec![[0.0, -250.0], [100_000.0, -750.0], [100_000.0, 750.0], [0.0, 250.0]];
    s.cells[top].polygons.push((CORE, taper, 0));
    s.place(top, h, 40_000.0, 0.0, 0, false);
    let e = run(&s, top);
    assert_eq!(lengths(&e).iter().map(|l| l.round()).collect::<Vec<f64>>(), [35_000.0, 55_000.0]);
    let widths = |column: &str| sorted(floats(&e, "waveguides", column));
    let near = |found: &[f64], truth: [f64; 2]| found.iter().zip(truth).all(|(f, t)| (f - t).abs() < 2.0);
    assert!(near(&widths("width_min_nm"), [500.0, 950.0]) && near(&widths("width_max_nm"), [850.0, 1500.0]));
    let ends = floats(&e, "tapers", "begin_width_nm").into_iter().zip(floats(&e, "tapers", "end_width_nm"));
    let narrow = sorted(ends.map(|(a, b)| a.min(b)).collect());
    assert!(near(&narrow, [500.0, 950.0]), "{narrow:?}");
}

#[test]
fn a_device_with_a_guide_of_its_own_takes_the_place_of_the_drawn_one() {
    let mut s = Sketch::default();
    let h = heater(&mut s, 10_000.0);
    s.cells[h].rectangle(CORE, -5000.0, -250.0, 5000.0, 250.0);
    let top = s.cell("top");
    s.cells[top].rectangle(CORE, 0.0, -250.0, 100_000.0, 250.0);
    s.place(top, h, 30_000.0, 0.0, 0, false);
    let e = run(&s, top);
    assert_eq!(lengths(&e), [10_000.0, 25_000.0, 65_000.0]);
    is_clean(&e, 2);
}

#[test]
fn pins_beside_the_axis_are_joints_that_were_missed() {
    for (aside, expected) in [(10.0, 10.0), (-120.0, 120.0)] {
        let mut s = Sketch::default();
        let h = heater(&mut s, 10_000.0);
        let top = s.cell("top");
        s.cells[top].rectangle(CORE, 0.0, -250.0, 100_000.0, 250.0);
        s.place(top, h, 30_000.0, aside, 0, false);
        let e = run(&s, top);
        assert!(ids(&e, "nets", "port_a").is_empty());
        let lateral = floats(&e, "near_misses", "lateral_nm");
        assert!(lateral.len() >= 4 && lateral[..4].iter().all(|l| (l - expected).abs() < 1e-6), "{lateral:?}");
    }
}

#[test]
fn a_device_that_guides_do_not_lead_through_leaves_them_alone() {
    // No pins; pins across the guide; a pin on the axis while the other is far beside it.
    for case in 0..3 {
        let mut s = Sketch::default();
        let h = heater(&mut s, 10_000.0);
        let top = s.cell("top");
        s.cells[top].rectangle(CORE, 0.0, -250.0, 100_000.0, 250.0);
        match case {
            0 => s.cells[h].paths.clear(),
            1 => {}
            _ => s.cells[h].paths[1].1.iter_mut().for_each(|p| p[1] += 1500.0),
        }
        s.place(top, h, 30_000.0, 0.0, i32::from(case == 1), false);
        let e = run(&s, top);
        assert_eq!(lengths(&e), [100_000.0], "case {case}");
    }
}

#[test]
fn a_known_guide_is_cut_too_and_a_flat_chip_with_one_marker_is_no_device() {
    let mut s = Sketch::default();
    let (h, g) = (heater(&mut s, 10_000.0), s.straight("guide", 100_000.0));
    let top = s.cell("top");
    s.place(top, g, 0.0, 0.0, 0, false);
    s.place(top, h, 30_000.0, 0.0, 0, false);
    let e = run(&s, top);
    assert_eq!(lengths(&e), [25_000.0, 65_000.0]);
    assert_eq!(ids(&e, "devices", "source"), [6, 6, 0]);
    is_clean(&e, 2);

    let mut s = Sketch::default();
    let h = heater(&mut s, 10_000.0);
    let top = s.cell("top");
    s.cells[top].rectangle(CORE, 0.0, -250.0, 100_000.0, 250.0);
    s.place(top, h, 30_000.0, 0.0, 0, false);
    s.cells[top] = s.flattened(top);
    let e = run(&s, top);
    assert_eq!(lengths(&e), [25_000.0, 65_000.0]);
    is_clean(&e, 2);
}

#[test]
fn a_crossing_placed_over_two_guides_that_cross_is_the_crossing() {
    let mut s = Sketch::default();
    let c = s.cell("crossing");
    let cell = &mut s.cells[c];
    cell.rectangle(MARKER, -4000.0, -4000.0, 4000.0, 4000.0);
    for (k, name) in ["e", "n", "w", "s"].iter().enumerate() {
        let (sin, cos) = (k as f64 * FRAC_PI_2).sin_cos();
        cell.pin(name, (4000.0 * cos).round(), (4000.0 * sin).round(), k as i32, 500.0);
    }
    let top = s.cell("top");
    s.cells[top].rectangle(CORE, -30_000.0, -250.0, 20_000.0, 250.0);
    s.cells[top].rectangle(CORE, -250.0, -40_000.0, 250.0, 10_000.0);
    s.place(top, c, 0.0, 0.0, 0, false);
    let e = run(&s, top);
    assert_eq!(lengths(&e), [6000.0, 16_000.0, 26_000.0, 36_000.0]);
    assert!(ids(&e, "junctions", "device").is_empty());
    is_clean(&e, 4);
}
