"""The gratings of a bare contra-directional coupler moved aside of the bends that lead to them."""

from __future__ import annotations

import gdstk
import numpy as np
import pytest

from faults import compare
from faults.scene import outline
from variants import cut, place
from variants.curves import s_bend
from waveguard.designs import drawing
from waveguard.findings import Finding, Severity

PERIOD_UM, N_PERIODS, GAP_UM = 0.318, 40, 0.15
WIDTHS_UM = (0.45, 0.55)
DEEP_UM = 0.03
"""How far each tooth stands out of the mean side of its guide, and its gap behind that."""
LENGTH_UM = N_PERIODS * PERIOD_UM
AT_UM = (0.0, sum(WIDTHS_UM) / 2 + GAP_UM + 2 * DEEP_UM)
DRAWN = {
    "as drawn": lambda library: library,
    "merged": cut.merged,
    "turned": lambda library: place.on_grid(place.turned(library, 33.0)),
}


def coupler(aside_um: float) -> gdstk.Library:
    """Return two toothed guides beside each other that part in bends; the teeth lie so far aside."""
    library = gdstk.Library("contra", unit=1e-6, precision=1e-9)
    cell = library.new_cell("contra")
    for width, y, rise in zip(WIDTHS_UM, AT_UM, (-4.0, 4.0), strict=True):
        bend = outline(s_bend(15.0, rise, width))
        cell.add(drawing.core(bend + np.array([LENGTH_UM, y])), drawing.core(bend * (-1, 1) + np.array([0.0, y])))
        for k in range(2 * N_PERIODS):
            half, x = width / 2 + (DEEP_UM if k % 2 else -DEEP_UM), k * PERIOD_UM / 2
            low, high = (x, y + aside_um - half), (x + PERIOD_UM / 2, y + aside_um + half)
            cell.add(gdstk.rectangle(low, high, layer=drawing.CORE[0], datatype=drawing.CORE[1]))
    return place.on_grid(library)


def grave(library: gdstk.Library) -> list[Finding]:
    return [one for one in compare.checked(library).findings if one.severity is not Severity.INFO]


@pytest.mark.parametrize("drawn", DRAWN)
def test_gratings_in_line_with_their_bends_are_no_fault(drawn: str) -> None:
    assert grave(DRAWN[drawn](coupler(0.0))) == []


@pytest.mark.parametrize("drawn", DRAWN)
@pytest.mark.parametrize("aside_um", [0.02, -0.02, 0.05, 0.1, -0.2])
def test_gratings_aside_of_their_bends_are_told(aside_um: float, drawn: str) -> None:
    found = grave(DRAWN[drawn](coupler(aside_um)))
    assert {"WG001", "WG007", "CN001", "CN002"} & {one.code for one in found}
