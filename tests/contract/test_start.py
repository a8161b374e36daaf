"""Starting the command line stays light: help must not load what only a run needs."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("numpy", "gdstk", "rich", "waveguard._core", "shapely")


def test_the_package_runs_as_a_module() -> None:
    command = [sys.executable, "-m", "waveguard", "--version"]
    result = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert result.stdout.startswith("waveguard ")


@pytest.mark.parametrize("arguments", [["--help"], ["check", "--help"], ["pdk", "--help"]], ids=" ".join)
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    program = (
        "import sys\n"
        "from waveguard.cli import main\n"
        f"code = main({arguments!r})\n"
        f"loaded = [name for name in {HEAVY!r} if name in sys.modules]\n"
        "print('LOADED', code, loaded)\n"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert result.stdout.splitlines()[-1] == "LOADED 0 []"
