"""Jumps of width that follow each other closely: the teeth of a grating, drawn as one shape or cell by cell."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from waveguard.findings import Finding, Place, Severity
from waveguard.rules import Context
from waveguard.rules import _along as along
from waveguard.rules import _words as words

TEETH = 12
"""From so many jumps in a row on they are the teeth of a grating or of a sub-wavelength taper, and none a mistake."""
PITCH_WIDTHS = 2.0
"""Jumps further apart than this many widths of the waveguide are no row."""
ENDS = 2
"""What has more ports than these is no period of a grating."""


@dataclass(frozen=True)
class Jump:
    """A jump of width, at a joint of two devices or within one."""

    devices: tuple[int, ...]
    place: Place
    width_nm: float
    other_nm: float

    @property
    def wide_nm(self) -> float:
        """The larger width."""
        return max(self.width_nm, self.other_nm)


def rows_through_devices(ctx: Context, jumps: Sequence[Jump]) -> list[list[int]]:
    """Part jumps into those that follow each other through devices no longer than a period; numbers in order."""
    at_device: defaultdict[int, list[int]] = defaultdict(list)
    for number, jump in enumerate(jumps):
        for device in jump.devices:
            at_device[device].append(number)
    ports_of = along.OpticalPorts(ctx)

    def is_period(device: int) -> bool:
        ends = ports_of(device)
        if len(ends) != ENDS:
            return False
        x_nm, y_nm = ctx.tables.ports.x_nm[ends], ctx.tables.ports.y_nm[ends]
        wide_nm = max(jumps[number].wide_nm for number in at_device[device])
        return bool(np.hypot(x_nm[1] - x_nm[0], y_nm[1] - y_nm[0]) <= PITCH_WIDTHS * wide_nm)

    links = {device: numbers for device, numbers in at_device.items() if len(numbers) > 1 and is_period(device)}
    row_of = [-1] * len(jumps)
    rows: list[list[int]] = []
    for first in range(len(jumps)):
        if row_of[first] >= 0:
            continue
        row, waiting = len(rows), [first]
        row_of[first] = row
        rows.append([])
        while waiting:
            number = waiting.pop()
            rows[row].append(number)
            for device in jumps[number].devices:
                for other in links.pop(device, ()):
                    if row_of[other] < 0:
                        row_of[other] = row
                        waiting.append(other)
        rows[row].sort()
    return rows


def teeth(ctx: Context, jumps: Sequence[Jump], pitch_nm: float) -> Finding:
    """Return the note on a row of jumps, none of which is judged."""
    widths_nm = [width_nm for jump in jumps for width_nm in (jump.width_nm, jump.other_nm)]
    middle = jumps[len(jumps) // 2].place
    return ctx.finding(
        f"the width of a waveguide of {jumps[0].place.cell} changes {len(jumps)} times in a row, every "
        f"{words.nm(pitch_nm)} on average, between {words.nm(min(widths_nm))} and {words.nm(max(widths_nm))}: "
        "taken for a grating or a sub-wavelength taper, of which no single change was judged",
        middle,
        facts=[jumps[0].place.cell, "teeth"],
        severity=Severity.INFO,
        measured=float(len(jumps)),
        limit=None,
        hint="draw it as a device with a marker, so that its model is known",
    )


def mean_pitch_nm(jumps: Sequence[Jump]) -> float:
    """Return how far apart the jumps of a row through devices are on average."""
    known = [(jump.place.x_um, jump.place.y_um) for jump in jumps]
    places_um = np.array([place for place in known if None not in place], dtype=np.float64).reshape(-1, 2)
    if len(places_um) < ENDS:
        return math.nan
    reach_um = np.hypot(*(places_um.max(axis=0) - places_um.min(axis=0)))
    return float(reach_um) * 1e3 / (len(places_um) - 1)
