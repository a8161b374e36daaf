"""A part of CN001: ports at which a taper opens wide before the shapes of a grating.

A fibre coupler that is drawn of a taper, which is a cell with ports, and of teeth beside it, which are none, leaves the
wide port of the taper without a partner.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from waveguard.rules import Context
from waveguard.rules import _along as along
from waveguard.tables import DRAWN_SOURCES

NO_NET = -1
REACH_NM = 1000.0
"""Teeth begin no further ahead than this, about a wavelength in the cladding: what is further away is no grating."""
MOST_WIDTHS = 4.0
"""The box of shapes that are a grating is no larger than this many widths of the port."""


class Mouths:
    """Tells ports wider than any waveguide right ahead of which core shapes lie that lead nowhere."""

    def __init__(self, ctx: Context) -> None:
        self._ports, self._rest = ctx.tables.ports, ctx.tables.unexplained
        self._ports_of = along.OpticalPorts(ctx)
        self._top_of = ctx.tables.devices.top
        solid = [section for section in ctx.facts.cross_sections if section.slot is None]
        self._widest_nm = max((1e3 * section.width_max_um for section in solid), default=np.inf)
        guides = ctx.tables.waveguides
        ends = np.stack([guides.port_a, guides.port_b])
        is_open = ((ends >= 0) & (self._ports.net[ends] == NO_NET)).all(axis=0)
        is_drawn = np.isin(ctx.tables.devices.source[guides.device], DRAWN_SOURCES)
        self._teeth = ends[:, is_open & is_drawn]

    def has(self, port: int) -> bool:
        """Whether a port is one."""
        width_nm = float(self._ports.width_nm[port])
        if not (width_nm > self._widest_nm and np.isfinite(self._ports.direction_rad[port])):
            return False
        others_nm = self._ports.width_nm[self._ports_of(int(self._ports.device[port]))]
        return bool(width_nm > np.nanmin(others_nm)) and (self._has_teeth(port, width_nm) or self._has_shapes(port))

    def _seen(self, port: int, x_nm: NDArray[np.float64], y_nm: NDArray[np.float64]) -> NDArray[np.complex128]:
        """Places as seen from a port: how far ahead, and how far to the left of it."""
        ports = self._ports
        at_nm = (x_nm - ports.x_nm[port]) + 1j * (y_nm - ports.y_nm[port])
        seen: NDArray[np.complex128] = at_nm * np.exp(-1j * ports.direction_rad[port])
        return seen

    def _has_teeth(self, port: int, width_nm: float) -> bool:
        """Whether a bare waveguide that is joined to nothing lies across, right ahead."""
        ports, teeth = self._ports, self._teeth
        seen = self._seen(port, ports.x_nm[teeth], ports.y_nm[teeth])
        is_ahead = (seen.real > -REACH_NM) & (seen.real <= REACH_NM) & (np.abs(seen.imag) <= width_nm)
        is_across = seen[0].imag * seen[1].imag < 0
        same_top = self._top_of[ports.device[teeth[0]]] == self._top_of[ports.device[port]]
        return bool(np.any(is_ahead.all(axis=0) & is_across & same_top))

    def _has_shapes(self, port: int) -> bool:
        """Whether the box of core shapes of which nothing is known lies right ahead."""
        ports, rest = self._ports, self._rest
        half_nm = float(ports.width_nm[port]) / 2
        same_top = rest.top == self._top_of[ports.device[port]]
        is_small = np.maximum(rest.x1_nm - rest.x0_nm, rest.y1_nm - rest.y0_nm) <= 2 * MOST_WIDTHS * half_nm
        x_nm = np.stack([rest.x0_nm, rest.x0_nm, rest.x1_nm, rest.x1_nm])
        y_nm = np.stack([rest.y0_nm, rest.y1_nm, rest.y0_nm, rest.y1_nm])
        seen = self._seen(port, x_nm, y_nm)
        nearest = seen.real.min(axis=0, initial=np.inf)
        is_before = (seen.imag.min(axis=0, initial=np.inf) < half_nm) & (
            seen.imag.max(axis=0, initial=-np.inf) > -half_nm
        )
        return bool(np.any((np.abs(nearest) <= REACH_NM) & is_before & is_small & same_top))
