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


def ring(gap_um: float, radius_um: float = 10.0) -> gdstk.Library:
    layer = dict(zip(("layer", "datatype"), pdk.load("siepic-ebeam").layer("si"), strict=True))
    library = gdstk.Library(unit=1e-6, precision=1e-9)
    middle = 0.5 + gap_um + radius_um
    shapes = [gdstk.rectangle((0, y - 0.25), (60, y + 0.25), **layer) for y in (0.0, 2 * middle)]
    for half in (0.0, math.pi):
        part = {"initial_angle": half, "final_angle": half + math.pi, "tolerance": 1e-3, **layer}
        shapes.append(gdstk.ellipse((30, middle), radius_um + 0.25, inner_radius=radius_um - 0.25, **part))
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


# Guide, n_eff, shift of the bent mode times the radius, rise of the index times the radius squared (finite elements).
BENT = [
    ("SOI 500x220", 2.44720, 0.085, 0.131),
    ("SOI 450x220", 2.35498, 0.071, 0.094),
    ("SOI 350x220, 1310 nm", 2.43264, 0.042, 0.052),
    ("SiN 1000x400", 1.63794, 1.36, 1.16),
    ("SiN 1200x300", 1.59780, 2.33, 2.0),
]


@pytest.mark.parametrize(("guide", "n_eff", "shift", "rise"), BENT)
def test_the_index_of_a_bend_rises_as_finite_elements_say(guide: str, n_eff: float, shift: float, rise: float) -> None:
    found = wdm.bent_index(n_eff=n_eff, bend_shift_um2=shift, mean_square_curvature_per_um2=0.01)
    assert (found - n_eff) / 0.01 == pytest.approx(rise, rel=0.22), guide


def test_a_resonance_is_where_the_round_trip_is_a_whole_number_of_waves() -> None:
    n_eff, n_g, length_um, at_um = 2.4472, 4.1961, 31.4159, 1.55
    found = wdm.nearest_resonance_um(wavelength_um=at_um, n_eff=n_eff, n_g=n_g, length_um=length_um)
    # The same by search: n_eff falls with the wavelength by (n_eff - n_g)/wavelength.
    wave = np.linspace(1.53, 1.57, 400_001)
    orders = (n_eff + (wave - at_um) * (n_eff - n_g) / at_um) * length_um / wave
    hits = wave[np.abs(orders - np.round(orders)).argsort()[:50]]
    assert np.abs(hits - found).min() < 1e-7
    assert abs(found - at_um) <= 0.51 * wdm.fsr_um(wavelength_um=at_um, n_g=n_g, length_um=length_um)


def test_a_small_ring_has_a_resonance_with_its_uncertainty() -> None:
    """Resonances scatter by 3 nm across a chip: less than a quarter of 18 nm, more than a quarter of 9 nm."""
    small, large = (waveguard.crosstalk(ring(0.2, radius), "siepic-ebeam").rings for radius in (5.0, 10.0))
    sigma_nm = 1550 / 4.1961 * math.hypot(0.0017, 0.0081)
    for table in (small, large):
        assert table["resonance_sigma_nm"][0] == pytest.approx(sigma_nm, rel=0.01)
    n_eff = wdm.bent_index(n_eff=2.4472, bend_shift_um2=0.085, mean_square_curvature_per_um2=0.04)
    expected = wdm.nearest_resonance_um(wavelength_um=1.55, n_eff=n_eff, n_g=4.1961, length_um=10 * math.pi)
    assert small["resonance_um"][0] == pytest.approx(expected, abs=2e-4)
    assert math.isnan(large["resonance_um"][0])
    assert "too much of its free spectral range" in large["note"][0]


def test_a_bias_moves_resonances_by_the_index() -> None:
    plain, moved = (waveguard.crosstalk(ring(0.2, 5.0), "siepic-ebeam", edge_bias_nm=one).rings for one in (0.0, -11.0))
    index = np.interp([0.478, 0.5], [0.45, 0.48, 0.5], [2.35498, 2.41361, 2.4472])
    shift_um = 1.55 / 4.2 * float(index[0] - index[1])
    found = moved["resonance_um"][0] - plain["resonance_um"][0]
    fsr_um = plain["fsr_nm"][0] * 1e-3
    assert (found - shift_um + fsr_um / 2) % fsr_um - fsr_um / 2 == pytest.approx(0.0, abs=3e-4)
    # Wider gaps, narrower guides: both count.
    assert moved["k1"][0] != pytest.approx(plain["k1"][0], rel=0.02)
