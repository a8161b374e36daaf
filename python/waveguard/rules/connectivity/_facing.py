"""A part of CN001: open ends between which a whole waveguide or branch is missing.

The end of a waveguide drawn as a bare shape may be meant to be one. But two that look at each other along one line, or
meet at an angle as far ahead of one as of the other, as wide as each other and with nothing of the network between,
are where a straight or a bend was taken out. Near each other two of different width lack a taper, one that looks at the
middle between two, side by side and as wide as it is, a branch, and two that look past each other, with no other such
end near, an S-bend. Two side by side that look the same way, where no other end does, lack a U-turn, if there is room
for it before the border of all that is drawn. Where many pairs are as far apart as each other that is how they are
meant, but for pairs side by side, which one body joined.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from waveguard.rules import Context
from waveguard.rules import _along as along
from waveguard.rules.connectivity._border import Border
from waveguard.tables import DRAWN_SOURCES, FROM_GUIDE_END, FROM_GUIDE_ENTRY, OPTICAL, Ports
from waveguard.units import NM_PER_UM

NO_NET = -1
NONE = -1
SAME_WAY_RAD = math.radians(0.6)
"""Ends of bends that are turned against the grid are known to half a degree; a line between two is better known."""
ASIDE_NM, TURNED_ASIDE_NM = 10.0, 150.0
"""Two ends of one line lie within this of it; where they are turned nobody knows exactly which line that is."""
WIDTH_NM = 2.0
"""The same for how wide they are."""
WIDEST = 8.0
"""A taper is no more than so many times as wide at one end as at the other."""
FAR_NM = 200e3
"""Further apart two ends have nothing to do with each other: structures at both sides of a chip look across it."""
NEAR_NM = 100e3
"""The same for ends that are no two of one straight or bend: a taper or a branch is no longer than this."""
ARMS_NM = 20e3
"""Two arms of a branch end no further apart than this."""
LEAST_BEND_RAD, MOST_BEND_RAD = math.radians(5.0), math.radians(160.0)
"""Turns of single bends; of a right angle it is known better where they lead."""
PITCH_NM = 5e3
"""Ports of one body, as of a multimode coupler, are no further apart than this; waveguides of a bundle mostly are."""
UNUSUAL_RAD = 0.1
"""Nobody draws along a line that is turned by this."""
STEEPEST = 0.75
"""An S-bend leads aside by no more than so many times its length."""
WIDEST_TURN = 5.0
"""A U-turn is no more than so many times as wide as the tightest one."""
LINE, CORNER, TAPER, BRANCH, ASIDE, TURN = range(6)
"""What is missing: a straight, a bend, a taper, a branch with one end on one side and two on the other, an S-bend, a
U-turn."""
MOST_ALIKE = 2
"""A crossing that is missing leaves two such pairs; more, as far apart as each other, are an array drawn so."""


class Gap(NamedTuple):
    """What is missing ahead of an open end."""

    other: int
    """The port at the other side."""
    distance_nm: float
    missing: int


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
    pairs: list[tuple[int, list[int], Gap]] = []
    # What is narrower is the tip of a taper, where light is meant to leave.
    solid = [section.width_min_um for section in ctx.facts.cross_sections if section.slot is None]
    narrowest_nm = NM_PER_UM * min(solid, default=0.0)
    tightest_nm = NM_PER_UM * min((float(section.min_radius_um) for section in ctx.facts.cross_sections), default=0.0)
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
        ends = _Ends(rows[own], at_nm, quarters, ports.width_nm[rows[own]], is_open[own], aside_nm, narrowest_nm)
        found: list[tuple[tuple[int, ...], int]] = [(pair, LINE) for pair in _in_line(ends)]
        found += [(pair, CORNER) for pair in _around_corners(ends)]
        found += [(pair, TAPER) for pair in _in_line(ends, _may_taper) if not _alike(ends, *pair)]
        found += [(pair, BRANCH) for pair in _at_branches(ends)]
        for (a, *others), missing in found:
            other_nm = at_nm[others].mean()
            turns_rad = ports.direction_rad[rows[own[others]]] - ports.direction_rad[rows[own[a]]]
            if any(abs(math.remainder(float(turn_rad), quarter)) > SAME_WAY_RAD for turn_rad in turns_rad):
                # Ends that look a little elsewhere each may have come together one by one.
                continue
            distance_nm = float(abs(other_nm - at_nm[a]))
            if distance_nm > (FAR_NM if missing in {LINE, CORNER} else NEAR_NM):
                continue
            pairs.append((int(rows[own[a]]), [int(row) for row in rows[own[others]]], Gap(NONE, distance_nm, missing)))
    curves = _curves(ports, rows[is_open], {row for a, others, _ in pairs for row in (a, *others)}, tightest_nm)
    turns = [pair for pair in curves if pair[2].missing == TURN and _come_from_elsewhere(ctx, pair[0], pair[1][0])]
    border = Border(ctx) if turns else None
    pairs += [pair for pair in curves if pair[2].missing != TURN]
    # Where a U-turn would lead out of all that is drawn, the two lead there.
    pairs += [pair for pair in turns if border and border.ahead_nm(pair[0]) >= pair[2].distance_nm / 2]
    bodies = _bodies(ports, pairs)
    # Pairs side by side are what one body joined.
    alike = Counter(look for look, _ in set(zip((_look(gap) for _, _, gap in pairs), bodies, strict=True)))
    nearest: dict[int, Gap] = {}
    for a, others, gap in pairs:
        for port, other in ((a, others[0]), *((other, a) for other in others)):
            nearest_nm = nearest[port].distance_nm if port in nearest else math.inf
            if alike[_look(gap)] <= MOST_ALIKE and gap.distance_nm < nearest_nm:
                nearest[port] = gap._replace(other=other)
    return nearest


def _bodies(ports: Ports, pairs: list[tuple[int, list[int], Gap]]) -> list[int]:
    """Return for each pair the first pair of those like it that lie side by side with it, each near the next."""
    groups: dict[tuple[int, int], list[int]] = {}
    for number, (_, _, gap) in enumerate(pairs):
        groups.setdefault(_look(gap), []).append(number)
    body = list(range(len(pairs)))
    for rows in groups.values():
        a = np.array([pairs[row][0] for row in rows])
        if pairs[rows[0]][2].missing != LINE or len(rows) < 2:
            continue
        b = np.array([pairs[row][1][0] for row in rows])
        middle_nm = (ports.x_nm[a] + ports.x_nm[b] + 1j * (ports.y_nm[a] + ports.y_nm[b])) / 2
        # As seen along their lines, either way; the smallest turn and the largest are next to each other.
        turned_rad = np.mod(ports.direction_rad[a] + UNUSUAL_RAD, math.pi)
        for alike in _chunks(np.arange(len(rows)), (turned_rad, SAME_WAY_RAD)):
            # In one frame for all: far from the origin the least difference of two directions would part them.
            seen_nm = middle_nm * np.exp(1j * (UNUSUAL_RAD - float(np.median(turned_rad[alike]))))
            for part in _chunks(alike, (seen_nm.real, ASIDE_NM), (seen_nm.imag, PITCH_NM)):
                for k in part.tolist():
                    body[rows[k]] = rows[int(part.min())]
    return body


def _look(gap: Gap) -> tuple[int, int]:
    return gap.missing, round(gap.distance_nm)


def _curves(
    ports: Ports, opened: NDArray[np.int64], taken: set[int], tightest_nm: float
) -> list[tuple[int, list[int], Gap]]:
    """Return open ends between which a bend or an S-bend fits, where neither sees another end of that kind.

    The lines of two meet at an angle, as far ahead of one as of the other; or the two look past each other; or they
    look the same way, side by side.
    """
    own = np.array([row for row in opened.tolist() if row not in taken], dtype=np.int64)
    own = own[np.argsort(ports.x_nm[own], kind="stable")]
    at_nm = ports.x_nm[own] + 1j * ports.y_nm[own]
    ahead = np.exp(1j * ports.direction_rad[own])
    strip = np.floor(at_nm.imag / NEAR_NM)
    strips = {float(number): np.flatnonzero(strip == number) for number in np.unique(strip)}
    seen: Counter[tuple[int, int]] = Counter()
    found = []
    for a in range(own.size):
        for near in (strips.get(float(strip[a]) + by, own[:0]) for by in (-1, 0, 1)):
            window = slice(*np.searchsorted(at_nm.real[near], at_nm[a].real + np.array([0.0, NEAR_NM])))
            others = near[window][near[window] > a]
            far_nm = np.abs(at_nm[others] - at_nm[a])
            fits = (far_nm <= NEAR_NM) & (ports.top[own[others]] == ports.top[own[a]])
            others, far_nm = others[fits], far_nm[fits]
            step, turn_rad = at_nm[others] - at_nm[a], np.angle(-ahead[others] / ahead[a])
            alike = np.abs(ports.width_nm[own[others]] - ports.width_nm[own[a]]) <= WIDTH_NM
            is_bend = alike & _fits_bend(step, ahead[a], ahead[others], turn_rad, tightest_nm)
            is_past = _looks_past(step, ahead[a], ahead[others], turn_rad)
            # Of two equal arcs, each from one end to the middle.
            aside_nm = np.abs((step * np.conj(ahead[a])).imag)
            is_s_bend = is_past & alike & (np.abs(turn_rad) <= SAME_WAY_RAD) & (far_nm**2 >= 4 * tightest_nm * aside_nm)
            is_beside = _looks_beside(step, ahead[a], ahead[others])
            is_turn = is_beside & alike & (far_nm >= 2 * tightest_nm) & (far_nm <= 2 * WIDEST_TURN * tightest_nm)
            kinds = ((CORNER, is_bend, is_bend), (ASIDE, is_past, is_s_bend), (TURN, is_beside, is_turn))
            for kind, is_seen, is_pair in kinds:
                for k in np.flatnonzero(is_seen).tolist():
                    b = int(others[k])
                    seen.update(((a, kind), (b, kind)))
                    if is_pair[k]:
                        found.append((a, b, float(far_nm[k]), kind))
    single = [one for one in found if seen[one[0], one[3]] == seen[one[1], one[3]] == 1]
    return [(int(own[a]), [int(own[b])], Gap(NONE, far, kind)) for a, b, far, kind in single]


def _fits_bend(
    step: NDArray[np.complex128],
    ahead: complex,
    other_ahead: NDArray[np.complex128],
    turn_rad: NDArray[np.float64],
    tightest_nm: float,
) -> NDArray[np.bool_]:
    """Return whether an arc leads from an end to others, which lie a step away."""
    sine = (np.conj(ahead) * other_ahead).imag
    sine = np.where(np.abs(sine) < math.sin(LEAST_BEND_RAD) / 2, np.nan, sine)
    # How far ahead of each the two lines meet.
    own_nm, other_nm = (np.conj(step) * other_ahead).imag / sine, (np.conj(step) * ahead).imag / sine
    least_nm = np.minimum(own_nm, other_nm)
    fits = (np.abs(turn_rad) > LEAST_BEND_RAD) & (np.abs(turn_rad) < MOST_BEND_RAD)
    fits &= (least_nm > 0) & (np.abs(own_nm - other_nm) <= TURNED_ASIDE_NM)
    return np.asarray(fits & (least_nm >= tightest_nm * np.tan(np.abs(turn_rad) / 2)))


def _looks_past(
    step: NDArray[np.complex128], ahead: complex, other_ahead: NDArray[np.complex128], turn_rad: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Return whether others lie ahead of an end and aside, and look back."""
    seen = step * np.conj(ahead - other_ahead) / 2
    is_aside = (np.abs(seen.imag) > TURNED_ASIDE_NM) & (np.abs(seen.imag) <= STEEPEST * seen.real)
    return np.asarray(is_aside & (np.abs(turn_rad) <= LEAST_BEND_RAD))


def _looks_beside(
    step: NDArray[np.complex128], ahead: complex, other_ahead: NDArray[np.complex128]
) -> NDArray[np.bool_]:
    """Return whether others lie square beside an end and look the same way."""
    is_beside = np.abs((step * np.conj(ahead)).real) <= TURNED_ASIDE_NM
    return np.asarray(is_beside & (np.abs(np.angle(other_ahead / ahead)) <= SAME_WAY_RAD))


def _come_from_elsewhere(ctx: Context, a: int, b: int) -> bool:
    """Whether both of two open ends are those of ways that begin at something, and not at the same.

    Two outputs of one device end side by side as they were drawn, and so do two waveguides that nothing leads to.
    """
    ports, guides, routes = ctx.tables.ports, ctx.tables.waveguides, ctx.tables.routes
    begins = []
    for port in (a, b):
        guide = int(ctx.tables.devices.waveguide[ports.device[port]])
        if guide < 0:
            return False
        route = int(guides.route[guide])
        ends = {int(routes.port_a[route]), int(routes.port_b[route])}
        far = max(ends - {port}, default=-1) if port in ends else -1
        begin = int(along.partners(ctx, np.array([far]))[0]) if far >= 0 else -1
        if begin < 0:
            return False
        begins.append(int(ports.device[begin]))
    return begins[0] != begins[1]


class _Ends(NamedTuple):
    """Ports that look along one of two axes, in a frame in which these are x and y."""

    row: NDArray[np.int64]
    at_nm: NDArray[np.complex128]
    quarter: NDArray[np.int64]
    """Direction, in quarters of a turn."""
    width_nm: NDArray[np.float64]
    is_open: NDArray[np.bool_]
    aside_nm: float
    narrowest_nm: float


def _in_line(ends: _Ends, belong: Callable[[_Ends, int, int], bool] | None = None) -> list[tuple[int, int]]:
    """Return open ends that look at each other along a line on which no other port lies between."""
    belong = belong or _alike
    out = []
    for axis in (0, 1):
        turned = ends.at_nm * (-1j) ** axis
        along = np.flatnonzero(ends.quarter % 2 == axis)
        for own in _chunks(along, (turned.imag, ends.aside_nm)):
            order = own[np.lexsort([ends.quarter[own], turned.real[own]])]
            for a, b in zip(order[:-1].tolist(), order[1:].tolist(), strict=True):
                if ends.quarter[a] == axis and ends.quarter[b] == axis + 2 and belong(ends, a, b):
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


def _at_branches(ends: _Ends) -> list[tuple[int, int, int]]:
    """Return open ends that look at the middle between two others beside each other, with nothing on the line."""
    arms: list[tuple[int, int]] = []
    for quarter in range(4):
        turned = ends.at_nm * (-1j) ** quarter
        for own in _chunks(np.flatnonzero(ends.quarter == quarter), (turned.real, ends.aside_nm)):
            order = own[np.argsort(turned.imag[own], kind="stable")]
            pairs = zip(order[:-1].tolist(), order[1:].tolist(), strict=True)
            arms += [(a, b) for a, b in pairs if abs(turned[b] - turned[a]) <= ARMS_NM and _alike(ends, a, b)]
    if not arms:
        return []
    low, high = np.array(arms).T
    both = _Ends(
        np.append(ends.row, ends.row[low]),
        np.append(ends.at_nm, (ends.at_nm[low] + ends.at_nm[high]) / 2),
        np.append(ends.quarter, ends.quarter[low]),
        np.append(ends.width_nm, ends.width_nm[low]),
        np.append(ends.is_open, np.ones(low.size, dtype=bool)),
        ends.aside_nm,
        ends.narrowest_nm,
    )
    n = ends.row.size
    found = [(min(pair), max(pair) - n) for pair in _in_line(both)]
    return [(a, *arms[k]) for a, k in found if a < n <= k + n]


def _may_taper(ends: _Ends, a: int, b: int) -> bool:
    narrow, wide = sorted((float(ends.width_nm[a]), float(ends.width_nm[b])))
    return bool(ends.is_open[a] and ends.is_open[b] and ends.narrowest_nm <= narrow and wide <= WIDEST * narrow)


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
