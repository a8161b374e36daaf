"""Devices that light goes straight through, with loss, reflection and perhaps a length: tapers, filters."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from waveguard.models.fields.scattering import Scattering, amplitude, build, level, propagation, wavelengths


def two_port(
    wl_um: npt.ArrayLike,
    *,
    loss_db: float,
    reflection_db: float | None = None,
    length_um: float = 0.0,
    n_eff: float = 1.0,
    n_g: float = 1.0,
    wl0_um: float = 1.55,
) -> Scattering:
    """Return a device from `in` to `out`; its phase is that of `length_um` of guide, and none for a length of zero.

    `reflection_db` (negative) is the same at both ports; its wave is a quarter period off the one that goes through,
    which no loss can forbid.
    """
    wl = wavelengths(wl_um)
    phase = propagation(wl, length_um=length_um, n_eff=n_eff, n_g=n_g, wl0_um=wl0_um)
    back = 1j * level(reflection_db) * phase
    passages: dict[tuple[str, str], npt.ArrayLike] = {("in", "out"): amplitude(loss_db) * phase}
    passages |= {("in", "in"): back, ("out", "out"): back}
    return build(wl, ("in", "out"), passages)


def taper(
    wl_um: npt.ArrayLike,
    *,
    loss_db: float,
    reflection_db: float | None = None,
    length_um: float = 0.0,
    n_eff: float = 1.0,
    n_g: float = 1.0,
    wl0_um: float = 1.55,
) -> Scattering:
    """Return a taper from `in` to `out`; `n_eff` and `n_g` are means over its length."""
    return two_port(
        wl_um, loss_db=loss_db, reflection_db=reflection_db, length_um=length_um, n_eff=n_eff, n_g=n_g, wl0_um=wl0_um
    )


def interface(wl_um: npt.ArrayLike, *, n_before: float, n_after: float, overlap_fraction: float = 1.0) -> Scattering:
    """Return a joint of two guides: what their modes share, and the reflection of a step of index.

    `overlap_fraction` is the share of power in the overlap of the two modes; the step reflects as Fresnel's formula has
    it for the two effective indices, which is a plane-wave estimate.
    """
    wl = wavelengths(wl_um)
    r = (n_before - n_after) / (n_before + n_after)
    through = np.sqrt(overlap_fraction * (1.0 - r**2))
    return build(wl, ("in", "out"), {("in", "out"): through, ("in", "in"): r, ("out", "out"): -r})
