"""Waveguides shorter than what is a near miss, in one piece and in several: the other end is no missing partner."""

from __future__ import annotations

from itertools import pairwise

import gdstk
import pytest

from variants import cut
from waveguard import engine

SEAM_UM = 1.6
FLARE_UM = [(0.0, 0.25), (0.2, 0.27), (0.4, 0.32), (0.6, 0.5), (0.7, 0.58), (0.8, 0.62), (0.88, 0.66)]
"""Distance from the seam and half of the width of a branch that opens."""


def branch(start_um: float, seams_um: list[float]) -> gdstk.Library:
    """A waveguide that leads from an open end into a branch, in pieces."""
    library = gdstk.Library(unit=1e-6, precision=1e-9)
    at = [start_um, *seams_um, SEAM_UM]
    upper = [(SEAM_UM + x, y) for x, y in FLARE_UM]
    end = upper[-1][0]
    library.new_cell("top").add(
        *(gdstk.rectangle((x, -0.25), (to, 0.25), layer=1) for x, to in pairwise(at)),
        gdstk.Polygon(upper + [(x, -y) for x, y in reversed(upper)], layer=1),
        *(gdstk.rectangle((end, y - 0.25), (end + 20.0, y + 0.25), layer=1) for y in (-0.35, 0.35)),
    )
    return library


@pytest.mark.parametrize("seams_um", [[], [1.0], [0.5, 0.9, 1.3]])
@pytest.mark.parametrize("start_um", [0.104, 0.2, 0.3])
def test_the_other_end_of_a_short_waveguide_is_no_partner_in_however_many_pieces(
    start_um: float, seams_um: list[float]
) -> None:
    drawn = branch(start_um, seams_um)
    for library in (drawn, cut.merged(drawn)):
        found = engine.check(library, pdk="siepic-ebeam").findings
        assert [(one.code, str(one.severity)) for one in found] == 3 * [("CN001", "info")]


def test_an_end_before_a_short_waveguide_that_is_open_is_a_miss() -> None:
    library = branch(0.104, [])
    library.cells[0].add(gdstk.rectangle((-20.0, -0.25), (-0.1, 0.25), layer=1))
    found = engine.check(library, pdk="siepic-ebeam").findings
    errors = [one for one in found if str(one.severity) == "error"]
    assert {one.code for one in errors} == {"CN001"}
    assert {round(one.place.x_um or 0.0, 1) for one in errors} == {-0.1, 0.1}
