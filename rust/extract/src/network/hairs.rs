//! Takes strips too narrow for guides off a region: what they stand on goes on as if they were not there.

use rustc_hash::FxHashMap;
use waveguard_geom::Point;

use super::mesh::Mesh;

/// Steps along the outline, for each of its points, that the sides of all strips may take.
const STEPS_A_POINT: usize = 4;

/// The rings of a region without what lies beyond some chords, each given as its points on the left and on the right of
/// who leaves what is taken off. `None` where that is too much, or where the outline meets itself and leads elsewhere.
pub(super) fn without(mesh: &Mesh, chords: &[[u32; 2]]) -> Option<Vec<Vec<Point>>> {
    let over: FxHashMap<u32, u32> = chords.iter().map(|&[left, right]| (left, right)).collect();
    let mut is_seen = vec![false; mesh.points.len()];
    let mut steps = STEPS_A_POINT * mesh.points.len();
    // What is taken off begins no ring.
    for &[left, right] in chords {
        let mut p = mesh.next[left as usize];
        while p != right {
            steps = steps.checked_sub(1).filter(|_| p != left)?;
            is_seen[p as usize] = true;
            p = mesh.next[p as usize];
        }
    }
    let mut out = Vec::new();
    for start in 0..mesh.points.len() as u32 {
        let mut ring = Vec::new();
        let mut p = start;
        while !is_seen[p as usize] {
            is_seen[p as usize] = true;
            let onward = over.get(&p).copied();
            if mesh.is_drawn[p as usize] || onward.is_some() {
                let [x, y] = mesh.points[p as usize];
                ring.extend(Point::from_f64(x, y));
            }
            p = onward.unwrap_or(mesh.next[p as usize]);
        }
        if ring.len() >= 3 {
            out.push(ring);
        }
    }
    Some(out)
}
