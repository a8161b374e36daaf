"""The one tree of exceptions.

What a newcomer gets wrong: what is wrong with a *layout* is a finding, not an exception. An exception means that we
cannot go on: the input cannot be read (`InputError`), the call makes no sense (`UsageError`), something asked for could
not be worked out (`IncompleteError`), or waveguard has a bug (`InternalError`). The command line turns the first two
into exit code 2 and the last two into 3.
"""

from __future__ import annotations

import os
from functools import partial
from typing import Any


class WaveguardError(Exception):
    """Base of everything that waveguard raises on purpose.

    Parameters
    ----------
    message
        What is wrong, one sentence, for the user.
    path
        The file it is about.
    place
        Where in that file or layout: ``line 12, links[0].to``, ``byte 4096``, ``top MZI at (12.5, 3.0) um``.
    hint
        What to do about it.
    """

    def __init__(
        self,
        message: str,
        *,
        path: str | os.PathLike[str] | None = None,
        place: str | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.path = None if path is None else os.fspath(path)
        self.place = place
        self.hint = hint

    def __str__(self) -> str:
        where = ", ".join(part for part in (self.path, self.place) if part)
        text = f"{where}: {self.message}" if where else self.message
        return f"{text}\nhint: {self.hint}" if self.hint else text

    def __reduce__(self) -> tuple[Any, ...]:
        # Exceptions cross process borders (Dask, multiprocessing); keyword arguments would be lost.
        again = partial(type(self), path=self.path, place=self.place, hint=self.hint)
        return again, (self.message,), {k: v for k, v in self.__dict__.items() if k not in ("message", "path", "place")}


class InputError(WaveguardError):
    """A file or a value that came from outside cannot be used."""


class LayoutFileError(InputError):
    """The layout file cannot be read."""


class LayoutFormatError(LayoutFileError):
    """The bytes are no well-formed GDSII or OASIS stream; `offset` is the byte at which reading stopped."""

    offset: int = -1


class PdkError(InputError):
    """The PDK file is not found, not readable, or not valid."""


class BudgetError(InputError):
    """The link budget file is not found, not readable, or not valid."""


class PlanError(InputError):
    """A plan handed to the core (recipe, solver options) is not valid."""


class UsageError(WaveguardError):
    """The call itself makes no sense: options that exclude each other, an unknown name, a value out of range."""


class IncompleteError(WaveguardError):
    """Something asked for could not be worked out, so there is no answer that could be trusted."""


class InternalError(WaveguardError):
    """A bug in waveguard; please report it."""
