//! Which cells are devices, and what a device is in the frame of its cell.

use std::f64::consts::PI;
use std::sync::Arc;

use waveguard_base::{CellId, LayerId, Problem};
use waveguard_geom::transform::wrap_angle;
use waveguard_geom::{BBox, Point, Transform};
use waveguard_layout::hierarchy::Step;

use crate::cuts::PINS_NOT_READ;
use crate::drawn::Region;
use crate::facts::{Facts, Sums};
use crate::guides::Guide;
use crate::network::Lost;
use crate::pins::{LocalPort, Pin, PortSource};
use crate::plan::Plan;
use crate::recipe::{CellRole, PortKind};
use crate::split;

/// What is done with the placements of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A black box with ports: one device for each placement.
    Device,
    /// Transparent.
    Circuit,
    /// Left out with all it places.
    Ignored,
}

/// How a device was recognised; the codes of column `source` of the table `devices`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceSource {
    /// A marker shape, or pins without one.
    Marker = 0,
    /// Ports stated in metadata.
    Metadata = 1,
    /// A core shape drawn outside devices.
    Drawn = 2,
    /// The same, drawn as a PATH.
    Spine = 3,
    /// A name pattern of the PDK.
    Name = 4,
    /// Where guides drawn outside devices meet, cross or end.
    Junction = 5,
    /// What is left of a known guide that was cut where devices lie over it.
    Part = 6,
}

/// A device in the frame of its cell, in dbu; shapes outside devices in a frame of their own.
#[derive(Clone, Debug)]
pub struct Proto {
    /// Its ports. A guide's first two optical ports are its ends.
    pub ports: Vec<LocalPort>,
    /// Outline as drawn: of the marker, or of the core where there is no marker.
    pub outline: Vec<Vec<Point>>,
    /// Box of the outline, or else of the core.
    pub bbox: BBox,
    /// What was traced, for guides.
    pub guide: Option<Arc<Guide>>,
    /// How it was recognised.
    pub source: DeviceSource,
    /// Core area in dbu² of this device alone, for each layer of the recipe's `core_layers`.
    pub core_area: Vec<f64>,
    /// Middle, where guides drawn outside devices meet.
    pub junction: Option<[f64; 2]>,
    /// The outline it was worked out from, as a number among [`crate::shapes::Shapes`]; devices that follow each
    /// other with the same number are parts of one drawn shape.
    pub shape: Option<u32>,
    /// Layer of a shape outside devices.
    pub layer: Option<LayerId>,
    /// The drawn region it is a part of, when that is more than a guide.
    pub region: Option<Arc<Region>>,
    /// Why nothing is known of it.
    pub reason: Option<&'static str>,
    /// Where a core that should lead from port to port does not go on.
    pub broken_at: Option<[f64; 2]>,
    /// What goes on from it and was not followed.
    pub lost: Vec<Lost>,
    /// Shapes of a device that was flattened into its cell; those of others are the shapes of their cell.
    pub shapes: Arc<Vec<(LayerId, Vec<Point>)>>,
}

impl Proto {
    /// True for what was worked out from shapes outside devices.
    pub fn is_free(&self) -> bool {
        matches!(self.source, DeviceSource::Drawn | DeviceSource::Spine | DeviceSource::Junction)
    }
}

/// Devices that a fibre coupler is put together from at most. What has more is a circuit, even where no coupler in it
/// says that it is one.
const PARTS_OF_COUPLER: u64 = 8;

/// Decides what every cell is, children before parents.
pub fn roles(plan: &Plan, facts: &[Facts]) -> Vec<Role> {
    let n = facts.len();
    let mut roles = vec![Role::Circuit; n];
    let mut device_below = vec![false; n];
    let mut optical_below = vec![false; n];
    let mut core_below = vec![false; n];
    let mut fibre_below = vec![false; n];
    let mut devices_below = vec![0_u64; n];
    let mut device_box = vec![BBox::EMPTY; n];
    let mut is_within_marker = vec![false; n];
    let mut is_top = vec![false; n];
    plan.recipe.tops.iter().for_each(|&top| is_top[top] = true);
    for &cell in plan.layout.bottom_up.iter().rev() {
        let i = cell.index();
        if is_within_marker[i] || !facts[i].markers.is_empty() {
            for (target, _) in &plan.below[i].targets {
                is_within_marker[target.index()] = true;
            }
        }
    }
    for &cell in &plan.layout.bottom_up {
        let i = cell.index();
        let (mut devices, mut optical, mut below) = (false, false, BBox::EMPTY);
        for (target, count) in plan.below[i].targets.iter().filter(|(target, _)| roles[target.index()] != Role::Ignored)
        {
            let j = target.index();
            devices |= device_below[j];
            optical |= optical_below[j];
            fibre_below[i] |= fibre_below[j];
            devices_below[i] = devices_below[i].saturating_add(count.saturating_mul(devices_below[j]));
        }
        let own = &facts[i];
        let is_core_below = |(target, _): &(CellId, u64)| core_below[target.index()];
        core_below[i] = !own.core_box.is_empty() || plan.below[i].targets.iter().any(is_core_below);
        // Asked for below a marker only, and a cell without one may place very many others.
        if devices && (!own.markers.is_empty() || is_within_marker[i]) {
            for r in &plan.layout.cell(cell).references {
                let j = r.target.index();
                if roles[j] != Role::Ignored && device_below[j] {
                    below.add_box(&crate::facts::repeated(&device_box[j].transformed(&r.transform), &r.repetition));
                }
            }
        }
        let entry = plan.entry(cell);
        let states = |kind: PortKind| entry.is_some_and(|e| e.ports.iter().any(|p| p.kind == kind));
        let stated = states(PortKind::Optical);
        let pinned = own.pins.iter().any(|p| p.port.kind == PortKind::Optical);
        let marker = markers_box(&own.markers);
        roles[i] = match plan.stated_role(cell) {
            CellRole::Ignore => Role::Ignored,
            CellRole::Device | CellRole::Guide => Role::Device,
            CellRole::Auto if stated => {
                // A taper and what the fibre looks at make a coupler: inside of it, no taper goes on in a waveguide.
                let is_coupler =
                    states(PortKind::Fibre) && !fibre_below[i] && devices_below[i] <= PARTS_OF_COUPLER && !is_top[i];
                if !core_below[i] && is_no_way(plan, cell) {
                    Role::Ignored
                } else if optical && !is_coupler {
                    Role::Circuit
                } else {
                    Role::Device
                }
            }
            CellRole::Auto if !own.markers.is_empty() => {
                // A marker around devices makes them the inside of a black box, if it has pins of its own.
                let edge = plan.dbu(plan.recipe.tolerances.marker_edge_nm);
                let around = pinned && marker.grown(edge).covers(&below);
                let open = (devices && !around) || split::is_flattened(plan, cell, own);
                if open { Role::Circuit } else { Role::Device }
            }
            // What is looked at is no black box only because it says where its light comes in.
            CellRole::Auto if pinned && !devices && !is_top[i] => Role::Device,
            CellRole::Auto | CellRole::Circuit => Role::Circuit,
        };
        let is_device = roles[i] == Role::Device;
        device_below[i] = devices || is_device;
        fibre_below[i] |= states(PortKind::Fibre) || own.pins.iter().any(|p| p.port.kind == PortKind::Fibre);
        devices_below[i] = if is_device { 1 } else { devices_below[i] };
        optical_below[i] = optical || stated || pinned;
        device_box[i] = below;
        if is_device {
            device_box[i] = if marker.is_empty() { plan.layout.bbox(cell) } else { marker };
        }
    }
    roles
}

/// True for a guide of no length, as programs leave it where a route needs none: what it joins meets without it.
fn is_no_way(plan: &Plan, cell: CellId) -> bool {
    let ports = stated_ports(plan, cell);
    let [a, b] = &ports[..] else { return false };
    let tolerances = &plan.recipe.tolerances;
    let is_same_guide = (a.kind, b.kind) == (PortKind::Optical, PortKind::Optical)
        && a.section == b.section
        && (a.width - b.width).abs() <= plan.dbu(tolerances.width_nm);
    let is_at_one_place = (a.at[0] - b.at[0]).hypot(a.at[1] - b.at[1]) <= plan.dbu(tolerances.snap_nm);
    let turned = wrap_angle(a.direction_rad - b.direction_rad + PI).abs();
    is_same_guide && is_at_one_place && turned <= tolerances.angle_rad
}

/// The box of all rings.
pub fn markers_box(rings: &[Vec<Point>]) -> BBox {
    let mut b = BBox::EMPTY;
    for r in rings {
        b.add_box(&BBox::of_points(r));
    }
    b
}

/// Rings of a cell and all it places, in the frame of the cell.
#[derive(Debug, Default)]
pub struct Rings {
    /// Layer and points.
    pub rings: Vec<(LayerId, Vec<Point>)>,
    /// True when there were more than asked for.
    pub cut_short: bool,
}

/// Collects the rings on guide layers of a cell and all it places, at most `most`.
pub fn rings(plan: &Plan, sums: &Sums, cell: CellId, most: usize) -> Rings {
    let mut out = Rings::default();
    plan.layout.walk(cell, &mut |cell, t, _| {
        if !sums.any_guide_shapes[cell.index()] {
            return Step::Over;
        }
        for polygon in plan.layout.polygons(cell).filter(|polygon| plan.is_guide[polygon.layer.index()]) {
            for d in polygon.repetition.offsets() {
                if out.rings.len() >= most {
                    out.cut_short = true;
                    return Step::Stop;
                }
                let t = t.after(&Transform::shift(d[0], d[1]));
                let ring: Option<Vec<Point>> = polygon.points.iter().map(|&p| t.apply_point(p)).collect();
                out.rings.extend(ring.map(|r| (polygon.layer, r)));
            }
        }
        Step::Into
    });
    out
}

/// Pins of a cell and of all it places, in the frame of the cell; one more than the plan's bound where there
/// are more than that.
pub fn all_pins(plan: &Plan, facts: &[Facts], sums: &Sums, cell: CellId) -> Vec<Pin> {
    let most = plan.recipe.limits.device_ports + 1;
    let mut out = Vec::new();
    plan.layout.walk(cell, &mut |cell, t, _| {
        if out.len() >= most {
            return Step::Stop;
        }
        if !sums.any_pins[cell.index()] {
            return Step::Over;
        }
        out.extend(facts[cell.index()].pins.iter().take(most - out.len()).map(|p| p.transformed(t)));
        Step::Into
    });
    out
}

/// The ports stated for a cell.
pub fn stated_ports(plan: &Plan, cell: CellId) -> Vec<LocalPort> {
    let Some(entry) = plan.entry(cell) else { return Vec::new() };
    let port = |p: &crate::recipe::StatedPort| LocalPort {
        name: p.name.clone(),
        at: [p.x_dbu, p.y_dbu],
        direction_rad: wrap_angle(p.angle_rad),
        width: p.width_dbu,
        width_error: 0.0,
        kind: p.kind,
        oriented: true,
        play: 0.0,
        slack_rad: 0.0,
        source: PortSource::Metadata,
        section: p.cross_section.as_deref().and_then(|n| plan.recipe.section_named(n)),
    };
    entry.ports.iter().map(port).collect()
}

/// The ports of a device cell: the stated ones, else the drawn ones with their directions settled. Pins
/// drawn twice are kept once.
pub fn ports(plan: &Plan, facts: &[Facts], sums: &Sums, cell: CellId, problems: &mut Vec<Problem>) -> Vec<LocalPort> {
    let stated = stated_ports(plan, cell);
    if !stated.is_empty() {
        return stated;
    }
    let markers = &facts[cell.index()].markers;
    let mut outline = markers_box(markers);
    if outline.is_empty() {
        outline = sums.core_box[cell.index()];
    }
    let mut drawn = all_pins(plan, facts, sums, cell);
    let most = plan.recipe.limits.device_ports;
    if drawn.len() > most {
        drawn.truncate(most);
        problems.push(Problem::of_cell(PINS_NOT_READ, &plan.layout.cell(cell).name, "limits.device_ports"));
    }
    // Only to tell inside from outside.
    let markers = &markers[..markers.len().min(most)];
    let ports = drawn.iter().map(|p| p.settled(markers, &outline)).collect();
    without_repeats(plan, cell, ports, problems)
}

/// Drops ports at the place, of the kind and in the direction of an earlier one.
pub fn without_repeats(
    plan: &Plan,
    cell: CellId,
    ports: Vec<LocalPort>,
    problems: &mut Vec<Problem>,
) -> Vec<LocalPort> {
    let snap = plan.dbu(plan.recipe.tolerances.snap_nm);
    let same = |a: &LocalPort, b: &LocalPort| {
        a.kind == b.kind
            && (a.at[0] - b.at[0]).hypot(a.at[1] - b.at[1]) <= snap
            && (a.direction_rad.is_nan() && b.direction_rad.is_nan()
                || wrap_angle(a.direction_rad - b.direction_rad).abs() <= plan.recipe.tolerances.angle_rad)
    };
    let mut kept: Vec<LocalPort> = Vec::with_capacity(ports.len());
    for port in ports {
        // A device has few ports, so comparing with all is cheap; flattened cells are split before.
        if let Some(first) = kept.iter_mut().find(|k| same(k, &port)) {
            if first.name.is_empty() {
                first.name.clone_from(&port.name);
            }
            if port.kind != PortKind::Fibre {
                let name = &plan.layout.cell(cell).name;
                problems.push(Problem::at("repeated-pin", name, port.at[0], port.at[1], port.name));
            }
        } else {
            kept.push(port);
        }
    }
    kept
}
