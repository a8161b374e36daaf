"""What a picture shows of an extraction: guides by cross-section, devices, terminals, and what does not meet.

Several top cells become several panels, each with its own scale. The fact a newcomer would get wrong: a picture is
bounded. Of a chip with a hundred thousand guides it shows every line that its pixels can show, and texts where there is
room; the numbers in the legend always count everything.
"""

from __future__ import annotations

import math
import textwrap
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from waveguard.exports.found import Found
from waveguard.exports.outcome import closing_line
from waveguard.exports.panel import MARKS, Counts, Panel, draw
from waveguard.exports.scene import Floats, Lines, Polygons, Rings, Scene, Text, rectangle, shortened, text_width_px

MARGIN_PX = 28.0
HEAD_PX = 86.0
"""Room for the title and two lines of what was found."""
ROW_PX = 22.0
WIDTH_PX = 1600.0
LEAST_WIDTH_PX = 900.0
HEIGHT_PX = 1300.0
LEAST_HEIGHT_PX = 240.0
PANEL_HEAD_PX = 26.0
MAX_PANELS = 12
EDGE = 0.03
"""Room about the drawing, as a share of its larger side."""
# Told apart by people who do not see all colours (Okabe and Ito), then a few more.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#6a3d9a", "#b15928", "#1b9e77", "#a6761d")
OTHER = "#7a7a7a"
INK, FAINT = "#1f2430", "#69707d"


@dataclass(frozen=True)
class Extent:
    """A top cell and the box of all that is drawn of it, in nm."""

    top: int
    name: str
    box: tuple[float, float, float, float]
    n_devices: int


def picture(found: Found) -> Scene:
    """Return the picture of an extraction."""
    extents = _extents(found)
    shown = sorted(extents, key=lambda one: -one.n_devices)[:MAX_PANELS] if len(extents) > MAX_PANELS else extents
    colours = section_colours(found)
    if len(shown) <= 1:
        scene, panels = _one_panel(shown)
    else:
        scene, panels = _many_panels(shown)
    counts = Counts()
    for panel in panels:
        draw(found, panel, colours, scene, counts)
    _head(found, scene, len(extents) - len(shown))
    _legend(found, scene, colours, counts)
    return scene


def section_colours(found: Found) -> dict[int, str]:
    """Return the colour of each cross-section that is used, the longest first."""
    sections = found.values("waveguides", "cross_section").astype(np.int64)
    length = np.nan_to_num(found.values("waveguides", "centerline_length_nm").astype(np.float64))
    totals = {int(section): float(length[sections == section].sum()) for section in np.unique(sections)}
    ordered = sorted((section for section in totals if section >= 0), key=lambda section: (-totals[section], section))
    colours = {section: COLOURS[k] if k < len(COLOURS) else OTHER for k, section in enumerate(ordered)}
    return {**colours, **({-1: OTHER} if -1 in totals else {})}


def _extents(found: Found) -> list[Extent]:
    """Return the top cells that have something to show."""
    device_tops = found.values("devices", "top").astype(np.int64)
    corners = [_boxes(found, "devices", "bbox_"), _boxes(found, "unexplained", ""), _line_boxes(found)]
    owners = found.values("waveguides", "device").astype(np.int64)[: len(corners[2])]
    tops = [device_tops, found.values("unexplained", "top").astype(np.int64), device_tops[owners]]
    table, top = np.concatenate(corners), np.concatenate(tops)
    known = np.isfinite(table).all(axis=1)
    table, top = table[known], top[known]
    order = np.argsort(top, kind="stable")
    table, top = table[order], top[order]
    counts = Counter(device_tops.tolist())
    extents = []
    for cell, name in zip(found.top_cells, found.tops, strict=True):
        first, last = np.searchsorted(top, [cell, cell + 1])
        if first < last:
            mine = table[first:last]
            x0, y0 = (float(side) for side in mine[:, :2].min(axis=0))
            x1, y1 = (float(side) for side in mine[:, 2:].max(axis=0))
            room = max(EDGE * max(x1 - x0, y1 - y0), 1.0)
            extents.append(Extent(cell, name, (x0 - room, y0 - room, x1 + room, y1 + room), counts[cell]))
    return extents


def _boxes(found: Found, table: str, prefix: str) -> Floats:
    sides = [found.values(table, f"{prefix}{side}_nm").astype(np.float64) for side in ("x0", "y0", "x1", "y1")]
    return np.column_stack(sides).reshape(-1, 4)


def _line_boxes(found: Found) -> Floats:
    """Return the box of each centre-line; NaN of those without points."""
    points, lengths = found.line_points, found.line_lengths
    boxes = np.full((len(lengths), 4), np.nan)
    filled = lengths > 0
    starts = (np.cumsum(lengths) - lengths)[filled]
    if starts.size:
        boxes[filled, :2] = np.minimum.reduceat(points, starts, axis=0)
        boxes[filled, 2:] = np.maximum.reduceat(points, starts, axis=0)
    return boxes


def _one_panel(shown: Sequence[Extent]) -> tuple[Scene, list[Panel]]:
    if not shown:
        scene = Scene(LEAST_WIDTH_PX, HEAD_PX + LEAST_HEIGHT_PX)
        scene.add(
            Text(LEAST_WIDTH_PX / 2, HEAD_PX + LEAST_HEIGHT_PX / 2, "nothing was found", 16, FAINT, anchor="middle")
        )
        return scene, []
    x0, y0, x1, y1 = shown[0].box
    wide_px = WIDTH_PX - 2 * MARGIN_PX
    scale = min(wide_px / (x1 - x0), HEIGHT_PX / (y1 - y0))
    used_px = max((x1 - x0) * scale, LEAST_WIDTH_PX - 2 * MARGIN_PX)
    high_px = max((y1 - y0) * scale, LEAST_HEIGHT_PX)
    scene = Scene(used_px + 2 * MARGIN_PX, HEAD_PX + high_px)
    return scene, [Panel(shown[0].top, "", shown[0].box, MARGIN_PX, HEAD_PX, used_px, high_px)]


def _many_panels(shown: Sequence[Extent]) -> tuple[Scene, list[Panel]]:
    columns = math.ceil(math.sqrt(len(shown)))
    rows = math.ceil(len(shown) / columns)
    wide_px = (WIDTH_PX - 2 * MARGIN_PX - (columns - 1) * MARGIN_PX / 2) / columns
    high_px = min(wide_px, HEIGHT_PX / rows - PANEL_HEAD_PX)
    scene = Scene(WIDTH_PX, HEAD_PX + rows * (high_px + PANEL_HEAD_PX))
    panels = []
    for k, one in enumerate(shown):
        left = MARGIN_PX + (k % columns) * (wide_px + MARGIN_PX / 2)
        upper = HEAD_PX + (k // columns) * (high_px + PANEL_HEAD_PX) + PANEL_HEAD_PX
        panels.append(Panel(one.top, one.name, one.box, left, upper, wide_px, high_px))
    return scene, panels


def _head(found: Found, scene: Scene, n_left_out: int) -> None:
    tops = found.tops[0] if len(found.tops) == 1 else f"{len(found.tops)} top cells"
    title = f"{found.layout} — {tops}"
    more = f"; {n_left_out} smaller top cells are not shown" if n_left_out > 0 else ""
    wide_px = scene.width_px - 2 * MARGIN_PX
    scene.add(
        Text(MARGIN_PX, 26, shortened(title, int(wide_px / text_width_px("x", 20, bold=True))), 20, INK, bold=True)
    )
    words = f"PDK {found.pdk}: {closing_line(found)}{more}"
    lines = textwrap.wrap(words, int(wide_px / text_width_px("x", 13)), max_lines=2, placeholder="…")
    for k, line in enumerate(lines):
        scene.add(Text(MARGIN_PX, 50 + 18 * k, line, 13, FAINT))


def _legend(found: Found, scene: Scene, colours: dict[int, str], counts: Counts) -> None:
    """Write below the panels what colours and marks mean, in as many rows as it takes."""
    sections = found.values("waveguides", "cross_section").astype(np.int64)
    entries: list[tuple[str, str, str]] = [
        ("line", colour, f"{found.cross_section(section) or 'no cross-section'} ({int((sections == section).sum()):,})")
        for section, colour in colours.items()
    ]
    entries += [
        (mark.form, mark.colour, f"{mark.title} ({counts[name]:,})") for name, mark in MARKS.items() if counts[name]
    ]
    x, y = MARGIN_PX, scene.height_px + ROW_PX
    for form, colour, text in entries:
        wide_px = 34 + text_width_px(text, 13) + 22
        if x + wide_px > scene.width_px - MARGIN_PX and x > MARGIN_PX:
            x, y = MARGIN_PX, y + ROW_PX
        _sample(scene, form, colour, x, y)
        scene.add(Text(x + 34, y, text, 13, INK))
        x += wide_px
    scene.height_px = y + ROW_PX


def _sample(scene: Scene, form: str, colour: str, x: float, y: float) -> None:
    middle: Floats = np.array([[x + 13, y]])
    if form == "line":
        scene.add(Lines((np.array([[x, y], [x + 26, y]]),), colour, 3.0))
    elif form == "box":
        scene.add(Polygons((rectangle(x + 2, y - 7, x + 24, y + 7),), colour, FAINT, 1.0))
    elif form == "frame":
        scene.add(Polygons((rectangle(x + 2, y - 7, x + 24, y + 7),), None, colour, 1.2))
    elif form == "hatch":
        scene.add(Polygons((rectangle(x + 2, y - 7, x + 24, y + 7),), colour, colour, 1.0, 0.3))
    else:
        scene.add(Rings(middle, 5.5, colour, 2.0, solid=form == "dot"))
