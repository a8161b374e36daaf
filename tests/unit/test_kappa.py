"""The coupling surface: monotone, bounded, continuous, and silent outside of what was solved."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from waveguard import pdk
from waveguard.analyses.coupling import surface_for
from waveguard.models import kappa as kappas
from waveguard.models.kappa import Section, Surface

KIT = pdk.load("siepic-ebeam")


def surface() -> Surface:
    model = surface_for(KIT, KIT.cross_section("strip_te_1550_500"))
    assert model is not None
    return model.surface


@given(st.floats(0.43, 0.525), st.floats(1.31, 1.57))
def test_wider_gaps_wider_guides_and_shorter_waves_couple_less(width_um: float, wavelength_um: float) -> None:
    gap = np.linspace(50.0, 1800.0, 400)
    kappa = surface().kappa(gap_nm=gap, width_um=width_um, wavelength_um=wavelength_um)
    assert (np.diff(kappa) < 0).all()
    wider = surface().kappa(gap_nm=gap, width_um=width_um + 0.005, wavelength_um=wavelength_um)
    shorter = surface().kappa(gap_nm=gap, width_um=width_um, wavelength_um=wavelength_um - 0.005)
    far = gap > 100
    assert (wider[far] < kappa[far]).all()
    assert (shorter[far] < kappa[far]).all()


@pytest.mark.parametrize(
    ("width_um", "wavelength_um", "word"),
    [
        (0.35, 1.55, "350 nm"),
        (0.3, 1.31, "300 nm"),
        (0.53, 1.55, "530 nm"),
        (0.5, 1.6, "1.6 um"),
        (0.35, 1.45, "350 nm"),
    ],
)
def test_there_is_no_number_outside(width_um: float, wavelength_um: float, word: str) -> None:
    assert word in surface().outside(width_um=width_um, wavelength_um=wavelength_um)


@pytest.mark.parametrize(("width_um", "wavelength_um"), [(0.5, 1.55), (0.45, 1.57), (0.35, 1.33), (0.47, 1.45)])
def test_inside_there_is_one(width_um: float, wavelength_um: float) -> None:
    assert surface().outside(width_um=width_um, wavelength_um=wavelength_um) == ""


def test_gaps_are_marked_below_and_beyond() -> None:
    below, beyond = surface().gap_outside(np.array([10.0, 200.0, 3000.0, np.nan]))
    assert below.tolist() == [True, False, False, True]
    assert beyond.tolist() == [False, False, True, False]


def test_a_law_is_kept_exactly() -> None:
    section = Section(0.5, 1.55, (100.0, 2000.0), (0.1, 0.1 * float(np.exp(-1.9 * 8.0))))
    lone = Surface("law", (section,), 100.0, 2000.0)
    gap = np.array([100.0, 700.0, 2000.0, 2500.0])
    found = lone.kappa(gap_nm=gap, width_um=0.5, wavelength_um=1.55)
    assert found == pytest.approx(0.1 * np.exp(-8.0 * (gap - 100.0) / 1e3), rel=1e-12)


def test_pairs_are_symmetric_and_lie_between_both() -> None:
    gap = np.array([200.0, 500.0])
    there = surface().pair_kappa(gap_nm=gap, width_um=0.5, other_width_um=0.45, wavelength_um=1.55)
    back = surface().pair_kappa(gap_nm=gap, width_um=0.45, other_width_um=0.5, wavelength_um=1.55)
    wide = surface().kappa(gap_nm=gap, width_um=0.5, wavelength_um=1.55)
    narrow = surface().kappa(gap_nm=gap, width_um=0.45, wavelength_um=1.55)
    assert there.tolist() == back.tolist()
    assert ((there > wide) & (there < narrow)).all()


def test_monotone_curves_stay_between_their_points() -> None:
    x, y = np.array([0.0, 1.0, 2.0, 5.0]), np.array([0.0, 0.1, 3.0, 3.1])
    at = np.linspace(0, 5, 501)
    found = kappas.hermite(x, y, kappas.monotone_slopes(x, y), at)
    assert (np.diff(found) >= -1e-12).all()
    assert kappas.hermite(x, y, kappas.monotone_slopes(x, y), x) == pytest.approx(y)
