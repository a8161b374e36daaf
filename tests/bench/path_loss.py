"""Time of the loss of all paths: a 256x256 mesh and a 64x64 crossbar of 16,448 devices, beside a plain numpy pass.

Run by hand: ``python tests/bench/path_loss.py``. Ratios are of one run, the two taken in turn, because the machine is
shared; the target is 0.2 s for each circuit. Beside the time by the clock stands that of the processors, which says
what a quiet machine would take at most.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from waveguard import _core
from waveguard.models import CAUSES

TARGET_S = 0.2
ROUNDS = 5


def columns(
    n_devices: int, owner: list[int], peer: list[int], arcs: list[tuple[int, int]], ins: list[int], outs: list[int]
) -> dict[str, Any]:
    """Return the columns of a circuit whose passages all cost 0.2 dB."""
    table = np.array(arcs, dtype=np.int64)
    zero, count = np.zeros(len(arcs)), np.zeros(len(arcs), dtype=np.int64)
    given: dict[str, Any] = {f"arc_{cause}_db": zero for cause in CAUSES}
    given |= {"arc_device_db": np.full(len(arcs), 0.2), "arc_length_nm": zero, "arc_group_length_nm": zero}
    given |= {f"arc_n_{what}": count for what in ("guides", "bends", "crossings")}
    given |= {"arc_from": table[:, 0], "arc_to": table[:, 1], "n_devices": n_devices}
    given |= {"port_device": np.array(owner, dtype=np.int64), "port_net_peer": np.array(peer, dtype=np.int64)}
    given["terminal_port"] = np.array(ins + outs, dtype=np.int64)
    given["terminal_in"] = np.array([1] * len(ins) + [0] * len(outs), dtype=np.uint8)
    given["terminal_out"] = 1 - given["terminal_in"]
    given["terminal_loss_db"] = np.zeros(len(ins) + len(outs))
    return given


class Builder:
    """Devices with ports, joined as they come."""

    def __init__(self) -> None:
        self.owner: list[int] = []
        self.peer: list[int] = []
        self.arcs: list[tuple[int, int]] = []
        self.n = 0

    def device(self, n_in: int, n_out: int) -> tuple[list[int], list[int]]:
        first = len(self.owner)
        self.owner += [self.n] * (n_in + n_out)
        self.peer += [-1] * (n_in + n_out)
        self.n += 1
        ins, outs = list(range(first, first + n_in)), list(range(first + n_in, first + n_in + n_out))
        self.arcs += [(a, b) for a in ins for b in outs]
        return ins, outs

    def join(self, a: int, b: int) -> None:
        self.peer[a], self.peer[b] = b, a


def mesh(n: int) -> dict[str, Any]:
    """Rectangular mesh of n modes: n(n-1)/2 elements."""
    build, wires, first = Builder(), [-1] * n, [-1] * n
    for column in range(n):
        for top in range(column % 2, n - 1, 2):
            ins, outs = build.device(2, 2)
            for k in (0, 1):
                if wires[top + k] < 0:
                    first[top + k] = ins[k]
                else:
                    build.join(wires[top + k], ins[k])
                wires[top + k] = outs[k]
    return columns(build.n, build.owner, build.peer, build.arcs, first, wires)


def crossbar(n: int) -> dict[str, Any]:
    """Incoherent crossbar: per row a modulator and a tree of 1x2, per cell a modulator that feeds two detectors."""
    build, first, last = Builder(), [], []
    for _ in range(n):
        source_in, source_out = build.device(1, 1)
        vector_in, vector_out = build.device(1, 1)
        first += source_in
        build.join(source_out[0], vector_in[0])
        leaves = vector_out
        while len(leaves) < n:
            onward = []
            for leaf in leaves:
                ins, outs = build.device(1, 2)
                build.join(leaf, ins[0])
                onward += outs
            leaves = onward
        for leaf in leaves:
            ins, outs = build.device(1, 2)
            build.join(leaf, ins[0])
            for out in outs:
                detector_in, detector_out = build.device(1, 1)
                build.join(out, detector_in[0])
                last += detector_out
    return columns(build.n, build.owner, build.peer, build.arcs, first, last)


def numpy_pass(n: int) -> Callable[[], object]:
    """Best and worst loss of an n-mode mesh, all sources at once, column by column in numpy: what one would write."""

    def run() -> object:
        worst = np.where(np.eye(n, dtype=bool), 0.0, -np.inf)
        best = np.where(np.eye(n, dtype=bool), 0.0, np.inf)
        paths = np.eye(n)
        for column in range(n):
            top = np.arange(column % 2, n - 1, 2)
            for table, merge in ((worst, np.maximum), (best, np.minimum), (paths, np.add)):
                both = merge(table[:, top], table[:, top + 1]) + (0.2 if table is not paths else 0.0)
                table[:, top], table[:, top + 1] = both, both
        return worst, best, paths

    return run


def main() -> None:
    """Print medians and ratios."""
    options = json.dumps({"max_traces": 0})
    for name, given, other in (
        ("mesh 256x256", mesh(256), numpy_pass(256)),
        ("crossbar 64x64", crossbar(64), None),
    ):
        solve_s, build_s, other_s, work_s = [], [], [], []
        for _ in range(ROUNDS):
            start = time.perf_counter()
            circuit = _core.build_circuit(given)
            build_s.append(time.perf_counter() - start)
            start, work = time.perf_counter(), time.process_time()
            _core.solve_paths(circuit, options)
            solve_s.append(time.perf_counter() - start)
            work_s.append(time.process_time() - work)
            if other is not None:
                start = time.perf_counter()
                other()
                other_s.append(time.perf_counter() - start)
        solve, build = statistics.median(solve_s), statistics.median(build_s)
        beside = f", numpy without ledger {statistics.median(other_s):.3f} s" if other_s else ""
        verdict = "met" if solve <= TARGET_S else "missed"
        print(
            f"{name}: {given['n_devices']:,} devices, build {build:.3f} s, all paths {solve:.3f} s ({verdict}, "
            f"least {min(solve_s):.3f} s, processors {min(work_s):.3f} s){beside}"
        )


if __name__ == "__main__":
    main()
