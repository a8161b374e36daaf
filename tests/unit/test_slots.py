"""Slot guides in cells, in exports and in the loss of paths."""

from __future__ import annotations

import csv
from io import StringIO
from pathlib import Path

import gdstk
import numpy as np
import pytest
from pydantic import ValidationError

import waveguard
from waveguard import pdk
from waveguard.exports.gather import gather
from waveguard.exports.guides_csv import write_guides_csv
from waveguard.extract import Extraction, extract
from waveguard.layout import read
from waveguard.pdk.sections import Slot

SLOT_PDK = Path(__file__).parents[1] / "slot_pdk.toml"
PDK = pdk.load(SLOT_PDK)
RAIL_UM, GAP_UM, LENGTH_UM = 0.24, 0.1, 30.0
OUTER_UM = 2 * RAIL_UM + GAP_UM


def box(low_x: float, low_y: float, high_x: float, high_y: float, layer: tuple[int, int] = (1, 0)) -> gdstk.Polygon:
    return gdstk.rectangle((low_x, low_y), (high_x, high_y), layer=layer[0], datatype=layer[1])


def rails(from_um: float = 0.0) -> list[gdstk.Polygon]:
    return [
        box(from_um, GAP_UM / 2, LENGTH_UM, OUTER_UM / 2),
        box(from_um, -OUTER_UM / 2, LENGTH_UM, -GAP_UM / 2),
    ]


def pins(cell: gdstk.Cell, ends: dict[str, tuple[float, int, float]]) -> None:
    """Add pins on the x axis that look along it: place, direction, width."""
    for name, (x_um, out, width_um) in ends.items():
        path = [(x_um - 0.05 * out, 0.0), (x_um + 0.05 * out, 0.0)]
        cell.add(gdstk.FlexPath(path, width_um, layer=1, datatype=10, simple_path=True))
        cell.add(gdstk.Label(name, (x_um, 0.0), layer=1, texttype=10))


def library(*shapes: gdstk.Polygon, as_device: bool = False) -> gdstk.Library:
    result = gdstk.Library("slots", unit=1e-6, precision=1e-9)
    top = result.new_cell("top")
    if not as_device:
        top.add(*shapes)
        return result
    cell = result.new_cell("slot_straight")
    cell.add(*shapes, box(0, -1, LENGTH_UM, 1, (68, 0)))
    pins(cell, {"o1": (0.0, -1, OUTER_UM), "o2": (LENGTH_UM, 1, OUTER_UM)})
    top.add(gdstk.Reference(cell), gdstk.Reference(cell, (2 * LENGTH_UM, 0.0), rotation=np.pi))
    return result


def between_couplers(from_um: float, *shapes: gdstk.Polygon) -> gdstk.Library:
    """Return shapes between a fibre coupler that looks to +x and one at the end of the rails that looks back."""
    result = library(*shapes)
    coupler = result.new_cell("coupler")
    coupler.add(box(-10, -OUTER_UM / 2, 0, OUTER_UM / 2), box(-10, -4, 0, 4, (68, 0)))
    pins(coupler, {"o": (0.0, 1, OUTER_UM)})
    far = gdstk.Reference(coupler, (LENGTH_UM, 0.0), rotation=np.pi)
    next(cell for cell in result.cells if cell.name == "top").add(gdstk.Reference(coupler, (from_um, 0.0)), far)
    return result


def found(*shapes: gdstk.Polygon, as_device: bool = False) -> Extraction:
    return extract(read(library(*shapes, as_device=as_device)), PDK)


def test_a_cell_of_two_rails_with_pins_is_a_slot_guide() -> None:
    extraction = found(*rails(), as_device=True)
    guides, slots = extraction.tables.waveguides, extraction.tables.slots
    assert [extraction.guides[int(k)].name for k in guides.cross_section] == ["slot", "slot"]
    assert guides.centerline_length_nm == pytest.approx([LENGTH_UM * 1e3] * 2)
    assert guides.area_nm2 == pytest.approx([2 * RAIL_UM * LENGTH_UM * 1e6] * 2)
    assert slots.gap_min_nm == pytest.approx([GAP_UM * 1e3] * 2)
    assert len(extraction.tables.runs) == 0
    assert len(extraction.tables.nets) == 1


def test_the_loss_of_a_slot_guide_is_that_of_its_cross_section() -> None:
    report = waveguard.loss(between_couplers(0.0, *rails()), PDK)
    section = next(one for one in PDK.cross_sections if one.slot is not None)
    expected_db = section.loss_db_per_cm.value * LENGTH_UM * 1e-4
    assert dict(report.ledger(0)) == pytest.approx({"propagation": expected_db, "coupler": 10.0})
    assert report.gaps == ()


def test_the_csv_of_guides_has_gap_and_rails_where_there_are_slot_guides() -> None:
    def rows(*shapes: gdstk.Polygon) -> list[dict[str, str]]:
        out = StringIO()
        write_guides_csv(gather(found(*shapes)), out)
        return list(csv.DictReader(StringIO(out.getvalue())))

    slot, strip = sorted(rows(*rails(), box(0, 5, LENGTH_UM, 5.5)), key=lambda row: row["cross_section"])
    assert (slot["slot_gap_nm"], slot["slot_rail_nm"]) == ("100.0", "240.0")
    assert strip["slot_gap_nm"] == ""
    assert "slot_gap_nm" not in rows(box(0, 5, LENGTH_UM, 5.5))[0]


def test_a_converter_without_an_entry_is_a_gap() -> None:
    chip = between_couplers(-20.0, *rails(), box(-20, -OUTER_UM / 2, 0, OUTER_UM / 2))
    extraction = extract(read(chip), PDK)
    names = {extraction.guides[int(k)].name for k in extraction.tables.waveguides.cross_section}
    assert names == {"slot", "strip"}
    assert extraction.tables.junctions.n_arms.tolist() == [2]
    report = waveguard.loss(chip, PDK)
    assert len(report) == 0
    assert "drawn_slot_converter" in " ".join(report.gaps)


def test_windows_of_a_slot_hold_its_widths() -> None:
    numbers = {"rail_um": 0.24, "rail_min_um": 0.2, "rail_max_um": 0.28, "gap_um": 0.1, "gap_min_um": 0.06}
    assert Slot.model_validate({**numbers, "gap_max_um": 0.15}).outer_um == pytest.approx(OUTER_UM)
    with pytest.raises(ValidationError, match="gap_um lies outside its window"):
        Slot.model_validate({**numbers, "gap_max_um": 0.08})
