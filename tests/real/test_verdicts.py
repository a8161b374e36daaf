"""Every real layout ends with a verdict, and the run says of every rule what became of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import jsonschema
import pytest

from waveguard import engine
from waveguard.findings import Run, Severity, Verdict
from waveguard.reports import ReportOptions, all_reports, by_name
from waveguard.reports.json import published_schema
from waveguard.rules import all_rules

# Core shapes without a pin, a marker or a cell of its own.
BARE_CROSSING = "SiEPIC_EBeam_PDK__Crossing220nmPlatform.gds"

pytestmark = [pytest.mark.real, pytest.mark.timeout(600)]


def test_the_table_holds_every_layout(layouts_dir: Path, table: dict[str, str]) -> None:
    present = {path.name for path in layouts_dir.iterdir() if path.suffix.lower() in {".gds", ".oas"}}
    assert present == set(table)


def test_a_layout_ends_with_a_verdict(layout_name: str, checked: Callable[[str], Run]) -> None:
    run = checked(layout_name)
    assert run.verdict is not Verdict.INTERNAL_ERROR, run.incomplete
    assert {status.code for status in run.rules} == {rule.code for rule in all_rules()}
    assert run.coverage.items
    assert run.count("devices") + run.count("waveguides") > 0


def test_a_bare_crossing_is_a_junction_with_four_open_arms(checked: Callable[[str], Run]) -> None:
    run = checked(BARE_CROSSING)
    # Each arm is a taper and the wide guide behind it, which is drawn in one shape with the crossing.
    assert (run.count("devices"), run.count("waveguides"), run.count("nets")) == (1 + 8, 8, 8)
    assert {(finding.code, finding.severity) for finding in run.findings} == {("CN001", Severity.INFO)}


def test_the_json_of_a_run_fits_the_published_schema(layout_name: str, checked: Callable[[str], Run]) -> None:
    out = StringIO()
    by_name("json").write(checked(layout_name), out, ReportOptions())
    jsonschema.validate(json.loads(out.getvalue()), json.loads(published_schema()))


def test_one_thread_and_a_second_run_give_the_same_bytes(
    layout_name: str, layouts_dir: Path, table: dict[str, str], checked: Callable[[str], Run]
) -> None:
    texts = []
    for run in (checked(layout_name), engine.check(layouts_dir / layout_name, pdk=table[layout_name], threads=1)):
        out = StringIO()
        by_name("json").write(run, out, ReportOptions())
        texts.append(out.getvalue())
    assert texts[0] == texts[1]


def test_every_report_can_show_every_run(layout_name: str, checked: Callable[[str], Run]) -> None:
    for report in all_reports():
        texts = []
        for _ in range(2):
            out = StringIO()
            report.write(checked(layout_name), out, ReportOptions())
            texts.append(out.getvalue())
        assert texts[0] == texts[1]
        assert "nan" not in texts[0].lower().split()
