"""Faults at devices: what is drawn across a taper.

As in `kinds.py`, each takes the correct chip, puts one fault in, and says where it is and what must be said. Lengths
are in µm.
"""

from __future__ import annotations

from collections.abc import Iterator

from faults.kinds import ALL, Fault, end
from faults.merged_kinds import across

TAPER = end("a5", 1) + 10
"""The middle of a taper from 0.5 to 0.8 µm."""


def _found(*codes: str) -> frozenset[str]:
    return frozenset(codes)


def across_tapers() -> Iterator[Fault]:
    """Guides across a taper, whose arms widen on one side only."""
    for angle in (90, 60, 30):
        name = f"guide across a taper at {angle} degrees"
        yield Fault(name, across(TAPER, angle, 20), TAPER, _found("CN005", "CN003"), ALL, 3.0)


def faults() -> list[Fault]:
    """Return one of each."""
    return [fault for group in (across_tapers,) for fault in group()]
