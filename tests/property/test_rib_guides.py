"""Rib guides: the slab makes them, however it is drawn, and a slab that ends at once is told."""

from __future__ import annotations

import gdstk
import numpy as np
import pytest

import waveguard
from variants import cut, place
from variants.curves import Piece, arc, chained, straight
from waveguard.findings import Run

KIT = "cornerstone-si220"
CORE, SLAB = (3, 0), (5, 0)
WIDTH_UM, SLAB_UM = 0.45, 6.45


def slab_apart(library: gdstk.Library) -> gdstk.Library:
    """Return the layout with its slab in a cell of its own."""
    (top,) = library.cells
    slabs = [one for one in top.polygons if (one.layer, one.datatype) == SLAB]
    top.remove(*slabs)
    library.add(cell := gdstk.Cell("slab").add(*slabs))
    top.add(gdstk.Reference(cell))
    return library


DRAWN = {
    "flat": lambda library: library,
    "slab in a cell": slab_apart,
    "split": lambda library: cut.cut_along_lines(library, seed=3),
    "merged": cut.merged,
    "turned": lambda library: place.on_grid(place.turned(library, 33.0)),
}


def route(radius_um: float, width_um: float) -> Piece:
    return chained([straight(40, width_um), arc(radius_um, np.pi / 2, width_um), straight(30, width_um)])


def drawn(piece: Piece, layer: tuple[int, int]) -> gdstk.Polygon:
    points = piece.outline()
    return gdstk.Polygon(np.column_stack([points.real, points.imag]), layer=layer[0], datatype=layer[1])


def rib(radius_um: float, gap_um: float = 0.0) -> gdstk.Library:
    """Return a bend on a slab, which is cut across its first straight where a gap is asked for."""
    library = gdstk.Library("rib", unit=1e-6, precision=1e-9)
    slabs = [drawn(route(radius_um, SLAB_UM), SLAB)]
    if gap_um:
        gap = gdstk.rectangle((20, -10), (20 + gap_um, 10))
        slabs = gdstk.boolean(slabs, gap, "not", layer=SLAB[0], datatype=SLAB[1])
    library.new_cell("rib").add(drawn(route(radius_um, WIDTH_UM), CORE), *slabs)
    return place.on_grid(library)


def codes(run: Run) -> set[str]:
    return {one.code for one in run.findings if one.severity.reaches(run.fail_on)}


@pytest.mark.parametrize("style", DRAWN)
@pytest.mark.parametrize(("radius_um", "found"), [(25.0, set()), (10.0, {"WG001"})])
def test_a_core_on_a_slab_is_a_rib(radius_um: float, found: set[str], style: str) -> None:
    """A strip of that width may be bent to 3.35 µm, a rib to 17.65 µm."""
    assert codes(waveguard.check(DRAWN[style](rib(radius_um)), KIT)) == found


@pytest.mark.parametrize("style", DRAWN)
@pytest.mark.parametrize("gap_um", [0.2, 1.0])
def test_a_slab_that_is_cut_is_told_at_its_place(gap_um: float, style: str) -> None:
    run = waveguard.check(DRAWN[style](rib(25.0, gap_um)), KIT)
    (one,) = (finding for finding in run.findings if finding.severity.reaches(run.fail_on))
    assert one.code == "WG008"
    assert one.place is not None
    at = complex(one.place.x_um or 0.0, one.place.y_um or 0.0)
    assert abs(abs(at) - (20 + gap_um / 2)) < 0.1
