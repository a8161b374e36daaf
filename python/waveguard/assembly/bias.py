"""What a process makes of the drawn edges: every edge of a core moved outwards by the same distance.

Guides get wider by twice that, gaps narrower; centre-lines, lengths and radii stay. Done to the tables, so that all
that is worked out from widths and gaps follows: index, group index, loss by side walls, tapers, joints, coupling.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from waveguard.errors import UsageError
from waveguard.tables import OPTICAL, Tables
from waveguard.views import Floats

MOST_NM = 200.0
LEAST_NM = 1.0
"""Cores that the process eats up keep this much, so that they are still there to be complained about."""


def checked_bias(edge_bias_nm: float) -> float:
    """Return a bias per edge in nm that can be one.

    Raises
    ------
    UsageError
        It is not a number, or larger than 200 nm.
    """
    if not math.isfinite(edge_bias_nm) or abs(edge_bias_nm) > MOST_NM:
        raise UsageError(f"{edge_bias_nm:g} nm is no bias of an edge", hint="give nm per edge, e.g. -11")
    return edge_bias_nm


def with_bias(tables: Tables, edge_bias_nm: float) -> Tables:
    """Return the tables of an extraction as a process makes them that moves every edge of a core outwards."""
    if edge_bias_nm == 0.0:
        return tables
    both = 2.0 * edge_bias_nm

    def wider(width_nm: Floats) -> Floats:
        return np.maximum(width_nm + both, LEAST_NM)

    guides, near, ports, tapers = tables.waveguides, tables.near_misses, tables.ports, tables.tapers
    slots = tables.slots
    return replace(
        tables,
        waveguides=replace(
            guides,
            width_a_nm=wider(guides.width_a_nm),
            width_b_nm=wider(guides.width_b_nm),
            width_min_nm=wider(guides.width_min_nm),
            width_max_nm=wider(guides.width_max_nm),
        ),
        ports=replace(ports, width_nm=np.where(ports.kind == OPTICAL, wider(ports.width_nm), ports.width_nm)),
        tapers=replace(tapers, begin_width_nm=wider(tapers.begin_width_nm), end_width_nm=wider(tapers.end_width_nm)),
        slots=replace(
            slots,
            gap_nm=slots.gap_nm - both,
            gap_min_nm=slots.gap_min_nm - both,
            gap_max_nm=slots.gap_max_nm - both,
            rail_nm=wider(slots.rail_nm),
            rail_min_nm=wider(slots.rail_min_nm),
            rail_max_nm=wider(slots.rail_max_nm),
        ),
        centerlines=replace(tables.centerlines, width_nm=wider(tables.centerlines.width_nm)),
        near_misses=replace(near, gap_nm=near.gap_nm - both),
        runs=replace(tables.runs, gap_min_nm=tables.runs.gap_min_nm - both, gap_mean_nm=tables.runs.gap_mean_nm - both),
        run_profile=replace(tables.run_profile, gap_nm=tables.run_profile.gap_nm - both),
    )
