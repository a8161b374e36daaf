"""The shape of the checkout: folders, file sizes, the published schemas, a spec for every rule."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from waveguard.exports import tables_json
from waveguard.reports import json as json_report
from waveguard.rules import HEADINGS, Rule, all_rules

ROOT = Path(__file__).resolve().parents[2]
MAX_LINES = 600
TOP_LEVEL = {
    "pyproject.toml",
    "Cargo.toml",
    "rust",
    "python",
    "pdk",
    "tests",
    "README.md",
    "Cargo.lock",
    "LICENSE",
    "CHANGELOG.md",
    "rustfmt.toml",
    "clippy.toml",
    ".ci",
    ".github",
    ".gitignore",
    ".pre-commit-hooks.yaml",
}
TEST_FOLDERS = ("unit", "rules", "golden", "property", "real", "oracle", "fuzz", "contract")


def tracked_files() -> list[Path]:
    """Return what git tracks, or, in a copy without git, all sources."""
    listing = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listing.returncode == 0 and listing.stdout:
        paths = [ROOT / line for line in listing.stdout.splitlines()]
        return [path for path in paths if path.is_file()]
    return [
        path for folder in ("rust", "python", "tests", "pdk") for path in (ROOT / folder).rglob("*") if path.is_file()
    ]


def test_nothing_new_lies_at_the_top() -> None:
    assert {path.relative_to(ROOT).parts[0] for path in tracked_files()} <= TOP_LEVEL


def test_no_source_is_longer_than_600_lines() -> None:
    sources = [path for path in tracked_files() if path.suffix in {".rs", ".py"}]
    assert sources
    long = {
        str(path.relative_to(ROOT)): count
        for path in sources
        if (count := len(path.read_text(encoding="utf-8").splitlines())) > MAX_LINES
    }
    assert not long


@pytest.mark.parametrize("folder", TEST_FOLDERS)
def test_every_folder_of_tests_holds_tests(folder: str) -> None:
    assert list((ROOT / "tests" / folder).rglob("test_*.py"))


def test_no_test_is_skipped_or_expected_to_fail() -> None:
    words = ("pytest." + "skip", "mark." + "skip", "mark." + "xfail", "importor" + "skip")
    for path in (ROOT / "tests").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert not [word for word in words if word in text], path


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.code)
def test_every_rule_has_headings_and_a_spec(rule: Rule) -> None:
    missing = [heading for heading in HEADINGS if not rule.section(heading)]
    assert not missing, f"{rule.code}: docstring without {missing}"
    assert (ROOT / "tests" / "rules" / f"{rule.code}.md").is_file()


def test_every_spec_belongs_to_a_rule() -> None:
    specs = {path.stem for path in (ROOT / "tests" / "rules").glob("[A-Z][A-Z][0-9][0-9][0-9].md")}
    assert specs == {rule.code for rule in all_rules()}


def test_the_published_report_schema_is_that_of_the_models() -> None:
    assert json_report.published_schema() == json_report.schema_text()


def test_the_published_extraction_schema_is_that_of_the_tables() -> None:
    assert tables_json.published_schema() == tables_json.schema_text()


def test_continuous_integration_calls_the_one_command_and_nothing_else() -> None:
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    commands = [line for line in lines if line and not line.startswith(("#", "set ", "cd "))]
    assert commands == ["exec python3 tests/check.py"]
