"""The text report of the demo looks as it did when somebody last read it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest

from waveguard import engine
from waveguard.designs import demo
from waveguard.reports import ReportOptions, by_name


@pytest.mark.parametrize("faults", [True, False], ids=["faults", "clean"])
def test_demo(faults: bool, demo_dir: Path, golden: Callable[[str, str], None]) -> None:
    written = demo.names(demo_dir, faults=faults)
    run = engine.check(written.layout, pdk=written.pdk, budget=written.budget)
    # Versions of libraries are those of this machine; the checksum of the PDK changes with each comment in it.
    run = replace(
        run,
        versions=tuple((name, "x") for name, _ in run.versions),
        inputs=tuple(replace(file, sha256="x", n_bytes=None) for file in run.inputs),
    )
    out = StringIO()
    by_name("text").write(run, out, ReportOptions())
    golden("demo.txt" if faults else "demo-clean.txt", out.getvalue())
