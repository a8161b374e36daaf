"""Drawn stand-ins for library cells: grating coupler, Y-branch, crossing.

They carry the names and the port positions of the public SiEPIC cells, so that a PDK recognises them; their shapes
are only for the eye. Do not send them to a foundry.
"""

from __future__ import annotations

import gdstk
import numpy as np

from waveguard.designs import drawing
from waveguard.designs.drawing import CORE, FIBRE, GUIDE_WIDTH_UM, Centerline

GRATING_COUPLER = "ebeam_gc_te1550"
Y_BRANCH = "ebeam_y_1550"
CROSSING = "ebeam_crossing4"

Y_HALF_LENGTH_UM = 7.4
Y_HALF_PITCH_UM = 2.75
CROSSING_HALF_LENGTH_UM = 4.8


def _straight(start: tuple[float, float], end: tuple[float, float], n_points: int) -> Centerline:
    """Return a straight centre-line with many points, for guides whose width changes along it."""
    share = np.linspace(0, 1, n_points)[:, None]
    first, last = np.asarray(start), np.asarray(end)
    length_um = float(np.hypot(*(last - first)))
    tangents = np.repeat(((last - first) / length_um)[None, :], n_points, axis=0)
    return Centerline(first + share * (last - first), tangents, length_um)


def _s_bend(start: tuple[float, float], end: tuple[float, float], n_points: int = 61) -> Centerline:
    """Return a raised-cosine S-bend that leaves and arrives along x."""
    x = np.linspace(start[0], end[0], n_points)
    run, rise = end[0] - start[0], end[1] - start[1]
    phase = np.pi * (x - start[0]) / run
    y = start[1] + rise * (1 - np.cos(phase)) / 2
    slope = rise * np.pi / (2 * run) * np.sin(phase)
    norm = np.hypot(1, slope)
    length_um = float(np.hypot(np.diff(x), np.diff(y)).sum())
    return Centerline(np.column_stack([x, y]), np.column_stack([1 / norm, slope / norm]), length_um)


def grating_coupler() -> gdstk.Cell:
    """Return a focusing grating coupler: pin at the origin pointing to +x, grating to the left."""
    cell = gdstk.Cell(GRATING_COUPLER)
    half_angle, taper_um, period_um, n_teeth = 0.31, 16.0, 0.66, 22
    edge = np.linspace(np.pi - half_angle, np.pi + half_angle, 25)
    fan = np.column_stack([np.cos(edge), np.sin(edge)]) * taper_um
    half = GUIDE_WIDTH_UM / 2
    cell.add(drawing.core(np.concatenate([[(0.0, half)], fan, [(0.0, -half)]])))
    for tooth in range(n_teeth):
        inner = taper_um + period_um * (tooth + 0.5)
        cell.add(
            gdstk.ellipse(
                (0, 0),
                inner + period_um / 2,
                inner_radius=inner,
                initial_angle=np.pi - half_angle,
                final_angle=np.pi + half_angle,
                tolerance=0.005,
                layer=CORE[0],
                datatype=CORE[1],
            )
        )
    reach = taper_um + period_um * (n_teeth + 1)
    drawing.add_marker(cell, ((-reach, -12.0), (0.0, 12.0)), GRATING_COUPLER)
    cell.add(gdstk.ellipse((-22.0, 0.0), 4.5, tolerance=0.01, layer=FIBRE[0], datatype=FIBRE[1]))
    drawing.add_pin(cell, "opt1", (0.0, 0.0), 0.0)
    return cell


def y_branch() -> gdstk.Cell:
    """Return a 1x2 splitter: opt1 at the left, opt2 (upper) and opt3 (lower) at the right."""
    cell = gdstk.Cell(Y_BRANCH)
    length, pitch = Y_HALF_LENGTH_UM, Y_HALF_PITCH_UM
    trunk = _straight((-length, 0), (-2.4, 0), 41)
    swell = GUIDE_WIDTH_UM + 0.8 * np.sin(np.linspace(0, np.pi / 2, 41)) ** 2
    pieces = [drawing.core(drawing.ribbon(trunk, swell))]
    for sign in (1, -1):
        arm = _s_bend((-2.4, sign * 0.4), (length, sign * pitch))
        pieces.append(drawing.core(drawing.ribbon(arm, GUIDE_WIDTH_UM)))
    cell.add(*gdstk.boolean(pieces, [], "or", precision=1e-4, layer=CORE[0], datatype=CORE[1]))
    drawing.add_marker(cell, ((-length, -3.5), (length, 3.5)), Y_BRANCH)
    drawing.add_pin(cell, "opt1", (-length, 0), 180)
    drawing.add_pin(cell, "opt2", (length, pitch), 0)
    drawing.add_pin(cell, "opt3", (length, -pitch), 0)
    return cell


def crossing() -> gdstk.Cell:
    """Return a waveguide crossing with four pins, opt1 left, opt2 top, opt3 bottom, opt4 right."""
    cell = gdstk.Cell(CROSSING)
    reach = CROSSING_HALF_LENGTH_UM
    swell = GUIDE_WIDTH_UM + 1.3 * np.sin(np.linspace(0, np.pi, 61)) ** 2
    arms = [
        drawing.core(drawing.ribbon(_straight(start, end, 61), swell))
        for start, end in (((-reach, 0), (reach, 0)), ((0, -reach), (0, reach)))
    ]
    cell.add(*gdstk.boolean(arms, [], "or", precision=1e-4, layer=CORE[0], datatype=CORE[1]))
    drawing.add_marker(cell, ((-reach, -reach), (reach, reach)), CROSSING)
    for name, at, direction in (
        ("opt1", (-reach, 0.0), 180),
        ("opt2", (0.0, reach), 90),
        ("opt3", (0.0, -reach), -90),
        ("opt4", (reach, 0.0), 0),
    ):
        drawing.add_pin(cell, name, at, direction)
    return cell
