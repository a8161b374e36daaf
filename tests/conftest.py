"""Fixtures and switches shared by all tests.

Decides where the real layouts are and what happens when they are not there. The fact a newcomer would get wrong: no
test is skipped. A test marked `real` (or using `layouts_dir`) is not collected when the layouts are absent, a line
at the end of the run says how many were not run, and with `CI=true` their absence fails the run.
"""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import Any

import hypothesis
import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
LAYOUTS_VARIABLE = "WAVEGUARD_LAYOUTS"
NOT_RUN = pytest.StashKey[int]()

hypothesis.settings.register_profile("fast", max_examples=20, deadline=None, derandomize=True)
hypothesis.settings.register_profile("slow", max_examples=500, deadline=None)
hypothesis.settings.load_profile(os.environ.get("WAVEGUARD_HYPOTHESIS", "fast"))


def find_layouts() -> Path | None:
    """Return the folder of the real layouts, or None when this machine has none."""
    stated = os.environ.get(LAYOUTS_VARIABLE)
    folder = Path(stated) if stated else REPOSITORY.parent / "shared" / "layouts"
    return folder if (folder / "manifest.csv").is_file() else None


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker here, so that a test file may be run from any folder."""
    config.addinivalue_line("markers", "real: needs the real layouts (see tests/README.md)")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what needs the real layouts, and take it out when they are absent."""
    for item in items:
        if "layouts_dir" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.real)
    if find_layouts() is not None:
        return
    real = [item for item in items if item.get_closest_marker("real")]
    config.stash[NOT_RUN] = len(real)
    if real:
        config.hook.pytest_deselected(items=real)
        items[:] = [item for item in items if not item.get_closest_marker("real")]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over from a process of pytest-xdist how many tests it left out; all of them leave out the same."""
    node.config.stash[NOT_RUN] = getattr(node, "workeroutput", {}).get("not_run", 0)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Fail a CI run that could not see the real layouts."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["not_run"] = session.config.stash.get(NOT_RUN, 0)
        return
    on_ci = os.environ.get("CI", "").lower() in {"1", "true"}
    if session.config.stash.get(NOT_RUN, 0) and on_ci and exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say loudly how many tests did not run for want of the real layouts."""
    count = config.stash.get(NOT_RUN, 0)
    if count:
        terminalreporter.write_line(
            f"NOT RUN: {count} tests need the real layouts; set {LAYOUTS_VARIABLE} to their folder",
            red=True,
            bold=True,
        )


@pytest.fixture(scope="session")
def layouts_dir() -> Path:
    """Return the folder of the real layouts."""
    folder = find_layouts()
    assert folder is not None, "tests that need the real layouts are taken out when these are absent"
    return folder


@pytest.fixture(scope="session")
def repository() -> Path:
    """Return the root of the checkout."""
    return REPOSITORY


@pytest.fixture(scope="session")
def demo_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the demo design with its faults and its clean twin once, and return the folder."""
    from waveguard.designs import demo

    folder = tmp_path_factory.mktemp("demo")
    demo.write(folder, faults=True)
    demo.write(folder, faults=False)
    return folder


@pytest.fixture(scope="session")
def sample_found() -> Any:
    """Return an extraction that is written by hand, with something of everything."""
    path = REPOSITORY / "tests" / "golden" / "sample_found.py"
    spec = importlib.util.spec_from_file_location("waveguard_sample_found", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.FOUND
