"""The little language of assertions.

    loss(a -> b) < 4.5 dB            the loss of every path from a to b (of the best one for >)
    |dL(a, b)| < 50 nm               difference of length of two guides, or of two paths written x -> y
    isolation(a, b) > 30 dB          how far below the power put in at a is what of it arrives at b

`→` is as good as `->`, `ΔL` as `dL`, `µm` as `um`. Names may hold anything but a comma, an arrow and quotes outside
their own parentheses (`cell@(12,5)`); other names stand in double quotes.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass

OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}
LENGTH_UNITS_NM = {"nm": 1.0, "um": 1e3, "µm": 1e3, "μm": 1e3, "mm": 1e6}
EXAMPLES = "loss(a -> b) < 4.5 dB, |dL(a, b)| < 50 nm, isolation(a, b) > 30 dB"

_HEAD = re.compile(r"\s*(?P<bar>\|)?\s*(?P<function>[A-Za-zΔ∆]+)\s*\(")
_TAIL = re.compile(
    r"\s*(?P<bar>\|)?\s*(?P<operator><=|>=|<|>|≤|≥)?\s*"
    r"(?P<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)?\s*(?P<unit>[A-Za-zµμ]+)?\s*(?P<rest>.*)$",
    re.DOTALL,
)


class StatementError(ValueError):
    """A text that is no assertion; the message says what was expected where."""


@dataclass(frozen=True, slots=True)
class Path:
    """From one terminal to another."""

    start: str
    end: str

    def __str__(self) -> str:
        return f"{self.start} -> {self.end}"


@dataclass(frozen=True, slots=True)
class Statement:
    """What is asserted."""

    kind: str
    """`loss`, `length_difference` or `isolation`."""
    subjects: tuple[Path | str, ...]
    """One path for a loss; two guides or paths; or the names of two terminals."""
    operator: str
    limit: float
    unit: str
    """`dB`, or the unit of length as written."""

    def holds(self, measured: float) -> bool:
        """Return whether a measured value in `unit` fulfils the assertion."""
        return OPERATORS[self.operator](measured, self.limit)

    @property
    def upper(self) -> bool:
        """True when the limit is the most that is allowed."""
        return self.operator.startswith("<")


def parse_statement(text: str) -> Statement:
    """Read an assertion.

    Examples
    --------
    >>> parse_statement("loss(in → out) <= 4.5 dB").subjects
    (Path(start='in', end='out'),)
    >>> parse_statement("|ΔL(arm_1, arm_2)| < 50 nm").limit
    50.0
    """
    head = _HEAD.match(text)
    if head is None:
        raise _error(text, 0, "expected loss(…), |dL(…)| or isolation(…)")
    end = _closing(text, head.end() - 1)
    if end < 0:
        raise _error(text, len(text), "expected ')'")
    inside, start = text[head.end() : end], head.end()
    function = head["function"].replace("Δ", "d").replace("∆", "d").casefold()
    kind = {"loss": "loss", "dl": "length_difference", "isolation": "isolation"}.get(function)
    if kind is None:
        raise _error(text, head.start("function"), f"unknown quantity '{head['function']}', known: loss, dL, isolation")
    subjects = _subjects(text, inside, start, kind)
    tail = _TAIL.match(text, end + 1)
    if tail is None:
        raise _error(text, end + 1, "expected <, <=, > or >=")
    bars = (head["bar"] is not None, tail["bar"] is not None)
    if kind == "length_difference" and bars != (True, True):
        raise _error(text, 0, "a difference of lengths stands between bars: |dL(a, b)| < 50 nm")
    if kind != "length_difference" and any(bars):
        raise _error(text, 0, f"no bars around {kind}(…)")
    if tail["operator"] is None:
        raise _error(text, end + 1, "expected <, <=, > or >=")
    if tail["number"] is None:
        raise _error(text, tail.end("operator"), "expected a number")
    unit, limit = tail["unit"] or "", float(tail["number"])
    if kind == "length_difference":
        if unit not in LENGTH_UNITS_NM:
            raise _error(text, tail.end("number"), "expected a unit of length: nm, um, mm")
    elif unit.casefold() != "db":
        raise _error(text, tail.end("number"), "expected dB")
    if tail["rest"]:
        raise _error(text, tail.start("rest"), f"did not expect '{tail['rest']}'")
    sign = {"≤": "<=", "≥": ">="}.get(tail["operator"], tail["operator"])
    if kind == "length_difference" and limit < 0:
        raise _error(text, tail.start("number"), "a difference between bars is never negative")
    return Statement(kind, subjects, sign, limit, unit if kind == "length_difference" else "dB")


def _error(text: str, at: int, expected: str) -> StatementError:
    shown = " ".join(text.split())
    where = f"after '{' '.join(text[:at].split())}'" if text[:at].strip() else "at the beginning"
    return StatementError(f"cannot read the assertion '{shown}': {expected} {where} (like {EXAMPLES})")


def _closing(text: str, opening: int) -> int:
    """Return where the parenthesis that opens at `opening` closes, -1 for nowhere."""
    for at, depth in _depths(text, opening):
        if depth == 0 and text[at] == ")":
            return at
    return -1


def _depths(text: str, start: int = 0) -> list[tuple[int, int]]:
    """Return each place outside quotes with the depth of parentheses after it."""
    found, depth, quoted = [], 0, False
    for at in range(start, len(text)):
        if text[at] == '"':
            quoted = not quoted
        if quoted:
            continue
        depth += {"(": 1, ")": -1}.get(text[at], 0)
        found.append((at, depth))
    return found


def _split(text: str, mark: str) -> list[tuple[int, str]]:
    """Return the parts of a text between marks that stand outside parentheses and quotes, with their places."""
    cuts = [at for at, depth in _depths(text) if depth == 0 and text.startswith(mark, at)]
    starts = [0, *(at + len(mark) for at in cuts)]
    return [(a, text[a:b]) for a, b in zip(starts, [*cuts, len(text)], strict=True)]


def _name(text: str, part: str, at: int) -> str:
    name = part.strip()
    if len(name) >= 2 and name[0] == name[-1] == '"':
        name = name[1:-1]
    if not name:
        raise _error(text, at, "expected a name")
    return name


def _path(text: str, part: str, at: int) -> Path | None:
    ends = _split(part.replace("→", "->"), "->")
    if len(ends) == 1:
        return None
    if len(ends) > 2:
        raise _error(text, at, "expected one arrow: from -> to")
    return Path(*(_name(text, end, at) for _, end in ends))


def _subjects(text: str, inside: str, start: int, kind: str) -> tuple[Path | str, ...]:
    parts = [(start + at, part) for at, part in _split(inside, ",")]
    wanted = 1 if kind == "loss" else 2
    if len(parts) != wanted:
        expected = "one path: loss(from -> to)" if kind == "loss" else "two names with a comma between them"
        raise _error(text, start, f"expected {expected}, found {len(parts)}")
    if kind == "isolation":
        return tuple(_name(text, part, at) for at, part in parts)
    found = tuple(_path(text, part, at) or _name(text, part, at) for at, part in parts)
    if kind == "loss" and not isinstance(found[0], Path):
        raise _error(text, start, "expected an arrow: loss(from -> to)")
    return found
