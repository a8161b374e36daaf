"""Couplers whose split the PDK does not know for the cell at hand: measured from the shapes of the cell.

A coupler cell is a black box to the extraction, so its core shapes are taken out of the file once more, traced by
themselves, and the two guides found in it coupled as any two guides side by side: gap, length and bends as drawn. Only
where the PDK's own fraction has no source; a cell in which not just two guides run past each other keeps the PDK's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import gdstk
import numpy as np
import numpy.typing as npt

from waveguard import extract, layout
from waveguard.analyses.crosstalk import NOT_EVALUATED, crosstalk
from waveguard.analyses.ways import ways_of
from waveguard.assembly.bias import with_bias
from waveguard.assembly.devices import OpticalPorts
from waveguard.errors import WaveguardError
from waveguard.optics.between import library_of
from waveguard.pdk.quantity import Quantity
from waveguard.units import db_to_ratio

if TYPE_CHECKING:
    from waveguard.extract import Extraction
    from waveguard.models.ports import Ports
    from waveguard.optics.prepare import Source
    from waveguard.pdk import CrossSection, Pdk

Ints = npt.NDArray[np.int64]
Points = npt.NDArray[np.float64]

KIND, FRACTION = "coupler_2x2", "cross_fraction"
MAX_CELLS = 200
"""Cells measured; a layout with more keeps the split of the PDK for the others, and says so."""
MAX_NAMED = 5
N_WAYS = 2
END_NM = 500.0
"""A guide of a cell ends at its port, or this near to it."""


@dataclass(frozen=True)
class Split:
    """Share of the power that crosses over, as drawn."""

    fraction: float
    sigma: float
    pairs: tuple[Points, Points]
    """Ends of both guides in nm, in the frame of the cell: where light enters, then where it leaves."""


@dataclass
class DrawnCouplers:
    """Shapes of the coupler cells of a layout, traced once; their splits depend on light and bias."""

    cells: dict[int, Extraction] = field(default_factory=dict)
    """By cell index."""
    notes: list[str] = field(default_factory=list)

    def entries(
        self, kit: Pdk, extraction: Extraction, *, wavelength_um: float | None, edge_bias_nm: float
    ) -> tuple[Pdk, Ints, list[str]]:
        """Return the PDK with an entry for each measured cell, which devices use it, and notes on the others."""
        entry_of_device, cell_of_device = extraction.device_entry, extraction.tables.devices.cell
        devices, entries = list(kit.devices), entry_of_device.copy()
        kept: dict[str, list[str]] = {}
        optical = OpticalPorts(extraction.tables) if self.cells else None
        for cell, found in sorted(self.cells.items()):
            mine = np.flatnonzero((cell_of_device == cell) & (entry_of_device >= 0))
            mine = mine[[kit.devices[number].kind == KIND for number in entry_of_device[mine].tolist()]]
            if not len(mine):
                continue
            entry = kit.devices[int(entry_of_device[mine[0]])]
            split = split_of(found, kit, wavelength_um=wavelength_um, edge_bias_nm=edge_bias_nm)
            name = found.cell_names[found.tops[0]]
            if isinstance(split, str):
                kept.setdefault(f"that of the PDK ({entry.params[FRACTION].value:g}), {split}", []).append(name)
                continue
            source = f"calculated from the shapes of {name}"
            measured = Quantity(value=split.fraction, sigma=split.sigma, source=source)
            params = {**entry.params, FRACTION: measured}
            entries[mine] = len(devices)
            named = {"name": f"{entry.name}[{name}]", "params": params}
            ports = None if optical is None else _roles(optical.shape(int(mine[0])), split)
            devices.append(entry.model_copy(update=named if ports is None else named | {"ports": ports}))
        notes = [*self.notes, *(f"split of {_listed(names)}: {reason}" for reason, names in kept.items())]
        if len(devices) == len(kit.devices):
            return kit, entry_of_device, notes
        return kit.model_copy(update={"devices": tuple(devices)}), entries, notes


def _listed(names: list[str]) -> str:
    """Return names of cells, those that differ by their counter once."""
    plain = list(dict.fromkeys(extract.KLAYOUT_COUNTER.sub("", name) for name in names))
    shown = ", ".join(plain[:MAX_NAMED]) + (f" and {len(plain) - MAX_NAMED} others" if len(plain) > MAX_NAMED else "")
    return shown if len(names) == 1 else f"{len(names)} cells ({shown})"


def _roles(shape: Ports, split: Split) -> dict[str, tuple[str, ...]] | None:
    """Return which port of a cell is which of the model, by the ends of its guides; None where names do not tell."""
    if len(shape) != 2 * N_WAYS or len({one.casefold() for one in shape.names}) != len(shape) or "" in shape.names:
        return None
    at = np.stack([shape.x_nm, shape.y_nm], axis=1)
    roles: dict[str, tuple[str, ...]] = {}
    for number, ends in enumerate(split.pairs, start=1):
        for role, end in zip(("in", "out"), ends, strict=True):
            distance = np.hypot(*(at - end).T)
            if distance.min() > END_NM:
                return None
            roles[f"{role}{number}"] = (shape.names[int(np.argmin(distance))],)
    return roles if len(set(roles.values())) == len(roles) else None


def find(source: Source, extraction: Extraction) -> DrawnCouplers:
    """Trace the cells of all couplers whose split has no source in the PDK."""
    kit, tables = extraction.pdk, extraction.tables
    unknown = [
        number
        for number, entry in enumerate(kit.devices)
        if entry.kind == KIND and entry.sparameters is None and entry.params[FRACTION].assumed
    ]
    mine = np.isin(extraction.device_entry, unknown)
    cells = np.unique(tables.devices.cell[mine]).tolist()
    found = DrawnCouplers()
    if not cells:
        return found
    library = library_of(source, extraction)
    if library is None:
        found.notes.append("splits of couplers were not measured from their shapes: the file is compressed")
        return found
    if len(cells) > MAX_CELLS:
        found.notes.append(f"splits were measured for {MAX_CELLS} of {len(cells)} coupler cells")
    by_name = {cell.name: cell for cell in library.cells if isinstance(cell, gdstk.Cell)}
    for cell in cells[:MAX_CELLS]:
        drawn = by_name.get(extraction.cell_names[cell])
        if drawn is not None:
            traced = _traced(drawn, library, kit)
            if traced is not None:
                found.cells[cell] = traced
    return found


def _traced(cell: gdstk.Cell, library: gdstk.Library, kit: Pdk) -> Extraction | None:
    bare = gdstk.Library(unit=library.unit, precision=library.precision)
    copy = bare.new_cell(cell.name)
    for layer, datatype in kit.core_layers():
        copy.add(*cell.get_polygons(layer=layer, datatype=datatype))
    if not copy.polygons:
        return None
    try:
        return extract.extract(layout.read(bare), kit)
    except WaveguardError:
        return None


def split_of(
    found: Extraction, kit: Pdk, *, wavelength_um: float | None = None, edge_bias_nm: float = 0.0
) -> Split | str:
    """Return the share of power that crosses between the two guides of a traced cell, or why it cannot be told."""
    tables = with_bias(found.tables, edge_bias_nm)
    if len(tables.junctions) and (tables.junctions.n_arms >= N_WAYS + 1).any():
        return "its guides are drawn as one body"
    ways = ways_of(tables)
    if len(np.unique(ways)) != N_WAYS:
        return f"{len(np.unique(ways))} guides are drawn in it, not two"
    runs = tables.runs
    between = np.flatnonzero(ways[runs.waveguide_a] != ways[runs.waveguide_b])
    if not len(between):
        return "its guides do not run side by side"
    result = crosstalk(tables, _sections(found, kit), kit, wavelength_um=wavelength_um)
    missing = [result.reason[row] for row in between.tolist() if result.state[row] == NOT_EVALUATED]
    if missing:
        return missing[0]
    theta = float(result.local_theta_rad[between].sum())
    if len(between) > 1:
        # Pieces of one coupler add up as fields.
        fraction = math.sin(theta) ** 2
    else:
        fraction = float(db_to_ratio(float(result.coupled_db[between[0]])))
    sigma = abs(math.sin(2.0 * theta)) * theta * _relative_sigma(found, kit, between)
    return Split(min(fraction, 1.0), sigma, _pairs(found, int(between[0])))


def _pairs(found: Extraction, run: int) -> tuple[Points, Points]:
    """Return the places in nm where light enters and leaves either guide, going the same way along a run."""
    tables = found.tables
    runs, routes, guides, ports = tables.runs, tables.routes, tables.waveguides, tables.ports
    lines, ways = tables.centerlines, ways_of(tables)
    here = np.array([runs.x_nm[run], runs.y_nm[run]])
    own = slice(*(int(one) for one in lines.offsets[runs.waveguide_a[run] :][:2]))
    points = np.stack([lines.x_nm[own], lines.y_nm[own]], axis=1)
    middles = (points[1:] + points[:-1]) / 2
    nearest = int(np.argmin(((middles - here) ** 2).sum(axis=1)))
    along = points[nearest + 1] - points[nearest]
    pairs = []
    for way in (int(ways[runs.waveguide_a[run]]), int(ways[runs.waveguide_b[run]])):
        one = int(np.flatnonzero(ways == way)[0])
        ends = (
            (routes.port_a[way], routes.port_b[way]) if way < len(routes) else (guides.port_a[one], guides.port_b[one])
        )
        places = np.array([[ports.x_nm[port], ports.y_nm[port]] for port in ends])
        pairs.append(places[np.argsort(places @ along, kind="stable")])
    return pairs[0], pairs[1]


def _sections(found: Extraction, kit: Pdk) -> list[CrossSection]:
    by_name = {section.name: section for section in kit.cross_sections}
    return [by_name[guide.section.name] for guide in found.guides]


def _relative_sigma(found: Extraction, kit: Pdk, rows: Ints) -> float:
    tables = found.tables
    number = int(tables.waveguides.cross_section[tables.runs.waveguide_a[rows[0]]])
    section = found.guides[number].section if number >= 0 else None
    if section is None or section.coupling is None:
        return 0.0
    family = kit.surface_of(section.coupling.table)
    return 0.0 if family is None else family.sigma_relative.value
