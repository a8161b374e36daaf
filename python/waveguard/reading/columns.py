"""A gdstk library taken apart into flat columns, in the form in which the core builds a layout from them.

The fact a newcomer would get wrong: one drawn shape may be many. OASIS (and gdstk) keep repetitions on polygons,
paths, labels and references; they stay repetitions here, and whoever counts shapes must multiply. Nothing here loops
over vertices.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import gdstk
import numpy as np
import numpy.typing as npt

from waveguard.reading.problem import ProblemList
from waveguard.reading.quiet import quiet_gdstk

CONTEXT_CELL = "$$$CONTEXT_INFO$$$"
"""The cell in which KLayout keeps what it knows about other cells. It is no part of the layout."""

UNREADABLE_TEXT = "\ufffd"
"""Stands for a name or text that is not UTF-8."""

SINGLE = ("single",)
MAX_INT32 = 2**31 - 1
WHOLE_RATIO = 1e-12
"""Relative difference up to which a ratio of two units is taken as the whole number next to it."""
Floats = npt.NDArray[np.float64]
_Polygon = Any
"""A `gdstk.Polygon`. Its stub calls the points a list of pairs; they are an array, which makes this quick."""


@dataclass(frozen=True, slots=True)
class Label:
    """A text of a cell."""

    cell: int
    """Index into the cell names."""
    layer: tuple[int, int]
    """Layer and texttype."""
    text: str
    x_dbu: float
    y_dbu: float
    repetition: int
    """Index into the repetitions; 0 for a text that stands once."""


@dataclass(slots=True)
class Contents:
    """What a library holds."""

    cells: list[gdstk.Cell]
    """The cells of the layout, in file order; the context cell is not among them."""
    context: list[gdstk.Cell]
    """The cells that only carry metadata."""
    names: list[str]
    columns: dict[str, Any]
    """The fields of `LayoutColumns` of the core."""
    labels: list[Label]
    problems: ProblemList = field(default_factory=ProblemList)


class Boundaries(Protocol):
    """Polygons that the core found in the bytes of a GDSII file."""

    @property
    def n_structures(self) -> int:
        """Structures of the file, with polygons or without."""

    def layers(self, structure: int) -> list[tuple[int, int]]:
        """Return the layers of the polygons of a structure in the order of their first use."""


class _Numbering(dict[tuple[int, int], int]):
    """Gives each layer a number at its first use."""

    def __missing__(self, key: tuple[int, int]) -> int:
        number = self[key] = len(self)
        return number


class _Repetitions:
    """Collects repetitions; number 0 means drawn once."""

    def __init__(self, scale: float) -> None:
        self.scale = scale
        self.items: list[tuple[Any, ...]] = [SINGLE]

    def number(self, repetition: gdstk.Repetition) -> int:
        if not repetition.size:
            return 0
        scale = self.scale
        columns = repetition.columns
        if columns is None:
            self.items.append(("listed", np.asarray(repetition.get_offsets(), dtype=np.float64) * scale))
        else:
            spacing = repetition.spacing
            if spacing is not None:
                v1, v2 = (spacing[0], 0.0), (0.0, spacing[1])
            else:
                assert repetition.v1 is not None
                assert repetition.v2 is not None
                v1, v2 = repetition.v1, repetition.v2
            self.items.append(
                ("grid", columns, repetition.rows, v1[0] * scale, v1[1] * scale, v2[0] * scale, v2[1] * scale)
            )
        return len(self.items) - 1


def take_apart(
    library: gdstk.Library,
    *,
    shapes_repeat: bool,
    owned: bool,
    on_grid: bool = False,
    cell_names: Sequence[str] | None = None,
    widthless_paths: frozenset[int] = frozenset(),
    boundaries: Boundaries | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Contents:
    """Take a library apart.

    Parameters
    ----------
    library
        As gdstk read it, or as a program made it.
    shapes_repeat
        Whether polygons, paths and labels may carry repetitions (GDSII has none, and asking each costs time).
    owned
        Whether paths may be changed, because nobody else holds the library.
    on_grid
        Whether every coordinate is a whole number of dbu already (a GDSII file that was read in units of its grid),
        so that vertices can be handed on as integers.
    cell_names
        Names of all cells in file order, used where gdstk cannot give a name because it is not UTF-8.
    widthless_paths
        Numbers, in file order over all cells, of paths that state no width: gdstk gives them that of the path before.
    boundaries
        The polygons of the cells, which are then not taken from gdstk: it may have been given only some of them.
    progress
        Called with the number of cells done and in all.
    """
    scale = _grid_steps(library.unit / library.precision)
    problems = ProblemList()
    all_cells = library.cells
    all_names = [_name(cell, i, cell_names, problems) for i, cell in enumerate(all_cells)]
    cells: list[gdstk.Cell] = []
    context: list[gdstk.Cell] = []
    names: list[str] = []
    structure_of: list[int] = []
    first_path: list[int] = []
    n_paths = 0
    for structure, (cell, name) in enumerate(zip(all_cells, all_names, strict=True)):
        is_context = name == CONTEXT_CELL
        if isinstance(cell, gdstk.RawCell):
            problems.add("raw-cell", name)
        else:
            (context if is_context else cells).append(cell)
            if not is_context:
                names.append(name)
                structure_of.append(structure)
                first_path.append(n_paths)
            n_paths += len(cell.paths) if widthless_paths else 0
    _check_names(names, problems)

    layers = _Numbering()
    repetitions = _Repetitions(scale)
    shapes = _Shapes(on_grid=on_grid and scale == 1.0)
    drawn = _Drawn(boundaries) if boundaries is not None else None
    paths = _Paths()
    texts: list[Label] = []
    refs = _References({id(cell): i for i, cell in enumerate(cells)}, names)
    for i, cell in enumerate(cells):
        if drawn is not None:
            drawn.add(i, structure_of[i], layers)
        else:
            shapes.add_polygons(i, cell.polygons, layers, repetitions if shapes_repeat else None)
        if drawn_paths := cell.paths:
            widthless = {n - first_path[i] for n in widthless_paths} if widthless_paths else set()
            with quiet_gdstk():
                paths.add(
                    i, names[i], drawn_paths, layers, repetitions, shapes, problems, owned=owned, widthless=widthless
                )
        if labels := cell.labels:
            _add_labels(i, names[i], labels, layers, repetitions if shapes_repeat else None, texts, scale, problems)
        if references := cell.references:
            refs.add(i, references, repetitions)
        if progress is not None:
            progress(i + 1, len(cells))

    layer_of = list(layers)
    columns: dict[str, Any] = {
        "dbu_nm": library.precision * 1e9,
        "layers": layer_of,
        "cell_names": names,
        "repetitions": repetitions.items,
    }
    columns |= shapes.columns(scale)
    columns |= paths.columns(scale)
    columns |= _label_columns(texts, layers)
    columns |= refs.columns(scale)
    if drawn is not None:
        columns |= drawn.columns()
    return Contents(cells, context, names, columns, texts, problems)


def _grid_steps(ratio: float) -> float:
    """Grid steps in a user unit: 1000, not the 999.9999999999999 that two decimal fractions give."""
    whole = round(ratio)
    return float(whole) if whole and abs(ratio / whole - 1) < WHOLE_RATIO else ratio


class _Shapes:
    """Polygons, and outlines of paths, grouped by cell."""

    def __init__(self, *, on_grid: bool) -> None:
        self.on_grid = on_grid
        self.points: list[Floats] = []
        self.layer: list[int] = []
        self.rep: list[int] | None = None
        self.per_cell: list[int] = []
        self.cell_of_group: list[int] = []

    def add_polygons(
        self, cell: int, polygons: Sequence[_Polygon], layers: _Numbering, repetitions: _Repetitions | None
    ) -> None:
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
        self.points.append(_on_grid(points) if self.on_grid else points)
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

    def columns(self, scale: float) -> dict[str, Any]:
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


class _Drawn:
    """Polygons that the core takes from the bytes itself: it is told only what their cells and layers are called."""

    def __init__(self, boundaries: Boundaries) -> None:
        self.boundaries = boundaries
        self.cell: list[int] = []
        self.layer: list[int] = []

    def add(self, cell: int, structure: int, layers: _Numbering) -> None:
        """Name the cell that a structure is; those between the last one and this are none."""
        self._skip_to(structure)
        self.cell.append(cell)
        self.layer += [layers[key] for key in self.boundaries.layers(structure)]

    def _skip_to(self, structure: int) -> None:
        for skipped in range(len(self.cell), structure):
            self.cell.append(-1)
            self.layer += [-1] * len(self.boundaries.layers(skipped))

    def columns(self) -> dict[str, Any]:
        self._skip_to(self.boundaries.n_structures)
        return {
            "boundaries": self.boundaries,
            "boundary_cell": np.array(self.cell, dtype=np.int64),
            "boundary_layer": np.array(self.layer, dtype=np.int64),
        }


class _Paths:
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
        layers: _Numbering,
        repetitions: _Repetitions,
        shapes: _Shapes,
        problems: ProblemList,
        *,
        owned: bool,
        widthless: set[int],
    ) -> None:
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
        return {
            "path_xy": _joined(self.points, scale),
            "path_offsets": _offsets(self.points),
            "path_cell": np.array(self.cell, dtype=np.int64),
            "path_layer": np.array(self.layer, dtype=np.int64),
            "path_width": np.array(self.width, dtype=np.float64) * scale,
            "path_outline": np.array(self.outline, dtype=np.int64),
            "path_rep": np.array(self.rep, dtype=np.int64),
        }


class _References:
    """Placements of cells in cells."""

    def __init__(self, index: dict[int, int], names: Sequence[str]) -> None:
        self.index = index
        # A library made by a program may refer to a cell by its name; of equal names the first is meant.
        self.by_name = {name: i for i, name in reversed(list(enumerate(names))) if name != UNREADABLE_TEXT}
        self.cell: list[int] = []
        self.target: list[int] = []
        self.name: list[str] = []
        self.origin: list[tuple[float, float]] = []
        self.rotation: list[float] = []
        self.magnification: list[float] = []
        self.mirror: list[bool] = []
        self.rep: list[int] = []

    def add(self, cell: int, references: list[gdstk.Reference], repetitions: _Repetitions) -> None:
        index = self.index
        for r in references:
            placed = _placed(r)
            target = self.by_name.get(placed, -1) if isinstance(placed, str) else index.get(id(placed), -1)
            self.target.append(target)
            self.name.append("" if target >= 0 else _placed_name(placed))
        n = len(references)
        self.cell += [cell] * n
        self.origin += [r.origin for r in references]
        self.rotation += [r.rotation for r in references]
        self.magnification += [r.magnification for r in references]
        self.mirror += [r.x_reflection for r in references]
        number = repetitions.number
        self.rep += [number(r.repetition) for r in references]

    def columns(self, scale: float) -> dict[str, Any]:
        return {
            "ref_cell": np.array(self.cell, dtype=np.int64),
            "ref_target": np.array(self.target, dtype=np.int64),
            "ref_name": self.name,
            "ref_xy": np.array(self.origin, dtype=np.float64).reshape(-1) * scale,
            "ref_rotation_rad": np.array(self.rotation, dtype=np.float64),
            "ref_magnification": np.array(self.magnification, dtype=np.float64),
            "ref_mirror": np.array(self.mirror, dtype=np.uint8),
            "ref_rep": np.array(self.rep, dtype=np.int64),
        }


def _add_labels(
    cell: int,
    cell_name: str,
    labels: list[gdstk.Label],
    layers: _Numbering,
    repetitions: _Repetitions | None,
    texts: list[Label],
    scale: float,
    problems: ProblemList,
) -> None:
    for label in labels:
        x, y = label.origin
        try:
            text = label.text
        except (UnicodeDecodeError, TypeError):  # gdstk says the second
            text = UNREADABLE_TEXT
            problems.add("text-not-utf8", cell_name, at=(x * scale, y * scale))
        layer = (label.layer, label.texttype)
        layers[layer]
        rep = repetitions.number(label.repetition) if repetitions is not None else 0
        texts.append(Label(cell, layer, text, x * scale, y * scale, rep))


def _label_columns(texts: list[Label], layers: _Numbering) -> dict[str, Any]:
    return {
        "label_cell": np.array([t.cell for t in texts], dtype=np.int64),
        "label_layer": np.array([layers[t.layer] for t in texts], dtype=np.int64),
        "label_xy": np.array([(t.x_dbu, t.y_dbu) for t in texts], dtype=np.float64).reshape(-1),
        "label_text": [t.text for t in texts],
        "label_rep": np.array([t.repetition for t in texts], dtype=np.int64),
    }


def _name(
    cell: gdstk.Cell | gdstk.RawCell, number: int, cell_names: Sequence[str] | None, problems: ProblemList
) -> str:
    try:
        name: str = cell.name
    except (UnicodeDecodeError, TypeError):  # gdstk says the second
        known = cell_names is not None and number < len(cell_names)
        name = cell_names[number] if known and cell_names is not None else f"{UNREADABLE_TEXT}{number}"
        problems.add("name-not-utf8", name)
    return name


def _placed(reference: gdstk.Reference) -> gdstk.Cell | gdstk.RawCell | str:
    try:
        return reference.cell
    except (UnicodeDecodeError, TypeError):  # a missing cell whose name is not UTF-8
        return UNREADABLE_TEXT


def _placed_name(placed: gdstk.Cell | gdstk.RawCell | str) -> str:
    if isinstance(placed, str):
        return placed
    try:
        name: str = placed.name
    except (UnicodeDecodeError, TypeError):  # gdstk says the second
        return UNREADABLE_TEXT
    return name


def _check_names(names: list[str], problems: ProblemList) -> None:
    seen: set[str] = set()
    for name in names:
        if not name:
            problems.add("empty-cell-name")
        elif name in seen:
            problems.add("duplicate-cell-name", name)
        seen.add(name)


def _constant_widths(path: gdstk.FlexPath | gdstk.RobustPath) -> list[float]:
    """Width of each element; NaN where it changes along the path."""
    ends = np.asarray(path.widths() if isinstance(path, gdstk.FlexPath) else [path.widths(0), path.widths(path.size)])
    low, high = ends.min(axis=0), ends.max(axis=0)
    return [float(a) if a == b else float("nan") for a, b in zip(low, high, strict=True)]


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
