//! Single conventions of drawing, one test each.

#![allow(clippy::float_cmp, reason = "numbers on the grid are exact")]

mod sketch;

use std::f64::consts::PI;

use sketch::{CORE, MARKER, PIN, Sketch, floats, ids, recipe, run, texts};
use waveguard_base::Watch;
use waveguard_extract::{Extraction, Recipe, extract};
use waveguard_layout::Repetition;

#[test]
fn a_repeated_pin_path_is_two_pins() {
    let mut s = Sketch::default();
    let c = s.cell("double");
    s.repetitions.push(Repetition::Listed(vec![[0.0, 0.0], [0.0, 121_500.0]]));
    let cell = &mut s.cells[c];
    cell.rectangle(MARKER, -10_000.0, -1000.0, 0.0, 122_500.0);
    cell.paths.push((PIN, vec![[-10.0, 0.0], [10.0, 0.0]], 500.0, 1));
    let e = run(&s, c);
    assert_eq!(floats(&e, "ports", "y_nm"), [0.0, 121_500.0]);
    assert_eq!(floats(&e, "ports", "direction_rad"), [0.0, 0.0]);
}

#[test]
fn unoriented_pins_point_out_of_the_marker() {
    let mut s = Sketch::default();
    let c = s.straight("old", 10_000.0);
    // Both drawn to the right.
    s.cells[c].paths.clear();
    s.cells[c].paths.push((PIN, vec![[-50.0, 0.0], [50.0, 0.0]], 500.0, 0));
    s.cells[c].paths.push((PIN, vec![[9950.0, 0.0], [10_050.0, 0.0]], 500.0, 0));
    let mut r = recipe(&[c]);
    r.pins[0].oriented = false;
    let e = extract(&s.build(), &r, &Watch::default()).expect("no one cancels");
    let d = floats(&e, "ports", "direction_rad");
    assert!((d[0].abs() - std::f64::consts::PI).abs() < 1e-9 && d[1].abs() < 1e-9, "{d:?}");
}

#[test]
fn a_step_in_width_still_joins_and_is_reported() {
    let mut s = Sketch::default();
    let a = s.straight("narrow", 10_000.0);
    let b = s.straight("wide", 10_000.0);
    s.cells[b].paths[0].2 = 720.0;
    let top = s.cell("top");
    s.place(top, a, 0.0, 0.0, 0, false);
    s.place(top, b, 10_000.0, 0.0, 0, false);
    let e = run(&s, top);
    assert_eq!(floats(&e, "nets", "width_difference_nm"), [-220.0]);
}

#[test]
fn a_gap_is_no_join_and_the_near_miss_says_how_far() {
    let mut s = Sketch::default();
    let a = s.straight("guide", 10_000.0);
    let top = s.cell("top");
    s.place(top, a, 0.0, 0.0, 0, false);
    s.place(top, a, 10_920.0, 920.0, 0, false);
    let e = run(&s, top);
    assert!(ids(&e, "nets", "port_a").is_empty());
    assert_eq!(ids(&e, "near_misses", "port_a"), [1, 2]);
    assert_eq!(floats(&e, "near_misses", "gap_nm")[0], 920.0);
    assert_eq!(floats(&e, "near_misses", "lateral_nm")[0], 920.0);
}

#[test]
fn a_copy_on_top_of_another_is_a_duplicate_and_neighbours_that_touch_are_not() {
    let mut s = Sketch::default();
    let a = s.straight("guide", 10_000.0);
    let top = s.cell("top");
    s.place(top, a, 0.0, 0.0, 0, false);
    s.place(top, a, 10_000.0, 0.0, 0, false);
    s.place(top, a, 10_000.0, 0.0, 0, false);
    let e = run(&s, top);
    assert_eq!(ids(&e, "overlaps", "device_a"), [1]);
    assert_eq!(ids(&e, "overlaps", "duplicate"), [1]);
    assert_eq!(floats(&e, "overlaps", "area_nm2"), [2.0e7]);
    assert!(texts(&e, "problems", "code").contains(&"many-ports-at-one-point".to_owned()));
}

#[test]
fn drawn_guides_join_device_pins() {
    let mut s = Sketch::default();
    let a = s.straight("guide", 10_000.0);
    let top = s.cell("top");
    s.place(top, a, 0.0, 0.0, 0, false);
    s.cells[top].rectangle(CORE, 10_000.0, -250.0, 90_000.0, 250.0);
    let e = run(&s, top);
    assert_eq!(ids(&e, "devices", "source"), [2, 0]);
    assert_eq!(ids(&e, "nets", "port_a").len(), 1);
    assert_eq!(floats(&e, "waveguides", "centerline_length_nm")[0], 80_000.0);
}

/// A port as metadata states it, of a guide 500 nm wide.
fn stated(name: &str, [x, y]: [f64; 2], angle: f64, kind: &str) -> String {
    format!(
        r#"{{"name": "{name}", "x_dbu": {x}, "y_dbu": {y}, "angle_rad": {angle}, "width_dbu": 500, "kind": "{kind}"}}"#
    )
}

/// Extracts with the ports that metadata states of some cells.
fn run_stated(s: &Sketch, top: usize, cells: &[(usize, &[String])]) -> Extraction {
    let entry = |(cell, ports): &(usize, &[String])| format!(r#"{{"cell": {cell}, "ports": [{}]}}"#, ports.join(", "));
    let text = format!(
        r#"{{"schema": 1, "tops": [{top}], "core_layers": [[1, 0]],
            "guides": [{{"name": "strip", "layer": [1, 0], "width_min_nm": 300, "width_max_nm": 3500}}],
            "cells": [{}]}}"#,
        cells.iter().map(entry).collect::<Vec<_>>().join(", "),
    );
    let recipe = Recipe::from_json(&text).expect("the recipe is valid");
    extract(&s.build(), &recipe, &Watch::default()).expect("no one cancels")
}

/// Both ports of a straight along x.
fn along_x(from: f64, to: f64) -> [String; 2] {
    [stated("o1", [from, 0.0], PI, "optical"), stated("o2", [to, 0.0], 0.0, "optical")]
}

#[test]
fn stated_ports_make_leaf_cells_devices_and_their_parents_circuits() {
    let mut s = Sketch::default();
    let a = s.cell("straight");
    s.cells[a].rectangle(CORE, 0.0, -250.0, 10_000.0, 250.0);
    let top = s.cell("chain");
    s.place(top, a, 0.0, 0.0, 0, false);
    s.place(top, a, 10_000.0, 0.0, 0, false);
    let outer = [stated("west", [0.0; 2], PI, "optical"), stated("east", [20_000.0, 0.0], 0.0, "optical")];
    let e = run_stated(&s, top, &[(a, &along_x(0.0, 10_000.0)), (top, &outer)]);
    assert_eq!(ids(&e, "devices", "source"), [1, 1]);
    assert_eq!(ids(&e, "nets", "port_a").len(), 1);
    assert_eq!(texts(&e, "terminals", "name"), ["west", "east"]);
    assert_eq!(ids(&e, "terminals", "port"), [0, 3]);
}

#[test]
fn a_guide_of_no_length_is_nothing_between_those_it_joins() {
    let mut s = Sketch::default();
    let a = s.cell("straight");
    s.cells[a].rectangle(CORE, 0.0, -250.0, 10_000.0, 250.0);
    let nothing = s.cell("straight of no length");
    let top = s.cell("chain");
    s.place(top, a, 0.0, 0.0, 0, false);
    s.place(top, nothing, 10_000.0, 0.0, 0, false);
    s.place(top, a, 10_000.0, 0.0, 0, false);
    let e = run_stated(&s, top, &[(a, &along_x(0.0, 10_000.0)), (nothing, &along_x(0.0, 0.0))]);
    assert_eq!(ids(&e, "devices", "source"), [1, 1]);
    assert_eq!(ids(&e, "nets", "port_a").len(), 1);
    assert!(ids(&e, "near_misses", "port_a").is_empty());
    // Whose core is missing is a device all the same.
    let e = run_stated(&s, top, &[(a, &along_x(0.0, 10_000.0)), (nothing, &along_x(0.0, 5_000.0))]);
    assert_eq!(ids(&e, "devices", "source").len(), 3);
}

#[test]
fn a_fibre_coupler_of_a_taper_and_a_grating_is_one_device() {
    let mut s = Sketch::default();
    let taper = s.cell("taper");
    s.cells[taper].rectangle(CORE, 0.0, -250.0, 10_000.0, 250.0);
    let coupler = s.cell("coupler");
    s.place(coupler, taper, 0.0, 0.0, 0, false);
    s.cells[coupler].rectangle(CORE, 10_200.0, -5000.0, 20_000.0, 5000.0);
    let top = s.cell("top");
    s.place(top, coupler, 0.0, 0.0, 0, false);
    s.place(top, coupler, 0.0, 50_000.0, 0, false);
    let of_taper = along_x(0.0, 10_000.0);
    let ports = [stated("o1", [0.0; 2], PI, "optical"), stated("fibre", [15_000.0, 0.0], 0.0, "fibre")];
    let e = run_stated(&s, top, &[(taper, &of_taper), (coupler, &ports)]);
    assert_eq!(texts(&e, "ports", "name"), ["o1", "fibre", "o1", "fibre"]);
    // A circuit that only says where its couplers look up is none.
    let e = run_stated(&s, top, &[(taper, &of_taper), (coupler, &ports), (top, &ports)]);
    assert_eq!(ids(&e, "devices", "source"), [1, 1]);
    // What is looked at itself is always looked into.
    let e = run_stated(&s, coupler, &[(taper, &of_taper), (coupler, &ports)]);
    assert_eq!(texts(&e, "ports", "name"), ["o1", "o2"]);
}

#[test]
fn huge_arrays_are_counted_and_not_walked() {
    let mut s = Sketch::default();
    let tile = s.cell("fill");
    s.cells[tile].rectangle(CORE, 0.0, 0.0, 1000.0, 1000.0);
    let top = s.cell("top");
    let grid = Repetition::Grid { columns: 3000, rows: 3000, v1: [2000.0, 0.0], v2: [0.0, 2000.0] };
    s.repetitions.push(grid);
    s.place(top, tile, 0.0, 0.0, 0, false);
    s.cells[top].places[0].repetition = 1;
    let started = std::time::Instant::now();
    let e = run(&s, top);
    assert!(started.elapsed().as_secs_f64() < 2.0);
    assert_eq!(ids(&e, "unexplained", "count"), [9_000_000]);
    assert_eq!(floats(&e, "unexplained", "area_nm2"), [9.0e12]);
    assert_eq!(floats(&e, "unexplained", "x1_nm"), [2999.0 * 2000.0 + 1000.0]);
    assert_eq!(floats(&e, "coverage", "explained")[0], 0.0);
}

#[test]
fn boxes_are_no_guides_unless_they_join_something() {
    let mut s = Sketch::default();
    let top = s.cell("top");
    s.cells[top].rectangle(CORE, 0.0, 0.0, 1000.0, 800.0);
    let e = run(&s, top);
    assert!(ids(&e, "devices", "cell").is_empty());
    assert_eq!(ids(&e, "unexplained", "count"), [1]);
}

#[test]
fn a_wrong_recipe_is_refused_by_field() {
    let refused = |text: &str| Recipe::from_json(text).expect_err("it is wrong").to_string();
    assert!(refused(r#"{"schema": 1, "tops": [], "nonsense": 1}"#).contains("nonsense"));
    assert!(refused(r#"{"schema": 1, "tops": [], "tolerances": {"snap_nm": 0}}"#).contains("snap_nm"));
    assert!(refused(r#"{"schema": 2, "tops": []}"#).contains("schema"));
    let mut s = Sketch::default();
    s.cell("only");
    assert!(extract(&s.build(), &recipe(&[7]), &Watch::default()).is_err());
}

#[test]
fn schemas_name_the_tables_in_order() {
    let mut s = Sketch::default();
    let c = s.straight("guide", 10_000.0);
    let e = run(&s, c);
    let names: Vec<&str> = e.tables().iter().map(|t| t.name).collect();
    let declared: Vec<&str> = waveguard_extract::schemas().iter().map(|s| s.0).collect();
    assert_eq!(names, declared);
    for (table, (_, columns)) in e.tables().iter().zip(waveguard_extract::schemas()) {
        let have: Vec<&str> = table.columns.iter().map(|c| c.0).collect();
        let want: Vec<&str> = columns.iter().map(|c| c.0).collect();
        assert_eq!(have, want, "{}", table.name);
    }
}

#[test]
fn a_table_reads_the_same_whenever_and_in_whatever_order_it_is_asked_for() {
    let (s, top) = sketch::small_circuit();
    let (one, other) = (run(&s, top), run(&s, top));
    let names: Vec<&str> = one.names().to_vec();
    // As text: unknown numbers are equal there.
    for name in names.iter().rev() {
        let written = format!("{:?}", one.write(name).expect("it is there"));
        assert_eq!(format!("{:?}", one.table(name).expect("it is there")), written, "{name}");
        assert_eq!(format!("{:?}", one.write(name).expect("it is there")), written, "{name}");
    }
    assert_eq!(format!("{one:?}"), format!("{other:?}"));
    assert!(one.table("nonsense").is_none() && one.write("nonsense").is_none());
}

/// A straight of 10 µm with pins a step thick on its faces.
fn pinned_straight(s: &mut Sketch) -> usize {
    let number = s.cell("straight");
    let cell = &mut s.cells[number];
    cell.rectangle(CORE, 0.0, -250.0, 10_000.0, 250.0);
    cell.rectangle(PIN, 0.0, -250.0, 1.0, 250.0);
    cell.rectangle(PIN, 9999.0, -250.0, 10_000.0, 250.0);
    number
}

#[test]
fn a_top_is_looked_into_though_it_has_pins() {
    let mut s = Sketch::default();
    let top = pinned_straight(&mut s);
    let mut r = recipe(&[top]);
    r.pins[0].form = waveguard_extract::recipe::PinShape::EdgeRectangle;
    let e = extract(&s.build(), &r, &Watch::default()).expect("no one cancels");
    assert_eq!(floats(&e, "waveguides", "centerline_length_nm"), [10_000.0]);
    // Both pins are where the circuit ends, on an end of the drawn guide each.
    assert_eq!(floats(&e, "terminals", "x_nm"), [0.0, 10_000.0]);
    assert!(ids(&e, "terminals", "port").iter().all(|&port| port >= 0));
}

#[test]
fn areas_add_up_to_the_whole() {
    let (mut s, top) = sketch::small_circuit();
    s.cells[top].rectangle(CORE, 0.0, 200_000.0, 50_000.0, 250_000.0);
    s.cells[top].rectangle(CORE, 0.0, 300_000.0, 50_000.0, 300_500.0);
    let e = run(&s, top);
    let (total, explained) = (floats(&e, "coverage", "total")[0], floats(&e, "coverage", "explained")[0]);
    let rest: f64 = floats(&e, "unexplained", "area_nm2").iter().sum();
    assert_eq!(rest, 2.5e9);
    assert_eq!(total, explained + rest);
}

#[test]
fn rectangles_a_step_thick_are_pins_on_the_face_of_the_core() {
    let mut s = Sketch::default();
    let c = pinned_straight(&mut s);
    let top = s.cell("top");
    s.place(top, c, 0.0, 0.0, 0, false);
    let mut r = recipe(&[top]);
    r.pins[0].form = waveguard_extract::recipe::PinShape::EdgeRectangle;
    let e = extract(&s.build(), &r, &Watch::default()).expect("no one cancels");
    assert_eq!(floats(&e, "ports", "x_nm"), [0.0, 10_000.0]);
    assert_eq!(floats(&e, "ports", "direction_rad"), [std::f64::consts::PI, 0.0]);
    assert_eq!(floats(&e, "ports", "width_nm"), [500.0, 500.0]);
    assert_eq!(floats(&e, "waveguides", "centerline_length_nm"), [10_000.0]);
}

#[test]
fn guides_side_by_side_are_a_run_with_its_profile() {
    let mut s = Sketch::default();
    let a = s.straight("guide", 50_000.0);
    let top = s.cell("top");
    s.place(top, a, 0.0, 0.0, 0, false);
    s.place(top, a, 10_000.0, 2500.0, 0, false);
    let e = run(&s, top);
    assert_eq!(floats(&e, "runs", "gap_min_nm"), [2000.0]);
    assert!((floats(&e, "runs", "length_nm")[0] - 40_000.0).abs() <= 500.0);
    let steps: f64 = floats(&e, "run_profile", "step_nm").iter().sum();
    assert!((steps - floats(&e, "runs", "length_nm")[0]).abs() < 1e-6);
}

#[test]
fn guides_that_cross_without_a_device_are_listed() {
    let mut s = Sketch::default();
    let top = s.cell("top");
    s.cells[top].rectangle(CORE, -20_000.0, -250.0, 20_000.0, 250.0);
    s.cells[top].rectangle(CORE, -250.0, -20_000.0, 250.0, 20_000.0);
    let e = run(&s, top);
    assert_eq!(floats(&e, "crossings", "x_nm"), [0.0]);
    assert!((floats(&e, "crossings", "angle_rad")[0] - std::f64::consts::FRAC_PI_2).abs() < 1e-9);
}

#[test]
fn a_cancelled_watch_stops_the_work() {
    let (s, top) = sketch::small_circuit();
    let watch = Watch::default();
    watch.cancel();
    assert!(extract(&s.build(), &recipe(&[top]), &watch).is_err());
}
