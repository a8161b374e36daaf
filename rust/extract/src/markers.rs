//! Markers that a file had to cut up: writers split polygons of many vertices, and each piece looks like a device.

use rustc_hash::{FxHashMap, FxHashSet};
use waveguard_geom::{BBox, GridIndex, Point};

use crate::merge::clusters;
use crate::pins::{Heading, Pin};

/// The fewest vertices that some writer splits a polygon for; smaller ones are always whole.
const MOST_WHOLE: usize = 199;
/// A cut puts so many vertices into the two pieces that the whole had not.
const NEW_A_CUT: usize = 4;

/// The number of a ring and of one of its edges.
type Edge = (usize, usize);

/// The rings with those put together again that were cut up, each in the place of its first piece.
///
/// Pieces have the edge of the cut in common, and together more vertices than a whole ring may have. So may devices
/// that abut, but these meet at a pin: `reach` is how far from the edge of its ring a pin may be.
pub fn united(rings: Vec<Vec<Point>>, pins: &[Pin], reach: f64) -> Vec<Vec<Point>> {
    if rings.len() < 2 || rings.iter().map(Vec::len).sum::<usize>() <= MOST_WHOLE {
        return rings;
    }
    let cuts = without_pins(common_edges(&rings), &rings, pins, reach);
    if cuts.is_empty() {
        return rings;
    }
    let wholes = clusters(rings.len(), cuts.iter().map(|[(a, _), (b, _)]| (*a, *b)));
    let mut whole_of = vec![0; rings.len()];
    for (k, whole) in wholes.iter().enumerate() {
        for &i in whole {
            whole_of[i] = k;
        }
    }
    let mut n_cuts = vec![0; wholes.len()];
    for [(a, _), _] in &cuts {
        n_cuts[whole_of[*a]] += 1;
    }
    let behind: FxHashMap<Edge, Edge> = cuts.iter().flat_map(|&[a, b]| [(a, b), (b, a)]).collect();
    let mut out = Vec::with_capacity(rings.len());
    for (whole, n_cuts) in wholes.iter().zip(n_cuts) {
        let n_vertices: usize = whole.iter().map(|&i| rings[i].len()).sum();
        if n_vertices > MOST_WHOLE + NEW_A_CUT * n_cuts {
            out.push((whole[0], around(&rings, &behind, whole[0])));
        } else {
            out.extend(whole.iter().map(|&i| (i, rings[i].clone())));
        }
    }
    out.sort_by_key(|(first, _)| *first);
    out.into_iter().map(|(_, ring)| ring).collect()
}

fn ends_of(ring: &[Point], edge: usize) -> [Point; 2] {
    [ring[edge], ring[(edge + 1) % ring.len()]]
}

/// Edges that lead one way in one ring and the other way in another, in order.
fn common_edges(rings: &[Vec<Point>]) -> Vec<[Edge; 2]> {
    let mut seen: FxHashMap<[Point; 2], Edge> = FxHashMap::default();
    let mut out = Vec::new();
    for (i, ring) in rings.iter().enumerate() {
        for k in 0..ring.len() {
            let [a, b] = ends_of(ring, k);
            match seen.get(&[b, a]) {
                Some(&(j, l)) if j != i => {
                    seen.remove(&[b, a]);
                    out.push([(j, l), (i, k)]);
                }
                _ => {
                    seen.insert([a, b], (i, k));
                }
            }
        }
    }
    out
}

/// Those at which no pin lies.
fn without_pins(mut cuts: Vec<[Edge; 2]>, rings: &[Vec<Point>], pins: &[Pin], reach: f64) -> Vec<[Edge; 2]> {
    if cuts.is_empty() || pins.is_empty() {
        return cuts;
    }
    let boxes: Vec<BBox> = pins
        .iter()
        .map(|pin| match pin.heading {
            Heading::Block(b) | Heading::Edge(b) => b,
            _ => BBox { min: pin.port.at, max: pin.port.at },
        })
        .collect();
    let window = |[(i, k), _]: &[Edge; 2]| BBox::of_points(&ends_of(&rings[*i], *k)).grown(reach);
    let size = |b: BBox| (b.max[0] - b.min[0]).max(b.max[1] - b.min[1]);
    let typical = cuts.iter().map(|cut| size(window(cut))).sum::<f64>() / cuts.len() as f64;
    let index = GridIndex::new(&boxes, typical.max(1.0));
    cuts.retain(|cut| {
        let window = window(cut);
        index.candidates_while(&window, |p| !boxes[p].touches(&window))
    });
    cuts
}

/// The outline around a piece and all that hang together with it: an edge that leads into a piece not passed yet is
/// replaced by the way around that one. Where a cut goes through the whole more than once, both of its sides are left in
/// the outline, which then passes the edge there and back.
fn around(rings: &[Vec<Point>], behind: &FxHashMap<Edge, Edge>, first: usize) -> Vec<Point> {
    let mut out = Vec::new();
    let mut is_passed = FxHashSet::from_iter([first]);
    // Pieces that are being passed: the next edge, and how many are left.
    let mut open = vec![(first, 0, rings[first].len())];
    while let Some((i, edge, left)) = open.pop() {
        if left == 0 {
            continue;
        }
        let ring = &rings[i];
        open.push((i, (edge + 1) % ring.len(), left - 1));
        match behind.get(&(i, edge)) {
            Some(&(j, other)) if is_passed.insert(j) => {
                open.push((j, (other + 1) % rings[j].len(), rings[j].len() - 1));
            }
            _ => out.push(ends_of(ring, edge)[1]),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use waveguard_geom::ring;

    use super::*;
    use crate::pins::{LocalPort, PortSource};
    use crate::recipe::PortKind;

    /// A wavy strip from `from` to `to`, with vertices every 10.
    fn strip(from: i32, to: i32) -> Vec<Point> {
        let y = |x: i32| (f64::from(x) / 60.0).sin() * 50.0;
        let lower = (from / 10..=to / 10).map(|k| Point::new(10 * k, y(10 * k).round() as i32));
        let upper = (from / 10..=to / 10).rev().map(|k| Point::new(10 * k, y(10 * k).round() as i32 + 200));
        lower.chain(upper).collect()
    }

    fn pin(x: f64, y: f64) -> Pin {
        let port = LocalPort {
            name: String::new(),
            at: [x, y],
            direction_rad: f64::NAN,
            width: f64::NAN,
            width_error: 0.0,
            kind: PortKind::Optical,
            oriented: false,
            play: 0.0,
            slack_rad: 0.0,
            source: PortSource::Path,
            section: None,
        };
        Pin { port, heading: Heading::None }
    }

    #[test]
    fn pieces_of_a_long_marker_are_one_again() {
        let pieces = vec![strip(0, 700), strip(700, 1400), strip(1400, 2100)];
        let whole = united(pieces, &[pin(0.0, 100.0), pin(2100.0, 100.0)], 2.0);
        assert_eq!(whole.len(), 1);
        assert!((ring::area(&whole[0]) - ring::area(&strip(0, 2100))).abs() < 0.5);
        assert_eq!(whole[0].len(), strip(0, 2100).len());
    }

    #[test]
    fn markers_that_meet_at_a_pin_or_are_small_stay_apart() {
        let pieces = vec![strip(0, 700), strip(700, 1400), strip(1400, 2100)];
        let pins = [700.0, 1400.0].map(|x| pin(x, (x / 60.0_f64).sin() * 50.0 + 100.0));
        assert_eq!(united(pieces.clone(), &pins, 2.0), pieces);
        let few = vec![strip(0, 300), strip(300, 600)];
        assert_eq!(united(few.clone(), &[], 2.0), few);
    }

    #[test]
    fn a_loop_cut_twice_is_one_ring_around_its_area() {
        let arc = |from: f64| -> Vec<Point> {
            let at = |r: f64, k: i32| {
                let a = from + std::f64::consts::PI * f64::from(k) / 60.0;
                Point::new((r * a.cos()).round() as i32, (r * a.sin()).round() as i32)
            };
            (0..=60).map(|k| at(1000.0, k)).chain((0..=60).rev().map(|k| at(800.0, k))).collect()
        };
        let halves = vec![arc(0.0), arc(std::f64::consts::PI)];
        let area: f64 = halves.iter().map(|r| ring::area(r)).sum();
        let whole = united(halves, &[], 2.0);
        assert_eq!(whole.len(), 1);
        assert!((ring::area(&whole[0]) - area).abs() < 0.5);
        assert!(crate::pins::contains(&whole[0], [0.0, 900.0]) && !crate::pins::contains(&whole[0], [0.0, 0.0]));
    }
}
