//! Boxes by tile, in a grid of which all tiles are kept or only those that hold something.

use std::ops::Range;

use rayon::prelude::*;

use super::{Span, part_of};

/// Boxes that are worth a thread of their own while they are sorted.
const BOXES_A_BAND: usize = 1 << 13;

/// Boxes by tile.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) tiles: Tiles,
    /// Numbers of boxes, tile after tile.
    pub(super) items: Vec<u32>,
}

/// Where the items of a tile start; one more entry than there are tiles.
#[derive(Clone, Debug)]
pub(super) enum Tiles {
    /// All tiles, row by row.
    All(Vec<u32>),
    /// Only those that hold something.
    Occupied(Occupied),
}

/// Tiles that hold something.
#[derive(Clone, Debug)]
pub(super) struct Occupied {
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
    pub(super) const NOTHING: Self = Self { tiles: Tiles::All(Vec::new()), items: Vec::new() };

    /// One of the parts of boxes with such tiles, out of `nx` columns and `ny` rows; with all tiles, or those that hold
    /// something.
    pub(super) fn new(boxes: &[(u32, Span)], part: usize, [nx, ny]: [usize; 2], keep_all: bool) -> Self {
        let has_some = |(_, span): &(u32, Span)| {
            let [x0, x1, y0, y1] = part_of(*span, part);
            x0 <= x1 && y0 <= y1
        };
        if !boxes.iter().any(has_some) {
            Self::NOTHING
        } else if keep_all {
            Self::with_all_tiles(boxes, part, [nx, ny])
        } else {
            Self::with_occupied_tiles(boxes, part, nx)
        }
    }

    fn with_all_tiles(boxes: &[(u32, Span)], part: usize, [nx, ny]: [usize; 2]) -> Self {
        let n = nx * ny;
        // Each thread sorts all boxes into rows of its own.
        let threads = rayon::current_num_threads().min(boxes.len() / BOXES_A_BAND).max(1);
        let rows = ny.div_ceil(threads);
        let bands: Vec<Range<usize>> = (0..ny).step_by(rows).map(|row| row..(row + rows).min(ny)).collect();
        let mut starts = vec![0_u32; n + 1];
        starts[..n].par_chunks_mut(rows * nx).zip(&bands).for_each(|(counts, band)| {
            for (_, span) in boxes {
                each_row(part_of(*span, part), nx, band, |tiles| counts[tiles].iter_mut().for_each(|c| *c += 1));
            }
        });
        // Where each tile ends; filled from behind, it becomes where it starts.
        let mut total = 0;
        for start in &mut starts {
            total += *start;
            *start = total;
        }
        let mut items = vec![0_u32; total as usize];
        let mut shares: Vec<(u32, &mut [u32])> = Vec::with_capacity(bands.len());
        let (mut rest, mut from) = (&mut items[..], 0);
        for band in &bands {
            let to = starts[band.end * nx - 1];
            let (own, others) = rest.split_at_mut((to - from) as usize);
            shares.push((from, own));
            (rest, from) = (others, to);
        }
        starts[..n].par_chunks_mut(rows * nx).zip(&bands).zip(shares).for_each(|((ends, band), (base, items))| {
            for (i, span) in boxes.iter().rev() {
                each_row(part_of(*span, part), nx, band, |tiles| {
                    for end in &mut ends[tiles] {
                        *end -= 1;
                        items[(*end - base) as usize] = *i;
                    }
                });
            }
        });
        Self { tiles: Tiles::All(starts), items }
    }

    fn with_occupied_tiles(boxes: &[(u32, Span)], part: usize, nx: usize) -> Self {
        let mut places: Vec<(u64, u32)> = Vec::with_capacity(boxes.len());
        for (i, span) in boxes {
            each_row(part_of(*span, part), nx, &(0..usize::MAX), |tiles| places.extend(tiles.map(|t| (t as u64, *i))));
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
    pub(super) fn visit(
        &self,
        [x0, x1, y0, y1]: Span,
        nx: usize,
        first: u32,
        visit: &mut impl FnMut(usize) -> bool,
    ) -> bool {
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
fn each_row(span: Span, nx: usize, band: &Range<usize>, mut f: impl FnMut(Range<usize>)) {
    let [x0, x1, y0, y1] = span.map(|v| v as usize);
    for y in y0.max(band.start)..(y1 + 1).min(band.end) {
        let first = (y - band.start) * nx;
        f(first + x0..first + x1 + 1);
    }
}
