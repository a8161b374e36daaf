//! What a region drawn outside devices holds: a guide, a network of guides, or nothing known.

mod jumps;

use std::f64::consts::{FRAC_PI_2, PI};
use std::sync::Arc;

use waveguard_base::LayerId;
use waveguard_geom::transform::wrap_angle;
use waveguard_geom::{BBox, Point, region, ring, seam};

use crate::devices::{DeviceSource, Proto};
use crate::guides::{self, Core, Guide, SLANTED_RAD};
use crate::merge::SEAM_DBU;
use crate::network::jogs::{self, Jump, Smooth};
use crate::network::{self, Body, Lost, Network, NetworkOptions, OfBox};
use crate::pins::{LocalPort, PortSource};
use crate::plan::Plan;
use crate::recipe::PortKind;
use crate::slots::{Converter, Found, Slot};
use crate::trace::{CapHint, End};

/// What came of a region, in its own frame, in dbu.
#[derive(Clone, Debug, Default)]
pub struct Drawn {
    /// Guides first, then bodies; a lone device without ports when nothing is known of the region.
    pub protos: Vec<Proto>,
    /// Ends of guides that lead out of the region.
    pub ends: Vec<End>,
    /// For each of them what its guide may be of the box of a multimode coupler.
    pub of_box: Vec<OfBox>,
    /// Why nothing is known of the region.
    pub reason: Option<&'static str>,
    /// A wall of teeth runs up to a cap of it: what touches it there is a piece of it.
    pub is_toothed: bool,
    /// Nothing is known of it only because it is narrower than guides are: what ends in all of a cap of it goes on in it.
    pub is_narrow: bool,
}

/// A drawn region that is more than a guide.
#[derive(Clone, Debug)]
pub struct Region {
    /// Layer it is drawn on.
    pub layer: LayerId,
    /// Outer rings and holes, in the frame of its parts.
    pub rings: Vec<Vec<Point>>,
    /// Area as drawn, in dbu².
    pub area: f64,
    /// Set where the rings are around the two rails of a slot guide.
    pub slot: Option<Arc<Slot>>,
    /// Where guides go on aside of teeth that the rings have no more.
    pub jumps: Vec<Jump>,
}

impl Region {
    /// What its outline stands for.
    pub fn core(&self) -> Core<'_> {
        Core { layer: self.layer, slot: self.slot.as_ref() }
    }
}

/// Guides are no narrower than this part of the narrowest cross-section of their layer.
const NARROWEST: f64 = 0.7;
/// Longest step of a side, in widths of the widest guide.
const STEP_WIDTHS: f64 = 2.0;
/// A stretch of a network shorter than this many widths belongs to the junction beside it. No round number, as drawn
/// lengths are round.
const ASPECT: f64 = 2.96;

/// Why a shape that is hardly longer than wide is no guide by itself.
const SHORT: &str = "short and joined to nothing";
/// Why a ring is none.
const CLOSED: &str = "it closes on itself";

/// Works out one region: rings of one connected piece, the outer one first.
pub fn of_region(plan: &Plan, layer: LayerId, rings: &[Vec<Point>], area: f64) -> Drawn {
    of_core(plan, layer.into(), rings, area)
}

/// Works out the outline around the two rails of a slot guide.
pub fn of_slot(plan: &Plan, layer: LayerId, found: &Found, area: f64) -> Drawn {
    let slot = Arc::new(found.slot);
    of_core(plan, Core { layer, slot: Some(&slot) }, &found.rings, area)
}

/// What leads from a slot guide to other guides.
pub fn of_converter(plan: &Plan, layer: LayerId, converter: &Converter, area: f64) -> Drawn {
    let ports = converter.ports.iter().map(|end| port(end, PortSource::Junction, None, LEAST_GRID)).collect();
    let outline = converter.rings.clone();
    let proto = Proto { ports, bbox: boxed(&outline), outline, junction: Some(converter.at), ..empty() };
    let mut drawn = Drawn { protos: vec![proto], ..Drawn::default() };
    finish(plan, &mut drawn, layer, area);
    drawn
}

fn of_core(plan: &Plan, core: Core, rings: &[Vec<Point>], area: f64) -> Drawn {
    let (_, widest) = guides::widths(plan, core);
    let longest = STEP_WIDTHS * widest;
    // A hole that is reached by a cut is a hole: the cut would pass for a pair of caps.
    let opened = if let [ring] = rings { ring::is_cut_open(ring).then(|| region::union(&[ring])) } else { None };
    let rings = opened.as_deref().unwrap_or(rings);
    let closed = without_slits(rings);
    let rings = closed.as_deref().unwrap_or(rings);
    let whole = if let [ring] = rings { jogs::with_whole_steps(ring, longest).map(|ring| [ring]) } else { None };
    let rings = whole.as_ref().map_or(rings, |whole| &whole[..]);
    let of_ring = |ring: &[Point]| jogs::smoothed_and_stepped(ring, longest);
    let (mut smooth, mut is_stepped) = if let [ring] = rings { of_ring(ring) } else { (None, false) };
    // Slits that rounding leaves between pieces part a row of teeth: what is left of it may be few.
    let healed = if is_stepped || smooth.is_some() { healed(rings) } else { None };
    let rings = healed.as_deref().unwrap_or(rings);
    if let (Some(_), [ring]) = (&healed, rings) {
        (smooth, is_stepped) = of_ring(ring);
    }
    let jumps = if smooth.is_some() { jogs::jumps(rings, longest) } else { Vec::new() };
    let Smooth { ring, corners } = smooth.unwrap_or_default();
    let rings = if ring.is_empty() { rings } else { &[ring][..] };
    let (reason, ribbon) = match rings {
        [ring] if !is_stepped => match guides::of_shape(plan, core, ring, f64::NAN) {
            Ok(guide) if guide.trace.length < ASPECT * guide.trace.width_max => (SHORT, None),
            Ok(guide) => ("", Some(guide)),
            Err(reason) => (reason, None),
        },
        [_] => ("its width jumps", None),
        _ => (CLOSED, None),
    };
    let mut drawn = match ribbon {
        Some(guide) => of_ribbon(guide, &rings[0], &corners),
        None => of_network(plan, core, rings, reason),
    };
    drawn.is_toothed = !corners.is_empty();
    drawn.is_narrow = drawn.reason.is_some() && matches!(rings, [ring] if guides::is_too_narrow(plan, core, ring));
    if let ([ring], true) = (rings, is_stepped) {
        leave_out_ends(&mut drawn, ring, longest);
    }
    jumps::told(&mut drawn.protos, &jumps);
    finish(plan, &mut drawn, core.layer, area);
    if drawn.reason.is_some() || drawn.protos.iter().any(|p| p.junction.is_some()) {
        let region = Region { layer: core.layer, rings: rings.to_vec(), area, slot: core.slot.cloned(), jumps };
        let region = Arc::new(region);
        drawn.protos.iter_mut().for_each(|p| p.region = Some(Arc::clone(&region)));
    }
    drawn
}

/// Rings without slits at joints; `None` when they have none.
fn without_slits(rings: &[Vec<Point>]) -> Option<Vec<Vec<Point>>> {
    // A ring alone may have been drawn either way around.
    let is_region = rings.len() > 1;
    let closed: Vec<_> = rings.iter().map(|ring| ring::without_slits(ring, is_region)).collect();
    let has_some = closed.iter().any(Option::is_some);
    has_some.then(|| closed.into_iter().zip(rings).map(|(new, old)| new.unwrap_or_else(|| old.clone())).collect())
}

/// A ring without slits that are no wider than what rounding opens; `None` when it has none, or is more than one ring
/// without them.
fn healed(rings: &[Vec<Point>]) -> Option<Vec<Vec<Point>>> {
    let mut whole = region::union_of_regions(&[seam::closed(rings, SEAM_DBU)?]);
    whole.retain(|ring| !is_crack(ring));
    (whole.len() == 1).then_some(whole)
}

fn finish(plan: &Plan, drawn: &mut Drawn, layer: LayerId, area: f64) {
    settle_area(plan, layer, drawn, area);
    drawn.protos.iter_mut().for_each(|p| p.layer = Some(layer));
}

/// True when the end of a guide is cut perpendicular to its axis.
fn is_square(guide: &Guide, k: usize, ring: &[Point]) -> bool {
    let end = &guide.trace.ends[k];
    let line = &guide.line;
    let [from, to] = if k == 0 { [line[0], line[1]] } else { [line[line.len() - 1], line[line.len() - 2]] };
    let axis = (to[1] - from[1]).atan2(to[0] - from[0]);
    let farthest = end.width / 2.0 + 2.0 * CORNER_DBU;
    let corner = ring.iter().find_map(|p| {
        let d = [f64::from(p.x) - end.x, f64::from(p.y) - end.y];
        // Nearly all corners end here.
        if d[0] * d[0] + d[1] * d[1] > farthest * farthest {
            return None;
        }
        let off = d[0].hypot(d[1]) - end.width / 2.0;
        let aside = wrap_angle(d[1].atan2(d[0]) - axis).abs();
        (off.abs() <= CORNER_DBU && aside > 0.5 && aside < PI - 0.5).then_some(aside)
    });
    corner.is_none_or(|aside| (aside - FRAC_PI_2).abs() <= SLANTED_RAD)
}

/// True when one of these corners is that of an end.
fn has_corner(end: &End, corners: &[Point]) -> bool {
    let off = |p: &Point| (f64::from(p.x) - end.x).hypot(f64::from(p.y) - end.y) - end.width / 2.0;
    corners.iter().any(|p| off(p).abs() <= CORNER_DBU)
}

/// Takes ends out that are nearer to a step of the outline than they are wide: what lies between has no way of its own,
/// and a cap there, as where rounding parted a row of teeth, says nothing of what goes on behind it.
fn leave_out_ends(drawn: &mut Drawn, ring: &[Point], longest: f64) {
    let steps = jogs::find(ring, longest);
    let is_beside = |end: &End| {
        let (sin, cos) = end.direction_rad.sin_cos();
        let is_near = |p: &Point| {
            let d = [f64::from(p.x) - end.x, f64::from(p.y) - end.y];
            let (along, aside) = (d[0] * cos + d[1] * sin, (d[1] * cos - d[0] * sin).abs());
            along.abs() <= end.width && aside <= end.width
        };
        steps.iter().any(|&i| is_near(&ring[i]) || is_near(&ring[(i + 1) % ring.len()]))
    };
    let ends = std::mem::take(&mut drawn.ends).into_iter().zip(std::mem::take(&mut drawn.of_box));
    (drawn.ends, drawn.of_box) = ends.filter(|(end, _)| !is_beside(end)).unzip();
}

/// Corners of a cap are off half of its width by rounding only, in dbu.
const CORNER_DBU: f64 = 1.5;

/// A guide alone. It has no ends that another shape may be joined to where it was cut askew, or between the teeth of a
/// wall, whose last one says nothing of what goes on there: what touches it there is a piece of it.
fn of_ribbon(guide: Guide, ring: &[Point], corners: &[Point]) -> Drawn {
    let has_line = guide.line.len() >= 2;
    let is_end = |k: usize| !has_line || is_square(&guide, k, ring) && !has_corner(&guide.trace.ends[k], corners);
    let ends: Vec<End> = (0..2).filter(|&k| is_end(k)).map(|k| guide.trace.ends[k]).collect();
    let of_box = vec![OfBox::alone(&guide.trace); ends.len()];
    let proto = guide_proto(Arc::new(guide));
    Drawn { protos: vec![proto], ends, of_box, ..Drawn::default() }
}

fn options(plan: &Plan, core: Core) -> NetworkOptions {
    let (narrowest, widest) = guides::widths(plan, core);
    NetworkOptions {
        width_min: narrowest * NARROWEST,
        width_max: widest,
        step_max: STEP_WIDTHS * widest,
        aspect: ASPECT,
        trace: guides::options(plan),
    }
}

fn of_network(plan: &Plan, core: Core, rings: &[Vec<Point>], reason: &'static str) -> Drawn {
    let opts = options(plan, core);
    // One ring may cross or touch itself, as a hole does that is reached by a cut.
    let closed = seam::closed(rings, SEAM_DBU);
    let whole = region::union_of_regions(&[closed.unwrap_or_else(|| rings.to_vec())]);
    let Tidied { rings: regular, corners, jumps } = tidied(whole, &opts);
    if let ([ring], true) = (&regular[..], reason != SHORT && regular != rings)
        && jogs::find(ring, opts.step_max).is_empty()
        && let Ok(guide) = guides::of_shape(plan, core, ring, f64::NAN)
    {
        let mut drawn = of_ribbon(guide, ring, &corners);
        jumps::told(&mut drawn.protos, &jumps);
        return drawn;
    }
    let found = if opts.width_max > 0.0 && reason != SHORT {
        network::decompose(&regular, &[], &opts)
    } else {
        Err(network::NoNetwork::NoGuide { lost: None })
    };
    let lost = match found {
        Ok(network) => {
            let mut drawn = of_parts(plan, core, network);
            jumps::told(&mut drawn.protos, &jumps);
            (drawn.ends, drawn.of_box) =
                drawn.ends.into_iter().zip(drawn.of_box).filter(|(end, _)| !has_corner(end, &corners)).unzip();
            return drawn;
        }
        Err(network::NoNetwork::NoGuide { lost }) => lost.into_iter().collect(),
        Err(_) => Vec::new(),
    };
    let proto = Proto { outline: rings.to_vec(), bbox: boxed(rings), reason: Some(reason), lost, ..empty() };
    Drawn { protos: vec![proto], reason: Some(reason), ..Drawn::default() }
}

/// A region as light sees it.
struct Tidied {
    /// Without cracks that rounding left, and with smooth walls for teeth.
    rings: Vec<Vec<Point>>,
    /// Corners of caps between teeth.
    corners: Vec<Point>,
    /// Where guides go on aside of the teeth.
    jumps: Vec<Jump>,
}

fn tidied(mut rings: Vec<Vec<Point>>, opts: &NetworkOptions) -> Tidied {
    rings.retain(|ring| !is_crack(ring));
    for ring in &mut rings {
        if let Some(whole) = jogs::with_whole_steps(ring, opts.step_max) {
            *ring = whole;
        }
    }
    let smooth: Vec<Option<Smooth>> = rings.iter().map(|ring| jogs::smoothed(ring, opts.step_max)).collect();
    let jumps = if smooth.iter().any(Option::is_some) { jogs::jumps(&rings, opts.step_max) } else { Vec::new() };
    let mut corners = Vec::new();
    for (ring, smooth) in rings.iter_mut().zip(smooth) {
        if let Some(mut smooth) = smooth {
            *ring = smooth.ring;
            corners.append(&mut smooth.corners);
        }
    }
    Tidied { rings, corners, jumps }
}

/// True for a hole, which runs clockwise, that is no wider than what rounding opens.
fn is_crack(ring: &[Point]) -> bool {
    let double_area = ring::double_area(ring) as f64;
    let edge = |i: usize| (ring[i].distance_sq(ring[(i + 1) % ring.len()]) as f64).sqrt();
    double_area < 0.0 && -double_area <= SEAM_DBU * (0..ring.len()).map(edge).sum::<f64>()
}

/// The parts of a region, now that it is known which guides enter it; their directions are those out of the region.
/// `None` when it is no more than a guide, or has no parts that all of the entries lead to.
pub fn entered(plan: &Plan, region: &Region, entries: &[CapHint]) -> Option<Vec<Proto>> {
    let opts = options(plan, region.core());
    let closed = seam::closed(&region.rings, SEAM_DBU);
    let rings = network::with_stubs(closed.as_ref().unwrap_or(&region.rings), entries, ASPECT);
    let Tidied { rings, jumps, .. } = tidied(rings, &opts);
    let network = network::decompose(&rings, entries, &opts).ok()?;
    if network.bodies.is_empty() {
        return None;
    }
    let mut drawn = of_parts(plan, region.core(), network);
    jumps::told(&mut drawn.protos, &jumps);
    jumps::told(&mut drawn.protos, &region.jumps);
    finish(plan, &mut drawn, region.layer, region.area);
    Some(drawn.protos)
}

/// True for a body that is no more than the line at which a guide goes on with another width: the two meet each other.
fn is_step(body: &Body) -> bool {
    let [a, b] = &body.ports[..] else { return false };
    let turned = wrap_angle(a.direction_rad - b.direction_rad + PI).abs();
    body.lost.is_empty() && meet(&[*a, *b]) && turned <= SLANTED_RAD
}

fn of_parts(plan: &Plan, core: Core, network: Network) -> Drawn {
    let mut drawn = Drawn::default();
    let number = plan.core_number(core.layer);
    let mut hairs = network.hairs;
    let mut add = |mut proto: Proto, area: f64| {
        proto.core_area = vec![0.0; plan.recipe.core_layers.len()];
        if let Some(k) = number {
            proto.core_area[k] = area;
        }
        drawn.protos.push(proto);
    };
    for part in network.guides {
        let is_ring = part.bodies == [None; 2] && meet(&part.trace.ends);
        let free = part.trace.ends.iter().zip(part.bodies).filter(|(_, body)| body.is_none() && !is_ring);
        let before = drawn.ends.len();
        drawn.ends.extend(free.map(|(end, _)| *end));
        drawn.of_box.extend((before..drawn.ends.len()).map(|_| part.of_box));
        let area = part.trace.area;
        let guide = guides::of_trace(plan, core, part.trace);
        add(Proto { lost: std::mem::take(&mut hairs), ..guide_proto(Arc::new(guide)) }, area);
    }
    for body in network.bodies.into_iter().filter(|body| !is_step(body)) {
        let lost: Vec<Lost> = body.lost.into_iter().chain(std::mem::take(&mut hairs)).collect();
        let ports = body.ports.iter().map(|end| port(end, PortSource::Junction, None, LEAST_GRID)).collect();
        let mut bbox = boxed(&body.rings);
        // A body may be no more than a line between guides.
        bbox.add_box(&BBox { min: body.at, max: body.at });
        body.ports.iter().for_each(|p| bbox.add_box(&BBox { min: [p.x, p.y], max: [p.x, p.y] }));
        add(Proto { ports, outline: body.rings, bbox, junction: Some(body.at), lost, ..empty() }, body.area);
    }
    drawn
}

/// A device as good as nothing.
fn empty() -> Proto {
    Proto {
        ports: Vec::new(),
        outline: Vec::new(),
        bbox: BBox::EMPTY,
        guide: None,
        source: DeviceSource::Junction,
        core_area: Vec::new(),
        junction: None,
        region: None,
        shape: None,
        layer: None,
        reason: None,
        broken_at: None,
        lost: Vec::new(),
        shapes: Arc::default(),
    }
}

/// Step of the grid where no guide says that it is coarser, in dbu.
const LEAST_GRID: f64 = 1.0;

/// The device that a guide is by itself.
pub fn guide_proto(guide: Arc<Guide>) -> Proto {
    let of = |end: &End| port(end, PortSource::GuideEnd, guide.section, guide.trace.grid);
    let ports = guide.trace.ends.iter().map(of).collect();
    let mut bbox = BBox::EMPTY;
    for [x, y, width] in &guide.line {
        bbox.add_box(&BBox { min: [*x, *y], max: [*x, *y] }.grown(width / 2.0));
    }
    Proto { ports, bbox, source: DeviceSource::Drawn, guide: Some(guide), ..empty() }
}

fn port(end: &End, source: PortSource, section: Option<usize>, grid: f64) -> LocalPort {
    LocalPort {
        name: String::new(),
        at: [end.x, end.y],
        direction_rad: wrap_angle(end.direction_rad),
        width: end.width,
        width_error: end.width_error(grid),
        kind: PortKind::Optical,
        oriented: true,
        play: 0.0,
        slack_rad: 0.0,
        source,
        section,
    }
}

/// True when the two ends of a guide are one place.
fn meet([a, b]: &[End; 2]) -> bool {
    (a.x - b.x).hypot(a.y - b.y) <= 1.0
}

fn boxed(rings: &[Vec<Point>]) -> BBox {
    let mut bbox = BBox::EMPTY;
    for ring in rings {
        bbox.add_box(&BBox::of_points(ring));
    }
    bbox
}

/// Gives the parts the area of the region: what was cut off as corners and teeth goes to the last guide.
fn settle_area(plan: &Plan, layer: LayerId, drawn: &mut Drawn, area: f64) {
    let Some(k) = plan.core_number(layer) else {
        drawn.protos.iter_mut().for_each(|p| p.core_area = vec![0.0; plan.recipe.core_layers.len()]);
        return;
    };
    let n = plan.recipe.core_layers.len();
    for proto in &mut drawn.protos {
        proto.core_area.resize(n, 0.0);
    }
    let known: f64 = drawn.protos.iter().map(|p| p.core_area[k]).sum();
    if known > area {
        // A shape that crosses itself has less area by its corners than it covers.
        drawn.protos.iter_mut().for_each(|p| p.core_area[k] *= area / known);
    } else {
        // What is drawn twice counts twice, but a place where guides meet is as large as it is.
        let guide = drawn.protos.iter().rposition(|p| p.guide.is_some());
        let last = guide.or_else(|| drawn.protos.len().checked_sub(1));
        if let Some(proto) = last.map(|i| &mut drawn.protos[i]) {
            proto.core_area[k] += area - known;
        }
    }
}
