"""Stretches: rows of `runs` that go on in each other where guides are joined, judged as one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from waveguard.rules import Context
from waveguard.tables import RunProfile, Runs

Ints = npt.NDArray[np.int64]
PARTING = 0.05
"""Where the gap grows by this share of the way, two guides bend apart."""
CLOSING = 0.01
"""Where the gap shrinks by no more than this share of the way it stays as it is, but for rounding."""
AT_PORT_NM = 1_000.0
"""A stretch begins so near the ports of its waveguides that it begins at these."""
SAME_GAP_NM = 0.01
"""Gaps that differ by less are the same: between parallel guides the rounding of positions would choose the place."""


def stretches_of(runs: Runs, rows: Ints) -> Iterator[Ints]:
    """Return the given rows stretch by stretch, in order of the first row of each."""
    if not len(rows):
        return
    order = rows[np.argsort(runs.stretch[rows], kind="stable")]
    groups = np.split(order, np.flatnonzero(np.diff(runs.stretch[order])) + 1)
    yield from sorted(groups, key=lambda group: int(group[0]))


def closest_of(runs: Runs, rows: Ints) -> int:
    """Return the row where the two guides are closest; the first of several."""
    gaps_nm = runs.gap_min_nm[rows]
    return int(rows[np.argmax(gaps_nm < gaps_nm.min() + SAME_GAP_NM)])


class Tip(NamedTuple):
    """Where a stretch begins or ends."""

    row: int
    """Row in runs that begins or ends there,"""
    is_end: bool
    """and which of the two."""
    gap_nm: float
    """At the outermost sample."""
    gap_at_tip_nm: float
    widening: float
    """How much the gap grows beyond there, by the way along the guide."""


def tips_of(runs: Runs, profile: RunProfile, stretch: int) -> Iterator[Tip]:
    """Yield the tips of a stretch; none for two closed guides all around."""
    for row in np.flatnonzero(runs.stretch == stretch).tolist():
        first = int(runs.profile_start[row])
        own = slice(first, first + int(runs.profile_count[row]))
        if not runs.goes_on_before[row]:
            yield _tip(row, False, profile.gap_nm[own], profile.step_nm[own])
        if not runs.goes_on_after[row]:
            yield _tip(row, True, profile.gap_nm[own][::-1], profile.step_nm[own][::-1])


def _tip(row: int, is_end: bool, gaps_nm: npt.NDArray[np.float64], steps_nm: npt.NDArray[np.float64]) -> Tip:
    """Return what is known from the rows of a profile, from the tip on."""
    way_nm = float(steps_nm[:2].mean())
    widening = float(gaps_nm[0] - gaps_nm[1]) / way_nm if gaps_nm.size > 1 else 0.0
    gap_nm = float(gaps_nm[0])
    return Tip(row, is_end, gap_nm, gap_nm + widening * float(steps_nm[0]) / 2, widening)


def bend_apart(ctx: Context, tip: Tip) -> bool:
    """Whether two waveguides bend apart at a tip, so that they are beside each other no more.

    In a tight bend they may do so from one sample to the next. Then both go on beyond the tip and come no nearer there.
    """
    return tip.widening > PARTING or (tip.widening > -CLOSING and int(ports_at(ctx, tip).max()) < 0)


def ports_at(ctx: Context, tip: Tip) -> Ints:
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
