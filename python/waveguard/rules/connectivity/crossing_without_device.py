"""CN005: waveguides that cross on the bare chip."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from waveguard.findings import Finding, Related
from waveguard.rules import Context, rule
from waveguard.rules import _along as along
from waveguard.rules import _words as words
from waveguard.rules.connectivity._across import across_bodies
from waveguard.tables import JUNCTION_KINDS

Ints: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]

CROSSING = JUNCTION_KINDS.index("crossing")
ALONGSIDE_RAD = math.radians(5.0)
"""Waveguides that lie on each other cross again and again at less than this: that is one place, not many."""
PLAIN_WIDTHS2 = 4.0
"""A crossing of more than so many squared widths, at a right angle, is a device that somebody drew."""
ROUNDED_NM = 2.0
"""Two cross-sections of one waveguide differ by so much where both were rounded to the grid."""
WIDENED = 1.1
"""Arms of a device widen towards its middle; those of a plain crossing do not, within this part."""


@rule("CN005", severity="error", since="0.1")
def crossing_without_device(ctx: Context) -> Iterator[Finding]:
    """Waveguides that cross without a crossing device.

    What: the centre-lines of two waveguides cross where no crossing device is placed, or four arms of one drawn shape
        meet in a plain cross. One finding for each place; where two waveguides lie on each other, one for both. Also a
        waveguide that goes straight through a body drawn as a bare shape, across the other ways through it: a branch,
        a coupler, a crossing with a waveguide drawn over it.
    Why: a plain crossing of strips loses about a decibel and sends some percent of the light into the other guide; the
        layout tool shows it as a neat cross.
    Fix: place a crossing device there, or route one waveguide around.
    Limits: none.
    Not checked: crossings inside devices, and bare shapes whose arms widen towards the middle as those of a crossing
        device do; waveguides in different layers, whose coupling depends on the stack; two waveguides exactly on each
        other, which are CN004.
    """
    number = len(ctx.tables.waveguides.device)
    if not number:
        ctx.not_applicable("no waveguides")
        return
    ctx.looked_at("waveguides", number)
    for rows in _places(ctx):
        yield _judge(ctx, rows)
    yield from _drawn(ctx)
    yield from across_bodies(ctx)


def _places(ctx: Context) -> list[list[int]]:
    """Return the rows of crossings that are one finding each, without those of twins."""
    crossings, overlaps, device = ctx.tables.crossings, ctx.tables.overlaps, ctx.tables.waveguides.device
    twin = overlaps.duplicate != 0
    twins = set(zip(overlaps.device_a[twin].tolist(), overlaps.device_b[twin].tolist(), strict=True))
    is_device, is_apart = _designed(ctx), _in_different_layers(ctx)
    found: list[list[int]] = []
    alongside: dict[tuple[int, int], list[int]] = {}
    for row in range(len(crossings.waveguide_a)):
        a, b = int(crossings.waveguide_a[row]), int(crossings.waveguide_b[row])
        pair = (int(device[a]), int(device[b]))
        if pair in twins or pair[::-1] in twins or is_device[row] or is_apart[row]:
            continue
        if crossings.angle_rad[row] >= ALONGSIDE_RAD:
            found.append([row])
        elif (a, b) in alongside:
            alongside[a, b].append(row)
        else:
            found.append(alongside.setdefault((a, b), [row]))
    return found


def _designed(ctx: Context) -> NDArray[np.bool_]:
    """Return for each crossing whether its two ways cross in a body too large for a plain cross."""
    crossings, junctions = ctx.tables.crossings, ctx.tables.junctions
    rows = np.flatnonzero(junctions.kind == CROSSING)
    at = zip(junctions.x_nm[rows].tolist(), junctions.y_nm[rows].tolist(), strict=True)
    area_nm2 = dict(zip(at, junctions.area_nm2[rows].tolist(), strict=True))
    places = zip(crossings.x_nm.tolist(), crossings.y_nm.tolist(), strict=True)
    own_nm2 = np.array([area_nm2.get(place, 0.0) for place in places])
    widest_nm = ctx.tables.waveguides.width_max_nm
    width_nm = np.maximum(widest_nm[crossings.waveguide_a], widest_nm[crossings.waveguide_b])
    designed: NDArray[np.bool_] = own_nm2 > _plain_nm2(width_nm, crossings.angle_rad)
    return designed


def _in_different_layers(ctx: Context) -> NDArray[np.bool_]:
    """Return for each crossing whether the cores of its two ways are drawn on different layers."""
    crossings, section = ctx.tables.crossings, ctx.tables.waveguides.cross_section
    cores = [frozenset(one.cores) for one in ctx.facts.cross_sections]
    pairs = zip(section[crossings.waveguide_a].tolist(), section[crossings.waveguide_b].tolist(), strict=True)
    return np.array([min(a, b) >= 0 and cores[a].isdisjoint(cores[b]) for a, b in pairs], dtype=bool)


def _plain_nm2(width_nm: Floats | float, angle_rad: Floats | float) -> Floats:
    """Return the largest area of a plain cross."""
    sine = np.maximum(np.abs(np.sin(angle_rad)), math.sin(ALONGSIDE_RAD))
    return np.asarray(PLAIN_WIDTHS2 * np.square(width_nm) / sine)


def _judge(ctx: Context, rows: list[int]) -> Finding:
    crossings = ctx.tables.crossings
    row = rows[len(rows) // 2]
    a, b = int(crossings.waveguide_a[row]), int(crossings.waveguide_b[row])
    cell_a, cell_b = ctx.waveguide_cell(a), ctx.waveguide_cell(b)
    top = ctx.waveguide_top(a)
    x_nm, y_nm = float(crossings.x_nm[row]), float(crossings.y_nm[row])
    times = f" in {len(rows)} places" if len(rows) > 1 else ""
    return ctx.finding(
        f"{cell_a} crosses {cell_b} at {words.degrees(crossings.angle_rad[row])} without a crossing device{times}",
        ctx.place(x_nm, y_nm, top=top, cell=cell_a),
        facts=sorted([cell_a, cell_b]),
        related=[Related(f"crosses {cell_b}", ctx.place(x_nm, y_nm, top=top, cell=cell_b))],
        hint="place a crossing device here, or route one of the two around",
    )


def _drawn(ctx: Context) -> Iterator[Finding]:
    """Judge crosses of bare shapes that were not cut into the waveguides that cross."""
    junctions, devices = ctx.tables.junctions, ctx.tables.devices
    rows = np.flatnonzero(junctions.kind == CROSSING)
    if not rows.size:
        return
    ports_of, narrowest_nm, is_said = along.OpticalPorts(ctx), along.narrowest_nm(ctx), _places_said(ctx)
    for row in rows.tolist():
        device = int(junctions.device[row])
        if is_said(row) or not _is_plain(ctx, row, ports_of(device), narrowest_nm):
            continue
        cell, top = ctx.device_cell(device), int(devices.top[device])
        yield ctx.finding(
            f"two waveguides of {cell} cross at {words.degrees(junctions.angle_rad[row])} without a crossing device",
            ctx.place(junctions.x_nm[row], junctions.y_nm[row], top=top, cell=cell),
            facts=[cell, cell],
            hint="place a crossing device here, or route one of the two around",
        )


def _places_said(ctx: Context) -> Callable[[int], bool]:
    """Return a function that says of a junction whether centre-lines cross in it: that is a finding already."""
    junctions, crossings = ctx.tables.junctions, ctx.tables.crossings
    order = np.argsort(crossings.x_nm, kind="stable")
    x_nm, y_nm = crossings.x_nm[order], crossings.y_nm[order]

    def is_said(row: int) -> bool:
        reach_nm, at_nm = math.sqrt(junctions.area_nm2[row]), float(junctions.x_nm[row])
        near = slice(*np.searchsorted(x_nm, [at_nm - reach_nm, at_nm + reach_nm]))
        return bool((np.abs(y_nm[near] - junctions.y_nm[row]) <= reach_nm).any())

    return is_said


def _is_plain(ctx: Context, row: int, own: Ints, narrowest_nm: Floats) -> bool:
    ports, nets = ctx.tables.ports, ctx.tables.nets
    own = own[ports.net[own] >= 0]
    width_nm = float(ports.width_nm[own].max(initial=0.0))
    junctions = ctx.tables.junctions
    if not own.size or junctions.area_nm2[row] > _plain_nm2(width_nm, float(junctions.angle_rad[row])):
        return False
    net = ports.net[own]
    other = np.where(nets.port_a[net] == own, nets.port_b[net], nets.port_a[net])
    arms = ctx.tables.devices.waveguide[ports.device[other]]
    own, other, arms = own[arms >= 0], other[arms >= 0], arms[arms >= 0]
    # An arm that is wider further out is a taper on its way somewhere else, however narrow that way began.
    outward = np.array([_widens(ctx, int(arm), int(port)) for arm, port in zip(arms, other, strict=True)], dtype=bool)
    least_nm = np.where(outward, ports.width_nm[own], narrowest_nm[arms])
    return width_nm <= WIDENED * float(least_nm.max(initial=0.0))


def _widens(ctx: Context, guide: int, port: int) -> bool:
    """Whether a waveguide begins at a port as a taper that gets wider."""
    tapers, guides = ctx.tables.tapers, ctx.tables.waveguides
    first, end = np.searchsorted(tapers.waveguide, [guide, guide + 1])
    if first == end:
        return False
    wider_nm = tapers.end_width_nm[first:end] - tapers.begin_width_nm[first:end]
    if int(guides.port_a[guide]) == port:
        return bool(tapers.start_nm[first] <= ctx.tables.ports.width_nm[port] and wider_nm[0] > ROUNDED_NM)
    rest_nm = guides.centerline_length_nm[guide] - tapers.start_nm[end - 1] - tapers.length_nm[end - 1]
    return bool(rest_nm <= ctx.tables.ports.width_nm[port] and wider_nm[-1] < -ROUNDED_NM)
