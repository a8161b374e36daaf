"""Texts drawn as shapes on the layer of the waveguides: each is told once, and nothing else is said of them."""

from __future__ import annotations

import gdstk
import numpy as np
import pytest

from faults import compare
from faults.kinds import CHIP
from faults.scene import Item
from faults.test_faults import said
from waveguard.designs import drawing
from waveguard.findings import Severity

STYLES = ("marked", "marked and flat", "bare and flat", "bare and merged")
TEXTS = {"CHIP A7 2024": 20.0, "WG-500": 10.0, "MZI_12 dL=100um": 5.0, "O0O0": 20.0}
SHORT = {"T1": 15.0, "16": 15.0, "7": 20.0, "E": 10.0, "4": 5.0, "-20": 5.0, "A": 30.0, "+": 20.0}


def written(text: str, size_um: float) -> gdstk.Cell:
    layer, datatype = drawing.CORE
    return gdstk.Cell("text").add(*gdstk.text(text, size_um, (0, 0), layer=layer, datatype=datatype))


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize(("text", "size_um"), TEXTS.items())
def test_a_text_on_the_core_layer_is_told_once(text: str, size_um: float, style: str) -> None:
    for item in (Item(written(text, size_um), 10 - 120j), Item(written(text, size_um), 330 - 200j, np.pi / 2)):
        findings = said(CHIP.with_item("text", item), style)
        assert [(one.code, one.severity) for one in findings] == [("IN001", Severity.INFO)]
        assert "text drawn on a waveguide layer" in findings[0].message


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize(("text", "size_um"), SHORT.items())
def test_a_short_text_is_no_fault(text: str, size_um: float, style: str) -> None:
    for item in (Item(written(text, size_um), 10 - 120j), Item(written(text, size_um), 330 - 200j, np.pi / 2)):
        findings = said(CHIP.with_item("text", item), style)
        assert not [one for one in findings if one.severity is not Severity.INFO]


@pytest.mark.parametrize("number", [3, 4, 6])
def test_a_row_of_equal_devices_is_no_text_however_they_are_turned(number: int) -> None:
    """Unconnected splitters with short arms, as in a row of test structures: every second one is mirrored."""
    library = gdstk.Library("row", unit=1e-6, precision=1e-9)
    cell = library.new_cell("row")
    boxes = [(-5, -3, 5, 3), (-8, -0.25, -5, 0.25), (5, 1.25, 8, 1.75), (5, -1.75, 8, -1.25)]
    for k in range(number):
        sign = (-1) ** k
        shapes = [gdstk.rectangle((sign * x0, y0 + 12 * k), (sign * x1, y1 + 12 * k)) for x0, y0, x1, y1 in boxes]
        layer, datatype = drawing.CORE
        cell.add(*gdstk.boolean(shapes, [], "or", layer=layer, datatype=datatype))
    run = compare.checked(library)
    assert run.count("waveguides") == 3 * number
    assert not [one for one in run.findings if "text" in one.message]
