"""Waveguides that bend right behind the tapers by which they enter a wide body, all drawn as one shape."""

from __future__ import annotations

import math

import gdstk
import numpy as np
import pytest

from faults import compare
from variants import cut, place
from variants.curves import arc, straight, taper
from waveguard.designs import drawing
from waveguard.findings import Finding

WIDTH_UM, WIDE_UM, RADIUS_UM, PITCH_UM = 0.5, 1.5, 5.0, 2.7
TURNS_DEG = (30.0, 45.0, 60.0, 90.0)
DRAWN = [(0.0, False), (17.0, False), (33.0, True), (45.0, True), (71.3, False)]
"""How the whole is turned and mirrored."""
BODIES: dict[str, tuple[int, int, float]] = {
    "1x2": (1, 2, 30.0),
    "2x2": (2, 2, 30.0),
    "2x1, short": (2, 1, 8.0),
    "1x4": (1, 4, 12.0),
}
"""Inputs, outputs, and length."""


def body(name: str, turn_deg: float, lead_um: float, *, taper_um: float = 3.0, box_um: float = 0.0) -> gdstk.Library:
    """Return a body whose outer arms bend away from each other, and a single one to the left; or with a box on it."""
    ins, outs, long_um = BODIES[name]
    half = PITCH_UM / 2 * max(ins, outs) + 0.5
    library = gdstk.Library("body", unit=1e-6, precision=1e-9)
    cell = library.new_cell("body")
    cell.add(drawing.core(np.array([(0, -half), (long_um, -half), (long_um, half), (0, half)])))
    if box_um:
        at = 0.7 * long_um
        cell.add(gdstk.rectangle((at, half - 0.1), (at + box_um, half + box_um), *drawing.CORE))
    for x, heading, number in ((0.0, math.pi, ins), (long_um, 0.0, outs)):
        for k in range(number):
            off, heading_rad = k - (number - 1) / 2, heading
            hand = math.copysign(1.0, off) * (1 if heading == 0.0 else -1)
            place_um = complex(x, PITCH_UM * off)
            bend = arc(RADIUS_UM, hand * math.radians(turn_deg), WIDTH_UM)
            is_outer = abs(off) == (number - 1) / 2
            for piece in (
                taper(taper_um, WIDE_UM, WIDTH_UM),
                *((bend,) if is_outer else ()),
                straight(lead_um, WIDTH_UM),
            ):
                points = piece.outline(place_um, heading_rad)
                cell.add(drawing.core(np.column_stack([points.real, points.imag])))
                place_um += complex(piece.end * np.exp(1j * heading_rad))
                heading_rad += piece.turn_rad
    return place.on_grid(library)


def uneven(library: gdstk.Library, angle_deg: float, *, mirrored: bool) -> list[Finding]:
    drawn = cut.merged(place.on_grid(place.turned(library, angle_deg, mirrored=mirrored)))
    return [one for one in compare.checked(drawn).findings if "the same on both sides but for" in one.message]


@pytest.mark.parametrize(("angle_deg", "mirrored"), DRAWN)
@pytest.mark.parametrize("name", BODIES)
def test_a_body_whose_arms_bend_is_not_uneven(name: str, angle_deg: float, mirrored: bool) -> None:
    for turn_deg in TURNS_DEG:
        for lead_um in (0.5, 2.0, 20.0):
            for taper_um in (1.0, 3.0, 8.0):
                library = body(name, turn_deg, lead_um, taper_um=taper_um)
                assert uneven(library, angle_deg, mirrored=mirrored) == [], (turn_deg, lead_um, taper_um)


@pytest.mark.parametrize(("angle_deg", "mirrored"), DRAWN[:4])
def test_a_box_at_the_side_of_such_a_body_is_told(angle_deg: float, mirrored: bool) -> None:
    for turn_deg in TURNS_DEG:
        found = uneven(body("2x2", turn_deg, 2.0, box_um=0.4), angle_deg, mirrored=mirrored)
        assert len(found) == 1, turn_deg
