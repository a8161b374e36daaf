"""Extractions made by hand, for tests of what comes after extraction."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from waveguard import circuit, pdk, tables

SPEC_PDK = Path(__file__).resolve().parents[1] / "rules" / "spec_pdk.toml"
MORE_DEVICES = """
[[devices]]
name = "laser"
cells = ["laser*"]
kind = "laser"
params.loss_db = 1.0

[[devices]]
name = "detector"
cells = ["detector*"]
kind = "detector"
params.loss_db = 0.5

[[devices]]
name = "taper"
cells = ["taper*"]
kind = "taper"
params.loss_db = 0.1

[[devices]]
name = "coupler22"
cells = ["dc*"]
kind = "coupler_2x2"
params.excess_loss_db = 0.1
params.cross_fraction = 0.5
"""
DEFAULTS: dict[str, Any] = {"float64": np.nan, "int64": -1, "uint8": 0, "str": ""}
SHAPES: dict[str, list[tuple[str, float, float, float]]] = {
    "splitter": [("a", -5, 0, 180), ("b", 5, 1, 0), ("c", 5, -1, 0)],
    "crossing": [("w", -3, 0, 180), ("s", 0, -3, 270), ("e", 3, 0, 0), ("n", 0, 3, 90)],
    "coupler": [("chip", 0, 0, 0)],
    "laser": [("o", 0, 0, 0)],
    "detector": [("i", 0, 0, 180)],
    "box": [("l", -2, 0, 180), ("r", 2, 0, 0)],
    "unknown": [("l", -2, 0, 180), ("r", 2, 0, 0)],
    "dc": [("1", -4, 1, 180), ("2", -4, -1, 180), ("3", 4, 1, 0), ("4", 4, -1, 0)],
}
"""Ports of the cells: name, x and y in um, direction in degrees."""


def view(name: str, rows: list[dict[str, Any]]) -> Any:
    """A table of rows; what a row does not say is unknown."""
    kind = tables.VIEWS[name]
    return kind.of({c.name: [row.get(c.name, DEFAULTS[c.dtype]) for row in rows] for c in kind.columns()})


class Drawing:
    """An extraction under construction. Positions in um; `join` does not ask whether ports meet."""

    def __init__(self) -> None:
        self.kit = pdk.from_text(SPEC_PDK.read_text(encoding="utf-8") + MORE_DEVICES)
        self.cells: list[str] = ["top"]
        self.rows: dict[str, list[dict[str, Any]]] = {
            name: [] for name in ("devices", "ports", "nets", "waveguides", "bends", "terminals", "runs", "run_profile")
        }
        self.labels: list[circuit.PlacedLabel] = []

    def _device(self, cell: str, x: float, y: float, turn: float, *, mirrored: bool = False, role: int = 0) -> int:
        if cell not in self.cells:
            self.cells.append(cell)
        row = {"cell": self.cells.index(cell), "role": role, "top": 0, "x_nm": x * 1e3, "y_nm": y * 1e3}
        row |= {"rotation_rad": math.radians(turn), "mirrored": mirrored, "magnification": 1.0}
        row |= {"bbox_x0_nm": x * 1e3 - 10e3, "bbox_x1_nm": x * 1e3 + 10e3}
        row |= {"bbox_y0_nm": y * 1e3 - 10e3, "bbox_y1_nm": y * 1e3 + 10e3}
        self.rows["devices"].append(row)
        return len(self.rows["devices"]) - 1

    def port(self, device: int, name: str, x: float, y: float, direction: float) -> int:
        """Add a port at a place, given in the top cell."""
        row = {"device": device, "name": name, "x_nm": x * 1e3, "y_nm": y * 1e3, "width_nm": 500.0, "top": 0}
        self.rows["ports"].append({**row, "direction_rad": math.radians(direction)})
        return len(self.rows["ports"]) - 1

    def place(
        self, cell: str, x: float = 0, y: float = 0, turn: float = 0, *, mirrored: bool = False, shape: str = ""
    ) -> list[int]:
        """Place a cell of `SHAPES`; return its ports."""
        device = self._device(cell, x, y, turn, mirrored=mirrored)
        cos, sin, flip = math.cos(math.radians(turn)), math.sin(math.radians(turn)), -1 if mirrored else 1
        return [
            self.port(device, name, x + px * cos - flip * py * sin, y + px * sin + flip * py * cos, flip * d + turn)
            for name, px, py, d in SHAPES[shape or cell.split("_")[0]]
        ]

    def guide(
        self,
        length: float,
        cell: str = "wire",
        *,
        at: tuple[float, float] = (0, 0),
        bends: tuple[tuple[float, float], ...] = (),
        cross_section: int = 0,
    ) -> list[int]:
        """Place a guide with bends (radius in um, turn in degrees); return its two ports."""
        device = self._device(cell, *at, 0, role=1)
        ports = [self.port(device, "a", *at, 180), self.port(device, "b", at[0] + length, at[1], 0)]
        row = len(self.rows["waveguides"])
        self.rows["devices"][device]["waveguide"] = row
        lengths = {"centerline_length_nm": length * 1e3, "width_a_nm": 500.0, "width_b_nm": 500.0}
        ids = {"device": device, "port_a": ports[0], "port_b": ports[1], "cross_section": cross_section}
        self.rows["waveguides"].append({**ids, **lengths, "n_bends": len(bends)})
        start = 0.0
        for radius, turn in bends:
            arc = {
                "start_nm": start,
                "length_nm": radius * 1e3 * math.radians(abs(turn)),
                "min_radius_nm": radius * 1e3,
                "min_radius_upper_nm": radius * 1e3,
            }
            curvature = math.copysign(1 / (radius * 1e3), turn)
            arc |= {"begin_curvature_per_nm": curvature, "end_curvature_per_nm": curvature}
            self.rows["bends"].append({"waveguide": row, "turn_rad": math.radians(turn), **arc})
            start += arc["length_nm"]
        return ports

    def join(self, a: int, b: int) -> None:
        """Join two ports."""
        row = {"port_a": a, "port_b": b, "gap_nm": 0.0, "lateral_nm": 0.0, "angle_rad": 0.0}
        self.rows["nets"].append({**row, "width_difference_nm": 0.0, "width_error_nm": 0.0})

    def chain(self, *ports: int) -> None:
        """Join ports by pairs: the first with the second, the third with the fourth."""
        for a, b in zip(ports[::2], ports[1::2], strict=True):
            self.join(a, b)

    def stated(self, name: str, port: int) -> None:
        """State a port of the top cell."""
        at = self.rows["ports"][port]
        row = {"top": 0, "name": name, "port": port, "x_nm": at["x_nm"], "y_nm": at["y_nm"]}
        self.rows["terminals"].append(row)

    def run(self, a: int, b: int, gaps_nm: list[float], step_nm: float) -> None:
        """Let two guides (rows of `waveguides`) run side by side."""
        row = {"waveguide_a": a, "waveguide_b": b, "length_nm": step_nm * len(gaps_nm), "gap_min_nm": min(gaps_nm)}
        row |= {"profile_start": len(self.rows["run_profile"]), "profile_count": len(gaps_nm)}
        row["stretch"] = len(self.rows["runs"])
        self.rows["runs"].append(row)
        self.rows["run_profile"] += [{"gap_nm": gap, "step_nm": step_nm} for gap in gaps_nm]

    def label(self, text: str, x: float, y: float) -> None:
        """Write a text."""
        self.labels.append(circuit.PlacedLabel(text, 0, x * 1e3, y * 1e3))

    def tables(self) -> tables.Tables:
        """Return the extraction."""
        return tables.Tables(**{name: view(name, rows) for name, rows in self.rows.items()})

    def model(self) -> circuit.CircuitModel:
        """Return the circuit."""
        entries = [self.kit.match(self.cells[row["cell"]]) for row in self.rows["devices"]]
        return circuit.build(
            self.tables(),
            pdk=self.kit,
            cross_sections=self.kit.cross_sections,
            entry_of_device=np.array([-1 if entry is None else entry for entry in entries], dtype=np.int64),
            cell_names=self.cells,
            labels=self.labels,
        )


@pytest.fixture
def drawing() -> Drawing:
    """Return an empty drawing."""
    return Drawing()


@pytest.fixture
def link(drawing: Drawing) -> Callable[..., Drawing]:
    """Return a function that draws coupler - guide - coupler, a given length apart, on a row of its own."""
    count = iter(range(1000))

    def draw(length: float = 1000, *, name: str = "", guide: str = "wire") -> Drawing:
        y = 127.0 * next(count)
        start, end = drawing.place("coupler", 0, y), drawing.place("coupler", length, y, 180)
        ports = drawing.guide(length, guide, at=(0, y))
        drawing.chain(start[0], ports[0], ports[1], end[0])
        if name:
            drawing.label(f"opt_in_TE_1550_device_{name}", -5, y)
        return drawing

    return draw
