"""`waveguard extract`: what is in a layout, written down and not judged."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from waveguard.cli import _errors, _options, _output
from waveguard.cli._progress import progress
from waveguard.cli.check import require_pdk


def extract(
    layout: _options.Layout,
    pdk: _options.PdkName = None,
    top: _options.Top = None,
    output: Annotated[
        list[str] | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="File to write (repeatable), by suffix: .yaml netlist for gdsfactory and SAX, .spi of SiEPIC, "
            ".csv guides, .json all tables, .gds or .oas overlay for KLayout, .svg or .png picture; - for the netlist.",
        ),
    ] = None,
    threads: _options.Threads = 0,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no closing line.")] = False,
) -> int:
    """Find devices, ports, guides and nets, and write them to files."""
    from waveguard import engine
    from waveguard import pdk as pdks
    from waveguard.exports import export_for
    from waveguard.exports.gather import gather
    from waveguard.exports.netlist import write_netlist_yaml
    from waveguard.exports.outcome import closing_line, largest_gap, missing_network
    from waveguard.extract import extract as run_extraction
    from waveguard.layout import read

    outputs = output or [_output.STDOUT]
    paths = [Path(name) for name in outputs if name != _output.STDOUT]
    name = require_pdk(pdk)
    exports = {path: export_for(path) for path in paths}
    beside = dict(one for path, export in exports.items() for one in export.companions(path))
    # An overlay as .gds and one as .oas share their layer properties.
    _output.refuse_same_file([*paths, *beside], [layout, Path(name)])
    for path in (*paths, *beside):
        _output.refuse_unwritable(path)

    kit = pdks.load(name)
    with progress(quiet=quiet) as show_progress:
        file = read(layout, threads=threads, progress=show_progress)
        extraction = run_extraction(file, kit, tops=top or None, threads=threads, progress=show_progress)
    found = gather(extraction)
    if _output.STDOUT in outputs:
        _output.write_stdout(lambda out: write_netlist_yaml(found, out), for_programs=True)
    for path, export in exports.items():
        _output.write_file(path, lambda out, write=export.write: write(found, out), binary=export.binary)  # type: ignore[misc]
    for path, write in beside.items():
        _output.write_file(path, lambda out, write=write: write(found, out))  # type: ignore[misc]
    if not quiet:
        written = f"; written: {', '.join(str(path) for path in (*paths, *beside))}" if paths else ""
        _errors.tell(f"{closing_line(found)}{written}")
        gap = largest_gap(found)
        if gap:
            _errors.tell(gap)
    missing = [one.reason for one in engine.nothing_to_see(file, extraction)]
    missing = missing or [reason for reason in [missing_network(found)] if reason]
    if missing:
        where = f"{layout}: " if len(found.tops) != 1 else f"{layout}, {found.tops[0]}: "
        hint = "the PDK must describe the convention of the file: see `waveguard pdk show` and `waveguard check`"
        _errors.complain(f"{where}{missing[0]}", hint)
        return _errors.EXIT_INCOMPLETE
    return 0
