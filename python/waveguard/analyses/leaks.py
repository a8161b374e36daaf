"""Power that gets from one terminal to another without a path: from guide to guide, and across crossings.

Each leak takes what reaches one port, at a level in dB, to where light leaves another port. All leaks are added up as
powers, each with the least loss before and after it; two leaks in a row are not counted. What has no level makes the
sum unknown only when light can get to it and from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from waveguard.analyses.crosstalk import NOT_EVALUATED, CrosstalkResult
from waveguard.units import loss_db_to_transmission, ratio_to_db

if TYPE_CHECKING:
    from waveguard.circuit import CircuitModel, Solved

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Leaks:
    """Ways across, one per row: into a device at `start`, out of one at `end`."""

    start: Ints
    end: Ints
    level_db: Floats
    """Negative; NaN where it is not known."""
    reason: tuple[str, ...]
    """Why it is not known; empty for the others."""
    assumed: tuple[str, ...]
    """Key paths of PDK numbers without a source among the levels."""


@dataclass(frozen=True)
class LeakSum:
    """What arrives through leaks."""

    level_db: float
    """Relative to the power put in; -inf for nothing."""
    unknown: tuple[str, ...]
    """Why the sum may be larger."""


def leaks(model: CircuitModel, crosstalk: CrosstalkResult) -> Leaks:
    """List all leaks of a circuit."""
    start: list[Ints] = []
    end: list[Ints] = []
    level: list[Floats] = []
    reason: list[str] = []
    guides, runs = model.tables.waveguides, model.tables.runs
    different = np.flatnonzero(runs.waveguide_a != runs.waveguide_b)
    for first, second in ((runs.waveguide_a, runs.waveguide_b), (runs.waveguide_b, runs.waveguide_a)):
        for into in (guides.port_a, guides.port_b):
            # Which way the two guides point along the run is not known: both ways out are counted.
            for out in (guides.port_a, guides.port_b):
                start.append(into[first[different]])
                end.append(out[second[different]])
                level.append(crosstalk.bound_db[different])
                reason += [_why(crosstalk, row) for row in different.tolist()]
    at_start, at_end, at_level, more = _crossings(model)
    return Leaks(
        np.concatenate([*start, at_start]),
        np.concatenate([*end, at_end]),
        np.concatenate([*level, at_level]),
        (*reason, *more),
        (*crosstalk.assumed, *_assumed(model)),
    )


def _assumed(model: CircuitModel) -> tuple[str, ...]:
    entries = np.unique(model.arcs.entry[model.arcs.n_crossings > 0]).tolist()
    used = {f"devices.{model.pdk.devices[entry].name}.params.crosstalk_db" for entry in entries}
    return tuple(path for path in model.pdk.assumed() if path in used)


def _why(crosstalk: CrosstalkResult, run: int) -> str:
    return crosstalk.reason[run] if crosstalk.state[run] == NOT_EVALUATED else ""


def _crossings(model: CircuitModel) -> tuple[Ints, Ints, Floats, list[str]]:
    """Return the leaks of crossings: from each port to both ports of the other arm."""
    arcs = model.arcs
    rows = np.flatnonzero(arcs.n_crossings > 0)
    start: list[int] = []
    end: list[int] = []
    level: list[float] = []
    reason: list[str] = []
    by_device: dict[int, list[int]] = {}
    for row in rows.tolist():
        by_device.setdefault(int(arcs.device[row]), []).append(row)
    for own in by_device.values():
        entry = model.pdk.devices[int(arcs.entry[own[0]])]
        stated = entry.params.get("crosstalk_db")
        for row in own:
            arm = (int(arcs.start[row]), int(arcs.end[row]))
            for other in own:
                if int(arcs.start[other]) not in arm:
                    start.append(arm[0])
                    end.append(int(arcs.end[other]))
                    level.append(np.nan if stated is None else stated.value)
                    reason.append("" if stated is not None else f"the PDK states no crosstalk_db for {entry.name}")
    return np.asarray(start, dtype=np.int64), np.asarray(end, dtype=np.int64), np.asarray(level, dtype=float), reason


def leaked(solved: Solved, all_leaks: Leaks, source: int, sink: int) -> LeakSum:
    """Return what arrives at a sink of the light of a source, through single leaks."""
    before, after = solved.reach(source), solved.reach_back(sink)
    # Ports without a partner in the table (-1) are out of reach.
    into = np.where(all_leaks.start >= 0, before[all_leaks.start], np.inf)
    onward = np.where(all_leaks.end >= 0, after[all_leaks.end], np.inf)
    both = np.isfinite(into) & np.isfinite(onward)
    known = both & ~np.isnan(all_leaks.level_db)
    power = loss_db_to_transmission(into[known] + onward[known] - all_leaks.level_db[known])
    unknown = {all_leaks.reason[row] or "not evaluated" for row in np.flatnonzero(both & ~known).tolist()}
    return LeakSum(float(ratio_to_db(float(power.sum()))), tuple(sorted(unknown)))
