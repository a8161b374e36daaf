"""Lasers: the port `outside` is the light that is stated for it."""

from __future__ import annotations

import numpy.typing as npt

from waveguard.models.fields.scattering import Scattering, amplitude, build, level, wavelengths


def laser(wl_um: npt.ArrayLike, *, loss_db: float = 0.0, reflection_db: float | None = None) -> Scattering:
    """Return a laser: what is stated for it comes in at `outside`; what comes back is reflected or lost."""
    passages: dict[tuple[str, str], npt.ArrayLike] = {
        ("outside", "chip"): amplitude(loss_db),
        ("chip", "chip"): level(reflection_db),
    }
    return build(wavelengths(wl_um), ("chip", "outside"), passages, reciprocal=False)
