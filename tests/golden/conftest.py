"""Golden files: what a report must look like, byte for byte."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from waveguard.findings import Run

FOLDER = Path(__file__).resolve().parent
UPDATE_VARIABLE = "WAVEGUARD_UPDATE_GOLDEN"


@pytest.fixture(scope="session")
def sample_run() -> Run:
    """Return the run that is written by hand."""
    spec = importlib.util.spec_from_file_location("waveguard_sample_run", FOLDER / "sample.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    run = module.RUN
    assert isinstance(run, Run)
    return run


@pytest.fixture
def golden() -> Callable[[str, str], None]:
    """Return a function that compares a text with a golden file, or rewrites the file when asked to."""

    def compare(name: str, text: str) -> None:
        path = FOLDER / name
        if os.environ.get(UPDATE_VARIABLE):
            path.write_text(text, encoding="utf-8")
        assert path.read_text(encoding="utf-8") == text

    return compare
