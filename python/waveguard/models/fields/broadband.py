"""Broadband couplers: two couplers with a phase between them, which hold their split where one alone would drift."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from waveguard.models.fields.coupler import PORTS
from waveguard.models.fields.scattering import Scattering, amplitude, build, level, wavelengths


def broadband_coupler(
    wl_um: npt.ArrayLike,
    *,
    first_rad: float,
    second_rad: float,
    phase_rad: float,
    wl0_um: float = 1.55,
    slope_per_um: float = 0.0,
    excess_loss_db: float = 0.0,
    reflection_db: float | None = None,
) -> Scattering:
    """Return a coupler of two parts with unlike guides between them (Lu et al., Opt. Express 23, 3795 (2015)).

    Parameters
    ----------
    wl_um
        Wavelengths.
    first_rad, second_rad
        Coupling of both parts, kappa times length, at `wl0_um`.
    phase_rad
        By how much the guide of port 1 is ahead of that of port 2 between them, at `wl0_um`; it goes as 1/λ.
    slope_per_um
        Relative change of both couplings with wavelength; 2 to 4 per um for silicon wires.
    excess_loss_db, reflection_db
        Loss beyond the split, and level of the reflection at every port.

    The share that crosses is sin²(a+b) cos²(φ/2) + sin²(a-b) sin²(φ/2) for couplings a, b and phase φ.
    """
    wl = wavelengths(wl_um)
    stretch = 1.0 + slope_per_um * (wl - wl0_um)
    a, b = first_rad * stretch, second_rad * stretch
    half = 0.5 * phase_rad * wl0_um / wl
    left = amplitude(excess_loss_db)
    ahead, behind = np.exp(1j * half), np.exp(-1j * half)
    straight = np.cos(a) * np.cos(b) * ahead - np.sin(a) * np.sin(b) * behind
    other = np.cos(a) * np.cos(b) * behind - np.sin(a) * np.sin(b) * ahead
    to_second = 1j * (np.cos(a) * np.sin(b) * ahead + np.sin(a) * np.cos(b) * behind)
    to_first = 1j * (np.sin(a) * np.cos(b) * ahead + np.cos(a) * np.sin(b) * behind)
    passages: dict[tuple[str, str], npt.ArrayLike] = {
        ("in1", "out1"): left * straight,
        ("in2", "out2"): left * other,
        ("in1", "out2"): left * to_second,
        ("in2", "out1"): left * to_first,
        **{(port, port): level(reflection_db) for port in PORTS},
    }
    return build(wl, PORTS, passages)
