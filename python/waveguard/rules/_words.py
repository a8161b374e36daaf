"""How rules write numbers and names: one form each, so that messages read alike and never differ by `-0.000`."""

from __future__ import annotations

import math

from waveguard.units import NM_PER_UM

UM_DIGITS = 3


def um(value_nm: float, *, digits: int = UM_DIGITS) -> str:
    """Nanometres as micrometres, e.g. `1.363 µm`."""
    return f"{um_number(value_nm, digits=digits)} µm"


def um_number(value_nm: float, *, digits: int = UM_DIGITS) -> str:
    """Nanometres as a number of micrometres without the unit."""
    return f"{_no_negative_zero(value_nm / NM_PER_UM, digits):.{digits}f}"


def nm(value_nm: float) -> str:
    """Nanometres with one digit, none when the value is whole."""
    value_nm = _no_negative_zero(value_nm, 1)
    return f"{value_nm:.0f} nm" if value_nm == round(value_nm) else f"{value_nm:.1f} nm"


def length(value_nm: float) -> str:
    """A distance in the unit people would use: below a micrometre in nm, else in µm."""
    return nm(value_nm) if abs(value_nm) < NM_PER_UM else um(value_nm)


def db(value_db: float) -> str:
    """Decibels with two digits."""
    return f"{_no_negative_zero(value_db, 2):.2f} dB"


def degrees(value_rad: float) -> str:
    """Radians as degrees, one digit."""
    return f"{_no_negative_zero(math.degrees(value_rad), 1):.1f} degrees"


def move(dx_nm: float, dy_nm: float) -> str:
    """A displacement as people type it: `(+0.920, -0.920) µm`."""
    dx_um, dy_um = (_no_negative_zero(value / NM_PER_UM, UM_DIGITS) for value in (dx_nm, dy_nm))
    return f"({dx_um:+.3f}, {dy_um:+.3f}) µm"


def count(number: int, singular: str, plural: str = "") -> str:
    """`1 waveguide`, `3 waveguides`."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"


def port_name(device: str, port: str) -> str:
    """A port for a sentence: `opt1 of ebeam_y_1550`; a port without a name is an end."""
    return f"{port or 'an end'} of {device}"


def _no_negative_zero(value: float, digits: int) -> float:
    return round(value, digits) + 0.0
