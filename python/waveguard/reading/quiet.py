"""Keeping a library from writing to the error output of the process behind Python's back."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

STDERR = 2


@contextmanager
def silent_stderr() -> Iterator[None]:
    """Send what is written to the error output by compiled code to nowhere while the block runs.

    It is a property of the process: what other threads write meanwhile is lost too, so keep the block short.
    """
    try:
        kept = os.dup(STDERR)
    except OSError:  # there is none
        yield
        return
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(nowhere, STDERR)
        finally:
            os.close(nowhere)
        yield
    finally:
        os.dup2(kept, STDERR)
        os.close(kept)
