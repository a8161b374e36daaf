"""Widths of guides over the stretch where they run side by side.

A guide may widen, or end in a tip, far from where another one runs beside it: that says nothing of how the two couple.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from waveguard.tables import Tables

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Widths:
    """Widths of guides over stretches, in nm; one entry for each stretch."""

    narrowest_nm: Floats
    widest_nm: Floats
    ends_nm: tuple[Floats, Floats]
    """At both ends of the stretch."""


def widths_beside(tables: Tables, rows: Ints) -> tuple[Widths, Widths]:
    """Return the widths of the first and of the second guide of some runs over the length of these."""
    runs = tables.runs
    start_nm, other_nm = runs.start_nm[rows], (runs.other_start_nm[rows], runs.other_end_nm[rows])
    return (
        _within(tables, runs.waveguide_a[rows], start_nm, start_nm + runs.length_nm[rows]),
        _within(tables, runs.waveguide_b[rows], np.fmin(*other_nm), np.fmax(*other_nm)),
    )


def _within(tables: Tables, guides_at: Ints, from_nm: Floats, to_nm: Floats) -> Widths:
    guides, tapers = tables.waveguides, tables.tapers
    ends = guides.width_a_nm[guides_at], guides.width_b_nm[guides_at]
    # By their ends where they were not measured between.
    low = np.fmin(guides.width_min_nm[guides_at], np.fmin(*ends))
    high = np.fmax(guides.width_max_nm[guides_at], np.fmax(*ends))
    first, last = ends[0].copy(), ends[1].copy()
    is_known = np.isfinite(from_nm) & np.isfinite(to_nm)
    tapered = np.flatnonzero(np.isin(guides_at, tapers.waveguide) & is_known)
    by_guide = np.argsort(tapers.waveguide, kind="stable")
    order = tapered[np.argsort(guides_at[tapered], kind="stable")]
    for group in np.split(order, np.flatnonzero(np.diff(guides_at[order])) + 1):
        if len(group):
            knots_nm, widths_nm = _profile(tables, int(guides_at[group[0]]), by_guide)
            first[group] = np.interp(from_nm[group], knots_nm, widths_nm)
            last[group] = np.interp(to_nm[group], knots_nm, widths_nm)
            places = np.searchsorted(knots_nm, [from_nm[group], to_nm[group]])
            between = [widths_nm[a:b] for a, b in places.T.tolist()]
            least = [part.min(initial=np.inf) for part in between]
            most = [part.max(initial=-np.inf) for part in between]
            low[group] = np.maximum(low[group], np.minimum(np.fmin(first[group], last[group]), least))
            high[group] = np.minimum(high[group], np.maximum(np.fmax(first[group], last[group]), most))
    return Widths(low, high, (first, last))


def _profile(tables: Tables, guide: int, by_guide: Ints) -> tuple[Floats, Floats]:
    """Return the places along a guide at which its width begins or ends to change, and its widths there, in nm.

    ``by_guide`` has the rows of tapers in order of their guides.
    """
    tapers, guides = tables.tapers, tables.waveguides
    first, last = np.searchsorted(tapers.waveguide, [guide, guide + 1], sorter=by_guide)
    rows = by_guide[first:last]
    start_nm = tapers.start_nm[rows]
    places = np.column_stack([start_nm, start_nm + tapers.length_nm[rows]]).ravel()
    widths = np.column_stack([tapers.begin_width_nm[rows], tapers.end_width_nm[rows]]).ravel()
    whole_nm = float(guides.centerline_length_nm[guide])
    return (
        np.concatenate([[0.0], places, [max(whole_nm, float(places[-1]))]]),
        np.concatenate([[guides.width_a_nm[guide]], widths, [guides.width_b_nm[guide]]]),
    )
