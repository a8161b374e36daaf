"""The overlay: a layout that a person opens on top of the one that was read, to see what was found in it.

Each top cell becomes a cell of the same name, on the grid of the layout, with shapes and texts on the layers of
`layers`. The fact a newcomer would get wrong: positions are rounded to the grid, and nothing else is moved; a
centre-line is a thin path whose points are those of the table.
"""

from __future__ import annotations

import errno
import math
import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import IO

import gdstk
import numpy as np
from numpy.typing import NDArray

from waveguard.analyses.defects import in_words
from waveguard.exports import layers
from waveguard.exports.found import Found, Polyline
from waveguard.exports.layers import DRAWING, TEXT, Layer
from waveguard.exports.names import cell_identifier, instance_names, port_labels, terminal_names, unique
from waveguard.tables import GUIDE_ROLE
from waveguard.units import nm2_to_um2, nm_to_um, um_to_nm

# The same extraction is the same bytes.
TIME_STAMP = datetime(2000, 1, 1)
LINE_NM = 20.0
"""Width of centre-lines: visible when magnified, thinner than any guide."""
ARROW_NM = 500.0
MARK_NM = 1000.0
"""Half the size of crosses and diamonds."""
MAX_POINTS = 8000
"""Points of one path; GDSII cannot hold more than 8,191."""
PM_PER_NM = 1e3
GDSII_END = b"\x00\x04\x04\x00"
"""The record ENDLIB, the last one."""
OASIS_END, OASIS_END_BYTES = b"\x02", 256
"""The record END begins so, and is so long whatever it holds."""


def write_gds(found: Found, out: IO[bytes]) -> None:
    """Write the overlay as GDSII."""
    _write(found, out, ".gds", lambda library, path: library.write_gds(path, timestamp=TIME_STAMP))


def write_oas(found: Found, out: IO[bytes]) -> None:
    """Write the overlay as OASIS."""
    _write(found, out, ".oas", lambda library, path: library.write_oas(path, compression_level=6))


def _write(found: Found, out: IO[bytes], suffix: str, write: Callable[[gdstk.Library, Path], object]) -> None:
    # gdstk writes to names of files only.
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"overlay{suffix}"
        write(overlay(found), path)
        written = path.read_bytes()
    # gdstk does not tell when it could not write all of a file.
    if not (written.endswith(GDSII_END) if suffix == ".gds" else written[-OASIS_END_BYTES:][:1] == OASIS_END):
        raise OSError(errno.ENOSPC, "the folder for temporary files has no space (TMPDIR names another)")
    out.write(written)


def overlay(found: Found) -> gdstk.Library:
    """Return the overlay."""
    library = gdstk.Library("waveguard", unit=1e-6, precision=found.dbu_nm * 1e-9)
    cells = {top: gdstk.Cell(name) for top, name in zip(found.top_cells, _cell_names(found), strict=True)}
    library.add(*cells.values())
    pen = _Pen(found, cells)
    for draw in (
        _guides,
        _devices,
        _ports,
        _near_misses,
        _crossings,
        _junctions,
        _radii,
        _runs,
        _boxes,
        _terminals,
    ):
        draw(found, pen)
    return library


def _cell_names(found: Found) -> list[str]:
    """Names of the top cells, which GDSII wants to be short and plain; nearly always as they are."""
    plain = [name if name and name.isascii() and name.isprintable() else cell_identifier(name) for name in found.tops]
    return unique(plain, lambda name, n: f"{name}_{n}")


class _Pen:
    """Draws in µm on the grid of the layout, into the cell of a top."""

    def __init__(self, found: Found, cells: dict[int, gdstk.Cell]) -> None:
        self._cells = cells
        self._dbu_nm = found.dbu_nm
        # An even number of grid steps, so that both edges lie on the grid.
        self.line_um = nm_to_um(2.0 * found.dbu_nm * max(1.0, round(LINE_NM / (2.0 * found.dbu_nm))))

    def grid_um(self, points_nm: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return points on the grid, in µm."""
        on_grid = np.round(points_nm / self._dbu_nm) * self._dbu_nm
        return np.asarray(nm_to_um(np.round(on_grid * PM_PER_NM) / PM_PER_NM), dtype=np.float64)

    def path(self, top: int, layer: Layer, points_nm: Polyline) -> None:
        """Draw a thin line; nothing when its points all coincide."""
        points = self.grid_um(points_nm)
        points = points[np.isfinite(points).all(axis=1)]
        moved = np.ones(len(points), dtype=bool)
        moved[1:] = (np.diff(points, axis=0) != 0.0).any(axis=1)
        points = points[moved]
        for first in range(0, max(len(points) - 1, 0), MAX_POINTS - 1):
            part = points[first : first + MAX_POINTS]
            line = gdstk.FlexPath(
                _pairs(part), self.line_um, simple_path=True, tolerance=nm_to_um(self._dbu_nm) / 4, layer=layer.number
            )
            self._cells[top].add(line)

    def polygon(self, top: int, layer: Layer, points_nm: NDArray[np.float64]) -> None:
        """Draw a polygon."""
        points = self.grid_um(points_nm)
        if np.isfinite(points).all():
            self._cells[top].add(gdstk.Polygon(_pairs(points), layer=layer.number, datatype=DRAWING))

    def box(self, top: int, layer: Layer, x0: float, y0: float, x1: float, y1: float) -> None:
        """Draw a box."""
        self.polygon(top, layer, np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]]))

    def diamond(self, top: int, layer: Layer, x: float, y: float, half_nm: float) -> None:
        """Draw a diamond about a place."""
        around = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]])
        self.polygon(top, layer, np.array([x, y]) + half_nm * around)

    def text(self, top: int, layer: Layer, x: float, y: float, text: str) -> None:
        """Write a text at a place."""
        place = self.grid_um(np.array([[x, y]]))[0]
        if np.isfinite(place).all():
            plain = text.encode("ascii", "replace").decode("ascii")
            label = gdstk.Label(plain, (float(place[0]), float(place[1])), layer=layer.number, texttype=TEXT)
            self._cells[top].add(label)


def _pairs(points: NDArray[np.float64]) -> list[tuple[float, float]]:
    """Return points as gdstk declares to want them."""
    return [(x, y) for x, y in points.tolist()]


def _guides(found: Found, pen: _Pen) -> None:
    names = instance_names(found)
    guides, devices = found.table("waveguides"), found.table("devices")
    for row, (device, line) in enumerate(zip(guides.get("device", ()), found.centerlines, strict=False)):
        if not len(line):
            continue
        top = int(devices["top"][device])
        pen.path(top, layers.CENTERLINES, line)
        x, y = line[len(line) // 2]
        pen.text(top, layers.CENTERLINES, x, y, f"{names[int(device)]} {_measures(found, row)}")


def _measures(found: Found, guide: int) -> str:
    """Return length and smallest radius of a guide in words, and pitch and duty cycle of a row of boxes."""
    table = found.table("waveguides")
    length_nm, radius_nm = (float(table[name][guide]) for name in ("centerline_length_nm", "min_radius_nm"))
    bent = f" R={nm_to_um(radius_nm):.3f}um" if math.isfinite(radius_nm) else ""
    pitch_nm, duty = found.segmented.get(guide, (0.0, 0.0))
    divided = f" pitch={pitch_nm:.1f}nm duty={duty:.2f}" if pitch_nm else ""
    return f"L={nm_to_um(length_nm):.3f}um{bent}{divided}" if math.isfinite(length_nm) else "L=?"


def _devices(found: Found, pen: _Pen) -> None:
    names, table = instance_names(found), found.table("devices")
    for row, role in enumerate(table.get("role", ())):
        if role == GUIDE_ROLE or found.free_devices[row]:
            continue
        x0, y0, x1, y1 = (float(table[f"bbox_{side}_nm"][row]) for side in ("x0", "y0", "x1", "y1"))
        top = int(table["top"][row])
        pen.box(top, layers.DEVICES, x0, y0, x1, y1)
        pen.text(top, layers.DEVICES, (x0 + x1) / 2, (y0 + y1) / 2, names[row])


def _ports(found: Found, pen: _Pen) -> None:
    labels, ports = port_labels(found), found.table("ports")
    is_open = set(found.open_ports)
    columns = (ports.get(name, ()) for name in ("top", "x_nm", "y_nm", "direction_rad", "width_nm"))
    for row, (top, x, y, direction, width) in enumerate(zip(*columns, strict=True)):
        place = np.array([float(x), float(y)])
        if math.isfinite(direction):
            out = np.array([math.cos(direction), math.sin(direction)])
            half = (float(width) if math.isfinite(width) and width > 0 else ARROW_NM) / 2 * np.array([-out[1], out[0]])
            pen.polygon(int(top), layers.PORTS, np.array([place - half, place + out * ARROW_NM, place + half]))
        else:
            pen.diamond(int(top), layers.PORTS, x, y, MARK_NM)
        pen.text(int(top), layers.PORTS, x, y, labels[row])
        if row in is_open:
            pen.diamond(int(top), layers.OPEN_PORTS, x, y, MARK_NM)
            pen.text(int(top), layers.OPEN_PORTS, x, y, f"open: {labels[row]}")


def near_miss_words(found: Found, row: int) -> str:
    """Return what separates two ports that were perhaps meant to meet."""
    table = found.table("near_misses")
    gap, aside, turn = (float(table[name][row]) for name in ("gap_nm", "lateral_nm", "angle_rad"))
    width = float(table["width_difference_nm"][row])
    words = [f"gap {_whole(gap)} nm", f"aside {_whole(aside)} nm"]
    if abs(math.degrees(turn)) >= 0.05:
        words.append(f"turned {math.degrees(turn):.1f} deg")
    if math.isfinite(width) and abs(width) >= 0.5:
        words.append(f"width {width:+.0f} nm")
    if row < len(found.near_miss_loss_db):
        lost = in_words(float(found.near_miss_loss_db[row]))
        words += [f"loses {lost}"] if lost else []
    return ", ".join(words)


def _whole(value: float) -> str:
    return f"{round(value) + 0:d}" if math.isfinite(value) else "?"


def _near_misses(found: Found, pen: _Pen) -> None:
    table, ports = found.table("near_misses"), found.table("ports")
    for row in found.near_misses:
        a, b = int(table["port_a"][row]), int(table["port_b"][row])
        ends = np.array([[float(ports["x_nm"][port]), float(ports["y_nm"][port])] for port in (a, b)])
        top = int(ports["top"][a])
        pen.path(top, layers.NEAR_MISSES, ends)
        x, y = (float(middle) for middle in ends.mean(axis=0))
        pen.diamond(top, layers.NEAR_MISSES, x, y, MARK_NM / 4)
        pen.text(top, layers.NEAR_MISSES, x, y, near_miss_words(found, row))


def _top_of_guide(found: Found, guide: int) -> int:
    return int(found.table("devices")["top"][int(found.table("waveguides")["device"][guide])])


def _crossings(found: Found, pen: _Pen) -> None:
    table = found.table("crossings")
    columns = (table.get(name, ()) for name in ("waveguide_a", "x_nm", "y_nm", "angle_rad"))
    for guide, x, y, angle in zip(*columns, strict=True):
        top = _top_of_guide(found, int(guide))
        for step in ((1.0, 1.0), (1.0, -1.0)):
            arm = MARK_NM * np.array(step)
            pen.path(top, layers.CROSSINGS, np.array([x, y]) + np.array([-arm, arm]))
        pen.text(top, layers.CROSSINGS, x, y, f"crossing without a device, {math.degrees(angle):.1f} deg")


def junction_places(found: Found) -> Iterator[tuple[int, int, float, float]]:
    """Yield device, top, x and y in nm of branches and crossings that belong to no cell."""
    table, devices = found.table("junctions"), found.table("devices")
    columns = (table.get(name, ()) for name in ("device", "x_nm", "y_nm"))
    for device, x, y in zip(*columns, strict=False):
        if 0 <= int(device) < len(devices.get("top", ())):
            yield int(device), int(devices["top"][device]), float(x), float(y)


def _junctions(found: Found, pen: _Pen) -> None:
    names = instance_names(found)
    for device, top, x, y in junction_places(found):
        pen.diamond(top, layers.JUNCTIONS, x, y, MARK_NM / 2)
        pen.text(top, layers.JUNCTIONS, x, y, names[device])


def _radii(found: Found, pen: _Pen) -> None:
    table = found.table("waveguides")
    columns = (table.get(name, ()) for name in ("min_radius_nm", "min_radius_x_nm", "min_radius_y_nm"))
    for guide, (radius, x, y) in enumerate(zip(*columns, strict=True)):
        if math.isfinite(radius) and math.isfinite(x) and math.isfinite(y):
            top = _top_of_guide(found, guide)
            pen.diamond(top, layers.MIN_RADIUS, x, y, MARK_NM / 4)
            pen.text(top, layers.MIN_RADIUS, x, y, f"R={nm_to_um(float(radius)):.3f}um")


def _runs(found: Found, pen: _Pen) -> None:
    table = found.table("runs")
    columns = (table.get(name, ()) for name in ("waveguide_a", "x_nm", "y_nm", "gap_min_nm", "length_nm"))
    for guide, x, y, gap, length in zip(*columns, strict=True):
        top = _top_of_guide(found, int(guide))
        pen.diamond(top, layers.RUNS, x, y, MARK_NM / 4)
        pen.text(top, layers.RUNS, x, y, f"gap {float(gap):.0f} nm, beside for {nm_to_um(float(length)):.3f}um")


def _boxes(found: Found, pen: _Pen) -> None:
    table, devices = found.table("unexplained"), found.table("devices")
    for row, top in enumerate(table.get("top", ())):
        sides = [float(table[f"{side}_nm"][row]) for side in ("x0", "y0", "x1", "y1")]
        pen.box(int(top), layers.UNEXPLAINED, *sides)
        area_um2 = nm2_to_um2(float(table["area_nm2"][row]))
        words = f"{int(table['count'][row])} shapes, {area_um2:.3f} um2: {table['reason'][row]}"
        pen.text(int(top), layers.UNEXPLAINED, (sides[0] + sides[2]) / 2, (sides[1] + sides[3]) / 2, words)
    table = found.table("overlaps")
    for row, device in enumerate(table.get("device_a", ())):
        sides = [float(table[f"{side}_nm"][row]) for side in ("x0", "y0", "x1", "y1")]
        pen.box(int(devices["top"][device]), layers.OVERLAPS, *sides)


def _terminals(found: Found, pen: _Pen) -> None:
    for name, one in zip(terminal_names(found), found.terminals, strict=True):
        if one.top in found.top_cells:
            x, y = um_to_nm(one.x_um), um_to_nm(one.y_um)
            pen.diamond(one.top, layers.TERMINALS, x, y, MARK_NM / 2)
            pen.text(one.top, layers.TERMINALS, x, y, f"{name} ({one.kind})")
