"""Whether a grid of wavelengths is fine enough for the spectrum that is drawn through it.

Two signs, since neither sees all. The slope of the power at some wavelengths between those of the grid, from a second
one just beside each: light that comes by ways of unequal length makes fringes, with the slope of their true period even
where the grid makes another one of them. And the rings that are drawn: a narrow resonance may lie between two
wavelengths of a grid, but its width follows from the way round, its group index, and what is lost and coupled out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from waveguard.models.wdm import fsr_um
from waveguard.units import nm_to_um

if TYPE_CHECKING:
    from waveguard.circuit import CircuitModel
    from waveguard.fields.runs import PlacedRuns
    from waveguard.fields.sparameters import SParameters

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

BESIDE = 1e-8
"""Relative distance of the second wavelength: phases of ten metres of guide turn by less than a radian."""
GOLDEN = 0.618_033_988_749_895
LEAST_GRID, MOST_PROBES = 5, 32
"""Fewer wavelengths are no spectrum; and wavelengths at which slopes are looked at."""
PER_FRINGE = 8.0
"""Wavelengths that a fringe, from dip to dip, needs at least."""
PER_WIDTH = 3.0
"""Wavelengths that the width of a resonance needs."""
FAINT, EVEN = 1e-6, 0.01
"""Passages below -60 dB do not count, nor those that change by less than a percent."""


@dataclass(frozen=True)
class Needed:
    """The step that a spectrum needs."""

    step_um: float
    why: str


def with_probes(wl_um: Floats) -> tuple[Floats, Ints, Ints]:
    """Return a grid with pairs of wavelengths between some; where the grid stands in it, and the first of each pair.

    The pairs stand at uneven places, or a grid whose step is a number of whole fringes would see nothing move.
    """
    n = len(wl_um)
    if n < LEAST_GRID:
        return wl_um, np.arange(n), np.zeros(0, dtype=np.int64)
    chosen = np.unique(np.linspace(0, n - 2, min(MOST_PROBES, max(4, n // 6))).astype(np.int64))
    share = 0.1 + 0.8 * ((1 + np.arange(len(chosen))) * GOLDEN % 1.0)
    probe = wl_um[chosen] + share * (wl_um[chosen + 1] - wl_um[chosen])
    extended = np.unique(np.concatenate([wl_um, probe, probe * (1.0 + BESIDE)]))
    return extended, np.searchsorted(extended, wl_um), np.searchsorted(extended, probe)


def fringes(extended: SParameters, at: Ints) -> Needed | None:
    """Return the step that the fringes need, from amplitudes over a grid with probes; None where there are none."""
    if not len(at):
        return None
    power = np.abs(extended.s) ** 2
    slope = np.abs(power[at + 1] - power[at]) / (extended.wl_um[at + 1] - extended.wl_um[at])[:, None, None]
    swing = (power.max(axis=0) - power.min(axis=0)) / 2
    counts = (power.max(axis=0) > FAINT) & (swing > EVEN * power.max(axis=0))
    if not counts.any():
        return None
    with np.errstate(invalid="ignore", divide="ignore"):
        period_um = np.where(counts, 2 * math.pi * swing / slope.max(axis=0), np.inf)
    out, start = np.unravel_index(int(np.nanargmin(np.where(np.isnan(period_um), np.inf, period_um))), period_um.shape)
    fringe_um = float(period_um[out, start])
    wl0_um = float(extended.wl_um[len(extended.wl_um) // 2])
    ways = f"{extended.ports[int(start)]} to {extended.ports[int(out)]}"
    apart_mm = wl0_um**2 / fringe_um / 1e3
    return Needed(
        fringe_um / PER_FRINGE,
        f"light from {ways} changes as over fringes of {1e3 * fringe_um:.3g} nm (ways that differ by "
        f"{apart_mm:.3g} mm of group length)",
    )


def resonances(model: CircuitModel, runs: PlacedRuns, wl_um: Floats) -> Needed | None:
    """Return the step that the narrowest resonance of a drawn ring needs; None without a ring that couples."""
    tables = model.tables
    routes, guides = tables.routes, tables.waveguides
    closed = np.flatnonzero(routes.is_closed != 0) if len(routes) else np.zeros(0, dtype=np.int64)
    if not len(closed) or not len(runs):
        return None
    middle = np.array([len(wl_um) // 2])
    n = len(routes)
    passed, touched = _passed(runs, guides.route[runs.guide_a], guides.route[runs.guide_b], n, middle)
    loss_db = np.zeros(n)
    arcs = model.arcs
    rows = tables.devices.waveguide[arcs.device]
    once = (rows >= 0) & (arcs.start < arcs.end)
    np.add.at(loss_db, guides.route[rows[once]], arcs.loss_db[once])
    best: Needed | None = None
    for route in closed[touched[closed]].tolist():
        number = int(routes.cross_section[route])
        left = math.exp(float(passed[route])) * 10.0 ** (-float(loss_db[route]) / 20.0)
        if number < 0 or not 0.0 < left < 1.0:
            continue
        section = model.cross_sections[number]
        length_um = nm_to_um(float(routes.centerline_length_nm[route]))
        fsr = fsr_um(wavelength_um=float(wl_um[middle[0]]), n_g=section.n_g.value, length_um=length_um)
        width = min(fsr * (1.0 - left) / (math.pi * math.sqrt(left)), fsr / 2.0)
        if best is None or width / PER_WIDTH < best.step_um:
            best = Needed(
                width / PER_WIDTH,
                f"a ring of {length_um:.4g} um has resonances {1e6 * width:.3g} pm wide every {1e3 * fsr:.3g} nm",
            )
    return best


def _passed(runs: PlacedRuns, route_a: Ints, route_b: Ints, n: int, middle: Ints) -> tuple[Floats, Bools]:
    """Return, by route, the logarithm of the amplitude that its couplers leave in it, and which have couplers.

    The pieces of one coupler, in which a cut guide leaves it, add up as fields. A ring that couples to itself keeps its
    light.
    """
    apart = route_a != route_b
    low, high = np.minimum(route_a, route_b)[apart], np.maximum(route_a, route_b)[apart]
    angle = np.arcsin(np.minimum(np.abs(runs.stretches.at(middle)[1][apart, 0]), 1.0))
    pair, number = np.unique(low * n + high, return_inverse=True)
    left = np.log(np.maximum(np.abs(np.cos(np.bincount(number, angle, minlength=len(pair)))), 1e-12))
    passed, touched = np.zeros(n), np.zeros(n, dtype=bool)
    for side in (pair // n, pair % n):
        np.add.at(passed, side, left)
        touched[side] = True
    return passed, touched


def judged(found: SParameters, needs: list[Needed | None]) -> SParameters:
    """Return the result with the step that it needs, and a note where its grid is coarser."""
    known = [one for one in needs if one is not None]
    if not known or len(found.wl_um) < LEAST_GRID:
        return found
    finest = min(known, key=lambda one: one.step_um)
    step_um = float(np.diff(found.wl_um).max())
    if step_um <= finest.step_um:
        return replace(found, needed_step_um=finest.step_um)
    note = (
        f"the grid is too coarse for a spectrum: steps of {1e3 * step_um:.3g} nm, but {finest.why}; "
        f"take steps of {1e3 * finest.step_um:.2g} nm or less"
    )
    return replace(found, needed_step_um=finest.step_um, notes=(note, *found.notes))
