"""Findings, their order and fingerprints, and how a run comes to its exit code."""

from __future__ import annotations

import dataclasses

import pytest

from waveguard.errors import UsageError
from waveguard.findings import (
    ColumnInfo,
    CoverageItem,
    Finding,
    Incomplete,
    Place,
    ResultTable,
    Run,
    Severity,
    Verdict,
    fingerprint,
    finish,
    parse_severity,
)


def make_finding(
    code: str = "WG001",
    severity: Severity = Severity.ERROR,
    x_um: float = 0.0,
    cell: str = "bend",
    print_: str = "abc",
) -> Finding:
    return Finding(code, severity, "too tight", Place("top", cell, x_um, 0.0), fingerprint=print_)


def test_severity_reaches_thresholds_no_better_than_itself() -> None:
    assert Severity.ERROR.reaches(Severity.WARNING)
    assert Severity.WARNING.reaches(Severity.WARNING)
    assert not Severity.INFO.reaches(Severity.WARNING)
    assert not Severity.ERROR.reaches(None)


def test_findings_are_sorted_worst_first_then_by_code_then_by_place() -> None:
    findings = finish(
        [
            make_finding("WG002", Severity.WARNING, print_="1"),
            make_finding("WG001", x_um=5.0, print_="2"),
            make_finding("CN001", x_um=9.0, print_="3"),
            make_finding("WG001", x_um=1.0, print_="4"),
        ]
    )
    assert [f.fingerprint for f in findings] == ["3", "4", "2", "1"]


def test_sorting_does_not_depend_on_the_order_of_finding() -> None:
    findings = [make_finding(x_um=float(x % 3), cell=f"c{x}") for x in range(9)]
    assert finish(findings) == finish(reversed(findings))


def test_equal_fingerprints_get_a_rank() -> None:
    findings = finish([make_finding(x_um=x) for x in (3.0, 1.0, 2.0)])
    assert [(f.place.x_um, f.fingerprint) for f in findings] == [(1.0, "abc"), (2.0, "abc-2"), (3.0, "abc-3")]


def test_the_set_of_fingerprints_does_not_change_when_cells_move() -> None:
    here = finish([make_finding(x_um=x) for x in (1.0, 2.0)])
    there = finish([make_finding(x_um=-x) for x in (1.0, 2.0)])
    assert {f.fingerprint for f in here} == {f.fingerprint for f in there}


def test_fingerprint_tells_facts_from_each_other_and_is_stable() -> None:
    assert fingerprint("WG001", "a", ["b"]) == fingerprint("WG001", "a", ["b"])
    assert len({fingerprint("WG001", "a", facts) for facts in (["b"], ["b", ""], ["b", "c"], ["bc"], [])}) == 5
    assert fingerprint("WG001", "bend", ["strip"]) == "5d334c6f16fe8796"


@pytest.mark.parametrize(
    ("changes", "verdict", "exit_code"),
    [
        ({}, Verdict.CLEAN, 0),
        ({"findings": (make_finding(),)}, Verdict.FINDINGS, 1),
        ({"findings": (make_finding(severity=Severity.WARNING),)}, Verdict.CLEAN, 0),
        ({"findings": (make_finding(severity=Severity.WARNING),), "fail_on": Severity.WARNING}, Verdict.FINDINGS, 1),
        ({"findings": (make_finding(),), "fail_on": None}, Verdict.CLEAN, 0),
        ({"incomplete": (Incomplete("link a", "no model"),)}, Verdict.INCOMPLETE, 3),
        ({"incomplete": (Incomplete("link a", "no model"),), "allow_incomplete": True}, Verdict.CLEAN, 0),
        ({"incomplete": (Incomplete("a", "b"),), "findings": (make_finding(),)}, Verdict.FINDINGS, 1),
        ({"incomplete": (Incomplete("a", "b", internal=True),), "allow_incomplete": True}, Verdict.INTERNAL_ERROR, 3),
        ({"incomplete": (Incomplete("a", "b", internal=True),), "findings": (make_finding(),)}, "internal error", 3),
    ],
)
def test_verdict_and_exit_code(changes: dict[str, object], verdict: str, exit_code: int) -> None:
    run = dataclasses.replace(Run(), **changes)
    assert (run.verdict, run.exit_code) == (verdict, exit_code)


def test_timings_are_no_part_of_the_result() -> None:
    assert Run(timings=(("read", 1.0),)) == Run(timings=(("read", 2.0),))


def test_coverage_of_nothing_is_unknown_and_not_complete() -> None:
    assert CoverageItem("core area", 0.0, 0.0).share is None
    assert CoverageItem("core area", 4.0, 3.0).share == pytest.approx(0.75)


def test_a_table_refuses_rows_of_another_width() -> None:
    with pytest.raises(ValueError, match="does not have 1 values"):
        ResultTable("paths", "Paths", (ColumnInfo("a"),), ((1, 2),))
    assert ResultTable("paths", "Paths", (ColumnInfo("a"), ColumnInfo("b")), ((1, 2),)).column("b") == (2,)


def test_thresholds_are_read_from_text() -> None:
    assert parse_severity("warning") is Severity.WARNING
    assert parse_severity("never") is None
    with pytest.raises(UsageError, match="unknown severity: fatal"):
        parse_severity("fatal")
