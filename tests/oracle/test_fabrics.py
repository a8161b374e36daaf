"""Closed forms of switching fabrics, and a published mesh with the losses its router printed.

Numbers of paths and depths follow from the wiring (Clements et al., Optica 3, 1460 (2016)); Benes networks have n/2
paths for each pair. The 8x8 mesh is a public LiDAR netlist; its router charges 1.5 dB/cm, 0.01 dB per 90 degrees of
bend and the device before each net.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from waveguard import _core
from waveguard.models import CAUSES

NETLIST = "LiDAR__clements_8x8_routed.gds.netlist.yml"
ROUTER_LOG = "LiDAR__clements_8x8_routed.gds.router.log"
ROUTER_DB_PER_UM = 1.5e-4
ROUTER_DB_PER_90_DEG = 0.01
COMPONENT_DB = {"grating_coupler_elliptical_lumerical": 2.0, "mmi1x2": 0.3, "mzi": 1.2}


class Fabric:
    """Columns of a circuit under construction; light goes forward only."""

    def __init__(self) -> None:
        self.n_devices = 0
        self.owner: list[int] = []
        self.peer: list[int] = []
        self.arcs: list[tuple[int, int, float, float]] = []
        self.ins: list[int] = []
        self.outs: list[int] = []

    def device(self, n_in: int, n_out: int, loss_db: float, length_nm: float = 0.0) -> tuple[list[int], list[int]]:
        """Add a device whose passages all cost the same; return its ports."""
        first = len(self.owner)
        self.owner += [self.n_devices] * (n_in + n_out)
        self.peer += [-1] * (n_in + n_out)
        self.n_devices += 1
        ins, outs = list(range(first, first + n_in)), list(range(first + n_in, first + n_in + n_out))
        self.arcs += [(a, b, loss_db, length_nm) for a in ins for b in outs]
        return ins, outs

    def join(self, a: int, b: int) -> None:
        """Join two ports."""
        self.peer[a], self.peer[b] = b, a

    def solve(self) -> Any:
        """Return the table of paths."""
        return self.solution().table("paths")

    def count(self) -> int:
        """Return the exact number of paths."""
        return int.from_bytes(self.solution().count_paths(), "little")

    def solution(self) -> Any:
        """Return the solved circuit."""
        arcs = np.array(self.arcs).reshape(-1, 4)
        n = len(arcs)
        zero, count = np.zeros(n), np.zeros(n, dtype=np.int64)
        columns: dict[str, Any] = {f"arc_{cause}_db": zero for cause in CAUSES}
        columns |= {"arc_device_db": arcs[:, 2], "arc_length_nm": arcs[:, 3], "arc_group_length_nm": zero}
        columns |= {"arc_from": arcs[:, 0].astype(np.int64), "arc_to": arcs[:, 1].astype(np.int64)}
        columns |= {f"arc_n_{what}": count for what in ("guides", "bends", "crossings")}
        columns |= {"n_devices": self.n_devices, "port_device": np.array(self.owner, dtype=np.int64)}
        columns["port_net_peer"] = np.array(self.peer, dtype=np.int64)
        columns["terminal_port"] = np.array(self.ins + self.outs, dtype=np.int64)
        columns["terminal_in"] = np.array([1] * len(self.ins) + [0] * len(self.outs), dtype=np.uint8)
        columns["terminal_out"] = 1 - columns["terminal_in"]
        columns["terminal_loss_db"] = np.zeros(len(self.ins) + len(self.outs))
        return _core.solve_paths(_core.build_circuit(columns), json.dumps({"max_traces": 0}))


def brick(n: int, loss_db: float) -> Fabric:
    """Rectangular mesh of n modes."""
    fabric = Fabric()
    wires: list[int] = [-1] * n
    fabric.ins = [-1] * n
    for column in range(n):
        for top in range(column % 2, n - 1, 2):
            ins, outs = fabric.device(2, 2, loss_db)
            for k in (0, 1):
                if wires[top + k] < 0:
                    fabric.ins[top + k] = ins[k]
                else:
                    fabric.join(wires[top + k], ins[k])
                wires[top + k] = outs[k]
    fabric.outs = wires
    return fabric


@pytest.mark.parametrize(
    ("n", "mzis", "paths", "exact"),
    [
        (4, 6, 36, True),
        (8, 28, 1_300, True),
        (16, 120, 742_068, True),
        (32, 496, 106_357_582_324, True),
        (64, 2_016, 9.792e20, False),
        (128, 8_128, 3.806e40, False),
    ],
)
def test_meshes_have_the_published_numbers_of_paths(n: int, mzis: int, paths: float, exact: bool) -> None:
    fabric = brick(n, 0.2)
    assert fabric.n_devices == mzis
    table = fabric.solve()
    assert len(table["n_paths"]) == n * n
    assert float(table["n_paths"].sum()) == (paths if exact else pytest.approx(paths, rel=1e-3))
    assert float(table["worst_loss_db"].max()) == pytest.approx(0.2 * n)
    assert float(table["best_loss_db"].min()) == pytest.approx(0.2 * n / 2)


def exact_count(n: int) -> int:
    """Paths of a rectangular mesh by hand: light of a row goes on in both rows of each element it meets."""
    ways = [1] * n
    for column in range(n):
        for top in range(column % 2, n - 1, 2):
            ways[top] = ways[top + 1] = ways[top] + ways[top + 1]
    return sum(ways)


@pytest.mark.parametrize(
    ("n", "published"), [(4, 36), (8, 1_300), (16, 742_068), (32, 106_357_582_324), (64, 9.792e20), (128, 3.806e40)]
)
def test_paths_are_counted_exactly_beyond_what_a_float_holds(n: int, published: float) -> None:
    found = brick(n, 0.2).count()
    assert found == exact_count(n)
    assert found == pytest.approx(published, rel=1e-3)


def test_a_triangular_mesh_is_2n_minus_3_deep() -> None:
    """Reck mesh: column k of 2n-3 has its elements on every other pair of wires under the triangle."""
    n = 8
    fabric = Fabric()
    wires: list[int] = [-1] * n
    fabric.ins = [-1] * n
    for column in range(2 * n - 3):
        for top in range(n - 1):
            if (column - top) % 2 == 0 and top <= column <= 2 * n - 4 - top:
                ins, outs = fabric.device(2, 2, 1.0)
                for k in (0, 1):
                    if wires[top + k] < 0:
                        fabric.ins[top + k] = ins[k]
                    else:
                        fabric.join(wires[top + k], ins[k])
                    wires[top + k] = outs[k]
    fabric.outs = wires
    assert fabric.n_devices == n * (n - 1) // 2
    assert float(fabric.solve()["worst_loss_db"].max()) == 2 * n - 3


@pytest.mark.parametrize("n", [4, 8, 32])
def test_benes_networks_have_half_n_paths_for_each_pair(n: int) -> None:
    fabric = Fabric()
    levels = n.bit_length() - 1
    strides = [n >> (k + 1) for k in range(levels)]
    wires: list[int] = [-1] * n
    fabric.ins = [-1] * n
    for stage, stride in enumerate(strides + strides[-2::-1]):
        for a in (a for a in range(n) if not a & stride):
            ins, outs = fabric.device(2, 2, 1.0)
            for k, wire in enumerate((a, a | stride)):
                if stage == 0:
                    fabric.ins[wire] = ins[k]
                else:
                    fabric.join(wires[wire], ins[k])
                wires[wire] = outs[k]
    fabric.outs = wires
    assert fabric.n_devices == n // 2 * (2 * levels - 1)
    table = fabric.solve()
    assert set(table["n_paths"].tolist()) == {n / 2}
    assert set(table["worst_loss_db"].tolist()) == {2 * levels - 1}


def lidar(truth: Path, router: dict[str, tuple[float, float]] | None = None) -> Fabric:
    """Build the public mesh, its nets as guides when the router's lengths and bends are given."""
    text = (truth / NETLIST).read_text(encoding="utf-8")
    instances = re.findall(r"^  (\w+):\n    component: (\w+)$", text, re.MULTILINE)
    nets = re.findall(r"^  (n_\d+): \['(\w+),o(\d)', '(\w+),o(\d)'\]$", text, re.MULTILINE)
    assert (len(instances), len(nets)) == (52, 79)
    fabric = Fabric()
    ports: dict[tuple[str, str], int] = {}
    for name, component in instances:
        loss_db = COMPONENT_DB[component]
        if component == "mzi" and not name.startswith("mod"):
            ins, outs = fabric.device(2, 2, loss_db)
            # The upper output is o3.
            ports |= {(name, "1"): ins[0], (name, "2"): ins[1], (name, "3"): outs[0], (name, "4"): outs[1]}
        elif component.startswith("grating"):
            ins, outs = fabric.device(1, 1, loss_db)
            source = name == "gc1"
            ports[name, "1"] = outs[0] if source else ins[0]
            (fabric.ins if source else fabric.outs).append(ins[0] if source else outs[0])
        else:
            ins, outs = fabric.device(1, 2 if component == "mmi1x2" else 1, loss_db)
            ports[name, "1"] = ins[0]
            ports |= {(name, str(k + 2)): port for k, port in enumerate(outs)}
    for net, a, pa, b, pb in nets:
        if router is None:
            fabric.join(ports[a, pa], ports[b, pb])
            continue
        length_um, bend_deg = router[net]
        loss_db = length_um * ROUTER_DB_PER_UM + bend_deg / 90.0 * ROUTER_DB_PER_90_DEG
        ins, outs = fabric.device(1, 1, loss_db, length_um * 1e3)
        fabric.join(ports[a, pa], ins[0])
        fabric.join(outs[0], ports[b, pb])
    return fabric


def test_the_public_mesh_has_its_device_losses(layouts_dir: Path) -> None:
    table = lidar(layouts_dir / "truth").solve()
    assert float(table["n_paths"].sum()) == 1300
    assert float(table["best_loss_db"].min()) == pytest.approx(10.90)
    assert float(table["worst_loss_db"].max()) == pytest.approx(15.70)


def test_the_public_mesh_as_routed_has_the_loss_its_router_printed(layouts_dir: Path) -> None:
    log = (layouts_dir / "truth" / ROUTER_LOG).read_text(encoding="utf-8")
    found = re.findall(r"^Net: (n_\d+), WL: ([\d.]+) um, Accumulated bend: ([\d.]+)", log, re.MULTILINE)
    last = re.search(r"criticalPath: .* WL: ([\d.]+), .*Max Insertion loss: ([\d.]+)", log)
    assert last is not None
    table = lidar(layouts_dir / "truth", {net: (float(length), float(bend)) for net, length, bend in found}).solve()
    worst = int(np.argmax(table["worst_loss_db"]))
    assert float(table["worst_loss_db"][worst]) == pytest.approx(float(last[2]), abs=1e-3)
    assert float(table["worst_length_nm"][worst]) * 1e-3 == pytest.approx(float(last[1]), abs=1e-2)
