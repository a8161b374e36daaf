//! Columns as a reader hands them over, put together call by call.

use waveguard_base::Watch;

use crate::builder::{Layout, LayoutColumns, LayoutError, Repetition};

/// Columns of cells without content; tests add to them. Items must be added cell by cell.
#[derive(Debug)]
pub(in crate::builder) struct Drawing(pub(in crate::builder) LayoutColumns);

impl Drawing {
    pub(in crate::builder) fn new(cells: &[&str]) -> Self {
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

    pub(in crate::builder) fn repetition(mut self, r: Repetition) -> Self {
        self.0.repetitions.push(r);
        self
    }

    pub(in crate::builder) fn polygon(mut self, cell: i64, xy: &[f64], rep: i64) -> Self {
        let c = &mut self.0;
        c.polygon_xy.extend_from_slice(xy);
        c.polygon_offsets.push((c.polygon_xy.len() / 2) as i64);
        c.polygon_cell.push(cell);
        c.polygon_layer.push(0);
        c.polygon_rep.push(rep);
        self
    }

    pub(in crate::builder) fn square(self, cell: i64, x: f64, y: f64, side: f64) -> Self {
        self.polygon(cell, &[x, y, x + side, y, x + side, y + side, x, y + side], 0)
    }

    pub(in crate::builder) fn path(mut self, cell: i64, xy: &[f64], width: f64, outline: i64) -> Self {
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

    pub(in crate::builder) fn label(mut self, cell: i64, x: f64, y: f64) -> Self {
        let c = &mut self.0;
        c.label_cell.push(cell);
        c.label_layer.push(0);
        c.label_xy.extend([x, y]);
        c.label_text.push("o1".to_owned());
        c.label_rep.push(0);
        self
    }

    pub(in crate::builder) fn place(self, cell: i64, target: i64) -> Self {
        self.place_at(cell, target, [0.0, 0.0], 0.0, 1.0, 0)
    }

    pub(in crate::builder) fn place_at(
        mut self,
        cell: i64,
        target: i64,
        at: [f64; 2],
        angle: f64,
        magnification: f64,
        rep: i64,
    ) -> Self {
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

    pub(in crate::builder) fn build(self) -> Layout {
        Layout::build(self.0, &Watch::default()).expect("columns fit together")
    }

    pub(in crate::builder) fn refused(self) -> &'static str {
        match Layout::build(self.0, &Watch::default()) {
            Err(LayoutError::Column { column, .. }) => column,
            other => panic!("{other:?} instead of a refused column"),
        }
    }
}
