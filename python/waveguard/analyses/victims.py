"""Crosstalk of every receiver: who disturbs it, by how much, and where.

A victim is a place where light leaves the circuit, its signal the light of the source that loses least on the way
there. Aggressors are all sources whose light gets there through a leak, its own by a detour included. Levels are
relative to the signal, all sources having the same power. What comes back to a source is its return, not crosstalk.
The signal's own light that two ports of its path reflect one after the other runs after it and counts as an aggressor.
The fact a newcomer would get wrong: leaks are added up as powers with the least loss before and after each; two leaks
in a row are not counted, but for two reflections on the path of the signal.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from waveguard.analyses.echoes import NO_ECHO, Echo, echoes
from waveguard.analyses.leaks import ECHO, KINDS, Leaks, reflected
from waveguard.models import penalty
from waveguard.units import loss_db_to_transmission, ratio_to_db

if TYPE_CHECKING:
    from waveguard.circuit import CircuitModel, Solved

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

SAME_LIGHT_UM = 1e-4
"""Sources nearer than 0.1 nm beat within the band of any receiver's filter."""
BLOCK = 64
"""Sources taken at a time; bounds memory."""
FAINT_DB = -120.0
"""Aggressors below this are not listed."""
MAX_AGGRESSORS = 20
"""Most aggressors listed of one victim."""
MAX_REASONS = 3


@dataclass(frozen=True)
class Aggressor:
    """One source that disturbs a victim."""

    source: int
    """Row in the terminals."""
    level_db: float
    """Power that arrives, relative to the signal."""
    share: float
    """Part of all crosstalk at the victim."""
    same_wavelength: bool
    own: bool
    """True when it is the light of the signal itself, by a detour."""
    leak: int
    """Row in the leaks of the strongest way."""
    leak_share: float
    """Part of this aggressor's power that comes by that way."""
    other_device: int = -1
    """The first of the two devices that reflect the light, for double reflections."""


@dataclass(frozen=True)
class Victim:
    """One place where light leaves."""

    sink: int
    source: int
    """Row in the terminals of the signal."""
    signal_loss_db: float
    same_db: float
    """Incoherent sum of leaks of the wavelength of the signal; -inf for none."""
    other_db: float
    """Incoherent sum of leaks of other wavelengths."""
    coherent_db: float
    """The most that leaks of the same wavelength can be if all their fields align."""
    statistical_db: float
    """Level below which the beat of the same wavelength stays but for one case in a thousand, phases at random."""
    echo_db: float
    """What double reflections on the path of the signal add to its wavelength; -inf for none."""
    penalty_ook_db: float
    penalty_pam4_db: float
    n_aggressors: int
    aggressors: tuple[Aggressor, ...]
    """The strongest, first."""
    unknown: tuple[str, ...]
    """Why there may be more."""


@dataclass(frozen=True)
class VictimResult:
    """All victims, the most disturbed first."""

    victims: tuple[Victim, ...]
    leaks: Leaks
    wavelength_um: Floats
    """Light of each terminal."""
    assumed: tuple[str, ...]
    returned: Mapping[int, float] = field(default_factory=dict)
    """By terminal: share of the power sent there that single reflections send back to it."""


def wavelengths_of(model: CircuitModel, stated: Mapping[str, float] | None = None) -> Floats:
    """Return the wavelength of the light of each terminal: as stated by name, else of its coupler, else of the PDK."""
    terminals, kit = model.terminals, model.pdk
    result = np.full(len(terminals), kit.pdk.wavelength_um)
    for row, device in enumerate(terminals.device.tolist()):
        entry = int(model.entry_of_device[device])
        own = kit.devices[entry].wavelength_um if entry >= 0 else None
        result[row] = own if own is not None else result[row]
    for name, wavelength_um in (stated or {}).items():
        for row in terminals.find(name):
            result[row] = wavelength_um
    return result


def victims(
    solved: Solved, leaks: Leaks, *, wavelength_um: Floats, q: float = penalty.Q_KP4, most: int = MAX_AGGRESSORS
) -> VictimResult:
    """Return the crosstalk of every terminal that a signal reaches.

    Parameters
    ----------
    solved, leaks
        The solved circuit and its leaks.
    wavelength_um
        Light of each terminal as a source, see `wavelengths_of`.
    q
        Gaussian argument of the target error rate, for the penalties.
    most
        Most aggressors to list of a victim.
    """
    paths, terminals = solved.tables.paths, solved.model.terminals
    sources, sinks = np.flatnonzero(terminals.is_in), np.unique(paths.to_terminal)
    signal: dict[int, tuple[float, int]] = {}
    for source, sink, loss_db in zip(
        paths.from_terminal.tolist(), paths.to_terminal.tolist(), paths.best_loss_db.tolist(), strict=True
    ):
        signal[sink] = min(signal.get(sink, (np.inf, -1)), (loss_db, source))
    if not len(sinks) or not len(leaks):
        found = [_victim(sink, *signal[sink], _NOTHING, {}, wavelength_um, q, most) for sink in sinks.tolist()]
        return VictimResult(tuple(found), leaks, wavelength_um, leaks.assumed)
    known = np.isfinite(leaks.level_db) & (leaks.start >= 0) & (leaks.end >= 0)
    after = _powers([solved.reach_back(sink) for sink in sinks.tolist()], leaks.end)
    level = np.where(known, 10.0 ** (np.nan_to_num(leaks.level_db) / 10.0), 0.0)
    sums = np.zeros((len(sources), len(sinks)))
    unknown: dict[int, set[str]] = {}
    missing = np.flatnonzero(np.isnan(leaks.level_db) & (leaks.start >= 0) & (leaks.end >= 0))
    for first in range(0, len(sources), BLOCK):
        some = sources[first : first + BLOCK]
        before = _powers([solved.reach(source) for source in some.tolist()], leaks.start)
        sums[first : first + BLOCK] = (before * level) @ after.T
        if len(missing):
            reached = (before[:, missing] > 0.0).any(axis=0)
            for column, sink in enumerate(sinks.tolist()):
                for row in missing[reached & (after[column, missing] > 0.0)].tolist():
                    unknown.setdefault(sink, set()).add(leaks.reason[row] or "not evaluated")
    # What comes back to where it was sent is no crosstalk there: nobody sends and listens at one place.
    row_of = {int(source): row for row, source in enumerate(sources.tolist())}
    returned: dict[int, float] = {}
    for column, sink in enumerate(sinks.tolist()):
        if sink in row_of:
            returned[sink] = float(sums[row_of[sink], column])
            sums[row_of[sink], column] = 0.0
    result = []
    reflections = reflected(leaks, solved.model.n_ports)
    extra = _Echoes(solved.model, leaks)
    for column, sink in enumerate(sinks.tolist()):
        loss_db, source = signal[sink]
        arrived = sums[:, column] / loss_db_to_transmission(loss_db)
        listed = np.argsort(-arrived, kind="stable")[:most]
        ways = {}
        for row in listed[arrived[listed] > 10.0 ** (FAINT_DB / 10.0)].tolist():
            before = _powers([solved.reach(int(sources[row]))], leaks.start)[0]
            power = before * level * after[column]
            strongest = int(np.argmax(power))
            ways[int(sources[row])] = (strongest, float(power[strongest] / power.sum()))
        seen = {int(one): float(power) for one, power in zip(sources, arrived, strict=True) if power > 0.0}
        echo = extra.add(solved, source, sink, reflections)
        result.append(_victim(sink, loss_db, source, _Arrived(seen, ways, *echo), unknown, wavelength_um, q, most))
    result.sort(key=lambda one: (-max(one.coherent_db, one.other_db), one.sink))
    return VictimResult(tuple(result), extra.leaks(), wavelength_um, leaks.assumed, returned)


@dataclass(frozen=True)
class _Arrived:
    """Crosstalk at one victim: power by source relative to the signal, and the strongest way of the strongest."""

    power: Mapping[int, float]
    ways: Mapping[int, tuple[int, float]]
    echo: Echo = NO_ECHO
    echo_leak: int = -1
    """Row in the leaks that stands for the strongest double reflection."""
    echo_device: int = -1


_NOTHING = _Arrived({}, {})


class _Echoes:
    """Double reflections of the paths of signals, and the leaks with a row for the strongest of each."""

    def __init__(self, model: CircuitModel, leaks: Leaks) -> None:
        self._model, self._leaks = model, leaks
        self._rows: list[tuple[int, float]] = []

    def add(self, solved: Solved, source: int, sink: int, reflections: Floats) -> tuple[Echo, int, int]:
        """Return the double reflections on the way from a source to a sink, their leak and their first device."""
        if not reflections.any():
            return NO_ECHO, -1, -1
        arcs = self._model.arcs
        trace = solved.trace(source, sink)
        found = echoes(
            at_start=reflections[arcs.start[trace]],
            at_end=reflections[arcs.end[trace]],
            loss_db=arcs.loss_db[trace],
        )
        if found.second < 0:
            return found, -1, -1
        self._rows.append((int(arcs.start[trace[found.second]]), float(ratio_to_db(found.strongest))))
        return found, len(self._leaks) + len(self._rows) - 1, int(arcs.device[trace[found.first]])

    def leaks(self) -> Leaks:
        """Return all leaks; those added lie at the port that throws light back, and lead nowhere else."""
        if not self._rows:
            return self._leaks
        ports, n = self._model.tables.ports, len(self._rows)
        at = np.asarray([port for port, _ in self._rows], dtype=np.int64)
        more = {
            "start": np.full(n, -1),
            "end": np.full(n, -1),
            "level_db": np.asarray([level_db for _, level_db in self._rows]),
            "kind": np.full(n, ECHO),
            "x_nm": ports.x_nm[at],
            "y_nm": ports.y_nm[at],
            "device": ports.device[at],
        }
        joined = {name: np.concatenate([getattr(self._leaks, name), column]) for name, column in more.items()}
        return replace(self._leaks, **joined, reason=(*self._leaks.reason, *[""] * n))  # type: ignore[arg-type]


def _powers(losses_db: Sequence[Floats], ports: Ints) -> Floats:
    at = np.maximum(ports, 0)
    rows = [np.where(ports >= 0, loss_db_to_transmission(one[at]), 0.0) for one in losses_db]
    return np.stack(rows) if rows else np.zeros((0, len(ports)))


def _victim(
    sink: int,
    loss_db: float,
    source: int,
    arrived: _Arrived,
    unknown: Mapping[int, set[str]],
    wavelength_um: Floats,
    q: float,
    most: int,
) -> Victim:
    alike = {one: abs(wavelength_um[one] - wavelength_um[source]) < SAME_LIGHT_UM for one in arrived.power}
    same = [power for one, power in arrived.power.items() if alike[one]]
    other = [power for one, power in arrived.power.items() if not alike[one]]
    echo = arrived.echo
    same_power, total = sum(same) + echo.power, sum(same) + sum(other) + echo.power
    coherent = (math.sqrt(penalty.coherent_power(same)) + echo.field) ** 2
    listed = sorted(arrived.ways, key=lambda one: (-arrived.power[one], one))[:most]
    reasons = tuple(sorted(unknown.get(sink, set())))[:MAX_REASONS]
    return Victim(
        sink=sink,
        source=source,
        signal_loss_db=loss_db,
        same_db=ratio_to_db(same_power),
        other_db=ratio_to_db(sum(other)),
        coherent_db=ratio_to_db(coherent),
        statistical_db=ratio_to_db(penalty.statistical_power([same_power], most=coherent)),
        echo_db=ratio_to_db(echo.power),
        penalty_ook_db=penalty.beat_optimised_db(same_power, q=q) + penalty.other_wavelength_db(sum(other)),
        penalty_pam4_db=penalty.beat_fixed_db(same_power, q=q, levels=penalty.PAM4_LEVELS)
        + penalty.other_wavelength_db(sum(other), levels=penalty.PAM4_LEVELS),
        n_aggressors=sum(power > 10.0 ** (FAINT_DB / 10.0) for power in (*arrived.power.values(), echo.power)),
        aggressors=tuple(_aggressors(listed, arrived, alike, source, total))[:most],
        unknown=reasons,
    )


def _aggressors(
    listed: Sequence[int], arrived: _Arrived, alike: Mapping[int, bool], source: int, total: float
) -> list[Aggressor]:
    found = [
        Aggressor(
            source=one,
            level_db=ratio_to_db(arrived.power[one]),
            share=arrived.power[one] / total,
            same_wavelength=bool(alike[one]),
            own=one == source,
            leak=arrived.ways[one][0],
            leak_share=arrived.ways[one][1],
        )
        for one in listed
    ]
    echo = arrived.echo
    if echo.power > 10.0 ** (FAINT_DB / 10.0):
        found.append(
            Aggressor(
                source=source,
                level_db=ratio_to_db(echo.power),
                share=echo.power / total,
                same_wavelength=True,
                own=True,
                leak=arrived.echo_leak,
                leak_share=echo.strongest / echo.power,
                other_device=arrived.echo_device,
            )
        )
        found.sort(key=lambda one: -one.level_db)
    return found


def kind_of(leaks: Leaks, row: int) -> str:
    """Return in words what a leak is."""
    return KINDS[int(leaks.kind[row])]
