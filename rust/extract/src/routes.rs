//! Routes: guides joined end to end where nothing happens to the light, as one way.
//!
//! How a guide was cut into shapes and cells is a matter of drawing; a route is the same however it was cut.

use crate::nets::Joined;
use crate::ports::Ports;
use crate::tables::{RouteRow, Routes};
use crate::write::Guides;

/// Where a guide lies on its route.
#[derive(Clone, Copy, Debug, Default)]
pub struct OnRoute {
    /// Number of the route.
    pub route: usize,
    /// Place on the route of the end that comes first there, counted from the start of the first guide of the route.
    pub from_nm: f64,
    /// Length of the line of the guide, along which runs are measured.
    pub length_nm: f64,
    /// It runs against its route.
    pub is_reversed: bool,
    /// Length of the way around a route that is closed; infinite on others.
    pub around_nm: f64,
}

impl OnRoute {
    /// The place on the route of a place on the guide.
    pub fn place_nm(&self, along_nm: f64) -> f64 {
        self.from_nm + if self.is_reversed { self.length_nm - along_nm } else { along_nm }
    }
}

/// Routes, in order of their first guide, and where each guide lies. Joints that differ in width by no more than
/// `width_nm`, or by what the grid explains, are passed.
pub fn find(
    guides: &Guides,
    starts: &[usize],
    ports: &Ports,
    joined: &Joined,
    width_nm: f64,
) -> (Routes, Vec<OnRoute>) {
    let n = guides.len();
    let ends_of = guides.ends(starts, ports);
    let is_even = |p: usize, q: usize| {
        let known_nm = ports.form(p).width_error_nm + ports.form(q).width_error_nm;
        (ports.width_nm(p) - ports.width_nm(q)).abs() <= width_nm + known_nm
    };
    // The guide beyond a port and the port it is left by.
    let beyond = |port: i64| -> Option<(usize, i64)> {
        let from = usize::try_from(port).ok()?;
        let to = joined.partner(from)?;
        let g = guides.of_device(ports.device(to))?;
        let ends = ends_of[g];
        // Its other ports are no ends of a guide.
        let is_seam = ends.contains(&(to as i64)) && is_even(from, to);
        let leave = if ends[0] == to as i64 { ends[1] } else { ends[0] };
        is_seam.then_some((g, leave))
    };
    let mut routes = Routes::default();
    let mut lies = vec![None; n];
    let mut members = Vec::new();
    for first in 0..n {
        if lies[first].is_some() {
            continue;
        }
        let route = routes.len();
        members.clear();
        members.push(first);
        let (mut is_closed, around_nm) = (false, f64::INFINITY);
        let mut reach_nm = [0.0, guides.line_length_nm(first)];
        lies[first] = Some(OnRoute { route, from_nm: 0.0, length_nm: reach_nm[1], is_reversed: false, around_nm });
        let mut ends = ends_of[first];
        for (k, end) in ends.iter_mut().enumerate() {
            while let Some((g, leave)) = beyond(*end) {
                if let Some(OnRoute { route: other, .. }) = lies[g] {
                    is_closed |= other == route;
                    break;
                }
                let own_nm = guides.line_length_nm(g);
                let from_nm = if k == 0 { reach_nm[0] - own_nm } else { reach_nm[1] };
                reach_nm[k] = if k == 0 { from_nm } else { from_nm + own_nm };
                let is_reversed = leave == ends_of[g][k ^ 1];
                lies[g] = Some(OnRoute { route, from_nm, length_nm: own_nm, is_reversed, around_nm });
                members.push(g);
                *end = leave;
            }
        }
        if is_closed {
            for &g in &members {
                lies[g] = lies[g].map(|own| OnRoute { around_nm: reach_nm[1] - reach_nm[0], ..own });
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
    (routes, lies.into_iter().map(Option::unwrap_or_default).collect())
}
