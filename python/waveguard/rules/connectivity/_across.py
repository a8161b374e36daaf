"""A part of CN005: waveguides that go straight through the bodies of devices drawn as bare shapes."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from waveguard.findings import Finding
from waveguard.rules import Context
from waveguard.rules import _along as along
from waveguard.rules import _words as words

FEWEST_ARMS = 5
"""Four arms may be those of a crossing. One way more is one too many,"""
ALONE_ARMS, WIDE = 3, 2.0
"""or, where but one arm is left, that arm is so many times as wide: a taper to a fibre, and no branch."""
SAME_LINE_RAD = math.radians(2.0)
"""The two arms of a way across look away from each other along one line within this."""
PARALLEL_RAD, FAN_RAD, ACROSS_RAD = math.radians(2.0), math.radians(17.0), math.radians(18.0)
"""The other arms are parallel to the way or well across it, and at least one by the last: those of a fan are not."""
SAME_WIDTH = 0.02
"""A way across is as wide behind the body as before it, within this part,"""
WIDENED = 1.1
"""and does not widen towards it, as arms of a device do."""
BESIDE_WIDTHS, FEWEST_BESIDE = 2.0, 3
"""But a way with so many arms on each of its sides, so near to its line, lies across teeth, whatever their angles: arms
of a fan begin at the rim of its body."""
MOST_ARMS = 120
"""Bodies with more arms are large stars, and would take long."""


def across_bodies(ctx: Context) -> Iterator[Finding]:
    """Find plain waveguides that go straight through a body in which others meet."""
    junctions = ctx.tables.junctions
    wanted = (junctions.n_arms >= FEWEST_ARMS) | (junctions.n_arms == ALONE_ARMS)
    rows = np.flatnonzero(wanted & (junctions.n_arms <= MOST_ARMS))
    if not rows.size:
        return
    ports_of, narrowest_nm = along.OpticalPorts(ctx), along.narrowest_nm(ctx)
    for row in rows.tolist():
        device = int(junctions.device[row])
        for at_nm, long_nm, angle_rad in _ways(ctx, ports_of(device), narrowest_nm):
            cell, top = ctx.device_cell(device), int(ctx.tables.devices.top[device])
            yield ctx.finding(
                f"a waveguide of {cell} lies across a place where others meet, over {words.length(long_nm)} "
                f"at {words.degrees(angle_rad)}",
                ctx.place(at_nm.real, at_nm.imag, top=top, cell=cell),
                facts=[cell, "across"],
                measured=long_nm,
                limit=0.0,
                unit="nm",
                hint="route it around what it crosses",
            )


def _ways(
    ctx: Context, own: NDArray[np.int64], narrowest_nm: NDArray[np.float64]
) -> Iterator[tuple[complex, float, float]]:
    """Give out the middle of each way across the arms of a body, its length, and its angle to the others."""
    ports = ctx.tables.ports
    at_nm = ports.x_nm[own] + 1j * ports.y_nm[own]
    direction_rad, width_nm = ports.direction_rad[own], ports.width_nm[own]
    onward = along.partners(ctx, own)
    guide = np.where(onward >= 0, ctx.tables.devices.waveguide[ports.device[onward]], -1)
    is_plain = (guide >= 0) & (width_nm <= WIDENED * np.where(guide >= 0, narrowest_nm[guide], 0.0))
    for i in np.flatnonzero(is_plain).tolist():
        step = (at_nm - at_nm[i]) * np.exp(-1j * direction_rad[i])
        # The other one looks the other way, and lies behind on the same line.
        turned_rad = np.abs(np.angle(-np.exp(1j * (direction_rad - direction_rad[i]))))
        slack_nm = np.maximum(-step.real * math.sin(SAME_LINE_RAD), 0.1 * width_nm[i])
        fits = is_plain & (turned_rad <= SAME_LINE_RAD) & (step.real < 0) & (np.abs(step.imag) <= slack_nm)
        fits &= np.abs(width_nm - width_nm[i]) <= SAME_WIDTH * width_nm[i]
        fits[: i + 1] = False
        for j in np.flatnonzero(fits).tolist():
            rest = np.ones(len(own), dtype=bool)
            rest[[i, j]] = False
            sine = np.abs(np.sin(direction_rad[rest] - direction_rad[i]))
            in_fan = (sine > math.sin(PARALLEL_RAD)) & (sine < math.sin(FAN_RAD))
            long_nm = float(abs(at_nm[j] - at_nm[i]))
            is_more = len(own) >= FEWEST_ARMS or width_nm[rest].min() >= WIDE * width_nm[i]
            in_fan &= not _is_across_teeth(step[rest], long_nm, width_nm[i])
            if not in_fan.any() and sine.max() >= math.sin(ACROSS_RAD) and is_more:
                yield complex(at_nm[i] + at_nm[j]) / 2, long_nm, float(np.arcsin(sine.max()))


def _is_across_teeth(step_nm: NDArray[np.complex128], long_nm: float, width_nm: float) -> bool:
    """Whether arms lie along both sides of a way, by the steps to them from where it begins, seen along its beginning.

    The way goes back from its beginning, which looks out of the body.
    """
    is_within = (step_nm.real < 0) & (step_nm.real > -long_nm) & (np.abs(step_nm.imag) <= BESIDE_WIDTHS * width_nm)
    left = int((is_within & (step_nm.imag > 0)).sum())
    return min(left, int(is_within.sum()) - left) >= FEWEST_BESIDE
