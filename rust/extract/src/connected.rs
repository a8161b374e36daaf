//! Placed devices put together: pieces of one united, junctions with the guides that enter them, ports joined.

use rustc_hash::FxHashSet;
use waveguard_base::Watch;

use crate::attach::{self, Explained};
use crate::cells::{self, CellPlan, WorkedOut};
use crate::devices::Proto;
use crate::error::ExtractError;
use crate::merge::{self, CopyId, Merged};
use crate::nets::{self, Joined};
use crate::over;
use crate::place::{self, Placements};
use crate::plan::Plan;
use crate::ports::{Alike, Ports};
use crate::segments;
use crate::shapes::Shapes;
use crate::strays::{self, Beside, Stray};

/// What placed devices are together.
#[derive(Debug)]
pub struct Connected {
    /// What became of copies of shapes that are pieces of one.
    pub merged: Merged,
    /// Areas that are explained without being devices.
    pub explained: Vec<Explained>,
    /// Which devices differ by a displacement only.
    pub alike: Alike,
    /// Their ports.
    pub ports: Ports,
    /// First port of each device; one more than devices.
    pub starts: Vec<usize>,
    /// Ports joined.
    pub joined: Joined,
    /// Shapes out of place.
    pub strays: Vec<Stray>,
    /// Shapes close beside guides.
    pub beside: Vec<Beside>,
}

/// Puts devices together. They are replaced by what they are then, and so are the cells they are of.
///
/// # Errors
/// When the watch asks to stop.
pub fn connect(
    plan: &Plan,
    shapes: &Shapes,
    worked: &mut WorkedOut,
    all: &mut Placements,
    watch: &Watch,
) -> Result<Connected, ExtractError> {
    let merged = merge::merge(plan, shapes, worked, &mut all.devices);
    watch.check()?;
    segments::unite(plan, shapes, &mut worked.cells, all);
    watch.check()?;
    let (mut explained, mut strays) = attach::attach(plan, &mut worked.cells, all);
    watch.check()?;
    let cells = &mut worked.cells;
    let mut ends = Ends::new(plan, cells, all);
    if let Some(inside) = over::cut(plan, cells, all, &ends.ports, &ends.starts, &ends.joined) {
        explained.extend(inside);
        ends = Ends::new(plan, cells, all);
    }
    if drop_stubs(plan, cells, all, &ends.joined, &ends.starts, &merged) {
        ends = Ends::new(plan, cells, all);
    }
    let (on_guides, beside) = strays::on_guides(plan, cells, all);
    strays.extend(on_guides);
    let Ends { alike, ports, starts, joined } = ends;
    strays.extend(strays::lost(cells, all));
    strays.extend(strays::uneven(plan, cells, all));
    strays.extend(strays::holes(cells, all));
    strays.extend(strays::between_layers(plan, cells, &all.devices, &ports, &joined));
    Ok(Connected { merged, explained, alike, ports, starts, joined, strays, beside })
}

/// Ports of placed devices and their joins.
struct Ends {
    alike: Alike,
    ports: Ports,
    starts: Vec<usize>,
    joined: Joined,
}

impl Ends {
    fn new(plan: &Plan, cells: &[CellPlan], all: &Placements) -> Self {
        let alike = Alike::new(cells, &all.devices);
        let (ports, starts) = Ports::new(plan.layout.dbu_nm, cells, &all.devices, &alike);
        let joined = nets::join(&ports, &plan.recipe.tolerances, plan.recipe.limits.ports_nearby);
        Self { alike, ports, starts, joined }
    }
}

/// Takes drawn shapes that are too short to be guides by themselves, and join nothing, out of the devices.
/// One that lies on its twin, which took its joints, stays: it is reported.
fn drop_stubs(
    plan: &Plan,
    cells: &[CellPlan],
    all: &mut Placements,
    joined: &Joined,
    starts: &[usize],
    merged: &Merged,
) -> bool {
    if !cells.iter().flat_map(|cell| &cell.protos).any(Proto::is_free) {
        return false;
    }
    let twins: FxHashSet<CopyId> = merged.twins.iter().flat_map(|t| [t.first, t.second]).collect();
    let aspect = plan.recipe.limits.free_aspect;
    let mut kept = Vec::with_capacity(all.devices.len());
    let before = all.devices.len();
    for (i, placed) in all.devices.iter().enumerate() {
        let proto = &cells[placed.cell.index()].protos[placed.proto];
        let is_scrap = proto.is_free() && proto.guide.is_none() && proto.ports.is_empty();
        let short = proto.is_free()
            && !twins.contains(&(placed.top.index(), placed.copy))
            && proto.guide.as_ref().is_some_and(|g| g.trace.length < aspect * g.trace.width_max)
            && (starts[i]..starts[i + 1]).all(|p| joined.partner(p).is_none());
        if short || is_scrap {
            let area: f64 = proto.core_area.iter().sum();
            if area > 0.0 {
                all.rest.push(place::Rest {
                    top: placed.top,
                    cell: placed.cell,
                    what: cells::Leftover {
                        bbox: proto.bbox.transformed(&placed.transform),
                        area: area * placed.transform.magnification().powi(2),
                        count: 1,
                        reason: proto.reason.unwrap_or("short and joined to nothing"),
                    },
                    shape: Some(*placed),
                });
            }
        } else {
            kept.push(*placed);
        }
    }
    all.devices = kept;
    all.devices.len() < before
}
