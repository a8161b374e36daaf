//! Joins the pieces of one guide end to end.

use super::curvature::Axis;
use super::drawn::{Widths, drawn_length};
use super::narrowest::Width;
use super::nodes::{self, Node, WidthRange};
use super::{CapHint, Flaw, NotARibbon, Station, Trace, TraceOptions, bends, view};

/// One guide from pieces whose ends meet within `snap` dbu. With hints the guide runs from the first hint
/// to the second; without, it runs as the first piece does. Areas and lengths add; bends are found anew
/// on the whole axis, so a bend that continues over a joint is one bend.
///
/// # Errors
/// When there are no pieces, when more or fewer than two ends stay loose, or when the ends are not at the hints.
pub fn chain(
    pieces: Vec<Trace>,
    snap: f64,
    hints: Option<[CapHint; 2]>,
    opts: &TraceOptions,
) -> Result<Trace, NotARibbon> {
    let order = order(&pieces, snap)?;
    let mut left: Vec<Option<Trace>> = pieces.into_iter().map(Some).collect();
    let mut parts: Vec<Trace> = order
        .iter()
        .filter_map(|&(i, flip)| left[i].take().map(|piece| if flip { piece.reversed() } else { piece }))
        .collect();
    let joined = if parts.len() > 1 { Some(join(&parts, hints, opts)) } else { parts.pop() };
    let joined = joined.ok_or(NotARibbon::Empty)?;
    // The order starts at a loose end of lowest index; keep the sense of the first piece.
    let backwards = order.contains(&(0, true));
    orient(if backwards { joined.reversed() } else { joined }, hints, snap)
}

fn orient(trace: Trace, hints: Option<[CapHint; 2]>, snap: f64) -> Result<Trace, NotARibbon> {
    let Some(hints) = hints else { return Ok(trace) };
    let away = |t: &Trace, k: usize| (t.ends[k].x - hints[k].x).hypot(t.ends[k].y - hints[k].y);
    let turned = trace.reversed();
    let straight_off = away(&trace, 0) + away(&trace, 1);
    let best = if away(&turned, 0) + away(&turned, 1) < straight_off { turned } else { trace };
    for (index, hint) in hints.iter().enumerate() {
        if away(&best, index) > snap.max(0.5 * hint.width) {
            return Err(NotARibbon::CapsNotAtHints { index });
        }
    }
    Ok(best)
}

/// Pieces from one loose end to the other, with true where a piece runs backwards.
fn order(pieces: &[Trace], snap: f64) -> Result<Vec<(usize, bool)>, NotARibbon> {
    let mut ends: Vec<(f64, f64, usize, usize)> = Vec::with_capacity(2 * pieces.len());
    for (i, p) in pieces.iter().enumerate() {
        for (k, e) in p.ends.iter().enumerate() {
            ends.push((e.x, e.y, i, k));
        }
    }
    let mut sorted: Vec<usize> = (0..ends.len()).collect();
    sorted.sort_by(|&a, &b| ends[a].0.total_cmp(&ends[b].0).then(a.cmp(&b)));
    let mut partner: Vec<Option<usize>> = vec![None; ends.len()];
    for (at, &a) in sorted.iter().enumerate() {
        if partner[a].is_some() {
            continue;
        }
        let mut best: Option<(f64, usize)> = None;
        for &b in sorted[at + 1..].iter().take_while(|&&b| ends[b].0 - ends[a].0 <= snap) {
            if partner[b].is_some() || ends[b].2 == ends[a].2 {
                continue;
            }
            let d = (ends[b].0 - ends[a].0).hypot(ends[b].1 - ends[a].1);
            if d <= snap && best.is_none_or(|(least, _)| d < least) {
                best = Some((d, b));
            }
        }
        if let Some((_, b)) = best {
            (partner[a], partner[b]) = (Some(b), Some(a));
        }
    }
    let loose: Vec<usize> = (0..ends.len()).filter(|&e| partner[e].is_none()).collect();
    if pieces.is_empty() {
        return Err(NotARibbon::Empty);
    }
    if loose.is_empty() {
        return Err(NotARibbon::Closed);
    }
    if loose.len() != 2 {
        return Err(NotARibbon::NotAChain { loose: loose.len() });
    }
    let mut out = Vec::with_capacity(pieces.len());
    let mut enter = loose[0];
    loop {
        let (piece, side) = (ends[enter].2, ends[enter].3);
        out.push((piece, side == 1));
        let leave = 2 * piece + (1 - side);
        match partner[leave] {
            Some(next) if out.len() < pieces.len() => enter = next,
            _ => break,
        }
    }
    // Two loose ends and a separate closed loop: the walk does not reach all pieces.
    if out.len() == pieces.len() { Ok(out) } else { Err(NotARibbon::NotAChain { loose: 2 }) }
}

/// The grid of the drawing is not known any more; a database unit is its lower bound.
const GRID_DBU: f64 = 1.0;

fn join(parts: &[Trace], hints: Option<[CapHint; 2]>, opts: &TraceOptions) -> Trace {
    let grid = GRID_DBU;
    let mut stations: Vec<Station> = Vec::with_capacity(parts.iter().map(|p| p.stations.len()).sum());
    for part in parts {
        let mut own = part.stations.iter();
        if let (Some(last), Some(first)) = (stations.last_mut(), part.stations.first()) {
            // The two caps of a joint are one place.
            (last.x, last.y) = (0.5 * (last.x + first.x), 0.5 * (last.y + first.y));
            own.next();
        }
        stations.extend(own);
    }
    let origin = [stations[0].x, stations[0].y];
    let mut axis_nodes: Vec<Node> = stations
        .iter()
        .zip(1_u32..)
        .map(|(v, count)| Node::at_station([v.x - origin[0], v.y - origin[1]], v.width, f64::from(count)))
        .collect();
    nodes::settle(&mut axis_nodes, opts);
    let mut range = WidthRange::default();
    for part in parts {
        range.add(part.width_min);
        range.add(part.width_max);
        range.least = range.least.or(Width { value: part.width_min, error: part.width_error });
    }
    let area: f64 = parts.iter().map(|p| p.area).sum();
    let ends = [parts[0].ends[0], parts[parts.len() - 1].ends[1]];
    // Short pieces have few cross-sections: the mean width weighs each by its area.
    let mean = area / parts.iter().map(|p| p.drawn_length).sum::<f64>();
    let drawn_length = drawn_length(&Widths { range, mean, area, grid }, &ends, hints.as_ref(), opts);
    let whole =
        view::Whole { ends, origin, range, area, grid, drawn_length, n_shapes: parts.iter().map(|p| p.n_shapes).sum() };
    let axis = Axis::new(&axis_nodes, grid);
    let mut trace = view::finish(&axis, bends::find(&axis, opts), &whole, opts);
    let mut before = 0.0;
    for part in parts {
        trace.flaws.extend(part.flaws.iter().map(|f| Flaw { start: f.start + before, ..*f }));
        before += part.length;
    }
    trace.length = parts.iter().map(|p| p.length).sum();
    trace.length_error = parts.iter().map(|p| p.length_error * p.length_error).sum::<f64>().sqrt();
    trace
}
