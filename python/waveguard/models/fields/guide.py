"""Guides: phase and loss along a length."""

from __future__ import annotations

import numpy.typing as npt

from waveguard.models.fields.scattering import Scattering, amplitude, build, propagation, wavelengths


def guide(
    wl_um: npt.ArrayLike,
    *,
    length_um: float,
    n_eff: float,
    n_g: float,
    wl0_um: float,
    loss_db_per_cm: float = 0.0,
    extra_loss_db: float = 0.0,
    dispersion_ps_per_nm_km: float = 0.0,
) -> Scattering:
    """Return a guide from `in` to `out` that reflects nothing.

    Parameters
    ----------
    wl_um
        Wavelengths.
    length_um
        Length along the centre-line.
    n_eff, n_g, wl0_um, dispersion_ps_per_nm_km
        Effective and group index and dispersion at `wl0_um`.
    loss_db_per_cm
        Propagation loss.
    extra_loss_db
        Loss of its bends and transitions.
    """
    wl = wavelengths(wl_um)
    through = propagation(
        wl,
        length_um=length_um,
        n_eff=n_eff,
        n_g=n_g,
        wl0_um=wl0_um,
        loss_db_per_cm=loss_db_per_cm,
        dispersion_ps_per_nm_km=dispersion_ps_per_nm_km,
    )
    return build(wl, ("in", "out"), {("in", "out"): through * amplitude(extra_loss_db)})
