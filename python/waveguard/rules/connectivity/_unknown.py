"""A part of CN001: open ends at shapes in which no waveguide was seen.

A branch or a box that was moved aside of its waveguides holds none of them, and is no device of the PDK; the share of a
layout that was not understood may be small all the same. What ends right at such a shape was meant to lead into it.
"""

from __future__ import annotations

import numpy as np

from waveguard.rules import Context

REACH_NM = 500.0
"""A waveguide that ends no further before the box of a shape ends at it; aside of it, no further than its own width."""


class Unknown:
    """Tells which ports lie at the box of a shape that belongs to no waveguide and no device."""

    def __init__(self, ctx: Context) -> None:
        self._ports, rest = ctx.tables.ports, ctx.tables.unexplained
        self._top_of = ctx.tables.devices.top
        # Rows of several shapes have a box around all of them.
        alone = rest.count == 1
        self._tops = rest.top[alone]
        columns = (rest.x0_nm, rest.y0_nm, rest.x1_nm, rest.y1_nm)
        self._boxes_nm = np.stack([column[alone] for column in columns])

    def is_at(self, port: int) -> bool:
        """Whether one lies ahead of a port, or right beside it."""
        ports = self._ports
        if not self._tops.size or not np.isfinite(ports.direction_rad[port]):
            return False
        at_nm = complex(ports.x_nm[port], ports.y_nm[port])
        ahead_nm = at_nm + REACH_NM * np.exp(1j * ports.direction_rad[port])
        aside_nm = float(np.nan_to_num(ports.width_nm[port]))
        x0, y0, x1, y1 = self._boxes_nm
        is_near = (x0 - aside_nm <= max(at_nm.real, ahead_nm.real)) & (min(at_nm.real, ahead_nm.real) <= x1 + aside_nm)
        is_near &= (y0 - aside_nm <= max(at_nm.imag, ahead_nm.imag)) & (min(at_nm.imag, ahead_nm.imag) <= y1 + aside_nm)
        # What is narrower than the waveguide leads it nowhere.
        is_near &= np.minimum(x1 - x0, y1 - y0) >= aside_nm
        return bool(np.any(is_near & (self._tops == self._top_of[ports.device[port]])))
