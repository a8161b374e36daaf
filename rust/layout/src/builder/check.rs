//! Do the columns fit together? A failure here is a bug in the reader, not in the layout.

use super::{LayoutColumns, LayoutError};
use crate::model::Repetition;

type Checked = Result<(), LayoutError>;

pub(super) fn columns(c: &LayoutColumns) -> Checked {
    if !(c.dbu_nm.is_finite() && c.dbu_nm > 0.0) {
        return Err(LayoutError::column("dbu_nm", format!("{} is no size of a grid", c.dbu_nm)));
    }
    if c.repetitions.first() != Some(&Repetition::Single) {
        return Err(LayoutError::column("repetitions", "entry 0 must be single"));
    }
    for (i, repetition) in c.repetitions.iter().enumerate() {
        if let Repetition::Listed(list) = repetition
            && list.first().is_some_and(|d| !d.iter().all(|v| v.abs() == 0.0))
        {
            return Err(LayoutError::column("repetitions", format!("entry {i} does not begin with the original")));
        }
    }
    // Ids and repetition numbers are stored in 32 bits.
    for (name, n) in [
        ("cell_names", c.cell_names.len()),
        ("layers", c.layers.len()),
        ("repetitions", c.repetitions.len()),
        ("polygon_cell", c.polygon_cell.len()),
    ] {
        if u32::try_from(n).is_err() {
            return Err(LayoutError::column(name, "more than 2^32 entries"));
        }
    }

    let n = c.polygon_cell.len();
    group("polygon_cell", &c.polygon_cell, c)?;
    same_length("polygon_layer", c.polygon_layer.len(), n)?;
    same_length("polygon_rep", c.polygon_rep.len(), n)?;
    if !c.polygon_grid.is_empty() && !c.polygon_xy.is_empty() {
        return Err(LayoutError::column("polygon_grid", "polygon_xy is given too"));
    }
    let n_xy = c.polygon_xy.len() + 2 * c.polygon_grid.len();
    offsets("polygon_offsets", &c.polygon_offsets, n, "polygon_xy", n_xy)?;
    below("polygon_layer", &c.polygon_layer, 0, c.layers.len())?;
    below("polygon_rep", &c.polygon_rep, 0, c.repetitions.len())?;

    let n = c.path_cell.len();
    group("path_cell", &c.path_cell, c)?;
    same_length("path_layer", c.path_layer.len(), n)?;
    same_length("path_width", c.path_width.len(), n)?;
    same_length("path_outline", c.path_outline.len(), n)?;
    same_length("path_rep", c.path_rep.len(), n)?;
    offsets("path_offsets", &c.path_offsets, n, "path_xy", c.path_xy.len())?;
    below("path_layer", &c.path_layer, 0, c.layers.len())?;
    below("path_outline", &c.path_outline, -1, c.polygon_cell.len())?;
    below("path_rep", &c.path_rep, 0, c.repetitions.len())?;

    let n = c.label_cell.len();
    group("label_cell", &c.label_cell, c)?;
    same_length("label_layer", c.label_layer.len(), n)?;
    same_length("label_xy", c.label_xy.len(), 2 * n)?;
    same_length("label_text", c.label_text.len(), n)?;
    same_length("label_rep", c.label_rep.len(), n)?;
    below("label_layer", &c.label_layer, 0, c.layers.len())?;
    below("label_rep", &c.label_rep, 0, c.repetitions.len())?;

    let n = c.ref_cell.len();
    group("ref_cell", &c.ref_cell, c)?;
    same_length("ref_target", c.ref_target.len(), n)?;
    same_length("ref_name", c.ref_name.len(), n)?;
    same_length("ref_xy", c.ref_xy.len(), 2 * n)?;
    same_length("ref_rotation_rad", c.ref_rotation_rad.len(), n)?;
    same_length("ref_magnification", c.ref_magnification.len(), n)?;
    same_length("ref_mirror", c.ref_mirror.len(), n)?;
    same_length("ref_rep", c.ref_rep.len(), n)?;
    below("ref_target", &c.ref_target, -1, c.cell_names.len())?;
    below("ref_rep", &c.ref_rep, 0, c.repetitions.len())
}

fn same_length(column: &'static str, found: usize, wanted: usize) -> Checked {
    if found == wanted {
        return Ok(());
    }
    Err(LayoutError::column(column, format!("{found} entries where {wanted} belong")))
}

fn below(column: &'static str, values: &[i64], least: i64, end: usize) -> Checked {
    match values.iter().position(|&v| v < least || v >= end as i64) {
        None => Ok(()),
        Some(i) => Err(LayoutError::column(column, format!("entry {i} is {}, not in {least}..{end}", values[i]))),
    }
}

fn group(column: &'static str, cells: &[i64], c: &LayoutColumns) -> Checked {
    below(column, cells, 0, c.cell_names.len())?;
    match cells.windows(2).position(|w| w[0] > w[1]) {
        None => Ok(()),
        Some(i) => Err(LayoutError::column(column, format!("entry {} belongs to an earlier cell", i + 1))),
    }
}

/// `offsets` cuts the `n_xy / 2` points into `n` pieces.
fn offsets(column: &'static str, offsets: &[i64], n: usize, xy: &'static str, n_xy: usize) -> Checked {
    same_length(column, offsets.len(), n + 1)?;
    if !n_xy.is_multiple_of(2) {
        return Err(LayoutError::column(xy, "an odd number of coordinates"));
    }
    if offsets[0] != 0 || offsets[n] != (n_xy / 2) as i64 {
        return Err(LayoutError::column(column, format!("does not run from 0 to the {} points", n_xy / 2)));
    }
    match offsets.windows(2).position(|w| w[0] > w[1]) {
        None => Ok(()),
        Some(i) => Err(LayoutError::column(column, format!("falls after entry {i}"))),
    }
}
