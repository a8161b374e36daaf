//! How much of the layout was understood, and where the rest is.

use waveguard_base::CellId;

use crate::attach::Explained;
use crate::extraction::World;
use crate::facts::Sums;
use crate::nets::Joined;
use crate::place::Rest;
use crate::recipe::PortKind;
use crate::tables::{CoverageRow, CoverageTable, Unexplained, UnexplainedRow};

/// Coverage of each top, and the shapes nothing explains, largest first.
///
/// Areas are those of the drawn shapes: where shapes overlap, the area counts as often as it is drawn, in
/// the total as in the parts. `besides` is explained without being a device.
pub fn tables(
    world: &World,
    sums: &Sums,
    tops: &[CellId],
    joined: &Joined,
    rest: Vec<Rest>,
    besides: &[Explained],
) -> (CoverageTable, Unexplained) {
    let mut table = CoverageTable::default();
    let nm2 = world.plan.layout.dbu_nm.powi(2);
    // Devices come top after top, in this order; a file may hold thousands of tops.
    let mut first = 0;
    for &top in tops {
        let t = top.index();
        let n = world.placed[first..].iter().take_while(|p| p.top == top).count();
        let own = first..first + n;
        let own_ports = world.starts[own.start]..world.starts[own.end];
        first = own.end;
        let mut add = |kind: String, total: f64, explained: f64| {
            table.push(CoverageRow { kind, total, explained, top: t as i64 });
        };
        let by_layer = &sums.core_area[t];
        let mut explained = vec![0.0; by_layer.len()];
        for own in besides.iter().filter(|b| b.top == t) {
            explained.iter_mut().zip(&own.area).for_each(|(sum, area)| *sum += area);
        }
        let (mut n_devices, mut n_guides) = (0_u64, 0_u64);
        let mut n_two_ports = 0_u64;
        let mut modelled = 0_u64;
        for placed in &world.placed[own] {
            let proto = &world.cells[placed.cell.index()].protos[placed.proto];
            let scale = placed.transform.magnification().powi(2);
            for (sum, area) in explained.iter_mut().zip(&proto.core_area) {
                *sum += area * scale;
            }
            n_devices += 1;
            n_guides += u64::from(proto.guide.is_some());
            let ports = &proto.ports;
            let optical = ports.iter().filter(|p| p.kind == PortKind::Optical).count();
            n_two_ports += u64::from(optical == 2);
            modelled += u64::from(!ports.is_empty());
        }
        let sum = |v: &[f64]| v.iter().sum::<f64>() * nm2;
        add("core_area_nm2".to_owned(), sum(by_layer), sum(&explained));
        for ((pair, area), part) in world.plan.recipe.core_layers.iter().zip(by_layer).zip(&explained) {
            add(format!("core_area_nm2:{}/{}", pair.0, pair.1), area * nm2, part * nm2);
        }
        for (kind, name) in [(PortKind::Optical, "optical_pins"), (PortKind::Electrical, "electrical_pins")] {
            let (mut total, mut met) = (0_u64, 0_u64);
            for p in own_ports.clone().filter(|&p| world.ports.kind(p) == kind) {
                total += 1;
                met += u64::from(joined.partner(p).is_some());
            }
            add(name.to_owned(), total as f64, met as f64);
        }
        add("devices".to_owned(), n_devices as f64, modelled as f64);
        add("guides".to_owned(), n_two_ports as f64, n_guides as f64);
    }
    (table, unexplained(world, nm2, rest))
}

/// Largest first; what does not fit the listing becomes one row for each top and reason.
fn unexplained(world: &World, nm2: f64, mut rest: Vec<Rest>) -> Unexplained {
    let nm = world.plan.layout.dbu_nm;
    let most = world.plan.recipe.limits.unexplained_rows;
    // Stable, so equal areas stay in walking order.
    rest.sort_by(|a, b| b.what.area.total_cmp(&a.what.area));
    let mut table = Unexplained::default();
    let mut others: Vec<Rest> = Vec::new();
    for (i, r) in rest.into_iter().enumerate() {
        if i < most {
            table.push(row(&r, nm, nm2));
            continue;
        }
        match others.iter_mut().find(|o| o.top == r.top && o.what.reason == r.what.reason) {
            Some(o) => o.what.add(&r.what),
            None => others.push(r),
        }
    }
    for o in &others {
        let mut merged = row(o, nm, nm2);
        // Shapes of several cells.
        merged.cell = -1;
        table.push(merged);
    }
    table
}

fn row(r: &Rest, nm: f64, nm2: f64) -> UnexplainedRow {
    UnexplainedRow {
        top: r.top.index() as i64,
        cell: r.cell.index() as i64,
        x0_nm: r.what.bbox.min[0] * nm,
        y0_nm: r.what.bbox.min[1] * nm,
        x1_nm: r.what.bbox.max[0] * nm,
        y1_nm: r.what.bbox.max[1] * nm,
        area_nm2: r.what.area * nm2,
        reason: r.what.reason.to_owned(),
        count: r.what.count as i64,
    }
}
