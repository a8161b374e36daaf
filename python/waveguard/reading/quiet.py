"""Keeping gdstk from speaking behind Python's back: it writes to the error output of the process, and warns."""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

STDERR = 2
_ONE_AT_A_TIME = threading.RLock()


@contextmanager
def quiet_gdstk() -> Iterator[None]:
    """Let gdstk say nothing while the block runs.

    What it says (missing cells, records it passes over, paths without length) is found by the scan and the core too,
    with its place. Both outputs belong to the process, so what other threads write meanwhile is lost: keep the block
    short, and call nobody else in it.
    """
    with _ONE_AT_A_TIME, warnings.catch_warnings(), _silent_stderr():
        warnings.simplefilter("ignore")
        yield


@contextmanager
def _silent_stderr() -> Iterator[None]:
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
