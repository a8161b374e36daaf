"""The stub of the compiled module says what the module has, no more and no less."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_stub_and_module_agree() -> None:
    command = [sys.executable, "-m", "mypy.stubtest", "waveguard._core"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=110)
    assert result.returncode == 0, result.stdout + result.stderr
