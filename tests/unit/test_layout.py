"""Reading layouts: formats by content, hierarchy and repetitions kept, oddities listed, errors with a remedy."""

from __future__ import annotations

import gzip
import hashlib
import math
import os
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import gdstk
import numpy as np
import pytest

from waveguard.errors import LayoutFileError, LayoutFormatError
from waveguard.layout import LayoutFile, read
from waveguard.reading import source
from waveguard.reading.columns import CONTEXT_CELL, take_apart


def simple_library() -> gdstk.Library:
    library = gdstk.Library()
    cell = library.new_cell("DEVICE")
    cell.add(gdstk.rectangle((0, 0), (10, 0.5), layer=1))
    top = library.new_cell("TOP")
    top.add(gdstk.Reference(cell, (0, 0), columns=3, rows=2, spacing=(20, 5)))
    return library


def written(library: gdstk.Library, folder: Path, *, oasis: bool = False) -> Path:
    path = folder / "layout"
    (library.write_oas if oasis else library.write_gds)(path)
    return path


def columns_of(library: gdstk.Library) -> dict[str, object]:
    return take_apart(library, shapes_repeat=True, owned=False).columns


def codes(layout: LayoutFile) -> set[str]:
    return {problem.code for problem in layout.problems}


@pytest.mark.parametrize("oasis", [False, True])
@pytest.mark.parametrize("suffix", ["gds", "oas", "txt"])
def test_the_format_is_told_by_content(oasis: bool, suffix: str, tmp_path: Path) -> None:
    path = written(simple_library(), tmp_path, oasis=oasis).rename(tmp_path / f"layout.{suffix}")
    layout = read(path)
    assert layout.format == ("OASIS" if oasis else "GDSII")
    assert layout.tops == ("TOP",)
    assert layout.handle.n_placements(layout.handle.tops[0]) == 7


@pytest.mark.parametrize("oasis", [False, True])
def test_gzip_is_told_by_content(oasis: bool, tmp_path: Path) -> None:
    path = written(simple_library(), tmp_path, oasis=oasis)
    packed = tmp_path / "layout.gds"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    layout = read(packed)
    assert layout.compressed
    assert layout.bytes == packed.stat().st_size
    assert layout.sha256 == hashlib.sha256(packed.read_bytes()).hexdigest()
    assert layout.handle.bbox_nm(1) == read(path).handle.bbox_nm(1) == (0, 0, 50000, 5500)


def test_a_library_in_memory_is_read_and_left_alone(tmp_path: Path) -> None:
    library = simple_library()
    path = gdstk.FlexPath([(0, 0), (0.0001, 0), (5, 0)], 0.5, simple_path=True, layer=1)
    library.cells[0].add(path)
    layout = read(library)
    assert layout.format == "gdstk"
    assert layout.path is None
    assert layout.handle.bbox_nm(0) == (0, -250, 10000, 500)
    assert len(path.spine()) == 3


@pytest.mark.parametrize(
    ("repetition", "offsets"),
    [
        (gdstk.Repetition(columns=2, rows=2, spacing=(5, 7)), [(0, 0), (5, 0), (0, 7), (5, 7)]),
        (gdstk.Repetition(columns=2, rows=2, v1=(5, 1), v2=(-1, 5)), [(0, 0), (5, 1), (-1, 5), (4, 6)]),
        (gdstk.Repetition(offsets=[(1, 2), (3, -4)]), [(0, 0), (1, 2), (3, -4)]),
        (gdstk.Repetition(x_offsets=[2, 4]), [(0, 0), (2, 0), (4, 0)]),
        (gdstk.Repetition(y_offsets=[-3]), [(0, 0), (0, -3)]),
    ],
)
def test_repetitions_are_kept_on_everything(repetition: gdstk.Repetition, offsets: list[tuple[float, float]]) -> None:
    library = gdstk.Library()
    child, top = library.new_cell("CHILD"), library.new_cell("TOP")
    drawn = [
        gdstk.rectangle((0, 0), (1, 1)),
        gdstk.FlexPath([(0, 0), (1, 0)], 0.5, simple_path=True),
        gdstk.Label("text", (0, 0)),
        gdstk.Reference(child),
    ]
    for item in drawn:
        item.repetition = repetition
        top.add(item)
    columns = columns_of(library)
    for kind in ("polygon", "path", "label", "ref"):
        rep = columns["repetitions"][columns[f"{kind}_rep"][0]]
        if rep[0] == "listed":
            found = [tuple(v) for v in rep[1]]
        else:
            _, n, m, *v = rep
            found = [(c * v[0] + r * v[2], c * v[1] + r * v[3]) for r in range(m) for c in range(n)]
        expected = [(x * 1000, y * 1000) for x, y in offsets]
        assert sorted(map(tuple, np.round(found, 6))) == sorted(expected), kind
    assert columns["polygon_rep"][1] == columns["path_rep"][0] > 0


def test_paths_keep_spine_width_and_outline() -> None:
    library = gdstk.Library()
    cell = library.new_cell("A")
    cell.add(gdstk.rectangle((0, 0), (1, 1), layer=5))
    cell.add(gdstk.FlexPath([(0, 0), (10, 0)], 0.5, ends="extended", simple_path=True, layer=1, datatype=10))
    cell.add(gdstk.FlexPath([(0, 0), (10, 0), (10, 10)], 0.0, simple_path=True, layer=2))
    columns = columns_of(library)
    assert columns["path_width"].tolist() == [500, 0]
    assert columns["path_outline"].tolist() == [1, -1]
    assert columns["path_xy"].tolist()[:4] == [0, 0, 10000, 0]
    assert columns["path_offsets"].tolist() == [0, 2, 5]
    first, last = columns["polygon_offsets"][1:3]
    outline = columns["polygon_xy"].reshape(-1, 2)[first:last]
    assert outline.min(axis=0).tolist() == [-250, -250]
    assert outline.max(axis=0).tolist() == [10250, 250]
    assert columns["layers"][columns["path_layer"][0]] == (1, 10)


def test_a_path_of_several_elements_is_several_paths() -> None:
    library = gdstk.Library()
    library.new_cell("A").add(gdstk.FlexPath([(0, 0), (10, 0)], [0.5, 0.2], offset=2, layer=[1, 2]))
    columns = columns_of(library)
    assert columns["path_width"].tolist() == [500, 200]
    assert columns["path_outline"].tolist() == [0, 1]
    assert columns["path_xy"].reshape(2, 2, 2)[:, 0, 1].tolist() == [-1000, 1000]


def test_a_taper_is_an_outline_without_a_width() -> None:
    library = gdstk.Library()
    path = gdstk.RobustPath((0, 0), 0.5, layer=1)
    path.segment((10, 0), width=1.5)
    library.new_cell("A").add(path)
    columns = columns_of(library)
    assert len(columns["path_cell"]) == 0
    assert len(columns["polygon_cell"]) == 1


def test_a_path_without_width_does_not_get_that_of_the_path_before(tmp_path: Path) -> None:
    library = gdstk.Library()
    cell = library.new_cell("A")
    cell.add(gdstk.FlexPath([(0, 0), (10, 0)], 0.5, simple_path=True, layer=1))
    cell.add(gdstk.FlexPath([(0, 5), (10, 5)], 0.7, simple_path=True, layer=1))
    path = written(library, tmp_path)
    width = b"\x00\x08\x0f\x03" + (700).to_bytes(4, "big")
    data = path.read_bytes()
    assert data.count(width) == 1
    path.write_bytes(data.replace(width, b""))
    assert read(path).handle.bbox_nm(0) == (0, -250, 10000, 5000)


def test_references_keep_mirror_rotation_and_magnification(tmp_path: Path) -> None:
    library = simple_library()
    top = library.cells[1]
    top.add(gdstk.Reference(library.cells[0], (1, 2), rotation=math.radians(30), magnification=2, x_reflection=True))
    columns = columns_of(gdstk.read_gds(written(library, tmp_path)))
    assert columns["ref_mirror"].tolist() == [0, 1]
    assert columns["ref_rotation_rad"].tolist() == pytest.approx([0, math.radians(30)])
    assert columns["ref_magnification"].tolist() == [1, 2]
    assert columns["ref_xy"].tolist() == pytest.approx([0, 0, 1000, 2000])


def test_the_context_cell_is_no_part_of_the_layout(tmp_path: Path) -> None:
    library = simple_library()
    context = library.new_cell(CONTEXT_CELL)
    for cell in library.cells[:2]:
        context.add(gdstk.Reference(cell))
    layout = read(written(library, tmp_path))
    assert layout.cell_names == ("DEVICE", "TOP")
    assert layout.tops == ("TOP",)


def test_missing_cells_and_cycles_are_problems(tmp_path: Path) -> None:
    library = simple_library()
    library.cells[1].add(gdstk.Reference("ABSENT", (3, 4)))
    library.cells[0].add(gdstk.Reference("TOP"))
    for oasis in (False, True):
        layout = read(written(library, tmp_path, oasis=oasis))
        assert {"missing-cell", "reference-cycle"} <= codes(layout)
        assert any(p.subject == "ABSENT" for p in layout.problems)


def test_empty_and_equal_cell_names_are_problems(tmp_path: Path) -> None:
    library = gdstk.Library()
    for name in ("Z", "A", "B"):
        library.new_cell(name).add(gdstk.rectangle((0, 0), (1, 1)))
    path = written(library, tmp_path)
    head = b"\x00\x06\x06\x06"
    data = path.read_bytes().replace(head + b"B\x00", head + b"A\x00").replace(head + b"Z\x00", head + b"\x00\x00")
    path.write_bytes(data)
    layout = read(path)
    assert layout.cell_names == ("", "A", "A")
    assert {"empty-cell-name", "duplicate-cell-name"} <= codes(layout)


def test_names_and_texts_that_are_no_utf8_are_problems(tmp_path: Path) -> None:
    library = gdstk.Library()
    cell = library.new_cell("NAMEX")
    cell.add(gdstk.Label("5 QQm", (1, 2), layer=10), gdstk.Reference("GONEX"))
    path = written(library, tmp_path)
    data = path.read_bytes()
    for old, new in ((b"NAMEX", b"NAM\xb5X"), (b"QQm", b"\xb5\xb5m"), (b"GONEX", b"GON\xb5X")):
        data = data.replace(old, new)
    path.write_bytes(data)
    layout = read(path)
    assert layout.cell_names == ("NAMµX",)
    assert {"name-not-utf8", "text-not-utf8", "missing-cell"} <= codes(layout)


def test_labels_say_where_they_stand(tmp_path: Path) -> None:
    library = simple_library()
    library.cells[1].add(gdstk.Label("opt_in", (1.5, -2), layer=10, texttype=3))
    layout = read(written(library, tmp_path))
    (label,) = layout.labels_of(1)
    assert (label.text, label.layer, label.x_dbu, label.y_dbu) == ("opt_in", (10, 3), 1500, -2000)


def test_polygons_of_more_points_than_a_signed_record_holds(tmp_path: Path) -> None:
    angles = np.linspace(0, 2 * np.pi, 8001)[:-1]
    library = gdstk.Library()
    library.new_cell("A").add(gdstk.Polygon(np.c_[np.cos(angles), np.sin(angles)] * 1000))
    path = tmp_path / "layout"
    library.write_gds(path, max_points=8190)
    layout = read(path)
    assert layout.handle.n_polygons == 1
    assert layout.handle.n_points == 8000


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("oasis", [False, True])
def test_a_truncated_file_is_refused_with_its_place(oasis: bool, compressed: bool, tmp_path: Path) -> None:
    path = written(simple_library(), tmp_path, oasis=oasis)
    data = path.read_bytes()
    for length in range(30, len(data) - 1, 7):
        part = data[:length]
        path.write_bytes(gzip.compress(part) if compressed else part)
        with pytest.raises(LayoutFormatError) as caught:
            read(path)
        assert caught.value.path == str(path)
        assert caught.value.place is not None
        assert caught.value.place.startswith("byte ")
        assert 0 <= caught.value.offset <= length
        assert caught.value.hint


def test_a_damaged_record_is_named_with_its_cell(tmp_path: Path) -> None:
    path = written(simple_library(), tmp_path)
    data = bytearray(path.read_bytes())
    at = data.index(b"\x00\x04\x11\x00")
    data[at + 2] = 0x10
    path.write_bytes(data)
    with pytest.raises(LayoutFormatError, match=f"byte {at}, record XY, cell DEVICE"):
        read(path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"\x89PNG\r\n\x1a\n", "neither GDSII nor OASIS"),
        (b"hello", "neither GDSII nor OASIS"),
        (gzip.compress(b"hello", mtime=0), "neither GDSII nor OASIS"),
        (gzip.compress(b"\0" * 100, mtime=0)[:-12], "gzip"),
        (b"\x1f\x8b\x08\x00nonsense", "gzip"),
    ],
)
def test_what_is_no_layout_is_refused(content: bytes, words: str, tmp_path: Path) -> None:
    path = tmp_path / "layout.gds"
    path.write_bytes(content)
    with pytest.raises(LayoutFileError, match=words) as caught:
        read(path)
    assert caught.value.hint


def test_a_folder_a_pipe_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path, words in ((tmp_path, "folder"), (tmp_path / "absent.gds", "no such file"), (pipe, "regular file")):
        with pytest.raises(LayoutFileError, match=words) as caught:
            read(path)
        assert str(path) in str(caught.value)
        assert caught.value.hint
    with pytest.raises(LayoutFileError):
        read("nul\0byte")


def test_a_decompression_bomb_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(source, "ALWAYS_UNPACKED_BYTES", 1 << 20)
    monkeypatch.setattr(source, "MAX_UNPACKED_RATIO", 100)
    packer = zlib.compressobj(9, wbits=31)
    path = tmp_path / "bomb.gds"
    path.write_bytes(packer.compress(b"\0" * (16 << 20)) + packer.flush())
    with pytest.raises(LayoutFileError, match="unpacks to more than"):
        read(path)


def test_progress_names_the_stages(tmp_path: Path) -> None:
    seen: list[str] = []
    read(written(simple_library(), tmp_path), progress=lambda stage, *_: seen.append(stage))
    assert [stage for i, stage in enumerate(seen) if i == 0 or seen[i - 1] != stage][:3] == ["scan", "read", "cells"]


def test_gdstk_says_nothing_of_its_own(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    library = simple_library()
    top = library.cells[1]
    top.add(gdstk.Reference("ABSENT"))
    top.add(gdstk.FlexPath([(0, 0), (5, 0), (0, 0), (5, 0)], 0.5, simple_path=True, layer=1))
    top.add(gdstk.FlexPath([(0, 0), (0, 0)], 0.5, simple_path=True, layer=1))
    assert codes(read(written(library, tmp_path))) == {"missing-cell", "path-without-extent"}
    assert codes(read(library)) == {"missing-cell", "path-without-extent"}
    assert capfd.readouterr() == ("", "")


def test_layouts_are_read_from_several_threads(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    library = simple_library()
    library.cells[0].add(gdstk.FlexPath([(0, 0), (5, 0)], 0.5, simple_path=True, layer=1))
    path = written(library, tmp_path)
    with ThreadPoolExecutor(4) as pool:
        boxes = set(pool.map(lambda _: read(path).handle.bbox_nm(1), range(40)))
    assert len(boxes) == 1
    os.write(2, b"still here")
    assert capfd.readouterr().err == "still here"
