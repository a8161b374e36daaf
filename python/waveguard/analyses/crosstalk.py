"""Crosstalk between waveguides that run side by side.

Each run carries samples of its gap; the coupling table of the cross-section turns them into the power that crosses,
wrap-around included. Gaps beyond the table are extrapolated with its last slope and marked; gaps below it are not
evaluated, because nothing is known there. The fact a newcomer would get wrong: a run whose light has come back (theta
near π) is no quiet run; any drift of the process changes it, so sums over aggressors use the largest share along the
way once theta passes π/2. Turns of a spiral are of unequal length, which keeps them from coupling as straights do.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from waveguard.analyses.contact import contact_curvature, slopes, tails
from waveguard.analyses.coupling import PairModel, bend_shift_um2, surface_for
from waveguard.analyses.mismatch import mismatch_per_um
from waveguard.analyses.run_widths import widths_beside
from waveguard.analyses.ways import pairs_of_ways
from waveguard.models import coupled
from waveguard.models.kappa import effective_gap_nm
from waveguard.units import db_to_ratio, nm_to_cm, nm_to_um, per_nm_to_per_um, ratio_to_db, um_to_nm

if TYPE_CHECKING:
    from waveguard.pdk.schema import CrossSection, Pdk
    from waveguard.tables import Tables

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

EVALUATED, ESTIMATED, NOT_EVALUATED = 0, 1, 2
NEGLIGIBLE_WIDTH_UM = 1e-6
NEGLIGIBLE_PHASE_RAD = 0.01
"""Guides that drift apart by less over a whole run couple as equal ones."""
NEGLIGIBLE_THETA_RAD = 1e-6
"""Below this (-120 dB) the mismatch, which could only lower it, is not worth its time."""
OUTSIDE_MODEL = "outside the model's validity"
"""How a reason begins that gives no number because the guides are not those that were solved."""
NEGLIGIBLE_SHARE = 0.01
"""A stretch beyond the coupling table that adds less than this to theta does not make a run an estimate."""


@dataclass(frozen=True)
class CrosstalkResult:
    """Coupling of each row of `runs`, and what every guide receives."""

    coupled_db: Floats
    """Level of what has crossed at the end of the run, relative to the power in the other guide; NaN: not evaluated."""
    bound_db: Floats
    """Largest level along the run, once more than all light could have crossed; else as `coupled_db`."""
    theta_rad: Floats
    """Integral of kappa along the run, mismatch left out."""
    local_theta_rad: Floats
    """Size of the local integral ∫ kappa exp(2i ∫ delta ds) ds: what a mismatch leaves of theta, to first order."""
    most_share: Floats
    """Largest (kappa/S)² along the run: no more than this share of power can ever cross, whatever the phase."""
    leak_db: Floats
    """Share of each run in the bound of its pair of ways, so that the sum does not depend on how the ways were cut."""
    state: npt.NDArray[np.uint8]
    """0 evaluated, 1 estimated, 2 not evaluated."""
    reason: tuple[str, ...]
    """Why a run is estimated or not evaluated; empty for the others."""
    victim_db: Floats
    """By guide: sum of the power received from all other guides, each carrying the same power; -inf for none."""
    victim_state: npt.NDArray[np.uint8]
    """By guide: the worst state of its runs."""
    assumed: tuple[str, ...]
    """Key paths of PDK numbers without a source that were used."""


def crosstalk(
    tables: Tables,
    cross_sections: Sequence[CrossSection],
    pdk: Pdk,
    *,
    wavelength_um: float | None = None,
    edge_bias_nm: float = 0.0,
    core_between: npt.NDArray[np.bool_] | None = None,
) -> CrosstalkResult:
    """Evaluate all runs of an extraction.

    Parameters
    ----------
    tables
        Waveguides, runs and the samples of their gaps.
    cross_sections
        What the columns `cross_section` count.
    pdk
        Coupling tables.
    wavelength_um
        Of the light in all guides; that of each cross-section when None.
    edge_bias_nm
        How far the process moves every edge of a core outwards: guides get wider by twice that, gaps narrower.
    core_between
        By run: whether core material stands between the two guides, so that no table holds for them.
    """
    work = _Work(tables, cross_sections, pdk, wavelength_um, edge_bias_nm)
    work.evaluate_all(np.arange(len(tables.runs)))
    if core_between is not None:
        work.forget(np.flatnonzero(core_between), f"{OUTSIDE_MODEL}: core material stands between the guides")
    return work.result()


@dataclass(frozen=True)
class RunSamples:
    """Samples of the coupling of some runs, one run after the other."""

    rows: Ints
    """Rows of `runs`, increasing."""
    start: Ints
    """Where the samples of each run begin, and how many they are."""
    count: Ints
    kappa_per_um: Floats
    delta_per_um: Floats
    """Half of what the light of `waveguide_b` gains on that of `waveguide_a`."""
    step_um: Floats
    """Length that each sample stands for, along the middle between the two guides."""


def run_samples(
    tables: Tables,
    cross_sections: Sequence[CrossSection],
    pdk: Pdk,
    rows: Ints,
    *,
    wavelength_um: float,
    edge_bias_nm: float = 0.0,
) -> RunSamples:
    """Return the coupling along some runs at a wavelength; those without an answer are not among the rows returned."""
    work = _Work(tables, cross_sections, pdk, wavelength_um, edge_bias_nm)
    work.evaluate_all(rows)
    parts = work.samples
    all_rows = np.concatenate([np.zeros(0, dtype=np.int64), *(part.rows for part in parts)])
    count = np.concatenate([np.zeros(0, dtype=np.int64), *(part.count for part in parts)])
    order = np.argsort(all_rows, kind="stable")
    order = order[work.state[all_rows[order]] != NOT_EVALUATED]
    first = np.cumsum(count) - count
    chosen = count[order]
    start = np.cumsum(chosen) - chosen
    at = np.repeat(first[order] - start, chosen) + np.arange(int(chosen.sum()))
    columns = (
        np.concatenate([np.zeros(0), *(getattr(part, name) for part in parts)])[at]
        for name in ("kappa_per_um", "delta_per_um", "step_um")
    )
    return RunSamples(all_rows[order], start, chosen, *columns)


class _Work:
    """Result under construction; runs of one pair of cross-sections are evaluated together."""

    def __init__(
        self,
        tables: Tables,
        cross_sections: Sequence[CrossSection],
        pdk: Pdk,
        wavelength_um: float | None,
        edge_bias_nm: float,
    ) -> None:
        self.tables, self.sections, self.pdk = tables, cross_sections, pdk
        self.asked_um, self.bias_nm = wavelength_um, edge_bias_nm
        n = len(tables.runs)
        self.crossed = np.full(n, np.nan)
        self.bound = np.full(n, np.nan)
        self.theta_rad = np.full(n, np.nan)
        self.local_rad = np.full(n, np.nan)
        self.most_share = np.full(n, np.nan)
        self.scattered = np.full(n, np.nan)
        self.state = np.full(n, NOT_EVALUATED, dtype=np.uint8)
        self.reasons: list[list[str]] = [[] for _ in range(n)]
        self.used: set[str] = set()
        self.samples: list[RunSamples] = []
        self.models = [surface_for(pdk, section) for section in cross_sections]
        self.beside = widths_beside(tables, np.arange(n))

    def evaluate_all(self, rows: Ints) -> None:
        """Evaluate some runs, those of one pair of cross-sections together."""
        runs, section = self.tables.runs, self.tables.waveguides.cross_section
        both = np.stack([section[runs.waveguide_a[rows]], section[runs.waveguide_b[rows]]], axis=1)
        pairs = np.sort(both, axis=1)
        for a, b in np.unique(pairs, axis=0).tolist() if len(pairs) else []:
            self.evaluate(a, b, rows[(pairs[:, 0] == a) & (pairs[:, 1] == b)])

    def refuse(self, rows: Ints, reason: str) -> None:
        """Mark runs as not evaluated."""
        self.state[rows] = NOT_EVALUATED
        for row in rows.tolist():
            self.reasons[row].append(reason)

    def forget(self, rows: Ints, reason: str) -> None:
        """Take back what was worked out for some runs."""
        for values in (self.crossed, self.bound, self.theta_rad, self.local_rad, self.most_share, self.scattered):
            values[rows] = np.nan
        for row in rows.tolist():
            self.reasons[row].clear()
        self.refuse(rows, reason)

    def estimate(self, rows: Ints, reason: str) -> None:
        """Mark runs as estimated."""
        self.state[rows] = np.maximum(self.state[rows], ESTIMATED)
        for row in rows.tolist():
            self.reasons[row].append(reason)

    def evaluate(self, a: int, b: int, rows: Ints) -> None:
        """Evaluate the runs between two cross-sections (one and the same, mostly)."""
        if a < 0 or b < 0:
            self.refuse(rows, "no cross-section of the PDK fits a guide")
            return
        first, second = self.sections[a], self.sections[b]
        shared = set(first.polarisation.split("-")) & set(second.polarisation.split("-"))
        if (self.asked_um is None and first.wavelength_um != second.wavelength_um) or not shared:
            self.refuse(rows, f"{first.name} and {second.name} are for different light")
            return
        if first.cores != second.cores:
            self.refuse(rows, f"{first.name} and {second.name} have different cores")
            return
        one, other = self.models[a], self.models[b]
        for section, model in ((first, one), (second, other)):
            if model is None:
                self.refuse(rows, f"the PDK has no coupling table for {section.name}")
                return
            self.used |= set(model.used)
        if one is None or other is None:
            return
        wavelength_um = self.asked_um if self.asked_um is not None else first.wavelength_um
        width_a, width_b = self._widths(rows)
        rows, inside = self._inside(rows, one, other, width_a, width_b, wavelength_um)
        width_a, width_b = width_a[inside], width_b[inside]
        if not len(rows):
            return
        self.state[rows] = EVALUATED
        at, start, count = self._samples(rows)
        profile, runs = self.tables.run_profile, self.tables.runs
        gap_nm, step_nm = profile.gap_nm[at] - 2 * self.bias_nm, profile.step_nm[at]
        owner = np.repeat(np.arange(len(rows)), count)
        curvature = contact_curvature(
            per_nm_to_per_um(runs.relative_curvature_per_nm[rows]), gap_nm, step_nm, start, count
        )
        slope = slopes(gap_nm, step_nm, start, count)
        # Lengths and curvatures as seen from the middle between the two: the same from whichever guide they were taken.
        ratio = np.nan_to_num(profile.other_step_nm[at] / step_nm, nan=1.0) * np.cos(np.arctan(slope))
        middle = (1.0 + ratio) / 2.0
        length_nm = np.maximum(np.bincount(owner, step_nm, minlength=len(rows)), 1e-9)
        mean_middle = np.bincount(owner, middle * step_nm, minlength=len(rows)) / length_nm
        # A run that is no single contact (a straight between bends) has a curvature of its own at each place.
        bend = slopes(np.arctan(slope), nm_to_um(step_nm), start, count)
        seen_curvature = np.where(
            curvature[owner] > 0.0,
            (curvature / np.maximum(mean_middle, 0.5) ** 2)[owner],
            bend / np.maximum(middle, 0.5) ** 2,
        )
        shift_um2 = max(bend_shift_um2(first), bend_shift_um2(second))
        near_nm = effective_gap_nm(gap_nm=gap_nm, relative_curvature_per_um=seen_curvature, bend_shift_um2=shift_um2)
        below, beyond = one.surface.gap_outside(gap_nm)
        kappa = _kappa(one, near_nm, width_a[owner], width_b[owner], wavelength_um)
        widest_um = min(model.widest_um(wavelength_um) for model in (one, other))
        wide = np.maximum(width_a, width_b) > widest_um + NEGLIGIBLE_WIDTH_UM
        if one.is_surface:
            self.estimate(rows[wide], "a guide is wider than those that were solved: coupling of the widest, a bound")
        if one.surface.name != other.surface.name:
            more_below, more_beyond = other.surface.gap_outside(gap_nm)
            below, beyond = below | more_below, beyond | more_beyond
            kappa = np.sqrt(kappa * _kappa(other, near_nm, width_a[owner], width_b[owner], wavelength_um))
            self.estimate(rows, "unequal guides: geometric mean of both coupling tables")
        elif first.name != second.name and not one.is_surface:
            self.estimate(rows, "unequal guides: the coupling table is that of equal ones")
        step_um = nm_to_um(step_nm)
        kappa = kappa * tails(kappa, near_nm, step_um, slope, curvature, start, count, self._parallel_rad())
        step_um = step_um * middle
        theta = np.asarray(np.bincount(owner, kappa * step_um, minlength=len(rows)), dtype=np.float64)
        self.used |= {f"cross_sections.{one.name}.n_eff" for one in (first, second)}
        crossed = coupled.equal_guides(theta_rad=theta)
        bound = np.where(theta > math.pi / 2, 1.0, crossed)
        delta = mismatch_per_um(
            *(self.tables, self.sections, self.pdk, rows, at, owner),
            ratio=ratio,
            curvature_per_um=bend,
            widths_um=(width_a, width_b),
            wavelength_um=wavelength_um,
        )
        self.samples.append(RunSamples(rows, start, count, kappa, delta, step_um))
        phase_rad = np.bincount(owner, np.abs(delta) * step_um, minlength=len(rows))
        bent = np.flatnonzero((phase_rad > NEGLIGIBLE_PHASE_RAD) & (theta > NEGLIGIBLE_THETA_RAD))
        if len(bent):
            crossed[bent], bound[bent] = coupled.unequal_guides(
                kappa_per_um=kappa, delta_per_um=delta, step_um=step_um, first=start[bent], count=count[bent]
            )
        floor = self._floor(first, second, rows)
        self.scattered[rows] = floor
        self.theta_rad[rows] = theta
        self.local_rad[rows] = np.abs(
            coupled.local_integrals(kappa_per_um=kappa, delta_per_um=delta, step_um=step_um, owner=owner, n=len(rows))
        )
        share = kappa**2 / np.maximum(kappa**2 + delta**2, np.finfo(np.float64).tiny)
        most = np.zeros(len(rows))
        np.maximum.at(most, owner, share)
        self.most_share[rows] = most
        self.crossed[rows] = np.minimum(crossed + floor, 1.0)
        self.bound[rows] = np.minimum(bound + floor, 1.0)
        far = np.bincount(owner, np.where(beyond, kappa * step_um, 0.0), minlength=len(rows)) > NEGLIGIBLE_SHARE * theta
        near = np.bincount(owner, below, minlength=len(rows)) > 0
        self._mark(rows[far], rows[near])
        self._mark_widths(rows, first, second, one)

    def _parallel_rad(self) -> float:
        return self.pdk.extraction.runs.parallel_rad

    def _widths(self, rows: Ints) -> tuple[Floats, Floats]:
        """Return the widths in um of both guides of each run, with the bias of the process: the smallest along the run.

        Widths that differ by no more than the grid and the error of measuring them are one width: guides drawn alike
        are not told apart by how they were rounded.
        """
        runs, guides = self.tables.runs, self.tables.waveguides
        a, b = runs.waveguide_a[rows], runs.waveguide_b[rows]
        tolerance_nm = self.pdk.limits.joint_width_nm.value + np.nan_to_num(
            guides.width_error_nm[a] + guides.width_error_nm[b]
        )
        widths = []
        for side, beside in zip((a, b), self.beside, strict=True):
            nominal = um_to_nm(np.array([section.width_um.value for section in self.sections]))
            own = nominal[guides.cross_section[side]]
            low, high = beside.narrowest_nm[rows], beside.widest_nm[rows]
            width_nm = np.where(high - low <= tolerance_nm, (high + low) / 2, low)
            unlike = np.abs(width_nm - own) > tolerance_nm
            widths.append(np.where(unlike, width_nm, own))
        same = np.abs(widths[0] - widths[1]) <= tolerance_nm
        mean = (widths[0] + widths[1]) / 2
        return tuple(nm_to_um(np.where(same, mean, width) + 2 * self.bias_nm) for width in widths)  # type: ignore[return-value]

    def _inside(
        self, rows: Ints, one: PairModel, other: PairModel, width_a: Floats, width_b: Floats, wavelength_um: float
    ) -> tuple[Ints, Ints]:
        """Return the runs whose guides the model was made for, and where they stand; the others are refused."""
        inside = np.ones(len(rows), dtype=bool)
        for model in (one, other):
            for width in (width_a, width_b):
                for value in np.unique(np.round(width, 4)).tolist():
                    reason = model.outside(width_um=value, wavelength_um=wavelength_um)
                    if reason:
                        out = inside & (np.round(width, 4) == value)
                        self.refuse(rows[out], f"{OUTSIDE_MODEL}: {reason}")
                        inside &= ~out
        return rows[inside], np.flatnonzero(inside)

    def _samples(self, rows: Ints) -> tuple[Ints, Ints, Ints]:
        """Return the samples of some runs one after the other, and where those of each begin and how many they are."""
        runs = self.tables.runs
        count = runs.profile_count[rows]
        start = np.concatenate([[0], np.cumsum(count)])[:-1]
        at = np.repeat(runs.profile_start[rows] - start, count) + np.arange(int(count.sum()))
        return at, start, count

    def _floor(self, first: CrossSection, second: CrossSection, rows: Ints) -> Floats:
        """Return the scattered power that arrives whatever the gap; 0 where the PDK states none."""
        floors = [one.scattering_floor_db_per_cm for one in (first, second)]
        stated = [floor.value for floor in floors if floor is not None]
        if not stated:
            return np.zeros(len(rows))
        self.used |= {f"cross_sections.{one.name}.scattering_floor_db_per_cm" for one in (first, second)}
        return np.asarray(db_to_ratio(max(stated)) * nm_to_cm(self.tables.runs.length_nm[rows]))

    def _mark(self, far: Ints, near: Ints) -> None:
        self.estimate(far, "the gap goes beyond the coupling table: last slope carried on")
        self.refuse(near, "the gap is below the coupling table")
        for values in (self.crossed, self.bound, self.theta_rad):
            values[near] = np.nan

    def _mark_widths(self, rows: Ints, first: CrossSection, second: CrossSection, model: PairModel) -> None:
        """Where the width changes, the narrowest place was taken; a lone table holds for its nominal width."""
        runs, guides = self.tables.runs, self.tables.waveguides
        off, tapers = np.zeros(len(rows), dtype=bool), np.zeros(len(rows), dtype=bool)
        sides = (runs.waveguide_a[rows], runs.waveguide_b[rows])
        for side, beside in zip(sides, self.beside, strict=True):
            own = guides.cross_section[side]
            nominal_nm = np.array([um_to_nm(section.width_um.value) for section in self.sections])[own]
            for width_nm in beside.ends_nm:
                off |= np.abs(width_nm[rows] + 2 * self.bias_nm - nominal_nm) > self.pdk.limits.joint_width_nm.value
            error = 2 * np.nan_to_num(guides.width_error_nm[side]) + self.pdk.limits.joint_width_nm.value
            tapers |= (beside.widest_nm - beside.narrowest_nm)[rows] > error
        names = " and ".join(dict.fromkeys((first.name, second.name)))
        if not model.is_surface:
            self.estimate(rows[off], f"the coupling table holds for the nominal width of {names}")
        self.estimate(rows[tapers], "the width of a guide changes: coupling of its narrowest place")

    def _leaks(self) -> Floats:
        """Return what each run adds to the crosstalk of its pair of ways.

        Pieces of one way couple with their fields, so the bound of a pair is that of the whole theta, at most the share
        that its mismatch lets across anywhere; each run stands for its part of theta. Scattering adds up as power.
        """
        ways = pairs_of_ways(self.tables)
        theta, share = np.nan_to_num(self.theta_rad), np.nan_to_num(self.most_share)
        floor = np.nan_to_num(self.scattered)
        n = int(ways.max()) + 1 if len(ways) else 0
        whole = np.bincount(ways, theta, minlength=n)
        most = np.zeros(n)
        np.maximum.at(most, ways, share)
        crossed = np.minimum(np.sin(np.minimum(whole, math.pi / 2)) ** 2, most)
        part = np.divide(theta, whole[ways], out=np.zeros(len(theta)), where=whole[ways] > 0.0)
        return np.asarray(np.where(np.isnan(self.theta_rad), np.nan, np.minimum(crossed[ways] * part + floor, 1.0)))

    def result(self) -> CrosstalkResult:
        """Return the result, with the sums over aggressors."""
        runs = self.tables.runs
        n = len(self.tables.waveguides)
        other = runs.waveguide_a != runs.waveguide_b
        sums, state = np.zeros(n), np.zeros(n, dtype=np.uint8)
        leak = self._leaks()
        for side in (runs.waveguide_a, runs.waveguide_b):
            sums += np.bincount(side[other], np.nan_to_num(leak[other]), minlength=n)
            np.maximum.at(state, side[other], self.state[other])
        assumed = tuple(path for path in self.pdk.assumed() if path.startswith(tuple(sorted(self.used))))
        return CrosstalkResult(
            coupled_db=ratio_to_db(self.crossed),
            bound_db=ratio_to_db(self.bound),
            theta_rad=self.theta_rad,
            local_theta_rad=self.local_rad,
            most_share=self.most_share,
            leak_db=ratio_to_db(leak),
            state=self.state,
            reason=tuple("; ".join(dict.fromkeys(reasons)) for reasons in self.reasons),
            victim_db=ratio_to_db(sums),
            victim_state=state,
            assumed=assumed if self.used else (),
        )


def _kappa(model: PairModel, gap_nm: Floats, width_um: Floats, other_width_um: Floats, wavelength_um: float) -> Floats:
    # Wider guides than the widest solved hold their light better.
    widest_um = model.widest_um(wavelength_um)
    return model.surface.pair_kappa(
        gap_nm=gap_nm,
        width_um=np.minimum(width_um, widest_um),
        other_width_um=np.minimum(other_width_um, widest_um),
        wavelength_um=wavelength_um,
    )
