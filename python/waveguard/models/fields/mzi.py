"""Mach-Zehnder interferometers of two couplers and two arms, as one device."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from waveguard.models.fields.coupler import PORTS
from waveguard.models.fields.scattering import Scattering, amplitude, build, propagation, wavelengths


def mzi_2x2(
    wl_um: npt.ArrayLike,
    *,
    first_arm_um: float,
    second_arm_um: float,
    n_eff: float,
    n_g: float,
    wl0_um: float,
    phase_rad: float = 0.0,
    first_cross_fraction: float = 0.5,
    second_cross_fraction: float = 0.5,
    loss_db_per_cm: float = 0.0,
    coupler_loss_db: float = 0.0,
) -> Scattering:
    """Return an interferometer; arm 1 leads from `in1`'s side to `out1`'s side and gets `phase_rad` more."""
    wl = wavelengths(wl_um)
    arms = [
        propagation(wl, length_um=length, n_eff=n_eff, n_g=n_g, wl0_um=wl0_um, loss_db_per_cm=loss_db_per_cm)
        for length in (first_arm_um, second_arm_um)
    ]
    upper, lower = arms[0] * np.exp(1j * phase_rad), arms[1]
    t1, k1 = math.sqrt(1.0 - first_cross_fraction), 1j * math.sqrt(first_cross_fraction)
    t2, k2 = math.sqrt(1.0 - second_cross_fraction), 1j * math.sqrt(second_cross_fraction)
    left = amplitude(2.0 * coupler_loss_db)
    return build(
        wl,
        PORTS,
        {
            ("in1", "out1"): left * (t2 * upper * t1 + k2 * lower * k1),
            ("in1", "out2"): left * (k2 * upper * t1 + t2 * lower * k1),
            ("in2", "out1"): left * (t2 * upper * k1 + k2 * lower * t1),
            ("in2", "out2"): left * (k2 * upper * k1 + t2 * lower * t1),
        },
    )
