"""Slot guides with a known answer: two rails along a way, in one or in several pieces, and a strip that becomes one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from variants.curves import Piece, arc, chained, euler, s_bend, straight
from variants.network import DEVICE
from variants.parts import CHORDS_NM_PER_UM, Part, Placed, Random

RAIL_UM, GAP_UM, STRIP_UM = 0.24, 0.1, 0.5
OUTER_UM = 2 * RAIL_UM + GAP_UM


def beside(piece: Piece, side: float, begin_um: float = RAIL_UM, end_um: float = RAIL_UM) -> Piece:
    """Return a rail beside the way of a piece (1: to the left), with the gap between it and the middle."""
    share = np.linspace(0.0, 1.0, len(piece.points))
    widths = begin_um + (end_um - begin_um) * share
    offset = side * (GAP_UM + widths) / 2
    return Piece(
        piece.points + 1j * np.exp(1j * piece.headings_rad) * offset, piece.headings_rad, widths, piece.length_um
    )


def _add(part: Part, pieces: Sequence[Piece], side: float) -> None:
    """Draw one rail in as many polygons as there are pieces."""
    at, heading = 0.0 + 0.0j, 0.0
    for piece in pieces:
        part.placed.append(Placed(beside(piece, side), at, heading))
        at += piece.end * np.exp(1j * heading)
        heading += piece.turn_rad


def _way(random: Random) -> list[Piece]:
    pieces: list[Piece] = []
    heading = 0.0
    for _ in range(int(random.integers(1, 6))):
        sign = -1.0 if heading > 0.1 else 1.0 if heading < -0.1 else float(random.choice([-1, 1]))
        angle = sign * float(random.choice([np.pi / 2, random.uniform(0.3, 1.4)]))
        radius = float(random.uniform(5, 20))
        kind = str(random.choice(["straight", "arc", "euler", "s"]))
        if kind == "arc":
            pieces.append(arc(radius, angle, OUTER_UM))
        elif kind == "euler":
            pieces.append(euler(radius, angle, OUTER_UM, 0.5))
        elif kind == "s":
            pieces.append(s_bend(float(random.uniform(12, 30)), sign * float(random.uniform(1, 6)), OUTER_UM))
        else:
            pieces.append(straight(float(random.uniform(2, 60)), OUTER_UM))
        heading += pieces[-1].turn_rad
    return pieces


def slot_route(random: Random, _width_um: float) -> Part:
    """Return a slot guide of up to five pieces, the rails of which are drawn in the same or in other polygons."""
    part, pieces = Part("slot"), _way(random)
    whole = [chained(pieces)]
    for side in (1.0, -1.0):
        _add(part, pieces if random.random() < 0.5 else whole, side)
    part.add_route(whole[0].length_um * 1e3)
    part.slack_nm = 1.0 + CHORDS_NM_PER_UM * whole[0].length_um
    return part


def slot_ring(random: Random, _width_um: float) -> Part:
    """Return a ring of two rails, each drawn as two halves that begin anywhere."""
    part, radius = Part("slot ring"), float(random.uniform(5, 20))
    for side in (1.0, -1.0):
        half = beside(arc(radius, np.pi, OUTER_UM), side)
        for turn in (0.0, np.pi) if random.random() < 0.5 else (0.4, 0.4 + np.pi):
            # Both halves turn about the same middle.
            part.placed.append(Placed(half, -1j * radius * np.exp(1j * turn), turn))
    length = 2 * np.pi * radius * 1e3
    node = part.add_node("closed loop", 0)
    part.add_route(length, node, node)
    part.slack_nm = 1.0 + CHORDS_NM_PER_UM * length * 1e-3
    return part


def strip_to_slot(random: Random, _width_um: float) -> Part:
    """Return a strip that narrows to a rail beside which the other one begins with a tip."""
    part, lead, taper_um = Part("strip to slot"), float(random.uniform(10, 40)), float(random.uniform(8, 20))
    after = straight(float(random.uniform(20, 60)), OUTER_UM)
    middle = GAP_UM / 2 + STRIP_UM / 2
    before = straight(lead, STRIP_UM)
    narrow = Piece(
        np.array([0.0 + 1j * middle, taper_um + 1j * (GAP_UM + RAIL_UM) / 2]),
        np.zeros(2),
        np.array([STRIP_UM, RAIL_UM]),
        taper_um,
    )
    tip = Piece(
        np.array([0.0 - 1j * (GAP_UM / 2 + 0.04), taper_um - 1j * (GAP_UM + RAIL_UM) / 2]),
        np.zeros(2),
        np.array([0.08, RAIL_UM]),
        taper_um,
    )
    part.placed = [
        Placed(before, complex(-lead, middle)),
        Placed(narrow),
        Placed(tip),
        Placed(beside(after, 1.0), taper_um),
        Placed(beside(after, -1.0), taper_um),
    ]
    converter = part.add_node(DEVICE, 2)
    part.add_route(lead * 1e3, None, converter)
    part.add_route(after.length_um * 1e3, converter)
    # Where in the taper the slot guide begins is a matter of its windows.
    part.slack_nm = taper_um * 1e3
    return part


SLOT_PARTS = {"slot": slot_route, "slot ring": slot_ring, "strip to slot": strip_to_slot}
