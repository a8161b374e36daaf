"""CN001: ports that lead nowhere."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from waveguard.findings import Finding, Related, Severity
from waveguard.rules import Context, rule
from waveguard.rules import _words as words

OPTICAL = 0
NO_NET = -1
FROM_DRAWN_END = 3
# Below this the turn would print as 0.0 degrees, so the hint does not ask for one.
SMALLEST_TURN_RAD = math.radians(0.05)


@rule("CN001", severity="error", since="0.1")
def unconnected_port(ctx: Context) -> Iterator[Finding]:
    """Optical port without a partner.

    What: an optical port of a device or waveguide that no other port meets. Two ports meet when they lie at the same
        point, look in opposite directions and are of the same kind. The finding names the nearest candidate, how far
        apart, how far aside and how far turned it is, and the move that would join the two.
    Why: the light leaves the circuit there. A gap of some nanometres already scatters; a micrometre loses everything.
    Fix: move the device as the hint says, or add the missing waveguide. A port that is meant to stay open should end
        in a terminator, or be stated as a port of the top cell.
    Limits: the extraction tolerances of the PDK for position (snap), angle, and for what is a near miss.
    Not checked: electrical ports, the fibre side of couplers, ports where the circuit is stated to begin or end.
        The open end of a waveguide drawn as a bare shape, without any pin, is a warning only: nothing says that it
        is meant to go on.
    """
    ports, near = ctx.tables.ports, ctx.tables.near_misses
    optical = (ports.kind == OPTICAL) & (ports.device >= 0)
    if not optical.any():
        ctx.not_applicable("no optical ports")
        return
    ctx.looked_at("optical ports", int(optical.sum()))
    is_end = np.zeros(len(optical), dtype=bool)
    is_end[sorted(ctx.facts.ends)] = True
    row_of = {int(port): row for row, port in enumerate(near.port_a)}
    for port in np.flatnonzero(optical & (ports.net == NO_NET) & ~is_end):
        port = int(port)
        drawn = ports.source[port] == FROM_DRAWN_END
        yield _judge(ctx, port, row_of.get(port), Severity.WARNING if drawn else Severity.ERROR)


def _judge(ctx: Context, port: int, row: int | None, severity: Severity) -> Finding:
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


def _mend(ctx: Context, port: int, other: int, angle_rad: float) -> str:
    ports = ctx.tables.ports
    if ports.net[other] != NO_NET:
        return "the nearest port already has a partner: remove one of the three, or connect this port elsewhere"
    cell = ctx.port_place(port).cell
    move = words.move(ports.x_nm[other] - ports.x_nm[port], ports.y_nm[other] - ports.y_nm[port])
    if not math.isfinite(angle_rad) or abs(angle_rad) < SMALLEST_TURN_RAD:
        return f"move {cell} by {move}"
    return f"turn {cell} about this port by {words.degrees(-angle_rad)} and move it by {move}"


def _rank_in_device(ctx: Context, port: int) -> str:
    device = ctx.tables.ports.device
    return f"#{int(np.count_nonzero(device[:port] == device[port]))}"
