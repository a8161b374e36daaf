"""Pictures: well-formed, bounded, and with every number in the legend."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from io import BytesIO, StringIO
from typing import Any

import numpy as np
import pytest

from waveguard.exports import Found
from waveguard.exports.panel import MAX_POINTS
from waveguard.exports.picture import picture
from waveguard.exports.png import write_png
from waveguard.exports.scene import Lines, Places, Text, thinned
from waveguard.exports.svg import write_scene, write_svg
from waveguard.tables import VIEWS

SVG = "{http://www.w3.org/2000/svg}"


def texts_of(found: Found) -> list[str]:
    """Return the texts of a picture."""
    return [item.text for item in picture(found).items if isinstance(item, Text)]


def large(n: int) -> Found:
    """An extraction of n guides of 40 points each, side by side in rows."""
    along = np.linspace(0.0, 9_000.0, 40)
    x = (np.arange(n) % 500 * 10_000.0)[:, None] + along
    y = (np.arange(n) // 500 * 4_000.0)[:, None] + 500.0 * np.sin(along / 1_500.0)
    empty: dict[str, Any] = {c.name: np.zeros(n, dtype=c.dtype) for c in VIEWS["devices"].columns()}
    devices = {**empty, "role": np.ones(n, dtype=np.uint8), "waveguide": np.arange(n)}
    devices |= {f"bbox_{side}_nm": value for side, value in zip(("x0", "x1"), (x[:, 0], x[:, -1]), strict=True)}
    devices |= {f"bbox_{side}_nm": y[:, 0] for side in ("y0", "y1")}
    guides: dict[str, Any] = {c.name: np.zeros(n, dtype=c.dtype) for c in VIEWS["waveguides"].columns()}
    guides |= {"device": np.arange(n), "centerline_length_nm": np.full(n, 9e3), "width_a_nm": np.full(n, 500.0)}
    lines = {"offsets": np.arange(n + 1) * 40, "x_nm": x.ravel(), "y_nm": y.ravel(), "width_nm": np.full(40 * n, 500.0)}
    tables = {"devices": devices, "waveguides": guides, "centerlines": lines}
    return Found("large.gds", "", "by hand", ["chip"], ["chip"], ["strip"], tables)


def test_an_svg_is_well_formed_and_holds_no_letter_that_xml_refuses(sample_found: Found) -> None:
    out = StringIO()
    write_svg(replace(sample_found, layout="<&\x00\x1b>.gds"), out)
    root = ElementTree.fromstring(out.getvalue())
    assert root.tag == f"{SVG}svg"
    assert len(root.findall(f"{SVG}path")) > 8
    assert any("gap 20 nm, aside 50 nm" in "".join(text.itertext()) for text in root.iter(f"{SVG}text"))


def test_the_legend_counts_everything(sample_found: Found) -> None:
    texts = texts_of(sample_found)
    for words in ("strip (2)", "device (4)", "terminal (3)", "near miss (1)", "core that is not understood (3)"):
        assert words in texts
    assert "link" in texts
    assert "99.8 % of the core area understood, 0.1 µm² not" in next(text for text in texts if text.startswith("PDK"))


def test_a_guide_is_drawn_where_it_lies(sample_found: Found) -> None:
    scene = picture(sample_found)
    lines = next(item for item in scene.items if isinstance(item, Lines) and item.colour == "#0072b2").points
    assert len(lines) == 2
    # Two places of the layout, 50 µm apart, give the scale; up is up.
    px_per_nm = (lines[0][-1][0] - lines[0][0][0]) / 50_000.0
    assert lines[0][0][1] - lines[0][-1][1] == pytest.approx(20_000.0 * px_per_nm, abs=0.1)
    assert lines[1][0][1] - lines[0][0][1] == pytest.approx(5_500.0 * px_per_nm, abs=0.1)


def test_a_chip_of_a_hundred_thousand_guides_stays_small_and_right() -> None:
    scene = picture(large(100_000))
    points = sum(len(line) for item in scene.items if isinstance(item, Lines) for line in item.points)
    assert 20_000 < points <= MAX_POINTS + 1_000
    assert "strip (100,000)" in [item.text for item in scene.items if isinstance(item, Text)]
    out = StringIO()
    write_scene(scene, out)
    assert len(out.getvalue()) < 4_000_000


def test_thinning_keeps_ends_and_drops_what_lies_on_each_other() -> None:
    line = np.column_stack([np.linspace(0, 100, 1001), np.zeros(1001)])
    (kept,) = thinned(line, np.array([1001]), 10_000, 0.05)
    assert kept[0].tolist() == [0.0, 0.0]
    assert kept[-1].tolist() == pytest.approx([100.0, 0.0])
    many = thinned(np.tile(line, (500, 1)), np.full(500, 1001), 1_000, 0.05)
    assert sum(len(part) for part in many) <= 1_000
    ends = [x for part in many for x, _ in part.tolist()]
    assert (min(ends), max(ends)) == pytest.approx((0.0, 100.0), abs=1.0)
    assert thinned(np.zeros((0, 2)), np.zeros(0, dtype=np.int64), 10, 0.05) == []
    assert len(thinned(np.full((7, 2), 3.0), np.ones(7, dtype=np.int64), 100, 0.05)) == 1


def test_texts_take_places_that_are_free() -> None:
    places = Places()
    places.run([np.array([[0.0, 0.0], [100.0, 0.0]])])
    on_line, above = Text(50, 0, "name", 10, anchor="middle"), Text(50, -20, "name", 10, anchor="middle")
    frame = (-200.0, -200.0, 200.0, 200.0)
    assert places.take_first([on_line, above], frame) == above
    assert places.take_first([on_line, above], frame, only_clear=True) is None
    assert places.take_first([on_line, above], frame) == on_line
    assert places.take_first([on_line, above], frame) is None
    assert Places().take_first([above], (0.0, 0.0, 200.0, 200.0)) is None


@pytest.mark.parametrize("n_tops", [0, 1, 2, 13])
def test_every_number_of_tops_is_a_picture(n_tops: int, sample_found: Found) -> None:
    names = [f"top{k}" for k in range(n_tops)]
    devices = {c.name: np.zeros(n_tops, dtype=c.dtype) for c in VIEWS["devices"].columns()}
    devices |= {"top": np.arange(n_tops), "waveguide": np.full(n_tops, -1)}
    devices |= {"bbox_x1_nm": np.full(n_tops, 1e3), "bbox_y1_nm": np.full(n_tops, 2e3)}
    found = replace(sample_found, tables={"devices": devices}, cell_names=names, tops=names, terminals=(), facts={})
    found = replace(found, top_cells=range(n_tops))
    texts = texts_of(found)
    assert ("nothing was found" in texts) == (n_tops == 0)
    assert sum(text in names for text in texts if text.startswith("top")) >= (min(n_tops, 12) if n_tops > 1 else 0)
    assert any("1 smaller top cells" in text for text in texts) == (n_tops == 13)


def test_a_png_is_one_and_shows_more_than_white(sample_found: Found) -> None:
    from matplotlib.image import imread

    out = BytesIO()
    write_png(sample_found, out)
    pixels = imread(BytesIO(out.getvalue()), format="png")
    scene = picture(sample_found)
    assert pixels.shape[1] == pytest.approx(1.5 * scene.width_px, abs=1)
    blue = np.all(np.abs(pixels[:, :, :3] - np.array([0x00, 0x72, 0xB2]) / 255) < 0.02, axis=2)
    assert blue.sum() > 1_000
