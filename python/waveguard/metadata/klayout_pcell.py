"""KLayout's parametric cells: `PCELL=ROUND_PATH`, `LIB=Basic`, `P(path)=[dpath:…]`, `P(radius)=##5`.

The path of a ROUND_PATH is the centre line of a guide as its author drew it, even in cells that have no pins at all.
"""

from __future__ import annotations

import re

from waveguard.metadata.cell import CellMetadata, StatedGuide
from waveguard.metadata.klayout_value import (
    Tagged,
    Value,
    ValueSyntaxError,
    layer_of,
    number_of,
    parse_leading_string,
    parse_value,
)
from waveguard.reading.problem import ProblemList

GUIDE_PCELL = "ROUND_PATH"
_PATH = re.compile(r"\(([^)]*)\)\s+w=(\S+)")


def read_pcell(cell: str, strings: list[str], problems: ProblemList) -> CellMetadata | None:
    """Return what the strings of a cell say of its parameters; None when it is no parametric cell."""
    pcell: str | None = None
    library: str | None = None
    parameters: dict[str, Value] = {}
    for s in strings:
        if s.startswith("PCELL="):
            pcell = s[len("PCELL=") :]
        elif s.startswith("LIB="):
            library = s[len("LIB=") :]
        elif s.startswith("P("):
            try:
                name, end = parse_leading_string(s, 2)
                if s[end : end + 2] != ")=":
                    raise ValueSyntaxError("no )= after the name")
                parameters[name] = parse_value(s[end + 2 :])
            except ValueSyntaxError as error:
                problems.add("metadata-not-understood", cell, f"{s[:60]}: {error}")
    if pcell is None and library is None:
        return None
    stated = _guide(cell, parameters, problems) if pcell == GUIDE_PCELL else None
    return CellMetadata(pcell=pcell, library=library, parameters=parameters, stated=stated)


def _guide(cell: str, parameters: dict[str, Value], problems: ProblemList) -> StatedGuide | None:
    path = parameters.get("path")
    if not isinstance(path, Tagged) or path.tag != "dpath":
        return None
    match = _PATH.match(path.text.strip())
    try:
        if match is None:
            raise ValueError("neither points nor width")
        points = tuple(_point(pair) for pair in match[1].split(";") if pair)
        width = float(match[2])
    except ValueError as error:
        problems.add("metadata-not-understood", cell, f"[{path.tag}:{path.text[:50]}]: {error}")
        return None
    return StatedGuide(
        width_um=width,
        radius_um=number_of(parameters.get("radius")),
        points_um=points,
        layer=layer_of(parameters.get("layer")),
    )


def _point(pair: str) -> tuple[float, float]:
    x, y = pair.split(",")
    return float(x), float(y)
