"""A part of CN006: joints within one drawn shape that are a little turned."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from waveguard.findings import Finding
from waveguard.rules import Context
from waveguard.rules import _along as along

TURNED_RAD = math.radians(0.25)
"""A turn that counts. A tenth of it costs no light and is no mistake in drawing that anybody could see."""
ROUNDING_STEPS = math.sqrt(2.0)
"""Two origins on the grid are each off by up to half a step in x and in y from where a turned chain would put them."""
USUAL_GRID_NM = 1.0
"""Layouts are drawn on this grid or a coarser one, also in files of a finer one."""
CUT_OFF_WIDTHS = 0.5
"""A waveguide ends no more of its widths before the body that it enters, and its bend no further before that end."""


def findings(ctx: Context) -> Iterator[Finding]:
    """Judge corners of waveguides and bodies that are entered askew."""
    flaws, junctions, ports = ctx.tables.flaws, ctx.tables.junctions, ctx.tables.ports
    for row in np.flatnonzero(np.abs(flaws.turn_rad) > TURNED_RAD).tolist():
        guide = int(flaws.waveguide[row])
        cell = ctx.waveguide_cell(guide)
        place = (float(flaws.x_nm[row]), float(flaws.y_nm[row]), ctx.waveguide_top(guide))
        what = f"a waveguide of {cell} is turned by {{}} degrees at a corner between two straight stretches"
        yield _finding(ctx, cell, what, place, float(flaws.turn_rad[row]))
    rows = np.flatnonzero(np.abs(junctions.lean_rad) > TURNED_RAD)
    if not rows.size:
        return
    ports_of = along.OpticalPorts(ctx)
    for row in rows.tolist():
        device = int(junctions.device[row])
        port = int(ports_of(device)[0])
        rounded_rad = ROUNDING_STEPS * max(ctx.facts.grid_nm, USUAL_GRID_NM) / max(float(ports.width_nm[port]), 1.0)
        lean_rad = float(junctions.lean_rad[row])
        if abs(lean_rad) > TURNED_RAD + rounded_rad + _bent_rad(ctx, port, math.copysign(1.0, lean_rad)):
            cell = ctx.device_cell(device)
            place = (float(ports.x_nm[port]), float(ports.y_nm[port]), int(ports.top[port]))
            what = f"a waveguide of {cell} enters a body askew: the axis of symmetry of that is turned by {{}} degrees"
            yield _finding(ctx, cell, what, place, lean_rad)


def _bent_rad(ctx: Context, port: int, hand: float) -> float:
    """Return by how much the waveguide that enters a body may still turn to a side behind its end.

    It is cut off a little before the body, and where it bends there it looks aside of where it would have entered.
    """
    guides, bends = ctx.tables.waveguides, ctx.tables.bends
    end = int(along.partners(ctx, np.array([port]))[0])
    guide = int(ctx.tables.devices.waveguide[ctx.tables.ports.device[end]]) if end >= 0 else -1
    if guide < 0:
        return 0.0
    before_nm = CUT_OFF_WIDTHS * float(ctx.tables.ports.width_nm[port])
    # Bends are in order of their waveguides.
    own = np.arange(*np.searchsorted(bends.waveguide, [guide, guide + 1]))
    if end == guides.port_b[guide]:
        near = own[guides.centerline_length_nm[guide] - bends.start_nm[own] - bends.length_nm[own] <= before_nm]
        curvature_per_nm = hand * bends.end_curvature_per_nm[near]
    else:
        near = own[bends.start_nm[own] <= before_nm]
        curvature_per_nm = -hand * bends.begin_curvature_per_nm[near]
    return before_nm * float(curvature_per_nm.max(initial=0.0))


def _finding(ctx: Context, cell: str, what: str, place: tuple[float, float, int], turn_rad: float) -> Finding:
    x_nm, y_nm, top = place
    turned_deg = math.degrees(abs(turn_rad))
    return ctx.finding(
        what.format(f"{turned_deg:.2f}"),
        ctx.place(x_nm, y_nm, top=top, cell=cell),
        facts=[cell, "turned"],
        measured=turned_deg,
        limit=math.degrees(TURNED_RAD),
        unit="deg",
        hint="turn one of the two so that they lie along one line",
    )
