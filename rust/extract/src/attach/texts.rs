//! Texts drawn as shapes on a layer of guides: letters in a row, which join nothing and near which nothing is.

use waveguard_base::CellId;
use waveguard_geom::{BBox, GridIndex};

use super::gratings::Chains;
use super::{edge_box, marks, of};
use crate::cells::CellPlan;
use crate::devices::Proto;
use crate::place::Placed;
use crate::plan::Plan;
use crate::strays::{Stray, What};
use crate::trace::Trace;

/// A text has at least so many letters.
const FEWEST: usize = 3;
/// At least so many of them are no straight bars, and not all are drawn alike: a row of equal shapes is no text.
const FEWEST_FORMS: usize = 2;
/// Forms that differ by no more than this, in dbu, may be one: copies are rounded to the grid each for itself.
const SAME_FORM: f64 = 8.0;
/// Letters are no larger than this, in nm,
const LARGEST_NM: f64 = 500_000.0;
/// and not smaller, in nm.
const SMALLEST_NM: f64 = 1000.0;
/// The gap between two letters, as a part of the height of the higher one: between words, and of the narrowest font.
const GAP: (f64, f64) = (0.04, 1.5);
/// Letters side by side share at least this part of the height of the higher one.
const SHARED: f64 = 0.5;
/// Letters are no wider than this many heights.
const WIDEST: f64 = 2.0;
/// What stands so many heights beside a line of letters, or within it, belongs to it.
const BESIDE: f64 = 0.3;
/// Letters that are no bars are wider than this part of their height, or higher than this part of their width,
const SQUARE: f64 = 0.25;
/// and fill this part of their box: they are drawn with broad strokes.
const FILLED: f64 = 0.15;
/// The stroke of a letter is no longer than this many widths of it; that of a bar no longer than so many.
const STROKE_WIDTHS: (f64, f64) = (45.0, 16.0);
/// The ends of a bar are this part of its length from each other.
const STRAIGHT: f64 = 0.95;
/// Nothing that guides light is nearer to a text than this, in nm: rings beside a bus are no letters.
const ALONE_NM: f64 = 3000.0;
/// Neighbours of a letter that are looked at.
const MOST_NEAR: usize = 64;

/// One shape that may be a letter: its devices, as first and one past the last.
pub(super) struct Letter {
    pub(super) devices: (usize, usize),
    pub(super) bbox: BBox,
    is_bar: bool,
    /// It turns at a corner, or has arms at an angle: it guides no light.
    pub(super) is_sharp: bool,
    /// Area by the longer side of its box, and both sides, in dbu: the same for copies of one outline, however they are
    /// turned by quarters or mirrored.
    form: [f64; 3],
}

impl Letter {
    pub(super) fn size(&self, axis: usize) -> f64 {
        self.bbox.max[axis] - self.bbox.min[axis]
    }

    /// True when two letters stand side by side along an axis.
    fn follows(&self, other: &Self, axis: usize) -> bool {
        let up = 1 - axis;
        let high = self.size(up).max(other.size(up));
        let shared = self.bbox.max[up].min(other.bbox.max[up]) - self.bbox.min[up].max(other.bbox.min[up]);
        let gap = self.bbox.min[axis].max(other.bbox.min[axis]) - self.bbox.max[axis].min(other.bbox.max[axis]);
        shared >= SHARED * high
            && gap >= GAP.0 * high
            && gap <= GAP.1 * high
            && [self, other].iter().all(|l| l.size(axis) <= WIDEST * high)
    }
}

/// The texts among placed devices, and for each device whether it is a part of one.
pub(super) fn find(plan: &Plan, cells: &[CellPlan], devices: &[Placed]) -> (Vec<Stray>, Vec<bool>) {
    let mut is_text = vec![false; devices.len()];
    let letters = letters(plan, cells, devices);
    if letters.is_empty() {
        return (Vec::new(), is_text);
    }
    let boxes: Vec<BBox> = letters.iter().map(|l| l.bbox).collect();
    let size = letters.iter().map(|l| l.size(0).max(l.size(1))).sum::<f64>() / letters.len() as f64;
    let index = GridIndex::new(&boxes, 2.0 * size);
    let mut strays = Vec::new();
    for axis in 0..2 {
        let mut rows = Chains::new(letters.len());
        for (k, letter) in letters.iter().enumerate() {
            let mut seen = 0;
            index.candidates_while(&letter.bbox.grown(GAP.1 * letter.size(1 - axis)), |l| {
                seen += 1;
                let same_top = devices[letters[l].devices.0].top == devices[letter.devices.0].top;
                if l != k && same_top && letter.follows(&letters[l], axis) {
                    rows.join(k, l);
                }
                seen < MOST_NEAR
            });
        }
        let mut texts = rows.groups();
        texts.retain(|text| {
            let is_taken = text.iter().any(|&k| is_text[letters[k].devices.0]);
            !is_taken && is_written(text, &letters)
        });
        for text in alone(plan, cells, devices, &letters, texts, is_much_larger) {
            let (mut bbox, mut high) = (BBox::EMPTY, 0.0_f64);
            for &k in &text {
                bbox.add_box(&letters[k].bbox);
                high = high.max(letters[k].size(1 - axis));
                is_text[letters[k].devices.0..letters[k].devices.1].fill(true);
            }
            let top = devices[letters[text[0]].devices.0].top;
            // Dashes are lower than letters, and stand before the first or behind the last, too.
            let [line, longer] = [bbox.grown(BESIDE * high), bbox.grown(high)];
            index.candidates(&longer, |k| {
                let (first, end) = letters[k].devices;
                let [low, far] = [letters[k].bbox.min, letters[k].bbox.max];
                let line = if letters[k].is_bar { &longer } else { &line };
                if devices[first].top == top && line.contains(low[0], low[1]) && line.contains(far[0], far[1]) {
                    is_text[first..end].fill(true);
                }
            });
            strays.push(stray(top, &bbox, text.len()));
        }
    }
    for mark in marks::find(plan, cells, devices, &letters, &index, &is_text) {
        let mut bbox = BBox::EMPTY;
        for &k in &mark {
            bbox.add_box(&letters[k].bbox);
            is_text[letters[k].devices.0..letters[k].devices.1].fill(true);
        }
        strays.push(stray(devices[letters[mark[0]].devices.0].top, &bbox, mark.len()));
    }
    (strays, is_text)
}

/// Dots and dashes stand beside letters, too.
fn is_much_larger(other: &Other, letter: &Letter) -> bool {
    let is_small = other.proto.is_free() && other.proto.ports.len() <= 2;
    !is_small || other.size > WIDEST * letter.size(0).max(letter.size(1))
}

fn stray(top: CellId, bbox: &BBox, letters: usize) -> Stray {
    let at = [f64::midpoint(bbox.min[0], bbox.max[0]), f64::midpoint(bbox.min[1], bbox.max[1])];
    Stray { top, at, what: What::Text(letters) }
}

/// Shapes beside devices of the size of letters.
fn letters(plan: &Plan, cells: &[CellPlan], devices: &[Placed]) -> Vec<Letter> {
    let (least, most) = (plan.dbu(SMALLEST_NM), plan.dbu(LARGEST_NM));
    let mut out = Vec::new();
    let mut first = 0;
    for group in devices.chunk_by(|a, b| a.top == b.top && a.copy == b.copy) {
        let from = first;
        first += group.len();
        if !group.iter().all(|placed| of(cells, placed).is_free()) {
            continue;
        }
        let mut bbox = BBox::EMPTY;
        for placed in group {
            bbox.add_box(&of(cells, placed).bbox.transformed(&placed.transform));
        }
        let is_bar = group.len() == 1 && of(cells, &group[0]).guide.as_ref().is_some_and(|g| is_straight(&g.trace));
        let is_sharp = !is_bar && group.iter().any(|placed| marks::is_sharp(of(cells, placed)));
        let area = |placed: &Placed| {
            of(cells, placed).core_area.iter().sum::<f64>() * placed.transform.magnification().powi(2)
        };
        let area = group.iter().map(area).sum::<f64>();
        let [width, height] = [0, 1].map(|k: usize| bbox.max[k] - bbox.min[k]);
        let (size, narrow) = (width.max(height), width.min(height));
        let form = [area / size.max(1.0), size, narrow];
        let letter = Letter { devices: (from, first), bbox, is_bar, is_sharp, form };
        let filled = area / (width * height).max(f64::MIN_POSITIVE);
        let most_widths = if is_bar { STROKE_WIDTHS.1 } else { STROKE_WIDTHS.0 };
        let guides = group.iter().filter_map(|placed| of(cells, placed).guide.as_ref());
        let is_broad = guides.map(|g| &g.trace).all(|t| t.length <= most_widths * t.width_max)
            && (is_bar || narrow >= SQUARE * size)
            && filled >= FILLED;
        if is_broad && (least..=most).contains(&size) {
            out.push(letter);
        }
    }
    out
}

/// True for a stroke that leads from one end to the other without a bend or a sharp corner.
fn is_straight(trace: &Trace) -> bool {
    let [a, b] = &trace.ends;
    (a.x - b.x).hypot(a.y - b.y) >= STRAIGHT * trace.length
}

fn is_written(text: &[usize], letters: &[Letter]) -> bool {
    if text.len() < FEWEST || text.iter().filter(|&&k| !letters[k].is_bar).count() < FEWEST_FORMS {
        return false;
    }
    let first = &letters[text[0]].form;
    text.iter().any(|&k| letters[k].form.iter().zip(first).any(|(a, b)| (a - b).abs() > SAME_FORM))
}

/// A part of a device that is of no text that is looked at.
pub(super) struct Other<'a> {
    pub(super) device: usize,
    pub(super) proto: &'a Proto,
    pub(super) bbox: BBox,
    /// Of the whole device.
    size: f64,
}

/// The texts near which nothing is that is `in_the_way` of a letter of theirs.
pub(super) fn alone(
    plan: &Plan,
    cells: &[CellPlan],
    devices: &[Placed],
    letters: &[Letter],
    texts: Vec<Vec<usize>>,
    in_the_way: impl Fn(&Other, &Letter) -> bool,
) -> Vec<Vec<usize>> {
    if texts.is_empty() {
        return texts;
    }
    let mut is_of_text = vec![false; devices.len()];
    texts.iter().flatten().for_each(|&k| is_of_text[letters[k].devices.0..letters[k].devices.1].fill(true));
    let mut others: Vec<Other> = Vec::new();
    for (device, placed) in devices.iter().enumerate().filter(|(i, _)| !is_of_text[*i]) {
        let proto = of(cells, placed);
        let whole = proto.bbox.transformed(&placed.transform);
        let size = (whole.max[0] - whole.min[0]).max(whole.max[1] - whole.min[1]);
        let other = |bbox: BBox| Other { device, proto, bbox, size };
        match &proto.guide {
            Some(guide) => {
                let place = |p: &[f64; 3]| placed.transform.apply(p[0], p[1]);
                others.extend(guide.line.windows(2).map(|w| other(edge_box(&[place(&w[0]), place(&w[1])]))));
            }
            None => others.push(other(whole)),
        }
    }
    let reach = plan.dbu(ALONE_NM);
    let boxes: Vec<BBox> = others.iter().map(|o| o.bbox).collect();
    let index = GridIndex::new(&boxes, 10.0 * reach);
    let is_alone = |text: &Vec<usize>| {
        text.iter().all(|&k| {
            let (letter, window) = (&letters[k], letters[k].bbox.grown(reach));
            let top = devices[letter.devices.0].top;
            index.candidates_while(&window, |i| {
                let other = &others[i];
                !(devices[other.device].top == top && other.bbox.touches(&window) && in_the_way(other, letter))
            })
        })
    };
    texts.into_iter().filter(is_alone).collect()
}
