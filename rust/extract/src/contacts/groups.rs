//! Edges of outlines gathered into runs, and runs into groups, that each lie in a small box.

use std::ops::Range;

use waveguard_geom::{BBox, Extent};

use super::COARSER;

/// Edges or runs from `.1` to `.2`, and where they lie.
pub(super) type Group = (Extent, u32, u32);

/// Edges in one box.
const RUN_EDGES: usize = 48;
/// Fewer groups are not worth folding.
const LEAST_FOLDED: usize = 3;

fn sides(b: &BBox) -> [f64; 2] {
    [b.max[0] - b.min[0], b.max[1] - b.min[1]]
}

fn larger_side(b: &BBox) -> f64 {
    let [w, h] = sides(b);
    w.max(h)
}

fn smaller_side(b: &BBox) -> f64 {
    let [w, h] = sides(b);
    w.min(h)
}

/// Edges of the ring from point `first` on gathered into boxes no larger than a tile; a long edge has several.
pub(super) fn runs(points: &[[f64; 2]], next: &[u32], first: usize, tile: f64, out: &mut Vec<Group>) {
    let n = next.len();
    let mut from = first;
    while from < n {
        let mut bbox = BBox::EMPTY;
        bbox.add(points[from][0], points[from][1]);
        let mut to = from;
        while to < n && to - from < RUN_EDGES {
            let mut grown = bbox;
            let [x, y] = points[next[to] as usize];
            grown.add(x, y);
            if to > from && larger_side(&grown) > tile {
                break;
            }
            bbox = grown;
            to += 1;
        }
        let (a, b) = (points[from], points[next[from] as usize]);
        if to == from + 1 && smaller_side(&bbox) > COARSER * tile {
            let parts = (larger_side(&bbox) / (COARSER * tile)).ceil();
            for k in 0..parts as u32 {
                let at = |u: f64| [a[0] + (b[0] - a[0]) * u, a[1] + (b[1] - a[1]) * u];
                let ends = [f64::from(k) / parts, f64::from(k + 1) / parts].map(at);
                out.push((Extent::of_edge(ends), from as u32, to as u32));
            }
        } else if to == from + 1 {
            out.push((Extent::of_edge([a, b]), from as u32, to as u32));
        } else {
            let places = points[from..to].iter().copied().chain([points[next[to - 1] as usize]]);
            out.push((Extent::of(places), from as u32, to as u32));
        }
        from = to;
    }
}

/// Runs of the ring of a guide with these ends, gathered into groups. They are put in order from one end to the other,
/// those of both sides in turn, where that saves groups: beside each other they lie in one box.
pub(super) fn folded(
    points: &[[f64; 2]],
    runs: Vec<Group>,
    ends: [[f64; 2]; 2],
    tile: f64,
) -> (Vec<Group>, Vec<Group>) {
    let plain: Vec<Range<usize>> = ranges(&runs, tile).collect();
    if plain.len() < LEAST_FOLDED {
        let own = groups_of(&runs, &plain);
        return (runs, own);
    }
    let both = fold(points, &runs, ends).map(|both| (ranges(&both, tile).collect::<Vec<_>>(), both));
    let (ranges, runs) = both.filter(|(ranges, _)| ranges.len() < plain.len()).unwrap_or((plain, runs));
    let own = groups_of(&runs, &ranges);
    (runs, own)
}

/// All runs, those of both sides in turn; `None` where the two ends are at one run, as those of a ring that is cut open.
fn fold(points: &[[f64; 2]], runs: &[Group], ends: [[f64; 2]; 2]) -> Option<Vec<Group>> {
    let n = runs.len();
    // The run of the cap, or of a corner of it.
    let [first, last] = ends.map(|end| {
        let square = |p: &[f64; 2]| (p[0] - end[0]).powi(2) + (p[1] - end[1]).powi(2);
        let (mut corner, mut least) = (0, f64::INFINITY);
        for (i, p) in (0..).zip(points) {
            let square = square(p);
            if square < least {
                (corner, least) = (i, square);
            }
        }
        runs.partition_point(|run| run.2 <= corner) % n
    });
    if first == last {
        return None;
    }
    // Runs of a side and how far along it their middles are.
    let side = |from: usize, to: usize, by: usize| {
        let mut side: Vec<(f64, usize)> = Vec::with_capacity(n);
        let (mut k, mut way) = (from % n, 0.0);
        while k != to % n {
            let [w, h] = sides(&runs[k].0.upright);
            side.push((way + f64::midpoint(w, h), k));
            way += w + h;
            k = (k + by) % n;
        }
        for one in &mut side {
            one.0 /= way;
        }
        side
    };
    let (ahead, back) = (side(first, last, 1), side(first + n - 1, last + n - 1, n - 1));
    let mut out = Vec::with_capacity(n);
    let mut back = back.into_iter().peekable();
    for (along, k) in ahead {
        while let Some((_, k)) = back.next_if(|one| one.0 < along) {
            out.push(runs[k]);
        }
        out.push(runs[k]);
    }
    out.extend(back.map(|(_, k)| runs[k]));
    Some(out)
}

/// Runs that follow each other gathered into boxes no larger than `tile`, or slim ones hardly longer than their longest.
pub(super) fn groups(runs: &[Group], tile: f64) -> Vec<Group> {
    groups_of(runs, &ranges(runs, tile).collect::<Vec<_>>())
}

fn groups_of(runs: &[Group], ranges: &[Range<usize>]) -> Vec<Group> {
    let group = |range: &Range<usize>| {
        let extent = Extent::around(runs[range.clone()].iter().map(|run| run.0));
        (extent, range.start as u32, range.end as u32)
    };
    ranges.iter().map(group).collect()
}

fn ranges(runs: &[Group], tile: f64) -> impl Iterator<Item = Range<usize>> {
    let mut from = 0;
    std::iter::from_fn(move || {
        let mut bbox = runs.get(from)?.0.upright;
        let mut longest = larger_side(&bbox);
        let start = from;
        from += 1;
        while let Some(run) = runs.get(from) {
            let mut grown = bbox;
            grown.add_box(&run.0.upright);
            let most = longest.max(larger_side(&run.0.upright));
            let is_slim = smaller_side(&grown) * COARSER <= tile && larger_side(&grown) <= most + tile;
            if larger_side(&grown) > tile && !is_slim {
                break;
            }
            (bbox, longest) = (grown, most);
            from += 1;
        }
        Some(start..from)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The runs and groups of a ring of points with two ends.
    fn gathered(points: &[[f64; 2]], ends: [[f64; 2]; 2]) -> (Vec<Group>, Vec<Group>) {
        let next: Vec<u32> = (1..points.len() as u32).chain([0]).collect();
        let mut own = Vec::new();
        runs(points, &next, 0, 1000.0, &mut own);
        folded(points, own, ends, COARSER * 1000.0)
    }

    fn edges(runs: &[Group]) -> Vec<u32> {
        let mut edges: Vec<u32> = runs.iter().flat_map(|run| run.1..run.2).collect();
        edges.sort_unstable();
        edges
    }

    /// Both sides of an arc about 40 um long and 0.5 um wide.
    fn bend(turn_rad: f64) -> Vec<[f64; 2]> {
        let r = 40_000.0 / turn_rad;
        let at = |r: f64, k: u32| {
            let a = turn_rad * f64::from(k) / 100.0;
            [r * a.cos(), r * a.sin()]
        };
        (0..=100).map(|k| at(r + 250.0, k)).chain((0..=100).rev().map(|k| at(r - 250.0, k))).collect()
    }

    #[test]
    fn both_sides_of_a_guide_lie_in_one_group() {
        let points = bend(1.0);
        let middle = |p: [f64; 2], q: [f64; 2]| [0, 1].map(|k: usize| f64::midpoint(p[k], q[k]));
        let (runs, groups) = gathered(&points, [middle(points[0], points[201]), middle(points[100], points[101])]);
        assert_eq!(edges(&runs), (0..202).collect::<Vec<u32>>());
        assert!(groups.len() <= 12, "{}", groups.len());
        for group in &groups {
            let own = edges(&runs[group.1 as usize..group.2 as usize]);
            assert!(own.iter().any(|&e| e < 100) && own.iter().any(|&e| e > 100), "{own:?}");
        }
    }

    #[test]
    fn no_run_of_a_ring_that_is_cut_open_is_lost() {
        let points = bend(std::f64::consts::TAU);
        let end = [0, 1].map(|k: usize| f64::midpoint(points[0][k], points[201][k]));
        let (runs, groups) = gathered(&points, [end, end]);
        assert_eq!(edges(&runs), (0..202).collect::<Vec<u32>>());
        assert_eq!(groups.iter().map(|group| group.2 - group.1).sum::<u32>() as usize, runs.len());
    }
}
