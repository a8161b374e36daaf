//! A network found cell by cell is the network found device by device.

mod sketch;

use proptest::prelude::*;
use sketch::{CORE, Place, Sketch, recipe};
use waveguard_base::{Column, Table, Watch};
use waveguard_extract::{Extraction, extract};
use waveguard_layout::Repetition;

/// Extracts cell by cell as far as can be, and device by device.
fn both(sketch: &Sketch, tops: &[usize]) -> [Extraction; 2] {
    let layout = sketch.build();
    [1e9, 0.0].map(|share| {
        let mut recipe = recipe(tops);
        recipe.limits.block_share = share;
        extract(&layout, &recipe, &Watch::default()).expect("no one cancels")
    })
}

fn assert_same(blocks: &Extraction, flat: &Extraction) {
    assert!(!flat.is_by_cells());
    for (a, b) in blocks.tables().into_iter().zip(flat.tables()) {
        assert_same_table(a, b);
    }
}

fn assert_same_table(a: &Table, b: &Table) {
    assert_eq!(a.name, b.name);
    for ((name, p), (_, q)) in a.columns.iter().zip(&b.columns) {
        let at = format!("{}.{name}", a.name);
        match (p, q) {
            (Column::F64(p), Column::F64(q)) => {
                assert_eq!(p.len(), q.len(), "rows of {at}");
                for (i, (p, q)) in p.iter().zip(q).enumerate() {
                    let same = p.to_bits() == q.to_bits() || (p - q).abs() <= 1e-9 * p.abs().max(1000.0);
                    assert!(same || (p.is_nan() && q.is_nan()), "{at} {i}: {p} and {q}");
                }
            }
            _ => assert_eq!(p, q, "{at}"),
        }
    }
}

/// Columns of interferometers, two couplers and two arms each, with links between; every other column is shifted.
fn mesh(s: &mut Sketch, columns: usize, rows: usize) -> usize {
    let coupler = s.cell("coupler");
    for (k, y) in [3000.0, -3000.0].into_iter().enumerate() {
        let own = &mut s.cells[coupler];
        own.rectangle(CORE, 0.0, y - 250.0, 20_000.0, y + 250.0);
        own.pin(&format!("a{k}"), 0.0, y, 2, 500.0);
        own.pin(&format!("b{k}"), 20_000.0, y, 0, 500.0);
    }
    s.cells[coupler].rectangle(sketch::MARKER, 0.0, -4000.0, 20_000.0, 4000.0);
    let (arm, link) = (s.straight("arm", 30_000.0), s.straight("link", 10_000.0));
    let unit = s.cell("unit");
    s.place(unit, coupler, 0.0, 0.0, 0, false);
    s.place(unit, arm, 20_000.0, 3000.0, 0, false);
    s.place(unit, arm, 20_000.0, -3000.0, 0, false);
    s.place(unit, coupler, 50_000.0, 0.0, 0, false);
    let top = s.cell("mesh");
    for c in 0..columns {
        let x = c as f64 * 80_000.0;
        for r in 0..rows {
            let y = r as f64 * 8000.0 + if c % 2 == 1 { 6000.0 } else { 0.0 };
            s.place(top, unit, x, y, 0, false);
            if c + 1 < columns {
                s.place(top, link, x + 70_000.0, y + 3000.0, 0, false);
                s.place(top, link, x + 70_000.0, y - 3000.0, 0, false);
            }
        }
    }
    top
}

#[test]
fn a_mesh_is_found_cell_by_cell() {
    let mut s = Sketch::default();
    let top = mesh(&mut s, 6, 7);
    let [blocks, flat] = both(&s, &[top]);
    assert!(blocks.is_by_cells());
    assert!(sketch::ids(&flat, "runs", "waveguide_a").len() > 50);
    assert!(sketch::ids(&flat, "near_misses", "port_a").len() > 4);
    assert_same(&blocks, &flat);
}

#[test]
fn dies_turned_and_mirrored_are_found_cell_by_cell() {
    let mut s = Sketch::default();
    let die = mesh(&mut s, 4, 3);
    let top = s.cell("top");
    for k in 0..4 {
        s.place(top, die, f64::from(k) * 1_000_000.0, 0.0, k, k % 2 == 1);
    }
    let own = s.straight("own", 50_000.0);
    s.place(top, own, 0.0, -100_000.0, 0, false);
    s.cells[top].rectangle(CORE, 0.0, -150_250.0, 60_000.0, -149_750.0);
    s.cells[top].rectangle(CORE, 60_000.0, -150_250.0, 90_000.0, -149_750.0);
    let [blocks, flat] = both(&s, &[top, die]);
    assert!(blocks.is_by_cells());
    assert_same(&blocks, &flat);
}

#[test]
fn an_array_is_found_cell_by_cell() {
    let mut s = Sketch::default();
    let unit = s.cell("unit");
    // Drawn shapes of no device: two guides that meet, a stub that meets nothing, a speck.
    s.cells[unit].rectangle(CORE, 0.0, -250.0, 30_000.0, 250.0);
    s.cells[unit].rectangle(CORE, 30_000.0, -250.0, 60_000.0, 250.0);
    s.cells[unit].rectangle(CORE, 0.0, 4000.0, 600.0, 4500.0);
    s.cells[unit].pin("in", 0.0, 0.0, 2, 500.0);
    s.repetitions.push(Repetition::Grid { columns: 20, rows: 15, v1: [60_000.0, 0.0], v2: [0.0, 9000.0] });
    let top = s.cell("top");
    let place = Place { target: unit, at: [0.0; 2], quarters: 0.0, mirrored: false, repetition: 1 };
    s.cells[top].places.push(place);
    let [blocks, flat] = both(&s, &[top]);
    assert!(blocks.is_by_cells());
    assert_same(&blocks, &flat);
}

#[test]
fn shapes_of_two_cells_that_are_one_are_looked_at_together() {
    let mut s = Sketch::default();
    let unit = s.cell("unit");
    s.cells[unit].rectangle(CORE, 0.0, -250.0, 30_000.0, 250.0);
    let top = s.cell("top");
    for k in 0..50 {
        // Each reaches into the next.
        s.place(top, unit, f64::from(k) * 29_000.0, 0.0, 0, false);
    }
    let [blocks, flat] = both(&s, &[top]);
    assert!(!blocks.is_by_cells());
    assert_eq!(sketch::ids(&flat, "waveguides", "device").len(), 1);
    assert_same(&blocks, &flat);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_placed_is_found_either_way(
        places in prop::collection::vec((0_usize..6, 0_i32..12, 0_i32..12, 0_i32..4, any::<bool>(), 0_i32..20), 2..40),
    ) {
        let mut s = Sketch::default();
        let unit = mesh(&mut s, 2, 2);
        let targets = [
            s.straight("straight", 30_000.0),
            s.elbow("elbow", 40_000.0, 30_000.0),
            s.splitter("splitter"),
            s.coupler("coupler of light"),
            unit,
            s.cell("bare"),
        ];
        s.cells[targets[5]].rectangle(CORE, 0.0, -250.0, 30_000.0, 250.0);
        s.cells[targets[5]].rectangle(CORE, 10_000.0, 750.0, 30_000.0, 1250.0);
        let top = s.cell("top");
        for (target, x, y, quarters, mirrored, shift) in places {
            let shift = if shift < 15 { 0.0 } else { f64::from(shift) * 40.0 };
            let at = [f64::from(x) * 10_000.0 + shift, f64::from(y) * 10_000.0];
            s.place(top, targets[target], at[0], at[1], quarters, mirrored);
        }
        let [blocks, flat] = both(&s, &[top]);
        assert_same(&blocks, &flat);
    }
}
