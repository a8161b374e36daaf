"""A gdstk library taken apart into flat columns, in the form in which the core builds a layout from them.

The fact a newcomer would get wrong: one drawn shape may be many. OASIS (and gdstk) keep repetitions on polygons,
paths, labels and references; they stay repetitions here, and whoever counts shapes must multiply. Nothing here loops
over vertices.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import gdstk
import numpy as np

from waveguard.reading.numbering import Numbering, Repetitions
from waveguard.reading.problem import ProblemList
from waveguard.reading.quiet import quiet_gdstk
from waveguard.reading.shapes import Boundaries, Drawn, Paths, Shapes

CONTEXT_CELL = "$$$CONTEXT_INFO$$$"
"""The cell in which KLayout keeps what it knows about other cells. It is no part of the layout."""

UNREADABLE_TEXT = "\ufffd"
"""Stands for a name or text that is not UTF-8."""

WHOLE_RATIO = 1e-12
"""Relative difference up to which a ratio of two units is taken as the whole number next to it."""


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

    layers = Numbering()
    repetitions = Repetitions(scale)
    shapes = Shapes(on_grid=on_grid and scale == 1.0)
    drawn = Drawn(boundaries) if boundaries is not None else None
    paths = Paths()
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

    def add(self, cell: int, references: list[gdstk.Reference], repetitions: Repetitions) -> None:
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
    layers: Numbering,
    repetitions: Repetitions | None,
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


def _label_columns(texts: list[Label], layers: Numbering) -> dict[str, Any]:
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
