//! Open ends that lie right before the side of a guide: each with the nearest one.
//!
//! A guide that stops short of another one has no port there to meet. Only the centre-lines tell that its light, what is
//! left of it, runs into a side.

use rayon::prelude::*;
use waveguard_base::LayerId;
use waveguard_geom::{BBox, GridIndex};

use crate::found::Flat;
use crate::lines::Line;
use crate::recipe::PortKind;
use crate::tables::{SideAheadRow, SidesAhead};

/// A side further ahead than this is another guide that passes by, in nm.
const REACH_NM: f64 = 1000.0;
/// The cosine of the angle between an end and the square to a side: what looks at it more askew runs along it.
const LEAST_COSINE: f64 = 0.5;
/// Pieces of centre-lines are looked at in parts of this length, in nm: the box of a long slanted one holds a chip.
const PART_NM: f64 = 20_000.0;

/// An open end.
struct End {
    port: usize,
    at: [f64; 2],
    ahead: [f64; 2],
    half_width_nm: f64,
    top: usize,
    /// Of its guide; what leads out of another device may be on any.
    layer: Option<LayerId>,
}

/// The nearest sides, in order of the ports.
pub(crate) fn table(flat: &Flat, layer_of: impl Fn(usize) -> Option<LayerId> + Sync) -> SidesAhead {
    let mut table = SidesAhead::default();
    let ports = &flat.ports;
    let open = ports.filter(|p| ports.kind(p) == PortKind::Optical && flat.joined.partner(p).is_none());
    let end = |&p: &usize| {
        let port = ports.get(p);
        let (sin, cos) = port.direction_rad.sin_cos();
        let (half_width_nm, layer) = (port.width_nm / 2.0, layer_of(port.device));
        let end = End { port: p, at: port.at, ahead: [cos, sin], half_width_nm, top: port.top, layer };
        port.direction_rad.is_finite().then_some(end)
    };
    let ends: Vec<End> = open.iter().filter_map(end).collect();
    if ends.is_empty() {
        return table;
    }
    let windows: Vec<BBox> = ends.iter().map(|e| BBox { min: e.at, max: e.at }.grown(REACH_NM)).collect();
    let index = GridIndex::new(&windows, PART_NM);
    let lines = &flat.guides.lines;
    let layers: Vec<Option<LayerId>> = flat.guides.devices().map(&layer_of).collect();
    let of_line = |i: usize| {
        let placed = &lines.placed[i];
        let by = placed.at.map(|v| v * lines.dbu_nm);
        let mut seen: Vec<(usize, SideAheadRow)> = Vec::new();
        for_parts(&lines.forms[placed.form], by, |piece, part| {
            index.candidates(&part, |k| {
                if ends[k].top == placed.top && ends[k].layer.is_none_or(|own| layers[i] == Some(own)) {
                    seen.extend(piece.before(&ends[k]).map(|row| (k, SideAheadRow { waveguide: i as i64, ..row })));
                }
            });
        });
        seen
    };
    let mut seen: Vec<(usize, SideAheadRow)> = (0..lines.placed.len()).into_par_iter().flat_map_iter(of_line).collect();
    seen.sort_by(|a, b| {
        let way = a.1.gap_nm.total_cmp(&b.1.gap_nm);
        a.0.cmp(&b.0).then(way).then(a.1.waveguide.cmp(&b.1.waveguide))
    });
    seen.dedup_by_key(|s| s.0);
    for (_, row) in seen {
        table.push(row);
    }
    table
}

/// A straight piece of a guide.
struct Piece {
    from: [f64; 2],
    way: [f64; 2],
    length: f64,
    width: [f64; 2],
}

impl Piece {
    /// How an end lies before a side of it.
    fn before(&self, end: &End) -> Option<SideAheadRow> {
        let d = [end.at[0] - self.from[0], end.at[1] - self.from[1]];
        let (along, aside) = (dot(d, self.way), self.way[0] * d[1] - self.way[1] * d[0]);
        // Towards the centre-line from its own side of it.
        let cosine = -(self.way[0] * end.ahead[1] - self.way[1] * end.ahead[0]) * aside.signum();
        let slant = dot(end.ahead, self.way) / cosine;
        let at = along + aside.abs() * slant;
        if !(cosine >= LEAST_COSINE && (0.0..=self.length).contains(&at)) {
            return None;
        }
        let width = self.width[0] + (self.width[1] - self.width[0]) * at / self.length;
        let middle_gap = aside.abs() - width / 2.0;
        // The nearer corner of an end that is not square to the side.
        let gap = (middle_gap - end.half_width_nm * dot(end.ahead, self.way).abs()).max(0.0);
        (0.0 < middle_gap && gap <= REACH_NM).then(|| SideAheadRow {
            port: end.port as i64,
            waveguide: 0,
            gap_nm: gap,
            angle_rad: cosine.min(1.0).asin(),
            x_nm: self.from[0] + at * self.way[0],
            y_nm: self.from[1] + at * self.way[1],
        })
    }
}

fn dot(a: [f64; 2], b: [f64; 2]) -> f64 {
    a[0] * b[0] + a[1] * b[1]
}

/// Calls with each piece of a line, once for each part of it, and the box of the guide there.
fn for_parts(line: &Line, by: [f64; 2], mut visit: impl FnMut(&Piece, BBox)) {
    for (points, width) in line.points.windows(2).zip(line.width.windows(2)) {
        let d = [points[1][0] - points[0][0], points[1][1] - points[0][1]];
        let length = d[0].hypot(d[1]);
        if length <= 0.0 {
            continue;
        }
        let from = [points[0][0] + by[0], points[0][1] + by[1]];
        let piece = Piece { from, way: d.map(|v| v / length), length, width: [width[0], width[1]] };
        let n = (length / PART_NM).ceil().max(1.0);
        let place = |u: f64| [from[0] + u * d[0], from[1] + u * d[1]];
        for k in 0..n as usize {
            let ends = [k, k + 1].map(|k| place(k as f64 / n));
            let mut part = BBox { min: ends[0], max: ends[0] };
            part.add(ends[1][0], ends[1][1]);
            visit(&piece, part.grown(width[0].max(width[1]) / 2.0));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PIECE: Piece = Piece { from: [0.0, 0.0], way: [1.0, 0.0], length: 10_000.0, width: [500.0, 600.0] };

    fn end(x: f64, y: f64, angle_rad: f64) -> End {
        let ahead = [angle_rad.cos(), angle_rad.sin()];
        End { port: 0, at: [x, y], ahead, half_width_nm: 250.0, top: 0, layer: None }
    }

    #[test]
    fn an_end_square_to_a_side_lies_a_gap_before_it() {
        for (y, angle_rad) in [(375.0, -std::f64::consts::FRAC_PI_2), (-375.0, std::f64::consts::FRAC_PI_2)] {
            let row = PIECE.before(&end(5000.0, y, angle_rad)).expect("a side");
            assert!((row.gap_nm - 100.0).abs() < 1e-6, "{}", row.gap_nm);
            assert!((row.angle_rad - std::f64::consts::FRAC_PI_2).abs() < 1e-6, "{}", row.angle_rad);
        }
    }

    #[test]
    fn the_nearer_corner_of_a_slanted_end_counts() {
        let down = -std::f64::consts::FRAC_PI_3;
        let row = PIECE.before(&end(5000.0, 475.0, down)).expect("a side");
        assert!((row.gap_nm - (475.0 - row_half_width_nm(row.x_nm) - 125.0)).abs() < 1e-6, "{}", row.gap_nm);
    }

    fn row_half_width_nm(x_nm: f64) -> f64 {
        250.0 + 50.0 * x_nm / 10_000.0
    }

    #[test]
    fn what_looks_away_or_along_or_lies_within_or_beyond_is_before_no_side() {
        let down = -std::f64::consts::FRAC_PI_2;
        for (x, y, angle_rad) in
            [(5000.0, 375.0, -down), (5000.0, 375.0, -0.3), (5000.0, 200.0, down), (-1.0, 375.0, down)]
        {
            assert!(PIECE.before(&end(x, y, angle_rad)).is_none(), "{x} {y} {angle_rad}");
        }
    }

    #[test]
    fn a_long_piece_is_looked_at_in_parts_that_cover_it() {
        let line = Line::new(vec![[0.0, 0.0], [50_000.0, 0.0]], vec![500.0; 2], 0);
        let mut parts = Vec::new();
        for_parts(&line, [0.0, 100.0], |_, part| parts.push(part));
        assert_eq!(parts.len(), 3);
        assert_eq!((parts[0].min, parts[2].max), ([-250.0, -150.0], [50_250.0, 350.0]));
    }
}
