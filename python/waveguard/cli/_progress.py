"""Progress of long work, on stderr and only when that is a terminal."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import TypeAlias

ProgressCallback: TypeAlias = Callable[[str, int, int], None]


@contextlib.contextmanager
def progress(*, quiet: bool) -> Iterator[ProgressCallback | None]:
    """Yield a callback `(stage, done, total)`, or None when nobody would see it."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("reading", total=None)

        def show(stage: str, done: int, total: int) -> None:
            bar.update(task, description=stage.replace("_", " "), completed=done, total=total or None)

        yield show
