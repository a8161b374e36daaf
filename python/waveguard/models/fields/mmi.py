"""Multimode interferometers: their self-images fit one wavelength, and lose away from it."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from waveguard.models.fields.coupler import two_by_two
from waveguard.models.fields.scattering import Floats, Scattering, amplitude, build, level, wavelengths

HALF_BAND_DB = 1.0


def _excess_db(wl: Floats, loss_db: float, wl0_um: float, bandwidth_1db_nm: float) -> Floats:
    """Return the loss: a parabola in dB that is 1 dB up at half the bandwidth from its centre."""
    if math.isinf(bandwidth_1db_nm):
        return np.full_like(wl, loss_db)
    return np.asarray(loss_db + HALF_BAND_DB * (2e3 * (wl - wl0_um) / bandwidth_1db_nm) ** 2)


def mmi_1x2(
    wl_um: npt.ArrayLike,
    *,
    wl0_um: float,
    excess_loss_db: float = 0.0,
    bandwidth_1db_nm: float = math.inf,
    reflection_db: float | None = None,
) -> Scattering:
    """Return a 1x2 interferometer from `in` to `out1` and `out2`, in phase; least loss is at `wl0_um`."""
    wl = wavelengths(wl_um)
    arm = amplitude(_excess_db(wl, excess_loss_db, wl0_um, bandwidth_1db_nm)) * math.sqrt(0.5)
    passages: dict[tuple[str, str], npt.ArrayLike] = {("in", "out1"): arm, ("in", "out2"): arm}
    passages |= {(port, port): level(reflection_db) for port in ("in", "out1", "out2")}
    return build(wl, ("in", "out1", "out2"), passages)


def mmi_2x2(
    wl_um: npt.ArrayLike,
    *,
    wl0_um: float,
    excess_loss_db: float = 0.0,
    imbalance_db: float = 0.0,
    phase_error_rad: float = 0.0,
    bandwidth_1db_nm: float = math.inf,
    reflection_db: float | None = None,
) -> Scattering:
    """Return a 2x2 interferometer; the crossed light lags by π/2 plus `phase_error_rad`.

    `imbalance_db` is how much more power goes straight than across.
    """
    wl = wavelengths(wl_um)
    left = amplitude(_excess_db(wl, excess_loss_db, wl0_um, bandwidth_1db_nm))
    ratio = 10.0 ** (imbalance_db / 10.0)
    bar = left * math.sqrt(ratio / (1.0 + ratio))
    cross = left * math.sqrt(1.0 / (1.0 + ratio)) * 1j * np.exp(1j * phase_error_rad)
    return two_by_two(wl, bar, cross, reflection_db=reflection_db)
