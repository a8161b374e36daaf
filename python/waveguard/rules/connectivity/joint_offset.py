"""CN006: joints whose two ports are a grid step apart."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from waveguard.analyses.defects import in_words, joint_loss
from waveguard.findings import Finding, Related
from waveguard.rules import Context, rule
from waveguard.rules import _words as words
from waveguard.tables import OPTICAL

GUIDE_END = 3
"""Code of `ports.source`: the drawn end of a guide, which joins anywhere along a pin."""
GRID_STEPS = 0.5
"""Offsets of drawn ports are whole grid steps; half of one tells them from zero."""
ROUNDING_STEPS = math.sqrt(2.0)
"""Two origins on the grid are each off by up to half a step in x and in y from where a turned chain would put them."""
USUAL_GRID_NM = 1.0
"""Layouts are drawn on this grid or a coarser one, also in files of a finer one."""
RIGHT_ANGLE_RAD = 1e-6
"""Placements turned by a multiple of 90 degrees to this accuracy keep grid points on the grid."""


@rule("CN006", severity="warning", since="0.1")
def joint_offset(ctx: Context) -> Iterator[Finding]:
    """Joint that is off by a grid step.

    What: two optical ports that are taken as joined, although they lie further apart than rounding to the grid
        explains: one beside the other, or with a gap or an overlap between them.
    Why: a nanometre costs no light, but it is not what was meant: one of the two was placed by hand or computed in
        another way, and tools that compare positions exactly take the joint for open.
    Fix: move one of the devices by the offset given.
    Limits: the grid of the file: half a step, and 1.4 steps more for devices turned by other than right angles; for
        slanted ends of drawn waveguides at least 1.4 steps of a grid of 1 nm.
    Not checked: gaps at ends of drawn waveguides, which may lie anywhere along a pin; electrical joints.
    """
    nets, ports, devices = ctx.tables.nets, ctx.tables.ports, ctx.tables.devices
    optical = ports.kind[nets.port_a] == OPTICAL
    if not optical.any():
        ctx.not_applicable("no two optical ports meet")
        return
    ctx.looked_at("joints", int(optical.sum()))
    ends = np.stack([nets.port_a, nets.port_b])
    quarter_turns = devices.rotation_rad[ports.device[ends]] / (math.pi / 2)
    turned = (np.abs(quarter_turns - np.round(quarter_turns)) * (math.pi / 2) > RIGHT_ANGLE_RAD).any(axis=0)
    limit_nm = ctx.facts.dbu_nm * np.where(turned, GRID_STEPS + ROUNDING_STEPS, GRID_STEPS)
    # The middle of a slanted cap lies between grid points, of the grid it was drawn on, whatever that of the file is.
    quarters = ports.direction_rad[ends] / (math.pi / 2)
    slanted = (np.abs(quarters - np.round(quarters)) > RIGHT_ANGLE_RAD) & (ports.source[ends] == GUIDE_END)
    drawn_step_nm = max(ctx.facts.dbu_nm, USUAL_GRID_NM)
    limit_nm = np.where(slanted.any(axis=0), np.maximum(limit_nm, ROUNDING_STEPS * drawn_step_nm), limit_nm)
    aside_nm = np.abs(nets.lateral_nm)
    # `gap_nm` of a joint is the distance of its ports.
    offset_nm = np.where((ports.source[ends] == GUIDE_END).any(axis=0), aside_nm, nets.gap_nm)
    losses_db = joint_loss(ctx.tables, ctx.pdk, ctx.facts.cross_sections)
    for row in np.flatnonzero(optical & (offset_nm > limit_nm)):
        a, b = int(nets.port_a[row]), int(nets.port_b[row])
        place, other_place = ctx.port_place(a), ctx.port_place(b)
        name = words.port_name(place.cell, ports.name[a])
        other_name = words.port_name(other_place.cell, ports.name[b])
        lost = in_words(float(losses_db[row]))
        yield ctx.finding(
            f"{name} and {other_name} meet {words.nm(float(offset_nm[row]))} off, "
            f"{words.nm(float(aside_nm[row]))} of it aside" + (f"; light loses {lost} there" if lost else ""),
            place,
            facts=[ports.name[a], other_place.cell, ports.name[b]],
            measured=float(offset_nm[row]),
            limit=float(limit_nm[row]),
            unit="nm",
            related=[Related(f"joined to {other_name}", other_place)],
            hint="move one of the two so that the ports coincide",
        )
