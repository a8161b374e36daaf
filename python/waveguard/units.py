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
NM_PER_M = 1e9
NM2_PER_UM2 = 1e6
SPEED_OF_LIGHT_M_PER_S = 299_792_458.0


def nm_to_um(length_nm: Number) -> Number:
    """Nanometres to micrometres."""
    return length_nm / NM_PER_UM


def um_to_nm(length_um: Number) -> Number:
    """Micrometres to nanometres."""
    return length_um * NM_PER_UM


def nm_to_cm(length_nm: Number) -> Number:
    """Nanometres to centimetres."""
    return length_nm / NM_PER_CM


def m_to_nm(length_m: Number) -> Number:
    """Metres to nanometres."""
    return length_m * NM_PER_M


def m_to_um(length_m: Number) -> Number:
    """Metres to micrometres."""
    return length_m * (NM_PER_M / NM_PER_UM)


def nm2_to_um2(area_nm2: Number) -> Number:
    """Square nanometres to square micrometres."""
    return area_nm2 / NM2_PER_UM2


def um2_to_nm2(area_um2: Number) -> Number:
    """Square micrometres to square nanometres."""
    return area_um2 * NM2_PER_UM2


def per_um_to_per_nm(value_per_um: Number) -> Number:
    """Per micrometre (curvature, coupling) to per nanometre."""
    return value_per_um / NM_PER_UM


def per_nm_to_per_um(value_per_nm: Number) -> Number:
    """Per nanometre (curvature, coupling) to per micrometre."""
    return value_per_nm * NM_PER_UM


def db_per_cm_to_db_per_nm(loss_db_per_cm: Number) -> Number:
    """Propagation loss per centimetre to per nanometre."""
    return loss_db_per_cm / NM_PER_CM


def db_per_nm_to_db_per_cm(loss_db_per_nm: Number) -> Number:
    """Propagation loss per nanometre to per centimetre."""
    return loss_db_per_nm * NM_PER_CM


def dbm_to_mw(power_dbm: Number) -> Number:
    """Power in dBm to milliwatts; minus infinity gives 0."""
    return _power_of_ten(power_dbm / 10.0)


def mw_to_dbm(power_mw: Number) -> Number:
    """Power in milliwatts to dBm; 0 gives minus infinity."""
    return ratio_to_db(power_mw)


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


def deg_to_rad(angle_deg: Number) -> Number:
    """Degrees to radians."""
    return angle_deg * (math.pi / 180.0)


def rad_to_deg(angle_rad: Number) -> Number:
    """Radians to degrees."""
    return angle_rad * (180.0 / math.pi)


def wavelength_um_to_frequency_thz(wavelength_um: Number) -> Number:
    """Wavelength in vacuum to optical frequency."""
    return SPEED_OF_LIGHT_M_PER_S * 1e-6 / wavelength_um


def group_length_nm_to_delay_ps(group_length_nm: Number) -> Number:
    """Length times group index to the time light takes."""
    return group_length_nm * (1e3 / SPEED_OF_LIGHT_M_PER_S)


def _power_of_ten(exponent: Number) -> Number:
    result: Number = 10.0**exponent
    return result


def _log_of_not_positive(ratio: float) -> float:
    return -math.inf if ratio == 0.0 else math.nan
