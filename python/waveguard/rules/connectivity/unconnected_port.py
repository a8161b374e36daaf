"""CN001: ports that lead nowhere."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from waveguard.analyses.defects import SAME_WAY_RAD, in_words, near_miss_loss
from waveguard.findings import Finding, Related, Severity
from waveguard.rules import Context, rule
from waveguard.rules import _along as along
from waveguard.rules import _words as words
from waveguard.rules.connectivity import _lacking as lacking
from waveguard.rules.connectivity._facing import ASIDE, BRANCH, CORNER, LINE, TAPER, TURN, Gap, bare_ends, gaps
from waveguard.rules.connectivity._halves import Half, halves
from waveguard.rules.connectivity._mouths import Mouths
from waveguard.rules.connectivity._sides import Side, Sides
from waveguard.rules.connectivity._unknown import Unknown
from waveguard.tables import FROM_GUIDE_END, OPTICAL

NO_NET = -1
WITH_FIBRE = ("fibre_coupler", "edge_coupler")
# Ends that look at each other within this are two halves of one guide.
FACING_RAD = math.radians(5.0)
# Twins lie on the same grid points.
SAME_PLACE_NM = 1.0
MISSING = {
    LINE: ("along one line", "waveguide between the two"),
    CORNER: ("around a corner", "bend between the two"),
    TAPER: ("along one line", "taper between the two"),
    BRANCH: ("from where a branch would lead to it", "branch between this and the two opposite"),
    ASIDE: ("from where an S-bend would lead to it", "S-bend between the two"),
    TURN: ("from where a U-turn would lead to it", "U-turn between the two"),
}
"""How an end looks at another one where something is missing, and what to draw there."""
# Below this the turn would print as 0.0 degrees, so the hint does not ask for one.
SMALLEST_TURN_RAD = math.radians(0.05)


@rule("CN001", severity="error", since="0.1")
def unconnected_port(ctx: Context) -> Iterator[Finding]:
    """Optical port without a partner.

    What: an optical port of a device or waveguide that no other port meets. Two ports meet when they lie at the same
        point, look in opposite directions and are of the same kind. The finding names the nearest candidate, how far
        apart, how far aside and how far turned it is, what light that crosses would lose by the overlap of the modes
        (where the PDK states clad_index), and the move that would join the two. The side of a bare body that a
        waveguide ends short of, square to it, counts as a port where the waveguide would enter. A bare body that looks
        the same from several sides, as that of a multimode or a star coupler, and so do the places where waveguides
        enter it but for one, is a warning there; so is one that all of them enter at one of its ends.
    Why: the light leaves the circuit there. A gap of some nanometres already scatters; a micrometre loses everything.
    Fix: move the device as the hint says, or add the missing waveguide. A port that is meant to stay open should end
        in a terminator, or be stated as a port of the top cell.
    Limits: the extraction tolerances of the PDK for position (snap), angle, and for what is a near miss. A port with
        a partner is a candidate only where it lies ahead, not beside.
    Not checked: electrical ports, the fibre side of couplers, ports where the circuit is stated to begin or end.
        The open end of a waveguide, or of an arm of a device, that was drawn as a bare shape without any pin is an
        error only when another open port faces it, so that light would cross the gap; it is a warning when another port
        is near, when a straight, a bend, an S-bend, a U-turn (before the border of all that is drawn) or a taper fits
        between it and another open end, or a branch between it and two beside each other, when it ends at a core shape
        in which no waveguide was seen, when it is an end of half of a ring with its outer side beside a waveguide that
        leads on, nearer than 0.4 of the minimum spacing, or up to 0.3 µm before the side of another waveguide, there an
        error where the process cannot make the gap; and an info otherwise: nothing says that it is meant to go on. An
        info too is the open port of a device at which its core is narrower than any waveguide of the PDK, and than at
        its other ports: light leaves a tip as its designer meant, into a fibre or into the cladding; and one wider than
        any waveguide of the PDK right ahead of which core shapes lie that lead nowhere, as the teeth of a grating. A
        port that lies on the same port of a duplicate of its device is left to CN004.
    """
    ports, near = ctx.tables.ports, ctx.tables.near_misses
    optical = (ports.kind == OPTICAL) & (ports.device >= 0)
    if not optical.any():
        ctx.not_applicable("no optical ports")
        return
    ctx.looked_at("optical ports", int(optical.sum()))
    excused = np.zeros(len(optical), dtype=bool)
    excused[sorted(ctx.facts.ends)] = True
    excused[_fibre_sides(ctx)] = True
    excused[_under_twins(ctx)] = True
    yield from lacking.findings(ctx)
    losses_db = near_miss_loss(ctx.tables, ctx.pdk, ctx.facts.cross_sections)
    row_of = {int(port): row for row, port in enumerate(near.port_a)}
    bare, missing, tips, unknown = bare_ends(ctx), gaps(ctx), _Tips(ctx), Unknown(ctx)
    half_of = halves(ctx)
    mouths, sides = Mouths(ctx), Sides(ctx)
    for port in np.flatnonzero(optical & (ports.net == NO_NET) & ~excused).tolist():
        row = row_of.get(port)
        if row is not None and (abs(near.angle_rad[row]) > SAME_WAY_RAD or _is_neighbour(ctx, row)):
            row = None
        if row is None and port in missing:
            yield _missing(ctx, port, missing[port])
            continue
        if row is None and port in half_of:
            yield _half(ctx, port, half_of[port])
            continue
        if row is None and tips.has(port):
            yield _tip(ctx, port)
            continue
        if not bare[port] and mouths.has(port):
            yield _mouth(ctx, port)
            continue
        side = sides.before(port) if row is None and bare[port] else None
        if side is not None:
            yield _before_side(ctx, port, side)
            continue
        if row is None and bare[port] and unknown.is_at(port):
            yield _at_unknown(ctx, port)
            continue
        lost_db = math.nan if row is None else float(losses_db[row])
        yield _judge(ctx, port, row, _severity(ctx, row, is_bare=bool(bare[port])), lost_db)


class _Tips:
    """Tells ports at which a device narrows down to less than any waveguide."""

    def __init__(self, ctx: Context) -> None:
        self._ports = ctx.tables.ports
        self._ports_of = along.OpticalPorts(ctx)
        solid = [section for section in ctx.facts.cross_sections if section.slot is None]
        self._narrowest_nm = min((1e3 * section.width_min_um for section in solid), default=0.0)

    def has(self, port: int) -> bool:
        """Whether a port is one."""
        width_nm = float(self._ports.width_nm[port])
        if not width_nm < self._narrowest_nm:
            return False
        widths_nm = self._ports.width_nm[self._ports_of(int(self._ports.device[port]))]
        return bool(width_nm < np.nanmax(widths_nm))


def _tip(ctx: Context, port: int) -> Finding:
    ports, place = ctx.tables.ports, ctx.port_place(port)
    name = words.port_name(place.cell, ports.name[port])
    return ctx.finding(
        f"{name} is not connected and narrows down to {words.nm(ports.width_nm[port])}: taken for a tip, where light "
        "is meant to leave",
        place,
        facts=[ports.name[port] or _rank_in_device(ctx, port), "tip"],
        hint="connect it if light is meant to go on",
        severity=Severity.INFO,
    )


def _mouth(ctx: Context, port: int) -> Finding:
    ports, place = ctx.tables.ports, ctx.port_place(port)
    name = words.port_name(place.cell, ports.name[port])
    return ctx.finding(
        f"{name} is not connected and opens to {words.nm(ports.width_nm[port])} before shapes that lead nowhere: taken "
        "for the taper of a grating",
        place,
        facts=[ports.name[port] or _rank_in_device(ctx, port), "mouth"],
        hint="make the two one device, so that its model is known",
        severity=Severity.INFO,
    )


def _severity(ctx: Context, row: int | None, *, is_bare: bool) -> Severity:
    if not is_bare:
        return Severity.ERROR
    if row is None:
        return Severity.INFO
    return Severity.ERROR if _is_broken(ctx, row) else Severity.WARNING


def _is_neighbour(ctx: Context, row: int) -> bool:
    """Whether the nearest port is joined to another one and lies beside this one: a turn of a spiral, another route."""
    ports, near = ctx.tables.ports, ctx.tables.near_misses
    a, b = int(near.port_a[row]), int(near.port_b[row])
    reach_nm = np.nan_to_num(ports.width_nm[[a, b]]).sum() / 2
    return bool(ports.net[b] != NO_NET and abs(near.lateral_nm[row]) > reach_nm >= abs(near.gap_nm[row]))


def _is_broken(ctx: Context, row: int) -> bool:
    """Whether two open ends face each other across a gap, as the two halves of one guide do."""
    ports, near = ctx.tables.ports, ctx.tables.near_misses
    a, b = int(near.port_a[row]), int(near.port_b[row])
    return bool(
        ports.net[b] == NO_NET
        and abs(near.angle_rad[row]) < FACING_RAD
        and abs(near.lateral_nm[row]) < np.fmin(ports.width_nm[a], ports.width_nm[b]) / 2
    )


def _missing(ctx: Context, port: int, gap: Gap) -> Finding:
    """Return the finding of an open end ahead of which a whole waveguide is missing."""
    ports, place, other_place = ctx.tables.ports, ctx.port_place(port), ctx.port_place(gap.other)
    name = words.port_name(place.cell, ports.name[port])
    other = words.port_name(other_place.cell, ports.name[gap.other])
    way, what = MISSING[gap.missing]
    return ctx.finding(
        f"{name} is not connected: {other} looks at it {way}, {words.length(gap.distance_nm)} away",
        place,
        facts=[ports.name[port] or _rank_in_device(ctx, port)],
        measured=gap.distance_nm,
        limit=0.0,
        unit="nm",
        related=[Related(f"open end: {other}", other_place)],
        hint=f"draw the {what}; ignore this if they are meant to end",
        severity=Severity.WARNING,
    )


def _half(ctx: Context, port: int, half: Half) -> Finding:
    ports, place = ctx.tables.ports, ctx.port_place(port)
    name, beside = words.port_name(place.cell, ports.name[port]), ctx.waveguide_cell(half.waveguide)
    return ctx.finding(
        f"{name} is not connected, and its waveguide turns back {words.um(half.gap_nm)} beside a waveguide of {beside} "
        "as half of a ring does",
        place,
        facts=[ports.name[port] or _rank_in_device(ctx, port), "half"],
        related=[Related("the other end", ctx.port_place(half.other))],
        hint="draw the other half of the ring; ignore this if the waveguide is meant to end here",
        severity=Severity.WARNING,
    )


def _before_side(ctx: Context, port: int, side: Side) -> Finding:
    """Return the finding of an open end right before the side of a waveguide."""
    ports, place = ctx.tables.ports, ctx.port_place(port)
    name = words.port_name(place.cell, ports.name[port])
    other = ctx.waveguide_cell(side.waveguide)
    return ctx.finding(
        f"{name} is not connected, and ends {words.length(side.gap_nm)} before the side of a waveguide of {other}",
        place,
        facts=[ports.name[port] or _rank_in_device(ctx, port), "side"],
        measured=side.gap_nm,
        limit=0.0,
        unit="nm",
        hint="place a branch there if the two are meant to meet, or end it further away",
        severity=None if side.is_too_near else Severity.WARNING,
    )


def _at_unknown(ctx: Context, port: int) -> Finding:
    """Return the finding of an open end at a shape that no waveguide or device was seen in."""
    ports, place = ctx.tables.ports, ctx.port_place(port)
    name = words.port_name(place.cell, ports.name[port])
    return ctx.finding(
        f"{name} is not connected, and ends at a shape in which no waveguide was seen",
        place,
        facts=[ports.name[port] or _rank_in_device(ctx, port)],
        hint="move the two together if light is meant to go on, or make the shape a device: name its cell in the PDK, "
        "or give it pins",
        severity=Severity.WARNING,
    )


def _judge(ctx: Context, port: int, row: int | None, severity: Severity, lost_db: float) -> Finding:
    ports, near = ctx.tables.ports, ctx.tables.near_misses
    place = ctx.port_place(port)
    name = words.port_name(place.cell, ports.name[port])
    facts = [ports.name[port] or _rank_in_device(ctx, port)]
    if row is None:
        message = f"{name} is not connected, and no other port is near"
        hint = "connect it, end it in a terminator, or state it as a port of the top cell"
        return ctx.finding(message, place, facts=facts, hint=hint, severity=severity)
    other = int(near.port_b[row])
    other_place = ctx.port_place(other)
    other_name = words.port_name(other_place.cell, ports.name[other])
    distance_nm, angle_rad = float(near.distance_nm[row]), float(near.angle_rad[row])
    message = (
        f"{name} is not connected: {other_name} is {words.length(distance_nm)} away "
        f"(gap {words.length(near.gap_nm[row])}, aside {words.length(near.lateral_nm[row])}, "
        f"turned {words.degrees(angle_rad)})"
    )
    lost = in_words(lost_db)
    message += f"; light that crosses loses {lost}" if lost else ""
    return ctx.finding(
        message,
        place,
        facts=facts,
        measured=distance_nm,
        limit=0.0,
        unit="nm",
        related=[Related(f"nearest port: {other_name}", other_place)],
        hint=_mend(ctx, port, other, angle_rad),
        severity=severity,
    )


def _fibre_sides(ctx: Context) -> list[int]:
    """Ports of couplers that have a pin for the fibre, too: of those whose other port is connected."""
    ports = ctx.tables.ports
    couplers = {device for device, kind in enumerate(ctx.facts.device_kinds) if kind in WITH_FIBRE}
    connected = set(ports.device[ports.net != NO_NET].tolist())
    rows = np.flatnonzero(np.isin(ports.device, sorted(couplers & connected)))
    return [port for port in rows.tolist() if ports.net[port] == NO_NET]


def _under_twins(ctx: Context) -> list[int]:
    """Open ports of a duplicate that lie on a port of its twin which is connected, or which is reported instead."""
    ports, overlaps = ctx.tables.ports, ctx.tables.overlaps
    covered: list[int] = []
    by_device = np.argsort(ports.device, kind="stable")
    owner = ports.device[by_device]
    for row in np.flatnonzero((overlaps.duplicate != 0) & (overlaps.device_a != overlaps.device_b)):
        pair = (int(overlaps.device_a[row]), int(overlaps.device_b[row]))
        a, b = (by_device[slice(*np.searchsorted(owner, [device, device + 1]))].tolist() for device in pair)
        for one in a:
            for other in b:
                if abs(ports.x_nm[one] - ports.x_nm[other]) + abs(ports.y_nm[one] - ports.y_nm[other]) > SAME_PLACE_NM:
                    continue
                open_one, open_other = ports.net[one] == NO_NET, ports.net[other] == NO_NET
                if open_other:
                    covered.append(other)
                elif open_one:
                    covered.append(one)
    return covered


def _mend(ctx: Context, port: int, other: int, angle_rad: float) -> str:
    ports = ctx.tables.ports
    if ports.net[other] != NO_NET:
        return "the nearest port already has a partner: remove one of the three, or connect this port elsewhere"
    cell = ctx.port_place(port).cell
    move = words.move(ports.x_nm[other] - ports.x_nm[port], ports.y_nm[other] - ports.y_nm[port])
    if ports.source[port] == FROM_GUIDE_END:
        return f"draw this end on by {move}, so that both look along one line"
    if not math.isfinite(angle_rad) or abs(angle_rad) < SMALLEST_TURN_RAD:
        return f"move {cell} by {move}"
    return f"turn {cell} about this port by {words.degrees(-angle_rad)} and move it by {move}"


def _rank_in_device(ctx: Context, port: int) -> str:
    device = ctx.tables.ports.device
    return f"#{int(np.count_nonzero(device[:port] == device[port]))}"
