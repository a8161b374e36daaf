"""Counts and coverage of a run, from tables made by hand."""

from __future__ import annotations

from waveguard import summary
from waveguard.tables import Coverage, Tables, Unexplained


def test_shapes_of_several_cells_are_said_to_be_in_none() -> None:
    box = {"x0_nm": [0.0] * 2, "y0_nm": [0.0] * 2, "x1_nm": [10.0] * 2, "y1_nm": [10.0] * 2}
    rest = Unexplained.of(
        {
            "top": [1, 1],
            "cell": [0, -1],
            **box,
            "area_nm2": [200.0, 100.0],
            "reason": ["no ribbon"] * 2,
            "count": [1, 7],
        }
    )
    none = Coverage.of({"kind": [], "total": [], "explained": [], "top": []})
    found = summary.coverage(Tables(coverage=none, unexplained=rest), ("logo", "chip"))
    assert [(shape.place.top, shape.place.cell, shape.count) for shape in found.unexplained] == [
        ("chip", "logo", 1),
        ("chip", "", 7),
    ]
