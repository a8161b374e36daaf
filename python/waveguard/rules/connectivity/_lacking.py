"""A part of CN001: bodies that lack a waveguide where others say that one should enter.

Where a whole arm of a coupler was taken out no port is open. The body looks the same from several sides, and so do the
places where waveguides enter it, but for one.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from waveguard.findings import Finding, Severity
from waveguard.rules import Context


def findings(ctx: Context) -> Iterator[Finding]:
    """Judge bodies drawn as bare shapes."""
    junctions, devices = ctx.tables.junctions, ctx.tables.devices
    for row in np.flatnonzero(np.isfinite(junctions.bare_x_nm)).tolist():
        device, arms = int(junctions.device[row]), int(junctions.n_arms[row])
        cell, top = ctx.device_cell(device), int(devices.top[device])
        yield ctx.finding(
            f"no waveguide enters a body of {cell} at the place that mirrors those where {arms} do",
            ctx.place(junctions.bare_x_nm[row], junctions.bare_y_nm[row], top=top, cell=cell),
            facts=[cell, "bare"],
            hint="draw the waveguide that is missing; ignore this if the body is meant to have one less",
            severity=Severity.WARNING,
        )
