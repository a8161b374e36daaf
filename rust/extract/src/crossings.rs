//! Guides whose centre-lines cross with no device between.

use rayon::prelude::*;
use waveguard_base::Watch;

use crate::error::ExtractError;
use crate::lines::{Line, Piece, Pieces, TOUCH_NM};
use crate::runs;

/// A crossing of two guides, or of one with itself.
#[derive(Clone, Copy, Debug)]
pub struct Crossing {
    /// The smaller number.
    pub a: usize,
    /// The other guide; may be the same.
    pub b: usize,
    /// Place.
    pub at: [f64; 2],
    /// Angle between the two, 0 to π/2.
    pub angle_rad: f64,
}

/// What was found, and what was not looked at.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// In order of `a`, then `b`, then along `a`.
    pub crossings: Vec<Crossing>,
    /// Guides across which there were more pieces than were looked at.
    pub cut: Vec<usize>,
}

/// Bounds on the search.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Pieces looked at for each piece of a guide, as a mean over a stretch.
    pub piece_pairs: u64,
    /// Crossings that are kept, about.
    pub rows: usize,
}

/// Finds all crossings further than `end_widths` widths from the ends of both guides. What was found beside these says
/// which stretches touch.
///
/// # Errors
/// When the watch asks to stop.
pub fn find(
    lines: &[Line],
    all: &Pieces,
    beside: &runs::Found,
    end_widths: f64,
    bounds: Bounds,
    watch: &Watch,
) -> Result<Found, ExtractError> {
    let mut out = Found::default();
    let n = all.stretches.len();
    let mut from = 0;
    while from < n && out.crossings.len() <= bounds.rows {
        let to = (from + STRETCHES_TOGETHER).min(n);
        let found: Result<Vec<(Vec<Crossing>, bool)>, ExtractError> = (from..to)
            .into_par_iter()
            .with_min_len(STRETCHES_A_TURN)
            .map_init(Vec::new, |near: &mut Vec<usize>, i| {
                if i % STRETCHES_A_TURN == 0 {
                    watch.check()?;
                }
                Ok(of_stretch(i, lines, all, beside, end_widths, bounds.piece_pairs, near))
            })
            .collect();
        for (i, (crossings, cut)) in (from..).zip(found?) {
            out.crossings.extend(crossings);
            out.cut.extend(cut.then_some(all.stretches[i].line));
        }
        from = to;
    }
    out.crossings = once(std::mem::take(&mut out.crossings));
    let more = out.crossings.len().saturating_sub(bounds.rows);
    let dropped = out.crossings.split_off(out.crossings.len() - more);
    out.cut.extend(dropped.iter().map(|c| c.a));
    out.cut.extend(all.stretches[from..].iter().map(|s| s.line));
    out.cut.sort_unstable();
    out.cut.dedup();
    Ok(out)
}

/// Crossings in order of their guides, each place of two guides once; those of two guides in order along the first.
fn once(mut crossings: Vec<Crossing>) -> Vec<Crossing> {
    crossings.sort_by_key(|c| (c.a, c.b));
    let mut out: Vec<Crossing> = Vec::with_capacity(crossings.len());
    for c in crossings {
        let is_known = out
            .iter()
            .rev()
            .take(PIECES_AT_A_VERTEX)
            .any(|o| (o.a, o.b) == (c.a, c.b) && (0..2).all(|k: usize| (o.at[k] - c.at[k]).abs() <= SAME_PLACE_NM));
        if !is_known {
            out.push(c);
        }
    }
    out
}

/// Crossings of two guides are no nearer to each other: they are as wide as these.
const SAME_PLACE_NM: f64 = 1.0;
/// Two pieces meet at a vertex of each guide, so that many pairs find one crossing.
const PIECES_AT_A_VERTEX: usize = 4;

/// Stretches a thread takes at once.
const STRETCHES_A_TURN: usize = 256;
/// Stretches looked at before the number of crossings is compared with its bound.
const STRETCHES_TOGETHER: usize = 65_536;

/// Crossings of one stretch with itself and later ones; true when not all were looked for.
fn of_stretch(
    i: usize,
    lines: &[Line],
    all: &Pieces,
    beside: &runs::Found,
    end_widths: f64,
    piece_pairs: u64,
    near: &mut Vec<usize>,
) -> (Vec<Crossing>, bool) {
    let mut found = Vec::new();
    let stretch = &all.stretches[i];
    let pieces = all.of(stretch);
    let mut left = piece_pairs.saturating_mul(pieces.len() as u64);
    near.clear();
    let mut seen_all = true;
    if let Some(touching) = beside.touching(i, stretch.line) {
        near.extend(touching);
    } else {
        let (most, mut seen) = (left, 0);
        let window = stretch.extent.upright.grown(TOUCH_NM);
        seen_all = all.index.later_candidates_while(&window, i, |j| {
            seen += 1;
            near.extend(all.may_touch(i, j).then_some(j));
            seen < most
        });
        near.sort_unstable();
    }
    for &j in near.iter() {
        let other = &all.stretches[j];
        let others = all.of(other);
        for (k, p) in (stretch.from..).zip(pieces) {
            let window = p.extent().grown(TOUCH_NM);
            left = left.saturating_sub(1);
            if left == 0 || !window.touches(&other.extent) {
                continue;
            }
            left = left.saturating_sub(others.len() as u64);
            // Of one line those after it.
            let later =
                if other.line == stretch.line { (k + 1).saturating_sub(other.from).min(others.len()) } else { 0 };
            for q in &others[later..] {
                let follows = p.line == q.line && q.segment <= p.segment + 1;
                if !follows && window.upright.touches(&q.bbox()) {
                    found.extend(cross(p, q, lines, end_widths));
                }
            }
        }
    }
    (found, !seen_all || left == 0)
}

fn cross(p: &Piece, q: &Piece, lines: &[Line], end_widths: f64) -> Option<Crossing> {
    let (d, e) = (p.direction, q.direction);
    let sin = d[0] * e[1] - d[1] * e[0];
    if sin == 0.0 {
        return None;
    }
    let (rx, ry) = (q.from[0] - p.from[0], q.from[1] - p.from[1]);
    let s = (rx * e[1] - ry * e[0]) / sin;
    let t = (rx * d[1] - ry * d[0]) / sin;
    // A crossing at a vertex is found on both sides of it, whatever rounding says; it is kept once.
    let is_on = |at: f64, length: f64| (-TOUCH_NM..=length + TOUCH_NM).contains(&at);
    if !is_on(s, p.length) || !is_on(t, q.length) {
        return None;
    }
    // Of pieces on one line the place is a matter of rounding only: both must lead to it.
    let (on_p, on_q) = (p.at(s), q.at(t));
    if (0..2).any(|k: usize| (on_p[k] - on_q[k]).abs() > TOUCH_NM) {
        return None;
    }
    let from_ends = |line: &Line, along: f64| along.min(line.length() - along);
    let far_enough = from_ends(&lines[p.line as usize], p.along + s) > end_widths * q.width
        && from_ends(&lines[q.line as usize], q.along + t) > end_widths * p.width;
    let cos = (d[0] * e[0] + d[1] * e[1]).abs();
    far_enough.then(|| Crossing { a: p.line as usize, b: q.line as usize, at: on_p, angle_rad: sin.abs().atan2(cos) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crossings(lines: &[Line]) -> Vec<Crossing> {
        let found = bounded(lines, Bounds { piece_pairs: 20_000, rows: 1000 });
        assert!(found.cut.is_empty());
        found.crossings
    }

    fn bounded(lines: &[Line], bounds: Bounds) -> Found {
        find(lines, &Pieces::new(lines, 3000.0), &runs::Found::default(), 2.0, bounds, &Watch::default())
            .expect("no one cancels")
    }

    #[test]
    fn a_lattice_beyond_the_bounds_is_cut_and_its_guides_are_named() {
        let at = |i: i32| 3000.0 * f64::from(i);
        let mut lines: Vec<Line> = (0..20).map(|i| line(&[[-9000.0, at(i)], [90_000.0, at(i)]])).collect();
        lines.extend((0..20).map(|i| line(&[[at(i), -9000.0], [at(i), 90_000.0]])));
        assert_eq!(crossings(&lines).len(), 400);
        let few = bounded(&lines, Bounds { piece_pairs: 20_000, rows: 100 });
        assert_eq!(few.crossings.len(), 100);
        assert!(few.cut.len() >= 15, "{:?}", few.cut);
        assert!(!bounded(&lines, Bounds { piece_pairs: 1, rows: 1000 }).cut.is_empty());
    }

    fn line(points: &[[f64; 2]]) -> Line {
        Line::new(points.to_vec(), vec![500.0; points.len()], 0)
    }

    #[test]
    fn a_cross_is_found_once_also_at_vertices() {
        let a = line(&[[-9000.0, 0.0], [0.0, 0.0], [9000.0, 0.0]]);
        let b = line(&[[0.0, -9000.0], [0.0, 0.0], [0.0, 9000.0]]);
        let found = crossings(&[a, b]);
        assert_eq!(found.len(), 1);
        assert!((found[0].angle_rad - std::f64::consts::FRAC_PI_2).abs() < 1e-9);
    }

    #[test]
    fn a_cross_at_vertices_is_found_once_wherever_it_lies() {
        for k in 0..500 {
            let (x, y) = (f64::from(k) * 7013.1, f64::from(k % 17) * 9011.7);
            let a = line(&[[x - 9000.3, y - 100.1], [x, y], [x + 9000.7, y + 33.3]]);
            let b = line(&[[x - 11.1, y - 9000.9], [x, y], [x + 77.7, y + 9000.1]]);
            assert_eq!(crossings(&[a, b]).len(), 1, "at {x}, {y}");
        }
    }

    #[test]
    fn guides_on_one_line_do_not_cross_at_any_angle() {
        for k in 0..2000 {
            let (sin, cos) = (f64::from(k) * 0.0017).sin_cos();
            let at = |along: f64| [777.3 + along * cos, -333.7 + along * sin];
            let (a, b) = (line(&[at(744.0), at(7000.0)]), line(&[at(20_313.0), at(7000.0)]));
            assert!(crossings(&[a, b]).is_empty(), "turned by {k}");
        }
    }

    #[test]
    fn joints_are_no_crossings() {
        let a = line(&[[0.0, 0.0], [9000.0, 0.0]]);
        let b = line(&[[8999.0, -1.0], [9000.0, 9000.0]]);
        assert!(crossings(&[a, b]).is_empty());
    }
}
