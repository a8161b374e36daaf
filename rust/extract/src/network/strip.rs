//! An arm as a strip between two sides, and its exact cross-sections.
//!
//! The triangles say roughly where a cross-section lies; here it is made perpendicular to the axis, so that
//! it depends on the drawn sides alone and not on where points were put in between.

mod notches;

use super::axis::{Arm, Node};
use super::mesh::{Mesh, NONE};

/// One side of an arm.
#[derive(Debug, Default)]
struct Side {
    ids: Vec<u32>,
    at: Vec<[f64; 2]>,
    /// Distance from the first point along the side.
    s: Vec<f64>,
    /// Where the side steps aside: from and to.
    steps: Vec<[f64; 2]>,
}

/// An arm with its sides.
#[derive(Debug)]
pub(super) struct Strip {
    left: Side,
    right: Side,
    /// For each chord its place on the left and on the right side.
    places: Vec<[f64; 2]>,
    /// Distance of the middle of each chord from the first along the axis.
    along: Vec<f64>,
}

/// A step of a side.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    /// Distance of its middle along the axis.
    pub(super) along: f64,
    /// 0 on the left, 1 on the right.
    side: usize,
    /// Places on the side where it begins and ends.
    places: [f64; 2],
}

/// A cross-section of an arm.
#[derive(Clone, Copy, Debug)]
pub(super) struct Section {
    pub(super) at: [f64; 2],
    /// Unit vector along the arm.
    pub(super) tangent: [f64; 2],
    pub(super) width: f64,
    /// End points on the left and on the right.
    pub(super) ends: [[f64; 2]; 2],
    /// Their places on the sides.
    pub(super) places: [f64; 2],
}

/// Sides that lean towards each other by more than this, in rad, are no guide: 20 degrees on each side.
const MOST_LEAN: f64 = 0.7;
/// The direction of a side is taken over this many widths on both sides of a place.
const REACH: f64 = 0.5;
/// The same on one side of a place where a side ends: longer, as what rounding adds there counts twice.
const END_REACH: f64 = 1.0;
/// The same for how the sides lean: short, so that a wall across the guide is seen where it stands, and in dbu
/// no shorter than the grid blurs.
const LEAN_REACH: (f64, f64) = (0.1, 30.0);
/// Points of a corner that is cut off.
const MOST_SKIPPED: usize = 64;
/// A cross-section is sought again from where it was found, so often at most,
const SECTION_ROUNDS: usize = 4;
/// until it moves by less than this, in dbu.
const SETTLED: f64 = 0.01;
/// A perpendicular chord is sought so many widths around its place.
const SEARCH: f64 = 1.0;

impl Side {
    fn push(&mut self, id: u32, at: [f64; 2]) {
        let s = self.at.last().map_or(0.0, |p| (at[0] - p[0]).hypot(at[1] - p[1]));
        self.s.push(self.s.last().map_or(0.0, |last| last + s));
        self.ids.push(id);
        self.at.push(at);
    }

    /// The places of the steps before and after a place.
    fn limits(&self, s: f64) -> [f64; 2] {
        let k = self.steps.partition_point(|step| step[1] <= s + SAME);
        let low = if k > 0 { self.steps[k - 1][1] } else { 0.0 };
        [low.min(s), self.steps.get(k).map_or(self.length(), |step| step[0]).max(s)]
    }

    /// True strictly inside a step.
    fn is_in_step(&self, s: f64) -> bool {
        let k = self.steps.partition_point(|step| step[1] <= s + SAME);
        self.steps.get(k).is_some_and(|step| step[0] + SAME < s)
    }

    /// Notes that the last segment, from `from` on, is a step or the next part of one.
    fn step(&mut self, from: f64) {
        let to = self.length();
        match self.steps.last_mut() {
            Some(last) if last[1] >= from => last[1] = to,
            _ => self.steps.push([from, to]),
        }
    }

    fn length(&self) -> f64 {
        self.s.last().copied().unwrap_or(0.0)
    }

    /// The segment that holds a place.
    fn segment(&self, s: f64) -> usize {
        self.s.partition_point(|&v| v <= s).clamp(1, self.s.len().saturating_sub(1).max(1)) - 1
    }

    fn point(&self, s: f64) -> [f64; 2] {
        let i = self.segment(s);
        if i + 1 >= self.at.len() {
            return self.at[0];
        }
        let (a, b) = (self.at[i], self.at[i + 1]);
        let u = ((s - self.s[i]) / (self.s[i + 1] - self.s[i])).clamp(0.0, 1.0);
        [a[0] + u * (b[0] - a[0]), a[1] + u * (b[1] - a[1])]
    }

    /// Unit vector from behind a place to before it.
    fn direction(&self, s: f64, reach: f64) -> [f64; 2] {
        let [low, high] = self.limits(s);
        let (a, b) = (self.point((s - reach).max(low)), self.point((s + reach).min(high)));
        unit([b[0] - a[0], b[1] - a[1]])
    }

    /// Unit vector along the side, over what lies after a place or before it.
    fn direction_from(&self, s: f64, reach: f64, is_after: bool) -> [f64; 2] {
        let [low, high] = self.limits(if is_after { s + SAME } else { s - SAME });
        let (from, to) = if is_after { (s, (s + reach).min(high)) } else { ((s - reach).max(low), s) };
        let (a, b) = (self.point(from), self.point(to));
        unit([b[0] - a[0], b[1] - a[1]])
    }

    /// The direction of the side where it begins or ends at a place, also where it bends: taken over two reaches.
    fn direction_at_end(&self, s: f64, width: f64, is_after: bool) -> [f64; 2] {
        let far = self.direction_from(s, END_REACH * width, is_after);
        let near = self.direction_from(s, 0.5 * END_REACH * width, is_after);
        // The direction of a chord is that in its middle.
        unit([2.0 * near[0] - far[0], 2.0 * near[1] - far[1]])
    }

    /// Where the side crosses the line through `m` perpendicular to `t`, sought from `s` on.
    fn crossing(&self, m: [f64; 2], t: [f64; 2], s: f64, most: f64) -> Option<f64> {
        let ahead = |p: [f64; 2]| (p[0] - m[0]) * t[0] + (p[1] - m[1]) * t[1];
        let mut i = self.segment(s);
        if self.at.len() < 2 {
            return None;
        }
        let forward = ahead(self.point(s)) < 0.0;
        let [low, high] = self.limits(s);
        loop {
            let (f0, f1) = (ahead(self.at[i]), ahead(self.at[i + 1]));
            if f0 <= 0.0 && f1 >= 0.0 {
                let u = if (f1 - f0).abs() > 0.0 { (-f0 / (f1 - f0)).clamp(0.0, 1.0) } else { 0.0 };
                return Some((self.s[i] + u * (self.s[i + 1] - self.s[i])).clamp(low, high));
            }
            let is_at_step = if forward { self.s[i + 1] >= high } else { self.s[i] <= low };
            if is_at_step && (forward && high < self.length() || !forward && low > 0.0) {
                return Some(if forward { high } else { low });
            }
            if forward {
                i += 1;
                if i + 1 >= self.at.len() || self.s[i] - s > most {
                    return None;
                }
            } else {
                if i == 0 || s - self.s[i] > most {
                    return None;
                }
                i -= 1;
            }
        }
    }

    /// Numbers of the points strictly between two places.
    fn between(&self, from: f64, to: f64) -> std::ops::Range<usize> {
        let (a, b) = (self.s.partition_point(|&v| v <= from + SAME), self.s.partition_point(|&v| v < to - SAME));
        a..b.max(a)
    }
}

/// Points nearer than this are one, in dbu.
const SAME: f64 = 1e-3;
/// The ends of a cross-section are opposite each other within this, in dbu.
const SQUARE: f64 = 1.0;

/// The angle between two sides.
fn lean(a: [f64; 2], b: [f64; 2]) -> f64 {
    (a[0] * b[1] - a[1] * b[0]).atan2(a[0] * b[0] + a[1] * b[1]).abs()
}

fn lean_reach(width: f64) -> f64 {
    (LEAN_REACH.0 * width).max(LEAN_REACH.1)
}

fn unit(v: [f64; 2]) -> [f64; 2] {
    let size = v[0].hypot(v[1]);
    if size > 0.0 { [v[0] / size, v[1] / size] } else { [0.0; 2] }
}

/// Triangles at corners of a side cut these off. One that stands out by more than so many dbu is no rounding.
const LEAST_CORNER: f64 = 0.75;
/// What sticks out further than so many dbu, and is no arm, is drawn up to there only: a guide has no such side.
const MOST_CORNER: f64 = 100.0;
/// Points of such a corner; more are close together along long edges.
const MOST_CUT: usize = 256;

/// Drawn points of the outline between two points of a side, where a corner was cut off.
fn cut_off(mesh: &Mesh, is_left: bool, from: u32, to: u32) -> Vec<[f64; 2]> {
    let (first, last) = if is_left { (to, from) } else { (from, to) };
    let [a, b] = [first, last].map(|p| mesh.points[p as usize]);
    let along = unit([b[0] - a[0], b[1] - a[1]]);
    let aside = |p: [f64; 2]| (p[1] - a[1]) * along[0] - (p[0] - a[0]) * along[1];
    let (mut out, mut farthest, mut p, mut n) = (Vec::new(), 0.0_f64, mesh.next[first as usize], 0);
    while p != last {
        if p == NONE || n > MOST_CUT {
            return Vec::new();
        }
        let at = mesh.points[p as usize];
        let by = aside(at);
        farthest = farthest.max(by.abs());
        if mesh.is_drawn[p as usize] {
            let back = by - by.clamp(-MOST_CORNER, MOST_CORNER);
            out.push([at[0] + back * along[1], at[1] - back * along[0]]);
        }
        p = mesh.next[p as usize];
        n += 1;
    }
    if is_left {
        out.reverse();
    }
    if farthest >= LEAST_CORNER { out } else { Vec::new() }
}

/// Points of the outline between two points of a side where a corner was cut off, and whether it has a step.
fn skipped(mesh: &Mesh, is_left: bool, from: u32, to: u32) -> (Vec<u32>, bool) {
    let (first, last) = if is_left { (to, from) } else { (from, to) };
    let mut out = Vec::new();
    let (mut p, mut has_step) = (first, false);
    while p != last {
        has_step |= mesh.is_step[p as usize];
        p = mesh.next[p as usize];
        if p == NONE || out.len() > MOST_SKIPPED {
            return (Vec::new(), false);
        }
        out.push(p);
    }
    out.pop();
    if is_left {
        out.reverse();
    }
    (out, has_step)
}

impl Strip {
    /// The strip of an arm. That of a ring goes around twice, so that any place has a way on.
    pub(super) fn new(mesh: &Mesh, arm: &Arm) -> Self {
        let (mut left, mut right) = (Side::default(), Side::default());
        let (mut places, mut along) = (Vec::with_capacity(arm.chords.len()), Vec::with_capacity(arm.chords.len()));
        let mut last: Option<[f64; 2]> = None;
        let is_step = |is_left: bool, from: u32, to: u32| {
            let (a, b) = if is_left { (to, from) } else { (from, to) };
            mesh.next[a as usize] == b && mesh.is_step[a as usize]
        };
        let rounds = if arm.nodes[0] == Node::Closed { 2 } else { 1 };
        for &[l, r] in std::iter::repeat_n(&arm.chords, rounds).flatten() {
            let at = [l, r].map(|p| mesh.points[p as usize]);
            for (k, (side, (id, at))) in [&mut left, &mut right].into_iter().zip([(l, at[0]), (r, at[1])]).enumerate() {
                if side.ids.last() == Some(&id) {
                    continue;
                }
                let cut_off = side.ids.last().map(|&from| skipped(mesh, k == 0, from, id));
                let on_the_way = cut_off.filter(|(_, has_step)| *has_step).map_or_else(Vec::new, |(points, _)| points);
                for (id, at) in on_the_way.into_iter().map(|p| (p, mesh.points[p as usize])).chain([(id, at)]) {
                    let stepped = side.ids.last().is_some_and(|&from| is_step(k == 0, from, id));
                    let from = side.length();
                    side.push(id, at);
                    if stepped {
                        side.step(from);
                    }
                }
            }
            places.push([left.length(), right.length()]);
            let middle = [f64::midpoint(at[0][0], at[1][0]), f64::midpoint(at[0][1], at[1][1])];
            let step = last.map_or(0.0, |m| (middle[0] - m[0]).hypot(middle[1] - m[1]));
            along.push(along.last().map_or(0.0, |s| s + step));
            last = Some(middle);
        }
        Self { left, right, places, along }
    }

    /// Length of the axis from the first chord to the last.
    pub(super) fn length(&self) -> f64 {
        self.along.last().copied().unwrap_or(0.0)
    }

    /// The chord at or before a distance along the axis.
    pub(super) fn chord(&self, s: f64) -> usize {
        self.along.partition_point(|&v| v <= s).clamp(1, self.along.len()) - 1
    }

    /// Distance of chord `k` along the axis, counted through both rounds of a ring.
    pub(super) fn chord_start(&self, k: usize) -> f64 {
        self.along[k]
    }

    /// Length of the chord at a distance along the axis, whatever its direction.
    pub(super) fn chord_length(&self, s: f64) -> f64 {
        let [l, r] = self.ends(s);
        (l[0] - r[0]).hypot(l[1] - r[1])
    }

    /// All steps of the sides, in order along the axis.
    pub(super) fn steps(&self) -> Vec<Step> {
        let mut out = Vec::new();
        for (k, side) in [&self.left, &self.right].into_iter().enumerate() {
            for step in &side.steps {
                let middle = f64::midpoint(step[0], step[1]);
                let after = self.places.partition_point(|p| p[k] < middle).clamp(1, self.places.len() - 1);
                let (a, b) = (self.places[after - 1][k], self.places[after][k]);
                let u = if b > a { (middle - a) / (b - a) } else { 0.0 };
                let along = self.along[after - 1] + u * (self.along[after] - self.along[after - 1]);
                out.push(Step { along, side: k, places: *step });
            }
        }
        out.sort_by(|a, b| a.along.total_cmp(&b.along));
        out
    }

    /// The cross-section at a step, as the way before it or after it has it.
    pub(super) fn section_at(&self, step: &Step, is_after: bool) -> Option<Section> {
        let sides = [&self.left, &self.right];
        let (own, other) = (sides[step.side], sides[1 - step.side]);
        let place = step.places[usize::from(is_after)];
        let mut opposite = self.place(step.along)[1 - step.side];
        if let Some(between) = other.steps.iter().find(|s| s[0] - SAME < opposite && opposite < s[1] + SAME) {
            opposite = between[usize::from(is_after)];
        }
        let (p, q) = (own.point(place), other.point(opposite));
        let rough = (p[0] - q[0]).hypot(p[1] - q[1]);
        let way = |side: &Side, at: f64| side.direction_from(at, REACH * rough, is_after);
        let (a, b) = (way(own, place), way(other, opposite));
        let tangent = unit([a[0] + b[0], a[1] + b[1]]);
        let mut places = [place, other.crossing(p, tangent, opposite, SEARCH * rough)?];
        let q = other.point(places[1]);
        let off = (q[0] - p[0]) * tangent[0] + (q[1] - p[1]) * tangent[1];
        if off.abs() > SQUARE {
            // Opposite the other side has stepped already: where it does, both are sides of the same way.
            places[0] = own.crossing(q, tangent, place, SEARCH * rough)?;
        }
        let p = own.point(places[0]);
        let (places, ends) = if step.side == 0 { (places, [p, q]) } else { ([places[1], places[0]], [q, p]) };
        let across = [ends[0][0] - ends[1][0], ends[0][1] - ends[1][1]];
        let at = [f64::midpoint(p[0], q[0]), f64::midpoint(p[1], q[1])];
        let is_right = tangent[0] * across[1] - tangent[1] * across[0] > 0.0;
        is_right.then_some(Section { at, tangent, width: across[0].hypot(across[1]), ends, places })
    }

    fn place(&self, s: f64) -> [f64; 2] {
        let k = self.chord(s);
        let Some(next) = self.along.get(k + 1) else { return self.places[k] };
        let u = ((s - self.along[k]) / (next - self.along[k])).clamp(0.0, 1.0);
        let u = if u.is_nan() { 0.0 } else { u };
        [0, 1].map(|i: usize| self.places[k][i] + u * (self.places[k + 1][i] - self.places[k][i]))
    }

    fn ends(&self, s: f64) -> [[f64; 2]; 2] {
        let [l, r] = self.place(s);
        [self.left.point(l), self.right.point(r)]
    }

    /// The middle of the chord at a distance along the axis.
    pub(super) fn middle(&self, s: f64) -> [f64; 2] {
        let [l, r] = self.ends(s);
        [f64::midpoint(l[0], r[0]), f64::midpoint(l[1], r[1])]
    }

    /// The cross-section at a distance along the axis; `None` where the sides do not run along each other.
    pub(super) fn section(&self, s: f64) -> Option<Section> {
        let mut places = self.place(s);
        if self.left.is_in_step(places[0]) || self.right.is_in_step(places[1]) {
            return None;
        }
        let middle = self.middle(s);
        // The first places are those of a chord, which leans as the triangles happen to.
        for _ in 0..SECTION_ROUNDS {
            let found = self.section_through(middle, places, false)?.places;
            let moved = [0, 1].map(|k: usize| (found[k] - places[k]).abs());
            places = found;
            if moved[0].max(moved[1]) < SETTLED {
                break;
            }
        }
        self.section_through(middle, places, true)
    }

    /// The cross-section through a middle, perpendicular to the sides as they are at two places opposite each other.
    /// Where sides lean towards each other there is none, when this is to be `judged`.
    fn section_through(&self, middle: [f64; 2], places: [f64; 2], judged: bool) -> Option<Section> {
        let [l, r] = [self.left.point(places[0]), self.right.point(places[1])];
        let rough = (l[0] - r[0]).hypot(l[1] - r[1]);
        let directions =
            [self.left.direction(places[0], REACH * rough), self.right.direction(places[1], REACH * rough)];
        let [dl, dr] = directions;
        if judged {
            let short = lean_reach(rough);
            let (sl, sr) = (self.left.direction(places[0], short), self.right.direction(places[1], short));
            if lean(dl, dr).max(lean(sl, sr)) > MOST_LEAN {
                return None;
            }
        }
        let tangent = unit([dl[0] + dr[0], dl[1] + dr[1]]);
        let found = [
            self.left.crossing(middle, tangent, places[0], SEARCH * rough)?,
            self.right.crossing(middle, tangent, places[1], SEARCH * rough)?,
        ];
        let ends = [self.left.point(found[0]), self.right.point(found[1])];
        let across = [ends[0][0] - ends[1][0], ends[0][1] - ends[1][1]];
        // The left end must lie on the left.
        if tangent[0] * across[1] - tangent[1] * across[0] <= 0.0 {
            return None;
        }
        let at = [f64::midpoint(ends[0][0], ends[1][0]), f64::midpoint(ends[0][1], ends[1][1])];
        Some(Section { at, tangent, width: across[0].hypot(across[1]), ends, places: found })
    }

    /// How the sides lean towards each other right after two places opposite each other, or before them.
    fn lean_from(&self, places: [f64; 2], width: f64, is_after: bool) -> f64 {
        let way = |side: &Side, place: f64| side.direction_from(place, lean_reach(width), is_after);
        lean(way(&self.left, places[0]), way(&self.right, places[1]))
    }

    /// Points of the left side (0) or the right side (1) strictly between two places, in order, with corners that were
    /// cut off. Points that were put in between others are left out where the outline goes straight on.
    pub(super) fn side_between(&self, mesh: &Mesh, side: usize, from: f64, to: f64) -> Vec<[f64; 2]> {
        let (own, is_left) = if side == 0 { (&self.left, true) } else { (&self.right, false) };
        let follows = |i: usize| {
            let (a, b) = (own.ids[i], own.ids[i + 1]);
            if is_left { mesh.next[b as usize] == a } else { mesh.next[a as usize] == b }
        };
        // What stands out of a side between two notches is no part of the guide, but for the beginning of it.
        let corner = |i: usize| -> Option<Vec<u32>> {
            let (from, to) = (own.ids[i], own.ids[i + 1]);
            let (cut_off, _) = skipped(mesh, is_left, from, to);
            let has_notch = [from, to].iter().chain(&cut_off).any(|&p| mesh.is_notch(p));
            (!cut_off.is_empty() && !has_notch).then_some(cut_off)
        };
        let between = own.between(from, to);
        let mut out = Vec::with_capacity(between.len());
        let mut is_led_to = between.start > 0 && follows(between.start - 1);
        for i in between.clone() {
            let is_last = i + 1 >= own.ids.len();
            let is_next = !is_last && follows(i);
            let is_cut = !is_next && i + 1 < between.end;
            let around = if is_cut { corner(i) } else { None };
            if mesh.is_drawn[own.ids[i] as usize] || !(is_led_to && (is_next || around.is_some())) {
                out.push(own.at[i]);
            }
            is_led_to = is_next || around.is_some();
            if is_cut && around.is_none() {
                out.extend(cut_off(mesh, is_left, own.ids[i], own.ids[i + 1]));
            }
            let drawn = around.into_iter().flatten().filter(|&p| mesh.is_drawn[p as usize]);
            out.extend(drawn.map(|p| mesh.points[p as usize]));
        }
        out
    }

    /// The points of the left and the right side at or before these places.
    pub(super) fn points_at(&self, places: [f64; 2]) -> [u32; 2] {
        let of = |side: &Side, place: f64| side.ids[side.segment(place)];
        [of(&self.left, places[0]), of(&self.right, places[1])]
    }
}
