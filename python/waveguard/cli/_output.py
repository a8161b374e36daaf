"""Where results go: stdout, or files that appear complete or not at all."""

from __future__ import annotations

import contextlib
import os
import stat
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

from waveguard.errors import UsageError

STDOUT = "-"


def wants_color(stream: TextIO, *, refused: bool) -> bool:
    """Return whether to colour: on a terminal, unless refused by option or by NO_COLOR (https://no-color.org)."""
    return not refused and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb" and stream.isatty()


def refuse_unwritable(path: Path) -> None:
    """Raise UsageError when `path` cannot be written, before any work is done for it."""
    folder = path.parent
    if path.is_dir():
        raise UsageError("cannot write the output: it is a folder", path=path, hint="name a file in it")
    if not folder.is_dir():
        raise UsageError("cannot write the output: no such folder", path=path, hint=f"create {folder} first")
    target = path if path.exists() and not _is_regular(path) else folder
    if not os.access(target, os.W_OK):
        raise UsageError("cannot write the output: no permission", path=path, hint="choose another place with -o")


def refuse_same_file(outputs: list[Path], inputs: list[Path | None]) -> None:
    """Raise UsageError when an output is named twice or would overwrite an input."""
    seen: set[Path] = set()
    taken = {path.resolve() for path in inputs if path is not None}
    for path in outputs:
        real = path.resolve()
        if real in taken:
            raise UsageError("the output would overwrite an input", path=path, hint="choose another name with -o")
        if real in seen:
            raise UsageError("the output is named twice", path=path)
        seen.add(real)


def write_file(path: Path, write: Callable[[Any], object], *, binary: bool = False) -> None:
    """Write a file by way of a temporary one beside it, so that no reader ever sees half of it.

    `write` gets a file for text, or for bytes when it is `binary`.
    """
    try:
        if path.exists() and not _is_regular(path):  # a pipe or a device must not be replaced
            with path.open(**_mode(binary)) as out:
                write(out)
            return
        _replace(path.resolve(), write, binary=binary)
    except OSError as error:
        raise UsageError(f"cannot write the output: {error.strerror}", path=path) from error


def write_stdout(write: Callable[[TextIO], object], *, for_programs: bool = False) -> None:
    """Write to stdout: for people what their terminal can show, for programs the bytes that a file would get."""
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(**({"encoding": "utf-8", "newline": "\n"} if for_programs else {"errors": "replace"}))
    try:
        write(sys.stdout)
        sys.stdout.flush()
    except BrokenPipeError:
        raise  # the reader has gone, and knows why
    except OSError as error:
        # What is still in the buffer would fail again when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise UsageError(f"cannot write to stdout: {error.strerror}") from error


def _is_regular(path: Path) -> bool:
    return stat.S_ISREG(path.stat().st_mode)


def _mode(binary: bool) -> dict[str, Any]:
    return {"mode": "wb"} if binary else {"mode": "w", "encoding": "utf-8", "newline": "\n"}


def _replace(path: Path, write: Callable[[Any], object], *, binary: bool) -> None:
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, **_mode(binary)) as out:
            write(out)
        temporary.chmod(stat.S_IMODE(path.stat().st_mode) if path.exists() else 0o666 & ~_umask())
        temporary.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
