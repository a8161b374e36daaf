"""Monitor taps: a small share of the light leaves for a monitor."""

from __future__ import annotations

import math

import numpy.typing as npt

from waveguard.models.fields.scattering import Scattering, amplitude, build, wavelengths


def monitor_tap(wl_um: npt.ArrayLike, *, tap_fraction: float, excess_loss_db: float = 0.0) -> Scattering:
    """Return a tap from `in` to `out`, with a share of the power at `tap`; light that comes back misses the tap."""
    left = amplitude(excess_loss_db)
    through, tapped = left * math.sqrt(1.0 - tap_fraction), 1j * left * math.sqrt(tap_fraction)
    passages: dict[tuple[str, str], npt.ArrayLike] = {("in", "out"): through, ("in", "tap"): tapped}
    return build(wavelengths(wl_um), ("in", "out", "tap"), passages)
