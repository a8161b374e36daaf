"""What a run says: findings, rule states, coverage, result tables, and the exit code they lead to.

Everything here is a frozen value that knows nothing about how it was found; reports read this file and nothing
else. What a newcomer gets wrong: a run without findings is not yet a pass. `Run.verdict` also needs that everything
asked for was looked at, see `Incomplete`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Literal, TypeAlias

from waveguard.errors import UsageError

Cell: TypeAlias = str | float | int | bool | None
FINGERPRINT_DIGITS = 16


class Severity(StrEnum):
    """How bad a finding is; the order of declaration is the order of badness."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"

    @property
    def rank(self) -> int:
        """0 for the worst."""
        return list(Severity).index(self)

    def reaches(self, threshold: Severity | None) -> bool:
        """True when this is at least as bad as `threshold`; nothing reaches None."""
        return threshold is not None and self.rank <= threshold.rank


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is: micrometres in the frame of the top cell `top`, or of `cell` when `top` is empty;
    `cell` is the cell it is drawn in.

    `x_um`, `y_um` and `bbox_um` (x0, y0, x1, y1) are None when it concerns a whole cell or file.
    """

    top: str = ""
    cell: str = ""
    x_um: float | None = None
    y_um: float | None = None
    bbox_um: tuple[float, float, float, float] | None = None

    @property
    def sort_key(self) -> tuple[str, float, float, str]:
        """By top cell, then left to right, then upwards; a place without a position comes first."""
        x_um = float("-inf") if self.x_um is None else self.x_um
        y_um = float("-inf") if self.y_um is None else self.y_um
        return self.top, x_um, y_um, self.cell


@dataclass(frozen=True, slots=True)
class Related:
    """A second place that helps to understand a finding, with what is there."""

    message: str
    place: Place


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a rule objects to.

    Parameters
    ----------
    message
        One line, lower case, no final stop; names the object, the measured value and the limit.
    measured, limit, unit
        The numbers of the message as numbers, both in `unit`; None when the rule compares nothing.
    hint
        What would mend it.
    fingerprint
        Recognises the same finding in another run. It is made of the code, the cell and local facts, so moving or
        rotating the cell does not change it. Equal ones within a run get a rank, see `finish`.
    """

    code: str
    severity: Severity
    message: str
    place: Place
    measured: float | None = None
    limit: float | None = None
    unit: str = ""
    related: tuple[Related, ...] = ()
    hint: str = ""
    fingerprint: str = ""

    @property
    def sort_key(self) -> tuple[int, str, tuple[str, float, float, str], str, str]:
        """Worst first, then by code, then by place."""
        return self.severity.rank, self.code, self.place.sort_key, self.message, self.fingerprint


def fingerprint(code: str, cell: str, facts: Iterable[str | int]) -> str:
    """Short stable hash of what a finding is about; `facts` must not depend on where the cell is placed."""
    text = "\x1f".join([code, cell, *(str(fact) for fact in facts)])
    return hashlib.sha256(text.encode()).hexdigest()[:FINGERPRINT_DIGITS]


def finish(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Sort findings and give equal fingerprints a rank (`…`, `…-2`, `…-3`).

    Which of several equal findings gets which rank follows their order in the report; the set of fingerprints is
    the same however the cells are moved, and mending one of n always removes rank n.
    """
    seen: dict[str, int] = {}
    finished = []
    for finding in sorted(findings, key=lambda f: f.sort_key):
        rank = seen[finding.fingerprint] = seen.get(finding.fingerprint, 0) + 1
        finished.append(finding if rank == 1 else replace(finding, fingerprint=f"{finding.fingerprint}-{rank}"))
    return tuple(finished)


@dataclass(frozen=True, slots=True)
class Gap:
    """Objects a rule should have judged and could not.

    `asked` is False when nobody asked for an answer about them (a black box without a model that no link of the
    budget goes through): such a gap is reported but does not make the run incomplete.
    """

    subject: str
    count: int
    reason: str
    asked: bool = True


RuleState: TypeAlias = Literal["ran", "not_applicable", "not_evaluated"]
NOT_SELECTED = "not selected"
"""Reason of a rule that does not apply because nobody asked for it."""


@dataclass(frozen=True, slots=True)
class RuleStatus:
    """What became of one rule.

    ran: it judged at least one object. not_applicable: the layout or the request holds nothing for it, or it was
    not selected. not_evaluated: there was something to judge and nothing could be. `looked_at` counts judged
    objects by kind; `gaps` lists those left out, which a rule that ran may have too.
    """

    code: str
    title: str
    state: RuleState
    reason: str = ""
    looked_at: tuple[tuple[str, int], ...] = ()
    gaps: tuple[Gap, ...] = ()
    n_findings: int = 0


@dataclass(frozen=True, slots=True)
class CoverageItem:
    """How much of one kind of thing was understood, in one top cell (`top` empty: the whole file)."""

    kind: str
    total: float
    explained: float
    unit: str = ""
    top: str = ""

    @property
    def share(self) -> float | None:
        """Part that was understood, 0 to 1; None when there is nothing."""
        return self.explained / self.total if self.total > 0 else None


@dataclass(frozen=True, slots=True)
class Unexplained:
    """Core shapes that belong to no device and no waveguide."""

    place: Place
    area_um2: float
    reason: str
    count: int = 1


@dataclass(frozen=True, slots=True)
class Coverage:
    """What part of the file the run understood, and where the rest is (largest first)."""

    items: tuple[CoverageItem, ...] = ()
    unexplained: tuple[Unexplained, ...] = ()


@dataclass(frozen=True, slots=True)
class ColumnInfo:
    """Name of a column, its unit (empty for none) and what it holds."""

    name: str
    unit: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class ResultTable:
    """A result as rows for people and programs: path losses, links, waveguides.

    An unknown number is None, never 0 and never NaN.
    """

    name: str
    title: str
    columns: tuple[ColumnInfo, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def __post_init__(self) -> None:
        """Refuse rows that do not fit the columns."""
        if any(len(row) != len(self.columns) for row in self.rows):
            message = f"table {self.name}: a row does not have {len(self.columns)} values"
            raise ValueError(message)

    def column(self, name: str) -> tuple[Cell, ...]:
        """Values of one column, top to bottom."""
        index = [column.name for column in self.columns].index(name)
        return tuple(row[index] for row in self.rows)


@dataclass(frozen=True, slots=True)
class InputFile:
    """One file the run depended on."""

    role: Literal["layout", "pdk", "budget"]
    name: str
    sha256: str
    n_bytes: int | None = None
    format: str = ""


@dataclass(frozen=True, slots=True)
class Assumption:
    """A number without a source that had a part in the result; without a value, what a loss leaves out."""

    name: str
    value: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Incomplete:
    """Something asked for that could not be evaluated. `internal` marks an error of this program."""

    subject: str
    reason: str
    internal: bool = False


class Verdict(StrEnum):
    """How a run ended, in words."""

    CLEAN = "clean"
    FINDINGS = "findings"
    INCOMPLETE = "incomplete"
    INTERNAL_ERROR = "internal error"


EXIT_CODES: Mapping[Verdict, int] = {
    Verdict.CLEAN: 0,
    Verdict.FINDINGS: 1,
    Verdict.INCOMPLETE: 3,
    Verdict.INTERNAL_ERROR: 3,
}
EXIT_BAD_INPUT = 2


@dataclass(frozen=True, slots=True)
class Run:
    """Result of one check: everything a report may show.

    Incomplete means that something asked for has no answer:

    - a rule raised an error of ours;
    - a selected rule had objects in its scope that it could not judge, all of them or some (`Gap.asked`): no limit
      in the PDK for their cross-section, no measured value;
    - a link or an assertion of the budget could not be evaluated, or its path leads through a device without model;
    - the layout holds core shapes that form no network (no device recognised, no two waveguides that meet), or no
      shapes at all.

    Not incomplete: a device without a loss model when no budget asks for a path through it (listed, not judged), a
    waveguide that states no length, a rule that has nothing to look at or was not selected.

    `fail_on` is the least bad severity that fails the run, None for never. An internal error outranks findings, and
    findings outrank incompleteness; `allow_incomplete` excuses the latter and never the former. `timings` (stage,
    seconds) are no part of the result: two runs that differ in nothing else are equal.
    """

    findings: tuple[Finding, ...] = ()
    rules: tuple[RuleStatus, ...] = ()
    coverage: Coverage = field(default_factory=Coverage)
    counts: tuple[tuple[str, int], ...] = ()
    tables: tuple[ResultTable, ...] = ()
    inputs: tuple[InputFile, ...] = ()
    versions: tuple[tuple[str, str], ...] = ()
    pdk_name: str = ""
    pdk_version: str = ""
    assumptions: tuple[Assumption, ...] = ()
    incomplete: tuple[Incomplete, ...] = ()
    tops: tuple[str, ...] = ()
    fail_on: Severity | None = Severity.ERROR
    allow_incomplete: bool = False
    timings: tuple[tuple[str, float], ...] = field(default=(), compare=False)

    @property
    def verdict(self) -> Verdict:
        """The one word for the outcome."""
        if any(item.internal for item in self.incomplete):
            return Verdict.INTERNAL_ERROR
        if any(finding.severity.reaches(self.fail_on) for finding in self.findings):
            return Verdict.FINDINGS
        if self.incomplete and not self.allow_incomplete:
            return Verdict.INCOMPLETE
        return Verdict.CLEAN

    @property
    def exit_code(self) -> int:
        """0 clean, 1 findings at or above the threshold, 3 incomplete or internal error (2 is bad input)."""
        return EXIT_CODES[self.verdict]

    def n_findings(self, severity: Severity) -> int:
        """Number of findings of exactly this severity."""
        return sum(finding.severity is severity for finding in self.findings)

    def table(self, name: str) -> ResultTable | None:
        """The result table of that name, None when this run has none."""
        return next((table for table in self.tables if table.name == name), None)

    def count(self, name: str) -> int:
        """A number of `counts` (devices, nets, waveguides, paths, links …); 0 when it was not counted."""
        return dict(self.counts).get(name, 0)


def parse_severity(text: str | Severity | None) -> Severity | None:
    """Severity of a threshold option; "never" and None give None."""
    if text is None or text == "never":
        return None
    try:
        return Severity(text)
    except ValueError:
        known = ", ".join([*Severity, "never"])
        message = f"unknown severity: {text} (known: {known})"
        raise UsageError(message) from None
