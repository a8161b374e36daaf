"""Devices that were flattened into the cell that used them: what each of them is.

A flattened cell holds the markers, pins and texts of many devices. What its name or its first component text says is
true of none of them, so each marker is told by the component text that lies in it. The fact a newcomer would get wrong:
texts are often drawn at a port, where the boxes of two devices meet; the role decides then, as an entry for guides
never belongs to a device nor one for devices to a guide.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from waveguard.metadata import siepic_texts
from waveguard.tables import GUIDE_ROLE, MARKER_SOURCE, OPTICAL, Devices, Tables

if TYPE_CHECKING:
    from waveguard.pdk import Pdk
    from waveguard.reading.columns import Label

Ints: TypeAlias = NDArray[np.int64]
Bools: TypeAlias = NDArray[np.bool_]
Floats: TypeAlias = NDArray[np.float64]

NONE = -1
DEVICE_ROLE = "device"
GUIDE_KIND = "guide"
GUIDE_PORTS = 2
MOST_LOOKED_AT = 1_000
"""Texts that are looked at for one device."""
EDGE_NM = 1.0
"""Texts at a port lie on the edge of a box, which may be rounded to the other side."""


def flattened_parts(devices: Devices) -> Bools:
    """Return which devices were found by their markers beside others in one and the same placed cell."""
    result = np.zeros(len(devices), dtype=bool)
    for rows in _by_placement(devices, np.flatnonzero(devices.source == MARKER_SOURCE)):
        result[rows] = rows.size > 1
    return result


def entries_of_parts(
    tables: Tables, parts: Bools, pdk: Pdk, labels: Iterable[Label], cell_names: Sequence[str], dbu_nm: float
) -> Ints:
    """Return for each of the flattened devices the number of its entry in `pdk.devices`, -1 for none."""
    devices, ports = tables.devices, tables.ports
    two_ports = np.bincount(ports.device[ports.kind == OPTICAL], minlength=len(devices)) == GUIDE_PORTS
    rows = np.flatnonzero(parts)
    by_cell = _component_texts(set(devices.cell[rows].tolist()), pdk, labels, cell_names, dbu_nm)
    found = np.full(len(devices), NONE, dtype=np.int64)
    for own in _by_placement(devices, rows):
        entry, x_nm, y_nm = by_cell[int(devices.cell[own[0]])]
        x, y = _placed(devices, int(own[0]), x_nm, y_nm)
        found[own] = _entries(devices, own, two_ports[own], Texts(entry, _is_guide(pdk, entry), x, y))
    return found[rows]


def device_texts(pdk: Pdk, labels: Iterable[Label], cell_names: Sequence[str]) -> dict[int, list[tuple[float, float]]]:
    """Return for each cell where texts stand in it, in dbu, that name a device which the PDK says is no guide.

    The core of a Bragg grating leads from pin to pin, so it was followed as a guide with a step at each tooth.
    """
    found: dict[int, list[tuple[float, float]]] = {}
    for entry, label in _named(pdk, labels, cell_names):
        if pdk.devices[entry].role == DEVICE_ROLE:
            found.setdefault(label.cell, []).append((label.x_dbu, label.y_dbu))
    return found


class Texts(NamedTuple):
    """Component texts of a placed cell, by entry and place."""

    entry: Ints
    is_guide: Bools
    x_nm: Floats
    y_nm: Floats


def _entries(devices: Devices, rows: Ints, two_ports: Bools, texts: Texts) -> Ints:
    """Return the entries of the devices of one placed cell."""
    entries = np.full(rows.size, NONE, dtype=np.int64)
    size_nm2 = (devices.bbox_x1_nm - devices.bbox_x0_nm)[rows] * (devices.bbox_y1_nm - devices.bbox_y0_nm)[rows]
    roles = devices.role[rows]
    held = list(_held(devices, rows, texts))
    # Of the markers of each role that a text is well inside of, the size of the smallest.
    smallest_nm2 = {int(role): np.full(texts.entry.size, np.inf) for role in np.unique(roles)}
    for k, (near, depth_nm) in enumerate(held):
        own, inside = smallest_nm2[int(roles[k])], near[depth_nm > 0]
        own[inside] = np.minimum(own[inside], size_nm2[k])
    for k, (near, depth_nm) in enumerate(held):
        fits = near[texts.is_guide[near] == (roles[k] == GUIDE_ROLE)]
        if two_ports[k] and not fits.size:
            # A text of a guide well inside of what could not be followed as one still says what that should be.
            fits = near[texts.is_guide[near] & (depth_nm >= EDGE_NM)]
        # A text in a smaller marker within this one is that one's, unless there is no other.
        own = fits[smallest_nm2[int(roles[k])][fits] >= size_nm2[k]]
        if fits.size:
            entries[k] = texts.entry[(own if own.size else fits)[0]]
    _give_left_over(entries, [near[texts.is_guide[near]] for near, _ in held], texts, roles == GUIDE_ROLE, two_ports)
    return entries


def _give_left_over(entries: Ints, own: list[Ints], texts: Texts, is_guide: Bools, two_ports: Bools) -> None:
    """Tell devices that could not be followed as guides by texts of guides at their edges that no guide needs.

    At a joint a text lies at the edge of both guides. Each guide that was followed has one; where one more can be given
    to another device with two ports, that should be a guide.
    """
    owner: dict[int, int] = {}
    followed = np.flatnonzero(is_guide)
    for k in followed[np.argsort([own[k].size for k in followed.tolist()], kind="stable")].tolist():
        _take(k, own, owner)
    others = np.flatnonzero(~is_guide & two_ports & (entries == NONE))
    given = {k: _take(k, own, owner) for k in others.tolist() if own[k].size}
    # Where there are fewer texts than devices that may be guides, nobody knows which of these are.
    if NONE not in given.values():
        for k, text in given.items():
            entries[k] = texts.entry[text]


def _take(device: int, own: list[Ints], owner: dict[int, int]) -> int:
    """Give a device one of its texts, for which others may change to another of theirs; -1 when none is left."""
    before: dict[int, int] = {}
    line = [device]
    for k in line:
        texts: list[int] = own[k].tolist()
        for text in texts:
            if text in before:
                continue
            before[text] = k
            if text in owner:
                line.append(owner[text])
                continue
            while True:
                # Along the way back each takes the text that was looked at from it.
                one = before[text]
                given = next((t for t in own[one].tolist() if owner.get(t) == one), NONE)
                owner[text] = one
                if one == device:
                    return text
                text = given
        if len(before) > MOST_LOOKED_AT:
            break
    return NONE


def _held(devices: Devices, rows: Ints, texts: Texts) -> Iterator[tuple[Ints, Floats]]:
    """Yield for each device the texts in its box or at the edge of it, in order, and how deep they lie in it."""
    by_x = np.argsort(texts.x_nm, kind="stable")
    x_nm = texts.x_nm[by_x]
    first = np.searchsorted(x_nm, devices.bbox_x0_nm[rows] - EDGE_NM, side="left")
    end = np.searchsorted(x_nm, devices.bbox_x1_nm[rows] + EDGE_NM, side="right")
    for row, i, j in zip(rows.tolist(), first.tolist(), end.tolist(), strict=True):
        near = np.sort(by_x[i:j])
        x, y = texts.x_nm[near], texts.y_nm[near]
        aside_nm = np.minimum(x - devices.bbox_x0_nm[row], devices.bbox_x1_nm[row] - x)
        depth_nm = np.minimum(aside_nm, np.minimum(y - devices.bbox_y0_nm[row], devices.bbox_y1_nm[row] - y))
        within = depth_nm >= -EDGE_NM
        yield near[within], depth_nm[within]


def _by_placement(devices: Devices, rows: Ints) -> Iterator[Ints]:
    """Yield the given rows of each placed cell."""
    if not rows.size:
        return
    keys = (devices.rotation_rad, devices.y_nm, devices.x_nm, devices.cell, devices.top)
    order = rows[np.lexsort([key[rows] for key in keys])]
    changes = np.any([key[order[1:]] != key[order[:-1]] for key in keys], axis=0)
    yield from np.split(order, np.flatnonzero(changes) + 1)


def _is_guide(pdk: Pdk, entries: Ints) -> Bools:
    return np.array([pdk.devices[one].kind == GUIDE_KIND for one in entries.tolist()], dtype=np.bool_)


def _component_texts(
    cells: Collection[int], pdk: Pdk, labels: Iterable[Label], cell_names: Sequence[str], dbu_nm: float
) -> dict[int, tuple[Ints, Floats, Floats]]:
    """Return for each cell the entries that its component texts name, and where the texts stand in it."""
    found: dict[int, list[tuple[int, float, float]]] = {cell: [] for cell in cells}
    for entry, label in _named(pdk, (one for one in labels if one.cell in found), cell_names):
        found[label.cell].append((entry, label.x_dbu * dbu_nm, label.y_dbu * dbu_nm))
    return {
        cell: (
            np.array([one[0] for one in texts], dtype=np.int64),
            np.array([one[1] for one in texts], dtype=np.float64),
            np.array([one[2] for one in texts], dtype=np.float64),
        )
        for cell, texts in found.items()
    }


def _named(pdk: Pdk, labels: Iterable[Label], cell_names: Sequence[str]) -> Iterator[tuple[int, Label]]:
    """Yield the component texts that name an entry of the PDK, each with the number of that."""
    layers = {pdk.layer(name) for name in pdk.texts.component}
    known: dict[str, int | None] = {}
    for label in labels:
        if label.layer not in layers:
            continue
        if label.text not in known:
            text = siepic_texts([label], layers, cell_names).get(label.cell)
            component = None if text is None else text.component
            known[label.text] = None if component is None else pdk.match("", component)
        entry = known[label.text]
        if entry is not None:
            yield entry, label


def _placed(devices: Devices, row: int, x_nm: Floats, y_nm: Floats) -> tuple[Floats, Floats]:
    """Return places in the frame of the top cell: mirrored, magnified, turned and moved as the cell of a device is."""
    at = x_nm + 1j * np.where(devices.mirrored[row] != 0, -y_nm, y_nm)
    at = at * (float(devices.magnification[row]) * np.exp(1j * float(devices.rotation_rad[row])))
    return at.real + devices.x_nm[row], at.imag + devices.y_nm[row]
