"""Time of sampled losses: 100,000 chips of a link of 1,000 elements, and of an 8x8 mesh, beside numpy.

Run by hand: ``python tests/bench/sampling.py``. Ratios are of one run, the two taken in turn, because the machine is
shared. numpy draws the same chips as one would write it: in blocks of samples, all elements at once.
"""

from __future__ import annotations

import json
import resource
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from path_loss import Builder, columns, mesh

from waveguard import _core

SAMPLES = 100_000
ROUNDS = 3
VALUE_DB, SIGMA_DB, SCATTER_DB = 0.2, 0.02, 0.05
BLOCK = 5000
MODES = 8


def link(n: int) -> dict[str, Any]:
    """Elements one behind the other."""
    build, first, last = Builder(), -1, -1
    for _ in range(n):
        ins, outs = build.device(1, 1)
        if last < 0:
            first = ins[0]
        else:
            build.join(last, ins[0])
        last = outs[0]
    return columns(build.n, build.owner, build.peer, build.arcs, [first], [last])


def spread(given: dict[str, Any], pairs: list[tuple[int, int]]) -> dict[str, Any]:
    """One number that all passages lose: off for all of a chip, and again for each element; never below 0."""
    n, empty = len(given["arc_from"]), np.zeros(0, dtype=np.int64)
    return {
        "quantity_value": [VALUE_DB],
        "quantity_shape": np.zeros(1, dtype=np.uint8),
        "quantity_below": [SIGMA_DB],
        "quantity_above": [SIGMA_DB],
        "quantity_scatter": [SCATTER_DB],
        "quantity_floor": [0.0],
        "quantity_ceiling": [np.inf],
        "term_arc": np.arange(n),
        "term_quantity": np.zeros(n, dtype=np.int64),
        "term_element": given["port_device"][given["arc_from"]],
        "term_law": np.zeros(n, dtype=np.uint8),
        "term_weight": np.ones(n),
        "response_arc": empty,
        "response_quantity": empty,
        "response_db": np.zeros(0),
        "node_first": [0.0],
        "node_step": [0.0],
        "node_count": 0,
        "pair_from": [a for a, _ in pairs],
        "pair_to": [b for _, b in pairs],
        "pair_limit_db": np.full(len(pairs), np.nan),
    }


def numpy_link(n: int) -> np.ndarray:
    """Loss of the link on every chip."""
    rng, losses = np.random.default_rng(1), np.empty(SAMPLES)
    for first in range(0, SAMPLES, BLOCK):
        chip = rng.normal(VALUE_DB, SIGMA_DB, (BLOCK, 1))
        losses[first : first + BLOCK] = np.maximum(rng.normal(chip, SCATTER_DB, (BLOCK, n)), 0.0).sum(axis=1)
    return losses


def numpy_mesh(n: int) -> np.ndarray:
    """Worst loss between all modes of a rectangular mesh on every chip, column by column."""
    rng, losses = np.random.default_rng(1), np.empty((SAMPLES, n, n))
    for first in range(0, SAMPLES, BLOCK):
        chip = rng.normal(VALUE_DB, SIGMA_DB, (BLOCK, 1))
        worst = np.full((BLOCK, n, n), -np.inf)
        worst[:, range(n), range(n)] = 0.0
        for column in range(n):
            top = np.arange(column % 2, n - 1, 2)
            own = np.maximum(rng.normal(chip, SCATTER_DB, (BLOCK, len(top))), 0.0)
            both = np.maximum(worst[:, :, top], worst[:, :, top + 1]) + own[:, None, :]
            worst[:, :, top], worst[:, :, top + 1] = both, both
        losses[first : first + BLOCK] = worst
    return losses


def main() -> None:
    """Print medians, ratios and how near the two come."""
    options = json.dumps({"n_samples": SAMPLES, "seed": 1, "probabilities": [0.05, 0.5, 0.95, 0.99, 0.999]})
    every = [(a, MODES + b) for a in range(MODES) for b in range(MODES)]
    cases: list[tuple[str, dict[str, Any], list[tuple[int, int]], Callable[[], np.ndarray]]] = [
        ("link of 1,000", link(1000), [(0, 1)], lambda: numpy_link(1000)),
        (f"mesh {MODES}x{MODES}, worst path of every chip", mesh(MODES), every, lambda: numpy_mesh(MODES)),
    ]
    for name, given, pairs, other in cases:
        solution = _core.solve_paths(_core.build_circuit(given))
        columns_of = spread(given, pairs)
        own_s, one_s, other_s = [], [], []
        for _ in range(ROUNDS):
            for threads, times in ((0, own_s), (1, one_s)):
                start = time.perf_counter()
                found = solution.sample(columns_of, options, threads)
                times.append(time.perf_counter() - start)
            start = time.perf_counter()
            theirs = other()
            other_s.append(time.perf_counter() - start)
        own, one, numpy_s = (statistics.median(times) for times in (own_s, one_s, other_s))
        apart = abs(found["mean_db"].mean() - theirs[np.isfinite(theirs)].mean())
        print(
            f"{name}: {SAMPLES:,} chips in {own:.2f} s (one thread {one:.2f} s), numpy {numpy_s:.2f} s, "
            f"{numpy_s / own:.1f}x; means {apart:.3f} dB apart"
        )
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory, numpy included: {peak_mib:.0f} MiB")


if __name__ == "__main__":
    main()
