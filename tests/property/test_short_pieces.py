"""Pieces hardly longer than wide, drawn into their neighbours by some nanometres, are parts of one guide."""

from __future__ import annotations

import math

import gdstk
import numpy as np
import pytest

from variants import cut, place
from variants.network import OPEN, network_of
from waveguard import engine, pdk
from waveguard.designs import drawing
from waveguard.extract import extract
from waveguard.findings import Severity
from waveguard.layout import read

PDK = pdk.load("siepic-ebeam")
LEAD_UM = 20.0
NARROW_UM, WIDE_UM = 0.5, 0.524
SHORT_UM = 0.48
FAN_UM = 6.0
FAN_WIDE_UM = 2.9


def tapered(start_um: float, end_um: float, from_um: float, to_um: float) -> gdstk.Polygon:
    """Return a piece along x from one width to another."""
    corners = [(start_um, -from_um / 2), (end_um, -to_um / 2), (end_um, to_um / 2), (start_um, from_um / 2)]
    return gdstk.Polygon(corners, layer=1)


def drawn(overlap_um: float, angle_deg: float) -> gdstk.Library:
    """Return a guide that leads over a short taper to a fan; the taper is drawn into the fan."""
    library = gdstk.Library("short", unit=1e-6, precision=1e-9)
    cell = library.new_cell("short")
    pieces = [
        tapered(-LEAD_UM, 0.0, NARROW_UM, NARROW_UM),
        tapered(0.0, SHORT_UM + overlap_um, NARROW_UM, WIDE_UM),
        tapered(SHORT_UM, SHORT_UM + FAN_UM, WIDE_UM, FAN_WIDE_UM),
    ]
    cell.add(*(piece.rotate(math.radians(angle_deg)) for piece in pieces))
    return place.on_grid(library)


def backwards(polygon: gdstk.Polygon) -> gdstk.Polygon:
    """Return a polygon drawn the other way round."""
    return gdstk.Polygon(np.asarray(polygon.points)[::-1], layer=polygon.layer, datatype=polygon.datatype)  # type: ignore[arg-type]


@pytest.mark.parametrize("is_merged", [False, True])
@pytest.mark.parametrize("angle_deg", [0.0, 30.0, 71.0])
@pytest.mark.parametrize("overlap_um", [0.0, 0.002, 0.004, 0.008, 0.016, 0.05])
def test_a_short_piece_drawn_into_its_neighbour_is_a_part_of_it(
    overlap_um: float, angle_deg: float, is_merged: bool
) -> None:
    library = drawn(overlap_um, angle_deg)
    library = cut.merged(library) if is_merged else library
    network = network_of(extract(read(library), PDK))
    assert [node.kind for node in network.nodes] == [OPEN, OPEN]
    (route,) = network.edges
    assert route.length_nm == pytest.approx(1e3 * (LEAD_UM + SHORT_UM + FAN_UM), abs=2.0)
    codes = {(one.code, str(one.severity)) for one in engine.check(library, pdk="siepic-ebeam").findings}
    assert codes <= {("CN001", "info")}


@pytest.mark.parametrize("ways", range(8))
def test_it_does_not_matter_which_way_round_pieces_are_drawn(ways: int) -> None:
    library = drawn(0.016, 0.0)
    (cell,) = library.cells
    pieces = list(cell.polygons)
    cell.remove(*pieces)
    # The corners of the end of the fan lie on the sides of the taper.
    pieces[1] = tapered(0.0, SHORT_UM + 0.016, NARROW_UM, WIDE_UM - 0.001)
    cell.add(*(backwards(piece) if ways >> k & 1 else piece for k, piece in enumerate(pieces)))
    assert [node.kind for node in network_of(extract(read(library), PDK)).nodes] == [OPEN, OPEN]


@pytest.mark.parametrize("length_um", [0.2, 0.48, 1.4])
@pytest.mark.parametrize("overlap_um", [0.0, 0.001, 0.002, 0.003, 0.016, 0.05])
def test_guides_drawn_into_both_ends_of_a_short_piece_go_on_in_it(overlap_um: float, length_um: float) -> None:
    library = gdstk.Library("short", unit=1e-6, precision=1e-9)
    library.new_cell("short").add(
        tapered(-LEAD_UM, overlap_um, NARROW_UM, NARROW_UM),
        tapered(0.0, length_um, NARROW_UM, NARROW_UM),
        tapered(length_um - overlap_um, LEAD_UM, NARROW_UM, NARROW_UM),
    )
    network = network_of(extract(read(library), PDK))
    assert [node.kind for node in network.nodes] == [OPEN, OPEN]
    (route,) = network.edges
    assert route.length_nm == pytest.approx(2e3 * LEAD_UM, abs=2.0)


@pytest.mark.parametrize("wide_um", [1.0, 2.0, 3.0])
@pytest.mark.parametrize("taper_um", [0.0, 25.0])
@pytest.mark.parametrize("angle_deg", [0.0, 71.0])
def test_a_step_of_width_within_one_outline_is_told_once(wide_um: float, taper_um: float, angle_deg: float) -> None:
    library = gdstk.Library("step", unit=1e-6, precision=1e-9)
    pieces = [tapered(0.0, 30.0, wide_um, wide_um), tapered(30.0, 80.0, NARROW_UM, NARROW_UM)]
    if taper_um:
        pieces += [tapered(-taper_um, 0.0, NARROW_UM, wide_um), tapered(-50.0, -taper_um, NARROW_UM, NARROW_UM)]
    library.new_cell("step").add(*gdstk.boolean(pieces, [], "or", 1e-4, layer=1))
    turned = place.on_grid(place.wrapped(library, angle_deg))
    findings = engine.check(turned, pdk="siepic-ebeam").findings
    assert [one.code for one in findings if one.severity != Severity.INFO] == ["CN002"]


@pytest.mark.parametrize("hand", [1, -1])
@pytest.mark.parametrize("speck_um", [0.001, 0.002, 0.004])
def test_a_speck_at_the_pin_of_a_flattened_device_is_nothing(speck_um: float, hand: int) -> None:
    library = gdstk.Library("speck", unit=1e-6, precision=1e-9)
    cell = library.new_cell("speck")
    guide, fan = tapered(-40.0, 0.0, NARROW_UM, NARROW_UM), tapered(0.0, 20.0, NARROW_UM, 8.0)
    cell.add(*(piece.scale(hand, 1.0) for piece in (guide, fan)))
    cell.add(tapered(-speck_um / 2, speck_um / 2, speck_um, speck_um))
    drawing.add_marker(cell, np.array([[0, -6], [25, -6], [25, 6], [0, 6]]) * [hand, 1], "fan")
    drawing.add_pin(cell, "opt1", (0.0, 0.0), 180.0 if hand > 0 else 0.0, NARROW_UM)
    tables = extract(read(library), PDK).tables
    (net,) = zip(tables.nets.port_a, tables.nets.port_b, strict=True)
    joined = tables.devices.waveguide[tables.ports.device[list(net)]]
    assert sorted(joined >= 0) == [False, True]
    assert not len(tables.near_misses)
