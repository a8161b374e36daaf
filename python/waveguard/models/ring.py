"""Ring filters between two buses, as one device."""

from __future__ import annotations

from waveguard.models.passage import Passage, both


def ring_add_drop(*, through_loss_db: float, drop_loss_db: float) -> tuple[Passage, ...]:
    """Return all passages of an add-drop ring: `in` to `through` off resonance, `in` to `drop` on resonance.

    Each wavelength takes one of the two; both are listed, because the path table does not choose wavelengths. Light
    leaves through `drop` on the side it came in, for the ring turns it round.
    """
    through, drop = {"device": through_loss_db}, {"device": drop_loss_db}
    straight = both("in", "through", through) + both("add", "drop", through)
    return straight + both("in", "drop", drop) + both("add", "through", drop)
