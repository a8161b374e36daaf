//! How much is placed: a few bytes of a forged file can ask for a billion devices.

use waveguard_base::{CellId, Problem};
use waveguard_layout::{Reference, Repetition};

use crate::cells::CellPlan;
use crate::cuts::NOT_PLACED;
use crate::devices::{Proto, Role};
use crate::lines;
use crate::plan::Plan;

/// What may still be placed, over all tops.
#[derive(Clone, Debug)]
pub struct Effort {
    placements: u64,
    ports: u64,
    points: u64,
    steps: f64,
    /// The longest piece in which neighbours are looked for.
    step: f64,
    reached: Option<&'static str>,
}

impl Effort {
    /// All that the plan allows.
    pub fn new(plan: &Plan) -> Self {
        let limits = &plan.recipe.limits;
        Self {
            placements: limits.placements,
            ports: limits.placed_ports,
            points: limits.line_points,
            steps: limits.line_steps as f64,
            step: plan.dbu(lines::longest_piece_nm(plan.recipe.runs.reach_nm)),
            reached: None,
        }
    }

    /// The field of the limits that was reached.
    pub fn reached(&self) -> Option<&'static str> {
        self.reached
    }

    /// Takes off what a device costs; false when that is more than is left.
    pub fn take(&mut self, proto: &Proto, magnification: f64) -> bool {
        let guide = proto.guide.as_ref();
        let ports = proto.ports.len().max(1) as u64;
        let points = guide.map_or(0, |g| g.line.len() as u64);
        let steps = guide.map_or(0.0, |g| g.trace.length * magnification / self.step);
        let short = if ports > self.ports {
            "placed_ports"
        } else if points > self.points {
            "line_points"
        } else if steps > self.steps {
            "line_steps"
        } else {
            self.ports -= ports;
            self.points -= points;
            self.steps -= steps;
            return self.reached.is_none();
        };
        self.reached = self.reached.or(Some(short));
        false
    }

    /// Takes off a placement with so many things of its own; false when that is more than is left.
    pub fn visit(&mut self, own: usize) -> bool {
        match self.placements.checked_sub(1 + own as u64) {
            Some(left) => self.placements = left,
            None => self.reached = self.reached.or(Some("placements")),
        }
        self.reached.is_none()
    }
}

/// How many copies of a reference are placed, and the bound that says so: of an array whose copies lie on
/// each other by the hundred no more than the plan's bound, for that is never meant.
pub fn kept(plan: &Plan, roles: &[Role], cells: &[CellPlan], r: &Reference) -> (u64, &'static str) {
    let n = r.repetition.len();
    let target = r.target.index();
    let limits = &plan.recipe.limits;
    let is_device = roles[target] == Role::Device;
    let (most, limit) = if is_device {
        (limits.stacked_devices.max(1), "stacked_devices")
    } else {
        (limits.stacked_circuits.max(1), "stacked_circuits")
    };
    let Repetition::Grid { columns, rows, v1, v2 } = &*r.repetition else { return (n, limit) };
    if n <= most {
        return (n, limit);
    }
    let own = cells[target].protos.first().filter(|_| is_device).map(|p| p.bbox);
    let b = own.unwrap_or_else(|| plan.layout.bbox(r.target)).transformed(&r.transform);
    if b.is_empty() {
        return (n, limit);
    }
    // Copies along one direction until the first that lies beside the original.
    let deep = |v: &[f64; 2], count: u64| -> u64 {
        let along = |k: usize| (b.max[k] - b.min[k]) / v[k].abs();
        (along(0).min(along(1)).ceil().max(1.0) as u64).min(count)
    };
    let (across, up) = (deep(v1, *columns), deep(v2, *rows));
    if across.saturating_mul(up) <= most {
        return (n, limit);
    }
    // Copies are counted row by row.
    let copies = if across <= most { columns.saturating_mul(most / across) } else { most };
    (copies.min(n), limit)
}

/// Says which arrays are not placed in full.
pub fn stacks(plan: &Plan, roles: &[Role], cells: &[CellPlan], counts: &[u64]) -> Vec<Problem> {
    let mut below = vec![0_u64; cells.len()];
    for &cell in &plan.layout.bottom_up {
        let mut sum = cells[cell.index()].instances.len() as u64;
        if roles[cell.index()] == Role::Circuit {
            for (target, copies) in &plan.below[cell.index()].targets {
                sum = sum.saturating_add(copies.saturating_mul(below[target.index()]));
            }
        }
        below[cell.index()] = sum;
    }
    let mut found = Vec::new();
    for i in (0..cells.len()).filter(|&i| counts[i] > 0 && roles[i] == Role::Circuit) {
        let this = plan.layout.cell(CellId::from(i));
        let lattices = plan.below[i].lattices.iter().map(|&k| &this.references[k]);
        for r in lattices.filter(|r| below[r.target.index()] > 0) {
            let (copies, limit) = kept(plan, roles, cells, r);
            let left = r.repetition.len().saturating_sub(copies).saturating_mul(below[r.target.index()]);
            if left > 0 {
                let [x, y] = r.transform.d;
                let count = left.saturating_mul(counts[i]).min(i64::MAX as u64);
                found.push(Problem { count, ..Problem::at(NOT_PLACED, &this.name, x, y, format!("limits.{limit}")) });
            }
        }
    }
    found
}
