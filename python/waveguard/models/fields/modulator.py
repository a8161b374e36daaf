"""Modulators at one state: a Mach-Zehnder between two splitters, and a ring beside a bus."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from waveguard.models.fields.ring import ring_all_pass
from waveguard.models.fields.scattering import Scattering, amplitude, build, wavelengths


def mz_modulator(
    wl_um: npt.ArrayLike,
    *,
    voltage_v: float,
    v_pi_v: float,
    bias_rad: float = 0.0,
    loss_db: float = 0.0,
    extinction_db: float = math.inf,
) -> Scattering:
    """Return a modulator from `in` to `out`, driven in push-pull: power cos² of half the phase between its arms.

    `extinction_db` is the ratio of the bright and the dark state; it is what uneven arms leave.
    """
    wl = wavelengths(wl_um)
    phase = math.pi * voltage_v / v_pi_v + bias_rad
    dark = 10.0 ** (-extinction_db / 20.0)
    through = amplitude(loss_db) * (math.cos(phase / 2.0) + 1j * dark * math.sin(phase / 2.0))
    return build(wl, ("in", "out"), {("in", "out"): np.full(len(wl), through)})


def ring_modulator(
    wl_um: npt.ArrayLike,
    *,
    voltage_v: float,
    shift_pm_per_v: float,
    round_trip_um: float,
    n_eff: float,
    n_g: float,
    wl0_um: float,
    coupling_fraction: float,
    loss_db_per_cm: float = 0.0,
    round_trip_loss_db: float = 0.0,
) -> Scattering:
    """Return a ring modulator from `in` to `out`; a voltage moves its resonances by `shift_pm_per_v`.

    A resonance moves by Δλ = λ Δn / n_g, hence the change of index.
    """
    moved = n_eff + n_g * voltage_v * shift_pm_per_v * 1e-6 / wl0_um
    return ring_all_pass(
        wl_um,
        round_trip_um=round_trip_um,
        n_eff=moved,
        n_g=n_g + (moved - n_eff),
        wl0_um=wl0_um,
        coupling_fraction=coupling_fraction,
        loss_db_per_cm=loss_db_per_cm,
        round_trip_loss_db=round_trip_loss_db,
    )
