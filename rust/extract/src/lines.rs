//! Placed centre-lines, and their pieces in a grid: what runs and crossings are looked for among.

use waveguard_geom::{BBox, GridIndex};

/// The centre-line of a placed guide, in nm in the frame of the top.
#[derive(Clone, Debug, Default)]
pub struct Line {
    /// Vertices.
    pub points: Vec<[f64; 2]>,
    /// Width at each vertex.
    pub width: Vec<f64>,
    /// Distance of each vertex from the start along the line.
    pub along: Vec<f64>,
    /// Cell index of the top.
    pub top: usize,
}

impl Line {
    /// Builds the line and its lengths.
    pub fn new(points: Vec<[f64; 2]>, width: Vec<f64>, top: usize) -> Self {
        let mut along = Vec::with_capacity(points.len());
        let mut sum = 0.0;
        for (i, p) in points.iter().enumerate() {
            if i > 0 {
                let q = points[i - 1];
                sum += (p[0] - q[0]).hypot(p[1] - q[1]);
            }
            along.push(sum);
        }
        Self { points, width, along, top }
    }

    /// Length of the polyline.
    pub fn length(&self) -> f64 {
        self.along.last().copied().unwrap_or(0.0)
    }
}

/// A straight piece of a line.
#[derive(Clone, Copy, Debug)]
pub struct Piece {
    /// The line.
    pub line: u32,
    /// The segment of the line it is cut from.
    pub segment: u32,
    /// Start.
    pub from: [f64; 2],
    /// End.
    pub to: [f64; 2],
    /// Distance of the start along the line.
    pub along: f64,
    /// Length.
    pub length: f64,
    /// Mean of the widths at both ends.
    pub width: f64,
}

impl Piece {
    /// Box of the piece without its width.
    pub fn bbox(&self) -> BBox {
        let mut b = BBox::EMPTY;
        b.add(self.from[0], self.from[1]);
        b.add(self.to[0], self.to[1]);
        b
    }

    /// Unit vector along the piece.
    pub fn direction(&self) -> [f64; 2] {
        [(self.to[0] - self.from[0]) / self.length, (self.to[1] - self.from[1]) / self.length]
    }
}

/// All pieces of all lines with an index over their boxes.
#[derive(Debug)]
pub struct Pieces {
    /// Pieces in order along each line, line after line.
    pub pieces: Vec<Piece>,
    /// First piece of each line; one more than lines.
    pub starts: Vec<usize>,
    /// Index over the boxes of the pieces.
    pub index: GridIndex,
    /// Largest width of any piece.
    pub widest: f64,
}

impl Pieces {
    /// Cuts lines into pieces no longer than `tile` nm, so that each lies in few tiles of the index.
    pub fn new(lines: &[Line], tile: f64) -> Self {
        let mut pieces = Vec::new();
        let mut starts = vec![0];
        for (l, line) in lines.iter().enumerate() {
            for i in 1..line.points.len() {
                let (p, q) = (line.points[i - 1], line.points[i]);
                let length = line.along[i] - line.along[i - 1];
                if length <= 0.0 {
                    continue;
                }
                let n = (length / tile).ceil().max(1.0);
                let at = |k: f64| [p[0] + (q[0] - p[0]) * k / n, p[1] + (q[1] - p[1]) * k / n];
                for k in 0..n as u64 {
                    let k = k as f64;
                    let share = (k + 0.5) / n;
                    pieces.push(Piece {
                        line: l as u32,
                        segment: (i - 1) as u32,
                        from: at(k),
                        to: at(k + 1.0),
                        along: line.along[i - 1] + length * k / n,
                        length: length / n,
                        width: line.width[i - 1] * (1.0 - share) + line.width[i] * share,
                    });
                }
            }
            starts.push(pieces.len());
        }
        let boxes: Vec<BBox> = pieces.iter().map(Piece::bbox).collect();
        let widest = pieces.iter().fold(0.0_f64, |w, p| w.max(p.width));
        Self { index: GridIndex::new(&boxes, tile), pieces, starts, widest }
    }
}
