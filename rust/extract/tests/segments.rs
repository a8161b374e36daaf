//! Rows of boxes that are guides, and arrays of boxes that are none. Lengths in nm, one dbu is one nm.

#![allow(clippy::float_cmp, reason = "counts are exact")]

mod sketch;

use std::f64::consts::{FRAC_PI_2, PI, TAU};

use sketch::{CORE, Place, Sketch, floats, ids, recipe, texts};
use waveguard_base::Watch;
use waveguard_extract::{Extraction, extract};
use waveguard_layout::Repetition;

fn run(s: &Sketch, top: usize) -> Extraction {
    let mut r = recipe(&[top]);
    r.segments.gap_max_nm = 537.0;
    r.segments.pitch_max_nm = 1073.0;
    extract(&s.build(), &r, &Watch::default()).expect("no one cancels")
}

fn box_at(s: &mut Sketch, cell: usize, at: [f64; 2], angle: f64, length: f64, width: f64) {
    let (sin, cos) = angle.sin_cos();
    let corner = |a: f64, c: f64| {
        let (x, y) = (a * length / 2.0, c * width / 2.0);
        [(at[0] + x * cos - y * sin).round(), (at[1] + x * sin + y * cos).round()]
    };
    let corners = vec![corner(-1.0, -1.0), corner(1.0, -1.0), corner(1.0, 1.0), corner(-1.0, 1.0)];
    s.cells[cell].polygons.push((CORE, corners, 0));
}

fn explained(e: &Extraction) -> f64 {
    let k = texts(e, "coverage", "kind").iter().position(|r| r == "core_area_nm2").expect("it is counted");
    floats(e, "coverage", "explained")[k] / floats(e, "coverage", "total")[k]
}

#[test]
fn a_straight_row_is_one_guide_at_any_angle() {
    for angle in [0.0, 0.3, FRAC_PI_2, 1.0, 2.7, PI] {
        let mut s = Sketch::default();
        let top = s.cell("top");
        let n = 300;
        for k in 0..n {
            let x = 250.0 * f64::from(k);
            box_at(&mut s, top, [x * angle.cos(), x * angle.sin()], angle, 125.0, 500.0);
        }
        let e = run(&s, top);
        let truth = 250.0 * f64::from(n - 1) + 125.0;
        let lengths = floats(&e, "waveguides", "centerline_length_nm");
        assert!(lengths.len() == 1 && (lengths[0] - truth).abs() < 2.0, "{lengths:?} not {truth} at {angle}");
        assert_eq!(ids(&e, "segments", "n_segments"), [i64::from(n)]);
        assert!((floats(&e, "segments", "pitch_nm")[0] - 250.0).abs() < 0.02);
        assert!((floats(&e, "segments", "duty_cycle")[0] - 0.5).abs() < 0.005);
        assert!((floats(&e, "waveguides", "width_a_nm")[0] - 500.0).abs() < 2.0);
        assert!(ids(&e, "waveguides", "n_bends")[0] == 0 && ids(&e, "waveguides", "cross_section")[0] == 0);
        assert!((explained(&e) - 1.0).abs() < 1e-9);
        assert_eq!(ids(&e, "devices", "role"), [1]);
    }
}

#[test]
fn arrays_placements_and_a_box_repeated_are_the_same_row() {
    for kind in 0..4 {
        let mut s = Sketch::default();
        let one = s.cell("box");
        let top = s.cell("top");
        let n = 50_000;
        s.repetitions.push(Repetition::Grid { columns: n, rows: 1, v1: [240.0, 0.0], v2: [0.0, 0.0] });
        let corners = vec![[0.0, -250.0], [120.0, -250.0], [120.0, 250.0], [0.0, 250.0]];
        match kind {
            0 => s.cells[top].polygons.push((CORE, corners, 1)),
            1 => {
                for k in 0..n {
                    let moved = corners.iter().map(|p| [p[0] + 240.0 * k as f64, p[1]]).collect();
                    s.cells[top].polygons.push((CORE, moved, 0));
                }
            }
            _ => {
                s.cells[one].polygons.push((CORE, corners, 0));
                let place = Place { target: one, at: [0.0; 2], quarters: 0.0, mirrored: false, repetition: 1 };
                if kind == 2 {
                    s.cells[top].places.push(place);
                } else {
                    let at = |k: u64| Place { at: [240.0 * k as f64, 0.0], repetition: 0, ..place.clone() };
                    s.cells[top].places.extend((0..n).map(at));
                }
            }
        }
        let began = std::time::Instant::now();
        let e = run(&s, top);
        assert!(began.elapsed().as_secs_f64() < 20.0, "{:?} for {kind}", began.elapsed());
        let truth = 240.0 * (n - 1) as f64 + 120.0;
        assert_eq!(floats(&e, "waveguides", "centerline_length_nm"), [truth], "kind {kind}");
        assert_eq!(ids(&e, "segments", "n_segments"), [n as i64], "kind {kind}");
        assert!((explained(&e) - 1.0).abs() < 1e-9);
    }
}

#[test]
fn a_bent_row_has_the_length_and_radius_of_its_bend_whatever_its_boxes_are() {
    let (radius, pitch) = (10_000.0, 300.0);
    for wedges in [false, true] {
        let step = pitch / radius;
        let n = (PI / step) as u32;
        let mut s = Sketch::default();
        let top = s.cell("top");
        for k in 0..n {
            let a = step * f64::from(k);
            if wedges {
                let corner = |r: f64, a: f64| [(r * a.cos()).round(), (r * a.sin()).round()];
                let (from, to) = (a - step / 4.0, a + step / 4.0);
                let corners = vec![
                    corner(radius + 250.0, from),
                    corner(radius + 250.0, to),
                    corner(radius - 250.0, to),
                    corner(radius - 250.0, from),
                ];
                s.cells[top].polygons.push((CORE, corners, 0));
            } else {
                box_at(&mut s, top, [radius * a.cos(), radius * a.sin()], a + FRAC_PI_2, 150.0, 500.0);
            }
        }
        let e = run(&s, top);
        let truth = pitch * f64::from(n - 1) + 150.0;
        let lengths = floats(&e, "waveguides", "centerline_length_nm");
        let most = f64::max(2.0, 1e-4 * truth);
        assert!(lengths.len() == 1 && (lengths[0] - truth).abs() < most, "{lengths:?} not {truth}, {wedges}");
        let error = floats(&e, "waveguides", "length_error_nm")[0];
        assert!(error < 10.0, "{error}");
        let found = floats(&e, "waveguides", "min_radius_nm")[0];
        assert!((found - radius).abs() < 0.02 * radius, "{found}, {wedges}");
        let turn = floats(&e, "waveguides", "turn_rad")[0].abs();
        assert!((turn - truth / radius).abs() < 0.02, "{turn}, {wedges}");
        assert!((floats(&e, "segments", "pitch_nm")[0] - pitch).abs() < 0.1);
        assert!((floats(&e, "segments", "duty_cycle")[0] - 0.5).abs() < 0.01);
    }
}

#[test]
fn a_ring_of_boxes_closes() {
    let radius: f64 = 5000.0;
    let n = 120;
    let mut s = Sketch::default();
    let top = s.cell("top");
    for k in 0..n {
        let a = TAU * f64::from(k) / f64::from(n);
        box_at(&mut s, top, [radius * a.cos(), radius * a.sin()], a + FRAC_PI_2, 130.0, 500.0);
    }
    let e = run(&s, top);
    assert_eq!(ids(&e, "segments", "n_segments"), [i64::from(n)]);
    let length = floats(&e, "waveguides", "centerline_length_nm")[0];
    assert!((length - TAU * radius).abs() < 5.0, "{length}");
    assert_eq!(ids(&e, "nets", "port_a").len(), 1);
    assert_eq!(ids(&e, "routes", "is_closed"), [1]);
}

#[test]
fn guides_that_enter_a_row_join_it_and_chirped_rows_are_rows() {
    for angle in [0.0, 0.5, 2.0] {
        let mut s = Sketch::default();
        let cell = s.cell("row");
        let mut x: f64 = 0.0;
        let mut last = 0.0;
        for k in 0..200 {
            let length = 100.0 + f64::from(k) * 0.4;
            x += length / 2.0;
            box_at(&mut s, cell, [x.round(), 0.0], 0.0, 2.0 * (length / 2.0).round(), 500.0);
            last = x.round() + (length / 2.0).round();
            x += length / 2.0 + 110.0;
        }
        let first = 50.0 - 50.0;
        s.cells[cell].rectangle(CORE, first - 120.0 - 20_000.0, -250.0, first - 120.0, 250.0);
        s.cells[cell].rectangle(CORE, last + 130.0, -250.0, last + 30_000.0, 250.0);
        let top = s.cell("top");
        let quarters = angle / FRAC_PI_2;
        s.cells[top].places.push(Place { target: cell, at: [70.0, -33.0], quarters, mirrored: false, repetition: 0 });
        let e = run(&s, top);
        assert_eq!(ids(&e, "nets", "port_a").len(), 2, "at {angle}");
        assert!(floats(&e, "nets", "gap_nm").iter().all(|g| *g < 1e-6));
        assert_eq!(ids(&e, "routes", "n_guides"), [3]);
        let k = ids(&e, "segments", "waveguide")[0] as usize;
        let length = floats(&e, "waveguides", "centerline_length_nm")[k];
        assert!((length - last).abs() < 2.0, "{length} of {last}");
        assert!(floats(&e, "segments", "pitch_min_nm")[0] < 215.0);
        assert!(floats(&e, "segments", "pitch_max_nm")[0] > 285.0);
        assert!((explained(&e) - 1.0).abs() < 1e-9);
        assert!(ids(&e, "runs", "waveguide_a").is_empty());
    }
}

#[test]
fn two_rows_side_by_side_are_a_coupler_and_more_are_an_array() {
    for (rows, expected) in [(1, 1), (2, 2), (3, 0), (40, 0)] {
        let mut s = Sketch::default();
        let top = s.cell("top");
        for k in 0..60 {
            for row in 0..rows {
                let at = [250.0 * f64::from(k), 700.0 * f64::from(row)];
                box_at(&mut s, top, at, 0.0, 125.0, 500.0);
            }
        }
        let e = run(&s, top);
        assert_eq!(ids(&e, "segments", "n_segments").len(), expected, "{rows} rows");
        assert_eq!(ids(&e, "waveguides", "device").len(), expected, "{rows} rows");
    }
}

#[test]
fn fill_photonic_crystals_gratings_and_sparse_rows_are_no_guides() {
    // Tiles, small tiles, teeth wider than any guide, boxes far apart, narrow boxes.
    let cases: [(i32, i32, [f64; 2], f64, f64); 5] = [
        (100, 100, [3000.0, 3000.0], 2000.0, 2000.0),
        (60, 60, [700.0, 700.0], 450.0, 450.0),
        (60, 1, [640.0, 0.0], 320.0, 12_000.0),
        (60, 1, [1500.0, 0.0], 500.0, 500.0),
        (60, 1, [250.0, 0.0], 125.0, 100.0),
    ];
    for (columns, rows, pitch, length, width) in cases {
        let mut s = Sketch::default();
        let tile = s.cell("tile");
        box_at(&mut s, tile, [0.0; 2], 0.0, length, width);
        let top = s.cell("top");
        let mut flat = s.clone();
        let grid =
            Repetition::Grid { columns: columns as u64, rows: rows as u64, v1: [pitch[0], 0.0], v2: [0.0, pitch[1]] };
        s.repetitions.push(grid);
        s.cells[top].places.push(Place { target: tile, at: [0.0; 2], quarters: 0.0, mirrored: false, repetition: 1 });
        for (i, j) in (0..columns).flat_map(|i| (0..rows).map(move |j| (i, j))) {
            box_at(&mut flat, top, [pitch[0] * f64::from(i), pitch[1] * f64::from(j)], 0.0, length, width);
        }
        for drawn in [&s, &flat] {
            let e = run(drawn, top);
            assert!(ids(&e, "segments", "waveguide").is_empty(), "{columns} x {rows} of {length} x {width}");
        }
    }
}

#[test]
fn a_missing_box_is_a_gap_between_two_guides() {
    let mut s = Sketch::default();
    let top = s.cell("top");
    for k in (0..100).filter(|k| *k != 50) {
        box_at(&mut s, top, [250.0 * f64::from(k), 0.0], 0.0, 125.0, 500.0);
    }
    let e = run(&s, top);
    assert_eq!(ids(&e, "segments", "n_segments").len(), 2);
    let gaps = floats(&e, "near_misses", "gap_nm");
    assert!(gaps.iter().filter(|g| **g == 375.0).count() == 2, "{gaps:?}");
}
