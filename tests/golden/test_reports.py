"""Every report of the sample run looks as it did when somebody last read it."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO

import pytest

from waveguard.findings import Run
from waveguard.reports import ReportOptions, all_reports, by_name

Golden = Callable[[str, str], None]


def text_of(run: Run, report: str, options: ReportOptions | None = None) -> str:
    out = StringIO()
    by_name(report).write(run, out, options or ReportOptions())
    return out.getvalue()


@pytest.mark.parametrize("report", all_reports(), ids=lambda report: report.name)
def test_sample_run(report: object, sample_run: Run, golden: Golden) -> None:
    name, suffix = report.name, report.suffix  # type: ignore[attr-defined]
    golden(f"sample{suffix}", text_of(sample_run, name))


def test_sample_run_in_colour_and_with_times(sample_run: Run, golden: Golden) -> None:
    golden("sample-terminal.txt", text_of(sample_run, "text", ReportOptions(color=True, timings=True)))
