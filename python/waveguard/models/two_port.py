"""Devices that light goes straight through: phase shifters, modulators, filters in their pass band, tapers."""

from __future__ import annotations

from waveguard.models.passage import Passage, both


def two_port(*, loss_db: float) -> tuple[Passage, ...]:
    """Return both ways between `in` and `out`; loss in the state in which it was measured."""
    return both("in", "out", {"device": loss_db})


def taper(*, loss_db: float) -> tuple[Passage, ...]:
    """Return both ways between `in` and `out`; the loss of a change of width is charged to `transition`."""
    return both("in", "out", {"transition": loss_db})
