"""PDK + layout → recipe → `Extraction`.

The recipe is plain JSON: layers, widths, pin conventions, and what names and metadata say about single cells. The core
measures by it and knows no PDK. The fact a newcomer would get wrong: a name pattern never makes a top cell a device, or
a test chip called `crossing4_cutback` would become one black box with nothing in it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from waveguard import _core
from waveguard.errors import UsageError
from waveguard.metadata import CellMetadata, SiepicTexts, StatedPort, merge_metadata, siepic_texts
from waveguard.parts import device_texts, entries_of_parts, flattened_parts
from waveguard.pdk import suggest_pdk
from waveguard.pdk.quantity import nearest
from waveguard.reading.problem import Problem, ProblemList
from waveguard.tables import JUNCTION_SOURCE, PART_SOURCE, Tables
from waveguard.units import NM_PER_UM

if TYPE_CHECKING:
    from waveguard.layout import LayoutFile
    from waveguard.pdk import CrossSection, Pdk

Progress = Callable[[str, int, int], None]

RECIPE_SCHEMA = 1
SLAB_REACH_UM = 1.0
"""A slab is looked for so far beyond the core at least, to tell one that narrows down from one that ends at once."""
NEAR_MISS_NM = 2000.0
STRAIGHT_RADIUS_NM = 1.0e6
REACH_NM = 3000.0
"""What the tolerances of these names are at least, where a PDK states none."""
STRAIGHT_RADII = 2.0
"""Beyond so many times the largest `min_radius_um` a guide may be straight."""
KLAYOUT_COUNTER = re.compile(r"(\$\d+)+$")
"""KLayout makes names unique with `$1`, `$2` at the end."""


@dataclass(frozen=True, slots=True)
class Guide:
    """A cross-section of the PDK on one of its core layers; the id columns `cross_section` count these."""

    name: str
    section: CrossSection
    layer: tuple[int, int]


@dataclass(frozen=True, slots=True)
class CellFacts:
    """What names, texts and metadata say about one cell."""

    entry: int
    """Number of the device entry of the PDK, -1 for none."""
    metadata: CellMetadata | None
    component: str | None


def guides_of(pdk: Pdk, layers: Sequence[tuple[int, int]]) -> tuple[Guide, ...]:
    """Return the cross-sections on their core layers, in the order of the PDK.

    Other core layers than the first count only where the layout uses them, and come last.
    """
    first = [Guide(section.name, section, pdk.layer(section.core)) for section in pdk.cross_sections]
    others = [
        Guide(f"{section.name}@{core}", section, pdk.layer(core))
        for section in pdk.cross_sections
        for core in section.cores[1:]
        if pdk.layer(core) in layers
    ]
    return (*first, *others)


def cell_facts(pdk: Pdk, file: LayoutFile, problems: ProblemList | None = None) -> tuple[CellFacts, ...]:
    """Return what is known of each cell, by cell index; `problems` takes what its texts say wrongly."""
    layers = [pdk.layer(name) for name in pdk.texts.component]
    texts = siepic_texts(file.labels, layers, file.cell_names, problems)
    facts = []
    for cell, name in enumerate(file.cell_names):
        text = texts.get(cell, SiepicTexts())
        metadata = file.metadata.get(name)
        if text.stated is not None:
            stated = CellMetadata(stated=text.stated)
            metadata = stated if metadata is None else merge_metadata(metadata, stated)
        function = metadata.function_name if metadata is not None else None
        entry = pdk.match(KLAYOUT_COUNTER.sub("", name), text.component, function)
        facts.append(CellFacts(-1 if entry is None else entry, metadata, text.component))
    return tuple(facts)


def recipe(
    pdk: Pdk, file: LayoutFile, tops: Sequence[str] | None = None, facts: Sequence[CellFacts] | None = None
) -> dict[str, Any]:
    """Return the recipe of an extraction, ready for JSON.

    Parameters
    ----------
    pdk, file
        What to look for, and where.
    tops
        Names of the cells to extract, each by itself; all top cells when None.
    facts
        Result of `cell_facts`, when it is at hand.

    Raises
    ------
    UsageError
        A cell of `tops` is not in the layout.
    """
    known = facts if facts is not None else cell_facts(pdk, file)
    guides = guides_of(pdk, file.handle.layers)
    top_cells = _tops(file, tops)
    never_devices = {*top_cells, *file.handle.tops}
    cells = [_cell(pdk, guides, cell, one, cell in never_devices, file) for cell, one in enumerate(known)]
    _add_device_texts(cells, device_texts(pdk, file.labels, file.cell_names), file.dbu_nm / file.grid_nm)
    return {
        "schema": RECIPE_SCHEMA,
        "tops": top_cells,
        "guides": [
            {
                "name": guide.name,
                "layer": list(guide.layer),
                "width_nm": guide.section.width_um.value * NM_PER_UM,
                "width_min_nm": guide.section.width_min_um * NM_PER_UM,
                "width_max_nm": guide.section.width_max_um * NM_PER_UM,
                "slot": _slot(guide.section),
                "segmented": guide.section.segmented,
                "slab": _slab(pdk, guide.section),
            }
            for guide in guides
        ],
        "core_layers": [list(layer) for layer in pdk.core_layers()],
        "marker_layers": [list(pdk.layer(name)) for name in pdk.markers.device],
        "pins": [
            {"form": pin.form, "layer": list(pdk.layer(pin.layer)), "kind": pin.kind, "oriented": pin.oriented}
            for pin in pdk.pins
        ],
        "cells": [cell for cell in cells if cell is not None],
        **_tolerances(pdk),
        "layers_for_metal": [list(pdk.layer(name)) for name in pdk.process.metal_layers],
    }


def _slot(section: CrossSection) -> dict[str, float] | None:
    """Return the windows of the rails and the gap of a slot guide; None for other guides."""
    slot = section.slot
    if slot is None:
        return None
    return {
        "rail_min_nm": slot.rail_min_um * NM_PER_UM,
        "rail_max_nm": slot.rail_max_um * NM_PER_UM,
        "gap_min_nm": slot.gap_min_um * NM_PER_UM,
        "gap_max_nm": slot.gap_max_um * NM_PER_UM,
    }


def _slab(pdk: Pdk, section: CrossSection) -> dict[str, Any] | None:
    """Return how far the slab of a rib guide is looked for; None for other guides."""
    if section.slab is None:
        return None
    least_um = 0.0 if section.min_slab_um is None else section.min_slab_um.value
    return {
        "layer": list(pdk.layer(section.slab)),
        "least_nm": least_um * NM_PER_UM,
        "reach_nm": max(least_um, SLAB_REACH_UM) * NM_PER_UM,
    }


def _tolerances(pdk: Pdk) -> dict[str, Any]:
    """Return the tolerances of the PDK by part. What it does not state follows from its limits, or these would not be
    seen: silica guides bend by millimetres and stay tens of micrometres apart.
    """
    parts: dict[str, Any] = pdk.extraction.model_dump(mode="json")
    sections = pdk.cross_sections
    radius_um = max((section.min_radius_um.value for section in sections), default=0.0)
    width_um = min((section.width_um.value for section in sections), default=0.0)
    spacings_nm = (section.min_spacing_um.value * NM_PER_UM for section in sections)
    unstated = {
        ("tolerances", "near_miss_nm"): max(NEAR_MISS_NM, width_um * NM_PER_UM),
        ("trace", "straight_radius_nm"): max(STRAIGHT_RADIUS_NM, STRAIGHT_RADII * radius_um * NM_PER_UM),
        ("runs", "reach_nm"): max(REACH_NM, *spacings_nm, *(table.max_gap_nm for table in pdk.couplings)),
    }
    for (part, key), value in unstated.items():
        if parts[part][key] is None:
            parts[part][key] = value
    return {**parts, "segments": _segments(pdk)}


def _segments(pdk: Pdk) -> dict[str, float]:
    """Return up to which gap and pitch rows of boxes are guides.

    A gap of half a wavelength in the cladding is one that light does not resolve; a period of a whole one lets any
    guided mode out. Without an index of the cladding the modes' own, which are higher, stand for it.
    """
    stated = pdk.extraction.segments
    clad = pdk.process.clad_index
    waves_um = (one.wavelength_um / (clad.value if clad is not None else one.n_eff.value) for one in pdk.cross_sections)
    half_nm = max(waves_um, default=0.0) / 2 * NM_PER_UM
    gap_nm = half_nm if stated.gap_max_nm is None else stated.gap_max_nm
    pitch_nm = 2 * half_nm if stated.pitch_max_nm is None else stated.pitch_max_nm
    return {"gap_max_nm": gap_nm, "pitch_max_nm": pitch_nm, "fewest": stated.fewest}


def _tops(file: LayoutFile, wanted: Sequence[str] | None) -> list[int]:
    if wanted is None:
        return list(file.handle.tops)
    numbers = {name: cell for cell, name in reversed(list(enumerate(file.cell_names)))}
    for name in wanted:
        if name not in numbers:
            meant = nearest(name, numbers)
            raise UsageError(
                f"the layout has no cell '{name}'",
                path=file.path,
                hint=f"did you mean '{meant}'?" if meant else f"its top cells: {', '.join(file.tops)}",
            )
    return [numbers[name] for name in dict.fromkeys(wanted)]


def _cell(
    pdk: Pdk, guides: Sequence[Guide], cell: int, facts: CellFacts, top: bool, file: LayoutFile
) -> dict[str, Any] | None:
    """Return the entry of a cell, or None when nothing is known that its drawing does not say."""
    role = pdk.devices[facts.entry].role if facts.entry >= 0 else "auto"
    if top and role in {"device", "guide"}:
        role = "auto"
    metadata = facts.metadata
    ports = metadata.ports if metadata is not None else ()
    ignored = pdk.devices[facts.entry].ignored_ports if facts.entry >= 0 else ()
    real = [port for port in ports if not any(fnmatchcase(port.name, pattern) for pattern in ignored)]
    stated = [port for port in (_port(guides, port, file) for port in real) if port is not None]
    guide = _stated_guide(pdk, guides, facts)
    if role == "auto" and not stated and guide is None:
        return None
    return {"cell": cell, "role": role, "by_name": role != "auto", "ports": stated, "guide": guide, "device_texts": []}


def _add_device_texts(
    cells: list[dict[str, Any] | None], texts: Mapping[int, list[tuple[float, float]]], steps_per_dbu: float
) -> None:
    """Add to the entries of cells where texts stand in them that name a device: they may be flattened."""
    for cell, places_dbu in texts.items():
        places = [(x * steps_per_dbu, y * steps_per_dbu) for x, y in places_dbu]
        entry = cells[cell] or {"cell": cell, "role": "auto", "by_name": False, "ports": [], "guide": None}
        if entry["role"] == "auto":
            cells[cell] = {**entry, "device_texts": places}


def _port(guides: Sequence[Guide], port: StatedPort, file: LayoutFile) -> dict[str, Any] | None:
    kind = port_kind(port.kind)
    if kind is None:
        return None
    width_um = None if port.width_dbu is None else port.width_dbu * file.dbu_nm / NM_PER_UM
    # The core counts in steps of the drawn grid.
    steps_per_dbu = file.dbu_nm / file.grid_nm
    guide = find_guide(guides, [port.cross_section], width_um, port.layer)
    return {
        "name": port.name,
        "x_dbu": port.x_dbu * steps_per_dbu,
        "y_dbu": port.y_dbu * steps_per_dbu,
        "angle_rad": port.angle_rad,
        "width_dbu": None if port.width_dbu is None else port.width_dbu * steps_per_dbu,
        "kind": kind,
        "cross_section": None if guide is None else guide.name,
    }


def port_kind(stated: str) -> str | None:
    """Return the kind of a port type as files state it; None for what is no port of light or current."""
    if stated.startswith(("vertical", "edge", "fiber", "fibre")):
        return "fibre"
    return {"optical": "optical", "electrical": "electrical", "electrical_rf": "electrical"}.get(stated)


def find_guide(
    guides: Sequence[Guide], names: Sequence[str | None], width_um: float | None, layer: tuple[int, int] | None
) -> Guide | None:
    """Return the guide that goes by one of these names; a stated width or layer must fit too."""
    for name in names:
        if not name:
            continue
        fitting = [
            guide
            for guide in guides
            if (guide.section.name == name or any(fnmatchcase(name, label) for label in guide.section.labels))
            and (layer is None or layer == guide.layer)
            and (width_um is None or guide.section.width_min_um <= width_um <= guide.section.width_max_um)
        ]
        if fitting:
            return fitting[0]
    return None


def _stated_guide(pdk: Pdk, guides: Sequence[Guide], facts: CellFacts) -> str | None:
    names: list[str | None] = []
    width_um, layer = None, None
    if facts.entry >= 0 and pdk.devices[facts.entry].cross_section is not None:
        return pdk.devices[facts.entry].cross_section
    if facts.metadata is not None:
        stated = facts.metadata.stated
        if stated is not None:
            names.append(stated.waveguide_type)
            width_um, layer = stated.width_um, stated.layer
        section = facts.metadata.settings.get("cross_section")
        names.append(section if isinstance(section, str) else None)
        names.extend(port.cross_section for port in facts.metadata.ports if port.kind == "optical")
    names.append(facts.component)
    guide = find_guide(guides, names, width_um, layer)
    return None if guide is None else guide.name


@dataclass(frozen=True)
class Extraction:
    """What was found in a layout: the tables of the core, and what they mean in terms of PDK and file."""

    handle: _core.Extraction
    pdk: Pdk
    file: LayoutFile
    recipe: Mapping[str, Any]
    guides: tuple[Guide, ...]
    """What the columns `cross_section` count."""
    facts: tuple[CellFacts, ...]
    """By cell index."""
    problems: tuple[Problem, ...] = ()
    """What is wrong with the texts that the PDK says to read."""

    @cached_property
    def tables(self) -> Tables:
        """All tables, typed."""
        return Tables.of(self.handle)

    @property
    def cell_names(self) -> tuple[str, ...]:
        """By cell index."""
        return self.file.cell_names

    @property
    def tops(self) -> tuple[int, ...]:
        """Cells that were extracted, each by itself."""
        return tuple(self.recipe["tops"])

    @cached_property
    def cross_sections(self) -> tuple[CrossSection, ...]:
        """What each id in the columns `cross_section` stands for."""
        return tuple(guide.section for guide in self.guides)

    @cached_property
    def metadata(self) -> dict[str, CellMetadata]:
        """What metadata and texts say about cells, by cell name."""
        pairs = zip(self.cell_names, self.facts, strict=True)
        return {name: facts.metadata for name, facts in pairs if facts.metadata is not None}

    @cached_property
    def device_entry(self) -> NDArray[np.int64]:
        """For each device the number of its entry in `pdk.devices`, -1 for none.

        What guides are drawn to in the shapes of a cell is not what the cell is.
        """
        devices = self.tables.devices
        result = np.array([facts.entry for facts in self.facts], dtype=np.int64)[devices.cell]
        result[(devices.source == JUNCTION_SOURCE) & (devices.waveguide < 0)] = -1
        parts = self._flattened
        if parts.any():
            labels, dbu_nm = self.file.labels, self.file.dbu_nm
            result[parts] = entries_of_parts(self.tables, parts, self.pdk, labels, self.cell_names, dbu_nm)
        return result

    @cached_property
    def _flattened(self) -> NDArray[np.bool_]:
        """Which devices were flattened into the cell that the tables name; what is said of that is not said of them."""
        return flattened_parts(self.tables.devices)

    @cached_property
    def stated_length_um(self) -> NDArray[np.float64]:
        """For each waveguide the length that its cell states; NaN where it states none or a device over it cuts it."""
        is_part = self.tables.devices.source[self.tables.waveguides.device] == PART_SOURCE
        return np.where(is_part, np.nan, self._stated("length_um"))

    @cached_property
    def stated_width_um(self) -> NDArray[np.float64]:
        """For each waveguide the width that its cell states; NaN where it states none."""
        return self._stated("width_um")

    @cached_property
    def stated_radius_um(self) -> NDArray[np.float64]:
        """For each waveguide the radius that its cell states; what it means is the cross-section's `stated_radius`."""
        return self._stated("radius_um")

    @cached_property
    def stated_min_radius_um(self) -> NDArray[np.float64]:
        """For each waveguide the smallest radius that its cell states apart from the radius; NaN where it does not."""
        return self._stated("min_radius_um")

    def _stated(self, what: str) -> NDArray[np.float64]:
        by_cell = np.full(len(self.facts), np.nan)
        for cell, facts in enumerate(self.facts):
            stated = facts.metadata.stated if facts.metadata is not None else None
            value = getattr(stated, what) if stated is not None else None
            if value is not None:
                by_cell[cell] = value
        # A flattened cell holds the statements of many guides.
        devices = self.tables.devices
        by_cell[np.unique(devices.cell[self._flattened])] = np.nan
        return by_cell[devices.cell[self.tables.waveguides.device]]

    def fitting_pdks(self) -> list[str]:
        """Names of the bundled PDKs that fit the layout, the best first; for hints only."""
        cells = [
            (KLAYOUT_COUNTER.sub("", name), facts.component, facts.metadata.function_name if facts.metadata else None)
            for name, facts in zip(self.cell_names, self.facts, strict=True)
        ]
        return suggest_pdk(self.file.handle.layers, cells)


def extract(
    file: LayoutFile,
    pdk: Pdk,
    *,
    tops: Sequence[str] | None = None,
    threads: int = 0,
    progress: Progress | None = None,
) -> Extraction:
    """Find devices, ports, guides and nets of a layout.

    Parameters
    ----------
    file, pdk
        The layout, and the PDK that says what to look for.
    tops
        Names of the cells to extract; all top cells when None.
    threads
        Threads of the core; 0 means as many as there are processors. The result does not depend on it.
    progress
        Called now and then with the stage, the steps done and in all.
    """
    problems = ProblemList()
    facts = cell_facts(pdk, file, problems)
    plan = recipe(pdk, file, tops, facts)
    text = json.dumps(plan, ensure_ascii=False, allow_nan=False)
    handle = _core.extract(file.handle, text, threads, progress)
    return Extraction(handle, pdk, file, plan, guides_of(pdk, file.handle.layers), facts, problems.items())
