"""Contra-directional couplers: a grating between two unlike guides sends one band back along the other guide."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from waveguard.models.fields.bragg import contra_coupled
from waveguard.models.fields.scattering import Scattering, build, index, wavelengths


def contra_coupler(
    wl_um: npt.ArrayLike,
    *,
    n_periods: float,
    period_um: float,
    kappa_per_um: float,
    n_eff: float,
    n_g: float,
    other_n_eff: float,
    other_n_g: float,
    wl0_um: float,
    loss_db_per_cm: float = 0.0,
) -> Scattering:
    """Return a contra-directional coupler; light from `in` leaves at `through`, its band at `drop`.

    `in` and `drop` lie at one end, `through` and `add` at the other; `in`-`through` is the first guide, `add`-`drop`
    the other. The band lies at the wavelength (n_eff + other_n_eff)·period. Reflections within one guide are left out.
    """
    wl = wavelengths(wl_um)
    length_um = n_periods * period_um
    beta = 2.0 * math.pi * index(wl, n_eff=n_eff, n_g=n_g, wl0_um=wl0_um) / wl
    other = 2.0 * math.pi * index(wl, n_eff=other_n_eff, n_g=other_n_g, wl0_um=wl0_um) / wl
    mean, half = 0.5 * (beta + other), 0.5 * (beta - other)
    carrier = math.pi / period_um
    r, t = contra_coupled(
        kappa_per_um=kappa_per_um, detuning_per_um=mean - carrier, length_um=length_um, loss_db_per_cm=loss_db_per_cm
    )
    along, beside = np.exp(1j * (carrier + half) * length_um), np.exp(1j * (carrier - half) * length_um)
    return build(
        wl,
        ("in", "through", "drop", "add"),
        {
            ("in", "through"): t * along,
            ("add", "drop"): t * beside,
            ("in", "drop"): r,
            ("add", "through"): r * along * beside,
        },
    )
