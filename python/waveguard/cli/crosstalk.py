"""`waveguard crosstalk`: who disturbs each receiver, and which guides couple."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from waveguard.cli import _optics, _options, _output
from waveguard.cli._progress import progress
from waveguard.cli.check import require_pdk


def crosstalk(
    layout: _options.Layout,
    pdk: _options.PdkName = None,
    wl: Annotated[
        str | None,
        typer.Option(metavar="UM", help="Light in all guides in um; that of each cross-section without it."),
    ] = None,
    corner: Annotated[
        str, typer.Option(metavar="CORNER", help="typ; or min or max: all losses and leaks at the limits of the PDK.")
    ] = "typ",
    bias: _options.Bias = 0.0,
    light: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=UM", help="Wavelength of the source at a terminal (repeatable)."),
    ] = None,
    channels: Annotated[
        list[str] | None,
        typer.Option(metavar="UM", help="Channels that rings are to tell apart: as --wl of `loss` (repeatable)."),
    ] = None,
    q: Annotated[
        float, typer.Option(metavar="Q", help="Gaussian argument of the error rate for penalties; 3.49 is 2.4e-4.")
    ] = 3.492,
    limit: Annotated[
        float | None,
        typer.Option(
            metavar="DB", help="End with 1 when the crosstalk of a victim, worst phases, is above this level."
        ),
    ] = None,
    top: _options.Top = None,
    output: Annotated[
        list[str] | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="File to write (repeatable), by suffix: .csv aggressors, .json all tables, .txt, .png or .svg matrix; "
            "- for text on stdout.",
        ),
    ] = None,
    show: _options.Show = 20,
    allow_incomplete: _options.AllowIncomplete = False,
    threads: _options.Threads = 0,
    quiet: _options.Quiet = False,
) -> int:
    """Work out the crosstalk of every receiver, with its aggressors and where they act."""
    from waveguard import optics
    from waveguard.errors import UsageError
    from waveguard.optics import text

    name = require_pdk(pdk)
    paths = _optics.check_outputs(output, [layout, Path(name)])
    waves = _optics.wavelengths([wl] if wl is not None else None)
    _optics.refuse_nan(limit)
    if waves is not None and len(waves) > 1:
        raise UsageError("crosstalk takes one wavelength", hint="run it once per wavelength")
    with progress(quiet=quiet) as show_progress:
        report = optics.crosstalk(
            layout,
            name,
            wavelength_um=waves[0] if waves else None,
            corner=corner,
            edge_bias_nm=bias,
            light_um=_optics.named_numbers(light),
            channels_um=_optics.wavelengths(channels) or (),
            q=q,
            top=top or None,
            threads=threads,
            progress=show_progress,
        )
    wanted = (not quiet and not output) or _output.STDOUT in (output or ())
    _optics.deliver(report, paths, lambda out: text.write_crosstalk(report, out, show=show), stdout=wanted, quiet=quiet)
    found, incomplete = [], report.incomplete
    if limit is not None:
        if not len(report):
            incomplete = (*incomplete, "no place was found that receives a signal: --limit judged nothing")
        table = report.victims
        for k in range(len(report)):
            worst = max(table["coherent_worst_db"][k], table["other_wavelength_db"][k])
            if worst > limit:
                found.append(f"{table['victim'][k]} receives crosstalk of {worst:.1f} dB, more than {limit:g} dB")
    return _optics.exit_code(found, incomplete, allow_incomplete=allow_incomplete, quiet=quiet)
