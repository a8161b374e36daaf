"""Guides of low index contrast bend by millimetres and keep far apart: the limits of their process are judged, too."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import gdstk
import numpy as np
import pytest

from variants.curves import Piece, arc, chained, euler, straight
from waveguard import pdk
from waveguard.engine import check
from waveguard.extract import extract
from waveguard.findings import Severity
from waveguard.layout import read
from waveguard.pdk import Pdk
from waveguard.pdk.quantity import Quantity

WIDTH_UM = 6.0
LEAST_UM = 2000.0
SPACING_UM = 20.0
TURN = np.pi / 4


def silica() -> Pdk:
    """Return a process of silica guides."""
    base = pdk.load("siepic-ebeam")
    number = {
        "width_um": WIDTH_UM,
        "n_eff": 1.45,
        "n_g": 1.47,
        "min_radius_um": LEAST_UM,
        "min_spacing_um": SPACING_UM,
    }
    guide = base.cross_sections[0].model_copy(
        update={
            "width_min_um": 5.0,
            "width_max_um": 8.0,
            "coupling": None,
            **{name: Quantity(value=value) for name, value in number.items()},
        }
    )
    return base.model_copy(update={"cross_sections": (guide,)})


def drawn(bend: Piece, turn_deg: float) -> gdstk.Library:
    """Return a layout of one guide with a bend between straights."""
    corners = chained([straight(1000.0, WIDTH_UM), bend, straight(1000.0, WIDTH_UM)]).outline()
    corners = corners * np.exp(1j * np.radians(turn_deg))
    library = gdstk.Library(unit=1e-6, precision=1e-9)
    library.new_cell("bend").add(gdstk.Polygon(np.round(np.column_stack([corners.real, corners.imag]), 3), layer=1))
    return library


@pytest.mark.parametrize("draw", [arc, euler])
@pytest.mark.parametrize("turn_deg", [0.0, 33.0])
@pytest.mark.parametrize("share", [0.3, 0.9, 1.0, 1.1, 3.0, 30.0])
def test_a_bend_of_millimetres_is_measured_and_judged(
    draw: Callable[[float, float, float], Piece], turn_deg: float, share: float, tmp_path: Path
) -> None:
    radius_um = share * LEAST_UM
    library = drawn(draw(radius_um, TURN, WIDTH_UM), turn_deg)
    path = tmp_path / "bend.gds"
    library.write_gds(path)
    run = check(path, pdk=silica())
    assert ("WG001" in [finding.code for finding in run.findings]) == (share < 1.0)
    guides = extract(read(library), silica()).tables.waveguides
    if share <= 1.1:
        assert guides.min_radius_nm[0] / 1e3 == pytest.approx(radius_um, rel=0.01 if draw is arc else 0.03)


@pytest.mark.parametrize("turn_deg", [0.0, 33.0])
@pytest.mark.parametrize("gap_um", [2.0, 10.0, 19.9, 20.1, 30.0])
def test_guides_are_as_far_apart_as_their_process_asks_for(gap_um: float, turn_deg: float, tmp_path: Path) -> None:
    library = gdstk.Library(unit=1e-6, precision=1e-9)
    top = library.new_cell("beside")
    for side in (0.0, gap_um + WIDTH_UM):
        guide = gdstk.rectangle((0.0, side), (3000.0, side + WIDTH_UM), layer=1)
        top.add(guide.rotate(np.radians(turn_deg)))
    path = tmp_path / "beside.gds"
    library.write_gds(path)
    run = check(path, pdk=silica())
    assert ("WG003" in [finding.code for finding in run.findings]) == (gap_um < SPACING_UM)


@pytest.mark.parametrize("turn_deg", [0.0, 33.0])
@pytest.mark.parametrize("gap_um", [0.0, 1.0, 4.0])
@pytest.mark.parametrize("aside_um", [0.0, 0.05, 1.0, 2.9, 3.1, 4.0])
def test_an_end_that_misses_its_partner_is_told(
    aside_um: float, gap_um: float, turn_deg: float, tmp_path: Path
) -> None:
    library = gdstk.Library(unit=1e-6, precision=1e-9)
    top = library.new_cell("aside")
    for x, y in ((0.0, 0.0), (3000.0 + gap_um, aside_um)):
        guide = gdstk.rectangle((x, y), (x + 3000.0, y + WIDTH_UM), layer=1)
        top.add(guide.rotate(np.radians(turn_deg)))
    path = tmp_path / "aside.gds"
    library.write_gds(path)
    severities = {finding.severity for finding in check(path, pdk=silica()).findings if finding.code == "CN001"}
    if aside_um + gap_um == 0.0:
        assert severities == {Severity.INFO}
    else:
        # Ends that lie beside each other for the most part may both be meant to be open.
        assert (Severity.ERROR if aside_um < WIDTH_UM / 2 else Severity.WARNING) in severities
