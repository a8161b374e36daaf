//! Where the polygons of a GDSII stream lie in its bytes, and what the stream is without them.
//!
//! The walk has to pass every record anyway, and in a flat layout nearly all bytes are vertices of plain polygons.
//! So they are indexed on the way, not read by the library behind us: the builder takes the vertices from the bytes
//! straight to where they stay. That library gets the rest of the stream: structures, placements, paths, texts, and
//! polygons that carry properties, which are indexed too and stay in the rest for their properties only.

use std::ops::Range;

use rustc_hash::FxHashMap;

/// One XY record of a polygon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    /// Byte of the first vertex.
    pub(crate) at: usize,
    /// Vertices; the one that closes the polygon is not counted.
    pub(crate) n_points: u16,
    /// False for an XY record that goes on with the polygon before it.
    pub(crate) begins: bool,
    /// Index into the layers of all structures.
    pub(crate) layer: u32,
}

/// The polygons of a stream, in file order, by structure.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Boundaries {
    pieces: Vec<Piece>,
    /// End of each structure in `pieces`.
    piece_ends: Vec<usize>,
    layers: Vec<(u32, u32)>,
    /// End of each structure in `layers`.
    layer_ends: Vec<usize>,
    rest: Vec<Range<usize>>,
    end: usize,
}

impl Boundaries {
    /// Structures of the stream, those without polygons included.
    pub fn n_structures(&self) -> usize {
        self.piece_ends.len()
    }

    /// Polygons of all structures.
    pub fn n_polygons(&self) -> usize {
        self.pieces.iter().filter(|p| p.begins).count()
    }

    /// Layer and datatype of all structures after each other: each structure names its own at their first use.
    pub fn layers(&self) -> &[(u32, u32)] {
        &self.layers
    }

    /// Part of [`Self::layers`] that belongs to a structure; empty when there is no such structure.
    pub fn layers_of(&self, structure: usize) -> Range<usize> {
        part(&self.layer_ends, structure)
    }

    /// Stretches of the bytes that make up the stream without its plain polygons, to its end.
    pub fn rest(&self) -> &[Range<usize>] {
        &self.rest
    }

    /// Byte after the last record.
    pub fn end(&self) -> usize {
        self.end
    }

    pub(crate) fn pieces_of(&self, structure: usize) -> &[Piece] {
        &self.pieces[part(&self.piece_ends, structure)]
    }
}

fn part(ends: &[usize], i: usize) -> Range<usize> {
    let Some(&end) = ends.get(i) else { return 0..0 };
    (if i == 0 { 0 } else { ends[i - 1] })..end
}

/// Gathers polygons during the walk.
#[derive(Default)]
pub(super) struct Gatherer {
    found: Boundaries,
    /// Numbers of the layers of this structure.
    numbers: FxHashMap<(u32, u32), u32>,
    last: Option<((u32, u32), u32)>,
    /// First piece of the polygon being walked.
    open: usize,
    /// Where the rest goes on.
    rest_from: usize,
}

impl Gatherer {
    pub(super) fn begin_polygon(&mut self) {
        self.open = self.found.pieces.len();
    }

    /// Takes the XY record whose `n_points` vertices begin at byte `at`.
    pub(super) fn add_piece(&mut self, at: usize, n_points: usize) {
        let begins = self.found.pieces.len() == self.open;
        // A record is shorter than 2^16 bytes, and a vertex takes eight.
        self.found.pieces.push(Piece { at, n_points: n_points as u16, begins, layer: 0 });
    }

    /// Ends the polygon that takes up `element` in `data`. One with properties stays in the rest too.
    pub(super) fn end_polygon(&mut self, data: &[u8], element: Range<usize>, layer: (u32, u32), plain: bool) {
        let number = self.number(layer);
        let pieces = &mut self.found.pieces[self.open..];
        for piece in pieces.iter_mut() {
            piece.layer = number;
        }
        if let Some(first) = pieces.first().copied()
            && let Some(last) = pieces.last_mut()
        {
            let vertex = |at: usize| data.get(at..at + 8);
            if last.n_points > 0 && vertex(first.at) == vertex(last.at + 8 * (usize::from(last.n_points) - 1)) {
                last.n_points -= 1;
            }
        }
        if plain {
            self.keep_until(element.start);
            self.rest_from = element.end;
        }
    }

    pub(super) fn end_structure(&mut self) {
        self.found.piece_ends.push(self.found.pieces.len());
        self.found.layer_ends.push(self.found.layers.len());
        self.numbers.clear();
        self.last = None;
    }

    pub(super) fn finish(mut self, end: usize) -> Boundaries {
        self.keep_until(end);
        self.found.end = end;
        self.found
    }

    fn keep_until(&mut self, end: usize) {
        if self.rest_from < end {
            self.found.rest.push(self.rest_from..end);
        }
    }

    fn number(&mut self, layer: (u32, u32)) -> u32 {
        if let Some((known, number)) = self.last
            && known == layer
        {
            return number;
        }
        let layers = &mut self.found.layers;
        let number = *self.numbers.entry(layer).or_insert_with(|| {
            layers.push(layer);
            layers.len() as u32 - 1
        });
        self.last = Some((layer, number));
        number
    }
}
