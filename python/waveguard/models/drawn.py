"""Devices that nobody stated: guides that cross or branch as plain shapes.

In a crossing the light runs across the other guide without side walls and spreads as a Gaussian beam does in a film:
the overlap with the mode behind it is 1/sqrt(1 + (L/2z)²), z = π·n·w0²/wavelength the Rayleigh length in the film and L
the way across. Two 500 nm silicon wires at a right angle lose 1.4 dB by that, about 1.5 dB as published (Sanchis et
al., Opt. Lett. 34, 2760 (2009), introduction); wider guides lose less. What goes into the other guide is not
calculated.
"""

from __future__ import annotations

import math

from waveguard.models import joint

PLAIN_CROSSTALK_DB = -12.0
"""Of two plain wires at a right angle (Sanchis et al.); shaped crossings are better."""
PLAIN_BRANCH_EXCESS_DB = 1.0
"""Of an ordinary Y-branch, measured by cut-back (CORNERSTONE, C band); designed ones reach 0.2 to 0.3 dB."""


def crossing_db(
    *,
    width_um: float,
    other_width_um: float,
    angle_rad: float,
    n_eff: float,
    n_slab: float,
    n_clad: float,
    wl_um: float,
) -> float:
    """Return the loss of light that crosses another guide of the same film at an angle (π/2: square).

    Examples
    --------
    >>> light = {"n_eff": 2.4472, "n_slab": 2.838, "n_clad": 1.444, "wl_um": 1.55}
    >>> round(crossing_db(width_um=0.5, other_width_um=0.5, angle_rad=math.pi / 2, **light), 2)
    1.37
    """
    radius_um = float(joint.mode_radius_um(width_um=width_um, n_eff=n_eff, n_clad=n_clad, wavelength_um=wl_um))
    gamma = 2.0 * math.pi / wl_um * math.sqrt(max(n_eff**2 - n_clad**2, 1e-6))
    across_um = (other_width_um + 2.0 / gamma) / max(abs(math.sin(angle_rad)), 1e-3)
    rayleigh_um = math.pi * n_slab * radius_um**2 / wl_um
    return 5.0 * math.log10(1.0 + (across_um / (2.0 * rayleigh_um)) ** 2)
