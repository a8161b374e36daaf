"""CN007: waveguides that run into each other at an angle."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from waveguard.findings import Finding
from waveguard.rules import Context, rule
from waveguard.rules import _words as words
from waveguard.tables import JUNCTION_KINDS

CORNER, TEE = 2, 3
"""Number of guides that meet."""
STRAIGHT_ON_RAD = math.radians(20.0)
"""Two guides that deviate less from one line go on into each other."""
BRANCH_RAD = math.radians(35.0)
"""The arms of a branch open by less than this; guides that run into the side of another by more."""
PLAIN_WIDTHS2 = 4.0
"""A place of more than so many squared widths is a device that somebody drew."""


@rule("CN007", severity="error", since="0.1")
def corner_joint(ctx: Context) -> Iterator[Finding]:
    """Waveguides that run into each other at an angle.

    What: two waveguides drawn outside devices whose ends meet at a corner, or one that runs into the side of another,
        with nothing there but the waveguides themselves.
    Why: light does not follow a corner: it is radiated, scattered back and split between whatever meets there. The
        layout tool shows the shapes as connected, and so does a connectivity check that merges them.
    Fix: put a bend between two ends that meet at a corner; where a branch is meant, place one; where the two are not
        meant to meet, route them apart.
    Limits: none of the PDK: 20 degrees for a corner, 35 degrees for a side.
    Not checked: waveguides that cross, which is CN005; branches whose arms open by less; places that are larger than
        the waveguides make them, which are taken for devices that somebody drew.
    """
    junctions = ctx.tables.junctions
    if not len(ctx.tables.waveguides.device):
        ctx.not_applicable("no waveguides")
        return
    ctx.looked_at("places where drawn waveguides meet", len(junctions.device))
    arms, angle_rad = junctions.n_arms, junctions.angle_rad
    corner = (arms == CORNER) & (angle_rad < math.pi - STRAIGHT_ON_RAD)
    tee = (arms == TEE) & (angle_rad > BRANCH_RAD)
    for row in np.flatnonzero(corner | tee).tolist():
        device = int(junctions.device[row])
        width_nm = _width_nm(ctx, device)
        if junctions.area_nm2[row] > PLAIN_WIDTHS2 * width_nm**2:
            continue
        cell, top = ctx.device_cell(device), int(ctx.tables.devices.top[device])
        turned_rad = math.pi - float(angle_rad[row]) if arms[row] == CORNER else float(angle_rad[row])
        what = "meet at a corner of" if arms[row] == CORNER else "run into each other at"
        yield ctx.finding(
            f"{int(arms[row])} waveguides of {cell} {what} {words.degrees(turned_rad)}",
            ctx.place(junctions.x_nm[row], junctions.y_nm[row], top=top, cell=cell),
            facts=[cell, JUNCTION_KINDS[int(junctions.kind[row])]],
            measured=math.degrees(turned_rad),
            limit=math.degrees(STRAIGHT_ON_RAD if arms[row] == CORNER else BRANCH_RAD),
            unit="deg",
            hint="put a bend between the two" if arms[row] == CORNER else "place a branch here, or route them apart",
        )


def _width_nm(ctx: Context, device: int) -> float:
    ports = ctx.tables.ports
    return float(np.max(ports.width_nm[ports.device == device]))
