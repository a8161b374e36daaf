"""CN009: waveguides that run side by side as one shape."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from waveguard.findings import Finding, Severity
from waveguard.rules import Context, rule
from waveguard.rules import _along as along
from waveguard.rules import _words as words
from waveguard.rules.connectivity._splitters import is_splitter
from waveguard.tables import JUNCTION_KINDS

COUPLER, BRANCH = JUNCTION_KINDS.index("coupler"), JUNCTION_KINDS.index("branch")
ALONG_RAD = math.radians(35.0)
"""Waveguides that merge side by side leave by less than this from their common way."""
WIDENED = 1.1
"""Arms of a device widen towards it; those of waveguides drawn on each other do not, within this part."""
SHORTEST = 1.25
"""A multimode coupler of two waveguides is at least so many times as long as it is wide, in any platform: half a beat
length of its modes is 1.2 times the square of its width in silicon, 0.8 times in silicon nitride, in µm."""
MOST_PIECES = 8
"""A wide piece may be drawn in so many parts."""
PLAIN_WIDTHS2 = 4.0
"""A branch of more than so many squared widths is a device that somebody drew."""
DESIGNED = 3
"""Who draws the same place so many times means it."""
SAME_NM = 50.0
"""Places are the same when their arms are as far from each other as that."""
PAIR = 2
"""Waveguides that run side by side."""
NUMBERS = {PAIR: "two", 3: "three", 4: "four"}


@dataclass(frozen=True)
class _Arms:
    """The arms of a junction: rows of ports and of waveguides (-1 where none is joined), places in nm, directions."""

    ports: NDArray[np.int64]
    onward: NDArray[np.int64]
    """The ports of the waveguides that are joined; -1 where none is."""
    at_nm: NDArray[np.complex128]
    direction_rad: NDArray[np.float64]
    width_nm: NDArray[np.float64]


@dataclass(frozen=True)
class _Stem:
    """What leads out of a branch towards another one."""

    onward: int
    """The port of the waveguide that is joined."""
    width_nm: float
    """Of the wider one of the other arms."""
    is_plain: bool
    """Nothing lies there but the waveguides themselves."""


@rule("CN009", severity="error", since="0.1")
def merged_guides(ctx: Context) -> Iterator[Finding]:
    """Waveguides that run side by side as one shape.

    What: two waveguides, drawn as bare shapes, that lie on each other or are bridged by a shape where they run side by
        side: two ways go in and two go out, and between them is one piece no wider than the two with their gap; or more
        than two, each of which goes on along its own line. Where the piece is no wider than one of them it is a warning
        only: two branches drawn of bends may be meant. So is a piece that is wider than the two, as the box of a
        multimode coupler, but no more than 1.25 times as long as it is wide; and a place at which three waveguides and
        more are led into fewer, with nothing there but the waveguides themselves. That is an info where they are led
        into one as the arms of a splitter leave it, in bends that are each other's mirror image.
    Why: light of each goes into the other, as in a coupler of gap zero, and is scattered where they merge. Tools
        that merge shapes take both for one net, and nothing is open.
    Fix: route the two apart, or delete the shape between them. A coupler that is meant should be a device: a cell that
        the PDK names, or one with pins and a device marker.
    Limits: none of the PDK. The ways part by less than 35 degrees from their common way; one that widens by more than
        a tenth towards the place is the taper of a device.
    Not checked: longer pieces that are wider than the waveguides that enter them with what is between these, which are
        multimode couplers; the same place drawn three times and more, which is a device; a waveguide that ends in the
        side of another, which is CN007.
    """
    junctions = ctx.tables.junctions
    if not len(ctx.tables.waveguides.device):
        ctx.not_applicable("no waveguides")
        return
    ctx.looked_at("places where drawn waveguides meet", len(junctions.device))
    bodies = np.flatnonzero((junctions.kind == COUPLER) & (junctions.n_arms >= 4))
    branches = np.flatnonzero((junctions.kind == BRANCH) & (junctions.n_arms == 3))
    if not bodies.size and not branches.size:
        return
    ports_of = along.OpticalPorts(ctx)
    narrowest_nm = along.narrowest_nm(ctx)
    yield from _bodies(ctx, bodies, ports_of, narrowest_nm)
    yield from _stems(ctx, branches, ports_of, narrowest_nm)


def _bodies(
    ctx: Context, rows: NDArray[np.int64], ports_of: along.OpticalPorts, narrowest_nm: NDArray[np.float64]
) -> Iterator[Finding]:
    """Judge short pieces: all arms enter one body."""
    junctions = ctx.tables.junctions
    found: list[tuple[int, _Merged, tuple[int, ...]]] = []
    for row in rows.tolist():
        arms = _arms(ctx, ports_of(int(junctions.device[row])))
        axis_rad = 0.5 * float(np.angle(np.exp(2j * arms.direction_rad).sum()))
        turned_rad = arms.direction_rad - axis_rad
        ahead = np.cos(turned_rad) > 0
        if np.abs(np.sin(turned_rad)).max() > math.sin(ALONG_RAD):
            continue
        at_nm = arms.at_nm * np.exp(-1j * axis_rad)
        area_nm2 = float(junctions.area_nm2[row])
        if 2 * int(ahead.sum()) == ahead.size:
            merged = _bridged(arms, at_nm, ahead, area_nm2) if _is_plain(ctx, arms, narrowest_nm) else None
        else:
            many = ahead if 2 * int(ahead.sum()) > ahead.size else ~ahead
            merged = _led_into(arms, at_nm, many, area_nm2) if _is_plain(ctx, arms, narrowest_nm, many) else None
            stems = arms.ports[~many]
            if merged is not None and stems.size == 1 and is_splitter(ctx, int(stems[0]), arms.ports[many]):
                merged = merged._replace(severity=Severity.INFO)
        if merged is not None:
            found.append((row, merged, _form(at_nm)))
    times = Counter(form for *_, form in found)
    for row, merged, form in found:
        if times[form] < DESIGNED:
            device = int(junctions.device[row])
            at = (float(junctions.x_nm[row]), float(junctions.y_nm[row]))
            yield _finding(ctx, device, merged.long_nm, at, merged.severity, number=merged.number)


class _Merged(NamedTuple):
    """Waveguides that are one body."""

    long_nm: float
    number: int
    severity: Severity | None = None


def _bridged(arms: _Arms, at_nm: NDArray[np.complex128], ahead: NDArray[np.bool_], area_nm2: float) -> _Merged | None:
    """Judge a body that as many waveguides lead into as out of, in a frame in which its axis is x."""
    number = int(ahead.sum())
    long_nm = max(float(at_nm.real[ahead].mean() - at_nm.real[~ahead].mean()), 0.0)
    span_nm = max(_span_nm(at_nm.imag[side], arms.width_nm[side]) for side in (ahead, ~ahead))
    across_nm = [np.sort(at_nm.imag[side]) for side in (ahead, ~ahead)]
    is_in_line = bool((np.abs(across_nm[0] - across_nm[1]) <= SAME_NM).all())
    if area_nm2 <= span_nm * (long_nm + float(arms.width_nm.max())) and (number == PAIR or is_in_line):
        return _Merged(long_nm, number)
    if number != PAIR:
        return None
    # Its modes would need a longer way to part than the body has.
    return _Merged(long_nm, PAIR, Severity.WARNING) if is_in_line and long_nm**2 < SHORTEST * area_nm2 else None


def _led_into(arms: _Arms, at_nm: NDArray[np.complex128], many: NDArray[np.bool_], area_nm2: float) -> _Merged | None:
    """Judge a body that more waveguides lead into than out of, whether it is no more than these drawn on each other."""
    if many.all():
        return None
    # How far each one goes on to the furthest one that leads out.
    way_nm = np.abs(at_nm[many][:, None] - at_nm[~many][None, :]).max(axis=1)
    if area_nm2 > float((way_nm * arms.width_nm[many]).sum()):
        return None
    return _Merged(float(way_nm.max()), int(many.sum()), Severity.WARNING)


def _stems(
    ctx: Context, rows: NDArray[np.int64], ports_of: along.OpticalPorts, narrowest_nm: NDArray[np.float64]
) -> Iterator[Finding]:
    """Judge long pieces: two branches with a wide waveguide between them."""
    junctions, guides, ports = ctx.tables.junctions, ctx.tables.waveguides, ctx.tables.ports
    stems: dict[int, _Stem] = {}
    for row in rows.tolist():
        arms = _arms(ctx, ports_of(int(junctions.device[row])))
        stem = int(np.argmax(arms.width_nm))
        rest = np.arange(3) != stem
        if arms.onward[stem] < 0 or not _is_plain(ctx, arms, narrowest_nm, rest):
            continue
        widest_nm = float(arms.width_nm[rest].max())
        turned_rad = arms.direction_rad[rest] - arms.direction_rad[stem]
        across_nm = (arms.at_nm[rest] * np.exp(-1j * arms.direction_rad[stem])).imag
        span_nm = _span_nm(across_nm, arms.width_nm[rest])
        is_along = np.cos(turned_rad).max() < -math.cos(ALONG_RAD)
        if is_along and arms.width_nm[stem] <= WIDENED * span_nm:
            is_plain = junctions.area_nm2[row] <= PLAIN_WIDTHS2 * widest_nm**2
            stems[int(arms.ports[stem])] = _Stem(int(arms.onward[stem]), widest_nm, bool(is_plain))
    for port, stem_there in stems.items():
        onward = stem_there.onward
        way: list[int] = []
        while onward >= 0 and len(way) < MOST_PIECES:
            guide = int(ctx.tables.devices.waveguide[ports.device[onward]])
            if guide < 0 or guides.width_min_nm[guide] < stem_there.width_nm / WIDENED:
                break
            way.append(guide)
            far = int(guides.port_a[guide] + guides.port_b[guide]) - onward
            onward = int(along.partners(ctx, np.array([far]))[0])
        # Each is met from both of its ends.
        if way and onward > port and onward in stems:
            # As wide as one arm: they lie exactly on each other, or two branches are meant.
            is_one = bool(guides.width_min_nm[way].min() <= WIDENED * stem_there.width_nm)
            if is_one and not (stem_there.is_plain and stems[onward].is_plain):
                continue
            long_nm = guides.centerline_length_nm[way]
            middle = int(np.searchsorted(np.cumsum(long_nm), long_nm.sum() / 2))
            at_nm = along.place_along(ctx, way[middle], float(long_nm[middle]) / 2)
            severity = Severity.WARNING if is_one else None
            yield _finding(ctx, int(guides.device[way[middle]]), float(long_nm.sum()), at_nm, severity)


def _finding(
    ctx: Context,
    device: int,
    long_nm: float,
    at_nm: tuple[float, float],
    severity: Severity | None = None,
    *,
    number: int = PAIR,
) -> Finding:
    cell, top = ctx.device_cell(device), int(ctx.tables.devices.top[device])
    together = f"{NUMBERS.get(number, str(number))} waveguides of {cell} are one shape"
    return ctx.finding(
        f"{together} where they run side by side, over {words.length(long_nm)}",
        ctx.place(*at_nm, top=top, cell=cell),
        facts=[cell, "merged"],
        measured=long_nm,
        limit=0.0,
        unit="nm",
        hint="route the two apart, or place a coupler here",
        severity=severity,
    )


def _arms(ctx: Context, own: NDArray[np.int64]) -> _Arms:
    ports = ctx.tables.ports
    at_nm = ports.x_nm[own] + 1j * ports.y_nm[own]
    return _Arms(own, along.partners(ctx, own), at_nm, ports.direction_rad[own], ports.width_nm[own])


def _is_plain(
    ctx: Context, arms: _Arms, narrowest_nm: NDArray[np.float64], which: NDArray[np.bool_] | None = None
) -> bool:
    """Return whether arms (all of them, or those that are asked for) are waveguides that keep their width."""
    onward, width_nm = (arms.onward, arms.width_nm) if which is None else (arms.onward[which], arms.width_nm[which])
    guides = ctx.tables.devices.waveguide[ctx.tables.ports.device[onward]]
    if (onward < 0).any() or (guides < 0).any():
        return False
    return bool((width_nm <= WIDENED * narrowest_nm[guides]).all())


def _span_nm(across_nm: NDArray[np.float64], width_nm: NDArray[np.float64]) -> float:
    return float((across_nm + width_nm / 2).max() - (across_nm - width_nm / 2).min())


def _form(at_nm: NDArray[np.complex128]) -> tuple[int, ...]:
    """Return the distances between all arms, rounded and sorted: the same for the same place, however it is turned."""
    first, second = np.triu_indices(len(at_nm), 1)
    return tuple(np.sort(np.round(np.abs(at_nm[first] - at_nm[second]) / SAME_NM)).astype(int).tolist())
