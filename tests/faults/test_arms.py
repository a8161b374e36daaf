"""An arm of a branch that cannot be followed as a waveguide is told, not silently taken for a part of the branch."""

from __future__ import annotations

import gdstk
import pytest

from faults import compare
from variants import place
from waveguard.designs import drawing
from waveguard.findings import Severity

WIDTH_UM = 0.35
HOOKED = [(0.0, 0.0), (0.0, 0.9), (2.27, -0.35), (2.69, 0.64), (4.37, 1.24), (5.37, -0.37)]
"""Turns back over the guide that it comes from, with corners sharper than it is wide."""
REACH_UM = 3.0


def branched(arm: list[tuple[float, float]]) -> gdstk.Library:
    library = gdstk.Library("branched", unit=1e-6, precision=1e-9)
    layer, datatype = drawing.CORE
    through = gdstk.rectangle((-20, -WIDTH_UM / 2), (20, WIDTH_UM / 2))
    shapes = [through, *gdstk.FlexPath(arm, WIDTH_UM).to_polygons()]
    library.new_cell("branched").add(*gdstk.boolean(shapes, [], "or", layer=layer, datatype=datatype))
    return library


@pytest.mark.parametrize("angle_deg", [0.0, 90.0])
def test_an_arm_that_cannot_be_followed_is_told_at_its_place(angle_deg: float) -> None:
    run = compare.checked(place.wrapped(branched(HOOKED), angle_deg))
    lost = [one for one in run.findings if "could not be followed" in one.message]
    assert [(one.code, one.severity) for one in lost] == [("IN001", Severity.WARNING)]
    assert abs(abs(compare.place_um(lost[0])) - abs(complex(*HOOKED[3]))) <= REACH_UM


def test_an_arm_that_can_be_followed_is_not_told() -> None:
    run = compare.checked(branched([(0.0, 0.0), (0.0, 15.0)]))
    assert not [one for one in run.findings if "could not be followed" in one.message]
