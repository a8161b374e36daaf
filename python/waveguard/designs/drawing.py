"""How a reference layout is drawn: waveguides along corner points, pins, device markers, texts.

Follows the conventions of SiEPIC: a device is a cell with a box on 68/0, a pin is a two-point path on 1/10 that
points out of the device and is as wide as the guide. All lengths here are in µm, because gdstk draws in user units;
a guide is drawn from exact offsets of its centre-line, so its length is known without measuring.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import gdstk
import numpy as np
from numpy.typing import NDArray

CORE = (1, 0)
PIN = (1, 10)
MARKER = (68, 0)
TEXT = (10, 0)
FIBRE = (81, 0)
FLOORPLAN = (99, 0)

GUIDE_WIDTH_UM = 0.5
PIN_LENGTH_UM = 0.02
MARKER_MARGIN_UM = 0.1
# A chord may leave its arc by a fifth of the 1 nm grid, so that drawing adds nothing to the rounding of the file.
CHORD_ERROR_UM = 0.0002

Points = NDArray[np.float64]


@dataclass(frozen=True)
class Centerline:
    """A centre-line with its unit tangents, and its exact length (arcs counted as arcs)."""

    points: Points
    tangents: Points
    length_um: float


def route(corners: Sequence[tuple[float, float]], radius_um: float | Sequence[float]) -> Centerline:
    """Return the centre-line through `corners`, each rounded by a circular arc (one radius for all, or one each)."""
    vertices = np.asarray(corners, dtype=float)
    legs = np.diff(vertices, axis=0)
    leg_lengths = np.hypot(legs[:, 0], legs[:, 1])
    directions = legs / leg_lengths[:, None]
    n_corners = len(vertices) - 2
    radii = [float(radius_um)] * n_corners if isinstance(radius_um, (int, float)) else [float(r) for r in radius_um]
    if len(radii) != n_corners:
        raise ValueError(f"{n_corners} corners need {n_corners} radii, not {len(radii)}")

    points, tangents = [vertices[0]], [directions[0]]
    length_um = float(leg_lengths.sum())
    room = leg_lengths.copy()
    for corner, radius in enumerate(radii):
        before, after = directions[corner], directions[corner + 1]
        turn = float(np.arctan2(before[0] * after[1] - before[1] * after[0], before @ after))
        tangent_length = radius * np.tan(abs(turn) / 2)
        room[corner : corner + 2] -= tangent_length
        length_um += radius * abs(turn) - 2 * tangent_length
        n_steps = max(2, int(np.ceil(abs(turn) / np.arccos(1 - CHORD_ERROR_UM / radius) / 2)))
        start = vertices[corner + 1] - before * tangent_length
        left = np.array([-before[1], before[0]]) * np.sign(turn)
        for angle in np.linspace(0, abs(turn), n_steps + 1):
            points.append(start + radius * (before * np.sin(angle) + left * (1 - np.cos(angle))))
            tangents.append(before * np.cos(angle) + left * np.sin(angle))
    if room.min() < 0:
        raise ValueError(f"a leg of the route is {-room.min():.3f} um too short for its bends")
    points.append(vertices[-1])
    tangents.append(directions[-1])
    return Centerline(np.array(points), np.array(tangents), length_um)


def ribbon(line: Centerline, width_um: float | Points) -> Points:
    """Return the polygon of a guide: the centre-line moved by half the width to both sides."""
    half = np.broadcast_to(np.asarray(width_um, dtype=float) / 2, len(line.points))
    normals = np.column_stack([-line.tangents[:, 1], line.tangents[:, 0]]) * half[:, None]
    return np.concatenate([line.points + normals, (line.points - normals)[::-1]])


def core(points: Points) -> gdstk.Polygon:
    """Return a polygon on the core layer."""
    return polygon(points, CORE)


def polygon(points: Points, layer: tuple[int, int]) -> gdstk.Polygon:
    """Return a polygon from an array of corners."""
    # gdstk takes arrays, and fast; its stub says otherwise.
    return gdstk.Polygon(points, layer=layer[0], datatype=layer[1])  # type: ignore[arg-type]


def add_pin(
    cell: gdstk.Cell, name: str, at: tuple[float, float], direction_deg: float, width_um: float = GUIDE_WIDTH_UM
) -> None:
    """Add an optical pin that points out of the device."""
    angle = np.deg2rad(direction_deg)
    half = np.array([np.cos(angle), np.sin(angle)]) * PIN_LENGTH_UM / 2
    middle = np.asarray(at)
    cell.add(
        gdstk.FlexPath(
            [tuple(middle - half), tuple(middle + half)], width_um, simple_path=True, layer=PIN[0], datatype=PIN[1]
        ),
        gdstk.Label(name, at, layer=PIN[0], texttype=PIN[1]),
    )


def add_marker(
    cell: gdstk.Cell, outline: tuple[tuple[float, float], tuple[float, float]] | Points, component: str
) -> None:
    """Mark the cell as a device, by a box given by two corners or by an outline, and name its component."""
    corners = np.asarray(outline, dtype=float)
    if len(corners) == 2:
        shape = gdstk.rectangle(tuple(corners[0]), tuple(corners[1]), layer=MARKER[0], datatype=MARKER[1])
    else:
        shape = polygon(corners, MARKER)
    origin = tuple(corners.mean(axis=0))
    cell.add(shape, gdstk.Label(f"Component={component}", origin, layer=MARKER[0], texttype=MARKER[1]))


def waveguide_cell(
    name: str,
    corners: Sequence[tuple[float, float]],
    radius_um: float | Sequence[float],
    width_um: float = GUIDE_WIDTH_UM,
    stated_radius_um: float | None = None,
) -> gdstk.Cell:
    """Return a waveguide cell: core, marker, two pins, and the texts that state its length, width and corner points."""
    line = route(corners, radius_um)
    cell = gdstk.Cell(name)
    cell.add(core(ribbon(line, width_um)))
    add_marker(cell, ribbon(line, width_um + 2 * MARKER_MARGIN_UM), "ebeam_wg_integral_1550")
    first, last = corners[0], corners[-1]
    out = np.rad2deg(np.arctan2(line.tangents[:, 1], line.tangents[:, 0]))
    add_pin(cell, "opt1", first, float(out[0]) + 180.0, width_um)
    add_pin(cell, "opt2", last, float(out[-1]), width_um)
    stated = stated_radius_um if stated_radius_um is not None else float(np.max(radius_um))
    listed = ",".join(f"[{x:.3f},{y:.3f}]" for x, y in corners)
    text = (
        f'Spice_param:wg_length={line.length_um:.3f}u wg_width={width_um:.3f}u points="[{listed}]" radius={stated:.3f}'
    )
    cell.add(gdstk.Label(text, first, layer=MARKER[0], texttype=MARKER[1]))
    return cell
