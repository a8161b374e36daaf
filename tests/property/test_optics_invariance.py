"""Loss and crosstalk do not depend on how the same optics were drawn: turned, mirrored, moved, reordered, flattened."""

from __future__ import annotations

import itertools
import math
from typing import Any

import gdstk
import numpy as np
import pytest

import waveguard

KIT = "siepic-ebeam"
WIDTH_UM, CORE = 0.5, (1, 0)


def straight(x0: float, x1: float, y: float) -> gdstk.Polygon:
    return gdstk.rectangle((x0, y - WIDTH_UM / 2), (x1, y + WIDTH_UM / 2), layer=CORE[0], datatype=CORE[1])


def drawn(pieces: int) -> list[gdstk.Polygon]:
    """Two guides 1 um apart, 400 um long, each in some pieces, and a ring of 10 um beside the upper one."""
    ends = np.round(np.linspace(0.0, 400.0, pieces + 1), 3)
    found = [straight(float(a), float(b), y) for y in (0.0, 1.5) for a, b in itertools.pairwise(ends)]
    for half in (0.0, math.pi):
        found.append(
            gdstk.ellipse(
                (200.0, 1.5 + WIDTH_UM + 0.2 + 10.0),
                10.25,
                inner_radius=9.75,
                initial_angle=half,
                final_angle=half + math.pi,
                tolerance=1e-3,
                layer=CORE[0],
                datatype=CORE[1],
            )
        )
    return found


def pairs(polygons: list[gdstk.Polygon]) -> list[tuple[float, float]]:
    library = gdstk.Library(unit=1e-6, precision=1e-9)
    library.new_cell("top").add(*polygons)
    table = waveguard.crosstalk(library, KIT).pairs
    near = table["gap_um"] < 1.5  # the ring is 1.7 um from the lower guide, too
    assert set(table["state"][near].tolist()) == {"evaluated"}
    return sorted(zip(table["coupled_db"][near].tolist(), table["gap_um"][near].tolist(), strict=True))


@pytest.fixture(scope="module")
def whole() -> list[tuple[float, float]]:
    return pairs(drawn(1))


def mirrored(polygons: list[gdstk.Polygon]) -> list[gdstk.Polygon]:
    return [one.mirror((1, 0)) for one in polygons]


def turned(angle: float) -> Any:
    return lambda polygons: [one.rotate(angle, (3.0, 7.0)) for one in polygons]


def test_the_drawing_is_what_it_says(whole: list[tuple[float, float]]) -> None:
    assert len(whole) == 2
    straight_db, ring_db = whole[0][0], whole[1][0]
    # kappa 4.55e-5/um over 400 um; a ring of 10 um at 200 nm crosses with theta 0.1136 (simulated); this is a bound.
    assert straight_db == pytest.approx(20 * math.log10(math.sin(4.55046e-5 * 400)), abs=0.05)
    assert ring_db == pytest.approx(20 * math.log10(0.1136), abs=0.5)


@pytest.mark.parametrize("pieces", [2, 3, 7])
def test_pieces_couple_as_the_whole(whole: list[tuple[float, float]], pieces: int) -> None:
    found = pairs(drawn(pieces))
    assert len(found) == len(whole)
    for one, other in zip(found, whole, strict=True):
        assert one[0] == pytest.approx(other[0], abs=0.25)


@pytest.mark.parametrize(
    "change",
    [turned(math.pi / 2), turned(math.radians(33)), turned(math.radians(77)), mirrored],
    ids=["turned 90", "turned 33", "turned 77", "mirrored"],
)
def test_turned_and_mirrored_layouts_couple_alike(whole: list[tuple[float, float]], change: Any) -> None:
    found = pairs(change(drawn(1)))
    assert len(found) == len(whole)
    for one, other in zip(found, whole, strict=True):
        assert one[0] == pytest.approx(other[0], abs=0.25)
        assert one[1] == pytest.approx(other[1], abs=2e-3)


def test_the_order_of_shapes_does_not_matter(whole: list[tuple[float, float]]) -> None:
    shapes = drawn(1)
    assert np.array(pairs(shapes[::-1])) == pytest.approx(np.array(whole), abs=0.05)


@pytest.mark.parametrize("is_one_shape", [False, True])
@pytest.mark.parametrize("end", [0, 1])
def test_a_tip_elsewhere_on_a_guide_says_nothing_of_its_coupling(
    whole: list[tuple[float, float]], end: int, is_one_shape: bool
) -> None:
    """The lower guide goes on in a taper to a tip of 60 nm, which is narrower than any guide that was solved."""
    polygons = drawn(1)
    at_um, sign = (400.0, 1.0) if end else (0.0, -1.0)
    tip = [(at_um, -0.25), (at_um + sign * 10, -0.03), (at_um + sign * 10, 0.03), (at_um, 0.25)]
    if is_one_shape:
        far = 400.0 - at_um
        polygons[0] = gdstk.Polygon([(far, -0.25), *tip, (far, 0.25)], layer=CORE[0], datatype=CORE[1])
    else:
        polygons.append(gdstk.Polygon(tip, layer=CORE[0], datatype=CORE[1]))
    found = pairs(polygons)
    assert [row[0] for row in found] == pytest.approx([row[0] for row in whole], abs=0.01)
