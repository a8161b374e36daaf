//! Runs that are one stretch.
//!
//! A run ends where one of its two guides ends, though nothing ends for the light where that guide is joined to the
//! next one of its route. Runs are told to go on in each other by where their tips lie on the two routes, so that a
//! stretch is the same however the guides were cut.

use super::Run;
use crate::routes::OnRoute;

/// What a run is a part of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// Number of the stretch, counted in order of its first run.
    pub stretch: usize,
    /// Whether it goes on before the beginning of the run and beyond its end.
    pub goes_on: [bool; 2],
}

/// Tips up to so many steps apart on each route are at one place: the place on the other guide is known to a step, and
/// a run that is too short to be kept may lie between.
const APART_STEPS: f64 = 3.0;
/// Runs that go on in each other overlap by no more than so many steps.
const OVER_STEPS: f64 = 1.0;
/// Tips near one that are looked at; on a drawing of guides there are one or two.
const MOST_NEAR: usize = 64;

/// Beginning or end of a run.
#[derive(Clone, Copy, Debug)]
struct Tip {
    /// The two routes, that of the lower number first.
    routes: [usize; 2],
    /// For each whether it goes on upwards from here.
    is_up: [bool; 2],
    /// Places on the routes.
    at_nm: [f64; 2],
    around_nm: [f64; 2],
    step_nm: f64,
    run: usize,
    /// 0 at the beginning of the run, 1 at its end.
    which: usize,
}

impl Tip {
    fn new(run: usize, r: &Run, which: usize, lies: &[OnRoute]) -> Self {
        let [a, b] = [&lies[r.a], &lies[r.b]];
        let on_a = r.span_nm[which];
        let is_up = [(which == 1) != a.is_reversed, (r.other_nm[which] > r.other_nm[1 - which]) != b.is_reversed];
        let tip = Self {
            routes: [a.route, b.route],
            is_up,
            at_nm: [a.place_nm(on_a), b.place_nm(r.other_nm[which])],
            around_nm: [a.around_nm, b.around_nm],
            step_nm: r.step_nm,
            run,
            which,
        };
        if tip.routes[0] > tip.routes[1] { tip.swapped() } else { tip }
    }

    /// The same with its routes in the other order.
    fn swapped(&self) -> Self {
        let swap = |[p, q]: [f64; 2]| [q, p];
        let (routes, is_up) = ([self.routes[1], self.routes[0]], [self.is_up[1], self.is_up[0]]);
        Self { routes, is_up, at_nm: swap(self.at_nm), around_nm: swap(self.around_nm), ..*self }
    }

    /// What tips that may be at one place have in common.
    fn key(&self) -> ([usize; 2], [bool; 2]) {
        (self.routes, self.is_up)
    }

    /// True when another tip, of the other way, is where the stretch goes on from this one.
    fn goes_on_at(&self, other: &Self) -> bool {
        let step_nm = self.step_nm.max(other.step_nm);
        // Both tips of a short run lie beside each other; on closed routes a run may go on in itself.
        let is_other = self.run != other.run || self.around_nm.iter().all(|around| around.is_finite());
        is_other
            && (0..2).all(|k| {
                let ahead_nm = if self.is_up[k] { 1.0 } else { -1.0 } * (other.at_nm[k] - self.at_nm[k]);
                // Around a closed route there are two ways; the place may be given from anywhere on it.
                let around_nm = self.around_nm[k];
                let turns = if around_nm.is_finite() { (ahead_nm / around_nm).round() * around_nm } else { 0.0 };
                (-OVER_STEPS * step_nm..=APART_STEPS * step_nm).contains(&(ahead_nm - turns))
            })
    }
}

/// For each run the stretch that it is a part of; `lies` says where on its route each guide is.
pub fn find(runs: &[Run], lies: &[OnRoute]) -> Vec<Part> {
    let mut tips: Vec<Tip> = Vec::with_capacity(2 * runs.len());
    for (i, r) in runs.iter().enumerate() {
        tips.extend([0, 1].map(|which| Tip::new(i, r, which, lies)));
    }
    let farthest_nm = APART_STEPS * runs.iter().map(|r| r.step_nm).fold(0.0, f64::max);
    tips.sort_by(|p, q| p.key().cmp(&q.key()).then(p.at_nm[0].total_cmp(&q.at_nm[0])));
    let mut parent: Vec<usize> = (0..runs.len()).collect();
    let mut goes_on = vec![[false; 2]; runs.len()];
    for tip in &tips {
        let is_one_route = tip.routes[0] == tip.routes[1];
        for own in [Some(*tip), is_one_route.then(|| tip.swapped())].into_iter().flatten() {
            // What goes on from there comes from the other side.
            let wanted = Tip { is_up: own.is_up.map(|up| !up), ..own };
            for by_nm in [0.0, -own.around_nm[0], own.around_nm[0]].into_iter().filter(|by| by.is_finite()) {
                let low_nm = own.at_nm[0] + by_nm - farthest_nm;
                let first = tips.partition_point(|t| (t.key(), t.at_nm[0]) < (wanted.key(), low_nm));
                let near = tips[first..].iter().take(MOST_NEAR);
                let near = near.take_while(|t| t.key() == wanted.key() && t.at_nm[0] <= low_nm + 2.0 * farthest_nm);
                for other in near.filter(|other| own.goes_on_at(other)) {
                    goes_on[tip.run][tip.which] = true;
                    goes_on[other.run][other.which] = true;
                    let (p, q) = (root(&mut parent, tip.run), root(&mut parent, other.run));
                    parent[p.max(q)] = p.min(q);
                }
            }
        }
    }
    let mut numbers = vec![usize::MAX; runs.len()];
    let mut count = 0;
    let mut number = |i: usize| {
        let first = root(&mut parent, i);
        if numbers[first] == usize::MAX {
            numbers[first] = count;
            count += 1;
        }
        numbers[first]
    };
    (0..runs.len()).map(|i| Part { stretch: number(i), goes_on: goes_on[i] }).collect()
}

fn root(parent: &mut [usize], mut i: usize) -> usize {
    while parent[i] != i {
        parent[i] = parent[parent[i]];
        i = parent[i];
    }
    i
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::runs::Samples;
    use crate::runs::curve::Curve;

    const STEP_NM: f64 = 500.0;

    fn run([a, b]: [usize; 2], start_nm: f64, length_nm: f64, other_nm: [f64; 2]) -> Run {
        let mut samples = Samples::new(STEP_NM);
        samples.push((length_nm / STEP_NM) as u32, Curve::new(200.0, 0.0, 0.0), other_nm[0], STEP_NM);
        Run {
            a,
            b,
            n_rows: samples.n_rows() as u32,
            samples: Arc::new(samples),
            step_nm: STEP_NM,
            span_nm: [start_nm, start_nm + length_nm],
            beyond_nm: [0.0; 2],
            other_nm,
            gap_min_nm: 200.0,
            gap_error_nm: 0.0,
            at: [0.0; 2],
            relative_curvature_per_nm: 0.0,
        }
    }

    fn lies(route: usize, from_nm: f64, length_nm: f64, is_reversed: bool) -> OnRoute {
        OnRoute { route, from_nm, length_nm, is_reversed, around_nm: f64::INFINITY }
    }

    #[test]
    fn runs_on_both_sides_of_a_joint_are_one_stretch_whichever_way_the_guides_run() {
        // Two pieces beside one guide; the second piece and the guide run against the first.
        let guides =
            [lies(0, 0.0, 10_000.0, false), lies(0, 10_000.0, 8000.0, true), lies(1, -20_000.0, 20_000.0, true)];
        let runs = [
            run([0, 2], 2000.0, 8000.0, [18_000.0, 10_000.0]),
            run([1, 2], 3000.0, 5000.0, [5000.0, 10_000.0]),
            run([1, 2], 0.0, 1000.0, [2000.0, 3000.0]),
        ];
        let found = find(&runs, &guides);
        assert_eq!(found.iter().map(|p| p.stretch).collect::<Vec<_>>(), [0, 0, 1]);
        let goes_on: Vec<[bool; 2]> = found.iter().map(|p| p.goes_on).collect();
        assert_eq!(goes_on, [[false, true], [false, true], [false; 2]]);
    }

    #[test]
    fn turns_of_one_guide_and_closed_routes_go_on_past_their_joints() {
        let spiral = [lies(0, 0.0, 50_000.0, false), lies(0, 50_000.0, 50_000.0, false)];
        // The first piece beside itself, then beside the second, which lies outside of it.
        let runs = [run([0, 0], 0.0, 20_000.0, [30_000.0, 50_000.0]), run([0, 1], 20_000.0, 30_000.0, [0.0, 40_000.0])];
        assert_eq!(find(&runs, &spiral).iter().map(|p| p.stretch).collect::<Vec<_>>(), [0, 0]);
        let around_nm = 60_000.0;
        let ring = |from_nm: f64| OnRoute { route: 0, from_nm, length_nm: 30_000.0, is_reversed: false, around_nm };
        let halves = [ring(0.0), ring(-30_000.0), lies(1, 0.0, 90_000.0, false)];
        let runs = [
            run([0, 2], 26_000.0, 4000.0, [40_000.0, 44_000.0]),
            run([1, 2], 0.0, 4000.0, [44_000.0, 48_000.0]),
            run([1, 2], 10_000.0, 4000.0, [60_000.0, 64_000.0]),
        ];
        assert_eq!(find(&runs, &halves).iter().map(|p| p.stretch).collect::<Vec<_>>(), [0, 0, 1]);
    }
}
