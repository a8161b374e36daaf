"""Lengths along the routes of one extraction between places that another one gives.

A layout without markers has no cell that says where a guide ends, but the ends of the guides of its marked twin lie
somewhere along its routes. The length between two such places must be the length of that guide.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from variants.network import Network, network_of
from waveguard.extract import Extraction
from waveguard.tables import Floats

ASIDE_NM = 20.0
"""A place belongs to a route that passes it this near; neighbours are ten times as far away."""


@dataclass(frozen=True)
class Lengths:
    """For each guide of the marked layout its length, and that between its ends in the bare layout."""

    marked_nm: Floats
    bare_nm: Floats
    """NaN where no route leads from one end to the other."""
    checkable: npt.NDArray[np.bool_]
    """False for guides shorter than wide, and those with an end on something that it is not joined to."""

    def missed(self, tolerance_nm: float) -> npt.NDArray[np.int64]:
        """Return the rows of the checkable guides whose length is another, or that were not found."""
        return np.flatnonzero(self.checkable & ~(np.abs(self.bare_nm - self.marked_nm) <= tolerance_nm))


class Routes:
    """The routes of an extraction as lines with a scale along each."""

    def __init__(self, extraction: Extraction, top: int) -> None:
        self.network: Network = network_of(extraction, top)
        tables = extraction.tables
        starts, ends, self.s0, self.s1, self.route = [], [], [], [], []
        lines = tables.centerlines
        for number, edge in enumerate(self.network.edges):
            s = 0.0
            for guide, entry in zip(edge.guides, edge.entries, strict=True):
                part = slice(int(lines.offsets[guide]), int(lines.offsets[guide + 1]))
                points = np.column_stack([lines.x_nm[part], lines.y_nm[part]])
                if entry == int(tables.waveguides.port_b[guide]) and entry != int(tables.waveguides.port_a[guide]):
                    points = points[::-1]
                steps = np.hypot(*np.diff(points, axis=0).T)
                length = float(tables.waveguides.centerline_length_nm[guide])
                # Thinned points shorten a curve; the guide as a whole has its measured length.
                along = s + np.concatenate([[0.0], np.cumsum(steps)]) * (length / max(float(steps.sum()), 1e-9))
                starts.append(points[:-1])
                ends.append(points[1:])
                self.s0.append(along[:-1])
                self.s1.append(along[1:])
                self.route.append(np.full(len(steps), number))
                s += length
        empty = np.empty((0, 2))
        self.a = np.concatenate([empty, *starts])
        self.b = np.concatenate([empty, *ends])
        self.from_nm = np.concatenate([[], *self.s0])
        self.to_nm = np.concatenate([[], *self.s1])
        self.number = np.concatenate([[], *self.route]).astype(np.int64)
        self.tree = shapely.STRtree(shapely.linestrings(np.stack([self.a, self.b], axis=1)) if len(self.a) else [])

    def places(self, x_nm: float, y_nm: float) -> list[tuple[int, float]]:
        """Return route and distance along it of every way to pass a place."""
        box = shapely.box(x_nm - ASIDE_NM, y_nm - ASIDE_NM, x_nm + ASIDE_NM, y_nm + ASIDE_NM)
        found = []
        for k in self.tree.query(box):
            step = self.b[k] - self.a[k]
            at = np.array([x_nm, y_nm]) - self.a[k]
            share = float(np.clip(at @ step / max(float(step @ step), 1e-9), 0.0, 1.0))
            if float(np.hypot(*(at - share * step))) <= ASIDE_NM:
                found.append((int(self.number[k]), float(self.from_nm[k] + share * (self.to_nm[k] - self.from_nm[k]))))
        return found

    def length_nm(self, a: tuple[float, float], b: tuple[float, float], expected_nm: float) -> float:
        """Return the length between two places along the route that fits best; NaN when no route passes both."""
        best = np.nan
        ends = self.places(*b)
        for route, s in self.places(*a):
            for other, t in ends:
                if route != other:
                    continue
                whole = self.network.edges[route]
                ways = [abs(t - s)]
                if whole.a == whole.b:
                    ways.append(whole.length_nm - abs(t - s))
                for length in ways:
                    if not abs(length - expected_nm) >= abs(best - expected_nm):
                        best = length
        return best


def compared(marked: Extraction, bare: Extraction) -> Lengths:
    """Return the lengths of the guides of a layout and of its bare twin; their tops are in the same order."""
    tables = marked.tables
    routes = [Routes(bare, top) for top in bare.tops]
    order = {top: number for number, top in enumerate(marked.tops)}
    found = np.full(len(tables.waveguides), np.nan)
    lengths = tables.waveguides.centerline_length_nm
    for row in range(len(found)):
        top = order[int(tables.devices.top[tables.waveguides.device[row]])]
        ports = (int(tables.waveguides.port_a[row]), int(tables.waveguides.port_b[row]))
        a, b = ((float(tables.ports.x_nm[port]), float(tables.ports.y_nm[port])) for port in ports)
        found[row] = routes[top].length_nm(a, b, float(lengths[row]))
    return Lengths(lengths, found, _checkable(marked))


def _checkable(marked: Extraction) -> npt.NDArray[np.bool_]:
    """Return which guides are shapes of their own: without markers, an end that touches a device merges with it."""
    guides, near = marked.tables.waveguides, marked.tables.near_misses
    touching = near.port_a[near.distance_nm <= ASIDE_NM]
    on_something = np.isin(guides.port_a, touching) | np.isin(guides.port_b, touching)
    result: npt.NDArray[np.bool_] = ~on_something & (guides.centerline_length_nm > guides.width_max_nm)
    return result
