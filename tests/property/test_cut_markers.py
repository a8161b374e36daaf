"""What lies within markers, or would if it had one, and how it is cut up: long markers, gratings, arms, halves."""

from __future__ import annotations

from collections import Counter

import gdstk
import numpy as np
import pytest

from faults.scene import Item, Scene, chip, guide
from variants import cut, hierarchy, place
from variants.curves import arc, chained, straight
from variants.network import network_of
from variants.same import same_network
from waveguard import engine, pdk
from waveguard.designs import drawing
from waveguard.extract import Extraction, extract
from waveguard.findings import Severity
from waveguard.layout import read

PDK = pdk.load("siepic-ebeam")


def findings(library: gdstk.Library) -> Counter[tuple[str, str]]:
    """Count findings by rule and severity."""
    return Counter((one.code, str(one.severity)) for one in engine.check(library, pdk=PDK).findings)


def errors(library: gdstk.Library) -> Counter[str]:
    """Count errors by rule."""
    return Counter(one.code for one in engine.check(library, pdk=PDK).findings if one.severity is Severity.ERROR)


def extraction(library: gdstk.Library) -> Extraction:
    return extract(read(library), PDK)


def one_cell(*shapes: gdstk.Polygon) -> gdstk.Library:
    library = gdstk.Library(unit=1e-6, precision=1e-9)
    library.new_cell("top").add(*shapes)
    return library


def box(x0: float, x1: float, y0: float, y1: float) -> gdstk.Polygon:
    return drawing.polygon(np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]]), drawing.CORE)


def winding() -> Scene:
    """Return the chip with a long winding guide in one piece: its marker has more vertices than a piece may have."""
    turns = [part for _ in range(6) for part in (arc(10, np.pi, 0.5), straight(25, 0.5), arc(10, -np.pi, 0.5))]
    return chip().with_item("winding", Item(guide("winding", chained([straight(30, 0.5), *turns])), -400j))


@pytest.mark.parametrize("angle_deg", [0.0, 33.0])
@pytest.mark.parametrize("flat", [False, True])
def test_a_marker_in_pieces_is_one_marker(flat: bool, angle_deg: float) -> None:
    library = place.wrapped(winding().library(), angle_deg)
    whole = hierarchy.flattened(library) if flat else library
    pieces = cut.fractured(whole)
    n_markers = [
        sum(len(cell.get_polygons(depth=0, layer=68, datatype=0)) for cell in lib.cells) for lib in (whole, pieces)
    ]
    assert n_markers[1] > n_markers[0]
    assert findings(pieces) == findings(whole)
    assert same_network(network_of(extraction(whole)), network_of(extraction(pieces)), 2.0)


@pytest.mark.parametrize("merged", [False, True])
@pytest.mark.parametrize("flat", [False, True])
def test_a_grating_in_a_marker_is_a_device(flat: bool, merged: bool) -> None:
    cell = gdstk.Cell("filter")
    period, n = 0.32, 60
    for k in range(n):
        x = k * period
        cell.add(box(x, x + period / 2, -0.275, 0.275), box(x + period / 2, x + period, -0.225, 0.225))
    length = n * period
    drawing.add_marker(cell, np.array([[0.0, -0.75], [length, -0.75], [length, 0.75], [0.0, 0.75]]), "nobody_knows_it")
    drawing.add_pin(cell, "opt1", (0.0, 0.0), 180.0, 0.5)
    drawing.add_pin(cell, "opt2", (length, 0.0), 0.0, 0.5)
    library = chip().with_item("filter", Item(cell, -400j)).library()
    library = hierarchy.flattened(library) if flat else library
    library = cut.merged(library) if merged and not flat else library
    found = extraction(library).tables
    inside = (found.devices.bbox_y1_nm < -395e3) & (found.devices.bbox_y0_nm > -405e3)
    assert found.devices.waveguide[inside].tolist() == [-1]
    assert findings(library)["CN002", "error"] == 0


@pytest.mark.parametrize("angle_deg", [0.0, 33.0])
def test_short_arms_on_the_wide_end_of_a_branch_belong_to_it(angle_deg: float) -> None:
    x = np.linspace(0.0, 11.0, 45)
    half = 0.25 + (0.65 - 0.25) * np.sin(np.pi / 2 * x / 11.0) ** 2
    body = np.concatenate([np.column_stack([x, -half]), np.column_stack([x, half])[::-1]])
    shapes = [drawing.polygon(body, drawing.CORE), box(-20.0, 0.0, -0.25, 0.25)]
    for low in (0.15, -0.65):
        shapes += [box(11.0, 12.4, low, low + 0.5), box(12.4, 32.4, low, low + 0.5)]
    library = place.wrapped(one_cell(*shapes), angle_deg)
    found = extraction(library).tables
    assert found.junctions.n_arms.tolist() == [3]
    # All but the far ends of the three guides are joined.
    assert len(found.ports) - 2 * len(found.nets) == 3
    assert findings(library)["CN002", "error"] == 0


@pytest.mark.parametrize(("low", "high"), [(0.25, 0.25), (0.326, 0.325), (0.325, 0.326)])
def test_halves_of_a_guide_side_by_side_are_no_guide_drawn_twice(low: float, high: float) -> None:
    library = one_cell(box(0.0, 40.0, -low, 0.0), box(0.0, 40.0, 0.0, high))
    found = extraction(library).tables
    assert found.waveguides.width_a_nm.tolist() == pytest.approx([1e3 * (low + high)])
    assert len(found.overlaps) == 0


@pytest.mark.parametrize("merged", [False, True])
def test_many_deep_teeth_are_one_note_and_few_are_errors(merged: bool) -> None:
    def comb(n_teeth: int) -> Counter[tuple[str, str]]:
        shapes = [box(-20.0, 0.0, -0.25, 0.25)]
        for k in range(n_teeth):
            x = 0.2 * k
            shapes += [box(x, x + 0.1, -0.1, 0.1), box(x + 0.1, x + 0.2, -0.25, 0.25)]
        library = one_cell(*shapes, box(0.2 * n_teeth, 0.2 * n_teeth + 20.0, -0.25, 0.25))
        return findings(cut.merged(library) if merged else library)

    few, many = comb(5), comb(30)
    assert few["CN002", "error"] >= 4
    assert few["CN002", "info"] == 0
    # Where the comb begins and ends, solid guides meet it.
    assert many["CN002", "error"] <= 2
    assert many["CN002", "info"] == 1


@pytest.mark.parametrize("angle_deg", [0.0, 90.0])
@pytest.mark.parametrize("flat", [False, True])
def test_pins_that_a_tool_wrote_as_polygons_are_pins(flat: bool, angle_deg: float) -> None:
    library = place.wrapped(chip().library(), angle_deg)
    library = hierarchy.flattened(library) if flat else library
    expected = findings(library)
    for cell in library.cells:
        outlines = [polygon for path in cell.paths for polygon in path.to_polygons()]
        cell.remove(*cell.paths)
        cell.add(*outlines)
    assert findings(library) == expected


@pytest.mark.parametrize("angle_deg", [0.0, 90.0])
def test_one_pin_where_two_devices_meet_is_of_both(angle_deg: float) -> None:
    library = hierarchy.flattened(place.wrapped(chip().library(), angle_deg))
    expected = findings(library)
    for cell in library.cells:
        outlines = {polygon.points.tobytes(): polygon for path in cell.paths for polygon in path.to_polygons()}
        by_box = {np.round(polygon.bounding_box(), 6).tobytes(): polygon for polygon in outlines.values()}
        cell.remove(*cell.paths)
        cell.add(*by_box.values())
    assert findings(library) == expected


@pytest.mark.parametrize("angle_deg", [0.0, 90.0])
def test_markers_of_guides_without_pins_do_not_take_those_of_devices(angle_deg: float) -> None:
    library = place.wrapped(chip().library(), angle_deg)
    expected = errors(hierarchy.flattened(library))
    for cell in library.cells:
        is_guide = len(cell.paths) == 2
        outlines = [polygon for path in cell.paths for polygon in path.to_polygons()]
        cell.remove(*cell.paths)
        if is_guide:
            cell.remove(*cell.labels)
        else:
            cell.add(*outlines)
    assert errors(hierarchy.flattened(library)) == expected
