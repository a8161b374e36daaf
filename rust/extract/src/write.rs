//! Rows of devices, ports, joins and guides.

use std::sync::Arc;

use rustc_hash::FxHashMap;
use waveguard_geom::Transform;

use crate::cells::CellPlan;
use crate::devices::Proto;
use crate::extraction::World;
use crate::fill;
use crate::guides::Guide;
use crate::lines::{Line, Lines, PlacedLine};
use crate::nets::{Joined, PlacedPort};
use crate::place::Placed;
use crate::recipe::PortKind;
use crate::tables::{
    BendRow, Bends, Centerlines, DeviceRow, Devices, NetRow, Nets, PortRow, Ports, WaveguideRow, Waveguides,
};
use crate::trace::Bend;

/// Devices, guides, bends, centre-lines as tables, and the lines for neighbours.
pub(crate) type GuideTables = (Devices, Waveguides, Bends, Centerlines, Lines);

/// Writes the devices and what was traced of them. The tracer worked once per outline; here its results are
/// placed.
pub(crate) fn guides(world: &World) -> GuideTables {
    let mut lines = Lines { forms: Vec::new(), placed: Vec::new(), dbu_nm: world.plan.layout.dbu_nm };
    let mut forms: Vec<Form> = Vec::new();
    let mut numbers: FxHashMap<(*const Guide, [u64; 4]), usize> = FxHashMap::default();
    let mut placed_guides: Vec<usize> = Vec::new();
    for (i, placed) in world.placed.iter().enumerate() {
        let Some(guide) = &proto(world.cells, placed).guide else { continue };
        let t = &placed.transform;
        let [[a, b], [c, d]] = t.m;
        let form = *numbers.entry((Arc::as_ptr(guide), [a, b, c, d].map(f64::to_bits))).or_insert_with(|| {
            lines.forms.push(line(world, guide, t));
            forms.push(Form { guide, row: waveguide_row(world, guide, t), bends: bend_rows(world, guide, t) });
            forms.len() - 1
        });
        lines.placed.push(PlacedLine { form, at: t.d, top: placed.top.index() });
        placed_guides.push(i);
    }
    let (centerlines, (devices, (waveguides, bends))) = rayon::join(
        || centerlines(&lines),
        || rayon::join(|| devices(world), || guide_rows(world, &lines, &forms, &placed_guides)),
    );
    (devices, waveguides, bends, centerlines, lines)
}

/// Rows of a guide, equal for all guides that differ by a displacement only, but for places and ids.
struct Form<'a> {
    guide: &'a Guide,
    row: WaveguideRow,
    bends: Vec<BendRow>,
}

fn devices(world: &World) -> Devices {
    let mut devices = Devices::with_capacity(world.placed.len());
    let mut n_guides = 0;
    for placed in world.placed {
        let proto = proto(world.cells, placed);
        let waveguide = if proto.guide.is_some() { n_guides } else { -1 };
        n_guides += i64::from(proto.guide.is_some());
        devices.push(device_row(world, proto, placed, waveguide));
    }
    devices
}

fn guide_rows(world: &World, lines: &Lines, forms: &[Form], placed_guides: &[usize]) -> (Waveguides, Bends) {
    let nm = world.plan.layout.dbu_nm;
    let mut waveguides = Waveguides::with_capacity(placed_guides.len());
    let mut bends = Bends::with_capacity(lines.placed.iter().map(|l| forms[l.form].bends.len()).sum());
    for (&i, line) in placed_guides.iter().zip(&lines.placed) {
        let form = &forms[line.form];
        let trace = &form.guide.trace;
        let t = &world.placed[i].transform;
        let place = |x: f64, y: f64| t.apply(x, y).map(|v| v * nm);
        let optical = (world.starts[i]..world.starts[i + 1]).filter(|&p| world.ports[p].kind == PortKind::Optical);
        let mut ends = optical.map(|p| p as i64);
        let [min_radius_x_nm, min_radius_y_nm] = place(trace.min_radius_at[0], trace.min_radius_at[1]);
        let first_bend = bends.len() as i64;
        for (row, bend) in form.bends.iter().zip(&trace.bends) {
            let [x_nm, y_nm] = place(bend.x, bend.y);
            bends.push(BendRow { waveguide: waveguides.len() as i64, x_nm, y_nm, ..row.clone() });
        }
        waveguides.push(WaveguideRow {
            device: i as i64,
            port_a: ends.next().unwrap_or(-1),
            port_b: ends.next().unwrap_or(-1),
            min_radius_x_nm,
            min_radius_y_nm,
            first_bend,
            ..form.row.clone()
        });
    }
    (waveguides, bends)
}

fn centerlines(lines: &Lines) -> Centerlines {
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

fn proto<'a>(cells: &'a [CellPlan], placed: &Placed) -> &'a Proto {
    &cells[placed.cell.index()].protos[placed.proto]
}

fn device_row(world: &World, proto: &Proto, placed: &Placed, waveguide: i64) -> DeviceRow {
    let nm = world.plan.layout.dbu_nm;
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
    let nm = world.plan.layout.dbu_nm * t.magnification();
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
    let nm = world.plan.layout.dbu_nm * t.magnification();
    let row = |bend: &Bend| BendRow {
        waveguide: -1,
        start_nm: bend.start * nm,
        length_nm: bend.length * nm,
        turn_rad: hand(t) * bend.turn_rad,
        min_radius_nm: bend.min_radius * nm,
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
    let nm = world.plan.layout.dbu_nm;
    let turned = Transform { d: [0.0; 2], ..*t };
    let scale = nm * t.magnification();
    let point = |p: &[f64; 3]| turned.apply(p[0], p[1]).map(|v| v * nm);
    let line = Line::new(guide.line.iter().map(point).collect(), guide.line.iter().map(|p| p[2] * scale).collect(), 0);
    line.on_grid(guide.trace.grid * scale, scale).bowed(&guide.trace.pieces, scale, hand(t))
}

/// The table of ports.
pub(crate) fn ports(ports: Vec<PlacedPort>, joined: &Joined) -> Ports {
    let mut net = vec![-1_i64; ports.len()];
    for (n, j) in joined.joins.iter().enumerate() {
        net[j.a] = n as i64;
        net[j.b] = n as i64;
    }
    let mut table = Ports::with_capacity(ports.len());
    for (p, net) in ports.into_iter().zip(net) {
        table.push(PortRow {
            device: p.device as i64,
            name: p.name,
            x_nm: p.at[0],
            y_nm: p.at[1],
            direction_rad: p.direction_rad,
            width_nm: p.width_nm,
            kind: p.kind as u8,
            cross_section: p.section.map_or(-1, |s| s as i64),
            net,
            top: p.top as i64,
            source: p.source as u8,
        });
    }
    table
}

/// The table of joins.
pub(crate) fn nets(ports: &[PlacedPort], joined: &Joined) -> Nets {
    let mut table = Nets::with_capacity(joined.joins.len());
    for j in &joined.joins {
        table.push(NetRow {
            port_a: j.a as i64,
            port_b: j.b as i64,
            gap_nm: j.offset.distance_nm,
            lateral_nm: j.offset.lateral_nm,
            angle_rad: j.offset.angle_rad,
            width_difference_nm: ports[j.a].width_nm - ports[j.b].width_nm,
        });
    }
    table
}
