//! Rows of what guides are made of: pieces of even curvature, and tapers.

use crate::extraction::World;
use crate::tables::{CurvePieceRow, CurvePieces, TaperRow, Tapers};
use crate::trace::Piece;

/// Straight, arc or clothoid, as the table says it.
fn kind(p: &Piece) -> u8 {
    let (a, b) = (p.begin_curvature, p.end_curvature);
    if a.abs().max(b.abs()) <= f64::MIN_POSITIVE { 0 } else { 1 + u8::from((a - b).abs() > f64::EPSILON * a.abs()) }
}

/// The rows of all placed guides, in the order of `waveguides`.
pub(crate) fn tables(world: &World) -> (CurvePieces, Tapers) {
    let (mut pieces, mut tapers) = (CurvePieces::default(), Tapers::default());
    let guides = world
        .placed
        .iter()
        .filter_map(|placed| world.cells[placed.cell.index()].protos[placed.proto].guide.as_ref().map(|g| (placed, g)));
    for (waveguide, (placed, guide)) in guides.enumerate() {
        let t = &placed.transform;
        // All lengths of the trace are in dbu of its frame.
        let nm = world.plan.layout.dbu_nm * t.magnification();
        let hand = if t.is_mirrored() { -1.0 } else { 1.0 };
        for p in &guide.trace.pieces {
            pieces.push(CurvePieceRow {
                waveguide: waveguide as i64,
                kind: kind(p),
                start_nm: p.start * nm,
                length_nm: p.length * nm,
                begin_curvature_per_nm: hand * p.begin_curvature / nm,
                end_curvature_per_nm: hand * p.end_curvature / nm,
                fit_error_nm: p.fit_error * nm,
            });
        }
        for p in &guide.trace.tapers {
            tapers.push(TaperRow {
                waveguide: waveguide as i64,
                start_nm: p.start * nm,
                length_nm: p.length * nm,
                begin_width_nm: p.begin_width * nm,
                end_width_nm: p.end_width * nm,
            });
        }
    }
    (pieces, tapers)
}
