pub(super) mod drawing;
mod forged;

use std::f64::consts::{FRAC_PI_2, PI};

use waveguard_base::{CellId, Watch};
use waveguard_geom::{MAX_COORDINATE, Point};

use drawing::Drawing;

use super::notes::code;
use super::*;
use crate::hierarchy::Step;

fn codes(layout: &Layout) -> Vec<(&str, &str, u64)> {
    layout.problems.iter().map(|p| (p.code, p.cell.as_str(), p.count)).collect()
}

fn corners(layout: &Layout, cell: u32) -> [f64; 4] {
    let b = layout.bbox(CellId(cell));
    [b.min[0], b.min[1], b.max[0], b.max[1]]
}

fn assert_box(found: [f64; 4], expected: [f64; 4]) {
    assert!(found.iter().zip(expected).all(|(f, e)| (f - e).abs() < 1e-9), "{found:?} instead of {expected:?}");
}

#[test]
fn vertices_are_rounded_half_away_from_zero() {
    let layout = Drawing::new(&["top"]).polygon(0, &[-0.5, 0.49, 9.5, 0.0, 10.0, 10.000_000_1], 0).build();
    assert_eq!(layout.polygon(0).points, [Point::new(-1, 0), Point::new(10, 0), Point::new(10, 10)]);
    assert!(layout.problems.is_empty());
}

#[test]
fn vertices_that_are_grid_points_already_are_checked_all_the_same() {
    let mut drawing = Drawing::new(&["top"]).square(0, 0.0, 0.0, 1.0).square(0, 2.0, 0.0, 1.0).square(0, 4.0, 0.0, 1.0);
    let c = &mut drawing.0;
    c.polygon_grid = c.polygon_xy.chunks_exact(2).map(|v| Point::new(v[0] as i32, v[1] as i32)).collect();
    c.polygon_grid[5] = Point::new(i32::MAX, i32::MAX);
    c.polygon_grid[4] = Point::new(i32::MIN, 0);
    c.polygon_xy.clear();
    let layout = drawing.build();
    assert_eq!(codes(&layout), [(code::BEYOND_RANGE, "top", 1)]);
    assert_box(corners(&layout, 0), [0.0, 0.0, 5.0, 1.0]);

    let mut short = Drawing::new(&["top"]).polygon(0, &[0.0, 0.0, 1.0, 1.0], 0);
    short.0.polygon_xy.clear();
    short.0.polygon_grid = vec![Point::new(i32::MAX, i32::MIN), Point::new(i32::MIN, i32::MAX)];
    assert_eq!(codes(&short.build()), [(code::BEYOND_RANGE, "top", 1)]);
}

#[test]
fn polygons_belong_to_their_cells_also_when_some_are_left_out() {
    let far = f64::from(MAX_COORDINATE);
    let layout = Drawing::new(&["a", "empty", "b"])
        .square(0, 0.0, 0.0, 1.0)
        .square(0, far, 0.0, 2.0)
        .square(0, 5.0, 0.0, 2.0)
        .polygon(2, &[0.0, 0.0, f64::NAN, 0.0, 1.0, 1.0], 0)
        .square(2, 7.0, 0.0, 3.0)
        .path(2, &[7.0, 1.0, 10.0, 1.0], 3.0, 4)
        .path(2, &[0.0, 0.0, 1.0, 1.0], 3.0, 3)
        .build();
    assert_eq!(codes(&layout), [(code::BEYOND_RANGE, "a", 1), (code::BEYOND_RANGE, "b", 1)]);
    assert_eq!([0, 1, 2].map(|c| layout.polygons(CellId(c)).len()), [2, 0, 1]);
    assert_eq!(layout.polygon(2).points[0], Point::new(7, 0));
    assert_eq!(layout.cell(CellId(2)).paths.iter().map(|p| p.outline).collect::<Vec<_>>(), [Some(2), None]);
}

#[test]
fn shapes_without_area_are_counted_by_cell() {
    let layout = Drawing::new(&["top"])
        .polygon(0, &[0.0, 0.0, 5.0, 5.0], 0)
        .polygon(0, &[0.0, 0.0, 5.0, 5.0, 10.0, 10.0], 0)
        .polygon(0, &[1.0, 1.0, 1.0, 1.0, 1.0, 1.0], 0)
        .polygon(0, &[], 0)
        .polygon(0, &[0.0, 0.0, 10.0, 0.0, 10.0, 10.0, 10.0, 0.0], 0)
        .build();
    assert_eq!(codes(&layout), [(code::DEGENERATE_SHAPE, "top", 5)]);
    assert_eq!(layout.n_polygons(), 0);
}

#[test]
fn a_figure_of_eight_and_a_thin_rectangle_are_shapes() {
    let layout = Drawing::new(&["top"])
        .polygon(0, &[0.0, 0.0, 10.0, 10.0, 10.0, 0.0, 0.0, 10.0], 0)
        .polygon(0, &[0.0, 250.0, 0.0, -250.0, 1.0, -250.0, 1.0, 250.0], 0)
        .build();
    assert!(layout.problems.is_empty());
    assert_eq!(layout.n_polygons(), 2);
}

#[test]
fn the_outline_of_a_path_without_width_is_no_problem_and_its_spine_counts_in_the_box() {
    let layout = Drawing::new(&["top"])
        .polygon(0, &[0.0, 0.0, 10.0, 0.0, 10.0, 0.0, 0.0, 0.0], 0)
        .path(0, &[0.0, 0.0, 10.0, 0.0], 0.0, 0)
        .build();
    assert!(layout.problems.is_empty());
    assert_eq!(layout.cell(CellId(0)).paths[0].outline, None);
    assert_box(corners(&layout, 0), [0.0, 0.0, 10.0, 0.0]);
}

#[test]
fn paths_that_make_no_sense_are_listed() {
    let layout = Drawing::new(&["top"])
        .path(0, &[0.0, 0.0, 10.0, 0.0], -1.0, -1)
        .path(0, &[0.0, 0.0, 10.0, 0.0], f64::NAN, -1)
        .path(0, &[3.0, 0.0, 3.0, 0.0], 1.0, -1)
        .path(0, &[], 1.0, -1)
        .path(0, &[0.0, f64::INFINITY], 1.0, -1)
        .build();
    let expected = [
        (code::BAD_PATH_WIDTH, "top", 1),
        (code::BAD_PATH_WIDTH, "top", 1),
        (code::BEYOND_RANGE, "top", 1),
        (code::DEGENERATE_SHAPE, "top", 2),
    ];
    assert_eq!(codes(&layout), expected);
}

#[test]
fn a_box_covers_all_copies_of_placed_cells() {
    let grid = Repetition::Grid { columns: 3, rows: 2, v1: [100.0, 0.0], v2: [0.0, -50.0] };
    let layout = Drawing::new(&["top", "cell"])
        .repetition(grid)
        .square(1, 0.0, 0.0, 10.0)
        .place_at(0, 1, [1000.0, 0.0], FRAC_PI_2, 2.0, 1)
        .build();
    assert_box(corners(&layout, 1), [0.0, 0.0, 10.0, 10.0]);
    assert_box(corners(&layout, 0), [980.0, -50.0, 1200.0, 20.0]);
    assert_eq!(layout.n_placements(CellId(0)), 7);
}

#[test]
fn listed_copies_count_in_the_box_and_texts_do_not() {
    let layout = Drawing::new(&["top"])
        .repetition(Repetition::Listed(vec![[0.0, 0.0], [-30.0, 7.0]]))
        .polygon(0, &[0.0, 0.0, 10.0, 0.0, 10.0, 10.0], 1)
        .label(0, 900.0, 900.0)
        .build();
    assert_box(corners(&layout, 0), [-30.0, 0.0, 10.0, 17.0]);
    assert_eq!(layout.cell(CellId(0)).labels[0].at, Point::new(900, 900));
}

#[test]
fn forged_arrays_cost_nothing_and_leave_the_range() {
    let huge = Repetition::Grid { columns: u64::MAX, rows: u64::MAX, v1: [1e-3, 0.0], v2: [0.0, 1e-3] };
    let still = Repetition::Grid { columns: u64::MAX, rows: u64::MAX, v1: [0.0, 0.0], v2: [0.0, 0.0] };
    let layout = Drawing::new(&["top", "cell"])
        .repetition(huge)
        .repetition(still)
        .polygon(1, &[0.0, 0.0, 10.0, 0.0, 10.0, 10.0], 1)
        .polygon(1, &[0.0, 0.0, 10.0, 0.0, 10.0, 10.0], 0)
        .place_at(0, 1, [0.0, 0.0], 0.0, 1.0, 1)
        .place_at(0, 1, [0.0, 0.0], 0.0, 1.0, 2)
        .build();
    assert_eq!(codes(&layout), [(code::BEYOND_RANGE, "top", 1), (code::BEYOND_RANGE, "cell", 1)]);
    assert_eq!(layout.n_placements(CellId(0)), u64::MAX);
}

#[test]
fn arrays_of_nothing_are_drawn_once() {
    let layout = Drawing::new(&["top"])
        .repetition(Repetition::Grid { columns: 0, rows: 4, v1: [1.0, 0.0], v2: [0.0, 1.0] })
        .repetition(Repetition::Listed(vec![[0.0, 0.0], [0.0, f64::NAN]]))
        .polygon(0, &[0.0, 0.0, 10.0, 0.0, 10.0, 10.0], 1)
        .polygon(0, &[0.0, 0.0, 10.0, 0.0, 10.0, 10.0], 2)
        .build();
    assert_eq!(codes(&layout), [(code::BAD_REPETITION, "top", 2)]);
    assert!(layout.polygons(CellId(0)).all(|p| p.repetition.len() == 1));
}

#[test]
fn references_to_cells_that_are_not_there_are_merged_by_name() {
    let layout = Drawing::new(&["top"]).place(0, -1).place_at(0, -1, [5.0, 6.0], 0.0, 1.0, 0).build();
    assert_eq!(codes(&layout), [(code::MISSING_CELL, "top", 2)]);
    assert_eq!(layout.problems[0].subject, "gone");
    assert!(layout.cell(CellId(0)).references.is_empty());
}

#[test]
fn placements_by_numbers_that_make_no_sense_are_left_out() {
    let bad = [(0.0, 0.0), (0.0, f64::NAN), (0.0, -1.0), (0.0, 1e300), (f64::NAN, 1.0), (f64::INFINITY, 1.0)];
    let mut drawing = Drawing::new(&["top", "cell"]).square(1, 0.0, 0.0, 1.0);
    for (angle, magnification) in bad {
        drawing = drawing.place_at(0, 1, [0.0, 0.0], angle, magnification, 0);
    }
    let layout = drawing.place_at(0, 1, [f64::NAN, 0.0], 0.0, 1.0, 0).build();
    let expected =
        [(code::BAD_MAGNIFICATION, "top", 4), (code::BAD_ROTATION, "top", 2), (code::BEYOND_RANGE, "top", 1)];
    assert_eq!(codes(&layout), expected);
    assert!(layout.cell(CellId(0)).references.is_empty());
    // What is drawn there must not go unlooked at.
    assert_eq!(layout.tops, [CellId(0), CellId(1)]);
}

#[test]
fn magnifications_that_multiply_without_end_are_cut() {
    let n = 40;
    let names: Vec<String> = (0..n).map(|i| i.to_string()).collect();
    let mut drawing = Drawing::new(&names.iter().map(String::as_str).collect::<Vec<_>>());
    for i in 0..n - 1 {
        drawing = drawing.place_at(i, i + 1, [0.0, 0.0], 0.0, 1000.0, 0);
    }
    let layout = drawing.build();
    assert!(layout.problems.iter().all(|p| p.code == code::BAD_MAGNIFICATION));
    layout.walk(CellId(0), &mut |_, t, _| {
        assert!(t.magnification() <= f64::from(MAX_COORDINATE));
        Step::Into
    });
}

#[test]
fn placements_beyond_the_range_are_left_out_in_the_cell_that_makes_them() {
    let far = f64::from(MAX_COORDINATE) - 100.0;
    let layout = Drawing::new(&["top", "middle", "cell"])
        .square(2, 0.0, 0.0, 50.0)
        .place_at(0, 1, [0.0, 0.0], 0.0, 1.0, 0)
        .place_at(0, 1, [100.0, 0.0], 0.0, 1.0, 0)
        .place_at(1, 2, [far, 0.0], 0.0, 1.0, 0)
        .build();
    assert_eq!(codes(&layout), [(code::BEYOND_RANGE, "top", 1)]);
    assert_box(corners(&layout, 0), [far, 0.0, far + 50.0, 50.0]);
}

#[test]
fn cycles_lose_the_reference_that_closes_them() {
    // top -> a -> b -> c -> a, and c -> c.
    let layout = Drawing::new(&["c", "top", "a", "b"])
        .square(0, 0.0, 0.0, 1.0)
        .place(0, 2)
        .place(0, 0)
        .place(1, 2)
        .place(2, 3)
        .place(3, 0)
        .build();
    let subjects: Vec<_> = layout.problems.iter().map(|p| (p.code, p.cell.as_str(), p.subject.as_str())).collect();
    assert_eq!(subjects, [(code::REFERENCE_CYCLE, "c", "a"), (code::REFERENCE_CYCLE, "c", "c")]);
    assert_eq!(layout.tops, [CellId(1)]);
    assert_eq!(layout.bottom_up, [0, 3, 2, 1].map(CellId));
    assert_eq!(layout.n_placements(CellId(1)), 4);
}

#[test]
fn a_file_of_cycles_only_still_has_tops() {
    let layout = Drawing::new(&["a", "b", "x", "y"]).place(0, 1).place(1, 0).place(2, 3).place(3, 2).build();
    assert_eq!(layout.tops, [CellId(0), CellId(2)]);
    assert_eq!(codes(&layout), [(code::REFERENCE_CYCLE, "b", 1), (code::REFERENCE_CYCLE, "y", 1)]);
}

#[test]
fn tops_come_in_file_order() {
    let layout = Drawing::new(&["one", "two", "shared", "three"]).place(1, 2).place(3, 2).build();
    assert_eq!(layout.tops, [0, 1, 3].map(CellId));
}

#[test]
fn a_million_nested_cells_neither_overflow_the_stack_nor_take_long() {
    let n = 1_000_000;
    let mut c = Drawing::new(&[]).0;
    c.cell_names = (0..n).map(|i: i64| i.to_string()).collect();
    c.ref_cell = (0..n).collect();
    c.ref_target = (0..n).map(|i| (i + 1) % n).collect();
    c.ref_name = vec![String::new(); n as usize];
    c.ref_xy = vec![0.0; 2 * n as usize];
    c.ref_rotation_rad = vec![PI; n as usize];
    c.ref_magnification = vec![1.0; n as usize];
    c.ref_mirror = vec![1; n as usize];
    c.ref_rep = vec![0; n as usize];
    let layout = Drawing(c).build();
    assert_eq!(codes(&layout), [(code::REFERENCE_CYCLE, "999999", 1)]);
    assert_eq!(layout.n_placements(CellId(0)), n as u64);
    let mut deepest = 0;
    layout.walk(CellId(0), &mut |_, _, depth| {
        deepest = deepest.max(depth);
        Step::Into
    });
    assert_eq!(deepest, n as usize - 1);
}

#[test]
fn a_walk_goes_over_and_stops_where_it_is_told() {
    let three = Repetition::Grid { columns: 3, rows: 1, v1: [10.0, 0.0], v2: [0.0, 0.0] };
    let drawing = || {
        Drawing::new(&["top", "a", "b"])
            .repetition(three.clone())
            .place_at(0, 1, [0.0, 0.0], 0.0, 1.0, 1)
            .place(0, 2)
            .place(1, 2)
            .build()
    };
    let visits = |choose: &dyn Fn(u32, usize) -> Step| {
        let mut seen = Vec::new();
        drawing().walk(CellId(0), &mut |cell, t, depth| {
            seen.push((cell.0, t.d[0] as i32, depth));
            choose(cell.0, seen.len())
        });
        seen
    };
    let all = [(0, 0, 0), (1, 0, 1), (2, 0, 2), (1, 10, 1), (2, 10, 2), (1, 20, 1), (2, 20, 2), (2, 0, 1)];
    assert_eq!(visits(&|_, _| Step::Into), all);
    let over = [(0, 0, 0), (1, 0, 1), (1, 10, 1), (1, 20, 1), (2, 0, 1)];
    assert_eq!(visits(&|cell, _| if cell == 1 { Step::Over } else { Step::Into }), over);
    assert_eq!(visits(&|_, n| if n == 3 { Step::Stop } else { Step::Into }), all[..3]);
}

#[test]
fn columns_that_do_not_fit_are_refused_by_name() {
    type Change = fn(&mut LayoutColumns);
    let changes: [(&str, Change); 15] = [
        ("dbu_nm", |c| c.dbu_nm = 0.0),
        ("dbu_nm", |c| c.dbu_nm = f64::NAN),
        ("repetitions", |c| c.repetitions.clear()),
        ("repetitions", |c| c.repetitions.push(Repetition::Listed(vec![[1.0, 0.0]]))),
        ("polygon_layer", |c| c.polygon_layer[0] = 1),
        ("polygon_layer", |c| c.polygon_layer.push(0)),
        ("polygon_cell", |c| c.polygon_cell[0] = -1),
        ("polygon_rep", |c| c.polygon_rep[0] = 9),
        ("polygon_xy", |c| c.polygon_xy.push(0.0)),
        ("polygon_offsets", |c| c.polygon_offsets[1] = 3),
        ("polygon_offsets", |c| c.polygon_offsets.insert(1, 5)),
        ("path_outline", |c| c.path_outline[0] = 7),
        ("label_xy", |c| c.label_xy.push(0.0)),
        ("ref_target", |c| c.ref_target[0] = 2),
        ("ref_mirror", |c| c.ref_mirror.clear()),
    ];
    for (column, f) in changes {
        let mut drawing = Drawing::new(&["top", "cell"])
            .square(0, 0.0, 0.0, 1.0)
            .path(0, &[0.0, 0.0, 1.0, 0.0], 1.0, 0)
            .label(0, 0.0, 0.0)
            .place(0, 1);
        f(&mut drawing.0);
        assert_eq!(drawing.refused(), column);
    }
    let mut backward = Drawing::new(&["a", "b"]).square(1, 0.0, 0.0, 1.0).square(0, 0.0, 0.0, 1.0);
    backward.0.polygon_cell = vec![1, 0];
    assert_eq!(backward.refused(), "polygon_cell");
}

#[test]
fn a_cancelled_build_says_so() {
    let watch = Watch::default();
    watch.cancel();
    let result = Layout::build(Drawing::new(&["top"]).0, &watch);
    assert_eq!(result.err(), Some(LayoutError::Interrupted(Interrupted)));
}
