"""Forged files ask for more than any chip holds: the extraction stops at a bound, and the run says what it left out."""

from __future__ import annotations

import gdstk
import pytest

from waveguard import check, layout
from waveguard import pdk as pdks
from waveguard.findings import Run
from waveguard.pdk import Pdk


def kit(**limits: int) -> Pdk:
    """Return a PDK with other bounds."""
    whole = pdks.load("siepic-ebeam")
    effort = whole.extraction.limits.model_copy(update=limits)
    return whole.model_copy(update={"extraction": whole.extraction.model_copy(update={"limits": effort})})


def guide(pins: int = 1) -> gdstk.Cell:
    """Return a straight waveguide of 10 um with so many pins at each end."""
    cell = gdstk.Cell("guide")
    cell.add(gdstk.rectangle((0, -0.25), (10, 0.25), layer=1))
    cell.add(gdstk.rectangle((0, -0.75), (10, 0.75), layer=68))
    for end, sign in ((0.0, -1.0), (10.0, 1.0)):
        for _ in range(pins):
            ends = [(end - sign * 0.05, 0.0), (end + sign * 0.05, 0.0)]
            cell.add(gdstk.FlexPath(ends, 0.5, simple_path=True, layer=1, datatype=10))
    return cell


def array(columns: int, rows: int, spacing: tuple[float, float], cell: gdstk.Cell | None = None) -> gdstk.Library:
    """Return a library with an array."""
    library = gdstk.Library()
    top, placed = library.new_cell("top"), cell or guide()
    library.add(placed)
    top.add(gdstk.Reference(placed, columns=columns, rows=rows, spacing=spacing))
    return library


def left_out(run: Run) -> str:
    """Return what the run says it left out."""
    return "; ".join(one.reason for one in run.incomplete if one.subject == "extraction")


def test_an_honest_array_is_placed_in_full() -> None:
    run = check(array(40, 50, (12.0, 5.0)), kit())
    assert left_out(run) == ""
    assert dict(run.counts)["devices"] == 2000


def test_an_array_that_lies_on_itself_is_not_placed_in_full() -> None:
    run = check(array(1, 32_000, (0.0, 0.008)), kit())
    assert dict(run.counts)["devices"] == 32
    assert left_out(run) == "31,968 devices were not placed (limits.stacked_devices)"
    assert run.exit_code == 3 or run.findings


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ({"placed_ports": 100}, "1,950 devices were not placed (limits.placed_ports)"),
        ({"line_points": 100}, "devices were not placed (limits.line_points)"),
        ({"line_steps": 100}, "devices were not placed (limits.line_steps)"),
        ({"placements": 100}, "devices were not placed (limits.placements)"),
        ({"ports_nearby": 1}, "ports have more others around them than were looked at (limits.ports_nearby)"),
        ({"piece_pairs": 1}, "waveguides have more neighbours than were looked at (limits.piece_pairs)"),
        ({"run_samples": 1}, "waveguides have more neighbours than were looked at (limits.run_samples)"),
    ],
)
def test_what_is_beyond_a_bound_is_told_with_its_number(limits: dict[str, int], said: str) -> None:
    library = array(40, 50, (10.0, 2.0))
    assert left_out(check(library, kit())) == ""
    run = check(library, kit(**limits), select=["WG003"])
    assert said in left_out(run)
    assert run.exit_code != 0


def test_overlaps_beyond_the_rows_are_told() -> None:
    library = array(1, 20, (0.0, 0.5))
    assert "overlaps" not in left_out(check(library, kit()))
    assert "(limits.overlap_rows)" in left_out(check(library, kit(overlap_rows=5)))
    assert "(limits.overlap_steps)" in left_out(check(library, kit(overlap_steps=10)))


def test_pins_beyond_the_bound_of_a_device_are_told() -> None:
    run = check(array(1, 1, (1.0, 1.0), guide(pins=9)), kit(device_ports=10))
    assert "devices have more pins than were read (limits.device_ports)" in left_out(run)


def test_copies_beyond_the_bound_of_a_cell_are_told() -> None:
    cell = guide()
    pin = gdstk.FlexPath([(4.95, 0.0), (5.05, 0.0)], 0.5, simple_path=True, layer=1, datatype=10)
    pin.repetition = gdstk.Repetition(columns=1, rows=500, spacing=(1.0, 0.001))
    cell.add(pin)
    assert "copies of pins" in left_out(check(array(1, 1, (1.0, 1.0), cell), kit(repetition=100)))


def test_a_cell_that_is_placed_by_name_is_there() -> None:
    library = gdstk.Library()
    library.add(guide())
    library.new_cell("top").add(gdstk.Reference("guide"), gdstk.Reference("elsewhere"))
    missing = [one.subject for one in layout.read(library).problems if one.code == "missing-cell"]
    assert missing == ["elsewhere"]


def test_a_width_in_the_wrong_unit_is_told() -> None:
    cell = guide()
    cell.add(gdstk.Label("Spice_param:wg_length=0.000010 wg_width=500.000u", (5, 0), layer=68))
    findings = [one for one in check(array(1, 1, (1.0, 1.0), cell), kit()).findings if one.code == "IN001"]
    assert [one.message for one in findings] == [
        "cell guide states a length or width that is wrong by a power of a thousand: width 500 um taken as 0.5 um"
    ]


@pytest.mark.parametrize("levels", [10, 20_000])
def test_a_device_may_be_as_deep_as_the_file_says(levels: int) -> None:
    library = gdstk.Library()
    device = guide()
    device.remove(*[one for one in device.polygons if one.layer == 1])
    below = gdstk.Cell("level_0").add(gdstk.rectangle((0, -0.25), (10, 0.25), layer=1))
    library.add(below)
    for level in range(1, levels):
        above = gdstk.Cell(f"level_{level}").add(gdstk.Reference(below))
        library.add(above)
        below = above
    library.add(device.add(gdstk.Reference(below)))
    library.new_cell("top").add(gdstk.Reference(device))
    run = check(library, kit())
    assert (run.count("devices"), run.count("waveguides")) == (1, 1)


def test_a_shape_drawn_a_thousand_times_at_one_place_is_one_with_copies() -> None:
    library = gdstk.Library()
    library.new_cell("top").add(*[gdstk.rectangle((0, 0), (50, 0.5), layer=1) for _ in range(1000)])
    run = check(library, kit())
    twins = [one for one in run.findings if one.code == "CN004"]
    assert len(twins) == 999
    assert all("lies exactly on top over 25.000 µm²" in one.message for one in twins)
