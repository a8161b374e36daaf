"""Coupling coefficient of two parallel guides over gap, width and wavelength, and where it may be believed.

ln kappa is nearly straight in the gap, so each solved section (one width, one wavelength) is a monotone cubic through
the logarithms of its points; between sections ln kappa is linear in width and in wavelength. The fact a newcomer would
get wrong: outside of what was solved there is no number. `outside` says why, and who prints a kappa asks it first.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

NARROW_WEIGHT = 0.2
"""Weight of the narrower guide in ln kappa of an unequal pair: fits 500 nm beside 480 and 450 nm, gaps of 200 and
300 nm (full-vector finite elements), within 4 %."""
UM_PER_NM = 1e-3
SAME_WAVELENGTH_UM = 1e-6


@dataclass(frozen=True)
class Section:
    """Solved pairs of equal guides of one width at one wavelength."""

    width_um: float
    wavelength_um: float
    gap_nm: tuple[float, ...]
    """Increasing; at least two."""
    kappa_per_um: tuple[float, ...]

    @cached_property
    def _slopes(self) -> Floats:
        return monotone_slopes(np.asarray(self.gap_nm), np.log(np.asarray(self.kappa_per_um)))

    def log_kappa(self, gap_nm: Floats) -> Floats:
        """Return ln kappa, kappa in 1/um; the end slopes are carried on outside the points."""
        return hermite(np.asarray(self.gap_nm), np.log(np.asarray(self.kappa_per_um)), self._slopes, gap_nm)


@dataclass(frozen=True)
class Surface:
    """All solved sections of one kind of guide (film, cladding, mode), with the range in which they hold."""

    name: str
    sections: tuple[Section, ...]
    min_gap_nm: float
    max_gap_nm: float
    width_margin_um: float = 0.0
    """How far widths may lie beyond the solved ones."""
    wavelength_margin_um: float = 0.0
    """How far wavelengths may lie beyond the solved ones."""
    sigma_relative: float = 0.0
    """Standard deviation of kappa as a share of it, from comparison with fabricated couplers."""
    _by_wavelength: dict[float, tuple[Section, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        found: dict[float, list[Section]] = {}
        for section in sorted(self.sections, key=lambda one: (one.wavelength_um, one.width_um)):
            found.setdefault(section.wavelength_um, []).append(section)
        object.__setattr__(self, "_by_wavelength", {key: tuple(value) for key, value in found.items()})

    def kappa(self, *, gap_nm: Floats, width_um: npt.ArrayLike, wavelength_um: float) -> Floats:
        """Return kappa in 1/um of two guides of that width; outside the range the slopes are carried on."""
        gap = np.asarray(gap_nm, dtype=np.float64)
        width = np.broadcast_to(np.asarray(width_um, dtype=np.float64), gap.shape)
        nearest, below, above = self._around(wavelength_um)
        log = self._at(nearest, gap, width)
        if above != below and wavelength_um != nearest:
            # Widths solved at one of the two wavelengths only take the slope of the nearest width solved at both.
            shared = np.clip(width, *self._shared(below, above))
            slope = (self._at(above, gap, shared) - self._at(below, gap, shared)) / (above - below)
            log = log + (wavelength_um - nearest) * slope
        return np.asarray(np.exp(log))

    def pair_kappa(
        self, *, gap_nm: Floats, width_um: npt.ArrayLike, other_width_um: npt.ArrayLike, wavelength_um: float
    ) -> Floats:
        """Return kappa of two guides of two widths: nearly that of the wider one, see `NARROW_WEIGHT`."""
        one, other = np.asarray(width_um, dtype=np.float64), np.asarray(other_width_um, dtype=np.float64)
        wide = self.kappa(gap_nm=gap_nm, width_um=np.maximum(one, other), wavelength_um=wavelength_um)
        if np.array_equal(one, other):
            return wide
        narrow = self.kappa(gap_nm=gap_nm, width_um=np.minimum(one, other), wavelength_um=wavelength_um)
        return np.asarray(wide ** (1.0 - NARROW_WEIGHT) * narrow**NARROW_WEIGHT)

    def outside(self, *, width_um: float, wavelength_um: float) -> str:
        """Return why guides of this width at this wavelength are outside the model; empty when they are inside."""
        waves = list(self._by_wavelength)
        if not waves[0] - self.wavelength_margin_um <= wavelength_um <= waves[-1] + self.wavelength_margin_um:
            return (
                f"{wavelength_um:g} um is outside the wavelengths of {self.name} "
                f"({waves[0] - self.wavelength_margin_um:g} to {waves[-1] + self.wavelength_margin_um:g} um)"
            )
        narrowest, widest = self.widths_um(wavelength_um)
        if not narrowest - self.width_margin_um <= width_um <= widest + self.width_margin_um:
            return (
                f"{width_um * 1e3:.0f} nm is outside the widths of {self.name} at {wavelength_um:g} um "
                f"({(narrowest - self.width_margin_um) * 1e3:.0f} to {(widest + self.width_margin_um) * 1e3:.0f} nm)"
            )
        return ""

    def gap_outside(self, gap_nm: Floats) -> tuple[Bools, Bools]:
        """Return which gaps are below and which beyond what was solved; unknown gaps count as below."""
        return ~(gap_nm >= self.min_gap_nm), gap_nm > self.max_gap_nm

    def widths_um(self, wavelength_um: float) -> tuple[float, float]:
        """Return the narrowest and the widest guide solved: near a wavelength, or on both sides of it."""
        nearest, below, above = self._around(wavelength_um)
        if abs(nearest - wavelength_um) <= max(self.wavelength_margin_um, SAME_WAVELENGTH_UM):
            return self._by_wavelength[nearest][0].width_um, self._by_wavelength[nearest][-1].width_um
        return self._shared(below, above)

    def _shared(self, below: float, above: float) -> tuple[float, float]:
        ends = [(own[0].width_um, own[-1].width_um) for own in (self._by_wavelength[below], self._by_wavelength[above])]
        return max(end[0] for end in ends), min(end[1] for end in ends)

    def _around(self, wavelength_um: float) -> tuple[float, float, float]:
        """Return the solved wavelength nearest to one, and the two on both sides (at an end, the last two)."""
        waves = list(self._by_wavelength)
        nearest = min(waves, key=lambda one: abs(one - wavelength_um))
        if len(waves) == 1:
            return nearest, nearest, nearest
        k = min(max(int(np.searchsorted(waves, wavelength_um)), 1), len(waves) - 1)
        return nearest, waves[k - 1], waves[k]

    def _at(self, wavelength_um: float, gap_nm: Floats, width_um: Floats) -> Floats:
        own = self._by_wavelength[wavelength_um]
        logs = [section.log_kappa(gap_nm) for section in own]
        if len(own) == 1:
            return logs[0]
        widths = np.asarray([section.width_um for section in own])
        k = np.clip(np.searchsorted(widths, width_um), 1, len(own) - 1)
        share = (width_um - widths[k - 1]) / (widths[k] - widths[k - 1])
        stacked = np.stack(logs)
        at = np.indices(gap_nm.shape, sparse=True)
        low, high = stacked[(k - 1, *at)], stacked[(k, *at)]
        return np.asarray(low + share * (high - low))


def single(
    name: str, *, width_um: float, wavelength_um: float, gap_nm: Sequence[float], kappa_per_um: Sequence[float]
) -> Surface:
    """Return the surface of one solved section: it holds for its own width and wavelength only."""
    section = Section(width_um, wavelength_um, tuple(gap_nm), tuple(kappa_per_um))
    return Surface(name, (section,), min(gap_nm), max(gap_nm))


def monotone_slopes(x: Floats, y: Floats) -> Floats:
    """Return the slopes at the points of a piecewise cubic that is monotone where the points are (Fritsch-Carlson).

    Inside: the weighted harmonic mean of the slopes on both sides; at the ends the parabola through three points, kept
    from turning round.
    """
    h, d = np.diff(x), np.diff(y) / np.diff(x)
    if len(x) == 2:
        return np.asarray([d[0], d[0]])
    slopes = np.zeros(len(x))
    a, b = 2 * h[1:] + h[:-1], h[1:] + 2 * h[:-1]
    same = d[:-1] * d[1:] > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        slopes[1:-1] = np.where(same, (a + b) / (a / d[:-1] + b / d[1:]), 0.0)
    for end, (h0, h1, d0, d1) in ((0, (h[0], h[1], d[0], d[1])), (-1, (h[-1], h[-2], d[-1], d[-2]))):
        slope = ((2 * h0 + h1) * d0 - h0 * d1) / (h0 + h1)
        if slope * d0 <= 0:
            slope = 0.0
        elif d0 * d1 <= 0 and abs(slope) > 3 * abs(d0):
            slope = 3 * d0
        slopes[end] = slope
    return slopes


def hermite(x: Floats, y: Floats, slopes: Floats, at: Floats) -> Floats:
    """Return the piecewise cubic of points and slopes; outside, the tangent of the end."""
    where = np.asarray(at, dtype=np.float64)
    k = np.clip(np.searchsorted(x, where, side="right"), 1, len(x) - 1)
    h = x[k] - x[k - 1]
    t = np.clip((where - x[k - 1]) / h, 0.0, 1.0)
    inside = (
        (1 + 2 * t) * (1 - t) ** 2 * y[k - 1]
        + t * (1 - t) ** 2 * h * slopes[k - 1]
        + t**2 * (3 - 2 * t) * y[k]
        + t**2 * (t - 1) * h * slopes[k]
    )
    before = np.minimum(where - x[0], 0.0) * slopes[0]
    behind = np.maximum(where - x[-1], 0.0) * slopes[-1]
    return np.asarray(inside + before + behind)


def ring_beside_guide(
    surface: Surface,
    *,
    radius_um: float,
    gap_nm: float,
    width_um: float,
    wavelength_um: float,
    n_eff: float,
    bend_shift_um2: float = 0.0,
) -> complex:
    """Return theta of a point coupler: a ring of that centre radius beside a straight guide of the same width.

    The local integral of kappa over the gap across the straight guide. Two things a bend does: its light lies
    `bend_shift_um2`/radius outside of its middle, so nearer to the guide; and seen from the middle between the two, one
    of them is the outer lane of a bend of twice the radius, which is their mismatch. Power across is sin²|theta|.

    Against 48 three-dimensional simulations (SiEPIC EBeam PDK, point_coupler_for_ring, 3 to 10 um, 100 to 200 nm):
    within 7 %, from 5 um on within 5 %.
    """
    outer_um = radius_um + width_um / 2
    z = np.linspace(-0.9 * outer_um, 0.9 * outer_um, 4001)
    gap = gap_nm + (outer_um - np.sqrt(outer_um**2 - z**2)) / UM_PER_NM
    kappa = surface.kappa(
        gap_nm=effective_gap_nm(gap_nm=gap, relative_curvature_per_um=1 / radius_um, bend_shift_um2=bend_shift_um2),
        width_um=width_um,
        wavelength_um=wavelength_um,
    )
    kappa[gap > surface.max_gap_nm] = 0.0
    delta = bend_mismatch_per_um(
        n_eff=np.full(len(z), n_eff),
        wavelength_um=wavelength_um,
        pitch_um=gap * UM_PER_NM + width_um,
        mean_curvature_per_um=0.5 / radius_um,
    )
    return local_integral(kappa_per_um=kappa, delta_per_um=delta, step_um=np.full(len(z), z[1] - z[0]))


def effective_gap_nm(*, gap_nm: Floats, relative_curvature_per_um: npt.ArrayLike, bend_shift_um2: float) -> Floats:
    """Return the gap between the lights of two guides: bends that turn away from each other lean towards each other.

    The relative curvature is the second derivative of the gap: 1/R for a ring beside a straight guide, 1/R1 + 1/R2 for
    two that turn away, none for concentric turns, whose lights are shifted alike.
    """
    shift_nm = bend_shift_um2 * np.asarray(relative_curvature_per_um, dtype=np.float64) / UM_PER_NM
    return np.asarray(gap_nm - shift_nm)


def bend_mismatch_per_um(
    *, n_eff: Floats, wavelength_um: float, pitch_um: Floats, mean_curvature_per_um: npt.ArrayLike
) -> Floats:
    """Return delta of two lanes of one bend: half of beta times the share by which the outer one is longer."""
    return np.asarray(math.pi / wavelength_um * n_eff * pitch_um * np.asarray(mean_curvature_per_um, dtype=np.float64))


def local_integral(*, kappa_per_um: Floats, delta_per_um: Floats, step_um: Floats) -> complex:
    """Return ∫ kappa exp(2i ∫ delta dz) dz, the phase counted from the middle of the run."""
    phase = 2 * np.cumsum(delta_per_um * step_um)
    phase -= phase[len(phase) // 2] if len(phase) else 0.0
    return complex(np.sum(kappa_per_um * step_um * np.exp(1j * phase)))


def point_theta(*, kappa_per_um: float, decay_per_um: float, relative_curvature_per_um: float) -> float:
    """Return theta of two guides that touch nearest at one point and curve apart: kappa·sqrt(2π/(decay·curvature)).

    `decay_per_um` is -d ln kappa/dg there; the relative curvature is 1/R for a ring beside a straight guide and
    1/R1 + 1/R2 for two arcs that curve away from each other.
    """
    return kappa_per_um * math.sqrt(2 * math.pi / (decay_per_um * relative_curvature_per_um))
