"""Double reflections along a path: what two reflecting ports send after the signal (multi-path interference).

Light that a port throws back meets another port on its way and runs after the signal, weaker by R1·R2·T², T the
transmission between the two, which it passes twice more. All pairs of a path are summed in one pass: what has been
reflected so far is carried along and attenuated. The fact a newcomer would get wrong: a device reflects at each of its
ports for light that comes from outside, so that its two sides are no pair; and three reflections do not come back on.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Echo:
    """All double reflections of one path, as power relative to the signal."""

    power: float
    """Sum over all pairs: their phases at random."""
    field: float
    """Sum of the square roots: all in phase."""
    strongest: float
    """The strongest pair …"""
    first: int
    """… step of the path at whose end it is reflected forwards again, …"""
    second: int
    """… and step at whose start it is thrown back; -1 for none."""


NO_ECHO = Echo(0.0, 0.0, 0.0, -1, -1)


def echoes(*, at_start: Floats, at_end: Floats, loss_db: Floats) -> Echo:
    """Return the double reflections of a path.

    Parameters
    ----------
    at_start, at_end
        By step of the path: reflected share of the power that comes upon the port through which light enters the
        device, and of light that runs back upon the port through which it leaves.
    loss_db
        Loss of each step.
    """
    power = field = strongest = 0.0
    first = second = -1
    # What stands behind on the path, seen from here: sum of powers, of fields, and the strongest with its step.
    behind = behind_field = best = 0.0
    best_step = -1
    steps = zip(at_start.tolist(), at_end.tolist(), (10.0 ** (-loss_db / 10.0)).tolist(), strict=True)
    for step, (enters, leaves, passed) in enumerate(steps):
        if enters > 0.0:
            power += enters * behind
            field += math.sqrt(enters) * behind_field
            if enters * best > strongest:
                strongest, first, second = enters * best, best_step, step
        behind *= passed**2
        behind_field *= passed
        best *= passed**2
        if leaves > 0.0:
            behind += leaves
            behind_field += math.sqrt(leaves)
            if leaves > best:
                best, best_step = leaves, step
    return Echo(power, field, strongest, first, second)
