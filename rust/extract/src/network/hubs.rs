//! The middle of a junction: the centre of the largest circle that fits into it.
//!
//! The triangle of a junction has its corners on three pieces of the outline. The circle touches these
//! pieces, wherever on them the corners happen to lie.

use super::mesh::{Mesh, NONE};

/// A junction as a circle.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hub {
    pub(super) at: [f64; 2],
    pub(super) radius: f64,
}

/// Steps of Newton's method; it doubles its digits with each.
const STEPS: usize = 8;
/// The circle may lie this many times its first radius away from the triangle.
const MOST_MOVE: f64 = 1.0;

/// What the circle touches.
enum Touched {
    /// A drawn vertex.
    Vertex([f64; 2]),
    /// A straight edge: a point of it and the unit normal to the inside.
    Edge([f64; 2], [f64; 2]),
}

impl Touched {
    /// Distance of a place, and the direction in which it grows.
    fn distance(&self, p: [f64; 2]) -> (f64, [f64; 2]) {
        match self {
            Self::Vertex(v) => {
                let d = [p[0] - v[0], p[1] - v[1]];
                let size = d[0].hypot(d[1]).max(f64::MIN_POSITIVE);
                (size, [d[0] / size, d[1] / size])
            }
            Self::Edge(v, n) => ((p[0] - v[0]) * n[0] + (p[1] - v[1]) * n[1], *n),
        }
    }
}

/// The circle of a junction triangle.
pub(super) fn hub(mesh: &Mesh, triangle: u32) -> Hub {
    let corners = mesh.triangles[triangle as usize];
    let places = corners.map(|p| mesh.points[p as usize]);
    let first = around(places);
    let touched = corners.map(|p| touched(mesh, p));
    let (mut at, mut radius) = (first.at, first.radius);
    for _ in 0..STEPS {
        let found = [0, 1, 2].map(|k: usize| touched[k].distance(at));
        // Distances minus radius are zero; their derivatives are the directions and -1.
        let rows = found.map(|(d, n)| [n[0], n[1], -1.0, radius - d]);
        let Some(step) = solve(rows) else { return first };
        at = [at[0] + step[0], at[1] + step[1]];
        radius += step[2];
    }
    let moved = (at[0] - first.at[0]).hypot(at[1] - first.at[1]);
    // Where no circle touches all three there, the corners are as good as any.
    if moved <= MOST_MOVE * first.radius && radius > 0.0 { Hub { at, radius } } else { first }
}

fn touched(mesh: &Mesh, p: u32) -> Touched {
    let at = mesh.points[p as usize];
    let next = mesh.next[p as usize];
    if mesh.is_drawn[p as usize] || next == NONE {
        return Touched::Vertex(at);
    }
    let to = mesh.points[next as usize];
    let (dx, dy) = (to[0] - at[0], to[1] - at[1]);
    let size = dx.hypot(dy);
    Touched::Edge(at, [-dy / size, dx / size])
}

/// The circle through three points; for three as good as in a line, that around their middle.
fn around(corners: [[f64; 2]; 3]) -> Hub {
    let [a, b, c] = corners;
    let (bx, by, cx, cy) = (b[0] - a[0], b[1] - a[1], c[0] - a[0], c[1] - a[1]);
    let d = 2.0 * (bx * cy - by * cx);
    let (b2, c2) = (bx * bx + by * by, cx * cx + cy * cy);
    let u = [(cy * b2 - by * c2) / d, (bx * c2 - cx * b2) / d];
    let middle = [0, 1].map(|k: usize| (a[k] + b[k] + c[k]) / 3.0);
    let far = corners.iter().map(|p| (p[0] - middle[0]).hypot(p[1] - middle[1])).fold(0.0, f64::max);
    let at = [a[0] + u[0], a[1] + u[1]];
    let is_round = (at[0] - middle[0]).hypot(at[1] - middle[1]) <= 1.5 * far;
    if is_round { Hub { at, radius: u[0].hypot(u[1]) } } else { Hub { at: middle, radius: far } }
}

/// Solves three equations in three unknowns, each row with its right side; `None` when they say the same.
fn solve(rows: [[f64; 4]; 3]) -> Option<[f64; 3]> {
    let column = |k: usize| rows.map(|r| r[k]);
    let det = |a: [f64; 3], b: [f64; 3], c: [f64; 3]| {
        a[0] * (b[1] * c[2] - b[2] * c[1]) - a[1] * (b[0] * c[2] - b[2] * c[0]) + a[2] * (b[0] * c[1] - b[1] * c[0])
    };
    let (a, b, c, right) = (column(0), column(1), column(2), column(3));
    let whole = det(a, b, c);
    (whole.abs() > 1e-6).then(|| [det(right, b, c) / whole, det(a, right, c) / whole, det(a, b, right) / whole])
}
