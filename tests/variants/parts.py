"""Small circuits with a known answer: routes, rings, couplers, branches, crossings, interference boxes.

A part is a list of pieces with a place and a heading each, and what network they are: nodes, and routes with lengths.
Where a route runs into a branch, its length ends somewhere within the branch, which is why such a route has a slack.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from variants.curves import (
    Complex,
    Piece,
    arc,
    bezier,
    chained,
    euler,
    s_bend,
    spiral,
    straight,
    taper,
)
from variants.network import DEVICE, LOOP, OPEN, Edge, Network, Node

GAP_UM = 0.2
CHORDS_NM_PER_UM = 0.02
"""Chords of a drawn curve shorten it by far less than this."""


@dataclass(frozen=True)
class Placed:
    """A piece at its place."""

    piece: Piece
    at: complex = 0.0
    heading_rad: float = 0.0


@dataclass
class Part:
    """A small circuit."""

    name: str
    placed: list[Placed] = field(default_factory=list)
    truth: Network = field(default_factory=Network)
    slack_nm: float = 1.0
    """How far the length of each route may be off."""

    def add_chain(self, pieces: list[Piece], at: complex = 0.0, heading_rad: float = 0.0) -> float:
        """Add pieces one after the other and return their length in nm."""
        length = 0.0
        for piece in pieces:
            self.placed.append(Placed(piece, at, heading_rad))
            at += piece.end * np.exp(1j * heading_rad)
            heading_rad += piece.turn_rad
            length += piece.length_um * 1e3
        return length

    def add_node(self, kind: str, n_ports: int) -> int:
        """Add a node to the truth, wherever it is."""
        return self.truth.add(Node(kind, n_ports, float("nan"), float("nan")))

    def add_route(self, length_nm: float, a: int | None = None, b: int | None = None) -> None:
        """Add a route to the truth between two nodes; an open end where none is given."""
        ends = [self.add_node(OPEN, 1) if node is None else node for node in (a, b)]
        self.truth.edges.append(Edge(ends[0], ends[1], length_nm))

    def outlines(self) -> list[Complex]:
        """Return the polygons."""
        return [one.piece.outline(one.at, one.heading_rad) for one in self.placed]


Random = np.random.Generator


def route(random: Random, width_um: float) -> Part:
    """Return a guide of up to seven pieces that does not meet itself."""
    part, heading, pieces = Part("route"), 0.0, []
    for _ in range(int(random.integers(2, 8))):
        sign = -1.0 if heading > 0.1 else 1.0 if heading < -0.1 else float(random.choice([-1, 1]))
        kind = str(random.choice(["straight", "arc", "euler", "s", "bezier", "taper"]))
        radius = float(random.uniform(5, 20))
        angle = sign * float(random.choice([np.pi / 2, random.uniform(0.3, 1.4)]))
        if kind == "arc":
            pieces.append(arc(radius, angle, width_um))
        elif kind == "euler":
            pieces.append(euler(radius, angle, width_um, float(random.choice([0.5, 1.0]))))
        elif kind == "bezier":
            bend = bezier(radius, float(random.choice([0.2, 0.45])), width_um)
            pieces.append(bend if sign > 0 else bend.flipped())
        elif kind == "s":
            pieces.append(s_bend(float(random.uniform(12, 30)), sign * float(random.uniform(1, 6)), width_um))
        elif kind == "taper":
            wide = float(random.uniform(0.6, 0.9))
            length = float(random.uniform(10, 30))
            pieces += [taper(length, width_um, wide), straight(5.0, wide), taper(length, wide, width_um)]
        else:
            pieces.append(straight(float(random.uniform(2, 60)), width_um))
        heading += pieces[-1].turn_rad
    part.add_route(part.add_chain(pieces))
    part.slack_nm = 1.0 + CHORDS_NM_PER_UM * chained(pieces).length_um
    return part


def ring(random: Random, width_um: float) -> Part:
    """Return a ring or racetrack beside a bus, drawn as two or four pieces."""
    part = Part("ring")
    radius, side = float(random.uniform(5, 20)), float(random.choice([0.0, random.uniform(3, 10)]))
    half = arc(radius, np.pi, width_um)
    pieces = [half, half] if side == 0 else [straight(side, width_um), half, straight(side, width_um), half]
    length = part.add_chain(pieces, -side / 2)
    node = part.add_node(LOOP, 0)
    part.add_route(length, node, node)
    reach = radius + 10
    bus = straight(2 * reach, width_um)
    part.add_route(part.add_chain([bus], complex(-reach, -width_um - GAP_UM)))
    part.slack_nm = 1.0 + CHORDS_NM_PER_UM * length * 1e-3
    return part


def coupler(random: Random, width_um: float) -> Part:
    """Return two guides that come near each other."""
    part, beside = Part("coupler"), float(random.uniform(5, 30))
    for sign in (1.0, -1.0):
        bend = s_bend(20.0, -sign * 3.0, width_um)
        back = s_bend(20.0, sign * 3.0, width_um)
        at = complex(0, sign * (3.0 + (width_um + GAP_UM) / 2))
        pieces = [straight(3.0, width_um), bend, straight(beside, width_um), back]
        part.add_route(part.add_chain(pieces, at))
    return part


def branch(random: Random, width_um: float) -> Part:
    """Return a guide that divides in two S-bends."""
    part, rise = Part("branch"), float(random.uniform(2, 5))
    node = part.add_node(DEVICE, 3)
    trunk = part.add_chain([straight(10.0, width_um)], -10.0)
    part.add_route(trunk, node)
    for sign in (1.0, -1.0):
        arm = [s_bend(20.0, sign * rise, width_um), straight(float(random.uniform(2, 20)), width_um)]
        part.add_route(part.add_chain(arm), node)
    # The two arms leave the trunk slowly: where one becomes two is a matter of some micrometres.
    part.slack_nm = 8000.0
    return part


def crossing(random: Random, width_um: float) -> Part:
    """Return two straight guides across each other."""
    part, node = Part("crossing"), 0
    node = part.add_node(DEVICE, 4)
    angle = float(random.choice([np.pi / 2, random.uniform(1.0, 1.5)]))
    for heading in (0.0, angle):
        before, after = float(random.uniform(6, 20)), float(random.uniform(6, 20))
        along = straight(before + after, width_um)
        part.add_chain([along], -before * np.exp(1j * heading), heading)
        part.add_route(before * 1e3, node)
        part.add_route(after * 1e3, node)
    part.slack_nm = 20.0
    return part


def interference_box(random: Random, width_um: float, length_um: tuple[float, float] = (4, 7.5)) -> Part:
    """Return a wide box with one guide on the left and two on the right."""
    part, length = Part("box"), float(random.uniform(*length_um))
    node = part.add_node(DEVICE, 3)
    part.add_chain([straight(length, 2.6)])
    arm = float(random.uniform(5, 20))
    part.add_route(part.add_chain([straight(arm, width_um)], -arm), node)
    for sign in (1.0, -1.0):
        out = float(random.uniform(5, 20))
        part.add_route(part.add_chain([straight(out, width_um)], complex(length, sign * 0.65)), node)
    # Routes end at the middle of the box, the pieces at its rim.
    part.slack_nm = 1500.0 + length * 1000.0
    return part


def long_box(random: Random, width_um: float) -> Part:
    """Return a box that is as much longer than wide as a guide may be."""
    return interference_box(random, width_um, (8, 25))


def coil(random: Random, width_um: float) -> Part:
    """Return a spiral, open at both ends."""
    part = Part("coil")
    turns = spiral(float(random.uniform(5, 10)), float(random.uniform(2, 3)), float(random.uniform(1, 4)), width_um)
    part.add_route(part.add_chain([turns, straight(8.0, width_um)]))
    part.slack_nm = 1.0 + CHORDS_NM_PER_UM * turns.length_um
    return part


def row_of_boxes(random: Random, width_um: float) -> Part:
    """Return a guide that becomes a row of boxes, straight and along a bend, and a guide again."""
    part = Part("row of boxes")
    pitch, duty = float(random.choice([0.24, 0.3])), float(random.choice([0.4, 0.5, 0.6]))
    ahead, n_straight, n_bent = float(random.uniform(6, 20)), int(random.integers(8, 30)), int(random.integers(0, 40))
    radius, sign = float(random.uniform(5, 20)), float(random.choice([-1, 1]))
    box = straight(round(pitch * duty, 2), width_um)
    part.add_chain([straight(ahead, width_um)])
    gap = pitch - box.length_um
    at, heading = complex(ahead + gap + box.length_um / 2), 0.0
    for k in range(n_straight + n_bent):
        turn = np.exp(1j * heading)
        part.placed.append(Placed(box, at - turn * box.length_um / 2, heading))
        bend = pitch / radius * sign if k >= n_straight - 1 and k + 1 < n_straight + n_bent else 0.0
        # Along the chord of the arc from box to box.
        chord = 2 * radius * np.sin(abs(bend) / 2) if bend else pitch
        at += chord * np.exp(1j * (heading + bend / 2))
        heading += bend
    at += (box.length_um / 2 - pitch + gap) * np.exp(1j * heading)
    last = float(random.uniform(6, 20))
    part.add_chain([straight(last, width_um)], at, heading)
    row = pitch * (n_straight + n_bent - 1) + box.length_um
    part.add_route((ahead + row + last) * 1e3)
    # The first half period of a bend is turned as a whole.
    part.slack_nm = 3.0
    return part


PARTS: dict[str, Callable[[Random, float], Part]] = {
    "route": route,
    "ring": ring,
    "coupler": coupler,
    "branch": branch,
    "crossing": crossing,
    "box": interference_box,
    "long box": long_box,
    "coil": coil,
    "row of boxes": row_of_boxes,
}
