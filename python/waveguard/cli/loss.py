"""`waveguard loss`: what the light loses on every path, by cause, and how well that is known."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from waveguard.cli import _optics, _options, _output
from waveguard.cli._progress import progress
from waveguard.cli.check import require_pdk
from waveguard.errors import UsageError

if TYPE_CHECKING:
    from waveguard.optics.sampling import SampledLoss


def loss(
    layout: _options.Layout,
    pdk: _options.PdkName = None,
    wl: Annotated[
        list[str] | None,
        typer.Option(
            metavar="UM",
            help="Wavelengths in um: 1.55, or 1.53,1.55, or first:last:step, or first:last:number (repeatable); "
            "without it each part counts at the one it is stated for.",
        ),
    ] = None,
    corner: Annotated[
        str, typer.Option(metavar="CORNER", help="typ; or min or max: all losses at the limits of the PDK.")
    ] = "typ",
    bias: _options.Bias = 0.0,
    max_loss: Annotated[
        float | None, typer.Option("--max-loss", metavar="DB", help="End with 1 when a path loses more than this.")
    ] = None,
    samples: Annotated[
        int | None,
        typer.Option(
            "--samples",
            metavar="N",
            help="Draw so many chips over what the PDK does not know exactly: quantiles, yield.",
        ),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", metavar="S", help="Seed of the samples.")] = 0,
    budget: Annotated[
        Path | None,
        typer.Option(
            "--budget", metavar="FILE", help="Sample the links of this budget, each against what it can bear."
        ),
    ] = None,
    min_yield: Annotated[
        float | None,
        typer.Option(
            "--min-yield",
            metavar="SHARE",
            min=0.0,
            max=1.0,
            help="End with 1 when fewer of the sampled chips keep a limit (--max-loss or --budget), or may do so.",
        ),
    ] = None,
    hold_path: Annotated[
        bool,
        typer.Option(
            "--hold-path", help="Sample the path that is worst as stated, not the worst of every chip: faster."
        ),
    ] = False,
    top: _options.Top = None,
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
    show: _options.Show = 20,
    allow_incomplete: _options.AllowIncomplete = False,
    threads: _options.Threads = 0,
    quiet: _options.Quiet = False,
) -> int:
    """Work out the loss of every path, the worst first, with its ledger and uncertainty."""
    from waveguard import optics
    from waveguard.optics import text
    from waveguard.optics.sampling import SamplePlan

    name = require_pdk(pdk)
    paths = _optics.check_outputs(output, [layout, Path(name), budget])
    waves = _optics.wavelengths(wl)
    _optics.refuse_nan(max_loss)
    plan = None
    if samples is not None:
        plan = SamplePlan(samples, seed=seed, limit_db=max_loss, budget=budget, hold_path=hold_path)
    _needs_samples(plan is not None, budget=budget, min_yield=min_yield, hold_path=hold_path, seed=seed)
    if min_yield is not None and max_loss is None and budget is None:
        raise UsageError("--min-yield without a limit", hint="give --max-loss DB or --budget FILE")
    with progress(quiet=quiet) as show_progress:
        report = optics.loss(
            layout,
            name,
            wavelengths_um=waves,
            corner=corner,
            edge_bias_nm=bias,
            top=top or None,
            samples=plan,
            threads=threads,
            progress=show_progress,
        )
    wanted = (not quiet and not output) or _output.STDOUT in (output or ())
    _optics.deliver(report, paths, lambda out: text.write_loss(report, out, show=show), stdout=wanted, quiet=quiet)
    found = []
    if max_loss is not None:
        table = report.paths
        found = [
            f"{table['from'][k]} to {table['to'][k]} loses {table['loss_db'][k]:.2f} dB, more than {max_loss:g} dB"
            for k in range(len(report))
            if table["loss_db"][k] > max_loss
        ]
    if min_yield is not None and report.sampled is not None:
        found += _too_few(report.sampled, min_yield)
    return _optics.exit_code(found, report.incomplete, allow_incomplete=allow_incomplete, quiet=quiet)


def _needs_samples(sampled: bool, **given: object) -> None:
    for name, value in given.items():
        if value and not sampled:
            raise UsageError(f"--{name.replace('_', '-')} without samples", hint="give --samples N, for example 10000")


def _too_few(sampled: SampledLoss, min_yield: float) -> list[str]:
    """Say which paths keep their limit on too few chips; the lower end of the confidence interval counts."""
    table = sampled.paths
    return [
        f"{table['from'][k]} to {table['to'][k]} keeps {table['limit_db'][k]:g} dB on {100 * table['yield'][k]:.4g} % "
        f"of chips, with 95 % confidence on {100 * table['yield_low'][k]:.4g} % or more; {100 * min_yield:g} % wanted"
        for k in range(len(sampled))
        if table["yield_low"][k] < min_yield
    ]
