"""Cut-back structures of a fabricated chip: differences of loss between them, drawn and measured.

The PDK's numbers come from fits to this chip, so what is tested is that the drawn paths give them back: every
structure is found, and the loss of its path follows its true length and bends. Measured powers include the fibre
coupling of each structure, which the differences hold too; where the measured points scatter about their own line by
more than half a decibel no prediction can be held to it, and the test says so.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from waveguard import circuit
from waveguard.analyses.loss import LossResult, loss
from waveguard.extract import Extraction
from waveguard.optics.prepare import Prepared

pytestmark = [pytest.mark.real, pytest.mark.timeout(600)]

CHIP = "openEBL-2024-10__EBL_Framework_1cm_PCM_static.oas"
PREFIX = "SiEPIC+openEBL-2024-10/"
ALLOWED_DB = 0.5
# Series of the measurement, section, its loss in dB/cm as fitted over the drawn lengths, names of the structures.
STRAIGHT = [
    ("TE1550/straight", "strip_te_1550_500", 1.22, "PCM_StraightWGloss{:.0f}TE"),
    ("TE1310/straight", "strip_te_1310_350", 2.81, "PCM_StraightLongWGloss{:.0f}TE"),
]
SPIRALS = [
    ("TE1550/spiral", "strip_te_1550_500", 3.82, "PCM_SpiralWG{:.0f}TE"),
    ("TE1310/spiral", "strip_te_1310_350", 8.24, "PCM_SpiralWG{:.0f}TE"),
]


@pytest.fixture(scope="module")
def measured(layouts_dir: Path) -> dict[str, Any]:
    return json.loads((layouts_dir / "truth" / f"{CHIP}.measured.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def predict(extracted: Callable[[str], Extraction]) -> Callable[[str, float], LossResult]:
    """Return a function from a section and its loss in dB/cm to the loss of all paths."""
    extraction = extracted(CHIP)

    def solve(section: str, loss_db_per_cm: float) -> LossResult:
        kit = extraction.pdk
        sections = tuple(
            one.model_copy(update={"loss_db_per_cm": one.loss_db_per_cm.model_copy(update={"value": loss_db_per_cm})})
            if one.name == section
            else one
            for one in kit.cross_sections
        )
        changed = kit.model_copy(update={"cross_sections": sections})
        ready = Prepared("chip", replace(extraction, pdk=changed), ())
        return loss(circuit.solve(ready.model()))

    return solve


def of(result: LossResult, series: str, name: str) -> float:
    # Structures of both bands may end alike; then the name says the band.
    rows = [row for row, one in enumerate(result.from_name) if one.endswith(name)]
    band = f"{series[:2]}_{series[2:6]}"
    rows = [row for row in rows if band in result.from_name[row]] if len(rows) > 1 else rows
    assert len(rows) == 1, (name, rows)
    return float(result.worst_loss_db[rows[0]])


@pytest.mark.parametrize(("series", "section", "fitted", "name"), STRAIGHT)
def test_straight_guides_lose_what_was_measured(
    series: str, section: str, fitted: float, name: str, measured: dict[str, Any], predict: Any
) -> None:
    truth = measured[PREFIX + series]
    assert truth["resid_dB"] < ALLOWED_DB
    result = predict(section, fitted)
    found = [of(result, series, name.format(x)) for x in truth["x"]]
    for x, drawn, power in zip(truth["x"][1:], found[1:], truth["dB"][1:], strict=True):
        assert drawn - found[0] == pytest.approx(truth["dB"][0] - power, abs=ALLOWED_DB), x


@pytest.mark.parametrize(("series", "section", "fitted", "name"), SPIRALS)
def test_spirals_are_no_closer_than_they_were_measured(
    series: str, section: str, fitted: float, name: str, measured: dict[str, Any], predict: Any
) -> None:
    """The measured spirals scatter about their own line by 0.5 and 1.1 dB: half a decibel cannot be asked of them."""
    truth = measured[PREFIX + series]
    assert truth["resid_dB"] > ALLOWED_DB
    result = predict(section, fitted)
    found = [of(result, series, name.format(x)) for x in truth["x"]]
    for x, drawn, power in zip(truth["x"][1:], found[1:], truth["dB"][1:], strict=True):
        assert drawn - found[0] == pytest.approx(truth["dB"][0] - power, abs=3 * truth["resid_dB"]), x
