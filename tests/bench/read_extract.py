#!/usr/bin/env python3
"""How long reading and extraction take against what gdstk needs for the bytes alone, and how that grows.

Run by hand: `python tests/bench/read_extract.py` (minutes, some GB of memory for the largest). For each size a
flattened Clements mesh is written, then both sides are timed in turn in the same process, several rounds, the best
of each counted:

- baseline: gdstk reads the file and hands over all vertices as one numpy array; - ours: `layout.read` into the
core, then `extract` of the whole network.

It prints the ratio for each size and the exponent of growth between neighbouring sizes (1 is linear). The target is
a ratio of at most 2 at 1.7 million vertices, and an exponent near 1 up to 28 million. A timing is no test: it is
not run by pytest.
"""

from __future__ import annotations

import argparse
import gc
import math
import resource
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import gdstk
import numpy as np

from waveguard import pdk
from waveguard.designs import mesh
from waveguard.extract import extract
from waveguard.layout import read

PDK = "siepic-ebeam"
# Modes of the mesh: 1.7, 6.9 and 28 million vertices.
SIZES = (64, 128, 256)
KIB_PER_GIB = 1 << 20


@dataclass(frozen=True)
class Timing:
    """Best times of one size, in seconds."""

    n_modes: int
    n_points: int
    n_guides: int
    baseline_s: float
    read_s: float
    extract_s: float

    @property
    def ours_s(self) -> float:
        """Reading and extraction together."""
        return self.read_s + self.extract_s

    @property
    def ratio(self) -> float:
        """Our time over that of gdstk."""
        return self.ours_s / self.baseline_s


def timed(work: Callable[[], object]) -> tuple[float, object]:
    """Return the time of a piece of work and its result; garbage of before is not counted."""
    gc.collect()
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def vertices(path: Path, *, oasis: bool) -> np.ndarray:
    """Read with gdstk and return all vertices as one array."""
    library = gdstk.read_oas(path) if oasis else gdstk.read_gds(path)
    return np.concatenate([polygon.points for cell in library.cells for polygon in cell.polygons])


def measure(path: Path, n_modes: int, rounds: int, threads: int, *, oasis: bool) -> Timing:
    """Time both sides in turn and keep the best of each."""
    kit = pdk.load(PDK)
    best = {"baseline": math.inf, "read": math.inf, "extract": math.inf}
    n_points = n_guides = 0
    for _ in range(rounds):
        seconds, points = timed(lambda: vertices(path, oasis=oasis))
        best["baseline"] = min(best["baseline"], seconds)
        n_points = len(points)  # type: ignore[arg-type]
        del points
        read_s, file = timed(lambda: read(path, threads=threads))
        extract_s, extraction = timed(lambda f=file: extract(f, kit, threads=threads))  # type: ignore[misc]
        if read_s + extract_s < best["read"] + best["extract"]:
            best["read"], best["extract"] = read_s, extract_s
        n_guides = len(extraction.tables.waveguides)  # type: ignore[attr-defined]
        del file, extraction
    return Timing(n_modes, n_points, n_guides, best["baseline"], best["read"], best["extract"])


def main() -> None:
    """Run the benchmark and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES), help="modes of the meshes")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=0, help="0: one per processor")
    parser.add_argument("--oasis", action="store_true", help="OASIS instead of GDSII")
    options = parser.parse_args()

    print("modes   vertices   guides   gdstk s    read s   extract s   ours s   ratio   exponent", flush=True)
    before: Timing | None = None
    with tempfile.TemporaryDirectory() as folder:
        for n_modes in options.sizes:
            path = Path(folder) / ("mesh.oas" if options.oasis else "mesh.gds")
            library = mesh.flattened(mesh.MeshPlan(n_modes=n_modes))
            if options.oasis:
                library.write_oas(path)
            else:
                library.write_gds(path, max_points=0)  # gdstk would cut polygons at 199 points
            del library
            timing = measure(path, n_modes, options.rounds, options.threads, oasis=options.oasis)
            growth = ""
            if before is not None:
                exponent = math.log(timing.ours_s / before.ours_s) / math.log(timing.n_points / before.n_points)
                growth = f"{exponent:10.2f}"
            print(
                f"{n_modes:5d} {timing.n_points:10d} {timing.n_guides:8d} {timing.baseline_s:9.3f} "
                f"{timing.read_s:9.3f} {timing.extract_s:11.3f} {timing.ours_s:8.3f} {timing.ratio:7.2f} {growth}",
                flush=True,
            )
            before = timing
    peak_gib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KIB_PER_GIB
    print(f"peak memory {peak_gib:.2f} GiB")


if __name__ == "__main__":
    main()
