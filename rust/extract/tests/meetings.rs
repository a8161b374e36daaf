//! Guides that end right before the side of another guide.

mod sketch;

use sketch::{CORE, Sketch, floats, ids, run};

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
