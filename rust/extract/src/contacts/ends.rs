//! Ends and bodies of a form, found by place: a comb has thousands, and a contact asks for those at one place.

use waveguard_geom::{BBox, GridIndex};

use super::distance;
use crate::network::OfBox;
use crate::trace::End;

/// Up to so many all are looked at.
const FEW: usize = 32;
/// Rounding of displacements must not lose what is as far as asked, in dbu.
const ROUNDING: f64 = 1.0;
/// Ends are sorted into tiles of so many of their widths.
const TILE_WIDTHS: f64 = 4.0;

/// An end of a guide with its direction, which is asked for at every contact.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cap {
    pub(super) end: End,
    sin_cos: (f64, f64),
    /// What its guide may be of the box of a coupler.
    pub(super) of_box: OfBox,
}

impl Cap {
    /// A place seen from the end: along its direction and across it, without sign.
    pub(super) fn seen(&self, p: [f64; 2]) -> (f64, f64) {
        let (sin, cos) = self.sin_cos;
        let d = [p[0] - self.end.x, p[1] - self.end.y];
        (d[0] * cos + d[1] * sin, (d[1] * cos - d[0] * sin).abs())
    }

    pub(super) fn may_be_box(&self) -> bool {
        self.of_box != OfBox::Nothing
    }

    /// The end displaced.
    pub(super) fn moved(&self, by: [f64; 2]) -> Self {
        let end = End { x: self.end.x + by[0], y: self.end.y + by[1], ..self.end };
        Self { end, ..*self }
    }
}

/// The ends of a form.
#[derive(Debug)]
pub(super) struct Caps {
    all: Vec<Cap>,
    /// Width of the widest.
    pub(super) widest: f64,
    index: Option<GridIndex>,
}

impl Caps {
    pub(super) fn new(ends: impl Iterator<Item = End>, of_box: &[OfBox]) -> Self {
        let cap = |(end, &of_box): (End, &OfBox)| Cap { end, sin_cos: end.direction_rad.sin_cos(), of_box };
        let all: Vec<Cap> = ends.zip(of_box).map(cap).collect();
        let widest = all.iter().fold(0.0, |w: f64, cap| w.max(cap.end.width));
        let index = (all.len() > FEW).then(|| {
            let at = |cap: &Cap| BBox { min: [cap.end.x, cap.end.y], max: [cap.end.x, cap.end.y] };
            GridIndex::new(&all.iter().map(at).collect::<Vec<_>>(), TILE_WIDTHS * widest)
        });
        Self { all, widest, index }
    }

    pub(super) fn all(&self) -> &[Cap] {
        &self.all
    }

    /// True for any end that is as asked; those further from a place than `reach`, along x or y, may be left out.
    pub(super) fn any_near(&self, p: [f64; 2], reach: f64, mut is: impl FnMut(&Cap) -> bool) -> bool {
        match &self.index {
            None => self.all.iter().any(is),
            Some(index) => {
                let window = BBox { min: p, max: p }.grown(reach + ROUNDING);
                !index.candidates_while(&window, |k| !is(&self.all[k]))
            }
        }
    }
}

/// Outlines of bodies, edge by edge.
#[derive(Debug)]
pub(super) struct Sides {
    edges: Vec<[[f64; 2]; 2]>,
    /// For each edge the width of the widest guide that enters its body; infinite when none does.
    widest: Vec<f64>,
    index: Option<GridIndex>,
}

impl Sides {
    /// Of rings with the widest guide that enters the body of each.
    pub(super) fn new(rings: &[(Vec<[f64; 2]>, f64)]) -> Self {
        let edge = |ring: &[[f64; 2]], i: usize| [ring[i], ring[(i + 1) % ring.len()]];
        let edges = rings.iter().flat_map(|(ring, _)| (0..ring.len()).map(|i| edge(ring, i))).collect::<Vec<_>>();
        let widest = rings.iter().flat_map(|(ring, widest)| ring.iter().map(|_| *widest)).collect();
        let index = (edges.len() > FEW).then(|| {
            let around = |[p, q]: &[[f64; 2]; 2]| {
                let mut bbox = BBox { min: *p, max: *p };
                bbox.add(q[0], q[1]);
                bbox
            };
            let boxes: Vec<BBox> = edges.iter().map(around).collect();
            let mut all = BBox::EMPTY;
            for b in &boxes {
                all.add_box(b);
            }
            let size = (all.max[0] - all.min[0]).max(all.max[1] - all.min[1]);
            GridIndex::new(&boxes, size / (edges.len() as f64).sqrt())
        });
        Self { edges, widest, index }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.edges.is_empty()
    }

    /// True when a place is on the outline of a body that may be meant, by the widest guide that enters it.
    pub(super) fn any_at(&self, p: [f64; 2], reach: f64, is_meant: impl Fn(f64) -> bool) -> bool {
        let is = |i: usize| is_meant(self.widest[i]) && distance(p, self.edges[i]) <= reach;
        match &self.index {
            None => (0..self.edges.len()).any(is),
            Some(index) => {
                let window = BBox { min: p, max: p }.grown(reach + ROUNDING);
                !index.candidates_while(&window, |i| !is(i))
            }
        }
    }
}
