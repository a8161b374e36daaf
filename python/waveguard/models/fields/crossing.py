"""Crossings: most light goes straight, a little turns aside or back."""

from __future__ import annotations

import numpy.typing as npt

from waveguard.models.fields.scattering import Scattering, amplitude, build, level, wavelengths

PORTS = ("in1", "in2", "out1", "out2")


def crossing(
    wl_um: npt.ArrayLike,
    *,
    loss_db: float = 0.0,
    crosstalk_db: float | None = None,
    reflection_db: float | None = None,
) -> Scattering:
    """Return a crossing of the guides `in1`-`out1` and `in2`-`out2`.

    `crosstalk_db` is the level at each of the two ports aside, `reflection_db` that of what comes back, both against
    what went in. The light aside is a quarter period off the straight one, as energy asks for.
    """
    wl = wavelengths(wl_um)
    straight, aside, back = amplitude(loss_db), 1j * level(crosstalk_db), 1j * level(reflection_db)
    passages: dict[tuple[str, str], npt.ArrayLike] = {("in1", "out1"): straight, ("in2", "out2"): straight}
    passages |= {(a, b): aside for a in ("in1", "out1") for b in ("in2", "out2")}
    passages |= {(port, port): back for port in PORTS}
    return build(wl, PORTS, passages)
