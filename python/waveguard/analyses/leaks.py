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
from waveguard.assembly.junctions import CROSSING_NAME as DRAWN_CROSSING
from waveguard.assembly.junctions import plain_crossings
from waveguard.models import drawn
from waveguard.units import loss_db_to_transmission, ratio_to_db

if TYPE_CHECKING:
    from waveguard.circuit import CircuitModel, Solved
    from waveguard.tables import Centerlines

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


FAINT_DB = -90.0
"""Runs that leak less are not looked at for which way light goes on."""
NEIGHBOUR, CROSSING, ISOLATION, REFLECTION, ECHO = range(5)
KINDS = ("guides side by side", "crossing", "isolation", "reflection", "double reflection")
"""What a leak is, by its code."""


@dataclass(frozen=True)
class Leaks:
    """Ways across, one per row: into a device at `start`, out of one at `end`."""

    start: Ints
    end: Ints
    level_db: Floats
    """Negative; NaN where it is not known."""
    kind: Ints
    """Index in `KINDS`."""
    x_nm: Floats
    y_nm: Floats
    """Where it happens, in the frame of its top cell."""
    device: Ints
    """Device it happens in; for guides side by side the one that the light leaves."""
    reason: tuple[str, ...]
    """Why it is not known; empty for the others."""
    assumed: tuple[str, ...]
    """Key paths of PDK numbers without a source among the levels."""

    def __len__(self) -> int:
        return len(self.start)


def _plain(model: CircuitModel) -> tuple[str, ...]:
    """Return the number that stands for crossings which no entry of the PDK knows."""
    path = f"devices.{DRAWN_CROSSING}.params.crosstalk_db"
    return () if path in model.pdk.assumed() else (path,)


def reflected(all_leaks: Leaks, n_ports: int) -> Floats:
    """Return, by port, the share of the power that it reflects of light that comes upon it from outside its device."""
    rows = np.flatnonzero((all_leaks.kind == REFLECTION) & np.isfinite(all_leaks.level_db) & (all_leaks.start >= 0))
    share = np.zeros(n_ports)
    np.maximum.at(share, all_leaks.start[rows], 10.0 ** (all_leaks.level_db[rows] / 10.0))
    return share


@dataclass(frozen=True)
class LeakSum:
    """What arrives through leaks."""

    level_db: float
    """Relative to the power put in; -inf for nothing."""
    unknown: tuple[str, ...]
    """Why the sum may be larger."""


def leaks(model: CircuitModel, crosstalk: CrosstalkResult) -> Leaks:
    """List all leaks of a circuit: from guide to guide, across crossings, between arms, and back by reflection."""
    parts = [_neighbours(model, crosstalk), _crossings(model), *_inside_devices(model)]
    columns = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in ("start", "end", "level_db", "kind", "x_nm", "y_nm", "device")
    }
    reason = tuple(text for part in parts for text in part.reason)
    used = {path for part in parts for path in part.assumed}
    known = tuple(path for path in (*model.pdk.assumed(), *_plain(model)) if path in used)
    return Leaks(**columns, reason=reason, assumed=(*crosstalk.assumed, *known))


def _neighbours(model: CircuitModel, crosstalk: CrosstalkResult) -> Leaks:
    """Return the leaks between guides: light goes on in the direction it had."""
    guides, runs = model.tables.waveguides, model.tables.runs
    different = np.flatnonzero(runs.waveguide_a != runs.waveguide_b)
    # Somewhere along the run light changes over: on the mean it has half of either guide behind or before it.
    along_db = _guide_loss(model)
    half_db = (along_db[runs.waveguide_a] + along_db[runs.waveguide_b]) / 2
    sense = _senses(model, different, crosstalk.leak_db)
    start: list[Ints] = []
    end: list[Ints] = []
    rows: list[Ints] = []
    owner: list[Ints] = []
    for first, second in ((runs.waveguide_a, runs.waveguide_b), (runs.waveguide_b, runs.waveguide_a)):
        for into, ahead, back in (
            (guides.port_a, guides.port_b, guides.port_a),
            (guides.port_b, guides.port_a, guides.port_b),
        ):
            # Where it is not known which way the two point along the run, both ways out are counted.
            for out, fits in ((ahead, sense >= 0), (back, sense <= 0)):
                own = different[fits]
                start.append(into[first[own]])
                end.append(out[second[own]])
                rows.append(own)
                owner.append(guides.device[first[own]])
    at = np.concatenate(rows)
    return Leaks(
        start=np.concatenate(start),
        end=np.concatenate(end),
        level_db=crosstalk.leak_db[at] - half_db[at],
        kind=np.full(len(at), NEIGHBOUR),
        x_nm=runs.x_nm[at],
        y_nm=runs.y_nm[at],
        device=np.concatenate(owner),
        reason=tuple(crosstalk.reason[k] if crosstalk.state[k] == NOT_EVALUATED else "" for k in at.tolist()),
        assumed=(),
    )


def _crossings(model: CircuitModel) -> Leaks:
    """Return what guides that cross without a device send into each other, half of either guide before and behind."""
    table, guides = model.tables.crossings, model.tables.waveguides
    along_db = _guide_loss(model)
    entry = next((one for one in model.pdk.devices if one.name == DRAWN_CROSSING), None)
    stated = None if entry is None else entry.params.get("crosstalk_db")
    level_db = drawn.PLAIN_CROSSTALK_DB if stated is None else stated.value
    columns: list[tuple[Ints, Ints, Ints]] = []
    rows = plain_crossings(model.tables)
    first, second = table.waveguide_a[rows], table.waveguide_b[rows]
    for one, other in ((first, second), (second, first)):
        outs = (guides.port_a[other], guides.port_b[other])
        for into in (guides.port_a[one], guides.port_b[one]):
            columns += [(into, out, guides.device[one]) for out in outs]
    start, end, owner = (np.concatenate([column[k] for column in columns]) for k in range(3))
    at = np.tile(rows, len(columns))
    half_db = (along_db[table.waveguide_a] + along_db[table.waveguide_b]) / 2
    known = stated is not None and not stated.assumed
    return Leaks(
        start=start,
        end=end,
        level_db=level_db - half_db[at],
        kind=np.full(len(at), CROSSING),
        x_nm=table.x_nm[at],
        y_nm=table.y_nm[at],
        device=owner,
        reason=("",) * len(at),
        assumed=() if known or not len(rows) else (f"devices.{DRAWN_CROSSING}.params.crosstalk_db",),
    )


def _senses(model: CircuitModel, rows: Ints, level_db: Floats) -> Ints:
    """Return, by row, 1 where both guides of a run point the same way along it, -1 where not, 0 where unknown.

    A guide points from its first port to its second. Faint runs are not looked at: both of their ways are counted.
    """
    lines, runs = model.tables.centerlines, model.tables.runs
    result = np.zeros(len(rows), dtype=np.int64)
    if len(lines) != len(model.tables.waveguides):
        return result
    for k, row in enumerate(rows.tolist()):
        if not level_db[row] > FAINT_DB:
            continue
        here = np.array([runs.x_nm[row], runs.y_nm[row]])
        ways = [_direction(lines, int(guide[row]), here) for guide in (runs.waveguide_a, runs.waveguide_b)]
        result[k] = np.sign(round(float(ways[0] @ ways[1]), 3))
    return result


def _direction(lines: Centerlines, guide: int, here: Floats) -> Floats:
    """Return the direction of a guide where it is nearest to a place."""
    own = slice(int(lines.offsets[guide]), int(lines.offsets[guide + 1]))
    points = np.stack([lines.x_nm[own], lines.y_nm[own]], axis=1)
    if len(points) < 2:
        return np.zeros(2)
    start, step = points[:-1], np.diff(points, axis=0)
    size = np.maximum((step**2).sum(axis=1), 1e-12)
    share = np.clip(((here - start) * step).sum(axis=1) / size, 0.0, 1.0)
    nearest = int(np.argmin(((start + share[:, None] * step - here) ** 2).sum(axis=1)))
    return np.asarray(step[nearest] / np.sqrt(size[nearest]))


def _guide_loss(model: CircuitModel) -> Floats:
    """Return the loss along each guide; 0 for those without a passage."""
    arcs, devices = model.arcs, model.tables.devices
    result = np.zeros(len(model.tables.waveguides))
    guide = devices.waveguide[arcs.device]
    mine = guide >= 0
    result[guide[mine]] = arcs.loss_db[mine]
    return result


def _inside_devices(model: CircuitModel) -> list[Leaks]:
    """Return the leaks of each entry of the PDK: between ports that no passage joins, and back out of the same port."""
    found = [_of_entry(model, number) for number in np.unique(model.arcs.entry[model.arcs.entry >= 0]).tolist()]
    return [one for one in found if one is not None]


def _of_entry(model: CircuitModel, number: int) -> Leaks | None:
    arcs, ports = model.arcs, model.tables.ports
    entry = model.pdk.devices[number]
    rows = np.flatnonzero(arcs.entry == number)
    # Ports on the chip that light passes, by device.
    own = np.unique(np.concatenate([arcs.start[rows], arcs.end[rows]]))
    own = own[own < len(ports)]
    owner = ports.device[own]
    order = np.lexsort((own, owner))
    own, owner = own[order], owner[order]
    first = np.searchsorted(owner, owner, side="left")
    last = np.searchsorted(owner, owner, side="right")
    across = CROSSING if entry.kind == "crossing" else ISOLATION
    name = "crosstalk_db" if across == CROSSING else "isolation_db"
    level, back = entry.params.get(name), entry.params.get("reflection_db")
    start: list[Ints] = []
    end: list[Ints] = []
    kind: list[Ints] = []
    if level is not None or across == CROSSING:
        count = last - first
        into = np.repeat(own, count)
        out = own[np.repeat(first, count) + _within(count)]
        joined = np.concatenate([_key(arcs.start[rows], arcs.end[rows]), _key(own, own)])
        apart = ~np.isin(_key(into, out), joined)
        start.append(into[apart])
        end.append(out[apart])
        kind.append(np.full(int(apart.sum()), across))
    if back is not None:
        start.append(own)
        end.append(own)
        kind.append(np.full(len(own), REFLECTION))
    if not start:
        return None
    starts, kinds = np.concatenate(start), np.concatenate(kind)
    levels = np.where(
        kinds == REFLECTION, np.nan if back is None else back.value, np.nan if level is None else level.value
    )
    used = [name for name, part in ((name, level), ("reflection_db", back)) if part is not None and part.assumed]
    unknown = f"the PDK states no {name} for {entry.name}"
    return Leaks(
        start=starts,
        end=np.concatenate(end),
        level_db=levels,
        kind=kinds,
        x_nm=ports.x_nm[starts],
        y_nm=ports.y_nm[starts],
        device=ports.device[starts],
        reason=tuple(unknown if np.isnan(one) else "" for one in levels.tolist()),
        assumed=tuple(f"devices.{entry.name}.params.{name}" for name in used),
    )


def _key(a: Ints, b: Ints) -> Ints:
    return a * (1 << 31) + b


def _within(count: Ints) -> Ints:
    """Return 0 … n-1 for each n of `count`, one after the other."""
    start = np.cumsum(count) - count
    return np.arange(int(count.sum())) - np.repeat(start, count)


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
