"""What a device model returns: one-way passages with their loss by cause."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

CAUSES = ("propagation", "bend", "transition", "crossing", "splitting", "device", "coupler", "defect")
"""What loss is charged to; the same words, in the same order, as in the core."""


@dataclass(frozen=True, slots=True)
class Passage:
    """Light that enters through the port in role `start` and leaves through that in role `end`."""

    start: str
    end: str
    loss_db: dict[str, float] = field(default_factory=dict)
    """Positive dB by cause; what is not named is zero."""
    n_crossings: int = 0

    def __post_init__(self) -> None:
        for cause, loss_db in self.loss_db.items():
            if cause not in CAUSES or not 0.0 <= loss_db < math.inf:
                raise ValueError(f"{cause} = {loss_db} dB from {self.start} to {self.end}: no passive loss")


def both(a: str, b: str, loss_db: dict[str, float], n_crossings: int = 0) -> tuple[Passage, Passage]:
    """Return the passage between two ports in both directions; all our models are reciprocal."""
    return Passage(a, b, loss_db, n_crossings), Passage(b, a, loss_db, n_crossings)


def split_db(fraction: float) -> float:
    """Return the loss in dB of the part of the power that goes one way.

    Examples
    --------
    >>> round(split_db(0.5), 4)
    3.0103
    """
    return -10.0 * math.log10(fraction) + 0.0
