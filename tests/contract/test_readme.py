"""The README shows exactly two commands, and they work."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CHECK_COMMAND = "python3 tests/check.py"
# What a build needs; a working copy holds more, such as an environment and what was built before.
PARTS = ("pyproject.toml", "Cargo.toml", "Cargo.lock", "README.md", "LICENSE", "rust", "python", "pdk")


def commands() -> list[str]:
    """Return the shell blocks of the README."""
    return [block.strip() for block in BLOCK.findall((ROOT / "README.md").read_text(encoding="utf-8"))]


def test_there_are_exactly_two_commands_each_of_one_line() -> None:
    assert len(commands()) == 2
    assert all("\n" not in command for command in commands())


def test_the_finding_that_is_shown_is_one_of_the_demo() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    report = (ROOT / "tests" / "golden" / "demo.txt").read_text(encoding="utf-8")
    block = re.search(r"^```text\n(error .*?)^```$", readme, re.MULTILINE | re.DOTALL)
    assert block is not None
    assert block.group(1) in report


def test_the_second_command_is_the_one_that_runs_all_checks() -> None:
    # It is not run from here: it runs these tests.
    assert commands()[1] == CHECK_COMMAND
    assert (ROOT / "tests" / "check.py").is_file()


@pytest.mark.timeout(900)
def test_the_first_command_builds_and_shows_the_demo(tmp_path: Path) -> None:
    copy = tmp_path / "waveguard"
    copy.mkdir()
    unwanted = shutil.ignore_patterns("__pycache__", "_pdk", "*.so", "*.pyd", "target", ".venv")
    for part in PARTS:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, copy / part, ignore=unwanted)
        else:
            shutil.copy2(ROOT / part, copy / part)
    environment = {key: value for key, value in os.environ.items() if key not in ("VIRTUAL_ENV", "PYTHONPATH")}
    # Crates of others that were compiled before are taken from there.
    environment.setdefault("CARGO_TARGET_DIR", str(ROOT / "target"))
    # Unoptimised: this is about the command, not about speed.
    environment.setdefault("MATURIN_PEP517_ARGS", "--profile dev")
    result = subprocess.run(
        ["bash", "-c", commands()[0]],
        cwd=copy,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=880,
    )
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-3000:]
    assert "verdict: findings (exit code 1)" in result.stdout
    assert (copy / "demo" / "mzi_link.gds").is_file()
