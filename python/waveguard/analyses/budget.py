"""Links and assertions of a budget file against a solved circuit.

Three states: pass, fail, not evaluated. A link without a path fails, unless a device without a model stands where the
path could be: then nothing is known. The fact a newcomer would get wrong: loss is that of the worst single path;
interference of several paths is named, not guessed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from waveguard.analyses.crosstalk import CrosstalkResult
from waveguard.analyses.leaks import Leaks, leaked, leaks
from waveguard.analyses.light import other_light
from waveguard.analyses.names import Names
from waveguard.models import CAUSES
from waveguard.statement import LENGTH_UNITS_NM, Path, Statement
from waveguard.units import (
    NM_PER_UM,
    db_to_ratio,
    loss_db_to_transmission,
    ratio_to_db,
    transmission_to_loss_db,
)

if TYPE_CHECKING:
    from waveguard.budget import Budget, Link
    from waveguard.circuit import Solved

State = Literal["pass", "fail", "not_evaluated"]
Ledger = tuple[tuple[str, float], ...]

Ints = npt.NDArray[np.int64]

NEGLIGIBLE_DB = 0.05
"""What neighbours take is mentioned from here on."""
ALL_LIGHT_DB = 20.0
"""From here on the number says no more than that the light may be gone."""
MAX_NAMED = 3
"""Most gaps or dead ends that a reason names."""


@dataclass(frozen=True)
class PathLoss:
    """What is known of the light from one terminal to another."""

    reason: str
    """Why there is no loss or why it cannot be trusted; empty when all is well."""
    unknown: bool
    """True when the reason is that something could not be evaluated."""
    best_db: float = math.nan
    worst_db: float = math.nan
    in_phase_db: float = math.nan
    n_paths: float = 0.0
    looped: bool = False
    best_length_nm: float = math.nan
    worst_length_nm: float = math.nan
    ledger: Ledger = ()
    assumed: tuple[str, ...] = ()
    neighbours_db: float = 0.0
    """Most that guides beside the worst path can take from it; not part of its loss."""
    neighbours_unknown: str = ""
    """Why more than that may be taken: guides nearer than the process allows, whose coupling is not known."""


@dataclass(frozen=True)
class LinkResult:
    """One link."""

    name: str
    line: int
    from_name: str
    to_name: str
    state: State
    reason: str
    """Why it fails or is not evaluated; for a pass, what the number does not cover."""
    margin_db: float
    """What is left above the sensitivity; NaN without a path."""
    required_margin_db: float
    received_dbm: float
    laser_power_dbm: float
    sensitivity_dbm: float
    path_loss_db: float
    """Loss of the worst path."""
    best_loss_db: float
    in_phase_loss_db: float
    extra_loss_db: float
    ledger: Ledger
    """Loss by cause of the worst path, then the extra losses by name."""
    n_paths: float
    looped: bool
    top: int
    """Cell index of the top cell."""
    x_nm: float
    """Where light enters."""
    y_nm: float
    assumed: tuple[str, ...]
    """PDK numbers without a source on the worst path, and extra losses without one."""


@dataclass(frozen=True)
class AssertionResult:
    """One assertion."""

    text: str
    line: int
    state: State
    reason: str
    measured: float
    """In `unit`; NaN when not evaluated."""
    operator: str
    limit: float
    unit: str
    top: int
    x_nm: float
    y_nm: float
    ledger: Ledger
    assumed: tuple[str, ...]


@dataclass(frozen=True)
class BudgetResult:
    """All links and assertions, in the order of the file."""

    path: str
    wavelength_um: float
    links: tuple[LinkResult, ...]
    assertions: tuple[AssertionResult, ...]
    notes: tuple[str, ...]
    """What concerns the whole circuit: losses taken as zero, ports that are no terminals."""

    @property
    def complete(self) -> bool:
        """True when everything could be evaluated."""
        states = [link.state for link in self.links] + [assertion.state for assertion in self.assertions]
        return "not_evaluated" not in states


def evaluate(budget: Budget, solved: Solved, crosstalk: CrosstalkResult) -> BudgetResult:
    """Judge a budget.

    Parameters
    ----------
    budget
        What is asked for.
    solved
        The solved circuit, all pairs or at least those that the budget names.
    crosstalk
        Coupling between guides, for isolation.

    Raises
    ------
    BudgetError
        A name that no terminal or guide answers to, or several do; with the line and the nearest names.
    """
    work = _Work(budget, solved, crosstalk)
    return BudgetResult(
        path=budget.path,
        wavelength_um=budget.budget.wavelength_um or solved.model.pdk.pdk.wavelength_um,
        links=tuple(work.link(number, link) for number, link in enumerate(budget.link)),
        assertions=tuple(work.assertion(number) for number in range(len(budget.assert_))),
        notes=solved.model.notes,
    )


class _Work:
    def __init__(self, budget: Budget, solved: Solved, crosstalk: CrosstalkResult) -> None:
        self.budget, self.solved, self.model = budget, solved, solved.model
        self.names = Names(budget, solved.model)
        self.crosstalk = crosstalk
        self._leaks: Leaks | None = None

    # Links.

    def link(self, number: int, link: Link) -> LinkResult:
        source = self.names.terminal(link.from_, "source", "link", number, "from")
        sink = self.names.terminal(link.to, "sink", "link", number, "to")
        path = self.path_loss(source, sink)
        extra_db = sum(extra.loss_db for extra in link.extra_losses)
        received_dbm = link.laser_power_dbm - path.worst_db - extra_db
        margin_db, required_db = received_dbm - link.sensitivity_dbm, self.budget.margin_db(link)
        reason, state = path.reason, _state(path, margin_db >= required_db)
        if state == "fail" and not reason:
            reason = f"margin {margin_db:.2f} dB, {required_db:.2f} dB needed"
        notes = [reason] if reason else []
        if not reason and path.n_paths > 1.0:
            notes.append(_several(path))
        if state == "pass" and path.neighbours_db > NEGLIGIBLE_DB:
            notes.append(_taken(path))
            state = "pass" if margin_db - path.neighbours_db >= required_db else "not_evaluated"
        if path.neighbours_unknown and state != "fail":
            notes.append(path.neighbours_unknown)
            state = "not_evaluated"
        terminals = self.model.terminals
        assumed = tuple(f"{link.name}: {extra.name}" for extra in link.extra_losses if extra.source is None)
        return LinkResult(
            name=link.name,
            line=self.budget.line("link", number),
            from_name=terminals.name[source],
            to_name=terminals.name[sink],
            state=state,
            reason="; ".join(notes),
            margin_db=margin_db,
            required_margin_db=required_db,
            received_dbm=received_dbm,
            laser_power_dbm=link.laser_power_dbm,
            sensitivity_dbm=link.sensitivity_dbm,
            path_loss_db=path.worst_db,
            best_loss_db=path.best_db,
            in_phase_loss_db=path.in_phase_db,
            extra_loss_db=extra_db,
            ledger=(*path.ledger, *((extra.name, extra.loss_db) for extra in link.extra_losses)),
            n_paths=path.n_paths,
            looped=path.looped,
            top=int(terminals.top[source]),
            x_nm=float(terminals.x_nm[source]),
            y_nm=float(terminals.y_nm[source]),
            assumed=(*path.assumed, *assumed),
        )

    def path_loss(self, source: int, sink: int) -> PathLoss:
        """Return what is known of the light from one terminal to another."""
        gaps = self._gaps_between(source, sink)
        row = self.solved.row(source, sink)
        if row is None:
            if gaps:
                return PathLoss(f"a device without a model stands between them: {gaps}", unknown=True)
            if not self.solved.complete:
                return PathLoss("the path table was cut before this pair", unknown=True)
            return PathLoss(f"no path{self._dead_ends(source)}", unknown=False)
        paths = self.solved.tables.paths
        looped = bool(paths.looped[row])
        reason = f"another way may lead through a device without a model: {gaps}" if gaps else ""
        if looped:
            reason = "a path leads round a loop; what resonance does to it is not evaluated"
        trace = self.solved.trace(source, sink)
        several = paths.n_paths[row] > 1.0
        reason = reason or self._other_light(self._between(source, sink) if several else trace)
        neighbours_db, neighbours_unknown = self._neighbours(trace)
        ledger = ((cause, float(getattr(paths, f"{cause}_db")[row])) for cause in CAUSES)
        return PathLoss(
            reason,
            unknown=bool(reason),
            best_db=float(paths.best_loss_db[row]),
            worst_db=float(paths.worst_loss_db[row]),
            in_phase_db=float(paths.in_phase_loss_db[row]),
            n_paths=float(paths.n_paths[row]),
            looped=looped,
            best_length_nm=float(paths.best_length_nm[row]),
            worst_length_nm=float(paths.worst_length_nm[row]),
            ledger=tuple((cause, loss_db) for cause, loss_db in ledger if loss_db > 0.0),
            assumed=self.model.assumed(trace),
            neighbours_db=neighbours_db,
            neighbours_unknown=neighbours_unknown,
        )

    def _between(self, source: int, sink: int) -> Ints:
        """Return the arcs of all paths from one terminal to another."""
        arcs = self.model.arcs
        ahead, behind = self.solved.reach(source), self.solved.reach_back(sink)
        return np.flatnonzero(np.isfinite(ahead[arcs.start]) & np.isfinite(behind[arcs.end]))

    def _neighbours(self, trace: Ints) -> tuple[float, str]:
        """Return the loss to guides that run beside those of a path, each taking all that it can, and what is unknown.

        Where the PDK cannot tell (no coupling table, a gap below it), its minimum spacing decides: guides that keep it
        are far enough apart for those who made the process.
        """
        tables = self.model.tables
        on_path = np.zeros(len(tables.waveguides) + 1, dtype=bool)
        on_path[tables.devices.waveguide[self.model.arcs.device[trace]]] = True
        on_path[-1] = False  # where devices without a guide are
        a, b = tables.runs.waveguide_a, tables.runs.waveguide_b
        beside = (on_path[a] | on_path[b]) & (a != b)
        known = np.isfinite(self.crosstalk.bound_db)
        left = 1.0 - db_to_ratio(self.crosstalk.bound_db[beside & known])
        spacing_nm = np.array([*(one.min_spacing_um.value * NM_PER_UM for one in self.model.cross_sections), np.inf])
        sections = tables.waveguides.cross_section
        near_nm = np.maximum(spacing_nm[sections[a]], spacing_nm[sections[b]]) - self.model.pdk.process.dbu_nm
        unknown = np.flatnonzero(beside & ~known & (tables.runs.gap_min_nm < near_nm))
        reasons = sorted({self.crosstalk.reason[row] for row in unknown.tolist()})
        said = f"what guides beside the path take from it is not known: {', '.join(reasons)}" if reasons else ""
        return float(-ratio_to_db(np.maximum(left, 0.0)).sum()) + 0.0, said

    def _other_light(self, rows: Ints) -> str:
        """Say when what stands on the way (arcs) was made for different light, or for other light than the budget's."""
        stated_um = self.budget.budget.wavelength_um
        asked = "the budget" if stated_um is not None else "the PDK (the budget states no wavelength_um)"
        asked_um = self.model.pdk.pdk.wavelength_um if stated_um is None else stated_um
        return other_light(self.model, rows, asked_um=asked_um, asked=asked)

    def _gaps_between(self, source: int, sink: int) -> str:
        """Name devices without a model that light reaches and from which it could go on."""
        devices = self.model.gap_devices
        if not len(devices):
            return ""
        owner = self.model.port_device
        reached = owner[np.isfinite(self.solved.reach(source))]
        onward = owner[np.isfinite(self.solved.reach_back(sink)) & (self.model.port_peer >= 0)]
        # Light that would leave a gap enters what it is joined to; nothing leaves it in the tables.
        between = np.intersect1d(np.intersect1d(devices, reached), np.intersect1d(devices, onward))
        if not len(between):
            return ""
        reason = {device: gap.reason for gap in self.model.gaps for device in gap.devices}
        named = [f"{self.names.device(int(d))} ({reason[int(d)]})" for d in between[:MAX_NAMED]]
        return ", ".join(named) + (f" and {len(between) - MAX_NAMED} more" if len(between) > MAX_NAMED else "")

    def _dead_ends(self, source: int) -> str:
        """Say where the light of a source leaves the circuit without a terminal."""
        arcs, peer = self.model.arcs, self.model.port_peer
        reached = np.isfinite(self.solved.reach(source))
        ends = np.setdiff1d(arcs.end[reached[arcs.start] & (peer[arcs.end] < 0)], self.model.terminals.port)
        if not len(ends):
            return ""
        named = [self.names.port(int(port)) for port in ends[:MAX_NAMED]]
        more = f" and {len(ends) - MAX_NAMED} more" if len(ends) > MAX_NAMED else ""
        return f"; light ends at the open {'ports' if len(ends) > 1 else 'port'} {', '.join(named)}{more}"

    # Assertions.

    def assertion(self, number: int) -> AssertionResult:
        statement = self.budget.assert_[number].statement
        if statement.kind == "loss":
            return self._loss(number, statement)
        if statement.kind == "isolation":
            return self._isolation(number, statement)
        return self._length_difference(number, statement)

    def _result(
        self,
        number: int,
        statement: Statement,
        measured: float,
        reason: str,
        place: tuple[int, float, float],
        ledger: Ledger = (),
        assumed: tuple[str, ...] = (),
        *,
        failed: bool = False,
    ) -> AssertionResult:
        state: State = "not_evaluated" if reason else "pass"
        if failed or (not reason and not statement.holds(measured)):
            state = "fail"
        text = self.budget.assert_[number].check
        sign, limit, unit = statement.operator, statement.limit, statement.unit
        line = self.budget.line("assert", number, "check")
        return AssertionResult(
            text, line, state, reason, measured, sign, limit, unit, *place, ledger=ledger, assumed=assumed
        )

    def _loss(self, number: int, statement: Statement) -> AssertionResult:
        source, sink = self._ends(statement.subjects[0], number)
        path = self.path_loss(source, sink)
        # Every path must keep an upper limit, and a lower limit too.
        measured = path.worst_db if statement.upper else path.best_db
        failed = bool(path.reason) and not path.unknown
        reason = path.reason
        if not reason and statement.upper and statement.holds(measured):
            reason = path.neighbours_unknown
            if not statement.holds(measured + path.neighbours_db):
                reason = _taken(path)
        return self._result(
            number, statement, measured, reason, self._place(source), path.ledger, path.assumed, failed=failed
        )

    def _isolation(self, number: int, statement: Statement) -> AssertionResult:
        first, second = (str(name) for name in statement.subjects)
        source = self.names.terminal(first, "source", "assert", number, "check")
        sink = self.names.terminal(second, "sink", "assert", number, "check")
        path = self.path_loss(source, sink)
        self._leaks = self._leaks or leaks(self.model, self.crosstalk)
        total = leaked(self.solved, self._leaks, source, sink)
        measured, assumed = -total.level_db, (*path.assumed, *self._leaks.assumed)
        reason = "; ".join(total.unknown)
        if path.n_paths > 0.0 or path.unknown:
            # Light has a path of its own besides: what arrives there in phase, at worst.
            direct_db = path.in_phase_db if math.isfinite(path.in_phase_db) else path.best_db
            arrives = loss_db_to_transmission(direct_db) + loss_db_to_transmission(measured)
            measured = float(transmission_to_loss_db(arrives))
            reason = path.reason if path.unknown else reason
        # What is not known can only add light.
        if not path.unknown and statement.upper and statement.holds(measured):
            reason = ""
        failed = (
            bool(reason) and statement.holds(math.inf) and not statement.holds(measured) and not math.isnan(measured)
        )
        return self._result(number, statement, measured, reason, self._place(source), (), assumed, failed=failed)

    def _length_difference(self, number: int, statement: Statement) -> AssertionResult:
        lengths, reasons, place = [], [], (-1, math.nan, math.nan)
        for subject in statement.subjects:
            if isinstance(subject, Path):
                source, sink = self._ends(subject, number)
                path = self.path_loss(source, sink)
                reasons += [path.reason] if path.reason else []
                if path.n_paths > 1.0:
                    reasons.append(
                        f"{path.n_paths:.6g} paths lead from {subject.start} to {subject.end}: which is meant?"
                    )
                lengths.append(path.worst_length_nm)
                place = place if place[0] >= 0 else self._place(source)
            else:
                row = self.names.guide(subject, number)
                guides, ports = self.model.tables.waveguides, self.model.tables.ports
                length_nm, port = float(guides.centerline_length_nm[row]), int(guides.port_a[row])
                reasons += [] if math.isfinite(length_nm) else [f"the length of {subject} could not be measured"]
                lengths.append(length_nm)
                if place[0] < 0 and port >= 0:
                    place = (int(ports.top[port]), float(ports.x_nm[port]), float(ports.y_nm[port]))
        measured = abs(lengths[0] - lengths[1]) / LENGTH_UNITS_NM[statement.unit]
        return self._result(number, statement, measured, "; ".join(dict.fromkeys(reasons)), place)

    def _ends(self, subject: Path | str, number: int) -> tuple[int, int]:
        assert isinstance(subject, Path)
        return (
            self.names.terminal(subject.start, "source", "assert", number, "check"),
            self.names.terminal(subject.end, "sink", "assert", number, "check"),
        )

    def _place(self, terminal: int) -> tuple[int, float, float]:
        terminals = self.model.terminals
        return int(terminals.top[terminal]), float(terminals.x_nm[terminal]), float(terminals.y_nm[terminal])


def _state(path: PathLoss, enough: bool) -> State:
    if path.unknown:
        return "not_evaluated"
    return "pass" if enough and not path.reason else "fail"


def _taken(path: PathLoss) -> str:
    much = f"up to {path.neighbours_db:.2f} dB" if path.neighbours_db < ALL_LIGHT_DB else "nearly all light"
    return f"guides that run beside the path may take {much} from it"


def _several(path: PathLoss) -> str:
    return (
        f"{path.n_paths:.6g} paths interfere: the loss is that of the worst one alone, "
        f"all in phase it would be {path.in_phase_db:.2f} dB, against each other more"
    )
