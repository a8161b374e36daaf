"""A part of CN001: ends at the border of all that is drawn.

Waveguides that end there side by side lead to the edge of the chip, or out of the block that the layout is. Within a
circuit something lies further on than the bend that may be missing between two of them.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from waveguard.rules import Context

SAME_WAY_DIGITS = 4
"""Directions that are the same to so many digits, in rad, have one border."""


class Border:
    """Tells how far the network of a top cell goes on in some direction."""

    def __init__(self, ctx: Context) -> None:
        ports, devices, lines = ctx.tables.ports, ctx.tables.devices, ctx.tables.centerlines
        rest = ctx.tables.unexplained
        # Middles of boxes, as corners of those around what is turned lie far outside of it.
        boxes_nm = devices.bbox_x0_nm + devices.bbox_x1_nm + 1j * (devices.bbox_y0_nm + devices.bbox_y1_nm)
        rest_nm = rest.x0_nm + rest.x1_nm + 1j * (rest.y0_nm + rest.y1_nm)
        guide_of = np.repeat(np.arange(len(lines)), np.diff(lines.offsets))
        self._at_nm = np.concatenate(
            [boxes_nm / 2, rest_nm / 2, ports.x_nm + 1j * ports.y_nm, lines.x_nm + 1j * lines.y_nm]
        )
        self._top = np.concatenate(
            [devices.top, rest.top, ports.top, devices.top[ctx.tables.waveguides.device[guide_of]]]
        )
        self._ports = ports
        self._border_nm: dict[tuple[int, float], float] = {}

    def ahead_nm(self, port: int) -> float:
        """Return how far ahead of a port the last place is, wherever it lies aside of it."""
        top, direction_rad = int(self._ports.top[port]), float(self._ports.direction_rad[port])
        key = top, round(math.remainder(direction_rad, 2 * math.pi), SAME_WAY_DIGITS)
        if key not in self._border_nm:
            self._border_nm[key] = float(np.nanmax(self._along_nm(self._at_nm[self._top == top], key[1])))
        at_nm = np.array([complex(self._ports.x_nm[port], self._ports.y_nm[port])])
        return self._border_nm[key] - float(self._along_nm(at_nm, key[1])[0])

    @staticmethod
    def _along_nm(at_nm: NDArray[np.complex128], direction_rad: float) -> NDArray[np.float64]:
        along_nm: NDArray[np.float64] = (at_nm * np.exp(-1j * direction_rad)).real
        return along_nm
