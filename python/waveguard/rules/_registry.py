"""Which rules there are: the decorator that declares one, and the walk that finds them all.

A rule is one function in one file below this package; nothing lists it by hand. Its docstring is its documentation,
with the five headings of `HEADINGS`; `waveguard explain CODE` prints it.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, TypeAlias

from waveguard.errors import UsageError
from waveguard.findings import Finding, Severity

if TYPE_CHECKING:
    from waveguard.rules._context import Context

Judge: TypeAlias = "Callable[[Context], Iterable[Finding]]"
HEADINGS = ("What", "Why", "Fix", "Limits", "Not checked")
CODE_PATTERN = re.compile(r"[A-Z]{2}\d{3}")


@dataclass(frozen=True, slots=True)
class Rule:
    """A declared rule. `severity` is that of its findings unless a finding says otherwise."""

    code: str
    name: str
    severity: Severity
    since: str
    judge: Judge
    module: str
    gate: bool = False
    """True for a rule without whose answer those of the others mean nothing: only naming it leaves it out."""

    @property
    def documentation(self) -> str:
        """The docstring, without its indentation."""
        return inspect.getdoc(self.judge) or ""

    @property
    def title(self) -> str:
        """First line of the documentation, without the final stop."""
        return self.documentation.partition("\n")[0].rstrip(".")

    def section(self, heading: str) -> str:
        """Text under one heading of the documentation; empty when it is missing."""
        return sections(self.documentation).get(heading, "")


_declared: dict[str, Rule] = {}


def rule(code: str, *, severity: Severity | str, since: str, gate: bool = False) -> Callable[[Judge], Judge]:
    """Declare the decorated function as the rule `code`. A code is used once and never again; `gate` as in `Rule`."""
    if not CODE_PATTERN.fullmatch(code):
        message = f"rule code {code}: expected two capital letters and three digits"
        raise ValueError(message)

    def declare(judge: Judge) -> Judge:
        known = _declared.get(code)
        if known is not None and known.module != judge.__module__:
            message = f"rule code {code} is declared twice: {known.module} and {judge.__module__}"
            raise ValueError(message)
        _declared[code] = Rule(code, judge.__name__, Severity(severity), since, judge, judge.__module__, gate)
        return judge

    return declare


def sections(documentation: str) -> dict[str, str]:
    """The texts of a docstring by heading; a heading starts a line and ends in a colon."""
    found: dict[str, list[str]] = {}
    current: list[str] | None = None
    for line in documentation.splitlines():
        heading, colon, rest = line.partition(":")
        if colon and heading in HEADINGS:
            current = found.setdefault(heading, [])
            line = rest
        if current is not None:
            current.append(line.strip())
    return {heading: " ".join(part for part in lines if part) for heading, lines in found.items()}


@cache
def _load() -> None:
    package = importlib.import_module("waveguard.rules")
    for module in pkgutil.walk_packages(package.__path__, "waveguard.rules."):
        if not module.name.rpartition(".")[2].startswith("_"):
            importlib.import_module(module.name)


def all_rules() -> tuple[Rule, ...]:
    """Every rule, by code."""
    _load()
    return tuple(_declared[code] for code in sorted(_declared))


def selected_rules(select: Iterable[str] | None, ignore: Iterable[str] | None) -> frozenset[str]:
    """Codes to run: those that start with an entry of `select` (None: all) and with none of `ignore`.

    Gates run whatever is selected, unless ignored. A choice that leaves no other rule is a usage error: a run that
    judges nothing would end as a pass.
    """
    codes = [known.code for known in all_rules()]
    gates = {known.code for known in all_rules() if known.gate}
    wanted = _matching(codes, select) if select is not None else set(codes)
    unwanted = _matching(codes, ignore) if ignore is not None else set()
    if not wanted - unwanted:
        raise UsageError("no rule is left to run", hint="select at least one rule that is not ignored")
    return frozenset((wanted | gates) - unwanted)


def _matching(codes: list[str], prefixes: Iterable[str]) -> set[str]:
    matched: set[str] = set()
    for prefix in prefixes:
        hits = {code for code in codes if prefix and code.startswith(prefix.upper())}
        if not hits:
            message = f"no rule matches: {prefix} (known: {', '.join(codes)})"
            raise UsageError(message)
        matched |= hits
    return matched
