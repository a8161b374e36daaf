//! Any drawing ends with tables: no panic, an end in time, and what was not understood is listed.
//!
//! Drawn are shapes that no tool should draw and some tool once did. What one case may take is bounded by time and by
//! the rows of its tables, which is what its memory goes by.

mod hostile_shapes;
mod sketch;

use std::time::Instant;

use hostile_shapes::{Drawing, comb, drawings, keyhole_spiral, needle_star, nested_frames, random_walk};
use proptest::prelude::*;
use sketch::{CORE, Sketch, floats, run, texts};
use waveguard_base::{Column, Table};
use waveguard_extract::Extraction;
use waveguard_geom::ring::area;

/// In a build without optimisation; a case has some hundred corners.
const MOST_SECONDS: f64 = 90.0;
/// Rows of all tables together; a guide of a metre has samples along it.
const MOST_ROWS: usize = 5_000_000;

fn extracted(drawing: &Drawing) -> Extraction {
    let mut sketch = Sketch::default();
    let top = sketch.cell("top");
    for shape in drawing {
        let points = shape.iter().map(|&[x, y]| [f64::from(x), f64::from(y)]).collect();
        sketch.cells[top].polygons.push((CORE, points, 0));
    }
    run(&sketch, top)
}

fn rows(table: &Table) -> usize {
    table.columns.iter().map(|(_, column)| column.len()).max().unwrap_or(0)
}

/// What is wrong with the tables, as far as the tables themselves can tell.
fn faults(e: &Extraction) -> Vec<String> {
    let mut found = Vec::new();
    let all: usize = e.tables().iter().map(|t| rows(t)).sum();
    if all > MOST_ROWS {
        found.push(format!("{all} rows"));
    }
    for table in ["devices", "ports", "waveguides", "bends"] {
        let limit = rows(e.table(table).expect("the table exists"));
        for (of, column) in references(table) {
            let Some(Column::I64(values)) = e.table(of).and_then(|t| t.column(column)) else { continue };
            if values.iter().any(|&v| v < -1 || v >= limit as i64) {
                found.push(format!("{of}.{column} points nowhere in {table}"));
            }
        }
    }
    for (table, column) in [
        ("ports", "x_nm"),
        ("ports", "y_nm"),
        ("waveguides", "centerline_length_nm"),
        ("waveguides", "length_error_nm"),
        ("waveguides", "area_nm2"),
        ("centerlines", "x_nm"),
        ("nets", "gap_nm"),
    ] {
        if floats(e, table, column).iter().any(|v| !v.is_finite()) {
            found.push(format!("{table}.{column} is not a number somewhere"));
        }
    }
    if floats(e, "waveguides", "centerline_length_nm").iter().any(|&l| l <= 0.0) {
        found.push("a guide without length".to_owned());
    }
    let kinds = texts(e, "coverage", "kind");
    let (total, explained) = (floats(e, "coverage", "total"), floats(e, "coverage", "explained"));
    for (i, kind) in kinds.iter().enumerate() {
        if !(explained[i] >= 0.0 && explained[i] <= total[i] * (1.0 + 1e-9)) {
            found.push(format!("coverage {kind}: {} of {}", explained[i], total[i]));
        }
        let rest = total[i] - explained[i];
        let listed = rows(e.table("unexplained").expect("exists")) + rows(e.table("problems").expect("exists"));
        if kind == "core_area_nm2" && rest > total[i] * 1e-9 && listed == 0 {
            found.push(format!("{rest} nm² are not understood, and nothing says so"));
        }
    }
    found
}

fn references(table: &str) -> &'static [(&'static str, &'static str)] {
    match table {
        "devices" => &[("ports", "device"), ("waveguides", "device"), ("overlaps", "device_a")],
        "ports" => &[
            ("nets", "port_a"),
            ("nets", "port_b"),
            ("waveguides", "port_a"),
            ("waveguides", "port_b"),
            ("near_misses", "port_b"),
        ],
        "waveguides" => &[
            ("bends", "waveguide"),
            ("runs", "waveguide_a"),
            ("runs", "waveguide_b"),
            ("crossings", "waveguide_b"),
            ("devices", "waveguide"),
        ],
        _ => &[],
    }
}

/// Extracts a drawing and says what is wrong with the outcome.
fn outcome(drawing: &Drawing) -> Vec<String> {
    let start = Instant::now();
    let e = extracted(drawing);
    let seconds = start.elapsed().as_secs_f64();
    let mut found = faults(&e);
    if seconds > MOST_SECONDS {
        let corners: usize = drawing.iter().map(Vec::len).sum();
        found.push(format!("took {seconds:.1} s for {corners} corners"));
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn any_drawing_ends_with_sound_tables(drawing in drawings()) {
        prop_assert_eq!(outcome(&drawing), Vec::<String>::new());
    }

    #[test]
    fn the_order_of_shapes_does_not_change_what_is_counted(drawing in drawings()) {
        let mut reversed = drawing.clone();
        reversed.reverse();
        let area = |e: &Extraction| floats(e, "coverage", "total")[0];
        let (here, there) = (area(&extracted(&drawing)), area(&extracted(&reversed)));
        // Sums in another order.
        prop_assert!((here - there).abs() <= 1e-12 * here, "{here} {there}");
    }
}

#[test]
fn large_single_shapes_end_in_time() {
    let worst = [
        ("comb", comb(2000, 500, 20_000)),
        ("needle star", needle_star(3000, 400_000_000)),
        ("spiral of keyholes", keyhole_spiral(800)),
        ("walk", random_walk(4000, 7)),
    ];
    for (name, shape) in worst {
        assert_eq!(outcome(&vec![shape]), Vec::<String>::new(), "{name}");
    }
    assert_eq!(outcome(&nested_frames(300)), Vec::<String>::new(), "frames in frames");
}

#[test]
fn a_thousand_copies_of_one_shape_end_in_time() {
    let bar = vec![[0, 0], [30_000, 0], [30_000, 500], [0, 500]];
    assert_eq!(outcome(&vec![bar; 1000]), Vec::<String>::new());
}

/// Its area by corners is less than what it covers, as parts of it run the other way around.
#[test]
fn a_shape_that_crosses_itself_explains_no_more_than_its_area() {
    let tangle = vec![
        [4_892_814, -3_007_111],
        [-3_996_137, -2_736_865],
        [3_856_663, -915_460],
        [1_943_807, -2_656_253],
        [-2_872_919, -3_615_353],
        [10_893, 1_776_598],
        [4_581_584, -3_305_050],
        [682_099, 2_327_012],
        [-1_222_109, 4_267_386],
        [-4_460_792, 2_760_378],
        [4_694_662, 3_450_986],
        [3_092_242, 3_133_715],
        [-242_597, -1_188_278],
        [3_121_192, -1_927_891],
        [-1_652_938, -490_753],
        [476_468, -155_994],
        [4_699_624, 186_489],
        [-3_886_207, 694_831],
        [349_671, -3_610_975],
        [-1_064_700, 4_587_742],
        [-4_853_097, 4_996_414],
        [-1_917_876, -207_133],
        [-2_988_659, 1_914_654],
    ];
    let knot = vec![[47_374, 18_864], [21_199, 18_698], [34_019, 28_043], [-21_406, -1878], [17_446, 18_301]];
    assert_eq!(outcome(&vec![knot, tangle]), Vec::<String>::new());
}

#[test]
fn a_shape_without_area_is_a_problem() {
    for shape in [vec![[0, 0], [1000, 0], [2000, 0]], vec![[5, 5]; 4], vec![[0, 0], [1000, 1000], [0, 0], [1000, 1000]]]
    {
        assert!(area(&shape_points(&shape)).abs() < f64::EPSILON);
        let mut sketch = Sketch::default();
        let top = sketch.cell("top");
        let points = shape.iter().map(|&[x, y]| [f64::from(x), f64::from(y)]).collect();
        sketch.cells[top].polygons.push((CORE, points, 0));
        let layout = sketch.build();
        assert!(layout.problems.iter().any(|p| p.code == "degenerate-shape"), "{shape:?}");
    }
}

fn shape_points(shape: &[[i32; 2]]) -> Vec<waveguard_geom::Point> {
    shape.iter().map(|&[x, y]| waveguard_geom::Point::new(x, y)).collect()
}
