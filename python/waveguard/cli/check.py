"""`waveguard check`: one layout against one PDK, and perhaps a link budget."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from waveguard.cli import _errors, _options, _output
from waveguard.cli._progress import progress

if TYPE_CHECKING:
    from waveguard.findings import Run
    from waveguard.reports import Report, ReportOptions


@dataclass(frozen=True)
class Target:
    """One output of a run; `path` is None for stdout."""

    path: Path | None
    report: Report


def check(
    layout: _options.Layout,
    pdk: _options.PdkName = None,
    budget: Annotated[Path | None, typer.Option(metavar="FILE", help="TOML file of links and path assertions.")] = None,
    top: Annotated[
        list[str] | None,
        typer.Option(metavar="CELL", help="Check only this cell (repeatable); all top cells without it."),
    ] = None,
    output: Annotated[
        list[str] | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Write a report: .json, .txt, or - for stdout (repeatable)."
        ),
    ] = None,
    format_: Annotated[
        str | None, typer.Option("--format", metavar="FORMAT", help="Format where no suffix tells it: text or json.")
    ] = None,
    fail_on: Annotated[
        str,
        typer.Option(
            metavar="SEVERITY", help="Least bad severity that gives exit code 1: error, warning, info or never."
        ),
    ] = "error",
    allow_incomplete: Annotated[
        bool, typer.Option("--allow-incomplete", help="End with 0 although something could not be evaluated.")
    ] = False,
    select: Annotated[
        list[str] | None,
        typer.Option(metavar="CODE", help="Run only rules of this code or prefix, and EX001 (repeatable)."),
    ] = None,
    ignore: Annotated[
        list[str] | None, typer.Option(metavar="CODE", help="Leave out rules of this code or prefix (repeatable).")
    ] = None,
    threads: _options.Threads = 0,
    show: Annotated[int, typer.Option(metavar="N", min=0, help="Rows shown per rule and table in text; 0: all.")] = 20,
    timings: Annotated[bool, typer.Option("--timings", help="Write the times of the stages into files, too.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Nothing on stdout unless -o - asks for it.")] = False,
    no_color: Annotated[bool, typer.Option("--no-color", help="No colour on a terminal either.")] = False,
) -> int:
    """Check a layout and report what is wrong with it."""
    from waveguard import engine
    from waveguard.findings import parse_severity

    targets = plan_outputs(output, format_, quiet=quiet)
    threshold = parse_severity(fail_on)
    name = require_pdk(pdk)
    paths = [target.path for target in targets if target.path is not None]
    _output.refuse_same_file(paths, [layout, budget, Path(name)])
    for path in paths:
        _output.refuse_unwritable(path)
    with progress(quiet=quiet) as show_progress:
        run = engine.check(
            layout,
            pdk=name,
            budget=budget,
            top=top or None,
            select=_split(select),
            ignore=_split(ignore),
            fail_on=threshold,
            allow_incomplete=allow_incomplete,
            threads=threads,
            progress=show_progress,
        )
    deliver(run, targets, show=show, timings=timings, no_color=no_color, quiet=quiet)
    return run.exit_code


def require_pdk(pdk: str | None) -> str:
    """Return the name of the PDK; a check without one is refused, since there is no default process."""
    from waveguard.errors import UsageError

    if not pdk:
        raise UsageError("no PDK given", hint="say --pdk NAME; `waveguard pdk list` shows the names")
    return pdk


def plan_outputs(outputs: list[str] | None, format_: str | None, *, quiet: bool) -> list[Target]:
    """Return what is to be written where; text on stdout when nothing is asked for."""
    from waveguard.errors import UsageError
    from waveguard.reports import by_name

    stdout_report = by_name(format_ or "text")
    if not outputs:
        return [] if quiet else [Target(None, stdout_report)]
    if outputs.count(_output.STDOUT) > 1:
        raise UsageError("the output is named twice", path=_output.STDOUT)
    targets = []
    for output in outputs:
        if output == _output.STDOUT:
            targets.append(Target(None, stdout_report))
        else:
            targets.append(Target(Path(output), _report_for(Path(output), format_)))
    return targets


def _report_for(path: Path, format_: str | None) -> Report:
    """Return the report for a file: by its suffix, or by --format where the suffix says nothing."""
    from waveguard.reports import all_reports, by_name, by_suffix

    if format_ and path.suffix.lower() not in {report.suffix for report in all_reports()}:
        return by_name(format_)
    return by_suffix(path)


def deliver(run: Run, targets: list[Target], *, show: int, timings: bool, no_color: bool, quiet: bool) -> None:
    """Write all outputs; when only files were asked for, say on stderr how it went."""
    from waveguard.reports import ReportOptions
    from waveguard.reports.text import summary

    for target in targets:
        if target.path is None:
            # People at a terminal want to know how long it took; a program that reads JSON wants equal bytes.
            color = _output.wants_color(sys.stdout, refused=no_color)
            people = target.report.name == "text"
            options = ReportOptions(color=color, timings=timings or people, max_rows=show)
            write = target.report.write
            _output.write_stdout(lambda out, w=write, o=options: w(run, out, o), for_programs=not people)  # type: ignore[misc]
        else:
            _write(run, target.path, target.report, ReportOptions(timings=timings, max_rows=show))
    if targets and not quiet and all(target.path is not None for target in targets):
        written = ", ".join(str(target.path) for target in targets)
        _errors.tell(f"{summary(run, timings=True)}\nwritten: {written}")


def _write(run: Run, path: Path, report: Report, options: ReportOptions) -> None:
    _output.write_file(path, lambda out: report.write(run, out, options))


def _split(values: list[str] | None) -> list[str] | None:
    """Return repeated options as one list; rule codes may also be given as `A,B`."""
    if not values:
        return None
    return [part.strip() for value in values for part in value.split(",") if part.strip()]
