"""Mismatch of two guides side by side: how far their light gets out of step, which keeps it from crossing over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from waveguard.analyses.coupling import index_of
from waveguard.models import coupled
from waveguard.units import nm_to_um

if TYPE_CHECKING:
    from waveguard.pdk.schema import CrossSection, Pdk
    from waveguard.tables import Tables

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

SMOOTHING_NM = 20_000.0
"""Length over which the mismatch of two bent guides is averaged: several corners of their centre-lines."""


def mismatch_per_um(
    tables: Tables,
    cross_sections: Sequence[CrossSection],
    pdk: Pdk,
    rows: Ints,
    at: Ints,
    owner: Ints,
    *,
    ratio: Floats,
    curvature_per_um: Floats,
    widths_um: tuple[Floats, Floats],
    wavelength_um: float,
) -> Floats:
    """Return delta of each sample of some runs: unlike guides, and lanes of a bend, smoothed along each run.

    Both parts have a sign, by which of the two guides is the neighbour: a slower guide on the inside of a bend can
    keep step with a faster one outside. How much longer the neighbour is was measured square to the one guide; seen
    from the middle between the two, their angle and half of their relative curvature are no difference.

    Parameters
    ----------
    tables, cross_sections, pdk
        As of `crosstalk`.
    rows
        Rows of `runs`, (n,).
    at, owner
        By sample, (m,): its row of `run_profile`, and its run as a position in `rows`, ascending.
    ratio, curvature_per_um
        By sample: length of the neighbour by that of the guide, and the curvature seen from the middle.
    widths_um
        By run, of each of the two guides, (n,).
    """
    runs, guides, profile = tables.runs, tables.waveguides, tables.run_profile
    index = []
    for side, width in zip((runs.waveguide_a[rows], runs.waveguide_b[rows]), widths_um, strict=True):
        own = guides.cross_section[side]
        n_eff = np.zeros(len(rows))
        for section in np.unique(own).tolist():
            mine = own == section
            n_eff[mine] = index_of(pdk, cross_sections[section], width_um=width[mine], wavelength_um=wavelength_um)
        index.append(n_eff)
    pitch_um = nm_to_um(profile.gap_nm[at]) + ((widths_um[0] + widths_um[1]) / 2)[owner]
    delta = coupled.mismatch(
        n_eff=index[0][owner],
        n_eff_other=index[1][owner],
        wavelength_um=wavelength_um,
        other_per_own=ratio - pitch_um * curvature_per_um / 2,
    )
    return _smoothed(delta, profile.step_nm[at], owner) if len(delta) else delta


def _smoothed(delta: Floats, step_nm: Floats, owner: Ints) -> Floats:
    """Return the mean of the samples of each run around each of them.

    Centre-lines are polylines: all of a turn's mismatch falls on their corners. Samples that stand for a long stretch
    are among others like them, where nothing changes.
    """
    reach = np.maximum((SMOOTHING_NM / 2 / step_nm).astype(np.int64), 1)
    first = np.searchsorted(owner, owner, side="left")
    last = np.searchsorted(owner, owner, side="right")
    k = np.arange(len(delta))
    low, high = np.maximum(k - reach, first), np.minimum(k + reach + 1, last)
    total, length_nm = (np.concatenate([[0.0], np.cumsum(part)]) for part in (delta * step_nm, step_nm))
    return np.asarray((total[high] - total[low]) / (length_nm[high] - length_nm[low]))
