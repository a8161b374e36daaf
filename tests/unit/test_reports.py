"""Reports: choosing one, words and numbers, the JSON schema."""

from __future__ import annotations

import json
from dataclasses import replace
from io import StringIO
from pathlib import Path

import jsonschema
import pytest

from waveguard.errors import UsageError
from waveguard.findings import (
    NOT_SELECTED,
    Assumption,
    ColumnInfo,
    Coverage,
    CoverageItem,
    Finding,
    Incomplete,
    Place,
    ResultTable,
    RuleStatus,
    Run,
    Severity,
    Unexplained,
)
from waveguard.reports import ReportOptions, by_name, by_suffix
from waveguard.reports._words import number, plural
from waveguard.reports.json import published_schema
from waveguard.reports.text import core_share, summary


def written(run: Run, report: str, options: ReportOptions | None = None) -> str:
    out = StringIO()
    by_name(report).write(run, out, options or ReportOptions())
    return out.getvalue()


def finding(number: int, severity: Severity = Severity.ERROR) -> Finding:
    return Finding("CN001", severity, f"port {number} has no partner", Place("top", "cell", float(number), 0.0))


def test_the_suffix_chooses_the_report() -> None:
    assert by_suffix(Path("a/report.json")).name == "json"
    assert by_suffix(Path("REPORT.TXT")).name == "text"


@pytest.mark.parametrize("name", ["report.jsn", "report", "report.gds"])
def test_an_unknown_suffix_is_refused_with_the_known_ones(name: str) -> None:
    with pytest.raises(UsageError, match=r"\.json"):
        by_suffix(Path(name))


def test_an_unknown_format_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="json"):
        by_name("jsn")


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1.0, "um", "1.000"),
        (-0.0001, "um", "0.000"),
        (20.04, "nm", "20.0"),
        (9.305, "dB", "9.30"),
        (1234.5, "", "1234"),
    ],
)
def test_numbers_have_the_digits_of_their_unit(value: float, unit: str, text: str) -> None:
    assert number(value, unit) == text


def test_plurals() -> None:
    assert plural(1, "device") == "1 device"
    assert plural(0, "device") == "0 devices"


def test_the_summary_counts_and_says_the_coverage() -> None:
    run = Run(
        findings=(finding(1), finding(2, Severity.WARNING)),
        counts=(("devices", 48), ("nets", 44), ("waveguides", 15)),
        coverage=Coverage((CoverageItem("core area", 1000.0, 982.0),)),
        timings=(("total", 0.214),),
    )
    assert summary(run, timings=True) == (
        "1 error, 1 warning in 48 devices, 44 nets, 15 guides; coverage 98.2 %; 0.21 s"
    )
    assert summary(run, timings=False).endswith("98.2 %")


def test_nearly_all_is_never_rounded_to_all() -> None:
    run = Run(coverage=Coverage((CoverageItem("core area", 1e6, 1e6 - 1.0),)))
    assert "99.9 %" in summary(run, timings=False)


def test_no_core_area_is_no_coverage() -> None:
    assert core_share(Run()) is None
    assert "coverage unknown" in summary(Run(), timings=False)


def test_long_lists_are_capped_and_say_so() -> None:
    run = Run(findings=tuple(finding(i) for i in range(50)))
    capped = written(run, "text", ReportOptions(max_rows=20))
    assert capped.count("has no partner") == 20
    assert "… and 30 more" in capped
    assert written(run, "text", ReportOptions(max_rows=0)).count("has no partner") == 50


def test_coverage_is_capped_and_says_so() -> None:
    run = Run(coverage=Coverage(tuple(CoverageItem(f"core area on {i}/0", 1000.0, 982.0) for i in range(7))))
    capped = written(run, "text", ReportOptions(max_rows=6))
    assert "core area on 5/0" in capped
    assert "core area on 6/0" not in capped
    assert "… and 1 more row, all in the JSON report" in capped


def test_a_place_that_stands_for_several_shapes_says_so() -> None:
    rest = (Unexplained(Place("chip", "", 1.0, 2.0), 30.0, "no two ends found", 7),)
    text = written(Run(coverage=Coverage((CoverageItem("core area", 100.0, 70.0),), rest)), "text")
    assert "  not understood: (1.000, 2.000) µm  30.0 µm² in 7 shapes  no two ends found\n" in text


def test_rules_without_objects_and_rules_that_nobody_asked_for_are_told_apart() -> None:
    states = (
        RuleStatus("AA001", "a", "ran"),
        RuleStatus("BB001", "b", "not_applicable", "no waveguides"),
        RuleStatus("CC001", "c", "not_applicable", NOT_SELECTED),
    )
    text = written(Run(rules=states), "text")
    assert "1 rule ran; nothing to judge for BB001; not selected: CC001\n" in text


def test_what_a_loss_leaves_out_is_said_in_full() -> None:
    note = "161 bends of strip are tighter than its bend table: extrapolated with the slope of its first two points"
    run = Run(assumptions=(Assumption("limits.a", "0.05", "n" * 200), Assumption("path loss", "", note)))
    text = written(run, "text")
    assert f"  path loss: {note}\n" in text
    assert "n" * 100 not in text


def test_the_last_line_is_the_summary_and_the_verdict_is_before_it() -> None:
    run = Run(incomplete=(Incomplete("link a", "no path"),))
    lines = written(run, "text").splitlines()
    assert lines[-2] == "verdict: incomplete (exit code 3)"
    assert lines[-1].startswith("0 errors")


def test_colour_only_when_asked_for() -> None:
    run = Run(findings=(finding(1),))
    assert "\x1b" not in written(run, "text")
    assert "\x1b[31" in written(run, "text", ReportOptions(color=True))


def test_json_fits_the_published_schema() -> None:
    table = ResultTable("paths", "Paths", (ColumnInfo("loss_db", "dB"),), ((1.5,), (None,)))
    run = Run(findings=(finding(1),), tables=(table,), counts=(("devices", 1),), timings=(("total", 1.0),))
    jsonschema.validate(json.loads(written(run, "json")), json.loads(published_schema()))
    with_times = json.loads(written(run, "json", ReportOptions(timings=True)))
    jsonschema.validate(with_times, json.loads(published_schema()))
    assert with_times["timings_s"] == {"total": 1.0}


def test_json_never_holds_times_unless_asked_for() -> None:
    run = Run(findings=(finding(1),))
    slower = replace(run, timings=(("total", 9.0),))
    assert written(run, "json") == written(slower, "json")


def test_json_refuses_what_is_no_number() -> None:
    table = ResultTable("paths", "Paths", (ColumnInfo("loss_db", "dB"),), ((float("nan"),),))
    with pytest.raises(ValueError, match="finite"):
        written(Run(tables=(table,)), "json")
