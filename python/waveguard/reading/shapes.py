"""Polygons and paths of cells as flat columns.

Nothing here loops over vertices.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import gdstk
import numpy as np
import numpy.typing as npt

from waveguard.reading.numbering import Numbering, Repetitions
from waveguard.reading.problem import ProblemList

MAX_INT32 = 2**31 - 1
Floats = npt.NDArray[np.float64]
_Polygon = Any
"""A `gdstk.Polygon`. Its stub calls the points a list of pairs; they are an array, which makes this quick."""


class Boundaries(Protocol):
    """Polygons that the core found in the bytes of a GDSII file."""

    @property
    def n_structures(self) -> int:
        """Structures of the file, with polygons or without."""

    def layers(self, structure: int) -> list[tuple[int, int]]:
        """Return the layers of the polygons of a structure in the order of their first use."""


class Shapes:
    """Polygons, and outlines of paths, grouped by cell."""

    def __init__(self, *, on_grid: bool) -> None:
        self.on_grid = on_grid
        self.points: list[Floats] = []
        self.outlines: list[int] = []
        """Numbers of the polygons that are outlines of paths, which lie off the grid."""
        self.layer: list[int] = []
        self.rep: list[int] | None = None
        self.per_cell: list[int] = []
        self.cell_of_group: list[int] = []

    def add_polygons(
        self, cell: int, polygons: Sequence[_Polygon], layers: Numbering, repetitions: Repetitions | None
    ) -> None:
        """Append the polygons of a cell; without `repetitions` each is drawn once."""
        if not polygons:
            return
        self.points += [p.points for p in polygons]
        self.layer += [layers[p.layer, p.datatype] for p in polygons]
        if repetitions is not None:
            number = repetitions.number
            self._set_reps([number(p.repetition) for p in polygons])
        self._group(cell, len(polygons))

    def add_outline(self, cell: int, points: Floats, layer: int, rep: int) -> int:
        """Append the outline of a path and return its number."""
        self.outlines.append(len(self.points))
        self.points.append(points)
        self.layer.append(layer)
        if rep or self.rep is not None:
            self._set_reps([rep])
        self._group(cell, 1)
        return len(self.points) - 1

    def _set_reps(self, reps: list[int]) -> None:
        if self.rep is None:
            self.rep = []
        # Shapes added while no shape repeated are drawn once.
        self.rep += [0] * (len(self.layer) - len(reps) - len(self.rep))
        self.rep += reps

    def _group(self, cell: int, n: int) -> None:
        if self.cell_of_group and self.cell_of_group[-1] == cell:
            self.per_cell[-1] += n
        else:
            self.cell_of_group.append(cell)
            self.per_cell.append(n)

    def _round_outlines(self) -> None:
        """Put the outlines of paths on the grid, all at once: there may be very many small ones."""
        if not self.outlines:
            return
        drawn = [self.points[number] for number in self.outlines]
        ends = _offsets(drawn).tolist()
        rounded = _on_grid(np.concatenate(drawn))
        for number, begin, end in zip(self.outlines, ends, ends[1:], strict=False):
            self.points[number] = rounded[begin:end]

    def columns(self, scale: float) -> dict[str, Any]:
        """Return the columns of polygons, with `scale` grid steps in a user unit."""
        if self.on_grid:
            self._round_outlines()
        n = len(self.points)
        rep = self.rep if self.rep is not None else []
        return {
            "polygon_xy": _joined_on_grid(self.points) if self.on_grid else _joined(self.points, scale),
            "polygon_offsets": _offsets(self.points),
            "polygon_cell": np.repeat(
                np.array(self.cell_of_group, dtype=np.int64), np.array(self.per_cell, dtype=np.int64)
            ),
            "polygon_layer": np.array(self.layer, dtype=np.int64),
            "polygon_rep": np.array(rep + [0] * (n - len(rep)), dtype=np.int64),
        }


class Drawn:
    """Polygons that the core takes from the bytes itself: it is told only what their cells and layers are called."""

    def __init__(self, boundaries: Boundaries) -> None:
        self.boundaries = boundaries
        self.cell: list[int] = []
        self.layer: list[int] = []

    def add(self, cell: int, structure: int, layers: Numbering) -> None:
        """Name the cell that a structure is; those between the last one and this are none."""
        self._skip_to(structure)
        self.cell.append(cell)
        self.layer += [layers[key] for key in self.boundaries.layers(structure)]

    def _skip_to(self, structure: int) -> None:
        for skipped in range(len(self.cell), structure):
            self.cell.append(-1)
            self.layer += [-1] * len(self.boundaries.layers(skipped))

    def columns(self) -> dict[str, Any]:
        """Return the columns of polygons that are taken from the bytes."""
        self._skip_to(self.boundaries.n_structures)
        return {
            "boundaries": self.boundaries,
            "boundary_cell": np.array(self.cell, dtype=np.int64),
            "boundary_layer": np.array(self.layer, dtype=np.int64),
        }


class Paths:
    """PATH elements: their spines, and which polygon is the outline of each."""

    def __init__(self) -> None:
        self.points: list[Floats] = []
        self.cell: list[int] = []
        self.layer: list[int] = []
        self.width: list[float] = []
        self.outline: list[int] = []
        self.rep: list[int] = []

    def add(
        self,
        cell: int,
        cell_name: str,
        drawn: Sequence[gdstk.FlexPath | gdstk.RobustPath],
        layers: Numbering,
        repetitions: Repetitions,
        shapes: Shapes,
        problems: ProblemList,
        *,
        owned: bool,
        widthless: set[int],
    ) -> None:
        """Append the paths of a cell, and their outlines to its shapes.

        Of those with a number in `widthless` there is no outline. Paths that are not `owned` are not changed.
        """
        for number, original in enumerate(drawn):
            # Making the outline drops points that lie closer than the tolerance from the spine itself.
            path = original if owned else original.copy()
            rep = repetitions.number(path.repetition)
            spines = path.path_spines()
            widths = [0.0] * path.num_paths if number in widthless else _constant_widths(path)
            numbers = [layers[key] for key in zip(path.layers, path.datatypes, strict=True)]
            outlines = [] if all(w == 0 for w in widths) else _outlines(path)
            if len(outlines) == len(spines):
                outline = [shapes.add_outline(cell, o.points, n, rep) for o, n in zip(outlines, numbers, strict=True)]
            else:
                outline = [-1] * len(spines)
                for o in outlines:
                    shapes.add_outline(cell, o.points, layers[o.layer, o.datatype], rep)
            for spine, width, layer, of in zip(spines, widths, numbers, outline, strict=True):
                if len(spine) < 2 or (of < 0 and width != 0):
                    problems.add("path-without-extent", cell_name)
                if len(spine) >= 2 and width == width:  # a taper is not a spine with a width; its outline says all
                    self.points.append(spine)
                    self.cell.append(cell)
                    self.layer.append(layer)
                    self.width.append(width)
                    self.outline.append(of)
                    self.rep.append(rep)

    def columns(self, scale: float) -> dict[str, Any]:
        """Return the columns of paths, with `scale` grid steps in a user unit."""
        return {
            "path_xy": _joined(self.points, scale),
            "path_offsets": _offsets(self.points),
            "path_cell": np.array(self.cell, dtype=np.int64),
            "path_layer": np.array(self.layer, dtype=np.int64),
            "path_width": np.array(self.width, dtype=np.float64) * scale,
            "path_outline": np.array(self.outline, dtype=np.int64),
            "path_rep": np.array(self.rep, dtype=np.int64),
        }


def _constant_widths(path: gdstk.FlexPath | gdstk.RobustPath) -> list[float]:
    """Width of each element; NaN where it changes along the path."""
    ends = np.asarray(path.widths() if isinstance(path, gdstk.FlexPath) else [path.widths(0), path.widths(path.size)])
    is_even = (ends == ends[0]).all(axis=0)
    return [width if even else float("nan") for width, even in zip(ends[0].tolist(), is_even.tolist(), strict=True)]


def _outlines(path: gdstk.FlexPath | gdstk.RobustPath) -> Sequence[_Polygon]:
    try:
        outlines: Sequence[_Polygon] = path.to_polygons()
    except RuntimeError:  # gdstk: a path without length
        return []
    return outlines


def _joined(arrays: list[Floats], scale: float) -> Floats:
    if not arrays:
        return np.empty(0)
    joined = np.concatenate(arrays).reshape(-1)
    joined *= scale
    return joined


def _on_grid(points: Floats) -> Floats:
    """Round to the grid, halves away from zero; what is beyond 32 bits stays at their end, where the core refuses
    it.
    """
    rounded = np.trunc(points + np.copysign(0.5, points))
    clipped: Floats = np.clip(np.nan_to_num(rounded, nan=MAX_INT32), -MAX_INT32, MAX_INT32)
    return clipped


def _joined_on_grid(arrays: list[Floats]) -> npt.NDArray[np.int32]:
    if not arrays:
        return np.empty(0, dtype=np.int32)
    return np.concatenate(arrays, dtype=np.int32, casting="unsafe").reshape(-1)


def _offsets(arrays: list[Floats]) -> npt.NDArray[np.int64]:
    offsets = np.zeros(len(arrays) + 1, dtype=np.int64)
    np.cumsum(np.fromiter(map(len, arrays), dtype=np.int64, count=len(arrays)), out=offsets[1:])
    return offsets
