"""Crosstalk of a layout: every receiver with those who disturb it, and every pair of guides that run side by side."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from waveguard import circuit
from waveguard.analyses import crosstalk as runs_of
from waveguard.analyses.leaks import leaks
from waveguard.analyses.light import other_light
from waveguard.analyses.victims import Victim, kind_of, victims, wavelengths_of
from waveguard.analyses.ways import pairs_of_ways
from waveguard.assembly.bias import checked_bias
from waveguard.errors import UsageError
from waveguard.models import penalty
from waveguard.optics.between import core_between
from waveguard.optics.metal import heaters_and_lines
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
from waveguard.optics.rings import RING_COLUMNS, rings
from waveguard.units import db_to_ratio, nm_to_um, ratio_to_db

if TYPE_CHECKING:
    from waveguard.analyses.crosstalk import CrosstalkResult
    from waveguard.analyses.leaks import Leaks
    from waveguard.circuit import CircuitModel, Solved
    from waveguard.pdk import Pdk

MAX_COMPARED = 2000
"""Signals whose way is looked at for parts made for other light; each is traced again."""

VICTIM_COLUMNS = (
    "victim",
    "signal_from",
    "wavelength_um",
    "signal_loss_db",
    "same_wavelength_db",
    "other_wavelength_db",
    "coherent_worst_db",
    "coherent_statistical_db",
    "double_reflection_db",
    "penalty_ook_db",
    "penalty_pam4_db",
    "n_aggressors",
    "return_db",
    "unknown",
)
AGGRESSOR_COLUMNS = (
    "victim",
    "aggressor",
    "level_db",
    "share",
    "same_wavelength",
    "own_light",
    "by",
    "place",
    "x_um",
    "y_um",
    "leak_db",
    "way_share",
)
PAIR_COLUMNS = (
    "guide",
    "neighbour",
    "x_um",
    "y_um",
    "gap_um",
    "length_um",
    "n_runs",
    "theta_rad",
    "coupled_db",
    "sigma_db",
    "state",
    "note",
)
STATES = ("evaluated", "estimated", "not evaluated")
NEGLIGIBLE_DB = -80.0
"""Pairs below this are counted, not called incomplete."""


@dataclass(frozen=True)
class CrosstalkReport:
    """What `crosstalk` found."""

    layout: str
    pdk: str
    corner: str
    wavelength_um: float
    """NaN when guides count at the wavelength of their cross-section."""
    edge_bias_nm: float
    victims: Columns
    """One row per place where light leaves and a signal gets to, the most disturbed first; see `VICTIM_COLUMNS`."""
    aggressors: Columns
    """Who disturbs them, by victim, the strongest first; levels relative to the signal."""
    rings: Columns
    """Rings beside guides with their resonances, and how they suit the channels; see `waveguard.optics.rings`."""
    heaters: Columns
    """What heaters do to guides that are not theirs; `phase_error_rad` while they turn their own guide by pi."""
    lines: Columns
    """Metal lines that run beside each other for long; `near_end_db` for edges of 20 ps."""
    pairs: Columns
    """Guides that run side by side, the strongest coupling first; `coupled_db` is the most that crosses over, `gap_um`
    the gap as made, with the bias of the process."""
    notes: tuple[str, ...]
    assumed: tuple[str, ...]
    incomplete: tuple[str, ...]
    sorted_victims: tuple[Victim, ...] = field(default=(), repr=False)

    def __len__(self) -> int:
        return len(self.victims["victim"])


def crosstalk(
    source: Source,
    pdk: str | Path | Pdk,
    *,
    wavelength_um: float | None = None,
    corner: str = "typ",
    edge_bias_nm: float = 0.0,
    light_um: Mapping[str, float] | None = None,
    channels_um: Sequence[float] = (),
    q: float = penalty.Q_KP4,
    top: str | Sequence[str] | None = None,
    threads: int = 0,
    progress: Progress | None = None,
) -> CrosstalkReport:
    """Return who disturbs whom.

    Parameters
    ----------
    source, pdk, corner, top, threads, progress
        As for `waveguard.loss`.
    wavelength_um
        Light in all guides in um; that of each cross-section when None.
    edge_bias_nm
        How far the process moves every edge of a core outwards (negative: inwards).
    light_um
        Wavelength in um of single sources, by the name of their terminal; else that of their coupler, or the PDK's.
    channels_um
        Wavelengths in um of the channels that rings are to tell apart.
    q
        Gaussian argument of the target error rate, for the penalties; 3.49 is 2.4e-4.

    Raises
    ------
    InputError
        The layout or the PDK cannot be used.
    UsageError
        There is no such corner, cell or terminal, or a wavelength is none.
    """
    known = checked_corner(corner)
    asked = None if wavelength_um is None else checked_wavelength(wavelength_um)
    channels = sorted({checked_wavelength(one) for one in channels_um})
    stated = {name: checked_wavelength(one) for name, one in (light_um or {}).items()}
    checked_bias(edge_bias_nm)
    if not (math.isfinite(q) and q > 0.0):
        raise UsageError(f"q = {q:g} is no argument of an error rate", hint="3.49 for 2.4e-4, 7.03 for 1e-12")
    ready = prepare(source, pdk, top=top, threads=threads, progress=progress)
    model = ready.model(corner=known, wavelength_um=asked, edge_bias_nm=edge_bias_nm)
    for name in stated:
        if not model.terminals.find(name):
            near = model.terminals.nearest(name)
            hint = f"did you mean {' or '.join(near)}?" if near else "`waveguard loss` lists all terminals"
            raise UsageError(f"no terminal is called '{name}'", hint=hint)
    coupling = runs_of.crosstalk(model.tables, model.cross_sections, model.pdk, wavelength_um=asked)
    between, not_looked = core_between(source, ready.extraction, coupling)
    if between.any():
        coupling = runs_of.crosstalk(
            model.tables,
            model.cross_sections,
            model.pdk,
            wavelength_um=asked,
            core_between=between,
        )
    solved = circuit.solve(model, threads=threads, progress=progress)
    found = victims(solved, leaks(model, coupling), wavelength_um=wavelengths_of(model, stated), q=q)
    pairs = list(_pairs(model, coupling))
    heaters, lines, left = heaters_and_lines(source, ready.extraction, model, asked)
    return CrosstalkReport(
        layout=ready.name,
        pdk=model.pdk.name,
        corner=known,
        wavelength_um=math.nan if asked is None else asked,
        edge_bias_nm=edge_bias_nm,
        victims=as_columns(
            [_victim_row(model, one, found.wavelength_um, found.returned) for one in found.victims], VICTIM_COLUMNS
        ),
        aggressors=as_columns(list(_aggressors(model, found.victims, found.leaks)), AGGRESSOR_COLUMNS),
        pairs=as_columns(pairs, PAIR_COLUMNS),
        rings=as_columns(list(rings(model, coupling, asked, channels)), RING_COLUMNS),
        heaters=heaters,
        lines=lines,
        notes=(*_notes(model), *filter(None, [not_looked]), *left),
        assumed=tuple(dict.fromkeys(found.assumed)),
        incomplete=(*ready.missing, *_incomplete(pairs, found.victims), *_other_light(solved, found.victims, asked)),
        sorted_victims=found.victims,
    )


def _victim_row(
    model: CircuitModel,
    one: Victim,
    wavelength_um: Any,  # noqa: ANN401 -- a column
    returned: Mapping[int, float],
) -> dict[str, Any]:
    names = model.terminals.name
    return {
        "victim": names[one.sink],
        "signal_from": names[one.source],
        "wavelength_um": float(wavelength_um[one.source]),
        "signal_loss_db": one.signal_loss_db,
        "same_wavelength_db": one.same_db,
        "other_wavelength_db": one.other_db,
        "coherent_worst_db": one.coherent_db,
        "coherent_statistical_db": one.statistical_db,
        "double_reflection_db": one.echo_db,
        "penalty_ook_db": one.penalty_ook_db,
        "penalty_pam4_db": one.penalty_pam4_db,
        "n_aggressors": one.n_aggressors,
        "return_db": float(ratio_to_db(returned.get(one.sink, 0.0))),
        "unknown": "; ".join(one.unknown),
    }


def _aggressors(model: CircuitModel, found: Sequence[Victim], all_leaks: Leaks) -> Iterator[dict[str, Any]]:
    names = model.terminals.name
    for victim in found:
        for one in victim.aggressors:
            row = one.leak
            place = device_name(model, int(all_leaks.device[row]))
            if one.other_device >= 0:
                place = f"{device_name(model, one.other_device)} and {place}"
            yield {
                "victim": names[victim.sink],
                "aggressor": names[one.source],
                "level_db": one.level_db,
                "share": one.share,
                "same_wavelength": one.same_wavelength,
                "own_light": one.own,
                "by": kind_of(all_leaks, row),
                "place": place,
                "x_um": nm_to_um(float(all_leaks.x_nm[row])),
                "y_um": nm_to_um(float(all_leaks.y_nm[row])),
                "leak_db": float(all_leaks.level_db[row]),
                "way_share": one.leak_share,
            }


def _pairs(model: CircuitModel, coupling: CrosstalkResult) -> Iterator[dict[str, Any]]:
    """Return one row per pair of ways, the strongest first, those without a number before."""
    tables = model.tables
    runs, guides = tables.runs, tables.waveguides
    if not len(runs):
        return
    pair = pairs_of_ways(tables)
    n = int(pair.max()) + 1
    power = np.bincount(pair, np.nan_to_num(db_to_ratio(coupling.leak_db)), minlength=n)
    theta = np.bincount(pair, np.nan_to_num(coupling.theta_rad), minlength=n)
    length = np.bincount(pair, runs.length_nm, minlength=n)
    count = np.bincount(pair, minlength=n)
    order = np.lexsort((np.arange(len(runs)), -np.nan_to_num(coupling.theta_rad, nan=np.inf), pair))
    firsts = order[np.searchsorted(pair[order], np.arange(n))]
    state = np.zeros(n, dtype=np.int64)
    np.maximum.at(state, pair, coupling.state)
    gap = np.full(n, np.inf)
    np.minimum.at(gap, pair, runs.gap_min_nm)
    reasons: dict[int, list[str]] = {}
    for row in np.flatnonzero(coupling.state > 0).tolist():
        reasons.setdefault(int(pair[row]), []).append(coupling.reason[row])
    sigma = _sigmas(model, firsts)
    listed = sorted(range(n), key=lambda k: (-(math.inf if state[k] == runs_of.NOT_EVALUATED else power[k]), gap[k], k))
    for k in listed:
        row = int(firsts[k])
        a, b = int(runs.waveguide_a[row]), int(runs.waveguide_b[row])
        unknown = state[k] == runs_of.NOT_EVALUATED
        weak = power[k] < 0.25  # where sin² is still nearly theta²
        yield {
            "guide": device_name(model, int(guides.device[a])),
            "neighbour": "itself" if a == b else device_name(model, int(guides.device[b])),
            "x_um": nm_to_um(float(runs.x_nm[row])),
            "y_um": nm_to_um(float(runs.y_nm[row])),
            "gap_um": nm_to_um(float(gap[k])),
            "length_um": nm_to_um(float(length[k])),
            "n_runs": int(count[k]),
            "theta_rad": math.nan if unknown else float(theta[k]),
            "coupled_db": math.nan if unknown else float(ratio_to_db(min(float(power[k]), 1.0))),
            "sigma_db": 20.0 * math.log10(1.0 + sigma[k]) if weak and not unknown and sigma[k] > 0.0 else math.nan,
            "state": STATES[int(state[k])],
            "note": "; ".join(dict.fromkeys(reasons.get(k, []))),
        }


def _sigmas(model: CircuitModel, rows: Any) -> list[float]:  # noqa: ANN401 -- a column of rows of runs
    """Return the relative standard deviation of kappa of each of some runs; 0 where the PDK does not know it."""
    by_section = []
    for section in model.cross_sections:
        family = model.pdk.surface_of(section.coupling.table) if section.coupling is not None else None
        by_section.append(family.sigma_relative.value if family is not None else 0.0)
    sections = model.tables.waveguides.cross_section[model.tables.runs.waveguide_a[rows]]
    return [by_section[k] if k >= 0 else 0.0 for k in sections.tolist()]


def _notes(model: CircuitModel) -> tuple[str, ...]:
    """Say which leaks the PDK states nothing about, among the devices that are there."""
    used = np.unique(model.arcs.entry[model.arcs.entry >= 0]).tolist()
    silent = [
        model.pdk.devices[k].name
        for k in used
        if model.pdk.devices[k].kind in {"splitter_1x2", "splitter_1xn", "coupler_2x2"}
        and "isolation_db" not in model.pdk.devices[k].params
    ]
    quiet = [
        model.pdk.devices[k].name
        for k in used
        if model.pdk.devices[k].kind not in {"detector", "terminator", "crossing"}
        and "reflection_db" not in model.pdk.devices[k].params
    ]
    notes = []
    if silent:
        notes.append(f"the PDK states no isolation_db, not counted: {', '.join(silent)}")
    if quiet:
        notes.append(f"the PDK states no reflection_db, not counted: {', '.join(quiet)}")
    return (*model.notes, *notes)


def _other_light(solved: Solved, found: Sequence[Victim], asked_um: float | None) -> Iterator[str]:
    """Say of how many signals the way holds parts made for other light."""
    ways = ((one.source, one.sink) for one in found[:MAX_COMPARED] if solved.row(one.source, one.sink) is not None)
    asked = "asked for is light"
    notes = [other_light(solved.model, solved.trace(*way), asked_um=asked_um, asked=asked) for way in ways]
    if any(notes):
        yield f"{sum(map(bool, notes))} signals pass parts made for other light: {next(filter(None, notes))}"


def _incomplete(pairs: Sequence[dict[str, Any]], found: Sequence[Victim]) -> Iterator[str]:
    reasons: dict[str, int] = {}
    for pair in pairs:
        if pair["state"] == STATES[2]:
            reasons[pair["note"]] = reasons.get(pair["note"], 0) + 1
    for reason, count in sorted(reasons.items(), key=lambda item: (-item[1], item[0])):
        yield f"{count} {'pair' if count == 1 else 'pairs'} of guides: {reason}"
    n_unknown = sum(bool(one.unknown) for one in found)
    if n_unknown:
        noun = "victim" if n_unknown == 1 else "victims"
        yield f"{n_unknown} {noun} may receive more: a leak on the way has no level"
