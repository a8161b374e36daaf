"""Power penalties of crosstalk against a semi-analytic simulation (4e5 samples, ideal receiver) and published limits.

Columns of the table: format, Q, number of interferers, level of each in dB, extinction ratio in dB, penalties in dB:
simulated with fixed thresholds, formula, simulated with the best ones, formula (NaN where there is none).
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from waveguard.models import penalty

INF, NAN = math.inf, math.nan
TABLE = [
    (2, 5.998, 16, -37.0, INF, 1.01, 1.34, 0.48, 0.53),
    (2, 3.492, 16, -37.0, INF, 0.19, 0.37, 0.17, 0.17),
    (2, 3.492, 16, -34.0, INF, 0.45, 0.81, 0.33, 0.35),
    (2, 5.998, 1, -25.0, INF, 0.63, 1.32, 0.35, 0.52),
    (4, 3.414, 16, -47.0, INF, 0.16, 0.31, 0.16, NAN),
    (4, 3.414, 16, -47.0, 6.0, 0.47, 0.77, 0.47, NAN),
    (4, 3.414, 16, -44.0, 6.0, 1.11, 1.97, 1.08, NAN),
]


@pytest.mark.parametrize(("levels", "q", "n", "level_db", "er_db", "mc_fixed", "fixed", "mc_best", "best"), TABLE)
def test_penalties_are_those_of_the_table(
    levels: int,
    q: float,
    n: int,
    level_db: float,
    er_db: float,
    mc_fixed: float,
    fixed: float,
    mc_best: float,
    best: float,
) -> None:
    total = n * 10 ** (level_db / 10)
    found = penalty.beat_fixed_db(total, q=q, levels=levels, extinction_ratio_db=er_db)
    assert found == pytest.approx(fixed, abs=0.035)
    assert found >= mc_fixed  # a bound
    if not math.isnan(best):
        assert penalty.beat_optimised_db(total, q=q, extinction_ratio_db=er_db) == pytest.approx(best, abs=0.015)
        if n >= 4:
            assert penalty.beat_optimised_db(total, q=q) == pytest.approx(mc_best, abs=0.07)


def test_a_simulation_of_our_own_agrees_with_the_best_threshold() -> None:
    """Marks with beat noise 2·sqrt(eps)·cos(phi) of data-carrying interferers: the eye of a Gaussian receiver."""
    rng = np.random.default_rng(1)
    n, q, eps = 16, 3.492, 10**-3.7
    samples = 400_000
    marks = rng.integers(0, 2, (samples, n))
    # eps is relative to average powers, of which a mark has twice.
    field = np.sqrt(eps) * marks * np.cos(rng.uniform(0, 2 * np.pi, (samples, n)))
    beat = (2 * field).sum(axis=1)
    target = 0.5 * math.erfc(q / math.sqrt(2))

    def error(scale: float) -> float:
        """Least error over thresholds, noise of one level 1/(2q·scale) of the eye."""
        sigma = 1 / (2 * q * scale)
        best = 1.0
        for threshold in np.linspace(0.3, 0.55, 26):
            high = 0.5 * np.mean([math.erfc((1 + b - threshold) / sigma / math.sqrt(2)) for b in beat[:4000]])
            low = 0.5 * math.erfc(threshold / sigma / math.sqrt(2))
            best = min(best, (high + low) / 2)
        return best

    low, high = 1.0, 1.3
    for _ in range(18):
        middle = (low + high) / 2
        low, high = (middle, high) if error(middle) > target else (low, middle)
    assert 10 * math.log10(high) == pytest.approx(penalty.beat_optimised_db(n * eps, q=q), abs=0.07)


def test_published_limits_of_neighbouring_guides() -> None:
    """Li, Olsen and Messerschmitt, JLT 9, 1693 (1991): 1 dB at -25 dB, and at -32 dB without optimised sampling."""
    assert penalty.coherent_worst_db([10**-2.5] * 2) == pytest.approx(1.11, abs=0.01)
    assert penalty.coherent_worst_db([10**-3.2] * 2, optimised=False) == pytest.approx(0.97, abs=0.01)


@pytest.mark.parametrize(("level_db", "ook_db", "pam4_db"), [(-20.0, 0.04, 0.13), (-10.0, 0.46, 1.55)])
def test_other_wavelengths_add_power(level_db: float, ook_db: float, pam4_db: float) -> None:
    total = 10 ** (level_db / 10)
    assert penalty.other_wavelength_db(total) == pytest.approx(ook_db, abs=0.006)
    assert penalty.other_wavelength_db(total, levels=4) == pytest.approx(pam4_db, abs=0.006)


def test_pam4_tolerates_nine_and_a_half_db_less_of_the_beat() -> None:
    ook, pam4 = 9 * 10**-3.5, 10**-3.5
    assert penalty.beat_fixed_db(ook) == pytest.approx(penalty.beat_fixed_db(pam4, levels=4))


def test_a_closed_eye_costs_everything() -> None:
    assert penalty.coherent_worst_db([0.3]) == INF
    assert penalty.other_wavelength_db(0.4, levels=4) == INF
    assert penalty.ripple_db([1.0]) == INF


def test_many_small_leaks_cost_less_than_their_worst_case() -> None:
    eps = [10**-3.5] * 30
    assert penalty.other_wavelength_statistical_db(eps) < penalty.other_wavelength_db(sum(eps))
    assert penalty.ripple_db(eps[:1]) == pytest.approx(20 * math.log10((1 + 10**-1.75) / (1 - 10**-1.75)))
    assert penalty.coherent_power(eps) == pytest.approx(900 * 10**-3.5)


@pytest.mark.parametrize("n", [1, 3, 30])
def test_random_phases_stay_below_the_statistical_level(n: int) -> None:
    """Fields with phases drawn at random: one case in a thousand exceeds it, or none where all aligned are no more."""
    rng = np.random.default_rng(n)
    eps = 10 ** (-rng.uniform(2, 4, n))
    phases = rng.uniform(0, 2 * np.pi, (200_000, n))
    power = np.abs((np.sqrt(eps) * np.exp(1j * phases)).sum(axis=1)) ** 2
    exceeded = np.mean(power > penalty.statistical_power(eps.tolist()) * (1 + 1e-12))
    assert exceeded <= 1.1e-3
    assert power.max() <= penalty.coherent_power(eps.tolist()) * (1 + 1e-9)
    if n == 30:
        assert exceeded > 1e-4  # not idle
