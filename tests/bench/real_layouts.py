#!/usr/bin/env python3
"""One line per real layout: time, peak memory, what was found, coverage, findings by rule.

Run by hand: `python tests/bench/real_layouts.py [FOLDER]`. Each layout is checked in a process of its own, so that
its peak memory is its own; start-up of Python counts for memory and not for time.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROGRAM = """
import json, resource, sys
from waveguard import engine
from waveguard.reports.text import core_share, total_s
run = engine.check(sys.argv[1], pdk=sys.argv[2])
codes = [f.code + ('' if f.severity == 'error' else f.severity[0]) for f in run.findings]
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps([total_s(run), peak, dict(run.counts), core_share(run), run.verdict.value, codes]))
"""


def table_of_pdks() -> dict[str, str]:
    """Return which PDK each layout is checked with, as the tests have it."""
    spec = importlib.util.spec_from_file_location("real_layouts_table", HERE.parent / "real" / "conftest.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    table: dict[str, str] = module.PDKS
    return table


def main() -> None:
    """Check every layout and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=HERE.parents[2] / "shared" / "layouts")
    folder = parser.parse_args().folder
    print("| file | s | MiB | devices | nets | guides | coverage | verdict | findings |")
    print("|---|---|---|---|---|---|---|---|---|")
    for name, pdk in table_of_pdks().items():
        command = [sys.executable, "-c", PROGRAM, str(folder / name), pdk]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        if result.returncode:
            print(f"| {name} | failed: {(result.stderr.splitlines() or [''])[-1]} |", flush=True)
            continue
        seconds, peak_kib, counts, share, verdict, codes = json.loads(result.stdout)
        found = ", ".join(f"{code} {count}" for code, count in sorted(Counter(codes).items())) or "none"
        coverage = "-" if share is None else f"{100 * share:.1f} %"
        print(
            f"| {name} | {seconds:.2f} | {peak_kib / 1024:.0f} | {counts['devices']} | {counts['nets']} "
            f"| {counts['waveguides']} | {coverage} | {verdict} | {found} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
