"""Collecting the strings that KLayout keeps for each cell, from GDSII and from OASIS, and handing them to who
understands them.

In GDSII they are properties of references: the cell `$$$CONTEXT_INFO$$$` references every cell that has something to
say, and the properties of that reference are its strings; those of the whole layout are on the one polygon of that
cell. In OASIS they are the values of the property `KLAYOUT_CONTEXT` of the cell, or of the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import gdstk

from waveguard.metadata.cell import CellMetadata, merge_metadata
from waveguard.metadata.kfactory import CrossSections, read_cross_sections, read_kfactory
from waveguard.metadata.klayout_pcell import read_pcell
from waveguard.metadata.klayout_value import Value, ValueSyntaxError, parse_leading_string, parse_value
from waveguard.reading.problem import ProblemList

GDS_PROPERTY = "S_GDS_PROPERTY"
CONTEXT_PROPERTY = "KLAYOUT_CONTEXT"
_Owner = gdstk.Library | gdstk.Cell | gdstk.Polygon | gdstk.Reference
_PART = re.compile(r"#(\d+),\+?(\d+):", re.ASCII)


def read_context(
    library: gdstk.Library,
    cells: Sequence[gdstk.Cell],
    names: Sequence[str],
    context: Sequence[gdstk.Cell],
    dbu_nm: float,
    problems: ProblemList,
) -> dict[str, CellMetadata]:
    """Return what the strings say about each cell, by cell name."""
    of_layout = _strings(_properties(library, "", problems))
    of_cell: dict[str, list[str]] = {}
    for carrier in context:
        for polygon in carrier.polygons:
            of_layout += _strings(_properties(polygon, "", problems))
        for reference in carrier.references:
            name = _cell_name(reference)
            if name is not None and (strings := _strings(_properties(reference, name, problems))):
                of_cell.setdefault(name, []).extend(strings)
    for cell, name in zip(cells, names, strict=True):
        if properties := _properties(cell, name, problems):
            strings = _strings(p for p in properties if p[0] == CONTEXT_PROPERTY)
            if strings:
                of_cell.setdefault(name, []).extend(strings)
    if not of_cell:
        return {}
    cross_sections = read_cross_sections(_meta(_whole(of_layout, "", problems), "", problems))
    metadata: dict[str, CellMetadata] = {}
    for name, strings in of_cell.items():
        found = _read_cell(name, strings, cross_sections, dbu_nm, problems)
        if found is not None:
            metadata[name] = found
    return metadata


def _read_cell(
    name: str, strings: list[str], cross_sections: CrossSections, dbu_nm: float, problems: ProblemList
) -> CellMetadata | None:
    whole = _whole(strings, name, problems)
    meta = _meta(whole, name, problems)
    found = read_kfactory(name, meta, cross_sections, dbu_nm, problems) if meta else None
    pcell = read_pcell(name, whole, problems)
    if found is None or pcell is None:
        return found or pcell
    return merge_metadata(found, pcell)


def _properties(owner: _Owner, cell: str, problems: ProblemList) -> list[list[Any]]:
    """Properties of anything of gdstk; none when one has a name that is not UTF-8."""
    try:
        properties: list[list[Any]] = owner.properties
    except (UnicodeDecodeError, TypeError, RuntimeError):
        problems.add("properties-not-readable", cell)
        return []
    return properties


def _strings(properties: Iterable[Sequence[Any]]) -> list[str]:
    found: list[str] = []
    for p in properties:
        if p[0] == GDS_PROPERTY:
            values = p[2:3]
        elif p[0] == CONTEXT_PROPERTY:
            values = p[1:]
        else:
            continue
        found += [v.rstrip(b"\0").decode("utf-8", errors="replace") for v in values if isinstance(v, bytes)]
    return found


def _cell_name(reference: gdstk.Reference) -> str | None:
    try:
        name: str = reference.cell_name
    except (UnicodeDecodeError, TypeError):  # gdstk says the second
        return None
    return name


def _whole(strings: list[str], cell: str, problems: ProblemList) -> list[str]:
    """Join strings that were too long for one property: `#<string>,<part>:<text>`."""
    whole: list[str] = []
    parts: dict[int, dict[int, str]] = {}
    for s in strings:
        match = _PART.match(s)
        if match is None:
            whole.append(s)
        else:
            parts.setdefault(int(match[1][:9]), {})[int(match[2][:9])] = s[match.end() :]
    for number, pieces in parts.items():
        # gdstk keeps only one property of each number, and the pieces of one string share theirs. A piece that does
        # not end where a value ends had followers.
        text = "".join(pieces[i] for i in sorted(pieces))
        if sorted(pieces) == list(range(len(pieces))) and _is_closed(text):
            whole.append(text)
        else:
            problems.add("metadata-lost", cell, f"string {number} is in pieces of which not all could be read")
    return whole


def _is_closed(text: str) -> bool:
    head, equals, value = text.partition("=")
    if not head.startswith("META("):
        return bool(equals)
    try:
        parse_value(text[text.index(")=") + 2 :])
    except ValueError:
        return False
    return bool(value)


def _meta(strings: list[str], cell: str, problems: ProblemList) -> dict[str, Value]:
    """Values of the strings of the form `META('name')=value` or `META(name,description)=value`."""
    meta: dict[str, Value] = {}
    for s in strings:
        if not s.startswith("META("):
            continue
        try:
            name, end = parse_leading_string(s, len("META("))
            if s[end : end + 1] == ",":
                _, end = parse_leading_string(s, end + 1)
            if s[end : end + 2] != ")=":
                raise ValueSyntaxError("no )= after the name")
            meta[name] = parse_value(s[end + 2 :])
        except ValueSyntaxError as error:
            problems.add("metadata-not-understood", cell, f"{s[:60]}: {error}")
    return meta
