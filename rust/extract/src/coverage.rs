//! How much of the layout was understood, and where the rest is.

use waveguard_base::CellId;

use crate::attach::Explained;
use crate::devices::Proto;
use crate::extraction::World;
use crate::facts::Sums;
use crate::nets::Joined;
use crate::place::Rest;
use crate::plan::Plan;
use crate::recipe::PortKind;
use crate::tables::{CoverageRow, CoverageTable, Unexplained, UnexplainedRow};

/// What the devices of one top sum up to.
#[derive(Clone, Debug, Default)]
pub struct Totals {
    /// Area that is explained, in dbu², by layer of the recipe's `core_layers`.
    pub explained: Vec<f64>,
    devices: u64,
    guides: u64,
    two_ports: u64,
    with_ports: u64,
    /// Optical and electrical ports, and those of them that are joined.
    ports: [[u64; 2]; 2],
}

impl Totals {
    /// Nothing yet, of so many layers.
    pub fn new(layers: usize) -> Self {
        Self { explained: vec![0.0; layers], ..Self::default() }
    }

    /// Adds an area by layer, as often as it is drawn and magnified by so much.
    pub fn explain(&mut self, area: &[f64], times: f64) {
        self.explained.iter_mut().zip(area).for_each(|(sum, area)| *sum += area * times);
    }

    /// Adds a device that is placed so often, magnified by so much.
    pub fn add_device(&mut self, proto: &Proto, magnification: f64, times: u64) {
        self.explain(&proto.core_area, magnification.powi(2) * times as f64);
        let optical = proto.ports.iter().filter(|p| p.kind == PortKind::Optical).count();
        self.devices += times;
        self.guides += if proto.guide.is_some() { times } else { 0 };
        self.two_ports += if optical == 2 { times } else { 0 };
        self.with_ports += if proto.ports.is_empty() { 0 } else { times };
    }

    /// Adds ports of a kind, so many in all and so many of them joined.
    pub fn add_ports(&mut self, kind: PortKind, all: u64, joined: u64) {
        let Some(k) = PIN_KINDS.iter().position(|(own, _)| *own == kind) else { return };
        self.ports[k][0] += all;
        self.ports[k][1] += joined;
    }
}

const PIN_KINDS: [(PortKind, &str); 2] =
    [(PortKind::Optical, "optical_pins"), (PortKind::Electrical, "electrical_pins")];

/// The sums of each top. `besides` is explained without being a device.
pub fn totals(plan: &Plan, world: &World, tops: &[CellId], joined: &Joined, besides: &[Explained]) -> Vec<Totals> {
    // Devices come top after top, in this order; a file may hold thousands of tops.
    let mut first = 0;
    let of_top = |&top: &CellId| {
        let n = world.placed[first..].iter().take_while(|p| p.top == top).count();
        let own = first..first + n;
        first = own.end;
        let mut totals = Totals::new(plan.recipe.core_layers.len());
        for own in besides.iter().filter(|b| b.top == top.index()) {
            totals.explain(&own.area, 1.0);
        }
        for placed in &world.placed[own.clone()] {
            let proto = &world.cells[placed.cell.index()].protos[placed.proto];
            totals.add_device(proto, placed.transform.magnification(), 1);
        }
        for p in world.starts[own.start]..world.starts[own.end] {
            totals.add_ports(world.ports.kind(p), 1, u64::from(joined.partner(p).is_some()));
        }
        totals
    };
    tops.iter().map(of_top).collect()
}

/// Coverage of each top, and the shapes nothing explains, largest first.
///
/// Areas are those of the drawn shapes: where shapes overlap, the area counts as often as it is drawn, in
/// the total as in the parts.
pub fn tables(
    plan: &Plan,
    sums: &Sums,
    tops: &[CellId],
    totals: &[Totals],
    rest: Vec<Rest>,
) -> (CoverageTable, Unexplained) {
    let mut table = CoverageTable::default();
    let nm2 = plan.layout.dbu_nm.powi(2);
    for (&top, own) in tops.iter().zip(totals) {
        let t = top.index();
        let mut add = |kind: String, total: f64, explained: f64| {
            table.push(CoverageRow { kind, total, explained, top: t as i64 });
        };
        let by_layer = &sums.core_area[t];
        let sum = |v: &[f64]| v.iter().sum::<f64>() * nm2;
        add("core_area_nm2".to_owned(), sum(by_layer), sum(&own.explained));
        for ((pair, area), part) in plan.recipe.core_layers.iter().zip(by_layer).zip(&own.explained) {
            add(format!("core_area_nm2:{}/{}", pair.0, pair.1), area * nm2, part * nm2);
        }
        for ((_, name), [all, joined]) in PIN_KINDS.iter().zip(own.ports) {
            add((*name).to_owned(), all as f64, joined as f64);
        }
        add("devices".to_owned(), own.devices as f64, own.with_ports as f64);
        add("guides".to_owned(), own.two_ports as f64, own.guides as f64);
    }
    (table, unexplained(plan, nm2, rest))
}

/// Largest first; what does not fit the listing becomes one row for each top and reason.
fn unexplained(plan: &Plan, nm2: f64, mut rest: Vec<Rest>) -> Unexplained {
    let nm = plan.layout.dbu_nm;
    let most = plan.recipe.limits.unexplained_rows;
    let corner = |r: &Rest| (r.top, r.what.bbox.min);
    // Equal areas by their place, whatever the order in which they were found; stable for shapes on each other.
    rest.sort_by(|a, b| {
        let ((s, p), (t, q)) = (corner(a), corner(b));
        b.what.area.total_cmp(&a.what.area).then(s.cmp(&t)).then(p[0].total_cmp(&q[0])).then(p[1].total_cmp(&q[1]))
    });
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
