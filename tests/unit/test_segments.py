"""Rows of boxes as guides: what the PDK says of them, and how they are written."""

from __future__ import annotations

import io
import json
import math
import re
from pathlib import Path

import gdstk
import pytest

import waveguard
from waveguard import pdk
from waveguard.exports.gather import gather
from waveguard.exports.guides_csv import write_guides_csv
from waveguard.exports.overlay import overlay
from waveguard.exports.tables_json import write_json
from waveguard.extract import Extraction, extract, recipe
from waveguard.layout import read

SPEC = Path(__file__).resolve().parents[1] / "rules" / "spec_pdk.toml"
PITCH_UM, BOX_UM, N = 0.25, 0.125, 200
LENGTH_UM = PITCH_UM * (N - 1) + BOX_UM


def row_between_guides() -> gdstk.Library:
    """Return a row between two guides, each of which ends in a fibre coupler."""
    library = gdstk.Library(unit=1e-6, precision=1e-9)
    coupler = library.new_cell("coupler")
    pin = gdstk.FlexPath([(-0.01, 0), (0.01, 0)], 0.5, simple_path=True, layer=1, datatype=10)
    coupler.add(gdstk.rectangle((-10, -0.25), (0, 0.25), layer=1), gdstk.rectangle((-10, -4), (0, 4), layer=68), pin)
    top = library.new_cell("top")
    box = gdstk.rectangle((0, -0.25), (BOX_UM, 0.25), layer=1)
    box.repetition = gdstk.Repetition(columns=N, rows=1, spacing=(PITCH_UM, 1.0))
    gap = PITCH_UM - BOX_UM
    ahead = gdstk.rectangle((-20 - gap, -0.25), (-gap, 0.25), layer=1)
    behind = gdstk.rectangle((LENGTH_UM + gap, -0.25), (LENGTH_UM + gap + 30, 0.25), layer=1)
    top.add(box, ahead, behind, gdstk.Reference(coupler, (-20 - gap, 0)))
    top.add(gdstk.Reference(coupler, (LENGTH_UM + gap + 30, 0), rotation=math.pi))
    return library


def with_section(folder: Path) -> Path:
    text = SPEC.read_text(encoding="utf-8")
    strip = re.findall(r"\[\[cross_sections\]\]\n.*?\n\n", text, re.DOTALL)[0]
    own = strip.replace('"strip"\nc', '"row"\nc').replace(
        "loss_db_per_cm = 2.0", "loss_db_per_cm = 7.0\nsegmented = true"
    )
    path = folder / "with_rows.toml"
    path.write_text(text + "\n" + own, encoding="utf-8")
    return path


def found(path: Path) -> Extraction:
    return extract(read(row_between_guides()), pdk.load(path))


def test_gap_and_pitch_follow_from_wavelength_and_cladding() -> None:
    kit = pdk.load("siepic-ebeam")
    assert kit.process.clad_index is not None
    longest = max(one.wavelength_um for one in kit.cross_sections) / kit.process.clad_index.value * 1e3
    stated = recipe(kit, read(row_between_guides()))["segments"]
    assert stated["gap_max_nm"] == pytest.approx(longest / 2)
    assert stated["pitch_max_nm"] == pytest.approx(longest)


def test_a_row_takes_the_section_of_rows_where_there_is_one(tmp_path: Path) -> None:
    for path, expected in ((SPEC, "strip"), (with_section(tmp_path), "row")):
        one = found(path)
        guides, row = one.tables.waveguides, int(one.tables.segments.waveguide[0])
        sections = [one.cross_sections[k].name for k in guides.cross_section.tolist()]
        assert sections[row] == expected
        assert [name for k, name in enumerate(sections) if k != row] == ["strip", "strip"]
        assert guides.centerline_length_nm[row] == pytest.approx(LENGTH_UM * 1e3, abs=0.01)


def test_a_row_loses_what_its_section_says(tmp_path: Path) -> None:
    own = with_section(tmp_path)
    more = tmp_path / "more.toml"
    more.write_text(own.read_text(encoding="utf-8").replace("= 7.0", "= 9.0"), encoding="utf-8")
    lost = [max(waveguard.loss(row_between_guides(), pdk=path).paths["loss_db"]) for path in (own, more)]
    assert lost[1] - lost[0] == pytest.approx((9.0 - 7.0) * LENGTH_UM * 1e-4, rel=0.01)


def test_without_a_section_of_its_own_the_loss_of_a_row_is_a_gap() -> None:
    result = waveguard.loss(row_between_guides(), pdk=SPEC)
    assert not len(result.paths["loss_db"])
    assert any("row of boxes" in str(gap) for gap in result.gaps)


def test_files_say_that_a_guide_is_a_row() -> None:
    one = gather(found(SPEC))
    text = io.StringIO()
    write_guides_csv(one, text)
    head, *lines = [line.split(",") for line in text.getvalue().splitlines()]
    pitches = [line[head.index("pitch_nm")] for line in lines]
    assert sorted(pitches) == ["", "", "250.0"]
    assert "0.5" in [line[head.index("duty_cycle")] for line in lines]
    content = io.StringIO()
    write_json(one, content)
    table = json.loads(content.getvalue())["tables"]["segments"]
    assert table["n_segments"] == [N]
    assert table["gap_max_nm"] == [125.0]
    labels = [label.text for cell in overlay(one).cells for label in cell.labels]
    assert any("pitch=250.0nm duty=0.50" in label for label in labels)
