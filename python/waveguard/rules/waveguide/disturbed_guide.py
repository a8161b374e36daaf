"""WG007: waveguides with something in their way."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from waveguard.findings import Finding, Severity
from waveguard.rules import Context, rule
from waveguard.rules import _along as along
from waveguard.rules import _words as words

SAME_WIDTH = 0.1
"""Two ends of one waveguide are as wide as each other within this part."""
DEVICE_NM = 10_000.0
"""What is longer than this between two waveguides may be a device that somebody drew."""


@rule("WG007", severity="error", since="0.1")
def disturbed_guide(ctx: Context) -> Iterator[Finding]:
    """Waveguide with something in its way.

    What: a waveguide, drawn as a bare shape, that goes on behind a place at which its outline is not that of a
        waveguide: a notch, a neck, a bump, a hole, a box that lies on it, or a jump to the side. The finding names
        the size of the place and how far the two ends are aside of each other.
    Why: light is scattered, reflected or lost there. On a screen the waveguide looks whole, and tools that follow
        touching shapes take it for whole.
    Fix: delete what does not belong there, or draw the waveguide through. What is meant to be a device should be one:
        a cell that the PDK names, or one with pins and a device marker.
    Limits: none of the PDK. Two waveguides on one line within 20 degrees and of the same width within a tenth; where
        more than 10 µm lie between them it is a warning only, as that may be a device that somebody drew.
    Not checked: waveguides in cells with pins, whose cores CN008 follows from pin to pin; disturbances so small that
        the outline is that of a waveguide still; ends of different width, which are CN002.
    """
    guides, ports, junctions = ctx.tables.waveguides, ctx.tables.ports, ctx.tables.junctions
    if not len(guides.device):
        ctx.not_applicable("no waveguides")
        return
    ctx.looked_at("places where drawn waveguides meet", len(junctions.device))
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
        aside = f", and goes on {words.length(aside_nm)} aside" if aside_nm > 2 * ctx.facts.dbu_nm else ""
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


def _box(ctx: Context) -> tuple[np.ndarray, ...]:
    devices = ctx.tables.devices
    return devices.bbox_x0_nm, devices.bbox_y0_nm, devices.bbox_x1_nm, devices.bbox_y1_nm
