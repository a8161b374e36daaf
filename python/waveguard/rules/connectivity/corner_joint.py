"""CN007: waveguides that run into each other at an angle."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from waveguard.findings import Finding, Place, Severity
from waveguard.rules import Context, rule
from waveguard.rules import _along as along
from waveguard.rules import _words as words
from waveguard.rules.connectivity import _slanted as slanted
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
        with nothing there but the waveguides themselves. One that is straight up to a side that it enters at 10 to 35
        degrees is an error where its other end is open, else a warning: a branch may be meant.
    Why: light does not follow a corner: it is radiated, scattered back and split between whatever meets there. The
        layout tool shows the shapes as connected, and so does a connectivity check that merges them.
    Fix: put a bend between two ends that meet at a corner; where a branch is meant, place one; where the two are not
        meant to meet, route them apart.
    Limits: none of the PDK: 20 degrees for a corner, 35 degrees for a side, 10 degrees for the side of a straight.
    Not checked: waveguides that cross, which is CN005; branches whose arms open by less, or in bends; places that are
        larger than the waveguides make them, which are taken for devices that somebody drew.
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
        if not _is_plain(ctx, row):
            continue
        cell = ctx.device_cell(device)
        turned_rad = math.pi - float(angle_rad[row]) if arms[row] == CORNER else float(angle_rad[row])
        what = "meet at a corner of" if arms[row] == CORNER else "run into each other at"
        yield ctx.finding(
            f"{int(arms[row])} waveguides of {cell} {what} {words.degrees(turned_rad)}",
            _place(ctx, row),
            facts=[cell, JUNCTION_KINDS[int(junctions.kind[row])]],
            measured=math.degrees(turned_rad),
            limit=math.degrees(STRAIGHT_ON_RAD if arms[row] == CORNER else BRANCH_RAD),
            unit="deg",
            hint="put a bend between the two" if arms[row] == CORNER else "place a branch here, or route them apart",
        )
    slight = (arms == TEE) & ~tee & (angle_rad >= slanted.LEAST_RAD)
    if slight.any():
        yield from _into_sides(ctx, np.flatnonzero(slight))


def _into_sides(ctx: Context, rows: NDArray[np.int64]) -> Iterator[Finding]:
    """Judge places where a straight waveguide leaves the side of another one."""
    junctions, ports_of = ctx.tables.junctions, along.OpticalPorts(ctx)
    for row in rows.tolist():
        if not _is_plain(ctx, row):
            continue
        device = int(junctions.device[row])
        one = slanted.entered(ctx, ports_of(device), float(junctions.angle_rad[row]))
        if one is None:
            continue
        cell = ctx.device_cell(device)
        yield ctx.finding(
            f"a straight waveguide of {cell} runs into the side of another one at {words.degrees(one.angle_rad)}"
            + (", and its other end is open" if one.is_loose else ""),
            _place(ctx, row),
            facts=[cell, "side"],
            measured=math.degrees(one.angle_rad),
            limit=math.degrees(slanted.LEAST_RAD),
            unit="deg",
            hint="place a branch here, or route them apart",
            severity=None if one.is_loose else Severity.WARNING,
        )


def _place(ctx: Context, row: int) -> Place:
    junctions = ctx.tables.junctions
    device = int(junctions.device[row])
    top = int(ctx.tables.devices.top[device])
    return ctx.place(junctions.x_nm[row], junctions.y_nm[row], top=top, cell=ctx.device_cell(device))


def _is_plain(ctx: Context, row: int) -> bool:
    """Whether there is no more at a junction than its waveguides make it."""
    junctions = ctx.tables.junctions
    width_nm = _width_nm(ctx, int(junctions.device[row]))
    return bool(junctions.area_nm2[row] <= PLAIN_WIDTHS2 * width_nm**2)


def _width_nm(ctx: Context, device: int) -> float:
    ports = ctx.tables.ports
    return float(np.max(ports.width_nm[ports.device == device]))
