#!/usr/bin/env python3
"""The one command: set up what is needed and run every check of the project.

Usage: `python3 tests/check.py` for all, `python3 tests/check.py lint tests` for parts, `--list` to see them. It
creates `.venv` in the checkout, installs the tools there, builds the extension and runs all steps even when one
fails; it ends with a table and exits with 1 if any step failed. It runs before anything is installed, so it uses
the standard library only.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
OLDEST_PYTHON = (3, 11)
STEP_TIMEOUT_S = 2400

TOOLS = [
    "maturin>=1.13,<2",
    "pytest>=8.4",
    "pytest-timeout>=2.4",
    "pytest-xdist>=3.8",
    "hypothesis>=6.130",
    "ruff>=0.15",
    "mypy>=1.18",
    "jsonschema>=4.23",
    "klayout>=0.30",
    "matplotlib>=3.9",
    "pyyaml>=6.0",
    "sax>=0.18",
    "scikit-rf>=1.8",
    "scipy>=1.15",
    "shapely>=2.1",
]

# name of the part, name of the step, command
Step = tuple[str, str, list[str]]


def steps() -> list[Step]:
    """Return all steps in the order in which they run."""
    python = str(PYTHON)
    return [
        ("build", "build extension", [python, "-m", "maturin", "develop", "--release", "--locked"]),
        ("lint", "cargo fmt", ["cargo", "fmt", "--all", "--check"]),
        ("lint", "ruff format", [python, "-m", "ruff", "format", "--check", "."]),
        ("lint", "ruff check", [python, "-m", "ruff", "check", "."]),
        (
            "lint",
            "cargo clippy",
            ["cargo", "clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"],
        ),
        ("types", "mypy", [python, "-m", "mypy", "--strict", "python/waveguard", "tests/check.py"]),
        ("types", "mypy of the contract tests", [python, "-m", "mypy", "--strict", "tests/contract"]),
        ("types", "stubtest", [python, "-m", "mypy.stubtest", "waveguard._core"]),
        ("rust", "cargo test", ["cargo", "test", "--workspace", "--locked", "--no-fail-fast"]),
        ("tests", "pytest", [python, "-m", "pytest", "tests", "-n", "auto", "--dist", "worksteal"]),
    ]


def say(text: str) -> None:
    """Print at once, so that the order with the output of the tools is kept."""
    print(text, flush=True)


def environment() -> dict[str, str]:
    """Return the environment of all steps: the virtual environment first on the path."""
    values = dict(os.environ)
    values["VIRTUAL_ENV"] = str(VENV)
    values["PATH"] = str(BIN) + os.pathsep + values.get("PATH", "")
    values["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
    values.pop("PYTHONHOME", None)
    values.pop("CONDA_PREFIX", None)  # maturin refuses to choose between two environments
    return values


def run(command: list[str]) -> tuple[int, str]:
    """Run one command, show its output as it comes, and return its exit code and its last line that says something."""
    last = ""
    try:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
    except OSError as error:
        say(f"error: cannot start {command[0]}: {error.strerror}")
        return 127, ""
    assert process.stdout is not None
    watchdog = threading.Timer(STEP_TIMEOUT_S, process.kill)
    watchdog.start()
    for line in process.stdout:
        sys.stdout.write(line)
        sys.stdout.flush()
        last = line.strip() or last
    code = process.wait()
    if not watchdog.is_alive():
        say(f"error: stopped after {STEP_TIMEOUT_S} s")
        code = code or 1
    watchdog.cancel()
    return code, last


def newer_python() -> str | None:
    """Return another interpreter that is new enough, or None."""
    for minor in range(14, OLDEST_PYTHON[1] - 1, -1):
        found = shutil.which(f"python3.{minor}")
        if found:
            return found
    return None


def set_up() -> int:
    """Create the virtual environment and install the tools; return an exit code."""
    if not PYTHON.exists():
        say(f"creating {VENV.name}")
        code, _ = run([sys.executable, "-m", "venv", str(VENV)])
        if code:
            say("hint: on Debian and Ubuntu, venv is the package python3-venv")
            return code
    code, _ = run([str(PYTHON), "-m", "pip", "install", "--quiet", *TOOLS])
    if code:
        say("hint: the tools come from the package index; check the network or the pip configuration")
    return code


def missing_programs() -> list[str]:
    """Return what must be installed by hand, with the remedy."""
    missing = []
    if not shutil.which("cargo"):
        missing.append("cargo is missing: install Rust from https://rustup.rs")
    elif not shutil.which("cargo-clippy") or not shutil.which("cargo-fmt"):
        missing.append("clippy or rustfmt is missing: rustup component add clippy rustfmt")
    if not any(shutil.which(name) for name in ("cc", "gcc", "clang", "cl")):
        missing.append("no C compiler: install gcc or clang (Rust needs it for linking)")
    return missing


def arguments(parts: list[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Set up what is needed and run every check.")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"run only these parts: {', '.join(parts)}")
    parser.add_argument("--no-setup", action="store_true", help="use .venv as it is")
    parser.add_argument("--list", action="store_true", help="list the steps and stop")
    parsed = parser.parse_args()
    unknown = [part for part in parsed.parts if part not in parts]
    if unknown:
        parser.error(f"no such part: {', '.join(unknown)} (known: {', '.join(parts)})")
    return parsed


def main() -> int:
    """Run the chosen steps and return the exit code."""
    all_steps = steps()
    options = arguments(list(dict.fromkeys(part for part, _, _ in all_steps)))
    if options.list:
        for part, name, command in all_steps:
            say(f"{part:6} {name:28} {' '.join(command)}")
        return 0
    missing = missing_programs()
    for text in missing:
        say(f"error: {text}")
    if missing:
        return 1

    # Started in the background, this process ignores Ctrl-C and its children would, too; tests of interruption need it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    results: list[tuple[str, int, float]] = []
    closing_line = ""
    if not options.no_setup:
        start = time.monotonic()
        say("== set up ==")
        results.append(("set up", set_up(), time.monotonic() - start))
    for part, name, command in all_steps:
        # The tests and the stub need the extension as it is now, so building belongs to them.
        wanted = not options.parts or part in options.parts
        needed = part == "build" and bool({"tests", "types"} & set(options.parts))
        if not (wanted or needed):
            continue
        say(f"\n== {name}: {' '.join(command)} ==")
        start = time.monotonic()
        code, last = run(command)
        results.append((name, code, time.monotonic() - start))
        if name == "pytest":
            closing_line = last

    say("\n== summary ==")
    for name, code, seconds in results:
        say(f"{'ok  ' if code == 0 else 'FAIL'}  {name:28} {seconds:7.1f} s" + (f"  exit code {code}" if code else ""))
    failed = [name for name, code, _ in results if code]
    total = sum(seconds for _, _, seconds in results)
    say(
        f"{len(results) - len(failed)} of {len(results)} steps passed in {total:.0f} s"
        + (f"; failed: {', '.join(failed)}" if failed else "")
    )
    if closing_line:
        say(f"pytest: {closing_line}")
    return 1 if failed else 0


if __name__ == "__main__":
    if sys.version_info < OLDEST_PYTHON:
        other = newer_python()
        if other is None:
            sys.exit("error: Python 3.11 or newer is needed")
        os.execv(other, [other, *sys.argv])
    sys.exit(main())
