"""Electrical crosstalk of two parallel metal lines without a ground between them.

Near end: K_b = (Cm/C + Lm/L)/4, reached once the lines are longer than half of what an edge travels while it rises.
The table is of lines of 10 x 1.6 um on 2 + 3 um of oxide over high-resistivity silicon, ground at the back of the wafer
only (quasi-static finite elements): without a return beside it spacing hardly helps.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

SPACING_UM = (2.0, 4.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0)
CAPACITIVE = (0.661, 0.599, 0.515, 0.448, 0.353, 0.275, 0.192, 0.090)
"""Cm/C of the table, by spacing."""
INDUCTIVE = (0.845, 0.799, 0.724, 0.652, 0.539, 0.442, 0.340, 0.202)
"""Lm/L of the table, by spacing."""
VELOCITY_UM_PER_PS = 299.792458 / 2.6
"""Of a wave on such lines: the root of the mean permittivity of oxide and silicon."""


def near_end_ratio(spacing_um: npt.ArrayLike) -> Floats:
    """Return K_b of long lines, voltage of the victim by that of the aggressor; linear in ln(spacing)."""
    at = np.log(np.maximum(np.asarray(spacing_um, dtype=np.float64), 1e-3))
    x = np.log(SPACING_UM)
    return np.asarray((np.interp(at, x, CAPACITIVE) + np.interp(at, x, INDUCTIVE)) / 4.0)


def near_end_db(*, spacing_um: npt.ArrayLike, length_um: npt.ArrayLike, rise_ps: float) -> Floats:
    """Return the near-end crosstalk in dB of lines of a length, for edges of a rise time.

    Shorter lines than rise·velocity/2 get their share of it.
    """
    whole_um = rise_ps * VELOCITY_UM_PER_PS / 2.0
    share = np.minimum(np.asarray(length_um, dtype=np.float64) / whole_um, 1.0)
    return np.asarray(20.0 * np.log10(np.maximum(near_end_ratio(spacing_um) * share, 1e-12)))


def skin_depth_um(*, frequency_ghz: float, resistivity_ohm_m: float = 2.65e-8) -> float:
    """Return the skin depth; the default is aluminium.

    Examples
    --------
    >>> round(skin_depth_um(frequency_ghz=1.0), 1), round(skin_depth_um(frequency_ghz=10.0), 2)
    (2.6, 0.82)
    """
    return 1e6 * math.sqrt(resistivity_ohm_m / (math.pi * frequency_ghz * 1e9 * 4e-7 * math.pi))
