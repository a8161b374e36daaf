"""What a process makes of the drawn edges: every edge of a core moved outwards by the same distance.

Guides get wider by twice that, gaps narrower; centre-lines, lengths and radii stay. Done to the tables, so that all
that is worked out from widths and gaps follows: index, group index, loss by side walls, tapers, joints, coupling.
"""

from __future__ import annotations

import math
from dataclasses import replace

from waveguard.errors import UsageError
from waveguard.tables import Tables

MOST_NM = 200.0


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


def biased(tables: Tables, edge_bias_nm: float) -> Tables:
    """Return the tables of an extraction as a process makes them that moves every edge of a core outwards.

    Guides that a negative bias would take away altogether keep no width.
    """
    if edge_bias_nm == 0.0:
        return tables
    both = 2.0 * edge_bias_nm

    def wider(table: object, *names: str) -> dict[str, object]:
        return {name: (getattr(table, name) + both).clip(min=0.0) for name in names}

    guides, near = tables.waveguides, tables.near_misses
    return replace(
        tables,
        waveguides=replace(guides, **wider(guides, "width_a_nm", "width_b_nm", "width_min_nm", "width_max_nm")),  # type: ignore[arg-type]
        ports=replace(tables.ports, **wider(tables.ports, "width_nm")),  # type: ignore[arg-type]
        tapers=replace(tables.tapers, **wider(tables.tapers, "begin_width_nm", "end_width_nm")),  # type: ignore[arg-type]
        centerlines=replace(tables.centerlines, **wider(tables.centerlines, "width_nm")),  # type: ignore[arg-type]
        near_misses=replace(near, gap_nm=near.gap_nm - both),
        runs=replace(tables.runs, gap_min_nm=tables.runs.gap_min_nm - both, gap_mean_nm=tables.runs.gap_mean_nm - both),
        run_profile=replace(tables.run_profile, gap_nm=tables.run_profile.gap_nm - both),
    )
