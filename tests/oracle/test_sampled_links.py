"""Sampled losses against closed forms, scipy's distributions, and numpy's own draws of the same chips."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from scipy import integrate, stats

from waveguard import _core
from waveguard.models import CAUSES

N = 100_000
SHAPES = {"normal": 0, "uniform": 1, "triangular": 2}
PROBABILITIES = (0.05, 0.5, 0.95, 0.99)


def circuit(arcs: list[tuple[int, int]], loss_db: np.ndarray, owner: list[int], peer: list[int]) -> dict[str, Any]:
    """Columns of a circuit; the first port with no way into it is where light enters, ports with none out leave."""
    table, n = np.array(arcs, dtype=np.int64), len(arcs)
    given: dict[str, Any] = {f"arc_{cause}_db": np.zeros(n) for cause in CAUSES}
    given |= {f"arc_n_{what}": np.zeros(n, dtype=np.int64) for what in ("guides", "bends", "crossings")}
    given |= {"arc_device_db": loss_db, "arc_length_nm": np.zeros(n), "arc_group_length_nm": np.zeros(n)}
    given |= {"arc_from": table[:, 0], "arc_to": table[:, 1], "n_devices": max(owner) + 1}
    given |= {"port_device": np.array(owner), "port_net_peer": np.array(peer)}
    open_ports = [port for port, other in enumerate(peer) if other < 0]
    ins = [port for port in open_ports if port in set(table[:, 0].tolist())]
    outs = [port for port in open_ports if port in set(table[:, 1].tolist())]
    given |= {"terminal_port": np.array(ins + outs), "terminal_loss_db": np.zeros(len(ins) + len(outs))}
    given |= {"terminal_in": np.array([1] * len(ins) + [0] * len(outs), dtype=np.uint8)}
    return given | {"terminal_out": 1 - given["terminal_in"]}


def chain(n: int, loss_db: float) -> _core.Solution:
    """Elements one behind the other."""
    owner = [k // 2 for k in range(2 * n)]
    peer = [-1, *(k + 1 if k % 2 else k - 1 for k in range(1, 2 * n - 1)), -1]
    arcs = [(2 * k, 2 * k + 1) for k in range(n)]
    return _core.solve_paths(_core.build_circuit(circuit(arcs, np.full(n, loss_db), owner, peer)))


def spread(*, pairs: list[tuple[int, int]], limit_db: float = math.nan, **given: Any) -> dict[str, Any]:
    """Columns of what is uncertain: one quantity unless more are given."""
    n = len(np.atleast_1d(given["value"]))
    columns: dict[str, Any] = {
        f"quantity_{name}": np.broadcast_to(np.asarray(given.get(name, default), dtype=np.float64), n).copy()
        for name, default in (("value", 0), ("below", 0), ("above", 0), ("scatter", 0))
    }
    columns |= {"quantity_shape": np.full(n, SHAPES[given.get("shape", "normal")], dtype=np.uint8)}
    columns |= {"quantity_floor": np.full(n, given.get("floor", -np.inf))}
    columns |= {"quantity_ceiling": np.full(n, given.get("ceiling", np.inf))}
    arc = np.asarray(given["arc"])
    columns |= {"term_arc": arc, "term_element": np.asarray(given.get("element", arc))}
    columns |= {"term_quantity": np.asarray(given.get("quantity", np.zeros(len(arc), dtype=np.int64)))}
    columns |= {"term_law": np.broadcast_to(np.uint8(given.get("law", 0)), len(arc)).copy()}
    columns |= {"term_weight": np.broadcast_to(np.float64(given.get("weight", 1.0)), len(arc)).copy()}
    empty = np.zeros(0, dtype=np.int64)
    columns |= {"response_arc": empty, "response_quantity": empty, "response_db": np.zeros(0), "node_count": 0}
    columns |= {"node_first": np.zeros(n), "node_step": np.zeros(n)}
    columns |= {f"pair_{end}": np.array([pair[k] for pair in pairs]) for k, end in enumerate(("from", "to"))}
    return columns | {"pair_limit_db": np.full(len(pairs), limit_db)}


def sampled(solution: _core.Solution, columns: dict[str, Any], *, threads: int = 0, **options: Any) -> dict[str, Any]:
    wanted = {"n_samples": N, "seed": 3, "probabilities": PROBABILITIES, "keep": True} | options
    return solution.sample(columns, json.dumps(wanted), threads)


def agree(found: dict[str, Any], row: int, mean: float, sigma: float) -> None:
    """Mean within 4 of its standard errors, standard deviation within 4 of its (kurtosis up to 9)."""
    assert found["mean_db"][row] == pytest.approx(mean, abs=4 * sigma / math.sqrt(N))
    assert found["sigma_db"][row] == pytest.approx(sigma, rel=4 * math.sqrt(2.0 / N))


def test_a_sum_of_normals_is_normal() -> None:
    # N elements of w·q: L²σ² + N w² s², where L is the sum of the weights.
    n, weight, sigma, scatter = 300, 0.01, 0.2, 0.9
    columns = spread(
        value=2.0, below=sigma, above=sigma, scatter=scatter, arc=np.arange(n), weight=weight, pairs=[(0, 1)]
    )
    found = sampled(chain(n, 0.05), columns)
    total = math.hypot(n * weight * sigma, math.sqrt(n) * weight * scatter)
    agree(found, 0, n * 0.05, total)
    normal = stats.norm(n * 0.05, total)
    assert stats.kstest(found["loss_db"][0], normal.cdf).pvalue > 1e-3
    for k, p in enumerate(PROBABILITIES):
        error = math.sqrt(p * (1 - p) / N) / normal.pdf(normal.ppf(p))
        assert found["quantile_db"][0, k] == pytest.approx(normal.ppf(p), abs=4 * error)
    assert found["share"][0] == pytest.approx(
        [(n * weight * sigma / total) ** 2, n * (weight * scatter / total) ** 2, 0], abs=0.01
    )


@pytest.mark.parametrize("scattered", [False, True])
def test_a_loss_is_never_a_gain(scattered: bool) -> None:
    # 0.1 ± 0.1 dB, cut at 0: a truncated normal, once for all elements or for each by itself.
    n, cut = 50, stats.truncnorm(-1.0, np.inf, loc=0.1, scale=0.1)
    given = {"scatter": 0.1} if scattered else {"below": 0.1, "above": 0.1}
    found = sampled(chain(n, 0.1), spread(value=0.1, floor=0.0, arc=np.arange(n), pairs=[(0, 1)], **given))
    agree(found, 0, n * cut.mean(), cut.std() * (math.sqrt(n) if scattered else n))
    assert found["least_db"][0] > 0.0
    if not scattered:
        assert stats.kstest(found["loss_db"][0] / n, cut.cdf).pvalue > 1e-3


def test_limits_are_uniform_or_triangular_about_the_value() -> None:
    for shape, known in (
        ("uniform", stats.uniform(1.22, 3.8 - 1.22)),
        ("triangular", stats.triang((2.45 - 1.22) / (3.8 - 1.22), 1.22, 3.8 - 1.22)),
    ):
        columns = spread(value=2.45, below=2.45 - 1.22, above=3.8 - 2.45, shape=shape, arc=[0], pairs=[(0, 1)])
        found = sampled(chain(1, 2.45), columns)
        agree(found, 0, known.mean(), known.std())
        assert stats.kstest(found["loss_db"][0], known.cdf).pvalue > 1e-3


@pytest.mark.parametrize("law", [1, 2])
def test_a_split_is_taken_in_full_not_by_its_slope(law: int) -> None:
    share, sigma = 0.2, 0.08
    stated = -10 * math.log10(share if law == 1 else 1 - share)
    known = stats.truncnorm(-share / sigma, (1 - share) / sigma, loc=share, scale=sigma)

    def moment(power: int) -> float:
        def of(q: float) -> float:
            return float((-10 * math.log10(q if law == 1 else 1 - q)) ** power * known.pdf(q))

        return float(integrate.quad(of, 1e-12, 1 - 1e-12, points=[share], limit=200)[0])

    given = {"value": share, "below": sigma, "above": sigma, "floor": 0.0, "ceiling": 1.0}
    found = sampled(chain(1, stated), spread(**given, arc=[0], law=law, pairs=[(0, 1)]))
    mean, sigma_db = moment(1), math.sqrt(moment(2) - moment(1) ** 2)
    assert found["mean_db"][0] == pytest.approx(mean, abs=4 * sigma_db / math.sqrt(N))
    assert found["sigma_db"][0] == pytest.approx(sigma_db, rel=0.03)


def mesh(n: int) -> tuple[_core.Solution, np.ndarray]:
    """Rectangular mesh of 2x2 elements, all passages 0.2 dB; by arc the row of its element."""
    owner: list[int] = []
    peer: list[int] = []
    arcs, wires = [], [-1] * n
    for column in range(n):
        for top in range(column % 2, n - 1, 2):
            first, device = len(owner), len(owner) // 4
            owner += [device] * 4
            peer += [-1] * 4
            arcs += [(first + a, first + b) for a in (0, 1) for b in (2, 3)]
            for k in (0, 1):
                if wires[top + k] >= 0:
                    peer[first + k], peer[wires[top + k]] = wires[top + k], first + k
                wires[top + k] = first + 2 + k
    built = _core.build_circuit(circuit(arcs, np.full(len(arcs), 0.2), owner, peer))
    return _core.solve_paths(built), np.array([owner[a] for a, _ in arcs])


def numpy_mesh(n: int, rng: np.random.Generator, chips: int) -> np.ndarray:
    """Worst loss from input 0 to each output on chips drawn by numpy, column by column."""
    common = rng.normal(0.2, 0.02, chips)
    worst = np.full((chips, n), -np.inf)
    worst[:, 0] = 0.0
    for column in range(n):
        for top in range(column % 2, n - 1, 2):
            mean = common + rng.normal(0.0, 0.05, chips)
            both = worst[:, top : top + 2].max(axis=1) + mean
            worst[:, top] = worst[:, top + 1] = both
    return worst


def test_the_worst_path_of_every_chip_is_that_of_numpy() -> None:
    n, chips = 6, N
    solution, element = mesh(n)
    terminals = len(solution.table("paths")["from_terminal"]) and 2 * n
    outs = list(range(n, terminals))
    columns = spread(
        value=0.2, below=0.02, above=0.02, scatter=0.05, arc=np.arange(len(element)), element=element,
        pairs=[(0, out) for out in outs],
    )  # fmt: skip
    found = sampled(solution, columns)
    # Terminals come in order of ports, which is not that of the wires: compare as sets of losses.
    own = numpy_mesh(n, np.random.default_rng(11), chips)
    mine, theirs = np.sort(found["mean_db"]), np.sort(own.mean(axis=0))
    sigma = own.std(axis=0).max()
    assert mine == pytest.approx(theirs, abs=5 * sigma * math.sqrt(2 / chips))
    assert np.sort(found["sigma_db"]) == pytest.approx(np.sort(own.std(axis=0)), rel=5 * math.sqrt(1 / chips))
    for k, p in enumerate(PROBABILITIES):
        expected = np.sort(np.quantile(own, p, axis=0))
        assert np.sort(found["quantile_db"][:, k]) == pytest.approx(expected, abs=0.03 * sigma)
    # The worst of all pairs on a chip, which neither mean nor quantiles of the pairs tell.
    assert found["largest_db"].mean() == pytest.approx(own.max(axis=1).mean(), abs=5 * sigma * math.sqrt(2 / chips))
    held = sampled(solution, columns, find_worst=False)
    assert (held["loss_db"] <= found["loss_db"] + 1e-9).all()
    assert (held["mean_db"] < found["mean_db"] - 0.01).any()


def test_figures_are_those_of_the_samples() -> None:
    n = 40
    columns = spread(value=1.0, below=0.1, above=0.1, scatter=0.2, arc=np.arange(n), pairs=[(0, 1)], limit_db=41.0)
    found = sampled(chain(n, 1.0), columns)
    losses = found["loss_db"][0]
    assert found["mean_db"][0] == pytest.approx(losses.mean(), rel=1e-12)
    assert found["sigma_db"][0] == pytest.approx(losses.std(ddof=1), rel=1e-9)
    assert found["quantile_db"][0] == pytest.approx(np.quantile(losses, PROBABILITIES), rel=1e-14)
    assert found["n_kept"][0] == (losses <= 41.0).sum() == (found["excess_db"] <= 0).sum()
    assert (found["least_db"][0], found["most_db"][0]) == (losses.min(), losses.max())


def test_threads_change_no_bit_and_seeds_do() -> None:
    solution, element = mesh(5)
    pairs = [(a, b) for a in range(5) for b in range(5, 10)]
    columns = spread(
        value=0.2,
        below=0.02,
        above=0.02,
        scatter=0.05,
        floor=0.0,
        arc=np.arange(len(element)),
        element=element,
        pairs=pairs,
    )
    one, two, three, small, other = (
        sampled(solution, columns, n_samples=3000, **options)
        for options in (
            {"threads": 1},
            {"threads": 2},
            {"threads": 3},
            {"threads": 2, "max_bytes": 100_000},
            {"threads": 2, "seed": 4},
        )
    )
    for name, values in one.items():
        for same in (two, three, small):
            assert values.tobytes() == same[name].tobytes(), name
    assert (one["mean_db"] != other["mean_db"]).all()
