"""What loss and crosstalk share: from a source to an extraction and its circuit, and names of devices and guides."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from waveguard import engine, extract, layout
from waveguard.analyses.corners import CORNERS, Corner, at_bias, at_corner, at_wavelength
from waveguard.errors import UsageError
from waveguard.optics import drawn_couplers
from waveguard.optics.drawn_couplers import DrawnCouplers
from waveguard.pdk import Pdk
from waveguard.pdk import load as load_pdk
from waveguard.units import nm_to_um

if TYPE_CHECKING:
    import gdstk

    from waveguard.circuit import CircuitModel
    from waveguard.extract import Extraction

Progress: TypeAlias = Callable[[str, int, int], None]
Source: TypeAlias = "str | Path | gdstk.Library"
Columns: TypeAlias = "dict[str, npt.NDArray[Any]]"

MEMORY_NAME = "gdstk library"


@dataclass(frozen=True)
class Prepared:
    """A layout, read and extracted."""

    name: str
    extraction: Extraction
    missing: tuple[str, ...]
    """Why there is nothing to see, if there is nothing."""
    couplers: DrawnCouplers = field(default_factory=DrawnCouplers)
    """Couplers whose split is measured from their shapes."""

    def model(
        self,
        *,
        corner: Corner = "typ",
        wavelength_um: float | None = None,
        edge_bias_nm: float = 0.0,
        pdk: Pdk | None = None,
        change: Callable[[Pdk], Pdk] | None = None,
    ) -> CircuitModel:
        """Return the circuit at a corner and wavelength, every edge of a core moved outwards by `edge_bias_nm`.

        By another PDK where one is given; `change` is made to it last, when measured couplers have their entries.
        """
        kit = at_bias(at_corner(self.extraction.pdk if pdk is None else pdk, corner), edge_bias_nm)
        if wavelength_um is not None:
            kit = at_wavelength(kit, wavelength_um)
        kit, entries, notes = self.couplers.entries(
            kit,
            self.extraction,
            wavelength_um=wavelength_um,
            edge_bias_nm=edge_bias_nm,
        )
        kit = kit if change is None else change(kit)
        moved = engine.by_pdk(self.extraction, kit)
        model = engine.circuit_of(moved, wavelength_um=wavelength_um, edge_bias_nm=edge_bias_nm, device_entry=entries)
        return replace(model, notes=(*model.notes, *notes))


def prepare(
    source: Source,
    pdk: str | Path | Pdk,
    *,
    top: str | Sequence[str] | None = None,
    threads: int = 0,
    progress: Progress | None = None,
) -> Prepared:
    """Read a layout and extract its network."""
    kit = load_pdk(pdk)
    file = layout.read(source, threads=threads, progress=progress)
    tops = None if top is None else [top] if isinstance(top, str) else list(top)
    extraction = extract.extract(file, kit, tops=tops, threads=threads, progress=progress)
    missing = tuple(one.reason for one in engine.nothing_to_see(file, extraction))
    name = file.path.name if file.path is not None else MEMORY_NAME
    return Prepared(name, extraction, missing, drawn_couplers.find(source, extraction))


def checked_corner(corner: str) -> Corner:
    """Return the corner of that name.

    Raises
    ------
    UsageError
        There is none.
    """
    for known in CORNERS:
        if corner == known:
            return known
    raise UsageError(f"there is no corner '{corner}'", hint=f"known corners: {', '.join(CORNERS)}")


def checked_wavelength(wavelength_um: float) -> float:
    """Return a wavelength in um that can be one.

    Raises
    ------
    UsageError
        It is not between 0.2 and 20 um; mostly it was given in nm.
    """
    if not 0.2 <= wavelength_um <= 20.0:
        hint = f"write {wavelength_um / 1e3:g}" if 200.0 <= wavelength_um <= 20_000.0 else None
        raise UsageError(f"{wavelength_um:g} um is no wavelength of light in a guide", hint=hint)
    return wavelength_um


def device_name(model: CircuitModel, device: int) -> str:
    """Return a device by its cell and place, for people."""
    devices = model.tables.devices
    cell = model.cell_names[int(devices.cell[device])]
    x_um = nm_to_um(float(devices.bbox_x0_nm[device] + devices.bbox_x1_nm[device]) / 2)
    y_um = nm_to_um(float(devices.bbox_y0_nm[device] + devices.bbox_y1_nm[device]) / 2)
    return f"{cell} at ({x_um:.3f}, {y_um:.3f})"


def as_columns(rows: Sequence[dict[str, Any]], names: Sequence[str]) -> Columns:
    """Return rows as numpy columns; integers beyond 64 bits stay Python integers in a column of objects."""
    found = {}
    for name in names:
        values = [row[name] for row in rows]
        big = any(isinstance(one, int) and abs(one) >= 1 << 63 for one in values)
        found[name] = np.array(values, dtype=object) if big else np.array(values)
    return found
