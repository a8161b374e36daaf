//! How far aside of its teeth a guide goes on: the smooth sides through the teeth spread such a jump along the guide.
//!
//! It is measured on the outline as drawn, at the last step of each row of teeth: where the middle between both sides
//! lies right before that step and right behind it. Teeth on one side only, or in turn on both, move the middle from
//! step to step; a guide that goes on no further aside than that was drawn so.

use waveguard_geom::{BBox, GridIndex, Point, ring};

use super::{
    LEAST_REACH, LEAST_TOOTH, LONGEST_TOOTH, between, goes_on, is_one_side, is_within, size, teeth_among, vector,
    walked,
};

/// The middle is looked at so far before and behind a step, in dbu: further than rounding moves the step of the other
/// side against it, and nearer than the next step.
const BESIDE: f64 = 8.0;
/// The way of a side beside a step is taken over no more than this, in dbu.
const FARTHEST: f64 = 100.0;
/// What lies opposite is further away than this, in dbu.
const LEAST_WIDTH: f64 = 2.0;
/// Steps of a row that are looked at behind its last one,
const INNER: usize = 6;
/// of which so many must show where the middle is.
const LEAST_INNER: usize = 3;
/// Steps behind the last one of a row, none of it, that are looked at: where the last gap between teeth is flush with the
/// guide behind it but for the jump, both walls step aside there.
const BEHIND: usize = 2;
/// What goes on is as wide as the teeth within this factor: what is wider may be entered anywhere.
const AS_WIDE: f64 = 1.25;
/// Rounding to the grid moves the four places that a jump is the difference of by no more than this in all, in dbu.
const ERROR: f64 = 2.5;

/// A guide that goes on aside of its teeth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Jump {
    /// The middle of the guide where its teeth end.
    pub at: [f64; 2],
    /// How far aside it goes on, in dbu.
    pub aside: f64,
    /// Bound on the error of that by rounding, in dbu.
    pub error: f64,
    /// Length of the last tooth, in dbu.
    pub length: f64,
    /// Width of the guide behind it, in dbu.
    pub width: f64,
}

/// The middle of a guide across a step of one of its sides.
#[derive(Clone, Copy, Debug)]
struct Across {
    at: [f64; 2],
    by: f64,
    /// Before the step and behind it along the ring.
    widths: [f64; 2],
}

/// The jumps of a region at the ends of its walls of teeth, as drawn; its rings are an outline alone, or an outer ring
/// and its holes.
pub fn jumps(rings: &[Vec<Point>], longest: f64) -> Vec<Jump> {
    let mut sides: Option<Sides> = None;
    let mut out: Vec<Jump> = Vec::new();
    for ring in rings {
        let steps = between(ring, LEAST_TOOTH, longest);
        let row = Rows { ring, all: &teeth_among(ring, longest, &steps), steps: &steps, longest };
        // One alone may have been drawn either way around.
        let inwards = if rings.len() == 1 && ring::double_area(ring) < 0 { -1.0 } else { 1.0 };
        for k in 0..row.all.len() {
            let ahead = match row.goes_on(k) {
                [true, false] => false,
                [false, true] => true,
                _ => continue,
            };
            let sides = sides.get_or_insert_with(|| Sides::new(rings, longest));
            if let Some(jump) = row.jump(k, ahead, |i| sides.across(ring, i, inwards)) {
                // Both sides of a guide end there.
                let is_same = |o: &&mut Jump| (o.at[0] - jump.at[0]).hypot(o.at[1] - jump.at[1]) <= o.width;
                match out.iter_mut().rev().find(is_same) {
                    Some(other) if other.aside < jump.aside => *other = jump,
                    Some(_) => {}
                    None => out.push(jump),
                }
            }
        }
    }
    out
}

/// The teeth of an outline.
struct Rows<'a> {
    ring: &'a [Point],
    /// The steps that are teeth, in order.
    all: &'a [usize],
    /// All steps, in order.
    steps: &'a [usize],
    longest: f64,
}

impl Rows<'_> {
    fn goes_on(&self, k: usize) -> [bool; 2] {
        goes_on(self.ring, self.all, k, self.longest)
    }

    /// The jump at the last step of a row, whose other steps lie ahead along the ring or behind.
    fn jump(&self, k: usize, ahead: bool, across: impl Fn(usize) -> Option<Across>) -> Option<Jump> {
        let own = across(self.all[k])?;
        let (mut inner, mut at) = (Vec::with_capacity(INNER), k);
        while inner.len() < INNER && self.goes_on(at)[usize::from(ahead)] {
            at = (at + if ahead { 1 } else { self.all.len() - 1 }) % self.all.len();
            if at == k {
                break;
            }
            inner.extend(across(self.all[at]));
        }
        if inner.len() < LEAST_INNER {
            return None;
        }
        let within = inner.iter().map(|a| a.by.abs()).fold(0.0, f64::max);
        let widths = inner.iter().flat_map(|a| a.widths);
        let [least, most] = widths.fold([f64::INFINITY, 0.0], |[low, high], w| [f64::min(low, w), f64::max(high, w)]);
        let tooth = (own.at[0] - inner[0].at[0]).hypot(own.at[1] - inner[0].at[1]);
        let behind = self.behind(self.all[k], !ahead, LONGEST_TOOTH * tooth);
        let found = std::iter::once(own).chain(behind.filter_map(across));
        let jump = found.max_by(|a, b| a.by.abs().total_cmp(&b.by.abs()))?;
        let width = jump.widths[usize::from(!ahead)];
        let is_as_wide = width * AS_WIDE >= least && width <= AS_WIDE * most;
        (jump.by.abs() > within + ERROR && is_as_wide).then(|| Jump {
            at: jump.at,
            aside: jump.by.abs(),
            error: ERROR,
            length: tooth,
            width,
        })
    }

    /// The next steps behind the last one of a row, each no further from the one before it.
    fn behind(&self, last: usize, ahead: bool, far: f64) -> impl Iterator<Item = usize> {
        let n = self.steps.len();
        let at = self.steps.partition_point(|&i| i < last);
        let step = move |by: usize| self.steps[(at + if ahead { by } else { n - by }) % n];
        let is_next = move |by: &usize| {
            let (a, b) = (step(by - 1), step(*by));
            let (from, to) = if ahead { (a, b) } else { (b, a) };
            is_within(self.ring, from, to, far) && is_one_side(self.ring, from, to)
        };
        (1..=BEHIND.min(n - 1)).take_while(is_next).map(step)
    }
}

/// All edges of a region, to find what lies opposite.
struct Sides {
    edges: Vec<[[f64; 2]; 2]>,
    index: GridIndex,
    farthest: f64,
}

impl Sides {
    fn new(rings: &[Vec<Point>], farthest: f64) -> Self {
        let at = |p: Point| [f64::from(p.x), f64::from(p.y)];
        let of_ring = |ring: &Vec<Point>| {
            let next = ring.iter().cycle().skip(1);
            ring.iter().zip(next).map(|(&p, &q)| [at(p), at(q)]).collect::<Vec<_>>()
        };
        let edges: Vec<[[f64; 2]; 2]> = rings.iter().flat_map(of_ring).collect();
        let boxes: Vec<BBox> = edges.iter().map(|[p, q]| boxed(*p, *q)).collect();
        Self { index: GridIndex::new(&boxes, farthest), edges, farthest }
    }

    /// The middle before and behind a step; `None` where it has no way, or nothing lies opposite.
    fn across(&self, ring: &[Point], step: usize, inwards: f64) -> Option<Across> {
        let way = |ahead: bool| walked(ring, step, [LEAST_REACH / 2.0, FARTHEST], ahead);
        let (before, behind) = (unit(way(false)?), unit(way(true)?));
        let along = unit([before[0] + behind[0], before[1] + behind[1]]);
        let normal = [-along[1] * inwards, along[0] * inwards];
        let places = [beside(ring, step, false)?, beside(ring, step, true)?];
        let [a, b] = [self.opposite(places[0], normal)?, self.opposite(places[1], normal)?];
        let middle = |p: [f64; 2], w: f64| [p[0] + normal[0] * w / 2.0, p[1] + normal[1] * w / 2.0];
        let (from, to) = (middle(places[0], a), middle(places[1], b));
        let by = (to[0] - from[0]) * normal[0] + (to[1] - from[1]) * normal[1];
        Some(Across { at: [from[0].midpoint(to[0]), from[1].midpoint(to[1])], by, widths: [a, b] })
    }

    /// Distance of what lies nearest in a direction.
    fn opposite(&self, from: [f64; 2], way: [f64; 2]) -> Option<f64> {
        let far = [from[0] + way[0] * self.farthest, from[1] + way[1] * self.farthest];
        let mut nearest = f64::INFINITY;
        self.index.candidates(&boxed(from, far), |i| {
            let [p, q] = self.edges[i];
            let aside = |v: [f64; 2]| way[0] * (v[1] - from[1]) - way[1] * (v[0] - from[0]);
            let ahead = |v: [f64; 2]| way[0] * (v[0] - from[0]) + way[1] * (v[1] - from[1]);
            let (a, b) = (aside(p), aside(q));
            if (a <= 0.0) != (b <= 0.0) {
                let t = ahead(p) + (ahead(q) - ahead(p)) * a / (a - b);
                if t > LEAST_WIDTH {
                    nearest = nearest.min(t);
                }
            }
        });
        (nearest <= self.farthest).then_some(nearest)
    }
}

/// The place on the outline so far from a step, before it or behind it.
fn beside(ring: &[Point], step: usize, ahead: bool) -> Option<[f64; 2]> {
    let n = ring.len();
    let mut left = BESIDE;
    for k in 1..n {
        let edge = if ahead { (step + k) % n } else { (step + n - k) % n };
        let (v, from) = (vector(ring, edge), if ahead { ring[edge] } else { ring[(edge + 1) % n] });
        let (length, sign) = (size(v), if ahead { 1.0 } else { -1.0 });
        if length >= left {
            let share = sign * left / length;
            return Some([f64::from(from.x) + share * v[0], f64::from(from.y) + share * v[1]]);
        }
        left -= length;
    }
    None
}

fn boxed(p: [f64; 2], q: [f64; 2]) -> BBox {
    BBox { min: [p[0].min(q[0]), p[1].min(q[1])], max: [p[0].max(q[0]), p[1].max(q[1])] }
}

fn unit(v: [f64; 2]) -> [f64; 2] {
    let length = size(v).max(f64::MIN_POSITIVE);
    [v[0] / length, v[1] / length]
}
