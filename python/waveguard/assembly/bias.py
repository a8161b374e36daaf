"""Widths of a chip whose edges lie further out than drawn, or further in."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from waveguard.tables import OPTICAL

if TYPE_CHECKING:
    from waveguard.tables import Tables

Floats = npt.NDArray[np.float64]

LEAST_NM = 1.0
"""Cores that the process eats up keep this much, so that they are still there to be complained about."""


def with_bias(tables: Tables, edge_bias_nm: float) -> Tables:
    """Return the tables with the widths of guides, their tapers and optical ports as all edges have moved outwards."""
    if edge_bias_nm == 0.0:
        return tables

    def moved(width_nm: Floats) -> Floats:
        return np.maximum(width_nm + 2.0 * edge_bias_nm, LEAST_NM)

    ports, guides, tapers = tables.ports, tables.waveguides, tables.tapers
    return replace(
        tables,
        ports=replace(ports, width_nm=np.where(ports.kind == OPTICAL, moved(ports.width_nm), ports.width_nm)),
        waveguides=replace(
            guides,
            width_a_nm=moved(guides.width_a_nm),
            width_b_nm=moved(guides.width_b_nm),
            width_min_nm=moved(guides.width_min_nm),
            width_max_nm=moved(guides.width_max_nm),
        ),
        tapers=replace(tapers, begin_width_nm=moved(tapers.begin_width_nm), end_width_nm=moved(tapers.end_width_nm)),
    )
