"""One run: read, extract, solve, judge, and say how it ended.

Decides the order of the stages and what makes a run incomplete; every stage is somebody else's. The fact a newcomer
would get wrong: a broken rule or an analysis without an answer does not end the run, it makes it incomplete. Only input
that cannot be used (`InputError`, `UsageError`) is raised.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar

import gdstk
import numpy as np
from numpy.typing import NDArray

from waveguard import _core, circuit, extract, layout, summary
from waveguard import budget as budgets
from waveguard.analyses.budget import BudgetResult, evaluate
from waveguard.analyses.corners import at_wavelength
from waveguard.analyses.crosstalk import CrosstalkResult, crosstalk
from waveguard.analyses.loss import LossResult, loss
from waveguard.assembly.bias import with_bias
from waveguard.budget import Budget
from waveguard.circuit import CircuitModel, PlacedLabel, Solved
from waveguard.errors import IncompleteError, InputError, UsageError
from waveguard.findings import Incomplete, InputFile, ResultTable, Run, Severity, finish, parse_severity
from waveguard.pdk import Pdk, is_file_name
from waveguard.pdk import load as load_pdk
from waveguard.rules import BEYOND_BOUNDS, Facts, LayoutProblem, judge, selected_rules
from waveguard.tables import DRAWN_SOURCES, Tables

if TYPE_CHECKING:
    from waveguard.extract import Extraction
    from waveguard.layout import LayoutFile

Progress: TypeAlias = Callable[[str, int, int], None]
Result = TypeVar("Result")
Source: TypeAlias = "str | Path | gdstk.Library"

EMPTY_LAYOUT = "the layout holds nothing: no top cell with a shape"
MEMORY_NAME = "gdstk library"
CORE_AREA = "core_area_nm2"
RULE_LIMITS = ("min_radius_um", "min_spacing_um", "min_spacing_length_um")
# More texts than any chip has couplers; a small file can place one text a billion times.
MAX_LABELS = 100_000
MOST_LAYERS = 8
"""Layers that are named where none of them is one of the PDK."""


def check(
    source: Source,
    pdk: str | Path | Pdk,
    budget: str | Path | Budget | None = None,
    *,
    top: str | Sequence[str] | None = None,
    threads: int = 0,
    progress: Progress | None = None,
    select: Sequence[str] | None = None,
    ignore: Sequence[str] | None = None,
    fail_on: Severity | str | None = "error",
    allow_incomplete: bool = False,
) -> Run:
    """Check a layout and return what was found.

    Parameters
    ----------
    source
        A GDSII or OASIS file, or a gdstk library.
    pdk
        Name of a PDK, path of its TOML file, or the PDK itself.
    budget
        TOML file of links and path assertions, or its content as read by `waveguard.budget.load`.
    top
        Check only these cells; all top cells when None.
    threads
        Threads of the core; 0 means as many as there are processors. The result does not depend on it.
    progress
        Called now and then with the stage, the steps done and in all.
    select, ignore
        Codes of rules, or how they begin.
    fail_on
        Least bad severity that fails the run; None or "never" for none.
    allow_incomplete
        Let the run pass although something could not be evaluated.

    Raises
    ------
    InputError
        The layout, the PDK or the budget cannot be used.
    UsageError
        There is no such rule, cell or severity.

    Examples
    --------
    >>> import gdstk
    >>> run = check(gdstk.Library(), pdk="siepic-ebeam")
    >>> run.exit_code, run.incomplete[0].reason
    (3, 'the layout holds nothing: no top cell with a shape')
    """
    codes = selected_rules(select, ignore)
    threshold = parse_severity(fail_on)
    clock = _Clock()
    with clock.stage("read"):
        kit = load_pdk(pdk)
        asked = budgets.load(budget) if budget is not None else None
        file = layout.read(source, threads=threads, progress=progress)
    with clock.stage("extract"):
        tops = None if top is None else [top] if isinstance(top, str) else list(top)
        extraction = extract.extract(file, kit, tops=tops, threads=threads, progress=progress)
    with clock.stage("solve"):
        attempts = _Attempts()
        optics = _solve(extraction, asked, attempts, threads, progress)
    with clock.stage("judge"):
        facts = _facts(file, extraction, optics)
        judgement = judge(facts, codes, progress=progress)
    return Run(
        findings=finish(judgement.findings),
        rules=judgement.statuses,
        coverage=summary.coverage(extraction.tables, extraction.cell_names),
        counts=summary.counts(extraction.tables, optics.loss, optics.budget),
        tables=_tables(extraction, optics),
        inputs=_inputs(file, pdk, budget),
        versions=_versions(),
        pdk_name=kit.name,
        pdk_version=kit.pdk.version,
        assumptions=(
            *summary.assumptions(kit, _assumed(extraction, optics)),
            *summary.notes(optics.model, optics.budget),
        ),
        incomplete=(
            *nothing_to_see(file, extraction),
            *_cut_labels(extraction),
            *_beyond_bounds(facts.problems),
            *attempts.incomplete,
            *judgement.incomplete,
        ),
        tops=tuple(extraction.cell_names[cell] for cell in extraction.tops),
        fail_on=threshold,
        allow_incomplete=allow_incomplete,
        timings=clock.timings(),
    )


class _Clock:
    """Times of the stages; they are shown to people and are no part of the result."""

    def __init__(self) -> None:
        self._start = time.perf_counter()
        self._stages: list[tuple[str, float]] = []

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        begin = time.perf_counter()
        yield
        self._stages.append((name, time.perf_counter() - begin))

    def timings(self) -> tuple[tuple[str, float], ...]:
        return (*self._stages, ("total", time.perf_counter() - self._start))


class _Attempts:
    """Stages whose failure makes the run incomplete instead of ending it."""

    def __init__(self) -> None:
        self.incomplete: list[Incomplete] = []

    def run(self, subject: str, work: Callable[[], Result]) -> Result | None:
        """Return the result of `work`, or None after noting why there is none."""
        try:
            return work()
        except (InputError, UsageError):
            raise
        except IncompleteError as error:
            self.incomplete.append(Incomplete(subject, error.message))
        except Exception as error:  # noqa: BLE001 (whatever it is: the rules can still judge the rest)
            self.incomplete.append(Incomplete(subject, f"{type(error).__name__}: {error}", internal=True))
        return None


@dataclass(frozen=True)
class _Optics:
    """What is known about light; None where a stage failed."""

    model: CircuitModel | None = None
    loss: LossResult | None = None
    crosstalk: CrosstalkResult | None = None
    budget: BudgetResult | None = None


def _solve(
    extraction: Extraction, asked: Budget | None, attempts: _Attempts, threads: int, progress: Progress | None
) -> _Optics:
    tables, sections, kit = extraction.tables, extraction.cross_sections, extraction.pdk
    model = attempts.run("circuit", lambda: circuit_of(extraction))
    coupling = attempts.run("crosstalk", lambda: crosstalk(tables, sections, kit))
    solved = losses = result = None
    if model is not None:
        solved = attempts.run("path loss", lambda: circuit.solve(model, threads=threads, progress=progress))
    if solved is not None:
        losses = attempts.run("path loss", lambda: loss(solved))
        if asked is not None and coupling is not None:
            result = attempts.run("budget", lambda: _judged_links(extraction, asked, solved, coupling, threads))
    return _Optics(model, losses, coupling, result)


def _judged_links(
    extraction: Extraction, asked: Budget, solved: Solved, coupling: CrosstalkResult, threads: int
) -> BudgetResult:
    """Evaluate a budget: for light of the wavelength that it states, or else of that which each part is stated for."""
    wavelength_um = asked.budget.wavelength_um
    if wavelength_um is not None:
        lit = by_pdk(extraction, at_wavelength(extraction.pdk, wavelength_um))
        solved = circuit.solve(circuit_of(lit, wavelength_um=wavelength_um), threads=threads)
        coupling = crosstalk(lit.tables, lit.cross_sections, lit.pdk, wavelength_um=wavelength_um)
    return evaluate(asked, solved, coupling)


def by_pdk(extraction: Extraction, pdk: Pdk) -> Extraction:
    """Return an extraction whose guides and devices have the numbers of another PDK with the same entries."""
    sections = {one.name: one for one in pdk.cross_sections}
    guides = tuple(replace(guide, section=sections[guide.section.name]) for guide in extraction.guides)
    return replace(extraction, pdk=pdk, guides=guides)


def circuit_of(
    extraction: Extraction,
    *,
    wavelength_um: float | None = None,
    edge_bias_nm: float = 0.0,
    device_entry: NDArray[np.int64] | None = None,
) -> CircuitModel:
    """Return the circuit of an extraction, its couplers named by the labels at them.

    For light of one wavelength where one is given, and as a process makes it that moves every edge of a core outwards.
    `device_entry` takes the place of the entries that the extraction found for its devices.
    """
    return circuit.build(
        with_bias(extraction.tables, edge_bias_nm),
        pdk=extraction.pdk,
        cross_sections=extraction.cross_sections,
        entry_of_device=extraction.device_entry if device_entry is None else device_entry,
        cell_names=extraction.cell_names,
        labels=_labels(extraction),
        wavelength_um=wavelength_um,
    )


def _labels(extraction: Extraction) -> Iterator[PlacedLabel]:
    for top in extraction.tops:
        found = _label_table(extraction, top, MAX_LABELS)
        for text, x_nm, y_nm in zip(found["text"], found["x_nm"], found["y_nm"], strict=True):
            yield PlacedLabel(str(text), top, float(x_nm), float(y_nm))


def _cut_labels(extraction: Extraction) -> Iterator[Incomplete]:
    """Say where texts were left out, since a coupler may be named by one of them."""
    for top in extraction.tops:
        if len(_label_table(extraction, top, MAX_LABELS + 1)["text"]) > MAX_LABELS:
            reason = f"{extraction.cell_names[top]} holds more than {MAX_LABELS:,} texts; the others name no coupler"
            yield Incomplete("labels", reason)


def _label_table(extraction: Extraction, top: int, most: int) -> dict[str, Any]:
    layers = [extraction.pdk.layer(name) for name in extraction.pdk.texts.measurement]
    return extraction.file.handle.labels(top, layers, most)


def _tables(extraction: Extraction, optics: _Optics) -> tuple[ResultTable, ...]:
    tables, names = extraction.tables, extraction.cell_names
    found = [summary.guides(tables, extraction.cross_sections)]
    if optics.loss is not None:
        found.append(summary.paths(optics.loss, names))
    if optics.budget is not None:
        found[:0] = [summary.links(optics.budget), summary.assertions(optics.budget)]
    if optics.crosstalk is not None:
        found.append(summary.neighbours(tables, optics.crosstalk, names))
    if optics.model is not None:
        found.append(summary.without_model(optics.model))
    return tuple(table for table in found if table.rows)


def _assumed(extraction: Extraction, optics: _Optics) -> set[str]:
    """Key paths of the numbers without a source that rules and analyses used."""
    kit, used = extraction.pdk, set(extraction.tables.waveguides.cross_section.tolist()) - {-1}
    limits = {f"cross_sections.{extraction.cross_sections[k].name}.{limit}" for k in used for limit in RULE_LIMITS}
    found = {path for path in kit.assumed() if path.startswith("limits.") or path in limits}
    found.update(optics.loss.assumed if optics.loss is not None else ())
    found.update(optics.crosstalk.assumed if optics.crosstalk is not None else ())
    return found


def _facts(file: LayoutFile, extraction: Extraction, optics: _Optics) -> Facts:
    terminals, model = extraction.tables.terminals, optics.model
    kinds = [*(entry.kind for entry in extraction.pdk.devices), ""]
    return Facts(
        tables=extraction.tables,
        pdk=extraction.pdk,
        cell_names=extraction.cell_names,
        cross_sections=extraction.cross_sections,
        grid_nm=file.grid_nm,
        device_kinds=[kinds[entry] for entry in extraction.device_entry.tolist()],
        stated_length_um=extraction.stated_length_um,
        stated_width_um=extraction.stated_width_um,
        stated_radius_um=extraction.stated_radius_um,
        stated_min_radius_um=extraction.stated_min_radius_um,
        stated_cells=_stated_cells(extraction),
        problems=_problems(file, extraction),
        ends=frozenset(terminals.port[terminals.port >= 0].tolist())
        | (model.ends if model is not None else frozenset())
        | _ports_of_tops(extraction.tables),
        budget=optics.budget,
        coupled_db=optics.crosstalk.bound_db if optics.crosstalk is not None else np.empty(0),
    )


def _ports_of_tops(tables: Tables) -> frozenset[int]:
    """Ports of top cells that are one device each: they are where its circuit will go on."""
    devices, device = tables.devices, tables.ports.device
    alone = (devices.cell == devices.top) & ~np.isin(devices.source, DRAWN_SOURCES)
    alone &= np.bincount(devices.top, minlength=1)[devices.top] == 1
    return (
        frozenset(np.flatnonzero((device >= 0) & alone[np.maximum(device, 0)]).tolist()) if alone.any() else frozenset()
    )


def _stated_cells(extraction: Extraction) -> frozenset[int]:
    return frozenset(
        cell
        for cell, facts in enumerate(extraction.facts)
        if facts.metadata is not None
        and facts.metadata.stated is not None
        and facts.metadata.stated.length_um is not None
    )


def _problems(file: LayoutFile, extraction: Extraction) -> tuple[LayoutProblem, ...]:
    """Problems of the reader and of the core, in one form; positions in nm."""
    nm = file.dbu_nm
    found = [
        LayoutProblem(one.code, one.cell, one.subject, one.x_dbu * nm, one.y_dbu * nm, one.count)
        for one in (*file.problems, *extraction.problems)
    ]
    # The extraction hands on the problems of the layout that it was given.
    known = {(one.code, one.cell, one.subject) for one in found}
    table = extraction.tables.problems
    found += [
        LayoutProblem(*key, float(table.x_nm[row]), float(table.y_nm[row]), int(table.count[row]))
        for row, key in enumerate(zip(table.code, table.cell, table.subject, strict=True))
        if key not in known
    ]
    return tuple(found)


def nothing_to_see(file: LayoutFile, extraction: Extraction) -> tuple[Incomplete, ...]:
    """A layout in which there is nothing to see was not checked, nor one whose guides the PDK does not look at."""
    if not any(file.handle.bbox_nm(cell) is not None for cell in extraction.tops):
        return (Incomplete("layout", EMPTY_LAYOUT),)
    coverage = extraction.tables.coverage
    if any(total > 0 for kind, total in zip(coverage.kind, coverage.total, strict=True) if kind == CORE_AREA):
        return ()
    kit = extraction.pdk
    layers = ", ".join(f"{layer}/{datatype}" for layer, datatype in kit.core_layers())
    fitting = [name for name in extraction.fitting_pdks() if name != kit.name]
    drawn = [f"{layer}/{datatype}" for layer, datatype in sorted(file.handle.layers)]
    hint = f"; the layout has {', '.join(drawn[:MOST_LAYERS])}"
    if len(drawn) > MOST_LAYERS:
        hint += f" and {len(drawn) - MOST_LAYERS} more layers"
    if fitting:
        hint += f", which fit {' and '.join(fitting[:2])}"
    return (Incomplete("layout", f"no shapes on the core layers of the PDK {kit.name} ({layers}){hint}"),)


def _beyond_bounds(problems: Sequence[LayoutProblem]) -> tuple[Incomplete, ...]:
    """What the extraction left out, whether or not the rule that reports it was selected."""
    cut: Counter[tuple[str, str]] = Counter()
    for one in problems:
        if one.code in BEYOND_BOUNDS:
            cut[one.code, one.subject] += one.count
    return tuple(
        Incomplete("extraction", f"{count:,} {BEYOND_BOUNDS[code]} ({subject})")
        for (code, subject), count in cut.items()
    )


def _inputs(file: LayoutFile, pdk: str | Path | Pdk, budget: str | Path | Budget | None) -> tuple[InputFile, ...]:
    name = file.path.name if file.path is not None else MEMORY_NAME
    found = [InputFile("layout", name, file.sha256 or "", file.bytes if file.path is not None else None, file.format)]
    # A PDK by name is told by its version.
    if not isinstance(pdk, Pdk) and is_file_name(pdk):
        found.append(_input("pdk", Path(pdk)))
    if isinstance(budget, str | Path):
        found.append(_input("budget", Path(budget)))
    return tuple(found)


def _input(role: Literal["pdk", "budget"], path: Path) -> InputFile:
    content = path.read_bytes()
    return InputFile(role, path.name, hashlib.sha256(content).hexdigest(), len(content), "TOML")


def _versions() -> tuple[tuple[str, str], ...]:
    return (("waveguard", _core.__version__), ("gdstk", importlib.metadata.version("gdstk")), ("numpy", np.__version__))
