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

from waveguard.models import coupled
from waveguard.units import db_to_ratio, nm_to_cm, nm_to_um, ratio_to_db, um_to_nm

if TYPE_CHECKING:
    from waveguard.pdk.schema import Coupling, CrossSection, Pdk
    from waveguard.tables import Tables

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

EVALUATED, ESTIMATED, NOT_EVALUATED = 0, 1, 2
SMOOTHING_NM = 20_000.0
"""Length over which the mismatch of two bent guides is averaged: several corners of their centre-lines."""
NEGLIGIBLE_PHASE_RAD = 0.01
"""Guides that drift apart by less over a whole run couple as equal ones."""
NEGLIGIBLE_THETA_RAD = 1e-6
"""Below this (-120 dB) the mismatch, which could only lower it, is not worth its time."""
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


def crosstalk(tables: Tables, cross_sections: Sequence[CrossSection], pdk: Pdk) -> CrosstalkResult:
    """Evaluate all runs of an extraction.

    Parameters
    ----------
    tables
        Waveguides, runs and the samples of their gaps.
    cross_sections
        What the columns `cross_section` count.
    pdk
        Coupling tables.
    """
    work = _Work(tables, cross_sections, pdk)
    pairs = work.pairs()
    for a, b in np.unique(pairs, axis=0).tolist() if len(pairs) else []:
        work.evaluate(a, b, np.flatnonzero((pairs[:, 0] == a) & (pairs[:, 1] == b)))
    return work.result()


class _Work:
    """Result under construction; runs of one pair of cross-sections are evaluated together."""

    def __init__(self, tables: Tables, cross_sections: Sequence[CrossSection], pdk: Pdk) -> None:
        self.tables, self.sections, self.pdk = tables, cross_sections, pdk
        n = len(tables.runs)
        self.crossed = np.full(n, np.nan)
        self.bound = np.full(n, np.nan)
        self.theta_rad = np.full(n, np.nan)
        self.state = np.full(n, NOT_EVALUATED, dtype=np.uint8)
        self.reasons: list[list[str]] = [[] for _ in range(n)]
        self.used: set[str] = set()

    def pairs(self) -> Ints:
        """Return the cross-sections of both guides of each run, the lower first."""
        runs, guides = self.tables.runs, self.tables.waveguides
        both = np.stack([guides.cross_section[runs.waveguide_a], guides.cross_section[runs.waveguide_b]], axis=1)
        return np.sort(both, axis=1)

    def refuse(self, rows: Ints, reason: str) -> None:
        """Mark runs as not evaluated."""
        self.state[rows] = NOT_EVALUATED
        for row in rows.tolist():
            self.reasons[row].append(reason)

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
        if first.wavelength_um != second.wavelength_um or not shared:
            self.refuse(rows, f"{first.name} and {second.name} are for different light")
            return
        if first.cores != second.cores:
            self.refuse(rows, f"{first.name} and {second.name} have different cores")
            return
        found = [(one, self._table(one)) for one in dict.fromkeys((first.name, second.name))]
        for name, table in found:
            if table is None:
                self.refuse(rows, f"the PDK has no coupling table for {name}")
                return
        tables = [table for _, table in found if table is not None]
        self.state[rows] = EVALUATED
        at, start, count = self._samples(rows)
        profile = self.tables.run_profile
        gap_nm, step_nm = profile.gap_nm[at], profile.step_nm[at]
        owner = np.repeat(np.arange(len(rows)), count)
        below = np.zeros(len(gap_nm), dtype=bool)
        beyond = np.zeros(len(gap_nm), dtype=bool)
        log_kappa = np.zeros(len(gap_nm))
        for table in tables:
            below |= (gap_nm < table.min_gap_nm) | ~np.isfinite(gap_nm)
            beyond |= gap_nm > table.max_gap_nm
            log_kappa += np.log(table.kappa(gap_nm)) / len(tables)
        kappa, step_um = np.exp(log_kappa), nm_to_um(step_nm)
        theta = np.asarray(np.bincount(owner, kappa * step_um, minlength=len(rows)), dtype=np.float64)
        self.used |= {f"cross_sections.{one.name}.n_eff" for one in (first, second)}
        if first.name != second.name:
            self.estimate(rows, "unequal guides: geometric mean of both coupling tables")
        crossed = coupled.equal_guides(theta_rad=theta)
        bound = np.where(theta > math.pi / 2, 1.0, crossed)
        delta = self._mismatch(rows, profile.other_step_nm[at] / step_nm, step_nm, owner)
        phase_rad = np.bincount(owner, np.abs(delta) * step_um, minlength=len(rows))
        bent = np.flatnonzero((phase_rad > NEGLIGIBLE_PHASE_RAD) & (theta > NEGLIGIBLE_THETA_RAD))
        if len(bent):
            crossed[bent], bound[bent] = coupled.unequal_guides(
                kappa_per_um=kappa, delta_per_um=delta, step_um=step_um, first=start[bent], count=count[bent]
            )
        floor = self._floor(first, second, rows)
        self.theta_rad[rows] = theta
        self.crossed[rows] = np.minimum(crossed + floor, 1.0)
        self.bound[rows] = np.minimum(bound + floor, 1.0)
        far = np.bincount(owner, np.where(beyond, kappa * step_um, 0.0), minlength=len(rows)) > NEGLIGIBLE_SHARE * theta
        near = np.bincount(owner, below, minlength=len(rows)) > 0
        self._mark(rows[far], rows[near])
        self._mark_widths(rows, first, second)

    def _table(self, section: str) -> Coupling | None:
        use = next(one.coupling for one in self.sections if one.name == section)
        if use is None:
            return None
        self.used |= {f"cross_sections.{section}.coupling", f"couplings.{use.table}"}
        return self.pdk.coupling(use.table)

    def _samples(self, rows: Ints) -> tuple[Ints, Ints, Ints]:
        """Return the samples of some runs one after the other, and where those of each begin and how many they are."""
        runs = self.tables.runs
        count = runs.profile_count[rows]
        start = np.concatenate([[0], np.cumsum(count)])[:-1]
        at = np.repeat(runs.profile_start[rows] - start, count) + np.arange(int(count.sum()))
        return at, start, count

    def _mismatch(self, rows: Ints, ratio: Floats, step_nm: Floats, owner: Ints) -> Floats:
        """Return delta of each sample: unlike guides, and one longer than the other, smoothed along each run.

        Both parts have a sign, by which of the two guides is the neighbour: a slower guide on the inside of a bend can
        keep step with a faster one outside.
        """
        runs, sections = self.tables.runs, self.tables.waveguides.cross_section
        n_eff = np.array([section.n_eff.value for section in self.sections])
        delta = coupled.mismatch(
            n_eff=n_eff[sections[runs.waveguide_a[rows]]][owner],
            n_eff_other=n_eff[sections[runs.waveguide_b[rows]]][owner],
            wavelength_um=self.sections[int(sections[runs.waveguide_a[rows[0]]])].wavelength_um,
            other_per_own=np.nan_to_num(ratio, nan=1.0),
        )
        if not len(delta):
            return delta
        # Centre-lines are polylines: all of a turn's mismatch falls on their corners.
        reach = np.maximum((SMOOTHING_NM / 2 / step_nm).astype(np.int64), 1)
        first = np.searchsorted(owner, owner, side="left")
        last = np.searchsorted(owner, owner, side="right")
        k = np.arange(len(delta))
        low, high = np.maximum(k - reach, first), np.minimum(k + reach + 1, last)
        total = np.concatenate([[0.0], np.cumsum(delta)])
        return np.asarray((total[high] - total[low]) / (high - low))

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

    def _mark_widths(self, rows: Ints, first: CrossSection, second: CrossSection) -> None:
        """Coupling tables hold for the nominal width; a wider guide couples less."""
        runs, guides = self.tables.runs, self.tables.waveguides
        off = np.zeros(len(rows), dtype=bool)
        for side in (runs.waveguide_a[rows], runs.waveguide_b[rows]):
            own = guides.cross_section[side]
            nominal_nm = np.array([um_to_nm(section.width_um.value) for section in self.sections])[own]
            for width_nm in (guides.width_a_nm[side], guides.width_b_nm[side]):
                off |= np.abs(width_nm - nominal_nm) > self.pdk.limits.joint_width_nm.value
        names = " and ".join(dict.fromkeys((first.name, second.name)))
        self.estimate(rows[off], f"the coupling table holds for the nominal width of {names}")

    def result(self) -> CrosstalkResult:
        """Return the result, with the sums over aggressors."""
        runs = self.tables.runs
        n = len(self.tables.waveguides)
        other = runs.waveguide_a != runs.waveguide_b
        sums, state = np.zeros(n), np.zeros(n, dtype=np.uint8)
        for side in (runs.waveguide_a, runs.waveguide_b):
            sums += np.bincount(side[other], np.nan_to_num(self.bound[other]), minlength=n)
            np.maximum.at(state, side[other], self.state[other])
        assumed = tuple(path for path in self.pdk.assumed() if path.startswith(tuple(sorted(self.used))))
        return CrosstalkResult(
            coupled_db=ratio_to_db(self.crossed),
            bound_db=ratio_to_db(self.bound),
            theta_rad=self.theta_rad,
            state=self.state,
            reason=tuple("; ".join(dict.fromkeys(reasons)) for reasons in self.reasons),
            victim_db=ratio_to_db(sums),
            victim_state=state,
            assumed=assumed if self.used else (),
        )
