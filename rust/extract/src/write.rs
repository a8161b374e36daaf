//! Rows of devices, ports, joins and guides.

use rayon::prelude::*;
use waveguard_geom::Transform;

use crate::cells::CellPlan;
use crate::devices::Proto;
use crate::extraction::World;
use crate::guides::Guide;
use crate::lines::Line;
use crate::nets::{Joined, PlacedPort};
use crate::place::Placed;
use crate::recipe::PortKind;
use crate::tables::{
    BendRow, Bends, Centerlines, DeviceRow, Devices, NetRow, Nets, PortRow, Ports, WaveguideRow, Waveguides,
};

/// Devices, guides, bends, centre-lines as tables, and the lines for neighbours.
pub(crate) type GuideTables = (Devices, Waveguides, Bends, Centerlines, Vec<Line>);

/// Writes the devices and what was traced of them. The tracer worked once per cell; here its results are
/// placed.
pub(crate) fn guides(world: &World) -> GuideTables {
    let mut devices = Devices::default();
    let mut waveguides = Waveguides::default();
    let mut bends = Bends::default();
    let mut centerlines = Centerlines { offsets: vec![0], ..Centerlines::default() };
    let lines: Vec<Line> = world
        .placed
        .par_iter()
        .filter_map(|placed| proto(world.cells, placed).guide.as_ref().map(|guide| placed_line(world, guide, placed)))
        .collect();
    for (i, placed) in world.placed.iter().enumerate() {
        let proto = proto(world.cells, placed);
        let waveguide = proto.guide.as_ref().map_or(-1, |_| waveguides.len() as i64);
        devices.push(device_row(world, proto, placed, waveguide));
        let Some(guide) = &proto.guide else { continue };
        let optical = (world.starts[i]..world.starts[i + 1]).filter(|&p| world.ports[p].kind == PortKind::Optical);
        let ends: Vec<i64> = optical.take(2).map(|p| p as i64).collect();
        let row = waveguide_row(world, guide, &placed.transform, i, &ends, bends.len());
        bend_rows(world, guide, &placed.transform, waveguides.len(), &mut bends);
        waveguides.push(row);
        let line = &lines[waveguides.len() - 1];
        for (p, w) in line.points.iter().zip(&line.width) {
            centerlines.x_nm.push(p[0]);
            centerlines.y_nm.push(p[1]);
            centerlines.width_nm.push(*w);
        }
        centerlines.offsets.push(centerlines.x_nm.len() as i64);
    }
    (devices, waveguides, bends, centerlines, lines)
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

fn waveguide_row(
    world: &World,
    guide: &Guide,
    t: &Transform,
    device: usize,
    ends: &[i64],
    bend: usize,
) -> WaveguideRow {
    let trace = &guide.trace;
    // All lengths of the trace are in dbu of its cell.
    let nm = world.plan.layout.dbu_nm * t.magnification();
    let [x, y] = t.apply(trace.min_radius_at[0], trace.min_radius_at[1]);
    WaveguideRow {
        device: device as i64,
        port_a: ends.first().copied().unwrap_or(-1),
        port_b: ends.get(1).copied().unwrap_or(-1),
        cross_section: guide.section.map_or(-1, |s| s as i64),
        centerline_length_nm: trace.length * nm,
        drawn_length_nm: trace.drawn_length * nm,
        length_error_nm: trace.length_error * nm,
        width_a_nm: trace.ends[0].width * nm,
        width_b_nm: trace.ends[1].width * nm,
        width_min_nm: trace.width_min * nm,
        width_max_nm: trace.width_max * nm,
        min_radius_nm: trace.min_radius * nm,
        min_radius_error_nm: trace.min_radius_error * nm,
        min_radius_x_nm: x * world.plan.layout.dbu_nm,
        min_radius_y_nm: y * world.plan.layout.dbu_nm,
        turn_rad: hand(t) * trace.turn,
        abs_turn_rad: trace.abs_turn,
        n_bends: trace.bends.len() as i64,
        n_shapes: i64::from(trace.n_shapes),
        area_nm2: trace.area * nm * nm,
        first_bend: bend as i64,
        spine_length_nm: guide.spine_length * nm,
    }
}

fn bend_rows(world: &World, guide: &Guide, t: &Transform, waveguide: usize, bends: &mut Bends) {
    let nm = world.plan.layout.dbu_nm * t.magnification();
    for bend in &guide.trace.bends {
        let [x, y] = t.apply(bend.x, bend.y);
        bends.push(BendRow {
            waveguide: waveguide as i64,
            start_nm: bend.start * nm,
            length_nm: bend.length * nm,
            turn_rad: hand(t) * bend.turn_rad,
            min_radius_nm: bend.min_radius * nm,
            x_nm: x * world.plan.layout.dbu_nm,
            y_nm: y * world.plan.layout.dbu_nm,
            begin_curvature_per_nm: hand(t) * bend.begin_curvature / nm,
            end_curvature_per_nm: hand(t) * bend.end_curvature / nm,
        });
    }
}

/// -1 where the placement mirrors, so that left turns become right turns.
fn hand(t: &Transform) -> f64 {
    if t.is_mirrored() { -1.0 } else { 1.0 }
}

fn placed_line(world: &World, guide: &Guide, placed: &Placed) -> Line {
    let nm = world.plan.layout.dbu_nm;
    let scale = nm * placed.transform.magnification();
    let point = |p: &[f64; 3]| placed.transform.apply(p[0], p[1]).map(|v| v * nm);
    Line::new(
        guide.line.iter().map(point).collect(),
        guide.line.iter().map(|p| p[2] * scale).collect(),
        placed.top.index(),
    )
}

/// The table of ports.
pub(crate) fn ports(ports: &[PlacedPort], joined: &Joined) -> Ports {
    let mut net = vec![-1_i64; ports.len()];
    for (n, j) in joined.joins.iter().enumerate() {
        net[j.a] = n as i64;
        net[j.b] = n as i64;
    }
    let mut table = Ports::default();
    for (p, net) in ports.iter().zip(net) {
        table.push(PortRow {
            device: p.device as i64,
            name: p.name.clone(),
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
    let mut table = Nets::default();
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
