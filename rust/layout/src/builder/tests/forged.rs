//! Layouts of numbers that no drawing program writes.

use proptest::prelude::*;
use waveguard_base::CellId;
use waveguard_geom::MAX_COORDINATE;

use super::drawing::Drawing;
use crate::builder::Repetition;
use crate::hierarchy::Step;

/// Coordinates as forged files have them: ordinary, at the edge of the range, and not numbers.
fn forged_number() -> impl Strategy<Value = f64> {
    let edge = f64::from(MAX_COORDINATE);
    let odd = [0.0, -0.5, edge, -edge, edge + 0.5, 1e300, f64::MAX, f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
    prop_oneof![8 => -1000.0..1000.0_f64, 2 => -edge..edge, 2 => proptest::sample::select(odd.to_vec())]
}

fn forged_repetition() -> impl Strategy<Value = Repetition> {
    let count = prop_oneof![0..4_u64, Just(u64::MAX)];
    let step = || [forged_number(), forged_number()];
    prop_oneof![
        Just(Repetition::Single),
        (count.clone(), count, step(), step()).prop_map(|(columns, rows, v1, v2)| Repetition::Grid {
            columns,
            rows,
            v1,
            v2
        }),
        proptest::collection::vec(step(), 0..3)
            .prop_map(|copies| Repetition::Listed(std::iter::once([0.0; 2]).chain(copies).collect())),
    ]
}

fn forged_drawing() -> impl Strategy<Value = Drawing> {
    let magnification = prop_oneof![4 => Just(1.0), 1 => forged_number()];
    let placement = (0..5_i64, -1..5_i64, [forged_number(), forged_number()], forged_number(), magnification, 0..4_i64);
    let polygon = (0..5_i64, proptest::collection::vec(forged_number(), 0..6), 0..4_i64);
    let path = (0..5_i64, proptest::collection::vec(forged_number(), 0..3), forged_number());
    (
        proptest::collection::vec(forged_repetition(), 3),
        proptest::collection::vec(polygon, 0..8),
        proptest::collection::vec(path, 0..3),
        proptest::collection::vec((0..5_i64, forged_number(), forged_number()), 0..3),
        proptest::collection::vec(placement, 0..12),
    )
        .prop_map(|(repetitions, mut polygons, mut paths, mut labels, mut placements)| {
            polygons.sort_by_key(|p| p.0);
            paths.sort_by_key(|p| p.0);
            labels.sort_by_key(|l| l.0);
            placements.sort_by_key(|p| p.0);
            let mut drawing = Drawing::new(&["a", "b", "c", "d", "e"]);
            for r in repetitions {
                drawing = drawing.repetition(r);
            }
            let pairs = |v: &[f64]| v.iter().flat_map(|&x| [x, x * 0.5 - 3.0]).collect::<Vec<f64>>();
            for (cell, values, rep) in polygons {
                drawing = drawing.polygon(cell, &pairs(&values), rep);
            }
            for (cell, values, width) in paths {
                drawing = drawing.path(cell, &pairs(&values), width, -1);
            }
            for (cell, x, y) in labels {
                drawing = drawing.label(cell, x, y);
            }
            for (cell, target, at, angle, magnification, rep) in placements {
                drawing = drawing.place_at(cell, target, at, angle, magnification, rep);
            }
            drawing
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn whatever_the_numbers_a_built_layout_keeps_its_invariants(drawing in forged_drawing()) {
        let layout = drawing.build();
        let limit = f64::from(MAX_COORDINATE) * (1.0 + 1e-12);
        prop_assert!(!layout.tops.is_empty());
        prop_assert_eq!(layout.bottom_up.len(), 5);
        let rank = |c: CellId| layout.bottom_up.iter().position(|&b| b == c);
        for id in (0..5).map(CellId) {
            let cell = layout.cell(id);
            prop_assert!(cell.references.iter().all(|r| rank(r.target) < rank(id)));
            prop_assert!(layout.polygons(id).all(|p| p.points.len() >= 3));
        }
        for &top in &layout.tops {
            let b = layout.bbox(top);
            prop_assert!(b.is_empty() || b.min.iter().chain(&b.max).all(|v| v.abs() <= limit));
            let (mut visits, mut inside) = (0, true);
            layout.walk(top, &mut |cell, t, _| {
                visits += 1;
                let mut places = layout.polygons(cell).flat_map(|p| p.points).chain(layout.cell(cell).labels.iter().map(|l| &l.at));
                inside &= t.d.iter().all(|v| v.abs() <= limit);
                inside &= places.all(|p| t.apply(f64::from(p.x), f64::from(p.y)).iter().all(|v| v.abs() <= limit));
                if visits == 200 { Step::Stop } else { Step::Into }
            });
            prop_assert!(inside);
        }
    }
}
