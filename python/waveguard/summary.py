"""Counts, coverage and result tables of a run, from the tables of the core.

Nothing is judged here and nothing left out but what a report could not show. Unknown numbers become None.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from waveguard.findings import (
    Assumption,
    Cell,
    ColumnInfo,
    Coverage,
    CoverageItem,
    Place,
    ResultTable,
    Unexplained,
)
from waveguard.tables import ELECTRICAL, OPTICAL
from waveguard.units import nm2_to_um2, nm_to_um

if TYPE_CHECKING:
    from waveguard.analyses.budget import BudgetResult
    from waveguard.analyses.crosstalk import CrosstalkResult
    from waveguard.analyses.loss import LossResult
    from waveguard.circuit import CircuitModel
    from waveguard.pdk.schema import CrossSection, Pdk
    from waveguard.tables import Tables

AREA_SUFFIX = "_area_nm2"
# Finer than any number that is measured, coarser than the last digit that differs between machines.
DIGITS = 6
MAX_PATHS = 10_000
MAX_NEIGHBOURS = 100
# Far below what any receiver can tell from its own noise.
NEGLIGIBLE_DB = -80.0
PDK_PATHS = ("devices.", "cross_sections.", "couplings.", "limits.")


def number(value: float) -> float | None:
    """A measured number for a report; None when it is not known or not finite."""
    return round(float(value), DIGITS) + 0.0 if np.isfinite(value) else None


def counts(tables: Tables, loss: LossResult | None, budget: BudgetResult | None) -> tuple[tuple[str, int], ...]:
    """How much was found. `devices` counts placed devices with waveguides among them."""
    kinds = tables.ports.kind[tables.nets.port_a] if len(tables.nets) else np.empty(0)
    return (
        ("devices", len(tables.devices)),
        ("waveguides", len(tables.waveguides)),
        ("nets", int((kinds == OPTICAL).sum())),
        ("electrical nets", int((kinds == ELECTRICAL).sum())),
        ("optical ports", int((tables.ports.kind == OPTICAL).sum())),
        ("circuits", len(np.unique(loss.circuit)) if loss is not None else 0),
        ("paths", loss.n_pairs if loss is not None else 0),
        ("links", len(budget.links) if budget is not None else 0),
        ("assertions", len(budget.assertions) if budget is not None else 0),
    )


def coverage(tables: Tables, cell_names: Sequence[str]) -> Coverage:
    """What part of the layout was understood; areas in µm²."""
    table, rest = tables.coverage, tables.unexplained
    items = []
    for row, kind in enumerate(table.kind):
        total, explained = float(table.total[row]), float(table.explained[row])
        if not np.isfinite(explained) or (total == 0 and not kind.endswith(AREA_SUFFIX)):
            continue
        # A kind may go on with a layer: `core_area_nm2:1/0`.
        what, _, layer = kind.partition(":")
        name, unit = what.replace("_", " "), ""
        if what.endswith(AREA_SUFFIX):
            name, unit = f"{what.removesuffix(AREA_SUFFIX).replace('_', ' ')} area", "um2"
            total, explained = nm2_to_um2(total), nm2_to_um2(explained)
        if layer:
            name = f"{name} on {layer}"
        top = cell_names[int(table.top[row])] if table.top[row] >= 0 else ""
        items.append(CoverageItem(name, round(total, DIGITS), round(explained, DIGITS), unit, top))
    unexplained = tuple(
        Unexplained(
            _box_place(tables, row, cell_names),
            round(nm2_to_um2(float(rest.area_nm2[row])), DIGITS),
            rest.reason[row],
            int(rest.count[row]),
        )
        for row in range(len(rest))
    )
    return Coverage(tuple(items), unexplained)


def _box_place(tables: Tables, row: int, cell_names: Sequence[str]) -> Place:
    rest = tables.unexplained
    x0, y0, x1, y1 = (
        round(nm_to_um(float(side[row])), DIGITS) for side in (rest.x0_nm, rest.y0_nm, rest.x1_nm, rest.y1_nm)
    )
    # Rows that stand for the shapes of several cells name none.
    top, cell = (cell_names[int(index)] if index >= 0 else "" for index in (rest.top[row], rest.cell[row]))
    middle = (round((x0 + x1) / 2, DIGITS), round((y0 + y1) / 2, DIGITS))
    return Place(top, cell, *middle, bbox_um=(x0, y0, x1, y1))


def guides(tables: Tables, cross_sections: Sequence[CrossSection]) -> ResultTable:
    """One row per cross-section: how many waveguides, how long they are together, and how tightly they bend."""
    table = tables.waveguides
    rows: list[tuple[Cell, ...]] = []
    names = [section.name for section in cross_sections]
    for index in np.unique(table.cross_section):
        own = table.cross_section == index
        radius_nm = table.min_radius_nm[own]
        bent = radius_nm[np.isfinite(radius_nm)]
        rows.append(
            (
                names[int(index)] if index >= 0 else "",
                int(own.sum()),
                number(nm_to_um(float(np.nansum(table.centerline_length_nm[own])))),
                int(table.n_bends[own].sum()),
                number(nm_to_um(float(bent.min()))) if bent.size else None,
            )
        )
    columns = (
        ColumnInfo("cross_section", "", "cross-section of the PDK; empty where none fits"),
        ColumnInfo("waveguides", "", "number of waveguides"),
        ColumnInfo("length_um", "um", "sum of their centre-line lengths"),
        ColumnInfo("bends", "", "number of bends"),
        ColumnInfo("min_radius_um", "um", "smallest radius; none where all are straight"),
    )
    return ResultTable("guides", "Waveguides by cross-section", columns, tuple(rows))


def paths(loss: LossResult, cell_names: Sequence[str]) -> ResultTable:
    """Loss between terminals, circuit by circuit; a pair that is equal both ways stands there once."""
    kept = np.flatnonzero(~_repeated(loss)).tolist()
    rows = tuple(
        (
            cell_names[int(loss.top[row])],
            loss.from_name[row],
            loss.to_name[row],
            number(loss.worst_loss_db[row]),
            number(loss.best_loss_db[row]),
            number(loss.n_paths[row]),
            bool(loss.looped[row]),
            number(loss.length_um[row]),
            int(loss.n_bends[row]),
            int(loss.n_crossings[row]),
            _ledger(loss.ledger(row)),
        )
        for row in kept[:MAX_PATHS]
    )
    columns = (
        ColumnInfo("top", "", "top cell"),
        ColumnInfo("from", "", "where light enters"),
        ColumnInfo("to", "", "where it leaves"),
        ColumnInfo("worst_loss_db", "dB", "loss of the worst path"),
        ColumnInfo("best_loss_db", "dB", "loss of the best path"),
        ColumnInfo("n_paths", "", "number of paths"),
        ColumnInfo("looped", "", "true when a path leads through a loop, which is passed once"),
        ColumnInfo("length_um", "um", "length of waveguides on the worst path"),
        ColumnInfo("bends", "", "bends on the worst path"),
        ColumnInfo("crossings", "", "crossings on the worst path"),
        ColumnInfo("ledger", "dB", "what the worst path loses to what"),
    )
    cut = f", the first {MAX_PATHS:,} of {len(kept):,}" if len(kept) > MAX_PATHS else ""
    return ResultTable("paths", f"Loss of the paths, each part at the wavelength it is stated for{cut}", columns, rows)


def _repeated(loss: LossResult) -> NDArray[np.bool_]:
    """Which rows say the same as the row of the same pair the other way round."""
    source, sink = loss.from_terminal, loss.to_terminal
    if not len(source):
        return np.zeros(0, dtype=bool)
    base = int(max(source.max(), sink.max())) + 1
    # Rows are in order of source and sink, so their keys are sorted.
    keys, back = source * base + sink, sink * base + source
    row = np.minimum(np.searchsorted(keys, back), len(keys) - 1)
    same = (keys[row] == back) & np.isclose(loss.worst_loss_db[row], loss.worst_loss_db)
    return np.asarray(same & (source > sink))


def neighbours(tables: Tables, crosstalk: CrosstalkResult, cell_names: Sequence[str]) -> ResultTable:
    """Pairs of waveguides that run side by side, the strongest coupling first; runs of one pair are one row."""
    runs, device = tables.runs, tables.waveguides.device
    level_db = np.nan_to_num(crosstalk.bound_db, nan=np.inf)
    order = np.lexsort((np.arange(len(runs)), -level_db))
    pairs: dict[tuple[int, int], list[int]] = {}
    for row in order.tolist():
        pairs.setdefault((int(runs.waveguide_a[row]), int(runs.waveguide_b[row])), []).append(row)
    rows = []
    for (a, b), own in list(pairs.items())[:MAX_NEIGHBOURS]:
        first = own[0]
        if level_db[first] < NEGLIGIBLE_DB:
            break
        rows.append(
            (
                cell_names[int(tables.devices.cell[device[a]])],
                cell_names[int(tables.devices.cell[device[b]])] if a != b else "itself",
                number(nm_to_um(float(runs.x_nm[first]))),
                number(nm_to_um(float(runs.y_nm[first]))),
                number(nm_to_um(float(runs.gap_min_nm[own].min()))),
                number(nm_to_um(float(runs.length_nm[own].sum()))),
                len(own),
                number(crosstalk.bound_db[first]),
                crosstalk.reason[first],
            )
        )
    columns = (
        ColumnInfo("waveguide", "", "cell of the one"),
        ColumnInfo("neighbour", "", "cell of the other"),
        ColumnInfo("x_um", "um", "place of the strongest run"),
        ColumnInfo("y_um", "um", "place of the strongest run"),
        ColumnInfo("gap_um", "um", "smallest gap between the edges"),
        ColumnInfo("length_um", "um", "length over which they run side by side"),
        ColumnInfo("runs", "", "number of stretches"),
        ColumnInfo(
            "coupled_db", "dB", "most power that crosses over in the strongest run; 0 once all light could have crossed"
        ),
        ColumnInfo("note", "", "why it is an estimate, or not known"),
    )
    cut = f", the {len(rows)} strongest of {len(pairs):,} pairs" if len(pairs) > len(rows) else ""
    return ResultTable("neighbours", f"Waveguides side by side{cut}", columns, tuple(rows))


def links(budget: BudgetResult) -> ResultTable:
    """Margin of every link of the budget."""
    rows = tuple(
        (
            link.name,
            link.from_name,
            link.to_name,
            link.state.replace("_", " "),
            number(link.margin_db),
            number(link.required_margin_db),
            number(link.received_dbm),
            number(link.path_loss_db),
            number(link.extra_loss_db),
            _ledger(link.ledger),
            link.reason,
        )
        for link in budget.links
    )
    columns = (
        ColumnInfo("link", "", "name in the budget"),
        ColumnInfo("from", "", "where light enters"),
        ColumnInfo("to", "", "where it leaves"),
        ColumnInfo("state", "", "pass, fail or not evaluated"),
        ColumnInfo("margin_db", "dB", "received power less sensitivity"),
        ColumnInfo("required_db", "dB", "margin asked for"),
        ColumnInfo("received_dbm", "dBm", "laser power less all losses"),
        ColumnInfo("path_loss_db", "dB", "loss of the worst path"),
        ColumnInfo("extra_loss_db", "dB", "losses that the budget adds"),
        ColumnInfo("ledger", "dB", "what loses how much"),
        ColumnInfo("note", "", "why it fails or is not evaluated, or what the number leaves out"),
    )
    return ResultTable("links", f"Links at {budget.wavelength_um:.10g} µm", columns, rows)


def assertions(budget: BudgetResult) -> ResultTable:
    """Every assertion of the budget with the number it was compared with."""
    rows = tuple(
        (
            one.text,
            one.state.replace("_", " "),
            number(one.measured),
            one.unit,
            one.reason or ("no light arrives" if np.isposinf(one.measured) else ""),
        )
        for one in budget.assertions
    )
    columns = (
        ColumnInfo("assertion", "", "as the budget has it"),
        ColumnInfo("state", "", "pass, fail or not evaluated"),
        ColumnInfo("found", "", "the number found"),
        ColumnInfo("unit", "", "its unit"),
        ColumnInfo("note", "", "why it fails or is not evaluated"),
    )
    return ResultTable("assertions", "Assertions", columns, rows)


def _ledger(items: Sequence[tuple[str, float]]) -> str:
    return ", ".join(f"{name} {loss_db:.2f}" for name, loss_db in items)


def without_model(model: CircuitModel) -> ResultTable:
    """Devices that have no loss model: no path leads through them."""
    rows = tuple((gap.cell, len(gap.devices), gap.reason) for gap in model.gaps)
    columns = (
        ColumnInfo("cell", "", "cell of the device"),
        ColumnInfo("count", "", "placed devices"),
        ColumnInfo("reason", "", "why there is no model"),
    )
    return ResultTable("without_model", "Devices without a loss model: no path leads through them", columns, rows)


def assumptions(pdk: Pdk, paths: set[str]) -> tuple[Assumption, ...]:
    """Numbers without a source, in the order of the PDK."""
    known = pdk.quantities()
    return tuple(
        Assumption(path, _value(known[path]), str(getattr(known[path], "note", None) or ""))
        for path in pdk.assumed()
        if path in paths
    )


def notes(model: CircuitModel | None, budget: BudgetResult | None) -> tuple[Assumption, ...]:
    """What the losses leave out or take as zero, in words, and losses that the budget adds without a source."""
    found = list(model.notes) if model is not None else []
    added: list[str] = []
    if budget is not None:
        found = list(budget.notes)
        known = {path for link in budget.links for path in link.assumed if not path.startswith(PDK_PATHS)}
        added = sorted(known)
    return (
        *(Assumption("path loss", "", note) for note in dict.fromkeys(found)),
        *(Assumption(name, "", "extra loss without a source in the budget") for name in added),
    )


def _value(part: object) -> str:
    value = getattr(part, "value", None)
    return f"{value:.10g}" if isinstance(value, int | float) else "table"
