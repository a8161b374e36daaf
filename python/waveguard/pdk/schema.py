"""The PDK: one immutable value, read from one TOML file.

`python -m waveguard.pdk` prints the JSON Schema that stands in `pdk/schema.json`. The fact a newcomer would get
wrong: a PDK holds limits and models only; nothing here looks at a layout.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import BaseModel, Field, model_validator
from pydantic_core import PydanticCustomError

from waveguard.pdk.devices import KINDS, PARAMETERS, DevicePattern, Kind, Role
from waveguard.pdk.optics import Heaters, KappaSurface, ModeTable
from waveguard.pdk.quantity import NonNegative, Number, Part, Quantity, Text, nearest
from waveguard.pdk.sections import (
    BendLoss,
    BendPoint,
    Coupling,
    CouplingUse,
    CrossSection,
    LossSpectrum,
    Name,
    Polarisation,
    StatedRadius,
    unique_names,
)
from waveguard.pdk.tolerances import Extraction
from waveguard.units import NM_PER_UM

__all__ = [
    "KINDS",
    "PARAMETERS",
    "BendLoss",
    "BendPoint",
    "Coupling",
    "CouplingUse",
    "CrossSection",
    "DevicePattern",
    "Extraction",
    "Header",
    "Heaters",
    "KappaSurface",
    "Kind",
    "Limits",
    "LossSpectrum",
    "Markers",
    "ModeTable",
    "Pdk",
    "PinConvention",
    "Process",
    "Quantity",
    "Role",
    "StatedRadius",
    "Texts",
    "json_schema",
]

LayerText = Annotated[str, Field(pattern=r"^\d{1,5}/\d{1,5}$")]
PinForm = Literal["path", "edge_rectangle", "shape"]
Key = tuple[str | int, ...]
Convention = Literal["siepic", "siepic-legacy", "gdsfactory-2023"]


class Header(Part):
    """Who this PDK is."""

    name: Name
    title: Text
    version: Text
    process: Text
    wavelength_um: Number = Field(gt=0)
    polarisation: Polarisation
    description: Text
    references: tuple[Text, ...] = ()


class Process(Part):
    """Facts of the process that rules use."""

    dbu_nm: Number = Field(gt=0)
    floorplan: Name | None = None
    core_thickness_nm: Quantity | None = None
    clad_index: Quantity | None = None
    """Refractive index of the cladding, for how far the light of a guide reaches."""
    edge_bias_nm: Quantity | None = None
    """How far the edges of all cores lie further out on a chip than drawn, with its sigma: widths grow by twice as
    much, gaps shrink by it. Sampling draws it; nothing else moves by its value."""
    other_core_layers: tuple[Name, ...] = ()
    """Layers with core material that only devices use: their area counts, guides are not looked for on them."""
    metal_layers: tuple[Name, ...] = ()
    fill_layers: tuple[Name, ...] = ()

    @model_validator(mode="after")
    def _one_bias(self) -> Process:
        if self.edge_bias_nm is not None and self.edge_bias_nm.scatter is not None:
            raise PydanticCustomError(
                "edge_bias", "edge_bias_nm is one number for all of a chip: it takes sigma or min and max, no scatter"
            )
        return self


class PinConvention(Part):
    """How ports are drawn. Several conventions may stand side by side; a file is read by those it uses."""

    convention: Convention
    form: PinForm
    layer: Name
    kind: Literal["optical", "electrical", "fibre"]
    oriented: bool = True
    """False where the drawn direction of a pin cannot be trusted (SiEPIC before 2019)."""


class Markers(Part):
    """Layers whose shapes say something about cells and no light."""

    device: tuple[Name, ...] = ()
    """A cell with a shape here is a device."""
    guide: tuple[Name, ...] = ()
    """Copies of the core outline of guides."""
    black_box: tuple[Name, ...] = ()
    """Place holders of cells whose content is hidden."""


class Texts(Part):
    """Layers of texts."""

    component: tuple[Name, ...] = ()
    """Component name and parameters of a cell."""
    measurement: tuple[Name, ...] = ()
    """Measurement labels such as `opt_in_TE_1550_device_NAME`."""


class Limits(Part):
    """What rules compare with, beyond the limits of each cross-section."""

    joint_width_nm: NonNegative
    """Largest difference of width of two joined ports."""
    radius_tolerance_relative: NonNegative
    """Share by which a measured radius may fall below `min_radius_um`: grid and chords of the drawn curve."""
    length_tolerance_nm: NonNegative
    """Largest difference of a stated and the drawn length …"""
    length_tolerance_relative: NonNegative
    """… plus this share of the length."""


class Pdk(Part):
    """A process design kit, as far as a layout check needs it."""

    pdk: Header
    process: Process
    layers: dict[Name, LayerText]
    couplings: tuple[Coupling, ...] = ()
    modes: tuple[ModeTable, ...] = ()
    kappa_surfaces: tuple[KappaSurface, ...] = ()
    heaters: Heaters | None = None
    cross_sections: tuple[CrossSection, ...] = Field(min_length=1)
    pins: tuple[PinConvention, ...] = ()
    markers: Markers = Markers()
    texts: Texts = Texts()
    devices: tuple[DevicePattern, ...] = ()
    limits: Limits
    extraction: Extraction = Extraction()

    @model_validator(mode="after")
    def _references_resolve(self) -> Pdk:
        unique_names(self.cross_sections, "cross-section")
        unique_names(self.couplings, "coupling table")
        unique_names(self.modes, "mode table")
        unique_names(self.kappa_surfaces, "kappa surface")
        unique_names(self.devices, "device")
        for at, name in self._layer_references():
            if name not in self.layers:
                self._no_such("layer", name, at, list(self.layers))
        tables = [table.name for table in self.couplings]
        sections = [section.name for section in self.cross_sections]
        for number, section in enumerate(self.cross_sections):
            if section.coupling is not None and section.coupling.table not in tables:
                self._no_such("coupling table", section.coupling.table, ("cross_sections", number, "coupling"), tables)
        solved = [table.name for table in self.couplings if table.width_um is not None and table.gap_nm]
        for number, surface in enumerate(self.kappa_surfaces):
            for name in surface.tables:
                if name not in solved:
                    what = "coupling table with width_um, wavelength_um and gap_nm"
                    self._no_such(what, name, ("kappa_surfaces", number, "tables"), solved)
            for name in surface.modes:
                if name not in [table.name for table in self.modes]:
                    self._no_such("mode table", name, ("kappa_surfaces", number, "modes"), [m.name for m in self.modes])
        for number, device in enumerate(self.devices):
            if device.cross_section is not None and device.cross_section not in sections:
                self._no_such("cross-section", device.cross_section, ("devices", number, "cross_section"), sections)
        return self

    @model_validator(mode="after")
    def _extraction_sees_the_limits(self) -> Pdk:
        trace, runs = self.extraction.trace, self.extraction.runs
        for section in self.cross_sections:
            stated = (
                ("trace", "straight_radius_nm", trace.straight_radius_nm, "min_radius_um", section.min_radius_um),
                ("runs", "reach_nm", runs.reach_nm, "min_spacing_um", section.min_spacing_um),
            )
            for part, key, seen_nm, limit, least_um in stated:
                if seen_nm is not None and seen_nm < least_um.value * NM_PER_UM:
                    raise PydanticCustomError(
                        "limit_not_seen",
                        "{key} lies below {limit} of '{name}', {least} um: what lies between would not be seen; "
                        "leave it out, or state more",
                        {
                            "key": key,
                            "limit": limit,
                            "name": section.name,
                            "least": f"{least_um.value:g}",
                            "at": ("extraction", part, key),
                        },
                    )
        return self

    def _layer_references(self) -> Iterator[tuple[Key, str]]:
        for number, section in enumerate(self.cross_sections):
            yield from ((("cross_sections", number, "cores"), name) for name in section.cores)
            if section.slab is not None:
                yield ("cross_sections", number, "slab"), section.slab
        for number, pin in enumerate(self.pins):
            yield ("pins", number, "layer"), pin.layer
        for part, holder in (("markers", self.markers), ("texts", self.texts)):
            for field in type(holder).model_fields:
                yield from (((part, field), name) for name in getattr(holder, field))
        for field in ("other_core_layers", "metal_layers", "fill_layers"):
            yield from ((("process", field), name) for name in getattr(self.process, field))
        if self.heaters is not None:
            yield ("heaters", "layer"), self.heaters.layer
        if self.process.floorplan is not None:
            yield ("process", "floorplan"), self.process.floorplan

    @staticmethod
    def _no_such(what: str, name: str, at: Key, known: list[str]) -> None:
        meant = nearest(name, known)
        raise PydanticCustomError(
            "no_such",
            "no {what} is named '{name}'{hint}",
            {"what": what, "name": name, "at": at, "hint": f", nearest: '{meant}'" if meant else ""},
        )

    @property
    def name(self) -> str:
        """Name of the PDK."""
        return self.pdk.name

    def layer(self, name: str) -> tuple[int, int]:
        """Return layer and datatype of a named layer."""
        layer, datatype = self.layers[name].split("/")
        return int(layer), int(datatype)

    def core_layers(self) -> list[tuple[int, int]]:
        """Return all layers that hold core material, sorted."""
        names = {core for section in self.cross_sections for core in section.cores}
        return sorted({self.layer(name) for name in (*names, *self.process.other_core_layers)})

    def cross_section(self, name: str) -> CrossSection:
        """Return the cross-section of that name; KeyError when there is none."""
        return {section.name: section for section in self.cross_sections}[name]

    def coupling(self, name: str) -> Coupling:
        """Return the coupling table of that name; KeyError when there is none."""
        return {table.name: table for table in self.couplings}[name]

    def surface_of(self, table: str) -> KappaSurface | None:
        """Return the kappa surface that a coupling table belongs to, or None."""
        return next((one for one in self.kappa_surfaces if table in one.tables), None)

    def match(self, cell: str, component: str | None = None, function: str | None = None) -> int | None:
        """Return the number of the first device entry that fits the names of a cell, or None."""
        for number, device in enumerate(self.devices):
            if device.matches(cell, component, function):
                return number
        return None

    def quantities(self) -> dict[str, Part]:
        """Return every number (or table of numbers) that needs a source, by key path."""
        return dict(_sourced(self, ""))

    def assumed(self) -> tuple[str, ...]:
        """Return the key paths of all numbers without a source, in order of the file.

        Names stand in for positions: `cross_sections.strip_te_1550.n_g`, `devices.y_branch.params.excess_loss_db`.
        """
        return tuple(path for path, part in _sourced(self, "") if getattr(part, "assumed", False))


def _sourced(part: BaseModel, prefix: str) -> Iterator[tuple[str, Part]]:
    for field in type(part).model_fields:
        yield from _sourced_value(getattr(part, field), f"{prefix}{field}")


def _sourced_value(value: object, path: str) -> Iterator[tuple[str, Part]]:
    if isinstance(value, Part):
        if hasattr(value, "assumed") and not isinstance(value, Pdk):
            yield path, value
        if not isinstance(value, Quantity):
            yield from _sourced(value, f"{path}.")
    elif isinstance(value, tuple):
        for number, item in enumerate(value):
            yield from _sourced_value(item, f"{path}.{getattr(item, 'name', number)}")
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _sourced_value(item, f"{path}.{key}")


def json_schema() -> str:
    """Return the JSON Schema of a PDK file as text, the same bytes every time."""
    schema = Pdk.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "waveguard PDK"
    return json.dumps(schema, indent=2, ensure_ascii=False, sort_keys=True) + "\n"
