"""Stretches: rows of `runs` that go on in each other where guides are joined, judged as one."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from waveguard.tables import RunProfile, Runs

Ints = npt.NDArray[np.int64]
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


def tip_gaps_nm(runs: Runs, profile: RunProfile, stretch: int) -> list[float]:
    """Return the gaps where a stretch begins and ends; none for two closed guides all around."""
    gaps_nm = []
    for row in np.flatnonzero(runs.stretch == stretch).tolist():
        first = int(runs.profile_start[row])
        if not runs.goes_on_before[row]:
            gaps_nm.append(float(profile.gap_nm[first]))
        if not runs.goes_on_after[row]:
            gaps_nm.append(float(profile.gap_nm[first + int(runs.profile_count[row]) - 1]))
    return gaps_nm
