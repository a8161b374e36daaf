use std::f64::consts::{FRAC_PI_2, PI};

use proptest::prelude::*;
use waveguard_base::{CellId, Watch};
use waveguard_geom::{MAX_COORDINATE, Point};

use super::notes::code;
use super::*;
use crate::hierarchy::Step;

/// Columns of cells without content; tests add to them. Items must be added cell by cell.
#[derive(Debug)]
struct Drawing(LayoutColumns);

impl Drawing {
    fn new(cells: &[&str]) -> Self {
        Self(LayoutColumns {
            dbu_nm: 1.0,
            layers: vec![(1, 0)],
            cell_names: cells.iter().map(|&c| c.to_owned()).collect(),
            repetitions: vec![Repetition::Single],
            polygon_offsets: vec![0],
            path_offsets: vec![0],
            ..LayoutColumns::default()
        })
    }

    fn repetition(mut self, r: Repetition) -> Self {
        self.0.repetitions.push(r);
        self
    }

    fn polygon(mut self, cell: i64, xy: &[f64], rep: i64) -> Self {
        let c = &mut self.0;
        c.polygon_xy.extend_from_slice(xy);
        c.polygon_offsets.push((c.polygon_xy.len() / 2) as i64);
        c.polygon_cell.push(cell);
        c.polygon_layer.push(0);
        c.polygon_rep.push(rep);
        self
    }

    fn square(self, cell: i64, x: f64, y: f64, side: f64) -> Self {
        self.polygon(cell, &[x, y, x + side, y, x + side, y + side, x, y + side], 0)
    }

    fn path(mut self, cell: i64, xy: &[f64], width: f64, outline: i64) -> Self {
        let c = &mut self.0;
        c.path_xy.extend_from_slice(xy);
        c.path_offsets.push((c.path_xy.len() / 2) as i64);
        c.path_cell.push(cell);
        c.path_layer.push(0);
        c.path_width.push(width);
        c.path_outline.push(outline);
        c.path_rep.push(0);
        self
    }

    fn label(mut self, cell: i64, x: f64, y: f64) -> Self {
        let c = &mut self.0;
        c.label_cell.push(cell);
        c.label_layer.push(0);
        c.label_xy.extend([x, y]);
        c.label_text.push("o1".to_owned());
        c.label_rep.push(0);
        self
    }

    fn place(self, cell: i64, target: i64) -> Self {
        self.place_at(cell, target, [0.0, 0.0], 0.0, 1.0, 0)
    }

    fn place_at(mut self, cell: i64, target: i64, at: [f64; 2], angle: f64, magnification: f64, rep: i64) -> Self {
        let c = &mut self.0;
        c.ref_cell.push(cell);
        c.ref_target.push(target);
        c.ref_name.push(if target < 0 { "gone".to_owned() } else { String::new() });
        c.ref_xy.extend(at);
        c.ref_rotation_rad.push(angle);
        c.ref_magnification.push(magnification);
        c.ref_mirror.push(0);
        c.ref_rep.push(rep);
        self
    }

    fn build(self) -> Layout {
        Layout::build(self.0, &Watch::default()).expect("columns fit together")
    }

    fn refused(self) -> &'static str {
        match Layout::build(self.0, &Watch::default()) {
            Err(LayoutError::Column { column, .. }) => column,
            other => panic!("{other:?} instead of a refused column"),
        }
    }
}

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

/// Coordinates as forged files have them: ordinary, at the edge of the range, and not numbers.
fn forged_number() -> impl Strategy<Value = f64> {
    let edge = f64::from(MAX_COORDINATE);
    let odd = [0.0, -0.5, edge, -edge, edge + 0.5, 1e300, f64::MAX, f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
    prop_oneof![8 => -1000.0..1000.0_f64, 2 => -edge..edge, 2 => proptest::sample::select(odd.to_vec())]
}

fn forged_repetition() -> impl Strategy<Value = Repetition> {
    let count = prop_oneof![0..4_u64, Just(u64::MAX)];
    let step = || [forged_number(), forged_number()];
    prop_oneof![
        Just(Repetition::Single),
        (count.clone(), count, step(), step()).prop_map(|(columns, rows, v1, v2)| Repetition::Grid {
            columns,
            rows,
            v1,
            v2
        }),
        proptest::collection::vec(step(), 0..3)
            .prop_map(|copies| Repetition::Listed(std::iter::once([0.0; 2]).chain(copies).collect())),
    ]
}

fn forged_drawing() -> impl Strategy<Value = Drawing> {
    let magnification = prop_oneof![4 => Just(1.0), 1 => forged_number()];
    let placement = (0..5_i64, -1..5_i64, [forged_number(), forged_number()], forged_number(), magnification, 0..4_i64);
    let polygon = (0..5_i64, proptest::collection::vec(forged_number(), 0..6), 0..4_i64);
    let path = (0..5_i64, proptest::collection::vec(forged_number(), 0..3), forged_number());
    (
        proptest::collection::vec(forged_repetition(), 3),
        proptest::collection::vec(polygon, 0..8),
        proptest::collection::vec(path, 0..3),
        proptest::collection::vec((0..5_i64, forged_number(), forged_number()), 0..3),
        proptest::collection::vec(placement, 0..12),
    )
        .prop_map(|(repetitions, mut polygons, mut paths, mut labels, mut placements)| {
            polygons.sort_by_key(|p| p.0);
            paths.sort_by_key(|p| p.0);
            labels.sort_by_key(|l| l.0);
            placements.sort_by_key(|p| p.0);
            let mut drawing = Drawing::new(&["a", "b", "c", "d", "e"]);
            for r in repetitions {
                drawing = drawing.repetition(r);
            }
            let pairs = |v: &[f64]| v.iter().flat_map(|&x| [x, x * 0.5 - 3.0]).collect::<Vec<f64>>();
            for (cell, values, rep) in polygons {
                drawing = drawing.polygon(cell, &pairs(&values), rep);
            }
            for (cell, values, width) in paths {
                drawing = drawing.path(cell, &pairs(&values), width, -1);
            }
            for (cell, x, y) in labels {
                drawing = drawing.label(cell, x, y);
            }
            for (cell, target, at, angle, magnification, rep) in placements {
                drawing = drawing.place_at(cell, target, at, angle, magnification, rep);
            }
            drawing
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn whatever_the_numbers_a_built_layout_keeps_its_invariants(drawing in forged_drawing()) {
        let layout = drawing.build();
        let limit = f64::from(MAX_COORDINATE) * (1.0 + 1e-12);
        prop_assert!(!layout.tops.is_empty());
        prop_assert_eq!(layout.bottom_up.len(), 5);
        let rank = |c: CellId| layout.bottom_up.iter().position(|&b| b == c);
        for id in (0..5).map(CellId) {
            let cell = layout.cell(id);
            prop_assert!(cell.references.iter().all(|r| rank(r.target) < rank(id)));
            prop_assert!(layout.polygons(id).all(|p| p.points.len() >= 3));
        }
        for &top in &layout.tops {
            let b = layout.bbox(top);
            prop_assert!(b.is_empty() || b.min.iter().chain(&b.max).all(|v| v.abs() <= limit));
            let (mut visits, mut inside) = (0, true);
            layout.walk(top, &mut |cell, t, _| {
                visits += 1;
                let mut places = layout.polygons(cell).flat_map(|p| p.points).chain(layout.cell(cell).labels.iter().map(|l| &l.at));
                inside &= t.d.iter().all(|v| v.abs() <= limit);
                inside &= places.all(|p| t.apply(f64::from(p.x), f64::from(p.y)).iter().all(|v| v.abs() <= limit));
                if visits == 200 { Step::Stop } else { Step::Into }
            });
            prop_assert!(inside);
        }
    }
}
