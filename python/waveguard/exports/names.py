"""Names of instances and ports that every program takes: letters, digits and underscores.

An instance is called after its cell and counted within it (`ebeam_y_1550_2`); what has no cell of its own is called
after what it is and its row (`guide_12`, `crossing_4`), so that it is found again in the tables, in the CSV and in the
overlay. The same layout gives the same names; no two instances share one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from waveguard.exports.found import Found, Terminal
from waveguard.tables import DRAWN_SOURCES, ELECTRICAL, FIBRE, GUIDE_ROLE, JUNCTION_KINDS, JUNCTION_SOURCE, OPTICAL

_INVALID = re.compile(r"[^A-Za-z0-9_]+")
_COUNTER = re.compile(r"(\$\d+)+$")
"""KLayout makes cell names unique with `$1`, `$2` at the end."""
_DIGITS = re.compile(r"(\d+)")
_PREFIX = {OPTICAL: "o", ELECTRICAL: "e", FIBRE: "fibre"}
OUTSIDE = "outside"
"""Port of a coupler, laser or detector on its far side, where none is drawn."""


def identifier(text: str, otherwise: str = "x") -> str:
    """Return a text as a name of letters, digits and underscores that does not begin with a digit.

    Examples
    --------
    >>> identifier("Waveguide$12"), identifier("2x2 MMI"), identifier("?")
    ('Waveguide_12', 'x2x2_MMI', 'x')
    """
    name = _INVALID.sub("_", text).strip("_")
    if not name:
        return otherwise
    return f"{otherwise}{name}" if name[0].isdigit() else name


def cell_identifier(name: str) -> str:
    """Return a cell name without KLayout's counter, as a name."""
    return identifier(_COUNTER.sub("", name), "cell")


def unique(wanted: Sequence[str], again: Callable[[str, int], str]) -> list[str]:
    """Return names of which none comes twice; `again(name, n)` is what the n-th of a name is called."""
    used: set[str] = set()
    counts: dict[str, int] = {}
    names = []
    for name in wanted:
        chosen, count = name, counts.get(name, 1)
        while chosen in used:
            count += 1
            chosen = again(name, count)
        counts[name] = count
        used.add(chosen)
        names.append(chosen)
    return names


@lru_cache(maxsize=1)
def instance_names(found: Found) -> tuple[str, ...]:
    """Return the name of every device, by row."""
    devices = found.table("devices")
    junctions = _junctions(found)
    cells = [cell_identifier(name) for name in found.cell_names]
    counts: dict[str, int] = {}
    names = []
    columns = (devices.get(name, ()) for name in ("cell", "source", "role", "waveguide"))
    for row, (cell, source, role, guide) in enumerate(zip(*columns, strict=True)):
        if int(source) == JUNCTION_SOURCE:
            names.append(junctions.get(row, f"junction_{row}"))
        elif int(source) in DRAWN_SOURCES and int(guide) >= 0:
            names.append(f"guide_{int(guide)}")
        else:
            base = cells[int(cell)] if int(source) not in DRAWN_SOURCES else "guide" if role == GUIDE_ROLE else "shape"
            counts[base] = counts.get(base, 0) + 1
            names.append(f"{base}_{counts[base]}")
    return tuple(unique(names, lambda name, n: f"{name}_{n}"))


def _junctions(found: Found) -> dict[int, str]:
    """Return the names of implicit devices, by device."""
    kinds = found.table("junctions").get("kind", ())
    return {
        device: f"{junction_kind(kinds[row]) if len(kinds) else 'junction'}_{row}"
        for device, row in found.junction_of.items()
    }


def junction_kind(kind: Any) -> str:  # noqa: ANN401 -- a number of the core, or a word
    """Return what a kind of junction is called."""
    if isinstance(kind, str):
        return identifier(kind, "junction")
    return JUNCTION_KINDS[int(kind)] if 0 <= int(kind) < len(JUNCTION_KINDS) else "junction"


@lru_cache(maxsize=1)
def port_names(found: Found) -> tuple[str, ...]:
    """Return the name of every port within its device, by row.

    A port without a name is called by its kind and counted within its device: o1, e1, fibre.
    """
    ports = found.table("ports")
    names: list[str] = []
    used: dict[int, set[str]] = {}
    for name, device, kind in zip(*(ports.get(key, ()) for key in ("name", "device", "kind")), strict=True):
        taken = used.setdefault(int(device), set())
        prefix = _PREFIX.get(int(kind), "o")
        chosen = identifier(name, prefix) if name else f"{prefix}1" if prefix != "fibre" else prefix
        base, count = (chosen, 1) if name else (prefix, 1)
        while chosen in taken:
            count += 1
            chosen = f"{base}_{count}" if name else f"{base}{count}"
        taken.add(chosen)
        names.append(chosen)
    return tuple(names)


def port_labels(found: Found) -> tuple[str, ...]:
    """Return "instance,port" for every port, by row."""
    names = instance_names(found)
    owners = (int(device) for device in found.table("ports").get("device", ()))
    return tuple(
        f"{names[owner] if owner >= 0 else 'nobody'},{name}"
        for owner, name in zip(owners, port_names(found), strict=True)
    )


def terminal_names(found: Found) -> tuple[str, ...]:
    """Return the name of every terminal: the one that people gave it, else the name of its instance and port."""
    labels = None
    wanted = []
    for one in found.terminals:
        name = _given(one)
        if not name and one.port >= 0:
            labels = port_labels(found) if labels is None else labels
            name = labels[one.port].partition(",")[0] if one.outside else labels[one.port]
        wanted.append(identifier(name or (one.names[0] if one.names else ""), "port"))
    return tuple(unique(wanted, lambda name, n: f"{name}_{n}"))


def is_named(one: Terminal) -> bool:
    """Return whether people gave a terminal a name, so that it is not only known by its place."""
    return bool(_given(one))


def _given(one: Terminal) -> str:
    return next((text for text in one.names if "@(" not in text), "")


def outside_ports(found: Found) -> dict[int, str]:
    """Return, by device that light enters from beyond the chip, the name of the port where it does."""
    devices = found.table("ports").get("device", ())
    owners = {int(devices[one.port]) for one in found.terminals if one.outside and one.port >= 0}
    names = dict.fromkeys(owners, OUTSIDE)
    kinds = found.table("ports").get("kind", ())
    for row, (device, kind) in enumerate(zip(devices, kinds, strict=True)):
        if kind == FIBRE and names.get(int(device)) == OUTSIDE:
            names[int(device)] = port_names(found)[row]
    return names


def natural_key(name: str) -> tuple[tuple[int, int, str], ...]:
    """Return a key that sorts pin2 before pin10.

    Examples
    --------
    >>> sorted(["pin10", "pin2", "a"], key=natural_key)
    ['a', 'pin2', 'pin10']
    """
    return tuple((0, int(part), "") if part.isdecimal() else (1, 0, part) for part in _DIGITS.split(name) if part)
