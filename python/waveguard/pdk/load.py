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
from waveguard.pdk.tomlfile import places, read_model, read_text


def from_text(text: str, file: str = "pdk.toml") -> Pdk:
    """Return the PDK that a TOML text describes; `file` is its name in messages and on disk."""
    return _with_files(read_model(Pdk, text, file, PdkError), text, file)


def _with_files(pdk: Pdk, text: str, file: str) -> Pdk:
    """Return the PDK with the paths of its files of S-parameters made whole; one that is not there is an error."""
    if not any(device.sparameters is not None for device in pdk.devices):
        return pdk
    devices = []
    for number, device in enumerate(pdk.devices):
        measured = device.sparameters
        if measured is not None:
            path = Path(file).absolute().parent / measured.file
            if not path.is_file():
                lines = places(text)
                line = lines.get(("devices", number, "sparameters", "file"), lines.get(("devices", number), 1))
                raise PdkError(
                    f"{file}:{line}: devices.{device.name}.sparameters.file: no such file '{measured.file}' beside the "
                    "PDK",
                    hint=f"looked for {path}",
                )
            whole = measured.model_copy(update={"file": str(path)})
            devices.append(device.model_copy(update={"sparameters": whole}))
        else:
            devices.append(device)
    return pdk.model_copy(update={"devices": tuple(devices)})


@functools.lru_cache(maxsize=32)
def _bundled(name: str) -> Pdk:
    source = find.bundled()[name]
    text = source.read_text(encoding="utf-8")
    return _with_files(read_model(Pdk, text, f"{name}.toml", PdkError), text, str(source))


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
