//! Texts of a top cell with all that is placed in it.

use waveguard_base::{CellId, LayerId};

use crate::hierarchy::Step;
use crate::model::Layout;

/// A text in the frame of a top cell.
#[derive(Clone, Debug, PartialEq)]
pub struct PlacedLabel {
    /// The text.
    pub text: String,
    /// Position in dbu, not rounded.
    pub at: [f64; 2],
}

impl Layout {
    /// Texts on `layers` (layer and texttype) below `top`, in file order; at most `most`, since a small
    /// file can place one text a billion times. Cells without such texts below them are not visited.
    pub fn placed_labels(&self, top: CellId, layers: &[(u32, u32)], most: usize) -> Vec<PlacedLabel> {
        let wanted = |layer: LayerId| self.layers.get(layer.index()).is_some_and(|pair| layers.contains(pair));
        let holds = self.subtree_any(|c| self.cell(c).labels.iter().any(|l| wanted(l.layer)));
        let mut found = Vec::new();
        self.walk(top, &mut |cell, placement, _| {
            if !holds[cell.index()] {
                return Step::Over;
            }
            for label in self.cell(cell).labels.iter().filter(|l| wanted(l.layer)) {
                for offset in label.repetition.offsets() {
                    if found.len() >= most {
                        return Step::Stop;
                    }
                    let (x, y) = (f64::from(label.at.x) + offset[0], f64::from(label.at.y) + offset[1]);
                    found.push(PlacedLabel { text: label.text.clone(), at: placement.apply(x, y) });
                }
            }
            Step::Into
        });
        found
    }
}

#[cfg(test)]
mod tests {
    use waveguard_base::Watch;

    use super::*;
    use crate::model::Repetition;
    use crate::{LayoutColumns, LayoutError};

    fn two_cells() -> Result<Layout, LayoutError> {
        let columns = LayoutColumns {
            dbu_nm: 1.0,
            layers: vec![(1, 0), (10, 0)],
            cell_names: vec!["top".to_owned(), "part".to_owned()],
            repetitions: vec![
                Repetition::Single,
                Repetition::Grid { columns: 2, rows: 1, v1: [100.0, 0.0], v2: [0.0, 0.0] },
            ],
            polygon_offsets: vec![0],
            path_offsets: vec![0],
            label_cell: vec![0, 1, 1],
            label_layer: vec![1, 0, 1],
            label_xy: vec![5.0, 5.0, 1.0, 1.0, 10.0, 0.0],
            label_text: vec!["here".to_owned(), "elsewhere".to_owned(), "part".to_owned()],
            label_rep: vec![0, 0, 0],
            ref_cell: vec![0],
            ref_target: vec![1],
            ref_name: vec![String::new()],
            ref_xy: vec![1000.0, 0.0],
            ref_rotation_rad: vec![std::f64::consts::FRAC_PI_2],
            ref_magnification: vec![1.0],
            ref_mirror: vec![0],
            ref_rep: vec![1],
            ..LayoutColumns::default()
        };
        Layout::build(columns, &Watch::default())
    }

    #[test]
    fn texts_of_placed_cells_come_in_the_frame_of_the_top() {
        let layout = two_cells().expect("the columns fit");
        let found = layout.placed_labels(CellId::from(0_usize), &[(10, 0)], 10);
        let texts: Vec<_> = found.iter().map(|l| (l.text.as_str(), l.at[0].round(), l.at[1].round())).collect();
        assert_eq!(texts, [("here", 5.0, 5.0), ("part", 1000.0, 10.0), ("part", 1100.0, 10.0)]);
    }

    #[test]
    fn the_number_of_texts_is_bounded() {
        let layout = two_cells().expect("the columns fit");
        assert_eq!(layout.placed_labels(CellId::from(0_usize), &[(10, 0), (1, 0)], 2).len(), 2);
    }
}
