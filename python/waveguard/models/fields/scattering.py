"""What a field model returns: names of ports and their amplitudes at every wavelength.

Conventions: `s[w, out, in]` are amplitudes of waves whose power is `|s|²`; a wave that travels along +z goes as
`exp(+iβz)`, so a longer guide has a larger phase. The fact a newcomer would get wrong: RF tools and Touchstone files
use the other sign; conversion is the business of the file formats, never of a model.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]
Amplitude = npt.ArrayLike

SPEED_OF_LIGHT_UM_PER_PS = 299.792458
UM_PER_CM = 1e4
PS_PER_NM_KM_IN_PS_PER_UM2 = 1e-6
"""1 ps/(nm·km) = 1 ps / (1e-3 um · 1e9 um)."""
PASSIVE_WITHIN = 1e-12
"""Largest singular values are allowed to exceed one by rounding."""


class Scattering(NamedTuple):
    """Ports and amplitudes `s[wavelength, out, in]` of a device."""

    ports: tuple[str, ...]
    s: Complexes


def wavelengths(wl_um: npt.ArrayLike) -> Floats:
    """Return wavelengths as an array of one dimension, in um."""
    return np.atleast_1d(np.asarray(wl_um, dtype=np.float64))


def amplitude(loss_db: npt.ArrayLike) -> Floats:
    """Return the amplitude that is left after a loss in dB (positive)."""
    return np.asarray(10.0 ** (-np.asarray(loss_db, dtype=np.float64) / 20.0))


def level(level_db: float | None) -> float:
    """Return the amplitude at a level in dB (negative); nothing for None."""
    return 0.0 if level_db is None else 10.0 ** (level_db / 20.0)


def index(wl_um: Floats, *, n_eff: float, n_g: float, wl0_um: float, dispersion_ps_per_nm_km: float = 0.0) -> Floats:
    """Return the effective index at each wavelength from index, group index and dispersion at `wl0_um`.

    `n_g = n_eff - λ dn_eff/dλ` and `D = -(λ/c) d²n_eff/dλ²`; the second order is left out beyond that.
    """
    off_um = wl_um - wl0_um
    slope_per_um = (n_eff - n_g) / wl0_um
    bend_per_um2 = -SPEED_OF_LIGHT_UM_PER_PS * dispersion_ps_per_nm_km * PS_PER_NM_KM_IN_PS_PER_UM2 / wl0_um
    return np.asarray(n_eff + slope_per_um * off_um + 0.5 * bend_per_um2 * off_um**2)


def propagation(
    wl_um: Floats,
    *,
    length_um: float,
    n_eff: float,
    n_g: float,
    wl0_um: float,
    loss_db_per_cm: float = 0.0,
    dispersion_ps_per_nm_km: float = 0.0,
) -> Complexes:
    """Return the amplitude behind a length of guide: `exp(i 2π n_eff L / λ)` times what the loss leaves."""
    n = index(wl_um, n_eff=n_eff, n_g=n_g, wl0_um=wl0_um, dispersion_ps_per_nm_km=dispersion_ps_per_nm_km)
    left = amplitude(loss_db_per_cm * length_um / UM_PER_CM)
    return np.asarray(left * np.exp(2j * math.pi * n * length_um / wl_um))


def build(
    wl_um: Floats, ports: Sequence[str], passages: Mapping[tuple[str, str], Amplitude], *, reciprocal: bool = True
) -> Scattering:
    """Return the matrix of a device from its amplitudes `{(in, out): amplitude}`, both ways when it is reciprocal.

    Stated levels may add up to more light than came in (a coupler without excess loss that also reflects); then all
    amplitudes at that wavelength are scaled down to a passive device.
    """
    at = {port: k for k, port in enumerate(ports)}
    s = np.zeros((len(wl_um), len(ports), len(ports)), dtype=np.complex128)
    for (start, end), value in passages.items():
        s[:, at[end], at[start]] = value
        if reciprocal:
            s[:, at[start], at[end]] = value
    return Scattering(tuple(ports), passive(s))


def passive(s: Complexes) -> Complexes:
    """Return amplitudes scaled down where the largest singular value exceeds one."""
    if not s.size:
        return s
    # Row sums times column sums bound the square of the largest singular value; most devices need no more.
    size = np.abs(s)
    if float((size.sum(axis=1).max(axis=1) * size.sum(axis=2).max(axis=1)).max()) <= 1.0:
        return s
    largest = np.linalg.norm(s, 2, axis=(1, 2))
    return np.asarray(s / np.where(largest > 1.0 + PASSIVE_WITHIN, largest, 1.0)[:, None, None])
