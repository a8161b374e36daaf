"""What `waveguard loss` and `waveguard crosstalk` share: wavelengths as text, outputs, exit codes."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING

from waveguard.cli import _errors, _output
from waveguard.cli._wavelengths import wavelengths_um

if TYPE_CHECKING:
    from waveguard.optics.files import Report

EXIT_FINDINGS = 1
MAX_WAVELENGTHS = 10_000


def wavelengths(texts: Sequence[str] | None) -> list[float] | None:
    """Return the wavelengths in um of options, each once, as `wavelengths_um` reads them.

    Raises
    ------
    UsageError
        A text is none of these.
    """
    found = [one for text in texts or () for one in wavelengths_um(text, MAX_WAVELENGTHS)]
    return list(dict.fromkeys(found)) or None


def refuse_nan(limit: float | None) -> None:
    """Raise UsageError when a limit is none: whatever is compared with it would pass."""
    from waveguard.errors import UsageError

    if limit is not None and math.isnan(limit):
        raise UsageError("the limit is not a number", hint="give a level in dB")


def named_numbers(texts: Sequence[str] | None) -> dict[str, float]:
    """Return the terminals and wavelengths of options such as `laser_1=1.5501`.

    Raises
    ------
    UsageError
        A text is no name and number.
    """
    from waveguard.errors import UsageError

    found = {}
    for text in texts or ():
        name, equals, number = text.rpartition("=")
        try:
            if not equals or not name:
                raise ValueError
            found[name.strip()] = float(number)
        except ValueError:
            raise UsageError(f"'{text}' is no NAME=UM", hint="write e.g. --light laser_1=1.5501") from None
    return found


def check_outputs(output: Sequence[str] | None, inputs: Sequence[Path | None]) -> list[Path]:
    """Return the files to write, after a look at whether they can be."""
    from waveguard.optics import files

    paths = [Path(name) for name in output or () if name != _output.STDOUT]
    for path in paths:
        files.check_suffix(path)
    _output.refuse_same_file(paths, list(inputs))
    for path in paths:
        _output.refuse_unwritable(path)
    return paths


def deliver(
    report: Report, paths: Sequence[Path], text: Callable[[IO[str]], None], *, stdout: bool, quiet: bool
) -> None:
    """Write the files, and the text to stdout when it is wanted there."""
    from waveguard.optics import files

    for path in paths:
        _output.write_file(path, files.writer(report, path), binary=files.is_binary(path))
    if stdout:
        _output.write_stdout(text)
        sys.stdout.flush()
    tell_written(paths, quiet=quiet)


def tell_written(paths: Sequence[Path], *, quiet: bool) -> None:
    """Say on stderr which files were written."""
    if paths and not quiet:
        _errors.tell(f"written: {', '.join(map(str, paths))}")


def exit_code(found: Sequence[str], incomplete: Sequence[str], *, allow_incomplete: bool, quiet: bool) -> int:
    """Say on stderr what exceeds a limit and what is incomplete, and return the exit code."""
    for line in found:
        _errors.tell(f"finding: {line}")
    if found:
        return EXIT_FINDINGS
    if incomplete and not allow_incomplete:
        if not quiet:
            _errors.tell(
                f"incomplete: {incomplete[0]}" + (f"; and {len(incomplete) - 1} more" if incomplete[1:] else "")
            )
        return _errors.EXIT_INCOMPLETE
    return 0
