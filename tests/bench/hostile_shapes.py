#!/usr/bin/env python3
"""How long single shapes of very many corners take, and how that grows.

Run by hand: `python tests/bench/hostile_shapes.py` (minutes). One polygon each: a comb, one guide that goes to and fro,
a star of needles. For each number of corners it prints seconds and the peak of memory, and
the exponent of growth between neighbouring sizes; n log n is about 1.1. A timing is no test: it is not run by pytest.
"""

from __future__ import annotations

import argparse
import math
import resource
import time
from collections.abc import Callable

import gdstk
import numpy as np

from waveguard import pdk
from waveguard.extract import extract
from waveguard.layout import read

PDK = "siepic-ebeam"
SIZES = (10_000, 100_000, 1_000_000)
KIB_PER_MIB = 1024
Points = np.ndarray


def comb(n: int) -> Points:
    """Return a bar with teeth of 0.5 µm, as far apart."""
    k = np.arange(n // 4) * 1.0
    teeth = np.stack([k, k, k + 0.5, k + 0.5], axis=1).ravel()
    heights = np.tile([0.5, 20.0, 20.0, 0.5], n // 4)
    return np.concatenate([[(0.0, 0.0)], np.column_stack([teeth, heights]), [(n / 4.0, 0.0)]])


def snake(n: int) -> Points:
    """Return one guide that goes to and fro, 0.5 µm wide, with square turns."""
    rows = n // 4
    y = np.repeat(np.arange(rows) * 3.0, 2)
    x = np.tile([0.0, 100.0, 100.0, 0.0], (rows + 1) // 2)[: 2 * rows]
    axis = np.column_stack([x, y])
    # To the left of the way there: up on rows to the right, down on rows to the left.
    upwards = np.tile([1.0, 1.0, -1.0, -1.0], (rows + 1) // 2)[: 2 * rows]
    shift = np.column_stack([np.full(len(upwards), -1.0), upwards]) * 0.25
    return np.concatenate([axis + shift, (axis - shift)[::-1]])


def star(n: int) -> Points:
    """Return needles around a small middle."""
    angle = np.arange(n) * (2 * np.pi / n)
    radius = np.where(np.arange(n) % 2 == 0, 2000.0, 500.0)
    return np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])


SHAPES: dict[str, Callable[[int], Points]] = {"comb": comb, "snake": snake, "star": star}


def seconds(points: Points) -> float:
    """Time one extraction of one polygon."""
    cell = gdstk.Cell("top")
    cell.add(gdstk.Polygon(points, layer=1, datatype=0))  # type: ignore[arg-type]
    library = gdstk.Library(unit=1e-6, precision=1e-9)
    library.add(cell)
    file, kit = read(library), pdk.load(PDK)
    start = time.perf_counter()
    extract(file, kit)
    return time.perf_counter() - start


def main() -> None:
    """Print a line for each shape and size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--shapes", nargs="+", default=sorted(SHAPES), choices=sorted(SHAPES))
    options = parser.parse_args()
    for name in options.shapes:
        before: tuple[int, float] | None = None
        for size in options.sizes:
            took = seconds(SHAPES[name](size))
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KIB_PER_MIB
            growth = ""
            if before is not None:
                growth = f", exponent {math.log(took / before[1]) / math.log(size / before[0]):.2f}"
            print(f"{name}: {size} corners in {took:.2f} s, peak {peak:.0f} MiB{growth}", flush=True)
            before = (size, took)


if __name__ == "__main__":
    main()
