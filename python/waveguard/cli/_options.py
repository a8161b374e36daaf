"""Arguments and options that several commands take, declared once: the same words mean the same everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

Layout: TypeAlias = Annotated[
    Path, typer.Argument(metavar="LAYOUT", help="GDSII or OASIS file, gzipped or not; told by its content.")
]
PdkName: TypeAlias = Annotated[
    str | None, typer.Option("--pdk", metavar="NAME", help="Name of a PDK, or the path of its TOML file.")
]
Top: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--top", metavar="CELL", help="Look only into this cell (repeatable); all top cells without it."),
]
Bias: TypeAlias = Annotated[
    float,
    typer.Option("--bias", metavar="NM", help="Nanometres by which the process moves each edge of a core outwards."),
]
Show: TypeAlias = Annotated[int, typer.Option("--show", metavar="N", min=0, help="Rows shown in text; 0: all.")]
AllowIncomplete: TypeAlias = Annotated[
    bool, typer.Option("--allow-incomplete", help="End with 0 although something could not be worked out.")
]
Threads: TypeAlias = Annotated[
    int, typer.Option("--threads", metavar="N", min=0, help="Threads of the core; 0: one per processor.")
]
Quiet: TypeAlias = Annotated[bool, typer.Option("--quiet", "-q", help="Nothing on stdout unless -o - asks for it.")]
