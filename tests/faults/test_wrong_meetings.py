"""Waveguides that end short of others, or are led into each other."""

from __future__ import annotations

import math

import gdstk
import numpy as np
import pytest

from faults import compare
from variants import cut, place
from variants.curves import Piece, arc, straight, taper
from waveguard.designs import drawing
from waveguard.findings import Finding, Severity

WIDTH_UM = 0.5
DRAWN = {
    "as drawn": lambda library: library,
    "merged": cut.merged,
    "turned": lambda library: place.turned(library, 33.0),
    "mirrored and turned": lambda library: place.turned(library, 90.0, mirrored=True),
}
Placed = tuple[Piece, complex, float]


def circuit(pieces: list[Placed], boxes: list[tuple[float, float, float, float]]) -> gdstk.Library:
    library = gdstk.Library("meetings", unit=1e-6, precision=1e-9)
    cell = library.new_cell("meetings")
    for piece, at, heading_rad in pieces:
        points = piece.outline(at, heading_rad)
        cell.add(drawing.core(np.column_stack([points.real, points.imag])))
    for x0, y0, x1, y1 in boxes:
        cell.add(drawing.core(np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])))
    return place.on_grid(library)


def grave(library: gdstk.Library) -> list[Finding]:
    return [one for one in compare.checked(library).findings if one.severity is not Severity.INFO]


def tee(gap_um: float, angle_deg: float = 90.0) -> gdstk.Library:
    """Return a waveguide and another one that ends so far before the middle of its side."""
    end = 1j * (WIDTH_UM / 2 + gap_um)
    return circuit(
        [(straight(60.0, WIDTH_UM), -30 + 0j, 0.0), (straight(20.0, WIDTH_UM), end, math.radians(angle_deg))], []
    )


@pytest.mark.parametrize("drawn", DRAWN)
@pytest.mark.parametrize("angle_deg", [90.0, 50.0])
def test_an_end_before_the_side_of_a_waveguide_is_told(angle_deg: float, drawn: str) -> None:
    aside_um = WIDTH_UM / 2 / math.tan(math.radians(angle_deg))
    for gap_um in (0.01 + aside_um, 0.2):
        if gap_um <= aside_um:
            continue
        found = grave(DRAWN[drawn](tee(gap_um, angle_deg)))
        assert [one.code for one in found] == ["CN001"], gap_um
        assert "before the side of a waveguide" in found[0].message
        assert (found[0].severity is Severity.ERROR) == (gap_um < 0.06), gap_um


def test_an_end_further_before_a_side_or_at_the_tip_of_a_taper_is_no_fault() -> None:
    assert grave(tee(0.6)) == []
    tip = taper(20.0, 0.1, WIDTH_UM)
    assert grave(circuit([(straight(60.0, WIDTH_UM), -30 + 0j, 0.0), (tip, 0.45j, math.pi / 2)], [])) == []


def routes(number: int) -> gdstk.Library:
    """Return routes that come down side by side and are led onto one row."""
    pieces: list[Placed] = []
    for k in range(number):
        at, heading_rad = complex(2.0 * k, 40.0), -math.pi / 2
        for piece in (straight(30.0, WIDTH_UM), arc(6.0, math.pi / 2, WIDTH_UM), straight(60.0 - 2 * k, WIDTH_UM)):
            pieces.append((piece, at, heading_rad))
            at, heading_rad = at + piece.end * np.exp(1j * heading_rad), heading_rad + piece.turn_rad
    return circuit(pieces, [])


@pytest.mark.parametrize("drawn", DRAWN)
@pytest.mark.parametrize("number", [3, 4])
def test_three_routes_and_more_that_are_led_onto_one_row_are_told(number: int, drawn: str) -> None:
    found = [one for one in grave(DRAWN[drawn](routes(number))) if one.code == "CN009"]
    assert len(found) == 1
    assert {3: "three", 4: "four"}[number] in found[0].message
