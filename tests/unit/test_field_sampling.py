"""Whether a grid of wavelengths is fine enough: fringes by their slope, resonances by their ring, and what is said."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import drawn_guides as draw
from drawn_guides import circuit_of, end
from waveguard import fields
from waveguard.fields import SParameters, sampling


def fringe(wl: np.ndarray, apart_um: float) -> np.ndarray:
    """Return the amplitude of two ways of equal share whose group lengths differ."""
    return 0.5 + 0.5 * np.exp(2j * np.pi * apart_um * (1.55 - wl) / 1.55**2)


@pytest.mark.parametrize("step_um", [1e-2, 1.03e-3, 1e-4, 1e-5])
@pytest.mark.parametrize("apart_um", [37.0, 480.0, 2402.5, 24_025.0])
def test_fringes_are_told_on_any_grid(apart_um: float, step_um: float) -> None:
    wl = 1.5 + step_um * np.arange(101)
    extended, own, probed = sampling.with_probes(wl)
    assert np.array_equal(extended[own], wl)
    assert len(extended) == len(wl) + 2 * len(probed)
    found = SParameters(("a",), extended, fringe(extended, apart_um)[:, None, None])
    needed = sampling.fringes(found, probed)
    assert needed is not None
    period_um = 1.55**2 / apart_um
    if period_um < 100 * step_um:  # the grid sees a whole fringe, whatever it makes of it
        assert needed.step_um * sampling.PER_FRINGE == pytest.approx(period_um, rel=0.12)
    judged = sampling.judged(found.rows(own), [needed])
    assert judged.undersampled == (step_um > needed.step_um)
    assert bool(judged.notes) == judged.undersampled


def test_flat_spectra_and_few_wavelengths_need_nothing() -> None:
    wl = np.linspace(1.5, 1.6, 21)
    extended, _, probed = sampling.with_probes(wl)
    flat = SParameters(("a",), extended, 0.5 * np.exp(40j * extended)[:, None, None])
    assert sampling.fringes(flat, probed) is None
    few, own, none = sampling.with_probes(wl[:3])
    assert np.array_equal(few, wl[:3])
    assert (len(own), len(none)) == (3, 0)


@pytest.mark.parametrize("radius", [5.0, 10.0, 30.0])
def test_the_step_that_a_ring_needs_is_a_third_of_its_width(radius: float) -> None:
    model = circuit_of(
        [draw.straight(0, 160, 0), *draw.ring(80, radius + 0.7, radius), draw.straight(0, 160, 2 * radius + 1.4)]
    )
    coarse = fields.from_layout(model, wl_um=np.linspace(1.54, 1.56, 21))
    assert coarse.undersampled
    assert coarse.needed_step_um is not None
    assert "resonances" in coarse.notes[0] or "fringes" in coarse.notes[0]
    # The width as it is drawn by a fine grid.
    wl = np.arange(1.545, 1.555 + 9e-3 * (10 / radius), 5e-7 * 10)
    found = fields.from_layout(model, wl_um=wl)
    assert not found.undersampled
    drop = np.abs(found.between(end(0, 0), end(0, 2 * radius + 1.4))) ** 2
    top = int(drop.argmax())
    above = np.flatnonzero(drop > drop[top] / 2)
    width = wl[above[above >= top][np.argmax(np.diff(np.append(above[above >= top], 10**9)) > 1)]] - wl[top]
    assert coarse.needed_step_um <= 2 * width / 2.5
    assert coarse.needed_step_um > 2 * width / 9


def test_what_is_taken_out_of_a_result_keeps_its_figures() -> None:
    model = circuit_of([draw.straight(0, 50, 0)])
    found = fields.from_layout(model, wl_um=np.linspace(1.5, 1.6, 11))
    assert found.residual is not None
    assert len(found.residual) == len(found.wl_um) == 11
    part = found.rows(np.array([0, 4]))
    assert part.residual is not None
    assert np.array_equal(part.wl_um, found.wl_um[[0, 4]])
    assert len(part.residual) == 2
    bare = dataclasses.replace(found, residual=None, largest_singular_value=None).rows(np.array([1]))
    assert bare.residual is None
