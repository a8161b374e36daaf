"""`waveguard extract`: what is in a layout, written down and not judged."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from waveguard.cli import _errors, _output
from waveguard.cli._progress import progress
from waveguard.cli.check import require_pdk


def extract(
    layout: Annotated[
        Path, typer.Argument(metavar="LAYOUT", help="GDSII or OASIS file, gzipped or not; told by its content.")
    ],
    pdk: Annotated[
        str | None, typer.Option(metavar="NAME", help="Name of a PDK, or the path of its TOML file.")
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
            help="File to write (repeatable): .json tables, .csv guides, .yaml or .netlist.json netlist; -: netlist.",
        ),
    ] = None,
    threads: Annotated[int, typer.Option(metavar="N", min=0, help="Threads of the core; 0: one per processor.")] = 0,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no closing line.")] = False,
) -> int:
    """Find devices, ports, guides and nets, and write them to files."""
    from waveguard import engine
    from waveguard import pdk as pdks
    from waveguard.cli import _extraction
    from waveguard.extract import extract as run_extraction
    from waveguard.layout import read
    from waveguard.units import nm_to_um

    outputs = output or [_output.STDOUT]
    paths = [Path(name) for name in outputs if name != _output.STDOUT]
    name = require_pdk(pdk)
    writers = {path: _extraction.writer_for(path) for path in paths}
    _output.refuse_same_file(paths, [layout, Path(name)])
    for path in paths:
        _output.refuse_unwritable(path)

    kit = pdks.load(name)
    with progress(quiet=quiet) as show_progress:
        file = read(layout, threads=threads, progress=show_progress)
        extraction = run_extraction(file, kit, tops=top or None, threads=threads, progress=show_progress)
    terminals = engine.circuit_of(extraction).terminals
    found = _extraction.Found(
        layout=layout.name,
        layout_sha256=file.sha256 or "",
        pdk=kit.name,
        cell_names=file.cell_names,
        tops=[file.cell_names[cell] for cell in extraction.tops],
        cross_sections=[guide.name for guide in extraction.guides],
        tables={table: extraction.handle.table(table) for table in extraction.handle.names()},
        terminals=[
            _extraction.Terminal(names, kind, nm_to_um(float(x_nm)), nm_to_um(float(y_nm)))
            for names, kind, x_nm, y_nm in zip(
                terminals.names, terminals.kind, terminals.x_nm, terminals.y_nm, strict=True
            )
        ],
    )
    if _output.STDOUT in outputs:
        _output.write_stdout(lambda out: _extraction.write_netlist_yaml(found, out), for_programs=True)
    for path, writer in writers.items():
        _output.write_file(path, lambda out, write=writer: write(found, out))  # type: ignore[misc]
    if not quiet and paths:
        n_devices, n_nets = len(found.tables["devices"]["cell"]), len(found.tables["nets"]["port_a"])
        written = ", ".join(str(path) for path in paths)
        _errors.tell(f"{n_devices} devices and {n_nets} nets; written: {written}")
    return 0
