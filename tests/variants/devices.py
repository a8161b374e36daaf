"""Devices of other shapes than guides, each drawn in a cell of its own, with guides at all of its ports.

Crossings whose arms widen from their ends, boxes of multimode couplers with and without tapers, branches with a body,
directional couplers. No cell says what it is. A device is its outlines, drawn as they are or united, and its ports.
"""

from __future__ import annotations

from collections.abc import Callable

import gdstk
import numpy as np
import numpy.typing as npt

from variants.circuits import ANGLES_DEG, CORE
from variants.curves import Complex, arc, chained, s_bend, straight
from variants.parts import GAP_UM, Random

Port = tuple[complex, float]
"""Place, and direction out of the device in rad."""
Device = tuple[list[Complex], list[Port]]
DISTANCE_UM = 160.0
N_PLACED = 2
UNITED_UM = 1e-4
"""Precision with which outlines are united: finer than the grid, as layout tools do it."""


def strip(along_um: npt.ArrayLike, width_um: npt.ArrayLike) -> Complex:
    """Return an outline about the x axis with a width at each place along it."""
    x, half = np.asarray(along_um, dtype=float), np.asarray(width_um, dtype=float) / 2
    outline: Complex = np.concatenate([x + 1j * half, (x - 1j * half)[::-1]])
    return outline


def _crossed(arms: list[Complex], reach_um: float) -> Device:
    ports = [(reach_um * np.exp(1j * way), way) for way in np.arange(4) * np.pi / 2]
    return [outline * turn for turn in (1, 1j) for outline in arms], ports


def smooth_crossing(random: Random, width_um: float) -> Device:
    """Return two arms that widen to the middle as a squared cosine does."""
    reach, wide = float(random.choice([4.5, 5.0, 6.0])), float(random.choice([1.0, 1.6, 2.0]))
    x = np.linspace(-reach, reach, int(random.choice([41, 81])))
    return _crossed([strip(x, width_um + (wide - width_um) * np.cos(np.pi * x / (2 * reach)) ** 2)], reach)


def tapered_crossing(random: Random, width_um: float) -> Device:
    """Return two arms with linear tapers to a wide middle."""
    reach, wide = float(random.choice([6.0, 8.0])), float(random.choice([1.2, 2.0]))
    middle = wide / 2 + 0.3
    return _crossed([strip([-reach, -middle, middle, reach], [width_um, wide, wide, width_um])], reach)


def optimised_crossing(random: Random, width_um: float) -> Device:
    """Return two arms with a width at each of many places, as a search finds them: no guide is left in them."""
    step = float(random.choice([0.385, 0.45]))
    widened = [width_um, 0.62, 1.23, 1.33, 1.38, 1.4, 1.6, 1.65, 1.7, 1.8, 1.85, 1.84]
    half = np.array([width_um, *widened]) + random.uniform(-0.015, 0.015, len(widened) + 1) * (np.arange(13) > 1)
    x = step * np.arange(-len(half) + 1, len(half))
    return _crossed([strip(x, [*half, *half[-2::-1]])], float(x[-1]))


def elliptic_crossing(random: Random, width_um: float) -> Device:
    """Return two guides with an ellipse over each."""
    reach, wide = float(random.choice([5.0, 6.0])), float(random.choice([1.25, 1.5]))
    turn = np.linspace(0, 2 * np.pi, 128, endpoint=False)
    ellipse = reach * np.cos(turn) + 0.5j * wide * np.sin(turn)
    return _crossed([ellipse, strip([-reach - 1, reach + 1], [width_um, width_um])], reach + 1)


def multimode(n_left: int, n_right: int) -> Callable[[Random, float], Device]:
    """Return a drawing of a box with so many guides on each side."""

    def draw(random: Random, width_um: float) -> Device:
        few = max(n_left, n_right) < 3
        wide = float(random.choice([2.5, 3.6, 6.0] if few else [8.0, 10.0]))
        length, taper = float(random.choice([5.5, 12.7, 31.8])), float(random.choice([0.0, 5.0, 10.0]))
        shapes, ports = [strip([0, length], [wide, wide])], []
        for n, side in ((n_left, -1), (n_right, 1)):
            for y in (np.arange(n) - (n - 1) / 2) * (wide / n):
                rim = 0.0 if side < 0 else length
                if taper:
                    own = strip([0, taper], [0.9, width_um])
                    shapes.append(rim + side * own + 1j * y)
                ports.append((rim + side * taper + 1j * y, 0.0 if side > 0 else np.pi))
        return shapes, ports

    return draw


def branch(random: Random, width_um: float) -> Device:
    """Return a short body of thirteen widths with an S-bend at each half of its end."""
    widths = [width_um, 0.5, 0.6, 0.7, 0.9, 1.26, 1.4, 1.4, 1.4, 1.4, 1.31, 1.2, 1.2]
    shapes, ports = [strip(np.linspace(0, 2.0, 13), np.maximum(widths, width_um))], [(0j, np.pi)]
    rise = float(random.choice([2.15, 2.4]))
    for sign in (1, -1):
        bend, at = s_bend(10.0, sign * rise, width_um), 2.0 + sign * 0.5j * (1.2 - width_um)
        shapes.append(bend.outline(at))
        ports.append((at + bend.end, 0.0))
    return shapes, ports


def coupler(random: Random, width_um: float) -> Device:
    """Return two guides that come near each other."""
    shapes, ports, beside = [], [], float(random.uniform(5, 15))
    for sign in (1, -1):
        at = 1j * sign * (3.0 + (width_um + GAP_UM) / 2)
        way = chained(
            [s_bend(10.0, -sign * 3.0, width_um), straight(beside, width_um), s_bend(10.0, sign * 3.0, width_um)]
        )
        shapes.append(way.outline(at))
        ports += [(at, np.pi), (at + way.end, 0.0)]
    return shapes, ports


DEVICES: dict[str, Callable[[Random, float], Device]] = {
    "smooth crossing": smooth_crossing,
    "tapered crossing": tapered_crossing,
    "elliptic crossing": elliptic_crossing,
    "optimised crossing": optimised_crossing,
    "multimode 1x2": multimode(1, 2),
    "multimode 2x2": multimode(2, 2),
    "multimode 1x4": multimode(1, 4),
    "branch": branch,
    "coupler": coupler,
}


def library(seed: int, kind: str) -> gdstk.Library:
    """Return a drawing of one such device, placed twice at odd angles."""
    random = np.random.default_rng(seed)
    width = float(random.choice([0.5, 0.48]))
    shapes, ports = DEVICES[kind](random, width)
    result, top, device = gdstk.Library("devices"), gdstk.Cell("circuit"), gdstk.Cell("device")
    polygons = [polygon(outline) for outline in shapes]
    if random.random() < 0.5:
        polygons = gdstk.boolean(polygons, [], "or", precision=UNITED_UM, layer=CORE[0], datatype=CORE[1])
    device.add(*polygons)
    result.add(top, device)
    for k in range(N_PLACED):
        turn = float(np.deg2rad(random.choice([*ANGLES_DEG, random.uniform(0, 360)])))
        at = complex(k * DISTANCE_UM)
        top.add(gdstk.Reference(device, (at.real, at.imag), rotation=turn))
        for place, way in ports:
            pieces = [straight(float(random.uniform(3, 20)), width)]
            if "crossing" in kind and random.random() < 0.5:
                pieces.append(arc(10.0, float(random.choice([-1, 1])) * np.pi / 2, width))
            guide = gdstk.Cell(f"guide{len(result.cells)}")
            guide.add(polygon(chained(pieces).outline()))
            result.add(guide)
            origin = at + place * np.exp(1j * turn)
            rounded = (round(origin.real, 3), round(origin.imag, 3))
            top.add(gdstk.Reference(guide, rounded, rotation=turn + way))
    return result


def n_ports(kind: str) -> int:
    """Return how many ports such a device has."""
    return len(DEVICES[kind](np.random.default_rng(0), 0.5)[1])


def polygon(outline: Complex) -> gdstk.Polygon:
    """Return a polygon on the core layer, with its corners on the grid."""
    points = np.round(np.column_stack([outline.real, outline.imag]), 3)
    return gdstk.Polygon(points, layer=CORE[0], datatype=CORE[1])  # type: ignore[arg-type]
