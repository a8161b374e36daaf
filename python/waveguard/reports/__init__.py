"""Reports: one file below this package per format, found by walking it.

A report sees `waveguard.findings` and nothing else of the program. `@report("name", suffix=".ext")` registers a
function `write(run, out, options)`. The fact a newcomer would get wrong: a report of the same run must be the same
bytes, so times are written only when `options.timings` asks for them.
"""

from __future__ import annotations

from waveguard.reports._registry import Report, ReportOptions, all_reports, by_name, by_suffix, report

__all__ = ["Report", "ReportOptions", "all_reports", "by_name", "by_suffix", "report"]
