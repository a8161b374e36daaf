"""Power that crosses between two guides side by side: coupled modes, exact for two guides.

theta = ∫ kappa(gap) dz and P = sin²(theta) for equal guides; with a mismatch delta of the propagation constants (half
their difference) P = (kappa/S)² sin²(S L), S² = kappa² + delta², at constant gap, and a product of such steps where the
gap changes. Nothing is linearised: beyond theta = π/2 light comes back, and that is what is returned.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def equal_guides(*, theta_rad: Floats) -> Floats:
    """Return the share of power that has crossed."""
    return np.asarray(np.sin(theta_rad) ** 2)


def unequal_guides(
    *, kappa_per_um: Floats, step_um: Floats, first: Ints, count: Ints, delta_per_um: Floats
) -> tuple[Floats, Floats]:
    """Return the share of power that has crossed at the end of each run, and the largest share along it.

    Parameters
    ----------
    kappa_per_um, step_um
        Samples of all runs.
    first, count
        Where the samples of each run stand.
    delta_per_um
        Mismatch of each run, half the difference of the propagation constants.
    """
    through = np.ones(len(first), dtype=np.complex128)
    cross = np.zeros(len(first), dtype=np.complex128)
    most = np.zeros(len(first))
    for k in range(int(count.max(initial=0))):
        active = np.flatnonzero(count > k)
        row = first[active] + k
        kappa, step, delta = kappa_per_um[row], step_um[row], delta_per_um[active]
        total = np.hypot(kappa, delta)
        phase = total * step
        cos = np.cos(phase)
        # sin(S·d)/S, finite where S vanishes.
        share = step * np.sinc(phase / math.pi)
        a, b = through[active], cross[active]
        through[active] = (cos + 1j * delta * share) * a - 1j * kappa * share * b
        cross[active] = (cos - 1j * delta * share) * b - 1j * kappa * share * a
        most[active] = np.maximum(most[active], np.abs(cross[active]) ** 2)
    return np.abs(cross) ** 2, most


def mismatch_of_indices(*, n_eff_a: float, n_eff_b: float, wavelength_um: float) -> float:
    """Return delta in 1/um of two guides of different effective index.

    Examples
    --------
    >>> round(mismatch_of_indices(n_eff_a=2.4472, n_eff_b=2.35498, wavelength_um=1.55), 3)
    0.187
    """
    return math.pi * (n_eff_a - n_eff_b) / wavelength_um


def mismatch_of_turns(*, n_eff: float, wavelength_um: float, pitch_um: Floats, radius_um: Floats) -> Floats:
    """Return delta in 1/um of two concentric turns: the outer one is longer. Zero for straights (infinite radius)."""
    return np.asarray(math.pi * n_eff / wavelength_um * pitch_um / radius_um)
