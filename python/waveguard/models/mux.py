"""Wavelength multiplexers as one device."""

from __future__ import annotations

from waveguard.models.passage import Passage, both


def mux(*, n_outputs: int, loss_db: float) -> tuple[Passage, ...]:
    """Return the passages between `in` and each channel `out1` … `outN`, each at its own wavelength.

    `loss_db` is that of the worst channel at its centre; nothing is split, so no splitting is charged.
    """
    return tuple(p for k in range(n_outputs) for p in both("in", f"out{k + 1}", {"device": loss_db}))
