"""Widths along guides: how loss and group index move with them, and what their changes cost.

A guide is a row of stretches, each of one width or going evenly from one to another. The fact a newcomer would get
wrong: a width that differs from that of its cross-section by no more than the grid is that of the cross-section.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from waveguard.assembly.index import slab_index
from waveguard.models import joint, widening
from waveguard.models.guide import GAUSS_PLACES, GAUSS_WEIGHTS
from waveguard.units import nm_to_um, um_to_nm

if TYPE_CHECKING:
    from waveguard.pdk.schema import CrossSection, Pdk
    from waveguard.tables import Tables

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

FOLLOWS_NM = 1.0
"""Tapers nearer than this follow each other without a break."""


@dataclass(frozen=True)
class Stretches:
    """Parts of guides over which the width is one, or changes evenly."""

    waveguide: Ints
    length_nm: Floats
    begin_width_nm: Floats
    end_width_nm: Floats


def stretches(tables: Tables, section: CrossSection, mine: Bools, tolerance_nm: float) -> Stretches:
    """Return the stretches of the guides in `mine` (a mask over `waveguides`), which belong to a cross-section."""
    guides, tapers = tables.waveguides, tables.tapers
    rows = np.flatnonzero(mine[tapers.waveguide]) if len(tapers) else np.zeros(0, dtype=np.int64)
    rows = rows[np.lexsort((tapers.start_nm[rows], tapers.waveguide[rows]))]
    owner = tapers.waveguide[rows]
    start, length = tapers.start_nm[rows], tapers.length_nm[rows]
    first = np.ones(len(rows), dtype=bool)
    first[1:] = owner[1:] != owner[:-1]
    last = np.append(first[1:], True) if len(rows) else first
    before = np.where(first, 0.0, np.roll(start + length, 1))
    begin, end = tapers.begin_width_nm[rows], tapers.end_width_nm[rows]
    plain = np.flatnonzero(mine & ~np.isin(np.arange(len(guides)), owner))
    width = np.fmax((guides.width_a_nm[plain] + guides.width_b_nm[plain]) / 2, 0.0)
    parts = (
        (owner, length, begin, end),
        (owner, np.maximum(start - before, 0.0), begin, begin),
        (
            owner[last],
            np.maximum(guides.centerline_length_nm[owner[last]] - (start + length)[last], 0.0),
            end[last],
            end[last],
        ),
        (plain, guides.centerline_length_nm[plain], width, width),
    )
    columns = [np.concatenate([part[k] for part in parts]) for k in range(4)]
    nominal_nm = float(um_to_nm(section.width_um.value))
    for k in (2, 3):
        # Unknown widths are those of the section.
        known = np.abs(columns[k] - nominal_nm) > tolerance_nm
        columns[k] = np.where(known, columns[k], nominal_nm)
    return Stretches(*columns)


def mean_along(found: Stretches, n_guides: int, of_width_um: Callable[[Floats], Floats]) -> Floats:
    """Return the mean of a function of the width along each guide; 1 for guides without a stretch."""
    value = np.zeros(len(found.length_nm))
    for place, weight in zip(GAUSS_PLACES, GAUSS_WEIGHTS, strict=True):
        width_nm = found.begin_width_nm + place * (found.end_width_nm - found.begin_width_nm)
        value += weight * of_width_um(nm_to_um(width_nm))
    total = np.bincount(found.waveguide, found.length_nm, minlength=n_guides)
    summed = np.bincount(found.waveguide, value * found.length_nm, minlength=n_guides)
    return np.divide(summed, total, out=np.ones(n_guides), where=total > 0.0)


def taper_loss(tables: Tables, pdk: Pdk, section: CrossSection, mine: Bools) -> tuple[Floats, int]:
    """Return the loss of the tapers of each guide in dB, and how many there are.

    It is NaN without a clad_index, and for slot guides, whose modes are not those of one core.
    """
    guides, tapers, n = tables.waveguides, tables.tapers, len(tables.waveguides)
    rows = np.flatnonzero(mine[tapers.waveguide]) if len(tapers) else np.zeros(0, dtype=np.int64)
    if not len(rows):
        return np.zeros(n), 0
    rows = rows[np.lexsort((tapers.start_nm[rows], tapers.waveguide[rows]))]
    owner, start = tapers.waveguide[rows], tapers.start_nm[rows]
    end = start + tapers.length_nm[rows]
    opens = np.ones(len(rows), dtype=bool)
    opens[1:] = (owner[1:] != owner[:-1]) | (start[1:] - end[:-1] > FOLLOWS_NM)
    group = np.cumsum(opens) - 1
    of_guide = owner[opens]
    if section.taper_loss_db is not None:
        each = np.full(len(of_guide), section.taper_loss_db.value)
        return np.asarray(np.bincount(of_guide, each, minlength=n), dtype=np.float64), len(of_guide)
    clad = pdk.process.clad_index
    if clad is None or section.slot is not None:
        return np.where(np.isin(np.arange(len(guides)), of_guide), np.nan, 0.0), len(of_guide)
    widths_um = [nm_to_um(one[rows]) for one in (tapers.begin_width_nm, tapers.end_width_nm)]
    smooth = widening.taper_db(
        begin_um=widths_um[0],
        end_um=widths_um[1],
        length_um=nm_to_um(tapers.length_nm[rows]),
        n_slab=slab_index(pdk, section),
        n_clad=clad.value,
        wavelength_um=section.wavelength_um,
        group=group,
    )
    radii = [
        joint.mode_radius_um(
            width_um=width, n_eff=section.n_eff.value, n_clad=clad.value, wavelength_um=section.wavelength_um
        )
        for width in widths_um
    ]
    # No taper loses more than the steps that would stand in its place, which are those of a joint.
    steps = np.bincount(group, joint.width_step_db(radius_um=radii[0], other_radius_um=radii[1]))
    total = np.bincount(of_guide, np.minimum(smooth, steps), minlength=n)
    return np.asarray(total, dtype=np.float64), len(of_guide)
