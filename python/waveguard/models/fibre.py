"""Where light comes onto the chip and leaves it: fibre couplers, edge couplers, lasers, detectors, terminators.

The port `chip` is the waveguide; `outside` is the fibre, the light source or the absorber, which no layout draws.
"""

from __future__ import annotations

from waveguard.models.passage import Passage, both


def fibre_coupler(*, loss_db: float) -> tuple[Passage, ...]:
    """Return both ways through a grating coupler: loss at the peak, the fibre aligned; 2.5 to 6 dB are usual."""
    return both("chip", "outside", {"coupler": loss_db})


def edge_coupler(*, loss_db: float) -> tuple[Passage, ...]:
    """Return both ways through an edge coupler: loss with the fibre it was designed for, aligned."""
    return both("chip", "outside", {"coupler": loss_db})


def laser(*, loss_db: float) -> tuple[Passage, ...]:
    """Return the way out of a laser: loss between the power stated for it and the power in the waveguide."""
    return (Passage("outside", "chip", {"coupler": loss_db}),)


def detector(*, loss_db: float) -> tuple[Passage, ...]:
    """Return the way into a detector: loss before absorption; the sensitivity is the budget's."""
    return (Passage("chip", "outside", {"coupler": loss_db}),)


def terminator() -> tuple[Passage, ...]:
    """Return nothing: light that enters a terminator is gone. What it reflects is not evaluated."""
    return ()
