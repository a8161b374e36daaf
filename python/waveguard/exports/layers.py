"""Layers of the overlay: the only table of them, and the layer properties by which KLayout shows them.

The numbers are above those that foundries use, so that an overlay can be put on any layout.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TextIO
from xml.sax.saxutils import escape

from waveguard.exports.found import Found

DRAWING, TEXT = 0, 1
"""Datatypes: shapes, and the texts that belong to them."""


@dataclass(frozen=True)
class Layer:
    """One kind of mark; its texts lie on the same layer with datatype 1."""

    number: int
    title: str
    colour: str
    pattern: str = "I1"
    """Dither pattern of KLayout: I0 solid, I1 hollow, I9 hatched …"""
    line_px: int = 1
    texts_shown: bool = True


CENTERLINES = Layer(900, "guides: centre-lines; name, length, smallest radius", "#0072b2", "I0", 2)
DEVICES = Layer(901, "devices: boxes; names", "#7f7f7f")
PORTS = Layer(902, "ports: arrows out of the device; names", "#009e73", "I0", texts_shown=False)
OPEN_PORTS = Layer(903, "open ends", "#d55e00", "I1", 2)
NEAR_MISSES = Layer(904, "near misses: port to port; gap, offset, angle", "#e60000", "I0", 3)
CROSSINGS = Layer(905, "guides that cross without a device; angle", "#cc79a7", "I0", 2)
JUNCTIONS = Layer(906, "junctions in drawn geometry: branches, crossings, ends", "#6a3d9a", "I0", 2)
MIN_RADIUS = Layer(907, "place of the smallest radius of a guide; radius", "#e69f00", "I1", texts_shown=False)
RUNS = Layer(908, "parallel runs at their smallest gap; gap, length", "#56b4e9", "I1", texts_shown=False)
UNEXPLAINED = Layer(909, "core shapes that are not understood; why", "#ff00a0", "I9", 2)
OVERLAPS = Layer(910, "devices that overlap", "#b15928", "I5", 2)
TERMINALS = Layer(911, "terminals of the circuit; names", "#4d79ff", "I0")

LAYERS = (
    CENTERLINES,
    DEVICES,
    PORTS,
    OPEN_PORTS,
    NEAR_MISSES,
    CROSSINGS,
    JUNCTIONS,
    MIN_RADIUS,
    RUNS,
    UNEXPLAINED,
    OVERLAPS,
    TERMINALS,
)


def write_lyp(_found: Found, out: TextIO) -> None:
    """Write the layer properties; they name no layout, so they fit any overlay."""
    out.write('<?xml version="1.0" encoding="utf-8"?>\n<layer-properties>\n')
    for layer in LAYERS:
        for datatype, title in ((DRAWING, layer.title), (TEXT, f"{layer.title.partition(':')[0]}: texts")):
            shown = datatype == DRAWING or layer.texts_shown
            out.write(_properties(layer, datatype, title, shown=shown))
    out.write("</layer-properties>\n")


def _properties(layer: Layer, datatype: int, title: str, *, shown: bool) -> str:
    values = {
        "frame-color": layer.colour,
        "fill-color": layer.colour,
        "frame-brightness": 0,
        "fill-brightness": 0,
        "dither-pattern": layer.pattern,
        "line-style": "",
        "valid": "true",
        "visible": "true" if shown else "false",
        "transparent": "false",
        "width": layer.line_px,
        "marked": "false",
        "xfill": "false",
        "animation": 0,
        "name": f"{layer.number}/{datatype} {title}",
        "source": f"{layer.number}/{datatype}@*",
    }
    lines = "".join(f"  <{key}>{escape(str(value))}</{key}>\n" for key, value in values.items())
    return f" <properties>\n{lines} </properties>\n"
