"""Double reflections: one pass against all pairs, a Fabry-Perot, and a drawn link with reflecting couplers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from waveguard import circuit
from waveguard.analyses.crosstalk import crosstalk
from waveguard.analyses.echoes import echoes
from waveguard.analyses.leaks import ECHO, leaks
from waveguard.analyses.victims import victims, wavelengths_of
from waveguard.models import penalty
from waveguard.pdk.quantity import Quantity


def by_pairs(at_start: np.ndarray, at_end: np.ndarray, loss_db: np.ndarray) -> tuple[float, float, tuple[int, int]]:
    """Sum over all pairs, one by one."""
    power = field = strongest = 0.0
    where = (-1, -1)
    for j in range(len(loss_db)):
        for i in range(j):
            between = 10 ** (-loss_db[i + 1 : j].sum() / 10)
            eps = at_end[i] * at_start[j] * between**2
            power += eps
            field += math.sqrt(eps)
            if eps > strongest:
                strongest, where = eps, (i, j)
    return power, field, where


@pytest.mark.parametrize("seed", range(20))
def test_one_pass_is_the_sum_over_all_pairs(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 60))
    at_start, at_end = (np.where(rng.random(n) < 0.5, 10 ** rng.uniform(-5, -1, n), 0.0) for _ in range(2))
    loss_db = rng.uniform(0, 8, n)
    found = echoes(at_start=at_start, at_end=at_end, loss_db=loss_db)
    power, field, where = by_pairs(at_start, at_end, loss_db)
    assert found.power == pytest.approx(power, rel=1e-12)
    assert found.field == pytest.approx(field, rel=1e-12)
    assert (found.first, found.second) == where


@pytest.mark.parametrize(("first_db", "second_db", "loss_db"), [(-16.2, -16.2, 1.0), (-8.3, -27.5, 3.0)])
def test_two_reflections_are_the_ripple_of_a_fabry_perot(first_db: float, second_db: float, loss_db: float) -> None:
    """|1/(1 - r1·r2·t²·exp(iφ))|² swings by 20·log10((1 + x)/(1 - x)), x = r1·r2·t²."""
    zero = np.zeros(3)
    at_end, at_start = zero.copy(), zero.copy()
    at_end[0], at_start[2] = 10 ** (first_db / 10), 10 ** (second_db / 10)
    found = echoes(at_start=at_start, at_end=at_end, loss_db=np.array([4.0, loss_db, 4.0]))
    phase = np.exp(1j * np.linspace(0, 2 * math.pi, 3601))
    x = math.sqrt(at_end[0] * at_start[2]) * 10 ** (-loss_db / 10)
    spectrum = abs(1 / (1 - x * phase)) ** 2
    ripple_db = 10 * math.log10(spectrum.max() / spectrum.min())
    assert penalty.ripple_db([found.power]) == pytest.approx(ripple_db, abs=1e-6)
    assert found.field == pytest.approx(x, rel=1e-12)


def test_a_long_path_costs_one_pass() -> None:
    """A path of 100,000 reflecting parts: as powers of ten their sum would overflow or vanish."""
    n = 100_000
    share, loss_db = 1e-4, 0.1
    alike = np.full(n, share)
    found = echoes(at_start=alike, at_end=alike, loss_db=np.full(n, loss_db))
    passed = 10 ** (-loss_db / 10)
    # Every part but the first few sees the same row of parts behind it.
    assert found.power == pytest.approx(n * share**2 / (1 - passed**2), rel=1e-3)
    assert found.second - found.first == 1


def test_a_link_between_reflecting_couplers_disturbs_itself(drawing: Any) -> None:
    number = next(k for k, one in enumerate(drawing.kit.devices) if one.kind == "fibre_coupler")
    entry = drawing.kit.devices[number]
    params = {**entry.params, "reflection_db": Quantity(value=-16.0)}
    devices = list(drawing.kit.devices)
    devices[number] = entry.model_copy(update={"params": params})
    drawing.kit = drawing.kit.model_copy(update={"devices": tuple(devices)})
    start, end = drawing.place("coupler"), drawing.place("coupler", 1000, 0, 180)
    wire = drawing.guide(1000.0)
    drawing.chain(start[0], wire[0], wire[1], end[0])
    model = drawing.model()
    solved = circuit.solve(model)
    result = victims(
        solved,
        leaks(model, crosstalk(model.tables, model.cross_sections, model.pdk)),
        wavelength_um=wavelengths_of(model),
    )
    along_db = float(model.arcs.loss_db[model.arcs.n_guides > 0].max())
    expected_db = -32.0 - 2 * along_db
    for victim in result.victims:
        assert victim.echo_db == pytest.approx(expected_db, abs=1e-9)
        # One interferer: random and aligned phases are alike.
        assert victim.same_db == pytest.approx(expected_db, abs=1e-9)
        assert victim.coherent_db == pytest.approx(expected_db, abs=1e-9)
        assert victim.penalty_ook_db == pytest.approx(penalty.beat_optimised_db(10 ** (expected_db / 10)))
        (one,) = victim.aggressors
        assert one.own
        assert result.leaks.kind[one.leak] == ECHO
        both = {one.other_device, int(result.leaks.device[one.leak])}
        assert both == set(model.terminals.device.tolist())
