"""Guides side by side as couplers at their place: which runs count, and the four-port of each.

A run between two guides becomes one four-port, or several in a row where it is long and shares its guide with other
runs. Each stands at the middle of its coupling and holds the exact solution of two coupled guides over its stretch,
without the phase of the guides themselves: that stays with the pieces of guide between the couplers, so that cutting
changes no length. The fact a newcomer would get wrong: where three guides run side by side no two of them have an exact
solution of their own; their couplers take turns in short steps, which comes as near to it as the steps are short.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from waveguard.analyses.contact import slopes
from waveguard.analyses.crosstalk import NOT_EVALUATED, crosstalk, run_samples
from waveguard.analyses.ways import pairs_of_ways
from waveguard.fields import core
from waveguard.fields.stretches import Stretches, stretches_of
from waveguard.units import nm_to_um, ratio_to_db

if TYPE_CHECKING:
    from waveguard.analyses.crosstalk import CrosstalkResult, RunSamples
    from waveguard.circuit import CircuitModel

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Complexes = npt.NDArray[np.complex128]

FLOOR_DB = -80.0
"""Pairs of ways that couple less are left out."""
STEP_RAD = 0.05
"""Most coupling of one four-port where a guide has other neighbours at the same place."""
MAX_STEPS = 2000
"""Four-ports of one run at most."""
FAINT_RAD = 0.02
"""Runs that couple less need no steps: what they get wrong of a neighbour's coupling is of second order."""


@dataclass(frozen=True)
class PlacedRuns:
    """The couplers of a circuit, and what was not placed."""

    guide_a: Ints
    """By coupler, the row of `waveguides` and the place along it, in um from its first port."""
    place_a_um: Floats
    guide_b: Ints
    place_b_um: Floats
    against: Bools
    """True where the second guide runs the other way."""
    run: Ints
    """Row of `runs`."""
    stretches: Stretches
    n_faint: int
    """Runs below the floor."""
    n_other: int
    """Runs of guides that have a model of their own, which are not cut."""
    unknown: tuple[str, ...]
    """Runs whose coupling is not known, by reason, in words."""
    estimated: tuple[str, ...]
    """Runs whose coupling is an estimate, by reason, in words."""

    def __len__(self) -> int:
        return len(self.run)

    def blocks(self) -> core.Blocks:
        """Return the four-ports; ports a1, a2, b1, b2, of which a1 and b1 lie side by side."""
        return core.Blocks(len(self), 4, self._evaluate)

    def _evaluate(self, rows: core.Rows) -> Complexes:
        straight, across = self.stretches.at(rows)
        s = np.zeros((*straight.shape, 4, 4), dtype=np.complex128)
        for out, start, value in (
            (1, 0, straight),
            (2 + 1, 0, across),
            (1, 2, -np.conj(across)),
            (2 + 1, 2, np.conj(straight)),
        ):
            s[..., out, start] = value
            s[..., start, out] = value
        return s


def place_runs(
    model: CircuitModel,
    wl_um: Floats,
    guides: Bools,
    *,
    floor_db: float = FLOOR_DB,
    edge_bias_nm: float = 0.0,
    core_between: Bools | None = None,
) -> PlacedRuns:
    """Return the couplers of all runs between guides that count.

    Parameters
    ----------
    model, wl_um
        The circuit, and the wavelengths at which it is solved.
    guides
        Mask over `waveguides`: those that stand in the circuit as guides and can be cut.
    floor_db
        Pairs of ways that couple less at every wavelength are left out and counted.
    edge_bias_nm, core_between
        As for `waveguard.analyses.crosstalk.crosstalk`.
    """
    tables = model.tables
    runs = tables.runs
    ends = np.unique([float(wl_um[0]), float(wl_um[-1])])
    found = [
        crosstalk(
            tables,
            model.cross_sections,
            model.pdk,
            wavelength_um=float(wl),
            edge_bias_nm=edge_bias_nm,
            core_between=core_between,
        )
        for wl in ends
    ]
    unknown = np.any([one.state == NOT_EVALUATED for one in found], axis=0) if len(runs) else np.zeros(0, dtype=bool)
    cut = guides[runs.waveguide_a] & guides[runs.waveguide_b]
    counts = np.any([_level_db(model, one) >= floor_db for one in found], axis=0) & ~unknown
    rows = np.flatnonzero(cut & counts)
    band = _nodes(ends)
    samples = [
        run_samples(tables, model.cross_sections, model.pdk, rows, wavelength_um=float(wl), edge_bias_nm=edge_bias_nm)
        for wl in band
    ]
    theta = np.max([np.nan_to_num(one.theta_rad) for one in found], axis=0) if len(runs) else np.zeros(0)
    steps = _steps(model, rows, theta)
    stretches = stretches_of(band, samples, steps, wl_um)
    place_a, place_b = _places(model, samples[0], stretches)
    run = rows[stretches.owner]
    a, b = runs.waveguide_a[run], runs.waveguide_b[run]
    length_um = nm_to_um(tables.waveguides.centerline_length_nm)
    return PlacedRuns(
        guide_a=a,
        place_a_um=np.clip(place_a, 0.0, length_um[a]),
        guide_b=b,
        place_b_um=np.clip(place_b, 0.0, length_um[b]),
        against=runs.other_end_nm[run] < runs.other_start_nm[run],
        run=run,
        stretches=stretches,
        n_faint=int((~counts & ~unknown).sum()),
        n_other=int((counts & ~cut).sum()),
        unknown=_in_words(found, unknown),
        estimated=_in_words(found, np.isin(np.arange(len(runs)), rows)),
    )


def _level_db(model: CircuitModel, found: CrosstalkResult) -> Floats:
    """Return, by run, the most that can cross between its pair of ways: all their runs in phase."""
    ways = pairs_of_ways(model.tables)
    n = int(ways.max()) + 1 if len(ways) else 0
    whole = np.bincount(ways, np.nan_to_num(found.theta_rad), minlength=n)
    most = np.zeros(n)
    np.maximum.at(most, ways, np.nan_to_num(found.most_share))
    return np.asarray(ratio_to_db(np.minimum(np.sin(np.minimum(whole, math.pi / 2)) ** 2, most))[ways])


def _nodes(ends: Floats) -> Floats:
    """Return wavelengths at which couplings are worked out; what lies between follows a polynomial through them."""
    if len(ends) == 1:
        return ends
    n = 3 if ends[1] - ends[0] < 0.08 else 5
    return np.asarray(np.linspace(ends[0], ends[1], n))


def _in_words(found: list[CrosstalkResult], which: Bools) -> tuple[str, ...]:
    """Return the reasons given for some runs at the first wavelength that gives one, counted."""
    reasons: Counter[str] = Counter()
    for row in np.flatnonzero(which).tolist():
        reason = next((one.reason[row] for one in found if one.reason[row]), "")
        if reason:
            reasons[reason] += 1
    ordered = sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
    return tuple(f"{n:,} parallel runs: {text}" if n > 1 else f"1 parallel run: {text}" for text, n in ordered)


def _steps(model: CircuitModel, rows: Ints, theta: Floats) -> Ints:
    """Return into how many couplers each run is cut: one, unless it shares a stretch of guide with other runs.

    A run between two turns of one guide overlaps with itself; its couplers are no longer than the way from one turn to
    the next, or light could not pass several of them in a row.
    """
    runs = model.tables.runs
    steps = np.ones(len(rows), dtype=np.int64)
    guide = np.concatenate([runs.waveguide_a[rows], runs.waveguide_b[rows]])
    other = np.sort(np.stack([runs.other_start_nm[rows], runs.other_end_nm[rows]]), axis=0)
    low = np.concatenate([runs.start_nm[rows], other[0]])
    high = np.concatenate([runs.start_nm[rows] + runs.length_nm[rows], other[1]])
    shared = _shared(guide, low, high).reshape(2, -1).any(axis=0)
    many = shared & (theta[rows] > FAINT_RAD)
    steps[many] = np.ceil(theta[rows[many]] / STEP_RAD).astype(np.int64)
    own = np.flatnonzero(runs.waveguide_a[rows] == runs.waveguide_b[rows])
    if len(own):
        row = rows[own]
        along = np.abs(
            np.stack(
                [
                    runs.other_start_nm[row] - runs.start_nm[row],
                    runs.other_end_nm[row] - runs.start_nm[row] - runs.length_nm[row],
                ]
            )
        ).min(axis=0)
        turns = np.ceil(runs.length_nm[row] / np.maximum(along, 1.0)).astype(np.int64)
        steps[own] = np.maximum(steps[own], turns)
    return np.minimum(steps, MAX_STEPS)


def _shared(guide: Ints, low: Floats, high: Floats) -> Bools:
    """Return which intervals overlap with another one on the same guide."""
    order = np.lexsort((low, guide))
    result = np.zeros(len(guide), dtype=bool)
    reach, last, holder = -math.inf, -1, -1
    for k in order.tolist():
        if guide[k] != last:
            reach, last, holder = -math.inf, int(guide[k]), -1
        if low[k] < reach:
            result[k] = result[holder] = True
        if high[k] > reach:
            reach, holder = float(high[k]), k
    return result


def _places(model: CircuitModel, samples: RunSamples, stretches: Stretches) -> tuple[Floats, Floats]:
    """Return where each coupler stands along both guides, in um.

    What lies side by side is seen from the middle between the two guides. Square to the first one, where a run was
    sampled, the second would be met too far out wherever the gap opens: by half of the pitch times the slope.
    """
    runs, profile, guides = model.tables.runs, model.tables.run_profile, model.tables.waveguides
    place_a, place_b = np.zeros(len(stretches)), np.zeros(len(stretches))
    first = np.searchsorted(stretches.owner, np.arange(len(samples.rows) + 1))
    for k, row in enumerate(samples.rows.tolist()):
        mine = slice(int(first[k]), int(first[k + 1]))
        at = slice(int(runs.profile_start[row]), int(runs.profile_start[row] + runs.profile_count[row]))
        gap_nm, step_nm = profile.gap_nm[at], profile.step_nm[at]
        width_nm = (guides.width_a_nm[runs.waveguide_a[row]] + guides.width_a_nm[runs.waveguide_b[row]]) / 2
        slope = slopes(gap_nm, step_nm, np.zeros(1, dtype=np.int64), np.array([len(gap_nm)]))
        along_nm = runs.start_nm[row] + np.cumsum(step_nm) - step_nm / 2
        other_nm = np.nan_to_num(profile.other_step_nm[at], nan=0.0)
        span_nm = float(runs.other_end_nm[row] - runs.other_start_nm[row])
        scale = span_nm / max(float(other_nm.sum()), 1e-9)
        beside_nm = runs.other_start_nm[row] + scale * (np.cumsum(other_nm) - other_nm / 2)
        beside_nm -= math.copysign(1.0, span_nm) * (gap_nm + width_nm) * slope / 2
        own = samples.step_um[samples.start[k] : samples.start[k] + samples.count[k]]
        seen_um = np.cumsum(own) - own / 2
        place_a[mine] = nm_to_um(_through(seen_um, along_nm, stretches.middle_um[mine]))
        place_b[mine] = nm_to_um(_through(seen_um, beside_nm, stretches.middle_um[mine]))
    return place_a, place_b


def _through(x: Floats, y: Floats, at: Floats) -> Floats:
    """Return values between points, and on the last lines beyond them."""
    if len(x) == 1:
        return np.full(len(at), float(y[0]))
    k = np.clip(np.searchsorted(x, at), 1, len(x) - 1)
    share = (at - x[k - 1]) / (x[k] - x[k - 1])
    return np.asarray(y[k - 1] + share * (y[k] - y[k - 1]))
