"""Cross-sections of a PDK: what a guide is made of, loses, couples, and how tight it may bend.

The fact a newcomer would get wrong: `min_radius_um` is the smallest *true* radius of the drawn centre-line, and
`stated_radius` says what the radius written in a cell means, because a "5 µm" SiEPIC bend truly goes down to 2.39 µm.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from waveguard.pdk.quantity import NonNegative, Number, Part, Positive, Quantity, Sourced, Text

Polarisation = Literal["TE", "TM", "TE-TM"]
Name = Text
ROUNDED_UM = 1e-6
"""Widths in µm that differ by less than this are written with other digits."""


def _increasing(values: Sequence[float], what: str) -> None:
    if any(b <= a for a, b in itertools.pairwise(values)):
        raise PydanticCustomError("not_increasing", "{what} must increase from entry to entry", {"what": what})


class Law(Part):
    """Exponential law: kappa = kappa_per_um · exp(-decay_per_um · (gap - gap_nm/1000))."""

    kappa_per_um: Positive
    gap_nm: NonNegative
    decay_per_um: Positive


class Coupling(Sourced):
    """Coupling coefficient kappa of two equal parallel guides against their gap, as a table or as a law."""

    name: Name
    title: Text | None = None
    gap_nm: tuple[Number, ...] = ()
    kappa_per_um: tuple[Number, ...] = ()
    law: Law | None = None
    min_gap_nm: Number
    max_gap_nm: Number
    width_um: Number | None = Field(default=None, gt=0)
    """Width of the guides it was solved for."""
    wavelength_um: Number | None = Field(default=None, gt=0)
    """Wavelength it was solved for."""

    @property
    def assumed(self) -> bool:
        """True when no source backs the table (a law carries the sources of its own numbers)."""
        return self.source is None and self.law is None

    @model_validator(mode="after")
    def _consistent(self) -> Coupling:
        if (self.law is None) == (not self.gap_nm):
            raise PydanticCustomError("coupling", "give either gap_nm and kappa_per_um, or law")
        if len(self.gap_nm) != len(self.kappa_per_um) or len(self.gap_nm) == 1:
            raise PydanticCustomError("coupling", "gap_nm and kappa_per_um need the same length, at least two")
        _increasing(self.gap_nm, "gap_nm")
        if any(kappa <= 0 for kappa in self.kappa_per_um):
            raise PydanticCustomError("coupling", "kappa_per_um must be above zero")
        if self.min_gap_nm >= self.max_gap_nm:
            raise PydanticCustomError("coupling", "min_gap_nm must be below max_gap_nm")
        return self

    def kappa(self, gap_nm: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return kappa in 1/µm: linear in ln kappa between table points, the end slopes carried on outside.

        Outside `min_gap_nm … max_gap_nm` the answer is an extrapolation; the caller says so.
        """
        gap = np.asarray(gap_nm, dtype=np.float64)
        if self.law is not None:
            decay = self.law.decay_per_um.value * (gap - self.law.gap_nm.value) * 1e-3
            return np.asarray(self.law.kappa_per_um.value * np.exp(-decay))
        x = np.asarray(self.gap_nm)
        y = np.log(np.asarray(self.kappa_per_um))
        inside = np.interp(gap, x, y)
        below = y[0] + (gap - x[0]) * (y[1] - y[0]) / (x[1] - x[0])
        above = y[-1] + (gap - x[-1]) * (y[-1] - y[-2]) / (x[-1] - x[-2])
        return np.asarray(np.exp(np.where(gap < x[0], below, np.where(gap > x[-1], above, inside))))


class CouplingUse(Part):
    """Which coupling table a cross-section uses; `exact = false` when it was solved for another section."""

    table: Name
    exact: bool = True
    note: Text | None = None

    @property
    def assumed(self) -> bool:
        """True when the table belongs to another section than this one."""
        return not self.exact


class BendPoint(Part):
    """Loss of a bend of 90 degrees at one radius."""

    radius_um: Number = Field(gt=0)
    db_per_90deg: Number = Field(ge=0)


class BendLoss(Sourced):
    """Bend loss against radius. Radii are true centre-line radii of arcs, unless the note says otherwise."""

    table: tuple[BendPoint, ...] = Field(min_length=1)
    includes_propagation: bool

    @model_validator(mode="after")
    def _sorted(self) -> BendLoss:
        _increasing([point.radius_um for point in self.table], "radius_um")
        return self


class LossSpectrum(Sourced):
    """Propagation loss against wavelength; linear between the points, held outside of them."""

    wavelength_um: tuple[Number, ...] = Field(min_length=2)
    db_per_cm: tuple[Number, ...]
    """Of straight guides; that of curved ones moves by the same factor."""

    @model_validator(mode="after")
    def _consistent(self) -> LossSpectrum:
        if len(self.wavelength_um) != len(self.db_per_cm):
            raise PydanticCustomError("loss_spectrum", "wavelength_um and db_per_cm need the same length")
        if any(loss < 0 for loss in self.db_per_cm):
            raise PydanticCustomError("loss_spectrum", "db_per_cm must not be negative")
        _increasing(self.wavelength_um, "wavelength_um")
        return self


class StatedRadius(Part):
    """What a radius that a cell states means for the curve that is drawn."""

    meaning: Literal["arc", "bezier", "euler_min", "euler_effective"]
    bezier: Number | None = Field(default=None, gt=0, lt=1)
    ratio_min_to_stated: Positive


class Slot(Part):
    """Two rails side by side that guide one mode together: widths and gap as drawn tell them from other guides."""

    rail_um: Positive
    """Width of each of the two rails."""
    rail_min_um: Number = Field(gt=0)
    rail_max_um: Number = Field(gt=0)
    gap_um: Positive
    """Distance between the two rails."""
    gap_min_um: Number = Field(gt=0)
    gap_max_um: Number = Field(gt=0)

    @property
    def outer_um(self) -> float:
        """Width around both rails."""
        return 2.0 * self.rail_um.value + self.gap_um.value

    @model_validator(mode="after")
    def _windows(self) -> Slot:
        for name, low, value, high in (
            ("rail_um", self.rail_min_um, self.rail_um.value, self.rail_max_um),
            ("gap_um", self.gap_min_um, self.gap_um.value, self.gap_max_um),
        ):
            if not low <= value <= high:
                raise PydanticCustomError("slot_window", "{name} lies outside its window", {"name": name})
        return self


class CrossSection(Part):
    """One kind of guide."""

    name: Name
    title: Text | None = None
    labels: tuple[Text, ...] = ()
    """Names under which files know it: SiEPIC `waveguide_type` texts, kfactory cross-sections (fnmatch patterns)."""
    cores: tuple[Name, ...] = Field(min_length=1)
    """Layers the core is drawn on; normally one."""
    slab: Name | None = None
    """Layer of the slab below and beside the core; two sections of one core may differ in it alone."""
    min_slab_um: Positive | None = None
    """How far the slab must reach beyond each edge of the core. Without it only no slab at all is too little."""
    width_um: Positive
    width_min_um: Number = Field(gt=0)
    width_max_um: Number = Field(gt=0)
    slot: Slot | None = None
    """Set for a slot guide, whose widths above are those around both rails."""
    wavelength_um: Number = Field(gt=0)
    polarisation: Polarisation
    multimode: bool = False
    segmented: bool = False
    """Of guides that are rows of separate boxes; such guides without a section of their own are as solid ones."""
    n_eff: Positive
    n_g: Positive
    loss_db_per_cm: NonNegative
    """Of guides of `width_um` at `wavelength_um`; of straight ones, where `curved_loss_db_per_cm` is stated."""
    curved_loss_db_per_cm: NonNegative | None = None
    """Of guides along curves, whatever their radius: edges off the axes of the mask writer are rougher."""
    loss_spectrum: LossSpectrum | None = None
    """How the loss moves with wavelength; only the ratio to its value at `wavelength_um` counts."""
    sidewall_share: Quantity | None = None
    """Part of the propagation loss that comes from rough side walls, 0 to 1: it goes with (dn_eff/dwidth)²."""
    taper_loss_db: NonNegative | None = None
    """Loss of each taper of such guides. Where it is absent, that of local modes is calculated from its shape."""
    bend_loss: BendLoss | None = None
    """Measured or simulated bends. Where it is absent, the mode mismatch below is the upper bound."""
    bend_mismatch_db_um2: NonNegative | None = None
    """A of the mode mismatch A·(k1-k2)² in dB at a junction of curvatures k1, k2 (1/µm)."""
    bend_shift_um2: NonNegative | None = None
    """How far the light of a bend lies outside of the middle of its guide, times the radius: bends that turn away from
    a neighbour couple more strongly than their gap says."""
    min_radius_um: Positive
    stated_radius: StatedRadius
    stated_length: Literal["area_over_width", "centreline"] = "centreline"
    min_spacing_um: Positive
    """Smallest edge-to-edge distance to a neighbour that runs along for more than `min_spacing_length_um`."""
    min_spacing_length_um: NonNegative
    process_width_um: Positive | None = None
    """Narrowest core that the process can make; a limit of fabrication, while width_min_um tells sections apart.
    Of a slot guide the narrowest rail."""
    process_gap_um: Positive | None = None
    """Smallest edge-to-edge gap between two cores that the process can make, the rails of a slot guide included."""
    coupling: CouplingUse | None = None
    scattering_floor_db_per_cm: Quantity | None = None
    """Power that reaches a neighbour by scattering whatever the gap, relative level per cm of parallel run."""

    @property
    def core(self) -> str:
        """Name of the layer the core is normally drawn on."""
        return self.cores[0]

    @model_validator(mode="after")
    def _window(self) -> CrossSection:
        if not self.width_min_um <= self.width_um.value <= self.width_max_um:
            raise PydanticCustomError("width_window", "width_um lies outside width_min_um … width_max_um")
        if self.slot is not None and abs(self.slot.outer_um - self.width_um.value) > ROUNDED_UM:
            raise PydanticCustomError("slot_width", "width_um of a slot guide is twice its rail_um plus its gap_um")
        if self.min_slab_um is not None and self.slab is None:
            raise PydanticCustomError("no_slab", "min_slab_um is stated of a cross-section without a slab")
        if self.sidewall_share is not None and not 0.0 <= self.sidewall_share.value <= 1.0:
            raise PydanticCustomError("share", "sidewall_share must be between 0 and 1")
        return self


def unique_names(parts: Sequence[Any], what: str) -> None:
    """Refuse two entries of one name."""
    seen: set[str] = set()
    for part in parts:
        if part.name in seen:
            raise PydanticCustomError("twice", "{what} '{name}' is there twice", {"what": what, "name": part.name})
        seen.add(part.name)
