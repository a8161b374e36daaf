"""Coils of half circles: what turns is the coil alone, as much as it does, and no tighter than its smallest circle."""

from __future__ import annotations

import gdstk
import numpy as np
import pytest

from waveguard import pdk
from waveguard.extract import extract
from waveguard.layout import read

PDK = pdk.load("siepic-ebeam")
WIDTH_UM, LEAD_UM = 0.5, 60.0
SMALLEST_UM, PITCH_UM = 15.0, 5.0
POINTS = 200


def coil(turns: int, tail_um: float) -> tuple[np.ndarray, float]:
    """Return the outline of a coil between two straights, and the length of its circles, in um."""
    at, heading, length_um = 0.0j, 0.0, 0.0
    axis = [-LEAD_UM + 0.0j, at]
    along = [1.0 + 0.0j, 1.0 + 0.0j]
    for k in range(2 * turns):
        radius_um = SMALLEST_UM + k * PITCH_UM / 2
        angle = heading + np.linspace(0.0, np.pi, POINTS)[1:]
        middle = at + 1j * radius_um * np.exp(1j * heading)
        axis.extend(middle - 1j * radius_um * np.exp(1j * angle))
        along.extend(np.exp(1j * angle))
        at, heading, length_um = axis[-1], heading + np.pi, length_um + np.pi * radius_um
    axis.append(at + tail_um * np.exp(1j * heading))
    along.append(np.exp(1j * heading))
    side = 0.5j * WIDTH_UM * np.array(along)
    ring = np.concatenate([np.array(axis) + side, (np.array(axis) - side)[::-1]])
    return np.column_stack([ring.real, ring.imag]), length_um


@pytest.mark.parametrize("turns", [2, 4, 8, 20])
@pytest.mark.parametrize("tail_um", [20.0, 110.0, 300.0])
def test_only_the_coil_turns(turns: int, tail_um: float) -> None:
    ring, length_um = coil(turns, tail_um)
    library = gdstk.Library(unit=1e-6, precision=1e-9)
    library.new_cell("coil").add(gdstk.Polygon(np.round(ring, 3), layer=1))  # type: ignore[arg-type]
    tables = extract(read(library), PDK).tables
    guides, bends, pieces = tables.waveguides, tables.bends, tables.pieces
    assert guides.centerline_length_nm[0] / 1e3 == pytest.approx(length_um + LEAD_UM + tail_um, abs=0.002)
    assert np.abs(bends.turn_rad).sum() == pytest.approx(2 * np.pi * turns, rel=1e-3)
    assert bends.length_nm.sum() / 1e3 == pytest.approx(length_um, abs=2.0)
    middle = (pieces.begin_curvature_per_nm + pieces.end_curvature_per_nm) / 2
    assert np.abs((middle * pieces.length_nm).sum()) == pytest.approx(2 * np.pi * turns, rel=3e-3)
    # Where one circle goes on in the next the curvature jumps: what polynomials make of that is off by a little.
    assert guides.min_radius_nm[0] / 1e3 == pytest.approx(SMALLEST_UM, rel=0.05)
    tightest = 1.0 / np.abs([pieces.begin_curvature_per_nm, pieces.end_curvature_per_nm]).max()
    assert tightest / 1e3 == pytest.approx(SMALLEST_UM, rel=0.05)
