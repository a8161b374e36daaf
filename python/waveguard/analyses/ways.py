"""Ways: guides that light passes one after the other count as one where they disturb or are disturbed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from waveguard.tables import Tables

Ints = npt.NDArray[np.int64]


def ways_of(tables: Tables) -> Ints:
    """Return the way of each guide: its route, or a number of its own for guides that belong to none."""
    guides = tables.waveguides
    own = len(tables.routes) + np.arange(len(guides))
    return np.where(guides.route >= 0, guides.route, own)


def pairs_of_ways(tables: Tables) -> Ints:
    """Return, by run, the number of its pair of ways, counted from 0 in order of the lower and the higher way."""
    way, runs = ways_of(tables), tables.runs
    both = np.sort(np.stack([way[runs.waveguide_a], way[runs.waveguide_b]], axis=1), axis=1)
    _, number = np.unique(both, axis=0, return_inverse=True)
    return np.asarray(number.reshape(-1), dtype=np.int64)
