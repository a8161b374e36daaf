"""A part of WG003: the arms of one splitter, which begin beside each other wherever they are led."""

from __future__ import annotations

import numpy as np

from waveguard.rules import Context
from waveguard.rules._along import partners
from waveguard.rules.waveguide._stretches import Ints, Tip

AT_PORT_NM = 1_000.0
"""A stretch begins so near the ports of its waveguides that it begins at these."""
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
    own = _ports_at(ctx, tip)
    joined = partners(ctx, own) if own.min() >= 0 else own
    if joined.min() < 0:
        return False
    a, b = ctx.tables.ports.device[joined].tolist()
    return a == b and int(ctx.tables.devices.waveguide[a]) < 0


def _lets_go(ctx: Context, tip: Tip, limit_nm: float) -> bool:
    """Whether the two are far apart from a tip on, or both drawn no further."""
    own = _ports_at(ctx, tip)
    ends_open = own.min() >= 0 and bool((partners(ctx, own) < 0).all())
    return tip.parts or tip.gap_nm > NEARLY * limit_nm or ends_open


def _reaches(ctx: Context, rows: Ints, limit_nm: float) -> bool:
    """Whether the gap is as large as the minimum spacing somewhere between two ends of a stretch."""
    runs, gap_nm = ctx.tables.runs, ctx.tables.run_profile.gap_nm
    whole = np.flatnonzero(runs.stretch == runs.stretch[rows[0]])
    profiles = zip(runs.profile_start[whole].tolist(), runs.profile_count[whole].tolist(), strict=True)
    return any(bool((gap_nm[first : first + n] >= limit_nm).any()) for first, n in profiles)


def _ports_at(ctx: Context, tip: Tip) -> Ints:
    """Return the ports of both waveguides at a tip; -1 for one that goes on."""
    runs, row = ctx.tables.runs, tip.row
    along_nm = float(runs.start_nm[row] + (runs.length_nm[row] if tip.is_end else 0.0))
    other_nm = float(runs.other_end_nm[row] if tip.is_end else runs.other_start_nm[row])
    ends = (int(runs.waveguide_a[row]), along_nm), (int(runs.waveguide_b[row]), other_nm)
    return np.array([_port_at(ctx, *end) for end in ends], dtype=np.int64)


def _port_at(ctx: Context, waveguide: int, along_nm: float) -> int:
    """Return the port of a waveguide at a distance from its start; -1 for none."""
    guides = ctx.tables.waveguides
    if along_nm <= AT_PORT_NM:
        return int(guides.port_a[waveguide])
    is_end = along_nm >= float(guides.centerline_length_nm[waveguide]) - AT_PORT_NM
    return int(guides.port_b[waveguide]) if is_end else -1
