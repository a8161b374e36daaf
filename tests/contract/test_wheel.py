"""What is installed works: the wheel, and the wheel that is built from the source distribution, bring the PDKs along.

The package is installed into an environment of its own and used from a folder that is not the checkout.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BIN = "Scripts" if os.name == "nt" else "bin"
# Unoptimised: this is about files, not about speed.
PROFILE = "--profile dev"

LIST_PDKS = """
import waveguard
from waveguard.pdk import find, load
print(waveguard.__file__)
for name in find.names():
    load(name)
    print(name)
"""


def run(*command: str | Path, cwd: Path, **environment: str) -> str:
    """Run a command that must succeed and return what it printed."""
    result = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=540,
    )
    assert result.returncode == 0, f"{command}\n{result.stdout}\n{result.stderr}"
    return result.stdout


def only(folder: Path, pattern: str) -> Path:
    """Return the one file that matches."""
    (found,) = folder.glob(pattern)
    return found


def wheel_of_checkout(out: Path) -> Path:
    """Build the wheel as a release does."""
    run(sys.executable, "-m", "maturin", "build", *PROFILE.split(), "--out", out, cwd=ROOT)
    return only(out, "*.whl")


def wheel_of_sdist(out: Path) -> Path:
    """Build the wheel as pip does where no wheel fits."""
    run(sys.executable, "-m", "maturin", "sdist", "--out", out, cwd=ROOT)
    pip = (sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", out)
    # Crates of others that were compiled before are taken from there.
    target = os.environ.get("CARGO_TARGET_DIR", str(ROOT / "target"))
    run(*pip, only(out, "*.tar.gz"), cwd=out, MATURIN_PEP517_ARGS=PROFILE, CARGO_TARGET_DIR=target)
    return only(out, "*.whl")


def install(wheel: Path, folder: Path) -> Path:
    """Install a wheel into a new environment that sees the dependencies of this one; return its scripts."""
    venv.create(folder, with_pip=False)
    scripts = folder / BIN
    run(sys.executable, "-m", "pip", "--python", folder, "install", "--no-deps", wheel, cwd=folder)
    site = Path(
        run(scripts / "python", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder).strip()
    )
    # A path in a .pth file is appended, and .pth files in it (such as that of this checkout) are not read.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return scripts


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("build", [wheel_of_checkout, wheel_of_sdist], ids=["wheel", "sdist"])
def test_an_installed_package_finds_its_pdks_from_any_folder(build: Callable[[Path], Path], tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    scripts = install(build(tmp_path), tmp_path / "environment")
    place, *names = run(scripts / "python", "-I", "-c", LIST_PDKS, cwd=elsewhere).splitlines()
    assert Path(place).is_relative_to(tmp_path / "environment")
    assert names == sorted(path.stem for path in (ROOT / "pdk").glob("*.toml"))
    packaged = {path.name: path.read_bytes() for path in (Path(place).parent / "_pdk").iterdir()}
    assert packaged == {path.name: path.read_bytes() for path in (ROOT / "pdk").iterdir()}
    assert "check" in run(scripts / "waveguard", "--help", cwd=elsewhere)


def test_a_checkout_reads_its_own_pdks_from_any_folder(tmp_path: Path) -> None:
    place, *names = run(sys.executable, "-c", LIST_PDKS, cwd=tmp_path).splitlines()
    assert Path(place).is_relative_to(ROOT / "python")
    assert names == sorted(path.stem for path in (ROOT / "pdk").glob("*.toml"))
