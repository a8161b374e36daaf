"""Guides that miss a bare device of another shape than a guide: short of its port, beside it, or of another width."""

from __future__ import annotations

from collections.abc import Callable

import gdstk
import numpy as np
import pytest

from variants import cut, devices, hierarchy, place
from variants.curves import straight
from waveguard import engine
from waveguard.findings import Finding, Severity

SEEDS = range(2)
NEAR_UM = 3.0
ACROSS_UM = 50.0
Drawn = Callable[[gdstk.Library], gdstk.Library]
DRAWN: dict[str, Drawn] = {
    "in cells": lambda library: library,
    "flat": lambda library: place.on_grid(hierarchy.flattened(library)),
    "merged": lambda library: cut.merged(place.on_grid(hierarchy.flattened(library))),
}
CAPPED = [kind for kind in devices.DEVICES if "multimode" not in kind]
"""Devices of which the shape says where their ports are: a box without tapers may be entered anywhere."""


def guide(library: gdstk.Library) -> gdstk.Reference:
    """Return the second guide at the first device."""
    top = next(cell for cell in library.cells if cell.name == "circuit")
    return [one for one in top.references if one.cell.name != "device"][1]


def grave(library: gdstk.Library, at: complex) -> list[Finding]:
    """Return what is more than a note, and assert that it is all near a place."""
    found = [one for one in engine.check(library, pdk="siepic-ebeam").findings if one.severity is not Severity.INFO]
    assert all(abs(complex(one.place.x_um, one.place.y_um) - at) < NEAR_UM for one in found)
    return found


def moved(library: gdstk.Library, by: complex) -> complex:
    """Move the guide, by a vector seen along it, and return where it began."""
    own = guide(library)
    begin = complex(*own.origin)
    to = begin + by * np.exp(1j * own.rotation)
    own.origin = (round(to.real, 3), round(to.imag, 3))
    return begin


@pytest.mark.parametrize("drawn", DRAWN)
@pytest.mark.parametrize("gap_um", [0.005, 0.05, 0.5])
@pytest.mark.parametrize("kind", devices.DEVICES)
def test_a_guide_that_ends_short_of_a_device_is_an_open_end(kind: str, gap_um: float, drawn: str) -> None:
    for seed in SEEDS:
        library = devices.library(seed, kind)
        at = moved(library, complex(gap_um))
        assert {one.code for one in grave(DRAWN[drawn](library), at)} == {"CN001"}, seed


# Merged, what lies beside a cap and touches it is a step in the side of one shape.
@pytest.mark.parametrize("drawn", ["in cells", "flat"])
@pytest.mark.parametrize("aside_um", [0.05, 0.3])
@pytest.mark.parametrize("kind", CAPPED)
def test_a_guide_beside_the_port_of_a_device_is_an_open_end(kind: str, aside_um: float, drawn: str) -> None:
    for seed in SEEDS:
        library = devices.library(seed, kind)
        at = moved(library, 1j * aside_um)
        assert "CN001" in {one.code for one in grave(DRAWN[drawn](library), at)}, seed


@pytest.mark.parametrize("drawn", ["in cells", "flat"])
@pytest.mark.parametrize("width_um", [0.4, 0.6])
@pytest.mark.parametrize("kind", CAPPED)
def test_a_guide_of_another_width_at_the_port_of_a_device_is_a_step(kind: str, width_um: float, drawn: str) -> None:
    for seed in SEEDS:
        library = devices.library(seed, kind)
        own = guide(library)
        own.cell.remove(*own.cell.polygons)
        own.cell.add(devices.polygon(straight(12.0, width_um).outline()))
        found = grave(DRAWN[drawn](library), complex(*own.origin))
        assert "CN002" in {one.code for one in found}, seed


# At a right angle through the middle of a crossing it lies on two of its arms.
@pytest.mark.parametrize("drawn", DRAWN)
@pytest.mark.parametrize("angle_deg", [20.0, 45.0, 70.0])
@pytest.mark.parametrize("kind", devices.DEVICES)
def test_a_guide_across_the_body_of_a_device_is_no_part_of_it(kind: str, angle_deg: float, drawn: str) -> None:
    library = devices.library(0, kind)
    top = next(cell for cell in library.cells if cell.name == "circuit")
    device = next(one for one in top.references if one.cell.name == "device")
    low, high = (complex(*corner) for corner in device.bounding_box())
    way = device.rotation + float(np.deg2rad(angle_deg))
    middle, cell = (low + high) / 2, gdstk.Cell("across")
    begin = middle - ACROSS_UM / 2 * np.exp(1j * way)
    cell.add(devices.polygon(straight(ACROSS_UM, 0.5).outline()))
    library.add(cell)
    top.add(gdstk.Reference(cell, (round(begin.real, 3), round(begin.imag, 3)), rotation=way))
    found = engine.check(DRAWN[drawn](library), pdk="siepic-ebeam").findings
    near = [one for one in found if abs(complex(one.place.x_um, one.place.y_um) - middle) < ACROSS_UM / 2]
    assert {"CN005", "CN009"} & {one.code for one in near if one.severity is not Severity.INFO}
