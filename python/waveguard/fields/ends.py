"""The ports of a result: terminals of a circuit by their names, and open ends of guides by their places.

A guide that ends open is a finding to a check. To the fields it is a place where light can go in, called `end@(x,y)` in
um; where a layout has no terminals at all, its open ends are the ports.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from waveguard.assembly.terminals import at_name
from waveguard.errors import IncompleteError, UsageError
from waveguard.tables import OPTICAL
from waveguard.units import um_to_nm

if TYPE_CHECKING:
    from waveguard.circuit import CircuitModel

Ints = npt.NDArray[np.int64]

END = "end"
_AT = re.compile(r"^end@\(\s*(?P<x>[^,()]+),\s*(?P<y>[^,()]+)\)$", re.IGNORECASE)
AT_END_NM = 5.0
"""An open end answers to a place this near."""
MAX_ENDS = 64
"""Open ends that are taken as ports without being named."""


def named_ports(model: CircuitModel, wanted: Sequence[str] | None) -> dict[str, int]:
    """Return the port of each terminal, or open end, by the name it gets in the result; all terminals when None.

    Raises
    ------
    IncompleteError
        There is neither a terminal nor an open end.
    UsageError
        A name is none, or several terminals answer to it.
    """
    if wanted is None:
        return _all(model)
    found: dict[str, int] = {}
    for name in wanted:
        port = _one(model, name)
        if name in found or port in found.values():
            raise UsageError(f"the terminal '{name}' is named twice")
        found[name] = port
    return found


def _all(model: CircuitModel) -> dict[str, int]:
    terminals = model.terminals
    count = Counter(terminals.name)
    names = [
        name if count[name] == 1 else f"{top}:{name}" for name, top in zip(terminals.name, terminals.tops, strict=True)
    ]
    twice = Counter(names)
    names = [name if twice[name] == 1 else f"{name}#{row}" for row, name in enumerate(names)]
    if names:
        return dict(zip(names, terminals.port.tolist(), strict=True))
    ends = list(_names_of_ends(model))
    if not ends:
        raise IncompleteError(
            "the layout has no terminals: no fibre or edge coupler, laser, detector, no port of a top cell, and no "
            "open end of a guide",
            hint="`waveguard extract` shows what was found",
        )
    if len(ends) > MAX_ENDS:
        raise IncompleteError(
            f"the layout has no terminals, and {len(ends):,} open ends of guides are too many to take for them",
            hint=f"name those you want, such as --ports '{ends[0][0]}'",
        )
    return dict(ends)


def _one(model: CircuitModel, name: str) -> int:
    terminals = model.terminals
    rows = terminals.find(name)
    if len(rows) == 1:
        return int(terminals.port[rows[0]])
    if rows:
        places = ", ".join(terminals.places[row] for row in rows[:4])
        raise UsageError(f"{len(rows)} terminals answer to '{name}'", hint=f"say which: {places}")
    ends = open_ends(model)
    match = _AT.match(name.strip())
    if match:
        try:
            x_nm, y_nm = um_to_nm(float(match["x"])), um_to_nm(float(match["y"]))
        except ValueError:
            raise UsageError(f"'{name}' is no place", hint="write um: end@(12.5,0)") from None
        ports = model.tables.ports
        off = np.hypot(ports.x_nm[ends] - x_nm, ports.y_nm[ends] - y_nm)
        near = ends[off <= AT_END_NM]
        if len(near) == 1:
            return int(near[0])
        nearest = [at_name(END, *_place(model, port)) for port in ends[np.argsort(off)][:3].tolist()]
        raise UsageError(
            f"{len(near) or 'no'} open ends of guides lie at '{name}'",
            hint=f"nearest: {', '.join(nearest)}" if nearest else "no guide ends open",
        )
    near_names = terminals.nearest(name) or tuple(one for one, _ in list(_names_of_ends(model))[:3])
    hint = f"nearest: {', '.join(near_names)}" if near_names else None
    raise UsageError(f"no terminals answer to '{name}'", hint=hint)


def open_ends(model: CircuitModel) -> Ints:
    """Return the optical ports of guides that are joined to nothing and no terminal."""
    ports, peer = model.tables.ports, model.port_peer
    own = np.arange(len(ports))
    is_guide = model.tables.devices.waveguide[ports.device] >= 0
    is_open = (peer[: len(ports)] < 0) & (ports.kind == OPTICAL) & is_guide
    return np.asarray(own[is_open & ~np.isin(own, model.terminals.port)])


def _names_of_ends(model: CircuitModel) -> Iterator[tuple[str, int]]:
    ends = open_ends(model).tolist()
    names = [at_name(END, *_place(model, port)) for port in ends]
    count = Counter(names)
    for name, port in zip(names, ends, strict=True):
        yield (name if count[name] == 1 else f"{name}#{port}"), port


def _place(model: CircuitModel, port: int) -> tuple[float, float]:
    ports = model.tables.ports
    return float(ports.x_nm[port]), float(ports.y_nm[port])
