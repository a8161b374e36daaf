"""Photodiodes: the port `outside` is the current, as the amplitude of the power that is absorbed."""

from __future__ import annotations

import numpy.typing as npt

from waveguard.models.fields.scattering import Scattering, amplitude, build, level, wavelengths


def detector(wl_um: npt.ArrayLike, *, loss_db: float = 0.0, reflection_db: float | None = None) -> Scattering:
    """Return a photodiode; what is not lost before absorption arrives at `outside`, and nothing comes from there."""
    passages: dict[tuple[str, str], npt.ArrayLike] = {
        ("chip", "outside"): amplitude(loss_db),
        ("chip", "chip"): level(reflection_db),
    }
    return build(wavelengths(wl_um), ("chip", "outside"), passages, reciprocal=False)
