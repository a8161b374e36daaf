"""Loss and crosstalk as files, told by their suffix: CSV for a spreadsheet, JSON for a program, PNG for a person."""

from __future__ import annotations

import csv
import importlib.util
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import numpy as np

from waveguard.errors import UsageError
from waveguard.optics.disturbance import CrosstalkReport
from waveguard.optics.path_loss import LossReport
from waveguard.optics.prepare import Columns
from waveguard.optics.sampling import COLUMNS as SAMPLED_COLUMNS
from waveguard.optics.sampling import match

Report = LossReport | CrosstalkReport
SUFFIXES = (".csv", ".json", ".txt", ".png", ".svg")
DIGITS = 9
"""Enough for any number here, coarser than where machines differ."""


def check_suffix(path: Path) -> None:
    """Refuse a file whose kind nobody writes, before any work is done for it.

    Raises
    ------
    UsageError
        The suffix is none of `SUFFIXES`, or a picture is asked for and matplotlib is not installed.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise UsageError("the suffix says no format", path=path, hint=f"known suffixes: {', '.join(SUFFIXES)}")
    if suffix in {".png", ".svg"} and importlib.util.find_spec("matplotlib") is None:
        raise UsageError("pictures need matplotlib", path=path, hint="pip install matplotlib, or write .csv or .json")


def is_binary(path: Path) -> bool:
    """Return whether the file holds bytes instead of text."""
    return path.suffix.lower() in {".png", ".svg"}


def writer(report: Report, path: Path) -> Callable[[IO[Any]], None]:
    """Return what writes a report to an open file of that name."""
    from waveguard.optics import text

    suffix = path.suffix.lower()
    if suffix == ".csv":
        return lambda out: write_csv(_paths(report) if isinstance(report, LossReport) else report.aggressors, out)
    if suffix == ".json":
        return lambda out: write_json(report, out)
    if suffix == ".txt":
        if isinstance(report, LossReport):
            return lambda out: text.write_loss(report, out)
        return lambda out: text.write_crosstalk(report, out)
    from waveguard.optics import pictures

    return lambda out: pictures.write(report, out, suffix.removeprefix("."))


def _paths(report: LossReport) -> Columns:
    """Return the table of paths, with the figures of its samples beside it where there are any."""
    if report.sampled is None:
        return report.paths
    rows, table = match(report.paths, report.sampled), report.sampled.paths
    more = {}
    for name in (one for one in SAMPLED_COLUMNS if one not in ("top", "from", "to", "wavelength_um", "stated_db")):
        values = [math.nan if row is None else table[name][row] for row in rows]
        more[f"sampled_{name}" if name in report.paths else name] = np.array(values, dtype=object)
    return report.paths | more


def write_csv(table: Columns, out: IO[str]) -> None:
    """Write a table; unknown numbers are empty."""
    lines = csv.writer(out, lineterminator="\n")
    lines.writerow(table)
    for row in zip(*(column.tolist() for column in table.values()), strict=True):
        lines.writerow(["" if isinstance(one, float) and math.isnan(one) else one for one in row])


def write_json(report: Report, out: IO[str]) -> None:
    """Write all tables, column by column; unknown numbers are null, minus infinity (no light) is "-inf"."""
    if isinstance(report, LossReport):
        document: dict[str, Any] = {
            "report": "loss",
            "layout": report.layout,
            "pdk": report.pdk,
            "corner": report.corner,
            "wavelengths_um": list(report.wavelengths_um),
            "edge_bias_nm": report.edge_bias_nm,
            "total_paths": report.total_paths,
            "paths": _plain(report.paths),
            "near_misses": _plain(report.near_misses),
            "loops": report.loops,
            "without_model": report.gaps,
        }
        if report.sampled is not None:
            sampled = report.sampled
            document["sampled"] = {
                "n_samples": sampled.n_samples,
                "seed": sampled.seed,
                "worst_path": "as stated" if sampled.hold_path else "of every chip",
                "paths": _plain(sampled.paths),
                "shares": _plain(sampled.shares),
                "chips": _plain(sampled.chips),
                "notes": sampled.notes,
            }
    else:
        document = {
            "report": "crosstalk",
            "layout": report.layout,
            "pdk": report.pdk,
            "corner": report.corner,
            "wavelength_um": _number(report.wavelength_um),
            "edge_bias_nm": report.edge_bias_nm,
            "victims": _plain(report.victims),
            "aggressors": _plain(report.aggressors),
            "pairs": _plain(report.pairs),
            "rings": _plain(report.rings),
            "heaters": _plain(report.heaters),
            "lines": _plain(report.lines),
        }
    document |= {"notes": report.notes, "assumed": report.assumed, "incomplete": report.incomplete}
    json.dump(document, out, indent=1, ensure_ascii=False, allow_nan=False)
    out.write("\n")


def _plain(table: Columns) -> dict[str, list[Any]]:
    return {name: [_number(one) for one in column.tolist()] for name, column in table.items()}


def _number(value: Any) -> Any:  # noqa: ANN401 -- whatever a column holds
    if not isinstance(value, float):
        return value
    if math.isnan(value):
        return None
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    return float(f"{value:.{DIGITS}g}")
