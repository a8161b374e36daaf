"""All ways to draw a flat library of bare shapes otherwise."""

from __future__ import annotations

from collections.abc import Callable

import gdstk
import numpy as np

from variants import cut, order, place

Variant = Callable[[gdstk.Library, int], gdstk.Library]


def odd_angle(seed: int) -> float:
    return float(np.random.default_rng(seed).choice([1.0, 33.0, 77.0, 45.0, 90.0, 200.0, 0.01]))


# Each takes a flat library of bare shapes, and a seed.
SHAPES: dict[str, Variant] = {
    "turned": lambda library, seed: place.turned(library, odd_angle(seed)),
    "turned as a placement": lambda library, seed: place.wrapped(library, odd_angle(seed)),
    "mirrored": lambda library, _: place.wrapped(library, mirrored=True),
    "mirrored and turned": lambda library, seed: place.turned(library, odd_angle(seed), mirrored=True),
    "moved": lambda library, seed: place.turned(library, 0.0, (seed % 977 - 500.0, 123.456)),
    "on half the grid": lambda library, _: place.with_dbu(library, 0.5),
    "merged": lambda library, _: cut.merged(library),
    "cut at 199 corners": lambda library, _: cut.fractured(library, 199),
    "cut at 32 corners": lambda library, _: cut.fractured(library, 32),
    "cut along lines": lambda library, seed: cut.cut_along_lines(library, seed),
    "merged and cut along lines": lambda library, seed: cut.cut_along_lines(cut.merged(library), seed),
    "merged and cut at 199 corners": lambda library, _: cut.fractured(cut.merged(library), 199),
    "in another order": order.shuffled,
}
