"""`waveguard loss`: what the light loses on every path, by cause, and how well that is known."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from waveguard.cli import _optics, _output
from waveguard.cli._progress import progress
from waveguard.cli.check import require_pdk


def loss(
    layout: Annotated[
        Path, typer.Argument(metavar="LAYOUT", help="GDSII or OASIS file, gzipped or not; told by its content.")
    ],
    pdk: Annotated[
        str | None, typer.Option(metavar="NAME", help="Name of a PDK, or the path of its TOML file.")
    ] = None,
    wl: Annotated[
        list[str] | None,
        typer.Option(
            metavar="UM",
            help="Wavelengths in um: 1.55, or 1.53,1.55, or first:last:step (repeatable); "
            "without it each part counts at the one it is stated for.",
        ),
    ] = None,
    corner: Annotated[
        str, typer.Option(metavar="CORNER", help="typ; or min or max: all losses at the limits of the PDK.")
    ] = "typ",
    bias: Annotated[
        float,
        typer.Option(metavar="NM", help="Nanometres by which the process moves each edge of a core outwards."),
    ] = 0.0,
    max_loss: Annotated[
        float | None, typer.Option("--max-loss", metavar="DB", help="End with 1 when a path loses more than this.")
    ] = None,
    top: Annotated[
        list[str] | None,
        typer.Option(metavar="CELL", help="Look only into this cell (repeatable); all top cells without it."),
    ] = None,
    output: Annotated[
        list[str] | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="File to write (repeatable), by suffix: .csv paths, .json all tables, .txt, .png or .svg ledger and "
            "spectrum; - for text on stdout.",
        ),
    ] = None,
    show: Annotated[int, typer.Option(metavar="N", min=0, help="Rows shown in text; 0: all.")] = 20,
    allow_incomplete: Annotated[
        bool, typer.Option("--allow-incomplete", help="End with 0 although something could not be worked out.")
    ] = False,
    threads: Annotated[int, typer.Option(metavar="N", min=0, help="Threads of the core; 0: one per processor.")] = 0,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Nothing on stdout unless -o - asks for it.")] = False,
) -> int:
    """Work out the loss of every path, the worst first, with its ledger and uncertainty."""
    from waveguard import optics
    from waveguard.optics import text

    name = require_pdk(pdk)
    paths = _optics.check_outputs(output, [layout, Path(name)])
    waves = _optics.wavelengths(wl)
    with progress(quiet=quiet) as show_progress:
        report = optics.loss(
            layout,
            name,
            wavelengths_um=waves,
            corner=corner,
            edge_bias_nm=bias,
            top=top or None,
            threads=threads,
            progress=show_progress,
        )
    wanted = (not quiet and not output) or _output.STDOUT in (output or ())
    _optics.deliver(report, paths, lambda out: text.write_loss(report, out, show=show), stdout=wanted)
    found = []
    if max_loss is not None:
        table = report.paths
        found = [
            f"{table['from'][k]} to {table['to'][k]} loses {table['loss_db'][k]:.2f} dB, more than {max_loss:g} dB"
            for k in range(len(report))
            if table["loss_db"][k] > max_loss
        ]
    return _optics.exit_code(found, report.incomplete, allow_incomplete=allow_incomplete, quiet=quiet)
