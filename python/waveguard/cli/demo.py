"""`waveguard demo`: generate a small link chip, check it, and say how to go on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from waveguard.cli import _errors
from waveguard.cli.check import check


def demo(
    out: Annotated[
        Path, typer.Option(metavar="FOLDER", help="Folder for the layout and its budget; created when missing.")
    ] = Path("demo"),
    clean: Annotated[
        bool, typer.Option("--clean", help="Write and check the twin without faults, which ends with 0.")
    ] = False,
    no_color: Annotated[bool, typer.Option("--no-color", help="No colour on a terminal either.")] = False,
) -> int:
    """Write an example chip with planted faults, check it, and show the report.

    The example is meant to fail, so the command itself ends with 0 when the check found the faults.
    """
    from waveguard.designs import demo as design
    from waveguard.errors import IncompleteError, UsageError

    try:
        out.mkdir(parents=True, exist_ok=True)
        written = design.write(out, faults=not clean)
    except OSError as error:
        raise UsageError(
            f"cannot write the demo: {error.strerror}", path=out, hint="choose a folder with --out"
        ) from error
    code = check(written.layout, pdk=written.pdk, budget=written.budget, no_color=no_color)
    expected = 0 if clean else 1
    if code != expected:
        message = f"the check of the demo ended with {code}, not with {expected}"
        raise IncompleteError(message, path=written.layout)
    _errors.tell(_next_steps(written.layout, written.budget, written.pdk, design.FAULTS, clean=clean))
    return 0


def _next_steps(layout: Path, budget: Path, pdk: str, faults: tuple[str, ...], *, clean: bool) -> str:
    lines = [""]
    if clean:
        lines.append("This is the chip without faults: check ends with exit code 0.")
    else:
        lines.append("Planted faults, which the report above should name:")
        lines += [f"  - {fault}" for fault in faults]
        lines.append(
            "`waveguard check` ends with exit code 1 for this chip; this command ends with 0, having shown it."
        )
    lines += [
        "Next steps:",
        f"  waveguard check {layout} --pdk {pdk} --budget {budget} -o report.json",
        "  waveguard explain CN001",
        f"  waveguard pdk show {pdk}",
    ]
    if not clean:
        lines.append("  waveguard demo --clean")
    return "\n".join(lines)
