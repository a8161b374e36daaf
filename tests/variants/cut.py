"""The same area drawn with other polygons: cut along lines, cut for old readers, merged.

Areas are cut and merged by KLayout, exactly on the grid; only `fractured` uses gdstk, because it is what writes such
files. A cut through a slanted edge rounds the new corner to the grid, as it does in any tool.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import gdstk
import klayout.db as kdb
import numpy as np

from variants.hierarchy import new_library

FAR_DBU = 1 << 28
"""Half a plane, as far as a layout may reach."""

Edit = Callable[[kdb.Region], kdb.Region]


def cut_along_lines(library: gdstk.Library, seed: int, n_lines: int = 12) -> gdstk.Library:
    """Return the library with the polygons of each cell cut along random lines, in any direction."""
    generator = np.random.default_rng(seed)

    def edit(region: kdb.Region) -> kdb.Region:
        box = region.bbox()
        for _ in range(n_lines):
            x = int(generator.integers(box.left, box.right + 1))
            y = int(generator.integers(box.bottom, box.top + 1))
            angle = float(generator.choice([0.0, np.pi / 2, generator.uniform(0, np.pi)]))
            left = _half_plane(x, y, angle)
            right = kdb.Region(kdb.Box(-FAR_DBU, -FAR_DBU, FAR_DBU, FAR_DBU)) - left
            pieces = kdb.Region()
            for polygon in region.each():
                one = kdb.Region(polygon)
                # Only what the line meets is cut; the rest is left as it was drawn.
                for part in (one & left, one & right):
                    pieces.insert(part)
            region = pieces
        return region

    return _edited(library, edit)


def merged(library: gdstk.Library) -> gdstk.Library:
    """Return the library with all polygons of a layer of a cell as one area; holes are cut open as GDSII needs it."""
    return _edited(library, lambda region: region.merged())


def fractured(library: gdstk.Library, max_points: int = 199) -> gdstk.Library:
    """Return the library with every polygon of more corners cut, as writers do for readers with that limit."""
    result = new_library(library)
    grid = library.precision / library.unit
    cells = {id(cell): gdstk.Cell(cell.name) for cell in library.cells}
    for cell in library.cells:
        copy = cells[id(cell)]
        for polygon in cell.polygons:
            copy.add(*(polygon.fracture(max_points, grid) if polygon.size > max_points else [polygon.copy()]))
        _add_rest(copy, cell, cells)
    result.add(*cells.values())
    return result


def _edited(library: gdstk.Library, edit: Edit) -> gdstk.Library:
    """Apply an edit to the polygons of each layer of each cell; paths, texts and placements stay as they are."""
    result = new_library(library)
    grid = library.precision / library.unit
    cells = {id(cell): gdstk.Cell(cell.name) for cell in library.cells}
    for cell in library.cells:
        copy = cells[id(cell)]
        layers: dict[tuple[int, int], kdb.Region] = {}
        for polygon in cell.get_polygons(include_paths=False, depth=0):
            region = layers.setdefault((polygon.layer, polygon.datatype), kdb.Region())
            points = np.round(np.asarray(polygon.points) / grid).astype(np.int64).tolist()
            region.insert(kdb.Polygon([kdb.Point(x, y) for x, y in points], True))
        for (layer, datatype), region in layers.items():
            for points in _outlines(edit(region).each()):
                copy.add(gdstk.Polygon(points * grid, layer=layer, datatype=datatype))  # type: ignore[arg-type]
        _add_rest(copy, cell, cells)
    result.add(*cells.values())
    return result


def _add_rest(copy: gdstk.Cell, cell: gdstk.Cell, cells: dict[int, gdstk.Cell]) -> None:
    copy.add(*(path.copy() for path in cell.paths))
    copy.add(*(label.copy() for label in cell.labels))
    for reference in cell.references:
        placed = reference.copy()
        placed.cell = cells.get(id(reference.cell), reference.cell)
        copy.add(placed)


def _outlines(polygons: Iterable[kdb.Polygon]) -> Iterable[np.ndarray]:
    for polygon in polygons:
        whole = polygon.resolved_holes()
        yield np.array([(point.x, point.y) for point in whole.each_point_hull()], dtype=np.float64)


def _half_plane(x: int, y: int, angle_rad: float) -> kdb.Region:
    along = np.array([np.cos(angle_rad), np.sin(angle_rad)])
    aside = np.array([-along[1], along[0]])
    at = np.array([x, y], dtype=np.float64)
    reach = FAR_DBU / 4
    corners = (at - reach * along, at + reach * along, at + reach * (along + aside), at - reach * (along - aside))
    return kdb.Region(kdb.Polygon([kdb.Point(round(a), round(b)) for a, b in corners]))
