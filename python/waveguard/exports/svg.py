"""A picture as SVG, written by hand."""

from __future__ import annotations

from typing import TextIO
from xml.sax.saxutils import escape

import numpy as np

from waveguard.exports.found import Found
from waveguard.exports.picture import picture
from waveguard.exports.scene import Floats, Lines, Polygons, Rings, Scene, Text, printable

FONT = "Helvetica, Arial, 'DejaVu Sans', sans-serif"
BASELINE = 0.35
"""The baseline lies this share of the size below the middle of a text; not all programs know `dominant-baseline`."""
DECIMALS = 2


def write_svg(found: Found, out: TextIO) -> None:
    """Draw what was found."""
    write_scene(picture(found), out)


def write_scene(scene: Scene, out: TextIO) -> None:
    """Write a picture."""
    width, height = _number(scene.width_px), _number(scene.height_px)
    out.write(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" font-family="{FONT}">\n'
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>\n'
    )
    for item in scene.items:
        out.write(_item(item) + "\n")
    out.write("</svg>\n")


def _item(item: Lines | Polygons | Rings | Text) -> str:
    if isinstance(item, Lines):
        opacity = f' opacity="{_number(item.opacity)}"' if item.opacity < 1 else ""
        return (
            f'<path fill="none" stroke="{item.colour}" stroke-width="{_number(item.width_px)}" '
            f'stroke-linecap="round" stroke-linejoin="round"{opacity} d="{_path(item.points)}"/>'
        )
    if isinstance(item, Polygons):
        edge = f' stroke="{item.edge}" stroke-width="{_number(item.edge_px)}"' if item.edge else ""
        opacity = f' fill-opacity="{_number(item.opacity)}"' if item.opacity < 1 else ""
        return f'<path fill="{item.fill or "none"}"{opacity}{edge} d="{_path(item.points, close=True)}"/>'
    if isinstance(item, Rings):
        look = (
            f'fill="{item.colour}" stroke="#ffffff" stroke-width="1"'
            if item.solid
            else f'fill="none" stroke="{item.colour}" stroke-width="{_number(item.width_px)}"'
        )
        return f'<path {look} d="{_circles(item.places, item.radius_px)}"/>'
    return _text(item)


def _text(item: Text) -> str:
    shift = item.size_px * BASELINE
    place = f'x="{_number(item.x)}" y="{_number(item.y + shift)}"'
    if item.turned:
        place = f'transform="translate({_number(item.x + shift)} {_number(item.y)}) rotate(-90)"'
    look = f' text-anchor="{item.anchor}"' if item.anchor != "start" else ""
    look += ' font-weight="bold"' if item.bold else ""
    start, end = f'<text {place} font-size="{_number(item.size_px)}"{look}', f">{escape(printable(item.text))}</text>"
    # Written twice, since not all programs know `paint-order`.
    halo = f'{start} fill="#ffffff" stroke="#ffffff" stroke-width="3" stroke-linejoin="round"{end}' if item.halo else ""
    return f'{halo}{start} fill="{item.colour}"{end}'


def _path(lines: tuple[Floats, ...], *, close: bool = False) -> str:
    """Return all lines as one path, with relative steps, which are the shorter numbers."""
    parts = []
    for line in lines:
        whole = np.round(line * 10**DECIMALS).astype(np.int64)
        steps = np.diff(whole, axis=0)
        parts.append(f"M{_pair(whole[0])}")
        moves = [_pair(step) for step in steps.tolist() if step != [0, 0]]
        if moves:
            parts.append("l" + " ".join(moves))
        elif not close:
            parts.append("h0")  # a dot, by its round ends
        if close:
            parts.append("z")
    return "".join(parts)


def _pair(hundredths: list[int] | np.ndarray) -> str:
    return f"{_number(int(hundredths[0]) / 10**DECIMALS)} {_number(int(hundredths[1]) / 10**DECIMALS)}"


def _circles(places: Floats, radius: float) -> str:
    r = _number(radius)
    turn = f"a{r} {r} 0 1 0 {_number(2 * radius)} 0a{r} {r} 0 1 0 {_number(-2 * radius)} 0"
    return "".join(f"M{_number(x - radius)} {_number(y)}{turn}" for x, y in places.tolist())


def _number(value: float) -> str:
    text = f"{value:.{DECIMALS}f}".rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text
