//! Pairs of which it cannot be said what they are without the blocks around them.
//!
//! What stays unexplained in a block may be explained by several of its neighbours together: boxes by a row of them, a
//! strip by the guides it runs along, teeth by a grating that a guide enters. A device may lie over guides of several
//! blocks.

use waveguard_geom::BBox;

use super::RawForm;
use super::pairs::{self, Key, device_box};
use crate::attach::MOST_REACH_NM;
use crate::cells::CellPlan;
use crate::contacts::distance;
use crate::devices::Proto;
use crate::guides::Guide;
use crate::place::Placed;
use crate::plan::Plan;
use crate::segments;

/// What can be in doubt in a form, in its frame.
struct Doubtful {
    /// Boxes of all devices.
    all: Vec<BBox>,
    /// Centre-lines of guides with their widths.
    guides: Vec<Vec<[f64; 3]>>,
    /// Boxes of shapes that nothing explains yet.
    unsettled: Vec<BBox>,
    /// Ports of what is no guide.
    ports: Vec<[f64; 2]>,
}

impl Doubtful {
    fn new(plan: &Plan, cells: &[CellPlan], form: &RawForm) -> Self {
        let of = |placed: &Placed| -> &Proto { &cells[placed.cell.index()].protos[placed.proto] };
        let boxes = |keep: &dyn Fn(&Proto) -> bool| -> Vec<BBox> {
            form.devices.iter().filter(|d| keep(of(d))).map(|d| device_box(d, cells)).collect()
        };
        let is_unsettled = |proto: &Proto| {
            let is_shape = proto.is_free() && proto.guide.is_none() && proto.junction.is_none();
            is_shape || segments::may_be_box(plan, proto)
        };
        let others = form.devices.iter().filter(|d| of(d).guide.is_none());
        let ports = others.flat_map(|d| of(d).ports.iter().map(|p| d.transform.apply(p.at[0], p.at[1])));
        Self {
            all: boxes(&|_| true),
            guides: form.devices.iter().filter_map(|d| Some(line(of(d).guide.as_ref()?, d))).collect(),
            unsettled: boxes(&is_unsettled),
            ports: ports.collect(),
        }
    }

    /// True when something of this form is in doubt beside the other one, displaced.
    fn is_beside(&self, other: &Self, by: [f64; 2], reach: f64, end: f64) -> bool {
        let near = |own: &BBox| {
            let window = own.moved([-by[0], -by[1]]).grown(reach);
            other.all.iter().any(|b| b.touches(&window))
        };
        let is_over = |at: &[f64; 2]| {
            let at = [at[0] - by[0], at[1] - by[1]];
            other.guides.iter().any(|line| is_inside(line, at, end))
        };
        self.unsettled.iter().any(near) || self.ports.iter().any(is_over)
    }
}

/// The centre-line of a placed guide.
fn line(guide: &Guide, placed: &Placed) -> Vec<[f64; 3]> {
    let scale = placed.transform.magnification();
    let place = |[x, y, width]: &[f64; 3]| {
        let [x, y] = placed.transform.apply(*x, *y);
        [x, y, width * scale]
    };
    guide.line.iter().map(place).collect()
}

/// True for a place on a guide that is further from both of its ends than a joint may be.
fn is_inside(line: &[[f64; 3]], at: [f64; 2], end: f64) -> bool {
    let is_far = |p: &[f64; 3]| (p[0] - at[0]).hypot(p[1] - at[1]) > end;
    line.first().is_some_and(is_far)
        && line.last().is_some_and(is_far)
        && line.windows(2).any(|w| distance(at, [[w[0][0], w[0][1]], [w[1][0], w[1][1]]]) <= w[0][2].max(w[1][2]) / 2.0)
}

/// True when any of the kinds is in doubt.
pub(super) fn is_any(plan: &Plan, cells: &[CellPlan], forms: &[RawForm], keys: &[Key]) -> bool {
    let recipe = plan.recipe;
    let reach = plan.dbu(MOST_REACH_NM.max(recipe.segments.pitch_max_nm));
    // Ports at the ends of guides are joints.
    let end = pairs::joint(plan, cells);
    let all: Vec<Doubtful> = forms.iter().map(|form| Doubtful::new(plan, cells, form)).collect();
    keys.iter().any(|(a, b, by)| {
        let (a, b, by) = (&all[*a as usize], &all[*b as usize], by.map(f64::from_bits));
        a.is_beside(b, by, reach, end) || b.is_beside(a, by.map(|v| -v), reach, end)
    })
}
