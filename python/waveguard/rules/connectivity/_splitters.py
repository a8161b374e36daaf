"""A part of CN009: splitters drawn of nothing but the bends of their arms.

Three waveguides and more that are led into one by mistake come from where their routes happened to be. The arms of a
splitter lie about the line of the one that they leave, each the mirror image of another one, and begin along it: where
that line meets the direction in which they part from each other it has become wider already.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from waveguard.rules import Context
from waveguard.rules import _along as along

SAME_NM, SAME_RAD, SAME_WIDTH = 50.0, math.radians(1.0), 0.02
"""Two arms are each other's mirror image within this, in place, in direction, and as part of their width."""
WIDENED = 1.15
"""A waveguide that others leave in bends is wider by a quarter there, one that straights lie across by a twentieth."""


def is_splitter(ctx: Context, stem: int, arms: NDArray[np.int64]) -> bool:
    """Whether waveguides leave the port of a place as the arms of a splitter, from others, which look the other way."""
    ports = ctx.tables.ports
    ahead_rad = float(ports.direction_rad[stem]) + math.pi
    at_nm = (ports.x_nm[arms] - ports.x_nm[stem]) + 1j * (ports.y_nm[arms] - ports.y_nm[stem])
    aside_nm = (at_nm * np.exp(-1j * ahead_rad)).imag
    across = np.argsort(aside_nm)
    own, aside_nm = arms[across], aside_nm[across]
    turned_rad = np.angle(np.exp(1j * (ports.direction_rad[own] - ahead_rad)))
    width_nm = ports.width_nm[own]
    is_mirrored = (
        np.abs(aside_nm + aside_nm[::-1]).max() <= SAME_NM
        and np.abs(turned_rad + turned_rad[::-1]).max() <= SAME_RAD
        and np.abs(width_nm - width_nm[::-1]).max() <= SAME_WIDTH * width_nm.max()
    )
    outer = np.abs(aside_nm) > SAME_NM
    if not is_mirrored or not outer.any() or (turned_rad * np.sign(aside_nm))[outer].min() <= 0:
        return False
    ahead_nm = (at_nm * np.exp(-1j * ahead_rad)).real[across]
    # Where the axes of arms meet that of the one.
    meeting_nm = ahead_nm[outer] - aside_nm[outer] / np.tan(turned_rad[outer])
    return _is_widened(ctx, stem, max(-float(meeting_nm.min()), 0.0))


def _is_widened(ctx: Context, port: int, way_nm: float) -> bool:
    """Whether the waveguide that enters a port is wider there, or so far before it, than at its narrowest."""
    guides, lines = ctx.tables.waveguides, ctx.tables.centerlines
    end = int(along.partners(ctx, np.array([port]))[0])
    guide = int(ctx.tables.devices.waveguide[ctx.tables.ports.device[end]]) if end >= 0 else -1
    if guide < 0:
        return False
    part = slice(int(lines.offsets[guide]), int(lines.offsets[guide + 1]))
    line_nm, width_nm = lines.x_nm[part] + 1j * lines.y_nm[part], lines.width_nm[part]
    if end == guides.port_b[guide]:
        line_nm, width_nm = line_nm[::-1], width_nm[::-1]
    walked_nm = np.concatenate([[0.0], np.cumsum(np.abs(np.diff(line_nm)))])
    return bool(np.interp(way_nm, walked_nm, width_nm) > WIDENED * guides.width_min_nm[guide])
