"""The guide behind the teeth of a bare straight grating moved aside of them, where both are one outline."""

from __future__ import annotations

import gdstk
import pytest

from faults import compare
from variants import place
from waveguard.designs import drawing
from waveguard.findings import Finding, Severity

PERIOD_UM, LEAD_UM, WIDTH_UM = 0.318, 20.0, 0.5
NEAR_UM = 0.5
SLIGHT_UM = 0.01
"""Below this a jump is a warning."""
ANGLES_DEG = [0.0, 90.0, 33.0]
ONE_SIDED = {
    # Half widths of the upper and of the lower side, at teeth and between them.
    "teeth on one side": ((0.3, 0.25), (0.25, 0.25)),
    "teeth into one side": ((0.25, 0.25), (0.2, 0.25)),
    "teeth in turn": ((0.275, 0.225), (0.225, 0.275)),
    "teeth of two depths": ((0.3, 0.26), (0.2, 0.24)),
}
EVEN = {
    "teeth around the side of the lead": ((0.275, 0.275), (0.225, 0.225)),
    "teeth outwards": ((0.3, 0.3), (0.25, 0.25)),
    "teeth inwards": ((0.25, 0.25), (0.2, 0.2)),
    "deep teeth": ((0.3, 0.3), (0.2, 0.2)),
}
Halves = tuple[tuple[float, float], tuple[float, float]]


def grating(halves: Halves, periods: int, aside_um: float = 0.0, angle_deg: float = 0.0) -> gdstk.Library:
    """Return one outline of teeth from x = 0 on and of two leads, the one behind them so far aside."""
    library = gdstk.Library("grating", unit=1e-6, precision=1e-9)
    half, end = WIDTH_UM / 2, periods * PERIOD_UM
    boxes = [
        gdstk.rectangle((-LEAD_UM, -half), (0, half)),
        gdstk.rectangle((end, aside_um - half), (end + LEAD_UM, aside_um + half)),
    ]
    for k in range(2 * periods):
        up, down = halves[k % 2]
        boxes.append(gdstk.rectangle((k * PERIOD_UM / 2, -down), ((k + 1) * PERIOD_UM / 2, up)))
    layer, datatype = drawing.CORE
    outline = gdstk.boolean(boxes, [], "or", precision=1e-4, layer=layer, datatype=datatype)
    assert len(outline) == 1
    library.new_cell("grating").add(*outline)
    return place.on_grid(place.turned(library, angle_deg) if angle_deg else library)


def grave(library: gdstk.Library) -> list[Finding]:
    return [one for one in compare.checked(library).findings if one.severity is not Severity.INFO]


@pytest.mark.parametrize("angle_deg", ANGLES_DEG)
@pytest.mark.parametrize("periods", [3, 10, 40])
@pytest.mark.parametrize("kind", EVEN | ONE_SIDED)
def test_a_lead_in_line_with_its_teeth_is_no_fault(kind: str, periods: int, angle_deg: float) -> None:
    assert grave(grating((EVEN | ONE_SIDED)[kind], periods, 0.0, angle_deg)) == []


@pytest.mark.parametrize("angle_deg", ANGLES_DEG)
@pytest.mark.parametrize("periods", [3, 40])
@pytest.mark.parametrize("kind", EVEN)
def test_a_lead_aside_of_its_teeth_is_told_where_it_begins(kind: str, periods: int, angle_deg: float) -> None:
    at = periods * PERIOD_UM
    for aside_um in (0.005, -0.02, 0.025, 0.05, -0.1):
        found = grave(grating(EVEN[kind], periods, aside_um, angle_deg))
        jumps = [one for one in found if one.code == "WG007"]
        near = [abs(abs(compare.place_um(one)) - at) <= NEAR_UM for one in jumps]
        assert near, aside_um
        assert all(near), aside_um
        assert abs(aside_um) < SLIGHT_UM or any(one.severity is Severity.ERROR for one in jumps), aside_um


@pytest.mark.parametrize("kind", ONE_SIDED)
def test_a_lead_further_aside_than_uneven_teeth_move_the_middle_is_told(kind: str) -> None:
    for aside_um in (0.1, -0.1):
        assert grave(grating(ONE_SIDED[kind], 40, aside_um))
