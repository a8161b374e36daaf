//! Routes: guides joined end to end where nothing happens to the light, as one way.
//!
//! How a guide was cut into shapes and cells is a matter of drawing; a route is the same however it was cut.

use crate::nets::Joined;
use crate::ports::Ports;
use crate::tables::{RouteRow, Routes};
use crate::write::Guides;

/// Routes, in order of their first guide, and the route of each guide. Joints that differ in width by no more than
/// `width_nm` are passed.
pub fn find(guides: &Guides, starts: &[usize], ports: &Ports, joined: &Joined, width_nm: f64) -> (Routes, Vec<i64>) {
    let n = guides.len();
    let ends_of = guides.ends(starts, ports);
    // The guide beyond a port and the port it is left by.
    let beyond = |port: i64| -> Option<(usize, i64)> {
        let from = usize::try_from(port).ok()?;
        let to = joined.partner(from)?;
        let g = guides.of_device(ports.device(to))?;
        let ends = ends_of[g];
        // Its other ports are no ends of a guide.
        let is_seam = ends.contains(&(to as i64)) && (ports.width_nm(from) - ports.width_nm(to)).abs() <= width_nm;
        let leave = if ends[0] == to as i64 { ends[1] } else { ends[0] };
        is_seam.then_some((g, leave))
    };
    let mut routes = Routes::default();
    let mut route_of = vec![-1_i64; n];
    let mut members = Vec::new();
    for first in 0..n {
        if route_of[first] >= 0 {
            continue;
        }
        let number = routes.len() as i64;
        members.clear();
        members.push(first);
        route_of[first] = number;
        let mut is_closed = false;
        let mut ends = ends_of[first];
        for end in &mut ends {
            while let Some((g, leave)) = beyond(*end) {
                if route_of[g] >= 0 {
                    is_closed |= route_of[g] == number;
                    break;
                }
                route_of[g] = number;
                members.push(g);
                *end = leave;
            }
        }
        let section = guides.row(first).cross_section;
        let is_alike = members.iter().all(|&g| guides.row(g).cross_section == section);
        routes.push(RouteRow {
            port_a: if is_closed { -1 } else { ends[0] },
            port_b: if is_closed { -1 } else { ends[1] },
            n_guides: members.len() as i64,
            cross_section: if is_alike { section } else { -1 },
            centerline_length_nm: members.iter().map(|&g| guides.row(g).centerline_length_nm).sum(),
            drawn_length_nm: members.iter().map(|&g| guides.row(g).drawn_length_nm).sum(),
            length_error_nm: members.iter().map(|&g| guides.row(g).length_error_nm.powi(2)).sum::<f64>().sqrt(),
            min_radius_nm: members.iter().map(|&g| guides.row(g).min_radius_nm).fold(f64::INFINITY, f64::min),
            abs_turn_rad: members.iter().map(|&g| guides.row(g).abs_turn_rad).sum(),
            is_closed: u8::from(is_closed),
            first_waveguide: first as i64,
        });
    }
    (routes, route_of)
}
