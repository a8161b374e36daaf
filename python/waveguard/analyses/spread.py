"""How the loss of each arc hangs on the numbers of the PDK that are not known exactly, as columns for sampling.

Found by making the circuit again with one number moved at a time, so whatever a model does with a number is in it. The
fact a newcomer would get wrong: a number that scatters acts on each device by itself, so its effect must be a law of
one number (straight, or the share of a split); one that a whole chip shares may bend the loss in any way.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from waveguard.errors import InternalError

if TYPE_CHECKING:
    from waveguard.assembly.arcs import Arcs
    from waveguard.pdk.quantity import Quantity
    from waveguard.pdk.schema import Pdk

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

SHAPES = ("normal", "uniform", "triangular")
LINEAR, SHARE, REST = range(3)
"""Laws of the core: weight · q, and the loss of light that takes the share q of a split or the rest."""
NODES = 9
"""Values at which a bent response is worked out."""
NODE_SIGMAS = 4.0
"""How far they reach for normal distributions, which are cut there."""
STRAIGHT = 1e-6
"""A response that deviates from a straight line by less than this part is one."""
TOUCHED_DB = 1e-12
SHARES = ("cross_fraction", "first_fraction")
"""Numbers of an entry that are measured from shapes."""
BIAS = "process.edge_bias_nm"


@dataclass(frozen=True)
class Uncertain:
    """A number that is not known exactly."""

    name: str
    """Key path in the PDK."""
    quantity: Quantity
    place: tuple[str, int, str] | None
    """`section` or `device`, its row in the PDK, the key; None for the bias of the process."""
    floor: float
    ceiling: float
    is_measured: bool = False
    """True when it was measured from the layout, so that it stands in no PDK file."""

    @property
    def scale(self) -> float:
        """Return by how much it is moved to see what it does."""
        return max(self.quantity.common_sigma, self.quantity.scatter or 0.0)

    @property
    def room(self) -> tuple[float, float]:
        """Return the least and the most that the common part of a chip can deviate."""
        below, above = self.quantity.common_reach
        if self.quantity.shape == "normal":
            below, above = NODE_SIGMAS * below, NODE_SIGMAS * above
        value = self.quantity.value
        return max(-below, self.floor - value), min(above, self.ceiling - value)


@dataclass
class Spread:
    """What the core needs to sample a circuit."""

    known: list[Uncertain] = field(default_factory=list)
    """Numbers that move a loss, by quantity of the core."""
    straightened: list[str] = field(default_factory=list)
    """Numbers that scatter and bend the loss: taken as straight about their value."""
    columns: dict[str, Any] = field(default_factory=dict)

    @property
    def parts(self) -> list[tuple[str, str]]:
        """Return name and kind (`chip` or `device`) of the parts of a variance, in the order of the core."""
        named = [(one.name, kind) for one in self.known for kind in ("chip", "device")]
        return [*named, ("worst path", "path")]


def uncertain(pdk: Pdk, kit: Pdk, sections: Collection[str], entries: Collection[int]) -> list[Uncertain]:
    """Return the numbers with a spread that a circuit rests on, and the bias of the process.

    Parameters
    ----------
    pdk
        What was given.
    kit
        The same with the entries that measuring has put behind its own.
    sections
        Names of the cross-sections in use.
    entries
        Rows of the device entries in use, in `kit`.
    """
    found: list[tuple[str, tuple[str, int, str], bool, Any]] = []
    for row, section in enumerate(pdk.cross_sections):
        if section.name in sections:
            found += [
                (f"cross_sections.{section.name}.{key}", ("section", row, key), False, getattr(section, key))
                for key in type(section).model_fields
            ]
    # What was measured stands in entries of their own; all else of them is that of the entry they were made from.
    measured = sorted(row for row in entries if row >= len(pdk.devices))
    origins = {row: _origin(pdk, kit.devices[row].name) for row in measured}
    for row in sorted({origins.get(row, row) for row in entries}):
        entry = pdk.devices[row]
        found += [
            (f"devices.{entry.name}.params.{key}", ("device", row, key), False, quantity)
            for key, quantity in entry.params.items()
        ]
    for row, origin in origins.items():
        entry = kit.devices[row]
        found += [
            (f"devices.{entry.name}.params.{key}", ("device", row, key), True, quantity)
            for key, quantity in entry.params.items()
            if quantity != pdk.devices[origin].params.get(key) and key in SHARES
        ]
    known = [
        Uncertain(name, one, place, *_bounds(name, one), is_measured)
        for name, place, is_measured, one in found
        if hasattr(one, "common_sigma") and (one.common_sigma > 0.0 or (one.scatter or 0.0) > 0.0)
    ]
    bias = pdk.process.edge_bias_nm
    if bias is not None and bias.common_sigma > 0.0:
        known.append(Uncertain(BIAS, bias, None, -math.inf, math.inf))
    return known


def _origin(pdk: Pdk, name: str) -> int:
    """Return the entry that a measured one was made from: it is called after it, with the cell in brackets."""
    return next(row for row, entry in enumerate(pdk.devices) if name.startswith(f"{entry.name}["))


def _bounds(name: str, quantity: Quantity) -> tuple[float, float]:
    """Return what a number can be: what is stated as a loss never gains, a share lies between 0 and 1."""
    if name.endswith(("_fraction", "_share")):
        return 0.0, 1.0
    return (0.0, math.inf) if quantity.value >= 0.0 else (-math.inf, 0.0)


def moved(pdk: Pdk, one: Uncertain, value: float) -> Pdk:
    """Return the PDK with another value of a number."""
    if one.place is None:
        raise InternalError("the bias is no number of a section or device")
    kind, row, key = one.place
    quantity = one.quantity.model_copy(update={"value": value})
    if kind == "section":
        sections = list(pdk.cross_sections)
        sections[row] = sections[row].model_copy(update={key: quantity})
        return pdk.model_copy(update={"cross_sections": tuple(sections)})
    devices = list(pdk.devices)
    devices[row] = devices[row].model_copy(update={"params": {**devices[row].params, key: quantity}})
    return pdk.model_copy(update={"devices": tuple(devices)})


def spread_of(base: Arcs, numbers: Sequence[Uncertain], again: Callable[[Uncertain, float], Arcs]) -> Spread:
    """Return how the loss of the arcs hangs on some numbers.

    Parameters
    ----------
    base
        Arcs with all numbers as stated, and edges where they are drawn.
    numbers
        What is not known exactly.
    again
        Makes the arcs with one number at another value.
    """
    spread = Spread()
    terms: list[_Tested] = []
    of_term: list[int] = []
    bent: list[tuple[Ints, int, Floats]] = []
    nodes: list[tuple[float, float]] = []

    def loss_db(one: Uncertain, value: float) -> Floats:
        arcs = again(one, value)
        if not (np.array_equal(arcs.start, base.start) and np.array_equal(arcs.end, base.end)):
            raise InternalError(f"another {one.name} makes another circuit")
        return arcs.loss_db

    stated_db = base.loss_db
    for one in numbers:
        number, grid = len(spread.known), (0.0, 0.0)
        tested = None if one.place is None else _tested(one, stated_db, loss_db)
        if tested is not None and not len(tested.rows):
            continue
        if tested is not None and (tested.straight or one.quantity.scatter):
            terms.append(tested)
            of_term.append(number)
            if not tested.straight:
                spread.straightened.append(one.name)
        else:
            least, most = one.room
            grid = (least, (most - least) / (NODES - 1))
            values = one.quantity.value + np.linspace(least, most, NODES)
            change = np.stack([loss_db(one, float(value)) - stated_db for value in values], axis=1)
            rows = np.flatnonzero(np.abs(change).max(axis=1, initial=0.0) > TOUCHED_DB)
            if not len(rows):
                continue
            bent.append((rows, number, change[rows]))
        spread.known.append(one)
        nodes.append(grid)
    spread.columns = _columns(base, spread.known, terms, of_term, bent, nodes)
    return spread


@dataclass(frozen=True)
class _Tested:
    rows: Ints
    """Arcs whose loss a number moves."""
    law: Ints
    weight: Floats
    straight: bool
    """True when the law holds on both sides of the value."""


def _tested(one: Uncertain, stated_db: Floats, loss_db: Callable[[Uncertain, float], Floats]) -> _Tested:
    value = one.quantity.value
    up = min(one.scale, 0.5 * (one.ceiling - value))
    down = min(one.scale, 0.5 * (value - one.floor))
    higher = loss_db(one, value + up) - stated_db if up > 0.0 else np.zeros(len(stated_db))
    lower = loss_db(one, value - down) - stated_db if down > 0.0 else np.zeros(len(stated_db))
    rows = np.flatnonzero((np.abs(higher) > TOUCHED_DB) | (np.abs(lower) > TOUCHED_DB))
    higher, lower = higher[rows], lower[rows]
    if one.name.endswith("_fraction"):
        return _split(rows, (value, up, down), higher, lower)
    weight = (higher - lower) / (up + down)
    law = np.full(len(rows), LINEAR, dtype=np.int64)
    return _Tested(rows, law, weight, _fits(weight * up, higher) and _fits(-weight * down, lower))


def _split(rows: Ints, steps: tuple[float, float, float], higher: Floats, lower: Floats) -> _Tested:
    """Return the laws of a split: each of its arcs takes either the share or the rest."""
    value, up, down = steps
    taken = higher - lower < 0.0
    change_up = np.where(taken, _db(value + up) - _db(value), _db(1 - value - up) - _db(1 - value))
    change_down = np.where(taken, _db(value - down) - _db(value), _db(1 - value + down) - _db(1 - value))
    weight = (higher - lower) / (change_up - change_down)
    fits = _fits(weight * change_up, higher) and _fits(weight * change_down, lower)
    return _Tested(rows, np.where(taken, SHARE, REST), weight, fits)


def _db(share: float) -> float:
    return -10.0 * math.log10(share)


def _fits(expected: Floats, found: Floats) -> bool:
    return bool(np.all(np.abs(expected - found) <= STRAIGHT * np.abs(found).max(initial=0.0) + TOUCHED_DB))


def _columns(
    base: Arcs,
    known: Sequence[Uncertain],
    terms: Sequence[_Tested],
    of_term: Sequence[int],
    bent: Sequence[tuple[Ints, int, Floats]],
    nodes: Sequence[tuple[float, float]],
) -> dict[str, Any]:
    whole, real = np.zeros(0, dtype=np.int64), np.zeros(0)
    arc = np.concatenate([whole, *(one.rows for one in terms)])
    reach = [one.quantity.common_reach for one in known]
    # Where responses are given, the number stays inside of them.
    bounds = [
        (one.floor, one.ceiling) if step == 0.0 else tuple(one.quantity.value + bound for bound in one.room)
        for one, (_, step) in zip(known, nodes, strict=True)
    ]
    return {
        "quantity_value": np.array([one.quantity.value for one in known], dtype=np.float64),
        "quantity_shape": np.array([SHAPES.index(one.quantity.shape) for one in known], dtype=np.uint8),
        "quantity_below": np.array([below for below, _ in reach], dtype=np.float64),
        "quantity_above": np.array([above for _, above in reach], dtype=np.float64),
        "quantity_scatter": np.array([one.quantity.scatter or 0.0 for one in known], dtype=np.float64),
        "quantity_floor": np.array([least for least, _ in bounds], dtype=np.float64),
        "quantity_ceiling": np.array([most for _, most in bounds], dtype=np.float64),
        "term_arc": arc,
        "term_quantity": np.repeat(np.array(of_term, dtype=np.int64), [len(one.rows) for one in terms]),
        "term_element": base.device[arc],
        "term_law": np.concatenate([whole, *(one.law for one in terms)]).astype(np.uint8),
        "term_weight": np.concatenate([real, *(one.weight for one in terms)]),
        "response_arc": np.concatenate([whole, *(rows for rows, _, _ in bent)]),
        "response_quantity": np.repeat(
            np.array([number for _, number, _ in bent], dtype=np.int64), [len(rows) for rows, _, _ in bent]
        ),
        "response_db": np.concatenate([real, *(change.ravel() for _, _, change in bent)]),
        "node_first": np.array([first for first, _ in nodes], dtype=np.float64),
        "node_step": np.array([step for _, step in nodes], dtype=np.float64),
        "node_count": NODES if bent else 0,
    }
