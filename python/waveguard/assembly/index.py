"""Indices of guides by width and wavelength, and how their loss moves with both.

The fact a newcomer would get wrong: the numbers of a cross-section hold for its own width and wavelength; the mode
tables of its film say how they move from there, and where there are none nothing moves but n_eff along n_g.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from waveguard.models.kappa import hermite, monotone_slopes

if TYPE_CHECKING:
    from waveguard.pdk.schema import CrossSection, ModeTable, Pdk

Floats = npt.NDArray[np.float64]

SLOPE_STEP_UM = 0.01
"""Half of the step over which dn_eff/dwidth is taken."""


def index_of(pdk: Pdk, section: CrossSection, *, width_um: Floats, wavelength_um: float) -> Floats:
    """Return the effective index of guides of some widths.

    From the mode tables of the film where there are any, linear in width and wavelength; else the number of the
    cross-section, moved along wavelength by its group index.
    """
    modes = modes_of(pdk, section)
    if not modes:
        n_eff, n_g = section.n_eff.value, section.n_g.value
        moved = n_eff + (wavelength_um - section.wavelength_um) * (n_eff - n_g) / section.wavelength_um
        return np.full(np.shape(width_um), moved)
    return _between(modes, wavelength_um, lambda table: np.interp(width_um, table.width_um, table.n_eff))


def group_index_of(pdk: Pdk, section: CrossSection, *, width_um: Floats, wavelength_um: float) -> Floats:
    """Return the group index of guides of some widths: that of the section, moved as the mode tables of its film move.

    Along wavelength it moves only between tables of two wavelengths.
    """
    modes = modes_of(pdk, section)
    n_g = np.full(np.shape(width_um), section.n_g.value)
    if not modes:
        return n_g
    own_um = np.asarray(section.width_um.value)
    there = _between(modes, wavelength_um, lambda table: np.interp(width_um, table.width_um, table.n_g))
    here = _between(modes, section.wavelength_um, lambda table: np.interp(own_um, table.width_um, table.n_g))
    return np.asarray(n_g + there - here)


def slab_index(pdk: Pdk, section: CrossSection) -> float:
    """Return the index of the film far from any edge: that of the widest guide solved, else of the section."""
    modes = modes_of(pdk, section)
    if not modes:
        return section.n_eff.value
    nearest = min(modes, key=lambda table: abs(table.wavelength_um - section.wavelength_um))
    return max(nearest.n_eff)


def loss_factor(pdk: Pdk, section: CrossSection, *, width_um: Floats, wavelength_um: float | None = None) -> Floats:
    """Return by what the propagation loss of a section is to be multiplied, for guides of other width and wavelength.

    Along wavelength by the table of the section where there is one. Else the share of the side walls goes with
    (k·dn_eff/dwidth)², the phase that a rough wall adds (Payne and Lacey, Opt. Quantum Electron. 26, 977 (1994), in
    the scaling of the planar model), where the mode tables know both; else nothing moves.
    """
    at_um = section.wavelength_um if wavelength_um is None else wavelength_um
    spectrum = section.loss_spectrum
    factor = 1.0
    if spectrum is not None:
        there, here = np.interp([at_um, section.wavelength_um], spectrum.wavelength_um, spectrum.db_per_cm)
        factor = float(there / here) if here > 0.0 else 1.0
        at_um = section.wavelength_um
    modes, share = modes_of(pdk, section), section.sidewall_share
    if not modes or share is None:
        return np.full(np.shape(width_um), factor)
    own = _wall_phase(modes, np.asarray(section.width_um.value), section.wavelength_um)
    other = _wall_phase(modes, width_um, at_um if len(modes) > 1 else section.wavelength_um)
    return np.asarray(factor * (1.0 - share.value + share.value * (other / own) ** 2))


def loss_moves_with_wavelength(pdk: Pdk, section: CrossSection) -> bool:
    """Return whether the PDK says anything about the loss of a section at other wavelengths than its own."""
    return section.loss_spectrum is not None or (section.sidewall_share is not None and len(modes_of(pdk, section)) > 1)


def _wall_phase(modes: list[ModeTable], width_um: npt.ArrayLike, wavelength_um: float) -> Floats:
    """Return dn_eff/dwidth over the wavelength."""

    def slope(table: ModeTable) -> Floats:
        x, y = np.asarray(table.width_um), np.asarray(table.n_eff)
        slopes = monotone_slopes(x, y)
        at = np.clip(width_um, x[0], x[-1])
        low, high = np.maximum(at - SLOPE_STEP_UM, x[0]), np.minimum(at + SLOPE_STEP_UM, x[-1])
        return np.asarray((hermite(x, y, slopes, high) - hermite(x, y, slopes, low)) / (high - low))

    return np.asarray(_between(modes, wavelength_um, slope) / wavelength_um)


def _between(modes: list[ModeTable], wavelength_um: float, of: Callable[[ModeTable], Floats]) -> Floats:
    """Return a value linear in wavelength between the tables about it, those at the ends carried on."""
    tables = sorted(modes, key=lambda one: one.wavelength_um)
    if len(tables) == 1:
        return np.asarray(of(tables[0]))
    waves = [table.wavelength_um for table in tables]
    k = min(max(int(np.searchsorted(waves, wavelength_um)), 1), len(waves) - 1)
    share = (wavelength_um - waves[k - 1]) / (waves[k] - waves[k - 1])
    low, high = of(tables[k - 1]), of(tables[k])
    return np.asarray(low + share * (high - low))


def modes_of(pdk: Pdk, section: CrossSection) -> list[ModeTable]:
    """Return the mode tables of the film of a cross-section; none where its coupling is in no surface.

    Those of single cores say nothing about a slot guide.
    """
    if section.slot is not None:
        return []
    family = pdk.surface_of(section.coupling.table) if section.coupling is not None else None
    names = family.modes if family is not None else ()
    return [table for table in pdk.modes if table.name in names]
