"""Who may import whom inside the package, read from the sources without running them.

A new module must be given a place in `MAY_SEE`; that is the moment to think about where it belongs.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "python" / "waveguard"
CORE = "_core"

WORDS = {"units", "errors"}
DATA = WORDS | {"tables", "solutions", "views", "findings", "pdk"}
JUDGES = DATA | {"metadata", "analyses", "models"}
RUNNERS = JUDGES | {"layout", "extract", "circuit", "reading", "rules"}

# Part of the package -> the parts it may import, besides itself.
MAY_SEE: dict[str, set[str]] = {
    "units": set(),
    "errors": set(),
    "views": WORDS,
    "flaws": WORDS | {"views"},
    "solutions": WORDS | {"views"},
    "tables": WORDS | {"views", "flaws", "solutions"},
    "findings": WORDS,
    "pdk": WORDS,
    "models": {"units"},
    "metadata": WORDS | {"reading"},
    "reading": WORDS | {"metadata"},
    "layout": DATA | {"metadata", "reading", CORE},
    "parts": DATA | {"metadata", "reading"},
    "extract": DATA | {"metadata", "layout", "reading", "parts", CORE},
    "statement": set(),
    "budget": WORDS | {"pdk", "statement"},
    "assembly": DATA | {"models"},
    "circuit": JUDGES | {"extract", "assembly", CORE},
    "fields": JUDGES | {"assembly", "circuit", CORE},
    "analyses": JUDGES - {"analyses"} | {"assembly", "budget", "circuit", "statement"},
    "rules": JUDGES,
    "summary": JUDGES | {"circuit"},
    "engine": RUNNERS | {"assembly", "budget", "summary", CORE},
    "optics": RUNNERS | {"budget", "engine", "assembly", "reports"},
    "exports": RUNNERS | {"engine"},
    "reports": WORDS | {"findings"},
    "designs": WORDS,
    "cli": RUNNERS | {"engine", "exports", "fields", "reports", "designs", "optics"},
    "__main__": {"cli"},
    "__init__": RUNNERS | {"engine", "optics"},
}


def part_of(path: Path) -> str:
    """Return the part of the package a file belongs to: its folder, or its own name."""
    relative = path.relative_to(PACKAGE)
    return relative.parts[0] if len(relative.parts) > 1 else relative.stem


def imported_modules(path: Path) -> Iterator[str]:
    """Yield the full names of all imported modules of ours; names imported from the package itself count as modules."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), filename=str(path))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.startswith("waveguard."))
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: line {node.lineno}: relative import"
            if node.module == "waveguard":
                yield from (f"waveguard.{alias.name}" for alias in node.names)
            elif node.module is not None and node.module.startswith("waveguard."):
                yield node.module
                yield from (f"{node.module}.{alias.name}" for alias in node.names)


def sources() -> list[Path]:
    """Return all Python sources of the package."""
    return sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_file_imports_only_what_its_part_may_see(path: Path) -> None:
    part = part_of(path)
    assert part in MAY_SEE, f"{part} has no place in MAY_SEE"
    parts = set(MAY_SEE)
    for module in imported_modules(path):
        seen = module.split(".")[1]
        if seen == part or (seen not in parts and seen != CORE):
            continue  # itself, or a public name of the package rather than a module
        assert seen in MAY_SEE[part], f"{path.name} ({part}) imports {module}"


def test_only_five_parts_import_the_compiled_one() -> None:
    users = {part_of(path) for path in sources() for module in imported_modules(path) if module.split(".")[1] == CORE}
    assert users <= {"layout", "extract", "circuit", "engine", "fields"}


def test_nobody_imports_the_command_line() -> None:
    users = {part_of(path) for path in sources() for module in imported_modules(path) if module.split(".")[1] == "cli"}
    assert users <= {"cli", "__main__"}


def test_a_rule_never_imports_another_rule() -> None:
    for path in sources():
        if part_of(path) != "rules" or path.stem.startswith("_"):
            continue
        for module in imported_modules(path):
            names = module.split(".")
            if names[1] != "rules":
                continue
            # Shared helpers start with an underscore; public names come from the package itself.
            is_file = (PACKAGE.joinpath(*names[1:]).with_suffix(".py")).is_file()
            assert not is_file or names[-1].startswith("_"), f"{path.name} imports the rule {module}"
