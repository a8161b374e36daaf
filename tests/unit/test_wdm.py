"""Rings against a comb: closed forms, published tables, and rings out of a drawing."""

from __future__ import annotations

import math

import gdstk
import numpy as np
import pytest

import waveguard
from waveguard import pdk
from waveguard.models import wdm


@pytest.mark.parametrize(("radius_um", "ghz"), [(3, 3787), (3.5, 3246), (4, 2840), (5, 2272), (7, 1623), (7.5, 1515)])
def test_free_spectral_ranges_are_those_of_the_table(radius_um: float, ghz: float) -> None:
    assert wdm.fsr_ghz(n_g=4.2, length_um=2 * math.pi * radius_um) == pytest.approx(ghz, abs=0.6)


@pytest.mark.parametrize(
    ("q", "neighbour_db", "centre_db"), [(3000, -14.6, -9.7), (5000, -18.9, -14.0), (8000, -22.9, -18.1)]
)
def test_sixteen_channels_leak_as_published(q: float, neighbour_db: float, centre_db: float) -> None:
    """200 GHz apart at 1310 nm; the centre channel of 16."""
    step = 200.0 / wdm.LIGHT_UM_GHZ * 1.31**2
    channels = [1.31 + step * (k - 8) for k in range(16)]
    fwhm = 1.31 / q
    one = 10 * math.log10(float(wdm.lorentzian(detuning_um=step, fwhm_um=fwhm)))
    assert one == pytest.approx(neighbour_db, abs=0.15)
    assert wdm.leak_db(channels_um=channels, own=8, fwhm_um=fwhm) == pytest.approx(centre_db, abs=0.3)


def test_a_ring_is_the_sum_of_its_turns() -> None:
    """Drop and through by adding up the field turn by turn, on resonance and at half of the line width."""
    k1, k2, loss_db = 0.05, 0.04, 0.1
    found = wdm.resonance(wavelength_um=1.55, n_g=4.2, length_um=60.0, loss_db=loss_db, k1=k1, k2=k2)
    t1, t2, a = math.sqrt(1 - k1), math.sqrt(1 - k2), 10 ** (-loss_db / 20)

    def dropped(detuning_um: float) -> float:
        phase = 2 * math.pi * detuning_um / found.fsr_um
        turns = np.arange(3000)
        field = -math.sqrt(k1 * k2 * a) * (a * t1 * t2 * np.exp(1j * phase)) ** turns
        return float(abs(field.sum()) ** 2)

    assert -10 * math.log10(dropped(0.0)) == pytest.approx(found.drop_loss_db, abs=1e-6)
    assert dropped(found.fwhm_um / 2) / dropped(0.0) == pytest.approx(0.5, rel=1e-3)
    assert 10 ** (found.through_db / 10) + dropped(0.0) < 1.0


def test_critical_coupling_takes_all() -> None:
    a = 10 ** (-0.1 / 20)
    found = wdm.resonance(wavelength_um=1.55, n_g=4.2, length_um=60.0, loss_db=0.1, k1=1 - a**2)
    assert found.through_db < -100
    assert found.drop_loss_db == math.inf


def test_channels_a_free_spectral_range_apart_collide() -> None:
    fsr = 0.018
    channels = [1.54 + 0.0016 * k for k in range(16)]
    # 0.018 is 11.25 spacings: four of 45; with 0.0176 channel k meets k + 11.
    assert wdm.collisions(channels_um=channels, fsr_um=0.0176, window_um=1e-4) == [(k, k + 11) for k in range(5)]
    assert wdm.collisions(channels_um=channels, fsr_um=fsr, window_um=1e-4) == []
    assert wdm.leak_db(channels_um=channels, own=0, fwhm_um=3e-4, fsr_um=0.0176) > -0.5


def ring(gap_um: float) -> gdstk.Library:
    layer = dict(zip(("layer", "datatype"), pdk.load("siepic-ebeam").layer("si"), strict=True))
    library = gdstk.Library(unit=1e-6, precision=1e-9)
    middle = 0.5 + gap_um + 10.0
    shapes = [gdstk.rectangle((0, y - 0.25), (60, y + 0.25), **layer) for y in (0.0, 2 * middle)]
    for half in (0.0, math.pi):
        part = {"initial_angle": half, "final_angle": half + math.pi, "tolerance": 1e-3, **layer}
        shapes.append(gdstk.ellipse((30, middle), 10.25, inner_radius=9.75, **part))
    library.new_cell("top").add(*shapes)
    return library


@pytest.mark.parametrize(("gap_um", "q"), [(0.121, 12_302), (0.207, 31_000)])
def test_a_drawn_ring_has_about_the_quality_of_the_fabricated_one(gap_um: float, q: float) -> None:
    report = waveguard.crosstalk(ring(gap_um), "siepic-ebeam", channels_um=[1.54 + 0.0016 * k for k in range(16)])
    table = report.rings
    assert len(table["ring"]) == 1
    assert table["fsr_nm"][0] == pytest.approx(9.13, rel=0.005)
    assert table["k1"][0] == pytest.approx(table["k2"][0], rel=0.08)
    # Its coupling is 5 to 15 % high in the field here, its loss that of a straight guide.
    assert 0.6 * q < table["q"][0] < 1.6 * q
    assert table["n_channels_in_fsr"][0] == 5
    assert "wider than the free spectral range" in table["note"][0]
    assert table["n_collisions"][0] >= 0
