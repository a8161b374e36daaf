"""KLayout reads the overlay as it was meant: centre-lines, ports and texts where the tables have them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import klayout.db as kdb
import klayout.lay as klay
import numpy as np
import pytest

from waveguard import pdk
from waveguard.designs import demo
from waveguard.exports import Found, export_for, layers
from waveguard.exports.gather import gather
from waveguard.exports.layers import DRAWING, TEXT, Layer
from waveguard.exports.names import instance_names, port_labels
from waveguard.extract import extract
from waveguard.layout import read
from waveguard.tables import GUIDE_ROLE

FORMATS = (".gds", ".oas")


def write(found: Found, folder: Path, suffix: str) -> Path:
    """Write an overlay with its layer properties."""
    path = folder / f"found{suffix}"
    export = export_for(path)
    with path.open("wb") as out:
        export.write(found, out)
    for beside, companion in export.companions(path):
        with beside.open("w", encoding="utf-8") as text:
            companion(found, text)
    return path


def shapes(layout: kdb.Layout, cell: str, layer: Layer, datatype: int) -> list[Any]:
    """Return what KLayout finds on a layer."""
    found = layout.find_layer(layer.number, datatype)
    return [] if found is None else list(layout.cell(cell).shapes(found).each())


def texts(layout: kdb.Layout, cell: str, layer: Layer) -> dict[str, tuple[float, float]]:
    """Return texts and their places in nm."""
    nm = layout.dbu * 1e3
    return {s.text.string: (s.text.x * nm, s.text.y * nm) for s in shapes(layout, cell, layer, TEXT)}


@pytest.fixture(scope="module")
def demo_found(demo_dir: Path) -> Found:
    return gather(extract(read(demo.names(demo_dir, faults=True).layout), pdk.load(demo.PDK)))


@pytest.mark.parametrize("suffix", FORMATS)
def test_centre_lines_are_those_of_the_table(suffix: str, demo_found: Found, tmp_path: Path) -> None:
    layout = kdb.Layout()
    layout.read(str(write(demo_found, tmp_path, suffix)))
    nm = layout.dbu * 1e3
    assert nm == pytest.approx(demo_found.dbu_nm)
    drawn = shapes(layout, demo.TOP, layers.CENTERLINES, DRAWING)
    assert len(drawn) == demo_found.rows("waveguides")
    ends = set()
    for line in demo_found.centerlines:
        steps = np.round(line / nm).astype(int)
        ends.add((tuple(steps[0]), tuple(steps[-1]), len(np.unique(steps, axis=0))))
    for shape in drawn:
        assert shape.is_path()
        points = [(point.x, point.y) for point in shape.path.each_point()]
        assert (points[0], points[-1], len(points)) in ends
        assert shape.path.width * nm == 20.0
    for line in demo_found.centerlines:
        near = min(abs(shape.dpath.length() - np.hypot(*np.diff(line, axis=0).T).sum() / 1e3) for shape in drawn)
        assert near < 0.02


@pytest.mark.parametrize("suffix", FORMATS)
def test_ports_are_arrows_that_point_out_from_where_the_port_lies(
    suffix: str, demo_found: Found, tmp_path: Path
) -> None:
    layout = kdb.Layout()
    layout.read(str(write(demo_found, tmp_path, suffix)))
    places = texts(layout, demo.TOP, layers.PORTS)
    ports = demo_found.tables["ports"]
    arrows = [shape.polygon for shape in shapes(layout, demo.TOP, layers.PORTS, DRAWING)]
    corners = {
        frozenset((point.x, point.y) for point in arrow.each_point_hull())
        for arrow in arrows
        if arrow.num_points() == 3
    }
    for row, label in enumerate(port_labels(demo_found)):
        x, y, direction = (float(ports[name][row]) for name in ("x_nm", "y_nm", "direction_rad"))
        assert places[label] == pytest.approx((x, y), abs=demo_found.dbu_nm)
        if np.isfinite(direction):
            tip = (round(x + 500 * np.cos(direction)), round(y + 500 * np.sin(direction)))
            half = float(ports["width_nm"][row]) / 2
            sides = [
                (round(x + sign * half * np.sin(direction)), round(y - sign * half * np.cos(direction)))
                for sign in (1, -1)
            ]
            assert frozenset([tip, *sides]) in corners


def test_labels_say_name_length_and_radius(demo_found: Found, tmp_path: Path) -> None:
    layout = kdb.Layout()
    layout.read(str(write(demo_found, tmp_path, ".gds")))
    labels = texts(layout, demo.TOP, layers.CENTERLINES)
    guides, names = demo_found.tables["waveguides"], instance_names(demo_found)
    for row, device in enumerate(guides["device"]):
        words = f"{names[device]} L={guides['centerline_length_nm'][row] / 1e3:.3f}um"
        (label,) = [text for text in labels if text.startswith(words)]
        radius = float(guides["min_radius_nm"][row])
        assert (f" R={radius / 1e3:.3f}um" in label) == np.isfinite(radius)
        # The label lies on its guide.
        x, y = labels[label]
        line = demo_found.centerlines[row]
        assert np.hypot(line[:, 0] - x, line[:, 1] - y).min() <= demo_found.dbu_nm
    n_devices = sum(role != GUIDE_ROLE for role in demo_found.tables["devices"]["role"])
    assert len(shapes(layout, demo.TOP, layers.DEVICES, DRAWING)) == n_devices


def test_what_does_not_meet_is_marked(demo_found: Found, tmp_path: Path) -> None:
    layout = kdb.Layout()
    layout.read(str(write(demo_found, tmp_path, ".oas")))
    misses = texts(layout, demo.TOP, layers.NEAR_MISSES)
    assert list(misses) == ["gap 0 nm, aside 20 nm, loses about 0.03 dB"]
    assert misses["gap 0 nm, aside 20 nm, loses about 0.03 dB"] == pytest.approx((60_000, 635_010), abs=1)
    assert len(texts(layout, demo.TOP, layers.OPEN_PORTS)) == 2
    names = {text.partition(" ")[0] for text in texts(layout, demo.TOP, layers.TERMINALS)}
    assert {"mzi", "mzi_out", "bus", "delay"} <= names


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_kind_of_mark_is_drawn(suffix: str, sample_found: Found, tmp_path: Path) -> None:
    layout = kdb.Layout()
    layout.read(str(write(sample_found, tmp_path, suffix)))
    for layer in layers.LAYERS:
        if layer in (layers.RUNS, layers.OVERLAPS):  # none in the sample
            continue
        assert shapes(layout, "chip", layer, DRAWING), layer
        assert texts(layout, "chip", layer), layer
    assert texts(layout, "chip", layers.JUNCTIONS) == {"crossing_0": (96_000, -2_000)}
    assert list(texts(layout, "chip", layers.UNEXPLAINED)) == ["3 shapes, 0.100 um2: no end"]


def test_the_grid_is_that_of_the_layout(sample_found: Found, tmp_path: Path) -> None:
    layout = kdb.Layout()
    layout.read(str(write(replace(sample_found, dbu_nm=5.0), tmp_path, ".gds")))
    assert layout.dbu == pytest.approx(0.005)
    places = texts(layout, "chip", layers.PORTS)
    assert places["gc_te_1,pin1"] == pytest.approx((30_000, 0))
    assert {shape.path.width for shape in shapes(layout, "chip", layers.CENTERLINES, DRAWING)} == {4}


def test_a_long_line_is_drawn_in_parts_that_meet(sample_found: Found, tmp_path: Path) -> None:
    x = np.arange(20_000) * 10.0
    lines = {"offsets": np.array([0, 20_000]), "x_nm": x, "y_nm": 100.0 * (np.arange(20_000) % 2)}
    found = replace(sample_found, tables={**sample_found.tables, "centerlines": lines})
    layout = kdb.Layout()
    layout.read(str(write(found, tmp_path, ".gds")))
    parts = [list(s.path.each_point()) for s in shapes(layout, "chip", layers.CENTERLINES, DRAWING)]
    parts.sort(key=lambda part: part[0].x)
    assert sum(len(part) - 1 for part in parts) == 19_999
    assert [part[-1] for part in parts[:-1]] == [part[0] for part in parts[1:]]


def test_equal_extractions_are_equal_files(sample_found: Found, tmp_path: Path) -> None:
    for suffix in FORMATS:
        first = write(sample_found, tmp_path, suffix).read_bytes()
        assert write(replace(sample_found), tmp_path, suffix).read_bytes() == first


def test_klayout_takes_the_layer_properties(sample_found: Found, tmp_path: Path) -> None:
    path = write(sample_found, tmp_path, ".gds")
    view = klay.LayoutView()
    view.load_layout(str(path), True)
    view.load_layer_props(str(tmp_path / "found.overlay.lyp"))
    found = {(node.source_layer, node.source_datatype): node for node in view.each_layer()}
    assert set(found) == {(layer.number, datatype) for layer in layers.LAYERS for datatype in (DRAWING, TEXT)}
    for layer in layers.LAYERS:
        node = found[layer.number, DRAWING]
        assert node.frame_color & 0xFFFFFF == int(layer.colour[1:], 16)
        assert node.visible
        assert layer.title in node.name
