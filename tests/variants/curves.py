"""Pieces of guides with exact lengths: straight, arc, Euler bend, S-bend, Bezier bend, taper, spiral.

A piece begins at the origin and heads along +x. Lengths and positions are in µm; positions are complex numbers.
Closed forms where there are some, else an integral with far more steps than there are corners.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

SAG_UM = 0.0005
"""Chords leave their curve by at most this."""
FINE = 20_001
"""Samples of a curve without a closed form."""

Complex = npt.NDArray[np.complex128]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Piece:
    """A stretch of guide."""

    points: Complex
    headings_rad: Floats
    widths_um: Floats
    length_um: float

    @property
    def end(self) -> complex:
        """Return where it ends."""
        return complex(self.points[-1])

    @property
    def turn_rad(self) -> float:
        """Return the heading at the end."""
        return float(self.headings_rad[-1])

    def outline(self, at: complex = 0.0, heading_rad: float = 0.0) -> Complex:
        """Return the corners of its polygon when it begins at a place with a heading."""
        normals = 1j * np.exp(1j * self.headings_rad) * self.widths_um / 2
        left, right = self.points + normals, self.points - normals
        outline: Complex = np.concatenate([left, right[::-1]])
        return at + outline * np.exp(1j * heading_rad)

    def flipped(self) -> Piece:
        """Return the piece turning to the other side."""
        return Piece(self.points.conj(), -self.headings_rad, self.widths_um, self.length_um)


def chained(pieces: list[Piece]) -> Piece:
    """Return pieces one after the other as one."""
    at, heading = 0.0 + 0.0j, 0.0
    points, headings, widths = [], [], []
    for piece in pieces:
        keep = slice(1, None) if points else slice(None)
        points.append((at + piece.points * np.exp(1j * heading))[keep])
        headings.append((heading + piece.headings_rad)[keep])
        widths.append(piece.widths_um[keep])
        at, heading = at + piece.end * np.exp(1j * heading), heading + piece.turn_rad
    return Piece(
        np.concatenate(points),
        np.concatenate(headings),
        np.concatenate(widths),
        sum(piece.length_um for piece in pieces),
    )


def straight(length_um: float, width_um: float) -> Piece:
    """Return a straight guide."""
    return taper(length_um, width_um, width_um)


def taper(length_um: float, width_um: float, end_width_um: float) -> Piece:
    """Return a linear taper."""
    return Piece(np.array([0, length_um + 0j]), np.zeros(2), np.array([width_um, end_width_um]), length_um)


def arc(radius_um: float, turn_rad: float, width_um: float) -> Piece:
    """Return an arc; a negative turn is to the right."""
    headings = np.linspace(0, turn_rad, _n_chords(radius_um + width_um / 2, abs(turn_rad)) + 1)
    sign = np.sign(turn_rad)
    points = radius_um * sign * (np.sin(headings) + 1j * (1 - np.cos(headings)))
    return Piece(points.astype(np.complex128), headings, np.full(len(headings), width_um), radius_um * abs(turn_rad))


def euler(min_radius_um: float, turn_rad: float, width_um: float, share: float = 1.0) -> Piece:
    """Return a bend whose curvature rises, stays and falls linearly; `share` of the turn is in the two slopes."""
    turn, sign = abs(turn_rad), np.sign(turn_rad)
    length = min_radius_um * turn * (1 + share)
    slope = share * turn * min_radius_um
    along = np.linspace(0, length, FINE)
    curvature = np.clip(np.minimum(along, length - along) / slope, 0, 1) / min_radius_um
    return _thinned(along, sign * _integral(curvature, along), width_um, length)


def s_bend(length_um: float, rise_um: float, width_um: float) -> Piece:
    """Return a raised-cosine S-bend."""
    x = np.linspace(0, length_um, FINE)
    y = rise_um / 2 * (1 - np.cos(np.pi * x / length_um))
    slope = rise_um * np.pi / (2 * length_um) * np.sin(np.pi * x / length_um)
    return _of_points(x + 1j * y, np.arctan(slope), width_um)


def bezier(radius_um: float, share: float, width_um: float) -> Piece:
    """Return a quarter turn to the left by the Bezier curve of SiEPIC tools."""
    t = np.linspace(0, 1, FINE)
    corners = np.array([0, (1 - share) * radius_um, radius_um + 1j * share * radius_um, radius_um * (1 + 1j)])
    weights = np.array([(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3])
    slopes = np.array([(1 - t) ** 2, 2 * t * (1 - t), t**2])
    return _of_points(corners @ weights, np.angle(np.diff(corners) @ slopes), width_um)


def spiral(inner_um: float, pitch_um: float, n_turns: float, width_um: float) -> Piece:
    """Return an Archimedean spiral from the inside out."""
    growth = pitch_um / (2 * np.pi)
    angle = np.linspace(0, 2 * np.pi * n_turns, FINE)
    radius = inner_um + growth * angle
    points = radius * np.exp(1j * angle)
    headings = angle + np.arctan2(radius, growth)
    u = radius[[0, -1]] / growth
    antiderivative = growth / 2 * (u * np.sqrt(1 + u**2) + np.arcsinh(u))
    turned = np.exp(-1j * headings[0])
    length = float(antiderivative[1] - antiderivative[0])
    piece = Piece((points - points[0]) * turned, headings - headings[0], np.full(FINE, width_um), length)
    return _every(piece, inner_um)


def _n_chords(radius_um: float, turn_rad: float) -> int:
    return max(2, int(np.ceil(turn_rad / (2 * np.arccos(1 - min(SAG_UM / radius_um, 0.5))))))


def _integral(values: npt.NDArray[np.float64], along: Floats) -> Floats:
    steps = (values[1:] + values[:-1]) / 2 * np.diff(along)
    return np.concatenate([[0.0], np.cumsum(steps)])


def _thinned(along: Floats, headings: Floats, width_um: float, length_um: float) -> Piece:
    middle = np.exp(1j * (headings[1:] + headings[:-1]) / 2)
    points = np.concatenate([[0.0], np.cumsum(middle * np.diff(along))])
    piece = Piece(points.astype(np.complex128), headings, np.full(len(headings), width_um), length_um)
    return _every(piece, length_um / np.ptp(headings) / 2)


def _of_points(points: Complex, headings: Floats, width_um: float) -> Piece:
    length = float(np.abs(np.diff(points)).sum())
    piece = Piece(points, headings, np.full(len(points), width_um), length)
    return _every(piece, length / max(float(np.abs(np.diff(headings)).sum()), 1e-6) / 2)


def _every(piece: Piece, radius_um: float) -> Piece:
    """Keep as many points as chords at a radius need, both ends among them."""
    step = 2 * np.sqrt(2 * SAG_UM * radius_um)
    n = max(8, int(np.ceil(piece.length_um / step)))
    keep = np.unique(np.round(np.linspace(0, len(piece.points) - 1, n + 1)).astype(np.int64))
    return Piece(piece.points[keep], piece.headings_rad[keep], piece.widths_um[keep], piece.length_um)
