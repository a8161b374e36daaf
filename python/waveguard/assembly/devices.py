"""Arcs of devices that the PDK has an entry for.

A cell is matched to its model once, by its first placement; the other placements follow by their port numbers, after a
check that their ports lie where those of the first lie. The fact a newcomer would get wrong: fibres, emitters and
absorbers are not drawn, so such devices get a port of their own beyond those of the extraction.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from waveguard.assembly import arcs
from waveguard.models import CAUSES, MODELS, OUTSIDE, passages, ports
from waveguard.tables import OPTICAL

if TYPE_CHECKING:
    from waveguard.assembly.gaps import GapList
    from waveguard.models.passage import Passage
    from waveguard.pdk.schema import CrossSection, DevicePattern, Pdk
    from waveguard.tables import Tables

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass
class OutsidePorts:
    """Ports beyond the chip: one per fibre coupler, laser, detector."""

    first: int
    """Number of ports of the extraction; ids go on from there."""
    device: list[int] = field(default_factory=list)
    chip_port: list[int] = field(default_factory=list)
    kind: list[str] = field(default_factory=list)


class OpticalPorts:
    """Optical ports by device."""

    def __init__(self, tables: Tables) -> None:
        self._ports = tables.ports
        n_devices = len(tables.devices.cell)
        mine = np.flatnonzero(self._ports.kind == OPTICAL)
        owner = self._ports.device[mine]
        keep = owner >= 0
        mine, owner = mine[keep], owner[keep]
        self.ids = mine[np.argsort(owner, kind="stable")]
        self.count = np.bincount(owner, minlength=n_devices)
        self.first = np.concatenate([[0], np.cumsum(self.count)])[:-1]
        x_nm, y_nm, direction = _local(tables)
        self._x_nm, self._y_nm, self._direction = x_nm, y_nm, direction
        # Of devices that were flattened into one cell, ports lie alike beside each other, not in the cell.
        anchor = np.zeros(n_devices, dtype=np.int64)
        some = self.count > 0
        anchor[some] = self.ids[self.first[some]]
        anchor_of = anchor[np.maximum(self._ports.device, 0)]
        self._from_first_nm = (x_nm - x_nm[anchor_of], y_nm - y_nm[anchor_of])
        numbers: dict[str, int] = {}
        self._name = np.array([numbers.setdefault(name, len(numbers)) for name in self._ports.name], dtype=np.int64)

    def of(self, device: int) -> Ints:
        """Return the optical ports of a device."""
        start = int(self.first[device])
        return np.asarray(self.ids[start : start + int(self.count[device])])

    def shape(self, device: int) -> ports.Ports:
        """Return them in the frame of its cell."""
        ids = self.of(device)
        names = tuple(self._ports.name[i] for i in ids)
        return ports.Ports(names, self._x_nm[ids], self._y_nm[ids], self._direction[ids])

    def like(self, first: int, devices: Ints, within_nm: float) -> npt.NDArray[np.bool_]:
        """Return which devices have ports of the same names, in order, that lie to each other as those of the first."""
        same = self.count[devices] == self.count[first]
        for k in range(int(self.count[first])):
            a = self.ids[self.first[first] + k]
            # Devices with fewer ports are out already; any port will do for them.
            b = self.ids[np.minimum(self.first[devices] + k, len(self.ids) - 1)]
            same &= self._name[b] == self._name[a]
            for place_nm in self._from_first_nm:
                same &= np.abs(place_nm[b] - place_nm[a]) <= within_nm
        return np.asarray(same)


def _local(tables: Tables) -> tuple[Floats, Floats, Floats]:
    """Return positions and directions of all ports in the frames of their cells."""
    table, placed = tables.ports, tables.devices
    owner = np.maximum(table.device, 0)
    if not len(placed.cell):
        return table.x_nm, table.y_nm, table.direction_rad
    rotation = placed.rotation_rad[owner]
    magnification = placed.magnification[owner]
    flip = np.where(placed.mirrored[owner] != 0, -1.0, 1.0)
    dx = (table.x_nm - placed.x_nm[owner]) / magnification
    dy = (table.y_nm - placed.y_nm[owner]) / magnification
    cos, sin = np.cos(rotation), np.sin(rotation)
    direction = flip * (table.direction_rad - rotation)
    return dx * cos + dy * sin, flip * (dy * cos - dx * sin), direction


def device_arcs(
    tables: Tables,
    pdk: Pdk,
    cross_sections: Sequence[CrossSection],
    entry_of_device: Ints,
    snap_nm: float,
    gaps: GapList,
) -> tuple[arcs.Arcs, OutsidePorts]:
    """Return the arcs of all devices with an entry that has a model, and the ports they got beyond the chip."""
    optical = OpticalPorts(tables)
    outside = OutsidePorts(first=len(tables.ports.device))
    parts: list[arcs.Arcs] = []
    cells = tables.devices.cell
    lengths_nm, group_nm = _through_lengths(tables, cross_sections)
    for number in np.unique(entry_of_device[entry_of_device >= 0]).tolist():
        entry = pdk.devices[number]
        mine = np.flatnonzero((entry_of_device == number) & (optical.count > 0))
        if entry.kind not in MODELS:
            reason = {
                "black_box": "the PDK lists it as a black box",
                "ignore": "the PDK says to ignore it, but it has optical ports",
                "guide": "the PDK lists it as a guide, but its core could not be traced from port to port",
            }[entry.kind]
            gaps.add(mine, reason)
            continue
        for alike in groups_alike(optical, cells, mine, snap_nm):
            part = _arcs_alike(entry, number, optical, alike, outside, gaps)
            if part is not None:
                parts.append(_with_lengths(part, lengths_nm, group_nm))
    return arcs.join(parts), outside


def groups_alike(optical: OpticalPorts, cells: Ints, devices: Ints, snap_nm: float) -> Iterator[Ints]:
    """Yield devices of one cell whose ports lie alike, so that one match of ports serves them all."""
    for cell in np.unique(cells[devices]).tolist():
        left = devices[cells[devices] == cell]
        while len(left):
            like = optical.like(int(left[0]), left, snap_nm)
            like[0] = True
            yield left[like]
            left = left[~like]


def roles_of_ports(entry: DevicePattern, shape: ports.Ports) -> dict[str, int] | str:
    """Return the port number of each role of a device, or why it cannot be told."""
    fraction = entry.params.get("first_fraction")
    return ports.match(entry.kind, shape, entry.ports, even=fraction is None or fraction.value == 0.5)


def _arcs_alike(
    entry: DevicePattern, number: int, optical: OpticalPorts, devices: Ints, outside: OutsidePorts, gaps: GapList
) -> arcs.Arcs | None:
    """Return the arcs of devices whose ports lie alike, or note a gap."""
    shape = optical.shape(int(devices[0]))
    roles = roles_of_ports(entry, shape)
    if isinstance(roles, str):
        gaps.add(devices, roles)
        return None
    ways = passages(entry.kind, len(shape), {name: quantity.value for name, quantity in entry.params.items()})
    if not ways:
        return None
    ids = {role: optical.ids[optical.first[devices] + k] for role, k in roles.items()}
    if entry.kind in OUTSIDE:
        ids["outside"] = outside.first + len(outside.device) + np.arange(len(devices))
        outside.device += devices.tolist()
        outside.chip_port += ids["chip"].tolist()
        outside.kind += [entry.kind] * len(devices)
    return arcs.join([_arcs_of(way, ids, devices, number) for way in ways])


def _arcs_of(way: Passage, ids: dict[str, Ints], devices: Ints, number: int) -> arcs.Arcs:
    cause_db = np.array([way.loss_db.get(cause, 0.0) for cause in CAUSES])
    start, end = ids[way.start], ids[way.end]
    return arcs.make(start, end, devices, cause_db=cause_db, n_crossings=way.n_crossings, entry=number)


def _through_lengths(tables: Tables, cross_sections: Sequence[CrossSection]) -> tuple[Floats, Floats]:
    """Return, by device, length and group length of devices that were traced as a guide; 0 for others."""
    guides = tables.waveguides
    n_g = np.array([*(section.n_g.value for section in cross_sections), 0.0])
    length = np.nan_to_num(guides.centerline_length_nm)
    by_device, group = np.zeros(len(tables.devices.cell)), np.zeros(len(tables.devices.cell))
    by_device[guides.device] = length
    group[guides.device] = length * n_g[guides.cross_section]
    return by_device, group


def _with_lengths(part: arcs.Arcs, length_nm: Floats, group_nm: Floats) -> arcs.Arcs:
    columns = {name: getattr(part, name) for name in ("cause_db", "n_crossings", "entry")}
    columns |= {"length_nm": length_nm[part.device], "group_length_nm": group_nm[part.device]}
    return arcs.make(part.start, part.end, part.device, **columns)
