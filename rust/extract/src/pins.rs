//! Pins as drawn → ports in the frame of their cell.
//!
//! Files draw pins in several ways and with lengths from 10 to 200 nm, so only the middle of a pin is a
//! position. Repetitions are expanded: one path with a repetition of two is two pins.

use std::f64::consts::{FRAC_PI_2, PI};

use rustc_hash::FxHashSet;
use waveguard_base::{CellId, LayerId, Problem};
use waveguard_geom::transform::wrap_angle;
use waveguard_geom::{BBox, GridIndex, Point, Transform};
use waveguard_layout::Repetition;

use crate::cuts::COPIES_NOT_READ;
use crate::plan::Plan;
use crate::recipe::{PinShape, PortKind};

/// Where a port was read from; the codes of column `source` of the table `ports`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PortSource {
    /// A pin drawn as a path.
    Path = 0,
    /// A pin drawn as a rectangle.
    Rectangle = 1,
    /// Cell metadata.
    Metadata = 2,
    /// The end of a drawn guide.
    GuideEnd = 3,
    /// A fibre target.
    Fibre = 4,
    /// A place where a guide enters what it was drawn into.
    Junction = 5,
}

/// A port in the frame of a cell, in dbu.
#[derive(Clone, Debug)]
pub struct LocalPort {
    /// Name; empty when none was found.
    pub name: String,
    /// Position.
    pub at: [f64; 2],
    /// Direction out of the device; NaN for ports without one.
    pub direction_rad: f64,
    /// Width; NaN when unknown.
    pub width: f64,
    /// Bound on what rounding to the grid adds to a width that was measured, or takes from it; 0 for stated ones.
    pub width_error: f64,
    /// What it carries.
    pub kind: PortKind,
    /// False when the sign of the direction was guessed from the outline, so either sign may join.
    pub oriented: bool,
    /// How far from its position, along its direction, the core may end: half the length of an old pin,
    /// whose core overlaps the next by as much; else 0.
    pub play: f64,
    /// By how much rounding to the grid may have turned its direction: a step over the length of the pin.
    pub slack_rad: f64,
    /// Where it was read from.
    pub source: PortSource,
    /// Cross-section in the recipe.
    pub section: Option<usize>,
}

impl LocalPort {
    /// The port as placed.
    #[must_use]
    pub fn transformed(&self, t: &Transform) -> Self {
        Self {
            at: t.apply(self.at[0], self.at[1]),
            direction_rad: if self.direction_rad.is_nan() { f64::NAN } else { t.apply_angle(self.direction_rad) },
            width: self.width * t.magnification(),
            width_error: self.width_error * t.magnification(),
            play: self.play * t.magnification(),
            ..self.clone()
        }
    }
}

/// What is known of a pin's direction before the outline of its device is.
#[derive(Clone, Copy, Debug)]
pub enum Heading {
    /// Drawn.
    Known(f64),
    /// An axis without sign, and half the length of the pin.
    Axis(f64, f64),
    /// A rectangle; the nearest border of the device decides.
    Block(BBox),
    /// A rectangle on the end face of the core.
    Edge(BBox),
    /// None.
    None,
}

/// A pin as drawn.
#[derive(Clone, Debug)]
pub struct Pin {
    /// All that is known already; direction and width may be missing.
    pub port: LocalPort,
    /// What is known of the direction.
    pub heading: Heading,
}

impl Pin {
    /// The pin seen from a cell that places its cell.
    #[must_use]
    pub fn transformed(&self, t: &Transform) -> Self {
        let heading = match self.heading {
            Heading::Known(a) => Heading::Known(t.apply_angle(a)),
            Heading::Axis(a, half) => Heading::Axis(t.apply_angle(a), half * t.magnification()),
            Heading::Block(b) => Heading::Block(b.transformed(t)),
            Heading::Edge(b) => Heading::Edge(b.transformed(t)),
            Heading::None => Heading::None,
        };
        Self { port: self.port.transformed(t), heading }
    }

    /// The port, its direction settled with the outline of its device: marker rings, and the box of the
    /// marker or else of the core.
    pub fn settled(&self, markers: &[Vec<Point>], outline: &BBox) -> LocalPort {
        let mut port = self.port.clone();
        match self.heading {
            Heading::Known(a) => port.direction_rad = a,
            Heading::None => {}
            Heading::Axis(a, half) => {
                port.oriented = false;
                port.play = half;
                port.direction_rad = outward(port.at, a, half, markers, outline);
            }
            Heading::Block(b) => {
                let (direction, _) = nearest_side(&b, outline);
                port.direction_rad = direction;
                port.width = across(&b, direction);
            }
            Heading::Edge(b) => {
                let (w, h) = (b.max[0] - b.min[0], b.max[1] - b.min[1]);
                let direction = thin_side(&b, w < h, outline);
                port.direction_rad = direction;
                port.width = across(&b, direction);
                let (sin, cos) = direction.sin_cos();
                port.at = [port.at[0] + cos * w / 2.0, port.at[1] + sin * h / 2.0];
            }
        }
        port
    }
}

/// Extent of a box across a direction that is a multiple of 90°.
fn across(b: &BBox, direction_rad: f64) -> f64 {
    if direction_rad.cos().abs() > 0.5 { b.max[1] - b.min[1] } else { b.max[0] - b.min[0] }
}

/// The direction of the side of `outline` that is nearest to the middle of `b`, and its distance.
fn nearest_side(b: &BBox, outline: &BBox) -> (f64, f64) {
    let (cx, cy) = (f64::midpoint(b.min[0], b.max[0]), f64::midpoint(b.min[1], b.max[1]));
    let sides = [
        (0.0, (outline.max[0] - cx).abs()),
        (FRAC_PI_2, (outline.max[1] - cy).abs()),
        (PI, (cx - outline.min[0]).abs()),
        (-FRAC_PI_2, (cy - outline.min[1]).abs()),
    ];
    sides.into_iter().fold(sides[0], |best, s| if s.1 < best.1 { s } else { best })
}

/// As `nearest_side`, along the thin axis of an edge rectangle only.
fn thin_side(b: &BBox, along_x: bool, outline: &BBox) -> f64 {
    let axis = usize::from(!along_x);
    let c = f64::midpoint(b.min[axis], b.max[axis]);
    let positive = (outline.max[axis] - c).abs() < (c - outline.min[axis]).abs();
    match (along_x, positive) {
        (true, true) => 0.0,
        (true, false) => PI,
        (false, true) => FRAC_PI_2,
        (false, false) => -FRAC_PI_2,
    }
}

/// Gives an axis the sign that leads out of the device: out of a marker ring when the ends of the pin tell,
/// else towards the nearer side of the outline.
fn outward(at: [f64; 2], axis_rad: f64, half: f64, markers: &[Vec<Point>], outline: &BBox) -> f64 {
    let (sin, cos) = axis_rad.sin_cos();
    let ahead = [at[0] + cos * half, at[1] + sin * half];
    let behind = [at[0] - cos * half, at[1] - sin * half];
    let inside = |p: [f64; 2]| markers.iter().any(|m| contains(m, p));
    let back = wrap_angle(axis_rad + PI);
    match (inside(ahead), inside(behind)) {
        (false, true) => return axis_rad,
        (true, false) => return back,
        _ => {}
    }
    if outline.is_empty() {
        return axis_rad;
    }
    let room = |dx: f64, dy: f64| -> f64 {
        let x = if dx > 0.0 { (outline.max[0] - at[0]) / dx } else { (outline.min[0] - at[0]) / dx };
        let y = if dy > 0.0 { (outline.max[1] - at[1]) / dy } else { (outline.min[1] - at[1]) / dy };
        if dx.abs() < dy.abs() * f64::EPSILON {
            y
        } else if dy.abs() < dx.abs() * f64::EPSILON {
            x
        } else {
            x.min(y)
        }
    };
    if room(-cos, -sin) < room(cos, sin) { back } else { axis_rad }
}

/// True when the point is inside the ring (even-odd); points on the border may be either.
pub fn contains(ring: &[Point], p: [f64; 2]) -> bool {
    let mut inside = false;
    let Some(last) = ring.last() else { return false };
    let mut a = [f64::from(last.x), f64::from(last.y)];
    for q in ring {
        let b = [f64::from(q.x), f64::from(q.y)];
        if (a[1] > p[1]) != (b[1] > p[1]) && p[0] < (b[0] - a[0]) * (p[1] - a[1]) / (b[1] - a[1]) + a[0] {
            inside = !inside;
        }
        a = b;
    }
    inside
}

/// Reads the pins drawn in a cell itself.
pub fn read(plan: &Plan, cell: CellId, budget: &mut Copies, problems: &mut Vec<Problem>) -> Vec<Pin> {
    let layout = plan.layout;
    let this = layout.cell(cell);
    let mut pins: Vec<(LayerId, Pin)> = Vec::new();
    let mut outlines = FxHashSet::default();
    for path in &this.paths {
        let forms = &plan.pin_forms[path.layer.index()];
        let form = forms.iter().map(|&f| &plan.recipe.pins[f]).find(|f| f.form == PinShape::Path);
        let Some(form) = form else { continue };
        if let Some(outline) = path.outline {
            outlines.insert(outline);
        }
        let (Some(&a), Some(&b)) = (path.spine.first(), path.spine.last()) else { continue };
        let (dx, dy) = (f64::from(b.x) - f64::from(a.x), f64::from(b.y) - f64::from(a.y));
        let at = [f64::midpoint(f64::from(a.x), f64::from(b.x)), f64::midpoint(f64::from(a.y), f64::from(b.y))];
        let length = dx.hypot(dy);
        let heading = if a == b {
            problems.push(Problem::at("pin-without-direction", &this.name, at[0], at[1], ""));
            Heading::None
        } else if form.oriented {
            Heading::Known(dy.atan2(dx))
        } else {
            Heading::Axis(dy.atan2(dx), length / 2.0)
        };
        // Along the axes both ends are rounded alike. What is short and nearly diagonal is rounded to a diagonal, too.
        let is_slanted = dx.abs() > 0.0 && dy.abs() > 0.0;
        let slack_rad = if is_slanted { 1.0 / length } else { 0.0 };
        let port = LocalPort { slack_rad, ..port(at, path.width_dbu, form.kind, PortSource::Path) };
        let pin = Pin { port, heading };
        budget.each(&path.repetition, |d| pins.push((path.layer, shifted(&pin, d))));
    }
    let widest = plan.dbu(plan.recipe.guides.iter().fold(0.0, |w: f64, g| w.max(g.width_max_nm)));
    for polygon in layout.polygons(cell) {
        let forms = &plan.pin_forms[polygon.layer.index()];
        if forms.is_empty() || outlines.contains(&polygon.index) || polygon.points.is_empty() {
            continue;
        }
        let b = BBox::of_points(polygon.points);
        let at = [f64::midpoint(b.min[0], b.max[0]), f64::midpoint(b.min[1], b.max[1])];
        let (w, h) = (b.max[0] - b.min[0], b.max[1] - b.min[1]);
        let of = |shape: PinShape| forms.iter().map(|&f| &plan.recipe.pins[f]).find(|f| f.form == shape);
        let edge =
            of(PinShape::EdgeRectangle).filter(|_| w.min(h) <= plan.dbu(plan.recipe.tolerances.edge_rectangle_nm));
        let pin = if let Some(form) = edge {
            Pin { port: port(at, f64::NAN, form.kind, PortSource::Rectangle), heading: Heading::Edge(b) }
        } else if let Some(form) = of(PinShape::Path) {
            // Where even paths have no reliable direction, other shapes are the metal pins of old devices.
            let kind = if form.oriented { form.kind } else { PortKind::Electrical };
            if kind == PortKind::Optical && w.min(h) > widest {
                // Wider than any guide: where the fibre goes on a grating coupler.
                Pin { port: port(at, w.min(h), PortKind::Fibre, PortSource::Fibre), heading: Heading::None }
            } else {
                let heading = if is_box(polygon.points) { Heading::Block(b) } else { Heading::None };
                match bar(polygon.points) {
                    // A path pin that a tool wrote as a polygon.
                    Some(bar) if bar.length >= BAR_RATIO * bar.thickness => {
                        let slack_rad = if is_box(polygon.points) { 0.0 } else { 1.0 / bar.length };
                        let port = LocalPort { slack_rad, ..port(bar.at, bar.length, kind, PortSource::Rectangle) };
                        Pin { port, heading: Heading::Axis(bar.normal_rad, bar.thickness / 2.0) }
                    }
                    _ => Pin { port: port(at, w.min(h), kind, PortSource::Rectangle), heading },
                }
            }
        } else if let Some(form) = of(PinShape::Shape) {
            Pin { port: port(at, w.min(h), form.kind, PortSource::Fibre), heading: Heading::None }
        } else {
            problems.push(Problem::at("pin-of-unknown-form", &this.name, at[0], at[1], ""));
            continue;
        };
        budget.each(polygon.repetition, |d| pins.push((polygon.layer, shifted(&pin, d))));
    }
    name_pins(plan, cell, budget, &mut pins);
    pins.into_iter().map(|(_, p)| p).collect()
}

pub(crate) fn port(at: [f64; 2], width: f64, kind: PortKind, source: PortSource) -> LocalPort {
    LocalPort {
        name: String::new(),
        at,
        direction_rad: f64::NAN,
        width,
        width_error: 0.0,
        kind,
        oriented: true,
        play: 0.0,
        slack_rad: 0.0,
        source,
        section: None,
    }
}

fn shifted(pin: &Pin, d: [f64; 2]) -> Pin {
    pin.transformed(&Transform::shift(d[0], d[1]))
}

/// What may still be expanded of the repetitions of one cell. What is drawn once costs nothing.
#[derive(Clone, Copy, Debug)]
pub struct Copies {
    left: u64,
    /// Copies that were left out.
    pub skipped: u64,
}

impl Copies {
    /// All that the plan allows.
    pub fn new(plan: &Plan) -> Self {
        Self { left: plan.recipe.limits.repetition, skipped: 0 }
    }

    /// Visits the displacements of a repetition.
    pub fn each(&mut self, repetition: &Repetition, mut visit: impl FnMut([f64; 2])) {
        let n = repetition.len();
        let most = if n > 1 { n.min(self.left.max(1)) } else { n };
        (0..most).for_each(|i| visit(repetition.offset(i)));
        self.skipped = self.skipped.saturating_add(n - most);
        if n > 1 {
            self.left -= most.min(self.left);
        }
    }

    /// Says what was left out.
    pub fn report(&self, plan: &Plan, cell: CellId, problems: &mut Vec<Problem>) {
        if self.skipped > 0 {
            let name = &plan.layout.cell(cell).name;
            let count = self.skipped.min(i64::MAX as u64);
            problems.push(Problem { count, ..Problem::of_cell(COPIES_NOT_READ, name, "limits.repetition") });
        }
    }
}

/// A rectangle with this ratio of its sides, or a larger one, lies across a guide.
const BAR_RATIO: f64 = 3.0;
/// Sides of a rectangle on the grid are equal, and perpendicular to each other, within this many dbu.
const BAR_SLACK_DBU: f64 = 2.0;

/// A rectangle at any angle.
struct Bar {
    at: [f64; 2],
    /// Direction of its short side.
    normal_rad: f64,
    /// Its short and its long side.
    thickness: f64,
    length: f64,
}

/// The rectangle that these are the corners of.
fn bar(points: &[Point]) -> Option<Bar> {
    let &[p, q, r, s] = points else { return None };
    let middle = |a: Point, b: Point| [f64::midpoint(a.x.into(), b.x.into()), f64::midpoint(a.y.into(), b.y.into())];
    let between = |a: [f64; 2], b: [f64; 2]| [b[0] - a[0], b[1] - a[1]];
    let (at, other) = (middle(p, r), middle(q, s));
    let u = between(middle(p, s), middle(q, r));
    let v = between(middle(p, q), middle(s, r));
    let [long, short] = if u[0].hypot(u[1]) < v[0].hypot(v[1]) { [v, u] } else { [u, v] };
    let (length, thickness) = (long[0].hypot(long[1]), short[0].hypot(short[1]));
    let skew = (long[0] * short[0] + long[1] * short[1]).abs() / length;
    let [dx, dy] = between(at, other);
    let is_bar = thickness > 0.0 && skew <= BAR_SLACK_DBU && dx.hypot(dy) <= BAR_SLACK_DBU;
    // The long side shows the angle better.
    is_bar.then(|| Bar { at, normal_rad: wrap_angle(long[1].atan2(long[0]) + FRAC_PI_2), thickness, length })
}

/// True for a rectangle with sides along the axes.
fn is_box(points: &[Point]) -> bool {
    let b = BBox::of_points(points);
    points.iter().all(|p| {
        let (x, y) = (f64::from(p.x), f64::from(p.y));
        (x <= b.min[0] || x >= b.max[0]) && (y <= b.min[1] || y >= b.max[1])
    })
}

/// Gives each pin the nearest text on its layer within reach; of equally near ones the first in the file
/// that names no other pin yet, as two pins and two texts may lie at one place.
fn name_pins(plan: &Plan, cell: CellId, budget: &mut Copies, pins: &mut [(LayerId, Pin)]) {
    if pins.is_empty() {
        return;
    }
    let layout = plan.layout;
    let reach = plan.dbu(plan.recipe.tolerances.name_reach_nm);
    let mut texts: Vec<(LayerId, [f64; 2], &str)> = Vec::new();
    for label in &layout.cell(cell).labels {
        if !plan.pin_forms[label.layer.index()].is_empty() {
            budget.each(&label.repetition, |d| {
                texts.push((label.layer, [f64::from(label.at.x) + d[0], f64::from(label.at.y) + d[1]], &label.text));
            });
        }
    }
    let boxes: Vec<BBox> = texts.iter().map(|t| BBox { min: t.1, max: t.1 }).collect();
    let index = GridIndex::new(&boxes, 4.0 * reach);
    let mut used = vec![false; texts.len()];
    for (layer, pin) in pins {
        let at = pin.port.at;
        let mut best: Option<(f64, bool, usize)> = None;
        let mut seen = 0;
        // A name is no more than a name: where texts lie on each other by the thousand, one of them will do.
        index.candidates_while(&BBox { min: at, max: at }.grown(reach), |i| {
            seen += 1;
            if plan.pair(texts[i].0) != plan.pair(*layer) {
                return seen < plan.recipe.limits.ports_nearby;
            }
            let far = (texts[i].1[0] - at[0]).hypot(texts[i].1[1] - at[1]);
            let rank = (far, used[i], i);
            if far <= reach && best.is_none_or(|b| rank < b) {
                best = Some(rank);
            }
            seen < plan.recipe.limits.ports_nearby
        });
        if let Some((_, _, i)) = best {
            texts[i].2.clone_into(&mut pin.port.name);
            used[i] = true;
        }
    }
}
