"""A rectangular (Clements) mesh of N modes, as a hierarchy of cells or flattened.

N columns of 2x2 interferometers, N (N - 1) / 2 in all, each of two directional couplers and two arms between them;
modes at the edge of an odd column go straight on. Every optical core is a ribbon of its own, so the flattened form,
which keeps nothing but core shapes in one cell, still traces as guides. Coordinates in µm.
"""

from __future__ import annotations

from dataclasses import dataclass

import gdstk
import numpy as np

from waveguard.designs import drawing
from waveguard.designs.drawing import CORE, Centerline

TOP = "clements_mesh"


@dataclass(frozen=True)
class MeshPlan:
    """Measures of the mesh, all in µm; `points_per_bend` sets how finely the bends of the couplers are drawn.

    With `links_in_units` the guides from one column to the next are placed with the interferometer or bypass at their
    left, also behind the last column: a third of the placements.
    """

    n_modes: int = 8
    mode_pitch_um: float = 20.0
    bend_length_um: float = 45.0
    coupling_length_um: float = 10.0
    gap_um: float = 0.2
    arm_length_um: float = 60.0
    link_length_um: float = 10.0
    points_per_bend: int = 52
    links_in_units: bool = False

    @property
    def coupler_length_um(self) -> float:
        """Length of a directional coupler from port to port."""
        return 2 * self.bend_length_um + self.coupling_length_um

    @property
    def unit_length_um(self) -> float:
        """Length of an interferometer from port to port."""
        return 2 * self.coupler_length_um + self.arm_length_um

    @property
    def column_pitch_um(self) -> float:
        """Distance between the columns of the mesh."""
        return self.unit_length_um + self.link_length_um


def _coupler_guide(plan: MeshPlan) -> Centerline:
    """Centre-line of the upper guide of a coupler, its middle at the origin."""
    outer = plan.mode_pitch_um / 2
    inner = (plan.gap_um + drawing.GUIDE_WIDTH_UM) / 2
    half_straight = plan.coupling_length_um / 2
    share = np.linspace(0, 1, plan.points_per_bend)
    y = outer + (inner - outer) * (1 - np.cos(np.pi * share)) / 2
    slope = (inner - outer) * np.pi / (2 * plan.bend_length_um) * np.sin(np.pi * share)
    x = -half_straight - plan.bend_length_um * (1 - share)
    points = np.concatenate([np.column_stack([x, y]), np.column_stack([-x, y])[::-1]])
    slopes = np.concatenate([slope, -slope[::-1]])
    norm = np.hypot(1, slopes)
    length_um = float(np.hypot(*np.diff(points, axis=0).T).sum())
    return Centerline(points, np.column_stack([1 / norm, slopes / norm]), length_um)


def _coupler(plan: MeshPlan) -> gdstk.Cell:
    """Directional coupler with four pins, in at the left and out at the right."""
    cell = gdstk.Cell("ebeam_dc_te1550")
    upper = drawing.ribbon(_coupler_guide(plan), drawing.GUIDE_WIDTH_UM)
    for points in (upper, upper * [1, -1]):
        cell.add(drawing.core(points))
    half, outer = plan.coupler_length_um / 2, plan.mode_pitch_um / 2
    drawing.add_marker(cell, ((-half, -outer - 1), (half, outer + 1)), cell.name)
    pins = (
        ("opt1", (-half, outer), 180),
        ("opt2", (-half, -outer), 180),
        ("opt3", (half, outer), 0),
        ("opt4", (half, -outer), 0),
    )
    for name, at, direction in pins:
        drawing.add_pin(cell, name, at, direction)
    return cell


def _unit(plan: MeshPlan, coupler: gdstk.Cell, arm: gdstk.Cell, link: gdstk.Cell) -> gdstk.Cell:
    """Interferometer, its left end at x = 0 and its two modes at half a pitch above and below y = 0."""
    cell = gdstk.Cell("mzi_unit")
    half, outer = plan.coupler_length_um / 2, plan.mode_pitch_um / 2
    cell.add(gdstk.Reference(coupler, (half, 0)), gdstk.Reference(coupler, (plan.unit_length_um - half, 0)))
    for y in (outer, -outer):
        cell.add(gdstk.Reference(arm, (plan.coupler_length_um, y)))
        if plan.links_in_units:
            cell.add(gdstk.Reference(link, (plan.unit_length_um, y)))
    return cell


def library(plan: MeshPlan) -> gdstk.Library:
    """Return the mesh as a hierarchy: top, interferometers, couplers and guides."""
    top = _top(plan)
    lib = gdstk.Library("waveguard", unit=1e-6, precision=1e-9)
    lib.add(top, *top.dependencies(True))
    return lib


def _top(plan: MeshPlan) -> gdstk.Cell:
    """Top cell of the mesh; the other cells hang below it."""
    coupler = _coupler(plan)
    arm = drawing.waveguide_cell("mesh_arm", [(0, 0), (plan.arm_length_um, 0)], 10.0)
    link = drawing.waveguide_cell("mesh_link", [(0, 0), (plan.link_length_um, 0)], 10.0)
    bypass_length_um = plan.column_pitch_um if plan.links_in_units else plan.unit_length_um
    bypass = drawing.waveguide_cell("mesh_bypass", [(0, 0), (bypass_length_um, 0)], 10.0)
    unit = _unit(plan, coupler, arm, link)
    top = gdstk.Cell(TOP)
    n, pitch = plan.n_modes, plan.mode_pitch_um
    for column in range(n):
        x = column * plan.column_pitch_um
        first = column % 2
        n_in_column = (n - first) // 2
        top.add(*(gdstk.Reference(unit, (x, (first + 2 * i + 0.5) * pitch)) for i in range(n_in_column)))
        used = {first + i for i in range(2 * n_in_column)}
        top.add(*(gdstk.Reference(bypass, (x, mode * pitch)) for mode in range(n) if mode not in used))
        if column + 1 < n and not plan.links_in_units:
            top.add(*(gdstk.Reference(link, (x + plan.unit_length_um, mode * pitch)) for mode in range(n)))
    return top


def flattened(plan: MeshPlan) -> gdstk.Library:
    """Return only the core shapes of the mesh, all in one cell."""
    top = gdstk.Cell(TOP)
    top.add(*_top(plan).get_polygons(layer=CORE[0], datatype=CORE[1]))
    lib = gdstk.Library("waveguard", unit=1e-6, precision=1e-9)
    lib.add(top)
    return lib


def n_units(plan: MeshPlan) -> int:
    """Return the number of interferometers."""
    return plan.n_modes * (plan.n_modes - 1) // 2
