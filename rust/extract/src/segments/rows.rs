//! Which small shapes follow each other as the boxes of a row do.

use std::f64::consts::FRAC_PI_3;

use waveguard_geom::transform::wrap_angle;
use waveguard_geom::{BBox, GridIndex};

use super::boxes::Segment;
use crate::plan::Plan;
use crate::recipe::GuideSection;

/// Boxes of a row in order.
pub(super) struct Row {
    /// Numbers of the boxes.
    pub(super) boxes: Vec<usize>,
    /// The last is followed by the first.
    pub(super) is_closed: bool,
}

/// From one gap to the next the pitch changes by no more than this factor: a row may be chirped and may have a phase
/// shift of half a period, but a box that is missing ends it.
const PITCH_RATIO: f64 = 1.6;
/// From one box to the next its width and its length change by no more than this factor.
const SIZE_RATIO: f64 = 1.4;
/// From one box to the next a row turns by no more than this, in rad.
const MOST_TURN: f64 = 0.35;
/// Part of the rectangle around a box that is filled; a disc fills less.
const FILLED: f64 = 0.85;
/// A width at the limit of a cross-section is off it by the rounding of both sides, in dbu.
const SLACK_DBU: f64 = 2.0;
/// Boxes nearer to each other than this touch, in dbu.
const TOUCH_DBU: f64 = 2.0;

/// Rows that are guides.
pub(super) fn find(plan: &Plan, boxes: &[Segment]) -> Vec<Row> {
    let fewest = plan.recipe.segments.fewest;
    if boxes.len() < fewest {
        return Vec::new();
    }
    let at: Vec<BBox> = boxes.iter().map(|b| BBox { min: b.centre, max: b.centre }).collect();
    let search = Search { plan, boxes, index: GridIndex::new(&at, plan.dbu(plan.recipe.segments.pitch_max_nm)) };
    let links = search.links();
    let mut rows: Vec<Row> = Vec::new();
    for row in chains(&links) {
        rows.extend(search.smooth(row).into_iter().filter(|row| row.boxes.len() >= fewest && search.fits(row)));
    }
    search.without_arrays(rows)
}

struct Search<'a> {
    plan: &'a Plan<'a>,
    boxes: &'a [Segment],
    /// Of the centres.
    index: GridIndex,
}

fn unit(p: [f64; 2], q: [f64; 2]) -> ([f64; 2], f64) {
    let d = [q[0] - p[0], q[1] - p[1]];
    let length = d[0].hypot(d[1]).max(f64::MIN_POSITIVE);
    (d.map(|v| v / length), length)
}

fn dot(a: [f64; 2], b: [f64; 2]) -> f64 {
    a[0] * b[0] + a[1] * b[1]
}

impl Search<'_> {
    /// Visits the other boxes around one, of its top and layer, up to the bound of the plan.
    fn around(&self, i: usize, reach: f64, mut visit: impl FnMut(usize)) {
        let own = &self.boxes[i];
        let mut seen = 0;
        self.index.candidates_while(&BBox { min: own.centre, max: own.centre }.grown(reach), |j| {
            seen += 1;
            let other = &self.boxes[j];
            if i != j && other.top == own.top && other.layer == own.layer {
                visit(j);
            }
            seen < self.plan.recipe.limits.ports_nearby
        });
    }

    /// For each box the one before and the one behind it: each is the nearest of the other on its side.
    fn links(&self) -> Vec<Vec<usize>> {
        let pitch_max = self.plan.dbu(self.plan.recipe.segments.pitch_max_nm);
        let nearest: Vec<[Option<usize>; 2]> = (0..self.boxes.len())
            .map(|i| {
                let own = &self.boxes[i];
                let mut near: Vec<(f64, usize, [f64; 2])> = Vec::new();
                self.around(i, pitch_max, |j| {
                    let (d, length) = unit(own.centre, self.boxes[j].centre);
                    if length <= pitch_max && self.is_gap(i, j, d, length) {
                        near.push((length, j, d));
                    }
                });
                near.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
                let Some(&(_, first, d)) = near.first() else { return [None; 2] };
                let behind = near.iter().find(|n| dot(n.2, d) <= -FRAC_PI_3.sin());
                [Some(first), behind.map(|n| n.1)]
            })
            .collect();
        let is_mutual = |i: usize, j: &usize| nearest[*j].contains(&Some(i));
        let of = |i: usize| nearest[i].iter().flatten().copied().filter(|j| is_mutual(i, j)).collect();
        (0..self.boxes.len()).map(of).collect()
    }

    /// True when two boxes leave a gap of a row between them.
    fn is_gap(&self, i: usize, j: usize, d: [f64; 2], length: f64) -> bool {
        let gap = length - self.boxes[i].reach(d) - self.boxes[j].reach(d.map(|v| -v));
        gap > TOUCH_DBU && gap <= self.plan.dbu(self.plan.recipe.segments.gap_max_nm)
    }

    /// A chain cut where pitch, size or direction change at once.
    fn smooth(&self, row: Row) -> Vec<Row> {
        let n = row.boxes.len();
        let step = |k: usize| unit(self.boxes[row.boxes[k]].centre, self.boxes[row.boxes[(k + 1) % n]].centre);
        let steps: Vec<([f64; 2], f64)> = (0..if row.is_closed { n } else { n - 1 }).map(step).collect();
        let is_near = |a: f64, b: f64, most: f64| a <= most * b && b <= most * a;
        let mut is_break = vec![false; steps.len()];
        // The step behind a break is not compared with that across it.
        for k in (1..steps.len()).chain([0]) {
            let (i, j) = (&self.boxes[row.boxes[k]], &self.boxes[row.boxes[(k + 1) % n]]);
            let (d, length) = steps[k];
            let across = [-d[1], d[0]];
            let before = if k > 0 { Some(k - 1) } else { row.is_closed.then(|| n - 1) };
            let is_even = before.filter(|b| !is_break[*b]).is_none_or(|b| {
                let (e, other) = steps[b];
                let turn = wrap_angle(d[1].atan2(d[0]) - e[1].atan2(e[0])).abs();
                is_near(length, other, PITCH_RATIO) && turn <= MOST_TURN
            });
            is_break[k] = !is_even
                || !is_near(i.extent(across), j.extent(across), SIZE_RATIO)
                || !is_near(i.extent(d), j.extent(d), SIZE_RATIO);
        }
        let breaks: Vec<usize> = (0..steps.len()).filter(|&k| is_break[k]).collect();
        let Some(&first) = breaks.first() else { return vec![row] };
        // A ring with a break is a row that begins behind it.
        let (boxes, breaks): (Vec<usize>, Vec<usize>) = if row.is_closed {
            let turned = (0..n).map(|k| row.boxes[(first + 1 + k) % n]).collect();
            (turned, breaks[1..].iter().map(|b| b - first - 1).collect())
        } else {
            (row.boxes, breaks)
        };
        let mut out = Vec::new();
        let mut from = 0;
        for to in breaks.into_iter().map(|b| b + 1).chain([n]) {
            out.push(Row { boxes: boxes[from..to].to_vec(), is_closed: false });
            from = to;
        }
        out
    }

    /// True when all boxes are as wide as guides are, and filled.
    fn fits(&self, row: &Row) -> bool {
        let plan = self.plan;
        let pair = plan.pair(self.boxes[row.boxes[0]].layer);
        let is_own = |g: &&GuideSection| g.layer == pair;
        let (least, most) = plan.recipe.guides.iter().filter(is_own).fold((f64::INFINITY, 0.0), |(low, high), g| {
            (f64::min(low, plan.dbu(g.width_min_nm)), f64::max(high, plan.dbu(g.width_max_nm)))
        });
        (0..row.boxes.len()).all(|k| {
            let (own, d) = (&self.boxes[row.boxes[k]], self.direction(row, k));
            let [length, width] = [own.extent(d), own.extent([-d[1], d[0]])];
            width >= least - SLACK_DBU && width <= most + SLACK_DBU && own.area >= FILLED * length * width
        })
    }

    /// Direction of a row at one of its boxes.
    fn direction(&self, row: &Row, k: usize) -> [f64; 2] {
        let [from, to] = neighbours(row, k);
        unit(self.boxes[row.boxes[from]].centre, self.boxes[row.boxes[to]].centre).0
    }

    /// Rows that have no other boxes near on both sides. Two rows beside each other may be a coupler; more of them, or
    /// rows among shapes that are in none, are an array.
    fn without_arrays(&self, rows: Vec<Row>) -> Vec<Row> {
        let gap_max = self.plan.dbu(self.plan.recipe.segments.gap_max_nm);
        let mut of_box: Vec<Option<usize>> = vec![None; self.boxes.len()];
        for (r, row) in rows.iter().enumerate() {
            row.boxes.iter().for_each(|&b| of_box[b] = Some(r));
        }
        let mut is_array = vec![false; rows.len()];
        let mut beside: Vec<(usize, usize)> = Vec::new();
        for (r, row) in rows.iter().enumerate() {
            let mut sides = [0_usize; 2];
            let mut loose = 0;
            for (k, &b) in row.boxes.iter().enumerate() {
                let (own, d) = (&self.boxes[b], self.direction(row, k));
                let across = [-d[1], d[0]];
                let (length, half) = (own.extent(d), own.extent(across) / 2.0);
                let mut has = [false; 2];
                self.around(b, 2.0 * half + gap_max + length, |j| {
                    let other = &self.boxes[j];
                    let to = [other.centre[0] - own.centre[0], other.centre[1] - own.centre[1]];
                    let (ahead, aside) = (dot(to, d), dot(to, across));
                    let gap = aside.abs() - half - other.extent(across) / 2.0;
                    if of_box[j] == Some(r) || gap > gap_max || gap <= 0.0 || ahead.abs() > length {
                        return;
                    }
                    has[usize::from(aside > 0.0)] = true;
                    match of_box[j] {
                        Some(other) => beside.push((r.min(other), r.max(other))),
                        None => loose += 1,
                    }
                });
                has.iter().zip(&mut sides).for_each(|(h, n)| *n += usize::from(*h));
            }
            let is_much = |n: usize| 2 * n > row.boxes.len();
            is_array[r] = sides.iter().all(|n| is_much(*n)) || is_much(loose);
        }
        beside.sort_unstable();
        beside.dedup();
        // What lies beside a row of an array is one, too.
        let mut is_settled = false;
        while !is_settled {
            is_settled = true;
            for &(a, b) in &beside {
                if is_array[a] != is_array[b] {
                    (is_array[a], is_array[b], is_settled) = (true, true, false);
                }
            }
        }
        rows.into_iter().zip(is_array).filter(|(_, is_array)| !is_array).map(|(row, _)| row).collect()
    }
}

/// Numbers of the boxes before and behind one, in its row; of a box at an end the box itself.
pub(super) fn neighbours(row: &Row, k: usize) -> [usize; 2] {
    let n = row.boxes.len();
    if row.is_closed {
        return [(k + n - 1) % n, (k + 1) % n];
    }
    [k.saturating_sub(1), (k + 1).min(n - 1)]
}

/// Boxes that are linked, one after the other, from the end of the lower number; rings from their lowest.
fn chains(links: &[Vec<usize>]) -> Vec<Row> {
    let mut is_taken = vec![false; links.len()];
    let mut out = Vec::new();
    let ends = (0..links.len()).filter(|&i| links[i].len() == 1);
    let others = (0..links.len()).filter(|&i| links[i].len() == 2);
    for first in ends.chain(others) {
        if is_taken[first] {
            continue;
        }
        let mut boxes = Vec::new();
        let mut next = Some(first);
        while let Some(i) = next {
            is_taken[i] = true;
            boxes.push(i);
            next = links[i].iter().copied().find(|&j| !is_taken[j]);
        }
        let is_closed = links[first].len() == 2 && boxes.len() > 2;
        out.push(Row { boxes, is_closed });
    }
    out
}
