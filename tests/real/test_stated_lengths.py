"""Lengths that the layouts state, against the lengths drawn.

Taken are the cells whose core area divided by their width agrees with the stated length within 10 nm; of these, at
least 99 % must be measured within 3 nm of it. The others lie, and a rule must say so.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from waveguard.extract import Extraction
from waveguard.findings import Run

AGREE_NM = 10.0
MEASURED_WITHIN_NM = 3.0
SHARE = 0.99

pytestmark = [pytest.mark.real, pytest.mark.timeout(900)]

Rows = Callable[[str], list[dict[str, str]]]


def measured_nm(extraction: Extraction) -> dict[str, float]:
    """Return the drawn length of each waveguide cell; SiEPIC states area over width."""
    tables = extraction.tables
    cells = tables.devices.cell[tables.waveguides.device]
    lengths = np.where(
        np.isfinite(tables.waveguides.drawn_length_nm),
        tables.waveguides.drawn_length_nm,
        tables.waveguides.centerline_length_nm,
    )
    return {extraction.cell_names[int(cell)]: float(length) for cell, length in zip(cells, lengths, strict=True)}


def test_stated_lengths_that_are_true_are_measured(
    table: dict[str, str], stated: Rows, extracted: Callable[[str], Extraction]
) -> None:
    good, missed = 0, []
    for name in table:
        rows = [row for row in stated(name) if row["diff_um"] and int(row["instances"]) > 0]
        true = [row for row in rows if abs(float(row["diff_um"])) * 1e3 <= AGREE_NM]
        if not true:
            continue
        measured = measured_nm(extracted(name))
        for row in true:
            length_nm = measured.get(row["cell"], np.nan)
            if abs(length_nm - float(row["length_um"]) * 1e3) <= MEASURED_WITHIN_NM:
                good += 1
            else:
                missed.append((name, row["cell"], row["length_um"], length_nm))
    assert good > 500
    assert good / (good + len(missed)) >= SHARE, missed[:20]


def test_stated_lengths_that_lie_are_reported(
    table: dict[str, str], stated: Rows, checked: Callable[[str], Run], extracted: Callable[[str], Extraction]
) -> None:
    silent = []
    for name in table:
        lies = {
            row["cell"]
            for row in stated(name)
            # A lie beyond any tolerance of a PDK, in a cell that is placed.
            if row["diff_um"] and abs(float(row["diff_um"])) > 0.1 + 1e-3 * float(row["length_um"])
            if int(row["instances"]) > 0
        }
        lies &= set(measured_nm(extracted(name))) if lies else lies
        reported = {finding.place.cell for finding in checked(name).findings if finding.code == "WG002"}
        silent += [(name, cell) for cell in sorted(lies - reported)]
    assert not silent
