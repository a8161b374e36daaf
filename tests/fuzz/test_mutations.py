"""A few hundred damaged layouts with a fixed seed: an error with a remedy or a layout, never a crash (see
mutate.py).
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).resolve().parent / "mutate.py"


def mutate(*options: str) -> str:
    """Return what the script prints; in a process of its own, as it forks, which a process with threads must not."""
    done = subprocess.run([sys.executable, str(SCRIPT), *options], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_damaged_layouts_never_crash() -> None:
    printed = mutate("--n", "400", "--seed", "2")
    assert "refused by the scan" in printed
    assert "readable" in printed


def test_checks_of_damaged_layouts_end_with_an_error_or_a_verdict() -> None:
    printed = mutate("--n", "300", "--seed", "3", "--check")
    assert "refused by the scan" in printed
    assert "checked: findings" in printed
