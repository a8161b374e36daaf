//! A uniform grid over boxes: linear to build, deterministic, good for shapes of similar size.

use crate::BBox;

/// A box that touches more tiles than this is kept apart, or boxes as large as the layout would fill the memory.
const MAX_TILES_PER_BOX: usize = 256;

/// Boxes sorted into square tiles. A box is listed in every tile it touches; the few that touch very many
/// are looked at in every query, so boxes much larger than a tile should be cut into pieces first
/// (centre-lines are).
#[derive(Clone, Debug)]
pub struct GridIndex {
    origin: [f64; 2],
    tile: f64,
    nx: usize,
    ny: usize,
    /// Start of each tile's items; one more entry than there are tiles.
    starts: Vec<u32>,
    items: Vec<u32>,
    large: Vec<(u32, BBox)>,
}

impl GridIndex {
    /// Sorts `boxes` (empty ones are left out) into tiles of about `tile` dbu. The tile grows when there
    /// would otherwise be many more tiles than boxes.
    pub fn new(boxes: &[BBox], tile: f64) -> Self {
        let mut all = BBox::EMPTY;
        for b in boxes {
            all.add_box(b);
        }
        if all.is_empty() {
            return Self {
                origin: [0.0; 2],
                tile: 1.0,
                nx: 1,
                ny: 1,
                starts: vec![0, 0],
                items: Vec::new(),
                large: Vec::new(),
            };
        }
        let (w, h) = (all.max[0] - all.min[0], all.max[1] - all.min[1]);
        let most = 4.0 * boxes.len() as f64 + 16.0;
        let mut tile = tile.max(1.0);
        while ((w / tile).floor() + 1.0) * ((h / tile).floor() + 1.0) > most {
            tile *= 1.5;
        }
        let (nx, ny) = ((w / tile) as usize + 1, (h / tile) as usize + 1);
        let mut index =
            Self { origin: all.min, tile, nx, ny, starts: Vec::new(), items: Vec::new(), large: Vec::new() };
        let mut counts = vec![0_u32; nx * ny + 1];
        let (mut small, mut large) = (Vec::with_capacity(boxes.len()), Vec::new());
        for (i, b) in boxes.iter().enumerate() {
            if index.n_tiles(b) > MAX_TILES_PER_BOX {
                large.push((i as u32, *b));
            } else {
                small.push((i, b));
                index.each_tile(b, |t| counts[t + 1] += 1);
            }
        }
        for t in 0..nx * ny {
            counts[t + 1] += counts[t];
        }
        let mut next = counts.clone();
        let mut items = vec![0_u32; counts[nx * ny] as usize];
        for (i, b) in small {
            index.each_tile(b, |t| {
                items[next[t] as usize] = i as u32;
                next[t] += 1;
            });
        }
        index.starts = counts;
        index.items = items;
        index.large = large;
        index
    }

    /// Calls `visit` with the number of every box that may touch `query`; a box that lies in several
    /// tiles is visited several times, so callers that count must sort and remove repeats.
    #[inline]
    pub fn candidates(&self, query: &BBox, mut visit: impl FnMut(usize)) {
        for (i, b) in &self.large {
            if b.touches(query) {
                visit(*i as usize);
            }
        }
        self.each_tile(query, |t| {
            for &i in &self.items[self.starts[t] as usize..self.starts[t + 1] as usize] {
                visit(i as usize);
            }
        });
    }

    /// First and last tile column and row that a box touches.
    #[inline]
    fn span(&self, b: &BBox) -> [usize; 4] {
        let at = |v: f64, axis: usize, n: usize| (((v - self.origin[axis]) / self.tile).max(0.0) as usize).min(n - 1);
        [at(b.min[0], 0, self.nx), at(b.max[0], 0, self.nx), at(b.min[1], 1, self.ny), at(b.max[1], 1, self.ny)]
    }

    fn n_tiles(&self, b: &BBox) -> usize {
        if b.is_empty() {
            return 0;
        }
        let [x0, x1, y0, y1] = self.span(b);
        (x1 - x0 + 1) * (y1 - y0 + 1)
    }

    #[inline]
    fn each_tile(&self, b: &BBox, mut f: impl FnMut(usize)) {
        if b.is_empty() {
            return;
        }
        let [x0, x1, y0, y1] = self.span(b);
        for y in y0..=y1 {
            for x in x0..=x1 {
                f(y * self.nx + x);
            }
        }
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
    fn many_boxes_as_large_as_the_layout_are_found_without_filling_the_memory() {
        let mut boxes = vec![BBox { min: [0.0, 0.0], max: [1e6, 1e6] }; 20_000];
        boxes.push(unit(5.0, 5.0));
        boxes.push(BBox::EMPTY);
        let index = GridIndex::new(&boxes, 1.0);
        assert!(index.items.len() < 10);
        let mut n = 0;
        index.candidates(&unit(5.0, 5.0), |_| n += 1);
        assert_eq!(n, 20_001);
    }

    #[test]
    fn no_boxes_give_no_candidates() {
        GridIndex::new(&[], 1.0).candidates(&unit(0.0, 0.0), |_| panic!("nothing to find"));
    }
}
