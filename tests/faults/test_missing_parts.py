"""Branches, boxes and tapers taken out of bare circuits, or moved aside of the waveguides that lead to them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import gdstk
import numpy as np
import pytest

from faults import compare
from faults.scene import outline
from variants import cut, place
from variants.curves import Piece, arc, s_bend, straight, taper
from waveguard.designs import drawing
from waveguard.findings import Finding, Severity

WIDTH_UM, LEAD_UM, ARM_UM = 0.5, 25.0, 0.63
BOX_UM = (12.7, 2.5)
BRANCH = np.array(
    [(0, -0.25), (2, -0.6), (5, -0.88), (5, -0.38), (4, 0), (5, 0.38), (5, 0.88), (2, 0.6), (0, 0.25)], dtype=float
)
BODIES = {
    "box": np.array([(0, -1.25), (BOX_UM[0], -1.25), (BOX_UM[0], 1.25), (0, 1.25)]),
    "branch": BRANCH,
}
DRAWN = {
    "as drawn": lambda library: library,
    "merged": cut.merged,
    "turned": lambda library: place.on_grid(place.turned(library, 33.0)),
}
NEAR_UM = 2.0
MISSED = {
    # One shape that hangs together at corners, and an arm that lies half on the other waveguide.
    (0.5, "merged"),
    (-0.5, "merged"),
    (1.0, "turned"),
}
"""Ways in which a branch that was moved is still missed; who mends one takes it out."""


def circuit(pieces: dict[str, tuple[Piece, complex]], bodies: dict[str, np.ndarray]) -> gdstk.Library:
    library = gdstk.Library("parts", unit=1e-6, precision=1e-9)
    cell = library.new_cell("parts")
    for piece, at in pieces.values():
        cell.add(drawing.core(outline(piece) + np.array([at.real, at.imag])))
    for points in bodies.values():
        cell.add(drawing.core(points))
    return place.on_grid(library)


def splitter(body: str, aside_um: float | None = 0.0) -> gdstk.Library:
    """Return a body with one waveguide on its left and two on its right; without it where it is nowhere."""
    points = BODIES[body]
    end = float(points[:, 0].max())
    pieces: dict[str, tuple[Piece, complex]] = {"in": (straight(LEAD_UM, WIDTH_UM), complex(-LEAD_UM))}
    for sign, name in ((1, "up"), (-1, "down")):
        at = end + 1j * sign * ARM_UM
        pieces[name] = (s_bend(20, 5 * sign, WIDTH_UM), at)
        pieces[f"{name} on"] = (straight(LEAD_UM, WIDTH_UM), at + 20 + 5j * sign)
    return circuit(pieces, {} if aside_um is None else {body: points + np.array([0.0, aside_um])})


def row(missing: str) -> gdstk.Library:
    """Return straights of 0.5, 0.8 and 1.2 µm and the tapers between them, but for one."""
    pieces: dict[str, tuple[Piece, complex]] = {}
    at = 0.0
    parts = {
        "first": straight(LEAD_UM, 0.5),
        "narrow": taper(15.0, 0.5, 0.8),
        "second": straight(LEAD_UM, 0.8),
        "wide": taper(15.0, 0.8, 1.2),
        "third": straight(LEAD_UM, 1.2),
    }
    for name, piece in parts.items():
        pieces[name] = (piece, complex(at))
        at += piece.length_um
    pieces.pop(missing, None)
    return circuit(pieces, {})


def shifted(aside_um: float, missing: Sequence[int] = ()) -> gdstk.Library:
    """Return two waveguides that an S-bend each leads aside; without those that are missing."""
    pieces: dict[str, tuple[Piece, complex]] = {}
    for k, at in enumerate((0j, 10j)):
        pieces[f"{k}"] = (straight(LEAD_UM, WIDTH_UM), at - LEAD_UM)
        if k not in missing:
            pieces[f"{k} aside"] = (s_bend(30, aside_um, WIDTH_UM), at)
        pieces[f"{k} on"] = (straight(LEAD_UM, WIDTH_UM), at + 30 + 1j * aside_um)
    return circuit(pieces, {})


def turning(turn_deg: float, *, is_missing: bool = False) -> gdstk.Library:
    """Return two straights at an angle and the bend between them, or without it."""
    library = gdstk.Library("turning", unit=1e-6, precision=1e-9)
    cell = library.new_cell("turning")
    bend = arc(10.0, math.radians(turn_deg), WIDTH_UM)
    pieces = [(straight(LEAD_UM, WIDTH_UM), complex(-LEAD_UM), 0.0), (bend, 0j, 0.0)]
    pieces.append((straight(LEAD_UM, WIDTH_UM), bend.end, bend.turn_rad))
    for piece, at, heading_rad in [pieces[0], *pieces[2:]] if is_missing else pieces:
        points = piece.outline(at, heading_rad)
        cell.add(drawing.core(np.column_stack([points.real, points.imag])))
    return place.on_grid(library)


def grave(library: gdstk.Library) -> list[Finding]:
    return [one for one in compare.checked(library).findings if one.severity is not Severity.INFO]


@pytest.mark.parametrize("drawn", DRAWN)
@pytest.mark.parametrize("body", BODIES)
def test_a_splitter_in_its_place_is_no_fault(body: str, drawn: str) -> None:
    assert {one.code for one in grave(DRAWN[drawn](splitter(body)))} <= {"WG001", "WG003"}


@pytest.mark.parametrize("drawn", DRAWN)
@pytest.mark.parametrize("body", BODIES)
def test_a_splitter_that_is_missing_is_told_at_the_three_waveguides(body: str, drawn: str) -> None:
    found = [one for one in grave(DRAWN[drawn](splitter(body, None))) if one.code == "CN001"]
    assert len(found) == 3
    assert all("from where a branch would lead to it" in one.message for one in found)


@pytest.mark.parametrize(
    ("aside_um", "drawn"),
    [
        (aside, drawn)
        for aside in (WIDTH_UM, -WIDTH_UM, 2 * WIDTH_UM)
        for drawn in DRAWN
        if (aside, drawn) not in MISSED
    ],
)
def test_a_branch_moved_by_the_width_of_its_waveguides_is_told(aside_um: float, drawn: str) -> None:
    found = [one for one in grave(DRAWN[drawn](splitter("branch", aside_um))) if one.code == "CN001"]
    assert found
    assert all(abs(compare.place_um(one)) <= BRANCH[:, 0].max() + NEAR_UM for one in found)


@pytest.mark.parametrize("drawn", DRAWN)
@pytest.mark.parametrize("aside_um", [5.0, -12.0])
def test_an_s_bend_that_is_missing_is_told_at_both_of_its_ends(aside_um: float, drawn: str) -> None:
    assert grave(DRAWN[drawn](shifted(aside_um))) == []
    found = grave(DRAWN[drawn](shifted(aside_um, missing=[0])))
    assert [one.code for one in found] == ["CN001", "CN001"]
    assert all("from where an S-bend would lead to it" in one.message for one in found)


@pytest.mark.parametrize("drawn", DRAWN)
@pytest.mark.parametrize("turn_deg", [30.0, 45.0, 90.0, -135.0])
def test_a_bend_that_is_missing_is_told_at_both_of_its_ends(turn_deg: float, drawn: str) -> None:
    assert grave(DRAWN[drawn](turning(turn_deg))) == []
    found = grave(DRAWN[drawn](turning(turn_deg, is_missing=True)))
    assert [one.code for one in found] == ["CN001", "CN001"]
    assert all("draw the bend between the two" in (one.hint or "") for one in found)


def returning(turns: int, *, is_missing: bool = False, beyond_um: float = 40.0) -> gdstk.Library:
    """Return rows between two boxes that lead there and back, each by a U-turn, which may be missing.

    Another waveguide reaches further than the rows.
    """
    pieces: dict[str, tuple[Piece, complex]] = {"beyond": (straight(80.0 + beyond_um, WIDTH_UM), -20 - 60j)}
    library = gdstk.Library("returning", unit=1e-6, precision=1e-9)
    cell = library.new_cell("returning")
    for k in range(turns):
        at = 200j * k
        for y, name in ((0.0, "there"), (12.0, "back")):
            pieces[f"{name} {k}"] = (straight(60.0, WIDTH_UM), at + 1j * y)
            box = np.array([(-20, y - 2), (0, y - 2), (0, y + 2), (-20, y + 2)]) + np.array([0.0, at.imag])
            cell.add(drawing.core(box))
        if not is_missing:
            pieces[f"turn {k}"] = (arc(6.0, math.pi, WIDTH_UM), at + 60.0)
    for piece, at in pieces.values():
        cell.add(drawing.core(outline(piece) + np.array([at.real, at.imag])))
    return place.on_grid(library)


@pytest.mark.parametrize("drawn", DRAWN)
def test_a_u_turn_that_is_missing_is_told_at_both_of_its_ends(drawn: str) -> None:
    assert not [one for one in grave(DRAWN[drawn](returning(1))) if one.code == "CN001"]
    found = [one for one in grave(DRAWN[drawn](returning(1, is_missing=True))) if one.code == "CN001"]
    assert len(found) == 2
    assert all("draw the U-turn between the two" in (one.hint or "") for one in found)


@pytest.mark.parametrize("drawn", DRAWN)
def test_two_ends_at_the_border_of_all_that_is_drawn_lack_no_u_turn(drawn: str) -> None:
    """As those of two edge couplers without tips."""
    for beyond_um in (0.0, -20.0, 4.0):
        found = grave(DRAWN[drawn](returning(1, is_missing=True, beyond_um=beyond_um)))
        assert not [one for one in found if one.code == "CN001"], beyond_um


def test_where_many_end_side_by_side_no_u_turn_is_missing() -> None:
    assert not [one for one in grave(returning(3, is_missing=True)) if one.code == "CN001"]


def test_two_waveguides_that_nothing_leads_to_lack_no_u_turn() -> None:
    pieces = {f"{k}": (straight(LEAD_UM, WIDTH_UM), 12j * k) for k in range(2)}
    assert grave(circuit(pieces, {})) == []


def coupler(ways: int, pitch_um: float, *, is_missing: bool = False) -> gdstk.Library:
    """Return so many waveguides at each end of a box, which may be missing."""
    half = ways * pitch_um / 2
    box = np.array([(0, -half), (150, -half), (150, half), (0, half)])
    pieces: dict[str, tuple[Piece, complex]] = {}
    for k in range(ways):
        y = 1j * pitch_um * (k - (ways - 1) / 2)
        pieces[f"in {k}"], pieces[f"out {k}"] = (
            (straight(LEAD_UM, WIDTH_UM), y - LEAD_UM),
            (straight(30.0, 0.5), y + 150),
        )
    return circuit(pieces, {} if is_missing else {"box": box})


@pytest.mark.parametrize("drawn", DRAWN)
@pytest.mark.parametrize("ways", [3, 4, 6])
def test_a_box_of_many_waveguides_that_is_missing_is_told_at_each_of_them(ways: int, drawn: str) -> None:
    assert not [one for one in grave(DRAWN[drawn](coupler(ways, 3.0))) if one.code == "CN001"]
    found = [one for one in grave(DRAWN[drawn](coupler(ways, 3.0, is_missing=True))) if one.code == "CN001"]
    assert len(found) == 2 * ways
    assert all("looks at it along one line" in one.message for one in found)


def arms_of(ins: int, outs: int, missing: Sequence[str] = ()) -> gdstk.Library:
    """Return the box of a multimode coupler with a taper and a straight for each way that is not missing."""
    half, long = 1.5 * max(ins, outs) + 0.5, 60.0
    library = gdstk.Library("arms", unit=1e-6, precision=1e-9)
    cell = library.new_cell("arms")
    cell.add(drawing.core(np.array([(0, -half), (long, -half), (long, half), (0, half)])))
    for side, number, x, heading_rad in (("in", ins, 0.0, math.pi), ("out", outs, long, 0.0)):
        for k in range(number):
            at = complex(x, 3.0 * (k - (number - 1) / 2))
            for piece in (taper(10.0, 1.5, WIDTH_UM), straight(LEAD_UM, WIDTH_UM)):
                points = piece.outline(at, heading_rad)
                if f"{side} {k}" not in missing:
                    cell.add(drawing.core(np.column_stack([points.real, points.imag])))
                at += piece.end * np.exp(1j * heading_rad)
    return place.on_grid(library)


@pytest.mark.parametrize("drawn", DRAWN)
@pytest.mark.parametrize(
    ("ins", "outs", "missing", "at_um"),
    [
        (2, 2, "out 1", 60 + 1.5j),
        (2, 2, "in 0", -1.5j),
        (4, 4, "in 3", 4.5j),
        (4, 4, "out 1", 60 - 1.5j),
        (1, 2, "in 0", 0j),
        (1, 4, "in 0", 0j),
        (5, 5, "in 2", 0j),
    ],
)
def test_an_arm_that_is_missing_is_told_where_it_should_enter(
    ins: int, outs: int, missing: str, at_um: complex, drawn: str
) -> None:
    found = grave(DRAWN[drawn](arms_of(ins, outs, [missing])))
    bare = [one for one in found if "no waveguide enters" in one.message]
    assert [(one.code, one.severity) for one in bare] == [("CN001", Severity.WARNING)]
    assert abs(abs(compare.place_um(bare[0])) - abs(at_um)) < NEAR_UM


@pytest.mark.parametrize("drawn", DRAWN)
@pytest.mark.parametrize(("ins", "outs"), [(1, 1), (1, 2), (2, 2), (2, 3), (3, 2), (2, 4), (3, 3), (4, 4), (1, 8)])
def test_a_body_with_all_its_arms_lacks_none(ins: int, outs: int, drawn: str) -> None:
    assert not [one for one in grave(DRAWN[drawn](arms_of(ins, outs))) if one.code == "CN001"]


def test_where_many_waveguides_far_apart_face_each_other_none_is_missing() -> None:
    assert grave(coupler(4, 20.0, is_missing=True)) == []


def test_where_many_s_bends_fit_between_open_ends_none_is_missing() -> None:
    assert grave(shifted(3.0, missing=[0, 1])) == []


@pytest.mark.parametrize("drawn", DRAWN)
@pytest.mark.parametrize("missing", ["narrow", "wide"])
def test_a_taper_that_is_missing_is_told_at_both_of_its_ends(missing: str, drawn: str) -> None:
    assert grave(DRAWN[drawn](row(""))) == []
    found = grave(DRAWN[drawn](row(missing)))
    assert [one.code for one in found] == ["CN001", "CN001"]
    assert all("taper" in (one.hint or "") for one in found)


@pytest.mark.parametrize("gap_um", [0.2, 0.5, 1.2])
@pytest.mark.parametrize("outputs", [2, 3, 4, 6])
def test_short_waveguides_that_stop_before_a_box_are_no_teeth(outputs: int, gap_um: float) -> None:
    """As many as a row of teeth, near a body, with loose ends: each was meant to enter it."""
    box = np.array([(0, -8), (20, -8), (20, 8), (0, 8)], dtype=float)
    pieces = {f"in {k}": (straight(30.0, WIDTH_UM), complex(-30, 3 * k - 1.5)) for k in range(2)}
    ends = [2.2 * (k - (outputs - 1) / 2) for k in range(outputs)]
    pieces |= {f"out {y}": (straight(20.0, WIDTH_UM), complex(20 + gap_um, y)) for y in ends}
    found = [one for one in grave(circuit(pieces, {"box": box})) if one.code == "CN001"]
    assert {round(compare.place_um(one).imag, 3) for one in found} == {round(y, 3) for y in ends}


def test_three_waveguides_beside_each_other_are_no_arms_of_a_branch() -> None:
    """As many ends on either side, nowhere in line."""
    pieces = {f"{k}": (straight(LEAD_UM, WIDTH_UM), complex(0.0, 10.0 * k)) for k in range(4)}
    pieces |= {f"{k} on": (straight(LEAD_UM, WIDTH_UM), complex(40.0, 10.0 * k + 5.0)) for k in range(4)}
    assert grave(circuit(pieces, {})) == []


def test_a_dot_beside_the_end_of_a_waveguide_is_nothing_to_lead_into() -> None:
    pieces = {"in": (straight(LEAD_UM, WIDTH_UM), 0j)}
    dot = np.array([(25.1, 0.3), (25.3, 0.3), (25.3, 0.4), (25.1, 0.4)])
    assert not [one for one in grave(circuit(pieces, {"dot": dot})) if "was seen" in one.message]


Placed = tuple[Piece, complex, float]


def placed(pieces: Sequence[Placed]) -> gdstk.Library:
    library = gdstk.Library("chained", unit=1e-6, precision=1e-9)
    cell = library.new_cell("chained")
    for piece, at, heading_rad in pieces:
        points = piece.outline(at, heading_rad)
        cell.add(drawing.core(np.column_stack([points.real, points.imag])))
    return place.on_grid(library)


def chain(pieces: Sequence[Piece], at: complex, heading_rad: float) -> list[Placed]:
    out = []
    for piece in pieces:
        out.append((piece, at, heading_rad))
        at, heading_rad = complex(at + piece.end * np.exp(1j * heading_rad)), heading_rad + piece.turn_rad
    return out


QUARTER = math.pi / 2
HALVES: dict[str, tuple[list[Piece], complex, float]] = {
    # Of a ring around (0, 10), and of a racetrack: what is left, where it begins, and its heading.
    "lower": ([arc(10.0, math.pi, WIDTH_UM)], -10 + 10j, -QUARTER),
    "right": ([arc(10.0, math.pi, WIDTH_UM)], 0j, 0.0),
    "left": ([arc(10.0, math.pi, WIDTH_UM)], 20j, math.pi),
    "of quarters": ([arc(10.0, QUARTER, WIDTH_UM), arc(10.0, QUARTER, WIDTH_UM)], -10 + 10j, -QUARTER),
    "of a racetrack": ([straight(12, WIDTH_UM), arc(10.0, math.pi, WIDTH_UM), straight(12, WIDTH_UM)], -6 + 0j, 0.0),
}
GAP_UM = 0.2


def beside_bus(half: str, gap_um: float = GAP_UM, bus_um: float = 70.0) -> gdstk.Library:
    """Return half of a ring that lies so far from a straight waveguide."""
    pieces, at, heading_rad = HALVES[half]
    bus = straight(bus_um, WIDTH_UM), complex(-bus_um / 2, -WIDTH_UM - gap_um), 0.0
    return placed([bus, *chain(pieces, at, heading_rad)])


@pytest.mark.parametrize("drawn", DRAWN)
@pytest.mark.parametrize("half", HALVES)
def test_half_of_a_ring_beside_a_waveguide_is_told_at_its_ends(half: str, drawn: str) -> None:
    found = grave(DRAWN[drawn](beside_bus(half)))
    assert [(one.code, one.severity) for one in found] == [("CN001", Severity.WARNING)] * 2
    assert all("other half of the ring" in (one.hint or "") for one in found)
    assert abs(compare.place_um(found[0]) - compare.place_um(found[1])) == pytest.approx(20.0, abs=0.01)


def test_half_of_a_ring_further_from_a_waveguide_or_at_the_bus_of_a_cell_of_its_own_is_no_fault() -> None:
    assert grave(beside_bus("lower", 0.6)) == []
    assert grave(beside_bus("lower", bus_um=26.0)) == []


RING = [(arc(10.0, math.pi, WIDTH_UM), -10 + 10j, -QUARTER), (arc(10.0, math.pi, WIDTH_UM), 10 + 10j, QUARTER)]
FLOOR = [arc(10.0, QUARTER, WIDTH_UM), straight(10.0, WIDTH_UM), arc(10.0, QUARTER, WIDTH_UM)]
LEG = straight(30.0, WIDTH_UM)
BELOW_UM = -(WIDTH_UM + GAP_UM)
BUS: Placed = (straight(90.0, WIDTH_UM), -45 + 1j * BELOW_UM, 0.0)
WHOLE: dict[str, list[Placed]] = {
    "a whole ring": [BUS, *RING],
    "a bus that turns back beside a ring": [
        *RING,
        *chain([LEG, *FLOOR, LEG], 15 + 1j * (BELOW_UM - 40), QUARTER),
    ],
    "two that turn back from each other": [
        *chain([LEG, *FLOOR, LEG], -15 + 40j, -QUARTER),
        *chain([LEG, *FLOOR, LEG], 15 + 1j * (BELOW_UM - 40), QUARTER),
    ],
    "an S-bend": [BUS, *chain([straight(10.0, WIDTH_UM), s_bend(30.0, 8.0, WIDTH_UM)], -10 + 0j, 0.0)],
    "two corners": [BUS, *chain([arc(10.0, -QUARTER, WIDTH_UM), arc(10.0, QUARTER, WIDTH_UM)], -10 + 20j, 0.0)],
    "a corner": [BUS, *chain([straight(10.0, WIDTH_UM), arc(10.0, QUARTER, WIDTH_UM)], -10 + 0j, 0.0)],
    "three quarters": [BUS, *chain([arc(10.0, 0.75 * math.pi, WIDTH_UM)], 0j, 0.0)],
    "the inner side of a U-turn": [
        (arc(10.0, math.pi, WIDTH_UM), -10 + 10j, -QUARTER),
        (straight(8.0, WIDTH_UM), -4 + 0.9j, 0.0),
    ],
}


@pytest.mark.parametrize("drawn", DRAWN)
@pytest.mark.parametrize("whole", WHOLE)
def test_what_bends_beside_a_waveguide_is_mostly_no_half_of_a_ring(whole: str, drawn: str) -> None:
    assert not [one for one in grave(DRAWN[drawn](placed(WHOLE[whole]))) if "half of a ring" in one.message]


def test_a_u_turn_that_leads_on_is_no_half_of_a_ring() -> None:
    pieces = chain([LEG, arc(10.0, math.pi, WIDTH_UM), LEG], -10 + 40j, -QUARTER)
    library = placed([BUS, *pieces])
    library.cells[0].add(drawing.core(np.array([(-12, 40), (-8, 40), (-8, 60), (-12, 60)])))
    assert not [one for one in grave(library) if "half of a ring" in one.message]


def test_three_halves_that_look_the_same_are_meant() -> None:
    pieces, at, heading_rad = HALVES["lower"]
    rings = [one for k in range(3) for one in chain(pieces, at + 30 * k, heading_rad)]
    assert grave(placed([(straight(160.0, WIDTH_UM), -40 + 1j * BELOW_UM, 0.0), *rings])) == []
