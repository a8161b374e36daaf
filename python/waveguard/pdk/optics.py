"""What a PDK knows of light over ranges: index against width, coupling over gap, width and wavelength.

Sections (`sections.py`) hold one number each, for one width at one wavelength; the tables here say how it moves, and
how far that may be believed.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from waveguard.pdk.quantity import NonNegative, Number, Part, Positive, Sourced, Text
from waveguard.pdk.sections import Name

NotBelow = Annotated[Number, Field(ge=0)]
Above = Annotated[Number, Field(gt=0)]


class ModeTable(Sourced):
    """Effective and group index of a guide against its width, at one wavelength."""

    name: Name
    wavelength_um: Above
    width_um: tuple[Above, ...] = Field(min_length=2)
    n_eff: tuple[Above, ...]
    n_g: tuple[Above, ...]

    @model_validator(mode="after")
    def _consistent(self) -> ModeTable:
        if not len(self.width_um) == len(self.n_eff) == len(self.n_g):
            raise PydanticCustomError("modes", "width_um, n_eff and n_g need the same length")
        if any(b <= a for a, b in zip(self.width_um, self.width_um[1:], strict=False)):
            raise PydanticCustomError("not_increasing", "width_um must increase from entry to entry")
        return self


class Heaters(Part):
    """Heaters above guides: where they are drawn, and how their warmth spreads."""

    layer: Name
    own_k_um_per_mw: Positive
    """Rise of temperature of the guide below, in K per mW of power and um of length."""
    oxide_um: Positive
    """Thickness of all oxide, buried and above."""
    substrate_w_per_m_k: Positive
    wafer_um: Positive
    dn_per_k: Positive
    """Change of the effective index with temperature."""


class KappaSurface(Part):
    """Coupling tables of one film and cladding taken together: kappa over gap, width and wavelength."""

    name: Name
    tables: tuple[Name, ...] = Field(min_length=1)
    """Coupling tables that belong to it; each states its width_um and wavelength_um."""
    modes: tuple[Name, ...] = ()
    """Mode tables of the same guides, for the mismatch of unequal ones."""
    width_margin_um: NotBelow = 0.0
    """How far widths may lie beyond the solved ones."""
    wavelength_margin_um: NotBelow = 0.0
    """How far wavelengths may lie beyond the solved ones."""
    sigma_relative: NonNegative
    """Standard deviation of kappa against fabricated couplers, as a share of it."""
    note: Text | None = None
