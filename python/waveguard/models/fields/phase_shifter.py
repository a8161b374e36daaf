"""Phase shifters and heaters: a guide whose phase is set."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from waveguard.models.fields.guide import guide
from waveguard.models.fields.scattering import Scattering, wavelengths


def phase_shifter(
    wl_um: npt.ArrayLike,
    *,
    phase_rad: float = 0.0,
    power_mw: float = 0.0,
    power_pi_mw: float = math.inf,
    length_um: float = 0.0,
    n_eff: float = 1.0,
    n_g: float = 1.0,
    wl0_um: float = 1.55,
    loss_db: float = 0.0,
) -> Scattering:
    """Return a phase shifter from `in` to `out`.

    `phase_rad` and what a heater of `power_pi_mw` adds at `power_mw` hold at `wl0_um`; like the phase of any change of
    index they go as 1/λ.
    """
    wl = wavelengths(wl_um)
    still = guide(wl, length_um=length_um, n_eff=n_eff, n_g=n_g, wl0_um=wl0_um, extra_loss_db=loss_db)
    phase = (phase_rad + math.pi * power_mw / power_pi_mw) * wl0_um / wl
    return Scattering(still.ports, still.s * np.exp(1j * phase)[:, None, None])
