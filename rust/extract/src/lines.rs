//! Placed centre-lines, cut into pieces and stretches: what runs and crossings are looked for among.

use std::f64::consts::{FRAC_PI_2, PI};

use rayon::prelude::*;
use waveguard_geom::{BBox, Extent, GridIndex};

use crate::fill;
use crate::trace::{Piece as CurvePiece, angle_between};

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
    /// Step of the grid it is drawn on; 0 when it is not rounded.
    pub grid_nm: f64,
    /// Smallest step that its numbers can take.
    pub dbu_nm: f64,
    /// How far the guide bows out to the left of each segment, in its middle; none when all are straight.
    pub bows: Vec<f64>,
}

impl Line {
    /// Builds the line and its lengths.
    pub fn new(points: Vec<[f64; 2]>, width: Vec<f64>, top: usize) -> Self {
        let mut along = Vec::with_capacity(points.len());
        let mut sum = 0.0;
        for (i, p) in points.iter().enumerate() {
            if i > 0 {
                let q = points[i - 1];
                sum += length([p[0] - q[0], p[1] - q[1]]);
            }
            along.push(sum);
        }
        Self { points, width, along, top, grid_nm: 0.0, dbu_nm: 0.0, bows: Vec::new() }
    }

    /// The same line, known to be drawn on a grid.
    #[must_use]
    pub fn on_grid(self, grid_nm: f64, dbu_nm: f64) -> Self {
        Self { grid_nm, dbu_nm, ..self }
    }

    /// The same line with its segments bowed as the guide is curved. The pieces are in units of `scale` nm; `hand`
    /// is -1 where they are seen in a mirror.
    #[must_use]
    pub fn bowed(mut self, pieces: &[CurvePiece], scale: f64, hand: f64) -> Self {
        if pieces.iter().all(|p| p.begin_curvature.abs().max(p.end_curvature.abs()) <= f64::MIN_POSITIVE) {
            return self;
        }
        let mut left = pieces.iter().peekable();
        let mut bows = Vec::with_capacity(self.along.len());
        for ends in self.along.windows(2) {
            let (middle, length) = (ends[0].midpoint(ends[1]) / scale, (ends[1] - ends[0]) / scale);
            while left.peek().is_some_and(|p| p.start + p.length < middle) && left.len() > 1 {
                left.next();
            }
            let curvature = left.peek().filter(|p| length < MOST_BOWED * p.length).map_or(0.0, |p| {
                let u = ((middle - p.start) / p.length).clamp(0.0, 1.0);
                p.begin_curvature + u * (p.end_curvature - p.begin_curvature)
            });
            // To the left of a left turn is inside: the guide bows to the right.
            bows.push(-hand * curvature * length * length / 8.0 * scale);
        }
        self.bows = bows;
        self.bound_bows();
        self
    }

    /// Bows segments no more than the line turns at their ends. A straight between two bends that were taken for one, as
    /// where a cut left a vertex in it, is no chord of that bend.
    fn bound_bows(&mut self) {
        let n = self.bows.len();
        let segments: Vec<[f64; 2]> = self.points.windows(2).map(|w| [w[1][0] - w[0][0], w[1][1] - w[0][1]]).collect();
        let a_nm: Vec<f64> = self.along.windows(2).map(|w| 1.0 / (w[1] - w[0]).max(f64::MIN_POSITIVE)).collect();
        // To the left where the guide turns so.
        let arcs: Vec<f64> = self.bows.iter().zip(&a_nm).map(|(bow, a_nm)| -8.0 * bow * a_nm).collect();
        // From each segment to the next.
        let turns: Vec<f64> = segments.windows(2).map(|w| angle_between(w[0], w[1])).collect();
        let turn_before = |k: usize| k.checked_sub(1).map(|k| turns[k]);
        let turn_after = |k: usize| turns.get(k).copied();
        // Of each, no more than its ends tell of what turns the same way.
        let told = |k: usize| {
            let ends = [turn_before(k), turn_after(k)].into_iter().flatten();
            let hand = arcs[k].signum();
            ends.fold(arcs[k].abs(), |most, turn| most.min(2.0 * hand * turn)).max(0.0)
        };
        let told: Vec<f64> = (0..n).map(told).collect();
        // At a vertex two circles turn by half of what both segments do, and by what their ends are rounded.
        let left = |i: usize, k: usize, turn: f64| {
            let (hand, noise) = (arcs[i].signum(), self.grid_nm * (a_nm[i] + a_nm[k]));
            let beside = if hand * arcs[k] > 0.0 { told[k] } else { hand * arcs[k] };
            2.0 * hand * turn - beside + 2.0 * ROUNDED_STEPS * noise
        };
        let bounded = |i: usize| {
            let before = turn_before(i).map(|turn| left(i, i - 1, turn));
            let after = turn_after(i).map(|turn| left(i, i + 1, turn));
            let most = [before, after].into_iter().flatten().fold(arcs[i].abs(), f64::min).max(0.0);
            if most < arcs[i].abs() { self.bows[i] * most / arcs[i].abs() } else { self.bows[i] }
        };
        self.bows = (0..n).map(bounded).collect();
    }

    /// Length of the polyline.
    pub fn length(&self) -> f64 {
        self.along.last().copied().unwrap_or(0.0)
    }
}

/// Where a centre-line is drawn.
#[derive(Clone, Copy, Debug)]
pub struct PlacedLine {
    /// Its number among the forms.
    pub form: usize,
    /// Displacement, in dbu in the frame of the top.
    pub at: [f64; 2],
    /// Cell index of the top.
    pub top: usize,
}

/// All centre-lines. Those that differ by a displacement only are kept once.
#[derive(Debug, Default)]
pub struct Lines {
    /// Centre-lines that differ, each in a frame of its own.
    pub forms: Vec<Line>,
    /// Where they are drawn.
    pub placed: Vec<PlacedLine>,
    /// Size of the grid.
    pub dbu_nm: f64,
}

impl Lines {
    /// A line in the frame of its top.
    pub fn line(&self, i: usize) -> Line {
        let placed = &self.placed[i];
        self.forms[placed.form].moved(placed.at.map(|v| v * self.dbu_nm), placed.top)
    }

    /// Where a line starts, in nm in the frame of its top.
    pub fn first_point(&self, i: usize) -> [f64; 2] {
        let placed = &self.placed[i];
        let from = self.forms[placed.form].points.first().copied().unwrap_or([f64::NAN; 2]);
        [0, 1].map(|k: usize| from[k] + placed.at[k] * self.dbu_nm)
    }

    /// From the displacement of line `a` to that of line `b`, in nm. Differences of grid points are exact, so
    /// equal neighbours stay equal wherever they are.
    pub fn offset(&self, a: usize, b: usize) -> [f64; 2] {
        let (p, q) = (self.placed[a].at, self.placed[b].at);
        [(q[0] - p[0]) * self.dbu_nm, (q[1] - p[1]) * self.dbu_nm]
    }
}

impl Line {
    /// The line displaced by so many nm.
    #[must_use]
    pub fn moved(&self, by: [f64; 2], top: usize) -> Self {
        Self {
            points: self.points.iter().map(|p| [p[0] + by[0], p[1] + by[1]]).collect(),
            width: self.width.clone(),
            along: self.along.clone(),
            bows: self.bows.clone(),
            top,
            ..*self
        }
    }
}

/// A segment longer than this part of the piece it lies in is not bowed: it reaches beyond it.
const MOST_BOWED: f64 = 1.0;

/// A vertex, the middle of two corners, is off across the line by so many steps of the grid in the mean.
const ROUNDED_STEPS: f64 = 0.25;

/// Pieces that meet may be apart by rounding.
pub const TOUCH_NM: f64 = 1e-3;

/// Length of a vector. Without the care of `hypot` for numbers that no layout has.
fn length(v: [f64; 2]) -> f64 {
    (v[0] * v[0] + v[1] * v[1]).sqrt()
}

/// A straight piece of a line.
#[derive(Clone, Copy, Debug)]
pub struct Piece {
    /// Start.
    pub from: [f64; 2],
    /// Unit vector along the piece.
    pub direction: [f64; 2],
    /// Length.
    pub length: f64,
    /// Distance of the start along the line.
    pub along: f64,
    /// Mean of the widths at both ends.
    pub width: f64,
    /// Width at its end less that at its start.
    pub widening: f64,
    /// How far the segment it is cut from bows out to the left, at which part of that segment it begins, and the part
    /// that a nm of it is.
    pub bow: [f64; 3],
    /// Largest slope of the bowed guide against the piece, without sign.
    pub steepest: f64,
    /// The line.
    pub line: u32,
    /// The segment of the line it is cut from.
    pub segment: u32,
}

impl Piece {
    /// The place at a distance from its start.
    pub fn at(&self, d: f64) -> [f64; 2] {
        [self.from[0] + self.direction[0] * d, self.from[1] + self.direction[1] * d]
    }

    /// How far the guide lies to the left of the piece at a distance from its start.
    pub fn bowed_at(&self, d: f64) -> f64 {
        let [bow, from, a_nm] = self.bow;
        let u = from + a_nm * d;
        4.0 * bow * u * (1.0 - u)
    }

    /// Slope of the guide against the piece at a distance from its start.
    #[inline]
    pub fn slope_at(&self, d: f64) -> f64 {
        let [bow, from, a_nm] = self.bow;
        4.0 * bow * a_nm * (1.0 - 2.0 * (from + a_nm * d))
    }

    /// Width at a distance from its start.
    pub fn width_at(&self, d: f64) -> f64 {
        self.width + self.widening * (d / self.length - 0.5)
    }

    /// Where it lies, without its width.
    #[inline]
    pub fn extent(&self) -> Extent {
        Extent::of_edge([self.from, self.at(self.length)])
    }

    /// Box of the piece without its width.
    #[inline]
    pub fn bbox(&self) -> BBox {
        let to = self.at(self.length);
        BBox {
            min: [self.from[0].min(to[0]), self.from[1].min(to[1])],
            max: [self.from[0].max(to[0]), self.from[1].max(to[1])],
        }
    }
}

/// Pieces that follow each other on a line over a bounded length.
#[derive(Clone, Debug)]
pub struct Stretch {
    /// First piece, of those of its line.
    pub from: usize,
    /// One past the last piece.
    pub to: usize,
    /// Where the pieces lie, without their widths.
    pub extent: Extent,
    /// Largest width, and what the guide bows out on both sides.
    pub widest: f64,
    /// Sum of turns without sign from the start of the line to the first and to the last piece, in rad. A
    /// guide that turned by less than half a turn in between neither meets itself nor runs beside itself.
    pub turned: [f64; 2],
    /// Sine of the turns from its first piece to its last; 1 where they are a right angle or more.
    pub swing: f64,
    /// The line.
    pub line: usize,
    /// Cell index of the top.
    pub top: usize,
}

/// All pieces of all lines with an index over their stretches.
#[derive(Debug)]
pub struct Pieces {
    /// For each line its pieces in order.
    pub pieces: Vec<Vec<Piece>>,
    /// Stretches in order along each line, line after line.
    pub stretches: Vec<Stretch>,
    /// Where the stretches lie, widths included: next to each other, as all are looked at.
    pub around: Vec<Extent>,
    /// First stretch of each line; one more than lines.
    pub starts: Vec<usize>,
    /// Index over the boxes of the stretches, widths included.
    pub index: GridIndex,
}

impl Pieces {
    /// Cuts lines into pieces of a few times `tile` nm at most, or more where that adds nothing to their boxes, and
    /// gathers those that are shorter into stretches of about `tile`, so that each stretch lies in few tiles of the
    /// index.
    pub fn new(lines: &[Line], tile: f64) -> Self {
        let by_line: Vec<(Vec<Piece>, Vec<Stretch>)> = lines
            .par_iter()
            .enumerate()
            .map(|(l, line)| {
                let n: u64 = (1..line.points.len()).map(|i| n_pieces(line, i, tile)).sum();
                let (mut pieces, mut stretches) = (Vec::with_capacity(n as usize), Vec::new());
                for i in 1..line.points.len() {
                    cut(line, l as u32, i, tile, &mut pieces);
                }
                gather(&pieces, tile, line.top, &mut stretches);
                (pieces, stretches)
            })
            .collect();
        let starts = fill::starts(by_line.iter().map(|l| l.1.len()));
        let mut stretches = Vec::with_capacity(starts[lines.len()]);
        let mut pieces = Vec::with_capacity(lines.len());
        for (its_pieces, its_stretches) in by_line {
            pieces.push(its_pieces);
            stretches.extend(its_stretches);
        }
        let around: Vec<Extent> = stretches.iter().map(|s| s.extent.grown(s.widest / 2.0)).collect();
        let boxes: Vec<BBox> = around.iter().map(|extent| extent.upright).collect();
        Self { index: GridIndex::new(&boxes, INDEX_TILES * tile), pieces, stretches, around, starts }
    }

    /// The pieces of a stretch.
    #[inline]
    pub fn of(&self, stretch: &Stretch) -> &[Piece] {
        &self.pieces[stretch.line][stretch.from..stretch.to]
    }

    /// True when centre-lines of a stretch and of a later one may meet.
    #[inline]
    pub fn may_touch(&self, stretch: usize, other: usize) -> bool {
        let (own, others) = (&self.stretches[stretch], &self.stretches[other]);
        other >= stretch
            && (others.line != own.line || own.turned_until(others) >= PI)
            && others.top == own.top
            && own.extent.grown(TOUCH_NM).touches(&others.extent)
    }
}

/// Size of the tiles in which neighbours are looked for, when runs reach so far.
pub fn tile_nm(reach_nm: f64) -> f64 {
    (2.0 * reach_nm).max(LEAST_TILE_NM)
}

/// The longest piece of a line that runs in any direction.
pub fn longest_piece_nm(reach_nm: f64) -> f64 {
    TILES_ASKEW * tile_nm(reach_nm)
}

/// Guides are not cut finer than this, however short the reach.
const LEAST_TILE_NM: f64 = 1000.0;
/// Straight pieces along an axis are no longer than so many tiles: in two rows of tiles they are what the index takes as
/// small.
const TILES_ALONG_AXIS: f64 = 60.0;
/// Other pieces.
const TILES_ASKEW: f64 = 8.0;
/// The index has tiles so many times larger: most stretches are longer than one.
const INDEX_TILES: f64 = 2.0;
/// Stretches of pieces are no longer than so many tiles,
const LONG_TILES: f64 = 8.0;
/// where they turn by no more than this,
const MOST_SWING_RAD: f64 = 0.5;
/// and leave the straight way by no more than so many tiles; or else no longer than one.
const SLIM_TILES: f64 = 0.5;

/// Pieces that the segment which ends at vertex `i` is cut into; none where both of its ends are one place.
fn n_pieces(line: &Line, i: usize, tile: f64) -> u64 {
    let whole = line.along[i] - line.along[i - 1];
    // Most are short.
    if whole <= tile * TILES_ASKEW {
        return u64::from(whole > 0.0);
    }
    let (p, q) = (line.points[i - 1], line.points[i]);
    let bow = line.bows.get(i - 1).copied().unwrap_or(0.0);
    // The box of what runs along an axis is no larger than itself.
    let is_along_axis = (p[0] - q[0]).abs().min((p[1] - q[1]).abs()) <= 0.0 && bow.abs() <= 0.0;
    let most = tile * if is_along_axis { TILES_ALONG_AXIS } else { TILES_ASKEW };
    (whole / most).ceil() as u64
}

/// Cuts the segment that ends at vertex `i`.
fn cut(line: &Line, l: u32, i: usize, tile: f64, pieces: &mut Vec<Piece>) {
    let (p, q) = (line.points[i - 1], line.points[i]);
    let whole = line.along[i] - line.along[i - 1];
    let bow = line.bows.get(i - 1).copied().unwrap_or(0.0);
    let direction = [(q[0] - p[0]) / whole, (q[1] - p[1]) / whole];
    let n_pieces = n_pieces(line, i, tile);
    if n_pieces == 1 {
        // As most are: the same without the divisions.
        return pieces.push(Piece {
            from: p,
            direction,
            length: whole,
            along: line.along[i - 1],
            width: line.width[i - 1] * 0.5 + line.width[i] * 0.5,
            widening: line.width[i] - line.width[i - 1],
            bow: [bow, 0.0, whole.recip()],
            steepest: 4.0 * bow.abs() / whole,
            line: l,
            segment: (i - 1) as u32,
        });
    }
    let n = n_pieces as f64;
    for k in 0..n_pieces {
        let k = k as f64;
        let share = (k + 0.5) / n;
        pieces.push(Piece {
            from: [p[0] + (q[0] - p[0]) * k / n, p[1] + (q[1] - p[1]) * k / n],
            direction,
            length: whole / n,
            along: line.along[i - 1] + whole * k / n,
            width: line.width[i - 1] * (1.0 - share) + line.width[i] * share,
            widening: (line.width[i] - line.width[i - 1]) / n,
            bow: [bow, k / n, whole.recip()],
            steepest: 4.0 * bow.abs() / whole * (1.0 - 2.0 * k / n).abs().max((1.0 - 2.0 * (k + 1.0) / n).abs()),
            line: l,
            segment: (i - 1) as u32,
        });
    }
}

/// Gathers pieces that follow each other into stretches of about `tile`, longer ones where they hardly turn.
fn gather(pieces: &[Piece], tile: f64, top: usize, stretches: &mut Vec<Stretch>) {
    let Some(end) = pieces.last() else { return };
    // Two stretches in a row are longer than a tile.
    stretches.reserve(pieces.len().min(2 * ((end.along + end.length) / tile) as usize + 2));
    let mut from = 0;
    let mut turned = 0.0;
    while from < pieces.len() {
        let (mut to, mut sum) = (from + 1, pieces[from].length);
        if from > 0 {
            turned += turn(&pieces[from - 1], &pieces[from]);
        }
        let turned_before = turned;
        while to < pieces.len() {
            let (length, more) = (sum + pieces[to].length, turned + turn(&pieces[to - 1], &pieces[to]));
            // What turns by an angle leaves the way from its start to its end by a quarter of it times its length at
            // most: with all of the turn in its middle.
            let swing = more - turned_before;
            let is_slim = swing <= MOST_SWING_RAD && swing * length <= 4.0 * SLIM_TILES * tile;
            if length > if is_slim { LONG_TILES * tile } else { tile } {
                break;
            }
            (sum, turned, to) = (length, more, to + 1);
        }
        let own = &pieces[from..to];
        let last = &own[own.len() - 1];
        let places = own.iter().map(|p| p.from).chain([last.at(last.length)]);
        let widest = own.iter().map(|p| p.width + 2.0 * p.bow[0].abs()).fold(0.0, f64::max);
        let swing = (turned - turned_before).min(FRAC_PI_2).sin();
        let (extent, line) = (Extent::of(places), own[0].line as usize);
        stretches.push(Stretch { from, to, extent, widest, turned: [turned_before, turned], swing, line, top });
        from = to;
    }
}

/// Turn from one piece to the next, without sign.
fn turn(p: &Piece, q: &Piece) -> f64 {
    angle_between(p.direction, q.direction).abs()
}

impl Stretch {
    /// Turns without sign on the way from here to a later stretch of the same line, both included.
    pub fn turned_until(&self, later: &Self) -> f64 {
        later.turned[1] - self.turned[0]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_straight_in_what_passes_for_one_bend_is_not_bowed() {
        let (r, chord) = (18_000.0, 0.02_f64);
        // From an arc into a straight with a vertex in it, and on into another arc.
        let mut points: Vec<[f64; 2]> =
            (-20..=0).map(|k| f64::from(k) * chord).map(|a| [r * a.sin(), -r * a.cos()]).collect();
        points.push([2700.0, -r]);
        points.extend((0..=20).map(|k| f64::from(k) * chord).map(|a| [4500.0 + r * a.sin(), -r * a.cos()]));
        let n = points.len();
        let bend = CurvePiece {
            start: 0.0,
            length: 40.0 * chord * r + 4500.0,
            begin_curvature: 1.0 / r,
            end_curvature: 1.0 / r,
            fit_error: 0.0,
        };
        let bows = Line::new(points, vec![500.0; n], 0).bowed(&[bend], 1.0, 1.0).bows;
        let arc = -(chord * r).powi(2) / 8.0 / r;
        for (k, bow) in bows.iter().enumerate() {
            let wanted = if (20..22).contains(&k) { 0.0 } else { arc };
            assert!((bow - wanted).abs() < 0.01, "{k}: {bow} is not {wanted}");
        }
    }
}
