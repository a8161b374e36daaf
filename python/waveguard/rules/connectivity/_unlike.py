"""A part of CN002: waveguides that enter a body as each other's mirror image but for their width.

A multimode coupler whose tapers were drawn but for one takes all of its waveguides, and each joint is a good one. Only
the waveguide at the same place on the other side of its axis tells that a taper is missing.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from waveguard.findings import Finding, Related, Severity
from waveguard.rules import Context
from waveguard.rules import _along as along
from waveguard.rules import _words as words

UNLIKE = 0.1
"""Two waveguides are as wide as each other within this part."""
SAME_WAY_COSINE = 0.99
"""Waveguides at one end of a body look the same way within this."""


def findings(ctx: Context) -> Iterator[Finding]:
    """Judge pairs of waveguides about the axis of a body."""
    junctions, ports = ctx.tables.junctions, ctx.tables.ports
    # Finite where the waveguides of a body lie about a line, and the body, too.
    rows = np.flatnonzero(np.isfinite(junctions.aside_nm))
    if not rows.size:
        return
    ports_of = along.OpticalPorts(ctx)
    for row in rows.tolist():
        device = int(junctions.device[row])
        own = ports_of(device)
        widths_nm = ports.width_nm[own]
        if not np.ptp(widths_nm) > UNLIKE * float(widths_nm.max()):
            continue
        for a, b in _mirrored(ctx, own):
            narrow, wide = sorted((a, b), key=lambda port: float(ports.width_nm[port]))
            narrow_nm, wide_nm = float(ports.width_nm[narrow]), float(ports.width_nm[wide])
            if wide_nm - narrow_nm <= UNLIKE * wide_nm:
                continue
            place = ctx.port_place(narrow)
            yield ctx.finding(
                f"a waveguide enters a body of {place.cell} {words.nm(narrow_nm)} wide, its counterpart on the other "
                f"side of the axis {words.nm(wide_nm)}",
                place,
                facts=[place.cell, "unlike"],
                measured=wide_nm - narrow_nm,
                limit=UNLIKE * wide_nm,
                unit="nm",
                related=[Related("its counterpart", ctx.port_place(wide))],
                hint="draw the same taper on both sides",
                severity=Severity.WARNING,
            )


def _mirrored(ctx: Context, own: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Return the pairs of ports that lie as far from the axis on either side of it, at each end of a body."""
    ports = ctx.tables.ports
    way = np.exp(1j * ports.direction_rad[own])
    is_ahead = (way * np.conj(way[0])).real > SAME_WAY_COSINE
    for end in (own[is_ahead], own[~is_ahead]):
        at_nm = ports.x_nm[end] + 1j * ports.y_nm[end]
        across = end[np.argsort((at_nm * np.conj(way[0])).imag)]
        for k in range(len(across) // 2):
            yield int(across[k]), int(across[-1 - k])
