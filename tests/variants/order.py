"""The same drawing in another order: cells, shapes, placements, and the corners of each polygon."""

from __future__ import annotations

import gdstk
import numpy as np

from variants.hierarchy import new_library


def shuffled(library: gdstk.Library, seed: int) -> gdstk.Library:
    """Return the library with everything in random order; polygons begin at any corner and run either way round."""
    generator = np.random.default_rng(seed)
    result = new_library(library)
    cells = {id(cell): gdstk.Cell(cell.name) for cell in library.cells}
    for cell in library.cells:
        items: list = [*(path.copy() for path in cell.paths), *(label.copy() for label in cell.labels)]
        for polygon in cell.polygons:
            points = np.roll(np.asarray(polygon.points), int(generator.integers(polygon.size)), axis=0)
            points = points[:: int(generator.choice([1, -1]))]
            turned = gdstk.Polygon(points, layer=polygon.layer, datatype=polygon.datatype)  # type: ignore[arg-type]
            turned.repetition = polygon.repetition
            items.append(turned)
        for reference in cell.references:
            placed = reference.copy()
            placed.cell = cells.get(id(reference.cell), reference.cell)
            items.append(placed)
        cells[id(cell)].add(*(items[i] for i in generator.permutation(len(items))))
    copies = list(cells.values())
    result.add(*(copies[i] for i in generator.permutation(len(copies))))
    return result
