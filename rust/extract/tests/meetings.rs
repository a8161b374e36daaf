//! Guides that meet a body, or the side of another guide, in the wrong place.

mod sketch;

use sketch::{CORE, Sketch, floats, ids, run};
use waveguard_extract::Extraction;

/// A box of a coupler so far aside of the guides, of which two come in through tapers and two or one go out.
fn coupler(aside: f64, ways: [&[f64]; 2]) -> Extraction {
    let mut s = Sketch::default();
    let top = s.cell("top");
    let cell = &mut s.cells[top];
    cell.rectangle(CORE, 0.0, aside - 3000.0, 44_000.0, aside + 3000.0);
    for (end, hand, places) in [(0.0, -1.0, ways[0]), (44_000.0, 1.0, ways[1])] {
        for y in places {
            let to = end + hand * 8000.0;
            cell.polygons.push((CORE, vec![[end, y - 600.0], [to, y - 250.0], [to, y + 250.0], [end, y + 600.0]], 0));
            let far = to + hand * 20_000.0;
            cell.rectangle(CORE, to.min(far), y - 250.0, to.max(far), y + 250.0);
        }
    }
    run(&s, top)
}

#[test]
fn a_body_is_as_far_aside_of_its_guides_as_it_was_moved() {
    let both: &[f64] = &[-1000.0, 1000.0];
    for ways in [[both, both], [&[0.0], both]] {
        for aside in [0.0, 20.0, 100.0, 300.0, 600.0, -600.0, 1200.0] {
            let found = floats(&coupler(aside, ways), "junctions", "aside_nm");
            assert!(found.len() == 1 && (found[0] - aside.abs()).abs() < 3.0, "{ways:?} {aside}: {found:?}");
        }
    }
}

#[test]
fn guides_that_lie_about_no_line_have_no_body_aside_of_it() {
    let uneven: &[f64] = &[-1000.0, 1400.0, 2300.0];
    assert!(floats(&coupler(0.0, [&[0.0], uneven]), "junctions", "aside_nm")[0].is_nan());
}

#[test]
fn an_end_before_the_side_of_a_guide_has_that_ahead() {
    for (gap, is_before) in [(10.0, true), (200.0, true), (1200.0, false)] {
        let mut s = Sketch::default();
        let top = s.cell("top");
        s.cells[top].rectangle(CORE, 0.0, -250.0, 60_000.0, 250.0);
        s.cells[top].rectangle(CORE, 29_750.0, 250.0 + gap, 30_250.0, 20_000.0);
        let e = run(&s, top);
        let found = floats(&e, "sides_ahead", "gap_nm");
        assert_eq!(found.len(), usize::from(is_before), "{gap}");
        for (row, gap_nm) in found.iter().enumerate() {
            let port = ids(&e, "sides_ahead", "port")[row] as usize;
            assert!((gap_nm - gap).abs() < 1e-6 && ids(&e, "ports", "net")[port] < 0);
            assert!((floats(&e, "sides_ahead", "x_nm")[row] - 30_000.0).abs() < 1e-6);
        }
    }
}
