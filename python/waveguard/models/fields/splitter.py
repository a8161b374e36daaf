"""Splitters: Y-branches and trees. Used backwards, the part that does not fit the common mode is radiated."""

from __future__ import annotations

import math

import numpy.typing as npt

from waveguard.models.fields.scattering import Scattering, amplitude, build, level, wavelengths


def splitter_1x2(
    wl_um: npt.ArrayLike,
    *,
    excess_loss_db: float = 0.0,
    first_fraction: float = 0.5,
    reflection_db: float | None = None,
    isolation_db: float | None = None,
) -> Scattering:
    """Return a splitter from `in` to `out1` and `out2`, in phase.

    `first_fraction` is the share of `out1`; `isolation_db` the level between the two outputs, which an ideal Y-branch
    does not have: light from one arm goes in equal parts into the common guide and into the slab.
    """
    wl = wavelengths(wl_um)
    left, back = amplitude(excess_loss_db), level(reflection_db)
    passages: dict[tuple[str, str], npt.ArrayLike] = {
        ("in", "out1"): left * math.sqrt(first_fraction),
        ("in", "out2"): left * math.sqrt(1.0 - first_fraction),
        # Opposite in sign to the reflection: then it is the uneven mode that comes back, which the stem cannot take.
        ("out1", "out2"): -level(isolation_db),
        ("in", "in"): back,
        ("out1", "out1"): back,
        ("out2", "out2"): back,
    }
    return build(wl, ("in", "out1", "out2"), passages)


def splitter_1xn(
    wl_um: npt.ArrayLike,
    *,
    n_outputs: int,
    excess_loss_db: float = 0.0,
    reflection_db: float | None = None,
    isolation_db: float | None = None,
) -> Scattering:
    """Return an even splitter from `in` to `out1` … `outN`."""
    wl = wavelengths(wl_um)
    outputs = [f"out{k + 1}" for k in range(n_outputs)]
    share = amplitude(excess_loss_db) / math.sqrt(n_outputs)
    passages: dict[tuple[str, str], npt.ArrayLike] = {("in", end): share for end in outputs}
    passages |= {(port, port): level(reflection_db) for port in ("in", *outputs)}
    passages |= {(a, b): -level(isolation_db) for k, a in enumerate(outputs) for b in outputs[:k]}
    return build(wl, ("in", *outputs), passages)
