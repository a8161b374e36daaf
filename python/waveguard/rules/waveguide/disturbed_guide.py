"""WG007: waveguides with something in their way."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from waveguard.findings import Finding, Severity
from waveguard.rules import Context, rule
from waveguard.rules import _along as along
from waveguard.rules import _words as words

ONE_SIDE, BOTH_ALIKE = 0, 1
"""Values of `sides` in the table of flaws."""
SAME_WIDTH = 0.1
"""Two ends of one waveguide are as wide as each other within this part."""
SLIGHT_NM = 10.0
"""What leaves the line of a side by less than this costs light nothing that shows in a budget."""
SHARP = 0.5
"""Corners are those of no bend when their radius is less than this part of the smallest one of the process."""
SHARP_WIDTHS = 2.0
"""Nor of one that is meant when it is less than this many widths, however wide bends of the process must be."""
ONE_SIDED_WIDTHS = 40.0
"""Where only one side leaves its line and comes back it is no bend; corners of less than this many widths show it."""
STEEPEST = 1.0
"""A width that changes on both sides by more than this part of the way is no taper there and back."""
DEVICE_NM = 10_000.0
"""What is longer than this between two waveguides may be a device that somebody drew."""


@rule("WG007", severity="error", since="0.1")
def disturbed_guide(ctx: Context) -> Iterator[Finding]:
    """Waveguide with something in its way.

    What: a waveguide, drawn as a bare shape, that goes on behind a place at which its outline is not that of a
        waveguide: a notch, a neck, a bump, a hole, a box that lies on it, or a jump to the side. The finding names
        the size of the place and how far the two ends are aside of each other. Also a waveguide, in a cell or bare,
        a side of which leaves its straight line within 10 µm and goes on along it, or whose both sides jump aside
        there, in corners that are sharper than any bend; and one that goes on aside of the teeth of a grating.
    Why: light is scattered, reflected or lost there. On a screen the waveguide looks whole, and tools that follow
        touching shapes take it for whole.
    Fix: delete what does not belong there, or draw the waveguide through. What is meant to be a device should be one:
        a cell that the PDK names, or one with pins and a device marker.
    Limits: none of the PDK. Two waveguides on one line within 20 degrees and of the same width within a tenth; where
        more than 10 µm lie between them it is a warning only, as that may be a device that somebody drew. A side
        must leave its line by more than rounding to the grid explains and by more than snap_nm of the PDK's extraction
        tolerances; by less than 10 nm it is a warning only. Its corners must be sharper than half of min_radius_um of
        the cross-section and than two widths; where only one side leaves its line, than 40 widths. Behind teeth the
        middle of a waveguide must not move further aside than from tooth to tooth.
    Not checked: what is smaller than that; bumps beside curved sides that are no steps; both sides that widen alike,
        as tapers do; ends of different width, which are CN002.
    """
    guides, ports, junctions = ctx.tables.waveguides, ctx.tables.ports, ctx.tables.junctions
    if not len(guides.device):
        ctx.not_applicable("no waveguides")
        return
    ctx.looked_at("places where drawn waveguides meet", len(junctions.device))
    yield from _flaws(ctx)
    found = along.passages(ctx)
    widths_nm = np.stack([ports.width_nm[found.port_a], ports.width_nm[found.port_b]])
    same = np.abs(widths_nm[0] - widths_nm[1]) <= SAME_WIDTH * widths_nm.max(axis=0, initial=0.0)
    for k in np.flatnonzero(same).tolist():
        row = int(found.junction[k])
        device = int(junctions.device[row])
        cell, top = ctx.device_cell(device), int(ctx.tables.devices.top[device])
        x_nm, y_nm = float(junctions.x_nm[row]), float(junctions.y_nm[row])
        bbox_nm = tuple(float(column[device]) for column in _box(ctx))
        long_nm, aside_nm = float(found.along_nm[k]), float(found.aside_nm[k])
        aside = f", and goes on {words.length(aside_nm)} aside" if aside_nm > 2 * ctx.facts.grid_nm else ""
        yield ctx.finding(
            f"a waveguide of {cell} is interrupted by a shape that is none, over {words.length(long_nm)}{aside}",
            ctx.place(x_nm, y_nm, top=top, cell=cell, bbox_nm=bbox_nm),  # type: ignore[arg-type]  # four columns
            facts=[cell, "disturbed"],
            measured=long_nm,
            limit=0.0,
            unit="nm",
            hint="draw the waveguide through, or make what lies there a device",
            severity=Severity.WARNING if long_nm > DEVICE_NM else None,
        )


def _flaws(ctx: Context) -> Iterator[Finding]:
    """Judge the sides of waveguides that were followed from end to end."""
    flaws, guides = ctx.tables.flaws, ctx.tables.waveguides
    radius_nm = SHARP * ctx.limits_nm("min_radius_um", guides.cross_section[flaws.waveguide])
    is_sharp = flaws.radius_nm < np.fmin(radius_nm, SHARP_WIDTHS * flaws.width_nm)
    out_nm = np.abs(flaws.out_nm)
    least_nm = np.maximum(flaws.error_nm, ctx.pdk.extraction.tolerances.snap_nm)
    is_step = np.abs(flaws.widened_nm) > flaws.error_nm
    is_jog = (flaws.aside_nm > least_nm) & ~is_step
    # A bend moves both sides.
    is_sharp |= (flaws.sides == ONE_SIDE) & (flaws.radius_nm < ONE_SIDED_WIDTHS * flaws.width_nm)
    is_bump = (out_nm > least_nm) & ((flaws.sides != BOTH_ALIKE) | (2 * out_nm > STEEPEST * flaws.length_nm))
    for k in np.flatnonzero(is_sharp & (is_jog | is_bump)).tolist():
        row = int(flaws.waveguide[k])
        cell, long_nm = ctx.waveguide_cell(row), float(flaws.length_nm[k])
        if is_bump[k]:
            size_nm = float(out_nm[k])
            way = "bulges out" if flaws.out_nm[k] > 0 else "is notched"
            what = f"a side of a waveguide of {cell} {way} by {words.length(size_nm)} over {words.length(long_nm)}"
        else:
            size_nm = float(flaws.aside_nm[k])
            what = f"a waveguide of {cell} jumps aside by {words.length(size_nm)} within {words.length(long_nm)}"
        yield ctx.finding(
            what,
            ctx.place(flaws.x_nm[k], flaws.y_nm[k], top=ctx.waveguide_top(row), cell=cell),
            facts=[cell, "flaw"],
            measured=size_nm,
            limit=float(least_nm[k]),
            unit="nm",
            hint="draw both sides straight through",
            severity=Severity.WARNING if size_nm < SLIGHT_NM else None,
        )


def _box(ctx: Context) -> tuple[np.ndarray, ...]:
    devices = ctx.tables.devices
    return devices.bbox_x0_nm, devices.bbox_y0_nm, devices.bbox_x1_nm, devices.bbox_y1_nm
