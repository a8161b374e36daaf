"""A chip of placed cells that faults can be put into: every item has a name and can be moved, turned or exchanged.

The same scene is drawn in several styles, from cells with markers down to one flat area without any help. Lengths are
in µm; positions are complex numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import gdstk
import numpy as np

from variants import cut, hierarchy, place, strip
from variants.curves import Piece, arc, s_bend, straight, taper
from waveguard import pdk
from waveguard.designs import cells, drawing

PDK = pdk.load("siepic-ebeam")
MARGIN_UM = 0.1
WIDTH_UM = 0.5


@dataclass(frozen=True)
class Item:
    """A cell at its place."""

    cell: gdstk.Cell
    at: complex = 0.0
    heading_rad: float = 0.0


@dataclass(frozen=True)
class Scene:
    """Named items; every change returns another scene."""

    items: dict[str, Item]

    def with_item(self, name: str, item: Item) -> Scene:
        """Return the scene with an item more, or with another one of that name."""
        return Scene({**self.items, name: item})

    def without(self, name: str) -> Scene:
        """Return the scene without an item."""
        return Scene({key: item for key, item in self.items.items() if key != name})

    def moved(self, name: str, by: complex) -> Scene:
        """Return the scene with an item elsewhere."""
        item = self.items[name]
        return self.with_item(name, replace(item, at=item.at + by))

    def turned(self, name: str, angle_deg: float, about: complex) -> Scene:
        """Return the scene with an item turned about a point."""
        item, angle = self.items[name], float(np.deg2rad(angle_deg))
        at = about + (item.at - about) * np.exp(1j * angle)
        return self.with_item(name, replace(item, at=complex(at), heading_rad=item.heading_rad + angle))

    def with_cell(self, name: str, cell: gdstk.Cell) -> Scene:
        """Return the scene with another cell at the place of an item."""
        return self.with_item(name, replace(self.items[name], cell=cell))

    def library(self) -> gdstk.Library:
        """Return the scene as a top cell that places its items."""
        library = gdstk.Library("scene", unit=1e-6, precision=1e-9)
        top = gdstk.Cell("scene")
        known: dict[int, gdstk.Cell] = {}
        for item in self.items.values():
            for cell in (item.cell, *item.cell.dependencies(True)):
                known[id(cell)] = cell
            top.add(gdstk.Reference(item.cell, (item.at.real, item.at.imag), rotation=item.heading_rad))
        library.add(top, *known.values())
        return library


def _flat(library: gdstk.Library) -> gdstk.Library:
    return place.on_grid(hierarchy.flattened(library))


STYLES: dict[str, Callable[[gdstk.Library], gdstk.Library]] = {
    "marked": lambda library: library,
    "marked and flat": lambda library: hierarchy.flattened(library),
    "bare cells": lambda library: strip.stripped(library, PDK),
    "bare and flat": lambda library: strip.stripped(_flat(library), PDK),
    "bare and merged": lambda library: cut.merged(strip.stripped(_flat(library), PDK)),
}
"""From cells with markers, pins and texts to one area."""


def guide(name: str, piece: Piece, *, stated_um: float | None = None, width_um: float | None = None) -> gdstk.Cell:
    """Return a cell of a guide with marker, pins and the texts that say how long and wide it is."""
    cell = gdstk.Cell(name)
    cell.add(drawing.core(outline(piece)))
    wide = replace(piece, widths_um=piece.widths_um + 2 * MARGIN_UM)
    drawing.add_marker(cell, outline(wide), "ebeam_wg_integral_1550")
    end = (piece.end.real, piece.end.imag)
    drawing.add_pin(cell, "opt1", (0.0, 0.0), 180.0, float(piece.widths_um[0]))
    drawing.add_pin(cell, "opt2", end, float(np.rad2deg(piece.turn_rad)), float(piece.widths_um[-1]))
    length = piece.length_um if stated_um is None else stated_um
    width = float(piece.widths_um[0]) if width_um is None else width_um
    if np.ptp(piece.widths_um) == 0:
        text = f"Spice_param:wg_length={length:.3f}u wg_width={width:.3f}u"
        cell.add(gdstk.Label(text, (0.0, 0.0), layer=drawing.MARKER[0], texttype=drawing.MARKER[1]))
    return cell


def over_a_guide(length_um: float) -> gdstk.Cell:
    """Return a cell without core that is placed over a straight guide: a marker, and pins on the axis."""
    cell = gdstk.Cell("ebeam_heater_over")
    drawing.add_marker(cell, np.array([[0, -2], [length_um, -2], [length_um, 2], [0, 2]]), cell.name)
    drawing.add_pin(cell, "opt1", (0.0, 0.0), 180.0, WIDTH_UM)
    drawing.add_pin(cell, "opt2", (length_um, 0.0), 0.0, WIDTH_UM)
    return cell


def bare(name: str, points: np.ndarray, layer: tuple[int, int] = drawing.CORE) -> gdstk.Cell:
    """Return a cell of one polygon and nothing else."""
    cell = gdstk.Cell(name)
    cell.add(drawing.polygon(np.asarray(points, dtype=float), layer))
    return cell


def box(name: str, x0: float, y0: float, x1: float, y1: float, layer: tuple[int, int] = drawing.CORE) -> gdstk.Cell:
    """Return a cell of one box."""
    return bare(name, np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]]), layer)


def outline(piece: Piece) -> np.ndarray:
    """Return the corners of the polygon of a piece."""
    corners = piece.outline()
    return np.column_stack([corners.real, corners.imag])


class _Builder:
    """Items one after the other."""

    def __init__(self) -> None:
        self.items: dict[str, Item] = {}
        self.library = {cell.name: cell for cell in (cells.grating_coupler(), cells.y_branch(), cells.crossing())}

    def chain(self, prefix: str, pieces: list[Piece], at: complex, heading_rad: float = 0.0) -> complex:
        """Place guides one after the other, and return where they end."""
        for number, piece in enumerate(pieces):
            name = f"{prefix}{number}"
            self.items[name] = Item(guide(name, piece), at, heading_rad)
            at += piece.end * np.exp(1j * heading_rad)
            heading_rad += piece.turn_rad
        return complex(at)

    def device(self, name: str, cell: str, at: complex, heading_deg: float = 0.0) -> None:
        """Place a device."""
        self.items[name] = Item(self.library[cell], at, float(np.deg2rad(heading_deg)))


QUARTER = np.pi / 2
BEND_UM = 10.0


def chip() -> Scene:
    """Return a correct chip: a route with bends and tapers, an interferometer, a crossing, and two neighbours."""
    build = _Builder()
    build.device("in_a", cells.GRATING_COUPLER, 0)
    row_a = [
        straight(40, WIDTH_UM),
        arc(BEND_UM, QUARTER, WIDTH_UM),
        straight(30, WIDTH_UM),
        arc(BEND_UM, -QUARTER, WIDTH_UM),
        straight(60, WIDTH_UM),
        taper(20, WIDTH_UM, 0.8),
        straight(30, 0.8),
        taper(20, 0.8, WIDTH_UM),
        straight(30, WIDTH_UM),
    ]
    build.device("out_a", cells.GRATING_COUPLER, build.chain("a", row_a, 0), 180)

    y = -60j
    half, pitch, reach = cells.Y_HALF_LENGTH_UM, cells.Y_HALF_PITCH_UM, cells.CROSSING_HALF_LENGTH_UM
    build.device("in_b", cells.GRATING_COUPLER, y)
    at = build.chain("b_in", [straight(50, WIDTH_UM)], y)
    build.device("y_left", cells.Y_BRANCH, at + half)
    up = [s_bend(20, 5, WIDTH_UM), straight(40, WIDTH_UM), s_bend(20, -5, WIDTH_UM)]
    build.chain("b_up", up, at + 2 * half + 1j * pitch)
    at = build.chain("b_low", [straight(80, WIDTH_UM)], at + 2 * half - 1j * pitch) + 1j * pitch
    build.device("y_right", cells.Y_BRANCH, at + half, 180)
    at = build.chain("b_mid", [straight(40, WIDTH_UM)], at + 2 * half)
    build.device("crossing", cells.CROSSING, at + reach)
    middle = at + reach
    build.device("out_b", cells.GRATING_COUPLER, build.chain("b_out", [straight(40, WIDTH_UM)], at + 2 * reach), 180)
    north = build.chain("c_north", [straight(30, WIDTH_UM)], middle + 1j * reach, QUARTER)
    build.device("out_c", cells.GRATING_COUPLER, north, -90)
    south = build.chain("c_south", [straight(30, WIDTH_UM)], middle - 1j * reach, -QUARTER)
    build.device("in_c", cells.GRATING_COUPLER, south, 90)

    for name, y in (("d", -160j), ("e", -190j)):
        build.device(f"in_{name}", cells.GRATING_COUPLER, y)
        rise = 0.0 if name == "d" else 20.0
        row = neighbour(rise) if rise else [straight(180, WIDTH_UM)]
        build.device(f"out_{name}", cells.GRATING_COUPLER, build.chain(name, row, y), 180)
    return Scene(build.items)


def neighbour(rise_um: float) -> list[Piece]:
    """Return a guide that steps aside, runs straight on and comes back."""
    return [
        straight(20, WIDTH_UM),
        s_bend(30, rise_um, WIDTH_UM),
        straight(80, WIDTH_UM),
        s_bend(30, -rise_um, WIDTH_UM),
        straight(20, WIDTH_UM),
    ]
