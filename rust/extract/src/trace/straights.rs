//! The straights between the pieces that turn, so that the pieces cover the guide.

use super::curvature::Axis;
use super::types::Piece;
use super::vector::size;

/// Gaps shorter than this in dbu are no pieces.
const SHORTEST_DBU: f64 = 1.0;

/// The pieces of all bends in order, with straights between.
pub(super) fn between(axis: &Axis<'_>, turning: &[Piece]) -> Vec<Piece> {
    let length = axis.length();
    let mut out = Vec::with_capacity(2 * turning.len() + 1);
    let (mut at, mut cursor) = (0.0, 0);
    for piece in turning {
        let Some(piece) = piece.within(at, length) else { continue };
        if piece.start - at > SHORTEST_DBU {
            out.push(straight(axis, at, piece.start, &mut cursor));
        }
        at = piece.start + piece.length;
        out.push(piece);
    }
    if length - at > SHORTEST_DBU || out.is_empty() {
        out.push(straight(axis, at, length, &mut cursor));
    }
    out
}

fn straight(axis: &Axis<'_>, from: f64, to: f64, cursor: &mut usize) -> Piece {
    let a = axis.place(from, cursor);
    let first = *cursor + 1;
    let b = axis.place(to, cursor);
    let d = [b[0] - a[0], b[1] - a[1]];
    let length = size(d).max(f64::MIN_POSITIVE);
    let off = |v: [f64; 2]| ((v[0] - a[0]) * d[1] - (v[1] - a[1]) * d[0]).abs() / length;
    let between = axis.nodes.get(first..=*cursor).unwrap_or_default();
    let fit_error = between.iter().map(|v| off(v.at)).fold(0.0, f64::max);
    Piece { start: from, length: to - from, begin_curvature: 0.0, end_curvature: 0.0, fit_error }
}
