"""Which port of a placed device is which port of its model.

By the names the PDK gives, else by where the ports are and which way they point. Names in files are not reliable
(`opt1`, `pin1`, `o1`, `optA` for the same port), so geometry must do where it is unambiguous; where it is not, the
answer is a reason and the device becomes a gap.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

SAME_SIDE_RAD = math.pi / 4
"""Two ports whose directions differ by less lie on the same side of a device."""
IN_LINE_NM = 10.0
"""Two opposite ports lie in line when they are off by less; a few grid steps, far below any pitch."""

SPLITTERS = ("splitter_1x2", "splitter_1xn", "mux")
TWO_BY_TWO = ("in1", "in2", "out1", "out2")


@dataclass(frozen=True)
class Ports:
    """The optical ports of one device."""

    names: tuple[str, ...]
    x_nm: Floats
    y_nm: Floats
    direction_rad: Floats

    def __len__(self) -> int:
        return len(self.names)


def roles_of(kind: str, n_ports: int) -> tuple[str, ...]:
    """Return the ports that the model of a kind has, for a device with that many ports."""
    if kind in {"splitter_1xn", "mux"}:
        return ("in", *(f"out{k + 1}" for k in range(max(n_ports - 1, 1))))
    return {
        "splitter_1x2": ("in", "out1", "out2"),
        "coupler_2x2": TWO_BY_TWO,
        "crossing": TWO_BY_TWO,
        "ring_add_drop": ("in", "through", "drop", "add"),
        "two_port": ("in", "out"),
        "taper": ("in", "out"),
        "terminator": (),
    }.get(kind, ("chip",))


def match(kind: str, ports: Ports, aliases: Mapping[str, Sequence[str]], *, even: bool = True) -> dict[str, int] | str:
    """Return the port number of each role, or why it cannot be told.

    Parameters
    ----------
    kind
        Kind of the device.
    ports
        Its optical ports.
    aliases
        Names that files use, by role.
    even
        Whether the outputs of a splitter are alike, so that it does not matter which is which.
    """
    roles = roles_of(kind, len(ports))
    if kind == "terminator":
        return {}
    if len(ports) != len(roles):
        return f"a {kind} has {len(roles)} optical ports, this device has {len(ports)}"
    named = _by_name(ports.names, roles, aliases)
    if len(named) == len(roles):
        lone = _lone_ports(ports) if kind in SPLITTERS and np.isfinite(ports.direction_rad).all() else []
        if len(lone) == 1 and lone[0] != named["in"]:
            return "by the names of its ports another port is the common one than by their directions"
        return named
    if len(roles) <= 2:
        return {role: k for k, role in enumerate(roles)}
    if not np.isfinite(ports.direction_rad).all():
        return "the direction of a port is not known"
    if kind in SPLITTERS:
        return _splitter(roles, ports, named.get("in"), even=even)
    if kind == "crossing":
        return _crossing(ports)
    pairs = _straight_pairs(ports)
    if pairs is None:
        return f"which ports of this {kind} belong together cannot be told from where they are"
    (a0, b0), (a1, b1) = pairs
    if kind == "ring_add_drop":
        return {"in": a0, "through": b0, "drop": a1, "add": b1}
    return {"in1": a0, "out1": b0, "in2": a1, "out2": b1}


def _by_name(names: Sequence[str], roles: Sequence[str], aliases: Mapping[str, Sequence[str]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for role in roles:
        wanted = {alias.casefold() for alias in aliases.get(role, ())}
        hits = [k for k, name in enumerate(names) if name.strip().casefold() in wanted]
        if len(hits) == 1 and hits[0] not in found.values():
            found[role] = hits[0]
    return found


def _turn(a: float, b: float) -> float:
    return abs(math.remainder(a - b, math.tau))


def _lateral(ports: Ports, direction_rad: float) -> Floats:
    return -math.sin(direction_rad) * ports.x_nm + math.cos(direction_rad) * ports.y_nm


def _splitter(roles: Sequence[str], ports: Ports, common: int | None, *, even: bool) -> dict[str, int] | str:
    if common is None:
        alone = _lone_ports(ports)
        if len(alone) != 1:
            return "no single port looks another way than all others, so the common one cannot be told"
        common = alone[0]
    if not even:
        return "the outputs differ and their names are not in the PDK entry"
    lateral = _lateral(ports, float(ports.direction_rad[common]))
    outputs = sorted((k for k in range(len(ports)) if k != common), key=lambda k: (float(lateral[k]), k))
    return dict(zip(roles, [common, *outputs], strict=True))


def _lone_ports(ports: Ports) -> list[int]:
    """Return the ports that look another way than all others."""
    directions = [float(d) for d in ports.direction_rad]
    return [
        k
        for k, direction in enumerate(directions)
        if not any(_turn(direction, other) < SAME_SIDE_RAD for j, other in enumerate(directions) if j != k)
    ]


def _opposite(ports: Ports, a: int, b: int) -> bool:
    return _turn(float(ports.direction_rad[a]), float(ports.direction_rad[b]) + math.pi) < SAME_SIDE_RAD


def _crossing(ports: Ports) -> dict[str, int] | str:
    partners = [[j for j in range(len(ports)) if j != k and _opposite(ports, k, j)] for k in range(len(ports))]
    if any(len(found) != 1 or partners[found[0]] != [k] for k, found in enumerate(partners)):
        return "which ports of this crossing lie opposite each other cannot be told from their directions"
    first = partners[0][0]
    second = next(k for k in range(1, len(ports)) if k != first)
    return {"in1": 0, "out1": first, "in2": second, "out2": partners[second][0]}


def _straight_pairs(ports: Ports) -> tuple[tuple[int, int], tuple[int, int]] | None:
    """Return the two pairs that light passes straight, the first ports of both on one side of the device."""
    side = [k for k in range(4) if _turn(float(ports.direction_rad[k]), float(ports.direction_rad[0])) < SAME_SIDE_RAD]
    other = [k for k in range(4) if k not in side]
    if len(side) == 2 and all(_opposite(ports, a, b) for a in side for b in other):
        lateral = _lateral(ports, float(ports.direction_rad[0]))
        a = sorted(side, key=lambda k: float(lateral[k]))
        b = sorted(other, key=lambda k: float(lateral[k]))
        return (a[0], b[0]), (a[1], b[1])
    # A ring beside a straight guide: two ports in line, the other two anywhere, in order along that line.
    for a0 in range(4):
        for b0 in range(a0 + 1, 4):
            lateral = _lateral(ports, float(ports.direction_rad[a0]))
            if _opposite(ports, a0, b0) and abs(float(lateral[a0] - lateral[b0])) <= IN_LINE_NM:
                axis = float(ports.direction_rad[a0])
                along = math.cos(axis) * ports.x_nm + math.sin(axis) * ports.y_nm
                rest = sorted((k for k in range(4) if k not in (a0, b0)), key=lambda k: -float(along[k]))
                if float(along[rest[0]] - along[rest[1]]) > IN_LINE_NM:
                    return (a0, b0), (rest[0], rest[1])
    return None
