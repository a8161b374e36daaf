"""A part of WG003: bare shapes that look like a coupler although no cell says that they are one."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from waveguard.analyses.run_widths import Widths, widths_beside
from waveguard.rules import Context
from waveguard.rules.waveguide._stretches import Ints, Tip, bend_apart
from waveguard.tables import DRAWN_SOURCES

Floats = npt.NDArray[np.float64]
COUPLER_GAP, COUPLER_LENGTH_NM = 0.4, 400_000.0
"""Guides of couplers come nearer than this part of the minimum spacing, over less than this."""
PARTED = 3.0
"""Where the run of a coupler begins and ends the gap is this many times the least, or its guides bend apart at once."""
UNLIKE = 0.05
"""A guide that is wider or narrower by this share only where another one is near was drawn for that one."""


def is_drawn_coupler(ctx: Context, rows: Ints, tips: list[Tip], limit_nm: float, close_nm: float) -> bool:
    """Whether two bare shapes come near each other and part again, as the guides of a directional coupler do.

    They may be bare for a part of the way: what leads there is often drawn by cells of guides.
    """
    runs = ctx.tables.runs
    device = ctx.tables.waveguides.device
    pairs = np.stack([runs.waveguide_a[rows], runs.waveguide_b[rows]])
    is_bare = np.isin(ctx.tables.devices.source[device[pairs]], DRAWN_SOURCES).all(axis=0)
    if (pairs[0] == pairs[1]).any() or not is_bare.any():
        return False
    least_nm = float(runs.gap_min_nm[rows].min())
    parts_again = bool(tips) and all(tip.gap_nm > PARTED * least_nm or bend_apart(ctx, tip) for tip in tips)
    is_meant = least_nm < COUPLER_GAP * limit_nm or _is_unlike_there(ctx, rows)
    return close_nm < COUPLER_LENGTH_NM and parts_again and is_meant


def _is_unlike_there(ctx: Context, rows: Ints) -> bool:
    """Whether one of two guides gets another width than the other one where they are near, and has it only there.

    Two guides that both widen between their bends are routes that lie too close.
    """
    runs = ctx.tables.runs
    is_back = runs.other_end_nm[rows] < runs.other_start_nm[rows]
    own, other = widths_beside(ctx.tables, rows)
    starts, ends = runs.goes_on_before[rows] == 0, runs.goes_on_after[rows] == 0
    own_nm = np.concatenate([own.ends_nm[0][starts], own.ends_nm[1][ends]])
    # The second guide may run the other way.
    other_nm = np.concatenate(
        [
            np.where(is_back, other.ends_nm[1], other.ends_nm[0])[starts],
            np.where(is_back, other.ends_nm[0], other.ends_nm[1])[ends],
        ]
    )
    return _is_unlike(own, own_nm, other) or _is_unlike(other, other_nm, own)


def _is_unlike(widths: Widths, tips_nm: Floats, other: Widths) -> bool:
    """Whether a guide is narrower, or wider, than it is at the tips of a stretch and than the other one all along."""
    if not tips_nm.size:
        return False
    more, less = 1 + UNLIKE, 1 - UNLIKE
    narrow_nm = min(float(tips_nm.min()), float(other.narrowest_nm.min()))
    wide_nm = max(float(tips_nm.max()), float(other.widest_nm.max()))
    return bool(widths.narrowest_nm.min() < less * narrow_nm or widths.widest_nm.max() > more * wide_nm)
