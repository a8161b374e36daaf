"""Holes in bodies of multimode couplers: a small one is told, many of them and the same in each coupler are not."""

from __future__ import annotations

from collections.abc import Callable

import gdstk
import numpy as np
import pytest

from variants import cut, devices, hierarchy, place
from waveguard import engine
from waveguard.findings import Finding

Drawn = Callable[[gdstk.Library], gdstk.Library]
DRAWN: dict[str, Drawn] = {
    "in cells": lambda library: library,
    "flat": lambda library: place.on_grid(hierarchy.flattened(library)),
    "merged": lambda library: cut.merged(place.on_grid(hierarchy.flattened(library))),
}
KINDS = [kind for kind in devices.DEVICES if "multimode" in kind]
SEEDS = range(3)
AT_UM = 2.0 + 0.4j
"""In every box, aside of its middle line."""
NEAR_UM = 0.1


def library(seed: int, kind: str, holes: list[complex], side_um: float, *, everywhere: bool = False) -> gdstk.Library:
    """Return two couplers, the first or each of which has holes at these places of its cell."""
    result = devices.library(seed, kind)
    top = next(cell for cell in result.cells if cell.name == "circuit")
    first = top.references[0]
    holed = first.cell.copy("holed")
    result.add(holed)
    half = side_um / 2
    squares = [gdstk.rectangle((h.real - half, h.imag - half), (h.real + half, h.imag + half)) for h in holes]
    layer, datatype = devices.CORE
    shapes = list(holed.polygons)
    holed.remove(*shapes)
    for shape in shapes:
        holed.add(*gdstk.boolean(shape, squares, "not", precision=1e-4, layer=layer, datatype=datatype))
    for reference in top.references:
        if reference is first or (everywhere and reference.cell.name == "device"):
            reference.cell = holed
    return result


def told(drawn: gdstk.Library) -> list[Finding]:
    found = engine.check(drawn, pdk="siepic-ebeam").findings
    return [one for one in found if one.code == "IN001" and "small hole" in one.message]


@pytest.mark.parametrize("drawn", DRAWN)
@pytest.mark.parametrize("side_um", [0.05, 0.3, 0.8])
@pytest.mark.parametrize("kind", KINDS)
def test_a_small_hole_in_one_coupler_is_told_where_it_is(kind: str, side_um: float, drawn: str) -> None:
    for seed in SEEDS:
        holed = library(seed, kind, [AT_UM], side_um)
        top = next(cell for cell in holed.cells if cell.name == "circuit")
        turn = np.exp(1j * top.references[0].rotation)
        (one,) = told(DRAWN[drawn](holed))
        assert abs(complex(one.place.x_um, one.place.y_um) - AT_UM * turn) < NEAR_UM, seed


@pytest.mark.parametrize("drawn", DRAWN)
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_drawn_so_is_not_told(kind: str, drawn: str) -> None:
    many = [complex(1.0 + 0.5 * column, -0.8 + 0.8 * row) for column in range(4) for row in range(3)]
    for seed in SEEDS:
        assert told(DRAWN[drawn](library(seed, kind, [], 0.3))) == []
        assert told(DRAWN[drawn](library(seed, kind, [AT_UM], 0.3, everywhere=True))) == []
        assert told(DRAWN[drawn](library(seed, kind, many, 0.2))) == []
