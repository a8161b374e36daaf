"""Heaters and metal lines as drawn: straight bars, by the box about each shape along its longest edge."""

from __future__ import annotations

from dataclasses import dataclass

import gdstk
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

FILLED = 0.8
"""A shape that fills less of its box is no straight bar."""
SLENDER = 4.0
"""A bar is at least so many times longer than wide."""
MAX_SHAPES = 20_000


@dataclass(frozen=True)
class Bars:
    """Straight bars of some layers, in um."""

    start_um: Floats
    """Middle of one end, a row of x and y per bar."""
    end_um: Floats
    width_um: Floats
    n_other: int
    """Shapes that are no straight bars."""
    cut: bool
    """True when there were too many shapes to look at."""

    def __len__(self) -> int:
        return len(self.width_um)

    @property
    def length_um(self) -> Floats:
        """Return the lengths."""
        return np.asarray(np.hypot(*(self.end_um - self.start_um).T))


def bars_of(cell: gdstk.Cell, layers: list[tuple[int, int]], scale: float) -> Bars:
    """Return the bars of a cell and all it places; `scale` is um per unit of the file."""
    shapes: list[gdstk.Polygon] = []
    for layer, datatype in layers:
        shapes += cell.get_polygons(layer=layer, datatype=datatype)
    ends, widths, other = [], [], 0
    for shape in shapes[:MAX_SHAPES]:
        points = np.asarray(shape.points) * scale
        edges = np.roll(points, -1, axis=0) - points
        sides = np.hypot(*edges.T)
        longest = int(np.argmax(sides))
        if not sides[longest] > 0.0:
            continue
        # The box whose sides follow the longest edge.
        along = edges[longest] / sides[longest]
        across = np.array([-along[1], along[0]])
        at, off = points @ along, points @ across
        long, wide = float(np.ptp(at)), float(np.ptp(off))
        if shape.area() * scale**2 < FILLED * long * wide or long < SLENDER * wide:
            other += 1
            continue
        middle = (off.max() + off.min()) / 2 * across
        ends.append([at.min() * along + middle, at.max() * along + middle])
        widths.append(wide)
    found = np.asarray(ends, dtype=np.float64).reshape(-1, 2, 2)
    return Bars(found[:, 0], found[:, 1], np.asarray(widths, dtype=np.float64), other, len(shapes) > MAX_SHAPES)
