"""2x2 couplers: directional couplers, broadband couplers, 2x2 multimode interferometers."""

from __future__ import annotations

from waveguard.models.passage import Passage, both, split_db


def coupler_2x2(*, excess_loss_db: float, cross_fraction: float) -> tuple[Passage, ...]:
    """Return the passages of a coupler with ports `in1`, `in2`, `out1`, `out2`; bar is `in1` to `out1`.

    Parameters
    ----------
    excess_loss_db
        Loss beyond the split.
    cross_fraction
        Share of the power that changes sides, at the wavelength at which it was measured. A share of 0 or 1 leaves no
        path on the other side, which is an idealisation: leaks are the business of the crosstalk analysis.
    """
    passages: tuple[Passage, ...] = ()
    for fraction, pairs in (
        (1.0 - cross_fraction, (("in1", "out1"), ("in2", "out2"))),
        (cross_fraction, (("in1", "out2"), ("in2", "out1"))),
    ):
        if fraction > 0.0:
            loss_db = {"splitting": split_db(fraction), "device": excess_loss_db}
            passages += tuple(p for a, b in pairs for p in both(a, b, loss_db))
    return passages
