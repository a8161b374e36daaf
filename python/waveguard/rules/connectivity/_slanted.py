"""A part of CN007: straight waveguides that enter the side of another one at an angle that a branch might have.

The arms of a branch leave the way that they come from in bends, and open little by little. A waveguide that is straight
right up to the side of another one was drawn onto it, however small the angle.
"""

from __future__ import annotations

import itertools
import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from waveguard.rules import Context
from waveguard.rules import _along as along

NO_NET = -1
LEAST_RAD = math.radians(10.0)
"""Adiabatic branches are drawn of straights that open by less."""
SAME_LINE_RAD = math.radians(1.0)
"""Both ends of the way that is entered lie along one line within this."""
STRAIGHT_PART = 0.125
"""A straight turns by no more than this part of the angle, on a way on which an arm that opens gradually turns by all
of it: twice its width over the angle."""
WIDENED = 1.12
"""Where the axes of the two meet the one that is entered is still as wide as ever, but for this part. One that an arm
leaves in a bend is wider by a quarter there at least: an arc has parted by that where its tangent begins."""


class Slanted(NamedTuple):
    """A waveguide that enters a side."""

    angle_rad: float
    is_loose: bool
    """Its other end is open."""


class _Arm(NamedTuple):
    guide: int
    begin_nm: complex
    """Where it leaves the place where all meet."""
    at_nm: complex
    """A place behind the corner of two waveguides that may be cut off with it,"""
    ahead_nm: complex
    """and one further on."""
    width_nm: float
    """At its beginning."""
    direction_rad: float
    """Between the two."""
    turn_rad: float
    """By which it deviates from that."""
    is_loose: bool


def entered(ctx: Context, own: NDArray[np.int64], angle_rad: float) -> Slanted | None:
    """Return what enters the side of another waveguide at three ports of a body, of which two open by an angle."""
    onward = along.partners(ctx, own)
    guides = np.where(onward >= 0, ctx.tables.devices.waveguide[ctx.tables.ports.device[onward]], -1)
    if own.size != 3 or guides.min() < 0 or not angle_rad >= LEAST_RAD:
        return None
    way_nm = 2 * float(ctx.tables.ports.width_nm[own].min()) / angle_rad
    arms = [_arm(ctx, int(port), int(guide), way_nm) for port, guide in zip(onward, guides, strict=True)]
    for k, arm in enumerate(arms):
        if arm is None or arm.turn_rad > STRAIGHT_PART * angle_rad:
            continue
        a, b = arms[k - 2], arms[k - 1]
        if a is None or b is None or not _is_one_line(a, b):
            continue
        # The arm it lies beside, and the one that both come from.
        beside, stem = sorted((a, b), key=lambda other: abs(_turn_rad(arm.direction_rad, other.direction_rad)))
        turned_rad = abs(_turn_rad(arm.direction_rad, beside.direction_rad))
        if turned_rad >= LEAST_RAD and _width_nm(ctx, stem, _meeting_nm(arm, beside)) <= WIDENED * beside.width_nm:
            return Slanted(turned_rad, arm.is_loose)
    return None


def _meeting_nm(arm: _Arm, other: _Arm) -> complex:
    """Return where the axes of two arms meet."""
    way, step = np.exp(1j * arm.direction_rad), other.ahead_nm - arm.ahead_nm
    across = np.exp(-1j * other.direction_rad)
    return complex(arm.ahead_nm + way * (step * across).imag / (way * across).imag)


def _width_nm(ctx: Context, arm: _Arm, at_nm: complex) -> float:
    """Return how wide an arm is at a place on it, or at its end where the place lies before that."""
    lines, guides = ctx.tables.centerlines, ctx.tables.waveguides
    part = slice(int(lines.offsets[arm.guide]), int(lines.offsets[arm.guide + 1]))
    along_nm = max(((at_nm - arm.begin_nm) * np.exp(-1j * arm.direction_rad)).real, 0.0)
    if along_nm > guides.centerline_length_nm[arm.guide]:
        return math.inf
    seen_nm = ((lines.x_nm[part] + 1j * lines.y_nm[part] - arm.begin_nm) * np.exp(-1j * arm.direction_rad)).real
    order = np.argsort(seen_nm, kind="stable")
    return float(np.interp(along_nm, seen_nm[order], lines.width_nm[part][order]))


def _arm(ctx: Context, port: int, guide: int, way_nm: float) -> _Arm | None:
    """Return how a waveguide goes on from a port; none when it is shorter than a way."""
    guides, ports = ctx.tables.waveguides, ctx.tables.ports
    length_nm = float(guides.centerline_length_nm[guide])
    if not length_nm >= way_nm:
        return None
    is_first = int(guides.port_a[guide]) == port
    far = int(guides.port_b[guide] if is_first else guides.port_a[guide])
    places = [
        complex(*along.place_along(ctx, guide, part * way_nm if is_first else length_nm - part * way_nm))
        for part in (0.0, 0.5, 0.75, 1.0)
    ]
    ahead_rad = [float(np.angle(b - a)) for a, b in itertools.pairwise(places)]
    turn_rad = abs(_turn_rad(ahead_rad[0], ahead_rad[-1]))
    is_loose = far >= 0 and int(ports.net[far]) == NO_NET
    direction_rad = float(np.angle(places[-1] - places[1]))
    width_nm = float(ports.width_nm[port])
    return _Arm(guide, places[0], places[1], places[-1], width_nm, direction_rad, turn_rad, is_loose)


def _is_one_line(a: _Arm, b: _Arm) -> bool:
    """Whether two arms look away from each other along one line."""
    between_rad = float(np.angle(a.at_nm - b.at_nm))
    turns_rad = _turn_rad(a.direction_rad, b.direction_rad + math.pi), _turn_rad(a.direction_rad, between_rad)
    return max(abs(turn_rad) for turn_rad in turns_rad) <= SAME_LINE_RAD


def _turn_rad(a_rad: float, b_rad: float) -> float:
    return math.remainder(a_rad - b_rad, 2 * math.pi)
