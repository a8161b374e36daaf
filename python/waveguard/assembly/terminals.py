"""Where light enters and leaves a circuit, and the names people use for these places.

Terminals are fibre and edge couplers, lasers, detectors, and the ports that a top cell states. A port that dangles is
no terminal: it is a finding. Every terminal answers to several names: the text of the label at its coupler, the last
part of that text, the name of the port of the top cell, and `<cell>@(x,y)` with the place of its port in um; each also
as `<top>:<name>`.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from waveguard.assembly.devices import OutsidePorts
from waveguard.models import OUTSIDE
from waveguard.tables import OPTICAL
from waveguard.units import nm_to_um

if TYPE_CHECKING:
    from waveguard.tables import Tables

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

LABEL_REACH_NM = 10_000.0
"""A label names the coupler whose box is at most this far; fibre couplers stand much further apart."""
PLACE_TOLERANCE_UM = 0.001
"""A place written down to the grid of 1 nm finds the terminal there."""
STATED = "stated port"
"""Kind of the terminals that a top cell states as its ports."""

_MEASUREMENT = re.compile(r"^opt_in_[^_]+_[^_]+_[^_]+_(?P<name>.+)$", re.IGNORECASE)
"""Polarisation, wavelength, a word (`device` mostly), and the name of the circuit."""
_WORD = re.compile(r"^[\w.$-]+$")
_AT = re.compile(r"^(?P<cell>.*)@\(\s*(?P<x>[-+\d.eE]+)\s*,\s*(?P<y>[-+\d.eE]+)\s*\)$")


@dataclass(frozen=True)
class PlacedLabel:
    """A text in the frame of a top cell."""

    text: str
    top: int
    """Cell index."""
    x_nm: float
    y_nm: float


@dataclass(frozen=True)
class Terminals:
    """Terminals by row, as the core numbers them."""

    port: Ints
    """Port it lies at; beyond the ports of the extraction for couplers, lasers, detectors."""
    device: Ints
    chip_port: Ints
    """Port of the extraction that belongs to it."""
    is_in: npt.NDArray[np.bool_]
    is_out: npt.NDArray[np.bool_]
    kind: tuple[str, ...]
    top: Ints
    x_nm: Floats
    y_nm: Floats
    names: tuple[tuple[str, ...], ...]
    """Names, the one for reports first."""
    places: tuple[str, ...]
    """Names by cell and place; nearly always unlike all others."""
    tops: tuple[str, ...]
    """Name of the top cell of each."""

    def __len__(self) -> int:
        return len(self.port)

    @property
    def name(self) -> tuple[str, ...]:
        """Return the name for reports of each."""
        return tuple(names[0] for names in self.names)

    @cached_property
    def _by_name(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = defaultdict(list)
        for row, names in enumerate(self.names):
            for name in dict.fromkeys(name.casefold() for name in names):
                found[name].append(row)
                found[f"{self.tops[row].casefold()}:{name}"].append(row)
        return found

    def find(self, name: str) -> tuple[int, ...]:
        """Return the terminals that answer to a name: none, one, or several."""
        wanted = re.sub(r"\s+", "", name.casefold()) if "@(" in name else name.strip().casefold()
        hits = self._by_name.get(wanted)
        if hits is None:
            hits = self._at_place(wanted)
        return tuple(hits)

    def _at_place(self, wanted: str) -> list[int]:
        match = _AT.match(wanted)
        if match is None:
            return []
        try:
            x_um, y_um = float(match["x"]), float(match["y"])
        except ValueError:
            return []
        near = np.hypot(nm_to_um(self.x_nm) - x_um, nm_to_um(self.y_nm) - y_um) <= PLACE_TOLERANCE_UM * math.sqrt(2)
        start = f"{match['cell']}@("
        return [
            int(row)
            for row in np.flatnonzero(near)
            if any(name.casefold().startswith(start) for name in self.names[row])
            or any(f"{self.tops[row]}:{name}".casefold().startswith(start) for name in self.names[row])
        ]

    def nearest(self, name: str, most: int = 3) -> tuple[str, ...]:
        """Return names of terminals that look most like a name that none answers to."""
        known = {alias.casefold(): alias for names in self.names for alias in names}
        found = get_close_matches(name.casefold(), list(known), n=most, cutoff=0.4)
        return tuple(known[key] for key in found)


def at_name(cell: str, x_nm: float, y_nm: float) -> str:
    """Return the name of a place of a cell.

    Examples
    --------
    >>> at_name("ebeam_gc_te1550", 0.0, 127000.0)
    'ebeam_gc_te1550@(0,127)'
    """
    return f"{cell}@({_number(x_nm)},{_number(y_nm)})"


def _number(length_nm: float) -> str:
    text = f"{nm_to_um(length_nm) + 0.0:.3f}".rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


def find_terminals(
    tables: Tables, outside: OutsidePorts, cell_names: Sequence[str], labels: Iterable[PlacedLabel], joined: Ints
) -> tuple[Terminals, list[str]]:
    """Return all terminals, and notes on stated ports that are none.

    Parameters
    ----------
    tables, cell_names
        The extraction.
    outside
        Ports that couplers, lasers and detectors got beyond the chip.
    labels
        Texts that may name couplers.
    joined
        By port of the extraction, the port it is joined to, or -1.
    """
    devices, ports, stated = tables.devices, tables.ports, tables.terminals
    port = [outside.first + k for k in range(len(outside.device))]
    chip_port, kind = list(outside.chip_port), list(outside.kind)
    names: list[list[str]] = [[] for _ in port]
    at_device = {device: k for k, device in enumerate(outside.device)}
    at_port: dict[int, int] = {}
    notes: list[str] = []
    missing = 0
    for row in range(len(stated)):
        own = int(stated.port[row])
        if own < 0 or int(stated.kind[row]) != OPTICAL:
            known = at_device.get(int(ports.device[own])) if own >= 0 else None
            if known is not None:
                names[known].append(stated.name[row])
            missing += int(stated.kind[row]) == OPTICAL
            continue
        known = at_device.get(int(ports.device[own]), at_port.get(own))
        if known is not None:
            names[known].append(stated.name[row])
        elif joined[own] >= 0:
            missing += 1
        else:
            at_port[own] = len(port)
            port.append(own)
            chip_port.append(own)
            kind.append(STATED)
            names.append([stated.name[row]])
    if missing:
        notes.append(f"{missing} ports of top cells lie at no open port of a device: they are no terminals")
    chip = np.asarray(chip_port, dtype=np.int64)
    device = ports.device[chip] if len(chip) else np.zeros(0, dtype=np.int64)
    x_nm, y_nm = (ports.x_nm[chip], ports.y_nm[chip]) if len(chip) else (np.zeros(0), np.zeros(0))
    top = devices.top[device] if len(chip) else np.zeros(0, dtype=np.int64)
    _name_by_labels(tables, names, device, top, kind, labels)
    cells = [cell_names[cell] for cell in devices.cell[device].tolist()]
    places = [at_name(*place) for place in zip(cells, x_nm.tolist(), y_nm.tolist(), strict=True)]
    ways = [OUTSIDE.get(one, (True, True)) for one in kind]
    return (
        Terminals(
            port=np.asarray(port, dtype=np.int64),
            device=np.asarray(device, dtype=np.int64),
            chip_port=chip,
            is_in=np.asarray([way[0] for way in ways], dtype=bool),
            is_out=np.asarray([way[1] for way in ways], dtype=bool),
            kind=tuple(kind),
            top=np.asarray(top, dtype=np.int64),
            x_nm=np.asarray(x_nm, dtype=np.float64),
            y_nm=np.asarray(y_nm, dtype=np.float64),
            names=_in_order(names, top, places),
            places=tuple(places),
            tops=tuple(cell_names[cell] for cell in top.tolist()),
        ),
        notes,
    )


def _name_by_labels(
    tables: Tables, names: list[list[str]], device: Ints, top: Ints, kind: Sequence[str], labels: Iterable[PlacedLabel]
) -> None:
    """Give each label to the nearest coupler of its top cell, if it is near enough."""
    couplers = np.flatnonzero(np.asarray([one in OUTSIDE for one in kind], dtype=bool))
    if not len(couplers):
        return
    devices, own = tables.devices, device[couplers]
    # By top cell and left border, so that each text is compared with the few couplers about it.
    order = np.lexsort((couplers, devices.bbox_x0_nm[own], top[couplers]))
    couplers, own = couplers[order], own[order]
    tops, x0, x1 = top[couplers], devices.bbox_x0_nm[own], devices.bbox_x1_nm[own]
    y0, y1 = devices.bbox_y0_nm[own], devices.bbox_y1_nm[own]
    widest = float(np.max(x1 - x0))
    part = {cell: slice(*np.searchsorted(tops, [cell, cell + 1])) for cell in np.unique(tops).tolist()}
    for label in labels:
        whole = part.get(label.top, slice(0, 0))
        first = np.searchsorted(x0[whole], label.x_nm - LABEL_REACH_NM - widest, side="left")
        last = np.searchsorted(x0[whole], label.x_nm + LABEL_REACH_NM, side="right")
        about = slice(whole.start + first, whole.start + last)
        dx = np.maximum(np.maximum(x0[about] - label.x_nm, label.x_nm - x1[about]), 0.0)
        dy = np.maximum(np.maximum(y0[about] - label.y_nm, label.y_nm - y1[about]), 0.0)
        distance = np.hypot(dx, dy)
        if not distance.size or distance.min() > LABEL_REACH_NM:
            continue
        nearest = int(couplers[about][distance == distance.min()].min())
        text = label.text.strip()
        measurement = _MEASUREMENT.match(text)
        # Texts of measurements name a coupler; any other word is taken only when it lies on one.
        if measurement is not None:
            names[nearest] += [measurement["name"], text]
        elif distance.min() == 0.0 and _WORD.match(text):
            names[nearest].append(text)


def _in_order(names: list[list[str]], top: Ints, places: list[str]) -> tuple[tuple[str, ...], ...]:
    """Return the names of each terminal: those that no other of its top cell has, its place, those it shares."""
    own = [list(dict.fromkeys(name for name in given if name)) for given in names]
    count = Counter((cell, name) for given, cell in zip(own, top.tolist(), strict=True) for name in given)
    return tuple(
        (*(n for n in given if count[cell, n] == 1), place, *(n for n in given if count[cell, n] > 1))
        for given, cell, place in zip(own, top.tolist(), places, strict=True)
    )
