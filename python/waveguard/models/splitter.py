"""Power splitters: Y-branches, 1xN multimode interferometers, trees in one cell.

Used backwards, a passive splitter loses what does not fit the mode of its common port: a single arm pays the same split
again. Two arms in phase get it back; that is said by the in-phase loss of a path table, not here.
"""

from __future__ import annotations

from waveguard.models.passage import Passage, both, split_db


def splitter_1x2(*, excess_loss_db: float, first_fraction: float = 0.5) -> tuple[Passage, ...]:
    """Return the passages of a 1x2 splitter with ports `in`, `out1`, `out2`.

    Parameters
    ----------
    excess_loss_db
        Loss beyond the split; 0.28 ± 0.02 dB for a shaped Y-branch (Zhang et al., Opt. Express 21, 1310 (2013)).
    first_fraction
        Share of the power that leaves through `out1`. Valid at the wavelength at which both were measured.
    """
    passages: tuple[Passage, ...] = ()
    for end, fraction in (("out1", first_fraction), ("out2", 1.0 - first_fraction)):
        if fraction > 0.0:
            passages += both("in", end, {"splitting": split_db(fraction), "device": excess_loss_db})
    return passages


def splitter_1xn(*, n_outputs: int, excess_loss_db: float) -> tuple[Passage, ...]:
    """Return the passages of an even splitter with ports `in`, `out1` … `outN`."""
    loss_db = {"splitting": split_db(1.0 / n_outputs), "device": excess_loss_db}
    return tuple(p for k in range(n_outputs) for p in both("in", f"out{k + 1}", loss_db))
