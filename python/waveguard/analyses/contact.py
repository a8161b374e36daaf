"""The shape of a gap between two guides, from samples: how it opens, and whether it is one contact of two curves."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from waveguard.units import nm_to_um, um_to_nm

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

CONTACT_SHARE, CONTACT_STEP = 0.4, 0.1
"""A run is one contact of two curves when the gap at both ends is that of the parabola within this share, and this part
of a step, for the smallest gap lies between two samples."""
BEND_SHARE, GRID_NM = 0.5, 4.0
"""The same for the curvature at both ends, where three gaps may be off by the grid."""
PARTED = 0.75
"""Share of the angle at which runs end from which a run is taken to end for that reason: the last samples before it
make little of a bend that begins among them."""
CONTINUED = 30
"""Terms of a continued fraction; 30 leave less than 1 %."""


def contact_curvature(curvature_per_um: Floats, gap_nm: Floats, step_nm: Floats, start: Ints, count: Ints) -> Floats:
    """Return the relative curvature of runs that are one contact of two curves; 0 for all others.

    The curvature was fitted about the smallest gap. It holds for the run only where the parabola it means is found at
    both ends, too.
    """
    result = np.zeros(len(start))
    if not len(gap_nm):
        return result
    owner = np.repeat(np.arange(len(start)), count)
    along = np.cumsum(step_nm)
    smallest = np.full(len(start), np.inf)
    np.minimum.at(smallest, owner, gap_nm)
    k = np.arange(len(gap_nm))
    place = np.full(len(start), len(gap_nm))
    np.minimum.at(place, owner, np.where(gap_nm <= smallest[owner], k, len(gap_nm)))
    some = np.isfinite(curvature_per_um) & (curvature_per_um > 0.0) & (place < len(gap_nm)) & (count > 2)
    fits = some.copy()
    for end in (start, start + count - 1):
        at = np.where(some, end, 0)
        distance_um = nm_to_um(np.abs(along[at] - along[np.where(some, place, 0)]))
        expected_nm = um_to_nm(np.nan_to_num(curvature_per_um) * distance_um**2 / 2)
        seen_nm = gap_nm[at] - smallest
        fits &= np.abs(seen_nm - expected_nm) <= CONTACT_SHARE * expected_nm + step_nm[at] * CONTACT_STEP
        # A straight between two bends has a parabola, too, but no bend in its middle and more of it at its ends.
        inner = np.where(end == start, 1, -1)
        last, before, third = (gap_nm[np.where(some, end + k * inner, 0)] for k in (0, 1, 2))
        local_per_um = um_to_nm((last - 2.0 * before + third) / step_nm[at] ** 2)
        off = np.abs(local_per_um - np.nan_to_num(curvature_per_um))
        fits &= off <= BEND_SHARE * np.nan_to_num(curvature_per_um) + um_to_nm(GRID_NM / step_nm[at] ** 2)
    result[fits] = curvature_per_um[fits]
    return result


def slopes(gap_nm: Floats, step_nm: Floats, start: Ints, count: Ints) -> Floats:
    """Return how fast the gap opens along each run, sample by sample; 0 for runs of one sample."""
    slope = np.zeros(len(gap_nm))
    if len(gap_nm) < 2:
        return slope
    between = np.diff(gap_nm) / ((step_nm[1:] + step_nm[:-1]) / 2)
    first, last = start, start + count - 1
    inside = np.ones(len(between), dtype=bool)
    inside[last[last < len(between)]] = False
    steep = np.where(inside, between, 0.0)
    slope[1:] += steep
    slope[:-1] += steep
    neighbours = np.zeros(len(gap_nm))
    neighbours[1:] += inside
    neighbours[:-1] += inside
    slope = slope / np.maximum(neighbours, 1.0)
    # At both ends the parabola through three samples goes on.
    long = count > 2
    for end, inner in ((first[long], 1), (last[long], -1)):
        slope[end] = 2 * slope[end] - slope[end + inner]
    return np.clip(slope, -10.0, 10.0)


def tails(
    kappa: Floats,
    gap_nm: Floats,
    step_um: Floats,
    slope: Floats,
    curvature_per_um: Floats,
    start: Ints,
    count: Ints,
    parallel_rad: float,
) -> Floats:
    """Return the factor by which the outermost samples stand for what lies beyond them.

    Runs are listed as far as the two guides are about parallel; guides that part at that angle still couple a little
    further on, over a gap that opens as a parabola: ∫ kappa exp(-decay (slope s + curvature s²/2)) ds.
    """
    factor = np.ones(len(kappa))
    long = count > 1
    for end, inner, sign in ((start[long], 1, -1.0), ((start + count - 1)[long], -1, 1.0)):
        away = sign * slope[end]
        # No single contact: the parabola through the last three samples, where there are so many.
        own = np.where(count[long] > 2, away - sign * slope[end + inner], 0.0) / step_um[end]
        bend = np.maximum(np.where(curvature_per_um[long] > 0.0, curvature_per_um[long], own), 0.0)
        # Slope where the listed run ends, half a step behind the last sample.
        at_end = away + bend * step_um[end] / 2
        parted = at_end + bend * step_um[end] >= PARTED * parallel_rad
        fall = np.log(np.maximum(kappa[end + inner], 1e-300) / np.maximum(kappa[end], 1e-300))
        decay = np.maximum(fall / np.maximum(gap_nm[end] - gap_nm[end + inner], 1e-9) * 1e3, 0.0)
        use = parted & (decay > 0.0) & (gap_nm[end] > gap_nm[end + inner])
        a, b = decay * at_end, decay * bend
        beyond = np.exp(-decay * (away + bend * step_um[end] / 4) * step_um[end] / 2) * _open_integral(a, b)
        factor[end] += np.where(use, beyond / step_um[end], 0.0)
    return factor


def _open_integral(a: Floats, b: Floats) -> Floats:
    """Return ∫ exp(-a s - b s²/2) ds from 0 on, by its continued fraction; a above zero."""
    safe = np.maximum(a, 1e-9)
    value = safe.copy()
    for k in range(CONTINUED, 0, -1):
        value = safe + k * b / value
    return np.asarray(1.0 / value)
