"""An extraction by hand, with something of everything that a writer can meet: a small link with a planted near miss.

A fibre coupler, a Y-branch, a guide in a cell, a guide drawn beside devices, a crossing found in drawn geometry, a
detector with an electrical pin, and a cell whose name wants to be that of another instance. Lengths in nm.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from waveguard.exports import Facts, Found, Terminal
from waveguard.tables import VIEWS

CELLS = ("chip", "gc_te", "ebeam_y_1550", "Waveguide$2", "guide_1", "2x2 detector")
DEFAULTS: dict[str, Any] = {"float64": np.nan, "int64": -1, "uint8": 0, "str": ""}
EAST, NORTH, WEST, SOUTH = 0.0, math.pi / 2, math.pi, -math.pi / 2


def table(name: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """A table by rows; what a row does not say is unknown."""
    columns = VIEWS[name].columns()
    return dict(VIEWS[name].of({c.name: [row.get(c.name, DEFAULTS[c.dtype]) for row in rows] for c in columns}).items())


def device(cell: int, box: tuple[float, float, float, float], **more: Any) -> dict[str, Any]:
    """A placed device."""
    sides = {f"bbox_{side}_nm": value for side, value in zip(("x0", "y0", "x1", "y1"), box, strict=True)}
    row = {"cell": cell, "top": 0, "x_nm": box[0], "y_nm": box[1], "rotation_rad": 0.0, "magnification": 1.0, **sides}
    return {**row, "waveguide": -1, **more}


def port(owner: int, name: str, x: float, y: float, direction: float, **more: Any) -> dict[str, Any]:
    """A port."""
    row = {"device": owner, "name": name, "x_nm": x, "y_nm": y, "direction_rad": direction, "width_nm": 500.0, "top": 0}
    return {**row, **more}


DEVICES = [
    device(1, (0, -10_000, 30_000, 10_000)),
    device(2, (30_000, -3_000, 45_000, 3_000)),
    device(3, (45_000, 2_500, 95_000, 23_000), role=1, waveguide=0),
    device(0, (45_000, -3_000, 95_000, -2_500), role=1, source=2, waveguide=1),
    device(0, (94_000, -4_000, 98_000, 0), source=5),
    device(4, (95_000, 20_000, 110_000, 24_000), rotation_rad=math.pi / 2),
    device(5, (98_020, -8_000, 130_000, 4_000), mirrored=1),
]
PORTS = [
    port(0, "pin1", 30_000, 0, EAST),
    port(0, "", 8_000, 0, np.nan, kind=2, source=4, width_nm=np.nan),
    port(1, "pin10", 45_000, -2_750, EAST),
    port(1, "pin2", 45_000, 2_750, EAST),
    port(1, "pin1", 30_000, 0, WEST),
    port(2, "", 45_000, 2_750, WEST, source=3),
    port(2, "", 95_000, 22_750, EAST, source=3),
    port(3, "", 45_000, -2_750, WEST, source=3),
    port(3, "", 94_000, -2_000, EAST, source=3),
    port(4, "", 94_000, -2_000, WEST),
    port(4, "", 98_000, -2_000, EAST),
    port(5, "in", 95_000, 22_750, WEST),
    port(5, "in", 110_000, 22_000, EAST),
    port(6, "opt 1", 98_020, -2_050, WEST),
    port(6, "anode", 130_000, 2_000, EAST, kind=1, width_nm=5_000.0),
]
JOINTS = [(0, 4), (3, 5), (2, 7), (6, 11), (8, 9)]
GUIDES = [
    {
        "device": 2,
        "port_a": 5,
        "port_b": 6,
        "cross_section": 0,
        "centerline_length_nm": 61_234.5678,
        "drawn_length_nm": 61_230.0,
        "width_a_nm": 500.0,
        "min_radius_nm": 4_987.5,
        "min_radius_x_nm": 74_000.0,
        "min_radius_y_nm": 4_000.0,
        "n_bends": 2,
    },
    {
        "device": 3,
        "port_a": 7,
        "port_b": 8,
        "cross_section": 0,
        "centerline_length_nm": 49_006.0,
        "width_a_nm": 500.0,
        "min_radius_nm": np.inf,
    },
]
LINES = [
    [
        (45_000, 2_750),
        (70_000, 2_750),
        (74_000, 4_000),
        (75_000, 8_000),
        (75_000, 18_000),
        (79_000, 22_750),
        (95_000, 22_750),
    ],
    [(45_000, -2_750), (70_000, -2_750), (94_000, -2_000)],
]
AREAS = [("core_area_nm2", 64.0e6, 63.9e6)]

POINTS = np.array([point for line in LINES for point in line], dtype=np.float64)
TABLES = {
    "devices": table("devices", DEVICES),
    "ports": table("ports", PORTS),
    "nets": table("nets", [{"port_a": a, "port_b": b, "gap_nm": 0.0} for a, b in JOINTS]),
    "waveguides": table("waveguides", GUIDES),
    "near_misses": table(
        "near_misses",
        [
            {
                "port_a": 13,
                "port_b": 10,
                "gap_nm": 20.4,
                "lateral_nm": 50.0,
                "angle_rad": 0.0,
                "width_difference_nm": 0.0,
            }
        ],
    ),
    "crossings": table(
        "crossings", [{"waveguide_a": 0, "waveguide_b": 1, "x_nm": 60_000, "y_nm": 0.0, "angle_rad": math.pi / 2}]
    ),
    "unexplained": table(
        "unexplained",
        [
            {
                "top": 0,
                "cell": 0,
                "x0_nm": 0,
                "y0_nm": 30e3,
                "x1_nm": 2e3,
                "y1_nm": 31e3,
                "area_nm2": 1e5,
                "reason": "no end",
                "count": 3,
            }
        ],
    ),
    "coverage": table("coverage", [{"kind": k, "total": t, "explained": e, "top": 0} for k, t, e in AREAS]),
    "centerlines": table("centerlines", [])
    | {
        "offsets": np.cumsum([0, *(len(line) for line in LINES)]),
        "x_nm": POINTS[:, 0],
        "y_nm": POINTS[:, 1],
        "width_nm": np.full(len(POINTS), 500.0),
    },
    "routes": table(
        "routes",
        [
            {
                "port_a": 5,
                "port_b": 6,
                "n_guides": 1,
                "cross_section": 0,
                "centerline_length_nm": 61_234.5678,
                "drawn_length_nm": 61_230.0,
                "is_closed": 0,
            },
            {"port_a": -1, "port_b": -1, "n_guides": 2, "centerline_length_nm": 100.0, "is_closed": 1},
        ],
    ),
    "junctions": table(
        "junctions",
        [{"device": 4, "kind": 3, "n_arms": 4, "angle_rad": math.pi / 2, "x_nm": 96_000.0, "y_nm": -2_000.0}],
    ),
}
PARAMETERS = {"wg_length": "61.3u", "wg_width": "0.500u", "points": "[[45.0,2.75],[95.0,22.75]]", "radius": "5.0"}

FOUND = Found(
    layout="sample.gds",
    layout_sha256="x",
    pdk="by hand",
    cell_names=CELLS,
    tops=["chip"],
    cross_sections=["strip"],
    tables=TABLES,
    terminals=[
        Terminal(
            ["link", "opt_in_TE_1550_device_link", "gc_te@(30,0)"], "fibre_coupler", 30.0, 0.0, 0, 0, outside=True
        ),
        Terminal(["2x2 detector@(98.02,-2.05)"], "detector", 98.02, -2.05, 0, 13, outside=True),
        Terminal(["out 2"], "stated port", 110.0, 22.0, 0, 12),
    ],
    facts={
        2: Facts(component="ebeam_y_1550", library="Design kits/ebeam"),
        3: Facts(component="ebeam_wg_integral_1550", parameters=PARAMETERS),
        4: Facts(component="taper", settings={"width1": 0.5, "linear": True, "layers": ("WG", 1), "max": float("inf")}),
    },
    stated_length_um=np.array([61.3, np.nan]),
)
