"""What the losses of paths are likely to be: samples of chips, drawn over the uncertain numbers of the PDK.

Every sample is one chip. A number with `sigma` or limits is off by the same amount everywhere on it, one with `scatter`
once more for each device; the bias of the process moves all edges. The worst path between two terminals is found again
on every chip, because the path that is worst as stated is rarely the worst of all on a chip: holding it would give too
small a loss. What a newcomer would get wrong: a limit that holds for each path holds for fewer chips as a whole.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from waveguard.analyses.names import Names
from waveguard.analyses.spread import Uncertain, moved, spread_of, uncertain
from waveguard.analyses.yields import wilson
from waveguard.budget import load as load_budget
from waveguard.errors import UsageError
from waveguard.optics.prepare import Columns, Prepared, Progress, as_columns

if TYPE_CHECKING:
    from waveguard.analyses.spread import Spread
    from waveguard.assembly.arcs import Arcs
    from waveguard.budget import Budget
    from waveguard.circuit import Solved

Floats = npt.NDArray[np.float64]

PROBABILITIES = (0.05, 0.5, 0.95, 0.99, 0.999)
QUANTILE_COLUMNS = ("p5_db", "p50_db", "p95_db", "p99_db", "p99_9_db")
MIN_BEYOND = 10
"""A quantile with fewer samples beyond it is left out: it would say more of the draw than of the chips."""
MOST_SAMPLES = 10_000_000
MAX_PAIRS = 1000
"""Pairs that are sampled, the worst first, unless a budget names them."""
DOMINANT = 3
"""Numbers named for a path …"""
NAMED_SHARE = 0.005
"""… with at least this share of its variance."""

COLUMNS = (
    "top",
    "from",
    "to",
    "wavelength_um",
    "stated_db",
    "mean_db",
    "mean_error_db",
    "sigma_db",
    *QUANTILE_COLUMNS,
    "least_db",
    "most_db",
    "limit_db",
    "yield",
    "yield_low",
    "yield_high",
    "other_path",
    "dominant",
)
"""Columns of the table of sampled paths; `other_path` is the share of chips on which another path than the one that is
worst as stated is the worst. Where paths are searched, it and the shares of the spread are those of the first 4,096."""
SHARE_COLUMNS = ("from", "to", "wavelength_um", "number", "varies_by", "sigma_db", "share")
"""Columns of the table of what is behind the spread; `varies_by` is chip, device or path."""
CHIP_COLUMNS = (
    "wavelength_um",
    "n_pairs",
    "mean_db",
    "sigma_db",
    *QUANTILE_COLUMNS,
    "yield",
    "yield_low",
    "yield_high",
)
"""Columns of the table of whole chips: the largest loss of all pairs, and how many chips keep all limits."""


@dataclass(frozen=True)
class SamplePlan:
    """What to sample."""

    n_samples: int
    seed: int = 0
    limit_db: float | None = None
    """Most that a path may lose."""
    budget: str | Path | Budget | None = None
    """Links (or their file) whose pairs are sampled, each with the loss that it can bear, instead of all pairs."""
    hold_path: bool = False
    """Keep the path that is worst as stated instead of finding the worst of every chip."""
    keep: bool = False
    """Give out every sample."""

    def __post_init__(self) -> None:
        if not 2 <= self.n_samples <= MOST_SAMPLES:
            hint = f"give 2 to {MOST_SAMPLES:,}; 10,000 tell a standard deviation within 1 %"
            raise UsageError(f"{self.n_samples:,} is no number of samples", hint=hint)
        if not 0 <= self.seed < 2**64:
            raise UsageError(f"{self.seed} is no seed", hint="give a whole number from 0 to 2^64 - 1")
        if self.limit_db is not None and math.isnan(self.limit_db):
            raise UsageError("the limit is not a number")


@dataclass(frozen=True)
class SampledLoss:
    """Losses over samples of chips."""

    n_samples: int
    seed: int
    hold_path: bool
    paths: Columns
    """One row per pair and wavelength, in the order of stated loss; see `COLUMNS`."""
    shares: Columns
    """What is behind the spread of each; see `SHARE_COLUMNS`. Shares of a path add up to 1."""
    chips: Columns
    """One row per wavelength; see `CHIP_COLUMNS`."""
    notes: tuple[str, ...]
    loss_db: Floats | None = None
    """Loss of every pair (rows of `paths`) on every chip, where asked for."""

    def __len__(self) -> int:
        return len(self.paths["mean_db"])


@dataclass
class Sampling:
    """Samples of one layout, wavelength after wavelength, on the same chips."""

    ready: Prepared
    plan: SamplePlan
    edge_bias_nm: float = 0.0
    """What edges are taken to be moved by before anything varies."""
    threads: int = 0
    progress: Progress | None = None

    def __post_init__(self) -> None:
        self._budget = None if self.plan.budget is None else load_budget(self.plan.budget)
        self._paths: list[dict[str, Any]] = []
        self._shares: list[dict[str, Any]] = []
        self._chips: list[dict[str, Any]] = []
        self._kept: list[Floats] = []
        self._notes: dict[str, None] = {}

    def add(self, solved: Solved, wavelength_um: float | None, pairs: Sequence[tuple[int, int]]) -> None:
        """Sample some pairs of terminals at one wavelength, or those of the budget."""
        plan, wave = self.plan, math.nan if wavelength_um is None else wavelength_um
        wanted = self._wanted(solved, pairs)
        if not wanted:
            return
        spread = self._spread(solved, wavelength_um)
        columns = spread.columns | {
            "pair_from": np.array([source for source, _, _ in wanted], dtype=np.int64),
            "pair_to": np.array([sink for _, sink, _ in wanted], dtype=np.int64),
            "pair_limit_db": np.array([limit_db for _, _, limit_db in wanted], dtype=np.float64),
        }
        found = solved.sample(
            columns,
            threads=self.threads,
            progress=self.progress,
            n_samples=plan.n_samples,
            seed=plan.seed,
            probabilities=PROBABILITIES,
            find_worst=not plan.hold_path,
            keep=plan.keep,
        )
        for row, (source, sink, limit_db) in enumerate(wanted):
            self._path(solved, spread, found, row, (source, sink, limit_db), wave)
        if plan.keep:
            self._kept.append(found["loss_db"])
        self._chip(found, wanted, wave)
        if not spread.known:
            self._notes["no number of the PDK on these paths states sigma, scatter, or min and max: nothing varies"] = (
                None
            )
        for name in spread.straightened:
            self._notes[f"{name} scatters and bends the loss: taken as straight about its value"] = None

    def report(self) -> SampledLoss:
        """Return what was found."""
        plan = self.plan
        order = sorted(range(len(self._paths)), key=lambda k: (-self._paths[k]["stated_db"], k))
        kept = np.concatenate(self._kept)[order] if self._kept else None
        return SampledLoss(
            n_samples=plan.n_samples,
            seed=plan.seed,
            hold_path=plan.hold_path,
            paths=as_columns([self._paths[k] for k in order], COLUMNS),
            shares=as_columns(self._shares, SHARE_COLUMNS),
            chips=as_columns(self._chips, CHIP_COLUMNS),
            notes=tuple(self._notes),
            loss_db=kept,
        )

    def _wanted(self, solved: Solved, pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int, float]]:
        """Return source, sink and limit of each pair to sample."""
        if self._budget is not None:
            return self._links(solved, self._budget)
        limit_db = math.nan if self.plan.limit_db is None else self.plan.limit_db
        if len(pairs) > MAX_PAIRS:
            self._notes[f"the {MAX_PAIRS:,} pairs that lose most as stated are sampled, of {len(pairs):,}"] = None
        return [(source, sink, limit_db) for source, sink in pairs[:MAX_PAIRS]]

    def _links(self, solved: Solved, budget: Budget) -> list[tuple[int, int, float]]:
        names, found = Names(budget, solved.model), []
        for number, link in enumerate(budget.link):
            source = names.terminal(link.from_, "source", "link", number, "from")
            sink = names.terminal(link.to, "sink", "link", number, "to")
            if solved.row(source, sink) is None:
                self._notes[f"no path leads along link {link.name}: it is not sampled"] = None
                continue
            extra_db = sum(one.loss_db for one in link.extra_losses) + budget.margin_db(link)
            found.append((source, sink, link.laser_power_dbm - link.sensitivity_dbm - extra_db))
        return found

    def _spread(self, solved: Solved, wavelength_um: float | None) -> Spread:
        """Return how the arcs hang on the PDK, by making the circuit again with its numbers moved."""
        model, pdk, bias_nm = solved.model, self.ready.extraction.pdk, self.edge_bias_nm
        sections = {model.cross_sections[k].name for k in np.unique(model.arcs.cross_section).tolist() if k >= 0}
        entries = {k for k in np.unique(model.arcs.entry).tolist() if k >= 0}

        def again(one: Uncertain, value: float) -> Arcs:
            if one.place is None:
                return self.ready.model(wavelength_um=wavelength_um, edge_bias_nm=bias_nm + value).arcs
            if one.is_measured:
                made = self.ready.model(
                    wavelength_um=wavelength_um, edge_bias_nm=bias_nm, change=lambda kit: moved(kit, one, value)
                )
                return made.arcs
            kit = moved(pdk, one, value)
            return self.ready.model(wavelength_um=wavelength_um, edge_bias_nm=bias_nm, pdk=kit).arcs

        return spread_of(model.arcs, uncertain(pdk, model.pdk, sections, entries), again)

    def _path(
        self,
        solved: Solved,
        spread: Spread,
        found: dict[str, npt.NDArray[Any]],
        row: int,
        pair: tuple[int, int, float],
        wave: float,
    ) -> None:
        model, n = solved.model, self.plan.n_samples
        source, sink, limit_db = pair
        terminals = model.terminals
        ends = {"from": terminals.name[source], "to": terminals.name[sink], "wavelength_um": wave}
        shares, sigmas = found["share"][row], found["part_sigma_db"][row]
        parts = [k for k in range(len(shares)) if sigmas[k] > 0.0]
        parts.sort(key=lambda k: (-shares[k], k))
        for k in parts:
            name, kind = spread.parts[k]
            part = {"number": name, "varies_by": kind, "sigma_db": float(sigmas[k]), "share": float(shares[k])}
            self._shares.append(ends | part)
        named = [
            f"{_part_name(*spread.parts[k])} {100 * shares[k]:.0f} %"
            for k in parts[:DOMINANT]
            if shares[k] >= NAMED_SHARE
        ]
        values = ends | {
            "top": model.cell_names[int(terminals.top[source])],
            **{name: float(found[name][row]) for name in ("stated_db", "mean_db", "sigma_db", "least_db", "most_db")},
            "mean_error_db": float(found["sigma_db"][row]) / math.sqrt(n),
            **_quantiles(found["quantile_db"][row], n),
            "limit_db": limit_db,
            **_yield(int(found["n_kept"][row]), n),
            "other_path": int(found["n_other_path"][row]) / int(found["n_traced"][row]),
            "dominant": ", ".join(named),
        }
        self._paths.append({name: values[name] for name in COLUMNS})

    def _chip(self, found: dict[str, npt.NDArray[Any]], wanted: Sequence[tuple[int, int, float]], wave: float) -> None:
        n, largest = self.plan.n_samples, found["largest_db"]
        limited = any(not math.isnan(limit_db) for _, _, limit_db in wanted)
        n_kept = int((found["excess_db"] <= 0.0).sum()) if limited else -1
        self._chips.append(
            {
                "wavelength_um": wave,
                "n_pairs": len(wanted),
                "mean_db": float(largest.mean()),
                "sigma_db": float(largest.std(ddof=1)),
                **_quantiles(np.quantile(largest, PROBABILITIES), n),
                **_yield(n_kept, n),
            }
        )


def match(report_paths: Columns, sampled: SampledLoss) -> list[int | None]:
    """Return for each row of a table of paths the row of its samples, whichever way round they go."""
    table = sampled.paths
    found: dict[tuple[str, str, str], int] = {}
    for row, key in enumerate(_keys(table)):
        found.setdefault(key, row)
    return [found.get(key, found.get((key[1], key[0], key[2]))) for key in _keys(report_paths)]


def _keys(table: Columns) -> list[tuple[str, str, str]]:
    waves = (f"{wave:.9g}" for wave in table["wavelength_um"].tolist())
    return list(zip(table["from"].tolist(), table["to"].tolist(), waves, strict=True))


def _part_name(name: str, kind: str) -> str:
    return f"{name} from device to device" if kind == "device" else name


def _quantiles(values: Floats, n: int) -> dict[str, float]:
    named = zip(QUANTILE_COLUMNS, PROBABILITIES, values.tolist(), strict=True)
    return {name: value if n * min(p, 1.0 - p) >= MIN_BEYOND - 1e-6 else math.nan for name, p, value in named}


def _yield(n_kept: int, n: int) -> dict[str, float]:
    names = ("yield", "yield_low", "yield_high")
    return dict(zip(names, (math.nan,) * 3 if n_kept < 0 else wilson(n_kept, n), strict=True))
