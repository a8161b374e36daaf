"""Devices that were flattened into the cell that used them: what each of them is.

A flattened cell holds the markers, pins and texts of many devices. What its name or its first component text says is
true of none of them, so each marker is told by the component text that lies in it. The fact a newcomer would get wrong:
texts are often drawn at a port, where the boxes of two devices meet; the role decides then, as an entry for guides
never belongs to a device nor one for devices to a guide.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from waveguard.metadata import siepic_texts
from waveguard.tables import GUIDE_ROLE, MARKER_SOURCE, OPTICAL, Devices, Tables

if TYPE_CHECKING:
    from waveguard.pdk import Pdk
    from waveguard.reading.columns import Label

Ints: TypeAlias = NDArray[np.int64]
Bools: TypeAlias = NDArray[np.bool_]

NONE = -1
GUIDE_KIND = "guide"
GUIDE_PORTS = 2
EDGE_NM = 1.0
"""Texts at a port lie on the edge of a box, which may be rounded to the other side."""


def flattened_parts(devices: Devices) -> Bools:
    """Return which devices were found by their markers beside others in one and the same placed cell."""
    found = devices.source == MARKER_SOURCE
    keys = np.column_stack([devices.top, devices.cell, devices.x_nm, devices.y_nm, devices.rotation_rad])
    result = np.zeros(len(devices), dtype=bool)
    rows = np.flatnonzero(found)
    if rows.size:
        _, group, count = np.unique(keys[rows], axis=0, return_inverse=True, return_counts=True)
        result[rows] = count[np.ravel(group)] > 1
    return result


def entries_of_parts(
    tables: Tables, parts: Bools, pdk: Pdk, labels: Iterable[Label], cell_names: Sequence[str], dbu_nm: float
) -> Ints:
    """Return for each of the flattened devices the number of its entry in `pdk.devices`, -1 for none."""
    devices, ports = tables.devices, tables.ports
    two_ports = np.bincount(ports.device[ports.kind == OPTICAL], minlength=len(devices)) == GUIDE_PORTS
    rows = np.flatnonzero(parts)
    entries = np.full(rows.size, NONE, dtype=np.int64)
    by_cell = _component_texts(set(devices.cell[rows].tolist()), pdk, labels, cell_names, dbu_nm)
    size_nm2 = (devices.bbox_x1_nm - devices.bbox_x0_nm) * (devices.bbox_y1_nm - devices.bbox_y0_nm)
    for k, row in enumerate(rows.tolist()):
        entry, x_nm, y_nm = by_cell[int(devices.cell[row])]
        x, y = _placed(devices, row, x_nm, y_nm)
        is_guide = np.array([pdk.devices[one].kind == GUIDE_KIND for one in entry.tolist()], dtype=bool)
        fits = _within(devices, row, x, y, EDGE_NM) & (is_guide == (devices.role[row] == GUIDE_ROLE))
        if two_ports[row] and not fits.any():
            # A text of a guide well inside of what could not be followed as one still says what that should be.
            fits = _within(devices, row, x, y, -EDGE_NM) & is_guide
        # A text in a smaller marker within this one is that one's, unless there is no other.
        inner = rows[(size_nm2[rows] < size_nm2[row]) & (devices.role[rows] == devices.role[row])]
        within = np.flatnonzero(fits).tolist()
        own = [one for one in within if not _holds_any(devices, inner, x[one], y[one])]
        if within:
            entries[k] = entry[(own or within)[0]]
    return entries


def _within(
    devices: Devices, row: int, x_nm: NDArray[np.float64], y_nm: NDArray[np.float64], margin_nm: float
) -> Bools:
    inside = (x_nm >= devices.bbox_x0_nm[row] - margin_nm) & (x_nm <= devices.bbox_x1_nm[row] + margin_nm)
    inside &= (y_nm >= devices.bbox_y0_nm[row] - margin_nm) & (y_nm <= devices.bbox_y1_nm[row] + margin_nm)
    return np.asarray(inside, dtype=np.bool_)


def _holds_any(devices: Devices, rows: Ints, x_nm: float, y_nm: float) -> bool:
    inside = (devices.bbox_x0_nm[rows] < x_nm) & (x_nm < devices.bbox_x1_nm[rows])
    inside &= (devices.bbox_y0_nm[rows] < y_nm) & (y_nm < devices.bbox_y1_nm[rows])
    return bool(inside.any())


def _component_texts(
    cells: Collection[int], pdk: Pdk, labels: Iterable[Label], cell_names: Sequence[str], dbu_nm: float
) -> dict[int, tuple[Ints, NDArray[np.float64], NDArray[np.float64]]]:
    """Return for each cell the entries that its component texts name, and where the texts stand in it."""
    layers = {pdk.layer(name) for name in pdk.texts.component}
    found: dict[int, list[tuple[int, float, float]]] = {cell: [] for cell in cells}
    known: dict[str, int | None] = {}
    for label in labels:
        if label.cell not in found or label.layer not in layers:
            continue
        if label.text not in known:
            text = siepic_texts([label], layers, cell_names).get(label.cell)
            component = None if text is None else text.component
            known[label.text] = None if component is None else pdk.match("", component)
        entry = known[label.text]
        if entry is not None:
            found[label.cell].append((entry, label.x_dbu * dbu_nm, label.y_dbu * dbu_nm))
    return {
        cell: (
            np.array([one[0] for one in texts], dtype=np.int64),
            np.array([one[1] for one in texts], dtype=np.float64),
            np.array([one[2] for one in texts], dtype=np.float64),
        )
        for cell, texts in found.items()
    }


def _placed(
    devices: Devices, row: int, x_nm: NDArray[np.float64], y_nm: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return places in the frame of the top cell: mirrored, magnified, turned and moved as the cell of a device is."""
    at = x_nm + 1j * np.where(devices.mirrored[row] != 0, -y_nm, y_nm)
    at = at * (float(devices.magnification[row]) * np.exp(1j * float(devices.rotation_rad[row])))
    return at.real + devices.x_nm[row], at.imag + devices.y_nm[row]
