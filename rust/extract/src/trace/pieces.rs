//! Traces a guide that is drawn as several abutting shapes.
//!
//! A short piece may be wider than long, and then its own shape does not say where its ends are. Such
//! pieces are traced after their neighbours, with the neighbours' loose ends as hints. Tools also cut large
//! outlines along straight lines wherever they fall, even lengthwise through a guide; such pieces are no
//! ribbons until they are united again.

use std::f64::consts::PI;

use waveguard_geom::{Point, region, transform::wrap_angle};

use super::{CapHint, End, NotARibbon, Trace, TraceOptions, chain, trace_ribbon};

/// A lone shape less than this many times longer than wide is traced with hints when there are any.
const SURE_ASPECT: f64 = 3.0;

/// One guide from its shapes, whose ends meet within `snap` dbu; with hints from the first to the second.
///
/// # Errors
/// The reason why a shape is no ribbon, or why the ribbons do not join into one guide.
pub fn trace_pieces<R: AsRef<[Point]>>(
    rings: &[R],
    snap: f64,
    hints: Option<[CapHint; 2]>,
    opts: &TraceOptions,
) -> Result<Trace, NotARibbon> {
    if let [ring] = rings {
        return trace_ribbon(ring.as_ref(), hints, opts);
    }
    joined(rings, snap, hints, opts).or_else(|reason| {
        let united = region::union(rings);
        let trace = match united.as_slice() {
            [] => return Err(reason),
            [ring] => trace_ribbon(ring, hints, opts)?,
            more if more.len() < rings.len() => joined(more, snap, hints, opts)?,
            _ => return Err(reason),
        };
        Ok(Trace { n_shapes: rings.len() as u32, ..trace })
    })
}

fn joined<R: AsRef<[Point]>>(
    rings: &[R],
    snap: f64,
    hints: Option<[CapHint; 2]>,
    opts: &TraceOptions,
) -> Result<Trace, NotARibbon> {
    let mut traces: Vec<Option<Trace>> = Vec::with_capacity(rings.len());
    let mut open: Vec<usize> = Vec::new();
    for (i, ring) in rings.iter().enumerate() {
        let trace = trace_ribbon(ring.as_ref(), None, opts).ok().filter(is_sure);
        if trace.is_none() {
            open.push(i);
        }
        traces.push(trace);
    }
    // Each round settles the pieces between two known ends; a run of short pieces is settled from both sides.
    while !open.is_empty() {
        let ends = loose_ends(&traces, hints, snap);
        let mut left = Vec::new();
        for &i in &open {
            match between(rings[i].as_ref(), &ends, opts) {
                Some(trace) => traces[i] = Some(trace),
                None => left.push(i),
            }
        }
        if left.len() == open.len() {
            // No neighbour helps: what the shape says by itself is all there is.
            let i = left.remove(0);
            traces[i] = Some(trace_ribbon(rings[i].as_ref(), None, opts)?);
        }
        open = left;
    }
    chain(traces.into_iter().flatten().collect(), snap, hints, opts)
}

fn is_sure(t: &Trace) -> bool {
    t.ends.iter().all(|e| e.width > 0.0) && t.length > SURE_ASPECT * t.ends[0].width.max(t.ends[1].width)
}

/// Ends that wait for a neighbour, as hints for the caps of that neighbour.
fn loose_ends(traces: &[Option<Trace>], hints: Option<[CapHint; 2]>, snap: f64) -> Vec<CapHint> {
    let ends: Vec<&End> = traces.iter().flatten().flat_map(|t| &t.ends).collect();
    let meets = |a: &End, x: f64, y: f64| (a.x - x).hypot(a.y - y) <= snap;
    let mut out: Vec<CapHint> =
        hints.into_iter().flatten().filter(|h| !ends.iter().any(|e| meets(e, h.x, h.y))).collect();
    for (i, e) in ends.iter().enumerate() {
        let is_joined = ends.iter().enumerate().any(|(j, o)| i != j && meets(o, e.x, e.y));
        let is_port = hints.is_some_and(|h| h.iter().any(|h| meets(e, h.x, h.y)));
        if !is_joined && !is_port {
            out.push(CapHint { x: e.x, y: e.y, direction_rad: wrap_angle(e.direction_rad + PI), width: e.width });
        }
    }
    out
}

/// The trace between two of the ends, when the shape has caps at exactly two of them.
fn between(ring: &[Point], ends: &[CapHint], opts: &TraceOptions) -> Option<Trace> {
    let mut found: Option<Trace> = None;
    for (i, a) in ends.iter().enumerate() {
        for b in &ends[i + 1..] {
            let Ok(trace) = trace_ribbon(ring, Some([*a, *b]), opts) else { continue };
            let close =
                trace.ends.iter().zip([a, b]).all(|(e, h)| (e.x - h.x).hypot(e.y - h.y) <= 0.1 * h.width.max(1.0));
            if close && found.is_some() {
                return None;
            }
            if close {
                found = Some(trace);
            }
        }
    }
    found
}
