"""From a PDK to the coupling of two guides: which kappa holds for a pair of cross-sections, and the index of a guide.

Where the coupling tables of a film form a surface, kappa moves with width and wavelength and has a range; a lone table
holds for its own width and wavelength.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from waveguard.assembly.index import index_of, modes_of
from waveguard.models.kappa import Section, Surface

if TYPE_CHECKING:
    from waveguard.pdk.schema import Coupling, CrossSection, Pdk

__all__ = ["PairModel", "bend_shift_um2", "has_modes", "index_of", "index_shift", "surface_for"]

Floats = npt.NDArray[np.float64]

LONE_WIDTH_SHARE = 0.1
"""A table of one width serves guides whose width differs by less than this share: an estimate; beyond, no number."""
LONE_BAND_UM = 0.03
"""A table of one wavelength serves this far to both sides."""


@dataclass(frozen=True)
class PairModel:
    """What two guides couple by."""

    surface: Surface
    is_surface: bool
    """False for a lone table, which does not know how kappa moves with width."""
    used: tuple[str, ...]
    """Key paths of the PDK numbers behind it."""

    def outside(self, *, width_um: float, wavelength_um: float) -> str:
        """Return why a guide is outside the model; empty when it is inside, or wider than all that were solved."""
        widest = self.widest_um(wavelength_um)
        return self.surface.outside(width_um=min(width_um, widest), wavelength_um=wavelength_um)

    def widest_um(self, wavelength_um: float) -> float:
        """Return the widest guide that the model holds for; wider ones couple less than it."""
        return self.surface.widths_um(wavelength_um)[1] + self.surface.width_margin_um


def surface_for(pdk: Pdk, section: CrossSection) -> PairModel | None:
    """Return what a cross-section couples by, or None when the PDK has no coupling table for it."""
    use = section.coupling
    if use is None:
        return None
    family = pdk.surface_of(use.table)
    if family is not None:
        tables = [pdk.coupling(name) for name in family.tables]
        surface = Surface(
            family.name,
            tuple(_section(table, section) for table in tables),
            max(table.min_gap_nm for table in tables),
            min(table.max_gap_nm for table in tables),
            family.width_margin_um,
            family.wavelength_margin_um,
            family.sigma_relative.value,
        )
        used = (*(f"couplings.{name}" for name in family.tables), f"kappa_surfaces.{family.name}.sigma_relative")
        return PairModel(surface, True, (*used, f"cross_sections.{section.name}.coupling"))
    table = pdk.coupling(use.table)
    width_um = table.width_um or section.width_um.value
    surface = Surface(
        table.name,
        (_section(table, section),),
        table.min_gap_nm,
        table.max_gap_nm,
        LONE_WIDTH_SHARE * width_um,
        LONE_BAND_UM,
    )
    return PairModel(surface, False, (f"couplings.{table.name}", f"cross_sections.{section.name}.coupling"))


def _section(table: Coupling, section: CrossSection) -> Section:
    gap_nm = table.gap_nm or (table.min_gap_nm, table.max_gap_nm)
    kappa = table.kappa_per_um or tuple(table.kappa(np.asarray(gap_nm)).tolist())
    width_um = table.width_um or section.width_um.value
    return Section(width_um, table.wavelength_um or section.wavelength_um, tuple(gap_nm), kappa)


def index_shift(pdk: Pdk, section: CrossSection, *, width_um: float, wl_um: Floats) -> Floats:
    """Return by how much the effective index of a guide of another width differs from that of its cross-section.

    From the mode table of the film nearest in wavelength, by index and group index; 0 where the PDK has none.
    """
    modes = modes_of(pdk, section)
    nominal_um = section.width_um.value
    if not modes or width_um == nominal_um:
        return np.zeros_like(wl_um)
    table = min(modes, key=lambda one: abs(one.wavelength_um - section.wavelength_um))
    n_eff, n_g = (
        float(np.diff(np.interp([nominal_um, width_um], table.width_um, column))[0])
        for column in (table.n_eff, table.n_g)
    )
    return np.asarray(n_eff + (wl_um - table.wavelength_um) * (n_eff - n_g) / table.wavelength_um)


def has_modes(pdk: Pdk, section: CrossSection) -> bool:
    """Tell whether the PDK knows how the index of a guide moves with its width."""
    return bool(modes_of(pdk, section))


def bend_shift_um2(section: CrossSection) -> float:
    """Return how far the light of a bend lies outside of its middle, times the radius; 0 where the PDK does not say."""
    return section.bend_shift_um2.value if section.bend_shift_um2 is not None else 0.0
