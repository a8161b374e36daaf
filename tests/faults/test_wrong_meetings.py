"""Waveguides that end short of others, are led into each other, or meet a body that is moved, bridged or half drawn."""

from __future__ import annotations

import math

import gdstk
import numpy as np
import pytest

from faults import compare
from variants import cut, place
from variants.curves import Piece, arc, s_bend, straight, taper
from waveguard.designs import drawing
from waveguard.findings import Finding, Severity

WIDTH_UM, WIDE_UM, LEAD_UM, TAPER_UM = 0.5, 1.2, 20.0, 8.0
BOX_UM = (44.0, 6.0)
NEAR_UM = 1.0
DRAWN = {
    "as drawn": lambda library: library,
    "merged": cut.merged,
    "turned": lambda library: place.turned(library, 33.0),
    "mirrored and turned": lambda library: place.turned(library, 90.0, mirrored=True),
}
Placed = tuple[Piece, complex, float]


def circuit(pieces: list[Placed], boxes: list[tuple[float, float, float, float]]) -> gdstk.Library:
    library = gdstk.Library("meetings", unit=1e-6, precision=1e-9)
    cell = library.new_cell("meetings")
    for piece, at, heading_rad in pieces:
        points = piece.outline(at, heading_rad)
        cell.add(drawing.core(np.column_stack([points.real, points.imag])))
    for x0, y0, x1, y1 in boxes:
        cell.add(drawing.core(np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])))
    return place.on_grid(library)


def grave(library: gdstk.Library) -> list[Finding]:
    return [one for one in compare.checked(library).findings if one.severity is not Severity.INFO]


def tee(gap_um: float, angle_deg: float = 90.0) -> gdstk.Library:
    """Return a waveguide and another one that ends so far before the middle of its side."""
    end = 1j * (WIDTH_UM / 2 + gap_um)
    return circuit(
        [(straight(60.0, WIDTH_UM), -30 + 0j, 0.0), (straight(20.0, WIDTH_UM), end, math.radians(angle_deg))], []
    )


@pytest.mark.parametrize("drawn", DRAWN)
@pytest.mark.parametrize("angle_deg", [90.0, 50.0])
def test_an_end_before_the_side_of_a_waveguide_is_told(angle_deg: float, drawn: str) -> None:
    # From the corner that is nearer, where an end is slanted.
    aside_um = WIDTH_UM / 2 * math.cos(math.radians(angle_deg))
    for gap_um in (0.03, 0.2):
        found = grave(DRAWN[drawn](tee(gap_um + aside_um, angle_deg)))
        assert [one.code for one in found] == ["CN001"], gap_um
        assert "before the side of a waveguide" in found[0].message
        assert (found[0].severity is Severity.ERROR) == (gap_um < 0.06), gap_um


def test_an_end_further_before_a_side_or_at_the_tip_of_a_taper_is_no_fault() -> None:
    assert grave(tee(0.6)) == []
    tip = taper(20.0, 0.1, WIDTH_UM)
    assert grave(circuit([(straight(60.0, WIDTH_UM), -30 + 0j, 0.0), (tip, 0.45j, math.pi / 2)], [])) == []


def into_side(angle_deg: float, arm: list[Piece]) -> gdstk.Library:
    """Return a waveguide and another one that begins in the middle of it at an angle."""
    pieces: list[Placed] = [(straight(60.0, WIDTH_UM), -30 + 0j, 0.0)]
    at, heading_rad = 0j, math.radians(angle_deg)
    for piece in arm:
        pieces.append((piece, at, heading_rad))
        at, heading_rad = at + piece.end * np.exp(1j * heading_rad), heading_rad + piece.turn_rad
    return circuit(pieces, [])


@pytest.mark.parametrize("drawn", DRAWN)
@pytest.mark.parametrize("angle_deg", [15.0, 30.0, -34.0, 40.0, 150.0])
def test_a_straight_that_enters_the_side_of_a_waveguide_is_told(angle_deg: float, drawn: str) -> None:
    found = grave(DRAWN[drawn](into_side(angle_deg, [straight(15.0, WIDTH_UM)])))
    assert [(one.code, one.severity) for one in found] == [("CN007", Severity.ERROR)]
    assert abs(compare.place_um(found[0])) <= 2 * NEAR_UM


def test_where_such_a_straight_leads_on_a_branch_may_be_meant() -> None:
    found = grave(into_side(25.0, [straight(8.0, WIDTH_UM), arc(15.0, -math.radians(25.0), WIDTH_UM)]))
    assert [(one.code, one.severity) for one in found] == [("CN007", Severity.WARNING)]


@pytest.mark.parametrize("drawn", DRAWN)
def test_an_arm_that_leaves_a_waveguide_in_a_bend_is_a_branch(drawn: str) -> None:
    turn_rad = math.radians(30.0)
    for radius_um in (5.0, 10.0, 30.0):
        assert grave(DRAWN[drawn](into_side(0.0, [arc(radius_um, turn_rad, WIDTH_UM)]))) == [], radius_um
    for length_um, aside_um in ((8.0, 3.0), (10.0, 2.0), (20.0, 4.0)):
        # Nearly straight where the two part.
        found = grave(DRAWN[drawn](into_side(0.0, [s_bend(length_um, aside_um, WIDTH_UM)])))
        assert {one.code for one in found} <= {"WG001"}, (length_um, aside_um)


@pytest.mark.parametrize("drawn", DRAWN)
@pytest.mark.parametrize("number", [3, 5])
def test_a_strip_that_ends_in_the_last_of_several_waveguides_is_told(number: int, drawn: str) -> None:
    pieces: list[Placed] = [(straight(60.0, WIDTH_UM), -30 + 2j * k, 0.0) for k in range(number)]
    strip = straight(2.0 * (number - 1) / math.sin(math.radians(55.0)), WIDTH_UM)
    found = grave(DRAWN[drawn](circuit([*pieces, (strip, 0j, math.radians(55.0))], [])))
    assert {one.code for one in found} & {"CN005", "CN009"}


def routes(number: int) -> gdstk.Library:
    """Return routes that come down side by side and are led onto one row."""
    pieces: list[Placed] = []
    for k in range(number):
        at, heading_rad = complex(2.0 * k, 40.0), -math.pi / 2
        for piece in (straight(30.0, WIDTH_UM), arc(6.0, math.pi / 2, WIDTH_UM), straight(60.0 - 2 * k, WIDTH_UM)):
            pieces.append((piece, at, heading_rad))
            at, heading_rad = at + piece.end * np.exp(1j * heading_rad), heading_rad + piece.turn_rad
    return circuit(pieces, [])


@pytest.mark.parametrize("drawn", DRAWN)
@pytest.mark.parametrize("number", [3, 4])
def test_three_routes_and_more_that_are_led_onto_one_row_are_told(number: int, drawn: str) -> None:
    found = [one for one in grave(DRAWN[drawn](routes(number))) if one.code == "CN009"]
    assert len(found) == 1
    assert {3: "three", 4: "four"}[number] in found[0].message


def coupler(ins: int, outs: int, aside_um: float = 0.0, missing: int | None = None) -> gdstk.Library:
    """Return the box of a multimode coupler so far aside of its waveguides, one of which may have no taper."""
    pieces: list[Placed] = []
    ends = [(0.0, math.pi, ins), (BOX_UM[0], 0.0, outs)]
    arms = [(x, heading_rad, 2.0 * (k - (n - 1) / 2)) for x, heading_rad, n in ends for k in range(n)]
    for k, (x, heading_rad, y) in enumerate(arms):
        to = complex(x, y) + TAPER_UM * np.exp(1j * heading_rad)
        shape = straight(TAPER_UM, WIDTH_UM) if k == missing else taper(TAPER_UM, WIDE_UM, WIDTH_UM)
        pieces += [(shape, complex(x, y), heading_rad), (straight(LEAD_UM, WIDTH_UM), to, heading_rad)]
    low = aside_um - BOX_UM[1] / 2
    return circuit(pieces, [(0.0, low, BOX_UM[0], low + BOX_UM[1])])


WAYS = [(1, 2), (2, 2), (2, 1)]


@pytest.mark.parametrize("drawn", DRAWN)
@pytest.mark.parametrize(("ins", "outs"), WAYS)
def test_a_box_in_the_middle_of_its_waveguides_is_no_fault(ins: int, outs: int, drawn: str) -> None:
    assert {one.code for one in grave(DRAWN[drawn](coupler(ins, outs)))} <= {"WG003"}


@pytest.mark.parametrize("drawn", DRAWN)
@pytest.mark.parametrize(("ins", "outs"), WAYS)
def test_a_box_aside_of_its_waveguides_is_told(ins: int, outs: int, drawn: str) -> None:
    for aside_um in (0.02, 0.1, -0.3, 0.6):
        found = [one for one in grave(DRAWN[drawn](coupler(ins, outs, aside_um))) if one.code == "CN006"]
        assert len(found) == 1, aside_um
        assert found[0].measured == pytest.approx(1e3 * abs(aside_um), abs=3.0)


@pytest.mark.parametrize("drawn", DRAWN)
@pytest.mark.parametrize(("ins", "outs", "missing"), [(1, 2, 1), (2, 2, 0), (2, 2, 3)])
def test_a_box_with_one_taper_less_on_one_side_is_told(ins: int, outs: int, missing: int, drawn: str) -> None:
    found = [one for one in grave(DRAWN[drawn](coupler(ins, outs, missing=missing))) if one.code == "CN002"]
    assert len(found) == 1
    assert "on the other side of the axis" in found[0].message


def bridged(box: tuple[float, float, float, float]) -> gdstk.Library:
    """Return two waveguides 0.2 µm apart with bends at their ends, and a box."""
    pieces: list[Placed] = []
    for hand in (1, -1):
        bend = arc(10.0, hand * math.pi / 4, WIDTH_UM)
        pieces += [(straight(20.0, WIDTH_UM), 0.35j * hand, 0.0), (bend, 20 + 0.35j * hand, 0.0)]
        back = arc(10.0, -hand * math.pi / 4, WIDTH_UM)
        pieces.append((back, 0.35j * hand, math.pi))
    return circuit(pieces, [box])


@pytest.mark.parametrize("drawn", DRAWN)
@pytest.mark.parametrize("box", [(9, -0.25, 10, 0.25), (8.5, -1.5, 11.5, 1.5), (9, -2.0, 11.9, 0.3), (9, -1, 10, 1)])
def test_a_box_over_both_guides_of_a_coupler_is_told(box: tuple[float, float, float, float], drawn: str) -> None:
    found = grave(DRAWN[drawn](bridged(box)))
    at = complex((box[0] + box[2]) / 2, 0.0)
    far = [abs(abs(compare.place_um(one)) - abs(at)) for one in found if one.code in {"CN006", "CN009"}]
    assert far
    assert min(far) <= NEAR_UM


def disc(radius_um: float, corners: int, at: complex) -> np.ndarray:
    angles_rad = 2 * math.pi * np.arange(corners) / corners
    return np.column_stack([at.real + radius_um * np.cos(angles_rad), at.imag + radius_um * np.sin(angles_rad)])


def askew(library: gdstk.Library) -> list[Finding]:
    return [one for one in grave(library) if one.code == "CN006"]


def ended(shape: np.ndarray, bend: Piece) -> gdstk.Library:
    """Return a straight and a bend that end in a shape, which is drawn as seen from that end."""
    end = straight(LEAD_UM, WIDTH_UM).end + bend.end
    seen = (shape[:, 0] + 1j * shape[:, 1]) * np.exp(1j * bend.turn_rad) + end
    library = circuit([(straight(LEAD_UM, WIDTH_UM), 0j, 0.0), (bend, LEAD_UM + 0j, 0.0)], [])
    library.cells[0].add(drawing.core(np.column_stack([seen.real, seen.imag])))
    return place.on_grid(library)


QUARTER = math.pi / 2
BENDS = {
    "5 um": arc(5.0, QUARTER, WIDTH_UM),
    "10 um": arc(10.0, QUARTER, WIDTH_UM),
    "to the right": arc(5.0, -QUARTER / 2, WIDTH_UM),
}


@pytest.mark.parametrize("drawn", DRAWN)
@pytest.mark.parametrize("bend", BENDS)
@pytest.mark.parametrize(("radius_um", "corners"), [(2.0, 64), (3.0, 128), (5.0, 64), (5.0, 200)])
def test_a_disc_at_the_end_of_a_bend_is_not_askew(radius_um: float, corners: int, bend: str, drawn: str) -> None:
    for before_um in (-0.03, 0.1, 1.0, radius_um):
        shape = disc(radius_um, corners, complex(radius_um - before_um))
        assert askew(DRAWN[drawn](ended(shape, BENDS[bend]))) == [], before_um


HORN = np.array([(0.0, -0.25), (6.0, -2.5), (6.0, 2.5), (0.0, 0.25)])


@pytest.mark.parametrize("drawn", DRAWN)
@pytest.mark.parametrize("bend", BENDS)
def test_a_horn_at_the_end_of_a_bend_is_not_askew(bend: str, drawn: str) -> None:
    assert askew(DRAWN[drawn](ended(HORN, BENDS[bend]))) == []


@pytest.mark.parametrize("bend", BENDS)
def test_a_horn_that_is_turned_at_the_end_of_a_bend_is_told(bend: str) -> None:
    turned = (HORN[:, 0] + 1j * HORN[:, 1]) * np.exp(1j * math.copysign(math.radians(5.0), BENDS[bend].turn_rad))
    assert len(askew(ended(np.column_stack([turned.real, turned.imag]), BENDS[bend]))) == 1


SPLITTERS: dict[str, list[list[Piece]]] = {
    # The arms on one side of a straight one.
    "S-bends": [[s_bend(20.0, 5.0, WIDTH_UM)]],
    "short S-bends": [[s_bend(10.0, 2.0, WIDTH_UM)]],
    "S-bends that part where they turn back": [[s_bend(20.0, 1.2, WIDTH_UM)]],
    "arcs": [[arc(10.0, 0.6, WIDTH_UM), arc(10.0, -0.6, WIDTH_UM), straight(10.0, WIDTH_UM)]],
    "corners": [[arc(10.0, QUARTER, WIDTH_UM)]],
    "four and the middle": [[s_bend(20.0, 4.0, WIDTH_UM)], [s_bend(20.0, 10.0, WIDTH_UM)]],
}


def led_into(sides: list[list[Piece]], earlier_um: float = 0.0) -> gdstk.Library:
    """Return a straight that others leave on both sides, but on one side so much earlier."""
    pieces: list[Placed] = [(straight(60.0, WIDTH_UM), -25 + 0j, 0.0)]
    for hand in (1, -1):
        for side in sides:
            at, heading_rad = complex(-max(hand * earlier_um, 0.0)), 0.0
            for piece in side if hand > 0 else [one.flipped() for one in side]:
                pieces.append((piece, at, heading_rad))
                at, heading_rad = at + piece.end * np.exp(1j * heading_rad), heading_rad + piece.turn_rad
    return circuit(pieces, [])


@pytest.mark.parametrize("drawn", DRAWN)
@pytest.mark.parametrize("splitter", SPLITTERS)
def test_arms_that_leave_a_waveguide_as_each_others_mirror_image_are_a_splitter(splitter: str, drawn: str) -> None:
    assert not [one for one in grave(DRAWN[drawn](led_into(SPLITTERS[splitter]))) if one.code == "CN009"]


@pytest.mark.parametrize("drawn", DRAWN)
@pytest.mark.parametrize("splitter", ["S-bends", "short S-bends", "arcs"])
def test_arms_of_which_one_leaves_earlier_are_told(splitter: str, drawn: str) -> None:
    found = [one for one in grave(DRAWN[drawn](led_into(SPLITTERS[splitter], 0.3))) if one.code == "CN009"]
    assert len(found) == 1


@pytest.mark.parametrize("drawn", DRAWN)
@pytest.mark.parametrize("angle_deg", [9.0, 15.0, 25.0])
def test_straights_that_lie_across_a_waveguide_as_each_others_mirror_image_are_told(
    angle_deg: float, drawn: str
) -> None:
    pieces: list[Placed] = [(straight(60.0, WIDTH_UM), -25 + 0j, 0.0)]
    pieces += [(straight(25.0, WIDTH_UM), 0j, hand * math.radians(angle_deg)) for hand in (1, -1)]
    assert {one.code for one in grave(DRAWN[drawn](circuit(pieces, [])))} & {"CN007", "CN009"}
