//! Polygons, paths and labels onto the grid.

use rayon::prelude::*;
use std::sync::Arc;
use waveguard_base::LayerId;
use waveguard_geom::{BBox, MAX_COORDINATE, Point, region, ring};

use super::notes::{Notes, code};
use super::repetitions::Repetitions;
use super::{LayoutColumns, layer_id};
use crate::model::{Cell, Label, PathSpine};

/// Stands for a vertex beyond the coordinate range until its polygon is left out.
const NOWHERE: Point = Point::new(i32::MIN, i32::MIN);

/// Vertices that one task rounds: enough to hide what a task costs.
const VERTICES_PER_TASK: usize = 1 << 14;

pub(super) struct Polygons {
    pub(super) points: Vec<Point>,
    pub(super) offsets: Vec<usize>,
    pub(super) layers: Vec<LayerId>,
    pub(super) repetitions: Vec<u32>,
    /// Box of all copies of each polygon.
    pub(super) boxes: Vec<BBox>,
    /// New number of each polygon of the columns, when any was left out.
    renumbered: Option<Vec<Option<usize>>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Kept,
    BeyondRange,
    Degenerate,
}

impl Polygons {
    /// Takes the polygon columns, which are empty afterwards.
    pub(super) fn new(
        columns: &mut LayoutColumns,
        repetitions: &Repetitions,
        cells: &mut [Cell],
        notes: &mut Notes,
    ) -> Self {
        let xy = std::mem::take(&mut columns.polygon_xy);
        let mut points = std::mem::take(&mut columns.polygon_grid);
        if points.is_empty() {
            points = xy
                .par_chunks_exact(2)
                .with_min_len(VERTICES_PER_TASK)
                .map(|v| Point::from_f64(v[0], v[1]).unwrap_or(NOWHERE))
                .collect();
        }
        drop(xy);
        let offsets: Vec<usize> = columns.polygon_offsets.iter().map(|&o| o as usize).collect();
        let judged: Vec<(Fate, BBox)> = offsets
            .par_windows(2)
            .zip(&columns.polygon_rep)
            .with_min_len(64)
            .map(|(w, &rep)| judge(&points[w[0]..w[1]], rep, repetitions))
            .collect();

        let keep: Vec<bool> = judged.iter().map(|(fate, _)| *fate == Fate::Kept).collect();
        note_left_out(columns, &judged, &points, &offsets, notes);
        for (i, &rep) in columns.polygon_rep.iter().enumerate() {
            if repetitions.is_bad(rep) {
                let at = points.get(offsets[i]).map(|p| [f64::from(p.x), f64::from(p.y)]);
                notes.add(code::BAD_REPETITION, columns.polygon_cell[i] as usize, "polygon", at);
            }
        }
        let mut all = Self {
            points,
            offsets,
            layers: columns.polygon_layer.iter().map(|&l| layer_id(l)).collect(),
            repetitions: columns.polygon_rep.iter().map(|&r| r as u32).collect(),
            boxes: judged.into_iter().map(|(_, b)| b).collect(),
            renumbered: None,
        };
        if !keep.iter().all(|&k| k) {
            all.leave_out(&keep);
        }
        Self::number_cells(&columns.polygon_cell, &keep, cells);
        all
    }

    /// New number of a polygon of the columns; `None` when it was left out.
    pub(super) fn renumbered(&self, old: i64) -> Option<usize> {
        let old = usize::try_from(old).ok()?;
        self.renumbered.as_ref().map_or(Some(old), |new| new[old])
    }

    fn leave_out(&mut self, keep: &[bool]) {
        let mut renumbered = Vec::with_capacity(keep.len());
        let (mut n, mut end) = (0, 0);
        for (i, &k) in keep.iter().enumerate() {
            if !k {
                renumbered.push(None);
                continue;
            }
            let from = self.offsets[i]..self.offsets[i + 1];
            let length = from.len();
            self.points.copy_within(from, end);
            self.layers[n] = self.layers[i];
            self.repetitions[n] = self.repetitions[i];
            self.boxes[n] = self.boxes[i];
            // Entries up to n were read already, because n <= i.
            self.offsets[n] = end;
            renumbered.push(Some(n));
            (n, end) = (n + 1, end + length);
        }
        self.offsets[n] = end;
        self.points.truncate(end);
        self.offsets.truncate(n + 1);
        self.layers.truncate(n);
        self.repetitions.truncate(n);
        self.boxes.truncate(n);
        self.renumbered = Some(renumbered);
    }

    fn number_cells(cell_of: &[i64], keep: &[bool], cells: &mut [Cell]) {
        let mut next = 0;
        let mut kept = cell_of.iter().zip(keep).filter(|(_, k)| **k).map(|(c, _)| *c as usize).peekable();
        for (i, cell) in cells.iter_mut().enumerate() {
            let start = next;
            while kept.next_if(|&c| c == i).is_some() {
                next += 1;
            }
            cell.polygons = start..next;
        }
    }
}

fn judge(points: &[Point], rep: i64, repetitions: &Repetitions) -> (Fate, BBox) {
    let own = box_of(points);
    // Coordinates of a good polygon cannot hold what stands for nowhere.
    if !in_range(&own) && points.contains(&NOWHERE) {
        return (Fate::BeyondRange, BBox::EMPTY);
    }
    let b = repetitions.grown(rep, &own);
    if !in_range(&b) {
        return (Fate::BeyondRange, b);
    }
    if has_area(points) { (Fate::Kept, b) } else { (Fate::Degenerate, b) }
}

/// `BBox::of_points`, with integers until the end, which is several times as quick.
fn box_of(points: &[Point]) -> BBox {
    let Some(&first) = points.first() else { return BBox::EMPTY };
    let (mut low, mut high) = ([first.x, first.y, first.x, first.y], [first.x, first.y, first.x, first.y]);
    let mut add = |four: [i32; 4]| {
        for k in 0..4 {
            low[k] = low[k].min(four[k]);
            high[k] = high[k].max(four[k]);
        }
    };
    let (pairs, last) = points.as_chunks::<2>();
    for [a, b] in pairs {
        add([a.x, a.y, b.x, b.y]);
    }
    for a in last {
        add([a.x, a.y, a.x, a.y]);
    }
    BBox {
        min: [f64::from(low[0].min(low[2])), f64::from(low[1].min(low[3]))],
        max: [f64::from(high[0].max(high[2])), f64::from(high[1].max(high[3]))],
    }
}

/// Twice the signed area, up to a multiple of 2^32.
fn wrapped_area(points: &[Point]) -> i32 {
    let (Some(first), [.., before, last]) = (points.first(), points) else { return 0 };
    // Sum of x_i (y_i+1 - y_i-1), the first vertex taken as the origin, so that it adds nothing.
    let term = |a: &Point, b: &Point, c: &Point| b.x.wrapping_sub(first.x).wrapping_mul(c.y.wrapping_sub(a.y));
    let inner = points.windows(3).fold(0_i32, |sum, w| sum.wrapping_add(term(&w[0], &w[1], &w[2])));
    inner.wrapping_add(term(before, last, first))
}

/// A figure of eight has area although the signed areas of its halves cancel.
fn has_area(points: &[Point]) -> bool {
    // What is not zero so cannot be zero exactly; nearly all polygons go no further.
    if wrapped_area(points) != 0 {
        return true;
    }
    let Some((&first, rest)) = points.split_first() else { return false };
    let Some(&second) = rest.iter().find(|&&p| p != first) else { return false };
    if rest.iter().all(|&p| waveguard_geom::point::orient(first, second, p) == 0) {
        return false;
    }
    ring::double_area(points) != 0 || region::area(&region::union(&[points])) > 0.0
}

pub(super) fn in_range(b: &BBox) -> bool {
    let limit = f64::from(MAX_COORDINATE);
    b.is_empty() || [b.min[0], b.min[1], b.max[0], b.max[1]].iter().all(|v| v.abs() <= limit)
}

fn note_left_out(
    columns: &LayoutColumns,
    judged: &[(Fate, BBox)],
    points: &[Point],
    offsets: &[usize],
    notes: &mut Notes,
) {
    let mut is_thin_outline = vec![false; if columns.path_cell.is_empty() { 0 } else { judged.len() }];
    for (&outline, &width) in columns.path_outline.iter().zip(&columns.path_width) {
        // The outline of a marker drawn as a path of no width: the spine says it all.
        if outline >= 0 && width < 1.0 {
            is_thin_outline[outline as usize] = true;
        }
    }
    for (i, (fate, _)) in judged.iter().enumerate() {
        let cell = columns.polygon_cell[i] as usize;
        let first = points[offsets[i]..offsets[i + 1]].iter().find(|p| **p != NOWHERE);
        let at = first.map(|p| [f64::from(p.x), f64::from(p.y)]);
        match fate {
            Fate::Kept => {}
            Fate::BeyondRange => notes.add(code::BEYOND_RANGE, cell, "polygon", at),
            Fate::Degenerate if is_thin_outline.get(i) == Some(&true) => {}
            Fate::Degenerate => notes.add(code::DEGENERATE_SHAPE, cell, "polygon", at),
        }
    }
}

pub(super) fn add_paths(
    columns: &LayoutColumns,
    repetitions: &Repetitions,
    polygons: &Polygons,
    cells: &mut [Cell],
    notes: &mut Notes,
) {
    for (i, &cell) in columns.path_cell.iter().enumerate() {
        let cell = cell as usize;
        let range = columns.path_offsets[i] as usize * 2..columns.path_offsets[i + 1] as usize * 2;
        let xy = &columns.path_xy[range];
        let at = xy.first_chunk::<2>().copied();
        let Some(spine) = xy.chunks_exact(2).map(|v| Point::from_f64(v[0], v[1])).collect::<Option<Vec<Point>>>()
        else {
            notes.add(code::BEYOND_RANGE, cell, "path", at);
            continue;
        };
        let (width_dbu, rep) = (columns.path_width[i], columns.path_rep[i]);
        if !(width_dbu.is_finite() && width_dbu >= 0.0) {
            notes.add(code::BAD_PATH_WIDTH, cell, &format!("{width_dbu} dbu"), at);
            continue;
        }
        if !in_range(&repetitions.grown(rep, &BBox::of_points(&spine))) {
            notes.add(code::BEYOND_RANGE, cell, "path", at);
            continue;
        }
        if spine.windows(2).all(|w| w[0] == w[1]) {
            notes.add(code::DEGENERATE_SHAPE, cell, "path", at);
            continue;
        }
        if repetitions.is_bad(rep) {
            notes.add(code::BAD_REPETITION, cell, "path", at);
        }
        cells[cell].paths.push(PathSpine {
            layer: layer_id(columns.path_layer[i]),
            spine,
            width_dbu,
            outline: polygons.renumbered(columns.path_outline[i]),
            repetition: Arc::clone(repetitions.get(rep)),
        });
    }
}

pub(super) fn add_labels(
    columns: &mut LayoutColumns,
    repetitions: &Repetitions,
    cells: &mut [Cell],
    notes: &mut Notes,
) {
    for (i, text) in std::mem::take(&mut columns.label_text).into_iter().enumerate() {
        let cell = columns.label_cell[i] as usize;
        let (x, y) = (columns.label_xy[2 * i], columns.label_xy[2 * i + 1]);
        let rep = columns.label_rep[i];
        let placed = Point::from_f64(x, y).filter(|&p| in_range(&repetitions.grown(rep, &BBox::of_points(&[p]))));
        let Some(at) = placed else {
            notes.add(code::BEYOND_RANGE, cell, "text", Some([x, y]));
            continue;
        };
        if repetitions.is_bad(rep) {
            notes.add(code::BAD_REPETITION, cell, "text", Some([x, y]));
        }
        let layer = layer_id(columns.label_layer[i]);
        cells[cell].labels.push(Label { layer, text, at, repetition: Arc::clone(repetitions.get(rep)) });
    }
}
