"""One top cell in a picture: what is drawn of it, and where texts find room."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeAlias

import numpy as np

from waveguard.exports.found import Found
from waveguard.exports.names import is_named, junction_kind, terminal_names
from waveguard.exports.netlist import component_of
from waveguard.exports.outcome import has_optical_port
from waveguard.exports.overlay import junction_places, near_miss_words
from waveguard.exports.scene import (
    Anchor,
    Box,
    Floats,
    Lines,
    Places,
    Polygons,
    Rings,
    Scene,
    Text,
    rectangle,
    shortened,
    text_box,
    text_width_px,
    thinned,
)
from waveguard.tables import GUIDE_ROLE
from waveguard.units import nm_to_um, um_to_nm

Counts: TypeAlias = Counter[str]


@dataclass(frozen=True)
class Mark:
    """How a kind of place is marked."""

    title: str
    colour: str
    form: str
    radius_px: float = 0.0


MARKS = {
    "device": Mark("device", "#e8ebf0", "box"),
    "dark": Mark("device without optical ports", "#c2c8d2", "frame"),
    "terminal": Mark("terminal", "#0000c0", "dot", 4.0),
    "junction": Mark("branch, crossing or coupler in drawn geometry", "#6a3d9a", "dot", 4.0),
    "open": Mark("open end, nothing near", "#f08000", "ring", 5.0),
    "near": Mark("near miss", "#e00000", "ring", 8.0),
    "crossing": Mark("crossing without a device", "#c0009a", "ring", 6.0),
    "unexplained": Mark("core that is not understood", "#ff00a0", "hatch"),
}
SIMPLE = ("end", "transition")
"""Kinds of junctions that a picture does not mark: light goes on in one way, or in none."""
MAX_POINTS = 150_000
MAX_BOXES = 20_000
MAX_MARKS = 3_000
MAX_DEVICE_NAMES = 300
MAX_TEXTS = 60
LEAST_DENSE = 0.05
MANY, SMALLER = 100, 0.6
THINNEST_PX = 1.25
STEP_PX = 0.05
"""Points of guides are rounded to this in small pictures, which stay smooth when enlarged."""
FRAME = "#d5d9e0"
INK, FAINT = "#1f2430", "#69707d"
DEVICE_EDGE = "#9aa3b2"
MOST_LETTERS = 28
NAME_PX, LEAST_NAME_PX = 12.0, 7.5


@dataclass(frozen=True)
class Panel:
    """A part of the page and the part of a top cell that it shows."""

    top: int
    title: str
    box: tuple[float, float, float, float]
    """In nm."""
    left: float
    upper: float
    width_px: float
    height_px: float

    @cached_property
    def px_per_nm(self) -> float:
        """The scale."""
        x0, y0, x1, y1 = self.box
        return min(self.width_px / (x1 - x0), self.height_px / (y1 - y0))

    @property
    def frame(self) -> Box:
        """Its border."""
        return self.left, self.upper, self.left + self.width_px, self.upper + self.height_px

    def px(self, points_nm: Floats) -> Floats:
        """Return where places lie on the page, in the middle of the panel."""
        x0, y0, x1, y1 = self.box
        scale = self.px_per_nm
        left = self.left + (self.width_px - (x1 - x0) * scale) / 2
        lower = self.upper + (self.height_px + (y1 - y0) * scale) / 2
        places = np.asarray(points_nm, dtype=np.float64).reshape(-1, 2)
        return np.column_stack([left + (places[:, 0] - x0) * scale, lower - (places[:, 1] - y0) * scale])


def draw(found: Found, panel: Panel, colours: dict[int, str], scene: Scene, counts: Counts) -> None:
    """Draw a top cell into its panel and count what is drawn."""
    places = Places()
    scene.add(Polygons((rectangle(*panel.frame),), "#fcfcfd", FRAME, 1.0))
    if panel.title:
        scene.add(Text(panel.left, panel.upper - 10, panel.title, 14, INK, bold=True))
    _scale_bar(panel, scene, places)
    _unexplained(found, panel, scene, counts)
    boxes = _devices(found, panel, scene, counts)
    _guides(found, panel, colours, scene, places)
    _marks(found, panel, scene, counts, places)
    _terminals(found, panel, scene, counts, places)
    _device_names(boxes, panel, scene, places)


def _scale_bar(panel: Panel, scene: Scene, places: Places) -> None:
    """Draw a bar of a round length, at most a fifth of the panel."""
    most_um = nm_to_um(0.2 * panel.width_px / panel.px_per_nm)
    power = 10.0 ** math.floor(math.log10(most_um))
    length_um = max(step * power for step in (1.0, 2.0, 5.0) if step * power <= most_um)
    wide_px = um_to_nm(length_um) * panel.px_per_nm
    x, y = panel.left + panel.width_px - 14 - wide_px, panel.upper + panel.height_px - 12
    bar = np.array([[x, y - 4], [x, y], [x + wide_px, y], [x + wide_px, y - 4]])
    text = f"{length_um / 1e3:g} mm" if length_um >= 1e3 else f"{length_um:g} µm"
    scene.add(Lines((bar,), INK, 1.6))
    label = Text(x + wide_px / 2, y - 12, text, 12, INK, anchor="middle", halo=True)
    scene.add(label)
    places.take((x - 4, y - 20, x + wide_px + 4, y + 4))


def _unexplained(found: Found, panel: Panel, scene: Scene, counts: Counts) -> None:
    table = found.table("unexplained")
    rows = [row for row, top in enumerate(table.get("top", ())) if int(top) == panel.top]
    counts["unexplained"] += sum(int(table["count"][row]) for row in rows)
    corners = _corners(panel, [[float(table[f"{side}_nm"][row]) for side in ("x0", "y0", "x1", "y1")] for row in rows])
    mark = MARKS["unexplained"]
    # A row may stand for shapes that are strewn over a whole chip; only where they lie dense is their box filled.
    box_nm2 = [
        abs(
            (float(table["x1_nm"][row]) - float(table["x0_nm"][row]))
            * (float(table["y1_nm"][row]) - float(table["y0_nm"][row]))
        )
        for row in rows
    ]
    dense = np.array(
        [float(table["area_nm2"][row]) >= LEAST_DENSE * box for row, box in zip(rows, box_nm2, strict=True)], dtype=bool
    )
    scene.add(Polygons(tuple(_outlines(corners[dense])), mark.colour, mark.colour, 1.0, 0.3))
    scene.add(Polygons(tuple(_outlines(corners[~dense])), None, mark.colour, 1.0))


def _corners(panel: Panel, sides: list[list[float]] | Floats) -> Floats:
    """Return boxes in pixels: left, upper, right, lower."""
    table = np.asarray(sides, dtype=np.float64).reshape(-1, 4)
    low, high = panel.px(table[:, :2]), panel.px(table[:, 2:])
    return np.column_stack([low[:, 0], high[:, 1], high[:, 0], low[:, 1]])


def _outlines(corners: Floats) -> Iterator[Floats]:
    """Yield boxes as outlines, at least a pixel large, each that looks alike once, and not too many."""
    middle = (corners[:, :2] + corners[:, 2:]) / 2
    half = np.maximum((corners[:, 2:] - corners[:, :2]) / 2, 0.5)
    seen = np.unique(np.round(np.hstack([middle - half, middle + half]), 1), axis=0)
    seen = seen[np.isfinite(seen).all(axis=1)]
    if len(seen) > MAX_BOXES:
        size = (seen[:, 2] - seen[:, 0]) * (seen[:, 3] - seen[:, 1])
        seen = seen[np.sort(np.argsort(-size, kind="stable")[:MAX_BOXES])]
    yield from (rectangle(*box) for box in seen.tolist())


@dataclass(frozen=True)
class _Named:
    corners: Floats
    names: tuple[str, ...]


def _devices(found: Found, panel: Panel, scene: Scene, counts: Counts) -> _Named:
    top, role = (found.values("devices", name) for name in ("top", "role"))
    rows = np.flatnonzero((top == panel.top) & (role != GUIDE_ROLE) & ~found.free_devices)
    lit = has_optical_port(found)[rows]
    counts["device"] += int(lit.sum())
    counts["dark"] += int((~lit).sum())
    sides = np.column_stack([found.values("devices", f"bbox_{side}_nm")[rows] for side in ("x0", "y0", "x1", "y1")])
    corners = _corners(panel, sides)
    scene.add(Polygons(tuple(_outlines(corners[~lit])), None, MARKS["dark"].colour, 0.8))
    scene.add(Polygons(tuple(_outlines(corners[lit])), MARKS["device"].colour, DEVICE_EDGE, 0.8))
    largest = np.argsort(-(corners[:, 2] - corners[:, 0]) * (corners[:, 3] - corners[:, 1]), kind="stable")
    largest = largest[:MAX_DEVICE_NAMES]
    names = (component_of(found, row) for row in rows[largest].tolist())
    return _Named(corners[largest], tuple(shortened(name, MOST_LETTERS) for name in names))


def _device_names(boxes: _Named, panel: Panel, scene: Scene, places: Places) -> None:
    """Write the names of devices into their boxes, or beside them, where there is room."""
    for (x0, y0, x1, y1), name in zip(boxes.corners.tolist(), boxes.names, strict=True):
        wide, high = x1 - x0, y1 - y0
        x, y = (x0 + x1) / 2, (y0 + y1) / 2
        unit = text_width_px(name, 1.0)
        inside = min(NAME_PX, wide * 0.94 / unit, high * 0.8)
        upright = min(NAME_PX, high * 0.94 / unit, wide * 0.8)
        if inside >= LEAST_NAME_PX:
            text = Text(x, y, name, inside, INK, anchor="middle", halo=True)
            if places.take(text_box(text)):
                scene.add(text)
        elif upright >= LEAST_NAME_PX:
            box = (x - upright / 2, y - unit * upright / 2, x + upright / 2, y + unit * upright / 2)
            if places.take(box):
                scene.add(Text(x, y, name, upright, INK, anchor="middle", turned=True, halo=True))
        elif max(wide, high) >= 4.0:
            size = LEAST_NAME_PX + 1
            look = Text(x, y0 - size * 0.7, name, size, FAINT, anchor="middle", halo=True)
            choices = (
                look,
                replace(look, y=y1 + size * 0.7),
                replace(look, x=x1 + 3, y=y, anchor="start"),
                replace(look, x=x0 - 3, y=y, anchor="end"),
            )
            chosen = places.take_first(choices, panel.frame, only_clear=True)
            if chosen is not None:
                scene.add(chosen)


def _guides(found: Found, panel: Panel, colours: dict[int, str], scene: Scene, places: Places) -> None:
    lengths = found.line_lengths
    owners = found.values("waveguides", "device").astype(np.int64)[: len(lengths)]
    mine = found.values("devices", "top")[owners] == panel.top if len(owners) else np.zeros(0, dtype=bool)
    sections = found.values("waveguides", "cross_section").astype(np.int64)[: len(lengths)]
    n_points = int(lengths[mine].sum())
    # The longest first, so that short pieces of other cross-sections lie on top of them.
    for section, colour in colours.items():
        own = mine & (sections == section)
        counts = lengths[own]
        n_own = int(counts.sum())
        if not n_own:
            continue
        points = panel.px(found.line_points[np.repeat(own, lengths)])
        shapes = thinned(points, counts, max(1000, MAX_POINTS * n_own // n_points), STEP_PX)
        widths_nm = found.values("waveguides", "width_a_nm")[: len(own)][own].astype(np.float64)
        widths_nm = widths_nm[np.isfinite(widths_nm)]
        width_px = max(THINNEST_PX, float(np.median(widths_nm)) * panel.px_per_nm) if widths_nm.size else THINNEST_PX
        scene.add(Lines(tuple(shapes), colour, width_px))
        places.run(shapes)


def _marks(found: Found, panel: Panel, scene: Scene, counts: Counts, places: Places) -> None:
    ports, near = found.table("ports"), found.table("near_misses")
    x, y, tops = (found.values("ports", name) for name in ("x_nm", "y_nm", "top"))
    missed = [row for row in found.near_misses if int(ports["top"][int(near["port_a"][row])]) == panel.top]
    middles = [
        [(float(x[a]) + float(x[b])) / 2, (float(y[a]) + float(y[b])) / 2]
        for a, b in ((int(near["port_a"][row]), int(near["port_b"][row])) for row in missed)
    ]
    # Two ports that miss each other are one place, which both rows tell of.
    known: dict[tuple[float, ...], int] = {}
    for row, middle in zip(missed, middles, strict=True):
        known.setdefault(tuple(middle), row)
    near_px = _ring("near", panel, scene, counts, list(known))
    for (px, py), row in list(zip(near_px.tolist(), known.values(), strict=True))[:MAX_TEXTS]:
        _beside(
            Text(px, py, near_miss_words(found, row), 11, MARKS["near"].colour, bold=True, halo=True),
            12,
            panel,
            scene,
            places,
        )
    in_miss = {int(near[side][row]) for row in missed for side in ("port_a", "port_b")}
    open_ports = [row for row in found.open_ports if int(tops[row]) == panel.top and row not in in_miss]
    _ring("open", panel, scene, counts, [(float(x[row]), float(y[row])) for row in open_ports])
    crossings = found.table("crossings")
    guide_device = found.table("waveguides").get("device", ())
    device_top = found.table("devices").get("top", ())
    columns = (crossings.get(name, ()) for name in ("waveguide_a", "x_nm", "y_nm"))
    crossed = [
        (float(a), float(b))
        for guide, a, b in zip(*columns, strict=True)
        if int(device_top[int(guide_device[guide])]) == panel.top
    ]
    _ring("crossing", panel, scene, counts, crossed)
    kinds = found.table("junctions").get("kind", ())
    junctions = [
        (a, b)
        for device, top, a, b in junction_places(found)
        if top == panel.top and not (len(kinds) and junction_kind(kinds[found.junction_of[device]]) in SIMPLE)
    ]
    _ring("junction", panel, scene, counts, junctions)


def _ring(name: str, panel: Panel, scene: Scene, counts: Counts, places_nm: Sequence[Sequence[float]]) -> Floats:
    """Mark places; return those that are drawn, in pixels."""
    mark = MARKS[name]
    counts[name] += len(places_nm)
    places = panel.px(np.asarray(places_nm, dtype=np.float64))[:MAX_MARKS]
    radius = mark.radius_px * (SMALLER if len(places) > MANY else 1.0)
    scene.add(Rings(places, radius, mark.colour, 2.0 if radius > 3.0 else 1.2, solid=mark.form == "dot"))
    return places


def _beside(text: Text, away_px: float, panel: Panel, scene: Scene, places: Places) -> None:
    """Write a text beside its place, on a side where it covers nothing if there is one."""
    aslant, size = away_px * 0.7, text.size_px
    sides: tuple[tuple[float, float, Anchor], ...] = (
        (away_px, 0.0, "start"),
        (aslant, -aslant - size * 0.4, "start"),
        (aslant, aslant + size * 0.4, "start"),
        (0.0, -away_px - size * 0.5, "middle"),
        (0.0, away_px + size * 0.5, "middle"),
        (-away_px, 0.0, "end"),
        (-aslant, -aslant - size * 0.4, "end"),
        (-aslant, aslant + size * 0.4, "end"),
    )
    choices = [replace(text, x=text.x + dx, y=text.y + dy, anchor=anchor) for dx, dy, anchor in sides]
    chosen = places.take_first(choices, panel.frame)
    if chosen is not None:
        scene.add(chosen)


def _terminals(found: Found, panel: Panel, scene: Scene, counts: Counts, places: Places) -> None:
    names = terminal_names(found)
    mine = [(name, one) for name, one in zip(names, found.terminals, strict=True) if one.top == panel.top]
    px = _ring("terminal", panel, scene, counts, [(um_to_nm(one.x_um), um_to_nm(one.y_um)) for _, one in mine])
    # Names that people gave; a place by itself says nothing that the picture does not show.
    named = [(place, name) for place, (name, one) in zip(px.tolist(), mine, strict=False) if is_named(one)]
    for (x, y), name in named[:MAX_TEXTS]:
        text = Text(x, y, shortened(name, MOST_LETTERS), 11, MARKS["terminal"].colour, bold=True, halo=True)
        _beside(text, 8, panel, scene, places)
