//! Rows of devices, ports, joins and guides.

use std::sync::Arc;

use rayon::prelude::*;
use rustc_hash::FxHashMap;
use waveguard_geom::Transform;

use crate::devices::Proto;
use crate::extraction::World;
use crate::fill;
use crate::found::Found;
use crate::guides::Guide;
use crate::lines::{Line, Lines, PlacedLine};
use crate::place::Placed;
use crate::ports::{Alike, Ports};
use crate::recipe::PortKind;
use crate::routes::OnRoute;
use crate::tables::{
    self, BendRow, Bends, BreakRow, Breaks, Centerlines, DeviceRow, Devices, NetRow, Nets, PortRow, WaveguideRow,
    Waveguides,
};
use crate::trace::Bend;

/// The guides among the devices. The tracer worked once per outline; here its results are placed.
#[derive(Debug, Default)]
pub struct Guides {
    /// Their centre-lines, in order.
    pub lines: Lines,
    forms: Vec<Form>,
    /// For each guide its device.
    device: Vec<u32>,
    /// For each device its guide.
    of_device: Vec<u32>,
}

/// Rows of a guide, equal for all guides that differ by a displacement only, but for places and ids.
#[derive(Debug)]
struct Form {
    guide: Arc<Guide>,
    row: WaveguideRow,
    bends: Vec<BendRow>,
}

const NONE: u32 = u32::MAX;

impl Guides {
    /// Gathers the guides.
    pub(crate) fn new(world: &World, alike: &Alike) -> Self {
        let mut numbers: FxHashMap<(*const Guide, [u64; 4]), u32> = FxHashMap::default();
        let mut turned: Vec<(&Arc<Guide>, Transform)> = Vec::new();
        let of_first = |&first: &u32| {
            let placed = &world.placed[first as usize];
            let Some(guide) = &world.cells[placed.cell.index()].protos[placed.proto].guide else { return NONE };
            let [[a, b], [c, d]] = placed.transform.m;
            *numbers.entry((Arc::as_ptr(guide), [a, b, c, d].map(f64::to_bits))).or_insert_with(|| {
                turned.push((guide, placed.transform));
                turned.len() as u32 - 1
            })
        };
        let form_of: Vec<u32> = alike.first.iter().map(of_first).collect();
        let n = alike.form.iter().filter(|&&f| form_of[f as usize] != NONE).count();
        let mut lines = Lines { forms: Vec::new(), placed: Vec::with_capacity(n), dbu_nm: world.dbu_nm };
        let (mut device, mut of_device) = (Vec::with_capacity(n), Vec::with_capacity(world.placed.len()));
        for ((i, placed), &alike) in (0_u32..).zip(world.placed).zip(&alike.form) {
            let form = form_of[alike as usize];
            if form == NONE {
                of_device.push(NONE);
                continue;
            }
            of_device.push(device.len() as u32);
            device.push(i);
            lines.placed.push(PlacedLine { form: form as usize, at: placed.transform.d, top: placed.top.index() });
        }
        let made = turned.par_iter().map(|(guide, t)| {
            let rows = (waveguide_row(world, guide, t), bend_rows(world, guide, t));
            (line(world, guide, t), Form { guide: Arc::clone(guide), row: rows.0, bends: rows.1 })
        });
        let (forms_of_lines, forms) = made.unzip();
        lines.forms = forms_of_lines;
        Self { lines, forms, device, of_device }
    }

    /// Number of guides.
    pub fn len(&self) -> usize {
        self.device.len()
    }

    /// True when there are none.
    pub fn is_empty(&self) -> bool {
        self.device.is_empty()
    }

    /// What a guide is, but for its place and ids.
    #[inline]
    pub(crate) fn row(&self, g: usize) -> &WaveguideRow {
        &self.form(g).row
    }

    #[inline]
    fn form(&self, g: usize) -> &Form {
        &self.forms[self.lines.placed[g].form]
    }

    /// Length of the line of a guide.
    pub(crate) fn line_length_nm(&self, g: usize) -> f64 {
        self.lines.forms[self.lines.placed[g].form].length()
    }

    /// The guide that a device is.
    #[inline]
    pub(crate) fn of_device(&self, device: usize) -> Option<usize> {
        let g = self.of_device[device];
        (g != NONE).then_some(g as usize)
    }

    /// What was traced of each guide.
    pub(crate) fn traced(&self) -> impl Iterator<Item = &Guide> {
        self.lines.placed.iter().map(|l| &*self.forms[l.form].guide)
    }

    /// For each guide its device.
    pub(crate) fn devices(&self) -> impl Iterator<Item = usize> + '_ {
        self.device.iter().map(|&d| d as usize)
    }

    /// Both ports of each guide; -1 where it has none.
    pub(crate) fn ends(&self, starts: &[usize], ports: &Ports) -> Vec<[i64; 2]> {
        let of = |&device: &u32| {
            let own = starts[device as usize]..starts[device as usize + 1];
            let mut optical = own.filter(|&p| ports.kind(p) == PortKind::Optical).map(|p| p as i64);
            [optical.next().unwrap_or(-1), optical.next().unwrap_or(-1)]
        };
        self.device.par_iter().with_min_len(GUIDES_A_TURN).map(of).collect()
    }
}

/// Guides a thread takes at once.
const GUIDES_A_TURN: usize = 1024;

/// The table of devices.
pub(crate) fn devices(found: &Found) -> Devices {
    let flat = found.flat();
    let mut devices = Devices::with_capacity(flat.placed.len());
    for (i, placed) in flat.placed.iter().enumerate() {
        let waveguide = flat.guides.of_device(i).map_or(-1, |g| g as i64);
        devices.push(device_row(found.dbu_nm, found.proto(placed), placed, waveguide));
    }
    devices
}

/// Where cores do not go on.
pub(crate) fn breaks(found: &Found) -> Breaks {
    let mut breaks = Breaks::default();
    for (device, placed) in (0..).zip(&found.flat().placed) {
        if let Some([x, y]) = found.proto(placed).broken_at {
            let [x_nm, y_nm] = placed.transform.apply(x, y).map(|v| v * found.dbu_nm);
            breaks.push(BreakRow { device, x_nm, y_nm });
        }
    }
    breaks
}

/// The table of guides; `lies` says where on its route each lies.
pub(crate) fn waveguides(found: &Found, lies: &[OnRoute]) -> Waveguides {
    let (flat, nm) = (found.flat(), found.dbu_nm);
    let guides = &flat.guides;
    let mut waveguides = Waveguides::with_capacity(guides.len());
    let mut first_bend = 0;
    for (g, [port_a, port_b]) in guides.ends(&flat.starts, &flat.ports).into_iter().enumerate() {
        let form = guides.form(g);
        let device = guides.device[g];
        let at = form.guide.trace.min_radius_at;
        let [min_radius_x_nm, min_radius_y_nm] =
            flat.placed[device as usize].transform.apply(at[0], at[1]).map(|v| v * nm);
        waveguides.push(WaveguideRow {
            device: i64::from(device),
            port_a,
            port_b,
            min_radius_x_nm,
            min_radius_y_nm,
            first_bend,
            cross_section: found.slabs.section(g, form.guide.section).map_or(-1, |s| s as i64),
            route: lies[g].route as i64,
            ..form.row.clone()
        });
        first_bend += form.bends.len() as i64;
    }
    waveguides
}

/// The table of bends.
pub(crate) fn bends(found: &Found) -> Bends {
    let (flat, nm) = (found.flat(), found.dbu_nm);
    let guides = &flat.guides;
    let mut bends = Bends::with_capacity((0..guides.len()).map(|g| guides.form(g).bends.len()).sum());
    for (g, &device) in guides.device.iter().enumerate() {
        let form = guides.form(g);
        let t = &flat.placed[device as usize].transform;
        for (row, bend) in form.bends.iter().zip(&form.guide.trace.bends) {
            let [x_nm, y_nm] = t.apply(bend.x, bend.y).map(|v| v * nm);
            bends.push(BendRow { waveguide: g as i64, x_nm, y_nm, ..row.clone() });
        }
    }
    bends
}

/// Thinned centre-lines.
pub(crate) fn centerlines(found: &Found) -> Centerlines {
    let lines = &found.flat().guides.lines;
    let of = |i: usize| &lines.forms[lines.placed[i].form];
    let starts = fill::starts((0..lines.placed.len()).map(|i| of(i).points.len()));
    let along = |axis: usize| {
        fill::column(&starts, &|i, part| {
            let from = lines.placed[i].at[axis] * lines.dbu_nm;
            part.iter_mut().zip(&of(i).points).for_each(|(v, p)| *v = p[axis] + from);
        })
    };
    Centerlines {
        x_nm: along(0),
        y_nm: along(1),
        width_nm: fill::column(&starts, &|i, part| part.copy_from_slice(&of(i).width)),
        offsets: starts.into_iter().map(|s| s as i64).collect(),
    }
}

fn device_row(nm: f64, proto: &Proto, placed: &Placed, waveguide: i64) -> DeviceRow {
    let b = proto.bbox.transformed(&placed.transform);
    DeviceRow {
        cell: placed.cell.index() as i64,
        role: u8::from(waveguide >= 0),
        top: placed.top.index() as i64,
        x_nm: placed.at[0] * nm,
        y_nm: placed.at[1] * nm,
        rotation_rad: placed.transform.rotation_rad(),
        mirrored: u8::from(placed.transform.is_mirrored()),
        magnification: placed.transform.magnification(),
        bbox_x0_nm: b.min[0] * nm,
        bbox_y0_nm: b.min[1] * nm,
        bbox_x1_nm: b.max[0] * nm,
        bbox_y1_nm: b.max[1] * nm,
        waveguide,
        depth: placed.depth.min(usize::from(u8::MAX)) as u8,
        source: proto.source as u8,
    }
}

/// What is the same wherever the guide is.
fn waveguide_row(world: &World, guide: &Guide, t: &Transform) -> WaveguideRow {
    let trace = &guide.trace;
    // All lengths of the trace are in dbu of its frame.
    let nm = world.dbu_nm * t.magnification();
    WaveguideRow {
        device: -1,
        port_a: -1,
        port_b: -1,
        cross_section: guide.section.map_or(-1, |s| s as i64),
        centerline_length_nm: trace.length * nm,
        drawn_length_nm: trace.drawn_length * nm,
        length_error_nm: trace.length_error * nm,
        width_a_nm: trace.ends[0].width * nm,
        width_b_nm: trace.ends[1].width * nm,
        width_min_nm: trace.width_min * nm,
        width_max_nm: trace.width_max * nm,
        width_error_nm: trace.width_error * nm,
        min_radius_nm: trace.min_radius * nm,
        min_radius_error_nm: trace.min_radius_error * nm,
        min_radius_upper_nm: trace.min_radius_upper * nm,
        min_radius_x_nm: f64::NAN,
        min_radius_y_nm: f64::NAN,
        turn_rad: hand(t) * trace.turn,
        abs_turn_rad: trace.abs_turn,
        n_bends: trace.bends.len() as i64,
        n_shapes: i64::from(trace.n_shapes),
        area_nm2: trace.area * nm * nm,
        first_bend: -1,
        spine_length_nm: guide.spine_length * nm,
        route: -1,
    }
}

/// What is the same wherever the guide is.
fn bend_rows(world: &World, guide: &Guide, t: &Transform) -> Vec<BendRow> {
    let nm = world.dbu_nm * t.magnification();
    let row = |bend: &Bend| BendRow {
        waveguide: -1,
        start_nm: bend.start * nm,
        length_nm: bend.length * nm,
        turn_rad: hand(t) * bend.turn_rad,
        min_radius_nm: bend.min_radius * nm,
        min_radius_upper_nm: bend.min_radius_upper * nm,
        x_nm: f64::NAN,
        y_nm: f64::NAN,
        begin_curvature_per_nm: hand(t) * bend.begin_curvature / nm,
        end_curvature_per_nm: hand(t) * bend.end_curvature / nm,
    };
    guide.trace.bends.iter().map(row).collect()
}

/// -1 where the placement mirrors, so that left turns become right turns.
fn hand(t: &Transform) -> f64 {
    if t.is_mirrored() { -1.0 } else { 1.0 }
}

/// The centre-line of a guide in nm, rotated as placed but not displaced.
fn line(world: &World, guide: &Guide, t: &Transform) -> Line {
    let nm = world.dbu_nm;
    let turned = Transform { d: [0.0; 2], ..*t };
    let scale = nm * t.magnification();
    let point = |p: &[f64; 3]| turned.apply(p[0], p[1]).map(|v| v * nm);
    let line = Line::new(guide.line.iter().map(point).collect(), guide.line.iter().map(|p| p[2] * scale).collect(), 0);
    line.on_grid(guide.trace.grid * scale, scale).bowed(&guide.trace.pieces, scale, hand(t))
}

/// The table of ports.
pub(crate) fn ports(found: &Found) -> tables::Ports {
    let flat = found.flat();
    let ports = &flat.ports;
    let mut net = vec![-1_i64; ports.len()];
    for (n, (a, b)) in (0..).zip(flat.joined.joins()) {
        (net[a], net[b]) = (n, n);
    }
    let mut table = tables::Ports::with_capacity(ports.len());
    for (i, net) in net.into_iter().enumerate() {
        let p = ports.get(i);
        let guide = flat.guides.of_device(p.device);
        let section = guide.map_or(p.section, |g| found.slabs.section(g, p.section));
        table.push(PortRow {
            device: p.device as i64,
            name: ports.name(i).to_owned(),
            x_nm: p.at[0],
            y_nm: p.at[1],
            direction_rad: p.direction_rad,
            width_nm: p.width_nm,
            kind: p.kind as u8,
            cross_section: section.map_or(-1, |s| s as i64),
            net,
            top: p.top as i64,
            source: p.source as u8,
        });
    }
    table
}

/// The table of joins.
pub(crate) fn nets(found: &Found) -> Nets {
    let flat = found.flat();
    let mut table = Nets::with_capacity(flat.ports.len() / 2);
    for (a, b) in flat.joined.joins() {
        let (p, q) = (flat.ports.get(a), flat.ports.get(b));
        let offset = p.offset_to(&q);
        table.push(NetRow {
            port_a: a as i64,
            port_b: b as i64,
            gap_nm: offset.distance_nm,
            lateral_nm: offset.lateral_nm,
            angle_rad: offset.angle_rad,
            width_difference_nm: p.width_nm - q.width_nm,
            width_error_nm: p.width_error_nm + q.width_error_nm,
        });
    }
    table
}
