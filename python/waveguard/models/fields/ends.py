"""Where guides end: in a terminator, or open."""

from __future__ import annotations

import numpy.typing as npt

from waveguard.models.fields.scattering import Scattering, build, level, wavelengths

OXIDE_INDEX = 1.444
"""Silica at 1.55 um (Malitson, J. Opt. Soc. Am. 55, 1205 (1965))."""


def terminator(wl_um: npt.ArrayLike, *, reflection_db: float | None = None) -> Scattering:
    """Return a terminator with the port `chip`; what it reflects is a level in dB (negative), nothing when None."""
    return build(wavelengths(wl_um), ("chip",), {("chip", "chip"): level(reflection_db)})


def open_end(wl_um: npt.ArrayLike, *, n_eff: float, n_cladding: float = OXIDE_INDEX) -> Scattering:
    """Return the blunt end of a guide: Fresnel's reflection of its effective index against the cladding.

    A plane-wave estimate: -11.9 dB for n_eff 2.447, where -8.3 dB was simulated for a 500x220 nm wire (S11 of SiEPIC's
    `ebeam_disconnected_te1550`); fields confined more strongly reflect more.
    """
    return build(wavelengths(wl_um), ("chip",), {("chip", "chip"): (n_eff - n_cladding) / (n_eff + n_cladding)})
