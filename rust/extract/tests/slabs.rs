//! Slabs of rib guides: which guides are ribs, and where a slab reaches too little far. Lengths in nm, one dbu is one nm.

mod sketch;

use std::f64::consts::FRAC_PI_6;

use sketch::{CORE, MARKER, Sketch, floats, ids};
use waveguard_base::Watch;
use waveguard_extract::{Extraction, Recipe, extract};

const STRIP: i64 = 0;
const RIB: i64 = 1;
/// Slabs are drawn on the layer that the sketches have for markers, which no recipe here knows as such.
const SLAB: i64 = MARKER;
const LEAST: f64 = 1000.0;
const LENGTH: f64 = 40_000.0;
/// Half of the width of a slab that is wide enough.
const WIDE: f64 = 3000.0;

fn found(sketch: &Sketch, top: usize, block_share: f64) -> Extraction {
    let text = format!(
        r#"{{"schema": 1, "tops": [{top}],
            "guides": [{{"name": "strip", "layer": [1, 0], "width_nm": 500, "width_min_nm": 400, "width_max_nm": 800}},
                       {{"name": "rib", "layer": [1, 0], "width_nm": 500, "width_min_nm": 400, "width_max_nm": 600,
                         "slab": {{"layer": [68, 0], "least_nm": {LEAST}, "reach_nm": {LEAST}}}}}],
            "core_layers": [[1, 0]],
            "pins": [{{"form": "path", "layer": [1, 10], "kind": "optical", "oriented": true}}]}}"#
    );
    let mut recipe = Recipe::from_json(&text).expect("the recipe is valid");
    recipe.limits.block_share = block_share;
    extract(&sketch.build(), &recipe, &Watch::default()).expect("no one cancels")
}

fn rectangle(x0: f64, y0: f64, x1: f64, y1: f64) -> Vec<[f64; 2]> {
    vec![[x0, y0], [x1, y0], [x1, y1], [x0, y1]]
}

fn turned(shapes: &[Vec<[f64; 2]>], angle: f64) -> Vec<Vec<[f64; 2]>> {
    let (sin, cos) = angle.sin_cos();
    let turn = |p: &[f64; 2]| [(cos * p[0] - sin * p[1]).round(), (sin * p[0] + cos * p[1]).round()];
    shapes.iter().map(|s| s.iter().map(turn).collect()).collect()
}

/// A guide along x with these slabs beside it, turned by some angle.
fn guide_on(slabs: &[Vec<[f64; 2]>], angle: f64) -> Extraction {
    let mut sketch = Sketch::default();
    let top = sketch.cell("top");
    let core = turned(&[rectangle(0.0, -250.0, LENGTH, 250.0)], angle);
    let own = &mut sketch.cells[top].polygons;
    own.extend(core.into_iter().map(|s| (CORE, s, 0)));
    own.extend(turned(slabs, angle).into_iter().map(|s| (SLAB, s, 0)));
    found(&sketch, top, 0.0)
}

/// The only stretch: start, length, reach, step, step at the ends.
fn stretch(e: &Extraction) -> [f64; 5] {
    let columns = ["start_nm", "length_nm", "reach_nm", "step_nm", "end_step_nm"].map(|c| floats(e, "thin_slabs", c));
    assert_eq!(columns[0].len(), 1, "{columns:?}");
    columns.map(|c| c[0])
}

/// A guide begins at either of its ends.
fn assert_near(found: [f64; 5], expected: [f64; 5]) {
    let [start, length, ..] = found;
    let from_end = [LENGTH - start - length, length, found[2], found[3], found[4]];
    let is_near = [found, from_end].iter().any(|f| f.iter().zip(expected).all(|(f, e)| (f - e).abs() <= 6.0));
    assert!(is_near, "{found:?} and {expected:?}");
}

fn section(e: &Extraction) -> Vec<i64> {
    ids(e, "waveguides", "cross_section")
}

#[test]
fn what_lies_on_slab_for_more_than_half_of_its_length_is_a_rib() {
    let on = |length: f64| guide_on(&[rectangle(0.0, -WIDE, length, WIDE)], 0.0);
    assert_eq!([on(0.6 * LENGTH), on(0.4 * LENGTH)].map(|e| section(&e)), [[RIB], [STRIP]]);
    assert_eq!(ids(&on(0.6 * LENGTH), "ports", "cross_section"), [RIB, RIB]);
    assert_eq!(section(&guide_on(&[], 0.0)), [STRIP]);
    // On one side only, and as wide as the core.
    assert_eq!(section(&guide_on(&[rectangle(0.0, -WIDE, LENGTH, 0.0)], 0.0)), [STRIP]);
    assert_eq!(section(&guide_on(&[rectangle(0.0, -250.0, LENGTH, 250.0)], 0.0)), [STRIP]);
}

#[test]
fn a_slab_may_be_in_pieces_that_touch_or_lie_on_each_other_or_leave_the_core_out() {
    let whole = [rectangle(0.0, -WIDE, LENGTH, WIDE)];
    let pieces = [
        rectangle(0.0, -WIDE, 9000.0, 0.0),
        rectangle(0.0, 0.0, 9000.0, WIDE),
        rectangle(9000.0, -WIDE, 25_000.0, WIDE),
        rectangle(24_000.0, -2500.0, LENGTH, WIDE),
    ];
    let beside = [rectangle(0.0, -WIDE, LENGTH, -250.0), rectangle(0.0, 250.0, LENGTH, WIDE)];
    for slabs in [&whole[..], &pieces, &beside] {
        for angle in [0.0, 0.1234, FRAC_PI_6] {
            let e = guide_on(slabs, angle);
            assert_eq!((section(&e), floats(&e, "thin_slabs", "start_nm").len()), (vec![RIB], 0), "{angle}");
        }
    }
}

#[test]
fn a_cut_is_found_however_short_and_a_crack_of_rounding_is_none() {
    for angle in [0.0, FRAC_PI_6] {
        let cut = |length: f64| {
            let halves = [rectangle(0.0, -WIDE, 20_000.0, WIDE), rectangle(20_000.0 + length, -WIDE, LENGTH, WIDE)];
            guide_on(&halves, angle)
        };
        assert_near(stretch(&cut(30.0)), [20_000.0, 30.0, 0.0, LEAST, 0.0]);
        assert_near(stretch(&cut(1000.0)), [20_000.0, 1000.0, 0.0, LEAST, 0.0]);
    }
    let e = guide_on(&[rectangle(0.0, -WIDE, 20_000.0, WIDE), rectangle(20_001.0, -WIDE, LENGTH, WIDE)], 0.0);
    assert!(floats(&e, "thin_slabs", "start_nm").is_empty());
}

#[test]
fn a_slab_that_narrows_down_makes_no_step_and_one_that_jumps_does() {
    let wide = rectangle(0.0, -WIDE, 25_000.0, WIDE);
    // From 3000 beyond the middle to the edges of the core over 10 µm: less than 1000 beyond them from there on.
    let taper = vec![[25_000.0, -WIDE], [35_000.0, -250.0], [35_000.0, 250.0], [25_000.0, WIDE]];
    let begins = 35_000.0 - LEAST * 10_000.0 / (WIDE - 250.0);
    assert_near(stretch(&guide_on(&[wide.clone(), taper], 0.0)), [begins, LENGTH - begins, 0.0, 0.0, 0.0]);
    let narrow = rectangle(25_000.0, -325.0, LENGTH, 325.0);
    assert_near(stretch(&guide_on(&[wide, narrow], 0.0)), [25_000.0, 15_000.0, 75.0, LEAST - 75.0, 0.0]);
}

#[test]
fn a_slab_that_ends_where_the_guide_ends_but_not_the_light_is_a_step_there() {
    let mut sketch = Sketch::default();
    let top = sketch.cell("top");
    let own = &mut sketch.cells[top];
    own.rectangle(CORE, 0.0, -250.0, LENGTH, 250.0);
    own.rectangle(CORE, LENGTH, -250.0, 2.0 * LENGTH, 250.0);
    own.rectangle(SLAB, 0.0, -WIDE, LENGTH, WIDE);
    let together = found(&sketch, top, 0.0);
    assert_eq!(section(&together), [RIB, STRIP]);
    assert_near(stretch(&together), [0.0, LENGTH, 0.0, 0.0, LEAST]);
}

/// Straights in a row; the slab of each is drawn in its cell, below it, or above all of them.
fn row(depth: usize) -> (Sketch, usize) {
    let mut sketch = Sketch::default();
    let wire = sketch.cell("wire");
    sketch.cells[wire].rectangle(CORE, 0.0, -250.0, LENGTH, 250.0);
    sketch.cells[wire].pin("a", 0.0, 0.0, 2, 500.0);
    sketch.cells[wire].pin("b", LENGTH, 0.0, 0, 500.0);
    let below = sketch.cell("below");
    sketch.cells[below].rectangle(SLAB, -WIDE, -LENGTH, WIDE, 0.0);
    let top = sketch.cell("top");
    for k in 0..12 {
        sketch.place(top, wire, f64::from(k) * LENGTH, 0.0, 0, k % 2 == 1);
    }
    match depth {
        0 => sketch.cells[wire].rectangle(SLAB, 0.0, -WIDE, LENGTH, WIDE),
        1 => sketch.place(wire, below, 0.0, 0.0, 1, false),
        _ => sketch.cells[top].rectangle(SLAB, 0.0, -WIDE, 12.0 * LENGTH, WIDE),
    }
    (sketch, top)
}

#[test]
fn a_slab_counts_whatever_cell_it_is_drawn_in() {
    for depth in 0..3 {
        let (sketch, top) = row(depth);
        for block_share in [0.0, 1e9] {
            let e = found(&sketch, top, block_share);
            assert!(section(&e).iter().all(|&s| s == RIB), "{depth} {:?}", section(&e));
            assert!(floats(&e, "thin_slabs", "start_nm").is_empty());
        }
    }
}

#[test]
fn one_place_without_slab_is_seen_among_many_that_are_alike() {
    let (mut sketch, top) = row(2);
    let slab = sketch.cells[top].polygons.pop();
    assert!(slab.is_some());
    sketch.cells[top].rectangle(SLAB, 0.0, -WIDE, 5.25 * LENGTH, WIDE);
    sketch.cells[top].rectangle(SLAB, 5.5 * LENGTH, -WIDE, 12.0 * LENGTH, WIDE);
    for block_share in [0.0, 1e9] {
        let e = found(&sketch, top, block_share);
        assert_near(stretch(&e), [0.25 * LENGTH, 0.25 * LENGTH, 0.0, LEAST, 0.0]);
        assert!((floats(&e, "thin_slabs", "x_nm")[0] - 5.375 * LENGTH).abs() < 5.0);
    }
}
