"""A part of CN006: bodies that lie aside of the waveguides that enter them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from waveguard.findings import Finding
from waveguard.rules import Context
from waveguard.rules import _words as words
from waveguard.rules.connectivity._turned import ROUNDING_STEPS, USUAL_GRID_NM


def findings(ctx: Context) -> Iterator[Finding]:
    """Judge bodies that are the same on both sides of another line than their waveguides."""
    junctions = ctx.tables.junctions
    # Both lines are known to the rounding of the places that they are taken from.
    limit_nm = 2 * ROUNDING_STEPS * max(ctx.facts.grid_nm, USUAL_GRID_NM)
    for row in np.flatnonzero(junctions.aside_nm > limit_nm).tolist():
        device, aside_nm = int(junctions.device[row]), float(junctions.aside_nm[row])
        cell, top = ctx.device_cell(device), int(ctx.tables.devices.top[device])
        arms = int(junctions.n_arms[row])
        yield ctx.finding(
            f"a body of {cell} lies {words.length(aside_nm)} aside of the middle between the {arms} waveguides "
            "that enter it",
            ctx.place(junctions.x_nm[row], junctions.y_nm[row], top=top, cell=cell),
            facts=[cell, "aside"],
            measured=aside_nm,
            limit=limit_nm,
            unit="nm",
            hint="move the body so that its axis of symmetry is that of its waveguides",
        )
