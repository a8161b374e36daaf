"""CN006: joints whose two ports are a grid step apart."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from waveguard.analyses.defects import in_words, joint_loss
from waveguard.findings import Finding, Related
from waveguard.rules import Context, rule
from waveguard.rules import _words as words
from waveguard.rules.connectivity import _aside as aside
from waveguard.rules.connectivity import _turned as turned
from waveguard.tables import FROM_GUIDE_END, FROM_METADATA, FROM_PIN_PATH, FROM_PIN_RECTANGLE, OPTICAL

GUIDE_END = FROM_GUIDE_END
"""Code of `ports.source`: the drawn end of a guide, which joins anywhere along a pin."""
PINS = (FROM_PIN_PATH, FROM_PIN_RECTANGLE)
GRID_STEPS = 0.5
"""Offsets of drawn ports are whole grid steps; half of one tells them from zero."""
OFF_GRID_STEPS = 0.02
"""Places this far from half a step of the grid were not drawn there, in half steps."""
RIGHT_ANGLE_RAD = 1e-6
"""Placements turned by a multiple of 90 degrees to this accuracy keep grid points on the grid."""


@rule("CN006", severity="warning", since="0.1")
def joint_offset(ctx: Context) -> Iterator[Finding]:
    """Joint that is off by a grid step or a little turned.

    What: two optical ports that are taken as joined, although they lie further apart than rounding to the grid
        explains: one beside the other, or with a gap or an overlap between them; or although they do not look along
        one line. Also a waveguide drawn as one shape with a corner between two straight stretches that is no chord
        of a bend, and a body with an axis of symmetry, as that of a coupler to a fibre, whose only waveguide enters it
        askew; and a body with such an axis, as that of a multimode coupler, that lies aside of the three waveguides and
        more that enter it along it, as far from each other on either side.
    Why: a nanometre costs no light, but it is not what was meant: one of the two was placed by hand or computed in
        another way, and tools that compare positions exactly take the joint for open.
    Fix: move or turn one of the devices by the offset given.
    Limits: the grid of the file: half a step, and 1.4 steps more for devices turned by other than right angles; for
        slanted ends of drawn waveguides at least 1.4 steps of a grid of 1 nm. A turn counts from a quarter of a degree
        on, and what rounding may turn an end by, or half a width of a bend that ends there; a body aside of its
        waveguides from 2.8 steps of the grid of the file on, of 1 nm at least.
    Not checked: gaps at ends of drawn waveguides, which may lie anywhere along a pin; turns at pins that are drawn
        askew in their cell, as short paths do not say their direction that well; electrical joints.
    """
    nets, ports, devices = ctx.tables.nets, ctx.tables.ports, ctx.tables.devices
    optical = ports.kind[nets.port_a] == OPTICAL
    of_shapes = [*turned.findings(ctx), *aside.findings(ctx)]
    yield from of_shapes
    if not optical.any() and not of_shapes:
        ctx.not_applicable("no two optical ports meet")
        return
    ctx.looked_at("joints", int(optical.sum()))
    ends = np.stack([nets.port_a, nets.port_b])
    quarter_turns = devices.rotation_rad[ports.device[ends]] / (math.pi / 2)
    # Devices turned in a cell that is turned back with them are upright: their ports are off the grid all the same.
    off_axis = (
        (np.abs(quarter_turns - np.round(quarter_turns)) * (math.pi / 2) > RIGHT_ANGLE_RAD)
        | _off_grid(ports.x_nm[ends], ctx.facts.grid_nm)
        | _off_grid(ports.y_nm[ends], ctx.facts.grid_nm)
    ).any(axis=0)
    limit_nm = ctx.facts.grid_nm * np.where(off_axis, GRID_STEPS + turned.ROUNDING_STEPS, GRID_STEPS)
    # The middle of a slanted cap lies between grid points, of the grid it was drawn on, whatever that of the file is.
    quarters = ports.direction_rad[ends] / (math.pi / 2)
    slanted = (np.abs(quarters - np.round(quarters)) > RIGHT_ANGLE_RAD) & (ports.source[ends] == GUIDE_END)
    drawn_step_nm = max(ctx.facts.grid_nm, turned.USUAL_GRID_NM)
    limit_nm = np.where(slanted.any(axis=0), np.maximum(limit_nm, turned.ROUNDING_STEPS * drawn_step_nm), limit_nm)
    aside_nm = np.abs(nets.lateral_nm)
    # `gap_nm` of a joint is the distance of its ports.
    offset_nm = np.where((ports.source[ends] == GUIDE_END).any(axis=0), aside_nm, nets.gap_nm)
    losses_db = joint_loss(ctx.tables, ctx.pdk, ctx.facts.cross_sections)
    is_turned = np.abs(nets.angle_rad) > _turn_limit_rad(ctx, ends)
    for row in np.flatnonzero(optical & ((offset_nm > limit_nm) | is_turned)).tolist():
        a, b = int(nets.port_a[row]), int(nets.port_b[row])
        place, other_place = ctx.port_place(a), ctx.port_place(b)
        name = words.port_name(place.cell, ports.name[a])
        other_name = words.port_name(other_place.cell, ports.name[b])
        is_off = bool(offset_nm[row] > limit_nm[row])
        off = f"{words.nm(float(offset_nm[row]))} off, {words.nm(float(aside_nm[row]))} of it aside"
        turn = f"turned by {_hundredths(abs(float(nets.angle_rad[row])))} degrees"
        what = " and ".join([off] * is_off + [turn] * bool(is_turned[row]))
        lost = in_words(float(losses_db[row]))
        yield ctx.finding(
            f"{name} and {other_name} meet {what}" + (f"; light loses {lost} there" if lost else ""),
            place,
            facts=[ports.name[a], other_place.cell, ports.name[b]],
            measured=float(offset_nm[row]) if is_off else math.degrees(abs(float(nets.angle_rad[row]))),
            limit=float(limit_nm[row]) if is_off else math.degrees(turned.TURNED_RAD),
            unit="nm" if is_off else "deg",
            related=[Related(f"joined to {other_name}", other_place)],
            hint="move one of the two so that the ports coincide"
            if is_off
            else "turn one of the two so that they look along one line",
        )


def _off_grid(at_nm: NDArray[np.float64], grid_nm: float) -> NDArray[np.bool_]:
    """Return which places lie neither on the grid nor in the middle of a step."""
    halves = at_nm / (grid_nm / 2)
    off: NDArray[np.bool_] = np.abs(halves - np.round(halves)) > OFF_GRID_STEPS
    return off


def _turn_limit_rad(ctx: Context, ends: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return from which turn on each joint counts; infinite where the directions are not known that well."""
    ports, devices = ctx.tables.ports, ctx.tables.devices
    source, width_nm = ports.source[ends], np.fmax(ports.width_nm[ends], 1.0)
    in_cell = (ports.direction_rad[ends] - devices.rotation_rad[ports.device[ends]]) / (math.pi / 2)
    upright = np.abs(in_cell - np.round(in_cell)) * (math.pi / 2) <= RIGHT_ANGLE_RAD
    # The corners of a drawn end are rounded, each by half a diagonal of a step.
    rounded_rad = turned.ROUNDING_STEPS * max(ctx.facts.grid_nm, turned.USUAL_GRID_NM) / width_nm
    # The direction at an end in a bend is that of its last piece: half a width of a bend is not seen.
    guide = devices.waveguide[ports.device[ends]]
    radius_nm = np.append(ctx.tables.waveguides.min_radius_nm, np.inf)[guide]
    rounded_rad = rounded_rad + width_nm / (2.0 * np.where(radius_nm > 0, radius_nm, np.inf))
    known = (source == FROM_METADATA) | (np.isin(source, PINS) & upright)
    play_rad = np.where(known, 0.0, np.where(source == GUIDE_END, rounded_rad, np.inf))
    limit_rad: NDArray[np.float64] = turned.TURNED_RAD + play_rad.sum(axis=0)
    return limit_rad


def _hundredths(angle_rad: float) -> str:
    return f"{math.degrees(angle_rad):.2f}"
