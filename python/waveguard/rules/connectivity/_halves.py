"""A part of CN001: halves of rings beside waveguides.

A ring that was drawn in two halves leaves a U where one of them is missing: it bends one way by half a turn, both of
its ends are open, and it lies as near a waveguide as the guides of a coupler do, on its outer side. Nothing is drawn
like that for its own sake: a U-turn leads somewhere, and a bus that bends around a ring has it on its inner side.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from waveguard.rules import Context
from waveguard.tables import DRAWN_SOURCES
from waveguard.units import NM_PER_UM

NO_NET = -1
HALF_RAD, HALF_WITHIN_RAD = math.pi, math.radians(20.0)
"""Of a ring that was cut less evenly a bend is missing, as anywhere else."""
EVEN_NM, WIDTH_NM = 150.0, 2.0
"""Both ends of a half lie square beside each other within this, and are as wide as each other within that."""
COUPLER_GAP = 0.4
"""Guides of couplers come nearer than this part of the minimum spacing."""
LEADS_ON = 2.0
"""A waveguide that is joined to nothing, but so many times as long as a ring is wide, is not only drawn for that ring.
A shorter one and half of a ring are a cell of a library, which is put together with others."""
MOST_ALIKE = 2
"""More that look the same are meant to be halves."""


class Half(NamedTuple):
    """The half of a ring that an open end belongs to."""

    other: int
    """The port at its other end."""
    waveguide: int
    """The one that lies beside it,"""
    gap_nm: float
    """and how near."""


def halves(ctx: Context) -> dict[int, Half]:
    """Return the open ends of halves of rings."""
    guides, runs, routes = ctx.tables.waveguides, ctx.tables.runs, ctx.tables.routes
    half = _half_turns(ctx)
    if not half.any():
        return {}
    sections = np.stack([guides.cross_section[runs.waveguide_a], guides.cross_section[runs.waveguide_b]])
    # Of two spacings the larger one counts; where none is known nothing is near.
    limit_nm = np.nan_to_num(ctx.limits_nm("min_spacing_um", sections)).max(axis=0)
    pairs = guides.route[np.stack([runs.waveguide_a, runs.waveguide_b])]
    is_near = (runs.gap_min_nm < COUPLER_GAP * limit_nm) & (half[pairs[0]] != half[pairs[1]])
    by_route = np.argsort(guides.route, kind="stable")
    starts = np.searchsorted(guides.route[by_route], np.arange(len(routes) + 1))
    nearest: dict[int, tuple[float, int]] = {}
    for row in np.flatnonzero(is_near).tolist():
        own, other = (int(runs.waveguide_a[row]), int(runs.waveguide_b[row]))
        if half[guides.route[other]]:
            own, other = other, own
        route, gap_nm = int(guides.route[own]), float(runs.gap_min_nm[row])
        is_nearer = route not in nearest or gap_nm < nearest[route][0]
        at_nm = complex(runs.x_nm[row], runs.y_nm[row])
        if is_nearer and _leads_on(ctx, route, int(guides.route[other])):
            lines = [_line_nm(ctx, guide) for guide in by_route[starts[route] : starts[route + 1]].tolist()]
            if _is_outside(ctx, route, lines, _line_nm(ctx, other), at_nm):
                nearest[route] = (gap_nm, other)
    # To a nanometre the rounding of their ends would part them.
    look = {route: round(float(routes.centerline_length_nm[route]) / EVEN_NM) for route in nearest}
    alike = Counter(look.values())
    found: dict[int, Half] = {}
    for route, (gap_nm, waveguide) in nearest.items():
        if alike[look[route]] <= MOST_ALIKE:
            a, b = int(routes.port_a[route]), int(routes.port_b[route])
            found |= {a: Half(b, waveguide, gap_nm), b: Half(a, waveguide, gap_nm)}
    return found


def _half_turns(ctx: Context) -> NDArray[np.bool_]:
    """Return which routes are bare shapes with two open ends that turn back, one way all along."""
    routes, ports, devices = ctx.tables.routes, ctx.tables.ports, ctx.tables.devices
    ends = np.stack([routes.port_a, routes.port_b])
    is_half: NDArray[np.bool_] = (routes.is_closed == 0) & (ends >= 0).all(axis=0)
    if not is_half.any():
        return is_half
    is_half &= np.isin(devices.source[ctx.tables.waveguides.device[routes.first_waveguide]], DRAWN_SOURCES)
    is_half &= ((ports.net[ends] == NO_NET) & ~np.isin(ends, sorted(ctx.facts.ends))).all(axis=0)
    ahead = np.exp(1j * ports.direction_rad[ends])
    is_half &= np.abs(np.angle(ahead[1] * np.conj(ahead[0]))) <= HALF_WITHIN_RAD
    # In an S the turns of both ways would be more than that between the ends.
    is_half &= np.abs(routes.abs_turn_rad - HALF_RAD) <= HALF_WITHIN_RAD
    at_nm = ports.x_nm[ends] + 1j * ports.y_nm[ends]
    # No more than none where the two look away from each other.
    middle = ahead.sum(axis=0)
    is_half &= np.abs(((at_nm[1] - at_nm[0]) * np.conj(middle)).real) <= EVEN_NM * np.abs(middle)
    solid = [section.width_min_um for section in ctx.facts.cross_sections if section.slot is None]
    # What is narrower is the tip of a taper, where light is meant to leave.
    is_half &= (ports.width_nm[ends] >= NM_PER_UM * min(solid, default=0.0)).all(axis=0)
    is_half &= np.abs(ports.width_nm[ends[0]] - ports.width_nm[ends[1]]) <= WIDTH_NM
    return is_half


def _leads_on(ctx: Context, half: int, other: int) -> bool:
    """Whether another route leads past a half to somewhere; a closed one may be a ring of which the half is the bus."""
    routes, ports = ctx.tables.routes, ctx.tables.ports
    if routes.is_closed[other]:
        return False
    ends = np.array([routes.port_a[other], routes.port_b[other]])
    a, b = int(routes.port_a[half]), int(routes.port_b[half])
    wide_nm = math.hypot(ports.x_nm[a] - ports.x_nm[b], ports.y_nm[a] - ports.y_nm[b])
    is_joined = bool((ports.net[ends[ends >= 0]] != NO_NET).any())
    return is_joined or bool(routes.centerline_length_nm[other] >= LEADS_ON * wide_nm)


def _is_outside(
    ctx: Context, half: int, lines: list[NDArray[np.complex128]], other_nm: NDArray[np.complex128], at_nm: complex
) -> bool:
    """Whether a waveguide lies on the outer side of a half, whose lines are given, where the two are nearest."""
    routes, ports = ctx.tables.routes, ctx.tables.ports
    ends = np.array([routes.port_a[half], routes.port_b[half]])
    between = complex(ports.x_nm[ends].mean(), ports.y_nm[ends].mean())
    ahead = complex(np.exp(1j * ports.direction_rad[ends]).sum())
    ahead /= abs(ahead)
    deep_nm = max(float(((between - line) * np.conj(ahead)).real.max()) for line in lines)
    inside = between - ahead * deep_nm / 2
    on_half = min((_foot(line, at_nm) for line in lines), key=lambda foot: abs(foot - at_nm))
    away = _foot(other_nm, on_half) - on_half
    return bool((away * np.conj(on_half - inside)).real > 0)


def _line_nm(ctx: Context, guide: int) -> NDArray[np.complex128]:
    lines = ctx.tables.centerlines
    part = slice(int(lines.offsets[guide]), int(lines.offsets[guide + 1]))
    line: NDArray[np.complex128] = lines.x_nm[part] + 1j * lines.y_nm[part]
    return line


def _foot(line_nm: NDArray[np.complex128], at_nm: complex) -> complex:
    """Return the place of a line that is nearest to another one."""
    start, step = line_nm[:-1], np.diff(line_nm)
    part = ((at_nm - start) * np.conj(step)).real / np.maximum(np.abs(step) ** 2, 1.0)
    feet = start + step * np.clip(part, 0.0, 1.0)
    return complex(feet[np.argmin(np.abs(feet - at_nm))])
