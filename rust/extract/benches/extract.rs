//! Time of a whole extraction of a flattened lattice of couplers and straights, by number of copies.
//!
//! Prints the best of several rounds, because other load on the machine only ever adds. A layout of copies shows
//! what is worked out once; `distinct` shifts a vertex in each shape so that nothing is. Then the same lattice with
//! each coupler and its straights in a cell, which is placed.

#![expect(clippy::print_stdout, reason = "a bench reports on stdout")]

use std::time::Instant;

use waveguard_base::Watch;
use waveguard_extract::{Recipe, extract};
use waveguard_geom::Point;
use waveguard_layout::builder::LayoutColumns;
use waveguard_layout::{Layout, Repetition};

const ROUNDS: usize = 7;
const POINTS_A_SIDE: i32 = 104;
const RECIPE: &str = r#"{"schema": 1, "tops": [0], "core_layers": [[1, 0]], "marker_layers": [], "pins": [], "cells": [],
    "guides": [{"name": "strip", "layer": [1, 0], "width_nm": 500, "width_min_nm": 300, "width_max_nm": 3500}]}"#;

/// A guide that comes within reach of its mirror image and leaves again.
fn coupler(up: bool) -> Vec<(i32, i32)> {
    let sign = if up { 1 } else { -1 };
    let side = |offset: i32| {
        (0..POINTS_A_SIDE).map(move |i| {
            let share = f64::from(i) / f64::from(POINTS_A_SIDE - 1);
            let y = 350.0 + 9650.0 * (std::f64::consts::PI * share).cos().powi(2);
            (i * 1000, sign * y.round() as i32 + offset)
        })
    };
    side(-250).chain(side(250).rev()).collect()
}

/// A coupler and the straights after it.
fn unit() -> [Vec<(i32, i32)>; 4] {
    let straight = |y: i32| vec![(103_000, y - 250), (163_000, y - 250), (163_000, y + 250), (103_000, y + 250)];
    [coupler(true), coupler(false), straight(10_000), straight(-10_000)]
}

fn origin(i: i32) -> (i32, i32) {
    ((i % 100) * 163_000, (i / 100) * 40_000)
}

fn layout(units: i32, distinct: bool) -> Layout {
    let mut columns = LayoutColumns {
        dbu_nm: 1.0,
        layers: vec![(1, 0)],
        cell_names: vec!["top".to_owned()],
        repetitions: vec![Repetition::Single],
        polygon_offsets: vec![0],
        path_offsets: vec![0],
        ..LayoutColumns::default()
    };
    let shapes = unit();
    for i in 0..units {
        let at = origin(i);
        for (k, shape) in (0..).zip(&shapes) {
            let first = columns.polygon_grid.len();
            columns.polygon_grid.extend(shape.iter().map(|&(x, y)| Point::new(x + at.0, y + at.1)));
            if distinct && shape.len() > 4 {
                // Far from the coupling; the number of the shape in the places of a few vertices.
                let number = 2 * i + k;
                for bit in 0..16 {
                    columns.polygon_grid[first + 2 + bit].y -= (number >> bit) & 1;
                }
            }
            columns.polygon_offsets.push(columns.polygon_grid.len() as i64);
        }
    }
    let n = columns.polygon_offsets.len() - 1;
    columns.polygon_cell = vec![0; n];
    columns.polygon_layer = vec![0; n];
    columns.polygon_rep = vec![0; n];
    Layout::build(columns, &Watch::default()).expect("valid columns")
}

/// The same lattice as placements of one cell.
fn placed(units: i32) -> Layout {
    let mut columns = LayoutColumns {
        dbu_nm: 1.0,
        layers: vec![(1, 0)],
        cell_names: vec!["top".to_owned(), "unit".to_owned()],
        repetitions: vec![Repetition::Single],
        polygon_offsets: vec![0],
        path_offsets: vec![0],
        ..LayoutColumns::default()
    };
    for shape in unit() {
        columns.polygon_grid.extend(shape.iter().map(|&(x, y)| Point::new(x, y)));
        columns.polygon_offsets.push(columns.polygon_grid.len() as i64);
    }
    let n = columns.polygon_offsets.len() - 1;
    columns.polygon_cell = vec![1; n];
    columns.polygon_layer = vec![0; n];
    columns.polygon_rep = vec![0; n];
    for at in (0..units).map(origin) {
        columns.ref_cell.push(0);
        columns.ref_target.push(1);
        columns.ref_name.push(String::new());
        columns.ref_xy.extend([f64::from(at.0), f64::from(at.1)]);
        columns.ref_rotation_rad.push(0.0);
        columns.ref_magnification.push(1.0);
        columns.ref_mirror.push(0);
        columns.ref_rep.push(0);
    }
    Layout::build(columns, &Watch::default()).expect("valid columns")
}

fn best_s(layout: &Layout, recipe: &Recipe) -> f64 {
    let one = |_| {
        let start = Instant::now();
        drop(extract(layout, recipe, &Watch::default()).expect("no one cancels"));
        start.elapsed().as_secs_f64()
    };
    (0..ROUNDS).map(one).fold(f64::INFINITY, f64::min)
}

fn main() {
    let recipe = Recipe::from_json(RECIPE).expect("valid recipe");
    for units in [4000, 32_000] {
        let (flat, cells) = (best_s(&layout(units, false), &recipe), best_s(&placed(units), &recipe));
        let times = flat / cells;
        println!("{units:6} units: flat {:8.1} ms, placed {:8.1} ms, {times:.1} times", flat * 1e3, cells * 1e3);
    }
    for units in [1000, 4000] {
        for distinct in [false, true] {
            let layout = layout(units, distinct);
            let mut best = f64::INFINITY;
            let mut guides = 0;
            for _ in 0..ROUNDS {
                let start = Instant::now();
                let found = extract(&layout, &recipe, &Watch::default()).expect("no one cancels");
                best = best.min(start.elapsed().as_secs_f64());
                guides = found.table("waveguides").map_or(0, |t| t.columns[0].1.len());
            }
            let n = layout.n_points();
            let ns = best * 1e9 / n as f64;
            println!("distinct {distinct:5} {n:9} vertices {guides:6} guides {:8.1} ms {ns:6.1} ns/vertex", best * 1e3);
        }
    }
}
