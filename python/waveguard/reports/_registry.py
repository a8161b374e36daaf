"""The list of report formats, filled by importing every public module of this package once."""

from __future__ import annotations

import difflib
import functools
import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO, TypeAlias

from waveguard.errors import UsageError
from waveguard.findings import Run

PACKAGE = "waveguard.reports"


@dataclass(frozen=True)
class ReportOptions:
    """How a report is written; the defaults are those of a file.

    `max_rows` caps what the report for people shows of one rule or table (0: everything); formats for programs
    never cap.
    """

    color: bool = False
    timings: bool = False
    max_rows: int = 20


Writer: TypeAlias = Callable[[Run, TextIO, ReportOptions], None]


@dataclass(frozen=True)
class Report:
    """A format: its name, the suffix of its files, and its writer."""

    name: str
    suffix: str
    write: Writer


_REPORTS: dict[str, Report] = {}


def report(name: str, *, suffix: str) -> Callable[[Writer], Writer]:
    """Register a writer under a format name and a file suffix."""

    def register(write: Writer) -> Writer:
        clash = next((known for known in _REPORTS.values() if known.name == name or known.suffix == suffix), None)
        if clash is not None:
            message = f"report format {name} ({suffix}) clashes with {clash.name} ({clash.suffix})"
            raise ValueError(message)
        _REPORTS[name] = Report(name, suffix, write)
        return write

    return register


@functools.cache
def all_reports() -> tuple[Report, ...]:
    """Return every format, by name."""
    package = importlib.import_module(PACKAGE)
    for module in pkgutil.iter_modules(package.__path__):
        if not module.name.startswith("_"):
            importlib.import_module(f"{PACKAGE}.{module.name}")
    return tuple(_REPORTS[name] for name in sorted(_REPORTS))


def by_name(name: str) -> Report:
    """Return the format of that name; UsageError names the nearest when there is none."""
    reports = {known.name: known for known in all_reports()}
    if name in reports:
        return reports[name]
    raise UsageError(_unknown("format", name, list(reports)))


def by_suffix(path: Path) -> Report:
    """Return the format that belongs to the suffix of a file name; UsageError when none does."""
    reports = {known.suffix: known for known in all_reports()}
    suffix = path.suffix.lower()
    if suffix in reports:
        return reports[suffix]
    known = ", ".join(reports)
    if not suffix:
        raise UsageError(f"the report {path.name} has no suffix to tell its format by (known: {known})")
    raise UsageError(_unknown(f"suffix of {path.name}", suffix, list(reports)))


def _unknown(what: str, name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    guess = f"did you mean {near[0]}? " if near else ""
    return f"unknown report {what}: {name or 'none'} ({guess}known: {', '.join(known)})"
