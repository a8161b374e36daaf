"""Random correct circuits: parts beside each other, each at an angle of its own, drawn in one of several ways."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import gdstk
import numpy as np

from variants.curves import Complex, Piece
from variants.network import Network, Node
from variants.parts import PARTS, Part
from variants.same import differences
from waveguard.designs import drawing

CORE = (1, 0)
DISTANCE_UM = 15.0
ANGLES_DEG = (0.0, 90.0, 180.0, 1.0, 33.0, 77.0, 45.0)
WIDTHS_UM = (0.5, 0.48)
Style = Literal["flat", "cells", "marked"]
"""All polygons in the top cell; a cell for each piece; such cells with markers, pins and texts."""
MARGIN_UM = 0.1
SAME_NM, SAME_RAD = 1e-3, 1e-6
"""Pieces drawn end to end share a place and a direction within rounding of floats."""


@dataclass(frozen=True)
class Site:
    """A part with its place."""

    part: Part
    at: complex
    heading_rad: float
    low: complex
    high: complex

    def holds(self, node: Node) -> bool:
        """Return whether a node lies within the box of the part."""
        x, y = node.x_nm * 1e-3, node.y_nm * 1e-3
        return self.low.real <= x <= self.high.real and self.low.imag <= y <= self.high.imag


@dataclass(frozen=True)
class Circuit:
    """Parts in a row."""

    sites: tuple[Site, ...]
    grid_nm: float = 1.0

    def library(self, style: Style = "flat") -> gdstk.Library:
        """Return the drawing; cells are placed at any angle, with their origins on the grid as in a file."""
        result = gdstk.Library("circuit", unit=1e-6, precision=1e-9)
        top = gdstk.Cell("circuit")
        result.add(top)
        for number, site in enumerate(self.sites):
            for k, one in enumerate(site.part.placed):
                turn = np.exp(1j * site.heading_rad)
                at = site.at + one.at * turn
                heading = one.heading_rad + site.heading_rad
                if style == "flat":
                    top.add(self._polygon(one.piece.outline(at, heading)))
                else:
                    cell = gdstk.Cell(f"piece_{number}_{k}")
                    cell.add(self._polygon(one.piece.outline()))
                    if style == "marked":
                        _mark(cell, one.piece)
                    result.add(cell)
                    origin = _on_grid(at, self.grid_nm * 1e-3)
                    top.add(gdstk.Reference(cell, (origin.real, origin.imag), rotation=heading))
        return result

    def truth(self) -> Network:
        """Return the network it is."""
        whole = Network()
        for site in self.sites:
            shift = len(whole.nodes)
            whole.nodes += site.part.truth.nodes
            whole.edges += [
                type(edge)(edge.a + shift, edge.b + shift, edge.length_nm) for edge in site.part.truth.edges
            ]
        return whole

    def mistakes(self, found: Network, style: Style = "flat") -> list[str]:
        """Return in words what is wrong with a network found in the drawing, part by part."""
        wrong = []
        for number, site in enumerate(self.sites):
            inside = [k for k, node in enumerate(found.nodes) if site.holds(node)]
            numbers = {k: i for i, k in enumerate(inside)}
            here = Network([found.nodes[k] for k in inside])
            for edge in found.edges:
                if edge.a in numbers and edge.b in numbers:
                    here.edges.append(type(edge)(numbers[edge.a], numbers[edge.b], edge.length_nm))
            name = f"part {number}, {site.part.name} turned by {np.rad2deg(site.heading_rad):.3f} degrees"
            wrong += [f"{name}: {one}" for one in differences(site.part.truth, here, lengths=False)]
            wrong += [f"{name}: {one}" for one in self._wrong_lengths(site, here, style)]
        return wrong

    def _wrong_lengths(self, site: Site, found: Network, style: Style) -> list[str]:
        part = site.part
        moved = [] if style == "flat" else self._moved_nm(site)
        stated = []
        for edge in part.truth.edges:
            by = [shift for length, shift in moved if abs(length - edge.length_nm) < SAME_NM]
            # Of two rails each has pieces of its own.
            stated.append(edge.length_nm + (sum(by) / len(by) if by else 0.0))
        stated.sort()
        measured = sorted(edge.length_nm for edge in found.edges)
        if len(stated) != len(measured):
            return [f"{len(measured)} routes, not {len(stated)}"]
        return [
            f"a route of {b:.3f} nm, not {a:.3f} nm"
            for a, b in zip(stated, measured, strict=True)
            if abs(a - b) > part.slack_nm
        ]

    def _moved_nm(self, site: Site) -> list[tuple[float, float]]:
        """Return the length of each chain of pieces, and how far they are drawn apart along it, both in nm.

        A cell is placed on the grid by itself: two halves of a ring may overlap by a step at both of their joints.
        """
        placed, turn = site.part.placed, np.exp(1j * site.heading_rad)
        places = [site.at + one.at * turn for one in placed]
        off = [_on_grid(at, self.grid_nm * 1e-3) - at for at in places]
        before: dict[int, int] = {}
        for a, one in enumerate(placed):
            end, way = one.at + one.piece.end * np.exp(1j * one.heading_rad), one.heading_rad + one.piece.turn_rad
            for b, other in enumerate(placed):
                begin = other.at + other.piece.points[0] * np.exp(1j * other.heading_rad)
                if abs(begin - end) < SAME_NM * 1e-3 and abs(np.exp(1j * (other.heading_rad - way)) - 1) < SAME_RAD:
                    before[b] = a
        chains = []
        left = set(range(len(placed)))
        while left:
            # From the first piece of a chain, or anywhere in a ring.
            at = min(left - before.keys() or left)
            after = {a: b for b, a in before.items()}
            length, shift = 0.0, 0.0
            while at in left:
                left.remove(at)
                length += placed[at].piece.length_um * 1e3
                if at in before:
                    way = placed[at].heading_rad + site.heading_rad + float(placed[at].piece.headings_rad[0])
                    shift += 1e3 * float(((off[at] - off[before[at]]) * np.exp(-1j * way)).real)
                at = after.get(at, -1)
            chains.append((length, shift))
        return chains

    def _polygon(self, corners: Complex) -> gdstk.Polygon:
        grid = self.grid_nm * 1e-3
        points = np.round(np.column_stack([corners.real, corners.imag]) / grid) * grid
        return gdstk.Polygon(points, layer=CORE[0], datatype=CORE[1])  # type: ignore[arg-type]


def random_circuit(
    seed: int, n_parts: int = 4, kinds: Sequence[str] = tuple(PARTS), angles_deg: Sequence[float] = ANGLES_DEG
) -> Circuit:
    """Return a circuit of random parts; the same for the same arguments."""
    random = np.random.default_rng(seed)
    parts = [PARTS[str(random.choice(list(kinds)))](random, float(random.choice(WIDTHS_UM))) for _ in range(n_parts)]
    angles = [float(random.choice([*angles_deg, random.uniform(0, 360)])) for _ in parts]
    return circuit(parts, angles)


def circuit(parts: Sequence[Part], angles_deg: Sequence[float], grid_nm: float = 1.0) -> Circuit:
    """Return a circuit of parts in a row, with its corners on a grid."""
    sites, right = [], 0.0
    for part, angle_deg in zip(parts, angles_deg, strict=True):
        heading = float(np.deg2rad(angle_deg))
        corners = np.concatenate(part.outlines()) * np.exp(1j * heading)
        low = complex(corners.real.min(), corners.imag.min())
        high = complex(corners.real.max(), corners.imag.max())
        shift = complex(right, 0) - low
        margin = complex(1, 1) * DISTANCE_UM / 3
        sites.append(Site(part, shift, heading, low + shift - margin, high + shift + margin))
        right += (high - low).real + DISTANCE_UM
    return Circuit(tuple(sites), grid_nm)


def _mark(cell: gdstk.Cell, piece: Piece) -> None:
    """Say what a piece is, as SiEPIC tools do."""
    wide = replace(piece, widths_um=piece.widths_um + 2 * MARGIN_UM).outline()
    drawing.add_marker(cell, np.column_stack([wide.real, wide.imag]), "ebeam_wg_integral_1550")
    end = (piece.end.real, piece.end.imag)
    drawing.add_pin(cell, "opt1", (0.0, 0.0), 180.0, float(piece.widths_um[0]))
    drawing.add_pin(cell, "opt2", end, float(np.rad2deg(piece.turn_rad)), float(piece.widths_um[-1]))


def _on_grid(at: complex, grid_um: float) -> complex:
    return complex(round(at.real / grid_um) * grid_um, round(at.imag / grid_um) * grid_um)
