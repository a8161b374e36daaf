"""The demo: a small photonic link chip in the SiEPIC convention, with planted faults or without.

A column of fibre couplers on a 127 µm pitch feeds four circuits: a Mach-Zehnder interferometer (`mzi`), a bus that
crosses it (`bus`), a delay line (`delay`) and a reference loop (`loop`). Faults can be planted, see `FAULTS`; the
twin without them must be clean. Coordinates are in µm.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import gdstk

from waveguard.designs import cells, drawing

PDK = "siepic-ebeam"
TOP = "waveguard_demo"
PITCH_UM = 127.0
RADIUS_UM = 10.0

FAULTS = (
    "the guides of the reference loop miss each other by 20 nm at (60, 635) µm",
    "a corner of the bus at (320, 381) µm is drawn with a radius of 1.5 µm instead of 10 µm",
    "the reference loop runs 300 nm beside the bus for 150 µm near y = 381 µm",
    "the delay line is so long that its link has too little light",
)
MISALIGNMENT_UM = 0.02
TIGHT_RADIUS_UM = 1.5
# Centre to centre: 500 nm guide and 300 nm gap, against 14 µm in the clean twin.
NEAR_PITCH_UM = 0.8
CLEAR_PITCH_UM = 14.0
DELAY_FOLDS = 7
DELAY_REACH_UM = 300.0
DELAY_REACH_TOO_LONG_UM = 1100.0

# Fixed, so that the same design is the same bytes.
TIME_STAMP = datetime(2000, 1, 1)

BUDGET = """\
# What the links of the demo must deliver. Check with:
#   waveguard check {layout} --pdk {pdk} --budget {budget}
# A coupler is called by the text at its tip: `opt_in_TE_1550_device_mzi` answers to `mzi`.

[budget]
wavelength_um = 1.55
margin_db = 3.0

[[link]]
name = "interferometer"
from = "mzi"
to = "mzi_out"
laser_power_dbm = 3.0
sensitivity_dbm = -18.0

[[link]]
name = "bus"
from = "bus"
to = "bus_out"
laser_power_dbm = 3.0
sensitivity_dbm = -12.0

[[link]]
name = "delay line"
from = "delay"
to = "delay_out"
laser_power_dbm = 1.5
sensitivity_dbm = -11.0

[[assert]]
check = "loss(bus -> bus_out) < 10 dB"
note = "two couplers, a crossing and some guide"

[[assert]]
check = "isolation(mzi, bus_out) > 30 dB"
note = "what the crossing leaks"
"""


@dataclass(frozen=True)
class Written:
    """Where the demo was written, and the PDK it is drawn for."""

    layout: Path
    budget: Path
    pdk: str = PDK


def names(folder: Path, *, faults: bool) -> Written:
    """Return where the demo of a folder lies; nothing is written."""
    stem = "mzi_link" if faults else "mzi_link_clean"
    return Written(folder / f"{stem}.gds", folder / f"{stem}.toml")


def write(folder: Path, *, faults: bool) -> Written:
    """Write the layout and its budget into an existing folder."""
    written = names(folder, faults=faults)
    library(faults=faults).write_gds(written.layout, max_points=0, timestamp=TIME_STAMP)
    text = BUDGET.format(layout=written.layout.name, pdk=PDK, budget=written.budget.name)
    written.budget.write_text(text, encoding="utf-8", newline="\n")
    return written


class _Canvas:
    """Top cell under construction; library cells are shared between their placements."""

    def __init__(self) -> None:
        self.top = gdstk.Cell(TOP)
        self.library = {cell.name: cell for cell in (cells.grating_coupler(), cells.y_branch(), cells.crossing())}
        self.guides: list[gdstk.Cell] = []

    def place(self, name: str, at: tuple[float, float], rotation_deg: float = 0.0) -> None:
        rotation = math.radians(rotation_deg)
        self.top.add(gdstk.Reference(self.library[name], at, rotation=rotation))

    def guide(self, name: str, corners: list[tuple[float, float]], radius_um: float | list[float] = RADIUS_UM) -> None:
        cell = drawing.waveguide_cell(name, corners, radius_um, stated_radius_um=RADIUS_UM)
        self.guides.append(cell)
        self.top.add(gdstk.Reference(cell))

    def coupler(self, row: int, text: str) -> tuple[float, float]:
        """Place a named grating coupler in a row of the fibre array and return where its pin is."""
        at = (0.0, row * PITCH_UM)
        self.place(cells.GRATING_COUPLER, at)
        self.top.add(gdstk.Label(text, (at[0] - 22.0, at[1]), layer=drawing.TEXT[0], texttype=drawing.TEXT[1]))
        return at

    def couplers(self, name: str, row_in: int, row_out: int) -> tuple[tuple[float, float], tuple[float, float]]:
        """Place the two couplers of a circuit and return where their pins are."""
        return self.coupler(row_in, f"opt_in_TE_1550_device_{name}"), self.coupler(row_out, f"{name}_out")


def _mzi(canvas: _Canvas) -> None:
    """Interferometer between rows 0 and 2; its way back crosses the bus."""
    start, end = canvas.couplers("mzi", 0, 2)
    half, pitch = cells.Y_HALF_LENGTH_UM, cells.Y_HALF_PITCH_UM
    left, right = 47.4, 192.6
    crossing_at, reach = (240.0, PITCH_UM), cells.CROSSING_HALF_LENGTH_UM
    canvas.guide("mzi_in", [start, (left - half, 0.0)])
    canvas.place(cells.Y_BRANCH, (left, 0.0))
    upper = [(left + half, pitch), (75.0, pitch), (75.0, 45.0), (165.0, 45.0), (165.0, pitch), (right - half, pitch)]
    canvas.guide("mzi_long_arm", upper)
    canvas.guide("mzi_short_arm", [(left + half, -pitch), (right - half, -pitch)])
    canvas.place(cells.Y_BRANCH, (right, 0.0), 180)
    canvas.guide("mzi_out_1", [(right + half, 0.0), (240.0, 0.0), (240.0, PITCH_UM - reach)])
    canvas.place(cells.CROSSING, crossing_at)
    canvas.guide("mzi_out_2", [(240.0, PITCH_UM + reach), (240.0, end[1]), end])


def _bus(canvas: _Canvas, *, faults: bool) -> None:
    """A guide from row 3 around the interferometer, through the crossing, to row 1."""
    start, end = canvas.couplers("bus", 3, 1)
    reach = cells.CROSSING_HALF_LENGTH_UM
    radii = [TIGHT_RADIUS_UM if faults else RADIUS_UM, RADIUS_UM]
    canvas.guide("bus_1", [start, (320.0, start[1]), (320.0, end[1]), (240.0 + reach, end[1])], radii)
    canvas.guide("bus_2", [(240.0 - reach, end[1]), end])


def _delay(canvas: _Canvas, *, faults: bool) -> None:
    """A folded line between rows -1 and -4."""
    start, end = canvas.couplers("delay", -1, -4)
    reach_um = DELAY_REACH_TOO_LONG_UM if faults else DELAY_REACH_UM
    # Each fold goes down two steps, the way back from the last one a step more.
    step_um = (start[1] - end[1]) / (2 * DELAY_FOLDS + 1)
    corners, y_um = [start], start[1]
    for _ in range(DELAY_FOLDS):
        corners += [(reach_um, y_um), (reach_um, y_um - step_um), (60.0, y_um - step_um), (60.0, y_um - 2 * step_um)]
        y_um -= 2 * step_um
    corners += [(reach_um, y_um), (reach_um, end[1]), end]
    canvas.guide("delay_line", corners)


def _loop(canvas: _Canvas, *, faults: bool) -> None:
    """A reference loop between rows 4 and 5, led past the bus."""
    start, end = canvas.couplers("loop", 4, 5)
    y_um = 3 * PITCH_UM + (NEAR_PITCH_UM if faults else CLEAR_PITCH_UM)
    off_um = MISALIGNMENT_UM if faults else 0.0
    joint_um = 60.0
    canvas.guide(
        "loop_1",
        [
            start,
            (30.0, start[1]),
            (30.0, y_um),
            (200.0, y_um),
            (200.0, end[1] + off_um),
            (joint_um, end[1] + off_um),
        ],
    )
    canvas.guide("loop_2", [(joint_um, end[1]), end])


def library(*, faults: bool) -> gdstk.Library:
    """Return the demo as a gdstk library with one top cell."""
    canvas = _Canvas()
    _mzi(canvas)
    _bus(canvas, faults=faults)
    _delay(canvas, faults=faults)
    _loop(canvas, faults=faults)
    box = canvas.top.bounding_box()
    (x0, y0), (x1, y1) = box if box is not None else ((0.0, 0.0), (0.0, 0.0))
    layer, datatype = drawing.FLOORPLAN
    canvas.top.add(gdstk.rectangle((x0 - 20, y0 - 20), (x1 + 20, y1 + 20), layer=layer, datatype=datatype))
    lib = gdstk.Library("waveguard", unit=1e-6, precision=1e-9)
    lib.add(canvas.top, *canvas.guides, *canvas.library.values())
    return lib
