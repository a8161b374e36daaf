"""What is wrong with a layout although it can be read.

The same facts as `Problem` of the core, so that the problems of the reader and of the core form one list.
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with the input; equal ones are counted, not repeated."""

    code: str
    """Stable identifier in kebab case, e.g. `missing-cell`."""
    cell: str = ""
    """Cell it was seen in; empty when it concerns the whole file."""
    x_dbu: float = math.nan
    """Position in that cell; NaN when there is none."""
    y_dbu: float = math.nan
    subject: str = ""
    """What it concerns: a cell name, a count, a value as text."""
    count: int = 1


class ProblemList:
    """Collects problems, merging those that differ in nothing but their position."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str, str], Problem] = {}

    def add(self, code: str, cell: str = "", subject: str = "", at: tuple[float, float] | None = None) -> None:
        """Note a problem; of equal ones the first position is kept."""
        key = (code, cell, subject)
        known = self._found.get(key)
        if known is not None:
            x, y, count = known.x_dbu, known.y_dbu, known.count + 1
        else:
            x, y = at if at is not None else (math.nan, math.nan)
            count = 1
        self._found[key] = Problem(code, cell, x, y, subject, count)

    def items(self) -> tuple[Problem, ...]:
        """All problems in the order in which they were first seen."""
        return tuple(self._found.values())
