"""Reading a layout: GDSII or OASIS, plain or gzipped, or a gdstk library → `LayoutFile`.

The order is what keeps a damaged file from harming us: the bytes are walked by the scanner of the core first, and
only bytes that passed are given to gdstk, which trusts what it reads.

Of GDSII, gdstk gets only what is left without plain polygons. The walk passes all their bytes anyway, which are nearly
all of a flat layout, and the core takes the vertices from where they lie; reading them as objects first would take
several times as long. Everything else (structures, placements, paths, texts, properties), OASIS and libraries in memory
stay with gdstk.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import gdstk

from waveguard import _core
from waveguard.errors import LayoutFileError, LayoutFormatError
from waveguard.metadata import CellMetadata, read_context
from waveguard.reading import source as sources
from waveguard.reading.columns import Contents, Label, take_apart
from waveguard.reading.problem import Problem
from waveguard.reading.quiet import quiet_gdstk

Progress = Callable[[str, int, int], None]
"""Called with the stage, the steps done and the steps in all."""

MIB = 1 << 20


@dataclass(frozen=True)
class LayoutFile:
    """A layout as read: the handle of the core, and what only Python needs to know about it."""

    path: Path | None
    """None for a library that was handed over in memory."""
    sha256: str | None
    """Of the bytes on disk."""
    bytes: int
    """Size on disk."""
    format: Literal["GDSII", "OASIS", "gdstk"]
    compressed: bool
    user_unit_m: float
    dbu_nm: float
    """Database unit of the file, in which `labels`, `metadata` and `problems` count."""
    handle: _core.Layout
    cell_names: tuple[str, ...]
    """By cell index; may hold empty and equal names."""
    labels: tuple[Label, ...]
    """All texts, by cell, in file order."""
    repetitions: tuple[tuple[Any, ...], ...]
    """What `Label.repetition` counts: `("single",)`, `("grid", columns, rows, v1x, v1y, v2x, v2y)` or `("listed",
    xy)`, in dbu.
    """
    metadata: Mapping[str, CellMetadata]
    """What the file says about its cells beyond their shapes, by cell name; cells about which it says nothing are
    absent.
    """
    problems: tuple[Problem, ...]
    """What is wrong with the file although it could be read."""

    @property
    def grid_nm(self) -> float:
        """Step in which the core counts: the database unit, or the coarser grid that all of the file is drawn on."""
        return self.handle.dbu_nm

    @cached_property
    def tops(self) -> tuple[str, ...]:
        """Names of the cells that no other cell places."""
        return tuple(self.cell_names[i] for i in self.handle.tops)

    def labels_of(self, cell: int) -> Iterator[Label]:
        """Texts of one cell."""
        return (label for label in self.labels if label.cell == cell)


def read(source: str | Path | gdstk.Library, *, threads: int = 0, progress: Progress | None = None) -> LayoutFile:
    """Read a layout.

    Parameters
    ----------
    source
        A GDSII or OASIS file, told apart by content, gzipped or not; or a gdstk library.
    threads
        Threads of the core; 0 means as many as there are processors.
    progress
        Called now and then with the stage, the steps done and in all.

    Raises
    ------
    LayoutFileError
        When the file is missing, unreadable, damaged or no layout. It names the file, the place and a remedy.
    """
    if isinstance(source, gdstk.Library):
        contents = take_apart(source, shapes_repeat=True, owned=False, progress=_cells(progress))
        return _finish(contents, source, progress, threads)
    file = sources.load(Path(source))
    with ThreadPoolExecutor(1) as aside:
        sha256 = aside.submit(lambda: hashlib.sha256(file.stored).hexdigest())
        contents, library, report = _read_file(file, progress)
    return _finish(contents, library, progress, threads, file=file, report=report, sha256=sha256.result())


def _read_file(file: sources.Source, progress: Progress | None) -> tuple[Contents, gdstk.Library, dict[str, Any]]:
    _tell(progress, "scan", 0, len(file.data) // MIB)
    report = _scan(file)
    _tell(progress, "read", 0, len(file.data) // MIB)
    # In units of its grid, a GDSII file has whole numbers for coordinates.
    boundaries: _core.Boundaries | None = report["boundaries"]
    rest = boundaries.rest() if boundaries is not None else None
    library = _gdstk_library(file, unit_m=report["dbu_m"], rest=rest)
    contents = take_apart(
        library,
        shapes_repeat=bool(report["shapes_repeat"]),
        owned=True,
        on_grid=file.format == "GDSII",
        cell_names=report["cell_names"],
        widthless_paths=frozenset(report["widthless_paths"]),
        boundaries=boundaries,
        progress=_cells(progress),
    )
    for code, subject in report["problems"]:
        contents.problems.add(code, subject=subject)
    return contents, library, report


def _finish(
    contents: Contents,
    library: gdstk.Library,
    progress: Progress | None,
    threads: int,
    *,
    file: sources.Source | None = None,
    report: Mapping[str, Any] | None = None,
    sha256: str | None = None,
) -> LayoutFile:
    columns = contents.columns
    dbu_nm = float(columns["dbu_nm"])
    metadata = read_context(library, contents.cells, contents.names, contents.context, dbu_nm, contents.problems)
    handle = _core.build_layout(columns, progress, threads)
    table, dbu_per_step = handle.problems(), handle.dbu_nm / dbu_nm
    of_core = (
        Problem(code, cell, float(x) * dbu_per_step, float(y) * dbu_per_step, subject, int(count))
        for code, cell, x, y, subject, count in zip(
            table["code"], table["cell"], table["x_dbu"], table["y_dbu"], table["subject"], table["count"], strict=True
        )
    )
    return LayoutFile(
        path=file.path if file is not None else None,
        sha256=sha256,
        bytes=len(file.stored) if file is not None else 0,
        format=file.format if file is not None else "gdstk",
        compressed=file is not None and file.compressed,
        user_unit_m=float(report["user_unit_m"]) if report is not None else library.unit,
        dbu_nm=dbu_nm,
        handle=handle,
        cell_names=tuple(contents.names),
        labels=tuple(contents.labels),
        repetitions=tuple(columns["repetitions"]),
        metadata=metadata,
        problems=(*contents.problems.items(), *of_core),
    )


def _scan(file: sources.Source) -> dict[str, Any]:
    try:
        report: dict[str, Any] = _core.scan_layout(file.data)
    except LayoutFormatError as error:
        again = LayoutFormatError(
            error.message,
            path=file.path,
            place=error.place,
            hint=error.hint or "the file is damaged or incomplete: copy or export it again",
        )
        again.offset = error.offset
        raise again from None
    return report


def _gdstk_library(file: sources.Source, unit_m: float, rest: bytes | None = None) -> gdstk.Library:
    """Let gdstk read a file, or what is left of it."""
    read_file = gdstk.read_gds if file.format == "GDSII" else gdstk.read_oas
    with sources.plain_file(file, rest) as path, quiet_gdstk():
        try:
            return read_file(path, unit=unit_m)
        except (OSError, RuntimeError, MemoryError) as error:
            raise LayoutFileError(
                f"well-formed {file.format}, but gdstk cannot read it: {str(error) or type(error).__name__}",
                path=file.path,
                hint="open and save it again with KLayout, and please report the file",
            ) from error


def _tell(progress: Progress | None, stage: str, done: int, total: int) -> None:
    if progress is not None:
        progress(stage, done, total)


def _cells(progress: Progress | None) -> Callable[[int, int], None] | None:
    return None if progress is None else lambda done, total: progress("cells", done, total)
