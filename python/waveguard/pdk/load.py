"""A PDK by name or by file.

The fact a newcomer would get wrong: there is no active PDK. It is passed to every call that needs one.
"""

from __future__ import annotations

import functools
import os
from pathlib import Path

from waveguard.errors import PdkError
from waveguard.pdk import find
from waveguard.pdk.quantity import nearest
from waveguard.pdk.schema import Pdk
from waveguard.pdk.tomlfile import read_model, read_text


def from_text(text: str, file: str = "pdk.toml") -> Pdk:
    """Return the PDK that a TOML text describes; `file` is the name used in messages."""
    return read_model(Pdk, text, file, PdkError)


@functools.lru_cache(maxsize=32)
def _bundled(name: str) -> Pdk:
    source = find.bundled()[name]
    return from_text(source.read_text(encoding="utf-8"), f"{name}.toml")


def is_file_name(name_or_path: str | os.PathLike[str]) -> bool:
    """Return whether a PDK is given as a file: what ends in `.toml` or holds a path separator, and every `Path`."""
    text = os.fspath(name_or_path)
    return not isinstance(name_or_path, str) or text.endswith(".toml") or "/" in text or os.sep in text


def load(name_or_path: str | os.PathLike[str] | Pdk) -> Pdk:
    """Return a PDK: the bundled one of that name, or the one in that TOML file.

    See `is_file_name` for how the two are told apart.

    Raises
    ------
    PdkError
        Unknown name (with the nearest known names), unreadable file, or a file that does not fit the schema (with
        file, line and key of every mistake).
    """
    if isinstance(name_or_path, Pdk):
        return name_or_path
    text = os.fspath(name_or_path)
    if is_file_name(name_or_path):
        path = Path(text)
        return from_text(read_text(path, PdkError), str(path))
    known = find.names()
    if text in known:
        return _bundled(text)
    meant = nearest(text, known)
    hint = f", did you mean '{meant}'?" if meant else "."
    raise PdkError(f"no PDK named '{text}'{hint} Known: {', '.join(known)}. Or give the path of a TOML file.")
