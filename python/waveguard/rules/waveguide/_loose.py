"""A part of WG003: short pieces of waveguide that lead nowhere, beside waveguides."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from waveguard.findings import Finding, Related, Severity
from waveguard.rules import Context
from waveguard.rules import _words as words
from waveguard.tables import DRAWN_SOURCES
from waveguard.units import nm_to_um

NO_NET = -1
ALL_BESIDE = 0.9
"""A piece lies beside another waveguide for all of its length but what its ends may bend away; an arm of a coupler
bends away for more."""


def loose_pieces(ctx: Context, close_nm: NDArray[np.float64], limit_nm: NDArray[np.float64]) -> Iterator[Finding]:
    """Find bare waveguides with two open ends, all of which lies close beside one that goes on.

    `close_nm` is the length of each run that is closer than `limit_nm`. Where the other one ends beside an end of the
    piece, too, both were drawn as a pair.
    """
    guides, runs = ctx.tables.waveguides, ctx.tables.runs
    length_nm, is_loose = ctx.tables.routes.centerline_length_nm, _is_loose(ctx)
    beside_nm: dict[tuple[int, int], float] = {}
    closest: dict[tuple[int, int], int] = {}
    for row in np.flatnonzero(close_nm > 0).tolist():
        pair = int(guides.route[runs.waveguide_a[row]]), int(guides.route[runs.waveguide_b[row]])
        for key in (pair, pair[::-1]):
            if pair[0] != pair[1] and is_loose[key[0]]:
                beside_nm[key] = beside_nm.get(key, 0.0) + float(close_nm[row])
                if key not in closest or runs.gap_min_nm[row] < runs.gap_min_nm[closest[key]]:
                    closest[key] = row
    told: set[int] = set()
    for (piece, other), row in closest.items():
        is_beside = beside_nm[piece, other] >= ALL_BESIDE * length_nm[piece]
        if piece not in told and is_beside and not _ends_with(ctx, piece, other, float(limit_nm[row])):
            told.add(piece)
            yield _judge(ctx, piece, row, float(limit_nm[row]))


def _is_loose(ctx: Context) -> NDArray[np.bool_]:
    """Return which routes are bare shapes that nothing leads to."""
    routes, ports = ctx.tables.routes, ctx.tables.ports
    is_drawn = np.isin(ctx.tables.devices.source[ctx.tables.waveguides.device[routes.first_waveguide]], DRAWN_SOURCES)
    ends = np.stack([routes.port_a, routes.port_b])
    is_open = (ends >= 0) & (ports.net[ends] == NO_NET) & ~np.isin(ends, sorted(ctx.facts.ends))
    loose: NDArray[np.bool_] = is_drawn & (routes.is_closed == 0) & is_open.all(axis=0)
    return loose


def _ends_with(ctx: Context, piece: int, other: int, limit_nm: float) -> bool:
    """Whether an open end of the other route lies beside an end of the piece."""
    routes, ports = ctx.tables.routes, ctx.tables.ports
    own = np.array([routes.port_a[piece], routes.port_b[piece]])
    ends = np.array([routes.port_a[other], routes.port_b[other]])
    ends = ends[ends >= 0]
    ends = ends[ports.net[ends] == NO_NET]
    at_nm = ports.x_nm + 1j * ports.y_nm
    reach_nm = limit_nm + (ports.width_nm[own, None] + ports.width_nm[None, ends]) / 2
    return bool((np.abs(at_nm[own, None] - at_nm[None, ends]) <= reach_nm).any())


def _judge(ctx: Context, piece: int, row: int, limit_nm: float) -> Finding:
    guides, runs, routes = ctx.tables.waveguides, ctx.tables.runs, ctx.tables.routes
    pair = [int(runs.waveguide_a[row]), int(runs.waveguide_b[row])]
    own, other = pair if guides.route[pair[0]] == piece else pair[::-1]
    cell, other_cell, top = ctx.waveguide_cell(own), ctx.waveguide_cell(other), ctx.waveguide_top(own)
    gap_nm, x_nm, y_nm = float(runs.gap_min_nm[row]), float(runs.x_nm[row]), float(runs.y_nm[row])
    length = words.um(float(routes.centerline_length_nm[piece]))
    return ctx.finding(
        f"a piece of waveguide of {cell}, {length} long and joined to nothing, "
        f"lies {words.um(gap_nm)} beside {other_cell}",
        ctx.place(x_nm, y_nm, top=top, cell=cell),
        facts=[*sorted([cell, other_cell]), "loose"],
        measured=nm_to_um(gap_nm),
        limit=nm_to_um(limit_nm),
        unit="um",
        related=[Related(f"neighbour {other_cell}", ctx.place(x_nm, y_nm, top=top, cell=other_cell))],
        hint="delete it, or make what it is part of a device",
        severity=Severity.WARNING,
    )
