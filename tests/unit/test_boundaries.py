"""Plain polygons of GDSII go past gdstk: what is read is what gdstk reads, however they are written."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import gdstk
import numpy as np
import pytest

from waveguard import _core
from waveguard import layout as reader
from waveguard.designs import demo
from waveguard.errors import InternalError
from waveguard.extract import extract
from waveguard.layout import LayoutFile, read
from waveguard.pdk import load
from waveguard.reading.columns import CONTEXT_CELL, take_apart
from waveguard.reading.quiet import quiet_gdstk

XY_RECORD = b"\x10\x03"
CLOSED = [(0, 0), (10, 0), (10, 5), (0, 0)]


def record(kind: bytes, body: bytes = b"") -> bytes:
    return (len(body) + 4).to_bytes(2, "big") + kind + body


def xy(points: list[tuple[int, int]]) -> bytes:
    return record(XY_RECORD, np.array(points, dtype=">i4").tobytes())


def polygon(*inside: bytes, kind: bytes = b"\x08\x00", layer: bytes = b"\x00\x01") -> bytes:
    head = record(kind) + record(b"\x0d\x02", layer)
    kind_of = record(b"\x2e\x02" if kind[0] == 0x2D else b"\x0e\x02", b"\x00\x07")
    return head + kind_of + b"".join(inside) + record(b"\x11\x00")


def with_elements(elements: list[bytes], path: Path) -> Path:
    """Write a file in which every element has a cell of its own, so that the box of each is seen."""
    library = gdstk.Library()
    for i in range(len(elements)):
        library.new_cell(f"C{i}").add(gdstk.Label(f"at {i}", (0, 0)))
    library.write_gds(path)
    parts = path.read_bytes().split(record(b"\x07\x00"))
    assert len(parts) == len(elements) + 1
    bodies = [part + element for part, element in zip(parts, elements, strict=False)]
    path.write_bytes(record(b"\x07\x00").join([*bodies, parts[-1]]))
    return path


def by_gdstk(path: Path) -> _core.Layout:
    with quiet_gdstk():
        library = gdstk.read_gds(path, unit=1e-9)
    return _core.build_layout(take_apart(library, shapes_repeat=False, owned=True, on_grid=True).columns)


def facts(layout: _core.Layout) -> dict[str, Any]:
    n = len(layout.cell_names)
    problems = {name: list(column) for name, column in layout.problems().items()}
    return {
        "polygons": (layout.n_polygons, layout.n_points),
        "boxes": [layout.bbox_nm(i) for i in range(n)],
        "layers": layout.layers,
        "tops": layout.tops,
        "problems": repr(problems),
    }


def assert_as_gdstk(path: Path) -> LayoutFile:
    layout = read(path)
    assert facts(layout.handle) == facts(by_gdstk(path))
    return layout


def test_every_form_of_a_polygon_is_read_as_gdstk_reads_it(tmp_path: Path) -> None:
    flags = record(b"\x26\x01", b"\x00\x00")
    prop = record(b"\x2b\x02", b"\x00\x01") + record(b"\x2c\x06", b"text")
    far = 1 << 30
    elements = [
        polygon(xy(CLOSED)),
        polygon(xy(CLOSED), kind=b"\x2d\x00"),
        polygon(xy(CLOSED[:3])),
        polygon(xy(CLOSED[:2]), xy(CLOSED[2:])),
        polygon(xy(CLOSED[:3]), xy(CLOSED[3:])),
        polygon(flags, xy(CLOSED)),
        polygon(xy(CLOSED), prop),
        polygon(xy(CLOSED), prop, kind=b"\x2d\x00"),
        polygon(xy(CLOSED), layer=b"\xff\xfe"),
        polygon(record(b"\x0d\x03", b"\x00\x01\x00\x00"), xy(CLOSED)),
        polygon(xy([(3, 4)])),
        polygon(xy([(3, 4), (3, 4)])),
        polygon(xy([(0, 0), (5, 0), (0, 0)])),
        polygon(xy([*CLOSED, (0, 0)])),
        polygon(xy([(far - 1, 0), (0, 1 - far), (7, 7), (far - 1, 0)])),
        polygon(xy([(far, 0), (0, 0), (7, 7), (far, 0)])),
        polygon(xy([(-(1 << 31), -(1 << 31)), (0, 0), (7, 7)])),
        polygon(xy([(i % 100, i // 100) for i in range(8000)])),
        polygon(xy([(i, i * i) for i in range(8191)]), xy([(i - 9000, -i) for i in range(8191)])),
        polygon(xy(CLOSED)) + polygon(xy(CLOSED), prop, layer=b"\x00\x03") + polygon(xy(CLOSED), layer=b"\x00\x02"),
    ]
    layout = assert_as_gdstk(with_elements(elements, tmp_path / "layout.gds"))
    assert {p.code for p in layout.problems} == {"beyond-range", "degenerate-shape"}


def test_gdstk_gets_only_what_is_no_plain_polygon(tmp_path: Path) -> None:
    prop = record(b"\x2b\x02", b"\x00\x01") + record(b"\x2c\x06", b"text")
    path = with_elements([polygon(xy(CLOSED)), polygon(xy(CLOSED), prop)], tmp_path / "layout.gds")
    boundaries = _core.scan_layout(path.read_bytes())["boundaries"]
    rest = boundaries.rest()
    assert (boundaries.n_structures, boundaries.n_polygons) == (2, 2)
    assert [boundaries.layers(i) for i in range(2)] == [[(1, 7)], [(1, 7)]]
    assert rest == path.read_bytes().replace(polygon(xy(CLOSED)), b"")
    path.write_bytes(rest)
    assert _core.scan_layout(rest)["boundaries"].rest() is None
    assert [len(cell.polygons) for cell in gdstk.read_gds(path).cells] == [0, 1]
    with pytest.raises(IndexError):
        boundaries.layers(2)


def test_a_file_of_oasis_has_no_boundaries(tmp_path: Path) -> None:
    library = gdstk.Library()
    library.new_cell("A").add(gdstk.rectangle((0, 0), (1, 1)))
    library.write_oas(tmp_path / "layout.oas")
    assert _core.scan_layout((tmp_path / "layout.oas").read_bytes())["boundaries"] is None
    assert read(tmp_path / "layout.oas").handle.n_polygons == 1


@pytest.mark.parametrize("compressed", [False, True])
def test_cells_with_paths_polygons_and_context_are_read_as_gdstk_reads_them(compressed: bool, tmp_path: Path) -> None:
    chance = np.random.default_rng(7)
    library = gdstk.Library()
    for i in range(30):
        cell = library.new_cell(CONTEXT_CELL if i == 11 else f"CELL {i}")
        for _ in range(chance.integers(0, 9)):
            points, layer = chance.integers(-9999, 9999, (chance.integers(3, 300), 2)) * 1e-3, int(chance.integers(20))
            cell.add(gdstk.Polygon(points, layer=layer, datatype=layer % 3))
        for _ in range(chance.integers(0, 4)):
            spine = chance.integers(-9999, 9999, (2, 2)) * 1e-3
            cell.add(gdstk.FlexPath(spine, 0.5, simple_path=True, layer=int(chance.integers(20))))
        if i % 4 == 3:
            cell.add(gdstk.Reference(library.cells[i - 1], (i, 0), columns=2, rows=3, spacing=(5, 7)))
            cell.add(gdstk.Label("text", (1, 2), layer=40 + i))
    path = tmp_path / "layout.gds"
    library.write_gds(path, max_points=0)
    expected = facts(by_gdstk(path))
    if compressed:
        path.write_bytes(gzip.compress(path.read_bytes()))
    layout = read(path)
    assert facts(layout.handle) == expected
    assert len(layout.cell_names) == 29


def test_extraction_sees_the_same_shapes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, kit = demo.write(tmp_path, faults=True).layout, load("siepic-ebeam")
    ours = extract(read(path), kit).handle
    scan = reader._scan
    monkeypatch.setattr(reader, "_scan", lambda file: scan(file) | {"boundaries": None})
    theirs = extract(read(path), kit).handle
    for name in ours.names():
        for column, values in ours.table(name).items():
            np.testing.assert_array_equal(values, theirs.table(name)[column], f"{name}.{column}")


def test_boundaries_are_checked_like_every_other_column() -> None:
    columns = take_apart(gdstk.Library(), shapes_repeat=False, owned=True).columns
    with pytest.raises(InternalError, match="boundaries is no Boundaries"):
        _core.build_layout(columns | {"boundaries": 5})
    assert _core.build_layout(columns | {"boundaries": None}).n_polygons == 0
