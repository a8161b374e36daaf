"""Rings as filters of a comb of channels: spacing of resonances, line width, what neighbours leak, collisions.

With t² = 1 - K at each bus, a the field left after one turn and A = a·t1·t2: FWHM = FSR (1 - A)/(pi sqrt A), dropped
K1·K2·a/(1 - A)², left in the bus (t2·a - t1)²/(1 - A)². Everything in wavelength, near enough for a few free spectral
ranges. The fact a newcomer would get wrong: resonances repeat, so a channel one free spectral range away is dropped
like the own one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

LIGHT_UM_GHZ = 299_792.458
"""Speed of light in um·GHz."""


def fsr_um(*, wavelength_um: float, n_g: float, length_um: float) -> float:
    """Return the free spectral range of a ring of that length.

    Examples
    --------
    >>> round(1e3 * fsr_um(wavelength_um=1.55, n_g=4.196, length_um=62.83), 2)
    9.11
    """
    return wavelength_um**2 / (n_g * length_um)


def fsr_ghz(*, n_g: float, length_um: float) -> float:
    """Return the free spectral range as a frequency."""
    return LIGHT_UM_GHZ / (n_g * length_um)


def nearest_resonance_um(*, wavelength_um: float, n_eff: float, n_g: float, length_um: float) -> float:
    """Return the resonance nearest to a wavelength: n_eff·length is a whole number of them, along the slope n_g.

    Examples
    --------
    >>> round(nearest_resonance_um(wavelength_um=1.55, n_eff=2.4472, n_g=4.1961, length_um=62.832), 5)
    1.55184
    """
    order = max(round(n_eff * length_um / wavelength_um), 1)
    # order·w = n(w)·length with n(w) straight through n_eff, of slope (n_eff - n_g)/wavelength.
    return n_g * length_um / (order + length_um * (n_g - n_eff) / wavelength_um)


def bent_index(*, n_eff: float, bend_shift_um2: float, mean_square_curvature_per_um2: float) -> float:
    """Return the index of a guide in a bend, seen from its middle: n_eff·(1 + shift/(2R²)), second-order perturbation.

    `bend_shift_um2` is how far the light lies outside of the middle, times the radius. Within 20 % of the rise that
    finite elements give (five guides of silicon and nitride, 350 to 1200 nm).
    """
    return n_eff * (1.0 + bend_shift_um2 * mean_square_curvature_per_um2 / 2.0)


@dataclass(frozen=True)
class Resonance:
    """One ring with one or two buses."""

    fsr_um: float
    fwhm_um: float
    q: float
    drop_loss_db: float
    """Loss from bus to bus on resonance; infinite with one bus."""
    through_db: float
    """What is left in the first bus on resonance."""


def resonance(
    *, wavelength_um: float, n_g: float, length_um: float, loss_db: float, k1: float, k2: float = 0.0
) -> Resonance:
    """Return the resonance of a ring that loses `loss_db` in a turn and couples the shares k1 and k2 of the power."""
    t1, t2, a = math.sqrt(1.0 - k1), math.sqrt(1.0 - k2), 10.0 ** (-loss_db / 20.0)
    turn = a * t1 * t2
    fsr = fsr_um(wavelength_um=wavelength_um, n_g=n_g, length_um=length_um)
    fwhm = fsr * (1.0 - turn) / (math.pi * math.sqrt(turn))
    drop = k1 * k2 * a / (1.0 - turn) ** 2
    through = (t2 * a - t1) ** 2 / (1.0 - turn) ** 2
    return Resonance(
        fsr_um=fsr,
        fwhm_um=fwhm,
        q=wavelength_um / fwhm if fwhm > 0.0 else math.inf,
        drop_loss_db=-10.0 * math.log10(drop) if drop > 0.0 else math.inf,
        through_db=10.0 * math.log10(through) if through > 0.0 else -math.inf,
    )


def lorentzian(*, detuning_um: npt.ArrayLike, fwhm_um: float) -> Floats:
    """Return the share of a channel that a filter drops that far from its middle: 1/(1 + (2·detuning/FWHM)²)."""
    return np.asarray(1.0 / (1.0 + (2.0 * np.asarray(detuning_um, dtype=np.float64) / fwhm_um) ** 2))


def leak_db(*, channels_um: Sequence[float], own: int, fwhm_um: float, fsr_um: float = math.inf) -> float:
    """Return what a ring on one channel drops of all others together, in dB of the own one; resonances repeat."""
    away = np.delete(np.asarray(channels_um) - channels_um[own], own)
    if math.isfinite(fsr_um):
        away = (away + fsr_um / 2) % fsr_um - fsr_um / 2
    total = float(lorentzian(detuning_um=away, fwhm_um=fwhm_um).sum())
    return 10.0 * math.log10(total) if total > 0.0 else -math.inf


def collisions(*, channels_um: Sequence[float], fsr_um: float, window_um: float) -> list[tuple[int, int]]:
    """Return pairs of channels that one ring cannot tell apart: nearer than the window, free spectral ranges apart."""
    found = []
    for i, one in enumerate(channels_um):
        for j in range(i + 1, len(channels_um)):
            away = abs(channels_um[j] - one)
            if round(away / fsr_um) >= 1 and abs(away - round(away / fsr_um) * fsr_um) < window_um:
                found.append((i, j))
    return found
