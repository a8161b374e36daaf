//! Steps, teeth, and what cuts and rounding leave of them.

use super::*;

fn ring(points: &[(i32, i32)]) -> Vec<Point> {
    points.iter().map(|&(x, y)| Point::new(x, y)).collect()
}

#[test]
fn a_change_of_width_has_two_steps_and_corners_have_none() {
    let wider = [(0, -250), (5000, -250), (5000, -360), (9000, -360), (9000, 360), (5000, 360), (5000, 250), (0, 250)];
    assert_eq!(find(&ring(&wider), 10_000.0), [1, 5]);
    let tee = [(0, 0), (9000, 0), (9000, 500), (4750, 500), (4750, 5000), (4250, 5000), (4250, 500), (0, 500)];
    assert!(find(&ring(&tee), 10_000.0).is_empty());
    let taper = [(0, -250), (5000, -250), (5500, -360), (9000, -360), (9000, 360), (0, 360)];
    assert!(find(&ring(&taper), 10_000.0).is_empty());
}

#[test]
fn teeth_are_smoothed_to_their_middle() {
    let mut comb = vec![(0, 0), (16_000, 0), (16_000, 450)];
    for k in (0..50).rev() {
        let x = k * 320;
        comb.extend([(x + 160, 450), (x + 160, 500), (x, 500), (x, 450)]);
    }
    let comb = ring(&comb);
    let smooth = smoothed(&comb, 3000.0).expect("teeth").ring;
    assert!(smooth.iter().all(|p| p.y == 0 || p.y == 475 || p.x == 16_000 || p.x == 0), "{smooth:?}");
}

/// A guide from `from` to `to` with periods of teeth of so much on both sides behind 0.
fn grating([from, to]: [i32; 2], periods: i32, half_widths: [i32; 3]) -> Vec<Point> {
    let [lead, narrow, wide] = half_widths;
    let mut lower = vec![(from, -lead), (0, -lead)];
    for x in (0..periods).map(|k| 320 * k) {
        lower.extend([(x, -narrow), (x + 160, -narrow), (x + 160, -wide), (x + 320, -wide)]);
    }
    lower.extend([(320 * periods, -lead), (to, -lead)]);
    lower.dedup();
    let upper: Vec<(i32, i32)> = lower.iter().rev().map(|&(x, y)| (x, -y)).collect();
    lower.extend(upper);
    ring(&lower)
}

#[test]
fn a_step_that_was_cut_is_whole_again() {
    let cut = [(0, -250), (5000, -250), (5000, -270), (5001, -360), (9000, -360), (9000, 0), (9000, 360), (0, 250)];
    let whole = with_whole_steps(&ring(&cut), 3000.0).expect("a cut step");
    assert_eq!(whole, ring(&[(0, -250), (5000, -250), (5001, -360), (9000, -360), (9000, 0), (9000, 360), (0, 250)]));
    assert!(with_whole_steps(&whole, 3000.0).is_none());
    // By several cuts, a step of the grid off, and over the first vertex of the ring.
    let cut = [(5000, -300), (5001, -340), (5000, -360), (9000, -360), (9000, 360), (0, 250), (0, -250), (5000, -250)];
    let whole = with_whole_steps(&ring(&cut), 3000.0).expect("a cut step");
    assert_eq!(whole, ring(&[(5000, -360), (9000, -360), (9000, 360), (0, 250), (0, -250), (5000, -250)]));
    // A curve between two corners is none.
    let bent = [(0, -250), (5000, -250), (5020, -280), (5000, -360), (9000, -360), (9000, 360), (0, 250)];
    assert!(with_whole_steps(&ring(&bent), 3000.0).is_none());
    // The last tooth of one shape may end a step of the grid beside another that is half as wide beyond.
    let hair = [(0, -250), (5000, -250), (5000, -300), (5001, -300), (5001, -275), (9000, -275), (9000, 0), (0, 0)];
    let whole = with_whole_steps(&ring(&hair), 3000.0).expect("a hair");
    assert_eq!(whole, ring(&[(0, -250), (5000, -250), (5001, -275), (9000, -275), (9000, 0), (0, 0)]));
    let slit = [(0, 0), (5000, 0), (5000, 200), (5002, 200), (5002, 0), (9000, 0), (9000, 500), (0, 500)];
    assert!(with_whole_steps(&ring(&slit), 3000.0).is_none());
    // A step of the grid between two corners of a side is none of them.
    let jog = [(0, 0), (1001, 2), (1000, 4), (2000, 6), (2000, 1000), (0, 1000)];
    assert!(with_whole_steps(&ring(&jog), 3000.0).is_none());
}

#[test]
fn what_a_cut_leaves_between_two_teeth_is_no_dent_of_the_smooth_side() {
    let mut ring = grating([-12_000, 12_000], 20, [250, 225, 275]);
    // Beside a step, and in the middle of a tooth, a step of the grid aside.
    for (at, new) in [((1600, 225), (1605, 224)), ((2560, 275), (2500, 276)), ((2720, -225), (2800, -223))] {
        let i = ring.iter().position(|p| (p.x, p.y) == at).expect("a corner");
        ring.insert(i, Point::new(new.0, new.1));
    }
    let smooth = smoothed(&ring, 3000.0).expect("teeth").ring;
    assert!(smooth.iter().all(|p| p.y.abs() == 250), "{smooth:?}");
}

#[test]
fn few_even_teeth_are_teeth_and_few_others_are_none() {
    for periods in 2..8 {
        let smooth = smoothed(&grating([-12_000, 12_000], periods, [250, 225, 275]), 10_000.0).expect("teeth");
        assert!(smooth.ring.iter().all(|p| p.y.abs() == 250), "{periods}: {smooth:?}");
    }
    assert!(smoothed(&grating([-12_000, 12_000], 1, [250, 225, 275]), 10_000.0).is_none());
    // Two bumps and a notch, however near each other.
    let lower = [0, 200, 400, 600, 900, 1500, 1900].into_iter().zip([-250, -300, -250, -310, -250, -170, -250]);
    let mut bumps: Vec<(i32, i32)> = vec![(9000, 250), (-9000, 250), (-9000, -250)];
    let mut y = -250;
    for (x, next) in lower {
        bumps.extend([(x, y), (x, next)]);
        y = next;
    }
    bumps.push((9000, -250));
    assert!(smoothed(&ring(&bumps), 10_000.0).is_none());
}

#[test]
fn a_stub_behind_the_last_tooth_is_no_wall() {
    for stub in [5, 10, 18] {
        let smooth = smoothed(&grating([-stub, 6400 + stub], 20, [250, 225, 275]), 10_000.0).expect("teeth");
        assert!(smooth.ring.iter().all(|p| p.y.abs() == 250), "{stub}: {smooth:?}");
    }
}

#[test]
fn an_end_between_teeth_is_as_wide_as_the_smooth_guide() {
    // Teeth on both sides from cap to cap, as of cells of a Bragg grating put together.
    let (mut lower, mut upper) = (Vec::new(), Vec::new());
    for k in 0..20 {
        let x = 320 * k;
        lower.extend([(x, -225), (x + 160, -225), (x + 160, -275), (x + 320, -275)]);
        upper.extend([(x, 225), (x + 160, 225), (x + 160, 275), (x + 320, 275)]);
    }
    lower.extend(upper.into_iter().rev());
    for longest in [3000.0, 10_000.0] {
        let smooth = smoothed(&ring(&lower), longest).expect("teeth");
        assert!(smooth.ring.iter().all(|p| p.y.abs() == 250), "{smooth:?}");
        assert_eq!(smooth.corners.len(), 4);
    }
}

#[test]
fn a_wall_in_the_middle_of_teeth_goes_on_through_them() {
    let mut upper = vec![(0, 250), (2000, 250)];
    for k in 0..20 {
        let x = 2000 + 320 * k;
        upper.extend([(x, 225), (x + 160, 225), (x + 160, 275), (x + 320, 275)]);
    }
    upper.extend([(8400, 250), (8600, 250), (8600, -250), (0, -250)]);
    upper.reverse();
    let smooth = smoothed(&ring(&upper), 3000.0).expect("teeth");
    assert!(smooth.ring.iter().all(|p| p.y.abs() == 250) && smooth.corners.is_empty(), "{smooth:?}");
}

#[test]
fn walls_far_apart_are_no_teeth() {
    // As those at the ends of multimode couplers along a long guide.
    let mut upper = Vec::new();
    for k in (0..20).rev() {
        let x = k * 20_000;
        upper.extend([(x + 15_000, 1000), (x + 15_000, 1125), (x + 10_000, 1125), (x + 10_000, 1000)]);
    }
    let mut outline = vec![(0, 0), (400_000, 0), (400_000, 1000)];
    outline.append(&mut upper);
    outline.push((0, 1000));
    let outline = ring(&outline);
    assert_eq!(find(&outline, 3000.0).len(), 40);
    assert!(smoothed(&outline, 3000.0).is_none());
}

/// A grating as above, with what lies beyond its teeth moved aside.
fn moved_behind(ring: &[Point], x: i32, aside: i32) -> Vec<Point> {
    // The corner of the last tooth stays where it is.
    let mut out = Vec::new();
    for (k, p) in ring.iter().enumerate() {
        let (before, next) = (ring[(k + ring.len() - 1) % ring.len()], ring[(k + 1) % ring.len()]);
        let is_joint = p.x == x && (before.x > x || next.x > x);
        out.push(Point::new(p.x, p.y + if p.x > x || is_joint { aside } else { 0 }));
    }
    out
}

#[test]
fn a_guide_goes_on_in_line_with_even_teeth_or_jumps_aside() {
    for half_widths in [[250, 225, 275], [250, 200, 300], [250, 220, 251], [275, 225, 274]] {
        let drawn = grating([-12_000, 24_000], 20, half_widths);
        assert_eq!(jumps(std::slice::from_ref(&drawn), 10_000.0), []);
        for aside in [4, -5, 20, -25, 60] {
            let mut ring = moved_behind(&drawn, 6400, aside);
            for _ in 0..2 {
                let found = jumps(std::slice::from_ref(&ring), 10_000.0);
                let [jump] = found[..] else { panic!("{half_widths:?} {aside}: {found:?}") };
                assert!((jump.aside - f64::from(aside.abs())).abs() < 0.1, "{jump:?}");
                assert!((jump.at[0] - 6400.0).abs() < 1.0 && (jump.width - f64::from(2 * half_widths[0])).abs() < 1.0);
                // One ring may be drawn either way around.
                ring.reverse();
            }
        }
    }
}

#[test]
fn a_guide_that_widens_into_anything_behind_its_teeth_is_entered_anywhere() {
    let mut ring = grating([-12_000, 24_000], 20, [250, 225, 275]);
    for p in &mut ring {
        p.y += if p.x > 6400 && p.y > 0 { 400 } else { 0 };
    }
    let corner = ring.iter().position(|p| p.x == 24_000 && p.y > 0).expect("a corner");
    ring.insert(corner + 1, Point::new(6400, 650));
    assert_eq!(jumps(&[ring], 10_000.0), []);
}
