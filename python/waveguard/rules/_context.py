"""What a rule is given, and how it says what it saw.

`Facts` are shared by all rules of a run and never change. A `Context` is made for one rule: the facts, plus a log of
what that rule looked at and could not judge. The fact a newcomer would get wrong: a rule that returns without a
finding and without `looked_at` has not passed anything, and is reported as not applicable.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from waveguard.findings import Finding, Gap, Place, Related, RuleStatus, Severity, fingerprint
from waveguard.rules._registry import Rule
from waveguard.units import NM_PER_UM

if TYPE_CHECKING:
    from waveguard.analyses.budget import BudgetResult
    from waveguard.pdk.schema import CrossSection, Pdk
    from waveguard.tables import Tables

MAX_RELATED = 20


@dataclass(frozen=True, slots=True)
class LayoutProblem:
    """Something wrong with the input although work went on; see the codes of IN001.

    The position is in the frame of `cell`, or of the top cell `top` when that is stated.
    """

    code: str
    cell: str = ""
    subject: str = ""
    x_nm: float = float("nan")
    y_nm: float = float("nan")
    count: int = 1
    top: int = -1


@dataclass(frozen=True)
class Facts:
    """Everything a rule may judge.

    `cross_sections` is in the order of the recipe, so that the id columns of the tables index it. `stated_*` have one
    value for each waveguide, NaN where its cell states none; `stated_cells` are all cells that state a length.
    `device_kinds` has the PDK's kind of each device, empty for none; it may be left empty altogether.
    `ends` are the ports where light may enter or leave the circuit, so that they need no partner. `coupled_db` has
    the largest level along each row of `runs`, or is empty.
    """

    tables: Tables
    pdk: Pdk
    cell_names: Sequence[str]
    cross_sections: Sequence[CrossSection]
    grid_nm: float = 1.0
    device_kinds: Sequence[str] = ()
    stated_length_um: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    stated_width_um: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    stated_radius_um: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    stated_min_radius_um: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    stated_cells: frozenset[int] = frozenset()
    problems: Sequence[LayoutProblem] = ()
    ends: frozenset[int] = frozenset()
    coupled_db: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    budget: BudgetResult | None = None
    least_coverage: float = 0.9
    """Share of the core area below which a top cell gets a finding."""
    gate_coverage: float = 0.5
    """Share below which the run is incomplete: most of the chip was not looked at, so there is no pass."""


class Context:
    """The facts of a run, and the log of the one rule it was made for."""

    def __init__(self, facts: Facts, rule: Rule) -> None:
        self.facts = facts
        self.tables = facts.tables
        self.pdk = facts.pdk
        self._rule = rule
        self._looked_at: dict[str, int] = {}
        self._gaps: dict[tuple[str, str, bool], int] = {}
        self._reason = ""

    # What the rule says about its own work.

    def looked_at(self, kind: str, number: int) -> None:
        """Count objects that were judged; `kind` is a plural noun."""
        if number:
            self._looked_at[kind] = self._looked_at.get(kind, 0) + int(number)

    def not_evaluated(self, subject: str, number: int, reason: str, *, asked: bool = True) -> None:
        """Count objects that should have been judged and could not, and say why; `subject` is a plural noun."""
        if number:
            key = (subject, reason, asked)
            self._gaps[key] = self._gaps.get(key, 0) + int(number)

    def not_applicable(self, reason: str) -> None:
        """Say why there is nothing to judge."""
        self._reason = reason

    def status(self, n_findings: int) -> RuleStatus:
        """State of the rule after it has run."""
        gaps = tuple(
            Gap(subject.removesuffix("s") if number == 1 else subject, number, reason, asked)
            for (subject, reason, asked), number in self._gaps.items()
        )
        looked_at = tuple(self._looked_at.items())
        code, title = self._rule.code, self._rule.title
        if looked_at or n_findings:
            return RuleStatus(code, title, "ran", "", looked_at, gaps, n_findings)
        if gaps:
            reason = "; ".join(dict.fromkeys(gap.reason for gap in gaps))
            return RuleStatus(code, title, "not_evaluated", reason, (), gaps)
        return RuleStatus(code, title, "not_applicable", self._reason or "nothing to look at")

    # Names and places.

    def cell_name(self, cell: int) -> str:
        """Name of a cell by its index; empty for none."""
        return self.facts.cell_names[cell] if cell >= 0 else ""

    def device_cell(self, device: int) -> str:
        """Name of the cell that a device or waveguide is an instance of."""
        return self.cell_name(int(self.tables.devices.cell[device])) if device >= 0 else ""

    def place(
        self,
        x_nm: float,
        y_nm: float,
        *,
        top: int,
        cell: str = "",
        bbox_nm: tuple[float, float, float, float] | None = None,
    ) -> Place:
        """A place in the frame of a top cell, on the grid that reports print (1 pm)."""
        known = bool(np.isfinite(x_nm) and np.isfinite(y_nm))
        bbox_um = None if bbox_nm is None else tuple(_um(value) for value in bbox_nm)
        return Place(
            top=self.cell_name(top),
            cell=cell,
            x_um=_um(x_nm) if known else None,
            y_um=_um(y_nm) if known else None,
            bbox_um=bbox_um,  # type: ignore[arg-type]  # four values in, four values out
        )

    def device_kind(self, device: int) -> str:
        """What the PDK says a device is; empty when it says nothing."""
        return self.facts.device_kinds[device] if self.facts.device_kinds else ""

    def port_place(self, port: int) -> Place:
        """The place of a port."""
        ports = self.tables.ports
        device = int(ports.device[port])
        return self.place(ports.x_nm[port], ports.y_nm[port], top=int(ports.top[port]), cell=self.device_cell(device))

    def waveguide_cell(self, waveguide: int) -> str:
        """Name of the cell of a waveguide."""
        return self.device_cell(int(self.tables.waveguides.device[waveguide]))

    def waveguide_top(self, waveguide: int) -> int:
        """Top cell of a waveguide."""
        return int(self.tables.devices.top[int(self.tables.waveguides.device[waveguide])])

    # Limits.

    def cross_section(self, index: int) -> CrossSection | None:
        """The cross-section of an id; None for none."""
        return self.facts.cross_sections[index] if index >= 0 else None

    def cross_section_name(self, index: int) -> str:
        """Name of a cross-section by its id; empty for none."""
        section = self.cross_section(index)
        return section.name if section is not None else ""

    def limits_nm(self, limit: str, cross_section: NDArray[np.int64]) -> NDArray[np.float64]:
        """A limit in um of the PDK's cross-sections, in nm for every row; NaN where the PDK is silent."""
        values = np.full(len(self.facts.cross_sections) + 1, np.nan)
        for index, section in enumerate(self.facts.cross_sections):
            value = getattr(section, limit)
            if value is not None:
                values[index] = float(value) * NM_PER_UM
        return values[cross_section]

    # Findings.

    def finding(
        self,
        message: str,
        place: Place,
        *,
        facts: Iterable[str | int] = (),
        measured: float | None = None,
        limit: float | None = None,
        unit: str = "",
        related: Sequence[Related] = (),
        hint: str = "",
        severity: Severity | None = None,
    ) -> Finding:
        """A finding of this rule.

        `facts` are what tells it from other findings in the same cell whatever way the cell is placed; no absolute
        coordinates and no measured values, which differ in the last digit under rotation.
        """
        return Finding(
            code=self._rule.code,
            severity=severity or self._rule.severity,
            message=message,
            place=place,
            measured=_rounded(measured),
            limit=_rounded(limit),
            unit=unit,
            related=tuple(related[:MAX_RELATED]),
            hint=hint,
            fingerprint=fingerprint(self._rule.code, place.cell, facts),
        )


def _um(value_nm: float) -> float:
    return round(float(value_nm) / NM_PER_UM, 6) + 0.0


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(float(value), 6) + 0.0
