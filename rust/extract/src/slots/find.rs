//! From stretches to slot guides, converters, and what is left of a region.

use std::collections::BTreeMap;

use waveguard_geom::{BBox, GridIndex, Point, region, ring};

use super::edges::Edges;
use super::outlines::{Sides, at_corners};
use super::sections::{Fit, Look, Section, Stretch, Window};
use super::{End, Slot, TraceOptions};

/// What is thinner than this is left over from rounding, in dbu.
const THIN: f64 = 3.0;
/// An edge this close to the end of a slot guide lies on it, in dbu.
const ON_END: f64 = 1.5;
/// A converter takes no more than this part of the slot guide beside it.
const MOST_TAKEN: f64 = 0.3;

/// A slot guide.
#[derive(Clone, Debug)]
pub struct Found {
    /// The outline around both rails; a ring has a hole.
    pub rings: Vec<Vec<Point>>,
    /// Area of both rails, in dbu².
    pub area: f64,
    /// What is between its edges.
    pub slot: Slot,
}

impl Found {
    fn new(rings: Vec<Vec<Point>>, area: f64, slot: Slot) -> Self {
        let share = (area / region::area(&rings).max(f64::MIN_POSITIVE)).min(1.0);
        Self { rings, area, slot: Slot { share, ..slot } }
    }
}

/// Where light goes from a slot guide to other guides.
#[derive(Clone, Debug)]
pub struct Converter {
    /// The outline, gap included.
    pub rings: Vec<Vec<Point>>,
    /// Area of its cores, in dbu².
    pub area: f64,
    /// Middle.
    pub at: [f64; 2],
    /// That to the slot guide first; directions out of it.
    pub ports: Vec<End>,
}

/// What a region consists of.
#[derive(Clone, Debug, Default)]
pub struct Resolved {
    /// Slot guides.
    pub slots: Vec<Found>,
    /// Where light goes on otherwise.
    pub converters: Vec<Converter>,
    /// Outer rings and holes of what is left.
    pub rest: Vec<Vec<Point>>,
}

/// A stretch whose sides run from end to end.
struct Run {
    sections: Vec<Section>,
    is_closed: bool,
    /// The outline of all of it.
    rings: Vec<Vec<Point>>,
}

/// The slot guides of one kind in a region.
pub(super) fn find(
    edges: &Edges,
    rings: &[Vec<Point>],
    section: usize,
    window: Window,
    opts: &TraceOptions,
) -> Option<Resolved> {
    let look = Look { edges, window };
    let mut taken = Taken::default();
    let mut runs: Vec<Run> = Vec::new();
    for stretch in look.stretches() {
        let middle = stretch.sections[stretch.sections.len() / 2];
        if !taken.holds(&middle)
            && let Some(run) = run(&look, rings, stretch)
        {
            taken.add(edges, &run);
            runs.push(run);
        }
    }
    if runs.is_empty() {
        return None;
    }
    let outlines: Vec<&Vec<Point>> = runs.iter().flat_map(|run| &run.rings).collect();
    let rest = parts(region::difference(rings, &outlines));
    let ends = Ends::new(&runs, window.outer_most());
    let mut met: Vec<Vec<[[f64; 2]; 2]>> = vec![Vec::new(); 2 * runs.len()];
    let mut out = Resolved::default();
    for part in rest {
        if is_thin(&part) {
            continue;
        }
        let touched = ends.touched(&part);
        if !touched.is_empty() && is_stub(&part, window.outer_most()) {
            continue;
        }
        for (end, edge) in touched {
            met[end].push(edge);
        }
        out.rest.extend(part);
    }
    for (run, met) in runs.iter().zip(met.chunks(2)) {
        divide(&look, run, section, [&met[0], &met[1]], opts, &mut out);
    }
    Some(out)
}

/// The stretch with its outline.
fn run(look: &Look, rings: &[Vec<Point>], stretch: Stretch) -> Option<Run> {
    let Stretch { mut sections, is_closed } = stretch;
    let n = sections.len();
    if is_closed {
        let of = |place: usize| rings[look.edges.ring(sections[0].places[place].edge) as usize].clone();
        let mut both = vec![of(0), of(3)];
        both.sort_by_key(|ring| std::cmp::Reverse(ring::double_area(ring)));
        return Some(Run { sections, is_closed, rings: both });
    }
    sections[0] = at_corners(look.edges, &look.window, &look.squared(&sections[0]), true);
    sections[n - 1] = at_corners(look.edges, &look.window, &look.squared(&sections[n - 1]), false);
    let outline = Sides::new(look.edges, &look.window, &sections[0], &sections[n - 1])?.outline()?;
    (outline.len() >= 3).then(|| Run { sections, is_closed, rings: vec![outline] })
}

/// Puts a slot guide and the converters at its ends in their places.
fn divide(
    look: &Look,
    run: &Run,
    section: usize,
    met: [&Vec<[[f64; 2]; 2]>; 2],
    opts: &TraceOptions,
    out: &mut Resolved,
) {
    let n = run.sections.len();
    if run.is_closed {
        let halves = [(0, n / 2), (n / 2, n - 1)].map(|(from, to)| measured(look, &run.sections[from..=to], opts));
        let [Some(a), Some(b)] = halves else { return };
        let slot = Slot { section, gap: a.gap.with(&b.gap, 0.5), rail: a.rail.with(&b.rail, 0.5), share: 1.0 };
        out.slots.push(Found::new(run.rings.clone(), rings_area(look, run), slot));
        return;
    }
    let fits: Vec<usize> = (0..n).filter(|&i| run.sections[i].fit == Fit::Slot).collect();
    let (Some(&first), Some(&last)) = (fits.first(), fits.last()) else { return };
    let between = |a: &Section, b: &Section| Sides::new(look.edges, &look.window, a, b);
    let (begin, end) = (&run.sections[0], &run.sections[n - 1]);
    let most = between(&run.sections[first], &run.sections[last]).map_or(0.0, |s| MOST_TAKEN * s.length());
    let walked: Vec<f64> = run
        .sections
        .iter()
        .scan((0.0, begin.places[1].at), |(sum, before), s| {
            let at = s.places[1].at;
            *sum += (at[0] - before[0]).hypot(at[1] - before[1]);
            *before = at;
            Some(*sum)
        })
        .collect();
    // A converter is not shorter than the slot guide is wide.
    let least = look.window.outer_most();
    let cut = |is_begin: bool| {
        let (known, far) = if is_begin { (first, walked[first]) } else { (last, walked[n - 1] - walked[last]) };
        let missing = (least - far).clamp(0.0, most);
        let sign = if is_begin { 1.0 } else { -1.0 };
        at_length(look, run, &walked, walked[known] + sign * missing)
            .unwrap_or((look.squared(&run.sections[known]), known))
    };
    // What is wider than a rail where it ends goes on in another shape.
    let goes_on = |met: &Vec<_>, s: &Section| !met.is_empty() || s.rails.iter().any(|w| *w > look.window.rail[1]);
    let is_open = [goes_on(met[0], begin), goes_on(met[1], end)];
    let (from, from_number) = if is_open[0] { cut(true) } else { (*begin, 0) };
    let (to, to_number) = if is_open[1] { cut(false) } else { (*end, n - 1) };
    let mut own = vec![from];
    own.extend(run.sections.get(from_number + 1..to_number.max(from_number + 1)).into_iter().flatten());
    own.push(to);
    let Some((sides, slot)) = between(&from, &to).zip(measured(look, &own, opts)) else { return };
    let Some(ring) = sides.outline() else { return };
    out.slots.push(Found::new(vec![ring], sides.rails_area(), Slot { section, ..slot }));
    let converters = [(0, begin, &from, true), (1, &to, end, false)];
    for (k, a, b, is_begin) in converters.into_iter().filter(|c| is_open[c.0]) {
        let Some(sides) = between(a, b) else { continue };
        let Some(ring) = sides.outline() else { continue };
        let (near, far) = if is_begin { (b, a) } else { (a, b) };
        let sign = if is_begin { 1.0 } else { -1.0 };
        let mut ports = vec![port([near.places[0].at, near.places[3].at], sign)];
        ports.extend(openings(far, met[k]).into_iter().map(|cap| port(cap, -sign)));
        let at = [0, 1].map(|axis: usize| {
            let corners = [a.places[0], a.places[3], b.places[0], b.places[3]];
            corners.iter().map(|p| p.at[axis]).sum::<f64>() / 4.0
        });
        out.converters.push(Converter { rings: vec![ring], area: sides.rails_area(), at, ports });
    }
}

/// The cross-section so far along a run, and the number of the last one of the run before it.
fn at_length(look: &Look, run: &Run, walked: &[f64], s: f64) -> Option<(Section, usize)> {
    let after = walked.partition_point(|w| *w <= s).clamp(1, walked.len() - 1);
    let (p, q) = (run.sections[after - 1].places[1], run.sections[after].places[1]);
    let step = walked[after] - walked[after - 1];
    // Two cross-sections with a corner between: the part of the way beside the first is as good.
    let end = if p.edge == q.edge { q.u } else { 1.0 };
    let u = if step > 0.0 { p.u + (end - p.u) * ((s - walked[after - 1]) / step).clamp(0.0, 1.0) } else { p.u };
    look.section(&look.edges.place(p.edge, u)).map(|section| (look.squared(&section), after - 1))
}

/// What lies between the edges of a stretch.
fn measured(look: &Look, sections: &[Section], opts: &TraceOptions) -> Option<Slot> {
    let sides = Sides::new(look.edges, &look.window, sections.first()?, sections.last()?)?;
    let [first, second, gap] = sides.measured(sections, opts);
    Some(Slot { section: 0, gap, rail: first.with(&second, 0.5), share: 1.0 })
}

/// Area of two rails that are rings.
fn rings_area(look: &Look, run: &Run) -> f64 {
    let area = |place: usize| {
        let first = look.edges.starts[look.edges.ring(run.sections[0].places[place].edge) as usize];
        let mut double = 0.0;
        let (mut edge, origin) = (first, look.edges.from(first));
        loop {
            let (a, b) = (look.edges.from(edge), look.edges.to(edge));
            double += (a[0] - origin[0]) * (b[1] - origin[1]) - (a[1] - origin[1]) * (b[0] - origin[0]);
            edge = look.edges.next(edge);
            if edge == first {
                return double / 2.0;
            }
        }
    };
    (0..4).map(area).sum()
}

/// The end of a body whose cap has its outside on the right of the way from the outside of the first rail to that of
/// the second for a sign of -1.
fn port([a, b]: [[f64; 2]; 2], sign: f64) -> End {
    let d = [b[0] - a[0], b[1] - a[1]];
    let direction_rad = (sign * d[0]).atan2(-sign * d[1]);
    let [x, y] = [f64::midpoint(a[0], b[0]), f64::midpoint(a[1], b[1])];
    End { x, y, direction_rad, width: d[0].hypot(d[1]), cap_rad: direction_rad }
}

/// The parts of the far end of a converter on which the rest of the region lies, in the order of the cap.
fn openings(far: &Section, met: &[[[f64; 2]; 2]]) -> Vec<[[f64; 2]; 2]> {
    let (a, b) = (far.places[0].at, far.places[3].at);
    let width = (b[0] - a[0]).hypot(b[1] - a[1]);
    let d = [(b[0] - a[0]) / width, (b[1] - a[1]) / width];
    let along = |p: [f64; 2]| (p[0] - a[0]) * d[0] + (p[1] - a[1]) * d[1];
    let mut spans: Vec<[f64; 2]> = met
        .iter()
        .map(|[p, q]| [along(*p).min(along(*q)), along(*p).max(along(*q))])
        .filter(|[low, high]| high - low > THIN)
        .collect();
    spans.sort_by(|p, q| p[0].total_cmp(&q[0]));
    let mut joined: Vec<[f64; 2]> = Vec::new();
    for span in spans {
        match joined.last_mut() {
            Some(last) if span[0] <= last[1] + ON_END => last[1] = last[1].max(span[1]),
            _ => joined.push(span),
        }
    }
    let at = |s: f64| [a[0] + d[0] * s, a[1] + d[1] * s];
    joined.into_iter().map(|[low, high]| [at(low), at(high)]).collect()
}

/// The connected parts of a region.
pub fn parts(rings: Vec<Vec<Point>>) -> Vec<Vec<Vec<Point>>> {
    let mut out: Vec<Vec<Vec<Point>>> = Vec::new();
    for ring in rings {
        match out.last_mut() {
            // A hole follows its outer ring and runs clockwise.
            Some(part) if ring::double_area(&ring) < 0 => part.push(ring),
            _ => out.push(vec![ring]),
        }
    }
    out
}

fn is_thin(part: &[Vec<Point>]) -> bool {
    let side = |ring: &Vec<Point>, i: usize| (ring[i].distance_sq(ring[(i + 1) % ring.len()]) as f64).sqrt();
    let perimeter: f64 = part.iter().flat_map(|ring| (0..ring.len()).map(move |i| side(ring, i))).sum();
    2.0 * region::area(part) <= THIN * perimeter
}

/// True for what is no longer than a slot guide is wide: one rail ends a little after the other.
fn is_stub(part: &[Vec<Point>], outer: f64) -> bool {
    let bbox = BBox::of_points(&part[0]);
    (bbox.max[0] - bbox.min[0]).hypot(bbox.max[1] - bbox.min[1]) <= outer
}

/// Both ends of all runs.
struct Ends {
    caps: Vec<[[f64; 2]; 2]>,
    index: GridIndex,
}

impl Ends {
    fn new(runs: &[Run], tile: f64) -> Self {
        let mut caps = Vec::with_capacity(2 * runs.len());
        let mut boxes = Vec::with_capacity(2 * runs.len());
        for run in runs {
            for section in [&run.sections[0], &run.sections[run.sections.len() - 1]] {
                let cap = [section.places[0].at, section.places[3].at];
                let mut bbox = BBox::EMPTY;
                if !run.is_closed {
                    for p in &cap {
                        bbox.add(p[0], p[1]);
                    }
                }
                boxes.push(bbox);
                caps.push(cap);
            }
        }
        Self { index: GridIndex::new(&boxes, tile), caps }
    }

    /// Edges of a region that lie on ends, with the number of the end.
    fn touched(&self, part: &[Vec<Point>]) -> Vec<(usize, [[f64; 2]; 2])> {
        let mut out: Vec<(usize, [[f64; 2]; 2])> = Vec::new();
        for ring in part {
            for (i, p) in ring.iter().enumerate() {
                let edge = [p, &ring[(i + 1) % ring.len()]].map(|p| [f64::from(p.x), f64::from(p.y)]);
                let mut bbox = BBox::EMPTY;
                for p in &edge {
                    bbox.add(p[0], p[1]);
                }
                let mut seen: Vec<usize> = Vec::new();
                self.index.candidates(&bbox.grown(ON_END), |end| {
                    let is_on = |p: [f64; 2]| crate::contacts::distance(p, self.caps[end]) <= ON_END;
                    if !seen.contains(&end) && edge.iter().all(|p| is_on(*p)) {
                        seen.push(end);
                        out.push((end, edge));
                    }
                });
            }
        }
        out
    }
}

/// Places on the insides of rails that runs have taken, as number of the edge plus part of it.
#[derive(Default)]
struct Taken(BTreeMap<u64, f64>);

impl Taken {
    fn add(&mut self, edges: &Edges, run: &Run) {
        let (first, last) = (&run.sections[0], &run.sections[run.sections.len() - 1]);
        for (k, a, b) in [(1, first, last), (2, last, first)] {
            let (a, b) = (&a.places[k], &b.places[k]);
            let (from, to) = (a.edge as f64 + a.u, b.edge as f64 + b.u);
            let ring = edges.ring(a.edge) as usize;
            let (start, stop) = (edges.starts[ring] as f64, edges.starts[ring + 1] as f64);
            let spans = if run.is_closed {
                [(start, stop); 2]
            } else if from <= to {
                [(from, to); 2]
            } else {
                [(from, stop), (start, to)]
            };
            for (from, to) in spans {
                self.0.insert(from.to_bits(), to);
            }
        }
    }

    fn holds(&self, section: &Section) -> bool {
        let place = &section.places[1];
        let at = place.edge as f64 + place.u;
        self.0.range(..=at.to_bits()).next_back().is_some_and(|(_, to)| at <= *to)
    }
}
