"""Bends whose corners were rounded twice, once as drawn and again when they were turned, keep their radius."""

from __future__ import annotations

import gdstk
import numpy as np
import pytest

from variants.curves import Piece, bezier, chained, straight
from waveguard import pdk
from waveguard.extract import extract
from waveguard.layout import read

PDK = pdk.load("siepic-ebeam")
WIDTH_UM, RADIUS_UM, PITCH_UM = 0.5, 5.0, 40.0
BEZIER, LEAST_UM = 0.2, 2.386
ANGLES_DEG = np.linspace(0.5, 89.5, 1000)


@pytest.mark.parametrize("is_flipped", [False, True])
def test_no_turned_bend_is_off_by_more_than_a_few_percent(is_flipped: bool) -> None:
    bend, lead = bezier(RADIUS_UM, BEZIER, WIDTH_UM), straight(5.0, WIDTH_UM)
    fine = chained([lead, bend.flipped() if is_flipped else bend, lead])
    # Every second corner: chords off by 2 nm.
    last = len(fine.points) - 1
    kept = np.unique([*range(0, last, 2), 1, last - 1, last])
    piece = Piece(fine.points[kept], fine.headings_rad[kept], fine.widths_um[kept], fine.length_um)
    drawn = np.round(piece.outline(), 3)
    library = gdstk.Library(unit=1e-6, precision=1e-9)
    top = library.new_cell("bends")
    for number, angle_deg in enumerate(ANGLES_DEG):
        corners = drawn * np.exp(1j * np.radians(angle_deg)) + number * PITCH_UM
        top.add(gdstk.Polygon(np.round(np.column_stack([corners.real, corners.imag]), 3), layer=1))
    bends = extract(read(library), PDK).tables.bends
    assert len(bends.min_radius_nm) == len(ANGLES_DEG)
    assert bends.min_radius_nm / 1e3 == pytest.approx(LEAST_UM, rel=0.03)
    assert (bends.min_radius_upper_nm < 1.1 * bends.min_radius_nm).all()
