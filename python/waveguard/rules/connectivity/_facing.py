"""A part of CN001: open ends between which a whole waveguide is missing.

The end of a waveguide drawn as a bare shape may be meant to be one. But two that look at each other along one line, or
meet at a right angle the same way ahead of both, as wide as each other and with nothing of the network between, are
where a straight or a bend was taken out. Where many pairs are as far apart as each other that is how they are meant.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from waveguard.rules import Context
from waveguard.tables import DRAWN_SOURCES, FROM_GUIDE_END, FROM_GUIDE_ENTRY, OPTICAL

NO_NET = -1
NONE = -1
SAME_WAY_RAD = math.radians(0.6)
"""Ends of bends that are turned against the grid are known to half a degree; a line between two is better known."""
ASIDE_NM, TURNED_ASIDE_NM = 10.0, 150.0
"""Two ends of one line lie within this of it; where they are turned nobody knows exactly which line that is."""
WIDTH_NM = 2.0
"""The same for how wide they are."""
FAR_NM = 200e3
"""Further apart two ends have nothing to do with each other: structures at both sides of a chip look across it."""
MOST_ALIKE = 2
"""A crossing that is missing leaves two such pairs; more, as far apart as each other, are an array drawn so."""


class Gap(NamedTuple):
    """What is missing ahead of an open end."""

    other: int
    """The port at the other side."""
    distance_nm: float
    is_bend: bool


def bare_ends(ctx: Context) -> NDArray[np.bool_]:
    """Return which ports are ends of bare shapes: of waveguides, and of arms of what no cell says what it is."""
    ports, devices = ctx.tables.ports, ctx.tables.devices
    is_drawn = np.isin(devices.source[ports.device], DRAWN_SOURCES) if len(devices) else ports.device >= 0
    bare: NDArray[np.bool_] = (ports.source == FROM_GUIDE_END) | ((ports.source == FROM_GUIDE_ENTRY) & is_drawn)
    return bare


def gaps(ctx: Context) -> dict[int, Gap]:
    """Return for open ends of bare waveguides the ends that they were joined to by what is missing."""
    ports = ctx.tables.ports
    known = np.isfinite(ports.width_nm) & np.isfinite(ports.direction_rad)
    rows = np.flatnonzero((ports.kind == OPTICAL) & (ports.device >= 0) & known)
    is_open = (ports.net[rows] == NO_NET) & bare_ends(ctx)[rows]
    if is_open.sum() < 2:
        return {}
    top = ctx.tables.devices.top[ports.device[rows]].astype(np.float64)
    pairs: list[tuple[int, int, Gap]] = []
    quarter = math.pi / 2
    angle_rad = np.mod(ports.direction_rad[rows], quarter)
    # What is a little less than a quarter turn is nearly none.
    angle_rad = np.where(angle_rad > quarter - SAME_WAY_RAD, angle_rad - quarter, angle_rad)
    for own in _chunks(np.arange(rows.size), (top, 0.5), (angle_rad, SAME_WAY_RAD)):
        if is_open[own].sum() < 2:
            continue
        frame = np.exp(-1j * float(np.median(angle_rad[own])))
        at_nm = (ports.x_nm[rows[own]] + 1j * ports.y_nm[rows[own]]) * frame
        quarters = np.round(np.angle(np.exp(1j * ports.direction_rad[rows[own]]) * frame) / quarter).astype(int) % 4
        aside_nm = ASIDE_NM if np.ptp(angle_rad[own]) == 0 else TURNED_ASIDE_NM
        ends = _Ends(rows[own], at_nm, quarters, ports.width_nm[rows[own]], is_open[own], aside_nm)
        for pair in (*_in_line(ends), *_around_corners(ends)):
            turn_rad = float(np.diff(ports.direction_rad[rows[own[list(pair)]]])[0])
            if abs(math.remainder(turn_rad, quarter)) > SAME_WAY_RAD:
                # Ends that look a little elsewhere each may have come together one by one.
                continue
            distance_nm = float(abs(at_nm[pair[1]] - at_nm[pair[0]]))
            if distance_nm > FAR_NM:
                continue
            is_bend = bool((quarters[pair[0]] - quarters[pair[1]]) % 2)
            gap = Gap(NONE, distance_nm, is_bend)
            pairs.append((int(rows[own[pair[0]]]), int(rows[own[pair[1]]]), gap))
    alike = Counter(_look(gap) for _, _, gap in pairs)
    found: dict[int, Gap] = {}
    for a, b, gap in pairs:
        for port, other in ((a, b), (b, a)):
            nearest_nm = found[port].distance_nm if port in found else math.inf
            if alike[_look(gap)] <= MOST_ALIKE and gap.distance_nm < nearest_nm:
                found[port] = gap._replace(other=other)
    return found


def _look(gap: Gap) -> tuple[bool, int]:
    return gap.is_bend, round(gap.distance_nm)


class _Ends(NamedTuple):
    """Ports that look along one of two axes, in a frame in which these are x and y."""

    row: NDArray[np.int64]
    at_nm: NDArray[np.complex128]
    quarter: NDArray[np.int64]
    """Direction, in quarters of a turn."""
    width_nm: NDArray[np.float64]
    is_open: NDArray[np.bool_]
    aside_nm: float


def _in_line(ends: _Ends) -> list[tuple[int, int]]:
    """Return open ends that look at each other along a line on which no other port lies between."""
    out = []
    for axis in (0, 1):
        turned = ends.at_nm * (-1j) ** axis
        along = np.flatnonzero(ends.quarter % 2 == axis)
        for own in _chunks(along, (turned.imag, ends.aside_nm)):
            order = own[np.lexsort([ends.quarter[own], turned.real[own]])]
            for a, b in zip(order[:-1].tolist(), order[1:].tolist(), strict=True):
                if ends.quarter[a] == axis and ends.quarter[b] == axis + 2 and _alike(ends, a, b):
                    out.append((a, b))
    return out


def _around_corners(ends: _Ends) -> list[tuple[int, int]]:
    """Return open ends whose lines meet at a right angle the same way ahead of both."""
    out = []
    opened = np.flatnonzero(ends.is_open)
    for diagonal in (1 + 1j, 1 - 1j):
        turned = ends.at_nm * np.conj(diagonal) / abs(diagonal)
        for own in _chunks(opened, (turned.imag, ends.aside_nm)):
            order = own[np.argsort(turned.real[own], kind="stable")]
            for a, b in zip(order[:-1].tolist(), order[1:].tolist(), strict=True):
                step = ends.at_nm[b] - ends.at_nm[a]
                ahead = (step * 1j ** -int(ends.quarter[a])).real, (-step * 1j ** -int(ends.quarter[b])).real
                is_turned = (ends.quarter[a] - ends.quarter[b]) % 2 == 1
                if is_turned and min(ahead) > 0 and _alike(ends, a, b):
                    out.append((a, b))
    return out


def _alike(ends: _Ends, a: int, b: int) -> bool:
    return bool(ends.is_open[a] and ends.is_open[b] and abs(ends.width_nm[a] - ends.width_nm[b]) <= WIDTH_NM)


def _chunks(rows: NDArray[np.int64], *keys: tuple[NDArray[np.float64], float]) -> list[NDArray[np.int64]]:
    """Return rows by what they have in common: those of each key that follow each other within a distance."""
    parts = [rows]
    for values, within in keys:
        finer = []
        for part in parts:
            order = part[np.argsort(values[part], kind="stable")]
            finer += np.split(order, np.flatnonzero(np.diff(values[order]) > within) + 1)
        parts = [part for part in finer if part.size > 1]
    return parts
