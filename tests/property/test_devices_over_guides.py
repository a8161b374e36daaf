"""A device placed over a long guide cuts it at its pins, however both are drawn."""

from __future__ import annotations

import math

import gdstk
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from variants import hierarchy, order, place
from variants.curves import Piece, arc, chained, euler, straight
from waveguard import engine, pdk
from waveguard.designs import drawing
from waveguard.extract import Extraction, extract
from waveguard.layout import read
from waveguard.tables import OPTICAL

PDK = pdk.load("siepic-ebeam")
WIDTH_UM = 0.5
ANGLES_DEG = (0.0, 90.0, 1.0, 33.0, 77.0, 200.0)
DEVICE = "ebeam_heater_over"
few = settings(max_examples=max(6, settings.default.max_examples // 4))


def guide(random: np.random.Generator) -> list[Piece]:
    """Return a guide of straights and bends."""
    pieces = [straight(float(random.uniform(30, 60)), WIDTH_UM)]
    for sign in random.choice([-1.0, 1.0], int(random.integers(0, 3))):
        turn = sign * float(random.uniform(0.3, 1.4))
        bend = arc if random.random() < 0.5 else euler
        pieces += [
            bend(float(random.uniform(8, 25)), turn, WIDTH_UM),
            straight(float(random.uniform(20, 60)), WIDTH_UM),
        ]
    return pieces


def drawn(seed: int, style: str) -> tuple[gdstk.Library, float, float]:
    """Return a layout, the length of its guide, and the length that lies in devices, in nm."""
    random = np.random.default_rng(seed)
    pieces = guide(random)
    whole = chained(pieces)
    library = gdstk.Library("over", unit=1e-6, precision=1e-9)
    top, under = gdstk.Cell("over"), gdstk.Cell("under")
    library.add(top)
    if style == "pieces":
        at, heading = 0.0 + 0.0j, 0.0
        for piece in pieces:
            under.add(polygon(piece.outline(at, heading)))
            at, heading = at + piece.end * np.exp(1j * heading), heading + piece.turn_rad
    else:
        under.add(polygon(whole.outline()))
    along = np.concatenate([[0.0], np.cumsum(np.abs(np.diff(whole.points)))]) * 1.0
    # Devices lie on straights, with room between them and to the ends.
    inside, start = 0.0, 0.0
    for k, piece in enumerate(pieces[::2]):
        length = float(random.uniform(5, piece.length_um - 10))
        low = start + float(random.uniform(3, piece.length_um - length - 3))
        x, y = (float(np.interp(low, along, part)) for part in (whole.points.real, whole.points.imag))
        segment = int(np.searchsorted(along, low + 1.0) - 1)
        step = whole.points[segment + 1] - whole.points[segment]
        device = gdstk.Cell(f"{DEVICE}_{k}")
        drawing.add_marker(device, np.array([[0, -2], [length, -2], [length, 2], [0, 2]]), DEVICE)
        drawing.add_pin(device, "opt1", (0.0, 0.0), 180.0, WIDTH_UM)
        drawing.add_pin(device, "opt2", (length, 0.0), 0.0, WIDTH_UM)
        library.add(device)
        top.add(gdstk.Reference(device, (x, y), rotation=float(np.angle(step))))
        inside += length
        start += piece.length_um + (pieces[2 * k + 1].length_um if 2 * k + 1 < len(pieces) else 0.0)
    if style == "in the top":
        top.add(*under.polygons)
    else:
        library.add(under)
        top.add(gdstk.Reference(under))
    return library, whole.length_um * 1e3, inside * 1e3


def polygon(corners: np.ndarray) -> gdstk.Polygon:
    points = np.round(np.column_stack([corners.real, corners.imag]) * 1e3) * 1e-3
    return gdstk.Polygon(points, layer=1)  # type: ignore[arg-type]


def check(found: Extraction, n_devices: int, expected_nm: float, grid_nm: float = 1.0) -> None:
    tables = found.tables
    ports, guides = tables.ports, tables.waveguides
    optical = ports.kind == OPTICAL
    assert int((optical & (ports.net < 0)).sum()) == 2, "only the two ends of the guide are open"
    assert len(tables.routes) == n_devices + 1
    assert abs(float(guides.centerline_length_nm.sum()) - expected_nm) <= 2.0 * grid_nm * (n_devices + 1)
    assert len(tables.overlaps) == 0


@pytest.mark.parametrize("style", ["in the top", "in a cell", "pieces"])
@given(seed=st.integers(0, 2**31 - 1))
@few
def test_the_guide_is_cut_at_the_pins(style: str, seed: int) -> None:
    library, length_nm, inside_nm = drawn(seed, style)
    n = sum(cell.name.startswith(DEVICE) for cell in library.cells)
    check(extract(read(library), PDK), n, length_nm - inside_nm)
    angle = float(np.random.default_rng(seed).choice(ANGLES_DEG))
    check(extract(read(place.wrapped(library, angle)), PDK), n, length_nm - inside_nm)
    check(extract(read(place.wrapped(library, mirrored=True)), PDK), n, length_nm - inside_nm)
    check(extract(read(order.shuffled(library, seed)), PDK), n, length_nm - inside_nm)
    flat = place.on_grid(hierarchy.flattened(library))
    check(extract(read(flat), PDK), n, length_nm - inside_nm)
    errors = [one for one in engine.check(library, pdk="siepic-ebeam").findings if one.severity == "error"]
    assert [one for one in errors if one.code.startswith("CN")] == []


@given(aside_nm=st.sampled_from([10.0, 60.0, -150.0]), seed=st.integers(0, 2**31 - 1))
@few
def test_pins_beside_the_axis_are_reported(aside_nm: float, seed: int) -> None:
    library, _, _ = drawn(seed, "in the top")
    (top,) = library.top_level()
    for reference in top.references:
        normal = 1j * np.exp(1j * reference.rotation) * aside_nm * 1e-3
        reference.origin = (reference.origin[0] + normal.real, reference.origin[1] + normal.imag)
    near = extract(read(library), PDK).tables.near_misses
    lateral = near.lateral_nm[near.distance_nm < 2 * abs(aside_nm)]
    assert len(lateral) >= 4 * len(top.references)
    assert np.abs(lateral - abs(aside_nm)).max() <= 1.5
    assert math.isclose(float(np.median(lateral)), abs(aside_nm), abs_tol=1.5)


@pytest.mark.parametrize("straight_um", [50.0, 110.0, 200.0])
def test_a_guide_is_cut_square_behind_a_long_curve(straight_um: float) -> None:
    # Of a curve of several turns it is not known to the nm where it ends: the straight behind it is none the less one.
    turns = 4
    angle = np.linspace(0.0, 2 * np.pi * turns, 400 * turns)
    axis = (15.0 + 40.0 * angle / angle[-1]) * np.exp(1j * (angle - np.pi / 2))
    end, ahead = axis[-1], np.exp(1j * np.angle(axis[-1] - axis[-2]))
    sides = WIDTH_UM / 2 * 1j * np.gradient(axis) / np.abs(np.gradient(axis))
    last = np.array([end, end + straight_um * ahead])
    across = WIDTH_UM / 2 * 1j * ahead
    ring = np.concatenate([axis + sides, last[1:] + across, last[1:] - across, (axis - sides)[::-1]])
    # The straight runs along x.
    ring, last = ring / ahead, last / ahead
    library = gdstk.Library("coil", unit=1e-6, precision=1e-9)
    top, device = library.new_cell("coil"), library.new_cell(DEVICE)
    top.add(polygon(ring))
    drawing.add_marker(device, np.array([[0, -2], [30, -2], [30, 2], [0, 2]]), DEVICE)
    drawing.add_pin(device, "opt1", (0.0, 0.0), 180.0, WIDTH_UM)
    top.add(gdstk.Reference(device, (round(last[1].real - 30.0, 3), round(last[1].imag, 3))))
    tables = extract(read(library), PDK).tables
    assert len(tables.nets) == 1
    assert abs(float(tables.nets.angle_rad[0])) < 2e-3
