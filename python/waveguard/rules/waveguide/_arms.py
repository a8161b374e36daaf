"""A part of WG003: the arms of one splitter, which begin beside each other wherever they are led."""

from __future__ import annotations

import numpy as np

from waveguard.rules import Context
from waveguard.rules._along import partners
from waveguard.rules.waveguide._stretches import Ints, Tip, bend_apart, ports_at

ARMS_LENGTH_NM = 100_000.0
"""Over this length at most arms that lead away from a device may part: bends of large radius open slowly."""
NEARLY = 0.9
"""A stretch ends where the extraction looks no further, a step before the very spacing if that is as far."""


def leave_one_device(ctx: Context, rows: Ints, tips: list[Tip], limit_nm: float, close_nm: float) -> bool:
    """Whether two waveguides are too close only where they leave one device, and part from there on.

    Args:
        ctx: what is known.
        rows: rows in runs that come too close, of one stretch.
        tips: where the stretch begins and ends.
        limit_nm: the minimum spacing.
        close_nm: length over which the waveguides are closer.
    """
    at_device = [tip for tip in tips if _is_at_one_device(ctx, tip)]
    others = [tip for tip in tips if tip not in at_device]
    if not at_device or not all(_lets_go(ctx, tip, limit_nm) for tip in others):
        return False
    if not others and not _reaches(ctx, rows, limit_nm):
        return False
    runs = ctx.tables.runs
    # Nowhere nearer than at the device itself, as far as the grid lets one see.
    nearest_nm = min(tip.gap_at_tip_nm for tip in at_device) - 2 * ctx.facts.grid_nm
    is_nearest_there = bool((runs.gap_min_nm[rows] + runs.gap_error_nm[rows] >= nearest_nm).all())
    return is_nearest_there and close_nm <= ARMS_LENGTH_NM * len(at_device)


def _is_at_one_device(ctx: Context, tip: Tip) -> bool:
    """Whether both waveguides end at a tip, and are joined to the same device there."""
    own = ports_at(ctx, tip)
    joined = partners(ctx, own) if own.min() >= 0 else own
    if joined.min() < 0:
        return False
    a, b = ctx.tables.ports.device[joined].tolist()
    return a == b and int(ctx.tables.devices.waveguide[a]) < 0


def _lets_go(ctx: Context, tip: Tip, limit_nm: float) -> bool:
    """Whether the two are far apart from a tip on, or both drawn no further."""
    own = ports_at(ctx, tip)
    ends_open = own.min() >= 0 and bool((partners(ctx, own) < 0).all())
    return tip.gap_nm > NEARLY * limit_nm or ends_open or bend_apart(ctx, tip)


def _reaches(ctx: Context, rows: Ints, limit_nm: float) -> bool:
    """Whether the gap is as large as the minimum spacing somewhere between two ends of a stretch."""
    runs, gap_nm = ctx.tables.runs, ctx.tables.run_profile.gap_nm
    whole = np.flatnonzero(runs.stretch == runs.stretch[rows[0]])
    profiles = zip(runs.profile_start[whole].tolist(), runs.profile_count[whole].tolist(), strict=True)
    return any(bool((gap_nm[first : first + n] >= limit_nm).any()) for first, n in profiles)
