//! Slot guides: two rails side by side that guide one mode together.
//!
//! Edges that face each other across a gap, each with the other side of its rail behind it, are looked for in the
//! union of all shapes that lie that close (`edges`, `sections`). The outline around both rails (`outlines`) is traced
//! as any other guide is. Where light goes on otherwise, in a strip beside which one rail ends or in two guides that
//! part, there is a converter: a body with ports of both cross-sections.

mod edges;
mod find;
mod outlines;
mod sections;

use waveguard_base::LayerId;
use waveguard_geom::{Point, region};

use crate::guides;
use crate::plan::Plan;
use crate::trace::{End, TraceOptions};
use edges::Edges;
pub use find::{Converter, Found, Resolved, parts};
pub use outlines::Measured;
use sections::Window;

/// What was measured between the outer edges of a slot guide, in dbu.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Slot {
    /// Cross-section in the recipe.
    pub section: usize,
    /// The gap.
    pub gap: Measured,
    /// Both rails.
    pub rail: Measured,
    /// Area of both rails as part of the area around them.
    pub share: f64,
}

/// Rays are about this many largest gaps long.
const TILE_GAPS: f64 = 8.0;

/// What counts as a slot guide on a layer, with the number of its cross-section.
fn windows(plan: &Plan, layer: LayerId) -> Vec<(usize, Window)> {
    let slack = guides::width_slack(plan);
    let (_, widest_strip) = guides::widths(plan, layer.into());
    let window = |low_nm: f64, high_nm: f64| [plan.dbu(low_nm) - slack, plan.dbu(high_nm) + slack];
    plan.slots(layer)
        .map(|(section, s)| {
            let rail = window(s.rail_min_nm, s.rail_max_nm);
            let gap = window(s.gap_min_nm, s.gap_max_nm);
            (section, Window { rail, gap, widest: widest_strip.max(rail[1]) })
        })
        .collect()
}

/// The largest gap of slot guides on a layer, in dbu; nothing where there are none.
pub fn largest_gap(plan: &Plan, layer: LayerId) -> Option<f64> {
    windows(plan, layer).iter().map(|(_, w)| w.gap[1]).reduce(f64::max)
}

/// The widest rail of slot guides on a layer, in dbu; nothing where there are none.
pub fn widest_rail(plan: &Plan, layer: LayerId) -> Option<f64> {
    windows(plan, layer).iter().map(|(_, w)| w.rail[1]).reduce(f64::max)
}

/// True when some core of a region is no wider than a rail.
pub fn has_rails(rings: &[Vec<Point>], widest_rail: f64) -> bool {
    let edges = Edges::new(rings, widest_rail);
    // Tapers are narrowest where their sides end.
    (0..edges.len()).any(|edge| {
        let [dx, dy] = edges.along(edge);
        sections::inset(&edges, edge).into_iter().any(|u| {
            let across = edges.cast(&edges.place(edge, u), [-dy, dx], widest_rail);
            across.is_some_and(|(_, p)| {
                let other = edges.along(p.edge);
                dx * other[0] + dy * other[1] < 0.0
            })
        })
    })
}

/// The slot guides in a set of shapes, and what else is there; nothing when there is none.
pub fn resolve(plan: &Plan, layer: LayerId, shapes: &[Vec<Vec<Point>>]) -> Option<Resolved> {
    let mut all = Resolved { rest: region::union_of_regions(shapes), ..Resolved::default() };
    let opts = TraceOptions { width_min: 0.0, ..guides::options(plan) };
    for (section, window) in windows(plan, layer) {
        let edges = Edges::new(&all.rest, TILE_GAPS * window.gap[1]);
        if let Some(found) = find::find(&edges, &all.rest, section, window, &opts) {
            all.slots.extend(found.slots);
            all.converters.extend(found.converters);
            all.rest = found.rest;
        }
    }
    (!all.slots.is_empty()).then_some(all)
}

/// The one slot guide that a set of shapes is, and nothing else.
pub fn alone(plan: &Plan, layer: LayerId, shapes: &[&[Point]]) -> Option<Found> {
    plan.slots(layer).next()?;
    let shapes: Vec<Vec<Vec<Point>>> = shapes.iter().map(|ring| vec![ring.to_vec()]).collect();
    let mut found = resolve(plan, layer, &shapes)?;
    let is_alone = found.slots.len() == 1 && found.converters.is_empty() && found.rest.is_empty();
    is_alone.then(|| found.slots.swap_remove(0))
}
