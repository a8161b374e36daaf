"""A part of CN001: open ends of bare waveguides right before the side of another one.

A waveguide that was meant to lead into a branch, or was drawn a little too long or too short, has no port ahead of it
that it could meet: what is near is the side of a waveguide that goes on.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from waveguard.rules import Context
from waveguard.units import NM_PER_UM

REACH_NM = 300.0
"""An end further before a side was drawn there, and its waveguide ends."""


class Side(NamedTuple):
    """The side of a waveguide ahead of an open end."""

    waveguide: int
    gap_nm: float
    is_too_near: bool
    """The process cannot make the gap."""


class Sides:
    """Tells which ports lie right before the side of a waveguide."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        solid = [section.width_min_um for section in ctx.facts.cross_sections if section.slot is None]
        # What is narrower is the tip of a taper, where light is meant to leave.
        self._narrowest_nm = NM_PER_UM * min(solid, default=0.0)
        self._row_of: dict[int, int] | None = None

    def before(self, port: int) -> Side | None:
        """Return the side that lies ahead of a port."""
        if not self._ctx.tables.ports.width_nm[port] >= self._narrowest_nm:
            return None
        # Written when the first end asks: in most layouts no end does.
        ahead = self._ctx.tables.sides_ahead
        if self._row_of is None:
            self._row_of = {int(end): row for row, end in enumerate(ahead.port)}
        row = self._row_of.get(port)
        if row is None or ahead.gap_nm[row] > REACH_NM:
            return None
        waveguide, gap_nm = int(ahead.waveguide[row]), float(ahead.gap_nm[row])
        section = self._ctx.tables.waveguides.cross_section[waveguide : waveguide + 1]
        limit_nm = float(np.nan_to_num(self._ctx.limits_nm("process_gap_um", section))[0])
        return Side(waveguide, gap_nm, gap_nm + self._ctx.facts.grid_nm < limit_nm)
