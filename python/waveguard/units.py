"""The one place for conversions of units. Every function works on numbers and on arrays alike.

Units used inside: nm in tables, um in what users see, dB positive for loss, dBm for power, rad for angles.
"""

from __future__ import annotations

import math
from typing import TypeVar

import numpy as np
import numpy.typing as npt

Number = TypeVar("Number", float, npt.NDArray[np.float64])
"""A number or an array of numbers; the result is of the same kind."""

NM_PER_UM = 1e3
NM_PER_CM = 1e7
NM2_PER_UM2 = 1e6


def nm_to_um(length_nm: Number) -> Number:
    """Nanometres to micrometres."""
    return length_nm / NM_PER_UM


def um_to_nm(length_um: Number) -> Number:
    """Micrometres to nanometres."""
    return length_um * NM_PER_UM


def nm_to_cm(length_nm: Number) -> Number:
    """Nanometres to centimetres."""
    return length_nm / NM_PER_CM


def nm2_to_um2(area_nm2: Number) -> Number:
    """Square nanometres to square micrometres."""
    return area_nm2 / NM2_PER_UM2


def per_nm_to_per_um(value_per_nm: Number) -> Number:
    """Per nanometre (curvature, coupling) to per micrometre."""
    return value_per_nm * NM_PER_UM


def db_to_ratio(level_db: Number) -> Number:
    """Level in dB to a power ratio: -3 dB is about one half."""
    return _power_of_ten(level_db / 10.0)


def ratio_to_db(ratio: Number) -> Number:
    """Power ratio to a level in dB: one half is about -3 dB; 0 gives minus infinity."""
    if isinstance(ratio, np.ndarray):
        with np.errstate(divide="ignore"):
            return 10.0 * np.log10(ratio)
    return 10.0 * math.log10(ratio) if ratio > 0.0 else _log_of_not_positive(ratio)


def loss_db_to_transmission(loss_db: Number) -> Number:
    """Loss in dB (positive) to the share of power that is left: 3 dB is about one half."""
    return _power_of_ten(-loss_db / 10.0)


def transmission_to_loss_db(transmission: Number) -> Number:
    """Share of power that is left to the loss in dB (positive); 0 gives infinity."""
    return -ratio_to_db(transmission)


def _power_of_ten(exponent: Number) -> Number:
    result: Number = 10.0**exponent
    return result


def _log_of_not_positive(ratio: float) -> float:
    return -math.inf if ratio == 0.0 else math.nan
