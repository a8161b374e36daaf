//! Jumps aside at the ends of walls of teeth, as flaws of the guides that they lie on: what is traced is smooth there.

use std::sync::Arc;

use crate::devices::Proto;
use crate::guides::{Along, Guide};
use crate::network::jogs::Jump;
use crate::trace::{Flaw, Sides};

/// Gives each jump to the guide of which the axis runs nearest, within its width.
pub(super) fn told(protos: &mut [Proto], jumps: &[Jump]) {
    for jump in jumps {
        let places = protos.iter().enumerate().filter_map(|(i, p)| Some((i, place(p.guide.as_ref()?, jump)?)));
        let Some((i, (_, start))) = places.min_by(|a, b| a.1.0.total_cmp(&b.1.0)) else { continue };
        if let Some(guide) = &mut protos[i].guide {
            add(Arc::make_mut(guide), jump, start);
        }
    }
}

/// How far the axis of a guide runs from a jump, and where along it.
fn place(guide: &Guide, jump: &Jump) -> Option<(f64, f64)> {
    let along = Along::new(guide)?;
    let feet = (0..along.segments()).map(|k| along.foot(k, jump.at));
    let off = feet.map(|foot| ((foot.at[0] - jump.at[0]).hypot(foot.at[1] - jump.at[1]), foot.s));
    off.min_by(|a, b| a.0.total_cmp(&b.0)).filter(|(off, _)| *off <= jump.width)
}

fn add(guide: &mut Guide, jump: &Jump, start: f64) {
    let flaws = &mut guide.trace.flaws;
    // What the smooth sides show of the same place.
    flaws.retain(|f| f.start + f.length + jump.width < start || f.start > start + jump.width);
    let at = flaws.partition_point(|f| f.start <= start);
    flaws.insert(
        at,
        Flaw {
            start,
            length: jump.length,
            width: jump.width,
            widened: 0.0,
            aside: jump.aside,
            out: 0.0,
            sides: Sides::Apart,
            error: jump.error,
            radius: 0.0,
            turn: 0.0,
            x: jump.at[0],
            y: jump.at[1],
        },
    );
}
