//! Guides that end before a body without a port there: what is missing between the two.
//!
//! A guide drawn up to the side of a box enters it where it ends. Where it ends short of the side, nothing else says that
//! it was meant to: the body gets a port where the guide would enter it, so that the gap is one of two ports.

use std::f64::consts::PI;

use waveguard_geom::transform::wrap_angle;
use waveguard_geom::{BBox, GridIndex};

use super::{Outline, of};
use crate::cells::CellPlan;
use crate::pins::{LocalPort, PortSource};
use crate::place::Placed;
use crate::plan::Plan;
use crate::recipe::PortKind;
use crate::trace::End;

/// The side that a guide would enter is square to it within this, in rad.
const SQUARE_RAD: f64 = 0.3;
/// The whole guide would enter: places so many of its widths from its axis have the side ahead of them, too.
const ACROSS_WIDTHS: f64 = 0.45;
/// Ports this many widths of a guide away are where it would enter.
const AT_WIDTHS: f64 = 1.0;

/// Adds to the ports of each outline those where guides would enter it if they did not end before it. Only to what other
/// guides enter: what no light reaches is no device.
pub(super) fn add(
    plan: &Plan,
    cells: &[CellPlan],
    devices: &[Placed],
    outlines: &[Outline],
    caps: &[Vec<(End, usize)>],
    ports: &mut [Vec<LocalPort>],
) {
    let reach = plan.dbu(plan.recipe.tolerances.near_miss_nm);
    let known = |k: usize| {
        let placed = &devices[outlines[k].device];
        of(cells, placed).ports.iter().map(|p| p.transformed(&placed.transform))
    };
    let bodies: Vec<usize> = (0..outlines.len())
        .filter(|&k| {
            let own = of(cells, &devices[outlines[k].device]);
            own.is_free() && own.guide.is_none() && (!ports[k].is_empty() || !own.ports.is_empty())
        })
        .collect();
    if bodies.is_empty() {
        return;
    }
    let boxes: Vec<BBox> = bodies.iter().map(|&k| outlines[k].bbox.grown(reach)).collect();
    let size = boxes.iter().map(|b| (b.max[0] - b.min[0]).max(b.max[1] - b.min[1])).sum::<f64>() / boxes.len() as f64;
    let index = GridIndex::new(&boxes, size.max(reach));
    let mut near: Vec<(usize, LocalPort)> = Vec::new();
    for placed in devices {
        let proto = of(cells, placed);
        if !proto.is_free() || proto.guide.is_none() {
            continue;
        }
        for end in &proto.ports {
            let port = end.transformed(&placed.transform);
            let place = BBox { min: port.at, max: port.at };
            index.candidates(&place, |i| {
                let k = bodies[i];
                if devices[outlines[k].device].top == placed.top && boxes[i].touches(&place) {
                    near.push((k, port.clone()));
                }
            });
        }
    }
    for (k, port) in open(plan, cells, devices, outlines, near) {
        let Some(gap) = gap_to(&outlines[k], &port, reach) else { continue };
        let (sin, cos) = port.direction_rad.sin_cos();
        let foot = [port.at[0] + gap * cos, port.at[1] + gap * sin];
        let is_near = |x: f64, y: f64| (x - foot[0]).hypot(y - foot[1]) <= AT_WIDTHS * port.width;
        let has_port = known(k).chain(ports[k].iter().cloned()).any(|p| is_near(p.at[0], p.at[1]));
        if !has_port && !caps[k].iter().any(|(cap, _)| is_near(cap.x, cap.y)) {
            let direction_rad = wrap_angle(port.direction_rad + PI);
            ports[k].push(LocalPort { at: foot, direction_rad, source: PortSource::Junction, section: None, ..port });
        }
    }
}

/// How far ahead of a guide the side of a body is, square to it and as wide as it.
pub(super) fn gap_to(outline: &Outline, port: &LocalPort, reach: f64) -> Option<f64> {
    let (sin, cos) = port.direction_rad.sin_cos();
    let ahead = |across: f64| {
        let from = [port.at[0] - across * port.width * sin, port.at[1] + across * port.width * cos];
        let hit = |[a, b]: &[[f64; 2]; 2]| {
            let seen = [a, b].map(|p| {
                let d = [p[0] - from[0], p[1] - from[1]];
                [d[0] * cos + d[1] * sin, d[1] * cos - d[0] * sin]
            });
            let [p, q] = seen;
            if (p[1] > 0.0) == (q[1] > 0.0) {
                return None;
            }
            let along = p[0] + (q[0] - p[0]) * p[1] / (p[1] - q[1]);
            let is_square = (q[0] - p[0]).abs() <= SQUARE_RAD.tan() * (q[1] - p[1]).abs();
            (along >= 0.0).then_some((along, is_square))
        };
        // What is nearest ahead counts, whichever way it looks.
        let mut first: Option<(f64, bool)> = None;
        let mut look = |i: usize| {
            if let Some(one) = hit(&outline.edges[i]) {
                first = Some(first.filter(|f| f.0 <= one.0).unwrap_or(one));
            }
        };
        match &outline.index {
            None => (0..outline.edges.len()).for_each(&mut look),
            Some(index) => {
                let mut window = BBox { min: from, max: from };
                let to = [from[0] + reach * cos, from[1] + reach * sin];
                window.add_box(&BBox { min: to, max: to });
                index.candidates(&window, &mut look);
            }
        }
        first.filter(|(along, is_square)| *is_square && *along <= reach).map(|(along, _)| along)
    };
    let middle = ahead(0.0)?;
    let is_all = [-ACROSS_WIDTHS, ACROSS_WIDTHS].into_iter().all(|across| ahead(across).is_some());
    is_all.then_some(middle)
}

/// Those of some ends of guides, each before an outline, that have no other port where they are.
fn open(
    plan: &Plan,
    cells: &[CellPlan],
    devices: &[Placed],
    outlines: &[Outline],
    mut ends: Vec<(usize, LocalPort)>,
) -> Vec<(usize, LocalPort)> {
    if ends.is_empty() {
        return ends;
    }
    let reach = plan.dbu(plan.recipe.tolerances.snap_nm) + 1.0;
    let boxes: Vec<BBox> = ends.iter().map(|(_, p)| BBox { min: p.at, max: p.at }.grown(reach)).collect();
    let index = GridIndex::new(&boxes, 4.0 * reach);
    let mut n_there = vec![0_u32; ends.len()];
    for placed in devices {
        for port in of(cells, placed).ports.iter().filter(|p| p.kind == PortKind::Optical) {
            let at = placed.transform.apply(port.at[0], port.at[1]);
            index.candidates(&BBox { min: at, max: at }, |i| {
                let (k, own) = (ends[i].0, ends[i].1.at);
                let is_there = (at[0] - own[0]).hypot(at[1] - own[1]) <= reach;
                n_there[i] += u32::from(is_there && devices[outlines[k].device].top == placed.top);
            });
        }
    }
    // One of them is the end itself.
    let mut n_there = n_there.into_iter();
    ends.retain(|_| n_there.next().is_some_and(|n| n <= 1));
    ends
}
