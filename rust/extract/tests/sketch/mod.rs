//! Small layouts drawn in code, with the habits of layout tools: markers, pin paths, labels, placements.

#![allow(dead_code, unreachable_pub, reason = "each test program uses its part of the sketching tools")]

use std::f64::consts::FRAC_PI_2;

use waveguard_base::{Column, Watch};
use waveguard_extract::{Extraction, Recipe, extract};
use waveguard_layout::{Layout, LayoutColumns, Repetition};

pub const CORE: i64 = 0;
pub const MARKER: i64 = 1;
pub const PIN: i64 = 2;

/// A placement: target, origin, quarter turns, mirrored, repetition.
#[derive(Clone, Debug)]
pub struct Place {
    pub target: usize,
    pub at: [f64; 2],
    pub quarters: f64,
    pub mirrored: bool,
    pub repetition: usize,
}

#[derive(Clone, Debug, Default)]
pub struct SketchCell {
    pub name: String,
    pub polygons: Vec<(i64, Vec<[f64; 2]>, usize)>,
    pub paths: Vec<(i64, Vec<[f64; 2]>, f64, usize)>,
    pub labels: Vec<(i64, [f64; 2], String)>,
    pub places: Vec<Place>,
}

#[derive(Clone, Debug)]
pub struct Sketch {
    pub cells: Vec<SketchCell>,
    pub repetitions: Vec<Repetition>,
    pub dbu_nm: f64,
}

impl Default for Sketch {
    fn default() -> Self {
        Self { cells: Vec::new(), repetitions: vec![Repetition::Single], dbu_nm: 1.0 }
    }
}

impl SketchCell {
    pub fn rectangle(&mut self, layer: i64, x0: f64, y0: f64, x1: f64, y1: f64) {
        self.polygons.push((layer, vec![[x0, y0], [x1, y0], [x1, y1], [x0, y1]], 0));
    }

    /// A pin path of 100 dbu across its place, out of the cell, with a name.
    pub fn pin(&mut self, name: &str, x: f64, y: f64, quarters: i32, width: f64) {
        let (dx, dy) = [(50.0, 0.0), (0.0, 50.0), (-50.0, 0.0), (0.0, -50.0)][quarters.rem_euclid(4) as usize];
        self.paths.push((PIN, vec![[x - dx, y - dy], [x + dx, y + dy]], width, 0));
        self.labels.push((PIN, [x, y], name.to_owned()));
    }
}

impl Sketch {
    pub fn cell(&mut self, name: &str) -> usize {
        self.cells.push(SketchCell { name: name.to_owned(), ..SketchCell::default() });
        self.cells.len() - 1
    }

    pub fn place(&mut self, parent: usize, target: usize, x: f64, y: f64, quarters: i32, mirrored: bool) {
        let place = Place { target, at: [x, y], quarters: f64::from(quarters), mirrored, repetition: 0 };
        self.cells[parent].places.push(place);
    }

    /// A guide cell: an L with a bend of radius 10 µm, from (0, 0) leftwards out, to (`length`, `rise`) up.
    pub fn elbow(&mut self, name: &str, length: f64, rise: f64) -> usize {
        let c = self.cell(name);
        let (r, w) = (10_000.0, 500.0);
        let mut outer = vec![[0.0, -w / 2.0]];
        let mut inner = vec![[0.0, w / 2.0]];
        for i in 0..=90 {
            let a = f64::from(i) / 90.0 * FRAC_PI_2;
            let (cx, cy) = (length - r, r);
            outer.push([(cx + (r + w / 2.0) * a.sin()).round(), (cy - (r + w / 2.0) * a.cos()).round()]);
            inner.push([(cx + (r - w / 2.0) * a.sin()).round(), (cy - (r - w / 2.0) * a.cos()).round()]);
        }
        outer.push([length + w / 2.0, rise]);
        inner.push([length - w / 2.0, rise]);
        inner.reverse();
        outer.extend(inner);
        let cell = &mut self.cells[c];
        cell.polygons.push((CORE, outer, 0));
        cell.rectangle(MARKER, 0.0, -1000.0, length + 1000.0, rise);
        cell.pin("o1", 0.0, 0.0, 2, w);
        cell.pin("o2", length, rise, 1, w);
        c
    }

    /// A straight guide cell from (0, 0) to (`length`, 0).
    pub fn straight(&mut self, name: &str, length: f64) -> usize {
        let c = self.cell(name);
        let cell = &mut self.cells[c];
        cell.rectangle(CORE, 0.0, -250.0, length, 250.0);
        cell.rectangle(MARKER, 0.0, -1000.0, length, 1000.0);
        cell.pin("o1", 0.0, 0.0, 2, 500.0);
        cell.pin("o2", length, 0.0, 0, 500.0);
        c
    }

    /// A splitter: in at (0, 0), out at (20000, ±3000).
    pub fn splitter(&mut self, name: &str) -> usize {
        let c = self.cell(name);
        let cell = &mut self.cells[c];
        cell.rectangle(CORE, 0.0, -250.0, 5000.0, 250.0);
        cell.rectangle(CORE, 5000.0, -3250.0, 15_000.0, 3250.0);
        cell.rectangle(CORE, 15_000.0, 2750.0, 20_000.0, 3250.0);
        cell.rectangle(CORE, 15_000.0, -3250.0, 20_000.0, -2750.0);
        cell.rectangle(MARKER, 0.0, -4000.0, 20_000.0, 4000.0);
        cell.pin("in", 0.0, 0.0, 2, 500.0);
        cell.pin("up", 20_000.0, 3000.0, 0, 500.0);
        cell.pin("down", 20_000.0, -3000.0, 0, 500.0);
        c
    }

    /// A grating coupler with its pin at (0, 0) to the right.
    pub fn coupler(&mut self, name: &str) -> usize {
        let c = self.cell(name);
        let cell = &mut self.cells[c];
        cell.rectangle(CORE, -20_000.0, -5000.0, -5000.0, 5000.0);
        cell.rectangle(CORE, -5000.0, -250.0, 0.0, 250.0);
        cell.rectangle(MARKER, -20_000.0, -6000.0, 0.0, 6000.0);
        cell.pin("g", 0.0, 0.0, 0, 500.0);
        c
    }

    /// The cell with all that is placed below it drawn in it.
    pub fn flattened(&self, cell: usize) -> SketchCell {
        let own = &self.cells[cell];
        let mut out = SketchCell { places: Vec::new(), ..own.clone() };
        for place in &own.places {
            let inner = self.flattened(place.target);
            let Repetition::Single = self.repetitions[place.repetition] else { panic!("not needed by any test") };
            let t = |p: &[f64; 2]| placed(place, *p);
            out.polygons.extend(inner.polygons.iter().map(|(l, v, r)| (*l, v.iter().map(t).collect(), *r)));
            out.paths.extend(inner.paths.iter().map(|(l, v, w, r)| (*l, v.iter().map(t).collect(), *w, *r)));
            out.labels.extend(inner.labels.iter().map(|(l, p, s)| (*l, t(p), s.clone())));
        }
        out
    }

    pub fn build(&self) -> Layout {
        let mut c = LayoutColumns {
            dbu_nm: self.dbu_nm,
            layers: vec![(1, 0), (68, 0), (1, 10)],
            repetitions: self.repetitions.clone(),
            polygon_offsets: vec![0],
            path_offsets: vec![0],
            ..LayoutColumns::default()
        };
        for (i, cell) in self.cells.iter().enumerate() {
            c.cell_names.push(cell.name.clone());
            for (layer, points, repetition) in &cell.polygons {
                c.polygon_xy.extend(points.iter().flatten());
                c.polygon_offsets.push(c.polygon_xy.len() as i64 / 2);
                c.polygon_cell.push(i as i64);
                c.polygon_layer.push(*layer);
                c.polygon_rep.push(*repetition as i64);
            }
            for (layer, points, width, repetition) in &cell.paths {
                c.path_xy.extend(points.iter().flatten());
                c.path_offsets.push(c.path_xy.len() as i64 / 2);
                c.path_cell.push(i as i64);
                c.path_layer.push(*layer);
                c.path_width.push(*width);
                c.path_outline.push(-1);
                c.path_rep.push(*repetition as i64);
            }
            for (layer, at, text) in &cell.labels {
                c.label_cell.push(i as i64);
                c.label_layer.push(*layer);
                c.label_xy.extend(at);
                c.label_text.push(text.clone());
                c.label_rep.push(0);
            }
            for place in &cell.places {
                c.ref_cell.push(i as i64);
                c.ref_target.push(place.target as i64);
                c.ref_name.push(String::new());
                c.ref_xy.extend(place.at);
                c.ref_rotation_rad.push(place.quarters * FRAC_PI_2);
                c.ref_magnification.push(1.0);
                c.ref_mirror.push(u8::from(place.mirrored));
                c.ref_rep.push(place.repetition as i64);
            }
        }
        Layout::build(c, &Watch::default()).expect("the columns fit together")
    }
}

fn placed(place: &Place, p: [f64; 2]) -> [f64; 2] {
    let y = if place.mirrored { -p[1] } else { p[1] };
    let (sin, cos) = [(0.0, 1.0), (1.0, 0.0), (0.0, -1.0), (-1.0, 0.0)][(place.quarters as i64).rem_euclid(4) as usize];
    [cos * p[0] - sin * y + place.at[0], sin * p[0] + cos * y + place.at[1]]
}

/// A recipe for the layers of the sketches.
pub fn recipe(tops: &[usize]) -> Recipe {
    let text = format!(
        r#"{{"schema": 1, "tops": {tops:?},
            "guides": [{{"name": "strip", "layer": [1, 0], "width_nm": 500, "width_min_nm": 300, "width_max_nm": 3500}}],
            "core_layers": [[1, 0]], "marker_layers": [[68, 0]],
            "pins": [{{"form": "path", "layer": [1, 10], "kind": "optical", "oriented": true}}]}}"#
    );
    Recipe::from_json(&text).expect("the recipe is valid")
}

pub fn run(sketch: &Sketch, top: usize) -> Extraction {
    extract(&sketch.build(), &recipe(&[top]), &Watch::default()).expect("no one cancels")
}

pub fn floats(e: &Extraction, table: &str, column: &str) -> Vec<f64> {
    match e.table(table).and_then(|t| t.column(column)) {
        Some(Column::F64(v)) => v.clone(),
        other => panic!("{table}.{column} is {other:?}"),
    }
}

pub fn ids(e: &Extraction, table: &str, column: &str) -> Vec<i64> {
    match e.table(table).and_then(|t| t.column(column)) {
        Some(Column::I64(v)) => v.clone(),
        Some(Column::U8(v)) => v.iter().map(|&x| i64::from(x)).collect(),
        other => panic!("{table}.{column} is {other:?}"),
    }
}

pub fn texts(e: &Extraction, table: &str, column: &str) -> Vec<String> {
    match e.table(table).and_then(|t| t.column(column)) {
        Some(Column::Text(v)) => v.clone(),
        other => panic!("{table}.{column} is {other:?}"),
    }
}

/// A coupler, a guide, a splitter and two arms; the upper arm bends.
pub fn small_circuit() -> (Sketch, usize) {
    let mut s = Sketch::default();
    let coupler = s.coupler("coupler");
    let feed = s.straight("feed", 30_000.0);
    let splitter = s.splitter("splitter");
    let arm = s.elbow("arm", 40_000.0, 60_000.0);
    let top = s.cell("top");
    s.place(top, coupler, 0.0, 0.0, 0, false);
    s.place(top, feed, 0.0, 0.0, 0, false);
    s.place(top, splitter, 30_000.0, 0.0, 0, false);
    s.place(top, arm, 50_000.0, 3000.0, 0, false);
    s.place(top, arm, 50_000.0, -3000.0, 0, true);
    (s, top)
}
