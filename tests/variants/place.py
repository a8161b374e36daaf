"""The same drawing elsewhere: turned, mirrored, moved, on another grid.

A drawing turned by an odd angle is put on the grid again, each corner by itself, as layout tools do when they flatten.
"""

from __future__ import annotations

import gdstk
import numpy as np

from variants.hierarchy import flattened, new_library, top_cells

WRAPPER = "placed"


def wrapped(
    library: gdstk.Library,
    angle_deg: float = 0.0,
    shift_um: tuple[float, float] = (0.0, 0.0),
    *,
    mirrored: bool = False,
) -> gdstk.Library:
    """Return the library with every top cell placed once in a cell of its own, mirrored, turned and moved."""
    result = new_library(library)
    for number, top in enumerate(top_cells(library)):
        outer = gdstk.Cell(f"{WRAPPER}{number}")
        outer.add(gdstk.Reference(top, shift_um, rotation=np.deg2rad(angle_deg), x_reflection=mirrored))
        result.add(outer)
    have = {id(cell) for cell in result.cells}
    for outer in list(result.cells):
        for cell in outer.dependencies(True):
            if id(cell) not in have:
                have.add(id(cell))
                result.add(cell)
    return result


def turned(
    library: gdstk.Library,
    angle_deg: float,
    shift_um: tuple[float, float] = (0.0, 0.0),
    *,
    mirrored: bool = False,
) -> gdstk.Library:
    """Return the library flat, mirrored, turned and moved, with every corner on the grid."""
    return on_grid(flattened(wrapped(library, angle_deg, shift_um, mirrored=mirrored)))


def on_grid(library: gdstk.Library, grid_nm: float | None = None) -> gdstk.Library:
    """Return a flat library with every corner on its grid, or on a coarser one; paths become outlines."""
    grid = library.precision / library.unit if grid_nm is None else grid_nm * 1e-9 / library.unit
    result = new_library(library)
    for cell in library.cells:
        copy = gdstk.Cell(cell.name)
        for polygon in cell.get_polygons(include_paths=True, depth=0):
            points = np.round(np.asarray(polygon.points) / grid) * grid
            copy.add(_polygon(points, polygon.layer, polygon.datatype))
        for label in cell.get_labels(depth=0):
            copy.add(label)
        result.add(copy)
    return result


def with_dbu(library: gdstk.Library, dbu_nm: float) -> gdstk.Library:
    """Return the same drawing in a library of another database unit; a coarser one moves corners to its grid."""
    result = new_library(library)
    result.precision = dbu_nm * 1e-9
    result.add(*library.cells)
    return result


def _polygon(points: np.ndarray, layer: int, datatype: int) -> gdstk.Polygon:
    return gdstk.Polygon(points, layer=layer, datatype=datatype)  # type: ignore[arg-type]
