//! A uniform grid over boxes: linear to build, deterministic, good for shapes of similar size.
//!
//! What does not suit a uniform grid costs no more: boxes much larger than a tile go to a coarser grid, and
//! where the boxes are few for the room they lie in (one stray cell far away), only tiles that hold
//! something are kept.

mod part;

use rayon::prelude::*;

use crate::BBox;
use part::Part;

/// A box that touches more tiles than this goes to the next coarser grid,
const MAX_TILES_PER_BOX: u64 = 64;
/// unless they are in two rows or columns at most: of what is long and thin, none is in vain.
const MAX_TILES_PER_THIN_BOX: u64 = 128;
/// Ratio of the tiles of one grid to the next.
const COARSER: f64 = 8.0;
/// Tiles for each box up to which all tiles are kept.
const MAX_TILES_A_BOX: f64 = 4.0;
/// A tile grows up to this much to keep all tiles.
const MAX_GROWTH: f64 = 4.0;
/// Tiles along one axis, so that the number of a tile fits 64 bits.
const MAX_TILES_ALONG: f64 = 2_147_483_648.0;

/// Boxes sorted into square tiles. A box is listed in every tile it touches; one much larger than a tile in
/// those of a coarser grid.
#[derive(Clone, Debug)]
pub struct GridIndex {
    origin: [f64; 2],
    /// The inverse of the size of a tile.
    tiles_a_dbu: f64,
    nx: usize,
    ny: usize,
    /// The tiles that a box touches in four parts: where it begins, further on in its first column, further on in its
    /// first row, and the others. A query visits each box in the first tile that both share, so that of the tiles it
    /// touches itself it looks at all for the first part, at its first row for the second, at its first column for the
    /// third, at the first tile for the last; long boxes beside each other are not met again and again.
    parts: [Part; 4],
    coarser: Option<Box<GridIndex>>,
}

/// First and last tile column, then row, that a box touches.
type Span = [u32; 4];

/// The tiles of one of the parts of a box; none where the first is behind the last.
#[inline]
fn part_of([x0, x1, y0, y1]: Span, part: usize) -> Span {
    match part {
        0 => [x0, x0, y0, y0],
        1 => [x0, x0, y0 + 1, y1],
        2 => [x0 + 1, x1, y0, y0],
        _ => [x0 + 1, x1, y0 + 1, y1],
    }
}

/// True when a box is better kept in a coarser grid.
fn is_large(&[x0, x1, y0, y1]: &Span) -> bool {
    let (columns, rows) = (u64::from(x1 - x0 + 1), u64::from(y1 - y0 + 1));
    columns * rows > if columns.min(rows) <= 2 { MAX_TILES_PER_THIN_BOX } else { MAX_TILES_PER_BOX }
}

impl GridIndex {
    /// Sorts `boxes` (empty ones are left out) into tiles of about `tile` dbu.
    ///
    /// # Panics
    /// When there are 2^32 boxes or more, which take more memory than there is.
    pub fn new(boxes: &[BBox], tile: f64) -> Self {
        assert!(u32::try_from(boxes.len()).is_ok(), "too many boxes");
        let numbers: Vec<u32> = (0..boxes.len() as u32).filter(|&i| !boxes[i as usize].is_empty()).collect();
        Self::of(boxes, &numbers, tile)
    }

    /// Of the boxes of these numbers, in order.
    fn of(boxes: &[BBox], numbers: &[u32], tile: f64) -> Self {
        let mut all = BBox::EMPTY;
        for &i in numbers {
            all.add_box(&boxes[i as usize]);
        }
        let mut index =
            Self { origin: [0.0; 2], tiles_a_dbu: 1.0, nx: 1, ny: 1, parts: [Part::NOTHING; 4], coarser: None };
        if all.is_empty() {
            return index;
        }
        let (w, h) = (all.max[0] - all.min[0], all.max[1] - all.min[1]);
        let most = MAX_TILES_A_BOX * numbers.len() as f64 + 16.0;
        let asked = tile.max(1.0);
        let in_all = |tile: f64| ((w / tile).floor() + 1.0) * ((h / tile).floor() + 1.0);
        let mut tile = asked;
        while in_all(tile) > most && tile < asked * MAX_GROWTH {
            tile *= 1.5;
        }
        let keep_all = in_all(tile) <= most;
        if !keep_all {
            tile = asked.max(w.max(h) / MAX_TILES_ALONG);
        }
        index.origin = all.min;
        index.tiles_a_dbu = tile.recip();
        (index.nx, index.ny) = ((w / tile) as usize + 1, (h / tile) as usize + 1);
        let mut own: Vec<(u32, Span)> = numbers.par_iter().map(|&i| (i, index.span(&boxes[i as usize]))).collect();
        if own.par_iter().any(|(_, span)| is_large(span)) {
            let large: Vec<u32> = own.iter().filter(|(_, span)| is_large(span)).map(|one| one.0).collect();
            index.coarser = Some(Box::new(Self::of(boxes, &large, tile * COARSER)));
            own.retain(|(_, span)| !is_large(span));
        }
        let size = [index.nx, index.ny];
        index.parts.par_iter_mut().enumerate().for_each(|(k, part)| *part = Part::new(&own, k, size, keep_all));
        index
    }

    /// Calls `visit` once with the number of every box that may touch `query`.
    #[inline]
    pub fn candidates(&self, query: &BBox, mut visit: impl FnMut(usize)) {
        self.candidates_while(query, |i| {
            visit(i);
            true
        });
    }

    /// As [`Self::candidates`], until `visit` says that it has seen enough. False when it did.
    #[inline]
    pub fn candidates_while(&self, query: &BBox, visit: impl FnMut(usize) -> bool) -> bool {
        self.later_candidates_while(query, 0, visit)
    }

    /// As [`Self::candidates_while`], of the boxes from number `first` on.
    #[inline]
    pub fn later_candidates_while(&self, query: &BBox, first: usize, mut visit: impl FnMut(usize) -> bool) -> bool {
        if query.is_empty() {
            return true;
        }
        let mut level = Some(self);
        while let Some(grid) = level {
            if !grid.visit(query, first as u32, &mut visit) {
                return false;
            }
            level = grid.coarser.as_deref();
        }
        true
    }

    #[inline]
    fn visit(&self, query: &BBox, first: u32, visit: &mut impl FnMut(usize) -> bool) -> bool {
        let [x0, x1, y0, y1] = self.span(query);
        // For each part of boxes the tiles of the query that may be the first that both share.
        let shared = [[x0, x1, y0, y1], [x0, x1, y0, y0], [x0, x0, y0, y1], [x0, x0, y0, y0]];
        self.parts.iter().zip(shared).all(|(part, span)| part.visit(span, self.nx, first, visit))
    }

    #[inline]
    fn span(&self, b: &BBox) -> Span {
        let at = |v: f64, axis: usize, n: usize| {
            // What lies before the first tile is 0 as a number without sign.
            (((v - self.origin[axis]) * self.tiles_a_dbu) as u32).min(n as u32 - 1)
        };
        [at(b.min[0], 0, self.nx), at(b.max[0], 0, self.nx), at(b.min[1], 1, self.ny), at(b.max[1], 1, self.ny)]
    }
}

#[cfg(test)]
mod tests {
    use super::part::Tiles;
    use super::*;

    fn unit(x: f64, y: f64) -> BBox {
        BBox { min: [x, y], max: [x + 1.0, y + 1.0] }
    }

    #[test]
    fn every_touching_box_is_a_candidate() {
        let boxes: Vec<BBox> = (0..400).map(|i| unit(f64::from(i % 20) * 2.0, f64::from(i / 20) * 2.0)).collect();
        let index = GridIndex::new(&boxes, 3.0);
        for q in &boxes {
            let mut seen = Vec::new();
            index.candidates(&q.grown(1.5), |i| seen.push(i));
            for (i, b) in boxes.iter().enumerate() {
                assert!(!b.touches(&q.grown(1.5)) || seen.contains(&i), "box {i} missed");
            }
        }
    }

    #[test]
    fn a_box_in_many_tiles_is_visited_once_and_earlier_ones_are_left_out() {
        let mut boxes: Vec<BBox> = (0..400)
            .map(|i| {
                let (x, y) = (f64::from(i % 20) * 2.0, f64::from(i / 20) * 2.0);
                BBox { min: [x, y], max: [x + f64::from(i % 7), y + f64::from(i % 11)] }
            })
            .collect();
        // Where a stray one is far away only tiles that hold something are kept.
        for stray in [false, true] {
            if stray {
                boxes.push(unit(1e9, -1e9));
            }
            let index = GridIndex::new(&boxes, 1.5);
            assert!(matches!(&index.parts[0].tiles, Tiles::Occupied(_)) == stray);
            for (i, q) in boxes.iter().enumerate() {
                let mut seen = Vec::new();
                index.later_candidates_while(&q.grown(2.5), i, |j| {
                    seen.push(j);
                    true
                });
                seen.sort_unstable();
                assert!(seen.windows(2).all(|w| w[0] < w[1]) && seen[0] == i);
                let touching = (i..boxes.len()).filter(|&j| boxes[j].touches(&q.grown(2.5)));
                assert!(touching.into_iter().all(|j| seen.binary_search(&j).is_ok()));
            }
        }
    }

    #[test]
    fn many_boxes_as_large_as_the_layout_are_found_without_filling_the_memory() {
        let mut boxes = vec![BBox { min: [0.0, 0.0], max: [1e6, 1e6] }; 20_000];
        boxes.push(unit(5.0, 5.0));
        boxes.push(BBox::EMPTY);
        let index = GridIndex::new(&boxes, 1.0);
        let mut held = 0;
        let mut level = Some(&index);
        while let Some(grid) = level {
            held += grid.parts.iter().map(|part| part.items.len()).sum::<usize>();
            level = grid.coarser.as_deref();
        }
        assert!(held <= boxes.len() * MAX_TILES_PER_THIN_BOX as usize, "{held}");
        let mut seen = Vec::new();
        index.candidates(&unit(5.0, 5.0), |i| seen.push(i));
        assert_eq!(seen.len(), 20_001);
    }

    #[test]
    fn one_stray_box_far_away_does_not_put_all_others_into_one_tile() {
        let mut boxes: Vec<BBox> =
            (0..10_000).map(|i| unit(f64::from(i % 100) * 3.0, f64::from(i / 100) * 3.0)).collect();
        boxes.push(unit(1e9, -1e9));
        let index = GridIndex::new(&boxes, 3.0);
        for q in &boxes {
            let mut seen = Vec::new();
            index.candidates(q, |i| seen.push(i));
            assert!(seen.len() <= 16, "{}", seen.len());
            assert!(boxes.iter().enumerate().filter(|(_, b)| b.touches(q)).all(|(i, _)| seen.contains(&i)));
        }
        let mut all = 0;
        index.candidates(&BBox { min: [-1e10, -1e10], max: [1e10, 1e10] }, |_| all += 1);
        assert!(all >= boxes.len());
    }

    #[test]
    fn a_search_ends_when_enough_was_seen() {
        let boxes = vec![unit(0.0, 0.0); 1000];
        let index = GridIndex::new(&boxes, 1.0);
        let mut n = 0;
        let seen_all = index.candidates_while(&boxes[0], |_| {
            n += 1;
            n < 10
        });
        assert_eq!((n, seen_all), (10, false));
    }

    #[test]
    fn no_boxes_give_no_candidates() {
        GridIndex::new(&[], 1.0).candidates(&unit(0.0, 0.0), |_| panic!("nothing to find"));
    }
}
