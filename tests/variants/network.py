"""The network of an extraction, contracted so that a guide cut in pieces is the guide.

Nodes are devices that are no guides, junctions, open ends, and joints at which something changes: a step in width or an
offset. Edges are what light meets between two of them: a chain of guides with its length. Where guides meet, they are
followed to the middle of the junction, as it is a matter of taste where exactly a junction begins. A closed loop
without any of these is a node of its own with an edge from it to itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from waveguard.extract import Extraction
from waveguard.tables import GUIDE_ROLE, OPTICAL, Tables

STEP_NM = 2.5
"""Joints with at most this difference in width and this offset are seamless: each of two corners may have been rounded
to a 1 nm grid twice, in a cell and when the cell was turned.
"""
OPEN, STEP, LOOP, DEVICE = "open end", "step", "closed loop", "device"


@dataclass(frozen=True, slots=True)
class Node:
    """A place where a route ends."""

    kind: str
    """Open end, step, closed loop, or device."""
    n_ports: int
    """Optical ports of it."""
    x_nm: float
    y_nm: float
    name: str = ""

    @property
    def label(self) -> tuple[str, int]:
        """What must not change."""
        return (self.kind, self.n_ports)

    def __str__(self) -> str:
        """Say what it is, and where."""
        arms = f" of {self.n_ports}" if self.kind == DEVICE else ""
        return f"{self.kind}{arms} at ({self.x_nm / 1e3:.3f}, {self.y_nm / 1e3:.3f}) um"


@dataclass(frozen=True, slots=True)
class Edge:
    """A route between two nodes."""

    a: int
    b: int
    length_nm: float
    guides: tuple[int, ...] = ()
    """Rows of the guides it consists of, in order from a to b."""
    entries: tuple[int, ...] = ()
    """For each guide the port at which it is entered."""
    drawn_nm: float = float("nan")
    """Sum of the drawn lengths, as far as they are known."""


@dataclass(slots=True)
class Network:
    """A graph with lengths; several edges between two nodes are allowed."""

    nodes: list[Node] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)

    def add(self, node: Node) -> int:
        """Return the number of a new node."""
        self.nodes.append(node)
        return len(self.nodes) - 1


def network_of(extraction: Extraction, top: int | None = None) -> Network:
    """Return the contracted optical network of an extraction, of one top cell or of all."""
    return _Contraction(extraction, top).network()


class _Contraction:
    """Walks along guides from each place that is a node."""

    def __init__(self, extraction: Extraction, top: int | None) -> None:
        self.tables: Tables = extraction.tables
        self.names = extraction.cell_names
        tables, ports, nets = self.tables, self.tables.ports, self.tables.nets
        self.network_ = Network()
        self.partner = np.full(len(ports), -1, dtype=np.int64)
        self.net_of = np.full(len(ports), -1, dtype=np.int64)
        optical = ports.kind[nets.port_a] == OPTICAL
        for row in np.flatnonzero(optical):
            a, b = int(nets.port_a[row]), int(nets.port_b[row])
            self.partner[a], self.partner[b] = b, a
            self.net_of[[a, b]] = row
        self.guides = [
            row
            for row in range(len(tables.waveguides))
            if top is None or int(tables.devices.top[tables.waveguides.device[row]]) == top
        ]
        self.guide_at: dict[int, int] = {}
        for row in self.guides:
            for port in (int(tables.waveguides.port_a[row]), int(tables.waveguides.port_b[row])):
                if port >= 0:
                    self.guide_at[port] = row
        self.top = top
        self.node_at: dict[int, int] = {}
        self.to_middle_nm: dict[int, float] = {}
        """For ends of guides in junctions how far they are from the middle of that."""

    def network(self) -> Network:
        self._add_devices()
        self._add_ends_and_steps()
        seen: set[int] = set()
        for port in sorted(self.node_at):
            guide = self.guide_at.get(port)
            if guide is not None and guide not in seen:
                self._walk(port, seen)
        for guide in self.guides:
            if guide not in seen:
                self._close(guide, seen)
        return self.network_

    def _add_devices(self) -> None:
        """Add devices that are no guides and have optical ports, and joints of two devices as routes of no length."""
        devices, ports = self.tables.devices, self.tables.ports
        optical = np.flatnonzero(ports.kind == OPTICAL)
        count = np.bincount(ports.device[optical], minlength=len(devices))
        numbers: dict[int, int] = {}
        for port in optical.tolist():
            device = int(ports.device[port])
            if devices.waveguide[device] >= 0 or devices.role[device] == GUIDE_ROLE:
                continue
            if self.top is not None and int(devices.top[device]) != self.top:
                continue
            if device not in numbers:
                name = self.names[int(devices.cell[device])]
                numbers[device] = self.network_.add(Node(DEVICE, int(count[device]), *self._middle(device), name))
            other = int(self.partner[port])
            if other < 0:
                continue
            if other in self.guide_at:
                # Seen from the guide, which is what is walked along.
                self.node_at[other] = numbers[device]
                # What has one port has no way through it, and its middle says nothing.
                if count[device] > 1 and len(np.flatnonzero(self.tables.junctions.device == device)):
                    x_nm, y_nm = self._middle(device)
                    self.to_middle_nm[other] = float(np.hypot(ports.x_nm[port] - x_nm, ports.y_nm[port] - y_nm))
            elif port > other and int(ports.device[other]) in numbers:
                self.network_.edges.append(Edge(numbers[device], numbers[int(ports.device[other])], 0.0, drawn_nm=0.0))

    def _middle(self, device: int) -> tuple[float, float]:
        junctions, devices = self.tables.junctions, self.tables.devices
        row = np.flatnonzero(junctions.device == device)
        if len(row):
            return float(junctions.x_nm[row[0]]), float(junctions.y_nm[row[0]])
        x = (devices.bbox_x0_nm[device] + devices.bbox_x1_nm[device]) / 2
        y = (devices.bbox_y0_nm[device] + devices.bbox_y1_nm[device]) / 2
        return float(x), float(y)

    def _add_ends_and_steps(self) -> None:
        ports = self.tables.ports
        for port in sorted(self.guide_at):
            if port in self.node_at:
                continue
            other = int(self.partner[port])
            at = (float(ports.x_nm[port]), float(ports.y_nm[port]))
            if other < 0 or other not in self.guide_at:
                self.node_at[port] = self.network_.add(Node(OPEN, 1, *at))
            elif not self._seamless(port):
                number = self.node_at.get(other)
                self.node_at[port] = self.network_.add(Node(STEP, 2, *at)) if number is None else number

    def _seamless(self, port: int) -> bool:
        nets, row = self.tables.nets, int(self.net_of[port])
        return bool(abs(nets.width_difference_nm[row]) <= STEP_NM and abs(nets.lateral_nm[row]) <= STEP_NM)

    def _other_end(self, port: int) -> int:
        guides, row = self.tables.waveguides, self.guide_at[port]
        a, b = int(guides.port_a[row]), int(guides.port_b[row])
        return b if port == a else a

    def _walk(self, start: int, seen: set[int]) -> None:
        port, members, entries = start, [], []
        while True:
            entries.append(port)
            members.append(self.guide_at[port])
            seen.add(members[-1])
            port = self._other_end(port)
            if port in self.node_at:
                break
            port = int(self.partner[port])
        rest_nm = self.to_middle_nm.get(start, 0.0) + self.to_middle_nm.get(port, 0.0)
        self._edge(self.node_at[start], self.node_at[port], members, entries, rest_nm)

    def _close(self, guide: int, seen: set[int]) -> None:
        """Add a loop of guides on which no node lies."""
        guides, ports = self.tables.waveguides, self.tables.ports
        port, members, entries = int(guides.port_a[guide]), [], []
        at = (float(ports.x_nm[port]), float(ports.y_nm[port])) if port >= 0 else (float("nan"), float("nan"))
        current = guide
        while current not in seen:
            seen.add(current)
            members.append(current)
            entries.append(port)
            if port < 0:
                break
            port = int(self.partner[self._other_end(port)])
            if port < 0:
                break
            current = self.guide_at[port]
        node = self.network_.add(Node(LOOP, 0, *at))
        self._edge(node, node, members, entries)

    def _edge(self, a: int, b: int, members: list[int], entries: list[int], rest_nm: float = 0.0) -> None:
        guides = self.tables.waveguides
        length = float(guides.centerline_length_nm[members].sum()) + rest_nm
        drawn = float(guides.drawn_length_nm[members].sum())
        self.network_.edges.append(Edge(a, b, length, tuple(members), tuple(entries), drawn))
