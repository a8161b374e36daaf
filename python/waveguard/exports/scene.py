"""A picture as a list of plain shapes in pixels, which every back end can draw: y goes down, as on a screen.

Shapes of one look are one item, so that a picture of a large chip stays a few items of many numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]
Box: TypeAlias = tuple[float, float, float, float]
"""Left, upper, right, lower."""
Anchor: TypeAlias = Literal["start", "middle", "end"]

WIDTH_OF_LETTER = 0.58
"""Mean width of a letter by the size of its font, for sans-serif fonts."""
BOLD_WIDER = 1.13
LINE_STEP_PX = 5.0
"""Texts are taller than this, so that none fits between two points of a line that it covers."""
MAX_LINE_POINTS = 60_000


@dataclass(frozen=True)
class Lines:
    """Polylines."""

    points: tuple[Floats, ...]
    colour: str
    width_px: float
    opacity: float = 1.0


@dataclass(frozen=True)
class Polygons:
    """Filled outlines."""

    points: tuple[Floats, ...]
    fill: str | None
    edge: str | None = None
    edge_px: float = 1.0
    opacity: float = 1.0
    """Of the filling."""


@dataclass(frozen=True)
class Rings:
    """Circles about places: hollow, or solid with a white border."""

    places: Floats
    radius_px: float
    colour: str
    width_px: float = 1.6
    solid: bool = False


@dataclass(frozen=True)
class Text:
    """A line of text; y is the middle of its height."""

    x: float
    y: float
    text: str
    size_px: float
    colour: str = "#222222"
    anchor: Anchor = "start"
    bold: bool = False
    turned: bool = False
    """Read from bottom to top."""
    halo: bool = False
    """Whether it has a white border, to be read on top of lines."""


Item: TypeAlias = Lines | Polygons | Rings | Text


@dataclass
class Scene:
    """A picture under construction; later items lie on top."""

    width_px: float
    height_px: float
    items: list[Item] = field(default_factory=list)

    def add(self, item: Item) -> None:
        """Add an item, unless it is empty."""
        if isinstance(item, Text) or len(item.points if isinstance(item, Lines | Polygons) else item.places):
            self.items.append(item)


def text_width_px(text: str, size_px: float, *, bold: bool = False) -> float:
    """Return about how wide a text is."""
    return len(text) * size_px * WIDTH_OF_LETTER * (BOLD_WIDER if bold else 1.0)


def shortened(text: str, most: int) -> str:
    """Return a text of at most so many letters.

    Examples
    --------
    >>> shortened("mmi1x2_WNone_WT1", 8)
    'mmi1x2_…'
    """
    return text if len(text) <= most else text[: most - 1] + "…"


def printable(text: str) -> str:
    """Return a text without what no picture can show, and XML would refuse."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def rectangle(x0: float, y0: float, x1: float, y1: float) -> Floats:
    """Return a box as an outline."""
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])


class Places:
    """Where texts stand already, so that no two lie on each other, and where lines run; looked up by tiles."""

    TILE_PX = 48.0

    def __init__(self) -> None:
        self._tiles: dict[tuple[int, int], list[Box]] = {}
        self._lines: dict[tuple[int, int], list[tuple[float, float]]] = {}

    def run(self, lines: Sequence[Floats]) -> None:
        """Take note of lines; of very many, only of some points."""
        left = MAX_LINE_POINTS
        for line in lines:
            steps = np.hypot(*np.diff(line, axis=0).T)
            total = float(steps.sum())
            count = min(int(total / LINE_STEP_PX) + 2, left)
            if len(line) < 2 or count < 2:
                continue
            left -= count
            at = np.concatenate([[0.0], np.cumsum(steps)])
            along = np.linspace(0.0, total, count)
            for x, y in zip(np.interp(along, at, line[:, 0]), np.interp(along, at, line[:, 1]), strict=True):
                self._lines.setdefault((int(x // self.TILE_PX), int(y // self.TILE_PX)), []).append(
                    (float(x), float(y))
                )

    def take(self, box: Box, *, clear: bool = False) -> bool:
        """Take a place if no text is there, and, when it is to be `clear`, no line either."""
        x0, y0, x1, y1 = box
        tiles = [
            (i, j)
            for i in range(int(x0 // self.TILE_PX), int(x1 // self.TILE_PX) + 1)
            for j in range(int(y0 // self.TILE_PX), int(y1 // self.TILE_PX) + 1)
        ]
        for tile in tiles:
            if any(x0 < a1 and a0 < x1 and y0 < b1 and b0 < y1 for a0, b0, a1, b1 in self._tiles.get(tile, ())):
                return False
            if clear and any(x0 < x < x1 and y0 < y < y1 for x, y in self._lines.get(tile, ())):
                return False
        for tile in tiles:
            self._tiles.setdefault(tile, []).append(box)
        return True

    def take_first(self, texts: Sequence[Text], within: Box, *, only_clear: bool = False) -> Text | None:
        """Take the first place that is clear, else, unless that is all that is wanted, the first free of texts."""
        inside = [(text, text_box(text)) for text in texts]
        inside = [
            (text, box)
            for text, box in inside
            if within[0] <= box[0] and within[1] <= box[1] and box[2] <= within[2] and box[3] <= within[3]
        ]
        for clear in (True,) if only_clear else (True, False):
            for text, box in inside:
                if self.take(box, clear=clear):
                    return text
        return None


def text_box(text: Text) -> Box:
    """Return the box of a text that is not turned."""
    wide, high = text_width_px(text.text, text.size_px, bold=text.bold), text.size_px * 1.1
    left = text.x - {"start": 0.0, "middle": 0.5, "end": 1.0}[text.anchor] * wide
    return left, text.y - high / 2, left + wide, text.y + high / 2


def thinned(points: Floats, lengths: Ints, most: int, step_px: float) -> list[Floats]:
    """Return polylines without what a picture cannot show, of about `most` points in all.

    Points are rounded to `step_px`, which is doubled until few enough are left; of lines that become single points, one
    per place is kept. From a pixel on, lines are taken apart, so that what lies on each other is drawn once.

    Parameters
    ----------
    points, lengths
        The points of all lines, and how many each has.
    most
        Points to keep.
    step_px
        Where to begin.
    """
    if not len(points):
        return []
    owner = np.repeat(np.arange(len(lengths)), lengths)
    while True:
        grid = np.round(points / step_px).astype(np.int64)
        new = np.ones(len(grid), dtype=bool)
        new[1:] = (owner[1:] != owner[:-1]) | (grid[1:] != grid[:-1]).any(axis=1)
        # From here on, only what is left is looked at again.
        points, owner, grid = points[new], owner[new], grid[new]
        if step_px >= 1.0:
            pieces = _pieces(grid, owner)
            if 2 * len(pieces) <= most:
                return list(pieces.reshape(-1, 2, 2).astype(np.float64) * step_px)
        else:
            chosen = _once(grid, owner)
            if int(chosen.sum()) <= most:
                kept, mine = grid[chosen].astype(np.float64), owner[chosen]
                starts = np.flatnonzero(np.diff(mine, prepend=-1))
                return [part * step_px for part in np.split(kept, starts[1:])]
        step_px *= 2


def _once(grid: Ints, owner: Ints) -> NDArray[np.bool_]:
    """Return which points to keep: all of lines, and of lines that are single points one per place."""
    chosen = np.ones(len(grid), dtype=bool)
    single = np.flatnonzero(np.bincount(owner)[owner] == 1)
    if single.size:
        _, first = np.unique(grid[single], axis=0, return_index=True)
        chosen[single] = False
        chosen[single[first]] = True
    return chosen


def _pieces(grid: Ints, owner: Ints) -> Ints:
    """Return the straight pieces of lines by their ends, each once."""
    along = owner[1:] == owner[:-1]
    first, last = grid[:-1][along], grid[1:][along]
    turned = (first[:, 0] > last[:, 0]) | ((first[:, 0] == last[:, 0]) & (first[:, 1] > last[:, 1]))
    first, last = np.where(turned[:, None], last, first), np.where(turned[:, None], first, last)
    return np.unique(np.hstack([first, last]), axis=0)
