//! Rows of what guides are made of: pieces of even curvature, tapers, and the rails of slot guides.

use crate::fill;
use crate::found::Found;
use crate::guides::Guide;
use crate::place::Placed;
use crate::tables::{CurvePieces, FlawRow, Flaws, SegmentRow, Segments, SlotRow, SlotRows, Tapers};
use crate::trace::{Piece, Taper};

/// Straight, arc or clothoid, as the table says it.
fn kind(p: &Piece) -> u8 {
    let (a, b) = (p.begin_curvature, p.end_curvature);
    if a.abs().max(b.abs()) <= f64::MIN_POSITIVE { 0 } else { 1 + u8::from((a - b).abs() > f64::EPSILON * a.abs()) }
}

/// A placed guide, with what its lengths are multiplied by and the sign of its turns.
struct Turned<'a> {
    guide: &'a Guide,
    nm: f64,
    hand: f64,
}

/// All placed guides, in the order of `waveguides`.
fn turned(found: &Found) -> Vec<Turned<'_>> {
    let one = |(guide, placed): (_, &Placed)| {
        let t = &placed.transform;
        // All lengths of the trace are in dbu of its frame.
        let nm = found.dbu_nm * t.magnification();
        Turned { guide, nm, hand: if t.is_mirrored() { -1.0 } else { 1.0 } }
    };
    let flat = found.flat();
    flat.guides.traced().zip(flat.guides.devices().map(|d| &flat.placed[d])).map(one).collect()
}

/// The rows of pieces of all placed guides.
pub(crate) fn pieces(found: &Found) -> CurvePieces {
    let guides = turned(found);
    let starts = fill::starts(guides.iter().map(|g| g.guide.trace.pieces.len()));
    let column = |value: &(dyn Fn(&Turned, &Piece) -> f64 + Sync)| {
        fill::column(&starts, &|i, part: &mut [f64]| {
            let guide = &guides[i];
            part.iter_mut().zip(&guide.guide.trace.pieces).for_each(|(v, p)| *v = value(guide, p));
        })
    };
    CurvePieces {
        waveguide: fill::column(&starts, &|i, part: &mut [i64]| part.fill(i as i64)),
        kind: fill::column(&starts, &|i, part: &mut [u8]| {
            part.iter_mut().zip(&guides[i].guide.trace.pieces).for_each(|(v, p)| *v = kind(p));
        }),
        start_nm: column(&|g, p| p.start * g.nm),
        length_nm: column(&|g, p| p.length * g.nm),
        begin_curvature_per_nm: column(&|g, p| g.hand * p.begin_curvature / g.nm),
        end_curvature_per_nm: column(&|g, p| g.hand * p.end_curvature / g.nm),
        fit_error_nm: column(&|g, p| p.fit_error * g.nm),
    }
}

/// The rows of tapers of all placed guides.
pub(crate) fn tapers(found: &Found) -> Tapers {
    let guides = turned(found);
    let starts = fill::starts(guides.iter().map(|g| g.guide.trace.tapers.len()));
    let column = |value: &(dyn Fn(&Turned, &Taper) -> f64 + Sync)| {
        fill::column(&starts, &|i, part: &mut [f64]| {
            let guide = &guides[i];
            part.iter_mut().zip(&guide.guide.trace.tapers).for_each(|(v, p)| *v = value(guide, p));
        })
    };
    Tapers {
        waveguide: fill::column(&starts, &|i, part: &mut [i64]| part.fill(i as i64)),
        start_nm: column(&|g, p| p.start * g.nm),
        length_nm: column(&|g, p| p.length * g.nm),
        begin_width_nm: column(&|g, p| p.begin_width * g.nm),
        end_width_nm: column(&|g, p| p.end_width * g.nm),
    }
}

/// The rows of flaws of all placed guides.
pub(crate) fn flaws(found: &Found) -> Flaws {
    let flat = found.flat();
    let mut table = Flaws::default();
    let placed = flat.guides.devices().map(|d| &flat.placed[d]);
    for ((waveguide, Turned { guide, nm, .. }), placed) in (0..).zip(turned(found)).zip(placed) {
        for f in &guide.trace.flaws {
            let [x, y] = placed.transform.apply(f.x, f.y);
            table.push(FlawRow {
                waveguide,
                start_nm: f.start * nm,
                length_nm: f.length * nm,
                width_nm: f.width * nm,
                widened_nm: f.widened * nm,
                aside_nm: f.aside * nm,
                out_nm: f.out * nm,
                sides: f.sides as u8,
                error_nm: f.error * nm,
                radius_nm: f.radius * nm,
                turn_rad: if placed.transform.is_mirrored() { -f.turn } else { f.turn },
                x_nm: x * found.dbu_nm,
                y_nm: y * found.dbu_nm,
            });
        }
    }
    table
}

/// The rows of all placed slot guides.
pub(crate) fn slots(found: &Found) -> SlotRows {
    let mut table = SlotRows::default();
    for (waveguide, turned) in (0..).zip(turned(found)) {
        let (Some(slot), nm) = (turned.guide.slot.as_deref(), turned.nm) else { continue };
        let (gap, rail) = (slot.gap, slot.rail);
        table.push(SlotRow {
            waveguide,
            gap_nm: gap.mean * nm,
            gap_min_nm: gap.min * nm,
            gap_error_nm: gap.error * nm,
            gap_max_nm: gap.max * nm,
            rail_nm: rail.mean * nm,
            rail_min_nm: rail.min * nm,
            rail_error_nm: rail.error * nm,
            rail_max_nm: rail.max * nm,
        });
    }
    table
}

/// The rows of guides that are rows of boxes.
pub(crate) fn segments(found: &Found) -> Segments {
    let mut table = Segments::default();
    for (i, Turned { guide, nm, .. }) in turned(found).into_iter().enumerate() {
        let Some(s) = guide.segments else { continue };
        table.push(SegmentRow {
            waveguide: i as i64,
            n_segments: i64::from(s.count),
            pitch_nm: s.pitch * nm,
            pitch_min_nm: s.pitches[0] * nm,
            pitch_max_nm: s.pitches[1] * nm,
            gap_min_nm: s.gaps[0] * nm,
            gap_max_nm: s.gaps[1] * nm,
            duty_cycle: s.duty,
        });
    }
    table
}
