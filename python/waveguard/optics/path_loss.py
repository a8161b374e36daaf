"""Loss of every path of a layout, at one or several wavelengths, with its ledger and how well it is known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from waveguard import circuit
from waveguard.analyses.defects import near_miss_loss
from waveguard.analyses.light import other_light
from waveguard.analyses.uncertainty import Uncertainty, of_path
from waveguard.assembly.bias import checked_bias
from waveguard.budget import load as load_budget
from waveguard.errors import UsageError
from waveguard.models import CAUSES
from waveguard.optics.prepare import (
    Columns,
    Progress,
    Source,
    as_columns,
    checked_corner,
    checked_wavelength,
    device_name,
    prepare,
)
from waveguard.optics.sampling import SampledLoss, SamplePlan, Sampling
from waveguard.units import nm_to_um

if TYPE_CHECKING:
    from waveguard.circuit import CircuitModel, Solved
    from waveguard.pdk import Pdk

Ints = npt.NDArray[np.int64]

PS_PER_UM = 3.3356409519815204e-3
"""Delay of light in vacuum."""
MAX_DETAILED = 2000
"""Paths whose uncertainty is worked out and whose light is compared, the worst first; each is traced again."""
MAX_NAMED = 5

COLUMNS = (
    "top",
    "from",
    "to",
    "wavelength_um",
    "loss_db",
    "sigma_db",
    "best_loss_db",
    "in_phase_loss_db",
    *(f"{cause}_db" for cause in CAUSES),
    "n_paths",
    "looped",
    "length_um",
    "group_delay_ps",
    "n_bends",
    "n_crossings",
    "dominant",
    "note",
)
"""Columns of the table of paths; `wavelength_um` is NaN where each part counts at the one it is stated for."""
NEAR_MISS_COLUMNS = ("x_um", "y_um", "device", "other", "distance_um", "lateral_um", "gap_um", "angle_deg", "loss_db")


@dataclass(frozen=True)
class LossReport:
    """What `loss` found."""

    layout: str
    pdk: str
    corner: str
    wavelengths_um: tuple[float, ...]
    """Empty when each part counts at the wavelength it is stated for."""
    edge_bias_nm: float
    paths: Columns
    """One row per pair of terminals with a path and wavelength, the worst first; see `COLUMNS`."""
    n_pairs: int
    """Pairs with a path, both ways counted."""
    loops: tuple[str, ...]
    """Loops that light can go round, by their devices; paths through them pass once."""
    near_misses: Columns
    """Ports that nearly meet, with what the joint would cost as drawn; no path leads over them."""
    gaps: tuple[str, ...]
    """Devices without a model: no path leads through them."""
    notes: tuple[str, ...]
    assumed: tuple[str, ...]
    """Key paths of PDK numbers without a source that the losses rest on."""
    incomplete: tuple[str, ...]
    """What was asked for and could not be worked out."""
    total_paths: int = 0
    """Exact number of paths from all sources to all sinks."""
    uncertainties: dict[int, Uncertainty] = field(default_factory=dict, repr=False)
    """By row of `paths`."""
    sampled: SampledLoss | None = None
    """What the losses are likely to be, where samples were asked for."""

    def __len__(self) -> int:
        return len(self.paths["loss_db"])

    def ledger(self, row: int) -> tuple[tuple[str, float], ...]:
        """Return what a path loses to what, causes that cost nothing left out."""
        pairs = ((cause, float(self.paths[f"{cause}_db"][row])) for cause in CAUSES)
        return tuple((cause, loss_db) for cause, loss_db in pairs if loss_db > 0.0)


def loss(
    source: Source,
    pdk: str | Path | Pdk,
    *,
    wavelengths_um: Sequence[float] | None = None,
    corner: str = "typ",
    edge_bias_nm: float = 0.0,
    top: str | Sequence[str] | None = None,
    samples: SamplePlan | int | None = None,
    threads: int = 0,
    progress: Progress | None = None,
) -> LossReport:
    """Return the loss of every path between two places where light enters or leaves.

    Parameters
    ----------
    source
        A GDSII or OASIS file, or a gdstk library.
    pdk
        Name of a PDK, path of its TOML file, or the PDK itself.
    wavelengths_um
        Wavelengths in um; when None that of the budget of the samples, or else each part counts at the one the PDK
        states it for.
    corner
        `typ`, or `min` or `max` for all losses at the least or the most that the PDK states.
    edge_bias_nm
        How far the process moves every edge of a core outwards (negative: inwards): widths, tapers and joints follow.
    top
        Look only into these cells; all top cells when None.
    samples
        Number of chips to draw over what is not known exactly, or a `SamplePlan` with seed, limit or budget; the answer
        is `LossReport.sampled`. None for no samples.
    threads
        Threads of the core; 0 means as many as there are processors. The result does not depend on it.
    progress
        Called now and then with the stage, the steps done and in all.

    Raises
    ------
    InputError
        The layout or the PDK cannot be used.
    UsageError
        There is no such corner or cell, a wavelength or a bias is none, or samples are asked for at a corner.

    Examples
    --------
    >>> import gdstk
    >>> report = loss(gdstk.Library(), pdk="siepic-ebeam")
    >>> len(report), report.incomplete[0]
    (0, 'the layout holds nothing: no top cell with a shape')
    """
    known = checked_corner(corner)
    waves = None if wavelengths_um is None else tuple(checked_wavelength(one) for one in wavelengths_um)
    if waves == ():
        raise UsageError("no wavelength given", hint="leave the argument out for those of the PDK")
    checked_bias(edge_bias_nm)
    plan = SamplePlan(samples) if isinstance(samples, int) else samples
    if plan is not None and known != "typ":
        hint = "samples are drawn about the typical values; leave the corner out"
        raise UsageError(f"corner {known} holds every number at its limit: nothing is left to sample", hint=hint)
    if plan is not None and plan.budget is not None:
        links = load_budget(plan.budget)
        plan, stated_um = replace(plan, budget=links), links.budget.wavelength_um
        waves = waves or (None if stated_um is None else (stated_um,))
    ready = prepare(source, pdk, top=top, threads=threads, progress=progress)
    sampling = None if plan is None else Sampling(ready, plan, edge_bias_nm, threads, progress)
    rows: list[tuple[dict[str, Any], Uncertainty | None]] = []
    solved = None
    for wavelength_um in waves or (None,):
        model = ready.model(corner=known, wavelength_um=wavelength_um, edge_bias_nm=edge_bias_nm)
        solved = circuit.solve(model, threads=threads, progress=progress)
        rows += _rows(solved, wavelength_um)
        if sampling is not None:
            sampling.add(solved, wavelength_um, _pairs(solved))
    assert solved is not None
    order = sorted(range(len(rows)), key=lambda k: (-rows[k][0]["loss_db"], k))
    rows = [rows[k] for k in order]
    model = solved.model
    return LossReport(
        layout=ready.name,
        pdk=model.pdk.name,
        corner=known,
        wavelengths_um=waves or (),
        edge_bias_nm=edge_bias_nm,
        paths=as_columns([row for row, _ in rows], COLUMNS),
        n_pairs=int(solved.tables.summary.n_pairs[0]),
        loops=tuple(_loops(solved)),
        near_misses=as_columns(list(_near_misses(model)), NEAR_MISS_COLUMNS),
        gaps=tuple(
            f"{len(gap.devices)} x {gap.cell or 'drawn shape'}: {gap.reason}"
            for gap in sorted(model.gaps, key=lambda gap: (-len(gap.devices), gap.cell))
        ),
        notes=model.notes,
        assumed=model.assumed(),
        incomplete=(*ready.missing, *_incomplete(solved, rows, waves[0] if waves else None)),
        total_paths=solved.count_paths(),
        uncertainties={k: known for k, (_, known) in enumerate(rows) if known is not None},
        sampled=None if sampling is None else sampling.report(),
    )


def _rows(solved: Solved, wavelength_um: float | None) -> list[tuple[dict[str, Any], Uncertainty | None]]:
    """Return one row per pair, pairs that are equal both ways once."""
    model, paths = solved.model, solved.tables.paths
    source, sink = paths.from_terminal, paths.to_terminal
    kept = np.flatnonzero(~_repeated(source, sink, paths.worst_loss_db))
    detailed = set(kept[np.argsort(-paths.worst_loss_db[kept], kind="stable")][:MAX_DETAILED].tolist())
    names, terminals = model.terminals.name, model.terminals
    found = []
    for row in kept.tolist():
        spread, note = None, ""
        if row in detailed:
            trace = solved.trace(int(source[row]), int(sink[row]))
            spread = of_path(model, trace)
            asked = "asked for is light"
            note = other_light(model, trace, asked_um=wavelength_um, asked=asked)
        if paths.looped[row]:
            note = "; ".join(filter(None, (note, "leads round a loop, passed once")))
        start = int(source[row])
        values: dict[str, Any] = {
            "top": model.cell_names[int(terminals.top[start])],
            "from": names[start],
            "to": names[int(sink[row])],
            "wavelength_um": np.nan if wavelength_um is None else wavelength_um,
            "loss_db": float(paths.worst_loss_db[row]),
            "sigma_db": np.nan if spread is None else spread.sigma_db,
            "best_loss_db": float(paths.best_loss_db[row]),
            "in_phase_loss_db": float(paths.in_phase_loss_db[row]),
            "n_paths": float(paths.n_paths[row]),
            "looped": bool(paths.looped[row]),
            "length_um": nm_to_um(float(paths.worst_length_nm[row])),
            "group_delay_ps": nm_to_um(float(paths.worst_group_length_nm[row])) * PS_PER_UM,
            "n_bends": int(paths.worst_n_bends[row]),
            "n_crossings": int(paths.worst_n_crossings[row]),
            "dominant": ""
            if spread is None
            else ", ".join(f"{part.name} {part.sigma_db:.2f} dB" for part in spread.dominant),
            "note": note,
        }
        values |= {f"{cause}_db": float(getattr(paths, f"{cause}_db")[row]) for cause in CAUSES}
        found.append((values, spread))
    return found


def _pairs(solved: Solved) -> list[tuple[int, int]]:
    """Return sources and sinks of the rows, the worst first, pairs that are equal both ways once."""
    paths = solved.tables.paths
    kept = np.flatnonzero(~_repeated(paths.from_terminal, paths.to_terminal, paths.worst_loss_db))
    kept = kept[np.argsort(-paths.worst_loss_db[kept], kind="stable")]
    return list(zip(paths.from_terminal[kept].tolist(), paths.to_terminal[kept].tolist(), strict=True))


def _repeated(source: Ints, sink: Ints, loss_db: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Return which rows say the same as the row of the same pair the other way round."""
    if not len(source):
        return np.zeros(0, dtype=bool)
    base = int(max(source.max(), sink.max())) + 1
    # Rows are in order of source and sink, so their keys are sorted.
    keys, back = source * base + sink, sink * base + source
    row = np.minimum(np.searchsorted(keys, back), len(keys) - 1)
    return np.asarray((keys[row] == back) & np.isclose(loss_db[row], loss_db) & (source > sink))


def _loops(solved: Solved) -> Iterator[str]:
    loops, members = solved.tables.loops, solved.tables.loop_members
    for row in range(len(loops)):
        start, count = int(loops.device_start[row]), int(loops.n_devices[row])
        devices = members.device[start : start + count].tolist()
        named = ", ".join(device_name(solved.model, device) for device in devices[:MAX_NAMED])
        more = f" and {count - MAX_NAMED} more" if count > MAX_NAMED else ""
        yield f"{count} {'device' if count == 1 else 'devices'}: {named}{more}"


def _near_misses(model: CircuitModel) -> Iterator[dict[str, Any]]:
    tables = model.tables
    table, ports = tables.near_misses, tables.ports
    # A pair of open ports is listed from both sides.
    pairs = set(zip(table.port_a.tolist(), table.port_b.tolist(), strict=True))
    costs = near_miss_loss(tables, model.pdk, model.cross_sections)
    for row in range(len(table)):
        a, b = int(table.port_a[row]), int(table.port_b[row])
        if (b, a) in pairs and b < a:
            continue
        yield {
            "x_um": nm_to_um(float(ports.x_nm[a])),
            "y_um": nm_to_um(float(ports.y_nm[a])),
            "device": device_name(model, int(ports.device[a])),
            "other": device_name(model, int(ports.device[b])),
            "distance_um": nm_to_um(float(table.distance_nm[row])),
            "lateral_um": nm_to_um(round(float(table.lateral_nm[row]), 3)) + 0.0,
            "gap_um": nm_to_um(round(float(table.gap_nm[row]), 3)) + 0.0,
            "angle_deg": float(np.degrees(table.angle_rad[row])),
            "loss_db": float(costs[row]),
        }


def _incomplete(
    solved: Solved, rows: Sequence[tuple[dict[str, Any], Uncertainty | None]], asked_um: float | None
) -> Iterator[str]:
    model = solved.model
    if not len(model.terminals):
        yield "no place was found where light enters or leaves: no fibre coupler, laser, detector or stated port"
    elif not rows:
        yield "no path leads from a place where light enters to one where it leaves"
    joined = model.port_device[np.flatnonzero(model.port_peer >= 0)]
    n_blocked = len(np.intersect1d(model.gap_devices, joined))
    if n_blocked:
        yield f"{n_blocked} devices without a model are joined to others; paths through them are missing"
    if not solved.complete:
        yield f"only {int(solved.tables.summary.n_pairs_kept[0]):,} pairs of terminals are listed"
    n_other = sum("on the path is for" in row["note"] for row, _ in rows)
    if n_other:
        taken = "that of the light each was made for" if asked_um is None else "carried on to where the PDK states none"
        yield f"{n_other} paths hold parts made for other light; their loss is {taken}"
