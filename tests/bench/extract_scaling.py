#!/usr/bin/env python3
"""How extraction alone grows: against gdstk, with hierarchy, in bundles of guides, in one polygon of many corners.

Run by hand: `python tests/bench/extract_scaling.py` (some minutes, 10 GB of memory for the largest mesh), or with the
names of parts of it. Each part prints a table for Markdown.

Extraction ends with the network: devices, guides as measured, ports and which of them are joined, near misses, runs
with their gaps, crossings, overlaps, coverage. Rows of tables, and the routes that follow from joined guides, are
worked out when they are read; a column `tables s` says what reading all of them takes on top, which hardly any
analysis does.

- `meshes`: flattened Clements meshes. In turn, gdstk reads the file to one numpy array of vertices, and `extract`
  goes from the same vertices in the core to the network with parallel runs; the best of each counts. Targets: a ratio
  of at most 1 from 1.7 million vertices on, an exponent of growth of at most 1.1.
- `memory`: peak of the resident memory while `extract` runs, over that before it, by vertex, in a process of its own.
  Target: 100 bytes.
- `hierarchy`: the same mesh with its cells. Target: 20 times as fast as flattened, with 256 modes in 33,000
  placements. It is drawn in two ways: as asked, with the guides between the columns in the cells of the units, and
  with three times as many placements, each of these guides by itself.
- `bundles`: parallel guides whose bounding boxes overlap: round a corner one inside the other, as arcs round one
  centre, or S-bends above each other, of which each box meets those of 100 others; equal ones, and such that none is
  drawn twice. Whoever pairs guides by their boxes is quadratic here. All boxes can overlap only where guides get longer
  the more there are: straights are looked at piece by piece, each of a length that the index can hold. Exponents are
  those of the vertices and of the length of all guides. Target: 94,000 vertices in 0.02 s, and linear.
- `merged`: wavy guides across each other, merged by KLayout to one polygon with cut lines to its holes, or drawn over
  each other and merged by the core. Target: growth of n log n up to a million vertices.

A timing is no test: it is not run by pytest.
"""

from __future__ import annotations

import argparse
import gc
import itertools
import math
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import gdstk
import numpy as np

from waveguard import pdk
from waveguard.designs import drawing, mesh
from waveguard.extract import Extraction, extract
from waveguard.layout import LayoutFile, read

T = TypeVar("T")

PDK = "siepic-ebeam"
# Modes of the mesh: 0.1, 0.4, 1.7, 6.9 and 27 million vertices.
MESHES = (16, 32, 64, 128, 256)
BUNDLES = (10, 100, 1000, 10_000)
LATTICES = (6, 12, 25, 36)
BUNDLE_PITCH_UM = 2.0
IN_A_ROW = 4
POINTS_PER_CORNER = 45
"""With the two ends of each side, a guide round a corner has 94 vertices."""
MEMORY_PROGRAM = """
import ctypes, gc, sys
from pathlib import Path
from waveguard import pdk
from waveguard.extract import extract
from waveguard.layout import read

def status(field):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith(field))

kit, file = pdk.load(sys.argv[2]), read(Path(sys.argv[1]))
gc.collect()
ctypes.CDLL(None).malloc_trim(0)
before = status("VmRSS")
Path("/proc/self/clear_refs").write_text("5")
found = extract(file, kit)
print(before, status("VmHWM") - before, status("VmRSS") - before)
"""
"""Prints the resident memory before an extraction, and what its peak and its result add, in bytes. Memory that was
free before is given back first, or the extraction would find it for nothing; then the peak is reset.
"""


def timed(work: Callable[[], T]) -> tuple[float, T]:
    """Return the time of a piece of work and its result; garbage of before is not counted."""
    gc.collect()
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def vertices(path: Path) -> np.ndarray:
    """Read with gdstk and return all vertices as one array."""
    (cell,) = gdstk.read_gds(path).cells
    assert isinstance(cell, gdstk.Cell)
    return np.concatenate([polygon.points for polygon in cell.polygons])


def best_extract(file: LayoutFile, rounds: int) -> tuple[float, Extraction]:
    """Return the best time of an extraction, and its result."""
    kit = pdk.load(PDK)
    best_s = math.inf
    for _ in range(rounds):
        seconds, found = timed(lambda: extract(file, kit))
        best_s = min(best_s, seconds)
    return best_s, found


def tables_s(found: Extraction) -> float:
    """Return the time of reading all tables of an extraction, none of which was read before."""
    return timed(lambda: [found.handle.table(name) for name in found.handle.names()])[0]


def exponent(before: tuple[float, float] | None, now: tuple[float, float]) -> str:
    """Exponent of growth from one (size, time) to another; 1 is linear."""
    if before is None:
        return "-"
    return f"{math.log(now[1] / before[1]) / math.log(now[0] / before[0]):.2f}"


def head(*names: str) -> None:
    """Print the head of a table."""
    print(f"\n| {' | '.join(names)} |\n|{'---:|' * len(names)}", flush=True)


def row(*cells: object) -> None:
    """Print a row of a table."""
    print(f"| {' | '.join(map(str, cells))} |", flush=True)


def flat_meshes(sizes: list[int]) -> Iterator[tuple[int, Path]]:
    """Write the flattened meshes, one after the other."""
    for n_modes in sizes:
        with flat_mesh(mesh.MeshPlan(n_modes=n_modes)) as path:
            yield n_modes, path


@contextmanager
def flat_mesh(plan: mesh.MeshPlan) -> Iterator[Path]:
    """Write a flattened mesh."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mesh.gds"
        # gdstk would cut polygons at 199 points.
        mesh.flattened(plan).write_gds(path, max_points=0)
        yield path


def meshes(sizes: list[int], rounds: int) -> None:
    """Flattened meshes against gdstk."""
    kit = pdk.load(PDK)
    head(
        *("modes", "vertices", "guides", "runs", "gdstk s", "extract s", "ratio", "tables s"),
        *("ns/vertex", "exponent", "from first"),
    )
    first = before = None
    for n_modes, path in flat_meshes(sizes):
        gdstk_s = extract_s = write_s = math.inf
        for _ in range(rounds):
            seconds, points = timed(lambda path=path: vertices(path))  # type: ignore[misc]
            gdstk_s, n_points = min(gdstk_s, seconds), len(points)
            del points
            file = read(path)
            seconds, found = timed(lambda file=file: extract(file, kit))  # type: ignore[misc]
            extract_s = min(extract_s, seconds)
            write_s = min(write_s, tables_s(found))
            n_guides, n_runs = len(found.tables.waveguides), len(found.tables.runs)
            del file, found
        now = (n_points, extract_s)
        row(
            n_modes,
            n_points,
            n_guides,
            n_runs,
            f"{gdstk_s:.3f}",
            f"{extract_s:.3f}",
            f"{extract_s / gdstk_s:.2f}",
            f"{write_s:.3f}",
            f"{extract_s / n_points * 1e9:.0f}",
            exponent(before, now),
            exponent(first, now),
        )
        first, before = first or now, now


def memory(sizes: list[int], _rounds: int) -> None:
    """Memory of an extraction by vertex."""
    head("modes", "vertices", "before MiB", "peak adds MiB", "peak bytes/vertex", "result bytes/vertex")
    for n_modes, path in flat_meshes(sizes):
        command = [sys.executable, "-c", MEMORY_PROGRAM, str(path), PDK]
        answer = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        before, peak, result = map(int, answer.split())
        n_points = read(path).handle.n_points
        row(
            n_modes,
            n_points,
            before >> 20,
            peak >> 20,
            f"{peak / n_points:.0f}",
            f"{result / n_points:.0f}",
        )


def hierarchy(sizes: list[int], rounds: int) -> None:
    """A mesh with its cells against the same flattened."""
    head("modes", "placements", "flat s", "hierarchical s", "times faster", "flat tables s", "hierarchical tables s")
    for links_in_units, n_modes in itertools.product((True, False), sizes):
        plan = mesh.MeshPlan(n_modes=n_modes, links_in_units=links_in_units)
        library = mesh.library(plan)
        (top,) = library.top_level()
        assert isinstance(top, gdstk.Cell)
        placements = len(top.references)
        with flat_mesh(plan) as path:
            flat, cells = read(path), read(library)
        best = np.full(4, np.inf)
        for _ in range(rounds):
            # Each several times in a row, or what the one left in the caches is timed with the other.
            flat_s, flat_found = best_extract(flat, IN_A_ROW)
            cells_s, cells_found = best_extract(cells, IN_A_ROW)
            best = np.minimum(best, [flat_s, cells_s, tables_s(flat_found), tables_s(cells_found)])
            del flat_found, cells_found
        flat_s, cells_s, *write_s = best.tolist()
        row(
            n_modes,
            placements,
            f"{flat_s:.3f}",
            f"{cells_s:.4f}",
            f"{flat_s / cells_s:.1f}",
            *(f"{seconds:.3f}" for seconds in write_s),
        )


def corner_bundle(n_guides: int) -> list[gdstk.Polygon]:
    """Guides round a corner, one inside the other, each from the left and up, with bends of one radius."""
    angle = np.linspace(0, np.pi / 2, POINTS_PER_CORNER)
    radius_um = 10.0
    turn = np.column_stack([np.sin(angle), 1 - np.cos(angle)]) * radius_um
    ahead = np.column_stack([np.cos(angle), np.sin(angle)])
    tangents = np.concatenate([ahead[:1], ahead, ahead[-1:]])
    polygons = []
    for k in range(n_guides):
        at = k * BUNDLE_PITCH_UM
        ends = np.array([[-50.0, -at], [at + radius_um, 50.0]])
        points = np.concatenate([ends[:1], turn + np.array([at, -at]), ends[1:]])
        polygons.append(drawing.core(drawing.ribbon(drawing.Centerline(points, tangents, 0.0), 0.5)))
    return polygons


def arc_bundle(n_guides: int) -> list[gdstk.Polygon]:
    """Quarter circles round one centre, chords off by 5 nm at most."""
    polygons = []
    for k in range(n_guides):
        radius_um = 20.0 + k * BUNDLE_PITCH_UM
        angle = np.linspace(0, np.pi / 2, 1 + math.ceil(np.pi / 4 / math.acos(1 - 0.005 / radius_um)))
        points = np.column_stack([np.cos(angle), np.sin(angle)]) * radius_um
        tangents = np.column_stack([-np.sin(angle), np.cos(angle)])
        polygons.append(drawing.core(drawing.ribbon(drawing.Centerline(points, tangents, 0.0), 0.5)))
    return polygons


def s_bundle(n_guides: int, are_equal: bool = False) -> list[gdstk.Polygon]:
    """S-bends above each other, equal or but for a step of the grid somewhere in the body of each."""
    share = np.linspace(0, 1, POINTS_PER_CORNER + 2)
    rise_um, run_um = 100 * BUNDLE_PITCH_UM, 300.0
    points = np.column_stack([run_um * share, rise_um * (1 - np.cos(np.pi * share)) / 2])
    slope = rise_um * np.pi / (2 * run_um) * np.sin(np.pi * share)
    tangents = np.column_stack([np.ones_like(slope), slope]) / np.hypot(1, slope)[:, None]
    ring = drawing.ribbon(drawing.Centerline(points, tangents, 0.0), 0.5)
    polygons = []
    for k in range(n_guides):
        own = ring + np.array([0.0, k * BUNDLE_PITCH_UM])
        # Two vertices name the guide, so that nothing is worked out once for all.
        if not are_equal:
            own[[5 + k % 40, 50 + k // 40 % 40]] += [0.001 * (1 + k // 1600), 0.0]
        polygons.append(drawing.core(own))
    return polygons


def layout(polygons: list[gdstk.Polygon]) -> LayoutFile:
    """Return a layout of one cell."""
    library = gdstk.Library(unit=1e-6, precision=1e-9)
    library.new_cell("TOP").add(*polygons)
    return read(library)


def bundles(sizes: list[int], rounds: int) -> None:
    """Parallel guides whose boxes all overlap."""
    kinds: dict[str, Callable[[int], list[gdstk.Polygon]]] = {
        "corner": corner_bundle,
        "arcs": arc_bundle,
        "equal s-bends": lambda n_guides: s_bundle(n_guides, are_equal=True),
        "s-bends": s_bundle,
    }
    for name, draw in kinds.items():
        head(
            *(name, "vertices", "mm", "found", "runs", "s", "us/vertex", "ns/um"),
            *("exponent", "by length", "tables s"),
        )
        before = before_length = None
        for n_guides in sizes:
            file = layout(draw(n_guides))
            # The smallest take no time: they need more rounds.
            seconds, found = best_extract(file, rounds if n_guides >= 10_000 else 10 * rounds)
            write_s = tables_s(found)
            n_points, length_um = file.handle.n_points, found.tables.waveguides.centerline_length_nm.sum() / 1e3
            now, now_length = (n_points, seconds), (length_um, seconds)
            row(
                n_guides,
                n_points,
                round(length_um / 1e3),
                len(found.tables.waveguides),
                len(found.tables.runs),
                f"{seconds:.4f}",
                f"{seconds / n_points * 1e6:.3f}",
                f"{seconds / length_um * 1e9:.0f}",
                exponent(before, now),
                exponent(before_length, now_length),
                f"{write_s:.3f}",
            )
            before, before_length = now, now_length


def waves(n_lines: int) -> list[gdstk.Polygon]:
    """Wavy guides along x and along y, all of which cross."""
    pitch_um, step_um, period_um = 20.0, 0.05, 3.0
    s = np.arange(0, pitch_um * (n_lines + 1), step_um)
    sway = np.sin(s / period_um)
    along = np.concatenate([s, s[::-1]])
    polygons = []
    for k in range(n_lines):
        middle = pitch_um * (k + 1) + sway
        across = np.concatenate([middle - 0.25, (middle + 0.25)[::-1]])
        polygons.append(drawing.core(np.column_stack([along, across])))
        polygons.append(drawing.core(np.column_stack([across, along])))
    return polygons


def merged_by_klayout(polygons: list[gdstk.Polygon]) -> list[gdstk.Polygon]:
    """Merge polygons; holes are joined to the outline by cut lines, as a GDSII file has them."""
    import klayout.db as kdb

    shapes = [
        kdb.Polygon([kdb.Point(*p) for p in np.rint(np.asarray(q.points) * 1e3).astype(int).tolist()]) for q in polygons
    ]
    region = kdb.Region(shapes).merged()
    rings = [polygon.resolved_holes().each_point_hull() for polygon in region.each()]
    return [drawing.core(np.array([(p.x, p.y) for p in ring]) / 1e3) for ring in rings]


def merged(sizes: list[int], rounds: int) -> None:
    """One polygon with many holes and crossings."""
    for name, make in (("by KLayout", merged_by_klayout), ("by the core", list)):
        head(name, "polygons", "vertices", "guides", "junctions", "s", "us/vertex", "exponent")
        before = None
        for n_lines in sizes:
            polygons = make(waves(n_lines))
            file = layout(polygons)
            seconds, found = best_extract(file, rounds)
            now = (file.handle.n_points, seconds)
            row(
                n_lines,
                len(polygons),
                now[0],
                len(found.tables.waveguides),
                len(found.tables.junctions),
                f"{seconds:.2f}",
                f"{seconds / now[0] * 1e6:.2f}",
                exponent(before, now),
            )
            before = now


PARTS: dict[str, tuple[Callable[[list[int], int], None], tuple[int, ...]]] = {
    "meshes": (meshes, MESHES),
    "memory": (memory, MESHES[2:]),
    "hierarchy": (hierarchy, MESHES[2:]),
    "bundles": (bundles, BUNDLES),
    "merged": (merged, LATTICES),
}


def main() -> None:
    """Run the parts asked for and print their tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; all by default")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--most", type=int, help="leave out sizes (modes, guides, lines) above this")
    options = parser.parse_args()
    if unknown := [part for part in options.parts if part not in PARTS]:
        parser.error(f"no part '{unknown[0]}': there are {', '.join(PARTS)}")
    for part in options.parts or PARTS:
        work, sizes = PARTS[part]
        chosen = [size for size in sizes if options.most is None or size <= options.most]
        if not chosen:
            parser.error(f"--most {options.most} leaves no size of {part}: its smallest is {sizes[0]}")
        print(f"\n{part}", flush=True)
        work(chosen, options.rounds)


if __name__ == "__main__":
    main()
