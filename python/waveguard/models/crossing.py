"""Waveguide crossings."""

from __future__ import annotations

from waveguard.models.passage import Passage, both


def crossing(*, loss_db: float) -> tuple[Passage, ...]:
    """Return the two straight passages, `in1` to `out1` and `in2` to `out2`.

    `loss_db` is the loss of one passage: 0.04 (Bloch-wave crossings) to 0.4 dB (older shaped ones) have been published.
    """
    once = {"crossing": loss_db}
    return both("in1", "out1", once, 1) + both("in2", "out2", once, 1)
