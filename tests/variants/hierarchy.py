"""The same drawing with other cells: flat, one level less deep, arrays as single placements.

Every function takes a library and returns a new one; what it was given is left as it was. The fact a newcomer would
get wrong: gdstk's own `flatten` works in place, and takes the context cell of KLayout for the top of the layout.
"""

from __future__ import annotations

from collections.abc import Iterator

import gdstk
import numpy as np

from waveguard.reading.columns import CONTEXT_CELL


def new_library(like: gdstk.Library) -> gdstk.Library:
    """Return an empty library with the units of another."""
    return gdstk.Library(like.name or "library", unit=like.unit, precision=like.precision)


def top_cells(library: gdstk.Library) -> list[gdstk.Cell]:
    """Return the cells that no other cell places; what the context cell of KLayout places does not count."""
    cells = real_cells(library)
    placed = {id(reference.cell) for cell in cells for reference in cell.references}
    return [cell for cell in cells if id(cell) not in placed]


def real_cells(library: gdstk.Library) -> list[gdstk.Cell]:
    """Return all cells of the layout, without the one in which KLayout keeps its notes."""
    return [cell for cell in library.cells if isinstance(cell, gdstk.Cell) and cell.name != CONTEXT_CELL]


def flattened(library: gdstk.Library, layers: frozenset[tuple[int, int]] | None = None) -> gdstk.Library:
    """Return the library with every top cell flat: no placement and no repetition is left.

    Paths stay paths and labels stay labels. With `layers`, only polygons and paths of these are kept.
    """
    result = new_library(library)
    for top in top_cells(library):
        flat = gdstk.Cell(top.name)
        flat.add(*_kept(top.get_polygons(include_paths=False), layers))
        flat.add(*_kept(top.get_paths(), layers))
        flat.add(*top.get_labels())
        result.add(flat)
    return result


def _kept(shapes: list, layers: frozenset[tuple[int, int]] | None) -> list:
    if layers is None:
        return shapes
    kept = []
    for shape in shapes:
        if isinstance(shape, gdstk.Polygon):
            used = {(shape.layer, shape.datatype)}
        else:
            used = set(zip(shape.layers, shape.datatypes, strict=True))
        if used & layers:
            kept.append(shape)
    return kept


def with_one_level_less(library: gdstk.Library) -> gdstk.Library:
    """Return the library with the contents of every cell that a top cell places drawn in the top cell itself."""
    result = new_library(library)
    cells = real_cells(library)
    copies = {id(cell): gdstk.Cell(cell.name) for cell in cells}
    tops = {id(top) for top in top_cells(library)}
    for cell in cells:
        copy = copies[id(cell)]
        _add_own_shapes(copy, cell)
        if id(cell) not in tops:
            for reference in cell.references:
                copy.add(_again(reference, copies))
            continue
        for placed in _single_placements(cell):
            if not isinstance(placed.cell, gdstk.Cell):
                copy.add(_again(placed, copies))
                continue
            copy.add(*placed.get_polygons(include_paths=False, depth=0))
            copy.add(*placed.get_paths(depth=0))
            copy.add(*placed.get_labels(depth=0))
            for inner in _single_placements(placed.cell):
                copy.add(_again(_composed(placed, inner), copies))
    used = {id(c) for top in tops for c in _below(copies[top])} | {id(copies[top]) for top in tops}
    result.add(*(copy for copy in copies.values() if id(copy) in used))
    return result


def with_single_placements(library: gdstk.Library) -> gdstk.Library:
    """Return the library with every array of placements and every repeated shape written out one by one."""
    result = new_library(library)
    cells = real_cells(library)
    copies = {id(cell): gdstk.Cell(cell.name) for cell in cells}
    for cell in cells:
        copy = copies[id(cell)]
        copy.add(*cell.get_polygons(include_paths=False, depth=0))
        copy.add(*cell.get_paths(depth=0))
        copy.add(*cell.get_labels(depth=0))
        copy.add(*(_again(reference, copies) for reference in _single_placements(cell)))
        for name, *values in cell.properties or []:
            copy.set_property(name, values)
    result.add(*copies.values())
    return result


def _below(cell: gdstk.Cell) -> list[gdstk.Cell]:
    return cell.dependencies(True)


def _add_own_shapes(copy: gdstk.Cell, cell: gdstk.Cell) -> None:
    copy.add(*(polygon.copy() for polygon in cell.polygons))
    copy.add(*(path.copy() for path in cell.paths))
    copy.add(*(label.copy() for label in cell.labels))


def _again(reference: gdstk.Reference, copies: dict[int, gdstk.Cell]) -> gdstk.Reference:
    target = reference.cell
    # A missing cell is referenced by its name.
    copy = gdstk.Reference(
        copies.get(id(target), target) if isinstance(target, gdstk.Cell) else target,
        reference.origin,
        rotation=reference.rotation,
        magnification=reference.magnification,
        x_reflection=reference.x_reflection,
    )
    repetition = reference.repetition
    if repetition.size:
        copy.repetition = repetition
    return copy


def _single_placements(cell: gdstk.Cell) -> Iterator[gdstk.Reference]:
    for reference in cell.references:
        offsets = reference.repetition.get_offsets() if reference.repetition.size else [(0.0, 0.0)]
        for x, y in offsets:
            yield gdstk.Reference(
                reference.cell,
                (reference.origin[0] + x, reference.origin[1] + y),
                rotation=reference.rotation,
                magnification=reference.magnification,
                x_reflection=reference.x_reflection,
            )


def _composed(outer: gdstk.Reference, inner: gdstk.Reference) -> gdstk.Reference:
    """Return the placement that is `inner` as `outer` places it."""
    sign = -1.0 if outer.x_reflection else 1.0
    turn = np.exp(1j * outer.rotation) * outer.magnification
    local = complex(inner.origin[0], sign * inner.origin[1])
    at = complex(*outer.origin) + turn * local
    return gdstk.Reference(
        inner.cell,
        (at.real, at.imag),
        rotation=outer.rotation + sign * inner.rotation,
        magnification=outer.magnification * inner.magnification,
        x_reflection=bool(outer.x_reflection) != bool(inner.x_reflection),
    )
