//! A uniform grid over boxes: linear to build, deterministic, good for shapes of similar size.
//!
//! What does not suit a uniform grid costs no more: boxes much larger than a tile go to a coarser grid, and
//! where the boxes are few for the room they lie in (one stray cell far away), only tiles that hold
//! something are kept.

use std::ops::Range;

use rayon::prelude::*;

use crate::BBox;

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

/// Boxes that are worth a thread of their own while they are sorted.
const BOXES_A_BAND: usize = 1 << 13;

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

/// The tiles of each part of a box; `None` where there are none.
fn parts([x0, x1, y0, y1]: Span) -> [Option<Span>; 4] {
    let (is_wide, is_high) = (x1 > x0, y1 > y0);
    [
        Some([x0, x0, y0, y0]),
        is_high.then_some([x0, x0, y0 + 1, y1]),
        is_wide.then_some([x0 + 1, x1, y0, y0]),
        (is_wide && is_high).then_some([x0 + 1, x1, y0 + 1, y1]),
    ]
}

/// Boxes by tile.
#[derive(Clone, Debug)]
struct Part {
    tiles: Tiles,
    /// Numbers of boxes, tile after tile.
    items: Vec<u32>,
}

/// True when a box is better kept in a coarser grid.
fn is_large(&[x0, x1, y0, y1]: &Span) -> bool {
    let (columns, rows) = (u64::from(x1 - x0 + 1), u64::from(y1 - y0 + 1));
    columns * rows > if columns.min(rows) <= 2 { MAX_TILES_PER_THIN_BOX } else { MAX_TILES_PER_BOX }
}

/// Where the items of a tile start; one more entry than there are tiles.
#[derive(Clone, Debug)]
enum Tiles {
    /// All tiles, row by row.
    All(Vec<u32>),
    /// Only those that hold something.
    Occupied(Occupied),
}

/// Tiles that hold something.
#[derive(Clone, Debug)]
struct Occupied {
    /// Their numbers, ascending.
    numbers: Vec<u64>,
    /// Where their items start; one more than numbers.
    starts: Vec<u32>,
    /// Rows that hold something, ascending, and one past the last.
    rows: Vec<Row>,
    /// Rows are looked for among those that are equal but for so many bits.
    shift: u32,
    /// For each value of the other bits the first row with it or a larger one; one more than values.
    row_jumps: Vec<u32>,
    /// The same for the tiles of each row, one row after the other.
    jumps: Vec<u32>,
}

/// A row of tiles that holds something.
#[derive(Clone, Copy, Debug)]
struct Row {
    number: u64,
    /// Its first tile.
    first: u32,
    /// Where its part of `jumps` starts.
    jump: u32,
    /// Bits of the column that are left out there.
    shift: u32,
}

/// Bits to leave out of numbers up to `last` so that no more than about twice `n` values are left.
fn shift(last: u64, n: usize) -> u32 {
    let mut shift = 0;
    while last >> shift > 2 * n as u64 {
        shift += 1;
    }
    shift
}

/// Places by tile and number: gathered by the upper bits of the tile, and sorted among the few that share them.
fn sorted(places: &[(u64, u32)]) -> Vec<(u64, u32)> {
    let last = places.iter().map(|p| p.0).max().unwrap_or(0);
    let shift = shift(last, places.len());
    let mut ends = vec![0_u32; (last >> shift) as usize + 2];
    for (tile, _) in places {
        ends[(tile >> shift) as usize + 1] += 1;
    }
    for k in 1..ends.len() {
        ends[k] += ends[k - 1];
    }
    let mut out = vec![(0, 0); places.len()];
    for place in places {
        let end = &mut ends[(place.0 >> shift) as usize];
        out[*end as usize] = *place;
        *end += 1;
    }
    out.chunk_by_mut(|p, q| p.0 >> shift == q.0 >> shift).for_each(<[(u64, u32)]>::sort_unstable);
    out
}

/// For each value of the upper bits of ascending numbers, the first with it or a larger one, and one more.
fn add_jumps(numbers: impl Iterator<Item = (u32, u64)>, shift: u32, jumps: &mut Vec<u32>) {
    let (from, mut end) = (jumps.len(), 0);
    for (k, number) in numbers {
        while (jumps.len() - from) as u64 <= number >> shift {
            jumps.push(k);
        }
        end = k + 1;
    }
    jumps.push(end);
}

impl Occupied {
    fn new(numbers: Vec<u64>, starts: Vec<u32>, nx: u64) -> Self {
        let (mut rows, mut jumps): (Vec<Row>, Vec<u32>) = (Vec::new(), Vec::new());
        let mut first = 0_u32;
        for row in numbers.chunk_by(|a, b| a / nx == b / nx) {
            let number = row[0] / nx;
            let column = |tile: u64| tile - number * nx;
            let shift = shift(column(row[row.len() - 1]), row.len());
            rows.push(Row { number, first, jump: jumps.len() as u32, shift });
            add_jumps((first..).zip(row.iter().map(|&t| column(t))), shift, &mut jumps);
            first += row.len() as u32;
        }
        let last = rows.last().map_or(0, |row| row.number);
        let shift = shift(last, rows.len());
        let mut row_jumps = Vec::new();
        add_jumps((0..).zip(rows.iter().map(|row| row.number)), shift, &mut row_jumps);
        rows.push(Row { number: u64::MAX, first, jump: jumps.len() as u32, shift: 0 });
        Self { numbers, starts, rows, shift, row_jumps, jumps }
    }

    /// The first of the rows from this one on that holds something.
    #[inline]
    fn row(&self, number: u64) -> usize {
        let value = (number >> self.shift) as usize;
        if value + 1 >= self.row_jumps.len() {
            return self.rows.len() - 1;
        }
        let (from, to) = (self.row_jumps[value] as usize, self.row_jumps[value + 1] as usize);
        from + self.rows[from..to].partition_point(|row| row.number < number)
    }

    /// How many tiles come before that column of a row, those of the rows before it included.
    #[inline]
    fn before(&self, row: usize, column: u64, nx: u64) -> usize {
        let (own, next) = (&self.rows[row], &self.rows[row + 1]);
        let jumps = &self.jumps[own.jump as usize..next.jump as usize];
        let value = (column >> own.shift) as usize;
        if value + 1 >= jumps.len() {
            return next.first as usize;
        }
        let (from, to) = (jumps[value] as usize, jumps[value + 1] as usize);
        let number = own.number * nx + column;
        from + self.numbers[from..to].partition_point(|&t| t < number)
    }
}

impl Part {
    const NOTHING: Self = Self { tiles: Tiles::All(Vec::new()), items: Vec::new() };

    /// Of the boxes with such tiles each, out of `nx` columns and `ny` rows; with all tiles, or those that hold something.
    fn new(boxes: &[(u32, Span)], [nx, ny]: [usize; 2], keep_all: bool) -> Self {
        match boxes {
            [] => Self::NOTHING,
            _ if keep_all => Self::with_all_tiles(boxes, [nx, ny]),
            _ => Self::with_occupied_tiles(boxes, nx),
        }
    }

    fn with_all_tiles(boxes: &[(u32, Span)], [nx, ny]: [usize; 2]) -> Self {
        let n = nx * ny;
        // Each thread sorts all boxes into rows of its own.
        let threads = rayon::current_num_threads().min(boxes.len() / BOXES_A_BAND).max(1);
        let rows = ny.div_ceil(threads);
        let bands: Vec<Range<usize>> = (0..ny).step_by(rows).map(|row| row..(row + rows).min(ny)).collect();
        let mut starts = vec![0_u32; n + 1];
        starts[1..].par_chunks_mut(rows * nx).zip(&bands).for_each(|(counts, band)| {
            for (_, span) in boxes {
                each_row(span, nx, band, |tiles| counts[tiles].iter_mut().for_each(|c| *c += 1));
            }
        });
        for t in 0..n {
            starts[t + 1] += starts[t];
        }
        let mut next = starts[..n].to_vec();
        let mut items = vec![0_u32; starts[n] as usize];
        let mut shares: Vec<&mut [u32]> = Vec::with_capacity(bands.len());
        let mut rest = &mut items[..];
        for band in &bands {
            let [from, to] = [band.start, band.end].map(|row| starts[row * nx] as usize);
            let (own, others) = rest.split_at_mut(to - from);
            shares.push(own);
            rest = others;
        }
        next.par_chunks_mut(rows * nx).zip(&bands).zip(shares).for_each(|((next, band), items)| {
            let base = starts[band.start * nx];
            for (i, span) in boxes {
                each_row(span, nx, band, |tiles| {
                    for slot in &mut next[tiles] {
                        items[(*slot - base) as usize] = *i;
                        *slot += 1;
                    }
                });
            }
        });
        Self { tiles: Tiles::All(starts), items }
    }

    fn with_occupied_tiles(boxes: &[(u32, Span)], nx: usize) -> Self {
        let mut places: Vec<(u64, u32)> = Vec::with_capacity(boxes.len());
        for (i, span) in boxes {
            each_row(span, nx, &(0..usize::MAX), |tiles| places.extend(tiles.map(|t| (t as u64, *i))));
        }
        let places = sorted(&places);
        let (mut numbers, mut starts) = (Vec::new(), Vec::new());
        for (k, (tile, _)) in places.iter().enumerate() {
            if numbers.last() != Some(tile) {
                numbers.push(*tile);
                starts.push(k as u32);
            }
        }
        starts.push(places.len() as u32);
        let tiles = Tiles::Occupied(Occupied::new(numbers, starts, nx as u64));
        Self { tiles, items: places.into_iter().map(|(_, i)| i).collect() }
    }

    /// Visits the boxes from number `first` on in some tiles, until `visit` says that it has seen enough.
    #[inline]
    fn visit(&self, [x0, x1, y0, y1]: Span, nx: usize, first: u32, visit: &mut impl FnMut(usize) -> bool) -> bool {
        if self.items.is_empty() {
            return true;
        }
        let mut items =
            |from: u32, to: u32| self.items[from as usize..to as usize].iter().all(|&i| i < first || visit(i as usize));
        match &self.tiles {
            Tiles::All(starts) => {
                let [x0, x1, y0, y1] = [x0, x1 + 1, y0, y1].map(|v| v as usize);
                (y0..=y1).all(|y| items(starts[y * nx + x0], starts[y * nx + x1]))
            }
            Tiles::Occupied(occupied) => {
                let [x0, x1, y0, y1] = [x0, x1 + 1, y0, y1].map(u64::from);
                let mut rows = (occupied.row(y0)..occupied.rows.len()).take_while(|&r| occupied.rows[r].number <= y1);
                rows.all(|row| {
                    let [from, to] = [x0, x1].map(|x| occupied.starts[occupied.before(row, x, nx as u64)]);
                    items(from, to)
                })
            }
        }
    }
}

/// Calls `f` with the tiles of every row of a band that a box touches, counted from the first tile of the band.
#[inline]
fn each_row(span: &Span, nx: usize, band: &Range<usize>, mut f: impl FnMut(Range<usize>)) {
    let [x0, x1, y0, y1] = span.map(|v| v as usize);
    for y in y0.max(band.start)..(y1 + 1).min(band.end) {
        let first = (y - band.start) * nx;
        f(first + x0..first + x1 + 1);
    }
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
        index.parts.par_iter_mut().enumerate().for_each(|(k, part)| {
            let its: Vec<(u32, Span)> = own.iter().filter_map(|&(i, span)| Some((i, parts(span)[k]?))).collect();
            *part = Part::new(&its, size, keep_all);
        });
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
