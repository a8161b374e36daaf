"""Core material between guides that run side by side: no coupling table was solved for that.

Strips thinner than any guide, gratings, fill: the extraction explains them and draws nothing from them, but light
between two guides meets them. Only the strongest pairs are looked at, since it costs a second reading of the file.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import gdstk
import numpy as np
import numpy.typing as npt

from waveguard.analyses.run_widths import widths_beside
from waveguard.units import nm_to_um

if TYPE_CHECKING:
    from waveguard.analyses.crosstalk import CrosstalkResult
    from waveguard.extract import Extraction
    from waveguard.optics.prepare import Source

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

FAINT_DB = -70.0
"""Runs that couple less are not looked at."""
MAX_RUNS = 300
MAX_PLACEMENTS = 300_000
"""Layouts with more placements in a top cell are not looked at: the note says so."""
SAMPLES = np.linspace(0.15, 0.85, 15)
"""Places across the gap, by its width; not at its edges, where the guides themselves are."""


def core_between(source: Source, extraction: Extraction, result: CrosstalkResult) -> tuple[Bools, str]:
    """Return which runs have core material between their guides where they are nearest, and what was not looked at."""
    tables = extraction.tables
    runs = tables.runs
    found = np.zeros(len(runs), dtype=bool)
    level = np.nan_to_num(result.bound_db, nan=-np.inf)
    rows = np.flatnonzero((level > FAINT_DB) & (runs.waveguide_a != runs.waveguide_b))
    if not len(rows):
        return found, ""
    rows = rows[np.argsort(-level[rows], kind="stable")]
    left = (
        "" if len(rows) <= MAX_RUNS else f"core material between guides: only the {MAX_RUNS} strongest were looked at"
    )
    rows = rows[:MAX_RUNS]
    tops = tables.devices.top[tables.waveguides.device[runs.waveguide_a[rows]]]
    handle = extraction.file.handle
    if any(handle.n_placements(int(top)) > MAX_PLACEMENTS for top in np.unique(tops)):
        return found, "core material between guides was not looked for: the layout is too large"
    library = library_of(source, extraction)
    if library is None:
        return found, "core material between guides was not looked for: the file is compressed"
    scale = library.unit / 1e-6
    cells = {cell.name: cell for cell in library.cells if isinstance(cell, gdstk.Cell)}
    for top in np.unique(tops).tolist():
        cell = cells.get(extraction.cell_names[top])
        mine = rows[tops == top]
        if cell is None:
            continue
        widths = [(one.narrowest_nm + one.widest_nm) / 2 for one in widths_beside(tables, mine)]
        shares = widths[0] / (widths[0] + widths[1])
        places = [_across(extraction, row, share) / scale for row, share in zip(mine.tolist(), shares, strict=True)]
        points = np.concatenate(places)
        layers = {extraction.pdk.layer(core) for section in extraction.cross_sections for core in section.cores}
        inside = np.zeros(len(points), dtype=bool)
        for layer, datatype in sorted(layers):
            polygons = cell.get_polygons(layer=layer, datatype=datatype)
            if polygons:
                inside |= np.asarray(gdstk.inside([tuple(one) for one in points], polygons), dtype=bool)
        found[mine] = inside.reshape(len(mine), len(SAMPLES)).any(axis=1)
    return found, left


def library_of(source: Source, extraction: Extraction) -> gdstk.Library | None:
    """Return the layout as gdstk has it, read again; None for a compressed file."""
    if isinstance(source, gdstk.Library):
        return source
    return _library(Path(source), extraction.file.format)


def _library(path: Path, form: str) -> gdstk.Library | None:
    with path.open("rb") as file:
        if file.read(2) == b"\x1f\x8b":
            return None
    return gdstk.read_oas(str(path)) if form == "OASIS" else gdstk.read_gds(str(path))


def _across(extraction: Extraction, row: int, share: float) -> Floats:
    """Return places in um across the gap of a run, at its narrowest; of what is no gap the first guide has a share."""
    tables = extraction.tables
    runs, lines = tables.runs, tables.centerlines
    b = int(runs.waveguide_b[row])
    here = np.array([runs.x_nm[row], runs.y_nm[row]])
    other = slice(int(lines.offsets[b]), int(lines.offsets[b + 1]))
    there = _nearest(here, np.stack([lines.x_nm[other], lines.y_nm[other]], axis=1))
    apart = float(np.hypot(*(there - here)))
    gap = float(runs.gap_min_nm[row])
    first = (apart - gap) * share
    along = (there - here) / max(apart, 1e-9)
    return np.asarray(nm_to_um(here + (first + SAMPLES[:, None] * gap) * along))


def _nearest(point: Floats, line: Floats) -> Floats:
    start, step = line[:-1], np.diff(line, axis=0)
    size = np.maximum((step**2).sum(axis=1), 1e-12)
    share = np.clip(((point - start) * step).sum(axis=1) / size, 0.0, 1.0)
    foot = start + share[:, None] * step
    return np.asarray(foot[np.argmin(((foot - point) ** 2).sum(axis=1))])
