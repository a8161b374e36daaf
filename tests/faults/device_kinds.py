"""Faults at devices: what is drawn across a taper, or is drawn again a little aside.

As in `kinds.py`, each takes the correct chip, puts one fault in, and says where it is and what must be said. Lengths
are in µm.
"""

from __future__ import annotations

from collections.abc import Iterator

from faults.kinds import ALL, CHIP, MARKED, NM, Fault, end
from faults.merged_kinds import across
from faults.scene import Item

TAPER = end("a5", 1) + 10
"""The middle of a taper from 0.5 to 0.8 µm."""


def _found(*codes: str) -> frozenset[str]:
    return frozenset(codes)


def across_tapers() -> Iterator[Fault]:
    """Guides across a taper, whose arms widen on one side only."""
    for angle in (90, 60, 30):
        name = f"guide across a taper at {angle} degrees"
        yield Fault(name, across(TAPER, angle, 20), TAPER, _found("CN005", "CN003"), ALL, 3.0)


def drawn_again() -> Iterator[Fault]:
    """Devices placed again a few nanometres aside, so that all their pins nearly meet."""
    for name, reach in (("in_a", 20.0), ("y_left", 10.0), ("crossing", 10.0)):
        item = CHIP.items[name]
        for by in (5 * NM, 5j * NM, 50 * NM):
            again = CHIP.with_item("again", Item(item.cell, item.at + by, item.heading_rad))
            at = complex(item.at)
            yield Fault(
                f"{name} placed again {by} um aside", again, at, _found("CN001", "CN003", "CN004"), MARKED, reach
            )


def faults() -> list[Fault]:
    """Return one of each."""
    return [fault for group in (across_tapers, drawn_again) for fault in group()]
