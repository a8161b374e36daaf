//! Cross-sections through two rails, and the stretches over which they run side by side.

use super::edges::{Edges, Place};

/// What counts as a slot guide, in dbu.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    /// Narrowest and widest rail.
    pub(super) rail: [f64; 2],
    /// Smallest and largest gap.
    pub(super) gap: [f64; 2],
    /// Widest core beside a gap that may lead into a slot.
    pub(super) widest: f64,
}

/// Gaps up to this many times the largest lead into a slot.
const WIDER_GAPS: f64 = 2.0;
/// Edges further from opposite than this do not face each other, as a cosine: chords of two sharp bends differ less.
const FACING: f64 = 0.8;
/// Cross-sections are taken this far from corners, in dbu.
const INSET: f64 = 0.2;
/// And no further apart than this many largest gaps; where anything changes there is a corner.
const STEP_GAPS: f64 = 20.0;
/// Ends of stretches are found to within this, in dbu.
const FINE: f64 = 0.02;
/// Of two corners beside an edge that are nearer than this to each other one is enough, in dbu.
const COARSE: f64 = 4.0;

/// Places on an edge near both of its ends.
pub(super) fn inset(edges: &Edges, edge: usize) -> [f64; 2] {
    let inset = (INSET / edges.length(edge)).min(0.5);
    [inset, 1.0 - inset]
}

impl Window {
    fn gap_most(&self) -> f64 {
        WIDER_GAPS * self.gap[1]
    }

    /// Width around two rails of the widest kind.
    pub(super) fn outer_most(&self) -> f64 {
        2.0 * self.rail[1] + self.gap[1]
    }
}

/// How well a cross-section fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fit {
    /// A gap that may lead into a slot.
    Near,
    /// Rails and gap are those of the slot guide.
    Slot,
}

/// The four places where a line across a slot guide meets it, and what lies between these.
#[derive(Clone, Copy, Debug)]
pub(super) struct Section {
    /// Outside and inside of the first rail, inside and outside of the second.
    pub(super) places: [Place; 4],
    /// Gap.
    pub(super) gap: f64,
    /// Widths of the rails.
    pub(super) rails: [f64; 2],
    pub(super) fit: Fit,
}

/// A stretch of the inside of a rail along which another one runs.
#[derive(Clone, Debug)]
pub(super) struct Stretch {
    /// In order along the ring of the first rail.
    pub(super) sections: Vec<Section>,
    /// The rails are rings.
    pub(super) is_closed: bool,
}

/// Looks for cross-sections.
pub(super) struct Look<'a> {
    pub(super) edges: &'a Edges,
    pub(super) window: Window,
}

impl Look<'_> {
    /// The cross-section at a place on the inside of a rail.
    pub(super) fn section(&self, at: &Place) -> Option<Section> {
        self.section_across(at, self.edges.along(at.edge))
    }

    /// The cross-section at the same place across the way between both outsides, as the guide is traced.
    pub(super) fn squared(&self, section: &Section) -> Section {
        let [outside, at, _, beyond] = &section.places;
        let (a, b) = (self.edges.along(outside.edge), self.edges.along(beyond.edge));
        let axis = [b[0] - a[0], b[1] - a[1]];
        let size = axis[0].hypot(axis[1]);
        self.section_across(at, axis.map(|v| v / size)).unwrap_or(*section)
    }

    fn section_across(&self, at: &Place, along: [f64; 2]) -> Option<Section> {
        let (edges, window) = (self.edges, &self.window);
        let across = [along[1], -along[0]];
        let faces = |other: &Place, sign: f64| {
            let d = edges.along(other.edge);
            sign * (along[0] * d[0] + along[1] * d[1]) >= FACING
        };
        let (gap, inside) = edges.cast(at, across, window.gap_most()).filter(|(_, p)| faces(p, -1.0))?;
        let back = [-across[0], -across[1]];
        let (first, outside) = edges.cast(at, back, window.widest).filter(|(_, p)| faces(p, -1.0))?;
        let (second, beyond) = edges.cast(&inside, across, window.widest).filter(|(_, p)| faces(p, 1.0))?;
        let within = |v: f64, [low, high]: [f64; 2]| low <= v && v <= high;
        let is_slot = within(gap, window.gap) && within(first, window.rail) && within(second, window.rail);
        // Three rails or a row of teeth are something else.
        let is_one_of_more = |from: &Place, direction: [f64; 2]| {
            edges
                .cast(from, direction, window.gap[1])
                .is_some_and(|(g, p)| g >= window.gap[0] && self.is_rail(&p, direction))
        };
        if is_slot && (is_one_of_more(&outside, back) || is_one_of_more(&beyond, across)) {
            return None;
        }
        let fit = if is_slot { Fit::Slot } else { Fit::Near };
        Some(Section { places: [outside, *at, inside, beyond], gap, rails: [first, second], fit })
    }

    fn is_rail(&self, from: &Place, direction: [f64; 2]) -> bool {
        let found = self.edges.cast(from, direction, self.window.rail[1]);
        found.is_some_and(|(width, _)| width >= self.window.rail[0])
    }

    /// All stretches with a cross-section that fits, cut to what leads to one; each pair of rails twice.
    pub(super) fn stretches(&self) -> Vec<Stretch> {
        let samples = self.samples();
        let mut out = Vec::new();
        for range in self.edges.starts.windows(2) {
            self.of_ring(&samples[range[0]..range[1]], range[0], &mut out);
        }
        out
    }

    /// For each edge where it is looked at: near its ends, now and then between, and where corners are beside it.
    fn samples(&self) -> Vec<Vec<f64>> {
        let edges = self.edges;
        let reach = self.window.widest.max(self.window.gap_most());
        let step = STEP_GAPS * self.window.gap[1];
        let mut samples: Vec<Vec<f64>> = Vec::with_capacity(edges.len());
        let mut beside: Vec<Place> = Vec::new();
        for edge in 0..edges.len() {
            let (length, [dx, dy]) = (edges.length(edge), edges.along(edge));
            let parts = (length / step).ceil() as usize;
            let mut own = inset(edges, edge).to_vec();
            for &u in &own {
                let at = edges.place(edge, u);
                let hits = [[dy, -dx], [-dy, dx]].map(|direction| edges.cast(&at, direction, reach));
                beside.extend(hits.into_iter().flatten().map(|hit| hit.1));
            }
            own.extend((1..parts).map(|k| k as f64 / parts as f64));
            samples.push(own);
        }
        for place in beside {
            samples[place.edge].push(place.u);
        }
        for (edge, own) in samples.iter_mut().enumerate() {
            let inset = own[0];
            own.retain(|u| (inset..=1.0 - inset).contains(u));
            own.sort_unstable_by(f64::total_cmp);
            let (length, last) = (edges.length(edge), own[own.len() - 1]);
            own.dedup_by(|a, b| (*a - *b) * length < COARSE && *a < last);
        }
        samples
    }

    fn of_ring(&self, samples: &[Vec<f64>], first: usize, out: &mut Vec<Stretch>) {
        let places = samples.iter().zip(first..).flat_map(|(own, edge)| own.iter().map(move |&u| (edge, u)));
        let found: Vec<(Place, Option<Section>)> = places
            .map(|(edge, u)| {
                let place = self.edges.place(edge, u);
                (place, self.section(&place))
            })
            // Where two pieces met, the rail may go on a step of the grid aside.
            .filter(|(place, section)| section.is_some() || self.edges.length(place.edge) >= COARSE)
            .collect();
        let n = found.len();
        let goes_on = |i: usize| {
            let ([Some(a), Some(b)], true) = ([&found[i].1, &found[(i + 1) % n].1], n > 1) else { return false };
            // Around the tip of a gap the inside of one rail turns into that of the other.
            let turns = |p: &Place, q: &Place| {
                let (d, e) = (self.edges.along(p.edge), self.edges.along(q.edge));
                d[0] * e[0] + d[1] * e[1] <= 0.0
            };
            a.places
                .iter()
                .zip(&b.places)
                .all(|(p, q)| self.edges.ring(p.edge) == self.edges.ring(q.edge) && !turns(p, q))
        };
        let breaks: Vec<usize> = (0..n).filter(|&i| !goes_on(i)).collect();
        if breaks.is_empty() {
            let sections: Vec<Section> = found.iter().filter_map(|f| f.1).collect();
            if sections.iter().all(|s| s.fit == Fit::Slot) && n > 0 {
                out.push(Stretch { sections, is_closed: true });
            }
            // Rings that are a slot in part begin nowhere in particular: at a place that does not fit best.
            else if let Some(k) = (0..n).find(|&i| found[i].1.is_some_and(|s| s.fit == Fit::Near)) {
                let turned = (0..n).filter_map(|i| found[(k + i) % n].1).collect();
                out.extend(self.stretch(turned));
            }
            return;
        }
        for (k, &from) in breaks.iter().enumerate() {
            let to = breaks[(k + 1) % breaks.len()];
            let count = if breaks.len() == 1 { n } else { (to + n - from) % n };
            let own: Vec<Section> = (1..=count).filter_map(|i| found[(from + i) % n].1).collect();
            if !own.iter().any(|s| s.fit == Fit::Slot) {
                continue;
            }
            let before = self.last(&found[(from + 1) % n].0, &found[from].0);
            let after = self.last(&found[to].0, &found[(to + 1) % n].0);
            let all = before.into_iter().chain(own).chain(after).collect();
            out.extend(self.stretch(all));
        }
    }

    /// The last cross-section between a place that has one and the next that has none or another.
    fn last(&self, good: &Place, bad: &Place) -> Option<Section> {
        if good.edge != bad.edge {
            return None;
        }
        let (mut best, start) = (None, self.section(good)?);
        let length = self.edges.length(good.edge);
        let (mut low, mut high) = (good.u, bad.u);
        while (high - low).abs() * length > FINE {
            let u = f64::midpoint(low, high);
            let same = |s: &Section| {
                s.places.iter().zip(&start.places).all(|(p, q)| self.edges.ring(p.edge) == self.edges.ring(q.edge))
            };
            match self.section(&self.edges.place(good.edge, u)).filter(same) {
                Some(section) => (low, best) = (u, Some(section)),
                None => high = u,
            }
        }
        best
    }

    /// A stretch with a cross-section where it begins and ends to fit; nothing where none fits.
    fn stretch(&self, sections: Vec<Section>) -> Option<Stretch> {
        sections.iter().any(|s| s.fit == Fit::Slot).then(|| {
            let mut out: Vec<Section> = Vec::with_capacity(sections.len() + 2);
            for section in sections {
                if let Some(border) = out.last().and_then(|last| self.border(last, &section)) {
                    out.push(border);
                }
                out.push(section);
            }
            Stretch { sections: out, is_closed: false }
        })
    }

    /// The last that fits of the cross-sections between two neighbours of which one does.
    fn border(&self, a: &Section, b: &Section) -> Option<Section> {
        let [p, q] = [a, b].map(|s| s.places[1]);
        if a.fit == b.fit || p.edge != q.edge {
            return None;
        }
        let (mut good, mut bad) = if a.fit == Fit::Slot { (p.u, q.u) } else { (q.u, p.u) };
        let (mut best, length) = (None, self.edges.length(p.edge));
        while (good - bad).abs() * length > FINE {
            let u = f64::midpoint(good, bad);
            match self.section(&self.edges.place(p.edge, u)).filter(|s| s.fit == Fit::Slot) {
                Some(section) => (good, best) = (u, Some(section)),
                None => bad = u,
            }
        }
        best
    }
}
