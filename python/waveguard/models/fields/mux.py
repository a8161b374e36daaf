"""Wavelength multiplexers as one device: one pass band for each channel."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from waveguard.models.fields.scattering import Scattering, build, wavelengths

MAX_DB = 400.0
"""Loss far outside a band is cut off here, before amplitudes underflow."""


def mux(
    wl_um: npt.ArrayLike,
    *,
    centres_um: Sequence[float],
    bandwidth_1db_nm: float,
    loss_db: float = 0.0,
    crosstalk_db: float = -MAX_DB,
    order: int = 1,
) -> Scattering:
    """Return a multiplexer between `in` and `out1` … `outN`, each with its own band.

    Parameters
    ----------
    wl_um
        Wavelengths.
    centres_um
        Centre of each channel.
    bandwidth_1db_nm
        Full width at which a channel has lost 1 dB more.
    loss_db
        Loss at the centre.
    crosstalk_db
        Level below the centre that a channel lets through outside its band.
    order
        1 for a Gaussian band; 2 and more have flatter tops.
    """
    wl = wavelengths(wl_um)
    passages: dict[tuple[str, str], npt.ArrayLike] = {}
    for k, centre_um in enumerate(centres_um):
        off = np.abs(2e3 * (wl - centre_um) / bandwidth_1db_nm)
        below = np.minimum(np.minimum(off, 1e6) ** (2 * order), -crosstalk_db)
        passages["in", f"out{k + 1}"] = 10.0 ** (-(loss_db + below) / 20.0)
    return build(wl, ("in", *(f"out{k + 1}" for k in range(len(centres_um)))), passages)
