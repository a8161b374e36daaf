"""A few hundred damaged layouts with a fixed seed: an error with a remedy or a layout, never a crash (see
mutate.py).
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).resolve().parent / "mutate.py"


def test_damaged_layouts_never_crash() -> None:
    # In a process of its own: the script forks, which a process with threads must not.
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "--n", "600", "--seed", "2"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "refused by the scan" in done.stdout
    assert "readable" in done.stdout
