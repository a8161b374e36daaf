"""Pieces of a bare guide put together a few nanometres aside where its width begins or ends to change."""

from __future__ import annotations

import gdstk
import numpy as np
import pytest

from faults import compare
from faults.scene import outline
from variants import cut, place
from variants.curves import straight, taper
from waveguard.designs import drawing
from waveguard.findings import Severity

NEAR_UM = 3.5
"""A taper beside the piece, of which a side may be told to leave its line."""
LENGTHS_UM = (2.0, 3.5, 2.0, 3.5, 2.0)
PIECES = (straight(2.0, 0.5), taper(3.5, 0.5, 1.2), straight(2.0, 1.2), taper(3.5, 1.2, 0.5), straight(2.0, 0.5))


def row(moved: int | None, aside_um: float, lead_um: float) -> gdstk.Library:
    """Return leads, tapers and straights in one outline, one of them moved aside."""
    library = gdstk.Library("row", unit=1e-6, precision=1e-9)
    cell = library.new_cell("row")
    at = 0.0
    for number, piece in enumerate((straight(lead_um, 0.5), *PIECES, straight(lead_um, 0.5))):
        shift = np.array([at, aside_um if number == moved else 0.0])
        cell.add(drawing.core(outline(piece) + shift))
        at += piece.length_um
    return cut.merged(place.on_grid(library))


@pytest.mark.parametrize("lead_um", [6.001, 20.001])
def test_a_row_of_tapers_in_line_is_no_fault(lead_um: float) -> None:
    found = compare.checked(row(None, 0.0, lead_um)).findings
    assert {one.severity for one in found} <= {Severity.INFO}


@pytest.mark.parametrize("lead_um", [6.001, 20.001])
@pytest.mark.parametrize("aside_um", [0.003, 0.007, -0.02])
@pytest.mark.parametrize("moved", [2, 3, 4])
def test_a_piece_between_tapers_that_lies_aside_is_told_there(moved: int, aside_um: float, lead_um: float) -> None:
    begin = lead_um + sum(LENGTHS_UM[: moved - 1])
    end = begin + LENGTHS_UM[moved - 1]
    grave = [
        one for one in compare.checked(row(moved, aside_um, lead_um)).findings if one.severity is not Severity.INFO
    ]
    assert grave
    assert all(begin - NEAR_UM <= compare.place_um(one).real <= end + NEAR_UM for one in grave)
