//! Bodies that lack a guide: they look the same from several sides, and so do the places where guides enter them, but for
//! one.
//!
//! Where an arm of a coupler was taken out nothing is open: the side of a body is no port. Only the other arms tell that
//! one should be there. A coupler with fewer inputs than outputs lacks more than one by that, and was drawn so.

use std::f64::consts::{FRAC_PI_2, PI};

use waveguard_geom::Point;
use waveguard_geom::transform::wrap_angle;

use crate::contacts::distance;
use crate::lean::{centroid, places};
use crate::pins::LocalPort;
use crate::recipe::PortKind;

/// Two guides may enter one side; fewer say nothing of another.
const LEAST_PORTS: usize = 2;
/// Bodies with more are large stars.
const MOST_PORTS: usize = 64;
/// A place between guides that merely meet is no larger than so many squared widths.
const PLAIN_WIDTHS2: f64 = 4.0;
/// Axes that differ by less are one, in rad.
const SAME_AXIS_RAD: f64 = 0.005;
/// Two guides enter at the same place within this part of their width,
const SAME_PLACE: f64 = 0.25;
/// are as wide as each other within this,
const SAME_WIDTH: f64 = 0.1;
/// and look the same way within this, in rad.
const SAME_WAY_RAD: f64 = 0.05;
/// So many guides say where one is missing, each by another way in which the body looks the same;
const LEAST_WITNESSES: usize = 2;
/// or one, where so many would enter in all: fewer inputs than outputs may be meant where there are few.
const MANY_PORTS: usize = 8;
/// Guides that all enter one end look the same way within this, in rad.
const FAN_RAD: f64 = 0.6;
/// The body of a coupler is at least so many times as long as it is wide.
const LONG: f64 = 1.25;
/// Places of an outline that are compared,
const MOST_SAMPLES: f64 = 400.0;
/// of which this part has a counterpart
const SAME_PART: f64 = 0.97;
/// within this part of the width of a guide: where a guide is cut off some of it is left at the body, and moves its middle.
const SAME_WIDTHS: f64 = 0.05;
/// Where guides enter they are cut off somewhere: what is so many of their widths away is left out.
const MOUTH_WIDTHS: f64 = 0.8;
/// Outlines with more edges are no bodies of couplers.
const MOST_EDGES: usize = 20_000;

/// A way in which a body may look the same: mirrored along an axis, across it, or both.
#[derive(Clone, Copy)]
struct Image {
    at: [f64; 2],
    axis_rad: f64,
    flips: [bool; 2],
}

const IMAGES: [[bool; 2]; 3] = [[false, true], [true, false], [true, true]];

impl Image {
    fn place(&self, p: [f64; 2]) -> [f64; 2] {
        let (sin, cos) = self.axis_rad.sin_cos();
        let d = [p[0] - self.at[0], p[1] - self.at[1]];
        let seen = [d[0] * cos + d[1] * sin, d[1] * cos - d[0] * sin];
        let [u, v] = [0, 1].map(|i: usize| if self.flips[i] { -seen[i] } else { seen[i] });
        [self.at[0] + u * cos - v * sin, self.at[1] + u * sin + v * cos]
    }

    fn direction(&self, direction_rad: f64) -> f64 {
        let (sin, cos) = (direction_rad - self.axis_rad).sin_cos();
        let [u, v] = [if self.flips[0] { -cos } else { cos }, if self.flips[1] { -sin } else { sin }];
        wrap_angle(self.axis_rad + v.atan2(u))
    }

    fn port(&self, port: &LocalPort) -> LocalPort {
        LocalPort { at: self.place(port.at), direction_rad: self.direction(port.direction_rad), ..port.clone() }
    }
}

/// Where a guide should enter a body and none does, in dbu in the frame of its cell.
pub(crate) fn place(all: &[LocalPort], outline: &[Vec<Point>]) -> Option<[f64; 2]> {
    let optical = |p: &&LocalPort| p.kind == PortKind::Optical && p.direction_rad.is_finite() && p.width > 0.0;
    let ports: Vec<&LocalPort> = all.iter().filter(optical).collect();
    if !(LEAST_PORTS..=MOST_PORTS).contains(&ports.len()) || ports.len() < all.len() {
        return None;
    }
    let widest = ports.iter().map(|p| p.width).fold(0.0, f64::max);
    let body = Body::new(places(outline))?;
    if body.area <= PLAIN_WIDTHS2 * widest * widest {
        return None;
    }
    let axes = axes(&ports);
    let of_images = || axes.iter().find_map(|&axis_rad| body.lacks(&ports, axis_rad));
    of_images().or_else(|| body.lacks_an_end(&ports, &axes))
}

/// Directions in which the axes of a body may lie by its guides, each once with that across it.
fn axes(ports: &[&LocalPort]) -> Vec<f64> {
    let mut out: Vec<f64> = Vec::new();
    for (i, a) in ports.iter().enumerate() {
        for b in &ports[i..] {
            let axis_rad = a.direction_rad + wrap_angle(b.direction_rad - a.direction_rad) / 2.0;
            let is_known = |o: &f64| {
                let turned = (axis_rad - o).rem_euclid(FRAC_PI_2);
                turned.min(FRAC_PI_2 - turned) <= SAME_AXIS_RAD
            };
            if !out.iter().any(is_known) {
                out.push(axis_rad);
            }
        }
    }
    out
}

fn is_same(a: &LocalPort, b: &LocalPort) -> bool {
    (a.at[0] - b.at[0]).hypot(a.at[1] - b.at[1]) <= SAME_PLACE * a.width
        && (a.width - b.width).abs() <= SAME_WIDTH * a.width.max(b.width)
        && wrap_angle(a.direction_rad - b.direction_rad).abs() <= SAME_WAY_RAD
}

/// The outline of a body.
struct Body {
    edges: Vec<[[f64; 2]; 2]>,
    middle: [f64; 2],
    area: f64,
    around: f64,
}

impl Body {
    fn new(rings: Vec<Vec<[f64; 2]>>) -> Option<Self> {
        let n: usize = rings.iter().map(Vec::len).sum();
        if n > MOST_EDGES {
            return None;
        }
        let middle = centroid(&rings)?;
        let ends = |ring: Vec<[f64; 2]>| (0..ring.len()).map(|i| [ring[i], ring[(i + 1) % ring.len()]]).collect();
        let edges: Vec<[[f64; 2]; 2]> =
            rings.into_iter().flat_map(|ring| -> Vec<[[f64; 2]; 2]> { ends(ring) }).collect();
        let around = edges.iter().map(|[p, q]| (p[0] - q[0]).hypot(p[1] - q[1])).sum();
        let from = |p: [f64; 2]| [p[0] - middle[0], p[1] - middle[1]];
        let cross = |[p, q]: &[[f64; 2]; 2]| from(*p)[0] * from(*q)[1] - from(*p)[1] * from(*q)[0];
        let area = edges.iter().map(cross).sum::<f64>().abs() / 2.0;
        Some(Self { edges, middle, area, around })
    }

    /// The one place that no guide enters, though guides enter its images.
    fn lacks(&self, ports: &[&LocalPort], axis_rad: f64) -> Option<[f64; 2]> {
        let mut missing: Option<LocalPort> = None;
        let mut witnesses: Vec<usize> = Vec::new();
        let mut found: Vec<Image> = Vec::new();
        for flips in IMAGES {
            let image = Image { at: self.middle, axis_rad, flips };
            let images: Vec<LocalPort> = ports.iter().map(|p| image.port(p)).collect();
            let mut alone = (0..ports.len()).filter(|&k| !ports.iter().any(|p| is_same(p, &images[k])));
            let (Some(k), None) = (alone.next(), alone.next()) else { continue };
            if !missing.as_ref().is_none_or(|m| is_same(m, &images[k])) {
                return None;
            }
            if !witnesses.contains(&k) {
                witnesses.push(k);
            }
            missing = Some(images[k].clone());
            found.push(image);
        }
        let missing = missing?;
        if witnesses.len() < LEAST_WITNESSES && ports.len() + 1 < MANY_PORTS {
            return None;
        }
        let mouths: Vec<LocalPort> = ports.iter().map(|p| (*p).clone()).chain([missing.clone()]).collect();
        found.iter().all(|image| self.looks_same(image, &mouths)).then_some(missing.at)
    }

    /// The end that no guide enters, of a body with two ends of which several enter the other one.
    fn lacks_an_end(&self, ports: &[&LocalPort], axes: &[f64]) -> Option<[f64; 2]> {
        let first = ports.first()?.direction_rad;
        if ports.iter().any(|p| wrap_angle(p.direction_rad - first).abs() > FAN_RAD) {
            return None;
        }
        let mouths: Vec<LocalPort> = ports.iter().map(|p| (*p).clone()).collect();
        axes.iter().find_map(|&axis_rad| {
            let image = |flips| Image { at: self.middle, axis_rad, flips };
            let turned = wrap_angle(axis_rad - first).abs();
            if turned.min(PI - turned) > FAN_RAD {
                return None;
            }
            let over = image(IMAGES[0]);
            let is_even = ports.iter().all(|p| ports.iter().any(|q| is_same(q, &over.port(p))));
            let [along, across] = self.extent(axis_rad);
            let looks_same = |flips| self.looks_same(&image(flips), &mouths);
            if !is_even || along < LONG * across || !IMAGES.into_iter().all(looks_same) {
                return None;
            }
            let n = ports.len() as f64;
            Some(image(IMAGES[2]).place([0, 1].map(|k: usize| ports.iter().map(|p| p.at[k]).sum::<f64>() / n)))
        })
    }

    fn extent(&self, axis_rad: f64) -> [f64; 2] {
        let (sin, cos) = axis_rad.sin_cos();
        let seen = |p: [f64; 2]| [p[0] * cos + p[1] * sin, p[1] * cos - p[0] * sin];
        [0, 1].map(|k: usize| {
            let all = self.edges.iter().map(|e| seen(e[0])[k]);
            all.clone().fold(f64::NEG_INFINITY, f64::max) - all.fold(f64::INFINITY, f64::min)
        })
    }

    /// True when nearly all of the outline lies on its image, but for the mouths of guides.
    fn looks_same(&self, image: &Image, mouths: &[LocalPort]) -> bool {
        let is_mouth =
            |p: [f64; 2]| mouths.iter().any(|m| (p[0] - m.at[0]).hypot(p[1] - m.at[1]) <= MOUTH_WIDTHS * m.width);
        let within = SAME_WIDTHS * mouths.iter().map(|m| m.width).fold(0.0, f64::max);
        let step = self.around / MOST_SAMPLES;
        let (mut n, mut there) = (0_usize, 0_usize);
        for [p, q] in &self.edges {
            let parts = ((p[0] - q[0]).hypot(p[1] - q[1]) / step).ceil().max(1.0);
            for k in 0..parts as usize {
                let u = (k as f64 + 0.5) / parts;
                let at = [0, 1].map(|i: usize| p[i] + u * (q[i] - p[i]));
                let to = image.place(at);
                if is_mouth(at) || is_mouth(to) {
                    continue;
                }
                n += 1;
                there += usize::from(self.edges.iter().any(|&edge| distance(to, edge) <= within));
            }
        }
        n > 0 && there as f64 >= SAME_PART * n as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pins::{self, PortSource};

    fn port(x: f64, y: f64) -> LocalPort {
        let direction_rad = if x > 0.0 { 0.0 } else { PI };
        LocalPort { direction_rad, ..pins::port([x, y], 1000.0, PortKind::Optical, PortSource::GuideEnd) }
    }

    /// Where a box of 40 by 6 µm lacks a guide.
    fn of_box(ports: &[(f64, f64)]) -> Option<[f64; 2]> {
        let ring = [(0, -3000), (40_000, -3000), (40_000, 3000), (0, 3000)].map(|(x, y)| Point::new(x, y)).to_vec();
        let ports: Vec<LocalPort> = ports.iter().map(|&(x, y)| port(x, y)).collect();
        place(&ports, &[ring])
    }

    #[test]
    fn the_one_place_that_the_others_tell_of_is_found() {
        for (ports, expected) in [
            (&[(0.0, -1000.0), (0.0, 1000.0), (40_000.0, -1000.0)][..], [40_000.0, 1000.0]),
            (&[(40_000.0, -1500.0), (40_000.0, 1500.0)][..], [0.0, 0.0]),
        ] {
            let at = of_box(ports).expect("a place");
            assert!((at[0] - expected[0]).hypot(at[1] - expected[1]) < 1.0, "{at:?}");
        }
    }

    #[test]
    fn a_splitter_and_one_with_fewer_inputs_than_outputs_lack_none() {
        for ports in [
            &[(0.0, 0.0), (40_000.0, -1500.0), (40_000.0, 1500.0)][..],
            &[(0.0, -1000.0), (0.0, 1000.0), (40_000.0, -1000.0), (40_000.0, 1000.0)][..],
            &[(0.0, -2000.0), (0.0, 2000.0), (40_000.0, -2000.0), (40_000.0, 0.0), (40_000.0, 2000.0)][..],
            &[(0.0, -1000.0), (40_000.0, 1000.0)][..],
        ] {
            assert_eq!(of_box(ports), None, "{ports:?}");
        }
    }
}
