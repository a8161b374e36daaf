"""Guides drawn from plain shapes, for tests of what is worked out from geometry alone; lengths in um."""

from __future__ import annotations

import math

import gdstk

from waveguard import engine, pdk
from waveguard.assembly.terminals import at_name
from waveguard.circuit import CircuitModel
from waveguard.extract import extract
from waveguard.layout import read

KIT = "siepic-ebeam"
WIDTH_UM = 0.5
CORE = {"layer": 1, "datatype": 0}
TOLERANCE_UM = 1e-3
Shapes = list[gdstk.Polygon]


def straight(x0: float, x1: float, y: float, width: float = WIDTH_UM) -> gdstk.Polygon:
    """Return a straight guide along x."""
    return gdstk.rectangle((x0, y - width / 2), (x1, y + width / 2), **CORE)


def ring(x: float, y: float, radius: float) -> Shapes:
    """Return a ring, drawn as two halves."""
    return [
        gdstk.ellipse(
            (x, y),
            radius + WIDTH_UM / 2,
            inner_radius=radius - WIDTH_UM / 2,
            initial_angle=start,
            final_angle=start + math.pi,
            tolerance=TOLERANCE_UM,
            **CORE,
        )
        for start in (0.0, math.pi)
    ]


def racetrack(x: float, y: float, radius: float, length: float) -> Shapes:
    """Return a racetrack with straights along x, drawn as a lower and an upper part."""
    low = gdstk.RobustPath((x - length / 2 - radius, y), WIDTH_UM, tolerance=TOLERANCE_UM, **CORE)
    low.arc(radius, -math.pi, -math.pi / 2)
    low.segment((length, 0), relative=True)
    low.arc(radius, -math.pi / 2, 0)
    high = gdstk.RobustPath((x + length / 2 + radius, y), WIDTH_UM, tolerance=TOLERANCE_UM, **CORE)
    high.arc(radius, 0, math.pi / 2)
    high.segment((-length, 0), relative=True)
    high.arc(radius, math.pi / 2, math.pi)
    return [*low.to_polygons(), *high.to_polygons()]


def coupler(length: float, gap: float, radius: float = 10.0, turn: float = math.pi / 4) -> Shapes:
    """Return two guides that come together in arcs, run side by side along x, and part in arcs."""
    shapes: Shapes = []
    for side in (1, -1):
        y = side * (gap + WIDTH_UM) / 2
        start = (-length / 2 - radius * math.sin(turn), y + side * radius * (1 - math.cos(turn)))
        path = gdstk.RobustPath(start, WIDTH_UM, tolerance=TOLERANCE_UM, **CORE)
        lowest = side * -math.pi / 2
        path.arc(radius, lowest - side * turn, lowest)
        if length > 0:
            path.segment((length, 0), relative=True)
        path.arc(radius, lowest, lowest + side * turn)
        shapes += path.to_polygons()
    return shapes


def spiral(half_turns: int, length: float, pitch: float, radius: float) -> Shapes:
    """Return a guide that winds inwards in half circles and straights of some length."""
    path = gdstk.RobustPath((-40 - length / 2, -radius), WIDTH_UM, tolerance=TOLERANCE_UM, **CORE)
    path.segment((40 + length, 0), relative=True)
    for number in range(half_turns):
        side = 1 if number % 2 == 0 else -1
        path.arc(radius, -side * math.pi / 2, side * math.pi / 2 if side > 0 else 1.5 * math.pi)
        path.segment((-side * length, 0), relative=True)
        radius -= pitch / 2
    return list(path.to_polygons())


def library_of(shapes: Shapes) -> gdstk.Library:
    """Return a layout with one cell that holds the shapes."""
    library = gdstk.Library(unit=1e-6, precision=1e-9)
    library.new_cell("top").add(*shapes)
    return library


def circuit_of(shapes: Shapes) -> CircuitModel:
    """Return the circuit that is extracted from the shapes."""
    return engine.circuit_of(extract(read(library_of(shapes)), pdk.load(KIT)))


def end(x: float, y: float) -> str:
    """Return the name of an open end of a guide."""
    return at_name("end", 1e3 * x, 1e3 * y)
