"""Couplers to fibres: gratings with their band, edge couplers. `chip` is the guide, `outside` the fibre."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from waveguard.models.fields.scattering import Floats, Scattering, amplitude, build, level, wavelengths


def _at_edge(wl: Floats, loss_db: Floats, reflection_db: float | None, outside_db: float | None) -> Scattering:
    passages: dict[tuple[str, str], npt.ArrayLike] = {
        ("chip", "outside"): amplitude(loss_db),
        ("chip", "chip"): 1j * level(reflection_db),
        ("outside", "outside"): 1j * level(outside_db),
    }
    return build(wl, ("chip", "outside"), passages)


def fibre_coupler(
    wl_um: npt.ArrayLike,
    *,
    loss_db: float,
    wl0_um: float = 1.55,
    bandwidth_1db_nm: float = math.inf,
    reflection_db: float | None = None,
    outside_reflection_db: float | None = None,
) -> Scattering:
    """Return a grating coupler: a Gaussian band, that is a parabola in dB.

    Parameters
    ----------
    wl_um
        Wavelengths.
    loss_db
        Loss at the peak, which lies at `wl0_um`.
    bandwidth_1db_nm
        Full width at which the loss is 1 dB more.
    reflection_db, outside_reflection_db
        Level that comes back into the guide, and into the fibre; none when None.
    """
    wl = wavelengths(wl_um)
    off = 0.0 if math.isinf(bandwidth_1db_nm) else 2e3 * (wl - wl0_um) / bandwidth_1db_nm
    return _at_edge(wl, np.asarray(loss_db + off**2 + 0.0 * wl), reflection_db, outside_reflection_db)


def edge_coupler(
    wl_um: npt.ArrayLike,
    *,
    loss_db: float,
    loss_slope_db_per_um: float = 0.0,
    wl0_um: float = 1.55,
    reflection_db: float | None = None,
    outside_reflection_db: float | None = None,
) -> Scattering:
    """Return an edge coupler: a loss that changes slowly with wavelength, never below zero."""
    wl = wavelengths(wl_um)
    loss = np.maximum(loss_db + loss_slope_db_per_um * (wl - wl0_um), 0.0)
    return _at_edge(wl, loss, reflection_db, outside_reflection_db)
