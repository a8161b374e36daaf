//! Routes: guides joined end to end where nothing happens to the light, as one way.
//!
//! How a guide was cut into shapes and cells is a matter of drawing; a route is the same however it was cut.

use crate::nets::{Joined, PlacedPort};
use crate::tables::{RouteRow, Routes, Waveguides};

/// Gives every guide its route and returns the routes, in order of their first guide. Joints that differ in
/// width by no more than `width_nm` are passed.
pub fn find(guides: &mut Waveguides, ports: &[PlacedPort], joined: &Joined, width_nm: f64) -> Routes {
    let n = guides.len();
    let mut guide_at = vec![-1_i64; ports.len()];
    for g in 0..n {
        for port in [guides.port_a[g], guides.port_b[g]] {
            if port >= 0 {
                guide_at[port as usize] = g as i64;
            }
        }
    }
    // The guide beyond a port and the port it is left by.
    let beyond = |port: i64| -> Option<(usize, i64)> {
        let from = usize::try_from(port).ok()?;
        let to = joined.partner[from]?;
        let g = usize::try_from(guide_at[to]).ok()?;
        let is_seam = (ports[from].width_nm - ports[to].width_nm).abs() <= width_nm;
        let leave = if guides.port_a[g] == to as i64 { guides.port_b[g] } else { guides.port_a[g] };
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
        let mut ends = [guides.port_a[first], guides.port_b[first]];
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
        let section = guides.cross_section[first];
        let is_alike = members.iter().all(|&g| guides.cross_section[g] == section);
        routes.push(RouteRow {
            port_a: if is_closed { -1 } else { ends[0] },
            port_b: if is_closed { -1 } else { ends[1] },
            n_guides: members.len() as i64,
            cross_section: if is_alike { section } else { -1 },
            centerline_length_nm: members.iter().map(|&g| guides.centerline_length_nm[g]).sum(),
            drawn_length_nm: members.iter().map(|&g| guides.drawn_length_nm[g]).sum(),
            length_error_nm: members.iter().map(|&g| guides.length_error_nm[g].powi(2)).sum::<f64>().sqrt(),
            min_radius_nm: members.iter().map(|&g| guides.min_radius_nm[g]).fold(f64::INFINITY, f64::min),
            abs_turn_rad: members.iter().map(|&g| guides.abs_turn_rad[g]).sum(),
            is_closed: u8::from(is_closed),
            first_waveguide: first as i64,
        });
    }
    guides.route = route_of;
    routes
}
