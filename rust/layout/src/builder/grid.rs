//! The grid that a layout is drawn on, where it is coarser than the database unit.
//!
//! Curves drawn on a grid of 5 nm are rounded by up to 2.5 nm, whatever the unit of the file. What follows from
//! rounding (which ends touch, which sides are smooth) is counted in steps, and should be in steps of the grid that was
//! rounded to. So coordinates are counted in these where all of them can be, exactly.

use std::ops::Range;

use rayon::prelude::*;
use waveguard_geom::{Point, Transform};

use super::LayoutColumns;
use crate::model::Repetition;

/// Processes have grids of 1 and 5 nm. What is a multiple of more was drawn so.
const COARSEST_NM: f64 = 5.0;
/// So many edges at odd angles do not end on a coarse grid by chance. What is drawn along the axes shares large factors
/// without ever having been rounded.
const LEAST_EDGES: usize = 16;
/// What readers compute in floating point is off by less.
const NOISE_DBU: f64 = 1e-6;
/// A file of a much finer dbu was not drawn with this in mind; steps are looked for one by one.
const COARSEST_DBU: f64 = 1000.0;
/// Vertices looked at by one task, and before all others: most layouts show there that they use each step of the dbu.
const VERTICES_AT_ONCE: usize = 1 << 14;

/// Counts the coordinates of checked columns in steps of the grid that they are drawn on, if that is coarser than the
/// dbu, and makes it the dbu. Texts may stand anywhere, and are rounded to the grid.
///
/// A layout with cells turned or magnified so that their corners lie on no grid is left as it is.
pub(super) fn coarsen(c: &mut LayoutColumns) {
    let step = step(c);
    if step == 1 {
        return;
    }
    let (whole, part) = (step as i32, 1.0 / step as f64);
    c.dbu_nm *= step as f64;
    c.polygon_grid.par_iter_mut().for_each(|p| *p = Point::new(p.x / whole, p.y / whole));
    for column in [&mut c.polygon_xy, &mut c.path_xy, &mut c.path_width, &mut c.label_xy, &mut c.ref_xy] {
        for v in column {
            *v *= part;
        }
    }
    for repetition in &mut c.repetitions {
        match repetition {
            Repetition::Single => {}
            Repetition::Grid { v1, v2, .. } => v1.iter_mut().chain(v2).for_each(|v| *v *= part),
            Repetition::Listed(all) => all.iter_mut().flatten().for_each(|v| *v *= part),
        }
    }
}

/// The largest step in dbu that shapes and placements are multiples of; 1 without proof that they were rounded to it.
fn step(c: &LayoutColumns) -> i64 {
    let placed = placed(c);
    let n = c.polygon_grid.len() + c.polygon_xy.len() / 2;
    let first = n.min(VERTICES_AT_ONCE);
    let drawn = drawn(c, 0..first, placed);
    let drawn = (first..n)
        .into_par_iter()
        .step_by(VERTICES_AT_ONCE)
        .map(|from| self::drawn(c, from..n.min(from + VERTICES_AT_ONCE), drawn))
        .reduce(|| drawn, common);
    let step = c.path_xy.iter().chain(&c.path_width).fold(drawn, |step, &v| common_with(step, v));
    let most = (COARSEST_NM / c.dbu_nm).min(COARSEST_DBU) as i64;
    let coarsest = (1..=most).rev().find(|s| step % s == 0).unwrap_or(1);
    if coarsest > 1 && has_odd_edges(c) { coarsest } else { 1 }
}

/// The largest step that cells and copies are placed on; 0 for any.
fn placed(c: &LayoutColumns) -> i64 {
    let keeps_grid = |(&rotation_rad, &magnification): (&f64, &f64)| {
        let m = Transform::new(0.0, 0.0, rotation_rad, magnification, false).m;
        m.iter().flatten().all(|v| v.fract() == 0.0)
    };
    if !c.ref_rotation_rad.iter().zip(&c.ref_magnification).all(keeps_grid) {
        return 1;
    }
    let step = c.ref_xy.iter().fold(0, |step, &v| common_with(step, v));
    c.repetitions.iter().fold(step, |step, repetition| match repetition {
        Repetition::Single => step,
        Repetition::Grid { v1, v2, .. } => v1.iter().chain(v2).fold(step, |step, &v| common_with(step, v)),
        Repetition::Listed(all) => all.iter().flatten().fold(step, |step, &v| common_with(step, v)),
    })
}

/// The largest step of some vertices and of what was found before.
fn drawn(c: &LayoutColumns, vertices: Range<usize>, before: i64) -> i64 {
    let mut step = before;
    for i in vertices {
        if step == 1 {
            break;
        }
        let [x, y] = vertex(c, i);
        step = common_with(common_with(step, x), y);
    }
    step
}

fn vertex(c: &LayoutColumns, i: usize) -> [f64; 2] {
    match c.polygon_grid.get(i) {
        Some(p) => [f64::from(p.x), f64::from(p.y)],
        None => [c.polygon_xy[2 * i], c.polygon_xy[2 * i + 1]],
    }
}

/// True for a layout with edges at angles at which their ends had to be rounded.
fn has_odd_edges(c: &LayoutColumns) -> bool {
    let is_odd = |i: usize| {
        let ([ax, ay], [bx, by]) = (vertex(c, i), vertex(c, i + 1));
        let [dx, dy] = [(bx - ax).abs(), (by - ay).abs()];
        dx.min(dy) > 0.5 && (dx - dy).abs() > 0.5
    };
    let edges = c.polygon_offsets.windows(2).flat_map(|w| w[0] as usize..(w[1] as usize).saturating_sub(1));
    edges.filter(|&i| is_odd(i)).nth(LEAST_EDGES - 1).is_some()
}

/// Greatest common divisor of a step and a coordinate; 1 for what lies on no grid.
fn common_with(step: i64, at: f64) -> i64 {
    let is_on_grid = at.abs() <= f64::from(i32::MAX) && (at - at.round()).abs() <= NOISE_DBU;
    if is_on_grid { common(step, at.round() as i64) } else { 1 }
}

fn common(a: i64, b: i64) -> i64 {
    let (mut a, mut b) = (a, b);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a.abs()
}

#[cfg(test)]
mod tests {
    use std::f64::consts::FRAC_PI_2;

    use super::*;
    use crate::builder::tests::drawing::Drawing;

    /// A fan of narrow triangles whose corners lie on a grid.
    fn fan(grid: f64) -> Vec<f64> {
        let at = |k: usize| [100.0 * (0.05 * k as f64).cos(), 100.0 * (0.05 * k as f64).sin()];
        let corners = (0..50).map(at).chain([[0.0, 0.0]]);
        corners.flatten().map(|v| (v * 10.0).round() * grid).collect()
    }

    fn drawing(grid: f64) -> Drawing {
        Drawing::new(&["top", "fan"]).polygon(1, &fan(grid), 0)
    }

    fn is_counted_in_nm(step_nm: f64, drawing: Drawing) -> bool {
        (drawing.build().dbu_nm / step_nm - 1.0).abs() < 1e-12
    }

    #[test]
    fn coordinates_are_counted_in_steps_of_the_drawn_grid() {
        for (grid, dbu) in [(5.0, 1.0), (2.0, 0.5), (1.0, 1.0), (10.0, 0.1)] {
            let mut drawing =
                drawing(grid).label(1, 7.0 * grid + 0.4, 0.0).place_at(0, 1, [30.0 * grid, 0.0], FRAC_PI_2, 1.0, 0);
            drawing.0.dbu_nm = dbu;
            let layout = drawing.build();
            assert!((layout.dbu_nm - grid * dbu).abs() < 1e-12);
            assert_eq!(layout.polygon(0).points[0], Point::new(1000, 0));
            assert_eq!(layout.cells[1].labels[0].at, Point::new(7, 0));
            assert_eq!(layout.cells[0].references[0].transform.apply_point(Point::new(0, 0)), Some(Point::new(30, 0)));
        }
    }

    #[test]
    fn grid_points_of_a_stream_and_copies_are_counted_alike() {
        let lattice = Repetition::Grid { columns: 2, rows: 1, v1: [500.0, 0.0], v2: [0.0, 0.0] };
        let mut drawing = drawing(5.0).repetition(lattice).place_at(0, 1, [0.0, 0.0], 0.0, 1.0, 1);
        let c = &mut drawing.0;
        c.polygon_grid = c.polygon_xy.chunks_exact(2).map(|v| Point::new(v[0] as i32, v[1] as i32)).collect();
        c.polygon_xy.clear();
        let layout = drawing.build();
        assert_eq!(layout.polygon(0).points[0], Point::new(1000, 0));
        let [x, y] = layout.cells[0].references[0].repetition.offset(1);
        assert_eq!(Point::from_f64(x, y), Some(Point::new(100, 0)));
    }

    #[test]
    fn what_does_not_lie_on_the_grid_or_does_not_show_it_leaves_the_dbu() {
        let squares = (0..40).fold(Drawing::new(&["top"]), |d, k| d.square(0, f64::from(k) * 100.0, 0.0, 50.0));
        assert!(is_counted_in_nm(1.0, squares), "edges along the axes are not rounded");
        assert!(is_counted_in_nm(5.0, drawing(5.0)));
        assert!(is_counted_in_nm(1.0, drawing(5.0).square(1, 3.0, 0.0, 10.0)), "a corner");
        assert!(is_counted_in_nm(1.0, drawing(5.0).path(1, &[0.0, 0.0, 12.0, 0.0], 5.0, -1)), "a spine");
        assert!(is_counted_in_nm(1.0, drawing(5.0).place_at(0, 1, [4.0, 0.0], 0.0, 1.0, 0)), "a placement");
        assert!(is_counted_in_nm(1.0, drawing(5.0).place_at(0, 1, [0.0; 2], 0.3, 1.0, 0)), "a turned cell");
        assert!(is_counted_in_nm(1.0, drawing(5.0).place_at(0, 1, [0.0; 2], 0.0, 1.5, 0)), "a magnified cell");
        let lattice = Repetition::Listed(vec![[0.0, 0.0], [12.5, 0.0]]);
        assert!(
            is_counted_in_nm(1.0, drawing(5.0).repetition(lattice).place_at(0, 1, [0.0; 2], 0.0, 1.0, 1)),
            "a copy"
        );
        assert!(is_counted_in_nm(1.0, drawing(5.0).polygon(1, &[0.0, 0.0, f64::NAN, 5.0, 5.0, 5.0], 0)), "nowhere");
    }

    #[test]
    fn steps_are_not_coarser_than_any_process() {
        assert!(is_counted_in_nm(5.0, drawing(100.0)));
        assert!(is_counted_in_nm(3.0, drawing(3.0)));
        assert!(is_counted_in_nm(1.0, drawing(7.0)));
        let mut fine = drawing(1.0);
        fine.0.dbu_nm = 1e-300;
        assert!(is_counted_in_nm(1e-300, fine));
    }
}
