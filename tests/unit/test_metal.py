"""Heaters and metal lines: models against finite elements, and what is read out of a drawing."""

from __future__ import annotations

import math

import gdstk
import numpy as np
import pytest

import waveguard
from waveguard import pdk
from waveguard.models import rf, thermal

KIT = pdk.load("siepic-ebeam")
HEAT = KIT.heaters
# Finite elements: BOX 3 um, cladding 2.2 um, TiN 2.5 um wide 1.1 um above the guide; dT by that at the own guide.
RELATIVE = {3: 0.582, 5: 0.341, 8: 0.162, 10: 0.106, 15: 0.050, 20: 0.036, 30: 0.029}
NEAR_END_DB = {2: -8.5, 10: -10.2, 20: -11.2, 50: -13.0, 100: -14.9, 200: -17.5, 500: -22.7}


def warmth(distance_um: float, length_um: float = 1e9) -> float:
    assert HEAT is not None
    found = thermal.warmth_k(
        distance_um=np.array([distance_um]),
        power_mw_per_um=1.0,
        own_k_um_per_mw=HEAT.own_k_um_per_mw.value,
        oxide_um=HEAT.oxide_um.value,
        heater_length_um=length_um,
        substrate_w_per_m_k=HEAT.substrate_w_per_m_k.value,
        wafer_um=HEAT.wafer_um.value,
    )
    return float(found[0])


@pytest.mark.parametrize(("distance_um", "relative"), RELATIVE.items())
def test_warmth_beside_a_heater_is_that_of_finite_elements(distance_um: float, relative: float) -> None:
    assert warmth(distance_um) / 271.0 == pytest.approx(relative, rel=0.12)


def test_warmth_falls_with_distance_and_short_heaters_warm_the_chip_less() -> None:
    found = [warmth(d) for d in (0.0, 1.0, 3.0, 10.0, 30.0, 100.0)]
    assert found[0] == 271.0
    assert (np.diff(found) <= 0).all()
    assert warmth(30.0, length_um=50.0) < warmth(30.0) / 2
    assert thermal.decay_um(5.22) == pytest.approx(3.33, abs=0.01)


def test_power_for_pi_is_that_of_the_own_warmth() -> None:
    """About 15 mW: wavelength/(2·dn/dT) kelvin micrometres, 271 K um per mW."""
    per_mw = float(thermal.phase_rad(warmth_k_um=271.0, dn_per_k=1.9e-4, wavelength_um=1.55))
    assert math.pi / per_mw == pytest.approx(15.0, rel=0.01)


@pytest.mark.parametrize(("spacing_um", "level_db"), NEAR_END_DB.items())
def test_lines_couple_as_finite_elements_say(spacing_um: float, level_db: float) -> None:
    found = float(rf.near_end_db(spacing_um=spacing_um, length_um=1e6, rise_ps=20.0))
    assert found == pytest.approx(level_db, abs=0.06)


def test_short_lines_couple_by_their_length() -> None:
    whole, half = (float(rf.near_end_db(spacing_um=10.0, length_um=one, rise_ps=100.0)) for one in (1e5, 100.0))
    assert half == pytest.approx(whole + 20 * math.log10(100.0 / (100 * rf.VELOCITY_UM_PER_PS / 2)))


def box(x0: float, x1: float, y: float, width: float, layer: tuple[int, int]) -> gdstk.Polygon:
    return gdstk.rectangle((x0, y - width / 2), (x1, y + width / 2), layer=layer[0], datatype=layer[1])


def drawing(angle: float = 0.0) -> gdstk.Library:
    """Three guides, the first below a heater of 200 um, the others 10 and 40 um beside; two lines 10 um apart."""
    core, heater, metal = (KIT.layer(name) for name in ("si", "heater", "metal"))
    shapes = [box(0, 400, y, 0.5, core) for y in (0.0, 10.0, 40.0)]
    shapes.append(box(100, 300, 0.0, 3.0, heater))
    shapes += [box(0, 9000, y, 10.0, metal) for y in (200.0, 220.0)]
    library = gdstk.Library(unit=1e-6, precision=1e-9)
    library.new_cell("top").add(*(one.rotate(angle) for one in shapes))
    return library


@pytest.mark.parametrize("angle", [0.0, math.pi / 2, math.radians(30)])
def test_a_drawn_heater_turns_the_phase_of_its_neighbours(angle: float) -> None:
    report = waveguard.crosstalk(drawing(angle), KIT)
    assert report.heaters["distance_um"].tolist() == pytest.approx([10.0, 40.0], abs=0.02)
    own_per_mw = 2 * math.pi / 1.55 * 1.9e-4 * 271.0
    for row, distance in enumerate((10.0, 40.0)):
        share = warmth(distance, 200.0) / 271.0
        assert report.heaters["phase_error_rad"][row] == pytest.approx(math.pi * share, rel=0.02)
        assert report.heaters["phase_rad_per_mw"][row] == pytest.approx(own_per_mw * share, rel=0.02)
    assert report.lines["spacing_um"].tolist() == pytest.approx([10.0], abs=0.02)
    assert report.lines["along_um"].tolist() == pytest.approx([9000.0], rel=1e-3)
    assert report.lines["near_end_db"].tolist() == pytest.approx([-10.2], abs=0.06)
