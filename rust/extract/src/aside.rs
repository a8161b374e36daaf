//! Bodies that lie aside of their guides: both are the same on both sides of a line, and it is not the same line.
//!
//! The box of a multimode coupler that was moved across the guides that enter it still takes all of them, and nothing is
//! open. But it images what enters it about its own middle.

use std::f64::consts::PI;

use waveguard_geom::transform::wrap_angle;

use crate::devices::Proto;
use crate::lean::{centroid, is_symmetric, places};
use crate::pins::LocalPort;
use crate::recipe::PortKind;

/// Fewer guides lie about any line.
const LEAST_PORTS: usize = 3;
/// Nor do more than this tell one another: they are looked at in pairs.
const MOST_PORTS: usize = 64;
/// Guides enter along one line within this, in rad.
const ALONG_RAD: f64 = 0.02;
/// Places of guides, and corners of outlines, are rounded to the grid, in dbu.
const SAME_DBU: f64 = 4.0;
/// Less aside is rounding, and no symmetry is looked for.
const LEAST_DBU: f64 = 1.0;

/// How far the outline of a body lies aside of the line that its guides lie about, in dbu; NaN where one of the two lies
/// about no line.
pub(crate) fn aside(proto: &Proto) -> f64 {
    let ports: Vec<&LocalPort> = proto.ports.iter().filter(|p| p.kind == PortKind::Optical).collect();
    if !(LEAST_PORTS..=MOST_PORTS).contains(&ports.len()) {
        return f64::NAN;
    }
    let Some(line) = line_of(&ports) else { return f64::NAN };
    let rings = places(&proto.outline);
    let Some(middle) = centroid(&rings) else { return f64::NAN };
    let aside = line.aside(middle).abs();
    // Where guides enter they are cut off somewhere, and nothing is known of the outline there.
    let is_mouth = |c: [f64; 2]| ports.iter().any(|p| (c[0] - p.at[0]).hypot(c[1] - p.at[1]) <= p.width);
    if aside <= LEAST_DBU || is_symmetric(&rings, middle, line.way_rad, SAME_DBU, is_mouth) { aside } else { f64::NAN }
}

/// A line that guides lie about.
struct Line {
    at: [f64; 2],
    way_rad: f64,
}

impl Line {
    fn aside(&self, p: [f64; 2]) -> f64 {
        let (sin, cos) = self.way_rad.sin_cos();
        (p[1] - self.at[1]) * cos - (p[0] - self.at[0]) * sin
    }
}

/// The line between the middles of the guides that enter at either end of a body. Each has a guide on its other side.
fn line_of(ports: &[&LocalPort]) -> Option<Line> {
    let first = ports.first()?.direction_rad;
    let turned = |p: &LocalPort| wrap_angle(p.direction_rad - first).abs();
    let (mut ahead, mut behind) = (Vec::new(), Vec::new());
    for port in ports {
        if turned(port) <= ALONG_RAD {
            ahead.push(*port);
        } else if PI - turned(port) <= ALONG_RAD {
            behind.push(*port);
        } else {
            return None;
        }
    }
    let middle = |side: &[&LocalPort]| {
        let n = side.len() as f64;
        [0, 1].map(|k: usize| side.iter().map(|p| p.at[k]).sum::<f64>() / n)
    };
    if behind.is_empty() {
        return None;
    }
    let (at, to) = (middle(&behind), middle(&ahead));
    let way_rad = (to[1] - at[1]).atan2(to[0] - at[0]);
    if wrap_angle(way_rad - first).abs() > ALONG_RAD {
        return None;
    }
    let line = Line { at, way_rad };
    for side in [&ahead, &behind] {
        let mut places: Vec<f64> = side.iter().map(|p| line.aside(p.at)).collect();
        places.sort_by(f64::total_cmp);
        if places.iter().zip(places.iter().rev()).any(|(a, b)| (a + b).abs() > SAME_DBU) {
            return None;
        }
    }
    Some(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pins::{self, PortSource};

    fn port(x: f64, y: f64, direction_rad: f64) -> LocalPort {
        LocalPort { direction_rad, ..pins::port([x, y], 500.0, PortKind::Optical, PortSource::GuideEnd) }
    }

    #[test]
    fn guides_on_both_sides_of_a_line_lie_about_it() {
        let ports = [port(0.0, 100.0, PI), port(9000.0, 900.0, 0.0), port(9000.0, -700.0, 0.0)];
        let line = line_of(&ports.iter().collect::<Vec<_>>()).expect("a line");
        assert!((line.aside([4000.0, 150.0]).abs() - 50.0).abs() < 1e-6);
    }

    #[test]
    fn uneven_guides_and_those_of_one_end_lie_about_none() {
        let uneven =
            [port(0.0, 0.0, PI), port(9000.0, 900.0, 0.0), port(9000.0, 100.0, 0.0), port(9000.0, -1000.0, 0.0)];
        let of_one_end = [port(0.0, 0.0, PI), port(0.0, 900.0, PI), port(0.0, -900.0, PI)];
        for ports in [&uneven[..], &of_one_end[..]] {
            assert!(line_of(&ports.iter().collect::<Vec<_>>()).is_none());
        }
    }
}
