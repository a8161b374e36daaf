//! Shapes that break assumptions: crossing themselves, without area, far out, thin, comb-like, keyholed.

#![allow(unreachable_pub, reason = "each test program uses its part of the shapes")]

use std::f64::consts::TAU;

use proptest::prelude::*;

/// Corners of a polygon in dbu.
pub type Shape = Vec<[i32; 2]>;
/// Polygons on the core layer.
pub type Drawing = Vec<Shape>;

/// The largest coordinate that a layout may hold.
const FAR: i32 = (1 << 30) - 1;

/// A comb: a bar with `n` teeth of a width, as far apart as they are wide.
pub fn comb(n: i32, width: i32, depth: i32) -> Shape {
    let mut shape = vec![[0, 0]];
    for k in 0..n {
        let x = 2 * k * width;
        shape.extend([[x, depth], [x + width, depth], [x + width, width], [x + 2 * width, width]]);
    }
    shape.push([2 * n * width, 0]);
    shape
}

/// A star whose `n` points reach out far and whose valleys lie near the middle.
pub fn needle_star(n: i32, reach: i32) -> Shape {
    let at = |k: i32, r: f64| {
        let angle = TAU * f64::from(k) / f64::from(2 * n);
        [(r * angle.cos()) as i32, (r * angle.sin()) as i32]
    };
    (0..2 * n).map(|k| at(k, if k % 2 == 0 { f64::from(reach) } else { 1000.0 })).collect()
}

/// A square spiral of one closed shape, 500 wide and 500 apart.
pub fn keyhole_spiral(n: i32) -> Shape {
    let corner = |k: i32, inset: i32| {
        let r = 1000 * (k / 4 + 1) - inset;
        match k % 4 {
            0 => [r, -r + 1000],
            1 => [r, r],
            2 => [-r, r],
            _ => [-r, -r],
        }
    };
    let mut shape: Shape = (0..n).map(|k| corner(k, 0)).collect();
    shape.extend((0..n).rev().map(|k| corner(k, 500)));
    shape
}

/// Square frames within each other, each cut open by a line without width.
pub fn nested_frames(n: i32) -> Drawing {
    (1..=n)
        .map(|k| {
            let (r, s) = (1000 * k, 1000 * k - 500);
            vec![[-r, -r], [r, -r], [r, r], [-r, r], [-r, -r], [-s, -s], [-s, s], [s, s], [s, -s], [-s, -s]]
        })
        .collect()
}

/// A walk in unit steps that goes back and forth over itself.
pub fn random_walk(n: u32, seed: u32) -> Shape {
    let mut state = seed | 1;
    let mut at = [0, 0];
    (0..n)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            at[(state >> 30 & 1) as usize] += if state >> 29 & 1 == 0 { 300 } else { -300 };
            at
        })
        .collect()
}

/// A bent bar of a width, with corners rounded to the grid: what a guide looks like.
fn bar(width: i32, legs: &[(i32, i32)]) -> Shape {
    let (mut left, mut right) = (Vec::new(), Vec::new());
    let mut at = [0_i32, 0];
    for &(length, turn) in legs {
        let angle = f64::from(turn).to_radians();
        let (sin, cos) = angle.sin_cos();
        let half = f64::from(width) / 2.0;
        let side = [(-sin * half).round() as i32, (cos * half).round() as i32];
        for end in [at, [at[0] + (cos * f64::from(length)) as i32, at[1] + (sin * f64::from(length)) as i32]] {
            left.push([end[0] + side[0], end[1] + side[1]]);
            right.push([end[0] - side[0], end[1] - side[1]]);
            at = end;
        }
    }
    right.reverse();
    left.extend(right);
    left
}

fn spread() -> impl Strategy<Value = i32> {
    prop_oneof![Just(3), Just(100), Just(2_000), Just(50_000), Just(5_000_000), Just(FAR)]
}

fn corners() -> impl Strategy<Value = Shape> {
    spread().prop_flat_map(|r| prop::collection::vec([-r..=r, -r..=r], 3..40))
}

fn right_angled() -> impl Strategy<Value = Shape> {
    let leg = prop_oneof![Just(0), Just(1), Just(500), -3000..3000];
    prop::collection::vec((leg, any::<bool>()), 4..60).prop_map(|legs| {
        let mut at = [0, 0];
        legs.into_iter()
            .map(|(length, upwards)| {
                at[usize::from(upwards)] += length;
                at
            })
            .collect()
    })
}

fn bent_bar() -> impl Strategy<Value = Shape> {
    let legs = prop::collection::vec((1..40_000, -180..180), 1..12);
    (prop_oneof![Just(500), Just(1), 2..4000], legs).prop_map(|(width, legs)| bar(width, &legs))
}

fn doubled(shape: Shape, every: usize) -> Shape {
    let mut twice = Vec::new();
    for (i, point) in shape.into_iter().enumerate() {
        twice.push(point);
        if i % every == 0 {
            twice.push(point);
        }
    }
    twice
}

fn there_and_back(mut shape: Shape) -> Shape {
    let back: Shape = shape.iter().rev().copied().collect();
    shape.extend(back);
    shape
}

fn shape() -> impl Strategy<Value = Shape> {
    prop_oneof![
        3 => corners(),
        3 => right_angled(),
        4 => bent_bar(),
        1 => (bent_bar(), 1..5_usize).prop_map(|(shape, every)| doubled(shape, every)),
        1 => corners().prop_map(there_and_back),
        1 => (1..60, 1..900, 1..20_000).prop_map(|(n, width, depth): (i32, i32, i32)| comb(n, width, depth.max(width + 1))),
        1 => (2..60, prop_oneof![Just(20_000), Just(FAR)]).prop_map(|(n, reach)| needle_star(n, reach)),
        1 => (4..80).prop_map(keyhole_spiral),
        1 => (3..200_u32, any::<u32>()).prop_map(|(n, seed)| random_walk(n, seed)),
        1 => (3..20, spread()).prop_map(|(n, r)| (0..n).map(|k| [k * (r / 20), 0]).collect()),
    ]
}

fn moved(shape: &Shape, by: [i32; 2]) -> Shape {
    let clamp = |v: i32| v.clamp(-FAR, FAR);
    shape.iter().map(|p| [clamp(p[0].saturating_add(by[0])), clamp(p[1].saturating_add(by[1]))]).collect()
}

/// Up to eight shapes, near each other or on each other, some twice with a shift of a step or none.
pub fn drawings() -> impl Strategy<Value = Drawing> {
    let shift = prop_oneof![Just(0), Just(1), Just(-1), Just(500), -30_000..30_000];
    let placed = (shape(), [shift.clone(), shift.clone()], prop::option::weighted(0.3, [shift.clone(), shift]));
    prop::collection::vec(placed, 1..8).prop_map(|shapes| {
        let mut drawing = Vec::new();
        for (shape, by, again) in shapes {
            let first = moved(&shape, by);
            if let Some(by) = again {
                drawing.push(moved(&first, by));
            }
            drawing.push(first);
        }
        drawing
    })
}
