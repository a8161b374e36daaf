"""Rings and racetracks with point couplers, in closed form."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from waveguard.models.fields.scattering import Scattering, amplitude, build, propagation, wavelengths


def ring_all_pass(
    wl_um: npt.ArrayLike,
    *,
    round_trip_um: float,
    n_eff: float,
    n_g: float,
    wl0_um: float,
    coupling_fraction: float,
    loss_db_per_cm: float = 0.0,
    round_trip_loss_db: float = 0.0,
    coupler_loss_db: float = 0.0,
) -> Scattering:
    """Return a ring beside one bus from `in` to `out`.

    Parameters
    ----------
    wl_um
        Wavelengths.
    round_trip_um
        Length of the ring.
    n_eff, n_g, wl0_um
        Index of its guide at `wl0_um`.
    coupling_fraction
        Share of power that the coupler takes across.
    loss_db_per_cm, round_trip_loss_db, coupler_loss_db
        Loss along the ring, beyond that once per round trip, and at each passage of the coupler.
    """
    wl = wavelengths(wl_um)
    t = math.sqrt(1.0 - coupling_fraction)
    c = float(amplitude(coupler_loss_db))
    around = amplitude(round_trip_loss_db) * propagation(
        wl, length_um=round_trip_um, n_eff=n_eff, n_g=n_g, wl0_um=wl0_um, loss_db_per_cm=loss_db_per_cm
    )
    through = c * (t - c * around) / (1.0 - c * t * around)
    return build(wl, ("in", "out"), {("in", "out"): through})


def ring_add_drop(
    wl_um: npt.ArrayLike,
    *,
    round_trip_um: float,
    n_eff: float,
    n_g: float,
    wl0_um: float,
    coupling_fraction: float,
    drop_coupling_fraction: float | None = None,
    loss_db_per_cm: float = 0.0,
    round_trip_loss_db: float = 0.0,
) -> Scattering:
    """Return a ring between two buses: `in` to `through`, and on resonance to `drop`; `add` is the fourth port.

    The couplers stand half a round trip apart; `drop_coupling_fraction` is that of the second, as the first when None.
    """
    wl = wavelengths(wl_um)
    second = coupling_fraction if drop_coupling_fraction is None else drop_coupling_fraction
    t1, t2 = math.sqrt(1.0 - coupling_fraction), math.sqrt(1.0 - second)
    half = amplitude(round_trip_loss_db / 2.0) * propagation(
        wl, length_um=round_trip_um / 2.0, n_eff=n_eff, n_g=n_g, wl0_um=wl0_um, loss_db_per_cm=loss_db_per_cm
    )
    around = half**2
    below = 1.0 - t1 * t2 * around
    dropped = -np.sqrt(coupling_fraction * second) * half / below
    return build(
        wl,
        ("in", "through", "drop", "add"),
        {
            ("in", "through"): (t1 - t2 * around) / below,
            ("add", "drop"): (t2 - t1 * around) / below,
            ("in", "drop"): dropped,
            ("add", "through"): dropped,
        },
    )
